"""A newer version of the lessons in a running course."""

import json
import shutil
import sqlite3

import pytest
from hostile_kinds import LESSON, cell_of, save, solved

from classroom import course as courses
from classroom.commands import main
from classroom.submission import nbgrader_of, source_of
from classroom.updating import breaks

UNFIT = {"nbgrader": {"locked": 5}}  # for nbgrader's own check of a notebook


@pytest.fixture
def running(copy_of_course, tmp_path):
    """A course in which one student has handed lesson 01 in; and a folder of newer lessons."""
    own = copy_of_course(tmp_path)
    save(own.root / "submitted" / "anna" / LESSON, solved(own.released(LESSON)))
    shutil.copytree(courses.NOTEBOOKS, tmp_path / "newer")
    return own, tmp_path / "newer"


def change(folder, alter):
    """Rewrite a folder's notebook by ``alter(notebook, answer, check)``: the first exercise's two cells."""
    path = folder / f"{LESSON}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    alter(notebook, cell_of(notebook), cell_of(notebook, kind="check"))
    path.write_text(json.dumps(notebook), encoding="utf-8")


def gone(notebook, answer, check):
    notebook["cells"].remove(check)


def new(notebook, answer, check):
    metadata = {"nbgrader": {**nbgrader_of(check), "grade_id": "01-again-check"}}
    notebook["cells"].append({**check, "id": "again", "source": OTHER, "metadata": metadata})


def marked(**values):
    return lambda notebook, answer, check: nbgrader_of(check).update(**values)


def signature(notebook, answer, check):
    answer["source"] = "".join(answer["source"]).replace("(series, window)", "(series, window, horizon)", 1)


def other(notebook, answer, check):
    check["source"] = OTHER


CHECK, OTHER = "the cell 01-make_windows-check", 'check("01.trailing_mean", make_windows)'


@pytest.mark.parametrize(
    ("alter", "says"),
    [
        (marked(points=5), f"{CHECK} gives 5 points instead of 3"),
        (gone, f"{CHECK} is gone"),
        (new, "the cell 01-again-check is new"),
        (marked(grade_id="01-cut-check"), f"{CHECK} is renamed 01-cut-check"),
        (signature, "is make_windows(series, window, horizon) instead of make_windows(series, window)"),
        (other, "checks 01.trailing_mean instead of 01.make_windows"),
    ],
)
def test_what_would_break_is_named_and_not_done(alter, says, running, capsys):
    course, newer = running
    change(newer, alter)
    before = {path: path.read_bytes() for path in course.root.rglob("*") if path.is_file()}
    assert main(["update", str(course.root), "--notebooks", str(newer), "--apply"]) == 1
    out = capsys.readouterr().out
    assert f"{LESSON} (handed in by 1)" in out and "BREAKS: " in out and says in out
    assert {path: path.read_bytes() for path in course.root.rglob("*") if path.is_file()} == before


def test_text_may_change_at_any_time(running, capsys):
    course, newer = running
    change(newer, lambda n, *_: n["cells"][0].update(source="# Windows, newly told"))
    assert main(["update", str(course.root), "--notebooks", str(newer)]) == 0
    assert "1 cells changed" in capsys.readouterr().out
    work = course.root / "submitted" / "anna" / LESSON / f"{LESSON}.ipynb"
    before, old = work.read_bytes(), course.source(LESSON).read_bytes()
    assert main(["update", str(course.root), "--notebooks", str(newer), "--apply"]) == 0
    assert source_of(course.released(LESSON)["cells"][0]) == "# Windows, newly told"
    assert work.read_bytes() == before
    (kept,) = (course.root / "older" / "source").rglob("*.ipynb")
    assert kept.read_bytes() == old


def test_releasing_a_changed_source_is_refused_as_well(running, capsys):
    course, _ = running
    change(course.source(LESSON).parent, gone)
    before = course.release(LESSON).read_bytes()
    assert main(["release", str(course.root)]) == 1
    assert "would break their marks: the cell 01-make_windows-check is gone" in capsys.readouterr().err
    assert course.release(LESSON).read_bytes() == before


def test_a_release_that_fails_leaves_the_earlier_one(running, capsys):
    """nbgrader takes it away before it begins: where another program writes the gradebook, or it refuses."""
    course, _ = running
    before = course.release(LESSON).read_bytes()
    with sqlite3.connect(course.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert main(["release", str(course.root), "--lessons", "01"]) == 1
    other.close()
    assert "database is locked. Where another program" in capsys.readouterr().err
    change(course.source(LESSON).parent, lambda notebook, *_: notebook["cells"][0]["metadata"].update(UNFIT))
    assert main(["release", str(course.root), "--lessons", "01"]) == 1
    said = capsys.readouterr().err
    assert "nbgrader could not release" in said and "Traceback" not in said
    assert course.release(LESSON).read_bytes() == before
    course.release(LESSON).chmod(0o600)
    course.release(LESSON).write_text("{")
    assert main(["grade", str(course.root)]) == 1
    assert "is no notebook (" in capsys.readouterr().err


def test_a_lesson_can_be_added(running):
    course, newer = running
    assert main(["update", str(course.root), "--lessons", "00", "--notebooks", str(newer), "--apply"]) == 0
    assert course.release("00_start_here").is_file() and "00_start_here" in course.lessons


def test_a_lesson_that_is_no_more(running, capsys):
    course, newer = running
    (newer / f"{LESSON}.ipynb").unlink()
    assert main(["update", str(course.root), "--notebooks", str(newer), "--apply"]) == 1
    assert "there is no notebook 01_*.ipynb in the new version" in capsys.readouterr().out
    assert course.source(LESSON).is_file()


def test_equal_versions_break_nothing(course):
    released = course.released(LESSON)
    assert breaks(released, released) == []
