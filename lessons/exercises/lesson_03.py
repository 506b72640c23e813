"""Exercises of lesson 03: an LSTM by hand, its gradients, its training, and the mending of its forecasts."""

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
    Slip(
        "The last two blocks are taken the wrong way round: the order is i, f, g, o.",
        {"a_i, a_f, a_g, a_o =": "a_i, a_f, a_o, a_g ="},
        of="c",
    ),
    Slip(
        "The first two blocks are taken the wrong way round: this keeps what it should write, and "
        "writes what it should keep.",
        {"a_i, a_f, a_g, a_o =": "a_f, a_i, a_g, a_o ="},
        of="c",
    ),
    Slip(
        "The candidate g goes through a sigmoid, so the cell can only ever add, never subtract.",
        {"np.tanh(a_g)": "sigmoid(a_g)"},
        of="c",
    ),
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
    Slip(
        "The output gate is not used: the hidden state shows the whole of tanh(c).", {"sigmoid(a_o) * ": ""}
    ),
    Slip(
        "The output gate works inside the tanh, on `c` itself.",
        {"sigmoid(a_o) * np.tanh(c)": "np.tanh(sigmoid(a_o) * c)"},
    ),
    Slip("The output gate goes through the sigmoid twice.", {"sigmoid(a_o)": "sigmoid(sigmoid(a_o))"}),
    Slip("`h` is handed back as it came in.", {"h = sigmoid(a_o) * np.tanh(c)": "h = h"}),
    Slip(
        "The hidden state shows the cell state from *before* this step.",
        {"c = sigmoid(a_f)": "old, c = c, sigmoid(a_f)", "np.tanh(c)": "np.tanh(old)"},
    ),
    Slip("The bias `b` is not used.", {"h @ W_h + b": "h @ W_h"}, of="c"),
    Slip("The previous hidden state `h` is not read: `W_h` is not used.", {"h @ W_h + b": "b"}, of="c"),
    Slip(
        "The gates read the cell state through `W_h`, not the hidden state.", {"h @ W_h": "c @ W_h"}, of="c"
    ),
    Slip(
        "The old cell state is dropped: this cell remembers nothing from one step to the next.",
        {"sigmoid(a_f) * c + ": ""},
        of="c",
    ),
    Slip(
        "The forget gate is not used: nothing is ever forgotten. (The LSTM of 1997 was like that.)",
        {"sigmoid(a_f) * c": "c"},
        of="c",
    ),
    Slip(
        "The input gate is not used: 1 − f takes its place, as in a GRU.",
        {"sigmoid(a_i)": "(1 - sigmoid(a_f))"},
        of="c",
    ),
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


