"""Recursive forecasts: each is put at the end of the window that the next one is made from."""

import numpy as np

from lessons.checks import as_series, whole_number


def rollout(model, series, origins, steps, window, known=()):
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
    known : sequence of int
        Features whose future is known in advance, as a calendar's is: read from the series, which must hold
        them for the first steps - 1 steps from each origin. Every other feature beyond 0 stays what it was
        just before the origin: nothing after an origin is read unless it is named here.

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
        An origin lies too early or too late, a value to start from is missing, `known` names no feature,
        or the model refuses such windows or returns something else than (N, k) finite numbers.

    Notes
    -----
    Models are called with a copy of their windows, and see nothing else.
    """
    series = as_series(series)
    origins, steps, window = _origins(origins), whole_number(steps, "steps"), whole_number(window, "window")
    known = _known(known, series.shape[1])
    _check_sizes(len(series), origins, steps, window)
    if not callable(getattr(model, "predict", None)):
        raise TypeError(f"model must have predict(X), got {type(model).__name__}")

    path = np.empty((len(origins), window + steps, series.shape[1]))  # what there was, then what is forecast
    path[:, :window] = series[origins[:, None] + np.arange(-window, 0)]  # (N, T, D)
    _refuse_gaps(path[:, :window], origins)
    path[:, window:] = path[:, window - 1 : window]  # features that nobody forecasts stay as they are
    path[:, window : window + steps - 1, known] = _future(series, origins, steps - 1, known)
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
    series = as_series(series)
    origins, steps = _origins(origins), whole_number(steps, "steps")
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    last = len(series) - steps
    if origins.min() < 0 or origins.max() > last:
        raise ValueError(
            f"origins must lie between 0 and {last} (the series has {len(series)} values, {steps} steps are "
            f"to follow), got {origins.min()} to {origins.max()}"
        )
    return series[origins[:, None] + np.arange(steps), 0].astype(float)


def _origins(origins):
    origins = np.asarray(origins)
    if origins.ndim != 1 or origins.size == 0:
        raise ValueError(
            f"origins must have shape (N,), at least one of them, got shape {origins.shape}"
            + ("; for one origin write [630]" if origins.ndim == 0 else "")
        )
    if origins.dtype.kind not in "iu":
        raise TypeError(f"origins must hold whole numbers, series indices, got values of {origins.dtype}")
    return origins.astype(np.intp)


def _known(known, D):
    if isinstance(known, int | np.integer):
        known = [known]
    known = [whole_number(feature, "known") for feature in known]
    for feature in known:
        if not 1 <= feature < D:
            features = f"between 1 and {D - 1}" if D > 1 else "left out: the series has one feature"
            raise ValueError(f"known must be {features} (feature 0 is what is forecast), got {feature}")
    return known


def _check_sizes(n, origins, steps, window):
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    if not 1 <= window <= n:
        raise ValueError(f"window must be between 1 and {n} (the series has {n} values), got {window}")
    if origins.min() < window or origins.max() > n:
        raise ValueError(
            f"origins must lie between {window} and {n} (a window of {window} comes before each of them, and "
            f"the series has {n} values), got {origins.min()} to {origins.max()}"
        )


def _refuse_gaps(seeds, origins):
    """Raise if a window (N, T, D) to start from holds NaN or infinite values."""
    bad = ~np.isfinite(seeds)
    if bad.any():
        k, step, feature = np.argwhere(bad)[0]
        index = origins[k] - seeds.shape[1] + step
        raise ValueError(
            f"series has missing or infinite values in the windows of {bad.any(axis=(1, 2)).sum()} of "
            f"{len(origins)} origins, the first at series index {index}, feature {feature}, in the window of "
            f"origin {origins[k]}; fill them first"
        )


def _future(series, origins, steps, known):
    """Known features (N, steps, len(known)) from each origin on."""
    if not known or steps == 0:
        return np.empty((len(origins), steps, len(known)))
    last = len(series) - steps
    if origins.max() > last:
        raise ValueError(
            f"series must hold the known features for {steps} steps from each origin on: origins may be "
            f"{last} at most (the series has {len(series)} values), got {origins.max()}"
        )
    future = series[origins[:, None] + np.arange(steps)][:, :, known]
    if not np.isfinite(future).all():
        raise ValueError("series has missing or infinite values in its known features after an origin")
    return future


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
