"""tasks.py and what it is made of, and that the files which describe the set-up agree with each other."""

import ast
import contextlib
import errno
import importlib.metadata
import importlib.util
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from types import SimpleNamespace

import pytest
import yaml
from driver import ask, serve_course
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from traitlets.config import Config

from tools import ROOT, Problem, commands, copies, environment

README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUNTIME = [Requirement(line) for line in PROJECT["dependencies"]]
TEST = [Requirement(line) for line in PROJECT["optional-dependencies"]["test"]]
TASKS = runpy.run_path(str(ROOT / "tasks.py"))


def pins():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(pin.name): pin for pin in found}


# --- the files agree ---------------------------------------------------------------------------


CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def test_conda_environment_has_the_same_packages_and_bounds():
    conda = {re.match(r"[\w-]+", line)[0]: re.sub(r"^[\w-]+", "", line) for line in CONDA["dependencies"]}
    for extra in ("python", "pip", "setuptools"):
        conda.pop(extra)
    conda["torch"] = conda.pop("pytorch-cpu")
    assert conda == {requirement.name: str(requirement.specifier) for requirement in RUNTIME}
    assert set(CONDA["variables"].values()) == {"1"} and set(CONDA["variables"]) <= set(environment.THREADS)


def test_conda_environment_is_one_that_binder_can_read():
    assert CONDA["channels"] == ["conda-forge"]
    assert all(isinstance(line, str) for line in CONDA["dependencies"])  # no pip section
    (python,) = [line for line in CONDA["dependencies"] if re.match(r"python\b", line)]
    assert re.fullmatch(r"python=3\.\d+", python)  # Binder ignores ranges, and falls back silently
    version = Version(python.partition("=")[2])
    assert version in Requirement("python" + PROJECT["requires-python"]).specifier
    assert version.release <= environment.NEWEST
    assert os.access(ROOT / "postBuild", os.X_OK) or os.name == "nt"


@pytest.mark.parametrize("requirement", RUNTIME + TEST, ids=lambda requirement: requirement.name)
def test_every_dependency_has_a_lower_bound_and_a_pin_within_it(requirement):
    assert [part.operator for part in requirement.specifier] == [">="]
    (pin,) = pins()[canonicalize_name(requirement.name)].specifier
    assert pin.operator == "=="
    assert pin.version in requirement.specifier


def test_every_package_that_comes_along_is_pinned():
    seen, todo = set(), RUNTIME + TEST
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        wanted = [{"extra": extra} for extra in requirement.extras] or [{"extra": ""}]
        for line in [] if (name, *requirement.extras) in seen else importlib.metadata.requires(name) or []:
            inner = Requirement(line)
            if inner.marker is None or any(inner.marker.evaluate(extra) for extra in wanted):
                todo.append(inner)
        seen.add((name, *requirement.extras))
    names = {name for name, *_ in seen}
    cuda = {name for name in names if name.startswith(("nvidia-", "cuda-", "triton"))}
    assert len(names) > 80
    assert names - cuda <= set(pins())


def test_the_same_ruff_in_precommit_and_in_the_pins():
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    versions = set(re.findall(r"ruff==([\d.]+)", hooks))
    assert versions == {str(pins()["ruff"].specifier).removeprefix("==")}


def test_python_versions_agree():
    oldest = Version(PROJECT["requires-python"].removeprefix(">="))
    assert TASKS["OLDEST"] == oldest.release
    newest = ".".join(map(str, environment.NEWEST))
    assert f"Python {oldest} to {newest}" in README
    workflow = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    assert {str(oldest), newest} <= set(re.findall(r'"(3\.\d+)"', workflow))


