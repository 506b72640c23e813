"""Exercises of lesson 07: forecasts fed back, their error by horizon, the loop they close, direct targets."""

import numpy as np

from lessons.exercises.declare import Case, Exercise, Part, Wrong

_SERIES = np.random.default_rng(0).normal(size=24).round(2)
_WEIGHTS = np.array([0.3, -0.2, 0.7])  # oldest value of the window first
_LINE = np.arange(1.0, 13.0) ** 1.5
_PAIR = np.array([-0.6, 1.4])


def recursive_rollout(series, origins, steps, weights, intercept):
    """Feed a linear model its own forecasts, from all origins at once."""
    T = len(weights)
    window = series[origins[:, None] + np.arange(-T, 0)]  # (N, T): the values before each origin
    y_pred = np.empty((len(origins), steps))
    for k in range(steps):
        y_pred[:, k] = window @ weights + intercept
        window = np.column_stack([window[:, 1:], y_pred[:, k]])
    return y_pred


def _roll(series, origins, steps, weights, intercept, shift=0, move=None):
    """Roll out with windows moved by `shift`, going on as move(window, forecast, k) says."""
    T = len(weights)
    window = series[origins[:, None] + np.arange(-T, 0) + shift]
    y_pred = np.empty((len(origins), steps))
    for k in range(steps):
        y_pred[:, k] = window @ weights + intercept
        move_on = move or (lambda window, said, k: np.column_stack([window[:, 1:], said]))
        window = move_on(window, y_pred[:, k], k)
    return y_pred


def _truth_fed_back(series, origins, steps, weights, intercept):
    future = np.append(series, np.zeros(steps))  # what would be read beyond the end
    return _roll(
        series,
        origins,
        steps,
        weights,
        intercept,
        move=lambda window, said, k: np.column_stack([window[:, 1:], future[origins + k]]),
    )


def _origin_in_the_window(series, origins, steps, weights, intercept):
    return _roll(series, origins, steps, weights, intercept, shift=1)


def _window_ends_too_early(series, origins, steps, weights, intercept):
    return _roll(series, origins, steps, weights, intercept, shift=-1)


def _window_not_moved(series, origins, steps, weights, intercept):
    return _roll(series, origins, steps, weights, intercept, move=lambda window, said, k: window)


def _put_in_front(series, origins, steps, weights, intercept):
    return _roll(
        series,
        origins,
        steps,
        weights,
        intercept,
        move=lambda window, said, k: np.column_stack([said, window[:, :-1]]),
    )


def _last_overwritten(series, origins, steps, weights, intercept):
    return _roll(
        series,
        origins,
        steps,
        weights,
        intercept,
        move=lambda window, said, k: np.column_stack([window[:, :-1], said]),
    )


def _first_overwritten(series, origins, steps, weights, intercept):
    return _roll(
        series,
        origins,
        steps,
        weights,
        intercept,
        move=lambda window, said, k: np.column_stack([said, window[:, 1:]]),
    )


def _weights_backwards(series, origins, steps, weights, intercept):
    return recursive_rollout(series, origins, steps, weights[::-1], intercept)


def _without_intercept(series, origins, steps, weights, intercept):
    return recursive_rollout(series, origins, steps, weights, 0.0)


def _intercept_once(series, origins, steps, weights, intercept):
    T = len(weights)
    window = series[origins[:, None] + np.arange(-T, 0)]
    y_pred = np.empty((len(origins), steps))
    for k in range(steps):
        y_pred[:, k] = window @ weights + (intercept if k == 0 else 0)
        window = np.column_stack([window[:, 1:], y_pred[:, k]])
    return y_pred


def _intercept_not_fed_back(series, origins, steps, weights, intercept):
    return recursive_rollout(series, origins, steps, weights, 0.0) + intercept


def _one_copy_of_the_series(series, origins, steps, weights, intercept):
    T, kept = len(weights), np.append(series, np.zeros(steps))
    y_pred = np.empty((len(origins), steps))
    for n, origin in enumerate(origins):
        for k in range(steps):
            y_pred[n, k] = kept[origin + k - T : origin + k] @ weights + intercept
            kept[origin + k] = y_pred[n, k]
    return y_pred


def _one_copy_of_the_series_step_by_step(series, origins, steps, weights, intercept):
    T, kept = len(weights), np.append(series, np.zeros(steps))
    y_pred = np.empty((len(origins), steps))
    for k in range(steps):
        y_pred[:, k] = kept[origins[:, None] + k + np.arange(-T, 0)] @ weights + intercept
        kept[origins + k] = y_pred[:, k]
    return y_pred


