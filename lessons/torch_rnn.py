"""The recurrent forecasters in PyTorch, and weights to and from the NumPy nets of `lessons.rnn`.

Beside the exercises of its lesson, this is the only module of the package that imports torch.
"""

import contextlib
import copy
import time
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from lessons.checks import as_windows
from lessons.rnn import GRU, LSTM, RNN, Epoch
from lessons.rnn.training import check_windows, hold_back_tail, make_schedule

LAYERS = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
PREDICT_CHUNK = 1024  # windows at a time in predict: bounds its memory


class Device(NamedTuple):
    """Where to compute, and why there."""

    device: torch.device
    reason: str


def choose_device(wish="cpu"):
    """Choose where to compute.

    Parameters
    ----------
    wish : {"cpu", "auto", "cuda", "mps"} or torch.device
        "cpu" is the default because there the same seed gives the same numbers; "auto" takes a GPU where
        there is one.

    Returns
    -------
    Device
        `device` (torch.device) and `reason` (str).

    Raises
    ------
    ValueError
        If the wish is unknown, or this computer cannot fulfil it.
    """
    kind = str(wish)
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if kind == "cpu":
        return Device(torch.device("cpu"), "the default: one seed gives the same numbers, run after run")
    if kind == "auto":
        found = next(name for name in ("cuda", "mps", "cpu") if available[name])
        return Device(torch.device(found), f"the best found here{_hardware(found)}")
    name = kind.split(":")[0]
    if name not in available:
        raise ValueError(f'device must be "cpu", "auto", "cuda" or "mps", got {wish!r}')
    if not available[name]:
        raise ValueError(
            f'device {kind!r} was asked for, but PyTorch finds none here; "auto" or "cpu" will do'
        )
    return Device(torch.device(kind), f"as asked for{_hardware(name)}")


def _hardware(name):
    if name == "cpu":
        return ": no GPU that this build of PyTorch can use"
    what = torch.cuda.get_device_name() if name == "cuda" else "Apple's GPU"
    return f" ({what}); sums may come out in another order, so the last digits differ from the CPU's"


class RecurrentNet(nn.Module):
    """A recurrent layer of PyTorch that reads a window from zero state, and a linear head on its last output.

    Parameters
    ----------
    cell : {"LSTM", "GRU", "RNN"}
    input_size, hidden_size, output_size : int
        Features D, hidden units H, values forecast at once.
    dropout : float
        Share of the last hidden state that the head does not see, while training.
    dtype : torch.dtype, optional

    Attributes
    ----------
    layer : nn.LSTM, nn.GRU or nn.RNN
        With ``batch_first=True``.
    head : nn.Linear
    """

    def __init__(self, cell="LSTM", input_size=1, hidden_size=32, output_size=1, dropout=0.0, dtype=None):
        super().__init__()
        if cell not in LAYERS:
            raise ValueError(f'cell must be "LSTM", "GRU" or "RNN", got {cell!r}')
        self.layer = LAYERS[cell](input_size, hidden_size, batch_first=True, dtype=dtype)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden_size, output_size, dtype=dtype)

    def forward(self, X):
        """Forecast: tensor of shape (B, T, D) -> (B, output_size)."""
        output, _ = self.layer(X)  # (B, T, H)
        return self.head(self.dropout(output[:, -1]))  # (B, H) -> (B, output_size)


