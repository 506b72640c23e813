"""What a training run is made of: its windows, its epochs, and what there is to say about it."""

import functools
from dataclasses import dataclass

import numpy as np

from lessons.baselines import Ridge
from lessons.explorers.base import bold
from lessons.rnn import GRU, LSTM, RNN
from lessons.scores import Scoreboard, bias, mse
from lessons.series import trend_and_seasons, two_waves
from lessons.windows import ScaledWindows, scaled_windows
from lessons.wrappers import Centred

SEED = 42
CELLS = {"LSTM": LSTM, "GRU": GRU, "RNN": RNN}
CENTRINGS = {"none": None, "window mean": "mean", "last value": "last"}


@dataclass(frozen=True)
class Recipe:
    """A series, where its test part begins, and how a network is trained on it unless told otherwise."""

    make: callable
    at: int | float  # a series index, or a share of the windows
    noise: tuple  # at the start, and largest
    window: tuple  # at the start, smallest, largest
    epochs: tuple  # at the start first
    lr: float
    batch_size: int | None


RECIPES = {
    "trend and seasons": Recipe(
        trend_and_seasons, 630, (0.18, 0.6), (60, 4, 100), (80, 20, 40, 160, 320), 0.002, 64
    ),
    "two waves": Recipe(two_waves, 0.8, (0.04, 0.4), (16, 2, 48), (120, 30, 60, 500, 1000), 0.01, None),
}


@dataclass(frozen=True)
class Task:
    """Windows of one series, split and scaled, and the forecasts to beat."""

    data: ScaledWindows
    t: np.ndarray  # (N,), times of the test windows' targets
    y_true: np.ndarray  # (N, 1), these, in the series' unit
    noise_floor: float  # MSE of whoever knows the series without its noise

    def board(self):
        """Return a scoreboard of the forecasts to beat."""
        X_test = self.data.scaler.inverse_target(self.data.X_test)
        board = Scoreboard(X_test, self.y_true, noise_floor=self.noise_floor)
        return board.add("ridge", self.ridge)

    @functools.cached_property
    def ridge(self):
        """ndarray of shape (N, 1) : forecasts of a ridge regression, in the series' unit."""
        ridge = Ridge().fit(self.data.X_train, self.data.y_train)
        return self.data.scaler.inverse_target(ridge.predict(self.data.X_test))

    @functools.cached_property
    def levels(self):
        """dict : errors to draw as lines, by name."""
        board = self.board()
        return {
            "last value": board.naive.mse,
            "ridge": board["ridge"].mse,
            "noise floor": self.noise_floor,
        }


def task(series, settings):
    """Return the `Task` that ``settings`` (window, noise, and trend if there is one) make of a series."""
    made_with = {name: settings[name] for name in ("noise", "trend") if name in settings}
    return _task(series, settings["window"], **made_with)


@functools.lru_cache(maxsize=16)
def _task(series, window, **made_with):
    recipe = RECIPES[series]
    t, y = recipe.make(**made_with)
    _, signal = recipe.make(**made_with | {"noise": 0})
    data = scaled_windows(y.astype(float), window, recipe.at)
    y_true = data.scaler.inverse_target(data.y_test)
    return Task(data, t[data.test_index], y_true, mse(y[data.test_index], signal[data.test_index]))


@dataclass(frozen=True)
class Moment:
    """A run after an epoch: losses in the series' unit squared, forecasts (N, 1) in its unit."""

    settings: dict
    loss: float
    test_mse: float
    y_pred: np.ndarray


def epochs_of(series, settings):
    """Train a network, an epoch a turn.

    Parameters
    ----------
    series : str
        A key of `RECIPES`.
    settings : dict
        The controls' values.

    Yields
    ------
    None or Moment
        None once the windows are cut, then a `Moment` after every epoch.
    """
    its = task(series, settings)
    yield None
    data, scaler = its.data, its.data.scaler
    model = CELLS[settings["cell"]](1, settings["hidden_size"], seed=SEED, dtype=np.float32)
    if by := CENTRINGS[settings["centring"]]:
        model = Centred(model, by=by)
    options = {"epochs": settings["epochs"], "lr": settings["learning_rate"]}
    options["batch_size"] = RECIPES[series].batch_size
    for epoch in model.train(data.X_train, data.y_train, **options):
        y_pred = scaler.inverse_target(model.predict(data.X_test))
        loss = epoch.loss * float(scaler.std[0]) ** 2
        yield Moment(settings, loss, mse(its.y_true, y_pred), y_pred)


