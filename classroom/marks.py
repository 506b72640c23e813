"""Marks as files that learning platforms import.

Shapes, as the platforms' own documentation gives them. Moodle, "Grade import": a CSV file with columns that
identify the student and one for each grade item, chosen when importing; and the grading worksheet of one
assignment, which begins with the column Identifier and takes the mark in the column Grade. Canvas, "Gradebook
CSV": columns Student, ID, SIS User ID, SIS Login ID, Section, then the assignments, each with its number in
brackets; below the heads a row "Points Possible". LTI: see classroom/README.md.
"""

import re
import unicodedata

from classroom import Problem, submission
from classroom.collecting import read_csv
from classroom.summary import write_csv

SHAPES = ("plain", "moodle", "canvas")
_CANVAS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
_POSSIBLE = "    Points Possible"


def export(course, shape="plain", lessons=None, students=None, to=None):
    """Write the marks.

    Parameters
    ----------
    course : Course
    shape : str
        "plain", "moodle" or "canvas".
    lessons : list of str, optional
    students : Path, optional
        What the platform exports (its grades, or Moodle's grading worksheet of one lesson), or a CSV file of
        your own. Its columns are kept, and students found by any name, address or number in them.
    to : Path, optional
        Where to; ``marks_SHAPE.csv`` in the course folder by default.

    Returns
    -------
    (Path, list of str)
        The file, and the students whose marks are not in it: ``students`` names them not at all, or twice.
    """
    from classroom.gradebook import marks

    if shape not in SHAPES:
        raise Problem(f"--for must be one of {', '.join(SHAPES)}, got {shape!r}")
    lessons = [lesson for lesson in lessons or course.lessons if course.release(lesson).is_file()]
    scores, most = marks(course), {lesson: _points(course, lesson) for lesson in lessons}
    path = to or course.root / f"marks_{shape}.csv"
    if shape == "plain":
        write_csv(path, _plain(lessons, most, scores))
        return path, []
    known = read_csv(students) if students else []
    rows = known or [{"username": s, "Student": s, "SIS Login ID": s} for s in sorted(scores)]
    owners, lost = _owners(course, rows, scores)
    columns = list(known[0]) if known else ["username"]
    heads = {lesson: _head(lesson, columns) or f"{lesson} (of {most[lesson]:g})" for lesson in lessons}
    if len(lessons) == 1 and {"Identifier", "Grade"} <= set(columns):  # Moodle's grading worksheet
        heads = {lessons[0]: "Grade"}
    if shape == "canvas":
        heads = {lesson: _head(lesson, columns) or lesson for lesson in lessons}
        columns, rows = _CANVAS, [row for row in rows if row.get("Student", "").strip() != _POSSIBLE.strip()]
        rows.insert(0, {"Student": _POSSIBLE} | {heads[lesson]: most[lesson] for lesson in lessons})
    columns = [*columns, *(head for head in heads.values() if head not in columns)]
    for row in rows:
        if id(row) in owners:
            of = scores[owners[id(row)]]
            row |= {heads[lesson]: of[lesson]["score"] for lesson in lessons if lesson in of}
    write_csv(path, [columns, *([row.get(column, "") for column in columns] for row in rows)])
    return path, lost


def _points(course, lesson):
    from classroom.summary import exercises

    return sum(points for _, _, points in exercises(course.released(lesson)))


def _plain(lessons, most, scores):
    rows = [["student", "lesson", "points", "max_points", "late_penalty", "handed_in"]]
    for student in sorted(scores):
        for lesson in lessons:
            mark = scores[student].get(lesson)
            points = mark["score"] if mark else 0.0
            penalty = mark["penalty"] if mark else 0.0
            rows.append([student, lesson, points, most[lesson], penalty, "yes" if mark else "no"])
    return rows


def _head(lesson, columns):
    """Return the platform's own column of a lesson, as ``01 Windows (4711)``; None where there is none."""
    named = [column for column in columns if _squash(lesson[3:]) in _squash(column)]
    numbered = [column for column in columns if re.match(rf"(Assignment: ?)?{lesson[:2]}\b", column)]
    found = named or numbered
    return found[0] if len(found) == 1 else None


def _owners(course, rows, scores):
    """Return ({id of a row: student}, students without a row of their own)."""
    owners, lost = {}, []
    for student in sorted(scores):
        numbers = _numbers(course, student)
        found = [row for row in rows if {row.get("ID"), _digits(row.get("Identifier"))} & numbers]
        found = found or [row for row in rows if _squash(student) in _names(row)]
        if len(found) == 1 and id(found[0]) not in owners:
            owners[id(found[0])] = student
        else:
            lost.append(student)
    return owners, lost


def _numbers(course, student):
    """Return the numbers by which the platform's own file names knew a student."""
    numbers = set()
    for path in course.root.glob("submitted/*/*/" + submission.NOTE):
        if path.parent.parent.name == student:
            numbers.add(submission.note_of(path.parent)[0])
    return numbers - {""}


def _names(row):
    """Return what a row may call its student: each entry, and its first two as one name, in either order."""
    entries = [text for text in list(row.values())[:9] if text and not re.fullmatch(r"\d*[.,]\d*", text)]
    pairs = [*entries[:2], *entries[0].split(",")] if entries else []
    names = [*entries, *(pairs[i] + pairs[j] for i, j in ((0, 1), (1, 0), (-1, -2)) if len(pairs) > 1)]
    return {_squash(name) for name in names}


def _digits(text):
    found = re.search(r"\d+", text or "")
    return found and found[0]


def _squash(text):
    """Return a name's letters and digits alone."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", text)).casefold()
