"""A Plotly figure that changes in place: the one way of drawing in this course.

plotly.js (5 MB) travels to the browser once per kernel, inside a widget of its own; every figure after that
costs only its data. An update is one message with binary arrays and one redraw, whatever it changes.
"""

import contextlib
import math
import uuid

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

# anywidget gives a page two seconds to start a widget. If that is too short (a slow computer, a long page,
# plotly.js being read), it never listens to the kernel again: every message then waits for a promise that has
# been broken. When initialize() is called nothing is left to wait for, so from there on messages go straight
# to the model, and the kernel is told that the page listens, to repeat what it missed.
LISTEN_JS = """
function listen(model, known) {
  let itself;
  model.on("change:_listening", widget => { itself = widget; });
  model.set("_listening", true);               // stays in the page; tells us the model behind the proxy
  let owner = itself;
  while (owner && !Object.hasOwn(owner, "_handle_comm_msg")) owner = Object.getPrototypeOf(owner);
  const handle = owner && Object.getPrototypeOf(owner)._handle_comm_msg;
  if (handle) itself.comm?.on_msg(message => handle.call(itself, message));
  model.send({ listening: true, known });
}
"""

# A title that is too long for the page is broken into lines, and the figure grows by them. It never shrinks
# again while it keeps its width, so that nothing jumps when a slider makes the title shorter. A class looks
# from afar: --lessons-scale, in the page's style sheet, enlarges a figure as a whole.
FIT_JS = """
const LINE = 1.3;                              // height of a line of the title, in font sizes

function wrapped(text, width, font) {
  const pen = wrapped.pen ??= document.createElement("canvas").getContext("2d");
  pen.font = font;
  const fits = line => pen.measureText(line.replace(/<[^>]+>/g, "")).width <= width;
  const lines = text.split("<br>").map(part => {
    const rows = [""];
    for (const word of part.split(" ")) {
      const longer = rows.at(-1) ? `${rows.at(-1)} ${word}` : word;
      if (fits(longer)) rows[rows.length - 1] = longer; else rows.push(word);
    }
    return rows.filter((row, k) => row || k > 0 || rows.length === 1);
  });
  return lines.flat();
}

function fit(layout, gd) {                     // the layout as it suits the page, and gd to match
  const { template: { layout: house = {} } = {}, title } = layout;
  const scale = parseFloat(getComputedStyle(gd).getPropertyValue("--lessons-scale")) || 1;
  const enlarged = { transform: `scale(${scale})`, transformOrigin: "0 0", width: `${100 / scale}%` };
  if (scale !== 1) Object.assign(gd.style, enlarged);
  const width = gd.clientWidth;
  let height = layout.height ?? house.height ?? 340, fitted = { ...layout, width, height };
  if (title?.text) {
    const size = title.font?.size ?? house.title?.font?.size ?? 16;
    const lines = wrapped(title.text, width - 24, `${size}px ${layout.font.family}`);
    const kept = gd.titleRows?.width === width ? gd.titleRows.count : 1;
    gd.titleRows = { width, count: Math.max(kept, lines.length) };
    const more = (gd.titleRows.count - 1) * size * LINE;
    height += more;
    const margin = { ...layout.margin, t: (layout.margin?.t ?? house.margin?.t ?? 76) + more };
    fitted = { ...fitted, height, margin, title: { ...title, text: lines.join("<br>") } };
  }
  gd.style.minHeight = `${height}px`;
  if (scale !== 1) gd.style.marginBottom = `${height * (scale - 1)}px`;
  return fitted;
}
"""

