"""PyTorch forecasters, and weights that go both ways."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from test_rnn import few, problem, shapes, with_random_weights
from torch import nn

from lessons.rnn import GRU, LSTM, RNN, mse_loss
from lessons.scores import mse
from lessons.series import two_waves
from lessons.torch_rnn import RecurrentNet, TorchForecaster, choose_device, from_torch, to_torch
from lessons.windows import make_windows, split_by_time
from lessons.wrappers import Centred

# The printed losses were measured with this version; elsewhere sums may be taken in another order, and
# training carries the last digits upwards.
KINDS = {"LSTM": LSTM, "RNN": RNN, "GRU": lambda *a, **k: GRU(*a, reset="after", **k)}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
recipe = {"epochs": 3, "batch_size": 16, "lr": 0.01}


@pytest.fixture(scope="module")
def waves():
    _, series = two_waves()
    X, y, target_index = make_windows(series, window=16)
    train, test = split_by_time(target_index, at=0.8)
    return X[train], y[train], X[test], y[test]


def torch_pass(module, X, y):
    """Forecasts of a module, and the gradients of the mean squared error, in NumPy's layout."""
    module.zero_grad()
    y_pred = module(torch.tensor(X))
    nn.functional.mse_loss(y_pred, torch.tensor(y)).backward()
    slopes = [p.grad.numpy().T for p in module.parameters()]  # in the order of the layer and the head
    grads = dict(zip(("W_x", "W_h", "b", "b_h", "W_y", "b_y"), slopes, strict=True))
    if not isinstance(module.layer, nn.GRU):
        grads.pop("b_h")  # both biases add up to one b, and each has b's gradient
    return y_pred.detach().numpy(), grads


# weights both ways


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "RNN"])
@given(shape=shapes, seed=st.integers(0, 99))
@few
def test_a_module_copied_to_numpy_has_the_same_outputs_and_gradients(cell, shape, seed):
    B, T, D, H, outputs = shape
    torch.manual_seed(seed)  # torch draws both of its biases at random
    module = RecurrentNet(cell, D, H, outputs, dtype=torch.float64)
    X, y = problem(B, T, D, outputs, seed + 1)
    torch_pred, torch_grads = torch_pass(module, X, y)
    model = from_torch(module)
    y_pred = model.forward(X)
    grads = model.backward(mse_loss(y_pred, y)[1])
    np.testing.assert_allclose(y_pred, torch_pred, rtol=0, atol=1e-12)
    for name, grad in grads.items():
        np.testing.assert_allclose(torch_grads[name], grad, rtol=0, atol=1e-10, err_msg=name)


@every_kind
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_there_and_back_again(kind, dtype):
    model = with_random_weights(kind(2, 3, 2, dtype=dtype))
    module = to_torch(model)
    back, before = from_torch(module), copy.deepcopy(model.params)
    with torch.no_grad():
        for p in module.parameters():
            p.add_(1.0)  # copies share no memory
    assert back.dtype == dtype
    for name, p in before.items():
        np.testing.assert_array_equal(model.params[name], p)
        np.testing.assert_array_equal(back.params[name], p)


def test_a_gru_that_resets_before_is_refused_with_the_reason():
    with pytest.raises(ValueError, match=r"W_hn \(r \* h\).*r \* \(W_hn h\)"):
        to_torch(GRU(1, 3))


class Net(nn.Module):
    """A learner's own module, with a layer and a head as given."""

    def __init__(self, layer=None, head=None, read=lambda output: output[:, -1]):
        super().__init__()
        self.rnn = layer or nn.LSTM(2, 3, batch_first=True)
        self.out, self.read = head or nn.Linear(3, 1), read

    def forward(self, X):
        return self.out(self.read(self.rnn(X)[0]))


