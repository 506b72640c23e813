"""Exercises of lesson 05: weights into PyTorch, a hidden transposition, the training loop.

The one lesson whose answers are written in torch, so that this module imports it.
"""

import numpy as np
import torch
from torch import nn

from lessons.exercises.declare import Case, Exercise, Part, Slip
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


def _map_case(D, H):
    return Case(*(_rng.normal(size=shape) for shape in ((D, 4 * H), (H, 4 * H), (4 * H,))))


def _step_case(B, D, H):
    shapes = (B, D), (B, H), (B, H), (4 * H, D), (4 * H, H), (4 * H,), (4 * H,)
    return Case(*(_rng.normal(size=shape) for shape in shapes))


def _net_case(optimizer, size, max_grad_norm, batches=4):
    """A small net, its optimizer, and batches of random windows."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_rng.integers(2**31))
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
_ORDERED = "W_x, W_h, b = (a.reshape(-1, 4, len(W_h))[:, {}].reshape(a.shape) for a in (W_x, W_h, b))"

_WEIGHT_MAP_SLIPS = [
    Slip("Both weights are still for x W; PyTorch stores them for W x.", {"W_x.T": "W_x", "W_h.T": "W_h"}),
    Slip("`weight_ih` is still for x W; PyTorch stores it for W x.", {"W_x.T": "W_x"}),
    Slip("`weight_hh` is still for h W; PyTorch stores it for W h.", {"W_h.T": "W_h"}),
    Slip(
        "The shapes are right and the numbers are in the wrong places: "
        "`reshape` does not exchange rows and columns.",
        {"W_x.T": "W_x.reshape(W_x.shape[::-1])", "W_h.T": "W_h.reshape(W_h.shape[::-1])"},
    ),
    Slip(
        "`weight_hh` has the right shape and its numbers in the wrong places: "
        "`reshape` does not exchange rows and columns.",
        {"W_h.T": "W_h.reshape(W_h.shape[::-1])"},
    ),
    Slip("`b` is in both biases. PyTorch adds them, so that it counts twice.", {"np.zeros_like(b)": "b"}),
    Slip("`b` is in neither of the biases.", {"bias_ih, bias_hh = b": "bias_ih, bias_hh = 0 * b"}),
    *(
        Slip(
            "The gates have been put into another order. PyTorch's is i, f, g, o, as yours is.",
            {"weight_ih = W_x.T": f"{_ORDERED.format(order)}\n    weight_ih = W_x.T"},
        )
        for order in ("[0, 1, 3, 2]", "[0, 2, 1, 3]")
    ),
    Slip(
        "The recurrent weights are stacked block by block, each (H, H), but within a block rows and "
        "columns are still yours.",
        {"W_h.T": "np.vstack(np.split(W_h, 4, axis=1))"},
    ),
]

_LSTM_STEP_FROM_TORCH_SLIPS = [
    Slip(
        "This is still the colleague's result. One product has its matrix the wrong way round, and "
        "it is square, so that no shape complains.",
        {"h @ weight_hh.T": "np.hstack([h @ block for block in np.split(weight_hh, 4)])"},
    ),
    Slip(
        "The recurrent weights have the right shape and their numbers in the wrong places: `reshape` "
        "does not exchange rows and columns.",
        {"weight_hh.T": "weight_hh.reshape(weight_hh.shape[::-1])"},
    ),
    Slip(
        "The input weights have the right shape and their numbers in the wrong places. Those of the "
        "colleague were right.",
        {"weight_ih.T": "weight_ih.reshape(weight_ih.shape[::-1])"},
    ),
    Slip("`bias_hh` is not used. PyTorch adds both biases.", {" + bias_hh": ""}),
    Slip("`bias_ih` is not used. PyTorch adds both biases.", {" + bias_ih": ""}),
    Slip("Neither bias is used. PyTorch adds both.", {" + bias_ih": "", " + bias_hh": ""}),
    Slip("The last two blocks are swapped: the order is i, f, g, o.", {"i, f, g, o": "i, f, o, g"}),
    Slip("The first two blocks are swapped: the order is i, f, g, o.", {"i, f, g, o": "f, i, g, o"}),
    Slip("The middle two blocks are swapped: the order is i, f, g, o.", {"i, f, g, o": "i, g, f, o"}),
    Slip("The candidate g is not squashed: it goes through a tanh.", {"np.tanh(g)": "g"}),
    Slip("The candidate g goes through a tanh, not through σ.", {"np.tanh(g)": "sigmoid(g)"}),
    Slip("`h` shows the cell state itself. Shown is its tanh.", {"np.tanh(c)": "c"}),
    Slip(
        "`h` is made of the *old* `c`: the cell state of the step before.",
        {"    c = sigmoid(f)": "    new = sigmoid(f)", "return h, c": "return h, new"},
    ),
    Slip("Right values, wrong order: return `h` first, then `c`.", {"return h, c": "return c, h"}),
]

_NOTES = (
    "If the error speaks of numpy() and a tensor that requires grad: a loss still carries its notes for the "
    "backward pass; keep the plain number, which `.item()` gives. If it speaks of grad_fn: the forecast was "
    "made under `no_grad`, and `backward` finds no notes to walk back."
)

_TRAIN_EPOCH_SLIPS = [
    Slip("Each `backward` adds to the gradients of the batches before.", {"optimizer.zero_grad()": "pass"}),
    Slip(
        "The gradients are not clipped, or before `backward`, when there are no new ones yet, or "
        "only after the step, when the large ones have been used.",
        {"nn.utils.clip_grad_norm_(net.parameters(), max_grad_norm)": "pass"},
    ),
    Slip(
        "Every entry is clipped on its own, which changes the direction of the step. Their common "
        "norm is to be limited.",
        {"clip_grad_norm_": "clip_grad_value_"},
    ),
    Slip(
        "The gradients are clipped at 1, whatever `max_grad_norm` says.",
        {"max_grad_norm)\n        optimizer.step": "1.0)\n        optimizer.step"},
    ),
    Slip(
        "Every loss is that of the weights at the start: between two batches no step is taken (after "
        "the loop is too late), or only once the gradients are gone.",
        {"optimizer.step()": "pass"},
    ),
    Slip("The function returns inside its loop, after one batch.", {"    return": "        return"}),
    Slip("This is the sum of squared errors, not their mean.", {"net(X), y)": 'net(X), y, reduction="sum")'}),
    Slip(
        "Forecasts (B, 1) minus targets (B,) is (B, B): each forecast is compared with every target.",
        {"nn.functional.mse_loss(net(X), y)": "((net(X) - y[:, 0]) ** 2).mean()"},
    ),
    Slip("The losses are in a list. Asked for is one array of them.", {"np.array(losses)": "losses"}),
    Slip(_NOTES, {"loss.item()": "loss"}),
    Slip(_NOTES, {"loss = nn.f": "with torch.no_grad(): loss = nn.f"}),
    Slip(
        "The steps are those of an optimizer of your own, Adam with its default step size. Use the "
        "`optimizer` that was handed in.",
        {"losses = []": "losses, optimizer = [], torch.optim.Adam(net.parameters())"},
    ),
    Slip(
        "These are the losses *after* each step. Asked for are those before.",
        {"losses.append(loss": "losses.append(nn.functional.mse_loss(net(X), y)"},
    ),
    Slip("These are roots of mean squared errors.", {"loss.item()": "loss.item() ** 0.5"}),
    Slip("Each loss is multiplied by the size of its batch.", {"loss.item()": "loss.item() * len(X)"}),
    Slip("One loss for each batch is asked for, not their mean.", {"np.array(losses)": "np.mean(losses)"}),
    Slip("These are absolute errors, not squared ones.", {"mse_loss": "l1_loss"}),
]

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
        wrong=_WEIGHT_MAP_SLIPS,
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
        wrong=_LSTM_STEP_FROM_TORCH_SLIPS,
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
        wrong=_TRAIN_EPOCH_SLIPS,
    ),
)
