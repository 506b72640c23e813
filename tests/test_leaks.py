"""The leaks of lesson 01, with their sizes: what each one flatters, and what it does not."""

import numpy as np
import pytest

from lessons.baselines import NearestNeighbours, Ridge
from lessons.series import trend_and_seasons, two_waves
from lessons.windows import Standardizer, audit, make_windows, split_by_time


def mse(y_true, y_pred):
    return np.mean((y_true - y_pred) ** 2)


def r2(y_true, y_pred):
    return 1 - mse(y_true, y_pred) / np.var(y_true)


def test_error(model, X, y, train, test):
    return mse(y[test], model.fit(X[train], y[train]).predict(X[test]))


test_error.__test__ = False


def random_split(n, n_train, seed):
    rows = np.random.default_rng(seed).permutation(n)
    return rows[:n_train], rows[n_train:]


def test_random_split_flatters_a_model_that_memorises():
    _, y = trend_and_seasons()
    scaler = Standardizer().fit(y[:630])
    X, targets, target_index = make_windows(scaler.transform(y), 60)
    in_time = split_by_time(target_index, 630)
    unit = scaler.std[0] ** 2  # back to the series' unit

    def errors(model):
        honest = unit * test_error(model, X, targets, *in_time)
        leaked = [unit * test_error(model, X, targets, *random_split(len(X), 570, k)) for k in range(5)]
        return honest, np.mean(leaked)

    honest, leaked = errors(NearestNeighbours(1))
    assert honest == pytest.approx(0.384, abs=0.01)
    assert leaked == pytest.approx(0.110, abs=0.015)
    honest, leaked = errors(Ridge(alpha=1e-8))
    assert honest == pytest.approx(0.042, abs=0.002)
    assert leaked == pytest.approx(0.041, abs=0.005)


def test_overlapping_targets_make_skill_out_of_nothing():
    rows = []
    for k in range(20):
        walk = np.cumsum(np.random.default_rng(k).normal(size=1000))
        X, _, _ = make_windows(walk, 20, horizon=20)
        y = (walk[39:] - walk[19:-20])[:, None]  # x[t + 20] - x[t], x[t] ending the window
        n_train = int(0.8 * len(X))
        time = slice(0, n_train), slice(n_train, None)
        purged = slice(0, n_train - 19), slice(n_train, None)
        shuffled = random_split(len(X), n_train, k)
        model = NearestNeighbours(2)
        y_pred = model.fit(X[shuffled[0]], y[shuffled[0]]).predict(X[shuffled[1]])
        y_time = model.fit(X[time[0]], y[time[0]]).predict(X[time[1]])
        rows.append(
            [
                mse(y[shuffled[1]], y_pred),
                r2(y[shuffled[1]], y_pred),
                mse(y[time[1]], y_time),
                r2(y[time[1]], y_time),
                test_error(model, X, y, *purged),
                mse(y[time[1]], 0),
            ]
        )
    shuffled_mse, shuffled_r2, time_mse, time_r2, purged_mse, zero_mse = np.mean(rows, axis=0)
    assert shuffled_mse == pytest.approx(4.7, abs=0.6)  # 4.5 to 5.0, by the permutation
    assert shuffled_r2 == pytest.approx(0.75, abs=0.05)
    assert time_mse == pytest.approx(36.1, abs=1)
    assert time_r2 == pytest.approx(-1.05, abs=0.1)
    assert purged_mse == pytest.approx(42.2, abs=2)
    assert zero_mse == pytest.approx(21.1, abs=0.5)


def test_centred_smoothing_beats_the_possible():
    honest, leaked, trailing = [], [], []
    for k in range(20):
        noise = np.random.default_rng(k).normal(size=1000)
        _, y, target_index = make_windows(noise, 20)
        train, test = split_by_time(target_index, 800)
        past = np.convolve(noise, np.ones(3) / 3)[:1000]  # (x[t-2] + x[t-1] + x[t]) / 3
        for errors, inputs in (
            (honest, noise),
            (leaked, np.convolve(noise, np.ones(3) / 3, mode="same")),
            (trailing, past),
        ):
            X, _, _ = make_windows(inputs, 20)
            errors.append(test_error(Ridge(alpha=1e-8), X, y, train, test))
    assert np.mean(honest) == pytest.approx(1.02, abs=0.03)
    assert np.mean(leaked) == pytest.approx(0.082, abs=0.01)  # below 1, the variance of the noise
    assert np.mean(trailing) == pytest.approx(1.02, abs=0.03)


def test_scaling_with_the_future_is_an_illusion_of_units():
    for trend, shrinks in ((0.0025, 0.13), (0.01, 0.44)):
        _, y = trend_and_seasons(trend=trend)
        errors = []
        for stop in (630, 900):
            scaler = Standardizer().fit(y[:stop])
            X, targets, target_index = make_windows(scaler.transform(y), 60)
            scaled = test_error(Ridge(alpha=1e-8), X, targets, *split_by_time(target_index, 630))
            errors.append((scaled, scaled * scaler.std[0] ** 2))
        (honest_scaled, honest), (leaked_scaled, leaked) = errors
        assert leaked == pytest.approx(honest, rel=1e-3)  # a linear model does not care at all
        assert 1 - leaked_scaled / honest_scaled == pytest.approx(shrinks, abs=0.01)


def test_unpurged_targets_flatter_the_first_errors_only():
    walk = np.cumsum(np.random.default_rng(0).normal(size=1000))
    X, y, target_index = make_windows(walk, 20, horizon=20)
    k = 700
    assert audit(walk, X[:k], y[:k], X[k:], y[k:]).names == ["overlapping targets"]
    train, test = split_by_time(target_index, int(target_index[k]), horizon=20)
    assert audit(
        walk, X[train], y[train], X[test], y[test]
    ).clean  # its first windows look into the train part


def test_random_split_flatters_nothing_on_two_waves():
    _, y = two_waves()
    X, targets, target_index = make_windows(y.astype(float), 16)
    for model in (Ridge(alpha=0.1), NearestNeighbours(1)):
        honest = test_error(model, X, targets, *split_by_time(target_index, 0.8))
        leaked = np.mean([test_error(model, X, targets, *random_split(len(X), 163, k)) for k in range(10)])
        assert leaked > 0.8 * honest
