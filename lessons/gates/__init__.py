"""What a recurrent net's gates do over a window: recorded, forced, and put to the test on a known task.

record = record_gates(model, X)           # NumPy or torch; record["f"] is (N, T, H)
clamp(model, X, where=mask, f=1.0).y_pred # the forecasts with the forget gate forced open there
hold(model, X, where=mask).y_pred         # ... with the memory frozen there, whatever the cell
"""

from lessons.gates.layers import Layer, layer_of
from lessons.gates.marker import (
    MarkerBlindGRU,
    MarkerEvidence,
    marker_evidence,
    marker_gru,
    marker_lstm,
    marker_task,
)
from lessons.gates.memory import half_life, retention, steps_to_half
from lessons.gates.order import unit_order
from lessons.gates.record import GateRecord, clamp, hold, record_gates

__all__ = [
    "GateRecord",
    "Layer",
    "MarkerBlindGRU",
    "MarkerEvidence",
    "clamp",
    "half_life",
    "hold",
    "layer_of",
    "marker_evidence",
    "marker_gru",
    "marker_lstm",
    "marker_task",
    "record_gates",
    "retention",
    "steps_to_half",
    "unit_order",
]
