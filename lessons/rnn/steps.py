"""One time step of each recurrent cell, written as its equations: the readable twin of the fast loops.

Gates lie side by side along the last axis, in PyTorch's order: ``i, f, g, o`` for the LSTM, ``r, z, n`` for
the GRU. Each gate is one block of ``H`` columns.
"""

import numpy as np

from lessons.checks import as_values, refuse_infinite


def sigmoid(a):
    """The logistic function 1 / (1 + exp(-a)), by way of tanh so that no exponential can overflow.

    Parameters
    ----------
    a : array_like of any shape
        Pre-activations, without unit.

    Returns
    -------
    ndarray of the same shape
        Values strictly between 0 and 1 (up to rounding).
    """
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(a)))


def rnn_step(x, h, W_x, W_h, b):
    """One step of a plain recurrent network: h' = tanh(x W_x + h W_h + b).

    Parameters
    ----------
    x : ndarray of shape (B, D)
        Inputs at this step, in the (scaled) unit of the series.
    h : ndarray of shape (B, H)
        State after the previous step, without unit, each value in (-1, 1).
    W_x, W_h, b : ndarrays of shape (D, H), (H, H), (H,)
        Input weights, recurrent weights, bias.

    Returns
    -------
    ndarray of shape (B, H)
        State after this step.

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    Notes
    -----
    Elman (1990), "Finding structure in time".
    """
    x, h, W_x, W_h, b = _checked(1, x=x, h=h, W_x=W_x, W_h=W_h, b=b)
    return np.tanh(x @ W_x + h @ W_h + b)  # (B, D) @ (D, H) + (B, H) @ (H, H) + (H,)


def lstm_step(x, h, c, W_x, W_h, b, *, look=None):
    """One step of an LSTM.

    ::

        i, f, g, o = sigma(a_i), sigma(a_f), tanh(a_g), sigma(a_o)     with  a = x W_x + h W_h + b
        c' = f * c + i * g
        h' = o * tanh(c')

    Parameters
    ----------
    x : ndarray of shape (B, D)
        Inputs at this step, in the (scaled) unit of the series.
    h, c : ndarrays of shape (B, H)
        Hidden and cell state after the previous step, without unit.
    W_x, W_h, b : ndarrays of shape (D, 4H), (H, 4H), (4H,)
        Input weights, recurrent weights and bias, gates in the order i, f, g, o.
    look : callable, optional
        ``look(name, value)`` is given each of i, f, g, o, (B, H), as soon as it is computed; what it returns
        takes that place.

    Returns
    -------
    h, c : ndarrays of shape (B, H)
        Hidden and cell state after this step.

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    Notes
    -----
    Hochreiter & Schmidhuber (1997) with the forget gate of Gers, Schmidhuber & Cummins (2000), no peepholes.
    """
    x, h, c, W_x, W_h, b = _checked(4, x=x, h=h, c=c, W_x=W_x, W_h=W_h, b=b)
    if c.shape != h.shape:
        raise ValueError(f"h and c must have one shape (B, H), got {h.shape} and {c.shape}")
    return lstm_equations(x, h, c, W_x, W_h, b, look=look)


def lstm_equations(x, h, c, W_x, W_h, b, *, look=None):
    """Take what `lstm_step` takes and return what it returns, of arrays that have been checked."""
    a = x @ W_x + h @ W_h + b  # (B, 4H)
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)  # four times (B, H)
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    if look is not None:
        i, f, g, o = look("i", i), look("f", f), look("g", g), look("o", o)
    c = f * c + i * g  # (B, H)
    h = o * np.tanh(c)  # (B, H)
    return h, c


