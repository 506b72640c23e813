"""Grade many submissions: in parallel, resumable, each one's troubles its own."""

import contextlib
import hashlib
import json
import multiprocessing
import os
import time
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path

from tqdm import tqdm

import lessons.exercises
from classroom import Problem, cage, container, submission
from classroom.answers import Limits
from classroom.grading import Grader

ATTEMPTS = 2  # how often a submission may end the grader's own process before it is given up


@dataclass
class Task:
    """One submission to grade; ``attempts`` counts the graders it has ended."""

    lesson: str
    student: str
    folder: Path
    fingerprint: str
    attempts: int = 0


@dataclass
class Outcome:
    """What a batch did: numbers of submissions, and what was noted, as (lesson, student, note)."""

    graded: int = 0
    unchanged: int = 0
    failed: int = 0
    seconds: float = 0.0
    notes: list = field(default_factory=list)


def grade_course(course, lessons=None, jobs=None, force=False, limits=None, level=None, show=True):
    """Grade what has been handed in and not been graded yet.

    Parameters
    ----------
    course : Course
    lessons : list of str, optional
        All by default.
    jobs : int, optional
        Submissions graded at a time; the number of processors by default.
    force : bool
        Grade also what has been graded and has not changed since.
    limits : Limits, optional
    level : str, optional
        Of protection: "sealed" or "limits". By default "sealed", and a Problem where this system cannot.
    show : bool
        Whether to show a progress bar.

    Returns
    -------
    Outcome
    """
    from classroom.gradebook import Writer

    level = require_level(level)
    lessons = course.lessons if lessons is None else lessons
    tasks, unchanged = _tasks(course, lessons, force)
    outcome, start, writer = Outcome(unchanged=unchanged), time.monotonic(), Writer(course)
    jobs = max(1, min(jobs or processors(), len(tasks) or 1))
    results = _graded(tasks, jobs, course, limits or Limits(), level)
    for task, graded in tqdm(results, total=len(tasks), unit="notebook", disable=not show):
        try:
            broken = [grade.id for grade in graded.grades if grade.status == "broken"]
            if broken:  # no fault of the student's: no mark rather than none of the points
                raise Problem(f"{', '.join(broken)} could not be checked; {'; '.join(graded.notes)}")
            writer.save(graded)
        except Exception as error:  # this one's mark is missing; the others' are not
            outcome.failed += 1
            outcome.notes.append((task.lesson, task.student, f"NOT SAVED: {type(error).__name__}: {error}"))
            continue
        keep_record(course, graded, task.fingerprint)
        outcome.graded += 1
        outcome.notes += [(task.lesson, task.student, note) for note in graded.notes]
    outcome.notes.sort()
    outcome.seconds = time.monotonic() - start
    _log(course, outcome)
    return outcome


def require_level(wanted):
    """Return the level of protection to use, or raise Problem."""
    best = cage.level()
    if best == "none":
        raise Problem(
            "grading runs students' code, and this system offers no way to fence it in. Grade on Linux: "
            "a server, a virtual machine, or the Windows Subsystem for Linux"
        )
    if best == "limits" and wanted != "limits":
        raise Problem(
            "this system cannot keep students' code from your files (needed: Linux 5.13 or newer on x86-64 "
            "or arm64, with Landlock and seccomp). Grade on Linux; or, if you trust your students or this "
            "machine holds nothing else, add --level limits: time, memory and file size are limited then, "
            "reading, writing and the network are not"
        )
    if wanted == "limits" and os.getuid() == 0:
        raise Problem("with --level limits nothing would hold root's powers: grade as another user")
    return wanted or best


def layers(level):
    """Say which layers of protection hold on this system under a level."""
    if level != "sealed":
        return "limits on time and memory alone"
    found = ["limits", f"Landlock {cage.landlock_version()}", "a list of allowed system calls"]
    return ", ".join([*found, *(["bubblewrap"] if container.works() else [])])


def processors():
    """Return how many processors this process may use."""
    with contextlib.suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def record_path(course, lesson, student):
    """Return where the record of a graded submission is kept."""
    return course.root / "records" / lesson / f"{student}.json"


def keep_record(course, graded, fingerprint):
    """Write the record of a graded submission, all of it or nothing."""
    path = record_path(course, graded.lesson, graded.student)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.parent.chmod(0o700)
    text = json.dumps({"fingerprint": fingerprint, **graded.record()}, ensure_ascii=False, indent=1)
    new = path.with_suffix(".new")
    new.write_text(text + "\n", encoding="utf-8")
    new.replace(path)


