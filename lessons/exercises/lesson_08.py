"""Exercises of lesson 08: fill from the past, measure how a surprise fades, test a win, price errors."""

import numpy as np

from lessons.exercises.declare import Case, Exercise, Part, Slip
from lessons.scores import asymmetric_cost

NAN = np.nan


def fill_from_past(y, season_length):
    """Fill gaps with what had been usual, so far, at this step of the season."""
    filled = y.copy()
    for i in np.flatnonzero(np.isnan(y)):
        before = y[i % season_length : i : season_length]  # the same step in every season before
        known = before[~np.isnan(before)]
        filled[i] = known.mean() if known.size else filled[i - 1]
    return filled


def fading_shares(deviation, horizon):
    """How much of a deviation is left 1 ... horizon steps later: least squares through the origin."""
    shares = np.empty(horizon)
    for k in range(1, horizon + 1):
        now, later = deviation[:-k], deviation[k:]
        both = ~np.isnan(now) & ~np.isnan(later)
        shares[k - 1] = np.sum(now[both] * later[both]) / np.sum(now[both] ** 2)
    return shares


def diebold_mariano(loss_a, loss_b, lags):
    """Mean loss difference in units of its own standard error, neighbours' likeness taken into account."""
    d = loss_a - loss_b
    N, around = len(d), d - d.mean()
    V = np.sum(around**2) / N  # gamma_0
    for k in range(1, lags + 1):
        gamma_k = np.sum(around[k:] * around[:-k]) / N
        V += 2 * (1 - k / (lags + 1)) * gamma_k
    return d.mean() / np.sqrt(V / N)


def best_shift(y_true, y_pred, under, over):
    """The constant to add to forecasts like these so that they would have cost least."""
    missing = y_true - y_pred  # what had to be added, each time
    return np.quantile(missing, under / (under + over), method="inverted_cdf")


def _gappy(n, seed, at):
    """Draw a series (n,) with NaN at `at`."""
    y = np.random.default_rng(seed).uniform(5, 60, n).round(1)
    y[list(at)] = NAN
    return y


def _deviation(n, seed, at, memory=0.8):
    """Draw deviations (n,) that fade, with NaN at `at`."""
    rng, d = np.random.default_rng(seed), np.zeros(n)
    for i in range(1, n):
        d[i] = memory * d[i - 1] + rng.normal()
    d[list(at)] = NAN
    return d + 0.3


def _pair(shape, seed):
    rng = np.random.default_rng(seed)
    y_true = rng.uniform(5, 60, shape)
    return y_true, y_true + rng.normal(-2, 8, shape)


def _losses(n, seed):
    """Draw two losses (n,), alike from step to step, as those of overlapping targets are."""
    rng = np.random.default_rng(seed)
    smooth = np.convolve(rng.normal(size=n + 3), np.ones(4) / 2, mode="valid")
    shared = rng.gamma(2, 3, n)
    return shared + 1.5 + smooth, shared + rng.gamma(2, 0.4, n)


def _costs_least(*calls):
    """Make a test for shifts: they may come from any quantile, a search or a grid, if they cost the least.

    What lies between two errors costs alike or nearly so, and a thousandth more is no mistake.
    """

    def test(shift):
        for y_true, y_pred, under, over in calls:
            came = asymmetric_cost(y_true, y_pred + shift(y_true, y_pred, under, over), under, over)
            share, missing = under / (under + over), y_true - y_pred
            fair = [np.quantile(missing, share, method=method) for method in ("linear", "lower", "higher")]
            allowed = max(asymmetric_cost(y_true, y_pred + s, under, over) for s in fair)
            least = min(asymmetric_cost(y_true, y_pred + s, under, over) for s in missing)
            if not came <= max(allowed, 1.001 * least) * (1 + 1e-6):
                return f"with this `shift` a forecast costs {came:.4g}; the best one brings it to {least:.4g}"
        return None

    return test


