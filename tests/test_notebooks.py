"""The lessons run from top to bottom untouched; and their form: what they must and must not contain."""

import json
import re
import subprocess
import sys
from pathlib import Path

import bench_sizes
import pytest
from lesson_run import ALL, executed
from nbformat import v4

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
    cells, metadata = notebook["cells"], notebook["metadata"]
    ids = [cell.get("id", "") for cell in cells]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    titles = re.findall(r"^# ", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), flags=re.M)
    headings = {title.replace(" ", "-") for title in re.findall(r"^#+ (.+)", text, flags=re.M)}
    places = set(re.findall(r"\]\(#(.+?\)?)\)", text))
    of_all = {
        f"no heading is called {places - headings}": places - headings,
        "the kernelspec is not python3": metadata.get("kernelspec", {}).get("name") != "python3",
        "language_info tells one machine's version": set(metadata.get("language_info", {})) - {"name"},
        "the format is older than 4.5": (notebook["nbformat"], notebook["nbformat_minor"]) < (4, 5),
        "two cells have one id": len(set(ids)) < len(ids),
        f"there are {len(titles)} titles (# ...) instead of one": len(titles) != 1,
    }
    return [words for words, wrong in of_all.items() if wrong] + [
        f"cell {cell.get('id')} {words}" for cell in cells for words, wrong in rules(cell).items() if wrong
    ]


def rules(cell):
    """Return {complaint about a cell: whether it holds}."""
    source, name = "".join(cell["source"]), cell.get("id", "")
    meaningful = r"(?![0-9a-f]{8}(-[0-9a-f-]+)?$)[a-z][a-z0-9_-]{0,63}"
    found = {"has no meaningful id": not re.fullmatch(meaningful, name), "is empty": not source.strip()}
    if cell["cell_type"] != "code":
        return found
    lines = len(source.splitlines())
    found |= {problem: re.search(pattern, source, flags=re.M) for pattern, problem in FORBIDDEN.items()}
    return found | {
        "has an output or an execution count": cell["outputs"] or cell["execution_count"] is not None,
        "has execution times in its metadata": "execution" in cell["metadata"],
        f"has {lines} lines ({LONGEST_CELL} at most)": lines > LONGEST_CELL,
    }


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
def test_whoever_is_sent_to_hint_and_solution_finds_them(path):
    """The card of a failed check tells the learner to call them."""
    code = "\n".join("".join(c["source"]) for c in read(path)["cells"] if c["cell_type"] == "code")
    assert "check(" not in code or "from lessons.exercises import check, hint, solution, use" in code


def test_the_map_has_the_lessons_and_no_other():
    rows = re.findall(r"^\| (\d\d) ", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.M)
    assert rows == [path.stem.split("_")[0] for path in NOTEBOOKS]


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_is_content_with_the_notebooks(command):
    ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", "notebooks"]
    run = subprocess.run(ruff, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


# --- the rules themselves -----------------------------------------------------------------------


def good():
    kernel = {"name": "python3", "display_name": "Python"}
    text = v4.new_markdown_cell("# Title\n```\n# no title\n```", id="intro")
    code = v4.new_code_cell("x = 1", id="answer-01-make_windows")
    return v4.new_notebook(cells=[text, code], metadata={"kernelspec": kernel})


@pytest.mark.parametrize(
    ("place", "value", "complaint"),
    [
        ("outputs", [{"output_type": "stream"}], "has an output"),
        ("metadata", {"execution": {}}, "execution times"),
        ("id", "intro", "two cells have one id"),
        ("id", "3f2a9c1e", "no meaningful id"),
        ("source", "x = 1\n" * 21, "has 21 lines"),
        ("source", "", "is empty"),
        ("source", "!pip install x", "installs something"),
        ("source", 'pd.read_csv("https://example.org/x.csv")', "fetches something"),
        ("source", 'open("/home/me/x.csv")', "absolute path"),
        ("source", 'warnings.filterwarnings("ignore")', "silences every warning"),
        ("source", "from numpy import *", "star import"),
        ("title", "no title", "titles"),
        ("title", "# Title (5 min)\n[there](#Title-(6-min))", "no heading is called {'Title-(6-min)'}"),
        ("kernelspec", {"name": "my-env"}, "kernelspec"),
        ("language_info", {"version": "3.11.7"}, "language_info"),
    ],
)
def test_a_bad_notebook_is_complained_about(place, value, complaint):
    notebook = good()
    assert complaints(notebook) == []
    text, code = notebook["cells"]
    if place == "title":
        text["source"] = value
    else:
        (code if place in code else notebook["metadata"])[place] = value
    assert any(complaint in line for line in complaints(notebook))
