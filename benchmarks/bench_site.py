"""How large the course's web pages are, and how soon one can read them and move them: writes site.md.

First build them, `python3 tasks.py site`; then `python3 tasks.py bench site`.
"""

import gzip
import sys
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "site"
HEAD = """\
# The course as web pages

Written by `benchmarks/bench_site.py` from what `python3 tasks.py site` built: kB as they travel (gzip),
seconds in headless Chromium from disk. *Read*: the first text is painted. *Move*: from the request
until the first slider has answered a key with another finding.

| page | HTML, kB | tables, kB | read, s | move, s |
|---|---|---|---|---|
"""
FINDING = "document.querySelector('.lessons-static [role=status]').innerText"
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def packed(path):
    """Return a file's size in kB, compressed."""
    return len(gzip.compress(path.read_bytes())) / 1000


def measured(browser, path, moves):
    """Return the seconds until a page can be read and, if it moves, until its first slider has answered."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    started = time.perf_counter()
    page.goto(path.as_uri(), wait_until="commit")
    page.wait_for_function(PAINTED)
    read, moved = page.evaluate(PAINTED) / 1000, None
    if moves:
        page.locator(".lessons-static input[type=range]:enabled").first.focus()
        said = page.evaluate(FINDING)
        page.keyboard.press("ArrowLeft")
        page.wait_for_function(f"said => {FINDING} !== said", arg=said)
        moved = time.perf_counter() - started
    page.close()
    return read, moved


def main():
    from driver import QUIET, chromium

    lines = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=QUIET)
        for path in [SITE / "index.html", *sorted(SITE.glob("0*.html")), *sorted(SITE.glob("extras/*.html"))]:
            tables = list((SITE / "_static" / "tables").glob(f"{path.stem}-*.js"))
            read, moved = measured(browser, path, path.stem in ("index", "00_start_here", "06_gate_heatmaps"))
            cells = f"{packed(path):.0f} | {sum(map(packed, tables)):.0f} | {read:.2f}"
            lines.append(f"| {path.stem} | {cells} | {f'{moved:.1f}' if moved else ''} |\n")
            print(lines[-1], end="", flush=True)
        browser.close()
    whole = sum(path.stat().st_size for path in SITE.rglob("*") if path.is_file()) / 1e6
    lines.append(f"\nAll of it, with plotly.js, MathJax and the theme: {whole:.0f} MB on disk.\n")
    (ROOT / "benchmarks" / "site.md").write_text(HEAD + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests" / "browser"))
    main()