def test_readme_and_tasks_have_the_same_commands():
    offered = set(re.findall(r"^    (\w+) ", TASKS["__doc__"], flags=re.M))
    named = set(re.findall(r"python3? tasks\.py (\w+)", README))
    (subparsers,) = [a for a in commands.parser()._actions if isinstance(a.choices, dict)]
    assert offered == named == set(subparsers.choices)
    known = {option for parser in subparsers.choices.values() for option in parser._option_string_actions}
    for line in re.findall(r"tasks\.py ([^`\n]*)", README):
        assert {word for word in line.split() if word.startswith("--")} <= known


def test_ci_runs_the_command_of_the_readme():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[-1] == "python3 tasks.py test --all"
    assert "\npython3 tasks.py test\n" in README and f"`{lines[-1]}`" in README


# --- an old Python ------------------------------------------------------------------------------


def test_an_old_python_can_read_tasks():
    tree = ast.parse((ROOT / "tasks.py").read_text(encoding="utf-8"), feature_version=(3, 7))
    new = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Starred, ast.Match, ast.AsyncFunctionDef)
    assert not [node for node in ast.walk(tree) if isinstance(node, new)]
    assert ast.get_docstring(tree).isascii()


@pytest.mark.parametrize("found", [[], ["python3.12"]])
def test_an_old_python_is_told_what_to_do(monkeypatch, found):
    monkeypatch.setitem(TASKS["too_old"].__globals__, "newer_pythons", lambda: found)
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    monkeypatch.setattr(sys, "argv", ["tasks.py", "lab", "--fresh", "03"])
    text = TASKS["too_old"]()
    assert "needs Python 3.11 or newer, and this is Python 3.9" in text
    assert ("python3.12 tasks.py lab --fresh 03" if found else "Install Python 3.12") in text


# --- copies ---------------------------------------------------------------------------------------


