"""What a learner who uses a keyboard, a screen reader or a dark page meets: axe-core, focus, names, words."""

import urllib.request

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from driver import FIGURE, TOKEN, command, run_all, wait_drawn

CELLS = (
    """
import numpy as np
from lessons import explorers, figures
from lessons.exercises import check, hint, solution
from lessons.scores import scoreboard
from lessons.baselines import Ridge
from lessons.windows import make_windows
X, y, _ = make_windows(np.sin(np.arange(200) / 5), 8)
board = scoreboard({"ridge": Ridge()}, X[:100], y[:100], X[100:], y[100:], noise_floor=0.001)
""",
    "from IPython.display import Markdown\nMarkdown('# A lesson\\n\\n## A section')",
    "figures.score_bars(board)",
    "board",
    "explorers.leak()",  # drop-down list, sliders, buttons, a figure of three panels
    "explorers.memory()",  # a slider that some settings disable
    "explorers.training('two waves', epochs=30)",  # figures side by side, a table, a run
    "explorers.gate_heatmaps(hidden_size=4)",  # heatmaps
    "explorers.cell()",  # a drawing with parts to press
    "explorers.chain()",
    "check('00.naive_forecast', lambda series: series[1:])",
    "check('00.naive_forecast', lambda series: series[:-1])",
    "hint('00.naive_forecast')",
    "solution('00.naive_forecast')",
)
SHOWN = """all => Object.fromEntries(all.map(gd => [gd.getAttribute("aria-label"),
  (gd._fullData ?? []).flatMap(({ y, z }) => [y ?? [], ...(z ?? [])])
    .flatMap(row => Array.from(row)).filter(Number.isFinite)]))"""  # the numbers of a plot, by its words
# JupyterLab's own, of which nothing is in our hands; what lies inside them is looked at all the same.
NOT_OURS = {
    "aria-input-field-name": ".cm-content",  # its code editor has no name
    "aria-required-children": ".jp-WindowedPanel-viewport",  # its list of cells calls itself a feed
    "button-name": ".jp-collapseHeadingButton",  # its arrows beside headings are empty
    # nbconvert's: pale prompts, and green numbers in code
    "color-contrast": ":is(.jp-InputPrompt, .jp-OutputPrompt, .highlight *)",
}


@pytest.fixture(scope="module")
def page(notebook_of):
    opened = notebook_of("accessible.ipynb", *CELLS)
    run_all(opened)
    opened.get_by_text("test MSE, one seed").wait_for()  # training is over
    return opened


def complaints(page, inside=".jp-Notebook"):
    """Return what axe-core finds in the notebook, as "rule: element" with the reason, and is ours."""
    found = Axe().run(page, context={"include": [[inside]]}).response["violations"]
    nodes = [(rule["id"], node) for rule in found for node in rule["nodes"]]
    ours = [(rule, node) for rule, node in nodes if not is_theirs(page, rule, node["target"][-1])]
    return [f"{rule}: {node['html'][:200]} {node['failureSummary']}" for rule, node in ours]


def is_theirs(page, rule, target):
    return rule in NOT_OURS and page.locator(target).first.evaluate(f"e => e.matches('{NOT_OURS[rule]}')")


def test_axe_finds_nothing_in_the_light_theme(page):
    assert complaints(page) == []


def test_every_figure_is_told_in_words(page):
    labels = page.locator(FIGURE).evaluate_all(SHOWN).keys()
    assert len(labels) == 6
    for label in labels:
        assert len(label) > 30 and any(character.isdigit() for character in label), label


def test_the_keyboard_reaches_every_control_and_shows_where_it_is(page):
    box = page.locator(".lessons-explorer").first
    stops = box.locator(".lessons-controls").locator("select, [role=slider], [role=textbox], button")
    stops.first.focus()
    for k in range(stops.count()):
        seen = stops.nth(k).evaluate(
            """e => {
              const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(e);
              return [document.activeElement === e, outlineStyle, parseFloat(outlineWidth)];
            }"""
        )
        assert seen[0] and seen[1] != "none" and seen[2] >= 2, stops.nth(k).evaluate("e => e.outerHTML")
        page.keyboard.press("Tab")


def test_long_titles_are_broken_where_the_page_ends(page):
    plot = page.locator(".lessons-explorer").first.locator(FIGURE).first
    page.set_viewport_size({"width": 520, "height": 900})
    page.wait_for_function("gd => gd.layout.title.text.includes('<br>')", arg=plot.element_handle())
    page.wait_for_function(
        """gd => {
          const [title, svg] = [".gtitle", ".main-svg"].map(s => gd.querySelector(s).getBoundingClientRect());
          const page = gd.getBoundingClientRect();
          return title.right < page.right && Math.abs(svg.width - page.width) < 2;
        }""",
        arg=plot.element_handle(),
    )
    page.set_viewport_size({"width": 1280, "height": 1000})
    page.wait_for_function("gd => !gd.layout.title.text.includes('<br>')", arg=plot.element_handle())


def test_axe_finds_nothing_in_the_dark_theme(page):
    command(page, "apputils:change-theme", {"theme": "JupyterLab Dark"})
    page.wait_for_function("document.body.dataset.jpThemeLight === 'false'")
    wait_drawn(page)
    assert complaints(page) == []


def test_an_export_from_the_menu_is_one_file_with_all_figures_and_axe_finds_nothing(
    page, lab, browser, tmp_path
):
    command(page, "docmanager:save")
    file = tmp_path / "accessible.html"
    with urllib.request.urlopen(f"{lab}nbconvert/html/accessible.ipynb?token={TOKEN}", timeout=120) as answer:
        file.write_bytes(answer.read())
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 9000})  # all in view
    exported, wrong = context.new_page(), []
    exported.on("request", lambda r: wrong.append(r.url) if r.url.startswith("http") else None)
    exported.on("pageerror", lambda error: wrong.append(str(error)))
    exported.goto(file.as_uri())
    drawn = f"[...document.querySelectorAll('{FIGURE}')].filter(gd => gd.querySelector('.main-svg'))"
    exported.wait_for_function(f"{drawn}.length === 6")
    assert [problem for problem in wrong if "mathjax" not in problem.lower()] == []  # for equations
    assert file.stat().st_size < 9e6  # plotly.js once
    there, here = (where.locator(FIGURE).evaluate_all(SHOWN) for where in (exported, page))
    assert len(there.keys() & here.keys()) == 4  # training had not begun when its cell ended
    for label in there.keys() & here.keys():
        np.testing.assert_allclose(there[label], here[label], rtol=1e-3, atol=1e-4)
    text = exported.locator("body").inner_text()
    assert "window: 60" in text and "nearest neighbour: shuffled" in text
    assert "Error displaying widget" not in text
    assert complaints(exported, "html") == []
    context.close()
