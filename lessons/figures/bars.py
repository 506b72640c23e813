"""Figures that compare scores: the scoreboard, leaks, plain bars."""

import numpy as np
import plotly.graph_objects as go

from lessons.figures.style import BLUE, DARK, ORANGE, line, log_axis, new_figure, readable, style, with_unit
from lessons.tables import alike


def score_bars(board, *, title=None, unit=""):
    """Draw a scoreboard: one bar a model, best on top, with the naive error and the noise floor as lines.

    Parameters
    ----------
    board : lessons.scores.Scoreboard
        Rows with mean squared errors and their standard deviations over seeds, in the series' unit, squared.
    title : str, optional
        The finding; by default who wins, and by how much against the last value.
    unit : str
        Unit of the series.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    rows = sorted(board.rows, key=lambda row: row.mse, reverse=True)  # Plotly draws the first at the bottom
    title = title if title is not None else _verdict(rows[-1], board.naive)
    digits = getattr(board, "digits", 4)
    spread = [f" ± {r.mse_sd:.{digits}f}" if r.seeds > 1 else "" for r in rows]
    labels = [f"{r.mse:.{digits}f}{sd}" for r, sd in zip(rows, spread, strict=True)]
    floor = board.noise_floor
    spoken = "; ".join(f"{row.name} {label}" for row, label in zip(rows[::-1], labels[::-1], strict=True))
    alt = f"Bar chart of test MSE, best first. {title}. {spoken}" + (
        f"; noise floor {floor:.4f}." if floor is not None else "."
    )
    names, mses, sds = [r.name for r in rows], [r.mse for r in rows], [r.mse_sd for r in rows]
    end = max(r.mse + r.mse_sd for r in rows)
    # values in the margin, where neither line can strike one through
    traces = _horizontal_bars(names, mses, labels, sds, column=1.02 * end)
    figure = new_figure(traces, title=title, x=with_unit("test MSE", unit and f"{unit}²"), y="", alt=alt)
    figure.update_layout(
        showlegend=False, hovermode="closest", height=120 + 38 * len(rows), barmode="overlay"
    )
    figure.update_xaxes(range=[0, 1.02 * end])
    figure.update_layout(yaxis_ticklabelstandoff=6, margin_r=150)
    _mark_value(figure, "last value", board.naive.mse, "left", digits)
    if floor is not None:
        side = "right" if floor > 0.5 * board.naive.mse else "left"
        _mark_value(figure, "noise floor", floor, side, digits, yshift=15)  # above the other, on a phone too
    return figure


def bars(values, *, title="", x="MSE"):
    """Draw one horizontal bar a model, in the order given, with its value beside it.

    Parameters
    ----------
    values : dict of str to float
        Scores by name.
    title, x : str
        The finding, and the title of the value axis with its unit.

    Returns
    -------
    plotly.graph_objects.Figure
        Trace 0 holds the bars, trace 1 the printed values.
    """
    names, scores = list(values)[::-1], list(values.values())[::-1]
    labels = alike(scores)
    spoken = "; ".join(f"{name} {label}" for name, label in zip(names[::-1], labels[::-1], strict=True))
    alt = f"Bar chart of {x}. {title}. {spoken}."
    traces = _horizontal_bars(names, scores, labels)
    figure = new_figure(traces, title=title, x=x, y="", alt=alt, showlegend=False, hovermode="closest")
    figure.update_layout(height=100 + 38 * len(names), margin_t=48, yaxis_ticklabelstandoff=6)
    return figure


def leaks(rows, *, title):
    """Draw what leaks do: the honest error, the leaked one, and the factor between them.

    Parameters
    ----------
    rows : list of (str, float, float)
        Name, honest error, leaked error; each pair in one unit.
    title : str
        The finding.

    Returns
    -------
    plotly.graph_objects.Figure
        Traces "honest" and "leaked", on a logarithmic axis, first row on top.
    """
    names, honest, leaked = zip(*rows[::-1], strict=True)
    factors = [f"{h / k:.1f}×" if h / k >= 1.05 else "no effect" for h, k in zip(honest, leaked, strict=True)]
    spoken = "; ".join(
        f"{n}: honest {readable(h)}, leaked {readable(k)}, {f}"
        for n, h, k, f in zip(names[::-1], honest[::-1], leaked[::-1], factors[::-1], strict=True)
    )
    rods = go.Scatter(
        x=np.ravel([[h, k, np.nan] for h, k in zip(honest, leaked, strict=True)]),
        y=np.repeat(names, 3),
        **{"mode": "lines", "line": {"color": DARK, "width": 2}, "hoverinfo": "skip", "showlegend": False},
    )
    marker = {"size": 13, "color": ORANGE, "symbol": "diamond-open", "line": {"width": 3, "color": ORANGE}}
    traces = [
        rods,
        go.Scatter(x=honest, y=names, name="honest", mode="markers", marker={"size": 13, "color": BLUE}),
        go.Scatter(x=leaked, y=names, name="leaked", mode="markers", marker=marker),
    ]
    alt = f"Dumbbell chart of the MSE. {title}. {spoken}."
    figure = new_figure(traces, title=title, x="MSE, logarithmic", y="", alt=alt, hovermode="closest")
    low, high = np.log10(min(*honest, *leaked)), np.log10(max(*honest, *leaked))
    for row in zip(honest, leaked, names, factors, strict=True):
        middle = np.log10(row[:2]).mean()  # annotations want the logarithm
        figure.add_annotation(x=middle, y=row[2], text=row[3], showarrow=False, yshift=16)
    room = 0.12 * (high - low) + 0.05
    left, right = low - room, high + room
    figure.update_xaxes(log_axis(left, right), range=[left, right])
    return figure.update_layout(height=140 + 40 * len(names), yaxis_ticklabelstandoff=6)


def _horizontal_bars(names, values, labels, sds=None, column=None):
    """Bars and their printed values: at the ends of the bars, or all of them at ``column``."""
    colors = [style(name)["color"] for name in names]
    bar = go.Bar(x=values, y=names, orientation="h", marker_color=colors, hoverinfo="x+y", name="score")
    ends = np.array(values, dtype=float)
    if sds is not None and np.any(sds):
        bar.error_x = {"array": sds, "color": DARK, "thickness": 2, "width": 5}
        ends = ends + sds
    if column is not None:
        ends = np.full(len(ends), column)
    text = go.Scatter(x=ends, y=names, text=[f" {label}" for label in labels], mode="text", name="printed")
    return [bar, text.update(textposition="middle right", hoverinfo="skip", cliponaxis=False)]


def _mark_value(figure, name, value, anchor, digits, yshift=0):
    figure.add_shape(type="line", yref="paper", x0=value, x1=value, y0=0, y1=1, line=line(name), name=name)
    place = {"yref": "paper", "y": 1, "yanchor": "bottom", "xanchor": anchor, "yshift": yshift}
    figure.add_annotation(x=value, text=f"{name} {value:.{digits}f}", showarrow=False, **place)


def _verdict(best, naive):
    if best.name == naive.name:
        return f"Nothing beats the last value ({naive.mse:.4f})"
    return f"{best.name} is best: {best.mse:.4f} against {naive.mse:.4f} for the last value"
