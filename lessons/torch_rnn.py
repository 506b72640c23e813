"""The recurrent forecasters in PyTorch, and weights to and from the NumPy nets of `lessons.rnn`.

Beside the exercises of its lesson, this is the only module of the package that imports torch.
"""

import contextlib
import copy

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from lessons.checks import as_windows
from lessons.rnn import GRU, LSTM, RNN
from lessons.rnn.training import GradientForecaster

LAYERS = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
NUMPY = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
PREDICT_CHUNK = 1024  # windows at a time in predict: bounds its memory
FORM = (
    "module must forecast head(output[:, -1]) with one recurrent layer (num_layers=1, bidirectional=False, "
    "proj_size=0, batch_first=True, bias=True) and one nn.Linear with a bias"
)


def choose_device(wish="cpu"):
    """Choose where to compute.

    Parameters
    ----------
    wish : {"cpu", "auto", "cuda", "mps"} or torch.device
        "cpu" is the default because there the same seed gives the same numbers; "auto" takes a GPU where
        there is one.

    Returns
    -------
    device : torch.device
    reason : str
        Why there.

    Raises
    ------
    ValueError
        If the wish is unknown, or this computer cannot fulfil it.
    """
    kind = str(wish)
    if kind == "cpu":
        return torch.device("cpu"), "the default: one seed gives the same numbers, run after run"
    gpus = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    found = next((name for name, there in gpus.items() if there), "cpu") if kind == "auto" else kind
    if found == "cpu":
        return torch.device("cpu"), "the best found here: no GPU that this build of PyTorch can use"
    name = found.split(":")[0]
    if name not in gpus:
        raise ValueError(f'device must be "cpu", "auto", "cuda" or "mps", got {wish!r}')
    if not gpus[name]:
        raise ValueError(f'device {kind!r}: PyTorch finds none here; "auto" or "cpu" will do')
    why = "the best found here" if kind == "auto" else "as asked for"
    what = torch.cuda.get_device_name() if name == "cuda" else "Apple's GPU"
    said = "sums may come out in another order, so the last digits differ from the CPU's"
    return torch.device(found), f"{why} ({what}); {said}"


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


