"""Times out of the cells of a text file: pandas reads them, this module judges which reading is meant.

A reading of a column is accepted if it makes the times regular, in the order of the file or after one sort.
If two different ones do, nothing is guessed.
"""

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from itertools import count, product

import numpy as np

from lessons.series.cells import Cells, cut, is_missing
from lessons.series.spacing import LONGER, STRETCH, show, stretch

NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
ZONE = re.compile(r".*(:\d\d|T\d{2,6})([.,]\d+)? ?(Z|UTC|GMT|[+-]\d\d(:?\d\d)?)", re.IGNORECASE)
SPLIT_YEAR = re.compile(r"(?:FY ?)?(\d{4})(?:[/-](\d{4}|\d{2}))?", re.IGNORECASE)
SAMPLE = 24  # cells on which a format is tried before it is tried on all
NAMES = """january february march april may june july august september october november december
janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre
januar februar marz april mai juni juli august september oktober november dezember
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro
januari februari maart april mei juni juli augustus september oktober november december
januari februari mars april maj juni juli augusti september oktober november december"""
LANGUAGES = "English, French, German, Spanish, Italian, Portuguese, Dutch and Swedish"

# Parts of dates as pandas writes formats; {} is the mark between them.
DATES = ["%Y{}%m{}%d", "%Y{}%d{}%m", "%d{}%m{}%Y", "%m{}%d{}%Y", "%d{}%m{}%y", "%m{}%d{}%y", "%y{}%m{}%d"]
DATES = [date.replace("{}", mark) for date, mark in product(DATES, "-/. ")]
DATES = [date for date in DATES if not date.startswith("%m.")]  # before a dot stands the day
NAMED = ["%d %b %Y", "%d %b %y", "%b %d %Y", "%b %d-%Y", "%Y %b %d"]
CLOCKS = ["", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %H", " %I %p", " %H:%M%z", " %H:%M:%S%z"]
MONTHS = "%Y-%m|%Y/%m|%Y %m|%Y:%m|%m/%Y|%m-%Y|%m/%y|%m-%y"
MONTHS = f"{MONTHS}|%b %Y|%Y %b|%b %y|%y %b".split("|")
FORMATS = ["ISO8601", *map("".join, product([*DATES, *NAMED], CLOCKS)), *MONTHS]
DIGITS = "%Y%m%d|%Y%j|%y|%y%m|%Y%m|%y%m%d|%d%m%y|%m%d%y|%Y%m%d%H|%Y%m%d%H%M|%Y%m%d%H%M%S"
DIGITS = f"{DIGITS}|%y%j|%y%m%d%H%M|%Y%j%H|%Y%j%H%M|%m%Y".split("|")
# readings that many numbers happen to have, the least likely first
RARE = ["YYYY-WW", "%y", "YYQ", "YYYY.WW", "%y%m", "YYWW", "%y%j", "YYYYWW"]
NAMED_PARTS = {"week": "W|weeks", "month": "%m|%b|MM|ISO|months"}  # readings by the column's own name
YEAR_FIRST = re.compile("ISO|%Y.?%m.?%d|%Y%j")  # where such a format fits, no later one is tried
# a month in digits, or another part of a year
YEAR_AND_PART = r"(\d\d){1,2}[^\w\n]?\d\d?|\d\d?[^\w\n](\d\d){1,2}"
# days that may be meant where a month or a number is read
NO_YEAR = ["%m%d", "%d%m", "%m.%d", "%d.%m", "%m/%d", "%d/%m", "%m-%d", "%d-%m", "%b %d", "%d %b"]
DAY_AND_FRACTION = r"(19|20)\d\d((0[1-9]|1[0-2])[0-3]\d|[0-3]\d\d)\.\d+"
PERIODS = {"M": 1, "Q": 3, "T": 3, "H": 6, "S": 6}  # months in a quarter (trimestre) and in a half (semester)
COUNTS = {"seconds": 1e6, "milliseconds": 1e3, "microseconds": 1, "nanoseconds": 1e-3}  # microseconds in one


def plain(name):
    """Return a name without capitals and accents."""
    return re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", name)).lower()


def _month_names():
    """Return {name, or its beginning of three letters or more if that is one month's alone: in English}."""
    months, english = {"mrz": {2}, "mrt": {2}, "janner": {0}}, NAMES.split()[:12]
    for k, name in enumerate(NAMES.split()):
        for end in range(3, len(name) + 1):
            months.setdefault(name[:end], set()).add(k % 12)
    return {name: english[min(which)][:3] for name, which in months.items() if len(which) == 1}


MONTH_NAMES = _month_names()


def _in_english(word):
    """Name the month of a match, or leave out the day of the week."""
    if month := MONTH_NAMES.get(plain(word[1])):
        return f" {month} "
    return " " if re.match("(mon|tue|wed|thu|fri|sat|sun)", word[1].lower()) else word[0]


INTERVAL = re.compile(r"^(\S{8,}(?: \d\d:\S+)?)(?: - |/)(?=\S{8})(?=\D?\d).*$", re.MULTILINE)
BETWEEN = r"(?:[ .,/'’_-]|\bde\b)*"
TIDY = [  # where the first part is found, the second takes its place
    ("[‐‑–]", "-"),
    ("[\u00a0\u202f]", " "),
    (INTERVAL.pattern, r"\1"),
    (r"(?:(?<=^\d{4}[^\n]\d\d[^\n]\d\d)|(?<=^\d{8}))[-_:/](?=\d\d)", " "),  # between date and clock
    (r"(?<=\d)_(?=\d)", "-"),
    (r"^[^\W\d_]{2,}[.,]* (?=\d\d?[ ./-]+(\d\d?|[^\W\d_]+)[ ./-]+\d)", ""),  # a day of the week
    (r"(?<=\d)(st|nd|rd|th|er)(?=,? )", ""),
    (r"(?<=\d) \d\d\.\d\d(\.\d\d(\.\d+)?)?( [ap]m)?$", lambda clock: clock[0].replace(".", ":", 2)),
    (r"(?<=:\d\d)[.,]0+(?= ?[ap]?m?$)| \[YR\d{4}\]$", ""),
    (r"(?<= \d\d) ?h ?(\d\d)?$", lambda clock: f":{clock[1] or '00'}"),
    (r"(?<=:\d\d) ?uhr$", ""),
    (r"(\d\d?:\d\d(?::\d\d)?) ((?:\d\d?[/.-]){0,2}\d{4})$", r"\2 \1"),  # the clock first
    (r"(?<=^\d{4}),(?=\d+$)|(?<=^\d{5}),(?=\d+$)", "."),
    (r"(?<!\d)([1-4])(?:\.|e|o|º)? ?(quartal|trimestre|quarter|qtr|q)\b", r"Q\1"),
    (rf"{BETWEEN}([^\W\d_]{{3,}}){BETWEEN}", _in_english),
    (r"年|月(?=\d)", "-"),
    ("[月日]", ""),
    (r"(?:\b|(?<=\d))(quarter|quartal|qtr|trimestre|trim|k) ?(?=\d$|\d\D)", "Q"),
    (r"\b(kw|cw|wk|week) ?(?=\d)", "W"),
    (r"(?<=\d)\.( (?=\d)|$)", lambda dot: "." if dot[1] else ""),
    (r"(?<=\d)(, |:(?=\d\d:\d\d:))(?=\d)", " "),
    (r"(?<=:\d\d),(?=\d+$)", "."),
    (r"(?<=\d)(?! [ap]m$) ?([ap])\.? ?m\.?$", r" \1m"),
    (r"(?<=:\d\d) ?(utc|gmt)$", "+00:00"),
    (r"(?<=:\d\d) (?=[+-]\d\d)", ""),
    (r"^ +| +$", ""),
]
TIDY = [(re.compile(odd, re.IGNORECASE | re.MULTILINE), usual) for odd, usual in TIDY]


def _month(date):
    """The month in which a quarter or a half begins."""
    months = PERIODS[(date.groupdict().get("p") or "Q").upper()]
    return f"{date['y']}-{months * (int(date['n']) - 1) + 1:02}"


def _week(date):
    """The day on which an ISO week begins, or the day of it that is named."""
    century = 19 + (int(date["y"]) <= today().year % 100)
    return f"{century}{date['y']}"[-4:] + f"-W{int(date['n']):02}-{date.groupdict().get('d') or 1}"


def _shapes():
    """Yield (name, pandas' format, what a cell looks like, how it is rewritten for pandas)."""
    year, short = r"(?P<y>(?:1[5-9]|20)\d\d)", r"(?P<y>\d\d)"
    period, n, mark = "(?P<p>[MQTHS])", r"(?P<n>\d\d?)", r"(?:_|[^\w\n]){0,2}"
    week = rf"(?:W|S(?=\d\d)){n}"
    for form in DIGITS:
        shape = form.replace("%Y", r"(?:1[5-9]|20)\d{2}").replace("%j", r"\d{3}")
        yield form, form, re.sub("%[a-zA-Z]", r"\\d{2}", shape), None
    yield "%m.%Y", "%m.%Y", r"\d\d?\.(?:1[5-9]|20)\d{2}", None
    for form in "%d%m%Y", "%m%d%Y":  # a spreadsheet makes 1022024 of 01022024
        yield form, form, r"\d{3,4}(?:1[5-9]|20)\d{2}", lambda date: date[0].zfill(8)
    for y, form in (year, "%Y-%m"), (short, "%y-%m"):
        for shape in f"{y}{mark}{period}{n}", f"{period}{n}{mark}{y}", f"{n}{period}{mark}{y}":
            yield "quarters", form, shape, _month
    for shape in rf"{year}[-/.: ]?(?P<n>\d)", rf"(?P<n>\d)[-/. ]{year}":
        yield "quarters", "%Y-%m", shape, _month
    yield "YYQ", "%y-%m", rf"{short}(?P<n>[1-4])", _month
    for shape in rf"{year}{mark}{week}(?:-?0?(?P<d>[1-7]))?", rf"{week}{mark}{year}":
        yield "weeks", "%G-W%V-%u", shape, _week
    for name, y in ("YYYYWW", year), ("YYYY.WW", rf"{year}\."), ("YYWW", short):
        yield name, "%G-W%V-%u", rf"{y}(?P<n>\d\d)", _week
    for shape in rf"{year}[-/ ](?P<n>\d\d)", rf"(?P<n>\d\d)[-/ ]{year}":
        yield "YYYY-WW", "%G-W%V-%u", shape, _week
    yield "days", "%Y-%j", rf"{year}[-/. d](?P<n>\d{{3}})", lambda date: f"{date['y']}-{date['n']}"
    yield "days", "%Y-%j %H:%M", r"\d{4}[-d]\d{3} \d\d:\d\d", lambda date: date[0].replace("d", "-")
    # a spreadsheet makes 2001.1 of 2001.10
    yield "YYYY.MM", "%Y.%m", r"\d{4}\.\d{1,2}", lambda date: date[0].ljust(7, "0")


FORMS = [(name, form, re.compile(shape, re.IGNORECASE), edit) for name, form, shape, edit in _shapes()]
PADDED = re.compile(r"\d\d\.\d\d\.\d\d.*")  # year first in two digits: 10.1.1 may be a version
FORMS += [(form, form, PADDED if form.startswith("%y.%m.%d") else None, None) for form in FORMATS]
MONTH_LAST = [form for form in FORMS if re.match("%Y.%d.%m", form[0])]
DAY = re.compile(r"\d{3,4}|\d\d?\W\d\d|[a-z]{3} \d\d|\d\d [a-z]{3}", re.IGNORECASE)
DAYS = [("a day of no year", f"%Y {form}", DAY, lambda date: f"2000 {date[0]:0>4}") for form in NO_YEAR]
PERIOD = re.compile(r"(\d{4})[-/. ]?0(\d\d)")


@dataclass(eq=False)
class Reading:
    """One way to read a column: its name, times in the order of the file, and what is to be said of it."""

    name: str
    times: np.ndarray
    said: tuple = ()

    @cached_property
    def stretch(self):
        return stretch(self.times)

    @property
    def future(self):
        return self.times.dtype.kind == "M" and self.times.max() > np.datetime64(today() + timedelta(days=1))

    @cached_property
    def same_day(self):
        """The day of the month if all times have the same, else 0."""
        days = self.times.astype("datetime64[D]") - self.times.astype("datetime64[M]")
        return int(days[0].astype(int)) + 1 if (days == days[0]).all() else 0

    @property
    def yearly(self):
        """Whether all times have the same month and day."""
        months = self.times.astype("datetime64[M]").astype(int) % 12
        return len(months) > 1 and self.same_day > 0 and not np.ptp(months)

    @cached_property
    def doubts(self):
        """What speaks against it: a future, disorder, each year one day within a month."""
        disorder = bool((self.times[1:] < self.times[:-1]).any())
        days = self.name == "%y%m%d" and self.times[0] > np.datetime64("1950")  # a sampling, once a year
        return self.future, disorder, 1 < self.same_day < 28 and self.yearly and not days


def today():
    """Return the present time, without a zone."""
    return datetime.now()


def read_times(cells, rows, column, time_format=None, part=None):
    """Read the cells of one column as times.

    Parameters
    ----------
    cells : Cells
        The column's cells: dates in any usual notation, or numbers such as years and step counts.
    rows : sequence of int
        Their rows in the file, for errors.
    column : str
        The column's name, for errors.
    time_format : str, optional
        How pandas is to read them, such as "%d.%m.%Y"; found unless given.
    part : str, optional
        The part of a time that the column is named after: "week" and "month" decide which is meant.

    Returns
    -------
    times : ndarray of shape (n,), datetime64[us], float64 or int64
        Times; those with a time zone in UTC.
    said : list of str
        What was assumed and from what, where the evidence leaves a doubt.

    Raises
    ------
    ValueError
        A cell is not a time, some have a time zone and others none, or two readings fit equally well. The
        row and column are named.
    """
    _refuse_mixed_zones(cells, rows, column)
    tidy = _tidied(cells)
    if time_format is not None:
        given = [(time_format, time_format, None, None)]
        found, failed = max((_dates(way, given) for way in (tidy, cells)), key=lambda read: len(read[0]))
        by = f", by time_format={time_format!r}"
        return (found[0].times, []) if found else _refuse_odd(cells, rows, column, failed, by)
    if tidy.match(r"\d+\.0+"):
        tidy = Cells(cell.partition(".")[0] for cell in tidy)  # whole numbers, once beside an empty cell
    if all(map(NUMBER.fullmatch, tidy.kinds())):
        if re.search(r"[^\W\d_]{3}", cells[0]):  # a day of the week and a number
            _refuse_odd(cells, rows, column, np.ones(len(cells), dtype=bool))
        found = _numbers(tidy, rows, column)
    elif not (found := tidy.match(SPLIT_YEAR.pattern) and _split_years(tidy)):
        found, failed = _dates(tidy, FORMS, part)
        if not found:
            no_number = np.array([not NUMBER.fullmatch(cell) for cell in tidy])
            _refuse_odd(cells, rows, column, min(failed, no_number, key=np.sum))
    if part in NAMED_PARTS:
        found = [reading for reading in found if re.search(NAMED_PARTS[part], reading.name)] or found
    times, said = _judged(found, tidy, cells, rows, column)
    if INTERVAL.match(cells[0]):
        said.append(f"column {column!r}: {cells[0]!r} is read as the time at which it begins")
    return times, said


def _tidied(cells):
    """The cells without what differs from program to program and from language to language."""
    tidy = Cells()
    tidy.blocks, tidy.ends = cells.blocks, cells.ends
    for odd, usual in TIDY:
        if odd.search(tidy.blocks[0][:5000]):  # the first rows tell
            tidy.blocks = [odd.sub(usual, block) for block in tidy.blocks]
    return tidy


def _judged(found, tidy, cells, rows, column):
    """Choose the reading that makes the times regular -> (times, what is to be said of it)."""
    fits = [reading for reading in found if np.isfinite(reading.stretch)]
    if not fits:
        if found[0].name in MONTHS and any(np.isfinite(day.stretch) for day in _dates(tidy, DAYS)[0]):
            _refuse_odd(cells, rows, column, np.ones(len(cells), dtype=bool))
        return found[0].times, []  # irregular: whoever fills the gaps says where
    least = min(reading.doubts for reading in fits)
    fits = [reading for reading in fits if reading.doubts == least]
    shortest = min(reading.stretch for reading in fits)
    first, *others = [reading for reading in fits if reading.stretch <= LONGER * shortest]
    for other in [*others, *_rivals(first, tidy)]:
        if other.name == "quarters":
            first = other
        elif not np.array_equal(first.times, other.times):
            k = int(np.argmax(first.times != other.times))
            formats = [repr(name) for name in (first.name, other.name) if re.match("%|ISO", name)]
            cure = "write dates as 2024-01-31, quarters as 2024Q1, weeks as 2024-W01, or leave out time="
            if formats:
                cure = f"pass time_format={' or '.join(formats)} if that is meant, or {cure}"
            raise ValueError(
                f"row {rows[k]}, column {column!r}: {cells[k]!r} could be {show(first.times[k])} or "
                f"{show(other.times[k])} ({first.name} or {other.name}), and no row settles it: {cure}"
            )
    said = list(first.said)
    if any(not np.array_equal(first.times, other.times) for other in found):
        read = f"{cells[0]!r} is read as {show(first.times[0])} ({first.name})"
        said.append(f"column {column!r}: {read}, as so the times are regular")
    if first.future:
        said.append(f"column {column!r} ends in the future, at {show(first.times.max())}")
    return first.times, said


def _rivals(first, cells):
    """Yield what a column may mean although another reading is usual: days, or other parts of a year."""
    forms = []
    if first.name == "numbers" or first.name in MONTHS:
        forms = DAYS
    elif YEAR_FIRST.match(first.name) and first.same_day > 1:
        forms = MONTH_LAST
    elif first.name in ("days", "%Y%j"):
        forms = [("months", "%Y-%m", PERIOD, "{0[1]}-{0[2]}".format)]
    for other in _dates(cells, forms)[0]:
        days = np.diff(np.sort(other.times)) == np.timedelta64(1, "D")
        likely = other.doubts <= first.doubts and other.stretch <= LONGER * first.stretch
        if likely and (2 * days.sum() > len(days) or first.name in ("%y %b", "days", "%Y%j")):
            yield other
    months = first.times.astype("datetime64[M]")
    if cells.match(YEAR_AND_PART) and (months == first.times).all():
        step = 3 if first.name == "quarters" else 1
        year, part = np.divmod(months.astype(int), 12)
        most = int(part.max()) // step + 1
        if most in (2, 3, 4, 6) and most < 12 // step and np.ptp(year):
            parts = 12 * year + part // step * 12 // most
            if stretch(parts) <= LONGER:  # this many each year, and never one more
                steady = np.ptp(np.sign(np.diff(parts))) == 0
                name = "quarters" if most == 4 and steady else f"{most} parts of a year"
                yield Reading(name, parts.astype("datetime64[M]").astype("datetime64[us]"))


def _refuse_mixed_zones(cells, rows, column):
    if len({bool(ZONE.fullmatch(cell)) for cell in cells.kinds()}) > 1:
        zones = np.array([bool(ZONE.fullmatch(cell)) for cell in cells])
        _refuse_odd(cells, rows, column, zones != zones[0], ", as one of them has a time zone and one none")


def _dates(cells, forms, part=None):
    """Return the readings that fit all cells, and where the one that comes closest to it fails."""
    read = cache(_pandas)
    failed, found = np.ones(len(cells), dtype=bool), []
    sample = Cells(cells[k] for k in np.linspace(0, len(cells) - 1, SAMPLE).astype(int))
    for name, *form in forms:
        if np.isnat(_parsed(sample, *form, read)).mean() > 0.5:
            continue
        if name == "ISO8601" and not (cells.match(r"\d{4}-\d\d") or cells.match(".{8,}")):
            continue  # years among months, or months among days
        times = _parsed(cells, *form)
        odd = np.isnat(times)
        if not odd.any():
            if name == "YYYY-WW" and part != "week" and 5 not in times.astype("M8[M]").astype(int) % 12:
                continue  # 01 ... 13 are a year's months and its mean
            found.append(Reading(name, _with_century(times) if "%y" in form[0] else times))
            if YEAR_FIRST.match(name):
                break
        elif odd.sum() < failed.sum() and name not in RARE:
            failed = odd
    return found, failed


def _numbers(cells, rows, column):
    """Return the readings of a column of numbers: as dates written in digits, as counts, or as a scale."""
    whole = np.int64 if all(re.fullmatch(r"[+-]?\d{1,18}", cell) for cell in cells.kinds()) else np.float64
    numbers = np.concatenate([np.array(block.split("\n"), dtype=whole) for block in cells.blocks])
    scale = Reading("numbers", numbers)
    coded = re.search("^0[0-9]{3}", cells.blocks[0], re.MULTILINE)  # such as the hours 0000, 0100, ...
    plain = numbers.min() <= 1 or cells.match(r"(1[5-9]|20)\d\d")  # steps from 0 or 1, or years

    def likely(date):
        weeks = date.name == "YYYYWW" and np.isinf(scale.stretch)  # as numbers they are none, even with gaps
        if date.name in RARE and date.stretch > (STRETCH[1] if weeks else LONGER):
            return False
        if date.name in RARE[: 7 if plain else 4] and scale.stretch <= LONGER:
            return False
        if date.name == "%y%j" and date.times.min() < np.datetime64("1950"):
            return False  # as would be Excel's days of these years
        if date.name in ("%d%m%y", "%m%d%y") and date.yearly and not coded:
            return False  # 130200, 130201, ... are numbers, not each year's 13 February
        return len(cells[0]) >= 8 or not date.future

    if cells.match(r"(1[5-9]|20)\d\d(0[1-9]|1[0-2])?") and numbers.min() <= 9999 < numbers.max():
        _refuse_odd(cells, rows, column, numbers > 9999)  # months among years
    found, failed = _dates(cells, [form for form in FORMS if form[2]])
    found = list(filter(likely, found))
    if not all(date.name in RARE[:-1] for date in found):
        return found
    counts = [count for count in _counted(numbers, cells) if not count.future and count.stretch <= 2]
    clock = numbers // 100 * 60 + numbers % 100  # 55, 100, 105, ... are minutes and hours
    tenths = cells.match(r"(19|20)\d\d\.[1-9]") and np.ptp(numbers) < 1  # or months
    odd = coded and (numbers.min() > 1 or (np.diff(numbers) != 1).any())
    odd = odd or ((numbers % 100 < 60).all() and stretch(clock) < scale.stretch)
    if not found and (odd or failed.mean() < 0.1 or cells.match(DAY_AND_FRACTION) or tenths):
        _refuse_odd(cells, rows, column, failed)
    return found + (counts or [scale])


def _counted(numbers, cells):
    """Yield numbers read as time counted from an epoch, where they lie in the last decades."""
    for unit, size in COUNTS.items():
        times = np.round(numbers * size)
        if times.min() >= (1e15 if size < 1 else 1e14) and times.max() < 1e16:  # 2001 or 1973 to 2286
            yield Reading(unit, times.astype("datetime64[us]"), [f"read as {unit} since 1970, in UTC"])
    if numbers.min() >= 20_000 and numbers.max() <= 80_000:  # 1954 to 2119
        minutes = np.round(numbers * 1440)
        seconds = 60 * minutes if np.allclose(minutes, numbers * 1440, rtol=0, atol=0.1) else numbers * 86_400
        days = np.datetime64("1899-12-30", "us") + np.round(seconds).astype("timedelta64[s]")
        yield Reading("Excel's days", days, [f"read as Excel's day numbers ({cells[0]} is {show(days[0])})"])


def _split_years(cells):
    """Return the reading as years such as 2001/02, if there is one."""
    years = [SPLIT_YEAR.fullmatch(cell).groups() for cell in cells]
    if any(second and (int(first) + 1) % 100 != int(second) % 100 for first, second in years):
        return []
    said = [f"{cells[0]!r} is read as the year that begins in {years[0][0]}"] if years[0][1] else ()
    return [Reading("split years", np.array([int(first) for first, _ in years]), said)]


CURES = {  # what a cell is like that is no date, and what helps
    r"[\d.,]+[eE][+-]?\d+": "a spreadsheet has rounded it: show all its digits there and save it anew",
    r"\d\d?:\d\d.*": "the date is missing: name its column as well, such as time=['date', 'time']",
    r"\d\d?\W[^\W\d_]{3,}": "the year is missing: write it into every cell, 2024-01-31",
    r".*:\d\d ?([A-Z]{3,4}([+-]\d+)?|\[.*\])": "write the time zone as an offset, 2024-01-31 13:00+01:00",
}


def _refuse_odd(cells, rows, column, failed, why=""):
    """Name the first cell that is no date, beside one that is."""
    odd, others = int(np.argmax(failed)), np.flatnonzero(~failed)
    missing = is_missing(cells[odd])
    wrong = "the time is missing" if missing else f"{cells[odd]!r} is not a date"
    if others.size:
        wrong += "" if missing else f" like {cells[others[0]]!r} in row {rows[others[0]]}"
        cure = "mend the cell, or take the row out if it is no part of the table; write all dates one way"
    else:
        cure = "write 2024-01-31, or say how they are written, such as time_format='%d.%m.%Y %H:%M'"
        cure += f" (names of months are read in {LANGUAGES})" if re.search(r"[^\W\d_]{3}", cells[odd]) else ""
    cure = next((told for odds, told in CURES.items() if re.fullmatch(odds, cells[odd])), cure)
    raise ValueError(f"row {rows[odd]}, column {column!r}: {wrong}{why}: {cure}")


def _pandas(texts, form):
    """Read texts by one format, as `_parsed` does."""
    import pandas as pd

    texts = pd.Series(texts, dtype=object)
    clocks = texts.str.replace("^24(?=[:0]*$)", "00", regex=True) if form.startswith("%H") else texts
    dates = pd.to_datetime(clocks, format=form, errors="coerce", utc=True).dt.tz_localize(None)
    if "%j" in form:  # a day 366 that the year has not is no first of January
        dates = dates.mask(texts.str.contains("366") & (dates.dt.day_of_year == 1))
    ends = (clocks != texts).to_numpy()  # 24:00 is the end of the day
    return dates.to_numpy(dtype="datetime64[us]") + ends.astype("timedelta64[D]")


def _parsed(cells, form, shape=None, edit=None, read=_pandas):
    """Read cells by one format -> datetime64[us] in UTC, NaT where it does not fit.

    Date and clock are read apart: each is there often, and read once.
    """
    blocks = (_shaped(block, shape, edit) for block in cells.blocks)
    apart = re.fullmatch(r"([^ ]*%[^ ])( ?)(%[HI][^z]*)", form)
    if not apart:
        return np.concatenate([read(tuple(block.split("\n")), form) for block in blocks])
    found = [(part, defaultdict(count().__next__), []) for part in apart.group(1, 3)]
    for block in blocks:
        for half, (_, numbers, places) in zip(_halves(block, *apart.group(1, 2)), found, strict=True):
            places.append(np.fromiter(map(numbers.__getitem__, half), np.int32))
    days, hours = (read(tuple(numbers), part) for part, numbers, _ in found)
    times = days[np.concatenate(found[0][2])]
    times += (hours - np.datetime64("1900-01-01"))[np.concatenate(found[1][2])]
    return times


def _halves(block, date, space):
    """The dates and the clocks of cells, which a space divides, or the width of a date in this format."""
    texts = block.split("\n")
    if not space:
        width = len(today().strftime(date))
        return [text[:width] for text in texts], [text[width:] for text in texts]
    words = texts[0].count(" ") + 1
    if words > 1 and (each := cut(block, " ", words)):
        return each[::words], map(" ".join, zip(*(each[k::words] for k in range(1, words)), strict=True))
    return zip(*(text.partition(" ")[::2] for text in texts), strict=True)


def _shaped(block, shape, edit):
    """A block of cells as a format wants them, rewritten for pandas where need be; others are emptied."""
    texts = block.split("\n")
    if edit or (shape and not Cells(texts).match(shape.pattern)):
        dates = map(shape.fullmatch, texts)
        return "\n".join((edit(date) if edit else date[0]) if date else "" for date in dates)
    return block


def _with_century(times):
    """Give two-digit years the latest century in which the column does not reach beyond today.

    A column may run from 99 on to 00: where the year falls by more than half a century, one has passed.
    """
    months = times.astype("datetime64[M]")
    year = months.astype(int) // 12 + 1970
    years = np.unwrap(year % 100, period=100)
    for century in 20, 19, 18:
        shifted = months + 12 * (years + 100 * (century - years.max() // 100) - year)
        moved = shifted.astype("datetime64[us]") + (times - months)
        if moved.max() <= np.datetime64(today() + timedelta(days=1)):
            break
    return moved
