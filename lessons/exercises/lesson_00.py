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
                "These are the values to be forecast; a forecast cannot know them.",
                {"series[:-1]": "series[1:]"},
            ),
            Slip(
                "Each forecast is a step older than need be.",
                {"series[:-1]": "np.r_[series[:1], series[:-2]]"},
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
                "One forecast too many: no value of the series follows the last.", {"series[:-1]": "series"}
            ),
            Slip(
                "`np.roll` brings the last value round to the front.", {"series[:-1]": "np.roll(series, 1)"}
            ),
        ],
    ),
)
