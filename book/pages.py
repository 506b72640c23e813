"""Build the course as web pages: every lesson run once, its explorers recorded, made into HTML by Sphinx.

    python -m book.pages PYTHON [OUTPUT]

PYTHON is that of the environment with Sphinx in it (book/requirements.txt); OUTPUT is site/ unless told
otherwise. What was run is kept in book/_build and run again only when a lesson or the package has changed.
"""

import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOOK, NOTEBOOKS, BUILD = ROOT / "book", ROOT / "notebooks", ROOT / "book" / "_build"
EXTRAS = ["when_to_stop", "how_far_back", "why_nets_drift", "other_nets", "changing_times"]  # as in README.md
NOT_RUN_BY = {".js", ".css"}  # files of the package that no notebook's outputs come from
MATHJAX = {"tex-chtml.js", "input", "output"}  # what pages ask for, a twentieth of it
CHECK = re.compile(r'^check\("([^"]+)"')
PICTURE = re.compile(r"^<!-- picture (\S+) (\S+) -->$", re.M)  # in index.md: a notebook and a cell of it
PAGE_METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3"},
    "language_info": {"name": "python"},
}


def lessons():
    """Return the notebooks' names in the order of the course, as ``"03_numpy_lstm"``, ``"extras/…"``."""
    return [*sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb")), *(f"extras/{name}" for name in EXTRAS)]


def jupyter_anchor(title):
    """Return a heading's anchor as JupyterLab makes it: links in the lessons are written for that."""
    return title.replace(" ", "-")


# --- run


def fingerprint(name):
    """Hash what a notebook's outputs come from: itself and the package."""
    files = [
        path for path in (ROOT / "lessons").rglob("*") if path.is_file() and path.suffix not in NOT_RUN_BY
    ]
    files = [path for path in files if "__pycache__" not in path.parts and path.name != "export.py"]
    digest = hashlib.sha256((NOTEBOOKS / f"{name}.ipynb").read_bytes())
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def executed(name, folder):
    """Return the path of a notebook that has been run with its explorers recorded; run it if it must be."""
    import nbformat

    from lessons.export import run

    kept, stamp = folder / f"{name}.ipynb", folder / f"{name}.sha256"
    now = fingerprint(name)
    if not (kept.exists() and stamp.exists() and stamp.read_text() == now):
        started = time.monotonic()
        notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
        kept.parent.mkdir(parents=True, exist_ok=True)
        run(notebook, kept.parent)
        nbformat.write(notebook, kept)
        stamp.write_text(now)
        print(f"  {name}: run in {time.monotonic() - started:.0f} s", flush=True)
    return kept


def execute(names, folder):
    """Run notebooks, a process for each core; return their paths by name."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(names, pool.map(executed, names, [folder] * len(names)), strict=True))


# --- put the sources together


def prepare(paths, sources, run_link):
    """Write what Sphinx reads: pages, players and tables.

    Parameters
    ----------
    paths : dict of str to Path
        The notebooks that were run, by name.
    sources : Path
        Where to; emptied first.
    run_link : callable
        Takes a notebook's name; returns Markdown that says where it can be run.
    """
    import plotly.offline

    from lessons.export import player_css, player_js

    shutil.rmtree(sources, ignore_errors=True)
    static = sources / "_static"
    (static / "tables").mkdir(parents=True)
    (sources / "extras").mkdir()
    (static / "plotly.min.js").write_text(plotly.offline.get_plotlyjs(), encoding="utf-8")
    (static / "player.js").write_text(player_js(), encoding="utf-8")
    css = player_css() + (BOOK / "site.css").read_text(encoding="utf-8")
    (static / "site.css").write_text(css, encoding="utf-8")
    pictures = {}
    for name, path in paths.items():
        notebook = json.loads(path.read_text(encoding="utf-8"))
        page = Page(name, static)
        notebook["cells"] = [cell for old in notebook["cells"] for cell in page.cells(old)]
        link = {"cell_type": "markdown", "id": "run", "metadata": {}, "source": run_link(name)}
        notebook["cells"].insert(1, link)
        notebook["metadata"] = PAGE_METADATA
        (sources / f"{name}.ipynb").write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
        pictures |= page.pictures
    (sources / "index.md").write_text(index(pictures, run_link("")), encoding="utf-8")


def index(pictures, run):
    """Return the landing page: its pictures from the lessons, its table of them from README.md."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8").replace("](notebooks/", "](")
    start, end = readme.index("| lesson |"), readme.index("\nYou need some Python and NumPy")
    pages = lessons()
    text = (BOOK / "index.md").read_text(encoding="utf-8")
    for place, filling in (
        ("lessons", readme[start:end]),
        ("run", run),
        ("pages of the lessons", "\n".join(name for name in pages if "/" not in name)),
        ("pages of the extras", "\n".join(name for name in pages if "/" in name)),
    ):
        text = text.replace(f"<!-- {place} -->", filling)
    return PICTURE.sub(lambda found: f"```{{raw}} html\n{pictures[found.groups()]}\n```", text)


