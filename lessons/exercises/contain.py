"""Run a learner's code without letting it disturb the notebook, the checker or the next exercise.

A check must stay silent: nbgrader takes anything on stderr for an error and gives no points. It must also
leave the kernel as it found it: random state, NumPy's error handling and print options, warning filters,
NumPy itself. This keeps accidents and pranks away; it is no sandbox: graded courses call answers in another
process.
"""

import contextlib
import io
import logging
import os
import random
import sys
import warnings

import numpy as np
import numpy.lib.stride_tricks
import numpy.linalg
import numpy.random

_MODULES = (np, np.linalg, np.random, np.lib.stride_tricks)
_GENUINE = [(vars(module), dict(vars(module))) for module in _MODULES]
_get_state, _set_state = np.random.get_state, np.random.set_state
_errstate, _printoptions = np.errstate, np.printoptions


def restore_numpy():
    """Undo replacements of NumPy's functions (``np.mean = ...``); return what was replaced.

    The expected values come from reference code that calls ``np.mean`` as anyone does.
    """
    replaced = []
    for namespace, genuine in _GENUINE:
        for name, value in genuine.items():
            if namespace.get(name) is not value:
                replaced.append((namespace, name, namespace.get(name)))
                namespace[name] = value
    return replaced


class _Nowhere(io.TextIOBase):
    """A stream that takes everything and stays open, as a log handler may keep it after the check."""

    encoding = "utf-8"

    @property
    def buffer(self):
        return self

    def writable(self):
        return True

    def write(self, text):
        return len(text)

    def close(self):
        """Stay open."""


_NOWHERE = _Nowhere()


@contextlib.contextmanager
def contained():
    """Silence the block, and put back afterwards what code inside may have changed."""
    with (
        _no_descriptors(),
        contextlib.redirect_stdout(_NOWHERE),
        contextlib.redirect_stderr(_NOWHERE),
        warnings.catch_warnings(),
        _same_globals(),
        _printoptions(),
        _errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        warnings.showwarning = _show_nothing  # where code inside turns warnings on again
        yield


def _show_nothing(*args, **kwargs):
    pass


@contextlib.contextmanager
def _no_descriptors():
    """Send file descriptors 1 and 2 to nowhere: ``os.write(2, ...)`` and C code bypass ``sys.stderr``."""
    saved = []
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        for descriptor in (1, 2):
            with contextlib.suppress(OSError):  # closed in some windowed programs
                saved.append((descriptor, os.dup(descriptor)))
                os.dup2(sink, descriptor)
        yield
    finally:
        for descriptor, copy in saved:
            with contextlib.suppress(OSError):
                os.dup2(copy, descriptor)
                os.close(copy)
        with contextlib.suppress(OSError):
            os.close(sink)


@contextlib.contextmanager
def _same_globals():
    replaced = restore_numpy()
    numpy_state, python_state = _get_state(), random.getstate()
    torch = sys.modules.get("torch")
    torch_state = torch.get_rng_state() if hasattr(torch, "get_rng_state") else None
    try:
        folder = os.getcwd()
    except OSError:  # the folder was deleted under the kernel
        folder = os.path.expanduser("~")
    logging_level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        restore_numpy()
        for namespace, name, value in replaced:  # the learner's own business outside the check
            namespace[name] = value
        logging.disable(logging_level)
        with contextlib.suppress(Exception):  # another bit generator was set in its place
            _set_state(numpy_state)
        random.setstate(python_state)
        if torch_state is not None:
            torch.set_rng_state(torch_state)
        with contextlib.suppress(OSError):
            os.chdir(folder)