def test_a_module_of_ones_own_can_be_copied():
    net = Net(nn.GRU(2, 3, batch_first=True)).double()
    X = problem(4, 5, 2, 1)[0]
    with torch.no_grad():
        np.testing.assert_allclose(from_torch(net).predict(X), net(torch.tensor(X)).numpy(), atol=1e-14)
    assert net.training  # trying it out left no trace


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (Net(nn.LSTM(2, 3, num_layers=2, batch_first=True)), "one recurrent layer"),
        (Net(nn.LSTM(2, 3, bidirectional=True, batch_first=True)), "bidirectional=False"),
        (Net(nn.LSTM(2, 4, proj_size=3, batch_first=True)), "proj_size=0"),
        (Net(nn.LSTM(2, 3)), "batch_first=True"),
        (Net(nn.LSTM(2, 3, bias=False, batch_first=True)), "bias=True"),
        (Net(nn.RNN(2, 3, nonlinearity="relu", batch_first=True)), "something else"),
        (Net(head=nn.Linear(3, 1, bias=False)), "nn.Linear with a bias"),
        (Net(head=nn.Linear(4, 1)), "copying this one failed"),
        (Net(read=lambda output: output[:, 0]), "something else"),
        (Net(read=lambda output: output.mean(dim=1)), "something else"),
        (Net(read=lambda output: output[0, 0, 0, 0]), "too many indices"),
        (nn.LSTM(2, 3, batch_first=True), "one nn.Linear"),
        (nn.Sequential(nn.Linear(3, 1)), "one recurrent layer"),
    ],
)
def test_what_numpy_cannot_compute_is_refused(module, message):
    with pytest.raises(ValueError, match=message):
        from_torch(module)


def test_strangers_are_refused_by_name():
    with pytest.raises(TypeError, match="got Centred"):
        to_torch(Centred(LSTM(1, 3)))
    with pytest.raises(TypeError, match="got LSTM"):
        from_torch(LSTM(1, 3))


# the forecaster


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "RNN"])
def test_it_is_a_forecaster(cell, waves):
    X, y, X_test, y_test = waves
    model = TorchForecaster(cell, training={"epochs": 40, "batch_size": None, "lr": 0.01})
    assert model.fit(X, y) is model
    y_pred = model.predict(X_test)
    assert y_pred.shape == y_test.shape and y_pred.dtype == np.float32
    assert mse(y_test, y_pred) < mse(y_test, X_test[:, -1])
    X, y = problem(20, 6, 3, 2)
    two = Centred(TorchForecaster(cell, 3, 4, 2, dtype=np.float64, training=recipe)).fit(X, y).predict(X)
    assert two.shape == (20, 2) and two.dtype == np.float64


def test_one_step_is_the_step_of_the_numpy_net(waves):
    """Loss, gradient norm, clipping: the same numbers, but for the second bias."""
    X, y, *_ = waves
    model = with_random_weights(LSTM(1, 4))
    ours = TorchForecaster.around(to_torch(model))
    ours.module.layer.bias_hh_l0.requires_grad_(False)
    options = {"epochs": 5, "batch_size": None, "max_grad_norm": 0.1, "optimizer": "sgd", "lr": 0.1}
    for a, b in zip(ours.train(X, y, **options), model.train(X, y, **options), strict=True):
        assert a.loss == pytest.approx(b.loss, rel=1e-5)  # torch clips by norm + 1e-6
        assert a.grad_norm == pytest.approx(b.grad_norm, rel=1e-4)
        assert (a.clipped, a.steps) == (b.clipped, b.steps) == (1, 1)


def dropping():
    """A forecaster that draws at random in every step."""
    model = TorchForecaster(hidden_size=4, training=recipe)
    model.module.dropout.p = 0.3
    return model


def test_the_same_seed_gives_the_same_bits(waves):
    X, y, X_test, _ = waves
    model = dropping()
    first = model.fit(X, y).predict(X_test)
    torch.rand(5)  # what others draw in between does not matter
    np.testing.assert_array_equal(dropping().fit(X, y).predict(X_test), first)
    np.testing.assert_array_equal(model.fit(X, y).predict(X_test), first)  # fit starts over
    model.fit(X, y, seed=7)
    assert np.abs(model.predict(X_test) - first).max() > 1e-6


