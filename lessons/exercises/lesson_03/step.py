"""An LSTM by hand: one step of it, and whole windows."""

import numpy as np

from lessons.exercises.declare import Case, Exercise, Part, Slip, Wrong

_rng = np.random.default_rng(3)


def sigmoid(a):
    """A soft switch: 0 far below zero, 1 far above."""
    return 1 / (1 + np.exp(-a))


def lstm_step(x, h, c, W_x, W_h, b):
    """One step of an LSTM: from the states before it to the states after it."""
    a = x @ W_x + h @ W_h + b  # (B, 4H)
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)  # four times (B, H)
    c = sigmoid(a_f) * c + sigmoid(a_i) * np.tanh(a_g)  # (B, H) keep some of the old, write some of the new
    h = sigmoid(a_o) * np.tanh(c)  # (B, H) show some of it
    return h, c


_STEP_SLIPS = [
    Slip("The last two blocks are swapped: the order is i, f, g, o.", {"a_g, a_o =": "a_o, a_g ="}, of="c"),
    Slip("The first two blocks are swapped: the order is i, f, g, o.", {"a_i, a_f,": "a_f, a_i,"}, of="c"),
    Slip("g goes through a sigmoid: the cell can never subtract.", {"np.tanh(a_g)": "sigmoid(a_g)"}, of="c"),
    Slip(
        "The blocks are cut wrongly: the gates lie side by side, H columns each.",
        {"np.split(a, 4, axis=1)": "(a[:, k::4] for k in range(4))"},
        of="c",
    ),
    Slip("The candidate g is not squashed: it goes into the cell as it is.", {"np.tanh(a_g)": "a_g"}, of="c"),
    Slip(
        "Nothing that makes `c` is squashed: i and f are no switches yet, and g has no limits.",
        {"sigmoid(a_f) * c + sigmoid(a_i) * np.tanh(a_g)": "a_f * c + a_i * a_g"},
        of="c",
    ),
    Slip(
        "The cell state itself goes through tanh. Only what is shown does; `c` may grow.",
        {
            "= sigmoid(a_f) * c + sigmoid(a_i)": "= np.tanh(sigmoid(a_f) * c + sigmoid(a_i)",
            "(a_g)  #": "(a_g))  #",
        },
        of="c",
    ),
    Slip("The hidden state shows the cell state itself, without its tanh.", {"np.tanh(c)": "c"}),
    Slip("The hidden state shows the cell state through a sigmoid.", {"np.tanh(c)": "sigmoid(c)"}),
    Slip("The output gate is not used: the hidden state shows all of tanh(c).", {"sigmoid(a_o) * ": ""}),
    Slip("The output gate works inside the tanh.", {"sigmoid(a_o) * np.tanh(": "np.tanh(sigmoid(a_o) * "}),
    Slip("The output gate goes through the sigmoid twice.", {"sigmoid(a_o)": "sigmoid(sigmoid(a_o))"}),
    Slip("`h` is handed back as it came in.", {"h = sigmoid(a_o) * np.tanh(c)": "h = h"}),
    Slip(
        "The hidden state shows the cell state from *before* this step.",
        {"c = sigmoid(a_f)": "old, c = c, sigmoid(a_f)", "np.tanh(c)": "np.tanh(old)"},
    ),
    Slip("The bias `b` is not used.", {"h @ W_h + b": "h @ W_h"}, of="c"),
    Slip("The previous hidden state `h` is not read: `W_h` is not used.", {"h @ W_h + b": "b"}, of="c"),
    Slip("The gates read the cell state, not the hidden state.", {"h @ W_h": "c @ W_h"}, of="c"),
    Slip("The old cell state is dropped: this cell remembers nothing.", {"sigmoid(a_f) * c + ": ""}, of="c"),
    Slip("The forget gate is not used, as in the LSTM of 1997.", {"sigmoid(a_f) * c": "c"}, of="c"),
    Slip("1 − f stands for the input gate, as in a GRU.", {"sigmoid(a_i)": "(1 - sigmoid(a_f))"}, of="c"),
    Slip("The input gate is not used: the candidate is written in full.", {"sigmoid(a_i) * ": ""}, of="c"),
    Slip(
        "The forget gate acts on what is newly written too; it is for the old cell state.",
        {"c + sigmoid(a_i) * np.tanh(a_g)": "(c + sigmoid(a_i) * np.tanh(a_g))"},
        of="c",
    ),
    Slip("Right values, wrong order: return `h` first, then `c`.", {"return h, c": "return c, h"}),
    Slip(
        "The gates i and f are not squashed: they are no switches between 0 and 1 yet.",
        {"sigmoid(a_f) * c + sigmoid(a_i) *": "a_f * c + a_i *"},
        of="c",
    ),
    Slip("The output gate is not squashed: it is no switch between 0 and 1 yet.", {"sigmoid(a_o)": "a_o"}),
    Slip(
        "The old cell state goes through tanh; it is kept as it is.",
        {"sigmoid(a_f) * c": "sigmoid(a_f) * np.tanh(c)"},
        of="c",
    ),
]


