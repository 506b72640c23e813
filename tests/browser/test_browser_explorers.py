"""Every control of every explorer moved by hand in the page, and the picture read back from the plot.

Each move is compared with a twin, the same explorer set from code in this process: titles, every curve, the
finding in words. That page and code agree is then not enough: RELATIONS says what a move must do to the
picture. A new explorer, or a new control, needs its relation; without one the first test fails.
"""

import functools
import types

import numpy as np
import pytest
from driver import EXPLORERS, FIGURE, assert_fits, cell, drag, eventually, now, press, run_cell, slider

from lessons import explorers
from lessons.explorers.base import plain
from lessons.gates import marker_task
from lessons.live_figure import LiveFigure
from lessons.series import sea_temperature

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
SEA, TASK_Y = sea_temperature()[1], marker_task(500, seed=43)[1]
SOME = {("training", "epochs"): (20, 40), ("training", "learning_rate"): (0.0005, 0.002, 0.02)}
HIDDEN = {"look_at": "a measured stretch, hidden"}  # where the other two have a say
BEFORE = {("gap_filling", "steps"): HIDDEN, ("gap_filling", "place"): HIDDEN}
CAPPED = {("sliding_window", "position")}  # its last stops are for shorter windows
HISTORY = {"earlier settings", "before", "a step"}  # curves that depend on what was before, or on the clock
# Besides Reset; test_live_training.py presses those of training.
PLAYER = {"Play", "Stop"}
BUTTONS = {
    "training": {"Train", "Stop", "More settings", "Fewer settings"},
    "gate_heatmaps": PLAYER,
    "rollout_steps": {"Step", *PLAYER},
    "sliding_window": PLAYER,
    "gap_filling": PLAYER,
    "hold_gate": PLAYER,
}


# --- what a move must do to the picture: functions of the pictures by the control's value, smallest first


def grows(measure):
    """The measure of the picture grows with the control's value."""

    def relation(pictures):
        measured = [measure(picture) for picture in pictures.values()]
        assert np.all(np.diff(measured) > 0), measured

    return relation


def each(holds):
    """``holds(value, *figures)`` in each picture."""

    def relation(pictures):
        for value, picture in pictures.items():
            assert holds(value, *picture.figures), value

    return relation


def both(*relations):
    def relation(pictures):
        for one in relations:
            one(pictures)

    return relation


def roughness(name, figure=0):
    """How much a curve jitters: the spread of its second differences."""
    return lambda picture: np.std(np.diff(picture.figures[figure][name].y, 2))


def slope(name, figure=0):
    def measure(picture):
        curve = picture.figures[figure][name]
        return np.polyfit(np.arange(len(curve.y)), curve.y, 1)[0]

    return measure


def rises_with_it(name, figure=0):
    """The slope of a curve changes by just what the control changes by."""

    def relation(pictures):
        rise = np.array([slope(name, figure)(picture) for picture in pictures.values()])
        assert np.diff(rise) == pytest.approx(np.diff(list(pictures)), abs=1e-6)

    return relation


def at(curve, x):
    return curve.y[list(curve.x).index(x)]


def error_of(figure, model):
    return dict(zip(figure["score"].y, figure["score"].x, strict=True))[model]


def split_shows(pictures):
    timed, shuffled = (pictures[split].figures for split in ("by time", "shuffled"))
    assert error_of(shuffled[0], "nearest neighbour") < 0.5 * error_of(timed[0], "nearest neighbour")


def price_asks_for_more(pictures):
    learnt = [picture.figures[0]["learnt on the past"].x[0] for picture in pictures.values()]
    assert np.all(np.diff(learnt) > 0), learnt


def bars_add_up(lag, figure):
    parts = figure["signal change"].y[0] + figure["noise, 2σ²"].y[0]
    here = figure["this lag"]
    curves = [at(figure[name], lag) for name in ("formula", "measured, every lag")]
    return here.x[0] == lag and np.allclose([parts, here.y[0]], curves)


def noise_is_doubled(noise, figure):
    return np.isclose(figure["noise, 2σ²"].y[0], 2 * noise**2, atol=1e-6)


def last_of(name):
    return lambda picture: picture.figures[0][name].y[-1]


