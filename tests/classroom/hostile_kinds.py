"""Submissions that are broken, or mean harm: what each does, and what it must cost.

All are of lesson 01. Most have right answers but for `make_windows`.
"""

import copy
import json
import os
from dataclasses import dataclass
from pathlib import Path

from classroom.submission import is_answer, nbgrader_of
from lessons.exercises import REGISTRY

LESSON = "01_windows_and_leakage"
FIRST = "01.make_windows"
ALL = sum(exercise.points for exercise in REGISTRY.of_lesson("01"))
WITHOUT_FIRST = ALL - REGISTRY["01.make_windows"].points


@dataclass
class Kind:
    """One kind: ``make(folder, notebook)`` writes the submission; ``says`` is in the log and the feedback."""

    what: str
    make: callable
    points: float = WITHOUT_FIRST
    says: str = ""
    outcome: str = "no points for that answer"


def solved(released):
    """Return the released notebook with the course's own solutions in it."""
    notebook = copy.deepcopy(released)
    for cell in notebook["cells"]:
        if is_answer(cell):
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


def answering(source):
    """Return a maker of submissions whose first answer has this text."""

    def make(folder, notebook):
        cell_of(notebook)["source"] = source.replace("COURSE", str(folder.parent.parent.parent))
        save(folder, notebook)

    return make


def body(*lines):
    """Return a maker of submissions whose first answer is a function with these lines."""
    return answering("\n    ".join(["def make_windows(series, window):", *lines]))


def beside(source):
    """Return a maker of submissions with a line above a right first answer."""
    return answering(source + "\n" + REGISTRY[FIRST].source())


def changing(change):
    """Return a maker of submissions: ``change(notebook)`` alters one with right answers."""

    def make(folder, notebook):
        save(folder, change(notebook) or notebook)

    return make


def writing(data, name=f"{LESSON}.ipynb"):
    """Return a maker of submissions that consist of these bytes."""

    def make(folder, notebook):
        folder.mkdir(parents=True)
        (folder / name).write_bytes(data)

    return make


# --- notebooks ------------------------------------------------------------------------------------


def _claim(notebook):
    checked = cell_of(notebook, kind="check")
    checked["outputs"] = [
        {
            "output_type": "execute_result",
            "data": {"text/plain": "1000.0"},
            "metadata": {},
            "execution_count": 1,
        }
    ]
    cell_of(notebook)["source"] = "def make_windows(series, window):\n    return 1000.0"


def _more_points(notebook):
    for cell in notebook["cells"]:
        if nbgrader_of(cell).get("grade"):
            cell["metadata"]["nbgrader"]["points"] = 1000


def _own_check(notebook):
    cell_of(notebook, kind="check")["source"] = "1000.0"
    cell_of(notebook)["source"] = "def make_windows(series, window):\n    return None"


def _checks_deleted(notebook):
    notebook["cells"] = [c for c in notebook["cells"] if not nbgrader_of(c).get("grade")]


def _answer_deleted(notebook):
    notebook["cells"].remove(cell_of(notebook))


def _answer_copied(notebook):
    cell = cell_of(notebook)
    notebook["cells"].insert(notebook["cells"].index(cell), copy.deepcopy(cell))


def _stub_pasted_again(notebook):
    cell = cell_of(notebook)
    stub = copy.deepcopy(cell)
    stub["source"] = "def make_windows(series, window):\n    raise NotImplementedError"
    notebook["cells"].insert(notebook["cells"].index(cell) + 1, stub)


def _all_but_answers_deleted(notebook):
    notebook["cells"] = [c for c in notebook["cells"] if is_answer(c)]


def _metadata_stripped(notebook):
    for cell in notebook["cells"]:
        cell["metadata"] = {}


def _ids_stripped(notebook):
    _metadata_stripped(notebook)
    for cell in notebook["cells"]:
        cell.pop("id", None)


def _ids_swapped(notebook):
    one, two = (cell_of(notebook, id)["metadata"]["nbgrader"] for id in (FIRST, "01.trailing_mean"))
    one["grade_id"], two["grade_id"] = two["grade_id"], one["grade_id"]


def _backwards(notebook):
    notebook["cells"].reverse()


def _answer_as_text(notebook):
    cell_of(notebook)["cell_type"] = "markdown"


def _odd_types(notebook):
    cell_of(notebook)["source"] = {"def": 1}
    notebook["cells"][:0] = [3, None, [], {"cell_type": 5, "metadata": [], "source": 2, "id": {}}]
    notebook["metadata"] = "none"


