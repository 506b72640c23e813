"""Figures of forecasts many steps ahead: rollouts on the series, error by horizon, an interval."""

import numpy as np
import plotly.graph_objects as go

from lessons.figures.style import LOG_AXIS, line, new_figure, plural, readable, style
from lessons.tables import alike

PAST = 80  # time steps shown before an origin


def rollouts(series, origin, predictions, *, title=""):
    """Draw rollouts from one origin on what came.

    Parameters
    ----------
    series : array_like of shape (n,)
        Values, in any unit; it may end before the rollouts do.
    origin : int
        Index of the first value that is forecast.
    predictions : dict of str to array_like of shape (steps,) or (S, steps)
        Rollouts by the name of the model; of several seeds their median is drawn, in a band from the lowest
        to the highest.
    title : str
        The finding, as a sentence.

    Returns
    -------
    plotly.graph_objects.Figure
        The trace "truth", then one a model, before it the edges of its band if it has one.

    Raises
    ------
    ValueError
        If a rollout is empty or has three dimensions or more.
    """
    predictions = {model: _by_seed(values, model) for model, values in predictions.items()}
    steps = max(values.shape[1] for values in predictions.values())
    traces, y = [_truth(series, origin, steps)], np.ravel(series)
    for model, values in predictions.items():
        traces += _seeds(model, origin + np.arange(values.shape[1]), values, np.median)
    told = "; ".join(_told_rollout(model, values, y[origin:]) for model, values in predictions.items())
    return _on_the_series(traces, origin, title, f"rollouts from step {origin} on. {title}. {told}.")


def horizon_curves(errors, *, title="", unit="MSE"):
    """Draw errors by horizon, models beside baselines.

    Parameters
    ----------
    errors : dict of str to HorizonErrors or array_like of shape (steps,) or (S, steps)
        Errors by the name of the model; of several seeds their mean is drawn, in a band from the lowest to
        the highest.
    title : str
        The finding, as a sentence.
    unit : str
        What the vertical, logarithmic, axis shows.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace a model, before it the edges of its band if it has one.

    Raises
    ------
    ValueError
        If an array is empty or has three dimensions or more.
    """
    errors = {name: _by_seed(getattr(e, "by_seed", e), name) for name, e in errors.items()}
    traces = []
    for name, by_seed in errors.items():
        traces += _seeds(name, np.arange(1, by_seed.shape[1] + 1), by_seed, np.mean)
    told = "; ".join(_told_curve(name, by_seed.mean(axis=0)) for name, by_seed in errors.items())
    alt = f"Line chart, logarithmic, of the error by steps ahead. {title}. {told}."
    figure = new_figure(traces, title=title, x="steps ahead", y=unit, alt=alt, showlegend=True)
    figure.update_yaxes(LOG_AXIS)
    legend = {"orientation": "v", "x": 1.01, "y": 1, "yanchor": "top"}  # a name beside a curve is soon found
    return figure.update_layout(legend=legend, margin={"r": 210, "t": 52})


def fan(series, origin, y_pred, width, *, share, model, title=""):
    """Draw a rollout in its prediction interval, on what came.

    Parameters
    ----------
    series, origin, title
        As for `rollouts`.
    y_pred, width : array_like of shape (steps,)
        The rollout, and how far its interval reaches to either side.
    share : float
        Of the values, what the interval is to hold.
    model : str
        Whose rollout it is.

    Returns
    -------
    plotly.graph_objects.Figure
        The edges of the interval, then "truth" and the model.
    """
    y_pred, came = np.ravel(y_pred), np.ravel(series)[origin : origin + len(np.ravel(y_pred))]
    width = np.broadcast_to(width, y_pred.shape)
    here, lower, upper = origin + np.arange(len(y_pred)), y_pred - width, y_pred + width
    traces = _band(model, here, lower, upper, f"{share:.0%} interval")
    traces.append(_truth(series, origin, len(y_pred)))
    traces.append(go.Scatter(x=here, y=y_pred, name=model, mode="lines", line=line(model)))
    inside = np.mean(np.abs(came - y_pred[: len(came)]) <= width[: len(came)])
    size = f"{readable(2 * width[0])} wide at first, {readable(2 * width[-1])} at last"
    told = f"{model}: the {share:.0%} interval, {size}, holds {inside:.0%} of what came"
    return _on_the_series(traces, origin, title, f"a rollout from step {origin} on. {title}. {told}.")


def shade(name):
    """Return the colour of ``name``, see-through: for a band around its line."""
    red, green, blue = (int(style(name)["color"][k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},.2)"


def _on_the_series(traces, origin, title, told):
    figure = new_figure(traces, title=title, x="time step", y="value", alt=f"Line chart of {told}")
    look = {"type": "line", "yref": "paper", "line": line("noise floor", 1.5)}
    figure.add_shape(x0=origin, x1=origin, y0=0, y1=1, **look)
    return figure.update_layout(showlegend=True)


def _truth(series, origin, steps):
    y, start = np.ravel(series), max(0, origin - PAST)
    y = y[start : origin + steps]
    return go.Scatter(x=start + np.arange(len(y)), y=y, name="truth", mode="lines", line=line("truth", 2.5))


def _seeds(model, x, values, middle):
    """The line of a model, in its band if there are several seeds, (S, steps)."""
    many = len(values) > 1
    band = _band(model, x, values.min(axis=0), values.max(axis=0)) if many else []
    return [*band, go.Scatter(x=x, y=middle(values, axis=0), name=model, mode="lines", line=line(model))]


def _band(model, x, lower, upper, name=None):
    edge = {"mode": "lines", "line_width": 0, "hoverinfo": "skip", "x": x}
    filled = {"fill": "tonexty", "fillcolor": shade(model), "showlegend": name is not None}
    return [
        go.Scatter(y=lower, name=f"{name or model}, lowest", showlegend=False, **edge),
        go.Scatter(y=upper, name=name or f"{model}, highest", **filled, **edge),
    ]


def _by_seed(values, name):
    values = np.atleast_2d(np.asarray(values, float))
    if values.ndim != 2 or values.size == 0:
        raise ValueError(f"{name!r} must have shape (steps,) or (S, steps), got {np.shape(values)}")
    return values


def _told_rollout(model, values, came):
    came = came[: values.shape[1]]
    median = np.median(values, axis=0)
    seeds = f" (median of {len(values)} seeds)" if len(values) > 1 else ""
    error = np.mean((median[: len(came)] - came) ** 2) if len(came) else np.nan
    return (
        f"{model}{seeds}: {plural(len(median), 'step')}, from {readable(median[0])} to "
        f"{readable(median[-1])}, mean squared error {alike([error])[0]}"
    )


def _told_curve(name, curve):
    steps = [k for k in (1, 10, 50, 100, 200) if k <= len(curve)]
    steps = steps if len(curve) in steps else [*steps, len(curve)]
    return f"{name}: " + ", ".join(f"{readable(curve[k - 1])} at {k}" for k in steps)
