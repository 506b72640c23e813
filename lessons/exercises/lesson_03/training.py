"""Training, and the mending of its forecasts: a step of Adam, and windows measured from their own level."""

import numpy as np

from lessons.exercises.declare import Case, Exercise, Part, Slip

_rng = np.random.default_rng(32)


def adam_update(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    """Step k = 1, 2, … of Adam for one array of parameters."""
    m = beta_1 * m + (1 - beta_1) * g  # running mean of the gradient
    v = beta_2 * v + (1 - beta_2) * g**2  # running mean of its square
    m_hat = m / (1 - beta_1**k)  # both began at zero and are too small at first
    v_hat = v / (1 - beta_2**k)
    p = p - lr * m_hat / (np.sqrt(v_hat) + eps)
    return p, m, v


_ADAM_SLIPS = [
    Slip(
        "The correction for the start at zero is missing: at k = 1, m holds a tenth of the "
        "gradient, and the root of v a thirtieth.",
        {"m_hat = m / (1 - beta_1**k)": "m_hat = m", "v_hat = v / (1 - beta_2**k)": "v_hat = v"},
    ),
    Slip("`m` is corrected for its start at zero, `v` is not.", {"v_hat = v / (1 - beta_2**k)": "v_hat = v"}),
    Slip("The correction is a step ahead: k begins at 1.", {"1**k": "1 ** (k + 1)", "2**k": "2 ** (k + 1)"}),
    Slip("`eps` belongs outside the root.", {"(np.sqrt(v_hat) + eps)": "np.sqrt(v_hat + eps)"}),
    Slip(
        "The corrections stand before the fraction. There `eps` is added to a root that is not corrected, "
        "and counts for more.",
        {
            "lr * m_hat / (np.sqrt(v_hat) + eps)": (
                "lr * np.sqrt(1 - beta_2**k) / (1 - beta_1**k) * m / (np.sqrt(v) + eps)"
            )
        },
    ),
    Slip("The root of v is missing, so the step has the wrong unit.", {"np.sqrt(v_hat)": "v_hat"}),
    Slip(
        "The two betas are swapped: `beta_1` belongs to m, `beta_2` to v.",
        {
            "m = beta_1 * m + (1 - beta_1) * g": "m = beta_2 * m + (1 - beta_2) * g",
            "v = beta_2 * v + (1 - beta_2) * g**2": "v = beta_1 * v + (1 - beta_1) * g**2",
        },
        of="m, v",
    ),
    Slip("This walks uphill: the step has to be subtracted.", {"p - lr": "p + lr"}),
    Slip("The corrected `m` and `v` are handed on, to be corrected again.", {"p, m, v": "p, m_hat, v_hat"}),
    Slip(
        "`m` and `v` are handed back as they came; the next step would know nothing of this one.",
        {"m = beta_1": "old = m, v\n    m = beta_1", "return p, m, v": "return p, *old"},
    ),
    Slip(
        "In `m` and `v` the weights are exchanged: the old mean should count for most, the new "
        "gradient for little.",
        {
            "m = beta_1 * m + (1 - beta_1) * g": "m = (1 - beta_1) * m + beta_1 * g",
            "v = beta_2 * v + (1 - beta_2) * g**2": "v = (1 - beta_2) * v + beta_2 * g**2",
        },
        of="m, v",
    ),
    Slip(
        "In `m` and `v` the gradient is added in full; the two weights of a mean add up to 1.",
        {"(1 - beta_1) * g": "g", "(1 - beta_2) * g**2": "g**2"},
        of="m, v",
    ),
    Slip("`v` is a mean of the gradient itself; it should be of its square.", {"g**2": "g"}, of="v"),
    Slip("The first result is the step alone; asked for are the weights after the step.", {"p - lr": "lr"}),
    Slip("The correction lags: at k = 1 it divides by 0.", {"1**k": "1 ** (k - 1)", "2**k": "2 ** (k - 1)"}),
    Slip(
        "In the correction the whole of 1 − β is raised to the power k; only β should be.",
        {"(1 - beta_1**k)": "(1 - beta_1) ** k", "(1 - beta_2**k)": "(1 - beta_2) ** k"},
    ),
    Slip("In the correction β is multiplied by k, not raised to it.", {"1**k": "1 * k", "2**k": "2 * k"}),
    Slip("`eps` is not used: where v is 0 this divides by zero.", {"+ eps": ""}),
    Slip(
        "The settings are fixed numbers here; `lr`, `beta_1`, `beta_2` and `eps` are not used.",
        {"m = beta_1": "lr, beta_1, beta_2, eps = 2e-3, 0.9, 0.999, 1e-8\n    m = beta_1"},
    ),
    Slip(
        "In the step the settings are fixed numbers; it should use the arguments.",
        {"m_hat =": "lr, beta_1, beta_2, eps = 2e-3, 0.9, 0.999, 1e-8\n    m_hat ="},
    ),
    Slip("The learning rate is a fixed number; the argument `lr` is not used.", {"p - lr": "p - 2e-3"}),
    Slip("`m` is the latest gradient; the running mean of those before is lost.", {"p, m, v": "p, g, v"}),
    Slip(
        "The correction is the same at every step; it should fade as k grows. Where is the power?",
        {"1 - beta_1**k": "1 - beta_1", "1 - beta_2**k": "1 - beta_2"},
    ),
    Slip(
        "The step uses `m` from before this gradient.",
        {"m = beta_1 * m": "old, m = m, beta_1 * m", "m_hat = m /": "m_hat = old /"},
    ),
    Slip(
        "The step uses `m` and `v` from before this gradient.",
        {
            "m = beta_1 * m": "old_m, old_v = m, v\n    m = beta_1 * m",
            "m_hat = m /": "m_hat = old_m /",
            "v_hat = v /": "v_hat = old_v /",
        },
    ),
    Slip("The learning rate is missing: steps have length 1, not `lr`.", {"lr * m_hat": "m_hat"}),
    Slip(
        "`eps` is added to the step; it belongs below the fraction line.",
        {"lr * m_hat / (np.sqrt(v_hat) + eps)": "lr * (m_hat / np.sqrt(v_hat) + eps)"},
    ),
    Slip(
        "`eps` is added after the division: there are brackets missing below the fraction line.",
        {"m_hat / (np.sqrt(v_hat) + eps)": "m_hat / np.sqrt(v_hat) + eps"},
    ),
    Slip("Wrong order: first `p`, then `m`, then `v`.", {"p, m, v": "p, v, m"}),
    Slip("The step uses the gradient itself, not its running mean.", {"lr * m_hat": "lr * g"}),
    Slip("`v` is corrected with `beta_1`.", {"beta_2**k": "beta_1**k"}),
    Slip("The correction of v belongs inside the root.", {"v / (1 - beta_2**k)": "v / (1 - beta_2**k) ** 2"}),
    Slip("`v` is one mean for all; each parameter has its own.", {"g**2": "np.mean(g**2)"}, of="v"),
]


def centre_windows(X, y):
    """Measure every window, and its target, from the window's own mean."""
    level = X.mean(axis=1)  # (N, 1) from the inputs alone: the target is the future
    return X - level[:, np.newaxis], y - level, level  # (N, T, 1), (N, 1), (N, 1)


_CENTRE_SLIPS = [
    Slip(
        "One mean for all windows: that moves the series up or down, and it climbs as before.",
        {"X - level[:, np.newaxis], y - level": "X - X.mean(), y - X.mean()"},
    ),
    Slip(
        "The target is part of the mean. On the day of the forecast it is not known: a leak.",
        {"X.mean(axis=1)": "np.concatenate([X[:, :, 0], y], axis=1).mean(axis=1, keepdims=True)"},
        of="level",
    ),
    Slip("The targets are left where they were, at a level no longer seen.", {"y - level": "y"}),
    Slip("Nothing is centred.", {"X - level[:, np.newaxis], y - level": "X, y"}),
    Slip("The inputs are left where they were, at levels never met.", {"X - level[:, np.newaxis]": "X"}),
    Slip("The level is added to the targets; it has to be taken away.", {"y - level": "y + level"}),
    Slip("Every target is 0, centred on itself: nothing is left to forecast.", {"y - level": "y - y"}),
    Slip("`level` is each window's median; asked for is the mean.", {"X.mean(": "np.median(X, "}, of="level"),
    Slip("`level` is each window's oldest value, not its mean.", {"X.mean(axis=1)": "X[:, 0]"}, of="level"),
    Slip("The targets are centred on *their* mean, not on their windows'.", {"y - level": "y - y.mean()"}),
    Slip(
        "The mean of the inputs is taken over the windows, not over the steps of each window.",
        {"X - level[:, np.newaxis]": "X - X.mean(axis=0)"},
    ),
    Slip("`level` is each window's last value: one noisy value.", {"X.mean(axis=1)": "X[:, -1]"}, of="level"),
    Slip(
        "Centred, and divided by the spread as well. Only the level is asked for.",
        {
            "X - level[:, np.newaxis], y - level": (
                "(X - level[:, np.newaxis]) / X.std(axis=1)[:, np.newaxis], (y - level) / X.std(axis=1)"
            )
        },
    ),
]


def _adam_case(k, **options):
    m, v = (0.1 * _rng.normal(size=(2, 3)), 0.1 * _rng.random((2, 3))) if k > 1 else np.zeros((2, 2, 3))
    return Case(_rng.normal(size=(2, 3)), _rng.normal(size=(2, 3)), m, v, k, **options)


def _levelled(level, N, T=5):
    """Windows around given levels: (N, T, 1)."""
    return np.reshape(level, (-1, 1, 1)) + _rng.normal(size=(N, T, 1))


_LATER = (_adam_case(7), _adam_case(50, lr=0.1, beta_1=0.8, beta_2=0.9, eps=0.1))
_CLIMBING = Case(_levelled(np.arange(6.0), 6), np.arange(6.0)[:, np.newaxis] + _rng.normal(size=(6, 1)))


EXERCISES = (
    Exercise(
        "03.adam_update",
        "Take one step of Adam",
        reference=adam_update,
        returns="p, m, v",
        parts=[
            Part("the running mean `m`", 1, *_LATER, of="m"),
            Part("the very first step", 1, _adam_case(1)),
            Part("later steps, any settings", 1, *_LATER),
        ],
        hints=[
            "Three stages: the running means, their corrected versions, the step. A running mean keeps the "
            "share β of what it was and takes the share 1 - β of what is new.",
            "`m = beta_1 * m + (1 - beta_1) * g`, and `v` the same with `g**2` and `beta_2`. Both begin at "
            "zero, so at first they are too small: divide by `1 - beta_1**k` and `1 - beta_2**k`.",
            "The step is `lr` times the corrected m over (the root of the corrected v, plus eps). "
            "Return the *uncorrected* `m` and `v`.",
        ],
        wrong=_ADAM_SLIPS,
    ),
    Exercise(
        "03.centre_windows",
        "Measure every window from its own level",
        reference=centre_windows,
        returns="X_centred, y_centred, level",
        parts=[
            Part("the level of each window", 1, _CLIMBING, of="level"),
            Part("the centred inputs", 1, _CLIMBING, of="X_centred"),
            Part("the centred targets", 1, _CLIMBING, of="y_centred"),
        ],
        hints=[
            "Axis 1 of `X` is time. Each window gets a mean of its own, so `level` has shape (N, 1).",
            "The same level is taken from the window and from its target: a forecast can get it back.",
            "`X` has three axes and `level` two: `level[:, np.newaxis]` fits.",
        ],
        wrong=_CENTRE_SLIPS,
    ),
)
