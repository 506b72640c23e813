"""Submissions that are broken, or mean harm: how each is made, and what log and feedback say of it.

Each is a row of the tables in classroom/hostile.md: what is handed in, what it must cost, what is said.
Where that is no code, a function here makes it. All are of lesson 01; most have right answers but for
`make_windows`.
"""

import copy
import json
import os
import re
import socket
import zipfile
from pathlib import Path
from typing import NamedTuple

from classroom.submission import is_answer, nbgrader_of
from lessons.exercises import REGISTRY

TABLES = Path(__file__).resolve().parents[2] / "classroom" / "hostile.md"
LESSON, FIRST = "01_windows_and_leakage", "01.make_windows"
ALL = sum(exercise.points for exercise in REGISTRY.of_lesson("01"))
WITHOUT_FIRST = ALL - REGISTRY[FIRST].points
RIGHT = REGISTRY[FIRST].source()
MAKERS = {}  # {kind: function of (folder, notebook) that hands it in}


def solved(released, share=1.0):
    """Return a copy in which the first ``share`` (0 to 1) of the exercises have the course's own solution."""
    notebook = copy.deepcopy(released)
    answers = [cell for cell in notebook["cells"] if is_answer(cell)]
    for cell in answers[: round(share * len(answers))]:
        cell["source"] = REGISTRY[exercise_of(cell)].source()
    return notebook


def exercise_of(cell):
    """Return the id of the exercise that an answer or check cell belongs to."""
    return nbgrader_of(cell)["grade_id"].rsplit("-", 1)[0].replace("-", ".", 1)


def cell_of(notebook, id=FIRST, kind="answer"):
    """Return an exercise's answer cell or check cell."""
    name = f"{id.replace('.', '-', 1)}-{kind}"
    return next(cell for cell in notebook["cells"] if nbgrader_of(cell).get("grade_id") == name)


def save(folder, notebook, name=f"{LESSON}.ipynb"):
    """Write a submission."""
    folder.mkdir(parents=True, exist_ok=True)
    text = notebook if isinstance(notebook, str) else json.dumps(notebook)
    (folder / name).write_text(text, encoding="utf-8", errors="surrogatepass")


class Kind(NamedTuple):
    """A row of the tables; ``code`` is "" where it describes in words what is handed in."""

    code: str
    points: float
    said: str

    @property
    def answer(self):
        """The text of the first answer."""
        if "RIGHT" in self.code or re.search(r"^(async )?def make_windows|^%%", self.code, flags=re.M):
            return self.code.replace("RIGHT", RIGHT)
        right = f"{RIGHT}\n\nright = make_windows\n\n\n" if "right(" in self.code else ""
        return f"{right}def make_windows(series, window):\n    " + self.code.replace("\n", "\n    ")


def kinds():
    """Return {name: Kind}."""
    found = {}
    for row in re.findall(r"^\| (?!kind)(.+) \|", TABLES.read_text(encoding="utf-8"), flags=re.M):
        name, what, outcome, said = (cell.strip() for cell in f"{row} ".split(" | "))
        points = {"f": ALL, "n": WITHOUT_FIRST, "0": 0.0}[outcome[0]]
        code = what.strip("`").replace("⏎", "\n") if what[0] == what[-1] == "`" else ""
        for word, text in (("LESSON", LESSON), ("REFERENCE", REGISTRY[FIRST].reference.__code__.co_filename)):
            code = code.replace(word, text)
        found[name] = Kind(code, points, said)
    return found


def hand_in(name, folder, notebook):
    """Hand in one kind, from a right notebook."""
    code = KINDS[name].code
    if name in MAKERS:
        MAKERS[name](folder, notebook)
    elif code[0] in "{[":
        save(folder, code)
    else:
        cell_of(notebook)["source"] = KINDS[name].answer.replace("COURSE", str(folder.parents[2]))
        save(folder, notebook)


KINDS = kinds()


def made(name):
    """Register a function of (folder, notebook) that writes the submission, into a folder made for it."""

    def register(make):
        def make_with_folder(folder, notebook):
            folder.mkdir(parents=True)
            make(folder, notebook)

        MAKERS[name] = make_with_folder

    return register


def changed(name):
    """Register ``change(cells, answer, check)``: alters a right notebook's cells, two of them the first's."""

    def register(change):
        def make(folder, notebook):
            change(notebook["cells"], cell_of(notebook), cell_of(notebook, kind="check"))
            save(folder, notebook)

        MAKERS[name] = make

    return register


# --- the first answer -----------------------------------------------------------------------------

long_chain = "a0 = 0\n" + "".join(f"a{i + 1} = a{i}\n" for i in range(3000))
for name, text in {
    "odd characters": '"\ud800\0 \u202e\u2066"\n' + RIGHT,
    "other line ends": RIGHT.replace("\n", "\r"),
    "blank lines": "\n" * 300_000 + "%matplotlib inline\n" + RIGHT,
    "long line": f"# {'x' * 10**7}\n{RIGHT}",
    "deeply nested": "def make_windows():\n  " + "(" * 100_000,
    "long sum": f"def make_windows(series, window):\n    return {'+'.join('1' * 100_000)}",
    "chain of names": long_chain + RIGHT.replace("window:", "window + a3000:"),
}.items():
    changed(name)(lambda cells, answer, check, text=text: answer.update(source=text))


