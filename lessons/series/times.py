"""Times out of the cells of a text file, and the regular spacing behind them."""

import re
from collections import Counter

import numpy as np

from lessons.series.cells import is_missing

NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
COMPACT = re.compile(r"(1[5-9]|2[0-4])\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])?")  # 20240131, 202401
DAY_MONTH_YEAR = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?:[ T,]+(.*))?")
QUARTER = re.compile(r"(\d{4})[ -]?Q([1-4])", re.IGNORECASE)
FORMATS = [
    "ISO8601",
    "%Y%m%d",
    "%Y%m",
    "%Y-%m",
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y/%m",
    "%Y.%m.%d",
    "%m/%Y",
    "%m-%Y",
    "%m.%Y",
    "%YM%m",
    "%Ym%m",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %I:%M %p",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%b %Y",
    "%B %Y",
    "%b-%Y",
    "%b-%y",
    "%Y %b",
    "%Y-%b",
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%b %d, %Y",
    "%B %d, %Y",
]
STRETCH = 10  # a series that becomes ten times longer when its gaps are filled holds a mistyped time


def read_times(cells, rows, column, day_first=None):
    """Read the cells of one column as times.

    Parameters
    ----------
    cells : list of str
        The column's cells: dates in any usual notation, or numbers such as years and step counts.
    rows : list of int
        Their rows in the file, for errors.
    column : str
        The column's name, for errors.
    day_first : bool, optional
        Whether 01/02/2024 is the first of February; found from the whole column unless given.

    Returns
    -------
    times : ndarray of shape (n,), datetime64[us], float64 or int64
        Times; those with a time zone in UTC.
    note : str or None
        What was assumed and from what, where the evidence leaves a doubt.

    Raises
    ------
    ValueError
        A cell is not a time, or day and month cannot be told apart. The row and column are named.
    """
    cells = [cell.strip() for cell in cells]
    for row, cell in zip(rows, cells, strict=True):
        if is_missing(cell):
            raise ValueError(f"row {row}, column {column!r}: the time is missing")
    if all(NUMBER.fullmatch(cell) for cell in cells) and not all(COMPACT.fullmatch(cell) for cell in cells):
        return np.array(cells, dtype=float if any("." in cell for cell in cells) else np.int64), None

    parts = [DAY_MONTH_YEAR.fullmatch(cell) for cell in cells]
    if sum(map(bool, parts)) <= len(cells) / 2:
        return _dates(cells, cells, rows, column), None
    if None in parts:
        odd = parts.index(None)
        raise ValueError(
            f"row {rows[odd]}, column {column!r}: {cells[odd]!r} is not a date like {cells[odd - 1]!r}"
        )
    readings = {order: _iso(parts, order) for order in (True, False)}
    day_first, note = _day_first(cells, readings, rows, column, day_first)
    return _dates(readings[day_first], cells, rows, column), note


def regular(times, rows, column):
    """Find the regular spacing that a series' times lie on, and fill its gaps.

    Regular are: a fixed step; months, quarters and years, on one day of the month or on its first or last
    weekday or last day; and Monday to Friday.

    Parameters
    ----------
    times : ndarray of shape (n,)
        Times, increasing, each once.
    rows : list of int
        Their rows in the file, for errors.
    column : str
        The column's name, for errors.

    Returns
    -------
    ndarray of shape (m,), m >= n
        All times of the regular series from the first to the last.

    Raises
    ------
    ValueError
        The times are not regular, or so far apart that one of them must be mistyped.
    """
    if len(times) < 2:
        return times
    steps = np.diff(times)
    step = steps[0] if len(steps) < 3 else steps[steps == _most_common(steps)][0]
    widest = int(np.argmax(steps))
    if (times[-1] - times[0]) / step <= STRETCH * max(len(times), 10):
        for grid in _grids(times, step):
            if np.isin(times, grid).all():
                return grid
        trouble, odd = "the times are not regular:", _first_odd(steps / step)
    else:
        trouble, odd = "is this time mistyped?", widest
    raise ValueError(
        f"row {rows[odd + 1]}, column {column!r}: {trouble} {show(times[odd + 1])} comes "
        f"{_span(steps[odd])} after {show(times[odd])} (row {rows[odd]}), where {_span(step)} is usual; "
        "bring the series to a regular spacing first, or leave out time= to take the rows as they come"
    )


def coarsest(times):
    """The same times in the coarsest of months, days, seconds and microseconds that holds them all.

    Parameters
    ----------
    times : ndarray of shape (n,)
        Times; numbers are returned as they are.

    Returns
    -------
    ndarray of shape (n,)
        The same times.
    """
    if times.dtype.kind == "M":
        for unit in "M", "D", "s":
            coarse = times.astype(f"datetime64[{unit}]")
            if (coarse == times).all():
                return coarse
    return times


def show(time):
    """A time as a person writes it: 2024-01-31, with the hour only where there is one."""
    if not isinstance(time, np.datetime64):
        return f"{time:g}"
    return str(time.astype("datetime64[s]")).removesuffix("T00:00:00").replace("T", " ")


