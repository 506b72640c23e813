"""What learners do to a notebook: restart, reload, run twice or out of order, interrupt, leave, come back."""

import json
import re

import pytest
from driver import (
    EXPLORERS,
    FIGURE,
    PANEL,
    assert_equal,
    cell,
    close,
    command,
    drag,
    eventually,
    explorer,
    in_kernel,
    open_notebook,
    outputs,
    press,
    promised,
    put_notebook,
    run_all,
    run_cell,
    slider,
    start_cell,
    title_of,
    wait_cell,
    wait_drawn,
    wait_for,
    wait_idle,
    wait_ready,
)

SETUP = "from lessons import explorers"
RUNNING = "gd.layout?.title?.text.startsWith('Epoch')"
GONE = "model not found"  # what ipywidgets says of a widget whose kernel has ended


def assert_lag_follows(page, box, value=60):
    """Assert that the slider of `explorers.naive_error` moves the dot in the picture."""
    press(page, slider(box, "lag"), "Home" if value == 1 else "End")
    wait_for(page, box.locator(FIGURE), f"gd._fullData.at(-1).x[0] === {value}")
    assert box.get_by_role("status").inner_text().startswith(f"Lag {value}:")


# --- one explorer, moved and run again and again


HANDLERS = """
import gc, json, os, psutil, time
gc.collect()
print(json.dumps({
    "memory": psutil.Process().memory_info().rss / 2**20,
    "seconds": time.process_time(),
    "updates": box.live._count,
    "handlers": [len(control._trait_notifiers["value"]["change"]) for control in box.controls.values()],
}))
"""


def measured(page):
    return json.loads(in_kernel(page, HANDLERS))


def move(page, box, times):
    """Press arrow keys, one after the other, each once the page has answered; return what it cost."""
    before = measured(page)
    handle, status = slider(box, "window"), box.get_by_role("status").element_handle()
    for number in range(times):
        said = status.inner_text()
        press(page, handle, "ArrowLeft" if number % 2 else "ArrowRight")
        page.wait_for_function("([status, said]) => status.innerText !== said", arg=[status, said])
    after = measured(page)
    return {name: after[name] - before[name] for name in ("seconds", "updates")}


def test_moving_and_running_again_leaves_no_handlers_memory_or_slowness_behind(notebook_of):
    page = notebook_of("again.ipynb", SETUP, "box = explorers.leak()\nbox.set(window=20)")
    run_all(page)
    for _ in range(2):
        run_cell(page, 1)  # what is made once is made
    wait_drawn(page)
    at_first = measured(page)

    box = cell(page, 1).locator(EXPLORERS)
    first = move(page, box, 20)
    for _ in range(10):
        run_cell(page, 1)
    wait_drawn(page)
    assert page.locator(EXPLORERS).count() == 1
    again = move(page, box, 20)
    assert first["updates"] == again["updates"] == 20
    assert again["seconds"] < 2 * first["seconds"] + 0.2
    at_last = measured(page)
    assert at_last["handlers"] == at_first["handlers"]
    assert at_last["memory"] - at_first["memory"] < 50
    assert page.complaints == []


RUNS = """
import asyncio
print(sum("LiveRun._run" in repr(task) for task in asyncio.all_tasks()))
"""


def test_running_the_cell_again_ends_the_training_that_nobody_sees_any_more(notebook_of):
    page = notebook_of("runs.ipynb", SETUP, "explorers.training('two waves', epochs=1000, hidden_size=64)")
    run_all(page)
    for _ in range(3):
        box = cell(page, 1).locator(EXPLORERS)
        losses = box.locator(FIGURE).first
        wait_for(page, losses, RUNNING)
        run_cell(page, 1)
        wait_drawn(page)
    wait_for(page, losses, RUNNING)
    eventually(page, lambda: assert_equal(in_kernel(page, RUNS).strip(), "1"))
    assert page.complaints == []
    close(page)  # its run would go on for minutes, and draw, beside the tests that follow


# --- restarts, reloads, interrupts


@pytest.fixture(scope="module")
def page(notebook_of):
    training = "explorers.training(epochs=320, hidden_size=64)"
    busy = "import time\nprint('going ' + 'on', flush=True)\nwhile True:\n    time.sleep(0.01)"
    page = notebook_of("survives.ipynb", SETUP, "explorers.naive_error()", training, busy)
    for index in range(3):
        run_cell(page, index)
    wait_drawn(page)
    return page


def test_a_cell_that_is_interrupted_leaves_the_page_usable(page):
    start_cell(page, 3)
    cell(page, 3).get_by_text("going on").wait_for()  # an interrupt before that may be lost
    command(page, "notebook:interrupt-kernel")
    wait_cell(page)
    assert outputs(page)[3]["outputs"][-1]["ename"] == "KeyboardInterrupt"
    assert_lag_follows(page, explorer(page, "lag"))


