"""Figures: the data they show, their words, and one look for all."""

from types import SimpleNamespace

import numpy as np
import plotly.io as pio
import pytest
from nbclient import NotebookClient
from nbformat import v4

from lessons import figures
from lessons.rollout import error_by_horizon
from lessons.scores import Scoreboard
from lessons.tables import alike

T = np.arange(50)
Y = np.sin(T / 5)
DATES = np.arange("2001-01", "2005-03", dtype="datetime64[M]")


def make_board(noise_floor=0.01):
    X, y = np.arange(20.0).reshape(10, 2, 1), np.arange(10.0)[:, None]
    board = Scoreboard(X, y, noise_floor=noise_floor)
    return board.add("ridge", y + 0.3).add("LSTM", [y + 0.5, y + 0.7])


FIGURES = {
    "series": lambda **k: figures.series(T, Y, split=30, **k),
    "series of dates": lambda **k: figures.series(DATES, Y, split=30, unit="°C", **k),
    "split map": lambda **k: figures.split_map(T[:30], T[30:], 50, **k),
    "forecasts": lambda **k: figures.forecasts(T, Y, {"last value": np.roll(Y, 1)[:, None]}, **k),
    "loss curves": lambda **k: figures.loss_curves({"train": 1 / (T + 1)}, naive=0.1, noise_floor=0.03, **k),
    "scoreboard": lambda **k: figures.score_bars(make_board(), **k),
    "bars": lambda **k: figures.bars({"ridge": 0.04, "last value": 0.09}, **k),
    "leaks": lambda **k: figures.leaks(
        [("shuffled", 0.4, 0.1), ("scaled", 0.12, 0.12)], **{"title": "t", **k}
    ),
}


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_every_figure_has_title_look_and_words(make):
    figure = make(title="What it shows")
    assert figure.layout.title.text == "What it shows"
    assert figure.layout.template == pio.templates["course"]
    alt = figure.layout.meta["alt"]
    assert "What it shows." in alt
    assert ".." not in alt
    assert any(character.isdigit() for character in alt)


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_no_legend_needs_colour_alone(make):
    looks = [(t.line.dash, t.marker.symbol if t.mode != "lines" else None) for t in scatters(make())]
    assert len(looks) < 2 or len({str(look) for look in looks}) > 1


def scatters(figure):
    shown = figure.layout.showlegend is not False
    return [t for t in figure.data if shown and t.type == "scatter" and t.showlegend is not False]


@pytest.mark.parametrize(
    ("variant", "family"),
    [
        ("LSTM, 20 epochs", "LSTM"),
        ("LSTM centred + jitter", "LSTM"),
        ("raw GRU", "GRU"),
        ("AR(2)", "AR"),
        ("seasonal naive 50", "seasonal naive"),
        ("1-nearest neighbour", "nearest neighbour"),
        ("ridge, tuned", "ridge"),
    ],
)
def test_variants_keep_the_colour_of_their_family(variant, family):
    assert figures.style(variant)["color"] == figures.style(family)["color"]


def test_a_variant_differs_from_its_family_by_its_dash():
    assert figures.style("LSTM, dropout")["dash"] != figures.style("LSTM")["dash"]
    assert figures.style("seasonal naive 50")["dash"] == figures.style("seasonal naive")["dash"]


def test_series_marks_the_split():
    figure = figures.series(DATES, Y, split=30)
    assert figure.layout.shapes[0].x0 in (DATES[30], str(DATES[30]), DATES[30].astype(object))


def test_split_map_draws_runs_and_says_whether_they_mix():
    test, train = figures.split_map([0, 1, 2, 5], [3, 4], 6).data
    np.testing.assert_array_equal(train.x, [-0.5, 2.5, np.nan, 4.5, 5.5, np.nan])
    np.testing.assert_array_equal(test.x, [2.5, 4.5, np.nan])
    assert "scattered among each other" in figures.split_map([0, 2], [1], 3).layout.meta["alt"]
    assert "all tests after training" in figures.split_map([0, 1], [2], 3).layout.meta["alt"]


