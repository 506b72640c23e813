"""What lesson 07 and its extra say, they also show."""

import re

import numpy as np
import pytest
from lesson_run import executed

from benchmarks import record_07, train_nets
from lessons.baselines import Ridge
from lessons.exercises import REGISTRY
from lessons.records import recorded, trained_nets
from lessons.rollout import error_by_horizon, rollout, truth
from lessons.series import trend_and_seasons
from lessons.windows import scaled_windows

LESSON, EXTRA = "07_rollout_drift", "extras/why_nets_drift"
ORIGINS = np.arange(630, 701)


def rows(cell, lesson=LESSON):
    """Return the numbers in a shown table's rows, without spreads, by what each row is called."""
    found = {}
    for line in executed(lesson).text(cell).splitlines():
        name, *values = re.split(r"\s{2,}", re.sub(r" ± \S+", "", line.strip()))
        if values:
            found[name] = [float(v) for v in re.findall(r"[-+]?\d+\.?\d*", " ".join(values))]
    return found


@pytest.fixture(scope="module")
def sea():
    y = trend_and_seasons()[1]
    return y, scaled_windows(y, window=60, at=630)


def test_one_step_ahead(claim):
    board = {name: values[0] for name, values in rows("hook-board").items() if values}
    claim("ridge over plain LSTM, one step ahead", board["ridge"] / board["LSTM"], high=0.5)
    claim("plain LSTM over last value, one step ahead", board["LSTM"] / board["last value"], low=1.1)
    claim("centred LSTM over last value", board["LSTM centred"] / board["last value"], high=0.6)


def test_error_by_horizon(claim):
    nets, naive = rows("roll"), rows("baselines")
    claim("plain LSTM, mean over 200 steps", nets["LSTM"][-1], low=1.0, high=1.7)
    claim("centred LSTM, mean over 200 steps", nets["LSTM centred"][-1], low=0.13, high=0.18)
    claim("skip net, mean over 200 steps", nets["LSTM centred + skip"][-1], low=0.036, high=0.0385)
    claim("ridge, mean over 200 steps", nets["ridge"][-1], low=0.0505, high=0.0515)
    claim("seasonal naive, mean over 200 steps", naive["seasonal naive"][-1], low=0.3415, high=0.3425)
    for k in (2, 3, 4):  # steps 50, 100 and 200
        assert naive["last value"][k] == naive["seasonal naive"][k]
    naive.pop("MSE at step")
    assert max(naive, key=lambda name: naive[name][1]) == "last value"  # the worst at step 10


def test_where_the_lstm_crosses(claim):
    text = executed(LESSON).text("crossing")
    for name in ("ridge", "LSTM centred", "LSTM centred + skip"):
        assert re.search(rf"^\s*{re.escape(name)}(\s+never){{4}}\s*$", text, flags=re.M)
    last, seasonal, line = rows("crossing")["LSTM"]
    claim("plain LSTM worse than seasonal naive from step", seasonal, low=2, high=4)
    assert last > 150 and line > 30
    by_seed = rows("crossing-seeds")
    least = min(by_seed[str(k)][-1] for k in range(5))
    claim("share of steps at which a plain net is worse, least", least, low=90)
    assert sum(len(by_seed[str(k)]) == 1 for k in range(5)) == 1  # the one that is "never" worse for good
    claim("plain nets cross by step", max(by_seed[str(k)][0] for k in (0, 1, 3, 4)), high=5)


def test_ridge_has_found_both_seasons_and_a_level():
    found = rows("eigen")
    assert list(found)[1:5] == ["period 50.0", "level", "period 17.0", "period 25.7"]
    assert [found[name][-1] for name in list(found)[1:5]] == [95, 90, 77, 1]


