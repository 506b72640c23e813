"""Slips as learners write them: each is told what is wrong with it, and nothing that is not true of it."""

import inspect
import re

import numpy as np
import pytest

from lessons.exercises import REGISTRY, check
from lessons.exercises.checking import _differing, _traces

TOO_MANY = "one window too many"
INSIDE = "own window"
FRONT = "counted from the start"
ANYWHERE = "looked for in the whole series"
NOT_A_PAIR = "expected 2 values"
POSITIONS = "positions of the windows"
START = "average what there is"
NO_INTERCEPT = "no intercept"

SPLIT = """
    before, after = target_index < at, target_index >= at
"""
WINDOWS = """
    N = len(series) - window
    every = np.lib.stride_tricks.sliding_window_view(series, window)[..., np.newaxis]
    X, y = every[:-1], series[window:, np.newaxis]
"""
LEAK = """
    early = prepared[:k] != tampered[:k]
    anywhere = prepared != tampered
    first = np.flatnonzero(anywhere)[0] if anywhere.any() else k
"""
PURGE = """
    begin = test_target_index.min()
"""
SCALE = """
    m, s = series[:at].mean(), series[:at].std()
"""
SMOOTH = """
    smooth = series.copy()
    for t in range(width - 1, len(series)):
        smooth[t] = series[t - width + 1 : t + 1].mean()
"""
RIDGE = """
    A = X.reshape(len(X), -1)
    fit = lambda A, y, alpha=alpha: np.linalg.solve(A.T @ A + alpha * np.eye(A.shape[1]), A.T @ y)
    means, y_mean = A.mean(axis=0), y.mean(axis=0)
    raw, right = fit(A, y), fit(A - means, y - y_mean)
    follow = lambda weights: (weights, y_mean - means @ weights)
"""
MASE = """
    m, error = season_length, np.mean(np.abs(y_true - y_pred))
"""

