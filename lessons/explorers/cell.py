"""Lessons 03 and 04: inside the cell, one step with its numbers."""

import functools

import ipywidgets
import numpy as np

from lessons.explorers.base import bold, choice, plain, slider, switch
from lessons.explorers.cell_words import explained, symbol
from lessons.explorers.drawing import DrawnExplorer
from lessons.figures.cell_drawing import draw_cell, number
from lessons.rnn import gru_step, lstm_step, rnn_step, sigmoid
from lessons.series import trend_and_seasons
from lessons.windows import Standardizer

# The blocks of each cell in the order in which they are stacked: weight of x, weight of h, bias.
BLOCKS = {
    "lstm": {"i": (1, 0.3, -1), "f": (0.5, -0.4, 1), "g": (-0.5, 0.8, 0.2), "o": (0.2, 0.1, 0.5)},
    "gru": {"r": (0.4, 0.5, -1.8), "z": (0.5, -0.5, -0.5), "n": (-0.5, 1, 0)},
    "rnn": {"h": (0.5, 0.8, 0)},
}
START = {"lstm": {"x": 2.0, "h": 0.5, "c": 1.0}, "gru": {"x": 1.0, "h": 0.8}, "rnn": {"x": 1.0, "h": 0.5}}
RANGE = {"x": 3.0, "h": 1.0, "c": 3.0}
DIGIT = {"readout_format": ".1f"}  # a slider that is moved to 0.53 would send 0.5 back
WINDOW = 570, 630  # steps of `trend_and_seasons`: the last of its train part


def cell(kind="lstm", reset="before"):
    """Explore one step of a recurrent cell with a single unit and a single feature.

    Parameters
    ----------
    kind : {"lstm", "gru", "rnn"}
    reset : {"before", "after"}
        For the GRU, to begin with: the reset gate stands before the product with the recurrent weight, and
        z = 1 writes (as in this course); or after it, and z = 1 keeps (as in PyTorch).

    Returns
    -------
    Cell
        Controls: the inputs ``x``, ``h`` (and ``c``), the biases ``b_f``, ``b_i`` …, for the GRU ``reset``;
        ``part``, what is explained below the drawing, and ``step``, how many values of a real window
        have been read (0: the inputs are those of the sliders).

    Raises
    ------
    ValueError
        If `kind` or `reset` is unknown.
    """
    if kind not in BLOCKS:
        raise ValueError(f"kind must be one of {', '.join(BLOCKS)}, got {kind!r}")
    if reset not in ("before", "after") or (kind != "gru" and reset != "before"):
        raise ValueError(f'reset must be "before", or for the GRU "before" or "after", got {reset!r}')
    return Cell(kind, reset)


class Cell(DrawnExplorer):
    """A cell's drawing with sliders; *Step* and *Play* read a real window, through the real states.

    Attributes
    ----------
    numbers : dict of str to float
        All that is drawn: inputs, pre-activations ``a_f`` …, gates, products, new states.
    """

    def __init__(self, kind, reset):
        self.kind, self.numbers, start = kind, {}, START[kind]
        controls = {
            name: slider(name, start[name], -RANGE[name], RANGE[name], 0.1, **DIGIT) for name in start
        }
        for gate, (*_, bias) in BLOCKS[kind].items():
            controls[f"b_{gate}"] = slider(
                f"b_{gate}", float(bias), -6.0, 6.0, 0.1, "Bias of this block", **DIGIT
            )
        if kind == "gru":
            controls["b_hn"] = slider("b_hn", 0.0, -6.0, 6.0, 0.1, "Recurrent bias of the candidate", **DIGIT)
            controls["reset"] = switch("reset", ["before", "after"], "Before or after the product with W_hn")
            controls["reset"].value = reset
        controls["step"] = ipywidgets.IntSlider(0, 0, len(_window()), description="values read")
        controls["part"] = choice("part", list(explained(kind, compute(kind, reset, **start))))
        controls["part"].value = "c_new" if kind == "lstm" else "h_new"
        for name in ("step", "part"):
            controls[name].layout.display = "none"  # set in the drawing
        super().__init__(controls, self._show)

    def _show(self, step, part, reset="before", **given):
        state = {name: given.pop(name) for name in START[self.kind]}
        biases = {name: given[name] for name in given if name != "b_hn" or reset == "after"}
        kept = []
        if step:  # from zeros, through the states of every step before
            after = {f"{name}_new": 0.0 for name in "hc"}
            for x in _window()[:step]:
                state = {name: float(x) if name == "x" else after[f"{name}_new"] for name in state}
                after = compute(self.kind, reset, **state, **biases)
                kept.append(after["c_new" if self.kind == "lstm" else "h_new"])
            self._assign(
                {name: round(float(np.clip(state[name], -RANGE[name], RANGE[name])), 1) for name in state}
            )
        self.numbers = compute(self.kind, reset, **state, **biases)
        if self.kind == "gru":
            self.controls["b_hn"].layout.display = "none" if reset == "before" else None
        parts = explained(self.kind, self.numbers, reset)
        name, equation, meaning = parts[part]
        kind = f"gru {reset}" if self.kind == "gru" else self.kind
        self.live.svg = draw_cell(
            kind,
            self.numbers,
            {key: words[0] for key, words in parts.items()},
            chosen=part,
            window=_window(),
            read=step,
            kept=kept,
            alt=self._alt(),
        )
        return f"{bold(name)} &nbsp; {equation}<br>{meaning}"

    def recording(self):
        """Read the window to its end; set each number by hand, the others as they are at the start."""
        start = self.values
        steps = [{"step": step} for step in range(self.controls["step"].max + 1)]
        by_hand = [
            {name: value}
            for name in ("x", "h", "c", *(name for name in start if name.startswith("b_")))
            if name in start
            for value in np.linspace(self.controls[name].min, self.controls[name].max, 13).round(1).tolist()
        ]
        for reset in self.controls["reset"].options if "reset" in start else [None]:
            for change in steps + by_hand:
                for part in self.controls["part"].options:
                    setting = start | {"step": 0, "part": part} | change | ({"reset": reset} if reset else {})
                    self.set(**setting)
                    yield setting

    def __repr__(self):
        return f"{self._alt()}. {plain(self.readout.finding)}"

    def _alt(self):
        step, reset = self.values["step"], self.values.get("reset")
        shown = {"lstm": "x h c f i g o c_new h_new", "gru": "x h r z n h_new", "rnn": "x h h_new"}
        numbers = ", ".join(f"{symbol(key)} {number(self.numbers[key])}" for key in shown[self.kind].split())
        read = f"after {step} of {len(_window())} values" if step else "set by hand"
        which = f"GRU, reset {reset}" if self.kind == "gru" else self.kind.upper()
        return f"Inside a cell of one unit ({which}), {read}: {numbers}"


