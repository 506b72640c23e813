"""The recurrent cells as drawings: SVG text, one unit and one feature, with the numbers of one step in it.

Values run along wires, as thick as they are large, blue above zero and red below it. A gate is a tap on a
wire, filled as far as it is open.
"""

import html
import re
from pathlib import Path

import numpy as np

from lessons.figures.style import BLUE, ORANGE, PURPLE, SKY, VERMILION

VIEW = "0 30 820 366"
_RADIUS = 22  # of taps and of the circles in which something is computed
_STRIP = 660, 300, 152, 74  # x, y, width and height of the window, as the cell reads it

_PALETTE = {"BLUE": BLUE, "ORANGE": ORANGE, "PURPLE": PURPLE, "SKY": SKY, "VERMILION": VERMILION}


def _style():
    css = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
    return re.sub("[A-Z]{3,}", lambda name: _PALETTE[name[0]], css)


STYLE = _style()


def draw_cell(kind, values, names, *, chosen, window, read, kept, alt):
    """Draw a cell with the numbers of one step.

    Parameters
    ----------
    kind : {"lstm", "gru before", "gru after", "rnn"}
    values : dict of str to float
        Inputs, gates, pre-activations (``"a_f"``), products and states of the step, by name.
    names : dict of str to str
        What can be chosen, and how it is called.
    chosen : str
        Which of them is.
    window : array_like of shape (T,)
        What the cell reads, scaled.
    read : int
        How many values it has read; 0 if the numbers were set by hand.
    kept : array_like of shape (read,)
        What it remembered after each.
    alt : str
        Text equivalent.

    Returns
    -------
    str
        SVG, with its own style sheet.
    """
    sketch = _Sketch(values, names, chosen)
    {"lstm": _lstm, "gru before": _gru, "gru after": _gru, "rnn": _rnn}[kind](sketch, kind == "gru after")
    sketch.strip(np.asarray(window, float), read, np.asarray(kept, float))
    return (
        f'<svg class="lessons-cell" viewBox="{VIEW}" role="group" '
        f'aria-label="{html.escape(alt)}"><style>{STYLE}</style>{"".join(sketch.items)}</svg>'
    )


def _lstm(s, _):
    s.wire("h", (108, 308), (572, 308), head=False)
    s.wire("x", (108, 364), (608, 364), head=False)
    for x in (190, 320, 440, 590):
        s.wire("h", (x - 18, 308), (x - 18, 271), tapped=True)
        s.wire("x", (x + 18, 364), (x + 18, 271), tapped=True, over=308)
    s.wire("c", (108, 70), (168, 70))
    s.wire("f_c", (212, 70), (418, 70))
    s.wire("c_new", (462, 70), (712, 70))
    s.wire("c_new", (690, 70), (690, 112), tapped=True)
    s.wire("g", (440, 215), (440, 162))
    s.wire("i_g", (440, 118), (440, 92))
    s.wire("tanh_c", (690, 156), (690, 182))
    s.wire("h_new", (690, 226), (690, 262), (712, 262))
    s.control((190, 215), (190, 92))
    s.control((320, 215), (320, 140), (418, 140))
    s.control((590, 215), (590, 204), (668, 204))
    s.port("c", "memory c", 56, 70)
    s.port("h", "shown h", 56, 308)
    s.port("x", "input x", 56, 364)
    s.port("c_new", "memory c′", 764, 70)
    s.port("h_new", "shown h′", 764, 262)
    for x, gate, name in ((190, "f", "forget"), (320, "i", "input"), (590, "o", "output")):
        s.box(gate, f"{name} {gate}", f"σ({s.short('a_' + gate)})", x)
    s.box("g", "candidate g", f"tanh({s.short('a_g')})", 440)
    s.tap("f_c", "f", 190, 70)
    s.tap("i_g", "i", 440, 140)
    s.tap("h_new", "o", 690, 204)
    s.circle("c_new", "+", 440, 70)
    s.circle("tanh_c", "tanh", 690, 134)
    s.note("f", 218, 122)
    s.note("i", 412, 126, "end")
    s.note("o", 662, 196, "end")
    s.note("g", 456, 198)
    s.note("f_c", 315, 50, "middle", "f·c")
    s.note("i_g", 456, 112, label="i·g")
    s.note("tanh_c", 718, 150, label="")


