"""How long does the in-browser edition take: to its first cell, and to run a lesson whole?

Run with `python3 tasks.py bench lite`; `python benchmarks/bench_lite.py 03 04` measures some lessons anew
and keeps the rest of the table. Writes benchmarks/lite.md. Each lesson is opened by a browser that has seen
nothing before, from a server on this machine; *first cell* is from asking for the page to the end of its
first cell, *Run All* to that of its last; *load* is what else the machine had to do when the lesson began.
Pyodide's files come from where the tests take them.
"""

import os
import re
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "browser")]
from driver import PANEL, QUIET, chromium, open_notebook, outputs  # noqa: E402
from edition import front, served  # noqa: E402

FIRST = f"() => [...{PANEL}.content.model.cells].find(c => c.type === 'code').executionCount"
HEAD = "| lesson | first cell, s | Run All, s | load |\n| --- | --- | --- | --- |\n"
WHOLE = ("00", "01", "02", "03", "04", "06", "07")  # the others stop where they say
TABLE = Path(__file__).with_name("lite.md")


def main(numbers):
    """Measure, print, and write the table, after each lesson."""
    from playwright.sync_api import sync_playwright

    lessons = sorted(path.stem for path in (ROOT / "notebooks").glob("0*.ipynb"))
    before = TABLE.read_text(encoding="utf-8") if TABLE.exists() else ""
    rows = dict(re.findall(r"^\| (\d\d\S*) (\|.*)$", before, re.M))
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as url, sync_playwright() as play:
        if not url or not chromium():
            print("No Pyodide, or no Chromium, on this machine: nothing measured.")
            return
        size = sum(path.stat().st_size for path in Path(folder, "site").rglob("*") if path.is_file())
        text = f"# The in-browser edition\n\n{__doc__}\n{os.cpu_count()} cores. "
        text += f"The whole site is {size / 1e6:.0f} MB.\n\n{HEAD}"
        browser = play.chromium.launch(executable_path=chromium(), args=QUIET)
        for name in [name for name in lessons if name[:2] in (numbers or WHOLE)]:
            load = os.getloadavg()[0]
            rows[name] = f"| {' | '.join(timed(browser, url, name))} | {load:.1f} |"
            print(f"| {name} {rows[name]}", flush=True)
            table = "".join(f"| {name} {row}\n" for name, row in sorted(rows.items()))
            TABLE.write_text(text + table, encoding="utf-8")


def timed(browser, url, name):
    """Return the seconds to the first cell and to the last, as text."""
    started = time.monotonic()
    page = open_notebook(browser, url, name, front=front(name))
    page.evaluate("void (window.all = window.jupyterapp.commands.execute('notebook:run-all-cells'))")
    page.wait_for_function(FIRST, timeout=300_000)
    first = time.monotonic() - started
    page.evaluate("window.all")
    whole = time.monotonic() - started
    shown = [output for cell in outputs(page) for output in cell.get("outputs", ())]
    failed = [output["evalue"] for output in shown if output["output_type"] == "error"]
    page.context.close()
    return f"{first:.0f}", f"stopped: {failed[0]}" if failed else f"{whole:.0f}"


if __name__ == "__main__":
    main(sys.argv[1:])
