"""Lesson 03: how far back the gradient reaches, by cell and by the bias of the gate that keeps."""

import functools

import numpy as np
import plotly.graph_objects as go

from lessons import figures
from lessons.explorers.base import Explorer, bold, slider, switch
from lessons.live_figure import LiveFigure
from lessons.rnn import GRU, LSTM, RNN, gradient_memory
from lessons.series import trend_and_seasons
from lessons.windows import Standardizer, make_windows

WINDOW, HIDDEN_SIZE, SEEDS = 100, 32, range(5)
TRAIN = 630  # values of the series before its test part
LAGS = np.arange(WINDOW)
MARKED = 20, 60  # the lags that are read out
PLOTTED = 1e-10, 1e3
BEFORE = 3  # curves of earlier settings that stay, faintly: the first traces
MEDIAN = BEFORE + 3  # index of the trace
GREY = "rgba(127,127,127,.45)"

# Each network, made from a seed and the bias of the gate that keeps what it remembers.
NETWORKS = {
    "LSTM": lambda bias, **size: LSTM(1, HIDDEN_SIZE, forget_bias=bias, **size),
    "GRU": lambda bias, **size: GRU(1, HIDDEN_SIZE, keep_bias=bias, **size),
    "RNN": lambda bias, **size: RNN(1, HIDDEN_SIZE, **size),
    "RNN × 1.5": lambda bias, **size: RNN(1, HIDDEN_SIZE, stretch=1.5, **size),
}
GATED = ("LSTM", "GRU")
GATE = {"LSTM": "forget-gate bias", "GRU": "keep bias of the update gate"}
LABEL = {"LSTM": "forget-gate bias", "GRU": "keep bias"}  # of the slider


def memory(**initial):
    """Explore how strongly the last hidden state still feels each input: |∂h_T/∂x_{T−lag}| relative to lag 0.

    Untrained networks with 32 hidden units read standardised windows of 100 steps of `trend_and_seasons`; the
    line is the median over five seeds of the weights, the band their range.

    Parameters
    ----------
    **initial
        Start values of the controls.

    Returns
    -------
    Explorer
        Controls ``network`` ("LSTM", "GRU", "RNN" with Glorot's recurrent weights, "RNN × 1.5" with
        orthogonal ones times 1.5) and ``forget_bias`` (−1 … 3): of the LSTM's forget gate, or of the GRU's
        update gate towards keeping. The thick trace is what the finding reports.

    Raises
    ------
    ValueError
        If a start value is none that the control can take.
    """
    live = LiveFigure(_picture())
    shown = []  # (network, bias), latest last

    def draw(network, forget_bias):
        gated = network in GATED
        controls["forget_bias"].disabled = not gated
        controls["forget_bias"].description = LABEL.get(network, LABEL["LSTM"])
        setting = (network, forget_bias if gated else 0.0)
        _remember(shown, setting)
        _show(live, setting, shown[:-1])
        return _finding(*setting)

    controls = {
        "network": switch("network", list(NETWORKS), "Plain RNNs have no gate, and so no bias to set"),
        "forget_bias": slider(
            LABEL["LSTM"],
            0.0,
            *(-1.0, 3.0, 0.25),
            "How far the gate that keeps the memory stands open at the start; in the GRU, the update gate",
        ),
    }
    explorer = Explorer(controls, draw, live, initial=initial)
    explorer.earlier = shown
    return explorer


@functools.cache
def reach(network, bias):
    """Gradient norms by lag, relative to lag 0, of untrained networks.

    Parameters
    ----------
    network : str
        A key of `NETWORKS`.
    bias : float
        Bias of the gate that keeps.

    Returns
    -------
    ndarray of shape (seeds, 100)
        Norm of ∂h_T/∂x_{T−lag} over that of ∂h_T/∂x_T, by seed and lag. float32: below about 1e-19 it is 0.
    """
    make, X = NETWORKS[network], _windows()
    return np.array([gradient_memory(make(bias, seed=seed, dtype=np.float32), X) for seed in SEEDS])


@functools.cache
def _windows():
    """Return two windows from the train part, standardised, shape (2, 100, 1)."""
    _, y = trend_and_seasons()
    z = Standardizer().fit(y[:TRAIN]).transform(y[:TRAIN])
    X, _, _ = make_windows(z, WINDOW)
    return X[[0, 300]]


def _remember(shown, setting):
    """Put ``setting`` last, once, and keep the latest few."""
    if setting in shown:
        shown.remove(setting)
    shown.append(setting)
    del shown[: -BEFORE - 1]


