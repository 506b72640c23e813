"""The explorer of ridge's weights."""

import numpy as np
import pytest

from lessons import explorers
from lessons.baselines import LastValue, Ridge
from lessons.scores import mse
from lessons.series import trend_and_seasons
from lessons.windows import scaled_windows


@pytest.fixture(scope="module")
def explorer():
    return explorers.ridge_weights()


@pytest.fixture(autouse=True)
def back(explorer):
    explorer.set(window=60, noise=0.18, alpha=1)


def trace(explorer, name):
    return next(trace for trace in explorer.live.figure.data if trace.name == name)


@pytest.mark.parametrize(
    "values", [{}, {"window": 7, "noise": 0.4, "alpha": -3}, {"window": 100, "noise": 0.0}]
)
def test_it_shows_the_packages_ridge(explorer, values):
    now = explorer.set(**values).values
    _, y = trend_and_seasons(noise=now["noise"])
    w = scaled_windows(y, now["window"], 630)
    model = Ridge(alpha=10.0 ** now["alpha"]).fit(w.X_train, w.y_train)
    own = w.scaler.inverse_target
    error = {"ridge": model.predict(w.X_test), "last value": LastValue().predict(w.X_test)}
    error = {name: mse(own(w.y_test), own(y_pred)) for name, y_pred in error.items()}
    np.testing.assert_allclose(trace(explorer, "weights").y, model.weights[::-1, 0])
    shares = dict(zip(trace(explorer, "error").y, trace(explorer, "error").x, strict=True))
    assert shares["last value"] == 1
    assert shares["ridge"] == pytest.approx(error["ridge"] / error["last value"])
    assert f"{error['ridge']:.4f}</strong> against {error['last value']:.4f}" in explorer.readout.finding


def test_the_naive_forecast_is_a_single_one(explorer):
    assert trace(explorer, "last value: a single 1").y[-1] == 1
    explorer.set(window=1, alpha=-6)
    assert trace(explorer, "weights").y == pytest.approx([1], abs=0.1)


def test_the_training_error_falls_with_the_penalty_and_the_sum_of_weights_with_its_rise(explorer):
    training = []
    for alpha in (-6, 1, 4):
        explorer.set(alpha=alpha)
        training.append(trace(explorer, "error").x[2])
    assert training == sorted(training)
    assert sum(trace(explorer, "weights").y) < 0.5


def test_the_seasons_come_out_of_the_noise(explorer):
    explorer.set(noise=0.02)
    weights = np.array(trace(explorer, "weights").y)
    assert 48 <= 1 + np.argmax(weights[30:]) + 30 <= 52
