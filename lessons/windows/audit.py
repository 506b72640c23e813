"""The leak audit: change the series, and see what of the windows moves.

One value changed by a little tells where each window and each target lies; all values of the future changed
by a lot tell what the past knows of them. How the arrays were made does not matter.
"""

import time
from dataclasses import dataclass

import numpy as np

from lessons.checks import as_series
from lessons.tables import Table, Tabular

CURES = {
    "shuffled split": "Split by time: everything before one moment trains, everything after it tests.",
    "overlapping targets": "Leave out the train windows whose target reaches into the time of the test "
    "targets: split_by_time(target_index, at, horizon) does.",
    "fitted on the future": "Whatever is measured (mean and spread, minimum and maximum, a PCA, an encoding) "
    "is measured on the train part only: Standardizer().fit(series[:at]).",
    "smoothed with the future": "Smooth, fill gaps and resample with past values only (a trailing mean, the "
    "last value carried forward).",
    "target inside its own window": "End each window one step before its target: make_windows does.",
}
BLOCK = 24  # consecutive steps in each of the stretches that a slow pipeline is tried on


@dataclass(frozen=True)
class Leak:
    """One way in which the arrays know the future: its name, the evidence in numbers, and what to do."""

    name: str
    evidence: str
    cure: str


class Audit(Tabular):
    """What an audit found; shows itself as a table.

    Attributes
    ----------
    leaks : tuple of Leak
        The leaks, each with evidence and cure.
    tried : str
        How much was tried.
    """

    def __init__(self, leaks, tried):
        self.leaks, self.tried = tuple(leaks), tried

    @property
    def names(self):
        """Names of the leaks found."""
        return [leak.name for leak in self.leaks]

    @property
    def table(self):
        """The leaks as a table, what was tried as its caption."""
        rows = [(leak.name, leak.evidence, leak.cure) for leak in self.leaks]
        heads = ("leak", "evidence", "instead") if rows else ()
        return Table(heads, rows or [("no leak found",)], f"Leak audit: {self.tried}")


