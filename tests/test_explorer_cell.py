"""Inside the cell: the drawing's numbers are those of the step functions; code drives it without a page."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from lessons import explorers
from lessons.explorers.cell import BLOCKS, _window
from lessons.figures.cell_drawing import number
from lessons.rnn import gru_step, lstm_step, rnn_step

KINDS = [("lstm", "before"), ("gru", "before"), ("gru", "after"), ("rnn", "before")]


@pytest.fixture(params=KINDS, ids=" ".join)
def explorer(request):
    return explorers.cell(*request.param)


def parts(explorer):
    """Labels of what can be chosen in the drawing, by part, from its SVG."""
    drawn = ElementTree.fromstring(explorer.live.svg).iterfind(".//*[@data-part]")
    return {part.get("data-part"): part.get("aria-label") for part in drawn}


def test_it_starts_with_the_table_that_the_lesson_computes_by_hand():
    drawn = parts(explorers.cell())
    assert drawn["c_new"].endswith("0.5696")
    assert drawn["h_new"].endswith("0.3714")
    numbers = explorers.cell().numbers
    found = [round(numbers[gate], 4) for gate in ("i", "f", "g", "o")]
    assert found == [0.7595, 0.8581, -0.3799, 0.7211]


def by_step_functions(kind, reset, biases, read):
    """States before and after the last of ``read`` values, by the package's step functions."""
    W_x, W_h, b = (np.array(column, float) for column in zip(*BLOCKS[kind].values(), strict=True))
    weights, b = (W_x[None], W_h[None]), np.array([biases[f"b_{gate}"] for gate in BLOCKS[kind]])
    h = c = before = np.zeros((1, 1))
    for x in _window()[:read]:
        x, before = np.array([[x]]), h
        if kind == "lstm":
            h, c = lstm_step(x, h, c, *weights, b)
        elif kind == "gru":
            b_h = np.array([0, 0, biases["b_hn"]]) if reset == "after" else None
            h = gru_step(x, h, *weights, b, b_h, reset)
        else:
            h = rnn_step(x, h, *weights, b)
    return before.item(), h.item(), c.item()


@pytest.mark.parametrize("read", [1, 17, 60])
@pytest.mark.parametrize(("kind", "reset"), KINDS)
def test_reading_a_window_goes_through_the_states_of_the_step_functions(kind, reset, read):
    explorer = explorers.cell(kind, reset)
    biases = {name: value for name, value in explorer.values.items() if name.startswith("b_")}
    biases |= {"b_hn": 1.5} if reset == "after" else {}
    explorer.set(step=read, **{name: biases[name] for name in biases if name in explorer.controls})
    h, h_new, c_new = by_step_functions(kind, reset, biases, read)
    np.testing.assert_allclose(explorer.numbers["h"], h, rtol=0, atol=1e-15)
    np.testing.assert_allclose(explorer.numbers["h_new"], h_new, rtol=0, atol=1e-15)
    assert parts(explorer)["h_new"].endswith(number(h_new))
    if kind == "lstm":
        assert parts(explorer)["c_new"].endswith(number(c_new))
    np.testing.assert_allclose(explorer.values["h"], h, atol=0.05 + 1e-9)  # the slider follows


def test_what_is_drawn_adds_up(explorer):
    v = explorer.set(step=23).numbers
    whole = {"lstm": ("f_c", "i_g", "c_new"), "gru": ("kept", "written", "h_new")}.get(explorer.kind)
    if whole:
        first, second, total = whole
        assert v[first] + v[second] == pytest.approx(v[total], abs=1e-12)
    else:
        assert np.tanh(v["w_x"] + v["w_h"]) == pytest.approx(v["h_new"], abs=1e-12)
    if explorer.kind == "lstm":
        assert v["o"] * v["tanh_c"] == pytest.approx(v["h_new"], abs=1e-12)


def test_every_part_is_drawn_and_says_its_number(explorer):
    drawn = parts(explorer)
    for part in explorer.controls["part"].options:
        if part == "product" and part not in drawn:  # reset before: nothing stands there
            continue
        assert part in drawn
        explorer.set(part=part)
        assert number(explorer.numbers[part]) in explorer.readout.finding
        assert drawn[part].split(":")[0] in repr(explorer)


def test_the_reset_can_be_moved_in_the_page():
    explorer = explorers.cell("gru").set(part="h_new")
    assert "(1−z) · h + z · n" in explorer.readout.finding
    explorer.controls["reset"].value = "after"
    assert "z · h + (1−z) · n" in explorer.readout.finding


def test_play_ends_with_the_window_and_begins_anew():
    explorer = explorers.cell("gru")
    play = next(button for button in explorer.children[0].children if button.description == "Play")
    play.click()
    assert explorer.playing and play.description == "Pause"
    explorer._asked(None, {"to": 59}, [])
    assert explorer.playing
    explorer._asked(None, {"read": 1}, [])
    assert not explorer.playing and explorer.values["step"] == 60
    play.click()
    assert explorer.values["step"] == 0  # from the start again


def test_an_export_shows_the_drawing_with_nothing_to_press():
    page = explorers.cell().set(part="f").static()
    assert "<svg" in page["drawing"]
    assert 'role="img" aria-label="Inside a cell of one unit (LSTM)' in page["drawing"]
    assert "button" not in page["drawing"]
    assert "tabindex" not in page["drawing"]
    assert "forget gate f" in page["finding"]


def test_every_end_of_every_slider_can_be_drawn(explorer):
    for name, control in explorer.controls.items():
        for end in ("min", "max"):
            if hasattr(control, end) and name != "step":
                explorer.set(**{name: getattr(control, end)})
                svg = ElementTree.fromstring(explorer.live.svg)
                assert not [node for node in svg.iter() if "nan" in str(node.attrib)]


def lit(explorer):
    """How many ways back are lit in the drawing of the chain."""
    return len(ElementTree.fromstring(explorer.live.svg).findall(".//*[@class='road back']"))


def test_the_chain_lights_every_road_to_the_loss_and_no_other():
    explorer = explorers.chain()
    assert lit(explorer) == 2  # through the head
    assert "h₂ is heard by f₃, i₃, g₃ and o₃" in repr(explorer.set(part="h2"))
    assert "4 roads" in repr(explorer)
    explorer._asked(None, {"part": "c2"}, [])
    assert "c₂ is heard by c₃ and h₂" in repr(explorer)
    assert "5 roads" in repr(explorer)
    assert set(parts(explorer)) == {value for _, value in explorer.controls["part"].options}
    assert lit(explorer.set(part="f3")) < lit(explorer.set(part="h2")) < lit(explorer.set(part="c1"))
    assert 'aria-label="Three steps of an LSTM.' in explorer.static()["drawing"]


@pytest.mark.parametrize("wrong", [{"kind": "elman"}, {"kind": "gru", "reset": "never"}, {"reset": "after"}])
def test_unknown_cells_are_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        explorers.cell(**wrong)
