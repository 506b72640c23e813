"""The leak audit: what of the future a learner's train and test arrays know."""

import html
from dataclasses import dataclass

import numpy as np

from lessons.checks import as_series
from lessons.windows.alignment import Part, find_sources
from lessons.windows.findings import check_arrays
from lessons.windows.future import run, what_moves

CURES = {
    "shuffled split": "Split by time: everything before one moment trains, everything after it tests "
    "(split_by_time).",
    "overlapping targets": "Leave out the train windows whose target reaches into the test targets' time: "
    "split_by_time(target_index, at, horizon) does.",
    "scaled with the future": "Measure mean and standard deviation on the train part only: "
    "Standardizer().fit(series[:at]).",
    "smoothed with the future": "Smooth with past values only (a trailing average), or not at all.",
    "target inside its own window": "End each window one step before its target: make_windows does.",
}


@dataclass(frozen=True)
class Leak:
    """One way in which the arrays know the future.

    Attributes
    ----------
    name : str
        "shuffled split", "overlapping targets", "scaled with the future", "smoothed with the future" or
        "target inside its own window".
    evidence : str
        What was found, in numbers.
    cure : str
        What to do instead.
    """

    name: str
    evidence: str
    cure: str


class Audit:
    """What an audit found: the leaks, one after the other, and what could not be checked.

    Attributes
    ----------
    leaks : tuple of Leak
        The leaks, each with evidence and cure.
    unknown : tuple of str
        What could not be checked, and why.
    """

    def __init__(self, leaks, unknown=()):
        self.leaks = tuple(leaks)
        self.unknown = tuple(unknown)

    def __iter__(self):
        return iter(self.leaks)

    def __len__(self):
        return len(self.leaks)

    def __getitem__(self, index):
        return self.leaks[index]

    @property
    def names(self):
        """Names of the leaks found."""
        return [leak.name for leak in self.leaks]

    @property
    def clean(self):
        """Whether everything could be checked and no leak was found."""
        return not self.leaks and not self.unknown

    def __repr__(self):
        lines = [f"{leak.name}: {leak.evidence}\n    {leak.cure}" for leak in self.leaks]
        lines += [f"not checked: {reason}" for reason in self.unknown]
        return "\n".join(lines) if lines else "no leak found"

    def _repr_html_(self):
        items = [
            f"<li><b>{html.escape(leak.name)}</b>: "
            f"{html.escape(leak.evidence)}<br><i>{html.escape(leak.cure)}</i></li>"
            for leak in self.leaks
        ]
        items += [f"<li>not checked: {html.escape(reason)}</li>" for reason in self.unknown]
        return f"<ul>{''.join(items)}</ul>" if items else "<p>no leak found</p>"


def audit(series, X_train, y_train, X_test, y_test, prepare=None):
    """Look for leaks in train and test arrays, however they were made.

    The audit finds out where each window and each target lies in the series and how it was scaled, smoothed
    or differenced, from the numbers alone; what it cannot find out it says, and does not guess. Given the
    preparation too, it changes the future of the series and looks whether the past of the prepared one moves.
    Of large parts it looks at the first and last 2000 windows.

    It finds windows that were split at random, targets that share time steps across the split, scaling with
    statistics of more than the train part (mean, standard deviation, minimum, maximum), smoothing that looks
    ahead, and windows that hold their own target. Test windows whose *inputs* lie in the train part are no
    leak.

    Parameters
    ----------
    series : array_like of shape (n,) or (n, D)
        The raw series in its unit, as it was before any preparation.
    X_train, X_test : array_like of shape (N, T), or (N, T, D)
        Input windows, prepared or not.
    y_train, y_test : array_like of shape (N,), or (N, horizon)
        Targets, prepared or not: values, differences or sums of values to come.
    prepare : callable, optional
        The learner's preparation: takes the series (n,) or (n, D), returns the prepared one.

    Returns
    -------
    Audit
        The leaks found, each with name, evidence and cure, and what could not be checked.

    Raises
    ------
    TypeError
        The arrays do not hold numbers, or prepare is not a function.
    ValueError
        Shapes do not belong together, an array is empty, or prepare fails.
    """
    raw = as_series(series)
    train, test = Part.read(X_train, y_train, "train"), Part.read(X_test, y_test, "test")
    if train.X.shape[1:] != test.X.shape[1:] or train.y.shape[1] != test.y.shape[1]:
        raise ValueError(
            f"train and test must have windows and targets of the same size, got X {np.shape(X_train)} and "
            f"{np.shape(X_test)}, y {np.shape(y_train)} and {np.shape(y_test)}"
        )
    if prepare is not None and not callable(prepare):
        raise TypeError(f"prepare must be a function of the series, got {prepare!r}")
    if not np.isfinite(raw).any() or np.nanmin(raw) == np.nanmax(raw):
        return Audit([], ["the series is constant: nothing tells one window from another"])

    found, unknown, border = {}, [], None
    for base in [raw] if prepare is None else [run(prepare, series), raw]:
        sources = find_sources(train, test, base)
        if any(sources):
            found, unknown, border = check_arrays(train, test, base.astype(float), sources, raw.astype(float))
            break
    else:
        hint = (
            ""
            if prepare is not None
            else "; pass prepare=, the function that prepared the series, to check that"
        )
        unknown.append(
            "could not align the windows with the series: they are no scaled, smoothed or differenced "
            f"parts of it, or many of them are the same{hint}"
        )
    if prepare is not None:
        if border is None or "shuffled split" in found:  # no moment parts train from test
            border = int(0.95 * len(raw))
        found |= what_moves(series, prepare, border)
    return Audit([Leak(name, found[name], CURES[name]) for name in CURES if name in found], unknown)
