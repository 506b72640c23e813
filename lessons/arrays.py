"""Checks shared by every forecaster: is this a batch of windows, are these its targets?"""

import numpy as np


def as_windows(X, name="X"):
    """Return `X` as a floating-point array of windows, or say what is wrong with it.

    Parameters
    ----------
    X : array_like of shape (N, T, D)
        Windows: N of them, T time steps, D features.
    name : str
        What to call the argument in an error.

    Returns
    -------
    ndarray of shape (N, T, D)
        `X` itself where it is one already: nothing is copied, float32 stays float32.

    Raises
    ------
    TypeError
        If `X` does not hold real numbers.
    ValueError
        If `X` has not three axes, or one of them is empty.
    """
    X = _as_floats(X, name)
    if X.ndim != 3:
        raise ValueError(
            f"{name} must have shape (N, T, D), got {X.shape}; windows of one series are (N, T, 1)"
        )
    if 0 in X.shape:
        raise ValueError(f"{name} must hold at least one window, time step and feature, got shape {X.shape}")
    return X


def as_targets(y, n_windows, name="y"):
    """Return `y` as a floating-point array of targets, one row a window, or say what is wrong with it.

    Parameters
    ----------
    y : array_like of shape (N, horizon)
        Targets.
    n_windows : int
        N, the number of windows that they belong to.
    name : str
        What to call the argument in an error.

    Returns
    -------
    ndarray of shape (N, horizon)

    Raises
    ------
    TypeError
        If `y` does not hold real numbers.
    ValueError
        If `y` has not two axes, or another number of rows.
    """
    y = _as_floats(y, name)
    if y.ndim != 2 or y.shape[1] == 0:
        raise ValueError(f"{name} must have shape (N, horizon), got {y.shape}; one step ahead is (N, 1)")
    if len(y) != n_windows:
        raise ValueError(f"{name} must have one row a window ({n_windows}), got {len(y)}")
    return y


def _as_floats(a, name):
    a = np.asarray(a)
    if a.dtype.kind not in "buif":
        raise TypeError(f"{name} must hold real numbers, got an array of {a.dtype}")
    return a if a.dtype.kind == "f" else a.astype(np.float64)
