"""Training through rollouts: what is fed back, and that it trains."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from lessons.rollout import rollout  # noqa: E402
from lessons.series import two_waves  # noqa: E402
from lessons.torch_rnn import RecurrentNet, TorchForecaster, from_torch  # noqa: E402
from lessons.torch_rollout import CentredNet, Feedback, fit_with_feedback  # noqa: E402
from lessons.windows import make_windows  # noqa: E402
from lessons.wrappers import Centred  # noqa: E402

STEPS, WINDOW = 4, 16


@pytest.fixture(scope="module")
def data():
    series = two_waves()[1]
    X, y, target_index = make_windows(series[:120], WINDOW, STEPS)
    return series.astype(float), X, y, target_index


def net(seed=0, dtype=torch.float64):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return RecurrentNet("LSTM", 1, 6, dtype=dtype)


def long(X, y):
    """Windows, followed by the true values of all targets but the last."""
    return torch.tensor(np.concatenate([X, y[:, :-1, None]], axis=1).astype(np.float64))


def test_a_centred_net_is_the_wrapper_with_gradients(data):
    _, X, _, _ = data
    plain = net()
    X = torch.tensor(X.astype(np.float64) + 3, requires_grad=True)
    forecasts = CentredNet(plain)(X)
    wrapped = Centred(from_torch(plain)).predict(X.detach().numpy())
    np.testing.assert_allclose(forecasts.detach().numpy(), wrapped, atol=1e-10)
    forecasts.sum().backward()
    np.testing.assert_allclose(
        X.grad.sum(dim=(1, 2)), 1
    )  # a level added to a window is added to its forecast


def test_its_own_forecasts_make_a_rollout(data):
    series, X, y, target_index = data
    for model in (net(), CentredNet(net())):
        own = Feedback(model, STEPS, own=1.0)(long(X, y)).detach().numpy()
        rolled = rollout(TorchForecaster.around(model), series, target_index, STEPS, WINDOW)
        np.testing.assert_allclose(own, rolled, atol=1e-10)


def test_true_values_make_forecasts_one_step_ahead(data):
    series, X, y, target_index = data
    model = net()
    forced = Feedback(model, STEPS, own=0.0)(long(X, y)).detach().numpy()
    one_ahead, _, _ = make_windows(series, WINDOW)
    expected = TorchForecaster.around(model).predict(one_ahead)
    for k in range(STEPS):
        np.testing.assert_allclose(forced[:, k], expected[k : k + len(X), 0], atol=1e-10)


def test_between_them_each_window_draws(data):
    _, X, y, _ = data
    model = net()
    torch.manual_seed(0)
    ends = [Feedback(model, 2, own)(long(X, y[:, :2]))[:, 1].detach().numpy() for own in (0.0, 1.0)]
    mixed = Feedback(model, 2, 0.5)(long(X, y[:, :2]))[:, 1].detach().numpy()
    is_own, is_true = np.isclose(mixed, ends[1], atol=1e-12), np.isclose(mixed, ends[0], atol=1e-12)
    assert (is_own | is_true).all() and 0.3 < is_own.mean() < 0.7


def test_gradients_run_through_what_was_fed_back(data):
    _, X, y, _ = data
    grads = []
    for own in (0.0, 1.0):
        model = net()
        Feedback(model, STEPS, own)(long(X, y))[:, -1].sum().backward()
        grads.append(model.head.bias.grad.item())
    assert grads[0] == pytest.approx(len(X))  # only of the last head
    assert grads[1] != pytest.approx(len(X), rel=1e-3)  # and of those whose forecasts came into the window


@pytest.mark.parametrize("own", [0.0, 0.5, 1.0, lambda done: done])
def test_it_trains_and_repeats_itself(data, own):
    series, X, y, _ = data
    forecasts = []
    for _ in range(2):
        model = net(dtype=torch.float32)
        before = np.mean((TorchForecaster.around(model).predict(X) - y[:, :1]) ** 2)
        forecaster = fit_with_feedback(model, X, y, own, seed=3, epochs=4, lr=0.02)
        assert forecaster.module is model
        forecasts.append(forecaster.predict(X))
    np.testing.assert_array_equal(*forecasts)
    assert np.mean((forecasts[0] - y[:, :1]) ** 2) < 0.5 * before


def test_the_share_is_asked_before_every_epoch(data):
    _, X, y, _ = data
    asked = []
    fit_with_feedback(net(), X, y, lambda done: asked.append(done) or 1.0, epochs=4, lr=0.01)
    assert asked[:4] == [0, 0.25, 0.5, 0.75]


def test_a_forecaster_is_trained_in_place(data):
    _, X, y, _ = data
    forecaster = TorchForecaster("LSTM", 1, 6)
    before = forecaster.predict(X)
    assert fit_with_feedback(forecaster, X, y, epochs=1, lr=0.01) is forecaster
    assert not np.array_equal(forecaster.predict(X), before)


def test_bad_input_is_named(data):
    _, X, y, _ = data
    with pytest.raises(ValueError, match="steps must be at least 1, got 0"):
        Feedback(net(), 0)
    with pytest.raises(ValueError, match="own must be a probability, from 0 to 1, got 2"):
        Feedback(net(), 3, own=2)
    with pytest.raises(ValueError, match="X must hold one feature"):
        fit_with_feedback(net(), np.repeat(X, 2, axis=2), y)
    with pytest.raises(ValueError, match=r"y must have shape \(N, horizon\)"):
        fit_with_feedback(net(), X, y[:, 0])
    with pytest.raises(FloatingPointError, match="training diverged"):
        fit_with_feedback(net(), X, y.astype(float) * 1e200, epochs=2)
