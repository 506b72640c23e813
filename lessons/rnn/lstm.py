"""The LSTM forecaster: `lstm_step` unrolled over a batch of windows, and its backward pass, made fast."""

from dataclasses import dataclass, field

import numpy as np
from numpy import add, matmul, multiply, subtract, tanh

from lessons.rnn.forecaster import RecurrentForecaster
from lessons.rnn.layout import split_weights, stack_weights, start_states


@dataclass(eq=False, repr=False)
class LSTM(RecurrentForecaster):
    """LSTM forecaster: `lstm_step` from zero states over the window, a linear head on h_T.

    Takes the parameters of `RecurrentForecaster` and one of its own.

    Parameters
    ----------
    forget_bias : float
        Added to the start bias of the forget gate: 1 opens it, so that memory and gradients last longer
        (Gers, Schmidhuber & Cummins 2000; Jozefowicz et al. 2015).

    Notes
    -----
    `params` holds the gates in PyTorch's order i, f, g, o. Four things make this faster than a
    loop that follows the equations gate by gate:

    * the batch is the last axis, so a gate of a step is one contiguous block of H rows;
    * [h; x; 1] is one array and W_h, W_x, b one matrix: one product a step;
    * sigma(a) = (1 + tanh(a / 2)) / 2, so with the rows of i, f and o halved beforehand one tanh serves all
      gates, which are stacked i, f, o, g inside to keep the three sigmoids together;
    * arrays are made once and written in place.

    A forward pass keeps 7 arrays of (T, B, H): four gates, c, tanh(c), h (and the inputs); `backward` adds
    nothing that grows with T.
    """

    forget_bias: float = field(default=0.0, kw_only=True)

    gate_names = ("i", "f", "g", "o")
    draw_order = ("i", "f", "o", "g")

    def __post_init__(self):
        super().__post_init__()
        self.params["b"][self.hidden_size : 2 * self.hidden_size] += self.forget_bias

    def _unroll(self, X, buffers):
        (B, T, _), H = X.shape, self.hidden_size
        states = start_states(X, H, buffers)  # (T + 1, H + D + 1, B)
        gates = buffers.take("gates", T, 4, H, B)  # i, f, o, g
        c = buffers.take("c", T + 1, H, B)
        tanh_c = buffers.take("tanh_c", T, H, B)
        i_g = buffers.take("i_g", H, B)
        c[0] = 0

        half = self.dtype.type(0.5)
        W = stack_weights(self.params)[_inner_rows(H)]  # (4H, H + D + 1)
        W[: 3 * H] *= half
        rows = gates.reshape(T, 4 * H, B)
        steps = zip(
            states[:-1], states[1:, :H], gates, gates[:, :3], rows, c[:-1], c[1:], tanh_c, strict=True
        )
        for s, h, (i, f, o, g), ifo, a, c_prev, c_t, tanh_c_t in steps:
            matmul(W, s, a)  # a = W [h; x; 1], halved for i, f, o
            tanh(a, a)
            multiply(ifo, half, ifo)
            add(ifo, half, ifo)  # sigma(a) = tanh(a / 2) / 2 + 1 / 2
            multiply(f, c_prev, c_t)
            multiply(i, g, i_g)
            add(c_t, i_g, c_t)  # c' = f c + i g
            tanh(c_t, tanh_c_t)
            multiply(o, tanh_c_t, h)  # h' = o tanh(c')
        return states[T, :H], {"states": states, "gates": gates, "c": c, "tanh_c": tanh_c}

    def _unroll_back(self, tape, d_h, d_X=None):
        states, gates, c, tanh_c = (tape[name] for name in ("states", "gates", "c", "tanh_c"))
        T, _, H, B = gates.shape
        one = self.dtype.type(1)
        rows = _inner_rows(H)
        W_h, W_x = self.params["W_h"][:, rows], self.params["W_x"][:, rows]  # (H, 4H), (D, 4H)
        d_W = np.zeros((4 * H, states.shape[1]), self.dtype)
        d_W_t = np.empty_like(d_W)
        d_h, d_c = d_h.copy(), np.zeros((H, B), self.dtype)
        through_c = np.empty((H, B), self.dtype)
        d_a, slope = np.empty((2, 4, H, B), self.dtype)
        (d_i, d_f, d_o, d_g), d_a_rows = d_a, d_a.reshape(4 * H, B)
        slope_ifo, slope_g = slope[:3], slope[3]

        back = slice(None, None, -1)  # from the last step to the first
        steps = zip(states[-2::-1], gates[back], gates[back, :3], c[-2::-1], tanh_c[back], strict=True)
        for t, (s, ifog, ifo, c_prev, tanh_c_t) in zip(reversed(range(T)), steps, strict=True):
            i, f, o, g = ifog
            multiply(tanh_c_t, tanh_c_t, through_c)
            subtract(one, through_c, through_c)
            multiply(through_c, o, through_c)
            multiply(through_c, d_h, through_c)
            add(d_c, through_c, d_c)  # d_c += d_h o (1 - tanh(c)^2)

            multiply(d_c, g, d_i)
            multiply(d_c, c_prev, d_f)
            multiply(d_h, tanh_c_t, d_o)
            multiply(d_c, i, d_g)

            multiply(ifog, ifog, slope)
            subtract(ifo, slope_ifo, slope_ifo)  # sigma' = sigma - sigma^2
            subtract(one, slope_g, slope_g)  # tanh' = 1 - tanh^2
            multiply(d_a, slope, d_a)  # (4, H, B)

            matmul(d_a_rows, s.T, d_W_t)  # (4H, B) @ (B, H + D + 1)
            add(d_W, d_W_t, d_W)
            matmul(W_h, d_a_rows, d_h)  # d_h_{t-1}: (H, 4H) @ (4H, B)
            multiply(d_c, f, d_c)  # d_c_{t-1} = d_c f
            if d_X is not None:
                matmul(W_x, d_a_rows, d_X[t])
        d_W[rows] = d_W.copy()  # back to i, f, g, o
        return split_weights(d_W, H)


def _inner_rows(H):
    """Rows of i, f, g, o in the order i, f, o, g; its own inverse."""
    return np.r_[0 : 2 * H, 3 * H : 4 * H, 2 * H : 3 * H]
