"""Rolling-origin refits: every model trained anew at every origin; may be broken off and resumed."""

import inspect
import os
import zipfile
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lessons.checks import as_targets, as_windows, whole_number
from lessons.tables import Table, Tabular
from lessons.windows.scaling import Standardizer


@dataclass(frozen=True, repr=False)
class Refits(Tabular):
    """Forecasts and errors of models refitted at every origin, in the unit of the targets.

    Attributes
    ----------
    mse : dict of str to ndarray of shape (origins, seeds)
        Mean squared errors.
    y_pred : dict of str to ndarray of shape (seeds, n_test, horizon)
        Forecasts, the test parts one after the other.
    y_true : ndarray of shape (n_test, horizon)
        Their targets.
    test_index : ndarray of shape (n_test,)
        Which windows they are of.
    """

    mse: dict
    y_pred: dict
    y_true: np.ndarray
    test_index: np.ndarray

    @property
    def table(self):
        """Table : a row a model; means over origins and seeds, and how they scatter."""
        heads = ("forecaster", "MSE", "sd over origins", "sd over seeds", "origins", "seeds")
        rows = [
            (name, f"{mse.mean():.4f}", _sd(mse.mean(axis=1)), _sd(mse.mean(axis=0)), *map(str, mse.shape))
            for name, mse in self.mse.items()
        ]
        return Table(
            heads, rows, "Refitted at every origin: mean over origins, in the unit of the targets, squared"
        )


def _sd(values):
    return f"{values.std(ddof=1):.4f}" if len(values) > 1 else ""


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


def refit(models, X, y, origins, *, seeds=1, store=None):
    """Fit every model anew at every origin and forecast the stretch that follows it.

    At each origin, windows and targets are scaled with mean and standard deviation of what was known there;
    forecasts come back in the unit of the targets.

    With `store`, every fit that is done is on disk, and the same call goes on where an earlier one was broken
    off (Ctrl-C, or the notebook's stop button). A fit is taken from there only if data, split, model and seed
    are the same, those of other fits are let alone: so a store may hold whatever has been tried so far.

    Parameters
    ----------
    models : dict of str to forecaster or callable
        As for `lessons.scores.scoreboard`: a forecaster is copied and fitted once at each origin, a callable
        taking a seed and returning a forecaster once for each seed.
    X : ndarray of shape (N, T, D)
        Windows in order of time.
    y : ndarray of shape (N, horizon)
        Their targets.
    origins : iterable of (train_index, test_index)
        Numbers of the windows, as `rolling_origins(N, n_splits, gap=horizon - 1)` gives them.
    seeds : int
        How many seeds, 0, 1, ..., a callable is fitted with.
    store : str or Path, optional
        Folder to keep finished fits in; made if need be.

    Returns
    -------
    Refits

    Raises
    ------
    TypeError
        A model is neither a forecaster nor a callable.
    ValueError
        A shape does not fit, there is no origin, or an origin trains on what it tests.
    KeyboardInterrupt
        Broken off; the message says how much is done.
    """
    X = as_windows(X)
    y = as_targets(y, len(X))
    origins = _checked(origins, len(X))
    whole_number(seeds, "seeds", least=1)
    tasks = [
        (name, fold, seed)
        for name, model in models.items()
        for fold in range(len(origins))
        for seed in range(1 if _is_forecaster(name, model) else seeds)
    ]
    files = dict.fromkeys(tasks)
    if store is not None:
        store = Path(store)
        store.mkdir(parents=True, exist_ok=True)
        data = _fingerprint(X, y)
        for name, fold, seed in tasks:
            what = [data, *origins[fold], seed, _description(_made(models[name], seed))]
            files[name, fold, seed] = store / f"{_fingerprint(*what)}.npy"

    done = {task: _stored(path) for task, path in files.items()}
    done = {task: y_pred for task, y_pred in done.items() if y_pred is not None}
    todo = [task for task in tasks if task not in done]
    _work(todo, done, models, X, y, origins, files, len(tasks))
    return _collected(done, tasks, models, y, origins)


def _work(todo, done, models, X, y, origins, files, total):
    """Fit what is to do, put it into `done`, and show how far it is."""
    from tqdm.auto import tqdm  # for those who refit

    with tqdm(total=total, initial=len(done), desc="refits", leave=False, disable=not todo) as bar:
        for task in todo:
            try:
                done[task] = _fit_one(task, models[task[0]], X, y, origins[task[1]], files[task])
            except KeyboardInterrupt:
                kept = (
                    "are stored: the same call goes on from there" if files[task] else "are lost: give store="
                )
                raise KeyboardInterrupt(f"{len(done)} of {total} fits are done and {kept}") from None
            bar.update()


