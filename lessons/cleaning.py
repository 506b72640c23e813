"""Gaps, faults and outliers of a measured series, mended with nothing but its past.

Whoever forecasts at nine o'clock does not know what will be measured at ten. A filling that looks ahead, such
as a line drawn from the value before a gap to the value after it, hands the answer to the forecaster; the
fillings here never look ahead. And a filled value is no measurement: leave it out where forecasts are scored.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lessons.checks import as_series, negligible, whole_number
from lessons.series import from_csv
from lessons.series.spacing import show
from lessons.tables import Table, Tabular

METHODS = ("last", "seasonal", "seasonal mean")
CODES = {sign * code for code in (99, 99.9, 999, 999.9, 9999, 99999, 999999) for sign in (-1, 1)}
HABIT = 0.1  # of the values at one step of the season: what happens as often is no fault


def read(path, columns, time, season_length):
    """Read columns of a CSV that are measured together, say what was noticed, refuse what is too short.

    Parameters
    ----------
    path, columns, time
        As for `lessons.series.from_csv`; `time` may be None where there are no times, only an order. The
        first column is the target; others that begin much later are left out.
    season_length : int
        Time steps in a season; 1 where there is none.

    Returns
    -------
    t : ndarray of shape (n,)
        Times.
    y : ndarray of shape (n, D)
        Values from where all kept columns have been measured for once, NaN where missing.
    columns : list of str
        Those that were kept.

    Raises
    ------
    ValueError
        The file holds fewer than 20 seasons or 90 steps, or the season is no whole number of steps.
    """
    if whole_number(season_length, "season_length") < 1:
        raise ValueError(f"season_length must be at least 1 (no season), got {season_length}")
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        t, y = from_csv(path, columns, time=time)
    for note in notes:
        print(note.message)
    y = as_series(y, "y")
    begin, kept = together(y)  # before all have a value there is no past
    for late in set(columns) - {columns[k] for k in kept}:
        print(f"{late} is left out: it begins too late to be measured along with {columns[0]}")
    t, y = t[begin:], y[begin:, kept]
    if len(y) < max(90, 20 * season_length):
        raise ValueError(
            f"{len(y)} steps are {len(y) / season_length:.3g} seasons of {season_length}; the lesson needs "
            "20 seasons and 90 steps: take a shorter season (days: 7, not 365), or 1 for none"
        )
    return t, y, [columns[k] for k in kept]


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


class Gaps(Tabular, list):
    """The gaps of a series, in order of feature and time; shows itself as a table."""

    @property
    def table(self):
        """Table : a row a gap."""
        cells = [(gap.feature, gap.start, show(gap.time), gap.length) for gap in self]
        caption = f"{len(self)} gap{'s' * (len(self) != 1)}"
        return Table(("feature", "index", "time", "steps missing"), cells, caption)


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
    if season_length is not None and whole_number(season_length, "season_length") < 1:
        raise ValueError(f"season_length must be at least 1, got {season_length}")
    values = as_series(y, "y")
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


def hide_and_fill(y, fillings, lengths=None, begin=0, most=100):
    """Hide stretches that were measured, fill them, and see how far off each filling is.

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
    most : int
        How many stretches of a length to try, spread evenly.

    Returns
    -------
    HiddenGaps
    """
    y = np.asarray(y, dtype=float)
    own = _runs(np.isnan(y))[1]
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
        starts = starts[:: max(1, len(starts) // most)]
        for name, fill in fillings.items() if len(starts) else ():
            mse[name][k] = np.mean([_error_in_gap(y, fill, slice(i, i + length)) for i in starts])
    return HiddenGaps(lengths, mse, np.bincount(nearest, weights=own, minlength=len(lengths)) / own.sum())


def _error_in_gap(y, fill, gap):
    hidden = y.copy()
    hidden[gap] = np.nan
    return np.mean((fill(hidden)[gap] - y[gap]) ** 2)


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


def faults(y, season_length, until=None):
    """Find values that no sensor measured.

    Parameters
    ----------
    y : array_like of shape (n,)
        Values in any unit, NaN where missing.
    season_length : int
        Time steps in a season: what happens at one of its steps by habit (a shop closed on Sundays) is no
        fault.
    until : int, optional
        What a code is, and whether zeros are odd, is learnt from `y[:until]`; all unless given.

    Returns
    -------
    dict of str to ndarray of bool, shape (n,)
        "code": −999, 9999 or another extreme that comes again and again, far from everything else.
        "zero": exactly 0, far below all other values. "slip": ten or a hundred times what it should be, or a
        tenth, by the value before it. "jump": far from the past, and back at once. The last looks at the
        value after it: a jump may be real, and is for you to judge; the others know the past alone.
    """
    column = as_series(y, "y")[:, 0].astype(float)
    known = column[:until]
    zero = (column == 0) & bool(len(_lonely_zeros(known)))
    at_zero = [np.mean(known[step::season_length] == 0) for step in range(min(season_length, len(known)))]
    zero &= max(at_zero) < HABIT
    code = np.isin(column, _codes(known, column))
    slip, jump = _lone(np.where(code | zero, np.nan, column), 3 * season_length)
    written = np.isin(column, [value for value in np.unique(column[jump]) if float(value) in CODES])
    return {"code": code | written, "zero": zero, "slip": slip & ~written, "jump": jump & ~written}


def _codes(values, column):
    """Extremes far from all else that come several times, or once if their digits are known as a code.

    Such digits are looked for in all of `column`, and held against `values`, the part that is known.
    """
    values, found = values[np.isfinite(values)], []
    while len(values) >= 10:
        distinct, counts = np.unique(values, return_counts=True)
        low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
        for extreme, next_one in ((0, 1), (-1, -2)) if len(distinct) > 2 else ():
            value, other = distinct[extreme], distinct[next_one]
            least = 1 if float(value) in CODES else 3
            far = abs(value - other) > max(high - low, abs(other - middle)) * (1 + 0.5 * (least == 3))
            if value != 0 and counts[extreme] >= least and far:
                found.append(value)
        if not np.isin(values, found).any():
            break
        values = values[~np.isin(values, found)]
    if len(values) >= 10:
        width = max(np.ptp(np.quantile(values, [0.1, 0.9])), np.abs(values - np.median(values)).max())
        end = {-1: values.min(), 1: values.max()}
        found += [code for code in CODES if np.sign(code) * (code - end[np.sign(code)]) > width]
    return found


def _lone(column, window):
    """Decimal points gone astray, and other values far from the past that the next one does not confirm."""
    slip, jump = np.zeros((2, len(column)), dtype=bool)
    window = max(window, 24)
    if len(column) <= window + 1:
        return slip, jump
    past = sliding_window_view(column, window)[:-1]  # (n - window, window), before each value
    steps = np.abs(np.diff(past, axis=1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where a whole window is missing
        middle = np.nanmedian(past, axis=1)
        spread = 1.4826 * np.nanmedian(np.abs(past - middle[:, np.newaxis]), axis=1)
        step = np.maximum(np.nanquantile(steps, 0.9, axis=1), 1e-9 * spread)
    now, before = column[window:], column[window - 1 : -1]
    after = np.append(column[window + 1 :], np.nan)
    far = (np.abs(now - middle) > 6 * spread) & (np.abs(now - before) > 6 * step) & (spread > 0)
    for factor in (10, 100, 1000, 0.1, 0.01):
        slip[window:] |= far & (np.abs(now / factor - before) <= 2 * step) & (np.abs(before) > 3 * step)
    jump[window:] = far & ~slip[window:] & (np.abs(after - before) <= 2 * step)
    return slip, jump


def level_change(y):
    """How far the level has moved from the first fifth of a series to the last, in standard deviations.

    Beyond ±1 a net meets levels that it has not been trained on: give it `lessons.wrappers.Centred`.

    Parameters
    ----------
    y : array_like of shape (n,)
        Values in any unit, NaN where missing.

    Returns
    -------
    float
        Mean of the last fifth minus mean of the first, over the spread of values around the mean of their
        fifth; 0.0 where a fifth is empty or nothing varies.
    """
    fifths = [part[~np.isnan(part)] for part in np.array_split(np.asarray(y, dtype=float), 5)]
    if min(map(len, fifths)) == 0:
        return 0.0
    spread = np.sqrt(np.mean(np.concatenate([part - part.mean() for part in fifths]) ** 2))
    change = fifths[-1].mean() - fifths[0].mean()
    return 0.0 if negligible(spread, np.concatenate(fifths)) else float(change / spread)


def trouble(t, y, window, horizon=1, names=None):
    """Say what is wrong or odd with a series before a forecaster meets it.

    Parameters
    ----------
    t : array_like of shape (n,)
        Times.
    y : array_like of shape (n,) or (n, D)
        Values in any unit, NaN where missing; feature 0 is the target.
    window, horizon : int
        The windows that are to be cut, a season long.
    names : list of str, optional
        What the features are called; their numbers unless given.

    Returns
    -------
    list of str
        Sentences, empty if nothing was found: too short for the windows, constant, missing values and the
        longest gap, values that stay the same, a level that moves, and what `faults` finds.

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
            its_gaps = [gap for gap in every_gap if gap.feature == name]
            found += [f"{name} {what}" for what in _oddities(t, column, its_gaps, window)]
    return found