def _gru(s, after):
    keep, write = ("z", "1−z") if after else ("1−z", "z")
    s.wire("h", (108, 70), (168, 70))
    s.wire("h", (119, 70), (119, 308), (356 if after else 433, 308), tapped=True)
    s.wire("x", (108, 364), (558, 364), head=False)
    for x in (190, 320):
        s.wire("h", (x - 18, 308), (x - 18, 271), tapped=True)
    for x in (190, 320, 540):
        s.wire("x", (x + 18, 364), (x + 18, 271), tapped=True, over=308 if x < 500 else None)
    s.wire("kept", (212, 70), (518, 70))
    s.wire("h_new", (562, 70), (712, 70))
    s.wire("n", (540, 215), (540, 162))
    s.wire("written", (540, 118), (540, 92))
    s.wire("seen", (477, 308), (522, 308), (522, 271))
    s.control((190, 215), (190, 92))
    s.control((190, 140), (518, 140))
    s.control((374, 243), (455, 243), (455, 286))
    s.port("h", "state h", 56, 70)
    s.port("x", "input x", 56, 364)
    s.port("h_new", "state h′", 764, 70)
    s.box("z", "update z", f"σ({s.short('a_z')})", 190)
    s.box("r", "reset r", f"σ({s.short('a_r')})", 320)
    s.box("n", "candidate n", f"tanh({s.short('a_n')})", 540)
    if after:
        s.wire("product", (420, 308), (433, 308))
        s.plate("product", "w h + b", 390, 308)
    s.tap("seen", "r", 455, 308)
    s.tap("kept", keep, 190, 70, level="keep")
    s.tap("written", write, 540, 140, level="write")
    s.circle("h_new", "+", 540, 70)
    s.note("z", 218, 122)
    s.note("r", 455, 348, "middle")
    s.note("n", 556, 198)
    s.note("kept", 365, 50, "middle", f"{_bracket(keep)}·h")
    s.note("written", 556, 112, label=f"{_bracket(write)}·n")


def _rnn(s, _):
    s.wire("h", (108, 150), (250, 150))
    s.wire("x", (108, 240), (250, 240))
    s.wire("w_h", (250, 150), (380, 150), (380, 173))
    s.wire("w_x", (250, 240), (380, 240), (380, 217))
    s.wire("a", (402, 195), (500, 195))
    s.wire("h_new", (544, 195), (712, 195))
    s.port("h", "state h", 56, 150)
    s.port("x", "input x", 56, 240)
    s.port("h_new", "state h′", 764, 195)
    s.plate("w_h", "w h", 250, 150)
    s.plate("w_x", "w x", 250, 240)
    s.circle("a", "+", 380, 195)
    s.circle("h_new", "tanh", 522, 195)
    s.note("w_h", 340, 132, "middle", "")
    s.note("w_x", 340, 276, "middle", "")
    s.note("a", 452, 176, "middle")


