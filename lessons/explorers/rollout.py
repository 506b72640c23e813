"""Lesson 07: rollouts from any origin, over five seeds, and the error by horizon beside them."""

import functools
from pathlib import Path

import numpy as np
import plotly.graph_objects as go

import lessons.rollout
from lessons import figures
from lessons.baselines import LastValue, SeasonalNaive
from lessons.explorers.base import Explorer, bold, plain, slider, switch
from lessons.figures.style import LOG_AXIS
from lessons.live_figure import LiveFigure
from lessons.rollout import crossing, error_by_horizon, truth
from lessons.series import trend_and_seasons
from lessons.windows import Standardizer

FILE = Path(lessons.rollout.__file__).parent / "weights" / "rollouts.npz"
AT, WINDOW, STEPS, SEASON = 630, 60, 200, 50
ORIGINS = np.arange(AT, 701)
MODELS = ("LSTM", "LSTM centred", "LSTM centred + skip", "ridge")
SERIES_NOISE = 0.18  # standard deviation, in the series' unit; the noise control counts in it
NOISE = (0, 1, 2, 3)
BASELINES = ("seasonal naive", "trend line", "last value", "train mean")
FLOOR = 0.034  # of a regression on trend and seasons whose periods are known, at every step
ALT = "Two line charts: rollouts on the series, and the error by horizon, logarithmic."
PAST = WINDOW + 20  # time steps shown before the origin
SHOWN = (-2.2, 4.8)  # value axis
ERRORS = (0.024, 12)  # error axis


def rollout_steps(**initial):
    """Roll forecasts out from any origin, and see at which horizon they stop being worth anything.

    The series is trend-and-seasons; the nets were trained on its first 630 values with five seeds each
    (`lessons.rollout.trained_nets`; ridge with alpha 10 has no seed). The noise is added to the *window* that
    a rollout starts from, never to the truth: a model that damps what it does not believe forgets it within a
    few steps, another carries it along. Baselines start from the same noisy window. Everything was computed
    beforehand: a move only reads arrays.

    Parameters
    ----------
    **initial
        Start values of the controls.

    Returns
    -------
    Explorer
        Controls ``model`` ("LSTM", "LSTM centred", "LSTM centred + skip", "ridge"), ``origin`` (630 … 700,
        index of the first value forecast), ``horizon`` (5 … 200 steps shown and scored), ``noise`` (0 … 3,
        times the series' own, of standard deviation 0.18).

    Raises
    ------
    ValueError
        If there is no such control, or it cannot take its value.
    """
    live, shown = LiveFigure(_picture()), []  # shown: the model and noise that the panel on the right is of

    def draw(model, origin, horizon, noise):
        _show(live, model, origin, horizon, noise, changed=shown != [(model, noise)])
        shown[:] = [(model, noise)]
        return _finding(model, origin, horizon, noise)

    controls = {
        "model": switch("model", MODELS),
        "origin": slider("origin", 650, int(ORIGINS[0]), int(ORIGINS[-1]), 1, "First value to forecast"),
        "horizon": slider("horizon", 120, 5, STEPS, 5, "How many steps are shown and scored"),
        "noise": slider("noise ×", 0, NOISE[0], NOISE[-1], 1, "On the window to start from, times 0.18"),
    }
    explorer = Explorer(controls, draw, live)
    explorer.set(**initial)
    explorer._initial = explorer.values
    return explorer


def paths(nets, scaled, level):
    """Roll nets out from all origins, from windows with noise on them.

    Parameters
    ----------
    nets : list of forecaster
    scaled : ndarray of shape (900,)
        The series in the nets' unit.
    level : int
        Of `NOISE`.

    Returns
    -------
    ndarray of shape (S, 71, 200)
        In the nets' unit.
    """
    noisy = scaled + level * SERIES_NOISE / _task()[1].std[0] * _unit_noise()
    return np.array([lessons.rollout.rollout(net, noisy, ORIGINS, STEPS, WINDOW) for net in nets])


def save_rollouts(rollouts, file=FILE):
    """Write rollouts, by model a list of arrays (S, 71, 200), one a noise level, as whole numbers of 2 bytes.

    The unit of these is a 4,000th of the largest value: nothing that a figure or a mean could show.
    """
    arrays = {}
    for name, by_level in rollouts.items():
        scale = np.abs(by_level).max() / 4_000
        arrays |= {name: np.round(np.array(by_level) / scale).astype(np.int16), f"{name}, unit": scale}
    np.savez_compressed(file, **arrays)


