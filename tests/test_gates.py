"""Gates recorded, forced, measured: against the step functions, torch, and known answers."""

import subprocess
import sys

import numpy as np
import pytest

from lessons.baselines import Ridge
from lessons.gates import (
    MarkerBlindGRU,
    clamp,
    half_life,
    hold,
    marker_evidence,
    marker_gru,
    marker_lstm,
    marker_task,
    record_gates,
    retention,
    steps_to_half,
    unit_order,
)
from lessons.rnn import GRU, LSTM, RNN, gradient_memory, gru_step, lstm_step, mse_loss
from lessons.wrappers import Centred

X = np.random.default_rng(0).normal(size=(7, 9, 3))
NETS = {
    "LSTM": LSTM(3, 5, 2, forget_bias=1.0),
    "GRU": GRU(3, 5),
    "GRU after": GRU(3, 5, reset="after", init="torch"),
    "GRU before, keep": GRU(3, 5, update="keep", init="torch"),
    "GRU after, write": GRU(3, 5, reset="after", update="write", init="torch"),
    "RNN": RNN(3, 4),
}
GRUS = [name for name in NETS if name.startswith("GRU")]


def mse(record, y):
    return float(np.mean((record.y_pred - y) ** 2))


# recording


@pytest.mark.parametrize("name", NETS)
def test_the_record_ends_in_the_forecasts_of_the_fast_net(name):
    record = record_gates(NETS[name], X)
    np.testing.assert_allclose(record.y_pred, NETS[name].predict(X), atol=1e-12)
    H = NETS[name].hidden_size
    assert record.shape == (7, 9, H)
    assert all(record[part].shape == (7, 9, H) for part in record.names)


def test_states_of_an_lstm_are_those_of_its_steps():
    net, record = NETS["LSTM"], record_gates(NETS["LSTM"], X)
    assert record.names == ("i", "f", "g", "o", "c", "h")
    h = c = np.zeros((7, 5))
    for t in range(9):
        h, c = lstm_step(X[:, t], h, c, *(net.params[p] for p in ("W_x", "W_h", "b")))
        np.testing.assert_allclose(record["h"][:, t], h, atol=1e-14)
        np.testing.assert_allclose(record["c"][:, t], c, atol=1e-14)


@pytest.mark.parametrize("name", GRUS)
def test_states_of_a_gru_are_those_of_its_steps(name):
    net, record = NETS[name], record_gates(NETS[name], X)
    assert record.names == ("r", "z", "n", "h")
    h = np.zeros((7, 5))
    weights = [net.params[p] for p in ("W_x", "W_h", "b")]
    for t in range(9):
        h = gru_step(X[:, t], h, *weights, net.params.get("b_h"), net.reset, net.update)
        np.testing.assert_allclose(record["h"][:, t], h, atol=1e-14)


@pytest.mark.parametrize("name", [*GRUS, "LSTM"])
def test_keep_and_write_mean_the_same_in_every_cell(name):
    record = record_gates(NETS[name], X)
    memory, candidate = (record["c"], record["g"]) if name == "LSTM" else (record["h"], record["n"])
    before = np.concatenate([np.zeros_like(memory[:, :1]), memory[:, :-1]], axis=1)
    np.testing.assert_allclose(record.keep * before + record.write * candidate, memory, atol=1e-14)


def test_what_lies_between_0_and_1_and_what_between_minus_1_and_1():
    for name in NETS:
        record = record_gates(NETS[name], 3 * X)
        assert set(record.gates) | set(record.states) == set(record.names) == set(record.words)
        for gate in record.gates:
            assert record[gate].min() > 0 and record[gate].max() < 1
        for state in set(record.states) - {"c"}:
            assert record[state].min() < 0 and np.abs(record[state]).max() <= 1


def test_a_record_says_what_it_is():
    text = repr(record_gates(NETS["GRU"], X))
    assert "GateRecord of a GRU: 7 windows, 9 steps, 5 units, z = 1 writes" in text
    assert "update gate" in text
    assert "f" in record_gates(NETS["LSTM"], X) and "f" not in record_gates(NETS["GRU"], X)
    with pytest.raises(KeyError, match="'f' is not recorded of a GRU: there are r, z, n, h"):
        record_gates(NETS["GRU"], X)["f"]
    with pytest.raises(ValueError, match="a plain RNN has no gates"):
        record_gates(NETS["RNN"], X).keep  # noqa: B018


def test_the_dtype_is_the_nets():
    record = record_gates(LSTM(3, 5, dtype=np.float32), X)
    assert {record[name].dtype for name in record} == {np.dtype(np.float32)}


def test_a_class_of_ones_own_is_recorded_by_its_params():
    class Mine:
        params = NETS["LSTM"].params

    np.testing.assert_array_equal(record_gates(Mine(), X)["f"], record_gates(NETS["LSTM"], X)["f"])


