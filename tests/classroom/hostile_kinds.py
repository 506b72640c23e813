"""Submissions that are broken, or mean harm: how each is made, and what log and feedback say of it.

Each is a row of the tables in classroom/hostile.md: what is handed in, what it must cost, what is said. All
are of lesson 01; most have right answers but for `make_windows`.
"""

import copy
import json
import os  # noqa: F401 (the tables' code uses it)
import re
import socket  # noqa: F401
import zipfile  # noqa: F401
from pathlib import Path
from typing import NamedTuple

from classroom.submission import is_answer, nbgrader_of
from lessons.exercises import REGISTRY

TABLES = Path(__file__).resolve().parents[2] / "classroom" / "hostile.md"
LESSON, FIRST = "01_windows_and_leakage", "01.make_windows"
ALL = sum(exercise.points for exercise in REGISTRY.of_lesson("01"))
EXERCISE = REGISTRY[FIRST]
WITHOUT_FIRST = ALL - EXERCISE.points
RIGHT = EXERCISE.source()


def solved(released, share=1.0):
    """Return a copy in which the first ``share`` (0 to 1) of the exercises have the course's own solution."""
    notebook = copy.deepcopy(released)
    answers = [cell for cell in notebook["cells"] if is_answer(cell)]
    for cell in answers[: round(share * len(answers))]:
        cell["source"] = REGISTRY[exercise_of(cell)].source()
    return notebook


def exercise_of(cell):
    """Return the id of the exercise that an answer or check cell belongs to."""
    return nbgrader_of(cell)["grade_id"].rsplit("-", 1)[0].replace("-", ".", 1)


def cell_of(notebook, id=FIRST, kind="answer"):
    """Return an exercise's answer cell or check cell."""
    name = f"{id.replace('.', '-', 1)}-{kind}"
    return next(cell for cell in notebook["cells"] if nbgrader_of(cell).get("grade_id") == name)


def save(folder, notebook, name=f"{LESSON}.ipynb"):
    """Write a submission."""
    folder.mkdir(parents=True, exist_ok=True)
    text = notebook if isinstance(notebook, str) else json.dumps(notebook)
    (folder / name).write_text(text, encoding="utf-8", errors="surrogatepass")


def own(source):
    """Return a code cell of a student's own."""
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": 3}


def shows(text, page=""):
    """Return outputs of a cell."""
    data = {"text/plain": text, "text/html": page}
    return [{"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1}]


def is_check(cell):
    return nbgrader_of(cell).get("grade")


class Kind(NamedTuple):
    """A row of the tables; ``of`` is the heading above it."""

    of: str
    code: str
    points: float
    said: str

    def answer(self):
        """Return the text of the first answer."""
        if "RIGHT" in self.code or re.search(r"^(async )?def make_windows|^%%", self.code, flags=re.M):
            return self.code.replace("RIGHT", RIGHT)
        right = f"{RIGHT}\n\nright = make_windows\n\n\n" if "right(" in self.code else ""
        return f"{right}def make_windows(series, window):\n    " + self.code.replace("\n", "\n    ")

    def hand_in(self, folder, notebook):
        """Hand it in, given a solved notebook."""
        path, course = folder / f"{LESSON}.ipynb", str(folder.parents[2])
        folder.mkdir(parents=True)
        cells, answer, check = notebook["cells"], cell_of(notebook), cell_of(notebook, kind="check")
        if self.of not in ("The notebook", "The file"):
            answer["source"] = self.answer().replace("COURSE", course)
        else:
            here = {"cells": cells, "answer": answer, "check": check, "path": path, "folder": folder}
            exec(self.code.replace("COURSE", course), globals() | here | {"notebook": notebook})
        if self.of != "The file":
            save(folder, notebook)


def kinds():
    """Return {name: Kind}."""
    found = {}
    for section in TABLES.read_text(encoding="utf-8").split("\n## ")[1:]:
        for row in re.findall(r"^\| (?!kind)(.+) \|", section, flags=re.M):
            name, code, outcome, said = (cell.strip() for cell in f"{row} ".split(" | "))
            points = {"f": ALL, "n": WITHOUT_FIRST, "0": 0.0}[outcome[0]]
            code = code.strip("`").replace("⏎", "\n").replace("LESSON", LESSON)
            code = code.replace("REFERENCE", EXERCISE.reference.__code__.co_filename)
            found[name] = Kind(section.split("\n")[0], code, points, said)
    return found


KINDS = kinds()
