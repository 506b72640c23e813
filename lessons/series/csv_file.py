"""A series out of a learner's own CSV file."""

import csv
import difflib
import io
import re
import warnings
from pathlib import Path

import numpy as np

from lessons.series.cells import decimal_mark, read_numbers
from lessons.series.times import coarsest, read_times, regular, show

DELIMITERS = ",;\t|"
RARE_DELIMITERS = " :~^#/"
NO_TABLES = {
    b"pk\x03\x04": "a spreadsheet or an archive, not text: save it as CSV first",
    b"\xd0\xcf\x11\xe0": "a spreadsheet or an archive, not text: save it as CSV first",
    b"\x1f\x8b": "compressed: unpack it first",
    b"%pdf": "a PDF document, not a table: find the numbers as CSV",
    b"<html": "a web page, not a table: was a page saved where the file was to be downloaded?",
    b"<!doctype": "a web page, not a table: was a page saved where the file was to be downloaded?",
    b"{": "JSON, not a table: save it as CSV first",
    b"[{": "JSON, not a table: save it as CSV first",
}
NUMBER_OR_DATE = re.compile(r"[-+\d.,:/T ]*\d[-+\d.,:/TZ ]*")
SAMPLE = 200  # rows looked at to find the delimiter and the decimal mark


def from_csv(path, column, time=None, *, delimiter=None, decimal=None, encoding=None, day_first=None):
    """Read one or more columns of a CSV file as a series, regular in time.

    What the file leaves unsaid is found out from all of its rows; what had to be assumed or mended is said in
    a warning; what would be a guess is refused, with the row as a spreadsheet numbers it. With `time`: rows
    are sorted, identical rows with the same time dropped, and time steps without a row put in as NaN. Missing
    values stay NaN.

    Parameters
    ----------
    path : str or Path
        The file.
    column : str or list of str
        Name of the column with the values, or names of several; the first is the target.
    time : str, optional
        Name of the column with the times: dates, or numbers such as years. Without it the rows are taken as
        they come.
    delimiter : str, optional
        What separates the cells. Found unless given.
    decimal : {".", ","}, optional
        The decimal mark; the other one may set thousands apart. Found unless given.
    encoding : str, optional
        The file's text encoding. UTF-8 and UTF-16 are recognised; Windows-1252 is fallen back on, with a
        warning.
    day_first : bool, optional
        Whether 01/02/2024 is the first of February. Found from the whole column unless given.

    Returns
    -------
    t : ndarray of shape (n,)
        Times: datetime64 in months, days or seconds, whichever suffices (with a time zone: in UTC); numbers
        where the column holds numbers; 0 ... n - 1 without `time`.
    y : ndarray of shape (n,), or (n, D) for a list of columns, float64
        Values in the file's units, NaN where missing.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is empty or not text, a column is not there, a cell is not a finite number or a date, a
        column holds no numbers, rows with the same time contradict each other, or the times are not regular.

    Warns
    -----
    UserWarning
        Something was assumed or mended: encoding, decimal mark, order of day and month, order of rows,
        identical rows, gaps.
    """
    if decimal not in (None, ".", ","):
        raise ValueError(f"decimal must be '.' or ',', got {decimal!r}")
    columns = list(column) if isinstance(column, list | tuple) else [column]
    wanted = columns if time is None else [*columns, time]
    if not columns or not all(isinstance(name, str) for name in wanted):
        raise TypeError(f"column and time must be names of columns, got column={column!r}, time={time!r}")
    path, notes = Path(path), []

    text = _text(path, encoding, notes)
    delimiter = delimiter or _delimiter(text, wanted)
    header, rows, records = _table(path, text, delimiter, wanted)
    places = {name: _place(path, header, name) for name in wanted}

    y = np.empty((len(records), len(columns)))
    for k, name in enumerate(columns):
        cells = [record[places[name]] for record in records]
        others = [cell for record in records[:SAMPLE] for i, cell in enumerate(record) if i != places[name]]
        mark, note = (decimal, None) if decimal else decimal_mark(cells, others, delimiter)
        y[:, k] = read_numbers(cells, rows, name, mark)
        if note:
            notes.append(f"column {name!r}: {note}; if that is wrong, pass decimal=")

    t = np.arange(len(records))
    if time is not None:
        times, note = read_times([record[places[time]] for record in records], rows, time, day_first)
        notes += [note] if note else []
        t, y = _in_time(times, y, rows, time, notes)
    for note in notes:
        warnings.warn(f"{path.name}: {note}", UserWarning, stacklevel=2)
    return t, y[:, 0] if isinstance(column, str) else y


