"""A lesson as one HTML file that needs neither kernel nor network: plots, and explorers that move.

JupyterLab's menu (File, Save and Export Notebook As, HTML) and ``python -m lessons export`` both come through
here: every figure carries its data beside its widget, and an export shows the data instead of the widget.
Explorers move where their states were recorded (lessons/explorers/recording.py), as ``export`` does.
"""

import contextlib
import html
import json
import os
import re
from pathlib import Path

import nbformat
import plotly.offline
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter
from nbconvert.preprocessors import ExecutePreprocessor, Preprocessor

from lessons.live_figure import LISTEN_JS, STATIC

HERE = Path(__file__).parent
WIDGET = "application/vnd.jupyter.widget-view+json"
# A formula in Markdown, or code, in which a dollar is a dollar.
MATH = re.compile(
    r"(?P<code>```.*?```|`[^`\n]+`)|\$\$(?P<display>.+?)\$\$|\$(?P<inline>[^$\s](?:[^$]*?[^$\s])?)\$", re.S
)


class StaticFigures(Preprocessor):
    """Put players in the place of widgets, formulas as MathML, and the scripts, once, below."""

    def preprocess(self, notebook, resources):
        """Return the notebook for a page without a kernel, and the resources as they came."""
        first = True
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = with_formulas(cell.source)
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                if STATIC in data:
                    data.pop(WIDGET, None)
                    data["text/html"] = (_style() if first else "") + static_html(data.pop(STATIC))
                    first = False
        if not first:
            notebook.cells.append(_player())
        notebook.metadata.pop("widgets", None)
        return notebook, resources


def with_formulas(text):
    """Return Markdown or HTML with its formulas, between dollars, as MathML."""
    return MATH.sub(_mathml, text)


def _mathml(found):
    from latex2mathml.converter import convert  # only for pages that have formulas

    if found["code"]:
        return found["code"]
    formula = (found["display"] or found["inline"]).strip().replace("'", "′")  # ' would be raised twice
    return convert(formula, display="block" if found["display"] else "inline").replace("\n", " ")


def _style():
    return f"<style>{player_css()}</style>"


def _player():
    scripts = f"<script>{plotly.offline.get_plotlyjs()}</script><script>{player_js()}</script>"
    output = nbformat.v4.new_output("display_data", {"text/html": scripts})
    return nbformat.v4.new_code_cell(outputs=[output], metadata={"jupyter": {"source_hidden": True}})


def player_js():
    """Return the script that plays what `static_html` left; it wants plotly.js before it."""
    names = "live_figure.js", "explorers/drawing.js", "player.js"
    figure, drawing, player = ((HERE / name).read_text(encoding="utf-8") for name in names)
    figure = figure.replace("export default ", "const liveFigure = ")
    drawing = drawing.replace("export default ", "return ")
    drawing = f"const drawing = (() => {{\n{drawing}}})();\n"
    return f"(() => {{\n{LISTEN_JS}{figure}{drawing}{player}}})();\n"


def player_css():
    """Return the style sheet of what `static_html` makes."""
    names = "live_figure.css", "explorers/base.css", "explorers/drawing.css", "player.css"
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)


def static_html(content, table=None):
    """Return figures, controls and the finding as HTML for the player.

    Parameters
    ----------
    content : dict
        What `LiveFigure` or `Explorer` put beside its widget, under `STATIC`.
    table : dict, optional
        ``name`` and ``url`` of a script with the states, if these are not to be in the page itself: it sets
        ``lessonsTables[name]``.
    """
    content = dict(content, figures=[json.loads(figure) for figure in content["figures"]])
    if "table" in content:
        recorded = content["table"]
        head = {name: recorded[name] for name in ("controls", "texts", "svg")}
        content["table"] = head | (table or {"states": states(recorded)})
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    alts = " ".join((figure["layout"].get("meta") or {}).get("alt", "") for figure in content["figures"])
    inside = f'<script type="application/json">{text}</script><noscript>{html.escape(alts)}</noscript>'
    return f'<div class="lessons-static lessons-explorer">{inside}</div>'


def states(recorded):
    """Return a table's states as JSON."""
    parts = {name: recorded[name] for name in ("places", "fixed", "pool", "states")}
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def run(notebook, folder):
    """Run a notebook with its explorers recorded; changes it.

    Parameters
    ----------
    notebook : NotebookNode
    folder : Path
        Where it runs.
    """
    before = dict(os.environ)
    os.environ |= {"LESSONS_RECORD": "1"}
    try:
        quiet = ["--IPKernelApp.log_level=ERROR"]  # no word on encryption for every lesson
        runner = ExecutePreprocessor(timeout=900, extra_arguments=quiet)
        runner.preprocess(notebook, {"metadata": {"path": str(folder)}})
    finally:
        os.environ.clear()
        os.environ.update(before)


def export(notebook, to=None):
    """Write a notebook as one HTML file. The notebook stays as it is.

    It is run once more, so that its explorers can be moved; what it showed already is what the page shows.

    Parameters
    ----------
    notebook : str or Path
    to : str or Path, optional
        The file; beside the notebook unless told otherwise.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FileNotFoundError
        If there is no such notebook.
    nbclient.exceptions.CellExecutionError
        If it has not been run and cannot be.
    """
    notebook = Path(notebook)
    content = nbformat.read(notebook, as_version=4)
    seen = any(cell.get("outputs") for cell in content.cells)
    again = nbformat.from_dict(content)
    with contextlib.suppress(CellExecutionError) if seen else contextlib.nullcontext():
        run(again, notebook.parent)
    content = _with_tables(content, again) if seen else again
    to = Path(to) if to else notebook.with_suffix(".html")
    to.write_text(page(content, notebook.stem), encoding="utf-8")
    return to


def page(notebook, name):
    """Return a notebook that has been run as HTML, as lessons/jupyter sets it; changes the notebook."""
    exporter = HTMLExporter(preprocessors=[StaticFigures], require_js_url="", mathjax_url="data:,")
    return exporter.from_notebook_node(notebook, {"metadata": {"name": name}})[0]


def _with_tables(shown, recorded):
    """Return a notebook as it was shown, its explorers with the states of another run of it."""
    for cell, again in zip(shown.cells, recorded.cells, strict=True):
        for data, new in zip(_figures(cell), _figures(again), strict=False):
            if table := new[STATIC].get("table"):
                data[STATIC] |= {"table": table}
                for control in table["controls"]:
                    _stand(control, data[STATIC]["controls"].get(control["label"]))
    return shown


def _stand(control, value):
    """Put a recorded control where it is nearest to a value, given as text."""
    stops = control["values"] or [stop.replace("−", "-") for stop in control["stops"]]
    with contextlib.suppress(ValueError, TypeError):  # a list of two numbers, or no such control
        control["at"] = (
            stops.index(value)
            if value in stops
            else min(range(len(stops)), key=lambda k: abs(float(stops[k]) - float(value)))
        )


def _figures(cell):
    bundles = [output.get("data", {}) for output in cell.get("outputs", [])]
    return [bundle for bundle in bundles if STATIC in bundle]
