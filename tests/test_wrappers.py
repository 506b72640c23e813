import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lessons.baselines import LastValue, Ridge
from lessons.rnn import GRU, LSTM, gradient_check, mse_loss
from lessons.wrappers import Centred, LinearSkip

QUICK = {"epochs": 2, "batch_size": 16, "lr": 1e-2}


class Spy:
    """A forecaster that remembers what it was given and forecasts zeros."""

    def fit(self, X, y, **training):
        self.X, self.y, self.training = X, y, training
        return self

    def predict(self, X):
        self.X_predict = X
        return np.zeros((len(X), self.y.shape[1]))


def problem(N=40, T=8, D=1, horizon=1, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(5, 2, size=(N, T, D)), rng.normal(5, 2, size=(N, horizon))


def small_lstm():
    return LSTM(1, 4, training=QUICK)


@given(st.sampled_from(["mean", "last"]), st.integers(1, 3), st.integers(1, 4), st.integers(0, 50))
@settings(max_examples=40)
def test_what_is_taken_off_is_put_back(by, D, horizon, seed):
    """A model that forecasts its own transformed targets perfectly forecasts the targets perfectly."""
    X, y = problem(D=D, horizon=horizon, seed=seed)
    spy = Spy()
    spy.predict = lambda X: spy.y
    model = Centred(spy, by).fit(X, y)
    np.testing.assert_allclose(model.predict(X), y, atol=1e-9)


def test_a_shift_of_level_passes_straight_through():
    X, y = problem(D=2)
    spy, model = Spy(), Centred(Ridge(alpha=1.0)).fit(X, y)
    np.testing.assert_allclose(model.predict(X + 1000), model.predict(X) + 1000, atol=1e-6)
    Centred(spy).fit(X, y)
    np.testing.assert_allclose(spy.X.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(spy.y[:, 0], y[:, 0] - X[:, :, 0].mean(axis=1))
    Centred(spy, by="last").fit(X, y)
    np.testing.assert_allclose(spy.X[:, -1], 0)
    np.testing.assert_allclose(spy.y[:, 0], y[:, 0] - X[:, -1, 0])


def test_the_training_iterator_shows_through():
    X, y = problem()
    for wrap in (Centred, LinearSkip):
        model = wrap(small_lstm())
        epochs = list(model.train(X, y, epochs=3))
        assert [epoch.epoch for epoch in epochs] == [1, 2, 3]
        assert model.predict(X).shape == (40, 1)
    with pytest.raises(AttributeError, match="'LastValue' object has no attribute 'train'"):
        Centred(LastValue()).train(X, y)


def test_validation_windows_are_transformed_too():
    X, y = problem()
    model = Centred(small_lstm())
    for epoch in model.train(X, y, validation=(X[:10] + 1000, y[:10] + 1000)):
        expected = mse_loss(model.predict(X[:10]), y[:10])[0]  # the shift is gone
        assert epoch.validation_loss == pytest.approx(expected)


@pytest.mark.parametrize("make", [lambda: Centred(small_lstm()), lambda: LinearSkip(small_lstm())])
def test_refitting_gives_the_same_model(make):
    X, y = problem()
    model = make()
    first = model.fit(X, y).predict(X)
    np.testing.assert_array_equal(model.fit(X, y).predict(X), first)
    np.testing.assert_array_equal(make().fit(X, y).predict(X), first)


def test_linear_skip_starts_as_the_net_alone_and_has_the_right_gradients():
    X, y = problem(6, 5, 2, 3)
    net, model = GRU(2, 3, 3), LinearSkip(GRU(2, 3, 3))
    np.testing.assert_array_equal(model.forward(X), net.forward(X))
    assert model.params["W_skip"].shape == (10, 3)
    model.params["W_skip"][...] = np.random.default_rng(0).normal(size=(10, 3))
    assert gradient_check(model, X, y).ok


def test_linear_skip_insists_on_its_window():
    X, y = problem()
    model = LinearSkip(small_lstm()).fit(X, y)
    with pytest.raises(ValueError, match=r"windows must hold T\*D = 8 values as before, got 7"):
        model.predict(X[:, 1:])


def test_wrappers_say_what_they_cannot_wrap_or_do():
    with pytest.raises(ValueError, match='by must be "mean" or "last", got \'median\''):
        Centred(Ridge(), by="median")
    with pytest.raises(AttributeError, match="'Ridge' object has no attribute 'seed'"):
        LinearSkip(Ridge())