class Course:
    """A course with two lessons, and a learner's folder."""

    def __init__(self, folder):
        self.lessons, self.work = folder / "notebooks", folder / "work"
        self.lessons.mkdir()
        self.publish("00_start", "start")
        self.publish("03_lstm", "v1")

    def publish(self, name, source):
        self.write(name, source, folder=self.lessons)

    def write(self, name, source, folder=None, metadata=None, outputs=(), execution_count=None):
        cell = {"cell_type": "code", "source": source, "outputs": list(outputs), "metadata": {}}
        cell |= {"execution_count": execution_count, "id": "a"}
        notebook = {"cells": [cell], "metadata": metadata or {}, "nbformat": 4, "nbformat_minor": 5}
        ((folder or self.work) / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")

    def read(self, name):
        return json.loads((self.work / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"][0]["source"]

    def refresh(self, *fresh):
        return copies.refresh(self.lessons, self.work, fresh)

    @property
    def names(self):
        return " ".join(sorted(path.stem for path in self.work.glob("*.ipynb")))


@pytest.fixture
def course(tmp_path):
    return Course(tmp_path)


@pytest.fixture
def begun(course):
    """A course whose lesson 03 the learner has worked in."""
    course.refresh()
    course.write("03_lstm", "mine")
    return course


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr(copies.time, "strftime", lambda form: "2026-11-20-1412")


def test_missing_lessons_are_copied_once(course):
    assert course.refresh() == ["copied 00_start.ipynb", "copied 03_lstm.ipynb"]
    assert course.read("03_lstm") == "v1"
    assert course.refresh() == []
    (course.work / "03_lstm.ipynb").rename(course.work / "my_lstm.ipynb")
    assert course.refresh() == ["copied 03_lstm.ipynb"]  # and the renamed one stays
    assert course.names == "00_start 03_lstm my_lstm"


@pytest.mark.parametrize(
    "work",
    [
        {"source": "mine"},
        {"source": "v1", "execution_count": 1},
        {"source": "v1", "outputs": [{}]},
        "{ half a",
    ],
    ids=["edited", "run", "with outputs", "no notebook any more"],
)
def test_a_copy_with_work_in_it_stays_and_the_new_lesson_is_put_beside(course, work):
    course.refresh()
    path = course.work / "03_lstm.ipynb"
    path.write_text(work) if isinstance(work, str) else course.write("03_lstm", **work)
    mine = path.read_bytes()
    assert course.refresh() == []  # the lesson is the same: nothing to say

    course.publish("03_lstm", "v2")
    (said,) = course.refresh()
    assert "03_lstm.new.ipynb" in said and "--fresh 03" in said
    assert path.read_bytes() == mine
    assert course.read("03_lstm.new") == "v2"
    assert course.refresh() == []  # said once
    (course.work / "03_lstm.new.ipynb").unlink()
    assert course.refresh() == []  # and not offered again


def test_extras_are_copied_beside_the_lessons(course, clock):
    (course.lessons / "extras").mkdir()
    course.publish("extras/when_to_stop", "v1")
    assert "copied when_to_stop.ipynb" in course.refresh()
    course.write("extras/when_to_stop", "mine")
    course.publish("extras/when_to_stop", "v2")
    (said,) = course.refresh()
    assert "--fresh when_to_stop" in said and course.read("extras/when_to_stop.new") == "v2"
    course.refresh("when_to_stop")
    assert course.read("extras/when_to_stop") == "v2"


def test_a_copy_that_was_only_opened_is_updated(course):
    course.refresh()
    course.write("03_lstm", "v1", metadata={"language_info": {"version": "3.12"}})
    course.publish("03_lstm", "v2")
    (said,) = course.refresh()
    assert said.startswith("updated 03_lstm.ipynb")
    assert (course.read("03_lstm"), course.names) == ("v2", "00_start 03_lstm")


def test_a_new_version_replaces_an_untouched_earlier_one_and_never_an_edited_one(begun):
    for version in ("v2", "v3"):
        begun.publish("03_lstm", version)
        begun.refresh()
    assert begun.read("03_lstm.new") == "v3"

    begun.write("03_lstm.new", "mine too")
    begun.publish("03_lstm", "v4")
    (said,) = begun.refresh()
    assert "03_lstm.new-2.ipynb" in said
    found = [begun.read(f"03_lstm{end}") for end in ("", ".new", ".new-2")]
    assert found == ["mine", "mine too", "v4"]


@pytest.mark.parametrize("record", ["", "{", "[1, 2]", '{"03_lstm.ipynb": 7}', "\x00\xff"])
def test_a_broken_record_harms_no_copy(begun, record):
    (begun.work / copies.RECORD).write_text(record, encoding="latin-1")
    begun.publish("03_lstm", "v2")
    (said,) = begun.refresh()
    assert "could not be read" in said
    assert begun.read("03_lstm") == "mine"
    assert begun.refresh() == []  # mended
    begun.publish("03_lstm", "v3")
    begun.refresh()
    assert begun.read("03_lstm.new") == "v3"


@pytest.mark.parametrize("name", ["03", "3", "03_lstm", "03_lstm.ipynb", "03_l"])
def test_fresh_starts_over_and_keeps_every_old_copy(begun, clock, name):
    kept = "kept your old 03_lstm.ipynb as 03_lstm.2026-11-20-1412.ipynb"
    assert begun.refresh(name) == [kept, "started 03_lstm.ipynb afresh"]
    assert begun.refresh(name) == ["started 03_lstm.ipynb afresh"]  # untouched: no backup
    begun.write("03_lstm", "mine again")
    begun.refresh(name)  # within a minute
    found = [begun.read(f"03_lstm{end}") for end in ("", ".2026-11-20-1412", ".2026-11-20-1412-2")]
    assert found == ["v1", "mine", "mine again"]
    assert len(begun.names.split()) == 4


@pytest.mark.parametrize("name", ["07", "lstm", ""])
def test_fresh_for_no_lesson_lists_the_lessons(course, name):
    with pytest.raises(Problem, match="03_lstm"):
        course.refresh(name)
    assert not course.work.exists()


def test_a_folder_that_cannot_be_written_is_named(course, monkeypatch):
    course.work.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(Problem, match=r"could not be copied to .*work.*\n.*writable"):
        course.refresh()

    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    course.work.unlink()
    monkeypatch.setattr(copies, "write", full)
    with pytest.raises(Problem, match="disk is full"):
        course.refresh()


def test_a_stop_while_writing_leaves_the_old_file_whole(begun, monkeypatch):
    def stopped(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(copies.os, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        copies.write(begun.work / "03_lstm.ipynb", b"half")
    assert begun.read("03_lstm") == "mine"
    assert not list(begun.work.glob(".*.part"))


# --- the environment ------------------------------------------------------------------------------


class Pip:
    """In place of the real pip: notes what it was asked, and answers what it was told to."""

    def __init__(self):
        self.calls, self.answers = [], {}

    def __call__(self, root, folder, *arguments, program=("pip",)):
        self.calls.append(" ".join([*program, *arguments[: arguments.index("install")], *arguments[1:]]))
        for word, answer in self.answers.items():
            if word in self.calls[-1]:
                return answer
        return None


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A course's folder, in which environments are made of nothing."""
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    made = []

    def create(folder, reason, newest=False):
        shutil.rmtree(folder, ignore_errors=True)
        environment.python_in(folder).parent.mkdir(parents=True)
        environment.python_in(folder).touch()
        made.append(reason)

    house = SimpleNamespace(root=tmp_path, folder=tmp_path / ".venv", pip=Pip(), made=made, python="3.12")
    monkeypatch.setattr(environment, "create", create)
    monkeypatch.setattr(environment, "pip", house.pip)
    monkeypatch.setattr(environment, "has_torch", lambda root, folder: True)
    monkeypatch.setattr(environment, "version_of", lambda python: house.python if python.exists() else None)
    house.ensure = lambda **more: environment.ensure(house.root, **more)
    return house


def changing(name, old, new):
    def change(house):
        path = house.root / name
        path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")

    return change


def moved(house):
    elsewhere = house.root / "elsewhere"
    elsewhere.mkdir()
    for path in (".venv", "pyproject.toml", "constraints.txt"):
        (house.root / path).rename(elsewhere / path)
    house.root = elsewhere


def stamped(text):
    return lambda house: (house.folder / environment.STAMP).write_text(text, encoding="utf-8")


NOTHING = lambda house: None  # noqa: E731
PINNED, TESTS = "pip -e . -c constraints.txt", "pip -e .[test] -c constraints.txt"
NEWEST = "pip -e .[test] --upgrade --upgrade-strategy eager"
INTERRUPTED = "an earlier install was interrupted"
GONE = "it is incomplete, or the Python it was made from is gone"


@pytest.mark.parametrize(
    ("first", "change", "then", "anew", "installs"),
    [
        ({}, NOTHING, {}, None, None),
        ({}, NOTHING, {"test": True}, None, TESTS),
        ({"test": True}, NOTHING, {}, None, None),
        ({"test": True}, changing("constraints.txt", "numpy==2.", "numpy==3."), {}, None, TESTS),
        ({}, changing("constraints.txt", "\n", "\n# a remark\n"), {}, None, None),
        ({}, changing("pyproject.toml", "line-length = 1", "line-length = 2"), {}, None, None),
        ({}, stamped("{"), {}, None, PINNED),
        ({}, stamped("[]"), {}, None, PINNED),
        ({}, lambda h: (h.folder / environment.MARKER).touch(), {}, INTERRUPTED, PINNED),
        ({}, lambda h: environment.python_in(h.folder).unlink(), {}, GONE, PINNED),
        ({}, lambda h: setattr(h, "python", "3.13"), {}, "its Python was 3.12 and is now 3.13", PINNED),
        ({}, moved, {}, "it has been moved", PINNED),
        ({}, NOTHING, {"rebuild": True}, "you asked for it", PINNED),
        ({}, NOTHING, {"test": True, "newest": True}, "this is the first start", NEWEST),
    ],
)
def test_what_a_second_start_makes_anew_and_installs(house, first, change, then, anew, installs):
    assert house.ensure(**first) == environment.python_in(house.folder)
    assert house.made == ["this is the first start"]
    assert house.pip.calls == [TESTS if first else PINNED]
    change(house)
    house.ensure(**then)
    house.ensure(**{name: True for name in then if name != "rebuild"})  # finds all as it should be
    assert (house.root / ".venv-newest").exists() == ("newest" in then)
    assert house.made[1:] == [anew] * (anew is not None)
    assert house.pip.calls[1:] == [installs] * (installs is not None)


def test_a_finished_environment_stays_until_the_new_one_stands(house):
    house.ensure()
    (house.folder / "kept").touch()
    house.pip.answers["-e"] = "Temporary failure in name resolution"
    with pytest.raises(Problem):
        house.ensure(rebuild=True)
    assert (house.folder / "kept").exists() and environment.stamp(house.folder)
    house.pip.answers.clear()
    house.ensure(rebuild=True)
    assert not (house.folder / "kept").exists()
    assert not house.folder.with_name(".venv-old").exists()


@pytest.mark.parametrize(
    ("output", "cure"),
    [
        ("ERROR: OSError: [Errno 28] No space left on device", "disk is full"),
        ("Retrying ... NewConnectionError ...\nERROR: No matching distribution found for x", "Internet"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "PIP_CERT"),
        ("ERROR: No matching distribution found for torch==2.13.0", "no build for this computer"),
        ("[WinError 32] The file is being used by another process", "Close JupyterLab"),
        ("ERROR: something else", "--rebuild"),
    ],
)
def test_a_failed_install_says_why_and_is_tried_again(house, output, cure):
    house.pip.answers["-e"] = output
    with pytest.raises(Problem, match=cure) as error:
        house.ensure()
    assert output.splitlines()[-1] in str(error.value)
    del house.pip.answers["-e"]
    house.ensure()
    assert len(house.pip.calls) == 2


def test_without_a_network_an_update_waits(house, capsys):
    house.ensure()
    with open(house.root / "constraints.txt", "a", encoding="utf-8") as file:
        file.write("tiny==1.0\n")
    house.pip.answers["-e"] = "NewConnectionError"
    house.ensure()  # goes on with what is there, and says so
    assert "goes on with the packages as they were" in capsys.readouterr().out
    del house.pip.answers["-e"]
    house.ensure()
    assert len(house.pip.calls) == 3
    house.pip.answers["-e"] = "NewConnectionError"
    with pytest.raises(Problem, match="Internet"):
        house.ensure(test=True)  # but tests cannot run without their packages


NONE = "ERROR: No matching distribution found for torch==2.13.0+cpu"


@pytest.mark.parametrize(
    ("gpu", "answers", "last", "calls", "says"),
    [
        (False, {}, "pip torch==2.13.0+cpu", 1, None),
        (False, {"+cpu": NONE}, "--torch-backend cpu torch==2.13.0", 3, None),
        (False, {"+cpu": NONE, "--torch-backend": "dns error"}, "pip torch==2.13.0", 4, None),
        (False, {"+cpu": NONE, "pip uv": NONE}, "pip torch==2.13.0", 3, None),
        (False, {"+cpu": f"NewConnectionError\n{NONE}"}, "pip torch==2.13.0+cpu", 1, "Internet"),
        (True, {}, "pip torch==2.13.0", 1, None),
    ],
    ids=["pip sees a CPU build", "uv finds one", "neither", "no uv", "no network: once", "NVIDIA GPU"],
)
def test_pytorch_on_linux(house, monkeypatch, gpu, answers, last, calls, says):
    monkeypatch.setattr(environment, "has_nvidia_gpu", lambda: gpu)
    monkeypatch.setattr(environment, "check_space", lambda where, kind: None)
    house.pip.answers = answers
    with pytest.raises(Problem, match=says) if says else contextlib.nullcontext():
        environment.install_torch_on_linux(house.root, house.folder, newest=False)
    assert house.pip.calls[-1].endswith(last)
    assert len(house.pip.calls) == calls


def mac(version):
    return {"sys.platform": "darwin", "platform.mac_ver": lambda: (version, ("", "", ""), "")}


def test_too_little_disk_space_is_said_before_anything_is_downloaded(tmp_path, monkeypatch):
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda path: SimpleNamespace(free=1.2e9))
    with pytest.raises(Problem, match=r"needs 2.5 GB .* has 1.2 GB"):
        environment.create(tmp_path / ".venv", "this is the first start")
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"sys.maxsize": 2**31 - 1}, "32-bit"),
        ({"sys.version_info": (3, 99, 0)}, "no build for it yet"),
        ({"importlib.util.find_spec": lambda name: None}, r"sudo apt install python3\.\d+-venv"),
        ({**mac("15.1"), "platform.machine": lambda: "x86_64"}, "Intel"),
        ({**mac("13.6"), "platform.machine": lambda: "arm64"}, "macOS 14"),
        ({**mac("15.1"), "platform.machine": lambda: "arm64"}, None),
        ({"sys.platform": "win32", "platform.machine": lambda: "ARM64"}, "Windows on ARM"),
        ({"sys.platform": "win32", "platform.machine": lambda: "AMD64"}, None),
        ({"sys.platform": "linux", "platform.machine": lambda: "aarch64"}, None),
    ],
)
def test_a_computer_or_python_that_cannot_is_refused_with_the_cure(monkeypatch, changed, message):
    for name, value in changed.items():
        monkeypatch.setattr(name, value)
    with pytest.raises(Problem, match=message) if message else contextlib.nullcontext():
        environment.check_machine()


