"""What the places of windows and targets in the series say about leaks."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lessons.windows.alignment import affine

LONGEST_AHEAD = 120  # a target may lie so many steps after its window, or three windows if that is more


@dataclass
class Target:
    """What one column of y is made of: slope * values[last + ahead] + intercept.

    `last` is the series index of the last input. `values` (n,) are a feature's values, its changes or its
    sums, at the time of the last step in each; `steps` says how many time steps each is made of; `scales`
    holds (slope, intercept) for the train and for the test part.
    """

    kind: str
    feature: int
    values: np.ndarray
    ahead: int
    steps: int
    scales: list

    def span(self, last):
        """First and last time step of each target."""
        return last + self.ahead - self.steps + 1, last + self.ahead


def check_arrays(train, test, base, sources, raw):
    """Name the leaks in two parts whose windows were found in the series.

    Parameters
    ----------
    train, test : Part
        The arrays.
    base : ndarray of shape (n, D)
        The series that the windows were found in.
    sources : list of Source or None
        What each feature of X is made of, and where the windows lie.
    raw : ndarray of shape (n, D)
        The series before any preparation: the inputs may be prepared and the targets not.

    Returns
    -------
    found : dict of str to str
        Evidence for each leak.
    unknown : list of str
        What could not be checked.
    border : int
        Series index of the first test target.
    """
    found, unknown = {}, []
    unknown += [
        f"feature {k} of X is not made from the series: it is not checked"
        for k, s in enumerate(sources)
        if not s
    ]
    main = next(k for k, source in enumerate(sources) if source is not None)
    known = [last >= 0 for last in sources[main].last]
    parts = [part.only(ok) for part, ok in zip((train, test), known, strict=True)]
    last = [at[ok] for at, ok in zip(sources[main].last, known, strict=True)]

    targets = []
    for j in range(train.y.shape[1]):
        in_bases = (_target(j, parts, last, values, sources[main], main) for values in (base, raw))
        targets.append(next((target for target in in_bases if target is not None), None))
    if None in targets:
        unknown.append(
            "could not tell what the targets are made of: no value, change or sum of the series near "
            "their windows, scaled or not; so overlapping targets and the scaling of y are not checked"
        )
        targets = [target for target in targets if target is not None]
    train_span, test_span = (_span(targets, at) for at in last)
    border = int(test_span[0].min())

    found |= _shuffled(train_span, test_span) | _overlap(train_span, test_span)
    for column, source in enumerate(sources):
        if source is not None and targets:
            shift = int(np.median((source.last[0] - sources[main].last[0])[known[0] & (source.last[0] >= 0)]))
            own_time = _own_time(parts, last, targets)
            found |= _inside(column, source, shift, targets) or _smoothed(
                column, source, shift, targets, own_time
            )
    limit = int(test_span[1].max()) if "shuffled split" in found else border
    return found | _scaled(parts, targets, sources, limit), unknown, border


def _target(j, parts, last, base, source, column):
    """Recognise column j of y; None where it is nothing known."""
    plain = [part.y[:, j].astype(float) for part in parts]
    readings = [plain]
    if source.filters[0] is None:  # each window has its own scale: undo it
        X = [part.X[:, :, column].astype(float) for part in parts]
        readings.append([_undo(*arrays, source.raw) for arrays in zip(X, plain, last, strict=True)])
    for y in readings:
        for kind, feature, values, ahead, steps in _candidates(base, source, parts[0].X.shape[1]):
            scales = [
                _scale(values, at + ahead, part, source.tolerance) for at, part in zip(last, y, strict=True)
            ]
            if None not in scales:
                return Target(kind, feature, values, ahead, steps, scales)
    return None


def _candidates(base, source, T):
    """Everything that a target might be, the plainest first."""
    series = [("value", feature, values) for feature, values in enumerate(base.T)]
    if source.filters[0] is not None and not source.filters[0].single:
        series.append(("prepared value", source.feature, source.filters[0].apply(source.raw)))
    far = min(max(3 * T, LONGEST_AHEAD), len(base) - 1)
    aheads = [*range(1, far + 1), *range(0, -T, -1)]
    for ahead in aheads:
        yield from ((*candidate, ahead, 1) for candidate in series)
    change = np.concatenate([[np.nan], np.diff(source.raw)])
    for ahead in aheads:
        yield "change", source.feature, change, ahead, 1
        if ahead > 1:
            long_change = _over(source.raw, ahead, lambda window: window[:, -1] - window[:, 0])
            yield "change", source.feature, long_change, ahead, ahead
            yield (
                "sum",
                source.feature,
                _over(source.raw, ahead, lambda window: window[:, 1:].sum(axis=1)),
                ahead,
                ahead,
            )


def _over(raw, steps, what):
    """A change or sum over the last `steps` time steps, at each time (n,); NaN before the first."""
    return np.concatenate([np.full(steps, np.nan), what(sliding_window_view(raw, steps + 1))])


def _scale(values, at, y, tolerance):
    """Slope and intercept that make y of values, where they do so exactly; else None."""
    if at.min() < 0 or at.max() >= len(values):
        return None
    values = values[at]
    known = np.isfinite(values) & np.isfinite(y)  # smoothing leaves its ends unknown
    if known.mean() < 0.9:
        return None
    values, y = values[known], y[known]
    few = slice(0, 50)  # enough to refuse most candidates
    return _exact(values[few], y[few], tolerance) and _exact(values, y, tolerance)


def _exact(values, y, tolerance):
    if len(y) < 4 or np.ptp(values) == 0:
        return (1.0, 0.0) if np.allclose(values, y, rtol=tolerance, atol=0) else None
    slope, intercept, error = affine(values, y)
    return (slope, intercept) if slope != 0 and error <= 20 * tolerance * np.std(y) else None


def _undo(X, y, last, raw):
    """Targets (N,) in the series' unit, where each window of X (N, T) was scaled on its own."""
    windows = raw[last[:, None] + np.arange(1 - X.shape[1], 1)]
    return windows.std(axis=1) / X.std(axis=1) * (y - X.mean(axis=1)) + windows.mean(axis=1)


