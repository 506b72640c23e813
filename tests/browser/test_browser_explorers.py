"""Every control of every explorer moved by hand in the page, and the picture read back from the plot.

Each move changes a curve, and is compared with a twin, the same explorer set from code in this process:
titles, every curve, the finding in words. That the twin is right is tested without a browser, in
tests/test_explorer*.py.
"""

import functools

import numpy as np
import pytest
from driver import (
    EXPLORERS,
    FIGURE,
    assert_equal,
    assert_fits,
    cell,
    drag,
    eventually,
    now,
    press,
    run_cell,
    slider,
)

from lessons import explorers
from lessons.explorers.base import plain
from lessons.live_figure import LiveFigure

NOT_EXPLORERS = {"Explorer", "LiveRun", "cell", "chain"}  # the last two are drawn: test_drawing.py
NAMES = sorted(set(explorers.__all__) - NOT_EXPLORERS)
PREPARED = """
import numpy as np
from lessons.series import trend_and_seasons

Y = trend_and_seasons(500)[1]
AGO = np.roll(Y, 2)
"""
exec(PREPARED)
ARGUMENTS = {
    "training": "epochs=20, hidden_size=8",  # quick to train, otherwise like the rest
    "error_price": "(Y[:400], {'ridge': AGO[:400], 'LSTM': 0 * Y[:400]}),"
    " (np.arange(100), Y[400:], {'ridge': AGO[400:], 'LSTM': 0 * Y[400:]})",
}
SLOW = {"training", "two_libraries"}  # each value is a run: they go to two values, not to five
SOME = {("training", "epochs"): (20, 40), ("training", "learning_rate"): (0.0005, 0.002, 0.02)}
HIDDEN = {"look_at": "a measured stretch, hidden"}  # where the other two have a say
BEFORE = {("gap_filling", "steps"): HIDDEN, ("gap_filling", "place"): HIDDEN}
CAPPED = {("sliding_window", "position")}  # its last stops are for shorter windows
HISTORY = {"earlier settings", "before", "a step"}  # curves that depend on what was before, or on the clock

# --- the page and the twin


@functools.cache
def twin(name):
    """Return the explorer with no page."""
    return eval(f"explorers.{name}({ARGUMENTS.get(name, '')})")


def figures_in(widget):
    """Return the live figures in a widget, in the order in which they are shown."""
    if isinstance(widget, LiveFigure):
        return [widget]
    return [figure for child in getattr(widget, "children", ()) for figure in figures_in(child)]


DRAWN = """box => {
  const plain = a => a && Array.from(a, v => v?.length && typeof v !== "string" ? Array.from(v) : v);
  const figure = gd => ({
    title: (gd.layout.title?.text ?? "").replaceAll("<br>", " "),  // broken where the page is narrow
    alt: gd.getAttribute("aria-label"),
    traces: Object.fromEntries(gd._fullData.map(({ name, x, y, z }) =>
      [name, { x: plain(x), y: plain(y), z: plain(z) }])),
  });
  return {
    finding: box.querySelector("[role=status]").innerText,
    problem: box.querySelector("[role=alert]").textContent,
    figures: [...box.querySelectorAll("div[role=img]")].map(figure),
  };
}"""


# A move draws its traces alone; drawn anew as a whole, every mark must lie where it lay.
REDRAWN = """async box => {
  const marks = gd => [...gd.querySelectorAll(".main-svg :is(path, image, text)")].map(mark => {
    const page = gd.getBoundingClientRect(), { left, right, top, bottom } = mark.getBoundingClientRect();
    return [mark.textContent || mark.getAttribute("xlink:href") || mark.tagName,
      [left - page.left, right - page.left, top - page.top, bottom - page.top]];
  }).sort(([one], [other]) => one < other ? -1 : one > other);
  const figures = [...box.querySelectorAll(".js-plotly-plot")], quick = figures.flatMap(marks);
  await Promise.all(figures.map(gd => lessonsPlotly.redraw(gd)));
  return [quick, figures.flatMap(marks)];
}"""