def _iso(parts, day_first):
    """Rewrite 31/01/2024 as 2024-01-31."""
    written = []
    for part in parts:
        day, month = (part[1], part[3]) if day_first else (part[3], part[1])
        year = part[4] if len(part[4]) == 4 else ("20" if int(part[4]) < 69 else "19") + part[4]
        written.append(f"{year}-{int(month):02}-{int(day):02} {part[5] or ''}".strip())
    return written


def _day_first(cells, readings, rows, column, day_first):
    """Tell day from month by the whole column: by a number above 12, by dots, or by which one is regular."""
    if day_first is not None:
        return day_first, None
    only_day_first = [i for i, cell in enumerate(cells) if int(re.split(r"\D", cell)[0]) > 12]
    only_month_first = [i for i, cell in enumerate(cells) if int(re.split(r"\D", cell)[1]) > 12]
    if only_day_first and only_month_first:
        i, j = only_day_first[0], only_month_first[0]
        raise ValueError(
            f"column {column!r}: {cells[i]!r} in row {rows[i]} puts the day first, {cells[j]!r} in row "
            f"{rows[j]} the month: write all dates the same way, best as 2024-01-31"
        )
    if only_day_first or only_month_first or "." in cells[0]:
        return not only_month_first, None

    stretch = {order: _stretch(readings[order], rows, column) for order in readings}
    if stretch[True] == stretch[False] or min(stretch.values()) > 0.5 * max(stretch.values()):
        raise ValueError(
            f"row {rows[0]}, column {column!r}: {cells[0]!r} could be {readings[True][0]} or "
            f"{readings[False][0]}, and no row of the column settles it: pass day_first=True or "
            "day_first=False"
        )
    order = min(stretch, key=stretch.get)
    first = "day" if order else "month"
    return (
        order,
        f"the {first} is taken to come first in column {column!r}, since only so the times are regular",
    )


def _stretch(cells, rows, column):
    """How many times longer dates become when gaps are filled; infinite where irregular."""
    try:
        times = np.unique(_dates(cells, cells, rows, column))
        return len(regular(times, rows, column)) / len(times)
    except ValueError:
        return np.inf


def _dates(cells, as_written, rows, column):
    """Read dates by the format that fits them all; else name the first that the best one does not fit."""
    import pandas as pd

    quarters = [QUARTER.fullmatch(cell) for cell in cells]
    if all(quarters):
        cells = [f"{quarter[1]}-{3 * int(quarter[2]) - 2:02}" for quarter in quarters]
    fewest = None
    for form in FORMATS:
        dates = pd.to_datetime(pd.Series(cells), format=form, errors="coerce", utc=True)
        failed = dates.isna().to_numpy()
        if not failed.any():
            return dates.dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
        if fewest is None or failed.sum() < fewest.sum():
            fewest = failed
    odd = int(np.argmax(fewest))
    raise ValueError(
        f"row {rows[odd]}, column {column!r}: {as_written[odd]!r} is not a date; write 2024-01-31"
    )


def _grids(times, step):
    """Every regular series from the first time to the last that the times might be part of."""
    if times.dtype.kind == "M":
        yield from _calendars(times, step)
    positions = (times - times[0]) / step
    whole = np.round(positions).astype(int)
    if np.allclose(positions, whole, rtol=0, atol=1e-6) and (np.diff(whole) > 0).all():
        grid = times[0] + step * np.arange(whole[-1] + 1)
        grid[whole] = times  # 0.1 + 2 * 0.1 is not 0.3 to the last bit
        yield grid


def _calendars(times, step):
    import pandas as pd

    first, last = pd.Timestamp(times[0]), pd.Timestamp(times[-1])
    if step >= np.timedelta64(27, "D"):
        months = np.diff(times.astype("datetime64[M]")).astype(int)
        every = max(1, _most_common(months))
        count = int(np.ceil((last - first).days / (28 * every))) + 1
        same_day = [first + pd.DateOffset(months=every * i) for i in range(count)]
        yield np.array([day for day in same_day if day <= last], dtype="datetime64[us]")
        for rule in "ME", "BMS", "BME":
            yield pd.date_range(first, last, freq=f"{every}{rule}").to_numpy(dtype="datetime64[us]")
    elif step == np.timedelta64(1, "D"):
        weekdays = pd.date_range(first, last, freq="B").to_numpy(dtype="datetime64[us]")
        if len(times) > 5:
            yield weekdays


def _most_common(steps):
    return Counter(steps.tolist()).most_common(1)[0][0]


def _first_odd(multiples):
    whole = np.round(multiples)
    return int(np.argmax(~np.isclose(multiples, whole, rtol=0, atol=1e-6) | (whole < 1)))


def _span(step):
    """A stretch of time in words."""
    if not isinstance(step, np.timedelta64):
        return f"{step:g}"
    seconds = step / np.timedelta64(1, "s")
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            count = seconds / size
            return f"{count:g} {name}{'s' if count != 1 else ''}"
    return f"{seconds:g} seconds"
