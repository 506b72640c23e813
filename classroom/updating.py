"""A newer version of the lessons in a running course: what would it change, and for whom would it break?

What may change at any time: text, figures, code outside the answers, stubs' comments, hints, diagnoses.
What must not, once anybody has handed the lesson in: the set of graded and answer cells, their names, points,
and the functions' signatures. A change of these is refused; nothing a student or teacher wrote is ever
overwritten: the lesson's earlier version moves to ``older/``.
"""

import re
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from classroom import Problem
from classroom.course import NOTEBOOKS, choose, complain_about_points, read_notebook
from classroom.grading import CHECK
from classroom.submission import is_answer, nbgrader_of, source_of


@dataclass
class Change:
    """What a new version does to a lesson.

    Attributes
    ----------
    lesson : str
    breaks : list of str
        What would break for those who have handed in, or change their marks.
    harmless : list of str
    handed_in : int
        How many have handed in.
    new : Path or None
        The new version; None where there is none.
    """

    lesson: str
    breaks: list = field(default_factory=list)
    harmless: list = field(default_factory=list)
    handed_in: int = 0
    new: Path | None = None

    @property
    def refused(self):
        """Whether this change must not be made now."""
        return bool(self.breaks and self.handed_in) or self.new is None


def compare(course, wanted=None, notebooks=NOTEBOOKS):
    """Return what the newer lessons would change, a `Change` for each lesson of the course.

    Parameters
    ----------
    course : Course
    wanted : str, optional
        As ``"01-07"``; a lesson that the course does not have yet would be added.
    notebooks : Path
        Where the new version is.
    """
    available = {path.name[:2]: path for path in sorted(Path(notebooks).glob("[0-9][0-9]_*.ipynb"))}
    if wanted is None:
        lessons = {lesson[:2]: available.get(lesson[:2]) for lesson in course.lessons}
    else:
        lessons = {path.name[:2]: path for path in choose(wanted, available)}
    present = {lesson[:2]: lesson for lesson in course.lessons}
    return [_change(course, present.get(number), path) for number, path in sorted(lessons.items())]


def _change(course, lesson, path):
    if path is None:
        return Change(lesson, [f"there is no notebook {lesson[:2]}_*.ipynb in the new version"])
    if lesson is None:
        return Change(path.stem, harmless=["new in this course"], new=path)
    change = Change(lesson, handed_in=len(course.submitted(lesson)), new=path)
    if path.stem != lesson:
        change.breaks.append(f"the notebook is called {path.stem} now; nbgrader knows it by its name")
    old = course.release(lesson) if course.release(lesson).is_file() else course.source(lesson)
    change.breaks += breaks(read_notebook(old), read_notebook(path))
    try:
        complain_about_points(path)
    except Problem as problem:
        change.breaks.append(str(problem))
    if not change.breaks:
        change.harmless += _harmless(read_notebook(course.source(lesson)), read_notebook(path))
    return change


def breaks(old, new):
    """Return what differs between two versions of a notebook in a way that nbgrader or answers cannot take.

    Parameters
    ----------
    old, new : dict
        Notebooks.
    """
    before, after = _graded(old), _graded(new)
    gone, added = [n for n in before if n not in after], [n for n in after if n not in before]
    found = []
    for name in list(gone):
        twin = next((n for n in added if source_of(after[n]) == source_of(before[name])), None)
        if twin:
            found.append(f"the cell {name} is renamed {twin}")
            gone.remove(name)
            added.remove(twin)
    found += [f"the cell {name} is gone" for name in gone] + [f"the cell {name} is new" for name in added]
    for name in (n for n in before if n in after):
        found += _differences(name, before[name], after[name])
    return found


def _differences(name, old, new):
    a, b = nbgrader_of(old), nbgrader_of(new)
    if a.get("points") != b.get("points"):
        yield f"the cell {name} gives {b.get('points'):g} points instead of {a.get('points'):g}"
    if any(bool(a.get(key)) != bool(b.get(key)) for key in ("grade", "solution", "task")):
        yield f"the cell {name} is of another kind"
    one, two = CHECK.search(source_of(old)), CHECK.search(source_of(new))
    if one and two and one.groups() != two.groups():
        yield f"the cell {name} checks {two[1]} instead of {one[1]}"
    if is_answer(new) and _signature(old) != _signature(new):
        yield f"the function in {name} is {_signature(new)} instead of {_signature(old)}"


def _signature(cell):
    found = re.search(r"^def (\w+\(.*?\)):", source_of(cell), flags=re.M | re.S)
    return found and found[1]


def _graded(notebook):
    marked = ((nbgrader_of(cell), cell) for cell in notebook["cells"])
    return {mark["grade_id"]: cell for mark, cell in marked if mark.get("grade") or mark.get("solution")}


def _harmless(old, new):
    before, after = ({c.get("id"): source_of(c) for c in book["cells"]} for book in (old, new))
    changed = sum(before[id] != after[id] for id in before if id in after)
    counts = {
        "changed": changed,
        "new": sum(id not in before for id in after),
        "gone": sum(id not in after for id in before),
    }
    return [f"{count} cells {word}" for word, count in counts.items() if count]


def refuse_harm(course, lesson):
    """Raise Problem where releasing a lesson anew would harm those who have handed it in."""
    if not course.release(lesson).is_file() or not course.submitted(lesson):
        return
    found = breaks(course.released(lesson), read_notebook(course.source(lesson)))
    if found:
        raise Problem(
            f"{lesson} has been handed in by {len(course.submitted(lesson))}, and the version in source/ "
            f"would break their marks: {'; '.join(found)}. The release stays as it is"
        )


def apply(course, changes):
    """Put the new version of every lesson that may change into the course, and release it.

    Returns
    -------
    list of str
        The lessons that were changed.
    """
    from classroom import gradebook

    done = []
    for change in changes:
        if change.refused or not (change.harmless or change.breaks):
            continue
        target = course.root / "source" / change.new.stem / change.new.name
        if change.lesson in course.lessons:
            older = course.root / "older" / "source" / time.strftime("%Y%m%d-%H%M%S")
            older.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(course.source(change.lesson), older / f"{change.lesson}.ipynb")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(change.new, target)
        gradebook.release(course, change.new.stem)
        done.append(change.new.stem)
    return done