def level(picture, name):
    return picture.figures[0].levels[name]


def falls(measure):
    return grows(lambda picture: -measure(picture))


def centring_helps(pictures):
    assert last_of("test")(pictures["window mean"]) < last_of("test")(pictures["none"])
    assert list(pictures["window mean"].figures[1]) == ["truth", "LSTM centred"]


def same_beginning(pictures):
    short, long = (picture.figures[0]["test"] for picture in pictures.values())
    assert [len(short.y), len(long.y)] == [20, 40] == [short.axis[1], long.axis[1]]
    assert np.allclose(short.y, long.y[:20], rtol=1e-4)  # the same run, longer


def ends_fall(pictures):
    """The smallest value of the control leaves the largest loss."""
    losses = [picture.figures[0]["NumPy"].y[-1] for picture in pictures.values()]
    assert losses[0] == max(losses) > 1.2 * losses[-1]


def biases_part(pictures):
    apart = {}
    for value, picture in pictures.items():
        ours, theirs = (np.array(picture.figures[0][name].y) for name in ("NumPy", "PyTorch"))
        apart[value] = np.abs(theirs / ours - 1).max()
    assert apart["held still"] < 0.05 < 0.1 < apart["trained"]


def networks_differ(pictures):
    reach = {name: picture.figures[0][name].y[60] for name, picture in pictures.items()}
    assert reach["RNN × 1.5"] > 1 > reach["RNN"] > reach["LSTM"]  # it explodes, it vanishes, and faster


def models_drift(pictures):
    """Already at the first step the plain LSTM is behind the centred one, and that behind the skip net."""
    error = {name: picture.figures[0]["error"].y[-1] for name, picture in pictures.items()}
    assert error["LSTM"] > error["LSTM centred"] > error["LSTM centred + skip"]


def same_rows(pictures):
    rows = [picture.figures[0]["f"].z for picture in pictures.values()]
    assert not any(np.array_equal(rows[0], other) for other in rows[1:])
    assert all(np.array_equal(np.sort(rows[0], axis=0), np.sort(other, axis=0)) for other in rows[1:])


def held_steps(heatmaps):
    return np.flatnonzero(np.all(np.array(heatmaps["i, held"].z) == 0, axis=0)).tolist()


