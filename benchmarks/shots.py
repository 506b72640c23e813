"""Full-length screenshots of notebooks after Run All, in pieces that can be looked at: `tasks.py shots`."""

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))
from driver import PLOTS, QUIET, chromium, close, open_notebook, run_all, serve_course  # noqa: E402

LESSONS = ROOT / "notebooks"
LAPTOP = 1280  # pixels, as everything here
PIECE = 1600
BAR = 130  # menu and toolbar above the notebook, status below
LENGTH = """() => {
  const cells = [...document.querySelectorAll(".jp-Notebook .jp-Cell")].map(c => c.getBoundingClientRect());
  return Math.ceil(cells.at(-1).bottom - cells[0].top) + 40;
}"""
# What sticks out of a figure is not seen: text beyond its edges, or one text over another. (Where two axes
# meet, their labels may touch.)
AMISS = f"""() => [...{PLOTS}].flatMap(gd => {{
  const frame = gd.getBoundingClientRect();
  const texts = [...gd.querySelectorAll(".main-svg text")].filter(text => text.textContent.trim());
  const where = texts.map(text => text.getBoundingClientRect());
  const quoted = k => JSON.stringify(texts[k].textContent.slice(0, 60));
  const cut = where.flatMap((box, k) => {{
    const [left, right] = [frame.left - box.left, box.right - frame.right];
    const [above, below] = [frame.top - box.top, box.bottom - frame.bottom];
    return box.width && Math.max(left, right, above, below) > 1.5 ? [`cut: ${{quoted(k)}}`] : [];
  }});
  const over = where.flatMap((a, k) => where.slice(k + 1).flatMap((b, n) => {{
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    const corner = texts[k].closest(".xtick") && texts[k + 1 + n].closest(".ytick");
    const both = `${{quoted(k)}} and ${{quoted(k + 1 + n)}}`;
    return wide > 3 && high > 5 && !corner ? [`over each other: ${{both}}`] : [];
  }}));
  return [...cut, ...over];
}})"""


def shoot(notebooks, folder, *, dark=False, width=LAPTOP, classroom=False):
    """Save screenshots of notebooks.

    Parameters
    ----------
    notebooks : list of Path
    folder : Path
        Where to; made if need be.
    dark, classroom : bool
        In JupyterLab's dark theme; in the classroom view.
    width : int
        Of the window, in CSS pixels.

    Returns
    -------
    dict of str to list of str
        What is wrong with each page: errors, requests that leave the machine, texts cut or on top of others.
    """
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    problems = {}
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as play:
        chrome = play.chromium.launch(executable_path=chromium(), args=QUIET)
        view = ["--classroom"] if classroom else []
        with serve_course(Path(scratch), *view, dark=dark) as url:
            for notebook in notebooks:
                page = open_notebook(chrome, url, notebook.relative_to(LESSONS).as_posix(), (width, 1000))
                name = notebook.stem + ("-dark" if dark else "") + ("-classroom" if classroom else "")
                problems[name] = _shoot_page(page, folder, name, width)
                close(page)
        chrome.close()
    return problems


def _shoot_page(page, folder, name, width):
    run_all(page)
    length = page.evaluate(LENGTH)
    page.set_viewport_size({"width": width, "height": length + BAR})
    page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0")
    page.wait_for_timeout(1000)  # figures redraw at their new size
    for old in folder.glob(f"{name}-{width}-[0-9]*.png"):
        old.unlink()
    for number, top in enumerate(range(0, length + BAR, PIECE), start=1):
        clip = {"x": 0, "y": top, "width": width, "height": min(PIECE, length + BAR - top)}
        page.screenshot(path=folder / f"{name}-{width}-{number:02}.png", clip=clip)
    problems = [*page.complaints, *(f"outside: {address}" for address in page.outside), *page.evaluate(AMISS)]
    problems += page.locator(".jp-OutputArea-output[data-mime-type*=error]").all_inner_texts()
    problems += page.locator(".jp-OutputArea-output[data-mime-type*=stderr]").all_inner_texts()
    print(f"{name}: {length} px high, {page.evaluate(f'{PLOTS}.length')} figures", flush=True)
    return problems


def chosen(words):
    """Return the notebooks whose names contain one of ``words``, or all."""
    notebooks = [*sorted(LESSONS.glob("*.ipynb")), *sorted(LESSONS.glob("extras/*.ipynb"))]
    return [book for book in notebooks if not words or any(Path(word).stem in book.stem for word in words)]


def main():
    parser = argparse.ArgumentParser(prog="tasks.py shots", description=__doc__)
    parser.add_argument("lessons", nargs="*", metavar="03", help="which ones (otherwise all)")
    parser.add_argument("--out", type=Path, default=ROOT / "shots", help="folder for the pictures: shots/")
    parser.add_argument("--dark", action="store_true", help="in the dark theme")
    parser.add_argument("--classroom", action="store_true", help="in the classroom view")
    parser.add_argument("--width", type=int, default=LAPTOP, help=f"of the window, in pixels: {LAPTOP}")
    parser.add_argument("--zoom", type=int, default=100, help="of the browser, in percent: 100")
    options = parser.parse_args()
    if not chromium():
        parser.error("no Chromium on this machine; CHROMIUM may name one")
    notebooks = chosen(options.lessons)
    if not notebooks:
        parser.error(f"there is no lesson {' '.join(options.lessons)}")
    width = round(options.width * 100 / options.zoom)  # a zoomed page is a narrower one, enlarged
    look = {"dark": options.dark, "classroom": options.classroom, "width": width}
    problems = shoot(notebooks, options.out, **look)
    print(f"{len(list(options.out.glob('*.png')))} pictures in {options.out}")
    for name, found in problems.items():
        for problem in found:
            print(f"{name}: {problem[:300]}")
    return int(any(problems.values()))


if __name__ == "__main__":
    raise SystemExit(main())
