import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge as SklearnRidge
from sklearn.neighbors import KNeighborsRegressor
from statsmodels.tsa.ar_model import AutoReg

from lessons.baselines import (
    Autoregression,
    Drift,
    LastValue,
    LinearExtrapolation,
    Mean,
    NearestNeighbours,
    Ridge,
    SeasonalNaive,
)
from lessons.scores import mse
from lessons.series import trend_and_seasons
from lessons.windows import make_windows

EVERY_BASELINE = [
    LastValue(),
    Mean(),
    Drift(),
    SeasonalNaive(3),
    SeasonalNaive(3, drift=True),
    LinearExtrapolation(),
    Autoregression(2),
    Ridge(alpha=0.1),
    Ridge(),
    NearestNeighbours(2),
]


def test_autoregression_agrees_with_statsmodels():
    _, series = trend_and_seasons(n=300)
    X, y, _ = make_windows(series, 5)
    ours = Autoregression(5).fit(X, y)
    theirs = AutoReg(series, lags=5, trend="c").fit()
    np.testing.assert_allclose(ours.predict(X)[:, 0], theirs.fittedvalues, atol=1e-8)


def test_ridge_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    X, y, X_new = rng.normal(size=(80, 7, 2)), rng.normal(size=(80, 3)), rng.normal(size=(9, 7, 2))
    theirs = SklearnRidge(alpha=2.5).fit(X.reshape(80, -1), y)
    np.testing.assert_allclose(
        Ridge(alpha=2.5).fit(X, y).predict(X_new), theirs.predict(X_new.reshape(9, -1)), atol=1e-10
    )


def test_nearest_neighbours_agree_with_scikit_learn():
    rng = np.random.default_rng(1)
    X, y, X_new = rng.normal(size=(60, 5, 1)), rng.normal(size=(60, 2)), rng.normal(size=(11, 5, 1))
    theirs = KNeighborsRegressor(3).fit(X.reshape(60, -1), y)
    np.testing.assert_allclose(
        NearestNeighbours(3).fit(X, y).predict(X_new), theirs.predict(X_new.reshape(11, -1))
    )


def test_ridge_without_alpha_tunes_it_on_the_tail_of_train_only():
    X_train, y_train, _ = make_windows(trend_and_seasons()[1][:630], 60)
    A = X_train[:, :, 0]

    def tail_error(alpha):
        theirs = SklearnRidge(alpha=alpha).fit(A[:456], y_train[:456])
        return mse(y_train[456:].ravel(), theirs.predict(A[456:]))

    assert Ridge().fit(X_train, y_train).alpha_used == min(Ridge.alphas, key=tail_error)


def test_several_steps_ahead_by_hand():
    X = np.array([[[1.0], [2.0], [4.0]]])  # one window, three steps
    y = np.array([[5.0, 5.0, 5.0, 5.0]])
    np.testing.assert_array_equal(LastValue().fit(X, y).predict(X), [[4, 4, 4, 4]])
    np.testing.assert_array_equal(LinearExtrapolation().fit(X, y).predict(X), [[6, 8, 10, 12]])
    np.testing.assert_array_equal(Drift().fit(X, y).predict(X), [[5, 6, 7, 8]])
    np.testing.assert_array_equal(SeasonalNaive(3).fit(X, y).predict(X), [[1, 2, 4, 1]])
    np.testing.assert_array_equal(SeasonalNaive(3, drift=True).fit(X, y).predict(X), [[5, 6, 8, 9]])


@given(
    n=st.integers(12, 40),
    steps=st.integers(3, 8),
    features=st.integers(1, 3),
    horizon=st.integers(1, 5),
    which=st.sampled_from(range(len(EVERY_BASELINE))),
)
def test_every_baseline_is_a_forecaster(n, steps, features, horizon, which):
    rng = np.random.default_rng(n * steps)
    X, y = rng.normal(size=(n, steps, features)), rng.normal(size=(n, horizon))
    X_before, y_before = X.copy(), y.copy()
    model = EVERY_BASELINE[which]
    assert model.fit(X, y) is model
    y_pred = model.predict(X[:4])
    assert y_pred.shape == (4, horizon)
    assert np.isfinite(y_pred).all()
    np.testing.assert_array_equal(X, X_before)
    np.testing.assert_array_equal(y, y_before)


@pytest.mark.parametrize("model", EVERY_BASELINE, ids=repr)
def test_windows_of_the_wrong_shape_are_refused(model):
    with pytest.raises(ValueError, match=r"X must have shape \(N, T, D\), got \(10, 5\)"):
        model.fit(np.ones((10, 5)), np.ones((10, 1)))
    with pytest.raises(ValueError, match=r"y must have one row a window \(10\), got 9"):
        model.fit(np.ones((10, 5, 1)), np.ones((9, 1)))
    with pytest.raises(ValueError, match=r"y must have shape \(N, horizon\), got \(10,\)"):
        model.fit(np.ones((10, 5, 1)), np.ones(10))


@pytest.mark.parametrize(
    "model", [Mean(), Drift(), Autoregression(2), Ridge(), NearestNeighbours()], ids=repr
)
def test_predicting_before_fitting_says_so(model):
    with pytest.raises(RuntimeError, match=r"call fit\(X, y\) first"):
        model.predict(np.ones((3, 5, 1)))


def test_a_window_shorter_than_the_season_is_refused():
    with pytest.raises(
        ValueError,
        match=r"SeasonalNaive\(season_length=12, drift=False\) needs windows of 12 steps or more, got 5",
    ):
        SeasonalNaive(12).fit(np.ones((10, 5, 1)), np.ones((10, 1)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SeasonalNaive(0), "season_length must be a whole number of at least 1, got 0"),
        (lambda: Autoregression(1.5), "order must be a whole number, got 1.5"),
        (lambda: Ridge(alpha=-1), "alpha must be 0 or more, or None to tune it, got -1"),
        (lambda: NearestNeighbours(0), "k must be a whole number of at least 1, got 0"),
    ],
)
def test_bad_settings_name_the_argument(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()
