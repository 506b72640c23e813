"""Exercises of lesson 04: the GRU, forwards and backwards."""

import numpy as np

from lessons.exercises.declare import Case, Exercise, Part, Slip
from lessons.rnn import sigmoid

_IMPORTS = "import numpy as np\n\nfrom lessons.rnn import sigmoid"


def _layer(D, H, B, seed):
    """Draw x, h, W_x, W_h, b of a layer, all different from zero."""
    rng = np.random.default_rng(seed)
    x, h = rng.normal(size=(B, D)), np.tanh(rng.normal(size=(B, H)))
    return x, h, rng.normal(size=(D, 3 * H)), rng.normal(size=(H, 3 * H)), rng.normal(size=3 * H)


def _back(H, B, seed):
    """Draw d_h_new, h, r, z, n, W_h of a step."""
    rng = np.random.default_rng(seed)
    h, n = np.tanh(rng.normal(size=(2, B, H)))
    r, z = sigmoid(rng.normal(size=(2, B, H)))
    return rng.normal(size=(B, H)), h, r, z, n, rng.normal(size=(H, 3 * H))


_LAYERS = (Case(*_layer(1, 1, 2, 0)), Case(*_layer(2, 3, 4, 1)), Case(*_layer(1, 4, 1, 2)))
_BACK = (Case(*_back(1, 2, 3)), Case(*_back(3, 4, 4)))


def gru_gates(x, h, W_x, W_h, b):
    """Compute reset gate, update gate and candidate of a GRU step, the reset before the matrix product."""
    a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=1)  # three times (B, H)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)  # three times (H, H)
    r = sigmoid(a_r + h @ W_hr)  # (B, H)
    z = sigmoid(a_z + h @ W_hz)  # (B, H)
    n = np.tanh(a_n + (r * h) @ W_hn)  # (B, H) * (B, H) @ (H, H)
    return r, z, n


def gru_step(x, h, W_x, W_h, b):
    """Compute the state after one step of a GRU; z = 1 writes the candidate."""
    r, z, n = gru_gates(x, h, W_x, W_h, b)
    return (1 - z) * h + z * n  # (B, H)


def gru_backward_step(d_h_new, h, r, z, n, W_h):
    """Take the gradient of the loss one GRU step back, from the new state to gates and old state."""
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)  # three times (H, H)

    d_z = d_h_new * (n - h)  # h_new = (1 - z) h + z n
    d_n = d_h_new * z
    d_h = d_h_new * (1 - z)

    d_a_n = d_n * (1 - n**2)  # n = tanh(a_n),  a_n = ... + (r h) W_hn
    d_rh = d_a_n @ W_hn.T
    d_r = d_rh * h
    d_h = d_h + d_rh * r

    d_a_r = d_r * r * (1 - r)  # r = sigmoid(a_r),  a_r = ... + h W_hr
    d_a_z = d_z * z * (1 - z)
    d_h = d_h + d_a_r @ W_hr.T + d_a_z @ W_hz.T
    return d_a_r, d_a_z, d_a_n, d_h  # four times (B, H)