def test_forecasts_say_their_errors():
    figure = figures.forecasts(T, Y[:, None], {"LSTM": Y + 0.5})
    assert figure.layout.title.text == "Test MSE: LSTM 0.2500"
    assert [trace.name for trace in figure.data] == ["truth", "LSTM"]


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: figures.forecasts(T, Y, {"LSTM": Y[1:]}), "'LSTM' must have 50 values"),
        (lambda: figures.horizon_curves({"LSTM": np.ones((2, 2, 2))}), r"'LSTM' must have shape \(steps,\)"),
        (lambda: figures.states(dict.fromkeys("abcdef", Y)), "at most 5 lines to be told apart, got 6"),
        (lambda: figures.window_means([], [], T, Y), "train_means must hold at least one window"),
        (
            lambda: figures.gradient_errors({"exact": 0.0}),
            "above 0 on a logarithmic axis, got 0.0 for 'exact'",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


def test_scoreboard_puts_the_best_on_top_with_naive_and_floor():
    figure = figures.score_bars(make_board())
    bars, printed = figure.data
    assert list(bars.y)[-1] == "ridge"
    assert [shape.x0 for shape in figure.layout.shapes] == [make_board().naive.mse, 0.01]
    assert [shape.line.dash for shape in figure.layout.shapes] == ["dash", "dot"]
    assert "0.3700 ± 0.1697" in printed.text[1]
    assert "ridge is best: 0.0900" in figure.layout.title.text


def test_a_score_has_the_same_digits_beside_its_bar_and_on_its_line():
    figure = figures.score_bars(make_board(0.034))
    printed = dict(zip(figure.data[1].y, figure.data[1].text, strict=True))
    said = [note.text for note in figure.layout.annotations]
    assert said == [f"last value{printed['last value']}", "noise floor 0.0340"]
    assert figures.loss_curves({"train": [1.0]}, naive=0.09401).layout.annotations[0].text.endswith("0.0940")


@pytest.mark.parametrize(
    ("scores", "texts"),
    [
        ([0.04053, 0.1], ["0.0405", "0.1000"]),
        ([36.12, 4.5], ["36.12", "4.50"]),
        ([1e-7, 0.1], ["1e-07", "0.1"]),
        ([0, 2], ["0.0000", "2.0000"]),
        ([], []),
    ],
)
def test_scores_side_by_side_have_the_same_decimals(scores, texts):
    assert alike(scores) == texts


def test_no_line_strikes_a_printed_score_through():
    figure = figures.score_bars(make_board())
    levels = [shape.x0 for shape in figure.layout.shapes]
    bars, printed = figure.data
    assert min(printed.x) > max(*levels, *(np.array(bars.x) + bars.error_x.array))
    assert len(set(printed.x)) == 1


def test_scoreboard_admits_when_nothing_beats_the_last_value():
    scores = {"last value": 0.1, "LSTM": 0.2}
    rows = [SimpleNamespace(name=name, mse=mse, mse_sd=0.0, seeds=1) for name, mse in scores.items()]
    figure = figures.score_bars(SimpleNamespace(rows=rows, naive=rows[0], noise_floor=None))
    assert figure.layout.title.text == "Nothing beats the last value (0.1000)"
    assert len(figure.layout.shapes) == 1


def test_leaks_print_the_factor():
    figure = figures.leaks([("a", 0.4, 0.1), ("b", 0.1, 0.1)], title="")
    assert [note.text for note in figure.layout.annotations] == ["no effect", "4.0×"]
    notes = figures.leaks([("a", 1.0, 0.01), ("b", 0.1, 0.1)], title="").layout.annotations
    assert [note.x for note in notes] == pytest.approx([-1, -1])  # between both marks
    assert all(note.yshift > 10 for note in notes)  # and above them


def test_loss_curves_name_the_levels():
    figure = figures.loss_curves({"train": [1.0, 0.5]}, naive=0.1)
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.annotations[0].text == "last value 0.1000"
    assert figure.layout.annotations[0].y == pytest.approx(-1)


def test_a_series_with_gaps_is_drawn():
    y = Y.copy()
    y[5:9] = np.nan
    assert np.isnan(figures.series(T, y).data[0].y[6])


def test_a_kernel_shows_a_widget_and_the_words_and_loads_no_renderers():
    code = "import sys, lessons.figures as f\nassert 'plotly.io._renderers' not in sys.modules\n"
    cell = v4.new_code_cell(f"{code}f.series([0, 1], [2, 3], title='Shown')")
    shown = NotebookClient(v4.new_notebook(cells=[cell])).execute().cells[0].outputs[0].data
    assert shown["text/plain"].startswith("Line chart. Shown.")
    assert "application/vnd.jupyter.widget-view+json" in shown


# looking into a net


def test_states_draw_one_line_a_name_and_say_where_it_ends():
    figure = figures.states({"open": [0.0, 1.0, 1.0], "half open": [0.0, 1.0, 0.5]}, title="It fades")
    assert [trace.name for trace in figure.data] == ["open", "half open"]
    np.testing.assert_array_equal(figure.data[1].y, [0.0, 1.0, 0.5])
    np.testing.assert_array_equal(figure.data[1].x, [0, 1, 2])
    assert "half open from 0 to 0.5" in figure.layout.meta["alt"]
    looks = {(trace.line.color, trace.line.dash) for trace in figure.data}
    assert len(looks) == 2
    assert [a.text for a in figure.layout.annotations] == ["open", "half open"]


def test_labels_of_lines_that_meet_are_moved_apart():
    figure = figures.states({"a": [0.0, 1.0, 0.5], "b": [0.0, 0.0, 0.49], "c": [0.0, 0.0, 0.0]})
    a, b, c = (annotation.y for annotation in figure.layout.annotations)
    assert c == 0.0 and b == 0.49 and a >= b + 0.05


def test_window_means_mark_the_levels_never_seen():
    figure = figures.window_means([0, 1, 2], [1.0, 2.0, 3.0], [3, 4, 5], [0.5, 3.0, 4.0], title="Up and away")
    never = figure.data[2]
    assert never.name == "test, level never seen"
    np.testing.assert_array_equal(never.x, [3, 5])
    np.testing.assert_array_equal(never.y, [0.5, 4.0])
    np.testing.assert_array_equal(figure.data[1].x, [4])
    assert "2 of 3 test windows lie outside" in figure.layout.meta["alt"]


def test_gradient_errors_stand_on_either_side_of_the_threshold():
    figure = figures.gradient_errors(
        {"right": 6e-11, "wrong": 0.2, "hidden": 1e-10}, title="One passes unseen"
    )
    passes, fails = figure.data
    assert list(passes.y) == ["right", "hidden"] and list(fails.y) == ["wrong"]
    assert passes.text[0] == "6e-11" and passes.marker.symbol != fails.marker.symbol
    assert figure.layout.yaxis.categoryarray == ("hidden", "wrong", "right")  # the first on top
    assert "wrong 2e-01" in figure.layout.meta["alt"] and figure.layout.xaxis.type == "log"


# many steps ahead


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
