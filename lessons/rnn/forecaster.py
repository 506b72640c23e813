"""What the recurrent forecasters share: weights, head, prediction. Their cells: rnn, lstm and gru."""

import numpy as np

from lessons.checks import as_windows
from lessons.rnn.layout import Buffers
from lessons.rnn.training import GradientForecaster

PREDICT_CHUNK = 256  # windows at a time in predict: bounds its memory, and keeps a step's arrays in cache


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
    init : {"glorot", "orthogonal", "torch"}
        Start weights. "glorot": each gate's (D + H, H) matrix uniform in +-sqrt(6 / (D + H + H)) (Glorot &
        Bengio 2010, eq. 16). "orthogonal": the same, but recurrent weights orthogonal in each gate.
        "torch": everything, biases too, uniform in +-1/sqrt(H), as PyTorch does. Biases are otherwise zero.
    gain : float
        Factor on the recurrent weights of "orthogonal": 1 preserves lengths, more expands them.

    Attributes
    ----------
    params : dict of str to ndarray
        W_x (D, G*H), W_h (H, G*H), b (G*H,), W_y (H, output_size), b_y (output_size,), with G gates.

    Raises
    ------
    ValueError
        If a size is not positive, or `init` or `dtype` is unknown.
    """

    gate_names = ()  # order of the blocks of H columns in W_x, W_h and b
    draw_order = ()  # order in which their start weights are drawn

    def __init__(
        self,
        input_size=1,
        hidden_size=32,
        output_size=1,
        seed=42,
        dtype=np.float64,
        training=None,
        *,
        init="glorot",
        gain=1.0,
    ):
        sizes = {"input_size": input_size, "hidden_size": hidden_size, "output_size": output_size}
        for name, size in sizes.items():
            if not isinstance(size, (int, np.integer)) or size < 1:
                raise ValueError(f"{name} must be a positive whole number, got {size!r}")
        if init not in ("glorot", "orthogonal", "torch"):
            raise ValueError(f'init must be "glorot", "orthogonal" or "torch", got {init!r}')
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise ValueError(f"dtype must be float32 or float64, got {np.dtype(dtype)}")
        self.input_size, self.hidden_size, self.output_size = input_size, hidden_size, output_size
        self.seed, self.dtype, self.training = seed, np.dtype(dtype), dict(training or {})
        self.init, self.gain = init, gain
        self.params = {name: p.astype(self.dtype) for name, p in self._draw_weights().items()}
        self._buffers, self._tape = Buffers(self.dtype), None

    def forward(self, X):
        """Forecast, keeping what `backward` will need.

        Parameters
        ----------
        X : ndarray of shape (B, T, D)
            Windows, scaled.

        Returns
        -------
        ndarray of shape (B, output_size)
            Forecasts, in the same scaled unit.

        Raises
        ------
        ValueError
            If X has another number of axes or features.
        """
        h, self._tape = self._unroll(self._check_X(X), self._buffers)  # (H, B)
        self._tape["h_T"] = h
        return h.T @ self.params["W_y"] + self.params["b_y"]  # (B, H) @ (H, output_size)

    def backward(self, d_y):
        """Gradients of a loss, given its gradient with respect to the latest `forward`'s forecasts.

        Parameters
        ----------
        d_y : ndarray of shape (B, output_size)
            d loss / d y_pred.

        Returns
        -------
        dict of str to ndarray
            d loss / d params, under the keys and in the shapes of `params`.

        Raises
        ------
        RuntimeError
            If there was no `forward` before.
        ValueError
            If `d_y` does not have the shape of the forecasts.
        """
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
        """Forecast without keeping anything, a few hundred windows at a time.

        Parameters
        ----------
        X : ndarray of shape (N, T, D)
            Windows, scaled.

        Returns
        -------
        ndarray of shape (N, output_size)
            Forecasts, in the same scaled unit.

        Raises
        ------
        ValueError
            If X has another number of axes or features.
        """
        X, buffers = self._check_X(X), Buffers(self.dtype)
        y_pred = np.empty((len(X), self.output_size), self.dtype)
        for start in range(0, len(X), PREDICT_CHUNK):
            h, _ = self._unroll(X[start : start + PREDICT_CHUNK], buffers)
            y_pred[start : start + PREDICT_CHUNK] = h.T @ self.params["W_y"] + self.params["b_y"]
        return y_pred

    def input_gradients(self, X, d_h=None):
        """How the last hidden state answers to each input: d h_T / d x_t, or a combination of its rows.

        Parameters
        ----------
        X : ndarray of shape (B, T, D)
            Windows, scaled.
        d_h : ndarray of shape (B, H), optional
            Weights of the hidden units: gives sum_j d_h[:, j] d h_T[:, j] / d x_t. Left out, every unit on
            its own.

        Returns
        -------
        ndarray of shape (B, T, D), or (B, T, H, D) without `d_h`
            Gradients; without `d_h`, the Jacobian of the state after step T with respect to the input at
            step t.

        Raises
        ------
        ValueError
            If a shape does not fit.
        """
        X, H = self._check_X(X), self.hidden_size
        if d_h is None:  # each window H times over, one unit for each copy
            copies = self.input_gradients(np.repeat(X, H, axis=0), np.tile(np.eye(H), (len(X), 1)))
            return copies.reshape(len(X), H, *X.shape[1:]).transpose(0, 2, 1, 3)
        d_h = np.asarray(d_h, self.dtype)
        if d_h.shape != (len(X), H):
            raise ValueError(f"d_h must have shape {(len(X), H)}, got {d_h.shape}")
        _, tape = self._unroll(X, Buffers(self.dtype))
        d_X = np.empty((X.shape[1], self.input_size, len(X)), self.dtype)  # (T, D, B)
        self._unroll_back(tape, d_h.T, d_X)
        return d_X.transpose(2, 0, 1)

    def __repr__(self):
        name = type(self).__name__
        return f"{name}({self.input_size}, {self.hidden_size}, {self.output_size}, seed={self.seed})"

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
        if self.init == "torch":
            return self._draw_torch(rng)
        W_x, W_h = {}, {}
        for gate in self.draw_order:
            W = _glorot(rng, D + H, H)  # one matrix for [x; h]
            W_x[gate], W_h[gate] = W[:D], W[D:]
            if self.init == "orthogonal":
                W_h[gate] = self.gain * _orthogonal(rng, H)
        return {
            "W_x": np.hstack([W_x[gate] for gate in self.gate_names]),
            "W_h": np.hstack([W_h[gate] for gate in self.gate_names]),
            "b": np.zeros(len(self.gate_names) * H),
            "W_y": _glorot(rng, H, O),
            "b_y": np.zeros(O),
        }

    def _draw_torch(self, rng):
        D, H, O = self.input_size, self.hidden_size, self.output_size  # noqa: E741
        G = len(self.gate_names)
        shapes = {"W_x": (D, G * H), "W_h": (H, G * H), "b": (G * H,), "W_y": (H, O), "b_y": (O,)}
        limit = 1 / np.sqrt(H)
        return {name: rng.uniform(-limit, limit, shape) for name, shape in shapes.items()}


def _glorot(rng, fan_in, fan_out):
    limit = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out))


def _orthogonal(rng, n):
    Q, R = np.linalg.qr(rng.normal(size=(n, n)))
    return Q * np.sign(np.diag(R))  # this makes the draw uniform over rotations
