"""A series out of a learner's own CSV file."""

import contextlib
import csv
import difflib
import functools
import itertools
import re
import warnings
from pathlib import Path

import numpy as np

from lessons.series.cells import Cells, cut, decimal_mark, read_numbers
from lessons.series.spacing import LONGER, coarsest, count, in_order_with_days_as_months, regular, show
from lessons.series.times import MONTH_NAMES, plain, read_times

DELIMITERS = ",;\t|"
RARE_DELIMITERS = " :~^#/"
NO_TABLES = {
    (b"pk\x03\x04", b"\xd0\xcf\x11\xe0"): "a spreadsheet or an archive, not text: save it as CSV first",
    (b"\x1f\x8b",): "compressed: unpack it first",
    (b"%pdf",): "a PDF document, not a table: find the numbers as CSV",
    (b"<html", b"<!doc", b"<table", b"<?xml"): "a web page, not a table: was it saved in place of the file?",
    (b"{", b"[{"): "JSON, not a table: save it as CSV first",
}
NUMBER_OR_DATE = re.compile(r"[-+\d.,:/T ]*\d[-+\d.,:/TZ ]*")
PARTS = {  # of a time: how it is written after those above it, and what its column is called
    "year": ("{}", "y|yy|yyyy|yr|year|jahr|ann[ée]e|an|año|anno|ano"),
    "quarter": ("Q{}", "q|qtr|quarter|quartal|tri|trim|trimestre"),
    "month": ("-{:02}", "m|mm|mo|mon|month|monat|mois|mes|mês|mese"),
    "week": ("-W{:02}", "w|wk|week|woche|kw|semaine|semana|settimana"),
    "doy": ("d{:03}", "doy|dayofyear|yday|jday|julian|julianday"),
    "day": ("-{:02}", "d|dd|dy|day|tag|jour|d[ií]a|giorno"),
    "hour": (" {:02}", "h|hh|hr|hour|heure|hora|ora|stunde|std"),
    "minute": (":{:02}", "mi|min|minute"),
    "second": (":{:02}", "s|ss|sec|second"),
}
MONTH = "|".join(MONTH_NAMES)
WIDE = [  # what the columns of a table are called that has one for each part of a longer time, and how many
    ("year", range(2, 500), r"(1[5-9]|20)\d\d( \[yr\d{4}\])?"),
    ("day", [31], r"d?(ay ?)?(0?[1-9]|[12]\d|3[01])"),
    ("hour", [24, 48, 96], r"(h|hour ?)?([01]?\d|2[0-4])(:?[0-5]\d)?"),
    ("month", [12], "m?(0?[1-9]|1[0-2])"),
    ("month", range(3, 13), rf"({MONTH})\.?"),
    ("quarter", [4], r"q(tr|uarter)? ?[1-4]|i{1,3}|iv"),
    ("date", range(3, 10_000), r"(1[5-9]|20)\d\d([-/. ]?[mqs]\d\d?|([-/. ]\d\d?){1,2}|[01]\d([0-3]\d)?)"),
    ("date", range(3, 10_000), rf"\d\d?[/.]\d\d?[/.](\d\d){{1,2}}|({MONTH})[-/. ]?(\d\d){{1,2}}"),
]
SAMPLE = 200  # rows looked at to find the header, the delimiter and the decimal mark
BLOCK = 1 << 19  # characters of a file looked at in one go
EMPTY = '" \t\n\xa0'


