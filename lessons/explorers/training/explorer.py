"""The training explorer: controls, a run that goes on in the background, and when it starts and stops."""

import itertools
import time

import ipywidgets

from lessons.explorers.base import choice, slider, switch
from lessons.explorers.live_run import LiveExplorer
from lessons.explorers.training import drawing
from lessons.explorers.training.runs import CELLS, CENTRINGS, RECIPES, Run, epochs_of, task
from lessons.live_figure import LiveFigure

LEARNING_RATES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02)
DEBOUNCE = 0.04  # seconds: longer than between two steps of a drag, too short to be felt
SELDOM = "window", "hidden_size", "noise", "learning_rate", "epochs"  # the controls that are folded away
TELL_EVERY = 4  # seconds between spoken reports of a run that goes on


def training(series="trend and seasons", **initial):
    """Train a network live: every move of a control starts a run, streams it, and cancels the one before.

    Windows are cut and split by time, and scaled by mean and standard deviation of the train part; Adam with
    constant step size, gradients clipped to norm 1, weights and shuffling from seed 42. The networks are in
    float32, which reaches the test MSE of float64 to four digits in half the time. Errors are in the series'
    own unit. The test windows are only watched: nothing is chosen by them.

    Parameters
    ----------
    series : {"trend and seasons", "two waves"}
        What to forecast; also sets the start values of the controls.
    **initial
        Other start values, by control: window (time steps), hidden_size, noise (standard deviation), trend
        (rise per step; not for two waves), cell ("LSTM", "GRU", "RNN"), centring ("none", "window mean",
        "last value"), learning_rate, epochs.

    Returns
    -------
    TrainingExplorer
        In a page it starts training as soon as it is seen; from code, `set` trains to the end and leaves the
        outcome in `result`.

    Raises
    ------
    ValueError
        If there is no such series or control, or a control cannot take its value.
    """
    if series not in RECIPES:
        raise ValueError(f"series must be one of {', '.join(map(repr, RECIPES))}, got {series!r}")
    return TrainingExplorer(series, initial)


class TrainingExplorer(LiveExplorer):
    """What `training` returns.

    Attributes
    ----------
    result : Run or None
        The latest run that came to its end.
    live, forecast : LiveFigure
        Losses by epoch; forecasts over the test period.
    """

    def __init__(self, series, initial):
        self._series = series
        self.result = self._before = self._frame = None
        self._told = None, 0.0  # the run that was spoken of last, and when
        self.forecast = LiveFigure(drawing.forecast_picture())
        self.board = ipywidgets.HTML().add_class("lessons-scores")
        self.button = ipywidgets.Button(layout=ipywidgets.Layout(width="70px"))
        self.button.on_click(lambda _: self._stop_or_train())
        controls = _controls(RECIPES[series], with_trend=series == "trend and seasons")
        figures = LiveFigure(drawing.loss_picture()), self.forecast
        super().__init__(controls, self._make, *figures, initial=initial, debounce=DEBOUNCE)
        self._arrange(unfolded=not initial.keys().isdisjoint(SELDOM))
        self._draw_run(Run(task(self._series, self.values), self.values, [], done=True))

    def recording(self):
        """Train every cell with every centring; yield each run after some of its epochs."""
        last = self.controls["epochs"].value
        shown = sorted({1, 2, 3, 5, 7, *range(10, last, max(10, last // 16)), last})
        for cell, centring in itertools.product(CELLS, CENTRINGS):
            self.set(cell=cell, centring=centring)
            settings, moments = self.run.items[0].settings, self.run.items
            for epoch in shown:
                self.result = self._before = None  # nothing to compare with
                self._told = None, 0.0
                self._draw_run(Run(task(self._series, settings), settings, moments[:epoch], epoch == last))
                yield {"cell": cell, "centring": centring, "epoch": epoch}

    def _arrange(self, unfolded):
        """Fold what is moved seldom; put both figures side by side where there is room."""
        controls, *_ = self.children
        seldom = [self.controls[name] for name in SELDOM]
        often = [child for child in controls.children if child not in seldom]
        folded = ipywidgets.Box(seldom)
        folded.layout = ipywidgets.Layout(flex="1 1 100%", flex_flow="row wrap", grid_gap="2px 18px")
        more = ipywidgets.ToggleButton(description="More settings", value=unfolded)

        def fold(change):
            folded.layout.display = None if more.value else "none"

        more.observe(fold, names="value")
        fold(None)
        controls.children = (*often, self.button, more, folded)
        for figure in (self.live, self.forecast):
            figure.layout = ipywidgets.Layout(flex="1 1 350px", min_width="0", width="auto")
        pair = ipywidgets.Box([self.live, self.forecast])
        pair.layout = ipywidgets.Layout(flex_flow="row wrap", width="100%", overflow="hidden")
        self.children = (controls, self.readout, pair, self.board, self._arrival)

    def _stop_or_train(self):
        if self.run.running:
            self.run.stop()
        else:
            self._answer({})

    def _make(self, **settings):
        return epochs_of(self._series, settings)

    def _show(self, moments, done):
        """Draw what a run has reached; ``done``: it will not go on, whether finished or stopped."""
        if not moments:
            return
        settings = moments[0].settings  # the controls may have moved on
        run = Run(task(self._series, settings), settings, moments, done)
        if run.finished:
            self._keep(run)
        self._draw_run(run)

    def _draw_run(self, run):
        self.button.description = "Train" if run.done else "Stop"
        self.button.disabled = run.finished
        with self._one_message():
            self._frame = drawing.draw_losses(self.live, run, self._earlier(run.settings), self._frame)
            drawing.draw_forecast(self.forecast, run)
            self._tell(run)
        self.board.value = drawing.table(run.board())

    def _tell(self, run):
        """State how the run goes, not so often that a screen reader would speak all the time."""
        begun, now = run.moments is not self._told[0], time.monotonic()
        if run.done or begun or now - self._told[1] > TELL_EVERY:
            self._state(run.finding() if run.done else run.progress(begun))
            self._told = run.moments, now

    def show_error(self, error):
        self.button.description, self.button.disabled = "Train", False
        super().show_error(error)

    def _keep(self, result):
        if self.result is not None and self.result.settings != result.settings:
            self._before = self.result
        self.result = result

    def _earlier(self, settings):
        """Return the finished run to compare with, if there is one."""
        differs = self.result is not None and self.result.settings != settings
        return self.result if differs else self._before


def _controls(recipe, with_trend):
    window, smallest, largest = recipe.window
    controls = {
        "window": slider("window", window, smallest, largest, 2, "Time steps that the network sees"),
        "hidden_size": slider("hidden size", 32, 2, 64, 2, "Units in the hidden state"),
        "noise": slider("noise", recipe.noise[0], 0.02, recipe.noise[1], 0.02, "Its standard deviation"),
        "trend": slider("trend per step", 0.0025, 0.0, 0.01, 0.0005, readout_format=".4f"),
        "cell": switch("cell", list(CELLS)),
        "centring": switch(
            "centring", list(CENTRINGS), "What is subtracted from every window and its target"
        ),
        "learning_rate": choice("learning rate", LEARNING_RATES),
        "epochs": choice("epochs", sorted(recipe.epochs)),
    }
    controls["learning_rate"].value, controls["epochs"].value = recipe.lr, recipe.epochs[0]
    if not with_trend:
        del controls["trend"]
    return controls