class TorchForecaster:
    """A forecaster in PyTorch, with `fit`, `predict` and `train` as the NumPy nets have them.

    Parameters
    ----------
    cell : {"LSTM", "GRU", "RNN"}
        Kind of recurrent layer.
    input_size, hidden_size, output_size : int
        Features D, hidden units H, values forecast at once.
    seed : int or None
        Everything random (start weights, shuffling, dropout) comes from a stream of this forecaster's own
        and is what ``torch.manual_seed(seed)`` followed by plain PyTorch code would give. None draws from
        torch's global generator.
    dtype : numpy dtype
        float32, PyTorch's default, or float64 to compare with NumPy.
    training : dict, optional
        Defaults for `train` and `fit`, as for `lessons.rnn`: dict(epochs=80, lr=5e-3, schedule="cosine").
    dropout : float
        Share of the last hidden state hidden from the head, while training.
    device : str or torch.device
        As for `choose_device`.

    Attributes
    ----------
    module : nn.Module
        The net itself.
    device, why_there
        Where it is, and the reason.

    Raises
    ------
    ValueError
        If a size, `cell`, `dtype`, `dropout` or `device` is out of range.
    """

    def __init__(
        self,
        cell="LSTM",
        input_size=1,
        hidden_size=32,
        output_size=1,
        seed=42,
        dtype=np.float32,
        training=None,
        *,
        dropout=0.0,
        device="cpu",
    ):
        sizes = {"input_size": input_size, "hidden_size": hidden_size, "output_size": output_size}
        for name, size in sizes.items():
            if not isinstance(size, (int, np.integer)) or size < 1:
                raise ValueError(f"{name} must be a positive whole number, got {size!r}")
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise ValueError(f"dtype must be float32 or float64, got {np.dtype(dtype)}")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be from 0 to below 1, got {dropout}")
        self._set_up(seed, training, device)
        with self._own_randomness():
            module = RecurrentNet(cell, **sizes, dropout=dropout, dtype=getattr(torch, np.dtype(dtype).name))
        self._place(module)

    @classmethod
    def around(cls, module, seed=42, training=None, *, device="cpu"):
        """Make a forecaster of a module of your own; it is trained where it stands, not copied.

        Parameters
        ----------
        module : nn.Module
            Takes windows (B, T, D), returns forecasts (B, horizon), both of its parameters' dtype.
        seed, training, device
            As for the class; the seed is for shuffling and dropout.

        Returns
        -------
        TorchForecaster

        Raises
        ------
        TypeError
            If `module` is no module with parameters.
        """
        if not isinstance(module, nn.Module) or next(module.parameters(), None) is None:
            raise TypeError(f"module must be an nn.Module with parameters, got {type(module).__name__}")
        forecaster = cls.__new__(cls)
        forecaster._set_up(seed, training, device)
        forecaster._place(module)
        return forecaster

    def _set_up(self, seed, training, device):
        self.seed, self.training, self._start = seed, dict(training or {}), None
        self.device, self.why_there = choose_device(device)
        self._stream = None if seed is None else torch.Generator().manual_seed(seed).get_state()

    def _place(self, module):
        if self.device.type == "mps" and next(module.parameters()).dtype == torch.float64:
            raise ValueError("Apple's GPU cannot compute in float64: take dtype=np.float32, or the CPU")
        self.module = module.to(self.device)

    @property
    def dtype(self):
        """numpy dtype : of the weights."""
        return np.dtype(str(next(self.module.parameters()).dtype).removeprefix("torch."))

    def train(self, X, y, **training):
        """Train on from the present weights, one epoch a turn of the returned iterator.

        Parameters
        ----------
        X : ndarray of shape (N, T, D)
            Training windows, scaled.
        y : ndarray of shape (N, horizon)
            Targets, in the same scaled unit.
        **training
            As for `lessons.rnn.train`: epochs=80, batch_size=64 (None: all at once, in order), lr=2e-3,
            max_grad_norm=1.0, seed=None (go on with the stream of the forecaster), optimizer="adam" ("sgd",
            or a function of the parameters that returns a torch optimizer), momentum=0.0,
            schedule="constant", weight_decay=0.0 (of AdamW), validation=None, patience=None.

        Returns
        -------
        iterator of lessons.rnn.Epoch
            Ends after `epochs`, when patience runs out, or after an epoch whose loss is no longer finite.

        Raises
        ------
        ValueError
            If an argument is out of range, or X and y do not fit together or hold NaN. Raised at the call.
        TypeError
            If an argument has no such name.
        """
        if self._start is None:
            self._start = self._snapshot()
        return self._train(X, y, **{**self.training, **training})

    def _train(
        self,
        X,
        y,
        *,
        epochs=80,
        batch_size=64,
        lr=2e-3,
        max_grad_norm=1.0,
        seed=None,
        optimizer="adam",
        momentum=0.0,
        schedule="constant",
        weight_decay=0.0,
        validation=None,
        patience=None,
    ):
        X, y = check_windows(self, X, y)
        for name, value in {"epochs": epochs, "batch_size": batch_size, "patience": patience}.items():
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if isinstance(validation, float):
            X, y, validation = hold_back_tail(X, y, validation)
        elif validation is not None:
            validation = check_windows(self, *validation)
        if patience is not None and validation is None:
            raise ValueError(
                "patience needs validation=(X, y) or a share of the training windows such as 0.1"
            )
        if max_grad_norm is not None and not max_grad_norm > 0:
            raise ValueError(f"max_grad_norm must be positive or None, got {max_grad_norm}")
        factor = make_schedule(schedule)
        optimizer = _make_optimizer(self.module.parameters(), optimizer, lr, momentum, weight_decay)
        if seed is not None:
            self._stream = torch.Generator().manual_seed(seed).get_state()
        data = TensorDataset(*(torch.tensor(a, device=self.device) for a in (X, y)))
        batches = [data[:]] if batch_size is None else DataLoader(data, batch_size, shuffle=True)

        def run():
            base_lr, best, best_epoch, best_weights = optimizer.param_groups[0]["lr"], np.inf, 0, None
            for epoch in range(1, epochs + 1):
                start = time.perf_counter()
                for group in optimizer.param_groups:
                    group["lr"] = base_lr * factor((epoch - 1) / epochs)
                with self._own_randomness():
                    loss, norms = self._one_epoch(batches, optimizer, max_grad_norm)
                validation_loss = None if validation is None else self._loss(*validation)
                clipped = 0 if max_grad_norm is None else sum(norm > max_grad_norm for norm in norms)
                seconds = time.perf_counter() - start
                if patience is not None and validation_loss < best:
                    best, best_epoch = validation_loss, epoch
                    best_weights = copy.deepcopy(self.module.state_dict())
                now = optimizer.param_groups[0]["lr"]
                yield Epoch(epoch, loss, max(norms), clipped, len(norms), now, seconds, validation_loss)
                if not np.isfinite(loss) or (patience is not None and epoch - best_epoch >= patience):
                    break
            if best_weights is not None:
                self.module.load_state_dict(best_weights)

        return run()

    def fit(self, X, y, **training):
        """Train from the weights it had before it was first trained, to the end.

        So a second `fit` starts over and gives the same model again (unless `seed` is None), while `train`
        goes on from where it is.

        Parameters
        ----------
        X, y, **training
            As for `train`.

        Returns
        -------
        self

        Raises
        ------
        FloatingPointError
            If the loss becomes nan or infinite.
        """
        if self._start is not None:
            weights, self._stream = self._start
            self.module.load_state_dict(weights)
        for epoch in self.train(X, y, **training):
            if not np.isfinite(epoch.loss):
                raise FloatingPointError(
                    f"training diverged: the loss is {epoch.loss} in epoch {epoch.epoch}, with gradients up "
                    f"to {epoch.grad_norm:.3g}; lower lr, or clip with max_grad_norm=1.0"
                )
        return self

    def predict(self, X):
        """Forecast, without gradients and without dropout.

        Parameters
        ----------
        X : ndarray of shape (N, T, D)
            Windows, scaled.

        Returns
        -------
        ndarray of shape (N, output_size)
            Forecasts, in the same scaled unit.

        Raises
        ------
        ValueError
            If X has another number of axes or features.
        """
        X = np.asarray(as_windows(X), self.dtype)
        layer = getattr(self.module, "layer", None)
        if isinstance(layer, nn.RNNBase) and X.shape[2] != layer.input_size:
            raise ValueError(
                f"X must have shape (N, T, {layer.input_size}), as this forecaster was made with "
                f"input_size={layer.input_size}, got {X.shape}"
            )
        with _evaluating(self.module):
            chunks = [
                self.module(torch.tensor(X[start : start + PREDICT_CHUNK], device=self.device))
                for start in range(0, len(X), PREDICT_CHUNK)
            ]
        return torch.cat(chunks).cpu().numpy()

    def __repr__(self):
        return f"TorchForecaster({self.module}, seed={self.seed}, device={str(self.device)!r})"

    def _one_epoch(self, batches, optimizer, max_grad_norm):
        """Take one step per batch; return the mean loss and every step's gradient norm."""
        parameters, limit = list(self.module.parameters()), max_grad_norm or float("inf")
        total, count, norms = 0.0, 0, []
        self.module.train()
        for X, y in batches:  # (B, T, D), (B, horizon)
            optimizer.zero_grad()
            y_pred = self.module(X)
            if y_pred.shape != y.shape:  # PyTorch would broadcast (B,) against (B, 1), and only warn
                raise ValueError(
                    f"y must have the shape of the forecasts, {tuple(y_pred.shape)}, got {tuple(y.shape)}"
                )
            loss = nn.functional.mse_loss(y_pred, y)
            loss.backward()
            norms.append(nn.utils.clip_grad_norm_(parameters, limit).item())
            total, count = total + loss.item() * len(X), count + len(X)
            if not np.isfinite(total):
                break
            optimizer.step()
        return total / count, norms

    def _loss(self, X, y):
        return float(np.mean((self.predict(X) - y) ** 2))

    def _snapshot(self):
        return copy.deepcopy(self.module.state_dict()), self._stream

    @contextlib.contextmanager
    def _own_randomness(self):
        """Draw from this forecaster's stream, and leave torch's global generator as it was."""
        if self._stream is None:
            yield
            return
        on_gpu = self.device.type == "cuda"
        with torch.random.fork_rng(devices=[self.device] if on_gpu else []):
            torch.set_rng_state(self._stream)
            if self.device.type != "cpu":  # dropout draws on the device
                getattr(torch, self.device.type).manual_seed(int(torch.randint(2**31, ())))
            yield
            self._stream = torch.get_rng_state()