def from_csv(path, column, time=None, *, delimiter=None, decimal=None, encoding=None, time_format=None):
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
    time : str or list of str, optional
        Name of the column with the times: dates, or numbers such as years; or names of several that make
        one together, such as ``["year", "quarter"]``, ``["year", "doy"]`` (day of the year) or ``["date",
        "hour"]``. Without it the rows are taken as they come.
    delimiter : str, optional
        What separates the cells. Found unless given.
    decimal : {".", ","}, optional
        The decimal mark; the other one may set thousands apart. Found unless given.
    encoding : str, optional
        The file's text encoding. UTF-8 and UTF-16 are recognised; Windows-1252 is fallen back on, with a
        warning.
    time_format : str, optional
        How the times are written, as `pandas.to_datetime` takes it: ``"%d.%m.%Y %H:%M"``. Found unless given.

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
    if delimiter and len(delimiter) > 1:
        raise ValueError(f"delimiter must be one character, got delimiter {delimiter!r}")
    columns = list(column) if isinstance(column, list | tuple) else [column]
    times_of = [] if time is None else list(time) if isinstance(time, list | tuple) else [time]
    wanted, label = [*columns, *times_of], " ".join(map(str, times_of))
    if not columns or not all(isinstance(name, str) for name in wanted):
        raise TypeError(f"column and time must be names of columns, got column={column!r}, time={time!r}")

    path, notes = Path(path), []
    encoding = _encoding(path, encoding, notes)
    try:
        with path.open(encoding=encoding) as file:
            first = list(itertools.islice(file, SAMPLE))
            usual = DELIMITERS + RARE_DELIMITERS
            delimiter = delimiter or max(usual, key=lambda mark: _fit(first, mark, wanted))
            rows, cells, sample = _table(path, first, file, wanted, delimiter, time is not None)
    except (UnicodeError, LookupError) as error:
        raise ValueError(f"{path.name} cannot be read with encoding {encoding!r}: {error}") from None
    y = np.empty((len(rows), len(columns)))
    for k, name in enumerate(columns):
        pairs = [(of, cell) for record in sample for of, cell in zip(sample[0], record, strict=False)]
        others = [cell for of, cell in pairs if of not in (name, *times_of)]
        mark, said = (decimal, []) if decimal else decimal_mark(cells[name], others, delimiter)
        y[:, k] = read_numbers(cells[name], rows, name, mark)
        notes += [f"column {name!r}: {note}; if that is wrong, pass decimal=" for note in said]

    t = np.arange(len(rows))
    if time is not None:
        joined = [_joined([cells[name] for name in times_of], times_of, rows)]
        del cells  # a large file's memory is needed for its times
        times, said = read_times(joined.pop(), rows, label, time_format, _part(label))
        notes += said
        lines = functools.cache(lambda: path.read_text(encoding=encoding).split("\n"))

        def record(row):
            [cells] = csv.reader([lines()[row - 1]], delimiter=delimiter, skipinitialspace=True)
            pairs = zip(sample[0], cells, strict=False)
            return {name: cell.strip() for name, cell in pairs if name not in ("", *times_of)}

        t, y = _in_time(times, y, rows, label, notes, record)
    for note in notes:
        warnings.warn(f"{path.name}: {note}", UserWarning, stacklevel=2)
    return t, y[:, 0] if isinstance(column, str) else y


def _encoding(path, given, notes):
    """The encoding given, or the first of the usual ones that fits the file; what is no table is refused."""
    if not path.exists():
        near = difflib.get_close_matches(path.name, [p.name for p in path.parent.glob("*")], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise FileNotFoundError(f"there is no file {path.name!r} in {path.parent.resolve()}{hint}")
    if path.is_dir():
        raise ValueError(f"{path.name} is a folder, not a file")
    data = path.read_bytes()
    if not data.strip():
        raise ValueError(f"{path.name} is empty")
    for beginnings, kind in NO_TABLES.items():
        if data[:1000].lstrip().lower().startswith(beginnings):
            raise ValueError(f"{path.name} is {kind}")
    if given or (data.startswith((b"\xff\xfe", b"\xfe\xff")) and b"\0\0\0" not in data):
        return given or "utf-16"
    if b"\x00" in data:
        for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):
            if data[first:1000:2].count(0) > 0.8 * len(data[first:1000:2]) and b"\0\0\0" not in data:
                return name
        row = data[: data.index(b"\x00")].count(b"\n") + 1
        raise ValueError(f"{path.name}, row {row}: a NUL byte, which no text has: is it one, and undamaged?")
    try:
        data.decode("utf-8")
        return "utf-8-sig"
    except UnicodeDecodeError:
        fallback = "latin-1" if any(byte in data for byte in b"\x81\x8d\x8f\x90\x9d") else "cp1252"
        notes.append(f"the text is not UTF-8; it is read as {fallback} (pass encoding= if names look wrong)")
        return fallback


