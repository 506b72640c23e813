"""How long does a large file take, and how much memory? Writes benchmarks/files.md.

Run with `python3 tasks.py bench files`, or directly; `--quick` takes 50,000 rows and writes nothing. Every
file is read in a process of its own, after a small one: memory is the peak beyond what the process held
before, as a multiple of the file. `pandas.read_csv(path)` of the same file is timed in turns with `from_csv`
and judges nothing: no order of day and month, no decimal comma, no gap. Times are processor time.
"""

import argparse
import concurrent.futures
import multiprocessing
import platform
import resource
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from lessons.series import from_csv

REPEATS = 5
KINDS = {  # format of the times, delimiter, decimal mark, thousands
    "2000-01-01 00:00:00,20.126": ("%Y-%m-%d %H:%M:%S", ",", ".", ""),
    "2000-01-01,20.126 and 1 % of the rows missing": ("%Y-%m-%d %H:%M:%S", ",", ".", ""),
    "31.01.2000 00:00;20,126": ("%d.%m.%Y %H:%M", ";", ",", ""),
    "1/31/2000 12:00 AM,20.126": ("%m/%d/%Y %I:%M %p", ",", ".", ""),
    "200001010000;20,126": ("%Y%m%d%H%M", ";", ",", ""),
    "2000-01-01T00:00:00+01:00;2.012,6": ("%Y-%m-%dT%H:%M:%S+01:00", ";", ",", "."),
}


def write(path, kind, n):
    """Write a file of n minutes of one kind."""
    form, delimiter, decimal, thousands = KINDS[kind]
    rng = np.random.default_rng(0)
    numbers = [f"{value:_.3f}" for value in rng.normal(20, 5, n) * (100 if thousands else 1)]
    swap = str.maketrans({".": decimal, "_": thousands})
    times = pd.date_range("2000-01-01", periods=n, freq="min").strftime(form)
    lines = [f"{t}{delimiter}{y.translate(swap)}" for t, y in zip(times, numbers, strict=True)]
    if "missing" in kind:
        lines = [line for line, keep in zip(lines, rng.uniform(size=n) > 0.01, strict=True) if keep]
    path.write_text("\n".join([f"date{delimiter}y", *lines, ""]), encoding="utf-8")


def fresh(function, *args):
    """Call a function in a process of its own: the peak of memory is a process's, and its children's."""
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as one:
        return one.submit(function, *args).result()


def measure(path, small):
    """Return the peak of memory in bytes beyond what was held before, and seconds: ours, pandas'."""
    warnings.simplefilter("ignore")
    from_csv(small, "y", "date")
    scale = 1 if sys.platform == "darwin" else 1024
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    from_csv(path, "y", "date")
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * scale
    ours, theirs = [], []
    for _ in range(REPEATS):
        start = time.process_time()
        from_csv(path, "y", "date")
        ours.append(time.process_time() - start)
        start = time.process_time()
        pd.read_csv(path)
        theirs.append(time.process_time() - start)
    return memory, statistics.median(ours), statistics.median(theirs)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    n, rows = 50_000 if options.quick else 1_000_000, []
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder, "large.csv"), Path(folder, "small.csv")
        for kind in KINDS:
            fresh(write, large, kind, n)
            fresh(write, small, kind, 100)
            memory, seconds, bare = fresh(measure, large, small)
            size = large.stat().st_size
            row = (
                f"`{kind}`",
                f"{size / 1e6:.0f} MB",
                f"{seconds:.1f} s",
                f"{seconds / bare:.1f}",
                f"{memory / size:.1f}",
            )
            rows.append("| " + " | ".join(row) + " |")
            print(rows[-1], flush=True)
    if not options.quick:
        heads = "| a row | file | `from_csv` | times `pandas.read_csv` | memory, times the file |"
        text = (
            f"# Large files\n\n{__doc__}\n{platform.machine()}, CPython {platform.python_version()}, NumPy "
            f"{np.__version__}, pandas {pd.__version__}; {n:,} rows, median of {REPEATS}.\n\n{heads}\n"
            "|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
        )
        Path(__file__).with_name("files.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
