"""The course's one command: `python3 tasks.py lab` (Windows: `py tasks.py lab`).

    lab      open the course in JupyterLab
    test     run every notebook and the quick tests; all of them with --all
    kernels  try every claim of the lessons on every BLAS kernel
    bench    run the benchmarks
    shots    take screenshots of the lessons
    export   write a lesson as one HTML file
    site     build the course as web pages
    setup    make the environment, and start nothing
    doctor   tell whether this machine can run the course

The work is done in tools/. This file only makes sure that Python is new enough to read it, and
is therefore written so that any Python, even Python 2, can read it and say so.
"""

import os
import subprocess
import sys

OLDEST = (3, 11)


def newer_pythons():
    """Return the commands on this computer that start a Python the course can use."""
    versions = ["3.13", "3.12", "3.14", "3.11"]
    names = [["py", "-" + v] for v in versions] if os.name == "nt" else [["python" + v] for v in versions]
    found = []
    with open(os.devnull, "w") as nowhere:
        for name in names:
            try:
                if subprocess.call(name + ["-c", "import venv"], stdout=nowhere, stderr=nowhere) == 0:
                    found.append(" ".join(name))
            except OSError:
                pass
    return found


def too_old():
    """Return what to tell someone whose Python is too old."""
    this = "{}.{} ({})".format(sys.version_info[0], sys.version_info[1], sys.executable)
    lines = [
        "This course needs Python {}.{} or newer, and this is Python {}.".format(OLDEST[0], OLDEST[1], this)
    ]
    found = newer_pythons()
    if found:
        lines.append("This computer has a newer one. Type:")
        lines.append("    {} tasks.py {}".format(found[0], " ".join(sys.argv[1:]) or "lab"))
    else:
        lines.append("Install Python 3.12 (from python.org, or with your system's package manager),")
        lines.append("open a new terminal and type the same command again.")
    return "\n".join(lines)


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        sys.exit(too_old())
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # PYTHONSAFEPATH leaves it out
    from tools.commands import main

    sys.exit(main(sys.argv[1:]))
