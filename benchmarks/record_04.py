"""Lesson 04's tables, on fresh noise: raw GRUs against the last value, and both cells centred."""

import numpy as np

from lessons.baselines import Ridge
from lessons.records import write
from lessons.rnn import GRU, LSTM
from lessons.scores import mse
from lessons.series import trend_and_seasons
from lessons.windows import scaled_windows
from lessons.wrappers import Centred

RAW = {"epochs": 80, "batch_size": 64, "lr": 2e-3, "max_grad_norm": 1.0}
CURED = {"epochs": 40, "lr": 5e-3, "schedule": "cosine"}
DRAWS = range(1, 9)
SEEDS = range(5)
SERIES = "trend_and_seasons(seed=1 … 8), windows of 60, test from step 630"


class Draw:
    """The series of the lesson with other noise; scores are test MSE in the unit of the series."""

    def __init__(self, seed):
        _, series = trend_and_seasons(seed=seed)
        self.windows = scaled_windows(series, window=60, at=630)

    def score(self, model=None):
        w = self.windows
        y_pred = w.X_test[:, -1] if model is None else model.fit(w.X_train, w.y_train).predict(w.X_test)
        return mse(w.scaler.inverse_target(w.y_test), w.scaler.inverse_target(y_pred))


def raw_gru(draws=DRAWS, seeds=SEEDS):
    """Test MSE of raw GRUs (draws, seeds), and of the last value (draws,)."""
    scores, naive = [], []
    for draw in map(Draw, draws):
        nets = [GRU(1, 32, seed=seed, dtype=np.float32, training=RAW) for seed in seeds]
        scores.append([draw.score(net) for net in nets])
        naive.append(draw.score())
        print("raw", np.round(scores[-1], 4), round(naive[-1], 4), flush=True)
    return np.array(scores), np.array(naive)


def two_cells(draws=DRAWS, seeds=range(3)):
    """Test MSE by net, (draws, seeds) each, and of ridge (draws,)."""
    nets = {
        "GRU": lambda seed: GRU(1, 32, seed=seed, dtype=np.float32, training=CURED),
        "LSTM centred": lambda seed: Centred(LSTM(1, 32, seed=seed, dtype=np.float32, training=CURED)),
        "GRU centred": lambda seed: Centred(GRU(1, 32, seed=seed, dtype=np.float32, training=CURED)),
    }
    draws, scores = [Draw(seed) for seed in draws], {}
    for name, make in nets.items():
        scores[name] = np.array([[draw.score(make(seed)) for seed in seeds] for draw in draws])
        print(name, np.round(scores[name], 4).tolist(), flush=True)
    return scores, np.array([draw.score(Ridge()) for draw in draws])


def main():
    cells, ridge = two_cells()
    naive = np.array([Draw(seed).score() for seed in DRAWS])
    ahead = cells["GRU centred"] < cells["LSTM centred"]
    scores = {"last value": naive, **cells, "ridge": ridge}
    write(
        "04_two_cells",
        caption="Test MSE on eight draws of the noise; "
        f"centred, the GRU is ahead of the LSTM in {ahead.sum()} of {ahead.size} pairs",
        series=SERIES,
        recipe="40 epochs, batches of 64, Adam 0.005 along a cosine; 32 units, float32",
        seeds="0 to 2, for start weights and shuffling",
        heads=["model", "mean", "lowest", "highest"],
        rows=[[name, *(f"{f(s):.4f}" for f in (np.mean, np.min, np.max))] for name, s in scores.items()],
        script="benchmarks/record_04.py",
    )
    scores, naive = raw_gru()
    wins = scores < naive[:, None]
    rows = [
        [draw, f"{line:.3f}", *(f"{score:.3f}" for score in row), f"{won.sum()} of 5"]
        for draw, row, line, won in zip(DRAWS, scores, naive, wins, strict=True)
    ]
    rows.append(["ahead", "", *(f"{won.sum()} of 8" for won in wins.T), f"{wins.sum()} of {wins.size}"])
    write(
        "04_raw_gru",
        caption="Test MSE of raw GRUs on eight fresh draws of the noise",
        series=SERIES,
        recipe="80 epochs, batches of 64, Adam 0.002, clipping at 1; 32 units, float32",
        seeds="0 to 4, for start weights and shuffling",
        heads=["noise", "last value", *(f"seed {seed}" for seed in SEEDS), "ahead"],
        rows=rows,
        script="benchmarks/record_04.py",
    )


if __name__ == "__main__":
    main()
