"""Exercises of lesson 06: gates recorded, compared with a marker and with untrained nets, and forced."""

import numpy as np

from lessons.exercises.declare import Case, Exercise, Part, Slip
from lessons.rnn import lstm_step, sigmoid


def _net(N, T, D, H, seed):
    """Draw X, W_x, W_h, b of an LSTM whose gates move."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, T, D))
    return X, rng.normal(size=(D, 4 * H)), rng.normal(size=(H, 4 * H)), rng.normal(size=4 * H)


def _step(B, D, H, seed):
    """Draw x, h, c, W_x, W_h, b of a step."""
    X, W_x, W_h, b = _net(B, 1, D, H, seed)
    h, c = np.random.default_rng(seed + 50).normal(size=(2, B, H))
    return X[:, 0], np.tanh(h), c, W_x, W_h, b


def _gate(N, T, H, seed, move):
    """Draw a gate (N, T, H) that moves a little at markers, and the markers (N, T), some in every window."""
    rng = np.random.default_rng(seed)
    marker = rng.random((N, T)) < 0.3
    marker[:, 1], marker[:, 3] = True, False
    return sigmoid(rng.normal(size=(N, T, H)) + move * rng.random(H) * marker[:, :, None]), marker


_NETS = (Case(*_net(1, 3, 1, 1, 0)), Case(*_net(3, 5, 2, 4, 1)))
_GATES = (Case(*_gate(4, 6, 3, 2, move=-0.8)), Case(*_gate(6, 9, 2, 3, move=1.5)))
_UNTRAINED = np.random.default_rng(4).uniform(-1, 1, 40).round(2)
_TIED = np.array([0.5, -0.5, 0.25, 0.75, -1.0])
_MANY = np.append(_TIED, _UNTRAINED)
_STEPS = tuple(
    Case(*_step(B, D, H, seed), np.array(where, bool), forget)
    for B, D, H, seed, where, forget in (
        (3, 1, 1, 7, [1, 0, 1], 0.0),
        (4, 2, 3, 8, [0, 1, 1, 0], 1.0),
        (2, 1, 4, 9, [1, 0], 0.7),
        (3, 2, 2, 10, [0, 1, 1], np.array([0.2, 0.9])),
    )
)


def forget_gates(X, W_x, W_h, b):
    """Record the forget gates of an LSTM at every step of every window."""
    (N, T, _), H = X.shape, W_h.shape[0]
    h = c = np.zeros((N, H))
    f = np.empty((N, T, H))
    for t in range(T):
        a = X[:, t] @ W_x + h @ W_h + b  # (N, 4H): i, f, g, o
        f[:, t] = sigmoid(a[:, H : 2 * H])
        h, c = lstm_step(X[:, t], h, c, W_x, W_h, b)
    return f


def untrained_share(observed, untrained):
    """How often do untrained nets get at least as far from 0, the observed net counted among them?"""
    as_far = np.abs(untrained) >= np.abs(observed)  # (n,)
    return (1 + as_far.sum()) / (1 + len(untrained))


def gate_evidence(gate, marker):
    """Compare a gate, averaged over units, with a marker: correlation, and mean at markers less elsewhere."""
    mean = gate.mean(axis=2)  # (N, T, H) -> (N, T)
    correlation = np.corrcoef(mean.ravel(), marker.ravel())[0, 1]
    gap = mean[marker].mean() - mean[~marker].mean()
    return correlation, gap


def forced_step(x, h, c, W_x, W_h, b, where, forget):
    """One step of an LSTM whose forget gates are set to `forget` in the windows that `where` marks."""
    i, f, g, o = np.split(x @ W_x + h @ W_h + b, 4, axis=1)  # four times (B, H)
    f = np.where(where[:, None], forget, sigmoid(f))  # (B, 1) picks rows of (B, H)
    c = f * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return h, c


_BLOCK, _STEP = "a[:, H : 2 * H]", "h, c = lstm_step(X[:, t], h, c, W_x, W_h, b)"
_FORCED, _HERE = "np.where(where[:, None], forget, sigmoid(f))", "np.where(where[:, None], {}, {})"
_C = "f * c + sigmoid(i) * np.tanh(g)"
_ORDINARY = {
    "    f = np": "    free = sigmoid(f) * c + sigmoid(i) * np.tanh(g)\n    f = np",
    "np.tanh(c)": "np.tanh(free)",
}
_R = "np.corrcoef(mean.ravel(), marker.ravel())[0, 1]"
_GAP = "mean[marker].mean() - mean[~marker].mean()"
_COUNT, _ALL = "(1 + as_far.sum())", "(1 + len(untrained))"
_FAR = "np.abs(untrained) >= np.abs(observed)"


def _wrong_gate(value):
    """Return the changes of a learner who forces another gate than f."""
    return {_FORCED: "sigmoid(f)", value: _HERE.format("forget", value)}


_FORGET_GATES_SLIPS = [
    Slip("These are the input gates: the first block of columns, not the second.", {_BLOCK: "a[:, :H]"}),
    Slip("This is the candidate g, the third block.", {f"sigmoid({_BLOCK})": "np.tanh(a[:, 2 * H : 3 * H])"}),
    Slip("This is the candidate's block, put through a sigmoid.", {_BLOCK: "a[:, 2 * H : 3 * H]"}),
    Slip("These are the output gates, the last block of columns.", {_BLOCK: "a[:, 3 * H :]"}),
    Slip("These are the sums that go into the sigmoid, not the gates.", {f"sigmoid({_BLOCK})": _BLOCK}),
    Slip("A gate lies between 0 and 1; this is the tanh of the right sum.", {"sigmoid(a": "np.tanh(a"}),
    Slip(
        "The gate of a step is computed from the state after that step; "
        "it has to be decided before the step is taken.",
        {_STEP: "pass", "for t in range(T):": f"for t in range(T):\n        {_STEP}"},
    ),
    Slip("The state stays at zero: each step forgets that there was one before.", {_STEP: "pass"}),
    Slip("`h` moves on, but `c` is zero at every step.", {"h, c = lstm": "h, _ = lstm"}),
    Slip("The bias is missing from the sums that go into the gates.", {"+ b  #": "#"}),
    Slip(
        "The windows are read from their end to their beginning.",
        {"    (N": "    X = X[:, ::-1]\n    (N", "return f": "return f[:, ::-1]"},
    ),
    Slip("Time comes first, (T, N, H); asked for is (N, T, H).", {"return f": "return f.swapaxes(0, 1)"}),
    Slip("`h` and `c` change places: `lstm_step` returns `h` first.", {"h, c = lstm": "c, h = lstm"}),
    Slip(
        "A window begins with the state in which the one before it ended; each begins at zero.",
        {
            "    (N": "    shape, X = X.shape, X.reshape(1, -1, X.shape[2])\n    (N",
            "return f": "return f.reshape(*shape[:2], H)",
        },
    ),
]

_UNTRAINED_SHARE_SLIPS = [
    Slip(
        "The observed net itself is not counted, so the share can be 0, "
        "which no finite number of nets could prove.",
        {_COUNT: "as_far.sum()", _ALL: "len(untrained)"},
    ),
    Slip("The observed net is counted above the line, but not below.", {_ALL: "len(untrained)"}),
    Slip("The observed net is counted below the line, but not above.", {_COUNT: "as_far.sum()"}),
    Slip("The signs are compared too; a gate that closes follows as well.", {_FAR: "untrained >= observed"}),
    Slip("Smaller values are counted; what matters is the distance from 0.", {_FAR: "untrained <= observed"}),
    Slip(
        "`observed` keeps its sign: if negative, it is below any distance", {"np.abs(observed)": "observed"}
    ),
    Slip("`untrained` keeps its signs: a negative one is never counted.", {"np.abs(untrained)": "untrained"}),
    Slip("An untrained net that gets exactly as far counts too.", {">=": ">"}),
    Slip("Counted are the nets that did *not* get so far.", {">=": "<="}),
    Slip("This is the share of nets that did *not* get so far.", {_COUNT: f"1 - {_COUNT}"}),
    Slip("This is how many there are; asked for is their share of all nets.", {f" / {_ALL}": ""}),
    Slip("Only the count is divided; the 1 belongs to it, above the line.", {_COUNT: "1 + as_far.sum()"}),
    Slip("This is the share in percent.", {_COUNT: f"100 * {_COUNT}"}),
]

_GATE_EVIDENCE_SLIPS = [
    Slip("The gap has the wrong sign: it is the mean at markers less that elsewhere.", {_GAP: f"-({_GAP})"}),
    Slip("The gap has lost its sign, and with it whether the gate opens or closes.", {_GAP: f"abs({_GAP})"}),
    Slip("The gap compares markers with all steps, markers included.", {"mean[~marker]": "mean"}),
    Slip("The gap is only the level at markers; what is it elsewhere?", {" - mean[~marker].mean()": ""}),
    Slip(
        "The gap is a difference of sums, and there are fewer markers than others.",
        {_GAP: "mean[marker].sum() - mean[~marker].sum()"},
    ),
    Slip("The gap is that of the sum over units, not of their mean.", {_GAP: f"({_GAP}) * gate.shape[2]"}),
    Slip(
        "The gap is averaged over windows; asked for is one over the steps of all of them.",
        {_GAP: "np.mean([m[k].mean() - m[~k].mean() for m, k in zip(mean, marker)])"},
    ),
    Slip("Swapped: the correlation comes first.", {"correlation, gap": "gap, correlation"}),
    Slip("The correlation is the whole 2 × 2 matrix; it should be one number of it.", {"[0, 1]": ""}),
    Slip("The gap is a ratio of the two means, not their difference.", {".mean() - ": ".mean() / "}),
    Slip(
        "In the gap, both means are taken over all steps, those that do not belong counted as zeros.",
        {_GAP: "(mean * marker).mean() - (mean * ~marker).mean()"},
    ),
    Slip(
        "The correlation is averaged over units; asked for is the correlation of the averaged gate.",
        {_R: "np.mean([np.corrcoef(u.ravel(), marker.ravel())[0, 1] for u in np.rollaxis(gate, 2)])"},
    ),
    Slip(
        "The correlation is averaged over windows; asked for is one over all windows and steps.",
        {_R: "np.mean([np.corrcoef(m, k)[0, 1] for m, k in zip(mean, marker)])"},
    ),
    Slip(
        "The correlation is that of all units' values; average over units first.",
        {_R: "np.corrcoef(gate.ravel(), marker.repeat(gate.shape[2]))[0, 1]"},
    ),
    Slip("The correlation is that of the first unit alone.", {"(mean.ravel": "(gate[:, :, 0].ravel"}),
    Slip("This is a covariance: it is not divided by the two standard deviations.", {"corrcoef": "cov"}),
    Slip("The correlation has lost its sign.", {_R: f"abs({_R})"}),
    Slip("The correlation is squared.", {_R: f"{_R} ** 2"}),
    Slip("This is the gate's correlation with itself.", {"[0, 1]": "[0, 0]"}),
    Slip(
        "The correlation compares the gate with the marker one step earlier.",
        {_R: "np.corrcoef(mean[:, 1:].ravel(), marker[:, :-1].ravel())[0, 1]"},
    ),
    Slip(
        "The gap is one of medians, not of means.",
        {_GAP: "np.median(mean[marker]) - np.median(mean[~marker])"},
    ),
    Slip(
        "A covariance over N - 1 is divided by deviations over N.",
        {"corrcoef": "cov", "[0, 1]": "[0, 1] / mean.std() / marker.std()"},
    ),
    Slip(
        "The gap compares the gate with the marker one step earlier.",
        {"gap = ": "mean, marker = mean[:, 1:], marker[:, :-1]\n    gap = "},
    ),
]

_FORCED_STEP_SLIPS = [
    Slip(
        "The mask (B,) meets the gate (B, H) along its *units*, which fails, or makes a gate of "
        "shape (B, B) where H = 1; it should pick rows.",
        {"where[:, None]": "where"},
    ),
    Slip(
        "`forget` is a number, or one for each unit (H,): it has no windows for the mask to pick.",
        {_FORCED: "sigmoid(f)\n    f[where] = forget[where]"},
    ),
    Slip("The two results have changed places: `h` comes first.", {"return h, c": "return c, h"}),
    Slip("The gate is forced in all windows; `where` says in which.", {"where[:, None]": "True"}),
    Slip("The mask is turned round: the gate is forced where `where` is False.", {"where[:,": "~where[:,"}),
    Slip("Nothing is forced: this is the ordinary step.", {_FORCED: "sigmoid(f)"}),
    Slip("`forget` is put in before the sigmoid, not after it.", {"forget, s": "sigmoid(forget), s"}),
    Slip(
        "`forget` may hold one value for each unit; here all get their mean.",
        {"forget, s": "np.mean(forget), s"},
    ),
    Slip("`forget` is added to what goes into the sigmoid.", {"forget, s": "sigmoid(f + forget), s"}),
    Slip("The gate is multiplied by `forget`, not replaced by it.", {"forget, s": "forget * sigmoid(f), s"}),
    Slip("`forget` is added to the gate; it should take its place.", {"forget, s": "forget + sigmoid(f), s"}),
    Slip("It is the input gate that is forced. The order is i, f, g, o.", _wrong_gate("sigmoid(i)")),
    Slip("It is the candidate that is forced. The order is i, f, g, o.", _wrong_gate("np.tanh(g)")),
    Slip("It is the output gate that is forced. The order is i, f, g, o.", _wrong_gate("sigmoid(o)")),
    Slip(
        "All three gates are forced; only the forget gate should be.",
        {gate: _HERE.format("forget", gate) for gate in ("sigmoid(i)", "sigmoid(o)")},
    ),
    Slip("The input gate is shut as well; only f is forced.", {"sigmoid(i)": _HERE.format(0, "sigmoid(i)")}),
    Slip("The input gate is set to 1 - `forget`.", {"sigmoid(i)": _HERE.format("1 - forget", "sigmoid(i)")}),
    Slip("Where f is forced, nothing is written into `c`.", {_C: _HERE.format("f * c", _C), **_ORDINARY}),
    Slip("`h` is the one of the ordinary step; it has to follow from the forced `c`.", _ORDINARY),
    Slip(
        "It is the cell state that becomes `forget`; the gate should.",
        {_FORCED: "sigmoid(f)", _C: _HERE.format("forget", _C)},
    ),
    Slip(
        "`h` shows the cell state from before this step.",
        {"c = f": "old, c = c, f", "np.tanh(c)": "np.tanh(old)"},
    ),
    Slip("The last two blocks are swapped: the order is i, f, g, o.", {"f, g, o": "f, o, g"}),
]

EXERCISES = (
    Exercise(
        "06.forget_gates",
        "Record the forget gates over a window",
        reference=forget_gates,
        returns="f",
        imports="import numpy as np\n\nfrom lessons.rnn import lstm_step, sigmoid",
        parts=[Part("every step of every window", 2, *_NETS)],
        hints=[
            "Walk through the window as in lesson 03: `h` and `c` begin as zeros, one step after the other.",
            "The gate of step t looks at `X[:, t]` and at the `h` from *before* step t. So read the gate "
            "first, and take the step afterwards.",
            "`a = X[:, t] @ W_x + h @ W_h + b` has 4H columns in the order i, f, g, o.",
            "`lstm_step(X[:, t], h, c, W_x, W_h, b)` gives the next `h` and `c`.",
        ],
        wrong=_FORGET_GATES_SLIPS,
    ),
    Exercise(
        "06.untrained_share",
        "Count how many untrained nets do as well",
        reference=untrained_share,
        returns="share",
        parts=[
            Part("positive and negative", 1, Case(0.61, _UNTRAINED), Case(-0.33, _UNTRAINED)),
            Part("ties and extremes", 1, Case(-0.5, _TIED), Case(0.99, _TIED[:4]), Case(-0.5, _MANY)),
        ],
        hints=[
            "A correlation of -0.9 is as far from 0 as one of +0.9: compare absolute values.",
            "Count the untrained values that are *at least* as far from 0 as the observed one.",
            "The observed net is one more that got so far: it counts once above and once below the line.",
        ],
        wrong=_UNTRAINED_SHARE_SLIPS,
    ),
    Exercise(
        "06.gate_evidence",
        "Compare a gate with a marker",
        reference=gate_evidence,
        returns="correlation, gap",
        parts=[
            Part("the `correlation`", 1, *_GATES, of="correlation"),
            Part("the `gap`", 1, *_GATES, of="gap"),
        ],
        hints=[
            "First average over units: `(N, T, H) -> (N, T)`. Everything else uses that mean.",
            "`np.corrcoef(a, b)` wants two flat arrays and returns a 2 × 2 matrix; you need its corner off "
            "the diagonal.",
            "`mean[marker]` are the values at markers, `mean[~marker]` the others.",
        ],
        wrong=_GATE_EVIDENCE_SLIPS,
    ),
    Exercise(
        "06.forced_step",
        "Force a gate and let the rest follow",
        reference=forced_step,
        returns="h, c",
        imports="import numpy as np\n\nfrom lessons.rnn import sigmoid",
        parts=[
            Part("the memory `c`", 1, *_STEPS, of="c"),
            Part("the state `h` that follows from it", 1, *_STEPS, of="h"),
        ],
        hints=[
            "Begin with the LSTM step of lesson 03. One line has to be added.",
            "Replace the gate after its sigmoid and before it is used.",
            "`np.where(mask, value, array)`; the mask has shape (B,), the gate (B, H): "
            "`where[:, None]` has shape (B, 1), and reaches across all units.",
        ],
        wrong=_FORCED_STEP_SLIPS,
    ),
)
