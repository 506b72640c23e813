"""Exercises of lesson 05: weights into PyTorch, a hidden transposition, the training loop, a second feature.

The one lesson whose answers are written in torch, so that this module imports it.
"""

import numpy as np
import torch
from torch import nn

from lessons.exercises.declare import Case, Exercise, Part, Wrong
from lessons.torch_rnn import RecurrentNet

_rng = np.random.default_rng(5)


def weight_map(W_x, W_h, b):
    """Arrange an LSTM's weights as nn.LSTM stores them."""
    weight_ih = W_x.T  # (D, 4H) -> (4H, D)
    weight_hh = W_h.T  # (H, 4H) -> (4H, H)
    bias_ih, bias_hh = b, np.zeros_like(b)  # they are added: together they must be b
    return weight_ih, weight_hh, bias_ih, bias_hh


def _biases_add_up(answer):
    results = _every_result(answer)
    for case, (*_, bias_ih, bias_hh) in zip(_MAPPED, results, strict=True):
        (_, _, b), _ = case.arguments()
        together = np.asarray(bias_ih) + np.asarray(bias_hh)
        if not np.allclose(together, b, rtol=1e-9, atol=1e-12):
            if np.allclose(together, 2 * b, rtol=1e-9, atol=1e-12):
                return "PyTorch adds the two biases: together they are `2 b`, so `b` counts twice"
            return "PyTorch adds the two biases: together they must be `b`, and they are not"
    return None


def _every_result(answer):
    """Call an answer on all cases before any refusal counts: a diagnosis needs every call to compare."""
    results, refusal = [], None
    for case in _MAPPED:
        try:
            results.append(answer(*case.arguments()[0]))
        except Exception as refused:  # a result of the wrong shape
            refusal = refusal or refused
    if refusal:
        raise refusal
    return results


def _nothing_transposed(W_x, W_h, b):
    return W_x, W_h, b, np.zeros_like(b)


def _input_not_transposed(W_x, W_h, b):
    return W_x, W_h.T, b, np.zeros_like(b)


def _recurrent_not_transposed(W_x, W_h, b):
    return W_x.T, W_h, b, np.zeros_like(b)


def _reshaped(W_x, W_h, b):
    return W_x.reshape(W_x.shape[::-1]), W_h.reshape(W_h.shape[::-1]), b, np.zeros_like(b)


def _recurrent_reshaped(W_x, W_h, b):
    return W_x.T, W_h.reshape(W_h.shape[::-1]), b, np.zeros_like(b)


def _bias_twice(W_x, W_h, b):
    return W_x.T, W_h.T, b, b


def _no_bias(W_x, W_h, b):
    return W_x.T, W_h.T, np.zeros_like(b), np.zeros_like(b)


def _reordered(a):
    i, f, g, o = np.split(a, 4, axis=-1)
    return np.concatenate([i, f, o, g], axis=-1)


def _gates_reordered(W_x, W_h, b):
    return _reordered(W_x).T, _reordered(W_h).T, _reordered(b), np.zeros_like(b)


def _blocks_transposed_in_place(W_x, W_h, b):
    H = len(W_h)
    flipped = np.vstack([W_h[:, k * H : (k + 1) * H] for k in range(4)])
    return W_x.T, flipped, b, np.zeros_like(b)


def sigmoid(a):
    """A soft switch: 0 far below zero, 1 far above."""
    return 1 / (1 + np.exp(-a))


