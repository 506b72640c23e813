"""The explorers of lesson 06, driven without a browser."""

import numpy as np
import pytest

from lessons import explorers
from lessons.gates import clamp, marker_task, record_gates
from lessons.records import trained_nets
from lessons.rnn import LSTM
from lessons.scores import mse
from lessons.series import sea_temperature


def shown(explorer):
    return {trace.name: trace for trace in explorer.live.figure.data}


@pytest.fixture(scope="module")
def gates():
    return explorers.gate_heatmaps(hidden_size=4)


@pytest.fixture(autouse=True)
def back(request):
    if "gates" in request.fixturenames:
        gates = request.getfixturevalue("gates")
        gates.set(**gates._initial)


def test_it_opens_on_the_el_nino_with_dates_target_and_forecast(gates):
    months, celsius = sea_temperature()
    now = list(months).index(np.datetime64("1998-01"))
    figure = shown(gates)
    assert gates.controls["window"].label == "1996-01 … 1997-12"
    np.testing.assert_allclose(figure["sea temperature"].y, celsius[now - 24 : now], rtol=1e-5)
    assert figure["target"].y[0] == pytest.approx(celsius[now], rel=1e-5)
    assert figure["target"].x[0] == figure["forecast"].x[0] == 24
    assert figure["sea temperature"].text[-1] == "1997-12"
    assert f"{figure['forecast'].y[0]:.1f} °C forecast for 1998-01 (unseen), {celsius[now]:.1f} came" in (
        gates.readout.finding
    )
    assert gates.live.figure.layout.height <= 420


def test_a_move_shows_that_window(gates):
    for window in (0, 300, 707):
        gates.set(window=window, order="number")
        for name in "ifoc":
            np.testing.assert_array_equal(shown(gates)[name].z, gates.record[name][window].T)
    assert "(seen in training)" in gates.set(window=100).readout.finding


def test_a_move_sends_colours_and_no_name_for_them(gates):
    sent = [value for place, value in gates.live._sent.items() if place[-1] == "colorscale"]
    assert sent and not any(isinstance(value, str) for value in sent)


def test_cells_and_sizes_change_the_panels(gates):
    gates.set(cell="GRU", net="untrained", hidden_size=8)
    assert {"r", "z", "n", "h"} <= set(shown(gates))
    assert shown(gates)["z"].z.shape == (8, 24)
    assert "Untrained GRU, 8 units: update gate from" in gates.live.figure.layout.title.text


def test_untrained_is_where_training_began_and_the_finding_is_measured(gates):
    r = np.corrcoef(gates.record["f"].mean(axis=2).ravel(), gates.record.X.ravel())[0, 1]
    assert f"correlation <strong>{r:+.2f}".replace("-", "−") in gates.readout.finding
    assert "last value 1.31, ridge 0.26" in gates.readout.finding  # as in lesson 02
    gates.set(net="untrained")
    fresh = record_gates(LSTM(1, 4, seed=42, dtype=np.float32), gates.record.X)
    np.testing.assert_array_equal(gates.record["f"], fresh["f"])


def test_play_moves_the_window_on(gates):
    play = gates.children[0].children[1]
    play.value += 1
    assert gates.values["window"] == 553
    assert shown(gates)["sea temperature"].text[-1] == "1998-01"
    gates.set(window=3)
    assert play.value == 3


@pytest.fixture(scope="module")
def hold():
    return explorers.hold_gate()


def test_a_gate_is_held_beside_the_untouched_run(hold):
    X, y, _ = marker_task(500, seed=43)
    net = trained_nets("LSTM on markers")[3]
    hold.set(gate="forget gate", value=0.25, steps=(3, 6), window=7)
    where = np.zeros((500, 20), bool)
    where[:, 3:7] = True
    free, held = record_gates(net, X), clamp(net, X, where, f=0.25)
    figure = shown(hold)
    np.testing.assert_allclose(figure["f"].z, free["f"][7].T)
    np.testing.assert_allclose(figure["c, held"].z, held["c"][7].T, atol=1e-5)
    assert figure["forecast, held"].y[0] == pytest.approx(held.y_pred[7, 0], abs=1e-5)
    assert figure["forecast"].y[0] == pytest.approx(free.y_pred[7, 0], abs=1e-5)
    assert f"MSE <strong>{mse(y, held.y_pred):.3f}" in hold.readout.finding
    assert "in steps 3 to 6" in hold.live.figure.layout.title.text
    shade = hold.live.figure.layout.shapes[-1]
    assert (shade.x0, shade.x1) == (2.5, 6.5)


def test_frames_follow_the_window(hold):
    marker = marker_task(500, seed=43)[2]
    for window in (3, 5, 0):  # one, three, two markers
        hold.set(window=window)
        assert len(hold.live.figure.layout.shapes) == 2 * marker[window].sum() + 1
