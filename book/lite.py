"""Build the edition of the course that runs in the browser: JupyterLite, with Pyodide as its kernel.

    python book/lite.py OUTPUT [FOLDER]

Everything comes from the page's own folder, nothing from elsewhere. What Pyodide brings is checked against
lite/pyodide-lock.json: the entries of its own lock that the course and the kernel ask for, unchanged. It is
taken from FOLDER, or else from the official distribution. `lessons` and what it imports are added to that
lock, so that a cell's imports fetch them, and a notebook needs no cell more than elsewhere.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "book" / "lite"
DISTRIBUTION = "https://cdn.jsdelivr.net/pyodide/v{version}/full/"
# Pure Python, from the package index in the course's versions: what each imports, as far as a browser needs.
PURE = {
    "plotly": ["narwhals", "packaging", "nbformat"],
    "narwhals": [],
    "anywidget": ["ipywidgets", "psygnal", "typing-extensions"],
    "psygnal": [],
    "typing-extensions": [],
    "ipywidgets": ["comm", "traitlets", "ipython"],
    "comm": [],
    "tqdm": [],
}
OWN = {"lessons": ["numpy", "plotly", "anywidget", "ipywidgets", "tqdm"], "nbformat": []}


def lock():
    """Return Pyodide's lock, and apart from it the sha256 of the files that Pyodide itself consists of."""
    content = json.loads((HERE / "pyodide-lock.json").read_text(encoding="utf-8"))
    return content, content.pop("core")


def contents(folder):
    """Write the notebooks as the browser shows them; a change that no longer fits is an error."""
    changes = json.loads((HERE / "changes.json").read_text(encoding="utf-8"))
    notebooks = ROOT / "notebooks"
    for path in [*notebooks.glob("*.ipynb"), *notebooks.glob("extras/*.ipynb")]:
        name = path.relative_to(notebooks).with_suffix("").as_posix()
        notebook = changed(json.loads(path.read_text(encoding="utf-8")), **changes.pop(name, {}))
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
    if changes:
        raise ValueError(f"changes.json names {', '.join(changes)}; there is no such notebook")


def changed(notebook, note="", cells=None):
    """Give a notebook the browser's kernel, a note below its title, and other words in some cells.

    Parameters
    ----------
    notebook : dict
    note : str
        Markdown; no note if empty.
    cells : dict
        By cell id, what to replace: a dict of old text to new text.
    """
    notebook["metadata"]["kernelspec"] = {"name": "python", "display_name": "Python", "language": "python"}
    by_id = {cell["id"]: cell for cell in notebook["cells"]}
    for identity, replacements in (cells or {}).items():
        source = "".join(by_id[identity]["source"])
        for old, new in replacements.items():
            if source.count(old) != 1:
                raise ValueError(
                    f"cell {identity}: {old!r} is there {source.count(old)} times, expected once"
                )
            source = source.replace(old, new)
        by_id[identity]["source"] = source
    if note:
        cell = {"cell_type": "markdown", "id": "in-the-browser", "metadata": {}, "source": f"> {note}"}
        notebook["cells"].insert(1, cell)
    return notebook


def own_wheels(folder):
    """Write the wheels of `lessons` and of an `nbformat`.

    This has a version and no more: that is all that plotly asks, and the real one needs a compiled package.
    """
    paths = sorted(path for path in (ROOT / "lessons").rglob("*") if path.is_file())
    code = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths if path.suffix != ".pyc"}
    wheel(folder, "lessons", "0.1.0", code)
    wheel(folder, "nbformat", "5.10.4", {"nbformat/__init__.py": b'__version__ = "5.10.4"\n'})


def wheel(folder, name, version, files):
    """Write a wheel of pure Python; ``files`` is a dict of path to bytes."""
    info = f"{name}-{version}.dist-info"
    told = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: course\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "".join(f"{path},,\n" for path in files),
    }
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, content in {**files, **{f"{info}/{part}": text for part, text in told.items()}}.items():
            entry = zipfile.ZipInfo(path)  # of 1980: the same files make the same wheel
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)


def pure_wheels(folder):
    """Download the wheels of pure Python that the course imports, in the versions of constraints.txt."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--platform=any"]
    command += ["--only-binary=:all:", "--constraint", ROOT / "constraints.txt", "--dest", folder, *PURE]
    subprocess.run(command, check=True)


def added(wheels):
    """Return the lock's entries for wheels of ours: a dict by the package's name."""
    entries = {}
    for path in sorted(wheels):
        module, version = path.name.split("-")[:2]
        name = module.replace("_", "-").lower()
        entries[name] = {
            "name": name,
            "version": version,
            "file_name": path.name,
            "install_dir": "site",
            "sha256": sha256(path),
            "package_type": "package",
            "imports": [module],
            "depends": {**PURE, **OWN}[name],
            "unvendored_tests": False,
        }
    return entries


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def gather(expected, source, folder):
    """Copy files into a folder, from another folder or from an address, and check what they are.

    Parameters
    ----------
    expected : dict of str to str
        The sha256 of each file, by its name.
    source : str
        A folder, or an address that ends in a slash.
    folder : Path

    Raises
    ------
    FileNotFoundError
        If one is missing.
    ValueError
        If one is not what is expected.
    """
    for name, digest in expected.items():
        target = folder / name
        if "://" in source:
            with urllib.request.urlopen(source + name, timeout=60) as answer, open(target, "wb") as file:
                shutil.copyfileobj(answer, file)
        else:
            shutil.copy(Path(source) / name, target)
        if sha256(target) != digest:
            raise ValueError(f"{source}{name} has the sha256 {sha256(target)}, expected {digest}")


def pyodide(folder, source):
    """Put Pyodide, its packages and the course's into a folder, with the lock that names them."""
    folder.mkdir(parents=True)
    pyodide_lock, core = lock()
    packages = pyodide_lock["packages"]
    expected = {entry["file_name"]: entry["sha256"] for entry in packages.values()}
    gather({**core, **expected}, source or DISTRIBUTION.format(**pyodide_lock["info"]), folder)
    with tempfile.TemporaryDirectory() as wheels:
        own_wheels(Path(wheels))
        pure_wheels(Path(wheels))
        packages |= added(Path(wheels).glob("*.whl"))
        shutil.copytree(wheels, folder, dirs_exist_ok=True)
    (folder / "pyodide-lock.json").write_text(json.dumps(pyodide_lock), encoding="utf-8")


def build(output, source=None):
    """Build the edition into a folder, which is made anew; `source` is a folder or an address for Pyodide."""
    shutil.rmtree(output, ignore_errors=True)
    with tempfile.TemporaryDirectory() as name:
        site = Path(name)
        contents(site / "content")
        for settings in ("jupyter-lite.json", "overrides.json"):
            shutil.copy(HERE / settings, site)
        options = {"contents": ["content"], "output_dir": str(output), "cache_dir": str(site / "cache")}
        options |= {"apps": ["lab", "notebooks", "tree"]}
        options |= {"no_sourcemaps": True, "no_unused_shared_packages": True}
        (site / "jupyter_lite_config.json").write_text(json.dumps({"LiteBuildConfig": options}))
        subprocess.run([sys.executable, "-m", "jupyterlite_core", "build"], check=True, cwd=site)
    pyodide(output / "pyodide", source)


if __name__ == "__main__":
    build(Path(sys.argv[1]).resolve(), *sys.argv[2:])
