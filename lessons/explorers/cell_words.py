"""What the cell explorer says of each part of its drawing: name, equation with numbers, meaning."""

from lessons.explorers.base import bold
from lessons.figures.cell_drawing import number

_PRIMES = {"h_new": "h′", "c_new": "c′"}


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
    inputs = {"x": ("input x", _value("x", v), "One value of the series, scaled.")}
    return inputs | {"lstm": _lstm, "gru": _gru, "rnn": _rnn}[kind](v, reset == "after")


def _lstm(v, _):
    n = {key: number(value) for key, value in v.items() if isinstance(value, float)}
    gates = {
        "f": ("forget gate f", "How much of the old memory is kept: 1 keeps everything, 0 nothing."),
        "i": ("input gate i", "How much of the candidate is written."),
        "o": ("output gate o", "How much of the new memory is shown."),
    }
    return {
        "h": ("shown h", _value("h", v), "What the step before has shown."),
        "c": ("memory c", _value("c", v), "What the step before has kept, for the cell alone."),
        **{g: (name, _squashed(g, "σ", v), meaning) for g, (name, meaning) in gates.items()},
        "g": ("candidate g", _squashed("g", "tanh", v), "What could be written: a value between −1 and 1."),
        "f_c": (
            "what is kept",
            f"f · c = {n['f']} · {_in(n['c'])} = {bold(n['f_c'])}",
            "Memory after the forget gate.",
        ),
        "i_g": (
            "what is written",
            f"i · g = {n['i']} · {_in(n['g'])} = {bold(n['i_g'])}",
            "The candidate after the input gate.",
        ),
        "c_new": (
            "new memory c′",
            f"c′ = f · c + i · g = {n['f_c']} {_plus(v['i_g'])} = {bold(n['c_new'])}",
            "Kept, plus written: no matrix and no squashing on this road.",
        ),
        "tanh_c": (
            "tanh",
            f"tanh(c′) = tanh({n['c_new']}) = {bold(n['tanh_c'])}",
            "The memory may grow beyond 1; what is shown of it stays between −1 and 1.",
        ),
        "h_new": (
            "shown h′",
            f"h′ = o · tanh(c′) = {n['o']} · {_in(n['tanh_c'])} = {bold(n['h_new'])}",
            "What the next step's gates see; after the last step, what the forecast is made of.",
        ),
    }


def _gru(v, after):
    n = {key: number(value) for key, value in v.items() if isinstance(value, float)}
    w_x, w_h, b = v["sum_n"]
    keep, write = ("z", "1−z") if after else ("1−z", "z")
    keep_, write_ = (f"({gate})" if "−" in gate else gate for gate in (keep, write))
    if after:
        inside = f"{_terms((w_x, v['x']), (b,))} {_plus(v['seen'])}"
        seen = "r · (w_h h + b_hn)", f"{n['r']} · {_in(n['product'])}"
        place = "Reset after the product: r scales what the weight has made of the state, and b_hn with it."
    else:
        inside = _terms((w_x, v["x"]), (w_h, v["seen"]), (b,))
        seen = "r · h", f"{n['r']} · {_in(n['h'])}"
        place = "Reset before the product: r scales the state that the candidate looks at."
    parts = {
        "h": ("state h", _value("h", v), "The memory, for everyone to see."),
        "r": (
            "reset gate r",
            _squashed("r", "σ", v),
            "How much of the old state the candidate may look at. It erases nothing.",
        ),
        "z": (
            "update gate z",
            _squashed("z", "σ", v),
            f"z = 1 {'keeps the old state' if after else 'writes the candidate'}.",
        ),
        "n": (
            "candidate n",
            f"n = tanh({inside}) = tanh({n['a_n']}) = {bold(n['n'])}",
            "What could be written: a value between −1 and 1.",
        ),
        "seen": ("what the candidate sees", f"{seen[0]} = {seen[1]} = {bold(n['seen'])}", place),
        "kept": (
            "what is kept",
            f"{keep_} · h = {n['keep']} · {_in(n['h'])} = {bold(n['kept'])}",
            "The old state's share.",
        ),
        "written": (
            "what is written",
            f"{write_} · n = {n['write']} · {_in(n['n'])} = {bold(n['written'])}",
            "The candidate's share; the two shares add up to 1.",
        ),
        "h_new": (
            "new state h′",
            f"h′ = {keep_} · h + {write_} · n = {n['kept']} {_plus(v['written'])} = {bold(n['h_new'])}",
            "A blend of old state and candidate.",
        ),
    }
    if after:
        product = f"w_h h + b_hn = {_terms((w_h, v['h']), (v['b_hn'],))} = {bold(n['product'])}"
        parts["product"] = (
            "product",
            product,
            "The candidate's recurrent weight, and its bias, before the reset.",
        )
    return parts


def _rnn(v, _):
    n = {key: number(value) for key, value in v.items() if isinstance(value, float)}
    w_x, w_h, b = v["sum_h"]
    return {
        "h": ("state h", _value("h", v), "The memory, overwritten at every step."),
        "w_x": ("product", f"w_x · x = {_terms((w_x, v['x']))} = {bold(n['w_x'])}", "The input's say."),
        "w_h": ("product", f"w_h · h = {_terms((w_h, v['h']))} = {bold(n['w_h'])}", "The old state's say."),
        "a": (
            "sum",
            f"a = {_terms((w_x, v['x']), (w_h, v['h']), (b,))} = {bold(n['a'])}",
            "Both, plus the bias.",
        ),
        "h_new": (
            "new state h′",
            f"h′ = tanh(a) = tanh({n['a']}) = {bold(n['h_new'])}",
            "No gate: the old state always passes the weight and the tanh.",
        ),
    }


def _squashed(gate, squash, v):
    w_x, w_h, b = v[f"sum_{gate}"]
    terms = _terms((w_x, v["x"]), (w_h, v["h"]), (b,))
    return f"{gate} = {squash}({terms}) = {squash}({number(v['a_' + gate])}) = {bold(number(v[gate]))}"


def _value(name, v):
    return f"{name} = {bold(number(v[name]))}"


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


def _plus(value):
    return f"{'−' if value < 0 else '+'} {number(abs(value))}"


def _in(words):
    return f"({words})" if words.startswith("−") else words
