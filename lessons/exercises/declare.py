"""The words in which an exercise is written: Exercise, Part, Case, Slip, Wrong."""

import copy
import inspect
import re
import textwrap

import numpy as np

_deepcopy = copy.deepcopy


class Case:
    """One call of the answer: ``Case(np.arange(10.0), 3)`` stands for ``answer(np.arange(10.0), 3)``.

    Parameters
    ----------
    *args, **kwargs
        What the function is called with; every call gets its own deep copy.
    """

    def __init__(self, *args, **kwargs):
        self._args, self._kwargs = args, kwargs

    def arguments(self):
        """Return fresh copies: args (tuple), kwargs (dict)."""
        return _deepcopy(self._args), _deepcopy(self._kwargs)

    def bind(self, function):
        """Return {parameter name: value} for this call of ``function``."""
        return inspect.signature(function).bind(*self._args, **self._kwargs).arguments

    def describe(self, function):
        """Say the call in words, as ``with `series` of shape (10,), `window` = 3``."""
        return "with " + ", ".join(_argument(name, value) for name, value in self.bind(function).items())

    def changed(self, args, kwargs, function):
        """Return the names of the parameters that ``args`` and ``kwargs`` no longer hold unchanged."""
        now = Case(*args, **kwargs).bind(function)
        return [name for name, value in self.bind(function).items() if not _unchanged(value, now[name])]


class Part:
    """A named share of the points.

    Parameters
    ----------
    name : str
        What is right when this part passes, as the card says it.
    points : float
    *cases : Case
        Calls whose results must equal the reference's.
    of : str, optional
        Compare only this one of several results; one of the exercise's ``returns``.
    test : callable, optional
        Instead of cases: ``test(answer)`` calls ``answer(...)`` as it likes, returns None or what is wrong.
        What it gets back is plain arrays with the types and shapes of the reference's own result.
    """

    def __init__(self, name, points, *cases, of=None, test=None):
        if bool(cases) == bool(test):
            raise ValueError(f"part {name!r} needs either cases or a test")
        if not points > 0:
            raise ValueError(f"points of part {name!r} must be above 0, got {points}")
        self.name, self.points, self.cases, self.of, self.test = name, float(points), cases, of, test


class Slip:
    """A known wrong answer, told as what a learner changes in the reference.

    Parameters
    ----------
    diagnosis : str
        Says what is wrong, and leaves the mending to the learner.
    changes : dict of str to str
        Text of the reference, which must stand there exactly once, to the text in its place.
    of : str, optional
        The results that show the mistake, as ``"h, c"``; unless given, those that are not the reference's.
        An answer has made the mistake if it returns these, or raises the same type of exception, in every
        call.
    """

    recognise = None

    def __init__(self, diagnosis, changes, of=None):
        self.diagnosis, self.changes, self.of = diagnosis, changes, _names(of)

    def source_for(self, reference):
        """Return the reference's source with the changes made.

        Raises
        ------
        ValueError
            If a text does not stand in the reference exactly once.
        """
        source = textwrap.dedent(inspect.getsource(reference))
        for old, new in self.changes.items():
            if source.count(old) != 1:
                where = f"{reference.__name__}, it stands there {source.count(old)} times"
                raise ValueError(f"{old!r} must stand once in {where}")
            source = source.replace(old, new)
        return source

    def function_for(self, reference):
        """Return the reference with the changes made, as a function."""
        names = dict(reference.__globals__)
        exec(compile(self.source_for(reference), f"<{reference.__name__}: {self.diagnosis}>", "exec"), names)
        return names[reference.__name__]


class Wrong:
    """A known wrong answer of another structure than the reference's; see `Slip` for the others.

    Parameters
    ----------
    function : callable
        A wrong implementation.
    diagnosis, of
        As for `Slip`.
    recognise : callable, optional
        For mistakes with many outcomes (a random shuffle): ``recognise(came, expected)`` gets the lists of
        the results of all cases, of the right types and shapes, and says whether this is the mistake.
        Asked only where no wrong function fits exactly.
    """

    def __init__(self, function, diagnosis, recognise=None, of=None):
        self.function, self.diagnosis, self.recognise, self.of = function, diagnosis, recognise, _names(of)

    def function_for(self, reference):
        """Return the wrong implementation."""
        return self.function


def _names(text):
    return frozenset(name.strip() for name in text.split(",")) if text else frozenset()


