"""Lesson 07: a rollout step by step: each forecast goes into the window, and the oldest value out of it."""

import functools

import ipywidgets
import numpy as np
import plotly.graph_objects as go

from lessons import figures
from lessons.baselines import Ridge, SeasonalNaive
from lessons.explorers.base import Explorer, bold, plain, player, slider, switch
from lessons.figures.style import LOG_AXIS
from lessons.live_figure import LiveFigure
from lessons.records import recorded_rollouts
from lessons.rollout import error_by_horizon, rollout, truth
from lessons.series import trend_and_seasons
from lessons.windows import Standardizer, make_windows

AT, WINDOW, STEPS, SEASON = 630, 60, 200, 50
ORIGINS = np.arange(AT, 701)
MODELS = ("LSTM", "LSTM centred", "LSTM centred + skip", "ridge")
SERIES_NOISE = 0.18  # standard deviation, in the series' unit; the noise control counts in it
NOISE = (0, 1, 2, 3)
VALUES = (-2.2, 4.8)  # axis of the series and of the window
RECORDED = {  # what a page without a kernel offers
    "origin": [630, 650, 675, 700],
    "noise": [0, 2],
    "step": [1, 2, 3, 5, 10, 20, 30, 40, 59, 60, 61, 80, 100, 150, 200],
}
ERRORS = (0.024, 12)  # error axis
ALT = "Three charts: the series with the window on it, the values in the window, and the error by step ahead."


def rollout_steps(**initial):
    """Roll a forecast out step by step, from any origin, and watch the window fill with forecasts.

    The nets are `lessons.records.trained_nets`, fitted on the first 630 values of `trend_and_seasons`; the
    thick line is the net of seed 0, the band all five. The noise is put on the *window* that a rollout starts
    from, never on the truth. Everything was computed beforehand: a move only reads arrays.

    Parameters
    ----------
    **initial
        Start values of the controls.

    Returns
    -------
    Explorer
        Controls ``model``, ``origin`` (630 … 700, index of the first value forecast), ``noise`` (0 … 3 times
        the series' own, of standard deviation 0.18) and ``step`` (1 … 200 forecasts made); *Step* makes one
        forecast more, *Play* goes on.

    Raises
    ------
    ValueError
        If there is no such control, or it cannot take its value.
    """
    live = LiveFigure(_picture())

    def draw(model, origin, noise, step):
        finding = _finding(model, origin, noise, step)
        _show(live, model, origin, noise, step, plain(finding))
        return finding

    controls = {
        "model": switch("model", MODELS),
        "origin": slider("origin", 650, int(ORIGINS[0]), int(ORIGINS[-1]), 1, "First value to forecast"),
        "noise": slider("noise ×", 0, NOISE[0], NOISE[-1], 1, "On the window to start from, times 0.18"),
        "step": slider("step", 1, 1, STEPS, 1, "How many forecasts have been made"),
    }
    step = controls["step"]
    button = ipywidgets.Button(description="Step", tooltip="One forecast more", layout={"width": "70px"})
    button.on_click(lambda _: step.set_trait("value", min(step.value + 1, STEPS)))
    explorer = Explorer(controls, draw, live, beside={"step": [button, player(step)]}, initial=initial)
    explorer.stops = RECORDED
    return explorer


@functools.cache
def _task():
    """The series, its Standardizer, what came after each origin (71, 200), and noise of size 1 (900,)."""
    _, y = trend_and_seasons()
    noise = np.random.default_rng(7).normal(size=len(y))
    return y, Standardizer().fit(y[:AT]), truth(y, ORIGINS, STEPS), noise


def noisy(level):
    """Return the series, shape (900,), with noise on the values to start from, in its own unit."""
    y, _, _, noise = _task()
    return y + level * SERIES_NOISE * noise


@functools.cache
def rolled_out(model, level):
    """Return rollouts from all origins in the series' own unit, (S, 71, 200); also of the baselines."""
    y, scaler, y_true, _ = _task()
    if model == "trend line":
        line = np.polyval(np.polyfit(np.arange(AT), y[:AT], 1), np.arange(len(y)))
        return truth(line, ORIGINS, STEPS)[np.newaxis]
    if model in ("ridge", "seasonal naive"):
        forecaster = _ridge() if model == "ridge" else SeasonalNaive(SEASON)
        path = rollout(forecaster, scaler.transform(noisy(level)), ORIGINS, STEPS, WINDOW)
        return scaler.inverse_target(path)[np.newaxis]
    return scaler.inverse_target(recorded_rollouts(model, level))


@functools.cache
def _ridge():
    y, scaler, _, _ = _task()
    return Ridge().fit(*make_windows(scaler.transform(y[:AT]), WINDOW)[:2])


@functools.cache
def errors(model, level):
    """Return the `HorizonErrors` of a model or baseline over all origins."""
    return error_by_horizon(_task()[2], rolled_out(model, level))