def lstm_forward(X, W_x, W_h, b):
    """Read whole windows, and keep the states before the first step and after every step."""
    (N, T, _), H = X.shape, len(W_h)
    h_all = np.zeros((N, T + 1, H))  # h_all[:, t] is the state before step t
    c_all = np.zeros((N, T + 1, H))
    for t in range(T):
        h_all[:, t + 1], c_all[:, t + 1] = lstm_step(X[:, t], h_all[:, t], c_all[:, t], W_x, W_h, b)
    return h_all, c_all


def _carried_on_to_the_next_window(X, W_x, W_h, b):
    h_all, c_all = np.zeros((2, len(X), X.shape[1] + 1, len(W_h)))
    h = c = np.zeros((1, len(W_h)))
    for n in range(len(X)):
        for t in range(X.shape[1]):
            h, c = lstm_step(X[n : n + 1, t], h, c, W_x, W_h, b)
            h_all[n, t + 1], c_all[n, t + 1] = h[0], c[0]
    return h_all, c_all


_ALL = "return h_all, c_all"

_FORWARD_SLIPS = [
    Slip(
        "Every step starts from zero states, so each sees one input and nothing before it.",
        {"h_all[:, t], c_all[:, t], W_x": "h_all[:, 0], c_all[:, 0], W_x"},
    ),
    Slip("`c` starts from zero at every step; only `h` is carried on.", {"c_all[:, t], W": "c_all[:, 0], W"}),
    Slip("`h` starts from zero at every step; only `c` is carried on.", {"h_all[:, t], c": "h_all[:, 0], c"}),
    Slip(
        "The states are stored one index too early: index 0 is for zeros.",
        {_ALL: "return np.roll(h_all, -1, 1), np.roll(c_all, -1, 1)"},
    ),
    Slip(
        "Every step starts from zeros: its results overwrite the states it started from, and the "
        "next step finds nothing.",
        {"h_all[:, t + 1], c_all[:, t + 1] =": "h_all[:, t], c_all[:, t] ="},
    ),
    Slip("The zeros at the start, index 0, are missing.", {_ALL: "return h_all[:, 1:], c_all[:, 1:]"}),
    Slip("Only the last states come back, not all.", {_ALL: "return h_all[:, -1], c_all[:, -1]"}),
    Slip(
        "Time is on axis 0; windows come first, then time, as in `X`.",
        {_ALL: "return h_all.swapaxes(0, 1), c_all.swapaxes(0, 1)"},
    ),
    Slip(
        "`lstm_step` gives `h` first, then `c`; here they are taken the other way round.",
        {"h_all[:, t + 1], c_all[:, t + 1] =": "c_all[:, t + 1], h_all[:, t + 1] ="},
    ),
    Slip("The first input is never read: the first step is t = 0.", {"range(T)": "range(1, T)"}),
    Slip(
        "The first input is never read, and the last index stays empty: the state at index t comes "
        "from the input before it.",
        {"range(T)": "range(T - 1)", "X[:, t]": "X[:, t + 1]"},
    ),
    Slip("The windows are read backwards, newest value first.", {"X[:, t]": "X[:, -1 - t]"}),
    Slip("Every step reads the same input, the first of the window.", {"X[:, t]": "X[:, 0]"}),
    Slip("Right values, wrong order: `h_all` first, then `c_all`.", {_ALL: "return c_all, h_all"}),
    Slip("The last input is never read: index T stays zero.", {"range(T)": "range(T - 1)"}),
    Slip(
        "`reshape` does not swap axes: it deals the values out anew, and mixes windows with one another.",
        {"X[:, t]": "X.reshape(T, N, -1)[t]"},
    ),
    Slip(
        "`h_all` and `c_all` are one array under two names: what is written into one stands in the other.",
        {"c_all = np.zeros((N, T + 1, H))": "c_all = h_all"},
    ),
    Wrong(
        _carried_on_to_the_next_window,
        "The states at the end of a window are carried on into the next one; each begins at zero.",
    ),
    Slip(
        "All states are the last ones: one array was stored again and again, and changed in place.",
        {_ALL: "return 0 * h_all + h_all[:, -1:], 0 * c_all + c_all[:, -1:]"},
    ),
    Slip(
        "`lstm_step` takes `h` first, then `c`; here they go in the other way round.",
        {"h_all[:, t], c_all[:, t], W": "c_all[:, t], h_all[:, t], W"},
    ),
    Slip("Step t reads the input before its own, and the first step the last.", {"X[:, t]": "X[:, t - 1]"}),
]