@functools.cache
def _window():
    """Return the window that is read, scaled, shape (60,)."""
    _, y = trend_and_seasons()
    return Standardizer().fit(y[: WINDOW[1]]).transform(y[slice(*WINDOW)])


def compute(kind, reset, x, h, c=0.0, b_hn=0.0, **biases):
    """Compute all numbers of one step of a cell with one unit and one feature.

    Parameters
    ----------
    kind, reset : str
        As in `cell`.
    x, h, c : float
        Input and states.
    b_hn : float
        The candidate's recurrent bias, of the GRU with reset "after".
    **biases : float
        ``b_f`` and the like, instead of those in `BLOCKS`.

    Returns
    -------
    dict of str to float
    """
    blocks = {g: (*w[:2], biases.get(f"b_{g}", w[2])) for g, w in BLOCKS[kind].items()}
    W_x, W_h, b = np.array(list(blocks.values()), float).T  # each (G,)
    step = np.array([[x]]), np.array([[h]])
    weights = W_x[None], W_h[None], b  # (1, G), (1, G), (G,)
    v = {"x": x, "h": h, "c": c}
    v |= {f"a_{g}": a for g, a in zip(blocks, x * W_x + h * W_h + b, strict=True)}
    v |= {f"sum_{g}": w for g, w in blocks.items()}
    v |= {g: sigmoid(v[f"a_{g}"]) for g in blocks if g in "ifo" + "rz"}
    if kind == "lstm":
        h_new, c_new = lstm_step(*step, np.array([[c]]), *weights)
        v |= {"h_new": h_new.item(), "c_new": c_new.item(), "g": np.tanh(v["a_g"])}
        v |= {"f_c": v["f"] * c, "i_g": v["i"] * v["g"], "tanh_c": np.tanh(v["c_new"])}
    elif kind == "gru":
        w_x, w_h, b_n = blocks["n"]
        after = reset == "after"
        v["product"] = w_h * h + b_hn
        v["seen"] = v["r"] * (v["product"] if after else h)
        v["a_n"] = w_x * x + (v["seen"] if after else w_h * v["seen"]) + b_n
        v["n"] = np.tanh(v["a_n"])
        v["keep"], v["write"] = (v["z"], 1 - v["z"]) if after else (1 - v["z"], v["z"])
        v |= {"kept": v["keep"] * h, "written": v["write"] * v["n"], "b_hn": b_hn}
        b_h = np.array([0, 0, b_hn]) if after else None
        v["h_new"] = gru_step(*step, *weights, b_h, reset).item()
    else:
        v |= {"w_x": W_x[0] * x, "w_h": W_h[0] * h, "a": v["a_h"], "h_new": rnn_step(*step, *weights).item()}
    return {key: value if isinstance(value, tuple) else float(value) for key, value in v.items()}
