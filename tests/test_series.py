import re
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from statsmodels.datasets import elnino

from lessons.series import AIR_QUALITY_CSV, air_quality, from_csv, sea_temperature
from lessons.series.cells import Cells
from lessons.series.made import trend_and_seasons, two_waves
from lessons.series.times import FORMS, YEAR_AND_PART
from lessons.windows import make_windows, split_by_time

# the made-up series and the real one


def last_value_mse(y, window, at):
    X, y, target_index = make_windows(y, window)
    _, test = split_by_time(target_index, at)
    return np.mean((X[test][:, -1] - y[test]) ** 2)


def test_two_waves():
    t, y = two_waves()
    noise = np.random.RandomState(42).randn(220)
    expected = np.sin(0.12 * np.arange(220)) + 0.25 * np.sin(0.03 * np.arange(220)) + 0.04 * noise
    np.testing.assert_array_equal(y, expected.astype(np.float32))
    assert t.dtype == y.dtype == np.float32
    assert last_value_mse(y, 16, 0.8) == pytest.approx(0.0115, abs=5e-5)


def test_trend_and_seasons():
    t, y = trend_and_seasons()
    assert t.dtype == y.dtype == np.float64 and len(y) == 900
    assert last_value_mse(y, 60, 630) == pytest.approx(0.0940, abs=5e-5)
    _, without_noise = trend_and_seasons(noise=0)
    assert np.mean((y - without_noise)[630:] ** 2) == pytest.approx(0.0340, abs=5e-5)
    np.testing.assert_array_equal(y - without_noise, y - trend_and_seasons(noise=0, seed=1)[1])


def test_sea_temperature():
    t, y = sea_temperature()
    assert t.dtype == np.dtype("datetime64[M]") and y.dtype == np.float64
    assert (str(t[0]), str(t[-1]), len(t)) == ("1950-01", "2010-12", 732)
    assert (y[0], y[12], y[-1]) == (23.11, 24.19, 22.07)
    assert last_value_mse(y, 24, 512) == pytest.approx(1.31, abs=0.005)
    assert np.mean((y[512:] - y[500:-12]) ** 2) == pytest.approx(2.63, abs=0.005)


def test_air_quality():
    t, y = air_quality()
    assert t.dtype == np.dtype("datetime64[h]") and y.dtype == np.float64 and y.shape == (1081, 2)
    assert (str(t[0]), str(t[-1])) == ("2019-05-07T02", "2019-06-21T02")
    assert (np.diff(t).astype(int) == 1).all()
    # counts, means and standard deviations of the original file
    assert (~np.isnan(y)).sum(axis=0).tolist() == [1004, 969]
    np.testing.assert_allclose(np.nanmean(y, axis=0), [27.740538, 24.777090], atol=5e-7)
    np.testing.assert_allclose(np.nanstd(y, axis=0, ddof=1), [15.285746, 11.214377], atol=5e-7)
    assert np.nanmax(y, axis=0).tolist() == [97, 97]
    hour = {str(time): values for time, values in zip(t, y.tolist(), strict=True)}
    assert hour["2019-05-09T16"] == [24.6, 97]  # London jumps
    assert [hour[f"2019-05-15T{h}"][0] for h in range(10, 15)] == [25.7, 0, 0, 0, 9.4]  # a fault in Paris
    # two days without a row
    assert np.isnan(hour["2019-06-20T14"]).all() and hour["2019-06-20T15"][0] == 19.4


def test_air_quality_in_its_file_as_a_learner_reads_it():
    with pytest.warns(UserWarning, match="46 time steps without a row put in as NaN"):
        t, y = from_csv(AIR_QUALITY_CSV, ["paris", "london"], time="time")
    np.testing.assert_array_equal(t, air_quality()[0])
    np.testing.assert_array_equal(y, air_quality()[1])


@pytest.mark.parametrize("make", [two_waves, trend_and_seasons])
def test_bad_sizes_are_refused(make):
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        make(n=0)
    with pytest.raises(ValueError, match="noise must be 0 or more"):
        make(noise=-1)


def test_importing_the_package_loads_neither_pandas_nor_torch():
    code = "import sys, lessons.series, lessons.windows as w; print({'pandas', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


# a CSV file: what is understood without a word


@pytest.fixture
def read(tmp_path):
    """Write text or bytes to a file and read columns from it; no warning may be given unless asked for."""

    def read(text, column="y", time="date", warns=None, **options):
        path = tmp_path / "mine.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = from_csv(path, column, time, **options)
        assert [type(w.message) for w in caught] == [UserWarning] * (0 if warns is None else 1)
        if warns is not None:
            assert warns in str(caught[0].message)
            assert caught[0].filename == __file__  # points at the caller's line
        return result

    return read


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " ", ":", "~"])
def test_any_delimiter(read, delimiter):
    t, y = read("date,y\n2024-01-01,1.5\n2024-01-02,2\n".replace(",", delimiter))
    assert t.dtype == np.dtype("datetime64[D]")
    np.testing.assert_array_equal(y, [1.5, 2])


