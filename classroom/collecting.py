"""Take in what students handed in: a folder or a zip file, as learning platforms give them out."""

import contextlib
import csv
import io
import json
import re
import secrets
import shutil
import time
import unicodedata
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from classroom import Problem, submission
from classroom.submission import NOTE, Unreadable

_ID = re.compile(r"[^\W_][\w.@'’+-]{0,79}")
_NOTEBOOK = re.compile(r"\.ipynb(\.txt|\.json)?$", flags=re.I)  # browsers add their own endings
_MOODLE = re.compile(r"(?P<student>.+?)_(?P<number>\d+)_assignsubmission_[a-z]+_.*")
_CANVAS = re.compile(r"(?P<student>[^_]+)_(?P<late>late_)?(?P<number>\d+)_\d+_.*", flags=re.I)
_CHECKPOINTS = ".ipynb_checkpoints"
_OURS = {"__MACOSX", _CHECKPOINTS, ".DS_Store", "Thumbs.db"}  # of systems, not of students


@dataclass
class File:
    """A file handed in: the parts of its path, and a function that reads it."""

    parts: tuple
    read: callable

    @property
    def name(self):
        """The path in print."""
        return submission.one_line("/".join(self.parts))


class Owner(NamedTuple):
    """Whose a file is: a student's name, and the platform's number for people of the same name."""

    student: str
    number: str = ""


def collect(course, lesson, source, pattern=None, worksheet=None):
    """Copy submissions of a lesson into the course.

    Understood are a folder for each student, with further folders in it or not; Moodle's
    ``NAME_123_assignsubmission_file_``, as folders or as beginnings of file names; Canvas's
    ``name_123_456_anything.ipynb``; ``STUDENT.ipynb``; and zip files in the place of folders. Of several
    notebooks of one student, that with the most answers to this lesson counts. A submission that is there
    already is kept in ``older/`` where the new one differs.

    Parameters
    ----------
    course : Course
    lesson : str
        Its name.
    source : Path
        Folder or zip file.
    pattern : str, optional
        Regular expression with a group ``student``, for other names.
    worksheet : Path, optional
        Moodle's grading worksheet: students are then called by their e-mail addresses, and the times are
        those at which Moodle received the submissions.

    Returns
    -------
    taken : list of str
        The students whose submissions are new.
    passed_over : list of str
        Other files, a line each.
    missing : list of str
        Who has handed in something of which nothing was taken, a line each.
    """
    source = Path(source)
    if not source.exists():
        raise Problem(f"there is no {source}")
    if source.is_file() and not zipfile.is_zipfile(source):
        raise Problem(f"{source} is neither a folder nor a zip file")
    people, rule = _people(worksheet) if worksheet else {}, _rule(pattern)
    try:
        files = sorted(_files(source, into_zips=rule is None), key=lambda file: file.parts)
    except zipfile.BadZipFile as error:
        raise Problem(f"{source} cannot be read: {error}") from None
    taken, passed_over, missing = [], [], []
    by_owner = _by_owner(files, rule, passed_over, missing)
    for owner, files in by_owner.items():
        student = _name(course, lesson, owner, by_owner, people)
        notebooks = {}
        for file in files:
            try:
                if len(notebooks) == submission.MOST_NOTEBOOKS:
                    raise Unreadable(f"more than {submission.MOST_NOTEBOOKS} notebooks")
                name = file.name
                while name in notebooks:  # a zip file may hold several of one name
                    name += " (again)"
                notebooks[name] = file.read()
            except Unreadable as reason:
                passed_over.append(f"{file.name}: {reason}")
        if not notebooks:
            missing.append(f"{student}: no notebook that can be read")
            continue
        chosen = next(iter(notebooks))
        if len(notebooks) > 1:
            chosen = submission.best(course.released(lesson), notebooks)
        notes = [f"{name} was handed in as well, and not graded" for name in notebooks if name != chosen]
        passed_over += [f"{student}: {text}" for text in notes]
        if any(canvas and canvas["late"] for canvas in map(_CANVAS.fullmatch, chosen.split("/"))):
            notes.append("the platform calls this submission late")
        note = {"number": owner.number, "notes": notes}
        if _keep(course, lesson, student, notebooks[chosen], note, people.get(owner.number, {}).get("time")):
            taken.append(student)
    return sorted(taken), sorted(passed_over), sorted(missing)


def _rule(pattern):
    try:
        rule = re.compile(pattern) if pattern else None
    except re.error as error:
        raise Problem(f"--pattern is no regular expression: {error}") from None
    if rule and "student" not in rule.groupindex:
        raise Problem("--pattern needs a group (?P<student>...)")
    return rule


def _by_owner(files, rule, passed_over, missing):
    """Return {Owner: notebooks}; what is nobody's, or no notebook, is said."""
    found, unmatched = defaultdict(list), 0
    kept = [file for file in files if _CHECKPOINTS in file.parts]
    files = [file for file in files if _OURS.isdisjoint(file.parts)]
    folders = zip(*(file.parts[:-1] for file in files), strict=False)
    level = sum(1 for _ in takewhile(lambda names: len(set(names)) == 1, folders))  # that all are in
    flat = all(len(file.parts) == level + 1 for file in files)  # one folder, of one student or of all
    stems = [file.parts[-1] for file in files if _NOTEBOOK.search(file.parts[-1])]
    if flat and level and (len(stems) < 2 or any(stem[0].isdigit() for stem in stems)):
        level -= 1
    for file in files:
        if rule and not rule.search("/".join(file.parts)):
            unmatched += 1
            continue
        owner = _owner(file.parts, level, rule)
        if owner is None:
            missing.append(f"{file.name}: whose is it?")
        elif _NOTEBOOK.search(file.parts[-1]):
            found[owner].append(file)
        else:
            found[owner] += []
            passed_over.append(f"{file.name}: no notebook")
    for file in () if rule else kept:  # whoever has handed in nothing else is to be told, too
        if _CHECKPOINTS in file.parts[level + 1 :] and (owner := _owner(file.parts, level, rule)):
            found[owner] += []
    if unmatched:
        passed_over.append(f"{unmatched} files that the pattern does not fit")
    return found


