"""Figures over time: a series, a window on it, a split, forecasts and their errors, losses."""

import numpy as np
import plotly.graph_objects as go

from lessons.figures.style import (
    LOG_AXIS,
    line,
    new_figure,
    plural,
    readable,
    style,
    with_unit,
)
from lessons.tables import alike

AROUND = 40  # values of the series shown on either side of a window
TRUTH = 4  # pixels: in grey its line is told from a network's by its width


def series(t, y, *, split=None, title="", unit="", name="series"):
    """Draw a series, and where its test part begins.

    Parameters
    ----------
    t : array_like of shape (n,)
        Times: numbers or datetimes.
    y : array_like of shape (n,)
        Values, in ``unit``; NaN is a gap.
    split : int or one of the times, optional
        Where the test part begins: an index, if an integer.
    title : str
        The finding, as a sentence.
    unit, name : str
        Unit of the values, and what they are.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    t, y = np.asarray(t), np.ravel(y)
    trace = go.Scatter(x=t, y=y, name=name, mode="lines", line=line("series", 1.5))
    alt = f"Line chart. {title}. {_span(t, y, name)}"
    figure = new_figure([trace], title=title, x=_time_title(t), y=with_unit(name, unit), alt=alt)
    figure.update_layout(showlegend=False, margin_t=60)
    if split is not None:
        _mark_split(figure, t, t[split] if isinstance(split, int | np.integer) else split)
    return figure


def window(t, y, start, window, horizon=1, *, title=""):
    """Draw one window and its target on the series they were cut from.

    Parameters
    ----------
    t, y : array_like of shape (n,)
        Times, and values in ``unit``.
    start : int
        Index of the window's first value.
    window, horizon : int
        Number of inputs, and of targets that follow them.
    title : str
        As for `series`.

    Returns
    -------
    plotly.graph_objects.Figure
        Traces "series", "window" and "target".

    Raises
    ------
    ValueError
        If window and target do not lie on the series.
    """
    t, y = np.asarray(t), np.ravel(y)
    end = start + window + horizon
    if not (start >= 0 and window >= 1 and horizon >= 1 and end <= len(y)):
        raise ValueError(
            f"the series has {len(y)} values, the window and its target need {start} to {end - 1}"
        )
    shown = slice(max(0, start - AROUND), min(len(y), end + AROUND))
    inputs, target = slice(start, start + window), slice(start + window, end)
    alt = (
        f"Line chart. {title}. {plural(window, 'value')} from {readable(t[start])} on are the inputs, "
        f"the {plural(horizon, 'value')} from {readable(t[target][0])} on the target."
    )
    traces = [
        go.Scatter(x=t[shown], y=y[shown], name="series", mode="lines", line=line("series", 1.5)),
        _dots("window", t[inputs], y[inputs], size=6),
        _dots("target", t[target], y[target], size=11),
    ]
    figure = new_figure(traces, title=title, x=_time_title(t), y="series", alt=alt)
    return figure.update_layout(hovermode="closest")


def split_map(train_index, test_index, n, *, title=""):
    """Show which moments of the series train and which test.

    Parameters
    ----------
    train_index, test_index : array_like of int
        Series indices of the targets in either part.
    n : int
        Length of the series.
    title : str
        As for `series`.

    Returns
    -------
    plotly.graph_objects.Figure
        Traces "test" and "train": a bar for every run of targets without a gap.
    """
    train_index, test_index = np.sort(np.ravel(train_index)), np.sort(np.ravel(test_index))
    traces = [_strip("test", test_index), _strip("train", train_index)]
    mixed = len(train_index) and len(test_index) and train_index[-1] > test_index[0]
    alt = (
        f"Two strips over time. {title}. {plural(len(train_index), 'target')} to train on and "
        f"{len(test_index)} to test, {'scattered among each other' if mixed else 'all tests after training'}."
    )
    figure = new_figure(traces, title=title, x="time step of the target", y="", alt=alt)
    figure.update_layout(showlegend=False, height=170, margin_t=48, hovermode="closest")
    return figure.update_layout(
        xaxis_range=[-0.01 * n, 1.01 * n], yaxis={"range": [-0.6, 1.6], "showgrid": False}
    )


def forecasts(t, y_true, predictions, *, title=None, unit="", name="value"):
    """Draw forecasts on the values they were to hit.

    Parameters
    ----------
    t : array_like of shape (N,)
        Times of the targets.
    y_true : array_like of shape (N,) or (N, 1)
        The values, in ``unit``.
    predictions : dict of str to array_like of shape (N,) or (N, 1)
        Forecasts by the name of the model.
    title, unit, name : str
        As for `series`; the title defaults to the errors.

    Returns
    -------
    plotly.graph_objects.Figure
        The trace "truth", then one a model.
    """
    t, y_true = np.asarray(t), np.ravel(y_true)
    predictions = {model: _matching(values, y_true, model) for model, values in predictions.items()}
    mses = alike([np.nanmean((y - y_true) ** 2) for y in predictions.values()])
    errors = "; ".join(f"{model} {mse}" for model, mse in zip(predictions, mses, strict=True))
    title = title if title is not None else f"Test MSE: {errors}"
    traces = [go.Scatter(x=t, y=y_true, name="truth", mode="lines", line=line("truth", TRUTH))]
    traces += [go.Scatter(x=t, y=y, name=m, mode="lines", line=line(m)) for m, y in predictions.items()]
    alt = f"Line chart. {title}. {_span(t, y_true, 'truth')} Mean squared errors: {errors}."
    return new_figure(traces, title=title, x=_time_title(t), y=with_unit(name, unit), alt=alt)


def loss_curves(losses, *, naive=None, noise_floor=None, title="", unit="MSE"):
    """Draw losses by epoch beside the naive error and the noise floor.

    Parameters
    ----------
    losses : dict of str to array_like of shape (epochs,)
        Loss after epoch 1, 2, …, in ``unit``; usually "train" and "validation".
    naive, noise_floor : float, optional
        Error of the last-value forecast and the smallest possible one, in the same unit.
    title, unit : str
        As for `series`.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace a curve; the two levels are named at their right end.
    """
    losses = {name: np.ravel(values) for name, values in losses.items()}
    traces = [
        go.Scatter(x=np.arange(1, len(y) + 1), y=y, name=name, mode="lines", line=line(name))
        for name, y in losses.items()
    ]
    levels = {"last value": naive, "noise floor": noise_floor}
    levels = {name: level for name, level in levels.items() if level is not None}
    ends = [
        f"{name} falls from {readable(y[0])} to {readable(y[-1])}" for name, y in losses.items() if len(y)
    ]
    ends += [f"{name} {alike([level])[0]}" for name, level in levels.items()]
    alt = f"Line chart of the loss by epoch. {title}. {'; '.join(ends)}."
    figure = new_figure(traces, title=title, x="epoch", y=unit, alt=alt, showlegend=True)
    figure.update_yaxes(LOG_AXIS)
    for name, level in levels.items():
        mark_level(figure, name, level, log_y=True)
    return figure.update_layout(margin_r=150 if levels else 24)


def mark_level(figure, name, level, log_y=False):
    """Draw a horizontal line across ``figure`` and name it, with its value, to the right of the plot."""
    figure.add_shape(
        type="line", xref="paper", x0=0, x1=1, y0=level, y1=level, line=line(name), name=name, layer="below"
    )
    figure.add_annotation(
        text=f"{name}<br>{alike([level])[0]}",
        showarrow=False,
        **{"xref": "paper", "x": 1, "xanchor": "left", "align": "left", "xshift": 6},
        y=np.log10(level) if log_y else level,  # annotations, unlike shapes, want the logarithm
    )


def _dots(name, x, y, size):
    marker = {"color": style(name)["color"], "symbol": style(name)["symbol"], "size": size}
    return go.Scatter(x=x, y=y, name=name, mode="lines+markers", marker=marker, line_width=1.5)


def _strip(name, index):
    """Draw runs of consecutive indices as thick lines, so that hundreds of targets stay crisp."""
    runs = np.split(index, np.flatnonzero(np.diff(index) > 1) + 1) if len(index) else []
    first, last = np.array([[run[0], run[-1]] for run in runs]).reshape(-1, 2).T
    x = np.column_stack([first - 0.5, last + 0.5, np.full(len(first), np.nan)]).ravel()
    thick = {"color": style(name)["color"], "width": 30, "simplify": False}  # or single targets vanish
    return go.Scatter(x=x, y=[name] * len(x), name=name, mode="lines", line=thick, hoverinfo="skip")


def _mark_split(figure, t, at):
    figure.add_shape(type="line", yref="paper", x0=at, x1=at, y0=0, y1=1, line=line("noise floor", 1.5))
    for text, anchor in (("train ◂", "right"), ("▸ test", "left")):
        place = {
            "yref": "paper",
            "y": 1,
            "yanchor": "bottom",
            "xanchor": anchor,
            "xshift": 4 if anchor == "left" else -4,
        }
        figure.add_annotation(x=at, text=text, showarrow=False, **place)


def _matching(values, reference, name):
    values = np.ravel(values)
    if len(values) != len(reference):
        raise ValueError(
            f"{name!r} must have {len(reference)} values, as many as there are times, got {len(values)}"
        )
    return values


def _span(t, y, name):
    low, high = np.nanargmin(y), np.nanargmax(y)
    return (
        f"{plural(len(y), 'value')} of {name} from {readable(t[0])} to {readable(t[-1])}: "
        f"lowest {readable(y[low])} at {readable(t[low])}, "
        f"highest {readable(y[high])} at {readable(t[high])}."
    )


def _time_title(t):
    return "" if np.issubdtype(t.dtype, np.datetime64) else "time step"  # years on an axis explain themselves
