"""Exercises of lesson 07: forecasts fed back, where they stop being worth it, the loop, an interval."""

import numpy as np

from lessons.exercises.declare import Case, Exercise, Part, Slip, Wrong

_SERIES = np.random.default_rng(0).normal(size=24).round(2)
_WEIGHTS = np.array([0.3, -0.2, 0.7])  # oldest value of the window first
_LINE = np.arange(1.0, 13.0) ** 1.5
_PAIR = np.array([-0.6, 1.4])
_BASE = np.full(7, 0.5)
_RANDOM = np.random.default_rng(7)
_CALIBRATION = _RANDOM.normal(size=(9, 4)) * np.array([1.0, 2.0, 3.0, 4.0]) + 0.4
_MORE_CALIBRATION = _RANDOM.normal(size=(29, 3)) * np.array([0.5, 1.0, 1.5]) - 0.2
_FALLING, _SHORT = _RANDOM.normal(size=(13, 3)) * np.array([3.0, 2.0, 1.0]), _RANDOM.normal(size=(11, 2))


def _missed_by(errors, share):
    """Make a case of forecasts (N, steps) that miss the truth by ``errors``."""
    y_true = 10 * np.sin(np.arange(errors.size)).reshape(errors.shape)
    return Case(y_true, y_true + errors, share)


def recursive_rollout(series, origins, steps, weights, intercept):
    """Feed a linear model its own forecasts, from all origins at once."""
    T = len(weights)
    window = series[origins[:, None] + np.arange(-T, 0)]  # (N, T): the values before each origin
    y_pred = np.empty((len(origins), steps))
    for k in range(steps):
        y_pred[:, k] = window @ weights + intercept
        window = np.column_stack([window[:, 1:], y_pred[:, k]])
    return y_pred


def _one_copy_of_the_series(series, origins, steps, weights, intercept):
    T, kept = len(weights), np.append(series, np.zeros(steps))
    y_pred = np.empty((len(origins), steps))
    for n, origin in enumerate(origins):
        for k in range(steps):
            y_pred[n, k] = kept[origin + k - T : origin + k] @ weights + intercept
            kept[origin + k] = y_pred[n, k]
    return y_pred


def crossing_step(errors, baseline_errors):
    """First step, counted from 1, from which a model is worse than a baseline for good; None if never."""
    good = np.flatnonzero(errors <= baseline_errors)  # steps, counted from 0, at which it is no worse
    if len(good) == 0:
        return 1
    if good[-1] == len(errors) - 1:
        return None
    return int(good[-1]) + 2


def _first_time_worse(errors, baseline_errors):
    worse = np.flatnonzero(errors > baseline_errors)
    return int(worse[0]) + 1 if len(worse) else None


def _last_time_worse(errors, baseline_errors):
    worse = np.flatnonzero(errors > baseline_errors)
    return int(worse[-1]) + 1 if len(worse) else None


def _count_of_worse(errors, baseline_errors):
    return int(np.sum(errors > baseline_errors)) or None


def loop_matrix(weights):
    """The matrix that takes a window (T,), oldest value first, to the next one of a rollout."""
    M = np.eye(len(weights), k=1)  # (T, T): every value moves up one place
    M[-1] = weights  # and the forecast comes last
    return M


def interval_width(y_true, y_pred, share):
    """Half-width by step that holds a `share` of the errors, with one origin to spare."""
    errors = np.sort(np.abs(y_pred - y_true), axis=0)  # (N, steps), each step on its own
    rank = int(np.ceil((len(errors) + 1) * share))  # counted from 1
    if rank > len(errors):  # too few origins for this share
        return np.full(errors.shape[1], np.inf)
    return errors[rank - 1]  # (steps,)


_MOVE = "np.column_stack([window[:, 1:], y_pred[:, k]])"
_SHARED = (
    "All origins write their forecasts into one copy of the series, so that some start from forecasts of "
    "others. Each needs a window of its own."
)
_NUMBER_FOR_NEVER = "A model that is never worse for good gets a number, which looks like a step."
_WRONG_WAY = "The values move the wrong way, towards the end of the window."
_ERRORS = "np.abs(y_pred - y_true)"
_FEW = "    if rank > len(errors):"
_RANK, _TAKEN = "int(np.ceil((len(errors) + 1) * share))", "return errors[rank - 1]"
_NEAREST = "The rank is rounded to the nearest whole number, and that may be down."