def lstm_step_from_torch(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    """One step of an LSTM, computed from PyTorch's arrays as they are."""
    a = x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh  # (B, 4H)
    i, f, g, o = np.split(a, 4, axis=1)  # four times (B, H)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return h, c


def _from_a(a, c):
    i, f, g, o = np.split(a, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def _colleague(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    recurrent = np.hstack([h @ block for block in np.split(weight_hh, 4)])
    return _from_a(x @ weight_ih.T + bias_ih + recurrent + bias_hh, c)


def _recurrent_reshaped_back(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    return _from_a(x @ weight_ih.T + bias_ih + h @ weight_hh.reshape(weight_hh.shape[::-1]) + bias_hh, c)


def _input_reshaped(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    return _from_a(x @ weight_ih.reshape(weight_ih.shape[::-1]) + bias_ih + h @ weight_hh.T + bias_hh, c)


def _second_bias_forgotten(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    return lstm_step_from_torch(x, h, c, weight_ih, weight_hh, bias_ih, np.zeros_like(bias_hh))


def _first_bias_forgotten(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    return lstm_step_from_torch(x, h, c, weight_ih, weight_hh, np.zeros_like(bias_ih), bias_hh)


def _states_swapped(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    return lstm_step_from_torch(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)[::-1]


def _order_of_keras(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    a = x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh
    i, f, o, g = np.split(a, 4, axis=1)
    return _from_a(np.hstack([i, f, g, o]), c)


def _old_c_in_h(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    a = x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh
    i, f, g, o = np.split(a, 4, axis=1)
    return sigmoid(o) * np.tanh(c), sigmoid(f) * c + sigmoid(i) * np.tanh(g)


def train_epoch(net, optimizer, batches, max_grad_norm):
    """Take one step for every batch; say what the loss was before each."""
    losses = []
    for X, y in batches:  # (B, T, D), (B, 1)
        optimizer.zero_grad()  # or this step's slopes are added to the last one's
        loss = nn.functional.mse_loss(net(X), y)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), max_grad_norm)
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses)  # (number of batches,)


def _steps(net, optimizer, batches, max_grad_norm, *, zero=True, clip=True, step=True, loss_of=None):
    losses, loss_of = [], loss_of or nn.functional.mse_loss
    for X, y in batches:
        if zero:
            optimizer.zero_grad()
        loss = loss_of(net(X), y)
        loss.backward()
        if clip:
            nn.utils.clip_grad_norm_(net.parameters(), max_grad_norm)
        if step:
            optimizer.step()
        losses.append(loss.item())
    return np.array(losses)


def _gradients_pile_up(net, optimizer, batches, max_grad_norm):
    return _steps(net, optimizer, batches, max_grad_norm, zero=False)


def _not_clipped(net, optimizer, batches, max_grad_norm):
    return _steps(net, optimizer, batches, max_grad_norm, clip=False)


def _no_step(net, optimizer, batches, max_grad_norm):
    return _steps(net, optimizer, batches, max_grad_norm, step=False)


def _clipped_value_by_value(net, optimizer, batches, max_grad_norm):
    losses = []
    for X, y in batches:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(X), y)
        loss.backward()
        nn.utils.clip_grad_value_(net.parameters(), max_grad_norm)
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses)


def _summed_loss(net, optimizer, batches, max_grad_norm):
    sse = nn.MSELoss(reduction="sum")
    return _steps(net, optimizer, batches, max_grad_norm, loss_of=sse)


def _every_window_against_every_target(net, optimizer, batches, max_grad_norm):
    def broadcast(y_pred, y):
        return ((y_pred - y[:, 0]) ** 2).mean()

    return _steps(net, optimizer, batches, max_grad_norm, loss_of=broadcast)


def _loss_after_the_step(net, optimizer, batches, max_grad_norm):
    losses = []
    for X, y in batches:
        train_epoch(net, optimizer, [(X, y)], max_grad_norm)
        losses.append(nn.functional.mse_loss(net(X), y).item())
    return np.array(losses)


def _a_list(net, optimizer, batches, max_grad_norm):
    return train_epoch(net, optimizer, batches, max_grad_norm).tolist()


def _tensors_with_notes(net, optimizer, batches, max_grad_norm):
    losses = []
    for X, y in batches:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(X), y)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), max_grad_norm)
        optimizer.step()
        losses.append(loss)
    return np.array(losses)


def _own_optimizer(net, optimizer, batches, max_grad_norm):
    return train_epoch(net, torch.optim.Adam(net.parameters()), batches, max_grad_norm)


def add_feature(series, feature, window):
    """Cut a series and a second feature into windows; the series alone is the target."""
    both = np.column_stack([series, feature])  # (n, 2)
    N = len(series) - window
    X = np.stack([both[i : i + window] for i in range(N)])  # (N, T, 2)
    y = series[window:, np.newaxis]  # (N, 1)
    return X, y


def _windows(both, window):
    return np.stack([both[i : i + window] for i in range(len(both) - window)])


def _both_as_targets(series, feature, window):
    both = np.column_stack([series, feature])
    return _windows(both, window), both[window:]


def _feature_as_target(series, feature, window):
    return _windows(np.column_stack([series, feature]), window), feature[window:, np.newaxis]


def _feature_first(series, feature, window):
    return _windows(np.column_stack([feature, series]), window), series[window:, np.newaxis]


def _one_behind_the_other(series, feature, window):
    one, two = (_windows(a[:, np.newaxis], window) for a in (series, feature))
    return np.concatenate([one, two], axis=1), series[window:, np.newaxis]


def _axes_swapped(series, feature, window):
    X = _windows(np.column_stack([series, feature]), window)
    return X.reshape(len(X), 2, window).swapaxes(1, 2), series[window:, np.newaxis]


def _stacked_then_reshaped(series, feature, window):
    one, two = (_windows(a, window) for a in (series, feature))  # (N, T)
    return np.stack([one, two]).reshape(len(one), window, 2), series[window:, np.newaxis]


def _features_before_steps(series, feature, window):
    return _windows(np.column_stack([series, feature]), window).swapaxes(1, 2), series[window:, np.newaxis]


def _one_window_too_many(series, feature, window):
    both = np.column_stack([series, feature])
    X = np.stack([both[i : i + window] for i in range(len(both) - window + 1)])
    return X, series[window:, np.newaxis]


def _targets_without_a_column(series, feature, window):
    return _windows(np.column_stack([series, feature]), window), series[window:]


def _feature_from_a_step_later(series, feature, window):
    X = _windows(np.column_stack([series, np.append(feature[1:], feature[-1])]), window)
    return X, series[window:, np.newaxis]


def _target_in_the_window(series, feature, window):
    return _windows(np.column_stack([series, feature]), window), series[window - 1 : -1, np.newaxis]


def _feature_at_one_time_only(series, feature, window):
    X = _windows(np.column_stack([series, feature]), window)
    X[:, :, 1] = X[:, -1:, 1]
    return X, series[window:, np.newaxis]


def _map_case(D, H):
    return Case(*(_rng.normal(size=shape) for shape in ((D, 4 * H), (H, 4 * H), (4 * H,))))


def _step_case(B, D, H):
    shapes = (B, D), (B, H), (B, H), (4 * H, D), (4 * H, H), (4 * H,), (4 * H,)
    return Case(*(_rng.normal(size=shape) for shape in shapes))


def _net_case(optimizer, size, max_grad_norm, batches=4):
    """A small net, its optimizer, and batches of random windows."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        net = RecurrentNet("LSTM", 1, 3, dtype=torch.float64)
        data = [(torch.randn(5, 4, 1).double(), size * torch.randn(5, 1).double()) for _ in range(batches)]
    return Case(net, optimizer(net.parameters()), data, max_grad_norm)


def _sgd(parameters):
    return torch.optim.SGD(parameters, lr=0.1)


def _adam(parameters):
    return torch.optim.Adam(parameters, lr=0.05)


_MAPPED = (_map_case(2, 4), _map_case(3, 5))
_STEPS = (_step_case(4, 2, 5), _step_case(1, 3, 4))
_QUIET, _WILD = _net_case(_sgd, 1.0, 100.0), _net_case(_sgd, 5.0, 0.5)
_ADAM = _net_case(_adam, 1.0, 0.5)
_TWO = (
    Case(_rng.normal(size=12), _rng.normal(size=12), 4),
    Case(_rng.normal(size=9), np.cos(np.arange(9.0)), 3),
)


EXERCISES = (
    Exercise(
        "05.weight_map",
        "Arrange your weights as PyTorch stores them",
        reference=weight_map,
        returns="weight_ih, weight_hh, bias_ih, bias_hh",
        tensors=True,
        parts=[
            Part("the input weights `weight_ih`", 1, *_MAPPED, of="weight_ih"),
            Part("the recurrent weights `weight_hh`", 1, *_MAPPED, of="weight_hh"),
            Part("two biases that together are `b`", 1, test=_biases_add_up),
        ],
        hints=[
            "Compare the two shapes in the table, yours and PyTorch's. The order of the gates is the same.",
            "PyTorch computes W x where you compute x W: the same numbers, with rows and columns exchanged.",
            "`.T` exchanges them. (`reshape` would give the shape as well, and put the numbers elsewhere.)",
            "PyTorch adds `bias_ih` and `bias_hh`. One of them may be all zeros: `np.zeros_like(b)`.",
        ],
        wrong=[
            Wrong(
                _nothing_transposed,
                "Both weights are still as yours are, x W. PyTorch stores them for W x: look at the shapes.",
            ),
            Wrong(
                _input_not_transposed,
                "`weight_ih` is still as yours is, x W. PyTorch stores it for W x: look at its shape.",
            ),
            Wrong(
                _recurrent_not_transposed,
                "`weight_hh` is still as yours is, h W. PyTorch stores it for W h: look at its shape.",
            ),
            Wrong(
                _reshaped,
                "The shapes are right and the numbers are in the wrong places: "
                "`reshape` does not exchange rows and columns.",
            ),
            Wrong(
                _recurrent_reshaped,
                "`weight_hh` has the right shape and its numbers in the wrong places: "
                "`reshape` does not exchange rows and columns.",
            ),
            Wrong(_bias_twice, "`b` is in both biases. PyTorch adds them, so that it counts twice."),
            Wrong(_no_bias, "`b` is in neither of the two biases: it is lost."),
            Wrong(
                _gates_reordered,
                "The gates have been put into another order. PyTorch's is i, f, g, o, as yours is.",
            ),
            Wrong(
                _blocks_transposed_in_place,
                "The recurrent weights are stacked block by block, each (H, H), but within a block rows and "
                "columns are still yours.",
            ),
        ],
    ),
    Exercise(
        "05.lstm_step_from_torch",
        "Find the colleague's mistake",
        reference=lstm_step_from_torch,
        needs=[sigmoid],
        returns="h, c",
        parts=[
            Part("the new cell state `c`", 1, *_STEPS, of="c"),
            Part("the new hidden state `h`", 1, *_STEPS, of="h"),
        ],
        hints=[
            "The input weights are turned the right way round. What multiplies `h`, and is that turned?",
            "A block of `weight_hh` is (H, H). Turned or not, `h @ block` gives (B, H): no error tells you.",
            "No blocks are needed: `h @ weight_hh.T` is (B, H) (H, 4H) -> (B, 4H) in one go.",
        ],
        wrong=[
            Wrong(
                _colleague,
                "This is still the colleague's result. One product has its matrix the wrong way round, and "
                "it is square, so that no shape complains.",
            ),
            Wrong(
                _recurrent_reshaped_back,
                "The recurrent weights have the right shape and their numbers in the wrong places: `reshape` "
                "does not exchange rows and columns.",
            ),
            Wrong(
                _input_reshaped,
                "The input weights have the right shape and their numbers in the wrong places. Those of the "
                "colleague were right.",
            ),
            Wrong(_second_bias_forgotten, "`bias_hh` is not used. PyTorch adds both biases."),
            Wrong(_first_bias_forgotten, "`bias_ih` is not used. PyTorch adds both biases."),
            Wrong(
                _order_of_keras,
                "The last two blocks are taken the wrong way round: the order is i, f, g, o.",
            ),
            Wrong(_old_c_in_h, "`h` is made of the *old* `c`: the cell state of the step before."),
            Wrong(_states_swapped, "Right values, wrong order: return `h` first, then `c`."),
        ],
    ),
    Exercise(
        "05.train_epoch",
        "Write the training loop",
        reference=train_epoch,
        returns="losses",
        tensors=True,
        imports="import numpy as np\nfrom torch import nn",
        may_change=["net", "optimizer"],
        rtol=1e-5,
        parts=[
            Part("plain steps, nothing to clip", 2, _QUIET),
            Part("large gradients are clipped", 1, _WILD),
            Part("with Adam", 1, _ADAM),
        ],
        hints=[
            "Five things a batch: forget the old gradients (at its end will do, too), forecast and compare, "
            "go back, clip, step.",
            "`loss = nn.functional.mse_loss(net(X), y)`, then `loss.backward()` fills in `p.grad` for every "
            "parameter `p`, *adding* to what is there. `optimizer.zero_grad()` empties them.",
            "`nn.utils.clip_grad_norm_(net.parameters(), max_grad_norm)` after `backward`, before "
            "`optimizer.step()`.",
            "Collect `loss.item()`, a plain number without the graph that led to it, and return "
            "`np.array(losses)`.",
        ],
        wrong=[
            Wrong(
                _gradients_pile_up,
                "Each `backward` adds to the gradients of the batches before it: nothing ever empties them.",
            ),
            Wrong(
                _not_clipped,
                "The gradients are not clipped, or before `backward`, when there are no new ones yet, or "
                "only after the step, when the large ones have been used.",
            ),
            Wrong(
                _clipped_value_by_value,
                "Every entry is clipped on its own, which changes the direction of the step. Their common "
                "norm is to be limited.",
            ),
            Wrong(
                _no_step,
                "The weights stay as they were: no step is taken, or only once the gradients are gone.",
            ),
            Wrong(_summed_loss, "This is the sum of the squared errors. Asked for is their mean."),
            Wrong(
                _every_window_against_every_target,
                "Forecasts (B, 1) minus targets (B,) is (B, B): each forecast is compared with every target.",
            ),
            Wrong(_a_list, "The losses are right, but in a list. Asked for is one array of them."),
            Wrong(
                _tensors_with_notes,
                "If the error speaks of numpy() and a tensor that requires grad: a loss still carries "
                "its notes for the backward pass. Keep the plain number, which `.item()` gives.",
            ),
            Wrong(
                _own_optimizer,
                "The steps are those of an optimizer of your own, Adam with its default step size. Use the "
                "`optimizer` that was handed in.",
            ),
            Wrong(
                _loss_after_the_step, "These are the losses *after* each step. Asked for are those before."
            ),
        ],
    ),
    Exercise(
        "05.add_feature",
        "Give the windows a second feature",
        reference=add_feature,
        returns="X, y",
        parts=[
            Part("the windows `X`", 2, *_TWO, of="X"),
            Part("the targets `y`", 1, *_TWO, of="y"),
        ],
        hints=[
            "Put the two side by side first: `np.column_stack([series, feature])` has shape (n, 2).",
            "Then cut windows as in lesson 01. How many are there, if something must be left to forecast?",
            "Window i is `both[i : i + window]`, of shape (T, 2); `np.stack` puts all of them together.",
            "The targets come from `series` alone: `series[window:]`, as a column.",
        ],
        wrong=[
            Wrong(
                _both_as_targets, "The targets hold both features. Only the series itself is to be forecast."
            ),
            Wrong(_feature_as_target, "The targets are taken from the feature, not from the series."),
            Wrong(
                _feature_first,
                "The two are in the wrong order: feature 0 of a window is the series that is to be forecast.",
            ),
            Wrong(
                _one_behind_the_other,
                "The feature stands *behind* the series, along the axis of time. A feature needs an axis of "
                "its own: two numbers for every step.",
            ),
            Wrong(
                _axes_swapped,
                "The windows have the right shape and their numbers in the wrong places: "
                "`reshape` does not exchange axes.",
            ),
            Wrong(
                _stacked_then_reshaped,
                "The windows have the right shape and their numbers in the wrong places: stacked along a new "
                "*first* axis, then reshaped. The new axis belongs last.",
            ),
            Wrong(
                _features_before_steps,
                "The windows are (N, 2, T): two rows of steps. Asked for are T steps with two numbers each.",
            ),
            Wrong(
                _one_window_too_many,
                "One window too many: after the last one no value is left to forecast.",
            ),
            Wrong(
                _targets_without_a_column,
                "The targets are the right ones, as (N,). Asked for is a column, (N, 1): (N, 1) minus (N,) "
                "would be (N, N).",
            ),
            Wrong(
                _feature_from_a_step_later,
                "The feature is one step ahead of the series: a window knows its value at the target's time. "
                "That is fine for a clock and a leak for a measurement; asked for is the same time.",
            ),
            Wrong(
                _target_in_the_window, "The target is the last value of its own window: nothing to forecast."
            ),
            Wrong(
                _feature_at_one_time_only,
                "Every step of a window has the same value of the feature. Each step has its own.",
            ),
        ],
    ),
)
