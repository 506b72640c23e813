"""One course for the tests of the classroom: made and released once."""

import importlib.util
import shutil
import sys

import pytest

MISSING = None
if sys.platform == "win32":
    MISSING = "grading needs Linux or macOS"
elif importlib.util.find_spec("nbgrader") is None:
    MISSING = "nbgrader is not installed (extra: test)"
if MISSING:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    """A course with lessons 01 and 02, released. Nobody hands in to this one."""
    from classroom.commands import main
    from classroom.course import Course

    root = tmp_path_factory.mktemp("classroom") / "course"
    assert main(["new", str(root), "--lessons", "01-02"]) == 0
    assert main(["release", str(root)]) == 0
    return Course(root)


@pytest.fixture(scope="session")
def copy_of_course(course):
    """Return a function that copies the course into a folder: to make one anew takes seconds."""
    from classroom.course import Course

    def copy(folder):
        shutil.copytree(course.root, folder / "course")
        return Course(folder / "course")

    return copy
