"""Lesson 01: window, noise and split, and what a shuffled split makes of the error."""

import numpy as np
import plotly.graph_objects as go

from lessons import figures
from lessons.baselines import LastValue, NearestNeighbours, Ridge
from lessons.explorers.base import Explorer, bold, choice, slider, switch
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
        ``split`` ("by time" or "shuffled"). ``live`` shows the series with one test window, ``errors`` bars.
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
    """Draw the series with one test window and its twin; below, which moments train and which test."""
    strip = {"mode": "lines", "hoverinfo": "skip", "showlegend": False, "yaxis": "y2"}
    traces = [
        go.Scatter(name="series", mode="lines", line=figures.line("series", 1), showlegend=False),
        *(
            go.Scatter(name=name, mode="lines", line={"color": figures.style(part)["color"], "width": width})
            for name, part, width in ((WINDOW, "test", 10), (TWIN, "train", 3.5))
        ),
        *(
            go.Scatter(
                name=part,
                line={"color": figures.style(part)["color"], "width": 16, "simplify": False},
                **strip,
            )
            for part in ("train", "test")
        ),
    ]
    figure = figures.new_figure(traces, title="", x="time step", y="value", alt="", hovermode="closest")
    return figure.update_layout(
        height=228,
        margin={"t": 62, "b": 34},
        yaxis={"domain": [0.3, 1]},
        yaxis2={"domain": [0, 0.26], "range": [-0.6, 1.6], "showgrid": False, "zeroline": False}
        | {"tickvals": [0, 1], "ticktext": ["test", "train"]},
        xaxis_anchor="y2",
    )


def _show_split(live, t, y, cut, split, window):
    train, test = cut["parts"][split]
    shown = test[len(test) // 2]
    distance = ((cut["X"][train] - cut["X"][shown]) ** 2).sum(axis=(1, 2))
    twin = train[distance.argmin()]
    lines = {WINDOW: slice(shown, shown + window), TWIN: slice(twin, twin + window)}
    apart = figures.plural(abs(int(shown - twin)), "step")
    title = f"The train window most like this test window begins {apart} away"
    strips = {name: _runs(cut["target_index"][rows]) for name, rows in (("train", train), ("test", test))}
    live.update(
        x={0: t} | {name: t[where] for name, where in lines.items()} | strips,
        y={0: y}
        | {name: y[where] for name, where in lines.items()}
        | {name: np.full(len(strips[name]), height) for name, height in (("train", 1.0), ("test", 0.0))},
        layout={
            "title_text": title,
            "xaxis_range": [0, len(y)],
            "yaxis_range": LIMITS[len(y)],
            "meta": {"alt": f"Line chart, split {split}. {title}."},
        },
    )


def _runs(index):
    """Runs of consecutive indices as the ends of lines, with gaps between: one path instead of many marks."""
    runs = np.split(index, np.flatnonzero(np.diff(index) > 1) + 1)
    return np.array([x for run in runs for x in (run[0] - 0.5, run[-1] + 0.5, np.nan)])


def _bars():
    names = dict.fromkeys(MODELS, 1.0)
    figure = figures.bars(names, x="test MSE, logarithmic", log=True).update_layout(
        height=122, margin={"t": 6, "b": 34}
    )
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
        layout={"meta": {"alt": f"Bar chart of test MSE. {title}. {spoken}."}},
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
