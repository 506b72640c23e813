"""How good is a forecast? Metrics, skill against the naive forecast, and one scoreboard for all."""

import numbers
from dataclasses import dataclass

import numpy as np

from lessons.checks import as_targets, as_values, as_windows, negligible
from lessons.tables import Table, Tabular


def mse(y_true, y_pred):
    """Mean squared error.

    Parameters
    ----------
    y_true, y_pred : array_like of the same shape
        Values and their forecasts, in the same unit.

    Returns
    -------
    float
        In that unit, squared.

    Raises
    ------
    ValueError
        If the shapes differ, or there is nothing to score.
    """
    return float(np.mean(_errors(y_true, y_pred) ** 2))


def mae(y_true, y_pred):
    """Mean absolute error, in the unit of the values. Parameters as for `mse`."""
    return float(np.mean(np.abs(_errors(y_true, y_pred))))


def bias(y_true, y_pred):
    """Mean of forecast minus truth: below 0 where the forecasts lie too low. Parameters as for `mse`."""
    with np.errstate(invalid="ignore"):  # of infinite errors both ways there is no mean: NaN
        return float(np.mean(_errors(y_true, y_pred)))


def asymmetric_cost(y_true, y_pred, under, over):
    """What errors cost where too little and too much are not equally bad.

    ::

        under · max(y - y_hat, 0) + over · max(y_hat - y, 0),      averaged

    It is (under + over) times the pinball loss of the quantile q = under / (under + over) (Koenker & Bassett,
    Econometrica 46 (1978), eq. 3.1): the forecast that costs least is that quantile of what may happen, and
    not its mean.

    Parameters
    ----------
    y_true, y_pred : array_like of the same shape
        Values and their forecasts, in the same unit.
    under, over : float
        Cost of one unit forecast too low, and too high.

    Returns
    -------
    float
        Mean cost of a forecast.

    Raises
    ------
    ValueError
        If the shapes differ, there is nothing to score, or the costs are negative or both 0.
    """
    _check_costs(under, over)
    errors = _errors(y_true, y_pred)
    return float(np.mean(np.where(errors < 0, -under * errors, over * errors)))


def cheapest_shift(y_true, y_pred, under, over):
    """What to add to forecasts so that their asymmetric cost is the least possible.

    The q-quantile of truth minus forecast, with q = under / (under + over). Learn it on targets that were
    neither trained on nor are to be tested on: on the training targets errors are too small, and on the test
    targets it would be a leak.

    Parameters
    ----------
    y_true, y_pred : array_like of the same shape
        Values and their forecasts, in the same unit.
    under, over : float
        Cost of one unit forecast too low, and too high.

    Returns
    -------
    float
        In the unit of the values; `asymmetric_cost(y_true, y_pred + shift, under, over)` is smallest with it.

    Raises
    ------
    ValueError
        As for `asymmetric_cost`.
    """
    _check_costs(under, over)
    return float(np.quantile(-_errors(y_true, y_pred), under / (under + over), method="inverted_cdf"))


def _check_costs(under, over):
    if not (under >= 0 and over >= 0 and under + over > 0):
        raise ValueError(f"under and over must be costs of 0 or more, not both 0, got {under} and {over}")


def skill(model_mse, naive_mse):
    """Which part of the naive forecast's error a model takes away: 1 - model / naive.

    1 is perfect, 0 no better than naive, negative worse (Murphy, Monthly Weather Review 116 (1988), eq. 4).

    Parameters
    ----------
    model_mse, naive_mse : float
        Mean squared errors on the same targets, in the same unit.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If one is not a number.
    ValueError
        If `naive_mse` is not above 0.
    """
    for name, value in ("model_mse", model_mse), ("naive_mse", naive_mse):
        if not isinstance(value, numbers.Real):
            raise TypeError(f"{name} must be a number, got {value!r}")
    if not naive_mse > 0:
        raise ValueError(f"naive_mse must be above 0, got {naive_mse}")
    return 1 - model_mse / naive_mse