def audit(series, pipeline, seconds=20):
    """Look for leaks in a pipeline, whatever it does: change the series, and see what of its arrays moves.

    It finds windows split at random, targets that share time steps across the split, anything fitted on more
    than the train part (a scaler, a PCA, an encoding), anything made with later values (smoothing, filled
    gaps, decompositions, resampling), and windows that hold their own target. Test windows whose *inputs* lie
    in the train part are no leak.

    Parameters
    ----------
    series : array_like of shape (n,) or (n, D), or a pandas Series or DataFrame
        The raw series in its unit, in order of time, as it was before any preparation. NaN is a gap.
    pipeline : callable
        ``pipeline(series)`` returns X_train, y_train, X_test, y_test: windows of shape (N, T) or (N, T, D)
        and targets of shape (N,) or (N, horizon). The same series must give the same arrays: random numbers
        need a seed (NumPy's global one is set before each run). It runs once for each step of the series.
    seconds : float
        About how long to try. If that is too short for all steps, some stretches of them are tried.

    Returns
    -------
    Audit
        The leaks found, each with name, evidence and cure, and how much was tried.

    Raises
    ------
    TypeError
        `pipeline` is no function, or the series or an array does not hold numbers.
    ValueError
        The arrays' shapes do not belong together, the same series gave different ones, or they hardly depend
        on the series.
    """
    if not callable(pipeline):
        raise TypeError(f"pipeline must be a function of the series, got {pipeline!r}")
    trials = _Trials(series, pipeline)
    n, steps = len(trials.values), _steps(trials, seconds)
    for t in np.intersect1d(steps, trials.finite):
        trials.change(t)
    begin, end, own_last, known = _places(trials, steps)
    train, test, found = known & ~trials.tests, known & trials.tests, {}
    if not (train.any() and test.any()):
        raise ValueError(
            "pipeline's targets hardly move when one value of the series is changed, so nothing can be told "
            f"({trials.missed} of {len(steps)} changes gave another number of rows)"
        )
    border = begin[test].min()

    late = train & (begin > border) & ~np.isin(begin, begin[test])
    if late.any():
        found["shuffled split"] = (
            f"{late.sum()} of {_count(train, 'train target')} come after the first test target, which is at "
            f"index {border}"
        )
    is_tested = np.zeros(n + 1, dtype=bool)
    for b, e in zip(begin[test], end[test], strict=True):
        is_tested[b : e + 1] = True
    tested_before = np.append(0, np.cumsum(is_tested))
    shared = train & (tested_before[end + 1] > tested_before[begin])
    if shared.any():
        found["overlapping targets"] = (
            f"{_count(shared, 'train target')} share time steps with test targets, the first of which is at "
            f"index {border}"
        )
    ahead, filled = known & (trials.last_X >= begin), known & (own_last > end)
    if ahead.any() and np.median((trials.last_X - begin)[ahead]) > 0.1 * n:
        ahead[:] = False  # not smoothed but fitted, as it may be on the train part
    if 2 * (ahead & trials.plain).sum() > known.sum():
        found["target inside its own window"] = (
            f"in {(ahead & trials.plain).sum()} of {_count(known, 'window')} an input moves with the target"
        )
    elif (ahead | filled).any():
        reach = np.maximum(trials.last_X - begin + 1, own_last - end)[ahead | filled].max()
        rows = [_count(mask, noun) for mask, noun in ((ahead, "window"), (filled, "target")) if mask.any()]
        found["smoothed with the future"] = (
            f"{' and '.join(rows)} move with values of the series that lie up to {reach} "
            f"time step{'s' * int(reach > 1)} too late"
        )
    k = trials.finite[-1] if late.any() else border
    if evidence := _fitted(trials, known, ahead | filled, own_last, k):
        found["fitted on the future"] = evidence
    tried = f"{'all' if len(steps) == n else f'slow pipeline: {len(steps)} of'} {n} steps changed, one by one"
    tried += f"; {trials.missed} times the number of rows changed too" * bool(trials.missed)
    return Audit([Leak(name, found[name], CURES[name]) for name in CURES if name in found], tried)


