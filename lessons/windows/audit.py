"""The leak audit: change the series, and see what of the windows moves.

One value changed by a little tells where each window and each target lies; all values of the future changed
by a lot tell what the past knows of them. How the arrays were made does not matter.
"""

from dataclasses import dataclass

import numpy as np

from lessons.tables import Table, Tabular
from lessons.windows.trials import Trials

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
    trials = Trials(series, pipeline)
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
        ahead[:] = False  # not smoothed but fitted
    if not (ahead & test).any():  # fitted on the train part, as it may be, unless a gap was filled
        there = np.searchsorted(trials.finite, [begin - 1, trials.last_X + 1])
        ahead &= there[1] - there[0] < trials.last_X - begin + 2
    if 2 * (ahead & trials.plain).sum() > known.sum():
        found["target inside its own window"] = (
            f"in {(ahead & trials.plain).sum()} of {_count(known, 'window')} an input moves with the target"
        )
    elif (ahead | filled).any():
        reach = np.maximum(trials.last_X - begin + 1, own_last - end)[ahead | filled].max()
        rows = [_count(mask, noun) for mask, noun in ((ahead, "window"), (filled, "target")) if mask.any()]
        found["smoothed with the future"] = (
            f"{' and '.join(rows)} with values of the series from up to {reach} "
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
            jumped = kept is not None and t - latest > i - kept
            genuine[i], kept, latest = True, i, t
        elif t == latest and jumped:  # those before it were filled with this later value
            genuine[[kept, i]], kept = (False, True), i
    return genuine


def _fitted(trials, known, ahead, own_last, border):
    """Evidence that rows move which end before some step, when everything from there on is changed."""
    last = own_last + (len(trials.values) // 10 if ahead.any() else 0)  # smoothing reaches not so far
    smoothed = 2 * ahead.sum() > known.sum()
    for k in sorted({border, (border + trials.finite[-1]) // 2, trials.finite[-1]}):
        values = trials.values.copy()
        values[k::2] = values[k::2] * 1.7 + 9 * trials.spread  # beyond all, and back among the lowest
        values[k + 1 :: 2] = np.nanmin(trials.values, axis=0)
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
