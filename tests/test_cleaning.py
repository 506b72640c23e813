"""Gaps, fillings and outliers: found, and mended without a look ahead."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lessons.cleaning import (
    faults,
    fill_gaps,
    hide_and_fill,
    level_change,
    outliers,
    runs,
    targets_observed,
    together,
    trouble,
)
from lessons.cleaning.filling import METHODS
from lessons.series import air_quality, sea_temperature, two_waves
from lessons.windows import make_windows

NAN = np.nan
WITH_GAPS = arrays(float, (40, 2), elements=st.one_of(st.just(NAN), st.floats(-1e3, 1e3)))


def season(method):
    return {} if method == "last" else {"season_length": 5}


def test_runs_of_the_real_series():
    starts, lengths = runs(np.isnan(air_quality()[1][:, 1]))
    assert lengths.sum() == 112 and lengths.max() == 86
    assert str(air_quality()[0][starts[lengths.argmax()]]) == "2019-06-17T13"
    np.testing.assert_array_equal(runs(np.array([True, False, True, True])), [[0, 2], [1, 2]])


def test_fillings_by_hand():
    y = [NAN, 1, 2, 3, 4, NAN, 6, NAN, NAN, NAN]
    assert_filled(y, {"method": "last"}, [NAN, 1, 2, 3, 4, 4, 6, 6, 6, 6])
    assert_filled(y, {"method": "seasonal", "season_length": 3}, [NAN, 1, 2, 3, 4, 2, 6, 4, 2, 6])
    # phases of a season of 3: {3, 6}, {1, 4}, {2}; without any, the value just before, filled or not
    assert_filled(y, {"method": "seasonal mean", "season_length": 3}, [NAN, 1, 2, 3, 4, 2, 6, 2.5, 2, 4.5])
    assert_filled([1, NAN, 3], {"method": "seasonal", "season_length": 2}, [1, 1, 3])  # no season before
    early = [1, 2, NAN, 4, 5, 6, NAN, NAN, 9, 10]
    assert_filled(early, {"method": "seasonal mean", "season_length": 5}, [1, 2, 2, 4, 5, 6, 2, 2, 9, 10])
    assert_filled(early, {"method": "seasonal", "season_length": 5}, [1, 2, 2, 4, 5, 6, 2, 2, 9, 10])


def assert_filled(y, how, expected):
    filled, was_filled = fill_gaps(y, **how)
    np.testing.assert_array_equal(filled, expected)
    np.testing.assert_array_equal(was_filled, np.isnan(y))


@given(WITH_GAPS, WITH_GAPS, st.integers(1, 39))
def test_no_filling_depends_on_the_future(y, other, now):
    changed = np.concatenate([y[:now], other[now:]])
    for method in METHODS:
        before = fill_gaps(y, method, **season(method))[0][:now]
        np.testing.assert_array_equal(before, fill_gaps(changed, method, **season(method))[0][:now])


@given(WITH_GAPS)
def test_measured_values_stay_and_all_but_the_start_is_filled(y):
    for method in METHODS:
        filled, was_filled = fill_gaps(y, method, **season(method))
        np.testing.assert_array_equal(filled[~was_filled], y[~was_filled])
        measured_by_then = np.maximum.accumulate(~was_filled, axis=0)
        np.testing.assert_array_equal(np.isnan(filled), ~measured_by_then)
        assert not np.shares_memory(filled, y)


def test_bad_fillings_are_refused():
    with pytest.raises(ValueError, match=r"method must be one of 'last', 'seasonal', .* got 'linear'"):
        fill_gaps([1, NAN], "linear")
    with pytest.raises(ValueError, match="'seasonal' needs season_length, got None"):
        fill_gaps([1, NAN], "seasonal")
    with pytest.raises(ValueError, match="'last' takes no season_length, got 24"):
        fill_gaps([1, NAN], season_length=24)
    with pytest.raises(ValueError, match="season_length must be a whole number of at least 1, got 0"):
        fill_gaps([1, NAN], "seasonal", 0)


@given(arrays(float, 60, elements=st.floats(-10, 10)), st.integers(20, 59))
def test_no_outlier_depends_on_the_future(y, now):
    changed = np.concatenate([y[:now], 100 + y[now:]])
    np.testing.assert_array_equal(outliers(y, 12)[:now], outliers(changed, 12)[:now])


def test_outliers_agree_with_their_definition():
    y = np.random.default_rng(0).standard_t(2, size=300)
    y[::17] = NAN
    expected = np.zeros(300, bool)
    for i in range(24, 300):
        past = y[i - 24 : i][~np.isnan(y[i - 24 : i])]
        mad = np.median(np.abs(past - np.median(past)))
        expected[i] = np.abs(y[i] - np.median(past)) > 4 * 1.4826 * mad
    assert 5 < expected.sum() < 100
    np.testing.assert_array_equal(outliers(y, 24), expected)
    np.testing.assert_array_equal(outliers(np.stack([y, y], 1), 24)[:, 1], expected)


def test_outliers_where_most_values_are_the_same_or_missing():
    y = np.array([5.0] * 20 + [9.0])
    assert not outliers(y, 10).any()  # nothing ever varied: nothing to judge by
    y[5] = 6.0
    y[12] = 6.0
    assert outliers(y, 20).nonzero()[0].tolist() == [20]  # the MAD is 0
    y[:14] = NAN
    assert not outliers(y, 20).any()  # less than half measured
    with pytest.raises(ValueError, match="window must be a whole number of at least 3, got 2"):
        outliers(y, 2)


def test_hidden_stretches_tell_how_far_off_a_filling_is():
    y = np.tile([0.0, 1.0, 5.0], 30)
    y[40] = NAN
    fillings = {"last": lambda y: fill_gaps(y)[0], "usual": lambda y: fill_gaps(y, "seasonal mean", 3)[0]}
    climbing = hide_and_fill(y + np.arange(90), fillings, [1, 2], begin=6)
    assert climbing.overall("last") < climbing.overall("usual")  # which lies a climb behind
    found = hide_and_fill(y, fillings, [1, 2, 200], begin=6)
    assert found.mse["usual"][:2] == pytest.approx([0, 0])
    assert found.mse["last"][0] == pytest.approx((1 + 16 + 25) / 3, rel=0.1)
    assert np.isnan(found.mse["last"][2])
    assert found.weights.tolist() == [1, 0, 0]  # the one gap of this series is of one step
    assert found.overall("usual") == pytest.approx(0) and "gap of 200" in repr(found)


def test_targets_observed():
    was_filled = np.zeros(12, bool)
    was_filled[[3, 8]] = True
    _, _, target_index = make_windows(np.arange(12.0), 2)
    np.testing.assert_array_equal(
        target_index[targets_observed(was_filled, target_index)], [2, 4, 5, 6, 7, 9, 10, 11]
    )
    _, _, target_index = make_windows(np.arange(12.0), 2, 3)
    np.testing.assert_array_equal(
        target_index[targets_observed(was_filled[:, None], target_index, 3)], [4, 5, 9]
    )
    with pytest.raises(ValueError, match="targets lie at series indices 2 to 12, but was_filled has 12"):
        targets_observed(was_filled, target_index, 4)
    with pytest.raises(TypeError, match="was_filled must be boolean"):
        targets_observed(was_filled.astype(int), target_index)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y: y[:20], "20 values are few for windows of 24 and a horizon of 1: .* need 75"),
        (lambda y: np.full(100, 3.0), "feature 0 is 3 all the time"),
        (lambda y: np.full(100, NAN), "feature 0 has no values at all"),
        (lambda y: with_values(y, slice(5, 9), NAN), r"misses 4 of 400 .*1.0%.* in 1 gap, .* of 4 from 5"),
        (lambda y: with_values(y, 30, np.inf), "holds infinite values"),
        (lambda y: with_values(y, slice(40, 50), y[40]), "stays at .* for 10 steps from 40 on: a stuck"),
        (lambda y: with_values(y, 130, 0), r"drops to exactly 0 from far above 1 time \(130\)"),
        (lambda y: with_values(y, [130, 200], -999), r"is -999 2 times \(130, 200\), far from all else"),
        (lambda y: with_values(y, 130, -99.9), "is -99.9 1 time"),
        (lambda y: with_values(y, [130, 200, 300], 77), "is 77 3 times"),
        (lambda y: with_values(y, 130, 10 * y[130]), r"ten or a hundred times too large .* 1 time \(130\)"),
        (lambda y: with_values(y, 130, y[130] / 10), "decimal point astray"),
        (lambda y: with_values(y, 130, 19), r"jumps far away and back at once 1 time \(130\)"),
        (lambda y: y + np.arange(400) / 400, "climbs: its last fifth lies .* standard deviations from"),
        (lambda y: np.repeat(y, 2), "repeats the value before it 50% of the time"),
    ],
)
def test_trouble_of_every_kind_is_said(change, message):
    y = 10 + np.random.default_rng(0).random(400)
    assert trouble(np.arange(400), y, 24) == []
    changed = change(y)
    said = trouble(np.arange(len(changed)), changed, 24)
    assert len(said) == 1
    assert re.search(message, said[0])


def with_values(y, where, value):
    changed = y.copy()
    changed[where] = value
    return changed


def test_trouble_of_the_courses_series():
    for t, y in (two_waves(), sea_temperature()):
        assert trouble(t, y, 24) == []
    said = "\n".join(trouble(*air_quality(), 24, names=["paris", "london"]))
    assert "paris drops to exactly 0 from far above 7 times (2019-05-15 11:00:00" in said
    assert "london drops" not in said  # it comes down to 1, 2, 3 as well


@pytest.mark.parametrize("code", [-999, 9999, -99.9])
def test_codes_are_found_in_series_with_and_without_a_trend(code):
    rng = np.random.default_rng(1)
    for level in (1013 + 5 * rng.normal(size=600), 300 + np.arange(600) / 5 + rng.normal(size=600)):
        places = rng.choice(600, 6, replace=False)
        found = faults(with_values(level, places, code), 12)
        np.testing.assert_array_equal(np.flatnonzero(found["code"]), np.sort(places))
        assert not any(found[kind].any() for kind in ("zero", "slip", "jump"))


def test_slips_are_judged_by_the_past_and_a_new_level_is_none():
    y = 50 + 10 * np.sin(np.arange(500) / 12 * np.pi) + np.random.default_rng(2).normal(size=500)
    slipped = with_values(y, [200, 310], 10 * y[[200, 310]])
    assert np.flatnonzero(faults(slipped, 24)["slip"]).tolist() == [200, 310]
    np.testing.assert_array_equal(faults(slipped[:311], 24)["slip"], faults(slipped, 24)["slip"][:311])
    higher = with_values(y, slice(300, 500), 10 * y[300:])
    assert faults(higher, 24)["slip"].sum() <= 1  # the first value of a new level, and no more


def test_a_habit_is_no_fault_nor_is_a_count_of_zero():
    sales = np.random.default_rng(0).poisson(5, size=400).astype(float)
    assert (sales == 0).any() and not faults(sales, 24)["zero"].any()
    y = 200 + np.random.default_rng(3).normal(size=420)
    y[6::7] = 0
    assert not faults(y, 7)["zero"].any()
    assert not any("0" in said for said in trouble(np.arange(420), y, 7))


@pytest.mark.parametrize("make", [lambda rng: rng.normal(size=500), lambda rng: rng.gamma(2, 3, 500)])
def test_honest_series_hold_no_faults(make):
    found = [faults(make(np.random.default_rng(seed)), 12) for seed in range(20)]
    assert sum(kind.sum() for one in found for kind in one.values()) <= 2


def test_level_change():
    y = np.random.default_rng(0).normal(size=500)
    assert abs(level_change(y)) < 0.3
    assert level_change(y + 3 * (np.arange(500) > 300)) == pytest.approx(3, abs=0.4)
    assert level_change(np.ones(50)) == 0 == level_change(np.full(50, NAN))


def test_together_begins_where_all_are_measured():
    y = np.ones((100, 3))
    y[:2, 0] = y[:4, 1] = np.nan
    assert together(y) == (4, [0, 1, 2])
    y[:60, 2] = np.nan  # much too late: it would cost more than half of the series
    assert together(y) == (4, [0, 1])
    y[::2, 0] = y[1::2, 1] = np.nan  # never measured together
    assert together(y) == (3, [0])
    with pytest.raises(ValueError, match="no values in feature 0"):
        together(np.full((5, 2), np.nan))
