import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lessons.rnn import (
    GRU,
    LSTM,
    RNN,
    gradient_check,
    gradient_memory,
    gru_step,
    lstm_step,
    mse_loss,
    rnn_step,
    sigmoid,
)

KINDS = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU, "GRU after": lambda *a, **k: GRU(*a, reset="after", **k)}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
shapes = st.tuples(*(st.integers(1, high) for high in (7, 6, 4, 5, 3)))  # B, T, D, H, output_size
few = settings(max_examples=25)


def with_random_weights(model, seed=0):
    """A model none of whose weights is zero, so that no term can hide."""
    rng = np.random.default_rng(seed)
    for p in model.params.values():
        p[...] = rng.normal(scale=0.6, size=p.shape)
    return model


def problem(B, T, D, outputs, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(B, T, D)), rng.normal(size=(B, outputs))


# the steps


def test_sigmoid_survives_any_argument():
    with np.errstate(all="raise"):
        np.testing.assert_allclose(sigmoid([-1e4, -1, 0, 1, 1e4]), [0, 0.26894142, 0.5, 0.73105858, 1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"W_x": np.zeros((2, 8))}, r"W_x must have shape \(1, 8\)"),
        ({"W_h": np.zeros((2, 4))}, r"W_h must have shape \(2, 8\)"),
        ({"b": np.zeros((1, 8))}, r"b must have shape \(8,\)"),
        ({"x": np.zeros(3)}, r"x and h must have shapes \(B, D\) and \(B, H\)"),
        ({"c": np.zeros((1, 2))}, r"h and c must have one shape"),
    ],
)
def test_lstm_step_names_the_array_that_does_not_fit(arguments, message):
    good = {"x": np.zeros((3, 1)), "h": np.zeros((3, 2)), "c": np.zeros((3, 2))}
    good |= {"W_x": np.zeros((1, 8)), "W_h": np.zeros((2, 8)), "b": np.zeros(8)}
    lstm_step(**good)
    with pytest.raises(ValueError, match=message):
        lstm_step(**{**good, **arguments})


def test_gru_step_refuses_what_it_does_not_know():
    good = (np.zeros((3, 1)), np.zeros((3, 2)), np.zeros((1, 6)), np.zeros((2, 6)), np.zeros(6))
    with pytest.raises(ValueError, match='reset must be "before" or "after"'):
        gru_step(*good, reset="later")
    with pytest.raises(ValueError, match="b_h belongs to"):
        gru_step(*good, b_h=np.zeros(6))
    with pytest.raises(ValueError, match=r"b_h must have shape \(3H,\)"):
        gru_step(*good, b_h=np.zeros(2), reset="after")


# the forecasters against their steps and against autograd


def unroll_with_steps(model, X):
    """What a forecaster computes, by the public step functions."""
    p = model.params
    h = c = np.zeros((len(X), model.hidden_size))
    for t in range(X.shape[1]):
        if isinstance(model, LSTM):
            h, c = lstm_step(X[:, t], h, c, p["W_x"], p["W_h"], p["b"])
        elif isinstance(model, GRU):
            h = gru_step(X[:, t], h, p["W_x"], p["W_h"], p["b"], p.get("b_h"), reset=model.reset)
        else:
            h = rnn_step(X[:, t], h, p["W_x"], p["W_h"], p["b"])
    return h @ p["W_y"] + p["b_y"]


@every_kind
@given(shapes)
@few
def test_the_fast_loop_is_the_step_repeated(kind, shape):
    B, T, D, H, outputs = shape
    model = with_random_weights(kind(D, H, outputs))
    X, _ = problem(B, T, D, outputs)
    np.testing.assert_allclose(model.forward(X), unroll_with_steps(model, X), atol=1e-12)
    np.testing.assert_allclose(model.predict(X), model.forward(X), atol=1e-12)


