"""The regular spacing behind times, and times in words."""

from datetime import date

import numpy as np

STRETCH = 10, 2  # a series (of dates, of numbers) that gaps filled make so many times longer has a wrong time
LONGER = 1.2  # a reading that leaves so many times more gaps than another one is not meant


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
    step = steps[0] if len(steps) < 3 else _most_common(steps)
    if (steps == step).all():
        return times
    most = STRETCH[times.dtype.kind != "M"]
    if (times[-1] - times[0]) / step <= most * max(len(times), 10):
        trouble, odd, most = "the times are not regular:", _first_odd(steps / step), len(times) / 2
        for grid in _grids(times, step):
            places = np.searchsorted(grid, times)  # np.isin would sort both anew, and take their memory again
            fit = grid[np.minimum(places, len(grid) - 1)] == times
            if fit.all():
                return grid
            if fit.sum() > most:
                most, odd, step = fit.sum(), int(np.argmin(fit)) - 1, grid[1] - grid[0]
    else:
        trouble, odd = "is this time mistyped?", int(np.argmax(steps))
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
    """A time as a person writes it: 2024-01-31, with the hour only where there is one; any other as it is.

    Parameters
    ----------
    time : datetime64, number, str, or a date of the standard library or of pandas

    Returns
    -------
    str
    """
    if isinstance(time, float | np.floating):
        return f"{time:.10g}"
    if not isinstance(time, np.datetime64 | date):
        return str(time)
    time = time.astype("datetime64[us]") if isinstance(time, np.datetime64) else time
    return str(time).replace("T", " ").removesuffix(".000000").removesuffix(" 00:00:00")


def count(number, name):
    """A number of things in words: 1 row, 2 rows."""
    return f"{number:.10g} {name}{'' if number == 1 else 's'}"


def stretch(times):
    """How many times longer a series becomes when its gaps are filled; infinite where it is not regular."""
    times = np.sort(times)  # np.unique takes ten times as long
    times = times[np.append(True, times[1:] != times[:-1])]
    try:
        return len(regular(times, range(len(times)), "")) / len(times)
    except ValueError:
        return np.inf


def in_order_with_days_as_months(times):
    """Whether times in disorder are in order once day and month are exchanged where both can be either."""
    months, days = times.astype("datetime64[M]"), times.astype("datetime64[D]")
    day, month = (days - months).astype(int), months.astype(int) % 12  # from 0
    exchanged = (months - month + day).astype("datetime64[D]") + month + (times - days)
    exchanged = np.where(day < 12, exchanged, times)
    return not (exchanged[1:] < exchanged[:-1]).any()


def _grids(times, step):
    """Every regular series from the first time to the last that the times might be part of."""
    if times.dtype.kind == "M":
        yield from _calendars(times, step)
    whole = np.append(0, np.cumsum(np.round(np.diff(times) / step)).astype(int))
    rounded = times.dtype.kind == "f"  # a twelfth of a year is 0.0833 and 0.0834 in turns
    step = (times[-1] - times[0]) / whole[-1] if rounded and whole[-1] else step
    if (
        np.allclose((times - times[0]) / step, whole, rtol=0, atol=0.02 if rounded else 1e-6)
        and np.diff(whole).all()
    ):
        grid = times[0] + step * np.arange(whole[-1] + 1)
        grid[whole] = times  # 0.1 + 2 * 0.1 is not 0.3 to the last bit
        yield grid


def _calendars(times, step):
    import pandas as pd

    first, last = pd.Timestamp(times[0]), pd.Timestamp(times[-1])
    if step >= np.timedelta64(27, "D"):
        months = np.diff(times.astype("datetime64[M]")).astype(int)
        every = max(1, _most_common(months))
        if 12 % every and every % 12:
            return
        same_day = pd.DateOffset(months=every, day=first.day)
        for rule in same_day, f"{every}ME", f"{every}BMS", f"{every}BME":
            yield pd.date_range(first, last, freq=rule).to_numpy(dtype="datetime64[us]")
    elif step == np.timedelta64(1, "D") and len(times) > 5:
        yield pd.date_range(first, last, freq="B").to_numpy(dtype="datetime64[us]")


def _most_common(steps):
    values, counts = np.unique(steps, return_counts=True)
    return values[np.argmax(counts)]


def _first_odd(multiples):
    whole = np.round(multiples)
    return int(np.argmax(~np.isclose(multiples, whole, rtol=0, atol=1e-6) | (whole < 1)))


def _span(step):
    """A stretch of time in words."""
    if not isinstance(step, np.timedelta64):
        return show(step)
    seconds = float(step / np.timedelta64(1, "s"))
    sizes = {"day": 86400, "hour": 3600, "minute": 60, "second": 1}
    name = next((name for name, size in sizes.items() if seconds >= size and seconds % size == 0), "second")
    return count(seconds / sizes[name], name)
