"""Training as an iterator: one turn of the loop is one epoch.

    for epoch in train(model, X, y, epochs=80):
        print(epoch.epoch, epoch.loss)

`model` is anything with a dict `params`, `forward(X)` -> predictions and `backward(d_y)` -> gradients under
the same keys: the nets of this package, a wrapper around one, or a class written in a lesson. The loop is the
same for the nets of `lessons.torch_rnn`; what differs between the libraries is their `Learner`.
"""

import functools
import time
from dataclasses import dataclass

import numpy as np

from lessons.baselines import Forecaster
from lessons.checks import as_targets, as_windows
from lessons.rnn.optimizers import SGD, Adam, clip_by_global_norm

# A schedule gives the step size's factor from the share of training done.
SCHEDULES = {"constant": lambda done: 1.0, "cosine": lambda done: 0.5 * (1.0 + np.cos(np.pi * done))}


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training windows left behind.

    Attributes
    ----------
    epoch : int
        1 for the first.
    loss : float
        Mean squared error over the epoch's windows, each batch measured just before its own step; in the
        squared unit of `y` as it was passed in (scaled, usually). nan or inf if training diverged.
    grad_norm : float
        Largest global gradient norm among the epoch's steps, before clipping.
    last_grad_norm : float
        That of its last step.
    clipped : int
        Number of steps whose gradient was scaled down.
    steps : int
        Number of steps in the epoch.
    lr : float
        Step size used.
    seconds : float
        Time the epoch took, the caller's own loop body not counted.
    validation_loss : float or None
        Mean squared error on the validation windows after the epoch.
    """

    epoch: int
    loss: float
    grad_norm: float
    last_grad_norm: float
    clipped: int
    steps: int
    lr: float
    seconds: float
    validation_loss: float | None = None


def mse_loss(y_pred, y):
    """Mean squared error and its gradient.

    Parameters
    ----------
    y_pred, y : ndarrays of shape (N, horizon)
        Predictions and targets, in the same unit.

    Returns
    -------
    loss : float
        mean((y_pred - y)**2), in the unit squared.
    d_y : ndarray of shape (N, horizon)
        d loss / d y_pred = 2 (y_pred - y) / (N * horizon).

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if np.shape(y_pred) != np.shape(y):
        raise ValueError(f"y_pred and y must have one shape (N, horizon), got {y_pred.shape} and {y.shape}")
    error = y_pred - y  # (N, horizon)
    return float(np.mean(error**2)), (2.0 / error.size) * error


