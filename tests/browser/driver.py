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

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SETTINGS = {
    # no "Jupyter news?" toast over the notebook, and every cell in the page, scrolled into view or not
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}
# Plots in the page, what they draw, and whether they have drawn it.
PLOTS = "document.querySelectorAll('.jp-NotebookPanel [role=img][aria-label]')"
ALL_DRAWN = f"() => [...{PLOTS}].every(gd => gd.querySelector('.main-svg'))"


def chromium():
    """Return the path of a Chromium on this machine, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@contextlib.contextmanager
def serve(root, private, dark=False):
    """Serve the folder ``root`` by JupyterLab; give its URL. Settings and the like go under ``private``."""
    settings = dict(SETTINGS)
    if dark:
        settings["@jupyterlab/apputils-extension:themes"] = {"theme": "JupyterLab Dark"}
    (private / "config/labconfig").mkdir(parents=True)
    (private / "config/labconfig/default_setting_overrides.json").write_text(json.dumps(settings))
    folders = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime"}
    folders |= {"IPYTHONDIR": "ipython", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
    folders |= {"JUPYTERLAB_SETTINGS_DIR": "settings"}
    environment = dict(os.environ) | {name: str(private / folder) for name, folder in folders.items()}
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    options = ["--no-browser", "--allow-root", "--expose-app-in-browser", f"--ServerApp.root_dir={root}"]
    options += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", "--IdentityProvider.token=t"]
    with open(private / "log", "wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options], env=environment, stdout=log, stderr=log
        )
        try:
            yield _address(server, private)
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def _address(server, private):
    """Wait until the server answers, and return where."""
    entry = private / f"runtime/jpserver-{server.pid}.json"
    deadline = time.monotonic() + 60
    while True:
        try:
            url = json.loads(entry.read_text())["url"]
            with urllib.request.urlopen(f"{url}api/status?token=t", timeout=2):
                return url
        except (OSError, ValueError) as error:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((private / "log").read_text()[-2000:]) from error
            time.sleep(0.1)


def open_notebook(browser, url, name, size=(1280, 1000)):
    """Open a notebook in a page of its own, as a document without side bars.

    Returns
    -------
    playwright Page
        With lists ``outside``, requests that leave this machine, and ``complaints``, errors on the console.
    """
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.set_default_timeout(15_000)
    page.outside, page.complaints = [], []
    page.on("request", lambda r: None if _is_local(r.url) else page.outside.append(r.url))
    page.on("console", lambda m: _complain(page, m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: _complain(page, error.stack or str(error)))
    page.goto(f"{url}doc/tree/{name}?token=t&reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    wait_idle(page)
    return page


def _complain(page, text):
    # anywidget says this of every page that takes over 2 s to start a widget; LISTEN_JS makes up for it
    too_slow = "[anywidget] Failed to initialize model" in text
    # JupyterLab takes its splash screen away twice if it was shown twice within 0.2 s, as by a theme change
    splash = "'removeChild' on 'Node'" in text and "/jlab_core." in text and "lessons" not in text
    if not too_slow and not splash:
        page.complaints.append(text)


def wait_idle(page):
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
        timeout=60_000,
    )


def run_all(page):
    """Run all cells and wait until every figure is drawn."""
    page.evaluate(
        "window.jupyterapp.commands.execute('notebook:run-all-cells')"
    )  # resolves when all have run
    page.wait_for_function(ALL_DRAWN, timeout=60_000)


def _is_local(url):
    return not url.startswith(("http", "ws")) or "//127.0.0.1" in url


def course_copy(notebooks, root):
    """Copy the notebooks, or the given ones, into the folder ``root``."""
    root.mkdir(parents=True, exist_ok=True)
    for notebook in notebooks:
        shutil.copy(notebook, root / Path(notebook).name)
    return root
