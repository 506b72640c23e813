"""What passes between the grader and the process that runs a student's code.

To the student's process: pickles, as all of it is ours. From it: messages of which nothing is ever
executed, a JSON header and the bytes of the arrays in it. What does not decode is an error of the sender.
"""

import json
import pickle
import re
import struct

import numpy as np

# Bytes of a message, of its header and of its arrays, looked at before memory is given: a thousand times what
# the largest result of any reference has.
LARGEST = (2**19, 2**23)
MOST_VALUES = 2**18  # in a result; what is larger is described in words
_HEAD = struct.Struct(">II")  # lengths of header and arrays
_DEEPEST = 12
_NUMBERS = re.compile("[<>|=][biufc][0-9]{1,2}")  # the types of arrays that come back


class BadMessage(Exception):
    """The student's process sent something that is no message."""


def send_pickle(stream, value):
    """Send anything of ours."""
    data = pickle.dumps(value, protocol=5)
    stream.sendall(struct.pack(">I", len(data)) + data)


def receive_pickle(stream):
    """Receive what `send_pickle` sent; EOFError where the sender is gone."""
    (size,) = struct.unpack(">I", read(stream, 4))
    return pickle.loads(read(stream, size))


def read(stream, size):
    """Read exactly so many bytes from a socket."""
    data = bytearray()
    while len(data) < size:
        piece = stream.recv(min(size - len(data), 2**20))
        if not piece:
            raise EOFError("the other side is gone")
        data += piece
    return bytes(data)


def encode(value):
    """Return a message: a plain value, as `lessons.exercises.compare.plain` makes it, as bytes."""
    arrays = []
    header = json.dumps(_describe(value, arrays)).encode("utf-8", "replace")
    body = b"".join(arrays)
    return _HEAD.pack(len(header), len(body)) + header + body


def _describe(value, arrays):
    if value is None or type(value) in (bool, int, float):
        return value
    if type(value) is str:
        return ["text", value]
    if type(value) is complex:
        return ["complex", value.real, value.imag]
    if type(value) is np.ndarray:
        arrays.append(np.ascontiguousarray(value).tobytes())
        return ["array", value.dtype.str, list(value.shape)]
    if type(value) in (tuple, list):
        return [type(value).__name__, *(_describe(item, arrays) for item in value)]
    if type(value) is dict:
        return {key: _describe(item, arrays) for key, item in value.items()}
    return ["opaque", str(value.text)[:200]]


def decode_sizes(head):
    """Return the lengths of header and arrays that the first 8 bytes of a message announce."""
    sizes = _HEAD.unpack(head)
    if any(size > most for size, most in zip(sizes, LARGEST, strict=True)):
        raise BadMessage(f"a message of {sum(sizes)} bytes")
    return sizes


def decode(header, body, opaque=str):
    """Return the value of a message from its header and its arrays, both as bytes.

    ``opaque`` makes something of the description of a value that was no plain data.

    Raises
    ------
    BadMessage
        Whatever is wrong with it.
    """
    try:
        rest = memoryview(body)
        value, rest = _build(json.loads(header), rest, 0, opaque)
        if len(rest):
            raise BadMessage("bytes left over")
        return value
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError, MemoryError) as error:
        raise BadMessage(type(error).__name__) from None


def _build(what, rest, depth, opaque):
    if depth > _DEEPEST:
        raise BadMessage("too deep")
    if what is None or type(what) in (bool, int, float):
        return what, rest
    if type(what) is dict:
        built = {}
        for key, item in what.items():
            built[_text(key)], rest = _build(item, rest, depth + 1, opaque)
        return built, rest
    kind, *items = what
    if kind == "text":
        return _text(items[0]), rest
    if kind == "opaque":
        return opaque(_text(items[0])[:200]), rest
    if kind == "complex":
        return complex(float(items[0]), float(items[1])), rest
    if kind == "array":
        return _array(*items, rest)
    built = []
    for item in items:
        value, rest = _build(item, rest, depth + 1, opaque)
        built.append(value)
    return {"tuple": tuple, "list": list}[kind](built), rest


def _text(value):
    """Return a text that any file takes: without halves of characters."""
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _array(dtype, shape, rest):
    if not _NUMBERS.fullmatch(dtype):
        raise BadMessage("an array of another kind")
    dtype = np.dtype(dtype)
    if any(type(n) is not int or n < 0 for n in shape):
        raise BadMessage("an array of another shape")
    size = dtype.itemsize
    for n in shape:
        size *= n
    if size > len(rest):
        raise BadMessage("an array longer than its bytes")
    array = np.frombuffer(rest[:size], dtype).reshape(shape).copy()
    return array, rest[size:]
