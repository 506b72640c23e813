"""Gaps, faults and outliers of a measured series, mended with nothing but its past.

Whoever forecasts at nine o'clock does not know what will be measured at ten. A filling that looks ahead, such
as a line drawn from the value before a gap to the value after it, hands the answer to the forecaster; the
fillings here never look ahead. And a filled value is no measurement: leave it out where forecasts are scored.
"""

import html
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lessons.checks import as_series, whole_number
from lessons.series.times import show

METHODS = ("last", "seasonal", "seasonal mean")


@dataclass(frozen=True)
class Gap:
    """A run of missing values.

    Attributes
    ----------
    feature : str or int
        Name of the feature, or its number.
    start : int
        Index of the first missing value.
    time : datetime64 or number
        Its time.
    length : int
        Number of missing values, in time steps.
    """

    feature: str | int
    start: int
    time: object
    length: int


class Gaps(list):
    """The gaps of a series, in order of feature and time; shows itself as a table."""

    _HEADS = ("feature", "index", "time", "steps missing")

    def _cells(self):
        return [(str(gap.feature), str(gap.start), show(gap.time), str(gap.length)) for gap in self]

    def __repr__(self):
        table = [self._HEADS, *self._cells()]
        widths = [max(len(line[k]) for line in table) for k in range(len(self._HEADS))]
        lines = ["  ".join(cell.rjust(w) for cell, w in zip(line, widths, strict=True)) for line in table]
        return "\n".join(lines) if self else "no gaps"

    def _repr_html_(self):
        head = "".join(f'<th scope="col">{name}</th>' for name in self._HEADS)
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in line) + "</tr>"
            for line in self._cells()
        )
        caption = f"{len(self)} gap{'s' * (len(self) != 1)}"
        return (
            f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )


def gaps(t, y, names=None):
    """List the runs of missing values.

    Parameters
    ----------
    t : array_like of shape (n,)
        Times.
    y : array_like of shape (n,) or (n, D)
        Values in any unit, NaN where missing.
    names : list of str, optional
        What the features are called; their numbers unless given.

    Returns
    -------
    Gaps
        A list of `Gap`.

    Raises
    ------
    ValueError
        `t` or `names` has another length than `y`.
    """
    y, t = as_series(y, "y"), np.asarray(t)
    names = range(y.shape[1]) if names is None else names
    if len(t) != len(y) or len(names) != y.shape[1]:
        raise ValueError(
            f"y is {y.shape}, which wants {len(y)} times and {y.shape[1]} names; got "
            f"{len(t)} and {len(names)}"
        )
    found = Gaps()
    for name, column in zip(names, y.T, strict=True):
        starts, lengths = _runs(np.isnan(column))
        found += [Gap(name, int(i), t[i], int(k)) for i, k in zip(starts, lengths, strict=True)]
    return found


def together(y, late=0.05):
    """Find where all features have been measured for once, and leave out those that begin much later.

    Parameters
    ----------
    y : array_like of shape (n,) or (n, D)
        Values in any unit, NaN where missing; feature 0 is the target and always stays.
    late : float
        How much of the series may go by until a feature is first measured together with those before it.

    Returns
    -------
    begin : int
        Index of the first time step at which all kept features are measured.
    kept : list of int
        Their numbers.

    Raises
    ------
    ValueError
        The target has no values.
    """
    measured = ~np.isnan(as_series(y, "y"))  # (n, D)
    if not measured[:, 0].any():
        raise ValueError("y has no values in feature 0, the target")
    first = begin = int(measured[:, 0].argmax())
    kept, both = [0], measured[:, 0]
    for k in range(1, measured.shape[1]):
        now = both & measured[:, k]
        if now.any() and now.argmax() - first <= late * len(measured):
            kept, both, begin = [*kept, k], now, int(now.argmax())
    return begin, kept


