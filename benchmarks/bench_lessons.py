"""What does Run All of a lesson cost? Processor seconds of its kernel, from start to last cell.

Run with `python3 tasks.py bench lessons`, or directly; `--quick` runs lesson 02 alone and writes nothing.
Every notebook runs untouched, on one thread, where nothing is stored yet. As machines differ, each is also
given as a multiple of a peer measured beside it: PyTorch training lesson 03's LSTM by lesson 03's recipe.
Writes benchmarks/lessons.md.
"""

import argparse
import os
import platform
import shutil
import statistics
import tempfile
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # the kernels inherit it

import nbformat  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from nbclient import NotebookClient  # noqa: E402

from lessons.series import trend_and_seasons  # noqa: E402
from lessons.torch_rnn import TorchForecaster  # noqa: E402
from lessons.windows import scaled_windows  # noqa: E402

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
CLOCK = "import time; print(time.process_time())"
STORED = shutil.ignore_patterns("refits")  # lesson 08's, if somebody has run it
LIMITS = {"notebooks": 15, "extras": 30}  # s


def run_all(path):
    """Processor seconds of a kernel that runs a notebook, and of its dearest cell."""
    notebook = nbformat.read(path, as_version=4)
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cells += [cell, nbformat.v4.new_code_cell(CLOCK)]
    notebook.cells = [nbformat.v4.new_code_cell(CLOCK), *cells]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(shutil.copytree(NOTEBOOKS, Path(folder, "notebooks"), ignore=STORED))
        at = place / path.parent.relative_to(NOTEBOOKS)
        NotebookClient(notebook, timeout=900, resources={"metadata": {"path": at}}).execute()
    clock = [float(cell.outputs[0].text) for cell in notebook.cells if cell.source == CLOCK]
    return clock[-1], max(np.diff(clock))


def peer():
    """Processor seconds of PyTorch for 80 epochs on *trend and seasons*."""
    w = scaled_windows(trend_and_seasons()[1], window=60, at=630)
    torch.set_num_threads(1)
    started = time.process_time()
    TorchForecaster("LSTM", hidden_size=32, seed=42).fit(w.X_train, w.y_train, epochs=80, lr=2e-3)
    return time.process_time() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="lesson 02 alone, and nothing is written")
    quick = parser.parse_args().quick
    paths = sorted([*NOTEBOOKS.glob("0*.ipynb"), *NOTEBOOKS.glob("extras/*.ipynb")])
    costs, peers = {}, []
    for path in paths if not quick else [NOTEBOOKS / "02_naive_baseline.ipynb"]:
        peers.append(peer())
        costs[path] = run_all(path)
        print(path.stem, *(f"{seconds:.1f}" for seconds in (*costs[path], peers[-1])), flush=True)
    unit = statistics.median(peers)
    lines = ["# Run All", "", *__doc__.strip().splitlines(), ""]
    lines += [f"{platform.machine()}, CPython {platform.python_version()}, NumPy {np.__version__}, torch "]
    lines[-1] += f"{torch.__version__}. The peer took {unit:.1f} s (median of {len(peers)})."
    lines += ["", "| notebook | s | ÷ peer | asked, s | dearest cell, s |", "|---|--:|--:|--:|--:|"]
    for path, (whole, cell) in costs.items():
        asked = LIMITS[path.parent.name]
        seconds = f"{whole:.1f}" if whole <= asked else f"**{whole:.1f}**"
        lines.append(f"| {path.stem} | {seconds} | {whole / unit:.1f} | {asked} | {cell:.1f} |")
    text = "\n".join(lines) + "\n"
    print(text)
    if not quick:
        Path(__file__).with_name("lessons.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