def _joined(columns, names, rows):
    """One cell a row from those of several columns: numbers by their columns' names, all else as it is."""
    if len(columns) == 1:
        return columns[0]
    found, label = [], " ".join(names)  # found: (part, whether its cells are numbers, cells)
    parts = [_part(name) for name in names]
    for name, part, cells in zip(names, parts, columns, strict=True):
        if not cells.match(".+"):
            row = rows[[bool(cell) for cell in cells].index(False)]
            raise ValueError(f"row {row}, column {name!r}: the cell is empty: fill it in every row")
        number = cells.match(r"[a-z]?\d{1,3}(\.0)?")
        if cells.match(r"(1[5-9]|20)\d\d(\.0)?"):
            part, number = "year", True
        elif part is None and number and cells[0].isdigit():
            raise ValueError(
                f"row {rows[0]}, column {name!r}: {cells[0]!r} could be any part of a time: call the column "
                f"{', '.join(PARTS)} (doy: day of the year), or write times such as 2024-01-31 23:30 into one"
            )
        elif not number and part == "hour" and cells.match(r"\d\d?(\.\d+)?"):  # 0, 0.5, 1, ...
            hours = [divmod(round(60 * float(cell)), 60) for cell in cells]
            number, cells = False, Cells(f"{hour:02}:{minute:02}" for hour, minute in hours)
        elif not number and ":" in cells[0]:
            part = "second"
        if part == "month" in parts[: len(found)]:  # MM and mm
            part = "minute"
        if part == "day" and "year" in parts and not {"month", "week"} & {*parts}:
            part = "doy"
        found.append((part, number and part is not None, cells))
    found.sort(key=lambda column: [None, *PARTS].index(column[0]))
    if found[0][0] not in (None, "year") and found[0][1]:
        raise ValueError(f"row {rows[0]}, columns {label!r}: none of them holds the year; add one that does")
    clock = ":00" if found[-1][:2] == ("hour", True) else ""
    written = [_written(number and PARTS[part][0], cells) for part, number, cells in found]
    return Cells("".join(row).strip() + clock for row in zip(*written, strict=True))


def _written(form, cells):
    """The cells of a part of a time, as they follow the parts before it: numbers in a form, or text."""
    return (form.format(int(re.sub(r"\.0$|\D", "", cell))) if form else f" {cell}" for cell in cells)


def _part(name):
    """The part of a time that the name of a column tells, or None."""
    words = re.findall(r"[^\W\d_]+", name.lower())
    for tried in ["".join(words)], words:
        told = {part for part, (_, called) in PARTS.items() for word in tried if re.fullmatch(called, word)}
        if len(told) == 1:
            return told.pop()
    return None


def _fit(lines, delimiter, wanted):
    """How well a delimiter explains a file: wanted names in the header row, whether it is usual, cells."""
    one_by_one = (
        csv.reader([line], delimiter=delimiter, skipinitialspace=True) for line in lines if line.strip()
    )
    records = [[cell.strip() for cell in next(line)] for line in one_by_one]  # quotes left open harm no other
    records = records[_header_row(records, wanted) :]
    width = len(records[0]) if records else 0
    if width < 2 or sum(len(record) == width for record in records) <= len(records) / 2:
        return 0, False, 0
    return len(set(wanted) & set(records[0])), delimiter in DELIMITERS, width


def _cells_of(lines, delimiter, row):
    """Split lines, the first of which is this row of the file, into lists of cells."""
    how = {"delimiter": delimiter, "skipinitialspace": True, "strict": True}
    with contextlib.suppress(csv.Error):
        records = list(csv.reader(lines, **how))
        if len(records) == len(lines):
            return records
    for k, line in enumerate(lines):
        try:
            next(csv.reader([line], **how))
        except csv.Error:
            unclosed = "a cell in quotes does not end in its row: is a closing quote missing?"
            raise ValueError(f"row {row + k}: {unclosed}") from None


def _header_row(records, wanted):
    """The first row that names all wanted columns, even below a title; else the first."""
    return next((i for i, record in enumerate(records) if set(wanted) <= set(record)), 0)


