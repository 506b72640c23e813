"""Rolling-origin refits: every model trained anew at every origin; may be broken off and resumed."""

import inspect
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lessons.checks import as_targets, as_windows
from lessons.scores import mse
from lessons.tables import Table, Tabular
from lessons.windows.scaling import Standardizer


@dataclass(frozen=True, repr=False)
class Refits(Tabular):
    """Forecasts and errors of models refitted at every origin, in the unit of the targets.

    Attributes
    ----------
    y_pred : dict of str to ndarray of shape (n_test, horizon)
        Forecasts, the test parts one after the other.
    y_true : ndarray of shape (n_test, horizon)
        Their targets.
    origin : ndarray of int, shape (n_test,)
        At which origin each was made, from 0.
    mse : dict of str to ndarray of shape (origins,)
        Mean squared errors.
    best : str
        The model whose errors have the smallest mean.
    """

    y_pred: dict
    y_true: np.ndarray
    origin: np.ndarray

    @cached_property
    def mse(self):
        parts = [self.origin == k for k in np.unique(self.origin)]
        return {
            name: np.array([mse(self.y_true[part], y_pred[part]) for part in parts])
            for name, y_pred in self.y_pred.items()
        }

    @property
    def best(self):
        return min(self.mse, key=lambda name: self.mse[name].mean())

    @property
    def table(self):
        """Table : a row a model, its errors by origin, and their mean."""
        rows = [(name, *mse, mse.mean()) for name, mse in self.mse.items()]
        origins = map(str, range(1, len(rows[0]) - 1))
        return Table(("model", *origins, "mean"), rows, "Mean squared error by origin, refitted at each")


class View:
    """A forecaster that looks at some features only, and at the last steps of each window.

    Parameters
    ----------
    model : forecaster
        What does the forecasting.
    features : list of int
        Which columns of the windows it gets.
    steps : int
        How many of the last steps.
    """

    def __init__(self, model, features, steps):
        self.model, self.features, self.steps = model, features, steps

    def fit(self, X, y):
        """Fit the model to what it sees of the windows; as every forecaster."""
        self.model.fit(X[:, -self.steps :, self.features], y)
        return self

    def predict(self, X):
        """Forecast from what it sees of the windows; as every forecaster."""
        return self.model.predict(X[:, -self.steps :, self.features])


def refit(models, X, y, origins, *, store=None):
    """Fit every model anew at every origin and forecast the stretch that follows it.

    At each origin, windows and targets are scaled with mean and standard deviation of what was known there;
    forecasts come back in the unit of the targets.

    With `store`, every fit that is done is on disk, and the same call goes on where an earlier one was broken
    off (Ctrl-C, or the notebook's stop button). A fit is taken from there only if data, split, model and the
    code of its class are the same, those of other fits are let alone: so a store may hold whatever has been
    tried so far.

    Parameters
    ----------
    models : dict of str to forecaster
        Each is copied and fitted at each origin; with `store`, they must be such that can be pickled.
    X : ndarray of shape (N, T, D)
        Windows in order of time.
    y : ndarray of shape (N, horizon)
        Their targets.
    origins : iterable of (train_index, test_index)
        Numbers of the windows, as `rolling_origins(N, n_splits, gap=horizon - 1)` gives them.
    store : str or Path, optional
        Folder to keep finished fits in (`joblib.Memory`); made if need be.

    Returns
    -------
    Refits

    Raises
    ------
    TypeError
        A model has no `fit`.
    ValueError
        A shape does not fit, there is no origin, or an origin trains on what it tests.
    KeyboardInterrupt
        Broken off; the message says how much is done.
    """
    from joblib import Memory  # these two for those who refit
    from tqdm.auto import tqdm

    for name, model in models.items():
        if not hasattr(model, "fit"):
            raise TypeError(
                f"models: {name!r} must be a forecaster, with fit and predict, got {type(model).__name__} "
                "(an older copy of lesson 08? `python3 tasks.py lab --fresh 08` starts it over)"
            )
    X = as_windows(X)
    y = as_targets(y, len(X))
    origins = _checked(origins, X)
    forecast = _forecasts if store is None else Memory(store, verbose=0).cache(_forecasts)
    done = {name: [] for name in models}
    with tqdm(total=len(models) * len(origins), desc="refits", leave=False) as bar:
        for name, model in models.items():
            for train, test in origins:
                try:
                    y_pred = forecast(model, _code(model), X, y, train, test)
                except KeyboardInterrupt:
                    kept = "stored: the same call goes on from there" if store else "lost: give store="
                    raise KeyboardInterrupt(f"{bar.n} of {bar.total} fits are done and are {kept}") from None
                if y_pred.shape != (wanted := y[test].shape):
                    raise ValueError(f"{name!r} forecast an array of shape {y_pred.shape}, expected {wanted}")
                done[name].append(y_pred)
                bar.update()
    tests = [test for _, test in origins]
    origin = np.repeat(np.arange(len(tests)), [len(test) for test in tests])
    forecasts = {name: np.concatenate(parts) for name, parts in done.items()}
    return Refits(forecasts, y[np.concatenate(tests)], origin)


def _forecasts(model, code, X, y, train, test):
    """A test part forecast by a copy of the model, fitted to what was known; `code` tells fits apart."""
    scaler = Standardizer().fit(X[train][:, -1])  # each value of the train part once
    model = deepcopy(model).fit(scaler.transform(X[train]), scaler.transform_target(y[train]))
    return np.asarray(scaler.inverse_target(model.predict(scaler.transform(X[test]))))


def _checked(origins, X):
    n = len(X)
    origins = [(np.asarray(train), np.asarray(test)) for train, test in origins]
    if not origins:
        raise ValueError("origins holds no origin: pass rolling_origins(len(X), 5)")
    for k, (train, test) in enumerate(origins):
        numbers = np.concatenate([train, test])
        if not (len(train) and len(test)) or numbers.min() < 0 or numbers.max() >= n:
            raise ValueError(
                f"origins: origin {k} must hold numbers of windows between 0 and {n - 1} to train and to test"
            )
        if np.isnan(X[train][:, -1]).all(axis=0).any():
            raise ValueError(f"X has nothing but NaN where the windows end that origin {k} trains on")
        if train.max() >= test.min():
            raise ValueError(
                f"origins: origin {k} trains on window {train.max()}, which is not before its first "
                f"test window {test.min()}"
            )
        if np.isnan(X[train]).all(axis=(0, 1)).any():
            raise ValueError(f"X has a feature without values in the windows that origin {k} trains on")
    return origins


def _code(model):
    """What its class does, and that of the model within it: a notebook's classes have no source to see."""
    methods = [method for cls in type(model).__mro__ for method in vars(cls).values()]
    own = [_instructions(method.__code__) for method in methods if inspect.isfunction(method)]
    within = getattr(model, "model", None)
    return own if within is None else [own, _code(within)]


def _instructions(code):
    constants = [_instructions(c) if inspect.iscode(c) else repr(c) for c in code.co_consts]
    return [code.co_code.hex(), code.co_names, constants]