def _turned_round(series, origins, steps, weights, intercept):
    return _roll(
        series,
        origins,
        steps,
        weights,
        intercept,
        move=lambda window, said, k: np.roll(window, -1, axis=1),
    )


def _first_forecast_again(series, origins, steps, weights, intercept):
    first = recursive_rollout(series, origins, 1, weights, intercept)
    return _roll(
        series,
        origins,
        steps,
        weights,
        intercept,
        move=lambda window, said, k: np.column_stack([window[:, 1:], first]),
    )


def _last_value_first(series, origins, steps, weights, intercept):
    y_pred = recursive_rollout(series, origins, steps, weights, intercept)
    return np.column_stack([series[origins - 1], y_pred[:, :-1]])


def _first_forecast_missing(series, origins, steps, weights, intercept):
    return recursive_rollout(series, origins, steps + 1, weights, intercept)[:, 1:]


def horizon_errors(y_true, y_pred):
    """Mean squared error by step, and its standard deviation over seeds."""
    by_seed = ((y_pred - y_true) ** 2).mean(axis=1)  # (S, N, steps) -> (S, steps)
    return by_seed.mean(axis=0), by_seed.std(axis=0, ddof=1)


def _spread(y_true, y_pred):
    return horizon_errors(y_true, y_pred)[1]


def _mse_by_step(y_true, y_pred):
    return horizon_errors(y_true, y_pred)[0]


def _mean_forecast(y_true, y_pred):
    return ((y_pred.mean(axis=0) - y_true) ** 2).mean(axis=0), _spread(y_true, y_pred)


def _by_origin(y_true, y_pred):
    return ((y_pred - y_true) ** 2).mean(axis=(0, 2)), _spread(y_true, y_pred)


def _up_to_the_step(y_true, y_pred):
    mse = _mse_by_step(y_true, y_pred)
    return np.cumsum(mse) / np.arange(1, len(mse) + 1), _spread(y_true, y_pred)


def _one_number(y_true, y_pred):
    return np.full(y_true.shape[1], ((y_pred - y_true) ** 2).mean()), _spread(y_true, y_pred)


def _absolute_errors(y_true, y_pred):
    return np.abs(y_pred - y_true).mean(axis=(0, 1)), _spread(y_true, y_pred)


def _root(y_true, y_pred):
    return np.sqrt(_mse_by_step(y_true, y_pred)), _spread(y_true, y_pred)


def _root_by_seed(y_true, y_pred):
    by_seed = np.sqrt(((y_pred - y_true) ** 2).mean(axis=1))
    return by_seed.mean(axis=0), by_seed.std(axis=0, ddof=1)


def _in_the_wrong_order(y_true, y_pred):
    return horizon_errors(y_true, y_pred)[::-1]


def _square_of_the_mean(y_true, y_pred):
    return (y_pred - y_true).mean(axis=(0, 1)) ** 2, _spread(y_true, y_pred)


def _first_seed(y_true, y_pred):
    return ((y_pred[0] - y_true) ** 2).mean(axis=0), _spread(y_true, y_pred)


def _spread_divided_by_seeds(y_true, y_pred):
    mse = ((y_pred - y_true) ** 2).mean(axis=1)
    return mse.mean(axis=0), mse.std(axis=0)


def _spread_over_origins(y_true, y_pred):
    squared = ((y_pred - y_true) ** 2).mean(axis=0)
    return _mse_by_step(y_true, y_pred), squared.std(axis=0, ddof=1)


def _spread_over_everything(y_true, y_pred):
    squared = (y_pred - y_true) ** 2
    return _mse_by_step(y_true, y_pred), squared.reshape(-1, squared.shape[2]).std(axis=0, ddof=1)


def _spread_of_forecasts(y_true, y_pred):
    return _mse_by_step(y_true, y_pred), y_pred.std(axis=0, ddof=1).mean(axis=0)


def _standard_error(y_true, y_pred):
    return _mse_by_step(y_true, y_pred), _spread(y_true, y_pred) / np.sqrt(len(y_pred))


def _variance(y_true, y_pred):
    return _mse_by_step(y_true, y_pred), _spread(y_true, y_pred) ** 2


def crossing_step(errors, baseline_errors):
    """First step, counted from 1, from which a model is worse than a baseline for good; None if never."""
    good = np.flatnonzero(errors <= baseline_errors)  # steps, counted from 0, at which it is no worse
    if len(good) == 0:
        return 1
    if good[-1] == len(errors) - 1:
        return None
    return int(good[-1]) + 2