def _span(targets, last):
    """First and last time step of each row's targets; the step after the window where they are not known."""
    if not targets:
        return last + 1, last + 1
    firsts, lasts = zip(*(target.span(last) for target in targets), strict=True)
    return np.min(firsts, axis=0), np.max(lasts, axis=0)


def _shuffled(train, test):
    border = test[0].min()
    late = (train[0] > border) & ~np.isin(train[0], test[0])
    if not late.any():
        return {}
    return {
        "shuffled split": f"{late.sum()} of {len(late)} train windows have targets later than the first "
        f"test target: that one lies at series index {border}, the last train target at {train[1].max()}"
    }


def _overlap(train, test):
    n = int(max(train[1].max(), test[1].max())) + 1
    changes = np.bincount(test[0].clip(0), minlength=n + 1) - np.bincount(test[1] + 1, minlength=n + 1)
    tested = np.append(0, np.cumsum(np.cumsum(changes)[:n] > 0))  # test time steps before each time
    shared = tested[train[1] + 1] > tested[train[0].clip(0)]
    if not shared.any():
        return {}
    i = int(np.argmax(shared))
    j = int(np.argmax((test[0] <= train[1][i]) & (test[1] >= train[0][i])))
    return {
        "overlapping targets": f"{shared.sum()} train windows have targets that share time steps with "
        f"test targets: series indices {_range(train[0][i], train[1][i])} in train and "
        f"{_range(test[0][j], test[1][j])} in test"
    }


def _inside(column, source, shift, targets):
    """A target at a time that its window already covers."""
    smooths = source.filters[0] is not None and source.filters[0].smooths
    for j, target in enumerate(targets):
        places = shift - target.ahead  # places from the end of the window
        same_values = source.feature == target.feature and not (smooths and target.kind == "value")
        if same_values and places >= 0:
            where = "its last value" if places == 0 else f"its value {places} before the last"
            evidence = f"each target (column {j} of y) stands in feature {column} of its own window: {where}"
            return {"target inside its own window": evidence}
    return {}


def _smoothed(column, source, shift, targets, own_time):
    """Inputs averaged with series values at or after the time of the target."""
    smoothing = source.filters[0]
    if smoothing is None or smoothing.single:
        return {}
    weights = ", ".join(f"{weight:.3g}" for weight in smoothing.weights[:7])
    weights += ", …" if len(smoothing.weights) > 7 else ""
    first = min(targets, key=lambda target: target.ahead)
    if first.kind != "prepared value":
        after = shift + smoothing.reach - first.ahead
        where = "at the time of" if after == 0 else f"{_steps(after)} after"
        end = f"is an average of {len(smoothing.weights)} series values, the latest {where} the first target"
    else:
        after = -1 if own_time is None else smoothing.reach - own_time - 1
        end = f"is an average that reaches {_steps(after + 1)} beyond its own time"
    if after < 0:
        return {}
    return {"smoothed with the future": f"each value of feature {column} of X {end} (weights {weights})"}


def _own_time(parts, last, targets):
    """Offset of the prepared values' own time from where they were found, or None.

    The arrays tell it when the windows fill the whole series in order: the first window then begins at 0.
    """
    T, horizon = parts[0].X.shape[1], max(target.ahead for target in targets)
    total = sum(part.total for part in parts)
    ordered = (np.diff(parts[0].row - last[0]) == 0).all()
    if total + T + horizon - 1 != len(targets[0].values) or not ordered:
        return None
    return int(parts[0].row[0] + T - 1 - last[0][0])


