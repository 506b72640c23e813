"""How long a net remembers, read off its gates; `lessons.rnn.gradient_memory` measures it from outside."""

import numpy as np


def retention(keep):
    """How much of what stood in the memory is still there at the last step: products of the keep gate.

    ::

        retention[n, lag, k] = f_T * f_{T-1} * ... * f_{T-lag+1}        1 at lag 0

    Parameters
    ----------
    keep : ndarray of shape (N, T, H)
        The gate that keeps, 0 … 1: ``record.keep``, which is f of an LSTM.

    Returns
    -------
    ndarray of shape (N, T, H)
        Share, by window, lag from 0 to T - 1, and unit: of the memory after step T - lag, how much the last
        state still holds. It is what d c_T / d c_{T-lag} would be, did the gates not look at h.

    Raises
    ------
    ValueError
        If `keep` has not three axes or leaves the range 0 … 1.
    """
    keep = _checked(keep)
    backwards = keep[:, :0:-1]  # f_T, f_{T-1}, ..., f_2 (counting from 1)
    return np.concatenate([np.ones_like(keep[:, :1]), np.cumprod(backwards, axis=1)], axis=1)


def half_life(keep):
    """Steps until half of the memory is gone, by unit: log(1/2) / mean(log f).

    Parameters
    ----------
    keep : ndarray of shape (N, T, H)
        The gate that keeps, 0 … 1: ``record.keep``.

    Returns
    -------
    ndarray of shape (H,)
        Time steps, at the gate's geometric mean over windows and steps; 0 where a gate is shut (0) even once,
        inf where it is never anything but 1.

    Raises
    ------
    ValueError
        If `keep` has not three axes or leaves the range 0 … 1.
    """
    keep = _checked(keep)
    with np.errstate(divide="ignore"):
        decay = np.abs(np.log(keep).mean(axis=(0, 1), dtype=np.float64))  # (H,), 0 if never but 1
        return np.log(2) / decay


def steps_to_half(left):
    """First lag at which a curve that starts at 1 has fallen to one half, read between the steps.

    Parameters
    ----------
    left : array_like of shape (T,)
        By lag: a mean over windows and units of `retention`, or `lessons.rnn.gradient_memory`.

    Returns
    -------
    float
        Time steps; inf if the curve stays above one half to its end.

    Raises
    ------
    ValueError
        If `left` is not a curve, or does not start above one half.
    """
    left = np.asarray(left, float)
    if left.ndim != 1 or not left.size or not left[0] > 0.5:
        raise ValueError(f"left must be a curve by lag that starts at 1, got shape {left.shape}")
    below = np.flatnonzero(left <= 0.5)
    if not below.size:
        return float("inf")
    k = below[0]
    return float(k - 1 + (left[k - 1] - 0.5) / (left[k - 1] - left[k]))


def _checked(keep):
    keep = np.asarray(keep)
    if keep.ndim != 3:
        raise ValueError(f"keep must have shape (N, T, H), got {keep.shape}")
    if not (np.all(keep >= 0) and np.all(keep <= 1)):
        raise ValueError(f"keep must be between 0 and 1, got {keep.min():.3g} to {keep.max():.3g}")
    return keep
