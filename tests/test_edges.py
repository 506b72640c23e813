"""Numbers at the edge, for every public function of arrays and every forecaster: found, not listed."""

import importlib
import inspect
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lessons.baselines import LastValue, Mean
from lessons.cleaning import targets_observed
from lessons.diagnostics import ljung_box
from lessons.rnn import LSTM
from lessons.scores import Scoreboard, skill
from lessons.significance import paired_verdict
from lessons.windows import make_windows, split_by_time

MODULES = (
    "windows baselines scores significance diagnostics cleaning rollout gates wrappers refits rnn statistical"
)
N, T = 60, 6
SERIES = np.random.default_rng(0).normal(size=N)
WINDOWS = np.random.default_rng(1).normal(size=(N, T, 1))
ARRAYS = dict.fromkeys(["series", "y", "y_true", "y_pred", "loss_a", "loss_b", "d", "errors"], SERIES)
USUAL = ARRAYS | {
    "window": T,
    "season_length": 4,
    "at": 40,
    "over": 1.0,
    "under": 2.0,
    "order": 3,
    "origin": np.arange(N),
    "origins": np.arange(20, 50),
    "steps": 5,
    "t": np.arange(N),
    "fillings": {"zero": np.nan_to_num},
    "hidden_size": 3,
    "training": {"epochs": 2},
    "model": LSTM(1, 3, training={"epochs": 2}),
}
ALWAYS = {"hidden_size", "training"}  # given although they have defaults


def pipeline(series):
    X, y, target_index = make_windows(series, 3)
    train, test = split_by_time(target_index, 0.7)
    return X[train], y[train], X[test], y[test]


def step(gates, *states):
    """Inputs, states, weights and bias of one step."""
    shapes = {"x": (4, 2)} | dict.fromkeys(states, (4, 3))
    shapes |= {"W_x": (2, 3 * gates), "W_h": (3, 3 * gates), "b": (3 * gates,)}
    return {name: np.random.default_rng(2).normal(size=shape) for name, shape in shapes.items()}


FITTED = {"X": WINDOWS, "y": SERIES[:, np.newaxis]}
ITSELF = {  # arguments that the table above has not, or another of the same name; arrays may be odd
    "audit": {"series": SERIES[:30], "pipeline": pipeline},
    "rollout": {"model": LastValue(), "series": SERIES, "origins": np.array([20]), "steps": 5, "window": T},
    "error_by_horizon": {"y_true": SERIES.reshape(20, 3), "y_pred": 0.5 * SERIES.reshape(20, 3)},
    "refit": {"models": {"mean": Mean()}, **FITTED, "origins": [(np.arange(30), np.arange(30, N))]},
    "record_gates": {"model": LSTM(1, 3), "X": WINDOWS},
    "gradient_check": {"model": LSTM(1, 2), "X": WINDOWS[:3], "y": SERIES[:3, np.newaxis]},
    "rnn_step": step(1, "h"),
    "lstm_step": step(4, "h", "c"),
    "gru_step": step(3, "h"),
}
EXEMPT = {
    "horizon_table",  # takes what another one returns
    "mse_loss",  # the inner loop of training
    "Forecaster",
}
PUBLIC = {
    f"{name}.{member}": value
    for name in MODULES.split()
    for member, value in vars(importlib.import_module(f"lessons.{name}")).items()
    if getattr(value, "__module__", "").startswith(f"lessons.{name}") and member[0] != "_"
}


def arguments(function):
    """Usual values for the arguments that a function needs, or None where one must be made with care."""
    if function.__name__ in ITSELF:
        return ITSELF[function.__name__]
    parameters = inspect.signature(function).parameters.values()
    wanted = [p.name for p in parameters if p.default is p.empty or p.name in ALWAYS]
    return {name: USUAL[name] for name in wanted} if USUAL.keys() >= set(wanted) else None


def arrays_of(function):
    """Names of the arguments that are arrays of numbers, not of indices."""
    values = arguments(function)
    own = values.keys() if function.__name__ in ITSELF else ARRAYS.keys()
    return sorted(
        key for key in own & values if isinstance(values[key], np.ndarray) and values[key].dtype.kind == "f"
    )


MADE = {
    name: value
    for name, value in PUBLIC.items()
    if (inspect.isfunction(value) or hasattr(value, "fit")) and value.__name__ not in EXEMPT
    if arguments(value) is not None
}
FUNCTIONS = [name for name, value in MADE.items() if inspect.isfunction(value) and arrays_of(value)]
FORECASTERS = [name for name, value in MADE.items() if hasattr(value, "predict") and hasattr(value, "fit")]
ODD = st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1e-9, 1.0, 1013.0, 1e8, 1e160, -1e308])


