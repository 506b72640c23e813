"""Errors of many-step forecasts: by horizon, with their spread, and where a model stops being worth it."""

from dataclasses import dataclass

import numpy as np

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
    def by_origin(self):
        """ndarray of shape (N, steps) : mean squared error over seeds, origin by origin."""
        return self.squared.mean(axis=0)

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
    y_true, y_pred = np.asarray(y_true, float), _seeds(y_pred)
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


def crossing(errors, baseline_errors):
    """The first step from which on a model is worse than a baseline, and stays worse.

    Parameters
    ----------
    errors, baseline_errors : HorizonErrors, or array_like of shape (steps,)
        Errors of the model and of the baseline by step, from the same origins; of HorizonErrors, the mse.

    Returns
    -------
    int or None
        Counted from 1, as steps ahead are. None if the model is at least as good at the last step: a curve
        that goes above the baseline's and comes back has not crossed it for good.

    Raises
    ------
    ValueError
        If the two do not have one and the same number of steps, or a value is NaN.
    """
    errors, baseline_errors = _curve(errors, "errors"), _curve(baseline_errors, "baseline_errors")
    if errors.shape != baseline_errors.shape:
        raise ValueError(
            f"errors and baseline_errors must have as many steps, got {len(errors)} and "
            f"{len(baseline_errors)}"
        )
    good = np.flatnonzero(errors <= baseline_errors)
    first = good[-1] + 1 if len(good) else 0  # counted from 0: the one after the last good step
    return None if first == len(errors) else int(first) + 1


def _seeds(y_pred):
    """Forecasts as an array (S, N, steps)."""
    try:
        y_pred = np.asarray(y_pred, float)
    except ValueError:
        raise ValueError("y_pred must hold numbers, one array (N, steps) a seed, all of one shape") from None
    if y_pred.ndim not in (2, 3) or y_pred.size == 0:
        raise ValueError(f"y_pred must have shape (N, steps) or (S, N, steps), got shape {y_pred.shape}")
    return y_pred if y_pred.ndim == 3 else y_pred[np.newaxis]


def _curve(errors, name):
    curve = np.asarray(errors.mse if isinstance(errors, HorizonErrors) else errors, float)
    if curve.ndim != 1 or curve.size == 0 or np.isnan(curve).any():
        raise ValueError(f"{name} must hold one number a step, none of them NaN, got shape {curve.shape}")
    return curve
