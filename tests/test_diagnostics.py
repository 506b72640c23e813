"""Diagnostics: planted faults are found, honest forecasts are let alone."""

import numpy as np
import pytest
from statsmodels.stats.diagnostic import acorr_ljungbox

from lessons.diagnostics import (
    change_correlation,
    diagnose,
    flatline,
    lag_profile,
    missed_peaks,
    noise,
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
    flagged = [found(*make(seed)) - {"missed peaks"} for seed in range(20)]
    assert sum(map(bool, flagged)) <= 2  # tests at 1 %, several of them


@pytest.mark.parametrize(
    ("fault", "plant"),
    [
        ("lag", lambda y, signal: (y[1:], y[:-1])),
        ("flatline", lambda y, signal: (y, 0.2 * signal)),
        ("flatline", lambda y, signal: (y, np.full(len(y), 0.1))),
        ("bias", lambda y, signal: (y, signal - 0.2)),
        ("timid", lambda y, signal: (y, np.minimum(signal, 0.5))),
        ("timid", lambda y, signal: (y, 0.5 * signal)),
        ("missed peaks", lambda y, signal: (y, 0.5 * signal)),
        ("noise", lambda y, signal: (y, signal + np.random.default_rng(9).normal(0, 1.2, len(y)))),
        ("noise", lambda y, signal: (y[12:], y[:-12])),
        ("autocorrelation", lambda y, signal: (y, 0.5 * signal)),
    ],
)
def test_planted_faults_are_found(fault, plant):
    assert all(fault in found(*plant(*wave(seed))) for seed in range(20))


def test_a_gap_in_the_truth_is_left_out():
    y, signal = wave()
    gap = np.where(np.arange(400) % 50 < 5, np.nan, y)
    assert found(gap, signal) <= {"missed peaks"}
    assert "lag" in found(gap[1:], np.where(np.isnan(y[:-1]), 0, y[:-1]))
    assert flatline(gap, signal) == pytest.approx(flatline(y[np.isfinite(gap)], signal[np.isfinite(gap)]))


def test_the_profile_peaks_where_the_forecast_comes_late():
    y, signal = wave()
    assert np.argmax(lag_profile(y, signal)) == 0
    for late in (1, 2, 3):
        assert lag_profile(y[late:], y[:-late])[late] == pytest.approx(1)
    assert "lag" in found(y[3:], y[:-3], horizon=3)
    assert np.isnan(lag_profile(y, np.ones(400))).all()


def test_change_correlation_tells_knowledge_from_repetition():
    y, signal = wave()
    assert change_correlation(y[1:], y[:-1]) == 0
    assert change_correlation(y, y) == pytest.approx(1)
    assert change_correlation(y, signal) > 0.6
    y, best = ar(0.9, n=20_000)
    assert change_correlation(y, best) == pytest.approx(np.sqrt((1 - 0.9) / 2), abs=0.02)  # by algebra
    assert np.argmax(lag_profile(y, best)) == 1  # the best forecast of an AR(1) *is* the last value, shrunk


def test_flatline_of_the_best_forecast_is_the_share_that_can_be_forecast():
    y, best = ar(0.8, n=20_000)
    assert flatline(y, best) == pytest.approx(0.64, abs=0.01)
    assert flatline(y, y) == 1 and flatline(y, np.ones(20_000)) == 0
    with pytest.raises(ValueError, match="y_true never changes"):
        flatline(np.ones(20), np.arange(20))


def test_noise_of_an_honest_and_of_a_jittery_forecast():
    y, best = ar(0.8, n=20_000)
    assert abs(noise(y, best)[0]) < 0.03
    assert noise(y, best + np.random.default_rng(5).normal(size=20_000) * best.std())[0] == pytest.approx(
        0.5, abs=0.02
    )
    assert noise(y, 0.5 * best)[0] < -0.9  # timid
    assert noise(y, np.ones(20_000)) == (0, 0)


def test_the_best_forecast_misses_peaks_and_is_no_worse_for_it():
    y, best = ar(0.8, n=20_000)
    (recall, shortfall, error), wolf = missed_peaks(y, best), missed_peaks(y, best / 0.8)
    assert recall == pytest.approx(0.37, abs=0.03)
    assert wolf[0] > 0.5 and wolf[1] < -10 * wolf[2]  # last value: more alarms, false ones
    assert abs(shortfall) < 3 * error
    by_hand = np.arange(20.0)
    assert missed_peaks(by_hand, np.where(by_hand == 19, 0, by_hand))[0] == 0.5
    assert missed_peaks(by_hand, by_hand - 2)[1] == pytest.approx(2)


def test_ljung_box_is_that_of_statsmodels():
    errors = ar(0.3)[0]
    ours = residual_autocorrelation(errors, 10)
    theirs = acorr_ljungbox(errors, lags=[10])
    assert ours.statistic == pytest.approx(theirs["lb_stat"].iloc[0])
    assert ours.p_value == pytest.approx(theirs["lb_pvalue"].iloc[0])
    assert ours.acf[0] == pytest.approx(0.3, abs=0.1)


def test_gaps_make_a_correlation_less_sure_and_not_smaller():
    rng, p_values = np.random.default_rng(0), []
    for _ in range(300):
        errors = rng.normal(size=200)
        errors[rng.random(200) < 0.3] = np.nan
        p_values.append(residual_autocorrelation(errors, 10).p_value)
    assert np.mean(np.array(p_values) < 0.05) < 0.09
    y = ar(0.5, n=5000)[0]
    y[rng.random(5000) < 0.3] = np.nan
    assert residual_autocorrelation(y, 10).acf[0] == pytest.approx(0.5, abs=0.03)
    short = ar(0.5)[0]
    short[rng.random(400) < 0.3] = np.nan
    assert residual_autocorrelation(short, 5).p_value < 0.01


def test_a_perfect_forecast_is_in_order():
    assert diagnose(wave()[0], wave()[0]).ok


def test_a_diagnosis_reads_as_a_table():
    diagnosis = diagnose(*wave())
    assert diagnosis["lag"].ok and diagnosis["lag"].value == 0 and diagnosis[0].name == "bias"
    assert "in order" in repr(diagnosis) and "<th" in diagnosis._repr_html_()
    assert "LOOK" in repr(diagnose(wave()[0], np.zeros(400)))
    with pytest.raises(KeyError, match="no finding 'colour'; there are bias, lag"):
        diagnosis["colour"]
    assert "autocorrelation" not in [finding.name for finding in diagnose(*wave(), horizon=3)]


def test_bad_arrays_are_refused():
    with pytest.raises(
        ValueError, match=r"shape \(N,\) or \(N, 1\), got \(9, 2\) and \(9, 2\); take one column"
    ):
        flatline(np.ones((9, 2)), np.ones((9, 2)))
    with pytest.raises(ValueError, match="20 measured values at least, got 15"):
        diagnose(np.arange(15.0), np.arange(15.0))
    with pytest.raises(ValueError, match="max_lag must be between 1 and 5"):
        lag_profile(np.arange(15.0), np.arange(15.0), 6)
    with pytest.raises(ValueError, match="share must lie between 0 and 1"):
        missed_peaks(np.arange(15.0), np.arange(15.0), 0)
    with pytest.raises(ValueError, match="the errors are all the same"):
        residual_autocorrelation(np.ones(20))
