"""Whether those who see fewer colours, or none, can tell apart what the course draws."""

import itertools

import numpy as np
import pytest

from lessons import figures
from lessons.exercises.cards import _LOOK, _PLAIN_COLOUR
from lessons.figures import STYLES

# Machado, Oliveira and Fernandes (2009), severity 1.0, for linear RGB; and what everybody else sees.
SIGHT = {
    "full": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE, BLACK = "#ffffff", "#111111"  # the pages of JupyterLab's two themes
CLEAR = 15  # ΔE*ab between colours that nobody confuses in a line 2 pixels wide; 2.3 is just noticeable
CLEAR_IN_GREY = 10  # ΔL*


def linear(colour):
    """Return linear RGB, shape (3,), of "#rrggbb"."""
    rgb = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """Return CIE L*a*b*, white D65, of linear RGB; both of shape (3,)."""
    xyz = TO_XYZ @ np.clip(rgb, 0, 1) / np.array([0.95047, 1, 1.08883])
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def difference(a, b, sight):
    """Return ΔE*ab between two colours as they are seen."""
    return np.linalg.norm(lab(SIGHT[sight] @ linear(a)) - lab(SIGHT[sight] @ linear(b)))


def lightness(colour):
    return lab(linear(colour))[0]


def contrast(a, b):
    """Return the contrast ratio of WCAG 2: 1 … 21."""
    lighter, darker = sorted((TO_XYZ[1] @ linear(colour) for colour in (a, b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


# Parts of the data are told apart by marker and width as well; models and levels are bare lines.
PARTS = ("series", "truth", "train", "validation", "test", "window", "target")


def pairs():
    return list(itertools.combinations([name for name in STYLES if name not in PARTS], 2))


def test_the_simulation_knows_red_from_green_and_that_others_do_not():
    assert difference("#c03030", "#607000", "full") > 60
    assert difference("#c03030", "#607000", "deuteranopia") < CLEAR
    assert contrast("#ffffff", "#000000") == pytest.approx(21)


@pytest.mark.parametrize("sight", SIGHT)
def test_models_alike_to_someone_differ_in_dash(sight):
    alike = [(a, b) for a, b in pairs() if difference(STYLES[a][0], STYLES[b][0], sight) < CLEAR]
    assert [(a, b) for a, b in alike if STYLES[a][1] == STYLES[b][1]] == []


def test_models_alike_in_grey_differ_in_dash():
    light = {name: lightness(STYLES[name][0]) for name in STYLES}
    alike = [(a, b) for a, b in pairs() if abs(light[a] - light[b]) < CLEAR_IN_GREY]
    assert len(alike) > 20
    assert [(a, b) for a, b in alike if STYLES[a][1] == STYLES[b][1]] == []


def test_parts_of_a_series_shown_together_differ_in_marker():
    for a, b in [("train", "test"), ("window", "target"), ("validation", "train"), ("series", "target")]:
        assert STYLES[a][2] != STYLES[b][2]


def test_loss_curves_differ_in_dash():
    assert len({STYLES[name][1] for name in ("train", "validation", "test")}) == 3


def test_the_truth_is_told_from_a_network_by_its_width():
    shown = figures.forecasts(np.arange(3), np.zeros(3), {"LSTM": np.ones(3)})
    truth, network = shown.data
    assert truth.line.width >= 2 * network.line.width


@pytest.mark.parametrize("page", [WHITE, BLACK])
def test_colours_stand_out_on_the_page(page):
    colours = {look[0] for look in STYLES.values()} | {look[0] for look in _LOOK.values()} | {_PLAIN_COLOUR}
    pale = {colour for colour in colours if contrast(colour, page) < 3}
    # Okabe and Ito's two light ones: darker, orange would be vermilion to the colour-blind. What they draw is
    # wide or dashed, and named beside the line or in the legend.
    assert pale <= {"#E69F00", "#56B4E9"}
    assert all(contrast(colour, page) > 2.2 for colour in colours)
