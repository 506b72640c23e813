"""Forecasters around forecasters: give the model an easier question, turn its answer back.

Two kinds. `Centred` and `Differenced` change what goes in and what comes out and wrap *any* forecaster, a
ridge regression as well. `LinearSkip` and `InputJitter` take part in training and wrap a model with
`params`, `forward` and `backward`. They nest::

    Centred(InputJitter(LinearSkip(LSTM(1, 32)), sd=0.2))
"""

import numpy as np

from lessons.checks import as_targets, as_windows
from lessons.rnn.training import GradientForecaster


class _Reframed:
    """A forecaster that meets transformed windows; a subclass says how they are transformed, and back."""

    def __init__(self, model):
        self.model = model

    def fit(self, X, y, **training):
        """Fit the inner model to transformed windows and targets.

        Parameters
        ----------
        X : ndarray of shape (N, T, D)
            Windows; feature 0 is the one that is forecast.
        y : ndarray of shape (N, horizon)
            Targets, in the unit of feature 0.
        **training
            Passed on to the inner model's `fit`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X or y has another number of axes.
        """
        self.model.fit(*self._transform(X, y), **self._transform_validation(training))
        return self

    def predict(self, X):
        """Forecast in the unit of X.

        Parameters
        ----------
        X : ndarray of shape (N, T, D)
            Windows.

        Returns
        -------
        ndarray of shape (N, horizon)
            Forecasts, in the unit of feature 0.

        Raises
        ------
        ValueError
            If X has another number of axes.
        """
        X = as_windows(X)
        return self._restore(self.model.predict(self._transform_X(X)), X)

    @property
    def train(self):
        """callable : the inner model's `train` on transformed windows; absent if that has none."""
        if not hasattr(self.model, "train"):
            raise AttributeError(f"{type(self.model).__name__} has no train(); use fit(X, y)")
        return self._train

    def _train(self, X, y, **training):
        return self.model.train(*self._transform(X, y), **self._transform_validation(training))

    def _transform(self, X, y):
        X = as_windows(X)
        y = as_targets(y, len(X))
        return self._transform_X(X), self._transform_y(y, X)

    def _transform_validation(self, training):
        validation = training.get("validation")
        if validation is None or isinstance(validation, float):
            return training
        return {**training, "validation": self._transform(*validation)}

    def __repr__(self):
        return f"{type(self).__name__}({self.model!r})"


class Centred(_Reframed):
    """Forecast relative to the window's own level, so that a level never seen in training is nothing new.

    ::

        "mean", "last"   X - level,             y - level              level: the window's mean, or its last
        value "zscore"         (X - mean) / std,      (y - mean) / std       mean, std: of the window

    Parameters
    ----------
    model : forecaster
        Sees and forecasts the centred values.
    by : {"mean", "last", "zscore"}
        What to centre on. A window without variation counts as having std 1.

    Raises
    ------
    ValueError
        If `by` is unknown.

    Notes
    -----
    Every feature is centred on itself; forecasts get back the level (and scale) of feature 0. The losses of
    `train` are in the unit of X, except with "zscore": there they are relative to each window's variance. The
    last variant is instance normalisation (Kim et al. 2022, "RevIN") without its learnt scale.
    """

    def __init__(self, model, by="mean"):
        if by not in ("mean", "last", "zscore"):
            raise ValueError(f'by must be "mean", "last" or "zscore", got {by!r}')
        super().__init__(model)
        self.by = by

    def _level_and_scale(self, X):
        """Two arrays of shape (N, 1, D)."""
        level = X[:, -1:] if self.by == "last" else X.mean(axis=1, keepdims=True)
        if self.by != "zscore":
            return level, np.ones_like(level)
        std = X.std(axis=1, keepdims=True)
        return level, np.where(std > 0, std, 1)

    def _transform_X(self, X):
        level, scale = self._level_and_scale(X)
        return (X - level) / scale  # (N, T, D)

    def _transform_y(self, y, X):
        level, scale = self._level_and_scale(X)
        return (y - level[:, 0, :1]) / scale[:, 0, :1]  # (N, horizon) - (N, 1)

    def _restore(self, y_pred, X):
        level, scale = self._level_and_scale(X)
        return y_pred * scale[:, 0, :1] + level[:, 0, :1]

    def __repr__(self):
        return f"Centred({self.model!r}, by={self.by!r})"


class Differenced(_Reframed):
    """Forecast changes from step to step instead of values.

    ::

        X_t - X_{t-1}                     (N, T, D) -> (N, T - 1, D)
        y_1 - X_T,  y_2 - y_1,  ...       (N, horizon); forecasts are summed up again from X_T

    Parameters
    ----------
    model : forecaster
        Sees and forecasts the differences.
    """

    def _transform_X(self, X):
        if X.shape[1] < 2:
            raise ValueError(f"differences need windows of at least 2 steps, got X of shape {X.shape}")
        return np.diff(X, axis=1)  # (N, T - 1, D)

    def _transform_y(self, y, X):
        return np.diff(y, axis=1, prepend=X[:, -1, :1])  # (N, horizon)

    def _restore(self, y_pred, X):
        return X[:, -1, :1] + np.cumsum(y_pred, axis=1)


