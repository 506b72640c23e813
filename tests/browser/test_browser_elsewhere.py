"""Where there is no JupyterLab: Notebook 7, and an export of a notebook that was never run."""

import importlib.util
import re

import nbformat
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

from lessons.export import export

CELLS = (
    "from lessons import explorers, figures\nfrom lessons.series import two_waves",
    "t, y = two_waves()\nfigures.series(t, y, title='Two waves, <b>plain</b>')",
    "explorers.leak()",
)


def test_a_notebook_that_was_never_run_is_run_for_its_export(tmp_path, browser):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS[:2]])
    nbformat.write(book, tmp_path / "fresh.ipynb")
    read = browser.new_page()
    read.goto(export(tmp_path / "fresh.ipynb").as_uri())
    read.locator(f"{FIGURE} .main-svg").first.wait_for()
    assert read.locator(FIGURE).count() == 1
    read.close()


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
