"""The training explorer: the story's numbers, live or set from code; cancelling, stopping, errors."""

import asyncio

import numpy as np
import pytest

from lessons import explorers
from lessons.explorers.training.runs import Moment
from lessons.rnn import GRU, LSTM, RNN
from lessons.scores import mse
from lessons.series import trend_and_seasons
from lessons.windows import scaled_windows
from lessons.wrappers import Centred

SMALL = {"window": 16, "hidden_size": 4, "epochs": 20}


@pytest.fixture(scope="module")
def default():
    return explorers.training().set()


def finding(explorer):
    return explorer.readout.finding


def level(result, name):
    return result.task.levels[name]


def small_run(**settings):
    return explorers.training(**SMALL).set(**settings)


# -- what the lesson tells --------------------------------------------------------------------------------


def test_the_raw_lstm_loses_to_the_last_value(default):
    result = default.result
    assert result.test_mse == pytest.approx(0.1178, abs=0.0005)
    assert level(result, "last value") == pytest.approx(0.0940, abs=0.0001)
    assert level(result, "noise floor") == pytest.approx(0.18**2)
    assert 0.037 < level(result, "ridge") < 0.040
    assert result.bias == pytest.approx(-0.21, abs=0.02)
    scaled = np.array([0.949535, 0.063779, 0.046973, 0.046404, 0.038749])  # float64, after epochs 1, 20, …
    variance = np.var(trend_and_seasons()[1][:630])
    np.testing.assert_allclose(result.losses[[0, 19, 39, 59, 79]], scaled * variance, rtol=2e-3)
    assert "LSTM 0.1178 loses to the last value, 0.0940" in finding(default)
    assert "forecasts too low" in finding(default)


@pytest.mark.parametrize(
    "settings",
    [
        {"noise": 0.3, "window": 12, "cell": "GRU"},
        {"trend": 0.01, "centring": "window mean", "epochs": 40},
        {"learning_rate": 0.01, "hidden_size": 6, "cell": "RNN", "centring": "last value"},
    ],
)
def test_every_control_trains_the_net_that_it_says(settings):
    explorer = small_run(**settings)
    now = explorer.values
    data = scaled_windows(trend_and_seasons(noise=now["noise"], trend=now["trend"])[1], now["window"], 630)
    net = {"LSTM": LSTM, "GRU": GRU, "RNN": RNN}[now["cell"]](1, now["hidden_size"], dtype=np.float32)
    if now["centring"] != "none":
        net = Centred(net, by="mean" if "mean" in now["centring"] else "last")
    net.fit(data.X_train, data.y_train, epochs=now["epochs"], lr=now["learning_rate"], batch_size=64)
    y_true, y_pred = (data.scaler.inverse_target(y) for y in (data.y_test, net.predict(data.X_test)))
    assert explorer.result.test_mse == pytest.approx(mse(y_true, y_pred))


# -- what is shown ----------------------------------------------------------------------------------------


def test_the_page_shows_the_run(default):
    result, losses, forecast = default.result, default.live.figure, default.forecast.figure
    curves = {trace.name: trace for trace in losses.data}
    np.testing.assert_array_equal(curves["train"].y, result.losses)
    np.testing.assert_array_equal(curves["test"].y, result.test_losses)
    assert len(curves["test"].x) == 80
    assert losses.layout.yaxis.type == "log"
    assert {shape.name: shape.y0 for shape in losses.layout.shapes} == result.task.levels
    np.testing.assert_array_equal(forecast.data[0].y, result.task.y_true[:, 0])
    np.testing.assert_array_equal(forecast.data[1].y, result.y_pred[:, 0])
    assert np.mean((result.y_pred - result.task.y_true) ** 2) == pytest.approx(result.test_mse)
    assert "0.1178" in default.live.alt
    assert "forecasts too low (bias −0.21)" in default.forecast.alt
    for cell in ("last value", "ridge", "LSTM", "noise floor", "0.1178", "−0.21", "−25 %"):
        assert f">{cell}</t" in default.board.value


def test_labels_of_levels_that_lie_close_together_do_not_overlap(default):
    low, high = default.live.figure.layout.yaxis.range
    heights = sorted(label.y for label in default.live.figure.layout.annotations)
    assert len(heights) == 3
    assert min(np.diff(heights)) / (high - low) * 174 > 17  # pixels
    assert low < heights[0] and heights[-1] < high


def test_a_diverged_run_is_told_as_such():
    explorer = small_run()
    nothing = np.full((270, 1), np.nan)
    moments = [*explorer.run.items[:2], Moment(explorer.values, np.nan, np.nan, nothing)]
    explorer._show(moments, True)
    assert "training diverged in epoch 3" in finding(explorer)
    assert np.isfinite(explorer.live.figure.layout.yaxis.range).all()


# -- set from code ----------------------------------------------------------------------------------------


def test_nothing_is_trained_unasked():
    explorer = explorers.training()
    assert explorer.result is None
    assert "Not trained yet" in finding(explorer)
    assert len(explorer.live.figure.layout.shapes) == 3
    assert len(explorer.forecast.figure.data[0].y) == 270


def test_the_dust_of_slider_arithmetic_makes_no_new_settings():
    explorer = small_run(noise=0.04 + 0.02)
    items = explorer.run.items
    explorer.set(noise=0.12 - 0.06000000001)
    assert explorer.run.items is items
    assert explorer.result.settings["noise"] == 0.06


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"series": "three waves"}, "series must be one of 'trend and seasons', 'two waves'"),
        ({"series": "two waves", "trend": 0.0}, "no control 'trend'"),
    ],
)
def test_impossible_settings_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        explorers.training(**wrong)


# -- live, on an event loop, as in a notebook ---------------------------------------------------------------


def live(scenario):
    """Run ``scenario(explorer)`` with an explorer that was made on a running event loop."""

    async def run():
        return await scenario(explorers.training(**SMALL))

    return asyncio.run(run())


def test_a_live_run_ends_as_one_set_from_code():
    async def scenario(explorer):
        explorer.controls["hidden_size"].value = 6
        assert explorer.result is None  # it did not wait
        await explorer.run.wait()
        return explorer.result

    result = live(scenario)
    assert result.settings["hidden_size"] == 6
    np.testing.assert_array_equal(result.test_losses, small_run(hidden_size=6).result.test_losses)


def test_an_error_is_shown_in_the_page():
    async def scenario(explorer):
        def broken(**settings):
            raise RuntimeError("no such luck")
            yield

        explorer.run._make = broken
        explorer.controls["window"].value = 20
        while explorer.run.running:
            await asyncio.sleep(0.001)
        assert "RuntimeError: no such luck" in explorer.readout.problem

    live(scenario)


def test_what_is_moved_seldom_is_folded_unless_it_was_set():
    for explorer, shown in ((explorers.training(), "none"), (explorers.training(hidden_size=16), None)):
        *_, more, folded = explorer.children[0].children
        assert folded.layout.display == shown
        more.value = not more.value
        assert folded.layout.display != shown
