"""Exercises of lesson 08: fill from the past, score what was measured, price errors, test a win."""

import numpy as np

from lessons.exercises.declare import Case, Exercise, Part, Wrong

NAN = np.nan


def fill_from_past(y, season_length):
    """Fill gaps with what had been usual, so far, at this step of the season."""
    filled = y.copy()
    for i in np.flatnonzero(np.isnan(y)):
        before = y[i % season_length : i : season_length]  # the same step in every season before
        known = before[~np.isnan(before)]
        filled[i] = known.mean() if known.size else filled[i - 1]
    return filled


def _filled_by(y, value):
    """Fill in order of time with `value(filled, i)`."""
    filled = y.copy()
    for i in np.flatnonzero(np.isnan(y)):
        filled[i] = value(filled, i)
    return filled


def _known(values):
    return values[~np.isnan(values)]


def _usual(values, otherwise):
    known = _known(values)
    return known.mean() if known.size else otherwise


def _usual_of_the_whole_series(y, season_length):
    return _filled_by(y, lambda filled, i: _usual(y[i % season_length :: season_length], filled[i - 1]))


def _usual_of_what_follows(y, season_length):
    return _filled_by(y, lambda filled, i: _usual(y[i::season_length], filled[i - 1]))


def _next_value(y, season_length):
    return _filled_by(y, lambda filled, i: _known(y[i:])[0])


def _interpolated(y, season_length):
    measured = ~np.isnan(y)
    return np.interp(np.arange(len(y)), np.flatnonzero(measured), y[measured])


def _mean_of_the_series(y, season_length):
    return _filled_by(y, lambda filled, i: np.nanmean(y))


def _mean_of_all_so_far(y, season_length):
    return _filled_by(y, lambda filled, i: np.nanmean(y[:i]))


def _mean_of_the_last_season(y, season_length):
    return _filled_by(y, lambda filled, i: _usual(y[max(i - season_length, 0) : i], filled[i - 1]))


def _zeros(y, season_length):
    return np.nan_to_num(y)


def _last_value(y, season_length):
    return _filled_by(y, lambda filled, i: filled[i - 1])


def _one_season_before(y, season_length):
    return _filled_by(y, lambda filled, i: filled[i - season_length if i >= season_length else i - 1])


def _fillings_count_as_measured(y, season_length):
    return _filled_by(
        y, lambda filled, i: _usual(filled[i % season_length : i : season_length], filled[i - 1])
    )


def _gaps_count_as_zero(y, season_length):
    def value(filled, i):
        before = np.nan_to_num(y[i % season_length : i : season_length])
        return before.mean() if before.any() else filled[i - 1]

    return _filled_by(y, value)


def _median_so_far(y, season_length):
    def value(filled, i):
        known = _known(y[i % season_length : i : season_length])
        return np.median(known) if known.size else filled[i - 1]

    return _filled_by(y, value)


def _one_step_beside(y, season_length):
    return _filled_by(
        y, lambda filled, i: _usual(y[(i - 1) % season_length : i : season_length], filled[i - 1])
    )


def _zero_without_a_season(y, season_length):
    return _filled_by(y, lambda filled, i: _usual(y[i % season_length : i : season_length], 0.0))


def _left_open_without_a_season(y, season_length):
    return _filled_by(y, lambda filled, i: _usual(y[i % season_length : i : season_length], NAN))


def _value_before_not_filled(y, season_length):
    return _filled_by(y, lambda filled, i: _usual(y[i % season_length : i : season_length], y[i - 1]))


def _last_five_seasons(y, season_length):
    def value(filled, i):
        known = _known(y[i % season_length : i : season_length])
        return known[-5:].mean() if known.size else filled[i - 1]

    return _filled_by(y, value)


def fully_measured(was_filled, target_index, horizon):
    """Say of each window whether all its targets were measured."""
    targets = target_index[:, None] + np.arange(horizon)  # (N, 1) + (horizon,) -> (N, horizon)
    return ~was_filled[targets].any(axis=1)


