"""Lesson 06: gates over any window of a series, for trained and untrained nets of several sizes."""

import functools
from dataclasses import dataclass

import anywidget
import numpy as np
import plotly.graph_objects as go

from lessons import figures
from lessons.baselines import LastValue, Ridge
from lessons.explorers.base import Explorer, around, bold, choice, slider, switch
from lessons.explorers.live_run import LiveRun
from lessons.gates import half_life, record_gates, steps_to_half
from lessons.live_figure import LiveFigure
from lessons.rnn import GRU, LSTM, gradient_memory
from lessons.scores import mse
from lessons.series import sea_temperature, trend_and_seasons, two_waves
from lessons.windows import Standardizer, make_windows, split_by_time

SEED = 42
CELLS = {"LSTM": LSTM, "GRU": GRU}
SIZES = (4, 8, 16, 32)
ORDERS = {"time of the peak": "peak", "likeness": "similarity", "unit number": "unit"}
NETS = ("trained", "untrained")
RIVALS = {"last value": LastValue, "ridge": Ridge}
SORTER = {"LSTM": ("f", "forget gate"), "GRU": ("z", "update gate")}


@dataclass(frozen=True)
class Recipe:
    """A series, how its windows are cut, and how a net is trained on them."""

    make: callable
    window: int  # steps
    at: int | float  # where the test part begins: a series index, or a share of the windows
    centred: bool  # subtract each window's mean from inputs and target
    training: dict
    name: str
    unit: str
    opens: int | None = None  # the window to begin with; the middle one if None


RECIPES = {
    "sea temperature": Recipe(
        sea_temperature,
        window=24,
        at=512,
        centred=False,
        training={"epochs": 40, "lr": 0.01, "schedule": "cosine"},
        name="sea temperature",
        unit="°C",
        opens=552,  # January 1996 to December 1997: the great El Niño, as in the notebook
    ),
    "trend and seasons": Recipe(
        trend_and_seasons,
        window=60,
        at=630,
        centred=True,
        training={"epochs": 30, "lr": 0.01, "schedule": "cosine"},
        name="value",
        unit="",
    ),
    "two waves": Recipe(
        two_waves,
        window=16,
        at=0.8,
        centred=False,
        training={"epochs": 120, "lr": 0.01, "batch_size": None},
        name="value",
        unit="",
    ),
}


def gate_heatmaps(series="sea temperature", **initial):
    """Scrub through a series and see what the gates do in each window, trained and untrained.

    A net is trained when it is first asked for (half a second to two, float32, seed 42) and then kept; in a
    page, the others are trained in the background meanwhile. After that a move only reads arrays.

    Parameters
    ----------
    series : {"sea temperature", "trend and seasons", "two waves"}
        What the nets forecast one step ahead, from windows of 24 months, 60 steps (each less its mean) and 16
        steps, scaled by the train part.
    **initial
        Start values of the controls.

    Returns
    -------
    GateExplorer
        Controls ``window`` (index), ``cell`` ("LSTM", "GRU"), ``hidden_size`` (4, 8, 16, 32), ``net``
        ("trained", "untrained"), ``order`` ("time of the peak", "likeness", "unit number"). ``live`` shows
        the heatmaps, ``overview`` the window on its series, ``record`` is the `GateRecord` of all windows.

    Raises
    ------
    ValueError
        If there is no such series or control, or a control cannot take its value.
    """
    if series not in RECIPES:
        raise ValueError(f"series must be one of {', '.join(map(repr, RECIPES))}, got {series!r}")
    return GateExplorer(series, initial)


