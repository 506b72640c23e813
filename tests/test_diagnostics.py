"""Diagnostics: planted faults are found, honest forecasts are let alone, and the figures tell the same."""

import numpy as np
import pytest
from statsmodels.stats.diagnostic import acorr_ljungbox

from lessons import figures
from lessons.diagnostics import (
    change_correlation,
    diagnose,
    flatline,
    lag,
    lag_profile,
    missed_peaks,
    residual_autocorrelation,
)


def wave(seed=0, n=400):
    """A wave that can be forecast, and the same with noise that cannot."""
    signal = np.sin(np.arange(n) / 8)
    return signal + 0.3 * np.random.default_rng(seed).normal(size=n), signal


def ar(phi, seed=0, n=400):
    """An autoregression, and its best possible forecast."""
    y = np.zeros(n + 1)
    for i, shock in enumerate(np.random.default_rng(seed).normal(size=n)):
        y[i + 1] = phi * y[i] + shock
    return y[1:], phi * y[:-1]


def found(y_true, y_pred, **how):
    return {finding.name for finding in diagnose(y_true, y_pred, **how) if not finding.ok}


@pytest.mark.parametrize("make", [wave, lambda seed: ar(0.8, seed), lambda seed: ar(0.95, seed)])
def test_the_best_possible_forecast_is_let_alone(make):
    flagged = [found(*make(seed)) for seed in range(20)]
    assert sum(map(bool, flagged)) <= 2  # tests at 1 %, several of them


@pytest.mark.parametrize(
    ("fault", "plant"),
    [
        ("lag", lambda y, signal: (y[1:], y[:-1])),
        ("flatline", lambda y, signal: (y, 0.2 * signal)),
        ("flatline", lambda y, signal: (y, np.full(len(y), 0.1))),
        ("bias", lambda y, signal: (y, signal - 0.2)),
        ("missed peaks", lambda y, signal: (y, np.minimum(signal, 0.5))),
        ("missed peaks", lambda y, signal: (y, 0.5 * signal)),
        ("autocorrelation", lambda y, signal: (y, 0.5 * signal)),
    ],
)
def test_planted_faults_are_found(fault, plant):
    assert all(fault in found(*plant(*wave(seed))) for seed in range(20))


def test_a_gap_in_the_truth_is_left_out():
    y, signal = wave()
    gap = np.where(np.arange(400) % 50 < 5, np.nan, y)
    assert found(gap, signal) == set()
    assert "lag" in found(gap[1:], np.where(np.isnan(y[:-1]), 0, y[:-1]))
    assert flatline(gap, signal) == pytest.approx(flatline(y[np.isfinite(gap)], signal[np.isfinite(gap)]))


def test_lag_is_how_late_the_forecast_comes():
    y, signal = wave()
    assert lag(y, signal) == 0
    for late in (1, 2, 3):
        assert lag(y[late:], y[:-late]) == late
        assert lag_profile(y[late:], y[:-late])[late] == pytest.approx(1)
    assert "lag" in found(y[3:], y[:-3], horizon=3)
    with pytest.raises(ValueError, match="a constant forecast is never late"):
        lag(y, np.ones(400))


def test_change_correlation_tells_knowledge_from_repetition():
    y, signal = wave()
    assert change_correlation(y[1:], y[:-1]) == 0
    assert change_correlation(y, y) == pytest.approx(1)
    assert change_correlation(y, signal) > 0.6
    y, best = ar(0.9, n=20_000)
    assert change_correlation(y, best) == pytest.approx(np.sqrt((1 - 0.9) / 2), abs=0.02)  # by algebra
    assert lag(y, best) == 1  # the best forecast of an AR(1) *is* the last value, shrunk


def test_flatline_of_the_best_forecast_is_the_share_that_can_be_forecast():
    y, best = ar(0.8, n=20_000)
    assert flatline(y, best) == pytest.approx(0.64, abs=0.01)
    assert flatline(y, y) == 1 and flatline(y, np.ones(20_000)) == 0
    with pytest.raises(ValueError, match="y_true never changes"):
        flatline(np.ones(20), np.arange(20))


