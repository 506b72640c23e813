"""Tell whether this machine can run the course: every problem with its cure, and never a traceback.

Only the standard library is imported up here, so that the doctor can be called when anything else is
missing or broken.
"""

import contextlib
import html
import importlib.metadata
import importlib.util
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

OLDEST_PYTHON = (3, 11)
HOME = Path(__file__).resolve().parent.parent  # the course's folder, or site-packages
EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "anywidget")
LEVELS = {"ok": "ok", "warning": "warning", "problem": "PROBLEM"}
SMOKE_SECONDS = 120  # a cold first import of PyTorch from a slow disk takes its time

# Runs in a process of its own, so that a crash inside a compiled library becomes a line of the report. One
# printed line for each part that worked.
SMOKE = """
import json, time
def passed(part, **more):
    print(json.dumps({"part": part, "seconds": time.perf_counter() - start, **more}), flush=True)

start = time.perf_counter()
import numpy as np
from lessons.series import two_waves
from lessons.windows import make_windows
X, y, _ = make_windows(two_waves()[1], window=16)
assert X.shape == (204, 16, 1) and np.isfinite(X).all()
passed("NumPy: the windows of lesson 01")

start = time.perf_counter()
import torch
lstm = torch.nn.LSTM(1, 32, batch_first=True)
output, _ = lstm(torch.as_tensor(np.array(X), dtype=torch.float32))
output.square().mean().backward()
assert torch.isfinite(lstm.weight_hh_l0.grad).all()
mps = getattr(torch.backends, "mps", None)
gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
gpu = gpu or ("Apple GPU" if mps and mps.is_available() else "")
passed("PyTorch: one LSTM step, forward and back", gpu=gpu, threads=torch.get_num_threads())

start = time.perf_counter()
import anywidget, ipywidgets
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs
assert go.Figure(go.Scatter(y=y[:, 0])).to_json() and ipywidgets.FloatSlider().description == ""
assert len(get_plotlyjs()) > 1_000_000
passed("Plotly and widgets: a figure and a slider")
"""


@dataclass
class Finding:
    """One line of the report; `cure` says what to do about a problem or a warning."""

    level: str  # "ok", "warning" or "problem"
    text: str
    cure: str = ""


def ok(text):
    return Finding("ok", text)


def warning(text, cure):
    return Finding("warning", text, cure)


def problem(text, cure):
    return Finding("problem", text, cure)


def doctor():
    """Print the report. Return 0 if the course can run here, and 1 if it cannot."""
    if sys.platform == "emscripten":  # there is no JupyterLab, no process and no disk to ask about
        print(f"Python {platform.python_version()} in this browser, on one core, without PyTorch")
        print("\nThis browser can run lessons 00 to 04, 06 and 07; lessons 05 and 08 say what they lack.")
        return 0
    print(f"Python {platform.python_version()} in {sys.prefix}")
    print(f"{platform.platform()}, {platform.machine()}, {os.cpu_count()} processor cores\n")
    problems = warnings = 0
    for check in CHECKS:
        for finding in examine(check):
            problems += finding.level == "problem"
            warnings += finding.level == "warning"
            print(f"{LEVELS[finding.level]:8} {finding.text}")
            if finding.cure:
                print(f"         -> {finding.cure}", flush=True)
    if problems:
        first = "one problem" if problems == 1 else f"{problems} problems, the first one first"
        print(f"\nTo mend: {first}.")
    else:
        print(f"\nThis machine can run the course{', with the warnings above' if warnings else ''}.")
    return 1 if problems else 0


class Report:
    """The report for a notebook: its last line, which unfolds to the rest; open where there is a problem."""

    def __init__(self):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            self.healthy = doctor() == 0
        self.text = printed.getvalue().strip()

    def __repr__(self):
        return self.text

    def _repr_html_(self):
        *rest, verdict = self.text.splitlines()
        opened = "" if self.healthy else " open"
        report = html.escape("\n".join(rest).strip())
        return f"<details{opened}><summary>{html.escape(verdict)}</summary><pre>{report}</pre></details>"


def examine(check):
    """Run one check; whatever goes wrong inside it is itself a finding."""
    try:
        return list(check())
    except Exception as error:
        what = check.__name__.replace("check_", "").replace("_", " ")
        return [problem(f"{what}: could not be checked ({type(error).__name__}: {error})", reinstall())]


def reinstall():
    """Return the command that puts the packages right, for the environment this runs in."""
    if (Path(sys.prefix) / "conda-meta").is_dir():
        return "conda env update -f environment.yml"
    return f"{'py' if os.name == 'nt' else 'python3'} tasks.py lab --rebuild"


# --- the checks ----------------------------------------------------------------------------------


def check_python():
    """Is Python new enough?"""
    if sys.version_info < OLDEST_PYTHON:
        needed = ".".join(map(str, OLDEST_PYTHON))
        cure = "install Python 3.12 from python.org and start the course with it"
        yield problem(f"Python {platform.python_version()}; the course needs {needed} or newer", cure)
    else:
        yield ok(f"Python {platform.python_version()}")


def check_packages():
    """Is every package there, and new enough?"""
    good = []
    for name, bound in requirements():
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield problem(f"{name} is not installed", reinstall())
            continue
        if version is None or numbers(version) < numbers(bound):
            yield problem(f"{name} {version}; the course needs {bound} or newer", reinstall())
        else:
            good.append(f"{name} {version}")
    if good:
        yield ok(", ".join(good))


