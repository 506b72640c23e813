"""Errors of many-step forecasts: by horizon, with their spread, and where a model stops being worth it."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class HorizonErrors:
    """Errors of forecasts from many origins, step by step. What `error_by_horizon` returns.

    Attributes
    ----------
    squared : ndarray of shape (S, N, steps)
        Squared error of every seed, origin and step, in the series' unit squared.
    absolute : ndarray of shape (S, N, steps)
        Absolute error likewise, in the series' unit.
    """

    squared: np.ndarray
    absolute: np.ndarray

    @property
    def mse(self):
        """ndarray of shape (steps,) : mean squared error over seeds and origins."""
        return self.squared.mean(axis=(0, 1))

    @property
    def mae(self):
        """ndarray of shape (steps,) : mean absolute error over seeds and origins."""
        return self.absolute.mean(axis=(0, 1))

    @property
    def by_seed(self):
        """ndarray of shape (S, steps) : mean squared error over origins, seed by seed."""
        return self.squared.mean(axis=1)

    @property
    def by_origin(self):
        """ndarray of shape (N, steps) : mean squared error over seeds, origin by origin."""
        return self.squared.mean(axis=0)

    @property
    def seed_sd(self):
        """ndarray of shape (steps,) : standard deviation (ddof 1) of `by_seed`; 0 for one seed."""
        S = len(self.squared)
        return self.by_seed.std(axis=0, ddof=1) if S > 1 else np.zeros(self.squared.shape[2])

    @property
    def mean(self):
        """float : mean squared error over all steps, origins and seeds."""
        return float(self.squared.mean())

    @property
    def mean_sd(self):
        """float : standard deviation (ddof 1) over seeds of the mean over steps and origins; 0 for one."""
        S = len(self.squared)
        return float(self.squared.mean(axis=(1, 2)).std(ddof=1)) if S > 1 else 0.0

    def __len__(self):
        return self.squared.shape[2]

    def _columns(self):
        """Step numbers worth a column, and the text below each."""
        steps = [k for k in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if k <= len(self)]
        steps = steps if len(self) in steps else [*steps, len(self)]
        heads = [f"step {k}" for k in steps]
        cells = [_with_spread(self.mse[k - 1], self.seed_sd[k - 1], len(self.squared)) for k in steps]
        return [*heads, "mean"], [*cells, _with_spread(self.mean, self.mean_sd, len(self.squared))]

    def __repr__(self):
        S, N, steps = self.squared.shape
        heads, cells = self._columns()
        lines = [f"MSE by horizon: {steps} steps, {N} origin{'s' * (N > 1)}, {S} seed{'s' * (S > 1)}"]
        widths = [max(len(h), len(c)) for h, c in zip(heads, cells, strict=True)]
        for row in (heads, cells):
            lines.append("  ".join(text.rjust(w) for text, w in zip(row, widths, strict=True)))
        return "\n".join(lines)

    def _repr_html_(self):
        S, N, steps = self.squared.shape
        heads, cells = self._columns()
        head = "".join(f'<th scope="col">{h}</th>' for h in heads)
        body = "".join(f"<td>{c}</td>" for c in cells)
        return (
            f"<table><caption>Mean squared error by horizon, in the series’ own unit: {steps} steps, "
            f"{N} origin{'s' * (N > 1)}, {S} seed{'s' * (S > 1)}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody><tr>{body}</tr></tbody></table>"
        )


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
    errors = y_pred - y_true  # (S, N, steps)
    return HorizonErrors(errors**2, np.abs(errors))


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


def _with_spread(value, sd, seeds):
    return f"{value:.3f} ± {sd:.3f}" if seeds > 1 else f"{value:.3f}"
