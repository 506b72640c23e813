"""Every lesson as its learner opens it: the README's command, Run All, and Run All once more."""

import json
import re

import pytest
from driver import EXPLORERS, FIGURE, NOTEBOOKS, close, open_notebook, outputs, promised, run_all, wait_drawn

SECOND_RUN = 4  # seconds, in which cells run a second time once all explorers have
UNFINISHED = "Error displaying widget|Loading widget|Failed to load model|could not be drawn"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_lesson_runs_twice_without_a_fault(lab, browser, notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    page = open_notebook(browser, lab, notebook.name, lab=True)
    run_all(page)
    assert_sound(page, cells)
    count = page.locator(FIGURE).count()
    run_again(page)
    assert_sound(page, cells)
    assert page.locator(FIGURE).count() == count
    assert page.outside == []
    assert page.complaints == []
    close(page)


def run_again(page):
    """Run every explorer a second time, then the other cells in order, as far as `SECOND_RUN` reaches."""
    promised(
        page,
        """async ([limit, explorer]) => {
          const { content: notebook } = window.jupyterapp.shell.currentWidget;
          const code = [...notebook.widgets.entries()].filter(([, cell]) => cell.model.type === "code");
          const run = index => {
            notebook.activeCellIndex = index;
            notebook.deselectAll();
            return window.jupyterapp.commands.execute("notebook:run-cell");
          };
          const others = code.filter(([, cell]) => !cell.node.querySelector(explorer));
          for (const [index, cell] of code)
            if (cell.node.querySelector(explorer)) await run(index);
          const end = performance.now() + 1000 * limit;
          for (const [index] of others)
            if (performance.now() < end) await run(index);
        }""",
        [SECOND_RUN, EXPLORERS],
    )
    wait_drawn(page)


def assert_sound(page, cells):
    """Assert that every cell ran, none failed, and all that they show is in the page."""
    faults = []
    for shown, cell in zip(outputs(page), cells, strict=True):
        allowed = "raises-exception" in cell["metadata"].get("tags", [])
        for output in shown.get("outputs", []):
            if output["output_type"] == "error" and not allowed:
                faults.append(f"{cell['id']}: {output['ename']}: {output['evalue']}")
            if output.get("name") == "stderr":
                faults.append(f"{cell['id']}: {output['text']}")
        if cell["cell_type"] == "code" and not shown["execution_count"]:
            faults.append(f"{cell['id']} did not run")
    assert not faults, "\n".join(faults)
    checks = sum(cell["metadata"].get("nbgrader", {}).get("grade", False) for cell in cells)
    assert page.locator("[role=status][aria-label^='Not attempted']").count() == checks
    unfinished = page.locator(".jp-OutputArea-output").get_by_text(re.compile(UNFINISHED))
    assert unfinished.all_inner_texts() == []
    assert page.locator(".lessons-problem:not(:empty)").all_inner_texts() == []
    empty = f"[...document.querySelectorAll('{FIGURE}')].filter(gd => !gd._fullData?.length)"
    assert page.evaluate(f"{empty}.map(gd => gd.getAttribute('aria-label'))") == [], "empty figures"
