"""A task whose right gate behaviour is known: remember the value at the last marker.

On a real window any heatmap tells a story. Here the story can be wrong: a memory has to be written at a
marker and held everywhere else.
"""

import numpy as np

from lessons.rnn import LSTM

T = 20  # time steps
RECIPE = {"epochs": 19, "batch_size": 64, "lr": 0.02, "schedule": "cosine", "max_grad_norm": 1.0}


def marker_task(n=2000, seed=42):
    """Windows of values and markers; the target is the value at the last marker.

    Parameters
    ----------
    n : int
        Windows.
    seed : int
        Seeds the draw.

    Returns
    -------
    X : ndarray of shape (n, 20, 2)
        Feature 0 a value, uniform between -1 and 1, without unit; feature 1 the marker, 0 or 1. One to three
        markers a window, never at its last step, so that there is always something to hold.
    y : ndarray of shape (n, 1)
        The value at the last marker. Its variance is 1/3, the error of the forecast 0.
    marker : ndarray of bool, of shape (n, 20)
        Where the markers are.
    """
    rng = np.random.default_rng(seed)
    value = rng.uniform(-1, 1, (n, T))
    place = rng.random((n, T - 1)).argsort(axis=1)  # a random order of the steps before the last
    count = rng.integers(1, 4, n)  # 1, 2 or 3
    marker = np.zeros((n, T), bool)
    marker[:, :-1] = place < count[:, None]
    last = T - 1 - marker[:, ::-1].argmax(axis=1)  # (n,)
    y = value[np.arange(n), last][:, None]
    return np.stack([value, marker], axis=2), y, marker


def marker_lstm(seed=42):
    """An LSTM of 8 units for the marker task, untrained, with a recipe that solves it in 600 steps.

    Parameters
    ----------
    seed : int
        Seeds weights and shuffling.

    Returns
    -------
    LSTM
        float32, forget bias 1; ``marker_lstm(seed).fit(X, y)`` on 2000 windows takes one to two seconds.
    """
    return LSTM(2, 8, seed=seed, dtype=np.float32, forget_bias=1.0, training=RECIPE)
