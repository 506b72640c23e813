"""Live training: cancelling, catching up, remembering, failing; with and without an event loop."""

import asyncio
import itertools
import threading

import pytest

from lessons.explorers import LiveRun


def count_to(n):
    yield from range(n)


def test_without_a_loop_start_runs_to_the_end():
    drawn = []
    run = LiveRun(count_to, lambda items, done: drawn.append((list(items), done)))
    run.start(n=3)
    assert drawn == [([0, 1, 2], True)]
    assert run.items == [0, 1, 2]
    assert not run.running


def fail():
    yield 1
    raise RuntimeError("no")


def test_without_a_loop_errors_are_raised():
    with pytest.raises(RuntimeError, match="no"):
        LiveRun(fail, lambda items, done: None, fail=print).start()


def test_finished_runs_come_back_without_running():
    runs, drawn = [], []

    def make(n):
        runs.append(n)
        return count_to(n)

    run = LiveRun(make, lambda items, done: drawn.append(len(items)), remember=2)
    for n in (2, 3, 2, 3):
        run.start(n=n)
    assert (runs, drawn) == ([2, 3], [2, 3, 2, 3])
    run.start(n=4)  # the one longest unseen is forgotten
    run.start(n=3)
    assert runs == [2, 3, 4]
    run.start(n=2)
    assert runs == [2, 3, 4, 2]


def endless_at_0(closed):
    """A run on this loop that ends by itself unless its n is 0; ``closed`` hears of those closed."""

    def make(n):
        try:
            yield from itertools.count() if n == 0 else range(n)
        finally:
            closed.append(n)

    return LiveRun(make, lambda items, done: None, debounce=0, breathe_every=0)


def test_a_new_start_cancels_the_run_before_it():
    closed = []

    async def scenario():
        run = endless_at_0(closed)
        run.start(n=0)
        await asyncio.sleep(0.05)
        assert run.running and run.items
        run.start(n=3)
        return await run.wait()

    assert asyncio.run(scenario()) == [0, 1, 2]
    assert closed[0] == 0


def test_a_dragged_slider_computes_its_last_value_only():
    made = []

    async def scenario():
        run = LiveRun(lambda n: made.append(n) or count_to(n), lambda items, done: None, debounce=0.05)
        for n in range(1, 20):
            run.start(n=n)
            await asyncio.sleep(0)
        return await run.wait()

    assert len(asyncio.run(scenario())) == 19
    assert made == [19]


def test_the_loop_stays_free_while_a_run_goes_on():
    async def scenario():
        ticks = []
        run = LiveRun(lambda: iter(range(500)), lambda items, done: None, debounce=0, breathe_every=0)
        run.start()
        while run.running:
            ticks.append(len(run.items))
            await asyncio.sleep(0)
        return ticks

    assert len(set(asyncio.run(scenario()))) > 100


def test_start_from_another_thread_runs_on_the_own_loop():
    async def scenario():
        threads = []
        run = LiveRun(count_to, lambda items, done: threads.append(threading.get_ident()), debounce=0)
        worker = threading.Thread(target=run.start, kwargs={"n": 3})
        worker.start()
        worker.join()
        assert run.running  # asked for, though the loop has not heard of it yet
        await run.wait()
        return threads

    assert set(asyncio.run(scenario())) == {threading.get_ident()}


def test_an_error_on_the_loop_is_shown_and_raised_by_wait():
    shown = []

    async def scenario():
        run = LiveRun(fail, lambda items, done: None, fail=shown.append, debounce=0)
        run.start()
        with pytest.raises(RuntimeError, match="no"):
            await run.wait()
        assert not run.running

    asyncio.run(scenario())
    assert [str(error) for error in shown] == ["no"]


def test_now_runs_to_the_end_within_a_loop_and_stops_what_ran():
    closed = []

    async def scenario():
        run = endless_at_0(closed)
        run.start(n=0)
        await asyncio.sleep(0.02)
        run.start(n=2, now=True)
        assert run.items == [0, 1]
        await asyncio.sleep(0.02)
        assert run.items == [0, 1] and not run.running

    asyncio.run(scenario())
    assert 0 in closed


def test_a_redraw_is_not_made_for_every_item():
    drawn = []

    async def scenario():
        run = LiveRun(
            lambda: iter(range(5000)), lambda items, done: drawn.append(done), debounce=0, redraw_every=3600
        )
        run.start()
        await run.wait()

    asyncio.run(scenario())
    assert drawn == [False, True]  # the first point at once, then the end