def _some_target_measured(was_filled, target_index, horizon):
    return ~was_filled[target_index[:, None] + np.arange(horizon)].all(axis=1)


def _first_target_alone(was_filled, target_index, horizon):
    return ~was_filled[target_index]


def _last_target_alone(was_filled, target_index, horizon):
    return ~was_filled[target_index + horizon - 1]


def _filled_instead_of_measured(was_filled, target_index, horizon):
    return was_filled[target_index[:, None] + np.arange(horizon)].any(axis=1)


def _inputs_instead_of_targets(was_filled, target_index, horizon):
    return ~was_filled[target_index[:, None] - 1 - np.arange(horizon)].any(axis=1)


def _one_target_too_many(was_filled, target_index, horizon):
    return ~was_filled[target_index[:, None] + np.arange(horizon + 1)].any(axis=1)


def _one_target_too_few(was_filled, target_index, horizon):
    return ~was_filled[target_index[:, None] + np.arange(max(horizon - 1, 1))].any(axis=1)


def _targets_begin_one_late(was_filled, target_index, horizon):
    return ~was_filled[target_index[:, None] + 1 + np.arange(horizon)].any(axis=1)


def _window_number_for_series_index(was_filled, target_index, horizon):
    rows = np.arange(len(target_index))
    return ~was_filled[rows[:, None] + np.arange(horizon)].any(axis=1)


def _windows_taken_to_follow(was_filled, target_index, horizon):
    rows = target_index[0] + np.arange(len(target_index))
    return ~was_filled[rows[:, None] + np.arange(horizon)].any(axis=1)


def _row_for_each_target(was_filled, target_index, horizon):
    return ~was_filled[target_index[:, None] + np.arange(horizon)]


def fading_shares(deviation, horizon):
    """How much of a deviation is left 1 ... horizon steps later: least squares through the origin."""
    shares = np.empty(horizon)
    for k in range(1, horizon + 1):
        now, later = deviation[:-k], deviation[k:]
        both = ~np.isnan(now) & ~np.isnan(later)
        shares[k - 1] = np.sum(now[both] * later[both]) / np.sum(now[both] ** 2)
    return shares


def _shares(deviation, horizon, share, first=1):
    shares = np.empty(horizon)
    for k in range(first, horizon + first):
        now, later = deviation[: len(deviation) - k], deviation[k:]
        both = ~np.isnan(now) & ~np.isnan(later)
        shares[k - first] = share(now[both], later[both])
    return shares


def _begins_at_no_step_at_all(deviation, horizon):
    return _shares(deviation, horizon, lambda a, b: np.sum(a * b) / np.sum(a**2), first=0)


def _powers_of_the_first(deviation, horizon):
    return fading_shares(deviation, 1) ** np.arange(1, horizon + 1)


def _correlations(deviation, horizon):
    return _shares(deviation, horizon, lambda a, b: np.corrcoef(a, b)[0, 1])


def _line_with_intercept(deviation, horizon):
    return _shares(deviation, horizon, lambda a, b: np.polyfit(a, b, 1)[0])


def _divided_by_the_later(deviation, horizon):
    return _shares(deviation, horizon, lambda a, b: np.sum(a * b) / np.sum(b**2))


def _divided_by_all(deviation, horizon):
    every = np.nansum(deviation**2)
    return _shares(deviation, horizon, lambda a, b: np.sum(a * b) / every)


def _missing_as_zero(deviation, horizon):
    return fading_shares(np.nan_to_num(deviation), horizon)


def _missing_not_left_out(deviation, horizon):
    return np.array(
        [np.sum(deviation[:-k] * deviation[k:]) / np.sum(deviation[:-k] ** 2) for k in range(1, horizon + 1)]
    )


def _mean_subtracted(deviation, horizon):
    return fading_shares(deviation - np.nanmean(deviation), horizon)


def _missing_squeezed_out(deviation, horizon):
    return fading_shares(deviation[~np.isnan(deviation)], horizon)