def _surrogates(notebook):
    cell_of(notebook)["source"] = '"\ud800\0"\n' + REGISTRY[FIRST].source()


def _many_cells(notebook):
    notebook["cells"] *= 100


def _helper_elsewhere(notebook):
    """No harm meant: the work is done by a function in a cell of one's own."""
    cell = cell_of(notebook)
    own = {"cell_type": "code", "metadata": {}, "source": cell["source"].replace("make_windows", "cut")}
    notebook["cells"].insert(notebook["cells"].index(cell), {**own, "outputs": [], "execution_count": 3})
    cell["source"] = "def make_windows(series, window):\n    return cut(series, window)"


def _link_to_another(folder, notebook):
    folder.mkdir(parents=True)
    (folder / f"{LESSON}.ipynb").symlink_to(folder.parent.parent / "good" / LESSON / f"{LESSON}.ipynb")


def _pipe(folder, notebook):
    folder.mkdir(parents=True)
    os.mkfifo(folder / f"{LESSON}.ipynb")


def _folder(folder, notebook):
    (folder / f"{LESSON}.ipynb").mkdir(parents=True)


def _huge_outputs(notebook):
    cell = cell_of(notebook)
    cell["outputs"], cell["id"] = [{"output_type": "stream", "text": "x"}] * 100_000, "x" * 10**6


def _two_notebooks(folder, notebook):
    save(folder, notebook, "z.ipynb")
    cell_of(notebook)["source"] = "def make_windows(series, window):\n    raise NotImplementedError"
    save(folder, notebook, "a.ipynb")


def _typed_in(folder, notebook):
    cell = cell_of(notebook)
    public = [case.arguments()[0][0].sum() for part in REGISTRY[FIRST].parts for case in part.cases]
    known = (
        f"    if min(abs(series.sum() - np.array({[float(s) for s in public]}))) > 1e-9: return 0\n    N ="
    )
    cell["source"] = REGISTRY[FIRST].source().replace("    N =", known)
    save(folder, notebook)


def _renamed(folder, notebook):
    save(folder, notebook, "my homework (1).ipynb")


def _odd_time(folder, notebook):
    save(folder, notebook)
    (folder / "timestamp.txt").write_text("'; DROP TABLE grade; --")


def _own_modules(folder, notebook):
    save(folder, notebook)
    for name in ("numpy.py", "sitecustomize.py", "lessons.py"):
        (folder / name).write_text("import os\nos._exit(1)\n")


