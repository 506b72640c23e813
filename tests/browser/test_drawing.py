"""The drawn explorers in the page: parts are chosen by mouse and keyboard, Play reads a window and stops."""

import pytest
from driver import EXPLORERS, assert_equal, assert_fits, eventually, now, press, run_all, slider

CELLS = (
    "from lessons import explorers",
    "explorers.cell()",
    "explorers.chain()",
    "explorers.cell('gru', 'after')",
    "explorers.cell('rnn')",
)


@pytest.fixture(scope="module")
def page(notebook_of):
    page = notebook_of("drawn.ipynb", *CELLS)
    run_all(page)
    page.wait_for_selector(".lessons-drawing svg")
    return page


def drawn(page, number):
    box = page.locator(EXPLORERS).nth(number)
    box.scroll_into_view_if_needed()
    return box


def says(page, box, words):
    def holds():
        assert words in box.locator(".lessons-finding").inner_text()

    eventually(page, holds)


def test_a_slider_moves_the_numbers_and_a_part_says_its_equation(page):
    cell = drawn(page, 0)
    says(page, cell, "0.5696")
    part = cell.locator("[data-part=f]")
    part.click()
    says(page, cell, "σ(1.8000) = 0.8581")
    press(page, slider(cell, "b_f"), "End")
    says(page, cell, "σ(6.8000) = 0.9989")
    assert part.get_attribute("aria-label") == "forget gate f: 0.9989"
    press(page, cell.locator("[data-part=h_new]").last, "Enter")
    says(page, cell, "tanh(c′)")
    assert page.evaluate("document.activeElement.dataset.part") == "h_new"  # focus stays where it was
    cell.get_by_role("button", name="Reset").click()
    says(page, cell, "0.5696")


def test_play_reads_values_one_after_another_and_a_hand_on_a_slider_ends_it(page):
    cell = drawn(page, 0)
    cell.get_by_role("button", name="Step").click()
    read = cell.locator(".strip + text")
    eventually(page, lambda: assert_equal(read.text_content(), "1 of 60 values"))
    cell.get_by_role("button", name="Play").click()
    x = slider(cell, "x")

    def follows():
        assert int(read.text_content().split()[0]) >= 4
        number = float(cell.locator("[data-part=x] .value").text_content().replace("−", "-"))
        assert now(x) == pytest.approx(number, abs=0.2)  # a step may have come between

    eventually(page, follows)
    press(page, x, "Home")
    eventually(page, lambda: assert_equal(read.text_content(), "window: press Play"))
    cell.get_by_role("button", name="Play").wait_for()
    assert not page.complaints


def test_the_chain_lights_up_by_a_click_and_by_its_buttons(page):
    chain = drawn(page, 1)
    chain.locator("[data-part=c2]").click()
    says(page, chain, "c₂ is heard by c₃ and h₂")
    chain.get_by_role("button", name="h₂", exact=True).first.click()
    says(page, chain, "4 roads")
    assert chain.locator(".road.back").count() > 8


def test_all_that_one_needs_while_dragging_fits(page):
    assert_fits(page)
