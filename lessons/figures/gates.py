"""Heatmaps of what a recurrent net's gates do over a window, aligned under the window itself."""

from pathlib import Path

import numpy as np
import plotly.graph_objects as go

from lessons.figures.style import BLUE, DARK, ORANGE, VERMILION, new_figure, plural, readable
from lessons.gates.order import ORDERS, unit_order
from lessons.gates.record import GATES, WORDS

# Four panels for either cell; the candidate g of an LSTM and its h are there for the asking.
SHOWN = {"LSTM": ("i", "f", "o", "c"), "GRU": ("r", "z", "n", "h"), "RNN": ("h",)}
INPUT_ROW, ROW, GAP = 90, 88, 26  # pixels: the window, a heatmap, and the space for a panel's name
TOP, BOTTOM, LEFT, RIGHT = 84, 56, 84, 118
HEIGHT = 480  # at least
_FEATURES = ((BLUE, "solid", "circle"), (ORANGE, "dot", "square"), (DARK, "dash", "diamond"))


def gate_heatmaps(
    record,
    window=0,
    *,
    names=None,
    order="unit",
    by=None,
    marker=None,
    t=None,
    inputs=None,
    features=None,
    unit="",
    title=None,
    alt=None,
):
    """Draw gates and states over one window, hidden unit by time step, under the window that was read.

    Gates share one scale from 0 to 1 (cividis), candidate and states one from -1 to 1 (red over white to
    blue). Pointing anywhere draws a line through all panels and says unit, step and value.

    Parameters
    ----------
    record : GateRecord
        From `lessons.gates.record_gates`.
    window : int
        Which of its N windows.
    names : sequence of str, optional
        What to draw; i, f, o, c of an LSTM and r, z, n, h of a GRU if left out.
    order : {"unit", "peak", "similarity"}
        How units are sorted, the same in all panels: see `lessons.gates.unit_order`.
    by : str, optional
        The gate whose values sort them; the one that keeps the memory (f or z) if left out.
    marker : ndarray of bool, of shape (T,), optional
        Steps to be framed.
    t : array_like of shape (T,), optional
        Times of the steps; 0 … T - 1, as in ``record["f"][window, t]``, if left out.
    inputs : ndarray of shape (T,) or (T, D), optional
        What to draw as the window, in ``unit``: the values before scaling. The scaled ones if left out.
    features : sequence of str, optional
        Names of the D features.
    unit : str
        Unit of the inputs.
    title, alt : str, optional
        The finding, and a text equivalent, instead of those made from the data.

    Returns
    -------
    plotly.graph_objects.Figure
        A trace a feature, then one a panel, named as the record names it. A state beyond ±1 (only c can be)
        takes the last colour; the panel's name says how far it reaches.

    Raises
    ------
    ValueError
        If there is no such window, name or order, or a shape does not fit.
    """
    window = _checked_window(record, window)
    names = _checked_names(record, names)
    by = by or default_sorter(record)
    units = unit_order(record[_checked_names(record, (by,))[0]][window], order)
    panels = {name: record[name][window].T[units] for name in names}  # (H, T)
    lines = _lines(record, {"": window}, inputs, features)
    labels = {name: f"<b>{name}</b>  {WORDS[name]}{_beyond(name, values)}" for name, values in panels.items()}
    title = title if title is not None else _title(record, window, names)
    told = [_told(WORDS[name], values) for name, values in panels.items()]
    alt = alt or (
        f"Heatmaps of {plural(len(units), 'hidden unit')} over {record.shape[1]} steps, "
        f"under the window. {title}. Order of the units: {_order_words(order, by)}. {' '.join(told)}{_told_marker(marker)}"
    )
    return _stack(
        lines, panels, labels, units, _order_words(order, by), t, marker, unit, title=title, alt=alt
    )


