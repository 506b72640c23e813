"""What lesson 02 says, it also shows."""

import numpy as np
import pytest
from lesson_run import run_lesson

from lessons.baselines import Autoregression, LastValue, Ridge, SeasonalNaive
from lessons.scores import Scoreboard, mse, scoreboard
from lessons.series import sea_temperature, trend_and_seasons
from lessons.windows import Standardizer, make_windows, split_by_time


@pytest.fixture(scope="module")
def run():
    return run_lesson("02_naive_baseline")


def test_the_five_guesses(run):
    board = run.shown["guesses-board"]
    assert board.naive.mse == pytest.approx(0.0940, abs=6e-5)
    assert board["mean"].mse == pytest.approx(20 * board.naive.mse, rel=0.05)
    assert board["linear extrapolation"].mse > 1.7 * board.naive.mse
    assert board.naive.mse < board["seasonal naive"].mse < 1.1 * board.naive.mse
    assert board["seasonal naive + drift"].mse == pytest.approx(0.0851, abs=5e-4)


def test_the_formula_for_the_naive_error(run):
    formula, measured = run.numbers("error-compare", "formula")[:2]
    assert formula == pytest.approx(measured, rel=0.1)
    nominal, realised = run.numbers("error-compare", "noise floor")
    assert (nominal, realised) == (0.0324, 0.0340)


def test_ridge_goes_nine_tenths_of_the_way(run):
    board, floor = run.shown["ridge-table"], run.names["floor"]
    won = (board.naive.mse - board["ridge"].mse) / (board.naive.mse - floor)
    assert won == pytest.approx(0.9, abs=0.05)
    assert board["ridge"].skill == pytest.approx(0.59, abs=0.005)
    assert 1 - floor / board.naive.mse == pytest.approx(0.64, abs=0.005)


def test_windows_too_short_and_too_long(run):
    error = dict(zip(run.names["windows"], run.names["errors"]["AR"], strict=True))
    naive = run.shown["guesses-board"].naive.mse
    assert all(0.85 * naive < error[window] < naive for window in (2, 4, 8, 16))
    assert all(error[window] < naive / 2 for window in (48, 60, 100))
    assert error[300] == pytest.approx(3 * naive, rel=0.05)
    ridge = dict(zip(run.names["windows"], run.names["errors"]["ridge"], strict=True))
    assert all(ridge[window] < naive / 2 for window in (48, 60, 100, 200, 300))
    assert max(ridge[w] for w in (60, 100, 200)) - min(ridge[w] for w in (60, 100, 200)) < 0.002


def test_without_noise_six_values_are_enough():
    _, series = trend_and_seasons(noise=0)
    X, y, _ = make_windows(series, window=6)
    y_pred = Autoregression(6).fit(X[:500], y[:500]).predict(X[500:])
    assert mse(y[500:], y_pred) < 1e-20


def test_the_signal_moves_more_in_a_season_than_in_a_step():
    _, signal = trend_and_seasons(noise=0)
    change = {lag: np.mean((signal[lag:] - signal[:-lag]) ** 2) for lag in (1, 50, 51)}
    assert change[1] == pytest.approx(0.035, abs=6e-4)
    assert change[50] == pytest.approx(0.040, abs=6e-4)
    assert change[51] < change[50]


def test_one_test_period_differs_from_the_formula_by_about_0007():
    naive = [np.mean(np.diff(trend_and_seasons(seed=seed)[1])[629:] ** 2) for seed in range(500)]
    assert np.std(naive, ddof=1) == pytest.approx(0.007, abs=5e-4)


def test_same_mse_other_mistakes(run):
    naive = run.numbers("metrics-two", "last value")
    low = run.numbers("metrics-two", "ridge, too low")
    assert naive[0] == pytest.approx(low[0], rel=0.01)
    assert abs(naive[2]) < 0.005
    assert low[2] < -0.2


def test_mase(run):
    assert run.numbers("metrics-mase", "last value") == [1.00]
    assert run.numbers("metrics-mase", "ridge")[0] == pytest.approx(0.64, abs=0.01)


def test_rolling_origins(run):
    naive, seasonal, ridge = (
        np.array(run.numbers("origins-scores", name)[-5:])
        for name in ("last value", "seasonal + drift", "ridge")
    )
    assert (ridge < naive / 2).all()
    assert (seasonal < naive).sum() == 4
    assert seasonal[-1] > naive[-1]
    assert (round(naive.min(), 3), round(naive.max(), 3)) == (0.088, 0.104)


def test_the_sea(run):
    board = run.shown["real-table"]
    assert board["seasonal naive"].mse == pytest.approx(2 * board.naive.mse, rel=0.01)
    assert board["linear extrapolation"].mse < 0.6 * board.naive.mse
    assert board["ridge"].skill == pytest.approx(0.80, abs=0.005)
    assert "how low an error could be is not known" in run.shown["evidence"]["verdict"]


def test_ridge_is_shy_of_the_el_nino_of_1997(run):
    months = run.names["months"][run.names["index_sea"][run.names["test_sea"]]]
    in_1997 = months.astype("datetime64[Y]") == np.datetime64("1997")
    error = (run.names["y_pred"] - run.names["y_true"])[in_1997, 0]
    assert (error < 0).all()
    assert error.min() == pytest.approx(-1.5, abs=0.05)


