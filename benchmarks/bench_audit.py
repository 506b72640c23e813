"""Does the leak audit find leaks, and only leaks? Writes benchmarks/audit.md.

Run with `python3 tasks.py bench audit`, or directly; `--quick` takes a few pipelines of each kind and writes
nothing. Every kind is a random pipeline: its series, window, horizon, scaling, gaps and split are drawn
afresh each time. A leak counts as found when the audit names it by one of the names that fit it.
"""

import argparse
import os
import platform
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy reads them

import numpy as np  # noqa: E402

from lessons.series import trend_and_seasons  # noqa: E402
from lessons.windows import audit, make_windows, split_by_time  # noqa: E402

SHUFFLED, OVERLAP, FITTED = "shuffled split", "overlapping targets", "fitted on the future"
SMOOTHED, INSIDE = "smoothed with the future", "target inside its own window"


class Draw:
    """What is drawn for one pipeline: a series (n,), where its test part begins, window, horizon, width."""

    def __init__(self, rng, n=120):
        self.rng = rng
        t = np.arange(n)
        kinds = {
            "trend and seasons": lambda: trend_and_seasons(n=n, seed=int(rng.integers(1e6)))[1],
            "random walk": lambda: rng.normal(size=n).cumsum(),
            "noise": lambda: rng.normal(size=n),
            "sine": lambda: np.sin(2 * np.pi * t / 24) + 0.1 * rng.normal(size=n),
            "growth": lambda: 1000 + 50 * np.exp(0.005 * t) + rng.normal(size=n),
        }
        self.series = kinds[rng.choice(list(kinds))]()
        self.at = int(rng.uniform(0.55, 0.8) * n)
        self.window, self.horizon = int(rng.integers(3, 17)), int(rng.choice([1, 1, 1, 2, 5]))
        self.width, self.seed = int(rng.choice([3, 5, 7])), int(rng.integers(1e6))
        self.scale = rng.choice(["none", "standard", "min-max", "quartiles"])

    def with_gaps(self):
        """Take out 3 to 6 stretches of 1 to 4 values, one of them across the border."""
        for start in [self.at - 1, *self.rng.integers(25, len(self.series) - 20, self.rng.integers(2, 6))]:
            self.series[start : start + self.rng.integers(2, 5)] = np.nan

    def parts(self, inputs, targets=None, horizon=None, at=None):
        """Cut, and split by time; rows with NaN are left out."""
        horizon, at = horizon or self.horizon, at or self.at
        targets = inputs if targets is None else targets
        inputs = inputs[:, None] if inputs.ndim == 1 else inputs
        X, _, target_index = make_windows(np.nan_to_num(inputs), self.window, horizon)
        y = np.stack([targets[target_index + h] for h in range(horizon)], axis=1)
        gone = np.isnan(y).any(axis=1)
        holes = np.isnan(inputs).any(axis=1)
        gone |= np.lib.stride_tricks.sliding_window_view(holes, self.window)[: len(gone)].any(axis=1)
        train, test = split_by_time(target_index, at, horizon)
        rows = np.arange(len(X))
        return [a[part[~gone[part]]] for part in (rows[train], rows[test]) for a in (X, y)]

    def scaled(self, series, over=None):
        """Scale by what is measured over a part of the series: its train part, unless `over` says more."""
        known = series[: over or self.at]
        if self.scale == "min-max":
            return (series - np.nanmin(known)) / (np.nanmax(known) - np.nanmin(known))
        if self.scale == "quartiles":
            low, middle, high = np.nanpercentile(known, [25, 50, 75])
            return (series - middle) / (high - low)
        return series if self.scale == "none" else (series - np.nanmean(known)) / np.nanstd(known)

    def leaky_scale(self):
        """A way to scale that measures something."""
        self.scale = self.rng.choice(["standard", "min-max", "quartiles"])


def centred(x, width):
    smooth = x.copy()
    half = width // 2
    for t in range(half, len(x) - half):
        smooth[t] = x[t - half : t + half + 1].mean()
    return smooth


def trailing(x, width, what=np.mean):
    return np.array([what(x[max(0, t + 1 - width) : t + 1]) for t in range(len(x))])


def forward_filled(x):
    at = np.maximum.accumulate(np.where(np.isnan(x), 0, np.arange(len(x))))
    return x[at]


def interpolated(x):
    known = np.flatnonzero(~np.isnan(x))
    return np.interp(np.arange(len(x)), known, x[known])


