"""How soon does a slider's move show? The training explorer in JupyterLab and headless Chromium.

Run with `python3 tasks.py bench`, or directly; `--quick` takes fewer moves and writes nothing. A key press
moves a slider; the clock is the page's own, from the key event to the second animation frame after the loss
plot was redrawn with the new run's first point (or its last one), when the picture is on the screen. Writes
benchmarks/training.md.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))
from driver import QUIET, chromium, open_notebook, run_all, serve  # noqa: E402

# A clock on every explorer's loss plot: when each redraw was seen, with how many epochs and which title.
CLOCK = """() => {
  globalThis.pressed = 0;
  document.addEventListener("keydown", () => { globalThis.pressed = performance.now(); }, true);
  globalThis.seen = [...document.querySelectorAll(".lessons-explorer")].map(box => {
    const gd = box.querySelector("[role=img]"), log = [[0, gd.data[2].y.length, gd.layout.title.text]];
    gd.on("plotly_react", () => {
      const epochs = gd.data[2].y.length, title = gd.layout.title.text;
      requestAnimationFrame(() => requestAnimationFrame(() => log.push([performance.now(), epochs, title])));
    });
    return log;
  });
}"""
# The first redraw after a key press that shows fewer epochs than the one before it: a new run.
RESTART = "seen[box].find((s, k, all) => k >= start && k > 0 && s[1] < all[k - 1][1])"
RESTARTED = f"([box, start]) => {RESTART}"
RUNNING = "(box) => seen[box].at(-1)?.[1] >= 8 && seen[box].at(-1)[2].startsWith('Epoch')"
FINISHED = "([box, start]) => seen[box].length > start && !seen[box].at(-1)[2].startsWith('Epoch')"
CELLS = ("from lessons import explorers", "explorers.training()", "explorers.training('two waves')")


def notebook(path):
    """Write a notebook of the two explorers."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, path)


def press(page, box, label, key):
    """Press a key on a slider; return when (page clock), and how often its plot had been drawn."""
    handle = page.locator(".lessons-explorer").nth(box).get_by_role("slider", name=label)
    handle.focus()
    start = page.evaluate("box => seen[box].length", box)
    page.keyboard.press(key)
    return page.evaluate("() => pressed"), start


def first_point(page, box, label, moves, midway):
    """Time from a move to the first point of its run, in ms; ``midway``: while another run goes on."""
    times = []
    for _ in range(moves):
        finish(page, box)
        if midway:
            press(page, box, label, "ArrowRight")
            page.wait_for_function(RUNNING, arg=box)
        pressed, start = press(page, box, label, "ArrowRight")
        page.wait_for_function(RESTARTED, arg=[box, start])
        times.append(page.evaluate(f"([box, start]) => {RESTART}[0]", [box, start]) - pressed)
    return times


def complete(page, box, moves):
    """Time from a move to the end of its run, in ms."""
    times = []
    finish(page, 0)
    for _ in range(moves):
        finish(page, box)
        pressed, start = press(page, box, "noise", "ArrowRight")
        page.wait_for_function(FINISHED, arg=[box, start])
        times.append(page.evaluate("box => seen[box].at(-1)[0]", box) - pressed)
    return times


def finish(page, box):
    """Wait for the end of whatever runs."""
    done = "box => document.querySelectorAll('.lessons-explorer')[box].innerText.includes('one seed')"
    page.wait_for_function(done, arg=box, timeout=120_000)
    page.wait_for_timeout(150)


def measure(moves):
    """Return the times in ms by what was measured."""
    from playwright.sync_api import sync_playwright

    os.environ["PYTHONPATH"] = str(ROOT)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as play:
        scratch = Path(scratch)
        (scratch / "root").mkdir()
        (scratch / "private/config").mkdir(parents=True)
        shutil.copy(
            ROOT / "lessons/jupyter/jupyter_server_config.py", scratch / "private/config"
        )  # as for `lab`
        notebook(scratch / "root/bench.ipynb")
        with serve(scratch / "root", scratch / "private") as url:
            page = open_notebook(
                play.chromium.launch(executable_path=chromium(), args=QUIET), url, "bench.ipynb"
            )
            run_all(page)
            page.evaluate(CLOCK)
            finish(page, 0)
            finish(page, 1)
            return {
                "first loss point, trend and seasons (64 × 60, hidden 32)": first_point(
                    page, 0, "trend per step", moves, False
                ),
                "the same, while another run goes on": first_point(page, 0, "noise", moves, True),
                "complete run, two waves (163 × 16, hidden 32, 120 epochs)": complete(page, 1, moves),
            }


def table(times):
    """Return the times as a Markdown table."""
    lines = [
        "| from a key press on a slider to | median | slowest of "
        + str(len(next(iter(times.values()))))
        + " |"
    ]
    lines += ["|---|---|---|"]
    lines += [f"| {name} | {np.median(ms):.0f} ms | {max(ms):.0f} ms |" for name, ms in times.items()]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="three moves each, and nothing written")
    options = parser.parse_args()
    if not chromium():
        print("No Chromium on this machine: nothing measured.")
        return
    times = measure(3 if options.quick else 10)
    print(table(times), json.dumps(times), sep="\n\n")
    if not options.quick:
        about = f"{__doc__.strip()}\n\n{os.cpu_count()} cores, {platform.python_implementation()} "
        about += f"{platform.python_version()}, load average {os.getloadavg()[0]:.1f}."
        Path(__file__).with_name("training.md").write_text(f"# Training live\n\n{about}\n\n{table(times)}\n")


if __name__ == "__main__":
    main()
