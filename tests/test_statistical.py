"""Statistical baselines: the numbers of statsmodels, from many origins at once, in the one protocol."""

import warnings

import numpy as np
import pytest
from statsmodels.tsa.ar_model import AutoReg as StatsmodelsAutoReg
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from lessons.baselines import Autoregression, LastValue
from lessons.cleaning import fill_gaps, outliers, targets_observed
from lessons.scores import Scoreboard, mse, scoreboard
from lessons.series import air_quality
from lessons.statistical import ETS, AutoReg
from lessons.windows import make_windows, split_by_time

MODELS = [
    AutoReg(3),
    AutoReg([1, 24]),
    AutoReg([1, 2, 24], season_length=24),
    ETS(),
    ETS(24),
    ETS(24, trend=True, damped=True),
    ETS(trend=True),
]


@pytest.fixture(scope="module")
def paris():
    y = air_quality()[1][1:, 0].copy()
    y[outliers(np.log1p(y), 72)] = np.nan
    return fill_gaps(y)


def statsmodels_forecast(model, series, horizon):
    """The same model, fitted and forecast by statsmodels alone."""
    if isinstance(model, AutoReg):
        season = {"trend": "n", "seasonal": True, "period": 24} if model.season_length else {"trend": "c"}
        return StatsmodelsAutoReg(series, model.lags, **season).fit().forecast(horizon)
    fitted = ETSModel(
        series,
        trend="add" if model.trend else None,
        damped_trend=model.damped,
        seasonal="add" if model.season_length else None,
        seasonal_periods=model.season_length,
        initialization_method="known",
        **model._start_for_statsmodels(series),
    )
    return fitted.fit(disp=False).forecast(horizon)


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_forecasts_are_those_of_statsmodels(model, paris):
    series = paris[0]
    forecast = model.fit_series(series[:400]).forecast(series, [400], 30)
    np.testing.assert_allclose(forecast[0], statsmodels_forecast(model, series[:400], 30), rtol=1e-9)


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_a_forecast_knows_its_past_only_and_all_origins_agree_with_one(model, paris):
    series, target_index = paris[0], np.array([400, 401, 555, 700])
    model.fit_series(series[:400])
    at_once = model.forecast(series, target_index, 6)
    for k, index in enumerate(target_index):
        later = np.concatenate([series[:index], 1000 + series[index:]])
        np.testing.assert_allclose(model.forecast(later, [index], 6)[0], at_once[k], rtol=1e-12)
    params = repr(model.params)
    model.forecast(series, [700])
    assert repr(model.params) == params  # nothing is estimated anew


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_windows_are_histories_of_their_own(model, paris):
    X, y, _ = make_windows(paris[0], 60, 4)
    if isinstance(model, AutoReg) and model.season_length:
        for call in (lambda: model.fit(X, y), lambda: model.predict(X)):
            with pytest.raises(ValueError, match="a window does not tell: use fit_series"):
                call()
        return
    y_pred = model.fit(X[:400], y[:400]).predict(X[500:503])
    assert y_pred.shape == (3, 4)
    for k in range(3):
        np.testing.assert_allclose(y_pred[k], model.forecast(X[500 + k, :, 0], [60], 4)[0], rtol=1e-9)


def test_windows_give_their_series_back_and_the_longest_run_of_them_counts(paris):
    X, y, target_index = make_windows(paris[0], 30)
    whole = AutoReg(2).fit(X[:300], y[:300])
    np.testing.assert_array_equal(whole.params, AutoReg(2).fit_series(paris[0][:330]).params)
    kept = np.delete(np.arange(300), [50, 51])
    torn = AutoReg(2).fit(X[kept], y[kept])
    np.testing.assert_array_equal(torn.params, AutoReg(2).fit_series(paris[0][52:330]).params)
    one_step = AutoReg(1).fit(X[:300, -1:], y[:300])
    np.testing.assert_allclose(one_step.params, AutoReg(1).fit_series(paris[0][29:330]).params)


def test_autoreg_is_least_squares(paris):
    X, y, _ = make_windows(paris[0][:500], 3)
    ours = Autoregression(3).fit(X, y).predict(X[:50])
    np.testing.assert_allclose(AutoReg(3).fit(X, y).predict(X[:50]), ours, rtol=1e-8)


def test_the_order_is_chosen_by_bic(paris):
    assert AutoReg().fit_series(paris[0][:755]).lags_used == [1, 2, 3]
    noise = np.random.default_rng(0).normal(size=500)
    model = AutoReg().fit_series(noise)
    assert model.lags_used == []
    np.testing.assert_allclose(model.forecast(noise, [0, 500], 2), noise.mean(), rtol=1e-9)


def test_ets_of_a_random_walk_is_the_last_value():
    walk = np.cumsum(np.random.default_rng(0).normal(size=500))
    model = ETS().fit_series(walk)
    assert model.params["alpha"] > 0.9
    X, _, _ = make_windows(walk, 20)
    assert mse(model.predict(X), LastValue().predict(X)) < 0.05


def test_simple_statistics_beat_the_last_value_on_air_quality(paris):
    series, was_filled = paris
    X, y, target_index = make_windows(series, 48, 6)
    train, test = split_by_time(target_index, 755, 6)
    seen = targets_observed(was_filled, target_index, 6)[test]
    board = Scoreboard(X[test][seen], y[test][seen])
    board.add(
        "AR",
        AutoReg(2, season_length=24).fit_series(series[:755]).forecast(series, target_index[test][seen], 6),
    )
    board.add("ETS", ETS(24).fit(X[train], y[train]).predict(X[test][seen]))
    assert len(X[test][seen]) == 241
    assert (board.naive.mse, board["AR"].mse, board["ETS"].mse) == pytest.approx(
        (237.1, 139.0, 173.8), abs=0.5
    )


def test_they_work_on_the_scoreboard_in_silence(paris):
    X, y, _ = make_windows(paris[0], 48)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        board = scoreboard({"AR": AutoReg(), "ETS": ETS(24)}, X[:700], y[:700], X[700:], y[700:])
    assert board["AR"].skill > 0 and len(board.rows) == 3


def test_bad_use_is_refused(paris):
    series = paris[0]
    for make, message in (
        (lambda: AutoReg(0), "lags must be whole numbers of at least 1, got 0"),
        (lambda: AutoReg([1, 2.5]), "lags must be whole numbers"),
        (lambda: AutoReg(season_length=1), "season_length must be at least 2"),
        (lambda: ETS(1), "season_length must be at least 2"),
        (lambda: ETS(damped=True), "it needs trend=True"),
        (lambda: AutoReg(30).fit_series(series[:60]), "cannot be estimated on 60 values"),
        (lambda: ETS(24).fit_series(series[:40]), "cannot be estimated on 40 values"),
        (lambda: ETS().fit_series(air_quality()[1]), "series must hold one feature"),
        (lambda: ETS().fit_series(air_quality()[1][:, 0]), "series has 77 missing"),
        (
            lambda: AutoReg(5).fit_series(series).forecast(series, [4]),
            "target_index must lie between 5 and 1080",
        ),
        (lambda: AutoReg(5).fit_series(series).forecast(series, [50], 0), "horizon must be at least 1"),
        (
            lambda: ETS(24).fit_series(series).predict(np.ones((2, 47, 1))),
            "needs windows of 48 steps or more, got 47",
        ),
        (
            lambda: AutoReg(5).fit_series(series).predict(np.ones((2, 4, 1))),
            "needs windows of 5 steps or more",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            make()
    with pytest.raises(RuntimeError, match="call fit or fit_series first"):
        ETS().predict(np.ones((2, 4, 1)))
