"""Lesson 05: one net in two libraries, trained side by side from the same start weights."""

import time
import types
from typing import NamedTuple

import ipywidgets
import numpy as np
import plotly.graph_objects as go

from lessons import figures
from lessons.explorers.base import bold, slider, switch
from lessons.explorers.live_run import LiveExplorer
from lessons.figures.style import log_axis
from lessons.live_figure import LiveFigure
from lessons.rnn import GRU, LSTM
from lessons.series import two_waves
from lessons.windows import scaled_windows

EPOCHS = 60
RECIPE = {"epochs": EPOCHS, "batch_size": None, "lr": 0.005, "max_grad_norm": None}
TOGETHER = 0.05  # losses further apart than this, relative to NumPy's, are seen to part


class Pair(NamedTuple):
    """An epoch in both libraries: losses, and seconds a step."""

    losses: tuple
    seconds: tuple


def two_libraries():
    """Train a net in NumPy and its copy in PyTorch side by side, on *two waves*, whenever a control moves.

    Both start from the same weights (seed 42) and take all windows at once, in float32, 60 times, by Adam
    with 0.005 and no clipping. The GRU resets after the product, as PyTorch's does.

    Returns
    -------
    Explorer
        Controls ``cell``, ``hidden_size`` (units), ``window`` (time steps), ``noise`` (standard deviation)
        and ``second_bias``: whether PyTorch's second bias, which an LSTM in NumPy does not have, is trained
        as well. The milliseconds a step are those of this machine at this moment.
    """
    return TwoLibraries()


class TwoLibraries(LiveExplorer):
    """What `two_libraries` returns."""

    def __init__(self):
        controls = {
            "cell": switch("cell", ["LSTM", "GRU"]),
            "second_bias": switch("second bias", ["held still", "trained"], "PyTorch's, in an LSTM"),
            "hidden_size": slider("hidden size", 16, 4, 64, 4, "Units in the hidden state"),
            "window": slider("window", 16, 4, 32, 4, "Time steps that the net sees"),
            "noise": slider("noise", 0.04, 0.0, 0.3, 0.02, "Its standard deviation"),
        }
        super().__init__(controls, _epochs, LiveFigure(_picture()))
        self.clock = ipywidgets.HTML().add_class("lessons-finding")  # apart: it differs from run to run
        self.children = (*self.children, self.clock)
        self.refresh()  # a second, so that what is stored or printed is a trained net from the first

    def _settings(self):
        values = super()._settings()
        if values["cell"] == "GRU":
            values["second_bias"] = "trained"  # ours has it too
        self.controls["second_bias"].disabled = values["cell"] == "GRU"
        return values

    stops = types.MappingProxyType({"hidden_size": [4, 16, 64], "window": [16], "noise": [0.04]})

    def _show(self, pairs, done):
        settings, pairs = pairs[0], pairs[1:]
        if not pairs:
            return
        losses = np.array([pair.losses for pair in pairs])  # (epochs, 2)
        ms = 1000 * np.median([pair.seconds for pair in pairs], axis=0)
        apart = np.abs(losses[:, 1] / losses[:, 0] - 1)
        title = f"{settings['cell']}: {_verdict(apart, done)}"
        last = f"NumPy {losses[-1, 0]:.4f}, PyTorch {losses[-1, 1]:.4f}"
        told = f"Training MSE after epoch {len(pairs)}: {last}"
        look = figures.style(settings["cell"])["color"]
        with self._one_message():
            self.live.update(
                x={k: np.arange(1, len(pairs) + 1) for k in (0, 1)},
                y={0: losses[:, 0], 1: losses[:, 1], 2: ms},
                text={2: [f"{value:.1f} ms" for value in ms]},
                line_color={0: look, 1: figures.style("series")["color"]},
                marker_color={2: look},
                layout={
                    "title_text": title,
                    "meta": {
                        "alt": f"Loss curves by epoch. {title}. {told}. Right: time a step, told below."
                    },
                },
            )
            if done or len(pairs) == 1:
                self._state(f"{bold(title)}. {told}.")
                self.clock.value = f"A step took NumPy {ms[0]:.1f} ms, PyTorch {ms[1]:.1f} ms, here and now."


def _epochs(cell, hidden_size, window, noise, second_bias):
    """Yield the settings, then a `Pair` after every epoch, and None between its halves."""
    from lessons.torch_rnn import TorchForecaster, to_torch  # only this explorer waits for PyTorch

    data = scaled_windows(two_waves(noise=noise)[1], window, at=0.8)
    options = {"seed": 42, "dtype": np.float32}
    ours = (
        LSTM(1, hidden_size, **options) if cell == "LSTM" else GRU(1, hidden_size, reset="after", **options)
    )
    theirs = TorchForecaster.around(to_torch(ours))
    theirs.module.layer.bias_hh_l0.requires_grad_(second_bias == "trained")
    yield {"cell": cell}
    runs = [model.train(data.X_train, data.y_train, **RECIPE) for model in (ours, theirs)]
    for _ in range(EPOCHS):
        ours, numpy_seconds = _timed(runs[0])
        yield None
        theirs, torch_seconds = _timed(runs[1])
        yield Pair((ours.loss, theirs.loss), (numpy_seconds, torch_seconds))


def _timed(run):
    """Return a run's next epoch, and how long it took."""
    started = time.perf_counter()
    return next(run), time.perf_counter() - started


def _verdict(apart, done):
    if apart.max() <= TOGETHER:
        return f"the two losses lie on each other, {_percent(apart.max())} apart at most"
    first = int(np.argmax(apart > 0.001)) + 1  # beyond rounding
    if not done:
        return f"the two losses part at epoch {first}"
    return f"the two losses part at epoch {first}, and come to be {_percent(apart.max())} apart"


def _percent(share):
    if share < 0.001:
        return "less than 0.1 %"
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


def _picture():
    """Draw losses by epoch on the left, time a step on the right, on axes that stay."""
    right = {"xaxis": "x2", "yaxis": "y2"}
    traces = [
        go.Scatter(name="NumPy", x=[], y=[], mode="lines", line_width=8, opacity=0.4),
        go.Scatter(name="PyTorch", x=[], y=[], mode="lines", line={"width": 2, "dash": "dash"}),
        go.Scatter(
            name="a step", x=["NumPy", "PyTorch"], y=[], mode="markers+text", showlegend=False, **right
        ),
    ]
    traces[2].update(marker={"size": 14, "symbol": "diamond"}, textposition="top center")
    figure = figures.new_figure(traces, title="", x="epoch", y="training MSE", alt="", hovermode="closest")
    low, high = -4.0, 0.5
    return figure.update_layout(
        xaxis={"domain": [0, 0.58], "range": [0, EPOCHS + 1]},
        yaxis={**log_axis(low, high), "range": [low, high]},
        xaxis2={"domain": [0.7, 1], "range": [-0.5, 1.5], "tickangle": 0},
        yaxis2={**log_axis(-1, 2), "range": [-1, 2], "anchor": "x2", "title": "ms a step"},
        height=256,
        margin_t=62,
    )
