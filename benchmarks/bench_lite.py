"""How long does the in-browser edition take: to its first picture, and to run a lesson whole?

Run with `python3 tasks.py bench lite`, or directly; numbers of lessons choose some, and then nothing is
written. Writes benchmarks/lite.md. Each lesson is opened by a browser that has seen nothing before, from a
server on this machine; *first cell* is from asking for the page to the end of its first cell, *Run All* to
that of its last. Pyodide's files come from where the tests take them.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "browser")]
from driver import PANEL, QUIET, chromium, open_notebook  # noqa: E402
from edition import front, served  # noqa: E402

FIRST = f"() => [...{PANEL}.content.model.cells].find(c => c.type === 'code').executionCount"
HEAD = "| lesson | first cell, s | Run All, s |\n| --- | --- | --- |\n"


def main(numbers):
    """Measure, print, and write the table."""
    from playwright.sync_api import sync_playwright

    lessons = sorted(path.stem for path in (ROOT / "notebooks").glob("0*.ipynb"))
    chosen = [name for name in lessons if name[:2] in (numbers or ("00", "01", "02", "03", "04", "06", "07"))]
    rows, load = [], os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as url, sync_playwright() as play:
        if not url or not chromium():
            print("No Pyodide, or no Chromium, on this machine: nothing measured.")
            return
        size = sum(path.stat().st_size for path in Path(folder, "site").rglob("*") if path.is_file())
        browser = play.chromium.launch(executable_path=chromium(), args=QUIET)
        for name in chosen:
            rows.append(f"| {name} | {' | '.join(timed(browser, url, name))} |\n")
            print(rows[-1], end="", flush=True)
    head = f"{os.cpu_count()} cores; load average {load:.1f} before, {os.getloadavg()[0]:.1f} after"
    text = f"# The in-browser edition\n\n{__doc__}\n{head}. The whole site is {size / 1e6:.0f} MB.\n\n{HEAD}"
    if not numbers:
        Path(__file__).with_name("lite.md").write_text(text + "".join(rows), encoding="utf-8")


def timed(browser, url, name):
    """Return the seconds to the first cell and to the last, as text."""
    started = time.monotonic()
    page = open_notebook(browser, url, name, front=front(name))
    page.evaluate("window.all = window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(FIRST, timeout=300_000)
    first = time.monotonic() - started
    page.set_default_timeout(900_000)
    page.evaluate("window.all")
    whole = time.monotonic() - started
    page.context.close()
    return f"{first:.0f}", f"{whole:.0f}"


if __name__ == "__main__":
    main(sys.argv[1:])
