"""What is wrong with a forecast whose error looks good? A number for every suspicion."""

from dataclasses import dataclass

import numpy as np

from lessons.checks import as_series, as_values, negligible
from lessons.significance import standard_error
from lessons.tables import Table, Tabular

CHANCE = 2.576  # standard errors: beyond these, chance is to blame once in a hundred times


@dataclass(frozen=True)
class Finding:
    """One suspicion: its number, whether that is in order, and what it means."""

    name: str
    value: float
    ok: bool
    sentence: str


class Diagnosis(Tabular, list):
    """Findings in a row; shows itself as a table. `diagnosis["late"]` is one of them."""

    def __getitem__(self, key):
        if not isinstance(key, str):
            return super().__getitem__(key)
        for finding in self:
            if finding.name == key:
                return finding
        raise KeyError(f"no finding {key!r}; there are {', '.join(finding.name for finding in self)}")

    @property
    def table(self):
        """Table : a row a suspicion."""
        rows = [(f.name, f"{f.value:.3g}", "in order" if f.ok else "LOOK", f.sentence) for f in self]
        return Table(("suspicion", "number", "verdict", "meaning"), rows, "Diagnosis")


def diagnose(y_true, y_pred, horizon=1):
    """Put every suspicion to one forecast, made `horizon` steps ahead.

    Parameters
    ----------
    y_true, y_pred : array_like of shape (N,) or (N, 1)
        Values and their forecasts at one horizon, in order of time and in one unit. `y_true` may hold NaN
        where nothing was measured: keep those places, so that neighbours in the arrays are neighbours in
        time; they are left out of every sum.
    horizon : int
        How many steps ahead.

    Returns
    -------
    Diagnosis
        To be looked at: "bias" that chance does not explain, at 1 %; "late" by the horizon or more, with a
        change correlation below 0.1; "flat", a variance below a quarter of what the correlation with the
        truth calls for, or below 1 %; "noisy" in more than half of the forecast's variance; "timid", a truth
        above the highest forecasts; "missed peaks", more than half of the largest tenth not forecast as such;
        and one step ahead "autocorrelation" of errors beyond 0.2, with a Ljung-Box test below 1 %.

    Raises
    ------
    ValueError
        Another shape, fewer than 20 measured values, or values that never change.
    """
    y_true, y_pred = as_values(y_true, "y_true"), as_values(y_pred, "y_pred")
    one = y_true.ndim == 1 or (y_true.ndim == 2 and y_true.shape[1] == 1)
    if y_true.shape != y_pred.shape or not one:
        raise ValueError(
            "y_true and y_pred must both hold one horizon, shape (N,) or (N, 1), got "
            f"{y_true.shape} and {y_pred.shape}; take one column of several"
        )
    y_true, y_pred = y_true.ravel(), y_pred.ravel()
    known = np.isfinite(y_true)
    y_true, y_pred = np.where(known, y_true, np.nan), np.where(np.isinf(y_pred), np.nan, y_pred)
    if known.sum() < 20:
        raise ValueError(f"y_true must hold 20 measured values at least, got {known.sum()}")
    if not np.isfinite(y_pred[known]).all():
        raise ValueError("y_pred has missing or infinite values where y_true has none")
    if negligible(np.ptp(y_true[known]), y_true[known]):
        raise ValueError("y_true never changes beyond rounding: there is no variance to compare with")
    measured, errors = (y_true[known], y_pred[known]), y_pred - y_true
    findings = [_bias(*measured), _late(y_true, y_pred, horizon), _flat(*measured), _noisy(*measured)]
    findings += _peaks(*measured)
    if horizon == 1 and not negligible(np.ptp(errors[known]), y_true[known]):
        findings.append(_autocorrelation(errors))
    return Diagnosis(findings)


