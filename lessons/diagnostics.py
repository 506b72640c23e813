"""What is wrong with a forecast whose error looks good? A number for every suspicion.

Every function takes `y_true` and `y_pred`, arrays of shape (N,) or (N, 1): values and their forecasts at one
horizon, in order of time and in one unit. `y_true` may hold NaN where nothing was measured: keep those
places, so that neighbours in the arrays are neighbours in time; they are left out of every sum. Other shapes,
and fewer than 10 measured values, raise a ValueError.
"""

from dataclasses import dataclass

import numpy as np

from lessons.checks import negligible
from lessons.significance import standard_error
from lessons.tables import Table, Tabular

MAX_LAG = 6
CHANCE = 2.576  # standard errors: beyond these, chance is to blame once in a hundred times


@dataclass(frozen=True)
class Autocorrelation:
    """What errors tell about later errors.

    Attributes
    ----------
    acf : ndarray of shape (lags,)
        Correlation of errors 1, 2, ... steps apart.
    band : float
        Of independent errors, 95 of 100 correlations lie within -band ... band.
    statistic, p_value : float
        Ljung-Box test of all of them together: how often independent errors would correlate so much.
    """

    acf: np.ndarray
    band: float
    statistic: float
    p_value: float


@dataclass(frozen=True)
class Finding:
    """One suspicion: its number, whether that is in order, and what it means."""

    name: str
    value: float
    ok: bool
    sentence: str


class Diagnosis(Tabular, list):
    """Findings in a row; shows itself as a table. `diagnosis["lag"]` is one of them, `.ok` all in order."""

    @property
    def ok(self):
        """bool : whether nothing was found."""
        return all(finding.ok for finding in self)

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


def lag_profile(y_true, y_pred, max_lag=MAX_LAG):
    """Correlate forecasts with the truth of 0, 1, 2, ... `max_lag` steps before.

    Returns
    -------
    ndarray of shape (max_lag + 1,)
        Entry k compares the forecast for t with the truth of t - k; NaN for a constant forecast.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    if not 1 <= max_lag <= len(y_true) // 3:
        raise ValueError(
            f"max_lag must be between 1 and {len(y_true) // 3} (there are {len(y_true)} values), "
            f"got {max_lag}"
        )
    return np.array([_correlation(y_pred[k:], y_true[: len(y_true) - k]) for k in range(max_lag + 1)])


def change_correlation(y_true, y_pred, horizon=1):
    """Correlate the change that was forecast with the change that came.

    corr(y_hat_t - y_{t-h}, y_t - y_{t-h}), `horizon` h steps ahead: 1 for the truth, 0 for the last value
    (which forecasts no change), and whatever a forecast knows beyond it.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    last = y_true[:-horizon]
    predicted = y_pred[horizon:] - last
    if negligible(np.nanstd(predicted), y_true):
        return 0.0
    return _correlation(predicted, y_true[horizon:] - last)


def flatline(y_true, y_pred):
    """Variance of the forecasts over the variance of the truth.

    An honest forecast has the square of its correlation with the truth: below 1, and near 0 where nothing can
    be forecast. Far less says that it moves the right way, but hardly dares to.
    """
    y_true, y_pred = _measured(y_true, y_pred)
    if negligible(np.ptp(y_true), y_true):
        raise ValueError("y_true never changes: there is no variance to compare with")
    return float(np.var(y_pred) / np.var(y_true))


def noise(y_true, y_pred):
    """Share of the forecasts' variance that has nothing to do with the truth, and its standard error.

    1 - cov(y, y_hat) / var(y_hat): 0 for an honest forecast, 1 for one that only jitters; below 0 for a timid
    one. (One minus the slope of Mincer & Zarnowitz 1969, "The evaluation of economic forecasts".)
    """
    y_true, y_pred = _measured(y_true, y_pred)
    moves = y_pred - y_pred.mean()
    if negligible(np.ptp(y_pred), y_pred):
        return 0.0, 0.0
    each = moves * (y_pred - y_true - np.mean(y_pred - y_true)) / np.var(y_pred)
    return float(each.mean()), standard_error(each, _lags(each))


