"""Lesson 08: what is wrong with a series, and what a filling makes of it."""

import numpy as np
import plotly.graph_objects as go

from lessons import figures
from lessons.cleaning import faults, fill_gaps, hide_and_fill, runs
from lessons.explorers.base import Explorer, around, bold, choice, plain, slider, up_to
from lessons.live_figure import LiveFigure
from lessons.series import air_quality
from lessons.series.spacing import count, show

HIDDEN = "a measured stretch, hidden"
MOST = 15  # things found that the list offers
KINDS = {"code": "a code", "zero": "exactly 0", "slip": "a decimal point astray", "jump": "a jump"}


def gap_filling(t=None, y=None, season_length=24, *, unit="", name="series"):
    """Explore the gaps and faults of a series, and how far off each filling is where the truth is known.

    Parameters
    ----------
    t : array_like of shape (n,), optional
        Times; with neither times nor values, the air of Paris before its test part.
    y : array_like of shape (n,), optional
        Values in ``unit``, NaN where missing: the train part of a series.
    season_length : int
        Time steps in a season, 1 for none.
    unit, name : str
        Of the values.

    Returns
    -------
    Explorer
        Controls ``look_at`` (what was found, or a measured stretch that is hidden), ``filling``, and for the
        hidden stretch its ``steps`` and ``place`` (% of the way through the series).
    """
    if t is None:
        t, air = air_quality()
        t, y, unit, name = t[1:757], air[1:757, 0], "µg/m³", "paris"
    t, y = np.asarray(t), np.asarray(y, dtype=float)
    found = faults(y, season_length)
    clean = np.where(found["code"] | found["zero"] | found["slip"], np.nan, y)  # a jump may be real
    fillings, things = _fillings(season_length), _things(t, y, found)
    most = max(3, min(2 * season_length, 24))
    lengths = np.union1d(hide_and_fill(clean, {}).lengths, [1, most])  # as in the lesson's table
    trial = hide_and_fill(clean, fillings, lengths, begin=2 * (season_length if season_length > 1 else 10))
    live = LiveFigure(_picture(t, y, trial, unit, name))

    def draw(look_at, filling, steps, place):
        hidden = look_at == HIDDEN
        for name in ("steps", "place"):
            controls[name].disabled = not hidden
        start, length = _hide(clean, steps, place) if hidden else things[look_at]
        gap, given = slice(start, start + length), clean.copy()
        given[gap] = np.nan
        filled = fillings[filling](given)
        span = slice(max(0, start - 2 * most), start + max(most, length) + most)
        error = np.mean((filled[gap] - y[gap]) ** 2) if hidden else None
        finding = _finding(t[start], length, filling, look_at, error, trial, steps)
        at = min(length, most)
        inside = np.zeros(len(y), dtype=bool)
        inside[gap] = True
        live.update(
            x=dict.fromkeys(range(4), np.arange(len(y))[span] - start) | {"here": [at]},
            y={
                0: np.where(inside, np.nan, clean)[span],
                1: np.where(inside if hidden else inside | np.isnan(clean), y, np.nan)[span],
                2: np.where(inside, filled, np.nan)[span],
                3: np.where(np.isnan(clean) & ~inside, filled, np.nan)[span],
                "here": [np.interp(at, trial.lengths, trial.mse[filling])],
            },
            layout={
                "title_text": f"{f'{length} hidden steps' if hidden else look_at}, filled with {filling}",
                "xaxis_range": [-2 * most, max(most, length) + most],
                "meta": {
                    "alt": f"Line chart of {name} with a gap filled; error by gap length. {plain(finding)}"
                },
            },
        )
        return finding

    controls = {
        "look_at": choice("look at", [*things, HIDDEN]),
        "filling": choice("filling", list(fillings)),
        "steps": slider("hidden steps", min(3, most), 1, most, 1, "How long the hidden stretch is"),
        "place": slider("place (%)", 50, 5, 100, 5, "Where in the series it lies"),
    }
    return Explorer(controls, draw, live)


