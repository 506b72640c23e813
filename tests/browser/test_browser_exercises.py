"""Exercises as a learner meets them: the cards of a check, a folded solution; their words: test_exercises."""

import pytest
from driver import cell, run_all, run_cell

STUB = "def naive_forecast(series):\n    # Your code here\n    raise NotImplementedError"
ID = "00.naive_forecast"
CELLS = (
    "import numpy as np\nfrom lessons.exercises import check, solution, use",
    STUB,
    f"check('{ID}', naive_forecast)",
    f"solution('{ID}')",
    f"naive_forecast = use('{ID}', naive_forecast)\nprint(naive_forecast(np.array([3.0, 1.0, 4.0])))",
)
ANSWER, CHECK, SOLUTION, USE = range(1, 5)


@pytest.fixture(scope="module")
def page(notebook_of):
    page = notebook_of("exercises.ipynb", *CELLS)
    run_all(page)
    return page


def card(page, index):
    return cell(page, index).locator("[role=status]")


def words(card):
    return " ".join(card.inner_text().split())


def test_not_attempted_is_no_failure_and_the_lesson_goes_on(page):
    shown = card(page, CHECK)
    assert shown.get_attribute("aria-label") == f"Not attempted yet: {ID} 0 of 1 point"
    assert "○ Not attempted yet" in words(shown)
    assert "Write your answer in the cell above" in words(shown)
    used = words(cell(page, USE).locator(".jp-OutputArea"))
    assert used == f"{ID}: using the course's version until yours passes [3. 1.]"


def test_a_right_answer_typed_by_hand_passes_and_is_used(page):
    editor = cell(page, ANSWER).locator(".cm-content")
    editor.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("def naive_forecast(series):\nreturn series[:-1]")  # the editor indents by itself
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")  # on the check, which is selected now
    passed = cell(page, CHECK).locator(f"[aria-label='Passed: {ID} 1 of 1 point']")
    passed.wait_for()
    assert "✓ Passed" in words(passed)
    run_cell(page, USE)
    assert words(cell(page, USE).locator(".jp-OutputArea")) == f"{ID}: using your version [3. 1.]"


def test_the_solution_is_folded_until_asked_for_and_passes(page):
    code = card(page, SOLUTION).locator("code")
    assert not code.is_visible()
    card(page, SOLUTION).get_by_text("Show one way to write it").click()
    code.wait_for()
    run_cell(page, ANSWER, code.inner_text())
    run_cell(page, CHECK)
    assert card(page, CHECK).get_attribute("aria-label").startswith("Passed")


def test_nothing_went_wrong(page):
    assert page.locator(".jp-OutputArea-output[data-mime-type*=error]").count() == 0
    assert page.outside == []
    assert page.complaints == []
