"""Errors of many-step forecasts: by horizon, with their spread."""

from dataclasses import dataclass

import numpy as np

from lessons.checks import as_values
from lessons.tables import Table, Tabular


@dataclass(frozen=True, eq=False, repr=False)
class HorizonErrors(Tabular):
    """Errors of forecasts from many origins, step by step. What `error_by_horizon` returns.

    Attributes
    ----------
    squared : ndarray of shape (S, N, steps)
        Squared error of every seed, origin and step, in the series' unit squared.
    """

    squared: np.ndarray

    @property
    def mse(self):
        """ndarray of shape (steps,) : mean squared error over seeds and origins."""
        return self.squared.mean(axis=(0, 1))

    @property
    def by_seed(self):
        """ndarray of shape (S, steps) : mean squared error over origins, seed by seed."""
        return self.squared.mean(axis=1)

    @property
    def mean(self):
        """float : mean squared error over all steps, origins and seeds."""
        return float(self.squared.mean())

    @property
    def mean_sd(self):
        """float : standard deviation (ddof 1) over seeds of the mean over steps and origins; 0 for one."""
        means = self.by_seed.mean(axis=1)
        return float(means.std(ddof=1)) if len(means) > 1 else 0.0

    @property
    def table(self):
        """Table : `horizon_table` of these errors alone."""
        return horizon_table({"MSE": self})


def horizon_table(errors):
    """Put errors by horizon under each other.

    Parameters
    ----------
    errors : dict of str to HorizonErrors
        By the name of the model, all with as many steps.

    Returns
    -------
    Table
        MSE at some steps, and the mean over all of them, with its spread over seeds where there are several.
    """
    steps = next(iter(errors.values())).squared.shape[2]
    shown = [k for k in (1, 10, 50, 100, 200) if k < steps] + [steps]
    rows, many = [], any(len(e.squared) > 1 for e in errors.values())
    for name, e in errors.items():
        mean = f"{e.mean:.3f}" + f" ± {e.mean_sd:.3f}" * (len(e.squared) > 1)
        rows.append([name, *(f"{e.mse[k - 1]:.3f}" for k in shown), mean])
    heads = ["MSE at step", *map(str, shown), "mean"]
    return Table(heads, rows, "Mean over all steps ± standard deviation over seeds" * many)


def error_by_horizon(y_true, y_pred):
    """Score forecasts of many steps, step by step.

    Parameters
    ----------
    y_true : array_like of shape (N, steps)
        What came, from N origins.
    y_pred : array_like of shape (N, steps) or (S, N, steps), or a list of S arrays (N, steps)
        Forecasts in the same unit, of one seed or of S.

    Returns
    -------
    HorizonErrors

    Raises
    ------
    ValueError
        If the shapes do not fit, there is nothing to score, or a value is NaN or infinite.
    """
    y_true, y_pred = as_values(y_true, "y_true"), _seeds(y_pred)
    if y_true.ndim != 2 or y_true.size == 0:
        raise ValueError(
            f"y_true must have shape (N, steps), a row an origin, and not be empty, got shape {y_true.shape}"
        )
    if y_pred.shape[1:] != y_true.shape:
        raise ValueError(
            f"y_pred must have the shape of y_true, {y_true.shape}, for every seed, got {y_pred.shape[1:]}"
        )
    for name, a in {"y_true": y_true, "y_pred": y_pred}.items():
        if not np.isfinite(a).all():
            raise ValueError(f"{name} holds {np.sum(~np.isfinite(a))} values that are NaN or infinite")
    return HorizonErrors((y_pred - y_true) ** 2)


def _seeds(y_pred):
    """Forecasts as an array (S, N, steps)."""
    y_pred = as_values(y_pred, "y_pred")
    if y_pred.ndim not in (2, 3) or y_pred.size == 0:
        raise ValueError(f"y_pred must have shape (N, steps) or (S, N, steps), got shape {y_pred.shape}")
    return y_pred if y_pred.ndim == 3 else y_pred[np.newaxis]