def check_widgets():
    """Can this JupyterLab show sliders and figures?"""
    from jupyter_core.paths import jupyter_config_path, jupyter_path

    disabled = set()
    for folder in jupyter_config_path():
        page = Path(folder) / "labconfig" / "page_config.json"
        if page.is_file():
            found = json.loads(page.read_text(encoding="utf-8")).get("disabledExtensions", {})
            disabled |= {name for name in found if not isinstance(found, dict) or found[name]}
    for name in EXTENSIONS:
        if not any(
            (Path(folder) / name / "package.json").is_file() for folder in jupyter_path("labextensions")
        ):
            yield problem(f"JupyterLab has no {name}: widgets would appear as text", reinstall())
        elif any(entry.split(":")[0] == name for entry in disabled):
            cure = f"jupyter labextension enable {name}"
            yield problem(f"JupyterLab has {name} switched off: widgets would appear as text", cure)
        else:
            yield ok(f"JupyterLab extension {name}")


def check_kernel():
    """Does a notebook's kernel run in this environment?"""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    cure = f'"{sys.executable}" -m ipykernel install --sys-prefix'
    try:
        kernel = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        yield problem("Jupyter has no kernel called python3", cure)
        return
    started = Path(kernel.argv[0])
    here = {Path(sys.executable), Path(sys.executable).resolve()}
    if not started.is_absolute() or started in here or started.parent == Path(sys.executable).parent:
        yield ok("Jupyter kernel python3 runs in this environment")
    else:
        yield problem(f"Jupyter's kernel python3 runs another Python, {started}", cure)


def check_home():
    """Can Jupyter write its own files, and is it this environment's JupyterLab?"""
    from jupyter_core.paths import jupyter_runtime_dir

    folder = jupyter_runtime_dir()
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(10_000))
    except OSError as error:
        cure = "start the course with tasks.py lab, which then keeps these files in work/.jupyter"
        yield warning(f"Jupyter cannot write to {folder}: {error.strerror}", cure)
    else:
        yield ok(f"Jupyter can write to {folder}")
    if lab := os.environ.get("JUPYTERLAB_DIR"):
        cure = "unset it, or start the course with tasks.py, which does"
        yield problem(f"JUPYTERLAB_DIR is {lab}: JupyterLab would look there for its pages", cure)


def check_memory():
    """Is there room for JupyterLab and a kernel with PyTorch?"""
    import psutil

    cure = "close other programs, and keep one lesson open at a time"
    yield room(psutil.virtual_memory().available, "memory", 0.6, 1.5, cure)


def check_disk():
    """Is there room for the learner's own files?"""
    yield room(shutil.disk_usage(HOME).free, "disk", 0.1, 1, "free some disk space")


def room(free, what, needed, enough, cure):
    """Return whether so many bytes are enough, where gigabytes are needed."""
    text = f"{free / 1e9:.1f} GB of {what} free"
    if free < needed * 1e9:
        return problem(f"{text}; the course needs {needed} GB", cure)
    return warning(text, cure) if free < enough * 1e9 else ok(text)


def check_threads():
    """Is the thread count set? Several threads make the lessons' small matrices slower."""
    threads = os.environ.get("OMP_NUM_THREADS")
    if threads == "1":
        yield ok("one thread for NumPy and PyTorch")
    else:
        text = (
            "OMP_NUM_THREADS is " + (threads or "not set") + "; one thread is the fastest for small networks"
        )
        yield warning(text, "start the course with tasks.py, or set OMP_NUM_THREADS=1")


def check_smoke():
    """Do NumPy, PyTorch, Plotly and the widgets really work? Takes about two seconds."""
    parts = ("NumPy", "PyTorch", "Plotly and widgets")
    folders = [str(HOME), os.environ.get("PYTHONPATH")]
    settings = {"OMP_NUM_THREADS": "1", **os.environ, "PYTHONPATH": os.pathsep.join(filter(None, folders))}
    try:
        run = subprocess.run(
            [sys.executable, "-c", SMOKE], capture_output=True, text=True, timeout=SMOKE_SECONDS, env=settings
        )
    except subprocess.TimeoutExpired:
        cure = "try again when the computer is less busy"
        yield problem(f"smoke run: not finished after {SMOKE_SECONDS} s", cure)
        return
    done = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    for part in done:
        yield ok(f"{part['part']} ({part['seconds']:.1f} s)")
    if run.returncode:
        last = (run.stderr.strip().splitlines() or [f"stopped with status {run.returncode}"])[-1]
        cure = "get the course's files again" if "lessons" in last else reinstall()
        yield problem(f"smoke run: {parts[min(len(done), 2)]} does not work ({last})", cure)
    for part in done:
        if "gpu" in part:
            yield ok(f"GPU: {part['gpu'] or 'none that PyTorch can use; the course does not need one'}")


CHECKS = (
    check_python,
    check_packages,
    check_widgets,
    check_kernel,
    check_home,
    check_memory,
    check_disk,
    check_threads,
    check_smoke,
)


def requirements():
    """Return (package, lowest version) pairs: from pyproject.toml beside the package, or its metadata."""
    project = HOME / "pyproject.toml"
    if project.is_file():
        lines = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]
    else:
        lines = [line for line in importlib.metadata.requires("lessons") or [] if "extra ==" not in line]
    return [re.match(r"([\w.-]+)\s*>=\s*([\d.]+)", line).groups() for line in lines]


def numbers(version):
    """Return the leading numbers of a version as integers: "2.13.0+cpu" gives (2, 13, 0)."""
    release = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in release[0].split(".")) if release else ()
