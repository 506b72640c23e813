"""Turn whatever an answer returned into plain values, and say how those differ from the expected ones.

An answer may return anything: a generator that never ends, an array subclass that claims to equal
everything, an object whose ``__class__`` lies. So nothing here iterates, compares, prints or converts such
an object through its own methods. `plain` looks at ``type(value)`` only, copies what it knows (numbers,
arrays of numbers, tuples, lists and dicts of those) into exact built-in types, and puts a `Foreign` in place
of the rest.

The functions that decide over points are bound when this module is imported, so that replacing
``np.allclose`` later changes nothing.
"""

import sys
import types

import numpy as np
from numpy import abs as _abs
from numpy import array as _array
from numpy import isfinite as _isfinite
from numpy import isnan as _isnan

MAX_SIZE = 5_000_000  # values in a result, all arrays together; no exercise asks for more
ITEM_COST = 500  # what an item of a tuple, list or dict costs of those
MAX_DEPTH = 4
LARGEST = 1e100  # a result beyond it is called infinite: sums and squares of such values are

_view = np.ndarray.view
_name_of = type.__dict__["__name__"].__get__  # a metaclass may have a __name__ of its own
_flatnonzero = np.flatnonzero
_unravel = np.unravel_index
_FOREIGN = {
    types.GeneratorType: "a generator (was `yield` meant to be `return`?)",
    types.CoroutineType: "a coroutine (write `def`, not `async def`)",
    types.FunctionType: "a function (is a pair of brackets missing?)",
    types.BuiltinFunctionType: "a function (is a pair of brackets missing?)",
    types.MethodType: "a method (is a pair of brackets missing?)",
    set: "a set",
    range: "a range",
    bytes: "bytes",
}
# Types are looked up by identity: `kind in (bool, float)` would ask a hostile metaclass whether it is equal.
_FOREIGN_BY_ID = {id(kind): text for kind, text in _FOREIGN.items()}
_NUMPY_SCALARS = frozenset(map(id, np.sctypeDict.values()))


class Foreign:
    """Stands for something that is no plain value; ``text`` describes it."""

    __slots__ = ("text",)

    def __init__(self, text):
        self.text = text


def type_name(value):
    """Return the name of the value's type; never runs code of the value."""
    try:
        name = _name_of(type(value))
        return str.__getitem__(name, slice(0, 60))
    except Exception:
        return "unknown"


def short_text(value, limit=240):
    """Return ``str(value)`` on one line, cut to ``limit`` characters, whatever ``__str__`` does."""
    try:
        text = str.__getitem__(str(value), slice(0, limit + 1))
        text = " ".join(text.split())
    except KeyboardInterrupt:
        raise
    except BaseException:
        return "(no readable message)"
    return text if len(text) <= limit else text[:limit] + "…"


def plain(value, tensors=False):
    """Copy a value into exact built-in types.

    Parameters
    ----------
    value : object
        Anything at all.
    tensors : bool
        Whether a torch tensor counts as an array. torch is never imported here.

    Returns
    -------
    None, bool, int, float, complex, str, ndarray, tuple, list, dict or Foreign
        Arrays are copies of type ``ndarray`` itself with a numeric or boolean dtype.
    """
    return _Copier(tensors).copy(value, 0)


class _Copier:
    """Copies one result, and stops when it gets too large."""

    def __init__(self, tensors):
        self.tensors, self.left = tensors, MAX_SIZE

    def copy(self, value, depth):
        kind = type(value)
        if value is None or kind is bool or kind is float or kind is complex or kind is Foreign:
            return value
        if kind is int:
            return value if abs(value) < 2**63 else Foreign("an integer too large for an array")
        if kind is str:
            return value[:200]
        if id(kind) in _NUMPY_SCALARS:
            value = self.array(_array(value))
            return value.item() if type(value) is np.ndarray and value.itemsize <= 8 else value
        if issubclass(kind, np.ndarray):
            return self.array(value)
        if depth < MAX_DEPTH and issubclass(kind, (tuple, list, dict)):
            return self.container(value, depth)
        return _foreign(value) if not _is_tensor(value) else self.tensor(value)

    def array(self, value):
        array = _view(value, np.ndarray)  # ndarray's own method: runs none of a subclass
        if array.dtype.kind not in "biufc":
            return Foreign(f"an array of dtype {short_text(array.dtype, 40)}")
        self.left -= array.size
        return Foreign(f"an array of shape {array.shape}") if self.left < 0 else _array(array)

    def container(self, value, depth):
        base = next(b for b in (tuple, list, dict) if issubclass(type(value), b))
        size = base.__len__(value)
        self.left -= size * ITEM_COST
        if self.left < 0:
            return Foreign(f"a {base.__name__} of {size} values")
        if base is dict:
            items = list(dict.items(value))
            if any(type(key) is not str for key, _ in items):
                return Foreign("a dict with keys that are not text")
            return {key: self.copy(item, depth + 1) for key, item in items}
        items = base.__getitem__(value, slice(None))  # an exact tuple or list, past any override
        return base(self.copy(item, depth + 1) for item in items)

    def tensor(self, value):
        if not self.tensors:
            return Foreign("a torch tensor (end with `.detach().numpy()`)")
        try:
            return self.array(sys.modules["torch"].Tensor.detach(value).cpu().numpy())
        except Exception:  # sparse, on a device without memory, …
            return Foreign("a torch tensor that cannot be read")