def test_columns_and_rows(read):
    text = 'date,"shop A, sales",y\n2024-01-01,"1",10\n2024-01-02,2,20\n\n'
    assert read(text, ["y", "shop A, sales"])[1].tolist() == [[10, 1], [20, 2]]
    t, y = read("y\n3\n1\n3\n", time=None)
    assert t.tolist() == [0, 1, 2] and y.tolist() == [3, 1, 3]
    assert read("Sales of 2024\nsource: me, myself\n\ndate,y\n2024-01-01,1\n")[1].tolist() == [1]
    assert read("sep=;\ndate;y\n2024-01-01;1\n")[1].tolist() == [1]
    for last in "2\n2024-01-03\n", "2,":  # several short rows are a program's habit
        assert np.isnan(read(f"date,y\n2024-01-01,1\n2024-01-0{last}")[1][1:]).all()


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        ("1,5;2;3,25", [1.5, 2, 3.25]),
        ("1.234,5;0,5;7", [1234.5, 0.5, 7]),
        ("1 234,5;2;−3", [1234.5, 2, -3]),
        ("1'234.5;2;3", [1234.5, 2, 3]),
        ("1,234.5;1,00,000;3", [1234.5, 1e5, 3]),
        ("1e3;.5;-2.", [1000, 0.5, -2]),
        (r"1; ;NA;\N;#NV;—;*;...", [1] + 7 * [np.nan]),
        ("n/a;:;-3;", [np.nan, np.nan, -3, np.nan]),
    ],
)
def test_numbers_as_people_write_them(read, cells, values):
    text = "date;y\n" + "".join(f"2024-01-0{i};{cell}\n" for i, cell in enumerate(cells.split(";"), start=1))
    np.testing.assert_array_equal(read(text)[1], values)
    assert read('date,y\n2024-01-01,"1,234"\n2024-01-02,999\n')[1].tolist() == [1234, 999]


def test_decimal_mark_is_told_by_another_column_or_said(read):
    assert read("date;y;z\n2024-01-01;1.234;3,5\n2024-01-02;999;7,25\n")[1].tolist() == [1234, 999]
    ambiguous = "date;y;version\n01.2024;1,234;2.1\n02.2024;9,876;2.1\n"
    assert read(ambiguous, warns="'1,234' is read as 1.234 (decimal mark ',')")[1].tolist() == [1.234, 9.876]
    assert read(ambiguous, decimal=".")[1].tolist() == [1234, 9876]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_encodings(read, encoding):
    assert read("date,Größe\n2024-01-01,1\n".encode(encoding), "Größe")[1].tolist() == [1]


def test_other_encodings_are_named(read):
    data = "date,Größe\n2024-01-01,1\n".encode("latin-1")
    assert read(data, "Größe", warns="not UTF-8; it is read as cp1252")[1].tolist() == [1]
    assert read(data, "Größe", encoding="latin-1")[1].tolist() == [1]
    with pytest.raises(ValueError, match="cannot be read with encoding 'ascii'"):
        read(data, "Größe", encoding="ascii")


def test_times_with_a_zone_are_in_utc(read):
    t, _ = read("date;y\n2024-01-31T13:00:00+01:00;1\n2024-01-31T14:00:00+01:00;1\n")
    assert t.tolist() == np.array(["2024-01-31T12:00:00", "2024-01-31T13:00:00"], "M8[s]").tolist()


@pytest.mark.parametrize(
    "rule", ["B", "D", "W", "2W", "MS", "ME", "BMS", "BME", "QS", "QE", "YS", "YE", "h", "15min"]
)
def test_gaps_in_every_regular_calendar(read, rule):
    days = pd.date_range("1980-01-01", periods=40, freq=rule)
    text = "date,y\n" + "".join(f"{day},{i}\n" for i, day in enumerate(days) if i not in (7, 8))
    t, y = read(text, warns=f"2 time steps without a row put in as NaN (the first is {days[7]:%Y-%m-%d}")
    np.testing.assert_array_equal(t, days.to_numpy())
    np.testing.assert_array_equal(y, [np.nan if i in (7, 8) else i for i in range(40)])


