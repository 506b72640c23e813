"""Marks as files that learning platforms import.

Shapes, as the platforms' own documentation gives them: Moodle, "Grade import": a CSV file with one column
that identifies the student and one for each grade item, chosen when importing. Canvas, "Gradebook CSV":
columns Student, ID, SIS User ID, SIS Login ID, Section, then the assignments; below the heads a row
"Points Possible". LTI: see classroom/README.md.
"""

import csv

from classroom import Problem
from classroom.summary import write_csv

SHAPES = ("plain", "moodle", "canvas")


def export(course, shape="plain", lessons=None, students=None, to=None):
    """Write the marks.

    Parameters
    ----------
    course : Course
    shape : str
        "plain", "moodle" or "canvas".
    lessons : list of str, optional
    students : Path, optional
        CSV file with a column ``student`` (as in this course) and whatever else the platform knows a student
        by, for Moodle ``email`` or ``idnumber``, for Canvas the columns of its own gradebook export.
    to : Path, optional
        Where to; ``marks_SHAPE.csv`` in the course folder by default.

    Returns
    -------
    Path
    """
    from classroom.gradebook import marks

    if shape not in SHAPES:
        raise Problem(f"--for must be one of {', '.join(SHAPES)}, got {shape!r}")
    lessons = [lesson for lesson in lessons or course.lessons if course.release(lesson).is_file()]
    scores, known = marks(course), _known(students)
    most = {lesson: _points(course, lesson) for lesson in lessons}
    path = to or course.root / f"marks_{shape}.csv"
    make = {"plain": _plain, "moodle": _moodle, "canvas": _canvas}[shape]
    write_csv(path, make(lessons, most, scores, known))
    return path


def _points(course, lesson):
    from classroom.summary import exercises

    return sum(points for _, _, points in exercises(course.released(lesson)))


def _known(path):
    if path is None:
        return {}
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    if rows and "student" not in rows[0]:
        raise Problem(f"{path} needs a column student, it has {', '.join(rows[0])}")
    return {row["student"]: row for row in rows}


def _plain(lessons, most, scores, known):
    rows = [["student", "lesson", "points", "max_points", "late_penalty", "handed_in"]]
    for student in sorted(scores):
        for lesson in lessons:
            mark = scores[student].get(lesson)
            points = mark["score"] if mark else 0.0
            penalty = mark["penalty"] if mark else 0.0
            rows.append([student, lesson, points, most[lesson], penalty, "yes" if mark else "no"])
    return rows


def _moodle(lessons, most, scores, known):
    extra = next((name for name in ("email", "idnumber", "username") if _has(known, name)), None)
    rows = [[extra or "username", *(f"{lesson} (of {most[lesson]:g})" for lesson in lessons)]]
    for student in sorted(scores):
        name = known.get(student, {}).get(extra, student) if extra else student
        rows.append([name, *(_score(scores[student], lesson) for lesson in lessons)])
    return rows


def _canvas(lessons, most, scores, known):
    columns = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
    rows = [[*columns, *lessons], ["    Points Possible", "", "", "", "", *(most[le] for le in lessons)]]
    for student in sorted(scores):
        row = known.get(student, {"Student": student, "SIS Login ID": student})
        rows.append([*(row.get(c, "") for c in columns), *(_score(scores[student], le) for le in lessons)])
    return rows


def _has(known, name):
    return bool(known) and all(row.get(name) for row in known.values())


def _score(marks, lesson):
    """Points, or nothing where nothing was handed in: the teacher decides what that is worth."""
    return marks[lesson]["score"] if lesson in marks else ""
