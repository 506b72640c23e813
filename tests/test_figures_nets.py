"""Figures that look into a net."""

import numpy as np

from lessons.figures.nets import gradient_errors, states, window_means


def test_states_draw_one_line_a_name_and_say_where_it_ends():
    figure = states({"open": [0.0, 1.0, 1.0], "half open": [0.0, 1.0, 0.5]}, title="It fades")
    assert [trace.name for trace in figure.data] == ["open", "half open"]
    np.testing.assert_array_equal(figure.data[1].y, [0.0, 1.0, 0.5])
    np.testing.assert_array_equal(figure.data[1].x, [0, 1, 2])
    assert "half open from 0 to 0.5" in figure.layout.meta["alt"]
    looks = {(trace.line.color, trace.line.dash) for trace in figure.data}
    assert len(looks) == 2
    assert [a.text for a in figure.layout.annotations] == ["open", "half open"]


def test_labels_of_lines_that_meet_are_moved_apart():
    figure = states({"a": [0.0, 1.0, 0.5], "b": [0.0, 0.0, 0.49], "c": [0.0, 0.0, 0.0]})
    a, b, c = (annotation.y for annotation in figure.layout.annotations)
    assert c == 0.0 and b == 0.49 and a >= b + 0.05


def test_window_means_mark_the_levels_never_seen():
    figure = window_means([0, 1, 2], [1.0, 2.0, 3.0], [3, 4, 5], [0.5, 3.0, 4.0], title="Up and away")
    never = figure.data[2]
    assert never.name == "test, level never seen"
    np.testing.assert_array_equal(never.x, [3, 5])
    np.testing.assert_array_equal(never.y, [0.5, 4.0])
    np.testing.assert_array_equal(figure.data[1].x, [4])
    assert "2 of 3 test windows lie outside" in figure.layout.meta["alt"]


def test_gradient_errors_stand_on_either_side_of_the_threshold():
    figure = gradient_errors({"right": 6e-11, "wrong": 0.2, "hidden": 1e-10}, title="One passes unseen")
    passes, fails = figure.data
    assert list(passes.y) == ["right", "hidden"] and list(fails.y) == ["wrong"]
    assert passes.text[0] == "6e-11" and passes.marker.symbol != fails.marker.symbol
    assert figure.layout.yaxis.categoryarray == ("hidden", "wrong", "right")  # the first on top
    assert "wrong 2e-01" in figure.layout.meta["alt"] and figure.layout.xaxis.type == "log"
