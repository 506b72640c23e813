"""Exercises of lesson 02: forecasts to beat, and scores that mean something."""

import numpy as np

from lessons.exercises.declare import Case, Exercise, Part, Slip, Wrong

_rng = np.random.default_rng(2)
_X = _rng.normal(size=(6, 12, 1))
_X_TWO = _rng.normal(size=(5, 8, 2))
_WAVE = np.sin(0.3 * np.arange(60)) + 0.5
_LAGS = _rng.normal(size=(30, 4, 1)) + 2.0
_TARGETS = _LAGS[:, -2:, 0].sum(axis=1, keepdims=True) + 5 + 0.1 * _rng.normal(size=(30, 1))
_LAGS_TWO = _rng.normal(size=(25, 3, 2)) - 1.0
_TARGETS_TWO = _LAGS_TWO[:, -1] @ np.array([[1.0], [-2.0]]) + 0.1 * _rng.normal(size=(25, 1))
_FLAT = tuple(Case(np.full(30, 2.0), sigma) for sigma in (0.3, np.random.default_rng(3).uniform(0.4, 1)))
_FITS = (Case(_LAGS, _TARGETS, 3.0), Case(_LAGS_TWO, _TARGETS_TWO, 0.5))

_EARLY = "One step too early: this is `season_length + 1` steps before the target."
_LATE = "One step too late: this is `season_length - 1` steps before the target."
_FRONT = "The steps are counted from the start of the window, not back from its end."
_NO_INTERCEPT = "There is no intercept: the fit is forced through 0."
_ONE_MEAN = "One mean is taken off all inputs alike. Each column of `X` has a mean of its own."


def naive_error(signal, sigma):
    """Mean squared error to expect of the last-value forecast of a signal with noise on it."""
    change = np.diff(signal)  # (n - 1,) s[t+1] - s[t]
    return np.mean(change**2) + 2 * sigma**2  # E[(Δs + e[t+1] - e[t])²] = mean(Δs²) + 2σ²


def seasonal_naive(X, season_length):
    """Forecast the next value as the one a season before it."""
    return X[:, -season_length, :1]  # (N, T, D) -> (N, 1)


def skill(model_mse, naive_mse):
    """Part of the naive forecast's error that a model takes away."""
    return 1 - model_mse / naive_mse


def ridge(X, y, alpha):
    """Fit linear weights and an intercept, with a penalty of alpha on the squared weights."""
    A = X.reshape(len(X), -1)  # (N, T, D) -> (N, P), P = T D
    A_mean, y_mean = A.mean(axis=0), y.mean(axis=0)  # (P,), (1,)
    A, y = A - A_mean, y - y_mean  # centred: the intercept drops out, unpenalised

    gram = A.T @ A + alpha * np.eye(A.shape[1])  # (P, P)
    weights = np.linalg.solve(gram, A.T @ y)  # (P, 1)
    intercept = y_mean - A_mean @ weights  # (1,)
    return weights, intercept


def _penalised_intercept(X, y, alpha):
    A = np.column_stack([X.reshape(len(X), -1), np.ones(len(X))])
    w = np.linalg.solve(A.T @ A + alpha * np.eye(A.shape[1]), A.T @ y)
    return w[:-1], w[-1]


def _centring(text, diagnosis):
    """A mistake in what the means are taken off: the weights show it, the intercept follows from them."""
    return Slip(diagnosis, {"A - A_mean, y - y_mean": text}, of="weights")


def _penalty(text, diagnosis):
    return Slip(diagnosis, {"+ alpha * np.eye(A.shape[1])": text}, of="weights")


