"""The in-browser edition, as far as it needs no Pyodide; what runs in it is in browser/test_lite_runs.py."""

import ast
import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path

import pytest

from book import lite

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def contents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("contents")
    lite.contents(folder)
    return folder


def cells(path):
    return {cell["id"]: cell for cell in json.loads(path.read_text("utf-8"))["cells"]}


def test_every_notebook_is_there_with_the_browsers_kernel_and_what_is_true_there(contents):
    originals = {path.relative_to(ROOT / "notebooks") for path in (ROOT / "notebooks").rglob("*.ipynb")}
    assert {path.relative_to(contents) for path in contents.rglob("*.ipynb")} == originals
    for path in originals:
        assert json.loads((contents / path).read_text("utf-8"))["metadata"]["kernelspec"]["name"] == "python"
        before, now = cells(ROOT / "notebooks" / path), cells(contents / path)
        assert not re.search(r"tasks\.py|`work/`", json.dumps(now)), path
        for name, cell in before.items():
            assert cell["cell_type"] == "markdown" or now[name] == cell
    for number in ("00", "03", "04", "05", "07", "08"):
        (path,) = contents.glob(f"{number}*.ipynb")
        assert "browser" in cells(path)["in-the-browser"]["source"]


def test_a_change_that_no_longer_fits_is_refused():
    notebook = {"metadata": {}, "cells": [{"id": "a", "cell_type": "code", "source": ["x = 1\n", "x = 1"]}]}
    assert lite.changed(notebook, cells={"a": {"= 1\n": "= 2\n"}})["cells"][0]["source"] == "x = 2\nx = 1"
    for old, times in (("y", 0), ("x", 2)):
        with pytest.raises(ValueError, match=f"cell a: '{old}' is there {times} times, expected once"):
            lite.changed(notebook, cells={"a": {old: ""}})


def test_what_the_course_and_the_kernel_import_is_locked():
    pyodide_lock, core = lite.lock()
    packages = {name: entry["depends"] for name, entry in pyodide_lock["packages"].items()}
    assert {"pyodide.js", "pyodide.asm.wasm", "python_stdlib.zip"} <= core.keys()
    assert {"numpy", "pandas", "ssl", "sqlite3", "ipython", "jedi"} <= packages.keys()
    packages |= lite.PURE | lite.OWN
    packages = {name: [other.replace("_", "-") for other in depends] for name, depends in packages.items()}
    assert {name for depends in packages.values() for name in depends} <= packages.keys()
    needed, open_ = set(), ["lessons"]
    while open_:
        needed.add(name := open_.pop())
        open_ += [other for other in packages[name] if other not in needed]
    known = {name.replace("-", "_") for name in needed} | {"IPython", "lessons", *sys.stdlib_module_names}
    for path in (ROOT / "lessons").rglob("*.py"):
        if path.stem in ("torch_rnn", "lesson_05", "export") or "jupyter" in path.parts:
            continue  # what needs PyTorch or Jupyter's server
        for node in ast.parse(path.read_text("utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} <= known, path


def test_what_is_missing_or_not_as_locked_is_an_error(tmp_path):
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    here.mkdir()
    (there / "a.whl").write_bytes(b"as it should be")
    right = hashlib.sha256(b"as it should be").hexdigest()
    lite.gather({"a.whl": right}, str(there), here)
    assert (here / "a.whl").read_bytes() == b"as it should be"
    with pytest.raises(ValueError, match=r"a\.whl has the sha256 .*, expected 00"):
        lite.gather({"a.whl": "00"}, there.as_uri() + "/", here)
    with pytest.raises(FileNotFoundError):
        lite.gather({"b.whl": right}, str(there), here)


def test_the_courses_wheel_has_all_its_files_and_its_place_in_the_lock(tmp_path):
    lite.own_wheels(tmp_path)
    entries = lite.added(tmp_path.glob("*.whl"))
    assert entries.keys() == {"lessons", "nbformat"} and entries["lessons"]["imports"] == ["lessons"]
    assert entries["lessons"]["depends"] == lite.OWN["lessons"]
    wheel = tmp_path / entries["lessons"]["file_name"]
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() == entries["lessons"]["sha256"]
    first = wheel.read_bytes()
    lite.own_wheels(tmp_path)
    assert wheel.read_bytes() == first  # the same files make the same wheel
    names = zipfile.ZipFile(wheel).namelist()
    assert {"lessons/live_figure.js", "lessons/records/gru-0.npz"} <= set(names)
    assert not [name for name in names if "__pycache__" in name]


def test_arrow_keys_are_left_to_the_sliders_and_every_cell_is_in_the_page():
    settings = json.loads((lite.HERE / "overrides.json").read_text("utf-8"))
    assert settings["@jupyterlab/notebook-extension:tracker"]["windowingMode"] == "none"
    shortcuts = settings["@jupyterlab/shortcuts-extension:shortcuts"]["shortcuts"]
    disabled = {key for shortcut in shortcuts for key in shortcut["keys"] if shortcut["disabled"]}
    assert disabled == {f"Arrow{way}" for way in ("Left", "Right", "Up", "Down")}
