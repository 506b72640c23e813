"""The in-browser edition runs: lessons from top to bottom, sliders, and all checks of the exercises."""

import json
import re

import pytest
from driver import command, drag, explorer, in_kernel, now, open_notebook, outputs, press, run_all, slider
from edition import CARRIER, front, served
from test_accessible import complaints

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EXERCISES = """
from lessons.exercises import REGISTRY, check

right = checked = 0
for lesson in REGISTRY.lessons():
    for exercise in REGISTRY.of_lesson(lesson) if lesson != "05" else ():
        assert check(exercise.id, exercise.reference).passed, exercise.id
        right += 1
        for wrong in exercise.wrong:
            result = check(exercise.id, wrong.function_for(exercise.reference))
            assert result.diagnoses == [wrong.diagnosis] and not result.passed, (exercise.id, wrong.diagnosis)
            checked += 1
print(f"{right} exercises, {checked} known wrong answers")
"""


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    """The edition's address."""
    with served(tmp_path_factory.mktemp("lite")) as url:
        if not url:
            pytest.skip(f"the in-browser edition did not run: {CARRIER}, with Pyodide in it, cannot be had")
        yield url


@pytest.fixture(scope="module")
def opened(browser, edition):
    """A function that returns a lesson's page after Run All; one that is open already stays as it is."""
    pages = {}

    def open_and_run(name):
        if name not in pages:
            while pages:
                pages.popitem()[1].context.close()
            pages[name] = open_notebook(browser, edition, name, front=front(name))
            run_all(pages[name])
        return pages[name]

    return open_and_run


def without_trouble(page):
    """Check that no cell said anything went wrong, nor the console, and that nothing came from elsewhere."""
    for cell in outputs(page):
        for output in cell.get("outputs", ()):
            assert output["output_type"] != "error" and output.get("name") != "stderr", output
    assert page.outside == [] and page.complaints == []


def test_start_here_runs_and_its_slider_moves_by_drag_and_by_arrow_keys(opened):
    page = opened("00_start_here")
    without_trouble(page)
    noise = slider(explorer(page, "noise"), "noise")
    finding = page.locator(".lessons-explorer .lessons-finding").first
    news = "([finding, said]) => finding.innerText !== said"
    for theme in ("Light", "Dark"):
        command(page, "apputils:change-theme", {"theme": f"JupyterLab {theme}"})
        for move in (lambda: drag(page, noise, 30), lambda: press(page, noise, "ArrowRight", "ArrowRight")):
            value, said = now(noise), finding.inner_text()
            move()
            assert now(noise) > value
            page.wait_for_function(news, arg=[finding.element_handle(), said])
        assert complaints(page) == []
    assert "This browser can run lessons" in json.dumps(outputs(page))


def test_every_exercise_knows_right_and_wrong_there(opened):
    said = in_kernel(opened("00_start_here"), EXERCISES)
    assert re.fullmatch(r"\d\d exercises, \d{3} known wrong answers\s*", said), said


@pytest.mark.parametrize("name", ["01_windows_and_leakage", "02_naive_baseline"])
def test_lessons_run_whole(opened, name):
    without_trouble(opened(name))
