"""Run a lesson once for all tests that look at it, and give what a reader then sees."""

import ast
import contextlib
import functools
import html
import io
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from filelock import FileLock
from nbmake.nb_run import NotebookRun

from lessons.exercises import REGISTRY, check

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
ALL = sorted([*NOTEBOOKS.glob("*.ipynb"), *NOTEBOOKS.glob("extras/*.ipynb")])
STATIC = "application/vnd.lessons.static+json"
NOT_SEEN = {"bdata", "dtype", "color", "colorscale", "template", "hovertemplate", "family", "id", "uid"}
NUMBER = r"(?<![\w.])[-+−]?\d+(?:\.\d+)?(?:e[-+−]?\d+)?"


class Executed:
    """A lesson that has been run from top to bottom, exercises unsolved, as a reader sees it.

    Attributes
    ----------
    notebook : NotebookNode
        With its outputs and the times at which cells began and ended.
    """

    def __init__(self, notebook):
        self.notebook = notebook
        self._cells = {cell["id"]: cell for cell in notebook.cells}

    def text(self, cell=None):
        """All that a cell shows (or all do): prints, tables, cards, titles and alt texts of figures."""
        cells = self._cells.values() if cell is None else [self._cells[cell]]
        return "\n".join(_seen(output) for cell in cells for output in cell.get("outputs", ()))

    def numbers(self, cell, line=""):
        """The numbers that a cell shows, or those of its first line with `line`, which itself is left out."""
        text = self.text(cell)
        lines = [one for one in text.splitlines() if line in one]
        assert lines, f"cell {cell} shows no line with {line!r}:\n{text}"
        text = lines[0].replace(line, "") if line else text
        return [float(number.replace("−", "-")) for number in re.findall(NUMBER, text)]


@functools.cache
def executed(name):
    """Return a lesson, run once in this run of the tests, whichever of its processes asks first.

    Parameters
    ----------
    name : str
        The notebook's name under notebooks/, as ``"03_numpy_lstm"`` or ``"extras/when_to_stop"``.

    Returns
    -------
    Executed
    """
    kept = Path(os.environ["LESSONS_TEST_RUN"], f"{name.replace('/', '-')}.ipynb")
    with FileLock(f"{kept}.lock"):
        if not kept.exists():
            result = NotebookRun(NOTEBOOKS / f"{name}.ipynb", default_timeout=600).execute()
            nbformat.write(result.nb, kept)
            if result.error:
                kept.with_suffix(".error").write_text(result.error.trace, encoding="utf-8")
    if (error := kept.with_suffix(".error")).exists():
        raise AssertionError(f"{name} stopped:\n{error.read_text(encoding='utf-8')}")
    return Executed(nbformat.read(kept, 4))


def _seen(output):
    if output["output_type"] == "stream":
        return output["text"]
    data = output.get("data", {})
    if STATIC in data:
        return "\n".join(_strings(data[STATIC]))
    if "text/html" in data:
        return _plain(data["text/html"])
    return data.get("text/plain", "")


def _strings(value):
    """Titles, alt texts, names and labels of a figure or explorer: every text in its static form."""
    if isinstance(value, str) and value.startswith('{"'):  # a figure, as plotly.js reads it
        yield from _strings(json.loads(value))
    elif isinstance(value, str):
        yield _plain(value)
    elif isinstance(value, dict):
        yield from (text for key, part in value.items() if key not in NOT_SEEN for text in _strings(part))
    elif isinstance(value, list):
        yield from (text for part in value for text in _strings(part))


def _plain(page):
    """Return a page's text, a line each for rows and paragraphs."""
    page = re.sub(r"<(style|script).*?</\1>", "", page, flags=re.S)
    page = re.sub(r"</(tr|p|div|li|h\d|caption)>|<br ?/?>", "\n", page)
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


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
