"""Real series that need no network."""

from pathlib import Path

import numpy as np

AIR_QUALITY_CSV = Path(__file__).with_name("air_quality_no2.csv")
SEA_TEMPERATURE_CSV = Path(__file__).with_name("sea_temperature.csv")


def sea_temperature():
    """Monthly sea surface temperature off the coast of Peru and Ecuador, January 1950 to December 2010.

    The NOAA ERSST v3b data set, region Niño 1+2 (0–10° South, 90–80° West), the waters where El Niño shows
    first; in the public domain, as shipped with statsmodels (`statsmodels.datasets.elnino`).

    Returns
    -------
    t : ndarray of shape (732,), datetime64[M]
        Months.
    y : ndarray of shape (732,), float64
        Mean temperature of the month, in °C.

    References
    ----------
    Smith, Reynolds, Peterson and Lawrimore (2008), "Improvements to NOAA's historical merged land–ocean
    surface temperature analysis (1880–2006)", Journal of Climate 21, 2283–2296. Data:
    http://www.cpc.ncep.noaa.gov/data/indices/
    """
    years = np.loadtxt(SEA_TEMPERATURE_CSV, delimiter=",", skiprows=1)  # (61, 13): year, then twelve months
    first = np.datetime64(f"{int(years[0, 0])}-01", "M")
    y = years[:, 1:].ravel()
    return first + np.arange(len(y)), y


def air_quality():
    """Nitrogen dioxide in the air of Paris and London, hourly over 45 days, with gaps and faults as measured.

    Nobody has tidied it up: hours and whole days are missing, the Paris sensor says 0.0 seven times where it
    cannot be, and London repeats the hour before at 0, 2, 4 and 6 o'clock on most days.

    Returns
    -------
    t : ndarray of shape (1081,), datetime64[h]
        Every hour from 2019-05-07 02:00 to 2019-06-21 02:00, in Paris summer time (UTC + 2 hours).
    y : ndarray of shape (1081, 2), float64
        NO₂ in µg/m³: station FR04014 in Paris, then Westminster in London. NaN where nothing was measured.

    Notes
    -----
    The same values as in the file `AIR_QUALITY_CSV`, in which the hours without any row are missing, too.

    References
    ----------
    OpenAQ, https://openaq.org, licence CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/), in the
    selection that the documentation of pandas ships (doc/data/air_quality_no2.csv). Changed here: Antwerp,
    with 95 values, left out; columns renamed.
    """
    cells = np.loadtxt(AIR_QUALITY_CSV, delimiter=",", skiprows=1, dtype=str)  # (rows, 3)
    times = np.array([cell.replace(" ", "T") for cell in cells[:, 0]], dtype="datetime64[h]")
    t = np.arange(times[0], times[-1] + 1)
    y = np.full((len(t), 2), np.nan)
    y[(times - t[0]).astype(int)] = np.where(cells[:, 1:] == "", "nan", cells[:, 1:]).astype(float)
    return t, y
