"""Training as an iterator: one turn of the loop is one epoch.

    for epoch in train(model, X, y, epochs=80):
        print(epoch.epoch, epoch.loss)

`model` is anything with a dict `params`, `forward(X)` -> predictions and `backward(d_y)` -> gradients under
the same keys: the nets of this package, a wrapper around one, or a class written in a lesson.
"""

import time
from dataclasses import dataclass

import numpy as np

from lessons.checks import as_targets, as_windows
from lessons.rnn.optimizers import SGD, Adam, clip_by_global_norm


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
    weight_decay=0.0,
    validation=None,
    patience=None,
):
    """Train `model` where it stands, an epoch a turn.

    Nothing is computed until the iterator is asked for its first epoch, and nothing after the last one taken:
    breaking out of the loop leaves a usable model with the weights of that moment. The same seed gives the
    same weights to the last bit.

    Parameters
    ----------
    model : object with `params`, `forward` and `backward`
        Its arrays in `params` are changed in place, starting from their present values.
    X : ndarray of shape (N, T, D)
        Training windows, scaled.
    y : ndarray of shape (N, horizon)
        Their targets, in the same scaled unit.
    epochs : int
        Passes over the windows.
    batch_size : int or None
        Windows a step; None takes all of them at once, in their order.
    lr : float
        Step size (that of an optimizer object is its own).
    max_grad_norm : float or None
        Clip the gradients' global norm to this; None for no clipping.
    seed : int, optional
        Seeds the shuffling; the model's own `seed` if left out, else 42.
    optimizer : {"adam", "sgd"} or object
        Or anything with an attribute `lr` and a method `step(params, grads)`; one object serves one run, as
        it remembers its steps.
    momentum : float
        For "sgd".
    schedule : {"constant", "cosine"} or callable
        "cosine" lets the step size fall along half a cosine, epoch by epoch, from lr towards 0. A callable
        gets the share of the epochs done, from 0 to below 1, and returns a factor for `lr`.
    weight_decay : float
        Decoupled: every step shrinks the parameters by lr * weight_decay (AdamW with "adam").
    validation : (ndarray, ndarray) or float, optional
        Windows and targets to measure after every epoch, or a share of the *last* training windows to hold
        back for that (never a random share: neighbouring windows overlap).
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
    X, y = check_windows(model, X, y)
    for name, value in {"epochs": epochs, "batch_size": batch_size, "patience": patience}.items():
        if value is not None and value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    if isinstance(validation, float):
        X, y, validation = hold_back_tail(X, y, validation)
    elif validation is not None:
        validation = check_windows(model, *validation)
    if patience is not None and validation is None:
        raise ValueError("patience needs validation=(X, y) or a share of the training windows such as 0.1")
    optimizer = _make_optimizer(optimizer, lr, momentum, weight_decay)
    factor = make_schedule(schedule)
    if max_grad_norm is not None and not max_grad_norm > 0:
        raise ValueError(f"max_grad_norm must be positive or None, got {max_grad_norm}")
    rng = np.random.default_rng(getattr(model, "seed", 42) if seed is None else seed)

    def run():
        base_lr, best = optimizer.lr, _Best()
        for epoch in range(1, epochs + 1):
            start = time.perf_counter()
            optimizer.lr = base_lr * factor((epoch - 1) / epochs)
            batches = [...] if batch_size is None else _shuffled_batches(len(X), batch_size, rng)
            loss, norms = _one_epoch(model, X, y, batches, optimizer, max_grad_norm)
            validation_loss = None if validation is None else _loss(model, *validation)
            clipped = 0 if max_grad_norm is None else sum(norm > max_grad_norm for norm in norms)
            seconds = time.perf_counter() - start
            if patience is not None:
                best.offer(validation_loss, model.params, epoch)
            yield Epoch(epoch, loss, max(norms), clipped, len(norms), optimizer.lr, seconds, validation_loss)
            if not np.isfinite(loss) or (patience is not None and epoch - best.epoch >= patience):
                break
        best.restore(model.params)

    return run()


class GradientForecaster:
    """A forecaster that learns by gradient descent: adds `train` and `fit` to params, forward and backward.

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

    def train(self, X, y, **training):
        """Train on from the present weights, one epoch a turn of the returned iterator.

        Parameters
        ----------
        X : ndarray of shape (N, T, D)
            Training windows, scaled.
        y : ndarray of shape (N, horizon)
            Targets, in the same scaled unit.
        **training
            As for `lessons.rnn.train` (epochs, batch_size, lr, max_grad_norm, seed, optimizer, ...);
            they take precedence over the model's own `training`.

        Returns
        -------
        iterator of Epoch
        """
        self._build(X, y)
        if self._start is None:
            self._start = {name: p.copy() for name, p in self.params.items()}
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
            for name, p in self.params.items():
                p[...] = self._start[name]
        for epoch in self.train(X, y, **training):
            if not np.isfinite(epoch.loss):
                raise FloatingPointError(
                    f"training diverged: the loss is {epoch.loss} in epoch {epoch.epoch}, with gradients up "
                    f"to {epoch.grad_norm:.3g}; lower lr, or clip with max_grad_norm=1.0"
                )
        return self

    def _build(self, X, y):
        """Make weights whose shape depends on the data (none here)."""


