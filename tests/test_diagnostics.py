"""Diagnostics: planted faults are found, honest forecasts are let alone."""

import numpy as np
import pytest
from statsmodels.stats.diagnostic import acorr_ljungbox

from lessons.diagnostics import diagnose, ljung_box


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


def value(name, y_true, y_pred):
    return diagnose(y_true, y_pred)[name].value


@pytest.mark.parametrize("make", [wave, lambda seed: ar(0.8, seed), lambda seed: ar(0.95, seed)])
def test_the_best_possible_forecast_is_let_alone(make):
    flagged = [found(*make(seed)) - {"missed peaks"} for seed in range(20)]
    assert sum(map(bool, flagged)) <= 2  # tests at 1 %, several of them


@pytest.mark.parametrize(
    ("fault", "plant"),
    [
        ("late", lambda y, signal: (y[1:], y[:-1])),
        ("flat", lambda y, signal: (y, 0.2 * signal)),
        ("flat", lambda y, signal: (y, np.full(len(y), 0.1))),
        ("bias", lambda y, signal: (y, signal - 0.2)),
        ("timid", lambda y, signal: (y, np.minimum(signal, 0.5))),
        ("timid", lambda y, signal: (y, 0.5 * signal)),
        ("missed peaks", lambda y, signal: (y, 0.5 * signal)),
        ("noisy", lambda y, signal: (y, signal + np.random.default_rng(9).normal(0, 1.2, len(y)))),
        ("noisy", lambda y, signal: (y[12:], y[:-12])),
        ("autocorrelation", lambda y, signal: (y, 0.5 * signal)),
    ],
)
def test_planted_faults_are_found(fault, plant):
    assert all(fault in found(*plant(*wave(seed))) for seed in range(20))


def test_a_gap_in_the_truth_is_left_out():
    y, signal = wave()
    gap = np.where(np.arange(400) % 50 < 5, np.nan, y)
    assert found(gap, signal) <= {"missed peaks"}
    assert "late" in found(gap[1:], np.where(np.isnan(y[:-1]), 0, y[:-1]))
    there = np.isfinite(gap)
    assert value("flat", gap, signal) == pytest.approx(value("flat", y[there], signal[there]))


def test_a_late_forecast_is_told_by_how_much():
    y, signal = wave()
    assert value("late", y, signal) == 0
    for late in (1, 2, 3):
        assert value("late", y[late:], y[:-late]) == late
    assert "late" in found(y[3:], y[:-3], horizon=3)
    assert np.isnan(value("late", y, np.ones(400)))
    assert "correlates 0.00 with the change" in diagnose(y[1:], y[:-1])["late"].sentence
    y, best = ar(0.9, n=20_000)
    late = diagnose(y, best)["late"]
    assert late.value == 1 and late.ok  # the best forecast of an AR(1) *is* the last value, shrunk
    assert f"correlates {np.sqrt((1 - 0.9) / 2):.2f}" in late.sentence  # by algebra


def test_what_the_best_forecast_is_is_measured_so():
    y, best = ar(0.8, n=20_000)
    assert value("flat", y, best) == pytest.approx(0.64, abs=0.01)  # the share that can be forecast
    assert value("flat", y, y) == 1 and value("flat", y, np.ones(20_000)) == 0
    jittery = best + np.random.default_rng(5).normal(size=20_000) * best.std()
    assert value("noisy", y, jittery) == pytest.approx(0.5, abs=0.02)
    assert abs(value("noisy", y, best)) < 0.03
    assert value("noisy", y, 0.5 * best) < -0.9  # timid
    assert value("noisy", y, np.ones(20_000)) == 0
    assert value("missed peaks", y, best) == pytest.approx(0.63, abs=0.03)  # and is no worse for it
    assert abs(value("timid", y, best)) < 0.05
    wolf = diagnose(y, best / 0.8)  # the last value: more alarms, false ones
    assert wolf["missed peaks"].value < 0.5 and wolf["timid"].value < -0.2
    by_hand = np.arange(20.0)
    assert value("missed peaks", by_hand, np.where(by_hand == 19, 0, by_hand)) == 0.5
    assert value("timid", by_hand, by_hand - 2) == pytest.approx(2)


def test_ljung_box_is_that_of_statsmodels():
    errors = ar(0.3)[0]
    acf, _, p_value = ljung_box(errors, 10)
    assert p_value == pytest.approx(acorr_ljungbox(errors, lags=[10])["lb_pvalue"].iloc[0])
    assert acf[0] == pytest.approx(0.3, abs=0.1)


def test_gaps_make_a_correlation_less_sure_and_not_smaller():
    rng, p_values = np.random.default_rng(0), []
    for _ in range(300):
        errors = rng.normal(size=200)
        errors[rng.random(200) < 0.3] = np.nan
        p_values.append(ljung_box(errors, 10)[2])
    assert np.mean(np.array(p_values) < 0.05) < 0.09
    y = ar(0.5, n=5000)[0]
    y[rng.random(5000) < 0.3] = np.nan
    assert ljung_box(y, 10)[0][0] == pytest.approx(0.5, abs=0.03)
    short = ar(0.5)[0]
    short[rng.random(400) < 0.3] = np.nan
    assert ljung_box(short, 5)[2] < 0.01


def test_a_diagnosis_reads_as_a_table():
    assert not found(wave()[0], wave()[0])  # a perfect forecast
    diagnosis = diagnose(*wave())
    assert diagnosis["late"].ok and diagnosis["late"].value == 0 and diagnosis[0].name == "bias"
    assert "in order" in repr(diagnosis) and "<th" in diagnosis._repr_html_()
    assert "LOOK" in repr(diagnose(wave()[0], np.zeros(400)))
    with pytest.raises(KeyError, match="no finding 'colour'; there are bias, late"):
        diagnosis["colour"]
    assert "autocorrelation" not in [finding.name for finding in diagnose(*wave(), horizon=3)]


@pytest.mark.parametrize(
    ("y_true", "message"),
    [
        (np.ones((9, 2)), r"shape \(N,\) or \(N, 1\), got \(9, 2\) and \(9, 2\); take one column"),
        (np.arange(15.0), "20 measured values at least, got 15"),
        (np.ones(20), "y_true never changes"),
    ],
)
def test_bad_arrays_are_refused(y_true, message):
    with pytest.raises(ValueError, match=message):
        diagnose(y_true, y_true)
