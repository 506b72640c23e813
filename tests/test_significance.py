"""The Diebold-Mariano test, beside two other implementations, and the errors it makes."""

import numpy as np
import pytest
from scipy import stats

from lessons.significance import diebold_mariano, mean_variance


@pytest.fixture
def errors():
    return np.random.default_rng(0).normal(size=(2, 60))


@pytest.mark.parametrize(("horizon", "lags"), [(1, None), (1, 0), (3, 2), (4, None), (6, 10)])
@pytest.mark.parametrize(("loss", "criterion"), [("squared", "mse"), ("absolute", "mae")])
def test_agrees_with_statsmodels(errors, horizon, lags, loss, criterion):
    stattools = pytest.importorskip("statsmodels.tsa.stattools")
    if not hasattr(stattools, "diebold_mariano_test"):
        pytest.skip("this statsmodels has no Diebold-Mariano test")
    a, b = errors
    ours = diebold_mariano(a, b, horizon, loss=loss, lags=lags)
    theirs = stattools.diebold_mariano_test(
        np.zeros(60), a, b, lags=lags, criterion=criterion, harvey_adj=True, horizon=horizon
    )
    assert ours.statistic == pytest.approx(theirs.statistic, rel=1e-12)
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-12)


def test_without_lags_it_is_the_paired_t_test(errors):
    a, b = errors
    found = diebold_mariano(a, b, lags=0)
    theirs = stats.ttest_rel(a**2, b**2)
    assert (found.statistic, found.p_value) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-12)
    assert found.interval == pytest.approx(tuple(theirs.confidence_interval()), rel=1e-12)


def test_signs_losses_and_columns(errors):
    a, b = errors
    found, turned = diebold_mariano(a, 3 * b), diebold_mariano(3 * b, a)
    assert found.difference < 0 and found.statistic == -turned.statistic and found.p_value == turned.p_value
    assert "A has the smaller loss" in repr(found) and "B has the smaller loss" in repr(turned)
    assert "no difference shown" in repr(diebold_mariano(a, b))
    same = diebold_mariano(a**2, 9 * b**2, loss=lambda losses: losses)  # losses instead of errors
    assert same.statistic == pytest.approx(found.statistic)
    both = diebold_mariano(np.stack([a, b], 1), np.stack([b, 2 * a], 1), 2)
    by_hand = diebold_mariano((a**2 + b**2) / 2, (b**2 + 4 * a**2) / 2, 2, loss=lambda losses: losses)
    assert both.interval == pytest.approx(by_hand.interval) and both.p_value == pytest.approx(by_hand.p_value)


def test_mean_variance_of_independent_values_is_that_of_textbooks():
    d = np.random.default_rng(1).normal(size=50)
    assert mean_variance(d, 0) == pytest.approx(np.var(d) / 50)


def autocorrelated_errors(rng, n, phi):
    shocks = rng.normal(size=(2, n + 50))
    errors = np.zeros_like(shocks)
    for i in range(1, n + 50):
        errors[:, i] = phi * errors[:, i - 1] + shocks[:, i]
    return errors[:, 50:]


def test_overlooking_autocorrelation_finds_differences_where_there_are_none():
    rng, n_draws = np.random.default_rng(0), 300
    draws = [autocorrelated_errors(rng, 250, 0.8) for _ in range(n_draws)]

    def found_at_5_percent(**how):
        return np.mean([diebold_mariano(a, b, loss="absolute", **how).p_value < 0.05 for a, b in draws])

    assert found_at_5_percent(lags=0) > 0.25
    assert found_at_5_percent() < 0.15
    independent = [rng.normal(size=(2, 250)) for _ in range(n_draws)]
    assert np.mean([diebold_mariano(a, b).p_value < 0.05 for a, b in independent]) < 0.1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, b: (a, b[:-1]), r"must both have shape .* got \(60,\) and \(59,\)"),
        (lambda a, b: (a[:5], b[:5]), "needs 8 errors at least, got 5"),
        (lambda a, b: (np.where(a > 1, np.nan, a), b), "hold NaN or infinite values"),
        (lambda a, b: (a, -a), "differ by the same amount everywhere"),
    ],
)
def test_bad_errors_are_refused(errors, change, message):
    with pytest.raises(ValueError, match=message):
        diebold_mariano(*change(*errors))


def test_bad_settings_are_refused(errors):
    for how, message in (
        ({"horizon": 30}, "horizon must be between 1 and 29 for 60 errors, got 30"),
        ({"lags": 60}, "lags must be between 0 and 59"),
        ({"loss": "cubed"}, "loss must be"),
        ({"loss": np.sum}, "loss must return one cost an error"),
    ):
        with pytest.raises(ValueError, match=message):
            diebold_mariano(*errors, **how)
