"""What was found, in one file to send: evidence card, scoreboard and figures, readable without a network."""

import html
import os
import re
from pathlib import Path

TOP = 76  # the course's room above a plot, for title and legend
MARK = '<meta name="generator" content="lessons.report">'
_STYLE, _SCRIPT = (Path(__file__).with_suffix(ending).read_text("utf-8") for ending in (".css", ".js"))


class Report:
    """A report on disk; a link to it in a notebook, and its path everywhere else."""

    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return os.fspath(self.path)

    def __repr__(self):
        return str(self.path)

    def _repr_html_(self):
        name = html.escape(str(self.path))
        if self.path.is_absolute():
            return f"<code>{name}</code>"  # Jupyter serves nothing outside of its own folder
        return f'<a href="{name}" target="_blank">{name}</a>'


def report(path="report.html", card=None, figures=(), *, board=None, title=None, text="", overwrite=False):
    """Write evidence card, scoreboard and figures as one HTML file that needs nothing else.

    Parameters
    ----------
    path : str or Path
        Where to; ".html" is added if there is no ending.
    card : EvidenceCard or dict of str to str, optional
        What was forecast, how, and the verdict.
    figures : list of plotly figures, optional
        Drawn below, in this order, to be hovered over as in the notebook.
    board : Scoreboard, Diagnosis, Refits or a list of such, optional
        Tables: whatever has an HTML form.
    title : str, optional
        The heading; "Forecast report" unless given.
    text : str, optional
        Some words of your own below the heading; an empty line begins a new paragraph.
    overwrite : bool
        Whether a file of that name may be replaced that no report wrote. An earlier report always is, so that
        a cell may be run again.

    Returns
    -------
    Report
        Shows itself as a link.

    Raises
    ------
    FileExistsError
        There is a file of that name, but it is no report.
    FileNotFoundError
        The folder does not exist.
    ValueError
        There is nothing to report, or `path` is a folder.
    TypeError
        A figure is none, or a table has no HTML form.
    """
    figures = [figures] if hasattr(figures, "to_plotly_json") else list(figures)
    boards = [] if board is None else list(board) if type(board) in (list, tuple) else [board]
    if card is None and not figures and not boards:
        raise ValueError("there is nothing to report: pass a card, a board or figures")
    path = _checked(Path(path), overwrite)
    title = title or "Forecast report"
    parts = [f"<h1>{html.escape(title)}</h1>"]
    parts += [f"<p>{html.escape(part)}</p>" for part in text.split("\n\n") if part.strip()]
    parts += [_table(thing) for thing in ([] if card is None else [_as_card(card)]) + boards]
    parts += [_figure(figure, number) for number, figure in enumerate(figures, start=1)]
    partly = path.with_name(f"{path.name}.part")
    partly.write_text(_page(title, "\n".join(parts), bool(figures)), encoding="utf-8")
    os.replace(partly, path)
    return Report(path)


def _checked(path, overwrite):
    if path.is_dir():
        raise ValueError(f"path must be a file, {str(path)!r} is a folder: try {str(path / 'report.html')!r}")
    if not path.suffix:
        path = path.with_suffix(".html")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(path.parent)!r} to write {path.name!r} into")
    if path.exists() and not overwrite:
        with open(path, "rb") as file:
            if MARK.encode() not in file.read(400):
                raise FileExistsError(
                    f"{str(path)!r} exists and is no report: choose another name, or pass overwrite=True to "
                    "replace it"
                )
    return path


def _as_card(card):
    from lessons.scores import EvidenceCard

    return EvidenceCard({str(name): str(value) for name, value in card.items()})


def _table(thing):
    if not hasattr(thing, "_repr_html_"):
        raise TypeError(f"board must have an HTML form, as a Scoreboard has, got {type(thing).__name__}")
    return thing._repr_html_()


def _figure(figure, number):
    import plotly.graph_objects as go

    if not isinstance(figure, go.Figure):
        figure = getattr(figure, "figure", figure)  # a LiveFigure
    if not isinstance(figure, go.Figure):
        raise TypeError(f"figures must hold Plotly figures, number {number} is a {type(figure).__name__}")
    title = re.sub(r"<br ?/?>", " ", figure.layout.title.text or "")
    alt = html.escape((figure.layout.meta or {}).get("alt") or title or f"Figure {number}", quote=True)
    caption = html.escape(f"Figure {number}: {title}" if title else f"Figure {number}")
    untitled = go.Figure(figure).update_layout(
        title_text=""
    )  # the caption breaks lines where the title cannot
    top = figure.layout.margin.t if figure.layout.margin.t is not None else TOP
    untitled.update_layout(margin_t=max(40, top - 30))
    drawing = untitled.to_html(
        full_html=False,
        include_plotlyjs=False,
        include_mathjax=False,
        div_id=f"figure-{number}",
        config={"displaylogo": False, "responsive": True, "modeBarButtons": [["toImage"]]},
    )
    return (
        f"<figure><figcaption>{caption}</figcaption>"
        f'<div role="img" aria-label="{alt}">{drawing}</div><noscript>{alt}</noscript></figure>'
    )


def _page(title, body, with_figures):
    library = script = ""
    if with_figures:
        from plotly.offline import get_plotlyjs

        library = f"<script>{get_plotlyjs()}</script>"
        script = f"<script>{_SCRIPT}</script>"
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n{MARK}\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n{library}\n</head>\n<body>\n"
        f"<main>\n{body}\n</main>\n{script}\n</body>\n</html>\n"
    )