# exercise, lines before, what is returned, what the card must say, what no diagnosis may say
SLIPS = [
    ("01.make_windows", WINDOWS, "X", [NOT_A_PAIR], [INSIDE]),
    ("01.make_windows", WINDOWS, "y", [NOT_A_PAIR], []),
    ("01.make_windows", WINDOWS, "X, X[:, -1]", [INSIDE], [TOO_MANY]),
    ("01.make_windows", WINDOWS, "every, every[:, -1]", [INSIDE, "nothing left to forecast"], []),
    ("01.make_windows", WINDOWS, "every, y", [TOO_MANY], [INSIDE]),
    ("01.make_windows", WINDOWS, "np.dstack([X, X])[:, :, :1], X[:, -1]", [INSIDE], []),
    (
        "01.make_windows",
        "",
        "(W := np.lib.stride_tricks.sliding_window_view(series, window + 1)[..., np.newaxis]), W[:, -1]",
        ["one value too long", "ends with its own target"],
        [TOO_MANY],
    ),
    ("01.make_windows", WINDOWS, "X, series[:N, np.newaxis]", ["the first value of its own window"], []),
    ("01.make_windows", WINDOWS, "np.stack([*every[: N - 1]]), y[:-1]", ["one window too few"], [INSIDE]),
    ("01.make_windows", WINDOWS, "X[:-1], y[1:]", ["one step too late"], [INSIDE]),
    ("01.make_windows", WINDOWS, "X[:, 1:], y", ["`X` has shape"], [TOO_MANY, INSIDE]),
    ("01.make_windows", WINDOWS, "X[:, :-1], y", ["one value too short"], [TOO_MANY, INSIDE]),
    ("01.split_by_time", SPLIT, "before", [NOT_A_PAIR], ["neither", "swapped"]),
    ("01.split_by_time", SPLIT, "after", [NOT_A_PAIR], ["neither", "swapped"]),
    ("01.split_by_time", SPLIT, "np.array([before, after])", [NOT_A_PAIR], ["neither", "swapped"]),
    ("01.split_by_time", SPLIT, "np.where(before), np.where(after)", [POSITIONS], ["swapped"]),
    ("01.split_by_time", SPLIT, "np.where(before)[0], np.where(after)[0]", [POSITIONS], ["swapped"]),
    ("01.split_by_time", SPLIT, "target_index[before], target_index[after]", ["themselves"], [POSITIONS]),
    ("01.split_by_time", "", "target_index < at - 1, target_index >= at - 1", ["one step too early"], []),
    ("01.scale_with_train", SCALE, "series - m / s", ["Only the mean is divided"], ["future"]),
    ("01.scale_with_train", SCALE, "(series - m) * s", ["multiplied"], ["future"]),
    ("01.scale_with_train", SCALE, "(series - series.mean()) / s", ["mean still knows the future"], []),
    (
        "01.scale_with_train",
        SCALE,
        "(series - series[: at + 1].mean()) / series[: at + 1].std()",
        ["at index `at`"],
        [],
    ),
    ("01.trailing_mean", SMOOTH, "smooth", ["left raw", START], ["ahead", "centred"]),
    ("01.trailing_mean", SMOOTH, "np.append(0 * smooth[: width - 1], smooth[width - 1 :])", ["stay 0"], []),
    (
        "01.trailing_mean",
        "",
        "np.array([series[t - width + 1 : t + 1].mean() for t in range(len(series))])",
        ["are NaN", "counts from the end", START],
        [],
    ),
    ("01.trailing_mean", "", "np.convolve(series, np.ones(width) / width, 'valid')", ["left out"], []),
    (
        "01.trailing_mean",
        "",
        "np.array([series[max(0, t - width + 1) : t].mean() for t in range(len(series))])",
        ["stop before t"],
        [START],
    ),
    ("01.find_the_leak", LEAK, "k - np.argmax(anywhere)", [ANYWHERE], []),
    ("01.find_the_leak", LEAK, "k - np.flatnonzero(anywhere)[0]", [ANYWHERE], []),
    ("01.find_the_leak", LEAK, "k - first", [ANYWHERE], ["np.argmax"]),
    ("01.find_the_leak", LEAK, "abs(k - first)", [ANYWHERE], ["np.argmax"]),
    ("01.find_the_leak", LEAK, "max(0, k - np.argmax(anywhere))", ["`np.argmax` gives 0"], [ANYWHERE]),
    ("01.find_the_leak", LEAK, "k - np.argmax(early)", ["`np.argmax` gives 0"], [ANYWHERE]),
    ("01.find_the_leak", LEAK, "max(0, k - np.flatnonzero(anywhere)[0])", ["Nothing may have"], [ANYWHERE]),
    ("01.find_the_leak", LEAK, "k - np.flatnonzero(early)[0]", ["Nothing may have"], [ANYWHERE]),
    ("01.find_the_leak", LEAK, "np.argmax(anywhere)", ["where the first change is"], [ANYWHERE]),
    ("01.purge", PURGE, "train_target_index + horizon < begin", ["One window too many"], ["wide"]),
    ("01.purge", PURGE, "train_target_index + horizon + 3 < begin", ["too wide"], ["One window"]),
    ("01.purge", PURGE, "train_target_index + 2 * horizon - 1 < begin", ["too wide"], ["One window"]),
    ("01.purge", PURGE, "train_target_index + 2 * horizon < begin", ["too wide"], ["One window"]),
    ("01.purge", PURGE, "train_target_index < 0", ["too wide"], ["One window"]),
    ("01.purge", PURGE, "train_target_index + horizon - 2 < begin", ["too few"], ["narrow"]),
    ("01.purge", PURGE, "train_target_index + horizon - 3 < begin", ["too narrow"], ["One window"]),
    (
        "01.purge",
        PURGE,
        "train_target_index + horizon - 1 < test_target_index.max()",
        ["Every window is kept"],
        ["one target"],
    ),
    ("01.purge", PURGE, "train_target_index >= 0", ["Every window is kept"], ["One window"]),
    ("02.seasonal_naive", "", "X[:, season_length]", [FRONT], ["One step"]),
    ("02.seasonal_naive", "", "X[:, season_length, :1]", [FRONT], ["One step"]),
    ("02.seasonal_naive", "", "X[:, season_length - 1]", [FRONT], ["One step"]),
    ("02.seasonal_naive", "", "X[:, -season_length - 1, :1]", ["one step too early"], [FRONT]),
    ("02.seasonal_naive", "", "X[:, X.shape[1] - season_length - 1, :1]", ["one step too early"], [FRONT]),
    ("02.seasonal_naive", "", "X[:, -season_length + 1, :1]", ["one step too late"], [FRONT]),
    ("02.seasonal_naive", "", "X[:, -season_length]", ["feature 0 alone"], ["One step"]),
    ("02.seasonal_naive", "", "X[:, -season_length, 0]", ["`y_pred` has shape (6,), expected (6, 1)"], []),
    ("02.naive_error", "", "np.sum(np.diff(signal) ** 2) + 2 * sigma**2", ["added up"], []),
    (
        "02.naive_error",
        "",
        "np.sum(np.diff(signal) ** 2) / len(signal) + 2 * sigma**2",
        ["one change fewer"],
        ["added up"],
    ),
    ("02.naive_error", "", "np.mean(np.abs(np.diff(signal))) + 2 * sigma**2", ["not squared"], []),
    ("02.naive_error", "", "2 * sigma**2", ["noise's part alone"], []),
    ("02.skill", "", "abs(1 - model_mse / naive_mse)", ["sign is lost"], []),
    ("02.skill", "", "naive_mse / model_mse", ["how many times larger"], []),
    ("02.skill", "", "100 * (1 - model_mse / naive_mse)", ["per cent"], ["sign", "upside down"]),
    ("02.mase", MASE, "error / np.mean(np.abs(np.diff(y_train, m)))", ["differences of differences"], []),
    ("02.mase", MASE, "error / np.mean(np.abs(y_train - np.roll(y_train, m)))", ["np.roll"], []),
    (
        "02.mase",
        MASE,
        "np.sum(np.abs(y_true - y_pred)) / np.sum(np.abs(y_train[m:] - y_train[:-m]))",
        ["summed"],
        ["yardstick"],
    ),
    (
        "02.mase",
        MASE,
        "np.sqrt(np.mean((y_true - y_pred)**2) / np.mean((y_train[m:] - y_train[:-m])**2))",
        ["roots"],
        [],
    ),
    ("02.mase", MASE, "error / np.mean(np.abs(y_train[m:] - y_train[:m]))", ["values alone"], ["cancel"]),
    ("02.mase", MASE, "error / np.mean(y_train[m:] - y_train[:-m])", ["in the denominator"], []),
    ("02.ridge", RIDGE, "raw, np.zeros(1)", [NO_INTERCEPT], ["just the mean"]),
    ("02.ridge", RIDGE, "right, np.zeros(1)", [NO_INTERCEPT], ["before the means"]),
    ("02.ridge", RIDGE, "raw, y_mean", ["before the means", "just the mean"], [NO_INTERCEPT, "are right"]),
    ("02.ridge", RIDGE, "follow(raw)", ["before the means"], [NO_INTERCEPT, "just the mean"]),
    ("02.ridge", RIDGE, "right, y_mean + means @ right", ["wrong sign"], ["before the means"]),
    ("02.ridge", RIDGE, "follow(fit((A - means) / A.std(axis=0), y))", ["divided by its spread"], []),
    ("02.ridge", RIDGE, "right, y_mean", ["just the mean"], ["before the means"]),
    ("02.ridge", RIDGE, "follow(fit(A, y - y_mean))", ["targets have lost"], ["before the means"]),
    ("02.ridge", RIDGE, "follow(fit(A - A.mean(), y - y_mean))", ["One mean"], ["just the mean"]),
    ("02.ridge", RIDGE, "follow(fit(A - A.mean(), y))", ["One mean"], ["just the mean"]),
    (
        "02.ridge",
        RIDGE,
        "(w := fit(A - A.mean(), y - y_mean)), y_mean - A.mean() * w.sum(axis=0)",
        ["One mean"],
        [NO_INTERCEPT, "just the mean"],
    ),
    (
        "02.ridge",
        RIDGE,
        "follow(fit(A - A.mean(axis=1, keepdims=True), y - y_mean))",
        ["within each window"],
        ["One mean"],
    ),
    ("02.ridge", RIDGE, "follow(fit(A - means, y - y_mean, 0))", ["no penalty"], ["just the mean"]),
    ("02.ridge", RIDGE, "fit(A - means, y - y_mean, 0), y_mean", ["no penalty", "just the mean"], []),
    ("02.ridge", RIDGE, "follow(fit(A - means, y - y_mean, alpha / len(X)))", ["too weak"], []),
    ("02.ridge", RIDGE, "right", [NOT_A_PAIR], []),
]


