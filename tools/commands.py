"""The commands of tasks.py."""

import argparse
import errno
import importlib.util
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools import COMMAND, ROOT, Problem, copies, environment

FIRST_LESSON = "00_start_here.ipynb"
# A file's tests share their fixtures, so they stay together; and the order stays as it is, because the
# browser tests must be the last in their process (tests/browser/conftest.py).
IN_PARALLEL = ["-n=logical", "--maxprocesses=4", "--dist=loadfile", "--no-loadscope-reorder"]
QUICK = ["-m", "smoke or not (slow or browser or classroom or hub)"]


def main(arguments):
    """Run one command and return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a folder's name that an old terminal cannot show
    options, rest = parser().parse_known_args(arguments)
    try:
        return options.run(options, rest)
    except Problem as problem:
        print(f"\n{problem}", file=sys.stderr)
    except KeyboardInterrupt:
        print(
            f"\nStopped. Type the same command again to go on: {COMMAND} {options.command}", file=sys.stderr
        )
        return 130
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EPERM):
            raise
        print(f"\n{error.filename or ROOT} could not be written: {error.strerror}.", file=sys.stderr)
        print("Free some disk space, or make the course's folder writable, and try again.", file=sys.stderr)
    return 1


def parser():
    """Describe the command line; what a command does not know is passed on."""
    top = argparse.ArgumentParser(prog=COMMAND, description="The course's commands.", allow_abbrev=False)
    commands = top.add_subparsers(dest="command", required=True, metavar="command")
    common = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    common.add_argument("--rebuild", action="store_true", help="make the environment anew first")
    common.add_argument(
        "--newest", action="store_true", help="newest versions, in an environment of their own"
    )
    common.add_argument(
        "--no-venv", action="store_true", help="use the Python that runs this (for conda); install nothing"
    )
    for name, run, text in (
        ("lab", lab, "open the course in JupyterLab"),
        ("setup", setup, "make the environment, and start nothing"),
        ("test", test, "run every notebook and the quick tests; further words go to pytest"),
        ("kernels", kernels, "try every claim of the lessons on every BLAS kernel of this processor"),
        ("bench", bench, "run the benchmarks, or those whose names are given"),
        ("shots", shots, "take screenshots of the lessons, or of those whose names are given"),
        ("export", export, "write a lesson as one HTML file with its figures, as `export 03`"),
        ("site", site, "build the course as web pages, into site/"),
        ("doctor", doctor, "tell whether this machine can run the course"),
    ):
        command = commands.add_parser(name, help=text, description=text, parents=[common], allow_abbrev=False)
        command.set_defaults(run=run)
        if name == "test":
            command.add_argument("--all", action="store_true", help="slow, browser and classroom tests too")
        if name == "site":
            command.add_argument("--lite", action="store_true", help="the edition that runs in the browser")
            command.add_argument(
                "--pyodide", metavar="FOLDER", help="where Pyodide is (otherwise it is downloaded)"
            )
        if name == "lab":
            command.epilog = "Settings such as --ServerApp.ip=0.0.0.0 are passed on to JupyterLab."
            command.add_argument(
                "--fresh",
                nargs="+",
                default=[],
                metavar="03",
                help="start lessons over; the old copy is kept",
            )
            command.add_argument(
                "--classroom",
                action="store_true",
                help="for projecting: code folded, sliders and figures large",
            )
            command.add_argument("--no-browser", action="store_true", help="print the address, open nothing")
            command.add_argument("--port", type=port, help="the port to use (otherwise the first free one)")
    return top


def port(word):
    """A port as the command line gives it."""
    if not (word.isdecimal() and 1 <= int(word) <= 65535):
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, got {word!r}")
    return int(word)


def lab(options, rest):
    """Copy the lessons that are missing and open them in JupyterLab."""
    refuse(word for word in rest if not re.fullmatch(r"--\w+\.\w+=.*", word))
    work = ROOT / "work"
    for sentence in copies.refresh(ROOT / "notebooks", work, options.fresh):
        environment.say(f"  {sentence}")
    python = interpreter(options)
    command = [python, "-m", "jupyterlab", f"--ServerApp.root_dir={work}", "--Application.log_level=ERROR"]
    command.append(f"--LabApp.default_url=/lab/tree/{FIRST_LESSON}")
    if options.no_browser:
        command.append("--no-browser")
    if options.port:
        command += [f"--ServerApp.port={options.port}", "--ServerApp.port_retries=0"]
    if (
        hasattr(os, "geteuid") and os.geteuid() == 0
    ):  # in a container one is root, and JupyterLab would refuse
        command.append("--allow-root")
    environment.say("Starting JupyterLab on your copies of the lessons, in work/. To stop it: Ctrl-C here.")
    return hand_over([*command, *rest], options, jupyter_settings(work, options.classroom))


def setup(options, rest):
    """Make the environment and start nothing."""
    refuse(rest)
    environment.say(f"The environment is ready: {interpreter(options)}")
    return 0


def test(options, rest):
    """Run every notebook and the quick tests, a process for each core; with ``--all``, all tests."""
    words = [*IN_PARALLEL, *rest] if options.all else rest or [*IN_PARALLEL, *QUICK]
    return hand_over([interpreter(options, test=True), "-m", "pytest", *words], options)


def kernels(options, rest):
    """Try what the lessons say on every BLAS kernel that this processor can run."""
    return hand_over([interpreter(options, test=True), ROOT / "benchmarks" / "kernels.py", *rest], options)


def bench(options, rest):
    """Run benchmarks/bench_*.py, or the scripts whose names are given; each writes its own table."""
    python = interpreter(options, test=True)
    scripts = sorted((ROOT / "benchmarks").glob("bench_*.py"))
    named = [*scripts, *sorted((ROOT / "benchmarks").glob("record_*.py"))]
    chosen = [script for script in named if any(word in script.stem for word in rest)] if rest else scripts
    if not chosen:
        names = ", ".join(script.stem for script in named)
        raise Problem(f"There is no such benchmark. There are: {names}.")
    failed = []
    for script in chosen:
        environment.say(f"{script.stem} ...")
        started = time.monotonic()
        run = subprocess.run([python, script], cwd=ROOT, env=variables(options))
        environment.say(f"{script.stem}: {time.monotonic() - started:.0f} s")
        if run.returncode:
            failed.append(script.stem)
    if failed:
        raise Problem(f"Failed: {', '.join(failed)}.")
    return 0


def shots(options, rest):
    """Take screenshots of every lesson after Run All, into shots/; further words go to the script."""
    return hand_over([interpreter(options, test=True), ROOT / "benchmarks" / "shots.py", *rest], options)


def export(options, rest):
    """Write a lesson as HTML into work/: the learner's copy as it is, or else the lesson, run first."""
    originals = copies.all_of(ROOT / "notebooks")
    if len(rest) != 1:
        raise Problem(f"Which lesson? For example: {COMMAND} export 03")
    lesson = copies.find(rest[0], originals, "export")
    copy = ROOT / "work" / lesson.relative_to(ROOT / "notebooks")
    copy.parent.mkdir(parents=True, exist_ok=True)
    notebook, page = copy if copy.exists() else lesson, copy.with_suffix(".html")
    return hand_over([interpreter(options), "-m", "lessons", "export", notebook, page], options)


