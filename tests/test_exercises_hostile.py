"""`check` survives whatever an answer does: nbgrader gets a float, nothing on stderr, no points unearned."""

import asyncio
import itertools
import logging
import os
import random
import sys
import warnings

import nbformat
import numpy as np
import pandas
import pytest
import torch
from nbclient import NotebookClient

from lessons.exercises import REGISTRY, check

right = REGISTRY["01.make_windows"].reference


def boom(*args, **kwargs):
    raise RuntimeError("touched")


def yes(*args, **kwargs):
    return True


def expected(*args, **kwargs):
    return right(np.arange(10.0), 3)[0]


class Hostile:
    """Fails on whatever is asked of it."""

    __eq__ = __ne__ = __len__ = __iter__ = __array__ = __repr__ = __str__ = __bool__ = __hash__ = boom
    __getitem__ = __float__ = __int__ = __index__ = __getattr__ = __contains__ = boom
    __class__ = property(boom)


def touchy(kind, names, **more):
    """Return a class that is of a kind, and fails where it is asked for any of these."""
    return type(f"Lying{kind.__name__}", (kind,), dict.fromkeys(names.split(), boom) | more)


Meta = touchy(type, "__hash__", __eq__=lambda cls, other: True, __name__=property(boom))
OfHostileType = Meta("OfHostileType", (), {})


class AlwaysEqual:
    """Claims to be the array that is expected."""

    shape, ndim, size, dtype = (7, 3, 1), 3, 21, np.dtype(float)
    __class__ = np.ndarray
    __eq__ = yes
    __array__ = expected
    __sub__ = __rsub__ = lambda self, other: np.zeros((7, 3, 1))


class LyingArray(np.ndarray):
    """An array that overrides all that a comparison might call."""

    shape = property(lambda self: (7, 3, 1))
    __array_ufunc__ = __array_function__ = __eq__ = __array_finalize__ = yes
    astype, all, any = expected, boom, boom


LyingList = touchy(list, "__len__ __iter__ __getitem__")
LyingDict = touchy(dict, "__len__ __iter__ items keys __getitem__")
LyingFloat = touchy(float, "__float__ __eq__ __sub__ __rsub__")
LyingTuple = touchy(
    tuple,
    "",
    __len__=lambda self: 2,
    __iter__=lambda self: itertools.cycle([AlwaysEqual()]),
    __getitem__=lambda self, key: AlwaysEqual(),
)


class UglyError(Exception):
    def __str__(self):
        raise SystemExit(3)

    __repr__ = __str__


def recurse(*args):
    return recurse(*args)


def own_list():
    a = [0] * 1000
    for _ in range(6):
        a = [a] * 1000
    return a


def itself():
    a = []
    a.append(a)
    return a


def raises(error):
    def answer(series, window):
        raise error

    return answer


VALUES = {
    "hostile object": Hostile,
    "hostile type": OfHostileType,
    "always equal": AlwaysEqual,
    "always equal twice": lambda: (AlwaysEqual(), AlwaysEqual()),
    "lying array": lambda: (np.zeros((7, 3, 1)).view(LyingArray), np.zeros((7, 1)).view(LyingArray)),
    "lying tuple": lambda: LyingTuple((1, 2)),
    "lying list": lambda: LyingList([1, 2]),
    "lying dict": lambda: LyingDict(a=1),
    "lying float": lambda: LyingFloat(1),
    "endless generator": lambda: itertools.count(),
    "not implemented": lambda: NotImplemented,
    "long text": lambda: "y" * 10_000_000,
    "dict": lambda: {"X": 1, "y": 2},
    "odd keys": lambda: {Hostile: 1, 2: 3},
    "nan": lambda: (np.full((7, 3, 1), np.nan), np.full((7, 1), np.nan)),
    "zero-dimensional": lambda: (np.array(1), np.array(2)),
    "empty": lambda: (np.empty(0), np.empty((0, 0))),
    "objects": lambda: (np.array([Hostile, None, 3], dtype=object), np.array([{}])),
    "records": lambda: np.zeros(2, dtype=[("X", float), ("y", float)]),
    "masked": lambda: np.ma.masked_all((7, 3, 1)),
    "matrix": lambda: (np.asmatrix(np.zeros((7, 3))), np.asmatrix(np.zeros((7, 1)))),
    "ragged": lambda: ([[1, 2], [3]], [1]),
    "a huge array that takes no memory": lambda: np.broadcast_to(0.0, (2**20, 2**20, 2**10)),
    "a huge list": lambda: ([0] * 10_000_000, [0]),
    "a list of lists of lists": own_list,
    "a list in itself": itself,
    "a huge integer": lambda: 10**100_000,
    "complex": lambda: (np.ones((7, 3, 1), complex), 1j),
    "a function": lambda: right,
    "a coroutine": lambda: asyncio.sleep(0),
    "an open file": lambda: open(os.devnull),  # noqa: SIM115 (not closing it is the point)
}