class Exercise:
    """One graded exercise: the record that learners' cells, the grader and the tests all use.

    Parameters
    ----------
    id : str
        ``"LESSON.function"``, as ``"01.make_windows"``.
    title : str
        What the learner does.
    reference : callable
        A right answer, named as in the id. `solution` shows its source: it must run with ``imports`` alone.
    returns : str
        The name of the result in messages, or several with commas, as ``"X, y"``.
    parts : sequence of Part
    hints : sequence of str
        Two to four, each more concrete than the one before.
    wrong : sequence of Slip and Wrong
    needs : sequence of callable
        Helpers that the reference calls; shown above it.
    imports : str
        Lines above the solution.
    may_change : sequence of str
        Parameters that an answer is allowed to change in place.
    rtol : float
        Tolerance of the comparison.
    tensors : bool
        Whether torch tensors are accepted where arrays are expected.
    """

    def __init__(
        self,
        id,
        title,
        *,
        reference,
        returns,
        parts,
        hints,
        wrong=(),
        needs=(),
        imports="import numpy as np",
        may_change=(),
        rtol=1e-6,
        tensors=False,
    ):
        self.id, self.title, self.reference = id, title, reference
        self.returns = tuple(name.strip() for name in returns.split(","))
        self.parts, self.hints, self.wrong = tuple(parts), tuple(hints), tuple(wrong)
        self.needs, self.imports, self.may_change = tuple(needs), imports, frozenset(may_change)
        self.tolerance = {"rtol": rtol, "atol": 1e-8}
        self.tensors = tensors
        self._validate()

    def _validate(self):
        if not re.fullmatch(r"\d\d\.[a-z]\w*", self.id) or self.id[3:] != self.reference.__name__:
            raise ValueError(f"id must be LESSON.{self.reference.__name__}, as 01.name, got {self.id!r}")
        if not 2 <= len(self.hints) <= 4:
            raise ValueError(f"{self.id}: hints must be two to four, got {len(self.hints)}")
        for part in self.parts:
            if part.of is not None and part.of not in self.returns:
                raise ValueError(f"{self.id}: of must be one of {', '.join(self.returns)}, got {part.of!r}")
        for wrong in self.wrong:
            if not wrong.of <= set(self.returns):
                known = ", ".join(self.returns)
                raise ValueError(f"{self.id}: of must be among {known}, got {sorted(wrong.of)}")

    @property
    def points(self):
        """Points for a full answer, a float."""
        return float(sum(part.points for part in self.parts))

    @property
    def signature(self):
        """The call as a learner writes it, as ``make_windows(series, window)``."""
        return f"{self.reference.__name__}{inspect.signature(self.reference)}"

    def source(self):
        """Return the solution as code that runs on its own."""
        functions = [textwrap.dedent(inspect.getsource(f)).strip() for f in (*self.needs, self.reference)]
        return "\n\n\n".join([self.imports.strip(), *functions] if self.imports else functions) + "\n"

    def members(self, value):
        """Return a plain result as {name: value}, or None where it is not as many values as it should be."""
        if len(self.returns) == 1:
            return {self.returns[0]: value}
        fits = type(value) in (tuple, list) and len(value) == len(self.returns)
        return dict(zip(self.returns, value, strict=True)) if fits else None


def _argument(name, value):
    if isinstance(value, np.ndarray):
        small = value.size <= 12 and max(value.shape, default=1) == value.size  # one line: for recomputing
        shown = value.round(4) if value.dtype.kind == "f" else value
        return f"`{name}` = {shown.tolist()}" if small else f"`{name}` of shape {value.shape}"
    if isinstance(value, (bool, int, float, str)):
        return f"`{name}` = {value!r}"
    return f"some `{name}`"


def _unchanged(before, after):
    """Whether two values of ours are the same, arrays compared to the byte."""
    if type(before) is not type(after):
        return False
    if isinstance(before, np.ndarray):
        same = before.shape == after.shape and before.dtype == after.dtype
        return same and before.tobytes() == after.tobytes()
    if isinstance(before, (list, tuple)):
        return len(before) == len(after) and all(map(_unchanged, before, after))
    if isinstance(before, (bool, int, float, str, type(None))):
        return before == after or before != before
    if type(before).__module__.startswith("torch") and hasattr(before, "detach"):
        return _unchanged(before.detach().cpu().numpy(), after.detach().cpu().numpy())
    return True  # a model, a function: nothing to compare