_GRU_GATES_SLIPS = [
    Slip(
        "The reset gate is in another place: this multiplies `h W_hn` by r, after the product. "
        "Here r multiplies the state, before it. (Both exist, as two different nets.)",
        {"(r * h) @ W_hn)": "r * (h @ W_hn))"},
    ),
    Slip("The reset gate is computed and never used: the candidate sees the whole state.", {"(r * h)": "h"}),
    Slip("The reset gate scales input and bias too.", {"a_n + (r * h) @ W_hn": "r * (a_n + h @ W_hn)"}),
    Slip(
        "The reset gate also scales the bias, and acts after the product; "
        "here r multiplies the state, and nothing else.",
        {"a_n + (r * h) @ W_hn": "a_n + r * (h @ W_hn + (b_n := b[-len(W_h) :])) - b_n"},
    ),
    Slip(
        "The update gate reads the shortened state; r acts on what the candidate sees alone.",
        {"z = sigmoid(a_z + h @": "z = sigmoid(a_z + (r * h) @"},
    ),
    Slip("The state in the candidate is multiplied by the update gate.", {"(r * h)": "(z * h)"}),
    Slip(
        "The first two blocks are swapped. The order is r, z, n (Keras has z first; we do not).",
        {"a_r, a_z, a_n": "a_z, a_r, a_n", "W_hr, W_hz, W_hn": "W_hz, W_hr, W_hn"},
    ),
    Slip("`r` and `z` have changed places: the order is r, z, n.", {"return r, z, n": "return z, r, n"}),
    *(
        Slip(
            "The results stand in another order: asked for are r, z, n.",
            {"return r, z, n": f"return {order}"},
        )
        for order in ("r, n, z", "n, r, z", "z, n, r", "n, z, r")
    ),
    Slip("`z` is the wrong way round: this is 1 − z.", {"return r, z, n": "return r, 1 - z, n"}),
    Slip("For `n` comes the new state: that is the next exercise.", {", z, n": ", z, (1 - z) * h + z * n"}),
    Slip("The reset is the wrong way round: r = 1 lets the state through.", {"(r * h)": "((1 - r) * h)"}),
    Slip("In the candidate's product stands r itself, not the state shortened by it.", {"(r * h)": "r"}),
    Slip("The candidate is made from the input alone.", {" + (r * h) @ W_hn)": ")"}),
    Slip("The candidate goes through a sigmoid, so it can never be negative.", {"np.tanh": "sigmoid"}),
    Slip(
        "The gates go through tanh, so they can be negative. A gate lies between 0 and 1.",
        {"r = sigmoid": "r = np.tanh", "z = sigmoid": "z = np.tanh"},
        of="r, z",
    ),
    Slip("The gates are not squashed.", {"r = sigmoid": "r = ", "z = sigmoid": "z = "}, of="r, z"),
    Slip("The gates do not look at the old state.", {" + h @ W_hr": "", " + h @ W_hz": ""}, of="r, z"),
    Slip("The bias `b` is not used.", {"x @ W_x + b": "x @ W_x"}),
    Slip("The candidate is made without its bias.", {"np.tanh(a_n": "np.tanh((x @ W_x)[:, -h.shape[1] :]"}),
    Slip("The candidate is not squashed, so the state can grow without limit.", {"np.tanh": ""}),
    Slip("The tanh is closed too early: it goes round the whole sum.", {"a_n + (r * h)": "a_n) + ((r * h)"}),
    Slip("`z` is made from the blocks of r.", {"a_z + h @ W_hz": "a_r + h @ W_hr"}),
    Slip("The first two blocks of `W_h` are swapped: the order is r, z, n.", {"W_hr, W_hz,": "W_hz, W_hr,"}),
]

_BLEND = "(1 - z) * h + z * n"
_GRU_STEP_SLIPS = [
    Slip(
        "The update gate is the wrong way round: at z = 1 this keeps the old state, and it should write.",
        {_BLEND: "z * h + (1 - z) * n"},
    ),
    Slip("The old state is never let go: the candidate is added on top of all of it.", {_BLEND: "h + z * n"}),
    Slip("Nothing of the old state is kept.", {_BLEND: "z * n"}),
    Slip("The reset gate acts on the kept state too, not in n alone.", {_BLEND: "(1 - z) * r * h + z * n"}),
    Slip("The blend uses the reset gate; it is the update gate's work.", {_BLEND: "(1 - r) * h + r * n"}),
    Slip("The blend uses the reset gate; it is the update gate's work.", {_BLEND: "(1 - r) * n + r * h"}),
    Slip("The reset gate says how much is kept; it should be what z leaves.", {_BLEND: "r * h + z * n"}),
    Slip("The candidate is added in full; z says how much of it is written.", {_BLEND: "(1 - z) * h + n"}),
    Slip("Both have the weight z; in a blend the weights add up to 1.", {_BLEND: "z * (h + n)"}),
    Slip("Brackets are missing: z multiplies `h`, and that is taken from 1.", {_BLEND: "1 - z * h + z * n"}),
    Slip("The reset gate acts on n again; it has done its work.", {_BLEND: "(1 - z) * h + z * r * n"}),
    Slip("n goes through tanh again; `gru_gates` has done that.", {_BLEND: "(1 - z) * h + z * np.tanh(n)"}),
    Slip("One tanh too many: a blend stays in (-1, 1) by itself.", {_BLEND: "np.tanh((1 - z) * h + z * n)"}),
    Slip("This is the candidate alone. How much of it is written is up to z.", {_BLEND: "n"}),
    Slip(
        "The blend is right, but the reset gate acts after the matrix product.",
        {"* n  #": "* np.tanh((x @ W_x + b + np.tile(r, 3) * (h @ W_h))[:, -len(W_h) :])  #"},
    ),
]

