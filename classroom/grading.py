"""Grade one submission of one lesson: each answer in a cage of its own, each verdict outside of it."""

import copy
import importlib
import re
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from classroom import submission
from classroom.answers import Limits, Sandbox
from classroom.fresh import ELSEWHERE, confirm, drawn_again
from classroom.submission import Unreadable, is_answer, nbgrader_of, one_line, source_of
from lessons.exercises import REGISTRY, check
from lessons.exercises.checking import Result

CHECK = re.compile(r"""^check\(\s*["']([\w.]+)["']\s*,\s*(\w+)\s*\)\s*$""", flags=re.M)
LONGEST_ANSWER = 20_000  # characters of it that are kept for the feedback

# What in a card a teacher should hear of: a process that was stopped, or that tried what it must not.
_STOPPED = "your function raised Stopped: "
_SIGNS = (ELSEWHERE, "took longer than", "ended its", "ended by", "crashed", "sent something")
_SIGNS += ("PermissionError", "FileNotFoundError")  # the cage's no, and a container's
_SIGNS += ("MemoryError", "RecursionError", "SystemExit", "unable to open database", "can't start new thread")


@dataclass
class Grade:
    """How one exercise went.

    Attributes
    ----------
    id, title, status : str
        As in `lessons.exercises.checking.Result`.
    cell : str
        The check cell's grade_id.
    points, max_points : float
    diagnoses : list of str
        Of the known wrong answers that this is.
    text, html : str
        The card.
    answer : str
        What the student wrote.
    shapes : list of int
        Its fingerprint, see `classroom.program.shapes`.
    """

    id: str
    title: str
    status: str
    cell: str
    points: float
    max_points: float
    diagnoses: list = field(default_factory=list)
    text: str = ""
    html: str = ""
    answer: str = ""
    shapes: list = field(default_factory=list)


@dataclass
class Graded:
    """A graded submission: what is kept of it, and the notebook with the cards in it."""

    student: str
    lesson: str
    grades: list
    notes: list
    notebook: dict
    seconds: float = 0.0

    @property
    def points(self):
        """Points earned, a float."""
        return sum(grade.points for grade in self.grades)

    def record(self):
        """Return all but the notebook, as JSON can hold it."""
        kept = {k: v for k, v in vars(self).items() if k not in ("grades", "notebook")}
        return {**kept, "grades": [asdict(grade) for grade in self.grades]}


