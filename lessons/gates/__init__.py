"""What a recurrent net's gates do over a window: recorded, held, and put to the test on a known task.

record = record_gates(model, X)           # record["f"] is (N, T, H)
clamp(model, X, where=mask, f=1.0).y_pred # the forecasts with the forget gate held open there
"""

from lessons.gates.marker import marker_lstm, marker_task
from lessons.gates.record import GateRecord, clamp, record_gates
