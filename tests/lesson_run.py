"""Run a lesson once for all tests that look at it, and give what a reader then sees."""

import functools
import html
import json
import os
import re
from pathlib import Path

import nbformat
import pytest
from filelock import FileLock
from nbclient import NotebookClient
from nbmake import nb_run
from nbmake.nb_run import NotebookRun

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
ALL = sorted([*NOTEBOOKS.glob("*.ipynb"), *NOTEBOOKS.glob("extras/*.ipynb")])
STATIC = "application/vnd.lessons.static+json"
NOT_SEEN = {
    "table",
    "bdata",
    "dtype",
    "color",
    "colorscale",
    "template",
    "hovertemplate",
    "family",
    "id",
    "uid",
}
nb_run.NotebookClient = functools.partial(NotebookClient, startup_timeout=300)  # the machine may be busy
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

    def firsts(self, cell, *lines):
        """The first number of each of these lines that a cell shows."""
        return [self.numbers(cell, line)[0] for line in lines]


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
    kept = kept_as(name)
    with FileLock(f"{kept}.lock"):
        if not kept.exists():
            with pytest.MonkeyPatch.context() as patch:
                if "LESSONS_TEST_SITE" in os.environ:  # the site's tests are among this run's
                    patch.setenv("LESSONS_RECORD", "1")
                result = NotebookRun(NOTEBOOKS / f"{name}.ipynb", default_timeout=600).execute()
            nbformat.write(result.nb, kept)
            if result.error:
                kept.with_suffix(".error").write_text(result.error.trace, encoding="utf-8")
    if (error := kept.with_suffix(".error")).exists():
        raise AssertionError(f"{name} stopped:\n{error.read_text(encoding='utf-8')}")
    return Executed(nbformat.read(kept, 4))


def kept_as(name):
    """Return where `executed` keeps a lesson."""
    return Path(os.environ["LESSONS_TEST_RUN"], f"{name.replace('/', '-')}.ipynb")


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
