"""Figures of the course: arrays in, a Plotly figure out, all in one look and each with its text equivalent.

Importing this module makes Jupyter show every Plotly figure as a light `lessons.live_figure.LiveFigure`.
"""

from lessons.figures.bars import bars, leaks, score_bars
from lessons.figures.curves import forecasts, loss_curves, series, split_map
from lessons.figures.heatmaps import gate_changes, gate_panels
from lessons.figures.many_steps import fan, horizon_curves, rollouts, shade
from lessons.figures.nets import gradient_errors, states, window_means
from lessons.figures.style import STYLES, line, log_axis, new_figure, plural, style
from lessons.figures.sweeps import sweep
from lessons.figures.weights import weight_map

__all__ = [
    "STYLES",
    "bars",
    "fan",
    "forecasts",
    "gate_changes",
    "gate_panels",
    "gradient_errors",
    "horizon_curves",
    "leaks",
    "line",
    "log_axis",
    "loss_curves",
    "new_figure",
    "plural",
    "rollouts",
    "score_bars",
    "series",
    "shade",
    "split_map",
    "states",
    "style",
    "sweep",
    "weight_map",
    "window_means",
]
