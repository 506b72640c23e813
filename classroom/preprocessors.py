"""What nbgrader runs in the place of a student's notebook."""

from pathlib import Path

import nbformat
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from classroom import submission
from classroom.course import Course
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
        course = Course(self.root or Path(names["db_url"].removeprefix("sqlite:///")).parent)
        released = course.released(names["assignment"])
        cells = [submission.as_cell(cell) for cell in nb.get("cells", [])]
        fitted = submission.fit(released, cells)
        with Grader() as grader:
            graded = grader.grade(fitted, released, names["assignment"], names["student"])
        for note in graded.notes:
            self.log.warning("%s, %s: %s", names["student"], names["notebook"], note)
        return nbformat.from_dict(graded.notebook), resources
