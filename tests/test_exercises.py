"""Exercises: references pass, stubs are not attempted, every wrong answer gets its own diagnosis."""

import ast
import copy
import html
import inspect
import itertools
import json
import re
import textwrap
from pathlib import Path

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter

from lessons import exercises, windows
from lessons.baselines import Ridge, SeasonalNaive
from lessons.exercises import REGISTRY, check, helping, hint, solution, use
from lessons.exercises.checking import _differing, _traces
from lessons.exercises.compare import difference, plain
from lessons.exercises.declare import Case, Exercise, Part, Wrong
from lessons.scores import skill

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("[0-9][0-9]_*.ipynb"))
IDS = list(REGISTRY)
SEVERAL = [id for id in IDS if len(REGISTRY[id].returns) > 1]
NBGRADER_KEYS = {"schema_version", "grade_id", "locked", "grade", "solution", "task"}


def reference(id):
    return REGISTRY[id].reference


def signature(id):
    return inspect.signature(reference(id)).parameters


def display(value):
    data, _ = DisplayFormatter().format(value)
    return data


# Every exercise


@pytest.mark.parametrize("id", IDS)
def test_every_known_wrong_answer_gets_its_own_diagnosis(id):
    for wrong in REGISTRY[id].wrong:
        result = check(id, wrong.function_for(reference(id)))
        assert not result.passed
        assert 0 <= result.points < REGISTRY[id].points
        assert result.diagnoses == [wrong.diagnosis], result.text()
        page = html.unescape(re.sub("<[^>]+>", "", display(result)["text/html"]))
        assert re.sub("[`*]", "", wrong.diagnosis)[:20] in re.sub("[`*]", "", page)
        assert f'Stuck? hint("{id}")' in page


@pytest.mark.parametrize("id", [id for id in IDS if id >= "01"])
def test_there_are_three_wrong_answers_and_no_diagnosis_contains_the_solution(id):
    exercise = REGISTRY[id]
    assert len({w.diagnosis for w in exercise.wrong}) >= 3
    lines = [line.split("#")[0].strip() for line in inspect.getsource(exercise.reference).splitlines()]
    lines = [line.removeprefix("return ") for line in lines if line.startswith("return") or " = " in line]
    for wrong in exercise.wrong:
        assert not any(len(line) > 12 and line in wrong.diagnosis for line in lines)


@pytest.mark.parametrize("id", IDS)
def test_solution_runs_on_its_own_and_earns_full_points(id):
    space = {"__name__": "learner"}
    exec(compile(repr(solution(id)), "solution", "exec"), space)
    result = check(id, space[id.split(".")[1]])
    assert result.passed and repr(result) == repr(float(REGISTRY[id].points)), result.text()
    assert "<details>" in display(solution(id))["text/html"]


@pytest.mark.parametrize("id", [id for id in IDS if id[:2] in ("03", "04", "06") and "W_h" in signature(id)])
def test_the_first_case_is_printed_so_that_one_can_recompute_it(id):
    assert "of shape" not in REGISTRY[id].parts[0].cases[0].describe(reference(id))


@pytest.mark.parametrize("id", IDS)
def test_an_answer_that_ignores_an_argument_is_refused(id):
    """No case tells where an array may as well be zeros, or a number what it was in the first call."""
    for name in signature(id):
        kept = []

        def ignores(*args, name=name, kept=kept, **kwargs):
            call = inspect.signature(reference(id)).bind(*args, **kwargs)
            call.apply_defaults()
            kept.append(call.arguments[name])
            array = isinstance(kept[0], np.ndarray)
            call.arguments[name] = np.zeros_like(kept[-1]) if array else kept[0]
            return reference(id)(*call.args, **call.kwargs)

        assert not check(id, ignores).passed, f"{name} may be ignored"


def shown_by(exercise):
    """Return {known wrong answer: the names of the results in which it shows}."""
    right = _traces(exercise)
    return {w: w.of or _differing(_traces(exercise, w), right, exercise) for w in exercise.wrong}


