"""How fast are the NumPy nets? Forward + backward of one batch, against a plain loop and against PyTorch.

Run with `python3 tasks.py bench`, or directly; `--quick` takes fewer repeats and writes nothing. One
thread; every contender runs once in each round, so that a busy moment hits all of them; medians over the
rounds, in milliseconds. Writes benchmarks/rnn.md.
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy and torch are imported

import argparse  # noqa: E402
import platform  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
import torch  # noqa: E402

from lessons.rnn import GRU, LSTM  # noqa: E402
from lessons.rnn.training import train  # noqa: E402

SIZES = [(64, 60, 32), (163, 16, 32), (64, 60, 128), (512, 60, 64)]  # (B, T, H)
SECONDS_PER_SIZE = 12.0

# On one thread processor time is wall time, less what other programs took; not every system counts it finely.
fine = time.get_clock_info("process_time").resolution < 1e-6
clock = time.process_time if fine else time.perf_counter


def sigma(a):
    return 1 / (1 + np.exp(-a))


class PerGateLSTM:
    """The LSTM as its equations stand: gate by gate, step by step, a new array for every result."""

    def __init__(self, model):
        H = model.hidden_size
        p = model.params
        columns = {gate: slice(k * H, (k + 1) * H) for k, gate in enumerate("ifgo")}
        self.W_x = {gate: p["W_x"][:, s].copy() for gate, s in columns.items()}
        self.W_h = {gate: p["W_h"][:, s].copy() for gate, s in columns.items()}
        self.b = {gate: p["b"][s].copy() for gate, s in columns.items()}

    def forward_backward(self, X, d_h):
        W_x, W_h, b = self.W_x, self.W_h, self.b
        h, c = np.zeros_like(d_h), np.zeros_like(d_h)
        steps = []
        for t in range(X.shape[1]):
            x = X[:, t]
            i = sigma(x @ W_x["i"] + h @ W_h["i"] + b["i"])
            f = sigma(x @ W_x["f"] + h @ W_h["f"] + b["f"])
            g = np.tanh(x @ W_x["g"] + h @ W_h["g"] + b["g"])
            o = sigma(x @ W_x["o"] + h @ W_h["o"] + b["o"])
            c_next = f * c + i * g
            tanh_c = np.tanh(c_next)
            steps.append((x, h, c, i, f, g, o, tanh_c))
            h, c = o * tanh_c, c_next
        h_T = h

        d_W_x, d_W_h, d_b = ({gate: np.zeros_like(w) for gate, w in W.items()} for W in (W_x, W_h, b))
        d_c = np.zeros_like(c)
        for x, h, c, i, f, g, o, tanh_c in reversed(steps):
            d_c = d_c + d_h * o * (1 - tanh_c**2)
            d_a = {
                "i": d_c * g * i * (1 - i),
                "f": d_c * c * f * (1 - f),
                "g": d_c * i * (1 - g**2),
                "o": d_h * tanh_c * o * (1 - o),
            }
            d_h = np.zeros_like(d_h)
            for gate, d in d_a.items():
                d_W_x[gate] += x.T @ d
                d_W_h[gate] += h.T @ d
                d_b[gate] += d.sum(axis=0)
                d_h = d_h + d @ W_h[gate].T
            d_c = d_c * f
        return h_T, d_W_h


def ours(model, X, d_h):
    """Forward and backward of the recurrent layer alone: the head is left out for everybody."""

    def run():
        h, tape = model._unroll(X, model._buffers)
        return h.T, model._unroll_back(tape, d_h.T)

    return run


def torch_twin(kind, model, X, d_h):
    dtype = {np.dtype(np.float32): torch.float32, np.dtype(np.float64): torch.float64}[model.dtype]
    net = kind(model.input_size, model.hidden_size, batch_first=True, dtype=dtype)
    X, d_h = torch.from_numpy(X), torch.from_numpy(d_h)

    def run():
        net.zero_grad()
        last = net(X)[0][:, -1]
        last.backward(d_h)

    return run


def medians(contenders, rounds):
    times = {name: [] for name in contenders}
    for run in contenders.values():
        run()
    for _ in range(rounds):
        for name, run in contenders.items():
            start = clock()
            run()
            times[name].append(clock() - start)
    return {name: 1e3 * float(np.median(t)) for name, t in times.items()}


def measure(B, T, H, seconds):
    rng = np.random.default_rng(1)
    contenders = {}
    for label, dtype in (("f64", np.float64), ("f32", np.float32)):
        X, d_h = rng.normal(size=(B, T, 1)).astype(dtype), rng.normal(size=(B, H)).astype(dtype)
        lstm = LSTM(1, H, dtype=dtype)
        before, after = GRU(1, H, dtype=dtype), GRU(1, H, dtype=dtype, reset="after")
        per_gate = PerGateLSTM(lstm)
        check_same(per_gate, lstm, X, d_h)
        contenders |= {
            f"per gate {label}": lambda p=per_gate, X=X, d=d_h: p.forward_backward(X, d),
            f"LSTM {label}": ours(lstm, X, d_h),
            f"nn.LSTM {label}": torch_twin(torch.nn.LSTM, lstm, X, d_h),
            f"GRU before {label}": ours(before, X, d_h),
            f"GRU after {label}": ours(after, X, d_h),
            f"nn.GRU {label}": torch_twin(torch.nn.GRU, after, X, d_h),
        }
    once = sum(medians(contenders, 2).values()) / 1e3
    return medians(contenders, max(7, int(seconds / once)))


def check_same(per_gate, model, X, d_h):
    """A benchmark of two programs that do different things measures nothing."""
    h, d_W_h = per_gate.forward_backward(X, d_h)
    h_fast, grads = ours(model, X, d_h)()
    close = {"rtol": 1e-3, "atol": 1e-2} if model.dtype == np.float32 else {"rtol": 1e-9, "atol": 1e-9}
    np.testing.assert_allclose(h_fast, h, **close)
    np.testing.assert_allclose(grads["W_h"], np.hstack([d_W_h[gate] for gate in "ifgo"]), **close)


def whole_run():
    """Seconds for the live explorer's run: 163 windows of 16 steps, hidden 32, 120 full-batch epochs."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(163, 16, 1)), rng.normal(size=(163, 1))
    seconds = {}
    for kind in (LSTM, GRU):
        for dtype in (np.float64, np.float32):
            start = clock()
            for _ in train(kind(1, 32, dtype=dtype), X, y, epochs=120, batch_size=None, lr=1e-2):
                pass
            seconds[f"{kind.__name__} {np.dtype(dtype).name}"] = clock() - start
    return seconds