def _fit_one(task, model, X, y, origin, file):
    """One model at one origin with one seed; the forecasts are on disk before anyone hears of them."""
    train, test = origin
    forecaster = _made(model, task[2])
    scaler = Standardizer().fit(X[train][:, -1])  # each value of the train part once
    forecaster.fit(scaler.transform(X[train]), scaler.transform_target(y[train]))
    y_pred = np.asarray(scaler.inverse_target(forecaster.predict(scaler.transform(X[test]))))
    if y_pred.shape != y[test].shape:
        raise ValueError(f"{task[0]!r} forecast an array of shape {y_pred.shape}, expected {y[test].shape}")
    if file is not None:
        partly = file.with_name(f"{file.stem}.{os.getpid()}.part")
        with open(partly, "wb") as handle:
            np.save(handle, y_pred)
        os.replace(partly, file)
    return y_pred


def _collected(done, tasks, models, y, origins):
    test_index = np.concatenate([test for _, test in origins])
    mse, y_pred = {}, {}
    for name in models:
        its = [task for task in tasks if task[0] == name]
        seeds = 1 + max(seed for _, _, seed in its)
        y_pred[name] = np.array(
            [
                np.concatenate([done[name, fold, seed] for fold in range(len(origins))])
                for seed in range(seeds)
            ]
        )
        mse[name] = np.array(
            [
                [np.mean((done[name, fold, seed] - y[test]) ** 2) for seed in range(seeds)]
                for fold, (_, test) in enumerate(origins)
            ]
        )
    return Refits(mse=mse, y_pred=y_pred, y_true=np.array(y[test_index]), test_index=test_index)


def _checked(origins, n):
    origins = [(np.asarray(train), np.asarray(test)) for train, test in origins]
    if not origins:
        raise ValueError("origins holds no origin: pass rolling_origins(len(X), 5)")
    for k, (train, test) in enumerate(origins):
        if (
            not (len(train) and len(test))
            or min(train.min(), test.min()) < 0
            or max(train.max(), test.max()) >= n
        ):
            raise ValueError(
                f"origin {k} must hold numbers of windows between 0 and {n - 1} to train and to test"
            )
        if train.max() >= test.min():
            raise ValueError(
                f"origin {k} trains on window {train.max()}, which is not before its first test window "
                f"{test.min()}"
            )
    return origins


def _is_forecaster(name, model):
    if hasattr(model, "fit") and hasattr(model, "predict") and not isinstance(model, type):
        return True
    if not callable(model):
        raise TypeError(
            f"models[{name!r}] must be a forecaster (fit and predict) or a function of a seed that makes "
            f"one, got {type(model).__name__}"
        )
    return False


def _made(model, seed):
    return deepcopy(model) if _is_forecaster("", model) else model(seed)


def _stored(path):
    """Forecasts on disk, or None if there are none that can be read."""
    if path is None or not path.exists():
        return None
    try:
        return np.load(path)
    except (ValueError, EOFError, OSError, zipfile.BadZipFile):
        return None


def _fingerprint(*parts):
    import joblib

    return joblib.hash(
        [np.ascontiguousarray(part) if isinstance(part, np.ndarray) else part for part in parts]
    )


def _description(thing, within=()):
    """What a forecaster is, in words and numbers: its class, the class's code, and all it holds."""
    if id(thing) in within:
        return "itself"
    within = (*within, id(thing))
    if hasattr(thing, "detach"):  # a torch tensor
        thing = thing.detach().cpu().numpy()
    if isinstance(thing, np.ndarray):
        return _fingerprint(thing)
    if isinstance(thing, dict):
        return [(str(key), _description(value, within)) for key, value in thing.items()]
    if isinstance(thing, list | tuple):
        return [_description(item, within) for item in thing]
    if isinstance(thing, np.random.Generator):
        return repr(thing.bit_generator.state)
    if isinstance(thing, np.random.RandomState):
        return repr(thing.get_state())
    if inspect.isfunction(thing) or isinstance(thing, type):
        return [thing.__qualname__, _code(thing)]
    if hasattr(thing, "__dict__"):
        return [type(thing).__qualname__, _code(type(thing)), _description(vars(thing), within)]
    return repr(thing)


def _code(thing):
    """What a function or the methods of a class do (a notebook's classes have no source to look at)."""
    if isinstance(thing, type):
        methods = [method for cls in thing.__mro__ for method in vars(cls).values()]
        methods = [getattr(method, "fget", method) for method in methods]  # a property's getter
        return [_code(method) for method in methods if inspect.isfunction(method)]
    return _instructions(thing.__code__)


def _instructions(code):
    constants = [_instructions(c) if inspect.iscode(c) else repr(c) for c in code.co_consts]
    return [code.co_code.hex(), code.co_names, constants]