def test_one_install_at_a_time(tmp_path):
    path = tmp_path / "lock"
    with environment.only_one(path), open(path, "a+b") as second:
        assert not environment.locked(second)
    with open(path, "a+b") as second:
        assert environment.locked(second)


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for Python is a shell script")
@pytest.mark.parametrize(
    ("script", "unfinished"),
    [
        ("echo 'ERROR: NewConnectionError'; exit 1", False),
        ("echo 'Installing collected packages: torch'; exit 1", True),
        ("echo 'Installing collected packages: torch'; kill -9 $$", True),
        ("echo 'Installing collected packages: torch'; exit 0", False),
    ],
    ids=["nothing installed yet", "failed halfway", "killed halfway", "finished"],
)
def test_only_an_install_stopped_halfway_leaves_the_marker(tmp_path, script, unfinished):
    python = environment.python_in(tmp_path)
    python.parent.mkdir()
    python.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    python.chmod(0o755)
    output = environment.pip(tmp_path, tmp_path, "install", "torch")
    assert (output is None) == script.endswith("exit 0")
    assert (tmp_path / environment.MARKER).exists() == unfinished


def test_a_real_environment_is_recognised_whatever_foreign_settings_say(tmp_path, monkeypatch):
    """An old pip on the path, a start-up file that prints, a home of another Python."""
    (tmp_path / "pip.py").write_text("raise SystemExit('an old pip')")
    (tmp_path / "sitecustomize.py").write_text("print('hello')")
    for name, value in {"PYTHONPATH": tmp_path, "PYTHONHOME": tmp_path, "PYTHONSAFEPATH": 1}.items():
        monkeypatch.setenv(name, str(value))
    assert environment.version_of(sys.executable) == ".".join(map(str, sys.version_info[:2]))
    assert environment.version_of(tmp_path / "no python") is None
    assert environment.answer(sys.executable, "print('chatter'); answer = 1") == "1"


