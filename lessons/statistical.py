"""Classical statistical models as forecasts to beat: statsmodels estimates them, once, on the train part.

Each can be used in two ways. With the history: `fit_series(series[:at])`, then
`forecast(series, target_index, horizon)` from many origins at once, each time with all that was known
there. And as a forecaster of windows, `fit(X, y)` and `predict(X)`, like every other in this course: then a
window is all the history there is. In neither are parameters estimated anew at a later origin.
"""

import warnings

import numpy as np

from lessons.checks import as_series, as_targets, as_windows, refuse_missing, whole_number


class _Statistical:
    """What both share: the training series behind the windows, and forecasts from origins."""

    horizon = 1

    def fit(self, X, y):
        """Estimate the parameters on the series that training windows were cut from.

        Parameters
        ----------
        X : ndarray of shape (N, T, D)
            Training windows; feature 0 is the target, the others are not looked at.
        y : ndarray of shape (N, horizon)
            Their targets, in the same unit.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            A shape does not fit, the series is too short for this model, or windows do not tell it enough.

        Notes
        -----
        Consecutive windows overlap, so they give their series back. Where windows were left out, the longest
        run of consecutive ones is used.
        """
        self._refuse_windows()
        X = as_windows(X)
        y = as_targets(y, len(X))
        self.horizon = y.shape[1]
        return self.fit_series(_series_behind(X[:, :, 0], y[:, 0]))

    def predict(self, X):
        """Forecast the next `horizon` values after each window, which is all that is known.

        Parameters
        ----------
        X : ndarray of shape (N, T, D)
            Windows, in the unit of the training windows.

        Returns
        -------
        ndarray of shape (N, horizon)
            Forecasts, in the same unit.

        Raises
        ------
        RuntimeError
            Not fitted yet.
        ValueError
            The windows are too short for this model.
        """
        self._refuse_windows()
        X = as_windows(X)
        self._learnt()
        return self._from_windows(X[:, :, 0].astype(float), self.horizon)

    def forecast(self, series, target_index, horizon=1):
        """Forecast from many origins of a series, each with the whole history before it.

        Parameters
        ----------
        series : array_like of shape (n,)
            Values from the same first time step as in `fit_series`, without gaps.
        target_index : array_like of int, shape (N,)
            Series index of each forecast's first target: the k-th knows `series[:target_index[k]]`.
        horizon : int
            Number of time steps to forecast.

        Returns
        -------
        ndarray of shape (N, horizon)
            Forecasts, in the unit of the series.

        Raises
        ------
        RuntimeError
            Not fitted yet.
        ValueError
            The series has gaps or several features, or too little of it lies before an origin.
        """
        self._learnt()
        series, target_index = _one_series(series), np.asarray(target_index)
        if whole_number(horizon, "horizon") < 1:
            raise ValueError(f"horizon must be at least 1, got {horizon}")
        least = self._least_history
        if target_index.ndim != 1 or not len(target_index) or target_index.dtype.kind not in "iu":
            raise ValueError(f"target_index must hold series indices, (N,), got shape {target_index.shape}")
        if target_index.min() < least or target_index.max() > len(series):
            raise ValueError(
                f"target_index must lie between {least} and {len(series)} for {self!r} and a series of "
                f"{len(series)} values, got {target_index.min()} to {target_index.max()}"
            )
        return self._from_origins(series, target_index, horizon)

    def _refuse_windows(self):
        """Raise if this model cannot do with windows."""

    def _learnt(self):
        if not hasattr(self, "params"):
            raise RuntimeError(f"{self!r} has nothing to forecast with yet: call fit or fit_series first")


