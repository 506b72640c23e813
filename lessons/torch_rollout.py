"""Training a net on its own forecasts: rollouts that PyTorch can differentiate.

A net that is trained one step ahead always sees true values (teacher forcing), and in a rollout its own
forecasts. `Feedback` puts that right: it forecasts several steps and feeds back what the net said, what was
true, or a mixture of both.
"""

import numpy as np
import torch
from torch import nn

from lessons.checks import as_targets, as_windows
from lessons.torch_rnn import TorchForecaster


class CentredNet(nn.Module):
    """A net that forecasts relative to the mean of its window: `Centred` as a module, with gradients.

    Parameters
    ----------
    net : nn.Module
        (B, T, D) -> (B, k).
    """

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, X):
        """Forecast: tensor of shape (B, T, D) -> (B, k)."""
        level = X.mean(dim=1, keepdim=True)  # (B, 1, D)
        return self.net(X - level) + level[:, 0, :1]


class Feedback(nn.Module):
    """A net unrolled over several forecasts, each at the end of the window of the next.

    Parameters
    ----------
    net : nn.Module
        (B, T, 1) -> (B, 1).
    steps : int
        Forecasts in a row.
    own : float
        With which probability, drawn for each window and step, the net's own forecast is put into the window
        rather than the true value. 0 is teacher forcing (Williams & Zipser, Neural Computation 1 (1989)), 1
        training through the rollout itself; lowered over training from 0 to 1 it is scheduled sampling
        (Bengio, Vinyals, Jaitly & Shazeer, NeurIPS 2015). May be changed at any time.

    Raises
    ------
    ValueError
        If `steps` is below 1, or `own` no probability.

    Notes
    -----
    Gradients run back through the forecasts that were fed back. (Bengio et al. stop them there.)
    """

    def __init__(self, net, steps, own=1.0):
        super().__init__()
        if steps < 1:
            raise ValueError(f"steps must be at least 1, got {steps}")
        if not 0 <= own <= 1:
            raise ValueError(f"own must be a probability, from 0 to 1, got {own}")
        self.net, self.steps, self.own = net, steps, own

    def forward(self, X):
        """Forecast step after step.

        Parameters
        ----------
        X : tensor of shape (B, T + steps - 1, 1)
            Windows, followed by the true values of all targets but the last.

        Returns
        -------
        tensor of shape (B, steps)
        """
        T = X.shape[1] - self.steps + 1
        path, y_pred = X[:, :T], []
        for k in range(self.steps):
            y_pred.append(self.net(path[:, k:]))  # (B, T, 1) -> (B, 1)
            if k + 1 < self.steps:
                said, true = y_pred[-1][:, None], X[:, T + k : T + k + 1]  # (B, 1, 1)
                path = torch.cat([path, self._mix(said, true)], dim=1)
        return torch.cat(y_pred, dim=1)

    def _mix(self, said, true):
        if self.own in (0, 1):
            return said if self.own else true
        return torch.where(torch.rand_like(true) < self.own, said, true)


def fit_with_feedback(net, X, y, own=1.0, seed=42, **training):
    """Train a net several steps at a time, on the truth, on its own forecasts, or on a mixture.

    The loss is the mean squared error over all steps. The net is trained on from the weights it has.

    Parameters
    ----------
    net : nn.Module or TorchForecaster
        (B, T, 1) -> (B, 1); trained in place.
    X : ndarray of shape (N, T, 1)
        Training windows, scaled.
    y : ndarray of shape (N, steps)
        The values that follow each window, as `make_windows(series, window, horizon=steps)` cuts them.
    own : float or callable
        As for `Feedback`. A callable gets the share of the epochs done, from 0 to below 1, and returns the
        probability for the next one: ``lambda done: done`` is linear scheduled sampling.
    seed : int
        Of the shuffling and of the draws between true and own values.
    **training
        As for `TorchForecaster.train`: epochs, batch_size, lr, schedule, ...

    Returns
    -------
    TorchForecaster
        Around the net: one step ahead, to be rolled out with `lessons.rollout.rollout`.

    Raises
    ------
    ValueError
        If a shape does not fit or an argument is out of range.
    FloatingPointError
        If the loss becomes nan or infinite.
    """
    forecaster = net if isinstance(net, TorchForecaster) else TorchForecaster.around(net, seed=seed)
    X, y = as_windows(X), as_targets(y, len(X))
    if X.shape[2] != 1:
        raise ValueError(f"X must hold one feature, whose forecasts can be fed back, got shape {X.shape}")
    share = own if callable(own) else lambda done: own
    feedback = Feedback(forecaster.module, y.shape[1], share(0.0))
    trainer = TorchForecaster.around(feedback, seed=seed, training={"epochs": 80, **training})
    X = np.concatenate([X, y[:, :-1, None]], axis=1)  # (N, T + steps - 1, 1)
    for epoch in trainer.train(X, y):
        if not np.isfinite(epoch.loss):
            raise FloatingPointError(f"training diverged: the loss is {epoch.loss} in epoch {epoch.epoch}")
        if epoch.epoch < trainer.training["epochs"]:
            feedback.own = share(epoch.epoch / trainer.training["epochs"])
    return forecaster