_BY_HAND = np.array([1, 2, NAN, 4, 5, 6, NAN, NAN, 9, 10])
_FILL = "known.mean() if known.size else filled[i - 1]"
_BEFORE = "y[i % season_length : i : season_length]"
_SHARE_LEFT = "np.sum(now[both] * later[both]) / np.sum(now[both] ** 2)"
_FIRST = "shares = np.empty(horizon)"
_V = "V += 2 * (1 - k / (lags + 1)) * gamma_k"
_SHARE = "under / (under + over)"
_QUANTILE = f'np.quantile(missing, {_SHARE}, method="inverted_cdf")'


def _shift_slips(diagnosis, changes):
    """Make the slip as it is with this kind of quantile and with NumPy's usual one, which interpolates."""
    return Slip(diagnosis, changes), Slip(diagnosis, {**changes, ', method="inverted_cdf"': ""})


_FILL_FROM_PAST_SLIPS = [
    Slip(
        "The mean takes in later seasons as well: when the gap was filled, nobody knew them.",
        {_BEFORE: "y[i % season_length :: season_length]"},
    ),
    Slip("The mean is of the seasons that *follow*: not known yet.", {_BEFORE: "y[i::season_length]"}),
    Slip("The value that *follows* fills the gap; it was not known.", {_FILL: "y[i:][~np.isnan(y[i:])][0]"}),
    Slip(
        "Interpolation draws a line to the value after the gap, so the filling knows the future.",
        {_FILL: "np.interp(i, np.flatnonzero(~np.isnan(y)), y[~np.isnan(y)])"},
    ),
    Slip("The mean of the whole series knows its future.", {_FILL: "np.nanmean(y)"}),
    Slip("The mean is of everything so far; what was usual at *this step*?", {_FILL: "np.nanmean(y[:i])"}),
    Slip("This averages all steps of the last season.", {_BEFORE: "y[max(i - season_length, 0) : i]"}),
    Slip("Zero is a value like any other, and this series was not 0 there.", {_FILL: "0.0"}),
    Slip("The last value stands in even where there is a season before.", {_FILL: "filled[i - 1]"}),
    Slip(
        "This is the value of *one* season before; average over all of them.",
        {_FILL: "filled[i - season_length if i >= season_length else i - 1]"},
    ),
    Slip("Values filled earlier go into the mean, as if they had been measured.", {"y[i %": "filled[i %"}),
    Slip(
        "Missing values go into the mean as zeros.",
        {"before[~np.isnan(before)]": "np.nan_to_num(before)", "known.size": "known.any()"},
    ),
    Slip("This is a median; asked for is the mean.", {"known.mean()": "np.median(known)"}),
    Slip("This is what was usual one step earlier in the season.", {"i % s": "(i - 1) % s"}),
    Slip("Where no season before has a value, 0 is put in.", {"filled[i - 1]": "0.0"}),
    Slip("Where no season before has a value, the gap stays open.", {"filled[i - 1]": "np.nan"}),
    Slip("In a longer gap the value just before is itself missing in `y`.", {"filled[i - 1]": "y[i - 1]"}),
    Slip(
        "Where no season before has a value, this goes back to the last *measured* value; the one "
        "just before is meant, filled or not.",
        {"else filled[i - 1]": "else y[:i][~np.isnan(y[:i])][-1]"},
    ),
    Slip("This is the mean of the last five seasons, not of all.", {"known.mean()": "known[-5:].mean()"}),
    Slip("The step of the season is what `%` leaves, not what `//` gives.", {"i % s": "i // s"}),
    Slip(
        "Where no season before has a value, the mean so far is put in.",
        {"filled[i - 1]": "np.nanmean(y[:i])"},
    ),
    Slip(
        "In the first season this index is below 0: it counts from the end, the future.",
        {_BEFORE: "y[i - season_length :: -season_length]"},
    ),
]