_GRU_BACKWARD_STEP_SLIPS = [
    Slip(
        "The slope of the sigmoid is missing: `d_a_r` and `d_a_z` are gradients of the gates, "
        "not of what went into them.",
        {"d_r * r * (1 - r)": "d_r", "d_z * z * (1 - z)": "d_z"},
        of="d_a_r, d_a_z",
    ),
    Slip(
        "In `d_a_r` and `d_a_z` half of the slope is missing: a sigmoid's has two factors, σ and 1 − σ.",
        {"d_r * r * (1 - r)": "d_r * (1 - r)", "d_z * z * (1 - z)": "d_z * (1 - z)"},
        of="d_a_r, d_a_z",
    ),
    Slip(
        "r and z came out of a sigmoid; in `d_a_r` and `d_a_z` they get the slope of a tanh.",
        {"d_r * r * (1 - r)": "d_r * (1 - r**2)", "d_z * z * (1 - z)": "d_z * (1 - z**2)"},
        of="d_a_r, d_a_z",
    ),
    Slip("The slope of the sigmoid is missing in `d_a_r`.", {"d_r * r * (1 - r)": "d_r"}, of="d_a_r"),
    Slip("The slope of the sigmoid is missing in `d_a_z`.", {"d_z * z * (1 - z)": "d_z"}, of="d_a_z"),
    Slip(
        "The blocks of `W_h` have changed places on the way back: their order is r, z, n.",
        {"W_hr, W_hz, W_hn = np.split": "W_hz, W_hr, W_hn = np.split"},
    ),
    Slip(
        "The blocks of `W_h` have changed places on the way back: their order is r, z, n.",
        {"W_hr, W_hz, W_hn = np.split": "W_hn, W_hr, W_hz = np.split"},
    ),
    Slip("`d_a_r` and `d_a_z` have changed places.", {"return d_a_r, d_a_z": "return d_a_z, d_a_r"}),
    Slip("The slope of tanh is missing between `d_n` and `d_a_n`.", {"d_n * (1 - n**2)": "d_n"}),
    Slip("The slope of tanh is missing between `d_n` and `d_a_n`.", {"d_n * (1 - n**2)": "d_n"}, of="d_a_n"),
    Slip("What goes back through W_hn has not passed the slope of tanh.", {"d_a_n @": "d_n @"}, of="d_a_r"),
    Slip("The slope of tanh is 1 - n²; here the square is missing.", {"(1 - n**2)": "(1 - n)"}, of="d_a_n"),
    Slip("`d_a_n` has the slope of a sigmoid; n is a tanh.", {"(1 - n**2)": "n * (1 - n)"}, of="d_a_n"),
    Slip(
        "The update gate is the wrong way round: this belongs to `h_new = z h + (1 - z) n`.",
        {"d_h_new * (n - h)": "d_h_new * (h - n)", "d_n = d_h_new * z": "d_n = d_h_new * (1 - z)"},
        of="d_a_z, d_a_n",
    ),
    Slip("`d_z` has the wrong sign: more z means more n and less h.", {"(n - h)": "(h - n)"}, of="d_a_z"),
    Slip("`d_n` has the factor 1 - z; n came with z.", {"d_h_new * z": "d_h_new * (1 - z)"}, of="d_a_n"),
    Slip("`d_z` leaves out that more z also means less of the old state.", {"(n - h)": "n"}, of="d_a_z"),
    Slip("`d_z` has one wrong sign: more z means *less* of `h`.", {"(n - h)": "(n + h)"}, of="d_a_z"),
    Slip("No gradient reaches the reset gate, inside the candidate's product.", {"d_rh * h": "0 * d_rh"}),
    Slip("In r · h the slope in r is the *other* factor, not r.", {"d_rh * h": "d_rh * r"}, of="d_a_r"),
    Slip("From `d_a_n` to `d_r` the product with W_hn is left out.", {"d_rh * h": "d_a_n * h"}, of="d_a_r"),
    Slip(
        "On its way through the candidate to the old state, the gradient does not pass the reset "
        "gate, and there `h` was multiplied by r.",
        {"d_h + d_rh * r": "d_h + d_rh"},
    ),
    Slip("One way back to `h` is missing: that through the candidate.", {"    d_h = d_h + d_rh * r\n": ""}),
    Slip("Two ways back to `h` are missing, through r and z.", {" + d_a_r @ W_hr.T + d_a_z @ W_hz.T": ""}),
    Slip("One way back to `h` is missing: that through the reset gate.", {" + d_a_r @ W_hr.T": ""}),
    Slip("One way back to `h` is missing: that through the update gate.", {" + d_a_z @ W_hz.T": ""}),
    Slip("One way back to `h` is missing: the share that is kept.", {"d_h = d_h_new * (1 - z)": "d_h = 0"}),
    Slip(
        "Only the kept share of `h` has a gradient; gates and candidate used `h` too.",
        {"    d_h = d_h + d_rh * r\n": "", " + d_a_r @ W_hr.T + d_a_z @ W_hz.T": ""},
    ),
    Slip(
        "Two ways back to `h` are lost: the share that was kept, and the one through the candidate.",
        {"d_h = d_h_new * (1 - z)": "d_h = 0", "    d_h = d_h + d_rh * r\n": ""},
    ),
    Slip("The way through the candidate is in `d_h` twice, once without r.", {"d_rh * r": "d_rh * r + d_rh"}),
    Slip("On the way back through W_hn its transpose is needed.", {"W_hn.T": "W_hn"}, of="d_a_r"),
    Slip("From r and z to `h`, W_hr and W_hz must be transposed.", {"W_hr.T": "W_hr", "W_hz.T": "W_hz"}),
    Slip(
        "`d_r` is that of the other convention, in which r multiplies `h W_hn`, after the product.",
        {"d_rh * h": "d_a_n * (h @ W_hn)"},
        of="d_a_r",
    ),
    Slip("The kept share has the factor z; kept was 1 - z.", {"d_h_new * (1 - z)": "d_h_new * z"}),
    Slip(
        "n has been through tanh already; here it goes through again.",
        {"n**2": "np.tanh(n) ** 2"},
        of="d_a_n",
    ),
    Slip(
        "r and z have been through the sigmoid already; here they go through again.",
        {
            "r * (1 - r)": "sigmoid(r) * (1 - sigmoid(r))",
            "z * (1 - z)\n    d_h = d_h + d_a_r": "sigmoid(z) * (1 - sigmoid(z))\n    d_h = d_h + d_a_r",
        },
        of="d_a_r, d_a_z",
    ),
    Slip(
        "`d_r` is multiplied by r; that belongs to the way to `h`.",
        {"d_a_n @ W_hn.T": "d_a_n @ W_hn.T * r"},
        of="d_a_r",
    ),
]

