"""How a live figure and an explorer behave in a real browser: drawing, theme, errors, reload, a slow page."""

import json

import pytest
from driver import FIGURE, command, drag, explorer, press, run_all, slider, small_cells, wait_for, y_of


@pytest.fixture(scope="module")
def small(notebook_of):
    page = notebook_of("small.ipynb", *small_cells())
    run_all(page)
    return page


@pytest.mark.smoke
def test_a_plain_figure_is_drawn_with_alt_text_and_fills_the_width(small):
    plot = small.locator(FIGURE).nth(0)
    assert len(y_of(plot)) == 100
    assert plot.get_attribute("aria-label").startswith("Line chart. A plain figure.")
    assert plot.evaluate("gd => gd.clientWidth / gd.closest('.jp-OutputArea-output').clientWidth") > 0.97
    assert plot.evaluate("gd => gd.layout.xaxis.type ?? gd._fullLayout.xaxis.type") == "date"
    assert plot.locator("xpath=..").get_by_role("button", name="Save this figure as PNG").count() == 1


def test_no_update_is_lost_before_the_figure_is_in_the_page(small):
    plot = small.locator(FIGURE).nth(1)
    wait_for(small, plot, "gd.layout.title.text === 'Update 299' && gd._fullData[0].y[0] === 299")
    assert plot.get_attribute("aria-label") == "All updates are in"


@pytest.mark.smoke
def test_sliders_are_labelled_and_answer_to_the_keyboard_and_to_a_drag(small):
    box = explorer(small, "noise σ")
    plot, handle = box.locator(FIGURE), box.get_by_role("slider", name="noise σ")
    before = y_of(plot, 1)
    handle.focus()
    small.keyboard.press("ArrowRight")
    wait_for(small, plot, f"gd._fullData[1].y[0] !== {before[0]}")
    assert y_of(plot, 1)[0] == pytest.approx(2 * 0.2**2)
    drag(small, handle, 60)
    wait_for(small, plot, "gd._fullData[1].y[0] > 0.09")
    assert "noise 2 · 0." in box.get_by_role("status").inner_text()


def test_text_takes_the_colour_of_the_theme(small):
    plot = small.locator(FIGURE).nth(0)
    plot.scroll_into_view_if_needed()
    colours = []
    for name in ("Dark", "Light"):
        command(small, "apputils:change-theme", {"theme": f"JupyterLab {name}"})
        same = "gd._fullLayout.font.color === getComputedStyle(gd.parentElement).color"
        lightness = "eval(gd._fullLayout.font.color.match(/[0-9]+/)[0])"
        wait_for(small, plot, f"{same} && {lightness} {'>' if name == 'Dark' else '<'} 127")
        colours.append(plot.evaluate("gd => gd._fullLayout.font.color"))
    assert colours[0] != colours[1]


def test_an_error_behind_a_slider_is_shown_in_the_page(small):
    box = explorer(small, "level")
    box.get_by_role("slider", name="level").focus()
    small.keyboard.press("ArrowRight")
    alert = box.get_by_role("alert")
    alert.get_by_text("RuntimeError: too high").wait_for()
    shown = alert.element_handle()  # empty, it is hidden, and has no role
    small.keyboard.press("ArrowLeft")
    small.wait_for_function("alert => alert.textContent === ''", arg=shown)


def test_a_page_too_slow_for_anywidget_still_hears_the_kernel(notebook_of):
    page = notebook_of("slow.ipynb", *small_cells(0, 1, 3))
    starts = []
    page.on("pageerror", lambda error: starts.append(str(error)))
    # its two seconds are over at once, as on a computer ten times as slow
    page.evaluate("AbortSignal.timeout = (wait => ms => wait(ms === 2000 ? 0 : ms))(AbortSignal.timeout)")
    run_all(page)
    assert any("Failed to initialize model" in text for text in starts), "anywidget waits in another way now"
    box = explorer(page, "noise σ")
    box.get_by_text("noise 2 · 0.18²").wait_for()
    box.get_by_role("slider", name="noise σ").focus()
    page.keyboard.press("Home")
    wait_for(page, box.locator(FIGURE), "gd._fullData[1].y[0] === 0")
    box.get_by_text("noise 2 · 0.00²").wait_for()


RANGES = "gd => JSON.stringify(['xaxis', 'yaxis'].map(name => gd._fullLayout[name].range))"


def test_a_zoom_stays_on_both_axes_or_on_neither_and_a_double_click_goes_back(small):
    box = explorer(small, "noise σ")
    box.get_by_role("button", name="Reset").click()
    plot, place = box.locator(FIGURE), box.locator(".nsewdrag[data-subplot=xy]")
    wait_for(small, plot, "gd._fullData.at(-1).x[0] === 1")
    given, area = plot.evaluate(RANGES), place.bounding_box()
    middle = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    small.mouse.move(*middle)
    small.mouse.down()
    small.mouse.move(middle[0] + 40, middle[1] + 40, steps=4)
    small.mouse.up()
    wait_for(small, plot, f"({RANGES})(gd) !== '{given}'")
    zoomed = plot.evaluate(RANGES)
    press(small, slider(box, "noise σ"), "Home")
    wait_for(small, plot, "gd._fullData[1].y[0] === 0")
    assert plot.evaluate(RANGES) == zoomed

    press(small, slider(box, "lag"), "PageUp")  # its larger error is given another axis
    wait_for(small, plot, "gd._fullData.at(-1).x[0] > 1")
    given = plot.evaluate(RANGES)
    assert all(one != other for one, other in zip(json.loads(given), json.loads(zoomed), strict=True))
    for _ in range(2):
        place.dblclick()
        small.wait_for_timeout(400)
        assert plot.evaluate(RANGES) == given


def test_nothing_went_wrong_and_nothing_left_the_machine(small):
    assert small.outside == []
    assert small.complaints == []