def _or_none(step, errors):
    return None if step is None or step > len(errors) else int(step)


def _first_time_worse(errors, baseline_errors):
    worse = np.flatnonzero(errors > baseline_errors)
    return int(worse[0]) + 1 if len(worse) else None


def _one_too_small(errors, baseline_errors):
    step = crossing_step(errors, baseline_errors)
    return None if step is None else step - 1


def _one_too_large(errors, baseline_errors):
    step = crossing_step(errors, baseline_errors)
    return None if step is None else step + 1


def _last_time_worse(errors, baseline_errors):
    worse = np.flatnonzero(errors > baseline_errors)
    return int(worse[-1]) + 1 if len(worse) else None


def _better_for_good(errors, baseline_errors):
    return crossing_step(baseline_errors, errors)


def _ties_are_worse(errors, baseline_errors):
    good = np.flatnonzero(errors < baseline_errors)
    return _or_none(good[-1] + 2 if len(good) else 1, errors)


def _one_for_never(errors, baseline_errors):
    return crossing_step(errors, baseline_errors) or 1


def _one_beyond_for_never(errors, baseline_errors):
    return crossing_step(errors, baseline_errors) or len(errors) + 1


def _last_step_for_never(errors, baseline_errors):
    return crossing_step(errors, baseline_errors) or len(errors)


def _beyond_for_a_while(errors, baseline_errors):
    if not np.any(errors > baseline_errors):
        return None
    good = np.flatnonzero(errors <= baseline_errors)
    return int(good[-1]) + 2 if len(good) else 1


def _nought_for_never(errors, baseline_errors):
    return crossing_step(errors, baseline_errors) or 0


def _minus_one_for_never(errors, baseline_errors):
    return crossing_step(errors, baseline_errors) or -1


def _none_for_always(errors, baseline_errors):
    step = crossing_step(errors, baseline_errors)
    return None if step == 1 else step


def _count_of_worse(errors, baseline_errors):
    return int(np.sum(errors > baseline_errors)) or None


def loop_matrix(weights):
    """The matrix that takes a window (T,), oldest value first, to the next one of a rollout."""
    T = len(weights)
    M = np.zeros((T, T))
    M[np.arange(T - 1), np.arange(1, T)] = 1  # every value moves up one place
    M[-1] = weights  # and the forecast comes last
    return M


def _newest_first(weights):
    T = len(weights)
    M = np.eye(T, k=-1)
    M[0] = weights[::-1]
    return M


def _forecast_in_front(weights):
    M = np.eye(len(weights), k=-1)
    M[0] = weights
    return M


def _moved_the_wrong_way(weights):
    M = np.eye(len(weights), k=-1)
    M[-1] = weights
    return M


def _transposed(weights):
    return loop_matrix(weights).T


def _not_moved(weights):
    M = np.eye(len(weights))
    M[-1] = weights
    return M


def _nothing_but_the_forecast(weights):
    M = np.zeros((len(weights), len(weights)))
    M[-1] = weights
    return M


def _row_backwards(weights):
    return loop_matrix(weights[::-1])


def _forecast_on_top(weights):
    M = np.eye(len(weights), k=1)
    M[0] = weights
    return M


def _weights_in_the_last_column(weights):
    M = np.eye(len(weights), k=1)
    M[:, -1] = weights
    return M


def _added_to_the_shift(weights):
    M = np.eye(len(weights), k=1)
    M[-1] = weights
    M[-1, -1] += 1
    return M


def _goes_round(weights):
    M = np.roll(np.eye(len(weights)), 1, axis=1)
    M[-1] += weights
    return M


def _rolled_the_wrong_way(weights):
    M = np.roll(np.eye(len(weights)), -1, axis=1)
    M[-1] = weights
    return M


def multi_step_targets(series, window, horizon):
    """Windows (N, T) and the `horizon` values that follow each of them."""
    N = len(series) - window - horizon + 1
    start = np.arange(N)[:, None]  # (N, 1)
    X = series[start + np.arange(window)]  # (N, T)
    y = series[start + window + np.arange(horizon)]  # (N, horizon)
    return X, y


def _windows(series, window, horizon, N=None):
    N = len(series) - window - horizon + 1 if N is None else N
    return series[np.arange(N)[:, None] + np.arange(window)]


