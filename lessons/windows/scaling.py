"""Scaling with what the past knows."""

import numpy as np

from lessons.checks import as_series, negligible


class Standardizer:
    """Scale each feature to mean 0 and standard deviation 1, measured on the train part of the series.

    z = (a - mean) / std, with std the population standard deviation (ddof 0) and 1 for a constant feature, as
    scikit-learn's `StandardScaler` has it. Missing values (NaN) are left out when measuring, and stay NaN.

    Attributes
    ----------
    mean : ndarray of shape (D,)
        Mean of each feature, in its unit.
    std : ndarray of shape (D,)
        Standard deviation of each feature, in its unit.
    """

    mean = None
    std = None

    def __repr__(self):
        if self.mean is None:
            return "Standardizer(), not fitted yet"
        pairs = ", ".join(f"{mean:.4g} ± {std:.4g}" for mean, std in zip(self.mean, self.std, strict=True))
        return f"Standardizer() fitted to mean ± std: {pairs}"

    def fit(self, series_train):
        """Measure mean and standard deviation.

        Parameters
        ----------
        series_train : array_like of shape (n,) or (n, D)
            The part of the series *before* the test part, in its unit: `series[:at]`.

        Returns
        -------
        Standardizer
            Itself.

        Raises
        ------
        TypeError
            The values are not numbers.
        ValueError
            Windows came instead of a series, or a feature is infinite somewhere or missing everywhere.
        """
        if np.ndim(series_train) == 3:
            raise ValueError(
                "fit takes the train part of the series, (n,) or (n, D), not windows of shape "
                f"{np.shape(series_train)}: overlapping windows would count the middle of the series "
                "many times over"
            )
        values = as_series(series_train, "series_train").astype(float)
        if np.isinf(values).any():
            raise ValueError("series_train holds infinite values")
        present = (~np.isnan(values)).sum(axis=0)  # (D,)
        if (present == 0).any():
            raise ValueError(f"feature {np.argmin(present)} of series_train has no values, only NaN")

        self.mean = np.nanmean(values, axis=0)
        std = np.nanstd(values, axis=0)
        constant = [negligible(spread, column) for spread, column in zip(std, values.T, strict=True)]
        self.std = np.where(constant, 1.0, std)
        return self

    def transform(self, a):
        """Scale values: z = (a - mean) / std.

        Parameters
        ----------
        a : array_like of shape (..., D), or (n,) when D is 1
            A series or windows, in the series' unit.

        Returns
        -------
        ndarray of the same shape
            Scaled values, without unit; float32 stays float32. A new array, also for a view such as
            `make_windows` returns: scaling the series before it is cut takes T times less memory.

        Raises
        ------
        RuntimeError
            Not fitted yet.
        ValueError
            The last axis does not hold the D features that were fitted.
        """
        a = self._features(a)
        return _like(a, (a - self.mean) / self.std)

    def transform_target(self, y):
        """Scale targets with the mean and standard deviation of feature 0.

        Parameters
        ----------
        y : array_like of any shape, (N, horizon) as a rule
            Values of feature 0, in its unit.

        Returns
        -------
        ndarray of the same shape
            Scaled values, without unit.

        Raises
        ------
        RuntimeError
            Not fitted yet.
        """
        y = self._floats(y)
        return _like(y, (y - self.mean[0]) / self.std[0])

    def inverse_target(self, y):
        """Scale targets or forecasts back to the unit of feature 0.

        Parameters
        ----------
        y : array_like of any shape, (N, horizon) as a rule
            Scaled values, without unit.

        Returns
        -------
        ndarray of the same shape
            Values in the unit of feature 0.

        Raises
        ------
        RuntimeError
            Not fitted yet.
        """
        y = self._floats(y)
        return _like(y, y * self.std[0] + self.mean[0])

    def _floats(self, a):
        if self.mean is None:
            raise RuntimeError("this Standardizer is not fitted yet: call fit(series[:at]) first")
        a = np.asarray(a)
        return a if a.dtype.kind == "f" else a.astype(float)

    def _features(self, a):
        a, D = self._floats(a), len(self.mean) if self.mean is not None else 0
        if (a.ndim == 1 and D == 1) or (a.ndim > 1 and a.shape[-1] == D):
            return a
        raise ValueError(
            f"the last axis must hold the {D} feature{'s' if D > 1 else ''} this Standardizer was fitted on, "
            f"got shape {a.shape} (for targets there are transform_target and inverse_target)"
        )


def _like(a, result):
    """`result` in the float type of `a`: statistics in float64 shall not turn float32 data into float64."""
    return result.astype(a.dtype, copy=False)
