"""In which order to draw hidden units: their own numbers mean nothing."""

import numpy as np

ORDERS = {
    "unit": "as numbered",
    "peak": "by time of the peak",
    "similarity": "alike side by side",
}


def unit_order(values, by="peak"):
    """Sort hidden units so that a heatmap can be read.

    Parameters
    ----------
    values : ndarray of shape (T, H)
        A gate or state over one window, without unit.
    by : {"unit", "peak", "similarity"}
        "unit": as numbered. "peak": by the step of the largest value (the largest absolute one where there
        are negative values), earliest first. "similarity": so that units with like curves stand side by side
        (spectral seriation, Atkins, Boman & Hendrickson 1998: sorted by the Fiedler vector of the graph whose
        weights are exp(-d²/mean d²), d the distance of two units' curves); the end with the earlier peaks
        comes first.

    Returns
    -------
    ndarray of int, of shape (H,)
        ``values[:, order]`` is sorted.

    Raises
    ------
    ValueError
        If `by` is unknown or `values` has not two axes.
    """
    values = np.asarray(values, float)
    if values.ndim != 2:
        raise ValueError(f"values must have shape (T, H), got {values.shape}")
    if by not in ORDERS:
        raise ValueError(f"by must be one of {', '.join(map(repr, ORDERS))}, got {by!r}")
    H = values.shape[1]
    if by == "unit":
        return np.arange(H)
    peaks = (np.abs(values) if values.min() < 0 else values).argmax(axis=0)  # (H,)
    if by == "peak":
        return np.argsort(peaks, kind="stable")
    order = np.argsort(_fiedler(values), kind="stable")
    half = H // 2
    return order[::-1] if peaks[order[:half]].sum() > peaks[order[H - half :]].sum() else order


def _fiedler(values):
    """Second-lowest eigenvector of the graph Laplacian: along it, like units have like places."""
    H = values.shape[1]
    square = ((values[:, :, None] - values[:, None, :]) ** 2).sum(axis=0)  # (H, H)
    if H < 3 or not square.any():
        return np.arange(H)
    weights = np.exp(-square / square.mean())
    laplacian = np.diag(weights.sum(axis=1)) - weights
    _, vectors = np.linalg.eigh(laplacian)
    return np.round(vectors[:, 1], 10)
