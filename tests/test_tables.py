"""The one table, and what counts as zero."""

import numpy as np
import pytest

from lessons.checks import negligible
from lessons.tables import Table


def test_a_table_sets_names_left_and_numbers_right_with_alike_decimals():
    table = Table(("model", "MSE", "verdict"), [("ridge", 0.5, "good"), ("last value", np.float64(1), None)])
    assert repr(table).splitlines() == [
        "model          MSE  verdict",
        "ridge       0.5000  good",
        "last value  1.0000",
    ]
    page = table._repr_html_()
    assert page.count('scope="col"') == 3 and page.count('scope="row"') == 2
    assert 'text-align:right">0.5000</td>' in page and 'text-align:left">good</td>' in page


@pytest.mark.parametrize(
    ("cells", "side"),
    [
        (("0.0378 ± 0.0002", "+40%", "", "nan"), "right"),
        (("12", "1e-07", "−3", "2.4×"), "right"),
        (("0.0121 ± 0.0007", "0.0032 ± 0.0007 (0 of 5)"), "right"),
        (("12 months", "0.1"), "left"),
        (("2001-01", "2002-01"), "left"),
    ],
)
def test_only_numbers_stand_to_the_right(cells, side):
    assert f"text-align:{side}" in Table(("value",), [(cell,) for cell in cells])._repr_html_()


def test_a_table_may_have_no_heads_or_no_rows_and_no_cell_breaks_the_page():
    assert repr(Table((), [("window", "16 steps"), ("split", "by time")], "Card")) == (
        "Card\nwindow  16 steps\nsplit   by time"
    )
    assert repr(Table(("a", "b"), [])) == "a  b"
    page = Table(("<b>",), [("<script>",)], "<i>")._repr_html_()
    assert "<b>" not in page and "<script>" not in page and "<i>" not in page


def test_whole_and_broken_numbers_keep_their_form():
    assert Table(("n",), [(4,), (np.int64(60),)]).rows == [("4",), ("60",)]
    assert Table(("n",), [(4,), (2.5,), ("–",)]).rows == [("4.0000",), ("2.5000",), ("–",)]


@pytest.mark.parametrize(
    ("size", "values", "nothing"),
    [
        (0.0, [0.0], True),
        (1e-16, [0.1, 1.0], True),
        (1e-9, [1.0], False),
        (1e-7, [1e6], True),  # of about 1e6, float64 keeps ten decimals
        (1e-4, np.array([1013.0], np.float32), True),
        (0.1, np.array([1013.0], np.float32), False),
        (1e-16, [np.nan, 1.0], True),
        (1e-300, [1e-300], True),  # has no square
    ],
)
def test_what_counts_as_zero(size, values, nothing):
    assert negligible(size, values) is nothing
