"""Lesson 08: what errors cost where too low and too high have different prices, and what a shift saves."""

import functools

import numpy as np
import plotly.graph_objects as go

from lessons import figures
from lessons.explorers.base import Explorer, around, bold, choice, plain, slider, up_to
from lessons.live_figure import LiveFigure
from lessons.scores import asymmetric_cost, cheapest_shift, mse

WEEK = 168  # steps of the test part that are drawn


def error_price(past, test, *, unit="", name="series", **initial):
    """Explore how the price of an error decides what to add to a forecast.

    Parameters
    ----------
    past : tuple of (ndarray of shape (n_past,), dict of str to ndarray of shape (n_past,))
        Values and each model's forecasts of them, made before they were seen, to learn the shift from.
    test : tuple of (array_like of shape (n,), ndarray of shape (n,), dict of str to ndarray of shape (n,))
        Times, values and forecasts of the test part.
    unit, name : str
        Of the values.
    **initial
        Start values of the controls.

    Returns
    -------
    Explorer
        Controls ``model``, ``price`` (of a unit too low; a unit too high costs 1) and ``shift`` (what is
        added to every forecast).
    """
    (y_past, p_past), (t, y, p_test) = past, test
    sd = float(np.std(y_past))
    step = float(f"{sd / 20:.1g}")
    low, high = -20 * step, 40 * step
    grid = np.linspace(low, high, 101)
    shown = slice(0, min(WEEK, len(y)))
    torn, broken = _torn(np.asarray(t)[shown])
    live = LiveFigure(_picture(torn, broken(y[shown]), p_test, (low, high), unit, name))

    @functools.cache
    def by_side(model):
        """What errors too low, and too high, cost at the price of 1, by shift: (2, 101) each."""
        parts = {"past": (y_past, p_past[model]), "test part": (y, p_test[model])}
        return {
            part: np.array([[asymmetric_cost(true, p + s, *side) for s in grid] for side in ((1, 0), (0, 1))])
            for part, (true, p) in parts.items()
        }

    def draw(model, price, shift):
        costs = {part: price * under + over for part, (under, over) in by_side(model).items()}
        learnt = cheapest_shift(y_past, p_past[model], price, 1)
        now = asymmetric_cost(y, p_test[model] + shift, price, 1)
        kept = asymmetric_cost(y, p_test[model], price, 1)
        finding = _finding(model, price, shift, now, kept, learnt, y, p_test[model])
        live.update(
            x={"now": [shift], "learnt on the past": [learnt]},
            y={
                **{f"cost, {part}": curve for part, curve in costs.items()},
                "now": [now],
                "learnt on the past": [np.interp(learnt, grid, costs["past"])],
                "forecast": broken(p_test[model][shown]),
                "shifted": broken(p_test[model][shown] + shift),
            },
            layout={
                "title_text": f"{model}, {price:g} : 1, shifted by {shift:+.3g}: costs {now:.3g}",
                "meta": {"alt": f"Cost by shift, and forecasts beside the truth. {plain(finding)}"},
                "yaxis_range": up_to(max(curve.max() for curve in costs.values())),
            },
        )
        return finding

    controls = {
        "model": choice("model", list(p_test)),
        "price": slider("too low costs", 4.0, 0.25, 9.0, 0.25, "Price of a unit too low; too high costs 1"),
        "shift": slider("shift", 0.0, low, high, step, "What is added to every forecast"),
    }
    return Explorer(controls, draw, live, initial=initial)


def _torn(t):
    """Times with one more in each gap, and a function that puts NaN there: no line is drawn across."""
    after = np.flatnonzero(np.diff(t) > 1.5 * np.diff(t).min()) + 1 if len(t) > 1 else []
    return np.insert(t, after, t[after]), lambda values: np.insert(np.asarray(values, float), after, np.nan)


def _finding(model, price, shift, now, kept, learnt, y, forecast):
    before, after = mse(y, forecast), mse(y, forecast + shift)
    return (
        f"{model}, a unit too low costs {price:g}, too high 1. In the test part, shifted by {shift:+.3g}: "
        f"cost {bold(f'{now:.3g}')} (unshifted {kept:.3g}), MSE {after:.4g} (unshifted {before:.4g}). The "
        f"past asks for {bold(f'{learnt:+.3g}')}; what was best in the test part nobody could know."
    )


def _picture(t, y, predictions, limits, unit, name):
    """Two panels: cost by shift in the past and in the test part, and a week of forecasts."""
    low, high = limits
    right = {"xaxis": "x2", "yaxis": "y2"}
    grid = np.linspace(low, high, 101)
    color = figures.style("target")["color"]
    here = {"size": 13, "color": color, "symbol": "circle"}
    diamond = {"size": 13, "color": figures.style("series")["color"], "symbol": "diamond"}
    traces = [
        go.Scatter(x=grid, name="cost, past", mode="lines", line=figures.line("series")),
        go.Scatter(x=grid, name="cost, test part", mode="lines", line=figures.line("test")),
        go.Scatter(name="learnt on the past", mode="markers", marker=diamond, cliponaxis=False),
        go.Scatter(name="now", mode="markers", marker=here, cliponaxis=False),
        go.Scatter(x=t, y=y, name="truth", line=figures.line("truth"), **right),
        go.Scatter(x=t, name="forecast", line={**figures.line("series", 1.5), "dash": "dot"}, **right),
        go.Scatter(x=t, name="shifted", line={"color": color, "width": 2}, **right),
    ]
    added = f"added to the forecast ({unit})" if unit else "added to the forecast"
    figure = figures.new_figure(traces, title="", x=added, y="mean cost", alt="", showlegend=True)
    everything = np.concatenate([y[np.isfinite(y)], *(p + s for p in predictions.values() for s in limits)])
    return figure.update_layout(
        height=396,
        margin_t=104,  # three lines of legend where it is narrow
        xaxis={"domain": [0, 0.4], "range": [low, high]},
        xaxis2={"domain": [0.5, 1]},
        yaxis2={
            "anchor": "x2",
            "title": f"{name} ({unit})" if unit else name,
            "range": around(np.clip(everything, *np.quantile(everything, [0.005, 0.995]))),
        },
        hovermode="closest",
    )
