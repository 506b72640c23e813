"""Exercises of lesson 02: forecasts to beat, and scores that mean something."""

import numpy as np

from lessons.exercises.declare import Case, Exercise, Part, Wrong

_rng = np.random.default_rng(2)
_X = _rng.normal(size=(6, 12, 1))
_X_TWO = _rng.normal(size=(5, 8, 2))
_WAVE = np.sin(0.3 * np.arange(60)) + 0.5
_Y_TRAIN = np.cumsum(_rng.normal(size=50)) + 3 * np.sin(2 * np.pi * np.arange(50) / 12)
_Y_TRUE = _rng.normal(size=20)
_Y_PRED = _Y_TRUE + 0.7 * _rng.normal(size=20) + 0.2
_LAGS = _rng.normal(size=(30, 4, 1)) + 2.0
_TARGETS = _LAGS[:, -2:, 0].sum(axis=1, keepdims=True) + 5 + 0.1 * _rng.normal(size=(30, 1))
_LAGS_TWO = _rng.normal(size=(25, 3, 2)) - 1.0
_TARGETS_TWO = _LAGS_TWO[:, -1] @ np.array([[1.0], [-2.0]]) + 0.1 * _rng.normal(size=(25, 1))
_FITS = (Case(_LAGS, _TARGETS, 3.0), Case(_LAGS_TWO, _TARGETS_TWO, 0.5))


def seasonal_naive(X, season_length):
    """Forecast the next value as the one a season before it."""
    return X[:, -season_length, :1]  # (N, T, D) -> (N, 1)


def _one_too_early(X, season_length):
    return X[:, -season_length - 1, :1]


def _one_too_early_from_the_front(X, season_length):
    return X[:, X.shape[1] - season_length - 1, :1]


def _one_too_late(X, season_length):
    return X[:, -season_length + 1, :1]


def _one_too_late_at_most_the_last(X, season_length):
    return X[:, min(-season_length + 1, -1), :1]


def _last_value(X, season_length):
    return X[:, -1, :1]


def _from_the_front(X, season_length):
    return X[:, season_length - 1, :1]


def _from_the_front_at(X, season_length):
    return X[:, season_length, :1]


def _all_features_up_to_the_front(X, season_length):
    return X[:, season_length - 1]


def _all_features_from_the_front(X, season_length):
    return X[:, season_length]


def _all_features(X, season_length):
    return X[:, -season_length]


def _season_mean(X, season_length):
    return X[:, -season_length:, :1].mean(axis=1)


def _last_feature(X, season_length):
    return X[:, -season_length, -1:]


def naive_error(signal, sigma):
    """Mean squared error to expect of the last-value forecast of a signal with noise on it."""
    change = np.diff(signal)  # (n - 1,) s[t+1] - s[t]
    return np.mean(change**2) + 2 * sigma**2  # E[(Δs + e[t+1] - e[t])²] = mean(Δs²) + 2σ²


def _noise_once(signal, sigma):
    return np.mean(np.diff(signal) ** 2) + sigma**2


def _noise_not_squared(signal, sigma):
    return np.mean(np.diff(signal) ** 2) + 2 * sigma


def _twice_then_squared(signal, sigma):
    return np.mean(np.diff(signal) ** 2) + (2 * sigma) ** 2


def _noise_forgotten(signal, sigma):
    return np.mean(np.diff(signal) ** 2)


def _signal_variance(signal, sigma):
    return np.var(signal) + 2 * sigma**2


def _change_variance(signal, sigma):
    return np.var(np.diff(signal)) + 2 * sigma**2


def _mean_change_squared(signal, sigma):
    return np.mean(np.diff(signal)) ** 2 + 2 * sigma**2


def _changes_not_squared(signal, sigma):
    return np.mean(np.abs(np.diff(signal))) + 2 * sigma**2


def _signal_forgotten(signal, sigma):
    return 2 * sigma**2


def _sum_of_changes(signal, sigma):
    return np.sum(np.diff(signal) ** 2) + 2 * sigma**2


def _divided_by_n(signal, sigma):
    return np.sum(np.diff(signal) ** 2) / len(signal) + 2 * sigma**2


def _root(signal, sigma):
    return np.sqrt(naive_error(signal, sigma))


def skill(model_mse, naive_mse):
    """Part of the naive forecast's error that a model takes away."""
    return 1 - model_mse / naive_mse


def _ratio(model_mse, naive_mse):
    return model_mse / naive_mse


def _upside_down(model_mse, naive_mse):
    return 1 - naive_mse / model_mse


def _ratio_upside_down(model_mse, naive_mse):
    return naive_mse / model_mse


