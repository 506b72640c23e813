"""The weights of a recurrent net, NumPy or torch, in one form: what to multiply, and by which convention."""

import sys
from dataclasses import dataclass

import numpy as np

from lessons.rnn.steps import update_convention

CELLS = {1: "RNN", 3: "GRU", 4: "LSTM"}  # by the number of blocks of H columns in W_x, W_h and b


@dataclass(frozen=True, eq=False)
class Layer:
    """A recurrent layer and its head, as arrays in the names and the layout of `lessons.rnn`.

    Attributes
    ----------
    cell : {"LSTM", "GRU", "RNN"}
    W_x, W_h, b : ndarrays of shape (D, G*H), (H, G*H), (G*H,)
        Input weights, recurrent weights, bias; gates in the order i, f, g, o or r, z, n.
    b_h : ndarray of shape (3H,) or None
        Recurrent bias of a GRU that resets after the matrix product.
    W_y, b_y : ndarrays of shape (H, horizon) and (horizon,), or None
        The linear head on the last hidden state; None for a bare torch layer.
    reset : {"before", "after"} or None
        Where a GRU's reset gate multiplies: see `lessons.rnn.gru_step`.
    update : {"write", "keep"} or None
        What z = 1 does in a GRU.
    """

    cell: str
    W_x: np.ndarray
    W_h: np.ndarray
    b: np.ndarray
    b_h: np.ndarray | None = None
    W_y: np.ndarray | None = None
    b_y: np.ndarray | None = None
    reset: str | None = None
    update: str | None = None

    @property
    def input_size(self):
        """int : features D of a step."""
        return self.W_x.shape[0]

    @property
    def hidden_size(self):
        """int : hidden units H."""
        return self.W_h.shape[0]


def layer_of(model):
    """Read the weights off a NumPy or a torch net.

    Parameters
    ----------
    model : object
        An RNN, LSTM or GRU of `lessons.rnn`, or anything with their `params`; a torch `nn.LSTM`, `nn.GRU` or
        `nn.RNN`; or an `nn.Module`, or an object that holds one, with exactly one of these layers in it and
        at most one `nn.Linear`, which is taken for the head.

    Returns
    -------
    Layer
        NumPy weights are the model's own arrays; torch weights are transposed, and b_ih and b_hh added up
        except for a GRU, where the recurrent bias goes through the reset gate and becomes `b_h`.

    Raises
    ------
    TypeError
        If there is no recurrent layer in `model`, or more than one.
    ValueError
        If the layer is stacked, bidirectional, has a projection, or is an `nn.RNN` with ReLU.
    """
    if isinstance(model, Layer):
        return model
    params = getattr(model, "params", None)
    if isinstance(params, dict) and {"W_x", "W_h", "b"} <= set(params):
        return _from_params(model, params)
    module = _torch_module(model)
    if module is not None:
        return _from_torch(module)
    inside = getattr(model, "model", None)
    hint = "" if inside is None else "; it wraps one: pass its .model, and the windows that this one sees"
    raise TypeError(
        "model must be an RNN, LSTM or GRU of lessons.rnn, or a torch module with one recurrent layer, "
        f"got {type(model).__name__}{hint}"
    )


def _from_params(model, params):
    H = params["W_h"].shape[0]
    blocks = params["W_h"].shape[1] / H
    if blocks not in CELLS:
        raise TypeError(f"W_h must have H, 3H or 4H columns for its {H} rows, got {params['W_h'].shape[1]}")
    cell = CELLS[int(blocks)]
    convention = {}
    if cell == "GRU":
        reset = getattr(model, "reset", "after" if "b_h" in params else "before")
        convention = {"reset": reset, "update": update_convention(reset, getattr(model, "update", None))}
    names = ("W_x", "W_h", "b", "b_h", "W_y", "b_y")
    return Layer(cell, **{name: params.get(name) for name in names}, **convention)


def _torch_module(model):
    """Return the module that `model` is or holds, without importing torch for those who do not use it."""
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    if isinstance(model, torch.nn.Module):
        return model
    held = [part for part in getattr(model, "__dict__", {}).values() if isinstance(part, torch.nn.Module)]
    return held[0] if len(held) == 1 else None


def _from_torch(module):
    nn = sys.modules["torch"].nn
    layers = [part for part in module.modules() if isinstance(part, nn.RNNBase)]
    heads = [part for part in module.modules() if isinstance(part, nn.Linear)]
    if len(layers) != 1 or len(heads) > 1:
        raise TypeError(
            "a torch model must hold exactly one nn.LSTM, nn.GRU or nn.RNN, and at most one nn.Linear, "
            f"got {len(layers)} and {len(heads)}"
        )
    (layer,) = layers
    _refuse_variants(layer)
    W_x, W_h = _array(layer.weight_ih_l0).T, _array(layer.weight_hh_l0).T  # (D, G*H), (H, G*H)
    b_ih = _array(layer.bias_ih_l0) if layer.bias else np.zeros(W_x.shape[1], W_x.dtype)
    b_hh = _array(layer.bias_hh_l0) if layer.bias else np.zeros_like(b_ih)
    head = {}
    if heads:
        W_y = _array(heads[0].weight).T
        b_y = np.zeros(W_y.shape[1], W_y.dtype) if heads[0].bias is None else _array(heads[0].bias)
        head = {"W_y": W_y, "b_y": b_y}
    if isinstance(layer, nn.GRU):
        return Layer("GRU", W_x, W_h, b_ih, b_hh, reset="after", update="keep", **head)
    return Layer("LSTM" if isinstance(layer, nn.LSTM) else "RNN", W_x, W_h, b_ih + b_hh, **head)


def _refuse_variants(layer):
    for name, plain in {"num_layers": 1, "bidirectional": False, "proj_size": 0}.items():
        if getattr(layer, name) != plain:
            raise ValueError(f"{name} must be {plain} to be recorded, got {getattr(layer, name)}")
    if getattr(layer, "nonlinearity", "tanh") != "tanh":
        raise ValueError(f'nonlinearity must be "tanh" to be recorded, got {layer.nonlinearity!r}')


def _array(parameter):
    return parameter.detach().cpu().numpy()
