"""How long do rollouts take, and how good are they? Writes benchmarks/rollout.md.

Run with `python3 tasks.py bench`, or directly; `--quick` takes fewer repetitions and writes nothing. All
origins at once against one window at a time, in the same run (the latter from three origins, scaled up to
all), and the errors by horizon of the nets whose weights come with the course (made by
benchmarks/train_nets.py).
"""

import argparse
import os
import platform
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy reads them

import numpy as np  # noqa: E402

from lessons.baselines import LastValue, Ridge, SeasonalNaive  # noqa: E402
from lessons.exercises.lesson_07 import crossing_step  # noqa: E402
from lessons.records import ROLLED, trained_nets  # noqa: E402
from lessons.rnn import GRU, LSTM  # noqa: E402
from lessons.rollout import error_by_horizon, rollout, truth  # noqa: E402
from lessons.series import trend_and_seasons  # noqa: E402
from lessons.windows import Standardizer, make_windows, split_by_time  # noqa: E402

AT, WINDOW, STEPS = 630, 60, 200
ORIGINS = np.arange(AT, 701)
BASELINES = ("seasonal naive", "trend line", "last value", "train mean")


def seconds(run, repetitions):
    """Return the shortest processor time of several runs: what others do on the machine does not count."""
    times = []
    for _ in range(repetitions):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def one_at_a_time(model, series, origins, steps, window):
    """The loop that the lesson begins with: a window after another, a step after another."""
    paths = np.empty((len(origins), steps))
    for k, origin in enumerate(origins):
        history = list(series[origin - window : origin])
        for step in range(steps):
            paths[k, step] = model.predict(np.array(history[-window:]).reshape(1, window, 1))[0, 0]
            history.append(paths[k, step])
    return paths


def speeds(series, repetitions):
    """Time both ways; the slow one on a few origins, and scaled up to all."""
    rows, some = [], ORIGINS[:: len(ORIGINS) // 3][:3]
    for kind in (LSTM, GRU):
        for dtype in (np.float64, np.float32):
            model = kind(1, 32, dtype=dtype)
            together = seconds(lambda m=model: rollout(m, series, ORIGINS, STEPS, WINDOW), repetitions)
            apart = seconds(lambda m=model: one_at_a_time(m, series, some, STEPS, WINDOW), 1)
            rows.append(
                (f"{kind.__name__} {np.dtype(dtype).name}", together, apart * len(ORIGINS) / len(some))
            )
    return rows


def measured(y):
    """Errors by horizon of baselines, ridge and the nets, by name."""
    scaler, t = Standardizer().fit(y[:AT]), np.arange(len(y))
    scaled, y_true = scaler.transform(y), truth(y, ORIGINS, STEPS)
    X, targets, target_index = make_windows(scaled, WINDOW)
    train, _ = split_by_time(target_index, AT)

    def errors(models):
        return error_by_horizon(
            y_true, [scaler.inverse_target(rollout(m, scaled, ORIGINS, STEPS, WINDOW)) for m in models]
        )

    line = np.polyval(np.polyfit(t[:AT], y[:AT], 1), t)
    table = {
        "last value": errors([LastValue()]),
        "seasonal naive": errors([SeasonalNaive(50)]),
        "train mean": error_by_horizon(y_true, np.full(y_true.shape, y[:AT].mean())),
        "trend line": error_by_horizon(y_true, truth(line, ORIGINS, STEPS)),
    }
    for alpha in (1e-8, 10, None):
        name = "ridge, alpha tuned one step ahead" if alpha is None else f"ridge, alpha {alpha:g}"
        table[name] = errors([Ridge(alpha).fit(X[train], targets[train])])
    return table | {name: errors(trained_nets(name)) for name in ROLLED}


def _lines(rows, table):
    yield from ["# Rollouts", "", *__doc__.strip().splitlines(), ""]
    yield f"{os.cpu_count()} cores, CPython {platform.python_version()}, NumPy {np.__version__}, one thread."
    yield "Times are processor time."
    yield from ["", f"## {STEPS} steps from {len(ORIGINS)} origins, window {WINDOW}, hidden 32", ""]
    yield from ["| net | all origins at once | one window at a time | ratio |", "|---|---|---|---|"]
    for name, together, apart in rows:
        yield f"| {name} | {together:.2f} s | {apart:.1f} s | {apart / together:.0f} |"
    yield from ["", "## MSE by horizon, trend and seasons, five seeds", ""]
    yield "| forecaster | 1 | 10 | 50 | 100 | 200 | mean | worse for good than … from step |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, errors in table.items():
        cells = " | ".join(f"{errors.mse[k - 1]:.3f}" for k in (1, 10, 50, 100, 200))
        mean = f"{errors.mean:.3f}" + (f" ± {errors.mean_sd:.3f}" if len(errors.by_seed) > 1 else "")
        others = {other: table[other].mse for other in BASELINES if name not in BASELINES}
        crossed = {other: crossing_step(errors.mse, mse) for other, mse in others.items()}
        told = ", ".join(f"{other} {step}" for other, step in crossed.items() if step) or "–"
        yield f"| {name} | {cells} | {mean} | {told} |"
    yield ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, and nothing is written")
    quick = parser.parse_args().quick
    _, y = trend_and_seasons()
    text = "\n".join(_lines(speeds(y, 1 if quick else 5), measured(y)))
    print(text)
    if not quick:
        Path(__file__).with_name("rollout.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