def gate_difference(
    record,
    a,
    b,
    *,
    other=None,
    names=None,
    order="unit",
    by=None,
    marker=None,
    features=None,
    labels=None,
    title=None,
    alt=None,
):
    """Draw by how much gates and states differ: between two windows, or between two nets on one window.

    Parameters
    ----------
    record : GateRecord
    a, b : int
        The windows to compare: drawn is the value in window a minus that in window b.
    other : GateRecord, optional
        What `b` refers to, if not `record`: an untrained net's, or the same net's with a gate forced.
    names, order, by, marker, features, title, alt
        As for `gate_heatmaps`; `by` refers to window a.
    labels : pair of str, optional
        What to call the two; "window 3" and so on if left out.

    Returns
    -------
    plotly.graph_objects.Figure
        Both windows as lines, then one heatmap a name, all on one scale from -1 (red) over 0 to 1 (blue).

    Raises
    ------
    ValueError
        As `gate_heatmaps`, or if the records are not of one cell and one size.
    """
    other = record if other is None else other
    if (record.cell, *record.shape[1:]) != (other.cell, *other.shape[1:]) or record.update != other.update:
        raise ValueError(
            "record and other must be of one kind of cell, with as many steps and units, got "
            f"{record.cell} {record.shape[1:]} and {other.cell} {other.shape[1:]}"
        )
    a, b = _checked_window(record, a, "a"), _checked_window(other, b, "b")
    first, second = labels or (f"window {a}", f"window {b}")
    names = _checked_names(record, names)
    by = by or default_sorter(record)
    units = unit_order(record[_checked_names(record, (by,))[0]][a], order)
    panels = {name: (record[name][a] - other[name][b]).T[units] for name in names}
    lines = _lines(record, {first: a}, None, features)
    if not np.array_equal(record.X[a], other.X[b]):
        lines += _lines(other, {second: b}, None, features, dash="dot")
    captions = {name: f"<b>{name}</b>  {WORDS[name]}{_beyond('', values)}" for name, values in panels.items()}
    most = max(panels, key=lambda name: np.abs(panels[name]).mean())
    title = title if title is not None else f"{first} − {second}: {WORDS[most]} differs most"
    told = [
        f"{WORDS[name].capitalize()}: mean difference {v.mean():+.2f}, largest {np.abs(v).max():.2f}."
        for name, v in panels.items()
    ]
    alt = alt or f"Heatmaps of differences, {first} minus {second}. {title}. {' '.join(told)}"
    return _stack(
        lines,
        panels,
        captions,
        units,
        _order_words(order, by),
        None,
        marker,
        "",
        title=title,
        alt=alt,
        signed=True,
    )