@pytest.mark.parametrize("id", IDS)
def test_diagnosis_of_one_result_says_nothing_of_the_others(id):
    """Beside another mistake, "the weights are right" would be false."""
    exercise = REGISTRY[id]
    for wrong, shows in shown_by(exercise).items():
        assert shows, wrong.diagnosis
        if len(shows) < len(exercise.returns):
            assert not re.search(r"(?<!shapes) \b(is|are) right\b|[Rr]ight values", wrong.diagnosis)


def beside(one, other, shown, exercise):
    """Return an answer whose results are `one`'s where it shows, elsewhere `other`'s or, without it, odd."""

    def both(*args, **kwargs):
        function = other.function_for(exercise.reference) if other else exercise.reference
        elsewhere = function(*copy.deepcopy(args), **kwargs)
        shows = one.function_for(exercise.reference)(*args, **kwargs)
        results = zip(exercise.returns, shows, elsewhere, strict=True)
        return tuple(a if name in shown else b if other else b + 7 for name, a, b in results)

    return both


@pytest.mark.parametrize("id", SEVERAL)
def test_of_two_mistakes_in_two_results_both_are_named_and_nothing_else(id):
    """Unless together they are a third one; and beside an unknown mistake the known one is still named."""
    exercise, shown = REGISTRY[id], shown_by(REGISTRY[id])
    pairs = [pair for pair in itertools.combinations(shown, 2) if not shown[pair[0]] & shown[pair[1]]]
    for one, other in [*pairs[::19], *((w, None) for w in shown if len(shown[w]) < len(exercise.returns))]:
        result = check(id, beside(one, other, shown[one], exercise))
        told = set(result.diagnoses)
        third = [w for w in exercise.wrong if w not in (one, other) and w.diagnosis in told]
        if other and (result.passed or any(shown[w] & shown[one] and shown[w] & shown[other] for w in third)):
            continue
        assert told == {wrong.diagnosis for wrong in (one, other) if wrong}, result.text()


@pytest.mark.parametrize("id", SEVERAL)
def test_wrong_structure_is_named_and_nothing_else(id):
    """One of several results alone, or one too many: nothing can be said of any of them."""
    right = reference(id)
    for broken in (lambda *a, **k: right(*a, **k)[0], lambda *a, **k: (*right(*a, **k), 1)):
        result = check(id, broken)
        assert (repr(result), result.diagnoses) == ("0.0", []), result.text()
        assert f"expected {len(REGISTRY[id].returns)} values" in result.text()


def test_the_references_agree_with_the_package():
    rng = np.random.default_rng(0)
    series = rng.normal(3, 2, size=50)
    X, y, target_index = windows.make_windows(series, 7)
    np.testing.assert_equal(reference("01.make_windows")(series, 7), (X, y))
    split = windows.split_by_time(target_index, 30)
    for own, package in zip(reference("01.split_by_time")(target_index, 30), split, strict=True):
        np.testing.assert_array_equal(X[own], X[package])
    scaled = windows.Standardizer().fit(series[:35]).transform(series)
    np.testing.assert_allclose(reference("01.scale_with_train")(series, 35), scaled)
    np.testing.assert_array_equal(reference("02.seasonal_naive")(X, 4), SeasonalNaive(4).fit(X, y).predict(X))
    weights, intercept = reference("02.ridge")(X, y, 2.5)
    np.testing.assert_allclose(X[:, :, 0] @ weights + intercept, Ridge(alpha=2.5).fit(X, y).predict(X))
    assert reference("02.skill")(0.2, 0.3) == pytest.approx(skill(0.2, 0.3))
    signal = np.sin(0.2 * np.arange(20_000))
    measured = np.mean(np.diff(signal + 0.3 * rng.normal(size=len(signal))) ** 2)
    assert reference("02.naive_error")(signal, 0.3) == pytest.approx(measured, rel=0.03)


# check


def test_half_right_answer_earns_its_part():
    def make_windows(series, window):
        X, y = reference("01.make_windows")(series, window)
        return X, y[::-1]

    result = check("01.make_windows", make_windows)
    assert (result.status, repr(result)) == ("partly", "1.0")
    assert [part.message is None for part in result.parts] == [True, False, False]
    assert "values of `y` differ" in result.text()


