"""Explorers without a browser: set from code, read from the figure."""

import json

import ipywidgets
import numpy as np
import pytest

from lessons import explorers, figures
from lessons.baselines import LastValue, NearestNeighbours, Ridge
from lessons.explorers.base import Explorer, slider, span, switch
from lessons.live_figure import LiveFigure
from lessons.scores import mse
from lessons.series import trend_and_seasons
from lessons.windows import make_windows, scaled_windows

START = {"level": 1, "other": 0.5, "steps": (1, 2), "kind": "a"}


@pytest.fixture
def echo():
    """An explorer that counts its redraws and fails when asked to."""

    def draw(level, other, **rest):
        echo.redraws += 1
        live.update(y={0: [level, other]})
        if level == 9:
            raise RuntimeError("too high")
        return f"level {level}"

    live = LiveFigure(figures.series([0, 1], [0.0, 0.0], title="Echo"))
    controls = {"level": slider("level", 1, 0, 9, 1), "other": slider("other", 0.5, 0.0, 1.0, 0.1)}
    controls |= {"steps": span("steps", (1, 2), 0, 5), "kind": switch("kind", ["a", "b"])}
    echo.redraws = 0
    echo.explorer = Explorer(controls, draw, live)
    return echo


def test_set_changes_several_controls_with_one_redraw(echo):
    before = echo.redraws
    assert echo.explorer.set(level=3, other=0.2) is echo.explorer
    assert echo.redraws == before + 1
    assert echo.explorer.values == START | {"level": 3, "other": 0.2}
    assert list(echo.explorer.live.figure.data[0].y) == [3, 0.2]
    assert echo.explorer.readout.finding == "level 3"


def test_reset_goes_back_with_one_redraw(echo):
    echo.explorer.set(level=3, other=0.2)
    before = echo.redraws
    reset = echo.explorer.children[0].children[-1]
    reset.click()
    assert echo.explorer.values == START
    assert echo.redraws == before + 1


def test_errors_are_raised_from_code_and_shown(echo):
    with pytest.raises(RuntimeError, match="too high"):
        echo.explorer.set(level=9)
    with pytest.raises(RuntimeError, match="too high"):
        echo.explorer.set(level=1).controls["level"].value = 9
    assert "RuntimeError: too high" in echo.explorer.readout.problem
    echo.explorer.set(level=2)
    assert echo.explorer.readout.problem == ""


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"nosie": 1}, "no control 'nosie': there are level, other, steps, kind"),
        ({"level": 12}, "level must be between 0 and 9"),
        ({"steps": (2, 9)}, r"steps must be between 0 and 5, got \(2, 9\)"),
        ({"kind": "c"}, "kind must be one of 'a', 'b', got 'c'"),
    ],
)
def test_what_cannot_be_set_is_refused(echo, values, message):
    with pytest.raises(ValueError, match=message):
        echo.explorer.set(**values)
    assert echo.explorer.values == START


@pytest.fixture
def wire(monkeypatch):
    """What all widgets send: (widget, names of the state that goes, bytes of its buffers and text)."""
    messages = []

    def send(widget, message, buffers=None):
        size = len(json.dumps(message)) + sum(memoryview(b).nbytes for b in buffers or [])
        messages.append((widget, sorted(message.get("state", {})), size))

    monkeypatch.setattr(ipywidgets.Widget, "_send", send)
    return messages


# what a move may cost: all numbers of its lines as float32, and 2.5 kB of words
MOVES = {
    "welcome": (explorers.welcome, "noise", 0.3, 300 * 4),
    "sliding window": (explorers.sliding_window, "window", 6, 500 * 4),
    "leak": (explorers.leak, "noise", 0.3, 1100 * 4),
    "naive error, lag": (explorers.naive_error, "lag", 7, 0),
    "memory": (explorers.memory, "forget_bias", 2.0, 600 * 4),
}


