"""Nets that have been trained already: five seeds of each would take a minute, reading them takes none."""

from pathlib import Path

import numpy as np

from lessons.rnn import LSTM
from lessons.wrappers import Centred, LinearSkip

FOLDER = Path(__file__).parent / "weights"
SEEDS = range(5)
FILES = {"LSTM": "raw", "LSTM centred": "centred", "LSTM centred + skip": "centred-skip"}


def trained_nets(name):
    """Read nets that were trained on the train part of `trend_and_seasons()`, one for each of five seeds.

    All have 32 hidden units and forecast one step ahead from windows of 60, in the unit of
    ``Standardizer().fit(y[:630])``. benchmarks/train_rollout_nets.py made the files, and says how.

    Parameters
    ----------
    name : str
        "LSTM": on windows as they are. "LSTM centred": on windows less their means, all else the same.
        "LSTM centred + skip": so too, with a linear skip, input jitter and a falling step size.

    Returns
    -------
    list of forecaster
        New ones at each call, by seed 0 ... 4.

    Raises
    ------
    ValueError
        If there are no such nets.
    """
    if name not in FILES:
        raise ValueError(f"name must be one of {', '.join(map(repr, FILES))}, got {name!r}")
    return [_read(name, seed) for seed in SEEDS]


def _read(name, seed):
    net, file = LSTM(1, 32, seed=seed, dtype=np.float32), FOLDER / f"{FILES[name]}-{seed}.npz"
    with np.load(file) as kept:
        for weights, p in net.params.items():
            p[...] = kept[weights]
    if name == "LSTM":
        return net
    if name == "LSTM centred":
        return Centred(net)
    skip = LinearSkip(net)
    skip._W_skip = np.load(file.with_name(f"{file.stem}-skip.npy"))
    return Centred(skip)
