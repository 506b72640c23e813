"""Weights to and from a file: plain arrays in a .npz, with what is needed to refuse the wrong file."""

import json

import numpy as np

from lessons.rnn.forecaster import RecurrentForecaster
from lessons.rnn.gru import GRU
from lessons.rnn.lstm import LSTM
from lessons.rnn.rnn import RNN

FORMAT = 1
_CLASSES = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
_HEADER = "header"


def save_weights(model, path):
    """Write a model's weights and sizes to a .npz file.

    Parameters
    ----------
    model : RNN, LSTM or GRU
    path : str or Path
        Where to; numpy adds ".npz" if it is missing.

    Raises
    ------
    TypeError
        If `model` is of another class.
    """
    name = type(model).__name__
    if _CLASSES.get(name) is not type(model):
        raise TypeError(f"save_weights takes an RNN, LSTM or GRU of lessons.rnn, got {name}")
    header = {"format": FORMAT, "class": name, "arguments": _arguments(model)}
    np.savez(path, **{_HEADER: json.dumps(header)}, **model.params)


def load_weights(path, model=None):
    """Read weights back: into a new model, or into one you have.

    Parameters
    ----------
    path : str or Path
        A file written by `save_weights`.
    model : RNN, LSTM or GRU, optional
        Gets the weights in place (converted to its dtype); made anew from the file if left out.

    Returns
    -------
    RNN, LSTM or GRU
        The model.

    Raises
    ------
    ValueError
        If the file is not one of `save_weights`, is of a newer format, or does not fit `model`: the message
        names the class, argument or array, what was expected and what the file holds.
    """
    header, arrays = _read(path)
    if header["class"] not in _CLASSES:
        raise ValueError(f"{path} holds weights of an unknown class {header['class']!r}")
    if model is None:
        model = _CLASSES[header["class"]](**header["arguments"])
    _check_fit(path, header, arrays, model)
    for name, p in model.params.items():
        p[...] = arrays[name]
    model._start = None  # fit now starts from these weights
    return model


def _arguments(model: RecurrentForecaster):
    names = ["input_size", "hidden_size", "output_size"] + ["reset", "update"] * isinstance(model, GRU)
    arguments = {name: getattr(model, name) for name in names}
    sizes = {name: int(value) if name.endswith("_size") else value for name, value in arguments.items()}
    return {**sizes, "seed": int(model.seed), "dtype": model.dtype.name}


def _read(path):
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(str(arrays.pop(_HEADER)))
        version = header["format"]
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(f"{path} is not a weights file written by save_weights ({error})") from None
    if version != FORMAT:
        raise ValueError(
            f"{path} has weights format {version}; this version of lessons reads format {FORMAT}"
        )
    return header, arrays


def _check_fit(path, header, arrays, model):
    if header["class"] != type(model).__name__:
        raise ValueError(
            f"{path} holds weights of {header['class']}, the model is of class {type(model).__name__}"
        )
    for name in ("reset", "update"):
        wanted, got = getattr(model, name, None), header["arguments"].get(name)
        if wanted != got:
            raise ValueError(
                f"the model has {name}={wanted!r}, the weights in {path} were made with {name}={got!r}"
            )
    if set(arrays) != set(model.params):
        raise ValueError(f"{path} holds {sorted(arrays)}, the model needs {sorted(model.params)}")
    for name, p in model.params.items():
        if arrays[name].shape != p.shape:
            raise ValueError(f"{name} has shape {arrays[name].shape} in {path}, the model needs {p.shape}")
