"""Fillings that know nothing but the past, and how far off they are."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lessons.checks import as_indices, as_series, refuse_infinite, whole_number
from lessons.cleaning.gaps import runs
from lessons.tables import Table, Tabular

METHODS = ("last", "seasonal", "seasonal mean")


def fill_gaps(y, method="last", season_length=None):
    """Fill missing values with what was known before them.

    Parameters
    ----------
    y : array_like of shape (n,) or (n, D)
        Values in any unit, in order of time, NaN where missing. Each feature is filled by itself.
    method : {"last", "seasonal", "seasonal mean"}
        The last value measured; the value one season before (itself filled, if need be); or the mean of all
        values measured so far at this point of the season, such as this hour of the day. Where the season has
        nothing to offer yet, the value just before, measured or filled.
    season_length : int, optional
        Time steps in a season: 24 for a day of hours. Not for "last".

    Returns
    -------
    filled : ndarray of shape (n,) or (n, D)
        The values; before the first one measured there is no past, and NaN stays NaN.
    was_filled : ndarray of bool, same shape
        Where a value was missing, filled now or not.

    Raises
    ------
    TypeError
        The values are not numbers, or the season length not a whole number.
    ValueError
        The method is not known, or the season length is missing, superfluous or below 1.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(map(repr, METHODS))}, got {method!r}")
    if (season_length is None) != (method == "last"):
        wants = "takes no season_length" if method == "last" else "needs season_length"
        raise ValueError(f"method {method!r} {wants}, got {season_length!r}")
    if season_length is not None:
        whole_number(season_length, "season_length", 1)
    values = as_series(y, "y")
    refuse_infinite(values, "y")
    filled = values.astype(float)  # a copy
    for column in filled.T:
        _fill(column, method, season_length)
    return filled.reshape(np.shape(y)), np.isnan(values).reshape(np.shape(y))


def _fill(column, method, season_length):
    """Fill one feature in place, from the first value to the last."""
    measured, m = ~np.isnan(column), season_length or 1
    sums, counts = np.zeros(m), np.zeros(m)
    for i in range(len(column)):
        if measured[i]:
            sums[i % m] += column[i]
            counts[i % m] += 1
        elif method == "seasonal" and i >= m and not np.isnan(column[i - m]):
            column[i] = column[i - m]
        elif method == "seasonal mean" and counts[i % m]:
            column[i] = sums[i % m] / counts[i % m]
        elif i:
            column[i] = column[i - 1]


@dataclass(frozen=True, repr=False)
class HiddenGaps(Tabular):
    """How far off fillings are where the truth is known; shows itself as a table.

    Attributes
    ----------
    lengths : ndarray of int, shape (L,)
        How many steps were hidden at a time.
    mse : dict of str to ndarray of shape (L,)
        Mean squared errors, in the unit of the series, squared; NaN where no stretch is long enough.
    weights : ndarray of shape (L,)
        Share of the values missing in the series that lie in gaps of about these lengths.
    """

    lengths: np.ndarray
    mse: dict
    weights: np.ndarray

    def overall(self, filling):
        """Mean squared error of a filling over gaps like those of the series, a float."""
        there = np.isfinite(self.mse[filling])
        if not there.any():
            return np.nan
        return float(np.average(self.mse[filling][there], weights=self.weights[there] + 1e-9))

    @property
    def table(self):
        """Table : a row a filling, a column a length."""
        heads = ("filling", *(f"gap of {length}" for length in self.lengths), "as in this series")
        rows = [
            (name, *(f"{error:.4g}" for error in errors), f"{self.overall(name):.4g}")
            for name, errors in self.mse.items()
        ]
        return Table(heads, rows, "Stretches that were measured, hidden and filled: mean squared error")


def hide_and_fill(y, fillings, lengths=None, begin=0):
    """Hide stretches that were measured, fill them, and see how far off each filling is.

    Of each length about a hundred are tried, spread evenly.

    Parameters
    ----------
    y : array_like of shape (n,)
        Values in any unit, NaN where missing: the part of a series that may be looked at.
    fillings : dict of str to callable
        Each takes such a series and returns it filled.
    lengths : sequence of int, optional
        How many steps to hide at a time; four lengths at most that the gaps of `y` have, unless given.
    begin : int
        Index from which on to hide, so that the fillings have something to learn from.

    Returns
    -------
    HiddenGaps
    """
    y = as_series(y, "y")[:, 0]
    own = runs(np.isnan(y))[1]
    own = own if len(own) else np.ones(1, dtype=int)
    if lengths is None:
        lengths = np.quantile(np.unique(own), [0, 1 / 3, 2 / 3, 1], method="nearest")
    lengths = np.unique(np.asarray(lengths, dtype=int))
    nearest = np.abs(own[:, np.newaxis] - lengths).argmin(axis=1)
    mse = {name: np.full(len(lengths), np.nan) for name in fillings}
    for k, length in enumerate(lengths):
        there = np.append(~np.isnan(y[begin:]), np.zeros(length + 2, dtype=bool))
        whole = sliding_window_view(there, length + 2).all(axis=1)  # with a value at either end
        starts = begin + 1 + np.flatnonzero(whole)
        starts = starts[:: max(1, len(starts) // 100)]
        for name, fill in fillings.items() if len(starts) else ():
            mse[name][k] = np.mean([_error_in_gap(y, fill, slice(i, i + length)) for i in starts])
    return HiddenGaps(lengths, mse, np.bincount(nearest, weights=own, minlength=len(lengths)) / own.sum())


def _error_in_gap(y, fill, gap):
    hidden = y.copy()
    hidden[gap] = np.nan
    return np.mean((fill(hidden)[gap] - y[gap]) ** 2)


def targets_observed(was_filled, target_index, horizon=1):
    """Tell the windows whose targets were all measured from those scored against a filling.

    Parameters
    ----------
    was_filled : array_like of bool, shape (n,) or (n, D)
        As `fill_gaps` returns it; feature 0 is the target.
    target_index : array_like of int, shape (N,)
        Series index of each window's first target, as `make_windows` returns it.
    horizon : int
        Number of time steps in each target.

    Returns
    -------
    ndarray of bool, shape (N,)
        For `X[observed]`, `y[observed]` and `target_index[observed]`.

    Raises
    ------
    TypeError
        `was_filled` is not boolean, or an index or the horizon not a whole number.
    ValueError
        A target lies outside of the series.
    """
    was_filled = np.asarray(was_filled)
    if was_filled.dtype != bool:
        raise TypeError(f"was_filled must be boolean, as fill_gaps returns it, got {was_filled.dtype}")
    filled = was_filled.reshape(len(was_filled), -1)[:, 0]  # (n,)
    targets = as_indices(target_index, "target_index")[:, np.newaxis]  # (N, 1)
    targets = targets + np.arange(whole_number(horizon, "horizon", 1))  # (N, horizon)
    if targets.min() < 0 or targets.max() >= len(filled):
        raise ValueError(
            f"targets lie at series indices {targets.min()} to {targets.max()}, but was_filled has "
            f"{len(filled)} values"
        )
    return ~filled[targets].any(axis=1)