def test_other_shuffles_are_recognised_too():
    def split_by_time(target_index, at):
        train = np.random.default_rng(99).permutation(target_index < at)
        return train, ~train

    (diagnosis,) = check("01.split_by_time", split_by_time).diagnoses
    assert "at random" in diagnosis


def in_place(series, at):
    series -= series[:at].mean()
    series /= series[:at].std()
    return series


NO_NUMBER = "40 of 40 values of `scaled` are NaN"


@pytest.mark.parametrize(
    "id, answer, says",
    [
        ("01.make_windows", lambda series, window: None, "is a `return` missing?"),
        ("01.make_windows", lambda s, w: np.zeros((8, 3, 1)), "of shape (8, 3, 1), expected 2 values"),
        ("01.make_windows", lambda s, w: (np.zeros((8, 3)), 0), "has shape (8, 3), expected (7, 3, 1)"),
        ("01.make_windows", lambda s, w: ([1, 2], [3]), "`X` is a list of 2 values, expected an array"),
        ("01.make_windows", lambda series: 0, "takes `(series)`, expected `make_windows(series, window)`"),
        ("01.make_windows", lambda series, window: 1 / 0, "raised ZeroDivisionError: division by zero"),
        ("01.make_windows", np.zeros((7, 3)), "of shape (7, 3). Pass the function itself"),
        ("01.make_windows", "make_windows", "not its name"),
        ("01.make_windows", int, "This is a class"),
        ("01.split_by_time", lambda i, at: (1 * (i < at), 1 * (i >= at)), "dtype int64, expected booleans"),
        ("01.scale_with_train", in_place, "your function changes its argument `series`; work on a copy"),
        ("01.scale_with_train", lambda series, at: np.full(len(series), np.nan), NO_NUMBER),
        ("01.scale_with_train", lambda s, at: np.resize([1.7e308, -1.7e308], len(s)), "infinite"),
        ("01.make_window", int, "Did you mean `01.make_windows`?"),
        (reference("01.trailing_mean"), "01.trailing_mean", "id comes first"),
    ],
)
def test_message_says_what_came_and_what_was_expected(id, answer, says):
    result = check(id, answer)
    assert says in result.text() and repr(result) == "0.0"


def test_error_message_shows_the_line():
    def naive_error(signal, sigma):
        change = signal[1:] - signal
        return np.mean(change**2)

    text = check("02.naive_error", naive_error).text()
    assert "raised ValueError" in text and "in the line `change = signal[1:] - signal`" in text


def test_same_trouble_is_said_once():
    text = check("02.naive_error", lambda signal, sigma: 1 / 0).text()
    assert text.count("raised ZeroDivisionError") == 1
    assert text.count("the same again") == 1
    text = check("03.lstm_step", lambda x, h, c, W_x, W_h, b: (1 + h, 1 + c)).text()
    assert text.count("with `x` = [[2.0]]") == text.count("in the same call: `h`[0, 0]") == 1


def test_any_callable_and_any_number_type_will_do():
    class Proxy:
        def __call__(self, model_mse, naive_mse):
            return np.array(1 - model_mse / naive_mse)

    assert check("02.skill", Proxy()).passed


# hint, solution, use


def test_hints_come_one_by_one_and_end(monkeypatch):
    monkeypatch.setattr(helping, "_given", {})
    hints = REGISTRY["01.trailing_mean"].hints
    for n, text in enumerate(hints, 1):
        assert repr(hint("01.trailing_mean")) == f"Hint {n} of {len(hints)}: {text}"
    assert 'solution("01.trailing_mean")' in repr(hint("01.trailing_mean"))
    assert hints[0] in repr(hint("01.trailing_mean", 1))
    assert f"hints 1 to {len(hints)}" in repr(hint("01.trailing_mean", 9))
    assert repr(hint("01.make_windows")).startswith("Hint 1 of")