ANSWERS = {
    "exception": raises(ValueError("no")),
    "ugly exception": raises(UglyError()),
    "html in exception": raises(ValueError("<script>alert(1)</script>")),
    "long exception": raises(ValueError("x" * 10_000_000)),
    "exit": raises(SystemExit(0)),
    "base exception": raises(type("Quit", (BaseException,), {})("out")),
    "stop iteration": raises(StopIteration(right)),
    "memory": lambda series, window: np.ones((2**40, 2**20)),
    "recursion": recurse,
    "low recursion limit": lambda series, window: sys.setrecursionlimit(sys.getrecursionlimit() // 4),
    "no arguments": lambda: None,
    "keywords only": lambda *, series, window: None,
    "ufunc": np.add,
    "hostile class": OfHostileType,
    "hostile object": Hostile(),
    "mock": type("Mock", (), {"__call__": lambda self, *a: self, "__getattr__": lambda self, n: self})(),
    "numpy number": np.float64(3),
    "array": np.ones(3),
}


def signed(series, window):
    return None


signed.__signature__, signed.__wrapped__ = Hostile(), signed
ANSWERS["hostile signature"] = signed


ANSWERS |= {f"returns {name}": lambda s, w, make=make: make() for name, make in VALUES.items()}


@pytest.mark.parametrize("name", ANSWERS)
def test_hostile_answer_earns_nothing_in_silence(name, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        limit = sys.getrecursionlimit()
        result = check("01.make_windows", ANSWERS[name])
        assert repr(result) == "0.0"
        assert result.status == "not yet", result.text()
        page = result._repr_html_()
    assert sys.getrecursionlimit() == limit
    assert len(page) < 6000 and "<script" not in page
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("id", list(REGISTRY))
def test_no_exercise_pays_for_a_fake(id):
    assert repr(check(id, lambda *args, **kwargs: VALUES["always equal"]())) == "0.0"


def test_hostile_id():
    odd = [None, 3, ..., "", "x" * 10_000, "01", "01.", "../01", ["01.trailing_mean"], b"01", Hostile()]
    for id in odd:
        result = check(id, right)
        assert (repr(result), result.status) == ("0.0", "unknown")
        assert len(result._repr_html_()) < 3000


def test_keyboard_interrupt_passes_through(capfd):
    stdout = sys.stdout
    with pytest.raises(KeyboardInterrupt):
        check("01.make_windows", raises(KeyboardInterrupt()))
    assert sys.stdout is stdout
    print("audible")
    assert capfd.readouterr() == ("audible\n", "")


def test_stub_half_done_is_not_attempted():
    def make_windows(series, window):
        X, y = right(series, window)
        if window == 3:
            return X, y
        raise NotImplementedError

    result = check("01.make_windows", make_windows)
    assert (result.status, repr(result)) == ("not attempted", "0.0")


def noisy(series, window):
    """A right answer that makes every noise there is, through streams that it has closed."""
    sys.stdout.close()
    sys.stderr.close()
    print("out", flush=True)
    print("err", file=sys.stderr)
    print("true err", file=sys.__stderr__, flush=True)
    sys.stdout.buffer.write(b"bytes")
    os.write(1, b"fd 1")
    os.write(2, b"fd 2")
    os.system("echo from a shell; echo and its stderr >&2")
    warnings.warn("careful", stacklevel=1)
    warnings.simplefilter("always")
    warnings.warn("careful", stacklevel=1)
    logging.getLogger("learner").warning("logged")
    np.log(np.array(-1.0)) / np.array(0.0)
    return right(series, window)


def test_noise_is_swallowed_and_costs_nothing(capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        results = [check("01.make_windows", noisy) for _ in range(2)]
        assert warnings.filters[0][0] == "error"
    assert all(result.passed for result in results), results[0].text()
    assert capfd.readouterr() == ("", "")


def test_nothing_global_changes(tmp_path):
    def make_windows(series, window):
        np.random.seed(0)
        random.seed(0)
        np.seterr(all="raise")
        np.set_printoptions(precision=1)
        os.chdir(tmp_path)
        sys.stdout = sys.stderr = None
        sys.setrecursionlimit(5000)
        logging.disable(logging.NOTSET)
        return right(series, window)

    def state():
        of_numpy = np.random.get_state()[1].tolist(), np.geterr(), np.get_printoptions()
        of_python = random.getstate(), os.getcwd(), sys.getrecursionlimit(), logging.root.manager.disable
        return of_numpy, of_python, id(sys.stdout), id(sys.stderr), list(warnings.filters)

    before = state()
    assert check("01.make_windows", make_windows).passed
    assert state() == before


def test_patched_numpy_earns_nothing(monkeypatch):
    """Zeros for every mean, and a comparison that always agrees, would make any answer right."""

    def zero(*args, **kwargs):
        return 0.0

    def naive_error(signal, sigma):
        np.diff = np.abs = zero
        return 0.0

    diff = np.diff
    for name in ("allclose", "array_equal", "isclose", "all", "mean", "subtract", "array", "isnan"):
        monkeypatch.setattr(
            np, name, zero if name in ("mean", "subtract", "array", "isnan") else lambda *a, **k: True
        )
    result = check("02.naive_error", naive_error)
    assert (repr(result), result.status) == ("0.0", "not yet")
    assert np.mean is zero and np.diff is diff  # outside the check, what the learner did is left alone
    monkeypatch.undo()
    assert check("02.naive_error", REGISTRY["02.naive_error"].reference).passed


def test_arrays_of_other_libraries_are_refused_with_advice():
    text = check("01.make_windows", lambda *a: [torch.tensor(part) for part in right(*a)]).text()
    assert "`X` is a torch tensor (end with `.detach().numpy()`)" in text
    text = check("01.scale_with_train", lambda series, at: pandas.Series(series)).text()
    assert "a pandas Series (end with `.to_numpy()`)" in text


def test_in_a_real_kernel_only_the_points_come_out():
    """As nbgrader sees it: one result a check cell, nothing on stderr, a float as text; nothing later."""
    answers = """
import gc, os, sys, warnings
from lessons.exercises import check
warnings.simplefilter("always")
class Loud:
    def __del__(self): raise ValueError("deleted")
def exits(series, window):
    print("out"); print("err", file=sys.stderr); print("err", file=sys.__stderr__)
    os.write(2, b"err"); os.system("echo err >&2"); warnings.warn("careful")
    raise SystemExit
def loud(series, window): return Loud(), Loud()
async def waits(series, window): return 1
def yields(series, window):
    try: yield 1
    finally: print("closed")
"""
    checks = [f'check("01.make_windows", {name})' for name in ("exits", "loud", "waits", "yields", "None")]
    sources = [answers, *checks, 'gc.collect(); print("audible")']
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
    _, *checked, (after,) = (cell.outputs for cell in notebook.cells)
    for outputs in checked:
        assert [output.output_type for output in outputs] == ["execute_result"]
        assert outputs[0].data["text/plain"] == "0.0"
    assert "SystemExit" in checked[0][0].data["text/html"]
    assert "Not attempted yet" in checked[-1][0].data["text/html"]
    assert after.text == "audible\n"
