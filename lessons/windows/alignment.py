"""Where a learner's windows and targets lie in the series, found from the numbers alone.

The arrays may have been scaled, smoothed, differenced and shuffled. Whatever was done, every input is taken
to be `bias + sum_k weight_k * series[time + k]` with a few offsets k: one offset when the series was only
scaled. That is either so to the last digits, and then says exactly what was done, or it is not, and then
nothing is claimed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

NOWHERE, SEVERAL = -1, -2  # places of rows that have none, or more than one
MAX_ROWS = 4000  # windows looked at in each part
WIDTHS = (0, 1, 2, 3, 5, 8, 12, 20)  # offsets tried on either side
LONGEST_RUN = 150  # consecutive prepared values to find the offsets from
LOOKED_AT = 5000  # series values among which a smoothed run is looked for


@dataclass
class Part:
    """The train or the test arrays: X (N, T, D), y (N, horizon), and each row's number."""

    X: np.ndarray
    y: np.ndarray
    row: np.ndarray
    total: int

    @classmethod
    def read(cls, X, y, name):
        X, y = np.asarray(X), np.asarray(y)
        for array, what in ((X, f"X_{name}"), (y, f"y_{name}")):
            if array.dtype.kind not in "fiub":
                raise TypeError(f"{what} must hold real numbers, got values of type {array.dtype}")
        if X.ndim not in (2, 3) or X.size == 0:
            raise ValueError(f"X_{name} must have shape (N, T) or (N, T, D) and not be empty, got {X.shape}")
        if y.ndim not in (1, 2) or len(y) != len(X) or y.size == 0:
            raise ValueError(
                f"y_{name} must have shape ({len(X)},) or ({len(X)}, horizon) like X_{name}, got {y.shape}"
            )
        row = np.arange(len(X))
        row = row if len(X) <= MAX_ROWS else np.r_[row[: MAX_ROWS // 2], row[-MAX_ROWS // 2 :]]
        X, y = (array if array.dtype.kind == "f" else array.astype(float) for array in (X[row], y[row]))
        return cls(X.reshape(*X.shape[:2], -1), y.reshape(len(y), -1), row, int(row[-1]) + 1)

    def only(self, rows):
        """The part with some of its rows."""
        return Part(self.X[rows], self.y[rows], self.row[rows], self.total)


@dataclass
class Filter:
    """A way to prepare a series: prepared[t] = bias + sum_k weights[k] * raw[t + offsets[k]]."""

    offsets: np.ndarray
    weights: np.ndarray
    bias: float

    @property
    def reach(self):
        """The latest offset: prepared[t] looks at nothing after raw[t + reach]."""
        return int(self.offsets[-1])

    @property
    def single(self):
        """Whether each prepared value comes from one raw value: scaled at most."""
        return len(self.offsets) == 1

    @property
    def smooths(self):
        """Whether prepared values are averages: the weights have a sum, not so for differences."""
        return not self.single and abs(self.weights.sum()) > 0.1 * np.abs(self.weights).max()

    @property
    def scales(self):
        """Whether the prepared series has another unit than the raw one, its averages or its differences."""
        plain = np.isclose([self.weights.sum(), np.abs(self.weights).max()], 1, rtol=1e-4).any()
        return not (plain and abs(self.bias) < 1e-6)

    def apply(self, raw):
        """Prepare a raw series (n,); NaN where it would need values beyond its ends."""
        prepared = np.full(len(raw), np.nan)
        times = np.arange(max(0, -self.offsets[0]), len(raw) - max(0, self.reach))
        prepared[times] = self.bias + sum(
            w * raw[times + k] for k, w in zip(self.offsets, self.weights, strict=True)
        )
        return prepared


@dataclass
class Source:
    """What one feature of X is made of: `raw` (n,), by one filter for each part.

    `raw` is column `feature` of the series. `last` holds the series index of the last value of each train and
    each test window, negative where it was not found. The filters are None where each window has a shift and
    scale of its own.
    """

    feature: int
    raw: np.ndarray
    filters: tuple
    last: tuple
    tolerance: float


def find_sources(train, test, base):
    """Find out what each feature of X is made of; None for those that are not made of the series (n, D)."""
    single = any(np.finfo(array.dtype).bits < 64 for array in (train.X, test.X, train.y, base))
    tolerance, base = 2e-5 if single else 1e-7, base.astype(float)
    sources, numbers = [], (train.row, test.row)
    for column in range(train.X.shape[2]):
        rows = [np.ascontiguousarray(part.X[:, :, column], dtype=float) for part in (train, test)]
        features = sorted(range(base.shape[1]), key=lambda feature: feature != column)  # its own place first
        found = (_source(rows, numbers, feature, base[:, feature], tolerance) for feature in features)
        sources.append(next((source for source in found if source is not None), None))
    return sources


def _source(rows, numbers, feature, raw, tolerance):
    """Find the rows in a raw series: both parts prepared alike, or each, or each row in its own way."""
    train, test = rows
    same = filter_for(np.concatenate(rows), len(train), raw, tolerance)
    for attempt in "alike", "apart", "row by row":
        filters = {"alike": (same, same), "row by row": (None, None)}.get(attempt)
        filters = filters or (same, filter_for(test, len(test), raw, tolerance))
        last = [_positions(*part, raw, tolerance) for part in zip(rows, numbers, filters, strict=True)]
        if all((part >= 0).mean() >= 0.9 for part in last):
            return Source(feature, raw, filters, tuple(last), tolerance)
    return None


def filter_for(rows, count, raw, tolerance):
    """Find the filter that makes windows (N, T), the first `count` above all, out of a raw series (n,)."""
    return find_filter(longest_run(rows, min(count, MAX_ROWS // 2) // 2), raw, tolerance)


def _positions(rows, numbers, filter_, raw, tolerance):
    """Series index of each row's last value; rows with several places are told apart by their order."""
    if filter_ is None:
        last = locate(rows, raw, tolerance, own_scale=True)
    else:
        last = locate(rows, filter_.apply(raw), tolerance)
    starts = (last - numbers)[last >= 0]
    if len(starts) > 1 and np.ptp(starts) == 0:  # the rows are in order of time
        last = np.where(last == SEVERAL, numbers + starts[0], last)
    return last


def find_filter(run, raw, tolerance):
    """Find the filter that makes a run of consecutive prepared values (M,) out of a raw series (n,).

    The narrowest that fits exactly, at the one place where it does; None where there is no such filter or
    place.
    """
    spread = run.std()
    if not np.isfinite(run).all() or spread <= 1e-12 * max(1.0, np.abs(run).max()):
        return None
    for width in WIDTHS:
        unknowns, M = 2 * width + 2, min(len(run), 6 * width + 30)
        if unknowns + 2 > M or len(raw) < M + 2 * width:
            break
        near = raw if width == 0 else raw[:LOOKED_AT]
        middle = run[(len(run) - M) // 2 :][:M]  # smoothing is different at the ends
        fits = np.flatnonzero(_errors(middle, near, width) <= tolerance * spread)
        if len(fits) and fits[-1] - fits[0] <= 2 * width:  # a few neighbours: one narrow filter
            return _solve(middle, raw, width, fits[0], tolerance)
        if len(fits):
            return None  # the series repeats itself
    return None


def locate(rows, series, tolerance, own_scale=False):
    """Find the rows (N, T) among the windows of a series (n,).

    Returns the series index of each row's last value, NOWHERE or SEVERAL where it has no place or several.
    With `own_scale` the rows may each have been shifted and scaled on their own.
    """
    N, T = rows.shape
    last = np.full(N, NOWHERE)
    if len(series) < T:
        return last
    weights = np.random.default_rng(0).normal(size=T)  # one number a window, to sort them by
    rows = _standardised(rows) if own_scale else rows
    marks, row_marks = _marks(series, weights, own_scale), rows @ weights
    scale = 1.0 if own_scale else np.nanstd(series)
    order = np.argsort(marks)  # NaN last
    slack = 10 * tolerance * np.sqrt(T) * scale
    low = np.searchsorted(marks[order], row_marks - slack)
    high = np.searchsorted(marks[order], row_marks + slack, side="right")
    windows = sliding_window_view(series, T)
    hits = np.zeros(N, dtype=int)
    for k in range(int(min((high - low).max(initial=0), 50))):
        some = np.flatnonzero((low + k < high) & (hits < 2))
        places = order[low[some] + k]
        found = _standardised(windows[places]) if own_scale else windows[places]
        same = np.abs(found - rows[some]).max(axis=1) <= 20 * tolerance * scale
        last[some[same]] = places[same] + T - 1
        hits[some[same]] += 1
    return np.where(hits > 1, SEVERAL, last)


def longest_run(rows, start=0):
    """Consecutive prepared values around row `start`, put together from windows (N, T)."""
    if rows.shape[1] == 1:
        return rows[:, 0]  # nothing tells what follows but the order
    heads = {row[:-1].tobytes(): i for i, row in enumerate(rows)}
    tails = {row[1:].tobytes(): i for i, row in enumerate(rows)}

    def after(i):
        if i + 1 < len(rows) and (rows[i + 1, :-1] == rows[i, 1:]).all():
            return i + 1  # in order, as a rule; a short window may have several that could follow
        return heads.get(rows[i, 1:].tobytes())

    def before(i):
        if i > 0 and (rows[i - 1, 1:] == rows[i, :-1]).all():
            return i - 1
        return tails.get(rows[i, :-1].tobytes())

    earlier, later = [], []
    for follow, found, place in (before, earlier, 0), (after, later, -1):
        i = follow(start)
        while i is not None and len(found) < LONGEST_RUN:
            found.append(rows[i, place])
            i = follow(i)
    return np.concatenate([earlier[::-1], rows[start], later])


def affine(a, b):
    """Slope, intercept and largest error of the least squares line b ≈ slope a + intercept."""
    da, db = a - a.mean(), b - b.mean()
    slope = (da @ db) / (da @ da) if da.any() else 0.0
    return slope, b.mean() - slope * a.mean(), np.abs(db - slope * da).max()


def _errors(run, raw, width):
    """Root mean square error of the best filter of this width at every place of the raw series."""
    errors = []
    places = sliding_window_view(raw, len(run) + 2 * width)  # (places, M + 2 width)
    for start in range(0, len(places), 500):  # in pieces, to keep memory small
        A = sliding_window_view(places[start : start + 500], len(run), axis=1).transpose(0, 2, 1)
        A, b = A - A.mean(axis=1, keepdims=True), run - run.mean()  # (places, M, 2 width + 1)
        usable = np.isfinite(A).all(axis=(1, 2))
        A = np.where(usable[:, None, None], A, 1.0)
        if width == 0:
            size = np.linalg.norm(A, axis=1)
            Q = A / np.where(size > 0, size, 1)[:, None]
        else:
            Q, R = np.linalg.qr(A)
            size = np.abs(np.diagonal(R, axis1=1, axis2=2))
        usable &= size.min(axis=1) > 1e-7 * np.abs(places[start : start + 500]).max(axis=1, initial=1e-300)
        rest = b - (Q @ (Q.transpose(0, 2, 1) @ b[:, None]))[..., 0]
        errors.append(np.where(usable, np.sqrt((rest**2).mean(axis=1)), np.inf))
    return np.concatenate(errors)


def _solve(run, raw, width, place, tolerance):
    A = sliding_window_view(raw[place : place + len(run) + 2 * width], len(run)).T
    weights = np.linalg.lstsq(np.column_stack([A, np.ones(len(run))]), run, rcond=None)[0]
    weights, bias = weights[:-1], weights[-1]
    used = np.abs(weights) > max(1e-6, 10 * tolerance) * np.abs(weights).max()
    return Filter(np.arange(-width, width + 1)[used], weights[used], bias)


def _marks(series, weights, own_scale):
    """One number for each window of a series: its product with the weights."""
    T, m = len(weights), len(series) - len(weights) + 1
    marks = sum(w * series[k : k + m] for k, w in enumerate(weights))
    if own_scale:
        mean = sum(series[k : k + m] for k in range(T)) / T
        spread = np.sqrt(sum((series[k : k + m] - mean) ** 2 for k in range(T)) / T)
        with np.errstate(invalid="ignore", divide="ignore"):
            marks = (marks - mean * weights.sum()) / spread
    return marks


def _standardised(rows):
    with np.errstate(invalid="ignore", divide="ignore"):
        return (rows - rows.mean(axis=1, keepdims=True)) / rows.std(axis=1, keepdims=True)
