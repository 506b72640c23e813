"""One submission graded: full marks, none, the registry's diagnoses; what an answer gets to see."""

import copy
import importlib
import inspect
import json
import os
import pickle
import resource
import signal
from pathlib import Path

import numpy as np
import pytest
from hostile_kinds import FIRST, RIGHT, cell_of, exercise_of, solved

from classroom import cage, fresh, submission, wire
from classroom.answers import Limits, Sandbox, Stopped
from classroom.grading import Grader
from classroom.submission import is_answer
from lessons.exercises import REGISTRY, check
from lessons.exercises.declare import Slip

pytestmark = pytest.mark.skipif(cage.level() != "sealed", reason="this system cannot seal an answer in")
NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent.parent / "notebooks").glob("[0-9]*.ipynb"))


@pytest.fixture(scope="module")
def grader():
    with Grader(Limits(seconds=60, cpu_seconds=30), seed=1) as grader:
        yield grader


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(Limits(seconds=5, cpu_seconds=3), preload=["lessons.rnn"]) as sandbox:
        yield sandbox


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def grade(grader, released, notebook):
    cells = [submission.as_cell(cell) for cell in notebook["cells"]]
    return grader.grade(submission.fit(released, cells), released, "lesson", "student")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_solved_earns_everything_and_blank_nothing(path, grader):
    released = read(path)
    good, blank = grade(grader, released, solved(released)), grade(grader, released, released)
    expected = {exercise_of(c): REGISTRY[exercise_of(c)].points for c in released["cells"] if is_answer(c)}
    assert {g.id: g.points for g in good.grades} == expected, [g.text for g in good.grades]
    assert {g.id: g.status for g in blank.grades} == dict.fromkeys(expected, "not attempted")
    assert (blank.points, blank.notes, good.notes) == (0.0, [], [])


@pytest.mark.parametrize("lesson", REGISTRY.lessons())
def test_known_wrong_answers_get_what_the_registry_says(lesson, grader):
    """The first two slips of each exercise: the same points, the same diagnosis as in the notebook."""
    for exercise in REGISTRY.of_lesson(lesson):
        right = exercise.reference
        for slip in [wrong for wrong in exercise.wrong if isinstance(wrong, Slip)][:2]:
            source = exercise.source().replace(inspect.getsource(right), slip.source_for(right))
            with grader._sandbox(lesson).open([source], right.__name__) as answer:
                answer.tensors = exercise.tensors
                came = check(exercise.id, answer)
            here = check(exercise.id, slip.function_for(right))
            assert (came.points, came.diagnoses) == (here.points, here.diagnoses), came.text()
            assert not came.passed


@pytest.mark.parametrize("lesson", REGISTRY.lessons())
def test_what_is_typed_in_earns_nothing(lesson, grader):
    """Every part has cases that nobody has seen: a table of its public results is worth nothing."""
    earned = 0.0
    for exercise in REGISTRY.of_lesson(lesson):
        again = fresh.drawn_again(lesson, 5)[exercise.id]
        parts = [part.cases for part in exercise.parts if not part.test]
        for cases in [*parts, sum(parts, ())]:
            known = {pickle.dumps(c.arguments()): exercise.reference(*c.arguments()[0]) for c in cases}

            def typed(*args, known=known):
                return known.get(pickle.dumps((args, {})), next(iter(known.values())))

            result = check(exercise.id, typed if cases else None)
            earned += result.points
            assert not result.points or fresh.confirm(result, check(again, typed))
            assert result.points == 0.0, exercise.id
        right = check(exercise.id, exercise.reference)
        assert not fresh.confirm(right, check(again, exercise.reference)) and right.passed
    assert earned > 0


def test_fresh_cases_are_drawn_for_every_seed_and_leave_the_public_ones_alone():
    before = [pickle.dumps(case.arguments()) for p in REGISTRY[FIRST].parts for case in p.cases]
    drawn = [fresh.drawn_again("01", seed)[FIRST].parts[0].cases[1].arguments()[0][0] for seed in range(9)]
    assert len({case.tobytes() for case in drawn}) == 9
    assert [pickle.dumps(case.arguments()) for p in REGISTRY[FIRST].parts for case in p.cases] == before
    assert importlib.import_module("lessons.exercises.lesson_01").EXERCISES[0] is REGISTRY[FIRST]


def test_later_exercises_do_not_suffer_from_earlier_ones(grader):
    """As in the notebook, where `use` hands out the course's version."""
    released = read(next(path for path in NOTEBOOKS if path.name.startswith("03")))
    notebook = solved(released)
    cell_of(notebook, "03.lstm_step")["source"] = "def lstm_step(x, h, c, W_x, W_h, b):\n    return h, c"
    forward = inspect.getsource(REGISTRY["03.lstm_forward"].reference)
    cell_of(notebook, "03.lstm_forward")["source"] = forward  # it calls lstm_step
    grades = {g.id: g for g in grade(grader, released, notebook).grades}
    assert grades["03.lstm_step"].points < REGISTRY["03.lstm_step"].points
    assert grades["03.lstm_forward"].status == "passed", grades["03.lstm_forward"].text


