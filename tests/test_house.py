"""The package's structure: who imports whom, and that every public name has a user."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SUBJECT = "checks tables records series cleaning windows baselines rnn wrappers torch_rnn rollout gates"
STAGE = "live_figure figures explorers exercises reports export doctor"
FLOORS = f"{SUBJECT} scores refits {STAGE}".split()
# A module imports what stands before it in the list. What may not be imported at all, except on demand:
HEAVY = {
    "torch": ("torch_rnn", "exercises/lesson_05"),
    "ipywidgets": ("explorers",),
    "nbgrader": (),
    "IPython": ("live_figure", "explorers"),
}
ENTRY_POINTS = {  # called from outside the repository: learners' code, graders, DESIGN's list
    "lessons.windows": {"audit", "rolling_origins"},
    "lessons.rnn": {"RNN", "LSTM", "GRU", "lstm_step", "gru_step", "gradient_check"},
    "lessons.torch_rnn": {"TorchForecaster", "to_torch", "from_torch"},
    "lessons.exercises": {"check", "hint", "solution", "use", "REGISTRY"},
}
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


def public_names():
    """Return {module: names} of what the package's modules offer."""
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        defined = [n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
        for name in defined:
            if not name.startswith("_") and "/lesson_" not in name_of(path):
                yield path, name


def users():
    """Return the text of all code that may use a name: not the tests, and not the name's own definition."""
    folders = [ROOT / name for name in ("lessons", "classroom", "benchmarks", "tools", "book")]
    texts = {path: path.read_text(encoding="utf-8") for folder in folders for path in folder.rglob("*.py")}
    for path in (ROOT / "notebooks").rglob("*.ipynb"):
        texts[path] = path.read_text(encoding="utf-8")
    return texts


def test_every_public_name_has_a_user():
    texts, entry = users(), {name for names in ENTRY_POINTS.values() for name in names}
    idle = []
    for path, name in public_names():
        if name in entry:
            continue
        used = 0
        for user, text in texts.items():
            if user.name == "__init__.py" and user.parent in path.parents:
                continue  # handing a name on is no use of it
            count = len(re.findall(rf"\b{name}\b", text))
            used += count - 1 if user == path else count
        if not used:
            idle.append(f"{name_of(path)}: {name}")
    assert idle == [], "used by tests alone: " + ", ".join(idle)


def test_no_module_and_explorer_share_a_name():
    from lessons import explorers, figures

    modules = {name_of(path).split("/")[0] for path in MODULES}
    assert set(explorers.__all__) & {*modules, *figures.__all__} == set()