def site(options, rest):
    """Build the course as web pages, into site/; or the edition that runs in the browser, into site/lite."""
    refuse(rest)
    if options.lite:
        python = environment.beside(ROOT, "lite", ROOT / "book" / "lite" / "requirements.txt")
        words = [Path(options.pyodide).resolve()] if options.pyodide else []
        return hand_over([python, ROOT / "book" / "lite.py", ROOT / "site" / "lite", *words], options)
    sphinx = environment.beside(ROOT, "site", ROOT / "book" / "requirements.txt")
    return hand_over([interpreter(options), "-m", "book.pages", sphinx], options)


def doctor(options, rest):
    """Tell whether this machine can run the course."""
    refuse(rest)
    return hand_over([interpreter(options), "-m", "lessons", "doctor"], options)


def refuse(words):
    """End with a clear message if there are words that a command does not know."""
    if words := list(words):
        raise Problem(f"I do not know {' '.join(words)}. `{COMMAND} lab --help` lists what there is.")


def interpreter(options, test=False):
    """Return the Python that runs the course, ready to use."""
    if options.no_venv:
        needed = {"lab": "jupyterlab", "doctor": "sys", "setup": "sys"}.get(options.command, "pytest")
        if importlib.util.find_spec(needed) is None:
            raise Problem(
                f"--no-venv: {needed} is not installed for {sys.executable}.\n"
                "With conda: `conda env create -f environment.yml`, then `conda activate lessons`."
            )
        return Path(sys.executable)
    return environment.ensure(ROOT, test=test, newest=options.newest, rebuild=options.rebuild)


def variables(options):
    """Return the environment variables of everything that is started."""
    settings = environment.clean(os.environ)
    settings["JUPYTER_PREFER_ENV_PATH"] = "1"  # this environment's kernel before one in the home folder
    if options.no_venv:  # there `lessons` need not be installed
        settings["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return settings


def jupyter_settings(work, classroom=False):
    """Return the variables that give JupyterLab the course's settings, below the learner's own."""
    course = ROOT / "lessons" / "jupyter"
    folders = [str(course / "classroom") if classroom else None, str(course)]
    folders.append(os.environ.get("JUPYTER_CONFIG_PATH"))
    return {
        **files_of_jupyter(work / ".jupyter"),
        "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, folders)),
        "JUPYTERLAB_WORKSPACES_DIR": str(work / ".jupyter" / "workspaces"),  # only this course's tabs
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # or the debugger may warn about frozen modules in a cell
    }


def files_of_jupyter(instead):
    """Return the variables that move Jupyter's own files, where the folder for them takes none."""
    moved, full = {}, {}
    for name in "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR":
        folder = Path(os.environ.get(name) or Path.home())
        try:
            if name in os.environ:
                folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(bytes(10_000))
        except OSError as error:
            full[folder], moved[name] = error.strerror, str(instead / name.lower())
    for folder, why in full.items():
        print(f"Nothing can be written to {folder} ({why}): Jupyter's files go to {instead}.")
    return moved


def hand_over(command, options, extra=()):
    """Become the command, so that Ctrl-C and the exit status are its own."""
    settings = {**variables(options), **dict(extra)}
    command = [str(part) for part in command]
    os.chdir(ROOT)
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(command[0], command, settings)
    signal.signal(signal.SIGINT, lambda *_: None)  # Windows: Ctrl-C reaches both, and is the command's
    return subprocess.call(command, env=settings)
