"""Figures that look into a recurrent net: states step by step, and the levels it was shown."""

import numpy as np
import plotly.graph_objects as go

from lessons.figures.style import (
    BLUE,
    DARK,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    line,
    new_figure,
    readable,
    style,
)

PASSES = 1e-6  # relative error of a gradient below which a check passes
_LOOKS = tuple(
    zip(
        (BLUE, ORANGE, PURPLE, SKY, VERMILION),
        ("solid", "dash", "dot", "longdash", "dashdot"),
        ("circle", "square", "diamond", "triangle-up", "cross"),
        strict=True,
    )
)


def states(values, *, title="", y="cell state c"):
    """Draw how numbers inside a net develop from step to step.

    Parameters
    ----------
    values : dict of str to array_like of shape (T,)
        States without unit, by name; the first value belongs to step 0.
    title, y : str
        The finding, and the title of the vertical axis.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace a name, which stands at its right end.

    Raises
    ------
    ValueError
        If there are more than five.
    """
    if len(values) > len(_LOOKS):
        raise ValueError(f"values must hold at most {len(_LOOKS)} lines to be told apart, got {len(values)}")
    values = {name: np.ravel(series) for name, series in values.items()}
    ends = "; ".join(f"{n} from {readable(s[0])} to {readable(s[-1])}" for n, s in values.items())
    alt = f"Line chart of {y} by time step. {title}. {ends}."
    figure = new_figure([], title=title, x="time step", y=y, alt=alt)
    last = max(map(len, values.values())) - 1
    figure.update_layout(showlegend=False, margin_r=150, xaxis_range=[-0.02 * last, 1.01 * last])
    for (name, series), (color, dash, symbol) in zip(values.items(), _LOOKS, strict=False):
        trace = go.Scatter(x=np.arange(len(series)), y=series, name=name, mode="lines+markers")
        look = {"line": {"color": color, "dash": dash, "width": 2}, "marker": {"symbol": symbol, "size": 5}}
        figure.add_trace(trace.update(look))
        place = {"xanchor": "left", "xshift": 8, "showarrow": False, "font_color": color}
        figure.add_annotation(x=len(series) - 1, text=name, **place)
    for annotation, level in zip(figure.layout.annotations, _apart(values.values()), strict=True):
        annotation.y = level
    return figure


def gradient_errors(errors, *, title=""):
    """Draw how far gradients are off, a dot each, on both sides of the threshold of a gradient check.

    Parameters
    ----------
    errors : dict of str to float
        Relative errors, above 0, by the name of the backward pass; drawn from the top down.
    title : str
        The finding.

    Returns
    -------
    plotly.graph_objects.Figure
        Traces "passes" and "fails", on a logarithmic axis.

    Raises
    ------
    ValueError
        If an error is not above 0.
    """
    for name, error in errors.items():
        if not error > 0:
            raise ValueError(f"errors must be above 0 on a logarithmic axis, got {error} for {name!r}")
    spoken = "; ".join(f"{name} {error:.0e}" for name, error in errors.items())
    alt = f"Dot chart of relative errors. {title}. {spoken}. Below {PASSES:.0e} a check passes."
    looks = {
        "passes": (BLUE, "circle", "right"),
        "fails": (VERMILION, "x", "left"),
    }  # words towards the middle
    traces = []
    for verdict, (color, symbol, side) in looks.items():
        shown = {n: e for n, e in errors.items() if (e <= PASSES) == (verdict == "passes")}
        dots = go.Scatter(x=list(shown.values()), y=list(shown), name=verdict, mode="markers+text")
        dots.update(text=[f"{error:.0e}" for error in shown.values()], textposition=f"middle {side}")
        traces.append(dots.update(marker={"color": color, "symbol": symbol, "size": 12}))
    figure = new_figure(traces, title=title, x="largest relative error", y="", alt=alt)
    low, high = np.log10(min(errors.values())), np.log10(max(errors.values()))
    figure.update_xaxes(type="log", range=[low - 1, high + 2], dtick=2, exponentformat="power")
    figure.update_yaxes(categoryarray=list(errors)[::-1], ticklabelstandoff=8)
    figure.add_vline(x=PASSES, line={"color": DARK, "dash": "dot", "width": 1})
    return figure.update_layout(height=150 + 32 * len(errors), hovermode="closest")


def window_means(train_index, train_means, test_index, test_means, *, title=""):
    """Draw the mean of every window over the time of its target, and the range that training covered.

    Parameters
    ----------
    train_index, test_index : array_like of shape (N,)
        Series indices of the windows' targets, in either part.
    train_means, test_means : array_like of shape (N,)
        Means of the windows, in the series' unit.
    title : str
        The finding.

    Returns
    -------
    plotly.graph_objects.Figure
        Traces "train", "test, level seen in training" and "test, level never seen".

    Raises
    ------
    ValueError
        If there is no training window.
    """
    train_means, test_means = np.ravel(train_means), np.ravel(test_means)
    if not train_means.size:
        raise ValueError("train_means must hold at least one window, got none")
    low, high = train_means.min(), train_means.max()
    outside = (test_means < low) | (test_means > high)
    alt = (
        f"Means of windows over time. {title}. Training windows reach from {readable(low)} to "
        f"{readable(high)}; {outside.sum()} of {len(outside)} test windows lie outside."
    )
    parts = {
        "train": (train_index, train_means, style("series")["color"], "circle"),
        "test, level seen in training": (*_where(~outside, test_index, test_means), BLUE, "circle-open"),
        "test, level never seen": (*_where(outside, test_index, test_means), VERMILION, "diamond"),
    }
    traces = [
        go.Scatter(x=x, y=y, name=name, mode="markers", marker={"color": color, "symbol": symbol, "size": 5})
        for name, (x, y, color, symbol) in parts.items()
    ]
    x, y = "time step of the target", "mean of the window"
    figure = new_figure(traces, title=title, x=x, y=y, alt=alt, showlegend=True)
    figure.add_hrect(y0=low, y1=high, fillcolor=GREY, opacity=0.15, line_width=0, layer="below")
    for level in (low, high):
        figure.add_hline(y=level, line=line("noise floor", 1))
    return figure.update_layout(hovermode="closest")


def _apart(lines):
    """Return the last value of every line, moved up where two labels would overlap."""
    lines = list(lines)
    spread = max(series.max() for series in lines) - min(series.min() for series in lines)
    levels, lowest = {}, -np.inf
    for k in sorted(range(len(lines)), key=lambda k: lines[k][-1]):
        lowest = max(lines[k][-1], lowest + 0.09 * spread)
        levels[k] = lowest
    return [levels[k] for k in range(len(lines))]


def _where(mask, x, y):
    return np.ravel(x)[mask], y[mask]
