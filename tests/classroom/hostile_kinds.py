"""Submissions that are broken, or mean harm: how each is made, and what log and feedback say of it.

What each does and what it must cost stands in classroom/README.md, a row for each. All are of lesson 01; most
have right answers but for `make_windows`.
"""

import copy
import json
import os
import re
from pathlib import Path
from types import SimpleNamespace

from classroom.submission import is_answer, nbgrader_of
from lessons.exercises import REGISTRY

README = Path(__file__).resolve().parents[2] / "classroom" / "README.md"
LESSON, FIRST = "01_windows_and_leakage", "01.make_windows"
ALL = sum(exercise.points for exercise in REGISTRY.of_lesson("01"))
WITHOUT_FIRST = ALL - REGISTRY[FIRST].points
RIGHT = REGISTRY[FIRST].source()
LATE, DENIED, LOST = "took longer than", "PermissionError", "lost its nbgrader metadata"
KINDS = {}  # {name: its `make(folder, notebook)` and what it `says`}


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


def expected():
    """Return {kind: points}, as the outcomes in the README's table have it."""
    table = README.read_text(encoding="utf-8").partition("| kind | what it does | outcome |\n")[2]
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| ([^|]+) \|$", table.split("\n\n")[0], flags=re.M)
    points = {"0": 0.0, "full points": ALL}
    words = {name: re.search(r"^0|full points|$", outcome)[0] for name, outcome in rows}
    return {name: points.get(word, WITHOUT_FIRST) for name, word in words.items() if name != "---"}


# --- the first answer -----------------------------------------------------------------------------


def answer(name, source, says=""):
    """A kind whose first answer has this text; COURSE stands for the course's folder."""

    def make(folder, notebook):
        cell_of(notebook)["source"] = source.replace("COURSE", str(folder.parents[2]))
        save(folder, notebook)

    KINDS[name] = SimpleNamespace(make=make, says=says)


def body(name, lines, says=""):
    """A kind whose first answer is a function with these lines."""
    answer(name, "def make_windows(series, window):\n    " + lines.replace("\n", "\n    "), says)


# time, memory, processes
body("endless loop", "while True: pass", LATE)
body("sleeps", "import time; time.sleep(10**6)", LATE)
outside = "n = sum(1 for _ in iter(int, 1))\ndef make_windows(series, window):\n    return n, window"
answer("endless loop outside", outside, LATE)
body("memory bomb", "a = [0]\nwhile True: a += a", "MemoryError")
body("huge array", "return np.ones((10**5, 10**6))", "MemoryError")
body("huge result", "return np.broadcast_to(0.0, (10**6, 10**6))")
body("endless recursion", "return make_windows(series, window)", "RecursionError")
body("sys.exit", "import sys; sys.exit(0)", "SystemExit")
body("os._exit", "import os; os._exit(0)", "ended its process")
body("crash", "import ctypes; ctypes.string_at(0)", "SIGSEGV")
body("fork bomb", "import os\nwhile True: os.fork()", DENIED)
threads = "import threading\nwhile True: threading.Thread(target=threading.Event().wait, daemon=True).start()"
body("thread bomb", threads, "can't start new thread")
body("kills the grader", "import os\ntry: os.kill(-1, 9)\nfinally: os.kill(os.getppid(), 9)", DENIED)
flood = "import sys\nfor _ in range(1000): sys.stdout.write('x' * 100_000)\nx = print('y' * 10**7)\n"
answer("flood of output", flood + RIGHT)
body("slow pattern", "import re; re.match('(a+)+$', 'a' * 40 + 'b')", LATE)
swallows = "import time\nwhile True:\n    try: time.sleep(99)\n    except BaseException: pass"
body("swallows everything", swallows, LATE)
body("deaf", "import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass")
body("raises its limits", "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))")
body("large text", "return 'x' * 10**9", "MemoryError")
body("large key", "return {'x' * 10**7: 1.0}", "sent something")
body("many keys", "return dict.fromkeys(map(str, range(10**6)), 0.0)")
body("contains itself", "a = []; a.append(a); return a, a")
body("never ends", "while True: yield series")
body("closes the line", "import os; os.closerange(0, 99)", "ended its process")
answer("leaves at the end", "import atexit, os\nx = atexit.register(os._exit, 1)\n" + RIGHT)