def answer_of(id, before, returned):
    function = REGISTRY[id].reference
    space = {"np": np}
    exec(f"def slip{inspect.signature(function)}:\n    pass\n{before}\n    return {returned}", space)
    return space["slip"]


@pytest.mark.parametrize(
    "id, before, returned, says, never", [pytest.param(*slip, id=f"{slip[0]}-{slip[2]}") for slip in SLIPS]
)
def test_slip_is_told_what_is_wrong_and_nothing_else(id, before, returned, says, never):
    result = check(id, answer_of(id, before, returned))
    text, diagnoses = result.text(), " ".join(result.diagnoses).lower()
    assert not result.passed
    assert [words for words in says if words.lower() not in text.lower()] == [], text
    assert [words for words in never if words.lower() in diagnoses] == [], text
    assert bool(diagnoses) == (NOT_A_PAIR not in says and not any("shape" in words for words in says)), text


@pytest.mark.parametrize("id", [id for id in REGISTRY if len(REGISTRY[id].returns) > 1])
def test_wrong_structure_is_named_and_nothing_else(id):
    """One of several results alone, or one too many: nothing can be said of any of them."""
    right = REGISTRY[id].reference
    for broken in (lambda *a, **k: right(*a, **k)[0], lambda *a, **k: (*right(*a, **k), 1)):
        result = check(id, broken)
        assert repr(result) == "0.0"
        assert result.diagnoses == [], result.text()
        assert f"expected {len(REGISTRY[id].returns)} values" in result.text()


@pytest.mark.parametrize("id", [id for id in REGISTRY if "01" <= id < "03"])
def test_diagnosis_of_one_result_says_nothing_of_the_others(id):
    """Beside another mistake, "the weights are right" would be false."""
    exercise = REGISTRY[id]
    expected = _traces(exercise, exercise.reference, "reference")
    for wrong in exercise.wrong:
        shows = _differing(_traces(exercise, wrong.function, wrong.name), expected, exercise)
        assert shows, wrong.name
        if len(shows) < len(exercise.returns):
            assert not re.search(r"\b(is|are) right\b|[Rr]ight values", wrong.diagnosis)