# Plotly.react measures and writes every label, legend and margin again: two thirds of the time of a move.
# Asked for a transition that takes no time, it leaves alone what has stayed. But it can do that with
# nothing but the numbers of lines and bars, on axes whose range is given; and it tells what is new by
# identity (arrays) or by comparison with gd._fullLayout (the rest). So all other arrays are filled in
# place, titles and ticks are changed apart, and with anything else that has changed Plotly.react does all
# its work.
QUICK_JS = """
const isList = value => Array.isArray(value) || ArrayBuffer.isView(value);
const isRecord = value => value !== null && typeof value === "object" && !isList(value);
const each = (record, what) => Object.fromEntries(Object.entries(record).map(([k, v]) => [k, what(v, k)]));
const moves = ({ type }, key) => /^[xy]$/.test(key) && ["scatter", "bar"].includes(type ?? "scatter");

function same(a, b) {
  if (a === b) return true;
  if (isList(a) && isList(b)) return a.length === b.length && a.every((value, k) => same(value, b[k]));
  if (!isRecord(a) || !isRecord(b)) return Object.is(a, b);
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every(key => same(a[key], b[key]));
}

const copied = value => isList(value) ? Array.from(value, copied)
  : isRecord(value) ? each(value, copied) : value;
// A trace and a layout that are Plotly's own: it writes into them, and so do we.
const own = trace => each(trace, (value, key) => moves(trace, key) ? value : copied(value));
const copy = layout => each(layout, (value, key) => key === "template" ? value
  : isRecord(value) ? copy(value) : key === "range" || isRecord(value?.[0]) ? copied(value) : value);

function keep(old, layout) {                   // the layout, with the old lists where nothing changed in them
  if (!isRecord(old) || old === layout) return layout;
  return each(layout, (value, key) => same(old[key], value) ? old[key]
    : isRecord(value) ? keep(old[key], value) : value);
}

function differences(old, layout, path = []) {
  return [...new Set([...Object.keys(old), ...Object.keys(layout)])].flatMap(key => {
    const [a, b] = [old[key], layout[key]];
    if (a === b) return [];
    return isRecord(a) && isRecord(b) ? differences(a, b, [...path, key]) : [[...path, key].join(".")];
  });
}

function fill(list, values) {                  // a list of Plotly's with new values; false if not of its kind
  if (!isList(values) || isList(list[0]) !== isList(values[0])) return false;
  if (isList(values[0])) return list.length === values.length && list.every((row, k) => fill(row, values[k]));
  list.length = values.length;
  for (let k = 0; k < values.length; k++) list[k] = values[k];
  return true;
}

function follow(mine, news) {                  // Plotly's record with new lists; false if more changes
  return Object.keys({ ...mine, ...news }).every(key => {
    const [a, b] = [mine[key], news[key]];
    if (a === b) return true;
    if (isRecord(a) && isRecord(b)) return follow(a, b);
    return Array.isArray(a) && isList(b) ? fill(a, b) : Object.is(a, b);
  });
}

function move(gd, news) {                      // all traces; false if Plotly would not see it, or see more
  const { data, _fullLayout } = gd;
  let moved = false;
  const ready = data.length === news.length && news.every((trace, k) => Object.keys(trace).every(key => {
    if (!moves(trace, key) || data[k][key] === trace[key]) return true;
    const axis = _fullLayout[`${key}axis${(trace[`${key}axis`] ?? "").slice(1)}`];
    if (axis?.autorange || !data[k][key]?.length || !trace[key]?.length) return false;
    moved = true;
    return true;
  }));
  if (!ready || !moved) return false;
  news.forEach((trace, k) => {
    for (const key of ["x", "y"]) if (key in trace && moves(trace, key)) data[k][key] = trace[key];
  });
  return news.every((trace, k) => follow(data[k], trace));
}

const LINE_OF_TEXT = /^[^<&]+$/;
const MAY_CHANGE = /^(title[.]text|shapes|annotations|[xy]axis[0-9]*[.](range|tickvals|ticktext))$/;

function drawQuickly(Plotly, gd, traces, old, layout) {          // false if too much has changed for that
  const changed = differences(old, layout);
  const axes = changed.map(path => path.match(/^[xy]axis[0-9]*/)?.[0]).filter(Boolean);
  const things = [...layout.shapes ?? [], ...layout.annotations ?? []];
  const refs = things.flatMap(({ xref, yref }) => [xref ?? "x", yref ?? "y"]);
  const free = axis => isList(old[axis].range) === isList(layout[axis].range)
    && !refs.includes(axis.replace("axis", ""));
  if (!changed.every(path => MAY_CHANGE.test(path)) || !axes.every(free)) return false;

  const words = layout.title?.text, title = gd.querySelector(".gtitle");
  const plain = title && [old.title?.text, words].every(text => LINE_OF_TEXT.test(text));
  const before = Object.fromEntries(axes.map(axis => [axis, old[axis]]));
  if (changed.some(path => /^(shapes|annotations)$/.test(path) || (path === "title.text" && !plain)))
    Plotly.react(gd, gd.data, copy({ ...layout, ...before }));
  if (!move(gd, traces)) return false;
  const drawn = gd._fullLayout;
  if (plain) drawn.title.text = words;
  const ranges = axes.filter(axis => isList(layout[axis].range));
  if (changed.every(path => !/[.]tick(vals|text)$|^y/.test(path)) && ranges.length)
    // draws these axes and no others; nor titles, which stay below, but are pushed by labels at the side
    Plotly.relayout(gd, Object.fromEntries(ranges.map(axis => [`${axis}.range`, [...layout[axis].range]])));
  else for (const axis of axes) {              // no change of range, but of ticks: that is quicker
    if (ranges.includes(axis)) drawn[axis].range = [...layout[axis].range];
    drawn[axis].cleanRange();
    drawn[axis].ticksuffix = null;
  }
  Plotly.react(gd, gd.data, { ...copy(layout), transition: { duration: 0 } });
  if (plain && title.textContent !== words) {
    title.textContent = words;
    title.setAttribute("data-unformatted", words);
  }
  return true;
}
"""