def _fillings(season_length):
    def straight_line(y):
        measured = np.flatnonzero(~np.isnan(y))
        return np.interp(np.arange(len(y)), measured, y[measured])

    return {
        "last value": lambda y: fill_gaps(y)[0],
        "one season before": lambda y: fill_gaps(y, "seasonal", season_length)[0],
        "usual so far": lambda y: fill_gaps(y, "seasonal mean", season_length)[0],
        "straight line": straight_line,
    }


def _things(t, y, found):
    """What was found: {label: (start, length)}, the longest gaps first."""
    things = {}
    for start, length in sorted(zip(*runs(np.isnan(y)), strict=True), key=lambda gap: -gap[1]):
        things[f"gap of {length} from {show(t[start])}"] = int(start), int(length)
    for kind, flags in found.items():
        for start, length in zip(*runs(flags), strict=True):
            here = KINDS[kind] if kind == "zero" else f"{KINDS[kind]}, {y[start]:g}"
            things[f"{here}, {count(length, 'step')} from {show(t[start])}"] = int(start), int(length)
    starts = dict(list(things.items())[:MOST])
    return {label: place for label, place in starts.items() if place[0] > 0}


def _hide(clean, steps, place):
    """The measured stretch nearest to a place: (start, length)."""
    whole = np.convolve(np.isnan(clean), np.ones(steps + 2), "valid") == 0  # with a value at either end
    starts = 1 + np.flatnonzero(whole)
    if not len(starts):
        raise ValueError(f"no {steps + 2} values in a row were measured: hide fewer steps")
    return int(starts[np.abs(starts - place / 100 * len(clean)).argmin()]), steps


def _finding(time, length, filling, look_at, error, trial, steps):
    k = int(np.abs(trial.lengths - steps).argmin())
    best = min(trial.mse, key=lambda name: trial.mse[name][k])
    if error is None:
        return f"{look_at}: filled with {bold(filling)}. Nobody can say how well: the truth was not measured."
    return (
        f"{length} hidden step{'s' * (length > 1)} from {show(time)}: {bold(filling)} is off by an MSE of "
        f"{bold(f'{error:.4g}')}; over many stretches of {trial.lengths[k]} by {trial.mse[filling][k]:.4g}. "
        f"Least: {best}, {trial.mse[best][k]:.4g}."
    )


def _picture(t, y, trial, unit, name):
    """Two panels: the place that is looked at, and the error of every filling by the length of the gap."""
    right = {"xaxis": "x2", "yaxis": "y2"}
    open_marker = {"size": 9, "symbol": "circle-open", "color": figures.style("truth")["color"]}
    filled = {"size": 7, "color": figures.style("target")["color"], "symbol": "diamond"}
    traces = [
        go.Scatter(
            name="measured",
            mode="lines+markers",
            line=figures.line("series"),
            marker_size=4,
            showlegend=False,
        ),
        go.Scatter(name="hidden or fault", mode="markers", marker=open_marker),
        go.Scatter(name="filled", mode="lines+markers", line=figures.line("target"), marker=filled),
        go.Scatter(
            name="filled, other gaps", mode="markers", marker={**filled, "opacity": 0.35}, showlegend=False
        ),
    ]
    looks = [figures.line(name) for name in ("last value", "seasonal naive", "usual + last deviation")]
    looks.append({**figures.line("series"), "dash": "dot"})  # it looks ahead: no forecaster's colour
    for (filling, errors), look in zip(trial.mse.items(), looks, strict=True):
        traces.append(go.Scatter(x=trial.lengths, y=errors, name=filling, mode="lines", line=look, **right))
    here = {"size": 13, "color": filled["color"], "symbol": "diamond"}
    traces.append(go.Scatter(name="here", mode="markers", marker=here, showlegend=False, **right))
    figure = figures.new_figure(
        traces, title="", x="steps from the first one filled", y=f"{name} ({unit})" if unit else name, alt=""
    )
    errors = np.concatenate(list(trial.mse.values()))
    return figure.update_layout(
        height=396,
        margin_t=104,  # three lines of legend where it is narrow
        xaxis_domain=[0, 0.6],
        xaxis2={"domain": [0.7, 1], "title": "steps hidden", "range": up_to(trial.lengths[-1])},
        yaxis_range=around(y),
        yaxis2={"anchor": "x2", "title": "MSE of the filling", "range": up_to(np.nanmax(errors))},
        hovermode="closest",
    )
