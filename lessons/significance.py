"""Is one forecaster better than another, or was it luck on these test hours?"""

from dataclasses import dataclass

import numpy as np

from lessons.checks import negligible, whole_number


@dataclass(frozen=True)
class DieboldMariano:
    """Outcome of a Diebold-Mariano test.

    Attributes
    ----------
    statistic : float
        Below 0 where A has the smaller loss; beyond ±2 chance is a poor explanation.
    p_value : float
        Two-sided: how often equally good forecasters would differ by so much.
    difference : float
        Mean loss of A minus mean loss of B, in the unit of the loss.
    interval : tuple of float
        95 % confidence interval of the difference.
    n : int
        Losses compared.
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
        shown = self.p_value < 0.05
        verdict = f"{'AB'[self.difference > 0]} has the smaller loss" if shown else "no difference shown"
        return (
            f"mean loss A - B = {self.difference:.4g}, 95 % interval {low:.4g} to {high:.4g}, "
            f"DM {self.statistic:.2f}, p {self.p_value:.2g}, n {self.n}: {verdict}"
        )


def diebold_mariano(loss_a, loss_b, lags=None):
    """Test whether two forecasters of the same targets have the same expected loss.

    ::

        d_t = loss_a,t - loss_b,t,     DM = mean(d) / sqrt(V),     V = (γ_0 + 2 Σ_k w_k γ_k) / n

    Diebold & Mariano, Journal of Business & Economic Statistics 13 (1995); γ_k is the autocovariance of d at
    distance k, w_k = 1 - k / (lags + 1) (Newey & West, Econometrica 55 (1987)). That is a regression of d on
    a constant with HAC errors, and statsmodels does it. Losses an hour apart are alike: whoever overlooks it
    (`lags=0`) finds differences where there are none.

    Parameters
    ----------
    loss_a, loss_b : array_like of shape (n,)
        Losses on the same targets, in order of time. Of several steps ahead, their mean.
    lags : int, optional
        Up to which distance losses may depend on each other: horizon - 1, and no less than the cube root of
        n, rounded up; the latter unless given.

    Returns
    -------
    DieboldMariano

    Raises
    ------
    ValueError
        The shapes differ, there are too few losses, one is NaN, or all differ by the same amount.
    """
    loss_a, loss_b = np.asarray(loss_a, dtype=float), np.asarray(loss_b, dtype=float)
    if loss_a.shape != loss_b.shape or loss_a.ndim != 1:
        raise ValueError(
            "loss_a and loss_b must both have shape (n,), of the same targets; got "
            f"{loss_a.shape} and {loss_b.shape}"
        )
    n, d = len(loss_a), loss_a - loss_b
    if n < 8:
        raise ValueError(f"a test needs 8 losses at least, got {n}")
    if not np.isfinite(d).all():
        raise ValueError("the losses hold NaN or infinite values: leave those targets out of both")
    if negligible(np.ptp(d), [loss_a, loss_b]):
        raise ValueError("the two losses differ by the same amount everywhere: there is nothing to test")
    lags = int(np.ceil(n ** (1 / 3))) if lags is None else whole_number(lags, "lags")
    if not 0 <= lags < n:
        raise ValueError(f"lags must be between 0 and {n - 1} (there are {n} losses), got {lags}")
    found = _mean_of(d, lags)
    return DieboldMariano(
        statistic=float(found.tvalues[0]),
        p_value=float(found.pvalues[0]),
        difference=float(d.mean()),
        interval=tuple(map(float, found.conf_int()[0])),
        n=n,
        lags=lags,
    )


def standard_error(d, lags):
    """Standard error of the mean of values that depend on each other over time.

    Parameters
    ----------
    d : array_like of shape (n,)
        Values in any unit, in order of time.
    lags : int
        Up to which distance they may depend on each other.

    Returns
    -------
    float
        In that unit.
    """
    return float(_mean_of(np.asarray(d, dtype=float), lags).bse[0])


def _mean_of(d, lags):
    from statsmodels.regression.linear_model import OLS  # a second, for those who need it

    errors = {"cov_type": "HAC", "cov_kwds": {"maxlags": lags, "use_correction": False}}
    return OLS(d, np.ones(len(d))).fit(**errors, use_t=True)
