"""Train the nets of `trained_nets`, and write what the rollout explorer shows; lessons/records holds both.

    python -m benchmarks.train_nets          five recipes, five seeds each: two minutes

All but those on markers see the train part of `trend_and_seasons()`, scaled, in windows of 60.
"""

import numpy as np

from lessons.explorers.rollout_steps import AT, NOISE, ORIGINS, STEPS, WINDOW, noisy
from lessons.gates import marker_lstm, marker_task
from lessons.records import FOLDER, NETS, ROLLED, SEEDS, trained_nets
from lessons.rnn import GRU, LSTM
from lessons.rnn.training import GradientForecaster
from lessons.rollout import rollout
from lessons.series import trend_and_seasons
from lessons.windows import Standardizer, make_windows
from lessons.wrappers import Centred, LinearSkip

USUAL = {"epochs": 80, "lr": 2e-3}  # lesson 03's first run
FALLING = {"epochs": 40, "lr": 5e-3, "schedule": "cosine"}  # and its best one


class InputJitter(GradientForecaster):
    """Add fresh noise of so much spread to every input in training, none in forecasts.

    Bishop (1995), "Training with noise is equivalent to Tikhonov regularization": for a linear model it is
    ridge regression with penalty N * sd**2.
    """

    def __init__(self, model, sd=0.2):
        self.model, self.sd, self.seed, self.training = model, sd, model.seed, model.training
        self.dtype, self.backward, self.predict = model.dtype, model.backward, model.predict
        self._build = model._build

    @property
    def params(self):
        """The weights of the model within."""
        return self.model.params

    def fit(self, X, y, **training):
        """Train with the same noise at every fit, from a stream apart from weights and shuffling."""
        self.rng = np.random.default_rng([self.seed, 1])
        return super().fit(X, y, **training)

    def forward(self, X):
        """Forecast from windows with noise on them."""
        return self.model.forward(X + self.sd * self.rng.standard_normal(X.shape, dtype=self.dtype))


def train_windows(horizon=1):
    """Return windows and targets of the train part, scaled by its mean and standard deviation."""
    _, y = trend_and_seasons()
    return make_windows(Standardizer().fit(y[:AT]).transform(y[:AT]), WINDOW, horizon)[:2]


def lstm(seed, **training):
    """Return the net itself, untrained."""
    return LSTM(1, 32, seed=seed, dtype=np.float32, training=training or USUAL)


RECIPES = {
    "LSTM": lambda seed: lstm(seed),
    "LSTM centred": lambda seed: Centred(lstm(seed)),
    "LSTM centred + skip": lambda seed: Centred(InputJitter(LinearSkip(lstm(seed, **FALLING)), sd=0.2)),
    "GRU": lambda seed: GRU(1, 32, seed=seed, dtype=np.float32, training=USUAL),
    "LSTM on markers": marker_lstm,
}


def trained(name, seed):
    """Return a net in its wrappers, trained."""
    windows = marker_task()[:2] if name == "LSTM on markers" else train_windows()
    return RECIPES[name](seed).fit(*windows)


def save(name, seed, net, folder=FOLDER):
    """Write a net to its file, and the linear skip around it, if there is one, beside it."""
    while hasattr(net, "model"):
        if isinstance(net, LinearSkip):
            np.save(folder / f"{NETS[name]}-{seed}-skip.npy", net.params["W_skip"])
        net = net.model
    np.savez(folder / f"{NETS[name]}-{seed}.npz", **net.params)


def save_rollouts(file=FOLDER / "rollouts.npz"):
    """Write rollouts of all nets from all origins, at every noise level, as whole numbers of two bytes.

    Their unit is a 1,000th of the largest value: nothing that a figure or a mean could show.
    """
    scaler, arrays = Standardizer().fit(trend_and_seasons()[1][:AT]), {}
    for name in ROLLED:
        starts, nets = [scaler.transform(noisy(level)) for level in NOISE], trained_nets(name)
        paths = np.array([[rollout(net, s, ORIGINS, STEPS, WINDOW) for net in nets] for s in starts])
        unit = np.abs(paths).max() / 1_000
        arrays |= {name: np.round(paths / unit).astype(np.int16), f"{name}, unit": unit}
    np.savez_compressed(file, **arrays)


def main():
    for name in NETS:
        for seed in SEEDS[name]:
            save(name, seed, trained(name, seed))
            print(name, seed, flush=True)
    save_rollouts()


if __name__ == "__main__":
    main()