def test_a_port_is_a_port():
    with pytest.raises(SystemExit):
        commands.parser().parse_args(["lab", "--port", "80000"])
    assert commands.parser().parse_args(["lab", "--port", "8890"]).port == 8890


def test_tasks_start_without_their_folder_on_the_path():
    settings = {**os.environ, "PYTHONSAFEPATH": "1"}
    run = subprocess.run([sys.executable, ROOT / "tasks.py", "--help"], capture_output=True, env=settings)
    assert run.returncode == 0, run.stderr


def test_one_thread_unless_the_learner_says_otherwise_and_no_foreign_settings():
    assert {environment.clean({})[name] for name in environment.THREADS} == {"1"}
    chosen = environment.clean({"OMP_NUM_THREADS": "4", **dict.fromkeys(environment.FOREIGN, "x")})
    assert chosen["OMP_NUM_THREADS"] == "4"
    assert not set(chosen) & set(environment.FOREIGN)


# --- the commands ---------------------------------------------------------------------------------


@pytest.fixture
def handed_over(monkeypatch, tmp_path):
    """Run a command up to the point where it would become another program, and look at that."""
    seen = SimpleNamespace(root=tmp_path, asked=None)

    def hand_over(command, options, extra=()):
        seen.command, seen.settings = [str(part) for part in command], dict(extra)
        return 0

    def ensure(root, **asked):
        seen.asked = asked
        return "python"

    monkeypatch.setattr(commands, "ROOT", tmp_path)
    monkeypatch.setattr(commands, "hand_over", hand_over)
    monkeypatch.setattr(commands.environment, "ensure", ensure)
    Course(tmp_path)
    return seen


