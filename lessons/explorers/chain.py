"""Lesson 03: three steps of an LSTM, and every road by which a value reaches the loss."""

from lessons.explorers.base import bold, switch
from lessons.explorers.drawing import DrawnExplorer
from lessons.figures.chain_drawing import WAYS, called, draw_chain, listeners


def chain():
    """Explore who listens to whom in three steps of an LSTM.

    Returns
    -------
    Chain
        One control, ``part``: whose ways to the loss are drawn. A click on the drawing sets it too.
    """
    return Chain()


class Chain(DrawnExplorer):
    """The drawing of three steps; the ways between the chosen value and the loss are lit."""

    def __init__(self):
        ways = [(called(way), way) for way in WAYS]
        controls = {"part": switch("from the loss to", ways, "A click on the drawing does the same")}
        super().__init__(controls, self._show)

    def _show(self, part):
        heard = [called(other) for other in listeners(part)]
        who = f"{', '.join(heard[:-1])} and {heard[-1]}" if heard[1:] else f"{heard[0]} alone"
        routes = _routes(part)
        many = "one road" if routes == 1 else f"{routes} roads"
        added = "" if routes == 1 else "; what comes back along them is added"
        finding = f"{bold(called(part))} is heard by {who}.<br>From the loss, {many} lead back to it{added}."
        finding = finding.replace("one road lead", "one road leads")
        self.live.svg = draw_chain(part, f"Three steps of an LSTM. {called(part)} is heard by {who}.")
        return finding


def _routes(part):
    """Count the roads between a value and the loss."""
    return 1 if part == "loss" else sum(map(_routes, listeners(part)))
