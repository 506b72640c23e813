"""Many steps ahead: recursive forecasts from all origins at once, their error by horizon, their intervals."""

from lessons.rollout.errors import HorizonErrors, crossing, error_by_horizon
from lessons.rollout.intervals import RolloutIntervals, coverage
from lessons.rollout.recursive import rollout, truth
from lessons.rollout.trained import trained_nets

__all__ = [
    "HorizonErrors",
    "RolloutIntervals",
    "coverage",
    "crossing",
    "error_by_horizon",
    "rollout",
    "trained_nets",
    "truth",
]