RELATIONS = {
    "welcome": {
        "noise": grows(roughness("truth")),
    },
    "sliding_window": {
        "position": each(lambda position, figure: figure["window"].x[0] == min(position, 25)),
        "window": each(lambda window, figure: len(figure["window"].x) == window),
        "horizon": each(lambda horizon, figure: len(figure["target"].x) == horizon),
    },
    "leak": {
        "series": each(lambda series, figure: len(figure["series"].y) == {"two waves": 220}.get(series, 900)),
        "window": each(
            lambda window, figure: (
                len(figure["one test window"].x) == window == len(figure["the train window most like it"].x)
            )
        ),
        "noise": both(
            grows(roughness("series")),
            grows(lambda picture: error_of(picture.figures[0], "last value")),
        ),
        "split": split_shows,
    },
    "error_price": {
        "model": each(lambda model, figure: figure["forecast"].y is not None),
        "price": price_asks_for_more,
        "shift": each(
            lambda shift, figure: np.allclose(
                np.array(figure["shifted"].y) - np.array(figure["forecast"].y), shift, atol=1e-4
            )
        ),
    },
    "gap_filling": {
        "look_at": each(lambda where, figure: "filled" in figure),
        "filling": each(lambda name, figure: name in figure),
        "steps": each(lambda steps, figure: steps >= 1 and "here" in figure),
        "place": each(lambda place, figure: "measured" in figure),
    },
    "naive_error": {
        "series": falls(lambda picture: max(picture.figures[0]["formula"].y)),
        "noise": both(
            each(noise_is_doubled),
            grows(lambda picture: picture.figures[0]["measured"].error[1]),
        ),
        "lag": each(bars_add_up),
    },
    "ridge_weights": {
        "window": each(lambda window, figure: len(figure["weights"].y) == window),
        "noise": grows(lambda picture: picture.figures[0]["error"].x[3]),
        "alpha": falls(lambda picture: sum(picture.figures[0]["weights"].y)),
    },
    "memory": {
        "network": networks_differ,
        "forget_bias": grows(lambda picture: picture.figures[0]["LSTM"].y[20]),
    },
    "training": {
        "window": falls(lambda picture: level(picture, "ridge")),
        "hidden_size": falls(last_of("test")),
        "noise": each(lambda noise, losses, _: np.isclose(losses.levels["noise floor"], noise**2, rtol=1e-4)),
        "trend": rises_with_it("truth", figure=1),
        "cell": each(lambda name, _, forecast: name in forecast),
        "centring": centring_helps,
        "learning_rate": lambda pictures: falls(last_of("test"))(
            {rate: pictures[rate] for rate in (0.0005, 0.002)}
        ),
        "epochs": same_beginning,
    },
    "two_libraries": {
        "cell": each(lambda cell, figure: figure.title.startswith(cell)),
        "hidden_size": ends_fall,
        "window": ends_fall,
        "noise": grows(lambda picture: picture.figures[0]["NumPy"].y[-1]),
        "second_bias": biases_part,
    },
    "rollout_steps": {
        "model": models_drift,
        "origin": each(lambda origin, figure: len(figure["truth"].y) == 264 and origin > 60),
        "noise": grows(roughness("true in it")),
        "step": each(
            lambda step, figure: (
                len(figure["forecasts"].x) == len(figure["error"].x) == step
                and len(figure["true in it"].x) + len(figure["forecasts in it"].x) == 60
            )
        ),
    },
    "eigenvalues": {
        "alpha": falls(
            lambda picture: np.hypot(
                *np.array([picture.figures[0]["longest-lived"].x, picture.figures[0]["longest-lived"].y])
            ).sum()
        ),
    },
    "gate_heatmaps": {
        "window": each(lambda window, heatmaps: np.isclose(heatmaps["target"].y[0], SEA[window + 24])),
        "cell": each(lambda name, heatmaps: set(heatmaps) >= {"LSTM": set("ifoc"), "GRU": set("rznh")}[name]),
        "hidden_size": each(lambda units, heatmaps: len(heatmaps["f"].z) == units),
        "net": falls(lambda picture: np.ptp(picture.figures[0]["f"].z)),
        "order": same_rows,
    },
    "hold_gate": {
        "gate": each(lambda gate, heatmaps: f"{gate[0]}, held" in heatmaps),
        "value": each(lambda value, heatmaps: np.allclose(np.array(heatmaps["i, held"].z)[:, 8], value)),
        "steps": each(
            lambda steps, heatmaps: set(held_steps(heatmaps)) == set(range(steps[0], steps[1] + 1))
        ),
        "window": each(lambda window, heatmaps: np.isclose(heatmaps["target"].y[0], TASK_Y[window, 0])),
    },
}
CONTROLS = [(name, control) for name, relations in RELATIONS.items() for control in relations]


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


class Figure(dict):
    """Traces by name; what the page draws."""

    def __init__(self, drawn):
        super().__init__({trace["name"]: types.SimpleNamespace(**trace) for trace in drawn["traces"]})
        self.title, self.alt, self.levels = drawn["title"], drawn["alt"], drawn["levels"]


DRAWN = """box => {
  const plain = a => a && Array.from(a, v => v?.length && typeof v !== "string" ? Array.from(v) : v);
  const figure = gd => ({
    title: (gd.layout.title?.text ?? "").replaceAll("<br>", " "),  // broken where the page is narrow
    alt: gd.getAttribute("aria-label"),
    levels: Object.fromEntries((gd.layout.shapes ?? []).map(line => [line.name, line.y0])),
    traces: gd._fullData.map(trace => ({
      name: trace.name, visible: trace.visible !== false, error: plain(trace.error_y?.array),
      x: plain(trace.x), y: plain(trace.y), z: plain(trace.z), axis: gd._fullLayout.xaxis.range,
    })),
  });
  return {
    finding: box.querySelector("[role=status]").innerText,
    problem: box.querySelector("[role=alert]").textContent,
    figures: [...box.querySelectorAll("div[role=img]")].map(figure),
  };
}"""


def picture_of(box):
    drawn = box.evaluate(DRAWN)
    assert drawn["problem"] == ""
    figures = [Figure(figure) for figure in drawn["figures"]]
    return types.SimpleNamespace(figures=figures, finding=" ".join(drawn["finding"].split()))