def components(X_train, X, k=3):
    """Scores of the windows X (N, T, 1) on the first principal components of X_train."""
    mean = X_train[..., 0].mean(axis=0)
    _, _, axes = np.linalg.svd(X_train[..., 0] - mean, full_matrices=False)
    axes = axes * np.sign(axes[:, :1])
    return (X[..., 0] - mean) @ axes[:k].T


def encoded(x, known, period=12):
    """The mean of the known values at each step's place in the cycle."""
    place = np.arange(len(x)) % period
    means = np.array([np.nanmean(x[:known][place[:known] == p]) for p in range(period)])
    return np.column_stack([x, means[place]])


# Leaks: each takes a draw and returns the pipeline.


def shuffled(d):
    def pipeline(s):
        X, y, target_index = make_windows(d.scaled(s), d.window)
        rows = np.random.default_rng(d.seed).permutation(len(X))
        k = int(0.7 * len(X))
        return X[rows[:k]], y[rows[:k]], X[rows[k:]], y[rows[k:]]

    return pipeline


def not_purged(d):
    horizon = int(d.rng.integers(2, 9))

    def pipeline(s):
        X, y, target_index = make_windows(d.scaled(s), d.window, horizon)
        k = int(np.searchsorted(target_index, d.at))
        return X[:k], y[:k], X[k:], y[k:]

    return pipeline


def changes_not_purged(d):
    horizon = int(d.rng.integers(5, 20))

    def pipeline(s):
        X, y, target_index = make_windows(d.scaled(s), d.window, horizon)
        y, k = y[:, -1:] - X[:, -1], int(np.searchsorted(target_index, d.at))
        return X[:k], y[:k], X[k:], y[k:]

    return pipeline


def scaled_on_all(d):
    d.leaky_scale()
    return lambda s: d.parts(d.scaled(s, over=len(s)))


def test_scaled_by_itself(d):
    def pipeline(s):
        X_train, y_train, X_test, y_test = d.parts(s)
        return X_train, y_train, (X_test - X_test.mean()) / X_test.std(), y_test

    return pipeline


def one_feature_scaled_on_all(d):
    d.leaky_scale()
    d.series = np.column_stack([d.series, 1013 + 8 * d.rng.normal(size=len(d.series))])

    def pipeline(s):
        return d.parts(np.column_stack([s[:, 0], d.scaled(s[:, 1], over=len(s))]), s[:, 0])

    return pipeline


def smoothed_inputs(d):
    return lambda s: d.parts(d.scaled(centred(s, d.width)), s, horizon=1)


def smoothed_both(d):
    return lambda s: d.parts(d.scaled(np.convolve(s, np.ones(d.width) / d.width, mode="same")))