_FADING_SHARES_SLIPS = [
    Slip(
        "The first share is that after no step at all, which is 1.",
        {
            "range(1, horizon + 1)": "range(horizon)",
            "deviation[:-k]": "deviation[: len(deviation) - k]",
            "shares[k - 1]": "shares[k]",
        },
    ),
    Slip(
        "These are powers of the first share; here each step is measured for itself.",
        {"return shares": "return shares[0] ** np.arange(1, horizon + 1)"},
    ),
    Slip(
        "These are correlations: they subtract means, and divide by both spreads.",
        {_SHARE_LEFT: "np.corrcoef(now[both], later[both])[0, 1]"},
    ),
    Slip(
        "This is the slope of a line with an intercept; a deviation of 0 should stay 0.",
        {_SHARE_LEFT: "np.polyfit(now[both], later[both], 1)[0]"},
    ),
    Slip("The divisor has the squares of the later values.", {"(now[both] **": "(later[both] **"}),
    Slip(
        "Divided is by all squares, also those of values without a partner k steps later.",
        {"np.sum(now[both] ** 2)": "np.nansum(deviation**2)"},
    ),
    Slip("One missing value makes it NaN.", {"~np.isnan(now) & ~np.isnan(later)": "np.full(len(now), True)"}),
    Slip(
        "The mean is subtracted first; a deviation is measured from the usual already.",
        {_FIRST: "deviation = deviation - np.nanmean(deviation)\n    " + _FIRST},
    ),
    Slip("What is missing counts as 0.", {_FIRST: "deviation = np.nan_to_num(deviation)\n    " + _FIRST}),
    Slip(
        "The gaps are cut out first, so that neighbours in the array are no longer k steps apart.",
        {_FIRST: "deviation = deviation[~np.isnan(deviation)]\n    " + _FIRST},
    ),
    Slip(
        "This is a mean of ratios; one deviation near 0 decides it.",
        {_SHARE_LEFT: "np.mean(later[both] / now[both])"},
    ),
    Slip(
        "This is the ratio of two means; ups and downs cancel in them.",
        {_SHARE_LEFT: "later[both].mean() / now[both].mean()"},
    ),
    Slip("The sum of products is not divided by anything.", {" / np.sum(now[both] ** 2)": ""}),
    Slip("This is a covariance; asked for is a share.", {_SHARE_LEFT: "np.mean(now[both] * later[both])"}),
    Slip(
        "The shares have lost their signs: a deviation may turn.", {"return shares": "return np.abs(shares)"}
    ),
]

_DIEBOLD_MARIANO_SLIPS = [
    Slip("Neighbouring differences count as independent; right for `lags` = 0 only.", {_V: "pass"}),
    Slip("Turned round: it is positive where `loss_a` is larger.", {"loss_a - loss_b": "loss_b - loss_a"}),
    Slip("The sign is lost: it says which loss is smaller.", {"return d.mean()": "return abs(d.mean())"}),
    Slip(
        "This is the ordinary paired test; neighbours count as independent, and V is over N - 1.",
        {_V: "pass", "np.sum(around**2) / N": "np.sum(around**2) / (N - 1)"},
    ),
    Slip("gamma_0 is divided by N - 1, not by N.", {"np.sum(around**2) / N": "np.sum(around**2) / (N - 1)"}),
    Slip(
        "This has a correction for small samples in it, as packages do; the formula above has none.",
        {"np.sqrt(V / N)": "np.sqrt(V / (N - 1))"},
    ),
    Slip("The signs of the gamma_k are lost: one below 0 makes V smaller.", {"* gamma_k": "* abs(gamma_k)"}),
    Slip("The sum ends one lag too early: `lags` belongs to it.", {"range(1, lags + 1)": "range(1, lags)"}),
    Slip("The sum begins at k = 0: gamma_0 counts three times.", {"(1, lags": "(lags", ":-k": ": N - k"}),
    Slip("From k = 0 `around[:-0]` is empty; gamma_0 stands outside the sum.", {"(1, lags": "(lags"}),
    Slip("All lags count alike; their weights should fall from lag to lag.", {_V: "V += 2 * gamma_k"}),
    Slip("Each lag counts once; every pair of neighbours is met from both sides.", {"2 * (1": "(1"}),
    Slip("The last lag has weight 0; it should be the next one.", {"(lags + 1)) *": "lags) *"}),
    Slip("The weights grow with the lag; they should fall.", {"(1 - k / (lags + 1))": "k / (lags + 1)"}),
    Slip("gamma_0 is doubled too.", {"np.sum(around**2) / N": "2 * np.sum(around**2) / N"}),
    Slip(
        "This is divided by the spread of the differences, not by the standard error of their mean.",
        {"np.sqrt(V / N)": "np.sqrt(V)"},
    ),
    Slip("Divided by a variance; the standard error is its root.", {"np.sqrt(": "("}),
    Slip("The mean of d is not subtracted before the products are taken.", {"d - d.mean()": "d"}),
    Slip("Each gamma_k is divided by its number of pairs, not by N.", {":-k]) / N": ":-k]) / (N - k)"}),
    Slip(
        "This treats the losses as two groups of strangers; they belong together, pair by pair.",
        {"np.sqrt(V / N)": "np.sqrt((loss_a.var() + loss_b.var()) / N)"},
    ),
    Slip("The losses are squared; they are losses already.", {"loss_a - loss_b": "loss_a**2 - loss_b**2"}),
    Slip("This is the mean difference, not divided by its standard error.", {" / np.sqrt(V / N)": ""}),
    Slip("N belongs under the root too.", {"V / N)": "V) / N"}),
    Slip("The weights fall to 0 over the series, 1 - k / N, not over the lags.", {"k / (lags + 1)": "k / N"}),
    Slip("Each lag takes the place of the sum before it.", {"V += 2": "V = 2"}),
    Slip(
        "This is a p-value; asked for is the statistic.",
        {"return d": "from scipy.stats import norm\n    return 2 * norm.sf(abs(d", "/ N)": "/ N)))"},
    ),
]

