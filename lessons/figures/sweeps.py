"""Figures over a setting: what a window length, a size, a noise level does to the error."""

import numpy as np
import plotly.graph_objects as go

from lessons.figures.curves import mark_level
from lessons.figures.style import LOG_AXIS, line, new_figure, readable, style
from lessons.tables import alike


def sweep(x, errors, *, naive=None, noise_floor=None, x_title="", title="", unit="test MSE", alt=None):
    """Draw errors against a setting, beside the naive error and the noise floor.

    Parameters
    ----------
    x : array_like of shape (k,)
        Values of the setting, all above 0, such as window lengths in steps.
    errors : dict of str to array_like of shape (k,)
        A model's error at each of them, in ``unit``.
    naive, noise_floor : float, optional
        Error of the last-value forecast and the smallest possible one, in the same unit.
    x_title : str
        Name and unit of the setting; its axis is logarithmic, with a tick at every value tried.
    title : str
        The finding, as a sentence.
    unit : str
        What the vertical, logarithmic, axis shows.
    alt : str, optional
        Text equivalent, instead of the one made from the data.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace a model; the two levels are named at their right end.
    """
    x = np.asarray(x)
    errors = {name: np.asarray(values, dtype=float) for name, values in errors.items()}
    traces = [
        go.Scatter(
            x=x, y=y, name=name, line=line(name), mode="lines+markers", marker={"symbol": symbol, "size": 9}
        )
        for name, y in errors.items()
        for symbol in [style(name)["symbol"]]
    ]
    levels = {"last value": naive, "noise floor": noise_floor}
    levels = {name: level for name, level in levels.items() if level is not None}
    told = [f"{name}: {_told(x, y)}" for name, y in errors.items()]
    told += [f"{name} {alike([level])[0]}" for name, level in levels.items()]
    alt = alt or f"Line chart of {unit} by {x_title}. {title}. {'; '.join(told)}."
    figure = new_figure(traces, title=title, x=x_title, y=unit, alt=alt, showlegend=True)
    figure.update_yaxes(LOG_AXIS)
    figure.update_xaxes(type="log", tickvals=x, ticktext=[f"{value:g}" for value in x])
    for name, level in levels.items():
        mark_level(figure, name, level, log_y=True)
    return figure.update_layout(margin_r=150 if levels else 24)


def _told(x, y):
    best = int(np.nanargmin(y))
    first, least, last = (f"{readable(y[k])} at {x[k]:g}" for k in (0, best, -1))
    return f"{first}, least {least}, {last}"
