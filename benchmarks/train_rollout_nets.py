"""Train the nets whose weights lie in lessons/rollout/weights, for the rollout lesson and its explorer.

    python -m benchmarks.train_rollout_nets                     all of them, five seeds each: minutes
    python -m benchmarks.train_rollout_nets "LSTM centred" 0    one of them, to compare

All are trained on the train part of `trend_and_seasons()`, scaled, in windows of 60.
"""

import sys

import numpy as np

from lessons.baselines import Ridge
from lessons.explorers.rollout import MODELS, NOISE, paths, save_rollouts
from lessons.rnn import LSTM
from lessons.rollout.trained import NAMES, SEEDS, save_trained, trained_nets
from lessons.series import trend_and_seasons
from lessons.windows import Standardizer, make_windows
from lessons.wrappers import Centred, InputJitter, LinearSkip

WINDOW, AT = 60, 630
USUAL = {"epochs": 80, "lr": 2e-3}  # lesson 03's first run, so that nets differ in nothing but their name
COSINE = {"epochs": 80, "lr": 5e-3, "schedule": "cosine"}  # and its best one
FINE_TUNING = {"epochs": 10, "lr": 1e-3}
HORIZON = 10  # steps in a row of the fine-tuned nets


def train_windows(horizon=1):
    """Return windows and targets of the train part, scaled by its mean and standard deviation."""
    _, y = trend_and_seasons()
    series = Standardizer().fit(y[:AT]).transform(y[:AT])
    return make_windows(series, WINDOW, horizon)[:2]


def lstm(seed, **training):
    """Return the net itself, untrained."""
    return LSTM(1, 32, seed=seed, dtype=np.float32, training={**USUAL, **training})


def raw(seed):
    """Windows as they are."""
    return lstm(seed).fit(*train_windows())


def centred(seed, by="mean", **training):
    """Windows less their mean (or last value)."""
    return Centred(lstm(seed, **training), by=by).fit(*train_windows())


def centred_skip(seed):
    """Centred, with a linear skip and noise on the inputs."""
    model = Centred(InputJitter(LinearSkip(lstm(seed, **{**COSINE, "epochs": 40})), sd=0.2))
    return model.fit(*train_windows())


def dropout(seed):
    """Centred, 0.2 of the last hidden state hidden from the head; trained in PyTorch."""
    from lessons.torch_rnn import TorchForecaster, from_torch, to_torch

    inner = TorchForecaster.around(to_torch(lstm(seed)), seed=seed, training=USUAL)
    inner.module.dropout.p = 0.2
    Centred(inner).fit(*train_windows())
    return Centred(from_torch(inner))


def fine_tuned(seed, own):
    """The centred net, trained on through ten steps at a time, fed with its own forecasts or the truth."""
    from lessons.torch_rnn import from_torch, to_torch
    from lessons.torch_rollout import CentredNet, fit_with_feedback

    net = to_torch(trained_nets("LSTM centred")[seed].model)
    fit_with_feedback(CentredNet(net), *train_windows(HORIZON), own=own, seed=seed, **FINE_TUNING)
    return Centred(from_torch(net))


RECIPES = {
    "LSTM": raw,
    "LSTM centred": centred,
    "LSTM centred, cosine": lambda seed: centred(seed, **COSINE),
    "LSTM centred + skip": centred_skip,
    "LSTM last-value residual": lambda seed: centred(seed, by="last"),
    "LSTM centred + dropout": dropout,
    "LSTM centred, own rollouts": lambda seed: fine_tuned(seed, own=1.0),
    "LSTM centred, teacher forced": lambda seed: fine_tuned(seed, own=0.0),
}


def write_rollouts():
    """Write what the explorer shows: rollouts of all its nets from all origins, at every noise level."""
    scaled = Standardizer().fit(trend_and_seasons()[1][:AT]).transform(trend_and_seasons()[1])
    ridge = Ridge(alpha=10).fit(*train_windows())
    models = {name: [ridge] if name == "ridge" else trained_nets(name) for name in MODELS}
    save_rollouts({name: [paths(nets, scaled, level) for level in NOISE] for name, nets in models.items()})


def main(names=NAMES, seeds=SEEDS):
    for name in names:
        for seed in seeds:
            save_trained(name, seed, RECIPES[name](seed))
            print(name, seed, flush=True)
    if set(names) & set(MODELS):
        write_rollouts()


if __name__ == "__main__":
    main(sys.argv[1:2] or NAMES, [int(seed) for seed in sys.argv[2:]] or SEEDS)
