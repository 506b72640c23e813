"""A batch of good, blank, half and hostile submissions: each costs only its author, and the batch goes on."""

import copy
import html
import re
import sqlite3
import time
from pathlib import Path

import pytest
from hostile_kinds import ALL, KINDS, LESSON, TABLES, WITHOUT_FIRST, cell_of, save, solved

from classroom import batch, cage
from classroom.answers import Limits
from lessons.exercises import REGISTRY

pytestmark = pytest.mark.skipif(cage.level() != "sealed", reason="this system cannot seal an answer in")
FRIENDS = {"good": ALL, "zoe": ALL, "half": WITHOUT_FIRST, "blank": 0.0}


def student(name):
    return re.sub(r"\W+", "-", name).strip("-")


@pytest.fixture(scope="module")
def graded(copy_of_course, tmp_path_factory):
    """A course after grading all kinds at once, with what the batch said."""
    course = copy_of_course(tmp_path_factory.mktemp("hostile"))
    released = course.released(LESSON)
    for name, kind in KINDS.items():
        kind.hand_in(course.root / "submitted" / student(name) / LESSON, solved(released))
    for name, points in FRIENDS.items():
        notebook = solved(released) if points else copy.deepcopy(released)
        if name == "half":
            cell_of(notebook)["source"] = cell_of(released)["source"]
        save(course.root / "submitted" / name / LESSON, notebook)
    start = time.monotonic()
    limits = Limits(seconds=6, cpu_seconds=2, megabytes=512)
    outcome = batch.grade_course(course, [LESSON], jobs=2, limits=limits, show=False)
    print(f"{outcome.graded} submissions in {time.monotonic() - start:.1f} s")
    return course, outcome


@pytest.fixture(scope="module")
def marks(graded):
    from classroom.gradebook import marks

    return {name: of[LESSON] for name, of in marks(graded[0]).items() if LESSON in of}


@pytest.fixture(scope="module")
def pages(graded):
    from classroom.feedback import write_feedback

    return {path.parent.parent.name: path.read_text() for path in write_feedback(graded[0], [LESSON])}


def test_everyone_is_graded(graded, marks):
    _, outcome = graded
    assert (outcome.graded, outcome.failed) == (len(KINDS) + len(FRIENDS), 0)
    assert f"[{len(KINDS)} kinds of" in (TABLES.parent / "README.md").read_text(encoding="utf-8")
    assert set(marks) == {student(name) for name in KINDS} | set(FRIENDS)


@pytest.mark.parametrize("name", FRIENDS)
def test_the_others_get_their_marks(name, graded, marks):
    assert (marks[name]["score"], marks[name]["max_score"]) == (FRIENDS[name], ALL)


@pytest.mark.parametrize("name", KINDS)
def test_hostile_kind_costs_its_author_what_it_should(name, graded, marks):
    mark, record = marks[student(name)], batch.records(graded[0], LESSON)[student(name)]
    assert mark["score"] == KINDS[name].points, [grade["text"] for grade in record["grades"]]
    assert mark["max_score"] == ALL


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.said])
def test_it_is_named_in_log_and_feedback(name, graded, pages):
    course, _ = graded
    log = (course.root / "grading.log").read_text()
    lines = [line for line in log.splitlines() if f" {student(name)}: " in line]
    signs = {KINDS[name].said} | ({"FileNotFoundError"} if KINDS[name].said == "PermissionError" else set())
    assert any(sign in line for line in lines for sign in signs), lines
    page = html.unescape(pages[student(name)])
    assert any(html.escape(sign, quote=False) in page for sign in signs)


@pytest.mark.parametrize("name", [name for name in KINDS if KINDS[name].points == WITHOUT_FIRST])
def test_the_feedback_says_which_exercise_failed_and_why(name, pages):
    cards = pages[student(name)].split("<h2>")
    (card,) = [card for card in cards if card.startswith("01.make_windows<")]
    assert "✗" in card or "Not attempted" in card


def test_no_page_runs_a_script_or_is_flooded(pages):
    for page in pages.values():
        assert "<script" not in page and "<img" not in page and "default-src 'none'" in page
        assert len(page) < 100_000


def test_nothing_is_left_behind(graded, pages):
    course, _ = graded
    assert pages and not (course.root / "pwned").exists()
    assert not Path("/dev/shm/classroom-answer").exists()
    log = (course.root / "grading.log").read_text()
    assert all(line.isprintable() and len(line) < 999 for line in log.splitlines())
    seed = (course.root / "cases.seed").read_text()
    assert not any(path.read_text() == seed for path in course.root.glob("feedback/*/*/*.txt"))
    assert course.database.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(course.database) as database:
        (highest,) = database.execute("SELECT max(auto_score) FROM grade").fetchone()
    assert highest == max(REGISTRY[id].points for id in REGISTRY if id.startswith("01."))


def test_a_second_run_has_nothing_to_do(graded):
    outcome = batch.grade_course(graded[0], [LESSON], show=False)
    assert (outcome.graded, outcome.unchanged) == (0, len(KINDS) + len(FRIENDS))