def test_help_for_a_mistyped_id_names_the_nearest():
    for ask in (hint, solution):
        assert "`01.trailing_mean`" in repr(ask("01.trailing_mea"))
    with pytest.raises(ValueError, match=r"Did you mean 01\.trailing_mean"):
        use("01.trailing_mea", None)


def test_use_takes_the_learners_version_only_when_it_passes(capsys):
    def mine(model_mse, naive_mse):
        return (naive_mse - model_mse) / naive_mse

    assert use("02.skill", mine) is mine
    assert use("02.skill", lambda a, b: a) is reference("02.skill")
    assert capsys.readouterr().out.splitlines() == [
        "02.skill: using your version",
        "02.skill: using the course's version until yours passes",
    ]


# The machinery


def test_the_example_in_the_how_to_works():
    example = textwrap.dedent(exercises.__doc__.split("One of them::\n")[1].split("\n- The reference")[0])
    space = {"np": np, "Case": Case, "Exercise": Exercise, "Part": Part, "Wrong": Wrong}
    exec(example, space)
    (exercise,) = space["EXERCISES"]
    assert check(exercise, space["last_value"]).passed
    assert check(exercise, lambda X: X[:, 0, :1]).diagnoses == ["This is the oldest value of each window."]


def plus(a, b):
    return a + b


def test_fault_of_the_exercise_is_not_blamed_on_the_learner():
    part = Part("p", 1, test=lambda answer: answer(1, 2).no_such_thing)
    exercise = Exercise("09.plus", "Add", reference=plus, returns="total", hints=["a", "b"], parts=[part])
    result = check(exercise, plus)
    assert (result.status, repr(result)) == ("broken", "0.0")
    assert "not your mistake" in display(result)["text/html"]


def adding(id="09.plus", hints=("a", "b"), part=(), of=None, wrong=()):
    parts = [Part(*(part or ("p", 1, Case(1, 2))), of=of)]
    return Exercise(id, "Add", reference=plus, returns="total", parts=parts, hints=hints, wrong=wrong)


@pytest.mark.parametrize(
    "change, match",
    [
        ({"id": "1.plus"}, "id must be"),
        ({"hints": ["one"]}, "two to four"),
        ({"of": "z"}, "of must be one of total"),
        ({"part": ("nothing", 1)}, "cases or a test"),
        ({"part": ("free", 0, Case(1, 2))}, "above 0"),
        ({"wrong": [Wrong(plus, "a", of="z")]}, "of must be among"),
    ],
)
def test_careless_declarations_are_refused(change, match):
    with pytest.raises(ValueError, match=match):
        adding(**change)
    with pytest.raises(TypeError, match="does not support item assignment"):
        REGISTRY["09.plus"] = adding()


@pytest.mark.parametrize(
    "came, expected, says",
    [
        (np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-9]), None),
        (np.array([1, 2]), np.array([1.0, 2.0]), None),
        (np.array([1.0, np.nan]), np.array([1.0, np.nan]), None),
        (np.array([1.0, np.inf]), np.array([1.0, 2.0]), "1 of 2 values of it is infinite"),
        (np.array([1.7e308, -1.7e308]), np.array([1.0, 2.0]), "2 of 2 values of it are infinite"),
        (np.array([1.0, 3.0]), np.array([1.0, 2.0]), "the first: it[1] is 3, expected 2"),
        (np.array([1j]), np.array([0.0]), "complex"),
        (np.array([True]), np.array([1.0]), "expected numbers"),
        ([1.0], 1.0, "a list of 1 value, expected a single number"),
        (True, 1.0, "expected a single number"),
        (np.array(2.0), 2.0, None),
        (float("nan"), 2.0, "is nan, expected 2"),
        (2.5, 2.0, "it is 2.5, expected 2"),
        ([1.0, 2.0], (1.0, 2.0), None),
        ((1.0, 2.0, 3.0), (1.0, 2.0), "a tuple of 3 values, expected 2 values"),
        ("a", None, "it is the text 'a', expected None"),
        ({"a": 1.0}, 1.0, "it is a dict with keys a, expected a single number"),
    ],
)
def test_difference(came, expected, says):
    found = difference(plain(came), plain(expected), "it")
    assert found is None if says is None else says in found


