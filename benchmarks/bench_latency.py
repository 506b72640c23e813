"""How soon does a move of a slider show? Every explorer of every notebook, in JupyterLab and Chromium.

Run with `python3 tasks.py bench latency`, or directly: `--quick` takes six moves and writes nothing, and
names such as `02 06` choose notebooks. Writes benchmarks/latency.md.

A key press moves a slider. The clock is the page's own: from the event's time stamp to the end of the first
frame that shows the new data, in all of the explorer's figures that change. Noted on the way: when the
message left the page, when the kernel had answered, when the answer was in the page, and when Plotly was
done. Moves take turns with those of a bare slider and Label in the same notebook, the floor beneath
everything: the ratio of both says something on a busy machine too. The processor time that a move takes in
the page (the thread that runs scripts and lays out) and in the kernel depends little on what else runs.
"""

import argparse
import contextlib
import os
import platform
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import numpy as np
from playwright.sync_api import sync_playwright

from lessons.explorers.gap_filling import HIDDEN

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))
from driver import QUIET, chromium, in_kernel, open_notebook, run_all, serve, wait_idle  # noqa: E402

CLOCK = (Path(__file__).parent / "clock.js").read_text()
FLOOR = """# a bare slider and a Label: the floor
import ipywidgets as _w
_slider, _label = _w.IntSlider(50, description="floor"), _w.Label("50")
_slider.observe(lambda change: setattr(_label, "value", str(change.new)), names="value")
_w.VBox([_slider, _label]).add_class("bench-floor")"""
# The same figures as plain FigureWidgets: what plotly.py itself offers.
PEERS = {
    "FigureWidget, a line of 900 points": """
import ipywidgets as w, numpy as np, plotly.graph_objects as go
slider, y = w.IntSlider(50, description="phase"), np.random.default_rng(0).normal(size=900)
figure = go.FigureWidget([go.Scatter(y=y)], layout={"height": 340})
def draw(change):
    with figure.batch_update():
        figure.data[0].y = np.roll(y, change.new)
        figure.layout.title.text = f"shifted by {change.new}"
slider.observe(draw, names="value")
w.VBox([slider, figure]).add_class("bench-peer")""",
    "FigureWidget, four heatmaps of 16 × 24": """
import ipywidgets as w, numpy as np, plotly.graph_objects as go
from plotly.subplots import make_subplots
slider, z = w.IntSlider(50, description="window"), np.random.default_rng(0).uniform(size=(4, 16, 200))
figure = go.FigureWidget(make_subplots(4, 1), layout={"height": 480})
for k in range(4):
    figure.add_heatmap(z=z[k, :, :24], row=k + 1, col=1, coloraxis="coloraxis")
def draw(change):
    with figure.batch_update():
        for k in range(4):
            figure.data[k].z = z[k, :, change.new : change.new + 24]
        figure.layout.title.text = f"window {change.new}"
slider.observe(draw, names="value")
w.VBox([slider, figure]).add_class("bench-peer")""",
}
EXPLORER = re.compile(r"\bexplorers\.(\w+)\(")
TRAINS = "box => [...box.querySelectorAll('button')].some(b => /^(Train|Stop)$/.test(b.innerText))"
PATIENCE = 900  # s, after which no further notebook is begun; those with explorers come first
FLOOR_BLOCK = 5  # moves of the bare slider in one direction
STAGES = ("sent", "answered", "arrived", "drawn", "shown")


