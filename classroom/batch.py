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

from classroom import Problem, cage, container, submission
from classroom.answers import Limits
from classroom.course import CONFIG
from classroom.fresh import SEED, seed_of
from classroom.grading import Grader
from lessons import exercises

ATTEMPTS = 2  # how often a submission may end the grader's own process before it is given up
PATIENCE = 40  # that process's time for a submission, as a multiple of an answer's, and a minute
MEMORY = 8 * 2**30  # bytes of addresses that process may use


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
    with contextlib.closing(results):  # ends the workers, whatever happens here
        for task, graded in tqdm(results, total=len(tasks), unit="notebook", disable=not show):
            _save(course, writer, task, graded, outcome)
    outcome.notes.sort()
    outcome.seconds = time.monotonic() - start
    log(course, outcome)
    return outcome


def _save(course, writer, task, graded, outcome):
    """Save the marks and the record of a submission; if that fails, only this one's are missing."""
    try:
        broken = [grade.id for grade in graded.grades if grade.status == "broken"]
        if broken:  # no fault of the student's: no mark rather than none of the points
            raise Problem(f"{', '.join(broken)} could not be checked; {'; '.join(graded.notes)}")
        note_marks_by_hand(course, graded)
        writer.save(graded)
        keep_record(course, graded, task.fingerprint)
    except Exception as error:
        outcome.failed += 1
        outcome.notes.append((task.lesson, task.student, f"NOT SAVED: {type(error).__name__}: {error}"))
        return
    outcome.graded += 1
    outcome.notes += [(task.lesson, task.student, note) for note in graded.notes]


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


def note_marks_by_hand(course, graded):
    """Note marks that a teacher gave to an earlier version of an answer: nothing changes them by itself."""
    earlier = records(course, graded.lesson, graded.student).get(graded.student)
    if earlier is None:
        return
    before = {grade["cell"]: grade["answer"] for grade in earlier["grades"]}
    changed = {grade.cell: grade.id for grade in graded.grades if before.get(grade.cell) != grade.answer}
    if changed:
        from classroom.gradebook import marked_by_hand

        for cell in sorted(changed.keys() & marked_by_hand(course, graded.lesson, graded.student)):
            text = (
                "was marked by hand before this version came in; that mark stands until someone looks again"
            )
            graded.notes.append(f"{changed[cell]} {text}")


def keep_record(course, graded, fingerprint):
    """Write the record of a graded submission, all of it or nothing."""
    path = record_path(course, graded.lesson, graded.student)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.parent.chmod(0o700)
    text = json.dumps({"fingerprint": fingerprint, **graded.record()}, ensure_ascii=False, indent=1)
    new = path.with_suffix(".new")
    new.write_text(text + "\n", encoding="utf-8")
    new.replace(path)


def records(course, lesson, student=None):
    """Return {student: record} of a lesson's graded submissions, or of one of them."""
    found = {}
    for path in sorted((course.root / "records" / lesson).glob("*.json")):
        with contextlib.suppress(ValueError):
            if student in (None, path.stem):
                found[path.stem] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _tasks(course, lessons, force):
    """Return the submissions that have to be graded, and how many need not."""
    tasks, unchanged = [], 0
    for lesson in lessons:
        folders = course.submitted(lesson)
        if not folders:
            continue
        course.released(lesson)  # a Problem now rather than once a student
        known = {} if force else {s: r.get("fingerprint") for s, r in records(course, lesson).items()}
        rules = rules_of(course, lesson)
        for student, folder in folders.items():
            task = Task(lesson, student, folder, fingerprint(folder, rules))
            if known.get(student) == task.fingerprint:
                unchanged += 1
            else:
                tasks.append(task)
    return tasks, unchanged


def rules_of(course, lesson):
    """Return bytes that change where marks may: release, exercises, settings, due date."""
    from classroom.gradebook import due_dates

    seed_of(course)  # there is one from now on
    files = [course.release(lesson), course.root / CONFIG, course.root / SEED]
    files += sorted(Path(exercises.__file__).parent.rglob("*.py"))
    state = hashlib.sha256(due_dates(course).get(lesson, "").encode())
    for path in files:
        state.update(path.read_bytes())
    return state.digest()


def fingerprint(folder, rules):
    """Return a text that changes when a submission or the rules of its marking do."""
    state = hashlib.sha256(rules)
    for path in [*sorted(folder.glob("*.ipynb")), folder / submission.NOTE, folder / "timestamp.txt"]:
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
        self.task, self.start = task, time.monotonic()
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
    _limit_memory()
    with Grader(limits, level, seed_of(course)) as grader:
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


def _limit_memory():
    with contextlib.suppress(ImportError, OSError, ValueError):  # Windows, macOS, and a lower limit already
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, hard))  # what it starts may have more


def _graded(tasks, jobs, course, limits, level):
    """Yield (task, graded) as they are done."""
    waiting, workers = list(reversed(tasks)), []
    try:
        while waiting or any(worker.task for worker in workers):
            while waiting and len(workers) < jobs:
                workers.append(_Worker(course, limits, level))
            for worker in workers:
                if worker.task is None and waiting:
                    worker.give(waiting.pop())
            ready = wait([worker.pipe for worker in workers if worker.task], timeout=5)
            for worker in workers:
                if worker.task and time.monotonic() - worker.start > 60 + PATIENCE * limits.seconds:
                    worker.process.kill()
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


def log(course, outcome):
    """Add what was noted to the course's log."""
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    lines = [f"{now} {lesson} {student}: {note}\n" for lesson, student, note in outcome.notes]
    numbers = f"graded {outcome.graded}, unchanged {outcome.unchanged}, failed {outcome.failed}"
    try:
        with open(course.root / "grading.log", "a", encoding="utf-8", errors="replace") as file:
            file.writelines([*lines, f"{now} {numbers}, {outcome.seconds:.1f} s\n"])
    except OSError as error:
        outcome.notes.append(("", "grading.log", f"it cannot be written ({error.strerror})"))
