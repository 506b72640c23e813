"""Statistical rivals: as strong as statsmodels makes them, and never ahead of time."""

import numpy as np
import pytest
from statsmodels.tsa.ar_model import AutoReg as StatsmodelsAutoReg
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from lessons.cleaning import fill_gaps
from lessons.series import air_quality
from lessons.statistical import ETS, AutoReg

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
    y[y == 0] = np.nan
    return fill_gaps(y, "seasonal mean", 24)[0]


def by_statsmodels_alone(model, series, horizon):
    if isinstance(model, AutoReg):
        season = {"seasonal": True, "period": 24, "trend": "n"} if model.season_length else {"trend": "c"}
        return StatsmodelsAutoReg(series, model.lags, **season).fit().forecast(horizon)
    season = {"seasonal": "add", "seasonal_periods": 24} if model.season_length else {}
    kind = {"trend": "add" if model.trend else None, "damped_trend": model.damped}
    return ETSModel(series, **kind, **season).fit(disp=False).forecast(horizon)


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_forecasts_are_those_of_statsmodels_and_know_their_past_only(model, paris):
    target_index = np.array([400, 401, 555, 700])
    at_once = model.fit_series(paris[:400]).forecast(paris, target_index, 30)
    np.testing.assert_allclose(at_once[0], by_statsmodels_alone(model, paris[:400], 30), rtol=1e-7)
    params = model.params.copy()
    for k, index in enumerate(target_index):
        later = np.concatenate([paris[:index], 1000 + paris[index:]])
        np.testing.assert_allclose(model.forecast(later, [index], 30)[0], at_once[k], rtol=1e-9)
    np.testing.assert_array_equal(model.params, params)  # nothing is estimated anew


def test_the_order_is_chosen_by_bic(paris):
    assert AutoReg().fit_series(paris[:755]).lags_used == 3
    rng, y = np.random.default_rng(0), np.zeros(500)
    for i in range(2, 500):
        y[i] = 1.6 * y[i - 1] - 0.8 * y[i - 2] + rng.normal()
    model = AutoReg().fit_series(y)
    assert model.lags_used == 2
    np.testing.assert_allclose(model.params[1:], [1.6, -0.8], atol=0.1)


def test_bad_use_is_refused(paris):
    fitted = AutoReg(5).fit_series(paris)
    for make, message in (
        (lambda: AutoReg(0), "lags must be whole numbers of at least 1, got 0"),
        (lambda: AutoReg([1, 2.5]), "lags must be whole numbers"),
        (lambda: AutoReg(season_length=1), "season_length must be at least 2"),
        (lambda: ETS(1), "season_length must be at least 2"),
        (lambda: ETS(damped=True), "it needs trend=True"),
        (lambda: AutoReg(30).fit_series(paris[:60]), "needs a series of 72 values or more, got 60"),
        (lambda: ETS(24).fit_series(paris[:40]), "needs a series of 60 values or more, got 40"),
        (lambda: ETS().fit_series(air_quality()[1]), "series must hold one feature"),
        (lambda: ETS().fit_series(air_quality()[1][:, 0]), "series has 77 missing"),
        (lambda: fitted.forecast(paris, [4]), "target_index must lie between 5 and 1080"),
        (lambda: fitted.forecast(paris, [50], 0), "horizon must be a whole number of at least 1, got 0"),
    ):
        with pytest.raises(ValueError, match=message):
            make()
    with pytest.raises(RuntimeError, match="call fit_series first"):
        ETS().forecast(paris, [5])
