"""A student's function, called in a caged process as if it were here."""

import array
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classroom import cage, container, nursery, wire
from lessons.exercises.compare import Foreign, short_text

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Limits:
    """What one answer may use, all calls of its check together.

    Attributes
    ----------
    seconds : float
        From start to end, waiting included.
    cpu_seconds : int
        Of processor time.
    megabytes : int
        Of memory, beyond Python and the packages.
    """

    seconds: float = 10.0
    cpu_seconds: int = 8
    megabytes: int = 1024


class Stopped(Exception):
    """The process of an answer ended or was ended; the message says why, for its author."""


class Unprepared(Exception):
    """A process was not ready to receive an answer: no fault of the answer's."""


class Sandbox:
    """Makes caged processes, one for each answer.

    Parameters
    ----------
    limits : Limits
    level : str, optional
        Of protection, as `cage.level` says; None takes the best there is.
    preload : sequence of str
        Modules to import once instead of once an answer.
    without : collection of str
        Layers of "sealed" to leave out, to try the others alone: "container", "landlock", "calls".
    landlock : int, optional
        The version of Landlock to make do with, to try what an older kernel would hold.
    """

    def __init__(self, limits=None, level=None, preload=(), without=(), landlock=None):
        self.limits = limits or Limits()
        self.level = level or cage.level()
        self.preload, self.without, self.landlock = tuple(preload), set(without), landlock
        self._process = None

    def open(self, cells, name, references=None, lesson=()):
        """Return the `Answer` that a notebook's code cells define under a name.

        Parameters
        ----------
        cells : list of str
            Sources, in order.
        name : str
            Of the function.
        references : dict, optional
            {exercise id: source} of the course's versions that ``use`` hands out.
        lesson : collection of int
            Which cells are the lesson's own.
        """
        order = {"cells": cells, "name": name, "references": references or {}, "lesson": set(lesson)}
        try:
            return self._open(order)
        except Unprepared:  # an earlier answer has harmed the nursery, where nothing forbids it
            self.close()
            return self._open(order)

    def _open(self, order):
        ours, theirs = socket.socketpair()
        with theirs:
            pid = self._ask({"fork": True}, theirs.fileno())
        return Answer(self, ours, pid, order)

    def _start(self):
        ours, theirs = socket.socketpair()
        packages = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": os.pathsep.join([str(ROOT), *packages]),
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "MALLOC_ARENA_MAX": "2",  # or each thread sets 64 MiB of the limit aside
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "HOME": "/nonexistent",
        }
        around = []
        if self.level == "sealed" and "container" not in self.without:
            around = container.prefix(*nursery.needed())
        with theirs:
            self._process = subprocess.Popen(
                [*around, sys.executable, "-s", "-m", "classroom.nursery", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                cwd="/",
                env=environment,
            )
        self._control = ours
        settings = {
            "level": self.level,
            "without": self.without,
            "landlock": self.landlock,
            "tasks": cage.most_tasks(self.level),
            "preload": self.preload,
            "seconds": self.limits.cpu_seconds,
            "megabytes": self.limits.megabytes,
        }
        wire.send_pickle(ours, settings)
        wire.receive_pickle(ours)

    def _ask(self, command, descriptor=None):
        """Send the nursery a command and return its answer, a whole number."""
        for attempt in (1, 2):
            if self._process is None:
                self._start()
            try:
                descriptors = [] if descriptor is None else [descriptor]
                socket.send_fds(self._control, [json.dumps(command).encode()], descriptors)
                return array.array("q", wire.read(self._control, 8))[0]
            except (OSError, EOFError):  # it is gone: a student's code killed it where nothing forbids
                self.close()
                if "end" in command or attempt == 2:
                    raise

    def end(self, pid):
        """End a process if it has not ended; return its exit code, negative for a signal, None if unknown."""
        try:
            return self._ask({"end": pid})
        except (OSError, EOFError):
            return None

    def close(self):
        """End the nursery."""
        if self._process is not None:
            self._control.close()
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


class Answer:
    """A function in another process: call it as if it were here.

    Arguments that the call changed in place are changed here as well, as far as they are arrays, tensors,
    lists or dicts.

    Attributes
    ----------
    kind : str
        "function", "class", "value" (the name stands for something else), "missing", or "stopped".
    value : object
        What the name stands for where that is no function.
    unreadable : list of str
        Cells that mention the name and are no Python; or why the process was stopped.
    failed : list of str
        Statements that raised an exception before the function was called.
    shapes : list of int
        A fingerprint of every statement, for comparison with other students'.
    stopped : Stopped or None
        Why the process has ended.
    """

    tensors = False

    def __init__(self, sandbox, stream, pid, order):
        self._sandbox, self._stream, self._pid, self.stopped = sandbox, stream, pid, None
        self._cells = order["cells"]
        self._left = sandbox.limits.seconds
        self.kind, self.value, self.unreadable, self.failed, self.shapes = "stopped", None, [], [], []
        self._await_ready()
        try:
            self._take_shapes(self._exchange(order))
            self._take(self._receive(time.monotonic()))
        except Stopped as stop:
            self.unreadable = [f"your code {stop}"]

    def _await_ready(self):
        start = time.monotonic()
        try:
            ready = self._receive(start)
        except Stopped as stop:
            raise Unprepared(str(stop)) from None
        if ready != "ready":
            raise Unprepared("no cage")
        self._left = self._sandbox.limits.seconds

    def _take_shapes(self, came):
        try:
            self.shapes = [int(number) for number in came[:500]]
        except (TypeError, ValueError, OverflowError):
            raise self._end("sent something that is no answer") from None

    def _take(self, first):
        try:
            texts = ([short_text(t) for t in first[name][:3]] for name in ("unreadable", "failed"))
            self.unreadable, self.failed = texts
            self.kind, self.value = str(first["kind"]), first["value"]
        except (KeyError, TypeError, ValueError, OverflowError):
            raise self._end("sent something that is no answer") from None

    def __call__(self, *args, **kwargs):
        came = self._exchange((args, kwargs, self.tensors))
        kind = came.get("kind") if type(came) is dict else None
        if kind == "not attempted":
            raise NotImplementedError
        if kind == "error":
            raise self._error(came)
        if kind != "value" or "value" not in came:
            raise self._end("sent something that is no result")
        with contextlib.suppress(Exception):  # arguments that are no longer what they were, or forged
            _write_back([list(args), kwargs], came.get("arguments"))
        return came["value"]

    def _error(self, came):
        name = str(came.get("error"))[:60]
        message = f"{came.get('message')}{self._quote(came.get('line'))}"
        return type(name if name.isidentifier() else "Error", (Exception,), {})(message)

    def _quote(self, where):
        """Return the line of a cell, given as [cell, line], in brackets; "" where there is no such line."""
        try:
            cell, line = where
            return f" (in the line `{self._cells[cell].splitlines()[line - 1].strip()[:100]}`)"
        except (TypeError, ValueError, IndexError):
            return ""

    def _exchange(self, message):
        """Send a message, return what comes back within the time that is left."""
        if self.stopped is not None:
            raise self.stopped
        start = time.monotonic()
        try:
            self._stream.settimeout(max(self._left, 0.001))
            wire.send_pickle(self._stream, message)
        except TimeoutError:
            pass
        except (OSError, EOFError):
            raise self._end(None) from None
        return self._receive(start)

    def _receive(self, start):
        """Return the next message; the clock has been running since ``start``."""
        try:
            sizes = wire.decode_sizes(self._read(8, start))
            return wire.decode(*(self._read(size, start) for size in sizes), opaque=Foreign)
        except TimeoutError:
            seconds = self._sandbox.limits.seconds
            raise self._end(f"took longer than {seconds:g} seconds (is there an endless loop?)") from None
        except wire.BadMessage:
            raise self._end("sent something that is no result") from None
        except (OSError, EOFError):
            raise self._end(None) from None
        finally:
            self._left -= time.monotonic() - start

    def _read(self, size, start):
        data = bytearray()
        while len(data) < size:
            left = self._left - (time.monotonic() - start)
            if left <= 0:
                raise TimeoutError
            self._stream.settimeout(left)
            piece = self._stream.recv(min(size - len(data), 2**20))
            if not piece:
                raise EOFError
            data += piece
        return bytes(data)

    def _end(self, reason):
        """End the process; return what is to be raised, now and at every later call."""
        if self.stopped is None:
            code = self._finish()
            self.stopped = Stopped(reason or _why(code, self._sandbox.limits))
        return self.stopped

    def _finish(self):
        if self._pid is None:
            return None
        self._stream.close()
        if self.stopped is None:
            time.sleep(0.01)  # an ended process keeps its own exit code
        code, self._pid = self._sandbox.end(self._pid), None
        return code

    def close(self):
        """End the process."""
        self._finish()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def _why(code, limits):
    if code == -signal.SIGXCPU:
        return f"took longer than {limits.cpu_seconds} s of processor time (is there an endless loop?)"
    if code == -signal.SIGKILL:
        return (
            f"was ended by the system: more than {limits.cpu_seconds} s of processor time, or out of memory"
        )
    if code is None:
        return "ended the process it runs in"
    if code < 0:
        name = next((known.name for known in signal.Signals if known == -code), f"signal {-code}")
        return f"crashed its process ({name})"
    return f"ended its process (exit code {code})"


def _write_back(mine, theirs):
    """Make my arguments what they are after the call over there."""
    if type(mine) in (list, tuple) and type(theirs) in (list, tuple):
        if type(mine) is list and len(mine) != len(theirs):
            mine[:] = theirs
        for a, b in zip(mine, theirs, strict=True):
            _write_back(a, b)
        if type(mine) is list:
            for i, b in enumerate(theirs):
                if type(b) in (bool, int, float, str):
                    mine[i] = b
    elif type(mine) is dict and type(theirs) is dict:
        for key in [key for key in mine if key not in theirs]:
            del mine[key]
        for key, b in theirs.items():
            if key not in mine or type(b) in (bool, int, float, str):
                mine[key] = b
            else:
                _write_back(mine[key], b)
    elif type(theirs) is np.ndarray:
        array_of_mine = mine.detach().numpy() if hasattr(mine, "detach") else mine
        if isinstance(array_of_mine, np.ndarray) and array_of_mine.dtype.kind in "biufc":
            if array_of_mine.shape != theirs.shape:
                array_of_mine.resize(theirs.shape, refcheck=False)
            if array_of_mine.tobytes() != theirs.astype(array_of_mine.dtype).tobytes():
                array_of_mine[...] = theirs