def _sign_lost(model_mse, naive_mse):
    return abs(1 - model_mse / naive_mse)


def _not_relative(model_mse, naive_mse):
    return naive_mse - model_mse


def _sign_flipped(model_mse, naive_mse):
    return model_mse / naive_mse - 1


def _relative_to_model(model_mse, naive_mse):
    return (naive_mse - model_mse) / model_mse


def _skill_of_roots(model_mse, naive_mse):
    return 1 - np.sqrt(model_mse / naive_mse)


def _per_cent(model_mse, naive_mse):
    return 100 * skill(model_mse, naive_mse)


def _never_negative(model_mse, naive_mse):
    return max(0.0, 1 - model_mse / naive_mse)


def mase(y_true, y_pred, y_train, season_length=1):
    """Mean absolute error, measured in errors of the seasonal naive forecast on the training series."""
    naive_mae = np.mean(np.abs(y_train[season_length:] - y_train[:-season_length]))
    return np.mean(np.abs(y_true - y_pred)) / naive_mae


def _not_scaled(y_true, y_pred, y_train, season_length=1):
    return np.mean(np.abs(y_true - y_pred))


def _scaled_by_test(y_true, y_pred, y_train, season_length=1):
    naive_mae = np.mean(np.abs(y_true[season_length:] - y_true[:-season_length]))
    return np.mean(np.abs(y_true - y_pred)) / naive_mae


def _season_ignored(y_true, y_pred, y_train, season_length=1):
    return mase(y_true, y_pred, y_train)


def _squared_errors(y_true, y_pred, y_train, season_length=1):
    naive_mse = np.mean((y_train[season_length:] - y_train[:-season_length]) ** 2)
    return np.mean((y_true - y_pred) ** 2) / naive_mse


def _no_absolute_value(y_true, y_pred, y_train, season_length=1):
    naive_mae = np.mean(np.abs(y_train[season_length:] - y_train[:-season_length]))
    return np.mean(y_true - y_pred) / naive_mae


def _no_absolute_value_other_sign(y_true, y_pred, y_train, season_length=1):
    return -_no_absolute_value(y_true, y_pred, y_train, season_length)


def _naive_errors_cancel(y_true, y_pred, y_train, season_length=1):
    naive = np.abs(np.mean(y_train[season_length:] - y_train[:-season_length]))
    return np.mean(np.abs(y_true - y_pred)) / naive


def _naive_errors_cancel_with_sign(y_true, y_pred, y_train, season_length=1):
    return np.mean(np.abs(y_true - y_pred)) / np.mean(y_train[season_length:] - y_train[:-season_length])


def _against_the_first_season(y_true, y_pred, y_train, season_length=1):
    naive = np.mean(np.abs(y_train[season_length:] - y_train[:season_length]))
    return np.mean(np.abs(y_true - y_pred)) / naive


def _differences_of_differences(y_true, y_pred, y_train, season_length=1):
    return np.mean(np.abs(y_true - y_pred)) / np.mean(np.abs(np.diff(y_train, season_length)))


def _rolled_round(y_true, y_pred, y_train, season_length=1):
    return np.mean(np.abs(y_true - y_pred)) / np.mean(np.abs(y_train - np.roll(y_train, season_length)))


def _sums_instead_of_means(y_true, y_pred, y_train, season_length=1):
    naive = np.sum(np.abs(y_train[season_length:] - y_train[:-season_length]))
    return np.sum(np.abs(y_true - y_pred)) / naive


def _roots_of_squares(y_true, y_pred, y_train, season_length=1):
    return np.sqrt(_squared_errors(y_true, y_pred, y_train, season_length))


def _divided_by_spread(y_true, y_pred, y_train, season_length=1):
    return np.mean(np.abs(y_true - y_pred)) / np.std(y_train)


def _mase_upside_down(y_true, y_pred, y_train, season_length=1):
    return 1 / mase(y_true, y_pred, y_train, season_length)


def ridge(X, y, alpha):
    """Fit linear weights and an intercept, with a penalty of alpha on the squared weights."""
    A = X.reshape(len(X), -1)  # (N, T, D) -> (N, P), P = T D
    A_mean, y_mean = A.mean(axis=0), y.mean(axis=0)  # (P,), (1,)
    A, y = A - A_mean, y - y_mean  # centred: the intercept drops out, unpenalised

    gram = A.T @ A + alpha * np.eye(A.shape[1])  # (P, P)
    weights = np.linalg.solve(gram, A.T @ y)  # (P, 1)
    intercept = y_mean - A_mean @ weights  # (1,)
    return weights, intercept