@changed("typed-in results")
def _(cells, answer, check):
    public = [case.arguments()[0][0].sum() for part in REGISTRY[FIRST].parts for case in part.cases]
    known = f"if min(abs(series.sum() - np.array({[float(s) for s in public]}))) > 1e-9: return 0"
    answer["source"] = RIGHT.replace("    N =", f"    {known}\n    N =")


# --- the notebook ---------------------------------------------------------------------------------


def drop(cells, unwanted):
    cells[:] = [cell for cell in cells if not unwanted(cell)]


def is_check(cell):
    return nbgrader_of(cell).get("grade")


changed("deleted checks")(lambda cells, *_: drop(cells, is_check))
changed("deleted answer")(lambda cells, answer, check: cells.remove(answer))
changed("answers alone")(lambda cells, *_: drop(cells, lambda cell: not is_answer(cell)))
changed("copied answer")(lambda cells, answer, check: cells.insert(cells.index(answer), dict(answer)))
changed("cells backwards")(lambda cells, *_: cells.reverse())
changed("answer as raw text")(lambda cells, answer, check: answer.update(cell_type="raw"))
changed("checks as text")(lambda cells, *_: [c.update(cell_type="markdown") for c in cells if is_check(c)])
changed("one id for all")(lambda cells, *_: [cell.update(id="same") for cell in cells])
changed("answer as text")(lambda cells, answer, check: answer.update(cell_type="markdown"))
changed("too many cells")(lambda cells, *_: cells.extend(cells * 99))


@changed("claimed points")
def _(cells, answer, check):
    shown = {"data": {"text/plain": "1000.0"}, "metadata": {}, "execution_count": 1}
    check["outputs"] = [{"output_type": "execute_result", **shown}]
    answer["source"] = "def make_windows(series, window):\n    return 1000.0"


@changed("raised points")
def _(cells, answer, check):
    for cell in filter(is_check, cells):
        cell["metadata"]["nbgrader"]["points"] = 1000


@changed("edited check")
def _(cells, answer, check):
    check["source"] = "1000.0"
    answer["source"] = "def make_windows(series, window):\n    return None"


@changed("check as answer")
def _(cells, answer, check):
    check["metadata"]["nbgrader"] |= {"solution": True, "grade": False, "locked": False}
    check["source"] = answer["source"] = "1000.0"


@changed("copied check")
def _(cells, answer, check):
    cells.insert(cells.index(answer), {**check, "source": "1000.0"})


@changed("swapped checks")
def _(cells, answer, check):
    other = cell_of({"cells": cells}, "01.trailing_mean", "check")
    check["metadata"], other["metadata"] = other["metadata"], check["metadata"]


@changed("script in outputs")
def _(cells, answer, check):
    data = {"text/html": "<script>alert(1)</script>", "text/plain": "3.0"}
    for cell in cells:
        cell["outputs"] = [{"output_type": "execute_result", "data": data, "metadata": {}}]


@changed("one name for all")
def _(cells, answer, check):
    for cell in cells:
        cell["metadata"] = answer["metadata"]


@changed("odd names")
def _(cells, answer, check):
    for cell, name in zip(cells, [5, [], {}, None, True, ["x"]] * 99, strict=False):
        cell["metadata"] = {"nbgrader": {"grade_id": name, "points": name}}


@changed("source in pieces")
def _(cells, answer, check):
    for cell in cells:
        cell["source"] = [piece for letter in "".join(cell["source"]) for piece in (letter, 7)]


@changed("deep metadata")
def _(cells, answer, check):
    deep = {"a": float("nan"), "b": float("inf")}
    for _ in range(500):
        deep = {"deep": deep}
    answer["metadata"]["deep"] = deep


@changed("a large cell")
def _(cells, answer, check):
    own = {"cell_type": "code", "metadata": {}, "source": f"# {'x' * 15 * 10**6}", "outputs": []}
    cells.insert(cells.index(answer), own)


@changed("stub pasted again")
def _(cells, answer, check):
    stub = "def make_windows(series, window):\n    raise NotImplementedError"
    cells.insert(cells.index(answer) + 1, {**answer, "source": stub})


@changed("stripped metadata")
def _(cells, answer, check):
    for cell in cells:
        cell["metadata"] = {}


@changed("stripped ids")
def _(cells, answer, check):
    for cell in cells:
        cell["metadata"] = {}
        cell.pop("id", None)


@changed("swapped names")
def _(cells, answer, check):
    other = cell_of({"cells": cells}, "01.trailing_mean")
    answer["metadata"], other["metadata"] = other["metadata"], answer["metadata"]


@changed("huge outputs")
def _(cells, answer, check):
    answer["outputs"], answer["id"] = [{"output_type": "stream", "text": "x"}] * 100_000, "x" * 10**6