def torch_loss(model, X, y):
    """The same net in torch: loss, predictions and gradients, those with respect to X included."""
    p = {name: torch.tensor(a, requires_grad=True) for name, a in model.params.items()}
    X = torch.tensor(X, requires_grad=True)
    H = model.hidden_size
    h = c = torch.zeros(len(X), H, dtype=torch.float64)
    for t in range(X.shape[1]):
        x = X[:, t]
        if isinstance(model, RNN):
            h = torch.tanh(x @ p["W_x"] + h @ p["W_h"] + p["b"])
        elif isinstance(model, LSTM):
            i, f, g, o = (x @ p["W_x"] + h @ p["W_h"] + p["b"]).split(H, dim=1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
        else:
            r, z, n_x = (x @ p["W_x"] + p["b"]).split(H, dim=1)
            W_r, W_z, W_n = p["W_h"].split(H, dim=1)
            b_r, b_z, b_n = p["b_h"].split(H) if "b_h" in p else (0, 0, 0)
            r, z = (r + h @ W_r + b_r).sigmoid(), (z + h @ W_z + b_z).sigmoid()
            n = (n_x + ((r * h) @ W_n if model.reset == "before" else r * (h @ W_n + b_n))).tanh()
            h = (1 - z) * h + z * n if model.reset == "before" else z * h + (1 - z) * n
    y_pred = h @ p["W_y"] + p["b_y"]
    loss = ((y_pred - torch.tensor(y)) ** 2).mean()
    loss.backward()
    return loss.item(), {name: a.grad.numpy() for name, a in p.items()}, X.grad.numpy()


@every_kind
@given(shapes, st.integers(0, 99))
@few
def test_gradients_agree_with_autograd(kind, shape, seed):
    B, T, D, H, outputs = shape
    model = with_random_weights(kind(D, H, outputs), seed)
    X, y = problem(B, T, D, outputs, seed)
    loss, d_y = mse_loss(model.forward(X), y)
    grads = model.backward(d_y)
    loss_torch, grads_torch, d_X = torch_loss(model, X, y)
    assert loss == pytest.approx(loss_torch, abs=1e-12)
    assert list(grads) == list(grads_torch) or set(grads) == set(grads_torch)
    for name, grad in grads_torch.items():
        assert grads[name].shape == model.params[name].shape
        np.testing.assert_allclose(grads[name], grad, atol=1e-10, err_msg=name)
    through_state = np.einsum("bthd,bh->btd", model.input_gradients(X), d_y @ model.params["W_y"].T)
    np.testing.assert_allclose(through_state, d_X, atol=1e-10)


# forward and backward as a caller meets them


@every_kind
def test_batches_of_changing_size_do_not_disturb_each_other(kind):
    model = with_random_weights(kind(2, 5))
    X, y = problem(9, 7, 2, 1)
    whole = model.forward(X).copy()
    np.testing.assert_allclose(model.forward(X[:4]), whole[:4], atol=1e-12)
    np.testing.assert_allclose(model.forward(X[:, -3:]), copy.deepcopy(model).forward(X[:, -3:]))
    np.testing.assert_allclose(model.forward(X), whole, atol=1e-12)

    d_y = mse_loss(whole, y)[1]
    grads = model.backward(d_y)
    model.predict(X[:3])
    again = model.backward(d_y)
    for name in grads:
        np.testing.assert_array_equal(grads[name], again[name])


@every_kind
def test_float32_stays_float32_and_near_float64(kind):
    double, single = kind(1, 8), kind(1, 8, dtype=np.float32)
    X, y = problem(6, 12, 1, 1)
    y_pred = single.forward(X)
    grads = single.backward(mse_loss(y_pred, y.astype(np.float32))[1])
    exact = double.backward(mse_loss(double.forward(X), y)[1])
    assert y_pred.dtype == single.predict(X).dtype == np.float32
    for name in exact:
        assert grads[name].dtype == np.float32
        np.testing.assert_allclose(grads[name], exact[name], atol=1e-5)


def test_start_weights_are_what_the_docstring_says():
    H, D = 16, 3
    p = LSTM(D, H, forget_bias=1.0).params
    assert np.abs(p["W_x"]).max() < np.sqrt(6 / (D + 2 * H))
    np.testing.assert_array_equal(p["b"], np.r_[np.zeros(H), np.ones(H), np.zeros(2 * H)])
    W = RNN(D, H, stretch=1.5).params["W_h"]
    np.testing.assert_allclose(W.T @ W, 1.5**2 * np.eye(H), atol=1e-12)


@pytest.mark.parametrize("reset", ["before", "after"])
def test_keep_bias_makes_a_gru_keep_whichever_way_round(reset):
    X = np.random.default_rng(0).normal(size=(4, 30, 1))
    forgetful, keeping = (gradient_memory(GRU(1, 8, keep_bias=k, reset=reset), X)[25] for k in (0, 3))
    assert keeping > 100 * forgetful


# bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hidden_size": 0}, "hidden_size must be a whole number of at least 1, got 0"),
        ({"input_size": 1.5}, "input_size must be a whole number, got 1.5"),
        ({"dtype": np.int64}, "dtype must be float32 or float64, got int64"),
        ({"reset": "never"}, "reset must be"),
    ],
)
def test_constructor_names_the_argument(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        GRU(**arguments)


@every_kind
def test_forward_and_backward_say_what_they_expected(kind):
    model = kind(2, 4)
    with pytest.raises(ValueError, match=r"X must have shape \(N, T, 2\).*got \(3, 5, 1\)"):
        model.forward(np.zeros((3, 5, 1)))
    with pytest.raises(ValueError, match=r"X must have shape \(N, T, D\)"):
        model.predict(np.zeros((3, 5)))
    with pytest.raises(RuntimeError, match=r"call forward\(X\) first"):
        model.backward(np.zeros((3, 1)))
    model.forward(np.zeros((3, 5, 2)))
    with pytest.raises(ValueError, match=r"d_y must have shape \(3, 1\), got \(3, 2\)"):
        model.backward(np.zeros((3, 2)))


# the gradient check


@every_kind
def test_gradient_check_passes_a_correct_model_and_leaves_it_alone(kind):
    model = with_random_weights(kind(2, 4, 2))
    before = {name: p.copy() for name, p in model.params.items()}
    result = gradient_check(model, *problem(3, 6, 2, 2))
    assert result.ok
    assert result
    assert max(result.errors.values()) < 1e-6
    assert "all gradients agree" in repr(result)
    for name, p in model.params.items():
        np.testing.assert_array_equal(p, before[name])


class Broken(LSTM):
    """An LSTM whose backward pass is tampered with."""

    def __init__(self, tamper):
        super().__init__(2, 4)
        self.tamper = tamper

    def backward(self, d_y):
        grads = super().backward(d_y)
        self.tamper(grads)
        return grads


def test_gradient_check_names_the_wrong_parameter():
    def forget(grads):
        grads["W_h"][1, 6] *= 1.5

    model = with_random_weights(Broken(forget))
    result = gradient_check(model, *problem(3, 6, 2, 1))
    assert result.wrong == ["W_h"]
    assert result.worst["W_h"] == (1, 6)
    assert not result
    assert "WRONG, most at W_h[1, 6]" in repr(result)


def test_gradient_check_is_not_fooled_by_nan_or_silence():
    def spoil(grads):
        grads["b"][0] = np.nan
        grads["W_y"][...] = 0

    result = gradient_check(with_random_weights(Broken(spoil)), *problem(3, 6, 2, 1))
    assert result.wrong == ["b", "W_y"]


def test_gradient_check_refuses_what_it_cannot_check():
    X, y = problem(3, 6, 2, 1)
    with pytest.raises(ValueError, match="needs float64, W_x is float32"):
        gradient_check(LSTM(2, 3, dtype=np.float32), X, y)
    with pytest.raises(ValueError, match="no gradient for W_h"):
        gradient_check(Broken(lambda grads: grads.pop("W_h")), X, y)
    with pytest.raises(ValueError, match=r"gradient of b must have its shape \(16,\), got \(1, 16\)"):
        gradient_check(Broken(lambda grads: grads.update(b=grads["b"][None])), X, y)


# copies


@every_kind
def test_models_can_be_copied_and_pickled_mid_training(kind):
    model = kind(1, 4)
    X, y = problem(5, 6, 1, 1)
    next(model.train(X, y, epochs=3))
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(twin.predict(X), model.predict(X))
    twin = copy.deepcopy(model)
    twin.fit(X, y, epochs=2)
    assert not np.array_equal(twin.params["W_h"], model.params["W_h"])


# the benchmark