def save_html(figure, path):
    """Write a figure as a page of its own that works offline; its camera button saves SVG.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Any of the course. (In the notebook, the camera button above a figure saves PNG.)
    path : str or Path
        Where to; 5 MB, as the drawing library goes with it.

    Returns
    -------
    Path
        Where it is.
    """
    path = Path(path)
    config = {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": path.stem}}
    page = figure.to_html(config=config, include_plotlyjs=True, full_html=True)
    path.write_text(page, encoding="utf-8")
    return path


def default_sorter(record):
    """Return the name of the gate by which units are sorted unless told otherwise: the one that keeps."""
    return {"LSTM": "f", "GRU": "z", "RNN": "h"}[record.cell]


def _stack(lines, panels, labels, units, order, t, marker, unit, *, title, alt, signed=False):
    """Put the window on top and one heatmap below the other, all on one time axis."""
    T = next(iter(panels.values())).shape[1]
    t = np.arange(T) if t is None else np.asarray(t)
    if len(t) != T:
        raise ValueError(f"t must have {T} times, as many as the window has steps, got {len(t)}")
    height = max(HEIGHT, TOP + INPUT_ROW + len(panels) * (ROW + GAP) + BOTTOM)
    tops, bottoms = _rows(len(panels), height)
    figure = new_figure([], title=title, x="", y="", alt=alt, height=height, showlegend=False)
    for line in lines:
        figure.add_trace(line.update(x=t, yaxis="y"))
    for k, (name, values) in enumerate(panels.items(), start=2):
        gate = name in GATES and not signed
        figure.add_trace(_heatmap(name, values, units, t, gate, signed).update(yaxis=f"y{k}"))
    axes = {f"yaxis{k}": _unit_axis(units, bottoms[k - 1], tops[k - 1]) for k in range(2, len(panels) + 2)}
    axes["yaxis"] = {"domain": [bottoms[0], tops[0]], "anchor": "x", "title_text": unit, "nticks": 4}
    kinds = {"coloraxis"} if signed else {f"coloraxis{'' if name in GATES else 2}" for name in panels}
    figure.update_layout(
        margin={"l": LEFT, "r": RIGHT, "t": TOP, "b": BOTTOM},
        hovermode="closest",
        **axes,
        **_color_axes(kinds, signed),
        shapes=_frames(t, marker, T),
        annotations=[*_names(labels, tops), _order_title(order, tops[1], bottoms[-1])],
    )
    return figure.update_xaxes(
        title_text="" if t.dtype.kind == "M" else "step of the window",
        anchor=f"y{len(panels) + 1}",
        showgrid=False,
        showspikes=True,
        spikemode="across",
        spikesnap="hovered data",
        spikecolor=VERMILION,
        spikethickness=1.5,
        spikedash="solid",
        range=None if t.dtype.kind == "M" else [-0.5, T - 0.5],
    )


def _rows(n, height):
    """Return where each row ends at the top and at the bottom, as shares of the plot, the window first."""
    inside = height - TOP - BOTTOM
    row = (inside - INPUT_ROW - n * GAP) / n
    tops = [inside] + [inside - INPUT_ROW - GAP - k * (row + GAP) for k in range(n)]
    bottoms = [inside - INPUT_ROW] + [top - row for top in tops[1:]]
    bottoms[-1] = 0
    return [top / inside for top in tops], [bottom / inside for bottom in bottoms]


def _heatmap(name, values, units, t, gate, signed):
    """Return a heatmap (H, T); rows are drawn from the top down."""
    what = f"difference in {WORDS[name]}" if signed else WORDS[name]
    return go.Heatmap(
        name=name,
        x=t,
        y=np.arange(len(units)),
        z=values,
        customdata=np.broadcast_to(units[:, None], values.shape),
        coloraxis="coloraxis" if gate or signed else "coloraxis2",
        hovertemplate=f"{what}<br>unit %{{customdata:.0f}}, step %{{x}}: <b>%{{z:.3f}}</b><extra></extra>",
    )


def _unit_axis(units, bottom, top):
    H = len(units)
    shown = np.arange(H) if H <= 8 else np.unique(np.linspace(0, H - 1, 5).round().astype(int))
    return {
        "domain": [bottom, top],
        "anchor": "x",
        "range": [H - 0.5, -0.5],  # the first unit on top
        "tickvals": shown,
        "ticktext": [str(units[k]) for k in shown],
        "tickfont": {"size": 11},
        "showgrid": False,
        "zeroline": False,
    }


def _color_axes(kinds, signed):
    """One scale for all gates, one for all that can be negative; each with its bar."""
    split = len(kinds) == 2
    bar = {"thickness": 14, "x": 1.01, "xanchor": "left", "yanchor": "top", "len": 0.46 if split else 0.9}
    gates = {"tickvals": [0, 0.5, 1], "ticktext": ["0 shut", "0.5", "1 open"], "y": 1.0}
    states = {"tickvals": [-1, 0, 1], "ticktext": ["−1", "0", "1"], "y": 0.46 if split else 1.0}
    diverging = {"colorscale": "RdBu", "cmin": -1, "cmid": 0, "cmax": 1}
    if signed:
        title = {"title": {"text": "difference"}}
        return {"coloraxis": {**diverging, "colorbar": {**bar, **states, **title}}}
    axes = {
        "coloraxis": {
            "colorscale": "Cividis",
            "cmin": 0,
            "cmax": 1,
            "colorbar": {**bar, **gates, "title": {"text": "gates"}},
        },
        "coloraxis2": {**diverging, "colorbar": {**bar, **states, "title": {"text": "states"}}},
    }
    return {name: axis for name, axis in axes.items() if name in kinds}


def _lines(record, windows, inputs, features, dash=None):
    """Return a line a feature for every window, in {name: index}."""
    lines = []
    for name, window in windows.items():
        values = record.X[window] if inputs is None else np.asarray(inputs)
        values = values[:, None] if values.ndim == 1 else values
        if len(values) != record.shape[1]:
            raise ValueError(f"inputs must have {record.shape[1]} steps, got {len(values)}")
        D = values.shape[1]
        features_here = features or (["input"] if D == 1 else [f"feature {d}" for d in range(D)])
        for d in range(D):
            color, own, symbol = _FEATURES[d % len(_FEATURES)]
            called = f"{name}: {features_here[d]}" if name else features_here[d]
            lines.append(
                go.Scatter(
                    y=values[:, d],
                    name=called,
                    mode="lines+markers",
                    line={"color": color, "dash": dash or own, "width": 2},
                    marker={"symbol": symbol, "size": 5},
                    hovertemplate=f"{called}<br>step %{{x}}: <b>%{{y:.3f}}</b><extra></extra>",
                )
            )
    return lines


def _frames(t, marker, T):
    """Frame the marked steps through all panels."""
    if marker is None:
        return []
    marker = np.asarray(marker)
    if marker.shape != (T,) or marker.dtype != bool:
        raise ValueError(f"marker must be True or False at each of {T} steps, got shape {marker.shape}")
    if t.dtype.kind == "M":
        raise ValueError("marker needs steps without dates")
    line = {"color": VERMILION, "width": 2}
    return [
        {"type": "rect", "x0": k - 0.5, "x1": k + 0.5, "yref": "paper", "y0": 0, "y1": 1, "line": line}
        for k in np.flatnonzero(marker)
    ]


def _names(labels, tops):
    place = {"xref": "paper", "yref": "paper", "x": 0, "xanchor": "left", "yanchor": "bottom"}
    return [
        {**place, "y": top, "text": text, "showarrow": False, "font": {"size": 13}, "name": name}
        for (name, text), top in zip(labels.items(), tops[1:], strict=True)
    ]


def _order_title(order, top, bottom):
    place = {"xref": "paper", "yref": "paper", "x": 0, "xanchor": "center", "y": (top + bottom) / 2}
    return {
        **place,
        "xshift": -LEFT + 18,
        "yanchor": "middle",
        "textangle": -90,
        "text": f"hidden unit, {order}",
        "showarrow": False,
        "name": "order",
    }


def _order_words(order, by):
    return {
        "unit": ORDERS["unit"],
        "peak": f"earliest peak of {by} on top",
        "similarity": f"alike in {by} side by side",
    }[order]


def _title(record, window, names):
    name = next(name for name in (default_sorter(record), *names) if name in names)
    values = record[name][window]
    return (
        f"{record.cell}, window {window}: {WORDS[name]} from {readable(values.min())} "
        f"to {readable(values.max())}, mean {readable(values.mean())}"
    )


def _told(words, values):
    """Say what a panel shows: its mean, its range, and the step at which it is highest on average."""
    return (
        f"{words.capitalize()}: mean {values.mean():.2f}, from {values.min():.2f} to {values.max():.2f}, "
        f"highest on average at step {values.mean(axis=0).argmax()}."
    )


def _told_marker(marker):
    if marker is None:
        return ""
    return f" Framed: step {', '.join(str(k) for k in np.flatnonzero(marker))}."


def _beyond(name, values):
    """Say so where a value lies beyond the colour scale."""
    limit = np.abs(values).max()
    if name in GATES or limit <= 1.005:
        return ""
    return f"  (colours end at ±1; values reach {'−' if values.min() == -limit else ''}{limit:.2g})"


def _checked_window(record, window, name="window"):
    N = record.shape[0]
    if not isinstance(window, int | np.integer) or not -N <= window < N:
        raise ValueError(f"{name} must be a whole number between 0 and {N - 1}, got {window!r}")
    return int(window) % N


def _checked_names(record, names):
    names = SHOWN[record.cell] if names is None else tuple(names)
    unknown = [name for name in names if name not in record]
    if unknown or not names:
        raise ValueError(f"names must be some of {', '.join(record.names)}, got {', '.join(names) or 'none'}")
    return names
