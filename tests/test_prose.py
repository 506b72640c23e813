"""Every number in a lesson's prose is one that its cells show, or a constant of the text."""

import re

import nbformat
import pytest
from lesson_run import ALL, NOTEBOOKS, Executed, executed

SMALL = 12  # counts that a reader checks at a glance


def prose(source):
    """Return a markdown cell's text without what is no claim: code, formulas, links, headings, references."""
    source = source.split("\n## References")[0]
    source = re.sub(r"^```.*?^```", " ", source, flags=re.M | re.S)
    source = re.sub(r"`[^`]*`", " ", source)
    source = re.sub(r"\b\d+(?: × \d+)? minutes?\b", " ", source)
    source = re.sub(r"^#.*$", " ", source, flags=re.M)
    source = re.sub(r"\]\([^)]*\)", "] ", source)
    source = re.sub(r"\$\$.*?\$\$|\$[^$\n]*\$", _value_of_formula, source, flags=re.S)
    return re.sub(r"<[^>]+>", " ", source)


def _value_of_formula(match):
    """A formula's own constants are no claims; a power of ten is, as in ``6 \\cdot 10^{-11}``."""
    plain = re.fullmatch(r"\$([-\d.]+)?(?:\s*\\(?:cdot|times)\s*)?10\^\{?(-?\d+)\}?\$", match.group())
    return f" {plain.group(1) or 1}e{plain.group(2)} " if plain else " "


def numbers(text):
    """Return [(as written, value, decimals, whether a percentage)] for a text's numbers that are no names."""
    text = re.sub(r"(?<=\d)[,\u2009\u202f](?=\d{3}\b)", "", text)  # 17,000
    text = re.sub(
        r"\b(lessons?|sections?|exercises?|cells?|equations?|eqs?\.|version) [\d, –-]+", " ", text, flags=re.I
    )
    found = []
    for match in re.finditer(r"(?<![\w.])[-−+]?\d+(?:\.\d+)?(?:e-?\d+)?(?![\w]|\.\d)", text):
        written = match.group()
        plain = written.replace("−", "-").lstrip("+")
        mantissa = plain.split("e")[0]
        decimals = len(mantissa.split(".")[1]) if "." in mantissa else 0
        percent = bool(re.match(r"\s*(%|per cent)", text[match.end() :]))
        found.append((written, abs(float(plain)), decimals, percent))
    return found


def is_constant(value, decimals):
    whole = decimals == 0 and value == int(value)
    return whole and (1700 <= value <= 2100 or value <= SMALL)  # a year, or a count


def is_shown(written, value, decimals, percent, shown):
    """Whether a shown number, rounded as the text rounds, is this one: its sign may be in the words."""
    if "e" in written:
        return any(other and f"{other:.0e}" == f"{value:.0e}" for other in shown)
    near = 0.5001 * 10**-decimals
    return any(
        abs(other - value) <= near or (percent and abs(100 * other - value) <= near) for other in shown
    )


def unproven(lesson):
    """Return the numbers of a lesson's prose that none of its cells shows, each with its cell."""
    cells = lesson.notebook.cells
    code = "\n".join(cell["source"] for cell in cells if cell["cell_type"] == "code")
    shown = {value for _, value, *_ in numbers(lesson.text() + "\n" + code)}
    found = []
    for cell in cells:
        if cell["cell_type"] == "markdown":
            for written, value, decimals, percent in numbers(prose(cell["source"])):
                known = is_constant(value, decimals)
                if not known and not is_shown(written, value, decimals, percent, shown):
                    found.append(f"{cell['id']}: {written}")
    return found


@pytest.mark.claims
@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_numbers_in_the_text_are_shown_by_a_cell(path):
    name = path.relative_to(NOTEBOOKS).with_suffix("").as_posix()
    assert unproven(executed(name)) == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("The net scores 0.118, naive 0.094: in 1997 as in 3 of 5 runs.", []),
        ("It takes away 77 % of the error, 0.1178 exactly.", []),
        ("About 90 minutes; `window=60`; $T = 61$; [lesson](03.ipynb); section 44.", []),
        ("Windows of 60 steps.", []),  # stands in the code
        ("The net scores 0.119.", ["0.119"]),
        ("It takes away 78 %, in 37 of 40 runs.", ["78", "37", "40"]),
        ("A gradient of $6 \\cdot 10^{-11}$, not of $2 \\cdot 10^{-3}$.", ["2e-3"]),
        ("## 99 windows\n\n## References\n\n- Pages 1735 to 1780.", []),
    ],
)
def test_a_number_that_no_cell_shows_is_found(text, missing):
    shown = nbformat.v4.new_output("stream", text="naive 0.0940   LSTM 0.1178   skill 0.77   error 6.1e-11")
    cells = [
        nbformat.v4.new_markdown_cell(text, id="text"),
        nbformat.v4.new_code_cell("window = 60", id="code", outputs=[shown]),
    ]
    found = unproven(Executed(nbformat.v4.new_notebook(cells=cells)))
    assert found == [f"text: {number}" for number in missing]
