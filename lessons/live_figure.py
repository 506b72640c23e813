"""A Plotly figure that changes in place: the one way of drawing in this course.

plotly.js (5 MB) travels to the browser once per kernel, inside a widget of its own; every figure after that
costs only its data. An update is one message with binary arrays and one redraw, whatever it changes.
"""

import contextlib
import math
import re
import uuid
from pathlib import Path

import anywidget
import numpy as np
import plotly.graph_objects as go
import plotly.offline
import traitlets

# The library's UMD header asks for `module` before it asks for a global: give it one, so that two notebooks
# open in one page, or another copy of plotly.js, never meet. The first kernel to arrive serves the page.
_LIBRARY_ESM = """
const module = { exports: {} }, exports = module.exports, define = undefined;
%s
globalThis.lessonsPlotly ??= module.exports;
export default {};
"""

# What every widget of ours puts before its script: its page listens to the kernel, however late it starts.
LISTEN_JS = Path(__file__).with_name("listen.js").read_text(encoding="utf-8")

# In every output of ours beside the widget; browsers pass it over, an export to HTML shows it instead.
STATIC = "application/vnd.lessons.static+json"


class _Library(anywidget.AnyWidget):
    """Carries plotly.js; shown nowhere."""

    _esm = _LIBRARY_ESM % plotly.offline.get_plotlyjs()


_library = None


def _send_library():
    global _library
    if _library is None or _library.comm is None:
        _library = _Library()


class LiveFigure(anywidget.AnyWidget):
    """A Plotly figure in the page that redraws in place.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        What to show first; copied. Its alt text is ``figure.layout.meta["alt"]``, or else its title.

    Attributes
    ----------
    figure : plotly.graph_objects.Figure
        What the page shows now, in step with `update`: code and tests read it without a browser.
    """

    _esm = LISTEN_JS + Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    _esm = re.sub(r"^ *//.*\n|^ +|  +//.*$", "", _esm, flags=re.MULTILINE)  # its comments need not travel
    _css = Path(__file__).with_suffix(".css")
    # Computed when asked for, not stored: a reloaded page gets the figure as it is now.
    _figure = traitlets.Any().tag(sync=True, to_json=lambda _, widget: widget._whole())
    _change = traitlets.Dict().tag(sync=True)

    def __init__(self, figure):
        self._plot = go.Figure(figure)  # lags behind: see _pending
        meta = self._plot.layout.meta
        if not (isinstance(meta, dict) and meta.get("alt")):
            self._plot.update_layout(meta={"alt": self._plot.layout.title.text or "Figure"})
        self._names = [trace.name for trace in self._plot.data]
        self._sent, self._pending = {}, {}  # by place: what the page has; what _plot lacks
        self._given = {}  # parts of the layout, as they came
        self._id, self._count, self._outbox = uuid.uuid4().hex, 0, None
        _send_library()
        super().__init__()
        self.on_msg(self._repeat)

    @property
    def figure(self):
        """What the page shows now."""
        pending, self._pending = self._pending, {}
        for (part, *place), value in pending.items():  # plotly.py checks every value, at a millisecond apiece
            owner = self._plot.layout if part == "layout" else self._plot.data[place.pop(0)]
            for name in place[:-1]:
                owner = owner[name]
            owner[place[-1]] = value
        return self._plot

    @property
    def alt(self):
        """The figure's text equivalent, read out by screen readers."""
        meta = self.figure.layout.meta
        return meta.get("alt", "") if isinstance(meta, dict) else ""

    def update(self, *, layout=None, **properties):
        """Change traces and layout with one message and one redraw.

        Only what differs from what the page has is sent.

        Parameters
        ----------
        layout : dict, optional
            What to change in the layout, as for ``Figure.update_layout``: ``{"title_text": "…"}``. A list,
            of shapes say, takes the old one's place; in it, names are written out, as plotly.js has them.
        **properties : dict
            For each property of a trace, the new value by trace index or name:
            ``y={0: a, "LSTM": b}``, ``visible={1: False}``, ``error_y_array={0: sd}``. Numeric arrays travel
            as float32, or as float64 where float32 would show; NaN is a gap.

        Raises
        ------
        ValueError
            No such trace, or a property that its kind of trace does not have. A value that Plotly does
            not take is found when `figure` is next read.
        """
        news = []
        for name, by_trace in properties.items():
            for key, value in by_trace.items():
                index = self._index(key)
                place = ("data", index, *_place(self._plot.data[index], name))
                self._note(news, place, value)
        fresh = {name: value for name, value in (layout or {}).items() if self._is_new(name, value)}
        for place, value in _leaves(self._plot.layout, fresh):
            self._note(news, ("layout", *place), value)
        if news:
            self._count += 1
            change = {"count": self._count, "values": news}
            if self._outbox is None:
                self._change = change
            else:
                self._outbox.append([self._id, change])

    def _is_new(self, name, value):
        """Tell whether a part of the layout differs from what was last given for it: walking it is slow."""
        packed, part = _packed(value), name.split("_")[0]
        if self._given.get(name) == packed:
            return False
        self._given = {other: v for other, v in self._given.items() if other.split("_")[0] != part}
        self._given[name] = packed
        return True

    def _note(self, news, place, value):
        """Put a value down for the page, unless it is there already, and for `figure`."""
        value = np.array(value) if isinstance(value, np.ndarray) else value
        packed = _packed(value)
        if place in self._sent and self._sent[place] == packed:
            return
        if place not in self._sent:
            for other in [other for other in self._sent if _overlap(place, other)]:
                del self._sent[other]
        self._pending.pop(place, None)
        self._sent[place] = packed
        self._pending[place] = value
        if place[0] == "data" and place[2:] == ("name",):
            self._names[place[1]] = value
        news.append([list(place), packed])

    def _repeat(self, _, content, buffers):
        """Send the whole figure to a page that says it knows another state than the present one."""
        if content.get("known") != self._count:
            self.send_state("_figure")

    def _index(self, key):
        if isinstance(key, str) and key in self._names:
            return self._names.index(key)
        if isinstance(key, int | np.integer) and 0 <= key < len(self._names):
            return int(key)
        raise ValueError(f"no trace {key!r}: the figure has {len(self._names)}, named {self._names}")

    def _whole(self):
        return {"count": self._count, "id": self._id, "json": self.figure.to_json()}

    def static(self):
        """Return the figure as it is now, for a page without a kernel (lessons/export.py)."""
        return {"figures": [self.figure.to_json()]}

    def _repr_mimebundle_(self, **kwargs):
        return {
            "text/plain": self.alt,
            STATIC: self.static(),
            "application/vnd.jupyter.widget-view+json": {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self.model_id,
            },
        }


