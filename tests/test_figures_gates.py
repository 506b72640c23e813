"""Heatmaps of gates: what they show, on which scale, in which order."""

import re

import numpy as np
import pytest

from lessons import figures
from lessons.gates import clamp, marker_task, record_gates, unit_order
from lessons.live_figure import LiveFigure
from lessons.rnn import GRU, LSTM, RNN

X, _, MARKER = marker_task(6, T=12)
LSTM_RECORD = record_gates(LSTM(2, 5, seed=1, forget_bias=1.0), X)
GRU_RECORD = record_gates(GRU(2, 9, seed=1), X)


def panels(figure):
    return {trace.name: trace for trace in figure.data if trace.type == "heatmap"}


@pytest.mark.parametrize(
    ("record", "names"), [(LSTM_RECORD, ["i", "f", "o", "c"]), (GRU_RECORD, ["r", "z", "n", "h"])]
)
def test_heatmaps_show_units_by_steps(record, names):
    figure = figures.gate_heatmaps(record, 3)
    assert list(panels(figure)) == names
    for name, panel in panels(figure).items():
        np.testing.assert_array_equal(panel.z, record[name][3].T)
    np.testing.assert_array_equal(figure.data[0].y, X[3, :, 0])
    np.testing.assert_array_equal(figure.data[1].y, X[3, :, 1])
    assert figure.layout.height >= 480


def test_one_scale_per_kind():
    figure = figures.gate_heatmaps(LSTM_RECORD, names=LSTM_RECORD.names)
    scales = {name: panel.coloraxis for name, panel in panels(figure).items()}
    assert {scales[name] for name in LSTM_RECORD.gates} == {"coloraxis"}
    assert {scales[name] for name in LSTM_RECORD.states} == {"coloraxis2"}
    gates, states = figure.layout.coloraxis, figure.layout.coloraxis2
    assert (gates.cmin, gates.cmax) == (0, 1)
    assert (states.cmin, states.cmid, states.cmax) == (-1, 0, 1)
    assert gates.colorscale[0][1] == "#00224e"  # cividis
    assert states.colorscale[5][1] == "rgb(247,247,247)"  # white in the middle
    assert gates.colorbar.ticktext == ("0 shut", "0.5", "1 open")


def test_all_rows_hang_on_one_time_axis_with_a_line_through_all():
    figure = figures.gate_heatmaps(LSTM_RECORD)
    assert {trace.xaxis for trace in figure.data} == {None}
    rows = [trace.yaxis for trace in figure.data]
    assert rows == [None, None, "y2", "y3", "y4", "y5"]
    axis = figure.layout.xaxis
    assert axis.showspikes and axis.spikemode == "across" and tuple(axis.range) == (-0.5, 11.5)
    domains = [figure.layout[name].domain for name in ("yaxis", "yaxis2", "yaxis3", "yaxis4", "yaxis5")]
    bottoms, tops = np.array(domains).T
    assert np.all(tops > bottoms) and np.all(bottoms[:-1] > tops[1:])  # the window on top, none overlap
    assert tops[0] == 1 and bottoms[-1] == 0


@pytest.mark.parametrize(
    ("order", "words"),
    [("unit", "as numbered"), ("peak", "earliest peak of f on top"), ("similarity", "alike in f side")],
)
def test_units_are_sorted_alike_everywhere_and_the_axis_says_how(order, words):
    figure = figures.gate_heatmaps(LSTM_RECORD, 2, order=order)
    units = unit_order(LSTM_RECORD["f"][2], order)
    for name, panel in panels(figure).items():
        np.testing.assert_array_equal(panel.z, LSTM_RECORD[name][2].T[units])
        np.testing.assert_array_equal(panel.customdata[:, 0], units)
    assert figure.layout.yaxis3.ticktext == tuple(str(unit) for unit in units)
    assert figure.layout.yaxis3.range == (4.5, -0.5)  # the first on top
    assert words in figure.layout.annotations[-1].text
    assert words in figure.layout.meta["alt"]


