"""A pipeline run on changed series: which rows of its arrays move, and with which step of the series."""

import time

import numpy as np

from lessons.checks import as_series, refuse_infinite


class Trials:
    """Runs of a pipeline on changed series, and what they tell of each row of X and y, train rows first."""

    def __init__(self, series, pipeline):
        self.frame = series.astype(float) if hasattr(series, "iloc") else None  # of pandas
        self.values, self.shape, self.pipeline = as_series(series).astype(float), np.shape(series), pipeline
        refuse_infinite(self.values, "series")
        if np.isnan(self.values).all(axis=0).any():
            raise ValueError("series has a feature without any value")
        spread = np.nanstd(self.values, axis=0)
        self.spread = np.where(spread > 0, spread, 1.0)
        self.finite = np.flatnonzero(np.isfinite(self.values).any(axis=1))
        start = time.perf_counter()
        self.before, n_train = self.run(self.values)
        again, _ = self.run(self.values)
        self.seconds = (time.perf_counter() - start) / 2
        if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(self.before, again, strict=True)):
            raise ValueError(
                "pipeline must give the same arrays for the same series, or nothing can be told; "
                "seed its random numbers inside the function: rng = np.random.default_rng(0)"
            )
        N, horizon = self.before[1].shape
        self.tests = np.arange(N) >= n_train
        self.noise = [
            (1e-9 if a.dtype.itemsize == 8 else 1e-6) * np.nanmax(np.abs(a), initial=0.0) for a in self.before
        ]
        self.last_X, self.plain, self.missed = np.full(N, -1), np.zeros(N, bool), 0
        self.first_y, self.last_y = np.full((2, N, horizon), -1)

    def run(self, values):
        """Return X (N, T, D) and y (N, horizon), train rows first, as floats, and how many rows train."""
        series = values.reshape(self.shape).copy()
        if self.frame is not None:
            self.frame.iloc[:] = series
            series = self.frame.copy()
        state = np.random.get_state()
        np.random.seed(0)
        try:
            arrays = self.pipeline(series)
        finally:
            np.random.set_state(state)
        if not isinstance(arrays, tuple | list) or len(arrays) != 4:
            raise ValueError("pipeline must return the four arrays X_train, y_train, X_test, y_test")
        parts = [_checked(*arrays[k : k + 2], part) for k, part in ((0, "train"), (2, "test"))]
        for one, other, name in zip(*parts, "Xy", strict=True):
            if one.shape[1:] != other.shape[1:]:
                raise ValueError(
                    f"{name}_train and {name}_test from pipeline must have rows of one shape, "
                    f"got {one.shape} and {other.shape}"
                )
        return [np.concatenate(pair) for pair in zip(*parts, strict=True)], len(parts[0][0])

    def moves(self, values):
        """For X and for y: the rows that move, and by how much; none where the number of rows changes."""
        after, _ = self.run(values)
        same = all(a.shape == b.shape for a, b in zip(after, self.before, strict=True))
        self.missed += not same
        for a, b, noise in zip(after if same else self.before, self.before, self.noise, strict=True):
            inner = tuple(range(1, a.ndim))
            rows = np.flatnonzero((a != b).any(axis=inner))
            change = np.nan_to_num(a[rows] - b[rows])
            change[np.abs(change) <= noise] = 0.0
            moved = change.any(axis=inner)
            yield rows[moved], change[moved]

    def little(self, t):
        """What moves when the series is changed at step t by a little."""
        values = self.values.copy()
        values[t] += 0.03 * self.spread * (1 + 0.3 * np.cos(np.arange(len(self.spread))))
        return list(self.moves(values))

    def change(self, t):
        """Note the rows that move with step t, if few others do."""
        (rows, change), (rows_y, change_y) = self.little(t)
        strong = self.strong(0, rows, change)  # (rows, T, D)
        change = np.where(strong, change, 0.0)
        count, total = strong.sum(axis=0), np.abs(change.sum(axis=0))
        alone = (count == 1) | ((count == 2) & (total < 0.3 * np.abs(change).max(axis=0, initial=0)))
        moved = strong.any(axis=(1, 2))
        self.last_X[rows[moved]] = t
        self.plain[rows[moved]] = (strong & alone).any(axis=(1, 2))[moved]
        row, h = np.nonzero(self.strong(1, rows_y, change_y))
        row = rows_y[row]
        self.first_y[row, h] = np.where(self.first_y[row, h] < 0, t, self.first_y[row, h])
        self.last_y[row, h] = t

    def strong(self, k, rows, change):
        """Which values of X (k = 0) or y (k = 1) move so that the step of the series tells their place."""
        change = change.copy()
        for part in self.tests, ~self.tests:
            if part[rows].sum() > max(5, part.sum() // 2):  # take off what scales nearly all anew
                change[part[rows]] -= _stretch(self.before[k][rows[part[rows]]], change[part[rows]])
        size = np.abs(change)
        strong = (size > self.noise[k]) & (size >= 0.1 * size.max(axis=0, initial=0))
        for part in self.tests, ~self.tests:
            strong &= strong[part[rows]].sum(axis=0) <= max(2, part.sum() // 2)
        return strong


def _stretch(values, change):
    """The change (N, ...) as far as it is one line in the values of each column, whatever a few rows do.

    Tukey's resistant line, and then least squares on the half of the rows that are nearest to it.
    """
    values = np.nan_to_num(values)
    third, order = len(values) // 3, np.argsort(values, axis=0)
    low, high = (
        [np.median(np.take_along_axis(a, rows, axis=0), axis=0) for a in (values, change)]
        for rows in (order[:third], order[len(order) - third :])
    )
    slope = (high[1] - low[1]) / np.maximum(high[0] - low[0], 1e-300)
    rest = change - slope * values
    rest = np.abs(rest - np.median(rest, axis=0))
    near = rest <= np.median(rest, axis=0)
    x, y = (a - np.mean(a, axis=0, where=near) for a in (values, change))
    slope = (x * y).sum(axis=0, where=near) / np.maximum((x * x).sum(axis=0, where=near), 1e-300)
    return change - (y - slope * x)


def _checked(X, y, part):
    """Return X as (N, T, D) and y as (N, horizon), both of floats."""
    X, y = np.asarray(X), np.asarray(y)
    for a, name in (X, f"X_{part}"), (y, f"y_{part}"):
        if a.dtype.kind not in "fiub":
            raise TypeError(f"{name} from pipeline must hold real numbers, got values of type {a.dtype}")
    if X.ndim not in (2, 3) or y.ndim not in (1, 2) or X.size * y.size == 0 or len(X) != len(y):
        raise ValueError(
            f"X_{part} and y_{part} from pipeline must have shapes (N, T) or (N, T, D), and (N,) or "
            f"(N, horizon), and not be empty, got {X.shape} and {y.shape}"
        )
    X, y = (a if a.dtype.kind == "f" else a.astype(float) for a in (X, y))
    return X.reshape(*X.shape[:2], -1), y.reshape(len(y), -1)
