"""What all tests share: one place for this run's executed lessons, and claims with their values."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

TESTS = Path(__file__).parent
settings.register_profile("patient", settings.default, deadline=None)  # a busy machine makes nothing wrong
settings.load_profile("patient")


def pytest_configure(config):
    """Make the folder that the test processes of this run share, and let its name reach them."""
    if "LESSONS_TEST_RUN" not in os.environ:
        os.environ["LESSONS_TEST_RUN"] = config._lessons_run = tempfile.mkdtemp(prefix="lessons-run-")


def pytest_unconfigure(config):
    if folder := getattr(config, "_lessons_run", None):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)  # the browser's conftest sorts by these marks
def pytest_collection_modifyitems(config, items):
    if not config.option.markexpr and any(item.path.stem == "test_site" for item in items):
        os.environ["LESSONS_TEST_SITE"] = "1"  # lessons are recorded while they run: tests/lesson_run.py
    for item in items:
        for folder in ("browser", "classroom"):
            if TESTS / folder in item.path.parents:
                item.add_marker(folder)
        if "claim" in getattr(item, "fixturenames", ()):
            item.add_marker("claims")


@pytest.fixture(scope="session", autouse=True)
def onednn():
    """Switch oneDNN off in this process and in the lessons' kernels where `tasks.py kernels` asks for it."""
    if os.environ.get("LESSONS_ONEDNN") == "off":
        import torch

        torch.backends.mkldnn.set_flags(False)
        startup = Path(os.environ["LESSONS_TEST_RUN"], "ipython", "profile_default", "startup")
        startup.mkdir(parents=True, exist_ok=True)
        off = "import torch\n\ntorch.backends.mkldnn.set_flags(False)\n"
        (startup / "00_onednn_off.py").write_text(off, encoding="utf-8")
        os.environ["IPYTHONDIR"] = str(startup.parents[1])


@pytest.fixture(scope="module")
def lesson(request):
    """The lesson that a file of tests is about, its LESSON, run from top to bottom."""
    from lesson_run import executed

    return executed(request.module.LESSON)


@pytest.fixture
def claim(request):
    """Assert that a value lies where a lesson says it does; `tasks.py kernels` collects the values.

    ``claim("LSTM over last value, test MSE", 1.25, low=1.1)``
    """
    where = request.node.nodeid.split("::")[0].removeprefix("tests/")

    def hold(name, value, low=None, high=None):
        value = float(value)
        holds = (low is None or value >= low) and (high is None or value <= high)
        if file := os.environ.get("LESSONS_CLAIMS"):
            line = {"where": where, "name": name, "value": value, "low": low, "high": high, "holds": holds}
            with Path(file).open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(line) + "\n")
        assert holds, f"{name}: {value:.6g} is not between {low} and {high}"

    return hold