def report(results, runs):
    head = (
        "| B×T×H | dtype | per gate | LSTM | nn.LSTM | GRU before | GRU after | nn.GRU "
        "| per gate ÷ LSTM | nn.LSTM ÷ LSTM | nn.GRU ÷ GRU after |"
    )
    lines = [head, "|---" * 2 + "|--:" * 9 + "|"]
    for (B, T, H), ms in results.items():
        for label in ("f64", "f32"):
            names = ("per gate", "LSTM", "nn.LSTM", "GRU before", "GRU after", "nn.GRU")
            m = {name: ms[f"{name} {label}"] for name in names}
            ratios = (m["per gate"] / m["LSTM"], m["nn.LSTM"] / m["LSTM"], m["nn.GRU"] / m["GRU after"])
            cells = [f"{m[name]:.2f}" for name in names] + [f"**{ratio:.2f}**" for ratio in ratios]
            lines.append(f"| {B}×{T}×{H} | {label} | " + " | ".join(cells) + " |")
    kind_of_time = "processor" if fine else "wall"
    mixed = {size: ms["per gate f64"] / ms["LSTM f32"] for size, ms in results.items()}
    return "\n".join(
        [
            "# Speed of the NumPy nets",
            "",
            "Written by `benchmarks/bench_rnn.py`. Forward + backward of the recurrent layer for one batch:",
            f"medians in milliseconds of {kind_of_time} time on one thread, all contenders in",
            "turn in every round. A ratio above 1 means that ours is faster.",
            "",
            *lines,
            "",
            "float32 LSTM against the per-gate loop in float64: "
            + ", ".join(f"{B}×{T}×{H} {ratio:.2f}×" for (B, T, H), ratio in mixed.items())
            + ".",
            "",
            "A whole training run (163 windows of 16 steps, hidden 32, 120 full-batch epochs), seconds: "
            + ", ".join(f"{name} {seconds:.2f}" for name, seconds in runs.items())
            + ".",
            "",
            f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}, "
            f"torch {torch.__version__}.",
            "",
        ]
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repeats, print only")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    results = {size: measure(*size, seconds=2.0 if quick else SECONDS_PER_SIZE) for size in SIZES}
    text = report(results, whole_run())
    print(text)
    if not quick:
        (Path(__file__).parent / "rnn.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