def _blocks(series, window, horizon, late=0, N=None):
    N = len(series) - window - horizon + 1 if N is None else N
    rows = np.arange(N)[:, None] + window + late + np.arange(horizon)
    return series[np.minimum(rows, len(series) - 1)]


def _one_late(series, window, horizon):
    return _windows(series, window, horizon), _blocks(series, window, horizon, late=1)


def _one_late_as_far_as_it_goes(series, window, horizon):
    N = len(series) - window - horizon
    return _windows(series, window, horizon, N), _blocks(series, window, horizon, 1, N)


def _one_early(series, window, horizon):
    return _windows(series, window, horizon), _blocks(series, window, horizon, late=-1)


def _a_horizon_late(series, window, horizon):
    return _windows(series, window, horizon), _blocks(series, window, horizon, late=horizon)


def _from_the_start_of_the_window(series, window, horizon):
    return _windows(series, window, horizon), _blocks(series, window, horizon, late=-window)


def _last_value_of_the_block(series, window, horizon):
    y = _blocks(series, window, horizon)
    return _windows(series, window, horizon), np.repeat(y[:, -1:], horizon, axis=1)


def _first_value_of_the_block(series, window, horizon):
    y = _blocks(series, window, horizon)
    return _windows(series, window, horizon), np.repeat(y[:, :1], horizon, axis=1)


def _last_step_alone(series, window, horizon):
    return _windows(series, window, horizon), _blocks(series, window, horizon)[:, -1:]


def _last_step_flat(series, window, horizon):
    return _windows(series, window, horizon), _blocks(series, window, horizon)[:, -1]


def _targets_first(series, window, horizon):
    return multi_step_targets(series, window, horizon)[::-1]


def _no_room_for_the_last(series, window, horizon):
    N = len(series) - window
    return _windows(series, window, horizon, N), np.array(
        [series[k + window : k + window + horizon] for k in range(N)]
    )


def _places_beyond_the_end(series, window, horizon):
    N = len(series) - window
    return (
        _windows(series, window, horizon, N),
        series[np.arange(N)[:, None] + window + np.arange(horizon)],
    )


def _backwards(series, window, horizon):
    return _windows(series, window, horizon), _blocks(series, window, horizon)[:, ::-1]


def _block_after_block(series, window, horizon):
    N = len(series) - window - horizon + 1
    chunks = np.resize(series[window:], (N, horizon))
    return _windows(series, window, horizon), chunks


def _one_window_too_few(series, window, horizon):
    X, y = multi_step_targets(series, window, horizon)
    return X[:-1], y[:-1]


def interval_width(y_true, y_pred, level):
    """Half-width by step that holds a share `level` of the errors, with one origin to spare."""
    errors = np.sort(np.abs(y_pred - y_true), axis=0)  # (N, steps), each step on its own
    rank = int(np.ceil((len(errors) + 1) * level))
    return errors[rank - 1]  # (steps,)


def _no_origin_to_spare(y_true, y_pred, level):
    errors = np.sort(np.abs(y_pred - y_true), axis=0)
    return errors[int(np.ceil(len(errors) * level)) - 1]


def _one_rank_too_many(y_true, y_pred, level):
    errors = np.sort(np.abs(y_pred - y_true), axis=0)
    return errors[int(np.ceil((len(errors) + 1) * level))]


def _row(y_true, y_pred, row):
    return np.sort(np.abs(y_pred - y_true), axis=0)[row]


def _rounded_down(y_true, y_pred, level):
    return _row(y_true, y_pred, int((len(y_true) + 1) * level) - 1)


def _rounded(y_true, y_pred, level):
    return _row(y_true, y_pred, round((len(y_true) + 1) * level) - 1)


def _rounded_half_up(y_true, y_pred, level):
    return _row(y_true, y_pred, int((len(y_true) + 1) * level + 0.5) - 1)


def _rounded_down_for_a_row(y_true, y_pred, level):
    return _row(y_true, y_pred, int((len(y_true) + 1) * level))


def _row_of_n(y_true, y_pred, level):
    return _row(y_true, y_pred, int(np.ceil(len(y_true) * level)))


def _next_quantile(y_true, y_pred, level):
    N = len(y_true)
    share = np.ceil((N + 1) * level) / N
    return np.quantile(np.abs(y_pred - y_true), share, axis=0, method="higher")


def _not_sorted(y_true, y_pred, level):
    return np.abs(y_pred - y_true)[int(np.ceil((len(y_true) + 1) * level)) - 1]


