"""The gradients of one step: from its states to its gates, their sums, and the weights."""

import numpy as np

from lessons.exercises.declare import Case, Exercise, Part, Slip
from lessons.exercises.lesson_03.step import sigmoid

_rng = np.random.default_rng(31)


def state_gradients(d_h_new, d_c_new, i, f, g, o, c, c_new):
    """From the states after a step back to its gates, and to the cell state before it."""
    tanh_c = np.tanh(c_new)  # (B, H) like everything here
    d_o = d_h_new * tanh_c  # h' = o tanh(c')
    d_c_all = d_c_new + d_h_new * o * (1 - tanh_c**2)  # c' reaches the loss by two routes: add them
    d_i, d_f, d_g = d_c_all * g, d_c_all * c, d_c_all * i  # c' = f c + i g
    d_c = d_c_all * f
    return d_i, d_f, d_g, d_o, d_c


_STATE_SLIPS = [
    Slip("One route is missing: that through h' = o · tanh(c').", {"+ d_h_new * o * (1 - tanh_c**2)": ""}),
    Slip("What arrives from the later steps, `d_c_new`, is not added in.", {"d_c_new + ": ""}),
    Slip("In the slope of tanh the square is missing. A net would still learn.", {"tanh_c**2": "tanh_c"}),
    Slip("The slope of tanh is missing on the way from h' to c'.", {"* (1 - tanh_c**2)": ""}),
    Slip("The tanh is of the old `c`; h' was made from `c_new`.", {"np.tanh(c_new)": "np.tanh(c)"}),
    Slip("Between h' and c' lies the output gate: the factor `o` is missing.", {"d_h_new * o": "d_h_new"}),
    Slip(
        "c' = f · c + i · g: the slope in one factor of a product is the other; here it is itself.",
        {"d_c_all * g, d_c_all * c, d_c_all * i": "d_c_all * i, d_c_all * f, d_c_all * g"},
    ),
    Slip("`d_i` and `d_g` are swapped: i's slope is g.", {"return d_i, d_f, d_g": "return d_g, d_f, d_i"}),
    Slip("The forget gate multiplied the *old* cell state, not the new one.", {"_all * c,": "_all * c_new,"}),
    Slip("The way back to the old cell state must pass the forget gate.", {"d_c_all * f": "d_c_all"}),
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
    Slip("In the slope of tanh stands the square of `c_new` itself.", {"tanh_c**2": "c_new**2"}),
    Slip(
        "`d_i` to `d_o` have the slopes of the gates' own sigmoid and tanh already; those come in "
        "the next exercise.",
        {
            "return d_i, d_f, d_g, d_o,": (
                "return d_i * i * (1 - i), d_f * f * (1 - f), d_g * (1 - g**2), d_o * o * (1 - o),"
            )
        },
    ),
    Slip("In o · tanh(c') the slope in o is the *other* factor, not o.", {"d_h_new * tanh_c": "d_h_new * o"}),
    Slip(
        "`d_o` is made from what reaches c'; the output gate comes after the cell, in h' alone.",
        {"return d_i, d_f, d_g, d_o": "return d_i, d_f, d_g, d_c_all * tanh_c"},
    ),
    Slip("In `d_o` stands the old cell state, not the new.", {"d_h_new * tanh_c": "d_h_new * np.tanh(c)"}),
    Slip("The output gate multiplied tanh(c'), not c' itself.", {"d_h_new * tanh_c": "d_h_new * c_new"}),
    Slip(
        "`d_c` holds `d_c_new` twice: it is part of what reaches c' already, and passes the forget "
        "gate there.",
        {"d_c = d_c_all * f": "d_c = d_c_all * f + d_c_new"},
    ),
    Slip("`d_i` and `d_f` are swapped: the order is i, f, g, o.", {"return d_i, d_f": "return d_f, d_i"}),
    Slip("In the slope of tanh stands the square of h' = o · tanh(c').", {"tanh_c**2": "(o * tanh_c) ** 2"}),
    Slip(
        "Between h' and c' stands the slope of a sigmoid, not of a tanh.",
        {"(1 - tanh_c**2)": "tanh_c * (1 - tanh_c)"},
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
    Slip("The blocks lie on top of each other; they stand side by side.", {"axis=1,": "axis=0,"}),
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
    Slip("For g the difference 1 − g is squared; only g should be.", {"(1 - g**2)": "(1 - g) ** 2"}),
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
    Slip("Half of the sigmoid's slope is missing: σ or 1 − σ.", {"i * (": "(", "f * (": "(", "o * (": "("}),
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
    Slip("The gradient of the bias is averaged over the batch; it must be summed.", {"d_a.sum": "d_a.mean"}),
    Slip(
        "Only the first window of the batch contributes to the weights.",
        {"x.T @ d_a": "x[:1].T @ d_a[:1]", "h.T @ d_a": "h[:1].T @ d_a[:1]", "d_a.sum(axis=0)": "d_a[0]"},
    ),
    Slip("`d_h` is zero: nothing travels back in time through h.", {"d_a @ W_h.T": "np.zeros_like(h)"}),
    Slip("`d_h` is divided by the size of the batch; each row is one window's.", {"W_h.T": "W_h.T / len(x)"}),
    Slip("`d_h` is multiplied by h; in h W_h the slope in h is W_h alone.", {"W_h.T": "W_h.T * h"}),
    Slip(
        "`d_h` comes back through one gate only; all four read `h`.",
        {"d_a @ W_h.T": "d_a[:, : len(W_h)] @ W_h[:, : len(W_h)].T"},
    ),
    Slip(
        "The signs are turned. A gradient points uphill; walking down comes later.",
        {"return d_W_x, d_W_h, d_b, d_h": "return -d_W_x, -d_W_h, -d_b, -d_h"},
    ),
]


def _state_case(B, H):
    d_h_new, d_c_new, c, a_i, a_f, a_g, a_o = _rng.normal(size=(7, B, H))
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    return Case(d_h_new, d_c_new, i, f, g, o, c, f * c + i * g)


def _gate_case(B, H):
    d_i, d_f, d_g, d_o, a_i, a_f, a_g, a_o = _rng.normal(size=(8, B, H))
    return Case(d_i, d_f, d_g, d_o, sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o))


def _weight_case(B, D, H):
    return Case(*(_rng.normal(size=shape) for shape in ((B, 4 * H), (B, D), (B, H), (H, 4 * H))))


_STATES = (_state_case(1, 1), _state_case(4, 3))
_WEIGHTS = (_weight_case(1, 1, 1), _weight_case(4, 2, 3), _weight_case(5, 1, 2))


EXERCISES = (
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
            Part("the gradients of the weights", 1, *_WEIGHTS, of="d_W_x"),
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
)