def assert_agree(box, expected):
    """Assert that the page shows what the explorer set from code shows; return its curves as text."""
    drawn = box.evaluate(DRAWN)
    assert drawn["problem"] == ""
    finding = plain(expected.readout.finding.replace("<br>", " "))
    assert drawn["finding"].split() == finding.split()
    for here, live in zip(drawn["figures"], figures_in(expected), strict=True):
        assert here["title"] == (live.figure.layout.title.text or "")
        assert here["alt"] == live.alt
        for trace in live.figure.data:
            if trace.name not in HISTORY and trace.visible is not False:
                assert_same_curve(here["traces"][trace.name], trace)
    traces = [
        trace for live in figures_in(expected) for trace in live.figure.data if trace.name not in HISTORY
    ]
    return str([np.asarray(trace[axis]).tolist() for trace in traces for axis in "xyz" if axis in trace])


def assert_same_curve(drawn, trace):
    for axis in "xyz":
        expected = np.asarray(trace[axis]) if axis in trace else np.array(None)
        if expected.dtype.kind in "fiu":
            there = np.asarray(drawn[axis], float)
            assert there.shape == expected.shape
            spread = np.nanmax(expected) - np.nanmin(expected) if np.isfinite(expected).any() else 0
            assert np.allclose(there, expected, rtol=1e-3, atol=1e-5 * spread, equal_nan=True)


@pytest.fixture(scope="module")
def page(notebook_of):
    cells = [f"explorers.{name}({ARGUMENTS.get(name, '')})" for name in NAMES]
    page = notebook_of("explorers.ipynb", f"from lessons import explorers\n{PREPARED}", *cells)
    run_cell(page, 0)
    page.shown = set()
    return page


def show(page, name):
    """Return the explorer in the page, as it is at the start; its cell runs when it is first asked for."""
    index = 1 + NAMES.index(name)
    if name not in page.shown:
        run_cell(page, index)
        page.shown.add(name)
    box = cell(page, index).locator(EXPLORERS)
    box.locator(FIGURE).first.scroll_into_view_if_needed()
    box.get_by_role("button", name="Reset").click()
    expected = twin(name)
    expected.set(**expected._initial)
    eventually(page, lambda: assert_agree(box, expected))
    return box


# --- tests


@pytest.mark.parametrize("name", NAMES)
def test_every_move_changes_a_curve_as_it_changes_the_twins(page, name):
    for control in twin(name).controls:
        moved(page, name, control)


def moved(page, name, control):
    """Move one control to its ends and between them, or through its options."""
    box, expected = show(page, name), twin(name)
    for other, value in BEFORE.get((name, control), {}).items():
        box.get_by_label(expected.controls[other].description).select_option(value)
        expected.set(**{other: value})
        eventually(page, lambda: assert_agree(box, expected))  # its sliders rest until then
    widget = expected.controls[control]
    pictures = {}

    def shows(value):
        """Wait until the page has answered to ``value``."""
        expected.set(**{control: value})
        pictures[value] = eventually(page, lambda: assert_agree(box, expected))

    if hasattr(widget, "lower"):
        move_both_handles(page, box, widget, shows)
    elif hasattr(widget, "index") and "Slider" in type(widget).__name__:
        move_scrubber(page, box, widget, shows)
    elif hasattr(widget, "max"):
        move_slider(page, box, widget, shows, few=name in SLOW)
    else:
        choose(page, box, widget, shows, SOME.get((name, control), widget.options))
    assert len(set(pictures.values())) == len(pictures) or (name, control) in CAPPED
    if "Slider" in type(widget).__name__:  # after a choice all is drawn anyway
        (names, quick), (same, whole) = (zip(*marks, strict=True) for marks in box.evaluate(REDRAWN))
        assert names == same
        np.testing.assert_allclose(np.maximum(quick, -99), np.maximum(whole, -99), rtol=0, atol=1)  # px


@pytest.mark.parametrize(
    ("name", "control"), [("ridge_weights", "noise"), ("gate_heatmaps", "window"), ("gap_filling", "steps")]
)
def test_a_slider_has_its_traces_alone_drawn(page, name, control):
    box = show(page, name)
    box.evaluate("""box => {
      const react = lessonsPlotly.react;
      box.drawn = 0;  // times, as a whole
      lessonsPlotly.react = (gd, ...rest) => { box.drawn += box.contains(gd); return react(gd, ...rest); };
    }""")
    moved(page, name, control)
    assert box.evaluate("box => box.drawn") == 0