def missed_peaks(y_true, y_pred, share=0.1):
    """Tell how the largest values, a `share` of all, were forecast.

    Returns
    -------
    recall : float
        Share of the peaks that were forecast to be peaks. The best possible forecast misses peaks as well:
        among the largest values those that chance has lifted are over-represented. Of an autoregression with
        φ = 0.8, its own formula announces little more than a third.
    shortfall, error : float
        Mean of truth minus forecast over as large a share of the highest *forecasts*, and its standard error.
        There an honest forecast is right on average; a timid one lies below.
    """
    y_true, y_pred = _measured(y_true, y_pred)
    if not 0 < share < 1:
        raise ValueError(f"share must lie between 0 and 1, got {share}")
    peaks = y_true >= np.quantile(y_true, 1 - share)
    highest = y_pred >= np.quantile(y_pred, 1 - peaks.mean())
    missing = np.where(highest, y_true - y_pred, 0) / highest.mean()
    error = standard_error(missing - highest / highest.mean() * missing.mean(), _lags(missing))
    return float(np.mean(y_pred[peaks] >= y_true[peaks].min())), float(missing.mean()), error


def residual_autocorrelation(errors, lags=24):
    """Ask whether errors follow from earlier ones: then something could still have been learnt.

    Parameters
    ----------
    errors : array_like of shape (N,) or (N, 1)
        Forecast minus truth, one step ahead, in order of time; NaN where not measured. (Errors of several
        steps ahead overlap, and correlate up to horizon - 1 steps apart however good the forecast is.)
    lags : int
        Up to which distance; at most a fifth of the errors.

    Returns
    -------
    Autocorrelation
        With the test of Ljung & Box, Biometrika 65 (1978). Each correlation is a mean over the pairs that
        were measured, so missing errors make it less sure and not smaller.
    """
    errors, _ = _pair(errors, errors)
    n, there = int(np.isfinite(errors).sum()), np.isfinite(errors)
    if negligible(np.ptp(errors[there]), errors[there]):
        raise ValueError("the errors are all the same: they have no correlation")
    steps = np.arange(1, min(lags, n // 5) + 1)
    centred = np.where(there, errors - errors[there].mean(), 0)
    pairs = np.array([np.sum(there[k:] & there[:-k]) for k in steps])
    sums = np.array([np.sum(centred[k:] * centred[:-k]) for k in steps])
    means = sums / np.maximum(pairs, 1) / np.mean(centred[there] ** 2)

    from scipy import stats  # half a second, for those who need it

    statistic = float(np.sum(pairs * means**2) * (n + 2) / n)
    return Autocorrelation(
        acf=means * (1 - steps / len(errors)),  # as ever, over N where nothing is missing
        band=float(1.96 / np.sqrt(pairs[0] + 1)),
        statistic=statistic,
        p_value=float(stats.chi2.sf(statistic, len(steps))),
    )


def diagnose(y_true, y_pred, horizon=1):
    """Put every suspicion to one forecast, made `horizon` steps ahead.

    Returns
    -------
    Diagnosis
        To be looked at: "bias" that chance does not explain, at 1 %; "lag" of the horizon or more with a
        change correlation below 0.1; "flatline", a variance below a quarter of what the correlation with the
        truth calls for, or below 1 %; "noise" of more than half the forecast's variance; "timid", a truth
        above the highest forecasts; "missed peaks", more than half of the largest tenth not forecast as such;
        and one step ahead "autocorrelation" of errors beyond 0.2, with a Ljung-Box test below 1 %.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    known = np.isfinite(y_true)
    if known.sum() < 20:
        raise ValueError(f"a diagnosis needs 20 measured values at least, got {known.sum()}")
    findings = [
        _bias(y_true, y_pred),
        _lateness(y_true, y_pred, horizon),
        _flatness(y_true, y_pred),
        _noise(y_true, y_pred),
        *_peaks(y_true, y_pred),
    ]
    errors = y_pred - y_true
    if horizon == 1 and not negligible(np.ptp(errors[known]), y_true[known]):
        findings.append(_memory(errors))
    return Diagnosis(findings)


def _bias(y_true, y_pred):
    errors = (y_pred - y_true)[np.isfinite(y_true)]
    chance, mean = CHANCE * standard_error(errors, _lags(errors)), float(errors.mean())
    side = "low" if mean < 0 else "high"
    said = f"on average {abs(mean):.3g} too {side}; chance alone explains up to {chance:.3g}"
    return Finding("bias", mean, abs(mean) <= chance or negligible(abs(mean), y_true), said)


def _lateness(y_true, y_pred, horizon):
    profile = lag_profile(y_true, y_pred, min(max(MAX_LAG, 2 * horizon), len(y_true) // 3))
    if np.isnan(profile).all():
        return Finding("lag", float("nan"), True, "a constant forecast is not late")
    late, change = int(np.nanargmax(profile)), change_correlation(y_true, y_pred, horizon)
    said = (
        f"most like the truth of {late} step{'s' * (late != 1)} before (correlation {profile[late]:.2f}, "
        f"with its own {profile[0]:.2f}); the change it forecasts correlates {change:.2f} with the change "
        "that came"
    )
    return Finding("lag", late, not (late >= horizon and change < 0.1), said)


def _flatness(y_true, y_pred):
    ratio, r = flatline(y_true, y_pred), _correlation(y_pred, y_true)
    squared = 0.0 if np.isnan(r) else max(r, 0) ** 2
    said = f"has {ratio:.0%} of the truth's variance; its correlation with the truth calls for {squared:.0%}"
    return Finding("flatline", ratio, bool(ratio >= max(0.25 * squared, 0.01)), said)


def _noise(y_true, y_pred):
    share, error = noise(y_true, y_pred)
    said = f"{max(share, 0):.0%} of its own ups and downs say nothing about the truth"
    return Finding("noise", share, share <= max(0.5, CHANCE * error), said)


def _peaks(y_true, y_pred):
    recall, shortfall, error = missed_peaks(y_true, y_pred)
    side = "above" if shortfall > 0 else "below"
    said = (
        f"where it is highest, the truth lies {abs(shortfall):.3g} {side} it (chance: {CHANCE * error:.3g})"
    )
    yield Finding("timid", shortfall, shortfall <= CHANCE * error or negligible(abs(shortfall), y_true), said)
    said = f"{recall:.0%} of the highest tenth were forecast as such: no alarms from this one"
    yield Finding("missed peaks", 1 - recall, recall >= 0.5, said if recall < 0.5 else said.split(":")[0])


def _memory(errors):
    found = residual_autocorrelation(errors)
    worst = int(np.argmax(np.abs(found.acf)))
    said = (
        f"largest correlation of errors {found.acf[worst]:+.2f}, {worst + 1} step{'s' * (worst > 0)} apart "
        f"(chance: up to {found.band:.2f}); Ljung-Box p {found.p_value:.2g}"
    )
    ok = found.p_value >= 0.01 or abs(found.acf[worst]) <= 0.2
    return Finding("autocorrelation", float(found.acf[worst]), bool(ok), said)


def _lags(values):
    return int(np.ceil(len(values) ** (1 / 3)))


def _pair(y_true, y_pred):
    y_true, y_pred = np.asarray(y_true, dtype=float), np.asarray(y_pred, dtype=float)
    one = y_true.ndim == 1 or (y_true.ndim == 2 and y_true.shape[1] == 1)
    if y_true.shape != y_pred.shape or not one:
        raise ValueError(
            "y_true and y_pred must both hold one horizon, shape (N,) or (N, 1), got "
            f"{y_true.shape} and {y_pred.shape}; take one column of several"
        )
    if np.isfinite(y_true).sum() < 10:
        raise ValueError(f"y_true needs 10 measured values at least, got {np.isfinite(y_true).sum()}")
    return y_true.ravel(), y_pred.ravel()


def _measured(y_true, y_pred):
    y_true, y_pred = _pair(y_true, y_pred)
    there = np.isfinite(y_true)
    return y_true[there], y_pred[there]


def _correlation(a, b):
    there = np.isfinite(a) & np.isfinite(b)
    a, b = a[there], b[there]
    if len(a) < 2 or negligible(np.ptp(a), a) or negligible(np.ptp(b), b):
        return np.nan
    return float(np.corrcoef(a, b)[0, 1])
