"""One look for every figure of the course: palette, template, alt text, and how a figure reaches the page."""

import re
import sys
from zlib import crc32

import numpy as np
import plotly.graph_objects as go
import plotly.io as pio

# Okabe and Ito's colours, told apart by colour-blind readers too.
ORANGE, SKY, GREEN, BLUE = "#E69F00", "#56B4E9", "#009E73", "#0072B2"
VERMILION, PURPLE = "#D55E00", "#CC79A7"
VIOLET = "#8A3FFC"  # one more, found by search: told apart from all of these in every simulation
GREY, DARK = "#949494", "#6e6e6e"  # the data and the truth; both stand out on white and on black

DASHDOTDOT, LONGEST_DASH = "9px,3px,2px,3px,2px,3px", "20px,4px"  # Plotly has no names for these

# Whoever appears in a plot looks the same in all of them: colour, dash, marker. Two that look alike in some
# kind of colour-blindness, or in grey, differ in dash and marker.
STYLES = {
    "series": (GREY, "solid", "circle"),
    "truth": (DARK, "solid", "circle"),
    "train": (SKY, "dash", "circle"),
    "validation": (PURPLE, DASHDOTDOT, "diamond"),
    "test": (PURPLE, "solid", "diamond"),
    "window": (BLUE, "solid", "circle"),
    "target": (VERMILION, "solid", "diamond"),
    "last value": (ORANGE, "dash", "square"),
    "drift": (ORANGE, "longdash", "triangle-up"),
    "linear extrapolation": (ORANGE, "longdashdot", "triangle-right"),
    "mean": (PURPLE, "dot", "x"),
    "seasonal naive": (PURPLE, "dashdot", "cross"),
    "trend line": (SKY, "8px,2px,3px,2px", "hourglass"),
    "train mean": (GREY, "2px,5px", "x"),
    "ridge": (GREEN, "longdash", "triangle-down"),
    "AR": (VIOLET, DASHDOTDOT, "triangle-left"),
    "nearest neighbour": (SKY, DASHDOTDOT, "hexagon"),
    "RNN": (SKY, LONGEST_DASH, "pentagon"),
    "LSTM": (VERMILION, "solid", "diamond"),
    "GRU": (BLUE, "dashdot", "star"),
    "TCN": (VIOLET, "11px,3px", "hexagon"),
    "Transformer": (SKY, "6px,6px", "square"),
    "LSTM centred": (VERMILION, "dash", "diamond-open"),
    "GRU centred": (BLUE, "longdashdot", "star-open"),
    "LSTM centred + skip": (VIOLET, "14px,2px,2px,2px", "hexagon-open"),  # drawn over the LSTM, bands and all
    "usual + last deviation": (BLUE, "longdash", "hourglass"),
    "usual + fading": (GREY, "3px,3px,14px,3px", "hourglass"),
    "noise floor": (DARK, "dot", "line-ew"),
}
_SPARE_DASHES = ("dashdot", "dot", "longdash", "longdashdot")


def style(name):
    """Return how a model or a part of the data is drawn everywhere in the course.

    Parameters
    ----------
    name : str
        For example ``"LSTM"`` or ``"last value"``. A variant, ``"LSTM centred + skip"``, gets the
        colour of the longest known name in it, and a dash of its own; an unknown name a colour and dash that
        depend on nothing but the name.

    Returns
    -------
    dict
        ``color``, ``dash`` and ``symbol``, as Plotly names them.
    """
    if name in STYLES:
        color, dash, symbol = STYLES[name]
        return {"color": color, "dash": dash, "symbol": symbol}
    number = crc32(name.encode())
    family = max((known for known in STYLES if _mentions(name, known)), key=len, default=None)
    if family is None:
        family = ("LSTM", "GRU", "ridge", "last value", "mean", "RNN")[number % 6]
    color, dash, symbol = STYLES[family]
    if name.startswith(family) and name[len(family) :].lstrip(" (").rstrip(")").replace(",", "").isdigit():
        return {"color": color, "dash": dash, "symbol": symbol}  # "seasonal naive 50" is no variant
    spare = [other for other in _SPARE_DASHES if other != dash]
    return {
        "color": color,
        "dash": spare[number % len(spare)],
        "symbol": f"{symbol.removesuffix('-open')}-open",
    }