def _mean_of_ratios(deviation, horizon):
    return _shares(deviation, horizon, lambda a, b: np.mean(b / a))


def _ratio_of_means(deviation, horizon):
    return _shares(deviation, horizon, lambda a, b: b.mean() / a.mean())


def _not_divided(deviation, horizon):
    return _shares(deviation, horizon, lambda a, b: np.sum(a * b))


def _mean_product(deviation, horizon):
    return _shares(deviation, horizon, lambda a, b: np.mean(a * b))


def asymmetric_cost(y_true, y_pred, under, over):
    """Mean cost where each unit forecast too low costs `under`, and each unit too high `over`."""
    error = y_pred - y_true
    return np.mean(np.where(error < 0, -under * error, over * error))


def _prices_swapped(y_true, y_pred, under, over):
    return asymmetric_cost(y_true, y_pred, over, under)


def _squared(y_true, y_pred, under, over):
    error = y_pred - y_true
    return np.mean(np.where(error < 0, under, over) * error**2)


def _summed(y_true, y_pred, under, over):
    return asymmetric_cost(y_true, y_pred, under, over) * y_true.size


def _sign_kept(y_true, y_pred, under, over):
    error = y_pred - y_true
    return np.mean(np.where(error < 0, under, over) * error)


def _costs_below_zero(y_true, y_pred, under, over):
    return -asymmetric_cost(y_true, y_pred, under, over)


def _shortfall_alone(y_true, y_pred, under, over):
    return under * np.mean(np.maximum(y_true - y_pred, 0))


def _excess_alone(y_true, y_pred, under, over):
    return over * np.mean(np.maximum(y_pred - y_true, 0))


def _counted(y_true, y_pred, under, over):
    error = y_pred - y_true
    return np.mean(np.where(error < 0, under, 0) + np.where(error > 0, over, 0))


def _means_of_each_kind(y_true, y_pred, under, over):
    error = y_pred - y_true
    return under * -error[error < 0].mean() + over * error[error > 0].mean()


def _divided_by_the_prices(y_true, y_pred, under, over):
    return asymmetric_cost(y_true, y_pred, under, over) / (under + over)


def _prices_ignored(y_true, y_pred, under, over):
    return np.mean(np.abs(y_pred - y_true))


def _price_of_the_mean_error(y_true, y_pred, under, over):
    bias = np.mean(y_pred - y_true)
    return max(-under * bias, over * bias)


def best_shift(y_true, y_pred, under, over):
    """The constant to add to forecasts like these so that they would have cost least."""
    missing = y_true - y_pred  # what had to be added, each time
    return np.quantile(missing, under / (under + over))


def _quantile_of_the_other_price(y_true, y_pred, under, over):
    return np.quantile(y_true - y_pred, over / (under + over))


def _sign_turned(y_true, y_pred, under, over):
    return -best_shift(y_true, y_pred, under, over)


def _errors_the_wrong_way_round(y_true, y_pred, under, over):
    return np.quantile(y_pred - y_true, under / (under + over))


def _mean_error(y_true, y_pred, under, over):
    return np.mean(y_true - y_pred)


def _median_error(y_true, y_pred, under, over):
    return np.median(y_true - y_pred)


def _mean_error_times_price(y_true, y_pred, under, over):
    return under / over * np.mean(y_true - y_pred)


def _quantile_of_the_values(y_true, y_pred, under, over):
    return np.quantile(y_true, under / (under + over))


def _quantile_of_the_distances(y_true, y_pred, under, over):
    return np.quantile(np.abs(y_true - y_pred), under / (under + over))


def _ratio_as_quantile(y_true, y_pred, under, over):
    return np.quantile(y_true - y_pred, min(1.0, 1 - over / under))


def _ratio_of_prices_as_quantile(y_true, y_pred, under, over):
    return np.quantile(y_true - y_pred, under / over)


def _largest_shortfall(y_true, y_pred, under, over):
    return np.max(y_true - y_pred)


def _difference_of_quantiles(y_true, y_pred, under, over):
    share = under / (under + over)
    return np.quantile(y_true, share) - np.quantile(y_pred, share)


