"""The one exercise of the opening notebook, to practise being checked."""

import numpy as np

from lessons.exercises.declare import Case, Exercise, Part, Wrong

_NOISE = np.random.default_rng(0).normal(size=30)


def naive_forecast(series):
    """Forecast every value from the second on as the value before it."""
    return series[:-1]  # (n,) -> (n - 1,)


def _the_truth(series):
    return series[1:]


def _two_steps_back(series):
    return np.concatenate([series[:1], series[:-2]])


def _always_the_latest(series):
    return np.full(len(series) - 1, series[-1])


def _always_the_mean(series):
    return np.full(len(series) - 1, series.mean())


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
            Wrong(_the_truth, "These are the very values to be forecast. A forecast cannot know them yet."),
            Wrong(_two_steps_back, "Each forecast is one step older than it need be."),
            Wrong(
                _always_the_latest,
                "Every forecast is the last value of the series, which nearly always lies in the future.",
            ),
            Wrong(_always_the_mean, "Every forecast is the mean of the whole series, future included."),
        ],
    ),
)
