"""Figures of forecasts many steps ahead: rollouts on the series, error by horizon, intervals."""

import numpy as np
import plotly.graph_objects as go

from lessons.figures.curves import mark_level
from lessons.figures.style import LOG_AXIS, line, new_figure, plural, readable, style, with_unit
from lessons.tables import alike

PAST = 80  # time steps shown before an origin


def rollouts(series, origin, predictions, *, t=None, past=PAST, title="", unit="", name="value", alt=None):
    """Draw rollouts from one origin on what came.

    Parameters
    ----------
    series : array_like of shape (n,)
        Values, in ``unit``; it may end before the rollouts do.
    origin : int
        Index of the first value that is forecast.
    predictions : dict of str to array_like of shape (steps,) or (S, steps)
        Rollouts by the name of the model; of several seeds their median is drawn, in a band from the lowest
        to the highest.
    t : array_like of shape (n + ...,), optional
        Times, if not 0, 1, 2, ...; as far as the rollouts go.
    past : int
        How many values before the origin are shown.
    title : str
        The finding, as a sentence.
    unit, name : str
        Unit of the values, and what they are.
    alt : str, optional
        Text equivalent, instead of the one made from the data.

    Returns
    -------
    plotly.graph_objects.Figure
        The trace "truth", then one a model, before it the edges of its band if it has one.

    Raises
    ------
    ValueError
        If a rollout is empty or has three dimensions or more, or `t` ends before it does.
    """
    predictions = {model: _by_seed(values, model) for model, values in predictions.items()}
    steps = max((values.shape[1] for values in predictions.values()), default=0)
    t, y, shown = _shown(series, origin, steps, t, past)
    traces = [go.Scatter(x=t[shown], y=y[shown], name="truth", mode="lines", line=line("truth", 2.5))]
    for model, values in predictions.items():
        traces += _seeds(model, t[origin : origin + values.shape[1]], values)
    told = "; ".join(_told_rollout(model, values, y[origin:]) for model, values in predictions.items())
    alt = alt or f"Line chart of rollouts from step {readable(t[origin])} on. {title}. {told}."
    figure = new_figure(traces, title=title, x=_time_title(t), y=with_unit(name, unit), alt=alt)
    _mark_origin(figure, t[origin])
    return figure.update_layout(showlegend=True)


def horizon_curves(errors, *, crossings=None, model=None, noise_floor=None, title="", unit="MSE", alt=None):
    """Draw errors by horizon, models beside baselines, and where a model becomes worse for good.

    Parameters
    ----------
    errors : dict of str to HorizonErrors or array_like of shape (steps,) or (S, steps)
        Errors by the name of the model; of several seeds their mean is drawn, in a band from the lowest to
        the highest.
    crossings : dict of str to int or None, optional
        Step (from 1) from which on ``model`` is worse than the baseline of that name, as `crossing` gives it.
    model : str, optional
        Whose crossings these are: the first of ``errors`` if left out.
    noise_floor : float, optional
        Smallest possible error, in the same unit.
    title, alt : str
        As for `rollouts`.
    unit : str
        What the vertical, logarithmic, axis shows.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace a model, before it the edges of its band if it has one; the trace "crossings" if there are
        any.

    Raises
    ------
    ValueError
        If an array is empty or has three dimensions or more, or crossings belong to a model without errors.
    """
    errors = {name: _by_seed(getattr(e, "by_seed", e), name) for name, e in errors.items()}
    crossings = {name: step for name, step in (crossings or {}).items() if step is not None}
    model = next(iter(errors)) if model is None else model
    if crossings and model not in errors:
        raise ValueError(f"model must be one of {', '.join(map(repr, errors))}, got {model!r}")
    traces = []
    for name, by_seed in errors.items():
        traces += _seeds(name, np.arange(1, by_seed.shape[1] + 1), by_seed, np.mean)
    if crossings:
        traces.append(_crossing_marks(model, errors[model].mean(axis=0), crossings))
    told = [_told_curve(name, by_seed.mean(axis=0)) for name, by_seed in errors.items()]
    told += [f"{model} is worse than {name} from step {step} on" for name, step in crossings.items()]
    alt = alt or f"Line chart, logarithmic, of the error by steps ahead. {title}. {'; '.join(told)}."
    figure = new_figure(traces, title=title, x="steps ahead", y=unit, alt=alt, showlegend=True)
    figure.update_yaxes(LOG_AXIS)
    if noise_floor is not None:
        mark_level(figure, "noise floor", noise_floor, log_y=True)
    legend = {"orientation": "v", "x": 1.01, "y": 1, "yanchor": "top"}  # a name beside a curve is soon found
    return figure.update_layout(legend=legend, margin={"r": 210, "t": 52})


