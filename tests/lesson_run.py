"""Run a lesson's code cells in plain Python and keep what each of them prints and shows."""

import ast
import contextlib
import functools
import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from lessons.exercises import REGISTRY, check

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


@dataclass
class Run:
    """What happened: printed text and shown value by cell id, and the names left at the end."""

    printed: dict = field(default_factory=dict)
    shown: dict = field(default_factory=dict)
    names: dict = field(default_factory=dict)

    def numbers(self, cell, line=""):
        """The numbers in what a cell printed, or in its first line that contains `line`."""
        lines = [text for text in self.printed[cell].splitlines() if line in text]
        assert lines, f"cell {cell} printed no line with {line!r}:\n{self.printed[cell]}"
        text = self.printed[cell] if not line else lines[0].replace(line, "")
        return [float(number.replace("−", "-")) for number in re.findall(r"[-+−]?\d+\.?\d*(?:e-?\d+)?", text)]


@functools.cache
def run_lesson(name):
    """Run notebooks/NAME.ipynb from top to bottom, exercises unsolved.

    Returns
    -------
    Run
    """
    run = Run(names={"__name__": "__main__"})
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        if cell["cell_type"] == "code":
            _run_cell(cell["id"], "".join(cell["source"]), run)
    return run


def solve_lesson(name):
    """Write the solutions into the stubs of notebooks/NAME.ipynb and run its checks, in their order.

    Returns
    -------
    list
        What each check returned.
    """
    names, results = {"check": check}, []
    for cell in json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["id"].startswith("answer-"):
            exercises = REGISTRY.of_lesson(name[:2])
            exercise = next(e for e in exercises if f"def {e.reference.__name__}(" in source)
            assert f"def {exercise.signature}:" in source
            exec(exercise.source(), names)
        elif cell["id"].startswith("check-"):
            results.append(eval(source, names))
    return results


def _run_cell(name, source, run):
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, f"<cell {name}>", "exec"), run.names)
        if last is not None:
            run.shown[name] = eval(compile(ast.Expression(last.value), f"<cell {name}>", "eval"), run.names)
    run.printed[name] = printed.getvalue()
