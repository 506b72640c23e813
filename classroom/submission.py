"""Read what a student handed in, whatever it is, and fit it into the released notebook."""

import copy
import json
import math
import os
import re
import stat
from dataclasses import dataclass, field

LARGEST = 20 * 2**20  # bytes; a lesson without outputs has 0.1 MB
MOST_CELLS = 2000
MOST_NOTEBOOKS = 10  # of one student that are looked at
NOTE = "handed_in.json"  # beside a submission, written when it is collected


class Unreadable(Exception):
    """A submission that cannot be read; the message is for its author."""


@dataclass
class Cell:
    """A cell of a submission, with all that is believed of it."""

    kind: str
    source: str
    id: str = ""
    grade_id: str = ""
    shown: float | None = None  # the number that its last output shows


@dataclass
class Submission:
    """A submission fitted into the released notebook.

    Attributes
    ----------
    notebook : dict
        The released notebook with the student's answers in it, and with the student's own code cells.
    notes : list of str
        What was amiss, for the teacher and the author.
    shown : dict
        {grade_id: points} that the outputs of its check cells show: no evidence, but a reason to look.
    """

    notebook: dict
    notes: list = field(default_factory=list)
    shown: dict = field(default_factory=dict)


def find(folder, name, released):
    """Return the submitted file of a notebook, of several the one with the most answers; and notes.

    Parameters
    ----------
    folder : Path
        Of one student's submission of one lesson.
    name : str
        As ``"01_windows_and_leakage.ipynb"``.
    released : dict
        The notebook as released.

    Raises
    ------
    Unreadable
        If there is none.
    """
    usual, notebooks, reason = folder / name, {}, None
    named = [usual] if usual.is_symlink() or usual.exists() else []
    others = {path for path in folder.glob("*.ipynb") if path.is_file() and not path.is_symlink()} - {usual}
    for path in [*named, *sorted(others)][:MOST_NOTEBOOKS]:
        try:
            notebooks[path] = read_bytes(path)
        except Unreadable as error:
            reason = reason or error
    if notebooks:
        path, more = best(released, notebooks), len(named) + len(others) - 1
        notes = [f"the notebook is called {one_line(path.name)[:60]} instead of {name}"] * (path != usual)
        return path, [*notes, *[f"it is one of {more + 1} handed in, and the others were not graded"][:more]]
    if reason:
        raise reason
    there = (
        ", ".join(sorted(one_line(path.name)[:60] for path in folder.iterdir())[:5])
        if folder.is_dir()
        else ""
    )
    raise Unreadable(f"there is no notebook {name} in the submission (it holds: {there or 'nothing'})")


def note_of(folder):
    """Return what `classroom.collecting` has noted of a submission: (the platform's number, texts)."""
    try:
        note = json.loads(read_bytes(folder / NOTE))
        return str(note["number"]), [str(text) for text in note["notes"][:20]]
    except (Unreadable, ValueError, KeyError, TypeError):
        return "", []


def best(released, notebooks):
    """Return the key of that notebook, of several as bytes, which has the most answers to a lesson."""
    stubs = released["cells"]

    def answers(key):
        try:
            cells = cells_of(notebooks[key])
        except Unreadable:
            return (-1, 0)
        found = [(stubs[j], cells[i]) for i, j in _match(stubs, cells)[0].items() if is_answer(stubs[j])]
        done = [not _only_raises(cell.source) and cell.source != source_of(stub) for stub, cell in found]
        return (sum(done), len(found))

    return max(notebooks, key=answers)


def cells_of(data):
    """Return the cells of a submitted notebook, from its bytes.

    Raises
    ------
    Unreadable
        If it is no notebook.
    """
    try:
        document = json.loads(data)
        if "worksheets" in document:  # format 3
            sheets = [cell for sheet in document["worksheets"] for cell in sheet["cells"]]
            document["cells"] = [{"source": cell.get("input", ""), **cell} for cell in sheets]
        cells = document["cells"]
        if type(cells) is not list:
            raise TypeError
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, MemoryError) as error:
        raise Unreadable(f"the file is no notebook ({type(error).__name__})") from None
    if len(cells) > MOST_CELLS:
        raise Unreadable(f"the notebook has {len(cells)} cells ({MOST_CELLS} at most)")
    return [as_cell(cell) for cell in cells if type(cell) is dict]


