"""Forecasters around forecasters: give the model an easier question, turn its answer back.

`Centred` changes what goes in and what comes out and wraps *any* forecaster, a ridge regression as well.
`LinearSkip` takes part in training and wraps a model with `params`, `forward` and `backward`. They nest::

    Centred(LinearSkip(LSTM(1, 32)))
"""

import numpy as np

from lessons.baselines import Forecaster
from lessons.checks import as_targets, as_windows
from lessons.rnn.training import GradientForecaster


class Centred(Forecaster):
    """Forecast relative to the window's own level, so that a level never seen in training is nothing new.

    ::

        X - level,   y - level          level: the window's mean, or its last value

    Parameters
    ----------
    model : forecaster
        Sees and forecasts the centred values; keyword arguments of `fit` and `train` go to it.
    by : {"mean", "last"}
        What to centre on.

    Raises
    ------
    ValueError
        If `by` is unknown.

    Notes
    -----
    Every feature is centred on itself; forecasts get back the level of feature 0.
    """

    def __init__(self, model, by="mean"):
        if by not in ("mean", "last"):
            raise ValueError(f'by must be "mean" or "last", got {by!r}')
        self.model, self.by = model, by

    def fit(self, X, y, **training):
        self.model.fit(*self._centre(X, y), **self._centred(training))
        return self

    def predict(self, X):
        X = as_windows(X)
        level = self._level(X)  # (N, 1, D)
        return self.model.predict(X - level) + level[:, 0, :1]  # (N, horizon) + (N, 1)

    def train(self, X, y, **training):
        """The inner model's `train`, on centred windows."""
        return self.model.train(*self._centre(X, y), **self._centred(training))

    def _centre(self, X, y):
        X = as_windows(X)
        level = self._level(X)
        return X - level, as_targets(y, len(X)) - level[:, 0, :1]

    def _level(self, X):
        return X[:, -1:] if self.by == "last" else X.mean(axis=1, keepdims=True)

    def _centred(self, training):
        pair = training.get("validation")
        return {**training, "validation": self._centre(*pair)} if pair is not None else training


class LinearSkip(GradientForecaster):
    """A net plus a linear forecast from the window, trained together: y = net(X) + vec(X) W_skip.

    The linear part takes what a linear model can explain, and keeps following where the series goes beyond
    the values seen in training, where the net's bounded states no longer can.

    Parameters
    ----------
    model : LSTM, GRU, ... with params, forward, backward and predict

    Attributes
    ----------
    params : dict of str to ndarray
        The net's, and W_skip (T*D, horizon), which starts at zero once the window length is known.
    """

    def __init__(self, model):
        self.model, self._W_skip = model, None
        self.seed, self.training, self.dtype = model.seed, model.training, model.dtype

    @property
    def params(self):
        """dict of str to ndarray : the net's weights and W_skip (once there has been a window)."""
        return self.model.params if self._W_skip is None else {**self.model.params, "W_skip": self._W_skip}

    def forward(self, X):
        y_net = self.model.forward(X)
        self._X = self._flat(X, y_net.shape[1])  # (B, T*D)
        return y_net + self._X @ self._W_skip

    def backward(self, d_y):
        return {**self.model.backward(d_y), "W_skip": self._X.T @ d_y}

    def predict(self, X):
        y_net = self.model.predict(X)
        return y_net + self._flat(X, y_net.shape[1]) @ self._W_skip

    def _build(self, X, y):
        self._flat(X, as_targets(y, len(np.asarray(X))).shape[1])

    def _flat(self, X, horizon):
        X = as_windows(X).astype(self.dtype, copy=False)
        X = X.reshape(len(X), -1)  # (N, T, D) -> (N, T*D)
        if self._W_skip is None:
            self._W_skip = np.zeros((X.shape[1], horizon), self.dtype)
        if self._W_skip.shape[0] != X.shape[1]:
            raise ValueError(
                f"windows must hold T*D = {self._W_skip.shape[0]} values as before, got {X.shape[1]}"
            )
        return X