def test_lab_opens_the_first_lesson_among_the_copies(handed_over):
    assert commands.main(["lab", "--no-browser", "--port", "8890", "--ServerApp.token=x"]) == 0
    words = handed_over.command
    assert words[:3] == ["python", "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={handed_over.root / 'work'}" in words
    assert "--LabApp.default_url=/lab/tree/00_start_here.ipynb" in words
    assert {"--no-browser", "--ServerApp.port=8890", "--ServerApp.token=x"} <= set(words)
    assert (handed_over.root / "work" / "03_lstm.ipynb").exists()
    assert handed_over.asked == {"test": False, "newest": False, "rebuild": False}


@pytest.mark.parametrize("words", [["lab", "--frsh", "03"], ["lab", "03"], ["doctor", "now"]])
def test_a_slip_of_the_finger_is_not_passed_on(handed_over, capsys, words):
    assert commands.main(words) == 1
    assert f"I do not know {' '.join(words[1:])}." in capsys.readouterr().err
    assert not (handed_over.root / "work").exists()


def test_export_takes_the_learners_copy_if_there_is_one(handed_over, capsys):
    work, page = handed_over.root / "work", str(handed_over.root / "work" / "03_lstm.html")
    assert commands.main(["export", "03"]) == 0
    lesson = str(handed_over.root / "notebooks" / "03_lstm.ipynb")
    assert handed_over.command[1:] == ["-m", "lessons", "export", lesson, page]
    (work / "03_lstm.ipynb").touch()
    assert commands.main(["export", "3"]) == 0
    assert handed_over.command[-2:] == [str(work / "03_lstm.ipynb"), page]
    assert commands.main(["export", "99"]) == commands.main(["export"]) == 1
    assert "export 99: '99' is not a lesson" in capsys.readouterr().err


def test_commands_that_make_the_environment_and_copy_nothing(handed_over):
    assert commands.main(["setup"]) == 0
    assert handed_over.asked and not hasattr(handed_over, "command")  # nothing is started
    assert commands.main(["doctor"]) == 0
    assert handed_over.command == ["python", "-m", "lessons", "doctor"]
    assert commands.main(["test", "tests/test_setup.py", "-k", "macs", "-x"]) == 0
    assert handed_over.command == ["python", "-m", "pytest", "tests/test_setup.py", "-k", "macs", "-x"]
    assert handed_over.asked["test"]
    assert not (handed_over.root / "work").exists()


def test_without_an_environment_the_doctor_still_comes(handed_over, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "jupyterlab" else name)
    assert commands.main(["doctor", "--no-venv"]) == 0
    assert handed_over.command == [sys.executable, "-m", "lessons", "doctor"]
    assert commands.main(["lab", "--no-venv"]) == 1
    assert "jupyterlab is not installed" in capsys.readouterr().err
    assert handed_over.asked is None  # nothing was made


def test_bench_runs_them_all_and_fails_when_one_does(handed_over, monkeypatch, capsys):
    monkeypatch.setattr(commands.environment, "ensure", lambda root, **asked: sys.executable)
    (handed_over.root / "benchmarks").mkdir()
    (handed_over.root / "benchmarks" / "bench_good.py").write_text("open('table', 'w').close()")
    assert commands.main(["bench"]) == 0
    assert (handed_over.root / "table").exists()
    (handed_over.root / "benchmarks" / "bench_bad.py").write_text("raise SystemExit(3)")
    assert commands.main(["bench", "good"]) == 0
    assert commands.main(["bench"]) == 1
    assert "Failed: bench_bad" in capsys.readouterr().err
    assert commands.main(["bench", "none"]) == 1


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (Problem("Do this."), 1, "Do this."),
        (KeyboardInterrupt(), 130, "Type the same command again"),
        (OSError(errno.ENOSPC, "No space left on device", "place"), 1, "place could not be written"),
    ],
)
def test_what_goes_wrong_is_said_in_words(handed_over, monkeypatch, capsys, error, status, message):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(commands.environment, "ensure", fail)
    assert commands.main(["doctor"]) == status
    assert message in capsys.readouterr().err