def test_only_what_the_answer_needs_is_executed(sandbox):
    cells = [
        "import numpy as np\nimport does_not_exist",
        "while True:\n    weights = train()",
        "x = [1] * 10**12",
        "%matplotlib inline\nfactor = 2.0\nfactor *= 1.5",
        "settings = {}\nsettings['shift'] = 1\nplot(settings)",
        "class Scaler:\n    by = factor\n    def __call__(self, x):\n        return x * self.by",
        "def scale(x):\n    return helper(x) + settings['shift']",
        "def helper(x):\n    return np.asarray(Scaler()(x))",
    ]
    with sandbox.open(cells, "scale", lesson=[4]) as answer:
        assert answer(np.array([1.0, 2.0])).tolist() == [4.0, 7.0]
        assert (answer.kind, answer.failed, answer.unreadable) == ("function", [], [])


def plus(zero):
    """Return the right answer, with something that is 0 in its first line."""
    return RIGHT.replace("window:", f"window + {zero}:")


PROMPTS = [f"{'...' if i else '>>>'} {line}" for i, line in enumerate(RIGHT.split("\n\n\n")[1].splitlines())]
ODD_BUT_HONEST = {
    "%%time": ["%%time\n" + RIGHT],
    "%%capture below a comment": ["\n%%capture out\n%%time\n" + RIGHT],
    "a question": [RIGHT + "\nmake_windows?\n?np.stack"],
    "shell": ["!ls -l", "files = !ls\n" + RIGHT],
    "line magics": ["%matplotlib inline\n%time shift = 0\n" + plus("shift")],
    "a line that begins with a percent sign": ["seven = (27\n% 10)\n" + RIGHT + "assert seven == 7"],
    "__future__": ["from __future__ import annotations", RIGHT.replace("series,", "series: Array,")],
    "a loop": ["k = []\nfor i in range(3):\n    k.append(i)\n    last = i", plus("k[2] - last")],
    "update": ["d = {}", "d.update(zero=0)\n" + plus("d['zero']")],
    "global": ["def begin():\n    global a\n    a, d[0] = 0, 0\nd = {}\nbegin()", plus("a + d[0]")],
    "walrus": ["(zero := 0)\n[one := 1 for _ in '1']", plus("zero + one - 1")],
    "exec": ["exec('zero = 0')\nglobals()['one'] = 1", plus("zero + one - 1")],
    "display": [RIGHT.replace("    return", "    display(window)\n    get_ipython()\n    return")],
    "its own argument": ["d = []\ndef fill(x): x.append(0)", "fill(d)", plus("d[0]")],
    "prompts": ["\n".join(PROMPTS), "import numpy as np"],
}


@pytest.mark.parametrize("form", ODD_BUT_HONEST)
def test_what_scores_in_the_notebook_scores_here(form, sandbox):
    with sandbox.open(ODD_BUT_HONEST[form], "make_windows") as answer:
        result = check(FIRST, answer)
        assert result.passed, (result.text(), answer.failed, answer.unreadable)


def test_other_points_than_the_notebook_shows_are_noted(grader):
    released = read(NOTEBOOKS[1])
    notebook = solved(released)
    output = {"output_type": "execute_result", "data": {"text/plain": ["3.0"]}, "metadata": {}}
    cell_of(notebook, kind="check")["outputs"] = [output]
    assert grade(grader, released, notebook).notes == []
    cell_of(notebook)["source"] = "def make_windows(series, window):\n    return series"
    assert grade(grader, released, notebook).notes == [
        f"{FIRST}: the check in the notebook shows 3 points, grading gave 0"
    ]


@pytest.mark.parametrize(
    ("cells", "kind", "says"),
    [
        (["x = 1"], "missing", ""),
        (["f = 3.0"], "value", ""),
        (["class f: pass"], "class", ""),
        (["f = lambda x: x"], "function", ""),
        (["def f(:"], "missing", "no valid Python in the line `def f(:`"),
        (["def f(x): return x", "f = g(f)"], "function", "NameError: name 'g' is not defined"),
    ],
)
def test_what_a_name_stands_for(cells, kind, says, sandbox):
    with sandbox.open(cells, "f") as answer:
        assert answer.kind == kind
        assert says in " ".join(answer.unreadable + answer.failed)


def test_arguments_changed_over_there_are_changed_here(sandbox):
    source = "def f(a, b, c):\n    a[0], c['x'][1] = 9, 8\n    b.append(a)\n    b[0] = 5"
    a, b, c = np.zeros(2), [1], {"x": np.zeros(2)}
    with sandbox.open([source], "f") as answer:
        assert answer(a, b, c=c) is None
    assert a.tolist() == [9.0, 0.0] and c["x"].tolist() == [0.0, 8.0]
    assert b[0] == 5 and len(b) == 2


