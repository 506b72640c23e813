"""Lesson 02: what the error of the last-value forecast is made of."""

import functools

import numpy as np
import plotly.graph_objects as go

from lessons import figures
from lessons.explorers.base import Explorer, choice, plain, slider, up_to
from lessons.figures.style import BLUE, DARK, ORANGE, SKY
from lessons.live_figure import LiveFigure
from lessons.series import trend_and_seasons, two_waves

SERIES = {"trend and seasons": trend_and_seasons, "two waves": two_waves}
LAGS = np.arange(1, 61)
DRAWS = 50  # of the noise: one alone strays by a tenth from what is expected
LOUDEST = 0.52  # 2σ² of the loudest noise, and some room: no axis moves with the noise


def naive_error():
    """Explore the two parts of the naive error: how far the signal moves in a lag, and the noise, twice.

    With y = signal + noise of variance σ², the forecast y_t for y_{t+lag} has the expected squared error
    mean((s_{t+lag} − s_t)²) + 2σ².

    Returns
    -------
    Explorer
        Controls ``series``, ``noise`` (σ, 0 … 0.5) and ``lag`` (1 … 60 time steps).
    """
    live = LiveFigure(_picture())

    def draw(series, noise, lag):
        signal, measured = _signal_change(series), _measured(series, noise)
        mean, sd = measured.mean(axis=0), measured.std(axis=0, ddof=1)  # (60,) each
        parts = signal[lag - 1], 2 * noise**2, mean[lag - 1]
        finding = _sum(lag, noise, *parts, sd[lag - 1])
        title = f"At lag {lag}, {parts[1] / (parts[0] + parts[1]):.0%} of the naive error is noise"
        alt = f"Stacked bars, and curves over all lags, of the naive error. {title}. {plain(finding)}"
        live.update(
            y={
                "signal change": [parts[0], 0],
                "noise, 2σ²": [parts[1], 0],
                "measured": [0, parts[2]],
                "formula": signal + 2 * noise**2,
                "measured, every lag": mean,
                "± sd": [parts[2] - sd[lag - 1], parts[2] + sd[lag - 1]],
                "this lag": [parts[2]],
            },
            x={"this lag": [lag]},
            layout={
                "title_text": title,
                "meta": {"alt": alt},
                "yaxis_range": up_to(parts[0] + LOUDEST),
                "yaxis2_range": [0, 1.03 * (signal.max() + LOUDEST)],
            },
        )
        return finding

    controls = {
        "series": choice("series", list(SERIES)),
        "noise": slider("noise σ", 0.18, 0.0, 0.5, 0.02, "Standard deviation of the noise"),
        "lag": slider("lag", 1, 1, 60, 1, "How many steps back the value lies that is repeated"),
    }
    return Explorer(controls, draw, live)


@functools.cache
def _signal_change(series):
    """Return mean((s_{t+lag} − s_t)²) for every lag, shape (60,): the naive error without noise."""
    _, signal = SERIES[series](noise=0.0)
    return _mean_products(signal, signal)


@functools.cache
def _noise_terms(series):
    """Return what multiplies σ and σ² in the measured error, by draw and lag, shape (draws, 60) each.

    (Δs + σ Δε)² = Δs² + σ 2 Δs Δε + σ² Δε²: with the means of all three known, every σ is instant.
    """
    _, signal = SERIES[series](noise=0.0)
    unit_noise = [SERIES[series](noise=1.0, seed=seed)[1] - signal for seed in range(DRAWS)]
    cross = np.array([2 * _mean_products(signal, noise) for noise in unit_noise])
    return cross, np.array([_mean_products(noise, noise) for noise in unit_noise])


def _measured(series, noise):
    """Return the error of the last-value forecast by draw and lag, shape (draws, 60)."""
    cross, square = _noise_terms(series)
    return _signal_change(series) + noise * cross + noise**2 * square


def _mean_products(a, b):
    a, b = a.astype(float), b.astype(float)
    return np.array([np.mean((a[lag:] - a[:-lag]) * (b[lag:] - b[:-lag])) for lag in LAGS])


def _picture():
    """Draw two panels: the chosen lag as bars, and every lag as curves."""
    right, zero = {"xaxis": "x2", "yaxis": "y2"}, [0.0, 0.0]
    looks = {"signal change": (SKY, ""), "noise, 2σ²": (ORANGE, "/"), "measured": (BLUE, ".")}
    traces = []
    for name, (color, shape) in looks.items():
        look = {"color": color, "pattern": {"shape": shape, "fillmode": "overlay"}}
        traces.append(go.Bar(name=name, x=["formula", "measured"], y=zero, marker=look))
    traces[2].showlegend = False  # the bar is named below
    thick = {"mode": "lines", "line": {"color": DARK, "width": 3}, "showlegend": False, "hoverinfo": "skip"}
    traces += [
        go.Scatter(name="± sd", x=["measured"] * 2, y=zero, **thick),  # no error_y: it is slow to move
        go.Scatter(x=LAGS, name="formula", line=figures.line("series", 6), **right),
        go.Scatter(x=LAGS, name="measured, every lag", line=figures.line("last value"), **right),
        go.Scatter(name="this lag", mode="markers", marker=_here(), showlegend=False, **right),
    ]
    figure = figures.new_figure(traces, title="", x="", y="mean squared error", alt="", hovermode="closest")
    return figure.update_layout(
        barmode="stack",
        bargap=0.15,
        xaxis={"domain": [0, 0.34]},
        xaxis2={
            "domain": [0.44, 1],
            "title": "lag (time steps)",
            "range": [0, 61],
            "tickvals": [1, *range(10, 70, 10)],
        },
        yaxis={"rangemode": "tozero"},
        yaxis2={"anchor": "x2", "rangemode": "tozero"},
    )


def _here():
    look = figures.style("last value")
    return {"size": 13, "color": look["color"], "symbol": "circle", "line": {"width": 2, "color": "#ffffff"}}


def _sum(lag, noise, signal, doubled, measured, sd):
    return (
        f"Lag {lag}: signal change {signal:.4f} + noise 2 · {noise:.2f}² = {doubled:.4f} makes "
        f"<strong>{signal + doubled:.4f}</strong>; measured <strong>{measured:.4f}</strong> ± {sd:.4f} "
        f"over {DRAWS} draws of the noise."
    )