# Most mistakes are in the weights, and the intercept follows from them. The intercept may be wrong in its own
# way as well, so these return the right one: then only the weights count.


def _least_squares(X, y, alpha):
    return ridge(X, y, 0.0)[0], ridge(X, y, alpha)[1]


def _alpha_times_n(X, y, alpha):
    return ridge(X, y, alpha * len(X))[0], ridge(X, y, alpha)[1]


def _alpha_divided_by_n(X, y, alpha):
    return ridge(X, y, alpha / len(X))[0], ridge(X, y, alpha)[1]


def _alpha_squared(X, y, alpha):
    return ridge(X, y, alpha**2)[0], ridge(X, y, alpha)[1]


def _weights_from(A, y, penalty):
    return np.linalg.solve(A.T @ A + penalty, A.T @ y)


def _not_centred(X, y, alpha):
    A = X.reshape(len(X), -1)
    return _weights_from(A, y, alpha * np.eye(A.shape[1])), ridge(X, y, alpha)[1]


def _only_targets_centred(X, y, alpha):
    return _not_centred(X, y - y.mean(), alpha)[0], ridge(X, y, alpha)[1]


def _one_mean_for_all_columns(X, y, alpha):
    return _only_targets_centred(X - X.mean(), y, alpha)[0], ridge(X, y, alpha)[1]


def _one_mean_for_all_columns_alone(X, y, alpha):
    return _not_centred(X - X.mean(), y, alpha)[0], ridge(X, y, alpha)[1]


def _centred_window_by_window(X, y, alpha):
    return _only_targets_centred(X - X.mean(axis=(1, 2), keepdims=True), y, alpha)[0], ridge(X, y, alpha)[1]


def _columns_divided_by_spread(X, y, alpha):
    return ridge(X / X.std(axis=0), y, alpha)[0], ridge(X, y, alpha)[1]


def _penalty_everywhere(X, y, alpha):
    A = X.reshape(len(X), -1)
    return _weights_from(A - A.mean(axis=0), y - y.mean(), alpha), ridge(X, y, alpha)[1]


def _penalised_intercept(X, y, alpha):
    A = np.column_stack([X.reshape(len(X), -1), np.ones(len(X))])
    w = _weights_from(A, y, alpha * np.eye(A.shape[1]))
    return w[:-1], w[-1]


def _without_intercept(X, y, alpha):
    return _not_centred(X, y, alpha)[0], np.zeros(1)


def _intercept_zero(X, y, alpha):
    return ridge(X, y, alpha)[0], np.zeros(1)


def _intercept_sign_turned(X, y, alpha):
    weights = ridge(X, y, alpha)[0]
    return weights, y.mean(axis=0) + X.reshape(len(X), -1).mean(axis=0) @ weights


def _intercept_is_mean(X, y, alpha):
    return ridge(X, y, alpha)[0], y.mean(axis=0)


