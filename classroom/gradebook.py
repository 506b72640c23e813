"""The course's nbgrader gradebook: the one place where marks are kept, written by the grader alone."""

import contextlib
import io
import logging
import os
import sys
import warnings
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades
from nbgrader.utils import parse_utc
from sqlalchemy.exc import DatabaseError, SAWarning
from traitlets.config.loader import PyFileConfigLoader

from classroom import Problem, submission
from classroom.course import CONFIG

# nbgrader calls the command `alembic` when it makes a gradebook: it stands beside Python, also where the
# environment is not activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def config_of(course):
    """Return the settings in a course's nbgrader_config.py."""
    return PyFileConfigLoader(CONFIG, path=str(course.root)).load_config()


def api_of(course):
    """Return nbgrader's programming interface for a course."""
    config = config_of(course)
    return NbGraderAPI(CourseDirectory(config=config), config=config)


def release(course, lesson):
    """Make the students' version of a lesson, and enter its exercises in the gradebook.

    Raises
    ------
    Problem
        With nbgrader's own words, if it refuses; what had been released before stays.
    """
    path = course.release(lesson)
    earlier = path.read_bytes() if path.is_file() else None
    if course.database.is_file():
        with open_gradebook(course) as gradebook:
            gradebook.db.connection().exec_driver_sql("BEGIN IMMEDIATE")  # nobody else is writing to it
    with contextlib.redirect_stderr(io.StringIO()):
        outcome = api_of(course).generate_assignment(lesson, force=True, create=True)
    if not outcome["success"]:
        if earlier is not None and not path.is_file():  # nbgrader takes it away before it begins
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(earlier)
        words = (outcome.get("log") or outcome.get("error") or "").splitlines()
        said = [line for line in words if line and not line.startswith((" ", "[ERROR] Traceback"))]
        raise Problem("\n".join([f"nbgrader could not release {lesson}:", *said]))
    course.database.chmod(0o600)


@contextlib.contextmanager
def open_gradebook(course):
    """Open the gradebook (creating none)."""
    if not course.database.is_file():
        raise Problem(f"there is no gradebook yet; type: python -m classroom release {course.root}")
    gradebook = None
    try:
        gradebook = Gradebook(f"sqlite:///{course.database}", config_of(course).CourseDirectory.course_id)
        yield gradebook
    except DatabaseError as error:
        raise Problem(
            f"the gradebook {course.database} cannot be used: {error.orig}. Where another program has locked "
            "it (formgrader, a second grader), wait for that and type the same again"
        ) from None
    finally:
        if gradebook is not None:
            gradebook.close()


class Writer:
    """Writes graded submissions into the gradebook and ``autograded/``, as nbgrader itself would."""

    def __init__(self, course):
        self._course = course
        self._config = config_of(course)
        self._url = f"sqlite:///{course.database}"
        self._steps = [SaveAutoGrades(config=self._config), AssignLatePenalties(config=self._config)]

    def save(self, graded):
        """Save the marks and the notebook of a `Graded`; marks given by hand stay."""
        course, lesson, student = self._course, graded.lesson, graded.student
        stamp = _timestamp(course.root / "submitted" / student / lesson)
        notebook = nbformat.from_dict(graded.notebook)
        names = {"notebook": lesson, "assignment": lesson, "student": student, "db_url": self._url}
        with quiet():
            with open_gradebook(course) as gradebook:
                gradebook.update_or_create_student(student)
                given = {"timestamp": stamp} if stamp else {}
                gradebook.update_or_create_submission(lesson, student, **given)
            for step in self._steps:
                notebook, _ = step.preprocess(notebook, {"nbgrader": dict(names)})
        target = course.root / "autograded" / student / lesson
        target.mkdir(parents=True, exist_ok=True)
        path = target / f"{lesson}.ipynb"
        path.unlink(missing_ok=True)  # nbgrader leaves it read-only
        nbformat.write(notebook, path)
        if stamp:
            (target / "timestamp.txt").unlink(missing_ok=True)
            (target / "timestamp.txt").write_text(stamp.isoformat(" "), encoding="utf-8")


def due_dates(course):
    """Return {lesson: when it is due, as text, "None" for never}."""
    with open_gradebook(course) as gradebook:
        return {assignment.name: str(assignment.duedate) for assignment in gradebook.assignments}


def marked_by_hand(course, lesson, student):
    """Return the grade_ids of the cells that have a mark given by hand."""
    with open_gradebook(course) as gradebook:
        try:
            notebooks = gradebook.find_submission(lesson, student).notebooks
        except MissingEntry:
            return set()
        return {g.name for notebook in notebooks for g in notebook.grades if g.manual_score is not None}


def _timestamp(folder):
    """Return when a submission was handed in (UTC), None where nothing sensible says so."""
    try:
        return parse_utc(submission.read_bytes(folder / "timestamp.txt")[:100].decode("ascii").strip())
    except (submission.Unreadable, ValueError, OverflowError, TypeError):
        return None


@contextlib.contextmanager
def quiet():
    """Keep nbgrader's log and its database's warnings from the terminal."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)
            yield
    finally:
        logging.disable(before)


def marks(course):
    """Return the marks as the gradebook has them, changes by hand and late penalties included.

    Returns
    -------
    dict
        {student: {lesson: {"score", "max_score", "penalty", "cells": {grade_id: score},
        "comments": {grade_id: text}}}}
    """
    found = {}
    with open_gradebook(course) as gradebook:
        for student in gradebook.students:
            found[student.id] = {}
            for lesson in course.lessons:
                try:
                    submission = gradebook.find_submission(lesson, student.id)
                except MissingEntry:
                    continue
                cells, comments = {}, {}
                for notebook in submission.notebooks:
                    cells |= {grade.name: float(grade.score or 0) for grade in notebook.grades}
                    comments |= {c.name: c.comment for c in notebook.comments if c.manual_comment}
                penalty = float(submission.late_submission_penalty or 0)
                found[student.id][lesson] = {
                    "score": max(0.0, float(submission.score or 0) - penalty),
                    "max_score": float(submission.max_score or 0),
                    "penalty": penalty,
                    "cells": cells,
                    "comments": comments,
                }
    return found
