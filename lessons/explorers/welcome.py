"""Lesson 00: two sliders, a series, and a number that follows."""

import numpy as np

from lessons import figures
from lessons.explorers.base import Explorer, around, bold, slider
from lessons.live_figure import LiveFigure
from lessons.scores import mse
from lessons.series import trend_and_seasons

TEST_FROM = 630  # the last 30 % of the series


def welcome():
    """Explore the series *trend and seasons*: what noise and trend do to it, and to the simplest forecast.

    Returns
    -------
    Explorer
        Controls ``noise`` (standard deviation, 0 … 0.5) and ``trend`` (rise per step, 0 … 0.01).
    """
    t, y = trend_and_seasons()
    live = LiveFigure(figures.series(t, y, split=TEST_FROM, title="Trend and seasons"))

    def draw(noise, trend):
        _, y = trend_and_seasons(noise=noise, trend=trend)
        error = mse(y[TEST_FROM:], y[TEST_FROM - 1 : -1])
        title = f"Forecast every value by the one before it: mean squared error {error:.4f}"
        rise = np.mean(y[TEST_FROM:]) - np.mean(y[:TEST_FROM])
        alt = f"Line chart of {len(y)} time steps with noise {noise:.2f} and trend {trend:.4f}. {title}."
        live.update(
            y={0: y},
            layout={"title_text": title, "meta": {"alt": alt}, "yaxis_range": around(y)},
        )
        return (
            f"Noise {noise:.2f}, trend {trend:.4f}: last-value forecast, test mean squared error "
            f"{bold(f'{error:.4f}')}. Between training and test part the mean level changes by {rise:+.2f}."
        )

    controls = {
        "noise": slider("noise", 0.18, 0.0, 0.5, 0.02, "Standard deviation of the noise"),
        "trend": slider("trend per step", 0.0025, 0.0, 0.01, 0.0005, readout_format=".4f"),
    }
    return Explorer(controls, draw, live)
