"""Take in what students handed in: a folder or a zip file, as learning platforms give them out."""

import re
import secrets
import shutil
import time
import zipfile
from pathlib import Path, PurePosixPath

from classroom import Problem, submission

STUDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,79}")
_MOODLE = re.compile(r"(?P<student>.+?)_\d+_assignsubmission_file_?.*")
_CANVAS = re.compile(r"(?P<student>[^_]+)_(?:late_|LATE_)?\d+_\d+_.*")


def collect(course, lesson, source, pattern=None):
    """Copy submissions of a lesson into the course.

    Understood are a folder for each student, ``STUDENT/anything.ipynb``; Moodle's
    ``NAME_123_assignsubmission_file_/anything.ipynb``; Canvas's ``name_123_456_anything.ipynb``; and
    ``STUDENT.ipynb``. A submission that is there already is kept in ``older/`` where the new one differs.

    Parameters
    ----------
    course : Course
    lesson : str
        Its name.
    source : Path
        Folder or zip file.
    pattern : str, optional
        Regular expression with a group ``student``, for other names.

    Returns
    -------
    (list of str, list of str)
        The students whose submissions are new, and what was passed over, a line each.
    """
    source = Path(source)
    if not source.exists():
        raise Problem(f"there is no {source}")
    if source.is_file() and not zipfile.is_zipfile(source):
        raise Problem(f"{source} is neither a folder nor a zip file")
    try:
        rule = re.compile(pattern) if pattern else None
    except re.error as error:
        raise Problem(f"--pattern is no regular expression: {error}") from None
    if rule and "student" not in rule.groupindex:
        raise Problem("--pattern needs a group (?P<student>...)")
    taken, passed_over, seen = [], [], {}
    for name, read in _files(source):
        student = _student(name, rule)
        if student is None:
            passed_over.append(f"{name}: whose is it?")
        elif student in seen:
            passed_over.append(f"{name}: {student} has handed in {seen[student]} as well")
        else:
            seen[student] = name
            try:
                data = read()
            except (
                submission.Unreadable,
                zipfile.BadZipFile,
                OSError,
                RuntimeError,
                NotImplementedError,
            ) as e:
                passed_over.append(f"{name}: {e}")
                continue
            if _keep(course, lesson, student, data):
                taken.append(student)
    return sorted(taken), passed_over


def _files(source):
    """Yield (name, function that reads it) of every notebook in a folder or zip file."""
    if source.is_dir():
        for path in sorted(source.rglob("*.ipynb")):
            if ".ipynb_checkpoints" not in path.parts:
                yield path.relative_to(source).as_posix(), lambda path=path: submission.read_bytes(path)
        return
    with zipfile.ZipFile(source) as archive:
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            if info.filename.endswith(".ipynb") and "__MACOSX" not in info.filename:
                yield info.filename, lambda info=info: _from_zip(archive, info)


def _from_zip(archive, info):
    """Read a member; no more than a notebook may have, whatever the archive says of its size."""
    with archive.open(info) as file:
        data = file.read(submission.LARGEST + 1)
    if len(data) > submission.LARGEST:
        raise submission.Unreadable("too large")
    return data


def _student(name, rule):
    """Return whose file this is, None where that cannot be told."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if rule:
        found = rule.search(name)
    elif len(parts) > 1:
        found = _MOODLE.fullmatch(parts[-2]) or re.fullmatch("(?P<student>.+)", parts[-2])
    else:
        found = _CANVAS.fullmatch(parts[-1]) or re.fullmatch(r"(?P<student>.+)\.ipynb", parts[-1])
    student = re.sub(r"\s+", "_", found["student"].strip()) if found and found["student"] else ""
    return student if STUDENT.fullmatch(student) and ".." not in student else None


def _keep(course, lesson, student, data):
    """Put a submission where nbgrader looks for it; return whether it is new."""
    folder = course.root / "submitted" / student / lesson
    path = folder / f"{lesson}.ipynb"
    if path.is_file():
        if path.read_bytes() == data:
            return False
        older = course.root / "older" / lesson / student / time.strftime("%Y%m%d-%H%M%S")
        older.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder, older)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    secret = secrets.token_hex(64)  # nbgrader's release_feedback stops at a submission without one
    (folder / "submission_secret.txt").write_text(secret, encoding="ascii")
    return True
