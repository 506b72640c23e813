"""JupyterLab started and driven in headless Chromium, for the browser tests and for screenshots."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TOKEN = "t"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# every cell in the page, scrolled into view or not
SETTINGS = {"@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}}
# no "Jupyter news?" toast over the notebook; the course's own settings say so as well
NO_NEWS = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
# Plots in the page, what they draw, and whether they have drawn it.
PLOTS = "document.querySelectorAll('.jp-NotebookPanel div[role=img][aria-label]')"
NOT_DRAWN = f"[...{PLOTS}].filter(gd => !gd.querySelector('.main-svg'))"
EXPLORERS = ".lessons-explorer"
FIGURE = "div[role=img][aria-label]"
# Where Chrome is on macOS and Windows, which do not put it on the path.
ELSEWHERE = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
)
PANEL = "window.jupyterapp.shell.currentWidget"


def chromium():
    """Return the path of a Chromium on this machine, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome", *ELSEWHERE)
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


# --- the server


def serve(root, private, dark=False):
    """Serve the folder ``root`` by JupyterLab; give its URL. Settings and the like go under ``private``."""
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    return _serving([*command, f"--ServerApp.root_dir={root}"], None, private, dark)


def serve_course(scratch, *words, dark=False):
    """Serve the course by the README's command, with further ``words``, from a copy of it; give the URL.

    The learner's copies of the notebooks are in ``scratch``/course/work.
    """
    course = scratch / "course"
    leave = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in ("tools", "lessons", "notebooks"):
        shutil.copytree(ROOT / name, course / name, ignore=leave)
    shutil.copy(ROOT / "tasks.py", course)
    command = [sys.executable, "tasks.py", "lab", "--no-venv", "--no-browser", *words]
    return _serving(command, course, scratch / "private", dark)


