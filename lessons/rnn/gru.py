"""The GRU forecaster, with the reset gate before or after the matrix product, unrolled and made fast."""

from dataclasses import dataclass, field

import numpy as np
from numpy import add, matmul, multiply, subtract, tanh

from lessons.rnn.forecaster import RecurrentForecaster
from lessons.rnn.layout import split_weights, stack_weights, start_states
from lessons.rnn.steps import check_reset


@dataclass(eq=False, repr=False)
class GRU(RecurrentForecaster):
    """GRU forecaster: `gru_step` from a zero state over the window, a linear head on h_T.

    Takes the parameters of `RecurrentForecaster` and two of its own.

    Parameters
    ----------
    reset : {"before", "after"}
        The reset gate multiplies the state before its matrix product, and z = 1 writes the candidate (Chung
        et al. 2014), or after it, and z = 1 keeps the state (cuDNN, PyTorch): see `gru_step`. "after" has a
        recurrent bias `b_h` (3H,) as well.
    keep_bias : float
        Moves the update gate's start bias towards keeping the state, whichever way round z is: the GRU's
        counterpart of the LSTM's `forget_bias`.

    Raises
    ------
    ValueError
        If `reset` is unknown.

    Notes
    -----
    `params` holds the gates in PyTorch's order r, z, n. Laid out like `LSTM`: the batch is the last axis,
    [h; x; 1] one array, and one tanh serves r and z. Inside, z always writes; where it is to keep, the sign
    of its weights is turned.

    A forward pass keeps 5 arrays of (T, B, H): r, z, n, h, and r * h (before) or h W_hn + b_hn (after).
    """

    reset: str = field(default="before", kw_only=True)
    keep_bias: float = field(default=0.0, kw_only=True)

    gate_names = ("r", "z", "n")
    draw_order = ("z", "r", "n")

    def __post_init__(self):
        check_reset(self.reset)
        super().__post_init__()
        keeps = 1 if self.reset == "after" else -1
        self.params["b"][self.hidden_size : 2 * self.hidden_size] += keeps * self.keep_bias

    def _draw_weights(self):
        weights = super()._draw_weights()
        if self.reset == "before":
            return weights
        weights["b_h"] = np.zeros(3 * self.hidden_size)
        return {name: weights[name] for name in ("W_x", "W_h", "b", "b_h", "W_y", "b_y")}

    def _unroll(self, X, buffers):
        (B, T, _), H = X.shape, self.hidden_size
        states = start_states(X, H, buffers)  # (T + 1, H + D + 1, B)
        gates = buffers.take("gates", T, 3, H, B)  # r, z, n
        inner = buffers.take("inner", T, H, B)  # r h (before), or W_hn h + b_hn (after)
        step = buffers.take("step", H, B)

        half = self.dtype.type(0.5)
        W_rz, W_hn, b_hn, W_n = self._weights()
        W_rz *= half
        rows_rz = gates.reshape(T, 3 * H, B)[:, : 2 * H]
        matmul(W_n, states[:-1, H:], gates[:, 2])  # the candidate's share of x, for all steps
        for s, (r, z, n), rz, u, h_next in zip(
            states[:-1], gates, rows_rz, inner, states[1:, :H], strict=True
        ):
            h = s[:H]
            matmul(W_rz, s, rz)  # halved
            tanh(rz, rz)
            multiply(rz, half, rz)
            add(rz, half, rz)  # r, z = sigma(W [h; x; 1]); sigma(a) = tanh(a / 2) / 2 + 1 / 2

            if self.reset == "before":
                multiply(r, h, u)
                matmul(W_hn, u, step)
            else:
                matmul(W_hn, h, u)
                add(u, b_hn, u)
                multiply(r, u, step)
            add(n, step, n)
            tanh(n, n)  # n = tanh(W_n [x; 1] + W_hn (r h)), or ... + r (W_hn h + b_hn)

            subtract(n, h, step)
            multiply(z, step, step)
            add(h, step, h_next)  # h' = (1 - z) h + z n = h + z (n - h)
        return states[T, :H], {"states": states, "gates": gates, "inner": inner}

    def _unroll_back(self, tape, d_h, d_X=None):
        states, gates, inner = tape["states"], tape["gates"], tape["inner"]
        T, _, H, B = gates.shape
        W_rz, W_hn, _, W_n = self._weights()
        W_rz_h, W_hn_t = W_rz[:, :H].T.copy(), W_hn.T.copy()  # (H, 2H), (H, H)
        d_W_rz, d_W_hn, d_W_n = np.zeros_like(W_rz), np.zeros_like(W_hn), np.zeros_like(W_n)
        d_W_rz_t, d_W_hn_t, d_W_n_t = np.empty_like(W_rz), np.empty_like(W_hn), np.empty_like(W_n)
        d_b_hn = np.zeros(H, self.dtype)
        d_gates, slope = np.empty((2, 3, H, B), self.dtype)
        d_u, scratch = np.empty((2, H, B), self.dtype)
        d_r, d_z, d_n = d_gates
        d_rz, d_rz_rows = d_gates[:2], d_gates[:2].reshape(2 * H, B)
        d_h = d_h.copy()

        for t in reversed(range(T)):
            s, (r, z, n), u = states[t], gates[t], inner[t]
            h = s[:H]
            multiply(gates[t], gates[t], slope)
            subtract(gates[t, :2], slope[:2], slope[:2])  # sigma' = sigma - sigma^2
            subtract(1, slope[2], slope[2])  # tanh' = 1 - tanh^2

            subtract(n, h, d_z)
            multiply(d_z, d_h, d_z)  # d_z = d_h (n - h)
            multiply(d_h, z, d_n)
            subtract(d_h, d_n, d_h)  # d_h (1 - z)
            multiply(d_n, slope[2], d_n)  # d_n = d_h z (1 - n^2)
            if self.reset == "before":  # u = r h, seen through W_hn
                matmul(W_hn_t, d_n, d_u)
                multiply(d_u, h, d_r)
                matmul(d_n, u.T, d_W_hn_t)
                multiply(d_u, r, scratch)
            else:  # u = W_hn h + b_hn, times r
                multiply(d_n, u, d_r)
                multiply(d_n, r, d_u)
                matmul(d_u, h.T, d_W_hn_t)
                d_b_hn += d_u.sum(axis=1)
                matmul(W_hn_t, d_u, scratch)
            add(d_W_hn, d_W_hn_t, d_W_hn)
            add(d_h, scratch, d_h)
            multiply(d_rz, slope[:2], d_rz)  # through sigma

            matmul(d_rz_rows, s.T, d_W_rz_t)
            add(d_W_rz, d_W_rz_t, d_W_rz)
            matmul(d_n, s[H:].T, d_W_n_t)
            add(d_W_n, d_W_n_t, d_W_n)
            matmul(W_rz_h, d_rz_rows, scratch)
            add(d_h, scratch, d_h)
            if d_X is not None:
                d_X[t] = W_rz[:, H:-1].T @ d_rz_rows + W_n[:, :-1].T @ d_n

        d_W = self._turn_z(np.vstack([d_W_rz, np.hstack([d_W_hn, d_W_n])]))
        grads = split_weights(d_W, H)
        if self.reset == "after":  # r and z see b + b_h, n sees b, and r times b_hn
            grads["b_h"] = np.concatenate([grads["b"][: 2 * H], d_b_hn])
        return grads

    def _weights(self):
        """W_rz (2H, H + D + 1) for [h; x; 1], W_hn (H, H), b_hn (H, 1), W_n (H, D + 1) for [x; 1]."""
        H, b_h = self.hidden_size, self.params.get("b_h", np.zeros_like(self.params["b"]))
        W = self._turn_z(stack_weights(self.params))
        W[: 2 * H, -1] += self._turn_z(b_h.copy())[: 2 * H]
        return W[: 2 * H], W[2 * H :, :H].copy(), b_h[2 * H :, None], W[2 * H :, H:].copy()

    def _turn_z(self, W):
        """Turn the sign of z's rows where z = 1 keeps, in place: 1 - sigma(a) = sigma(-a)."""
        if self.reset == "after":
            W[self.hidden_size : 2 * self.hidden_size] *= -1
        return W
