"""Lesson 06's table: how far forget gates follow the sea temperature, in nets of other seeds."""

import numpy as np

from lessons.gates import record_gates
from lessons.records import write
from lessons.rnn import LSTM
from lessons.series import sea_temperature
from lessons.windows import scaled_windows

SEEDS, UNTRAINED = range(4, 16), range(1000, 1100)
RECIPE = {"epochs": 40, "lr": 0.01, "schedule": "cosine"}


def slope(net, X):
    """How far the mean forget gate moves with the temperature, per standard deviation, and how closely."""
    f, x = record_gates(net, X)["f"].mean(axis=2).ravel(), X[:, :, 0].ravel()
    return np.polyfit(x, f, 1)[0], np.corrcoef(f, x)[0, 1]


def main():
    sea = scaled_windows(sea_temperature()[1], window=24, at=512)
    fresh = (LSTM(1, 16, seed=seed, dtype=np.float32) for seed in UNTRAINED)
    chance = np.abs([slope(net, sea.X_test)[0] for net in fresh])
    rows, shares = [], []
    for seed in SEEDS:
        net = LSTM(1, 16, seed=seed, dtype=np.float32).fit(sea.X_train, sea.y_train, **RECIPE)
        far, r = slope(net, sea.X_test)
        shares.append((1 + np.sum(chance >= abs(far))) / (1 + len(chance)))
        rows.append([f"seed {seed}", f"{r:+.2f}", f"{far:+.3f}", f"{shares[-1]:.2f}"])
    below = sum(share < 0.05 for share in shares)
    write(
        "06_forget_gates_at_sea",
        caption=f"Forget gate and temperature: a share below 0.05 in {below} of {len(shares)} nets",
        recipe="LSTM, 16 units, 40 epochs, Adam 0.01 with a cosine schedule; share among 100 untrained nets",
        series="sea_temperature(), windows of 24 months, test from September 1992",
        seeds=f"{SEEDS[0]} to {SEEDS[-1]}",
        heads=["trained", "correlation", "slope", "share, by slope"],
        rows=rows,
        script="benchmarks/record_06.py",
    )


if __name__ == "__main__":
    main()
