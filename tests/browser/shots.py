"""Full-length screenshots of notebooks after Run All, in pieces that can be looked at.

    python tests/browser/shots.py notebooks/01_windows_and_leakage.ipynb shots [--dark] [--width 1280]

writes shots/01_windows_and_leakage-1.png and so on, and prints what is wrong with the page.
"""

import argparse
import tempfile
from pathlib import Path

from driver import PLOTS, QUIET, chromium, course_copy, open_notebook, run_all, serve
from playwright.sync_api import sync_playwright

PIECE = 1600  # pixels
BAR = 130  # menu and toolbar above the notebook, status below
LENGTH = """() => {
  const cells = [...document.querySelectorAll(".jp-Notebook .jp-Cell")].map(c => c.getBoundingClientRect());
  return Math.ceil(cells.at(-1).bottom - cells[0].top) + 40;
}"""


def shoot(notebooks, folder, dark=False, width=1280):
    """Save screenshots of ``notebooks`` into ``folder``; return {notebook name: problems seen}."""
    folder.mkdir(parents=True, exist_ok=True)
    problems = {}
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as play:
        root = course_copy(notebooks, Path(scratch) / "root")
        with serve(root, Path(scratch) / "private", dark) as url:
            browser = play.chromium.launch(executable_path=chromium(), args=QUIET)
            for notebook in notebooks:
                problems[notebook.name] = _shoot_one(browser, url, notebook, folder, width, dark)
            browser.close()
    return problems


def _shoot_one(browser, url, notebook, folder, width, dark):
    page = open_notebook(browser, url, notebook.name, (width, 1000))
    run_all(page)
    length = page.evaluate(LENGTH)
    page.set_viewport_size({"width": width, "height": length + BAR})
    page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0")
    page.wait_for_timeout(1000)  # figures redraw at their new size
    name = notebook.stem + ("-dark" if dark else "")
    for number, top in enumerate(range(0, length + BAR, PIECE), start=1):
        clip = {"x": 0, "y": top, "width": width, "height": min(PIECE, length + BAR - top)}
        page.screenshot(path=folder / f"{name}-{number}.png", clip=clip)
    problems = [*page.complaints, *(f"outside: {address}" for address in page.outside)]
    problems += page.locator(".jp-OutputArea-output[data-mime-type*=error]").all_inner_texts()
    problems += page.locator(".jp-OutputArea-output[data-mime-type*=stderr]").all_inner_texts()
    print(f"{name}: {length} px, {page.evaluate(f'{PLOTS}.length')} figures")
    page.close()
    return problems


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="+", type=Path, help="notebooks, then the folder for the pictures")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--width", type=int, default=1280)
    options = parser.parse_args()
    *notebooks, folder = options.paths
    for name, problems in shoot(notebooks, folder, options.dark, options.width).items():
        for problem in problems:
            print(f"{name}: {problem[:600]}")


if __name__ == "__main__":
    main()
