"""Runs behind lesson 03 and its extras that a lesson cannot pay for: python3 tasks.py bench record_03."""

import itertools

import numpy as np
from tqdm import tqdm

from lessons import records
from lessons.baselines import Ridge
from lessons.rnn import LSTM
from lessons.scores import mse
from lessons.series import trend_and_seasons, two_waves
from lessons.windows import Standardizer, make_windows, split_by_time
from lessons.wrappers import Centred, LinearSkip

SCRIPT = "benchmarks/record_03.py"
CURES = {
    "LSTM": lambda net: net,
    "LSTM centred": Centred,
    "LSTM + skip": LinearSkip,
    "LSTM centred + skip": lambda net: Centred(LinearSkip(net)),
}


def main():
    fresh_series()
    away_match()
    when_to_stop()


def fresh_series(seeds=range(200, 212)):
    """Raw and mended LSTMs on draws of trend and seasons that nobody has looked at before."""
    errors = []  # one row a draw
    for seed in tqdm(seeds):
        X, y, X_test, y_test, unit = climbing(seed)
        models = [Ridge(), *(cure(lstm(seed)) for cure in CURES.values())]
        scores = [mse(y_test, model.fit(X, y).predict(X_test)) * unit for model in models]
        errors.append([mse(y_test, X_test[:, -1]) * unit, *scores])
    errors = np.array(errors)
    names = ["last value", "ridge", *CURES]
    rows = [
        [name, f"{column.mean():.3f}", f"{column.min():.3f} to {column.max():.3f}"]
        + [f"{(column < errors[:, k]).sum()} of {len(errors)}" if name != names[k] else "" for k in (0, 1)]
        for name, column in zip(names, errors.T, strict=True)
    ]
    records.write(
        "03_fresh_series",
        caption="Test MSE on fresh draws",
        series=f"trend and seasons, {len(errors)} draws (seeds {seeds[0]} to {seeds[-1]})",
        recipe="32 units, float32, 80 epochs, batches of 64, Adam 0.002, clipped at 1",
        seeds="one net a draw, seeded like it",
        heads=["forecaster", "mean", "range", "beats last value in", "beats ridge in"],
        rows=rows,
        script=SCRIPT,
    )


def away_match(draws=range(100, 130), noises=(0.04, 0.1, 0.2)):
    """LSTM against ridge on two waves: its penalty tuned on the tail of train, and the best in hindsight."""
    rows = []
    for noise in noises:
        errors = []
        for draw in tqdm(draws):
            X, y, X_test, y_test = waves(noise, draw)
            net = LSTM(1, 32, seed=draw, dtype=np.float32)
            net.fit(X, y, epochs=120, batch_size=None, lr=0.01)
            by_penalty = [
                mse(y_test, Ridge(alpha=a).fit(X, y).predict(X_test)) for a in (0.01, 0.1, 0.3, 1, 3, 10)
            ]
            forecasts = X_test[:, -1], Ridge().fit(X, y).predict(X_test), net.predict(X_test)
            errors.append([*(mse(y_test, y_pred) for y_pred in forecasts), *by_penalty])
        errors = np.array(errors)
        naive, tuned, net = errors[:, :3].T
        best = errors[:, 3 + errors[:, 3:].mean(axis=0).argmin()]  # one penalty for all draws
        wins = [f"{(net < rival).sum()} of {len(draws)}" for rival in (tuned, best)]
        means = [f"{column.mean():.4f}" for column in (naive, tuned, best, net)]
        rows.append([f"{noise:g}", *means, *wins])
    records.write(
        "03_away_match",
        caption="Test MSE on two waves, mean over the draws",
        series=f"two waves, {len(draws)} draws (seeds {draws[0]} to {draws[-1]}), windows of 16",
        recipe="32 units, float32, 120 epochs, all windows at once, Adam 0.01, clipped at 1",
        seeds="one net a draw, seeded like it",
        heads=["noise", "last value", "ridge", "best ridge", "LSTM", "ahead of ridge", "of the best"],
        rows=rows,
        script=SCRIPT,
    )


def when_to_stop(draws=range(300, 308), seeds=(0, 1)):
    """The plain LSTM stopped by four rules, of which only some could be followed on the day."""
    rules = {
        "always after 80 epochs": [],
        "always after 25 epochs": [],
        "best epoch on the last fifth of train": [],
        "best epoch on the test windows (the mistake)": [],
    }
    naive = []
    for draw, seed in tqdm(list(itertools.product(draws, seeds))):
        X, y, X_test, y_test, unit = climbing(draw)
        history = lstm(seed).train(X, y, validation=(X_test, y_test))
        curve = np.array([epoch.validation_loss for epoch in history]) * unit  # test MSE after every epoch
        stopped = lstm(seed)
        n = len(X) * 4 // 5
        for _ in stopped.train(X[:n], y[:n], validation=(X[n:], y[n:]), patience=80):
            pass
        ends = curve[-1], curve[24], mse(y_test, stopped.predict(X_test)) * unit, curve.min()
        for scores, end in zip(rules.values(), ends, strict=True):
            scores.append(end)
        naive.append(mse(y_test, X_test[:, -1]) * unit)
    naive = np.array(naive)
    rows = [
        [rule, f"{np.mean(scores):.3f}", f"{(np.array(scores) < naive).sum()} of {len(naive)}"]
        for rule, scores in rules.items()
    ]
    rows.append(["last value, for comparison", f"{naive.mean():.3f}", ""])
    records.write(
        "03_when_to_stop",
        caption="Test MSE of the plain LSTM by the rule that stopped it",
        series=f"trend and seasons, {len(draws)} draws (seeds {draws[0]} to {draws[-1]})",
        recipe="32 units, float32, at most 80 epochs, batches of 64, Adam 0.002, clipped at 1",
        seeds=f"{len(seeds)} nets a draw",
        heads=["stopped", "mean test MSE", "beats last value in"],
        rows=rows,
        script=SCRIPT,
    )


def climbing(seed):
    """Trend and seasons as the lesson cuts it: train and test windows, and the unit squared of their MSE."""
    _, series = trend_and_seasons(seed=seed)
    scaler = Standardizer().fit(series[:630])
    X, y, target_index = make_windows(scaler.transform(series), window=60)
    train, test = split_by_time(target_index, at=630)
    return X[train], y[train], X[test], y[test], scaler.std.item() ** 2


def waves(noise, draw):
    """Two waves as the lesson cuts it."""
    X, y, target_index = make_windows(two_waves(noise=noise, seed=draw)[1], window=16)
    train, test = split_by_time(target_index, at=0.8)
    return X[train], y[train], X[test], y[test]


def lstm(seed):
    """The lesson's net and recipe, in float32."""
    return LSTM(1, 32, seed=seed, dtype=np.float32, training={"epochs": 80, "lr": 2e-3, "batch_size": 64})


if __name__ == "__main__":
    main()
