"""The one table of the course: in plain text, and in HTML."""

import html
import re

_NUMBER = r"|[+−-]?([\d.,]+(e[+-]?\d+)?|nan|inf)( ?[±…–] ?[\d.,]+)?( ?[%×])?( \(.*\))?"
_LOOK = "border-collapse:collapse;margin:.3em 0;font-size:inherit;color:inherit"
_CAPTION = "caption-side:top;text-align:left;color:inherit;padding:.2em 0"
_CELL = "border-bottom:1px solid rgba(127,127,127,.45);padding:.25em .9em .25em 0;vertical-align:top"


class Table:
    """Names and values in rows; shows itself.

    Parameters
    ----------
    heads : sequence of str
        What the columns hold, with units; empty for a table without heads.
    rows : iterable of sequences
        Cells: text, or numbers; the floats of a column get the same decimals, None stays empty.
    caption : str
        What is shown: recipe, unit, seeds.
    """

    def __init__(self, heads, rows, caption=""):
        columns = [_texts(column) for column in zip(*rows, strict=True)]
        self.heads, self.caption = tuple(heads), caption
        self.rows = list(zip(*columns, strict=True))
        self._right = [all(map(_is_number, column)) for column in columns] or [False] * len(self.heads)

    def __repr__(self):
        lines = [self.heads, *self.rows] if self.heads else self.rows
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        aligned = [
            [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(line, widths, self._right, strict=True)]
            for line in lines
        ]
        return "\n".join([*filter(None, [self.caption]), *("  ".join(line).rstrip() for line in aligned)])

    def _repr_html_(self):
        head = f"<thead>{self._line(self.heads, 'th', 'col')}</thead>" if self.heads else ""
        caption = f'<caption style="{_CAPTION}">{html.escape(self.caption)}</caption>' if self.caption else ""
        body = "".join(self._line(row, "td", "row") for row in self.rows)
        wide = f";min-width:min(100%,{min(30, 3 * len(self.caption) // 5)}em)"  # else a caption is a column
        return f'<table style="{_LOOK}{wide if caption else ""}">{caption}{head}<tbody>{body}</tbody></table>'

    def _line(self, cells, tag, scope):
        """Return a row as HTML: its first cell is a head, and the others too in the row of heads."""
        pieces = []
        for k, (cell, right) in enumerate(zip(cells, self._right, strict=True)):
            name = "th" if k == 0 else tag
            scoped = f' scope="{scope}"' if name == "th" else ""
            weight = "600" if scope == "col" else "400"
            look = f"{_CELL};font-weight:{weight};text-align:{'right' if right else 'left'}"
            words = html.escape(cell)
            if right and name == "td":  # a narrow column breaks before "(3 of 5)", not in it
                words = re.sub(r"\(.*\)", r'<span style="white-space:nowrap">\g<0></span>', words)
            pieces.append(f'<{name}{scoped} style="{look}">{words}</{name}>')
        return f"<tr>{''.join(pieces)}</tr>"


class Tabular:
    """Base of results that show themselves as a table: a subclass has a property `table`."""

    def __repr__(self):
        return repr(self.table)

    def _repr_html_(self):
        return self.table._repr_html_()


def alike(scores):
    """Return errors as text with as many decimals as the scoreboard prints: four, or fewer of large ones.

    If that would leave a small one without digits, each is written by itself, to four significant digits.
    """
    scores = [float(score) for score in scores]
    largest, smallest = max(scores, default=0), min(scores, default=0)
    decimals = 4 if largest < 10 else 2 if largest < 1000 else 0
    if 0 < smallest < 10.0 ** (1 - decimals):
        return [f"{score:.4g}" for score in scores]
    return [f"{score:.{decimals}f}" for score in scores]


def _texts(cells):
    """Return the cells of a column as text; if one of its numbers is no whole one, all of them alike."""
    numbers = [cell for cell in cells if hasattr(cell, "__float__")]
    if all(hasattr(number, "__index__") for number in numbers):
        return ["" if cell is None else str(cell) for cell in cells]
    written = iter(alike(numbers))
    return [next(written) if hasattr(cell, "__float__") else str(cell or "") for cell in cells]


def _is_number(text):
    return re.fullmatch(_NUMBER, text) is not None