def fan(
    series,
    origin,
    y_pred,
    intervals,
    *,
    model="LSTM",
    t=None,
    past=PAST,
    title="",
    unit="",
    name="value",
    alt=None,
):
    """Draw a rollout in its prediction intervals, on what came.

    Parameters
    ----------
    series, origin, t, past, title, unit, name, alt
        As for `rollouts`.
    y_pred : array_like of shape (steps,)
        The rollout, in ``unit``.
    intervals : dict of float to (array_like, array_like), each of shape (steps,)
        Lower and upper ends by level: ``{0.5: (lower, upper), 0.9: (lower, upper)}``.
    model : str
        Whose rollout it is.

    Returns
    -------
    plotly.graph_objects.Figure
        Two traces for each interval, widest first, then "truth" and the model.

    Raises
    ------
    ValueError
        If the ends of an interval do not have one value a step.
    """
    y_pred = np.ravel(y_pred)
    steps = len(y_pred)
    t, y, shown = _shown(series, origin, steps, t, past)
    here, traces, told = t[origin : origin + steps], [], []
    for depth, level in enumerate(sorted(intervals, reverse=True)):
        lower, upper = (_of_length(end, steps, level) for end in intervals[level])
        traces += _band(model, here, lower, upper, f"{level:.0%} interval", 0.16 + 0.2 * min(depth, 3))
        came = y[origin : origin + steps]
        inside = np.mean((lower[: len(came)] <= came) & (came <= upper[: len(came)])) if len(came) else np.nan
        width = f"{readable((upper - lower)[0])} wide at first, {readable((upper - lower)[-1])} at last"
        told.append(f"the {level:.0%} interval, {width}, holds {inside:.0%} of what came")
    traces.append(go.Scatter(x=t[shown], y=y[shown], name="truth", mode="lines", line=line("truth", 2.5)))
    traces.append(go.Scatter(x=here, y=y_pred, name=model, mode="lines", line=line(model)))
    alt = alt or (
        f"Line chart of a rollout of {plural(steps, 'step')} from step {readable(t[origin])} on, in its "
        f"prediction intervals. {title}. {model}: {'; '.join(told)}."
    )
    figure = new_figure(traces, title=title, x=_time_title(t), y=with_unit(name, unit), alt=alt)
    _mark_origin(figure, t[origin])
    return figure.update_layout(showlegend=True)


def shade(name, opacity=0.2):
    """Return the colour of ``name``, see-through: for a band around its line."""
    red, green, blue = (int(style(name)["color"][k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _seeds(model, x, values, middle=np.median):
    """The line of a model, in its band if there are several seeds, (S, steps)."""
    many = len(values) > 1
    band = _band(model, x, values.min(axis=0), values.max(axis=0)) if many else []
    return [*band, go.Scatter(x=x, y=middle(values, axis=0), name=model, mode="lines", line=line(model))]


def _band(model, x, lower, upper, name=None, opacity=0.2):
    edge = {"mode": "lines", "line_width": 0, "hoverinfo": "skip", "x": x}
    filled = {"fill": "tonexty", "fillcolor": shade(model, opacity), "showlegend": name is not None}
    return [
        go.Scatter(y=lower, name=f"{name or model}, lowest", showlegend=False, **edge),
        go.Scatter(y=upper, name=name or f"{model}, highest", **filled, **edge),
    ]


def _crossing_marks(model, curve, crossings):
    steps = np.array(list(crossings.values()))
    marker = {"size": 11, "symbol": "x", "color": style(model)["color"]}
    text = [f"{model} worse than {name} from step {step} on" for name, step in crossings.items()]
    where = {"x": steps, "y": curve[steps - 1], "hovertext": text, "hoverinfo": "text"}
    return go.Scatter(mode="markers", name="worse for good", marker=marker, **where)


def _mark_origin(figure, at):
    figure.add_shape(type="line", yref="paper", x0=at, x1=at, y0=0, y1=1, line=line("noise floor", 1.5))


def _shown(series, origin, steps, t, past):
    """Times for all that is drawn, values, and the slice of the series that is drawn."""
    y, end = np.ravel(np.asarray(series, float)), origin + steps
    t = np.arange(max(len(y), end)) if t is None else np.asarray(t)
    if not 0 <= origin < len(t) or len(t) < end:
        raise ValueError(f"t must reach to index {end - 1}, where the rollout ends, got {len(t)} times")
    return t, y, slice(max(0, origin - past), min(len(y), end))


def _by_seed(values, name):
    values = np.atleast_2d(np.asarray(values, float))
    if values.ndim != 2 or values.size == 0:
        raise ValueError(f"{name!r} must have shape (steps,) or (S, steps), got {np.shape(values)}")
    return values


def _of_length(end, steps, level):
    end = np.ravel(np.asarray(end, float))
    if len(end) != steps:
        raise ValueError(
            f"the ends of interval {level} must have {steps} values, a value a step, got {len(end)}"
        )
    return end


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


def _time_title(t):
    return "" if np.issubdtype(t.dtype, np.datetime64) else "time step"
