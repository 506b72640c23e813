"""The teacher's commands, end to end: course, release, hand-in, marks, feedback, export."""

import builtins
import csv
import html
import json
import re
import subprocess
import sys
import zipfile

import pytest
from hostile_kinds import ALL, FIRST, LESSON, WITHOUT_FIRST, cell_of, save, solved

from classroom import Problem, batch, cage
from classroom import course as courses
from classroom.collecting import collect
from classroom.commands import main
from classroom.course import Course, complain_about_points
from lessons.exercises import REGISTRY

SECOND = "02_naive_baseline"
NOTEBOOKS = sorted(courses.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
sealed = pytest.mark.skipif(cage.level() != "sealed", reason="this system cannot seal an answer in")


@pytest.fixture
def own(copy_of_course, tmp_path):
    """A course of one's own."""
    return copy_of_course(tmp_path)


def rows(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.reader(file))


def hand_in(course, **answers):
    """Hand in as students: "good", "blank", or the text of the first answer."""
    released = course.released(LESSON)
    for student, answer in answers.items():
        notebook = released if answer == "blank" else solved(released)
        if answer not in ("good", "blank"):
            cell_of(notebook)["source"] = answer
        save(course.root / "submitted" / student / LESSON, notebook)


def grade(course, **options):
    return batch.grade_course(course, [LESSON], show=False, **options)


def scores(course):
    from classroom.gradebook import marks

    return {student: of[LESSON]["score"] for student, of in marks(course).items()}


# --- making a course ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_points_in_notebook_and_registry_agree(path):
    complain_about_points(path)


def test_disagreeing_points_are_named(tmp_path):
    notebook = json.loads((courses.NOTEBOOKS / f"{LESSON}.ipynb").read_text(encoding="utf-8"))
    cell_of(notebook, kind="check")["metadata"]["nbgrader"]["points"] = 7
    save(tmp_path, notebook)
    with pytest.raises(Problem, match="01-make_windows-check gives 7 points, and the exercise 3"):
        complain_about_points(tmp_path / f"{LESSON}.ipynb")


@pytest.mark.parametrize(
    ("lessons", "says"),
    [
        ("01-97", "there is no lesson"),
        ("1;2", "--lessons must be like 01-07"),
        ("03-01", "--lessons must be like 01-07"),
        ("", "--lessons must be like 01-07"),
    ],
)
def test_new_refuses_what_it_does_not_know(lessons, says, tmp_path, capsys):
    assert main(["new", str(tmp_path / "course"), "--lessons", lessons]) == 1
    assert says in capsys.readouterr().err
    assert not (tmp_path / "course").exists()


def test_new_overwrites_nothing(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["new", str(tmp_path), "--lessons", "01"]) == 1
    assert "is not empty, and nothing is overwritten" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_without_nbgrader_it_says_how_to_get_it(tmp_path, capsys, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("nbgrader"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    assert main(["new", str(tmp_path / "course"), "--lessons", "01"]) == 1
    assert '".[classroom]"' in capsys.readouterr().err


@pytest.mark.parametrize("command", ["release", "grade", "summary", "feedback", "marks", "update"])
def test_a_folder_that_is_no_course(command, tmp_path, capsys):
    assert main([command, str(tmp_path)]) == 1
    assert "there is no course in" in capsys.readouterr().err


def test_learners_never_import_nbgrader():
    code = "import sys, lessons, lessons.exercises, classroom; sys.exit('nbgrader' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_release_keeps_the_stubs(course):
    """With nbgrader's own settings the whole answer cell would be gone."""
    source = json.loads(course.source(LESSON).read_text(encoding="utf-8"))
    text = cell_of(course.released(LESSON))["source"]
    assert "".join(text) == "".join(cell_of(source)["source"]) and "raise NotImplementedError" in "".join(
        text
    )


# --- collecting -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("anna/whatever.ipynb", "anna"),
        ("all/anna/01.ipynb", "anna"),
        ("anna.ipynb", "anna"),
        ("Anna Berg_1234567_assignsubmission_file_/01.ipynb", "Anna_Berg"),
        ("anna_late_12345_67890_01_windows.ipynb", "anna"),
        ("anna_12345_67890_01_windows-1.ipynb", "anna"),
        ("a.b@uni.example/01.ipynb", "a.b@uni.example"),
    ],
)
def test_collect_knows_whose_file_it_is(name, student, course, tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr(name, "{}")
    fresh = Course(_copy(course, tmp_path))
    assert collect(fresh, LESSON, tmp_path / "all.zip") == ([student], [])
    assert (fresh.root / "submitted" / student / LESSON / f"{LESSON}.ipynb").read_text() == "{}"


def _copy(course, tmp_path):
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / courses.CONFIG).write_text("")
    return tmp_path / "course"


def test_collect_passes_over_what_is_dangerous(course, tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../evil.ipynb", "{}")
        archive.writestr("..\\evil.ipynb", "{}")
        archive.writestr("-rf/x.ipynb", "{}")
        archive.writestr("bomb/x.ipynb", " " * 50 * 2**20)
        archive.writestr("twice/a.ipynb", "1")
        archive.writestr("twice/b.ipynb", "2")
        archive.writestr("readme.txt", "")
    fresh = Course(_copy(course, tmp_path))
    taken, passed_over = collect(fresh, LESSON, tmp_path / "all.zip")
    assert taken == ["twice"] and len(passed_over) == 5
    assert any("too large" in line for line in passed_over)
    inside = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert inside == {"all.zip", courses.CONFIG, f"{LESSON}.ipynb", "submission_secret.txt"}
    (secret,) = tmp_path.rglob("submission_secret.txt")  # without one, nbgrader's release_feedback stops
    assert re.fullmatch("[0-9a-f]{128}", secret.read_text())


def test_collect_keeps_the_earlier_submission(course, tmp_path):
    fresh, source = Course(_copy(course, tmp_path)), tmp_path / "in" / "anna"
    source.mkdir(parents=True)
    for text, taken in (("1", ["anna"]), ("1", []), ("2", ["anna"])):
        (source / "x.ipynb").write_text(text)
        assert collect(fresh, LESSON, tmp_path / "in") == (taken, [])
    (older,) = (fresh.root / "older").rglob("*.ipynb")
    assert older.read_text() == "1"


# --- grading --------------------------------------------------------------------------------------


@sealed
def test_marks_of_several_at_once_are_those_of_one_by_one(own):
    wrong = REGISTRY[FIRST].source().replace("len(series) - window", "len(series) - window - 1")
    hand_in(own, anna="good", ben="blank", cleo=wrong, dora="import os; os._exit(1)", emil="good")
    assert grade(own, jobs=3).graded == 5
    together = scores(own)
    assert grade(own, jobs=1, force=True).graded == 5
    assert scores(own) == together
    assert (together["anna"], together["ben"]) == (ALL, 0.0) and together["cleo"] < ALL


@sealed
def test_an_interrupted_batch_goes_on_where_it_was(own, monkeypatch):
    from classroom.gradebook import Writer

    hand_in(own, anna="good", ben="good", cleo="blank")
    real, saved = Writer.save, []

    def interrupted(self, graded):
        if len(saved) == 2:
            raise KeyboardInterrupt
        saved.append(graded.student)
        real(self, graded)

    monkeypatch.setattr(Writer, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        grade(own, jobs=1)
    monkeypatch.setattr(Writer, "save", real)
    outcome = grade(own, jobs=1)
    assert (outcome.graded, outcome.unchanged) == (1, 2)
    assert scores(own) == {"anna": ALL, "ben": ALL, "cleo": 0.0}


@sealed
def test_a_mark_that_cannot_be_saved_is_reported_and_the_others_are(own, monkeypatch, capsys):
    from classroom.gradebook import Writer

    hand_in(own, anna="good", ben="good")
    real = Writer.save

    def failing(self, graded):
        if graded.student == "anna":
            raise OSError("disk full")
        real(self, graded)

    monkeypatch.setattr(Writer, "save", failing)
    assert main(["grade", str(own.root)]) == 1
    said = capsys.readouterr()
    assert "anna: NOT SAVED: OSError: disk full" in said.out and "1 could not be saved" in said.err
    assert scores(own)["ben"] == ALL


@sealed
def test_a_check_that_cannot_be_run_leaves_no_mark_rather_than_zero(own, monkeypatch):
    from classroom import grading

    hand_in(own, anna="good")

    def results(tasks, jobs, *settings):
        with grading.Grader() as grader:
            monkeypatch.setattr(grading.Sandbox, "open", lambda *args: 1 / 0)
            for task in tasks:
                graded = grader.grade_folder(task.folder, own.released(LESSON), LESSON, task.student)
                yield task, graded

    monkeypatch.setattr(batch, "_graded", results)
    outcome = grade(own)
    assert (outcome.graded, outcome.failed, scores(own)) == (0, 1, {})
    assert "01.make_windows could not be checked: ZeroDivisionError" in outcome.notes[0][2]


@sealed
def test_a_grader_that_dies_is_replaced_and_costs_one_submission(own, monkeypatch):
    """As where a system kills the grader itself, for want of memory say."""
    hand_in(own, anna="good", ben="good")
    real = batch._Worker.give

    def give(self, task):
        real(self, task)
        if task.student == "anna" and task.attempts < batch.ATTEMPTS:
            self.process.kill()

    monkeypatch.setattr(batch._Worker, "give", give)
    outcome = grade(own, jobs=2)
    assert outcome.graded == 2 and scores(own) == {"anna": 0.0, "ben": ALL}
    assert "ended the grader's own process 2 times" in outcome.notes[0][2]


@sealed
def test_a_mark_given_by_hand_survives(own):
    from nbgrader.api import Gradebook

    hand_in(own, anna="blank")
    grade(own)
    with Gradebook(f"sqlite:///{own.database}") as gradebook:
        mark = gradebook.find_grade("01-make_windows-check", LESSON, LESSON, "anna")
        mark.manual_score = 2.5
        comment = gradebook.find_comment("01-make_windows-answer", LESSON, LESSON, "anna")
        comment.manual_comment = "Nearly <right>: see me."
        gradebook.db.commit()
    grade(own, force=True)
    assert scores(own) == {"anna": 2.5}
    assert main(["feedback", str(own.root)]) == 0
    page = (own.root / "feedback" / "anna" / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")
    assert "Your teacher gave 2.5 points." in page and "Nearly &lt;right&gt;: see me." in page


@sealed
def test_nbgraders_own_autograde_is_safe_as_well(own):
    from classroom.gradebook import api_of

    bad = "check = lambda *a: 100.0\ndef make_windows(series, window):\n    raise SystemExit"
    hand_in(own, anna="good", ben="blank", cleo=bad)
    (own.root / "submitted" / "dora" / LESSON).mkdir(parents=True)
    (own.root / "submitted" / "dora" / LESSON / f"{LESSON}.ipynb").write_text("no notebook")
    outcomes = {
        name: api_of(own).autograde(LESSON, name)["success"] for name in ("anna", "ben", "cleo", "dora")
    }
    assert outcomes == {"anna": True, "ben": True, "cleo": True, "dora": False}
    assert {n: s for n, s in scores(own).items() if n != "dora"} == {
        "anna": ALL,
        "ben": 0.0,
        "cleo": WITHOUT_FIRST,
    }
    graded = (own.root / "autograded" / "anna" / LESSON / f"{LESSON}.ipynb").read_text(encoding="utf-8")
    assert "Passed" in graded


@pytest.mark.parametrize(
    ("best", "wanted", "says"),
    [
        ("none", None, "no way to fence it in"),
        ("none", "limits", "no way to fence it in"),
        ("limits", None, "add --level limits"),
    ],
)
def test_a_system_that_cannot_protect_refuses(best, wanted, says, monkeypatch):
    monkeypatch.setattr(cage, "level", lambda: best)
    with pytest.raises(Problem, match=says):
        batch.require_level(wanted)


# --- afterwards -----------------------------------------------------------------------------------


@sealed
def test_tables_feedback_and_export(own, tmp_path):
    future = "def scale_with_train(series, at):\n    return (series - series.mean()) / series.std()"
    released = own.released(LESSON)
    hand_in(own, anna="good", ben="blank")
    for student in ("cleo", "dora"):
        notebook = solved(released)
        cell_of(notebook, "01.scale_with_train")["source"] = future
        save(own.root / "submitted" / student / LESSON, notebook)
    assert main(["grade", str(own.root)]) == 0
    for command in (["summary"], ["feedback"], ["marks"]):
        assert main([*command, str(own.root)]) == 0

    head, most, *points = rows(own.root / "summary" / "points.csv")
    assert head[:2] == ["student", FIRST] and head[-2:] == [SECOND, "total"]
    both = ALL + sum(exercise.points for exercise in REGISTRY.of_lesson("02"))
    less = ALL - REGISTRY["01.scale_with_train"].points
    assert most[-1] == f"{both}" and [(p[0], p[-1]) for p in points] == [
        ("anna", f"{ALL}"),
        ("ben", "0.0"),
        ("cleo", f"{less}"),
        ("dora", f"{less}"),
    ]
    table = {row[0]: row for row in rows(own.root / "summary" / "exercises.csv")[1:]}
    assert table["01.scale_with_train"][2:7] == ["4", "1", "0", "2", "1"]
    diagnoses = [wrong.diagnosis for wrong in REGISTRY["01.scale_with_train"].wrong]
    future = next(diagnosis for diagnosis in diagnoses if "so the future leaks" in diagnosis)
    assert table["01.scale_with_train"][8:10] == [future, "2"]
    page = (own.root / "summary" / "index.html").read_text(encoding="utf-8")
    assert html.escape(future)[:40] in page and "<script" not in page

    card = (own.root / "feedback" / "cleo" / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")
    assert re.sub(r"[`*]", "", future)[:40] in re.sub(r"<[^>]+>", "", card)
    assert "series.mean()" in card and f"{less:g} of {ALL:g} points" in card

    assert rows(own.root / "marks_plain.csv")[1] == ["anna", LESSON, f"{ALL}", f"{ALL}", "0.0", "yes"]
    known = tmp_path / "students.csv"
    head = "student,email,Student,ID,SIS User ID,SIS Login ID,Section"
    known.write_text(f"{head}\nanna,a@x.example,=A,7,,anna,1\n")
    for shape in ("moodle", "canvas"):
        assert main(["marks", str(own.root), "--for", shape, "--students", str(known)]) == 0
    moodle = rows(own.root / "marks_moodle.csv")
    assert [row[:2] for row in moodle[:2]] == [["email", f"{LESSON} (of {ALL:g})"], ["a@x.example", f"{ALL}"]]
    canvas = rows(own.root / "marks_canvas.csv")
    assert canvas[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", LESSON, SECOND]
    assert canvas[1] == ["    Points Possible", "", "", "", "", f"{ALL}", f"{both - ALL}"]
    assert canvas[2] == ["'=A", "7", "", "anna", "1", f"{ALL}", ""]
    assert canvas[3][3:] == ["ben", "", "0.0", ""]


def test_marks_in_an_unknown_shape(course, capsys):
    assert main(["marks", str(course.root), "--for", "blackboard"]) == 1
    assert "--for must be one of plain, moodle, canvas" in capsys.readouterr().err
