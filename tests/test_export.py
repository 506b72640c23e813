"""A lesson as HTML: plots in the place of widgets, and plotly.js once. (In a browser: tests/browser.)"""

import json
import re

import nbformat
import numpy as np
import pytest

from lessons import explorers, figures
from lessons.__main__ import main
from lessons.export import WIDGET, StaticFigures, export
from lessons.live_figure import STATIC, LiveFigure


def notebook_with(*shown):
    outputs = [nbformat.v4.new_output("display_data", widget._repr_mimebundle_()) for widget in shown]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("show", outputs=outputs)])
    notebook.metadata["widgets"] = {"state": "of another front end"}
    return notebook


def plain_figure():
    return LiveFigure(figures.series(np.arange(5), np.arange(5.0), title='Rise & "fall"'))


def converted(notebook):
    notebook, _ = StaticFigures().preprocess(notebook, {})
    return notebook


def test_plots_take_the_place_of_widgets():
    notebook = converted(notebook_with(plain_figure(), explorers.naive_error()))
    for output in notebook.cells[0].outputs:
        assert not {WIDGET, STATIC} & set(output.data)
        assert 'class="lessons-static' in output.data["text/html"]
    assert "widgets" not in notebook.metadata
    plain, explorer = (output.data["text/html"] for output in notebook.cells[0].outputs)
    assert "Rise &amp; &quot;fall&quot;" in plain
    assert '"lag":"1"' in explorer
    assert "noise 2 · 0.18²" in explorer


def test_a_formula_is_mathml_and_a_dollar_in_code_stays():
    text = "The cost $c'$ is `$5`:\n\n$$\\frac{u}{u + o}$$\n\n```\nprint('$a$')\n```"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
    source = converted(notebook).cells[0].source
    assert source.count("<math") == 2
    assert "<mfrac><mrow><mi>u</mi></mrow>" in source
    assert "`$5`" in source and "print('$a$')" in source


def test_figures_show_what_they_showed_when_they_were_asked_for():
    live = plain_figure()
    live.update(y={0: np.full(5, 7.0)})
    assert live.figure.to_json() == live.static()["figures"][0]
    explorer = explorers.leak()
    static = explorer.set(window=8).static()
    assert static["controls"]["window"] == "8"
    assert len(static["figures"]) == 1


def test_export_runs_a_notebook_and_writes_one_file_beside_it(tmp_path, capsys):
    path = tmp_path / "lesson.ipynb"
    source = "from lessons import figures\nfigures.series([0, 1], [0.0, 1.0])"  # it was never run
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), path)
    assert main(["export", str(path)]) == 0
    assert "lesson.html" in capsys.readouterr().out
    page = (tmp_path / "lesson.html").read_text(encoding="utf-8")
    assert "lessons-static" in page
    assert not re.search(r'src="(http|//)', page)


def test_an_export_shows_what_was_seen_and_its_explorers_move(tmp_path):
    source = "from lessons import explorers\nexplorers.welcome()"
    notebook = notebook_with(explorers.welcome().set(noise=0.3))
    notebook.cells[0].source = source
    notebook.cells.append(nbformat.v4.new_code_cell("1 / 0  # an export does not stop at it"))
    nbformat.write(notebook, tmp_path / "lesson.ipynb")
    page = export(tmp_path / "lesson.ipynb").read_text(encoding="utf-8")
    assert '"states":"{' in page
    content = json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])
    (control,) = content["table"]["controls"]
    assert control["stops"][control["at"]] == "0.30"


def test_a_notebook_that_is_not_there_is_named():
    with pytest.raises(FileNotFoundError, match=r"nowhere.ipynb"):
        export("nowhere.ipynb")