class GateExplorer(Explorer):
    """What `gates` returns.

    Attributes
    ----------
    live, overview : LiveFigure
        Heatmaps under the window; the window on its series.
    record : GateRecord
        Of the net that is shown, over all windows of the series.
    """

    def __init__(self, series, initial):
        self._task = task(series)
        N, opens = len(self._task.X), self._task.recipe.opens
        opens = N // 2 if opens is None else opens
        self.controls = {
            "window": slider("window", opens, 0, N - 1, 1, "Which window of the series"),
            "cell": switch("cell", list(CELLS)),
            "hidden_size": switch("hidden units", SIZES),
            "net": switch("net", NETS, "Untrained: with the weights that training began with"),
            "order": choice("units by", list(ORDERS), "In which order units are drawn"),
        }
        self.controls["window"].add_class("lessons-long")
        for name, value in {"hidden_size": 16, **initial}.items():
            self._refuse(name, value)
            self.controls[name].value = value
        self.overview = LiveFigure(_overview(self._task))
        live = LiveFigure(_heatmaps(self._task, self.record))
        super().__init__(self.controls, self._show, live, self.overview)
        arrival = _Arrival()
        arrival.on_msg(lambda *_: self._warm_up())
        controls, *_ = self.children
        self.children = (controls, self.overview, self.live, self.readout, arrival)
        self._others = LiveRun(lambda: _train_all(series), lambda items, done: None, self.show_error)

    @property
    def record(self):
        """GateRecord : the net that is shown, over all windows of the series."""
        return recorded(self._task.series, *self._net())

    def _net(self):
        return tuple(self.controls[name].value for name in ("cell", "hidden_size", "net"))

    def _show(self, window, cell, hidden_size, net, order):
        task, record = self._task, self.record
        gate, words = SORTER[cell]
        values = record[gate][window]
        title = (
            f"{net.capitalize()} {cell}, {task.when(window)}: "
            f"{words} from {values.min():.2f} to {values.max():.2f}"
        )
        reading = {"t": task.times(window), "inputs": task.X_raw[window], "features": [task.recipe.name]}
        self.live.update(**figures.gate_changes(record, window, order=ORDERS[order], title=title, **reading))
        _move(self.overview, task, window)
        return _finding(task, window, cell, hidden_size, net)

    def _warm_up(self):
        """Train the other nets, a little at a time: someone is looking, and may ask for them."""
        if not self._others.running and not self._others.items:
            self._others.start()


class _Arrival(anywidget.AnyWidget):
    """Tells the kernel that the explorer is in a page: without one, nothing is trained unasked."""

    _esm = "export default { render({ model }) { model.send('here'); } };"


@dataclass(frozen=True, eq=False)
class Task:
    """A series cut into windows, scaled by its train part."""

    series: str
    recipe: Recipe
    t: np.ndarray  # (n,)
    y: np.ndarray  # (n,), in the series' unit
    X_raw: np.ndarray  # (N, T, 1), likewise
    X: np.ndarray  # (N, T, 1), scaled
    targets: np.ndarray  # (N, 1), scaled
    scale: float  # standard deviation of the train part, in the series' unit
    train: slice
    test: slice

    def times(self, window):
        """Return the times of a window's steps: dates, or indices of the series."""
        return self.t[window : window + self.recipe.window]

    def when(self, window):
        """Say when a window begins and ends."""
        first, *_, last = self.times(window)
        dated = self.t.dtype.kind == "M"
        return f"{first} to {last}" if dated else f"steps {first:g} to {last:g}"

    def test_mse(self, model):
        """Return a forecaster's error over the test windows, in the series' unit squared."""
        return mse(self.targets[self.test], model.predict(self.X[self.test])) * self.scale**2


@functools.cache
def task(series):
    """Return the `Task` of a series named in `RECIPES`."""
    recipe = RECIPES[series]
    t, y = recipe.make()
    X_raw, targets, target_index = make_windows(y, recipe.window)
    train, test = split_by_time(target_index, recipe.at)
    scaler = Standardizer().fit(y[: target_index[test][0]])
    X, targets = scaler.transform(X_raw), scaler.transform_target(targets)
    if recipe.centred:
        level = X.mean(axis=1, keepdims=True)  # (N, 1, 1)
        X, targets = X - level, targets - level[:, 0]
    return Task(series, recipe, t, y, X_raw, X, targets, float(scaler.std[0]), train, test)


_trained = {}  # (series, cell, hidden_size) -> model


def net_of(series, cell, hidden_size, net):
    """Return a net, trained first if it has to be.

    Parameters
    ----------
    series, cell, hidden_size, net
        As the controls of `gates` have them.

    Returns
    -------
    LSTM or GRU
    """
    if net == "untrained":
        return CELLS[cell](1, hidden_size, seed=SEED, dtype=np.float32)
    key = series, cell, hidden_size
    if key not in _trained:
        for _ in _training(*key):
            pass
    return _trained[key]


def _training(series, cell, hidden_size):
    """Train a net, an epoch a turn, and keep it when it is done."""
    of = task(series)
    model = net_of(series, cell, hidden_size, "untrained")
    yield from model.train(of.X[of.train], of.targets[of.train], **of.recipe.training)
    _trained[series, cell, hidden_size] = model


def _train_all(series):
    """Train whatever is missing and work out what there is to say of it; breathe after every epoch."""
    for hidden_size in SIZES[::-1]:
        for cell in CELLS:
            if (series, cell, hidden_size) not in _trained:
                for _ in _training(series, cell, hidden_size):
                    yield None
            for net in NETS:
                facts(series, cell, hidden_size, net)
                yield None
    yield "done"