def _step_case(B, D, H):
    shapes = (B, D), (B, H), (B, H), (D, 4 * H), (H, 4 * H), (4 * H,)
    return Case(*(_rng.normal(size=shape) for shape in shapes))


def _window_case(N, T, D, H):
    return Case(*(_rng.normal(size=shape) for shape in ((N, T, D), (D, 4 * H), (H, 4 * H), (4 * H,))))


_ONE_UNIT = Case(
    *(np.array(a) for a in ([[2.0]], [[0.5]], [[1.0]])),
    np.array([[1.0, 0.5, -0.5, 0.2]]),
    np.array([[0.3, -0.4, 0.8, 0.1]]),
    np.array([-1.0, 1.0, 0.2, 0.5]),
)
_STEPS = (_ONE_UNIT, _step_case(4, 2, 3))
_READS = (_window_case(1, 3, 1, 1), _window_case(4, 6, 2, 3))


EXERCISES = (
    Exercise(
        "03.lstm_step",
        "Take one step of an LSTM",
        reference=lstm_step,
        needs=[sigmoid],
        returns="h, c",
        parts=[
            Part("the new cell state `c`", 2, *_STEPS, of="c"),
            Part("the new hidden state `h`", 2, *_STEPS, of="h"),
        ],
        hints=[
            "The four formulas lie side by side in the weights, so `a` comes out for all of them at once. "
            "Which shape has it?",
            "`a = x @ W_x + h @ W_h + b` has the shape (B, 4H), and `np.split(a, 4, axis=1)` cuts it into "
            "four blocks of (B, H), in the order i, f, g, o.",
            "i, f, o are switches and go through `sigmoid`; g is to be written and goes through `np.tanh`.",
            "New cell state: `f * c + i * g`. New hidden state: `o * np.tanh(c)`, with the *new* cell state.",
        ],
        wrong=_STEP_SLIPS,
    ),
    Exercise(
        "03.lstm_forward",
        "Read whole windows",
        reference=lstm_forward,
        needs=[sigmoid, lstm_step],
        returns="h_all, c_all",
        parts=[
            Part("all hidden states", 1, *_READS, of="h_all"),
            Part("all cell states", 1, *_READS, of="c_all"),
        ],
        hints=[
            "Make two arrays of zeros of shape (N, T + 1, H). Index 0 stays zero: nothing comes before it.",
            "Step t reads the input `X[:, t]` and the states at index t. Where do its results belong?",
            "The results of step t are the states *before* step t + 1: store them at index t + 1.",
        ],
        wrong=_FORWARD_SLIPS,
    ),
)
