"""Answers that are more alike than chance: a hint for a human, never a proof.

Two answers are compared statement by statement, with the names of variables, comments and layout forgotten
(`classroom.program.shapes`). Left out: what the released stub and the published solution contain as
well, answers of few statements of their own, and statements that many in the class have written.
"""

import math
from collections import Counter
from itertools import combinations
from typing import NamedTuple

from classroom import program
from lessons.exercises import REGISTRY

LEAST = 4  # rare statements that an answer must have to be compared
COMMON = 0.2  # share of the class from which on a statement is nobody's own
PUBLISHED = "(the published solution)"
ALIKE = 0.7  # share of their rare statements that two answers have in common


class Pair(NamedTuple):
    """Two students whose answers to an exercise are alike; ``share`` of 1 means all rare statements.

    ``other`` is `PUBLISHED` where an answer is the published solution's in other words.
    """

    id: str
    one: str
    other: str
    share: float
    statements: int


def similar(answers, stubs):
    """Find answers that are alike.

    Parameters
    ----------
    answers : dict
        {exercise id: {student: list of int}}, a fingerprint of every statement of an answer.
    stubs : dict
        {exercise id: source of the released answer cell}

    Returns
    -------
    list of Pair
        The most alike first.
    """
    found = []
    for id, by_student in answers.items():
        stub, solution = _published(id, stubs.get(id, ""))
        if len(solution) >= LEAST:
            same = [student for student, shapes in by_student.items() if shapes == solution]
            found += [Pair(id, student, PUBLISHED, 1.0, len(solution)) for student in same]
        public = {*stub, *solution}
        own = _rare({s: Counter(n for n in shapes if n not in public) for s, shapes in by_student.items()})
        for one, other in combinations(sorted(own), 2):
            a, b = own[one], own[other]
            both, either = (a & b).total(), (a | b).total()
            if min(a.total(), b.total()) >= LEAST and both >= ALIKE * either:
                found.append(Pair(id, one, other, both / either, both))
    return sorted(found, key=lambda pair: (-pair.share, -pair.statements, pair))


def _rare(answers):
    """Leave out the statements that many have; two always may."""
    count = Counter(number for shapes in answers.values() for number in shapes)
    most = max(2, math.ceil(COMMON * len(answers)))
    return {
        s: Counter({n: k for n, k in shapes.items() if count[n] <= most}) for s, shapes in answers.items()
    }


def _published(id, stub):
    """Fingerprints of the statements that everybody can see, of the stub and of the solution."""
    if id not in REGISTRY:
        return [], []
    name = id.split(".", 1)[1]
    texts = (stub, REGISTRY[id].source())
    return [program.shapes(program.parse_cells([text])[0], name)[:500] for text in texts]