_RECURSIVE_ROLLOUT_SLIPS = [
    Slip(
        "The true values move into the window, not the forecasts. At a real origin nobody has them: "
        "these are one-step forecasts, again and again.",
        {"y_pred[:, k]])": "np.append(series, np.zeros(steps))[origins + k]])"},
    ),
    Slip("The window holds the value at the origin, the first to forecast.", {"(-T, 0)": "(-T, 0) + 1"}),
    Slip("The window ends one step too early: at origin - 2.", {"np.arange(-T, 0)": "np.arange(-T, 0) - 1"}),
    Slip("The window never moves, so every step gets the first forecast.", {_MOVE: "window"}),
    Slip(
        "The forecast is put in front of the oldest value; the newest belongs at the other end.",
        {"[window[:, 1:], y_pred[:, k]]": "[y_pred[:, k], window[:, :-1]]"},
    ),
    Slip("The last value gives way to the forecast; the window stays.", {"window[:, 1:]": "window[:, :-1]"}),
    Slip(
        "The oldest value is replaced by the forecast where it stands; the window does not move on.",
        {"[window[:, 1:], y_pred[:, k]]": "[y_pred[:, k], window[:, 1:]]"},
    ),
    Slip("The weights meet the window from the wrong end.", {"@ weights": "@ weights[::-1]"}),
    Wrong(_one_copy_of_the_series, _SHARED),
    Slip(
        _SHARED,
        {
            "y_pred = np.empty": "kept = np.append(series, np.zeros(steps))\n    y_pred = np.empty",
            "window = np.col": "kept[origins + k] = y_pred[:, k]\n        window = np.col",
            _MOVE: "kept[origins[:, None] + k + 1 + np.arange(-T, 0)]",
        },
    ),
    Slip("The window turns round, and no forecast gets in.", {_MOVE: "np.roll(window, -1, 1)"}),
    Slip("The first forecast is fed back at every step.", {"y_pred[:, k]])": "y_pred[:, 0]])"}),
    Slip(
        "The first column holds the last known values, so every forecast stands one step too late.",
        {"return y_pred": "return np.column_stack([series[origins - 1], y_pred[:, :-1]])"},
    ),
    Slip(
        "The first forecast is missing: the result begins at step 2.",
        {"steps))": "steps + 1))", "(steps):": "(steps + 1):", "return y_pred": "return y_pred[:, 1:]"},
    ),
    Slip("The intercept is missing.", {" + intercept": ""}),
    Slip("The intercept is added at the first step only.", {"+ intercept": "+ intercept * (k == 0)"}),
    Slip(
        "The intercept is added to the result, but it is missing from what is fed back.",
        {" + intercept": "", "return y_pred": "return y_pred + intercept"},
    ),
    Slip("The windows begin with the newest value; it belongs at the end.", {"(-T, 0)": "(-1, -T - 1, -1)"}),
    Slip(
        "At the first step the true value moves into the window.",
        {"y_pred[:, k]])": "y_pred[:, k] if k else series[origins]])"},
    ),
]

_CROSSING_STEP_SLIPS = [
    Wrong(
        _first_time_worse, "This is the first step at which the model is worse; later it may be better again."
    ),
    Slip("One too small: counted from 0, or the step before.", {"return 1": "return 0", "+ 2": "+ 1"}),
    Slip("One too large: this is the second step worse for good.", {"return 1": "return 2", "+ 2": "+ 3"}),
    Wrong(_last_time_worse, "This is the last step at which it is worse, not the first for good."),
    Slip("The two curves have changed places.", {"<=": ">="}),
    Slip("At an equal error the model is not worse.", {"<=": "<"}),
    Slip("A model that is never worse for good gets a 1, as if it always were.", {"return None": "return 1"}),
    Slip(
        "A model that is never worse for good gets a step beyond the last one; nobody has measured there.",
        {"return None": "return len(errors) + 1"},
    ),
    Slip("A model that is never worse for good gets the last step.", {"return None": "return len(errors)"}),
    Slip(
        "A model that was worse and came back gets a step beyond the last one; nobody has measured there.",
        {"return None": "return None if len(good) == len(errors) else len(errors) + 1"},
    ),
    Slip(_NUMBER_FOR_NEVER, {"return None": "return 0"}),
    Slip(_NUMBER_FOR_NEVER, {"return None": "return -1"}),
    Slip("A model that is worse at every step has crossed at the first.", {"return 1": "return None"}),
    Wrong(_count_of_worse, "This counts the steps at which the model is worse."),
]

