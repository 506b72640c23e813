"""What all explorers share: labelled controls, a live figure, the finding in words, errors in the page."""

import html
import re
import traceback

import anywidget
import ipywidgets
import traitlets

from lessons.figures.style import in_kernel
from lessons.live_figure import LISTEN_JS

# The finding in words, announced by screen readers as it changes; below it, what went wrong. It also gives
# the sliders beside it the names that ipywidgets leaves out.
_READOUT_ESM = (
    LISTEN_JS
    + """
function name(controls) {
  for (const row of controls.querySelectorAll(".jupyter-widgets")) {
    const label = row.querySelector(":scope > .widget-label")?.textContent;
    if (!label) continue;
    for (const handle of row.querySelectorAll(".noUi-handle, .widget-readout"))
      if (handle.getAttribute("aria-label") !== label) handle.setAttribute("aria-label", label);
    const group = row.querySelector(".widget-toggle-buttons, .widget-radio-box");
    if (group) { group.setAttribute("role", "group"); group.setAttribute("aria-label", label); }
  }
}

async function render({ model, el }) {
  const finding = document.createElement("div"), problem = document.createElement("div");
  finding.setAttribute("role", "status");
  finding.setAttribute("aria-live", "polite");
  finding.className = "lessons-finding";
  problem.setAttribute("role", "alert");
  problem.className = "lessons-problem";
  el.append(finding, problem);
  const tell = () => {
    finding.innerHTML = model.get("finding");
    problem.textContent = model.get("problem");
  };
  model.on("change:finding change:problem", tell);
  tell();

  const names = new MutationObserver(() => name(controls));
  for (let frame = 0; frame < 600 && !el.isConnected; frame++) await new Promise(requestAnimationFrame);
  const controls = el.closest(".lessons-explorer")?.querySelector(".lessons-controls");
  if (controls) {
    name(controls);
    names.observe(controls, { childList: true, subtree: true });
  }
  return () => names.disconnect();
}
export default { initialize: ({ model }) => listen(model), render };
"""
)
_READOUT_CSS = """
.lessons-explorer { padding: 4px 0; }
.lessons-finding { padding: 2px 4px 6px; font-size: 14px; line-height: 1.5; }
.lessons-problem { padding: 0 4px; white-space: pre-wrap; font-family: monospace; }
.lessons-finding { color: var(--jp-content-font-color1); }
.lessons-problem { color: var(--jp-error-color1); }
.lessons-problem:empty { display: none; }
"""


class Readout(anywidget.AnyWidget):
    """The finding in words, as HTML, and the problem, as text, if there is one."""

    _esm = _READOUT_ESM
    _css = _READOUT_CSS
    finding = traitlets.Unicode().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)

    def __init__(self):
        super().__init__()
        self.on_msg(lambda *_: self.send_state(["finding", "problem"]))  # the page has begun to listen


