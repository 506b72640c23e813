"""Heatmaps of what a recurrent net's gates do over a window, aligned under the window itself."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from lessons.figures.style import BLUE, DARK, ORANGE, VERMILION, new_figure, plural
from lessons.gates.order import ORDERS, unit_order
from lessons.gates.record import GATES, WORDS

# Four panels for either cell; the candidate g of an LSTM and its h are there for the asking.
SHOWN = {"LSTM": ("i", "f", "o", "c"), "GRU": ("r", "z", "n", "h"), "RNN": ("h",)}
INPUT_ROW, ROW, GAP = 90, 88, 26  # pixels: the window, a heatmap, and the space for a panel's name
TOP, BOTTOM, LEFT, RIGHT = 64, 56, 84, 118
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
    content = _content(record, window, names, order, by, marker, t, inputs, features, title, alt)
    return _stack(content, marker, unit)


def gate_changes(
    record,
    window=0,
    *,
    since=None,
    names=None,
    order="unit",
    by=None,
    t=None,
    inputs=None,
    features=None,
    title=None,
):
    """What to change in a `LiveFigure` of `gate_heatmaps`, to show another window, order or net in its place.

    ``live.update(**gate_changes(record, 12))`` is several times faster than drawing anew; any net will do
    that has as many features and is drawn in as many panels.

    Parameters
    ----------
    since : plotly.graph_objects.Figure, optional
        What is shown now, ``live.figure``: axes and names that stay are left alone, which halves the time.
    record, window, names, order, by, t, inputs, features, title
        As for `gate_heatmaps`.

    Returns
    -------
    dict
        Arguments of `LiveFigure.update`.

    Raises
    ------
    ValueError
        As `gate_heatmaps`.
    """
    content = _content(record, window, names, order, by, None, t, inputs, features, title, None)
    changes = {"x": {}, "y": {}, "z": {}, "customdata": {}, "name": {}, "coloraxis": {}, "hovertemplate": {}}
    for k, line in enumerate(content.lines):
        changes["x"][k], changes["y"][k] = content.t, line["y"]
    for k, (name, values) in enumerate(content.panels.items(), start=len(content.lines)):
        for what, value in {"x": content.t, **_panel(name, values, content)}.items():
            changes[what][k] = value
    layout = {
        "title_text": content.title,
        "meta": {"alt": content.alt},
        "xaxis_range": _edges(content.t)[[0, -1]],
    }
    ticks = _ticks(content.units)
    shown = None if since is None else since.layout.yaxis2
    if shown is None or [*shown.range, *shown.ticktext] != [*ticks["range"], *ticks["ticktext"]]:
        layout |= {f"yaxis{k}": ticks for k in range(2, len(content.panels) + 2)}
    texts = _texts(content)
    if since is None or [annotation.text for annotation in since.layout.annotations] != texts:
        layout["annotations"] = [{"text": text} for text in texts]
    return {**changes, "layout": layout}


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
    names, by = _checked_names(record, names), _checked_sorter(record, by)
    units = unit_order(record[by][a], order)
    panels = {name: (record[name][a] - other[name][b]).T[units] for name in names}
    t = np.arange(record.shape[1])
    one_window = np.array_equal(record.X[a], other.X[b])
    features = _feature_names(features, record.X.shape[2])
    if one_window:
        lines = _lines(record.X[a], features, t)
    else:
        lines = _lines(record.X[a], [f"{first}: {f}" for f in features], t, dash="solid")
        lines += _lines(other.X[b], [f"{second}: {f}" for f in features], t, dash="dot")
    most = max(panels, key=lambda name: np.abs(panels[name]).mean())
    title = title if title is not None else f"{first} − {second}: the {WORDS[most]} differs most"
    told = [
        f"{WORDS[name].capitalize()}: mean difference {v.mean():+.2f}, largest {np.abs(v).max():.2f}."
        for name, v in panels.items()
    ]
    alt = alt or f"Heatmaps of differences, {first} minus {second}. {title}. {' '.join(told)}"
    words = _order_words(order, by)
    return _stack(_Content(lines, panels, units, words, t, title, alt, signed=True), marker, "")


def _default_sorter(record):
    """Return the name of the gate by which units are sorted unless told otherwise: the one that keeps."""
    return {"LSTM": "f", "GRU": "z", "RNN": "h"}[record.cell]


@dataclass(frozen=True)
class _Content:
    """What a figure of gates shows, apart from its look."""

    lines: list  # dicts of Scatter properties
    panels: dict  # name -> (H, T), sorted
    units: np.ndarray  # (H,), their order
    order: str  # ... in words
    t: np.ndarray  # (T,)
    title: str
    alt: str
    signed: bool = False  # differences


def _content(record, window, names, order, by, marker, t, inputs, features, title, alt):
    window, T = _checked_window(record, window), record.shape[1]
    names, by = _checked_names(record, names), _checked_sorter(record, by)
    units = unit_order(record[by][window], order)
    panels = {name: record[name][window].T[units] for name in names}  # (H, T)
    t = np.arange(T) if t is None else np.asarray(t)
    inputs = record.X[window] if inputs is None else np.asarray(inputs)
    for name, values in {"t": t, "inputs": inputs}.items():
        if len(values) != T:
            raise ValueError(f"{name} must have {T} values, one for each step, got {len(values)}")
    inputs = inputs[:, None] if inputs.ndim == 1 else inputs
    title = title if title is not None else _title(record, window, names)
    told = [_told(WORDS[name], values) for name, values in panels.items()]
    words = _order_words(order, by)
    alt = alt or (
        f"Heatmaps of {plural(len(units), 'hidden unit')} over {T} steps, under the window. {title}. "
        f"Order of the units: {words}. {' '.join(told)}{_told_marker(marker)}"
    )
    lines = _lines(inputs, _feature_names(features, inputs.shape[1]), t)
    return _Content(lines, panels, units, words, t, title, alt)


def _stack(content, marker, unit):
    """Put the window on top and one heatmap below the other, all on one time axis."""
    n, t = len(content.panels), content.t
    tops, bottoms = _rows(n)
    traces = [go.Scatter(x=t, **line) for line in content.lines]
    for k, (name, values) in enumerate(content.panels.items(), start=2):
        traces.append(go.Heatmap(yaxis=f"y{k}", x=t, **_panel(name, values, content)))
    figure = new_figure(traces, title=content.title, x="", y="", alt=content.alt, showlegend=False)
    axes = {
        f"yaxis{k}": {**_UNIT_AXIS, "domain": [bottoms[k - 1], tops[k - 1]], **_ticks(content.units)}
        for k in range(2, n + 2)
    }
    axes["yaxis"] = {
        "domain": [bottoms[0], tops[0]],
        "anchor": "x",
        "title_text": unit,
        "nticks": 4,
        **_FIXED,
    }
    kinds = {_color_axis(name, content.signed) for name in content.panels}
    figure.update_layout(
        height=_height(n),
        margin={"l": LEFT, "r": RIGHT, "t": TOP, "b": BOTTOM},
        hovermode="closest",
        **axes,
        **_color_axes(kinds, content.signed),
        shapes=_frames(t, marker),
        annotations=_annotations(content, tops, bottoms),
    )
    return figure.update_xaxes(
        title_text="" if t.dtype.kind == "M" else "step of the window" if t[0] == 0 else "time step",
        range=_edges(t)[[0, -1]],
        **{"anchor": f"y{n + 1}", "showgrid": False, "zeroline": False, **_FIXED},
        **{"showspikes": True, "spikemode": "across", "spikesnap": "hovered data"},
        **{"spikecolor": VERMILION, "spikethickness": 1.5, "spikedash": "solid"},
    )


def _height(n):
    return max(HEIGHT, TOP + INPUT_ROW + n * (ROW + GAP) + BOTTOM)


def _rows(n):
    """Return where each row ends at the top and at the bottom, as shares of the plot, the window first."""
    inside = _height(n) - TOP - BOTTOM
    row = (inside - INPUT_ROW) / n - GAP
    tops = [inside] + [inside - INPUT_ROW - GAP - k * (row + GAP) for k in range(n)]
    bottoms = [inside - INPUT_ROW] + [max(0.0, top - row) for top in tops[1:]]
    return [top / inside for top in tops], [bottom / inside for bottom in bottoms]


def _panel(name, values, content):
    """Return what makes a heatmap of ``values`` (H, T); rows are drawn from the top down."""
    what = f"difference in the {WORDS[name]}" if content.signed else WORDS[name]
    return {
        "name": name,
        "y": np.arange(len(values)),
        "z": values,
        "customdata": np.repeat(content.units[:, None], values.shape[1], axis=1),
        "coloraxis": _color_axis(name, content.signed),
        "hovertemplate": f"{what}<br>unit %{{customdata:.0f}}, {_step(content.t)}: "
        "<b>%{z:.3f}</b><extra></extra>",
    }


def _step(t):
    """Return how a hover text names the step: by number, by month, or by date."""
    if t.dtype.kind != "M":
        return "step %{x}"
    return "%{x|%b %Y}" if np.datetime_data(t.dtype)[0] in "YM" else "%{x}"


# The margins are fixed and hold every label: measuring them again would take a third of each redraw.
_FIXED = {"automargin": False, "ticklabeloverflow": "allow"}
_MOST_NAMED = 16  # units: a row is then half as high as the small type
_UNIT_AXIS = {"anchor": "x", "showgrid": False, "zeroline": False, **_FIXED}


def _ticks(units):
    """Name every row, in two columns of smaller type where one would be too narrow; or none of too many."""
    H = len(units)
    shown = range(H if H <= _MOST_NAMED else 0)
    aside = "\u2007" * 4 if H > 8 else ""  # as wide as digits, and not trimmed as blanks are
    texts = [f"{units[k]}{aside * (k % 2)}" for k in shown]
    size = 11 if H <= 8 else 9
    first_on_top = [H - 0.5, -0.5]
    return {"range": first_on_top, "tickvals": list(shown), "ticktext": texts, "tickfont": {"size": size}}


def _color_axis(name, signed):
    return "coloraxis" if signed or name in GATES else "coloraxis2"


def _color_axes(kinds, signed):
    """One scale for all gates, one for all that can be negative; each with its bar."""
    split = len(kinds) == 2
    bar = {"thickness": 14, "x": 1.01, "xanchor": "left", "yanchor": "top", "len": 0.46 if split else 0.9}
    shut_to_open = {"tickvals": [0, 0.5, 1], "ticktext": ["0 shut", "0.5", "1 open"], "y": 1.0}
    around_zero = {"tickvals": [-1, 0, 1], "ticktext": ["−1", "0", "1"], "y": 0.46 if split else 1.0}
    diverging = {"colorscale": "RdBu", "cmin": -1, "cmid": 0, "cmax": 1}
    if signed:
        return {"coloraxis": {**diverging, "colorbar": {**bar, **around_zero, "title_text": "difference"}}}
    gates = {"colorscale": "Cividis", "cmin": 0, "cmax": 1}
    axes = {
        "coloraxis": {**gates, "colorbar": {**bar, **shut_to_open, "title_text": "gates"}},
        "coloraxis2": {**diverging, "colorbar": {**bar, **around_zero, "title_text": "states"}},
    }
    return {name: axis for name, axis in axes.items() if name in kinds}


def _feature_names(features, D):
    features = features or (["input"] if D == 1 else [f"feature {d}" for d in range(D)])
    if len(features) != D:
        raise ValueError(f"features must have {D} names, one for each feature, got {len(features)}")
    return list(features)


def _lines(inputs, features, t, dash=None):
    """Return what makes a line for each feature of a window (T, D)."""
    lines = []
    for d, name in enumerate(features):
        color, own, symbol = _FEATURES[d % len(_FEATURES)]
        lines.append(
            {
                "y": inputs[:, d],
                "name": name,
                "mode": "lines+markers",
                "line": {"color": color, "dash": dash or own, "width": 2},
                "marker": {"symbol": symbol, "size": 5},
                "hovertemplate": f"{name}<br>{_step(t)}: <b>%{{y:.3f}}</b><extra></extra>",
            }
        )
    return lines


def _edges(t):
    """Return where the cells of a heatmap end, (T + 1,): half a step to either side of ``t``."""
    if t.dtype.kind == "M":
        t = t.astype("datetime64[s]")  # months cannot be halved
    step = np.diff(t) if len(t) > 1 else np.ones(1, t.dtype if t.dtype.kind != "M" else "timedelta64[s]")
    return np.concatenate([t[:1] - step[:1] / 2, t[:-1] + step[: len(t) - 1] / 2, t[-1:] + step[-1:] / 2])


def _frames(t, marker):
    """Frame the marked steps through all panels."""
    if marker is None:
        return []
    marker = np.asarray(marker)
    if marker.shape != t.shape or marker.dtype != bool:
        raise ValueError(f"marker must be True or False at each of {len(t)} steps, got shape {marker.shape}")
    edges = _edges(t)
    look = {"type": "rect", "yref": "paper", "y0": 0, "y1": 1, "line": {"color": VERMILION, "width": 2}}
    return [{**look, "x0": edges[k], "x1": edges[k + 1]} for k in np.flatnonzero(marker)]


def _texts(content):
    """Return the names of all rows, from the window's down, and that of the unit axis."""
    legend = "     ".join(
        f'<span style="color:{line["line"]["color"]}">{_marks(line)}</span> {line["name"]}'
        for line in content.lines
    )
    names = [
        f"<b>{name}</b>  {WORDS[name]}{_beyond('' if content.signed else name, values)}"
        for name, values in content.panels.items()
    ]
    return [legend, *names, f"hidden unit, {content.order}"]


