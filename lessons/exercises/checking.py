"""Check an answer: call it on the exercise's cases, compare, recognise known mistakes, give points."""

import contextlib
import linecache
import sys
import types
from dataclasses import dataclass, field

from lessons.exercises import cards
from lessons.exercises.compare import describe, difference, plain, short_text, type_name
from lessons.exercises.contain import contained, restore_numpy
from lessons.exercises.declare import Case, Exercise
from lessons.exercises.registry import REGISTRY

_RIGHT = (None, "")  # the verdict on a part: what is wrong, and where


@dataclass
class PartResult:
    """How one part went: ``message`` is None where it passed, else what is wrong, ``where`` in which call."""

    name: str
    max_points: float
    message: str | None = None
    where: str = ""

    @property
    def points(self):
        """The part's points where it passed, else 0."""
        return 0.0 if self.message else self.max_points


@dataclass
class Result:
    """What `check` returns.

    Its text form is always its points as a float, which is what nbgrader reads; its HTML form is a card.

    Attributes
    ----------
    id, title : str
    status : str
        ``"passed"``, ``"partly"``, ``"not yet"``, ``"not attempted"``, ``"unknown"`` (no such exercise)
        or ``"broken"`` (the exercise itself failed).
    max_points : float
    parts : list of PartResult
    notes : list of str
        What else the card says, such as how the function should be passed.
    diagnoses : list of str
        Of the known wrong answers that this one is.
    """

    id: str
    title: str = ""
    status: str = "not attempted"
    max_points: float = 0.0
    parts: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    diagnoses: list = field(default_factory=list)

    @property
    def points(self):
        """Points earned, a float between 0 and ``max_points``."""
        if self.status not in ("passed", "partly"):
            return 0.0
        earned = round(float(sum(part.points for part in self.parts)), 6)
        return min(max(earned, 0.0), self.max_points)

    @property
    def passed(self):
        """Whether the answer earned full points."""
        return self.status == "passed"

    def text(self):
        """Return the card as plain text."""
        return cards.result_text(self)

    def __repr__(self):
        return repr(float(self.points))

    __str__ = __repr__

    def _repr_html_(self):
        return cards.result_html(self)


@dataclass
class Outcome:
    """What one call gave: ``kind`` is "value", "error" or "not attempted"."""

    kind: str
    value: object = None
    error: str = ""
    message: str = ""
    changed: tuple = ()


def check(id, answer=None):
    """Check an answer to an exercise.

    Parameters
    ----------
    id : str or Exercise
        As ``"01.make_windows"``.
    answer : callable
        The learner's function itself; any callable will do, a proxy for one in another process too.

    Returns
    -------
    Result
        Never raises, prints or warns, whatever the answer does. Only KeyboardInterrupt passes through:
        it is how a learner, or nbgrader's time limit, stops an endless loop.
    """
    try:
        with contained():
            return _check(id, answer)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        name = id[:60] if type(id) is str else "?"
        reason = f"{type_name(error)}: {short_text(error)}"
        note = f"This check could not be run ({reason}). That is not your mistake."
        return Result(name, status="broken", notes=[note])


def use(id, answer=None):
    """Return the learner's function where it passes, else the course's own, and say which.

    Parameters
    ----------
    id : str
    answer : callable

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If there is no such exercise.
    """
    result = check(id, answer)
    if result.status == "unknown":
        raise ValueError(result.notes[0].replace("`", ""))
    which = "your version" if result.passed else "the course's version until yours passes"
    print(f"{id}: using {which}")
    return answer if result.passed else REGISTRY[id].reference


def unknown(id):
    """Return the Result for an id that does not exist; its note names the nearest one."""
    if type(id) is not str:
        note = 'The exercise\'s id comes first, as in `check("01.make_windows", make_windows)`.'
        return Result("?", status="unknown", notes=[note])
    nearest = REGISTRY.nearest(id)
    cure = f"Did you mean `{nearest}`?" if nearest else "Ids look like `01.make_windows`."
    return Result(id[:60], status="unknown", notes=[f"There is no exercise `{id[:60]}`. {cure}"])


