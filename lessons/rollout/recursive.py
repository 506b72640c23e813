"""Recursive forecasts: each is put at the end of the window that the next one is made from."""

import numpy as np

from lessons.checks import as_indices, as_series, whole_number


def rollout(model, series, origins, steps, window):
    """Forecast many steps ahead from every origin, feeding the forecasts back in.

    From the origin o a forecaster first sees the `window` values before it, then, one step on, the same
    without the first one and with its own forecast at the end::

        y_hat(o)      = f(y(o - T), ..., y(o - 1))
        y_hat(o + 1)  = f(y(o - T + 1), ..., y(o - 1), y_hat(o))          and so on

    the "iterated" forecast of Marcellino, Stock & Watson, Journal of Econometrics 135 (2006). All origins go
    forward together: one batched `model.predict` a step.

    Parameters
    ----------
    model : forecaster
        Anything with `predict`, (N, T, D) -> (N, k): a baseline, a net, a wrapper around one, your own class.
        One that forecasts k steps at once is rolled out in blocks of k.
    series : array_like of shape (n,) or (n, D)
        The series in the unit that the model was fitted in; feature 0 is the one that is forecast.
    origins : array_like of int, shape (N,)
        Index in the series of the *first* value to forecast, as `target_index` of `make_windows`; n itself is
        allowed and forecasts what nobody knows yet.
    steps : int
        How many values to forecast from each origin.
    window : int
        Time steps T that the model looks at.

    Returns
    -------
    ndarray of shape (N, steps), float64
        Forecasts, in the unit of feature 0; column 0 is the value at the origin itself.

    Raises
    ------
    TypeError
        The series does not hold numbers, a size or an origin is not a whole number, or the model cannot
        `predict`.
    ValueError
        An origin lies too early or too late, a value to start from is missing, or the model refuses such
        windows or returns something else than (N, k) finite numbers.

    Notes
    -----
    Models are called with a copy of their windows, and see nothing else: nothing after an origin is read.
    Features beyond 0 stay what they were just before it.
    """
    series = as_series(series)
    window, steps = whole_number(window, "window", 1), whole_number(steps, "steps", 1)
    origins = _origins(origins, window, len(series), f"a window of {window} comes before each")
    if not callable(getattr(model, "predict", None)):
        raise TypeError(f"model must have predict(X), got {type(model).__name__}")
    path = np.empty((len(origins), window + steps, series.shape[1]))  # what there was, then what is forecast
    path[:, :window] = series[origins[:, None] + np.arange(-window, 0)]  # (N, T, D)
    if not np.isfinite(path[:, :window]).all():
        raise ValueError("series has missing or infinite values in a window to start from; fill them first")
    path[:, window:] = path[:, window - 1 : window]  # features that nobody forecasts stay as they are
    done = 0
    while done < steps:
        block = _forecast(model, path[:, done : done + window].copy(), done + 1)  # (N, k)
        stop = min(done + block.shape[1], steps)
        path[:, window + done : window + stop, 0] = block[:, : stop - done]
        done = stop
    return path[:, window:, 0].copy()


def truth(series, origins, steps):
    """The values that rollouts from these origins are to hit.

    Parameters
    ----------
    series : array_like of shape (n,) or (n, D)
        Values in any unit; feature 0 counts.
    origins : array_like of int, shape (N,)
        Index of the first value to forecast.
    steps : int
        How many values from each origin on.

    Returns
    -------
    ndarray of shape (N, steps), float64
        `series[origin : origin + steps]` for each origin, in the series' unit.

    Raises
    ------
    TypeError
        A size or an origin is not a whole number.
    ValueError
        The series ends before the last step of an origin.
    """
    series, steps = as_series(series), whole_number(steps, "steps", 1)
    origins = _origins(origins, 0, len(series) - steps, f"{steps} steps follow each")
    return series[origins[:, None] + np.arange(steps), 0].astype(float)


def _origins(origins, first, last, why):
    """Origins as an array of indices between `first` and `last`, or what is wrong with them."""
    origins = as_indices(origins, "origins")
    if origins.min() < first or origins.max() > last:
        got = f"{origins.min()} to {origins.max()}"
        raise ValueError(f"origins must lie between {first} and {last} ({why}), got {got}")
    return origins


def _forecast(model, X, step):
    """One batch of forecasts (N, k), or what is wrong with it."""
    try:
        block = np.asarray(model.predict(X))
    except ValueError as error:
        raise ValueError(
            f"model cannot forecast from windows of shape {X.shape} (was it fitted with window={X.shape[1]} "
            f"and {X.shape[2]} feature{'s' if X.shape[2] > 1 else ''}?): {error}"
        ) from error
    if block.ndim != 2 or len(block) != len(X) or block.shape[1] == 0 or block.dtype.kind not in "buif":
        raise ValueError(
            f"model.predict must return real numbers of shape ({len(X)}, k), a row a window, got shape "
            f"{block.shape} of {block.dtype}"
        )
    if not np.isfinite(block).all():
        raise ValueError(f"model.predict returned NaN or infinite values at step {step} of the rollout")
    return block
