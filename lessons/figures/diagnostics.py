"""Figures of what is wrong with a forecast: late, flat, missed peaks, errors that remember."""

import numpy as np
import plotly.graph_objects as go

from lessons.figures.style import line, new_figure, style


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


def _late(peaks):
    late = [name for name, k in peaks.items() if k > 0]
    if not late:
        return "No forecast comes late"
    return f"Late: {', '.join(f'{name} by {peaks[name]}' for name in late)}"
