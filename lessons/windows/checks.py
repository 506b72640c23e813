"""What every function of this folder asks of its arguments, in one place."""

import operator

import numpy as np


def as_series(series, name="series"):
    """Read a series as a two-dimensional float array, without a copy where that is possible.

    Parameters
    ----------
    series : array_like of shape (n,) or (n, D)
        Values in any unit. Integers and booleans become float64; float32 and float64 stay as they are.
    name : str
        What to call the argument in an error.

    Returns
    -------
    ndarray of shape (n, D)
        The same values, in the same unit; a view of `series` when it was a float array already.

    Raises
    ------
    TypeError
        The values are not real numbers.
    ValueError
        The series is empty, ragged, or has neither one nor two dimensions.
    """
    if isinstance(series, np.ma.MaskedArray):
        series = series.astype(float).filled(np.nan)
    try:
        array = np.asarray(series)
        if array.dtype == object:  # None, Decimal, nullable pandas columns
            array = array.astype(float)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must hold numbers and be rectangular, got {_brief(series)}") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers, got values of type {array.dtype}")
    if array.ndim not in (1, 2):
        raise ValueError(f"{name} must have shape (n,) or (n, D), got shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} is empty: its shape is {array.shape}")
    if array.dtype.kind != "f":
        array = array.astype(float)
    return array[:, np.newaxis] if array.ndim == 1 else array


def refuse_missing(series, name="series"):
    """Raise when a series (n, D) holds NaN or infinite values, naming how many and the first.

    Raises
    ------
    ValueError
        A value is NaN or infinite.
    """
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


def whole_number(value, name):
    """Read an argument as an int.

    Raises
    ------
    TypeError
        It is not a whole number (`16.0` is not: pass `16`).
    """
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {value!r}") from None


def _brief(value, length=60):
    text = repr(value).replace("\n", " ")
    return text if len(text) <= length else text[:length] + " …"