def fill_gaps(y, method="last", season_length=None):
    """Fill missing values with what was known before them.

    Parameters
    ----------
    y : array_like of shape (n,) or (n, D)
        Values in any unit, in order of time, NaN where missing. Each feature is filled by itself.
    method : {"last", "seasonal", "seasonal mean"}
        The last value measured; the value one season before (itself filled, if need be); or the mean of all
        values measured so far at this point of the season, such as this hour of the day. Where the season has
        nothing to offer yet, the last value.
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
    if season_length is not None and whole_number(season_length, "season_length") < 1:
        raise ValueError(f"season_length must be at least 1, got {season_length}")
    values = as_series(y, "y")
    filled = values.astype(float)  # a copy
    for column in filled.T:
        _fill(column, method, season_length)
    return filled.reshape(np.shape(y)), np.isnan(values).reshape(np.shape(y))


def _fill(column, method, season_length):
    """Fill one feature in place, from the first value to the last."""
    measured = ~np.isnan(column)
    last, sums, counts = np.nan, np.zeros(season_length or 1), np.zeros(season_length or 1)
    for i in range(len(column)):
        phase = i % len(sums)
        if measured[i]:
            last = column[i]
            sums[phase] += column[i]
            counts[phase] += 1
        elif method == "seasonal" and i >= season_length and not np.isnan(column[i - season_length]):
            column[i] = column[i - season_length]
        elif method == "seasonal mean" and counts[phase]:
            column[i] = sums[phase] / counts[phase]
        else:
            column[i] = last


def outliers(y, window, threshold=4.0):
    """Find values far from what the past would make one expect.

    ::

        |y_t - median| > threshold · 1.4826 · MAD      median and MAD of the `window` values before t

    Hampel's identifier (Davies & Gather 1993, "The identification of multiple outliers", Journal of the
    American Statistical Association 88), with a window that ends before the value instead of lying around it.
    1.4826 MAD estimates the standard deviation of a normal sample. Where the MAD is 0 since more than half of
    the values are the same, 1.2533 times the mean absolute deviation takes its place.

    An outlier is unexpected, not wrong: look at each before it is taken out. Where a quantity grows and
    shrinks by factors, as concentrations do, ask for outliers of its logarithm: then a zero is far away, and
    a peak is not.

    Parameters
    ----------
    y : array_like of shape (n,) or (n, D)
        Values in any unit, NaN where missing.
    window : int
        How many time steps to look back.
    threshold : float
        How many robust standard deviations are too many.

    Returns
    -------
    ndarray of bool, same shape
        Never true where fewer than half of the `window` values before were measured.

    Raises
    ------
    TypeError
        The values are not numbers, or the window not a whole number.
    ValueError
        The window or the threshold is too small.
    """
    if whole_number(window, "window") < 3:
        raise ValueError(f"window must be at least 3, got {window}")
    if not threshold > 0:
        raise ValueError(f"threshold must be above 0, got {threshold}")
    values = as_series(y, "y")
    found = np.zeros(values.shape, dtype=bool)
    if len(values) > window:
        past = sliding_window_view(values, window, axis=0)[:-1]  # (n - window, D, window)
        judged = ~np.isnan(past).all(axis=-1) & (np.isnan(past).mean(axis=-1) <= 0.5)  # (n - window, D)
        past, now = past[judged], values[window:][judged]  # (k, window), (k,)
        median = np.nanmedian(past, axis=-1)
        distance = np.abs(past - median[:, np.newaxis])
        scale = 1.4826 * np.nanmedian(distance, axis=-1)
        scale = np.where(scale > 0, scale, 1.2533 * np.nanmean(distance, axis=-1))
        found[window:][judged] = (np.abs(now - median) > threshold * scale) & (scale > 0)
    return found.reshape(np.shape(y))


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
        `was_filled` is not boolean.
    ValueError
        A target lies outside of the series.
    """
    was_filled = np.asarray(was_filled)
    if was_filled.dtype != bool:
        raise TypeError(f"was_filled must be boolean, as fill_gaps returns it, got {was_filled.dtype}")
    filled = was_filled.reshape(len(was_filled), -1)[:, 0]  # (n,)
    targets = np.asarray(target_index)[:, np.newaxis] + np.arange(horizon)  # (N, horizon)
    if targets.size and (targets.min() < 0 or targets.max() >= len(filled)):
        raise ValueError(
            f"targets lie at series indices {targets.min()} to {targets.max()}, but was_filled has "
            f"{len(filled)} values"
        )
    return ~filled[targets].any(axis=1)


