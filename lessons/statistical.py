"""Classical statistical rivals: statsmodels estimates them, once, on the train part of a series.

`fit_series(series[:at])`, then `forecast(series, target_index, horizon)` from many origins, each with all
that was known there. Parameters, and the state in which the series began, stay those of the train part.
"""

import warnings

import numpy as np

from lessons.baselines import Forecaster
from lessons.checks import as_indices, as_series, refuse_missing, whole_number


class _Statistical:
    """What both share; a subclass makes the model of statsmodels, `_model(series)`, and says `_least`."""

    def __init__(self, season_length):
        if season_length is not None and season_length < 2:
            raise ValueError(f"season_length must be at least 2, got {season_length!r}")
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
        series = _one_series(series)
        least = 2 * (self._least + (self.season_length or 1)) + 10
        if len(series) < least:
            name = type(self).__name__
            raise ValueError(f"{name} needs a series of {least} values or more, got {len(series)}")
        with warnings.catch_warnings(action="ignore"):  # an optimum on the border (γ = 0) is a result
            self.params = self._estimate(self._model(series))
        return self

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
        TypeError
            An index or the horizon is not a whole number.
        ValueError
            The series has gaps or several features, or too little of it lies before an origin.
        """
        if not hasattr(self, "params"):
            raise RuntimeError("there is nothing to forecast with yet: call fit_series first")
        series, target_index = _one_series(series), as_indices(target_index, "target_index")
        horizon = whole_number(horizon, "horizon", 1)
        if target_index.min() < self._least or target_index.max() > len(series):
            raise ValueError(
                f"target_index must lie between {self._least} and {len(series)} for a series "
                f"of {len(series)} values, got {target_index.min()} to {target_index.max()}"
            )
        with warnings.catch_warnings(action="ignore"):  # the likelihood of a series of zeros is infinite
            predict = self._predictor(self._model(series))
            return np.array([predict(i, i + horizon - 1, dynamic=0) for i in target_index.tolist()])

    __repr__ = Forecaster.__repr__


class AutoReg(_Statistical):
    """An autoregression on chosen lags, with a mean of its own for each step of the season.

    ::

        y_t = s_(t mod m) + φ_1 y_(t - l_1) + φ_2 y_(t - l_2) + ...

    `statsmodels.tsa.ar_model.AutoReg` (conditional least squares); forecasts further ahead are made step by
    step from the forecasts before.

    Parameters
    ----------
    lags : int or list of int, optional
        1 to so many, or exactly these, such as [1, 2, 24]. Unless given, 1 to p, with p up to 24 (at most a
        tenth of the series) by the Bayesian information criterion.
    season_length : int, optional
        m, such as 24 for hours: with it, one mean for each hour of the day, otherwise one for all.

    Attributes
    ----------
    lags_used : int or list of int
        The lags.
    params : ndarray
        s_0 (... s_(m-1)), then φ.

    Raises
    ------
    ValueError
        A lag or the season length is too small.
    """

    def __init__(self, lags=None, season_length=None):
        if lags is not None and (np.min(lags) < 1 or np.any(np.asarray(lags) % 1)):
            raise ValueError(f"lags must be whole numbers of at least 1, got {lags!r}")
        super().__init__(season_length)
        self.lags = self.lags_used = lags

    def fit_series(self, series):
        """Estimate the parameters, and how many lags where that was left open; as `ETS.fit_series`."""
        if self.lags is None:
            from statsmodels.tsa import ar_model  # a second, for those who need it

            self.lags_used = 1
            super().fit_series(series)  # which refuses a series that is too short
            values = _one_series(series)
            with warnings.catch_warnings(action="ignore"):
                most = max(1, min(24, len(values) // 10))
                found = ar_model.ar_select_order(values, most, ic="bic", **self._season)
            self.lags_used = max(found.ar_lags or [1])
        return super().fit_series(series)

    @property
    def _least(self):
        return int(np.max(self.lags_used))

    @property
    def _season(self):
        m = self.season_length
        return {"trend": "c"} if m is None else {"trend": "n", "seasonal": True, "period": m}

    def _model(self, series):
        from statsmodels.tsa import ar_model

        return ar_model.AutoReg(series, self.lags_used, **self._season)

    def _estimate(self, model):
        return model.fit().params

    def _predictor(self, model):
        return lambda *when, dynamic: model.predict(self.params, *when, dynamic=dynamic)


class ETS(_Statistical):
    """Exponential smoothing: a level, a trend and a season that follow the series, each at its own pace.

    ::

        ŷ_t = l_{t-1} + ϕ b_{t-1} + s_{t-m},                e_t = y_t - ŷ_t
        l_t = l_{t-1} + ϕ b_{t-1} + α e_t,    b_t = ϕ b_{t-1} + β e_t,    s_t = s_{t-m} + γ e_t

    Hyndman, Koehler, Ord & Snyder, *Forecasting with Exponential Smoothing* (2008), table 2.1, additive
    errors. `statsmodels.tsa.exponential_smoothing.ets.ETSModel` estimates α, β, γ, ϕ *and the states at the
    beginning* by maximum likelihood: a start that is only guessed costs Paris a fifth of its test MSE.

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
    params : ndarray
        In the order of `ETSModel.param_names`.

    Raises
    ------
    ValueError
        The season is shorter than 2 steps, or a trend that is not there shall be damped.
    """

    _least = 1

    def __init__(self, season_length=None, trend=False, damped=False):
        if damped and not trend:
            raise ValueError("damped=True damps a trend: it needs trend=True")
        super().__init__(season_length)
        self.trend, self.damped = trend, damped

    def _model(self, series):
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel

        season = {"seasonal": "add", "seasonal_periods": self.season_length} if self.season_length else {}
        trend = {"trend": "add" if self.trend else None, "damped_trend": self.damped}
        return ETSModel(series, initialization_method="estimated", **trend, **season)

    def _estimate(self, model):
        return model.fit(disp=False).params

    def _predictor(self, model):
        return model.smooth(self.params).predict


def _one_series(series):
    values = as_series(series)
    if values.shape[1] != 1:
        raise ValueError(f"series must hold one feature, (n,), got shape {np.shape(series)}")
    refuse_missing(values)
    return values[:, 0].astype(float)
