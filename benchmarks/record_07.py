"""Can training cure the drift? Dropout, own rollouts and their control, the skip: writes lesson 07's records.

Run with `python3 tasks.py bench record_07` (two minutes), or directly; seeds as words, `5 6 7 8 9`, train
other nets and write nothing.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.train_nets import FALLING, USUAL, InputJitter, lstm, train_windows, trained
from lessons import records
from lessons.explorers.rollout_steps import AT, ORIGINS, STEPS, WINDOW
from lessons.rollout import error_by_horizon, rollout, truth
from lessons.series import trend_and_seasons
from lessons.torch_rnn import TorchForecaster, from_torch, to_torch
from lessons.windows import Standardizer
from lessons.wrappers import Centred, LinearSkip

AHEAD = 10  # steps in a row of the nets trained on


class Unrolled(nn.Module):
    """A centred net that forecasts several steps in a row, each put at the end of the next one's window."""

    def __init__(self, net, own):
        super().__init__()
        self.net, self.own = net, own

    def forward(self, X):
        """Windows and the true values of all targets but the last, (B, T + 9, 1) -> forecasts (B, 10)."""
        T, said = X.shape[1] - AHEAD + 1, []
        path = X[:, :T]
        for k in range(AHEAD):
            level = path[:, k:].mean(dim=1)  # (B, 1)
            said.append(self.net(path[:, k:] - level[:, None]) + level)
            fed = said[-1][:, None] if self.own else X[:, T + k : T + k + 1]
            path = torch.cat([path, fed], dim=1)
        return torch.cat(said, dim=1)


def trained_on(centred, seed, own):
    """Train a centred net for ten epochs more, fed with its own forecasts or with true values."""
    net = to_torch(centred.model)
    X, y = train_windows(AHEAD)
    training = {"epochs": 10, "lr": USUAL["lr"] / 2}
    trainer = TorchForecaster.around(Unrolled(net, own), seed=seed, training=training)
    trainer.fit(np.concatenate([X, y[:, :-1, None]], axis=1), y)
    return Centred(from_torch(net))


def dropout(seed):
    """Centred, 0.2 of the last hidden state hidden from the head in training."""
    inner = TorchForecaster.around(to_torch(lstm(seed)), seed=seed, training=USUAL)
    inner.module.dropout.p = 0.2
    Centred(inner).fit(*train_windows())
    return Centred(from_torch(inner))


def nets_of(seed, kept):
    """Return all nets of a seed by name."""
    nets = {name: kept[name][seed] if kept else trained(name, seed) for name in records.ROLLED}
    centred, X, y = nets["LSTM centred"], *train_windows()
    return nets | {
        "centred + dropout": dropout(seed),
        "centred, ten more epochs on its own forecasts": trained_on(centred, seed, own=True),
        "centred, ten more epochs on true values": trained_on(centred, seed, own=False),
        "centred + input noise": Centred(InputJitter(lstm(seed, **FALLING), sd=0.2)).fit(X, y),
        "centred + skip, no noise": Centred(LinearSkip(lstm(seed, **FALLING))).fit(X, y),
    }


def main(seeds):
    _, y = trend_and_seasons()
    scaler = Standardizer().fit(y[:AT])
    kept = None if seeds else {name: records.trained_nets(name) for name in records.ROLLED}
    scaled, came, found = scaler.transform(y), truth(y, ORIGINS, STEPS), {}
    for seed in seeds or range(5):
        for name, net in nets_of(seed, kept).items():
            path = scaler.inverse_target(rollout(net, scaled, ORIGINS, STEPS, WINDOW))
            found.setdefault(name, []).append(error_by_horizon(came, path).mean)
            print(seed, name, f"{found[name][-1]:.3f}", flush=True)
    rows = [[name, *(f"{e:.3f}" for e in (*by, np.mean(by)))] for name, by in found.items()]
    if seeds:
        return
    ways = "80 epochs, lr 2e-3; with input noise or skip 40 epochs, lr 5e-3, cosine; ten more: lr 1e-3"
    records.write(
        "07_cures",
        caption="MSE, mean over 200 steps rolled out from 71 origins",
        series="trend and seasons, trained on the first 630 values, window 60",
        recipe=f"LSTM, 32 units, {ways}",
        seeds="0 to 4",
        heads=["trained how", *(f"seed {k}" for k in range(5)), "mean"],
        rows=rows,
        script="benchmarks/record_07.py",
    )


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]])