def test_alpha_10_rolls_out_better_and_direct_is_no_worse():
    found = rows("direct")
    tuned, ten, direct = (
        found[f"{how}"] for how in ("recursive, alpha 100", "recursive, alpha 10", "direct, alpha 10")
    )
    assert abs(tuned[0] - ten[0]) < 0.0015
    assert ten[1] < 0.8 * tuned[1] and direct[1] == pytest.approx(ten[1], rel=0.1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_alpha_10_rolls_out_better_on_other_series_too(seed):
    y = trend_and_seasons(seed=seed)[1]
    data = scaled_windows(y, window=60, at=630)
    mean = {}
    for alpha in (10, 100):
        ridge = Ridge(alpha).fit(data.X_train, data.y_train)
        path = rollout(ridge, data.scaler.transform(y), ORIGINS, 200, 60)
        mean[alpha] = error_by_horizon(truth(y, ORIGINS, 200), data.scaler.inverse_target(path)).mean
    assert mean[10] < 0.95 * mean[100]


def test_who_keeps_the_promise(claim):
    found = rows("coverage")
    claim("90 % intervals of ridge hold, %", found["ridge"][0], low=86, high=92)
    claim("90 % intervals of the skip net hold, %", found["LSTM centred + skip"][0], low=86, high=92)
    claim("90 % intervals of the plain LSTM hold, %", found["LSTM"][0], high=60)
    claim("plain LSTM, error later over where calibrated", found["LSTM"][2] / found["LSTM"][1], low=3)


def test_the_planted_mistake_peeks(claim):
    found = rows("mistake")
    assert found["colleague"][0] == found["package"][0]
    claim("the peeking rollout's error at step 200", found["colleague"][4], low=0.035, high=0.05)
    claim("the honest rollout's error at step 200", found["package"][4], low=0.25, high=0.31)
    lines = [line for line in executed(LESSON).text("tampering").splitlines() if line]
    assert lines[0].endswith("origin: 2, 3, 4 …") and lines[1].endswith("origin: none")


def test_the_card_is_computed():
    card = executed(LESSON).text("evidence")
    for words in ("0.044 at step 1, 0.040 at step 200", "seasonal naive, mean MSE 0.342", "future: True"):
        assert words in card
    assert "never worse for good than last value, seasonal naive, train mean, trend line" in card


def test_the_matrix_is_the_rollout(sea):
    y, data = sea
    ridge = Ridge().fit(data.X_train, data.y_train)
    M = REGISTRY["07.loop_matrix"].reference(ridge.weights[:, 0])
    windows = np.random.default_rng(0).normal(size=(2, 60))
    said = [rollout(ridge, w, [60], 30, 60)[0] for w in windows]
    there = [(np.linalg.matrix_power(M, 30) @ w)[-30:] for w in windows]
    np.testing.assert_allclose(said[0] - said[1], there[0] - there[1], atol=1e-9)  # the intercept drops out


def test_noise_in_the_first_window_goes_on(sea):
    _, data = sea
    ridge = Ridge().fit(data.X_train, data.y_train)
    noise = np.random.default_rng(0).normal(size=60 * 200)
    origins = np.arange(60, len(noise) + 1, 60)
    said, silent = (rollout(ridge, series, origins, 200, 60) for series in (noise, 0 * noise))
    cost = np.mean((said - silent) ** 2, axis=0)  # of noise of size 1, at each step
    assert cost[199] == pytest.approx(cost[0], rel=0.4)
    assert cost[199] < 0.5  # and the rest is gone


# cures


def cures():
    return {name: np.array(row[:5], float) for name, *row in recorded("07_cures").rows}


def test_own_forecasts_are_no_better_than_their_control_and_the_skip_is_it():
    found = cures()
    own, control = (
        found[f"centred, ten more epochs on {what}"] for what in ("its own forecasts", "true values")
    )
    centred = found["LSTM centred"]
    assert own.mean() < 0.7 * centred.mean() and control.mean() < own.mean()
    assert found["centred + dropout"].mean() > centred.mean()
    best = min(values.min() for name, values in found.items() if "skip" not in name)
    for name in ("LSTM centred + skip", "centred + skip, no noise"):
        assert found[name].max() < 0.5 * best + 0.02


def test_the_records_nets_are_the_lessons():
    for name, values in rows("roll").items():
        if name in cures():
            assert cures()[name].mean() == pytest.approx(values[-1], abs=0.0006)


@pytest.mark.slow
def test_the_record_can_be_made_again():
    net = record_07.trained_on(trained_nets("LSTM centred")[0], 0, own=True)
    y = trend_and_seasons()[1]
    scaler = scaled_windows(y, 60, 630).scaler
    path = scaler.inverse_target(rollout(net, scaler.transform(y), ORIGINS, 200, 60))
    mean = error_by_horizon(truth(y, ORIGINS, 200), path).mean
    assert mean == pytest.approx(cures()["centred, ten more epochs on its own forecasts"][0], abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["LSTM", "LSTM centred", "LSTM centred + skip"])
def test_fresh_nets_drift_as_those_of_the_course(name, sea, claim):
    y, data = sea
    path = rollout(train_nets.trained(name, 7), data.scaler.transform(y), ORIGINS, 200, 60)
    found = error_by_horizon(truth(y, ORIGINS, 200), data.scaler.inverse_target(path))
    low, high = {"LSTM": (0.4, 4), "LSTM centred": (0.04, 0.34), "LSTM centred + skip": (0.035, 0.04)}[name]
    claim(f"{name}, a fresh seed, mean over 200 steps", found.mean, low=low, high=high)


# the extra: why nets drift


def test_what_is_left_of_a_lift_and_what_a_push_comes_to(claim):
    found = rows("lift-table", EXTRA)
    for seed in range(5):
        claim(f"plain LSTM {seed}, left of a lift", found[f"LSTM, {seed}"][0], high=0.15)
        centred = found[f"LSTM centred, {seed}"]
        assert centred[0] == 1
        claim(f"centred LSTM {seed}, push at 200 over push at 50", centred[3] / centred[1], low=2.5)
    assert found["ridge, 0"][0] == pytest.approx(0.9, abs=0.02)


def test_level_and_clock(claim):
    found = rows("clock-table", EXTRA)
    centred = np.array([found[f"LSTM centred, {seed}"] for seed in range(5)])  # level, sizes, shifts
    claim("centred nets, seasons smaller by at most, %", -centred[:, 1:3].min(), high=12)
    apart = np.abs(centred[:, 3:]).max(axis=1)
    claim("centred nets out of step by a step or more, of 5", np.sum(apart >= 1), low=3)
    assert abs(centred[2, 0]) < 0.05 and np.abs(centred[2, 3:]).max() > 2
    for name in ("ridge, 0", "LSTM centred + skip, 0"):
        assert np.abs(found[name][-2:]).max() <= 0.3
    (_, level, clock), (_, plain_level, plain_clock) = (
        rows("share", EXTRA)[n] for n in ("LSTM centred", "LSTM")
    )
    claim("centred nets, clock over level, of the late error", clock / level, low=1.3)
    claim("plain nets, level over clock, of the late error", plain_level / plain_clock, low=1.5)


def test_the_control_is_as_good():
    found = rows("paired", EXTRA)
    own = found["centred, ten more epochs on its own forecasts"]
    assert own[0] == 4 and own[2] <= 3
    assert found["centred + skip, no noise"][0] == found["centred + skip, no noise"][2] == 5