_BEST_SHIFT_SLIPS = [
    *_shift_slips(
        "The prices are swapped: the dearer it is to be too low, the higher the shift must be.",
        {_SHARE: "over / (under + over)"},
    ),
    *_shift_slips("The sign is turned round: this would have to be subtracted.", {"return np": "return -np"}),
    *_shift_slips(
        "This is a quantile of forecast minus truth; what had to be *added* is truth minus forecast.",
        {"y_true - y_pred": "y_pred - y_true"},
    ),
    Slip("This mends the bias; the prices play no part.", {_QUANTILE: "np.mean(missing)"}),
    Slip("This is the median: right if both prices were the same.", {_QUANTILE: "np.median(missing)"}),
    Slip("This scales the bias; with none it does nothing.", {_QUANTILE: "under / over * np.mean(missing)"}),
    *_shift_slips(
        "This is a quantile of the values, not of what was missing.", {"y_true - y_pred": "y_true"}
    ),
    *_shift_slips("The errors have lost their signs.", {"y_true - y_pred": "np.abs(y_true - y_pred)"}),
    *_shift_slips(
        "The share is 1 - over / under; where do the two prices balance?",
        {_SHARE: "min(1.0, 1 - over / under)"},
    ),
    *_shift_slips(
        "`under / over` is no share: it may be above 1. Which share of all cases must lie below?",
        {_SHARE: "under / over"},
    ),
    Slip(
        "This is a quantile of ratios; a shift is added, so it is made of differences.",
        {_QUANTILE: f"(np.quantile(y_true / y_pred, {_SHARE}) - 1) * np.mean(y_pred)"},
    ),
    Slip("This makes sure that nothing was too low, at any price.", {_QUANTILE: "np.max(missing)"}),
    Slip(
        "Truth and forecast each have their quantile taken; asked for is that of their difference.",
        {_QUANTILE: f"np.quantile(y_true, {_SHARE}) - np.quantile(y_pred, {_SHARE})"},
    ),
    Slip("`np.percentile` counts to 100, and got a share.", {_QUANTILE: f"np.percentile(missing, {_SHARE})"}),
    Slip(
        "This is a mean weighted by the prices, which large errors pull at. Which *share* lies below?",
        {_QUANTILE: "np.average(missing, weights=np.where(missing > 0, under, over))"},
    ),
    *_shift_slips("A shift may be negative, too.", {"y_true - y_pred": "np.maximum(0, y_true - y_pred)"}),
    *_shift_slips(
        "Only forecasts that were too low enter.", {"y_true - y_pred": "(y_true - y_pred)[y_true > y_pred]"}
    ),
    *_shift_slips(
        "The bias is taken out and never put back.",
        {"y_true - y_pred": "y_true - y_pred - np.mean(y_true - y_pred)"},
    ),
]

