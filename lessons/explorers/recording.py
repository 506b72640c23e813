"""An explorer as a table of its states, which lessons/player.js plays in a page without a kernel.

Recorded when an explorer is shown while the environment variable LESSONS_RECORD is set: to build the course's
site, or to export a lesson. Arrays are kept once each, in the precision in which a live page gets them.
"""

import base64
import itertools
import json
import math

import ipywidgets
import numpy as np

MOST = 800  # states of an explorer that does not say itself which it offers


def record(explorer):
    """Put an explorer into one state after another and note what each changes in the page.

    Parameters
    ----------
    explorer : Explorer
        Left with the values that it had.

    Returns
    -------
    dict
        ``controls``, with the words of their ``stops`` and where they stand; ``texts`` and ``svg``, what is
        shown now; ``places``, what changes from state to state; ``pool``, the values found there;
        ``fixed``, pairs of a place that does not change and an index into the pool; ``states``, for each
        combination of stops such as ``"0,3"`` an index into the pool for each place.
    """
    start, seen = explorer.values, {}
    for setting in explorer.recording():
        seen[tuple(setting.values())] = _snapshot(explorer, setting)
    names, last = list(setting), {name: start.get(name, value) for name, value in setting.items()}
    explorer.set(**start)
    offered = dict(zip(names, zip(*seen, strict=True), strict=True))
    stops = [_in_order(explorer.controls.get(name), values) for name, values in offered.items()]
    pool, states = _Pool(), {}
    for combination, snapshot in seen.items():
        key = ",".join(str(options.index(value)) for options, value in zip(stops, combination, strict=True))
        states[key] = {place: pool.put(value) for place, value in snapshot.items()}
    places = list(dict.fromkeys(place for state in states.values() for place in state))
    missing = {place: pool.put(_at(explorer, place)) for place in places}
    rows = {key: [state.get(place, missing[place]) for place in places] for key, state in states.items()}
    columns = [set(column) for column in zip(*rows.values(), strict=True)]
    return {
        "controls": [
            _described(explorer, name, options, last[name])
            for name, options in zip(names, stops, strict=True)
        ],
        "texts": _texts(explorer),
        "svg": getattr(explorer.live, "svg", ""),
        "places": [place for place, found in zip(places, columns, strict=True) if len(found) > 1],
        "fixed": [[p, *found] for p, found in zip(places, columns, strict=True) if len(found) == 1],
        "pool": pool.values,
        "states": {
            key: [value for value, found in zip(row, columns, strict=True) if len(found) > 1]
            for key, row in rows.items()
        },
    }


def grid(explorer, most=MOST):
    """Yield every combination of the controls' values, or of some: sliders thinned, with ends and start."""
    every = {name: _values(control) for name, control in explorer.controls.items()}
    every |= explorer.stops
    apart = dict.fromkeys(every, 1)  # how many steps lie between two values that stay

    def stops():
        return {name: _thinned(every[name], apart[name], explorer.values[name]) for name in every}

    while math.prod(map(len, stops().values())) > most:
        counts = {n: len(s) for n, s in stops().items() if _is_slider(explorer.controls[n]) and len(s) > 3}
        apart[max(counts, key=counts.get)] += 1
    for combination in itertools.product(*stops().values()):
        yield dict(zip(every, combination, strict=True))


def _thinned(values, apart, start):
    at = min(range(len(values)), key=lambda k: _distance(values[k], start))
    last = len(values) - 1
    return [v for k, v in enumerate(values) if (k - at) % apart == 0 or k in (0, last)]


def _is_slider(control):
    return hasattr(control, "min") or isinstance(control, ipywidgets.SelectionSlider)


def _values(control):
    """Return all values that a control can take; of a slider with two handles, the one it has."""
    if isinstance(control.value, tuple):
        return [control.value]
    if not hasattr(control, "min"):
        return list(control._options_values)
    count = round((control.max - control.min) / control.step)
    kind = type(control.value)
    return [kind(round(control.min + k * control.step, 10)) for k in range(count + 1)]


def _in_order(control, values):
    """Return different values in the order in which a control offers them."""
    options = getattr(control, "_options_values", None)
    return sorted(set(values), key=options.index if options else None)


def _described(explorer, name, stops, value):
    control = explorer.controls.get(name)
    near = min(range(len(stops)), key=lambda k: _distance(stops[k], value))
    kind = "slider" if control is None or _is_slider(control) else "choice"
    return {
        "name": name,
        "label": control.description if control else name,
        "look": _look(control) if control else [name, False, False],
        "values": stops if isinstance(stops[0], str) else [],
        "kind": "switch" if isinstance(control, ipywidgets.ToggleButtons) else kind,
        "hint": (control.tooltip if control else "") or "",
        "stops": [_words(control, stop) for stop in stops],
        "at": near,
        "interval": getattr(control, "interval", 300 if control is None else None),
    }


def _distance(a, b):
    return float(a != b) if isinstance(a, str) else np.abs(np.subtract(a, b)).sum()


def _words(control, stop):
    labels = getattr(control, "_options_labels", None)
    if labels:
        return labels[control._options_values.index(stop)]
    form = getattr(control, "readout_format", "d")
    numbers = stop if isinstance(stop, tuple) else [stop]
    return " – ".join(format(number, form) for number in numbers).replace("-", "−")


# --- what a page shows


def _snapshot(explorer, setting):
    """Return what stands at each place of the page that has ever changed."""
    shown = {("finding",): explorer.readout.finding}
    for k, name in enumerate(setting):
        if control := explorer.controls.get(name):
            moved = control.value != setting[name]  # by the explorer itself
            shown["control", k] = [*_look(control), _words(control, control.value) if moved else None]
    for k, text in enumerate(_texts(explorer)):
        shown["text", k] = text
    for k, picture in enumerate(explorer._figures):
        if hasattr(picture, "svg"):
            shown |= {("drawing", j): piece for j, piece in enumerate(picture.svg.split("<"))}
        else:
            shown |= {("figure", k, *place): value for place, value in picture._sent.items()}
    return shown


def _texts(explorer):
    """Return the tables and remarks beside an explorer's pictures, as HTML."""
    return [widget.value for widget in explorer.children if isinstance(widget, ipywidgets.HTML)]


def _look(control):
    return [control.description, bool(control.disabled), control.layout.display == "none"]


def _at(explorer, place):
    """Return what stood at a place from the beginning."""
    if place[0] != "figure":
        return ""
    owner = json.loads(explorer._figures[place[1]].figure.to_json())
    for step in place[2:]:
        try:
            owner = owner[step]
        except (KeyError, IndexError):
            return None
    return owner


class _Pool:
    """Values, each once."""

    def __init__(self):
        self.values, self._where = [], {}

    def put(self, value):
        """Return where in the pool a value lies."""
        value = _as_json(value)
        key = json.dumps(value)
        if key not in self._where:
            self._where[key] = len(self.values)
            self.values.append(value)
        return self._where[key]


def _as_json(value):
    """Return what `LiveFigure.update` sends as plotly.js reads it from JSON: arrays in base64."""
    if isinstance(value, dict) and "buffer" in value:
        packed = {"dtype": value["dtype"], "bdata": base64.b64encode(value["buffer"]).decode()}
        return packed | ({"shape": ", ".join(map(str, value["shape"]))} if len(value["shape"]) > 1 else {})
    if isinstance(value, dict):
        return {name: _as_json(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value
