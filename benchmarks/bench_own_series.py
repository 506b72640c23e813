"""Lesson 08 with fifteen series that are not Paris, into own_series.md: whom it advises, and what that cost.

Five public series from statsmodels, each as it is, with 1 % of its values -999, and with a tenth missing. The
lesson runs untouched but for its one line. No advice may cost more on the test part than doing without it, by
over two standard errors: in brackets what the advised shift cost there, in standard errors; below 0 it saved.
"""

import ast
import contextlib
import io
import json
import tempfile
from pathlib import Path

import numpy as np
import statsmodels.api as sm

from lessons.significance import diebold_mariano, shift_on_trial

ROOT = Path(__file__).parent.parent
DATA = sm.datasets
SERIES = {  # name: (values, steps in a season; 1: none)
    "co2, weekly": (lambda: DATA.co2.load_pandas().data["co2"], 52),
    "El Niño, monthly": (lambda: DATA.elnino.load_pandas().data.iloc[:, 1:].to_numpy().ravel(), 12),
    "US GDP, quarterly": (lambda: DATA.macrodata.load_pandas().data["realgdp"], 4),
    "Nile, yearly": (lambda: DATA.nile.load_pandas().data["volume"], 1),
    "sunspots, yearly": (lambda: DATA.sunspots.load_pandas().data["SUNACTIVITY"], 1),
}


def spoilt(y, how):
    """The series with codes or gaps in it."""
    y, rng = np.array(y, dtype=float), np.random.default_rng(7)
    if how == "codes":
        y[rng.choice(len(y), max(1, len(y) // 100), replace=False)] = -999
    hidden = 0
    while how == "gaps" and hidden < len(y) // 10:
        start, steps = rng.integers(1, len(y) - 8), rng.integers(1, 7)
        y[start : start + steps] = np.nan
        hidden += steps
    return y


def run_lesson(y, season_length):
    """The lesson's names after it has run on a series, in a folder of its own."""
    rows = [f"{i}," if np.isnan(value) else f"{i},{value:.3f}" for i, value in enumerate(y)]
    Path("series.csv").write_text("\n".join(["step,value", *rows]), encoding="utf-8")
    line = f'path, columns, time, unit, season_length = "series.csv", ["value"], "step", "", {season_length}'
    names = {"__name__": "__main__"}
    cells = json.loads((ROOT / "notebooks" / "08_your_own_series.ipynb").read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        if cell["cell_type"] == "code":
            source = "".join(cell["source"])
            if cell["id"] == "read":
                source = f"{line}\n{source.split(chr(10), 1)[1]}"
            exec(compile(ast.parse(source), cell["id"], "exec"), names)
    return names


def price_of_the_advice(names):
    """What following the advised shift cost in the test part, in standard errors; above 0 it did harm."""
    advised = names["advised"]
    shift = shift_on_trial(names["y_past"], names["past_last"][advised], names["on_past"].origin, 4, 1)
    if not shift.supported:
        return "leave it"
    missing = names["y_last"] - names["now_last"][advised]
    kept, shifted = (np.where(e > 0, 4 * e, -e) for e in (missing, missing - shift.value))
    return f"add {shift.value:+.3g} ({diebold_mariano(shifted, kept):+.1f})"


def main():
    lines = ["# Lesson 08 with other series", "", "Written by `python3 tasks.py bench own_series`.", ""]
    lines += [*__doc__.split("\n\n", 1)[1].strip().split("\n"), ""]
    heads = "series | spoilt by | taken out | filled | chosen | advised | MSE | last value | best | at 4 : 1"
    lines += [f"| {heads} |", "|" + "---|" * 10]
    for name, (load, season_length) in SERIES.items():
        for how in ("nothing", "codes", "gaps"):
            with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                    found = run_lesson(spoilt(load(), how), season_length)
                assert Path("my_series", "report.html").exists()
            board, advised = found["board"], found["advised"]
            best = min(board.rows, key=lambda row: row.mse)
            cells = (name, how, found["fault"].sum(), found["filling"], found["winner"], advised)
            cells += (f"{board[advised].mse:.4g}", f"{board.naive.mse:.4g}", f"{best.name}, {best.mse:.4g}")
            lines.append(f"| {' | '.join(map(str, (*cells, price_of_the_advice(found))))} |")
            print(lines[-1], flush=True)
    (ROOT / "benchmarks" / "own_series.md").write_text("\n".join([*lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