class _AroundNet(GradientForecaster):
    """A model that trains together with the net inside it."""

    def __init__(self, model):
        for name in ("params", "forward", "backward", "predict"):
            if not hasattr(model, name):
                raise TypeError(
                    f"{type(self).__name__} needs a model with params, forward, backward and predict, "
                    f"such as an LSTM; {type(model).__name__} has no {name}"
                )
        self.model = model

    @property
    def params(self):
        """dict of str to ndarray : the inner model's weights."""
        return self.model.params

    @property
    def seed(self):
        """int : the inner model's."""
        return getattr(self.model, "seed", 42)

    @property
    def training(self):
        """dict : the inner model's defaults for `train`."""
        return getattr(self.model, "training", None)

    @property
    def dtype(self):
        """numpy dtype : the inner model's."""
        return getattr(self.model, "dtype", np.dtype(float))

    def _build(self, X, y):
        if hasattr(self.model, "_build"):
            self.model._build(X, y)


class LinearSkip(_AroundNet):
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
        super().__init__(model)
        self._W_skip = None

    @property
    def params(self):
        """dict of str to ndarray : the net's weights and W_skip (once there has been a window)."""
        return self.model.params if self._W_skip is None else {**self.model.params, "W_skip": self._W_skip}

    def forward(self, X):
        """Forecast, keeping what `backward` will need.

        Parameters
        ----------
        X : ndarray of shape (B, T, D)
            Windows, scaled.

        Returns
        -------
        ndarray of shape (B, horizon)
            Forecasts, in the same scaled unit.

        Raises
        ------
        ValueError
            If the windows have another length or number of features than before.
        """
        y_net = self.model.forward(X)
        self._X = self._flat(X, y_net.shape[1])  # (B, T*D)
        return y_net + self._X @ self._W_skip

    def backward(self, d_y):
        """Gradients of a loss from its gradient with respect to the latest `forward`'s forecasts.

        Parameters
        ----------
        d_y : ndarray of shape (B, horizon)

        Returns
        -------
        dict of str to ndarray
            In the shapes of `params`.
        """
        return {**self.model.backward(d_y), "W_skip": self._X.T @ d_y}

    def predict(self, X):
        """Forecast without keeping anything.

        Parameters
        ----------
        X : ndarray of shape (N, T, D)
            Windows, scaled.

        Returns
        -------
        ndarray of shape (N, horizon)
            Forecasts, in the same scaled unit.

        Raises
        ------
        ValueError
            If the windows have another length or number of features than in training.
        """
        y_net = self.model.predict(X)
        return y_net + self._flat(X, y_net.shape[1]) @ self._W_skip

    def _build(self, X, y):
        super()._build(X, y)
        self._flat(X, np.shape(y)[1])

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

    def __repr__(self):
        return f"LinearSkip({self.model!r})"


class InputJitter(_AroundNet):
    """Add fresh noise to every input in training, none in forecasts: no single value is to be trusted.

    Parameters
    ----------
    model : LSTM, GRU, LinearSkip, ... with params, forward, backward and predict
    sd : float
        Standard deviation of the noise, in the (scaled) unit of the windows.
    seed : int, optional
        Seeds the noise; the model's own seed if left out.

    Raises
    ------
    ValueError
        If `sd` is negative.

    Notes
    -----
    Bishop (1995), "Training with noise is equivalent to Tikhonov regularization": for a linear
    model it is ridge regression with penalty N * sd**2. `gradient_check` the model inside, not this one:
    its loss is random.
    """

    def __init__(self, model, sd=0.2, seed=None):
        super().__init__(model)
        if not sd >= 0:
            raise ValueError(f"sd must not be negative, got {sd}")
        self.sd, self._noise_seed = sd, seed
        self._restart_noise()

    def _restart_noise(self):
        seed = self.seed if self._noise_seed is None else self._noise_seed
        self._rng = np.random.default_rng([seed, 1])  # a stream apart from weights and shuffling

    def fit(self, X, y, **training):
        """As `GradientForecaster.fit`; the noise starts over too.

        Parameters
        ----------
        X : ndarray of shape (N, T, D)
        y : ndarray of shape (N, horizon)
        **training
            As for `train`.

        Returns
        -------
        self
        """
        self._restart_noise()
        return super().fit(X, y, **training)

    def forward(self, X):
        """Forecast from windows with fresh noise on them: the training pass.

        Parameters
        ----------
        X : ndarray of shape (B, T, D)
            Windows, scaled.

        Returns
        -------
        ndarray of shape (B, horizon)
            Forecasts, in the same scaled unit.
        """
        X = as_windows(X)
        return self.model.forward(X + self.sd * self._rng.standard_normal(X.shape, dtype=self.dtype))

    def backward(self, d_y):
        """The inner model's gradients.

        Parameters
        ----------
        d_y : ndarray of shape (B, horizon)

        Returns
        -------
        dict of str to ndarray
        """
        return self.model.backward(d_y)

    def predict(self, X):
        """Forecast from the windows as they are.

        Parameters
        ----------
        X : ndarray of shape (N, T, D)
            Windows, scaled.

        Returns
        -------
        ndarray of shape (N, horizon)
            Forecasts, in the same scaled unit.
        """
        return self.model.predict(X)

    def __repr__(self):
        return f"InputJitter({self.model!r}, sd={self.sd})"
