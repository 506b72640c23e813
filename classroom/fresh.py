"""Cases that no student has seen: the lessons' own, drawn again from a seed that the course keeps.

The public cases of an exercise are drawn by ``np.random.default_rng(seed)`` when its module is imported. Here
the module is imported once more, as a private copy, with every seed joined by the course's.
"""

import functools
import importlib
import pickle
import secrets
import sys
from unittest import mock

import numpy as np

from classroom import Problem
from lessons.exercises import REGISTRY

SEED = "cases.seed"  # in the course folder; whoever knows it can compute the cases
ELSEWHERE = "right for the notebook's own cases, and wrong for others of the same kind"


def seed_of(course):
    """Return a course's seed, a whole number; draw one where there is none."""
    path = course.root / SEED
    if not path.is_file():
        path.touch(mode=0o600)
        path.write_text(f"{secrets.randbits(64)}\n", encoding="ascii")
    text = path.read_bytes().strip()
    if not text.isdigit():
        raise Problem(
            f"{path} is {text[:40]!r}, expected a whole number: put it back from a copy, or delete it, and "
            "everything is graded again with other cases"
        )
    return int(text)


@functools.cache
def drawn_again(lesson, seed):
    """Return {exercise id: exercise} of a lesson, ``"01"``, with those parts whose cases are drawn."""
    name = f"lessons.exercises.lesson_{lesson}"
    importlib.import_module(name)
    kept = {key: sys.modules.pop(key) for key in list(sys.modules) if f"{key}.".startswith(f"{name}.")}
    real = np.random.default_rng
    try:
        with mock.patch("numpy.random.default_rng", lambda of=0: real([seed, of])):
            exercises = importlib.import_module(name).EXERCISES
    finally:
        for key in [key for key in sys.modules if f"{key}.".startswith(f"{name}.")]:
            del sys.modules[key]
        sys.modules.update(kept)
        setattr(sys.modules["lessons.exercises"], f"lesson_{lesson}", kept[name])
    for exercise in exercises:
        public = REGISTRY[exercise.id].parts
        pairs = zip(exercise.parts, public, strict=True)
        parts = [part for part, known in pairs if _inputs(part) != _inputs(known)]
        exercise.parts = tuple(part for part in parts if not part.test) or tuple(parts)
        exercise.wrong = ()
    return {exercise.id: exercise for exercise in exercises if exercise.parts}


def _inputs(part):
    """Return what a part calls the answer with, as bytes; an own test's may be anything."""
    return object() if part.test else pickle.dumps([case.arguments() for case in part.cases])


def confirm(result, again):
    """Take back the points of a `Result` that an answer does not earn on cases drawn again.

    Where it passes none of those parts, it computes nothing, and earns nothing. (A part with a test of its
    own counts where there is no other.)

    Parameters
    ----------
    result, again : Result
        Of the public cases and of the others.

    Returns
    -------
    list of PartResult
        What lost its points.
    """
    drawn = {part.name: part.message for part in again.parts}
    right = [part for part in result.parts if not part.message]
    lost = [part for part in right if drawn.get(part.name)]
    if again.status == "not attempted" or (lost and all(drawn.values())):
        lost = right
    for part in lost:
        part.message, part.where = ELSEWHERE, ""
    if lost:
        result.status = "partly" if len(lost) < len(right) else "not yet"
    return lost
