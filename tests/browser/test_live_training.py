"""The training explorer in a real browser: streaming, restarting, stopping, labels."""

import json

import pytest
from driver import FIGURE, drag, explorer, run_all, title_of, wait_for

CELLS = (
    "from lessons import explorers",
    "box = explorers.training('two waves', window=40, hidden_size=64, epochs=1000)\nbox",
    "explorers.memory()",
    "print('after')",
)
RUNNING = "gd.layout.title.text.startsWith('Epoch')"
FINISHED = "/^LSTM 0[.]/.test(gd.layout.title.text)"


@pytest.fixture(scope="module")
def page(notebook_of):
    page = notebook_of("training.ipynb", *CELLS)
    run_all(page)
    return page


@pytest.fixture
def training(page):
    return explorer(page, "window")


@pytest.fixture
def losses(training):
    return training.locator(FIGURE).nth(0)


def epochs(plot):
    return plot.evaluate("gd => gd.data[2].y.length")


def move(page, box, label, key):
    box.get_by_role("slider", name=label, exact=True).focus()
    page.keyboard.press(key)


def test_it_trains_when_it_is_seen(page, training, losses):
    wait_for(page, losses, f"{RUNNING} || {FINISHED}")
    training.get_by_label("epochs").select_option("30")
    wait_for(page, losses, f"{FINISHED} && gd.data[2].y.length === 30")
    training.get_by_role("status").get_by_text("the last value").first.wait_for()
    assert "test MSE from" in losses.get_attribute("aria-label")
    forecast = training.locator(FIGURE).nth(1)
    assert forecast.evaluate("gd => gd.data[1].y.length") == 36


def test_it_streams_a_key_restarts_it_and_the_page_answers_meanwhile(page, training, losses):
    training.get_by_label("epochs").select_option("1000")
    wait_for(page, losses, f"{RUNNING} && gd.data[2].y.length > 60")
    move(page, training, "window", "ArrowRight")
    wait_for(page, losses, f"{RUNNING} && gd.data[2].y.length < 60")
    memory = explorer(page, "forget-gate bias")
    before = memory.get_by_role("status").inner_text()
    move(page, memory, "forget-gate bias", "ArrowRight")
    wait_for(page, memory.get_by_role("status"), f"gd.innerText !== {json.dumps(before)}")
    assert title_of(losses).startswith("Epoch")  # not held up until the end
    training.get_by_role("status").get_by_text("Training: LSTM, 1000 epochs").first.wait_for()


def test_stop_and_train_again(page, training, losses):
    training.get_by_role("button", name="Stop").focus()
    page.keyboard.press("Enter")
    wait_for(page, losses, "gd.layout.title.text.startsWith('Stopped after epoch')")
    reached = epochs(losses)
    page.wait_for_timeout(400)
    assert epochs(losses) == reached < 1000
    training.get_by_role("status").get_by_text("Stopped after epoch").first.wait_for()
    training.get_by_role("button", name="Train").click()
    wait_for(page, losses, RUNNING)


def test_a_drag_and_a_choice_train_too_and_what_was_seen_comes_back(page, training, losses):
    training.get_by_label("epochs").select_option("30")
    training.get_by_role("button", name="GRU").click()
    wait_for(page, losses, "/^GRU 0[.]/.test(gd.layout.title.text) && gd.data[2].y.length === 30")
    noise = training.get_by_role("slider", name="noise", exact=True)
    first = title_of(losses)
    drag(page, noise, 40)
    wait_for(page, losses, f"/^GRU 0[.]/.test(gd.layout.title.text) && gd.layout.title.text !== '{first}'")
    assert training.locator(FIGURE).nth(1).evaluate("gd => gd.data[1].name") == "GRU"
    assert losses.evaluate("gd => gd.data[0].name") == "before: noise 0.04"
    noise.focus()
    value = float(training.locator(".widget-readout").nth(2).inner_text())
    for _ in range(round((value - 0.04) / 0.02)):
        page.keyboard.press("ArrowLeft")
    wait_for(page, losses, f"gd.layout.title.text === '{first}'")


def test_nothing_went_wrong(page):
    assert [box.inner_text() for box in page.locator(".lessons-problem").all()] == ["", ""]
    assert page.locator(".jp-OutputArea-output[data-mime-type*=stderr]").all_inner_texts() == []
    assert page.outside == []
    assert page.complaints == []
