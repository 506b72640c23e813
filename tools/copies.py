"""The learner's copies of the lessons in work/: made when missing, never overwritten once worked in.

Beside the copies lies `.copied.json`, which remembers for each lesson the fingerprint of the version
that the learner was last given. That is how a changed lesson is told from an edited copy.
"""

import errno
import hashlib
import json
import os
import time
from pathlib import Path

from tools import COMMAND, Problem

RECORD = ".copied.json"


def refresh(lessons, work, fresh=()):
    """Bring the learner's folder up to date without ever overwriting what they wrote.

    Parameters
    ----------
    lessons : Path
        The folder with the original notebooks.
    work : Path
        The learner's folder; made when missing.
    fresh : sequence of str
        Lessons to start over, by number ("03") or name; the old copy is kept as a dated backup.

    Returns
    -------
    list of str
        What was done, a sentence each; empty when nothing had to be.

    Raises
    ------
    Problem
        A name in `fresh` fits no lesson, or the folder cannot be written.
    """
    originals = all_of(lessons)
    again = {find(name, originals) for name in fresh}
    try:
        work.mkdir(parents=True, exist_ok=True)
        record, said = read_record(work)
        before = dict(record)
        for original in originals:
            change = start_over if original in again else bring
            said += change(original, work / original.relative_to(lessons), record)
        if record != before or not (work / RECORD).exists():
            write(work / RECORD, json.dumps(record, indent=1).encode())
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise Problem(f"The disk is full: the lessons could not be copied to {work}.") from error
        raise Problem(
            f"The lessons could not be copied to {work}: {error.strerror} ({error.filename}).\n"
            "Make that folder writable, or move the course to a folder of your own, and try again."
        ) from error
    return said


def all_of(lessons):
    """Return the lessons, and the extras in a folder beside them."""
    return [*sorted(lessons.glob("*.ipynb")), *sorted(lessons.glob("extras/*.ipynb"))]


def find(name, originals, asked="--fresh"):
    """Return the one lesson meant by `name`: its number, the start of its name, or all of it."""
    wanted = name.removesuffix(".ipynb")
    if wanted.isdigit():
        wanted = wanted.zfill(2) + "_"
    fits = [path for path in originals if wanted and path.stem.startswith(wanted)]
    fits = [path for path in fits if path.stem == wanted] or fits
    if len(fits) == 1:
        return fits[0]
    known = "\n".join(f"    {path.stem}" for path in originals)
    trouble = "fits more than one lesson" if fits else "is not a lesson"
    raise Problem(f"{asked} {name}: {name!r} {trouble}. The lessons are:\n{known}")


def bring(original, copy, record):
    """Copy one lesson if it is missing; if it has changed since, offer the new version."""
    name = original.name
    now = fingerprint(original)
    given = record.get(name)
    record[name] = now
    if not copy.exists():
        copy.parent.mkdir(exist_ok=True)
        write(copy, original.read_bytes())
        return [f"copied {name}"]
    if given in (now, None):  # None: a copy that is not ours to judge, so it stays as it is
        return []
    if fingerprint(copy) == given:  # neither edited nor run: nothing of the learner's is in it
        write(copy, original.read_bytes())
        return [f"updated {name} (the lesson has changed, and you had not begun it)"]
    if fingerprint(copy) == now:
        return []
    beside = offer(original, copy, given)
    return [
        f"{name} has changed since you began it. Yours is untouched; the new version is {beside.name}"
        " beside it: go on there if a cell of yours no longer runs. To move over to it:"
        f" {COMMAND} lab --fresh {short(original)}"
    ]


def short(original):
    """Return what `--fresh` may be given for a lesson: its number, or an extra's name."""
    return original.stem[:2] if original.stem[:2].isdigit() else original.stem


def offer(original, copy, given):
    """Put the new version beside the learner's copy, in the first place that holds no work of theirs."""
    now = fingerprint(original)
    for beside in numbered(copy.with_suffix(".new.ipynb")):
        if beside.exists() and fingerprint(beside) not in (now, given):
            continue  # they have edited or run that one too
        write(beside, original.read_bytes())
        return beside


def start_over(original, copy, record):
    """Give the learner a fresh copy, and keep the old one as a dated backup."""
    now, said = fingerprint(original), []
    copy.parent.mkdir(exist_ok=True)
    if copy.exists() and fingerprint(copy) not in (now, record.get(original.name)):
        date = time.strftime("%Y-%m-%d-%H%M")
        backup = next(p for p in numbered(copy.with_suffix(f".{date}.ipynb")) if not p.exists())
        copy.rename(backup)
        said.append(f"kept your old {copy.name} as {backup.name}")
    write(copy, original.read_bytes())
    record[original.name] = now
    return [*said, f"started {copy.name} afresh"]


def numbered(path):
    """Yield `03.new.ipynb`, then `03.new-2.ipynb`, `03.new-3.ipynb` and so on."""
    yield path
    for number in range(2, 1_000_000):
        yield path.with_name(f"{path.stem}-{number}.ipynb")


def fingerprint(path):
    """Hash what a learner can change: the cells, their outputs, and whether they were run.

    Metadata and layout are left out, because opening a notebook is enough to rewrite those.
    """
    content = path.read_bytes()
    try:
        cells = [
            [
                cell["cell_type"],
                "".join(cell["source"]),
                bool(cell.get("outputs")),
                cell.get("execution_count") is not None,
            ]
            for cell in json.loads(content)["cells"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError):  # no notebook any more: compare it whole
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def read_record(work):
    """Return what the learner was given, and a warning if that cannot be read any more."""
    try:
        record = json.loads((work / RECORD).read_bytes())
        if not isinstance(record, dict) or not all(isinstance(v, str) for v in record.values()):
            raise ValueError("not a record of copies")
    except FileNotFoundError:
        return {}, []
    except ValueError:
        return {}, [
            f"{work.name}/{RECORD} could not be read, so it cannot be told which lessons have changed;"
            " your copies stay as they are"
        ]
    return record, []


def write(path, content):
    """Write a file whole or not at all, so that a stop halfway leaves no half a notebook."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    finally:
        Path(part).unlink(missing_ok=True)