def _oddities(t, column, its_gaps, season_length):
    missing, odd = np.isnan(column), faults(column, season_length)
    if its_gaps:
        longest = max(its_gaps, key=lambda gap: gap.length)
        many = f"{len(its_gaps)} gap{'s' * (len(its_gaps) != 1)}"
        yield (
            f"misses {missing.sum()} of {len(column)} values ({missing.mean():.1%}), in {many}, the longest "
            f"of {longest.length} from {show(longest.time)} on"
        )
    for code in np.unique(column[odd["code"]]):
        yield f"is {code:g} {_when(t, column == code)}, far from all else: a code for *missing*?"
    if odd["zero"].any():
        yield f"drops to exactly 0 from far above {_when(t, odd['zero'])}: faults?"
    if odd["slip"].any():
        yield f"is ten or a hundred times too large or small {_when(t, odd['slip'])}: a decimal point astray?"
    if odd["jump"].any():
        yield f"jumps far away and back at once {_when(t, odd['jump'])}: faults, or real?"
    rest = np.where(odd["code"] | odd["slip"] | odd["zero"], np.nan, column)
    same = np.append(False, rest[1:] == rest[:-1])
    if same.mean() > 0.1:
        yield f"repeats the value before it {same.mean():.0%} of the time: measured, or carried on?"
    starts, lengths = _runs(same)
    if len(lengths) and lengths.max() >= 5 and same.mean() <= 0.5:
        i, steps = starts[lengths.argmax()] - 1, lengths.max() + 1
        yield f"stays at {column[i]:g} for {steps} steps from {show(t[i])} on: a stuck sensor?"
    moved = level_change(rest)
    if abs(moved) > 1 and len(column) >= 5 * season_length:
        where = "climbs" if moved > 0 else "falls"
        yield f"{where}: its last fifth lies {abs(moved):.1f} standard deviations from its first"


def _when(t, flags):
    places = np.flatnonzero(flags)
    at = ", ".join(show(t[i]) for i in places[:3]) + (", …" if len(places) > 3 else "")
    return f"{len(places)} time{'s' * (len(places) != 1)} ({at})"


def _lonely_zeros(column):
    """Where runs of zeros begin, if zero lies far below all other values; among counts it does not."""
    starts, _ = _runs(column == 0)
    lowest = np.unique(column[(column != 0) & ~np.isnan(column)])[:20]
    near = len(lowest) < 3 or lowest[0] <= max(5 * np.median(np.diff(lowest)), 0.05 * np.nanmedian(column))
    return starts[:0] if near else starts


def _runs(flags):
    """Where runs of true begin, and how long they are."""
    edges = np.diff(np.concatenate([[False], flags, [False]]).astype(int))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return starts, ends - starts