@functools.cache
def rolled_out(model, noise):
    """Return a model's rollouts in the series' own unit, shape (S, 71, 200)."""
    scaled = _stored(model)[noise] * _units()[model]
    return _task()[1].inverse_target(scaled)


@functools.cache
def _stored(model):
    with np.load(FILE) as file:
        return file[model]


@functools.cache
def _units():
    with np.load(FILE) as file:
        return {model: float(file[f"{model}, unit"]) for model in MODELS}


@functools.cache
def _task():
    """The series, its Standardizer, and what came after each origin, (71, 200)."""
    _, y = trend_and_seasons()
    return y, Standardizer().fit(y[:AT]), truth(y, ORIGINS, STEPS)


def _unit_noise():
    return np.random.default_rng(7).normal(size=len(_task()[0]))


@functools.cache
def baseline(name, noise):
    """Return a baseline's forecasts in the series' own unit, shape (71, 200)."""
    y, _, y_true = _task()
    if name == "train mean":
        return np.full(y_true.shape, y[:AT].mean())
    if name == "trend line":
        t = np.arange(len(y))
        return truth(np.polyval(np.polyfit(t[:AT], y[:AT], 1), t), ORIGINS, STEPS)
    noisy = y + noise * SERIES_NOISE * _unit_noise()
    model = LastValue() if name == "last value" else SeasonalNaive(SEASON)
    return lessons.rollout.rollout(model, noisy, ORIGINS, STEPS, WINDOW)


@functools.cache
def errors(name, noise):
    """Return the `HorizonErrors` of a model or baseline over all origins."""
    y_pred = rolled_out(name, noise) if name in MODELS else baseline(name, noise)
    return error_by_horizon(_task()[2], y_pred)


@functools.cache
def crossings(model, noise):
    """Return by baseline the step from which on a model is worse for good, or None."""
    return {name: crossing(errors(model, noise), errors(name, noise)) for name in BASELINES}


@functools.cache
def _curves(model, noise):
    """Mean, lowest and highest error over seeds, by step."""
    by_seed = errors(model, noise).by_seed
    return by_seed.mean(axis=0), by_seed.min(axis=0), by_seed.max(axis=0)


def _picture():
    """Draw two panels: rollouts on the series, and the error by horizon."""
    right = {"xaxis": "x2", "yaxis": "y2"}
    steps = np.arange(1, STEPS + 1)
    traces = [
        *_band("fan"),
        go.Scatter(name="truth", mode="lines", line=figures.line("truth", 2.5)),
        go.Scatter(name="window", mode="lines", line=figures.line("window", 1.5)),
        go.Scatter(name="seasonal naive", mode="lines", line=figures.line("seasonal naive", 1.5)),
        go.Scatter(name="rollout", mode="lines"),
        *_band("spread", x=steps, **right),
    ]
    for name in BASELINES:
        look = {"mode": "lines", "line": figures.line(name, 1.5), "showlegend": name != "seasonal naive"}
        traces.append(go.Scatter(name=_error_trace(name), x=steps, **look, **right))
    traces.append(go.Scatter(name="error", x=steps, mode="lines", showlegend=False, **right))
    marker = {"size": 11, "symbol": "x"}
    traces.append(go.Scatter(name="worse for good", mode="markers", marker=marker, **right))
    traces += _marks()
    figure = figures.new_figure(traces, title="", x="time step", y="value", alt="")
    return figure.update_layout(
        xaxis={"domain": [0, 0.57]},
        xaxis2={"domain": [0.66, 1], "title": "steps ahead", "range": [0, STEPS + 2]},
        yaxis={"range": SHOWN},
        yaxis2={
            **LOG_AXIS,
            "anchor": "x2",
            "title": "MSE over 71 origins",
            "range": np.log10(ERRORS).tolist(),
        },
        hovermode="closest",
        height=400,
        margin_t=96,
    )


def _band(name, **where):
    """Two traces whose space between them is filled."""
    edge = {"mode": "lines", "line_width": 0, "hoverinfo": "skip", "showlegend": False, **where}
    return [
        go.Scatter(name=f"{name}, lowest", **edge),
        go.Scatter(name=f"{name}, highest", fill="tonexty", **edge),
    ]


