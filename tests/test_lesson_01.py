"""What lesson 01 says, it also shows; what it says of leaks holds for fresh draws of the noise."""

import numpy as np
import pytest

from lessons import explorers
from lessons.baselines import NearestNeighbours, Ridge
from lessons.scores import mse
from lessons.series import trend_and_seasons
from lessons.windows import make_windows, scaled_windows, split_by_time

LESSON = "01_windows_and_leakage"
FRESH = range(100, 108)  # seeds of the series


def flattery(model, seed, window):
    """The error by time over the error after a shuffle, on a fresh *trend and seasons*."""
    data = scaled_windows(trend_and_seasons(seed=seed)[1], window, 630)
    X, y = np.concatenate([data.X_train, data.X_test]), np.concatenate([data.y_train, data.y_test])
    rows, k = np.random.default_rng(seed).permutation(len(X)), len(data.X_train)
    by_time = mse(data.y_test, model.fit(data.X_train, data.y_train).predict(data.X_test))
    shuffled = mse(y[rows[k:]], model.fit(X[rows[:k]], y[rows[:k]]).predict(X[rows[k:]]))
    return by_time / shuffled


def test_the_two_reports(lesson):
    shown = lesson.text("split-scores")
    assert "nearest neighbour: honest 0.3842, leaked 0.1177, 3.3×" in shown
    assert "ridge: honest 0.03834, leaked 0.04088, no effect" in shown
    assert "last value: honest 0.09401" in shown


def test_a_shuffle_flatters_whoever_can_use_it(claim):
    neighbour = [flattery(NearestNeighbours(), seed, 60) for seed in FRESH]
    claim("shuffle, nearest neighbour flattered, least of 8 draws", min(neighbour), low=2)
    for window, low, high in ((60, None, 1.2), (20, 1.25, None)):
        times = np.mean([flattery(Ridge(), seed, window) for seed in FRESH])
        claim(f"shuffle, ridge at {window} steps flattered", times, low, high)


def test_refitting_before_every_forecast_is_about_as_good_as_the_shuffle(lesson):
    _, y = trend_and_seasons()
    X, targets, _ = make_windows(y, 60)
    refitted = [NearestNeighbours().fit(X[:i], targets[:i]).predict(X[i : i + 1])[0] for i in range(570, 840)]
    assert mse(targets[570:], np.array(refitted)) == pytest.approx(0.12, abs=0.02)


def test_shuffled_blocks_flatter_too():
    _, y = trend_and_seasons()
    X, targets, _ = make_windows(y, 60)
    errors = []
    for seed in range(5):
        blocks = np.random.default_rng(seed).permutation(14)
        rows = (60 * blocks[:, None] + np.arange(60)).ravel()
        model = NearestNeighbours().fit(X[rows[:600]], targets[rows[:600]])
        errors.append(mse(targets[rows[600:]], model.predict(X[rows[600:]])))
    assert np.mean(errors) < 0.15


def test_scaling_with_the_future_is_a_unit_illusion(lesson):
    train, whole = (lesson.numbers("scale-measure", row) for row in ("the train part", "the whole series"))
    assert whole[0] < 0.9 * train[0] and whole[1] == train[1]


def test_smoothing_with_the_future_beats_what_is_possible(claim):
    errors = {}
    for seed in FRESH:
        noise = np.random.default_rng(seed).normal(size=1000)
        _, y, target_index = make_windows(noise, 20)
        train, test = split_by_time(target_index, 0.8)
        kernel = np.ones(3) / 3
        inputs = {"centred": np.convolve(noise, kernel, mode="same"), "trailing": np.convolve(noise, kernel)}
        for name, smooth in inputs.items():
            X, _, _ = make_windows(smooth[:1000], 20)
            errors.setdefault(name, []).append(mse(y[test], Ridge().fit(X[train], y[train]).predict(X[test])))
    claim("pure noise from centred means, largest MSE of 8 draws", max(errors["centred"]), high=0.15)
    claim("pure noise from trailing means, least MSE of 8 draws", min(errors["trailing"]), low=0.75)


def test_the_detector_finds_what_looks_ahead(lesson):
    moved = {
        name: lesson.numbers("smooth-detector", name)[-1] for name in ("centred mean of 3", "whole series")
    }
    assert moved == {"centred mean of 3": 1, "whole series": 500}
    assert lesson.numbers("smooth-detector", "running total") == [0]


def test_overlapping_targets_make_skill_of_nothing(lesson):
    assert lesson.numbers("overlap-measure", "random") == [0.75]
    assert lesson.numbers("overlap-measure", "by time")[0] < -0.5


def test_the_planted_mistakes_are_the_ones_the_audit_names(lesson):
    shown = lesson.text("mistake-audit")
    assert "shuffled split" in shown and "smoothed with the future" in shown
    assert not any(name in shown for name in ("fitted", "overlapping", "own window"))
    assert "no leak found" in lesson.text("mistake-mended")


def test_the_smoothing_did_the_harm(lesson):
    impossible, naive, floor = lesson.numbers("mistake")
    believable, *_ = lesson.numbers("mistake-mended", "ridge ")
    assert impossible < 0.1 * floor < floor < believable < 0.5 * naive
    _, y = trend_and_seasons()
    X, _, target_index = make_windows(np.convolve(y, np.ones(5) / 5, mode="same"), 60)
    train, test = split_by_time(target_index, 630)
    y = y[target_index, None]
    assert mse(y[test], Ridge().fit(X[train], y[train]).predict(X[test])) < 0.1 * floor


def test_what_the_leak_explorer_shows_of_other_windows_and_series():
    leak = explorers.leak()
    assert "flattered 1.5×" in leak.set(window=20).readout.finding  # ridge
    assert leak.set(series="two waves", noise=0.04, window=16).readout.finding.count("not at all") == 2
    assert "flattered 3.9×" in leak.set(window=60).readout.finding


def test_the_evidence_card(lesson):
    assert "takes away 59% of the naive error" in lesson.text("evidence")
