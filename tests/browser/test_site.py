"""The course's pages in a browser: on a desk and a phone, light and dark, with sliders and no kernel."""

import os
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from filelock import FileLock
from lesson_run import executed, kept_as

from book import pages
from lessons import explorers, export
from tools import environment

ROOT = Path(__file__).parents[2]
FIGURE = "div[role=img][aria-label]"
# Pages whose contrasts are measured, span by span of their code: all have one style.
CONTRAST = "index", "00_start_here", "extras/when_to_stop"
# What stands in the way of some people, in the theme and MathJax and not in our hands.
NOT_OURS = "mjx-container, .main-svg, .headerlink, .copybtn"
RAW_FORMULAS = r"""() => {
  const walk = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
  const found = [];
  while (walk.nextNode())
    if (!walk.currentNode.parentElement.closest("pre, code, script, style, noscript, svg"))
      found.push(...walk.currentNode.data.match(/\$[^$\n]+\$|\\(frac|sigma|hat)/g) ?? []);
  return found;
}"""
SHOWN = "e => [...e.querySelectorAll('[role=status], .lessons-cell')].map(part => part.textContent).join()"
# What would be hard to read, on a phone first of all: a panel with no width, a legend on the title, texts
# that leave the figure, are small, or run into each other in their cells.
HARD_TO_READ = r"""() => [...document.querySelectorAll(".js-plotly-plot, .lessons-cell")].flatMap(figure => {
  const all = these => [...figure.querySelectorAll(these)];
  const boxes = these => all(these).map(e => e.getBoundingClientRect());
  const words = all("text").filter(e => /\w/.test(e.textContent)).map(e => e.getBoundingClientRect());
  const [own, texts, cells] = [figure.getBoundingClientRect(), boxes("text"), boxes(".textpoint text")];
  const over = (a, b) => a !== b && Math.abs(a.x + a.right - b.x - b.right) < a.width + b.width
    && Math.abs(a.y + a.bottom - b.y - b.bottom) < a.height + b.height - 2;
  const wrong = {
    squeezed: Object.values(figure._fullLayout ?? {}).some(a => a?._id?.[0] === "x" && a._length < 110),
    crossed: boxes(".gtitle").some(title => boxes(".legend").some(legend => over(title, legend))),
    cut: texts.some(text => text.width && (text.left < own.left - 1 || text.right > own.right + 1)),
    small: words.some(({ width, height }) => width && Math.max(width, height) < 9),
    touching: cells.some(cell => cells.some(other => over(cell, other))),
  };
  return Object.keys(wrong).filter(k => wrong[k]).map(k => `${k}: ${figure.ariaLabel?.slice(0, 80)}`);
})"""


@pytest.fixture(scope="session")
def site():
    """The folder of the pages, built from the lessons as this run of the tests has run them."""
    folder = Path(os.environ["LESSONS_TEST_RUN"]) / "site"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            for name in pages.lessons():
                executed(name)
            python = environment.beside(ROOT, "site", ROOT / "book" / "requirements.txt")
            made = folder.with_name("site-made")
            pages.build(
                python, made, {name: kept_as(name) for name in pages.lessons()}, folder.with_name("site-work")
            )
            shutil.move(made, folder)
    return folder


@pytest.fixture
def visit(browser):
    """A function that opens a file without a network, at a width; the page knows what went wrong."""
    contexts = []

    def open_file(path, width=1280, scheme="light"):
        contexts.append(
            browser.new_context(offline=True, color_scheme=scheme, viewport={"width": width, "height": 900})
        )
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
        page.wrong = []
        page.on("request", lambda r: r.url.startswith("http") and page.wrong.append(f"asks for {r.url}"))
        page.on("console", lambda m: m.type == "error" and page.wrong.append(m.text))
        page.on("pageerror", lambda error: page.wrong.append(error.stack or str(error)))
        page.goto(path.as_uri())
        page.wait_for_function("() => globalThis.MathJax?.startup?.promise?.then(() => true) ?? true")
        return page

    yield open_file
    for context in contexts:
        context.close()


def read(page):
    """Scroll through a page, as one who reads it; wait until its figures are drawn."""
    page.evaluate(
        """async () => {
          for (let y = 0; y < document.documentElement.scrollHeight; y += 600) {
            scrollTo(0, y);
            await new Promise(requestAnimationFrame);
            await new Promise(requestAnimationFrame);
          }
        }"""
    )
    drawn = "figure => figure.querySelector('.main-svg')"
    page.wait_for_function(f"() => [...document.querySelectorAll('.lessons-figure')].every({drawn})")