def _one_epoch(model, X, y, batches, optimizer, max_grad_norm):
    """Take one step per batch; return the mean loss and every step's gradient norm."""
    total, count, norms = 0.0, 0, []
    with np.errstate(over="ignore", invalid="ignore"):  # an explosion shows in the loss, once
        for batch in batches:
            X_b, y_b = X[batch], y[batch]  # (B, T, D), (B, horizon)
            loss, d_y = mse_loss(model.forward(X_b), y_b)
            grads = model.backward(d_y)
            norms.append(clip_by_global_norm(grads, max_grad_norm))
            total, count = total + loss * len(X_b), count + len(X_b)
            if not np.isfinite(loss):
                break
            optimizer.step(model.params, grads)
    return total / count, norms


def _shuffled_batches(N, batch_size, rng):
    order = rng.permutation(N)
    return [order[start : start + batch_size] for start in range(0, N, batch_size)]


def _loss(model, X, y):
    predict = getattr(model, "predict", model.forward)
    with np.errstate(over="ignore", invalid="ignore"):
        return mse_loss(predict(X), y)[0]


class _Best:
    """Remembers the weights of the best validation loss."""

    loss, epoch, params = np.inf, 0, None

    def offer(self, loss, params, epoch):
        if loss < self.loss:
            self.loss, self.epoch = loss, epoch
            self.params = {name: p.copy() for name, p in params.items()}

    def restore(self, params):
        for name, p in (self.params or {}).items():
            params[name][...] = p


def _make_optimizer(optimizer, lr, momentum, weight_decay):
    if optimizer == "adam":
        if momentum:
            raise ValueError('momentum belongs to optimizer="sgd"; Adam has its own (betas)')
        return Adam(lr, weight_decay=weight_decay)
    if optimizer == "sgd":
        return SGD(lr, momentum, weight_decay)
    if not (hasattr(optimizer, "step") and hasattr(optimizer, "lr")):
        raise ValueError(
            f'optimizer must be "adam", "sgd" or have lr and step(params, grads), got {optimizer!r}'
        )
    return optimizer


def make_schedule(schedule):
    """Return the function that gives the step size's factor from the share of training done (0 … 1).

    Parameters
    ----------
    schedule : "constant", "cosine" or callable

    Raises
    ------
    ValueError
        If it is none of these.
    """
    known = {"constant": lambda done: 1.0, "cosine": lambda done: 0.5 * (1.0 + np.cos(np.pi * done))}
    if callable(schedule):
        return schedule
    if schedule not in known:
        raise ValueError(f'schedule must be "constant", "cosine" or a function, got {schedule!r}')
    return known[schedule]


def check_windows(model, X, y):
    """Return finite windows (N, T, D) and targets (N, horizon) in the model's dtype, or say what is wrong.

    Parameters
    ----------
    model : object
        Its ``dtype``, if it has one, becomes that of the arrays.
    X : array_like of shape (N, T, D)
    y : array_like of shape (N, horizon)

    Raises
    ------
    TypeError, ValueError
        As `lessons.checks`, or if a value is NaN or infinite.
    """
    X = as_windows(X)
    y = as_targets(y, len(X))
    dtype = getattr(model, "dtype", None)
    X, y = np.asarray(X, dtype), np.asarray(y, dtype)
    for name, a in {"X": X, "y": y}.items():
        if not np.isfinite(a).all():
            raise ValueError(f"{name} holds {np.sum(~np.isfinite(a))} values that are NaN or infinite")
    return X, y


def hold_back_tail(X, y, share):
    """Split the last share of the windows off, in order of time: X, y to train on, and a pair to validate on.

    Parameters
    ----------
    X : ndarray of shape (N, T, D)
    y : ndarray of shape (N, horizon)
    share : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If the share leaves nothing to train or nothing to validate on.
    """
    if not 0 < share < 1:
        raise ValueError(f"validation as a share must be between 0 and 1, got {share}")
    n = round(len(X) * share)
    if not 0 < n < len(X):
        raise ValueError(
            f"validation={share} of {len(X)} windows leaves {len(X) - n} to train and {n} to validate"
        )
    return X[:-n], y[:-n], (X[-n:], y[-n:])
