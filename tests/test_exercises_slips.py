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
LSTM = """
    i, f, g, o = np.split(x @ W_x + h @ W_h + b, 4, axis=1)
    raw, (i, f, o), g = g, (sigmoid(gate) for gate in (i, f, o)), np.tanh(g)
    new = f * c + i * g
"""
FORWARD = """
    T, (h_all, c_all) = X.shape[1], np.zeros((2, len(X), X.shape[1] + 1, len(W_h)))
    step = lambda t, at: lstm_step(X[:, t], h_all[:, at], c_all[:, at], W_x, W_h, b)
    for t in {}:
        {} = step({})
"""
READ = FORWARD.format("range(T)", "h_all[:, t + 1], c_all[:, t + 1]", "t, t")
STATES = """
    t = np.tanh(c_new)
    d = d_c_new + d_h_new * o * (1 - t**2)
    back = lambda d: (d * g, d * c, d * i, d_h_new * t, d * f)
"""
SLOPES = """
    side_by_side = lambda *blocks: np.concatenate(blocks, axis=1)
    a_i, a_f, a_o = d_i * i * (1 - i), d_f * f * (1 - f), d_o * o * (1 - o)
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
BLEND = """
    r, z, n = gru_gates(x, h, W_x, W_h, b)
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
EARLY = "h_all[:, t], c_all[:, t]"
GATES = """
    (N, T, _), H = X.shape, len(W_h)
    h = c = np.zeros((N, H))
    gates = []
    for t in range(T):
        a = X[:, t] @ W_x + h @ W_h + b
        gates.append(sigmoid(a[:, H : 2 * H]))
        {} = lstm_step(X[:, t], h, c, W_x, W_h, b)
"""
EVIDENCE = """
    mean = gate.mean(axis=2)
    r = np.corrcoef(mean.ravel(), marker.ravel())
    gap = mean[marker].mean() - mean[~marker].mean()
"""
FORCED = """
    i, f, g, o = np.split(x @ W_x + h @ W_h + b, 4, axis=1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    {}
    c = f * c + i * g
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
    ("02.seasonal_naive", "", "X[:, season_length]", [FRONT], ["One step"]),
    ("02.seasonal_naive", "", "X[:, season_length, :1]", [FRONT], ["One step"]),
    ("02.seasonal_naive", "", "X[:, season_length - 1]", [FRONT], ["One step"]),
    ("02.seasonal_naive", "", "X[:, -season_length - 1, :1]", ["one step too early"], [FRONT]),
    ("02.seasonal_naive", "", "X[:, X.shape[1] - season_length - 1, :1]", ["one step too early"], [FRONT]),
    ("02.seasonal_naive", "", "X[:, -season_length + 1, :1]", ["one step too late"], [FRONT]),
    ("02.seasonal_naive", "", "X[:, -season_length]", ["feature 0 alone"], ["One step"]),
    ("02.seasonal_naive", "", "X[:, -season_length, 0]", ["axis of the features is gone"], []),
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
    (
        "02.naive_error",
        "",
        "np.mean((signal - np.roll(signal, -1)) ** 2) + 2 * sigma**2",
        ["brings the end"],
        [],
    ),
    ("02.skill", "", "abs(1 - model_mse / naive_mse)", ["sign is lost"], []),
    ("02.skill", "", "naive_mse / model_mse", ["how many times larger"], []),
    ("02.skill", "", "100 * (1 - model_mse / naive_mse)", ["per cent"], ["sign", "upside down"]),
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
    ("02.ridge", RIDGE, "follow(fit(A - means, y - y_mean, -alpha))", ["is subtracted"], []),
    ("02.ridge", RIDGE, "right", [NOT_A_PAIR], []),
    ("03.lstm_step", LSTM, "np.tanh(new), new", ["output gate is not used"], ["input gate"]),
    ("03.lstm_step", LSTM, "h, new", ["handed back"], ["output gate"]),
    ("03.lstm_step", LSTM, "o * sigmoid(new), new", ["through a sigmoid"], ["candidate"]),
    ("03.lstm_step", LSTM, "np.tanh(o * new), new", ["inside the tanh"], []),
    ("03.lstm_step", LSTM, "sigmoid(o) * np.tanh(new), new", ["twice"], []),
    ("03.lstm_step", LSTM, "o * np.tanh(new), np.tanh(new)", ["cell state itself"], ["hidden state shows"]),
    ("03.lstm_step", LSTM, "o * np.tanh(q := f * c + i * raw), q", ["g is not squashed"], ["output gate"]),
    ("03.lstm_step", LSTM, "o * np.tanh(q := f * c + g), q", ["written in full"], ["1 − f"]),
    ("03.lstm_step", LSTM, "o * (q := f * c + (1 - f) * g), q", ["1 − f"], ["written in full"]),
    ("03.lstm_step", LSTM, "o * np.tanh(q := f * (c + i * g)), q", ["newly written"], []),
    ("03.lstm_step", LSTM, "h, f * c + g", ["written in full", "handed back"], []),
    ("03.lstm_forward", READ, "h_all[:, 1:], c_all[:, 1:]", ["zeros at the start"], ["too early"]),
    ("03.lstm_forward", READ, "h_all[:, -1], c_all[:, -1]", ["the last states"], ["zeros at the start"]),
    ("03.lstm_forward", READ, "np.swapaxes(h_all, 0, 1), np.swapaxes(c_all, 0, 1)", ["axis 0"], []),
    (
        "03.lstm_forward",
        FORWARD.format("range(T)", EARLY, "t, t"),
        "h_all, c_all",
        ["starts from zeros"],
        ["too early"],
    ),
    (
        "03.lstm_forward",
        FORWARD.format("range(T)", EARLY, "t, t - 1"),
        "h_all, c_all",
        ["too early"],
        ["starts from zeros"],
    ),
    (
        "03.lstm_forward",
        FORWARD.format("range(1, T)", EARLY, "t, t - 1"),
        "h_all, c_all",
        ["never read", "stays empty"],
        [],
    ),
    (
        "03.lstm_forward",
        FORWARD.format("range(1, T)", "h_all[:, t + 1], c_all[:, t + 1]", "t, t"),
        "h_all, c_all",
        ["never read"],
        ["stays empty"],
    ),
    (
        "03.lstm_forward",
        FORWARD.format("range(T)", "c_all[:, t + 1], h_all[:, t + 1]", "t, t"),
        "h_all, c_all",
        ["other way round"],
        ["Right values"],
    ),
    ("03.state_gradients", STATES, "back((d_c_new + d_h_new) * o * (1 - t**2))", ["too early"], ["missing"]),
    ("03.state_gradients", STATES, "back(d_c_new + d_h_new * o * (1 - c_new**2))", ["without its tanh"], []),
    ("03.state_gradients", STATES, "(*back(d)[:3], d_h_new * o, d * f)", ["has o itself"], []),
    ("03.state_gradients", STATES, "(*back(d)[:3], d * t, d * f)", ["what reaches c'"], []),
    ("03.state_gradients", STATES, "(*back(d)[:3], d_h_new * np.tanh(c), d * f)", ["old cell state"], []),
    (
        "03.state_gradients",
        STATES,
        "d * g * i * (1 - i), d * c * f * (1 - f), d * i * (1 - g**2), d_h_new * t * o * (1 - o), d * f",
        ["next exercise"],
        ["missing"],
    ),
    ("03.gate_gradients", SLOPES, "side_by_side(a_i, a_f, d_g * (1 - np.tanh(g) ** 2), a_o)", ["again"], []),
    ("03.gate_gradients", SLOPES, "side_by_side(a_i, a_f, d_g * (1 - g) ** 2, a_o)", ["difference"], []),
    ("03.gate_gradients", SLOPES, "side_by_side(a_i, a_f, d_g * g * (1 - g**2), a_o)", ["too many"], []),
    ("03.gate_gradients", SLOPES, "side_by_side(a_i, a_f, d_g * (1 + g**2), a_o)", ["wrong sign"], []),
    (
        "03.gate_gradients",
        SLOPES,
        "side_by_side(i * (1 - i), f * (1 - f), 1 - g**2, o * (1 - o))",
        ["slopes alone"],
        [],
    ),
    (
        "03.weight_gradients",
        BACK,
        "d_W_x / B, d_W_h / B, d_b / B, d_h",
        ["weights are *averaged*"],
        ["bias"],
    ),
    (
        "03.weight_gradients",
        BACK,
        "d_W_x / B, d_W_h / B, d_b, d_h",
        ["`W_x` and `W_h` are averaged"],
        ["bias"],
    ),
    (
        "03.weight_gradients",
        BACK,
        "d_W_x, d_W_h, d_b / B, 0 * d_h",
        ["bias is averaged", "`d_h` is zero"],
        [],
    ),
    ("03.weight_gradients", BACK, "d_W_x, d_W_h, d_b, d_h / B", ["size of the batch"], ["weights"]),
    ("03.weight_gradients", BACK, "d_W_x, d_W_h, d_b, d_h * h", ["multiplied by h"], []),
    ("03.adam_update", ADAM, "p + step, m_hat, v_hat", ["uphill", "are handed on"], ["right"]),
    ("03.adam_update", ADAM, "p - step, m_hat, v_hat", ["are handed on"], ["uphill", "right"]),
    ("03.adam_update", ADAM, "step, m, v", ["step alone"], []),
    ("03.adam_update", ADAM, "p - step, m_old, v_old", ["as they came"], ["step alone"]),
    ("03.adam_update", ADAM, "p + step, g, v", ["uphill", "latest gradient"], []),
    ("03.adam_update", ADAM, "p - lr * m_hat / np.sqrt(v_hat), m, v", ["`eps` is not used"], []),
    ("03.adam_update", ADAM, "p - 2e-3 * m_hat / (np.sqrt(v_hat) + eps), m, v", ["learning rate"], []),
    (
        "03.adam_update",
        ADAM,
        "p - lr * m / (1 - beta_1) ** k / (np.sqrt(v / (1 - beta_2) ** k) + eps), m, v",
        ["raised to the power"],
        ["missing"],
    ),
    (
        "03.adam_update",
        ADAM,
        "p - lr * m / (1 - beta_1 ** (k - 1)) / (np.sqrt(v / (1 - beta_2 ** (k - 1))) + eps), m, v",
        ["one step behind"],
        ["ahead"],
    ),
    (
        "03.adam_update",
        ADAM,
        "p - step, beta_1 * m_old + g, beta_2 * v_old + g**2",
        ["added in full"],
        ["step"],
    ),
    (
        "03.adam_update",
        ADAM,
        "p, (1 - beta_1) * m_old + beta_1 * g, (1 - beta_2) * v_old + beta_2 * g**2",
        ["weights are exchanged"],
        ["swapped"],
    ),
    ("03.adam_update", ADAM, "p - step, m, beta_2 * v_old + (1 - beta_2) * g", ["gradient itself"], []),
    ("03.centre_windows", LEVEL, "X - X.mean(), y - X.mean(), X.mean()", ["One mean for all"], ["median"]),
    ("03.centre_windows", LEVEL, "from_(level), y + level, level", ["added"], ["left where"]),
    ("03.centre_windows", LEVEL, "X, y - level, level", ["inputs are left"], ["targets"]),
    (
        "03.centre_windows",
        LEVEL,
        "X, y, level",
        ["nothing is centred"],
        ["inputs are left", "targets are left"],
    ),
    (
        "03.centre_windows",
        LEVEL,
        "from_(X[:, -1]), y, X[:, -1]",
        ["targets are left", "last"],
        ["are centred"],
    ),
    ("03.centre_windows", LEVEL, "from_(X[:, 0]), y - X[:, 0], X[:, 0]", ["first value"], []),
    ("03.centre_windows", LEVEL, "from_(q := np.median(X, axis=1)), y - q, q", ["median"], []),
    (
        "03.centre_windows",
        LEVEL,
        "from_(level), y - y.mean(axis=1, keepdims=True), level",
        ["target is 0"],
        [],
    ),
    ("04.gru_gates", GRU, "z, r, n", ["changed places"], ["blocks"]),
    ("04.gru_gates", GRU, "z, r, np.tanh(a_n + r * (h @ W_hn))", ["changed places", "after the product"], []),
    ("04.gru_gates", GRU, "a_r + h @ W_hr, a_z + h @ W_hz, n", ["gates are not squashed"], ["candidate"]),
    ("04.gru_gates", GRU, "sigmoid(a_r), sigmoid(a_z), n", ["gates are made from the input"], ["candidate"]),
    ("04.gru_gates", GRU, "r, z, np.tanh(a_n)", ["candidate is made from the input"], ["gates"]),
    ("04.gru_gates", GRU, "r, z, (1 - z) * h + z * n", ["new state"], []),
    ("04.gru_gates", GRU, "r, 1 - z, n", ["1 − z"], ["candidate"]),
    ("04.gru_gates", GRU, "r, z, np.tanh(a_n + ((1 - r) * h) @ W_hn)", ["wrong way round"], []),
    ("04.gru_gates", GRU, "r, z, np.tanh(a_n + r @ W_hn)", ["the reset gate itself"], []),
    ("04.gru_step", BLEND, "1 - z * h + z * n", ["brackets"], []),
    ("04.gru_step", BLEND, "(1 - z) * h + n", ["in full"], ["never let go"]),
    ("04.gru_step", BLEND, "(1 - z) * h + z * r * n", ["once more"], []),
    ("04.gru_step", BLEND, "z * (h + n)", ["same weight"], []),
    ("04.gru_step", BLEND, "r * h + z * n", ["how much is kept"], []),
    ("04.gru_step", BLEND, "(1 - r) * n + r * h", ["uses the reset gate"], []),
    ("04.gru_step", BLEND, "(1 - z) * h + z * np.tanh(n)", ["second time"], []),
    (
        "04.gru_backward_step",
        GRU_BACK,
        "d_a_r, d_a_z, d_a_n, through_gates",
        ["are lost: the share that was kept"],
        ["reset gate"],
    ),
    (
        "04.gru_backward_step",
        GRU_BACK,
        "d_a_r, d_a_z, d_a_n, d_h - d_a_z @ W_hz.T",
        ["through the update gate"],
        ["reset gate"],
    ),
    (
        "04.gru_backward_step",
        GRU_BACK,
        "d_a_r, d_a_z, d_a_n, d_h - d_a_r @ W_hr.T",
        ["through the reset gate"],
        ["update gate"],
    ),
    ("04.gru_backward_step", GRU_BACK, "d_a_z, d_a_r, d_a_n, d_h", ["changed places"], ["slope"]),
    ("04.gru_backward_step", GRU_BACK, "d_a_r, d_a_z, d_a_n, d_h + d_rh", ["twice"], ["missing"]),
    ("04.gru_backward_step", GRU_BACK, "d_rh * r * r * (1 - r), d_a_z, d_a_n, d_h", ["r meets itself"], []),
    ("04.gru_backward_step", GRU_BACK, "d_r, d_z, d_a_n, kept", ["sigmoid is missing", "Only the kept"], []),
    ("04.gru_backward_step", GRU_BACK, "d_a_r, d_a_z, d_n, d_h", ["slope of tanh is missing"], []),
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
        "d_r * (1 - r**2), d_z * (1 - z**2), d_a_n, d_h",
        ["get the slope of a tanh"],
        ["half"],
    ),
    (
        "04.gru_backward_step",
        GRU_BACK,
        "d_a_n * h * r * (1 - r), d_h_new * (n + h) * z * (1 - z), d_n * n * (1 - n), kept",
        ["W_hn is left out", "one wrong sign", "slope of a sigmoid", "Only the kept"],
        [],
    ),
    ("06.forget_gates", GATES.format("h, c"), "np.stack(gates)", ["time first"], ["change places"]),
    ("06.forget_gates", GATES.format("c, h"), "np.stack(gates, axis=1)", ["change places"], ["time first"]),
    (
        "06.untrained_share",
        "",
        "(1 + np.sum(np.abs(untrained) >= observed)) / (1 + len(untrained))",
        ["`observed` has kept its sign"],
        ["untrained values"],
    ),
    (
        "06.untrained_share",
        "",
        "(1 + np.sum(untrained >= abs(observed))) / (1 + len(untrained))",
        ["untrained values have kept their signs"],
        ["`observed`"],
    ),
    ("06.gate_evidence", EVIDENCE, "gap, r[0, 1]", ["changed places"], ["sign"]),
    ("06.gate_evidence", EVIDENCE, "r, gap", ["whole 2 × 2 matrix", "expected a single number"], ["gap"]),
    ("06.gate_evidence", EVIDENCE, "r[0, 1], gap * gate.shape[2]", ["sum over units"], ["correlation"]),
    (
        "06.gate_evidence",
        EVIDENCE,
        "abs(r[0, 1]), -gap",
        ["correlation has lost its sign", "gap has the wrong sign"],
        [],
    ),
    ("06.forced_step", FORCED.format("f = np.where(where, forget, f)"), "o * np.tanh(c), c", ["*units*"], []),
    ("06.forced_step", FORCED.format("f[where] = forget[where]"), "o * np.tanh(c), c", ["no windows"], []),
    (
        "06.forced_step",
        FORCED.format("f = np.where(where[:, None], f, forget)"),
        "o * np.tanh(c), c",
        ["turned round"],
        ["all windows"],
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
