"""What lesson 01 says, it also shows."""

import numpy as np
import pytest
from lesson_run import run_lesson

from lessons import explorers
from lessons.baselines import NearestNeighbours, Ridge
from lessons.scores import mse, skill
from lessons.series import trend_and_seasons
from lessons.windows import Standardizer, make_windows, split_by_time


@pytest.fixture(scope="module")
def run():
    return run_lesson("01_windows_and_leakage")


def test_the_two_reports(run):
    shuffled, by_time = run.numbers("split-scores", "nearest neighbour")
    assert shuffled == pytest.approx(0.118, abs=0.002)
    assert by_time == pytest.approx(0.384, abs=0.002)
    naive_shuffled, naive = run.numbers("split-scores", "last value")
    assert naive == pytest.approx(0.094, abs=0.001)
    assert by_time > 4 * naive
    assert abs(naive_shuffled - naive) < 0.01
    ridge_shuffled, ridge = run.numbers("split-scores", "ridge")
    assert abs(ridge_shuffled - ridge) < 0.004
    once, refitted = run.numbers("split-refit", "by time, trained once")
    assert once == by_time
    assert refitted == pytest.approx(0.106, abs=0.001)


def test_matches_are_near_in_time_when_shuffled_and_far_when_not(run):
    shuffled_median, shuffled_most = run.numbers("split-neighbours", "shuffled  ")
    median, most = run.numbers("split-neighbours", "by time")
    assert (shuffled_median, shuffled_most, median, most) == (50, 51, 152, 305)
    one_step, season = run.numbers("split-neighbours", "shuffled: ")
    assert one_step == pytest.approx(33, abs=3)
    assert one_step + season == 100
    climb = 0.0025
    assert 51 * climb == pytest.approx(0.13, abs=0.005)
    assert median * climb == pytest.approx(0.4, abs=0.05)
    assert most * climb == pytest.approx(0.8, abs=0.05)


def test_nearly_half_of_the_shuffled_matches_lie_in_the_future(run):
    X, a, b = (run.names[name] for name in ("X", "train_random", "test_random"))
    ahead = [a[((X[a] - X[i]) ** 2).sum(axis=(1, 2)).argmin()] > i for i in b]
    assert np.mean(ahead) == pytest.approx(0.48, abs=0.02)


def test_one_of_the_two_planted_leaks_did_all_the_harm(run):
    series, prepare = run.names["series"], run.names["prepare"]
    order = np.random.default_rng(3).permutation(840)

    def error_of(X, train, test):
        y = series[60:, None]
        return mse(y[test], Ridge().fit(X[train], y[train]).predict(X[test]))

    smoothed, raw = (make_windows(values, 60)[0] for values in (prepare(series), series))
    assert error_of(smoothed, slice(0, 570), slice(570, None)) == pytest.approx(0.002, abs=5e-4)
    assert error_of(raw, order[:570], order[570:]) == pytest.approx(0.037, abs=5e-4)


def test_half_of_a_memorisers_trouble_is_chance_and_half_is_height():
    """Further exercise 1: the average of 2 random train outcomes has an R² of about -0.8, not -1.37."""
    scores, distinct = [], []
    for seed in range(20):
        walk = np.cumsum(np.random.default_rng(seed).normal(size=1000))
        X, y, _ = make_windows(walk, window=20, horizon=20)
        change = y[:, -1:] - X[:, -1]
        picks = np.random.default_rng(seed).integers(0, 749, size=(193, 2))
        scores.append(skill(mse(change[768:], change[picks].mean(axis=1)), change[768:].var()))
        nearest = [((X[:749] - window) ** 2).sum(axis=(1, 2)).argmin() for window in X[768:]]
        distinct.append(len(set(nearest)))
    assert -1.0 < np.mean(scores) < -0.6
    assert min(distinct) < 10  # of 193


def test_shuffling_blocks_hardly_changes_the_flattery():
    """Further exercise 2: without twins it is still 0.11 ± 0.01."""
    _, series = trend_and_seasons()
    scaler = Standardizer().fit(series[:630])
    X, y, _ = make_windows(scaler.transform(series), window=60)
    block = np.arange(len(X)) // 60
    scores = []
    for seed in range(10):
        test = np.isin(block, np.random.default_rng(seed).permutation(14)[:4])
        y_pred = NearestNeighbours().fit(X[~test], y[~test]).predict(X[test])
        scores.append(mse(y[test], y_pred) * scaler.std.item() ** 2)
    assert np.mean(scores) == pytest.approx(0.11, abs=0.005)
    assert np.std(scores, ddof=1) < 0.01


def test_an_unscaled_useless_feature_costs_fiftyfold(run):
    alone, unscaled, scaled, naive = (
        run.numbers("scale-why", line)[0]
        for line in ("waves alone", "with pressure, unscaled", "with pressure, scaled", "last value")
    )
    assert unscaled > 50 * alone
    assert alone < scaled < unscaled / 9
    assert naive < alone


