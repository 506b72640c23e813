"""Heatmaps of what a recurrent net's gates do over a window, in two columns under the window itself."""

import numpy as np
from plotly.colors import get_colorscale

from lessons.figures.style import BLUE, ORANGE, VERMILION, new_figure, plural, style
from lessons.gates.record import GATES, WORDS

# Four panels for either cell; the candidate g of an LSTM and its h are there for the asking.
SHOWN = {"LSTM": ("i", "f", "o", "c"), "GRU": ("r", "z", "n", "h")}
SORTER = {"LSTM": "f", "GRU": "z"}  # the gate by whose peaks units are sorted: the one that keeps
INPUT, ROW, NAME = 84, 88, 24  # pixels: the window, a heatmap, the space for what stands above either
TOP, BOTTOM, LEFT, RIGHT = 36, 28, 64, 96
ENDS = {"truth": "target"}
MARKS = {"circle": "●", "square": "■", "diamond": "◆", "star": "★"}
COLUMNS = ([0, 0.465], [0.535, 1])  # shares of the width
# The margins are fixed and hold every label: measuring them again would take a third of each redraw.
_FIXED = {"automargin": False, "ticklabeloverflow": "allow", "zeroline": False}
_FEATURES = ((BLUE, "solid", "circle"), (ORANGE, "dot", "square"))
# looked up once, which takes milliseconds; by its name plotly.js knows RdBu the other way round
_SHUT_TO_OPEN, _AROUND_ZERO = get_colorscale("Cividis"), get_colorscale("RdBu")


def gate_panels(record, window=0, **look):
    """Draw gates and states over one window, hidden unit by time step, under the window that was read.

    Gates share one scale from 0 to 1 (cividis); candidate and states one around 0 (red over white to blue),
    as wide as they get in any window. Pointing says unit, step and value.

    Parameters
    ----------
    record : GateRecord
        From `lessons.gates.record_gates`.
    window : int
        Which of its N windows.
    **look
        How it is drawn, all of it optional:

        - names, sequence of str: what to draw; i, f, o, c of an LSTM and r, z, n, h of a GRU if left out
        - order, "unit" or "peak": units as numbered, or by the step at which the gate that keeps (f or z) is
          largest, the earliest on top; the same in all panels
        - beside, GateRecord: the same windows read with a gate held, for a second column
        - held, ndarray of bool, of shape (T,): steps to be shaded there
        - t, ndarray of datetime64[M], of shape (T + 1,): months of the steps and of the target, to be named
        - y, ndarray of shape (N, 1): targets, scaled as the net was trained; drawn at the window's end
        - scaler, Standardizer: takes feature 0, target and forecast back to ``unit``
        - features, sequence of str: names of the D features
        - marker, ndarray of bool, of shape (T,): steps to be framed
        - unit, title, str: unit of the inputs; the finding

    Returns
    -------
    plotly.graph_objects.Figure
        For each column the inputs, forecast and target; then the panels, named as the record names them.

    Raises
    ------
    ValueError
        If there is no such window, name or order, or a shape does not fit.
    """
    traces, layout = _drawn(record, window, **look)
    figure = new_figure(traces, title="", x="", y="", alt="", showlegend=False, hovermode="closest")
    return figure.update_layout(layout)


def gate_changes(record, window, **look):
    """What to change in a `LiveFigure` of `gate_panels`, to show another window, order or net in its place.

    ``live.update(**gate_changes(record, 12))`` is a hundred times faster than drawing anew; any net will do
    that has as many features and is drawn in as many panels, with ``t`` and ``y`` if the figure has them.

    Parameters
    ----------
    record, window, **look
        As for `gate_panels`.

    Returns
    -------
    dict
        Arguments of `LiveFigure.update`.
    """
    traces, layout = _drawn(record, window, **look)
    names = {name for trace in traces for name in trace} - {"type"}
    changes = {name: {k: trace[name] for k, trace in enumerate(traces) if name in trace} for name in names}
    return {**changes, "layout": layout}