def test_whoever_knows_the_sea_draws_level_with_ridge(run):
    board = run.shown["real-usual"]
    assert board["usual + last deviation"].mse == pytest.approx(0.231, abs=5e-4)
    y_true = run.names["celsius"][run.names["i"]]
    squares = [(y_pred - y_true) ** 2 for y_pred in (run.names["y_pred"][:, 0], run.names["y_usual"])]
    difference = squares[0] - squares[1]
    assert difference.mean() == pytest.approx(0.03, abs=0.005)
    assert difference.std(ddof=1) / np.sqrt(len(difference)) == pytest.approx(0.02, abs=0.003)
    errors = (run.names["y_usual"] - y_true)[run.names["months"][run.names["i"]].astype("M8[Y]") ==
        np.datetime64("1997")]  # fmt: skip
    assert errors.min() == pytest.approx(-1.3, abs=0.05)
    assert (errors < 0).sum() >= 10


def test_last_year_is_the_worse_guide_in_every_decade(run):
    decades = [run.numbers("real-decades", f"{start} to {start + 9}") for start in range(1951, 2011, 10)]
    assert all(last_month < last_year for last_month, last_year, _ in decades)
    assert all(45 <= nearer <= 60 for *_, nearer in decades)
    assert all(last_year > 1.5 * last_month for last_month, last_year, _ in decades[:-1])


def test_steps_follow_each_other_because_of_the_season(run):
    celsius, usual = run.names["celsius"], run.names["usual"]
    deviation = celsius - usual[np.arange(732) % 12]
    step, odd_step = np.diff(celsius), np.diff(deviation)
    assert np.corrcoef(step[1:], step[:-1])[0, 1] > 0.7
    assert np.corrcoef(odd_step[1:], odd_step[:-1])[0, 1] < 0.2


def test_the_gain_that_five_origins_cannot_settle_is_real():
    _, signal = trend_and_seasons(noise=0)
    drift = np.mean(signal[50:] - signal[:-50])
    by_formula = [
        np.mean((signal[lag:] - signal[:-lag] - d) ** 2) + 2 * 0.18**2 for lag, d in ((1, 0), (50, drift))
    ]
    np.testing.assert_allclose(by_formula, [0.100, 0.089], atol=6e-4)


def test_least_squares_is_just_as_low_in_1997(run):
    X_train, y_train, X_test, y_test = run.names["sea"]
    months = run.names["months"][run.names["index_sea"][run.names["test_sea"]]]
    in_1997 = months.astype("datetime64[Y]") == np.datetime64("1997")
    lines = [model.fit(X_train, y_train).predict(X_test) for model in (Autoregression(24), Ridge())]
    np.testing.assert_allclose(*(y_pred[in_1997] for y_pred in lines), atol=0.01)


def test_the_planted_mistake_is_the_unit(run):
    claimed, naive, percent = run.numbers("mistake-said")
    assert (claimed, naive, percent) == (0.052, 1.312, 96)
    variance = sea_temperature()[1][:512].var()
    assert claimed * variance == pytest.approx(0.26, abs=0.005)
    assert 1 - claimed * variance / naive == pytest.approx(0.80, abs=0.005)


def test_more_noise_lowers_everybodys_ceiling():
    """Further exercise 1: two of them change places, and not because the formula says so."""
    _, signal = trend_and_seasons(noise=0)
    drift = np.mean(signal[50:] - signal[:-50])
    step, season = np.diff(signal), signal[50:] - signal[:-50] - drift
    assert np.mean(step**2) - np.mean(season**2) == pytest.approx(0.01, abs=0.003)
    _, series = trend_and_seasons(noise=0.5)
    scaler = Standardizer().fit(series[:630])
    X, y, target_index = make_windows(scaler.transform(series), window=60)
    train, test = split_by_time(target_index, at=630)
    models = {"seasonal": SeasonalNaive(50, drift=True), "ridge": Ridge()}
    board = scoreboard(models, X[train], y[train], X[test], y[test], scaler=scaler)
    assert board.naive.mse == pytest.approx(0.49, abs=0.005)
    assert board["ridge"].mse == pytest.approx(0.30, abs=0.005)
    assert board["ridge"].skill == pytest.approx(0.39, abs=0.005)
    assert board["seasonal"].mse > board.naive.mse


def test_the_average_of_two_guesses_at_sea():
    """Further exercise 2."""
    _, celsius = sea_temperature()
    X, y, target_index = make_windows(celsius, window=24)
    _, test = split_by_time(target_index, at=512)
    both = (LastValue().predict(X[test]) + SeasonalNaive(12).predict(X[test])) / 2
    board = Scoreboard(X[test], y[test]).add("both", both)
    assert board["both"].mse == pytest.approx(1.08, abs=0.005)
    assert board.naive.mse == pytest.approx(1.31, abs=0.005)


def test_seventeen_steps_are_no_season_to_rely_on(run):
    """Further exercise 3."""
    X_test, y_test, scaler = (run.names[name] for name in ("X_test", "y_test", "scaler"))
    board = Scoreboard(X_test, y_test, scaler=scaler)
    board.add("50", SeasonalNaive(50).predict(X_test)).add("17", SeasonalNaive(17).predict(X_test))
    assert board["17"].mse > 10 * board["50"].mse
