"""Windows out of a series, and the split of them by time."""

import numbers

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lessons.checks import as_indices, as_series, refuse_missing, whole_number


def make_windows(series, window, horizon=1):
    """Cut a series into input windows and the values that follow each of them.

    Window k is `series[k : k + window]`, its target `series[k + window : k + window + horizon]`.

    Nothing is copied: `X` and `y` are read-only views of the series, so a million points with window 64 take
    the memory of a million points. A copy, T times as large as the series, is made where windows are picked
    in another order (`X[permutation]`, `X[mask]`; slices such as `X[:100]` stay views), where `X` is
    reshaped, and where arithmetic makes a new array (`(X - mean) / std`): so scale the *series*, then cut it.

    Parameters
    ----------
    series : array_like of shape (n,) or (n, D)
        Values in any unit, in order of time; feature 0 is the target. Integers become float64 (one copy of
        the series).
    window : int
        Number of time steps T that a forecast may look at.
    horizon : int
        Number of time steps to forecast.

    Returns
    -------
    X : ndarray of shape (N, T, D)
        Windows, in the series' unit, N = n - T - horizon + 1; a read-only view.
    y : ndarray of shape (N, horizon)
        The values of feature 0 that follow each window, in its unit; a read-only view.
    target_index : ndarray of shape (N,)
        Index in the series of each window's first target: window ... window + N - 1.

    Raises
    ------
    TypeError
        The series does not hold numbers, or a size is not a whole number.
    ValueError
        The series is empty or too short for one window and its target, or holds NaN or infinite values.
    """
    series = as_series(series)
    n, window, horizon = len(series), whole_number(window, "window"), whole_number(horizon, "horizon")
    if n < 2:
        raise ValueError(f"series needs at least 2 values, one to look at and one to forecast, got {n}")
    if not 1 <= horizon < n:
        raise ValueError(f"horizon must be between 1 and {n - 1} (the series has {n} values), got {horizon}")
    if not 1 <= window <= n - horizon:
        ahead = f" and horizon is {horizon}" if horizon > 1 else ""
        raise ValueError(
            f"window must be between 1 and {n - horizon} (the series has {n} values{ahead}), got {window}"
        )
    refuse_missing(series)

    N = n - window - horizon + 1
    X = sliding_window_view(series, window, axis=0)[:N].transpose(0, 2, 1)  # (N, D, T) -> (N, T, D)
    y = sliding_window_view(series[window:, 0], horizon)  # (N, horizon)
    return X, y, np.arange(window, window + N)


def split_by_time(target_index, at, horizon=1):
    """Split windows by the time of their targets: the past trains, the future tests.

    A test window may look back across the border, as a forecaster on the first day of the future would. A
    *target* may not: with a horizon above 1 the windows whose targets lie on both sides of the border are in
    neither part.

    Parameters
    ----------
    target_index : array_like of shape (N,)
        Index in the series of each window's first target, increasing, as `make_windows` returns it.
    at : int or float
        An int is the first series index that belongs to the test part. A float between 0 and 1 is the share
        of the windows before the border: 0.8 of 204 windows puts 163 there and 41 in the test part.
    horizon : int
        Number of time steps in each target.

    Returns
    -------
    train, test : slice
        Slices of the windows, so that `X[train]` stays a view.

    Raises
    ------
    TypeError
        `at` is not a number, or the horizon or an index not a whole one.
    ValueError
        The windows are not in order of time, or one of the parts would be empty.
    """
    target_index, horizon = as_indices(target_index, "target_index"), whole_number(horizon, "horizon", 1)
    if (np.diff(target_index) <= 0).any():
        raise ValueError(
            "target_index must increase: the windows are not in order of time (were they shuffled?)"
        )

    border = _border(target_index, at)
    train = slice(0, int(np.searchsorted(target_index, border - horizon, side="right")))
    test = slice(int(np.searchsorted(target_index, border)), len(target_index))
    if train.stop == 0 or test.start == len(target_index):
        empty = "train" if train.stop == 0 else "test"
        raise ValueError(
            f"at={at!r} leaves no window to {empty}: first targets lie at series indices "
            f"{target_index[0]} to {target_index[-1]}, each target is {horizon} long, and the test part "
            f"would begin at {border}"
        )
    return train, test


def _border(target_index, at):
    """First series index of the test part, from `at` as `split_by_time` takes it."""
    if isinstance(at, numbers.Integral):
        return int(at)
    if not isinstance(at, numbers.Real):
        raise TypeError(f"at must be a series index (int) or a share between 0 and 1 (float), got {at!r}")
    if not 0 < at < 1:
        raise ValueError(
            f"at must be a whole number (a series index) or lie between 0 and 1 (a share), got {at!r}"
        )
    n_before = int(at * len(target_index) + 1e-9)  # 0.29 * 100 is 28.999999999999996
    return int(target_index[min(n_before, len(target_index) - 1)])