def _sorted_along_steps(y_true, y_pred, level):
    return np.sort(np.abs(y_pred - y_true), axis=1)[int(np.ceil((len(y_true) + 1) * level)) - 1]


def _largest_first(y_true, y_pred, level):
    return _row(y_true, y_pred, -int(np.ceil((len(y_true) + 1) * level)))


def _never_narrower(y_true, y_pred, level):
    return np.maximum.accumulate(interval_width(y_true, y_pred, level))


def _interpolated(y_true, y_pred, level):
    return np.quantile(np.abs(y_pred - y_true), level, axis=0)


def _signed(y_true, y_pred, level):
    errors = np.sort(y_pred - y_true, axis=0)
    return errors[int(np.ceil((len(errors) + 1) * level)) - 1]


def _signed_the_other_way(y_true, y_pred, level):
    return _signed(y_pred, y_true, level)


def _one_width_for_all(y_true, y_pred, level):
    errors = np.sort(np.abs(y_pred - y_true), axis=None)
    rank = int(np.ceil((len(errors) + 1) * level))
    return np.full(y_true.shape[1], errors[rank - 1])


def _tails_shared_out(y_true, y_pred, level):
    return interval_width(y_true, y_pred, (1 + level) / 2)


def _what_is_left_out(y_true, y_pred, level):
    return interval_width(y_true, y_pred, 1 - level)


def _full_width(y_true, y_pred, level):
    return 2 * interval_width(y_true, y_pred, level)


def _largest(y_true, y_pred, level):
    return np.abs(y_pred - y_true).max(axis=0)


def _squared(y_true, y_pred, level):
    return interval_width(y_true, y_pred, level) ** 2


def _as_if_normal(y_true, y_pred, level):
    from statistics import NormalDist

    return NormalDist().inv_cdf((1 + level) / 2) * (y_pred - y_true).std(axis=0)