@pytest.mark.parametrize(("make", "control", "value", "numbers"), MOVES.values(), ids=MOVES)
def test_a_move_is_one_message_of_what_has_changed(make, control, value, numbers, wire):
    explorer = make()
    wire.clear()
    explorer.controls[control].value = value
    answers = [(names, size) for widget, names, size in wire if widget is not explorer.controls[control]]
    [(names, size)] = answers
    assert names == ["changes", "finding"]
    assert size < numbers + 2500
    wire.clear()
    explorer.refresh()
    assert wire == []  # nothing has changed


def test_welcome_shows_the_error_of_the_last_value_as_the_gap():
    explorer = explorers.welcome()
    assert "<strong>0.0940</strong>" in explorer.readout.finding
    explorer.set(noise=0.3)
    data = {trace.name: trace for trace in explorer.live.figure.data}
    y = trend_and_seasons(noise=0.3)[1]
    np.testing.assert_array_equal(data["truth"].y, y[700:760])
    np.testing.assert_array_equal(data["last value"].y, y[699:759])
    gaps = data["gap, the error"].y.reshape(-1, 3)
    np.testing.assert_array_equal(gaps[:, :2], np.stack([y[700:760], y[699:759]], axis=1))


@pytest.mark.parametrize(
    ("position", "window", "horizon"), [(0, 2, 1), (4, 4, 1), (14, 6, 3), (27, 2, 1), (27, 6, 3)]
)
def test_the_sliding_window_shows_the_rows_of_make_windows(position, window, horizon):
    explorer = explorers.sliding_window().set(position=position, window=window, horizon=horizon)
    data = {trace.name: trace for trace in explorer.live.figure.data}
    X, y, target_index = make_windows(np.array(data["series"].y), window, horizon)
    row = min(position, len(X) - 1)
    np.testing.assert_array_equal(data["window"].y, X[row, :, 0])
    np.testing.assert_array_equal(data["target"].x, target_index[row] + np.arange(horizon))
    lines = np.array(data["numbers"].y)
    assert max(lines) == min(row, 4)
    for line in set(lines):
        number, *texts = np.array(data["numbers"].text)[lines == line]
        values = [float(text.strip("<b>/").replace("−", "-")) for text in texts]
        assert int(number) == row - line
        np.testing.assert_array_equal(values, [*X[row - line, :, 0], *y[row - line]])


def test_the_sliding_window_says_which_part_a_row_is_in():
    explorer = explorers.sliding_window()
    for position, words in ((13, "row 13 trains"), (14, "does neither"), (16, "row 16 tests")):
        assert words in explorer.set(position=position, window=4, horizon=3).readout.finding
    assert "24 rows, of which 14 train and 8 test, 2 neither" in explorer.readout.finding
    for position in (0, 27):  # both ends
        assert explorer.set(position=position, window=2, horizon=1).readout.problem == ""


def errors_in(leak):
    bars = next(trace for trace in leak.live.figure.data if trace.name == "score")
    return dict(zip(bars.y, bars.x, strict=True))


@pytest.mark.parametrize(("window", "noise"), [(60, 0.18), (20, 0.4)])
def test_leak_scores_are_the_packages(window, noise):
    data = scaled_windows(trend_and_seasons(noise=noise)[1], window, 630)
    found = errors_in(explorers.leak().set(window=window, noise=noise))
    models = {"last value": LastValue(), "ridge": Ridge(), "nearest neighbour": NearestNeighbours()}
    for name, model in models.items():
        y_pred = model.fit(data.X_train, data.y_train).predict(data.X_test)
        error = mse(*map(data.scaler.inverse_target, (data.y_test, y_pred)))
        assert found[name] == pytest.approx(error, rel=5e-3)  # it is not scaled