@pytest.mark.parametrize(("units", "columns"), [(8, 1), (9, 2), (16, 2), (17, 0)])
def test_every_row_is_named_or_none(units, columns):
    axis = figures.gate_heatmaps(record_gates(GRU(2, units, seed=1), X)).layout.yaxis2
    assert [int(text) for text in axis.ticktext] == (list(range(units)) if columns else [])
    assert len({text[len(text.strip()) :] for text in axis.ticktext}) == columns  # every other one aside
    assert axis.tickfont.size == (11 if units == 8 else 9)


def test_another_gate_can_sort():
    figure = figures.gate_heatmaps(GRU_RECORD, 2, order="peak", by="n")
    np.testing.assert_array_equal(
        panels(figure)["z"].customdata[:, 0], unit_order(GRU_RECORD["n"][2], "peak")
    )
    assert "earliest peak of n" in figure.layout.annotations[-1].text


def test_pointing_says_unit_step_and_value():
    template = panels(figures.gate_heatmaps(LSTM_RECORD))["f"].hovertemplate
    assert template.startswith("forget gate<br>unit %{customdata:.0f}, step %{x}: <b>%{z:.3f}")


def test_markers_are_framed():
    figure = figures.gate_heatmaps(LSTM_RECORD, 1, marker=MARKER[1], features=("value", "marker"))
    steps = np.flatnonzero(MARKER[1])
    assert [(shape.x0, shape.x1) for shape in figure.layout.shapes] == [(k - 0.5, k + 0.5) for k in steps]
    assert f"Framed: step {', '.join(map(str, steps))}." in figure.layout.meta["alt"]
    assert [line.name for line in figure.data[:2]] == ["value", "marker"]
    legend = figure.layout.annotations[0].text  # in the colour of the line, with its marker
    for line, marks in zip(figure.data[:2], ("●", "■"), strict=True):
        assert f'<span style="color:{line.line.color}">' in legend
        assert re.search(f"{marks}.</span> {line.name}", legend)


def test_values_beyond_the_colours_are_owned_up_to():
    record = clamp(LSTM(1, 3), np.ones((1, 9, 1)), f=1.0, i=1.0, g=-1.0)  # c counts down
    figure = figures.gate_heatmaps(record)
    texts = [annotation.text for annotation in figure.layout.annotations]
    assert "<b>c</b>  cell state  (colours end at ±1; values reach −9)" in texts
    assert "<b>f</b>  forget gate" in texts


def test_the_alt_text_tells_what_the_panels_show():
    alt = figures.gate_heatmaps(LSTM_RECORD, 4).layout.meta["alt"]
    f = LSTM_RECORD["f"][4]
    assert alt.startswith("Heatmaps of 5 hidden units over 12 steps")
    assert f"Forget gate: mean {f.mean():.2f}, from {f.min():.2f} to {f.max():.2f}" in alt
    assert f"highest on average at step {f.mean(axis=1).argmax()}." in alt
    assert figures.gate_heatmaps(LSTM_RECORD, alt="mine", title="Own").layout.meta["alt"] == "mine"


def test_steps_can_have_dates_and_inputs_their_unit():
    months = np.arange("2000-01", "2001-01", dtype="datetime64[M]")
    figure = figures.gate_heatmaps(LSTM_RECORD, t=months, inputs=np.arange(12) + 20.0, unit="°C")
    np.testing.assert_array_equal(figure.data[0].y, np.arange(12) + 20.0)
    assert figure.layout.yaxis.title.text == "°C"
    assert "unit %{customdata:.0f}, %{x|%b %Y}:" in panels(figure)["f"].hovertemplate
    first, last = (np.datetime64(end) for end in figure.layout.xaxis.range)
    assert first < months[0] and last > months[-1]  # no cell is cut
    numbered = figures.gate_heatmaps(LSTM_RECORD, t=np.arange(60, 72))
    assert numbered.layout.xaxis.range == (59.5, 71.5)
    assert numbered.layout.xaxis.title.text == "time step"


