"""What a forecaster is, and the forecasts to beat."""

import inspect

import numpy as np

from lessons.checks import as_targets, as_windows, negligible, whole_number


class Forecaster:
    """What every model of the course is, from the last value to an LSTM: `fit(X, y)`, then `predict(X)`.

    One that learns by gradient steps has `train(X, y, **training)` as well, an iterator that takes an epoch a
    turn and gives what it came to; its `fit(X, y, **training)` takes all turns. A subclass's `fit` and
    `predict` say in their docstrings only what is not said here.
    """

    def fit(self, X, y):
        """Learn what there is to learn from training windows.

        Parameters
        ----------
        X : ndarray of shape (N, T, D)
            Training windows, feature 0 the one that is forecast, in any unit.
        y : ndarray of shape (N, horizon)
            Their targets, in the unit of feature 0.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If X or y does not hold real numbers.
        ValueError
            If a shape does not fit, or the windows are too short for this forecast.
        """
        raise NotImplementedError

    def predict(self, X):
        """Forecast the next `horizon` values after each window.

        Parameters
        ----------
        X : ndarray of shape (N, T, D)
            Windows, in the unit of the training windows.

        Returns
        -------
        ndarray of shape (N, horizon)
            Forecasts, in the unit of the training targets.

        Raises
        ------
        TypeError
            If X does not hold real numbers.
        ValueError
            If X is no batch of windows, or none that this forecaster can read.
        RuntimeError
            If the forecast has to be learnt, and `fit` was not called.
        """
        raise NotImplementedError

    def __repr__(self):
        names = inspect.signature(type(self)).parameters
        given = (f"{name}={getattr(self, name, None)!r}" for name in names)
        return f"{type(self).__name__}({', '.join(given)})"


class _Baseline(Forecaster):
    """What all baselines share: remember the horizon (1 until `fit` has seen a target), refuse what is no
    window, need so many steps."""

    horizon = 1
    _n_steps_needed = 1

    def fit(self, X, y):
        X = self._windows(X)
        y = as_targets(y, len(X))
        if np.isnan(X).any() or np.isnan(y).any():
            raise ValueError(f"X and y must not hold NaN, got {np.isnan(X).sum()} and {np.isnan(y).sum()}")
        self.horizon = y.shape[1]
        self._learn(X, y)
        return self

    def predict(self, X):
        return self._forecast(self._windows(X))

    def _learn(self, X, y):
        """Nothing to learn, unless a baseline says otherwise."""

    def _windows(self, X):
        X = as_windows(X)
        if X.shape[1] < self._n_steps_needed:
            raise ValueError(
                f"{self!r} needs windows of {self._n_steps_needed} steps or more, got {X.shape[1]}"
            )
        return X

    def _learnt(self, name):
        if not hasattr(self, name):
            raise RuntimeError(f"{self!r} has nothing to forecast with yet: call fit(X, y) first")
        return getattr(self, name)

    @property
    def _steps_ahead(self):
        return np.arange(1, self.horizon + 1)  # (horizon,)


class LastValue(_Baseline):
    """Tomorrow equals today: every forecast is the last value of its window.

    The *naive forecast* that all skill in this course is measured against; the best possible forecast
    of a random walk (Hyndman & Athanasopoulos, *Forecasting: Principles and Practice*, 3rd ed., 5.2).
    """

    def _forecast(self, X):
        return np.repeat(X[:, -1, :1], self.horizon, axis=1)  # (N, 1) -> (N, horizon)


class Mean(_Baseline):
    """Always the mean of the training targets: what is left when nothing is known of today."""

    def _learn(self, X, y):
        self.mean = y.mean(axis=0)  # (horizon,)

    def _forecast(self, X):
        return np.tile(self._learnt("mean"), (len(X), 1))


class Drift(_Baseline):
    """The last value, and on along the average step that the training windows took.

    y_hat(t + k) = y(t) + k · mean step  (*Forecasting: Principles and Practice*, 3rd ed., 5.2).
    """

    def _learn(self, X, y):
        self.step = np.mean(y[:, 0] - X[:, -1, 0])

    def _forecast(self, X):
        return X[:, -1, :1] + self._learnt("step") * self._steps_ahead