def test_where_the_home_folder_takes_no_files_jupyters_go_into_work(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert "JUPYTER_RUNTIME_DIR" not in commands.jupyter_settings(tmp_path)
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path / "file" / "home")
    settings = commands.jupyter_settings(tmp_path)
    moved = [settings[f"JUPYTER_{kind}_DIR"] for kind in ("RUNTIME", "DATA", "CONFIG")]
    assert all(folder.startswith(str(tmp_path / ".jupyter")) for folder in moved)
    assert capsys.readouterr().out.count("Nothing can be written to") == 1
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "file" / "runtime"))
    assert "JUPYTER_DATA_DIR" not in commands.jupyter_settings(tmp_path)
    assert str(tmp_path / "file" / "runtime") in capsys.readouterr().out


# --- JupyterLab, for real -------------------------------------------------------------------------


def test_the_websocket_sends_at_once(monkeypatch):
    config = Config()
    path = ROOT / "lessons" / "jupyter" / "jupyter_server_config.py"
    runpy.run_path(str(path), init_globals={"get_config": lambda: config})
    prompt = config.ServerApp.kernel_websocket_connection_class
    (usual,) = prompt.__bases__
    asked = []
    monkeypatch.setattr(usual, "connect", lambda self: "connected")
    monkeypatch.setattr(prompt, "websocket_handler", SimpleNamespace(set_nodelay=asked.append))
    assert prompt.connect(prompt.__new__(prompt)) == "connected"
    assert asked == [True]
    assert config.HTMLExporter.preprocessors == ["lessons.export.StaticFigures"]


def test_lab_serves_the_copies_with_the_settings_of_the_course(tmp_path):
    with serve_course(tmp_path) as url:
        names = {item["name"] for item in ask(url, "contents")["content"]}
        news = ask(f"{url}lab/", "settings/@jupyterlab/apputils-extension:notification")
    assert names == {"extras", *(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))}
    assert news["schema"]["properties"]["fetchNews"]["default"] == "false"
    assert (tmp_path / "course" / "work" / "00_start_here.ipynb").exists()