# torch


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("options", [{}, {"batch_first": True}, {"bias": False}], ids=str)
def test_a_torch_layer_gives_torchs_own_states(kind, options):
    import torch

    layer = getattr(torch.nn, kind)(3, 5, dtype=torch.float64, **options)
    time_first = torch.tensor(X if options.get("batch_first") else X.transpose(1, 0, 2))
    states = layer(time_first)[0].detach().numpy()
    states = states if options.get("batch_first") else states.transpose(1, 0, 2)
    record = record_gates(layer, X)
    np.testing.assert_allclose(record["h"], states, atol=1e-12)
    assert record.y_pred is None
    assert record.update == ("keep" if kind == "GRU" else None)


@pytest.mark.parametrize("name", ["LSTM", "GRU after", "RNN"])
def test_numpy_and_torch_twins_give_identical_numbers(name):
    from lessons.torch_rnn import TorchForecaster, to_torch

    module, record = to_torch(NETS[name]), record_gates(NETS[name], X)
    for twin in (record_gates(module, X), record_gates(TorchForecaster.around(module), X)):
        assert twin.names == record.names
        for part in record:
            np.testing.assert_allclose(twin[part], record[part], atol=1e-12)
        np.testing.assert_allclose(twin.y_pred, record.y_pred, atol=1e-12)


def test_torch_layers_that_are_not_plain_are_refused():
    from torch import nn

    for wrong, message in (
        (nn.LSTM(3, 5, num_layers=2), "num_layers must be 1 to be recorded, got 2"),
        (nn.GRU(3, 5, bidirectional=True), "bidirectional must be False"),
        (nn.LSTM(3, 5, proj_size=2), "proj_size must be 0"),
        (nn.RNN(3, 5, nonlinearity="relu"), 'nonlinearity must be "tanh"'),
    ):
        with pytest.raises(ValueError, match=message):
            record_gates(wrong, X)
    with pytest.raises(TypeError, match=r"got 0 and 1$"):
        record_gates(nn.Linear(3, 1), X)


def test_numpy_nets_never_pay_for_torch():
    code = (
        "import sys, numpy as np; from lessons.gates import record_gates; from lessons.rnn import LSTM;"
        "from lessons import figures;"
        "figures.gate_heatmaps(record_gates(LSTM(1, 4), np.ones((2, 5, 1))));"
        "assert 'torch' not in sys.modules and 'ipywidgets' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Ridge(), "got Ridge$"),
        (Centred(LSTM(3, 5)), r"got Centred; it wraps one: pass its \.model"),
    ],
    ids=["ridge", "wrapper"],
)
def test_models_without_gates_are_refused(model, message):
    with pytest.raises(TypeError, match=message):
        record_gates(model, X)


def test_windows_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"X must have shape \(N, T, 3\), as the net reads 3 feature"):
        record_gates(NETS["LSTM"], X[:, :, :2])
    with pytest.raises(ValueError, match=r"X must have shape \(N, T, D\)"):
        record_gates(NETS["LSTM"], X[0])


# forcing


def test_a_forced_gate_has_that_value_there_and_only_there():
    where = np.zeros((7, 9), bool)
    where[2, 4:6] = True
    free, forced = record_gates(NETS["LSTM"], X), clamp(NETS["LSTM"], X, where, f=0.25)
    assert np.all(forced["f"][2, 4:6] == 0.25)
    np.testing.assert_array_equal(forced["c"][2, :4], free["c"][2, :4])
    others = np.arange(7) != 2
    np.testing.assert_array_equal(forced["h"][others], free["h"][others])
    assert np.abs(forced["c"][2, 4:] - free["c"][2, 4:]).max() > 1e-3


def test_single_units_and_whole_arrays_can_be_forced():
    unit = np.zeros((1, 1, 5), bool)
    unit[..., 3] = True
    forced = clamp(NETS["LSTM"], X, unit, o=0.0)
    assert not forced["h"][:, :, 3].any() and forced["h"][:, :, 2].all()
    free = record_gates(NETS["GRU"], X)
    again = clamp(NETS["GRU"], X, **{name: free[name] for name in ("r", "z", "n")})
    np.testing.assert_allclose(again["h"], free["h"], atol=1e-14)
    mean = clamp(NETS["LSTM"], X, f=free["r"].mean(axis=(0, 1)))  # a value a unit
    np.testing.assert_allclose(mean["f"], np.broadcast_to(free["r"].mean(axis=(0, 1)), mean.shape))


def test_a_shut_input_gate_leaves_nothing_to_remember():
    record = clamp(NETS["LSTM"], X, i=0.0)
    assert not record["c"].any()
    np.testing.assert_allclose(record.y_pred, np.broadcast_to(NETS["LSTM"].params["b_y"], (7, 2)))


