"""What a JupyterHub needs: memory of a student, seconds to start, processor time of a lesson.

Run with `python3 tasks.py bench hub`, or directly; like tests/classroom/test_hub.py it needs root.
`--students 20` is the default; `--quick` takes three and writes nothing. Simulated students log in to a real
hub with the course's configuration, start their servers one after the other, and open a kernel each; then
one student runs whole lessons. Memory is proportional set size: what several processes share is divided among
them. Writes benchmarks/hub.md.
"""

import argparse
import contextlib
import json
import os
import platform
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "classroom")]
import hub_driver  # noqa: E402

GIB = 2**30
MACHINE = 24 * GIB
SYSTEM = 2 * GIB  # for the system, the hub, its proxy, and a teacher
TORCH = "from lessons.torch_rnn import TorchForecaster\nimport torch\ntorch.optim.Adam([torch.zeros(1)])"
LESSONS = ("02_naive_baseline", "03_numpy_lstm", "05_pytorch_port")


def memory(process):
    """Return a process's proportional set size, in bytes."""
    return process.memory_full_info().pss


def lesson(name):
    """Return a lesson's notebook."""
    return json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))


def setup_of(name, extra=""):
    """Return a notebook with a lesson's set-up cell alone, which imports what the lesson needs."""
    cell = next(cell for cell in lesson(name)["cells"] if cell["cell_type"] == "code")
    return {"cells": [{**cell, "source": "".join(cell["source"]) + "\n" + extra}]}


def start_all(hub):
    """Start every student's server, one after the other; return the seconds each took."""
    seconds = []
    for student in hub.students:
        assert student.log_in()
        seconds.append(student.start())
    return seconds


def processes_of(hub):
    """Return the processes of the hub and its proxy."""
    root = psutil.Process(hub.process.pid)
    return [root, *(child for child in root.children() if child.username() == root.username())]


def stop_kernel(student):
    """End the student's kernel that ran last."""
    student.ask("DELETE", f"api/kernels/{student.kernel}")


def per_student(hub, notebook):
    """Run a notebook for every student; return the memory of their servers and of their kernels."""
    for student in hub.students:
        student.run(notebook, "any.ipynb")
    servers, kernels = [], []
    for student in hub.students:
        server, own = student.processes()
        servers.append(memory(server))
        kernels.append(sum(memory(kernel) for kernel in own))
    with ThreadPoolExecutor(4) as together:
        list(together.map(stop_kernel, hub.students))
    time.sleep(2)
    return servers, kernels


def whole_lesson(student, name):
    """Run a lesson; return the largest memory of its kernel, and its processor time in seconds."""
    largest, cpu = 0, 0.0
    with ThreadPoolExecutor(1) as aside:
        running = aside.submit(student.run, lesson(name), f"{name}.ipynb")
        while not running.done():
            time.sleep(0.2)
            with contextlib.suppress(psutil.Error, IndexError):
                kernel = student.processes()[1][0]
                largest, times = max(largest, memory(kernel)), kernel.cpu_times()
                cpu = max(cpu, times.user + times.system)
        running.result()
    stop_kernel(student)
    time.sleep(2)
    return largest, cpu


def measure(students):
    """Return the lines of the table, as pairs."""
    with hub_driver.Hub(students, LESSONS[0]) as hub:
        seconds = start_all(hub)
        servers, plain = per_student(hub, setup_of(LESSONS[0]))
        _, torch = per_student(hub, setup_of("05_pytorch_port", TORCH))
        lessons = {name: whole_lesson(hub.students[0], name) for name in LESSONS}
        shared = sum(memory(process) for process in processes_of(hub))
    server = statistics.median(servers)
    rows = [
        ("start of a server, median (slowest)", f"{statistics.median(seconds):.1f} s ({max(seconds):.1f} s)"),
        ("hub and proxy", mib(shared)),
        ("a student's server", mib(server)),
        ("kernel, NumPy lesson, after its set-up cell", mib(statistics.median(plain))),
        ("kernel, PyTorch lesson, after its set-up cell", mib(statistics.median(torch))),
    ]
    for name, (largest, cpu) in lessons.items():
        rows.append(
            (f"kernel, all of {name[:2]}, at its largest", f"{mib(largest)}, {cpu:.0f} s of processor")
        )
    numpy_peak = max(lessons[name][0] for name in LESSONS[:2])
    for kind, kernel in (("NumPy", numpy_peak), ("PyTorch", lessons[LESSONS[2]][0])):
        rows.append(
            (f"students in 24 GiB, one {kind} kernel each", f"{(MACHINE - SYSTEM) // (server + kernel):.0f}")
        )
    return rows


def mib(size):
    """Return a size in MiB, as text."""
    return f"{size / 2**20:.0f} MiB"


def main():
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=20)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if hub_driver.missing():
        print(f"Not run: the hub {hub_driver.missing()}.")
        return
    students = 3 if options.quick else options.students
    load = os.getloadavg()[0]
    rows = measure(students)
    table = "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])
    machine = f"{os.cpu_count()} cores, CPython {platform.python_version()}, load average {load:.1f} before"
    print(f"{students} students, {machine}.\n\n{table}")
    if not options.quick:
        title = "# A JupyterHub for the course"
        text = f"{title}\n\n{__doc__}\n{students} students, {machine}.\n\n{table}\n"
        (ROOT / "benchmarks" / "hub.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