EXERCISES = (
    Exercise(
        "02.seasonal_naive",
        "Forecast what happened a season ago",
        reference=seasonal_naive,
        returns="y_pred",
        parts=[
            Part("a season of several steps", 1, Case(_X, 5), Case(_X_TWO, 7)),
            Part("a season of one step, or as long as the window", 1, Case(_X, 1), Case(_X_TWO, 8)),
        ],
        hints=[
            "The value to forecast comes right after the window. Count back `season_length` steps "
            "from *there*.",
            "One step back from the value to forecast is the last of the window, `X[:, -1]`.",
            "`X[:, -1, 0]` has shape (N,). A slice keeps the axis: `X[:, -1, :1]` has shape (N, 1). "
            "Now put the right number of steps in.",
        ],
        wrong=[
            *(
                Wrong(f, "One step too early: this is `season_length + 1` steps before the target.")
                for f in (_one_too_early, _one_too_early_from_the_front)
            ),
            *(
                Wrong(f, "One step too late: this is `season_length - 1` steps before the target.")
                for f in (_one_too_late, _one_too_late_at_most_the_last)
            ),
            Wrong(_last_value, "This is the last value, whatever `season_length` is."),
            *(
                Wrong(f, "The steps are counted from the start of the window, not back from its end.")
                for f in (
                    _from_the_front,
                    _from_the_front_at,
                    _all_features_up_to_the_front,
                    _all_features_from_the_front,
                )
            ),
            Wrong(_all_features, "Every feature is forecast; the target is feature 0 alone."),
            Wrong(_season_mean, "This is the mean over the last season, not the value one season ago."),
            Wrong(_last_feature, "This forecasts the last feature; the target is feature 0."),
        ],
    ),
    Exercise(
        "02.naive_error",
        "Explain the naive error from signal and noise",
        reference=naive_error,
        returns="mse",
        parts=[
            Part("a flat signal: noise alone", 1, Case(np.full(30, 2.0), 0.3)),
            Part("a moving signal, with and without noise", 1, Case(_WAVE, 0.0), Case(_WAVE, 0.2)),
        ],
        hints=[
            "What is observed is `s[t] + e[t]`, and the forecast of the next observation is this one. "
            "Write the error down as a signal part plus a noise part.",
            "The error is `(s[t+1] - s[t]) + (e[t+1] - e[t])`. Square it and take the mean. "
            "The two noises are independent of each other and of the signal.",
            "Variances of independent noises add, so the noise part is not one σ² but more. "
            "`np.diff(signal)` gives `s[t+1] - s[t]`.",
        ],
        wrong=[
            Wrong(
                _noise_once,
                "Noise counts only once here, but there is noise in the forecast as well as in the target.",
            ),
            Wrong(
                _noise_not_squared,
                "`sigma` is a standard deviation, in the unit of the signal; a squared error is not.",
            ),
            Wrong(
                _twice_then_squared,
                "The noise is doubled before it is squared. Two independent noises add their variances.",
            ),
            Wrong(_noise_forgotten, "This is the signal's part alone; the noise adds to it."),
            Wrong(
                _signal_variance,
                "This uses how far the signal lies from its mean. The forecast errs by how far it "
                "*moves* in one step.",
            ),
            Wrong(
                _change_variance,
                "The mean change is subtracted before squaring, as if the forecast knew the drift.",
            ),
            Wrong(
                _mean_change_squared,
                "The changes are averaged first and squared afterwards: steps up and down cancel.",
            ),
            Wrong(
                _changes_not_squared,
                "The changes are absolute, not squared: they have the signal's unit, the error its square.",
            ),
            Wrong(_signal_forgotten, "This is the noise's part alone; a signal that moves adds to it."),
            Wrong(_sum_of_changes, "The squared changes are added up; asked for is their *mean*."),
            Wrong(
                _divided_by_n,
                "The squared changes are divided by the number of values; there is one change fewer.",
            ),
            Wrong(_root, "This is the root of the mean squared error."),
        ],
    ),
    Exercise(
        "02.skill",
        "Score against the naive forecast",
        reference=skill,
        returns="skill",
        parts=[Part("better, equal and worse than naive", 1, Case(0.5, 2.0), Case(2.0, 2.0), Case(0.3, 0.2))],
        hints=[
            "A perfect model has skill 1, a model as good as the naive one 0. Which numbers must be "
            "compared?",
            "Start from the part of the naive error that is *left*, `model_mse / naive_mse`.",
        ],
        wrong=[
            Wrong(
                _ratio, "This is the part of the naive error that is left, not the part that is taken away."
            ),
            Wrong(_upside_down, "The ratio is upside down: the naive error is the one to divide by."),
            Wrong(
                _ratio_upside_down, "This is how many times larger the naive error is, not the part saved."
            ),
            Wrong(_sign_lost, "The sign is lost: a model worse than naive has a skill below 0."),
            Wrong(_not_relative, "This is a difference in the series' unit squared; skill has no unit."),
            Wrong(_sign_flipped, "The sign is wrong: a better model must have the higher skill."),
            Wrong(
                _relative_to_model, "The difference is divided by the model's error, not by the naive one."
            ),
            Wrong(_skill_of_roots, "The root was taken first; skill compares mean *squared* errors here."),
            Wrong(_per_cent, "This is in per cent; a perfect model must have skill 1, not 100."),
            Wrong(_never_negative, "A model worse than naive must show it: its skill is below 0."),
        ],
    ),
    Exercise(
        "02.mase",
        "Score without a unit",
        reference=mase,
        returns="mase",
        parts=[
            Part("against the last value", 1, Case(_Y_TRUE, _Y_PRED, _Y_TRAIN)),
            Part("against a season of 12", 1, Case(_Y_TRUE, _Y_PRED, _Y_TRAIN, season_length=12)),
        ],
        hints=[
            "Two mean absolute errors, one divided by the other. Which forecast does each belong to?",
            "Below the line stands the seasonal naive forecast on `y_train`: "
            "each value minus the one `season_length` steps before it.",
            "`y_train[m:]` and `y_train[:-m]` are the series and the same series m steps earlier.",
        ],
        wrong=[
            Wrong(_not_scaled, "This is the plain mean absolute error; it still has the series' unit."),
            Wrong(
                _scaled_by_test,
                "The naive error is measured on the test values. It must come from the training series, "
                "so that every model and every test period has the same yardstick.",
            ),
            Wrong(
                _season_ignored,
                "`season_length` is not used: the yardstick is always the last-value forecast.",
            ),
            Wrong(_squared_errors, "These are squared errors; MASE uses absolute ones."),
            Wrong(_no_absolute_value, "Errors of opposite sign cancel in the numerator."),
            Wrong(_no_absolute_value_other_sign, "Errors of opposite sign cancel in the numerator."),
            Wrong(_naive_errors_cancel, "Errors of opposite sign cancel in the denominator."),
            Wrong(_naive_errors_cancel_with_sign, "Errors of opposite sign cancel in the denominator."),
            Wrong(
                _against_the_first_season,
                "The training series is compared with its first `season_length` values alone, "
                "not each value with the one so many steps before it.",
            ),
            Wrong(
                _differences_of_differences,
                "`np.diff` with n takes differences of differences, n times over; "
                "asked for is one difference over `season_length` steps.",
            ),
            Wrong(
                _rolled_round,
                "`np.roll` brings the end of the series round to its start, so the first values are "
                "compared with the last ones.",
            ),
            Wrong(
                _sums_instead_of_means,
                "The errors are summed, but there are not as many below the line as above: take means.",
            ),
            Wrong(
                _roots_of_squares,
                "These are roots of mean squared errors; MASE uses mean absolute ones.",
            ),
            Wrong(
                _divided_by_spread,
                "The yardstick is the spread of the training series, not a forecast's error.",
            ),
            Wrong(_mase_upside_down, "The fraction is upside down: a better model must have the lower MASE."),
        ],
    ),
    Exercise(
        "02.ridge",
        "Fit a ridge regression on the lags",
        reference=ridge,
        returns="weights, intercept",
        parts=[
            Part("the `weights`", 2, *_FITS, of="weights"),
            Part("the `intercept`", 1, *_FITS, of="intercept"),
        ],
        hints=[
            "First make a matrix of the windows, one row each: `A = X.reshape(len(X), -1)`.",
            "Subtract from `A` and `y` their means over the windows. The intercept then drops out of "
            "the problem, and the penalty cannot touch it.",
            "The weights solve (AᵀA + α I) w = Aᵀy with the centred `A` and `y`: `np.linalg.solve`.",
            "The intercept makes the mean forecast right: `y_mean = A_mean @ weights + intercept`.",
        ],
        wrong=[
            Wrong(_least_squares, "There is no penalty: these are the weights of ordinary least squares."),
            Wrong(
                _alpha_times_n,
                "The penalty is too strong by a factor N: it belongs to the *sum* of squares here.",
            ),
            Wrong(
                _alpha_divided_by_n,
                "The penalty is too weak by a factor N: it belongs to the *sum* of squares here.",
            ),
            Wrong(_alpha_squared, "The penalty is α², not α."),
            Wrong(
                _penalised_intercept,
                "The intercept is penalised too, so forecasts are pulled towards 0 when the series "
                "lies far from it.",
            ),
            Wrong(_without_intercept, "There is no intercept: the fit is forced through 0."),
            Wrong(_intercept_zero, "There is no intercept: the fit is forced through 0."),
            Wrong(
                _not_centred,
                "The weights are fitted before the means are taken off, so they do the intercept's "
                "work as well.",
            ),
            Wrong(
                _only_targets_centred,
                "The targets have lost their mean, the inputs have not: "
                "the weights must forecast values around 0 from values that lie elsewhere.",
            ),
            *(
                Wrong(
                    function,
                    "One mean is taken off all inputs alike. Each column of `A` has a mean of its own.",
                )
                for function in (_one_mean_for_all_columns, _one_mean_for_all_columns_alone)
            ),
            Wrong(
                _centred_window_by_window,
                "The mean is taken within each window. Asked for is the mean of each column, "
                "over the windows.",
            ),
            Wrong(
                _columns_divided_by_spread,
                "Each column is also divided by its spread: these weights belong to other inputs than `X`.",
            ),
            Wrong(
                _intercept_sign_turned,
                "The intercept has the wrong sign somewhere: at the windows' mean the forecast must be the "
                "mean target.",
            ),
            Wrong(
                _intercept_is_mean,
                "The intercept is just the mean target. "
                "The windows' mean times the weights is in the forecast already.",
            ),
            Wrong(
                _penalty_everywhere,
                "α is added to every entry of the matrix; the penalty belongs on its diagonal.",
            ),
        ],
    ),
)
