"""Is one forecaster better than another, or was it luck on these test hours?"""

from dataclasses import dataclass

import numpy as np

from lessons.checks import as_series, as_values, negligible, refuse_missing, whole_number
from lessons.scores import cheapest_shift


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
    float
        The statistic: below 0 where A has the smaller loss; beyond ±2 chance is a poor explanation. 0 where
        the losses differ by the same amount everywhere: there is nothing to test.

    Raises
    ------
    ValueError
        The shapes differ, there are too few losses, or one is NaN.
    """
    loss_a, loss_b = as_values(loss_a, "loss_a"), as_values(loss_b, "loss_b")
    if loss_a.shape != loss_b.shape or loss_a.ndim != 1:
        raise ValueError(
            "loss_a and loss_b must both have shape (n,), of the same targets; got "
            f"{loss_a.shape} and {loss_b.shape}"
        )
    n = len(loss_a)
    if n < 8:
        raise ValueError(f"loss_a and loss_b must hold 8 losses at least, got {n}")
    if not np.isfinite([loss_a, loss_b]).all():
        raise ValueError("loss_a and loss_b hold NaN or infinite values: leave those targets out of both")
    d = loss_a - loss_b
    lags = _usual_lags(n) if lags is None else whole_number(lags, "lags")
    if not 0 <= lags < n:
        raise ValueError(f"lags must be between 0 and {n - 1} (there are {n} losses), got {lags}")
    return 0.0 if negligible(np.ptp(d), [loss_a, loss_b]) else float(_mean_of(d, lags).tvalues[0])


def standard_error(d):
    """Standard error of the mean of values that depend on each other over time, as in `diebold_mariano`.

    Parameters
    ----------
    d : array_like of shape (n,)
        Values in any unit, in order of time.

    Returns
    -------
    float
        In that unit.
    """
    d = as_series(d, "d")[:, 0]
    refuse_missing(d[:, np.newaxis], "d")
    return float(_mean_of(d, _usual_lags(len(d))).bse[0])


def _usual_lags(n):
    return int(np.ceil(n ** (1 / 3)))


@dataclass(frozen=True)
class Shift:
    """What to add to a forecast because errors have prices, and whether the past supports it.

    Attributes
    ----------
    value : float
        Learnt from all past forecasts, in the unit of the series.
    statistic : float
        Of the cost that such a shift would have saved, learnt each time from earlier origins only: its mean
        in standard errors.
    """

    value: float
    statistic: float

    @property
    def supported(self):
        """bool : whether it saved more than chance explains; otherwise leave the forecast as it is."""
        return self.statistic > 2


def shift_on_trial(y_true, y_pred, origin, under, over, learn=cheapest_shift):
    """Learn a shift from past forecasts, and put it on trial at later origins than it was learnt at.

    Parameters
    ----------
    y_true, y_pred : array_like of shape (n,)
        Past values and forecasts, made before the values were seen, in one unit and in order of time.
    origin : array_like of int, shape (n,)
        At which origin each was made: 0, 1, ... in order of time.
    under, over : float
        Cost of one unit forecast too low, and too high.
    learn : callable
        ``learn(y_true, y_pred, under, over)`` returns the shift.

    Returns
    -------
    Shift
    """
    y_true, y_pred = as_series(y_true, "y_true")[:, 0], as_series(y_pred, "y_pred")[:, 0]
    origin = np.asarray(origin)
    if not len(y_true) == len(y_pred) == len(origin):
        lengths = len(y_true), len(y_pred), len(origin)
        raise ValueError(f"y_true, y_pred and origin must have one length, got {lengths}")
    refuse_missing(y_true[:, np.newaxis], "y_true")
    refuse_missing(y_pred[:, np.newaxis], "y_pred")
    later = origin > origin.min()
    shift = np.zeros(len(y_true))
    for k in np.unique(origin[later]):
        shift[origin == k] = learn(y_true[origin < k], y_pred[origin < k], under, over)
    missing = y_true[later] - y_pred[later]  # above 0 where the forecast is too low
    kept, shifted = (np.where(e > 0, under * e, -over * e) for e in (missing, missing - shift[later]))
    value = float(learn(y_true, y_pred, under, over))
    return Shift(value, diebold_mariano(kept, shifted))


def paired_verdict(chosen, losses, lags=None):
    """Say in a few sentences which forecaster to use, from the past's choice and paired tests.

    The one that was chosen has to beat the last value beyond chance (2 standard errors); otherwise that is
    advised, and all others are compared with it.

    Parameters
    ----------
    chosen : str
        The forecaster chosen before the test part was opened.
    losses : dict of str to ndarray of shape (n,)
        Of all that were tested on the same targets, `chosen` and "last value" among them.
    lags : int, optional
        As for `diebold_mariano`.

    Returns
    -------
    advised : str
        `chosen` or "last value".
    verdict : str
        Whom to use, whom that has beaten, and whom it is not told apart from, each with its mean loss: what
        is not told apart may be far apart, where there is little to test on.

    Raises
    ------
    ValueError
        Those of `chosen` or "last value" are not there or, as for `diebold_mariano`, cannot be compared.
    """
    naive = "last value"
    losses = {model: as_values(loss, f"losses[{model!r}]") for model, loss in losses.items()}
    if not {chosen, naive} <= losses.keys() or not all(loss.size for loss in losses.values()):
        got = ", ".join(f"{model!r} {loss.shape}" for model, loss in losses.items()) or "none"
        raise ValueError(f"losses must hold those of {chosen!r} and {naive!r}, and none be empty, got {got}")
    sizes = {model: f"{model} ({np.mean(loss):.4g})" for model, loss in losses.items()}
    gain = None if chosen == naive else diebold_mariano(losses[naive], losses[chosen], lags)
    advised = chosen if gain is not None and gain > 2 else naive
    called = f"the {naive}" if advised == naive else advised
    if advised == chosen:
        said = [f"Use {called}." if gain else f"The past chose {called}: use it."]
    else:
        said = [f"{chosen} was chosen on the past, but does not beat {called} ({gain:+.1f}): use {called}."]
    others = {m: diebold_mariano(loss, losses[advised], lags) for m, loss in losses.items() if m != advised}
    groups = {
        f"Beaten by {sizes[advised]}": [sizes[model] for model, z in others.items() if z > 2],
        f"Better than {called}, as seen afterwards": [sizes[m] for m, z in others.items() if z < -2],
        f"Not told apart from {sizes[advised]}": [sizes[m] for m, z in others.items() if not abs(z) > 2],
    }
    said += [f"{what}: {', '.join(names)}." for what, names in groups.items() if names]
    return advised, " ".join(said)


def _mean_of(d, lags):
    from statsmodels.regression.linear_model import OLS  # a second, for those who need it

    errors = {"cov_type": "HAC", "cov_kwds": {"maxlags": lags, "use_correction": False}}
    return OLS(d, np.ones(len(d))).fit(**errors, use_t=True)
