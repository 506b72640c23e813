"""Whether a preparation lets the past know the future: change the future and see whether the past moves."""

import numpy as np

from lessons.checks import as_series


def run(prepare, series):
    """Prepare a copy of a series, and refuse what cannot be judged.

    Raises
    ------
    ValueError
        prepare fails, does not return a series, or returns another one each time.
    """
    results = []
    for _ in range(2):
        try:
            result = as_series(prepare(np.array(series, dtype=float)), "what prepare returns")
        except Exception as error:
            raise ValueError(f"prepare failed on the series: {type(error).__name__}: {error}") from error
        results.append(result.astype(float))
    if not np.array_equal(*results, equal_nan=True):
        raise ValueError(
            "prepare must return the same for the same series, but it gave two different results"
        )
    return results[0]


def what_moves(series, prepare, border):
    """Name the leaks of a preparation.

    Parameters
    ----------
    series : array_like of shape (n,) or (n, D)
        The raw series in its unit.
    prepare : callable
        Takes the series, returns the prepared one.
    border : int
        Series index from which on the values are changed.

    Returns
    -------
    dict of str to str
        Evidence for each leak.
    """
    raw = np.array(series, dtype=float)
    before = run(prepare, raw)
    changed = raw.copy()
    noise = np.random.default_rng(0).uniform(1.2, 2.0, size=changed[border:].shape)
    shift = np.nanstd(raw, axis=0) if np.nanmin(raw) <= 0 else 0.0  # a positive series stays positive
    changed[border:] = changed[border:] * noise + shift
    after = run(prepare, changed)
    if after.shape != before.shape:
        evidence = f"changing the series from index {border} on changes the length of what prepare returns"
        return {"smoothed with the future": evidence}

    past = border - (len(raw) - len(before))  # what was dropped was dropped at the start
    found = {}
    for feature in range(before.shape[1]):
        found |= _compare(before[: max(past, 0), feature], after[: max(past, 0), feature], border)
    return found


def _compare(before, after, border):
    """Split what moved in the prepared past into a new shift and scale of everything, and the rest."""
    ok = np.isfinite(before) & np.isfinite(after)
    before, after = before[ok], after[ok]
    if len(before) < 4 or np.ptp(before) == 0:
        return {}
    small = 1e-9 * np.abs(before).max()
    if (np.abs(after - before) <= small).all():
        return {}

    early = slice(0, len(before) // 2)
    slope, intercept = np.polyfit(before[early], after[early], 1)
    rescaled = slope * before + intercept
    found = {}
    exact = np.abs(after[early] - rescaled[early]).max() <= 1e-6 * np.ptp(before)
    if exact and np.abs(rescaled - before).max() > 1e-6 * np.ptp(before):
        found["scaled with the future"] = (
            f"changing the series from index {border} on turned every prepared value v before it into "
            f"{slope:.4g} v {intercept:+.4g}"
        )
    rest = np.flatnonzero(np.abs(after - (rescaled if exact else before)) > 1e-6 * np.ptp(before))
    if rest.size:
        found["smoothed with the future"] = (
            f"changing the series from index {border} on moved prepared values up to "
            f"{len(before) - rest[0]} time "
            "steps before it"
        )
    return found
