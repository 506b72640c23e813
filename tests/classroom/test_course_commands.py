"""The teacher's commands, end to end: course, release, hand-in, marks, feedback, export."""

import contextlib
import csv
import html
import io
import json
import os
import re
import signal
import sys
import zipfile

import pytest
from hostile_kinds import ALL, FIRST, LESSON, WITHOUT_FIRST, cell_of, save, solved
from nbgrader.api import Gradebook

from classroom import Problem, batch, cage, gradebook, grading
from classroom import course as courses
from classroom.collecting import collect
from classroom.commands import main
from classroom.course import Course, complain_about_points
from lessons.exercises import REGISTRY

SECOND = "02_naive_baseline"
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
    return {student: of[LESSON]["score"] for student, of in gradebook.marks(course).items()}


def page(course, student):
    return (course.root / "feedback" / student / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")


# --- making a course ------------------------------------------------------------------------------


def test_disagreeing_points_are_named(tmp_path):
    notebook = json.loads((courses.NOTEBOOKS / f"{LESSON}.ipynb").read_text(encoding="utf-8"))
    cell_of(notebook, kind="check")["metadata"]["nbgrader"]["points"] = 7
    save(tmp_path, notebook)
    with pytest.raises(Problem, match="01-make_windows-check gives 7 points, and the exercise 3"):
        complain_about_points(tmp_path / f"{LESSON}.ipynb")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("new FOLDER --lessons 01-97", "there is no lesson"),
        ("new FOLDER --lessons 1;2", "--lessons must be like 01-07"),
        ("new FOLDER --lessons 03-01", "--lessons must be like 01-07"),
        ("new FOLDER --lessons ", "--lessons must be like 01-07"),
        ("release FOLDER", "there is no course in"),
        ("marks FOLDER", "there is no course in"),
        ("marks COURSE --for blackboard", "--for must be one of plain, moodle, canvas"),
    ],
)
def test_a_command_refuses_what_it_does_not_know(words, says, course, tmp_path, capsys):
    places = {"FOLDER": str(tmp_path / "folder"), "COURSE": str(course.root)}
    assert main([places.get(word, word) for word in words.split(" ")]) == 1
    assert says in capsys.readouterr().err
    assert not (tmp_path / "folder").exists()