def _check(id, answer):
    try:
        exercise = id if type(id) is Exercise else REGISTRY[id]
    except KeyError:
        return unknown(id)
    result = Result(exercise.id, exercise.title, max_points=exercise.points)
    if answer is None or answer is ...:
        return result
    problem = _no_function(answer, exercise) or _wrong_signature(answer, exercise)
    if problem:
        result.status, result.notes = "not yet", [problem]
        return result
    expected = _traces(exercise)
    came = [_run(part, exercise, answer) for part in exercise.parts]
    if any(outcome.kind == "not attempted" for trace, _ in came for outcome in trace):
        return result
    restore_numpy()
    for part, (trace, verdict), (right, _) in zip(exercise.parts, came, expected, strict=True):
        if not part.test:
            verdict = _judge(part, exercise, trace, right)
        result.parts.append(PartResult(part.name, part.points, *verdict))
    _say_once(result.parts)
    _diagnose(result, exercise, came, expected)
    failed = [part for part in result.parts if part.message]
    result.status = "passed" if not failed else "partly" if len(failed) < len(result.parts) else "not yet"
    return result


def _no_function(answer, exercise):
    name = exercise.reference.__name__
    if issubclass(type(answer), type):
        return f"This is a class, expected a function: `{exercise.signature}`."
    if callable(answer):
        return None
    if type(answer) is str:
        return f'Pass the function itself, not its name: `check("{exercise.id}", {name})`.'
    what = describe(plain(answer))
    return f'This is {what}. Pass the function itself, without calling it: `check("{exercise.id}", {name})`.'


