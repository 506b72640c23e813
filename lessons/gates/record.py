"""Gates recorded step by step, freely or with some of them forced."""

from dataclasses import dataclass

import numpy as np

from lessons.checks import as_windows
from lessons.gates.layers import layer_of
from lessons.rnn.steps import sigmoid

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
FORCIBLE = {"LSTM": ("i", "f", "g", "o"), "GRU": ("r", "z", "n"), "RNN": ()}
RECORDED = {"LSTM": ("i", "f", "g", "o", "c", "h"), "GRU": ("r", "z", "n", "h"), "RNN": ("h",)}


@dataclass(frozen=True, eq=False, repr=False)
class GateRecord:
    """What happened inside a recurrent net at every step of every window.

    ``record["f"]`` is the forget gate, an ndarray of shape (N, T, H) without unit: window, step, unit. The
    names are those of the equations in `lessons.rnn.lstm_step` and `gru_step`: i, f, g, o, c, h for an LSTM;
    r, z, n, h for a GRU; h for a plain RNN. The value at step t is the one *after* X[:, t] was read.

    Attributes
    ----------
    cell : {"LSTM", "GRU", "RNN"}
    X : ndarray of shape (N, T, D)
        The windows that were read, scaled.
    values : dict of str to ndarray of shape (N, T, H)
        All of them by name.
    y_pred : ndarray of shape (N, horizon), or None
        The forecasts, in the unit of the scaled target; None for a torch layer without a head.
    update : {"write", "keep"} or None
        What z = 1 does in this GRU: "write" takes the candidate (Chung et al. 2014; the course's own GRU),
        "keep" keeps the state (Cho et al. 2014; PyTorch). `z` is recorded as the net has it; `keep` and
        `write` mean the same in every cell.
    reset : {"before", "after"} or None
        Whether the GRU's r multiplies the state before or after its matrix product.
    """

    cell: str
    X: np.ndarray
    values: dict
    y_pred: np.ndarray | None = None
    update: str | None = None
    reset: str | None = None

    def __getitem__(self, name):
        if name not in self.values:
            raise KeyError(
                f"{name!r} is not recorded of {self._article()}: there are {', '.join(self.names)}"
            )
        return self.values[name]

    def __contains__(self, name):
        return name in self.values

    def __iter__(self):
        return iter(self.values)

    @property
    def names(self):
        """tuple of str : what is recorded, in the order i, f, g, o, c, h or r, z, n, h."""
        return tuple(self.values)

    @property
    def gates(self):
        """tuple of str : those of `names` that are gates, with values from 0, shut, to 1, open."""
        return tuple(name for name in self.names if name in GATES)

    @property
    def states(self):
        """tuple of str : the others, with values from -1 to 1, except `c`, which has no bounds."""
        return tuple(name for name in self.names if name not in GATES)

    @property
    def words(self):
        """dict of str to str : what each name stands for, ``{"f": "forget gate", ...}``."""
        return {name: WORDS[name] for name in self.names}

    @property
    def keep(self):
        """ndarray of shape (N, T, H) : the share of the old memory that stays, 0 … 1, whatever the cell.

        f of an LSTM; z or 1 - z of a GRU, by its convention.
        """
        if self.cell == "LSTM":
            return self["f"]
        self._need_gates("keep")
        return self["z"] if self.update == "keep" else 1 - self["z"]

    @property
    def write(self):
        """ndarray of shape (N, T, H) : the share of the candidate that is written, 0 … 1, whatever the cell.

        i of an LSTM; z or 1 - z of a GRU, by its convention.
        """
        if self.cell == "LSTM":
            return self["i"]
        self._need_gates("write")
        return self["z"] if self.update == "write" else 1 - self["z"]

    @property
    def shape(self):
        """tuple of int : (N, T, H), windows, steps and units."""
        return self["h"].shape

    def _need_gates(self, what):
        if self.cell == "RNN":
            raise ValueError(f"a plain RNN has no gates, so there is no {what}")

    def _article(self):
        return f"{'a' if self.cell == 'GRU' else 'an'} {self.cell}"

    def __repr__(self):
        N, T, H = self.shape
        z = "" if self.update is None else f", z = 1 {self.update}s"
        lines = [f"GateRecord of {self._article()}: {N} windows, {T} steps, {H} units{z}"]
        for name, values in self.values.items():
            low, mean, high = values.min(), values.mean(), values.max()
            lines.append(f"  {name}  {WORDS[name]:<12}  mean {mean:6.3f}   from {low:6.3f} to {high:6.3f}")
        return "\n".join(lines)