class Explorer(ipywidgets.VBox):
    """Controls that redraw a live figure and state the finding in words.

    Parameters
    ----------
    controls : dict of str to widget
        Input widgets by the name of the argument that they set.
    draw : callable
        ``draw(**values)`` updates the figures and returns the finding in words, as HTML.
    *figures : LiveFigure
        What is shown below the controls.

    Attributes
    ----------
    controls : dict of str to widget
    live : LiveFigure
        The first figure; ``live.figure`` is what the page shows.
    readout : Readout
        ``readout.finding`` is the finding, ``readout.problem`` the last error.

    Notes
    -----
    Moved in the page, a control redraws at once, and an error is shown below the figure. Set from code with
    `set`, the explorer does the same and returns when it is done; errors are raised.
    """

    def __init__(self, controls, draw, *figures):
        self.controls, self._draw = controls, draw
        self.live = figures[0]
        self.readout = Readout()
        self._initial = self.values
        self._setting = False
        reset = ipywidgets.Button(description="Reset", tooltip="Back to the values at the start")
        reset.layout = ipywidgets.Layout(width="70px")
        reset.on_click(lambda _: self._answer(self._initial))
        row = ipywidgets.Box([*controls.values(), reset])
        row.layout = ipywidgets.Layout(flex_flow="row wrap", align_items="center", grid_gap="2px 18px")
        row.add_class("lessons-controls")
        super().__init__([row, *figures, self.readout])
        self.add_class("lessons-explorer")
        for control in controls.values():
            control.observe(self._moved, names="value")
        self.refresh()

    @property
    def values(self):
        """The controls' values by name."""
        return {name: control.value for name, control in self.controls.items()}

    def __repr__(self):
        return f"Explorer: {plain(self.readout.finding)}"

    def set(self, **values):
        """Set several controls with one redraw; return when it is done.

        Parameters
        ----------
        **values
            New values by control.

        Returns
        -------
        Explorer
            Itself.

        Raises
        ------
        ValueError
            If there is no such control, or it cannot take the value.
        """
        for name, value in values.items():
            self._refuse(name, value)
        self._assign(values)
        self.refresh()
        return self

    def refresh(self, live=False):
        """Redraw for the controls' present values.

        Parameters
        ----------
        live : bool
            Whether someone moved a control in the page: long work may then go on after this returns.
        """
        self._state(self._draw(**self.values))

    def show_error(self, error):
        """Show an exception below the figure, where an error in a slider's callback would vanish."""
        place = traceback.extract_tb(error.__traceback__)
        where = f"\n{place[-1].filename}:{place[-1].lineno}" if place else ""
        self.readout.problem = f"{type(error).__name__}: {error}{where}"

    def _state(self, finding):
        self.readout.problem = ""
        self.readout.finding = finding

    def _moved(self, change):
        if not self._setting:
            self._answer({})

    def _answer(self, values):
        """Answer someone at the page: errors are shown there, and raised where there is no page."""
        try:
            self._assign(values)
            self.refresh(live=True)
        except Exception as error:
            self.show_error(error)
            if not in_kernel():
                raise

    def _assign(self, values):
        self._setting = True
        try:
            for name, value in values.items():
                self.controls[name].value = value
        finally:
            self._setting = False

    def _refuse(self, name, value):
        if name not in self.controls:
            raise ValueError(f"no control {name!r}: there are {', '.join(self.controls)}")
        control = self.controls[name]
        low, high = getattr(control, "min", None), getattr(control, "max", None)
        if low is not None and not low <= value <= high:
            raise ValueError(f"{name} must be between {low} and {high}, got {value}")
        options = getattr(control, "_options_values", None)  # of a drop-down list or a row of buttons
        if options is not None and value not in options:
            raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}, got {value!r}")


_STYLE = {"description_width": "initial"}


def slider(label, value, low, high, step, tooltip=None, **options):
    """Return a slider that answers while it is dragged: whole numbers if ``step`` is one, else decimals."""
    kind = ipywidgets.IntSlider if isinstance(step, int) else ipywidgets.FloatSlider
    limits = {"value": value, "min": low, "max": high, "step": step}
    return kind(**limits, description=label, tooltip=tooltip, continuous_update=True, **_look(280), **options)


def choice(label, options, tooltip=None):
    """Return a drop-down list; the first of ``options`` is chosen."""
    return ipywidgets.Dropdown(options=options, description=label, tooltip=tooltip, **_look(None))


def switch(label, options, tooltip=None):
    """Return a row of buttons of which one is pressed, the first at the start."""
    buttons = ipywidgets.ToggleButtons(options=options, description=label, tooltip=tooltip, **_look(None))
    buttons.style.button_width = "auto"
    return buttons


def _look(width):
    layout = ipywidgets.Layout(width=f"{width}px" if width else "max-content", max_width="100%")
    return {"style": dict(_STYLE), "layout": layout}


def plain(finding):
    """Return a finding without its HTML tags."""
    return html.unescape(re.sub("<[^>]+>", "", finding.replace("<br>", "; ")))


def bold(text):
    """Return ``text``, escaped, in bold HTML."""
    return f"<strong>{html.escape(text)}</strong>"
