"""The lessons run from top to bottom untouched; and their form: what they must and must not contain."""

import copy
import json
import re
import subprocess
import sys
from pathlib import Path

import bench_sizes
import pytest
from lesson_run import ALL, executed

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LONGEST_CELL = 20

FORBIDDEN = {
    r"^\s*[!%]\s*(pip|conda|mamba|uv)\b|^\s*!": "installs something or calls the shell",
    r"https?://|\burllib\.request\b|\brequests\b|\burlopen\b": "fetches something",
    r"""["'](/(home|Users|work|tmp|usr|root|mnt|content)\b|[A-Za-z]:[\\/]|~/)""": "has an absolute path",
    r"filterwarnings\(\s*[\"']ignore[\"']\s*\)|simplefilter\(\s*[\"']ignore": "silences every warning",
    r"^\s*from \S+ import \*": "has a star import",
    r"^\s*await\b": "awaits, which leaves sliders dead until a reload",
}


def complaints(notebook):
    """Return what is wrong with a notebook, a line each."""
    found = []
    kernel = notebook["metadata"].get("kernelspec", {})
    if kernel.get("name") != "python3":
        found.append("the kernelspec is not python3")
    if not set(notebook["metadata"].get("language_info", {})) <= {"name"}:
        found.append("language_info tells one machine's Python version")
    if (notebook["nbformat"], notebook["nbformat_minor"]) < (4, 5):
        found.append("the format is older than 4.5, which has no cell ids")
    ids = [cell.get("id", "") for cell in notebook["cells"]]
    found += [
        f"two cells are called {name}" for name in sorted({name for name in ids if ids.count(name) > 1})
    ]
    titles = 0
    for cell in notebook["cells"]:
        source, name = "".join(cell["source"]), cell.get("id", "")
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,63}", name) or re.fullmatch(
            r"[0-9a-f]{8}(-[0-9a-f-]+)?", name
        ):
            found.append(f"cell {name!r} has no meaningful id")
        if not source.strip():
            found.append(f"cell {name} is empty")
        if cell["cell_type"] == "code":
            found += [f"cell {name} {problem}" for problem in complaints_about_code(cell, source)]
        else:
            titles += len(
                re.findall(r"^# ", re.sub(r"^```.*?^```", "", source, flags=re.M | re.S), flags=re.M)
            )
    if titles != 1:
        found.append(f"there are {titles} titles (# ...) instead of one")
    return found


def complaints_about_code(cell, source):
    if cell["outputs"] or cell["execution_count"] is not None:
        yield "has an output or an execution count"
    if "execution" in cell["metadata"]:
        yield "has execution times in its metadata"
    if (lines := len(source.splitlines())) > LONGEST_CELL:
        yield f"has {lines} lines ({LONGEST_CELL} at most)"
    for pattern, problem in FORBIDDEN.items():
        if re.search(pattern, source, flags=re.M):
            yield problem


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def of(path):
    return path.stem


def sources_of(path):
    return [cell["source"] for cell in read(path)["cells"] if cell["cell_type"] == "markdown"]


@pytest.mark.claims
@pytest.mark.parametrize("path", ALL, ids=of)
def test_notebook_runs_untouched(path):
    name = path.relative_to(ROOT / "notebooks").with_suffix("").as_posix()
    for cell in executed(name).notebook.cells:
        for output in cell.get("outputs", ()):
            assert output.get("name") != "stderr", f"{cell['id']} warns: {output['text']}"


@pytest.mark.parametrize("path", ALL, ids=of)
def test_notebook_is_in_good_form(path):
    assert complaints(read(path)) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=of)
def test_lesson_keeps_to_its_length(path):
    assert bench_sizes.words(read(path)) <= bench_sizes.WORDS[int(path.stem[:2])]
    headings = re.findall(r"^## \d+ · .*$", "\n".join(map("".join, sources_of(path))), flags=re.M)
    assert [line for line in headings if not re.search(r"\(\d+ min\)$", line)] == []


@pytest.mark.parametrize("path", ALL, ids=of)
def test_notebook_is_written_as_git_and_jupyter_write_it(path):
    text = path.read_text(encoding="utf-8")
    assert "\r" not in text
    assert text == json.dumps(read(path), indent=1, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=of)
def test_lesson_is_on_the_map(path):
    number = path.stem.split("_")[0]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| {number} ", readme, flags=re.M), f"README.md has no row for lesson {number}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=of)
def test_whoever_is_sent_to_hint_and_solution_finds_them(path):
    """The card of a failed check tells the learner to call them."""
    code = "\n".join("".join(c["source"]) for c in read(path)["cells"] if c["cell_type"] == "code")
    assert "check(" not in code or "from lessons.exercises import check, hint, solution, use" in code


def test_the_map_promises_no_lesson_that_is_not_there():
    if not NOTEBOOKS:
        pytest.skip("no lessons yet")
    rows = re.findall(r"^\| (\d\d) ", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.M)
    assert rows == [path.stem.split("_")[0] for path in NOTEBOOKS]


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_is_content_with_the_notebooks(command):
    ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", "notebooks"]
    run = subprocess.run(ruff, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


# --- the rules themselves -----------------------------------------------------------------------

GOOD = {
    "cells": [
        {
            "cell_type": "markdown",
            "id": "intro",
            "metadata": {},
            "source": ["# Title\n", "```\n", "# no title\n", "```"],
        },
        {
            "cell_type": "code",
            "id": "answer-01-make_windows",
            "metadata": {},
            "source": ["x = 1"],
            "outputs": [],
            "execution_count": None,
        },
    ],
    "metadata": {"kernelspec": {"name": "python3"}, "language_info": {"name": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def test_a_good_notebook_has_no_complaints():
    assert complaints(GOOD) == []


@pytest.mark.parametrize(
    ("place", "value", "complaint"),
    [
        ("outputs", [{"output_type": "stream"}], "has an output"),
        ("execution_count", 3, "has an output or an execution count"),
        ("metadata", {"execution": {}}, "execution times"),
        ("id", "intro", "two cells are called intro"),
        ("id", "3f2a9c1e", "no meaningful id"),
        ("source", "x = 1\n" * 21, "has 21 lines"),
        ("source", "", "is empty"),
        ("source", "!pip install x", "installs something"),
        ("source", "%pip install x", "installs something"),
        ("source", 'pd.read_csv("https://example.org/x.csv")', "fetches something"),
        ("source", 'open("/home/me/x.csv")', "absolute path"),
        ("source", 'open("C:/x.csv")', "absolute path"),
        ("source", 'warnings.filterwarnings("ignore")', "silences every warning"),
        ("source", "from numpy import *", "star import"),
    ],
)
def test_a_bad_cell_is_complained_about(place, value, complaint):
    notebook = copy.deepcopy(GOOD)
    notebook["cells"][1][place] = value
    assert any(complaint in line for line in complaints(notebook))


@pytest.mark.parametrize(
    ("metadata", "complaint"),
    [
        ({"kernelspec": {"name": "my-env"}}, "kernelspec"),
        ({"kernelspec": {"name": "python3"}, "language_info": {"version": "3.11.7"}}, "language_info"),
    ],
)
def test_bad_metadata_is_complained_about(metadata, complaint):
    assert any(complaint in line for line in complaints({**GOOD, "metadata": metadata}))


@pytest.mark.parametrize("source", ["no title", "# One\n\n# Two"])
def test_there_is_one_title(source):
    notebook = copy.deepcopy(GOOD)
    notebook["cells"][0]["source"] = source
    assert any("titles" in line for line in complaints(notebook))
