import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lessons.rnn import GRU, LSTM, RNN, SGD, Adam, Epoch, clip_by_global_norm, mse_loss, train


def problem(N=50, T=8, seed=0):
    """Windows whose target is their mean: learnable, and quickly."""
    X = np.random.default_rng(seed).normal(size=(N, T, 1))
    return X, X.mean(axis=1)


def weights(model):
    return {name: p.copy() for name, p in model.params.items()}


def assert_same(a, b):
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


class Line:
    """The smallest thing `train` can train, as a learner might write it: y = mean(X) w + b."""

    def __init__(self):
        self.params = {"w": np.zeros((1, 1)), "b": np.zeros(1)}

    def forward(self, X):
        self.x = X.mean(axis=1)
        return self.x @ self.params["w"] + self.params["b"]

    def backward(self, d_y):
        return {"w": self.x.T @ d_y, "b": d_y.sum(axis=0)}


# the iterator


def test_an_epoch_reports_what_happened():
    X, y = problem(50)
    options = {"epochs": 3, "batch_size": 20, "lr": 1e-2, "max_grad_norm": 1e-3, "schedule": "cosine"}
    epochs = list(LSTM(1, 4).train(X, y, **options))
    assert [epoch.epoch for epoch in epochs] == [1, 2, 3]
    assert all(isinstance(epoch, Epoch) and epoch.steps == epoch.clipped == 3 for epoch in epochs)
    assert all(epoch.grad_norm > 1e-3 and epoch.seconds > 0 for epoch in epochs)
    assert [epoch.lr for epoch in epochs] == pytest.approx([1e-2, 0.75e-2, 0.25e-2])
    assert epochs[0].validation_loss is None


@pytest.mark.parametrize(("batch_size", "steps"), [(None, 1), (9, 2)])
def test_the_epoch_loss_weighs_batches_by_their_size(batch_size, steps):
    X, y = problem(10)
    model = GRU(1, 4)
    untrained = mse_loss(model.predict(X), y)[0]
    options = {"batch_size": batch_size, "lr": 1e-300, "max_grad_norm": None}
    epoch = next(model.train(X, y, epochs=1, **options))
    assert epoch.loss == pytest.approx(untrained, rel=1e-12)
    assert (epoch.steps, epoch.clipped) == (steps, 0)


@pytest.mark.parametrize(("kind", "dtype"), [(LSTM, np.float64), (GRU, np.float32), (RNN, np.float32)])
def test_training_is_reproducible_to_the_bit(kind, dtype):
    X, y = problem()
    options = {"epochs": 4, "batch_size": 16}
    first, second, other = (kind(1, 8, seed=s, dtype=dtype).fit(X, y, **options) for s in (3, 3, 4))
    assert_same(weights(first), weights(second))
    assert not np.array_equal(first.params["W_x"], other.params["W_x"])


def test_the_shuffling_has_a_seed_of_its_own():
    X, y = problem()
    a, b = (LSTM(1, 4, seed=3).fit(X, y, epochs=2, batch_size=16, seed=s) for s in (3, 5))
    assert_same(weights(a), weights(LSTM(1, 4, seed=3).fit(X, y, epochs=2, batch_size=16)))
    assert not np.array_equal(a.params["W_h"], b.params["W_h"])


def test_nothing_happens_until_asked_and_stopping_midway_leaves_a_usable_model():
    X, y = problem()
    model = LSTM(1, 4)
    fresh = weights(model)
    turns = model.train(X, y, epochs=10)
    assert_same(weights(model), fresh)
    for epoch in turns:
        if epoch.epoch == 2:
            break
    assert_same(weights(model), weights(LSTM(1, 4).fit(X, y, epochs=2)))
    assert np.isfinite(model.predict(X)).all()


def test_train_goes_on_and_fit_starts_over():
    X, y = problem()
    model = GRU(1, 4)
    model.params["b"][4:8] = 1.0  # a change made by hand is part of the start
    start = weights(model)
    once = weights(model.fit(X, y, epochs=2))
    for _ in model.train(X, y, epochs=1):
        pass
    assert not np.array_equal(model.params["W_h"], once["W_h"])
    assert_same(weights(model.fit(X, y, epochs=2)), once)
    assert start["b"][4] == 1.0
    assert np.abs(once["b"][4:8] - 1).max() < 0.1


def test_defaults_of_the_model_yield_to_those_of_the_call():
    X, y = problem()
    model = LSTM(1, 4, training={"epochs": 2, "lr": 1e-2})
    assert [epoch.lr for epoch in model.train(X, y)] == [1e-2, 1e-2]
    assert len(list(model.train(X, y, epochs=5))) == 5


def test_a_learners_own_model_trains_with_it():
    X, y = problem(200)
    line = Line()
    epochs = list(train(line, X, y, epochs=200, lr=0.05))
    assert epochs[-1].loss < 1e-4
    assert line.params["w"][0, 0] == pytest.approx(1, abs=0.05)


# validation and early stopping