class Page:
    """A notebook on its way to a page.

    Attributes
    ----------
    pictures : dict of (str, str) to str
        Figures and explorers as HTML, by the notebook's name and the cell's id.
    """

    def __init__(self, name, static):
        self.name, self.static, self.pictures = name, static, {}

    def cells(self, cell):
        """Yield a cell as the page shows it, and after a check its hints and solution, folded."""
        if cell["cell_type"] == "code":
            hidden = cell["metadata"].get("jupyter", {}).get("source_hidden")
            cell["metadata"] = {"tags": ["hide-input"] if hidden else []}
            for number, output in enumerate(cell["outputs"]):
                self._show(cell["id"], number, output.get("data", {}))
        yield cell
        if found := CHECK.match("".join(cell["source"])):
            yield {
                "cell_type": "markdown",
                "id": f"{cell['id']}-help",
                "metadata": {},
                "source": help_for(found[1]),
            }

    def _show(self, cell_id, number, data):
        from lessons.export import WIDGET, states, static_html
        from lessons.live_figure import STATIC

        if STATIC not in data:
            return
        data.pop(WIDGET, None)
        content, table = data.pop(STATIC), None
        if "table" in content:
            key = f"{Path(self.name).name}-{cell_id}"
            table = {"name": key, "url": f"_static/tables/{key}.js"}
            text = f"(globalThis.lessonsTables ??= {{}})[{key!r}] = {json.dumps(states(content['table']))};\n"
            (self.static / "tables" / f"{key}.js").write_text(text, encoding="utf-8")
        data["text/html"] = static_html(content, table)
        if number == 0:
            self.pictures[self.name, cell_id] = data["text/html"]


def help_for(exercise_id):
    """Return an exercise's hints and solution as folded HTML, in Markdown."""
    from lessons.exercises import REGISTRY
    from lessons.exercises.cards import _inline
    from lessons.export import with_formulas

    exercise = REGISTRY[exercise_id]
    hints = "".join(f"<li>{with_formulas(_inline(hint))}</li>" for hint in exercise.hints)
    code = html.escape(exercise.source())
    folded = (
        f"<details class='lessons-help'><summary>Hints</summary><ol>{hints}</ol></details>"
        f"<details class='lessons-help'><summary>A solution</summary><pre>{code}</pre></details>"
    )
    return f"```{{raw}} html\n{folded}\n```"


# --- build


def run_links(lite):
    """Return what says, in Markdown, where a lesson (or, with no name, the course) can be run."""
    repository = os.environ.get("GITHUB_REPOSITORY")

    def link(name):
        up = "../" * name.count("/")
        file = f"{name or lessons()[0]}.ipynb"
        places = [(f"{up}index.html#run-it", "on your computer")] if name else []
        if repository:
            binder = f"https://mybinder.org/v2/gh/{repository}/HEAD?labpath=notebooks/{file}"
            places.insert(0, (binder, "on Binder"))
        if lite:
            places.insert(0, (f"{up}lite/notebooks/index.html?path={file}", "in your browser"))
        links = " · ".join(f'<a href="{url}">{words}</a>' for url, words in places)
        what = "Run this lesson" if name else "Run the lessons"
        return f"```{{raw}} html\n<p class='lessons-run'>{what}: {links}</p>\n```" if links else ""

    return link


def build(python, output, paths=None, work=BUILD):
    """Run, prepare, and call Sphinx, for which a warning is an error.

    Parameters
    ----------
    python : str or Path
        Of the environment with Sphinx.
    output : Path
        Where the pages go; what else lies there stays. To the edition that runs in the browser, in its
        folder lite/, they lead if it is there.
    paths : dict of str to Path, optional
        The notebooks by name, if they have been run already.
    work : Path
        For what is made on the way.
    """
    sources, pages = work / "sources", work / "html"
    prepare(paths or execute(lessons(), work / "executed"), sources, run_links((output / "lite").exists()))
    command = [python, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-c", BOOK]
    command += ["-D", f"html_static_path={sources / '_static'}", "-d", work / "doctrees", sources, pages]
    subprocess.run(command, check=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
    for path in (pages / "_static" / "mathjax").iterdir():
        if path.name not in MATHJAX:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(
        pages, output, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.ipynb", ".buildinfo*")
    )


if __name__ == "__main__":
    python, *to = sys.argv[1:]
    output = Path(*to) if to else ROOT / "site"
    build(python, output)
    print(f"The pages are in {output}; open {output / 'index.html'}.")
