"""The Diebold-Mariano test, beside two other implementations."""

import re

import numpy as np
import pytest
from scipy import stats

from lessons.exercises import REGISTRY
from lessons.significance import diebold_mariano, paired_verdict, shift_on_trial, standard_error


@pytest.fixture
def losses():
    return np.random.default_rng(0).normal(size=(2, 60)) ** 2


@pytest.mark.parametrize("lags", [0, 3, 10])
def test_agrees_with_the_formula(losses, lags):
    formula = REGISTRY["08.diebold_mariano"].reference
    assert diebold_mariano(*losses, lags) == pytest.approx(formula(*losses, lags), rel=1e-13)
    d = np.subtract(*losses)
    assert np.mean(d) / standard_error(d) == pytest.approx(formula(*losses, 4), rel=1e-13)


def test_without_lags_it_is_the_paired_t_test_over_n(losses):
    a, b = losses
    theirs = stats.ttest_rel(a, b).statistic * np.sqrt(60 / 59)
    assert diebold_mariano(a, b, lags=0) == pytest.approx(theirs, rel=1e-12)
    assert diebold_mariano(a, b) == diebold_mariano(a, b, lags=4) == pytest.approx(-diebold_mariano(b, a))
    assert diebold_mariano(a, 9 * b) < 0
    assert diebold_mariano(a, a) == diebold_mariano(a, a + 0.1) == 0


def test_more_lags_than_losses_are_refused(losses):
    with pytest.raises(ValueError, match="lags must be between 0 and 59"):
        diebold_mariano(*losses, 60)


def losses_of(means, n=200, spread=1.0):
    rng = np.random.default_rng(0)
    shared = rng.gamma(2, 3, n)
    return {name: shared + mean + spread * rng.normal(size=n) for name, mean in means.items()}


@pytest.mark.parametrize(
    ("chosen", "means", "advised", "said"),
    [
        (
            "AR",
            {"last value": 9, "AR": 1, "LSTM": 1.02},
            "AR",
            r"Use AR\. Beaten by AR \(.*\): last value \(",
        ),
        (
            "ETS",
            {"last value": 5, "ETS": 5, "AR": 2, "RNN": 9},
            "last value",
            r"ETS was chosen on the past, but does not beat the last value \(.*: use the last value\. Beaten "
            r"by last value \(.*\): RNN .* Better than the last value, as seen afterwards: AR \(",
        ),
        ("last value", {"last value": 1, "AR": 9}, "last value", "The past chose the last value: use it"),
    ],
)
def test_the_verdict_does_not_contradict_itself_and_names_sizes(chosen, means, advised, said):
    found, verdict = paired_verdict(chosen, losses_of(means))
    assert found == advised
    assert re.match(said, verdict), verdict
    if "LSTM" in means:
        assert re.search(r"Not told apart from AR \([\d.]+\): LSTM \([\d.]+\)", verdict)


def test_forecasts_that_are_the_same_are_no_win():
    same = np.random.default_rng(0).random(50)
    advised, verdict = paired_verdict("AR", {"last value": same, "AR": same.copy()})
    assert advised == "last value" and "Not told apart from last value" in verdict


def test_a_shift_is_supported_where_later_origins_confirm_it():
    rng, origin = np.random.default_rng(0), np.repeat(np.arange(5), 60)
    y = 30 + 5 * rng.normal(size=300)
    steady = shift_on_trial(y, np.full(300, 30.0), origin, 4, 1)
    assert steady.supported and steady.value == pytest.approx(0.84 * 5, abs=1)
    turning = y + np.where(origin % 2, 8, -8)  # too low, then too high: what was learnt does harm
    moved = shift_on_trial(turning, np.full(300, 30.0), origin, 1, 1)
    assert not moved.supported
    assert not shift_on_trial(y, y, origin, 4, 1).supported  # nothing to save