def records(course, lesson):
    """Return {student: record} of a lesson's graded submissions."""
    found = {}
    for path in sorted(course.root.glob(f"records/{lesson}/*.json")):
        with contextlib.suppress(ValueError):
            found[path.stem] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _tasks(course, lessons, force):
    """Return the submissions that have to be graded, and how many need not."""
    tasks, unchanged, checks = [], 0, _of_checks()
    for lesson in lessons:
        folders = course.submitted(lesson)
        if not folders:
            continue
        course.released(lesson)  # a Problem now rather than once a student
        known = {} if force else {s: r.get("fingerprint") for s, r in records(course, lesson).items()}
        release = course.release(lesson).read_bytes()
        for student, folder in folders.items():
            task = Task(lesson, student, folder, _fingerprint(folder, release, checks))
            if known.get(student) == task.fingerprint:
                unchanged += 1
            else:
                tasks.append(task)
    return tasks, unchanged


def _of_checks():
    """Return a number for the exercises as they are now: where they change, so may marks."""
    state = hashlib.sha256()
    for path in sorted(Path(lessons.exercises.__file__).parent.glob("*.py")):
        state.update(path.read_bytes())
    return state.digest()


def _fingerprint(folder, *more):
    state = hashlib.sha256(b"".join(more))
    for path in sorted(folder.glob("*.ipynb")):
        state.update(path.name.encode("utf-8", "replace"))
        try:
            state.update(submission.read_bytes(path))
        except submission.Unreadable as reason:
            state.update(str(reason).encode())
    return state.hexdigest()


# --- workers ------------------------------------------------------------------------------------


class _Worker:
    """A process that grades one submission after the other."""

    def __init__(self, *settings):
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, *settings), daemon=False)
        self.process.start()
        theirs.close()
        self.task = None

    def give(self, task):
        self.task = task
        self.pipe.send(task)

    def close(self):
        with contextlib.suppress(OSError):
            self.pipe.send(None)
        self.pipe.close()
        self.process.join(5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _work(pipe, course, limits, level):
    """Serve tasks until told to stop. Runs in a worker."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with Grader(limits, level) as grader:
        while True:
            try:
                task = pipe.recv()
            except (EOFError, KeyboardInterrupt):
                return
            if task is None:
                return
            released = course.released(task.lesson)
            if task.attempts < ATTEMPTS:
                graded = grader.grade_folder(task.folder, released, task.lesson, task.student)
            else:
                fitted = submission.fit(released, [])
                fitted.notes = [f"given up: it ended the grader's own process {task.attempts} times"]
                graded = grader.grade(fitted, released, task.lesson, task.student)
            pipe.send(graded)


def _graded(tasks, jobs, *settings):
    """Yield (task, graded) as they are done."""
    waiting, workers = list(reversed(tasks)), []
    try:
        while waiting or any(worker.task for worker in workers):
            while waiting and len(workers) < jobs:
                workers.append(_Worker(*settings))
            for worker in workers:
                if worker.task is None and waiting:
                    worker.give(waiting.pop())
            ready = wait([worker.pipe for worker in workers if worker.task])
            for worker in [w for w in workers if w.pipe in ready]:
                task, worker.task = worker.task, None
                try:
                    yield task, worker.pipe.recv()
                except (EOFError, OSError):  # the worker is dead: out of memory, or the student's doing
                    workers.remove(worker)
                    worker.close()
                    task.attempts += 1
                    if task.attempts > ATTEMPTS:
                        raise Problem("the grader's own processes die; see the terminal above") from None
                    waiting.append(task)
    finally:
        for worker in workers:
            if worker.task is not None:
                worker.process.kill()
            worker.close()


def _log(course, outcome):
    """Add what was noted to the course's log."""
    with open(course.root / "grading.log", "a", encoding="utf-8") as log:
        now = time.strftime("%Y-%m-%d %H:%M:%S")
        for lesson, student, note in outcome.notes:
            log.write(f"{now} {lesson} {student}: {note}\n")
        log.write(
            f"{now} graded {outcome.graded}, unchanged {outcome.unchanged}, failed {outcome.failed}, "
            f"{outcome.seconds:.1f} s\n"
        )
