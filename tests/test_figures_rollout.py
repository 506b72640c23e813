"""Figures of rollouts: what is in them, and what they say."""

import numpy as np

from lessons import figures
from lessons.rollout import error_by_horizon

SERIES = np.arange(200.0)


def by_name(figure):
    return {trace.name: trace for trace in figure.data}


def alt(figure):
    return figure.layout.meta["alt"]


def test_rollouts_begin_at_the_origin():
    seeds = np.array([[1.0, 2, 3], [2, 3, 4], [9, 9, 9]])
    figure = figures.rollouts(SERIES, 150, {"LSTM": seeds, "seasonal naive": [5, 5]}, title="T")
    traces = by_name(figure)
    np.testing.assert_array_equal(traces["truth"].x, np.arange(70, 153))
    np.testing.assert_array_equal(traces["truth"].y, SERIES[70:153])
    np.testing.assert_array_equal(traces["LSTM"].x, [150, 151, 152])
    np.testing.assert_array_equal(traces["LSTM"].y, [2, 3, 4])  # the median
    np.testing.assert_array_equal(traces["LSTM, lowest"].y, [1, 2, 3])
    np.testing.assert_array_equal(traces["LSTM, highest"].y, [9, 9, 9])
    np.testing.assert_array_equal(traces["seasonal naive"].x, [150, 151])
    assert "seasonal naive, lowest" not in traces
    assert figure.layout.shapes[0].x0 == 150
    assert "from step 150 on. T. LSTM (median of 3 seeds): 3 steps, from 2 to 4" in alt(figure)


def test_rollouts_may_go_beyond_the_series():
    figure = figures.rollouts(SERIES, 199, {"LSTM": [1, 2, 3]})
    assert by_name(figure)["LSTM"].x[-1] == 201 and by_name(figure)["truth"].x[-1] == 199


def test_horizon_curves_take_errors_and_arrays():
    errors = error_by_horizon(np.zeros((1, 3)), [[[1, 2, 3]], [[3, 2, 1]]])
    figure = figures.horizon_curves({"LSTM": errors, "last value": [4, 4, 4]}, title="T")
    traces = by_name(figure)
    np.testing.assert_array_equal(traces["LSTM"].x, [1, 2, 3])
    np.testing.assert_allclose(traces["LSTM"].y, [5, 4, 5])  # squares 1, 4, 9 and 9, 4, 1
    np.testing.assert_allclose(traces["LSTM, lowest"].y, [1, 4, 1])
    np.testing.assert_allclose(traces["LSTM, highest"].y, [9, 4, 9])
    assert figure.layout.yaxis.type == "log"
    assert "T. LSTM: 5 at 1, 5 at 3; last value: 4 at 1, 4 at 3." in alt(figure)


def test_a_fan_lies_around_its_rollout():
    forecast = np.array([150.0, 151, 152])
    figure = figures.fan(SERIES, 150, forecast, np.array([5.0, 5, 6]), share=0.9, model="LSTM centred")
    assert figure.data[1].name == "90% interval" and figure.data[-1].name == "LSTM centred"
    np.testing.assert_array_equal(figure.data[0].y, [145, 146, 146])
    np.testing.assert_array_equal(figure.data[1].y, [155, 156, 158])
    assert figure.data[1].fill == "tonexty"
    assert "the 90% interval, 10 wide at first, 12 at last, holds 100% of what came" in alt(figure)