@contextlib.contextmanager
def _serving(command, folder, private, dark=False):
    settings = SETTINGS | ({} if folder else NO_NEWS)
    if dark:
        settings["@jupyterlab/apputils-extension:themes"] = {"theme": "JupyterLab Dark"}
    (private / "config/labconfig").mkdir(parents=True)
    (private / "config/labconfig/default_setting_overrides.json").write_text(json.dumps(settings))
    folders = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime"}
    folders |= {"IPYTHONDIR": "ipython", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
    folders |= {"JUPYTERLAB_SETTINGS_DIR": "settings"}
    environment = dict(os.environ) | {name: str(private / folder) for name, folder in folders.items()}
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    options = ["--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True"]
    options += [f"--IdentityProvider.token={TOKEN}"]
    options += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"]
    with open(private / "log", "wb") as log:
        server = subprocess.Popen([*command, *options], cwd=folder, env=environment, stdout=log, stderr=log)
        url = None
        try:
            url = _address(server, private)
            yield url
        finally:
            _end(server, url)


def _end(server, url):
    """Ask the server to shut down: on Windows it is a grandchild, which no signal reaches. Else end it."""
    try:
        if url:
            ask(url, "shutdown", "POST")
            server.wait(20)
    except (OSError, subprocess.TimeoutExpired):
        pass
    if server.poll() is None:
        server.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(10)
        server.kill()


def _address(server, private):
    """Wait until the server answers, and return where."""
    deadline = time.monotonic() + 120
    while True:
        try:
            # The number in its name is the server's; that is our own child's on Linux and macOS only.
            entry = next((private / "runtime").glob("jpserver-*.json"))
            url = json.loads(entry.read_text())["url"]
            with urllib.request.urlopen(f"{url}api/status?token={TOKEN}", timeout=2):
                return url
        except (StopIteration, OSError, ValueError) as error:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((private / "log").read_text()[-2000:]) from error
            time.sleep(0.1)


def ask(url, path, method="GET", body=None):
    """Ask the server's REST interface; return what it answers."""
    request = urllib.request.Request(
        f"{url}api/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"token {TOKEN}"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def put_notebook(url, name, sources):
    """Put a notebook made of code cells on the server; return its name."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    ask(url, f"contents/{name}", "PUT", {"type": "notebook", "content": book})
    return name


def close(page):
    """Close a page and the kernel of its notebook: a machine with two cores has no room for idle ones."""
    with contextlib.suppress(Exception):
        page.evaluate(f"{PANEL}.sessionContext.shutdown()")
    page.context.close()


# --- pages


def open_notebook(browser, url, name, size=(1280, 1000), lab=False, front=None):
    """Open a notebook in a page of its own.

    Parameters
    ----------
    lab : bool
        Whether in the whole of JupyterLab, as the README's command opens it; else as a document without side
        bars, which is quicker.
    front : str, optional
        Path of the page in another front end.

    Returns
    -------
    playwright Page
        With lists ``outside``, requests that leave this machine, and ``complaints``, errors on the console.
    """
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.set_default_timeout(20_000)
    page.outside, page.complaints = [], []
    page.on("request", lambda r: None if _is_local(r.url) else page.outside.append(r.url))
    page.on("console", lambda m: _complain(page, m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: _complain(page, error.stack or str(error)))
    front = front or f"{'lab' if lab else 'doc'}/tree/{name}"
    page.goto(f"{url}{front}{'&' if '?' in front else '?'}token={TOKEN}&reset")
    wait_ready(page)
    return page


def wait_ready(page):
    """Wait until the notebook is in the page and its kernel idle."""
    page.wait_for_selector(".jp-Notebook .jp-Cell", state="attached", timeout=90_000)
    wait_idle(page)


def _complain(page, text):
    # anywidget says this of every page that takes over 2 s to start a widget; LISTEN_JS makes up for it
    too_slow = "[anywidget] Failed to initialize model" in text
    # JupyterLab takes its splash screen away twice if it was shown twice within 0.2 s, as by a theme change
    splash = "'removeChild' on 'Node'" in text and "/jlab_core." in text and "lessons" not in text
    if not too_slow and not splash:
        page.complaints.append(text)


def _is_local(url):
    return not url.startswith(("http", "ws")) or "//127.0.0.1" in url


def wait_idle(page):
    page.wait_for_function(
        f"() => {PANEL.replace('.shell', '?.shell')}?.sessionContext?.session?.kernel?.status === 'idle'",
        timeout=90_000,
    )


def run_all(page):
    """Run all cells and wait until every figure is drawn."""
    command(page, "notebook:run-all-cells")
    wait_drawn(page)


def wait_drawn(page):
    """Wait until every figure in the page is drawn, or say what the page knows of those that never are."""
    try:
        page.wait_for_function(f"() => {NOT_DRAWN}.length === 0", timeout=60_000, polling=100)
    except Exception as error:
        known = "gd => [gd.ariaLabel, gd.clientWidth, gd.innerText, Boolean(gd._fullLayout)]"
        error.add_note(f"{page.evaluate(f'() => {NOT_DRAWN}.map({known})')}, {page.complaints}")
        raise


def command(page, name, arguments=None):
    """Give JupyterLab a command, with arguments if it takes any, and wait until it is carried out."""
    promised(page, f"options => window.jupyterapp.commands.execute('{name}', options)", arguments or {})


def promised(page, function, argument=None, minutes=10):
    """Call a JavaScript function and return what its promise gives; `evaluate` would wait without end."""
    page.evaluate(f"void (window.begin = {function})")
    page.evaluate(
        """argument => {
          window.promised = null;
          const keep = name => value => { window.promised = { [name]: value }; };
          window.begin(argument).then(keep("value"), error => keep("error")(String(error)));
        }""",
        argument,
    )
    page.wait_for_function("() => window.promised", timeout=minutes * 60_000)
    kept = page.evaluate("window.promised")
    assert "error" not in kept, kept["error"]
    return kept.get("value")


def start_cell(page, index, source=None):
    """Start a cell, with another source if one is given; return without waiting for its end."""
    page.evaluate(
        """([index, source]) => {
          const notebook = window.jupyterapp.shell.currentWidget.content;
          notebook.activeCellIndex = index;
          notebook.deselectAll();
          if (source !== null) notebook.activeCell.model.sharedModel.setSource(source);
          window.running = true;
          window.jupyterapp.commands.execute("notebook:run-cell").finally(() => { window.running = false; });
        }""",
        [index, source],
    )


def run_cell(page, index, source=None):
    """Run a cell, with another source if one is given, and wait for its end."""
    start_cell(page, index, source)
    wait_cell(page)


def wait_cell(page):
    """Wait for the end of the cell that was started last."""
    page.wait_for_function("() => !window.running", timeout=180_000)


def cell(page, index):
    """Return the locator of a cell."""
    return page.locator(".jp-Notebook .jp-Cell").nth(index)


def outputs(page):
    """Return the notebook's cells as they are now, outputs included: a list of nbformat cells."""
    return page.evaluate(f"{PANEL}.content.widgets.map(cell => cell.model.toJSON())")


def in_kernel(page, code):
    """Run code in the notebook's kernel, outside the notebook; return what it prints."""
    return promised(
        page,
        """async code => {
          const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
          const future = kernel.requestExecute({ code, store_history: false });
          let text = "";
          future.onIOPub = ({ header, content }) => {
            if (header.msg_type === "stream" && content.name === "stdout") text += content.text;
            if (header.msg_type === "error") text += content.traceback.join("\\n");
          };
          await future.done;
          return text;
        }""",
        code,
    )


# --- explorers


# Where lessons are shown: the window's width and height, and what of the height is left for a notebook.
PLACES = {"beside a file browser": (900, 768, 560), "projector": (1016, 720, 599)}
CLASSROOM = ROOT / "lessons" / "jupyter" / "classroom" / "custom" / "custom.css"
HEIGHTS = """boxes => boxes.map(box => {
  const parts = [...box.querySelectorAll(":scope > :not(.lessons-scores)")];
  const ends = parts.map(part => part.getBoundingClientRect()).filter(part => part.height);
  return Math.max(...ends.map(part => part.bottom)) - box.getBoundingClientRect().top;
})"""
MOVE_ALL = """
def end_of(control):
    if hasattr(control, "lower"):
        return control.min, control.max
    return control._options_values[-1] if hasattr(control, "_options_values") else control.max

for box in Out.values():
    if hasattr(box, "controls"):
        ends = {name: end_of(control) for name, control in box.controls.items() if name != "epochs"}
        box.set(**(ends if %s else box._initial))
"""


def assert_fits(page):
    """Assert that all one needs while dragging an explorer of the page fits every place.

    From its top to the bottom of what changes, at the start and with all controls at their ends; a table of
    scores may lie below the edge.
    """
    for place, (width, height, room) in PLACES.items():
        page.set_viewport_size({"width": width, "height": height})
        if place == "projector":
            page.add_style_tag(path=CLASSROOM)
        for at_ends in (False, True):
            assert in_kernel(page, MOVE_ALL % at_ends) == ""
            page.wait_for_timeout(500)  # figures redraw at their new size
            wait_drawn(page)
            tall = page.locator(EXPLORERS).evaluate_all(HEIGHTS)
            assert max(tall) <= room, (place, at_ends, tall)


def explorer(page, label):
    """Return the explorer that has a slider of this name, scrolled into view."""
    found = page.locator(EXPLORERS, has=page.get_by_role("slider", name=label, exact=True))
    found.first.scroll_into_view_if_needed()
    return found.first


def slider(box, label):
    """Return the handle of a slider."""
    return box.get_by_role("slider", name=label, exact=True)


def drag(page, handle, pixels):
    """Drag a slider's handle by so many pixels, with the button down all the while."""
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + pixels, y, steps=8)
    page.mouse.up()


def press(page, handle, *keys):
    """Press keys on a slider's handle."""
    handle.focus()
    for key in keys:
        page.keyboard.press(key)


def now(handle):
    """Return a slider's value, as a screen reader says it: aria-valuenow is rounded to one decimal."""
    return float(handle.get_attribute("aria-valuetext"))


def wait_for(page, plot, condition, timeout=30_000):
    """Wait until the JavaScript ``condition`` on the plot ``gd`` holds."""
    page.wait_for_function(f"gd => {condition}", arg=plot.element_handle(), timeout=timeout)


def y_of(plot, trace=0):
    """Return what a plot draws: the y values of a trace, read back from the page."""
    return plot.evaluate("(gd, trace) => Array.from(gd._fullData[trace].y)", trace)


def title_of(plot):
    return plot.evaluate("gd => gd.layout.title.text")


def eventually(page, holds, seconds=40):
    """Try the assertion ``holds()`` again and again until it holds; raise what it raises if it never does."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return holds()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            page.wait_for_timeout(50)


def assert_equal(found, expected):
    """For `eventually`: an assertion that says both sides."""
    assert found == expected


def small_cells(*chosen):
    """Return the cells of small.py, a cell for each ``# %%``, or those chosen by number."""
    cells = Path(__file__).with_name("small.py").read_text(encoding="utf-8").split("# %%\n")[1:]
    return [cells[k] for k in chosen] if chosen else cells
