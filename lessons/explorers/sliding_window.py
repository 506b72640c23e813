"""Lesson 01: a window slides along a series, and rows of X and y fill beside it."""

import numpy as np
import plotly.graph_objects as go

from lessons import figures
from lessons.explorers.base import Explorer, bold, player, slider
from lessons.live_figure import LiveFigure
from lessons.series import two_waves
from lessons.windows import make_windows

N_VALUES, AT = 30, 20  # values shown, and the index at which the test part begins
LONGEST, FARTHEST, SHOWN = 6, 3, 5  # window, horizon, rows of X and y that have room
PARTS = ("train", "test", "neither")
TINTS = ("rgba(86,180,233,.35)", "rgba(204,121,167,.4)", "rgba(127,127,127,.25)")  # train, test, neither


def sliding_window():
    """Explore how a series becomes windows and targets, one row after the other, and which part they are in.

    Returns
    -------
    Explorer
        Controls ``position`` (number of the window), ``window`` (2 … 6 time steps) and ``horizon`` (1 … 3).
        Positions behind the last window show the last one.
    """
    y = np.round(two_waves()[1][: 4 * N_VALUES : 4].astype(float), 1) + 0.0  # no "-0.0"
    live = LiveFigure(_picture(y))

    def draw(position, window, horizon):
        X, targets, target_index = make_windows(y, window, horizon)
        parts = [_part(first, horizon) for first in target_index]
        row = min(position, len(X) - 1)
        inputs, outputs = slice(row, row + window), slice(row + window, row + window + horizon)
        t = np.arange(N_VALUES)
        columns, lines, numbers, z = _rows(X[..., 0], targets, parts, row)
        title = f"Row {row} {_verb(parts[row])}"
        said = f"{_listed(y[inputs])} → {_listed(y[outputs])}"
        alt = f"A series with a window and its target, and the rows of X and y up to it. {title}: {said}."
        live.update(
            x={"window": t[inputs], "target": t[outputs], "numbers": columns},
            y={"window": y[inputs], "target": y[outputs], "numbers": lines},
            text={"numbers": numbers},
            z={"part": z},
            layout={"title_text": title, "meta": {"alt": alt}},
        )
        return _told(said, title, parts, window, horizon)

    controls = {
        "position": slider("position", 4, 0, N_VALUES - 3, 1, "Number of the window, from 0"),
        "window": slider("window", 4, 2, LONGEST, 1, "Time steps that a forecast may look at"),
        "horizon": slider("horizon", 1, 1, FARTHEST, 1, "Time steps to forecast"),
    }
    return Explorer(controls, draw, live, beside={"position": [player(controls["position"], 500)]})


def _part(first, horizon):
    """The part of a window whose targets begin at series index ``first``."""
    return "test" if first >= AT else "train" if first + horizon <= AT else "neither"


def _verb(part):
    return {"train": "trains", "test": "tests"}.get(part, "does neither: its targets lie on both sides")


def _rows(X, targets, parts, row):
    """The rows up to ``row`` as places and texts of their numbers, and the part of each cell (rows, columns).

    Columns 0 … 5 hold X, flush right, 7 … 9 hold y; line 0 is the latest row that is shown, at the bottom.
    """
    columns, lines, texts = [], [], []
    z = np.full((SHOWN, LONGEST + 1 + FARTHEST), np.nan)
    for line, i in enumerate(range(row, max(row - SHOWN, -1), -1)):
        places = [*range(LONGEST - X.shape[1], LONGEST), *range(LONGEST + 1, LONGEST + 1 + targets.shape[1])]
        columns += [-1.1, *places]
        lines += [line] * (1 + len(places))
        values = [f"{v:.1f}".replace("-", "−") for v in (*X[i], *targets[i])]
        texts += [f"{i}", *([f"<b>{v}</b>" for v in values] if i == row else values)]
        z[line, places] = PARTS.index(parts[i])
    return columns, lines, texts, z


def _picture(y):
    """Draw the series, and below it room for rows of X and y."""
    below = {"xaxis": "x2", "yaxis": "y2"}
    scale = [[k / 3 + d, tint] for k, tint in enumerate(TINTS) for d in (0, 1 / 3)]
    traces = [
        go.Scatter(
            name="series", y=y, mode="lines+markers", line=figures.line("series", 1.5), marker={"size": 5}
        ),
        *(
            go.Scatter(name=name, mode="lines+markers", line=figures.line(name, 2), marker=_dots(name))
            for name in ("window", "target")
        ),
        go.Heatmap(
            **{"name": "part", "zmin": -0.5, "zmax": 2.5, "colorscale": scale, "showscale": False},
            **{"xgap": 2, "ygap": 2, "hoverinfo": "skip"},
            **below,
        ),
        go.Scatter(name="numbers", mode="text", showlegend=False, hoverinfo="skip", **below),
    ]
    figure = figures.new_figure(traces, title="", x="time step", y="value", alt="", hovermode="closest")
    border = {"type": "line", "yref": "y domain", "y0": 0, "y1": 1, "x0": AT - 0.5, "x1": AT - 0.5}
    figure.add_shape(**border, line=figures.line("noise floor", 1.5))
    for text, side, shift in (("train ◂", "right", -4), ("▸ test", "left", 4)):
        place = {"x": AT - 0.5, "xanchor": side, "xshift": shift, "yref": "y domain", "y": 0}
        figure.add_annotation(text=text, yanchor="bottom", showarrow=False, **place)
    for text, x in (("row", -1.1), ("X", LONGEST - 1), ("y", LONGEST + 1)):  # columns never empty
        place = {"xref": "x2", "yref": "y2", "y": SHOWN - 0.5, "yanchor": "bottom", "showarrow": False}
        figure.add_annotation(text=text, x=x, **place)
    hidden = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": "", "fixedrange": True}
    return figure.update_layout(
        height=345,
        margin={"t": 66, "b": 8},
        xaxis={"range": [-1, N_VALUES]},
        yaxis={"domain": [0.58, 1], "range": [-1.6, 1.6]},
        xaxis2={"anchor": "y2", "range": [-1.8, LONGEST + FARTHEST + 0.6], **hidden},
        yaxis2={"domain": [0, 0.36], "anchor": "x2", "range": [-0.6, SHOWN - 0.4], **hidden},
    )


def _dots(name):
    return {"size": 9, "symbol": figures.style(name)["symbol"], "color": figures.style(name)["color"]}


def _listed(values):
    words = ", ".join(f"{v:.1f}".replace("-", "−") for v in values)
    return f"[{words}]" if len(values) > 1 else words


def _told(said, title, parts, window, horizon):
    train, test, neither = (parts.count(part) for part in PARTS)
    left_out = f", {neither} neither" if neither else ""
    return (
        f"{bold(said)}: {title.lower()}.<br>{N_VALUES} values, window {window}, horizon {horizon}: "
        f"{len(parts)} rows, of which {train} train and {test} test{left_out}."
    )
