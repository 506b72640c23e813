"""A Plotly figure that changes in place: the one way of drawing in this course.

plotly.js (5 MB) travels to the browser once per kernel, inside a widget of its own; every figure after that
costs only its data. An update is one message with binary arrays and one redraw, whatever it changes.
"""

import math

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

_FIGURE_ESM = (
    LISTEN_JS
    + """
const CONFIG = { displaylogo: false, modeBarButtons: [["toImage"]], typesetMath: false };

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
  if (shape.length === 1) return flat;
  return Array.from({ length: shape[0] }, (_, row) => flat.subarray(row * shape[1], (row + 1) * shape[1]));
}

export default () => {                         // called once a model: its views share what follows
  let figure, count;
  const views = new Set();
  const redraw = () => views.forEach(view => view());

  function load(model) {                       // the whole figure: at first, and after a page reload
    const state = model.get("_figure");
    figure = JSON.parse(state.json);
    count = state.count;
  }

  function change(model) {                     // what one update() altered
    const news = model.get("_change");
    if (!news.count || news.count <= count) return;
    const missed = news.count !== count + 1;
    count = news.count;
    for (const [index, properties] of news.traces) Object.assign(figure.data[index], decode(properties));
    if (news.layout) figure.layout = { template: figure.layout.template, ...decode(news.layout) };
    if (missed) model.send({ known: null });
    redraw();
  }

  return {
    initialize({ model }) {
      load(model);
      change(model);
      model.on("change:_change", () => change(model));
      model.on("change:_figure", () => { load(model); redraw(); });
      listen(model, count);
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

      let drawn = false, resting = false, waiting = false, ink;
      function draw() {                        // text takes the colour and font of the page, light or dark
        const { color, fontFamily } = getComputedStyle(el);
        ink = color;
        const font = { color, family: fontFamily, ...figure.layout.font };
        const layout = { uirevision: "keep", ...figure.layout, font };
        Plotly.react(gd, figure.data.map(trace => ({ ...trace })), layout, CONFIG);
        describe();
        drawn = true;
      }
      function view() {                        // at once, but never twice within one frame of the screen
        if (!drawn || resting) { waiting = true; return; }
        draw();
        resting = true;
        requestAnimationFrame(() => { resting = false; if (waiting) { waiting = false; view(); } });
      }
      views.add(view);

      const resized = new ResizeObserver(() => {
        if (!gd.clientWidth) return;           // not in the page, or in a folded panel
        if (drawn) Plotly.Plots.resize(gd); else draw();
      });
      resized.observe(gd);
      const themed = new MutationObserver(() => { if (drawn && getComputedStyle(el).color !== ink) draw(); });
      themed.observe(document.body, { attributes: true });
      return () => {
        views.delete(view);
        resized.disconnect();
        themed.disconnect();
        Plotly.purge(gd);
      };
    },
  };
};
"""
)


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
        What the page shows now, kept in step by `update`: code and tests read it without a browser.
    """

    _esm = _FIGURE_ESM
    # Computed when asked for, not stored: a reloaded page gets the figure as it is now.
    _figure = traitlets.Any().tag(sync=True, to_json=lambda _, widget: widget._whole())
    _change = traitlets.Dict().tag(sync=True)

    def __init__(self, figure, height=None):
        self.figure = go.Figure(figure)
        if height is not None:
            self.figure.update_layout(height=height)
        if not self.alt:
            self.figure.update_layout(meta={"alt": self.figure.layout.title.text or "Figure"})
        self._count = 0
        _send_library()
        super().__init__()
        self.on_msg(self._repeat)

    @property
    def alt(self):
        """The figure's text equivalent, read out by screen readers."""
        meta = self.figure.layout.meta
        return meta.get("alt", "") if isinstance(meta, dict) else ""

    def update(self, *, layout=None, **properties):
        """Change traces and layout with one message and one redraw.

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
            No such trace, or a property that its kind of trace does not have.
        """
        changed = {}
        for name, by_trace in properties.items():
            for key, value in by_trace.items():
                index = self._index(key)
                trace = self.figure.data[index]
                changed.setdefault(index, set()).add(_top_level(trace, name))
                trace[name] = value
        if layout is not None:
            self.figure.update_layout(layout)
        self._count += 1
        self._change = {
            "count": self._count,
            "traces": [[i, {p: _packed(self.figure.data[i][p]) for p in ps}] for i, ps in changed.items()],
            "layout": None if layout is None else self._layout_without_template(),
        }

    def _repeat(self, _, content, buffers):
        """Send the whole figure to a page that says it knows another state than the present one."""
        if content.get("known") != self._count:
            self.send_state("_figure")

    def _index(self, key):
        names = [trace.name for trace in self.figure.data]
        if isinstance(key, str) and key in names:
            return names.index(key)
        if isinstance(key, int | np.integer) and 0 <= key < len(names):
            return int(key)
        raise ValueError(f"no trace {key!r}: the figure has {len(names)}, named {names}")

    def _layout_without_template(self):
        layout = self.figure.layout.to_plotly_json()
        layout.pop("template", None)  # 2 kB that never change
        return _packed(layout)

    def _whole(self):
        return {"count": self._count, "json": self.figure.to_json()}

    def _repr_mimebundle_(self, **kwargs):
        return {
            "text/plain": self.alt,
            "application/vnd.jupyter.widget-view+json": {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self.model_id,
            },
        }


def _top_level(trace, name):
    """Return the property of the trace that ``name`` reaches into: error_y_array -> error_y."""
    words = name.split("_")
    for length in range(1, len(words) + 1):
        if (candidate := "_".join(words[:length])) in trace:
            return candidate
    raise ValueError(f"a {trace.type} trace has no property {name!r}")


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
