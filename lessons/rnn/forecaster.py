"""What the recurrent forecasters share: weights, head, prediction. Their cells: rnn, lstm and gru."""

from dataclasses import dataclass

import numpy as np

from lessons.checks import as_windows, whole_number
from lessons.rnn.layout import Buffers
from lessons.rnn.training import GradientForecaster

PREDICT_CHUNK = 256  # windows at a time in predict: bounds its memory, and keeps a step's arrays in cache


@dataclass(eq=False, repr=False)
class RecurrentForecaster(GradientForecaster):
    """A recurrent layer that reads a window from zero state, and a linear head on its last hidden state.

    ::

        h_T = layer(X)                  (B, T, D) -> (B, H)
        y_pred = h_T W_y + b_y          (B, H) -> (B, output_size)

    Parameters
    ----------
    input_size : int
        Features D in a step of a window.
    hidden_size : int
        Hidden units H.
    output_size : int
        Values forecast at once (the horizon of a direct multi-step forecast).
    seed : int
        Seeds the weights, and the shuffling unless `train` is given another seed.
    dtype : numpy dtype
        float64 for checking, float32 for speed. Inputs are converted to it.
    training : dict, optional
        Defaults for `train` and `fit`: dict(epochs=80, lr=5e-3, schedule="cosine").

    Attributes
    ----------
    params : dict of str to ndarray
        W_x (D, G*H), W_h (H, G*H), b (G*H,), W_y (H, output_size), b_y (output_size,), with G gates.

    Raises
    ------
    TypeError, ValueError
        If a size is no positive whole number, or `dtype` is unknown.

    Notes
    -----
    Start weights: each gate's (D + H, H) matrix for [x; h] uniform in +-sqrt(6 / (D + H + H)) (Glorot &
    Bengio 2010, eq. 16), the head's likewise; biases zero.
    """

    input_size: int = 1
    hidden_size: int = 32
    output_size: int = 1
    seed: int = 42
    dtype: np.dtype = np.float64
    training: dict | None = None

    gate_names = ()  # order of the blocks of H columns in W_x, W_h and b
    draw_order = ()  # order in which their start weights are drawn

    def __post_init__(self):
        for name in ("input_size", "hidden_size", "output_size"):
            whole_number(getattr(self, name), name, least=1)
        self.dtype, self.training = np.dtype(self.dtype), dict(self.training or {})
        if self.dtype not in (np.float32, np.float64):
            raise ValueError(f"dtype must be float32 or float64, got {self.dtype}")
        self.params = {name: p.astype(self.dtype) for name, p in self._draw_weights().items()}
        self._buffers, self._tape = Buffers(self.dtype), None

    def forward(self, X):
        h, self._tape = self._unroll(self._check_X(X), self._buffers)  # (H, B)
        self._tape["h_T"] = h
        return h.T @ self.params["W_y"] + self.params["b_y"]  # (B, H) @ (H, output_size)

    def backward(self, d_y):
        if self._tape is None:
            raise RuntimeError("backward needs the forward pass it belongs to: call forward(X) first")
        h = self._tape["h_T"]  # (H, B)
        d_y = np.asarray(d_y, self.dtype)
        if d_y.shape != (h.shape[1], self.output_size):
            raise ValueError(f"d_y must have shape {(h.shape[1], self.output_size)}, got {d_y.shape}")
        d_h = self.params["W_y"] @ d_y.T  # (H, output_size) @ (output_size, B)
        grads = self._unroll_back(self._tape, d_h)
        return {**grads, "W_y": h @ d_y, "b_y": d_y.sum(axis=0)}

    def predict(self, X):
        X, buffers = self._check_X(X), Buffers(self.dtype)
        y_pred = np.empty((len(X), self.output_size), self.dtype)
        for start in range(0, len(X), PREDICT_CHUNK):
            h, _ = self._unroll(X[start : start + PREDICT_CHUNK], buffers)
            y_pred[start : start + PREDICT_CHUNK] = h.T @ self.params["W_y"] + self.params["b_y"]
        return y_pred

    def input_gradients(self, X):
        """How the last hidden state answers to each input: the Jacobians d h_T / d x_t.

        Parameters
        ----------
        X : ndarray of shape (B, T, D)
            Windows, scaled.

        Returns
        -------
        ndarray of shape (B, T, H, D)

        Raises
        ------
        ValueError
            If X has another number of axes or features.
        """
        X, H = self._check_X(X), self.hidden_size
        B, T, D = X.shape
        _, tape = self._unroll(np.repeat(X, H, axis=0), Buffers(self.dtype))  # a copy for every unit
        d_X = np.empty((T, D, B * H), self.dtype)
        self._unroll_back(tape, np.tile(np.eye(H, dtype=self.dtype), B), d_X)  # d h_T / d h_T, (H, B * H)
        return d_X.reshape(T, D, B, H).transpose(2, 0, 3, 1)

    def __getstate__(self):
        return {**self.__dict__, "_tape": None}  # a copy brings the weights, not a half-done backward pass

    def _unroll(self, X, buffers):
        """Run over a batch; return h_T of shape (H, B) and a dict of what the way back needs."""
        raise NotImplementedError

    def _unroll_back(self, tape, d_h, d_X=None):
        """Gradients of the weights from d loss / d h_T of shape (H, B); fills d_X (T, D, B) if given."""
        raise NotImplementedError

    def _check_X(self, X):
        X = as_windows(X)
        if X.shape[2] != self.input_size:
            raise ValueError(
                f"X must have shape (N, T, {self.input_size}), as this {type(self).__name__} was made with "
                f"input_size={self.input_size}, got {X.shape}"
            )
        return np.asarray(X, self.dtype)

    def _draw_weights(self):
        """Start weights in float64, from one generator: gate by gate in `draw_order`, then the head."""
        D, H, O = self.input_size, self.hidden_size, self.output_size  # noqa: E741
        rng = np.random.default_rng(self.seed)
        W_x, W_h = {}, {}
        for gate in self.draw_order:
            W = _glorot(rng, D + H, H)  # one matrix for [x; h]
            W_x[gate], W_h[gate] = W[:D], self._recurrent(W[D:], rng)
        return {
            "W_x": np.hstack([W_x[gate] for gate in self.gate_names]),
            "W_h": np.hstack([W_h[gate] for gate in self.gate_names]),
            "b": np.zeros(len(self.gate_names) * H),
            "W_y": _glorot(rng, H, O),
            "b_y": np.zeros(O),
        }

    def _recurrent(self, W_h, rng):
        """Start weights of one gate's recurrent part, Glorot's draw of which is `W_h`."""
        return W_h


def _glorot(rng, fan_in, fan_out):
    limit = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out))
