"""Lesson 06: hold one gate of an LSTM at a value for some steps, and see what follows."""

import functools
import types

import numpy as np

from lessons import figures
from lessons.explorers.base import Explorer, bold, slider, span, switch
from lessons.gates import clamp, marker_task, record_gates
from lessons.live_figure import LiveFigure
from lessons.records import trained_nets
from lessons.scores import mse

SEED, N, T = 8, 500, 20
GATES = {"input gate": "i", "forget gate": "f", "output gate": "o"}
OPENS = 5  # markers at steps 5, 12 and 14


def hold_gate(**initial):
    """Hold a gate of an LSTM at a value over chosen steps of the marker task, beside the untouched run.

    The net is the lesson's of seed 8.

    Parameters
    ----------
    **initial
        Start values of the controls: ``window`` (0 … 499), ``gate`` ("input gate", "forget gate",
        "output gate"), ``value`` (0 … 1), ``steps`` (first and last step held, 0 … 19).

    Returns
    -------
    Explorer
        ``held`` is the `GateRecord` of all windows with the gate held, ``free`` that of the untouched run.

    Raises
    ------
    ValueError
        If there is no such control, or it cannot take its value.
    """
    return HoldGate(initial)


class HoldGate(Explorer):
    """What `hold_gate` returns."""

    def __init__(self, initial):
        (_, _, marker), self.free = task(), record_gates(net(), task()[0])
        controls = {
            "gate": switch("hold the", list(GATES)),
            "value": slider("at", 0.0, 0.0, 1.0, 0.05, "0 is shut, 1 is open", readout_format=".2f"),
            "steps": span("in steps", (5, 5), 0, T - 1, "The first and the last step at which it is held"),
            "window": slider("window", OPENS, 0, N - 1, 1, "Which window of the task"),
        }
        self.held = held_run("i", 0.0, 5, 5)
        names = {"names": ["i", "c"], "beside": self.held}
        live = LiveFigure(figures.gate_panels(self.free, OPENS, **names, **_look(marker[OPENS])))
        super().__init__(controls, self._show, live, initial=initial)

    stops = types.MappingProxyType(
        {
            "value": [0.0, 0.25, 0.5, 0.75, 1.0],
            "steps": [(0, 4), (5, 5), (6, 11), (8, 8), (12, 12), (13, 13), (14, 14), (15, 19), (0, 19)],
            "window": [OPENS, 6],
        }
    )

    def _show(self, gate, value, steps, window):
        _, y, marker = task()
        first, last = steps
        self.held, name = held_run(GATES[gate], value, first, last), GATES[gate]
        forecast, untouched = (run.y_pred[window, 0] for run in (self.held, self.free))
        during = f"step {first}" if first == last else f"steps {first} to {last}"
        title = (
            f"{gate.capitalize()} held at {value:.2f} in {during}: {_signed(forecast)} "
            f"instead of {_signed(untouched)}"
        )
        steps = (np.arange(T) >= first) & (np.arange(T) <= last)
        beside = {"names": [name, "c"], "beside": self.held, "held": steps, "title": title}
        self.live.update(**figures.gate_changes(self.free, window, **beside, **_look(marker[window])))
        error, before = mse(y, self.held.y_pred), mse(y, self.free.y_pred)
        came = f"(untouched {_signed(untouched)}, target {_signed(y[window, 0])})"
        return (
            f"Forecast {bold(_signed(forecast))} {came}. Held like this in all {N} windows: MSE "
            f"{bold(f'{error:.3f}')}; untouched {before:.4f}, always answering 0 {np.mean(y**2):.2f}."
        )


def _look(marker):
    """Return what of a window's drawing stays: what it is made of, its frames, its targets."""
    return {"features": ["value", "marker"], "marker": marker, "y": task()[1]}


def _signed(x):
    return f"{x:.2f}".replace("-", "−")


@functools.cache
def task():
    """Return X (500, 20, 2), y (500, 1) and where the markers are (500, 20), as in the lesson."""
    return marker_task(N, seed=43)


@functools.cache
def net():
    """Return the LSTM."""
    return trained_nets("LSTM on markers")[SEED - 5]


@functools.lru_cache(1)
def held_run(name, value, first, last):
    """Return the GateRecord of all windows with a gate held from one step to another."""
    steps = (np.arange(T) >= first) & (np.arange(T) <= last)
    return clamp(net(), task()[0], np.broadcast_to(steps, (N, T)), **{name: value})