def hindrances(page, contrast):
    """Return what axe-core finds serious, in what is ours."""
    options = {"preload": False, "rules": {"color-contrast": {"enabled": contrast}}}
    context = {"include": [["article"]], "exclude": [[part] for part in NOT_OURS.split(", ")]}
    found = Axe().run(page, context=context, options=options).response["violations"]
    serious = [rule for rule in found if rule["impact"] in ("serious", "critical")]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in serious for node in rule["nodes"]]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["index", *pages.lessons()])
def test_a_page_reads_well_everywhere_and_its_explorers_move(site, visit, name):
    page = visit(site / f"{name}.html", 390)
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        read(page)
        assert page.locator("mjx-merror, [data-mjx-error]").all_inner_texts() == []
        assert page.evaluate(RAW_FORMULAS) == []
        labels = page.locator(FIGURE).evaluate_all("all => all.map(e => e.ariaLabel)")
        assert all(len(label) > 20 for label in labels)
        page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.wait_for_function(f"() => document.documentElement.dataset.theme === '{theme}'")
            page.wait_for_function(f"({HARD_TO_READ})().length === 0")
            if name in CONTRAST or theme == "dark":
                assert hindrances(page, name in CONTRAST) == [], (width, theme)
        for explorer in page.locator(".lessons-static:has(.lessons-controls input[type=range])").all():
            move(page, explorer)
    assert page.wrong == []


def move(page, explorer):
    """Choose from an explorer's list, or move its last slider: it shows something else, and says a number."""
    explorer.scroll_into_view_if_needed()
    slider = explorer.locator("input[type=range]:enabled:visible").last
    said = explorer.evaluate(SHOWN)
    lists = explorer.locator("select:enabled:visible")
    if lists.count():
        lists.first.select_option(index=1 - min(1, lists.first.evaluate("list => list.selectedIndex")))
    else:
        slider.focus()
        page.keyboard.press("End" if slider.input_value() == "0" else "Home")
    page.wait_for_function(f"([e, said]) => ({SHOWN})(e) !== said", arg=[explorer.element_handle(), said])
    told = explorer.locator("[role=status]").inner_text()
    assert re.search(r"\d", told) and "is missing" not in told


def finding(explorer):
    return " ".join(re.sub("<[^>]+>", "", explorer.readout.finding).replace("&nbsp;", " ").split())


def test_a_slider_answers_to_drag_and_arrow_keys_with_the_live_explorers_words(site, visit):
    page = visit(site / "00_start_here.html")
    explorer = page.locator(".lessons-static").first
    slider, told = explorer.get_by_role("slider", name="noise"), explorer.locator("[role=status]")
    plot = explorer.locator(FIGURE)
    plot.locator(".main-svg").first.wait_for()
    live = explorers.welcome()
    slider.focus()
    page.keyboard.press("ArrowRight")
    told.get_by_text("Noise 0.20").wait_for()
    assert " ".join(told.inner_text().split()) == finding(live.set(noise=0.2))
    assert plot.get_attribute("aria-label") == live.live.alt
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    told.get_by_text("Noise 0.50").wait_for()
    assert " ".join(told.inner_text().split()) == finding(live.set(noise=0.5))
    assert page.wrong == []


def test_a_recorded_run_is_replayed_and_a_cell_reads_its_window(site, visit):
    page = visit(site / "index.html")
    training, cell = page.locator(".lessons-static").all()
    training.get_by_role("button", name="window mean").click()
    training.get_by_text("centred").first.wait_for()
    training.get_by_role("button", name="Play").click()
    training.get_by_role("button", name="Pause").click()
    assert int(training.locator("output").inner_text()) < 80
    cell.scroll_into_view_if_needed()
    cell.get_by_role("button", name="Step").click()
    cell.get_by_text("1 of 60 values").wait_for()
    cell.locator("[data-part=f]").click()
    cell.get_by_text("forget gate f").wait_for()
    assert page.wrong == []


def test_an_export_moves_offline_and_prints_whole(visit, tmp_path):
    lesson = nbformat.from_dict(executed("00_start_here").notebook)
    file = tmp_path / "lesson.html"
    file.write_text(export.page(lesson, "lesson"), encoding="utf-8")
    page = visit(file)
    read(page)
    explorer = page.locator(".lessons-static").first
    explorer.get_by_role("slider", name="noise").focus()
    page.keyboard.press("End")
    explorer.get_by_text("Noise 0.50").wait_for()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1000})  # A4 less its margins
    parts = page.locator(".jp-OutputArea-output, .jp-RenderedHTMLCommon, pre")
    assert not parts.evaluate_all("all => all.some(e => e.scrollWidth > e.clientWidth + 1)")
    assert page.wrong == []
