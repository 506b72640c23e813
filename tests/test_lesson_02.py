"""What lesson 02 says, it also shows; what it says in general holds for fresh draws of the noise."""

import numpy as np
import pytest

from lessons.baselines import Autoregression, LastValue, Ridge, SeasonalNaive
from lessons.scores import Scoreboard, mse
from lessons.series import sea_temperature, trend_and_seasons
from lessons.windows import make_windows, scaled_windows, split_by_time

LESSON = "02_naive_baseline"
FRESH = range(100, 108)  # seeds of the series


def test_the_formula_for_the_naive_error(lesson):
    lines = ("last value, by the formula", "last value, in this test period", "noise alone, σ²")
    formula, measured, noise = lesson.firsts("error-compare", *lines)
    assert formula == pytest.approx(measured, rel=0.1) and noise == 0.0324
    assert 2 * noise / formula == pytest.approx(2 / 3, abs=0.03)  # two thirds of the naive error


def test_the_signal_moves_more_in_a_season_than_in_a_step():
    _, signal = trend_and_seasons(noise=0)
    assert np.mean((signal[50:] - signal[:-50]) ** 2) > 1.1 * np.mean(np.diff(signal) ** 2)


def test_the_five_guesses(lesson):
    names = "last value", "mean", "linear", "drift ", "seasonal naive  ", "seasonal naive + drift"
    naive, mean, line, drift, season, both = lesson.firsts("guesses-board", *names)
    assert mean > 10 * naive and line > 1.7 * naive
    assert both < naive < season < 1.1 * naive
    assert drift == pytest.approx(naive, abs=1e-3)


def test_on_fresh_draws_ridge_nears_the_floor_and_least_squares_breaks_at_300(claim):
    """The claim on the board and section 4's lines, for draws of the noise that the lesson never saw."""
    _, signal = trend_and_seasons(noise=0)
    way, error = [], {}
    for seed in FRESH:
        _, y = trend_and_seasons(seed=seed)
        floor = np.mean((y - signal)[630:] ** 2)
        for window in (4, 16, 60, 300):
            w = scaled_windows(y, window, 630)
            naive = mse(w.y_test, w.X_test[:, -1, :1])
            for name, model in {"AR": Autoregression(window), "ridge": Ridge()}.items():
                score = mse(w.y_test, model.fit(w.X_train, w.y_train).predict(w.X_test)) / naive
                error.setdefault((name, window), []).append(score)
        naive *= w.scaler.std.item() ** 2
        way.append((1 - error["ridge", 60][-1]) / (1 - floor / naive))
    claim("ridge, way from naive to floor, worst of 8 draws", min(way), low=0.8)
    claim("AR(300) over naive, best of 8 draws", min(error["AR", 300]), low=1.3)
    claim("ridge on 300 steps over naive, worst of 8 draws", max(error["ridge", 300]), high=0.5)
    claim("AR(60) over naive, worst of 8 draws", max(error["AR", 60]), high=0.5)
    short = error["AR", 4] + error["AR", 16] + error["ridge", 4] + error["ridge", 16]
    claim("windows of 4 and 16 over naive, best of 8 draws", min(short), low=0.7, high=1.05)


def test_ridge_goes_nine_tenths_of_the_way_here(lesson):
    naive, ridge, floor = lesson.firsts("ridge-board", "last value", "ridge", "noise floor")
    assert (naive - ridge) / (naive - floor) == pytest.approx(0.9, abs=0.05)


def test_same_mse_other_mistakes(lesson):
    late, low = (lesson.numbers("metrics-two", name) for name in ("last value", "ridge, too low"))
    assert late[0] == low[0]
    assert abs(late[2]) < 0.005 and low[2] < -0.2


def test_rolling_origins(lesson):
    naive, seasonal, ridge = (
        np.array(lesson.numbers("origins-scores", name)[:5])
        for name in ("last value", "seasonal + drift", "ridge")
    )
    assert (ridge < naive / 2).all()
    assert (seasonal < naive).sum() == 4 and seasonal[-1] > naive[-1]
    assert seasonal.mean() < naive.mean()


def test_the_sea(lesson):
    names = "last value", "seasonal naive", "linear extrapolation", "ridge", "usual + last deviation"
    naive, season, line, ridge, usual = lesson.firsts("real-usual", *names)
    assert season == pytest.approx(2 * naive, rel=0.01)
    assert line < 0.6 * naive and ridge < 0.25 * naive
    assert usual < ridge < 1.2 * usual
    lead, error = lesson.numbers("real-usual", "ahead by")
    assert lead == pytest.approx(ridge - usual, abs=0.001) and lead < 1.5 * error
    assert "how low an error could be is not known" in lesson.text("evidence")


def test_at_sea_both_are_level_and_shy_of_the_el_nino_of_1997():
    months, celsius = sea_temperature()
    X, y, index = make_windows(celsius, window=24)
    train, test = split_by_time(index, at=512)
    i, ridge = index[test], Ridge().fit(X[train], y[train]).predict(X[test])[:, 0]
    usual = np.array([celsius[:512][month::12].mean() for month in range(12)])
    y_usual = usual[i % 12] + celsius[i - 1] - usual[(i - 1) % 12]
    difference = (ridge - celsius[i]) ** 2 - (y_usual - celsius[i]) ** 2
    assert 0 < difference.mean() < 2 * difference.std(ddof=1) / np.sqrt(len(difference))
    in_1997 = months[i].astype("M8[Y]") == np.datetime64("1997")
    assert ((ridge - celsius[i])[in_1997] < 0).all()
    assert ((y_usual - celsius[i])[in_1997] < 0).sum() >= 10


def test_the_planted_mistake_is_the_unit(lesson):
    claimed, naive, percent = lesson.numbers("mistake-said")
    assert (claimed, naive, percent) == (0.052, 1.312, 96)
    variance = sea_temperature()[1][:512].var()
    assert variance == pytest.approx(5, abs=0.5)
    assert 1 - claimed * variance / naive == pytest.approx(0.80, abs=0.005)


def test_further_exercises():
    _, celsius = sea_temperature()
    X, y, target_index = make_windows(celsius, window=24)
    _, test = split_by_time(target_index, at=512)
    both = (LastValue().predict(X[test]) + SeasonalNaive(12).predict(X[test])) / 2
    assert Scoreboard(X[test], y[test]).add("both", both)["both"].skill > 0.1
    w = scaled_windows(trend_and_seasons(noise=0.5)[1], 60, 630)
    loud = mse(w.y_test, Ridge().fit(w.X_train, w.y_train).predict(w.X_test))
    assert 0.3 < 1 - loud / mse(w.y_test, w.X_test[:, -1]) < 0.5
    quiet = scaled_windows(trend_and_seasons()[1], 60, 630)
    season = {m: mse(quiet.y_test, SeasonalNaive(m).predict(quiet.X_test)) for m in (17, 50)}
    assert season[17] > 10 * season[50]
