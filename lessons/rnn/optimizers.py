"""Rules that turn gradients into steps: SGD with momentum, Adam, and clipping by global norm."""

import numpy as np

BETA_1, BETA_2 = 0.9, 0.999  # Adam's memory of the mean and of the mean square of the gradient


class SGD:
    """Gradient descent, with momentum if asked for.

    ::

        v <- momentum * v + g
        p <- p - lr * v

    Parameters
    ----------
    lr : float
        Step size; may be changed between steps (a schedule does).
    momentum : float
        Share of the previous step that is kept, 0 <= momentum < 1.

    Raises
    ------
    ValueError
        If `momentum` is out of range.
    """

    def __init__(self, lr=1e-2, momentum=0.0):
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must be at least 0 and below 1, got {momentum}")
        self.lr, self.momentum, self._velocity = lr, momentum, {}

    def step(self, params, grads):
        """Move every array of `params` in place.

        Parameters
        ----------
        params, grads : dict of str to ndarray
            Same keys, same shapes.
        """
        for name, p in params.items():
            v = self._velocity[name] = self.momentum * self._velocity.get(name, 0.0) + grads[name]
            p -= self.lr * v


class Adam:
    """Adam.

    ::

        m <- 0.9 m + 0.1 g
        s <- 0.999 s + 0.001 g**2
        p <- p - lr * sqrt(1 - 0.999**k) / (1 - 0.9**k) * m / (sqrt(s) + eps)        at step k = 1, 2, ...

    This is the "more efficient order of computation" at the end of section 2 of Kingma & Ba (2015): `eps`
    meets the uncorrected sqrt(s). PyTorch adds it after the correction, a difference in the sixth digit of
    the first losses.

    Parameters
    ----------
    lr : float
        Step size; may be changed between steps (a schedule does).
    eps : float
        Keeps the division finite.
    """

    def __init__(self, lr=1e-3, eps=1e-8):
        self.lr, self.eps = lr, eps
        self._m, self._s, self._k = {}, {}, 0

    def step(self, params, grads):
        """Move every array of `params` in place.

        Parameters
        ----------
        params, grads : dict of str to ndarray
            Same keys, same shapes.
        """
        self._k += 1
        size = self.lr * np.sqrt(1 - BETA_2**self._k) / (1 - BETA_1**self._k)
        size = float(size)  # a Python float leaves float32 parameters float32
        for name, p in params.items():
            g = grads[name]
            m = self._m[name] = BETA_1 * self._m.get(name, 0.0) + (1 - BETA_1) * g
            s = self._s[name] = BETA_2 * self._s.get(name, 0.0) + (1 - BETA_2) * g**2
            p -= size * m / (np.sqrt(s) + self.eps)


def clip_by_global_norm(grads, max_norm):
    """Scale all gradients down together, in place, if their common norm is larger than `max_norm`.

    The norm is taken over every entry of every array at once, so the direction of the step is kept
    (Pascanu, Mikolov & Bengio 2013, algorithm 1).

    Parameters
    ----------
    grads : dict of str to ndarray
        Gradients; multiplied in place by max_norm / norm when norm > max_norm.
    max_norm : float or None
        Largest norm allowed; None measures and leaves the gradients alone.

    Returns
    -------
    float
        The norm *before* clipping.

    Raises
    ------
    ValueError
        If `max_norm` is not positive.
    """
    if max_norm is not None and not max_norm > 0:
        raise ValueError(f"max_norm must be positive or None, got {max_norm}")
    norm = float(np.sqrt(sum(np.vdot(g, g).astype(float) for g in grads.values())))
    if max_norm is not None and norm > max_norm:
        for g in grads.values():
            g *= max_norm / norm
    return norm
