"""What is measured when: a file read, its columns together, the gaps in them."""

import warnings

import numpy as np

from lessons.checks import as_series, whole_number
from lessons.series import from_csv

LATE = 0.05  # of the series, until a feature is first measured together with those before it


def read(path, columns, time, season_length, **options):
    """Read columns of a CSV that are measured together, say what was noticed, refuse what is too short.

    Parameters
    ----------
    path, columns, time
        As for `lessons.series.from_csv`; `time` may be None where there are no times, only an order. The
        first column is the target; others that begin much later are left out.
    season_length : int
        Time steps in a season; 1 where there is none.
    **options
        For `from_csv`, where it asks for them: ``decimal=","``.

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
    whole_number(season_length, "season_length", 1)
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        t, y = from_csv(path, columns, time=time, **options)
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


def together(y):
    """Find where all features have been measured for once, and leave out those that begin much later.

    Parameters
    ----------
    y : array_like of shape (n,) or (n, D)
        Values in any unit, NaN where missing; feature 0 is the target and always stays.

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
        if now.any() and now.argmax() - first <= LATE * len(measured):
            kept, both, begin = [*kept, k], now, int(now.argmax())
    return begin, kept


def runs(flags):
    """Find the runs of true values.

    Parameters
    ----------
    flags : ndarray of bool, shape (n,)

    Returns
    -------
    starts, lengths : ndarray of int
        Where each run begins, and how many steps it lasts.
    """
    edges = np.diff(np.concatenate([[False], np.asarray(flags, bool), [False]]).astype(int))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return starts, ends - starts