def train(
    model,
    X,
    y,
    *,
    epochs=80,
    batch_size=64,
    lr=2e-3,
    max_grad_norm=1.0,
    seed=None,
    optimizer="adam",
    momentum=0.0,
    schedule="constant",
    validation=None,
    patience=None,
):
    """Train `model` where it stands, an epoch a turn.

    Nothing is computed until the iterator is asked for its first epoch, and nothing after the last one taken:
    breaking out of the loop leaves a usable model with the weights of that moment. The same seed gives the
    same weights to the last bit.

    Parameters
    ----------
    model : object with `params`, `forward` and `backward`, or with a `learner` of its own
        Its weights are changed in place, starting from their present values.
    X : ndarray of shape (N, T, D)
        Training windows, scaled.
    y : ndarray of shape (N, horizon)
        Their targets, in the same scaled unit.
    epochs : int
        Passes over the windows.
    batch_size : int or None
        Windows a step, shuffled anew each epoch; None takes all at once, in order.
    lr : float
        Step size.
    max_grad_norm : float or None
        Gradients longer than this, over all parameters together, are scaled down to it; None leaves them.
    seed : int, optional
        Seeds the shuffling; left out, the model's own, or 42.
    optimizer : {"adam", "sgd"}
    momentum : float
        For "sgd".
    schedule : {"constant", "cosine"}
        "cosine" lets the step size fall along half a cosine, epoch by epoch, from lr towards 0.
    validation : (ndarray, ndarray), optional
        Windows and targets to measure after every epoch: the *last* ones of the train part, held back, never
        a random share of it, since neighbouring windows overlap.
    patience : int, optional
        Stop after so many epochs without a better validation loss, and put the best weights back.

    Returns
    -------
    iterator of Epoch
        Ends after `epochs`, when patience runs out, or after an epoch whose loss is no longer finite: that
        epoch is yielded, so that an explosion can be seen, and the weights are left as they are.

    Raises
    ------
    ValueError
        If an argument is out of range, or X and y do not fit together or hold NaN. Raised at the call.
    """
    X, y = _checked(model, X, y)
    for name, value in {"epochs": epochs, "batch_size": batch_size, "patience": patience}.items():
        if value is not None and value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    for name, value in {"lr": lr, "max_grad_norm": max_grad_norm}.items():
        if value is not None and not value > 0:
            raise ValueError(f"{name} must be positive, got {value}")
    if optimizer not in ("adam", "sgd"):
        raise ValueError(f'optimizer must be "adam" or "sgd", got {optimizer!r}')
    if momentum and optimizer == "adam":
        raise ValueError('momentum belongs to optimizer="sgd"; Adam has its own')
    if validation is not None:
        validation = _checked(model, *validation)
    elif patience is not None:
        raise ValueError("patience needs validation=(X, y): windows to stop by")
    if schedule not in SCHEDULES:
        raise ValueError(f'schedule must be "constant" or "cosine", got {schedule!r}')
    make = getattr(model, "learner", functools.partial(Learner, model))
    options = {"optimizer": optimizer, "momentum": momentum, "max_grad_norm": max_grad_norm, "seed": seed}
    learner = make(X, y, batch_size, **options)

    def run():
        best, best_epoch, best_weights = np.inf, 0, None
        for epoch in range(1, epochs + 1):
            start, steps = time.perf_counter(), []
            step_size = lr * SCHEDULES[schedule]((epoch - 1) / epochs)
            for X_b, y_b in learner.batches():  # (B, T, D), (B, horizon)
                loss, norm = learner.step(X_b, y_b, step_size)
                steps.append((loss, norm, len(X_b)))
                if not np.isfinite(loss):
                    break
            losses, norms, sizes = zip(*steps, strict=True)
            loss = float(np.average(losses, weights=sizes))
            validation_loss = None if validation is None else learner.loss(*validation)
            clipped = 0 if max_grad_norm is None else sum(norm > max_grad_norm for norm in norms)
            seconds = time.perf_counter() - start
            if patience is not None and validation_loss < best:
                best, best_epoch, best_weights = validation_loss, epoch, learner.weights()
            norms = max(norms), norms[-1], clipped, len(norms)
            yield Epoch(epoch, loss, *norms, step_size, seconds, validation_loss)
            if not np.isfinite(loss) or (patience is not None and epoch - best_epoch >= patience):
                break
        if best_weights is not None:
            learner.put_back(best_weights)

    return run()


class Learner:
    """What the loop asks of a library, here of NumPy: batches, a step, a loss, weights to keep and put back.

    Parameters
    ----------
    model, X, y, batch_size, optimizer, momentum, max_grad_norm, seed
        As for `train`.
    """

    def __init__(self, model, X, y, batch_size, *, optimizer, momentum, max_grad_norm, seed):
        self.model, self.X, self.y, self.batch_size = model, X, y, batch_size
        self.optimizer = SGD(momentum=momentum) if optimizer == "sgd" else Adam()
        self.max_grad_norm = max_grad_norm
        self.rng = np.random.default_rng(getattr(model, "seed", 42) if seed is None else seed)

    def batches(self):
        """Iterate over one epoch's windows and targets."""
        if self.batch_size is None:
            yield self.X, self.y
            return
        order = self.rng.permutation(len(self.X))
        for start in range(0, len(order), self.batch_size):
            batch = order[start : start + self.batch_size]
            yield self.X[batch], self.y[batch]

    def step(self, X, y, lr):
        """Forecast, compare, go back, clip, step; return the loss before it, and the gradient's norm."""
        with np.errstate(over="ignore", invalid="ignore"):  # an explosion shows in the loss, once
            loss, d_y = mse_loss(self.model.forward(X), y)
            grads = self.model.backward(d_y)
            norm = clip_by_global_norm(grads, self.max_grad_norm)
            if np.isfinite(loss):
                self.optimizer.lr = lr
                self.optimizer.step(self.model.params, grads)
        return loss, norm

    def loss(self, X, y):
        """Mean squared error as the model forecasts now."""
        predict = getattr(self.model, "predict", self.model.forward)
        with np.errstate(over="ignore", invalid="ignore"):
            return mse_loss(predict(X), y)[0]

    def weights(self):
        """Return a copy of the weights."""
        return {name: p.copy() for name, p in self.model.params.items()}

    def put_back(self, weights):
        """Give the model such a copy again."""
        for name, p in weights.items():
            self.model.params[name][...] = p


