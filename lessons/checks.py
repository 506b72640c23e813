"""What every public function asks of arrays, and what counts as zero; each in one place."""

import operator
import reprlib

import numpy as np


def as_values(values, name):
    """Return values of any shape as floating-point numbers, or say what is wrong with them.

    Masked values and None become NaN; NaN and infinite values are let through.

    Raises
    ------
    TypeError
        They are not real numbers, or no rectangle.
    ValueError
        One is so large that its square is none.
    """
    if isinstance(values, np.ma.MaskedArray):
        values = values.astype(float).filled(np.nan)
    try:
        array = np.asarray(values)
        if array.dtype == object:  # None, Decimal, nullable pandas columns
            array = array.astype(float)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must hold numbers and be rectangular, got {reprlib.repr(values)}") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers, got values of type {array.dtype}")
    array = array if array.dtype in (np.float32, np.float64) else array.astype(float)
    size = np.abs(array).max(initial=0, where=np.isfinite(array))
    if size > 1e-3 * np.sqrt(np.finfo(array.dtype).max):
        raise ValueError(f"{name} holds {size:.3g}: too large to be squared; take another unit")
    return array


def as_series(series, name="series"):
    """Return a series as a floating-point array with one column a feature, or say what is wrong with it.

    Parameters
    ----------
    series : array_like of shape (n,) or (n, D)
        Values in any unit; masked ones become NaN.
    name : str
        What to call the argument in an error.

    Returns
    -------
    ndarray of shape (n, D)
        A view of `series` where it is an array of floats: nothing is copied, float32 stays float32.

    Raises
    ------
    TypeError
        The values are not real numbers.
    ValueError
        The series is empty, or has neither one nor two axes.
    """
    array = as_values(series, name)
    if array.ndim not in (1, 2):
        raise ValueError(f"{name} must have shape (n,) or (n, D), got shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} is empty: its shape is {array.shape}")
    return array[:, np.newaxis] if array.ndim == 1 else array


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

    Raises
    ------
    TypeError
        `X` does not hold real numbers.
    ValueError
        `X` has not three axes, or one of them is empty.
    """
    X = as_values(X, name)
    if X.ndim != 3:
        raise ValueError(
            f"{name} must have shape (N, T, D), got {X.shape}; windows of one series are (N, T, 1)"
        )
    if 0 in X.shape:
        raise ValueError(f"{name} must hold at least one window, time step and feature, got shape {X.shape}")
    refuse_infinite(X, name)
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
        `y` does not hold real numbers.
    ValueError
        `y` has not two axes, or another number of rows.
    """
    y = as_values(y, name)
    if y.ndim != 2 or y.shape[1] == 0:
        raise ValueError(f"{name} must have shape (N, horizon), got {y.shape}; one step ahead is (N, 1)")
    if len(y) != n_windows:
        raise ValueError(f"{name} must have one row a window ({n_windows}), got {len(y)}")
    refuse_infinite(y, name)
    return y


def as_indices(values, name):
    """Return series indices, (N,) and at least one, as an array, or say what is wrong with them."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise TypeError(f"{name} must hold whole numbers, got {reprlib.repr(values)}") from None
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must have shape (N,), as [630], got shape {array.shape}")
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold whole numbers, series indices, got values of {array.dtype}")
    return array.astype(np.intp)


def refuse_infinite(values, name):
    """Raise a ValueError when values of any shape hold infinite ones."""
    if np.isinf(values).any():
        raise ValueError(f"{name} holds {np.isinf(values).sum()} infinite values: no measurement is one")


def refuse_missing(series, name="series"):
    """Raise a ValueError when a series (n, D) holds NaN or infinite values: how many, and the first."""
    bad = ~np.isfinite(series)
    if not bad.any():
        return
    row, feature = np.argwhere(bad)[0]
    where = f"series index {row}" if series.shape[1] == 1 else f"series index {row}, feature {feature}"
    raise ValueError(
        f"{name} has {bad.sum()} missing or infinite value{'s' if bad.sum() > 1 else ''}, the first "
        f"({series[row, feature]}) at {where}; fill or cut them first, since one NaN turns a whole "
        f"training into NaN"
    )


def whole_number(value, name, least=None):
    """Return an argument as an int.

    Raises
    ------
    TypeError
        It is not a whole number (`16.0` is not: pass `16`).
    ValueError
        It is below `least`.
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {value!r}") from None
    if least is not None and number < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")
    return number


def negligible(size, values):
    """Tell whether a difference or spread is nothing but the rounding of the values it came from.

    Divide by nothing that is: a season that repeats itself "exactly" leaves 1e-16, not 0.

    Parameters
    ----------
    size : float
        A difference, a spread, the root of a mean squared error, in the unit of `values`.
    values : array_like
        What was subtracted. Their largest magnitude, times the machine epsilon to the power 3/4 (2e-12 of a
        float64, 6e-6 of a float32), is the border; or what has no square above 0 (1e-154, 1e-19).

    Returns
    -------
    bool
    """
    values = np.asarray(values)
    kind = np.finfo(values.dtype if values.dtype.kind == "f" else np.float64)
    return bool(size <= max(kind.eps**0.75 * np.nanmax(np.abs(values), initial=0.0), kind.tiny**0.5))