def test_times_may_be_numbers(read):
    assert read("date,y\n1990,1\n1991,2\n1992,3\n")[0].tolist() == [1990, 1991, 1992]
    t, y = read("date,y\n0.0,1\n0.1,2\n0.2,3\n0.4,5\n0.5,6\n", warns="the first is 0.3")
    np.testing.assert_allclose(t, np.arange(6) / 10)
    np.testing.assert_array_equal(y, [1, 2, 3, np.nan, 5, 6])


def column(dates):
    return "date;y\n" + "".join(f"{date};{i}\n" for i, date in enumerate(dates))


FORMATS = {  # by step and number of rows
    ("h", 240): "%Y%m%d%H|%y%m%d%H%M|%d.%m.%Y %H:%M|%m/%d/%Y, %I:%M%p|%Y-%m-%d %H:%M|%Y-%m-%d %H:%M UTC"
    "|%Y%j%H|%d.%m.%Y %H.%M|%Y-%m-%d_%H:%M|%Y%m%d:%H%M|%H:%M %d/%m/%Y|%Y-%m-%d %Hh|%Y-%m-%d %I%p"
    "|%d.%m.%Y\u00a0%H:%M|%Y-%m-%d-%H.%M.%S.000000|%d-%b-%y %I.%M.%S.000000 %p|%d%b%y:%H:%M:%S.000"
    "|%d.%m.%Y %H:%M +0000|%a %b %d %H:%M:%S %Y|%d.%m.%Y %H:%M - 31.12.2030 00:00",
    ("10min", 400): "%Y%m%d%H%M|%d/%m/%y %H:%M:%S",
    ("30s", 300): "%Y%m%d%H%M%S|%d%b%Y:%H:%M:%S|%Y-%m-%d %H:%M:%S,000",
    ("D", 9): "%Y-%j|%Y-%m-%d",
    ("D", 26): "%d%m%Y|%d%m%y",
    ("D", 40): "%Y-%d-%m",
    ("D", 90): "%Y%m%d|%y%m%d|%m%d%Y|%d-%b-%y|%d %b %Y|%d. %m. %Y|%A, %B %d, %Y|Mo, %d.%m.%Y|%dth %B %Y",
    ("D", 91): "%y/%m/%d|%y-%m-%d|%d.%m.%Y|%d/%m/%Y|%m/%d/%Y|%m/%d/%y",
    ("D", 400): "%Y%j|%Y.%j|%y%j",
    ("W-MON", 104): "W%V/%G|%G%V|%G-W%V|%g%V|%G-%V|%V/%G|S%V %G",
    ("MS", 12): "%m.%Y|%b %Y",
    ("MS", 36): "%y%m|%Y.%m|%Y%m|%Y-%m|%b-%y|%B %Y|%m/%y|%b. %Y|%Y-M%m|%Y:%m|%b'%y|%Y年%m月|%Y_%m",
}


@pytest.mark.parametrize(
    ("form", "rule", "n"), [(form, *by) for by, forms in FORMATS.items() for form in forms.split("|")]
)
def test_formats_are_found_from_the_whole_column(read, form, rule, n):
    days = pd.date_range("2020-01-06", periods=n, freq=rule)
    t = read_quietly(read, column(days.strftime(form)))[0]
    np.testing.assert_array_equal(t, days.to_numpy())


def read_quietly(read, text):
    try:
        return read(text)
    except AssertionError:  # it says what it assumed
        return read(text, warns="mine.csv")


@pytest.mark.parametrize("first", ["1958-01", "1901-01", "1995-06"])
def test_a_century_is_the_latest_that_is_not_to_come(read, first):
    months = pd.date_range(first, periods=384 if first < "1990" else 120, freq="MS")
    t, y = read(column(months.strftime("%b-%y")))
    np.testing.assert_array_equal(t, months.to_numpy())
    assert not np.isnan(y).any()


