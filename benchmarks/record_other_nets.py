"""The tables of the extra *Other nets on the same board*: over draws and seeds, ten steps ahead, by size.

The nets are those of the notebook's own cells.
"""

import json
import time
from pathlib import Path

import numpy as np
import torch

from lessons.baselines import LastValue, Ridge, SeasonalNaive
from lessons.records import write
from lessons.rnn import LSTM
from lessons.scores import mse
from lessons.series import sea_temperature, trend_and_seasons, two_waves
from lessons.torch_rnn import RecurrentNet, TorchForecaster, to_torch
from lessons.windows import scaled_windows
from lessons.wrappers import Centred

NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "extras" / "other_nets.ipynb"
SCRIPT = "benchmarks/record_other_nets.py"
SEEDS, DRAWS, SIZES = range(5), range(100, 105), (4, 8, 16, 32)
RECIPE = {"epochs": 40, "lr": 5e-3, "schedule": "cosine"}
SAID = "centred windows, 40 epochs, batches of 64, Adam 0.005 with cosine, clipping at 1"
SERIES = {  # windows by draw or seed
    "two waves": lambda k: scaled_windows(two_waves(seed=DRAWS[k])[1].astype(float), 16, 179),
    "trend and seasons": lambda k: scaled_windows(trend_and_seasons(seed=DRAWS[k])[1], 60, 630),
    "sea temperature (°C)": lambda k: scaled_windows(sea_temperature()[1], 24, 512),
}


def cells(*names):
    """Run cells of the notebook, given by their ids; return the names they leave."""
    here = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional, "np": np, "RECIPE": RECIPE}
    here |= {"TorchForecaster": TorchForecaster, "tqdm": lambda turns, **_: turns}
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["id"] in names:
            exec("".join(cell["source"]), here)
    return here


def nets():
    """Return how each net is made, from its hidden size and the window's length."""
    own = cells("tcn", "transformer")
    return {
        "LSTM": lambda hidden, window: to_torch(LSTM(1, hidden, seed=torch.initial_seed(), dtype=np.float32)),
        "LSTM torch": lambda hidden, window: RecurrentNet("LSTM", hidden_size=hidden),
        "TCN": lambda hidden, window: own["TCN"](hidden),
        "Transformer": lambda hidden, window: own["Transformer"](hidden, window),
    }


def fitted(make, w, seed, hidden=32):
    """Return a net's test MSE in the series' own unit, its number of weights and its seconds."""
    torch.manual_seed(seed)
    net = make(hidden, w.X_train.shape[1])
    start = time.process_time()
    model = Centred(TorchForecaster.around(net, seed=seed)).fit(w.X_train, w.y_train, **RECIPE)
    seconds = time.process_time() - start
    return own_mse(w, model.predict(w.X_test)), sum(p.numel() for p in net.parameters()), seconds


def own_mse(w, y_pred):
    return mse(w.scaler.inverse_target(w.y_test), w.scaler.inverse_target(y_pred))


def spread(scores, ridge=None):
    """Return "mean ± sd", and how often ahead of ridge."""
    digits = 3 if np.mean(scores) > 0.2 else 4
    ahead = "" if ridge is None else f" ({sum(np.less(scores, ridge))} of {len(scores)})"
    return f"{np.mean(scores):.{digits}f} ± {np.std(scores, ddof=1):.{digits}f}{ahead}"


def one_step():
    """Every net on every series, over draws and seeds."""
    rows = {name: [name, "", ""] for name in ("last value", "ridge", *nets())}
    for series, cut in SERIES.items():
        windows = [cut(k) for k in SEEDS]
        naive = [own_mse(w, LastValue().predict(w.X_test)) for w in windows]
        ridge = [own_mse(w, Ridge().fit(w.X_train, w.y_train).predict(w.X_test)) for w in windows]
        rows["last value"].append(spread(naive))
        rows["ridge"].append(spread(ridge))
        for name, make in nets().items():
            scores, sizes, seconds = zip(*(fitted(make, windows[k], k) for k in SEEDS), strict=True)
            rows[name].append(spread(scores, ridge))
            if series == "trend and seasons":
                rows[name][1:3] = f"{sizes[0]:,}", f"{np.mean(seconds):.1f}"
            print(series, rows[name], flush=True)
    write(
        "other_nets",
        caption="Test MSE one step ahead; in brackets, how often ahead of ridge",
        recipe=f"{SAID}; 32 units",
        series="two waves (windows of 16), trend and seasons (60), sea temperature (24)",
        seeds="0 to 4, the toy series drawn anew with 100 to 104; weights and seconds are for windows of 60",
        heads=["forecaster", "weights", "seconds a fit", *SERIES],
        rows=list(rows.values()),
        script=SCRIPT,
    )


def ten_steps():
    """The decoder's three teachers, beside ridge and the naive forecasts."""
    fit = cells("seq2seq", "seq2seq-fit")["fit_seq2seq"]
    plain = {"last value": LastValue(), "seasonal naive": SeasonalNaive(50), "ridge": Ridge()}
    shares = {
        "teacher forcing": lambda _: 0.0,
        "scheduled sampling": lambda done: done,
        "its own": lambda _: 1.0,
    }
    errors = {}
    for seed, draw in zip(SEEDS, DRAWS, strict=True):
        w = scaled_windows(trend_and_seasons(seed=draw)[1], 60, 630, horizon=10)
        own = w.scaler.inverse_target
        said = {name: model.fit(w.X_train, w.y_train).predict(w.X_test) for name, model in plain.items()}
        said |= {f"seq2seq, {name}": fit(w, share, seed) for name, share in shares.items()}
        for name, y_pred in said.items():
            error = ((own(y_pred) - own(w.y_test)) ** 2).mean(axis=0)  # (10,)
            errors.setdefault(name, []).append([error[0], error[9], error.mean()])
        print(draw, {name: np.round(e[-1], 4) for name, e in errors.items()}, flush=True)
    write(
        "other_nets_ten_ahead",
        caption="Test MSE ten steps ahead",
        recipe=f"{SAID}; 32 units",
        series="trend and seasons, windows of 60",
        seeds="0 to 4, the series drawn anew with 100 to 104",
        heads=["forecaster", "step 1", "step 10", "all ten"],
        rows=[[name, *(spread(column) for column in zip(*e, strict=True))] for name, e in errors.items()],
        script=SCRIPT,
    )


def by_size():
    """Nets of several hidden sizes on trend and seasons."""
    windows = [SERIES["trend and seasons"](k) for k in range(3)]
    rows = []
    for name, make in nets().items():
        means = [np.mean([fitted(make, w, k, size)[0] for k, w in enumerate(windows)]) for size in SIZES]
        rows.append([name, *(f"{mean:.4f}" for mean in means)])
        print(rows[-1], flush=True)
    ridge = np.mean([own_mse(w, Ridge().fit(w.X_train, w.y_train).predict(w.X_test)) for w in windows])
    rows.append(["ridge", *[f"{ridge:.4f}"] * len(SIZES)])
    write(
        "other_nets_sizes",
        caption="Test MSE one step ahead, by hidden size H",
        recipe=SAID,
        series="trend and seasons, windows of 60",
        seeds="0 to 2, the series drawn anew with 100 to 102",
        heads=["forecaster", *(f"H = {size}" for size in SIZES)],
        rows=rows,
        script=SCRIPT,
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    one_step()
    ten_steps()
    by_size()
