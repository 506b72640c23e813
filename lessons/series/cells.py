"""Numbers out of the cells of a text file, the way the person who wrote the file meant them."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import chain, islice

import numpy as np

MISSING = "|na|n/a|n.a.|n/e|#n/a|nan|-nan|<na>|null|(null)|none|nil|missing|no data|unavailable|unknown"
MISSING = frozenset(f"{MISSING}|#nv|\\n|-|--|---|–|—|*|***|?|:|.|..|...|…".split("|"))
SPACES = "[ \u00a0\u202f'’]"  # thousands are also set apart by spaces and apostrophes


class Cells(Sequence):
    """The cells of a column, read-only, held as a few long texts: a million short ones take much memory.

    Parameters
    ----------
    cells : iterable of str
        Cells without a line break.

    Attributes
    ----------
    blocks : list of str
        The cells, some thousands in each, with line breaks between them.
    ends : list of int
        How many cells there are up to the end of each block.
    """

    BLOCK = 10_000

    def __init__(self, cells=()):
        cells, self.blocks, self.ends = iter(cells), [], []
        while block := list(islice(cells, self.BLOCK)):
            self.append(block)

    def append(self, block):
        """Add a block of cells, at least one."""
        self.blocks.append("\n".join(block))
        self.ends.append(len(self) + len(block))

    def __len__(self):
        return self.ends[-1] if self.ends else 0

    def __getitem__(self, k):
        block = bisect_right(self.ends, k)
        return self.blocks[block].split("\n")[k - self.ends[block]]

    def __iter__(self):
        return chain.from_iterable(block.split("\n") for block in self.blocks)

    def match(self, pattern):
        """Whether all cells match a regular expression."""
        odd = re.compile(rf"\n(?!(?:{pattern})$)", re.IGNORECASE | re.MULTILINE)  # sooner found than ^
        return bool(self.blocks) and not any(odd.search("\n" + block) for block in self.blocks)

    def kinds(self, digits=b"0000000000"):
        """Yield the first of all cells that are alike once 0, 1, ... 9 are written as these digits."""
        known, written = set(), bytes.maketrans(b"0123456789", digits)
        for block in self.blocks:
            alike = block.encode().translate(written).decode().split("\n")
            for kind in dict.fromkeys(alike):
                if kind not in known:
                    known.add(kind)
                    yield block.split("\n")[alike.index(kind)]


def cut(text, mark, width):
    """Cut lines at a mark.

    Parameters
    ----------
    text : str
        Lines, the last without a line break.
    mark : str
        One character of ASCII.
    width : int
        How many cells every line is to have.

    Returns
    -------
    list of str or None
        The cells of the first line, then those of the second, ...; None where a line has more or fewer, or a
        quotation mark.
    """
    others = bytes(set(range(256)) - set(f'{mark}"\n'.encode()))
    lines = (mark * (width - 1) + "\n") * (text.count("\n") + 1)
    if f"{text}\n".encode().translate(None, others) != lines.encode():
        return None
    return text.replace("\n", mark).split(mark)


def is_missing(cell):
    """Whether a cell means "no value"."""
    return cell.lower() in MISSING


def read_numbers(cells, rows, column, decimal):
    """Read the cells of one column as numbers.

    Parameters
    ----------
    cells : Cells
        The column's cells.
    rows : sequence of int
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
    missing = re.compile(f"^({'|'.join(map(re.escape, MISSING))})$", re.IGNORECASE | re.MULTILINE)
    odd = re.compile(rf"^(?!(?:{NUMBERS[decimal].pattern}|nan)$).*$", re.MULTILINE)
    usual = f"-0123456789{decimal}\n".encode()  # of these alone float() makes what the pattern does
    values = np.empty(len(cells))
    for block, end in zip(cells.blocks, cells.ends, strict=True):
        try:
            if block.encode().translate(None, usual):
                raise ValueError
            numbers = np.array([number or "nan" for number in block.replace(decimal, ".").split("\n")], float)
        except ValueError:  # thousands set apart, a word
            block = _plain(odd.sub("inf", missing.sub("nan", block)), decimal)
            numbers = np.array(block.split("\n"), dtype=float)
        values[end - len(numbers) : end] = numbers
    wrong = np.flatnonzero(np.isinf(values))
    if wrong.size:
        more = f" (the first of {wrong.size} such cells in this column)" if wrong.size > 1 else ""
        raise ValueError(
            f"row {rows[wrong[0]]}, column {column!r}: {cells[wrong[0]]!r} is not a finite number{more}; the "
            f"decimal mark is taken to be {decimal!r}; write a number alone, and leave the cell empty "
            "where a value is missing"
        )
    if np.isnan(values).all():
        raise ValueError(f"column {column!r} holds no numbers: all its {len(cells)} cells are empty or NA")
    return values


def decimal_mark(cells, other_cells, delimiter):
    """Find the decimal mark of a column from all its cells.

    Parameters
    ----------
    cells : Cells
        The column's cells.
    other_cells : list of str
        Cells of the file's other columns, asked only when the column itself allows both readings.
    delimiter : str
        The file's delimiter: beside ";" a comma is a decimal one, though a column of versions such as 2.1
        speaks against it.

    Returns
    -------
    mark : {".", ","}
        The decimal mark.
    said : list of str
        What was assumed and from what, when the evidence leaves a doubt.
    """
    doubtful = None
    for cell in cells.kinds(b"0111111111"):  # a leading 0 sets no thousands apart
        readings = _readings(cell)
        if len(readings) == 1:
            return next(iter(readings)), []
        if len(readings) == 2 and readings["."] != readings[","]:
            doubtful = doubtful or cell
            if ("." in doubtful) != ("." in cell):
                both = f"{doubtful!r} and {cell!r} cannot both have decimals, nor both thousands set apart"
                raise ValueError(f"{both}: pass decimal=")
    if doubtful is None:
        return ".", []
    told = next((mark for cell in other_cells for mark in _readings(cell) if len(_readings(cell)) == 1), None)
    mark = "," if delimiter == ";" and "," in doubtful else told or "."
    if delimiter == "," or (mark == told and (mark == "," or delimiter != ";")):
        return mark, []  # "1,234" in quotes, or 1.234: the way English-speaking programs write
    return mark, [f"{doubtful!r} is read as {_readings(doubtful)[mark]:.10g} (decimal mark {mark!r})"]


def _number_pattern(decimal):
    """A regular expression for numbers with this decimal mark, and with thousands set apart or not."""
    other = "," if decimal == "." else r"\."
    mark = re.escape(decimal)
    grouped = rf"[1-9]\d{{0,2}}(?P<gap>{SPACES}|{other})\d{{3}}(?:(?P=gap)\d{{3}})*"
    grouped += rf"|[1-9]\d?(?:{other}\d\d)+{other}\d{{3}}"  # lakhs and crores
    return re.compile(rf"[+−-]?(?:(?:{grouped}|\d+)(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?")


NUMBERS = {mark: _number_pattern(mark) for mark in ".,"}


def _readings(cell):
    """The numbers that a cell is, by decimal mark."""
    return {mark: float(_plain(cell, mark)) for mark, number in NUMBERS.items() if number.fullmatch(cell)}


def _plain(text, decimal):
    """Numbers as Python writes them."""
    thousands = "," if decimal == "." else "."
    return re.sub(SPACES, "", text.replace("−", "-").replace(thousands, "")).replace(decimal, ".")