def _picture():
    """Draw earlier settings and the plain RNN as references, then the band over seeds, median and marks."""
    faint = {"mode": "lines", "line": {"color": GREY, "width": 1.5}, "legendgroup": "before"}
    before = [
        go.Scatter(name="earlier settings", x=LAGS, showlegend=k == 0, visible=False, **faint)
        for k in range(BEFORE)
    ]
    edge = {"mode": "lines", "line": {"width": 0}, "showlegend": False, "hoverinfo": "skip"}
    marks = {"size": 9, "symbol": "circle"}
    traces = [
        *before,
        go.Scatter(
            name="plain RNN", x=LAGS, y=_median("RNN", 0.0), mode="lines", line=figures.line("RNN", 1.5)
        ),
        go.Scatter(name="lowest", x=LAGS, **edge),
        go.Scatter(name="highest", x=LAGS, fill="tonexty", fillcolor="rgba(127,127,127,.22)", **edge),
        go.Scatter(name="median", x=LAGS, mode="lines", line={"width": 3}),
        go.Scatter(name="marks", x=MARKED, mode="markers+text", marker=marks, showlegend=False),
    ]
    figure = figures.new_figure(
        traces, title="", x="lag (time steps before the last one)", y="gradient, relative to lag 0", alt=""
    )
    low, high = np.log10(PLOTTED)
    powers = np.arange(low, high + 1, 2)
    ticks = {"tickvals": 10.0**powers, "ticktext": [f"10{_raised(p)}" for p in powers]}
    figure.update_yaxes(type="log", range=[low, high], **ticks)
    figure.update_xaxes(range=[-1, WINDOW], tickvals=np.arange(0, WINDOW + 1, 20))
    figure.add_hline(y=1, line={"color": figures.style("truth")["color"], "width": 1})
    return figure.update_layout(height=380)


def _show(live, setting, before):
    network, _ = setting
    by_seed = reach(*setting)
    median = _median(*setting)
    line = figures.line(network, 3)
    left = ", ".join(f"{_share(median[lag])} after {lag} steps" for lag in MARKED)
    title = f"{_name(*setting)}: {left}"
    curves = dict.fromkeys(range(BEFORE), np.array([])) | {
        k: _plottable(_median(*earlier)) for k, earlier in enumerate(before)
    }
    live.update(
        y={
            **curves,
            "lowest": _plottable(by_seed.min(axis=0)),
            "highest": _plottable(by_seed.max(axis=0)),
            MEDIAN: _plottable(median),
            "marks": _plottable(median[list(MARKED)]),
        },
        line={MEDIAN: line},
        name={MEDIAN: network},
        visible={k: k < len(before) for k in range(BEFORE)} | {BEFORE: network != "RNN"},
        marker_color={"marks": line["color"]},
        text={"marks": [_share(median[lag]) for lag in MARKED]},
        textposition={"marks": "top right"},
        layout={"title_text": title, "meta": {"alt": _alt(title, median)}},
    )


def _median(network, bias):
    return np.median(reach(network, bias), axis=0)


def _plottable(y):
    """Return ``y`` with what lies far below the plot at one value there, so that lines leave it downwards."""
    return np.maximum(y, PLOTTED[0] / 1e3)


def _name(network, bias):
    return f"{network}, {GATE[network]} {bias:g}" if network in GATED else network


def _share(x):
    """Write how much of a gradient is left: "9 %", "2.3 ×", "4·10⁻⁹"."""
    if x >= 1.05:
        return f"{x:.2g} ×" if x < 10 else f"{x:.0f} ×"
    if x >= 1e-4:
        return f"{100 * x:.0f} %" if x >= 0.0095 else f"{100 * x:.1g} %"
    if x < 1e-15:
        return "less than 10⁻¹⁵"
    digit, power = f"{x:.0e}".split("e")
    return f"{digit}·10{_raised(int(power))}"


def _raised(power):
    return f"{power:.0f}".translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _alt(title, median):
    return (
        f"Line chart, logarithmic, of the gradient by lag from 0 to {WINDOW - 1}, with the plain RNN for "
        f"comparison. {title}; {_share(median[-1])} at the largest lag."
    )


def _finding(network, bias):
    by_seed, median = reach(network, bias), _median(network, bias)
    grows = median[MARKED[1]] > 1.05
    sentences = [
        f"after {lag} steps {bold(_share(median[lag]))} " + ("as large" if median[lag] >= 1.05 else "is left")
        for lag in MARKED
    ]
    low, high = by_seed[:, MARKED[1]].min(), by_seed[:, MARKED[1]].max()
    verdict = "It explodes." if grows else _against_rnn(network, median)
    return (
        f"{_name(network, bias)}: of the gradient, {', '.join(sentences)}. {verdict} "
        f"Over {len(SEEDS)} seeds (the band) {_share(low)} to {_share(high)} after {MARKED[1]} steps."
    )


def _against_rnn(network, median):
    if network == "RNN":
        return "It vanishes."
    ratio = median[MARKED[1]] / _median("RNN", 0.0)[MARKED[1]]
    if ratio < 0.5:
        return "It vanishes faster than in a plain RNN."
    return "It reaches further than in a plain RNN." if ratio > 2 else "No further than in a plain RNN."