def _drawn(
    record,
    window,
    names=None,
    order="unit",
    beside=None,
    held=None,
    t=None,
    y=None,
    scaler=None,
    features=("input",),
    marker=None,
    unit="",
    title="",
):
    """Return traces and layout, as dicts."""
    (_, T, H), names = record.shape, tuple(names or SHOWN[record.cell])
    times = [str(k) for k in range(T + 1)] if t is None else [str(month) for month in t]
    marker, held = (np.zeros(T, bool) if steps is None else np.asarray(steps) for steps in (marker, held))
    _check(record, window, names, order, {"t": (times, T + 1), "marker": (marker, T), "held": (held, T)})
    units = np.arange(H)
    if order == "peak":
        units = np.argsort(record[SORTER[record.cell]][window].argmax(axis=0), kind="stable")
    own_unit = (lambda scaled: scaled) if scaler is None else scaler.inverse_target

    records, traces = [record, record if beside is None else beside], []
    for axis, its in zip(("", "2"), records, strict=True):
        ends = ({} if y is None else {"truth": y[window]}) | {record.cell: its.y_pred[window]}
        for line in [*_inputs(its.X[window], features, own_unit, times), *_ends(ends, T, own_unit)]:
            line["name"] += ", held" if its is beside else ""
            traces.append({"type": "scatter", "xaxis": f"x{axis}", "yaxis": f"y{axis}", **line})
    columns = records[: 1 if beside is None else 2]
    panels = [(name, its[name][window].T[units]) for name in names for its in columns]  # (H, T) each
    traces += [_panel(k, name, values, units) for k, (name, values) in enumerate(panels)]
    for panel in traces[-1 : -len(panels) : -2] if beside is not None else ():
        panel["name"] += ", held"
    lowest = [len(panels) + k for k in (1, 2) if len(panels) + k > 2]  # the y axes of their panels
    traces += [] if t is None else [_januaries(t[:T], H, k) for k in lowest]

    told = "; ".join(f"{WORDS[name]} from {v.min():.2f} to {v.max():.2f}" for name, v in panels)
    alt = f"Heatmaps of {plural(H, 'hidden unit')} over {T} steps, under the window. {title}. {told}."
    rows = -(-len(panels) // 2)
    inside = NAME + INPUT + rows * (NAME + ROW)
    tops = [1 - NAME / inside, *(1 - (2 * NAME + INPUT + k * (NAME + ROW)) / inside for k in range(rows))]
    low, high = (own_unit(np.array([[edge(record.X[:, :, 0])]])).item() for edge in (np.min, np.max))
    window_axis = {"range": [low - 0.12 * (high - low), high + 0.12 * (high - low)], "nticks": 4, **_FIXED}
    window_axis["domain"] = [tops[0] - INPUT / inside, tops[0]]
    layout = {
        "title": {"text": title},
        "meta": {"alt": alt},
        "height": TOP + inside + BOTTOM,
        "margin": {"l": LEFT, "r": RIGHT, "t": TOP, "b": BOTTOM},
        "yaxis": {**window_axis, "title": {"text": unit}},
        "yaxis2": {**window_axis, "anchor": "x2", "showticklabels": False},
        "shapes": _frames(marker, held, tops[0]),
        **_x_axes(T, rows, numbered=t is None),
        **_color_axes(record, names),
    }
    labels = [(0, tops[0], _legend(features, record.cell, y is not None))]
    for k, (name, _) in enumerate(panels):
        top = tops[1 + k // 2]
        layout[f"yaxis{k + 3}"] = _unit_axis([max(0, top - ROW / inside), top], H, order, k % 2)
        whose = "" if beside is None else (", untouched", ", held")[k % 2]
        labels.append((COLUMNS[k % 2][0], top, f"<b>{name}</b>  {WORDS[name]}{whose}"))
    place = {"xref": "paper", "yref": "paper", "showarrow": False, "font": {"size": 13}}
    above = {**place, "xanchor": "left", "yanchor": "bottom"}
    layout["annotations"] = [{**above, "x": x, "y": y, "text": text} for x, y, text in labels]
    side = "hidden unit" if order == "unit" else f"hidden unit, by peak of {SORTER[record.cell]}"
    sideways = {"textangle": -90, "xanchor": "center", "yanchor": "middle", "xshift": 16 - LEFT}
    layout["annotations"].append({**place, **sideways, "x": 0, "y": tops[1] / 2, "text": side})
    return traces, layout


def _check(record, window, names, order, arrays):
    N = record.shape[0]
    if not 0 <= window < N:
        raise ValueError(f"window must be a whole number between 0 and {N - 1}, got {window!r}")
    if unknown := [name for name in names if name not in record.values]:
        raise ValueError(f"names must be some of {', '.join(record.values)}, got {', '.join(unknown)}")
    if order not in ("unit", "peak"):
        raise ValueError(f"order must be 'unit' or 'peak', got {order!r}")
    for name, (values, length) in arrays.items():
        if len(values) != length:
            raise ValueError(f"{name} must have {length} values, got {len(values)}")


def _inputs(X, features, own_unit, times):
    """Return a line for each feature of a window (T, D); feature 0 in its own unit."""
    for d, (name, (color, dash, symbol)) in enumerate(zip(features, _FEATURES, strict=False)):
        yield {
            "name": name,
            "x": np.arange(len(X)),
            "text": times[:-1],
            "y": own_unit(X[:, :1])[:, 0] if d == 0 else X[:, d],
            "mode": "lines+markers",
            "line": {"color": color, "dash": dash, "width": 2},
            "marker": {"symbol": symbol, "size": 4},
            "hovertemplate": f"{name}<br>%{{text}}: <b>%{{y:.3f}}</b><extra></extra>",
        }


def _ends(values, T, own_unit):
    """Return a point for each of forecast and target, after the window."""
    for name, value in values.items():
        look = style(name)
        yield {
            "name": ENDS.get(name, "forecast"),
            "x": np.array([T]),
            "y": own_unit(value[:1, None])[:, 0],
            "mode": "markers",
            "marker": {"color": look["color"], "symbol": look["symbol"], "size": 10 if name in ENDS else 8},
            "hovertemplate": f"{ENDS.get(name, 'forecast')}: <b>%{{y:.3f}}</b><extra></extra>",
        }


def _panel(k, name, values, units):
    """Return a heatmap of ``values`` (H, T); rows are drawn from the top down."""
    return {
        "type": "heatmap",
        "name": name,
        "xaxis": ("x", "x2")[k % 2],
        "yaxis": f"y{k + 3}",
        "x": np.arange(values.shape[1]),
        "y": np.arange(len(values)),
        "z": values,
        "customdata": np.repeat(units[:, None], values.shape[1], axis=1),
        "coloraxis": "coloraxis" if name in GATES else "coloraxis2",
        "hovertemplate": f"{WORDS[name]}<br>unit %{{customdata:.0f}}, step %{{x}}: "
        "<b>%{z:.3f}</b><extra></extra>",
    }


def _januaries(months, H, axis):
    """Return the names of all Januaries, below a lowest panel.

    A trace, not the axis's own numbers: axes that stay as they are while the window moves need no new layout.
    """
    shown = [k for k, month in enumerate(months) if str(month).endswith("-01")]
    return {
        "type": "scatter",
        "name": "Januaries",
        "xaxis": ("x2", "x")[axis % 2],
        "yaxis": f"y{axis}",
        "x": np.array(shown),
        "y": np.full(len(shown), H - 0.5),
        "text": [months[k].item().strftime("%b %Y") for k in shown],
        "mode": "markers+text",
        "marker": {"size": 4, "opacity": 0},  # holds the names a little below the panel
        "textposition": "bottom center",
        "textfont": {"size": 12},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }


def _x_axes(T, rows, numbered):
    """Return two axes over the steps and the target."""
    axis = {"range": [-0.5, T + 0.5], "nticks": 4, "showgrid": False, "tickfont": {"size": 12}, **_FIXED}
    axis |= {} if numbered else {"tickvals": []}
    axis |= {"showspikes": True, "spikemode": "across", "spikesnap": "hovered data", "spikethickness": 1.5}
    axis |= {"spikecolor": VERMILION, "spikedash": "solid"}
    return {
        f"xaxis{('', 2)[k]}": {**axis, "domain": COLUMNS[k], "anchor": f"y{2 * rows + 1 + k}"} for k in (0, 1)
    }


def _unit_axis(domain, H, order, column):
    """Number the units, every fourth of many; sorted by peak they have no numbers but when pointed at."""
    shown = [] if order == "peak" or column else list(range(0, H, 1 if H <= 8 else H // 4))
    axis = {"anchor": ("x", "x2")[column], "domain": domain, "range": [H - 0.5, -0.5], "showgrid": False}
    return {**axis, "tickvals": shown, "ticktext": list(map(str, shown)), "tickfont": {"size": 11}, **_FIXED}


def _color_axes(record, names):
    """One scale for all gates, one for all that can be negative; each with its bar."""
    states = [name for name in names if name not in GATES]
    limit = max([1.0, *(np.ceil(10 * np.abs(record[name]).max()) / 10 for name in states)])
    bar = {"thickness": 12, "x": 1.01, "xanchor": "left", "yanchor": "top"}
    bar["len"] = 0.48 if states and len(states) < len(names) else 0.9
    shut_to_open = {"tickvals": [0, 0.5, 1], "ticktext": ["0 shut", "0.5", "1 open"], "y": 0.95}
    ends = {"tickvals": [-limit, 0, limit], "ticktext": [f"−{limit:g}", "0", f"{limit:g}"]}
    axes = {}
    if len(states) < len(names):
        scale = {"colorscale": _SHUT_TO_OPEN, "cmin": 0, "cmax": 1}
        axes["coloraxis"] = {**scale, "colorbar": {**bar, **shut_to_open}}
    if states:
        bar = {**bar, **ends, "y": 0.46 if len(states) < len(names) else 0.95}
        scale = {"colorscale": _AROUND_ZERO, "cmin": -limit, "cmid": 0, "cmax": limit}
        axes["coloraxis2"] = {**scale, "colorbar": bar}
    return axes


def _frames(marker, held, top):
    """Frame the marked steps in both columns; shade the held ones in the second."""
    box = {"type": "rect", "yref": "paper", "y0": 0, "y1": top}
    frame = {**box, "line": {"color": ORANGE, "width": 2}, "fillcolor": "rgba(0,0,0,0)"}
    steps = [(k, axis) for k in np.flatnonzero(marker) for axis in ("x", "x2")]
    frames = [{**frame, "xref": axis, "x0": k - 0.5, "x1": k + 0.5} for k, axis in steps]
    if held.any():
        first, last = np.flatnonzero(held)[[0, -1]]
        shade = {"xref": "x2", "line": {"width": 0}, "fillcolor": "rgba(127,127,127,.25)"}
        frames.append({**box, **shade, "x0": first - 0.5, "x1": last + 0.5})
    return frames


def _legend(features, cell, with_target):
    """Return the legend of the window, a coloured sample before each name."""
    marks = [
        (color, MARKS[symbol], name) for name, (color, _, symbol) in zip(features, _FEATURES, strict=False)
    ]
    marks.append((style(cell)["color"], MARKS[style(cell)["symbol"]], "forecast"))
    if with_target:
        marks.append((style("truth")["color"], MARKS["circle"], "target"))
    return "    ".join(f'<span style="color:{color}">{mark}</span> {name}' for color, mark, name in marks)
