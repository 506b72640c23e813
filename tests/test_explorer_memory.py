"""The memory explorer: how far back gradients reach, against the numbers that the lesson tells."""

import numpy as np
import pytest

from lessons import explorers
from lessons.explorers.memory import MARKED, _share, reach

# What was measured before, at lags 20 and 60; seeds differ by a factor of a few.
MEASURED = {
    ("RNN", 0.0): (0.14, 4e-3),
    ("RNN × 1.5", 0.0): (2.3, 18),
    ("LSTM", 0.0): (9e-4, 4e-9),
    ("LSTM", 1.0): (0.09, 6e-3),
    ("LSTM", 2.0): (0.34, 0.34),
    ("GRU", 0.0): (6e-4, 1e-9),
}


@pytest.fixture(scope="module")
def explorer():
    return explorers.memory()


@pytest.mark.parametrize("setting", MEASURED, ids=str)
def test_gradients_reach_as_far_as_told(setting):
    left = np.median(reach(*setting), axis=0)[list(MARKED)]
    off = np.abs(np.log10(left / MEASURED[setting]))
    assert off[0] < 0.5
    assert off[1] < (0.8 if MEASURED[setting][1] > 1e-8 else 1.5)


def test_the_figure_shows_what_the_finding_says(explorer):
    explorer.set(network="LSTM", forget_bias=1.0)
    median = np.median(reach("LSTM", 1.0), axis=0)
    curve = next(trace for trace in explorer.live.figure.data if trace.name == "LSTM")
    np.testing.assert_allclose(curve.y, median)
    assert f"after 20 steps <strong>{_share(median[20])}</strong> is left" in explorer.readout.finding
    assert _share(median[60]) in explorer.live.figure.layout.title.text
    assert "LSTM, forget-gate bias 1" in explorer.live.alt


def test_the_rnn_stays_as_reference_and_earlier_settings_stay_faintly():
    explorer = explorers.memory(forget_bias=0.0)
    assert not any(trace.visible for trace in explorer.live.figure.data[:3])
    for bias in (1.0, 2.0):
        explorer.set(forget_bias=bias)
    before = explorer.live.figure.data[:3]
    np.testing.assert_allclose(before[0].y[:60], np.median(reach("LSTM", 0.0), axis=0)[:60])
    np.testing.assert_allclose(before[1].y, np.median(reach("LSTM", 1.0), axis=0))
    assert [trace.visible for trace in before] == [True, True, False]
    reference = explorer.live.figure.data[3]
    np.testing.assert_allclose(reference.y, np.median(reach("RNN", 0.0), axis=0))


def test_the_finding_says_what_becomes_of_gradients(explorer):
    said = {"RNN × 1.5": "It explodes", "RNN": "It vanishes", "GRU": "faster than in a plain RNN"}
    for network, words in said.items():
        assert words in explorer.set(network=network, forget_bias=0.0).readout.finding


def test_shares_are_written_as_people_write_them():
    values = (1.0, 0.093, 0.0064, 0.00054, 4.4e-9, 9.6e-9, 1e-20, 2.31, 180.0)
    written = ["100 %", "9 %", "0.6 %", "0.05 %", "4·10⁻⁹", "1·10⁻⁸", "less than 10⁻¹⁵", "2.3 ×", "180 ×"]
    assert [_share(value) for value in values] == written
