"""A JupyterLab and a Chromium for the browser tests; without a browser they are skipped, but never in CI."""

import os
from pathlib import Path

import nbformat
import pytest
from driver import QUIET, chromium, course_copy, serve

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """Mark the browser tests and put them last: Playwright's event loop runs on to the end of the session."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def browser():
    """Chromium, headless."""
    missing = None
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing = "playwright is not installed"
    if not chromium():
        missing = "no Chromium on this machine; CHROMIUM may name one"
    if missing and os.environ.get("CI"):
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    with sync_playwright() as play:
        chrome = play.chromium.launch(executable_path=chromium(), args=QUIET)
        yield chrome
        chrome.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory, browser):
    """The URL of a JupyterLab that serves copies of the course, and notebooks made from small.py."""
    scratch = tmp_path_factory.mktemp("lab")
    root = course_copy(NOTEBOOKS, scratch / "root")
    nbformat.write(small_notebook(), root / "small.ipynb")
    nbformat.write(small_notebook(cells=[0, 1, 3]), root / "slow.ipynb")
    with serve(root, scratch / "private") as url:
        yield url


def small_notebook(cells=slice(None)):
    """Return small.py, or some of it, as a notebook, a cell for each ``# %%``."""
    source = (HERE / "small.py").read_text().split("# %%\n")[1:]
    cells = source[cells] if isinstance(cells, slice) else [source[cell] for cell in cells]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return notebook
