"""Gates recorded step by step, freely or with some of them held at a value."""

import sys
from dataclasses import dataclass

import numpy as np

from lessons.checks import as_windows, refuse_infinite
from lessons.rnn import GRU, LSTM, gru_step, lstm_step
from lessons.rnn.steps import gru_equations, lstm_equations
from lessons.tables import Table, Tabular

WORDS = {
    "i": "input gate",
    "f": "forget gate",
    "g": "candidate",
    "o": "output gate",
    "c": "cell state",
    "r": "reset gate",
    "z": "update gate",
    "n": "candidate",
    "h": "hidden state",
}
GATES = ("i", "f", "o", "r", "z")  # sigmoids: between 0, shut, and 1, open


@dataclass(frozen=True, eq=False, repr=False)
class GateRecord(Tabular):
    """What happened inside a recurrent net at every step of every window.

    ``record["f"]`` is the forget gate, an ndarray of shape (N, T, H) without unit: window, step, unit. The
    names are those of the equations in `lessons.rnn.lstm_step` and `gru_step`: i, f, g, o, c, h for an LSTM;
    r, z, n, h for a GRU. The value at step t is the one *after* X[:, t] was read.

    Attributes
    ----------
    cell : {"LSTM", "GRU"}
    X : ndarray of shape (N, T, D)
        The windows that were read, scaled.
    values : dict of str to ndarray of shape (N, T, H)
        All of them by name.
    y_pred : ndarray of shape (N, horizon)
        The forecasts, in the unit of the scaled target.
    """

    cell: str
    X: np.ndarray
    values: dict
    y_pred: np.ndarray

    def __getitem__(self, name):
        if name not in self.values:
            cell = "a GRU" if self.cell == "GRU" else "an LSTM"
            raise KeyError(f"{name!r} is not recorded of {cell}: there are {', '.join(self.values)}")
        return self.values[name]

    @property
    def shape(self):
        """tuple of int : (N, T, H), windows, steps and units."""
        return self["h"].shape

    @property
    def table(self):
        """Table : a row for each of the values."""
        rows = [
            [f"{name}  {WORDS[name]}", *(f"{x:.2f}" for x in (v.mean(), v.min(), v.max()))]
            for name, v in self.values.items()
        ]
        N, T, H = self.shape
        caption = f"GateRecord, {self.cell}: {N} windows, {T} steps, {H} units"
        return Table(["", "mean", "least", "most"], rows, caption)


def record_gates(model, X):
    """Run a recurrent net over windows and keep its gates, candidate and states at every step.

    Parameters
    ----------
    model : LSTM or GRU of lessons.rnn, or a torch net that `lessons.torch_rnn.from_torch` can copy
        A torch net gives the same numbers as its NumPy twin.
    X : ndarray of shape (N, T, D)
        Windows, scaled as the net was trained.

    Returns
    -------
    GateRecord
        ``record["f"]`` and so on, of shape (N, T, H) without unit, and the forecasts ``record.y_pred``.

    Raises
    ------
    TypeError
        If `model` is no such net.
    ValueError
        If X has another number of axes or features.
    """
    return clamp(model, X)


def clamp(model, X, where=None, **values):
    """Run a net with some of its gates held: an intervention, to see what a gate is *for*.

    ``clamp(model, X, where=marker, i=0.0)`` shuts the input gate of every unit at the marked steps; whatever
    follows from it, later gates too, is computed as usual.

    Parameters
    ----------
    model, X
        As for `record_gates`.
    where : ndarray of bool, of shape (N, T), optional
        At which steps of which windows; everywhere if left out.
    **values : float or ndarray that broadcasts to (N, T, H)
        What to hold, by name: i, f, g, o of an LSTM, r, z, n of a GRU (whose z = 1 writes with
        reset="before", and keeps with "after"). Gates from 0 to 1, candidates from -1 to 1.

    Returns
    -------
    GateRecord
        With the held values in it, and the forecasts that follow from them in ``y_pred``.

    Raises
    ------
    TypeError
        If `model` is no such net.
    ValueError
        If there is no such gate, a value lies outside its range, or a shape does not fit.

    Notes
    -----
    Jain & Wallace (2019), "Attention is not explanation", is the classic case for asking what changes when an
    activation is replaced, rather than what it looks like.
    """
    net = _as_numpy(model)
    X = as_windows(X)
    if X.shape[2] != net.input_size:
        raise ValueError(f"X must have shape (N, T, {net.input_size}), as the net reads, got {X.shape}")
    X, (N, T, _), H = X.astype(net.dtype), X.shape, net.hidden_size
    held = _checked(net, where, values, (N, T, H))
    weights = [net.params[name] for name in ("W_x", "W_h", "b")]
    refuse_infinite(X, "X")
    recorded = {}

    def keep(name, t, value):
        if name in held:
            value = np.where(held["where"][:, t], held[name][:, t], value).astype(net.dtype)
        if name not in recorded:
            recorded[name] = np.empty((N, T, H), net.dtype)
        recorded[name][:, t] = value
        return value

    h = c = np.zeros((N, H), net.dtype)
    for t in range(T):

        def look(name, value, t=t):
            return keep(name, t, value)

        if isinstance(net, LSTM):
            step = lstm_equations if t else lstm_step  # which checks the weights, in twice the time
            h, c = step(X[:, t], h, c, *weights, look=look)
            keep("c", t, c)
        else:
            step = gru_equations if t else gru_step
            h = step(X[:, t], h, *weights, net.params.get("b_h"), net.reset, look=look)
        keep("h", t, h)
    return GateRecord(type(net).__name__, X, recorded, h @ net.params["W_y"] + net.params["b_y"])


def _as_numpy(model):
    """Return an LSTM or a GRU of lessons.rnn; torch is asked only where it has been imported."""
    if isinstance(model, LSTM | GRU):
        return model
    torch_rnn = sys.modules.get("lessons.torch_rnn")
    if torch_rnn and isinstance(model, torch_rnn.nn.Module | torch_rnn.TorchForecaster):
        return _as_numpy(torch_rnn.from_torch(model))
    raise TypeError(f"model must be an LSTM or a GRU, of lessons.rnn or in torch, got {type(model).__name__}")


def _checked(net, where, values, shape):
    """Return `where` and the held values, each as (N, T, 1) or broadcast to (N, T, H)."""
    where = np.ones(shape[:2], bool) if where is None else np.asarray(where)
    if where.dtype != bool or where.shape != shape[:2]:
        raise ValueError(
            f"where must be bools of shape {shape[:2]}, got {where.dtype} of shape {where.shape}"
        )
    held = {"where": where[:, :, None]}
    for name, value in values.items():
        if name not in net.gate_names:
            raise ValueError(f"no gate {name!r} that could be held: there are {', '.join(net.gate_names)}")
        low = 0 if name in GATES else -1
        if not np.all((np.asarray(value) >= low) & (np.asarray(value) <= 1)):
            raise ValueError(f"{name} must be between {low} and 1, got {value}")
        held[name] = np.broadcast_to(value, shape)
    return held
