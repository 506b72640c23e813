"""Lesson 01: window, noise and split, and what a shuffled split makes of the error."""

import numpy as np
import plotly.graph_objects as go

from lessons import figures
from lessons.baselines import LastValue, NearestNeighbours, Ridge
from lessons.explorers.base import Explorer, bold, choice, slider, switch
from lessons.figures.curves import runs
from lessons.figures.style import log_axis
from lessons.live_figure import LiveFigure
from lessons.scores import mse
from lessons.series import trend_and_seasons, two_waves
from lessons.windows import Standardizer, make_windows, split_by_time

# Each series, and where its test part begins: a series index, or a fraction of the windows.
SERIES = {"trend and seasons": (trend_and_seasons, 630), "two waves": (two_waves, 0.8)}
MODELS = {"nearest neighbour": NearestNeighbours, "ridge": Ridge, "last value": LastValue}
SPLITS = ("by time", "shuffled")
WINDOW, TWIN = "one test window", "the train window most like it"
LIMITS = {900: [-2.5, 4.5], 220: [-2.2, 2.2]}  # of the value axis: hold every noise
ERROR_RANGE = 0.0005, 6  # holds all settings; without noise, ridge is beyond any scale


def leak():
    """Explore what window, noise and split do to the errors of three forecasters.

    Returns
    -------
    Explorer
        Controls ``series``, ``window`` (2 … 64 time steps), ``noise`` (standard deviation, 0 … 0.4) and
        ``split`` ("by time" or "shuffled").
    """
    live, known = LiveFigure(_picture()), {}

    def draw(series, window, noise, split):
        t, y, cut = _cut(series, window, noise)
        if (series, window, noise) not in known:
            parts = cut["parts"].items()
            known[series, window, noise] = {split: _scores(y, cut, part) for split, part in parts}
        scores = known[series, window, noise]
        _show(live, t, y, cut, scores[split], split, window)
        return _finding(scores)

    controls = {
        "series": choice("series", list(SERIES)),
        "window": slider("window", 60, 2, 64, 1, "Time steps that a forecast may look at"),
        "noise": slider("noise", 0.18, 0.0, 0.4, 0.02, "Standard deviation of the noise"),
        "split": switch("split", SPLITS, "Which windows are kept for the test"),
    }
    return Explorer(controls, draw, live)


def _cut(series, window, noise):
    """Make the series, its windows, and both ways to split them into parts of the same size."""
    make, at = SERIES[series]
    t, y = make(noise=noise)
    X, targets, target_index = make_windows(y, window)
    train, test = split_by_time(target_index, at)
    order = np.random.default_rng(0).permutation(len(X))
    n_train = train.stop - (train.start or 0)
    shuffled = np.sort(order[:n_train]), np.sort(order[n_train:])
    rows = np.arange(len(X))
    parts = {"by time": (rows[train], rows[test]), "shuffled": shuffled}
    return t, y, {"X": X, "y": targets, "target_index": target_index, "parts": parts}


def _scores(y, cut, part):
    """Return test MSE by model, in the series' own unit; scaled with the training windows' values alone."""
    train, test = part
    X, targets = cut["X"], cut["y"]
    scaler = Standardizer().fit(y[cut["target_index"][train]])
    X_train, X_test = scaler.transform(X[train]), scaler.transform(X[test])
    y_train = scaler.transform_target(targets[train])
    forecasts = {name: model().fit(X_train, y_train).predict(X_test) for name, model in MODELS.items()}
    return {name: mse(targets[test], scaler.inverse_target(y)) for name, y in forecasts.items()}


def _picture():
    """Draw the series with one test window and its twin; below, which moments train and test; then errors."""
    color = {part: figures.style(part)["color"] for part in ("train", "test")}
    below = {"mode": "lines", "hoverinfo": "skip", "showlegend": False, "yaxis": "y2"}
    traces = [
        go.Scatter(name="series", mode="lines", line=figures.line("series", 1), showlegend=False),
        go.Scatter(name=WINDOW, mode="lines", line={"color": color["test"], "width": 10}),
        go.Scatter(name=TWIN, mode="lines", line={"color": color["train"], "width": 3.5}),
    ]
    for part in color:
        thick = {"color": color[part], "width": 16, "simplify": False}
        traces.append(go.Scatter(name=part, line=thick, **below))
    for trace in figures.bars(dict.fromkeys(MODELS, 1.0)).data:
        traces.append(trace.update(xaxis="x2", yaxis="y3", showlegend=False))
    figure = figures.new_figure(traces, title="", x="time step", y="value", alt="", hovermode="closest")
    low, high = np.log10(ERROR_RANGE)
    still = {"showgrid": False, "zeroline": False}
    return figure.update_layout(
        height=350,
        margin={"t": 62, "b": 34},
        yaxis={"domain": [0.64, 1]},
        yaxis2={"domain": [0.48, 0.61], "range": [-0.6, 1.6], "tickvals": [0, 1], **still},
        yaxis2_ticktext=["test", "train"],
        xaxis_anchor="y2",
        xaxis2={**log_axis(low, high), "range": [low, high], "domain": [0.12, 1], "anchor": "y3"},
        xaxis2_title="test MSE, logarithmic",
        yaxis3={"domain": [0, 0.32], "anchor": "x2", "ticklabelstandoff": 6},
    )


def _show(live, t, y, cut, scores, split, window):
    train, test = cut["parts"][split]
    shown = test[len(test) // 2]
    distance = ((cut["X"][train] - cut["X"][shown]) ** 2).sum(axis=(1, 2))
    twin = train[distance.argmin()]
    lines = {WINDOW: slice(shown, shown + window), TWIN: slice(twin, twin + window)}
    apart = figures.plural(abs(int(shown - twin)), "step")
    title = f"The train window most like this test window begins {apart} away"
    strips = {part: runs(cut["target_index"][rows]) for part, rows in (("train", train), ("test", test))}
    heights = {part: np.full(len(strips[part]), height) for part, height in (("train", 1.0), ("test", 0.0))}
    errors = np.array([scores[name] for name in list(MODELS)[::-1]])  # Plotly draws the first at the bottom
    spoken = "; ".join(f"{name} {score:.4f}" for name, score in scores.items())
    alt = f"Line chart, and bars of test MSE, split {split}. {title}. MSE: {spoken}."
    bars = {"score": errors, "printed": np.maximum(errors, ERROR_RANGE[0])}
    live.update(
        x={"series": t} | {name: t[where] for name, where in lines.items()} | strips | bars,
        y={"series": y} | {name: y[where] for name, where in lines.items()} | heights,
        text={"printed": [f" {error:.4f}" for error in errors]},
        layout={
            "title_text": title,
            "xaxis_range": [0, len(y)],
            "yaxis_range": LIMITS[len(y)],
            "meta": {"alt": alt},
        },
    )


def _finding(scores):
    """Compare what both splits say, whichever is shown."""
    lines = []
    for name in ("nearest neighbour", "ridge"):
        honest, leaked = scores["by time"][name], scores["shuffled"][name]
        flattered = honest > max(1.25 * leaked, ERROR_RANGE[0])  # less is the luck of the draw
        effect = bold(f"flattered {honest / leaked:.1f}×") if flattered else "flattered not at all"
        lines.append(f"{name}: shuffled {leaked:.3f}, by time {honest:.3f}: {effect}")
    return "<br>".join(lines)