@st.composite
def odd(draw, usual):
    """An array like a usual one, or constant, almost so, tiny, far from 0, short, with odd values in it."""
    array = usual * draw(st.sampled_from([0, 1e-300, 1e-12, 1, 1e3])) + draw(ODD)
    for place in draw(st.lists(st.integers(0, array.size - 1), max_size=3)):
        array.flat[place] = draw(ODD)
    return array[: draw(st.sampled_from([None, None, 1, 0]))]


def sound(function, *args, named, **kwargs):
    """Call a function: no warning, and if it refuses, then by the name of an argument."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return function(*args, **kwargs)
        except (ValueError, TypeError) as error:
            assert any(re.search(rf"\b{name}\b", str(error)) for name in named), error


def written(result):
    """Its text, without what differs from run to run."""
    return re.sub("0x[0-9a-f]+", "", repr(result))


def test_most_are_found():
    assert len(FUNCTIONS) >= 27 and len(FORECASTERS) >= 12


@pytest.mark.parametrize("name", FUNCTIONS)
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_a_function_answers_or_names_what_it_refuses(name, data):
    usual = arguments(MADE[name])
    arrays = data.draw(st.sets(st.sampled_from(arrays_of(MADE[name])), min_size=1))
    sound(MADE[name], named=usual, **usual | {key: data.draw(odd(usual[key])) for key in arrays})


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_takes_every_kind_of_array(name):
    usual = arguments(MADE[name])
    expected = written(MADE[name](**usual))
    for kind in list, pd.Series, np.ma.asarray, lambda values: values.astype(object), np.longdouble:
        fits = [key for key in arrays_of(MADE[name]) if usual[key].ndim == 1 or kind is not pd.Series]
        given = {key: kind(value) if key in fits else value for key, value in usual.items()}
        assert written(MADE[name](**given)) == expected


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(
    "wrong", [["a"] * N, SERIES + 1j, [[1.0], [1.0, 2.0]]], ids=["text", "complex", "ragged"]
)
def test_what_is_no_number_is_refused_by_name(name, wrong):
    usual = arguments(MADE[name])
    for key in arrays_of(MADE[name]):
        with pytest.raises((TypeError, ValueError), match=rf"\b{key}\b"):
            MADE[name](**usual | {key: wrong})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: skill([1, [2]], 1.0), r"model_mse must be a number, got \[1, \[2\]\]"),
        (lambda: split_by_time([[5, 6], [7]], 6), r"target_index must hold whole .*got \[\[5, 6\], \[7\]\]"),
        (lambda: targets_observed([False, True], [0.5]), "target_index must hold whole .*got .*float64"),
        (lambda: paired_verdict("a", {"a": [], "last value": []}), r"losses must .*got 'a' \(0,\)"),
        (lambda: Scoreboard(WINDOWS[:2], [[1], [np.nan]]), "y_test holds 1 NaN"),
        (lambda: ljung_box(1e-300 * SERIES), "errors must hold .* not all the same up to rounding"),
    ],
)
def test_an_argument_is_named_and_what_came(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


@pytest.mark.parametrize("name", FORECASTERS)
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_a_forecaster_answers_or_names_what_it_refuses(name, data):
    model = MADE[name](**arguments(MADE[name]))
    X, y = data.draw(odd(WINDOWS)), data.draw(odd(SERIES[:, np.newaxis]))
    if sound(model.fit, X, y, named=["X", "y", *inspect.signature(MADE[name]).parameters]) is not None:
        y_pred = sound(model.predict, X, named="X")
        unknown = np.isnan(X).any() or np.isnan(y).any() or np.isinf(X).any() or np.isinf(y).any()
        assert y_pred is None or unknown or np.isfinite(y_pred).all()


@pytest.mark.parametrize("name", [name for name in PUBLIC if hasattr(PUBLIC[name], "fit_series")])
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_a_statistical_forecaster_answers_or_names_what_it_refuses(name, data):
    model, series = PUBLIC[name](), data.draw(odd(SERIES))
    if sound(model.fit_series, series, named=["series"]) is not None:
        assert np.isfinite(model.forecast(series, np.arange(40, N))).all()


@pytest.mark.parametrize("name", [name for name in FORECASTERS if name.startswith("baselines")])
@pytest.mark.parametrize(("level", "dtype"), [(1013, np.float32), (1e8, np.float64)])
def test_a_forecaster_subtracts_the_level_first(name, level, dtype):
    X, y = (WINDOWS + level).astype(dtype), (SERIES[:, np.newaxis] + level).astype(dtype)
    model = MADE[name](**arguments(MADE[name]))
    expected = model.fit(X.astype(float) - level, y.astype(float) - level).predict(X.astype(float) - level)
    y_pred = model.fit(X, y).predict(X).astype(float)
    np.testing.assert_allclose(y_pred - level, expected, rtol=0, atol=50 * level * np.finfo(dtype).eps)
