"""Times out of the cells of a text file: pandas reads them, this module judges which reading is meant.

A reading of a column is accepted if it makes the times regular, in the order of the file or after one sort.
If two different ones do, nothing is guessed.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

import numpy as np

from lessons.series.cells import is_missing
from lessons.series.spacing import show, stretch

NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
ZONE = re.compile(r":\d\d(\.\d+)? ?(Z|[+-]\d\d(:?\d\d)?)$", re.MULTILINE)
TWO_DAYS = re.compile(r"(\d{1,2})\D(\d{1,2})\D.*")
QUARTER = re.compile(r"(?P<y>\d{4})\W?Q(?P<q>[1-4])|Q(?P<q2>[1-4])\W?(?P<y2>\d{4})", re.IGNORECASE)
WEEK = re.compile(r"(\d{4})\W?W(\d{1,2})(?:-?([1-7]))?", re.IGNORECASE)
SPLIT_YEAR = re.compile(r"(\d{4})[/–-](\d{4}|\d{2})")
LONGER = 1.2  # a reading that leaves so many times more gaps than another one is not meant
SAMPLE = 200  # cells on which a format is tried before it is tried on all

# Parts of dates as pandas writes formats; {} is the mark between them.
MARKS = "-/."
DATES = ["%Y{}%m{}%d", "%d{}%m{}%Y", "%m{}%d{}%Y", "%d{}%m{}%y", "%m{}%d{}%y", "%y{}%m{}%d"]
DATES = [date.replace("{}", mark) for date, mark in product(DATES, MARKS)]
NAMED = ["%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%d %b %y", "%b %d, %Y", "%B %d, %Y"]
CLOCKS = ["", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %H"]
MONTHS = (
    "%Y-%m|%Y/%m|%Y %m|%m/%Y|%m-%Y|%m.%Y|%m/%y|%m-%y|%YM%m|%Ym%m|%b %Y|%B %Y|%b-%Y|%Y %b|%Y-%b|%b-%y|%b %y"
)
MONTHS = [*MONTHS.split("|"), "%y-%b", "%B-%y", "%Y %B", "%B-%Y"]
FORMATS = ["ISO8601", *(day + clock for day in [*DATES, *NAMED, "%Y %m %d"] for clock in CLOCKS), *MONTHS]
DIGITS = {  # formats of columns of digits, by their number
    6: ["%Y%m", "%y%m%d"],
    7: ["%Y%j"],
    8: ["%Y%m%d"],
    10: ["%Y%m%d%H"],
    12: ["%Y%m%d%H%M"],
    14: ["%Y%m%d%H%M%S"],
}
EXCEL = 20_000, 80_000  # 1954 to 2119 as Excel counts days


@dataclass
class Reading:
    """One way to read a column: its name, times in the order of the file, and what is to be said of it."""

    name: str
    times: np.ndarray
    said: str = ""

    @property
    def in_order(self):
        return bool((self.times[1:] >= self.times[:-1]).all())

    @property
    def future(self):
        return self.times.dtype.kind == "M" and self.times.max() > np.datetime64(today() + timedelta(days=1))


def today():
    """Return the present time, without a zone."""
    return datetime.now()


def read_times(cells, rows, column, day_first=None):
    """Read the cells of one column as times.

    Parameters
    ----------
    cells : list of str
        The column's cells: dates in any usual notation, or numbers such as years and step counts.
    rows : sequence of int
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
        A cell is not a time, some have a time zone and others none, or two readings fit equally well. The
        row and column are named.
    """
    for row, cell in zip(rows, cells, strict=True):
        if len(cell) < 8 and is_missing(cell):
            raise ValueError(f"row {row}, column {column!r}: the time is missing")
    _refuse_mixed_zones(cells, rows, column)
    numbers = all(map(NUMBER.fullmatch, cells))
    found = list(_numbers(cells)) if numbers else _dates(cells, rows, column, day_first)
    return _judged(found, cells, rows, column)


def _judged(found, cells, rows, column):
    """Choose the reading that makes the times regular -> (times, note)."""
    for reading in found:
        reading.stretch = stretch(reading.times)
    shortest = min(reading.stretch for reading in found)
    if not np.isfinite(shortest):
        return found[0].times, None  # irregular: whoever fills the gaps says where
    fits = [reading for reading in found if np.isfinite(reading.stretch)]
    for better in (
        lambda reading: reading.name != "numbers",
        lambda reading: not reading.future,
        lambda reading: reading.in_order,
        lambda reading: reading.stretch <= LONGER * shortest,
    ):
        fits = [reading for reading in fits if better(reading)] or fits
    first, *others = fits
    for other in others:
        if not np.array_equal(first.times, other.times):
            k = int(np.argmax(first.times != other.times))
            raise ValueError(
                f"row {rows[k]}, column {column!r}: {cells[k]!r} could be {show(first.times[k])} or "
                f"{show(other.times[k])} ({first.name} or {other.name}), and no row settles it: "
                "pass day_first=True or day_first=False, or write the dates as 2024-01-31"
            )
    said = [first.said] if first.said else []
    if any(other.name in FORMATS and not np.array_equal(first.times, other.times) for other in found):
        part = {"%d": "the day", "%m": "the month"}.get(first.name[:2], "the year")
        said.append(
            f"{part} is taken to come first in column {column!r}, since only so the times are regular"
        )
    if first.future:
        said.append(f"column {column!r} ends in the future, at {show(first.times.max())}")
    return first.times, "; ".join(said) or None


def _refuse_mixed_zones(cells, rows, column):
    if not ZONE.search("\n".join(cells)):
        return
    with_zone = [bool(ZONE.search(cell)) for cell in cells]
    if not all(with_zone):
        odd = with_zone.index(not with_zone[0])
        has = ("has no time zone", "one") if with_zone[0] else ("has a time zone", "none")
        raise ValueError(
            f"row {rows[odd]}, column {column!r}: {cells[odd]!r} {has[0]} and {cells[odd - 1]!r} has "
            f"{has[1]}: give all of them theirs, or none"
        )


def _numbers(cells):
    """Yield the readings of a column of numbers: as dates written in digits, and as a scale."""
    digits = {len(cell) for cell in cells} if all(map(str.isdigit, cells)) else set()
    width = digits.pop() if len(digits) == 1 else 0
    for form in DIGITS.get(width, ()):
        yield from _past(form, _parsed(cells, form))
    if width == 5 and all(cell[4] in "1234" for cell in cells):
        yield from _past(
            "YYYYQ", _parsed([f"{cell[:4]}-{3 * int(cell[4]) - 2:02}" for cell in cells], "%Y-%m")
        )
    if width == 6:
        yield from _past("YYYYWW", _weeks([(cell[:4], cell[4:], None) for cell in cells]))
    if all(re.fullmatch(r"\d{4}\.\d{1,2}", cell) for cell in cells):
        padded = [cell.ljust(7, "0") for cell in cells]  # a spreadsheet makes 2001.1 of 2001.10
        yield from _past("YYYY.MM", _parsed(padded, "%Y.%m"))
    numbers = np.array(cells, dtype=np.float64 if any("." in cell for cell in cells) else np.int64)
    low, high = numbers.min(), numbers.max()
    if width in (9, 10):
        yield from _since_1970(numbers, "s", "seconds")
    if width in (12, 13):
        yield from _since_1970(numbers, "ms", "milliseconds")
    if EXCEL[0] <= low and high <= EXCEL[1]:
        days = np.datetime64("1899-12-30", "us") + np.round(numbers * 86_400).astype("timedelta64[s]")
        yield from _past("Excel's days", days, f"read as Excel's day numbers ({cells[0]} is {show(days[0])})")
    yield Reading("numbers", numbers)


def _since_1970(numbers, unit, name):
    times = numbers.astype(f"datetime64[{unit}]").astype("datetime64[us]")
    return _past(f"{name} since 1970", times, f"read as {name} since 1970, in UTC")


def _past(name, times, said=""):
    """Yield a reading of digits that are dates of the years 1500 to today, where all of them are."""
    if (times >= np.datetime64("1500")).all():  # not so for NaT
        reading = Reading(name, times, said)
        if not reading.future:
            yield reading


def _dates(cells, rows, column, day_first):
    """Return the readings of a column of dates; where none fits all cells, name the first odd one."""
    for read in (_split_years, _quarters, _weeks_of_years):
        if (reading := read(cells)) is not None:
            return [reading]
    spread = np.unique(np.linspace(0, len(cells) - 1, min(len(cells), SAMPLE)).astype(int))
    sample, found, fewest = [cells[k] for k in spread], [], None
    for form in FORMATS:
        if _excluded(form, day_first) or np.isnat(_parsed(sample, form)).mean() > 0.5:
            continue
        times = _parsed(cells, form)
        failed = np.isnat(times)
        if not failed.any():
            found.append(Reading(form, _with_century(times) if "%y" in form else times))
        elif fewest is None or failed.sum() < fewest.sum():
            fewest = failed
    if not found:
        _refuse_odd(cells, rows, column, np.ones(len(cells), dtype=bool) if fewest is None else fewest)
    return found


def _refuse_odd(cells, rows, column, failed):
    """Name the first cell that is no date, or two that put day and month in different orders."""
    odd, others = int(np.argmax(failed)), np.flatnonzero(~failed)
    if others.size:
        i, j = sorted((odd, int(others[0])))
        days = [TWO_DAYS.match(cells[k]) for k in (i, j)]
        if all(days) and {_place_above_12(day) for day in days} == {1, 2}:
            raise ValueError(
                f"column {column!r}: {cells[i]!r} in row {rows[i]} and {cells[j]!r} in row {rows[j]} put day "
                "and month in different orders: write all dates the same way, best as 2024-01-31"
            )
    like = f" like {cells[others[0]]!r}" if others.size else "; write 2024-01-31"
    raise ValueError(f"row {rows[odd]}, column {column!r}: {cells[odd]!r} is not a date{like}")


def _place_above_12(day):
    """Which of the two numbers of a date cannot be a month: 1, 2 or 0."""
    return 1 if int(day[1]) > 12 else 2 if int(day[2]) > 12 else 0


def _excluded(form, day_first):
    """Whether a format is not to be tried: dots put the day before the month, and a choice may be made."""
    if form.startswith("%m."):
        return True
    return day_first is not None and form.startswith(
        ("%m", "%y") if day_first else ("%d/", "%d-", "%d.", "%y")
    )


def _parsed(cells, form):
    """Read cells by one format -> datetime64[us] in UTC, NaT where it does not fit."""
    import pandas as pd

    dates = pd.to_datetime(pd.Series(cells), format=form, errors="coerce", utc=True)
    return dates.dt.tz_localize(None).to_numpy(dtype="datetime64[us]")


def _with_century(times):
    """Give two-digit years the latest century in which the column does not reach beyond today.

    A column may run from 99 on to 00: where the year falls by more than half a century, one has passed.
    """
    months = times.astype("datetime64[M]")
    year = months.astype(int) // 12 + 1970
    short = year % 100
    jumps = np.diff(short)
    passed = np.cumsum(np.concatenate([[0], (jumps < -50).astype(int) - (jumps > 50)]))
    for century in (20, 19, 18):
        shifted = months + 12 * (100 * (century + passed - passed.max()) + short - year)
        moved = shifted.astype("datetime64[us]") + (times - months.astype("datetime64[us]"))
        if moved.max() <= np.datetime64(today() + timedelta(days=1)):
            break
    return moved


def _split_years(cells):
    """Years such as 2001/02."""
    years = [SPLIT_YEAR.fullmatch(cell) for cell in cells]
    if not all(years) or any((int(year[1]) + 1) % 100 != int(year[2]) % 100 for year in years):
        return None
    said = f"{cells[0]!r} is read as the year that begins in {years[0][1]}"
    return Reading("split years", np.array([int(year[1]) for year in years]), said)


def _quarters(cells):
    quarters = [QUARTER.fullmatch(cell) for cell in cells]
    if not all(quarters):
        return None
    parts = [(quarter["y"] or quarter["y2"], quarter["q"] or quarter["q2"]) for quarter in quarters]
    return Reading("quarters", _months_of_quarters(parts))


def _months_of_quarters(parts):
    return _parsed([f"{year}-{3 * int(quarter) - 2:02}" for year, quarter in parts], "%Y-%m")


def _weeks_of_years(cells):
    weeks = [WEEK.fullmatch(cell) for cell in cells]
    if not all(weeks):
        return None
    times = _weeks([week.groups() for week in weeks])
    return None if np.isnat(times).any() else Reading("weeks", times)


def _weeks(parts):
    """The days on which ISO weeks begin, from (year, week, day of the week or None)."""
    return _parsed([f"{year}-W{int(week):02}-{day or 1}" for year, week, day in parts], "%G-W%V-%u")