def gru_step(x, h, W_x, W_h, b, b_h=None, reset="before", *, look=None):
    """One step of a GRU, in one of two forms, each with a z of its own.

    ::

        reset="before"   n = tanh(x W_xn + (r * h) W_hn + b_n)             Chung et al. (2014), eq. 4 to 8
                         h' = (1 - z) * h + z * n                          z = 1 writes

        reset="after"    n = tanh(x W_xn + b_n + r * (h W_hn + b_hn))      cuDNN, PyTorch
                         h' = z * h + (1 - z) * n                          z = 1 keeps

    with r, z = sigma(x W_x + h W_h + b [+ b_h]) in both.

    Parameters
    ----------
    x : ndarray of shape (B, D)
        Inputs at this step, in the (scaled) unit of the series.
    h : ndarray of shape (B, H)
        State after the previous step, without unit, each value in (-1, 1).
    W_x, W_h, b : ndarrays of shape (D, 3H), (H, 3H), (3H,)
        Input weights, recurrent weights and bias, gates in the order r, z, n.
    b_h : ndarray of shape (3H,), optional
        Recurrent bias of the reset-after form (zeros if left out); the reset-before form has none.
    reset : {"before", "after"}
        Whether r multiplies the state before its matrix product or after it.
    look : callable, optional
        As for `lstm_step`, with r, z and n; n is computed from what was returned for r.

    Returns
    -------
    ndarray of shape (B, H)
        State after this step.

    Raises
    ------
    ValueError
        If the shapes do not fit together, `reset` is unknown, or `b_h` comes with reset="before".
    """
    check_reset(reset)
    x, h, W_x, W_h, b = _checked(3, x=x, h=h, W_x=W_x, W_h=W_h, b=b)
    if reset == "before" and b_h is not None:
        raise ValueError('b_h belongs to reset="after" only; with reset="before" every bias is in b')
    if b_h is not None and (b_h := as_values(b_h, "b_h")).shape != b.shape:
        raise ValueError(f"b_h must have shape (3H,) = {b.shape}, got {b_h.shape}")
    return gru_equations(x, h, W_x, W_h, b, b_h, reset, look=look)


def gru_equations(x, h, W_x, W_h, b, b_h=None, reset="before", *, look=None):
    """Take what `gru_step` takes and return what it returns, of arrays that have been checked."""
    H, b_h = h.shape[1], np.zeros_like(b) if b_h is None else b_h
    gates, candidate = slice(0, 2 * H), slice(2 * H, 3 * H)

    a_x = x @ W_x + b  # (B, 3H)
    a_h = h @ W_h[:, gates] + b_h[gates]  # (B, 2H)
    r, z = np.split(sigmoid(a_x[:, gates] + a_h), 2, axis=1)  # twice (B, H)
    if look is not None:
        r, z = look("r", r), look("z", z)
    if reset == "before":
        n = np.tanh(a_x[:, candidate] + (r * h) @ W_h[:, candidate])
    else:
        n = np.tanh(a_x[:, candidate] + r * (h @ W_h[:, candidate] + b_h[candidate]))
    n = n if look is None else look("n", n)
    return (1 - z) * h + z * n if reset == "before" else z * h + (1 - z) * n


def check_reset(reset):
    """Raise a ValueError unless `reset` is "before" or "after"."""
    if reset not in ("before", "after"):
        raise ValueError(f'reset must be "before" or "after", got {reset!r}')


def _checked(gates, **given):
    """Return what a step takes as arrays; refuse shapes that would broadcast into nonsense."""
    given = {name: as_values(values, name) for name, values in given.items()}
    for name, values in given.items():
        refuse_infinite(values, name)
    x, h = given["x"], given["h"]
    if x.ndim != 2 or h.ndim != 2 or len(x) != len(h):
        raise ValueError(f"x and h must have shapes (B, D) and (B, H), got {x.shape} and {h.shape}")
    D, H = x.shape[1], h.shape[1]
    for name, shape in {"W_x": (D, gates * H), "W_h": (H, gates * H), "b": (gates * H,)}.items():
        if given[name].shape != shape:
            got = f"{gates} gate(s), got {given[name].shape}"
            raise ValueError(f"{name} must have shape {shape} for D={D}, H={H} and {got}")
    return given.values()