def low_pass(d):
    return lambda s: d.parts(np.fft.irfft(np.fft.rfft(s)[: len(s) // 8], len(s)), s, horizon=1)


def decomposed(d):
    from statsmodels.tsa.seasonal import STL

    def pipeline(s):
        fit = STL(s, period=12).fit()
        return d.parts(np.column_stack([fit.trend, fit.seasonal, fit.resid]), s, horizon=1)

    return pipeline


def inside(d):
    def pipeline(s):
        X, y, target_index = make_windows(d.scaled(s), d.window + 1)
        train, test = split_by_time(target_index, d.at)
        return X[train], X[train, -1], X[test], X[test, -1]

    return pipeline


def next_value_as_column(d):
    return lambda s: d.parts(np.column_stack([s, np.append(s[1:], s[-1])]), s, horizon=1)


def filled_ahead(d):
    d.with_gaps()
    return lambda s: d.parts(d.scaled(interpolated(s)))


def filled_backwards(d):
    d.with_gaps()
    return lambda s: d.parts(d.scaled(forward_filled(s[::-1])[::-1]))


def resampled_across(d):
    block = int(d.rng.integers(3, 7))

    def pipeline(s):
        of = np.arange(len(s)) // block
        coarse = np.array([s[of == b].mean() for b in range(of[-1] + 1)])
        middles = np.arange(len(coarse)) * block + (block - 1) / 2
        return d.parts(np.interp(np.arange(len(s)), middles, coarse), s, horizon=1)

    return pipeline


def pca_on_all(d):
    def pipeline(s):
        X_train, y_train, X_test, y_test = d.parts(s)
        both = np.concatenate([X_train, X_test])
        return components(both, X_train), y_train, components(both, X_test), y_test

    return pipeline


def encoded_on_all(d):
    return lambda s: d.parts(encoded(s, len(s)), s)


# Clean pipelines.


def plain(d):
    return lambda s: d.parts(d.scaled(s))


def raw_changes_as_targets(d):
    return lambda s: d.parts(d.scaled(s), np.diff(s, prepend=s[:1]))


def changes_of_both(d):
    return lambda s: d.parts(np.diff(s, prepend=s[:1]))


def purged_changes(d):
    horizon = int(d.rng.integers(2, 20))

    def pipeline(s):
        X_train, y_train, X_test, y_test = d.parts(d.scaled(s), horizon=horizon)
        return X_train, y_train[:, -1] - X_train[:, -1, 0], X_test, y_test[:, -1] - X_test[:, -1, 0]

    return pipeline


def mean_of_the_next(d):
    def pipeline(s):
        X_train, y_train, X_test, y_test = d.parts(d.scaled(s), horizon=5)
        return X_train, y_train.mean(axis=1), X_test, y_test.mean(axis=1)

    return pipeline


def lag_features(d):
    lags = np.sort(d.rng.choice(np.arange(1, 30), 4, replace=False))

    def pipeline(s):
        rows, s = np.arange(30, len(s)), d.scaled(s)
        X, k = np.stack([s[rows - lag] for lag in lags], axis=1), d.at - 30
        return X[:k], s[rows[:k]], X[k:], s[rows[k:]]

    return pipeline


def rolling_features(d):
    def pipeline(s):
        columns = [trailing(s, d.width, what) for what in (np.mean, np.std, np.min, np.max)]
        return d.parts(np.column_stack([s, *columns]), s)

    return pipeline


def trailing_inputs(d):
    return lambda s: d.parts(trailing(s, d.width), s)


def trailing_both(d):
    return lambda s: d.parts(d.scaled(trailing(s, d.width)))


def filled_from_the_past(d):
    d.with_gaps()
    return lambda s: d.parts(d.scaled(forward_filled(s)))


def inputs_filled_targets_measured(d):
    d.with_gaps()
    return lambda s: d.parts(forward_filled(s), s)


def filled_from_a_season_ago(d):
    d.with_gaps()

    def pipeline(s):
        s = s.copy()
        for t in np.flatnonzero(np.isnan(s)):
            s[t] = s[t - 12]
        return d.parts(d.scaled(s))

    return pipeline


def incomplete_rows_dropped(d):
    d.with_gaps()
    return lambda s: d.parts(d.scaled(s))


def pca_on_train(d):
    def pipeline(s):
        X_train, y_train, X_test, y_test = d.parts(s)
        return components(X_train, X_train), y_train, components(X_train, X_test), y_test

    return pipeline


def encoded_on_train(d):
    return lambda s: d.parts(encoded(s, d.at), s)


def expanding_scale(d):
    def pipeline(s):
        count = np.arange(1, len(s) + 1)
        mean = np.cumsum(s) / count
        spread = np.sqrt(np.maximum(np.cumsum(s**2) / count - mean**2, 0)) + 1e-3 * np.abs(s[0]) + 0.1
        return d.parts((s - mean) / spread, s)

    return pipeline


def windows_about_themselves(d):
    def pipeline(s):
        X_train, y_train, X_test, y_test = d.parts(s)
        level = [X[:, -1] if d.width == 3 else X.mean(axis=1) for X in (X_train, X_test)]
        return X_train - level[0][:, None], y_train - level[0], X_test - level[1][:, None], y_test - level[1]

    return pipeline


def calendar_and_noise(d):
    t = np.arange(len(d.series))

    def pipeline(s):
        rng = np.random.default_rng(d.seed)
        columns = [np.sin(t / 4), np.cos(t / 4), rng.normal(size=len(s))]
        return d.parts(np.column_stack([d.scaled(s), *columns]), s)

    return pipeline


def train_rows_drawn(d):
    def pipeline(s):
        X_train, y_train, X_test, y_test = d.parts(d.scaled(s))
        rows = np.random.default_rng(d.seed).choice(len(X_train), len(X_train), replace=d.width == 3)
        return X_train[rows], y_train[rows], X_test, y_test

    return pipeline


def test_inputs_purged(d):
    def pipeline(s):
        X_train, y_train, X_test, y_test = d.parts(d.scaled(s))
        return X_train, y_train, X_test[d.window :], y_test[d.window :]

    return pipeline


def logarithm(d):
    def pipeline(s):
        return d.parts(d.scaled(np.sign(s) * np.log1p(np.abs(s))))

    return pipeline


LEAKS = {
    "split at random": (shuffled, {SHUFFLED}),
    "several steps ahead, not purged": (not_purged, {OVERLAP}),
    "changes over several steps, not purged": (changes_not_purged, {OVERLAP}),
    "scaled on all: mean and spread, min-max, quartiles": (scaled_on_all, {FITTED}),
    "test part scaled by itself": (test_scaled_by_itself, {FITTED}),
    "a second feature scaled on all": (one_feature_scaled_on_all, {FITTED}),
    "PCA on all windows": (pca_on_all, {FITTED}),
    "target encoding on all": (encoded_on_all, {FITTED, SMOOTHED}),
    "centred smoothing of the inputs": (smoothed_inputs, {SMOOTHED, FITTED}),
    "centred smoothing of inputs and targets, any horizon": (smoothed_both, {SMOOTHED, FITTED}),
    "low-pass filter over all": (low_pass, {SMOOTHED, FITTED}),
    "STL over all": (decomposed, {SMOOTHED, FITTED}),
    "gaps interpolated, also across the border": (filled_ahead, {SMOOTHED, OVERLAP, FITTED}),
    "gaps filled backwards": (filled_backwards, {SMOOTHED, OVERLAP, FITTED}),
    "resampled to blocks and back": (resampled_across, {SMOOTHED}),
    "target inside its window": (inside, {INSIDE, FITTED}),
    "`shift(-1)` as a column": (next_value_as_column, {INSIDE}),
}
CLEAN = {
    "windows, scaled with the train part or raw": plain,
    "raw one-step changes as targets": raw_changes_as_targets,
    "changes as inputs and targets": changes_of_both,
    "changes over several steps, purged": purged_changes,
    "mean of the next five, purged": mean_of_the_next,
    "lag features": lag_features,
    "rolling mean, spread, minimum, maximum of the past": rolling_features,
    "trailing mean of the inputs": trailing_inputs,
    "trailing mean of inputs and targets": trailing_both,
    "gaps filled with the last value": filled_from_the_past,
    "gaps filled with the last value, targets measured": inputs_filled_targets_measured,
    "gaps filled with the value a season ago": filled_from_a_season_ago,
    "rows with gaps left out": incomplete_rows_dropped,
    "PCA on the train windows": pca_on_train,
    "target encoding on the train part": encoded_on_train,
    "scaled with all of the past so far": expanding_scale,
    "windows about their last value or mean": windows_about_themselves,
    "calendar and noise as features": calendar_and_noise,
    "train rows drawn at random, with or without repeats": train_rows_drawn,
    "test windows purged too": test_inputs_purged,
    "logarithm": logarithm,
}


def tried(kind, seed):
    """Audit one random pipeline: the names found, and the processor seconds."""
    draw = Draw(np.random.default_rng(seed))
    pipeline = kind(draw)
    start = time.process_time()
    try:
        names = audit(draw.series, pipeline, seconds=600).names
    except ValueError:
        names = ["refused"]
    return names, time.process_time() - start


def table(results, pipelines):
    """The Markdown of audit.md: for each kind how often a fitting name came, how often another, seconds."""
    lines = [
        "# The leak audit on random pipelines\n",
        f"{pipelines} random pipelines of each kind, series of 120 steps; Python "
        f"{platform.python_version()}, NumPy {np.__version__}. Written by benchmarks/bench_audit.py. *Other "
        "leaks named* are names that do not fit the leak that was put in; on clean pipelines every name is a "
        "false alarm. Seconds are of the processor, an audit.\n",
        "| leak | found | other leaks named | seconds |",
        "|---|---|---|---|",
    ]
    for label, outcomes in results.items():
        named, others, seconds = np.mean(outcomes, axis=0)
        if label == next(iter(CLEAN)):
            lines += ["\n| clean | false alarms | seconds |", "|---|---|---|"]
        found = "" if label in CLEAN else f" {named:.1%} |"
        lines.append(f"| {label} |{found} {others:.1%} | {seconds:.2f} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few pipelines, and write nothing")
    parser.add_argument("--pipelines", type=int, default=300)
    options = parser.parse_args()
    pipelines = 3 if options.quick else options.pipelines
    kinds = LEAKS | {label: (make, set()) for label, make in CLEAN.items()}
    results = {label: [] for label in kinds}
    for seed in range(pipelines):
        for label, (make, expected) in kinds.items():
            names, seconds = tried(make, seed)
            results[label].append((bool(expected & set(names)), bool(set(names) - expected), seconds))
            if set(names) - expected or (expected and not expected & set(names)):
                print(f"seed {seed}, {label}: {', '.join(names) or 'nothing found'}", flush=True)
        if (seed + 1) % 10 == 0 or seed + 1 == pipelines:
            print(table(results, seed + 1), flush=True)
            if not options.quick:
                (Path(__file__).parent / "audit.md").write_text(table(results, seed + 1), encoding="utf-8")


if __name__ == "__main__":
    main()
