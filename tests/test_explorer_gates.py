"""The gate explorer, driven without a browser."""

import importlib

import numpy as np
import pytest

from lessons import explorers
from lessons.gates import record_gates, unit_order
from lessons.rnn import LSTM

module = importlib.import_module("lessons.explorers.gates")  # the name in the package is the function


@pytest.fixture(scope="module")
def explorer():
    return explorers.gate_heatmaps("two waves", hidden_size=8)


@pytest.fixture(autouse=True)
def back(explorer):
    explorer.set(window=102, cell="LSTM", hidden_size=8, net="trained", order="time of the peak")


def panels(explorer):
    return {trace.name: trace for trace in explorer.live.figure.data if trace.type == "heatmap"}


def test_a_move_shows_that_window(explorer):
    task = module.task("two waves")
    for window in (0, 50, 203):
        explorer.set(window=window)
        np.testing.assert_array_equal(explorer.live.figure.data[0].y, task.X_raw[window, :, 0])
        np.testing.assert_array_equal(explorer.live.figure.data[0].x, np.arange(window, window + 16))
        units = unit_order(explorer.record["f"][window], "peak")
        for name, panel in panels(explorer).items():
            np.testing.assert_array_equal(panel.z, explorer.record[name][window].T[units])
        np.testing.assert_array_equal(explorer.overview.figure.data[1].x, np.arange(window, window + 16))
        assert f"steps {window} to {window + 15}" in explorer.live.figure.layout.title.text
    assert "in the test part" in explorer.overview.alt
    assert explorer.live.figure.layout.xaxis.title.text == "time step"


def test_cells_and_sizes_change_the_panels(explorer):
    assert list(panels(explorer)) == ["i", "f", "o", "c"]
    explorer.set(cell="GRU", hidden_size=4)
    assert list(panels(explorer)) == ["r", "z", "n", "h"]
    assert {panel.z.shape for panel in panels(explorer).values()} == {(4, 16)}
    assert "update gate" in explorer.live.figure.layout.title.text
    assert "Trained GRU, 4 units" in explorer.readout.finding


def test_untrained_is_where_training_began(explorer):
    trained = explorer.record["f"].copy()
    explorer.set(net="untrained")
    fresh = record_gates(LSTM(1, 8, seed=42, dtype=np.float32), module.task("two waves").X)
    np.testing.assert_array_equal(explorer.record["f"], fresh["f"])
    assert np.abs(trained - fresh["f"]).max() > 0.1
    assert "Untrained LSTM" in explorer.live.alt


def test_the_order_is_chosen_and_told(explorer):
    for order, words in (
        ("likeness", "alike in f"),
        ("unit number", "as numbered"),
        ("time of the peak", "peak"),
    ):
        explorer.set(order=order)
        assert words in explorer.live.figure.layout.annotations[-1].text
    explorer.set(order="unit number")
    np.testing.assert_array_equal(panels(explorer)["f"].z, explorer.record["f"][102].T)


def test_the_finding_is_measured(explorer):
    facts = module.facts("two waves", "LSTM", 8, "trained")
    untrained = module.facts("two waves", "LSTM", 8, "untrained")
    finding = explorer.readout.finding
    assert f"test MSE {facts.test_mse:.3g}" in finding
    assert f"<strong>{facts.correlation:+.2f}</strong>".replace("-", "−") in finding
    assert f"(untrained: {untrained.correlation:+.2f})".replace("-", "−") in finding
    f = explorer.record["f"]
    assert f"range from {f.min():.2f} to {f.max():.2f} (untrained: {untrained.low:.2f}" in finding
    assert facts.test_mse < 0.005 < untrained.test_mse  # last value 0.0115, ridge 0.0027
    record, of = explorer.record, module.task("two waves")
    assert facts.test_mse == pytest.approx(
        np.mean((record.y_pred - of.targets)[of.test] ** 2) * of.scale**2, rel=1e-4
    )


def test_reset_goes_back_to_the_start_values(explorer):
    explorer.set(window=3, cell="GRU", net="untrained")
    controls, *_ = explorer.children
    controls.children[-1].click()
    assert explorer.values == {
        "window": 102,
        "cell": "LSTM",
        "hidden_size": 8,
        "net": "trained",
        "order": "time of the peak",
    }


def test_nothing_is_trained_that_is_not_shown(monkeypatch):
    monkeypatch.setattr(module, "_trained", {})
    module.recorded.cache_clear()
    module.facts.cache_clear()
    explorers.gate_heatmaps("two waves", hidden_size=4)
    assert list(module._trained) == [("two waves", "LSTM", 4)]


def test_in_a_page_the_others_are_trained_a_little_at_a_time(monkeypatch):
    monkeypatch.setattr(module, "_trained", {})
    monkeypatch.setattr(module, "SIZES", (2, 4))
    steps = list(module._train_all("two waves"))
    assert steps[-1] == "done" and set(steps[:-1]) == {None}
    assert len(steps) > 4 * 120  # it breathes after every epoch
    assert len(module._trained) == 4


def test_the_sea_opens_on_the_el_nino_of_the_lesson():
    explorer = explorers.gate_heatmaps(hidden_size=4)
    assert "1996-01 to 1997-12" in explorer.live.figure.layout.title.text


def test_the_real_series_has_dates():
    explorer = explorers.gate_heatmaps(hidden_size=4, window=312)
    title = explorer.live.figure.layout.title.text
    assert title.startswith("Trained LSTM, 1976-01 to 1977-12: forget gate from")
    assert explorer.live.figure.layout.yaxis.title.text == "°C"
    assert "°C²" in explorer.readout.finding
    assert "last value 1.31, ridge 0.258" in explorer.readout.finding  # as in lesson 02


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"series": "prices"}, "series must be one of 'sea temperature', 'trend and seasons', 'two waves'"),
        ({"hidden_size": 5}, "hidden_size must be one of 4, 8, 16, 32, got 5"),
        ({"window": 9999}, "window must be between 0 and 707, got 9999"),
        ({"gate": "f"}, "no control 'gate': there are window, cell, hidden_size, net, order"),
    ],
    ids=str,
)
def test_impossible_settings_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        explorers.gate_heatmaps(**arguments)
