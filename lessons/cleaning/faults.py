"""Values that no sensor measured, values that are merely unexpected, and all of it in words."""

import warnings

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lessons.checks import as_series, negligible, whole_number
from lessons.cleaning.gaps import runs
from lessons.series.spacing import count, show

CODES = {sign * code for code in (99, 99.9, 999, 999.9, 9999, 99999, 999999) for sign in (-1, 1)}
TOO_FAR = 4  # robust standard deviations
HABIT = 0.1  # of the values at one step of the season: what happens as often is no fault


def outliers(y, window):
    """Find values far from what the past would make one expect.

    ::

        |y_t - median| > 4 · 1.4826 · MAD      median and MAD of the `window` values before t

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

    Returns
    -------
    ndarray of bool, same shape
        Never true where fewer than half of the `window` values before were measured.

    Raises
    ------
    TypeError
        The values are not numbers, or the window not a whole number.
    ValueError
        The window is too small.
    """
    whole_number(window, "window", 3)
    values = as_series(y, "y")
    found = np.zeros(values.shape, dtype=bool)
    if len(values) > window:
        measured = np.where(np.isinf(values), np.nan, values)
        past = sliding_window_view(measured, window, axis=0)[:-1]  # (n - window, D, window)
        judged = np.isnan(past).mean(axis=-1) <= 0.5  # (n - window, D)
        past, now = past[judged], values[window:][judged]  # (k, window), (k,)
        median = np.nanmedian(past, axis=-1)
        distance = np.abs(past - median[:, np.newaxis])
        scale = 1.4826 * np.nanmedian(distance, axis=-1)
        scale = np.where(scale > 0, scale, 1.2533 * np.nanmean(distance, axis=-1))
        found[window:][judged] = (np.abs(now - median) > TOO_FAR * scale) & (scale > 0)
    return found.reshape(np.shape(y))


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
    column = np.where(np.isinf(column), np.nan, column)
    known = column[:until]
    at_zero = [np.mean(known[step::season_length] == 0) for step in range(min(season_length, len(known)))]
    zero = (column == 0) & (0 < max(at_zero) < HABIT and _far_above_zero(known))
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
    with warnings.catch_warnings(action="ignore"):  # where a whole window is missing
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
    fifths = [part[np.isfinite(part)] for part in np.array_split(as_series(y, "y")[:, 0], 5)]
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
    if (len(t), len(names)) != values.shape:
        raise ValueError(f"y is {values.shape}; t has {len(t)} times, and names are {len(names)}")
    for name, column in zip(names, values.T, strict=True):
        present = column[~np.isnan(column)]
        if np.isinf(present).any():
            found.append(f"{name} holds infinite values")
        elif len(present) == 0:
            found.append(f"{name} has no values at all")
        elif np.ptp(present) == 0:
            found.append(f"{name} is {present[0]:g} all the time: there is nothing to forecast")
        else:
            found += [f"{name} {what}" for what in _oddities(t, column, window)]
    return found


def _oddities(t, column, season_length):
    missing, odd = np.isnan(column), faults(column, season_length)
    starts, lengths = runs(missing)
    if len(starts):
        longest = f"the longest of {lengths.max()} from {show(t[starts[lengths.argmax()]])} on"
        share = f"{missing.sum()} of {len(column)} values ({missing.mean():.1%})"
        yield f"misses {share}, in {count(len(starts), 'gap')}, {longest}"
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
    starts, lengths = runs(same)
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
    return f"{count(len(places), 'time')} ({at})"


def _far_above_zero(values):
    """Whether all values but the zeros lie far above 0; counts do not."""
    lowest = np.unique(values[(values != 0) & ~np.isnan(values)])[:20]
    return len(lowest) > 2 and lowest[0] > max(5 * np.median(np.diff(lowest)), 0.05 * np.nanmedian(values))