_NAIVE_ERROR_SLIPS = [
    Slip("Noise counts only once here, but forecast and target both have it.", {"2 * sigma**2": "sigma**2"}),
    Slip("`sigma` has the unit of the signal; a squared error has not.", {"sigma**2": "sigma"}),
    Slip("Doubled, then squared: of two noises the *variances* add.", {"2 * sigma**2": "(2 * sigma) ** 2"}),
    Slip("This is the signal's part alone; the noise adds to it.", {" + 2 * sigma**2": ""}),
    Slip(
        "This uses how far the signal lies from its mean. The forecast errs by how far it "
        "*moves* in one step.",
        {"np.mean(change**2)": "np.var(signal)"},
    ),
    Slip("The drift is subtracted, as if the forecast knew it.", {"np.mean(change**2)": "np.var(change)"}),
    Slip("Averaged, then squared: ups and downs cancel.", {"np.mean(change**2)": "np.mean(change) ** 2"}),
    Slip(
        "The changes are absolute, not squared: they have the signal's unit, the error its square.",
        {"np.mean(change**2)": "np.mean(np.abs(change))"},
    ),
    Slip("This is the noise's part alone; a signal that moves adds to it.", {"np.mean(change**2) + ": ""}),
    Slip("The squared changes are added up; asked for is their *mean*.", {"np.mean": "np.sum"}),
    Slip(
        "The squared changes are divided by the number of values; there is one change fewer.",
        {"np.mean(change**2)": "np.sum(change**2) / len(signal)"},
    ),
    Slip(
        "`np.roll` brings the end of the signal round to its start: one of these changes never was.",
        {"np.diff(signal)": "signal - np.roll(signal, 1)"},
    ),
    Slip(
        "This is the root of the mean squared error.",
        {"np.mean(change**2) + 2 * sigma**2": "np.sqrt(np.mean(change**2) + 2 * sigma**2)"},
    ),
]

_SEASONAL_NAIVE_SLIPS = [
    *(
        Slip(diagnosis, {"-season_length, :1": place})
        for diagnosis, place in (
            (_EARLY, "-season_length - 1, :1"),
            (_EARLY, "X.shape[1] - season_length - 1, :1"),
            (_LATE, "-season_length + 1, :1"),
            (_LATE, "min(-season_length + 1, -1), :1"),
            ("This is the last value, whatever `season_length` is.", "-1, :1"),
            (_FRONT, "season_length - 1, :1"),
            (_FRONT, "season_length, :1"),
            (_FRONT, "season_length - 1"),
            (_FRONT, "season_length"),
            ("Every feature is forecast; the target is feature 0 alone.", "-season_length"),
            ("This forecasts the last feature; the target is feature 0.", "-season_length, -1:"),
            ("The axis of the features is gone: a slice, `:1`, keeps it.", "-season_length, 0"),
        )
    ),
    Slip(
        "This is the mean over the last season, not the value one season ago.",
        {"-season_length, :1]": "-season_length:, :1].mean(axis=1)"},
    ),
]

_RIDGE_SLIPS = [
    _penalty("", "There is no penalty: these are the weights of ordinary least squares."),
    _penalty(
        "+ alpha * len(A) * np.eye(A.shape[1])",
        "The penalty is too strong by a factor N: it belongs to the *sum* of squares here.",
    ),
    _penalty(
        "+ alpha / len(A) * np.eye(A.shape[1])",
        "The penalty is too weak by a factor N: it belongs to the *sum* of squares here.",
    ),
    _penalty("+ alpha**2 * np.eye(A.shape[1])", "The penalty is α², not α."),
    _penalty(
        "- alpha * np.eye(A.shape[1])",
        "The penalty is subtracted: it rewards large weights instead of making them dear.",
    ),
    _penalty("+ alpha", "α is added to every entry of the matrix; the penalty belongs on its diagonal."),
    Wrong(
        _penalised_intercept,
        "The intercept is penalised too, so forecasts are pulled towards 0 when the series lies far from it.",
    ),
    Slip(_NO_INTERCEPT, {"A - A_mean, y - y_mean": "A, y", "y_mean - A_mean @ weights": "np.zeros(1)"}),
    Slip(_NO_INTERCEPT, {"y_mean - A_mean @ weights": "np.zeros(1)"}),
    _centring(
        "A, y",
        "The weights are fitted before the means are taken off, so they do the intercept's work as well.",
    ),
    _centring(
        "A, y - y_mean",
        "The targets have lost their mean, the inputs have not: "
        "the weights must forecast values around 0 from values that lie elsewhere.",
    ),
    _centring("A - A.mean(), y - y_mean", _ONE_MEAN),
    _centring("A - A.mean(), y", _ONE_MEAN),
    _centring(
        "A - A.mean(axis=1, keepdims=True), y - y_mean",
        "The mean is taken within each window. Asked for is the mean of each column, over the windows.",
    ),
    _centring(
        "(A - A_mean) / A.std(axis=0), y - y_mean",
        "Each column is also divided by its spread: these weights belong to other inputs than `X`.",
    ),
    Slip(
        "Only feature 0 is used; every step of every feature gets a weight.",
        {"X.reshape(len(X), -1)": "X[:, :, 0]"},
        of="weights",
    ),
    Slip(
        "The intercept has the wrong sign somewhere: at the windows' mean the forecast must be the "
        "mean target.",
        {"y_mean - A_mean @": "y_mean + A_mean @"},
    ),
    Slip(
        "The intercept is just the mean target. "
        "The windows' mean times the weights is in the forecast already.",
        {"y_mean - A_mean @ weights": "y_mean"},
    ),
    Slip(
        "Each feature has one mean here; each column of `A` has its own.",
        {"A.mean(axis=0)": "np.tile(X.mean(axis=(0, 1)), X.shape[1])"},
        of="weights",
    ),
]