def _is_tensor(value):
    torch = sys.modules.get("torch")
    try:
        kind = type(value)
        return torch is not None and (kind is torch.Tensor or kind is torch.nn.Parameter)
    except Exception:  # half imported
        return False


def _foreign(value):
    kind = type(value)
    if kind is types.CoroutineType:
        value.close()  # or Python warns on stderr that nobody awaited it
    if id(kind) in _FOREIGN_BY_ID:
        return Foreign(_FOREIGN_BY_ID[id(kind)])
    name = type_name(value)
    if name in ("Series", "DataFrame"):
        return Foreign(f"a pandas {name} (end with `.to_numpy()`)")
    return Foreign(f"an object of type {name}")


def describe(value):
    """Say in a few words what a plain value is."""
    if type(value) is Foreign:
        return value.text
    if type(value) is np.ndarray:
        return f"an array of shape {value.shape}"
    if type(value) in (tuple, list):
        return f"a {type(value).__name__} of {len(value)} value{'s' * (len(value) != 1)}"
    if type(value) is dict:
        return "a dict with keys " + (", ".join(key[:40] for key in list(value)[:8]) or "(none)")
    if type(value) is str:
        return f"the text {value[:40]!r}"
    return _number(value)


def difference(came, expected, name="the result", names=(), rtol=1e-6, atol=1e-8, values=True):
    """Say how a plain value differs from the expected one.

    Parameters
    ----------
    came, expected : plain values
        As `plain` returns them.
    name : str
        What the value is called in the sentence.
    names : sequence of str
        What the members of an expected tuple are called. (A known wrong answer may expect a list.)
    rtol, atol : float
        Allowed: ``|came - expected| <= atol + rtol |expected|``.
    values : bool
        False compares types and shapes, and refuses NaN, infinity and what is nearly so: with
        such values a comparison of its own would turn into NaN, which is neither larger nor smaller.

    Returns
    -------
    str or None
        One sentence without a full stop, or None where they agree.
    """
    options = {"rtol": rtol, "atol": atol, "values": values}
    if came is None and expected is not None:
        return f"{name} is None (is a `return` missing?)"
    if type(expected) in (tuple, list):
        return _sequence_difference(came, expected, name, names, options)
    if type(expected) is np.ndarray and expected.ndim:
        return _array_difference(came, expected, name, **options)
    if expected is None:
        return None if came is None else f"{name} is {describe(came)}, expected None"
    return _scalar_difference(came, expected, name, **options)


def _sequence_difference(came, expected, name, names, options):
    names = list(names)
    if len(names) != len(expected):  # one name for a result that is itself a list
        names = [f"{name}[{i}]" for i in range(len(expected))]
    if type(came) not in (tuple, list) or len(came) != len(expected):
        wanted = ", ".join(names) if len(names) < 9 else describe(expected)
        return f"{name} is {describe(came)}, expected {len(expected)} values: {wanted}"
    found = (difference(c, e, n, **options) for c, e, n in zip(came, expected, names, strict=True))
    return next(filter(None, found), None)


def _array_difference(came, expected, name, rtol, atol, values):
    if type(came) is not np.ndarray:
        return f"{name} is {describe(came)}, expected an array of shape {expected.shape}"
    if came.shape != expected.shape:
        return f"{name} has shape {came.shape}, expected {expected.shape}"
    if (came.dtype.kind == "b") != (expected.dtype.kind == "b"):
        wanted = "booleans" if expected.dtype.kind == "b" else "numbers"
        return f"{name} has dtype {came.dtype}, expected {wanted}"
    if came.dtype.kind == "c" and expected.dtype.kind != "c":
        return f"{name} has complex values, expected real numbers"
    a, b = _wide(came), _wide(expected)
    for what, test in (("NaN", _isnan), ("infinite", lambda v: _abs(v) > LARGEST)):
        surplus = int((test(a) & ~test(b)).sum())
        if surplus:
            return f"{surplus} of {a.size} values of {name} {'is' if surplus == 1 else 'are'} {what}"
    if not values:
        return None
    far = _flatnonzero(~_close(a, b, rtol, atol))
    if not far.size:
        return None
    where = tuple(int(i) for i in _unravel(far[0], a.shape))
    place = f"{name}[{', '.join(map(str, where))}]"
    pair = f"{place} is {_number(came[where].item())}, expected {_number(expected[where].item())}"
    return pair if a.size == 1 else f"{far.size} of {a.size} values of {name} differ; the first: {pair}"


def _scalar_difference(came, expected, name, rtol, atol, values):
    single = type(came) in (bool, int, float, complex) or (type(came) is np.ndarray and came.ndim == 0)
    if not single or _is_bool(came):
        return f"{name} is {describe(came)}, expected a single number"
    a, b = _wide(_array(came)), _wide(_array(expected))
    if a.dtype.kind == "c" and b.dtype.kind != "c":
        return f"{name} is {describe(came)}, expected a real number"
    finite = bool(_abs(a) <= LARGEST) or not bool(_isfinite(b))
    if (finite and not values) or _close(a, b, rtol, atol).all():
        return None
    return f"{name} is {_number(a.item())}, expected {_number(b.item())}"


def _is_bool(value):
    return type(value) is bool or (type(value) is np.ndarray and value.dtype.kind == "b")


def _wide(array):
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def _close(a, b, rtol, atol):
    with np.errstate(all="ignore"):
        return (_abs(a - b) <= atol + rtol * _abs(b)) & _isfinite(b) | (a == b) | (_isnan(a) & _isnan(b))


def _number(value):
    if type(value) is float:
        return f"{value:.6g}"
    return short_text(value, 40)