QUARTER_FORMS = "{y}{q}|{y}Q{q}|Q{q} {y}|{q}Q{yy:02}|Q{q}-{yy:02}|{y}.{q}|{y}-{q}|{q}/{y}|{q} Q {y}"
QUARTER_FORMS += "|{y}0{q}|{y}-0{q}|{q}/{yy:02}|{y}Q0{q}|{y}, Qtr {q}|{q}. Quartal {y}|{y}K{q}|{yy:02}{q}"
QUARTERS = np.arange("1999", "2002", 3, "M8[M]")
WEEKS = np.arange("2018-01-01", "2019-12-26", 7, "M8[D]")
ODD_MONTHS = np.arange("2024-01", "2024-12", 2, "M8[M]")
SIX_LANGUAGES = """Jan March May July Sept. Nov.
janv. mars mai juillet sept. nov.
Jänner Mrz Mai Juli September Nov.
enero mar mayo julio sept nov
gen mar maggio lug set nov
jan março mai jul setembro nov
jan mrt mei juli sept nov
jan mars maj juli sept nov"""


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ([f"1/1/{year}" for year in range(1990, 2010)], np.arange("1990", "2010", dtype="M8[Y]")),
        ([f"{year}/{(year + 1) % 100:02}" for year in range(1998, 2004)], np.arange(1998, 2004)),
        ([f"{year % 100:02}" for year in range(1970, 2023)], np.arange("1970", "2023", dtype="M8[Y]")),
        *[
            ([form.format(y=y, yy=y % 100, q=q) for y in (1999, 2000, 2001) for q in (1, 2, 3, 4)], QUARTERS)
            for form in QUARTER_FORMS.split("|")
        ],
        (["2000S1", "2000S2", "2001S1", "2001S2"], np.arange("2000", "2002", 6, "M8[M]")),
        *[([f"{month} 2024" for month in line.split()], ODD_MONTHS) for line in SIX_LANGUAGES.splitlines()],
        ([f"{k} de enero de 2024" for k in range(1, 14)], np.arange("2024-01-01", "2024-01-14", 1, "M8[D]")),
        ([f"{1990 + k / 12:.3f}" for k in range(60)], np.round(1990 + np.arange(60) / 12, 3)),
        ([f"FY{year}" for year in range(1998, 2004)], np.arange(1998, 2004)),
        (["2001.08", "2001.09", "2001.1", "2001.11"], np.arange("2001-08", "2001-12", dtype="M8[M]")),
        (range(1, 40), np.arange(1, 40)),
        [133_485_408_000_000_000 + 600_000_000 * np.arange(20)] * 2,  # Windows counts so, from 1601 on
        ([f"{y}{w:02}" for y in (2018, 2019) for w in range(1, 53) if w % 7 not in (2, 5)], WEEKS),
        ([f"{h}:00 1/1/2024" for h in (22, 23, 24)], np.arange("2024-01-01T22", "2024-01-02T01", 1, "M8[h]")),
        (["24/1/5", "24/1/6", "24/1/7"], np.arange("2024-01-05", "2024-01-08", 1, "M8[D]")),
        (range(130200, 130260), np.arange(130200, 130260)),
        (range(110101, 110129), np.arange("2011-01-01", "2011-01-29", dtype="M8[D]")),
        ([0.25 * k + 1990 for k in range(12)], 0.25 * np.arange(12) + 1990),
    ],
)
def test_times_of_which_only_one_reading_makes_sense(read, dates, expected):
    np.testing.assert_array_equal(read_quietly(read, column(dates))[0], expected)


@pytest.mark.parametrize("cell", ["70", "1970", "2001 1", "01.02.2001", "2001Q1"])
def test_a_long_column_with_one_odd_cell_at_its_end_is_looked_through_once(cell):
    """An ambiguous pattern that goes back to earlier cells would take for ever."""
    column = Cells([cell] * 500 + ["odd"])
    assert not any(column.match(shape.pattern) for _, _, shape, _ in FORMS if shape)
    assert not column.match(YEAR_AND_PART)