EXERCISES = (
    Exercise(
        "08.fill_from_past",
        "Fill gaps with nothing but the past",
        reference=fill_from_past,
        returns="filled",
        parts=[
            Part(
                "short gaps",
                1,
                Case(_gappy(24, 0, [15, 16, 20]), 6),
                Case(_gappy(21, 1, [9, 13, 14, 18]), 4),
                Case(_gappy(40, 17, [30, 34, 37]), 3),
            ),
            Part(
                "gaps in the first season, and gaps longer than one",
                1,
                Case(_BY_HAND, 5),
                Case(_gappy(26, 2, [2, 3, 11, 12, 13, 14, 15, 16, 22]), 5),
                Case(_gappy(20, 3, [1, 6, 9, 10, 11, 12, 13]), 3),
            ),
        ],
        hints=[
            "`before` holds what was measured at this step of the season so far, and NaN where nothing was.",
            "Average the measured ones. If there are none, take `filled[i - 1]`.",
        ],
        wrong=_FILL_FROM_PAST_SLIPS,
    ),
    Exercise(
        "08.fading_shares",
        "Measure how fast a deviation fades",
        reference=fading_shares,
        returns="shares",
        parts=[
            Part("nothing missing", 1, Case(_deviation(40, 4, []), 3), Case(_deviation(30, 5, [], -0.7), 5)),
            Part("with gaps", 1, Case(_deviation(40, 6, [3, 4, 17, 30]), 4), Case(_deviation(25, 7, [9]), 2)),
        ],
        hints=[
            "Use only the pairs of which both were measured.",
            "Set the derivative of $\\sum (later - s \\cdot now)^2$ with respect to $s$ to 0, and solve for "
            "$s$.",
        ],
        wrong=_FADING_SHARES_SLIPS,
    ),
    Exercise(
        "08.diebold_mariano",
        "Test a win, pair by pair",
        reference=diebold_mariano,
        returns="statistic",
        parts=[
            Part("one neighbour", 1, Case(*_losses(30, 14), 1), Case(*_losses(30, 17)[::-1], 1)),
            Part(
                "none, or several",
                1,
                Case(*_losses(30, 14), 0),
                Case(*_losses(40, 15), 4),
                Case(*_losses(50, 16)[::-1], 2),
            ),
        ],
        hints=[
            "Go through k = 1 ... lags; the products are those of `around` and `around` k steps later.",
            "gamma_k is `np.sum(around[k:] * around[:-k]) / N`.",
            "To `V` comes `2 * (1 - k / (lags + 1)) * gamma_k`, for each k.",
        ],
        wrong=_DIEBOLD_MARIANO_SLIPS,
    ),
    Exercise(
        "08.best_shift",
        "Shift a forecast to what errors cost",
        reference=best_shift,
        returns="shift",
        parts=[
            Part(
                "a dear shortfall",
                1,
                test=_costs_least(
                    (*_pair(21, 11), 4.0, 1.0), (*_pair(31, 12), 9.0, 1.0), (*_pair(40, 18), 2.0, 1.0)
                ),
            ),
            Part("a dear excess", 1, test=_costs_least((*_pair(26, 13), 1.0, 3.0))),
        ],
        hints=[
            "Look at `y_true - y_pred`: what would have had to be added, each time.",
            "Raise the forecast by one unit more. It pays as long as the share of forecasts still too "
            "low, times `under`, is larger than the share of the others, times `over`.",
            "So stop when the share *below* the shift is under / (under + over): a quantile, `np.quantile`.",
        ],
        wrong=_BEST_SHIFT_SLIPS,
    ),
)