def _scaled(parts, targets, sources, limit):
    """Statistics of more than the train part, in a feature of X or a column of y."""
    for column, source in enumerate(sources):
        if source is None or source.filters[0] is None:
            continue
        X = [part.X[:, :, column].astype(float) for part in parts]
        for filter_ in source.filters:
            evidence = filter_.scales and _future_scale(
                filter_.apply(source.raw), *X, limit, 10 * source.tolerance
            )
            if evidence:
                return {"scaled with the future": f"feature {column} of X {evidence}"}
    tolerance = 10 * next(source for source in sources if source is not None).tolerance
    for j, target in enumerate(targets):
        y = [part.y[:, j].astype(float) for part in parts]
        for slope, intercept in target.scales:
            plain = np.isclose(slope, 1, rtol=tolerance) and abs(intercept) <= tolerance * np.nanstd(
                target.values
            )
            evidence = not plain and _future_scale(slope * target.values + intercept, *y, limit, tolerance)
            if evidence:
                return {"scaled with the future": f"column {j} of y {evidence}"}
    return {}


def _future_scale(prepared, train, test, limit, tolerance):
    """Evidence that a prepared feature (n,) was scaled with more than the train part, or None."""
    times = np.flatnonzero(np.isfinite(prepared))
    values = prepared[times]
    if len(values) < 3 or _statistic(train, tolerance):
        return None
    for name, hits in _prefix_statistics(values, tolerance):
        ends = times[hits] + 1  # the statistic is of all before these
        if ends.size and ends[0] <= limit:
            return None
        if ends.size:
            known = values[times < max(limit, times[0] + 1)]
            return (
                f"has {name} over series indices {times[0]} to {ends[0] - 1}, beyond the train part; the "
                f"part before the test targets has mean {known.mean():.3f}, standard deviation "
                f"{known.std():.3f}, minimum {known.min():.3f}, maximum {known.max():.3f}"
            )
    train, test = train[np.isfinite(train)], test[np.isfinite(test)]
    pools = {"all windows together": np.concatenate([train, test]), "the test windows": test}
    pools["the test part of the series"] = prepared[limit:]
    for where, pool in pools.items():
        if name := _statistic(pool, tolerance):
            return f"has {name} over {where}, but in the train part mean {train.mean():.3f}, " \
                   f"standard deviation {train.std():.3f}"  # fmt: skip
    return _nearly(prepared, limit)


def _nearly(prepared, limit):
    """As `_future_scale`, where smoothing leaves a few values at the ends unknown."""
    unknown, size = np.isnan(prepared).sum(), np.nanmax(np.abs(prepared))
    whole, known = prepared[np.isfinite(prepared)], prepared[:limit][np.isfinite(prepared[:limit])]
    if unknown == 0 or len(known) < 3:
        return None

    def off(values):
        """How far from mean 0 and variance 1, in units of what the unknown values could make up for."""
        slack = unknown * max(size, 1.0) ** 2 / len(values)
        return max(abs(values.mean()), abs(values.var() - 1)) / slack

    if off(whole) > 1 or off(known) < 3:
        return None
    return (
        f"has mean {whole.mean():.3f} and standard deviation {whole.std():.3f} over the whole series, as "
        f"far as it is known; before the test targets {known.mean():.3f} and {known.std():.3f}"
    )


def _statistic(values, tolerance):
    """Name what a set of values was scaled to, if it was."""
    values = values[np.isfinite(values)]
    if values.size < 3:
        return None
    return next((name for name, hits in _prefix_statistics(values, tolerance) if hits[-1]), None)


def _prefix_statistics(values, tolerance):
    """For each way of scaling: are the first 1, 2, ... n values scaled with their own statistics?"""
    count = np.arange(1, len(values) + 1)
    mean = np.cumsum(values) / count
    variance = np.cumsum(values**2) / count - mean**2
    low, high = np.minimum.accumulate(values), np.maximum.accumulate(values)
    enough = count > 2
    centred = enough & (np.abs(mean) <= tolerance)
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = (np.abs(variance - 1) <= 2 * tolerance) | (
            np.abs(variance * count / (count - 1) - 1) <= 2 * tolerance
        )
    yield "mean 0 and standard deviation 1", centred & unit
    at_top = enough & (np.abs(high - 1) <= tolerance)
    yield "minimum 0 and maximum 1", at_top & (np.abs(low) <= tolerance)
    yield "minimum -1 and maximum 1", at_top & (np.abs(low + 1) <= tolerance)
    whole = count == len(values)  # on the way a mean may well cross 0
    yield "mean 0", centred & whole & (np.abs(mean) <= min(tolerance, 1e-6))


def _range(first, last):
    return f"{first}" if first == last else f"{first} to {last}"


def _steps(count):
    return f"{count} time step{'' if count == 1 else 's'}"
