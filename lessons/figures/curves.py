"""Figures over time: a series, a split, forecasts and their errors, losses."""

import numpy as np
import plotly.graph_objects as go

from lessons.figures.style import LOG_AXIS, line, new_figure, plural, readable, style, with_unit
from lessons.tables import alike

TRUTH = 4  # pixels: in grey its line is told from a network's by its width


def series(t, y, *, split=None, title="", unit="", name="series"):
    """Draw a series, and where its test part begins.

    Parameters
    ----------
    t : array_like of shape (n,)
        Times: numbers or datetimes.
    y : array_like of shape (n,)
        Values, in ``unit``; NaN is a gap.
    split : int, optional
        Index at which the test part begins.
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
        _mark_split(figure, t[split])
    return figure


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
    ends = [
        f"{name} falls from {readable(y[0])} to {readable(y[-1])}" for name, y in losses.items() if len(y)
    ]
    alt = f"Line chart of the loss by epoch. {title}. {'; '.join(ends + told_levels(naive, noise_floor))}."
    figure = new_figure(traces, title=title, x="epoch", y=unit, alt=alt, showlegend=True)
    return mark_levels(figure, naive, noise_floor)


def mark_levels(figure, naive, noise_floor):
    """Draw the levels that are given across a figure of errors, logarithmic, and name them at its right."""
    figure.update_yaxes(LOG_AXIS)
    levels = _levels(naive, noise_floor)
    for name, level in levels.items():
        place = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": level, "y1": level}
        figure.add_shape(**place, line=line(name), name=name, layer="below")
        text = f"{name} {alike([level])[0]}"
        place = {"xref": "paper", "x": 1, "xanchor": "left", "xshift": 6, "align": "left"}
        figure.add_annotation(text=text, y=np.log10(level), showarrow=False, **place)
    return figure.update_layout(margin_r=150 if levels else 24)


def told_levels(naive, noise_floor):
    """Return the levels that are given in words: a list."""
    return [f"{name} {alike([level])[0]}" for name, level in _levels(naive, noise_floor).items()]


def _levels(naive, noise_floor):
    levels = {"last value": naive, "noise floor": noise_floor}
    return {name: level for name, level in levels.items() if level is not None}


def runs(index):
    """Return runs of consecutive indices as the ends of lines, NaN between: one path, not many marks."""
    index = np.asarray(index)
    pieces = np.split(index, np.flatnonzero(np.diff(index) > 1) + 1) if len(index) else []
    return np.array([x for run in pieces for x in (run[0] - 0.5, run[-1] + 0.5, np.nan)])


def _strip(name, index):
    x, thick = runs(index), {"color": style(name)["color"], "width": 30}
    thick["simplify"] = False  # or single targets vanish
    return go.Scatter(x=x, y=[name] * len(x), name=name, mode="lines", line=thick, hoverinfo="skip")


def _mark_split(figure, at):
    figure.add_shape(type="line", yref="paper", x0=at, x1=at, y0=0, y1=1, line=line("noise floor", 1.5))
    for text, anchor in (("train ◂", "right"), ("▸ test", "left")):
        place = {"yref": "paper", "y": 1, "yanchor": "bottom", "xanchor": anchor}
        shift = 4 if anchor == "left" else -4
        figure.add_annotation(x=at, text=text, showarrow=False, xshift=shift, **place)


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