def _marks(line):
    """Return a sample of a line in letters: its dash and its markers."""
    dash = {"solid": "━", "dot": "·", "dash": "╍"}[line["line"]["dash"]]
    return dash + {"circle": "●", "square": "■", "diamond": "◆"}[line["marker"]["symbol"]] + dash


def _annotations(content, tops, bottoms):
    """Name every row above its upper left corner, and the unit axis at its side."""
    *names, axis = _texts(content)
    place = {"xref": "paper", "yref": "paper", "x": 0, "showarrow": False}
    rows = [
        {**place, "y": top, "text": text, "xanchor": "left", "yanchor": "bottom", "font": {"size": 13}}
        for top, text in zip(tops, names, strict=True)
    ]
    sideways = {"textangle": -90, "xanchor": "center", "yanchor": "middle", "xshift": 18 - LEFT}
    return [*rows, {**place, **sideways, "y": (tops[1] + bottoms[-1]) / 2, "text": axis}]


def _order_words(order, by):
    return {
        "unit": ORDERS["unit"],
        "peak": f"earliest peak of {by} on top",
        "similarity": f"alike in {by} side by side",
    }[order]


def _title(record, window, names):
    name = next(name for name in (_default_sorter(record), *names) if name in names)
    values = record[name][window]
    return (
        f"{record.cell}, window {window}: {WORDS[name]} from {values.min():.2f} to {values.max():.2f}, "
        f"mean {values.mean():.2f}"
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


def _checked_sorter(record, by):
    by = by or _default_sorter(record)
    if by not in record:
        raise ValueError(f"by must be one of {', '.join(record.names)}, got {by!r}")
    return by
