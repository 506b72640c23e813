"""The process in which students' processes are born: ``python -m classroom.nursery DESCRIPTOR``.

It imports NumPy once, never runs a line of a student's, and forks a child for every answer. The child
closes its cage, and only then sees the answer. So an answer costs milliseconds, finds nothing of another
student's, and knows neither the gradebook nor any reference solution.
"""

import array
import fcntl
import importlib
import importlib.util
import json
import os
import random
import signal
import socket
import sys
import types
import warnings
from pathlib import Path

import numpy as np

from classroom import cage, container, program, wire

PACKAGE = Path(__file__).resolve().parent.parent / "lessons"
SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo", "/etc/ld.so.cache")
DEVICES = ("/dev/null", "/dev/urandom", "/dev/random", "/dev/zero")


def main(descriptor):
    """Serve on a socket until the grader hangs up."""
    cage.hide_memory()
    control = socket.socket(fileno=descriptor)
    settings = wire.receive_pickle(control)
    for name in settings["preload"]:
        importlib.import_module(name)
    _warm_up()
    compare = _load(PACKAGE / "exercises" / "compare.py")
    compare.MAX_SIZE = wire.MOST_VALUES
    ruleset = (
        cage.make_ruleset(readable(), hidden(), settings["landlock"])
        if settings["level"] == "sealed"
        else None
    )
    wire.send_pickle(control, "ready")
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 64, 1)
        if not message:
            return
        command = json.loads(message)
        if "end" in command:
            os.kill(command["end"], signal.SIGKILL)  # at most a process that has ended and waits for this
            _, status = os.waitpid(command["end"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = os.fork()
            if answer == 0:
                _child(descriptors[0], settings, ruleset, compare)
            os.close(descriptors[0])
        control.sendall(array.array("q", [answer]).tobytes())


def _warm_up():
    """Import what PyTorch imports at an optimiser's first use, and needs a temporary folder for."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)
        torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))]).zero_grad()


def readable():
    """Return what an answer may read: Python and the packages. (What is `hidden` is taken out again.)"""
    places = [sys.prefix, sys.base_prefix, sys.exec_prefix, PACKAGE, *SYSTEM, *DEVICES]
    places += [p for p in sys.path if Path(p).name in ("site-packages", "dist-packages", "lib-dynload")]
    return [Path(place) for place in places if Path(place).exists()]


def hidden():
    """Return the folders with the reference solutions, those of another installation of the course too."""
    places = {PACKAGE, *(Path(place).resolve() / "lessons" for place in sys.path)}
    return sorted(place / "exercises" for place in places if (place / "exercises").is_dir())


def needed():
    """Return what the nursery itself has to read, the folders therein to hide, and files of those to keep."""
    files = [path for path in readable() if str(path) not in DEVICES]  # the container has its own
    places = container.places(*files, Path(sys.executable).parent, PACKAGE.parent / "classroom")
    return places, hidden(), [PACKAGE / "exercises" / "compare.py"]


def _load(path):
    """Load a module from its file, without the package around it."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _child(descriptor, settings, ruleset, compare):
    """Close the cage, then serve one answer. Never returns."""
    try:
        _keep_only(descriptor, ruleset)
        os.chdir("/")
        os.setsid()
        cage.set_limits(settings["seconds"], settings["megabytes"], settings["tasks"])
        unprivileged = cage.drop_root([sys.prefix, sys.base_prefix, PACKAGE])
        if settings["level"] == "sealed":
            if "landlock" not in settings["without"]:
                cage.restrict_files(4)
            os.close(4)
            if "calls" not in settings["without"]:
                cage.allow_system_calls()
        elif not unprivileged:
            os._exit(71)  # as root, with nothing to hold it: never
        _serve(socket.socket(fileno=3), compare)
    except BaseException:
        os._exit(70)
    os._exit(0)


def _keep_only(descriptor, ruleset):
    """Leave open: nothing at 0, 1, 2, the socket at 3, the ruleset at 4. All others are closed."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    wanted = [nowhere, nowhere, nowhere, descriptor, nowhere if ruleset is None else ruleset]
    copies = [fcntl.fcntl(old, fcntl.F_DUPFD, 100) for old in wanted]  # out of the way of 0 to 4
    for number, copy in enumerate(copies):
        os.dup2(copy, number, inheritable=False)
    os.closerange(5, 4096)


def _serve(stream, compare):
    """Build the answer, then call it as often as asked."""
    stream.sendall(wire.encode("ready"))  # whatever happens from here on is the answer's doing
    order = wire.receive_pickle(stream)
    random.seed(0)
    np.random.seed(0)
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    namespace = {"__name__": "__main__", "__builtins__": __builtins__}
    _stand_in(order)
    parsed = program.parse_cells(order["cells"], order["lesson"])
    stream.sendall(wire.encode(program.shapes(parsed[0], order["name"])[:500]))  # before any of it runs
    unreadable, failed = program.build(*parsed, order["name"], namespace)
    function = namespace.get(order["name"])
    kind, value = _kind(function, order, namespace)
    first = {
        "kind": kind,
        "value": compare.plain(value),
        "unreadable": [text[:400] for text in unreadable[:3]],
        "failed": [text[:400] for text in failed[:3]],
    }
    stream.sendall(wire.encode(first))
    while kind == "function":
        try:
            args, kwargs, tensors = wire.receive_pickle(stream)
        except EOFError:
            return
        stream.sendall(wire.encode(_call(function, args, kwargs, tensors, compare)))


def _kind(function, order, namespace):
    if order["name"] not in namespace:
        return "missing", None
    if isinstance(function, type):
        return "class", None
    return ("function", None) if callable(function) else ("value", function)


def _call(function, args, kwargs, tensors, compare):
    limit = sys.getrecursionlimit()
    try:
        came = function(*args, **kwargs)
        value = compare.plain(came, tensors)
    except NotImplementedError:
        return {"kind": "not attempted"}
    except BaseException as error:
        return {
            "kind": "error",
            "error": compare.type_name(error),
            "message": compare.short_text(error),
            "line": _where(error, function),
        }
    finally:
        sys.setrecursionlimit(limit)
    changed = compare.plain([list(args), kwargs], tensors=True)
    return {"kind": "value", "value": value, "arguments": changed}


def _where(error, function):
    """Return [cell, line] of the function's own line in which an exception arose, if there is one."""
    code, step, found = getattr(function, "__code__", None), error.__traceback__, None
    while step is not None:
        if step.tb_frame.f_code is code:
            cell = code.co_filename.removeprefix(program.CELL)
            found = [int(cell), step.tb_lineno] if cell.isdecimal() else None
        step = step.tb_next
    return found


def _stand_in(order):
    """Put an empty ``lessons.exercises`` in the place of the real one: nothing is checked in here."""

    def use(id, answer=None):
        """Return the answer where it has passed, else the course's version, as in the notebook."""
        if id not in order["references"]:
            return answer
        space = {"__name__": "__main__"}
        exec(order["references"][id], space)
        return space[id.split(".", 1)[1]]

    def nothing(*args, **kwargs):
        return None

    module = types.ModuleType("lessons.exercises")
    module.use, module.check, module.hint, module.solution = use, nothing, nothing, nothing
    sys.modules["lessons.exercises"] = module
    import lessons

    lessons.exercises = module


if __name__ == "__main__":
    main(int(sys.argv[1]))
