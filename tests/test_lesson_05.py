"""What lesson 05 says, it also shows; and its exercises name what learners get wrong."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from lessons import explorers, figures
from lessons.exercises import REGISTRY
from lessons.rnn import LSTM
from lessons.series import two_waves
from lessons.torch_rnn import TorchForecaster, to_torch
from lessons.windows import scaled_windows

LESSON = "05_pytorch_port"


@pytest.fixture(scope="module")
def waves():
    return scaled_windows(two_waves()[1], window=16, at=0.8)


def scores(lesson, cell):
    """What a figure of a scoreboard shows: {name: test MSE}."""
    return {name: float(mse) for name, mse in re.findall(r"[.;] ([\w ]+) (\d\.\d{4})", lesson.text(cell))}


# carrying weights over


def test_where_we_stand(lesson, claim):
    mse = scores(lesson, "hook-board")
    claim("LSTM over the last value, test MSE", mse["LSTM"] / mse["last value"], low=1.05)
    claim("ridge over the last value, test MSE", mse["ridge"] / mse["last value"], high=0.5)


def test_the_same_weights_give_the_same_forecasts_and_slopes(lesson, claim):
    for dtype, high in (("float64", 1e-13), ("float32", 1e-5)):
        furthest = lesson.numbers("port-compare", dtype)[1]
        claim(f"ported LSTM, {dtype}, furthest from NumPy", furthest, high=high)
    for name in ("W_x", "W_h", " b ", "W_y", "b_y"):
        largest, apart = lesson.numbers("autograd", name)
        claim(f"slopes in {name.strip()}, furthest apart", apart / largest, high=1e-13)


def test_the_colleague_is_far_off_and_nothing_complains(lesson, claim):
    claim("colleague's forecasts, furthest off", lesson.numbers("colleague")[1], low=0.5)
    claim("mended, furthest off", lesson.numbers("colleague-mended", "furthest")[0], high=1e-13)


def test_a_reset_before_gru_does_not_fit(lesson, claim):
    rows = [lesson.numbers("gru-forced", name) for name in ("as it is", "z turned round  ", "r = 1 in both")]
    (as_is, far), (turned, still_far), (_, opened) = rows
    claim("GRU forced in as it is, furthest off", far, low=0.3)
    claim("GRU with z turned, furthest off", still_far, low=0.1)
    claim("as it is over z turned, test MSE", as_is / turned, low=1.05)
    claim("with the reset gate open, furthest off", opened, high=1e-10)


# training


def test_one_recipe_one_seed(lesson, claim):
    mse = scores(lesson, "four-board")
    for cell in ("LSTM", "GRU"):
        claim(f"{cell}, PyTorch over NumPy, seed 0", mse[f"{cell} torch"] / mse[cell], high=0.97)
    claim("the best net over ridge, test MSE", mse["GRU torch"] / mse["ridge"], low=1.3)


def test_a_port_with_one_bias_trains_as_numpy_does_and_with_two_it_does_not(claim):
    explorer = explorers.two_libraries()
    for size, window in ((4, 24), (16, 16)):
        ours, theirs = losses(explorer.set(hidden_size=size, window=window, second_bias="held still"))
        claim(f"one bias, H {size}, T {window}: losses apart", np.abs(theirs / ours - 1).max(), high=0.05)
        ours, theirs = losses(explorer.set(second_bias="trained"))
        assert ours[0] == pytest.approx(theirs[0], rel=1e-5)
        claim(f"two biases, H {size}, T {window}: ahead in epoch 2", theirs[1] / ours[1], high=0.998)
    ours, theirs = losses(explorer.set(cell="GRU"))
    claim("GRU: losses apart", np.abs(theirs / ours - 1).max(), high=0.05)


def test_the_second_bias_doubles_the_step_of_the_first(waves):
    """The explanation, put on trial: freeze one bias and double the step of the other."""
    X, y = (torch.tensor(a.astype(float)) for a in (waves.X_train, waves.y_train))
    both, one = to_torch(LSTM(1, 8)), to_torch(LSTM(1, 8))
    one.layer.bias_hh_l0.requires_grad_(False)
    fast = one.layer.bias_ih_l0
    groups = [{"params": [p for p in one.parameters() if p is not fast]}, {"params": [fast], "lr": 0.02}]
    losses = []
    for net, parameters in ((both, both.parameters()), (one, groups)):
        optimizer = torch.optim.Adam(parameters, lr=0.01)
        losses.append([])
        for _ in range(20):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(net(X), y)
            loss.backward()
            optimizer.step()
            losses[-1].append(loss.item())
    np.testing.assert_allclose(*losses, rtol=1e-10)


def losses(explorer):
    """Of NumPy and of PyTorch, by epoch."""
    return [np.array(trace.y) for trace in explorer.live.figure.data[:2]]


# the explorer


def test_what_is_printed_or_stored_is_trained():
    assert "the two losses lie on each other" in repr(explorers.two_libraries())


def test_the_finding_says_what_the_picture_shows():
    explorer = explorers.two_libraries().set(hidden_size=4, window=4, second_bias="trained")
    ours, theirs = losses(explorer)
    assert f"NumPy {ours[-1]:.4f}, PyTorch {theirs[-1]:.4f}" in repr(explorer) and len(ours) == 60
    apart = np.abs(theirs / ours - 1).max()
    title = explorer.live.figure.layout.title.text
    assert title == f"LSTM: the two losses part at epoch 2, and come to be {100 * apart:.0f} % apart"
    assert title in explorer.live.figure.layout.meta["alt"]
    assert not explorer.controls["second_bias"].disabled
    assert explorer.set(cell="GRU").controls["second_bias"].disabled
    assert "GRU: the two losses lie on each other" in repr(explorer)


# the planted mistake


class FirstNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.head = nn.LSTM(1, 32), nn.Linear(32, 1)

    def forward(self, X):
        return self.head(self.layer(X)[0][:, -1])


def test_the_planted_mistake_shows_in_single_windows(lesson, claim):
    naive = lesson.numbers("mistake", "last value")[0]
    together, alone = lesson.numbers("mistake", "his  ")
    claim("his net over the last value, together", together / naive, high=0.8)
    claim("his net over the last value, one at a time", alone / naive, low=5)
    together, alone = lesson.numbers("mistake", "as it should be  ")
    assert together == alone


def test_his_net_reads_last_values_one_window_after_the_other(waves):
    torch.manual_seed(0)
    net, X = TorchForecaster.around(FirstNet()), waves.X_test
    y_pred, other, tampered = net.predict(X), X.copy(), X.copy()
    other[:, :-1] = 0
    np.testing.assert_array_equal(net.predict(other), y_pred)  # nothing else is read
    tampered[20, -1] += 1
    assert np.flatnonzero(np.abs(net.predict(tampered) - y_pred)[:, 0] > 1e-6)[0] == 20  # earlier ones are


def test_in_shuffled_batches_his_net_is_about_as_good_as_naive(waves, claim):
    """Further exercise 1."""
    mses = []
    for seed in range(2):
        torch.manual_seed(seed)
        net = TorchForecaster.around(FirstNet(), seed=seed)
        net.fit(waves.X_train, waves.y_train, epochs=40, batch_size=32, lr=0.01)
        mses.append(np.mean((net.predict(waves.X_test) - waves.y_test) ** 2))
    naive = np.mean((waves.X_test[:, -1] - waves.y_test) ** 2)
    claim("FirstNet in shuffled batches over the last value", np.mean(mses) / naive, low=0.8, high=1.2)


def test_the_dropout_of_one_layer_does_nothing_and_warns():
    """Further exercise 3."""
    with pytest.warns(UserWarning, match="dropout"):
        layer = nn.LSTM(1, 32, dropout=0.2)
    X = torch.randn(7, 3, 1)
    assert torch.equal(layer(X)[0], layer(X)[0])


def test_targets_without_a_column_only_warn():
    y_pred, y = torch.zeros(5, 1), torch.arange(5.0)
    with pytest.warns(UserWarning, match="target size"):
        nn.functional.mse_loss(y_pred, y)
    assert (y_pred - y).shape == (5, 5)


# the drawing


def test_the_drawing_shows_every_number_where_the_exercise_puts_it():
    (cells,) = figures.weight_map().data
    placed = {}  # the numbers of a matrix by their columns, from the left
    for x, y, text in zip(cells.x, cells.y, cells.text, strict=True):
        placed.setdefault(x, []).append((y, int(text)))
    columns = [[number for _, number in sorted(column)] for _, column in sorted(placed.items())]
    yours, theirs = np.array(columns[:8]), [np.array(column) for column in columns[8:]]
    assert yours.shape == (8, 4)  # W_x, two rows of W_h, and b, above each other
    W_x, W_h, b = yours[:, :1].T, yours[:, 1:3].T, yours[:, 3]
    weight_ih, weight_hh, bias_ih, bias_hh = REGISTRY["05.weight_map"].reference(W_x, W_h, b)
    np.testing.assert_array_equal(theirs[0], weight_ih[:, 0])
    np.testing.assert_array_equal(np.transpose(theirs[1:3]), weight_hh)
    np.testing.assert_array_equal(theirs[3:], [bias_ih, bias_hh])