# reaching out
body("reads the seed", "return open('COURSE/cases.seed').read()", DENIED)
body("writes beside the notebook", "open('answer.txt', 'w').write('42')", DENIED)
body("imports the grader", "from classroom.gradebook import marks; return marks")
looks = """import gc, sys
found = [o for o in gc.get_objects() if getattr(o, '__name__', '') == 'make_windows']
found += [v for v in sys._current_frames().values() if 'expected' in v.f_back.f_locals]
return next(o for o in found if o is not make_windows)(series, window)"""
body("looks for the reference", looks)
pickled = "import os\nclass Odd:\n    def __reduce__(self): return os.system, ('touch COURSE/pwned',)\n"
answer("a pickle as result", pickled + "def make_windows(series, window):\n    return Odd(), Odd()")
body("shell", "import os; return os.system('touch COURSE/pwned')")
body("subprocess", "import subprocess, sys; subprocess.run([sys.executable, '-c', 'pass'])", DENIED)
body("network", "import socket; socket.create_connection(('127.0.0.1', 80), timeout=1)", DENIED)
database = "import sqlite3; db = sqlite3.connect('COURSE/gradebook.db')\n"
score = database + "db.execute('UPDATE grade SET auto_score = 100'); db.commit()"
body("writes marks", score, "unable to open database file")
body("deletes the course", "import shutil; shutil.rmtree('COURSE')", DENIED)
body("locks the gradebook", "import os; os.chmod('COURSE/gradebook.db', 0)", DENIED)
body("empties the gradebook", "import os; os.truncate('COURSE/gradebook.db', 0)", DENIED)
body("reads another's work", f"return open('COURSE/submitted/good/{LESSON}/{LESSON}.ipynb').read()", DENIED)
body("leaves an answer", "open('/tmp/classroom-answer', 'w').write('42')", DENIED)
body("takes an answer", "return open('/tmp/classroom-answer').read()")
shared = "from multiprocessing import shared_memory; shared_memory.SharedMemory('x', True, 10)"
body("shared memory", shared, DENIED)

# the reference and the checker
registry = "from lessons.exercises import REGISTRY; "
body("imports the reference", f"{registry}return REGISTRY['{FIRST}'].reference(series, window)")
solutions = (
    "import sys; del sys.modules['lessons.exercises']\nimport lessons.exercises.lesson_01 as solutions\n"
)
body("imports the lesson's solutions", solutions + "return solutions.make_windows(series, window)")
reference = REGISTRY[FIRST].reference.__code__.co_filename
body("reads the solution's file", f"exec(open({reference!r}).read())", DENIED)
body("asks `use` for the reference", f"return use('{FIRST}', None)(series, window)")
own_check = "check = lambda *a: 1000.0\ndef make_windows(series, window):\n    return None"
answer("own check", own_check)
agrees = "np.allclose = np.array_equal = np.isclose = lambda *a, **k: True\n"
answer("patched NumPy", agrees + "def make_windows(series, window):\n    return series, series")
patched = """import builtins, sys, lessons.exercises
lessons.exercises.check = sys.modules['lessons.exercises'].check = lambda *a: 1000.0
builtins.round = builtins.sum = lambda *a: 1000.0
def make_windows(series, window):
    check, round = lessons.exercises, sum
    return 1000.0"""
answer("patched lessons", patched)
forges = r"""import os
for fd in range(3, 99):
    try: os.write(fd, b'\x00\x00\x00\x04\x00\x00\x00\x00true' * 50)
    except OSError: pass"""
body("speaks for the grader", forges, "sent something")
equals_all = """class Yes(np.ndarray):
    def __eq__(self, other): return True
    def __array_ufunc__(self, *a, **k): return True
    shape = property(lambda self: (7, 3, 1))
def make_windows(series, window):
    return np.zeros((7, 3, 1)).view(Yes), np.zeros((7, 1)).view(Yes)"""
answer("hostile result", equals_all)
odd = "class Odd(BaseException):\n    def __str__(self): raise SystemExit\n"
script = "'<script>alert(1)</script>'"
answer("hostile exception", f"{odd}def make_windows(series, window):\n    raise Odd({script})")
changes = """N = len(series) - window
X, y = np.stack([series[i : i + window, None] for i in range(N)]), series[window:, None].copy()
series[:] = 0
return X, y"""
body("changes its arguments", changes)
body("script in the text", f"raise ValueError({script})")
body("half a character", "raise ValueError('\\ud800 x')")
answer("blank lines", "\n" * 300_000 + "%matplotlib inline\n" + RIGHT)
answer("odd characters", '"\ud800\0"\n' + RIGHT)
answer("no Python", "def make_windows(:")
answer("deeply nested", "def make_windows():\n  " + "(" * 100_000)

# --- the notebook ---------------------------------------------------------------------------------


def changed(name, says=""):
    """Register ``change(cells, answer, check)``: alters a right notebook's cells, two of them the first's."""

    def register(change):
        def make(folder, notebook):
            change(notebook["cells"], cell_of(notebook), cell_of(notebook, kind="check"))
            save(folder, notebook)

        KINDS[name] = SimpleNamespace(make=make, says=says)

    return register


def drop(cells, unwanted):
    cells[:] = [cell for cell in cells if not unwanted(cell)]


