"""The one exercise of the opening notebook, to practise being checked."""

import numpy as np

from lessons.exercises.declare import Case, Exercise, Part, Slip

_NOISE = np.random.default_rng(0).normal(size=30)


def naive_forecast(series):
    """Forecast every value from the second on as the value before it."""
    return series[:-1]  # (n,) -> (n - 1,)


EXERCISES = (
    Exercise(
        "00.naive_forecast",
        "Forecast each value as the one before it",
        reference=naive_forecast,
        returns="y_pred",
        parts=[Part("the value before", 1, Case(np.array([3.0, 1.0, 4.0, 1.0, 5.0])), Case(_NOISE))],
        hints=[
            "The first forecast is for `series[1]`. Which value is the last one known by then?",
            "You need all values but the last one. In NumPy that is one slice.",
        ],
        wrong=[
            Slip(
                "These are the very values to be forecast. A forecast cannot know them yet.",
                {"series[:-1]": "series[1:]"},
            ),
            Slip(
                "Each forecast is one step older than it need be.",
                {"series[:-1]": "np.concatenate([series[:1], series[:-2]])"},
            ),
            Slip(
                "Every forecast is the last value of the series, which nearly always lies in the future.",
                {"series[:-1]": "np.full(len(series) - 1, series[-1])"},
            ),
            Slip(
                "Every forecast is the mean of the whole series, future included.",
                {"series[:-1]": "np.full(len(series) - 1, series.mean())"},
            ),
            Slip(
                "There is one forecast too many: what follows the last value is not in the series.",
                {"series[:-1]": "series"},
            ),
            Slip(
                "`np.roll` puts the last value of the series in front, as a forecast of the first one.",
                {"series[:-1]": "np.roll(series, 1)"},
            ),
        ],
    ),
)
