"""Series that are made: what they are made of is known, and so is the best possible error."""

import numpy as np


def two_waves(n=220, noise=0.04, seed=42):
    """Two slow sine waves and white noise.

    y_t = sin(0.12 t) + 0.25 sin(0.03 t) + noise ε_t, with ε from NumPy's legacy `RandomState(seed).randn`;
    computed in float64 and rounded once to float32, so that every machine gets the same bits.

    Parameters
    ----------
    n : int
        Number of time steps.
    noise : float
        Standard deviation of the noise, in the series' unit.
    seed : int
        Seed of the noise.

    Returns
    -------
    t : ndarray of shape (n,), float32
        Time steps 0 ... n - 1.
    y : ndarray of shape (n,), float32
        The series, without unit; its noise floor (the best possible MSE) is noise².

    Raises
    ------
    ValueError
        n is below 1 or noise below 0.
    """
    _check_size(n, noise)
    t = np.arange(n)
    y = np.sin(0.12 * t) + 0.25 * np.sin(0.03 * t) + noise * np.random.RandomState(seed).randn(n)
    return t.astype(np.float32), y.astype(np.float32)


def trend_and_seasons(n=900, trend=0.0025, noise=0.18, seed=42):
    """Two seasons, a linear trend and white noise.

    y_t = 1.2 sin(2πt/50) + 0.6 sin(2πt/17 + 0.8) + trend t + noise ε_t, with ε from
    `default_rng(seed).normal`.

    Parameters
    ----------
    n : int
        Number of time steps.
    trend : float
        Rise per time step, in the series' unit.
    noise : float
        Standard deviation of the noise, in the series' unit.
    seed : int
        Seed of the noise.

    Returns
    -------
    t : ndarray of shape (n,), float64
        Time steps 0 ... n - 1.
    y : ndarray of shape (n,), float64
        The series, without unit; its noise floor (the best possible MSE) is noise².

    Raises
    ------
    ValueError
        n is below 1 or noise below 0.
    """
    _check_size(n, noise)
    t = np.arange(n, dtype=float)
    seasons = 1.2 * np.sin(2 * np.pi * t / 50) + 0.6 * np.sin(2 * np.pi * t / 17 + 0.8)
    return t, seasons + trend * t + noise * np.random.default_rng(seed).normal(size=n)


def _check_size(n, noise):
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if not noise >= 0:
        raise ValueError(f"noise must be 0 or more (a standard deviation), got {noise}")