# The notebooks


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def source(cell):
    return "".join(cell["source"])


def graded(path):
    """Return {exercise id: {"answer": (index, cell), "check": (index, cell)}} of a notebook."""
    found = {}
    for i, cell in enumerate(cells(path)):
        metadata = cell["metadata"].get("nbgrader")
        if metadata:
            slug, kind = metadata["grade_id"].rsplit("-", 1)
            found.setdefault(slug.replace("-", ".", 1), {})[kind] = (i, cell)
    return found


GRADED = [pytest.param(path, id, id=f"{path.stem}-{id}") for path in NOTEBOOKS for id in graded(path)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_has_every_exercise_of_its_lesson_and_valid_metadata(path):
    lesson = path.name[:2]
    expected = [e.id for e in REGISTRY.of_lesson(lesson)] if lesson in REGISTRY.lessons() else []
    found = graded(path)
    assert list(found) == expected  # and the registry has them in the lesson's order
    assert all(set(kinds) == {"answer", "check"} for kinds in found.values())
    grade_ids = [c["metadata"]["nbgrader"]["grade_id"] for c in cells(path) if "nbgrader" in c["metadata"]]
    assert len(grade_ids) == len(set(grade_ids))
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", grade_id) for grade_id in grade_ids)


@pytest.mark.parametrize("path, id", GRADED)
def test_cells_of_an_exercise(path, id):
    kinds = graded(path)[id]
    (i, answer), (j, checked) = kinds["answer"], kinds["check"]
    name = id.split(".")[1]
    assert i < j
    for cell, is_check in ((answer, False), (checked, True)):
        metadata = cell["metadata"]["nbgrader"]
        assert set(metadata) == NBGRADER_KEYS | ({"points"} if is_check else set())
        assert metadata["schema_version"] == 3 and metadata["task"] is False
        flags = metadata["locked"], metadata["grade"], metadata["solution"]
        assert flags == (is_check, is_check, not is_check)
    assert checked["metadata"]["nbgrader"]["points"] == REGISTRY[id].points
    assert source(checked).strip() == f'check("{id}", {name})'


@pytest.mark.parametrize("path, id", GRADED)
def test_stub_in_the_notebook(path, id):
    stub = source(graded(path)[id]["answer"][1])
    (function,) = ast.parse(stub).body
    own = ast.parse(inspect.getsource(reference(id))).body[0]
    assert (function.name, ast.unparse(function.args)) == (own.name, ast.unparse(own.args))
    assert ast.get_docstring(function), "the docstring says what goes in and comes out"
    assert "# Your code here" in stub
    space = {"np": np}
    exec(stub, space)
    result = check(id, space[function.name])
    assert (result.status, repr(result)) == ("not attempted", "0.0")


@pytest.mark.parametrize("path, id", GRADED)
def test_later_cells_use_a_version_that_works(path, id):
    """Where a later cell calls the function, ``name = use(id, name)`` or an import comes first."""
    name = id.split(".")[1]
    line = f'{name} = use("{id}", {name})'
    for cell in cells(path)[graded(path)[id]["check"][0] + 1 :]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse(re.sub(r"^[%!].*$", "pass", source(cell), flags=re.M))
        imported = {
            a.asname or a.name for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for a in n.names
        }
        if line in source(cell) or name in imported:
            return
        assert name not in {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}, (
            f"a cell uses the name {name}: put {line} before it, or call the other thing something else"
        )


@pytest.mark.parametrize("path, id", GRADED)
def test_an_exercise_builds_on_versions_that_work(path, id):
    """With a wrong `gru_gates`, a right `gru_step` that calls it would get no points."""
    before = "".join(source(cell) for cell in cells(path)[: graded(path)[id]["answer"][0]])
    called = {n.id for n in ast.walk(ast.parse(inspect.getsource(reference(id)))) if isinstance(n, ast.Name)}
    for other in REGISTRY.of_lesson(id[:2]):
        name = other.id[3:]
        assert name not in called or f'{name} = use("{other.id}", {name})' in before