def test_new_overwrites_nothing_and_says_so_in_a_notebook_too(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with contextlib.redirect_stderr(io.StringIO()) as said:  # which, as a notebook's, cannot be reconfigured
        assert main(["new", str(tmp_path), "--lessons", "01"]) == 1
    assert "is not empty, and nothing is overwritten" in said.getvalue()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_without_nbgrader_it_says_how_to_get_it(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbgrader", None)
    assert main(["new", str(tmp_path / "course"), "--lessons", "01"]) == 1
    assert '".[classroom]"' in capsys.readouterr().err


def test_release_keeps_the_stubs(course):
    """With nbgrader's own settings the whole answer cell would be gone."""
    source = json.loads(course.source(LESSON).read_text(encoding="utf-8"))
    text = "".join(cell_of(course.released(LESSON))["source"])
    assert text == "".join(cell_of(source)["source"]) and "raise NotImplementedError" in text


# --- collecting -----------------------------------------------------------------------------------


MOODLE = "_1234567_assignsubmission_file_"


def archive(path, files):
    """Write a zip file {name: content, or the files of an inner one}; return its path."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            if isinstance(content, dict):
                content = archive(path.with_name("inner.zip"), content).read_bytes()
            made.writestr(name, content)
    return path


@pytest.fixture
def empty(tmp_path):
    """A course without lessons."""
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / courses.CONFIG).write_text("")
    return Course(tmp_path / "course")


def submitted(course):
    return {path.parent.parent.name: path.read_text() for path in course.root.glob("submitted/*/*/*.ipynb")}


@pytest.mark.parametrize(
    ("files", "students"),
    [
        (["anna/whatever.ipynb"], "anna"),
        (["all/anna/01.ipynb"], "anna"),
        (["all/anna/work/01.ipynb", "all/ben/x/y/01.ipynb"], "anna ben"),
        (["anna.ipynb", "ben.IPYNB", "cleo.ipynb.txt"], "anna ben cleo"),
        (["all/anna.ipynb", "all/ben.ipynb"], "anna ben"),
        ([f"Anna Berg{MOODLE}/01.ipynb", f"Ben{MOODLE}/deep/02.ipynb"], "Anna_Berg Ben"),
        ([f"Anna Berg{MOODLE}01.ipynb", f"Ben{MOODLE}02.ipynb"], "Anna_Berg Ben"),
        (["x/anna_late_12345_67890_01_windows.ipynb", "x/ben_1_2_a.ipynb"], "anna ben"),
        (["anna_12345_67890_01_windows-1.ipynb"], "anna"),
        (["a.b@uni.example/01.ipynb"], "a.b@uni.example"),
        (["Jürgen Weiß/1.ipynb", "O'Brien, Eve/1.ipynb", "李雷/1.ipynb"], "Jürgen_Weiß O'Brien_Eve 李雷"),
        (["Ju\u0308rgen/1.ipynb"], "Jürgen"),
        (["Eva" + MOODLE + "/a.ipynb", "Eva_7_assignsubmission_file_/a.ipynb"], "Eva-1234567 Eva-7"),
        (["eva_5_61_a.ipynb", "eva_6_62_a.ipynb"], "eva-5 eva-6"),
    ],
)
def test_collect_knows_whose_file_it_is(files, students, empty, tmp_path):
    source = archive(tmp_path / "all.zip", {name: name for name in files})
    assert collect(empty, LESSON, source) == (sorted(students.split()), [], [])
    assert sorted(submitted(empty).values()) == sorted(files)
    with zipfile.ZipFile(source) as made:
        made.extractall(tmp_path / "unpacked")
    assert collect(empty, LESSON, tmp_path / "unpacked") == ([], [], [])
    packed = {f"{number}_1_assignsubmission_file_/hw.zip": {"a/b.ipynb": "c"} for number in ("Ida", "Jo")}
    assert collect(empty, LESSON, archive(tmp_path / "own.zip", packed))[0] == ["Ida", "Jo"]


def test_the_notebook_with_the_answers_counts(course, tmp_path, empty, capsys):
    """Of several, by what is in it, in whatever format; the others are said, and told their author."""
    released = course.released(LESSON)
    good, other = json.dumps(solved(released)), json.dumps(course.released(SECOND))
    cells = [{**cell, "input": cell["source"]} for cell in solved(released)["cells"]]
    for cell in cells:
        del cell["source"]
    old = json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]})
    blank = json.dumps(released)
    (empty.root / "release").symlink_to(course.root / "release")
    files = {
        "anna/00 draft.ipynb": blank, "anna/99.ipynb": good, "anna/report.pdf": "",
        "ben/a.ipynb": b"\xef\xbb\xbf" + good.encode(), "ben/b.ipynb": other,
        "cleo/a.ipynb": "{", "cleo/b.ipynb": old,
        "dora/a.ipynb": blank, "dora/b.ipynb": good.encode("utf-16"),
        "emil/report.pdf": "",
    }  # fmt: skip
    taken, passed_over, missing = collect(empty, LESSON, archive(tmp_path / "all.zip", files))
    assert taken == ["anna", "ben", "cleo", "dora"]
    assert "anna: anna/00 draft.ipynb was handed in as well, and not graded" in passed_over
    assert "anna/report.pdf: no notebook" in passed_over
    assert missing == ["emil: no notebook that can be read"]
    with grading.Grader() as grader:
        for student in taken:
            folder = empty.root / "submitted" / student / LESSON
            graded = grader.grade_folder(folder, released, LESSON, student)
            assert graded.points == ALL and any("handed in as well" in note for note in graded.notes)


def test_namesakes_on_moodle_stay_apart(empty, tmp_path):
    """Also where the second comes later; and the grading worksheet gives names and times."""
    first, second = (f"Anna Berg_{number}_assignsubmission_file_/a.ipynb" for number in (11, 22))
    for name, student in ((first, "Anna_Berg"), (second, "Anna_Berg-22"), (first, None), (second, None)):
        taken, _, _ = collect(empty, LESSON, archive(tmp_path / "all.zip", {name: name}))
        assert taken == [student] * (student is not None)
    sheet = tmp_path / "grades.csv"
    sheet.write_text(
        "\ufeffIdentifier,Full name,Email address,Status,Grade,Last modified (submission)\n"
        'Participant 11,"Anna Berg",a1@x.example,Submitted,,"Tuesday, 3 November 2026, 10:12 AM"\n'
        "Participant 22,Anna Berg,a2@x.example,Submitted,,-\n"
    )
    both = archive(tmp_path / "all.zip", {first: "1", second: "2"})
    assert main(["collect", str(empty.root), LESSON[:2], str(both), "--worksheet", str(sheet)]) == 1
    (empty.root / "source" / LESSON).mkdir(parents=True)
    (empty.root / "source" / LESSON / f"{LESSON}.ipynb").write_text("{}")
    assert main(["collect", str(empty.root), LESSON[:2], str(both), "--worksheet", str(sheet)]) == 0
    assert {"a1@x.example", "a2@x.example"} < set(submitted(empty))
    stamp = (empty.root / "submitted" / "a1@x.example" / LESSON / "timestamp.txt").read_text()
    assert re.fullmatch(r"2026-11-0[234] \d\d:12:00 UTC", stamp)


def test_collect_passes_over_what_is_dangerous(empty, tmp_path, capsys):
    files = dict.fromkeys(["../../evil.ipynb", "..\\evil.ipynb", "-rf/x.ipynb"], "{}")
    files |= {"bomb/x.ipynb": " " * 50 * 2**20, "once/b.ipynb": "2", "once/broken.zip": "PK"}
    files |= {"readme.txt": "", "__MACOSX/once/._b.ipynb": ""}
    source = archive(tmp_path / "all.zip", files)
    taken, passed_over, missing = collect(empty, LESSON, source)
    assert (taken, len(passed_over), len(missing)) == (["once"], 3, 5)
    assert "bomb/x.ipynb: too large" in passed_over
    inside = {path.name for path in empty.root.rglob("*") if path.is_file()}
    assert inside == {courses.CONFIG, f"{LESSON}.ipynb", "submission_secret.txt", "handed_in.json"}
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["all.zip"]
    (secret,) = tmp_path.rglob("submission_secret.txt")  # without one, nbgrader's release_feedback stops
    assert re.fullmatch("[0-9a-f]{128}", secret.read_text())
    data = bytearray(source.read_bytes())
    data[data.index(b"once/b.ipynb") + 13] ^= 255  # the member's own bytes
    source.write_bytes(data)
    assert any("once/b.ipynb: it cannot be read" in line for line in collect(empty, LESSON, source)[1])


def test_collect_keeps_the_earlier_submission(empty, tmp_path):
    source = tmp_path / "in" / "anna"
    source.mkdir(parents=True)
    for text, taken in (("1", ["anna"]), ("1", []), ("2", ["anna"])):
        (source / "x.ipynb").write_text(text)
        assert collect(empty, LESSON, tmp_path / "in") == (taken, [], [])
    (older,) = (empty.root / "older").rglob("*.ipynb")
    assert older.read_text() == "1"


# --- grading --------------------------------------------------------------------------------------


@sealed
def test_an_interrupted_batch_goes_on_where_it_was(own, monkeypatch):
    hand_in(own, anna="good", ben="good", cleo="blank")
    real, saved = gradebook.Writer.save, []

    def interrupted(self, graded):
        if len(saved) == 2:
            raise KeyboardInterrupt
        saved.append(graded.student)
        real(self, graded)

    monkeypatch.setattr(gradebook.Writer, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        grade(own, jobs=1)
    monkeypatch.undo()
    outcome = grade(own, jobs=1)
    assert (outcome.graded, outcome.unchanged) == (1, 2)
    assert scores(own) == {"anna": ALL, "ben": ALL, "cleo": 0.0}


@sealed
def test_a_mark_or_record_that_cannot_be_saved_is_reported_and_the_others_are(own, monkeypatch, capsys):
    """A full disk, a log and a gradebook that cannot be written: sentences, and nobody else's problem."""
    hand_in(own, anna="good", ben="good", cleo="good")

    def failing(of, real):
        def fail(first, graded, *more):
            if graded.student == of:
                raise OSError("disk full")
            real(first, graded, *more)

        return fail

    monkeypatch.setattr(gradebook.Writer, "save", failing("anna", gradebook.Writer.save))
    monkeypatch.setattr(batch, "keep_record", failing("ben", batch.keep_record))
    (own.root / "grading.log").mkdir()
    assert main(["grade", str(own.root)]) == 1
    said = capsys.readouterr()
    assert "2 could not be saved" in said.err and "grading.log: it cannot be written" in said.out
    assert all(f"{student}: NOT SAVED: OSError: disk full" in said.out for student in ("anna", "ben"))
    assert scores(own) == {"ben": ALL, "cleo": ALL}
    monkeypatch.undo()
    own.database.write_text("no database")
    assert main(["grade", str(own.root)]) == 1
    assert "gradebook.db cannot be used: file is not a database" in capsys.readouterr().err


@sealed
def test_a_check_that_cannot_be_run_leaves_no_mark_rather_than_zero(own, monkeypatch):
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
    hand_in(own, anna="good", ben="good", cleo="good")
    real = batch._Worker.give

    def give(self, task):
        real(self, task)
        if task.student == "anna" and task.attempts < batch.ATTEMPTS:
            self.process.kill()
        if task.student == "cleo" and task.attempts == 0:  # it hangs
            os.kill(self.process.pid, signal.SIGSTOP)
            self.start -= 10**6

    monkeypatch.setattr(batch._Worker, "give", give)
    outcome = grade(own, jobs=2)
    assert outcome.graded == 3 and scores(own) == {"anna": 0.0, "ben": ALL, "cleo": ALL}
    assert "ended the grader's own process 2 times" in outcome.notes[0][2]


@sealed
def test_a_mark_given_by_hand_survives(own):
    hand_in(own, anna="blank")
    grade(own)
    with Gradebook(f"sqlite:///{own.database}") as book:
        mark = book.find_grade("01-make_windows-check", LESSON, LESSON, "anna")
        mark.manual_score = 2.5
        comment = book.find_comment("01-make_windows-answer", LESSON, LESSON, "anna")
        comment.manual_comment = "Nearly <right>: see me."
        book.db.commit()
    assert grade(own, force=True).notes == []
    assert scores(own) == {"anna": 2.5}
    hand_in(own, anna="good")
    (note,) = grade(own).notes
    assert "01.make_windows was marked by hand" in note[2] and scores(own)["anna"] == ALL - 0.5
    assert main(["feedback", str(own.root)]) == 0
    said = page(own, "anna")
    assert "Your teacher gave 2.5 points." in said and "Nearly &lt;right&gt;: see me." in said


@sealed
def test_nbgraders_own_autograde_is_safe_as_well(own):
    bad = "check = lambda *a: 100.0\ndef make_windows(series, window):\n    raise SystemExit"
    hand_in(own, anna="good", ben="blank", cleo=bad)
    save(own.root / "submitted" / "dora" / LESSON, "no notebook")
    api = gradebook.api_of(own)
    outcomes = [api.autograde(LESSON, name)["success"] for name in ("anna", "ben", "cleo", "dora")]
    assert outcomes == [True, True, True, False]
    assert {"anna": ALL, "ben": 0.0, "cleo": WITHOUT_FIRST}.items() <= scores(own).items()
    graded = (own.root / "autograded" / "anna" / LESSON / f"{LESSON}.ipynb").read_text(encoding="utf-8")
    assert "Passed" in graded
    main(["feedback", str(own.root)])
    pages = {path: path.read_text() for path in own.root.glob("feedback/*/*/*.html")}
    before = [record["grades"] for record in batch.records(own, LESSON).values()]
    assert len(pages) == 3 and "cleo: 01.make_windows: " in (own.root / "grading.log").read_text()
    assert grade(own).unchanged == 3
    grade(own, force=True)
    main(["feedback", str(own.root)])
    assert all(path.read_text() == page for path, page in pages.items())
    assert [record["grades"] for record in batch.records(own, LESSON).values()][:3] == before


@sealed
def test_a_new_due_date_needs_no_force(own):
    hand_in(own, anna="good")
    (own.root / "submitted" / "anna" / LESSON / "timestamp.txt").write_text("2026-11-03 10:00:00 UTC")
    with open(own.root / courses.CONFIG, "a") as config:
        config.write("\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    assert (grade(own).graded, grade(own).graded, scores(own)) == (1, 0, {"anna": ALL})
    with Gradebook(f"sqlite:///{own.database}") as book:
        book.update_or_create_assignment(LESSON, duedate="2026-11-02 10:00:00 UTC")
    assert grade(own).graded == 1
    assert scores(own) == {"anna": 0.0}


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
    assert main(["doctor"]) == 1


# --- afterwards -----------------------------------------------------------------------------------


MOODLE_GRADES = (
    '\ufeff"First name","Last name","ID number","Email address","Assignment: 01 Windows (Real)","Sum"\n'
    "Anna,Berg,7,a@x.example,-,-\nBen,Süß,8,b@x.example,-,-\nCleo,Ohne,9,c@x.example,-,-\n"
)
MOODLE_SHEET = (
    "Identifier,Full name,Email address,Status,Grade,Maximum grade,Feedback comments\n"
    "Participant 1234567,Anna Berg,a@x.example,Submitted,,9.00,\nParticipant 5,Ben Süß,b@x.example,,,9.00,\n"
)
CANVAS_GRADES = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Windows and leakage (4711),01 Old (5),01 New (6),Score\n"
    "    Points Possible,,,,,10,9,9,(read only)\n"
    '"Berg, Anna",501,u1,anna,1,,,,\n"Süß, Ben",502,u2,ben,1,,,,\n"Süß, Ben",503,u3,ben2,1,,,,\n'
)


@pytest.mark.parametrize(
    ("shape", "text", "encoding", "expected"),
    [
        ("moodle", MOODLE_GRADES, "utf-8", [(4, "9.0"), (4, "0.0"), (4, "-")]),
        ("moodle", MOODLE_GRADES[1:], "latin-1", [(4, "9.0"), (4, "0.0"), (4, "-")]),
        ("moodle", MOODLE_SHEET, "utf-16", [(4, "9.0"), (4, "0.0")]),
        ("moodle", "student;email\nAnna Berg;a@x.example\nBen Süß;b@x.example\n", "utf-8", [(2, "9.0")]),
        ("canvas", CANVAS_GRADES, "utf-8", [(5, "9.0"), (5, "9.0"), (5, "0.0"), (5, "")]),
    ],
)
def test_marks_go_into_the_platforms_files(shape, text, encoding, expected, own, tmp_path, monkeypatch):
    """Columns and their order stay as exported; umlauts come back; two of one name are told apart."""
    mark = {"score": ALL, "max_score": ALL, "penalty": 0.0, "cells": {}, "comments": {}}
    found = {"Anna_Berg": {LESSON: mark}, "Ben_Süß": {LESSON: {**mark, "score": 0.0}}}
    monkeypatch.setattr(gradebook, "marks", lambda course: found)
    for student, number in (("Anna_Berg", "1234567"), ("Ben_Süß", "502")):
        folder = own.root / "submitted" / student / LESSON
        folder.mkdir(parents=True)
        (folder / "handed_in.json").write_text(json.dumps({"number": number, "notes": []}))
    (tmp_path / "grades.csv").write_bytes(text.encode(encoding))
    words = ["marks", str(own.root), "--for", shape, "--students", str(tmp_path / "grades.csv")]
    assert main([*words, "--lessons", "01"]) == 0
    head, *written = rows(own.root / f"marks_{shape}.csv")
    given = re.split("[,;]", text.lstrip("\ufeff").split("\n")[0].replace('"', ""))
    assert head[: len(given)] == given if shape == "moodle" else head[5:] == ["Windows and leakage (4711)"]
    assert [(i, row[i]) for (i, _), row in zip(expected, written, strict=False)] == expected
    found["Dora"] = {}
    assert main(words) == 1


@sealed
def test_eight_students_from_a_moodle_zip_to_moodle_marks(own, tmp_path, capsys):
    """Two namesakes, an umlaut, a zip of one's own, a broken file, nothing but a PDF: every mark by hand."""
    released = own.released(LESSON)
    half, leak, name = solved(released), solved(released), f"{LESSON}.ipynb"
    cell_of(half)["source"] = "%%time\ndef make_windows(series, window):\n    raise SystemExit"
    future = "def scale_with_train(series, at):\n    return (series - series.mean()) / series.std()"
    cell_of(leak, "01.scale_with_train")["source"] = future
    less = ALL - REGISTRY["01.scale_with_train"].points
    good, blank, half, leak = map(json.dumps, (solved(released), released, half, leak))
    people = [
        ("Anna", "Berg", "a1@x", {name: good}, ALL),
        ("Anna", "Berg", "a2@x", {"homework.ipynb": half}, WITHOUT_FIRST),
        ("Jürgen", "Weiß", "j@x", {"mine.zip": {f"work/{name}": good}}, ALL),
        ("Eve", "O'Brien", "e@x", {name: blank}, 0.0),
        ("Li", "李", "l@x", {"draft.ipynb": blank, "final.ipynb": good}, ALL),
        ("Max", "Muster", "m@x", {name: "{"}, 0.0),
        ("Nora", "Nix", "n@x", {"report.pdf": "%PDF"}, None),
        ("Ole", "Spät", "o@x", {f"deep/er/{name}": leak}, less),
    ]
    files = {
        f"{first} {last}_{11 + i}_assignsubmission_file_/{path}": content
        for i, (first, last, _, handed_in, _) in enumerate(people)
        for path, content in handed_in.items()
    }
    sheet = [["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum grade"]]
    sheet += [[f"Participant {11 + i}", f"{p[0]} {p[1]}", p[2], "", "", "9"] for i, p in enumerate(people)]
    (tmp_path / "sheet.csv").write_text("\n".join(map(",".join, sheet)), encoding="utf-8")
    source, root, students = archive(tmp_path / "all.zip", files), str(own.root), str(tmp_path / "sheet.csv")
    assert main(["collect", root, "01", str(source)]) == 1  # one has handed in no notebook
    assert "NOT TAKEN IN: Nora_Nix: no notebook" in capsys.readouterr().err
    assert main(["grade", root]) == main(["summary", root]) == main(["feedback", root]) == 0
    assert main(["marks", root, "--for", "moodle", "--students", students, "--lessons", LESSON]) == 0
    head, *written = rows(own.root / "marks_moodle.csv")
    assert head == sheet[0] and [row[:4] for row in written] == [row[:4] for row in sheet[1:]]
    assert [row[4] for row in written] == ["" if p[4] is None else f"{p[4]}" for p in people]
    assert "draft.ipynb was handed in as well" in page(own, "Li_李")
    blank = page(own, "Eve_O'Brien")
    assert "You handed in no answer" in blank and "run this cell" not in blank

    head, most, *points = rows(own.root / "summary" / "points.csv")
    assert head[:2] == ["student", FIRST] and head[-2:] == [SECOND, "total"]
    assert most[-1] == f"{ALL + sum(exercise.points for exercise in REGISTRY.of_lesson('02'))}"
    assert sorted(row[-1] for row in points) == sorted(row[4] for row in written if row[4])
    table = {row[0]: row for row in rows(own.root / "summary" / "exercises.csv")[1:]}
    assert table["01.scale_with_train"][2:7] == ["7", "4", "0", "1", "2"]
    diagnoses = [wrong.diagnosis for wrong in REGISTRY["01.scale_with_train"].wrong]
    (future,) = [diagnosis for diagnosis in diagnoses if "so the future leaks" in diagnosis]
    assert table["01.scale_with_train"][8:10] == [future, "1"]
    summary = (own.root / "summary" / "index.html").read_text(encoding="utf-8")
    assert html.escape(future)[:40] in summary and "(the published solution)" in summary
    assert "<script" not in summary
    card = page(own, "Ole_Spät")
    assert re.sub(r"[`*]", "", future)[:40] in re.sub(r"<[^>]+>", "", card)
    assert "series.mean()" in card and f"{less:g} of {ALL:g} points" in card
    assert main(["marks", root]) == 0
    plain = rows(own.root / "marks_plain.csv")
    assert ["Ole_Spät", LESSON, f"{less}", f"{ALL}", "0.0", "yes"] in plain
