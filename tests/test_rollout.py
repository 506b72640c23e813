"""Rollouts, errors by horizon, crossings and intervals."""

import numpy as np
import pytest

from benchmarks import train_nets
from lessons.baselines import Autoregression, LastValue, Ridge
from lessons.gates import marker_task
from lessons.records import NETS, SEEDS, recorded_rollouts, trained_nets
from lessons.rnn import LSTM
from lessons.rollout import error_by_horizon, horizon_table, rollout, truth
from lessons.scores import mse
from lessons.series import trend_and_seasons
from lessons.windows import make_windows, scaled_windows
from lessons.wrappers import Centred, LinearSkip

QUICK = {"epochs": 3, "lr": 5e-3}


@pytest.fixture(scope="module")
def series():
    return trend_and_seasons(n=300)[1]


def fitted(model, series, window=20, horizon=1):
    X, y, _ = make_windows(series, window, horizon)
    return model.fit(X, y)


def one_by_one(model, series, origins, steps, window):
    """The plain way: one window at a time, one feature."""
    paths = []
    for origin in origins:
        history = list(series[origin - window : origin])
        for _ in range(steps):
            X = np.array(history[-window:]).reshape(1, window, 1)
            history.append(model.predict(X)[0, 0])
        paths.append(history[window:])
    return np.array(paths)


class Sum:
    """Forecasts the sum over all of a window, so that every value that reaches it shows."""

    def predict(self, X):
        return X.sum(axis=(1, 2))[:, None]


# what comes out


@pytest.mark.parametrize(
    "make",
    [
        LastValue,
        lambda: Ridge(alpha=1.0),
        lambda: Autoregression(3),
        lambda: LSTM(1, 5, training=QUICK),
        lambda: Centred(LinearSkip(LSTM(1, 5, training=QUICK))),
    ],
)
def test_all_origins_at_once_are_as_one_window_at_a_time(series, make):
    model, origins = fitted(make(), series), np.array([20, 77, 150, 299, 300])
    together = rollout(model, series, origins, steps=30, window=20)
    assert together.shape == (5, 30)
    np.testing.assert_allclose(together, one_by_one(model, series, origins, 30, 20), rtol=1e-9, atol=1e-9)


# the future is not read


def test_what_comes_after_the_origin_does_not_matter():
    rng = np.random.default_rng(0)
    series = rng.normal(size=(100, 3))
    other = series.copy()
    other[60:] = rng.normal(size=(40, 3))
    for origins in ([60], [40, 55, 60]):
        before, after = (rollout(Sum(), s, origins, 15, 5) for s in (series, other))
        np.testing.assert_array_equal(before, after)
    assert not np.array_equal(rollout(Sum(), series, [61], 15, 5), rollout(Sum(), other, [61], 15, 5))


def test_features_that_nobody_forecasts_stay_as_they_were():
    series = np.column_stack([np.zeros(50), np.arange(50.0), 100 + np.arange(50.0)])

    class Last:
        def predict(self, X):
            return X[:, -1, 1:].sum(axis=1, keepdims=True)  # both features of the newest step

    held = rollout(Last(), series, [10, 20], 4, 3)
    np.testing.assert_array_equal(held, [[9 + 109] * 4, [19 + 119] * 4])


def test_a_model_that_writes_on_its_windows_hurts_nobody(series):
    class Vandal:
        def predict(self, X):
            y = X[:, -1, :1].copy()
            X[...] = 1e9
            return y

    before = series.copy()
    np.testing.assert_array_equal(
        rollout(Vandal(), series, [50], 9, 5), rollout(LastValue(), series, [50], 9, 5)
    )
    np.testing.assert_array_equal(series, before)


# several steps at once


@pytest.mark.parametrize("steps", [1, 3, 6, 7, 20])
def test_blocks_are_fed_back_whole(series, steps):
    model = fitted(Ridge(alpha=1.0), series, horizon=3)
    path = rollout(model, series, [100], steps, 20)
    history = list(series[80:100])
    while len(history) < 20 + steps:
        history += list(model.predict(np.array(history[-20:]).reshape(1, 20, 1))[0])
    np.testing.assert_allclose(path[0], history[20 : 20 + steps], rtol=1e-9)


# bad input


class Says:
    def __init__(self, answer):
        self.answer = answer

    def predict(self, X):
        return self.answer


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"origins": 50}, ValueError, r"origins must have shape \(N,\), as \[630\]"),
        ({"origins": [50.0]}, TypeError, "origins must hold whole numbers"),
        ({"origins": []}, ValueError, r"origins must have shape \(N,\).*got shape \(0,\)"),
        ({"origins": [19, 50]}, ValueError, "origins must lie between 20 and 300 .*got 19 to 50"),
        ({"origins": [50, 301]}, ValueError, "origins must lie between 20 and 300 .*got 50 to 301"),
        ({"steps": 0}, ValueError, "steps must be a whole number of at least 1, got 0"),
        ({"window": 12}, ValueError, r"windows of shape \(2, 12, 1\) \(was it fitted with window=12"),
        ({"series": np.full(300, np.nan)}, ValueError, "series has missing or infinite values in a window"),
        ({"series": np.zeros((300, 2))}, ValueError, r"shape \(2, 20, 2\) .*and 2 features"),
        ({"model": object()}, TypeError, r"model must have predict\(X\), got object"),
        ({"model": Says(np.zeros(2))}, ValueError, r"must return real numbers of shape \(2, k\).*\(2,\)"),
        ({"model": Says(np.zeros((3, 1)))}, ValueError, r"\(2, k\), a row a window, got shape \(3, 1\)"),
        ({"model": Says(np.zeros((2, 0)))}, ValueError, r"got shape \(2, 0\)"),
        ({"model": Says(None)}, ValueError, "must return real numbers"),
        ({"model": Says([[1.0], [np.nan]])}, ValueError, "returned NaN or infinite values at step 1"),
    ],
)
def test_bad_input_is_named(series, change, error, words):
    arguments = {"model": fitted(Ridge(alpha=1.0), series), "series": series, "origins": [50, 60]}
    with pytest.raises(error, match=words):
        rollout(**{**arguments, "steps": 3, "window": 20, **change})


