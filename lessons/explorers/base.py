"""What all explorers share: labelled controls, a live figure, the finding in words, errors in the page."""

import contextlib
import html
import os
import re
import traceback
import types
from pathlib import Path

import anywidget
import ipywidgets
import numpy as np
import traitlets

from lessons.explorers.recording import grid, record
from lessons.figures.style import in_kernel
from lessons.live_figure import LISTEN_JS, STATIC, collected


class Readout(anywidget.AnyWidget):
    """The finding in words, as HTML, and the problem, as text, if there is one.

    Carries the changes of the figures beside it too: all that follows a move is one message.
    """

    _esm = LISTEN_JS + Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    _css = Path(__file__).with_suffix(".css")
    finding = traitlets.Unicode().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
    changes = traitlets.List().tag(sync=True)

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
    beside : dict of str to list of widgets
        What stands right after a control, by the control's name: see `player`.
    initial : dict
        Start values by control, checked as by `set`.

    Attributes
    ----------
    controls : dict of str to widget
    live : LiveFigure
        The first figure; ``live.figure`` is what the page shows.
    readout : Readout
        ``readout.finding`` is the finding, ``readout.problem`` the last error.
    earlier : list
        What is shown of earlier settings, if anything.
    stops : dict of str to list
        By control, the values that a page without a kernel offers, where these are fewer than all.

    Notes
    -----
    Moved in the page, a control redraws at once, and an error is shown below the figure. Set from code with
    `set`, the explorer does the same and returns when it is done; errors are raised.
    """

    stops = types.MappingProxyType({})

    def __init__(self, controls, draw, *figures, beside=None, initial=None):
        self.controls, self._draw = controls, draw
        self.live, self._figures, self.earlier = figures[0], figures, []
        self.readout = Readout()
        for name, value in (initial or {}).items():
            self._refuse(name, value)
            controls[name].value = value
        self._initial = self.values
        self._setting = False
        reset = ipywidgets.Button(description="Reset", tooltip="Back to the values at the start")
        reset.layout = ipywidgets.Layout(width="70px")
        reset.on_click(lambda _: self._answer(self._initial))
        after = beside or {}
        row = [widget for name in controls for widget in (controls[name], *after.get(name, ()))]
        row = ipywidgets.Box([*row, reset])
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

    def static(self):
        """Return controls, figures and finding as they are now, for a page without a kernel."""
        controls = {control.description: str(control.value) for control in self.controls.values()}
        figures = [shown.figure.to_json() for shown in self._figures if hasattr(shown, "figure")]
        return {"controls": controls, "figures": figures, "finding": self.readout.finding}

    def recording(self):
        """Go through the states that a page without a kernel offers; yield the setting of each."""
        for setting in grid(self):
            self.earlier.clear()
            self.set(**setting)
            yield setting

    def _repr_mimebundle_(self, **kwargs):
        table = {"table": record(self)} if os.environ.get("LESSONS_RECORD") else {}
        return {**super()._repr_mimebundle_(**kwargs), STATIC: self.static() | table}

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
        with self._one_message():
            self._state(self._draw(**self.values))

    def show_error(self, error):
        """Show an exception below the figure, where an error in a slider's callback would vanish."""
        place = traceback.extract_tb(error.__traceback__)
        where = f"\n{place[-1].filename}:{place[-1].lineno}" if place else ""
        self.readout.problem = f"{type(error).__name__}: {error}{where}"

    @contextlib.contextmanager
    def _one_message(self):
        """Send all that changes in the figures and in the readout together."""
        with self.readout.hold_sync(), collected(self._figures) as changes:
            try:
                yield
            finally:
                if changes:
                    self.readout.changes = changes

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
        if low is not None and not all(low <= v <= high for v in np.atleast_1d(value)):
            raise ValueError(f"{name} must be between {low} and {high}, got {value}")
        options = getattr(control, "_options_values", None)  # of a drop-down list or a row of buttons
        if options is not None and value not in options:
            named = list(map(repr, options))
            few = named if len(named) <= 20 else [*named[:2], "…", named[-1]]
            raise ValueError(f"{name} must be one of {', '.join(few)}, got {value!r}")


