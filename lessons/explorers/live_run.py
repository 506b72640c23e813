"""Training that a slider starts, shows while it runs, and starts anew at the next move."""

import asyncio
import math
import threading
import time
from pathlib import Path

import anywidget

from lessons.explorers.base import Explorer


class LiveRun:
    """Run an iterator on the kernel's event loop, a little at a time, so that the page stays responsive.

    A new `start` cancels the run before it, so that a dragged slider never queues work. Settings that have
    been run to their end before come back at once. With no event loop, in plain Python and in tests, `start`
    returns when the run is over.

    Parameters
    ----------
    make : callable
        ``make(**settings)`` returns an iterator. A long step can be cut by yielding None in between: it
        lets the page breathe and is not recorded.
    draw : callable
        ``draw(items, done)`` shows the items so far: now and then during the run, and once at its end.
    fail : callable, optional
        ``fail(error)`` shows an exception of `make` or `draw`, which would otherwise be lost with the task.
        Not called where `start` runs to the end by itself: there the exception is raised.
    debounce : float
        Seconds to wait for a further move before anything is computed.
    redraw_every, breathe_every : float
        Seconds between drawings, and between turns for the page's own messages.
    remember : int
        Finished runs kept.

    Attributes
    ----------
    items : list
        What the latest run has yielded so far.
    error : Exception or None
        What ended it early.
    """

    def __init__(
        self, make, draw, fail=None, *, debounce=0.08, redraw_every=0.08, breathe_every=0.02, remember=64
    ):
        self._make, self._draw, self._fail = make, draw, fail
        self._debounce, self._redraw_every, self._breathe_every = debounce, redraw_every, breathe_every
        self._finished, self._remember = {}, remember
        self._asked = self._taken = 0  # runs asked for, and the latest that the loop has taken up
        self._task = None
        self.items, self.error = [], None
        # Slider callbacks may come in another thread with another loop: keep the cell's own.
        self._thread = threading.get_ident()
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None

    @property
    def running(self):
        """Whether a run is asked for that has not come to its end."""
        return self._taken != self._asked or (self._task is not None and not self._task.done())

    def start(self, *, now=False, **settings):
        """Cancel what runs and run ``make(**settings)``.

        Parameters
        ----------
        now : bool
            Return only when the run is over; raise what it raises.
        **settings
            Hashable arguments for `make`.
        """
        self._asked += 1
        if self._loop is None:
            self._run_to_end(self._asked, settings)
        elif now:
            self._cancel()
            self._run_to_end(self._asked, settings)
        elif threading.get_ident() == self._thread:
            self._take_up(self._asked, settings)
        else:
            self._loop.call_soon_threadsafe(self._take_up, self._asked, settings)

    def stop(self):
        """Cancel what runs, and draw what it has yielded so far as its end. It is not remembered."""
        self._asked += 1
        if self._loop is None or threading.get_ident() == self._thread:
            self._halt(self._asked)
        else:
            self._loop.call_soon_threadsafe(self._halt, self._asked)

    async def wait(self, timeout=120):
        """Wait for the end of the run asked for last; return its items, or raise what it raised.

        Parameters
        ----------
        timeout : float
            Seconds.

        Raises
        ------
        TimeoutError
            If the run takes longer.
        """
        deadline = time.monotonic() + timeout
        while self.running:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the run has not ended within {timeout} s")
            await asyncio.sleep(0.01)
        if self.error:
            raise self.error
        return self.items

    def _take_up(self, number, settings):
        if number < self._asked:
            return  # a newer one is on its way
        self._cancel()
        self._taken = number
        self._task = self._loop.create_task(self._run(settings))

    def _halt(self, number):
        if number < self._asked:
            return  # started again meanwhile
        self._cancel()
        self._taken = number
        self._draw(self.items, True)

    def _cancel(self):
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self, settings):
        try:
            if self._recall(settings):
                return
            await asyncio.sleep(self._debounce)  # still dragging? cancelled here, nothing computed
            drawn, breathed = -math.inf, time.perf_counter()
            for _ in self._steps(settings):
                now = time.perf_counter()
                if self.items and now - drawn > self._redraw_every:
                    self._draw(self.items, False)
                    drawn = now
                if now - breathed > self._breathe_every:
                    # The page's messages come in here, and so does cancel(). After sleep(0) a message would
                    # wait for four turns of the loop, and so for four of our steps.
                    await asyncio.sleep(0.001)
                    breathed = time.perf_counter()
            self._finish(settings)
        except Exception as error:
            self.error = error
            if self._fail is None:
                raise
            self._fail(error)

    def _run_to_end(self, number, settings):
        self._taken = number
        if not self._recall(settings):
            for _ in self._steps(settings):
                pass
            self._finish(settings)

    def _steps(self, settings):
        """Record what the iterator yields; close it when the run is cancelled."""
        self.items, self.error = [], None
        iterator = iter(self._make(**settings))
        try:
            for item in iterator:
                if item is not None:
                    self.items.append(item)
                yield
        finally:
            if hasattr(iterator, "close"):
                iterator.close()

    def _finish(self, settings):
        self._finished[_key(settings)] = self.items
        if len(self._finished) > self._remember:
            self._finished.pop(next(iter(self._finished)))
        self._draw(self.items, True)

    def _recall(self, settings):
        items = self._finished.pop(_key(settings), None)
        if items is None:
            return False
        self.items, self.error = items, None
        self._finish(settings)  # the latest seen is the last to be forgotten
        return True


def _key(settings):
    return frozenset(settings.items())


class Arrival(anywidget.AnyWidget):
    """Tells the kernel, "here" or "gone", whether a page shows an explorer: else nothing is trained."""

    _esm = Path(__file__).with_name("arrival.js").read_text(encoding="utf-8")


class LiveExplorer(Explorer):
    """An explorer whose moves start a run: in a page it begins as soon as it is seen.

    A subclass draws in ``_show(items, done)``. Set from code, a run is over when `set` returns.

    Parameters
    ----------
    controls, *figures, initial
        As for `Explorer`.
    make : callable
        As for `LiveRun`; its settings are the controls' values.
    debounce : float
        As for `LiveRun`.

    Attributes
    ----------
    run : LiveRun
        ``await explorer.run.wait()`` waits for a live run.
    """

    def __init__(self, controls, make, *figures, initial=None, debounce=0.08):
        self.run = None
        super().__init__(controls, None, *figures, initial=initial)
        self.run = LiveRun(make, self._show, self.show_error, debounce=debounce)
        self._arrival = Arrival()
        self._arrival.on_msg(lambda _, message, buffers: self._seen(message == "here"))
        self.children = (*self.children, self._arrival)

    def refresh(self, live=False):
        """Train with the controls' present values.

        Parameters
        ----------
        live : bool
            Whether to return at once and let the run go on in the background; else it is over on return.
        """
        if self.run is not None:  # the page is complete
            self.run.start(now=not live, **self._settings())

    def _settings(self):
        """Return the controls' values without the dust of a slider's arithmetic, 0.060000000000000005."""
        values = self.values.items()
        return {name: round(value, 8) if isinstance(value, float) else value for name, value in values}

    def _seen(self, here):
        """Start the first run when someone looks; end one that nobody sees any more."""
        if here and not self.run.running and not self.run.items:
            self._answer({})
        if not here and self.run.running:
            self.run.stop()