def test_truth_is_what_came(series):
    np.testing.assert_array_equal(truth(series, [10, 297], 3), [series[10:13], series[297:]])
    two = np.column_stack([series, -series])
    np.testing.assert_array_equal(truth(two, [10], 3), [series[10:13]])
    with pytest.raises(ValueError, match=r"origins must lie between 0 and 297 .*got 10 to 298"):
        truth(series, [10, 298], 3)
    with pytest.raises(ValueError, match="steps must be a whole number of at least 1"):
        truth(series, [10], 0)


# errors by horizon


def test_errors_by_horizon_average_over_origins_and_seeds():
    rng = np.random.default_rng(2)
    y_true, y_pred = rng.normal(size=(7, 4)), rng.normal(size=(3, 7, 4))
    errors = error_by_horizon(y_true, y_pred)
    squared = (y_pred - y_true) ** 2
    np.testing.assert_allclose(errors.mse, squared.mean(axis=(0, 1)))
    np.testing.assert_allclose(errors.by_seed, squared.mean(axis=1))
    assert errors.mean == pytest.approx(squared.mean())
    assert errors.mean_sd == pytest.approx(squared.mean(axis=(1, 2)).std(ddof=1))
    same = error_by_horizon(y_true.tolist(), list(y_pred))
    np.testing.assert_array_equal(same.mse, errors.mse)


def test_one_seed_has_no_spread():
    errors = error_by_horizon(np.zeros((3, 2)), np.ones((3, 2)))
    assert errors.mse.tolist() == [1, 1] and errors.mean == 1
    assert errors.mean_sd == 0


def test_errors_show_themselves_as_a_table():
    errors = error_by_horizon(np.zeros((2, 120)), np.ones((2, 2, 120)) * np.array([1, 2])[:, None, None])
    for text in (repr(errors), errors._repr_html_()):
        assert "100" in text and "120" in text and "mean" in text
        assert "2.500 ± 2.121" in text  # squared errors 1 and 4
    table = horizon_table({"LSTM": errors, "ridge": error_by_horizon(np.zeros((2, 120)), np.ones((2, 120)))})
    assert [row[0] for row in table.rows] == ["LSTM", "ridge"] and table.rows[1][1:] == ("1.000",) * 6


@pytest.mark.parametrize(
    ("y_true", "y_pred", "words"),
    [
        (np.zeros(3), np.zeros((1, 3)), r"y_true must have shape \(N, steps\).*\(3,\)"),
        (np.zeros((0, 3)), np.zeros((2, 3)), "y_true must have shape .*not be empty"),
        (np.zeros((2, 3)), np.zeros((3, 2)), r"y_pred must have the shape of y_true, \(2, 3\).*got \(3, 2\)"),
        (np.zeros((2, 3)), np.zeros(3), r"\(N, steps\) or \(S, N, steps\), got shape \(3,\)"),
        (np.zeros((1, 2)), [[[1, 2]], [[1]]], "y_pred must hold numbers and be rectangular"),
        (np.zeros((2, 3)), [], "y_pred must have shape"),
        (np.zeros((2, 3)), np.full((2, 3), np.nan), "y_pred holds 6 values that are NaN"),
    ],
)
def test_errors_that_cannot_be_measured_are_refused(y_true, y_pred, words):
    with pytest.raises((TypeError, ValueError), match=words):
        error_by_horizon(y_true, y_pred)


# nets that come with the course


@pytest.mark.parametrize("name", NETS)
def test_trained_nets_are_five_and_differ(name):
    nets = trained_nets(name)
    X = np.random.default_rng(0).normal(size=(4, 60, 1 + (name == "LSTM on markers")))
    forecasts = np.array([net.predict(X) for net in nets])
    assert forecasts.shape == (5, 4, 1)
    assert np.unique(forecasts[:, 0]).size == 5


@pytest.mark.slow
@pytest.mark.claims
@pytest.mark.parametrize("name", ["GRU", "LSTM on markers"])
def test_nets_read_from_files_are_what_their_recipes_give(name, claim):
    data = scaled_windows(trend_and_seasons()[1], window=60, at=630)
    X, y = marker_task(500, seed=43)[:2] if name == "LSTM on markers" else (data.X_test, data.y_test)
    for seed, net in zip(SEEDS[name], trained_nets(name), strict=True):
        apart = mse(train_nets.trained(name, seed).predict(X), net.predict(X)) / np.var(y)
        claim(f"{name}, seed {seed}: trained anew and read, distance² over variance", apart, high=0.002)


def test_what_is_not_kept_is_refused():
    with pytest.raises(ValueError, match="noise must be one of 0, 1, 2, 3, got -1"):
        recorded_rollouts("LSTM", -1)
    with pytest.raises(ValueError, match=r"name must be one of 'LSTM', .*'GRU', .*got 'TCN'"):
        trained_nets("TCN")
