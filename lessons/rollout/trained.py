"""Nets that have been trained already: five seeds of each would take minutes, reading them takes none."""

from pathlib import Path

import numpy as np

from lessons.rnn import load_weights, save_weights
from lessons.wrappers import Centred, LinearSkip

FOLDER = Path(__file__).parent / "weights"
SEEDS = range(5)
NAMES = {  # what a net is called: its files, and what it is wrapped in
    "LSTM": ("raw", lambda net: net),
    "LSTM centred": ("centred", Centred),
    "LSTM centred, cosine": ("centred-cosine", Centred),
    "LSTM centred + skip": ("centred-skip", lambda net: Centred(LinearSkip(net))),
    "LSTM last-value residual": ("last-value", lambda net: Centred(net, by="last")),
    "LSTM centred + dropout": ("dropout", Centred),
    "LSTM centred, own rollouts": ("own-rollouts", Centred),
    "LSTM centred, teacher forced": ("teacher-forced", Centred),
}


def trained_nets(name):
    """Read nets that were trained on the train part of `trend_and_seasons()`, one for each of five seeds.

    All have 32 hidden units and forecast one step ahead from windows of 60, in the unit of
    ``Standardizer().fit(y[:630])``. How they were trained is written in benchmarks/train_rollout_nets.py,
    which made the files.

    Parameters
    ----------
    name : str
        "LSTM": on windows as they are. "LSTM centred": on windows less their means, all else the same.
        "LSTM centred, cosine": with a falling step size. "LSTM centred + skip": so too, with a linear skip
        and input jitter. "LSTM last-value residual": on windows less their last values. "LSTM centred +
        dropout": 0.2 on the last hidden state. "LSTM centred, own rollouts" and "LSTM centred, teacher
        forced": the centred nets trained on, ten steps at a time, on their own forecasts and on the truth.

    Returns
    -------
    list of forecaster
        New ones at each call, by seed 0 ... 4.

    Raises
    ------
    ValueError
        If there are no such nets.
    """
    if name not in NAMES:
        raise ValueError(f"name must be one of {', '.join(map(repr, NAMES))}, got {name!r}")
    return [_read(name, seed, FOLDER) for seed in SEEDS]


def save_trained(name, seed, forecaster, folder=FOLDER):
    """Write one of these nets to its file.

    Parameters
    ----------
    name, seed
        Which one.
    forecaster
        The net in its wrappers.
    folder : Path
        Where to.
    """
    net, skip = _parts(forecaster)
    folder.mkdir(parents=True, exist_ok=True)
    save_weights(net, folder / f"{NAMES[name][0]}-{seed}.npz")
    if skip is not None:
        np.save(folder / f"{NAMES[name][0]}-{seed}-skip.npy", skip.params["W_skip"])


def _read(name, seed, folder):
    file, around = NAMES[name]
    forecaster = around(load_weights(folder / f"{file}-{seed}.npz"))
    _, skip = _parts(forecaster)
    if skip is not None:
        skip._W_skip = np.load(folder / f"{file}-{seed}-skip.npy")
    return forecaster


def _parts(forecaster):
    """The net inside, and the linear skip around it, if there is one."""
    skip = None
    while hasattr(forecaster, "model"):
        skip = forecaster if isinstance(forecaster, LinearSkip) else skip
        forecaster = forecaster.model
    return forecaster, skip
