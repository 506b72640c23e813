"""How far off may a rollout be? Prediction intervals from the errors of earlier rollouts."""

import numpy as np


class RolloutIntervals:
    """Intervals around rollouts, as wide at each step as the errors of earlier rollouts at that step.

    Split conformal prediction (Lei, G'Sell, Rinaldo, Tibshirani & Wasserman, JASA 113 (2018), algorithm 2),
    step by step as Stankevičiūtė, Alaa & van der Schaar (NeurIPS 2021) do it, without their correction for
    looking at all steps at once: with n absolute errors at a step, the half-width there is the
    ceil((n + 1) level)-th smallest of them.

    Parameters
    ----------
    level : float
        Share of the values that an interval is to hold, at each step on its own.

    Attributes
    ----------
    width : ndarray of shape (steps,)
        Half-widths by step, in the series' unit; after `fit`.

    Raises
    ------
    ValueError
        If `level` does not lie between 0 and 1.

    Notes
    -----
    The promise, coverage of at least `level`, holds for calibration and later errors that are exchangeable.
    Rollouts of one series are not: neighbouring origins share almost all of their future, so 71 origins that
    overlap are worth a few, and where the series goes on to something new its errors grow. Calibrate on
    origins whose futures end before the origins to be judged, and *measure* `coverage` there.
    """

    width = None

    def __init__(self, level=0.9):
        if not 0 < level < 1:
            raise ValueError(f"level must lie between 0 and 1, got {level!r}")
        self.level = float(level)

    def fit(self, y_true, y_pred):
        """Measure how far off rollouts were.

        Parameters
        ----------
        y_true : array_like of shape (N, steps)
            What came after N calibration origins, which the model was not trained on.
        y_pred : array_like of shape (N, steps)
            The rollouts from there, in the same unit.

        Returns
        -------
        RolloutIntervals
            Itself.

        Raises
        ------
        ValueError
            If the shapes differ, a value is NaN, or there are too few origins for the level.
        """
        errors = np.abs(_same_shape(y_true, y_pred=y_pred)["y_pred"])
        n = len(errors)
        rank = int(np.ceil((n + 1) * self.level - 1e-9))
        if rank > n:
            least = int(np.ceil(self.level / (1 - self.level) - 1e-9))
            raise ValueError(f"level {self.level:g} needs at least {least} calibration origins, got {n}")
        self.width = np.sort(errors, axis=0)[rank - 1]  # (steps,)
        return self

    def predict(self, y_pred):
        """Put intervals around rollouts.

        Parameters
        ----------
        y_pred : array_like of shape (N, steps)
            Rollouts with as many steps as those in `fit`, or fewer.

        Returns
        -------
        lower, upper : ndarray of shape (N, steps)
            In the unit of the rollouts.

        Raises
        ------
        RuntimeError
            If `fit` was not called.
        ValueError
            If the rollouts go on for longer than those in `fit`.
        """
        if self.width is None:
            raise RuntimeError("these intervals are not measured yet: call fit(y_true, y_pred) first")
        y_pred = np.asarray(y_pred, float)
        if y_pred.ndim != 2 or y_pred.shape[1] > len(self.width):
            raise ValueError(
                f"y_pred must have shape (N, steps) with at most {len(self.width)} steps, got {y_pred.shape}"
            )
        width = self.width[: y_pred.shape[1]]
        return y_pred - width, y_pred + width

    def __repr__(self):
        return f"RolloutIntervals(level={self.level:g})"


def coverage(y_true, lower, upper):
    """Share of the values that lie within their intervals, by step.

    Parameters
    ----------
    y_true, lower, upper : array_like of shape (N, steps)
        Values and the ends of their intervals, in one unit.

    Returns
    -------
    ndarray of shape (steps,)
        Between 0 and 1; its mean is the coverage over all steps.

    Raises
    ------
    ValueError
        If the shapes differ, or a value is NaN.
    """
    beyond = _same_shape(y_true, lower=lower, upper=upper)
    return np.mean((beyond["lower"] <= 0) & (beyond["upper"] >= 0), axis=0)


def _same_shape(y_true, **others):
    """The others less y_true, all of shape (N, steps)."""
    y_true = np.asarray(y_true, float)
    if y_true.ndim != 2 or y_true.size == 0:
        raise ValueError(f"y_true must have shape (N, steps) and not be empty, got shape {y_true.shape}")
    differences = {name: np.asarray(a, float) for name, a in others.items()}
    for name, a in differences.items():
        if a.shape != y_true.shape:
            raise ValueError(f"{name} must have the shape of y_true, {y_true.shape}, got {a.shape}")
        differences[name] = a - y_true
        if np.isnan(differences[name]).any():
            raise ValueError(f"y_true or {name} holds values that are NaN")
    return differences
