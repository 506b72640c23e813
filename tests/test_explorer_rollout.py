"""The explorers of lesson 07, driven without a browser."""

import numpy as np
import pytest

from lessons import explorers
from lessons.explorers.base import plain
from lessons.explorers.rollout_steps import MODELS, NOISE, VALUES, errors, noisy, rolled_out
from lessons.records import trained_nets
from lessons.series import trend_and_seasons


@pytest.fixture(scope="module")
def explorer():
    return explorers.rollout_steps()


@pytest.fixture(autouse=True)
def back(explorer):
    explorer.set(**explorer._initial)


def trace(explorer, name):
    return next(trace for trace in explorer.live.figure.data if trace.name == name)


@pytest.mark.parametrize("step", [1, 2, 10, 60, 61, 200])
def test_a_step_moves_the_window_on(explorer, step):
    y = trend_and_seasons()[1]
    explorer.set(step=step, origin=655)
    path = rolled_out("LSTM", 0)[0, 25]
    history = np.concatenate([y[595:655], path])
    there = [trace(explorer, name) for name in ("true in it", "forecasts in it")]
    np.testing.assert_allclose(np.concatenate([t.y for t in there]), history[step - 1 : step + 59])
    assert len(there[0].y) == max(61 - step, 0)
    assert len(trace(explorer, "window").x) == len(there[0].y)
    np.testing.assert_allclose(trace(explorer, "new").y, path[step - 1])
    if step > 1:
        np.testing.assert_allclose(trace(explorer, "pushed out").y, history[step - 2])
    np.testing.assert_allclose(trace(explorer, "forecasts").y, path[:step])
    np.testing.assert_allclose(trace(explorer, "error").y, errors("LSTM", 0).mse[:step])
    assert f"Forecast {step} is made of" in explorer.live.figure.layout.title.text
    assert f"Step {step} from 655" in explorer.live.alt


def test_buttons_make_one_forecast_more(explorer):
    button = next(w for w in explorer.children[0].children if getattr(w, "description", "") == "Step")
    button.click()
    assert explorer.values["step"] == 2 and "Step 2 from" in explorer.readout.finding
    explorer.set(step=200)
    button.click()
    assert explorer.values["step"] == 200


def test_the_finding_is_measured(explorer):
    explorer.set(step=120)
    said, came = rolled_out("LSTM", 0)[0, 20, 119], trend_and_seasons()[1][769]
    finding = plain(explorer.readout.finding)
    assert finding.startswith(f"Step 120 from 650: LSTM says {said:.2f}, {came:.2f} came.")
    assert f"MSE there over 71 origins: {errors('LSTM', 0).mse[119]:.3f}, seasonal naive 0.442" in finding


def test_noise_is_on_the_window_and_not_on_the_truth(explorer):
    y = trend_and_seasons()[1]
    explorer.set(noise=2)
    noise = trace(explorer, "window").y - y[590:650]
    assert np.std(noise) == pytest.approx(0.36, rel=0.3)
    np.testing.assert_array_equal(trace(explorer, "truth").y, y[586:850])
    assert "its window with noise 0.36" in explorer.readout.finding


def test_the_stored_rollouts_are_the_nets():
    from lessons.rollout import rollout
    from lessons.windows import scaled_windows

    scaler = scaled_windows(trend_and_seasons()[1], 60, 630).scaler
    for level in (0, 2):
        net = trained_nets("LSTM centred")[3]
        path = scaler.inverse_target(rollout(net, scaler.transform(noisy(level)), [640], 200, 60))
        np.testing.assert_allclose(rolled_out("LSTM centred", level)[3, 10], path[0], atol=0.02)


def test_everything_drawn_lies_in_the_picture():
    low, high = VALUES
    for model in MODELS:
        for noise in NOISE:
            assert np.mean((rolled_out(model, noise) > low) & (rolled_out(model, noise) < high)) > 0.99
            assert errors(model, noise).mse.min() > 0.024 and errors(model, noise).mse.max() < 12


def test_alpha_moves_the_eigenvalues_inwards():
    explorer = explorers.eigenvalues()
    sizes, means = [], []
    for alpha in (1.0, 2.0, 3.0, 4.0):
        explorer.set(alpha=alpha)
        longest = trace(explorer, "longest-lived")
        sizes.append(np.hypot(longest.x, longest.y))
        means.append(float(explorer.readout.finding.split("<strong>")[-1].split("<")[0]))
        everything = np.hypot(trace(explorer, "eigenvalues").x, trace(explorer, "eigenvalues").y)
        assert len(everything) == 60 and everything.max() < 1
    assert (np.diff(sizes, axis=0) < 0).all() and means == sorted(means)
    explorer.set(alpha=1.0)
    assert "period 50.0 99%, level 98%, period 17.0 94%" in explorer.live.alt
