"""A plain recurrent network, for comparison: no gates, so nothing protects its memory or its gradients."""

from dataclasses import dataclass, field

import numpy as np

from lessons.rnn.forecaster import RecurrentForecaster
from lessons.rnn.layout import split_weights, stack_weights, start_states


@dataclass(eq=False, repr=False)
class RNN(RecurrentForecaster):
    """Plain RNN forecaster: h_t = tanh(x_t W_x + h_{t-1} W_h + b), a linear head on h_T.

    Takes the parameters of `RecurrentForecaster` and one of its own.

    Parameters
    ----------
    stretch : float, optional
        Recurrent weights start as an orthogonal matrix, which keeps every state's length, times this: above 1
        states and gradients grow from step to step. Left out, they start as Glorot's.

    Notes
    -----
    `W_x`, `W_h` and `b` have one block of H columns. A forward pass keeps 1 array of (T, B, H) (and inputs).
    """

    stretch: float | None = field(default=None, kw_only=True)

    gate_names = draw_order = ("h",)

    def _recurrent(self, W_h, rng):
        if self.stretch is None:
            return W_h
        Q, R = np.linalg.qr(rng.normal(size=W_h.shape))
        return self.stretch * Q * np.sign(np.diag(R))  # this makes the draw uniform over rotations

    def _unroll(self, X, buffers):
        T, H = X.shape[1], self.hidden_size
        states = start_states(X, H, buffers)  # (T + 1, H + D + 1, B)
        W = stack_weights(self.params)  # (H, H + D + 1)
        for t in range(T):
            h = states[t + 1, :H]
            np.matmul(W, states[t], h)
            np.tanh(h, h)  # h_t = tanh(W [h_{t-1}; x_t; 1])
        return states[T, :H], {"states": states}

    def _unroll_back(self, tape, d_h, d_X=None):
        states, H = tape["states"], self.hidden_size
        W_h, W_x = self.params["W_h"], self.params["W_x"]
        d_W = np.zeros((H, states.shape[1]), self.dtype)  # (H, H + D + 1)
        for t in reversed(range(len(states) - 1)):
            d_a = d_h * (1 - states[t + 1, :H] ** 2)  # (H, B); tanh' = 1 - tanh^2
            d_W += d_a @ states[t].T
            d_h = W_h @ d_a
            if d_X is not None:
                d_X[t] = W_x @ d_a
        return split_weights(d_W, H)