@functools.cache
def recorded(series, cell, hidden_size, net):
    """Return the gates of a net over all windows of its series, as a GateRecord."""
    return record_gates(net_of(series, cell, hidden_size, net), task(series).X)


@dataclass(frozen=True)
class Facts:
    """What can be said of a net as a whole."""

    test_mse: float  # in the series' unit squared
    low: float  # of the gate that keeps, over all windows, steps and units
    high: float
    correlation: float  # of the gate's mean over units with the input, over all windows and steps
    half_life: float  # steps, from the gate that keeps: the median unit's
    reach: float  # steps until the gradient of the last state has fallen to one half


@functools.cache
def facts(series, cell, hidden_size, net):
    """Return the `Facts` of a net."""
    of, model = task(series), net_of(series, cell, hidden_size, net)
    record = recorded(series, cell, hidden_size, net)
    gate = record[SORTER[cell][0]].mean(axis=2)  # (N, T)
    correlation = np.corrcoef(gate.ravel(), of.X[:, :, 0].ravel())[0, 1]
    some = of.X[:: len(of.X) // 16]
    reach = steps_to_half(gradient_memory(model, some))
    gate, span = record[SORTER[cell][0]], float(np.median(half_life(record.keep)))
    return Facts(of.test_mse(model), float(gate.min()), float(gate.max()), float(correlation), span, reach)


@functools.cache
def _rivals(series):
    """Return the test errors of the last value and of ridge, in the series' unit squared."""
    of = task(series)
    part = of.X[of.train], of.targets[of.train]
    return {name: of.test_mse(kind().fit(*part)) for name, kind in RIVALS.items()}


def _heatmaps(task, record):
    reading = {"t": task.times(0), "inputs": task.X_raw[0], "features": [task.recipe.name]}
    figure = figures.gate_heatmaps(record, 0, unit=task.recipe.unit, **reading)
    low, high = task.y.min(), task.y.max()
    edge = 0.06 * (high - low)
    figure.update_layout(yaxis_range=[low - edge, high + edge])  # levels can be compared
    return figure.update_xaxes(title_text="" if task.t.dtype.kind == "M" else "time step")


def _overview(task):
    """Draw the series, with room for the window and the value to forecast on it."""
    traces = [
        go.Scatter(name="series", x=task.t, y=task.y, mode="lines", line=figures.line("series", 1)),
        go.Scatter(name="window", mode="lines", line=figures.line("window", 3)),
    ]
    figure = figures.new_figure(traces, title="", x="", y=task.recipe.unit, alt="", showlegend=False)
    figure.update_layout(height=110, margin={"l": 84, "r": 118, "t": 8, "b": 24}, hovermode=False)
    cut = task.t[task.recipe.window + task.test.start]
    figure.add_vline(x=cut, line=figures.line("noise floor", 1.5))
    fixed = {"automargin": False, "ticklabeloverflow": "allow"}  # quicker to redraw
    figure.update_yaxes(nticks=3, range=around(task.y), **fixed)
    return figure.update_xaxes(range=task.t[[0, -1]], **fixed)


def _move(overview, task, window):
    where = slice(window, window + task.recipe.window)
    part = "train" if window < task.test.start else "test"
    alt = f"The series, with the window {task.when(window)} marked, in the {part} part."
    overview.update(x={1: task.t[where]}, y={1: task.y[where]}, layout={"meta": {"alt": alt}})


def _finding(task, window, cell, hidden_size, net):
    """Say how good the net is, what its gate seems to follow, and how long it remembers."""
    here, other = (facts(task.series, cell, hidden_size, n) for n in (net, NETS[1 - NETS.index(net)]))
    words, another = SORTER[cell][1], NETS[1 - NETS.index(net)]
    unit = f" {task.recipe.unit}²" if task.recipe.unit else ""
    rivals = ", ".join(f"{name} {error:.3g}" for name, error in _rivals(task.series).items())
    return (
        f"{bold(f'{net.capitalize()} {cell}, {hidden_size} units')}: test MSE {here.test_mse:.3g}{unit} "
        f"({rivals}). Over all windows, its mean {words} follows the input with correlation "
        f"{bold(_signed(here.correlation))} ({another}: {_signed(other.correlation)}); its units range "
        f"from {here.low:.2f} to {here.high:.2f} ({another}: {other.low:.2f} to {other.high:.2f}). "
        f"For section 5: by this gate half of a unit's memory is gone after {_steps(here.half_life)} (the "
        f"median unit); measured, half of an input's effect is gone after {_steps(here.reach)}."
    )


def _signed(x):
    return f"{x:+.2f}".replace("-", "−")


def _steps(steps):
    return f"{steps:.1f} steps" if np.isfinite(steps) else "more steps than the window has"