def move_slider(page, box, widget, shows, few):
    """Home, End, two arrow keys, a drag; after each, picture, readout and spoken value agree."""
    handle = slider(box, widget.description)
    low, high, step = widget.min, widget.max, widget.step
    moves = {"Home": low, "ArrowRight": low + step, "End": high, "ArrowLeft": high - step}
    for key in list(moves)[: 2 if few else 4]:
        press(page, handle, key)
        shows(read(widget, handle, moves[key]))
    if few or (high - low) / step < 6:
        return  # a few stops, all of them pressed above
    drag(page, handle, -50)
    value = read(widget, handle)
    assert low < value < high
    shows(value)


def move_scrubber(page, box, widget, shows):
    """The same keys on a slider over words: they are written beside it, and spoken."""
    handle, last = slider(box, widget.description), len(widget.options) - 1
    for key, index in {"Home": 0, "ArrowRight": 1, "End": last, "ArrowLeft": last - 1}.items():
        press(page, handle, key)
        label, value = widget.options[index]
        shows(value)
        row = handle.locator("xpath=ancestor::*[contains(@class, 'widget-inline-hbox')]")
        assert row.locator(".widget-readout").inner_text() == label
        eventually(page, lambda label=label: assert_equal(handle.get_attribute("aria-valuetext"), label))


def move_both_handles(page, box, widget, shows):
    """Home and End on the first and the last handle of a range, an arrow key on either."""
    handles = box.get_by_role("slider", name=widget.description, exact=True)
    first, last = widget.value
    for number, key in ((0, "Home"), (1, "End"), (0, "ArrowRight"), (1, "ArrowLeft")):
        press(page, handles.nth(number), key)
        now = {"Home": widget.min, "ArrowRight": first + 1, "End": widget.max, "ArrowLeft": last - 1}[key]
        first, last = (now, last) if number == 0 else (first, now)
        shows((first, last))


def read(widget, handle, expected=None):
    """Return the slider's value; the one that is spoken, written beside it, and expected are the same."""
    value = now(handle)
    if expected is not None:
        assert value == pytest.approx(expected)
    row = handle.locator("xpath=ancestor::*[contains(@class, 'widget-inline-hbox')]")
    written = row.locator(".widget-readout").inner_text().replace("−", "-")
    assert float(written) == pytest.approx(value, abs=0.5 * widget.step)
    value = widget.min + round((value - widget.min) / widget.step) * widget.step
    return value if isinstance(widget.step, int) else round(value, 8)


def choose(page, box, widget, shows, options):
    """Choose every option, the first one last: it is chosen already. Buttons by mouse and key in turn."""
    for number, option in enumerate([*options[1:], options[0]]):
        if "Dropdown" in type(widget).__name__:
            box.get_by_label(widget.description).select_option(str(option))
        else:
            button = box.get_by_role("button", name=str(option), exact=True)
            if number % 2:
                button.press("Enter")
            else:
                button.click()
        shows(option)


def test_bars_that_come_in_have_the_colour_of_the_others(page):
    box = show(page, "ridge_weights")
    press(page, slider(box, "window"), "End")
    fills = "[...box.querySelectorAll('.subplot.xy .bars path')].map(bar => getComputedStyle(bar).fill)"
    shown = f"box => ({fills}).length + ' bars, ' + new Set({fills}).size + ' colour'"
    eventually(page, lambda: assert_equal(box.evaluate(shown), "100 bars, 1 colour"))


def test_a_network_without_a_gate_has_no_bias_to_set(page):
    box = show(page, "memory")
    box.get_by_role("button", name="RNN", exact=True).click()
    box.locator(".noUi-target[disabled]").wait_for()
    box.get_by_role("button", name="GRU", exact=True).click()
    slider(box, "keep bias").wait_for()
    box.locator(".noUi-target:not([disabled])").wait_for()


def test_every_slider_has_a_name_and_nothing_went_wrong(page):
    handles = page.get_by_role("slider").all()
    assert handles and all(handle.get_attribute("aria-label") for handle in handles)
    assert page.outside == []
    assert page.complaints == []


def test_all_that_one_needs_while_dragging_fits(page):
    for name in NAMES:
        box = show(page, name)
        if name == "training":
            box.get_by_role("button", name="More settings").click()  # folds them: `epochs` was given
    assert_fits(page)
