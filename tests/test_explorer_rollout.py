"""The rollout explorer, driven without a browser."""

import importlib

import numpy as np
import pytest

from lessons import explorers
from lessons.rollout import crossing
from lessons.series import trend_and_seasons

module = importlib.import_module("lessons.explorers.rollout")  # the name in the package is the function


@pytest.fixture(scope="module")
def explorer():
    return explorers.rollout_steps()


@pytest.fixture(autouse=True)
def back(explorer):
    explorer.set(model="LSTM", origin=650, horizon=120, noise=0)


def trace(explorer, name):
    return next(trace for trace in explorer.live.figure.data if trace.name == name)


def test_a_move_shows_that_rollout(explorer):
    _, y = trend_and_seasons()
    for origin, horizon in ((630, 5), (655, 60), (700, 200)):
        explorer.set(origin=origin, horizon=horizon)
        paths = module.rolled_out("LSTM", 0)[:, origin - 630, :horizon]
        np.testing.assert_array_equal(trace(explorer, "rollout").x, np.arange(origin, origin + horizon))
        np.testing.assert_allclose(trace(explorer, "rollout").y, np.median(paths, axis=0))
        np.testing.assert_allclose(trace(explorer, "fan, lowest").y, paths.min(axis=0))
        np.testing.assert_allclose(trace(explorer, "fan, highest").y, paths.max(axis=0))
        np.testing.assert_array_equal(trace(explorer, "truth").y, y[origin - 80 : origin + horizon])
        np.testing.assert_array_equal(trace(explorer, "window").y, y[origin - 60 : origin])
        season = y[origin - 50 + np.arange(horizon) % 50]
        np.testing.assert_allclose(trace(explorer, "seasonal naive").y, season)
        assert trace(explorer, "origin").x == (origin, origin)
        assert trace(explorer, "horizon").x == (horizon, horizon)


def test_the_curves_are_those_of_all_origins(explorer):
    for model in module.MODELS:
        explorer.set(model=model)
        errors = module.errors(model, 0)
        np.testing.assert_allclose(trace(explorer, "error").y, errors.mse)
        np.testing.assert_allclose(trace(explorer, "spread, highest").y, errors.by_seed.max(axis=0))
        assert trace(explorer, "rollout").line.color == trace(explorer, "error").line.color


def test_crossings_are_marked_and_told(explorer):
    steps = {name: crossing(module.errors("LSTM", 0), module.errors(name, 0)) for name in module.BASELINES}
    assert steps["seasonal naive"] == 3 and steps["train mean"] is None
    marked = sorted(step for step in steps.values() if step)
    np.testing.assert_array_equal(trace(explorer, "worse for good").x, marked)
    assert "seasonal naive from step <strong>3</strong>" in explorer.readout.finding
    assert "never worse for good than train mean" in explorer.readout.finding
    explorer.set(model="LSTM centred")
    assert len(trace(explorer, "worse for good").x) == 0
    assert "seasonal naive, trend line, last value or train mean" in explorer.readout.finding


def test_the_finding_is_measured(explorer):
    paths, y_true = module.rolled_out("LSTM", 0)[:, 20, :120], module._task()[2][20, :120]
    mses = np.mean((paths - y_true) ** 2, axis=1)
    assert f"<strong>{mses.mean():.3f}</strong>" in explorer.readout.finding
    assert f"its 5 seeds {mses.min():.3f} to {mses.max():.3f}" in explorer.readout.finding
    assert "5 seeds" not in explorer.set(model="ridge").readout.finding


def test_noise_is_on_the_window_and_not_on_the_truth(explorer):
    _, y = trend_and_seasons()
    explorer.set(noise=2)
    noise = trace(explorer, "window").y - y[590:650]
    assert np.std(noise) == pytest.approx(0.36, rel=0.3)
    np.testing.assert_array_equal(trace(explorer, "truth").y, y[570:770])
    np.testing.assert_allclose(trace(explorer, "seasonal naive").y[:50], (y[590:650] + noise)[10:])
    assert "a window with noise 0.36 on it" in explorer.readout.finding
    assert explorer.set(noise=0).readout.finding.startswith("From origin 650: ")


def test_noise_costs_at_first_and_is_forgotten():
    for model in ("LSTM centred + skip", "ridge"):
        quiet, noisy = (module.errors(model, noise).mse for noise in (0, 3))
        assert noisy[:3].mean() > 1.5 * quiet[:3].mean()
        assert noisy[-50:].mean() < noisy[:3].mean()


def test_the_same_controls_give_the_same_picture(explorer):
    explorer.set(model="LSTM centred", origin=640, noise=1)
    first = explorer.live.figure.to_json(), explorer.readout.finding
    explorer.set(model="ridge", origin=690, horizon=20, noise=3)
    explorer.set(model="LSTM centred", origin=640, horizon=120, noise=1)
    assert (explorer.live.figure.to_json(), explorer.readout.finding) == first


def test_alt_text_and_title_tell_the_finding(explorer):
    title = explorer.live.figure.layout.title.text
    assert title == "LSTM, 120 steps from 650: over all origins, worse than the seasonal naive from step 3 on"
    assert explorer.live.alt.startswith("Two line charts") and title in explorer.live.alt
    assert "MSE over 120 steps" in explorer.live.alt and "<strong>" not in explorer.live.alt


def test_everything_drawn_lies_in_the_picture():
    low, high = module.SHOWN
    for model in module.MODELS:
        for noise in module.NOISE:
            paths = np.median(module.rolled_out(model, noise), axis=0)
            assert np.mean((paths > low) & (paths < high)) > 0.999, (model, noise)
            assert module.errors(model, noise).mse.max() < module.ERRORS[1]
            assert module.errors(model, noise).mse.min() > module.ERRORS[0]


def test_controls_take_start_values_and_refuse_others():
    explorer = explorers.rollout_steps(model="ridge", origin=700)
    assert explorer.values == {"model": "ridge", "origin": 700, "horizon": 120, "noise": 0}
    assert explorer._initial == explorer.values
    with pytest.raises(ValueError, match="origin must be between 630 and 700, got 710"):
        explorer.set(origin=710)
    with pytest.raises(ValueError, match=r"model must be one of 'LSTM', .*got 'GRU'"):
        explorer.set(model="GRU")
    with pytest.raises(ValueError, match="no control 'window'"):
        explorers.rollout_steps(window=3)


def test_rollouts_survive_being_written(tmp_path):
    rollouts = {"LSTM": [np.random.default_rng(0).normal(size=(2, 3, 4)) for _ in range(2)]}
    module.save_rollouts(rollouts, tmp_path / "some.npz")
    with np.load(tmp_path / "some.npz") as file:
        back = file["LSTM"] * float(file["LSTM, unit"])
    np.testing.assert_allclose(back, rollouts["LSTM"], atol=np.abs(rollouts["LSTM"]).max() / 7_000)