def assert_agree(box, expected):
    """Assert that the page shows what the explorer set from code shows; return the picture."""
    picture = picture_of(box)
    finding = plain(expected.readout.finding.replace("<br>", " "))
    assert picture.finding == " ".join(finding.split())
    for drawn, live in zip(picture.figures, figures_in(expected), strict=True):
        figure = live.figure
        assert drawn.title == (figure.layout.title.text or "")
        assert drawn.alt == live.alt
        for trace in figure.data:
            if trace.name in HISTORY or trace.visible is False:
                continue
            for axis in ("y", "z"):
                here = np.asarray(trace[axis]) if axis in trace else np.array(None)
                if here.dtype.kind in "fiu":
                    there = np.asarray(getattr(drawn[trace.name], axis), float)
                    assert there.shape == here.shape
                    spread = np.nanmax(here) - np.nanmin(here) if np.isfinite(here).any() else 0
                    assert np.allclose(there, here, rtol=1e-3, atol=1e-5 * spread, equal_nan=True)
    return picture


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


def test_every_control_of_every_explorer_has_its_relation():
    wanted = {(name, control) for name in NAMES for control in twin(name).controls}
    assert set(CONTROLS) == wanted


@pytest.mark.parametrize(("name", "control"), CONTROLS, ids=lambda word: word)
def test_a_move_changes_the_picture_as_it_should(page, name, control):
    box, expected = show(page, name), twin(name)
    for other, value in BEFORE.get((name, control), {}).items():
        box.get_by_label(expected.controls[other].description).select_option(value)
        expected.set(**{other: value})
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
        move_slider(page, box, widget, shows)
        pictures = dict(sorted(pictures.items()))
    else:
        options = SOME.get((name, control), widget.options)
        choose(page, box, widget, shows, options)
        pictures = {option: pictures[option] for option in options}
    assert len({repr(picture) for picture in pictures.values()}) == len(pictures) or (name, control) in CAPPED
    RELATIONS[name][control](pictures)


def move_slider(page, box, widget, shows):
    """Home, End, two arrow keys, a drag; after each, picture, readout and spoken value agree."""
    handle = slider(box, widget.description)
    low, high, step = widget.min, widget.max, widget.step
    for key, value in {"Home": low, "ArrowRight": low + step, "End": high, "ArrowLeft": high - step}.items():
        press(page, handle, key)
        shows(read(widget, handle, value))
    if (high - low) / step < 6:
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
        eventually(page, lambda label=label: assert_spoken(handle, label))


def assert_spoken(handle, words):
    assert handle.get_attribute("aria-valuetext") == words


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


@pytest.mark.parametrize("name", NAMES)
def test_every_button_is_known(page, name):
    box = show(page, name)
    options = {
        str(option) for control in twin(name).controls.values() for option in getattr(control, "options", ())
    }
    buttons = box.locator(".lessons-controls").get_by_role("button").all()
    shown = {button.get_attribute("aria-label") or button.inner_text() for button in buttons}
    assert shown - options <= {"Reset"} | BUTTONS.get(name, set())


def test_bars_that_come_in_have_the_colour_of_the_others(page):
    box = show(page, "ridge_weights")
    press(page, slider(box, "window"), "End")
    eventually(page, lambda: assert_bars(box, 100, colours=1))


def assert_bars(box, count, colours):
    bars = "[...box.querySelectorAll('.subplot.xy .bars path')]"
    fills = box.evaluate(f"box => {bars}.map(bar => getComputedStyle(bar).fill)")
    assert (len(fills), len(set(fills))) == (count, colours)


def test_a_network_without_a_gate_has_no_bias_to_set(page):
    box = show(page, "memory")
    box.get_by_role("button", name="RNN", exact=True).click()
    eventually(page, lambda: assert_disabled(box, True))
    box.get_by_role("button", name="GRU", exact=True).click()
    slider(box, "keep bias").wait_for()
    eventually(page, lambda: assert_disabled(box, False))


def assert_disabled(box, disabled):
    assert (box.locator(".noUi-target").get_attribute("disabled") is not None) == disabled


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