def _text(path, encoding, notes):
    """The file's text, by the encoding given or the first of the usual ones that fits."""
    if not path.exists():
        near = difflib.get_close_matches(path.name, [p.name for p in path.parent.glob("*")], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise FileNotFoundError(f"there is no file {path.name!r} in {path.parent.resolve()}{hint}")
    if path.is_dir():
        raise ValueError(f"{path.name} is a folder, not a file")
    data = path.read_bytes()
    if not data.strip():
        raise ValueError(f"{path.name} is empty")
    for beginning, kind in NO_TABLES.items():
        if data.lstrip()[: len(beginning)].lower() == beginning:
            raise ValueError(f"{path.name} is {kind}")
    if encoding is not None:
        return _decoded(path, data, encoding)
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return _decoded(path, data, name)
    if b"\x00" in data[:1000]:
        return _decoded(path, data, "utf-16-le" if data[1:2] == b"\x00" else "utf-16-be")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        fallback = "latin-1" if any(byte in data for byte in b"\x81\x8d\x8f\x90\x9d") else "cp1252"
        notes.append(f"the text is not UTF-8; it is read as {fallback} (pass encoding= if names look wrong)")
        return data.decode(fallback)


def _decoded(path, data, encoding):
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise ValueError(f"{path.name} cannot be read with encoding {encoding!r}: {error}") from None


def _delimiter(text, wanted):
    """The delimiter under which a line names the wanted columns and those below are as wide."""
    sample = "\n".join(text.splitlines()[:SAMPLE])
    best, fit = DELIMITERS[0], (0, 1)
    for delimiters in DELIMITERS, RARE_DELIMITERS:
        for delimiter in delimiters:
            if _fit(sample, delimiter, wanted) > fit:
                best, fit = delimiter, _fit(sample, delimiter, wanted)
        if fit > (0, 1):
            break
    return best


def _fit(sample, delimiter, wanted):
    """How well a delimiter explains a file: wanted names in the header row, cells in it."""
    records = [record for record in _records(sample, delimiter) if any(record)]
    records = records[_header_row(records, wanted) :]
    width = len(records[0])
    if sum(len(record) == width for record in records) <= len(records) / 2:
        return 0, 0
    return len(set(wanted) & set(records[0])), width


def _records(text, delimiter):
    """The cells of each row."""
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
        return [[cell.strip() for cell in record] for record in reader]
    except (csv.Error, TypeError, ValueError) as error:
        raise ValueError(f"the file is not a table with delimiter {delimiter!r}: {error}") from None


def _header_row(records, wanted):
    """The first row that names all wanted columns, even below a title; else the first."""
    return next((i for i, record in enumerate(records) if set(wanted) <= set(record)), 0)


def _table(path, text, delimiter, wanted):
    """Header, row numbers and rows, each row as long as the header."""
    numbered = [(row, record) for row, record in enumerate(_records(text, delimiter), start=1) if any(record)]
    numbered = numbered[_header_row([record for _, record in numbered], wanted) :]
    header, width = numbered[0][1], len(numbered[0][1])
    if len(numbered) == 1:
        raise ValueError(f"{path.name} has no rows below its header ({_listed(header)})")
    for row, record in numbered[1:]:
        if any(record[width:]):
            raise ValueError(
                f"{path.name}, row {row}: {len(record)} cells where the header has {width} (delimiter "
                f"{delimiter!r}); a cell that holds the delimiter itself, such as a decimal comma, must "
                "stand in double quotes"
            )
    rows = [row for row, _ in numbered[1:]]
    return header, rows, [(record + [""] * width)[:width] for _, record in numbered[1:]]


def _place(path, header, name):
    """Where a column stands in the header."""
    if header.count(name) == 1:
        return header.index(name)
    if name in header:
        raise ValueError(f"{path.name} has {header.count(name)} columns named {name!r}: rename all but one")
    close = difflib.get_close_matches(name.lower(), [cell.lower() for cell in header], n=1)
    hint = "".join(f"; did you mean {cell!r}?" for cell in header if close and cell.lower() == close[0])
    if len(header) == 1 and name in header[0]:
        hint = "; is the delimiter another one? Leave out delimiter= to have it found"
    elif all(NUMBER_OR_DATE.fullmatch(cell) for cell in header):
        hint = "; that is a row of values: write the columns' names into a row above it"
    raise ValueError(f"{path.name} has no column {name!r}; its header row has {_listed(header)}{hint}")


def _listed(names, most=12):
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more


def _in_time(times, y, rows, column, notes):
    """Sort by time, drop what is there twice, and put in NaN where a time step has no row."""
    late = np.flatnonzero(times[1:] < times[:-1]) + 1
    if late.size:
        first, before = times[late[0]], times[late[0] - 1]
        notes.append(
            f"rows are not in order of time (row {rows[late[0]]}: {show(first)} after {show(before)}); sorted"
        )
        order = np.argsort(times, kind="stable")
        times, y, rows = times[order], y[order], [rows[i] for i in order]

    twice = np.flatnonzero(times[1:] == times[:-1]) + 1
    for i in twice:
        if not np.array_equal(y[i], y[i - 1], equal_nan=True):
            raise ValueError(
                f"rows {rows[i - 1]} and {rows[i]} have the same time {show(times[i])} in column "
                f"{column!r} but different values, {_shown(y[i - 1])} and {_shown(y[i])}: keep one of "
                "them, or one series of several"
            )
    if twice.size:
        first = f"row {rows[twice[0]]}: {show(times[twice[0]])}"
        notes.append(f"{_count(twice.size, 'row')} with the time and values of another left out ({first})")
        times, y = np.delete(times, twice), np.delete(y, twice, axis=0)
        rows = np.delete(rows, twice).tolist()

    grid = regular(times, rows, column)
    gaps = grid[~np.isin(grid, times)]
    if gaps.size:
        notes.append(
            f"{_count(gaps.size, 'time step')} without a row put in as NaN (the first is {show(gaps[0])})"
        )
    filled = np.full((len(grid), y.shape[1]), np.nan)
    filled[np.searchsorted(grid, times)] = y
    return coarsest(grid), filled


def _count(number, name):
    return f"{number} {name}{'' if number == 1 else 's'}"


def _shown(values):
    return ", ".join(f"{value:g}" for value in values)
