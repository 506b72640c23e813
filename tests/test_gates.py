"""Gates recorded and held: against the step functions, torch, and known answers."""

import numpy as np
import pytest

from lessons.baselines import Ridge
from lessons.gates import clamp, marker_task, record_gates
from lessons.rnn import GRU, LSTM, RNN
from lessons.wrappers import Centred

X = np.random.default_rng(0).normal(size=(7, 9, 3))
NETS = {"LSTM": LSTM(3, 5, 2, forget_bias=1.0), "GRU": GRU(3, 5), "GRU after": GRU(3, 5, reset="after")}
for _net in NETS.values():  # biases as training leaves them, not zeros
    for _name in {"b", "b_h"} & set(_net.params):
        _net.params[_name] += np.random.default_rng(1).uniform(-0.4, 0.4, _net.params[_name].shape)


# recording


@pytest.mark.parametrize("name", NETS)
def test_the_record_ends_in_the_forecasts_of_the_fast_net(name):
    record = record_gates(NETS[name], X)
    np.testing.assert_allclose(record.y_pred, NETS[name].predict(X), atol=1e-12)
    assert record.shape == (7, 9, 5)
    assert {values.shape for values in record.values.values()} == {(7, 9, 5)}


@pytest.mark.parametrize("name", NETS)
def test_states_follow_from_the_gates_that_are_recorded(name):
    net, record = NETS[name], record_gates(NETS[name], X)
    keeps = name == "LSTM" or net.reset == "after"
    gates = (record["f"], record["i"]) if name == "LSTM" else (record["z"], 1 - record["z"])
    keep, write = gates if keeps else gates[::-1]
    memory, candidate = (record["c"], record["g"]) if name == "LSTM" else (record["h"], record["n"])
    before = np.concatenate([np.zeros_like(memory[:, :1]), memory[:, :-1]], axis=1)
    np.testing.assert_allclose(keep * before + write * candidate, memory, atol=1e-14)
    if name == "LSTM":
        np.testing.assert_allclose(record["o"] * np.tanh(record["c"]), record["h"], atol=1e-14)


def test_a_record_says_what_it_is():
    text = repr(record_gates(NETS["GRU"], X))
    assert "GateRecord, GRU: 7 windows, 9 steps, 5 units" in text
    assert "update gate" in text
    with pytest.raises(KeyError, match="'f' is not recorded of a GRU: there are r, z, n, h"):
        record_gates(NETS["GRU"], X)["f"]


def test_the_dtype_is_the_nets():
    record = record_gates(LSTM(3, 5, dtype=np.float32), X)
    assert {values.dtype for values in record.values.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", ["LSTM", "GRU after"])
def test_numpy_and_torch_twins_give_identical_numbers(name):
    from lessons.torch_rnn import TorchForecaster, to_torch

    module, net = to_torch(NETS[name]), record_gates(NETS[name], X)
    for twin in (record_gates(module, X), record_gates(TorchForecaster.around(module), X)):
        np.testing.assert_allclose(twin["h"], net["h"], atol=1e-12)
        np.testing.assert_allclose(twin.y_pred, net.y_pred, atol=1e-12)


@pytest.mark.parametrize("model", [Ridge(), Centred(LSTM(3, 5)), RNN(3, 5)], ids=["ridge", "wrapper", "RNN"])
def test_models_without_gates_are_refused(model):
    with pytest.raises(TypeError, match=f"got {type(model).__name__}$"):
        record_gates(model, X)


def test_windows_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"X must have shape \(N, T, 3\), as the net reads"):
        record_gates(NETS["LSTM"], X[:, :, :2])
    with pytest.raises(ValueError, match="X holds 1 infinite values"):
        record_gates(NETS["LSTM"], np.where(np.arange(7 * 9 * 3).reshape(7, 9, 3) == 50, np.inf, X))
    net = GRU(3, 5, reset="before")
    net.params["b"] = net.params["b"][:1]  # would fit every gate
    with pytest.raises(ValueError, match=r"b must have shape \(15,\)"):
        record_gates(net, X)


# holding


def test_a_held_gate_has_that_value_there_and_only_there():
    where = np.zeros((7, 9), bool)
    where[2, 4:6] = True
    free, held = record_gates(NETS["LSTM"], X), clamp(NETS["LSTM"], X, where, f=0.25)
    assert np.all(held["f"][2, 4:6] == 0.25)
    np.testing.assert_array_equal(held["c"][2, :4], free["c"][2, :4])
    others = np.arange(7) != 2
    np.testing.assert_array_equal(held["h"][others], free["h"][others])
    assert np.abs(held["c"][2, 4:] - free["c"][2, 4:]).max() > 1e-3


def test_whole_arrays_can_be_held():
    free = record_gates(NETS["GRU"], X)
    again = clamp(NETS["GRU"], X, **{name: free[name] for name in ("r", "z", "n")})
    np.testing.assert_allclose(again["h"], free["h"], atol=1e-14)
    usual = free["r"].mean(axis=(0, 1))  # a value a unit
    mean = clamp(NETS["LSTM"], X, f=usual)
    np.testing.assert_allclose(mean["f"], np.broadcast_to(usual, mean.shape))
    net = NETS["GRU"]
    never = clamp(net, X, r=0.0)  # a candidate that hears nothing of the state
    W_x, b = net.params["W_x"][:, 10:], net.params["b"][10:]
    np.testing.assert_allclose(never["n"], np.tanh(X @ W_x + b), atol=1e-14)


@pytest.mark.parametrize(
    ("name", "held", "message"),
    [
        ("GRU", {"f": 1.0}, "no gate 'f' that could be held: there are r, z, n"),
        ("LSTM", {"c": 0.0}, "no gate 'c' that could be held: there are i, f, g, o"),
        ("LSTM", {"f": 1.5}, "f must be between 0 and 1, got 1.5"),
        ("LSTM", {"g": -2.0}, "g must be between -1 and 1"),
        ("LSTM", {"f": np.nan}, "f must be between 0 and 1"),
        ("LSTM", {"f": np.ones(4)}, r"\(4,\)  and requested shape \(7,9,5\)"),
        ("LSTM", {"where": np.ones((7, 9)), "f": 1.0}, "where must be bools"),
        ("LSTM", {"where": np.ones((7, 8), bool), "f": 1.0}, r"of shape \(7, 9\), got .* \(7, 8\)"),
    ],
)
def test_what_cannot_be_held_is_refused(name, held, message):
    with pytest.raises(ValueError, match=message):
        clamp(NETS[name], X, **held)


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
    np.testing.assert_array_equal(marker_task(2000, seed=1)[0], X)
    assert not np.array_equal(marker_task(2000, seed=2)[0], X)