class _Sketch:
    """Collects the parts of a drawing; each takes its number, its width and its colour from ``values``."""

    def __init__(self, values, names, chosen):
        self.values, self.names, self.chosen, self.items = values, names, chosen, []

    def short(self, name):
        return number(self.values[name], 2)

    def wire(self, name, *points, tapped=False, head=True, over=None):
        """Draw the way of a value.

        ``tapped`` puts a dot where it leaves another wire, ``head`` an arrow at its end; ``over`` is the
        height at which it crosses another one.
        """
        value = self.values[name]
        sign, width = "plus" if value >= 0 else "minus", 1.5 + 3 * min(abs(value), 2)
        way = path(points)
        if over:
            gap = path([(points[0][0], over + 9), (points[0][0], over - 9)])
            self.items.append(f'<path class="gap" d="{gap}" style="stroke-width:{width + 7:.2f}px"/>')
        self.items.append(f'<path class="wire {sign}" d="{way}" style="stroke-width:{width:.2f}px"/>')
        if tapped:
            (x, y), size = points[0], 2.5 + width / 2
            self.items.append(f'<circle class="dot {sign}" cx="{x}" cy="{y}" r="{size:.2f}"/>')
        if head:
            (x0, y0), (x, y) = points[-2:]
            u, v, half = np.sign(x - x0), np.sign(y - y0), 4 + width / 2
            corners = (x, y), (x - 10 * u - half * v, y - 10 * v + half * u)
            corners += ((x - 10 * u + half * v, y - 10 * v - half * u),)
            self.items.append(f'<path class="head {sign}" d="{path(corners)} Z"/>')

    def control(self, *points):
        """Draw the line from a gate to its tap."""
        self.items.append(f'<path class="control" d="{path(points)}"/>')

    def port(self, name, label, x, y):
        """Draw where a value comes in or goes out."""
        self._part(
            name,
            f'<rect class="shape" x="{x - 52}" y="{y - 25}" width="104" height="50" rx="25"/>'
            + _text(label, x, y - 5, "small")
            + _text(number(self.values[name]), x, y + 16, "value"),
        )

    def box(self, gate, label, formula, x):
        """Draw where a gate or the candidate is computed."""
        look = "shape" if formula.startswith("tanh") else "shape gate"
        self._part(
            gate,
            f'<rect class="{look}" x="{x - 57}" y="215" width="114" height="56" rx="8"/>'
            + _text(label, x, 237)
            + _text(formula, x, 261, "formula"),
        )

    def plate(self, name, label, x, y):
        """Draw a product with a weight."""
        shape = f'<rect class="shape" x="{x - 34}" y="{y - 17}" width="68" height="34" rx="4"/>'
        self._part(name, shape + _text(label, x, y + 6, "small"))

    def tap(self, name, gate, x, y, level=None):
        """Draw a gate's tap on a wire, filled as far as it is open; ``name`` is what comes through."""
        open_ = min(max(self.values[level or gate], 0.0), 1.0)
        inner = _RADIUS - 1
        top = y + inner * (1 - 2 * open_)
        half = np.sqrt(max(inner**2 - (top - y) ** 2, 0.0))
        arc = f"A{inner} {inner} 0 {int(open_ > 0.5)} 0 {x + half:.2f} {top:.2f}"
        level = f'<path class="level" d="M{x - half:.2f} {top:.2f} {arc} Z"/>'
        ring = f'<circle class="shape gate" cx="{x}" cy="{y}" r="{_RADIUS}"/>'
        label = _text(gate, x, y + 6, "halo value")
        if len(gate) > 1:  # beside it: where the level cuts a minus sign, it reads as "="
            label = _text(gate, x - 42, y - 20, "halo small")
        self._part(name, ring + level + label)

    def circle(self, name, label, x, y):
        """Draw a sum or a tanh."""
        shape = f'<circle class="shape" cx="{x}" cy="{y}" r="{_RADIUS}"/>'
        self._part(name, shape + _text(label, x, y + 6, "small" if len(label) > 1 else "value"))

    def note(self, name, x, y, anchor="start", label=None):
        """Write a number beside its wire or tap."""
        label = name if label is None else label
        words = f'{label} <tspan class="value">{number(self.values[name])}</tspan>'
        place = f'x="{x}" y="{y}" text-anchor="{anchor}"'
        self.items.append(f'<text class="halo" {place}>{words.strip()}</text>')

    def strip(self, window, read, kept):
        """Draw the window, and over it what was remembered of the values read so far."""
        left, top, width, height = _STRIP
        scale = max(2.2, np.max(np.abs(window)), np.max(np.abs(kept), initial=0))
        across = left + 6 + (width - 12) * np.arange(len(window)) / max(len(window) - 1, 1)

        def curve(values, look):
            y = top + height / 2 - values / scale * (height / 2 - 5)
            return f'<path class="curve {look}" d="{path(zip(across, y, strict=False))}"/>' if read else ""

        frame = f'<rect class="frame" x="{left}" y="{top}" width="{width}" height="{height}" rx="4"/>'
        y = top + height / 2 - window / scale * (height / 2 - 5)
        grey = f'<path class="curve" d="{path(zip(across, y, strict=True))}"/>'
        now = across[read - 1] if read else left
        mark = f'<path class="now" d="M{now:.1f} {top} V{top + height}"/>' if read else ""
        words = f"{read} of {len(window)} values" if read else "window: press Play"
        self.items += [
            f'<g class="strip" data-values="{len(window)}">{frame}{grey}{curve(kept, "kept")}{mark}</g>',
            _text(words, left + width / 2, top + height + 18, "small"),
        ]

    def _part(self, name, drawn):
        chosen = name == self.chosen
        label = f"{self.names[name]}: {number(self.values[name])}"
        self.items.append(
            f'<g class="part{" chosen" * chosen}" data-part="{name}" tabindex="0" role="button" '
            f'aria-pressed="{str(chosen).lower()}" aria-label="{html.escape(label)}">{drawn}</g>'
        )


def number(value, digits=4):
    """Write a number with a true minus sign, and no minus before zero."""
    return f"{value + 0.0:.{digits}f}".replace("-", "−" if round(value, digits) else "")


def _bracket(words):
    return f"({words})" if "−" in words else words


def path(points):
    """Return points as the SVG path that joins them."""
    return "M" + " L".join(f"{x:.5g} {y:.5g}" for x, y in points)


def _text(words, x, y, look=""):
    return f'<text x="{x}" y="{y}" text-anchor="middle" class="{look}">{html.escape(words)}</text>'
