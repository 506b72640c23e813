"""A JupyterLab and a Chromium for the browser tests; without a browser they are skipped, but never in CI."""

import os

import pytest
from driver import QUIET, chromium, close, open_notebook, put_notebook, serve_course

LONGEST = "test_browser_lessons", "test_site", "test_browser_explorers"


def pytest_collection_modifyitems(items):
    """Put the browser tests last: Playwright's event loop runs on to the end of the session."""
    items.sort(key=_when)


def _when(item):
    """Browser tests after all others; among them the longest files first: no process waits for one then."""
    name = item.path.stem
    place = LONGEST.index(name) if name in LONGEST else len(LONGEST)
    return item.get_closest_marker("browser") is not None, place


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
    """The URL of a JupyterLab started by the README's command, which serves the learner's copies."""
    with serve_course(tmp_path_factory.mktemp("lab")) as url:
        yield url


@pytest.fixture(scope="module")
def notebook_of(lab, browser):
    """A function that opens a notebook made of the given code cells; its page ends with the module."""
    pages = []

    def open_new(name, *sources):
        pages.append(open_notebook(browser, lab, put_notebook(lab, name, sources)))
        return pages[-1]

    yield open_new
    for page in pages:
        close(page)
