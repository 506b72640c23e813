"""What nbgrader runs in the place of a student's notebook."""

from pathlib import Path

import nbformat
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from classroom import batch
from classroom.course import Course
from classroom.fresh import seed_of
from classroom.grading import Grader


class GradeSafely(NbGraderPreprocessor):
    """Grades a submission in cages and hands nbgrader the released notebook with the cards in it.

    The one sanitising step of the course's configuration, so that nbgrader's own ``autograde`` and
    formgrader's button grade as ``python -m classroom grade`` does.
    """

    root = Unicode("", help="the course folder; by default that of the gradebook").tag(config=True)

    def preprocess(self, nb, resources):
        """Return (the graded notebook, resources)."""
        names = resources["nbgrader"]
        lesson, student = names["assignment"], names["student"]
        course = Course(self.root or Path(names["db_url"].removeprefix("sqlite:///")).parent)
        folder = course.root / "submitted" / student / lesson
        with Grader(seed=seed_of(course)) as grader:
            graded = grader.grade_folder(folder, course.released(lesson), lesson, student)
        batch.note_marks_by_hand(course, graded)
        batch.keep_record(course, graded, batch.fingerprint(folder, batch.rules_of(course, lesson)))
        batch.log(course, batch.Outcome(1, notes=[(lesson, student, note) for note in graded.notes]))
        for note in graded.notes:
            self.log.warning("%s, %s: %s", student, lesson, note)
        return nbformat.from_dict(graded.notebook), resources
