"""Lesson 00: a series, the simplest forecast of it, and the gap between them."""

import numpy as np
import plotly.graph_objects as go

from lessons import figures
from lessons.explorers.base import Explorer, bold, slider
from lessons.live_figure import LiveFigure
from lessons.scores import mse
from lessons.series import trend_and_seasons

TEST_FROM = 630  # the last 30 % of the series
SHOWN = slice(700, 760)


def welcome():
    """Explore what noise does to a series, and to the forecast *the next value will be the last one again*.

    Returns
    -------
    Explorer
        Control ``noise`` (standard deviation, 0 … 0.5).
    """
    live = LiveFigure(_picture())

    def draw(noise):
        _, y = trend_and_seasons(noise=noise)
        truth, forecast = y[SHOWN], y[SHOWN.start - 1 : SHOWN.stop - 1]
        error = mse(y[TEST_FROM:], y[TEST_FROM - 1 : -1])
        title = f"The naive forecast is off by about √{error:.4f} = {np.sqrt(error):.2f}"
        gaps = np.stack([truth, forecast, np.full(len(truth), np.nan)], axis=1).ravel()
        alt = f"A series with noise {noise:.2f}, its naive forecast one step late, the gaps between. {title}."
        live.update(
            y={"gap, the error": gaps, "truth": truth, "last value": forecast},
            layout={"title_text": title, "meta": {"alt": alt}},
        )
        return (
            f"Noise {noise:.2f}: the gaps, squared and averaged over the last {len(y) - TEST_FROM} steps, "
            f"make {bold(f'{error:.4f}')}, the mean squared error of the naive forecast."
        )

    return Explorer(
        {"noise": slider("noise", 0.18, 0.0, 0.5, 0.02, "Standard deviation of the noise")}, draw, live
    )


def _picture():
    t = np.arange(SHOWN.start, SHOWN.stop)
    color = figures.style("last value")["color"]
    traces = [
        go.Scatter(
            x=np.repeat(t, 3),
            name="gap, the error",
            mode="lines",
            line={"color": color, "width": 5},
            opacity=0.5,
        ),
        go.Scatter(x=t, name="truth", mode="lines", line=figures.line("truth", 3)),
        go.Scatter(x=t, name="last value", mode="lines", line=figures.line("last value", 2)),
    ]
    figure = figures.new_figure(traces, title="", x="time step", y="value", alt="", hovermode="closest")
    return figure.update_layout(yaxis_range=[-1.5, 5])