class SeasonalNaive(_Baseline):
    """The value one season ago.

    y_hat(t + k) = y(t + k - m · ceil(k / m)), m the season length (*Forecasting: Principles and
    Practice*, 3rd ed., 5.2). The windows must reach back a whole season.

    Parameters
    ----------
    season_length : int
        m, in time steps: 12 for months in a year.
    drift : bool
        Add the average change from one season to the next, as seen in training.
    """

    def __init__(self, season_length, drift=False):
        self.season_length = self._n_steps_needed = whole_number(season_length, "season_length", least=1)
        self.drift = drift

    def _learn(self, X, y):
        self.season_change = np.mean(y[:, 0] - X[:, -self.season_length, 0]) if self.drift else 0.0

    def _forecast(self, X):
        k = self._steps_ahead - 1
        season = X[:, -self.season_length :, 0]  # (N, m)
        y_pred = season[:, k % self.season_length]  # (N, horizon)
        if not self.drift:
            return y_pred
        return y_pred + self._learnt("season_change") * (k // self.season_length + 1)


class LinearExtrapolation(_Baseline):
    """On along the line through the last two values: y_hat(t + k) = y(t) + k · (y(t) - y(t-1))."""

    _n_steps_needed = 2

    def _forecast(self, X):
        last, before = X[:, -1, :1], X[:, -2, :1]  # (N, 1) each
        return last + self._steps_ahead * (last - before)


class _Linear(_Baseline):
    """A linear map from a window to the targets, with an intercept.

    The windows and targets are centred by their training means, so the intercept is never penalised.
    """

    def _lags(self, X):
        return X.reshape(len(X), -1)  # (N, T · D)

    def _solve(self, A, y, alpha):
        self.A_mean, self.y_mean = A.mean(axis=0), y.mean(axis=0)
        A, y = (A - self.A_mean) * (not negligible(np.ptp(A), A)), y - self.y_mean
        if alpha:
            self.weights = _penalised(A.T @ A, A.T @ y, alpha)
        else:
            self.weights = np.linalg.lstsq(A, y, rcond=None)[0]  # (T · D, horizon)

    def _forecast(self, X):
        return (self._lags(X) - self._learnt("A_mean")) @ self.weights + self.y_mean


class Autoregression(_Linear):
    """AR(p) by ordinary least squares: y_hat(t + 1) = a + w_1 y(t) + ... + w_p y(t - p + 1).

    Parameters
    ----------
    order : int
        p, the number of past values used.
    """

    def __init__(self, order):
        self.order = self._n_steps_needed = whole_number(order, "order", least=1)

    def _lags(self, X):
        return X[:, -self.order :].reshape(len(X), -1)  # (N, order · D)

    def _learn(self, X, y):
        self._solve(self._lags(X), y, alpha=0)


class Ridge(_Linear):
    """A linear forecast with small weights: least squares on the lags plus alpha · |w|².

    Hoerl & Kennard, Technometrics 12 (1970), equation 2.1. The intercept is not penalised. What
    alpha does depends on the unit of the windows: scale them first.

    Parameters
    ----------
    alpha : float or None
        The penalty. None tunes it: of 1e-8 … 1e4 (13 powers of ten) the one that forecasts the last
        fifth of the training windows best after a fit on those before; then all windows are used.
    """

    alphas = 10.0 ** np.arange(-8, 5)

    def __init__(self, alpha=None):
        if alpha is not None and not alpha >= 0:
            raise ValueError(f"alpha must be 0 or more, or None to tune it, got {alpha!r}")
        self.alpha = alpha

    def _learn(self, X, y):
        A = self._lags(X)
        self.alpha_used = self.alpha if self.alpha is not None else self._tune(A, y)
        self._solve(A, y, self.alpha_used)

    def _tune(self, A, y):
        n_fit = len(A) * 4 // 5
        if n_fit < 2:
            raise ValueError(f"tuning alpha needs at least 3 training windows, got {len(A)}; give alpha=")

        y_mean, A = y[:n_fit].mean(axis=0), A - A[:n_fit].mean(axis=0)
        products = A[:n_fit].T @ A[:n_fit], A[:n_fit].T @ (y[:n_fit] - y_mean)  # the same for every alpha

        def tail_error(alpha):
            y_pred = A[n_fit:] @ _penalised(*products, alpha) + y_mean
            return np.mean((y[n_fit:] - y_pred) ** 2)

        return min(self.alphas, key=tail_error)


def _penalised(A_A, A_y, alpha):
    """Return the weights of least squares plus alpha · |w|², from A'A and A'y."""
    return np.linalg.solve(A_A + alpha * np.eye(len(A_A)), A_y)


class NearestNeighbours(_Baseline):
    """Find the training windows most like this one and forecast what came after them (averaged).

    A forecaster that only remembers: no better test of whether a split lets the answers through.

    Parameters
    ----------
    k : int
        How many of the nearest windows (Euclidean distance) to average.
    """

    def __init__(self, k=1):
        self.k = whole_number(k, "k", least=1)

    def _learn(self, X, y):
        if len(X) < self.k:
            raise ValueError(f"k must be at most the number of training windows ({len(X)}), got {self.k}")
        A = X.reshape(len(X), -1).astype(np.float64)
        self.middle = A.mean(axis=0)  # (T · D,): far from zero, squares would cancel
        self.memory, self.targets = A - self.middle, y

    def _forecast(self, X):
        memory = self._learnt("memory")
        A = X.reshape(len(X), -1) - self.middle
        distance = (memory**2).sum(axis=1) - 2 * A @ memory.T  # squared, up to a constant per row of A
        nearest = np.argpartition(distance, self.k - 1, axis=1)[:, : self.k]  # (N, k)
        return self.targets[nearest].mean(axis=1)  # (N, k, horizon) -> (N, horizon)