def test_scaling_with_the_future_is_a_unit_illusion(run):
    honest_scaled, honest = run.numbers("scale-measure", "train only")
    leaked_scaled, leaked = run.numbers("scale-measure", "whole series")
    assert honest == pytest.approx(leaked, rel=1e-3)
    # the scaled error looks 13 % smaller for a linear model
    assert 1 - leaked_scaled / honest_scaled == pytest.approx(0.13, abs=0.01)


def test_smoothing_with_the_future_beats_what_is_possible(run):
    raw, trailing, centred = (
        run.numbers("smooth-measure", f"ridge on {name}")[0] for name in ("raw", "trailing", "centred")
    )
    (zero,) = run.numbers("smooth-measure", "say 0")
    assert zero == pytest.approx(0.96, abs=0.005)
    assert raw == pytest.approx(zero, abs=0.02)
    assert trailing == pytest.approx(zero, abs=0.02)
    assert centred == pytest.approx(0.08, abs=0.005)


def test_the_detector_finds_what_looks_ahead(run):
    preparations = (
        "trailing mean of 3",
        "centred mean of 3",
        "running total",
        "scaled with the whole series",
    )
    assert [run.numbers("smooth-detector", name)[-1] for name in preparations] == [0, 1, 0, 500]


def test_overlapping_targets_make_skill_of_nothing(run):
    leaked, leaked_sd = run.numbers("overlap-measure", "random split")
    honest, honest_sd = run.numbers("overlap-measure", "split by time")
    no_change, _ = run.numbers("overlap-measure", "no change")
    purged, _ = run.numbers("purge-apply", "split by time, purged")
    median, most, second = run.numbers("purge-apply", "R² lost")
    assert honest < no_change
    assert purged == pytest.approx(-1.37, abs=0.05)
    assert median == pytest.approx(0.02, abs=0.005)
    assert most > 5 and second < 0.6  # one walk makes the mean
    assert leaked == pytest.approx(0.75, abs=0.02)
    assert leaked_sd < 0.15
    assert honest == pytest.approx(-1.05, abs=0.05)
    assert "19 of 768 train windows are purged" in run.printed["purge-apply"]


def test_more_neighbours_average_more_of_the_chance_away():
    """Further exercise 1: purged R² rises from -1.37 with 2 neighbours to -0.74 with 20."""

    def purged_r2(k):
        scores = []
        for seed in range(20):
            walk = np.cumsum(np.random.default_rng(seed).normal(size=1000))
            X, y, _ = make_windows(walk, window=20, horizon=20)
            change = y[:, -1:] - X[:, -1]
            y_pred = NearestNeighbours(k).fit(X[:749], change[:749]).predict(X[768:])
            scores.append(skill(mse(change[768:], y_pred), change[768:].var()))
        return np.mean(scores)

    assert purged_r2(2) == pytest.approx(-1.37, abs=0.02)
    assert purged_r2(20) == pytest.approx(-0.74, abs=0.02)


def test_the_planted_mistakes_are_the_ones_the_audit_names(run):
    assert set(run.shown["mistake-audit"].names) == {"shuffled split", "smoothed with the future"}
    leaked, naive, floor = run.numbers("mistake")
    assert leaked < floor < naive


def test_the_mended_pipeline_is_clean_and_believable(run):
    assert run.shown["mistake-mended"].clean
    honest, naive, floor = run.numbers("mistake-mended")
    assert floor < honest < naive


def test_the_evidence_card(run):
    assert "takes away 59% of the naive error" in run.shown["evidence"]["verdict"]


def test_windows_are_a_view_and_count_as_the_prose_says(run):
    assert "True" in run.printed["windows-package"]
    assert "(204, 16, 1)" in run.printed["windows-mine"]
    train, test = split_by_time(np.arange(60, 900), at=630)
    assert (train.stop, len(range(*test.indices(840)))) == (570, 270)


def test_what_the_explorer_shows_of_other_windows_and_series():
    explorer = explorers.leak()

    def error(model, **values):
        explorer.set(**values)
        bars = explorer.errors.figure.data[0]
        return dict(zip(bars.y, bars.x, strict=True))[model]

    def flattery(**values):
        by_time, shuffled = (error("nearest neighbour", split=s, **values) for s in ("by time", "random"))
        return by_time / shuffled

    trend = {"series": "trend and seasons"}
    most = flattery(window=30, **trend)
    assert 6 < most < 7.5
    assert all(flattery(window=w, **trend) <= most for w in range(2, 65, 2))
    assert flattery(series="two waves", window=16, noise=0.04) == pytest.approx(1, abs=0.1)
    assert flattery(series="two waves", window=60, noise=0.04) == pytest.approx(3.9, abs=0.3)
    by_time = {"split": "by time", "noise": 0.18, **trend}
    assert error("ridge", window=60, **by_time) == pytest.approx(0.04, abs=0.005)
    assert error("ridge", window=2, **by_time) == pytest.approx(0.09, abs=0.005)
    short = [error("nearest neighbour", window=w, **by_time) for w in range(2, 65)]
    assert all(e == pytest.approx(0.18, abs=0.01) for e in short[:4])
    assert min(short) in short[:4]
    assert error("nearest neighbour", window=32, **by_time) == pytest.approx(0.64, abs=0.005)