EXERCISES = (
    Exercise(
        "04.gru_gates",
        "Compute reset gate, update gate and candidate",
        reference=gru_gates,
        returns="r, z, n",
        imports=_IMPORTS,
        parts=[
            Part("the reset gate `r`", 0.5, *_LAYERS, of="r"),
            Part("the update gate `z`", 0.5, *_LAYERS, of="z"),
            Part("the candidate `n`", 1, *_LAYERS, of="n"),
        ],
        hints=[
            "`x @ W_x + b` has 3H columns: H for r, H for z, H for n. `np.split(a, 3, axis=1)` takes it "
            "apart, and `W_h` comes apart in the same way.",
            "`r` and `z` go through `sigmoid`, `n` through `np.tanh`.",
            "For the candidate, first make the shortened state `r * h`, "
            "then multiply it by the last block of `W_h`.",
        ],
        wrong=_GRU_GATES_SLIPS,
    ),
    Exercise(
        "04.gru_step",
        "Blend the old state with the candidate",
        reference=gru_step,
        returns="h_new",
        needs=(gru_gates,),
        imports=_IMPORTS,
        parts=[Part("the state after the step", 2, *_LAYERS)],
        hints=[
            "`gru_gates` gives you r, z and n. The reset gate has done its work inside n already.",
            "What should come out at z = 1, and what at z = 0?",
            "Between 0 and 1 both take part, in proportion: the two weights add up to 1.",
        ],
        wrong=_GRU_STEP_SLIPS,
    ),
    Exercise(
        "04.gru_backward_step",
        "Take a gradient one step back",
        reference=gru_backward_step,
        returns="d_a_r, d_a_z, d_a_n, d_h",
        parts=[
            Part("`d_a_n`, through the candidate", 1, *_BACK, of="d_a_n"),
            Part("`d_a_z`, through the update gate", 1, *_BACK, of="d_a_z"),
            Part("`d_a_r`, through the reset gate", 1, *_BACK, of="d_a_r"),
            Part("`d_h`, all four ways back to the old state", 1, *_BACK, of="d_h"),
        ],
        hints=[
            "Go through the forward equations from the last to the first. `h_new = (1 - z) h + z n` "
            "holds three things, so it gives you `d_z`, `d_n` and a first share of `d_h`.",
            "From `d_n` to `d_a_n`: times the slope of tanh, which is `1 - n**2`. From `d_z` to `d_a_z`: "
            "times the slope of the sigmoid, `z * (1 - z)`.",
            "Call the reset state `r * h` by a name. Its gradient comes from `d_a_n`, through the product "
            "with W_hn. Then it is a product of two, and each factor gets a share: r, and the old state.",
            "The old state went four ways: kept by 1 - z, into r's product, into z's product, "
            "and reset into n's product. `d_h` is the sum of all four.",
        ],
        wrong=_GRU_BACKWARD_STEP_SLIPS,
    ),
)