def trouble(t, y, window, horizon=1, names=None):
    """Say what is wrong or odd with a series before a forecaster meets it.

    Parameters
    ----------
    t : array_like of shape (n,)
        Times.
    y : array_like of shape (n,) or (n, D)
        Values in any unit, NaN where missing; feature 0 is the target.
    window, horizon : int
        The windows that are to be cut.
    names : list of str, optional
        What the features are called; their numbers unless given.

    Returns
    -------
    list of str
        Sentences, empty if nothing was found: too short for the windows, constant, missing values and the
        longest gap, values that stay the same, zeros that come out of the blue, a mistyped power of ten.

    Raises
    ------
    ValueError
        `t` or `names` has another length than `y`.
    """
    values = as_series(y, "y")
    found = []
    if len(values) < 3 * (window + horizon):
        found.append(
            f"{len(values)} values are few for windows of {window} and a horizon of {horizon}: train and "
            f"test need {3 * (window + horizon)} at least"
        )
    names = [f"feature {k}" for k in range(values.shape[1])] if names is None else names
    every_gap = gaps(t, values, names)
    for name, column in zip(names, values.T, strict=True):
        present = column[~np.isnan(column)]
        if np.isinf(present).any():
            found.append(f"{name} holds infinite values")
        elif len(present) == 0:
            found.append(f"{name} has no values at all")
        elif np.ptp(present) == 0:
            found.append(f"{name} is {present[0]:g} all the time: there is nothing to forecast")
        else:
            found += _odd_values(name, t, column, [gap for gap in every_gap if gap.feature == name])
    return found


def _odd_values(name, t, column, its_gaps):
    if its_gaps:
        longest = max(its_gaps, key=lambda gap: gap.length)
        missing = np.isnan(column)
        yield (
            f"{name} misses {missing.sum()} of {len(column)} values ({missing.mean():.1%}), in "
            f"{len(its_gaps)} gap{'s' * (len(its_gaps) != 1)}, the longest of {longest.length} from "
            f"{show(longest.time)} on"
        )
    same = np.append(False, column[1:] == column[:-1])
    if same.mean() > 0.1:
        yield f"{name} repeats the value before it {same.mean():.0%} of the time: measured, or carried on?"
    starts, lengths = _runs(same)
    if len(lengths) and lengths.max() >= 5 and same.mean() <= 0.5:
        i, steps = starts[lengths.argmax()] - 1, lengths.max() + 1
        yield f"{name} stays at {column[i]:g} for {steps} steps from {show(t[i])} on: a stuck sensor?"
    lonely = _lonely_zeros(column)
    if len(lonely):
        at = ", ".join(show(t[i]) for i in lonely[:3]) + (", …" if len(lonely) > 3 else "")
        yield f"{name} drops to exactly 0 from far above, {len(lonely)} times ({at}): faults?"
    typical, largest = np.nanmedian(np.abs(column)), np.nanmax(np.abs(column))
    if typical > 0 and largest > 50 * typical:
        i = int(np.nanargmax(np.abs(column)))
        yield f"{name} is {column[i]:g} at {show(t[i])}, {largest / typical:.0f} times its median: mistyped?"


def _lonely_zeros(column):
    """Where runs of zeros begin, if zero lies far below all other values; among counts it does not."""
    starts, _ = _runs(column == 0)
    lowest = np.unique(column[(column != 0) & ~np.isnan(column)])[:20]
    if len(lowest) < 3 or lowest[0] <= 5 * np.median(np.diff(lowest)):
        return starts[:0]
    return starts


def _runs(flags):
    """Where runs of true begin, and how long they are."""
    edges = np.diff(np.concatenate([[False], flags, [False]]).astype(int))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return starts, ends - starts