_RANDOM = np.random.default_rng(7)
_SEEDS = _RANDOM.normal(size=(3, 4, 4))
_MORE_SEEDS = _RANDOM.normal(size=(5, 6, 3)) + np.arange(3)
_TRUTH, _MORE_TRUTH = _RANDOM.normal(size=(4, 4)), _RANDOM.normal(size=(6, 3))
_BASE = np.array([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
_ERRORS = Case(_MORE_TRUTH, _MORE_SEEDS), Case(_TRUTH, _SEEDS)
_STEPS = np.array([[1.0, 2.0, 3.0, 4.0]])
_CALIBRATION = _RANDOM.normal(size=(9, 4)) * _STEPS + 0.4
_MORE_CALIBRATION = _RANDOM.normal(size=(29, 3)) * np.array([0.5, 1.0, 1.5]) - 0.2
_FALLING, _SHORT = _RANDOM.normal(size=(13, 3)) * np.array([3.0, 2.0, 1.0]), _RANDOM.normal(size=(11, 2))

EXERCISES = (
    Exercise(
        "07.recursive_rollout",
        "Feed forecasts back, from all origins at once",
        reference=recursive_rollout,
        returns="y_pred",
        parts=[
            Part("the first step", 1, Case(_SERIES, np.array([3, 9, 17]), 1, _WEIGHTS, 0.5)),
            Part(
                "forecasts fed back, beyond a whole window",
                2,
                Case(_SERIES, np.array([4, 10, 15]), 5, _WEIGHTS, 0.5),
                Case(_LINE, np.array([2, 5, 7, 8]), 4, _PAIR, -0.3),
            ),
        ],
        hints=[
            "Before the loop, gather the windows of all origins: `series[origins[:, None] + "
            "np.arange(-T, 0)]` has shape (N, T), and its last column is `series[origins - 1]`.",
            "All origins take a step together: `window @ weights + intercept` has shape (N,).",
            "Then every window moves on: without its first column, and with the forecast as its last.",
        ],
        wrong=[
            Wrong(
                _truth_fed_back,
                "The true values move into the window, not the forecasts. At a real origin nobody has them: "
                "these are one-step forecasts, again and again.",
            ),
            Wrong(
                _origin_in_the_window,
                "The window holds the value at the origin, which is the first to be forecast.",
            ),
            Wrong(_window_ends_too_early, "The window ends one step too early: at origin - 2."),
            Wrong(_window_not_moved, "The window never moves, so every step gets the first forecast."),
            Wrong(
                _put_in_front,
                "The forecast is put in front of the oldest value; the newest belongs at the other end.",
            ),
            Wrong(
                _last_overwritten,
                "The forecast takes the place of the last value; the window does not move on.",
            ),
            Wrong(
                _first_overwritten,
                "The oldest value is replaced by the forecast where it stands; the window does not move on.",
            ),
            Wrong(_weights_backwards, "The weights meet the window from the wrong end."),
            *(
                Wrong(
                    f,
                    "All origins write their forecasts into one copy of the series, so that some start from "
                    "forecasts of others. Each needs a window of its own.",
                )
                for f in (_one_copy_of_the_series, _one_copy_of_the_series_step_by_step)
            ),
            Wrong(
                _turned_round,
                "The window turns round: its oldest value comes back at the end, and no forecast gets in.",
            ),
            Wrong(_first_forecast_again, "The first forecast is fed back at every step."),
            Wrong(
                _last_value_first,
                "The first column holds the last known values, so every forecast stands one step too late.",
            ),
            Wrong(_first_forecast_missing, "The first forecast is missing: the result begins at step 2."),
            Wrong(_without_intercept, "The intercept is missing."),
            Wrong(_intercept_once, "The intercept is added at the first step only."),
            Wrong(
                _intercept_not_fed_back,
                "The intercept is added to the result, but it is missing from what is fed back.",
            ),
        ],
    ),
    Exercise(
        "07.horizon_errors",
        "Measure the error step by step",
        reference=horizon_errors,
        returns="mse, spread",
        parts=[
            Part("the error by step: `mse`", 1, *_ERRORS, of="mse"),
            Part("how much seeds differ: `spread`", 1, *_ERRORS, of="spread"),
        ],
        hints=[
            "`y_pred - y_true` subtracts the truth (N, steps) from each seed's forecasts; no loop is needed.",
            "Square first, then average over origins, which is axis 1: (S, N, steps) -> (S, steps).",
            "Of those S curves take the mean and the standard deviation, `std(axis=0, ddof=1)`.",
        ],
        wrong=[
            Wrong(
                _mean_forecast,
                "This is the error of the mean forecast over seeds. Errors of different seeds cancel in it; "
                "asked for is the mean error of single nets.",
            ),
            Wrong(_by_origin, "The mean is taken over steps, so this is the error by origin."),
            Wrong(_up_to_the_step, "This is the mean over all steps so far, not the error at each step."),
            Wrong(_one_number, "All steps share one number: the mean over steps as well."),
            Wrong(_absolute_errors, "These are mean absolute errors."),
            Wrong(_root, "This is the root of the mean squared error."),
            Wrong(_root_by_seed, "These are roots of mean squared errors, taken seed by seed."),
            Wrong(_in_the_wrong_order, "The two results are in the wrong order."),
            Wrong(_square_of_the_mean, "The mean is taken before squaring, so errors of both signs cancel."),
            Wrong(_first_seed, "The error is that of the first seed alone."),
            Wrong(
                _spread_divided_by_seeds,
                "The spread divides by S; with few seeds, S - 1 is the honest divisor (`ddof=1`).",
            ),
            Wrong(
                _spread_over_origins,
                "The spread is the one over origins; asked for is how much the seeds' errors differ.",
            ),
            Wrong(
                _spread_over_everything,
                "The spread is that of single squared errors, over seeds and origins alike.",
            ),
            Wrong(_spread_of_forecasts, "The spread is that of the forecasts, not that of their errors."),
            Wrong(_standard_error, "The spread is divided by the root of the number of seeds."),
            Wrong(_variance, "The spread is a variance: its root is missing."),
        ],
    ),
    Exercise(
        "07.crossing_step",
        "Find the step from which a model is worse for good",
        reference=crossing_step,
        returns="step",
        parts=[
            Part(
                "a model that falls behind",
                1,
                Case(np.array([0.1, 0.2, 0.7, 0.4, 0.5, 0.8, 0.9]), _BASE),
                Case(np.array([0.6, 0.1, 0.2, 0.6, 0.3, 0.4, 0.8]), _BASE),
            ),
            Part(
                "always, never, and only for a while",
                1,
                Case(_BASE + 0.1, _BASE),
                Case(_BASE - 0.1, _BASE),
                Case(np.array([0.1, 0.6, 0.9, 0.9, 0.6, 0.5, 0.4]), _BASE),
                Case(np.array([0.1, 0.6, 0.9, 0.9, 0.6, 0.6, 0.5]), _BASE),
            ),
        ],
        hints=[
            "Look from the other side: at which steps is the model *no worse*, `errors <= baseline_errors`?",
            "`np.flatnonzero` gives their places, counted from 0. After the last of them it is worse for "
            "good.",
            "Three cases: there is no such place; the last place is the last step; and all others. "
            "Count the answer from 1.",
        ],
        wrong=[
            Wrong(
                _first_time_worse,
                "This is the first step at which the model is worse; later it may be better again.",
            ),
            Wrong(
                _one_too_small,
                "One too small: either counted from 0, or the last step at which the model still holds.",
            ),
            Wrong(_one_too_large, "One too large: this is the second step at which it is worse for good."),
            Wrong(_last_time_worse, "This is the last step at which it is worse, not the first for good."),
            Wrong(_better_for_good, "The two curves have changed places."),
            Wrong(_ties_are_worse, "At an equal error the model is not worse."),
            Wrong(_one_for_never, "A model that is never worse for good gets a 1, as if it always were."),
            Wrong(
                _one_beyond_for_never,
                "A model that is never worse for good gets a step beyond the last one; "
                "nobody has measured there.",
            ),
            Wrong(_last_step_for_never, "A model that is never worse for good gets the last step here."),
            Wrong(
                _beyond_for_a_while,
                "A model that was worse and came back gets a step beyond the last one; nobody has measured "
                "there.",
            ),
            *(
                Wrong(f, "A model that is never worse for good gets a number, which looks like a step.")
                for f in (_nought_for_never, _minus_one_for_never)
            ),
            Wrong(_none_for_always, "A model that is worse at every step has crossed at the first."),
            Wrong(_count_of_worse, "This counts the steps at which the model is worse."),
        ],
    ),
    Exercise(
        "07.loop_matrix",
        "Write a rollout as one matrix",
        reference=loop_matrix,
        returns="M",
        parts=[Part("the window and the next", 2, Case(_WEIGHTS), Case(np.array([0.5, -0.1, 0.2, 0.9])))],
        hints=[
            "Row k of `M` says how value k of the next window is made from the old one. Write M out for "
            "T = 3, by hand.",
            "All but the last row only pass a value on: next[k] = window[k + 1], so one 1 in each row.",
            "`np.eye(T, k=1)` has ones beside the diagonal. What belongs in its last row?",
        ],
        wrong=[
            Wrong(_newest_first, "This is the matrix for windows whose newest value comes first."),
            Wrong(
                _forecast_in_front,
                "The forecast becomes the first value of the next window, and the others move down.",
            ),
            *(
                Wrong(f, "The values move the wrong way, towards the end of the window.")
                for f in (_moved_the_wrong_way, _rolled_the_wrong_way)
            ),
            Wrong(
                _goes_round,
                "A 1 is left in the last row, on top of the first weight: the oldest value goes round.",
            ),
            Wrong(_transposed, "This is the transpose: here a window is a column, `M @ window`."),
            Wrong(_not_moved, "The values stay where they are, and the last one is replaced."),
            Wrong(
                _nothing_but_the_forecast, "Nothing but the forecast is in the next window; the rest is 0."
            ),
            Wrong(_row_backwards, "The weights are the wrong way round: the first belongs to the oldest."),
            Wrong(_forecast_on_top, "The forecast is the first value of the next window; it is the newest."),
            Wrong(_weights_in_the_last_column, "The weights stand in the last column, not in the last row."),
            Wrong(_added_to_the_shift, "A 1 is added to the last weight: the last value is passed on too."),
        ],
    ),
    Exercise(
        "07.multi_step_targets",
        "Cut targets for many steps at once",
        reference=multi_step_targets,
        returns="X, y",
        parts=[
            Part("the windows `X`", 1, Case(_SERIES, 5, 3), Case(_LINE, 2, 4), of="X"),
            Part("the targets `y`", 1, Case(_SERIES, 5, 3), Case(_LINE, 2, 4), of="y"),
        ],
        hints=[
            "The last window must leave room for its whole block of targets. How many windows are there?",
            "Window k is `series[k : k + window]`; its block begins at `k + window`.",
            "`np.arange(N)[:, None] + np.arange(window)` are the places of all windows, (N, T); "
            "the targets' are similar.",
        ],
        wrong=[
            *(
                Wrong(f, "Each block of targets begins one step late: it leaves out the very next value.")
                for f in (_one_late, _one_late_as_far_as_it_goes)
            ),
            Wrong(_one_early, "Each block of targets begins with the last value of its window: a leak."),
            Wrong(_a_horizon_late, "Each block of targets begins a whole horizon late."),
            Wrong(_from_the_start_of_the_window, "The blocks of targets begin where the windows begin."),
            Wrong(_last_value_of_the_block, "Every target is the last value of its block."),
            Wrong(_first_value_of_the_block, "Every target is the first value of its block."),
            *(
                Wrong(f, "Only the last of the targets is there; asked for are all of them.")
                for f in (_last_step_alone, _last_step_flat)
            ),
            Wrong(_targets_first, "The two results are in the wrong order: windows come first."),
            Wrong(
                _no_room_for_the_last,
                "If the error speaks of an inhomogeneous shape, there are too many windows: the last blocks "
                "of targets are cut short by the end of the series.",
            ),
            Wrong(
                _places_beyond_the_end,
                "If the error speaks of an index out of bounds, there may be too many windows: the last "
                "blocks of targets would reach beyond the end of the series.",
            ),
            Wrong(_backwards, "The targets are in backward order."),
            Wrong(_block_after_block, "The blocks follow each other; windows move on by *one* step."),
            Wrong(_one_window_too_few, "One window too few: the last block may end with the series."),
        ],
    ),
    Exercise(
        "07.interval_width",
        "Make an interval from errors",
        reference=interval_width,
        returns="width",
        parts=[
            Part(
                "a width for each step",
                2,
                Case(np.zeros((9, 4)), _CALIBRATION, 0.8),
                Case(np.zeros((29, 3)), _MORE_CALIBRATION, 0.75),  # (N + 1) level: 22.5; before, 8
                Case(np.zeros((13, 3)), _FALLING, 0.7),  # 9.8: rounded down it is another, to the nearest not
                Case(np.zeros((13, 3)), _FALLING, 0.8),  # 11.2
                Case(np.zeros((11, 2)), _SHORT, 0.8),  # 9.6, and 8.8 of N alone
                Case(np.zeros((9, 4)), _CALIBRATION, 0.85),  # the largest of all
            )
        ],
        hints=[
            "`np.abs(y_pred - y_true)` are the errors (N, steps). Sort them along the origins: "
            "`np.sort(..., axis=0)`.",
            "The rank to take is (N + 1) · level, rounded up: `int(np.ceil(...))`.",
            "Ranks are counted from 1, Python's rows from 0.",
        ],
        wrong=[
            Wrong(
                _no_origin_to_spare,
                "The rank is too small: the origin to come counts as one more, so N + 1 in the place of N.",
            ),
            Wrong(_one_rank_too_many, "One rank too far: rank 1 is row 0."),
            Wrong(_rounded_down, "The rank is rounded down; then the interval holds less than it promises."),
            *(
                Wrong(f, "The rank is rounded to the nearest whole number, and that may be down.")
                for f in (_rounded, _rounded_half_up)
            ),
            Wrong(
                _rounded_down_for_a_row,
                "Where (N + 1) · level is a whole number, this is one row too far: rounding down does not "
                "stand in for counting from 0.",
            ),
            Wrong(
                _row_of_n,
                "The rank is made of N, without the origin to come, and then used as a row, one too far. At "
                "times the two slips cancel.",
            ),
            Wrong(
                _next_quantile,
                "One error too far. Rank 1 is row 0; and in `np.quantile` it is the share 0, so rank / N is "
                "not the place of a rank.",
            ),
            Wrong(_not_sorted, "The errors are not in rising order, so a row is no rank."),
            Wrong(_sorted_along_steps, "The errors are sorted along the steps, not along the origins."),
            Wrong(_largest_first, "The rank is counted from the largest error."),
            Wrong(_never_narrower, "No step is narrower than the ones before; here each goes by itself."),
            Wrong(_interpolated, "This interpolates between two errors; the rule takes one that came."),
            Wrong(_signed, "The errors have kept their sign, so only one side of the interval counts."),
            Wrong(
                _signed_the_other_way,
                "The errors, truth less forecast, have kept their sign; only one side counts.",
            ),
            Wrong(_one_width_for_all, "All steps share one width; each step has errors of its own."),
            Wrong(
                _tails_shared_out,
                "Half of what is left out is put in again: absolute errors have one tail, not two.",
            ),
            Wrong(_what_is_left_out, "This is the width for the share that is to be left *out*."),
            Wrong(_full_width, "This is the whole interval; asked for is half of it, to be added both ways."),
            Wrong(_largest, "These are the largest errors, whatever `level` is."),
            Wrong(_squared, "The errors are squared; a width has the unit of the forecasts."),
            Wrong(_as_if_normal, "This takes the errors for normally distributed around 0."),
        ],
    ),
)