@pytest.mark.parametrize(
    ("unit", "said"),
    {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds", "D": "Excel's"}.items(),
)
def test_counted_times_are_read_and_said(read, unit, said):
    days = np.arange("2023-11-14", "2024-01-16", dtype="M8[D]")
    cells = days.astype(f"M8[{unit}]").astype(int) + (25569 if unit == "D" else 0)  # Excel's 1970-01-01
    t, _ = read(column(cells), warns=f"read as {said}")
    np.testing.assert_array_equal(t, days)


def test_several_columns_make_a_time(read):
    quarters = "".join(f"{year}.0,{q}.0,{q}\n" for year in (1959, 1960) for q in (1, 2, 3, 4))
    t, _ = read("year,quarter,y\n" + quarters, time=["year", "quarter"])
    np.testing.assert_array_equal(t, np.arange("1959", "1961", 3, "M8[M]"))
    hours = "".join(f"2024-01-01,{half / 2:g},{half}\n" for half in range(9))
    t, _ = read("day,hour,y\n" + hours, time=["day", "hour"])
    assert str(t[-1]) == "2024-01-01T04:00:00"
    hours = "".join(f"2024,{day:03},{hour},0\n" for day in (59, 60, 61) for hour in range(24))
    t, _ = read("year,doy,hour,y\n" + hours, time=["year", "doy", "hour"])
    assert str(t[0]) == "2024-02-28T00:00:00" and len(t) == 72
    tenths = "".join(f"1,Jan,2024,{hour},{minute},0\n" for hour in range(3) for minute in range(0, 60, 10))
    t, _ = read("DD,MM,#YY,hh,mm,y\n" + tenths, time=["DD", "MM", "#YY", "hh", "mm"])
    np.testing.assert_array_equal(t, np.arange("2024-01-01T00:00", "2024-01-01T03:00", 10, "M8[m]"))
    clock = "".join(f"{hour}:00,1/6/2024,0\n" for hour in range(5))
    t, _ = read("Time,Day,y\n" + clock, time=["Time", "Day"], time_format="%d/%m/%Y %H:%M")
    assert str(t[1]) == "2024-06-01T01:00:00"


@pytest.mark.parametrize("name", ["period", "step", "station", "Settlement Period"])
def test_numbers_beside_a_date_are_read_by_the_name_of_their_column_alone(read, name):
    rows = "".join(f"2024-01-0{day},{k},0\n" for day in (1, 2) for k in range(20))
    with pytest.raises(ValueError, match=f"row 2, column '{name}': '0' could be any part of a time: call"):
        read(f"date,{name},y\n{rows}", time=["date", name])
    with pytest.raises(ValueError, match="columns 'month day': none of them holds the year"):
        read("month,day,y\n1,1,0\n1,2,0\n", time=["month", "day"])


def test_a_format_that_is_given_settles_what_no_row_does(read):
    cells = pd.date_range("2020-01-01", "2020-06-01", freq="MS").strftime("%y%m%d")
    with pytest.raises(ValueError, match="no row settles it: pass time_format='%Y%m' or '%y%m%d' if"):
        read(column(cells))
    assert str(read(column(cells), time_format="%y%m%d")[0][-1]) == "2020-06"
    yearly = column(f"Jan-{year}" for year in range(12, 24))
    with pytest.raises(ValueError, match="pass time_format='%b %y' if that is meant"):
        read(yearly)
    for form in "%b %y", "%b-%y":  # as it is said, and as it is written
        np.testing.assert_array_equal(
            read(yearly, time_format=form)[0], np.arange("2012", "2024", dtype="M8[Y]")
        )
    with pytest.raises(
        ValueError, match="row 2, column 'date': 'Jan-12' is not a date, by time_format='%Y': write"
    ):
        read(yearly, time_format="%Y")
    with pytest.raises(ValueError, match="'Q' is a bad directive in format '%Q'"):
        read(yearly, time_format="%Q")


def test_days_and_months_that_a_spreadsheet_has_exchanged_are_refused(read):
    days = pd.date_range("2023-01-01", "2023-12-31")
    exchanged = [f"{day:%Y-%d-%m}" if day.day <= 12 else f"{day:%Y-%m-%d}" for day in days]
    with pytest.raises(ValueError, match=r"\(row 14: .*as if a program had exchanged day and month"):
        read(column(exchanged))


@pytest.mark.parametrize(
    ("name", "first"),
    {"doy": "2024-01-03", "week": "2024-01-15", "Month": "2024-03", "qtr": "2024-07"}.items(),
)
def test_the_parts_of_a_year_are_told_by_name(read, name, first):
    """A dozen numbers could be months as well as days."""
    t, _ = read(f"year,{name},y\n" + "".join(f"2024,{k},{k}\n" for k in (3, 4)), time=["year", name])
    assert str(t[0]) == first
    t, _ = read(f"{name},y\n2024-03,1\n2024-04,2\n", time=name)  # months, but for weeks
    assert str(t[0]) == (first if name == "week" else "2024-03")
    with pytest.raises(ValueError, match=r"row 2, column 'dekad': '3' could be any part of a time: call"):
        read("year,dekad,y\n2024,3,1\n2024,4,1\n", time=["year", "dekad"])


def test_many_rows_take_seconds(read):
    days = pd.date_range("2020-01-01", periods=50_000, freq="min")
    t, y = read(column(days))
    np.testing.assert_array_equal(t, days.to_numpy())
    np.testing.assert_array_equal(y, np.arange(50_000))


# mended, and said


def test_unsorted_rows(read):
    t, y = read(
        "date,y\n2024-01-03,3\n2024-01-01,1\n2024-01-02,2\n", warns="not in order of time (row 3: 2024-01-01"
    )
    assert y.tolist() == [1, 2, 3] and (np.diff(t).astype(int) == 1).all()


def test_identical_rows(read):
    text = ",date,y\n0,2024-01-01,1\n1,2024-01-02,2\n2,2024-01-02,2\n3,2024-01-03,\n4,2024-01-03,\n"
    _, y = read(text, warns="2 rows with the time and values of another left out (row 4: 2024-01-02)")
    np.testing.assert_array_equal(y, [1, 2, np.nan])
    with pytest.raises(ValueError, match=r"rows 2 and 3 .* but differ in 'site', 'a' and 'b': keep"):
        read("site,date,y\na,2024-01-01,1\nb,2024-01-01,1\n")


def test_day_and_month_told_by_regularity(read):
    months = [f"01/{month:02}/{year},1" for year in (2022, 2023) for month in range(1, 13)]
    t, _ = read("date,y\n" + "\n".join(months), warns="'01/01/2022' is read as 2022-01-01 (%d/%m/%Y)")
    assert len(t) == 24 and t.dtype == np.dtype("datetime64[M]")
    assert len(read("date,y\n" + "\n".join(months[:12]), time_format="%m/%d/%Y")[0]) == 12


def test_months_that_come_last(read):
    march = column(f"2024-{day:02}-03" for day in range(1, 32))
    np.testing.assert_array_equal(read(march)[0], np.arange("2024-03-01", "2024-04-01", dtype="M8[D]"))
    short = column(f"2024-{day:02}-03" for day in range(1, 13))  # or the third of each month
    with pytest.raises(ValueError, match=r"2024-01-03 or 2024-03-01 .* time_format='ISO8601' or '%Y-%d-%m'"):
        read(short)
    for form, last in ("ISO8601", "2024-12-03"), ("%Y-%d-%m", "2024-03-12"):
        assert str(read(short, time_format=form)[0][-1]) == last
    assert len(read(column(f"2024-{month:02}-01" for month in range(1, 13)))[0]) == 12  # ISO, as usual


def test_a_future_is_suspicious(read):
    t, _ = read("date,y\n2099-01-01,1\n2099-01-02,2\n", warns="ends in the future, at 2099-01-02")
    assert str(t[0]) == "2099-01-01"


# refused


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "mine.csv is empty"),
        (" \n\n", "mine.csv is empty"),
        ("date,y\n", "no rows below its header"),
        (b"\x1f\x8b\x08 packed", "mine.csv is compressed: unpack it first"),
        (b"%PDF-1.7 ...", "is a PDF document"),
        ("\n<!DOCTYPE html>\n<html>Please log in", "is a web page, not a table: was it saved in place"),
        ("<html><table><tr><td>date", "is a web page, not a table"),
        ('{"date": [1], "y": [2]}', "is JSON, not a table"),
        (b"PK\x03\x04 workbook", "is a spreadsheet or an archive, not text"),
        ("2024-01-01,1\n2024-01-02,2\n", "no column 'y'; .*a row of values: write the columns' names"),
        ("date,Y2\n2024-01-01,1\n", "has no column 'y'; its header row has 'date', 'Y2'; did you mean 'Y2'"),
        ("date,y,y\n2024-01-01,1,2\n", "2 columns named 'y'"),
        (b"date,y\n2024-01-01,1\n\0\0\n2024-01-03,3\n", "row 3: a NUL byte"),
        ("date;y\n2024-01-01;1.250\n2024-01-02;1,375\n", "'1.250' and '1,375' cannot both have decimals"),
    ],
)
def test_files_that_are_no_table_are_refused(read, text, message):
    with pytest.raises(ValueError, match=message):
        read(text)