def test_differences_between_two_windows():
    figure = figures.gate_difference(LSTM_RECORD, 1, 4, order="peak")
    units = unit_order(LSTM_RECORD["f"][1], "peak")
    for name, panel in panels(figure).items():
        np.testing.assert_allclose(panel.z, (LSTM_RECORD[name][1] - LSTM_RECORD[name][4]).T[units])
        assert panel.coloraxis == "coloraxis"
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (-1, 1)
    assert figure.layout.coloraxis.colorbar.title.text == "difference"
    assert len(figure.data) == 8  # two features, twice
    assert figure.data[0].line.dash == "solid" and figure.data[2].line.dash == "dot"
    assert "window 1 minus window 4" in figure.layout.meta["alt"]
    assert "difference in the forget gate" in panels(figure)["f"].hovertemplate


def test_differences_between_two_nets_on_one_window():
    forced = clamp(LSTM(2, 5, seed=1, forget_bias=1.0), X, f=1.0)
    labels = ("forced", "free")
    figure = figures.gate_difference(forced, 2, 2, other=LSTM_RECORD, labels=labels, names=["f", "c"])
    np.testing.assert_allclose(panels(figure)["f"].z, 1 - LSTM_RECORD["f"][2].T)
    assert len(figure.data) == 4  # the window is one and the same
    assert figure.layout.title.text.startswith("forced − free: the")


def test_differences_need_two_of_a_kind():
    with pytest.raises(ValueError, match=r"must be of one kind of cell.* got LSTM \(12, 5\) and GRU"):
        figures.gate_difference(LSTM_RECORD, 0, 0, other=GRU_RECORD)
    with pytest.raises(ValueError, match="b must be a whole number between 0 and 5, got 6"):
        figures.gate_difference(LSTM_RECORD, 0, 6)


def shown(figure):
    """Everything that a change could have forgotten."""
    kept = ("name", "coloraxis", "hovertemplate")
    traces = [{key: trace[key] for key in kept if key in trace} for trace in figure.data]
    arrays = [[np.asarray(t[key]) for key in ("x", "y", "z", "customdata") if key in t] for t in figure.data]
    axes = [figure.layout[f"yaxis{k}"].to_plotly_json() for k in range(2, 6)]
    texts = [annotation.text for annotation in figure.layout.annotations]
    return (
        traces,
        arrays,
        axes,
        texts,
        figure.layout.title.text,
        figure.layout.meta,
        figure.layout.xaxis.range,
    )


@pytest.mark.parametrize("since", [False, True])
def test_a_changed_figure_is_the_figure_drawn_anew(since):
    live = LiveFigure(figures.gate_heatmaps(LSTM_RECORD, 0))
    moves = [
        (LSTM_RECORD, 1, "unit"),
        (LSTM_RECORD, 1, "peak"),
        (GRU_RECORD, 5, "peak"),
        (LSTM_RECORD, 5, "unit"),
    ]
    for record, window, order in moves:
        known = {"since": live.figure} if since else {}
        live.update(
            **figures.gate_changes(record, window, order=order, t=np.arange(window, 12 + window), **known)
        )
        anew = figures.gate_heatmaps(record, window, order=order, t=np.arange(window, 12 + window))
        for mine, theirs in zip(shown(live.figure), shown(anew), strict=True):
            np.testing.assert_equal(mine, theirs)


def test_a_plain_rnn_has_its_state_to_show():
    figure = figures.gate_heatmaps(record_gates(RNN(2, 4), X))
    assert list(panels(figure)) == ["h"]
    assert figure.layout.coloraxis.cmin is None and figure.layout.coloraxis2.cmin == -1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 6}, "window must be a whole number between 0 and 5, got 6"),
        ({"names": ["z"]}, "names must be some of i, f, g, o, c, h, got z"),
        ({"names": []}, "got none"),
        ({"by": "z"}, "by must be one of i, f, g, o, c, h, got 'z'"),
        ({"order": "size"}, "by must be one of"),
        ({"t": np.arange(5)}, "t must have 12 values, one for each step, got 5"),
        ({"inputs": np.arange(5.0)}, "inputs must have 12 values"),
        ({"features": ["one"]}, "features must have 2 names, one for each feature, got 1"),
        ({"marker": MARKER}, r"marker must be True or False at each of 12 steps, got shape \(6, 12\)"),
    ],
    ids=str,
)
def test_what_cannot_be_drawn_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        figures.gate_heatmaps(LSTM_RECORD, **options)