def is_check(cell):
    return nbgrader_of(cell).get("grade")


changed("deleted checks", "was missing")(lambda cells, *_: drop(cells, is_check))
changed("deleted answer", "was missing")(lambda cells, answer, check: cells.remove(answer))
changed("answers alone", "was missing")(lambda cells, *_: drop(cells, lambda cell: not is_answer(cell)))
changed("copied answer")(lambda cells, answer, check: cells.insert(cells.index(answer), dict(answer)))
changed("cells backwards")(lambda cells, *_: cells.reverse())
changed("answer as text")(lambda cells, answer, check: answer.update(cell_type="markdown"))
changed("too many cells", "cells (2000 at most)")(lambda cells, *_: cells.extend(cells * 99))


@changed("claimed points")
def _(cells, answer, check):
    shown = {"data": {"text/plain": "1000.0"}, "metadata": {}, "execution_count": 1}
    check["outputs"] = [{"output_type": "execute_result", **shown}]
    answer["source"] = "def make_windows(series, window):\n    return 1000.0"


@changed("raised points")
def _(cells, answer, check):
    for cell in filter(is_check, cells):
        cell["metadata"]["nbgrader"]["points"] = 1000


@changed("edited check", "was put back")
def _(cells, answer, check):
    check["source"] = "1000.0"
    answer["source"] = "def make_windows(series, window):\n    return None"


@changed("stub pasted again")
def _(cells, answer, check):
    stub = "def make_windows(series, window):\n    raise NotImplementedError"
    cells.insert(cells.index(answer) + 1, {**answer, "source": stub})


@changed("stripped metadata", LOST)
def _(cells, answer, check):
    for cell in cells:
        cell["metadata"] = {}


@changed("stripped ids", LOST)
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


def made(name, says=""):
    """Register a function of (folder, notebook) that writes the submission, into a folder made for it."""

    def register(make):
        def make_with_folder(folder, notebook):
            folder.mkdir(parents=True)
            make(folder, notebook)

        KINDS[name] = SimpleNamespace(make=make_with_folder, says=says)

    return register


for name, (says, data) in {
    "empty file": ("is no notebook", b""),
    "half a file": ("is no notebook", b'{"cells": [{"ce'),
    "conflict markers": ("is no notebook", b"<<<<<<< HEAD\n{}\n=======\n"),
    "garbage": ("is no notebook", bytes(range(256)) * 100),
    "another JSON": ("is no notebook", b"[1, 2]"),
    "nested JSON": ("is no notebook", b"[" * 100_000),
    "too large": ("21 MB", b" " * 21 * 2**20),
}.items():
    made(name, says)(lambda folder, _, data=data: (folder / f"{LESSON}.ipynb").write_bytes(data))
made("nothing", "there is no notebook")(lambda folder, _: (folder / "notes.txt").touch())
made("renamed", "is called")(lambda folder, notebook: save(folder, notebook, "my homework (1).ipynb"))
made("a pipe", "no ordinary file")(lambda folder, _: os.mkfifo(folder / f"{LESSON}.ipynb"))
made("a folder", "no ordinary file")(lambda folder, _: (folder / f"{LESSON}.ipynb").mkdir())


@made("a link", "cannot be opened")
def _(folder, notebook):
    (folder / f"{LESSON}.ipynb").symlink_to(folder.parent.parent / "good" / LESSON / f"{LESSON}.ipynb")


@made("two notebooks", "is called")
def _(folder, notebook):
    save(folder, notebook, "z.ipynb")
    cell_of(notebook)["source"] = "def make_windows(series, window):\n    raise NotImplementedError"
    save(folder, notebook, "a.ipynb")


@made("odd types")
def _(folder, notebook):
    cell_of(notebook)["source"] = {"def": 1}
    notebook["cells"][:0] = [3, None, [], {"cell_type": 5, "metadata": [], "source": 2, "id": {}}]
    save(folder, {**notebook, "metadata": "none"})


@made("typed-in results", "wrong for others")
def _(folder, notebook):
    public = [case.arguments()[0][0].sum() for part in REGISTRY[FIRST].parts for case in part.cases]
    known = f"if min(abs(series.sum() - np.array({[float(s) for s in public]}))) > 1e-9: return 0"
    cell_of(notebook)["source"] = RIGHT.replace("    N =", f"    {known}\n    N =")
    save(folder, notebook)


@made("odd time stamp")
def _(folder, notebook):
    save(folder, notebook)
    (folder / "timestamp.txt").write_text("'; DROP TABLE grade; --")


@made("own modules")
def _(folder, notebook):
    save(folder, notebook)
    for name in ("numpy.py", "sitecustomize.py", "lessons.py"):
        (folder / name).write_text("import os\nos._exit(1)\n")
