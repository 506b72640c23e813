"""How large the house is: lines of code by room, and words and cells by lesson, into sizes.md.

A line of code is one that is neither blank, nor a comment, nor part of a docstring.
"""

import ast
import json
import re
import statistics
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAGE = ("figures", "live_figure", "explorers", "reports", "export", "doctor", "jupyter", "__")
# Explorers added to the first six, each with the modules that only it needs. They count beside the stage.
LATER = "chain eigenvalues error_price gap_filling hold_gate ridge_weights rollout_steps sliding_window"
ADDED = {name: (f"explorers/{name}.py",) for name in f"{LATER} two_libraries".split()}
ADDED["cell"] = "explorers/cell.py", "explorers/cell_words.py"
ADDED["what cell and chain draw with"] = (
    "explorers/drawing.py",
    "figures/cell_drawing.py",
    "figures/chain_drawing.py",
)
MOST_ADDED = 180  # lines of an explorer; what it draws with is counted apart
BESIDE = "explorers added later"
NO_KERNEL = ("explorers/recording.py", "export.py")  # explorers in a page by themselves
MOST = {"subject": 3200, "stage": 2600, "exercises: engine": 900, "exercises: lessons": 3000, "tests": 11000}
WORDS = dict(enumerate((600, 2300, 2200, 3600, 2400, 2400, 2500, 2600, 2700)))  # at most, by lesson


def code_lines(path):
    """Return how many lines of a Python file are code."""
    text = path.read_text(encoding="utf-8")
    lines = dict(enumerate(map(str.strip, text.splitlines()), 1))
    for node in ast.walk(ast.parse(text)):
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if documented and ast.get_docstring(node) is not None:
            for number in range(node.body[0].lineno, node.body[0].end_lineno + 1):
                lines[number] = ""
    return sum(bool(line) and not line.startswith("#") for line in lines.values())


def room_of(path):
    """Return the part of the house that a Python file belongs to, a path from its top."""
    if path.parts[0] != "lessons":
        return "set-up" if path.parts[0] in ("tools", "tasks.py", "postBuild") else path.parts[0]
    if path.parts[1] == "exercises":
        return "exercises: lessons" if path.parts[2].startswith("lesson_") else "exercises: engine"
    module = path.relative_to("lessons").as_posix()
    if any(module in modules for modules in ADDED.values()):
        return BESIDE
    if module in NO_KERNEL:
        return "pages without a kernel"
    return "stage" if path.parts[1].startswith(STAGE) else "subject"


def rooms():
    """Return {room: {file: lines of code}}."""
    found = {}
    for place in ("lessons", "classroom", "tests", "benchmarks", "tools"):
        for path in sorted((ROOT / place).rglob("*.py")):
            file = path.relative_to(ROOT)
            found.setdefault(room_of(file), {})[file.as_posix()] = code_lines(path)
    return found


def words(notebook):
    """Return the words of a lesson's main path: its prose without folded answers and references."""
    cells = notebook["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return len(re.sub(r"<details>.*?</details>", "", text, flags=re.S).split("\n## References")[0].split())


def main():
    """Print the tables and write them to sizes.md."""
    lines = ["# Sizes", "", "Written by `python3 tasks.py bench sizes`.", ""]
    lines += [
        "| room | lines of code | at most | modules | median module | longest |",
        "|---|---|---|---|---|---|",
    ]
    found = rooms()
    for room, files in found.items():
        longest = max(files, key=files.get)
        median = statistics.median(files.values())
        counts = f"{sum(files.values())} | {MOST.get(room, '')} | {len(files)} | {median:.0f}"
        lines.append(f"| {room} | {counts} | {longest} {files[longest]} |")
    scripts = [path for path in (ROOT / "lessons").rglob("*") if path.suffix in (".js", ".css")]
    total = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in scripts)
    lines += [f"| JavaScript and CSS | {total} | | {len(scripts)} | | |", ""]
    lines += ["| explorer added later | lines of code | at most |", "|---|---|---|"]
    for name, modules in ADDED.items():
        count = sum(found[BESIDE][f"lessons/{module}"] for module in modules)
        lines.append(f"| {name} | {count} | {MOST_ADDED if ' ' not in name else ''} |")
    lines += ["", "| lesson | words | at most | cells | longest cell, lines |", "|---|---|---|---|---|"]
    for path in sorted((ROOT / "notebooks").rglob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        code = [len(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
        most = WORDS[int(path.name[:2])] if path.name[:2].isdigit() else ""
        lines.append(f"| {path.stem} | {words(notebook)} | {most} | {len(notebook['cells'])} | {max(code)} |")
    text = "\n".join([*lines, ""])
    print(text)
    (ROOT / "benchmarks" / "sizes.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