EXERCISES = (
    Exercise(
        "02.naive_error",
        "Explain the naive error from signal and noise",
        reference=naive_error,
        returns="mse",
        parts=[
            Part("a flat signal: noise alone", 1, *_FLAT),
            Part("a moving signal, with and without noise", 1, Case(_WAVE, 0.0), Case(_X[0, :, 0], 0.2)),
        ],
        hints=[
            "What is observed is `s[t] + e[t]`, and the forecast of the next observation is this one. "
            "Write the error down as a signal part plus a noise part.",
            "The error is `(s[t+1] - s[t]) + (e[t+1] - e[t])`. Square it and take the mean. "
            "The two noises are independent of each other and of the signal.",
            "Variances of independent noises add, so the noise part is not one σ² but more. "
            "`np.diff(signal)` gives `s[t+1] - s[t]`.",
        ],
        wrong=_NAIVE_ERROR_SLIPS,
    ),
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
        wrong=_SEASONAL_NAIVE_SLIPS,
    ),
    Exercise(
        "02.skill",
        "Score against the naive forecast",
        reference=skill,
        returns="skill",
        parts=[
            Part(
                "better, equal and worse than naive",
                1,
                Case(0.5, 2.0),
                Case(2.0, 2.0),
                Case(0.3, 0.2),
                Case(*_rng.uniform(0.2, 3, 2)),
            )
        ],
        hints=[
            "A perfect model has skill 1, a model as good as the naive one 0. Which numbers must be "
            "compared?",
            "Start from the part of the naive error that is *left*, `model_mse / naive_mse`.",
        ],
        wrong=[
            Slip(diagnosis, {"1 - model_mse / naive_mse": formula})
            for diagnosis, formula in (
                (
                    "This is the part of the naive error that is left, not the part that is taken away.",
                    "model_mse / naive_mse",
                ),
                (
                    "The ratio is upside down: the naive error is the one to divide by.",
                    "1 - naive_mse / model_mse",
                ),
                (
                    "This is how many times larger the naive error is, not the part saved.",
                    "naive_mse / model_mse",
                ),
                (
                    "The sign is lost: a model worse than naive has a skill below 0.",
                    "abs(1 - model_mse / naive_mse)",
                ),
                (
                    "This is a difference in the series' unit squared; skill has no unit.",
                    "naive_mse - model_mse",
                ),
                ("The sign is wrong: a better model has the higher skill.", "model_mse / naive_mse - 1"),
                (
                    "The difference is divided by the model's error, not by the naive one.",
                    "(naive_mse - model_mse) / model_mse",
                ),
                (
                    "The root was taken first; skill compares mean *squared* errors here.",
                    "1 - np.sqrt(model_mse / naive_mse)",
                ),
                (
                    "This is in per cent; a perfect model must have skill 1, not 100.",
                    "100 * (1 - model_mse / naive_mse)",
                ),
                (
                    "A model worse than naive must show it: its skill is below 0.",
                    "max(0.0, 1 - model_mse / naive_mse)",
                ),
            )
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
        wrong=_RIDGE_SLIPS,
    ),
)
