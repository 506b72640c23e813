"""The explorers of lesson 08, without a browser: what they find is what the package computes."""

import numpy as np
import pytest

from lessons import explorers
from lessons.cleaning import fill_gaps
from lessons.explorers.gap_filling import HIDDEN
from lessons.scores import asymmetric_cost, cheapest_shift
from lessons.series import air_quality

T, Y = air_quality()
TRAIN = T[1:757], Y[1:757, 0]


@pytest.fixture
def gaps():
    return explorers.gap_filling()


def trace(explorer, name):
    return next(trace for trace in explorer.live.figure.data if trace.name == name)


def test_the_list_holds_what_was_found_and_a_hidden_stretch(gaps):
    options = list(gaps.controls["look_at"].options)
    assert options[0] == "gap of 15 from 2019-06-06 17:00:00" and options[-1] == HIDDEN
    assert [option[:9] for option in options].count("exactly 0") == 2
    for option in options:
        for filling in gaps.controls["filling"].options:
            assert filling in gaps.set(look_at=option, filling=filling).readout.finding
            assert gaps.live.alt
        assert {gaps.controls[name].disabled for name in ("steps", "place")} == {option != HIDDEN}


def test_a_hidden_stretch_is_filled_without_its_truth(gaps):
    gaps.set(look_at=HIDDEN, filling="usual so far", steps=5, place=60)
    filled = np.asarray(trace(gaps, "filled").y, dtype=float)
    truth = np.asarray(trace(gaps, "hidden or fault").y, dtype=float)
    places = np.flatnonzero(np.isfinite(filled))
    assert len(places) == 5 and np.isfinite(truth[places]).all()
    error = np.mean((filled[places] - truth[places]) ** 2)
    assert f"<strong>{error:.4g}</strong>;" in gaps.readout.finding
    assert np.asarray(trace(gaps, "filled").x)[places].tolist() == [0, 1, 2, 3, 4]
    day = gaps.readout.finding.split(" from ")[1].split(": ")[0].replace(" ", "T")
    start = int(np.flatnonzero(TRAIN[0] == np.datetime64(day))[0])
    hidden = np.where(TRAIN[1] == 0, np.nan, TRAIN[1])
    hidden[start : start + 5] = np.nan
    expected = fill_gaps(hidden, "seasonal mean", 24)[0][start : start + 5]
    np.testing.assert_allclose(filled[places], expected, rtol=1e-5)


@pytest.mark.parametrize("season_length", [1, 7])
def test_a_series_without_gaps_or_season_has_its_hidden_stretch(season_length):
    y = np.random.default_rng(0).normal(size=200).cumsum()
    explorer = explorers.gap_filling(np.arange(200), y, season_length)
    assert list(explorer.controls["look_at"].options) == [HIDDEN]
    explorer.set(steps=explorer.controls["steps"].max, place=100)
    assert "hidden" in explorer.readout.finding


def price():
    rng = np.random.default_rng(1)
    y = 30 + 8 * rng.normal(size=400)
    forecasts = {"AR": 30 + 0.5 * (y - 30) + 3 * rng.normal(size=400), "last value": np.roll(y, 1)}
    past = y[:250], {name: p[:250] for name, p in forecasts.items()}
    return past, (np.arange(150), y[250:], {name: p[250:] for name, p in forecasts.items()})


def test_prices_are_those_of_the_package():
    past, test = price()
    explorer = explorers.error_price(past, test, unit="g")
    shift = explorer.controls["shift"].step * 7
    explorer.set(model="AR", price=4.0, shift=shift)
    now = asymmetric_cost(test[1], test[2]["AR"] + shift, 4, 1)
    assert f"<strong>{now:.3g}</strong>" in explorer.readout.finding
    learnt = cheapest_shift(past[0], past[1]["AR"], 4, 1)
    assert f"past asks for <strong>{learnt:+.3g}</strong>" in explorer.readout.finding
    curve = np.asarray(trace(explorer, "cost, past").y)
    assert np.min(curve) == pytest.approx(asymmetric_cost(past[0], past[1]["AR"] + learnt, 4, 1), rel=0.01)
    shifted, plain = (np.asarray(trace(explorer, name).y, dtype=float) for name in ("shifted", "forecast"))
    np.testing.assert_allclose(shifted - plain, shift, atol=1e-3)


def test_the_dearer_too_low_the_more_to_add():
    explorer = explorers.error_price(*price())
    asked = [
        float(np.asarray(trace(explorer.set(price=price), "learnt on the past").x)[0])
        for price in (0.25, 1, 4, 9)
    ]
    assert asked == sorted(asked) and asked[0] < 0 < asked[-1]
    axis = explorer.set(shift=0).live.figure.layout.yaxis.range
    assert explorer.set(shift=explorer.controls["shift"].max).live.figure.layout.yaxis.range == axis
