"""A course folder as nbgrader wants it: made, released, found again."""

import json
import re
import shutil
import stat
from pathlib import Path

from classroom import Problem
from classroom.grading import CHECK
from classroom.submission import is_answer, nbgrader_of, source_of
from lessons.exercises import REGISTRY

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
CONFIG = "nbgrader_config.py"

_CONFIG_TEXT = '''"""nbgrader's settings for this course: what makes grading safe, and below it your own."""

import os

from nbgrader.preprocessors import AssignLatePenalties, CheckCellMetadata, SaveAutoGrades

from classroom.preprocessors import GradeSafely

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = {course_id!r}
c.CourseDirectory.root = os.path.dirname(os.path.abspath(__file__))

# The lessons hold stubs already. With this on, nbgrader would replace whole answer cells, `def` included.
c.ClearSolutions.enabled = False

# Never run a student's notebook: its answers are called in a cage instead, also where you press "autograde"
# in formgrader or type `nbgrader autograde`.
c.Autograde.sanitize_preprocessors = [GradeSafely]
c.Autograde.autograde_preprocessors = [SaveAutoGrades, AssignLatePenalties, CheckCellMetadata]

# Should you ever put nbgrader's own steps back: teacher cells that a student deleted are put back.
c.OverwriteCells.add_missing_cells = True

if os.name == "posix":  # nbgrader's exchange knows no Windows
    from classroom.exchange import CollectFromOwners

    c.ExchangeFactory.collect = CollectFromOwners  # a submission is its owner's, whatever its name says

# Your own settings: due dates and late penalties, the exchange folder, ...
'''


class Course:
    """An existing course folder.

    Parameters
    ----------
    root : str or Path

    Raises
    ------
    Problem
        If there is no course.
    """

    def __init__(self, root):
        self.root = Path(root).resolve()
        if not (self.root / CONFIG).is_file():
            raise Problem(
                f"there is no course in {root} (no {CONFIG}); "
                f"`python -m classroom new {root} --lessons 01-07` makes one"
            )

    @property
    def lessons(self):
        """Names of the lessons, as ``["01_windows_and_leakage"]``."""
        return sorted(p.parent.name for p in self.root.glob("source/*/*.ipynb") if p.stem == p.parent.name)

    @property
    def database(self):
        """The gradebook's file."""
        return self.root / "gradebook.db"

    def source(self, lesson):
        """Return the path of a lesson's notebook as the teacher has it."""
        return self.root / "source" / lesson / f"{lesson}.ipynb"

    def release(self, lesson):
        """Return the path of a lesson's notebook as released."""
        return self.root / "release" / lesson / f"{lesson}.ipynb"

    def released(self, lesson):
        """Return a lesson's notebook as released, a dict.

        Raises
        ------
        Problem
            If it has not been released.
        """
        path = self.release(lesson)
        if not path.is_file():
            raise Problem(f"lesson {lesson} is not released; type: python -m classroom release {self.root}")
        return read_notebook(path)

    def submitted(self, lesson, student="*"):
        """Return {student: folder} of what was handed in."""
        found = self.root.glob(f"submitted/{student}/{lesson}")
        return {path.parent.name: path for path in sorted(found) if path.is_dir()}

    def choose(self, wanted):
        """Return this course's lessons that ``"01-03,06"``, or one's whole name, names; all for None."""
        if wanted is None or wanted in self.lessons:
            return self.lessons if wanted is None else [wanted]
        return choose(wanted, {lesson[:2]: lesson for lesson in self.lessons})


def read_notebook(path):
    """Return one of the teacher's notebooks, a dict; a Problem where it is none."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise Problem(f"{path} is no notebook ({error})") from None


def choose(wanted, known):
    """Return the lessons that a text such as ``"01-03,06"`` names.

    Parameters
    ----------
    wanted : str
    known : dict
        {"01": anything}

    Returns
    -------
    list
        The values, in order.
    """
    numbers = []
    for piece in wanted.split(","):
        found = re.fullmatch(r"\s*(\d\d?)\s*(?:-\s*(\d\d?)\s*)?", piece)
        if not found or (found[2] and int(found[2]) < int(found[1])):
            raise Problem(f"--lessons must be like 01-07 or 01,03, got {wanted!r}")
        numbers += range(int(found[1]), int(found[2] or found[1]) + 1)
    numbers = sorted({f"{number:02d}" for number in numbers})
    unknown = [number for number in numbers if number not in known]
    if unknown:
        raise Problem(f"there is no lesson {', '.join(unknown)} (there are {', '.join(sorted(known))})")
    return [known[number] for number in numbers]


def new(root, lessons, notebooks=NOTEBOOKS, course_id=None):
    """Make a course folder.

    Parameters
    ----------
    root : str or Path
        Must not exist, or be empty.
    lessons : str
        As ``"01-07"``.
    notebooks : Path
        Where the lessons' notebooks are.
    course_id : str, optional
        nbgrader's name for the course; the folder's by default.

    Returns
    -------
    Course
    """
    require_nbgrader()
    root = Path(root)
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise Problem(f"{root} is not empty, and nothing is overwritten: choose another folder")
    available = {path.name[:2]: path for path in sorted(Path(notebooks).glob("[0-9][0-9]_*.ipynb"))}
    if not available:
        raise Problem(f"there are no lessons in {notebooks}; say where they are with --notebooks")
    chosen = choose(lessons, available)
    for path in chosen:
        complain_about_points(path)
    course_id = course_id or re.sub(r"\W+", "-", root.resolve().name).strip("-") or "course"
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP)  # students' accounts stay out
    for path in chosen:
        folder = root / "source" / path.stem
        folder.mkdir(parents=True)
        shutil.copyfile(path, folder / path.name)
    (root / CONFIG).write_text(_CONFIG_TEXT.format(course_id=course_id), encoding="utf-8")
    return Course(root)


def complain_about_points(path):
    """Raise Problem where a notebook's graded cells and the registry of exercises disagree."""
    notebook = read_notebook(path)
    answers = {nbgrader_of(cell).get("grade_id") for cell in notebook["cells"] if is_answer(cell)}
    for cell in notebook["cells"]:
        mark = nbgrader_of(cell)
        if not mark.get("grade") or mark.get("solution"):
            continue
        found, name = CHECK.search(source_of(cell)), f"{Path(path).name}: the cell {mark.get('grade_id')}"
        if not found:
            raise Problem(f'{name} must be one line like check("01.make_windows", make_windows)')
        if found[1] not in REGISTRY:
            raise Problem(f"{name} checks {found[1]}, which is no exercise")
        if float(mark["points"]) != REGISTRY[found[1]].points:
            raise Problem(
                f"{name} gives {mark['points']:g} points, and the exercise {REGISTRY[found[1]].points:g}"
            )
        if f"{found[1].replace('.', '-', 1)}-answer" not in answers:
            raise Problem(f"{name} has no answer cell {found[1].replace('.', '-', 1)}-answer")


def require_nbgrader():
    """Raise Problem, with the remedy, where nbgrader is not installed."""
    try:
        import nbgrader  # noqa: F401
    except ImportError:
        raise Problem(
            "nbgrader is not installed. In the folder of the course's repository, type: "
            'python -m pip install -c constraints.txt -e ".[classroom]"'
        ) from None