class GradientForecaster(Forecaster):
    """A forecaster that learns by gradient steps: adds `train` and `fit` to params, forward and backward.

    Attributes
    ----------
    params : dict of str to ndarray
        Weights, by name; training changes them in place.
    seed : int
        Seeds the shuffling unless `train` is given another.
    training : dict
        Defaults for `train`'s arguments.
    """

    params: dict
    seed: int = 42
    training: dict | None = None
    _start = None

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
            If X has another number of axes, features or (beside a linear skip) steps than the model takes.
        """
        raise NotImplementedError

    def backward(self, d_y):
        """Gradients of a loss, given its gradient with respect to the latest `forward`'s forecasts.

        Parameters
        ----------
        d_y : ndarray of shape (B, horizon)
            d loss / d y_pred.

        Returns
        -------
        dict of str to ndarray
            d loss / d params, under the keys and in the shapes of `params`.

        Raises
        ------
        RuntimeError
            If there was no `forward` before.
        ValueError
            If `d_y` does not have the shape of the forecasts.
        """
        raise NotImplementedError

    def train(self, X, y, **training):
        """Train on from the present weights, one epoch a turn of the returned iterator.

        Parameters
        ----------
        X, y
            As for `fit`, scaled.
        **training
            As for `lessons.rnn.train` (epochs, batch_size, lr, max_grad_norm, seed, optimizer, ...);
            they take precedence over the model's own `training`.

        Returns
        -------
        iterator of Epoch
        """
        self._build(X, y)
        if self._start is None:
            self._start = self._remember()
        return train(self, X, y, **{**(self.training or {}), **training})

    def fit(self, X, y, **training):
        """Train from the weights the model had before it was first trained, to the end.

        So a second `fit` starts over and gives the same model again, while `train` goes on from where it is.

        Parameters
        ----------
        X, y, **training
            As for `train`.

        Returns
        -------
        self

        Raises
        ------
        FloatingPointError
            If the loss becomes nan or infinite.
        """
        if self._start is not None:
            self._go_back(self._start)
        for epoch in self.train(X, y, **training):
            if not np.isfinite(epoch.loss):
                raise FloatingPointError(
                    f"training diverged: the loss is {epoch.loss} in epoch {epoch.epoch}, with gradients up "
                    f"to {epoch.grad_norm:.3g}; lower lr, or clip with max_grad_norm=1.0"
                )
        return self

    def _build(self, X, y):
        """Make weights whose shape depends on the data (none here)."""

    def _remember(self):
        return {name: p.copy() for name, p in self.params.items()}

    def _go_back(self, start):
        for name, p in self.params.items():
            p[...] = start[name]


def _checked(model, X, y):
    """Finite windows (N, T, D) and targets (N, horizon), in the model's dtype if it has one."""
    X = as_windows(X)
    y = as_targets(y, len(X))
    dtype = getattr(model, "dtype", None)
    X, y = np.asarray(X, dtype), np.asarray(y, dtype)
    for name, a in {"X": X, "y": y}.items():
        if not np.isfinite(a).all():
            raise ValueError(f"{name} holds {np.sum(~np.isfinite(a))} values that are NaN or infinite")
    return X, y