CLOCK = "2024-04-06 22:00,1|2024-04-06 23:00,2|2024-04-06 23:00,3|2024-04-07 00:00,4"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("2024-01-01,1|2024-01-02", "row 3: 1 cells where the header has 2: is it cut off"),
        ("2024-01-01,1,5|2024-01-02,2,5", "row 2: 3 cells .* has 2: .*such as a decimal comma"),
        ("2024-01-01,1|2024-01-02;2", "row 3: 1 cells where the header has 2: .*is the delimiter"),
        ('2024-01-01,"1|2024-01-02,2', "row 2: a cell in quotes does not end in its row"),
        ('2024-01-01,"1|"|2024-01-02,2', "row 2: a cell in quotes does not end in its row"),
        ("2024-01-01,1|2024-01-02,abc|2024-01-03,x", "row 3, .*'abc' is not a finite number .*first of 2"),
        ("|2024-01-01,1|2024-01-02,5 €", "row 4, column 'y': '5 €' is not a finite number"),
        (",°C|2024-01-01,1", "row 2, column 'y': '°C' is not a finite number"),
        ("2024-01-01,1|2024-01-02,-inf", "row 3, column 'y': '-inf' is not a finite"),
        ("2024-01-01,1e999", "row 2, column 'y': '1e999' is not a finite"),
        ("2024-01-01,|2024-01-02,NA", "column 'y' holds no numbers: all its 2 cells"),
        ("2024-01-01,1|,2", "row 3, column 'date': the time is missing"),
        ("2024-03-10,1|2024-03-10,2", "rows 2 and 3 .* in column 'date' but differ in 'y', '1' and '2'"),
        (CLOCK, "rows 3 and 4 .*clock went back.*'2024-04-06 22:00:00', periods=4, freq='60min', tz="),
        ("2024-01-01T01:00+01:00,2|2024-01-01T02:00,3", "row 3, .*one of them has a time zone and one none"),
    ],
)
def test_rows_are_refused_by_number(read, rows, message):
    with pytest.raises(ValueError, match=message):
        read("date,y\n" + rows.replace("|", "\n") + "\n")


