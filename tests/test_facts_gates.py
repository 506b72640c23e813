"""What lesson 06 says of gates, measured over seeds."""

import numpy as np
import pytest

from lessons.explorers.gates import facts
from lessons.gates import clamp, hold, marker_evidence, marker_gru, marker_lstm, marker_task, record_gates

pytestmark = pytest.mark.slow
SEEDS = range(10)


@pytest.fixture(scope="module")
def unseen():
    return marker_task(500, seed=1007)


def nets(make):
    X, y, _ = marker_task()
    return [make(seed).fit(X, y) for seed in SEEDS]


@pytest.fixture(scope="module")
def lstms():
    return nets(marker_lstm)


@pytest.fixture(scope="module")
def grus():
    return nets(marker_gru)


def evidence(models, gate, unseen):
    X, _, marker = unseen
    return np.array([marker_evidence(record_gates(model, X)[gate], marker) for model in models])  # (seeds, 3)


def errors(models, unseen, intervene):
    X, y, _ = unseen
    return np.array([np.mean((intervene(model, X).y_pred - y) ** 2) for model in models])


def test_both_nets_solve_the_task(lstms, grus, unseen):
    assert errors(lstms, unseen, record_gates).max() < 0.003  # of a variance of 0.33
    assert errors(grus, unseen, record_gates).max() < 0.02


def test_the_forget_gate_shuts_at_markers(lstms, unseen):
    correlation, at_markers, elsewhere = evidence(lstms, "f", unseen).T
    assert correlation.mean() == pytest.approx(-0.97, abs=0.02)
    assert correlation.max() < -0.85
    assert at_markers.mean() == pytest.approx(0.36, abs=0.04)
    assert elsewhere.mean() == pytest.approx(0.68, abs=0.03)
    gap = elsewhere - at_markers
    assert gap.mean() > 0.25 and gap.min() > 0.15


def test_the_input_gate_need_not_open_at_markers(lstms, unseen):
    correlation = evidence(lstms, "i", unseen)[:, 0]
    assert correlation.mean() == pytest.approx(0.62, abs=0.15)
    assert correlation.min() < 0.3 and correlation.max() > 0.9


def test_correlation_alone_is_a_weak_test(unseen):
    correlation, at_markers, elsewhere = evidence([marker_lstm(seed) for seed in SEEDS], "f", unseen).T
    assert np.abs(correlation).max() > 0.8  # before any training
    assert np.abs(at_markers - elsewhere).max() < 0.1


def test_the_update_gate_opens_at_markers(grus, unseen):
    correlation, at_markers, elsewhere = evidence(grus, "z", unseen).T  # z = 1 writes
    assert correlation.mean() > 0.985 and correlation.min() > 0.94
    assert at_markers.mean() == pytest.approx(0.91, abs=0.03)
    assert elsewhere.mean() == pytest.approx(0.04, abs=0.03)
    assert (at_markers - elsewhere).min() > 0.7


def test_blocking_the_writing_at_markers_destroys_the_forecast(lstms, grus, unseen):
    marker = unseen[2]
    for models in (lstms, grus):
        blocked = errors(models, unseen, lambda model, X: hold(model, X, marker))
        assert blocked.min() > 0.3 and blocked.max() < 0.5
    shut = errors(lstms, unseen, lambda model, X: clamp(model, X, marker, i=0.0))
    assert shut.min() > 0.28 and shut.max() < 0.5


def test_holding_elsewhere_costs_the_gru_nothing_and_the_lstm_something(lstms, grus, unseen):
    marker = unseen[2]
    held = [errors(models, unseen, lambda m, X: hold(m, X, ~marker)) for models in (lstms, grus)]
    assert held[0].min() > 0.03 and held[0].max() < 0.25
    assert held[1].max() < 0.015


def test_on_a_real_series_an_untrained_gate_follows_the_input_too():
    trained, untrained = (facts("sea temperature", "LSTM", 16, net) for net in ("trained", "untrained"))
    assert trained.correlation < -0.9 and untrained.correlation < -0.9
    assert trained.test_mse < 0.3 < 1 < untrained.test_mse
    assert abs(trained.half_life - trained.reach) < 0.5  # steps; both near 1
