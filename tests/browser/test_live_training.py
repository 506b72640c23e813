"""The training explorer in a real browser: streaming, restarting, stopping, labels."""

import json

import pytest
from driver import FIGURE, explorer, run_all, title_of, wait_for

CELLS = (
    "from lessons import explorers",
    "box = explorers.training('two waves', window=40, hidden_size=64, epochs=1000)\nbox",
    "explorers.memory()",
    "print('after')",
)
RUNNING = "gd.layout.title.text.startsWith('Epoch')"


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


def test_it_streams_a_key_restarts_it_and_the_page_answers_meanwhile(page, training, losses):
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


def test_nothing_went_wrong(page):
    assert [box.inner_text() for box in page.locator(".lessons-problem").all()] == ["", ""]
    assert page.locator(".jp-OutputArea-output[data-mime-type*=stderr]").all_inner_texts() == []
    assert page.outside == []
    assert page.complaints == []