_FORWARD_SLIPS = [
    Slip(
        "Every step starts from zero states, so each sees one input and nothing before it.",
        {"h_all[:, t], c_all[:, t], W_x": "h_all[:, 0], c_all[:, 0], W_x"},
    ),
    Slip(
        "`c` starts from zero at every step; only `h` is carried on.",
        {"c_all[:, t], W_x": "c_all[:, 0], W_x"},
    ),
    Slip("`h` starts from zero at every step; only `c` is carried on.", {"h_all[:, t], c": "h_all[:, 0], c"}),
    Slip(
        "The states are stored one index too early: index 0 belongs to the zeros at the start.",
        {"return h_all, c_all": "return np.roll(h_all, -1, 1), np.roll(c_all, -1, 1)"},
    ),
    Slip(
        "Every step starts from zeros: its results overwrite the states it started from, and the "
        "next step finds nothing.",
        {"h_all[:, t + 1], c_all[:, t + 1] =": "h_all[:, t], c_all[:, t] ="},
    ),
    Slip(
        "The zeros at the start are missing; they belong at index 0.",
        {"return h_all, c_all": "return h_all[:, 1:], c_all[:, 1:]"},
    ),
    Slip(
        "Only the last states come back; asked for are those of every step.",
        {"return h_all, c_all": "return h_all[:, -1], c_all[:, -1]"},
    ),
    Slip(
        "Time is on axis 0; windows come first, then time, as in `X`.",
        {"return h_all, c_all": "return h_all.swapaxes(0, 1), c_all.swapaxes(0, 1)"},
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
    Slip(
        "Right values, wrong order: `h_all` first, then `c_all`.",
        {"return h_all, c_all": "return c_all, h_all"},
    ),
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
]


def state_gradients(d_h_new, d_c_new, i, f, g, o, c, c_new):
    """From the states after a step back to its gates, and to the cell state before it."""
    tanh_c = np.tanh(c_new)  # (B, H) like everything here
    d_o = d_h_new * tanh_c  # h' = o tanh(c')
    d_c_all = d_c_new + d_h_new * o * (1 - tanh_c**2)  # c' reaches the loss by two routes: add them
    d_i, d_f, d_g = d_c_all * g, d_c_all * c, d_c_all * i  # c' = f c + i g
    d_c = d_c_all * f
    return d_i, d_f, d_g, d_o, d_c


_STATE_SLIPS = [
    Slip(
        "One route is missing: c' also reaches the loss through h' = o · tanh(c') of this very step.",
        {"+ d_h_new * o * (1 - tanh_c**2)": ""},
    ),
    Slip("What arrives from the later steps, `d_c_new`, is not added in.", {"d_c_new + ": ""}),
    Slip(
        "The slope of tanh is 1 − tanh²; here the square is missing. A net would still learn.",
        {"tanh_c**2": "tanh_c"},
    ),
    Slip("The slope of tanh is missing on the way from h' to c'.", {"* (1 - tanh_c**2)": ""}),
    Slip(
        "The tanh is that of the old cell state `c`; h' was made from `c_new`.",
        {"np.tanh(c_new)": "np.tanh(c)"},
    ),
    Slip(
        "On the way from h' to c' lies the output gate: the factor `o` is missing.",
        {"d_h_new * o": "d_h_new"},
    ),
    Slip(
        "In i · g the slope in one factor is the *other* factor: two are swapped.",
        {"return d_i, d_f, d_g": "return d_g, d_f, d_i"},
    ),
    Slip(
        "The forget gate multiplied the *old* cell state; its gradient here uses the new one.",
        {"d_c_all * c,": "d_c_all * c_new,"},
    ),
    Slip(
        "What goes back to the old cell state must pass the forget gate, as on the way forward.",
        {"d_c = d_c_all * f": "d_c = d_c_all"},
    ),
    Slip(
        "`d_c` passes on only what came from later steps; the part that came through h' of this "
        "step is lost.",
        {"d_c = d_c_all * f": "d_c = d_c_new * f"},
    ),
    Slip(
        "`d_c_new` is added too early: what comes from the later steps reaches c' directly, past "
        "the output gate and the tanh.",
        {"d_c_new + d_h_new * o": "(d_c_new + d_h_new) * o"},
    ),
    Slip(
        "The slope of tanh is 1 − tanh²; here the square is that of `c_new`, without its tanh.",
        {"tanh_c**2": "c_new**2"},
    ),
    Slip(
        "`d_i` to `d_o` have the slopes of the gates' own sigmoid and tanh already; those come in "
        "the next exercise.",
        {
            "return d_i, d_f, d_g, d_o,": (
                "return d_i * i * (1 - i), d_f * f * (1 - f), d_g * (1 - g**2), d_o * o * (1 - o),"
            )
        },
    ),
    Slip(
        "In h' = o · tanh(c') the slope in o is the *other* factor; `d_o` has o itself.",
        {"d_o = d_h_new * tanh_c": "d_o = d_h_new * o"},
    ),
    Slip(
        "`d_o` is made from what reaches c'; the output gate comes after the cell, in h' alone.",
        {"return d_i, d_f, d_g, d_o": "return d_i, d_f, d_g, d_c_all * tanh_c"},
    ),
    Slip(
        "In `d_o` stands the old cell state; h' was made from the new one.",
        {"d_o = d_h_new * tanh_c": "d_o = d_h_new * np.tanh(c)"},
    ),
    Slip(
        "The output gate multiplied tanh(c'), not c' itself.",
        {"d_o = d_h_new * tanh_c": "d_o = d_h_new * c_new"},
    ),
    Slip(
        "`d_c` holds `d_c_new` twice: it is part of what reaches c' already, and passes the forget "
        "gate there.",
        {"d_c = d_c_all * f": "d_c = d_c_all * f + d_c_new"},
    ),
    Slip(
        "`d_i` and `d_f` come back the wrong way round: the order is i, f, g, o, and then c.",
        {"return d_i, d_f": "return d_f, d_i"},
    ),
]


def gate_gradients(d_i, d_f, d_g, d_o, i, f, g, o):
    """From the gates back through sigmoid and tanh to their stacked pre-activations."""
    return np.concatenate(
        [
            d_i * i * (1 - i),  # σ' = σ (1 - σ)
            d_f * f * (1 - f),
            d_g * (1 - g**2),  # tanh' = 1 - tanh²
            d_o * o * (1 - o),
        ],
        axis=1,
    )  # four times (B, H) -> (B, 4H)


_GATE_SLIPS = [
    Slip(
        "The slopes are missing: these are the gradients of the gates themselves.",
        {"* i * (1 - i)": "", "* f * (1 - f)": "", "* (1 - g**2)": "", "* o * (1 - o)": ""},
    ),
    Slip("The slope of the sigmoid, σ′, is missing for the forget gate.", {"* f * (1 - f)": ""}),
    Slip("The slope of tanh is 1 − tanh²; for g the square is missing.", {"g**2": "g"}),
    Slip("The slope of tanh is missing for g.", {"* (1 - g**2)": ""}),
    Slip("g came out of a tanh; here it gets the slope of a sigmoid.", {"(1 - g**2)": "g * (1 - g)"}),
    Slip(
        "i, f and o came out of a sigmoid; here they get the slope of a tanh.",
        {"i * (1 - i)": "(1 - i**2)", "f * (1 - f)": "(1 - f**2)", "o * (1 - o)": "(1 - o**2)"},
    ),
    Slip(
        "The gates have been through sigmoid and tanh already; here they go through a second time.",
        {"return": "i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)\n    return"},
    ),
    Slip("g has been through tanh already; here it goes through again.", {"g**2": "np.tanh(g) ** 2"}),
    Slip(
        "For g the difference 1 − g is squared; the slope of tanh has the square of g alone.",
        {"(1 - g**2)": "(1 - g) ** 2"},
    ),
    Slip("The slope of tanh for g has one factor too many: g itself.", {"d_g * ": "d_g * g *"}),
    Slip("The slope of tanh for g has a wrong sign: tanh is flatter further out.", {"1 - g**2": "1 + g**2"}),
    Slip(
        "These are the slopes alone; what arrives from above, `d_i` to `d_o`, is not used.",
        {"d_i * ": "", "d_f * ": "", "d_g * ": "", "d_o * ": ""},
    ),
    Slip(
        "The slopes are taken at the gradients `d_i` to `d_o`; they belong to the gates' values.",
        {"return": "i, f, g, o = d_i, d_f, d_g, d_o\n    return"},
    ),
    Slip(
        "The slope of a sigmoid has two factors, σ and 1 − σ; one is missing.",
        {"i * (1": "(1", "f * (1": "(1", "o * (1": "(1"},
    ),
    Slip(
        "Right values, wrong place: the blocks stand in the order i, f, g, o.",
        {
            "d_g * (1 - g**2)": "d_o * o * (1 - o)",
            "d_o * o * (1 - o),\n        ]": "d_g * (1 - g**2),\n        ]",
        },
    ),
    Slip(
        "The columns of the gates are shuffled into one another; each gate is one block of H columns.",
        {"np.concatenate(": "np.stack(", "axis=1,\n    )": "axis=2,\n    ).reshape(len(i), -1)"},
    ),
]


def weight_gradients(d_a, x, h, W_h):
    """From the pre-activations back to the weights of one step, and to the hidden state before it."""
    d_W_x = x.T @ d_a  # (D, B) (B, 4H) -> (D, 4H)
    d_W_h = h.T @ d_a  # (H, B) (B, 4H) -> (H, 4H)
    d_b = d_a.sum(axis=0)  # (4H,)
    d_h = d_a @ W_h.T  # (B, 4H) (4H, H) -> (B, H)
    return d_W_x, d_W_h, d_b, d_h


_WEIGHT_SLIPS = [
    Slip(
        "The gradients of the weights are *averaged* over the batch. The loss has done that "
        "already: sum here.",
        {"x.T @ d_a": "x.T @ d_a / len(x)", "h.T @ d_a": "h.T @ d_a / len(x)", "d_a.sum": "d_a.mean"},
    ),
    Slip(
        "The gradients of `W_x` and `W_h` are averaged over the batch; they have to be summed.",
        {"x.T @ d_a": "x.T @ d_a / len(x)", "h.T @ d_a": "h.T @ d_a / len(x)"},
    ),
    Slip(
        "The gradient of the bias is averaged over the batch; it has to be summed.", {"d_a.sum": "d_a.mean"}
    ),
    Slip(
        "Only the first window of the batch contributes to the weights.",
        {"x.T @ d_a": "x[:1].T @ d_a[:1]", "h.T @ d_a": "h[:1].T @ d_a[:1]", "d_a.sum(axis=0)": "d_a[0]"},
    ),
    Slip(
        "`d_h` is zero: nothing travels back in time through the hidden state.",
        {"d_a @ W_h.T": "np.zeros_like(h)"},
    ),
    Slip(
        "`d_h` is divided by the size of the batch; each row belongs to one window alone.",
        {"d_a @ W_h.T": "d_a @ W_h.T / len(x)"},
    ),
    Slip(
        "`d_h` is multiplied by h; in the product h W_h the slope in h is W_h alone.",
        {"d_a @ W_h.T": "d_a @ W_h.T * h"},
    ),
    Slip(
        "`d_h` comes back through one gate only; all four read `h`.",
        {"d_a @ W_h.T": "d_a[:, : len(W_h)] @ W_h[:, : len(W_h)].T"},
    ),
    Slip(
        "The signs are turned. A gradient points uphill; walking down comes later.",
        {"return d_W_x, d_W_h, d_b, d_h": "return -d_W_x, -d_W_h, -d_b, -d_h"},
    ),
]


def adam_update(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    """Step k = 1, 2, … of Adam for one array of parameters."""
    m = beta_1 * m + (1 - beta_1) * g  # running mean of the gradient
    v = beta_2 * v + (1 - beta_2) * g**2  # running mean of its square
    m_hat = m / (1 - beta_1**k)  # both began at zero and are too small at first
    v_hat = v / (1 - beta_2**k)
    p = p - lr * m_hat / (np.sqrt(v_hat) + eps)
    return p, m, v


_ADAM_SLIPS = [
    Slip(
        "The correction for the start at zero is missing: at k = 1, m holds a tenth of the "
        "gradient, and the root of v a thirtieth.",
        {"m_hat = m / (1 - beta_1**k)": "m_hat = m", "v_hat = v / (1 - beta_2**k)": "v_hat = v"},
    ),
    Slip("`m` is corrected for its start at zero, `v` is not.", {"v_hat = v / (1 - beta_2**k)": "v_hat = v"}),
    Slip(
        "The correction is one step ahead: the first step is k = 1, not 2.",
        {"beta_1**k": "beta_1 ** (k + 1)", "beta_2**k": "beta_2 ** (k + 1)"},
    ),
    Slip("`eps` belongs outside the root.", {"(np.sqrt(v_hat) + eps)": "np.sqrt(v_hat + eps)"}),
    Slip("The root of v is missing, so the step has the wrong unit.", {"np.sqrt(v_hat)": "v_hat"}),
    Slip(
        "The two betas are swapped: `beta_1` belongs to m, `beta_2` to v.",
        {
            "m = beta_1 * m + (1 - beta_1) * g": "m = beta_2 * m + (1 - beta_2) * g",
            "v = beta_2 * v + (1 - beta_2) * g**2": "v = beta_1 * v + (1 - beta_1) * g**2",
        },
        of="m, v",
    ),
    Slip("This walks uphill: the step has to be subtracted.", {"p - lr": "p + lr"}),
    Slip(
        "The corrected `m` and `v` are handed on; next time they would be corrected again.",
        {"return p, m, v": "return p, m_hat, v_hat"},
    ),
    Slip(
        "`m` and `v` are handed back as they came; the next step would know nothing of this one.",
        {"m = beta_1": "old = m, v\n    m = beta_1", "return p, m, v": "return p, *old"},
    ),
    Slip(
        "In `m` and `v` the weights are exchanged: the old mean should count for most, the new "
        "gradient for little.",
        {
            "m = beta_1 * m + (1 - beta_1) * g": "m = (1 - beta_1) * m + beta_1 * g",
            "v = beta_2 * v + (1 - beta_2) * g**2": "v = (1 - beta_2) * v + beta_2 * g**2",
        },
        of="m, v",
    ),
    Slip(
        "In `m` and `v` the gradient is added in full; the two weights of a mean add up to 1.",
        {"(1 - beta_1) * g": "g", "(1 - beta_2) * g**2": "g**2"},
        of="m, v",
    ),
    Slip("`v` is a mean of the gradient itself; it should be of its square.", {"g**2": "g"}, of="v"),
    Slip(
        "The first result is the step alone; asked for are the weights after the step.",
        {"p = p - lr": "p = lr"},
    ),
    Slip(
        "The correction is one step behind: at k = 1 it divides by zero.",
        {"beta_1**k": "beta_1 ** (k - 1)", "beta_2**k": "beta_2 ** (k - 1)"},
    ),
    Slip(
        "In the correction the whole of 1 − β is raised to the power k; only β should be.",
        {"(1 - beta_1**k)": "(1 - beta_1) ** k", "(1 - beta_2**k)": "(1 - beta_2) ** k"},
    ),
    Slip(
        "In the correction β is multiplied by k; every step multiplies by β once more.",
        {"beta_1**k": "beta_1 * k", "beta_2**k": "beta_2 * k"},
    ),
    Slip("`eps` is not used: where v is 0 this divides by zero.", {"+ eps": ""}),
    Slip(
        "The settings are fixed numbers here; `lr`, `beta_1`, `beta_2` and `eps` are not used.",
        {"m = beta_1": "lr, beta_1, beta_2, eps = 2e-3, 0.9, 0.999, 1e-8\n    m = beta_1"},
    ),
    Slip(
        "In the step the settings are fixed numbers; it should use the arguments.",
        {"m_hat =": "lr, beta_1, beta_2, eps = 2e-3, 0.9, 0.999, 1e-8\n    m_hat ="},
    ),
    Slip("The learning rate is a fixed number; the argument `lr` is not used.", {"p - lr": "p - 2e-3"}),
    Slip(
        "`m` is the latest gradient; the running mean of those before is lost.",
        {"return p, m, v": "return p, g, v"},
    ),
    Slip(
        "The correction is the same at every step; it should fade as k grows. Where is the power?",
        {"1 - beta_1**k": "1 - beta_1", "1 - beta_2**k": "1 - beta_2"},
    ),
    Slip(
        "The step uses `m` from before this gradient.",
        {"m = beta_1 * m": "old, m = m, beta_1 * m", "m_hat = m /": "m_hat = old /"},
    ),
    Slip(
        "The step uses `m` and `v` from before this gradient.",
        {
            "m = beta_1 * m": "old_m, old_v = m, v\n    m = beta_1 * m",
            "m_hat = m /": "m_hat = old_m /",
            "v_hat = v /": "v_hat = old_v /",
        },
    ),
    Slip(
        "The learning rate is missing: the step has length 1 where it should have `lr`.",
        {"lr * m_hat": "m_hat"},
    ),
    Slip(
        "`eps` is added to the step; it belongs below the fraction line.",
        {"lr * m_hat / (np.sqrt(v_hat) + eps)": "lr * (m_hat / np.sqrt(v_hat) + eps)"},
    ),
    Slip(
        "`eps` is added after the division: there are brackets missing below the fraction line.",
        {"m_hat / (np.sqrt(v_hat) + eps)": "m_hat / np.sqrt(v_hat) + eps"},
    ),
]


def centre_windows(X, y):
    """Measure every window, and its target, from the window's own mean."""
    level = X.mean(axis=1)  # (N, 1) from the inputs alone: the target is the future
    return X - level[:, np.newaxis], y - level, level  # (N, T, 1), (N, 1), (N, 1)


_CENTRE_SLIPS = [
    Slip(
        "One mean for all windows: that moves the series up or down, and it climbs as before.",
        {"X - level[:, np.newaxis], y - level": "X - X.mean(), y - X.mean()"},
    ),
    Slip(
        "The target is part of the mean. On the day of the forecast it is not known: a leak.",
        {"X.mean(axis=1)": "np.concatenate([X[:, :, 0], y], axis=1).mean(axis=1, keepdims=True)"},
        of="level",
    ),
    Slip(
        "The targets are left where they were: the model would have to guess a level that it can "
        "no longer see.",
        {"y - level": "y"},
    ),
    Slip(
        "Inputs and targets come back as they were: nothing is centred.",
        {"X - level[:, np.newaxis], y - level": "X, y"},
    ),
    Slip(
        "The inputs are left where they were: the model would still see levels it has never met.",
        {"X - level[:, np.newaxis]": "X"},
    ),
    Slip("The level is added to the targets; it has to be taken away.", {"y - level": "y + level"}),
    Slip(
        "Every target is 0: each is centred on itself, and nothing is left to forecast.",
        {"y - level": "y - y.mean(axis=1, keepdims=True)"},
    ),
    Slip(
        "`level` is the median of each window; asked for is the mean.",
        {"X.mean(axis=1)": "np.median(X, axis=1)"},
        of="level",
    ),
    Slip(
        "`level` is the first value of each window, the oldest; asked for is the mean.",
        {"X.mean(axis=1)": "X[:, 0]"},
        of="level",
    ),
    Slip(
        "The targets are centred on *their* mean; each belongs to the level of its own window.",
        {"y - level": "y - y.mean()"},
    ),
    Slip(
        "The mean of the inputs is taken over the windows, not over the steps of each window.",
        {"X - level[:, np.newaxis]": "X - X.mean(axis=0)"},
    ),
    Slip(
        "`level` is the last value of each window. That helps too, but less: one value is noisy.",
        {"X.mean(axis=1)": "X[:, -1]"},
        of="level",
    ),
    Slip(
        "Centred, and divided by the spread as well. Only the level is asked for.",
        {
            "X - level[:, np.newaxis], y - level": (
                "(X - level[:, np.newaxis]) / X.std(axis=1)[:, np.newaxis], (y - level) / X.std(axis=1)"
            )
        },
    ),
]


def _step_case(B, D, H):
    shapes = (B, D), (B, H), (B, H), (D, 4 * H), (H, 4 * H), (4 * H,)
    return Case(*(_rng.normal(size=shape) for shape in shapes))


def _window_case(N, T, D, H):
    return Case(*(_rng.normal(size=shape) for shape in ((N, T, D), (D, 4 * H), (H, 4 * H), (4 * H,))))


def _state_case(B, H):
    d_h_new, d_c_new, c, a_i, a_f, a_g, a_o = _rng.normal(size=(7, B, H))
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    return Case(d_h_new, d_c_new, i, f, g, o, c, f * c + i * g)


def _gate_case(B, H):
    d_i, d_f, d_g, d_o, a_i, a_f, a_g, a_o = _rng.normal(size=(8, B, H))
    return Case(d_i, d_f, d_g, d_o, sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o))


def _weight_case(B, D, H):
    return Case(*(_rng.normal(size=shape) for shape in ((B, 4 * H), (B, D), (B, H), (H, 4 * H))))


def _adam_case(k, **options):
    m, v = (0.1 * _rng.normal(size=(2, 3)), 0.1 * _rng.random((2, 3))) if k > 1 else np.zeros((2, 2, 3))
    return Case(_rng.normal(size=(2, 3)), _rng.normal(size=(2, 3)), m, v, k, **options)


def _levelled(level, N, T=5):
    """Windows around given levels: (N, T, 1)."""
    return np.reshape(level, (-1, 1, 1)) + _rng.normal(size=(N, T, 1))


_ONE_UNIT = Case(
    *(np.array(a) for a in ([[2.0]], [[0.5]], [[1.0]])),
    np.array([[1.0, 0.5, -0.5, 0.2]]),
    np.array([[0.3, -0.4, 0.8, 0.1]]),
    np.array([-1.0, 1.0, 0.2, 0.5]),
)
_STEPS = (_ONE_UNIT, _step_case(4, 2, 3))
_READS = (_window_case(1, 3, 1, 1), _window_case(4, 6, 2, 3))
_STATES = (_state_case(1, 1), _state_case(4, 3))
_WEIGHTS = (_weight_case(4, 2, 3), _weight_case(5, 1, 2))
_LATER = (_adam_case(7), _adam_case(50, lr=0.1, beta_1=0.8, beta_2=0.9, eps=0.1))
_CLIMBING = Case(_levelled(np.arange(6.0), 6), np.arange(6.0)[:, np.newaxis] + _rng.normal(size=(6, 1)))


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
    Exercise(
        "03.state_gradients",
        "Go back from the states to the gates",
        reference=state_gradients,
        returns="d_i, d_f, d_g, d_o, d_c",
        parts=[
            Part("`d_o`, the way through the output gate", 1, *_STATES, of="d_o"),
            Part("`d_c`, what the step before will receive", 1, *_STATES, of="d_c"),
            Part("all five", 2, *_STATES),
        ],
        hints=[
            "Begin with h' = o · tanh(c'). What is the slope of h' in o? And in c'?",
            "c' reaches the loss by two routes: through h' of this step, and directly in later steps, "
            "`d_c_new`. Add them up before you go on.",
            "The slope of tanh(c') is `1 - np.tanh(c_new) ** 2`, and `o` stands in front of it.",
            "Then c' = f · c + i · g: the slope in each factor is the other factor.",
        ],
        wrong=_STATE_SLIPS,
    ),
    Exercise(
        "03.gate_gradients",
        "Go back through sigmoid and tanh",
        reference=gate_gradients,
        returns="d_a",
        parts=[
            Part("one window, one unit", 1, _gate_case(1, 1)),
            Part("any batch, any number of units", 1, _gate_case(4, 3)),
        ],
        hints=[
            "The slope of a sigmoid can be written with its own value s: `s * (1 - s)`. And that of a tanh?",
            "`i`, `f`, `g`, `o` are the values *after* the squashing, so no exponential is needed any more.",
            "`np.concatenate([...], axis=1)` puts four blocks of (B, H) side by side: i, f, g, o.",
        ],
        wrong=_GATE_SLIPS,
    ),
    Exercise(
        "03.weight_gradients",
        "Go back to the weights, and one step in time",
        reference=weight_gradients,
        returns="d_W_x, d_W_h, d_b, d_h",
        parts=[
            Part("the gradients of the weights", 1, _WEIGHTS[0], of="d_W_x"),
            Part("`d_h`, what the step before will receive", 1, *_WEIGHTS, of="d_h"),
            Part("all four", 1, *_WEIGHTS),
        ],
        hints=[
            "Let the shapes lead you: how do you make a (D, 4H) out of `x`, a (B, D), and `d_a`, a (B, 4H)?",
            "`x.T @ d_a` sums over the windows of the batch by itself. For `d_b`, sum over axis 0.",
            "a = … + h W_h + b, so on the way back `d_h = d_a @ W_h.T`.",
        ],
        wrong=_WEIGHT_SLIPS,
    ),
    Exercise(
        "03.adam_update",
        "Take one step of Adam",
        reference=adam_update,
        returns="p, m, v",
        parts=[
            Part("the running mean `m`", 1, *_LATER, of="m"),
            Part("the very first step", 1, _adam_case(1)),
            Part("later steps, any settings", 1, *_LATER),
        ],
        hints=[
            "Three stages: the running means, their corrected versions, the step. A running mean keeps the "
            "share β of what it was and takes the share 1 - β of what is new.",
            "`m = beta_1 * m + (1 - beta_1) * g`, and `v` the same with `g**2` and `beta_2`. Both begin at "
            "zero, so at first they are too small: divide by `1 - beta_1**k` and `1 - beta_2**k`.",
            "The step is `lr` times the corrected m over (the root of the corrected v, plus eps). "
            "Return the *uncorrected* `m` and `v`.",
        ],
        wrong=_ADAM_SLIPS,
    ),
    Exercise(
        "03.centre_windows",
        "Measure every window from its own level",
        reference=centre_windows,
        returns="X_centred, y_centred, level",
        parts=[
            Part("the level of each window", 1, _CLIMBING, of="level"),
            Part("the centred inputs", 1, _CLIMBING, of="X_centred"),
            Part("the centred targets", 1, _CLIMBING, of="y_centred"),
        ],
        hints=[
            "Axis 1 of `X` is time. Each window gets a mean of its own, so `level` has shape (N, 1).",
            "The same level is taken from the window and from its target: a forecast can get it back.",
            "`X` has three axes and `level` two: `level[:, np.newaxis]` fits.",
        ],
        wrong=_CENTRE_SLIPS,
    ),
)