def slider(label, value, low, high, step, tooltip=None, **options):
    """Return a slider that answers while it is dragged: whole numbers if ``step`` is one, else decimals."""
    kind = ipywidgets.IntSlider if isinstance(step, int) else ipywidgets.FloatSlider
    limits = {"value": value, "min": low, "max": high, "step": step}
    return kind(
        **limits, description=label, tooltip=tooltip or "", continuous_update=True, **_look(), **options
    )


def span(label, value, low, high, tooltip=None):
    """Return a slider with two handles for a first and a last whole number, ``value`` at the start."""
    limits = {"value": value, "min": low, "max": high}
    return ipywidgets.IntRangeSlider(**limits, description=label, tooltip=tooltip or "", **_look())


def scrubber(label, options, value, tooltip=None):
    """Return a long slider over ``options``, pairs of the words shown and the value they stand for."""
    control = ipywidgets.SelectionSlider(
        options=options, value=value, description=label, tooltip=tooltip or "", **_look()
    )
    control.add_class("lessons-long").add_class("lessons-words")
    return control


def player(control, interval=300):
    """Return buttons that move a slider on by itself, a step every ``interval`` milliseconds."""
    trait, low, high, step = "index", 0, len(getattr(control, "options", ())) - 1, 1
    if hasattr(control, "min"):
        trait, low, high, step = "value", control.min, control.max, control.step
    limits = {"value": getattr(control, trait), "min": low, "max": high, "step": step}
    play = ipywidgets.Play(**limits, interval=interval, show_repeat=False, layout={"width": "100px"})
    play.tooltip = f"{control.description} moves on by itself"
    control.interval = interval  # for a page without a kernel
    ipywidgets.link((play, "value"), (control, trait))
    return play


def choice(label, options, tooltip=None):
    """Return a drop-down list; the first of ``options`` is chosen."""
    return ipywidgets.Dropdown(options=options, description=label, tooltip=tooltip or "", **_look())


def switch(label, options, tooltip=None):
    """Return a row of buttons of which one is pressed, the first at the start."""
    buttons = ipywidgets.ToggleButtons(options=options, description=label, tooltip=tooltip or "", **_look())
    buttons.style.button_width = "auto"
    return buttons


def _look():
    """Return what all controls share: as wide as label and control need (base.css), no wider."""
    return {"layout": ipywidgets.Layout(width="max-content", max_width="100%")}


def around(values):
    """Return the range of an axis that holds ``values``, between round numbers: it stays in most moves.

    An axis whose range is given and stays is not drawn again, which halves the time of a move.
    """
    low, high = np.nanmin(values), np.nanmax(values)
    step = _round_step((high - low) / 8)
    return [float(step * np.floor(low / step - 0.3)), float(step * np.ceil(high / step + 0.3))]


def up_to(value):
    """Return the range of an axis from zero to a round number that ``value``, above zero, stays below.

    There are seven of them in a decade, so that the range stays in most moves.
    """
    power = 10.0 ** np.floor(np.log10(1.04 * value))
    digit = min(digit for digit in (1, 1.5, 2, 3, 4, 6, 8, 10) if digit * power >= 1.04 * value)
    return [0.0, float(f"{digit * power:.6g}")]


def _round_step(size):
    """Return the largest of 1, 2, 5, 10, 20 … (or 0.5, 0.2 …) that is not larger than ``size``."""
    power = 10.0 ** np.floor(np.log10(size))
    return power * max(digit for digit in (1, 2, 5) if digit * power <= size * (1 + 1e-9))


def plain(finding):
    """Return a finding without its HTML tags."""
    return html.unescape(re.sub("<[^>]+>", "", finding.replace("<br>", "; ")))


def bold(text):
    """Return ``text``, escaped, in bold HTML."""
    return f"<strong>{html.escape(text)}</strong>"