def test_an_interrupt_during_live_training_leaves_the_page_usable(page):
    box, losses = begin_a_run(page)
    command(page, "notebook:interrupt-kernel")
    assert_lag_follows(page, explorer(page, "lag"), 1)
    box.get_by_label("epochs").select_option("20")
    wait_for(page, losses, "/^LSTM 0[.]/.test(gd.layout.title.text) && gd._fullData[2].y.length === 20")
    assert box.locator(".lessons-problem").inner_text() == ""


def begin_a_run(page):
    """Begin a long run with settings that have not been seen before; return the explorer and its losses."""
    box = explorer(page, "hidden size")
    losses = box.locator(FIGURE).first
    box.get_by_label("epochs").select_option("320")
    press(page, slider(box, "hidden size"), "ArrowLeft")
    wait_for(page, losses, f"{RUNNING} && gd._fullData[2].y.length < 100")
    return box, losses


def test_a_page_left_during_training_is_found_again_with_the_run_in_it(lab, browser, page):
    assert_lag_follows(page, explorer(page, "lag"))
    begin_a_run(page)
    command(page, "docmanager:save")
    other = open_notebook(browser, lab, "survives.ipynb")
    other.locator(EXPLORERS).nth(1).wait_for(timeout=60_000)
    wait_drawn(other)
    wait_for(other, explorer(other, "lag").locator(FIGURE), "gd._fullData.at(-1).x[0] === 60")  # as it was
    found = explorer(other, "hidden size")
    begun = re.compile("Epoch|Stopped|LSTM 0[.]")
    eventually(other, lambda: assert_matches(begun, title_of(found.locator(FIGURE).first)))
    found.get_by_label("epochs").select_option("20")
    wait_for(other, found.locator(FIGURE).first, "/^LSTM 0[.]/.test(gd.layout.title.text)")
    assert_lag_follows(other, explorer(other, "lag"), 1)
    other.context.close()


def assert_matches(pattern, text):
    assert pattern.match(text), text


def test_after_a_restart_each_explorer_says_what_to_do_and_no_longer_answers(page):
    run_cell(page, 3, "explorers.cell()")  # a drawing, beside a figure and a live run
    cell(page, 3).locator(".lessons-drawing").wait_for()
    promised(page, f"() => {PANEL}.sessionContext.session.kernel.restart()")
    wait_idle(page)
    said = "box => getComputedStyle(box, '::before').content.includes('run this cell again')"
    dead = "box => [...box.children].every(part => getComputedStyle(part).pointerEvents === 'none')"
    boxes = page.locator(EXPLORERS)
    assert boxes.count() == 3
    for box in boxes.all():
        page.wait_for_function(f"box => ({said})(box) && ({dead})(box)", arg=box.element_handle())
    run_cell(page, 3, "'nothing'")


def test_a_saved_notebook_opened_after_its_kernel_ended_comes_back_by_run_all(page):
    command(page, "docmanager:save")
    page.reload()
    wait_ready(page)
    page.get_by_text(GONE).first.wait_for(timeout=30_000)
    page.complaints[:] = [text for text in page.complaints if GONE not in text]
    for index in range(3):
        run_cell(page, index)
    wait_drawn(page)
    assert page.get_by_text(GONE).count() == 0
    assert_lag_follows(page, explorer(page, "lag"))
    assert page.complaints == []
    assert page.outside == []


# --- two at once


def test_two_notebooks_in_one_window_do_not_meet(lab, browser):
    for name in ("one.ipynb", "two.ipynb"):
        put_notebook(lab, name, [SETUP, "explorers.naive_error()"])
    page = open_notebook(browser, lab, "one.ipynb", lab=True)
    run_all(page)
    open_second = "void window.jupyterapp.commands.execute('docmanager:open', {path: '%s'})"
    page.evaluate(open_second % "two.ipynb")
    page.wait_for_function(f"() => {PANEL}.context?.path === 'two.ipynb'")
    wait_idle(page)
    run_all(page)
    boxes = page.locator(f".jp-NotebookPanel:not(.lm-mod-hidden) {EXPLORERS}")
    assert_lag_follows(page, boxes.first)
    page.evaluate(open_second % "one.ipynb")
    page.wait_for_function(f"() => {PANEL}.context?.path === 'one.ipynb'")
    first = boxes.first
    wait_drawn(page)
    # the other's slider was moved, not this one's
    assert first.locator(FIGURE).evaluate("gd => gd._fullData.at(-1).x[0]") == 1
    drag(page, slider(first, "lag"), 40)
    wait_for(page, first.locator(FIGURE), "gd._fullData.at(-1).x[0] > 1")
    assert page.complaints == []
    close(page)