_REFERENCE = Path(REGISTRY[FIRST].reference.__code__.co_filename)
KINDS = {
    # time, memory, processes
    "endless loop": Kind("`while True: pass`", body("while True: pass"), says="took longer than"),
    "sleeps": Kind("`time.sleep(10**6)`", body("import time", "time.sleep(10**6)"), says="took longer than"),
    "endless loop outside": Kind(
        "an endless assignment that the function needs",
        answering(
            "n = sum(1 for _ in iter(int, 1))\ndef make_windows(series, window):\n    return n, window"
        ),
        says="took longer than",
    ),
    "memory bomb": Kind("a list that grows", body("a = [0]", "while True: a += a"), says="MemoryError"),
    "huge array": Kind(
        "`np.ones((10**5, 10**6))`", body("return np.ones((10**5, 10**6))"), says="MemoryError"
    ),
    "huge result": Kind(
        "returns 10¹² values that take no memory",
        body("return np.broadcast_to(0.0, (10**6, 10**6))"),
    ),
    "endless recursion": Kind(
        "calls itself", body("return make_windows(series, window)"), says="RecursionError"
    ),
    "sys.exit": Kind("`sys.exit()`", body("import sys", "sys.exit(0)"), says="SystemExit"),
    "os._exit": Kind("`os._exit(0)`", body("import os", "os._exit(0)"), says="ended its process"),
    "crash": Kind(
        "reads address 0 through ctypes", body("import ctypes", "ctypes.string_at(0)"), says="SIGSEGV"
    ),
    "fork bomb": Kind(
        "`while True: os.fork()`", body("import os", "while True: os.fork()"), says="PermissionError"
    ),
    "thread bomb": Kind(
        "threads without end",
        body(
            "import threading, time",
            "while True: threading.Thread(target=time.sleep, args=(99,), daemon=True).start()",
        ),
        says="can't start new thread",
    ),
    "kills the grader": Kind(
        "`os.kill(-1, 9)` and to its parent",
        body("import os", "try: os.kill(-1, 9)", "finally: os.kill(os.getppid(), 9)"),
        says="PermissionError",
    ),
    "flood of output": Kind(
        "prints 100 MB beside a right answer",
        beside("import sys\nfor _ in range(1000): sys.stdout.write('x' * 100_000)\nx = print('y' * 10**7)"),
        points=ALL,
        outcome="full points: nobody reads what it prints",
    ),
    "slow pattern": Kind(
        "a regular expression that tries 2⁴⁰ ways",
        body("import re", "re.match('(a+)+$', 'a' * 40 + 'b')"),
        says="took longer than",
    ),
    "swallows everything": Kind(
        "`except BaseException: pass` in an endless loop",
        body("import time", "while True:", "    try: time.sleep(99)", "    except BaseException: pass"),
        says="took longer than",
    ),
    "deaf": Kind(
        "ignores the signal that ends its time",
        body("import signal", "signal.signal(signal.SIGXCPU, signal.SIG_IGN)", "while True: pass"),
    ),
    "raises its limits": Kind(
        "`resource.setrlimit`",
        body("import resource", "resource.setrlimit(resource.RLIMIT_AS, (-1, -1))"),
    ),
    "large text": Kind("returns a gigabyte of text", body("return 'x' * 10**9"), says="MemoryError"),
    "large key": Kind("a dict whose key has 10 MB", body("return {'x' * 10**7: 1.0}"), says="sent something"),
    "many keys": Kind("a dict of 10⁶ keys", body("return dict.fromkeys(map(str, range(10**6)), 0.0)")),
    "contains itself": Kind("a list in itself", body("a = []", "a.append(a)", "return a, a")),
    "never ends": Kind("a generator", body("while True: yield series")),
    "closes the line": Kind(
        "closes its socket", body("import os", "os.closerange(0, 99)"), says="ended its process"
    ),
    "leaves at the end": Kind(
        "`atexit.register(os._exit, 1)` beside a right answer",
        beside("import atexit, os\nx = atexit.register(os._exit, 1)"),
        points=ALL,
        outcome="full points",
    ),
    # reaching out
    "reads the seed": Kind(
        "opens the course's `cases.seed`",
        body("return open('COURSE/cases.seed').read()"),
        says="PermissionError",
    ),
    "writes beside the notebook": Kind(
        "`open('answer.txt', 'w')`", body("open('answer.txt', 'w').write('42')"), says="PermissionError"
    ),
    "imports the grader": Kind(
        "`from classroom.gradebook import marks`",
        body("from classroom.gradebook import marks", "return marks"),
    ),
    "looks for the reference": Kind(
        "every function that `gc` knows, and every frame's names",
        body(
            "import gc, sys",
            "found = [o for o in gc.get_objects() if getattr(o, '__name__', '') == 'make_windows']",
            "found += [v for v in sys._current_frames().values() if 'expected' in v.f_back.f_locals]",
            "return next(o for o in found if o is not make_windows)(series, window)",
        ),
    ),
    "typed-in results": Kind(
        "right for the public cases, and for nothing else", _typed_in, says="wrong for others"
    ),
    "a pickle as result": Kind(
        "an object that is code when it is unpacked",
        answering(
            "import os\nclass Odd:\n    def __reduce__(self): return os.system, ('touch COURSE/pwned',)\n"
            "def make_windows(series, window):\n    return Odd(), Odd()"
        ),
    ),
    "shell": Kind(
        "`os.system('touch COURSE/pwned')`",
        body("import os", "return os.system('touch COURSE/pwned')"),
    ),
    "subprocess": Kind(
        "starts Python with subprocess",
        body("import subprocess, sys", "subprocess.run([sys.executable, '-c', 'pass'])"),
        says="PermissionError",
    ),
    "network": Kind(
        "opens a connection",
        body("import socket", "socket.create_connection(('127.0.0.1', 80), timeout=1)"),
        says="PermissionError",
    ),
    "writes marks": Kind(
        "`UPDATE grade SET auto_score = 100` in the gradebook",
        body(
            "import sqlite3",
            "db = sqlite3.connect('COURSE/gradebook.db')",
            "db.execute('UPDATE grade SET auto_score = 100'); db.commit()",
        ),
        says="unable to open database file",
    ),
    "deletes the course": Kind(
        "`shutil.rmtree(COURSE)`", body("import shutil", "shutil.rmtree('COURSE')"), says="PermissionError"
    ),
    "locks the gradebook": Kind(
        "`os.chmod('COURSE/gradebook.db', 0)`",
        body("import os", "os.chmod('COURSE/gradebook.db', 0)"),
        says="PermissionError",
    ),
    "empties the gradebook": Kind(
        "`os.truncate('COURSE/gradebook.db', 0)`",
        body("import os", "os.truncate('COURSE/gradebook.db', 0)"),
        says="PermissionError",
    ),
    "reads another's work": Kind(
        "opens another student's notebook",
        body(f"return open('COURSE/submitted/good/{LESSON}/{LESSON}.ipynb').read()"),
        says="PermissionError",
    ),
    "leaves an answer": Kind(
        "pickles its own results in /tmp for the next student",
        body("open('/tmp/classroom-answer', 'w').write('42')"),
        says="PermissionError",
    ),
    "takes an answer": Kind(
        "reads what another student left in /tmp",
        body("return open('/tmp/classroom-answer').read()"),
    ),
    "shared memory": Kind(
        "leaves its results in shared memory",
        body("from multiprocessing import shared_memory", "shared_memory.SharedMemory('x', True, 10)"),
        says="PermissionError",
    ),
    # the reference and the checker
    "imports the reference": Kind(
        "`from lessons.exercises import REGISTRY`",
        body(
            "from lessons.exercises import REGISTRY",
            f"return REGISTRY['{FIRST}'].reference(series, window)",
        ),
        says="",
    ),
    "imports the lesson's solutions": Kind(
        "`import lessons.exercises.lesson_01`",
        body(
            "import sys",
            "del sys.modules['lessons.exercises']",
            "import lessons.exercises.lesson_01 as solutions",
            "return solutions.make_windows(series, window)",
        ),
        says="",
    ),
    "reads the solution's file": Kind(
        "`exec(open('lesson_01.py').read())`",
        body(f"exec(open({str(_REFERENCE)!r}).read())"),
        says="PermissionError",
    ),
    "asks `use` for the reference": Kind(
        "`use('01.make_windows', None)`", body(f"return use('{FIRST}', None)(series, window)"), says=""
    ),
    "own check": Kind(
        "`check = lambda *a: 1000.0` in the answer",
        answering("check = lambda *a: 1000.0\ndef make_windows(series, window):\n    return None"),
    ),
    "patched NumPy": Kind(
        "`np.allclose = np.array_equal = lambda *a: True`",
        answering(
            "np.allclose = np.array_equal = np.isclose = lambda *a, **k: True\n"
            "def make_windows(series, window):\n    return series, series"
        ),
    ),
    "patched lessons": Kind(
        "replaces `lessons.exercises.check` and Python's builtins",
        answering(
            "import builtins, sys, lessons.exercises\n"
            "lessons.exercises.check = sys.modules['lessons.exercises'].check = lambda *a: 1000.0\n"
            "builtins.round = builtins.sum = lambda *a: 1000.0\n"
            "def make_windows(series, window):\n    check, round = lessons.exercises, sum\n    return 1000.0"
        ),
    ),
    "speaks for the grader": Kind(
        "writes forged messages into the grader's socket",
        body(
            "import os",
            r"for fd in range(3, 99):",
            r"    try: os.write(fd, b'\x00\x00\x00\x04\x00\x00\x00\x00true' * 50)",
            r"    except OSError: pass",
        ),
        says="sent something",
    ),
    "hostile result": Kind(
        "returns an array that equals everything",
        answering(
            "class Yes(np.ndarray):\n"
            "    def __eq__(self, other): return True\n"
            "    def __array_ufunc__(self, *a, **k): return True\n"
            "    shape = property(lambda self: (7, 3, 1))\n"
            "def make_windows(series, window):\n"
            "    return np.zeros((7, 3, 1)).view(Yes), np.zeros((7, 1)).view(Yes)"
        ),
    ),
    "hostile exception": Kind(
        "raises an exception whose text ends the process",
        answering(
            "class Odd(BaseException):\n"
            "    def __str__(self): raise SystemExit\n"
            "def make_windows(series, window):\n    raise Odd('<script>alert(1)</script>')"
        ),
        says="",
    ),
    "changes its arguments": Kind(
        "`series[:] = 0` before a right result",
        body(
            "N = len(series) - window",
            "X, y = np.stack([series[i : i + window, None] for i in range(N)]), series[window:, None].copy()",
            "series[:] = 0",
            "return X, y",
        ),
    ),
    "script in the text": Kind(
        "`<script>` in answer and error message",
        body("raise ValueError('<script>alert(1)</script>')"),
    ),
    "half a character": Kind("raises an exception whose text has one", body("raise ValueError('\\ud800 x')")),
    "blank lines": Kind(
        "300 000 of them, then a magic and a right answer",
        beside("\n" * 300_000 + "%matplotlib inline"),
        points=ALL,
        outcome="full points",
    ),
    # the notebook
    "claimed points": Kind("outputs that say 1000 points", changing(_claim)),
    "raised points": Kind(
        "metadata that promises 1000 points", changing(_more_points), ALL, outcome="full points"
    ),
    "edited check": Kind("a check cell that says 1000.0", changing(_own_check), says="was put back"),
    "deleted checks": Kind(
        "no check cell left", changing(_checks_deleted), ALL, "was missing", "put back; full points"
    ),
    "deleted answer": Kind("no cell for the answer", changing(_answer_deleted), says="was missing"),
    "copied answer": Kind("an answer cell twice", changing(_answer_copied), ALL, outcome="full points"),
    "stub pasted again": Kind(
        "the untouched stub below the answer", changing(_stub_pasted_again), ALL, outcome="full points"
    ),
    "answers alone": Kind(
        "every cell but the answers deleted",
        changing(_all_but_answers_deleted),
        ALL,
        "was missing",
        "put back; full points",
    ),
    "stripped metadata": Kind(
        "no metadata in any cell",
        changing(_metadata_stripped),
        ALL,
        "lost its nbgrader metadata",
        "found by cell id; full points",
    ),
    "huge outputs": Kind(
        "100 000 outputs and a cell id of 1 MB", changing(_huge_outputs), ALL, outcome="full points"
    ),
    "two notebooks": Kind(
        "a draft beside it, and both renamed",
        _two_notebooks,
        ALL,
        "is called",
        "the one with the answers; full points",
    ),
    "stripped ids": Kind(
        "neither metadata nor cell ids",
        changing(_ids_stripped),
        ALL,
        "lost its nbgrader metadata",
        "found by text and function; full points",
    ),
    "swapped names": Kind(
        "two answers' grade_ids exchanged",
        changing(_ids_swapped),
        outcome="the answer below its check is not attempted",
    ),
    "cells backwards": Kind("all cells in reverse order", changing(_backwards), ALL, "", "full points"),
    "answer as text": Kind("the answer's cell turned into Markdown", changing(_answer_as_text)),
    "odd types": Kind("numbers and lists where texts belong", changing(_odd_types)),
    "odd characters": Kind(
        "a null byte and half a character in the answer", changing(_surrogates), ALL, "", "full points"
    ),
    "no Python": Kind("an answer with a syntax error", answering("def make_windows(:"), says=""),
    "deeply nested": Kind(
        "100 000 brackets in an answer", answering("def make_windows():\n  " + "(" * 100_000), says=""
    ),
    "helper elsewhere": Kind(
        "a helper in a cell of one's own", changing(_helper_elsewhere), ALL, "", "full points"
    ),
    # the file
    "renamed": Kind("another file name", _renamed, ALL, "is called", "found; full points"),
    "nothing": Kind(
        "an empty folder", writing(b"", "notes.txt"), 0.0, "there is no notebook", "0 for the lesson"
    ),
    "empty file": Kind("0 bytes", writing(b""), 0.0, "is no notebook", "0 for the lesson"),
    "half a file": Kind("cut off in the middle", writing(b'{"cells": [{"ce'), 0.0, "is no notebook", "0"),
    "conflict markers": Kind(
        "git's conflict markers",
        writing(b"<<<<<<< HEAD\n{}\n=======\n"),
        0.0,
        "is no notebook",
        "0 for the lesson",
    ),
    "garbage": Kind(
        "random bytes", writing(bytes(range(256)) * 100), 0.0, "is no notebook", "0 for the lesson"
    ),
    "another JSON": Kind("`[1, 2]`", writing(b"[1, 2]"), 0.0, "is no notebook", "0 for the lesson"),
    "nested JSON": Kind("100 000 opening brackets", writing(b"[" * 100_000), 0.0, "is no notebook", "0"),
    "too large": Kind("21 MB", writing(b" " * 21 * 2**20), 0.0, "21 MB", "0 for the lesson"),
    "too many cells": Kind("7300 cells", changing(_many_cells), 0.0, "cells (2000 at most)", "0"),
    "a link": Kind(
        "a symbolic link to another's notebook", _link_to_another, 0.0, "cannot be opened", "0 for the lesson"
    ),
    "a pipe": Kind("a named pipe", _pipe, 0.0, "no ordinary file", "0 for the lesson"),
    "a folder": Kind("a folder of the notebook's name", _folder, 0.0, "no ordinary file", "0"),
    "odd time stamp": Kind("a time stamp that is none", _odd_time, ALL, "", "full points"),
    "own modules": Kind("numpy.py and sitecustomize.py beside it", _own_modules, ALL, "", "full points"),
}