_LOOP_MATRIX_SLIPS = [
    Slip(
        "This is the matrix for windows whose newest value comes first.",
        {"k=1": "k=-1", "M[-1] = weights": "M[0] = weights[::-1]"},
    ),
    Slip("The forecast comes first in the next window, the rest moves down.", {"k=1": "k=-1", "[-1]": "[0]"}),
    Slip(_WRONG_WAY, {"k=1": "k=-1"}),
    Slip(_WRONG_WAY, {"len(weights), k=1)": "len(weights))[:, np.arange(1 - len(weights), 1)]"}),
    Slip(
        "A 1 is left in the last row, on top of the first weight: the oldest value goes round.",
        {"k=1)": "k=1)\n    M[-1, 0] = 1", "M[-1] = weights": "M[-1] += weights"},
    ),
    Slip("This is the transpose: here a window is a column, `M @ window`.", {"return M": "return M.T"}),
    Slip("The values stay where they are, and the last one is replaced.", {", k=1": ""}),
    Slip(
        "Nothing but the forecast is in the next window; the rest is 0.",
        {"np.eye(len(weights), k=1)": "np.zeros((len(weights), len(weights)))"},
    ),
    Slip("The weights are reversed: the first belongs to the oldest.", {"= weights": "= weights[::-1]"}),
    Slip("The forecast is the first value of the next window; it is the newest.", {"M[-1]": "M[0]"}),
    Slip("The weights stand in the last column, not in the last row.", {"M[-1]": "M[:, -1]"}),
    Slip("A 1 is added to the last weight.", {"return M": "M[-1, -1] += 1\n    return M"}),
]


def _without_rank(diagnosis, width):
    """Make the slip with the rule for too few origins, and without: who makes no rank has no such rule."""
    changes = {_TAKEN: width}
    return Slip(diagnosis, changes), Slip(diagnosis, {**changes, _FEW: "    if False:"})