def test_validation_is_measured_after_each_epoch_and_changes_nothing():
    X, y = problem(60)
    plain, watched = LSTM(1, 4), LSTM(1, 4)
    plain.fit(X[:50], y[:50], epochs=3)
    for epoch in watched.train(X[:50], y[:50], epochs=3, validation=(X[50:], y[50:])):
        assert epoch.validation_loss == pytest.approx(mse_loss(watched.predict(X[50:]), y[50:])[0])
    assert_same(weights(plain), weights(watched))


def test_patience_stops_and_puts_the_best_weights_back():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 6, 1)), rng.normal(size=(40, 1))  # nothing to learn but noise
    model = LSTM(1, 16)
    watched = {"validation": (X[20:], y[20:]), "patience": 5}
    epochs = list(model.train(X[:20], y[:20], epochs=500, lr=2e-2, **watched))
    losses = [epoch.validation_loss for epoch in epochs]
    best = int(np.argmin(losses))
    assert len(epochs) == best + 1 + 5 < 500
    assert mse_loss(model.predict(X[20:]), y[20:])[0] == pytest.approx(losses[best])


# explosions


def explosive():
    X, y = problem(64)
    return {"X": 10 * X, "y": 1e3 * y, "optimizer": "sgd", "lr": 10.0, "batch_size": 8}


def test_an_explosion_is_yielded_then_training_ends_and_fit_says_so():
    epochs = list(RNN(1, 8, dtype=np.float32).train(**explosive(), max_grad_norm=None, epochs=50))
    assert not np.isfinite(epochs[-1].loss)
    assert all(np.isfinite(epoch.loss) for epoch in epochs[:-1])
    assert len(epochs) < 50
    with pytest.raises(FloatingPointError, match=r"training diverged: the loss is (nan|inf) in epoch"):
        RNN(1, 8, dtype=np.float32).fit(**explosive(), max_grad_norm=None, epochs=50)


# optimisers


arrays = st.lists(st.floats(-100, 100), min_size=1, max_size=6).map(np.array)


@given(st.lists(arrays, min_size=1, max_size=3), st.floats(0.01, 1000))
@settings(max_examples=50)
def test_clipping_keeps_the_direction_and_bounds_the_common_norm(grads, max_norm):
    before = np.concatenate(grads)
    grads = {str(k): g.copy() for k, g in enumerate(grads)}
    norm = clip_by_global_norm(grads, max_norm)
    after = np.concatenate(list(grads.values()))
    assert norm == pytest.approx(np.linalg.norm(before))
    np.testing.assert_allclose(after, before * min(1, max_norm / max(norm, 1e-300)), atol=1e-9)


def test_no_limit_only_measures():
    grads = {"a": np.array([3.0, 4.0])}
    assert clip_by_global_norm(grads, None) == 5
    np.testing.assert_array_equal(grads["a"], [3, 4])
    with pytest.raises(ValueError, match="max_norm must be positive"):
        clip_by_global_norm(grads, 0)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (SGD(0.1), lambda p: torch.optim.SGD(p, 0.1)),
        (SGD(0.1, momentum=0.9), lambda p: torch.optim.SGD(p, 0.1, momentum=0.9)),
        (Adam(0.1, eps=1e-12), lambda p: torch.optim.Adam(p, 0.1, eps=1e-12)),
    ],
    ids=["SGD", "momentum", "Adam"],
)
def test_optimizers_walk_as_torchs_do(ours, theirs):
    rng = np.random.default_rng(0)
    params = {"a": rng.normal(size=(2, 3)), "b": rng.normal(size=4)}
    twins = [torch.nn.Parameter(torch.tensor(p.copy())) for p in params.values()]
    optimizer = theirs(twins)
    for _ in range(20):
        grads = {name: rng.normal(size=p.shape) for name, p in params.items()}
        ours.step(params, grads)
        for twin, grad in zip(twins, grads.values(), strict=True):
            twin.grad = torch.tensor(grad)
        optimizer.step()
    for p, twin in zip(params.values(), twins, strict=True):
        np.testing.assert_allclose(p, twin.detach().numpy(), atol=1e-9)


# bad input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"patience": 3}, r"patience needs validation"),
        ({"lr": -1}, "lr must be positive, got -1"),
        ({"optimizer": "lion"}, 'optimizer must be "adam" or "sgd"'),
        ({"momentum": 0.9}, 'momentum belongs to optimizer="sgd"'),
        ({"optimizer": "sgd", "momentum": 1.0}, "momentum must be at least 0 and below 1, got 1.0"),
        ({"schedule": "linear"}, 'schedule must be "constant" or "cosine"'),
        ({"max_grad_norm": 0}, "max_grad_norm must be positive, got 0"),
    ],
)
def test_options_are_checked_at_the_call(options, message):
    with pytest.raises(ValueError, match=message):
        LSTM(1, 4).train(*problem(), **options)


def test_windows_and_targets_are_checked_at_the_call():
    X, y = problem()
    model = LSTM(1, 4)
    with pytest.raises(ValueError, match=r"y must have shape \(N, horizon\)"):
        model.train(X, y[:, 0])
    with pytest.raises(ValueError, match="y must have one row a window"):
        model.train(X, y[:-1])
    with pytest.raises(ValueError, match="y_pred and y must have one shape"):
        model.fit(X, np.hstack([y, y]), epochs=1)
