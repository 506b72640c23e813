"""Is one forecaster better than another, or was it luck on these test hours?"""

from dataclasses import dataclass

import numpy as np

from lessons.checks import negligible, whole_number

LOSSES = {"squared": np.square, "absolute": np.abs}


@dataclass(frozen=True)
class DieboldMariano:
    """Outcome of a Diebold-Mariano test.

    Attributes
    ----------
    statistic : float
        Below 0 where A has the smaller loss.
    p_value : float
        Two-sided: how often equally good forecasters would differ by so much.
    difference : float
        Mean loss of A minus mean loss of B, in the unit of the loss.
    interval : tuple of float
        95 % confidence interval of the difference.
    n : int
        Forecasts compared.
    lags : int
        Up to which distance losses were taken to depend on each other.
    """

    statistic: float
    p_value: float
    difference: float
    interval: tuple
    n: int
    lags: int

    def __repr__(self):
        low, high = self.interval
        verdict = (
            "no difference shown"
            if self.p_value >= 0.05
            else f"{'AB'[self.difference > 0]} has the smaller loss"
        )
        return (
            f"mean loss A - B = {self.difference:.4g}, 95 % interval {low:.4g} to {high:.4g}, "
            f"DM {self.statistic:.2f}, p {self.p_value:.2g}, n {self.n}: {verdict}"
        )


def diebold_mariano(errors_a, errors_b, horizon=1, *, loss="squared", lags=None):
    """Test whether two forecasters of the same targets have the same expected loss.

    ::

        d_t = loss(e_a,t) - loss(e_b,t),     DM = mean(d) / sqrt(V),     V = (γ_0 + 2 Σ_k w_k γ_k) / n

    Diebold & Mariano, Journal of Business & Economic Statistics 13 (1995), with the small-sample correction
    of Harvey, Leybourne & Newbold, International Journal of Forecasting 13 (1997), eq. 9: DM times
    sqrt((n + 1 - 2h + h(h-1)/n) / n), compared with Student's t on n - 1 degrees of freedom. γ_k is the
    autocovariance of d at distance k, w_k = 1 - k / (lags + 1) (Newey & West, Econometrica 55 (1987)), which
    keeps V from becoming negative.

    Losses an hour apart are alike: bad days are bad for hours. Whoever overlooks that (`lags=0`, which with
    horizon 1 is the paired t-test on the losses) finds differences where there are none.

    Parameters
    ----------
    errors_a, errors_b : array_like of shape (n,) or (n, horizon)
        Forecast minus truth of the same targets, in order of time. Of several steps ahead the losses are
        averaged; for several seeds, average the forecasts first.
    horizon : int
        How many steps ahead was forecast.
    loss : {"squared", "absolute"} or callable
        What an error costs; a callable takes an array of errors and returns an array of costs.
    lags : int, optional
        Up to which distance losses may depend on each other; the larger of horizon - 1 and the cube root of
        n, rounded up, unless given.

    Returns
    -------
    DieboldMariano

    Raises
    ------
    ValueError
        The shapes differ, there are too few errors, one is NaN, or the losses never differ.
    """
    horizon = whole_number(horizon, "horizon")
    d = _loss_difference(errors_a, errors_b, loss)
    n = len(d)
    if not 1 <= horizon < n / 2:
        raise ValueError(f"horizon must be between 1 and {(n - 1) // 2} for {n} errors, got {horizon}")
    lags = max(horizon - 1, int(np.ceil(n ** (1 / 3)))) if lags is None else whole_number(lags, "lags")
    if not 0 <= lags < n:
        raise ValueError(f"lags must be between 0 and {n - 1} (there are {n} errors), got {lags}")

    from scipy import stats  # half a second, which only this function has to wait for

    correction = np.sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)
    standard_error = np.sqrt(mean_variance(d, lags)) / correction
    statistic = float(np.mean(d) / standard_error)
    half = stats.t.ppf(0.975, n - 1) * standard_error
    return DieboldMariano(
        statistic=statistic,
        p_value=float(2 * stats.t.sf(abs(statistic), n - 1)),
        difference=float(np.mean(d)),
        interval=(float(np.mean(d) - half), float(np.mean(d) + half)),
        n=n,
        lags=lags,
    )


def mean_variance(d, lags):
    """Variance of the mean of values that depend on each other over time.

    V = (γ_0 + 2 Σ_{k=1..lags} (1 - k / (lags + 1)) γ_k) / n  (Newey & West, Econometrica 55 (1987), eq. 5)

    Parameters
    ----------
    d : array_like of shape (n,)
        Values in any unit, in order of time.
    lags : int
        Up to which distance they may depend on each other.

    Returns
    -------
    float
        In that unit, squared.
    """
    d = np.asarray(d, dtype=float) - np.mean(d)
    n = len(d)
    total = d @ d / n
    for k in range(1, lags + 1):
        total += 2 * (1 - k / (lags + 1)) * (d[k:] @ d[:-k]) / n
    return float(total / n)


def _loss_difference(errors_a, errors_b, loss):
    errors_a, errors_b = np.asarray(errors_a, dtype=float), np.asarray(errors_b, dtype=float)
    if errors_a.shape != errors_b.shape or errors_a.ndim not in (1, 2):
        raise ValueError(
            "errors_a and errors_b must both have shape (n,) or (n, horizon), of the same targets; got "
            f"{errors_a.shape} and {errors_b.shape}"
        )
    if len(errors_a) < 8:
        raise ValueError(f"a test needs 8 errors at least, got {len(errors_a)}")
    if not (np.isfinite(errors_a).all() and np.isfinite(errors_b).all()):
        raise ValueError("the errors hold NaN or infinite values: leave those targets out of both")
    if not callable(loss) and loss not in LOSSES:
        raise ValueError(f'loss must be "squared", "absolute" or a function of errors, got {loss!r}')
    measure = loss if callable(loss) else LOSSES[loss]
    loss_a, loss_b = measure(errors_a), measure(errors_b)
    d = np.asarray(loss_a - loss_b, dtype=float)
    if d.shape != errors_a.shape:
        raise ValueError(f"loss must return one cost an error, {errors_a.shape}, got {d.shape}")
    d = d.reshape(len(d), -1).mean(axis=1)  # (n,)
    if negligible(np.ptp(d), [loss_a, loss_b]):
        raise ValueError("the two losses differ by the same amount everywhere: there is nothing to test")
    return d