def _owner(parts, level, rule):
    """Return whose file this is, None where that cannot be told."""
    known = next(filter(None, map(_MOODLE.fullmatch, parts)), None)
    if known is None and (len(parts) == level + 1 or parts[level].lower().endswith(".zip")):
        known = _CANVAS.fullmatch(parts[level])
    name = rule.search("/".join(parts))["student"] if rule else known["student"] if known else parts[level]
    name = _NOTEBOOK.sub("", unicodedata.normalize("NFC", name or "")).removesuffix(".zip")
    student = re.sub(r"[^\w.@'’+-]+", "_", name).strip("_")
    if not _ID.fullmatch(student) or ".." in student:
        return None
    return Owner(student, known["number"] if known and not rule else "")


def _name(course, lesson, owner, owners, people):
    """Return the student that an owner is in this course: two people of one name are kept apart."""
    if owner.number in people:
        return people[owner.number]["student"]
    apart = f"{owner.student}-{owner.number}"
    alone = sum(other.student == owner.student for other in owners) == 1
    if owner.number and (not alone or (course.root / "submitted" / apart).is_dir()):
        return apart
    number, _ = submission.note_of(course.root / "submitted" / owner.student / lesson)
    return owner.student if number in ("", owner.number) else apart


def _people(path):
    """Return {Moodle's number: {"student", "time"}} of a grading worksheet."""
    from dateutil import parser

    people = {}
    for row in read_csv(path):
        number = re.search(r"\d+", row.get("Identifier") or "")
        if number and row.get("Email address"):
            people[number[0]] = {"student": row["Email address"].strip()}
            with contextlib.suppress(ValueError, OverflowError):  # "-": nothing handed in
                moment = parser.parse(row.get("Last modified (submission)") or "").astimezone()
                people[number[0]]["time"] = time.strftime("%Y-%m-%d %H:%M:%S UTC", moment.utctimetuple())
    if not people:
        raise Problem(f"{path} needs Moodle's columns Identifier and Email address")
    return people


def read_csv(path):
    """Return the rows of a CSV file as dicts, whether it is UTF-8 or as older spreadsheets write it.

    Raises
    ------
    Problem
        If it cannot be read.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise Problem(f"{path} cannot be read: {error.strerror}") from None
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    return [{k.strip(): v or "" for k, v in row.items() if type(k) is str} for row in rows]


# --- files ----------------------------------------------------------------------------------------


def _files(source, into_zips):
    """Yield every `File` of a folder or zip file, those in zip files therein as well."""
    if source.is_dir():
        paths = (path for path in source.rglob("*") if path.is_symlink() or not path.is_dir())
        found = [
            File(path.relative_to(source).parts, lambda path=path: submission.read_bytes(path))
            for path in paths
        ]
    else:
        found = list(_members(lambda: source, ()))
    for file in found:
        inner = []
        if into_zips and file.parts[-1].lower().endswith(".zip"):
            with contextlib.suppress(Unreadable, zipfile.BadZipFile):
                inner = list(_members(lambda file=file: io.BytesIO(file.read()), file.parts))
        yield from inner or [file]


def _members(opened, above):
    """Yield the files of an archive; a name that leads out of it is a name like others."""
    with zipfile.ZipFile(opened()) as archive:
        for info in archive.infolist():
            name = info.filename
            if not info.flag_bits & 0x800:  # not marked as UTF-8, and often that all the same
                with contextlib.suppress(UnicodeError):
                    name = name.encode("cp437").decode("utf-8")
            parts = tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
            if parts and not info.is_dir():
                yield File((*above, *parts), lambda info=info: _from_zip(opened, info))


def _from_zip(opened, info):
    """Read a member; no more than a notebook may have, whatever the archive says of its size."""
    try:
        with zipfile.ZipFile(opened()) as archive, archive.open(info) as file:
            data = file.read(submission.LARGEST + 1)
    except Exception as error:  # damaged, encrypted, packed in a way of its own: its author's alone
        raise Unreadable(f"it cannot be read ({type(error).__name__})") from None
    if len(data) > submission.LARGEST:
        raise Unreadable("too large")
    return data


def _keep(course, lesson, student, data, note, moment):
    """Put a submission where nbgrader looks for it; return whether it is new."""
    folder = course.root / "submitted" / student / lesson
    path = folder / f"{lesson}.ipynb"
    new = not path.is_file() or path.read_bytes() != data
    if new and path.is_file():
        older = course.root / "older" / lesson / student / time.strftime("%Y%m%d-%H%M%S")
        older.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder, older)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    (folder / NOTE).write_text(json.dumps(note), encoding="utf-8")
    if moment:
        (folder / "timestamp.txt").write_text(moment, encoding="ascii")
    if new:
        secret = secrets.token_hex(64)  # nbgrader's release_feedback stops at a submission without one
        (folder / "submission_secret.txt").write_text(secret, encoding="ascii")
    return new