def _percent_for_share(y_true, y_pred, under, over):
    return np.percentile(y_true - y_pred, under / (under + over))


def diebold_mariano(loss_a, loss_b, lags):
    """Mean loss difference in units of its own standard error, neighbours' likeness taken into account."""
    d = loss_a - loss_b
    N, around = len(d), d - d.mean()
    variance = np.sum(around**2) / N  # gamma_0
    for k in range(1, lags + 1):
        gamma_k = np.sum(around[k:] * around[:-k]) / N
        variance += 2 * (1 - k / (lags + 1)) * gamma_k
    return d.mean() / np.sqrt(variance / N)


def _dm(d, variance):
    """The statistic of differences `d`, with their long-run variance made from gamma (N,)."""
    N, around = len(d), d - d.mean()
    gamma = np.array([np.sum(around[k:] * around[: N - k]) / N for k in range(N)])
    return d.mean() / np.sqrt(variance(gamma, N) / N)


def _weighted(gamma, lags):
    return np.sum((1 - np.arange(1, lags + 1) / (lags + 1)) * gamma[1 : lags + 1])


def _ordinary_paired_test(loss_a, loss_b, lags):
    return _dm(loss_a - loss_b, lambda gamma, N: gamma[0])


def _sign_dropped(loss_a, loss_b, lags):
    return abs(diebold_mariano(loss_a, loss_b, lags))


def _paired_test_of_a_package(loss_a, loss_b, lags):
    d = loss_a - loss_b
    return d.mean() / (d.std(ddof=1) / np.sqrt(len(d)))


def _variance_over_one_less(loss_a, loss_b, lags):
    return _dm(loss_a - loss_b, lambda gamma, N: gamma[0] * N / (N - 1) + 2 * _weighted(gamma, lags))


def _small_samples_too(loss_a, loss_b, lags):
    return diebold_mariano(loss_a, loss_b, lags) * np.sqrt(1 - 1 / len(loss_a))


def _last_lag_left_out(loss_a, loss_b, lags):
    weights = 1 - np.arange(1, lags) / (lags + 1)
    return _dm(loss_a - loss_b, lambda gamma, N: gamma[0] + 2 * np.sum(weights * gamma[1 : max(lags, 1)]))


def _lag_zero_as_well(loss_a, loss_b, lags):
    return _dm(loss_a - loss_b, lambda gamma, N: 3 * gamma[0] + 2 * _weighted(gamma, lags))


def _lag_zero_by_slices(loss_a, loss_b, lags):
    around = loss_a - loss_b - np.mean(loss_a - loss_b)
    return np.sum([np.sum(around[k:] * around[:-k]) for k in range(lags + 1)])  # around[:-0] is empty


def _roles_swapped(loss_a, loss_b, lags):
    return -diebold_mariano(loss_a, loss_b, lags)


def _all_lags_count_alike(loss_a, loss_b, lags):
    return _dm(loss_a - loss_b, lambda gamma, N: gamma[0] + 2 * gamma[1 : lags + 1].sum())


def _neighbours_once(loss_a, loss_b, lags):
    return _dm(loss_a - loss_b, lambda gamma, N: gamma[0] + _weighted(gamma, lags))


def _weights_reach_zero_too_soon(loss_a, loss_b, lags):
    weights = 1 - np.arange(1, lags + 1) / max(lags, 1)
    return _dm(loss_a - loss_b, lambda gamma, N: gamma[0] + 2 * np.sum(weights * gamma[1 : lags + 1]))


def _weights_turned_round(loss_a, loss_b, lags):
    weights = np.arange(1, lags + 1) / (lags + 1)
    return _dm(loss_a - loss_b, lambda gamma, N: gamma[0] + 2 * np.sum(weights * gamma[1 : lags + 1]))


def _all_doubled(loss_a, loss_b, lags):
    return _dm(loss_a - loss_b, lambda gamma, N: 2 * gamma[0] + 2 * _weighted(gamma, lags))


