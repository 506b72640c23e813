"""Hints, one more a call, and solutions."""

from lessons.exercises import cards
from lessons.exercises.checking import unknown
from lessons.exercises.registry import REGISTRY

_given = {}  # exercise id -> hints given so far in this session


def hint(id, n=None):
    """Show one more hint each time it is called.

    Parameters
    ----------
    id : str
        As ``"01.make_windows"``.
    n : int, optional
        A certain hint, from 1; the count of hints given stays as it is.

    Returns
    -------
    Card
        Its text form is the hint. After the last one it says so.
    """
    exercise = _find(id)
    if exercise is None:
        return cards.note_card("Unknown exercise", unknown(id).notes[0])
    total = len(exercise.hints)
    if n is not None:
        if type(n) is not int or not 1 <= n <= total:
            return cards.note_card(f"Hints for `{id}`", f"There are hints 1 to {total}.")
        return _hint_card(exercise, n)
    if _given.get(id, 0) >= total:
        text = (
            f'There are no more. `solution("{id}")` shows one way to write it; `hint("{id}", 1)` goes back.'
        )
        return cards.note_card(f"All {total} hints given", text)
    _given[id] = _given.get(id, 0) + 1
    return _hint_card(exercise, _given[id])


def solution(id):
    """Show a solution: code that runs on its own, folded until asked for.

    Parameters
    ----------
    id : str
        As ``"01.make_windows"``.

    Returns
    -------
    Card
        Its text form is the code.
    """
    exercise = _find(id)
    if exercise is None:
        return cards.note_card("Unknown exercise", unknown(id).notes[0])
    return cards.solution_card(exercise)


def _find(id):
    try:
        return REGISTRY[id]
    except KeyError:
        return None


def _hint_card(exercise, n):
    return cards.note_card(f"Hint {n} of {len(exercise.hints)}", exercise.hints[n - 1])
