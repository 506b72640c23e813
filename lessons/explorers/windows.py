"""Lesson 01: window, noise and split, and what a random split makes of the error."""

import numpy as np
import plotly.graph_objects as go

from lessons import figures
from lessons.baselines import LastValue, NearestNeighbours, Ridge
from lessons.explorers.base import Explorer, around, bold, choice, slider, switch
from lessons.figures.style import log_axis
from lessons.live_figure import LiveFigure
from lessons.scores import mse
from lessons.series import trend_and_seasons, two_waves
from lessons.windows import Standardizer, make_windows, split_by_time

# Each series, and where its test part begins: a series index, or a fraction of the windows.
SERIES = {"trend and seasons": (trend_and_seasons, 630), "two waves": (two_waves, 0.8)}
MODELS = {"nearest neighbour": NearestNeighbours, "ridge": Ridge, "last value": LastValue}
SPLITS = ("by time", "random")
ERROR_RANGE = 0.0005, 6  # holds all settings; without noise, ridge is beyond any scale


def leak():
    """Explore what window, noise and split do to the errors of three forecasters.

    Returns
    -------
    Explorer
        Controls ``series``, ``window`` (2 … 64 time steps), ``noise`` (standard deviation, 0 … 0.4) and
        ``split`` ("by time" or "random"). ``live`` shows the series with one test window, ``errors`` bars.
    """
    live, errors, known = LiveFigure(_picture()), LiveFigure(_bars()), {}

    def draw(series, window, noise, split):
        t, y, cut = _cut(series, window, noise)
        if (series, window, noise) not in known:
            parts = cut["parts"].items()
            known[series, window, noise] = {split: _scores(y, cut, part) for split, part in parts}
        scores = known[series, window, noise]
        _show_split(live, t, y, cut, split, window)
        _show_errors(errors, scores[split], split)
        return _finding(scores)

    controls = {
        "series": choice("series", list(SERIES)),
        "window": slider("window", 60, 2, 64, 1, "Time steps that a forecast may look at"),
        "noise": slider("noise", 0.18, 0.0, 0.4, 0.02, "Standard deviation of the noise"),
        "split": switch("split", SPLITS, "Which windows are kept for the test"),
    }
    explorer = Explorer(controls, draw, live, errors)
    explorer.errors = errors
    return explorer


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
    parts = {"by time": (rows[train], rows[test]), "random": shuffled}
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
    names = ("train", "test", "training window most like it", "one test window")
    looks = {name: figures.style(name) for name in ("train", "test")}
    traces = [go.Scatter(name="series", mode="lines", line=figures.line("series", 1), showlegend=False)]
    for name, look in looks.items():
        dots = {"size": 5, "color": look["color"], "symbol": look["symbol"]}
        traces.append(go.Scatter(name=f"{name} targets", mode="markers", marker=dots, hoverinfo="skip"))
    for name, look in zip(names[2:], ("window", "target"), strict=True):
        traces.append(go.Scatter(name=name, mode="lines", line=figures.line(look, 4), hoverinfo="skip"))
    return figures.new_figure(traces, title="", x="time step", y="value", alt="", hovermode="closest")


def _show_split(live, t, y, cut, split, window):
    train, test = cut["parts"][split]
    at = {"train targets": cut["target_index"][train], "test targets": cut["target_index"][test]}
    shown = test[len(test) // 2]
    distance = ((cut["X"][train] - cut["X"][shown]) ** 2).sum(axis=(1, 2))
    twin = train[distance.argmin()]
    lines = {"one test window": slice(shown, shown + window)}
    lines["training window most like it"] = slice(twin, twin + window)
    apart = abs(int(shown) - int(twin))
    title = f"The training window most like this test window begins {figures.plural(apart, 'step')} away"
    live.update(
        x={0: t} | {name: t[where] for name, where in (at | lines).items()},
        y={0: y} | {name: y[where] for name, where in (at | lines).items()},
        layout={
            "title_text": title,
            "xaxis_range": [0, len(y)],
            "yaxis_range": around(y),
            "meta": {"alt": f"Line chart, split {split}. {title}."},
        },
    )


def _bars():
    names = dict.fromkeys(MODELS, 1.0)
    figure = figures.bars(names, x="test MSE, logarithmic", log=True)
    low, high = np.log10(ERROR_RANGE)
    return figure.update_xaxes(log_axis(low, high), range=[low, high])


def _show_errors(errors, scores, split):
    best = min(scores, key=scores.get)
    title = f"Split {split}: {best} seems best, with {scores[best]:.4f}"
    values = [scores[name] for name in list(MODELS)[::-1]]  # Plotly draws the first at the bottom
    spoken = "; ".join(f"{name} {score:.4f}" for name, score in scores.items())
    errors.update(
        x={0: values, 1: np.maximum(values, ERROR_RANGE[0])},
        text={1: [f" {value:.4f}" for value in values]},
        layout={"title_text": title, "meta": {"alt": f"Bar chart of test MSE. {title}. {spoken}."}},
    )


def _finding(scores):
    """Compare what both splits say, whichever is shown."""
    lines = []
    for name in ("nearest neighbour", "ridge"):
        honest, random = scores["by time"][name], scores["random"][name]
        flattered = honest > max(1.25 * random, ERROR_RANGE[0])  # less is the luck of the draw
        effect = bold(f"flattered {honest / random:.1f}×") if flattered else "flattered not at all"
        lines.append(f"{name}: random split says {random:.3f}, time split says {honest:.3f}: {effect}")
    return "<br>".join(lines)