def ljung_box(errors, lags=24):
    """Correlate errors with earlier ones, and test all of that together.

    Parameters
    ----------
    errors : ndarray of shape (N,)
        In order of time; NaN where not measured. Each correlation is a mean over the pairs that were
        measured, so missing errors make it less sure and not smaller.
    lags : int
        Up to which distance; at most a fifth of the errors.

    Returns
    -------
    acf : ndarray of shape (lags,)
        Correlation of errors 1, 2, ... steps apart: 95 of 100 of independent errors within ±1.96 / √pairs.
    pairs : ndarray of shape (lags,)
        From how many pairs.
    p_value : float
        How often independent errors would correlate so much: Ljung & Box, Biometrika 65 (1978).
    """
    from scipy import stats  # half a second, for those who need it

    errors = as_series(errors, "errors")[:, 0]
    there = np.isfinite(errors)
    n = int(there.sum())
    if n < 10 or negligible(np.ptp(errors[there]), errors[there]):
        raise ValueError(f"errors must hold 10 values at least, not all the same up to rounding, got {n}")
    steps = np.arange(1, min(lags, n // 5) + 1)
    centred = np.where(there, errors - errors[there].mean(), 0)
    pairs = np.array([np.sum(there[k:] & there[:-k]) for k in steps])
    sums = np.array([np.sum(centred[k:] * centred[:-k]) for k in steps])
    means = sums / np.maximum(pairs, 1) / np.mean(centred[there] ** 2)
    p_value = stats.chi2.sf(np.sum(pairs * means**2) * (n + 2) / n, len(steps))
    return (
        means * (1 - steps / len(errors)),
        pairs,
        float(p_value),
    )  # as ever, over N where nothing is missing


def _bias(y_true, y_pred):
    errors = y_pred - y_true
    chance, mean = CHANCE * standard_error(errors), float(errors.mean())
    side = "low" if mean < 0 else "high"
    said = f"on average {abs(mean):.3g} too {side}; chance alone explains up to {chance:.3g}"
    return Finding("bias", mean, abs(mean) <= chance or negligible(abs(mean), y_true), said)


def _late(y_true, y_pred, horizon):
    """Is the forecast most like the truth of an earlier step, and does it know nothing of the change?"""
    lags = range(min(max(6, 2 * horizon), len(y_true) // 3) + 1)
    profile = np.array([_correlation(y_pred[k:], y_true[: len(y_true) - k]) for k in lags])
    if np.isnan(profile).all():
        return Finding("late", float("nan"), True, "a constant forecast is not late")
    late, last = int(np.nanargmax(profile)), y_true[:-horizon]
    moves = y_pred[horizon:] - last  # the last value forecasts no change
    still = negligible(np.nanstd(moves), y_true)
    change = 0.0 if still else _correlation(moves, y_true[horizon:] - last)
    said = (
        f"most like the truth of {late} step{'s' * (late != 1)} before (correlation {profile[late]:.2f}, "
        f"with its own {profile[0]:.2f}); the change it forecasts correlates {change:.2f} with the change "
        "that came"
    )
    return Finding("late", late, not (late >= horizon and change < 0.1), said)


def _flat(y_true, y_pred):
    """Variance over the truth's: of an honest forecast, the square of its correlation with the truth."""
    ratio, r = float(np.var(y_pred) / np.var(y_true)), _correlation(y_pred, y_true)
    squared = 0.0 if np.isnan(r) else max(r, 0) ** 2
    said = f"has {ratio:.0%} of the truth's variance; its correlation with the truth calls for {squared:.0%}"
    return Finding("flat", ratio, bool(ratio >= max(0.25 * squared, 0.01)), said)


def _noisy(y_true, y_pred):
    """Share of the variance that has nothing to do with the truth: 1 - cov(y, y_hat) / var(y_hat).

    0 for an honest forecast, below 0 for a timid one: one minus the slope of Mincer & Zarnowitz 1969, "The
    evaluation of economic forecasts".
    """
    share, error = 0.0, 0.0
    if not negligible(np.ptp(y_pred), y_pred):
        wrong = y_pred - y_true
        each = (y_pred - y_pred.mean()) * (wrong - wrong.mean()) / np.var(y_pred)
        share, error = float(each.mean()), standard_error(each)
    said = f"{max(share, 0):.0%} of its own ups and downs say nothing about the truth"
    return Finding("noisy", share, share <= max(0.5, CHANCE * error), said)


def _peaks(y_true, y_pred):
    """How the highest tenth was forecast, and what came where the forecast was as high.

    The best possible forecast misses peaks as well: among the largest values those that chance has lifted are
    over-represented. Where it is highest, an honest forecast is right on average; a timid one lies below.
    """
    peaks = y_true >= np.quantile(y_true, 0.9)
    highest = y_pred >= np.quantile(y_pred, 1 - peaks.mean())
    missing = np.where(highest, y_true - y_pred, 0) / highest.mean()
    shortfall, side = float(missing.mean()), "above" if missing.mean() > 0 else "below"
    error = standard_error(missing - highest / highest.mean() * shortfall)
    said = (
        f"where it is highest, the truth lies {abs(shortfall):.3g} {side} it (chance: {CHANCE * error:.3g})"
    )
    yield Finding("timid", shortfall, shortfall <= CHANCE * error or negligible(abs(shortfall), y_true), said)
    recall = float(np.mean(y_pred[peaks] >= y_true[peaks].min()))
    said = f"{recall:.0%} of the highest tenth were forecast as such"
    said += ": no alarms from this one" * (recall < 0.5)
    yield Finding("missed peaks", 1 - recall, recall >= 0.5, said)


def _autocorrelation(errors):
    acf, pairs, p_value = ljung_box(errors)
    worst, band = int(np.argmax(np.abs(acf))), 1.96 / np.sqrt(pairs[0] + 1)
    said = (
        f"largest correlation of errors {acf[worst]:+.2f}, {worst + 1} step{'s' * (worst > 0)} apart "
        f"(chance: up to {band:.2f}); Ljung-Box p {p_value:.2g}"
    )
    ok = p_value >= 0.01 or abs(acf[worst]) <= 0.2
    return Finding("autocorrelation", float(acf[worst]), bool(ok), said)


def _correlation(a, b):
    there = np.isfinite(a) & np.isfinite(b)
    a, b = a[there], b[there]
    if len(a) < 2 or negligible(np.ptp(a), a) or negligible(np.ptp(b), b):
        return np.nan
    return float(np.corrcoef(a, b)[0, 1])
