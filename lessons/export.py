"""A lesson as one HTML file that needs neither kernel nor network: figures stay plots, explorers stand still.

JupyterLab's menu (File, Save and Export Notebook As, HTML) and ``python -m lessons export`` both come through
here: every figure carries its data beside its widget, and an export shows the data instead of the widget.
"""

import html
import json
import re
from pathlib import Path

import nbformat
import plotly.io
import plotly.offline
from nbconvert import HTMLExporter
from nbconvert.preprocessors import ExecutePreprocessor, Preprocessor

from lessons.live_figure import STATIC

WIDGET = "application/vnd.jupyter.widget-view+json"
CONFIG = {"displayModeBar": False, "responsive": True}  # role="img" holds nothing to press
_CONTROL = "padding: 1px 8px; border: 1px solid rgba(127,127,127,.5); border-radius: 3px; white-space: nowrap"


class StaticFigures(Preprocessor):
    """Put plots in the place of widgets, and plotly.js, once, before the first."""

    def preprocess(self, notebook, resources):
        """Return the notebook with plots as HTML, and the resources as they came."""
        number = 0
        for cell in notebook.cells:
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                if STATIC in data:
                    data.pop(WIDGET, None)
                    data["text/html"] = _library(number) + static_html(data.pop(STATIC), number)
                    number += 1
        notebook.metadata.pop("widgets", None)
        return notebook, resources


def _library(number):
    if number:
        return ""
    return f"<script>{plotly.offline.get_plotlyjs()}</script>"


def static_html(content, number):
    """Return figures, what the controls stood at, and the finding, as HTML.

    Parameters
    ----------
    content : dict
        What `LiveFigure.static` or `Explorer.static` returned.
    number : int
        Of the output in its notebook; makes the ids.
    """
    controls = "".join(
        f'<span style="{_CONTROL}">{html.escape(name)}: <strong>{html.escape(value)}</strong></span> '
        for name, value in content.get("controls", {}).items()
    )
    plots = content.get("drawing", "") + "".join(
        _plot(json.loads(text), f"figure-{number}-{k}") for k, text in enumerate(content["figures"])
    )
    finding = f"<p>{content['finding']}</p>" if content.get("finding") else ""
    return f"<div><p>{controls}</p>{plots}{finding}</div>" if controls else f"<div>{plots}{finding}</div>"


def _plot(figure, id):
    alt = (figure["layout"].get("meta") or {}).get("alt", "Figure")
    plot = plotly.io.to_html(
        figure, CONFIG, include_plotlyjs=False, full_html=False, div_id=id, validate=False
    )
    plot = re.sub(r"<script[^>]*>window\.PlotlyConfig[^<]*</script>", "", plot)
    return f'<div role="img" aria-label="{html.escape(alt)}">{plot}</div>'


def export(notebook, to=None, run=None):
    """Write a notebook as one HTML file.

    Parameters
    ----------
    notebook : str or Path
    to : str or Path, optional
        The file; beside the notebook unless told otherwise.
    run : bool, optional
        Whether to run the notebook first; if not told, where it has no outputs. The notebook stays as it is.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FileNotFoundError
        If there is no such notebook.
    """
    notebook = Path(notebook)
    content = nbformat.read(notebook, as_version=4)
    if run is None:
        run = not any(cell.get("outputs") for cell in content.cells)
    if run:
        where = {"metadata": {"path": str(notebook.parent)}}
        ExecutePreprocessor(timeout=600).preprocess(content, where)
    exporter = HTMLExporter(preprocessors=[StaticFigures], require_js_url="")  # lessons/jupyter does the same
    resources = {"metadata": {"name": notebook.stem}}
    page, _ = exporter.from_notebook_node(content, resources)
    to = Path(to) if to else notebook.with_suffix(".html")
    to.write_text(page, encoding="utf-8")
    return to
