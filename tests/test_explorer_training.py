"""The training explorer: the story's numbers, live or set from code; cancelling, stopping, errors."""

import asyncio

import numpy as np
import pytest

from lessons import explorers
from lessons.explorers.training.runs import Moment
from lessons.series import trend_and_seasons

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


def test_without_a_trend_the_same_network_beats_it(default):
    result = explorers.training().set(trend=0.0).result
    assert result.test_mse < 0.055 < level(result, "last value")
    assert abs(result.bias) < 0.05


def test_centring_mends_it():
    result = explorers.training().set(centring="window mean").result
    assert result.test_mse < 0.05 < level(result, "last value")


def test_the_gru_of_the_next_lesson():
    assert explorers.training().set(cell="GRU").result.test_mse == pytest.approx(0.0882, abs=0.0005)


def test_two_waves_beat_the_last_value_and_not_ridge():
    explorer = explorers.training("two waves").set()
    result = explorer.result
    assert "trend" not in explorer.controls
    assert result.test_mse == pytest.approx(0.0029, abs=0.0003)
    assert level(result, "last value") == pytest.approx(0.0115, abs=0.0001)
    assert level(result, "ridge") < 1.05 * result.test_mse


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


def test_the_run_before_stays_for_comparison():
    explorer = small_run()
    before = explorer.live.figure.data[0]
    assert not before.visible
    first = explorer.result
    explorer.set(noise=0.3, window=12)
    assert before.visible
    assert before.name == "before: window 16, noise 0.18"
    np.testing.assert_array_equal(before.y, first.test_losses)


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


def test_the_same_settings_give_the_same_bits():
    first, second = small_run(cell="GRU").result, small_run(cell="GRU").result
    np.testing.assert_array_equal(first.losses, second.losses)
    np.testing.assert_array_equal(first.y_pred, second.y_pred)


def test_what_was_seen_before_is_not_trained_again():
    explorer = small_run()
    made, make = [], explorer.run._make

    def counted(**settings):
        made.append(settings)
        return make(**settings)

    explorer.run._make = counted
    items = explorer.run.items
    explorer.set(noise=0.3).set(noise=0.18)
    assert len(made) == 1
    assert explorer.run.items is items
    assert explorer.result.settings == explorer.values


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


TITLE = ["title", "text"]


async def some_epochs(explorer, count=3):
    while len(explorer.run.items) < count:
        await asyncio.sleep(0.001)


def test_a_live_run_ends_as_one_set_from_code():
    async def scenario(explorer):
        explorer.controls["hidden_size"].value = 6
        assert explorer.result is None  # it did not wait
        await explorer.run.wait()
        return explorer.result

    result = live(scenario)
    assert result.settings["hidden_size"] == 6
    np.testing.assert_array_equal(result.test_losses, small_run(hidden_size=6).result.test_losses)


def titles_in(changes):
    """Return the titles of loss plots that a message carries."""
    values = [value for _, change in changes for place, value in change["values"] if place[-2:] == TITLE]
    return [title for title in values if title.startswith(("Epoch", "LSTM"))]


def test_it_streams_and_a_further_move_cancels_it():
    async def scenario(explorer):
        titles = []
        explorer.run._redraw_every = 0.0
        explorer.readout.observe(lambda change: titles.extend(titles_in(change.new)), "changes")
        explorer.controls["window"].value = 20
        await some_epochs(explorer)
        explorer.controls["window"].value = 24
        await explorer.run.wait()
        return titles, explorer.result

    titles, result = live(scenario)
    epochs = [int(title.split()[1]) for title in titles[:-1]]
    restart = epochs.index(1, 1)
    assert epochs[:restart] == list(range(1, restart + 1))
    assert 3 <= restart < 20
    assert epochs[restart:] == list(range(1, len(epochs) - restart + 1))
    assert titles[-1].startswith("LSTM 0.")
    assert result.settings["window"] == 24


def test_a_drag_trains_only_where_it_rests():
    async def scenario(explorer):
        for noise in (0.2, 0.22, 0.24):
            explorer.controls["noise"].value = noise
            await asyncio.sleep(0.005)
        await explorer.run.wait()
        return explorer

    explorer = live(scenario)
    assert explorer.result.settings["noise"] == 0.24
    assert len(explorer.run._finished) == 1


def test_stop_keeps_what_there_is_and_train_begins_anew():
    async def scenario(explorer):
        explorer.controls["window"].value = 20
        await some_epochs(explorer)
        while explorer.button.description != "Stop":
            await asyncio.sleep(0.001)
        explorer.button.click()
        await asyncio.sleep(0.05)
        assert not explorer.run.running
        assert explorer.result is None
        assert "Stopped after epoch" in finding(explorer)
        assert 3 <= len(explorer.live.figure.data[2].y) < 20
        explorer.button.click()
        await explorer.run.wait()
        assert len(explorer.result.losses) == 20
        assert explorer.button.disabled

    live(scenario)


def test_code_may_set_it_while_it_runs():
    async def scenario(explorer):
        explorer.controls["window"].value = 20
        await some_epochs(explorer)
        explorer.set(window=24)
        assert explorer.result.settings["window"] == 24
        await asyncio.sleep(0.05)
        assert explorer.result.settings["window"] == 24
        assert "of 20" not in finding(explorer)

    live(scenario)


def test_the_first_run_starts_when_the_page_shows_the_explorer():
    async def scenario(explorer):
        await asyncio.sleep(0.05)
        assert not explorer.run.items
        arrival = explorer.children[-1]
        arrival._handle_custom_msg("here", [])
        await explorer.run.wait()
        first = explorer.result
        arrival._handle_custom_msg("here", [])  # the page was reloaded
        await asyncio.sleep(0.05)
        assert explorer.result is first

    live(scenario)


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
