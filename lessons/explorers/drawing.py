"""A drawing in the page that changes in place: SVG from the kernel, whose parts can be chosen."""

import re
from pathlib import Path

import anywidget
import ipywidgets
import traitlets

from lessons.explorers.base import Explorer
from lessons.live_figure import LISTEN_JS


class Drawing(anywidget.AnyWidget):
    """SVG text as a widget.

    Attributes
    ----------
    svg : str
        What the page shows.
    playing : bool
        Whether the page asks for one value after another.
    """

    _esm = LISTEN_JS + Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    _css = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
    svg = traitlets.Unicode().tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)

    def __init__(self):
        super().__init__()
        self.on_msg(self._listened)

    def _listened(self, _, content, buffers):
        if content.get("listening"):
            self.send_state(["svg", "playing"])

    def static(self):
        """Return the drawing as HTML for a page without a kernel: an image, with nothing to press."""
        svg = re.sub(r' tabindex="0"| role="button"| aria-pressed="\w+"| aria-label="[^"]*"', "", self.svg)
        alt = re.search(r'aria-label="([^"]*)"', self.svg)[1]
        style = '<svg style="display: block; width: 100%; max-height: 390px"'
        svg = svg.replace("<svg", style, 1).replace('role="group"', "", 1)
        return f'<div role="img" aria-label="{alt}">{svg}</div>'


class DrawnExplorer(Explorer):
    """An explorer whose figure is a `Drawing`: the control ``part`` says what is explained below it.

    With a control ``step`` too, *Step* and *Play* raise it, and a click into the strip sets it.
    """

    def __init__(self, controls, draw):
        drawing = Drawing()
        super().__init__(controls, draw, drawing)
        self.add_class("lessons-drawn")
        drawing.on_msg(self._asked)
        if "step" in controls:
            self._add_buttons()

    @property
    def playing(self):
        """Whether the page reads one value after another."""
        return self.live.playing

    def _add_buttons(self):
        step = ipywidgets.Button(description="Step", tooltip="Read the next value of a real window")
        play = ipywidgets.Button(description="Play", tooltip="Read the whole window, or pause")
        step.on_click(lambda _: self._read(self.values["step"] + 1))
        play.on_click(lambda _: self._play(not self.playing))
        self.controls["step"].interval = 260  # for a page without a kernel, as PACE in drawing.js
        self.live.observe(
            lambda change: setattr(play, "description", ("Play", "Pause")[change.new]), "playing"
        )
        row = self.children[0]
        *others, reset = row.children
        for button in (step, play):
            button.layout = reset.layout
        row.children = [*others, step, play, reset]

    def _play(self, on):
        if on and self.values["step"] == self.controls["step"].max:
            self._answer({"step": 0})
        self.live.playing = on

    def _read(self, step):
        """Go to a step of the window; beyond its end, stop."""
        last = self.controls["step"].max
        self._answer({"step": min(max(step, 0), last)})
        if step >= last:
            self.live.playing = False

    def _asked(self, _, content, buffers):
        if "part" in content:
            self._answer({"part": content["part"]})
        elif "to" in content:
            self._read(content["to"])
        elif "read" in content and self.playing:
            self._read(self.values["step"] + 1)

    def _moved(self, change):
        if not self._setting and change.owner in (self.controls.get(name) for name in "xhc"):
            if self.values["step"] and abs(change.new - change.old) < change.owner.step / 2:
                return  # the page's answer to being moved, rounded its own way
            self.live.playing = False
            self._assign({"step": 0})  # from here on the numbers are set by hand
        super()._moved(change)

    def set(self, **values):
        by_hand = {"step": 0} if "step" in self.controls and {"x", "h", "c"} & values.keys() else {}
        return super().set(**(by_hand | values))

    def static(self):
        return {**super().static(), "drawing": self.live.static()}
