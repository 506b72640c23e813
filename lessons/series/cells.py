"""Numbers out of the cells of a text file, the way the person who wrote the file meant them."""

import re

import numpy as np

MISSING = frozenset(
    ["", "na", "n/a", "#n/a", "nan", "-nan", "null", "none", "nil", "missing", "-", "--", "?", ".", "..", "…"]
)
INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
SPACES = "[ \u00a0\u202f'’]"  # thousands are also set apart by spaces and apostrophes


def is_missing(cell):
    """Whether a cell means "no value"."""
    return cell.strip().lower() in MISSING


def read_numbers(cells, rows, column, decimal):
    """Read the cells of one column as numbers.

    Parameters
    ----------
    cells : list of str
        The column's cells.
    rows : list of int
        Their rows in the file, for errors.
    column : str
        The column's name, for errors.
    decimal : {".", ","}
        The decimal mark; the other one may set thousands apart.

    Returns
    -------
    ndarray of shape (n,)
        Values in the column's unit, NaN where the cell says that there is none.

    Raises
    ------
    ValueError
        A cell is not a finite number, or none holds one. The first is named by row and column.
    """
    number, wrong = number_pattern(decimal), []
    values = _plain_numbers(cells, decimal)
    for i in np.flatnonzero(~np.isfinite(values)):
        cell = cells[i]
        if is_missing(cell):
            continue
        text = _plain(cell)
        if INFINITE.fullmatch(text):
            raise ValueError(f"row {rows[i]}, column {column!r}: {cell.strip()!r} is infinite")
        if not number.fullmatch(text):
            wrong.append(i)
            continue
        values[i] = _to_float(text, decimal)
        if np.isinf(values[i]):
            raise ValueError(f"row {rows[i]}, column {column!r}: {cell.strip()!r} is too large for a number")

    if wrong:
        more = f" (the first of {len(wrong)} such cells in this column)" if len(wrong) > 1 else ""
        raise ValueError(
            f"row {rows[wrong[0]]}, column {column!r}: {cells[wrong[0]].strip()!r} is not a number{more}; "
            f"the decimal mark is taken to be {decimal!r}; leave a cell empty, or write NA, where a value "
            f"is missing"
        )
    if np.isnan(values).all():
        raise ValueError(f"column {column!r} holds no numbers: all its {len(cells)} cells are empty or NA")
    return values


def _plain_numbers(cells, decimal):
    """What pandas makes of cells at once: numbers without thousands set apart; NaN for all others."""
    import pandas as pd

    whole = [cell.replace(".", " ").replace(",", ".") for cell in cells] if decimal == "," else cells
    return pd.to_numeric(pd.Series(whole, dtype=object), errors="coerce").to_numpy(
        dtype=np.float64, copy=True
    )


def decimal_mark(cells, other_cells, delimiter):
    """Find the decimal mark of a column from all its cells.

    Parameters
    ----------
    cells : list of str
        The column's cells.
    other_cells : list of str
        Cells of the file's other columns, asked only when the column itself allows both readings.
    delimiter : str
        The file's delimiter, asked last.

    Returns
    -------
    mark : {".", ","}
        The decimal mark.
    note : str or None
        What was assumed and from what, when the evidence leaves a doubt.
    """
    text = "".join(cells)
    for mark, other in (".,", ",."):
        if other not in text and any(_evidence(cells[:100])):
            return mark, None  # the other mark is nowhere, and some number is one with this mark alone
    point, comma = _evidence(cells)
    if point != comma:
        return ("." if point > comma else ","), None

    both_ways = [cell for cell in cells if _differs(cell)]
    if not both_ways:
        return ".", None
    point, comma = _evidence(other_cells)
    example = both_ways[0].strip()
    if comma > point:
        return ",", None
    if point > comma or delimiter == "," or "." in example:
        mark = "."
    else:
        mark = "," if delimiter == ";" else "."
    if delimiter == ",":
        return mark, None  # "1,234" in quotes, or 1.234: the way English-speaking programs write
    return mark, f"{example!r} is read as {_to_float(_plain(example), mark):g} (decimal mark {mark!r})"


def number_pattern(decimal):
    """A regular expression for numbers with this decimal mark, and with thousands set apart or not."""
    other = "," if decimal == "." else r"\."
    mark = re.escape(decimal)
    grouped = rf"[1-9]\d{{0,2}}(?P<gap>{SPACES}|{other})\d{{3}}(?:(?P=gap)\d{{3}})*"
    return re.compile(rf"[+-]?(?:(?:{grouped}|\d+)(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?")


def _evidence(cells):
    """How many cells are numbers only with a decimal point, and only with a decimal comma."""
    with_point, with_comma = number_pattern("."), number_pattern(",")
    point = comma = 0
    for cell in cells:
        text = _plain(cell)
        as_point, as_comma = with_point.fullmatch(text), with_comma.fullmatch(text)
        point += bool(as_point and not as_comma)
        comma += bool(as_comma and not as_point)
    return point, comma


def _differs(cell):
    """Whether a cell is one number with a decimal point and another with a decimal comma."""
    text = _plain(cell)
    readings = [_to_float(text, mark) for mark in ".," if number_pattern(mark).fullmatch(text)]
    return len(readings) == 2 and readings[0] != readings[1]


def _plain(cell):
    return cell.strip().replace("−", "-")


def _to_float(text, decimal):
    thousands = "," if decimal == "." else "."
    return float(re.sub(SPACES, "", text).replace(thousands, "").replace(decimal, "."))