def _mentions(name, known):
    return re.search(rf"\b{re.escape(known)}", name, re.IGNORECASE)


def line(name, width=2):
    """Return the Plotly ``line`` dict for ``name``."""
    look = style(name)
    return {"color": look["color"], "dash": look["dash"], "width": width}


_AXIS = {
    "gridcolor": "rgba(127,127,127,.25)",
    "zerolinecolor": "rgba(127,127,127,.45)",
    "linecolor": "rgba(127,127,127,.6)",
    "automargin": True,
    "ticklabeloverflow": "allow",  # the margin holds them all; else each is measured again at every change
    "title": {"standoff": 8, "font": {"size": 14}},
}


def log_axis(low=0.0, high=1.0):
    """Return an axis from 10^low to 10^high with ticks written out: as many as there is room for.

    1, 2, 5, 10, … over two and a half decades at most, then powers of ten, over six every second one.
    Plotly's own short forms ("2" for 0.02) take explaining.
    """
    digits = (1, 2, 5) if high - low <= 2.5 else (1,)
    powers = range(-8, 9) if high - low <= 6 else range(int(np.ceil(low)), int(high) + 1, 2)
    ticks = [digit * 10.0**power for power in powers for digit in digits]
    return {"type": "log", "tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}


LOG_AXIS = log_axis()
# Transparent, with text in a grey that reads on white and on black (in the page, in the page's own colour).
pio.templates["course"] = go.layout.Template(
    layout={
        "font": {"color": "#7f7f7f", "size": 14},
        "title": {
            "font": {"size": 16},
            **{"x": 0, "xref": "container", "xanchor": "left"},
            **{"y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 12, "l": 8}},
        },
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "height": 340,
        "margin": {"l": 64, "r": 24, "t": 76, "b": 40},
        "colorway": [VERMILION, BLUE, GREEN, ORANGE, PURPLE, SKY],
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1,
            "yanchor": "bottom",
            "xanchor": "left",
            "traceorder": "normal",
            "itemwidth": 40,
        },
        "hovermode": "x unified",
        "bargap": 0.35,
    }
)


def new_figure(traces, *, title, x, y, alt, **layout):
    """Return a figure in the course's look.

    Parameters
    ----------
    traces : list of plotly traces
        What to draw, back to front.
    title : str
        The finding, as a sentence.
    x, y : str
        Axis titles, with units.
    alt : str
        Text equivalent, read out by screen readers.
    **layout
        Anything else for ``Figure.update_layout``.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    figure = go.Figure(traces, layout={"template": "course", "title": {"text": title}, "meta": {"alt": alt}})
    figure.update_layout(xaxis_title_text=x, yaxis_title_text=y)
    return figure.update_layout(**layout)


def plural(count, noun):
    """Return "1 value", "3 values"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def readable(value):
    """Return a number or a date as a reader would write it: four significant digits, a day or a month."""
    if isinstance(value, np.datetime64):
        return str(value.astype("datetime64[D]") if np.datetime_data(value)[0] in "hms" else value)
    return f"{value:.4g}"


def with_unit(what, unit):
    """Return an axis title: ``"temperature (°C)"``, or just the quantity if ``unit`` is empty."""
    return f"{what} ({unit})" if unit else what


def in_kernel():
    """Tell whether this is a Jupyter kernel, where someone may look at figures."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


def show(figure):
    """Show a Plotly figure as a `LiveFigure`, whose plain-text form is the figure's alt text."""
    from IPython.display import display

    from lessons.live_figure import LiveFigure  # widgets only when something is shown

    display(LiveFigure(figure))


if in_kernel():
    pio.templates.default = "course"
    # not through a renderer of plotly.io: its module takes three times as long to import as all else here
    formatters = sys.modules["IPython"].get_ipython().display_formatter
    formatters.ipython_display_formatter.for_type(go.Figure, show)
