"""How long does grading take? Ours with one process and with two, and nbgrader's own.

Run with `python3 tasks.py bench grading`, or directly; `--quick` takes fewer submissions and writes nothing.
Needs the extra `classroom`. Every fourth submission is blank, every fourth half done, the others are solved.
Writes benchmarks/grading.md.
"""

import argparse
import contextlib
import io
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
os.environ["PYTHONPATH"] = str(ROOT)  # for the kernels that nbgrader starts
os.environ.setdefault("OMP_NUM_THREADS", "1")

from classroom import batch  # noqa: E402
from classroom.commands import main as classroom  # noqa: E402
from classroom.course import Course  # noqa: E402
from classroom.submission import is_answer, nbgrader_of  # noqa: E402
from lessons.exercises import REGISTRY  # noqa: E402

LESSONS = ("01_windows_and_leakage", "03_numpy_lstm")


def hand_in(course, lesson, students):
    """Hand in a lesson as so many students."""
    for number in range(students):
        notebook = course.released(lesson)
        answers = [cell for cell in notebook["cells"] if is_answer(cell)]
        done = {0: 0, 1: len(answers) // 2}.get(number % 4, len(answers))
        for cell in answers[:done]:
            id = nbgrader_of(cell)["grade_id"].removesuffix("-answer").replace("-", ".", 1)
            cell["source"] = REGISTRY[id].source()
        folder = course.root / "submitted" / f"student{number:03d}" / lesson
        folder.mkdir(parents=True)
        (folder / f"{lesson}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def ours(course, lesson, jobs):
    """Seconds for all submissions of a lesson, start and gradebook included."""
    start = time.perf_counter()
    outcome = batch.grade_course(course, [lesson], jobs=jobs, force=True, show=False)
    assert outcome.failed == 0
    return time.perf_counter() - start


def theirs(course, lesson, students):
    """Seconds for so many submissions with nbgrader as it comes, executing each notebook."""
    from nbgrader.apps import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    config = Config()
    config.CourseDirectory.root = str(course.root)
    config.ClearSolutions.enabled = False
    config.Execute.timeout = 300
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    start = time.perf_counter()
    for number in range(students):
        outcome = api.autograde(lesson, f"student{number:03d}", force=True)
        assert outcome["success"], outcome
    return time.perf_counter() - start


def measure(students, executed, repeats):
    """Return rows (lesson, ours with one process, with two, nbgrader's), in seconds a notebook."""
    rows = []
    with tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stdout(io.StringIO()):
        root = Path(scratch) / "course"
        assert classroom(["new", str(root), "--lessons", ",".join(lesson[:2] for lesson in LESSONS)]) == 0
        assert classroom(["release", str(root)]) == 0
        course = Course(root)
        for lesson in LESSONS:
            hand_in(course, lesson, students)
            times = {1: [], 2: []}
            for jobs in (1, 2) * repeats:  # in turn, and the best of each: other work comes and goes
                times[jobs].append(ours(course, lesson, jobs) / students)
            other = theirs(course, lesson, executed) / executed
            rows.append((lesson, min(times[1]), min(times[2]), other))
    return rows


def report(rows, students, executed):
    """Return the table as Markdown."""
    lines = [
        "# Grading",
        "",
        *__doc__.strip().splitlines(),
        "",
        f"{os.cpu_count()} cores, CPython {platform.python_version()}, load average before the run "
        f"{LOAD:.1f}; {students} submissions a lesson, best of three runs; {executed} of them once with "
        "nbgrader's own autograde, which executes whole notebooks.",
        "",
        "| seconds a notebook | ours, 1 process | ours, 2 processes | speed-up | nbgrader's own, 1 process |",
        "|---|---|---|---|---|",
    ]
    for lesson, one, two, other in rows:
        lines.append(f"| {lesson} | {one:.2f} | {two:.2f} | {one / two:.2f} | {other:.1f} |")
    return "\n".join(lines) + "\n"


LOAD = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    students, executed, repeats = (4, 1, 1) if quick else (24, 2, 3)
    text = report(measure(students, executed, repeats), students, executed)
    print(text)
    if not quick:
        (Path(__file__).parent / "grading.md").write_text(text, encoding="utf-8")
