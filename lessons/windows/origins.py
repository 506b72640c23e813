"""Rolling origins: the time split, several times over."""

import numpy as np

from lessons.checks import whole_number


def rolling_origins(n, n_splits=5, gap=0):
    """Walk a forecast origin through time: train on everything before it, test on the stretch after it.

    The test parts are the last `n_splits` stretches of `n // (n_splits + 1)` rows, one after the other; the
    same folds as scikit-learn's `TimeSeriesSplit`.

    Parameters
    ----------
    n : int
        Number of windows (or of any other rows in order of time).
    n_splits : int
        Number of origins.
    gap : int
        Rows left out between train and test: `horizon - 1` keeps windows' targets from overlapping.

    Returns
    -------
    list of (train_index, test_index)
        Row numbers, two int arrays for each origin, the earliest origin first.

    Raises
    ------
    TypeError
        A size is not a whole number.
    ValueError
        A size is out of range, or nothing would be left to train on at the first origin.
    """
    rows, n_splits = np.arange(whole_number(n, "n")), whole_number(n_splits, "n_splits", least=1)
    test_size, gap = n // (n_splits + 1), whole_number(gap, "gap", least=0)
    first = n - n_splits * test_size
    if test_size < 1 or first - gap < 1:
        raise ValueError(
            f"{n} rows are too few for {n_splits} test parts, a gap of {gap} and rows to train on"
        )
    return [(rows[: k - gap], rows[k : k + test_size]) for k in range(first, n, test_size)]