def _wrong_signature(answer, exercise):
    """Say which call was expected where a plain function cannot take it."""
    if type(answer) is not types.FunctionType:
        return None
    try:
        for case in (case for part in exercise.parts for case in part.cases):
            case.bind(answer)
    except TypeError:
        code = answer.__code__
        taken = ", ".join(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
        return f"Your function takes `({taken})`, expected `{exercise.signature}`."
    except Exception:
        return None  # a signature that cannot be read: let the call show
    return None


def _traces(exercise, wrong=None):
    """Return [(outcomes, verdict)], one a part, of the reference or of a known wrong answer.

    Computed once, with NumPy as it came.
    """
    kept = vars(exercise).setdefault("_kept_traces", {})
    if wrong not in kept:
        restore_numpy()
        function = wrong.function_for(exercise.reference) if wrong else exercise.reference
        kept[wrong] = [_run(part, exercise, function) for part in exercise.parts]
    return kept[wrong]


def _run(part, exercise, function):
    """Run one part -> (outcomes of its calls, (what its test says is wrong, where))."""
    if not part.test:
        return [_call(function, case, exercise) for case in part.cases], _RIGHT
    probe = _Probe(function, exercise)
    try:
        verdict = part.test(probe), ""
    except _Refused as refused:
        verdict = refused.args
    return probe.trace, verdict


def _call(function, case, exercise):
    """Call the function once on fresh copies and take its result to pieces."""
    args, kwargs = case.arguments()
    limit = sys.getrecursionlimit()
    try:
        try:
            came = function(*args, **kwargs)
        finally:
            sys.setrecursionlimit(limit)
        value = plain(came, exercise.tensors)
        del came
    except KeyboardInterrupt:
        raise
    except NotImplementedError:
        return Outcome("not attempted")
    except BaseException as error:
        return Outcome("error", error=type_name(error), message=_error_message(error, function))
    changed = case.changed(args, kwargs, exercise.reference)
    return Outcome("value", value, changed=tuple(n for n in changed if n not in exercise.may_change))


def _error_message(error, function):
    message = f"your function raised {type_name(error)}: {short_text(error)}".removesuffix(": ")
    line = ""
    with contextlib.suppress(Exception):
        step = error.__traceback__ if type(function) is types.FunctionType else None
        while step is not None:
            code = step.tb_frame.f_code
            if code is function.__code__:
                line = linecache.getline(code.co_filename, step.tb_lineno).strip()[:100]
            step = step.tb_next
    return f"{message} (in the line `{line}`)" if line else message


def _judge(part, exercise, trace, right):
    """Return (what is wrong with the results of a part's cases, with which one)."""
    for case, came, expected in zip(part.cases, trace, right, strict=True):
        problem = _problem(came, expected.value, exercise, part.of)
        if problem:
            return problem, case.describe(exercise.reference)
    return _RIGHT


def _say_once(parts):
    """Shorten what only repeats an earlier message, such as the same exception, or the same call."""
    messages, calls = set(), set()
    for part in parts:
        if part.message in messages:
            part.message, part.where = "the same again", ""
        elif part.message:
            messages.add(part.message)
            call = part.where
            part.where = "in the same call" if call in calls and call else call
            calls.add(call)


def _problem(came, expected, exercise, of=None, values=True):
    if came.kind == "error":
        return came.message
    if came.changed:
        return f"your function changes its argument `{came.changed[0]}`; work on a copy"
    options = dict(values=values, **exercise.tolerance)
    members = exercise.members(came.value)
    if of is not None and members is not None:
        right = exercise.members(expected)
        return difference(members[of], right[of], name=f"`{of}`", **options)
    name = "the result" if type(expected) is tuple else f"`{exercise.returns[0]}`"
    names = [f"`{n}`" for n in exercise.returns]
    return difference(came.value, expected, name=name, names=names, **options)


class _Refused(Exception):
    """Ends a part's own test as soon as a call has gone wrong; its args are (what, where)."""


class _Probe:
    """The answer as a part's test sees it: results are plain and have the right types and shapes."""

    def __init__(self, function, exercise):
        self._function, self._exercise, self.trace = function, exercise, []

    def __call__(self, *args, **kwargs):
        case, exercise = Case(*args, **kwargs), self._exercise
        outcome = _call(self._function, case, exercise)
        self.trace.append(outcome)
        restore_numpy()
        if outcome.kind == "not attempted":
            raise _Refused(None, "")
        right = _call(exercise.reference, case, exercise)
        problem = _problem(outcome, right.value, exercise, values=False)
        if problem:
            raise _Refused(problem, case.describe(exercise.reference))
        return outcome.value


def _diagnose(result, exercise, came, expected):
    """Name the known mistakes that the answer has made, at most one for each of its results.

    A mistake shows in those results in which the wrong function differs from the reference, as in `y` alone.
    An answer has made it if these are the wrong function's in every call, whatever its other results are.
    """
    if not any(part.message for part in result.parts):
        return
    found = []
    for wrong in exercise.wrong:
        seen = _traces(exercise, wrong)
        shows = wrong.of or _differing(seen, expected, exercise)
        if shows and shows.isdisjoint(_differing(came, seen, exercise)):
            found.append((wrong, shows))
    if not found:
        everything = set(exercise.returns)
        found = [(w, everything) for w in exercise.wrong if _recognised(w, exercise, came, expected)]
    explained = set()
    for wrong, shows in sorted(found, key=lambda pair: -len(pair[1])):  # stable: else as declared
        if shows.isdisjoint(explained):
            explained |= shows
            result.diagnoses.append(wrong.diagnosis)


def _differing(traces, others, exercise):
    """Return the names of the results in which two functions differ in any call; all, where one fails."""
    everything, found = set(exercise.returns), set()
    for (trace, _), (other, _) in zip(traces, others, strict=True):
        if len(trace) != len(other):
            return everything
        for a, b in zip(trace, other, strict=True):
            if a.kind != b.kind or a.error != b.error:
                return everything
            found |= _differing_values(a.value, b.value, exercise)
    return found


def _differing_values(a, b, exercise):
    one, two = exercise.members(a), exercise.members(b)
    if one is None or two is None:  # not the tuple it should be: one thing, to be taken as a whole
        return set(exercise.returns) if difference(a, b, **exercise.tolerance) else set()
    return {name for name in two if difference(one[name], two[name], **exercise.tolerance)}


def _recognised(wrong, exercise, came, expected):
    if wrong.recognise is None:
        return False
    pairs = [
        pair
        for part, (c, _), (e, _) in zip(exercise.parts, came, expected, strict=True)
        if not part.test
        for pair in zip(c, e, strict=True)
    ]
    if not pairs or any(_problem(c, e.value, exercise, values=False) for c, e in pairs):
        return False
    try:
        return bool(wrong.recognise([c.value for c, _ in pairs], [e.value for _, e in pairs]))
    except Exception:
        return False