def _errors(y_true, y_pred):
    y_true, y_pred = as_values(y_true, "y_true"), as_values(y_pred, "y_pred")
    if y_true.shape != y_pred.shape:
        raise ValueError(f"y_pred must have the shape of y_true, {y_true.shape}, got {y_pred.shape}")
    if y_true.size == 0:
        raise ValueError("y_true is empty: there is nothing to score")
    with np.errstate(invalid="ignore"):  # inf - inf is NaN, and so is the score
        return y_pred.astype(float) - y_true


@dataclass(frozen=True)
class Row:
    """One line of a scoreboard; errors in the series' own unit, means over seeds.

    `mse_sd` is the standard deviation over seeds, 0.0 for a forecaster without any randomness.
    """

    name: str
    mse: float
    mse_sd: float
    mae: float
    bias: float
    skill: float
    seeds: int


class EvidenceCard(Tabular, dict):
    """The lines of an evidence card, name to text."""

    @property
    def table(self):
        """Table : a row a line."""
        return Table((), self.items(), "Evidence card")


class Scoreboard(Tabular):
    """Forecasts of the same test targets, side by side, the naive one always among them.

    Everything is in the series' own unit, and takes part as it is: nothing is scaled here.

    Parameters
    ----------
    X_test : ndarray of shape (N, T, D)
        Test windows; their last values are the naive forecast.
    y_test : ndarray of shape (N, horizon)
        Their targets.
    noise_floor : float, optional
        MSE that no forecast can beat, in the series' own unit squared. Known for a toy series only.
    unit : str
        Unit of the series, for the heads of the table and the evidence card.
    digits : int, optional
        Decimals of the errors in both; None: such that the naive error shows four digits.

    Attributes
    ----------
    rows : list of Row
        In the order they were added, "last value" first.
    naive : Row
        The row "last value".
    """

    def __init__(self, X_test, y_test, *, noise_floor=None, unit="", digits=4):
        X_test = as_windows(X_test, "X_test")
        self._y_true = as_targets(y_test, len(X_test), "y_test")
        for name, values in ("X_test", X_test[:, -1, 0]), ("y_test", self._y_true):
            if np.isnan(values).any():
                holds = f"{name} holds {np.isnan(values).sum()} NaN where there is something to score"
                raise ValueError(f"{holds}: leave those windows out")
        self.noise_floor, self.unit = noise_floor, unit
        self.rows = []
        self.add("last value", np.repeat(X_test[:, -1, :1], self._y_true.shape[1], axis=1))
        self.digits = max(0, 3 - int(np.log10(max(self.naive.mse, 1e-6)))) if digits is None else digits

    @property
    def naive(self):
        return self.rows[0]

    def add(self, name, y_pred):
        """Score forecasts and put them on the board, in place of an older row of that name.

        Parameters
        ----------
        name : str
            What the row is called. Names that `lessons.figures` knows keep their colour everywhere.
        y_pred : ndarray of shape (N, horizon), or a list of them
            Forecasts; a list holds one array a seed.

        Returns
        -------
        Scoreboard
            Itself, so that calls can be chained.

        Raises
        ------
        ValueError
            If a forecast's shape is not that of the targets.
        """
        per_seed = y_pred if isinstance(y_pred, list) else [y_pred]
        if not per_seed:
            raise ValueError(f"y_pred of {name!r} is an empty list: give one array a seed")
        mses = [mse(self._y_true, p) for p in per_seed]
        row = Row(
            name=name,
            mse=float(np.mean(mses)),
            mse_sd=float(np.std(mses, ddof=1)) if len(mses) > 1 else 0.0,
            mae=float(np.mean([mae(self._y_true, p) for p in per_seed])),
            bias=float(np.mean([bias(self._y_true, p) for p in per_seed])),
            skill=self._skill(np.mean(mses)),
            seeds=len(mses),
        )
        names = [r.name for r in self.rows]
        if name in names:
            self.rows[names.index(name)] = row
        else:
            self.rows.append(row)
        return self

    def __getitem__(self, name):
        """The row of that name.

        Raises
        ------
        KeyError
            If there is none, naming those there are.
        """
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"no row {name!r}; there are {', '.join(r.name for r in self.rows)}")

    def evidence_card(self, name, *, series, window, split, plot_check):
        """What a reader needs to believe a score, on one card, with a verdict that the numbers give.

        Parameters
        ----------
        name : str
            The row to report.
        series : str
            What was forecast, with its unit.
        window : int or str
            T, the time steps the forecaster sees; in words where it is no one number: "at most 24".
        split : str
            How train and test were kept apart.
        plot_check : str
            What was seen when forecasts and truth were *looked at*, one over the other.

        Returns
        -------
        EvidenceCard

        Raises
        ------
        KeyError
            If there is no such row.
        ValueError
            If `plot_check` is empty: nobody looked.
        """
        if not plot_check.strip():
            raise ValueError("plot_check is empty: plot forecasts and truth, and say what you saw")
        row = self[name]
        spread = f" ± {row.mse_sd:.{self.digits}f} over {row.seeds} seeds" if row.seeds > 1 else ""
        measured = f" ({self.unit})²" if self.unit else ""
        return EvidenceCard(
            {
                "series": series,
                "window": f"{window} step{'s' * (window != 1)}",
                "split": split,
                "naive score": f"last value, test MSE {self.naive.mse:.{self.digits}f}{measured}",
                "model score": f"{name}, test MSE {row.mse:.{self.digits}f}{spread}{measured}",
                "plot check": plot_check,
                "verdict": self._verdict(row),
            }
        )

    def _verdict(self, row):
        gap = self.naive.mse - row.mse
        if abs(gap) <= 2 * row.mse_sd:
            verdict = f"{row.name} and the naive forecast cannot be told apart over these seeds"
        elif gap > 0:
            verdict = f"{row.name} takes away {row.skill:.0%} of the naive error"
        else:
            verdict = f"{row.name} is worse than the naive forecast, by {-row.skill:.0%}"
        if self.noise_floor is None:
            return verdict + "; how low an error could be is not known"
        return verdict + f"; its error is {row.mse / self.noise_floor:.2f} times the noise floor"

    @property
    def table(self):
        """Table : a row a forecaster, and the noise floor if it is known."""
        mse_unit, mae_unit = (f" ({self.unit})²", f" ({self.unit})") if self.unit else ("", "")
        heads = ("forecaster", f"test MSE{mse_unit}", f"MAE{mae_unit}", "skill", "seeds")
        rows = [
            (r.name, self._error(r), f"{r.mae:.{self.digits}f}", _percent(r.skill), str(r.seeds))
            for r in self.rows
        ]
        if self.noise_floor is not None:
            reachable = _percent(self._skill(self.noise_floor))
            rows.append(("noise floor", f"{self.noise_floor:.{self.digits}f}", "", reachable, ""))
        return Table(heads, rows, "Errors on the test part, in the series’ own unit")

    def _error(self, row):
        spread = f" ± {row.mse_sd:.{self.digits}f}" if row.seeds > 1 else ""
        return f"{row.mse:.{self.digits}f}{spread}"

    def _skill(self, error):
        """Part of the naive error gone; NaN where the last value repeats itself and there is none."""
        naive_mse = self.rows[0].mse if self.rows else error
        return float("nan") if negligible(np.sqrt(naive_mse), self._y_true) else skill(error, naive_mse)


def scoreboard(models, X_train, y_train, X_test, y_test, *, scaler=None, noise_floor=None):
    """Fit every model on the same training windows and score it on the same test windows.

    Parameters
    ----------
    models : dict of str to forecaster
    X_train, X_test : ndarray of shape (N, T, D)
        Windows.
    y_train, y_test : ndarray of shape (N, horizon)
        Their targets, in the unit of the windows.
    scaler : Standardizer, optional
        Has scaled both, and takes forecasts and targets back to the series' own unit.
    noise_floor
        As for `Scoreboard`.

    Returns
    -------
    Scoreboard

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    own_unit = np.asarray if scaler is None else scaler.inverse_target
    board = Scoreboard(own_unit(X_test), own_unit(y_test), noise_floor=noise_floor)
    for name, model in models.items():
        board.add(name, own_unit(model.fit(X_train, y_train).predict(X_test)))
    return board


def _percent(fraction):
    return f"{fraction:+.0%}" if abs(fraction) >= 0.005 or fraction != fraction else "0%"  # no "-0%"