def main():
    """Measure, print, and write the table."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("notebooks", nargs="*", help="numbers of notebooks; all if none is given")
    parser.add_argument("--quick", action="store_true", help="six moves each, and nothing written")
    options = parser.parse_args()
    if not chromium():
        print("No Chromium on this machine: nothing measured.")
        return
    chosen = [
        path
        for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
        if not options.notebooks or path.name[:2] in options.notebooks
    ]
    load = os.getloadavg()[0]
    moves, training, pages = measure(chosen, 6 if options.quick else 12)
    text = report(moves, training, pages, load)
    print(text)
    if not options.quick and not options.notebooks:
        Path(__file__).with_name("latency.md").write_text(text, encoding="utf-8")


# --- measuring


def measure(notebooks, n):
    """Return rows by what was moved, by what was trained, and by notebook."""
    os.environ["PYTHONPATH"] = str(ROOT)
    moves, training, pages, end = {}, {}, {}, time.monotonic() + PATIENCE
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as play:
        root, private = Path(scratch) / "root", Path(scratch) / "private"
        root.mkdir()
        (private / "config").mkdir(parents=True)
        shutil.copy(ROOT / "lessons/jupyter/jupyter_server_config.py", private / "config")  # as for `lab`
        browser = Watched(play.chromium.launch(executable_path=chromium(), args=QUIET))
        with serve(root, private) as url:
            for name, source in PEERS.items():
                _notebook(root / "peer.ipynb", [source, FLOOR])
                with _page(browser, url, "peer.ipynb") as page:
                    run_all(page)
                    page.wait_for_timeout(2000)
                    moves[name] = _moves(page, page.locator(".bench-peer"), 0, n)
            for path in sorted(notebooks, key=lambda path: not EXPLORER.search(path.read_text("utf-8"))):
                if time.monotonic() > end:
                    print(f"{path.name} left out: the time is up", file=sys.stderr)
                    continue
                names = _with_floor(path, root)
                with _page(browser, url, path.name) as page:
                    pages[path.stem] = _whole(page)
                    _settle(page)
                    _explorers(page, path, names, n, moves, training)
    return moves, training, pages


class Watched:
    """A browser whose pages have clock.js in them before anything else."""

    def __init__(self, browser):
        self._browser = browser

    def new_page(self, **options):
        """Open a page."""
        page = self._browser.new_page(**options)
        page.add_init_script(CLOCK)
        return page


@contextlib.contextmanager
def _page(browser, url, name):
    page = open_notebook(browser, url, name)
    page.set_default_timeout(60_000)
    yield page
    with contextlib.suppress(Exception):
        page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.close()


def _notebook(path, sources):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, path)


def _with_floor(path, root):
    """Copy a notebook with the floor at its end; return the names of its explorers."""
    book = nbformat.read(path, 4)
    names = [
        name for cell in book.cells if cell.cell_type == "code" for name in EXPLORER.findall(cell.source)
    ]
    book.cells.append(nbformat.v4.new_code_cell(FLOOR))
    nbformat.write(book, root / path.name)
    return names


def _whole(page):
    """Run all cells; return seconds until all is drawn, of these after the last cell; megabytes; figures."""
    page.evaluate("clock.reset()")
    start = time.monotonic()
    page.evaluate(
        "window.jupyterapp.commands.execute('notebook:run-all-cells')"
    )  # resolves when all have run
    ran = time.monotonic()
    page.wait_for_function(DRAWN, timeout=120_000)
    end = time.monotonic()
    size, figures = page.evaluate(f"[clock.bytes, {FIGURES}.length]")
    return {"all": end - start, "after": end - ran, "megabytes": size / 1e6, "figures": figures}


FIGURES = "[...document.querySelectorAll('.jp-Notebook div[role=img][aria-label]')]"
DRAWN = f"() => {FIGURES}.every(gd => gd.querySelector('.main-svg'))"


def _settle(page):
    """Wait until nothing is trained in the background any more: the kernel has been idle for a while."""
    quiet = "() => (clock.on = true, performance.now() - clock.last > 1500)"
    page.wait_for_function(quiet, timeout=240_000, polling=250)
    wait_idle(page)


def _explorers(page, path, names, n, moves, training):
    print(f"{time.strftime('%H:%M:%S')} {path.name}: {', '.join(names)}", file=sys.stderr)
    boxes = page.locator(".lessons-explorer").all()
    if len(names) != len(boxes):
        names = [str(k + 1) for k in range(len(boxes))]
    for name, box in zip(names, boxes, strict=True):
        if name == "two_libraries":
            continue  # a move of it is a run, of PyTorch as well
        box.scroll_into_view_if_needed()
        if name == "gap_filling":  # two of its sliders rest while something found is looked at
            box.get_by_label("look at").select_option(HIDDEN)
            page.wait_for_timeout(500)
        sliders = box.locator(".lessons-controls").get_by_role("slider").all()
        if box.evaluate(TRAINS):
            training[f"{path.name[:2]} {name}"] = _training(page, box, max(3, n // 5))
            continue
        for k, handle in enumerate(sliders):
            label = f"{path.name[:2]} {name}: {handle.get_attribute('aria-label')}"
            moves[label] = _moves(page, box, k, n)


def _moves(page, box, k, n):
    """Press keys on a slider, and as many on the floor's, by turns of a block; return what they took."""
    sliders = box.locator(".lessons-controls").get_by_role("slider")
    handle = (sliders if sliders.count() else box.get_by_role("slider")).nth(k)
    floor = page.locator(".bench-floor").get_by_role("slider")
    box.evaluate("clock.watch")
    page.locator(".bench-floor").evaluate("clock.watch")
    metrics = page.context.new_cdp_session(page)
    metrics.send("Performance.enable", {"timeDomain": "threadTicks"})
    row = {"moves": [], "floor": []}
    for key in ("ArrowLeft", "ArrowRight"):  # to and fro
        row["floor"] += _block(page, metrics, floor, key, FLOOR_BLOCK)
        row["moves"] += _block(page, metrics, handle, key, n // 2)
    metrics.detach()
    return row


def _block(page, metrics, handle, key, count):
    """Press a key again and again; return for each time but the first what it took.

    In blocks, as going from one slider to the other scrolls the notebook, which costs more than a move.
    """
    handle.focus()
    page.wait_for_timeout(300)
    block = []
    for _ in range(count + 1):
        key = _turned(handle, key)
        block.append(_move(page, metrics, handle, key))
    return block[1:]


def _turned(handle, key):
    """Return the other key at the end of the slider, where this one would move nothing."""
    low, now, high = handle.evaluate(RANGE)
    return {now <= low: "ArrowRight", now >= high: "ArrowLeft"}.get(True, key)


# aria-valuemax is rounded to one decimal; a handle of two stops at the other one
RANGE = """handle => {
  const { noUiSlider } = handle.closest(".noUi-target"), { min, max } = noUiSlider.options.range;
  const all = [noUiSlider.get(true)].flat().map(Number), k = Number(handle.dataset.handle);
  return [(all[k - 1] ?? Number(min)) + 1e-9, all[k], (all[k + 1] ?? Number(max)) - 1e-9];
}"""


def _move(page, metrics, handle, key):
    """Press a key; return the stages in ms after it, bytes that came back, and processor times in ms."""
    page.evaluate("clock.reset()")
    before = _processor(page, metrics)
    page.keyboard.press(key)
    page.evaluate("clock.settled()")
    after = _processor(page, metrics)
    spent = {where: after[where] - before[where] for where in after}
    return page.evaluate("clock.report()") | spent


def _processor(page, metrics):
    """Return the processor time in ms of the page's main thread and of the kernel."""
    told = {m["name"]: m["value"] for m in metrics.send("Performance.getMetrics")["metrics"]}
    return {"page": 1e3 * told["TaskDuration"], "kernel": 1e3 * _kernel_time(page)}


def _kernel_time(page):
    """Return the processor time in s of the notebook's kernel, or NaN where /proc is not there to tell."""
    if not hasattr(page, "kernel_process"):
        page.kernel_process = int(in_kernel(page, "import os; print(os.getpid())").strip())
    tasks = Path(f"/proc/{page.kernel_process}/task")
    if not tasks.exists():
        return float("nan")
    spent = 0
    for task in tasks.iterdir():
        with contextlib.suppress(OSError):
            spent += int((task / "schedstat").read_text().split()[0])
    return spent / 1e9


def _training(page, box, n):
    """Time the first point of a run, and another explorer's slider (the floor's) while one runs."""
    box.evaluate("clock.watch")
    page.locator(".bench-floor").evaluate("clock.watch")
    handle = box.locator(".lessons-controls").get_by_role("slider", name="trend per step")
    floor = page.locator(".bench-floor").get_by_role("slider")
    first, other, alone = [], [], []
    for move in range(n):
        _finish(box)
        key = "ArrowRight" if move % 2 else "ArrowLeft"
        alone += [_until(page, floor, key, "label") for _ in range(5)]
        first.append(
            _until(page, handle, "ArrowLeft", "firstPoint")
        )  # always new: a run known is not trained
        while _running(box) and len(other) < 5 * (move + 1):
            other.append(_until(page, floor, key, "label"))
    _finish(box)
    return {"first": first, "other": other, "alone": alone}


def _until(page, handle, key, sign):
    """Press a key on a slider; return the ms until the page shows the sign: "label" or "firstPoint"."""
    handle.focus()
    page.wait_for_timeout(100)
    page.evaluate("clock.reset()")
    page.keyboard.press(key)
    return page.evaluate(f"clock.sign('{sign}')")


def _running(box):
    return box.evaluate("box => [...box.querySelectorAll('button')].some(b => b.innerText === 'Stop')")


def _finish(box):
    box.page.wait_for_timeout(200)
    for _ in range(600):
        if not _running(box):
            return
        box.page.wait_for_timeout(100)


# --- telling


def report(moves, training, pages, load):
    """Return the tables as Markdown."""
    about = f"{os.cpu_count()} cores, {platform.python_implementation()} {platform.python_version()}; "
    about += f"load average {load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end."
    parts = ["# Latency", __doc__.strip(), about, "## A move", _moves_table(moves), "## Where the time goes"]
    parts += [_stages_table(moves), "## While a network trains", _training_table(training)]
    parts += ["## A notebook", _pages_table(pages)]
    return "\n\n".join(parts) + "\n"


def _pair(values):
    values = [value for value in values if value is not None and np.isfinite(value)]
    return f"{np.median(values):.0f} / {np.percentile(values, 95):.0f}" if values else "–"


def _table(head, rows):
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


def _moves_table(moves):
    rows = []
    for name, row in moves.items():
        shown, floor = ([move["shown"] for move in row[which]] for which in ("moves", "floor"))
        page, beneath, kernel, size = (
            np.mean([move[what] for move in row[which]])
            for which, what in (("moves", "page"), ("floor", "page"), ("moves", "kernel"), ("moves", "bytes"))
        )
        ratio = np.median(shown) / np.median(floor)
        numbers = [f"{ratio:.1f}", f"{page:.0f}", f"{beneath:.0f}", f"{kernel:.1f}", f"{size / 1e3:.1f}"]
        rows.append([name, str(len(shown)), _pair(shown), _pair(floor), *numbers])
    head = ["moved", "moves", "shown after, ms (median / p95)", "floor beside it", "ratio"]
    return _table([*head, "processor, page, ms", "of this the floor", "kernel, ms", "kB"], rows)


def _stages_table(moves):
    """Medians of the differences between one stage and the next."""
    rows = []
    for name, row in moves.items():
        times = np.array([[move[stage] for stage in STAGES] for move in row["moves"]], float)
        steps = np.diff(times, axis=1, prepend=0)
        rows.append([name, *(f"{step:.1f}" for step in np.nanmedian(steps, axis=0))])
    return _table(["ms, medians", "event → sent", "→ answered", "→ in the page", "→ drawn", "→ shown"], rows)


def _training_table(training):
    rows = [
        [name, str(len(row["first"])), _pair(row["first"]), _pair(row["other"]), _pair(row["alone"])]
        for name, row in training.items()
    ]
    head = [
        "explorer",
        "runs",
        "first point, ms (median / p95)",
        "another slider meanwhile",
        "the same, idle",
    ]
    return _table(head, rows)


def _pages_table(pages):
    rows = [
        [
            name,
            str(row["figures"]),
            f"{row['all']:.1f} s",
            f"{row['after']:.1f} s",
            f"{row['megabytes']:.1f} MB",
        ]
        for name, row in pages.items()
    ]
    head = [
        "notebook",
        "figures",
        "Run All to all drawn",
        "of this after the last cell",
        "sent by the kernel",
    ]
    return _table(head, rows)


if __name__ == "__main__":
    main()