def _steps(trials, seconds):
    """Steps of the series to change: all of them, or stretches that there is time for."""
    n, runs = len(trials.values), int(seconds / trials.seconds)
    if n <= max(runs, 3 * BLOCK):
        return np.arange(n)
    low, high = 0, n
    while high - low > 1:  # where the test targets begin, if the split is by time
        t = (low + high) // 2
        rows, change = trials.little(t)[1]
        test_moves = len(rows) and trials.tests[rows[np.abs(change).max(axis=1).argmax()]]
        low, high = (low, t) if test_moves else (t, high)
    starts = np.linspace(0, n - BLOCK, max(3, runs // BLOCK)).astype(int)
    starts = np.append(starts, np.clip([high - BLOCK, high], 0, n - BLOCK))
    return np.unique(starts[:, None] + np.arange(BLOCK))


def _places(trials, steps):
    """For each row: where its target begins and ends, the last step that moves it, whether that is known."""
    first, last, tests = trials.first_y, trials.last_y, trials.tests  # (N, horizon)
    known = (last >= 0).all(axis=1)
    known &= np.isin(last.max(axis=1) + 1, np.append(steps, len(trials.values)))  # not cut off by a stretch
    reach = np.zeros(len(last), dtype=int)
    for h in range(last.shape[1] if known.any() else 0):
        later, at_the_end = _later(first[known, h], last[known, h], trials.finite)
        reach[known] = np.maximum(reach[known], later)
        reach = np.maximum(reach, at_the_end)
    own, end = last.min(axis=1) - reach, last.max(axis=1) - reach
    span = np.median(np.append(0, (own - trials.last_X - 1)[known]))  # of sums, or a pause after the window
    begin = np.maximum(first.min(axis=1), own - max(0, int(span)))
    if known.any() and last.shape[1] > 1:
        between = np.diff(last, axis=1)
        alike = (between == np.median(between[known])).all(axis=1)
        if alike[known].mean() > 0.7:
            known &= alike  # the others hold values filled with older or later ones
    for time_of in own, end:
        latest = -1
        for rows in np.flatnonzero(known & ~tests), np.flatnonzero(known & tests):
            genuine = _genuine(time_of[rows], latest)
            if genuine.sum() > 0.7 * len(rows):  # the others were filled with older or later values
                known[rows] = genuine
            latest = time_of[rows].max(initial=-1)
    return begin, end, last.max(axis=1), known


def _later(first, last, finite):
    """How many steps after its own time each target still moves, by itself and if all do.

    Targets of different times which the same step is the last to move: in the middle of the series they were
    filled across a gap; at its end all targets reach as far ahead, and there is nothing more to reach.
    """
    places, row = np.unique(np.column_stack([first, last]), axis=0, return_inverse=True)
    in_order = places[:, 1] >= np.maximum.accumulate(places[:, 1])
    times, later = places[in_order, 1], np.zeros(len(places), dtype=int)
    same = np.searchsorted(times, times, side="right") - 1 - np.arange(len(times))
    gaps = np.diff(times)
    later[in_order] = same * min(gaps[gaps > 0], default=1)
    at_the_end = later[in_order].max(where=times == times[-1], initial=0)
    whole = np.searchsorted(finite, places[:, 1]) - np.searchsorted(finite, places[:, 0])
    later[whole == places[:, 1] - places[:, 0]] = 0  # no gap there
    return later[row.ravel()], at_the_end


def _genuine(times, latest):
    """Which targets of one part happen at their own time: later than all those before them."""
    genuine, kept, jumped = np.zeros(len(times), dtype=bool), None, False
    for i, t in enumerate(times):
        if t > latest:
            genuine[i], jumped, kept, latest = True, kept is not None and t > latest + 1, i, t
        elif t == latest and jumped:  # those before it were filled with this later value
            genuine[[kept, i]], kept = (False, True), i
    return genuine


def _fitted(trials, known, ahead, own_last, border):
    """Evidence that rows move which end before some step, when everything from there on is changed."""
    last = own_last + (len(trials.values) // 10 if ahead.any() else 0)  # smoothing reaches not so far
    smoothed = 2 * ahead.sum() > known.sum()
    for k in sorted({border, (border + trials.finite[-1]) // 2, trials.finite[-1]}):
        values = trials.values.copy()
        values[k:] = values[k:] * 1.7 + 9 * trials.spread
        for (rows, change), before in zip(trials.moves(values), trials.before, strict=True):
            early = (known & (last < k))[rows]
            rows, change = rows[early], change[early]
            was = before[rows][..., 0]
            alike = np.corrcoef(was.ravel(), (was + change[..., 0]).ravel())[0, 1] if was.size > 2 else 0
            if len(rows) and (not smoothed or alike > 1 - 1e-6):  # all stretched alike, far from the change
                return (
                    f"changing the series from index {k} on moves {len(rows)} of "
                    + _count(known & (last < k), "row")
                    + " before it"
                )
    return ""


def _count(mask, noun):
    return f"{mask.sum()} {noun}{'s' * int(mask.sum() != 1)}"


class _Trials:
    """Runs of a pipeline on changed series, and what they tell of each row of X and y, train rows first."""

    def __init__(self, series, pipeline):
        self.frame = series.astype(float) if hasattr(series, "iloc") else None  # of pandas
        self.values, self.shape, self.pipeline = as_series(series).astype(float), np.shape(series), pipeline
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
            if 2 * part[rows].sum() > part.sum():  # nearly all move: take off what only scales them anew
                change[part[rows]] -= _stretch(self.before[k][rows[part[rows]]], change[part[rows]])
        size = np.abs(change)
        strong = (size > self.noise[k]) & (size >= 0.1 * size.max(axis=0, initial=0))
        for part in self.tests, ~self.tests:
            strong &= strong[part[rows]].sum(axis=0) <= 0.5 * part.sum()
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