class TorchForecaster(GradientForecaster):
    """A forecaster in PyTorch, with `fit`, `predict` and `train` as the NumPy nets have them.

    Parameters
    ----------
    cell, input_size, hidden_size, output_size
        As for `RecurrentNet`.
    seed : int or None
        Everything random (start weights, shuffling, dropout) comes from a stream of this forecaster's own
        and is what ``torch.manual_seed(seed)`` followed by plain PyTorch code would give. None draws from
        torch's global generator.
    dtype : numpy dtype
        float32, PyTorch's default, or float64 to compare with NumPy.
    training : dict, optional
        Defaults for `train` and `fit`, as for `lessons.rnn`: dict(epochs=80, lr=5e-3, schedule="cosine").
    device : str or torch.device
        As for `choose_device`.

    Attributes
    ----------
    module : nn.Module
        The net itself.
    device : torch.device
        Where it is.
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
        device="cpu",
    ):
        self._set_up(seed, training, device)
        dtype = getattr(torch, np.dtype(dtype).name)
        with self._own_randomness():
            module = RecurrentNet(cell, input_size, hidden_size, output_size, dtype=dtype)
        self.module = module.to(self.device)

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
        forecaster.module = module.to(forecaster.device)
        return forecaster

    def _set_up(self, seed, training, device):
        self.seed, self.training = seed, dict(training or {})
        self.device, _ = choose_device(device)
        self._stream = None if seed is None else torch.Generator().manual_seed(seed).get_state()

    @property
    def dtype(self):
        """numpy dtype : of the weights."""
        return np.dtype(str(next(self.module.parameters()).dtype).removeprefix("torch."))

    def predict(self, X):
        X = np.asarray(as_windows(X), self.dtype)
        layer = getattr(self.module, "layer", None)
        if isinstance(layer, nn.RNNBase) and X.shape[2] != layer.input_size:
            raise ValueError(f"X must have shape (N, T, {layer.input_size}), as input_size, got {X.shape}")
        with _evaluating(self.module):
            chunks = [self.module(chunk.to(self.device)) for chunk in torch.tensor(X).split(PREDICT_CHUNK)]
        return torch.cat(chunks).cpu().numpy()

    def learner(self, *args, **options):
        """What the training loop, `lessons.rnn.train`, trains this with."""
        return _Learner(self, *args, **options)

    def __repr__(self):
        return f"TorchForecaster({self.module}, seed={self.seed}, device={str(self.device)!r})"

    def _remember(self):
        return copy.deepcopy(self.module.state_dict()), self._stream

    def _go_back(self, start):
        weights, self._stream = start
        self.module.load_state_dict(weights)

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


class _Learner:
    """What the training loop asks of PyTorch, as `lessons.rnn.training.Learner` has it for NumPy."""

    def __init__(self, forecaster, X, y, batch_size, *, optimizer, momentum, max_grad_norm, seed):
        self.forecaster, self.net = forecaster, forecaster.module
        self.parameters = list(self.net.parameters())
        self.limit = max_grad_norm or float("inf")
        if optimizer == "sgd":
            self.optimizer = torch.optim.SGD(self.parameters, momentum=momentum)
        else:
            self.optimizer = torch.optim.Adam(self.parameters)
        if seed is not None:
            forecaster._stream = torch.Generator().manual_seed(seed).get_state()
        data = TensorDataset(*(torch.tensor(a, device=forecaster.device) for a in (X, y)))
        self.data = [data[:]] if batch_size is None else DataLoader(data, batch_size, shuffle=True)

    def batches(self):
        with self.forecaster._own_randomness():
            self.net.train()
            yield from self.data

    def step(self, X, y, lr):
        self.optimizer.zero_grad()
        y_pred = self.net(X)
        if y_pred.shape != y.shape:  # PyTorch would broadcast (B,) against (B, 1), and only warn
            shape = tuple(y_pred.shape)
            raise ValueError(f"y must have the shape of the forecasts, {shape}, got {tuple(y.shape)}")
        loss = nn.functional.mse_loss(y_pred, y)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.parameters, self.limit).item()
        if torch.isfinite(loss):
            self.optimizer.param_groups[0]["lr"] = lr
            self.optimizer.step()
        return loss.item(), norm

    def loss(self, X, y):
        return float(np.mean((self.forecaster.predict(X) - y) ** 2))

    def weights(self):
        return copy.deepcopy(self.net.state_dict())

    def put_back(self, weights):
        self.net.load_state_dict(weights)


def to_torch(model):
    """Copy a NumPy net into a PyTorch module that computes the same.

    Parameters
    ----------
    model : LSTM, RNN or GRU(reset="after") of lessons.rnn

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
    cell = type(model).__name__
    if NUMPY.get(cell) is not type(model):
        raise TypeError(f"to_torch takes an LSTM, GRU or RNN of lessons.rnn, got {type(model).__name__}")
    if getattr(model, "reset", "after") != "after":
        raise ValueError(
            'a GRU with reset="before" cannot be copied: it computes W_hn (r * h), nn.GRU computes '
            'r * (W_hn h), and no weights make the two equal; train a GRU with reset="after" instead'
        )
    sizes, dtype = (model.input_size, model.hidden_size, model.output_size), getattr(torch, model.dtype.name)
    with torch.random.fork_rng(devices=[]):  # start weights nobody will see
        net = RecurrentNet(cell, *sizes, dtype=dtype)
    with torch.no_grad():
        places = _places(net.layer, net.head)
        places["b_h"].zero_()
        for name, p in model.params.items():
            places[name].copy_(torch.from_numpy(p))
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
        If it has other or more layers, settings that the NumPy nets do not know, or computes something else
        with them.
    """
    module = module.module if isinstance(module, TorchForecaster) else module
    if not isinstance(module, nn.Module):
        raise TypeError(f"module must be an nn.Module or a TorchForecaster, got {type(module).__name__}")
    try:
        model = _copied(module)
        X = np.random.default_rng(0).normal(size=(3, 5, model.input_size)).astype(model.dtype)
        with _evaluating(module):
            theirs = module(torch.tensor(X, device=next(module.parameters()).device)).cpu().numpy()
    except Exception as error:
        raise ValueError(f"{FORM}; copying this one failed ({error}): {module}") from error
    ours, close = model.predict(X), 1e-10 if model.dtype == np.float64 else 1e-4
    if theirs.shape != ours.shape or not np.allclose(theirs, ours, rtol=close, atol=close):
        raise ValueError(f"{FORM}; this one does something else with them: {module}")
    return model


def _copied(module):
    """A NumPy net with the weights of the one recurrent layer and the one head of a module."""
    (layer,), (head,) = (
        [part for part in module.modules() if isinstance(part, kind)] for kind in (nn.RNNBase, nn.Linear)
    )
    cell = next(name for name, kind in LAYERS.items() if isinstance(layer, kind))
    with torch.no_grad():
        params = {name: p.cpu().numpy() for name, p in _places(layer, head).items()}
    if cell != "GRU":
        params["b"] = params["b"] + params["b_h"]
    sizes, dtype = (layer.input_size, layer.hidden_size, head.out_features), params["W_x"].dtype
    model = NUMPY[cell](*sizes, dtype=dtype, **({"reset": "after"} if cell == "GRU" else {}))
    for name, p in model.params.items():
        p[...] = params[name]
    return model


def _places(layer, head):
    """PyTorch's parameters by NumPy's names and in its layout, x W, where PyTorch has W x: views to write."""
    return {
        "W_x": layer.weight_ih_l0.T,
        "W_h": layer.weight_hh_l0.T,
        "b": layer.bias_ih_l0,
        "b_h": layer.bias_hh_l0,
        "W_y": head.weight.T,
        "b_y": head.bias,
    }


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
