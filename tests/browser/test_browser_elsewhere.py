"""Where there is no JupyterLab: Notebook 7."""

import importlib.util
import re

import pytest
from driver import (
    EXPLORERS,
    FIGURE,
    PANEL,
    close,
    open_notebook,
    press,
    put_notebook,
    run_cell,
    slider,
    wait_drawn,
    wait_for,
)

CELLS = (
    "from lessons import explorers, figures\nfrom lessons.series import two_waves",
    "t, y = two_waves()\nfigures.series(t, y, title='Two waves, <b>plain</b>')",
    "explorers.leak()",
)


@pytest.mark.skipif(not importlib.util.find_spec("notebook"), reason="Notebook 7 is not installed")
def test_notebook_7_shows_figures_and_its_sliders_answer(lab, browser):
    put_notebook(lab, "seven.ipynb", CELLS)
    page = open_notebook(browser, lab, "seven.ipynb", front="notebooks/seven.ipynb")
    for index in range(3):
        run_cell(page, index)
    wait_drawn(page)
    box = page.locator(EXPLORERS)
    press(page, slider(box, "window"), "Home")
    wait_for(
        page, box.locator(FIGURE).first, "gd._fullData.find(t => t.name === 'one test window').x.length === 2"
    )
    assert page.evaluate(f"{PANEL}.content.widgets.length") == 3
    ours = re.compile("lessons|anywidget|[Pp]lotly|widget")  # Notebook 7 has complaints of its own
    assert [text for text in page.complaints if ours.search(text)] == []
    assert page.outside == []
    close(page)
