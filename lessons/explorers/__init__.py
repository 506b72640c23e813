"""Explorers: one live figure with sliders a lesson. Call one as the last line of a cell."""

from lessons.explorers.base import Explorer
from lessons.explorers.cell import cell
from lessons.explorers.chain import chain
from lessons.explorers.eigenvalues import eigenvalues
from lessons.explorers.error_price import error_price
from lessons.explorers.gap_filling import gap_filling
from lessons.explorers.gate_heatmaps import gate_heatmaps
from lessons.explorers.hold_gate import hold_gate
from lessons.explorers.leak import leak
from lessons.explorers.live_run import LiveRun
from lessons.explorers.memory import memory
from lessons.explorers.naive_error import naive_error
from lessons.explorers.ridge_weights import ridge_weights
from lessons.explorers.rollout_steps import rollout_steps
from lessons.explorers.sliding_window import sliding_window
from lessons.explorers.training import training
from lessons.explorers.two_libraries import two_libraries
from lessons.explorers.welcome import welcome

__all__ = [
    "Explorer",
    "LiveRun",
    "cell",
    "chain",
    "eigenvalues",
    "error_price",
    "gap_filling",
    "gate_heatmaps",
    "hold_gate",
    "leak",
    "memory",
    "naive_error",
    "ridge_weights",
    "rollout_steps",
    "sliding_window",
    "training",
    "two_libraries",
    "welcome",
]