def to_torch(model):
    """Copy a NumPy net into a PyTorch module that computes the same.

    Parameters
    ----------
    model : LSTM, RNN or GRU(reset="after") of lessons.rnn
        A GRU whose update gate writes gets its signs turned, since PyTorch's keeps.

    Returns
    -------
    RecurrentNet
        In the model's dtype. PyTorch keeps two biases where the equations of LSTM and RNN need one: `b`
        goes into ``bias_ih``, zeros into ``bias_hh``.

    Raises
    ------
    TypeError
        If `model` is no net of lessons.rnn.
    ValueError
        If it is a GRU with reset="before", which no ``nn.GRU`` can compute.
    """
    cell = next((name for name, kind in _NUMPY.items() if type(model) is kind), None)
    if cell is None:
        raise TypeError(f"to_torch takes an LSTM, GRU or RNN of lessons.rnn, got {type(model).__name__}")
    if getattr(model, "reset", "after") != "after":
        raise ValueError(
            'a GRU with reset="before" cannot be copied: it computes W_hn (r * h), nn.GRU computes '
            'r * (W_hn h), and no weights make the two equal; train a GRU with reset="after" instead'
        )
    dtype = getattr(torch, model.dtype.name)
    with torch.random.fork_rng(devices=[]):  # start weights nobody will see
        net = RecurrentNet(cell, model.input_size, model.hidden_size, model.output_size, dtype=dtype)
    params = _turned(model.params, model.hidden_size) if _writes(model) else model.params
    b_h = params.get("b_h", np.zeros_like(params["b"]))
    with torch.no_grad():
        for tensor, array in zip(_tensors(net.layer, net.head), _transposed(params, b_h), strict=True):
            tensor.copy_(torch.from_numpy(np.ascontiguousarray(array)))
    return net


