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


def finding(explorer):
    return explorer.readout.finding


def small_run(**settings):
    return explorers.training(**SMALL).set(**settings)


# -- what is trained --------------------------------------------------------------------------------


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


@pytest.fixture(scope="module")
def small():
    return small_run()


def test_the_page_shows_the_run(small):
    result, losses, forecast = small.result, small.live.figure, small.forecast.figure
    curves = {trace.name: trace for trace in losses.data}
    np.testing.assert_array_equal(curves["train"].y, result.losses)
    np.testing.assert_array_equal(curves["test"].y, result.test_losses)
    assert len(curves["test"].x) == 20
    assert losses.layout.yaxis.type == "log"
    levels = {shape.name: shape.y0 for shape in losses.layout.shapes}
    assert levels == result.task.levels
    assert levels["last value"] == pytest.approx(0.0940, abs=0.0001)
    assert levels["noise floor"] == pytest.approx(0.0340, abs=0.0001)  # as on the lesson's boards
    np.testing.assert_array_equal(forecast.data[0].y, result.task.y_true[:, 0])
    np.testing.assert_array_equal(forecast.data[1].y, result.y_pred[:, 0])
    assert np.mean((result.y_pred - result.task.y_true) ** 2) == pytest.approx(result.test_mse)
    said = f"{result.test_mse:.4f}"
    assert f"LSTM {said} loses to the last value, 0.0940" in finding(small)
    assert said in small.live.alt
    bias = f"{np.mean(result.y_pred - result.task.y_true):.2f}".replace("-", "−")
    assert "forecasts too low" in finding(small) and f"(bias {bias})" in small.forecast.alt
    for cell in ("last value", "ridge", "LSTM", "noise floor", said, bias, "0 %"):
        assert f">{cell}</t" in small.board.value


def test_labels_of_levels_that_lie_close_together_do_not_overlap():
    figure = explorers.training().live.figure
    low, high = figure.layout.yaxis.range
    heights = sorted(label.y for label in figure.layout.annotations)
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
    explorer = small_run().set(noise=0.04 + 0.02)
    items = explorer.run.items
    assert explorer.live.figure.data[0].name == "before: noise 0.18"
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