def test_missed_peaks_by_hand():
    y = np.arange(20.0)
    peaks = missed_peaks(y, np.where(y == 19, 0, y))
    assert (peaks.threshold, peaks.n) == (pytest.approx(17.1), 2)
    assert (peaks.recall, peaks.precision, peaks.too_low) == (0.5, 1, 0.5)
    assert missed_peaks(y, y - 2).shortfall == 2
    assert np.isnan(missed_peaks(y, np.zeros(20)).precision)
    assert missed_peaks(y, y, threshold=10).n == 10
    with pytest.raises(ValueError, match="no value reaches the threshold 30; the largest is 19"):
        missed_peaks(y, y, threshold=30)


def test_the_best_forecast_misses_peaks_and_is_no_worse_for_it():
    y, best = ar(0.8, n=20_000)
    last = best / 0.8
    peaks, crying_wolf = missed_peaks(y, best), missed_peaks(y, last)
    assert peaks.too_low == pytest.approx(0.9, abs=0.02)
    assert peaks.recall == pytest.approx(0.37, abs=0.03)
    assert crying_wolf.recall > 0.5 and np.mean((y - last) ** 2) > np.mean((y - best) ** 2)
    assert abs(peaks.shortfall) < 3 * peaks.shortfall_sd
    assert crying_wolf.shortfall < -10 * crying_wolf.shortfall_sd


def test_ljung_box_is_that_of_statsmodels():
    errors = ar(0.3)[0]
    ours = residual_autocorrelation(errors, 10)
    theirs = acorr_ljungbox(errors, lags=[10])
    assert ours.statistic == pytest.approx(theirs["lb_stat"].iloc[0])
    assert ours.p_value == pytest.approx(theirs["lb_pvalue"].iloc[0])
    assert ours.acf[0] == pytest.approx(0.3, abs=0.1)


def test_ljung_box_with_gaps_keeps_its_promise():
    rng = np.random.default_rng(0)
    p_values = []
    for _ in range(300):
        errors = rng.normal(size=200)
        errors[rng.random(200) < 0.1] = np.nan
        p_values.append(residual_autocorrelation(errors, 10).p_value)
    assert np.mean(np.array(p_values) < 0.05) < 0.09
    with_gap = ar(0.5)[0]
    with_gap[50:60] = np.nan
    assert residual_autocorrelation(with_gap, 10).p_value < 1e-6


def test_a_diagnosis_reads_as_a_table():
    diagnosis = diagnose(*wave())
    assert diagnosis.ok and diagnosis["lag"].value == 0 and diagnosis[0].name == "bias"
    assert "in order" in repr(diagnosis) and "<th" in diagnosis._repr_html_()
    assert "LOOK" in repr(diagnose(wave()[0], np.zeros(400)))
    with pytest.raises(KeyError, match="no finding 'colour'; there are bias, lag"):
        diagnosis["colour"]
    assert "autocorrelation" not in [finding.name for finding in diagnose(*wave(), horizon=3)]


def test_bad_arrays_are_refused():
    with pytest.raises(
        ValueError, match=r"shape \(N,\) or \(N, 1\), got \(9, 2\) and \(9, 2\); take one column"
    ):
        lag(np.ones((9, 2)), np.ones((9, 2)))
    with pytest.raises(ValueError, match="20 measured values at least, got 15"):
        diagnose(np.arange(15.0), np.arange(15.0))
    with pytest.raises(ValueError, match="max_lag must be between 1 and 5"):
        lag_profile(np.arange(15.0), np.arange(15.0), 6)
    with pytest.raises(ValueError, match="share must lie between 0 and 1"):
        missed_peaks(np.arange(15.0), np.arange(15.0), 0)
    with pytest.raises(ValueError, match="the errors are all the same"):
        residual_autocorrelation(np.ones(20))


def test_the_figure_tells_the_numbers():
    y, signal = wave()
    figure = figures.lag_profile({"ridge": lag_profile(y, signal), "last value": lag_profile(y[1:], y[:-1])})
    assert "Late: last value by 1" in figure.layout.meta["alt"] and figure.layout.title.text
    assert np.argmax(figure.data[1].marker.size) == 1
