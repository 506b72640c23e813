'''Exercises that check themselves: ``check``, ``hint``, ``solution``, ``use``.

How to write one
----------------
A lesson's exercises live in ``lesson_NN.py`` or, where they are many, in a folder of that name, in the tuple
``EXERCISES``. One of them::

    def last_value(X):
        """Forecast the next value as the last one seen."""
        return X[:, -1, :1]  # (N, T, D) -> (N, 1)

    def _first_value(X):
        return X[:, 0, :1]

    EXERCISES = (
        Exercise(
            "02.last_value",
            "Forecast the last value",
            reference=last_value,
            returns="y_pred",
            parts=[Part("windows with two features", 1, Case(np.arange(12.0).reshape(3, 2, 2)))],
            hints=["Which axis of `X` is time?", "`X[:, -1]` is the last step of every window."],
            wrong=[Wrong(_first_value, "This is the oldest value of each window.")],
        ),
    )

- The reference's source is what ``solution`` shows: write it for the learner, standing alone but for
  ``imports`` and ``needs``. Its name and signature are the stub's.
- A part compares results on its cases with the reference's: types, shapes, values, and that arguments
  stay as they were. ``of="y"`` looks at one of several results. ``Part(name, 1, test=f)`` checks a property.
- A wrong answer is a wrong *function*. An answer that returns what it returns gets its diagnosis, so choose
  cases on which every mistake shows, and differently. Say what is wrong, not what to type.
  Of several results only those count that differ from the reference's; let the others be right, and the
  diagnosis say nothing of them, and the mistake is recognised beside any other.
  Shapes, NaN, lists, exceptions and changed arguments need no entry: the comparison names them.
- ``tests/test_exercises.py`` runs all of this by itself: references pass, stubs are "not attempted", every
  wrong answer is refused with its own diagnosis, solutions run alone, notebooks and registry agree.

In the notebook: the stub in an answer cell; in the check cell one line,
``check("02.last_value", last_value)``; and where later cells call it,
``last_value = use("02.last_value", last_value)``.
'''

from lessons.exercises.checking import Result, check, use
from lessons.exercises.helping import hint, solution
from lessons.exercises.registry import REGISTRY

__all__ = ["REGISTRY", "Result", "check", "hint", "solution", "use"]