def _not_divided_by_N(loss_a, loss_b, lags):
    return _dm(loss_a - loss_b, lambda gamma, N: N * (gamma[0] + 2 * _weighted(gamma, lags)))


def _root_forgotten(loss_a, loss_b, lags):
    return _dm(loss_a - loss_b, lambda gamma, N: (gamma[0] + 2 * _weighted(gamma, lags)) ** 2 / N)


def _not_centred(loss_a, loss_b, lags):
    d = loss_a - loss_b
    N = len(d)
    gamma = np.array([np.sum(d[k:] * d[: N - k]) / N for k in range(lags + 1)])
    return d.mean() / np.sqrt((gamma[0] + 2 * _weighted(gamma, lags)) / N)


def _divided_by_number_of_pairs(loss_a, loss_b, lags):
    pairs = lambda gamma, N: gamma * N / (N - np.arange(N))  # noqa: E731
    return _dm(
        loss_a - loss_b,
        lambda gamma, N: pairs(gamma, N)[0] + 2 * _weighted(pairs(gamma, N), lags),
    )


def _two_groups(loss_a, loss_b, lags):
    return (loss_a.mean() - loss_b.mean()) / np.sqrt((loss_a.var() + loss_b.var()) / len(loss_a))


def _squared_once_more(loss_a, loss_b, lags):
    return diebold_mariano(loss_a**2, loss_b**2, lags)


def _mean_difference(loss_a, loss_b, lags):
    return np.mean(loss_a - loss_b)


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
    """Make a test for shifts: a quantile can be said in many ways, and between two errors all cost alike."""

    def test(shift):
        for y_true, y_pred, under, over in calls:
            came = asymmetric_cost(y_true, y_pred + shift(y_true, y_pred, under, over), under, over)
            share, missing = under / (under + over), y_true - y_pred
            fair = [np.quantile(missing, share, method=method) for method in ("linear", "lower", "higher")]
            allowed = max(asymmetric_cost(y_true, y_pred + s, under, over) for s in fair)
            if not came <= allowed * (1 + 1e-6):
                least = min(asymmetric_cost(y_true, y_pred + s, under, over) for s in missing)
                return f"with this `shift` a forecast costs {came:.4g}; the best one brings it to {least:.4g}"
        return None

    return test