class AutoReg(_Statistical):
    """An autoregression on chosen lags, with a mean of its own for each step of the season.

    ::

        y_t = s_(t mod m) + φ_1 y_(t - l_1) + φ_2 y_(t - l_2) + ...

    estimated by `statsmodels.tsa.ar_model.AutoReg` (conditional least squares); forecasts further ahead are
    made step by step from the forecasts before.

    Parameters
    ----------
    lags : int, list of int or None
        1 to so many, or exactly these, such as [1, 2, 24]. None: 1 to p, with p up to 24 (at most a tenth of
        the series) by the Bayesian information criterion.
    season_length : int, optional
        m, such as 24 for hours: with it, one mean for each hour of the day, otherwise one for all. A window
        does not know its hour, so such a model has `fit_series` and `forecast`, but not `fit` and `predict`.

    Attributes
    ----------
    lags_used : list of int
        The lags.
    params : ndarray
        s_0 (... s_(m-1)), then φ, in the order of `lags_used`.

    Raises
    ------
    ValueError
        A lag or the season length is below 1.
    """

    def __init__(self, lags=None, season_length=None):
        if lags is not None and (
            np.min(lags) < 1 or np.any(np.asarray(lags) != np.asarray(lags).astype(int))
        ):
            raise ValueError(f"lags must be whole numbers of at least 1, got {lags!r}")
        if season_length is not None and season_length < 2:
            raise ValueError(f"season_length must be at least 2, got {season_length!r}")
        self.lags = lags
        self.season_length = season_length

    def fit_series(self, series):
        """Estimate the parameters.

        Parameters
        ----------
        series : array_like of shape (n,)
            The train part of the series, without gaps, in any unit.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            The series has gaps or several features, or is too short.
        """
        from statsmodels.tsa import ar_model  # a second, for those who need it

        series = _one_series(series)
        season = {"trend": "n" if self.season_length else "c", "seasonal": bool(self.season_length)}
        if self.season_length:
            season["period"] = self.season_length
        lags = self.lags
        if lags is None:
            most = max(1, min(24, len(series) // 10))
            lags = ar_model.ar_select_order(series, most, ic="bic", **season).ar_lags or 0
        self.lags_used = list(range(1, lags + 1)) if np.ndim(lags) == 0 else sorted(int(lag) for lag in lags)
        if len(series) < 2 * (self._least_history + len(self.lags_used) + (self.season_length or 1)):
            raise ValueError(f"{self!r} cannot be estimated on {len(series)} values")
        self.params = ar_model.AutoReg(series, self.lags_used or 0, **season).fit().params
        return self

    @property
    def _least_history(self):
        return max(self.lags_used, default=0)

    def _from_origins(self, series, target_index, horizon):
        y_pred = np.empty((len(target_index), horizon))
        means, weights = np.split(self.params, [self.season_length or 1])
        for k in range(horizon):
            y_pred[:, k] = means[(target_index + k) % len(means)]
            for lag, weight in zip(self.lags_used, weights, strict=True):
                known = series[target_index + k - lag] if lag > k else y_pred[:, k - lag]
                y_pred[:, k] += weight * known
        return y_pred

    def _from_windows(self, windows, horizon):
        N, T = windows.shape
        if self._least_history > T:
            raise ValueError(f"{self!r} needs windows of {self._least_history} steps or more, got {T}")
        return self._from_origins(windows.ravel(), np.arange(1, N + 1) * T, horizon)

    def _refuse_windows(self):
        if self.season_length:
            raise ValueError(
                f"{self!r} must know which step of the season it is, and a window does not tell: use "
                "fit_series(series[:at]) and forecast(series, target_index, horizon)"
            )

    def __repr__(self):
        given = {"lags": self.lags, "season_length": self.season_length}
        return f"AutoReg({', '.join(f'{k}={v}' for k, v in given.items() if v is not None)})"


class ETS(_Statistical):
    """Exponential smoothing: a level, a trend and a season that follow the series, each at its own pace.

    ::

        ŷ_t = l_{t-1} + ϕ b_{t-1} + s_{t-m},                e_t = y_t - ŷ_t
        l_t = l_{t-1} + ϕ b_{t-1} + α e_t,    b_t = ϕ b_{t-1} + β e_t,    s_t = s_{t-m} + γ e_t

    Hyndman, Koehler, Ord & Snyder, *Forecasting with Exponential Smoothing* (2008), table 2.1, additive
    errors: ETS(A, N or A or Ad, N or A). `statsmodels.tsa.exponential_smoothing.ets.ETSModel` estimates
    α, β, γ and ϕ by maximum likelihood on the train part.

    With `forecast`, the states follow the history from its first value on. With `predict`, they start anew
    in each window: level and season from its first two seasons (without a season, from its first values), so
    a window must hold two seasons; one that holds more gives the states more to follow.

    Parameters
    ----------
    season_length : int, optional
        m, such as 24 for hours; no season unless given.
    trend : bool
        Whether there is a trend b; otherwise b is 0.
    damped : bool
        Whether the trend fades (ϕ < 1); needs `trend`.

    Attributes
    ----------
    params : dict of str to float
        alpha, beta, gamma, phi.

    Raises
    ------
    ValueError
        The season is shorter than 2 steps, or a trend that is not there shall be damped.
    """

    def __init__(self, season_length=None, trend=False, damped=False):
        if season_length is not None and season_length < 2:
            raise ValueError(f"season_length must be at least 2, got {season_length!r}")
        if damped and not trend:
            raise ValueError("damped=True damps a trend: it needs trend=True")
        self.season_length, self.trend, self.damped = season_length, trend, damped

    def fit_series(self, series):
        """Estimate the parameters.

        Parameters
        ----------
        series : array_like of shape (n,)
            The train part of the series, without gaps, in any unit.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            The series has gaps or several features, or is too short.
        """
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel  # a second, for those who need it

        series = _one_series(series)
        if len(series) < max(self._least_history, 10) + 2:
            raise ValueError(f"{self!r} cannot be estimated on {len(series)} values")
        model = ETSModel(
            series,
            trend="add" if self.trend else None,
            damped_trend=self.damped,
            seasonal="add" if self.season_length else None,
            seasonal_periods=self.season_length,
            initialization_method="known",
            **self._start_for_statsmodels(series),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an optimum on the border (γ = 0) is a result, not a mishap
            estimates = model.fit(disp=False)
        found = dict(zip(model.param_names, estimates.params, strict=True))
        self.params = {
            "alpha": float(found["smoothing_level"]),
            "beta": float(found.get("smoothing_trend", 0.0)),
            "gamma": float(found.get("smoothing_seasonal", 0.0)),
            "phi": float(found.get("damping_trend", 1.0)),
        }
        return self

    @property
    def _least_history(self):
        return 2 * self.season_length if self.season_length else 2

    def _from_origins(self, series, target_index, horizon):
        level, trend, season = self._smooth(
            series[np.newaxis], every=True
        )  # (n + 1, 1), (n + 1, 1), (.., 1, m)
        return self._ahead(
            level[target_index, 0], trend[target_index, 0], season[target_index, 0], target_index, horizon
        )

    def _from_windows(self, windows, horizon):
        T = windows.shape[1]
        if self._least_history > T:
            raise ValueError(f"{self!r} needs windows of {self._least_history} steps or more, got {T}")
        level, trend, season = self._smooth(windows)
        return self._ahead(level, trend, season, T, horizon)

    def _smooth(self, y, every=False):
        """Run the recursion over series (N, T): states after the last step, or before each step as well."""
        alpha, beta, gamma, phi = (self.params[name] for name in ("alpha", "beta", "gamma", "phi"))
        level, trend, season = self._start(y)
        m, states = season.shape[1], []
        for i in range(y.shape[1]):
            if every:
                states.append((level, trend, season.copy()))
            fitted = level + phi * trend
            error = y[:, i] - fitted - season[:, i % m]
            level = fitted + alpha * error
            trend = phi * trend + beta * error
            season[:, i % m] += gamma * error
        if not every:
            return level, trend, season
        states.append((level, trend, season))
        return [np.array(state) for state in zip(*states, strict=True)]

    def _ahead(self, level, trend, season, phase, horizon):
        """Forecast on from states (N,), (N,), (N, m); `phase` is the index of the first step to forecast."""
        steps = np.arange(horizon)
        damping = np.cumsum(self.params["phi"] ** (steps + 1))  # ϕ + ϕ² + ...
        at = (np.reshape(phase, (-1, 1)) + steps) % season.shape[1]
        rows = np.arange(len(level))[:, np.newaxis]
        return level[:, np.newaxis] + damping * trend[:, np.newaxis] + season[rows, at]

    def _start(self, y):
        """Initial level (N,), trend (N,) and season (N, m) from the first values of series (N, T)."""
        if not self.season_length:
            slope = y[:, 1] - y[:, 0] if self.trend else np.zeros(len(y))
            return y[:, 0] - slope, slope, np.zeros((len(y), 1))
        m = self.season_length
        first, second = y[:, :m].mean(axis=1), y[:, m : 2 * m].mean(axis=1)  # (N,)
        slope = (second - first) / m if self.trend else np.zeros(len(y))
        middle = first if self.trend else (first + second) / 2
        lines = middle[:, np.newaxis] + slope[:, np.newaxis] * (np.arange(2 * m) - (m - 1) / 2)  # (N, 2m)
        season = (y[:, : 2 * m] - lines).reshape(len(y), 2, m).mean(axis=1)
        return middle - slope * (m + 1) / 2, slope, season

    def _start_for_statsmodels(self, series):
        level, trend, season = self._start(series[np.newaxis])
        start = {"initial_level": level[0]}
        if self.trend:
            start["initial_trend"] = trend[0]
        if self.season_length:
            start["initial_seasonal"] = season[0]
        return start

    def __repr__(self):
        given = {"season_length": self.season_length, "trend": self.trend, "damped": self.damped}
        return f"ETS({', '.join(f'{k}={v}' for k, v in given.items() if v)})"


def _one_series(series):
    values = as_series(series)
    if values.shape[1] != 1:
        raise ValueError(f"series must hold one feature, (n,), got shape {np.shape(series)}")
    refuse_missing(values)
    return values[:, 0].astype(float)


def _series_behind(windows, targets):
    """The series of the longest run of consecutive windows (N, T) and first targets (N,)."""
    if windows.shape[1] > 1:
        follows = (windows[1:, :-1] == windows[:-1, 1:]).all(axis=1) & (windows[1:, -1] == targets[:-1])
    else:
        follows = windows[1:, -1] == targets[:-1]
    borders = np.concatenate([[0], np.flatnonzero(~follows) + 1, [len(windows)]])
    longest = int(np.argmax(np.diff(borders)))
    start, end = borders[longest], borders[longest + 1]
    return np.concatenate([windows[start], targets[start:end]])
