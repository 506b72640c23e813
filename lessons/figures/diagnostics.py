"""Figures of what is wrong with a forecast: late, flat, missed peaks, errors that remember."""

import numpy as np
import plotly.graph_objects as go

from lessons.figures.style import DARK, GREY, line, new_figure, readable, style, with_unit


def lag_profile(profiles, *, title=None, alt=None):
    """Draw how much forecasts resemble the truth of 0, 1, 2, ... steps before.

    Parameters
    ----------
    profiles : dict of str to array_like of shape (max_lag + 1,)
        Correlations as `lessons.diagnostics.lag_profile` returns them, by the name of the model.
    title : str, optional
        The finding; by default where each of them peaks.
    alt : str, optional
        Text equivalent, instead of the one made from the data.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace a model, its peak marked by a large symbol.
    """
    profiles = {name: np.ravel(values) for name, values in profiles.items()}
    peaks = {
        name: int(np.nanargmax(values)) for name, values in profiles.items() if np.isfinite(values).any()
    }
    told = "; ".join(f"{name} resembles the truth of {late} before most" for name, late in peaks.items())
    title = title if title is not None else _late(peaks)
    traces = []
    for name, values in profiles.items():
        size = [15 if k == peaks.get(name) else 7 for k in range(len(values))]
        marker = {"symbol": style(name)["symbol"], "size": size, "line": {"width": 0}}
        traces.append(
            go.Scatter(
                x=np.arange(len(values)),
                y=values,
                name=name,
                mode="lines+markers",
                line=line(name),
                marker=marker,
            )
        )
    alt = alt or f"Line chart of correlation by shift in steps. {title}. {told}."
    figure = new_figure(
        traces, title=title, x="steps before", y="correlation with the truth", alt=alt, showlegend=True
    )
    return figure.update_xaxes(dtick=1)


def forecast_against_truth(y_true, predictions, *, peak=None, title="", unit="", alt=None):
    """Draw every forecast against the value that came: flat forecasts and missed peaks in one picture.

    Parameters
    ----------
    y_true : array_like of shape (N,) or (N, 1)
        Values, in ``unit``; NaN where not measured.
    predictions : dict of str to array_like of shape (N,) or (N, 1)
        Forecasts by the name of the model.
    peak : float, optional
        From which value on there is a peak: peaks that were missed lie to the right of the vertical line and
        below the horizontal one.
    title, unit, alt : str
        The finding, the unit of the values, and a text equivalent.

    Returns
    -------
    plotly.graph_objects.Figure
        The trace "perfect" (a diagonal), then one a model.
    """
    y_true = np.ravel(y_true)
    there = np.isfinite(y_true)
    low, high = np.min(y_true[there]), np.max(y_true[there])
    traces = [go.Scatter(x=[low, high], y=[low, high], name="perfect", mode="lines", line=line("truth", 1.5))]
    told = []
    for name, values in predictions.items():
        values = np.ravel(values)
        marker = {
            "color": style(name)["color"],
            "symbol": style(name)["symbol"],
            "size": 6,
            "opacity": 0.6,
            "line": {"width": 0},
        }
        traces.append(go.Scatter(x=y_true[there], y=values[there], name=name, mode="markers", marker=marker))
        told.append(
            f"{name} reaches from {readable(np.min(values[there]))} to {readable(np.max(values[there]))}"
        )
        if peak is not None:
            missed = np.sum((y_true >= peak) & (values < peak))
            told[-1] += f" and misses {missed} of {np.sum(y_true >= peak)} peaks from {readable(peak)} on"
    alt = alt or (
        f"Scatter chart of forecast against truth. {title}. The truth reaches from {readable(low)} to "
        f"{readable(high)}; {'; '.join(told)}."
    )
    x, y = with_unit("truth", unit), with_unit("forecast", unit)
    figure = new_figure(
        traces, title=title, x=x, y=y, alt=alt, hovermode="closest", showlegend=True, height=420
    )
    if peak is not None:
        dotted = {"color": GREY, "dash": "dot", "width": 1.5}
        figure.add_vline(x=peak, line=dotted)
        figure.add_hline(y=peak, line=dotted)
    return figure


def autocorrelation(acf, band, *, title="", name="errors", alt=None):
    """Draw correlations of errors 1, 2, ... steps apart, and what chance would make of them.

    Parameters
    ----------
    acf : array_like of shape (lags,)
        Correlations.
    band : float
        Chance stays within -band ... band, 95 times of 100.
    title, name, alt : str
        The finding, what is correlated (a model's name gives its colour), and a text equivalent.

    Returns
    -------
    plotly.graph_objects.Figure
        Trace 0 holds the bars; a grey band shows what chance explains.
    """
    acf = np.ravel(acf)
    steps = np.arange(1, len(acf) + 1)
    worst = int(np.argmax(np.abs(acf)))
    beyond = int(np.sum(np.abs(acf) > band))
    title = title or f"{beyond} of {len(acf)} correlations lie beyond what chance explains"
    alt = alt or (
        f"Bar chart of the correlation of {name} by distance in steps. {title}. Largest {acf[worst]:+.2f} at "
        f"{steps[worst]}; chance explains up to {band:.2f}."
    )
    bars = go.Bar(x=steps, y=acf, name=name, marker_color=style(name)["color"])
    figure = new_figure([bars], title=title, x="steps apart", y="correlation", alt=alt, showlegend=False)
    figure.add_hrect(y0=-band, y1=band, fillcolor=DARK, opacity=0.25, line_width=0)
    return figure.update_layout(hovermode="closest", margin_t=56)


def _late(peaks):
    late = [name for name, k in peaks.items() if k > 0]
    if not late:
        return "No forecast comes late"
    return f"Late: {', '.join(f'{name} by {peaks[name]}' for name in late)}"
