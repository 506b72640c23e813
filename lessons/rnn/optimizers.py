"""Rules that turn gradients into steps: SGD with momentum, Adam(W), and clipping by global norm."""

import numpy as np


class SGD:
    """Gradient descent, with momentum if asked for.

    ::

        v <- momentum * v + g
        p <- p - lr * (v + weight_decay * p)

    Parameters
    ----------
    lr : float
        Step size; may be changed between steps (a schedule does).
    momentum : float
        Share of the previous step that is kept, 0 <= momentum < 1.
    weight_decay : float
        Decoupled from the gradient: shrinks every parameter by lr * weight_decay a step.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    def __init__(self, lr=1e-2, momentum=0.0, weight_decay=0.0):
        _check_range("momentum", momentum, 0, 1)
        self.lr, self.momentum, self.weight_decay = _check_lr(lr), momentum, _check_decay(weight_decay)
        self._velocity = {}

    def step(self, params, grads):
        """Move every array of `params` in place.

        Parameters
        ----------
        params, grads : dict of str to ndarray
            Same keys, same shapes.
        """
        for name, p in params.items():
            v = grads[name]
            if self.momentum:
                v = self.momentum * self._velocity.get(name, 0.0) + v
                self._velocity[name] = v
            p *= 1 - self.lr * self.weight_decay
            p -= self.lr * v


class Adam:
    """Adam, and AdamW when `weight_decay` is set.

    ::

        m <- beta_1 m + (1 - beta_1) g
        s <- beta_2 s + (1 - beta_2) g**2
        p <- p - lr * sqrt(1 - beta_2**k) / (1 - beta_1**k) * m / (sqrt(s) + eps)        at step k = 1, 2, ...

    This is the "more efficient order of computation" at the end of section 2 of Kingma & Ba (2015): `eps`
    meets the uncorrected sqrt(s). PyTorch adds it after the correction, a difference in the sixth digit of
    the first losses.

    Parameters
    ----------
    lr : float
        Step size; may be changed between steps (a schedule does).
    betas : (float, float)
        Memory of the mean and of the mean square of the gradient.
    eps : float
        Keeps the division finite.
    weight_decay : float
        Decoupled from the gradient (Loshchilov & Hutter 2019): p <- p - lr * weight_decay * p before the
        step.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    def __init__(self, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        for beta in betas:
            _check_range("betas", beta, 0, 1)
        self.lr, self.betas, self.eps = _check_lr(lr), betas, eps
        self.weight_decay = _check_decay(weight_decay)
        self._m, self._s, self._k = {}, {}, 0

    def step(self, params, grads):
        """Move every array of `params` in place.

        Parameters
        ----------
        params, grads : dict of str to ndarray
            Same keys, same shapes.
        """
        beta_1, beta_2 = self.betas
        self._k += 1
        size = self.lr * np.sqrt(1 - beta_2**self._k) / (1 - beta_1**self._k)
        size = float(size)  # a Python float leaves float32 parameters float32
        for name, p in params.items():
            g = grads[name]
            m = self._m[name] = beta_1 * self._m.get(name, 0.0) + (1 - beta_1) * g
            s = self._s[name] = beta_2 * self._s.get(name, 0.0) + (1 - beta_2) * g**2
            p *= 1 - self.lr * self.weight_decay
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


def _check_range(name, value, low, high):
    if not low <= value < high:
        raise ValueError(f"{name} must be at least {low} and below {high}, got {value}")


def _check_lr(lr):
    if not lr > 0:
        raise ValueError(f"lr must be positive, got {lr}")
    return lr


def _check_decay(weight_decay):
    if not weight_decay >= 0:
        raise ValueError(f"weight_decay must not be negative, got {weight_decay}")
    return weight_decay