def _table(path, first, file, wanted, delimiter, in_time):
    """Return the rows' numbers, {column: its cells} for the wanted ones, and the header with some rows."""
    top = [[cell.strip() for cell in record] for record in _cells_of(first, delimiter, 1)]
    filled = [k for k, line in enumerate(first) if line.strip(delimiter + EMPTY)]
    if not filled:
        raise ValueError(f"{path.name} is empty")
    filled = filled[_header_row([top[k] for k in filled], wanted) :]
    header, rows, cells = top[filled[0]], [], {name: Cells() for name in wanted}
    places = [_place(path, header, name) for name in wanted]
    how = f"sep={delimiter!r}, skiprows={filled[0]}, encoding={file.encoding!r}, dtype=str"
    _refuse_wide(path, [top[k] for k in filled], wanted, how)
    texts = itertools.chain(
        ["".join(first[filled[0] + 1 :])], iter(lambda: file.read(BLOCK) + file.readline(), "")
    )
    for numbers, columns in _columns(path, texts, filled[0] + 2, delimiter, len(header), places, in_time):
        rows.append(numbers)
        for name, column in zip(wanted, columns, strict=True):
            cells[name].append(column)
    if not rows:
        raise ValueError(f"{path.name} has no rows below its header ({_listed(header)})")
    return np.concatenate(rows), cells, [top[k] for k in filled]


def _columns(path, texts, row, delimiter, width, places, in_time):
    """Yield rows' numbers and their cells in the columns at some places, from texts that begin with a row.

    Blank rows are left out; without times only those below the last.
    """
    needed, last = 0 if in_time else max(places) + 1, None
    blank, uneven = 0, {}  # blank: rows since the last one that is kept
    for text in filter(None, texts):
        text = text.removesuffix("\n")
        numbers = row + np.arange(text.count("\n") + 1)
        row += len(numbers)
        columns = None if blank else _cut(text, delimiter, width, places)
        if not columns:
            lines = text.split("\n")
            records = _cells_of(lines, delimiter, numbers[0])
            filled = kept = {k: records[k] for k, line in enumerate(lines) if line.strip(delimiter + EMPTY)}
            if not in_time:
                kept = range(-blank, max(filled) + 1) if filled else ()
                blank = len(lines) - 1 - max(filled) if filled else blank + len(lines)
            if not kept:
                continue
            numbers, records = numbers[0] + [*kept], [filled.get(k, []) for k in kept]
            for k, record in enumerate(records) if set(map(len, records)) - {width} else ():
                if len(record) != width:
                    _refuse_uneven(f"{path.name}, row {numbers[k]}", record, width, delimiter, needed)
                    if record:
                        uneven[numbers[k]] = [*record]
                    record += [""] * (width - len(record))
            columns = [[record[place].strip() for record in records] for place in places]
        yield numbers, columns
        last = numbers[-1]
    if [*uneven] == [last]:  # where others are short, a program left out empty cells
        _refuse_uneven(f"{path.name}, row {last}", uneven[last], width, delimiter, width)


def _cut(text, delimiter, width, places):
    """Cells as `_columns` yields them, or None where rows must be looked at one by one: one may be blank."""
    cells = cut(text, delimiter, width) if delimiter in DELIMITERS else None
    columns = [[*map(str.strip, cells[place::width])] for place in places] if cells else []
    return None if all("" in column for column in columns) else columns


def _refuse_uneven(where, record, width, delimiter, needed):
    """Refuse a row with more or fewer cells than the header, unless empty ones are all the difference."""
    others = set(DELIMITERS) - {delimiter}
    least = max(needed, width if any(others & set(cell) for cell in record) else 0)
    if any(map(str.strip, record[width:])) or 0 < len(record) < least:
        raise ValueError(
            f"{where}: {len(record)} cells where the header has {width}: is it cut off or no part of the "
            f"table, is the delimiter another one than {delimiter!r}, or does a cell that holds it, such as "
            "a decimal comma, stand there without double quotes?"
        )


def _refuse_wide(path, records, wanted, how):
    """Refuse a table with a column an hour, a month or a date: one of them is no series."""
    header, row = records[0], records[:2][-1]
    for kind, most, pattern in WIDE:
        places = [k for k, name in enumerate(header) if re.fullmatch(pattern, plain(name))]
        names = [header[k] for k in places]
        if len(places) not in most or not {*names} & {*wanted}:
            continue
        keys, one = [name for name in wanted if name not in names] or header[:1], ""
        if kind == "date" or (kind == "year" and not _part(keys[0])):  # each row is a series
            is_row = f"row[{keys[0]!r}] == {dict(zip(header, row, strict=False)).get(keys[0], '')!r}"
            keys, one = keys[:1], f".loc[lambda row: {is_row}]"
        upper = [name for name in header[: places[0]] if _part(name) in ("year", "month") and not one]
        keys = sorted({*keys, *upper}, key=header.index)
        use = ", ".join(str(header.index(name)) for name in keys)
        use += f", *range({places[0]}, {places[-1] + 1}, {places[1] - places[0]})"
        raise ValueError(
            f"{path.name} has a column for each {kind}: {wanted[0]!r} alone is no series. Put them in a row: "
            f"pandas.read_csv({path.name!r}, {how}, usecols=[{use}]).melt({keys!r}, "
            f"var_name={kind!r}){one}.sort_values({keys!r}, kind='stable').dropna().to_csv('long.csv', "
            f"index=False), then from_csv('long.csv', 'value', {[kind] if one else [*keys, kind]!r})"
        )


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