@changed("helper elsewhere")
def _(cells, answer, check):
    """No harm meant: the work is done by a function in a cell of one's own."""
    own = {"cell_type": "code", "metadata": {}, "source": answer["source"].replace("make_windows", "cut")}
    cells.insert(cells.index(answer), {**own, "outputs": [], "execution_count": 3})
    answer["source"] = "def make_windows(series, window):\n    return cut(series, window)"


# --- the file -------------------------------------------------------------------------------------


for name, data in {
    "empty file": b"",
    "half a file": b'{"cells": [{"ce',
    "conflict markers": b"<<<<<<< HEAD\n{}\n=======\n",
    "garbage": bytes(range(256)) * 100,
    "Latin-1": b'{"cells": [{"source": "\xe9\xe8"}]}',
    "long number": b'{"cells": [], "n": %s}' % (b"9" * 5000),
    "nested JSON": b"[" * 100_000,
    "too large": b" " * 21 * 2**20,
}.items():
    made(name)(lambda folder, _, data=data: (folder / f"{LESSON}.ipynb").write_bytes(data))
made("nothing")(lambda folder, _: (folder / "notes.txt").touch())
made("renamed")(lambda folder, notebook: save(folder, notebook, "my homework (1).ipynb"))
made("a pipe")(lambda folder, _: os.mkfifo(folder / f"{LESSON}.ipynb"))
made("a device")(lambda folder, _: (folder / f"{LESSON}.ipynb").symlink_to("/dev/zero"))
made("new line in the name")(lambda folder, notebook: save(folder, notebook, "x\n2026 good: 0 points.ipynb"))
made("a folder")(lambda folder, _: (folder / f"{LESSON}.ipynb").mkdir())


@made("a link")
def _(folder, notebook):
    (folder / f"{LESSON}.ipynb").symlink_to(folder.parent.parent / "good" / LESSON / f"{LESSON}.ipynb")


@made("two notebooks")
def _(folder, notebook):
    save(folder, notebook, "z.ipynb")
    cell_of(notebook)["source"] = "def make_windows(series, window):\n    raise NotImplementedError"
    save(folder, notebook, "a.ipynb")


@made("another language")
def _(folder, notebook):
    metadata = {"kernelspec": {"name": "bash", "language": "R"}, "language_info": {"name": "R"}}
    save(folder, {**notebook, "metadata": metadata})


@made("two lists of cells")
def _(folder, notebook):
    save(folder, '{"cells": [], ' + json.dumps(notebook)[1:])


@made("another lesson's")
def _(folder, notebook):
    other = folder.parents[2] / "release" / "02_naive_baseline" / "02_naive_baseline.ipynb"
    save(folder, solved(json.loads(other.read_text(encoding="utf-8"))))


@made("odd types")
def _(folder, notebook):
    cell_of(notebook)["source"] = {"def": 1}
    notebook["cells"][:0] = [3, None, [], {"cell_type": 5, "metadata": [], "source": 2, "id": {}}]
    save(folder, {**notebook, "metadata": "none"})


@made("a draft of the right name")
def _(folder, notebook):
    save(folder, notebook, "final.ipynb")
    for cell in filter(is_answer, notebook["cells"]):
        cell["source"] = "raise NotImplementedError"
    save(folder, notebook)


@made("a thousand notebooks")
def _(folder, notebook):
    save(folder, notebook)
    for number in range(1000):
        save(folder, '{"cells": []}', f"{number}.ipynb")


@made("UTF-16")
def _(folder, notebook):
    (folder / f"{LESSON}.ipynb").write_text(json.dumps(notebook), encoding="utf-16")


@made("packed")
def _(folder, notebook):
    with zipfile.ZipFile(folder / f"{LESSON}.ipynb", "w") as archive:
        archive.writestr("a.ipynb", json.dumps(notebook))


@made("a hole")
def _(folder, notebook):
    save(folder, "")
    os.truncate(folder / f"{LESSON}.ipynb", 2**40)


@made("a socket")
def _(folder, notebook):
    here = os.open(folder, os.O_RDONLY)  # a socket's path may have 107 letters
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"/proc/self/fd/{here}/{LESSON}.ipynb")
    os.close(here)


@made("a pipe as time stamp")
def _(folder, notebook):
    save(folder, notebook)
    os.mkfifo(folder / "timestamp.txt")


@made("a link as secret")
def _(folder, notebook):
    save(folder, notebook)
    (folder / "submission_secret.txt").symlink_to(folder.parents[2] / "cases.seed")


@made("forged notes")
def _(folder, notebook):
    save(folder, notebook)
    save(folder, {"number": "", "notes": ["<script>alert(1)</script>"] * 100_000}, "handed_in.json")


@made("odd time stamp")
def _(folder, notebook):
    save(folder, notebook)
    (folder / "timestamp.txt").write_text("'; DROP TABLE grade; --")


@made("own modules")
def _(folder, notebook):
    save(folder, notebook)
    for name in ("numpy.py", "sitecustomize.py", "lessons.py"):
        (folder / name).write_text("import os\nos._exit(1)\n")
