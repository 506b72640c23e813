"""Lesson 04's GRUs, trained beforehand: the browser's `lessons` has this file, and needs a tenth of the time.

python book/lite/stored.py      trains them anew
"""

from pathlib import Path

import numpy as np

from lessons.rnn import GRU
from lessons.series import trend_and_seasons
from lessons.windows import scaled_windows

FILE = Path(__file__).with_name("stored.npz")
RECIPE = {"epochs": 80, "batch_size": 64, "lr": 2e-3, "max_grad_norm": 1.0}


def gru(seed):
    """Return the net that the lesson's `train` gives with one of the seeds 0 to 2."""
    net = GRU(1, 32, seed=seed, dtype=np.float32)
    with np.load(FILE) as kept:
        for name, p in net.params.items():
            p[...] = kept[f"{name} {seed}"]
    return net


def main():
    windows, kept = scaled_windows(trend_and_seasons()[1], window=60, at=630), {}
    for seed in range(3):
        net = GRU(1, 32, seed=seed, dtype=np.float32, training=RECIPE).fit(windows.X_train, windows.y_train)
        kept |= {f"{name} {seed}": p for name, p in net.params.items()}
    np.savez_compressed(FILE, **kept)


if __name__ == "__main__":
    main()
