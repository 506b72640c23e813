"""Heatmaps of gates: what they show, on which scale, in which order."""

import itertools

import numpy as np
import pytest

from lessons import figures
from lessons.gates import marker_task, record_gates
from lessons.live_figure import LiveFigure
from lessons.rnn import GRU, LSTM

X, Y, MARKER = marker_task(6)
LSTM_RECORD = record_gates(LSTM(2, 5, seed=1, forget_bias=1.0), X)
GRU_RECORD = record_gates(GRU(2, 16, seed=1), X)
BOTH = {"features": ["value", "marker"]}


def panels(figure):
    return {trace.name: trace for trace in figure.data if trace.type == "heatmap"}


@pytest.mark.parametrize(("record", "names"), [(LSTM_RECORD, list("ifoc")), (GRU_RECORD, list("rznh"))])
def test_heatmaps_show_units_by_steps_in_two_columns(record, names):
    figure = figures.gate_panels(record, 3, **BOTH)
    assert list(panels(figure)) == names
    for name, panel in panels(figure).items():
        np.testing.assert_array_equal(panel.z, record[name][3].T)
    assert [panel.xaxis for panel in panels(figure).values()] == ["x", "x2"] * 2
    lines = [trace for trace in figure.data if trace.name == "value"]
    assert [line.xaxis for line in lines] == ["x", "x2"]  # the window stands above either column
    np.testing.assert_array_equal(lines[1].y, X[3, :, 0])
    tops = [figure.layout[f"yaxis{k}"].domain for k in ("", 3, 5)]
    assert all(above[0] > below[1] for above, below in itertools.pairwise(tops))
    assert figure.layout.height <= 420


def test_one_scale_for_gates_and_one_as_wide_as_the_states():
    big = record_gates(LSTM(2, 5, seed=1, forget_bias=3.0), 3 * X)
    figure = figures.gate_panels(big, names=list(big.values), **BOTH)
    scales = {name: panel.coloraxis for name, panel in panels(figure).items()}
    assert {scales[name] for name in "ifo"} == {"coloraxis"}
    assert {scales[name] for name in "gch"} == {"coloraxis2"}
    gates, states = figure.layout.coloraxis, figure.layout.coloraxis2
    assert (gates.cmin, gates.cmax) == (0, 1)
    limit = np.abs(big["c"]).max()
    assert -states.cmin == states.cmax >= limit > 1  # in all windows: it does not move with them
    assert states.colorbar.ticktext[-1] == f"{states.cmax:g}"


def test_units_are_sorted_alike_everywhere_and_the_axis_says_how():
    figure = figures.gate_panels(LSTM_RECORD, 2, order="peak", **BOTH)
    units = np.argsort(LSTM_RECORD["f"][2].argmax(axis=0), kind="stable")
    for name, panel in panels(figure).items():
        np.testing.assert_array_equal(panel.z, LSTM_RECORD[name][2].T[units])
        np.testing.assert_array_equal(panel.customdata[:, 0], units)
    assert "by peak of f" in figure.layout.annotations[-1].text
    assert figure.layout.yaxis3.range == (4.5, -0.5)  # the first on top
    assert not figure.layout.yaxis3.ticktext
    numbered = figures.gate_panels(LSTM_RECORD, **BOTH)
    assert numbered.layout.yaxis3.ticktext == tuple("01234")
    assert numbered.layout.yaxis3.tickfont.size >= 11
    assert figures.gate_panels(GRU_RECORD, **BOTH).layout.yaxis3.ticktext == ("0", "4", "8", "12")


def test_dates_and_words():
    t = np.datetime64("1996-01") + np.arange(21)
    figure = figures.gate_panels(LSTM_RECORD, 1, t=t, title="The finding", **BOTH)
    assert figure.data[0].text[0] == "1996-01"
    assert [names.yaxis for names in figure.data[-2:]] == ["y5", "y6"]  # the lowest panels
    assert figures.gate_panels(LSTM_RECORD, 1, names=["f"], t=t).data[-1].yaxis == "y3"
    for names in figure.data[-2:]:
        assert (names.text, list(names.x)) == (("Jan 1996", "Jan 1997"), [0, 12])
    alt = figure.layout.meta["alt"]
    assert alt.startswith("Heatmaps of 5 hidden units over 20 steps, under the window. The finding.")
    f = LSTM_RECORD["f"][1]
    assert f"forget gate from {f.min():.2f} to {f.max():.2f}" in alt


def shown(figure):
    """Return what a viewer sees of a figure, as plain data."""
    plain = figure.to_plotly_json()
    del plain["layout"]["template"]
    return plain


def test_a_changed_figure_is_the_figure_drawn_anew():
    t = np.datetime64("1996-01") + np.arange(21)
    live = LiveFigure(figures.gate_panels(LSTM_RECORD, 0, t=t, y=Y, **BOTH))
    for record, window, order in (
        (LSTM_RECORD, 1, "unit"),
        (LSTM_RECORD, 1, "peak"),
        (GRU_RECORD, 5, "peak"),
    ):
        look = {"order": order, "t": t + window, "y": Y, **BOTH}
        live.update(**figures.gate_changes(record, window, **look))
        anew = figures.gate_panels(record, window, **look)
        for mine, theirs in zip(live.figure.data, anew.data, strict=True):
            np.testing.assert_equal(mine.to_plotly_json(), theirs.to_plotly_json())
        np.testing.assert_equal(shown(live.figure)["layout"], shown(anew)["layout"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 6}, "window must be a whole number between 0 and 5, got 6"),
        ({"names": ["z"]}, "names must be some of i, f, g, o, c, h, got z"),
        ({"order": "size"}, "order must be 'unit' or 'peak', got 'size'"),
        ({"t": np.arange(5)}, "t must have 21 values, got 5"),
        ({"marker": MARKER}, "marker must have 20 values, got 6"),
    ],
    ids=str,
)
def test_what_cannot_be_drawn_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        figures.gate_panels(LSTM_RECORD, **options)
