"""Looking at gradients: are they right, and how far back do they reach?"""

from dataclasses import dataclass

import numpy as np

from lessons.checks import as_targets, as_windows
from lessons.rnn.training import mse_loss

STEP = 1e-5  # how far a parameter is moved
TOLERANCE = 1e-6  # correct backward passes stay below 4e-7; the mildest usual mistake is at 0.1
NEGLIGIBLE = 1e-4  # a gradient as small as this is compared absolutely: finite differences end at 1e-11


@dataclass(frozen=True)
class GradientCheck:
    """Outcome of `gradient_check`: one relative error per parameter, and a verdict.

    Attributes
    ----------
    errors : dict of str to float
        Relative error by parameter name.
    worst : dict of str to tuple
        Index of the entry that is furthest off, by parameter name.
    """

    errors: dict
    worst: dict

    @property
    def ok(self):
        """bool : whether every parameter passes."""
        return not self.wrong

    @property
    def wrong(self):
        """list of str : names of the parameters that do not pass."""
        return [name for name, error in self.errors.items() if not error <= TOLERANCE]

    def __bool__(self):
        return self.ok

    def __repr__(self):
        width = max(map(len, self.errors))
        rows = [
            f"{name:<{width}}  {error:8.1e}  " + ("ok" if name not in self.wrong else self._accuse(name))
            for name, error in self.errors.items()
        ]
        verdict = "all gradients agree" if self.ok else f"wrong: {', '.join(self.wrong)}"
        return "\n".join([f"{'':<{width}}  relative error", *rows, f"{verdict} (tolerance {TOLERANCE:.0e})"])

    def _accuse(self, name):
        return f"WRONG, most at {name}[{', '.join(map(str, self.worst[name]))}]"


def gradient_check(model, X, y):
    """Compare a model's `backward` with finite differences of its loss.

    Every entry of a parameter (of a large one, 200 drawn at random) is moved up and down by 1e-5, and the
    slope of the mean squared error compared with the gradient: (L(p + step) - L(p - step)) / (2 step).

    Parameters
    ----------
    model : object with `params`, `forward` and `backward`
        In float64. Its parameters are moved and put back.
    X : ndarray of shape (B, T, D)
        A few short windows are enough, scaled.
    y : ndarray of shape (B, horizon)
        Targets, in the same scaled unit.

    Returns
    -------
    GradientCheck
        True if all pass; prints as a table. The relative error of a parameter is the largest difference among
        its entries over the largest gradient among them, so that an entry near zero raises no false alarm.

    Raises
    ------
    ValueError
        If the gradients lack a parameter, have another shape, or the model is not in float64.
    """
    X, rng = as_windows(X), np.random.default_rng(0)
    y = as_targets(y, len(X))

    def loss():
        return mse_loss(model.forward(X), y)[0]

    grads = model.backward(mse_loss(model.forward(X), y)[1])
    errors, worst = {}, {}
    for name, p in model.params.items():
        grad = _gradient_of(name, p, grads)
        picked = np.arange(p.size) if p.size <= 200 else rng.choice(p.size, 200, replace=False)
        numeric = np.array([_slope(loss, p, np.unravel_index(k, p.shape)) for k in picked])
        difference = np.abs(grad.ravel()[picked] - numeric)
        scale = max(np.abs(grad.ravel()[picked]).max(), np.abs(numeric).max(), NEGLIGIBLE)
        errors[name] = float(difference.max() / scale)
        worst[name] = tuple(int(k) for k in np.unravel_index(picked[difference.argmax()], p.shape))
    return GradientCheck(errors, worst)


def gradient_memory(model, X):
    """How strongly the last hidden state still feels each input: the norm of d h_T / d x_{T - lag}.

    Parameters
    ----------
    model : RNN, LSTM or GRU
    X : ndarray of shape (B, T, D)
        Windows, scaled.

    Returns
    -------
    ndarray of shape (T,)
        Frobenius norm of the (H, D) Jacobian by lag, averaged over the windows and divided by its value at
        lag 0 (the last step): 1, then how much of it is left. Without unit.

    Raises
    ------
    ValueError
        If X does not fit the model.
    """
    jacobian = model.input_gradients(X)  # (B, T, H, D)
    norm = np.sqrt((jacobian**2).sum(axis=(2, 3))).mean(axis=0)  # (T,)
    if not norm[-1]:
        raise ValueError(
            "X drives the gates to their ends: the forecast does not depend on it; scale it first"
        )
    return norm[::-1] / norm[-1]


def _slope(loss, p, index):
    kept, losses = p[index], []
    for step in (STEP, -STEP):
        p[index] = kept + step
        losses.append(loss())
    p[index] = kept
    return (losses[0] - losses[1]) / (2 * STEP)


def _gradient_of(name, p, grads):
    if p.dtype != np.float64:
        raise ValueError(
            f"gradient_check needs float64, {name} is {p.dtype}: make the model with dtype=np.float64"
        )
    if name not in grads:
        raise ValueError(f"backward returned no gradient for {name}, only for {', '.join(grads)}")
    grad = np.asarray(grads[name])
    if grad.shape != p.shape:
        raise ValueError(f"the gradient of {name} must have its shape {p.shape}, got {grad.shape}")
    return grad
