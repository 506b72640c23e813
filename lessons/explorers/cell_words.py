"""What the cell explorer says of each part of its drawing: name, equation with numbers, meaning."""

from lessons.explorers.base import bold
from lessons.figures.cell_drawing import number

_PRIMES = {"h_new": "h′", "c_new": "c′"}
# By part: name, equation, meaning. {f} is a number, {f:in} stands in brackets if negative, {f:add} brings its
# sign along, {f:is} is the result; {sum_f} is the weighted sum of a block, written out.
_X = {"x": ("input x", "x = {x:is}", "One value of the series, scaled.")}
_LSTM = {
    "h": ("shown h", "h = {h:is}", "What the step before has shown."),
    "c": ("memory c", "c = {c:is}", "What the step before has kept, for the cell alone."),
    "f": (
        "forget gate f",
        "f = σ({sum_f}) = σ({a_f}) = {f:is}",
        "How much of the old memory is kept: 1 keeps everything, 0 nothing.",
    ),
    "i": ("input gate i", "i = σ({sum_i}) = σ({a_i}) = {i:is}", "How much of the candidate is written."),
    "o": ("output gate o", "o = σ({sum_o}) = σ({a_o}) = {o:is}", "How much of the new memory is shown."),
    "g": (
        "candidate g",
        "g = tanh({sum_g}) = tanh({a_g}) = {g:is}",
        "What could be written: a value between −1 and 1.",
    ),
    "f_c": ("what is kept", "f · c = {f} · {c:in} = {f_c:is}", "Memory after the forget gate."),
    "i_g": ("what is written", "i · g = {i} · {g:in} = {i_g:is}", "The candidate after the input gate."),
    "c_new": (
        "new memory c′",
        "c′ = f · c + i · g = {f_c} {i_g:add} = {c_new:is}",
        "Kept, plus written: no matrix and no squashing on this road.",
    ),
    "tanh_c": (
        "tanh",
        "tanh(c′) = tanh({c_new}) = {tanh_c:is}",
        "The memory may grow beyond 1; what is shown of it stays between −1 and 1.",
    ),
    "h_new": (
        "shown h′",
        "h′ = o · tanh(c′) = {o} · {tanh_c:in} = {h_new:is}",
        "What the next step's gates see; after the last step, what the forecast is made of.",
    ),
}
_GRU = {
    "h": ("state h", "h = {h:is}", "The memory, for everyone to see."),
    "r": (
        "reset gate r",
        "r = σ({sum_r}) = σ({a_r}) = {r:is}",
        "How much of the old state the candidate may look at. It erases nothing.",
    ),
    "z": ("update gate z", "z = σ({sum_z}) = σ({a_z}) = {z:is}", "z = 1 writes the candidate."),
    "n": (
        "candidate n",
        "n = tanh({inside}) = tanh({a_n}) = {n:is}",
        "What could be written: a value between −1 and 1.",
    ),
    "seen": (
        "what the candidate sees",
        "r · h = {r} · {h:in} = {seen:is}",
        "Reset before the product: r scales the state that the candidate looks at.",
    ),
    "kept": ("what is kept", "(1−z) · h = {keep} · {h:in} = {kept:is}", "The old state's share."),
    "written": (
        "what is written",
        "z · n = {write} · {n:in} = {written:is}",
        "The candidate's share; the two shares add up to 1.",
    ),
    "h_new": (
        "new state h′",
        "h′ = (1−z) · h + z · n = {kept} {written:add} = {h_new:is}",
        "A blend of old state and candidate.",
    ),
}
# Reset after the product, as PyTorch has it: there z keeps.
_GRU_AFTER = _GRU | {
    "z": (*_GRU["z"][:2], "z = 1 keeps the old state."),
    "seen": (
        "what the candidate sees",
        "r · (w_h h + b_hn) = {r} · {product:in} = {seen:is}",
        "Reset after the product: r scales what the weight has made of the state, and b_hn with it.",
    ),
    "kept": ("what is kept", "z · h = {keep} · {h:in} = {kept:is}", "The old state's share."),
    "written": (_GRU["written"][0], "(1−z) · n = {write} · {n:in} = {written:is}", _GRU["written"][2]),
    "h_new": (
        "new state h′",
        "h′ = z · h + (1−z) · n = {kept} {written:add} = {h_new:is}",
        _GRU["h_new"][2],
    ),
    "product": (
        "product",
        "w_h h + b_hn = {sum_product} = {product:is}",
        "The candidate's recurrent weight, and its bias, before the reset.",
    ),
}
_RNN = {
    "h": ("state h", "h = {h:is}", "The memory, overwritten at every step."),
    "w_x": ("product", "w_x · x = {sum_x} = {w_x:is}", "The input's say."),
    "w_h": ("product", "w_h · h = {sum_old} = {w_h:is}", "The old state's say."),
    "a": ("sum", "a = {sum_h} = {a:is}", "Both, plus the bias."),
    "h_new": (
        "new state h′",
        "h′ = tanh(a) = tanh({a}) = {h_new:is}",
        "No gate: the old state always passes the weight and the tanh.",
    ),
}


def symbol(name):
    """Return a number's symbol: ``h_new`` is h′."""
    return _PRIMES.get(name, name)


def explained(kind, v, reset="before"):
    """Return what there is to say of every part.

    Parameters
    ----------
    kind, reset : str
        As in `lessons.explorers.cell`.
    v : dict
        Numbers of the step, and ``"sum_f"`` …: weight of x, weight of h and bias.

    Returns
    -------
    dict of str to (str, str, str)
        By part: its name, its equation with numbers, its meaning.
    """
    after = reset == "after"
    parts = _X | {"lstm": _LSTM, "gru": _GRU_AFTER if after else _GRU, "rnn": _RNN}[kind]
    sums = {name: value for name, value in v.items() if isinstance(value, tuple)}
    shown = {name: _Number(value) for name, value in v.items() if name not in sums}
    for name, (w_x, w_h, b) in sums.items():
        shown[name] = _terms((w_x, v["x"]), (w_h, v["h"]), (b,))
    if kind == "gru":
        w_x, w_h, b = v["sum_n"]
        shown["inside"] = _terms((w_x, v["x"]), (w_h, v["seen"]), (b,))
        if after:
            shown["inside"] = f"{_terms((w_x, v['x']), (b,))} {shown['seen']:add}"
            shown["sum_product"] = _terms((w_h, v["h"]), (v["b_hn"],))
    if kind == "rnn":
        w_x, w_h, _ = v["sum_h"]
        shown |= {"sum_x": _terms((w_x, v["x"])), "sum_old": _terms((w_h, v["h"]))}
    return {part: (name, words.format(**shown), why) for part, (name, words, why) in parts.items()}


class _Number(float):
    """A number as an equation writes it."""

    def __format__(self, how):
        words = number(self)
        if how == "add":
            return f"{'−' if self < 0 else '+'} {number(abs(self))}"
        return {"": words, "in": _in(words), "is": bold(words)}[how]


def _terms(*products):
    """Write a sum of products: 0.5 · 2 − 0.4 · 0.5 + 1."""
    words = ""
    for first, *others in products:
        sign = " − " if first < 0 else " + "
        sign = sign if words else sign.strip(" +").replace("− ", "−")
        words += sign + " · ".join([_brief(abs(first)), *(_in(_brief(other)) for other in others)])
    return words


def _brief(value):
    return number(value).rstrip("0").rstrip(".")


def _in(words):
    return f"({words})" if words.startswith("−") else words
