"""Figures over a setting: what a window length, a size, a noise level does to the error."""

import numpy as np
import plotly.graph_objects as go

from lessons.figures.curves import mark_levels, told_levels
from lessons.figures.style import line, new_figure, readable, style


def sweep(x, errors, *, naive=None, noise_floor=None, x_title="", title="", unit="test MSE"):
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
        Name and unit of the setting; its axis is logarithmic, with a line at every value tried.
    title : str
        The finding, as a sentence.
    unit : str
        What the vertical, logarithmic, axis shows.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace a model; the two levels are named at their right end.
    """
    x = np.asarray(x)
    errors = {name: np.asarray(values, dtype=float) for name, values in errors.items()}
    traces = []
    for name, y in errors.items():
        marker = {"symbol": style(name)["symbol"], "size": 9}
        traces.append(go.Scatter(x=x, y=y, name=name, line=line(name), mode="lines+markers", marker=marker))
    told = [f"{name}: {_told(x, y)}" for name, y in errors.items()]
    told += told_levels(naive, noise_floor)
    alt = f"Line chart of {unit} by {x_title}. {title}. {'; '.join(told)}."
    figure = new_figure(traces, title=title, x=x_title, y=unit, alt=alt, showlegend=True)
    figure.update_xaxes(type="log", tickvals=x, ticktext=_labels(x), tickfont_size=12)
    return mark_levels(figure, naive, noise_floor)


def _labels(x):
    """Name the values tried; of two that lie closer together than a label is wide, the larger one."""
    closest = (x.max() / x.min()) ** 0.05
    return ["" if np.any((x > value) & (x < closest * value)) else f"{value:g}" for value in x]


def _told(x, y):
    best = int(np.nanargmin(y))
    first, least, last = (f"{readable(y[k])} at {x[k]:g}" for k in (0, best, -1))
    return f"{first}, least {least}, {last}"
