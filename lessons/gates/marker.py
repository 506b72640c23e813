"""A task whose right gate behaviour is known: remember the value at the last marker.

On a real window any heatmap tells a story. Here the story can be wrong: a memory has to be written at a
marker and held everywhere else.
"""

from typing import NamedTuple

import numpy as np

from lessons.rnn import GRU, LSTM

RECIPE = {"batch_size": 64, "lr": 0.02, "schedule": "cosine", "max_grad_norm": 1.0}


def marker_task(n=2000, T=20, seed=42):
    """Windows of values and markers; the target is the value at the last marker.

    Parameters
    ----------
    n : int
        Windows.
    T : int
        Time steps.
    seed : int
        Seeds the draw.

    Returns
    -------
    X : ndarray of shape (n, T, 2)
        Feature 0 a value, uniform between -1 and 1, without unit; feature 1 the marker, 0 or 1. One to three
        markers a window, never at its last step, so that there is always something to hold.
    y : ndarray of shape (n, 1)
        The value at the last marker. Its variance is 1/3, the error of the forecast 0.
    marker : ndarray of bool, of shape (n, T)
        Where the markers are.

    Raises
    ------
    ValueError
        If there is no window, or T leaves no room for three markers.
    """
    if n < 1 or T < 4:
        raise ValueError(f"n must be at least 1 and T at least 4, got {n} and {T}")
    rng = np.random.default_rng(seed)
    value = rng.uniform(-1, 1, (n, T))
    place = rng.random((n, T - 1)).argsort(axis=1)  # a random order of the steps before the last
    count = rng.integers(1, 4, n)  # 1, 2 or 3
    marker = np.zeros((n, T), bool)
    marker[:, :-1] = place < count[:, None]
    last = T - 1 - marker[:, ::-1].argmax(axis=1)  # (n,)
    y = value[np.arange(n), last][:, None]
    return np.stack([value, marker], axis=2), y, marker


class MarkerBlindGRU(GRU):
    """A GRU whose candidate does not see feature 1: only its gates can react to a marker.

    Without this, a candidate that follows the marker can do part of a gate's work, and what the gate must do
    is no longer known. Takes the parameters of `GRU`; the weights from feature 1 to n are held at 0.
    """

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self._blind(self.params)

    def backward(self, d_y):
        """As `GRU.backward`, with no gradient for the weights that are held at 0."""
        grads = super().backward(d_y)
        self._blind(grads)
        return grads

    def _blind(self, arrays):
        arrays["W_x"][1, 2 * self.hidden_size :] = 0


def marker_lstm(seed=42, hidden_size=8):
    """An LSTM for the marker task, untrained, with a recipe that solves it in 600 steps.

    Parameters
    ----------
    seed : int
        Seeds weights and shuffling.
    hidden_size : int
        Units H.

    Returns
    -------
    LSTM
        float32, forget bias 1; ``marker_lstm(seed).fit(X, y)`` on 2000 windows takes one to two seconds.
    """
    training = {**RECIPE, "epochs": 19}  # of 32 steps
    return LSTM(2, hidden_size, seed=seed, dtype=np.float32, forget_bias=1.0, training=training)


def marker_gru(seed=42):
    """A GRU of one unit for the marker task, blind to the marker but for its gates, untrained.

    Its update gate writes at z = 1 (Chung et al. 2014): "open" means that the value is taken.

    Parameters
    ----------
    seed : int
        Seeds weights and shuffling.

    Returns
    -------
    MarkerBlindGRU
        float32; ``marker_gru(seed).fit(X, y)`` on 2000 windows, 800 steps, takes one to two seconds.
    """
    training = {**RECIPE, "epochs": 25}
    return MarkerBlindGRU(2, 1, seed=seed, dtype=np.float32, training=training)


class MarkerEvidence(NamedTuple):
    """What a gate does at markers: `correlation` with the marker, mean `at_markers` and `elsewhere`."""

    correlation: float
    at_markers: float
    elsewhere: float

    @property
    def gap(self):
        """float : mean at markers minus mean elsewhere."""
        return self.at_markers - self.elsewhere


def marker_evidence(values, marker):
    """Compare a gate, averaged over its units, with the marker.

    Parameters
    ----------
    values : ndarray of shape (N, T, H)
        A gate, 0 … 1, such as ``record["f"]``.
    marker : ndarray of bool, of shape (N, T)
        Where the markers are.

    Returns
    -------
    MarkerEvidence
        Pearson's correlation over all windows and steps (0 for a gate that never moves), and both means.

    Raises
    ------
    ValueError
        If the shapes do not belong together, or there is no marker or nothing else.
    """
    values, marker = np.asarray(values, float), np.asarray(marker)
    if values.ndim != 3 or marker.shape != values.shape[:2]:
        raise ValueError(
            f"values and marker must have shapes (N, T, H) and (N, T), got {values.shape} and {marker.shape}"
        )
    if marker.dtype != bool or marker.all() or not marker.any():
        raise ValueError("marker must be True at some steps and False at others")
    mean = values.mean(axis=2)  # (N, T)
    moves = mean.std() > 1e-12
    correlation = float(np.corrcoef(mean.ravel(), marker.ravel())[0, 1]) if moves else 0.0
    return MarkerEvidence(correlation, float(mean[marker].mean()), float(mean[~marker].mean()))
