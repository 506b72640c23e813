"""Explorers without a browser: set from code, read from the figure."""

import json

import ipywidgets
import numpy as np
import pytest

from lessons import explorers, figures
from lessons.explorers.base import Explorer, around, slider, up_to
from lessons.live_figure import LiveFigure
from lessons.series import trend_and_seasons

ALL = {"welcome": explorers.welcome, "windows": explorers.leak, "naive_error": explorers.naive_error}


@pytest.fixture
def echo():
    """An explorer that counts its redraws and fails when asked to."""

    def draw(level, other):
        echo.redraws += 1
        live.update(y={0: [level, other]})
        if level == 9:
            raise RuntimeError("too high")
        return f"level {level}"

    live = LiveFigure(figures.series([0, 1], [0.0, 0.0], title="Echo"))
    controls = {"level": slider("level", 1, 0, 9, 1), "other": slider("other", 0.5, 0.0, 1.0, 0.1)}
    echo.redraws = 0
    echo.explorer = Explorer(controls, draw, live)
    return echo


def test_set_changes_several_controls_with_one_redraw(echo):
    before = echo.redraws
    assert echo.explorer.set(level=3, other=0.2) is echo.explorer
    assert echo.redraws == before + 1
    assert echo.explorer.values == {"level": 3, "other": 0.2}
    assert list(echo.explorer.live.figure.data[0].y) == [3, 0.2]
    assert echo.explorer.readout.finding == "level 3"


def test_moving_a_control_redraws(echo):
    echo.explorer.controls["level"].value = 4
    assert list(echo.explorer.live.figure.data[0].y) == [4, 0.5]


def test_reset_goes_back_with_one_redraw(echo):
    echo.explorer.set(level=3, other=0.2)
    before = echo.redraws
    reset = echo.explorer.children[0].children[-1]
    reset.click()
    assert echo.explorer.values == {"level": 1, "other": 0.5}
    assert echo.redraws == before + 1


def test_errors_are_raised_from_code_and_shown(echo):
    with pytest.raises(RuntimeError, match="too high"):
        echo.explorer.set(level=9)
    with pytest.raises(RuntimeError, match="too high"):
        echo.explorer.set(level=1).controls["level"].value = 9
    assert "RuntimeError: too high" in echo.explorer.readout.problem
    echo.explorer.set(level=2)
    assert echo.explorer.readout.problem == ""


def test_in_a_kernel_errors_of_a_moved_slider_are_only_shown(echo, monkeypatch):
    monkeypatch.setattr("lessons.explorers.base.in_kernel", lambda: True)
    echo.explorer.controls["level"].value = 9
    assert "RuntimeError: too high" in echo.explorer.readout.problem
    assert "test_explorers.py" in echo.explorer.readout.problem


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"nosie": 1}, "no control 'nosie': there are level, other"),
        ({"level": 12}, "level must be between 0 and 9"),
    ],
)
def test_what_cannot_be_set_is_refused(echo, values, message):
    with pytest.raises(ValueError, match=message):
        echo.explorer.set(**values)
    assert echo.explorer.values == {"level": 1, "other": 0.5}


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_every_explorer_is_labelled_tells_its_finding_and_repeats_itself(make):
    explorer = make()
    assert all(control.description for control in explorer.controls.values())
    assert any(character.isdigit() for character in explorer.readout.finding)
    first = explorer.readout.finding, explorer.live.alt, explorer.live.figure.to_json()
    explorer.set(noise=0.4).set(noise=0.18)
    assert (explorer.readout.finding, explorer.live.alt, explorer.live.figure.to_json()) == first


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_every_control_changes_the_picture(make):
    explorer = make()
    for control in explorer.controls.values():
        before = explorer.live.figure.to_json(), explorer.readout.finding, explorer.live.alt
        if hasattr(control, "options"):
            control.value = control.options[-1]
        else:
            control.value = control.max
        assert (explorer.live.figure.to_json(), explorer.readout.finding, explorer.live.alt) != before


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_the_ends_of_every_slider_work(make):
    explorer = make()
    for end in ("min", "max"):
        explorer.set(**{name: getattr(c, end) for name, c in explorer.controls.items() if hasattr(c, end)})
        assert "nan" not in explorer.readout.finding


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
    "welcome": (explorers.welcome, "noise", 0.3, 900 * 4),
    "windows": (explorers.leak, "noise", 0.3, 1900 * 4),
    "windows, window": (explorers.leak, "window", 58, 2200 * 4),
    "naive error": (explorers.naive_error, "noise", 0.3, 130 * 4),
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


def test_axes_keep_their_range_for_most_moves():
    assert around(np.array([-1.0, 3.9])) == around(np.array([-1.02, 3.95])) == [-1.5, 4.5]
    assert up_to(0.1) == [0, 0.15] and up_to(3.66) == [0, 4.0] and up_to(0.97) == [0, 1.5]
    for low, high in [(0.013, 0.014), (-7, 12345), (-0.5, 0)]:
        bottom, top = around(np.array([low, high]))
        assert bottom < low and high < top and top - bottom < 1.6 * (high - low)


def test_welcome_shows_the_error_of_the_last_value():
    explorer = explorers.welcome()
    assert "<strong>0.0940</strong>" in explorer.readout.finding
    explorer.set(noise=0.3, trend=0.01)
    np.testing.assert_array_equal(explorer.live.figure.data[0].y, trend_and_seasons(noise=0.3, trend=0.01)[1])


def test_windows_shows_whom_a_random_split_flatters():
    explorer = explorers.leak()
    by_time = dict(zip(explorer.errors.figure.data[0].y, explorer.errors.figure.data[0].x, strict=True))
    explorer.set(split="random")
    random = dict(zip(explorer.errors.figure.data[0].y, explorer.errors.figure.data[0].x, strict=True))
    assert by_time["nearest neighbour"] == pytest.approx(0.384, abs=0.001)
    assert by_time["nearest neighbour"] / random["nearest neighbour"] > 3
    assert by_time["ridge"] / random["ridge"] == pytest.approx(1, abs=0.1)
    assert "flattered 3." in explorer.readout.finding


def test_windows_shows_the_shuffled_twin_next_to_the_test_window():
    explorer = explorers.leak().set(split="random")
    assert explorer.live.figure.layout.title.text.endswith("begins 1 step away")
    by_name = {trace.name: trace for trace in explorer.live.figure.data}
    twin, window = by_name["training window most like it"], by_name["one test window"]
    assert abs(twin.x[0] - window.x[0]) == 1
    assert len(window.x) == len(twin.x) == 60


def test_a_random_split_flatters_nobody_on_two_waves():
    explorer = explorers.leak().set(series="two waves", noise=0.04, window=16)
    assert explorer.readout.finding.count("flattered not at all") == 2


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


def test_the_plain_form_is_the_finding():
    text = repr(explorers.welcome())
    assert text.startswith("Explorer: Noise 0.18")
    assert "<" not in text