def _in_time(times, y, rows, column, notes, record):
    """Sort by time, drop what is there twice, and put in NaN where a time step has no row.

    What a row holds beside its time, `record(row)` tells.
    """
    late = np.flatnonzero(times[1:] < times[:-1]) + 1
    if late.size:
        row, first, before = rows[late[0]], show(times[late[0]]), show(times[late[0] - 1])
        disorder = f"rows are not in order of time (row {row}: {first} after {before})"
        if times.dtype.kind == "M" and in_order_with_days_as_months(times):
            cure = "as if a program had exchanged day and month up to the 12th: have the dates written anew"
            raise ValueError(f"{disorder}, {cure}")
        if times.dtype.kind != "M" and late.size == 1 and times[-1] < times[0]:
            raise ValueError(f"{disorder}: do the numbers start again? Write the year or the day before them")
        notes.append(f"{disorder}; sorted")
        order = np.argsort(times, kind="stable")
        times, y, rows = times[order], y[order], rows[order]

    twice = np.append(False, times[1:] == times[:-1])
    for i in np.flatnonzero(twice):
        same = f"rows {rows[i - 1]} and {rows[i]} have the same time {show(times[i])} in column {column!r}"
        one, other = record(rows[i - 1]), record(rows[i])
        odd = next((name for name in one if one[name] != other.get(name, "")), None)
        if _clock_went_back(times, rows, i, odd):
            begin = f"{show(times[0])!r}, periods={len(times)}, freq='{60 // (rows[i] - rows[i - 1])}min'"
            raise ValueError(
                f"{same}, and so a whole hour: it seems that the clock went back. If no row is missing, "
                "leave out time= to take the rows as they come: nothing is lost, and their times are "
                f"pandas.date_range({begin}, tz='Europe/Paris'), or in your zone"
            )
        if odd:
            raise ValueError(
                f"{same} but differ in {odd!r}, {one[odd]!r} and {other.get(odd, '')!r}: keep one of them, "
                "or one series of several, or give time= the column with the year or the hour as well"
            )
    if twice.any():
        first = f"row {rows[twice][0]}: {show(times[twice][0])}"
        notes.append(f"{count(twice.sum(), 'row')} with the time and values of another left out ({first})")
        times, y, rows = times[~twice], y[~twice], rows[~twice]

    grid = regular(times, rows, column)
    places = np.searchsorted(grid, times)
    gaps = np.delete(grid, places)
    if late.size not in (0, len(times) - 1) and len(grid) > LONGER * len(times):
        raise ValueError(f"{disorder}, and {gaps.size} of {len(grid)} steps lack a row: is a time mistyped?")
    if gaps.size:
        steps = count(gaps.size, "time step")
        notes.append(f"{steps} without a row put in as NaN (the first is {show(gaps[0])})")
    filled = np.full((len(grid), y.shape[1]), np.nan)
    filled[places] = y
    return coarsest(grid), filled


def _clock_went_back(times, rows, i, odd):
    """Whether at a time that is there twice begins the hour which the end of summer time repeats."""
    if times.dtype.kind != "M" or (odd is None and times[i].astype("M8[s]").item().weekday() != 6):
        return False
    k = rows[i] - rows[i - 1]  # rows in an hour
    once, again, after = times[i - 1 :: 2][:k], times[i::2][:k], times[i - 1 + 2 * k :][:2]
    whole = after.size and after[0] - times[i] == np.timedelta64(1, "h") and np.diff(after).all()
    night = (times[i] - times[i].astype("M8[D]")) / np.timedelta64(1, "h")
    return whole and np.array_equal(once, again) and not 4 <= night < 23