def _show(live, model, origin, horizon, noise, changed):
    """Redraw; the panel on the right only if model or noise are others than before."""
    y, k = _task()[0], origin - AT
    future, seen = np.arange(origin, origin + horizon), np.arange(origin - WINDOW, origin)
    around = np.arange(origin - PAST, origin + horizon)
    by_seed = rolled_out(model, noise)[:, k, :horizon]  # (S, horizon)
    there = dict.fromkeys(("fan, lowest", "fan, highest", "rollout", "seasonal naive"), future)
    left = {
        "x": {**there, "window": seen, "truth": around, "origin": [origin] * 2, "horizon": [horizon] * 2},
        "y": {
            "fan, lowest": by_seed.min(axis=0),
            "fan, highest": by_seed.max(axis=0),
            "rollout": np.median(by_seed, axis=0),
            "seasonal naive": baseline("seasonal naive", noise)[k, :horizon],
            "window": y[seen] + noise * SERIES_NOISE * _unit_noise()[seen],
            "truth": y[around],
        },
    }
    if changed:
        right = _right(model, noise)
        left = {what: {**left.get(what, {}), **right[what]} for what in right}
    title = _title(model, origin, horizon, noise)
    alt = f"{ALT} {title}. {plain(_finding(model, origin, horizon, noise))}"
    axis = {"xaxis_range": [origin - PAST, origin + horizon]}
    live.update(**left, layout={"title_text": title, **axis, "meta": {"alt": alt}})


def _right(model, noise):
    """What the error panel shows of a model, and its look in both panels."""
    mean, lowest, highest = _curves(model, noise)
    crossed = np.array(sorted({step for step in crossings(model, noise).values() if step}), int)
    baselines = {_error_trace(name): errors(name, noise).mse for name in BASELINES}
    line, band = figures.line(model, 2.5), figures.shade(model)
    curves = {"spread, lowest": lowest, "spread, highest": highest, "error": mean}
    return {
        "x": {"worse for good": crossed},
        "y": {**curves, **baselines, "worse for good": mean[crossed - 1]},
        "line": {"rollout": line, "error": line},
        "fillcolor": {"fan, highest": band, "spread, highest": band},
        "marker_color": {"worse for good": line["color"]},
    }


def _error_trace(name):
    return f"{name}, error" if name == "seasonal naive" else name  # which is in both panels


def _marks():
    """Where the forecast begins, what of the error counts, and what no forecast can be better than.

    Traces, as Plotly draws the whole figure anew for a shape that moves.
    """
    look = {"mode": "lines", "line": figures.line("noise floor", 1.5)}
    look |= {"hoverinfo": "skip", "showlegend": False}
    right = {"xaxis": "x2", "yaxis": "y2", **look}
    return [
        go.Scatter(name="origin", y=SHOWN, **look),
        go.Scatter(name="horizon", y=ERRORS, **right),
        go.Scatter(name="floor", x=[0, STEPS + 2], y=[FLOOR, FLOOR], **right),
    ]


def _here(y_pred, origin, horizon):
    """Mean squared errors from one origin over the steps shown, of forecasts (..., 71, 200)."""
    k = origin - AT
    return np.mean((y_pred[..., k, :horizon] - _task()[2][k, :horizon]) ** 2, axis=-1)


def _title(model, origin, horizon, noise):
    step = crossings(model, noise)["seasonal naive"]
    verdict = (
        f"never worse for good than the seasonal naive within {STEPS} steps"
        if step is None
        else f"worse than the seasonal naive from step {step} on"
    )
    return f"{model}, {horizon} steps from {origin}: over all origins, {verdict}"


def _finding(model, origin, horizon, noise):
    y_pred, naive = rolled_out(model, noise), baseline("seasonal naive", noise)
    here, rival = _here(y_pred, origin, horizon), _here(naive, origin, horizon)
    curve, here_mean = errors(model, noise).mse, here.mean()
    seeds = f" (its {len(here)} seeds {here.min():.3f} to {here.max():.3f})" if len(here) > 1 else ""
    by_step = {}
    for name, step in crossings(model, noise).items():
        by_step.setdefault(step, []).append(name)
    worse = [
        f"{' and '.join(names)} from step {bold(str(step))}"
        for step, names in sorted(item for item in by_step.items() if item[0] is not None)
    ]
    never = by_step.get(None, [])
    verdict = f"It is worse for good than {', '.join(worse)}. " if worse else ""
    if never:
        verdict += f"Within {STEPS} steps it is never worse for good than {_listed(never)}. "
    started = f", from a window with noise {noise * SERIES_NOISE:.2f} on it" if noise else ""
    return (
        f"From origin {origin}{started}: MSE over {horizon} steps {bold(f'{here_mean:.3f}')}{seeds}, "
        f"seasonal naive {rival:.3f}. Over all {len(ORIGINS)} origins: {curve[0]:.3f} at step 1, "
        f"{bold(f'{curve[horizon - 1]:.3f}')} at step {horizon} (floor {FLOOR}). {verdict}"
    ).strip()


def _listed(names):
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
