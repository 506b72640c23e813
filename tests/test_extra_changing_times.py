"""What the extra on changing times says holds, whichever kernel computes it."""

import re

LESSON = "extras/changing_times"


def rows(lesson, cell):
    lines = [re.split(r"\s{2,}", line.strip()) for line in lesson.text(cell).splitlines()]
    return [line for line in lines if len(line) > 2]


def test_two_flags_take_the_holidays_away(lesson, claim):
    found = {
        (row[0], row[1]): row[2:] for row in rows(lesson, "calendar-table") if row[0] in ("ridge", "LSTM")
    }
    for model in ("ridge", "LSTM"):
        alone, told = found[model, "sales alone"], found[model, "and the holidays"]
        claim(f"{model}: share of the error from holidays", float(alone[2].strip("%")), low=40, high=70)
        claim(f"{model}: MSE on special days, told over not told", float(told[1]) / float(alone[1]), high=0.2)
        ordinary = float(told[0]) / float(alone[0])
        claim(f"{model}: MSE on ordinary days, told over not told", ordinary, high=0.9)


def test_who_survives_which_switch(lesson, claim):
    names = ("seasonal naive", "AR", "ETS", "ridge", "LSTM", "LSTM centred")
    found = {row[0]: list(map(float, row[1:])) for row in rows(lesson, "switch-table") if row[0] in names}
    later_level = {name: values[2] / values[0] for name, values in found.items()}
    later_week = {name: values[4] / values[0] for name, values in found.items()}
    for name in ("ETS", "LSTM centred", "seasonal naive"):
        claim(f"{name}: MSE long after a new level, over that before", later_level[name], high=1.6)
    for name in ("AR", "ridge"):
        claim(f"{name}: MSE long after a new level, over that before", later_level[name], low=2)
    claim("LSTM: MSE long after a new level, over that before", later_level["LSTM"], low=8)
    for name in ("AR", "ETS"):
        claim(f"{name}: MSE long after the week turned, over that before", later_week[name], low=20)
    for name in ("ridge", "LSTM", "LSTM centred"):
        claim(f"{name}: MSE long after the week turned, over that before", later_week[name], high=1.6)


def test_a_short_memory_forgets_the_old_world(lesson):
    found = {
        (row[0], row[1]): list(map(float, row[2:]))
        for row in rows(lesson, "refit")
        if len(row) == 4 and row[0] in ("nothing", "the level", "the week")
    }
    for what in ("the level", "the week"):
        never, everything, short = (
            found[what, way][1] for way in ("never", "all the past", "the last half year")
        )
        assert short < everything < never
    assert found["nothing", "the last half year"][1] < 1.2 * found["nothing", "never"][1]