def _picture():
    window, right = {"xaxis": "x2", "yaxis": "y2"}, {"xaxis": "x3", "yaxis": "y3"}
    thin, mark = {"mode": "lines"}, {"mode": "markers", "showlegend": False}
    out = {"size": 9, "symbol": "x", "color": figures.style("window")["color"]}
    new = {"size": 12, "symbol": "star"}
    traces = [
        *_band("all nets"),
        go.Scatter(name="truth", **thin, line=figures.line("truth", 1.5)),
        go.Scatter(name="window", **thin, line=figures.line("window", 3)),
        go.Scatter(name="forecasts", **thin),
        go.Scatter(name="now", **mark, marker=new),
        go.Scatter(name="true in it", mode="markers", showlegend=False, **window, marker_size=6),
        go.Scatter(name="forecasts in it", mode="markers", showlegend=False, **window, marker_size=6),
        go.Scatter(name="pushed out", **mark, x=[0], marker=out, **window),
        go.Scatter(name="new", **mark, x=[WINDOW + 1], marker=new, **window),
        *_band("spread", **right),
        go.Scatter(
            name="seasonal naive", **thin, line=figures.line("seasonal naive", 1.5), legend="legend2", **right
        ),
        go.Scatter(
            name="trend line", **thin, line=figures.line("trend line", 1.5), legend="legend2", **right
        ),
        go.Scatter(name="error", **thin, showlegend=False, **right),
    ]
    traces[6].marker.color = figures.style("window")["color"]
    figure = figures.new_figure(traces, title="", x="steps after the origin", y="value", alt="")
    axis = {"title": {"text": "place in the window: 1 oldest, 61 new", "standoff": 4}}
    return figure.update_layout(
        xaxis={"domain": [0, 0.58], "range": [-WINDOW - 4, STEPS + 3], "title_standoff": 2},
        yaxis={"domain": [0.56, 1], "range": VALUES},
        xaxis2={"domain": [0, 0.58], "range": [-1, WINDOW + 2.5], "anchor": "y2", **axis},
        yaxis2={"domain": [0, 0.3], "range": VALUES, "anchor": "x2", "title": "value"},
        xaxis3={"domain": [0.72, 1], "range": [0, STEPS + 4], "anchor": "y3", "title": "steps ahead"},
        yaxis3={
            **LOG_AXIS,
            "anchor": "x3",
            "title": "MSE over 71 origins",
            "range": np.log10(ERRORS).tolist(),
        },
        hovermode="closest",
        legend2={"x": 0.72, "y": 1, "yanchor": "top", "orientation": "v"},
        height=306,
        margin={"t": 60, "b": 36},
    )


def _band(name, **where):
    """Two traces whose space between them is filled."""
    edge = {"mode": "lines", "line_width": 0, "hoverinfo": "skip", "showlegend": False, **where}
    return [
        go.Scatter(name=f"{name}, {end}", fill=fill, **edge)
        for end, fill in (("lowest", None), ("highest", "tonexty"))
    ]


def _show(live, model, origin, noise, step, finding):
    y, k = _task()[0], origin - AT
    paths, by_seed = rolled_out(model, noise)[:, k, :step], errors(model, noise).by_seed[:, :step]
    ahead, past = np.arange(step), np.arange(-WINDOW, 0)
    history = np.concatenate([noisy(noise)[origin - WINDOW : origin], paths[0]])  # (60 + step,)
    now = history[step - 1 : step - 1 + WINDOW]  # the window that the newest forecast was made from
    true, place = max(WINDOW - step + 1, 0), np.arange(1, WINDOW + 1)
    curves = {"spread, lowest": by_seed.min(axis=0), "spread, highest": by_seed.max(axis=0)}
    curves |= {name: errors(name, noise).mse[:step] for name in ("seasonal naive", "trend line")}
    curves["error"] = by_seed.mean(axis=0)
    look, shade = figures.line(model, 2.5), figures.shade(model)
    x = {"truth": np.arange(-WINDOW - 4, STEPS), "window": past[WINDOW - true :]}
    x |= dict.fromkeys(("all nets, lowest", "all nets, highest", "forecasts"), ahead)
    x |= {"now": ahead[-1:], "true in it": place[:true], "forecasts in it": place[true:]}
    x |= dict.fromkeys(curves, ahead + 1)
    values = {"truth": y[origin - WINDOW - 4 : origin + STEPS], "forecasts": paths[0], "now": paths[0, -1:]}
    values |= {"all nets, lowest": paths.min(axis=0), "all nets, highest": paths.max(axis=0)}
    values |= {"window": history[step - 1 : WINDOW], "new": paths[0, -1:]}
    values |= {"true in it": now[:true], "forecasts in it": now[true:]}
    values |= {"pushed out": history[step - 2 : step - 1] if step > 1 else [None], **curves}
    title = f"Forecast {step} is made of {_count(true, 'true value')} and {_count(WINDOW - true, 'forecast')}"
    live.update(
        x=x,
        y=values,
        line={"forecasts": look, "error": look},
        fillcolor={"all nets, highest": shade, "spread, highest": shade},
        marker_color=dict.fromkeys(("now", "new", "forecasts in it"), look["color"]),
        layout={"title_text": title, "meta": {"alt": f"{ALT} {title}. {finding}"}},
    )


def _finding(model, origin, noise, step):
    said, came = rolled_out(model, noise)[0, origin - AT, step - 1], _task()[2][origin - AT, step - 1]
    mse, rival = (errors(name, noise).mse[step - 1] for name in (model, "seasonal naive"))
    started, beside = "", f", seasonal naive {rival:.3f}"
    if noise:  # in the MSE it may cancel with what was wrong before: so its root mean square over origins
        off = rolled_out(model, noise)[0, :, step - 1] - rolled_out(model, 0)[0, :, step - 1]
        started = f", its window with noise {noise * SERIES_NOISE:.2f}"
        beside = f"; noise moves them by {bold(f'{np.sqrt(np.mean(off**2)):.3f}')}"
    return (
        f"Step {step} from {origin}{started}: {model} says {bold(f'{said:.2f}')}, {came:.2f} came. "
        f"MSE there over {len(ORIGINS)} origins: {bold(f'{mse:.3f}')}{beside}."
    )


def _count(number, noun):
    return f"{number or 'no'} {figures.plural(number, noun).split(' ', 1)[1]}"