_FIGURE_ESM = (
    LISTEN_JS
    + FIT_JS
    + QUICK_JS
    + """
const CONFIG = { displayModeBar: false, typesetMath: false };
const CAMERA = `<svg viewBox="0 0 20 16" width="18" height="15" aria-hidden="true" fill="currentColor">
  <path fill-rule="evenodd" d="M7 0 5.5 2H2a2 2 0 0 0-2 2v10a2 2 0 0 0 2 2h16a2 2 0 0 0 2-2V4a2 2 0 0
  0-2-2h-3.5L13 0zM10 4.2a4.3 4.3 0 1 1 0 8.6 4.3 4.3 0 0 1 0-8.6zm0
  1.8a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z"/></svg>`;

// Beside the figure, not in it: what is an image to a screen reader holds nothing to press.
function camera(gd, Plotly) {
  const button = document.createElement("button");
  button.className = "lessons-save";
  button.title = "Save this figure as PNG";
  button.setAttribute("aria-label", button.title);
  button.innerHTML = CAMERA;
  button.onclick = () => Plotly.downloadImage(gd, { format: "png", scale: 2, filename: "figure" });
  return button;
}

async function plotly() {
  for (let tries = 0; !globalThis.lessonsPlotly; tries++) {
    if (tries > 1500) throw new Error("the drawing library did not arrive from the kernel");
    await new Promise(wake => setTimeout(wake, 20));
  }
  return globalThis.lessonsPlotly;
}

function decode(value) {                       // {buffer, dtype, shape} -> typed array, or rows of one
  if (Array.isArray(value)) return value.map(decode);
  if (value === null || typeof value !== "object") return value;
  if (!(value.buffer instanceof DataView))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decode(item)]));
  const { buffer: { buffer, byteOffset, byteLength }, dtype, shape } = value;
  const bytes = buffer.slice(byteOffset, byteOffset + byteLength);         // aligned, as typed arrays want
  const flat = dtype === "f4" ? new Float32Array(bytes) : new Float64Array(bytes);
  return shaped(flat, shape);
}

// plotly.py writes arrays into the figure's JSON as {dtype, bdata}: unpack them once, not at every redraw.
const KINDS = { f8: Float64Array, f4: Float32Array, i4: Int32Array, u4: Uint32Array,
  i2: Int16Array, u2: Uint16Array, i1: Int8Array, u1: Uint8Array };

function unpacked(_, value) {
  if (typeof value?.bdata !== "string" || !KINDS[value.dtype]) return value;
  const bytes = Uint8Array.from(atob(value.bdata), letter => letter.charCodeAt(0));
  const flat = new KINDS[value.dtype](bytes.buffer);
  return value.shape ? shaped(flat, String(value.shape).split(",").map(Number)) : flat;
}

function shaped(flat, shape) {                 // a list, or a list of rows
  if (shape.length === 1) return flat;
  return Array.from({ length: shape[0] }, (_, row) => flat.subarray(row * shape[1], (row + 1) * shape[1]));
}

// What the kernel sends is never altered in place: a value is new if, and only if, it is another object.
function put(whole, [key, ...rest], value) {
  const copy = Array.isArray(whole) ? [...whole] : { ...whole };
  copy[key] = rest.length ? put(whole?.[key] ?? {}, rest, value) : value;
  return copy;
}

export default () => {                         // called once a model: its views share what follows
  let figure, count, id;
  const views = new Set();
  const redraw = () => views.forEach(view => view());

  function load(model) {                       // the whole figure: at first, and after a page reload
    const state = model.get("_figure");
    figure = JSON.parse(state.json, unpacked);
    ({ count, id } = state);
  }

  function change(model, news) {               // what one update() altered; true: to be drawn
    if (!news?.count || news.count <= count) return false;
    const missed = news.count !== count + 1;
    count = news.count;
    for (const [place, value] of news.values) figure = put(figure, place, decode(value));
    if (missed) model.send({ known: null });
    return true;
  }

  return {
    initialize({ model }) {
      load(model);
      change(model, model.get("_change"));
      model.on("change:_change", () => { if (change(model, model.get("_change"))) redraw(); });
      model.on("change:_figure", () => { load(model); redraw(); });
      // an explorer's readout brings the changes of all its figures
      const figures = globalThis.lessonsFigures ??= new Map();
      figures.set(id, news => change(model, news) && redraw);
      listen(model, count);
      return () => figures.delete(id);
    },

    async render({ el }) {
      const gd = document.createElement("div");
      const describe = () => gd.setAttribute("aria-label", figure.layout.meta?.alt ?? "Figure");
      gd.setAttribute("role", "img");
      gd.style.cssText = `width: 100%; min-height: ${figure.layout.height ?? 340}px`;
      describe();
      el.appendChild(gd);
      let Plotly;
      try { Plotly = await plotly(); }
      catch (error) {
        gd.textContent = `This figure could not be drawn: ${error.message}. `
          + "Reload the page, then run all cells again.";
        return;
      }

      el.classList.add("lessons-figure");
      el.appendChild(camera(gd, Plotly));
      let drawn, drawnWidth = 0, resting = false, waiting = false, ink, later;
      function draw() {                        // text takes the colour and font of the page, light or dark
        const { color, fontFamily } = getComputedStyle(el);
        ink = color;
        const { meta, ...rest } = figure.layout;           // meta is ours, and would be drawn anew for
        const font = { color, family: fontFamily, ...rest.font };
        const layout = keep(drawn, fit({ uirevision: "keep", ...rest, font }, gd));
        drawnWidth = gd.clientWidth;
        if (!drawn || !drawQuickly(Plotly, gd, figure.data, drawn, layout))
          Plotly.react(gd, figure.data.map(own), copy(layout), CONFIG);
        describe();
        drawn = layout;
      }
      function view() {                        // at once, but never twice within one frame of the screen
        if (!drawn || resting) { waiting = true; return; }
        draw();
        resting = true;
        requestAnimationFrame(() => { resting = false; if (waiting) { waiting = false; view(); } });
      }
      views.add(view);

      const resized = new ResizeObserver(() => {
        const width = gd.clientWidth;
        if (!width || width === drawnWidth) return;  // not in the page, in a folded panel, or only higher
        clearTimeout(later);
        later = setTimeout(draw, drawn ? 60 : 0);      // while a window is dragged, not at every pixel
      });
      resized.observe(gd);
      const themed = new MutationObserver(() => { if (drawn && getComputedStyle(el).color !== ink) draw(); });
      themed.observe(document.body, { attributes: true });
      return () => {
        views.delete(view);
        clearTimeout(later);
        resized.disconnect();
        themed.disconnect();
        Plotly.purge(gd);
      };
    },
  };
};
"""
)


