"""`python -m lessons doctor`: every problem is found, comes with a cure, and never with a traceback."""

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import jupyter_client.kernelspec
import jupyter_core.paths
import psutil
import pytest

from lessons import doctor

ROOT = Path(__file__).resolve().parent.parent


def problems(check):
    found = [finding for finding in doctor.examine(check) if finding.level == "problem"]
    assert all(finding.cure for finding in found)
    return [finding.text for finding in found]


def run(*options, words=("doctor",)):
    command = [sys.executable, *options, "-m", "lessons", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_this_machine_can_run_the_course():
    result = run()
    assert result.returncode == 0, result.stdout
    assert "This machine can run the course" in result.stdout
    for part in ("NumPy: the windows", "PyTorch: one LSTM step", "Plotly and widgets: a figure"):
        assert f"ok       {part}" in result.stdout
    assert result.stderr == ""


def test_nothing_installed_at_all():
    result = run("-S")  # without site-packages
    assert result.returncode == 1
    for name in ("numpy", "torch", "plotly", "ipywidgets", "jupyterlab"):
        assert f"PROBLEM  {name} is not installed\n         -> " in result.stdout
    assert "problems, the first one first" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_any_other_word_gets_the_usage():
    result = run(words=("docter",))
    assert result.returncode == 1
    assert result.stderr.startswith("Usage: python -m lessons doctor\n")


def test_warnings_do_not_stop_anyone(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "CHECKS", [lambda: [doctor.ok("fine"), doctor.warning("poor", "do it")]])
    assert doctor.doctor() == 0
    assert "can run the course, with the warnings above" in capsys.readouterr().out


def test_a_check_that_breaks_is_a_problem():
    def check_the_moon():
        raise RuntimeError("too far away")

    assert problems(check_the_moon) == ["the moon: could not be checked (RuntimeError: too far away)"]


def test_old_python(monkeypatch):
    monkeypatch.setattr(doctor, "OLDEST_PYTHON", (3, 99))
    (text,) = problems(doctor.check_python)
    assert "needs 3.99 or newer" in text


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ("1.26.4", ["numpy 1.26.4; the course needs 2.0 or newer"]),
        ("x", ["numpy x; the course needs 2.0 or newer"]),
        (None, ["numpy is not installed"]),
        ("2.13.0+cpu", []),
        ("3.0rc1", []),
        ("6", []),
    ],
)
def test_old_or_missing_package(monkeypatch, version, found):
    real = importlib.metadata.version

    def pretend(name):
        if name == "numpy" and version is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return version if name == "numpy" else real(name)

    monkeypatch.setattr(importlib.metadata, "version", pretend)
    assert problems(doctor.check_packages) == found


def test_the_same_packages_without_pyproject(monkeypatch, tmp_path):
    from_project = doctor.requirements()
    monkeypatch.setattr(doctor, "HOME", tmp_path)
    lines = [f"{name}>={bound}" for name, bound in from_project] + ['pytest>=8; extra == "test"']
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: lines)
    assert doctor.requirements() == from_project
    assert len(from_project) >= 10


def test_widgets_missing(monkeypatch):
    monkeypatch.setattr(jupyter_core.paths, "jupyter_path", lambda *parts: [])
    assert [text.split(":")[0] for text in problems(doctor.check_widgets)] == [
        "JupyterLab has no @jupyter-widgets/jupyterlab-manager",
        "JupyterLab has no anywidget",
    ]


@pytest.mark.parametrize("disabled", [{"anywidget": True}, {"anywidget:plugin": True}, ["anywidget"]])
def test_widgets_switched_off(monkeypatch, tmp_path, disabled):
    (tmp_path / "labconfig").mkdir()
    (tmp_path / "labconfig" / "page_config.json").write_text(json.dumps({"disabledExtensions": disabled}))
    monkeypatch.setattr(jupyter_core.paths, "jupyter_config_path", lambda: [str(tmp_path)])
    (text,) = problems(doctor.check_widgets)
    assert "anywidget switched off" in text


def test_no_kernel_and_that_of_another_environment(monkeypatch):
    def none(self, name):
        raise jupyter_client.kernelspec.NoSuchKernel(name)

    manager = jupyter_client.kernelspec.KernelSpecManager
    monkeypatch.setattr(manager, "get_kernel_spec", none)
    assert problems(doctor.check_kernel) == ["Jupyter has no kernel called python3"]
    kernel = SimpleNamespace(argv=[f"{Path(sys.executable).anchor}elsewhere/bin/python", "-m", "ipykernel"])
    monkeypatch.setattr(manager, "get_kernel_spec", lambda self, name: kernel)
    (text,) = problems(doctor.check_kernel)
    assert "another Python" in text


@pytest.mark.parametrize(
    "free, memory, disk",
    [(5e7, "problem", "problem"), (8e8, "warning", "warning"), (1.2e9, "warning", "ok"), (8e10, "ok", "ok")],
)
def test_memory_and_disk(monkeypatch, free, memory, disk):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free))
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    found = [doctor.examine(check)[0].level for check in (doctor.check_memory, doctor.check_disk)]
    assert found == [memory, disk]


def test_a_home_that_takes_no_files_and_another_jupyterlab(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "file" / "runtime"))
    monkeypatch.setenv("JUPYTERLAB_DIR", "/elsewhere")
    first, second = doctor.examine(doctor.check_home)
    assert first.level == "warning" and "Jupyter cannot write to" in first.text and first.cure
    assert second.level == "problem" and "JUPYTERLAB_DIR is /elsewhere" in second.text


@pytest.mark.parametrize(("threads", "level"), [("1", "ok"), ("8", "warning"), (None, "warning")])
def test_threads(monkeypatch, threads, level):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if threads:
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
    assert [finding.level for finding in doctor.examine(doctor.check_threads)] == [level]


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("import no_such", "NumPy does not work (ModuleNotFoundError: No module named 'no_such')"),
        ("""print('{"part": "NumPy", "seconds": 0.1}', flush=True); 1 / 0""", "PyTorch does not work"),
        ("import os; os.abort()", "NumPy does not work (stopped with status"),
        ("import time; time.sleep(60)", "not finished"),
    ],
    ids=["missing", "broken library", "crash", "hangs"],
)
def test_the_smoke_run_says_what_does_not_work(monkeypatch, script, text):
    monkeypatch.setattr(doctor, "SMOKE", script)
    monkeypatch.setattr(doctor, "SMOKE_SECONDS", 0.3 if "sleep" in script else 60)
    (found,) = problems(doctor.check_smoke)
    assert text in found


def test_the_cure_fits_the_environment(monkeypatch, tmp_path):
    assert "tasks.py lab --rebuild" in doctor.reinstall() or (Path(sys.prefix) / "conda-meta").is_dir()
    (tmp_path / "conda-meta").mkdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert doctor.reinstall() == "conda env update -f environment.yml"
