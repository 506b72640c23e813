"""The package's structure: who imports whom, and that every public name has a user."""

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SUBJECT = "checks tables series cleaning windows baselines statistical rnn wrappers torch_rnn"
STAGE = "live_figure figures explorers exercises reports export doctor"
FLOORS = f"{SUBJECT} rollout gates records scores significance diagnostics refits {STAGE}".split()
# A module imports what stands before it in the list. What may not be imported at all, except on demand:
HEAVY = {
    "torch": ("torch_rnn", "exercises/lesson_05"),
    "ipywidgets": ("explorers",),
    "IPython": ("live_figure", "explorers"),
}
ENTRY_POINTS = {  # called from outside the repository: learners' code, graders, DESIGN's list
    "lessons.windows": {"audit", "rolling_origins"},
    "lessons.rnn": {"RNN", "LSTM", "GRU", "lstm_step", "gru_step", "gradient_check"},
    "lessons.torch_rnn": {"TorchForecaster", "to_torch", "from_torch"},
    "lessons.exercises": {"check", "hint", "solution", "use", "REGISTRY"},
}
USERS = "lessons", "classroom", "benchmarks", "tools", "book"
MODULES = sorted((ROOT / "lessons").rglob("*.py"))


def name_of(path):
    return path.relative_to(ROOT / "lessons").with_suffix("").as_posix().removesuffix("/__init__")


def imports(tree):
    """Yield (module, whether on demand) for the imports of a module: on demand stands within a function."""
    inside = {id(n) for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for n in ast.walk(f)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield node.module, id(node) in inside
            yield from ((f"{node.module}.{alias.name}", id(node) in inside) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in inside) for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_data_flows_down(path):
    own = name_of(path).split("/")[0]
    for module, on_demand in imports(ast.parse(path.read_text(encoding="utf-8"))):
        part = module.split(".")
        if own in FLOORS and part[0] == "lessons" and len(part) > 1 and part[1] in FLOORS and not on_demand:
            assert FLOORS.index(part[1]) <= FLOORS.index(own), (
                f"{own} imports {part[1]}, which stands above it"
            )
        if part[0] in HEAVY and not on_demand:
            assert any(name_of(path).startswith(user) for user in HEAVY[part[0]]), (
                f"{name_of(path)}: {module}"
            )
        assert part[0] != "classroom", "the grader is the teacher's"


def test_only_the_classroom_imports_nbgrader():
    for path in (path for name in ("lessons", "tools", "book") for path in (ROOT / name).rglob("*.py")):
        modules = {module for module, _ in imports(ast.parse(path.read_text(encoding="utf-8")))}
        assert not any(module.startswith("nbgrader") for module in modules), path


SECOND = "lessons.exercises.lesson_02"
GATES = """
import numpy as np
from lessons import figures, gates, rnn
figures.gate_panels(gates.record_gates(rnn.LSTM(1, 4), np.ones((2, 5, 1))))"""


@pytest.mark.parametrize(
    ("code", "unpaid"),
    [
        ("import lessons", "numpy plotly"),
        (
            "from lessons.exercises import check; check('01.skill')",
            "torch ipywidgets lessons.exercises.lesson_02",
        ),
        (GATES, "torch ipywidgets"),
    ],
)
def test_nobody_pays_for_what_a_lesson_does_not_use(code, unpaid):
    code += f"\nimport sys; print({set(unpaid.split())} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.endswith("set()\n"), run.stdout + run.stderr


def public_names():
    """Yield (path, name) for what the package's modules offer."""
    for path in MODULES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            function = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if function and "/lesson_" not in name_of(path):
                yield path, node.name


def words_of_users():
    """Return {path: how often each word stands there} of all code that may use a name; the tests may not."""
    paths = [path for name in USERS for path in (ROOT / name).rglob("*.py")]
    paths += (ROOT / "notebooks").rglob("*.ipynb")
    return {path: Counter(re.findall(r"\w+", path.read_text(encoding="utf-8"))) for path in paths}


def test_every_public_name_has_a_user():
    words, idle = words_of_users(), []
    for path, name in public_names():
        # handing a name on is no use of it, nor is defining it
        handing_on = [folder / "__init__.py" for folder in path.parents]
        used = sum(count[name] for user, count in words.items() if user not in handing_on) - 1
        used += path.name == "__init__.py"
        if not used and not any(name in names for names in ENTRY_POINTS.values()):
            idle.append(f"{name_of(path)}: {name}")
    assert idle == [], "used by tests alone: " + ", ".join(idle)


def test_no_module_and_explorer_share_a_name():
    from lessons import explorers, figures

    modules = {name_of(path).split("/")[0] for path in MODULES}
    assert set(explorers.__all__) & {*modules, *figures.__all__} == set()