def record_gates(model, X):
    """Run a recurrent net over windows and keep its gates, candidate and states at every step.

    Parameters
    ----------
    model : RNN, LSTM or GRU of lessons.rnn, or a torch module with one nn.LSTM, nn.GRU or nn.RNN
        See `lessons.gates.layer_of`. A torch net gives the same numbers as its NumPy twin.
    X : ndarray of shape (N, T, D)
        Windows, scaled as the net was trained; always windows first, whatever the module's ``batch_first``.

    Returns
    -------
    GateRecord
        ``record["f"]`` and so on, of shape (N, T, H) without unit, and the forecasts ``record.y_pred``.

    Raises
    ------
    TypeError
        If `model` is no such net.
    ValueError
        If X has another number of axes or features, or the torch layer is stacked or bidirectional.
    """
    return clamp(model, X)


def clamp(model, X, where=None, **values):
    """Run a net with some of its gates forced: an intervention, to see what a gate is *for*.

    ``clamp(model, X, where=marker, i=0.0)`` shuts the input gate of every unit at the marked steps; whatever
    follows from it, later gates too, is computed as usual.

    Parameters
    ----------
    model : as for `record_gates`
    X : ndarray of shape (N, T, D)
        Windows, scaled.
    where : ndarray of bool, of shape (N, T), (N, T, H), or any that broadcasts to the latter, optional
        At which steps (of which windows, in which units); everywhere if left out. A mask of shape (T,) is not
        taken, as it could mean units: write ``mask[None, :]``.
    **values : float or ndarray that broadcasts to (N, T, H)
        What to force, by name: i, f, g, o of an LSTM, r, z, n of a GRU. Gates from 0 to 1, candidates from -1
        to 1. A GRU's z is meant in the net's own convention: `hold` spares one the thought.

    Returns
    -------
    GateRecord
        With the forced values in it, and the forecasts that follow from them in ``y_pred``.

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
    layer = layer_of(model)
    X = _windows_for(layer, X)
    shape = (*X.shape[:2], layer.hidden_size)
    force = _Force(layer, shape, where, values)
    walk = {"LSTM": _walk_lstm, "GRU": _walk_gru, "RNN": _walk_rnn}[layer.cell]
    recorded = {name: np.empty(shape, layer.W_x.dtype) for name in RECORDED[layer.cell]}
    h_T = walk(layer, X, force, recorded)
    y_pred = None if layer.W_y is None else h_T @ layer.W_y + layer.b_y  # (N, H) @ (H, horizon)
    return GateRecord(layer.cell, X, recorded, y_pred, layer.update, layer.reset)


def hold(model, X, where):
    """Run a net whose memory is frozen at some steps: nothing forgotten, nothing written.

    An LSTM has f = 1 and i = 0 there, so that c stays; a GRU its z at whichever end keeps h.

    Parameters
    ----------
    model, X, where
        As for `clamp`.

    Returns
    -------
    GateRecord
        As of `clamp`.

    Raises
    ------
    ValueError
        As `clamp`, and for a plain RNN, which has no gates.
    """
    layer = layer_of(model)
    if layer.cell == "RNN":
        raise ValueError("a plain RNN has no gates that could hold its memory")
    forced = {"f": 1.0, "i": 0.0} if layer.cell == "LSTM" else {"z": 1.0 if layer.update == "keep" else 0.0}
    return clamp(layer, X, where, **forced)


class _Force:
    """Puts the forced values in the place of those that a net computes."""

    def __init__(self, layer, shape, where, values):
        names = FORCIBLE[layer.cell]
        for name, value in values.items():
            if name not in names:
                there = f"there are {', '.join(names)}" if names else "a plain RNN has none"
                raise ValueError(f"no gate {name!r} that could be forced: {there}")
            low = 0 if name in GATES else -1
            if not np.all((np.asarray(value) >= low) & (np.asarray(value) <= 1)):
                raise ValueError(f"{name} must be between {low} and 1, got {value}")
        self._where = _mask(where, shape)
        self._values = {name: _fitted(name, value, shape) for name, value in values.items()}

    def __call__(self, name, t, computed):
        """Return what the gate is at step t: (N, H)."""
        if name not in self._values:
            return computed
        return np.where(self._where[:, t], self._values[name][:, t], computed).astype(computed.dtype)


def _mask(where, shape):
    if where is None:
        return np.ones(shape, bool)
    where = np.asarray(where)
    if where.dtype != bool:
        raise ValueError(f"where must hold True and False, got an array of {where.dtype}")
    if where.ndim == 2:
        where = where[:, :, None]  # every unit
    if where.ndim != 3:
        raise ValueError(f"where must have shape (N, T) or (N, T, H) = {shape}, got {where.shape}")
    return _fitted("where", where, shape)


def _fitted(name, value, shape):
    try:
        return np.broadcast_to(value, shape)
    except ValueError:
        raise ValueError(f"{name} must fit the shape (N, T, H) = {shape}, got {np.shape(value)}") from None


def _windows_for(layer, X):
    X = as_windows(X)
    if X.shape[2] != layer.input_size:
        raise ValueError(
            f"X must have shape (N, T, {layer.input_size}), as the net reads {layer.input_size} feature(s), "
            f"got {X.shape}"
        )
    return np.asarray(X, layer.W_x.dtype)


def _walk_lstm(layer, X, force, recorded):
    N, T, _ = X.shape
    h = c = np.zeros((N, layer.hidden_size), layer.W_x.dtype)
    for t in range(T):
        a = X[:, t] @ layer.W_x + h @ layer.W_h + layer.b  # (N, 4H)
        i, f, g, o = np.split(a, 4, axis=1)
        i, f = force("i", t, sigmoid(i)), force("f", t, sigmoid(f))
        g, o = force("g", t, np.tanh(g)), force("o", t, sigmoid(o))
        c = f * c + i * g
        h = o * np.tanh(c)
        _keep(recorded, t, i=i, f=f, g=g, o=o, c=c, h=h)
    return h


def _walk_gru(layer, X, force, recorded):
    N, T, _ = X.shape
    H = layer.hidden_size
    h = np.zeros((N, H), layer.W_x.dtype)
    gates, candidate = slice(0, 2 * H), slice(2 * H, 3 * H)
    b_h = np.zeros_like(layer.b) if layer.b_h is None else layer.b_h
    for t in range(T):
        a_x = X[:, t] @ layer.W_x + layer.b  # (N, 3H)
        r, z = np.split(sigmoid(a_x[:, gates] + h @ layer.W_h[:, gates] + b_h[gates]), 2, axis=1)
        r, z = force("r", t, r), force("z", t, z)
        if layer.reset == "before":
            a_n = (r * h) @ layer.W_h[:, candidate]
        else:
            a_n = r * (h @ layer.W_h[:, candidate] + b_h[candidate])
        n = force("n", t, np.tanh(a_x[:, candidate] + a_n))
        h = (1 - z) * h + z * n if layer.update == "write" else z * h + (1 - z) * n
        _keep(recorded, t, r=r, z=z, n=n, h=h)
    return h


def _walk_rnn(layer, X, force, recorded):
    h = np.zeros((len(X), layer.hidden_size), layer.W_x.dtype)
    for t in range(X.shape[1]):
        h = np.tanh(X[:, t] @ layer.W_x + h @ layer.W_h + layer.b)
        _keep(recorded, t, h=h)
    return h


def _keep(recorded, t, **values):
    for name, value in values.items():
        recorded[name][:, t] = value