def read_bytes(path):
    """Read a regular file of reasonable size; follow no link, wait for no pipe."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise Unreadable(f"the notebook cannot be opened ({error.strerror})") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("the notebook is no ordinary file")
        if status.st_size > LARGEST:
            raise Unreadable(f"the notebook has {status.st_size // 2**20} MB ({LARGEST // 2**20} at most)")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(LARGEST)
    finally:
        os.close(descriptor)


def as_cell(cell):
    """Return what is believed of a cell that was handed in, a dict."""
    source = cell.get("source", "")
    if type(source) is list:
        source = "".join(line for line in source if type(line) is str)
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if type(metadata) is dict else None
    grade_id = nbgrader.get("grade_id") if type(nbgrader) is dict else ""
    texts = map(_text, (cell.get("cell_type"), source, cell.get("id"), grade_id))
    return Cell(*texts, _shown(cell.get("outputs")))


def _shown(outputs):
    try:
        number = float("".join(outputs[-1]["data"]["text/plain"])[:20])
        return number if math.isfinite(number) else None
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def _text(value):
    """Return text that any encoder takes, "" for what is no text."""
    if type(value) is not str:
        return ""
    return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "�")


def fit(released, cells):
    """Fit a submission's cells into the released notebook.

    A cell is known by its grade_id, its id, its text, or the function that it defines, in this order. The
    student's are: the answers, the code of unlocked lesson cells, and code cells of their own. All else is
    the release's.

    Parameters
    ----------
    released : dict
        The notebook as released.
    cells : list of Cell
        As handed in.

    Returns
    -------
    Submission
    """
    place, doubles = _match(released["cells"], cells)
    answers = {j: cells[i] for i, j in place.items()}
    own = _own_cells(cells, place, doubles)
    built, notes, shown = [], [], {}
    _append_own(built, own.get(-1, []))
    for j, cell in enumerate(released["cells"]):
        mine, new = answers.get(j), {**copy.deepcopy(cell), "source": source_of(cell)}
        if cell["cell_type"] == "code":
            new["outputs"], new["execution_count"] = [], None
            notes += _note(cell, mine)
            if is_locked(cell) and mine is not None and mine.shown is not None:
                shown[nbgrader_of(cell)["grade_id"]] = mine.shown
            if mine is not None and mine.kind == "code" and not is_locked(cell):
                new["source"] = mine.source
        elif mine is not None and is_answer(cell):
            new["source"] = mine.source
        built.append(new)
        _append_own(built, own.get(j, []))
    return Submission({**released, "cells": built}, notes, shown)


def _match(released, cells):
    """Return ({index handed in: index released}, further copies of an answer)."""
    place, doubles, taken = {}, set(), set()
    keys = (
        lambda c: nbgrader_of(c).get("grade_id") if type(c) is dict else c.grade_id,
        lambda c: c.get("id") if type(c) is dict else c.id,
        lambda c: source_of(c) if type(c) is dict else c.source,
        lambda c: _defined(c),
    )
    for key in keys:
        wanted = {}
        for j, cell in enumerate(released):
            if j not in taken and key(cell):
                wanted.setdefault(key(cell), j)
        for i in sorted(
            range(len(cells)), key=lambda i: _is_stub(cells[i], released, wanted.get(key(cells[i])))
        ):
            j = wanted.get(key(cells[i])) if key(cells[i]) else None
            if i in place or j is None:
                continue
            if j not in taken:
                place[i] = j
                taken.add(j)
            else:
                doubles.add((i, j))
    return place, doubles


def _is_stub(cell, released, j):
    return j is not None and cell.source == source_of(released[j])


def _defined(cell):
    """Return the function that an answer cell, or a cell that might be one, defines; else None."""
    if type(cell) is dict and not is_answer(cell):
        return None
    found = re.search(r"^def (\w+)", source_of(cell) if type(cell) is dict else cell.source, flags=re.M)
    return found and found[1]


def _own_cells(cells, place, doubles):
    """Return {index released: code cells of the student's own that follow it}, -1 for those before all."""
    own, last = {}, -1
    copies = {i for i, _ in doubles}
    for i, cell in enumerate(cells):
        if i in place:
            last = place[i]
        elif cell.kind == "code" and cell.source.strip() and not (i in copies and _only_raises(cell.source)):
            own.setdefault(last, []).append(cell)
    return own


def _only_raises(source):
    return "raise NotImplementedError" in source


def _append_own(built, cells):
    for cell in cells:
        built.append(
            {
                "cell_type": "code",
                "id": f"own-{len(built)}",
                "metadata": {},
                "source": cell.source,
                "outputs": [],
                "execution_count": None,
            }
        )


def _note(cell, mine):
    """Say what is amiss with one of the teacher's graded cells or answer cells."""
    name = nbgrader_of(cell).get("grade_id")
    if name is None:
        return []
    if mine is None:
        return [f"the cell {name} was missing"]
    if is_locked(cell) and mine.source != source_of(cell):
        return [f"the cell {name} had been changed and was put back"]
    if mine.grade_id != name:
        return [f"the cell {name} had lost its nbgrader metadata"]
    return []


def nbgrader_of(cell):
    """Return a released cell's nbgrader metadata, {} where it has none."""
    return cell.get("metadata", {}).get("nbgrader", {})


def is_answer(cell):
    """Whether the student writes this released cell."""
    return bool(nbgrader_of(cell).get("solution"))


def is_locked(cell):
    """Whether this released cell has to stay as it is."""
    mark = nbgrader_of(cell)
    return bool((mark.get("grade") or mark.get("locked")) and not mark.get("solution"))


def source_of(cell):
    """Return a notebook cell's source as one text."""
    source = cell["source"]
    return source if type(source) is str else "".join(source)


def one_line(text):
    """Return a text that can do nothing to a log or a terminal."""
    return "".join(c if c.isprintable() else "�" for c in " ".join(text.split()))[:400]
