"""Collecting, from nbgrader's exchange above all: whose a submission is, and what is read of it."""

import os
import pwd
import zipfile

import pytest
from hostile_kinds import LESSON

pytest.importorskip("nbgrader")

from nbgrader.exchange.default import ExchangeCollect

from classroom.collecting import NOTE
from classroom.collecting import collect as take_in
from classroom.exchange import SECRET, CollectFromOwners
from classroom.gradebook import config_of

DATE = "2026-11-20 10:00:00.000000 UTC"
ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def collect():
    return CollectFromOwners()


def submission(folder, student="anna", date=DATE):
    path = folder / f"{student}+03_numpy_lstm+{date}+abcdefghijkl"
    path.mkdir()
    return path


def test_a_submission_is_its_owners_whatever_its_name_says(collect, course, tmp_path):
    path = str(submission(tmp_path))
    assert collect._path_to_record(path)["username"] == ME
    assert ExchangeCollect._path_to_record(collect, path)["username"] == "anna"  # nbgrader's own believes it
    assert config_of(course).ExchangeFactory.collect is CollectFromOwners


def test_names_are_believed_where_all_students_are_one_account(tmp_path):
    collect = CollectFromOwners(check_owner=False)
    assert collect._path_to_record(str(submission(tmp_path)))["username"] == "anna"


def test_what_has_no_date_or_is_no_folder_is_passed_over(collect, tmp_path):
    undated = submission(tmp_path, date="yesterday, I think")
    linked = tmp_path / f"anna+03_numpy_lstm+{DATE}+mnopqrstuvwx"
    linked.symlink_to(tmp_path)
    for path in (undated, linked, tmp_path / "anna+03_numpy_lstm"):
        record = collect._path_to_record(str(path))
        assert record["username"] is None
        assert record["timestamp"] < collect._path_to_record(str(submission(tmp_path)))["timestamp"]
        os.rmdir(tmp_path / f"anna+03_numpy_lstm+{DATE}+abcdefghijkl")


def test_only_ordinary_notebooks_and_the_secret_are_copied(collect, tmp_path):
    source = submission(tmp_path)
    (tmp_path / "marks.ipynb").write_text("somebody else's")
    (source / "03_numpy_lstm.ipynb").write_text("mine")
    (source / "link.ipynb").symlink_to(tmp_path / "marks.ipynb")
    os.link(tmp_path / "marks.ipynb", source / "hard.ipynb")
    os.mkfifo(source / "pipe.ipynb")
    (source / "folder.ipynb").mkdir()
    (source / "numpy.py").write_text("import os")
    (source / SECRET).write_text("ab" * 64)
    collect.do_copy(str(source), str(tmp_path / "submitted" / "anna"))
    copied = {path.name: path.read_text() for path in (tmp_path / "submitted" / "anna").iterdir()}
    assert copied == {"03_numpy_lstm.ipynb": "mine", SECRET: "ab" * 64, "timestamp.txt": DATE}


@pytest.mark.parametrize("secret", [None, "", "not hex", "../../x", "ab" * 5000])
def test_a_submission_without_a_proper_secret_gets_one_that_nobody_knows(collect, tmp_path, secret):
    source = submission(tmp_path)
    if secret is not None:
        (source / SECRET).write_text(secret)
    collect.do_copy(str(source), str(tmp_path / "copy"))
    assert len((tmp_path / "copy" / SECRET).read_text()) == 128


def test_a_timestamp_that_is_none_does_not_come_along(collect, tmp_path):
    source = submission(tmp_path)
    (source / "timestamp.txt").write_text("the day before")
    collect.do_copy(str(source), str(tmp_path / "copy"))
    assert (tmp_path / "copy" / "timestamp.txt").read_text() == DATE


def test_nothing_handed_in_is_passed_over_in_silence(copy_of_course, tmp_path):
    """Neither a checkpoint alone, nor the first of two files of one name, nor that a zip file came late."""
    course, inner, outer = copy_of_course(tmp_path), tmp_path / "inner.zip", tmp_path / "all.zip"
    with zipfile.ZipFile(inner, "w") as packed:
        packed.writestr("x/01.ipynb", "{}")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(outer, "w") as packed:
        for name in ("anna/.ipynb_checkpoints/01-checkpoint.ipynb", "ben/01.ipynb", "ben/01.ipynb"):
            packed.writestr(name, "{}")
        packed.write(inner, "zoe_LATE_504_80_work.zip")
    taken, passed_over, missing = take_in(course, LESSON, outer)
    assert (taken, missing) == (["ben", "zoe"], ["anna: no notebook that can be read"])
    assert passed_over == ["ben: ben/01.ipynb (again) was handed in as well, and not graded"]
    assert "late" in (course.root / "submitted" / "zoe" / LESSON / NOTE).read_text()