def from_torch(module):
    """Copy a PyTorch module into a NumPy net that computes the same.

    Parameters
    ----------
    module : nn.Module or TorchForecaster
        Any module with one ``nn.LSTM``, ``nn.GRU`` or ``nn.RNN`` of one layer, ``batch_first=True``, and one
        ``nn.Linear`` that forecasts from its last output. (Tried out on random windows.)

    Returns
    -------
    LSTM, GRU(reset="after") or RNN
        In the module's dtype. For LSTM and RNN `b` is the sum of PyTorch's two biases.

    Raises
    ------
    TypeError
        If `module` is neither.
    ValueError
        If it has other or more layers, or settings that the NumPy nets do not know, or computes something
        else with them.
    """
    module = module.module if isinstance(module, TorchForecaster) else module
    if not isinstance(module, nn.Module):
        raise TypeError(f"module must be an nn.Module or a TorchForecaster, got {type(module).__name__}")
    cell, layer, head = _parts_of(module)
    params = _to_numpy(cell, [p.detach() for p in _tensors(layer, head)])
    sizes = layer.input_size, layer.hidden_size, head.out_features
    model = _NUMPY[cell](*sizes, dtype=params["W_x"].dtype, **({"reset": "after"} if cell == "GRU" else {}))
    for name, p in model.params.items():
        p[...] = params[name]
    _try_out(module, model, next(module.parameters()))
    return model


def gradients(module):
    """The gradients that ``loss.backward()`` left in a module, under the names and in the shapes of NumPy's.

    Parameters
    ----------
    module : nn.Module or TorchForecaster
        As for `from_torch`.

    Returns
    -------
    dict of str to ndarray
        d loss / d W_x (D, G*H), W_h (H, G*H), b (G*H,), W_y (H, output_size), b_y (output_size,), for a GRU
        b_h (3H,) as well.

    Raises
    ------
    RuntimeError
        If nobody called ``backward``.
    """
    module = module.module if isinstance(module, TorchForecaster) else module
    cell, layer, head = _parts_of(module)
    grads = [p.grad for p in _tensors(layer, head)]
    if any(grad is None for grad in grads):
        raise RuntimeError("the module has no gradients yet: call loss.backward() first")
    if cell != "GRU":  # both biases add up to one b, and each has b's gradient
        grads[3] = torch.zeros_like(grads[3])
    return _to_numpy(cell, grads)


