"""What is wrong with a forecast whose error looks good? A number for every suspicion.

`y_true` may hold NaN where nothing was measured: keep those places, so that neighbours in the arrays are
neighbours in time; every function here leaves them out of its sums.
"""

import html
from dataclasses import dataclass

import numpy as np

from lessons.checks import negligible
from lessons.significance import standard_error

MAX_LAG = 6


@dataclass(frozen=True)
class Peaks:
    """How the largest values were forecast.

    Attributes
    ----------
    threshold : float
        Values from here on are peaks, in the unit of the values.
    recall : float
        Share of the peaks that were forecast to be peaks: forecast at or above the threshold.
    precision : float
        Share of the peaks forecast that were peaks; NaN if none was forecast.
    too_low : float
        Share of the peaks that were forecast lower than they came.
    shortfall : float
        Mean of truth minus forecast over as large a share of the highest *forecasts*, in the unit of the
        values.
    shortfall_sd : float
        Its standard error.
    n : int
        Number of peaks.
    """

    threshold: float
    recall: float
    precision: float
    too_low: float
    shortfall: float
    shortfall_sd: float
    n: int


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


class Diagnosis(list):
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

    def _cells(self):
        for finding in self:
            yield finding.name, f"{finding.value:.3g}", "in order" if finding.ok else "LOOK", finding.sentence

    def __repr__(self):
        return "\n".join(
            f"{name:16} {value:>8}  {state:8}  {said}" for name, value, state, said in self._cells()
        )

    def _repr_html_(self):
        left = 'style="text-align:left"'
        rows = "".join(
            f'<tr><th scope="row" {left}>{html.escape(name)}</th><td>{value}</td>'
            f'<td style="white-space:nowrap">{state}</td><td {left}>{html.escape(said)}</td></tr>'
            for name, value, state, said in self._cells()
        )
        heads = (("suspicion", left), ("number", ""), ("verdict", ""), ("meaning", left))
        head = "".join(f'<th scope="col" {look}>{name}</th>' for name, look in heads)
        return (
            f"<table><caption>Diagnosis</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )


def lag_profile(y_true, y_pred, max_lag=MAX_LAG):
    """Correlate forecasts with the truth of 0, 1, 2, ... steps before.

    Parameters
    ----------
    y_true, y_pred : array_like of shape (N,) or (N, 1)
        Values and their forecasts in order of time, in one unit; NaN in `y_true` where not measured.
    max_lag : int
        How far back to look.

    Returns
    -------
    ndarray of shape (max_lag + 1,)
        Correlations; entry k compares the forecast for t with the truth of t - k.

    Raises
    ------
    ValueError
        The shapes differ or do not hold one step ahead, or there are too few values.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    if not 1 <= max_lag <= len(y_true) // 3:
        raise ValueError(
            f"max_lag must be between 1 and {len(y_true) // 3} (there are {len(y_true)} values), "
            f"got {max_lag}"
        )
    return np.array([_correlation(y_pred[k:], y_true[: len(y_true) - k]) for k in range(max_lag + 1)])


def lag(y_true, y_pred, max_lag=MAX_LAG):
    """How many steps forecasts come late: the shift at which they resemble the truth most.

    0 is in time. 1 in a one-step forecast, k in one k steps ahead, means that it mostly repeats what was
    known. That is no fault where nothing better can be done, as for a random walk: `change_correlation`
    tells whether the forecast knows more than the last value.

    Parameters
    ----------
    y_true, y_pred, max_lag
        As for `lag_profile`.

    Returns
    -------
    int
        In time steps.

    Raises
    ------
    ValueError
        As for `lag_profile`, or the forecast is constant.
    """
    profile = lag_profile(y_true, y_pred, max_lag)
    if np.isnan(profile).all():
        raise ValueError("a constant forecast is never late: it resembles nothing")
    return int(np.nanargmax(profile))


def change_correlation(y_true, y_pred, horizon=1):
    """Correlate the change that was forecast with the change that came.

    corr(y_hat_t - y_{t-h}, y_t - y_{t-h}): 1 for the truth, 0 for the last value (which forecasts no change),
    and whatever a forecast knows beyond it.

    Parameters
    ----------
    y_true, y_pred : array_like of shape (N,) or (N, 1)
        Values and their forecasts in order of time, in one unit; NaN in `y_true` where not measured.
    horizon : int
        h, how many steps ahead was forecast.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        As for `lag_profile`.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    last = y_true[:-horizon]
    predicted = y_pred[horizon:] - last
    if np.nanstd(predicted) <= 1e-9 * np.nanstd(y_true):
        return 0.0
    return _correlation(predicted, y_true[horizon:] - last)


def flatline(y_true, y_pred):
    """Variance of the forecasts over the variance of the truth.

    The best possible forecast has R², the share of the variance that can be forecast: below 1, and near 0
    where nothing can be. A ratio far below the squared correlation of forecast and truth says that the
    forecast moves the right way, but hardly dares to.

    Parameters
    ----------
    y_true, y_pred : array_like of shape (N,) or (N, 1)
        Values and their forecasts, in one unit; NaN in `y_true` where not measured.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        As for `lag_profile`, or the truth never changes.
    """
    y_true, y_pred = _measured(y_true, y_pred)
    if np.ptp(y_true) == 0:
        raise ValueError("y_true never changes: there is no variance to compare with")
    return float(np.var(y_pred) / np.var(y_true))


def missed_peaks(y_true, y_pred, share=0.1, threshold=None):
    """Tell how the largest values were forecast.

    Parameters
    ----------
    y_true, y_pred : array_like of shape (N,) or (N, 1)
        Values and their forecasts, in one unit; NaN in `y_true` where not measured.
    share : float
        Which part of the values, from the top, are peaks.
    threshold : float, optional
        From which value on there is a peak, instead of `share`.

    Returns
    -------
    Peaks

    Raises
    ------
    ValueError
        As for `lag_profile`, the share is not between 0 and 1, or no value reaches the threshold.

    Notes
    -----
    The best possible forecast misses peaks as well: among the largest values those that chance has lifted are
    over-represented, and chance cannot be forecast. Of an autoregression with φ = 0.8, forecast by its own
    formula, 9 of 10 peaks come higher than forecast, and little more than a third is forecast as such. The
    last value has a better recall there, by crying wolf. What tells a timid forecast from an honest one is
    `shortfall`: where a forecast is at its highest, an honest one is right on average.
    """
    y_true, y_pred = _measured(y_true, y_pred)
    if not 0 < share < 1:
        raise ValueError(f"share must lie between 0 and 1, got {share}")
    threshold = float(np.quantile(y_true, 1 - share)) if threshold is None else threshold
    peaks, forecast = y_true >= threshold, y_pred >= threshold
    highest = y_pred >= np.quantile(y_pred, 1 - peaks.mean())
    missing = np.where(highest, y_true - y_pred, 0) / highest.mean()
    if not peaks.any():
        raise ValueError(f"no value reaches the threshold {threshold:g}; the largest is {y_true.max():g}")
    return Peaks(
        threshold=threshold,
        recall=float(forecast[peaks].mean()),
        precision=float(peaks[forecast].mean()) if forecast.any() else float("nan"),
        too_low=float((y_pred < y_true)[peaks].mean()),
        shortfall=float(missing.mean()),
        shortfall_sd=standard_error(missing - highest / highest.mean() * missing.mean(), _lags(missing)),
        n=int(peaks.sum()),
    )


def residual_autocorrelation(errors, lags=24):
    """Ask whether errors follow from earlier ones: then something could still have been learnt.

    Parameters
    ----------
    errors : array_like of shape (N,) or (N, 1)
        Forecast minus truth, one step ahead, in order of time; NaN where not measured.
    lags : int
        Up to which distance; at most a fifth of the errors.

    Returns
    -------
    Autocorrelation
        The test is that of Ljung & Box, Biometrika 65 (1978), by statsmodels' `acorr_ljungbox`; with missing
        errors, which that does not take, the same sum over the pairs that there are.

    Raises
    ------
    ValueError
        The errors have several columns, or are too few.

    Notes
    -----
    For forecasts of one step. Errors of several steps ahead overlap, and correlate up to horizon - 1 steps
    apart however good the forecast is.
    """
    errors, _ = _pair(errors, errors)
    n = int(np.isfinite(errors).sum())
    lags = min(lags, n // 5)
    centred = errors - np.nanmean(errors)
    variance = np.nanmean(centred**2)
    if not variance > 0:
        raise ValueError("the errors are all the same: they have no correlation")
    acf = np.array([np.nansum(centred[k:] * centred[:-k]) for k in range(1, lags + 1)]) / (n * variance)
    if n == len(errors):
        from statsmodels.stats.diagnostic import acorr_ljungbox  # a second, for those who need it

        test = acorr_ljungbox(errors, lags=[lags])
        statistic, p_value = float(test["lb_stat"].iloc[0]), float(test["lb_pvalue"].iloc[0])
    else:
        from scipy import stats

        statistic = float(n * (n + 2) * np.sum(acf**2 / (n - np.arange(1, lags + 1))))
        p_value = float(stats.chi2.sf(statistic, lags))
    return Autocorrelation(acf=acf, band=float(1.96 / np.sqrt(n)), statistic=statistic, p_value=p_value)


def diagnose(y_true, y_pred, horizon=1):
    """Put every suspicion to one forecast.

    Parameters
    ----------
    y_true, y_pred : array_like of shape (N,) or (N, 1)
        Values and their forecasts at one horizon, in order of time and in one unit; NaN in `y_true` where not
        measured.
    horizon : int
        How many steps ahead was forecast.

    Returns
    -------
    Diagnosis
        Of "bias", of "lag", of "flatline" (the variance ratio), of "missed peaks" (their share of the largest
        tenth) and, one step ahead, of "autocorrelation" (the largest). To be looked at: a bias that chance
        does not explain, at 1 %; a lag of the horizon or more, with a change correlation below 0.1; a
        variance below a quarter of what the correlation with the truth calls for, or below 1 %; a
        truth above the highest forecasts that chance does not explain, at 1 %; a correlation of errors
        beyond 0.2, with a Ljung-Box test below 1 %.

    Raises
    ------
    ValueError
        The shapes differ or do not hold one horizon, or there are fewer than 20 measured values.
    """
    flat_true, flat_pred = _pair(y_true, y_pred)
    if np.isfinite(flat_true).sum() < 20:
        raise ValueError(f"a diagnosis needs 20 measured values at least, got {np.isfinite(flat_true).sum()}")
    findings = [
        _bias(flat_true, flat_pred),
        _lateness(flat_true, flat_pred, horizon),
        _flatness(flat_true, flat_pred),
        _peaks(flat_true, flat_pred),
    ]
    if horizon == 1:
        findings.append(_memory(flat_pred - flat_true))
    return Diagnosis(findings)


def _bias(y_true, y_pred):
    errors = (y_pred - y_true)[np.isfinite(y_true)]
    sd = standard_error(errors, _lags(errors))
    mean = float(errors.mean())
    ok = abs(mean) <= 2.576 * sd
    side = "low" if mean < 0 else "high"
    said = f"on average {abs(mean):.3g} too {side}; chance alone explains up to {2.576 * sd:.3g}"
    return Finding("bias", mean, bool(ok), said)


def _lateness(y_true, y_pred, horizon):
    max_lag = min(max(MAX_LAG, 2 * horizon), len(y_true) // 3)
    profile = lag_profile(y_true, y_pred, max_lag)
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
    ratio = flatline(y_true, y_pred)
    r = _correlation(y_pred, y_true)
    squared = 0.0 if np.isnan(r) else max(r, 0) ** 2
    said = (
        f"has {ratio:.0%} of the truth's variance; by its correlation with the truth {squared:.0%} would be "
        "right"
    )
    return Finding("flatline", ratio, bool(ratio >= max(0.25 * squared, 0.01)), said)


def _peaks(y_true, y_pred):
    peaks = missed_peaks(y_true, y_pred)
    said = (
        f"{peaks.recall:.0%} of the {peaks.n} values from {peaks.threshold:.3g} on were forecast as such; "
        f"where the forecast is highest, the truth lies {abs(peaks.shortfall):.3g} "
        f"{'above' if peaks.shortfall > 0 else 'below'} it (chance: up to {2.576 * peaks.shortfall_sd:.3g})"
    )
    ok = peaks.shortfall <= 2.576 * peaks.shortfall_sd
    return Finding("missed peaks", 1 - peaks.recall, bool(ok), said)


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
    if (
        y_true.shape != y_pred.shape
        or y_true.ndim not in (1, 2)
        or (y_true.ndim == 2 and y_true.shape[1] != 1)
    ):
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
