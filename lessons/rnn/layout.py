"""How the fast loops lay out their arrays: time first, batch last, state and input stacked, made once."""

import numpy as np


class Buffers:
    """Arrays that are made once and used again: making a large one costs as much as filling it.

    Parameters
    ----------
    dtype : numpy dtype
        Of all of them.
    """

    def __init__(self, dtype):
        self._dtype, self._flat = dtype, {}

    def take(self, name, *shape):
        """An uninitialised array of this shape; the next one taken under this name overwrites it.

        Parameters
        ----------
        name : str
        *shape : int

        Returns
        -------
        ndarray of that shape, contiguous
        """
        size = int(np.prod(shape))
        if name not in self._flat or self._flat[name].size < size:
            self._flat[name] = np.empty(size, self._dtype)
        return self._flat[name][:size].reshape(shape)

    def __reduce__(self):
        return Buffers, (self._dtype,)  # a copied model brings its weights, not its scratch space


def start_states(X, H, buffers):
    """Room for the states of all steps, each on top of the input it will meet: [h_{t-1}; x_t; 1].

    With the batch along the *last* axis and these three stacked, one matrix product a step does the recurrent
    weights, the input weights and the bias together, and one gate of one step is one contiguous block.

    Parameters
    ----------
    X : ndarray of shape (B, T, D)
        Windows, scaled.
    H : int
        Hidden units.
    buffers : Buffers

    Returns
    -------
    ndarray of shape (T + 1, H + D + 1, B)
        Rows :H are the state (zero at t = 0, the rest to be filled), rows H:H+D the input, row H+D ones.
    """
    B, T, D = X.shape
    states = buffers.take("states", T + 1, H + D + 1, B)
    states[0, :H] = 0  # h_0
    states[:T, H : H + D] = X.transpose(1, 2, 0)  # (T, D, B)
    states[:T, H + D] = 1
    return states


def stack_weights(params):
    """All weights of a layer as one matrix that multiplies [h; x; 1].

    Parameters
    ----------
    params : dict
        W_x (D, G*H), W_h (H, G*H), b (G*H,).

    Returns
    -------
    ndarray of shape (G*H, H + D + 1)
    """
    return np.vstack([params["W_h"], params["W_x"], params["b"]]).T.copy()


def split_weights(W, H):
    """The reverse of `stack_weights`, used on gradients.

    Parameters
    ----------
    W : ndarray of shape (G*H, H + D + 1)
    H : int
        Hidden units.

    Returns
    -------
    dict
        W_x (D, G*H), W_h (H, G*H), b (G*H,).
    """
    return {"W_x": W[:, H:-1].T.copy(), "W_h": W[:, :H].T.copy(), "b": W[:, -1].copy()}
