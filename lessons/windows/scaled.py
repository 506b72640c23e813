"""From a series to what a model is trained and tested on, in one call."""

from dataclasses import dataclass

import numpy as np

from lessons.windows.cutting import make_windows, split_by_time
from lessons.windows.scaling import Standardizer


@dataclass(frozen=True)
class ScaledWindows:
    """Windows of a scaled series, split by time.

    Attributes
    ----------
    X_train, X_test : ndarray of shape (N, T, D)
        Windows, scaled; read-only views of one scaled series.
    y_train, y_test : ndarray of shape (N, horizon)
        Their targets, scaled.
    train_index, test_index : ndarray of shape (N,)
        Index in the series of each window's first target.
    scaler : Standardizer
        Fitted on what comes before the first test target; takes forecasts back to the series' unit.
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    train_index: np.ndarray
    test_index: np.ndarray
    scaler: Standardizer


def scaled_windows(series, window, at, horizon=1):
    """Scale a series with its train part, cut it into windows, and split them by time.

    Parameters
    ----------
    series : array_like of shape (n,) or (n, D)
        Values in any unit, in order of time; feature 0 is the target.
    window : int
        Number of time steps T that a forecast may look at.
    at : int or float
        Where the test part begins, as `split_by_time` takes it.
    horizon : int
        Number of time steps to forecast.

    Returns
    -------
    ScaledWindows

    Raises
    ------
    TypeError, ValueError
        As for `make_windows`, `split_by_time` and `Standardizer.fit`.
    """
    _, _, target_index = make_windows(series, window, horizon)
    train, test = split_by_time(target_index, at, horizon)
    scaler = Standardizer().fit(series[: target_index[test.start]])
    X, y, _ = make_windows(scaler.transform(series), window, horizon)
    return ScaledWindows(
        X[train], y[train], X[test], y[test], target_index[train], target_index[test], scaler
    )