def test_leak_shows_the_shuffled_twin_upon_the_test_window():
    explorer = explorers.leak().set(split="shuffled")
    assert explorer.live.figure.layout.title.text.endswith("begins 1 step away")
    by_name = {trace.name: trace for trace in explorer.live.figure.data}
    twin, window = by_name["the train window most like it"], by_name["one test window"]
    assert abs(twin.x[0] - window.x[0]) == 1
    assert len(window.x) == len(twin.x) == 60
    names = [trace.name for trace in explorer.live.figure.data]
    assert names.index(twin.name) > names.index(window.name) and twin.line.width < window.line.width / 2
    steps = [np.nansum(np.diff(by_name[part].x.reshape(-1, 3)[:, :2])) for part in ("train", "test")]
    assert steps == [570, 270]  # of the strips


@pytest.mark.parametrize("series", ["trend and seasons", "two waves"])
@pytest.mark.parametrize(("noise", "lag"), [(0.1, 1), (0.4, 1), (0.3, 20)])
def test_the_naive_error_is_signal_change_and_twice_the_noise(series, noise, lag):
    data = {
        t.name: t for t in explorers.naive_error().set(series=series, noise=noise, lag=lag).live.figure.data
    }
    signal, doubled, measured = data["signal change"].y[0], data["noise, 2σ²"].y[0], data["measured"].y[1]
    assert doubled == pytest.approx(2 * noise**2)
    assert signal + doubled == pytest.approx(measured, rel=0.03)
    assert data["this lag"].x[0] == lag


def test_without_noise_the_naive_error_is_the_signal_change():
    data = {t.name: t for t in explorers.naive_error().set(noise=0.0, lag=7).live.figure.data}
    assert data["signal change"].y[0] == pytest.approx(data["measured"].y[1])
    np.testing.assert_allclose(data["formula"].y, data["measured, every lag"].y)


SIZES = [{"hidden_size": 4, "window": 4, "noise": 0.3}, {"hidden_size": 32, "noise": 0.0}]
NOISE = [{"noise": 0.0}, {"noise": 0.4}]
HIDE = {"look_at": "a measured stretch, hidden"}
STILL = {  # settings between which no axis moves
    "welcome": NOISE,
    "naive_error": NOISE,
    "ridge_weights": NOISE,
    "leak": NOISE,
    "gap_filling": [HIDE, HIDE | {"steps": 20, "place": 90}],
    "eigenvalues": [{"alpha": 0.0}, {"alpha": 4.0}],
}
TRAINS = pytest.param("two_libraries", marks=pytest.mark.slow)


@pytest.mark.parametrize("name", [*STILL, TRAINS])
def test_axes_stand_still_and_hold_what_is_drawn(name):
    explorer, seen = getattr(explorers, name)(), []
    for settings in STILL.get(name, SIZES):
        figure = explorer.set(**settings).live.figure
        seen.append([figure.layout[axis].range for axis in figure.layout if axis[1:5] == "axis"])
        assert_within([t.y for t in figure.data[:2] if t.yaxis in (None, "y")], figure.layout.yaxis)
    assert any(seen[0]) and all(ranges == seen[0] for ranges in seen)


def assert_within(drawn, axis):
    low, high = axis.range if axis.type != "log" else 10.0 ** np.array(axis.range)
    y = np.concatenate([np.asarray(y, float) for y in drawn])
    assert low <= np.nanmin(y) and np.nanmax(y) <= high


def buttons(widget):
    if isinstance(widget, ipywidgets.Button | ipywidgets.ToggleButton):
        return {widget.description}
    return {name for child in getattr(widget, "children", ()) for name in buttons(child)}


def test_every_button_is_one_that_a_test_presses():
    made = [
        getattr(explorers, name) for name in explorers.__all__ if name.islower() and name != "error_price"
    ]
    found = set().union(*(buttons(make()) for make in made))
    assert found == {"Reset", "Step", "Play", "Train", "More settings"}


def test_the_plain_form_is_the_finding():
    text = repr(explorers.welcome())
    assert text.startswith("Explorer: Noise 0.18")
    assert "<" not in text
