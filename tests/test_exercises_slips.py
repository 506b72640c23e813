"""Answers with several mistakes, or with an unknown one: told what is wrong, and nothing that is not true."""

import inspect
import re

import numpy as np
import pytest

from lessons.exercises import REGISTRY, check
from lessons.exercises.checking import _differing, _traces

TOO_MANY = "one window too many"
INSIDE = "own window"
NOT_A_PAIR = "expected 2 values"
NO_INTERCEPT = "no intercept"

SPLIT = """
    before, after = target_index < at, target_index >= at
"""
WINDOWS = """
    N = len(series) - window
    every = np.lib.stride_tricks.sliding_window_view(series, window)[..., np.newaxis]
    X, y = every[:-1], series[window:, np.newaxis]
"""
RIDGE = """
    A = X.reshape(len(X), -1)
    fit = lambda A, y, alpha=alpha: np.linalg.solve(A.T @ A + alpha * np.eye(A.shape[1]), A.T @ y)
    means, y_mean = A.mean(axis=0), y.mean(axis=0)
    raw, right = fit(A, y), fit(A - means, y - y_mean)
    follow = lambda weights: (weights, y_mean - means @ weights)
"""
LSTM = """
    i, f, g, o = np.split(x @ W_x + h @ W_h + b, 4, axis=1)
    raw, (i, f, o), g = g, (sigmoid(gate) for gate in (i, f, o)), np.tanh(g)
    new = f * c + i * g
"""
BACK = """
    d_W_x, d_W_h, d_b, d_h, B = x.T @ d_a, h.T @ d_a, d_a.sum(axis=0), d_a @ W_h.T, len(x)
"""
ADAM = """
    m_old, v_old = m, v
    m, v = beta_1 * m + (1 - beta_1) * g, beta_2 * v + (1 - beta_2) * g**2
    m_hat, v_hat = m / (1 - beta_1**k), v / (1 - beta_2**k)
    step = lr * m_hat / (np.sqrt(v_hat) + eps)
"""
LEVEL = """
    level = X.mean(axis=1)
    from_ = lambda level: X - level[:, np.newaxis]
"""
GRU = """
    (a_r, a_z, a_n), (W_hr, W_hz, W_hn) = np.split(x @ W_x + b, 3, axis=1), np.split(W_h, 3, axis=1)
    r, z = sigmoid(a_r + h @ W_hr), sigmoid(a_z + h @ W_hz)
    n = np.tanh(a_n + (r * h) @ W_hn)
"""
GRU_BACK = """
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    d_z, d_n = d_h_new * (n - h), d_h_new * z
    d_a_n = d_n * (1 - n**2)
    d_rh = d_a_n @ W_hn.T
    d_r = d_rh * h
    d_a_r, d_a_z = d_r * r * (1 - r), d_z * z * (1 - z)
    kept, through_n, through_gates = d_h_new * (1 - z), d_rh * r, d_a_r @ W_hr.T + d_a_z @ W_hz.T
    d_h = kept + through_n + through_gates
"""
EVIDENCE = """
    mean = gate.mean(axis=2)
    r = np.corrcoef(mean.ravel(), marker.ravel())
    gap = mean[marker].mean() - mean[~marker].mean()
"""

# exercise, lines before, what is returned, what the card must say, what no diagnosis may say
SLIPS = [
    ("01.make_windows", WINDOWS, "X[:, 1:], y", ["`X` has shape"], [TOO_MANY, INSIDE]),
    ("01.split_by_time", SPLIT, "np.array([before, after])", [NOT_A_PAIR], ["neither", "swapped"]),
    ("02.ridge", RIDGE, "raw, y_mean", ["before the means", "just the mean"], [NO_INTERCEPT, "are right"]),
    ("02.ridge", RIDGE, "fit(A - means, y - y_mean, 0), y_mean", ["no penalty", "just the mean"], []),
    ("03.lstm_step", LSTM, "h, f * c + g", ["written in full", "handed back"], []),
    (
        "03.weight_gradients",
        BACK,
        "d_W_x, d_W_h, d_b / B, 0 * d_h",
        ["bias is averaged", "`d_h` is zero"],
        [],
    ),
    ("03.adam_update", ADAM, "p + step, m_hat, v_hat", ["uphill", "are handed on"], ["right"]),
    ("03.adam_update", ADAM, "p + step, g, v", ["uphill", "latest gradient"], []),
    (
        "03.centre_windows",
        LEVEL,
        "from_(X[:, -1]), y, X[:, -1]",
        ["targets are left", "last"],
        ["are centred"],
    ),
    ("04.gru_gates", GRU, "z, r, np.tanh(a_n + r * (h @ W_hn))", ["changed places", "after the product"], []),
    ("04.gru_backward_step", GRU_BACK, "d_r, d_z, d_a_n, kept", ["sigmoid is missing", "Only the kept"], []),
    (
        "04.gru_backward_step",
        GRU_BACK,
        "d_a_r, d_z * (1 - z) * 0, d_n * (1 - n), kept",
        ["square is missing", "Only the kept"],
        ["sigmoid"],
    ),
    (
        "04.gru_backward_step",
        GRU_BACK,
        "d_a_n * h * r * (1 - r), d_h_new * (n + h) * z * (1 - z), d_n * n * (1 - n), kept",
        ["W_hn is left out", "one wrong sign", "slope of a sigmoid", "Only the kept"],
        [],
    ),
    (
        "06.gate_evidence",
        EVIDENCE,
        "abs(r[0, 1]), -gap",
        ["correlation has lost its sign", "gap has the wrong sign"],
        [],
    ),
]


def answer_of(id, before, returned):
    exercise = REGISTRY[id]
    function = exercise.reference
    others = [other.reference for other in REGISTRY.of_lesson(id[:2])]
    space = {"np": np} | {helper.__name__: helper for helper in (*others, *exercise.needs)}
    exec(exercise.imports, space)
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


@pytest.mark.parametrize("id", [id for id in REGISTRY if "01" <= id < "05" or "06" <= id < "07"])
def test_diagnosis_of_one_result_says_nothing_of_the_others(id):
    """Beside another mistake, "the weights are right" would be false."""
    exercise = REGISTRY[id]
    expected = _traces(exercise)
    for wrong in exercise.wrong:
        shows = _differing(_traces(exercise, wrong), expected, exercise)
        assert shows and wrong.of <= shows, wrong.diagnosis
        if len(shows) < len(exercise.returns):
            assert not re.search(r"\b(is|are) right\b|[Rr]ight values", wrong.diagnosis)