@pytest.mark.parametrize("name", [*GRUS, "LSTM"])
def test_a_held_memory_stands_still(name):
    where = np.zeros((7, 9), bool)
    where[:, 4:] = True
    memory = hold(NETS[name], X, where)["c" if name == "LSTM" else "h"]
    np.testing.assert_array_equal(memory[:, 4:], np.repeat(memory[:, 3:4], 5, axis=1))
    assert np.abs(memory[:, 3] - memory[:, 2]).max() > 1e-3


def test_torch_nets_can_be_forced_too():
    from lessons.torch_rnn import to_torch

    twins = NETS["GRU after"], to_torch(NETS["GRU after"])
    first, second = (hold(net, X, X[:, :, 0] > 0).y_pred for net in twins)
    np.testing.assert_allclose(first, second, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "forced", "message"),
    [
        ("GRU", {"f": 1.0}, "no gate 'f' that could be forced: there are r, z, n"),
        ("LSTM", {"c": 0.0}, "no gate 'c' that could be forced: there are i, f, g, o"),
        ("RNN", {"h": 0.0}, "no gate 'h' that could be forced: a plain RNN has none"),
        ("LSTM", {"f": 1.5}, "f must be between 0 and 1, got 1.5"),
        ("LSTM", {"g": -2.0}, "g must be between -1 and 1"),
        ("LSTM", {"f": np.nan}, "f must be between 0 and 1"),
        ("LSTM", {"f": np.ones(4)}, r"f must fit the shape \(N, T, H\) = \(7, 9, 5\), got \(4,\)"),
        ("LSTM", {"where": np.ones((7, 9)), "f": 1.0}, "where must hold True and False"),
        ("LSTM", {"where": np.ones((7, 8), bool), "f": 1.0}, r"where must fit the shape"),
        ("LSTM", {"where": np.ones(9, bool), "f": 1.0}, r"where must have shape \(N, T\) or"),
    ],
)
def test_what_cannot_be_forced_is_refused(name, forced, message):
    with pytest.raises(ValueError, match=message):
        clamp(NETS[name], X, **forced)


def test_a_plain_rnn_cannot_hold():
    with pytest.raises(ValueError, match="a plain RNN has no gates that could hold"):
        hold(NETS["RNN"], X, X[:, :, 0] > 0)


# memory


def test_half_lives_of_constant_gates():
    keep = np.broadcast_to([0.5, 0.9, 1.0, 0.0], (3, 8, 4))
    np.testing.assert_allclose(half_life(keep), [1, np.log(0.5) / np.log(0.9), np.inf, 0])


def test_retention_is_the_product_of_the_latest_gates():
    keep = record_gates(NETS["LSTM"], X).keep
    left = retention(keep)
    assert np.all(left[:, 0] == 1)
    for lag in (1, 3, 8):
        np.testing.assert_allclose(left[:, lag], np.prod(keep[:, 9 - lag :], axis=1))


def test_a_curve_is_read_between_its_steps():
    assert steps_to_half([1.0, 0.75, 0.25]) == 1.5
    assert steps_to_half([1.0, 0.5]) == 1.0
    assert steps_to_half([1.0, 0.9, 0.8]) == np.inf
    with pytest.raises(ValueError, match="starts at 1"):
        steps_to_half([0.2, 0.1])


@pytest.mark.parametrize("forget", [0.5, 0.8, 0.95])
def test_gates_and_gradients_tell_the_same_memory_where_gates_ignore_the_state(forget):
    net = LSTM(1, 4, seed=1)
    net.params["W_h"][:] = 0
    net.params["W_x"][:, 4:8] = net.params["W_x"][:, 12:] = 0  # f and o are constant
    net.params["b"][4:8] = np.log(forget / (1 - forget))
    windows = np.full((2, 40, 1), 0.7)
    by_gate = retention(record_gates(net, windows).keep).mean(axis=(0, 2))
    np.testing.assert_allclose(gradient_memory(net, windows), by_gate, rtol=1e-9)
    expected = np.log(0.5) / np.log(forget)
    np.testing.assert_allclose(half_life(record_gates(net, windows).keep), expected)
    assert steps_to_half(by_gate) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("function", [half_life, retention])
def test_no_half_life_of_what_is_no_gate(function):
    with pytest.raises(ValueError, match=r"keep must have shape \(N, T, H\), got \(9, 5\)"):
        function(np.ones((9, 5)))
    with pytest.raises(ValueError, match=r"keep must be between 0 and 1, got -1 to 1"):
        function(np.linspace(-1, 1, 12).reshape(1, 3, 4))


# order


def bumps(H, T=40):
    t, centre = np.arange(T)[:, None], np.linspace(5, T - 5, H)
    return np.exp(-((t - centre) ** 2) / 60)  # (T, H)


