import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import TimeSeriesSplit
from sklearn.preprocessing import StandardScaler

from lessons.series import two_waves
from lessons.windows import Standardizer, make_windows, rolling_origins, scaled_windows, split_by_time

# make_windows


@given(n=st.integers(2, 60), D=st.integers(1, 3), data=st.data())
def test_windows_against_plain_slicing(n, D, data):
    horizon = data.draw(st.integers(1, n - 1))
    window = data.draw(st.integers(1, n - horizon))
    series = np.random.default_rng(n).normal(size=(n, D))
    X, y, target_index = make_windows(series, window, horizon)
    assert X.shape == (n - window - horizon + 1, window, D)
    assert y.shape == (len(X), horizon)
    for k, first in enumerate(target_index):
        np.testing.assert_array_equal(X[k], series[first - window : first])
        np.testing.assert_array_equal(y[k], series[first : first + horizon, 0])


def test_windows_are_views_of_the_series():
    series = np.zeros(1000)
    X, y, target_index = make_windows(series, 64)
    train, test = split_by_time(target_index, 0.8)
    assert all(np.shares_memory(series, part) for part in (X, y, X[train], X[test]))
    assert not X.flags.writeable and not y.flags.writeable


@pytest.mark.parametrize(
    ("series", "window", "horizon", "message"),
    [
        (np.zeros(220), 300, 1, r"window must be between 1 and 219 \(the series has 220 values\), got 300"),
        (np.zeros(9), 7, 3, "window must be between 1 and 6 .*9 values and horizon is 3.* got 7"),
        (np.zeros(9), 3, 0, "horizon must be between 1 and 8 .* got 0"),
        (np.zeros(9), 3.0, 1, "window must be a whole number, got 3.0"),
        (np.zeros(9), 3, None, "horizon must be a whole number, got None"),
        ([], 3, 1, "series is empty"),
        ([1.0], 1, 1, "at least 2 values"),
        (np.zeros((3, 3, 3)), 1, 1, r"shape \(n,\) or \(n, D\), got shape \(3, 3, 3\)"),
        ([1, np.nan, 4, np.nan], 1, 1, r"2 missing or infinite values, the first \(nan\) at series index 1"),
        ([1, 2, 3, np.inf], 1, 1, r"1 missing or infinite value, .*inf.* index 3"),
        ([[1, 2], [3, None]], 1, 1, "series index 1, feature 1"),
    ],
)
def test_bad_windows_are_refused(series, window, horizon, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make_windows(series, window, horizon)


# split_by_time


@given(n=st.integers(14, 80), window=st.integers(1, 5), horizon=st.integers(1, 4), data=st.data())
def test_no_target_lies_on_both_sides(n, window, horizon, data):
    _, _, target_index = make_windows(np.arange(n), window, horizon)
    at = data.draw(st.integers(window + horizon, n - horizon))
    train, test = split_by_time(target_index, at, horizon)
    assert (target_index[train] + horizon <= at).all()
    assert (target_index[test] >= at).all()
    assert test.start - train.stop == horizon - 1  # as few as can be are left out


@pytest.mark.parametrize(
    ("share", "n", "before"), [(0.8, 204, 163), (0.29, 100, 29), (0.7, 10, 7), (0.5, 2, 1)]
)
def test_a_share_counts_windows(share, n, before):
    train, test = split_by_time(np.arange(5, 5 + n), share)
    assert (train.stop, test.start) == (before, before)


@pytest.mark.parametrize(
    ("target_index", "at", "message"),
    [
        (np.arange(5, 15), 5, "no window to train"),
        (np.arange(5, 15), 15, "no window to test: first targets lie at series indices 5 to 14"),
        (np.arange(5, 15), 1.5, "between 0 and 1"),
        (np.arange(5, 15), np.nan, "between 0 and 1"),
        (np.arange(5, 15), "0.8", "series index"),
        ([5, 9, 7], 7, "shuffled"),
        ([5.0, 6.0], 6, "target_index must hold"),
    ],
)
def test_bad_splits_are_refused(target_index, at, message):
    with pytest.raises((TypeError, ValueError), match=message):
        split_by_time(np.array(target_index), at)


# Standardizer


@given(
    n=st.integers(2, 50),
    D=st.integers(1, 4),
    offset=st.sampled_from([0, 1, 1e6]),
    scale=st.sampled_from([1e-3, 1, 1e4]),
)
def test_standardizer_agrees_with_scikit_learn(n, D, offset, scale):
    series = np.random.default_rng(n + D).normal(offset, scale, size=(n, D))
    series[:, -1] = 0.1  # a constant feature
    series[0, 0] = np.nan if n > 2 else series[0, 0]
    ours, theirs = Standardizer().fit(series), StandardScaler().fit(series)
    np.testing.assert_allclose(ours.mean, theirs.mean_)
    np.testing.assert_allclose(ours.std, theirs.scale_)
    np.testing.assert_allclose(ours.transform(series), theirs.transform(series), atol=1e-12)


def test_standardizer_keeps_shape_and_float32():
    y = two_waves()[1]
    scaler = Standardizer().fit(y[:100])
    assert scaler.mean.shape == scaler.std.shape == (1,)
    assert scaler.transform(y).shape == y.shape
    assert scaler.transform(y).dtype == scaler.inverse_target(y).dtype == np.float32
    assert {part.dtype for part in make_windows(y, 16)[:2]} == {np.dtype(np.float32)}
    assert scaler.transform([1, 2, 3]).dtype == float


@pytest.mark.parametrize(("at", "horizon"), [(30, 1), (30, 3), (0.8, 1)])
def test_scaled_windows_are_scaled_cut_and_split_as_by_hand(at, horizon):
    series = np.random.default_rng(0).normal(5, 2, size=(50, 2))
    data = scaled_windows(series, window=4, at=at, horizon=horizon)
    X, y, target_index = make_windows(series, 4, horizon)
    train, test = split_by_time(target_index, at, horizon)
    np.testing.assert_array_equal(data.scaler.mean, series[: target_index[test][0]].mean(axis=0))
    np.testing.assert_array_equal(data.train_index, target_index[train])
    np.testing.assert_array_equal(data.test_index, target_index[test])
    for mine, expected in [(data.X_train, X[train]), (data.X_test, X[test])]:
        np.testing.assert_allclose(mine, data.scaler.transform(expected))
    for mine, expected in [(data.y_train, y[train]), (data.y_test, y[test])]:
        np.testing.assert_allclose(data.scaler.inverse_target(mine), expected)
    assert np.shares_memory(data.X_train, data.X_test)  # views still


def test_bad_scaling_is_refused():
    with pytest.raises(RuntimeError, match="not fitted"):
        Standardizer().transform([1.0])
    with pytest.raises(ValueError, match="not windows"):
        Standardizer().fit(np.zeros((5, 4, 1)))
    with pytest.raises(ValueError, match=r"feature 1 .* no values"):
        Standardizer().fit([[1, np.nan], [2, np.nan]])
    with pytest.raises(ValueError, match="infinite"):
        Standardizer().fit([1, np.inf])
    with pytest.raises(ValueError, match=r"2 features .* got shape \(5,\)"):
        Standardizer().fit(np.eye(2)).transform(np.zeros(5))
    with pytest.raises(ValueError, match="transform_target"):
        Standardizer().fit([1, 2]).transform(np.zeros((5, 3)))


# rolling_origins


@given(n=st.integers(2, 60), n_splits=st.integers(2, 6), gap=st.integers(0, 4))
def test_rolling_origins_agree_with_scikit_learn(n, n_splits, gap):
    arguments = {"n_splits": n_splits, "gap": gap}
    try:
        expected = list(TimeSeriesSplit(**arguments).split(np.zeros(n)))
    except ValueError:
        with pytest.raises(ValueError):
            rolling_origins(n, **arguments)
        return
    folds = rolling_origins(n, **arguments)
    assert len(folds) == len(expected)
    for (train, test), (train_expected, test_expected) in zip(folds, expected, strict=True):
        np.testing.assert_array_equal(train, train_expected)
        np.testing.assert_array_equal(test, test_expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 5, "n_splits": 5}, "5 rows are too few for 5 test parts"),
        ({"n": 10, "gap": 5}, "10 rows are too few for 5 test parts, a gap of 5"),
        ({"n": 10, "gap": -1}, "gap must be a whole number of at least 0"),
        ({"n": 10, "n_splits": 0}, "n_splits must be a whole number of at least 1"),
    ],
)
def test_bad_origins_are_refused_at_once(arguments, message):
    with pytest.raises(ValueError, match=message):
        rolling_origins(**arguments)