_MASK = np.zeros(30, dtype=bool)
_MASK[[4, 5, 12, 17, 18, 19, 28]] = True
_ALTERNATE = np.arange(24) % 5 == 3

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
                Case(_gappy(26, 2, [2, 3, 11, 12, 13, 14, 15, 16, 22]), 5),
                Case(_gappy(20, 3, [1, 6, 9, 10, 11, 12, 13]), 3),
            ),
        ],
        hints=[
            "Go through the missing places in order of time, and write into a copy.",
            "The same step in every season before place `i`: start at `i % season_length`, go on in steps "
            "of `season_length` until `i`, which is a slice `y[start : i : step]`.",
            "Some of those are missing themselves: average the measured ones. If there are none, take "
            "`filled[i - 1]`.",
        ],
        wrong=[
            Wrong(
                _usual_of_the_whole_series,
                "The mean takes in later seasons as well: when the gap was filled, nobody knew them.",
            ),
            Wrong(_usual_of_what_follows, "The mean is of the seasons that *follow*: nobody knows them yet."),
            Wrong(_next_value, "The value that *follows* fills the gap: when needed, it was not known."),
            Wrong(
                _interpolated,
                "Interpolation draws a line to the value after the gap, so the filling knows the future.",
            ),
            Wrong(_mean_of_the_series, "The mean of the whole series knows its future."),
            Wrong(_mean_of_all_so_far, "The mean is of everything so far; what was usual at *this step*?"),
            Wrong(_mean_of_the_last_season, "This is the mean of the season just past, all its steps."),
            Wrong(_zeros, "Zero is a value like any other, and this series was not 0 there."),
            Wrong(
                _last_value, "The last value stands in everywhere; it is for places without a season before."
            ),
            Wrong(_one_season_before, "This is the value of *one* season before; average over all of them."),
            Wrong(
                _fillings_count_as_measured,
                "Values filled earlier go into the mean, as if they had been measured.",
            ),
            Wrong(_gaps_count_as_zero, "Missing values go into the mean as zeros."),
            Wrong(_median_so_far, "This is a median; asked for is the mean."),
            Wrong(_one_step_beside, "This is what was usual one step earlier in the season."),
            Wrong(
                _zero_without_a_season,
                "Where no season before has a value, 0 is put in; the value just before is meant to be.",
            ),
            Wrong(_left_open_without_a_season, "Where no season before has a value, the gap stays open."),
            Wrong(
                _value_before_not_filled,
                "In a longer gap the value just before is itself missing, unless it is taken from `filled`.",
            ),
            Wrong(_last_five_seasons, "This is the mean of the last five seasons, and not of all so far."),
        ],
    ),
    Exercise(
        "08.fully_measured",
        "Keep windows whose targets were measured",
        reference=fully_measured,
        returns="keep",
        parts=[
            Part(
                "one True or False a window",
                2,
                Case(_MASK, np.arange(7, 26), 4),
                Case(_MASK, np.array([6, 8, 10, 12, 14, 16, 20, 24]), 3),
                Case(_ALTERNATE, np.arange(5, 22), 2),
            ),
        ],
        hints=[
            "The targets of window `i` are at `target_index[i]`, and the `horizon - 1` places after it.",
            "`target_index[:, None] + np.arange(horizon)` is all of them at once, `(N, horizon)`.",
            "Index `was_filled` with that. A window stays if not `any` of its row was filled.",
        ],
        wrong=[
            Wrong(
                _some_target_measured, "Windows stay if *some* target was measured; it should be every one."
            ),
            Wrong(_first_target_alone, "Only each window's first target counts here."),
            Wrong(_last_target_alone, "Only each window's last target counts here."),
            Wrong(_filled_instead_of_measured, "This is turned round: True where a target was filled."),
            Wrong(_inputs_instead_of_targets, "These are the inputs just before the targets."),
            Wrong(_one_target_too_many, "This looks at one target too many."),
            Wrong(_one_target_too_few, "This looks at one target too few."),
            Wrong(_targets_begin_one_late, "The targets begin at `target_index` itself, not one later."),
            Wrong(
                _window_number_for_series_index,
                "The window's number is taken for its place in the series; `target_index` says the place.",
            ),
            Wrong(
                _windows_taken_to_follow,
                "The windows are taken to follow each other; some may be left out between them.",
            ),
            Wrong(_row_for_each_target, "One answer for each target; a window needs one for all of its own."),
        ],
    ),
    Exercise(
        "08.fading_shares",
        "Measure how fast a deviation fades",
        reference=fading_shares,
        returns="shares",
        parts=[
            Part("nothing missing", 1, Case(_deviation(40, 4, []), 3), Case(_deviation(30, 5, []), 5)),
            Part("with gaps", 1, Case(_deviation(40, 6, [3, 4, 17, 30]), 4), Case(_deviation(25, 7, [9]), 2)),
        ],
        hints=[
            "For each k there are pairs: `now = deviation[:-k]` and `later = deviation[k:]`.",
            "Use only the pairs of which both were measured.",
            "Set the derivative of $\\sum (later - s \\cdot now)^2$ with respect to $s$ to 0, and solve for "
            "$s$.",
        ],
        wrong=[
            Wrong(_begins_at_no_step_at_all, "The first share is that after no step at all, which is 1."),
            Wrong(
                _powers_of_the_first,
                "These are powers of the first share; here each step is measured for itself.",
            ),
            Wrong(_correlations, "These are correlations: they subtract means, and divide by both spreads."),
            Wrong(
                _line_with_intercept,
                "This is the slope of a line with an intercept; a deviation of 0 should stay 0.",
            ),
            Wrong(
                _divided_by_the_later, "Divided is by the squares of the later values, not those known now."
            ),
            Wrong(
                _divided_by_all,
                "Divided is by all squares, also those of values without a partner k steps later.",
            ),
            Wrong(_missing_not_left_out, "One missing value makes a whole sum NaN."),
            Wrong(
                _mean_subtracted,
                "The mean is subtracted first; a deviation is measured from the usual already.",
            ),
            Wrong(_missing_as_zero, "What is missing counts as a deviation of 0."),
            Wrong(
                _missing_squeezed_out,
                "The gaps are cut out first, so that neighbours in the array are no longer k steps apart.",
            ),
            Wrong(_mean_of_ratios, "This is a mean of ratios; one deviation near 0 decides it."),
            Wrong(_ratio_of_means, "This is the ratio of two means; ups and downs cancel in them."),
            Wrong(_not_divided, "The sum of products is not divided by anything."),
            Wrong(_mean_product, "This is a covariance; asked for is a share."),
        ],
    ),
    Exercise(
        "08.asymmetric_cost",
        "Price too low and too high",
        reference=asymmetric_cost,
        returns="cost",
        parts=[
            Part("a dear shortfall", 1, Case(*_pair(12, 8), 4.0, 1.0), Case(*_pair((5, 3), 9), 3.0, 0.5)),
            Part("a dear excess", 1, Case(*_pair(15, 10), 1.0, 2.5)),
        ],
        hints=[
            "`error = y_pred - y_true` is below 0 where the forecast was too low.",
            "`np.where(condition, a, b)` takes `a` where the condition holds, else `b`.",
            "A cost is never negative: too low costs `-under * error`.",
        ],
        wrong=[
            Wrong(_prices_swapped, "The two prices are swapped: `under` is for forecasts that lie too low."),
            Wrong(_squared, "The errors are squared; here a unit costs the same however many there are."),
            Wrong(_summed, "This is the sum of all costs; asked for is the mean."),
            Wrong(_sign_kept, "The errors keep their signs, so that shortfalls pay for excesses."),
            Wrong(_costs_below_zero, "The costs are negative: look at the sign of the error."),
            Wrong(_shortfall_alone, "Too high costs nothing here."),
            Wrong(_excess_alone, "Too low costs nothing here."),
            Wrong(_counted, "The errors are counted; each should cost as much as it is large."),
            Wrong(
                _means_of_each_kind,
                "Shortfalls and excesses are averaged apart, so it does not matter how many there were.",
            ),
            Wrong(_divided_by_the_prices, "The cost is divided by the sum of the prices."),
            Wrong(_prices_ignored, "This is the mean absolute error; the prices play no part."),
            Wrong(_price_of_the_mean_error, "The errors are averaged before they are priced, and cancel."),
        ],
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
                test=_costs_least((*_pair(21, 11), 4.0, 1.0), (*_pair(31, 12), 9.0, 1.0)),
            ),
            Part("a dear excess", 1, test=_costs_least((*_pair(26, 13), 1.0, 3.0))),
        ],
        hints=[
            "Look at `y_true - y_pred`: what would have had to be added, each time.",
            "Raise the forecast by one unit more. It pays as long as the share of forecasts still too "
            "low, times `under`, is larger than the share of the others, times `over`.",
            "So stop when the share *below* the shift is under / (under + over): a quantile, `np.quantile`.",
        ],
        wrong=[
            Wrong(
                _quantile_of_the_other_price,
                "The prices are swapped: the dearer it is to be too low, the higher the shift must be.",
            ),
            Wrong(_sign_turned, "The sign is turned round: this would have to be subtracted."),
            Wrong(
                _errors_the_wrong_way_round,
                "This is a quantile of forecast minus truth; what had to be *added* is truth minus forecast.",
            ),
            Wrong(_mean_error, "This mends the bias; the prices play no part."),
            Wrong(_median_error, "This is the median: right if both prices were the same."),
            Wrong(
                _mean_error_times_price, "This scales the bias by the prices; without a bias it does nothing."
            ),
            Wrong(_quantile_of_the_values, "This is a quantile of the values, not of what was missing."),
            Wrong(_quantile_of_the_distances, "The errors have lost their signs."),
            Wrong(
                _ratio_as_quantile,
                "The share is 1 - over / under; where do the two prices balance?",
            ),
            Wrong(
                _ratio_of_prices_as_quantile,
                "`under / over` is no share: it may be above 1. Which share of all cases must lie below?",
            ),
            Wrong(_largest_shortfall, "This makes sure that nothing was too low, at any price."),
            Wrong(
                _difference_of_quantiles,
                "Truth and forecast each have their quantile taken; asked for is that of their difference.",
            ),
            Wrong(_percent_for_share, "`np.percentile` counts to 100, and got a share."),
        ],
    ),
    Exercise(
        "08.diebold_mariano",
        "Test a win, pair by pair",
        reference=diebold_mariano,
        returns="statistic",
        parts=[
            Part("no likeness between neighbours", 1, Case(*_losses(30, 14), 0)),
            Part("neighbours that are alike", 1, Case(*_losses(40, 15), 4), Case(*_losses(50, 16)[::-1], 2)),
        ],
        hints=[
            "Everything is made from `d = loss_a - loss_b`: its mean above, its standard error below.",
            "`around = d - d.mean()`; then gamma_k is `np.sum(around[k:] * around[:-k]) / N`, gamma_0 the "
            "mean of `around**2`.",
            "Add `2 * (1 - k / (lags + 1)) * gamma_k` for k = 1 ... lags to gamma_0. The standard error of "
            "the mean is the root of that sum over N.",
        ],
        wrong=[
            Wrong(
                _ordinary_paired_test,
                "This takes neighbouring differences for independent; that is right for `lags` = 0 only.",
            ),
            Wrong(
                _roles_swapped, "The sign is turned round: it should be positive where `loss_a` is larger."
            ),
            Wrong(_sign_dropped, "The sign is lost: below 0 says that `loss_a` is the smaller one."),
            Wrong(
                _paired_test_of_a_package,
                "This is the ordinary paired test; neighbours count as independent, and V is over N - 1.",
            ),
            Wrong(
                _variance_over_one_less, "gamma_0 is divided by N - 1; by definition all are divided by N."
            ),
            Wrong(
                _small_samples_too,
                "This has a correction for small samples in it, as packages do; the formula above has none.",
            ),
            Wrong(_last_lag_left_out, "The sum ends one lag too early: it goes up to `lags` itself."),
            Wrong(_lag_zero_as_well, "The sum begins at k = 0, so gamma_0 counts three times."),
            Wrong(
                _lag_zero_by_slices,
                "If the loop begins at k = 0: `around[:-0]` is empty, and gamma_0 stands outside the sum.",
            ),
            Wrong(_all_lags_count_alike, "All lags count alike; their weights should fall from lag to lag."),
            Wrong(_neighbours_once, "Each lag counts once; every pair of neighbours is met from both sides."),
            Wrong(_weights_reach_zero_too_soon, "The last lag has weight 0; it should be the next one."),
            Wrong(_weights_turned_round, "The weights grow with the lag; they should fall."),
            Wrong(_all_doubled, "gamma_0 is doubled too."),
            Wrong(
                _not_divided_by_N,
                "This is divided by the spread of the differences, not by the standard error of their mean.",
            ),
            Wrong(_root_forgotten, "Divided is by a variance; the standard error is its root."),
            Wrong(_not_centred, "The mean of d is not subtracted before the products are taken."),
            Wrong(
                _divided_by_number_of_pairs,
                "Each gamma_k is divided by its number of pairs; by definition all are divided by N.",
            ),
            Wrong(
                _two_groups,
                "This treats the losses as two groups of strangers; they belong together, pair by pair.",
            ),
            Wrong(_squared_once_more, "The losses are squared; they are losses already."),
            Wrong(_mean_difference, "This is the mean difference, not divided by its standard error."),
        ],
    ),
)