_INTERVAL_WIDTH_SLIPS = [
    Slip(
        "With fewer origins than the share needs, this takes the largest error: a width that "
        "promises more than so few errors can show. What does the text ask for there?",
        {_RANK: f"min({_RANK}, len(errors))"},
    ),
    Slip(
        "With fewer origins than the share needs, the rank lies beyond the last row. What does the "
        "text ask for there?",
        {_FEW: "    if False:"},
    ),
    Slip(
        "With fewer origins than the share needs, this stops with an error. What does the text ask "
        "for there?",
        {"return np.full(errors.shape[1], np.inf)": "raise ValueError"},
    ),
    Slip(
        "Where the rank is N itself, the largest error is the width: N origins are just enough.",
        {"rank > len(errors)": "rank >= len(errors)"},
    ),
    Slip(
        "With fewer origins than the share needs, the widths are NaN: then nothing lies within, "
        "where no width would be wide enough.",
        {"np.inf": "np.nan"},
    ),
    Slip("The rank is too small: the origin to come counts as well.", {"(len(errors) + 1)": "len(errors)"}),
    Slip(
        "The rank is too small: the origin to come counts as well.",
        {_TAKEN: "return np.quantile(errors, share, axis=0, method='higher')", _FEW: "    if False:"},
    ),
    Slip("One rank too far: rank 1 is row 0.", {"[rank - 1]": "[rank]"}),
    Slip("Rounded down, the interval holds less than promised.", {_RANK: "int((len(errors) + 1) * share)"}),
    Slip(_NEAREST, {_RANK: "round((len(errors) + 1) * share)"}),
    Slip(_NEAREST, {_RANK: "int((len(errors) + 1) * share + 0.5)"}),
    Slip(
        "Where (N + 1) · share is a whole number, this is one row too far: rounding down does not "
        "stand in for counting from 0.",
        {_RANK: "int((len(errors) + 1) * share)", "[rank - 1]": "[rank]"},
    ),
    Slip(
        "The rank is made of N, without the origin to come, and then used as a row, one too far. At "
        "times the two slips cancel.",
        {"(len(errors) + 1)": "len(errors)", "[rank - 1]": "[rank]"},
    ),
    Slip(
        "One error too far. Rank 1 is row 0; and in `np.quantile` it is the share 0, so rank / N is "
        "not the place of a rank.",
        {"errors[rank - 1]": "np.quantile(errors, rank / len(errors), axis=0, method='higher')"},
    ),
    Slip("The errors are not sorted, so a row is no rank.", {"np.sort(np": "(np", ", axis=0)": ")"}),
    Slip("The errors are sorted along the steps, not along the origins.", {"axis=0": "axis=1"}),
    Slip("The rank is counted from the largest error.", {"[rank - 1]": "[-rank]"}),
    Slip(
        "No step is narrower than the ones before; here each goes by itself.",
        {_TAKEN: "return np.maximum.accumulate(errors[rank - 1])"},
    ),
    *_without_rank(
        "This interpolates between two errors; the rule takes one that came.",
        "return np.quantile(errors, share, axis=0)",
    ),
    Slip("The errors have kept their sign, so only one side counts.", {_ERRORS: "y_pred - y_true"}),
    Slip("The errors, truth less forecast, have kept their sign.", {_ERRORS: "y_true - y_pred"}),
    Slip(
        "All steps share one width; each step has errors of its own.",
        {
            "axis=0": "axis=None",
            "errors.shape[1]": "y_true.shape[1]",
            _TAKEN: "return np.full(y_true.shape[1], errors[rank - 1])",
        },
    ),
    Slip("Absolute errors have one tail; this splits the rest in two.", {"* share": "* ((1 + share) / 2)"}),
    Slip("This is the width for the share that is to be left *out*.", {"* share": "* (1 - share)"}),
    Slip("This is the whole interval; asked for is half of it.", {_TAKEN: "return 2 * errors[rank - 1]"}),
    Slip("These are the largest errors, whatever `share` is.", {"[rank - 1]": "[-1]"}),
    Slip("The errors are squared; a width has the forecasts' unit.", {_ERRORS: "(y_pred - y_true) ** 2"}),
    *_without_rank(
        "This takes the errors for normally distributed around 0.",
        "from statistics import NormalDist\n"
        "    return NormalDist().inv_cdf((1 + share) / 2) * (y_pred - y_true).std(axis=0)",
    ),
    Slip("The truth is not subtracted: these are the forecasts' own sizes.", {_ERRORS: "np.abs(y_pred)"}),
    *_without_rank("This is the mean error, whatever `share` is.", "return errors.mean(axis=0)"),
    *_without_rank(
        "`np.percentile` counts to 100, and got a share.", "return np.percentile(errors, share, axis=0)"
    ),
]

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
        wrong=_RECURSIVE_ROLLOUT_SLIPS,
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
                Case(np.sort(np.random.default_rng(8).uniform(size=7)), _BASE),
            ),
            Part(
                "always, never, and only for a while",
                1,
                Case(_BASE + 0.1, _BASE),
                Case(_BASE - 0.1, _BASE),
                *(Case(*_RANDOM.uniform(size=(2, 9))) for _ in range(3)),
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
        wrong=_CROSSING_STEP_SLIPS,
    ),
    Exercise(
        "07.loop_matrix",
        "Write a rollout as one matrix",
        reference=loop_matrix,
        returns="M",
        parts=[Part("the window and the next", 2, Case(_WEIGHTS), Case(_RANDOM.normal(size=4)))],
        hints=[
            "Row k of `M` says how value k of the next window is made from the old one. Write M out for "
            "T = 3, by hand.",
            "All but the last row only pass a value on: next[k] = window[k + 1], so one 1 in each row.",
            "`np.eye(T, k=1)` has ones beside the diagonal. What belongs in its last row?",
        ],
        wrong=_LOOP_MATRIX_SLIPS,
    ),
    Exercise(
        "07.interval_width",
        "Make an interval from errors",
        reference=interval_width,
        returns="width",
        parts=[
            Part(
                "a width for each step",
                1,
                _missed_by(_CALIBRATION, 0.8),
                _missed_by(_MORE_CALIBRATION, 0.75),  # (N + 1) share: 22.5; before, 8
                _missed_by(_FALLING, 0.7),  # 9.8: rounded down it is another, to the nearest not
                _missed_by(_FALLING, 0.8),  # 11.2
                _missed_by(_SHORT, 0.8),  # 9.6, and 8.8 of N alone
                _missed_by(_CALIBRATION, 0.85),  # the largest of all
            ),
            Part(
                "too few origins for the share",
                1,
                _missed_by(_CALIBRATION, 0.95),  # 9.5: rank 10 of 9
                _missed_by(_FALLING, 0.94),  # 13.16
            ),
        ],
        hints=[
            "`np.abs(y_pred - y_true)` are the errors (N, steps). Sort them along the origins: "
            "`np.sort(..., axis=0)`.",
            "The rank to take is (N + 1) · share, rounded up: `int(np.ceil(...))`. It may be larger than N.",
            "Ranks are counted from 1, Python's rows from 0.",
        ],
        wrong=_INTERVAL_WIDTH_SLIPS,
    ),
)