@dataclass(frozen=True, eq=False)
class Run:
    """A run as far as it has come, and what there is to say about it; errors in the series' unit squared."""

    task: Task
    settings: dict
    moments: list
    done: bool

    @property
    def diverged(self):
        """bool : whether the loss is no longer finite."""
        return bool(self.moments) and not np.isfinite(self.moments[-1].loss)

    @property
    def finished(self):
        """bool : whether it came to its own end."""
        return self.done and (len(self.moments) == self.settings["epochs"] or self.diverged)

    @property
    def name(self):
        """str : what the network is called in plots."""
        return _name(self.settings)

    @property
    def losses(self):
        """ndarray of shape (epochs,) : MSE on the training windows."""
        return np.array([moment.loss for moment in self.moments])

    @property
    def test_losses(self):
        """ndarray of shape (epochs,) : MSE on the test windows."""
        return np.array([moment.test_mse for moment in self.moments])

    @property
    def y_pred(self):
        """ndarray of shape (N, 1) : the latest forecasts; none before the first epoch."""
        return self.moments[-1].y_pred if self.moments else np.empty((0, 1))

    @property
    def test_mse(self):
        """float : MSE of the latest forecasts, in the series' unit squared."""
        return self.moments[-1].test_mse

    @property
    def bias(self):
        """float : mean of forecast minus truth, in the series' unit."""
        return bias(self.task.y_true, self.y_pred)

    @property
    def bias_share(self):
        """float : the part of the MSE that is bias²."""
        return self.bias**2 / self.test_mse

    def lean(self):
        """Return in words whether the forecasts lie too high or too low."""
        if self.bias_share < 0.05:
            return "forecasts level with the truth"
        return f"forecasts too {'low' if self.bias < 0 else 'high'}"

    def board(self):
        """Return the scoreboard, with the network if it has made forecasts."""
        board = self.task.board()
        usable = self.moments and not self.diverged
        return board.add(self.name, self.y_pred) if usable else board

    def title(self):
        """Return the finding in a line."""
        if not self.moments:
            return "Not trained yet"
        epoch, epochs = len(self.moments), self.settings["epochs"]
        if self.diverged:
            return f"{self.name}: training diverged in epoch {epoch}"
        error, naive = self.test_mse, self.task.levels["last value"]
        if self.finished:
            return f"{self.name} {score(error)} {_compared(error, naive)} the last value, {score(naive)}"
        how_far = f"Stopped after epoch {epoch}" if self.done else f"Epoch {epoch} of {epochs}"
        return f"{how_far}: test MSE {score(error)}, last value {score(naive)}"

    def progress(self, just_begun):
        """Return what to say while the run goes on; the plot's title says more, and more often."""
        if not just_begun:
            return f"Still training: {self.title().replace('Epoch', 'after epoch')}."
        others = ", ".join(f"{name} {score(error)}" for name, error in self.task.levels.items())
        return f"Training: {self.name}, {self.settings['epochs']} epochs. Test MSE to beat: {others}."

    def finding(self):
        """Return the finding of a run that is over, as HTML."""
        levels = {name: score(error) for name, error in self.task.levels.items()}
        if not self.moments or self.diverged:
            advice = "Press Train, or move a control." if not self.moments else "Try a lower learning rate."
            return f"{bold(self.title())}. {advice} Test MSE of the last value {levels['last value']}."
        return (
            f"{bold(self.title())}; ridge {levels['ridge']}, noise floor {levels['noise floor']} "
            f"(test MSE, one seed). Bias {signed(self.bias)}, squared {percent(self.bias_share)} of the "
            f"error: {self.lean()}."
        )


def _compared(error, naive):
    if error > 1.02 * naive:
        return "loses to"
    return "beats" if error < 0.98 * naive else "is no better than"


def _name(settings):
    centred = {"none": "", "window mean": " centred", "last value": " centred (last)"}
    return settings["cell"] + centred[settings["centring"]]


def score(error):
    """Write an error with four decimals, or two digits if it is tiny."""
    return f"{error:.4f}" if error >= 0.001 or error == 0 else f"{error:.1e}"


def signed(offset):
    """Write a bias with its sign and two decimals; never "−0.00"."""
    return f"{round(offset, 2) + 0.0:+.2f}".replace("-", "−")


def percent(share):
    """Write a share in percent."""
    return f"{round(100 * share)} %".replace("-", "−")
