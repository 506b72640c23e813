"""Answers that are alike are listed; natural likeness is not."""

import re

import pytest

from classroom import program, similarity
from classroom.similarity import similar
from lessons.exercises import REGISTRY

ID, STUB = "01.make_windows", "def make_windows(series, window):\n    raise NotImplementedError"
ODD = """
def make_windows(series, window):
    first = [], []
    position = 0
    while position + window < len(series):
        piece = series[position : position + window]
        first[0].append(piece.reshape(-1, 1).tolist())
        first[1].append([float(series[position + window])])
        position = position + 1
    return np.array(first[0]), np.array(first[1])
"""
NAMES = {"series": "s", "window": "w", "first": "out", "position": "i", "piece": "a"}
DISGUISED = re.sub(r"\w+", lambda word: NAMES.get(word[0], word[0]), ODD)
DISGUISED = DISGUISED.replace(
    ":\n    out = [], []", ":\n    '''My own work!'''\n    out = [], []  # two lists\n"
)
OTHER = """
def make_windows(series, window):
    view = np.lib.stride_tricks.sliding_window_view(series, window)
    X = view[:-1].copy()
    X.shape = X.shape + (1,)
    y = series[window:]
    target = y.copy()
    target.resize(len(y), 1)
    return X, target
"""


def shapes(source):
    return program.shapes(program.parse_cells([source])[0], "make_windows")


def found(**answers):
    of = {student: shapes(source) for student, source in answers.items()}
    return [(pair.one, pair.other) for pair in similar({ID: of}, {ID: STUB})]


def test_new_names_and_comments_hide_nothing():
    assert shapes(ODD) == shapes(DISGUISED)
    assert found(anna=ODD, ben=OTHER, cleo=DISGUISED) == [("anna", "cleo")]


def test_one_changed_line_hides_nothing_either():
    assert found(anna=ODD, cleo=DISGUISED.replace("    i = 0", "    i = int(0)")) == [("anna", "cleo")]


@pytest.mark.parametrize("public", [STUB, REGISTRY[ID].source()])
def test_stub_and_published_solution_belong_to_everyone(public):
    pairs = [] if public == STUB else [(s, similarity.PUBLISHED) for s in ("anna", "ben", "cleo")]
    assert found(anna=public, ben=public.replace("series", "s"), cleo=public) == pairs


def test_short_answers_are_alike_by_themselves():
    short = "def make_windows(series, window):\n    return cut(series, window)"
    assert found(anna=short, ben=short) == []


def test_what_a_fifth_of_the_class_writes_is_nobodys_own():
    assert found(**{f"s{i}": ODD for i in range(10)}) == []


def test_different_answers_are_not_alike():
    assert found(anna=ODD, ben=OTHER) == []
    assert found(anna=ODD, ben="not python (") == []
