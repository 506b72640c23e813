"""A real series that needs no network."""

import numpy as np


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
    from statsmodels.datasets import elnino  # here, and not above: it takes a second and few need it

    years = elnino.load_pandas().data.to_numpy(dtype=float)  # (61, 13): year, then twelve months
    first = np.datetime64(f"{int(years[0, 0])}-01", "M")
    y = years[:, 1:].ravel()
    return first + np.arange(len(y)), y
