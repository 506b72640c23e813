"""Lesson 06: gates over any window of the sea temperatures, of trained and untrained nets."""

import functools
import types
from dataclasses import dataclass

import numpy as np

from lessons import figures
from lessons.baselines import LastValue, Ridge
from lessons.explorers.base import Explorer, bold, choice, player, scrubber, switch
from lessons.gates import record_gates
from lessons.live_figure import LiveFigure
from lessons.rnn import GRU, LSTM
from lessons.scores import mse
from lessons.series import sea_temperature
from lessons.windows import make_windows, scaled_windows

WINDOW, AT, SEED = 24, 512, 42  # months; the first test target, September 1992
OPENS = 552  # the window of January 1996 to December 1997, which ends in the great El Niño
TRAINING = {"epochs": 40, "lr": 0.01, "schedule": "cosine"}  # as in the lesson
CELLS = {"LSTM": LSTM, "GRU": GRU}
SIZES = (4, 8, 16, 32)
ORDERS = {"peak": "peak", "number": "unit"}
SORTER = {"LSTM": ("f", "forget gate"), "GRU": ("z", "update gate")}


def gate_heatmaps(**initial):
    """Scrub through the sea temperatures and see what the gates do in each window of 24 months.

    A net is trained when it is first asked for (a second or two, float32, seed 42) and then kept; after that
    a move only reads arrays.

    Parameters
    ----------
    **initial
        Start values of the controls: ``window`` (0 … 707), ``cell`` ("LSTM", "GRU"), ``hidden_size``
        (4, 8, 16, 32), ``net`` ("trained", "untrained"), ``order`` ("peak", "number").

    Returns
    -------
    Explorer
        ``record`` is the `GateRecord` of all windows, of the net that is shown.

    Raises
    ------
    ValueError
        If there is no such control, or it cannot take its value.
    """
    return GateHeatmaps(initial)


class GateHeatmaps(Explorer):
    """What `gate_heatmaps` returns."""

    def __init__(self, initial):
        of = sea()
        spans = [(f"{t[0]} … {t[-2]}", k) for k, t in enumerate(map(of.times, range(len(of.X))))]
        window = scrubber("window", spans, OPENS, "Which 24 months the net reads")
        controls = {
            "window": window,
            "cell": switch("cell", list(CELLS)),
            "hidden_size": switch("units", SIZES, "Hidden units of the net"),
            "net": switch("net", ["trained", "untrained"], "Untrained: with the weights it began with"),
            "order": choice("sort by", list(ORDERS), "In which order units are drawn"),
        }
        live = LiveFigure(figures.gate_panels(gates_over_all("LSTM", 16, "untrained"), **of.shown(OPENS)))
        start = {"hidden_size": 16, **initial}
        super().__init__(controls, self._show, live, beside={"window": [player(window)]}, initial=start)

    stops = types.MappingProxyType(
        {"window": [*range(OPENS % 36, 708, 36)], "hidden_size": [16], "order": ["peak"]}
    )

    @property
    def record(self):
        """GateRecord : the net that is shown, over all windows of the series."""
        return gates_over_all(*(self.values[name] for name in ("cell", "hidden_size", "net")))

    def _show(self, window, cell, hidden_size, net, order):
        of, (gate, words) = sea(), SORTER[cell]
        record = gates_over_all(cell, hidden_size, net)
        test_mse, correlation = facts_of(cell, hidden_size, net)
        values, (*_, month) = record[gate][window], of.times(window)
        named, low, high = f"{net.capitalize()} {cell}, {hidden_size} units", values.min(), values.max()
        title = f"{named}: {words} from {low:.2f} to {high:.2f}"
        view = of.shown(window) | {"order": ORDERS[order], "title": title}
        self.live.update(**figures.gate_changes(record, **view))
        forecast, target = (of.celsius(y[window]) for y in (record.y_pred, of.y))
        part = "seen in training" if window < of.first_test else "unseen"
        rivals = ", ".join(f"{name} {error:.2f}" for name, error in rivals_of().items())
        return (
            f"{forecast:.1f} °C forecast for {month} ({part}), {target:.1f} came. Test MSE "
            f"{bold(f'{test_mse:.2f} °C²')} ({rivals}). Mean {gate} against temperature, all windows: "
            f"correlation {bold(f'{correlation:+.2f}'.replace('-', '−'))}."
        )


@dataclass(frozen=True, eq=False)
class Sea:
    """The monthly sea temperatures, cut into windows and scaled by what comes before the test part."""

    months: np.ndarray  # (n,)
    X: np.ndarray  # (N, T, 1), scaled
    y: np.ndarray  # (N, 1), likewise
    train: tuple  # X_train, y_train
    scaler: object

    @property
    def first_test(self):
        """int : the first window of the test part."""
        return len(self.train[0])

    def times(self, window):
        """Return the months of a window and of its target, (T + 1,)."""
        return self.months[window : window + WINDOW + 1]

    def celsius(self, y):
        """Return one scaled value in °C."""
        return self.scaler.inverse_target(y[None])[0, 0]

    def shown(self, window):
        """Return how a window is drawn, for `figures.gate_panels`."""
        words = {"features": ["sea temperature"], "unit": "°C"}
        return {"window": window, "t": self.times(window), "y": self.y, "scaler": self.scaler, **words}

    def test_mse(self, model):
        """Return a forecaster's error over the test windows, in °C²."""
        test = slice(self.first_test, None)
        return mse(*map(self.scaler.inverse_target, (self.y[test], model.predict(self.X[test]))))


@functools.cache
def sea():
    """Return the `Sea`."""
    months, celsius = sea_temperature()
    split = scaled_windows(celsius, WINDOW, AT)
    X, y, _ = make_windows(split.scaler.transform(celsius), WINDOW)
    return Sea(months, X, y, (split.X_train, split.y_train), split.scaler)


@functools.cache
def net_of(cell, hidden_size, net):
    """Return a net, trained first if it has to be."""
    model = CELLS[cell](1, hidden_size, seed=SEED, dtype=np.float32, training=TRAINING)
    return model if net == "untrained" else model.fit(*sea().train)


@functools.cache
def gates_over_all(cell, hidden_size, net):
    """Return the gates of a net over all windows, as a GateRecord."""
    return record_gates(net_of(cell, hidden_size, net), sea().X)


@functools.cache
def facts_of(cell, hidden_size, net):
    """Return a net's test error in °C², and the correlation of the gate that keeps with the temperature."""
    gate = gates_over_all(cell, hidden_size, net)[SORTER[cell][0]]
    correlation = np.corrcoef(gate.mean(axis=2).ravel(), sea().X[:, :, 0].ravel())[0, 1]
    return sea().test_mse(net_of(cell, hidden_size, net)), float(correlation)


@functools.cache
def rivals_of():
    """Return the test errors of the last value and of ridge, in °C²."""
    rivals = {"last value": LastValue(), "ridge": Ridge()}
    return {name: sea().test_mse(model.fit(*sea().train)) for name, model in rivals.items()}
