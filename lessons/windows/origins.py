"""Rolling origins: the time split, several times over."""

import numpy as np

from lessons.checks import whole_number


def rolling_origins(n, n_splits=5, test_size=None, gap=0, max_train_size=None):
    """Walk a forecast origin through time: train on everything before it, test on the stretch after it.

    The test parts are the last `n_splits` stretches of `test_size`, one after the other; the same folds as
    scikit-learn's `TimeSeriesSplit`.

    Parameters
    ----------
    n : int
        Number of windows (or of any other rows in order of time).
    n_splits : int
        Number of origins.
    test_size : int, optional
        Rows in each test part; `n // (n_splits + 1)` unless given.
    gap : int
        Rows left out between train and test: `horizon - 1` keeps windows' targets from overlapping.
    max_train_size : int, optional
        At most so many rows train, the latest ones; all of them unless given.

    Returns
    -------
    iterator of (train_index, test_index)
        Row numbers, two int arrays for each origin, the earliest origin first.

    Raises
    ------
    TypeError
        A size is not a whole number.
    ValueError
        A size is out of range, or nothing would be left to train on at the first origin.
    """
    n, n_splits, gap = whole_number(n, "n"), whole_number(n_splits, "n_splits"), whole_number(gap, "gap")
    if n_splits < 1:
        raise ValueError(f"n_splits must be at least 1, got {n_splits}")
    if gap < 0:
        raise ValueError(f"gap must be 0 or more, got {gap}")
    test_size = n // (n_splits + 1) if test_size is None else whole_number(test_size, "test_size")
    if test_size < 1:
        raise ValueError(f"test_size must be at least 1, got {test_size} ({n} rows, {n_splits} splits)")
    if max_train_size is not None and whole_number(max_train_size, "max_train_size") < 1:
        raise ValueError(f"max_train_size must be at least 1, got {max_train_size}")
    first = n - n_splits * test_size
    if first - gap < 1:
        raise ValueError(
            f"{n} rows are too few for {n_splits} test parts of {test_size} and a gap of {gap}: "
            f"{first - gap} rows would be left to train on at the first origin"
        )
    return _folds(n, first, test_size, gap, max_train_size)


def _folds(n, first, test_size, gap, max_train_size):
    rows = np.arange(n)
    for origin in range(first, n, test_size):
        end = origin - gap
        start = 0 if max_train_size is None else max(0, end - max_train_size)
        yield rows[start:end], rows[origin : origin + test_size]
