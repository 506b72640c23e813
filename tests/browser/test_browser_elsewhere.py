"""Where there is no JupyterLab: an export to HTML without a kernel or a network, and Notebook 7."""

import importlib.util
import re
import urllib.request

import nbformat
import numpy as np
import pytest
from driver import (
    EXPLORERS,
    FIGURE,
    PANEL,
    TOKEN,
    close,
    command,
    open_notebook,
    press,
    put_notebook,
    run_all,
    run_cell,
    slider,
    wait_drawn,
    wait_for,
)

from lessons.export import export
from lessons.series import two_waves

CELLS = (
    "from lessons import explorers, figures\nfrom lessons.series import two_waves",
    "t, y = two_waves()\nfigures.series(t, y, title='Two waves, <b>plain</b>')",
    "explorers.leak()",
    "explorers.gate_heatmaps()",
)
PLOT = ".js-plotly-plot"


@pytest.fixture(scope="module")
def page(notebook_of):
    page = notebook_of("exported.ipynb", *CELLS)
    run_all(page)
    return page


@pytest.fixture(scope="module")
def offline(browser, page, lab, tmp_path_factory):
    """The notebook exported by JupyterLab's menu, opened from a file with no network."""
    command(page, "docmanager:save")
    address = f"{lab}nbconvert/html/exported.ipynb?download=true&token={TOKEN}"  # what the menu opens
    file = tmp_path_factory.mktemp("export") / "exported.html"
    with urllib.request.urlopen(address, timeout=120) as answer:
        file.write_bytes(answer.read())
    yield opened(browser, file)


def opened(browser, file):
    context = browser.new_context(offline=True)
    read = context.new_page()
    read.set_default_timeout(30_000)
    read.outside, read.complaints = [], []
    read.on("request", lambda r: read.outside.append(r.url) if r.url.startswith("http") else None)
    read.on("pageerror", lambda error: read.complaints.append(str(error)))
    read.goto(file.as_uri())
    read.locator(f"{PLOT} .main-svg").first.wait_for()
    return read


def drawn(plot):
    """Return name, y and z of each trace."""
    return plot.evaluate(
        """gd => {
          const plain = a => a && Array.from(a, v => ArrayBuffer.isView(v) ? Array.from(v) : v);
          return gd._fullData.map(({ name, y, z }) => ({ name, y: plain(y), z: plain(z) }));
        }"""
    )


def test_an_export_is_one_file_with_every_figure_its_data_and_its_words(offline):
    assert offline.locator(PLOT).count() == 3
    _, y = two_waves()
    assert np.allclose(drawn(offline.locator(PLOT).first)[0]["y"], y, atol=1e-6)
    heatmaps = drawn(offline.locator(PLOT).nth(2))
    assert {"i", "f", "o", "c"} <= {trace["name"] for trace in heatmaps if trace["z"]}

    label = offline.locator(FIGURE).first.get_attribute("aria-label")
    assert label.startswith("Line chart. Two waves")
    text = offline.locator("body").inner_text()
    assert "window: 60" in text
    assert "nearest neighbour: shuffled" in text
    assert "Error displaying widget" not in text

    assert [url for url in offline.outside if "mathjax" not in url.lower()] == []  # equations are MathJax's
    assert offline.complaints == []
    size = offline.evaluate("document.documentElement.outerHTML.length")
    assert size < 9e6  # plotly.js once


def test_a_notebook_that_was_never_run_is_run_for_its_export(tmp_path, browser):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS[:2]])
    nbformat.write(book, tmp_path / "fresh.ipynb")
    read = opened(browser, export(tmp_path / "fresh.ipynb"))
    assert read.locator(PLOT).count() == 1
    read.context.close()


@pytest.mark.skipif(not importlib.util.find_spec("notebook"), reason="Notebook 7 is not installed")
def test_notebook_7_shows_figures_and_its_sliders_answer(lab, browser):
    put_notebook(lab, "seven.ipynb", CELLS[:3])
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