def days(form, rows=range(1, 13)):
    return "|".join(form.format(row) for row in rows)


def parts(form, most):
    return "|".join(form.format(year, part) for year in range(2001, 2006) for part in range(1, most + 1))


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        ("2024-01-01|2024-01-32|2024-01-03", "row 3, column 'date': '2024-01-32' is not a date"),
        ("31/01/2024|last of May|01/02/2024", "row 3, column 'date': 'last of May' is not a date like"),
        ("2024-01-01|2024-01-02|Source: me", "row 4, column 'date': 'Source: me' is not a date"),
        ("2001Q1|2001Q2|2001Q5|2001Q4", "row 4, column 'date': '2001Q5' is not a date"),
        ("1990|1991|19x2|1993", "row 4, column 'date': '19x2' is not a date like '1990'"),
        ("январь 2024|март 2024", "'январь 2024' is not a date: .*time_format=.*read in English, French, "),
        (days("3{:02}", range(1, 32)), "'301' could be 301 or 2000-03-01 .*numbers or a day of no year"),
        (days("{}03", range(1, 32)), "'103' could be 103 or .*or leave out time="),
        (days("{:02}00", range(24)), "'0000' is not a date: write .*time_format="),
        (days("{}", [100 * (k // 12) + 5 * (k % 12) for k in range(288)]), "'0' is not a date: write"),
        (days("20240105.{}", range(0, 9)), "'20240105.0' is not a date: write"),
        (days("{:02}2024", range(1, 13)), "'012024' could be 2024-01-.* or 2024-01-.*%m%Y"),
        ("|".join(f"01-{month}" for month in ("Feb", "Mar", "Apr")), "'01-Feb' could be .*of no year"),
        (days("0102{}", range(11, 20)), "'010211' could be .*%y%m%d"),
        (days("05{:02}", range(1, 12, 2)), "'0501' could be 2005-01-01 or 2005-01-03 .*%y%m or YYWW"),
        (days("24{:02}"), "row 3, .*'2402' could be 2024-02-01 or 2024-01-08 .*%y%m or YYWW"),
        (days("23{:03}", range(1, 60)), "'23001' could be 2023-01-01 or 1962-12-21 .*%y%j or Excel's days"),
        (days("10.1.{}"), "'10.1.1' is not a date"),
        (days("Mon {}"), "row 2, column 'date': 'Mon 1' is not a date"),
        (days("{}", [*range(5, 53), *range(1, 5)]), "row 50: 1 after 52.: do the numbers start again"),
        (days("2024-{:02}-01", [*range(2, 13), 1]) + "|2026-03-01", "row 13: .*14 of 27 steps"),
        ("00:00|00:10|00:20", "'00:00' is not a date: the date is missing: name its column as well"),
        ("2.02E+11|2.03E+11", "a spreadsheet has rounded it"),
        (days("1995.{}", range(1, 7)), "row 6, column 'date': '1995.5' is not a date"),
        (days("{:02}0315", range(1, 21)), "'010315' could be 2001-03-15 or 2015-03-01"),
        (days("2020-{:02}", range(1, 14)), "row 14, .*'2020-13' is not a date like '2020-01'"),
        ("2022|2023|202401", "row 4, column 'date': '202401' is not a date like '2022' in row 2"),
        ("2023-12|2024|2024-02", "row 3, column 'date': '2024' is not a date like '2023-12'"),
        (days("{}", [*range(202302, 202314), *range(202401, 202413)]), "row 13, .*'202313' is not a date"),
        (days("2023{}", range(340, 367)), "row 28, .*'2023366' is not a date like"),
        (days("2024/0{:02}"), r"'2024/002' could be 2024-01-02 or 2024-02-01 \(days or months"),
        (days("{}-Jan", range(1, 32)), "'1-Jan' is not a date .*the year is missing"),
        (days("{:02}-Jan", range(1, 32)) + "|01-Feb", "'01-Jan' is not a date: the year is missing"),
        (days("2024-01-01 {:02}:00 GMT+1"), "row 2, .*write the time zone as an offset"),
        ("2024-01-01|2024-02-01|2024-03-01|2024-04-02|2024-05-01", "row 5, .*04-02 comes 32 .*31 days"),
        ("13/01/2024|01/13/2024", "row 3, .*'01/13/2024' is not a date like '13/01/2024' in row 2"),
        ("01/02/2024|01/03/2024", "2024-02-01 or 2024-01-02 .* time_format='%d/%m/%Y' or '%m/%d/%Y'"),
        ("200001|200002", "'200001' could be 2000-01-01 or 2000-01-03 .*settles it"),
        *[
            (parts(form, most), f"2001-{usual}-01 or 2001-{other}-01 .*{most} parts of a year.* 2024Q1")
            for form, most, usual, other in [
                ("{1:02}/{0}", 3, "02", "05"),
                ("{}.{:02}", 6, "02", "03"),
                ("{}{}", 3, "04", "05"),
                ("{}-{}", 2, "04", "07"),
            ]
        ],
        (days("{:02}-Jan"), "'01-Jan' could be .*2000-.*of no year"),
        ("01/02|02/03|03/04|04/05", "row 4, column 'date': the times are not regular"),
        ("2024-01-01|2024-01-02|2024-01-03|2024-01-04 07:30|2024-01-05", "row 5, .*07:30:00 .*where 1 day"),
        (days("{}", [*range(100), 3_000_000]), "row 102, .* mistyped.* 3000000 comes 2999901 after"),
        ("2024-01-01|2024-01-02|2204-01-03|2024-01-04", "row 4, column 'date': is this time mistyped"),
    ],
)
def test_times_are_refused_by_row(read, dates, message):
    with pytest.raises(ValueError, match=message):
        read(column(dates.split("|")))


def test_rows_as_they_come(read):
    np.testing.assert_array_equal(read("y\n1\n\n3\n\n", time=None)[1], [1, np.nan, 3])
    np.testing.assert_array_equal(read("n,y\na,1\n,\nb,3\n,\n", time=None)[1], [1, np.nan, 3])
    with pytest.raises(ValueError, match=r"row 3: 1 cells .*no part of the table"):
        read("n,y\na,1\nSource: me\n", time=None)


def turned(kind, *asked):
    """Read a table after the line that its refusal tells has turned it."""
    with pytest.raises(ValueError, match=f"a column for each {kind}: .* alone is no series") as refused:
        from_csv("wide.csv", *asked)
    line, call = re.search(r"(pandas\.read_csv.*), then (from_csv.*)$", str(refused.value)).groups()
    eval(line, {"pandas": pd})
    with warnings.catch_warnings(action="ignore"):
        return eval(call)


def test_wide_tables_are_refused_with_the_line_that_turns_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    elnino.load_pandas().data.to_csv("wide.csv", index=False)
    t, y = turned("month", "JAN", "YEAR")
    np.testing.assert_array_equal(t, sea_temperature()[0])
    np.testing.assert_array_equal(y, sea_temperature()[1])
    for header, kind, times, n in [
        ("of;Q1;Q2;Q3;Q4", "quarter", (2023, 2024), 8),
        ("of;Jan;Feb;Mar", "month", (2023, 2024), 15),
        ("quarter;2022;2023", "year", ("Q1", "Q2", "Q3", "Q4"), 8),
        ("of" + "".join(map(";H{}".format, range(1, 25))), "hour", ("2023-01-01", "2023-01-02"), 48),
        ("of;2023-01;2023-02;2023-03", "date", ("A", "B"), 3),
    ]:
        key, *names = header.split(";")
        rows = [";".join([str(time), *map(str, range(len(names)))]) for time in times]
        (tmp_path / "wide.csv").write_text("\n".join(["A title", header, *rows]))
        t, y = turned(kind, names[0], key)
        assert len(t) == n and y[-1] == len(names) - 1


def test_a_delimiter_that_is_not_the_files(read):
    with pytest.raises(ValueError, match=r"no column 'y'; .*'date;y'; is the delimiter another one"):
        read("date;y\n2024-01-01;1\n", delimiter=",")


def test_a_folder_and_a_missing_file(tmp_path):
    with pytest.raises(ValueError, match="is a folder, not a file"):
        from_csv(tmp_path, "y")
    (tmp_path / "sales.csv").write_text("y\n1\n")
    with pytest.raises(FileNotFoundError, match=r"no file 'sale.csv' in .*; did you mean 'sales.csv'\?"):
        from_csv(tmp_path / "sale.csv", "y")


def test_bad_arguments(read):
    with pytest.raises(ValueError, match="decimal must be"):
        read("y\n1\n", time=None, decimal="x")
    with pytest.raises(TypeError, match="must be names of columns"):
        read("y\n1\n", 0, None)
    with pytest.raises(ValueError, match="delimiter ';;'"):
        read("y\n1\n", time=None, delimiter=";;")
