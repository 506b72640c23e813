"""The classroom view: code folded, text, sliders and figures large, and the learner's files untouched."""

import pytest
from driver import FIGURE, close, command, open_notebook, put_notebook, run_all, serve_course

LESSON = "classroom.ipynb"
CELLS = (
    "from IPython.display import Markdown\n\nfrom lessons import explorers",
    "def naive_forecast(series):\n    return series[:-1]\n\n\nnaive_forecast([1, 2, 3])",
    "Markdown('What is to be read from the last row.')",
    "explorers.welcome()",
)
CODE = ".jp-CodeCell .jp-InputArea-editor"


@pytest.fixture(scope="module")
def course(tmp_path_factory, browser):
    """The folder and the URL of the course, started with the switch."""
    scratch = tmp_path_factory.mktemp("classroom")
    with serve_course(scratch, "--classroom") as url:
        put_notebook(url, LESSON, CELLS)
        yield scratch / "course", url


@pytest.fixture(scope="module")
def page(course, browser):
    opened = open_notebook(browser, course[1], LESSON)
    run_all(opened)
    yield opened
    close(opened)


@pytest.fixture(scope="module")
def ordinary(notebook_of):
    """The same notebook without the switch."""
    opened = notebook_of(LESSON, *CELLS)
    run_all(opened)
    return opened


def heights(page, selector):
    return page.locator(selector).evaluate_all("found => found.map(e => e.getBoundingClientRect().height)")


def size(page, selector):
    """Return height of the first match, and the size of its text, in pixels."""
    return page.locator(selector).first.evaluate(
        "e => [e.getBoundingClientRect().height, parseFloat(getComputedStyle(e).fontSize)]"
    )


def test_code_is_folded_to_its_first_line(page, ordinary):
    folded, shown = heights(page, CODE), heights(ordinary, CODE)
    assert len(folded) == len(shown) == len(CELLS)
    assert max(folded) < 40 < max(shown)


def test_a_click_or_the_enter_key_unfolds_a_cell_and_escape_folds_it(page):
    cell = page.locator(CODE).filter(has_text="def naive_forecast")
    cell.scroll_into_view_if_needed()
    for unfold in (cell.click, lambda: page.keyboard.press("Enter")):
        unfold()
        page.wait_for_function("e => e.getBoundingClientRect().height > 60", arg=cell.element_handle())
        page.keyboard.press("Escape")
        page.wait_for_function("e => e.getBoundingClientRect().height < 40", arg=cell.element_handle())


@pytest.mark.parametrize(
    ("selector", "times"),
    [
        (FIGURE, 1.3),
        (".jp-RenderedMarkdown p", 1.35),
        (".lessons-finding", 1.35),
        (".noUi-handle", 1.35),
        (".lessons-controls .widget-label", 1.3),
    ],
)
def test_what_is_to_be_seen_from_afar_is_larger(page, ordinary, selector, times):
    (height, text), (usual_height, usual_text) = size(page, selector), size(ordinary, selector)
    assert height > times * usual_height
    assert text >= usual_text


def test_figures_fill_the_width_and_point_where_the_mouse_is(page):
    plot = page.locator(FIGURE).first
    plot.scroll_into_view_if_needed()
    share = "gd => gd.getBoundingClientRect().width / gd.parentElement.getBoundingClientRect().width"
    assert plot.evaluate(share) == pytest.approx(1, abs=0.02)
    plot.evaluate(
        "gd => { window.pointed = null; gd.on('plotly_hover', e => { window.pointed = e.points[0].x; }); }"
    )
    area = plot.locator(".nsewdrag").first.bounding_box()
    middle = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    page.mouse.move(*middle)
    page.mouse.move(middle[0] + 1, middle[1])
    page.wait_for_function("window.pointed !== null")
    low, high = plot.evaluate("gd => gd._fullLayout.xaxis.range")
    assert page.evaluate("window.pointed") == pytest.approx((low + high) / 2, abs=0.02 * (high - low))


def test_the_lesson_is_saved_without_a_trace_of_it(page, course):
    command(page, "docmanager:save")
    saved = (course[0] / "work" / LESSON).read_text(encoding="utf-8")
    assert "source_hidden" not in saved and "collapsed" not in saved and "hide_input" not in saved