_NUMPY = {"LSTM": LSTM, "GRU": GRU, "RNN": RNN}


def _tensors(layer, head):
    """The six parameters in one order: input weights, recurrent weights, two biases, head weight and bias."""
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    return [*(getattr(layer, name) for name in names), head.weight, head.bias]


def _transposed(params, b_h):
    """The arrays for `_tensors`: PyTorch multiplies W x, with W (4H, D), where NumPy's nets have x W."""
    return [params["W_x"].T, params["W_h"].T, params["b"], b_h, params["W_y"].T, params["b_y"]]


def _to_numpy(cell, tensors):
    W_ih, W_hh, b_ih, b_hh, W_head, b_head = (t.cpu().numpy() for t in tensors)
    biases = {"b": b_ih.copy(), "b_h": b_hh.copy()} if cell == "GRU" else {"b": b_ih + b_hh}
    return {
        "W_x": W_ih.T.copy(),
        "W_h": W_hh.T.copy(),
        **biases,
        "W_y": W_head.T.copy(),
        "b_y": b_head.copy(),
    }


def _writes(model):
    return getattr(model, "update", "keep") == "write"


def _turned(params, H):
    """Weights of a GRU with z turned round, by 1 - sigma(a) = sigma(-a)."""
    sign = np.ones(3 * H)
    sign[H : 2 * H] = -1
    return {
        name: p * sign.astype(p.dtype) if name in ("W_x", "W_h", "b", "b_h") else p
        for name, p in params.items()
    }


def _parts_of(module):
    """The recurrent layer and the head of a module, or what is wrong with it."""
    layers = [m for m in module.modules() if isinstance(m, nn.RNNBase)]
    heads = [m for m in module.modules() if isinstance(m, nn.Linear)]
    if len(layers) != 1 or len(heads) != 1:
        raise ValueError(
            f"module must have one recurrent layer and one nn.Linear, got {len(layers)} and {len(heads)}"
        )
    (layer,), (head,) = layers, heads
    cell = next(name for name, kind in LAYERS.items() if isinstance(layer, kind))
    wanted = {"num_layers": 1, "bidirectional": False, "proj_size": 0, "batch_first": True, "bias": True}
    wanted |= {"nonlinearity": "tanh"} if cell == "RNN" else {}
    for name, value in wanted.items():
        if (came := getattr(layer, name)) != value:
            raise ValueError(
                f"the nets of lessons.rnn have {name}={value!r}, this nn.{cell} has {name}={came!r}"
            )
    if head.bias is None:
        raise ValueError("the nets of lessons.rnn have a bias in the head, this nn.Linear has bias=False")
    if head.in_features != layer.hidden_size:
        raise ValueError(f"the head must read {layer.hidden_size} hidden units, got {head.in_features}")
    return cell, layer, head


def _try_out(module, model, like):
    """Compare both on random windows: the same layers may be put together in another way."""
    X = np.random.default_rng(0).normal(size=(3, 5, model.input_size)).astype(model.dtype)
    try:
        with _evaluating(module):
            theirs = module(torch.tensor(X, device=like.device)).cpu().numpy()
    except Exception as error:
        raise ValueError(f"module does not take windows (B, T, {model.input_size}): {error}") from error
    ours, close = model.predict(X), 1e-10 if model.dtype == np.float64 else 1e-4
    if theirs.shape != ours.shape or not np.allclose(theirs, ours, rtol=close, atol=close):
        raise ValueError(
            "module does something else with its layers than head(output[:, -1]), the forecast from the last "
            "hidden state"
        )


@contextlib.contextmanager
def _evaluating(module):
    """No gradients and no dropout, for a while."""
    was_training = module.training
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        module.train(was_training)


def _make_optimizer(parameters, optimizer, lr, momentum, weight_decay):
    if callable(optimizer):
        return optimizer(list(parameters))
    if not lr > 0:
        raise ValueError(f"lr must be positive, got {lr}")
    if optimizer == "adam" and not momentum:
        kind = torch.optim.AdamW if weight_decay else torch.optim.Adam
        return kind(parameters, lr=lr, weight_decay=weight_decay)
    if optimizer == "sgd" and not weight_decay:
        return torch.optim.SGD(parameters, lr=lr, momentum=momentum)
    if optimizer in ("adam", "sgd"):
        raise ValueError('momentum belongs to optimizer="sgd", weight_decay to "adam"')
    raise ValueError(
        f'optimizer must be "adam", "sgd" or a function that makes a torch optimizer, got {optimizer!r}'
    )
