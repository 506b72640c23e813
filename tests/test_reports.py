"""The report: one file, everything in it escaped, nothing of anyone's overwritten."""

import os
import re

import numpy as np
import pytest

import lessons
from lessons import figures
from lessons.live_figure import LiveFigure
from lessons.scores import EvidenceCard, Scoreboard

EVIL = '</script><script>document.title = "owned"</script><img src=x onerror="document.title=1">&'


@pytest.fixture
def board():
    X, y = np.arange(20.0).reshape(10, 2, 1), np.arange(10.0)[:, None]
    return Scoreboard(X, y).add(f"ridge {EVIL}", y + 0.3)


def figure(title=EVIL):
    return figures.series(np.arange(9), np.arange(9.0), title=title, name=EVIL, unit=EVIL)


def test_one_file_holds_everything_and_escapes_it(tmp_path, board):
    card, drawn = EvidenceCard(series=EVIL), [figure(), figure()]
    written = lessons.report(tmp_path / "mine.html", card, drawn, board=board, title=EVIL, text=EVIL)
    page = (tmp_path / "mine.html").read_text(encoding="utf-8")
    assert os.fspath(written) == str(tmp_path / "mine.html") == repr(written)
    assert page.count("Plotly.newPlot(") == 2
    assert len(page) < 6_000_000  # plotly.js is in it, once
    start, end = page.index("plotly.js v"), page.index("</head>")
    ours = page[:start] + page[end:]
    assert "<img" not in ours and "owned</" not in ours and '"owned"' not in ours
    assert ours.count("<script") == ours.count("</script>") + 1  # the library's own opening lies in `ours`
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", ours)
    assert "ridge &lt;/script&gt;" in ours and "Evidence card" in ours
    assert ours.count('role="img" aria-label="Line chart.') == 2


def test_without_figures_it_is_small(tmp_path):
    lessons.report(tmp_path / "card.html", {"verdict": "use the seasonal naive"}, text="One.\n\nTwo.")
    page = (tmp_path / "card.html").read_text()
    assert len(page) < 5000 and "<p>One.</p>\n<p>Two.</p>" in page and "<script" not in page


def test_names_and_folders(tmp_path, monkeypatch, board):
    monkeypatch.chdir(tmp_path)
    written = lessons.report(card={"a": "b"})
    assert repr(written) == "report.html" and 'href="report.html"' in written._repr_html_()
    assert (tmp_path / "report.html").exists()
    assert repr(lessons.report("other", figures=figure("one"), board=[board, board])) == "other.html"
    lessons.report("other", figures=[LiveFigure(figure("live"))])
    assert "live" in (tmp_path / "other.html").read_text()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other.html", "report.html"]


def test_only_a_report_is_replaced(tmp_path):
    path = tmp_path / "notes.html"
    path.write_text("<p>My own notes.</p>")
    with pytest.raises(FileExistsError, match="exists and is no report: choose another name"):
        lessons.report(path, {"a": "first"})
    assert path.read_text() == "<p>My own notes.</p>"
    lessons.report(path, {"a": "first"}, overwrite=True)
    lessons.report(path, {"a": "second"})  # a cell is run again
    assert "second" in path.read_text() and "first" not in path.read_text()


def test_bad_arguments_are_refused(tmp_path):
    for path, given, message in (
        ("a", {}, "nothing to report"),
        ("", {"card": {"a": "b"}}, "is a folder: try .*report.html"),
        ("no/a", {"card": {"a": "b"}}, "there is no folder"),
        ("a", {"figures": ["x"]}, "number 1 is a str"),
        ("a", {"board": 3}, "board must have an HTML form"),
    ):
        with pytest.raises((ValueError, TypeError, FileNotFoundError), match=message):
            lessons.report(tmp_path / path, **given)
    assert list(tmp_path.iterdir()) == []


def test_another_name_is_no_report():
    assert "report" in dir(lessons)
    with pytest.raises(AttributeError, match="no attribute 'reports_of'"):
        lessons.reports_of  # noqa: B018