@contextlib.contextmanager
def collected(figures):
    """Keep back what `LiveFigure.update` would send for ``figures``; give the list that it goes to."""
    outbox = []
    for figure in figures:
        figure._outbox = outbox
    try:
        yield outbox
    finally:
        for figure in figures:
            figure._outbox = None


_places = {}


def _place(owner, name):
    """Return where ``name`` leads to in a trace or layout: error_y_array -> ("error_y", "array")."""
    kind = type(owner), name
    if kind not in _places:
        words = name.split("_")
        for length in range(1, len(words) + 1):
            if (first := "_".join(words[:length])) in owner:
                rest = "_".join(words[length:])
                _places[kind] = (first, *(_place(owner[first], rest) if rest else ()))
                break
        else:
            raise ValueError(f"a {getattr(owner, 'type', 'figure')} trace has no property {name!r}")
    return _places[kind]


def _leaves(owner, changes, place=()):
    """Walk the dicts in ``changes`` of a layout; give places and values."""
    for name, value in changes.items():
        here = _place(owner, name)
        inner = owner
        for step in here:
            inner = inner[step]
        if isinstance(value, dict) and hasattr(inner, "to_plotly_json"):
            yield from _leaves(inner, value, (*place, *here))
        else:
            yield (*place, *here), value


def _overlap(a, b):
    return a != b and a[: len(b)] == b[: len(a)]


def _packed(value):
    """Return ``value`` as JSON with numeric arrays as binary buffers; containers are walked."""
    if value is None or isinstance(value, str | int):
        return value
    if hasattr(value, "to_plotly_json"):
        value = value.to_plotly_json()
    if isinstance(value, dict):
        return {key: _packed(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _packed_array(value)
    if isinstance(value, list | tuple):
        return [_packed(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no word for it; to Plotly it is a gap as well
    return value.isoformat() if hasattr(value, "isoformat") else value


def _packed_array(a):
    if a.dtype.kind == "M":
        return np.datetime_as_string(a).tolist()
    if a.dtype.kind not in "iuf" or a.size == 0:
        return [_packed(item) for item in a.tolist()]
    narrow = np.ascontiguousarray(a, "<f4")
    shown = np.isfinite(a)
    if np.any(shown) and np.max(np.abs(a[shown] - narrow[shown])) > 1e-4 * np.ptp(a[shown]):
        # say, timestamps: what varies lies beyond float32's seven digits
        narrow = np.ascontiguousarray(a, "<f8")
    return {"buffer": narrow.tobytes(), "dtype": narrow.dtype.str[1:], "shape": list(a.shape)}
