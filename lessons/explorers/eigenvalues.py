"""Lesson 07: ridge's rollout as one matrix; alpha moves its eigenvalues on the unit circle."""

import functools

import numpy as np
import plotly.graph_objects as go

from lessons.baselines import Ridge
from lessons.explorers.base import Explorer, bold, plain, slider
from lessons.figures.style import line, new_figure, style
from lessons.live_figure import LiveFigure
from lessons.rollout import error_by_horizon, rollout, truth
from lessons.scores import mse
from lessons.series import trend_and_seasons
from lessons.windows import Standardizer, make_windows, split_by_time

AT, WINDOW, STEPS = 630, 60, 200
ORIGINS = np.arange(AT, 701)
SEASONS = (50, 17)  # of the series: where their eigenvalues are expected
PLACES = {"level": "bottom"}  # of the labels beside their marks: the others' stand higher
ALT = "Two charts: the eigenvalues of ridge's loop on the unit circle, and its rollout on the series."


def eigenvalues(alpha=2.0):
    """Move ridge's eigenvalues on the unit circle by its penalty, and see what its rollout makes of them.

    Ridge is fitted on the first 630 values of `trend_and_seasons`, standardised, in windows of 60, and rolled
    out for 200 steps; errors are means over 71 origins, in the series' own unit.

    Parameters
    ----------
    alpha : float
        What to begin with: the power of ten of ridge's alpha, −1 … 4.

    Returns
    -------
    Explorer
        Control ``alpha``.

    Raises
    ------
    ValueError
        If a start value is none that the control can take.
    """
    live = LiveFigure(_picture())

    def draw(alpha):
        finding = _finding(10.0**alpha)
        _show(live, 10.0**alpha, plain(finding))
        return finding

    control = slider("α, power of ten", 2.0, -1.0, 4.0, 0.25, "How strongly ridge's weights are held down")
    control.add_class("lessons-long")
    return Explorer({"alpha": control}, draw, live, initial={"alpha": float(alpha)})


@functools.cache
def loop(alpha):
    """What ridge does over many steps.

    Returns
    -------
    dict
        ``found``: eigenvalues (60,), the longest-lived first; ``one``, ``many``: MSE one step ahead, and mean
        over 200 steps; ``path``: the rollout from 630, (200,).
    """
    _, y = trend_and_seasons()
    scaler = Standardizer().fit(y[:AT])
    scaled = scaler.transform(y)
    X, target, target_index = make_windows(scaled, WINDOW)
    train, test = split_by_time(target_index, AT)
    ridge = Ridge(alpha).fit(X[train], target[train])
    M = np.eye(WINDOW, k=1)
    M[-1] = ridge.weights[:, 0]
    found = np.linalg.eigvals(M)
    paths = scaler.inverse_target(rollout(ridge, scaled, ORIGINS, STEPS, WINDOW))
    return {
        "found": found[np.argsort(-np.abs(found), kind="stable")],
        "one": mse(target[test], ridge.predict(X[test])) * scaler.std[0] ** 2,
        "many": error_by_horizon(truth(y, ORIGINS, STEPS), paths).mean,
        "path": paths[0],
    }


def longest_lived(found):
    """Return the names of the three longest-lived patterns, one of each pair, and their eigenvalues."""
    one = found[found.imag > -1e-9][:3]
    return ["level" if abs(np.angle(v)) < 1e-6 else f"period {2 * np.pi / np.angle(v):.1f}" for v in one], one


def _picture():
    angle, (_, y), right = np.linspace(0, 2 * np.pi, 181), trend_and_seasons(), {"xaxis": "x2", "yaxis": "y2"}
    rays = np.array([np.exp(2j * np.pi * turn / season) for season in SEASONS for turn in (1, -1)])
    rays = np.outer(rays, [0, 1.15, np.nan]).ravel()
    past, ahead, thin = AT - 40, AT + STEPS, {"mode": "lines"}
    traces = [
        go.Scatter(name="unit circle", x=np.cos(angle), y=np.sin(angle), line=line("truth", 1.5), **thin),
        go.Scatter(name="periods", x=rays.real, y=rays.imag, line=line("noise floor", 1), **thin),
        go.Scatter(name="eigenvalues", mode="markers", marker={"size": 6, "color": style("series")["color"]}),
        go.Scatter(name="longest-lived", mode="markers+text"),
        go.Scatter(name="truth", x=np.arange(past, ahead), y=y[past:ahead], line=line("truth"), **right),
        go.Scatter(name="ridge", x=np.arange(AT, ahead), mode="lines", line=line("ridge", 2.5), **right),
    ]
    for trace in traces[:4]:
        trace.showlegend = False
    traces[3].marker = {"size": 11, "symbol": "diamond", "color": style("ridge")["color"]}
    figure = new_figure(traces, title="", x="real part of λ", y="imaginary part", alt="")
    return figure.update_layout(
        xaxis={"domain": [0, 0.46], "range": [-1.15, 2.45], "fixedrange": True},  # it stays a circle
        yaxis={"range": [-1.2, 1.2], "scaleanchor": "x", "constrain": "domain", "fixedrange": True},
        xaxis2={"domain": [0.58, 1], "range": [past, ahead], "title": "time step", "anchor": "y2"},
        yaxis2={"range": [-1.5, 4.2], "title": "value", "anchor": "x2"},
        hovermode="closest",
        height=340,
        margin={"t": 70, "b": 40},
    )


def _show(live, alpha, finding):
    of = loop(alpha)
    names, one = longest_lived(of["found"])
    size = np.abs(one) ** STEPS
    title = f"Left after {STEPS} steps: " + ", ".join(
        f"{n} {s:.0%}" for n, s in zip(names, size, strict=True)
    )
    live.update(
        x={"eigenvalues": of["found"].real, "longest-lived": one.real},
        y={"eigenvalues": of["found"].imag, "longest-lived": one.imag, "ridge": of["path"]},
        text={"longest-lived": [f" {name}" for name in names]},
        textposition={"longest-lived": [f"{PLACES.get(name, 'middle')} right" for name in names]},
        layout={"title_text": title, "meta": {"alt": f"{ALT} {title}. {finding}"}},
    )


def _finding(alpha):
    of = loop(alpha)
    told = "; ".join(f"{n} |λ| = {abs(v):.4f}" for n, v in zip(*longest_lived(of["found"]), strict=True))
    one, many = bold(f"{of['one']:.4f}"), bold(f"{of['many']:.3f}")
    told = f"α = {alpha:,.{0 if alpha >= 10 else 1}f}: {told}"
    return f"{told}. MSE one step ahead {one}, mean over {STEPS} steps {many}."