def test_units_in_order_of_their_peaks():
    shuffled = np.random.default_rng(3).permutation(12)
    order = unit_order(bumps(12)[:, shuffled], "peak")
    np.testing.assert_array_equal(shuffled[order], np.arange(12))
    np.testing.assert_array_equal(unit_order(-bumps(12)[:, shuffled], "peak"), order)  # deepest, if signed
    np.testing.assert_array_equal(unit_order(bumps(12), "unit"), np.arange(12))


def test_units_that_are_alike_stand_side_by_side():
    shuffled = np.random.default_rng(4).permutation(12)
    order = unit_order(bumps(12)[:, shuffled], "similarity")
    np.testing.assert_array_equal(shuffled[order], np.arange(12))


@pytest.mark.parametrize("H", [1, 2, 3, 7])
@pytest.mark.parametrize("by", ["unit", "peak", "similarity"])
def test_every_unit_appears_once_even_among_twins(H, by):
    np.testing.assert_array_equal(np.sort(unit_order(np.ones((6, H)), by)), np.arange(H))


def test_orders_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="by must be one of 'unit', 'peak', 'similarity', got 'size'"):
        unit_order(bumps(3), "size")
    with pytest.raises(ValueError, match=r"values must have shape \(T, H\)"):
        unit_order(np.ones(3))


# the marker task


def test_the_marker_task_is_as_described():
    X, y, marker = marker_task(2000, seed=1)
    assert X.shape == (2000, 20, 2) and y.shape == (2000, 1) and marker.dtype == bool
    np.testing.assert_array_equal(X[:, :, 1], marker)
    assert set(marker.sum(axis=1)) == {1, 2, 3}
    assert not marker[:, -1].any()
    assert marker[:, :-1].mean(axis=0).std() < 0.01  # anywhere else with equal chance
    for k in range(50):
        assert y[k, 0] == X[k, np.flatnonzero(marker[k])[-1], 0]
    assert y.var() == pytest.approx(1 / 3, abs=0.02)
    again = marker_task(2000, seed=1)
    np.testing.assert_array_equal(again[0], X)
    assert not np.array_equal(marker_task(2000, seed=2)[0], X)


def test_a_marker_task_without_room_is_refused():
    with pytest.raises(ValueError, match="T at least 4, got 10 and 3"):
        marker_task(10, T=3)


def test_the_candidate_stays_blind_to_the_marker():
    X, y, _ = marker_task(200)
    model = MarkerBlindGRU(2, 3, seed=0)
    free = GRU(2, 3, seed=0)
    free.params["W_x"][1, 6:] = 0
    d_y = mse_loss(model.forward(X), y)[1]
    assert mse_loss(free.forward(X), y)[0] == mse_loss(model.forward(X), y)[0]
    grads, all_grads = model.backward(d_y), free.backward(d_y)
    assert np.abs(all_grads["W_x"][1, 6:]).min() > 0
    all_grads["W_x"][1, 6:] = 0
    for name in grads:
        np.testing.assert_array_equal(grads[name], all_grads[name])
    model.fit(X, y, epochs=3, lr=0.02)
    assert not model.params["W_x"][1, 6:].any() and model.params["W_x"][1, :6].all()


def test_evidence_of_a_perfect_gate_and_of_none():
    _, _, marker = marker_task(30)
    gate = np.where(marker, 0.9, 0.1)[:, :, None] + np.array([-0.05, 0.05])
    evidence = marker_evidence(gate, marker)
    assert evidence == pytest.approx((1.0, 0.9, 0.1))
    assert evidence.gap == pytest.approx(0.8)
    assert marker_evidence(np.full((30, 20, 2), 0.5), marker) == pytest.approx((0.0, 0.5, 0.5))


def test_evidence_needs_matching_shapes_and_a_marker():
    _, _, marker = marker_task(30)
    with pytest.raises(ValueError, match=r"shapes \(N, T, H\) and \(N, T\)"):
        marker_evidence(np.ones((30, 20)), marker)
    with pytest.raises(ValueError, match="True at some steps and False at others"):
        marker_evidence(np.ones((30, 20, 1)), np.zeros((30, 20), bool))


def test_one_trained_gru_writes_at_markers_and_nowhere_else():
    model = marker_gru(seed=0).fit(*marker_task()[:2])
    X, y, marker = marker_task(500, seed=1007)
    record = record_gates(model, X)
    assert mse(record, y) < 0.02
    assert marker_evidence(record.write, marker).correlation > 0.94
    assert marker_evidence(record.write, marker).gap > 0.7
    assert mse(hold(model, X, marker), y) > 0.3  # blocked
    assert mse(hold(model, X, ~marker), y) < 0.02  # not needed anywhere else


def test_recipes_take_a_seed():
    assert marker_lstm(3).seed == marker_gru(3).seed == 3
    assert marker_lstm(hidden_size=4).hidden_size == 4