def test_it_draws_nothing_from_the_global_generator(waves):
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    dropping().fit(*waves[:2])
    to_torch(LSTM(1, 3))
    assert torch.equal(torch.rand(3), expected)


def test_a_seed_is_what_manual_seed_gives_plain_code(waves):
    X, y = (torch.tensor(a.copy()) for a in waves[:2])
    torch.manual_seed(5)
    net = RecurrentNet("LSTM", 1, 4)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, y), 16, shuffle=True)
    for _ in range(3):
        for X_b, y_b in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(net(X_b), y_b).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
    model = TorchForecaster("LSTM", 1, 4, seed=5, training=recipe).fit(*waves[:2])
    for p, q in zip(net.parameters(), model.module.parameters(), strict=True):
        assert torch.equal(p, q)


def test_patience_puts_the_best_weights_back(waves):
    X, y, X_test, y_test = waves
    model = TorchForecaster(hidden_size=8)
    stopping = {"validation": (X_test, y_test), "patience": 2, "epochs": 60, "lr": 0.05, "batch_size": 16}
    losses = [epoch.validation_loss for epoch in model.train(X, y, **stopping)]
    assert len(losses) < 60 and mse(y_test, model.predict(X_test)) == pytest.approx(min(losses), rel=1e-5)


def test_dropout_is_for_training_only(waves):
    X, y, X_test, _ = waves
    model = dropping().fit(X, y)
    np.testing.assert_array_equal(model.predict(X_test), model.predict(X_test))
    np.testing.assert_allclose(from_torch(model).predict(X_test), model.predict(X_test), atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cell": "lstm"}, 'cell must be "LSTM", "GRU" or "RNN", got \'lstm\''),
        ({"hidden_size": 0}, "hidden_size must be greater than zero"),
        ({"device": "tpu"}, 'device must be "cpu", "auto", "cuda" or "mps", got \'tpu\''),
    ],
)
def test_bad_settings_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        TorchForecaster(**options)


def test_bad_windows_are_refused(waves):
    X, y, *_ = waves
    model = TorchForecaster(hidden_size=4)
    with pytest.raises(ValueError, match=r"must have shape \(N, T, 1\)"):
        model.predict(np.zeros((3, 5, 2)))
    with pytest.raises(ValueError, match="shape of the forecasts"):
        model.fit(X, np.hstack([y, y]), **recipe)
    with pytest.raises(TypeError, match="epoch"):
        model.train(X, y, epoch=3)


def test_a_module_of_ones_own_is_trained_in_place(waves):
    net = Net(nn.LSTM(1, 3, batch_first=True))
    before = copy.deepcopy(net.state_dict())
    model = TorchForecaster.around(net, training=recipe).fit(*waves[:2])
    assert model.module is net and not torch.equal(before["out.weight"], net.out.weight)
    with pytest.raises(TypeError, match=r"nn\.Module with parameters"):
        TorchForecaster.around(LSTM(1, 3))


# devices


def test_the_cpu_is_the_default_and_says_why():
    device, reason = choose_device()
    assert device == torch.device("cpu") and "same numbers" in reason
    assert TorchForecaster(hidden_size=2).device == device


def test_auto_takes_what_is_there_and_a_wish_that_cannot_be_met_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    device, reason = choose_device("auto")
    assert device.type == "cpu" and "no GPU" in reason
    with pytest.raises(ValueError, match="'cuda': PyTorch finds none"):
        choose_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "A Fast One")
    device, reason = choose_device("auto")
    assert device.type == "cuda" and "A Fast One" in reason and "last digits" in reason
    assert choose_device("cuda:0")[0] == torch.device("cuda:0")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device("mps")[0].type == "mps"
