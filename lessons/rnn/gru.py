"""The GRU forecaster, with the reset gate before or after the matrix product, unrolled and made fast."""

import numpy as np
from numpy import add, matmul, multiply, subtract, tanh

from lessons.rnn.forecaster import RecurrentForecaster
from lessons.rnn.layout import split_weights, stack_weights, start_states
from lessons.rnn.steps import update_convention


class GRU(RecurrentForecaster):
    """GRU forecaster: `gru_step` from a zero state over the window, a linear head on h_T.

    Takes the parameters of `RecurrentForecaster` and three of its own.

    Parameters
    ----------
    reset : {"before", "after"}
        The reset gate multiplies the state before its matrix product (Cho et al. 2014) or after it (cuDNN,
        PyTorch); "after" has a recurrent bias `b_h` (3H,) as well.
    update : {"write", "keep"}, optional
        z = 1 writes the candidate (Chung et al. 2014), or keeps the state (Cho et al. 2014, PyTorch). By
        default "write" with reset="before" and "keep" with reset="after": see `gru_step`.
    keep_bias : float
        Moves the update gate's start bias towards keeping the state, whichever way round z is: the GRU's
        counterpart of the LSTM's `forget_bias`.

    Raises
    ------
    ValueError
        If `reset` or `update` is unknown.

    Notes
    -----
    `params` holds the gates in PyTorch's order r, z, n. Laid out like `LSTM`: the batch is the last axis,
    [h; x; 1] one array, and one tanh serves r and z. Inside, z always writes; for "keep" the sign of its
    weights is turned, as 1 - sigma(a) = sigma(-a).

    A forward pass keeps 5 arrays of (T, B, H): r, z, n, h, and r * h (before) or h W_hn + b_hn (after).
    """

    gate_names = ("r", "z", "n")
    draw_order = ("z", "r", "n")

    def __init__(
        self,
        input_size=1,
        hidden_size=32,
        output_size=1,
        seed=42,
        dtype=np.float64,
        training=None,
        *,
        reset="before",
        update=None,
        keep_bias=0.0,
        init="glorot",
        gain=1.0,
    ):
        self.reset, self.update = reset, update_convention(reset, update)
        super().__init__(input_size, hidden_size, output_size, seed, dtype, training, init=init, gain=gain)
        self.params["b"][hidden_size : 2 * hidden_size] += keep_bias if self.update == "keep" else -keep_bias

    def _draw_weights(self):
        weights = super()._draw_weights()
        if self.reset == "before":
            return weights
        weights["b_h"] = np.zeros(3 * self.hidden_size)
        return {name: weights[name] for name in ("W_x", "W_h", "b", "b_h", "W_y", "b_y")}

    def _unroll(self, X, buffers):
        unroll = self._unroll_before if self.reset == "before" else self._unroll_after
        return unroll(X, buffers)

    def _unroll_back(self, tape, d_h, d_X=None):
        back = self._unroll_back_before if self.reset == "before" else self._unroll_back_after
        return back(tape, d_h, d_X)

    def _turn_z(self, W):
        """Turn the sign of z's rows if z keeps, in place."""
        H = self.hidden_size
        if self.update == "keep":
            W[H : 2 * H] *= -1
        return W

    def _unroll_before(self, X, buffers):
        (B, T, _), H = X.shape, self.hidden_size
        states = start_states(X, H, buffers, extra_rows=H)  # (T + 1, H + D + 1 + H, B): [h; x; 1; r h]
        gates = buffers.take("gates", T, 3, H, B)  # r, z, n
        step = buffers.take("step", H, B)

        half = self.dtype.type(0.5)
        W_rz, W_n = self._weights_before()
        W_rz *= half
        rows_rz = gates.reshape(T, 3 * H, B)[:, : 2 * H]
        for s, (r, z, n), rz, h_next in zip(states[:-1], gates, rows_rz, states[1:, :H], strict=True):
            h, r_h = s[:H], s[-H:]
            _sigmoid_of_product(W_rz, s[:-H], half, rz)  # r, z = sigma(W [h; x; 1])
            multiply(r, h, r_h)
            matmul(W_n, s[H:], n)
            tanh(n, n)  # n = tanh(W_n [x; 1; r h])
            _write(h, z, n, step, h_next)  # h' = h + z (n - h)
        return states[T, :H], {"states": states, "gates": gates}

    def _unroll_back_before(self, tape, d_h, d_X):
        states, gates = tape["states"], tape["gates"]
        T, _, H, B = gates.shape
        W_rz, W_n = self._weights_before()
        W_rz_h, W_n_h = W_rz[:, :H].T.copy(), W_n[:, -H:].T.copy()  # (H, 2H), (H, H)
        d_W_rz, d_W_n = np.zeros_like(W_rz), np.zeros_like(W_n)
        d_a, slope = np.empty((2, 3, H, B), self.dtype)
        d_h, d_r_h, scratch = d_h.copy(), np.empty((H, B), self.dtype), np.empty((H, B), self.dtype)
        d_r, d_z, d_n = d_a
        d_a_rz, slope_rz, slope_n = d_a[:2], slope[:2], slope[2]
        d_rz, d_W_t = d_a[:2].reshape(2 * H, B), np.empty_like(W_rz)
        d_W_n_t = np.empty_like(W_n)

        for t in reversed(range(T)):
            s, (r, z, n) = states[t], gates[t]
            h = s[:H]
            _slopes(gates[t], slope)
            subtract(n, h, d_z)
            multiply(d_z, d_h, d_z)  # d_z = d_h (n - h)
            multiply(d_h, z, d_n)
            multiply(d_n, slope_n, d_n)  # d_n = d_h z (1 - n^2)
            matmul(W_n_h, d_n, d_r_h)  # d(r h): (H, H) @ (H, B)
            multiply(d_r_h, h, d_r)  # d_r = d(r h) h
            multiply(d_a_rz, slope_rz, d_a_rz)  # times sigma'

            matmul(d_rz, s[:-H].T, d_W_t)
            add(d_W_rz, d_W_t, d_W_rz)
            matmul(d_n, s[H:].T, d_W_n_t)
            add(d_W_n, d_W_n_t, d_W_n)
            if d_X is not None:
                d_X[t] = W_rz[:, H:-1].T @ d_rz + W_n[:, : -H - 1].T @ d_n

            multiply(d_h, z, scratch)
            subtract(d_h, scratch, d_h)  # d_h (1 - z)
            multiply(d_r_h, r, d_r_h)
            add(d_h, d_r_h, d_h)  # + d(r h) r
            matmul(W_rz_h, d_rz, scratch)
            add(d_h, scratch, d_h)  # + W_rz^T [d_r; d_z]

        d_W_n = np.hstack([d_W_n[:, -H:], d_W_n[:, :-H]])  # [x; 1; r h] -> [r h; x; 1]
        return split_weights(np.vstack([self._turn_z(d_W_rz), d_W_n]), H)

    def _weights_before(self):
        """W_rz (2H, H + D + 1) for [h; x; 1] and W_n (H, D + 1 + H) for [x; 1; r h]."""
        W, H = self._turn_z(stack_weights(self.params)), self.hidden_size
        W_n = W[2 * H :]
        return W[: 2 * H], np.hstack([W_n[:, H:], W_n[:, :H]])

    def _unroll_after(self, X, buffers):
        (B, T, _), H = X.shape, self.hidden_size
        states = start_states(X, H, buffers)  # (T + 1, H + D + 1, B)
        gates = buffers.take("gates", T, 3, H, B)  # r, z, n
        q = buffers.take("q", T, H, B)
        step = buffers.take("step", H, B)

        half = self.dtype.type(0.5)
        W_rz, W_q, W_n = self._weights_after()
        W_rz *= half
        b_q = self.params["b_h"][2 * H :, None]
        rows_rz = gates.reshape(T, 3 * H, B)[:, : 2 * H]
        for s, (r, z, n), rz, q_t, h_next in zip(states[:-1], gates, rows_rz, q, states[1:, :H], strict=True):
            h = s[:H]
            _sigmoid_of_product(W_rz, s, half, rz)
            matmul(W_q, h, q_t)
            add(q_t, b_q, q_t)  # q = W_hn h + b_hn
            matmul(W_n, s[H:], n)
            multiply(r, q_t, step)
            add(n, step, n)
            tanh(n, n)  # n = tanh(W_xn x + b_n + r q)
            _write(h, z, n, step, h_next)
        return states[T, :H], {"states": states, "gates": gates, "q": q}

    def _unroll_back_after(self, tape, d_h, d_X):
        states, gates, q = tape["states"], tape["gates"], tape["q"]
        T, _, H, B = gates.shape
        W_rz, W_q, W_n = self._weights_after()
        W_h = np.hstack([W_rz[:, :H].T, W_q.T])  # (H, 3H)
        d_W_h = np.zeros((3 * H, states.shape[1]), self.dtype)  # r, z, q for [h; x; 1]
        d_W_n = np.zeros_like(W_n)  # for [x; 1]
        d_W_h_t, d_W_n_t = np.empty_like(d_W_h), np.empty_like(d_W_n)
        d_a, slope = np.empty((2, 3, H, B), self.dtype)  # d_r, d_z, d_q
        d_n, scratch, d_h = np.empty((H, B), self.dtype), np.empty((H, B), self.dtype), d_h.copy()
        d_r, d_z, d_q = d_a
        d_a_rz, slope_rz, slope_n = d_a[:2], slope[:2], slope[2]
        d_rzq = d_a.reshape(3 * H, B)

        for t in reversed(range(T)):
            s, (r, z, n) = states[t], gates[t]
            _slopes(gates[t], slope)
            subtract(n, s[:H], d_z)
            multiply(d_z, d_h, d_z)  # d_z = d_h (n - h)
            multiply(d_h, z, d_n)
            multiply(d_n, slope_n, d_n)  # d_n = d_h z (1 - n^2)
            multiply(d_n, q[t], d_r)  # d_r = d_n q
            multiply(d_n, r, d_q)  # d_q = d_n r
            multiply(d_a_rz, slope_rz, d_a_rz)  # r, z times sigma'

            matmul(d_rzq, s.T, d_W_h_t)
            add(d_W_h, d_W_h_t, d_W_h)
            matmul(d_n, s[H:].T, d_W_n_t)
            add(d_W_n, d_W_n_t, d_W_n)
            if d_X is not None:
                d_X[t] = W_rz[:, H:-1].T @ d_rzq[: 2 * H] + W_n[:, :-1].T @ d_n

            multiply(d_h, z, scratch)
            subtract(d_h, scratch, d_h)  # d_h (1 - z)
            matmul(W_h, d_rzq, scratch)
            add(d_h, scratch, d_h)  # + W_h^T [d_r; d_z; d_q]

        d_W_h = self._turn_z(d_W_h)
        b_h = d_W_h[:, -1].copy()  # r and z see b + b_h, q sees b_h alone, n sees b
        d_W_h[2 * H :, H:] = d_W_n
        return {**split_weights(d_W_h, H), "b_h": b_h}

    def _weights_after(self):
        """W_rz (2H, H + D + 1) for [h; x; 1] (both biases), W_q (H, H) for h, W_n (H, D + 1) for [x; 1]."""
        W, H = self._turn_z(stack_weights({**self.params, "b": self._both_biases()})), self.hidden_size
        return W[: 2 * H], W[2 * H :, :H].copy(), W[2 * H :, H:].copy()

    def _both_biases(self):
        b, b_h, H = self.params["b"], self.params["b_h"], self.hidden_size
        return np.concatenate([b[: 2 * H] + b_h[: 2 * H], b[2 * H :]])


def _sigmoid_of_product(W_half, s, half, out):
    """sigma(W s) into `out`, given W / 2: sigma(a) = tanh(a / 2) / 2 + 1 / 2."""
    matmul(W_half, s, out)
    tanh(out, out)
    multiply(out, half, out)
    add(out, half, out)


def _write(h, z, n, scratch, out):
    """h' = (1 - z) h + z n = h + z (n - h), into `out`."""
    subtract(n, h, scratch)
    multiply(z, scratch, scratch)
    add(h, scratch, out)


def _slopes(gates, out):
    """sigma' = sigma - sigma^2 for r and z, tanh' = 1 - tanh^2 for n, into `out` (3, H, B)."""
    multiply(gates, gates, out)
    subtract(gates[:2], out[:2], out[:2])
    subtract(1, out[2], out[2])