class Grader:
    """Grades submissions one after the other.

    Parameters
    ----------
    limits : Limits, optional
    level : str, optional
        Of protection; None takes the best this system offers.
    seed : int, optional
        For cases beyond the public ones; see `classroom.fresh`.
    """

    def __init__(self, limits=None, level=None, seed=None):
        self._limits, self._level, self._sandboxes = limits or Limits(), level, {}
        self._seed = seed

    def grade_folder(self, folder, released, lesson, student):
        """Grade what a student handed in. Never fails because of it.

        Parameters
        ----------
        folder : Path
            With the submission.
        released : dict
            The notebook as released.
        lesson, student : str

        Returns
        -------
        Graded
        """
        start = time.monotonic()
        try:
            path, notes = submission.find(Path(folder), f"{lesson}.ipynb", released)
            fitted = submission.fit(released, submission.cells_of(submission.read_bytes(path)))
            fitted.notes[:0] = [*notes, *submission.note_of(Path(folder))[1]]
        except Exception as reason:  # Unreadable, or what nobody has thought of: its author's alone
            fitted = submission.fit(released, [])
            kind = "" if isinstance(reason, Unreadable) else f"it cannot be read ({type(reason).__name__}): "
            fitted.notes = [kind + str(reason)[:300]]
        graded = self.grade(fitted, released, lesson, student)
        graded.seconds = round(time.monotonic() - start, 3)
        return graded

    def grade(self, fitted, released, lesson, student):
        """Grade a submission that has been fitted into the released notebook.

        Returns
        -------
        Graded
        """
        notebook = copy.deepcopy(fitted.notebook)
        stubs = {nbgrader_of(c).get("grade_id"): source_of(c) for c in released["cells"] if is_answer(c)}
        ours = {source_of(c) for c in released["cells"]}
        # An untouched stub comes first of all: it must not replace an answer that was written elsewhere.
        first, cells, grades, references = [], [], [], {}
        for cell in notebook["cells"]:
            if cell["cell_type"] != "code":
                continue
            mark, source = nbgrader_of(cell), source_of(cell)
            if mark.get("grade") and not mark.get("solution"):
                grade = self._grade_cell(cell, first + cells, ours, references, fitted)
                _show(cell, grade)
                if grade is not None:
                    grade.answer = _answer(cells, grade)
                    grades.append(grade)
                    if grade.status != "passed":
                        references[grade.id] = REGISTRY[grade.id].source()
            else:
                (first if stubs.get(mark.get("grade_id")) == source else cells).append(source)
        return Graded(student, lesson, grades, [one_line(note) for note in fitted.notes], notebook)

    def _grade_cell(self, cell, cells, ours, references, fitted):
        """Grade one check cell; None where it holds no check of ours."""
        notes = fitted.notes
        found = CHECK.search(source_of(cell))
        if not found or found[1] not in REGISTRY:
            notes.append(f"the cell {nbgrader_of(cell)['grade_id']} has no check: grade it by hand")
            return None
        id, name = found.groups()
        exercise = REGISTRY[id]
        lesson = [i for i, source in enumerate(cells) if source in ours]
        try:
            with self._sandbox(id[:2]).open(cells, name, dict(references), lesson) as answer:
                result, shapes = self._check(exercise, answer), answer.shapes
        except Exception as error:  # ours, not the student's
            result, shapes = Result(id, exercise.title, "broken", exercise.points), []
            result.notes = [f"This check could not be run ({type(error).__name__}: {str(error)[:200]})."]
            notes.append(f"{id} could not be checked: {type(error).__name__}: {str(error)[:200]}")
        notes += [f"{id}: {text}" for text in _stops(result)]
        points = min(float(nbgrader_of(cell)["points"]), result.points)
        shown = fitted.shown.get(nbgrader_of(cell)["grade_id"], points)
        if shown != points:
            notes.append(f"{id}: the check in the notebook shows {shown:g} points, grading gave {points:g}")
        return Grade(
            id,
            exercise.title,
            result.status,
            nbgrader_of(cell)["grade_id"],
            points,
            float(nbgrader_of(cell)["points"]),
            result.diagnoses,
            result.text(),
            result._repr_html_(),
            shapes=shapes,
        )

    def _check(self, exercise, answer):
        """Check an `Answer`, function or not."""
        if answer.kind == "function":
            answer.tensors = exercise.tensors
            result = check(exercise.id, answer)
            others = {} if self._seed is None else drawn_again(exercise.id[:2], self._seed)
            again = exercise.id in others and result.points and not answer.stopped
            lost = confirm(result, check(others[exercise.id], answer)) if again else ()
            if answer.stopped:
                slow = "took longer" in str(answer.stopped)  # an exit code could tell what the cases are
                for part in result.parts:
                    if (part in lost and slow) or (part.message or "").startswith(_STOPPED):
                        part.message = f"your function {answer.stopped}"
        elif answer.kind == "class":
            result = check(exercise.id, dict)
        elif answer.kind == "value":
            result = check(exercise.id, answer.value)
        else:
            result = check(exercise.id)
            if answer.unreadable:
                result.status = "not yet"
        if not result.passed:
            result.notes += [text[:1].upper() + text[1:] for text in answer.unreadable]
            result.notes += [f"Before the check: {text}" for text in answer.failed]
        return result

    def _sandbox(self, lesson):
        module = importlib.import_module(f"lessons.exercises.lesson_{lesson}")
        preload = ("lessons.rnn", "torch") if hasattr(module, "torch") else ("lessons.rnn",)
        if preload not in self._sandboxes:
            self._sandboxes[preload] = Sandbox(self._limits, self._level, preload)
        return self._sandboxes[preload]

    def close(self):
        """End the processes that this grader started."""
        for sandbox in self._sandboxes.values():
            sandbox.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def _stops(result):
    """Return what ended an answer's process, or kept it from the rest of the machine."""
    said = [part.message for part in result.parts if part.message] + result.notes
    return [text for text in said if any(sign in text for sign in _SIGNS)][:1]


def _answer(cells, grade):
    """Return the last cell that defines the exercise's function, "" where there is none."""
    name = grade.id.split(".", 1)[1]
    found = [
        source for source in cells if re.search(rf"^(async )?def {name}\b|^{name}\s*=", source, flags=re.M)
    ]
    return found[-1][:LONGEST_ANSWER] if found else ""


def _show(cell, grade):
    """Put the card below its check cell, as nbgrader reads it; an error where nothing was checked."""
    if grade is None:
        text = "This cell is graded by hand."
        cell["outputs"] = [
            {"output_type": "error", "ename": "NotChecked", "evalue": text, "traceback": [text]},
        ]
        return
    cell["execution_count"] = 1
    cell["outputs"] = [
        {
            "output_type": "execute_result",
            "execution_count": 1,
            "metadata": {},
            "data": {"text/plain": repr(float(grade.points)), "text/html": grade.html},
        }
    ]
