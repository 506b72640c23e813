"""The live figure without a browser: what is sent, and what code can read back."""

import json

import numpy as np
import plotly.graph_objects as go
import pytest

from lessons import figures, live_figure
from lessons.live_figure import LiveFigure


@pytest.fixture
def live():
    traces = [go.Scatter(y=[1.0, 2.0], name="truth"), go.Bar(y=[3.0], name="LSTM")]
    return LiveFigure(figures.new_figure(traces, title="Start", x="t", y="v", alt="Two traces"))


def sent(live, trace, name):
    """Return what the last update carries for a property of a trace; arrays decoded as the page does."""
    values = {".".join(map(str, place)): value for place, value in live._change["values"]}
    value = values[f"data.{trace}.{name}"]
    if isinstance(value, dict) and "buffer" in value:
        return np.frombuffer(value["buffer"], value["dtype"]).reshape(value["shape"])
    return value


def test_update_keeps_the_figure_in_step(live):
    live.update(y={"truth": [5, 6], 1: np.array([7.0])}, layout={"title_text": "Later"})
    assert list(live.figure.data[0].y) == [5, 6]
    assert list(live.figure.data[1].y) == [7]
    assert live.figure.layout.title.text == "Later"
    assert live.figure.layout.xaxis.title.text == "t"


def test_the_figure_given_is_copied():
    figure = figures.series([0, 1], [2.0, 3.0])
    LiveFigure(figure).update(y={0: [9, 9]})
    assert list(figure.data[0].y) == [2.0, 3.0]


@pytest.mark.parametrize(
    ("a", "dtype"),
    [
        (np.array([1.5, np.nan, -2.0]), np.float32),
        (np.full(3, np.nan), np.float32),
        (1.7e9 + np.arange(5.0), np.float64),  # seconds, which float32 would round
        (np.arange(6.0).reshape(2, 3)[:, ::2], np.float32),
    ],
)
def test_an_array_arrives_whole_and_no_longer_than_need_be(a, dtype):
    live = LiveFigure(go.Figure(go.Heatmap(z=[[0]])))
    live.update(z={0: np.atleast_2d(a)})
    np.testing.assert_array_equal(sent(live, 0, "z"), np.atleast_2d(a))
    assert sent(live, 0, "z").dtype == dtype


def test_dates_and_words_travel_as_text(live):
    live.update(x={0: np.array(["2000-01", "2000-02"], dtype="datetime64[M]")}, text={1: ["a", "b"]})
    assert sent(live, 0, "x") == ["2000-01", "2000-02"]
    assert sent(live, 1, "text") == ["a", "b"]


def test_every_message_is_json_but_for_its_buffers(live):
    live.update(
        error_y_array={1: [np.nan, np.float32(1)]}, y={0: [np.inf, None]}, customdata={0: ["x", np.nan]}
    )
    assert len(live._change["values"]) == 3
    json.dumps(live._change["values"], allow_nan=False, default=lambda _: "a buffer")


def test_nested_properties_reach_into_their_parent(live):
    live.update(error_y_array={1: [0.5]}, marker_color={1: "#ff0000"}, visible={0: False})
    assert sent(live, 1, "error_y.array") == [0.5]
    assert sent(live, 1, "marker.color") == "#ff0000"
    assert list(live.figure.data[1].error_y.array) == [0.5]
    assert live.figure.data[1].marker.color == "#ff0000"
    assert sent(live, 0, "visible") is False


def test_an_empty_array_clears_a_trace(live):
    live.update(y={0: np.array([])})
    assert sent(live, 0, "y") == []


def test_whoever_asks_late_gets_the_figure_as_it_is(live):
    live.update(y={0: np.array([8.0, 9.0])}, layout={"title_text": "Later"})
    state = live.get_state()["_figure"]  # what a reloaded page asks for
    assert state["count"] == live._change["count"]
    figure = json.loads(state["json"])
    assert figure["layout"]["title"]["text"] == "Later"
    assert go.Figure(figure).to_dict()["data"][0]["y"]["dtype"] == "f8"


def test_only_what_changes_in_the_layout_is_sent(live):
    live.update(layout={"title_text": "Later", "xaxis": {"range": [0, 1]}, "meta": {"alt": "Said"}})
    places = [".".join(place) for place, _ in live._change["values"]]
    assert places == ["layout.title.text", "layout.xaxis.range", "layout.meta"]
    assert live.figure.layout.template.layout.height == 340
    assert live.figure.layout.xaxis.range == (0, 1)


def test_what_the_page_has_is_not_sent_again(live):
    y = np.array([5.0, np.nan])
    for _ in range(3):
        live.update(y={0: y, 1: [7]}, layout={"title_text": "Later"})
    assert live._count == 1
    y[0] = 6.0  # in place: what was sent was a copy
    live.update(y={0: y, 1: [7]}, layout={"title_text": "Later"})
    assert [place for place, _ in live._change["values"]] == [["data", 0, "y"]]
    live.update(y={0: [5.0, None]})
    assert list(live.figure.data[0].y) == [5.0, None]


def test_a_whole_and_a_part_of_it_replace_each_other(live):
    red, thin = {"color": "red"}, {"color": "red", "width": 1}
    live.update(line={0: red})
    live.update(line_color={0: "blue"})
    live.update(line={0: red})
    assert sent(live, 0, "line") == red
    assert live.figure.data[0].line.color == "red"
    live.update(line_width={0: 5})
    live.update(line={0: thin})
    assert live.figure.data[0].line.to_plotly_json() == thin


def test_a_list_of_things_is_sent_as_given_and_takes_the_place_of_the_old_one(live):
    lines = [{"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1} for x in range(3)]
    bare = [{"type": "line", "x0": 7}]
    for some in (lines, lines[:1], bare, lines[1:]):
        live.update(layout={"shapes": some})
        assert live._change["values"] == [[["layout", "shapes"], some]]
        assert [shape.to_plotly_json() for shape in live.figure.layout.shapes] == some


def test_alt_text_is_the_plain_form_and_follows_the_layout(live):
    assert live._repr_mimebundle_()["text/plain"] == "Two traces"
    live.update(layout={"meta": {"alt": "Changed"}})
    assert live.alt == "Changed"
    assert LiveFigure(go.Figure(layout_title_text="Only a title")).alt == "Only a title"


@pytest.mark.parametrize("key", ["ridge", 2, -1, None])
def test_an_unknown_trace_is_refused_by_name(live, key):
    with pytest.raises(ValueError, match="truth"):
        live.update(y={key: [1]})


def test_an_unknown_property_is_refused(live):
    with pytest.raises(ValueError, match="scatter trace has no property 'z'"):
        live.update(z={0: [[1]]})


def test_the_library_is_sent_once():
    before = LiveFigure(go.Figure()) and live_figure._library
    LiveFigure(go.Figure())
    assert live_figure._library is before
    assert "plotly.js v" in before._esm
    assert len(LiveFigure(go.Figure()).get_state()["_esm"]) < 22_000