_FIGURE_CSS = """
.lessons-figure { position: relative; }
.lessons-save {
  position: absolute; top: 4px; right: 4px; padding: 5px 6px 3px; border: 0; border-radius: 4px;
  color: var(--jp-content-font-color1, #555); background: transparent; opacity: 0; cursor: pointer;
}
.lessons-figure:hover .lessons-save { opacity: 0.6; }
.lessons-figure .lessons-save:is(:hover, :focus-visible) { opacity: 1; }
.lessons-save:focus-visible { outline: 3px solid var(--jp-brand-color1, #0072b2); }
"""


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
    height : int, optional
        Height in pixels, instead of the figure's own.

    Attributes
    ----------
    figure : plotly.graph_objects.Figure
        What the page shows now, in step with `update`: code and tests read it without a browser.
    """

    _esm = _FIGURE_ESM
    _css = _FIGURE_CSS
    # Computed when asked for, not stored: a reloaded page gets the figure as it is now.
    _figure = traitlets.Any().tag(sync=True, to_json=lambda _, widget: widget._whole())
    _change = traitlets.Dict().tag(sync=True)

    def __init__(self, figure, height=None):
        self._plot = go.Figure(figure)  # lags behind: see _pending
        if height is not None:
            self._plot.update_layout(height=height)
        meta = self._plot.layout.meta
        if not (isinstance(meta, dict) and meta.get("alt")):
            self._plot.update_layout(meta={"alt": self._plot.layout.title.text or "Figure"})
        self._names = [trace.name for trace in self._plot.data]
        self._sent, self._pending = (
            {},
            {},
        )  # by place: what the page has; what _plot lacks
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
            What to change in the layout, as for ``Figure.update_layout``: ``{"title_text": "…"}``.
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
        for place, value in _leaves(self._plot.layout, layout or {}):
            if isinstance(value, list | tuple) and any(isinstance(item, dict) for item in value):
                self.figure.layout.update({place[0]: value})  # plotly.py merges these lists item by item
                value = self._plot.layout[place[0]]
            self._note(news, ("layout", *place), value)
        if news:
            self._count += 1
            change = {"count": self._count, "values": news}
            if self._outbox is None:
                self._change = change
            else:
                self._outbox.append([self._id, change])

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
        narrow = np.ascontiguousarray(
            a, "<f8"
        )  # say, timestamps: what varies lies beyond float32's seven digits
    return {"buffer": narrow.tobytes(), "dtype": narrow.dtype.str[1:], "shape": list(a.shape)}