@pytest.mark.parametrize("value", [None, True, 3, 2.5, float("inf"), 1j, "é", (1, [2.0]), {"a": (None,)}])
def test_results_come_back_as_they_are(value, sandbox):
    with sandbox.open(["def f(x): return x"], "f") as answer:
        came = answer(value)
        assert came == value and type(came) is type(value)
        array = np.arange(6, dtype=np.int16).reshape(2, 3).T
        assert answer(array).dtype == array.dtype and np.array_equal(answer(array), array)


def test_a_stopped_answer_stays_stopped(sandbox):
    with sandbox.open(["import os\ndef f(x): os._exit(x)"], "f") as answer:
        for _ in range(3):
            with pytest.raises(Stopped, match="exit code 7"):
                answer(7)
    with sandbox.open(["def f(x): return x"], "f") as answer:
        assert answer(7) == 7


def test_nothing_is_left_of_an_answer_for_the_next(sandbox):
    spoil = "import numpy as np\nnp.mean = None\nimport sys\nsys.modules['kept'] = sys\ndef f(): return 1"
    look = "import sys\nimport numpy as np\ndef f(): return [np.mean is None, 'kept' in sys.modules]"
    with sandbox.open([spoil], "f") as one, sandbox.open([look], "f") as other:
        assert one() == 1 and other() == [False, False]


def test_an_answer_may_use_the_packages_of_the_course(grader):
    source = "def f():\n    import lessons.windows, scipy.signal, pandas\n    return pandas.Series([1]).sum()"
    with grader._sandbox("01").open([source], "f") as answer:
        assert answer() == 1


def test_students_helper_cells_stay_in_the_graded_notebook(grader):
    released = read(NOTEBOOKS[0])
    notebook = solved(released)
    own = {"cell_type": "code", "metadata": {}, "source": "def mine():\n    pass", "outputs": [1]}
    text = {"cell_type": "markdown", "metadata": {}, "source": "<script>alert(1)</script>"}
    notebook["cells"][3:3] = [own, text]
    graded = grade(grader, released, copy.deepcopy(notebook)).notebook
    sources = [submission.source_of(cell) for cell in graded["cells"]]
    assert sources.index("def mine():\n    pass") == 3
    assert not any("<script>" in source for source in sources)
    assert [c["id"] for c in graded["cells"] if not c["id"].startswith("own-")] == [
        c["id"] for c in released["cells"]
    ]


def test_the_line_of_an_error_is_quoted_from_its_own_cell(sandbox):
    cells = ["a = 1\n\ndef f(x):\n    y = x\n    return 1 / y", "b = 2\nc = 3\nd = 4\ne = 5\ng = 6\nh = 7"]
    with sandbox.open(cells, "f") as answer, pytest.raises(Exception, match="line `return 1 / y`"):
        answer(0)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff" * 8,
        b"\0\0\0\4\x0c\0\0\0true",  # and 200 MB of arrays
        b"\0\0\0\2\0\0\0\0{}",
        b"\0\0\0\1\0\0\0\0[",
        wire.encode(None) * 9,
        wire.encode({"kind": "function"}),
        wire.encode({"kind": 1, "value": 2, "unreadable": 3, "failed": {}}),
        wire.encode({"kind": "value", "value": float("nan"), "arguments": [[[[[1]]]]]}),
        wire.encode({"kind": "error", "error": [1], "message": {"a": None}, "line": [10**9, -1]}),
        b'\0\0\0\x1c\0\0\0\x08["array", "|O", [1]]        12345678',
        b'\0\0\0\x20\0\0\0\x08["array", "<f8", [99999999999]]12345678',
        b'\0\0\0\x1d\0\0\0\x08["array", "(1 2)f8,f8", [1]]12345678',
    ],
)
def test_a_forged_message_earns_nothing(data, sandbox):
    """Whatever the student's process sends, before a call or instead of a result."""
    write = f"__import__('os').write(3, {data!r})"
    for cells in (
        [f"done = {write}", "def make_windows(series, window):\n    return done"],
        [f"def make_windows(series, window):\n    {write}"],
    ):
        with sandbox.open(cells, "make_windows") as answer:
            result = check(FIRST, answer)
            assert (result.points, result.status) == (0.0, "not yet")
            assert len(result._repr_html_()) < 10_000


def test_what_is_no_answers_fault_is_tried_again(monkeypatch):
    """Where nothing forbids it, an answer may limit the process that others are born in."""
    with Sandbox(Limits(seconds=5, cpu_seconds=3), without={"container"}) as own:
        with own.open(["def f(): return 1"], "f") as answer:
            assert answer() == 1
        os.kill(own._process.pid, signal.SIGKILL)
        with own.open(["def f(): return 2"], "f") as answer:
            assert answer() == 2
        resource.prlimit(own._process.pid, resource.RLIMIT_CPU, (1, 1))  # children cannot set theirs
        with own.open(["def f(): return 3"], "f") as answer:
            assert answer() == 3
