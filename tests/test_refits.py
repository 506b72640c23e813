"""Refits: fitted on their past alone, broken off and resumed, and never someone else's."""

import numpy as np
import pytest

from lessons.baselines import LastValue, Ridge
from lessons.refits import View, refit
from lessons.rnn import LSTM
from lessons.scores import mse
from lessons.series import two_waves
from lessons.torch_rnn import TorchForecaster
from lessons.windows import Standardizer, make_windows, rolling_origins


@pytest.fixture
def data():
    X, y, _ = make_windows(5 + 3 * two_waves()[1].astype(float), 16, 2)
    return X, y, list(rolling_origins(len(X), 3, gap=1))


class Counting(Ridge):
    """Counts how often anyone is fitted; may be stopped at the n-th."""

    fits, stop_at = 0, None

    def fit(self, X, y):
        Counting.fits += 1
        if Counting.fits == Counting.stop_at:
            raise KeyboardInterrupt
        return super().fit(X, y)


class OneStep(Ridge):
    def predict(self, X):
        return super().predict(X)[:, :1]


@pytest.fixture(autouse=True)
def nobody_counted():
    Counting.fits, Counting.stop_at = 0, None


def test_each_origin_trains_on_its_past_and_scales_with_it(data):
    X, y, origins = data
    found = refit({"ridge": Ridge(alpha=1.0), "last value": LastValue()}, X, y, origins)
    for k, (train, test) in enumerate(origins):
        scaler = Standardizer().fit(X[train][:, -1])
        model = Ridge(alpha=1.0).fit(scaler.transform(X[train]), scaler.transform_target(y[train]))
        y_pred = scaler.inverse_target(model.predict(scaler.transform(X[test])))
        assert found.mse["ridge"][k] == pytest.approx(mse(y[test], y_pred), rel=1e-12)
        naive = mse(y[test], np.repeat(X[test][:, -1], 2, axis=1))
        assert found.mse["last value"][k] == pytest.approx(naive)
    tests = np.concatenate([test for _, test in origins])
    np.testing.assert_array_equal(found.y_true, y[tests])
    assert "ridge" in repr(found) and "<table" in found._repr_html_()


def test_models_are_copied_and_come_back_from_the_store(data, tmp_path):
    net = LSTM(1, 4, output_size=2, training={"epochs": 2})
    models = {"net": net, "seen": View(Ridge(), [0], 3), "torch": TorchForecaster("GRU", 1, 3, 2)}
    before = net.predict(data[0])
    first, stored, anew = (
        refit(models, *data, store=tmp_path),
        refit(models, *data, store=tmp_path),
        refit(models, *data),
    )
    for name in models:
        np.testing.assert_array_equal(stored.y_pred[name], first.y_pred[name])
        np.testing.assert_array_equal(anew.y_pred[name], first.y_pred[name])
    np.testing.assert_array_equal(net.predict(data[0]), before)


def test_a_view_sees_its_features_and_last_steps(data):
    X, y, _ = data
    both = np.concatenate([X, -X], axis=2)
    seen = View(Ridge(), [1], 3).fit(both, y).predict(both)
    np.testing.assert_allclose(seen, Ridge().fit(-X[:, -3:], y).predict(-X[:, -3:]))


def test_broken_off_and_resumed(data, tmp_path):
    models = {"ridge": Counting(), "again": Counting(alpha=2.0)}
    Counting.stop_at = 5
    with pytest.raises(KeyboardInterrupt, match="4 of 6 fits are done and are stored: the same call goes on"):
        refit(models, *data, store=tmp_path)
    Counting.stop_at = None
    resumed = refit(models, *data, store=tmp_path)
    assert Counting.fits == 5 + 2
    np.testing.assert_array_equal(resumed.y_pred["again"], refit(models, *data).y_pred["again"])
    Counting.stop_at = Counting.fits + 2
    with pytest.raises(KeyboardInterrupt, match="1 of 6 fits are done and are lost: give store="):
        refit(models, *data)


def fits_of(*call, **how):
    before = Counting.fits
    refit(*call, **how)
    return Counting.fits - before


def test_only_the_same_fit_is_taken_from_the_store(data, tmp_path):
    X, y, origins = data
    assert fits_of({"a": Counting()}, X, y, origins, store=tmp_path) == 3
    assert fits_of({"a": Counting()}, X, y, origins, store=tmp_path) == 0
    assert fits_of({"other name": Counting()}, X, y, origins, store=tmp_path) == 0
    assert fits_of({"a": Counting(alpha=3.0)}, X, y, origins, store=tmp_path) == 3  # another setting
    assert fits_of({"a": Counting()}, X + 1e-9, y, origins, store=tmp_path) == 3  # other data
    assert fits_of({"a": Counting()}, X, y, origins[:2], store=tmp_path) == 0  # fewer of the same
    assert fits_of({"a": Counting()}, X, y, rolling_origins(len(X), 2), store=tmp_path) == 2  # another split
    assert fits_of({"a": View(Counting(), [0], 9)}, X, y, origins, store=tmp_path) == 3


def test_changed_code_of_a_class_is_another_model(data, tmp_path):
    def predicted(code):
        exec(f"class Mine(Ridge):\n    def predict(self, X):\n        return {code}", globals())
        model = View(globals()["Mine"](), [0], 9)  # as in a notebook: a class without a file
        return refit({"mine": model}, *data, store=tmp_path).y_pred["mine"]

    first, second = (predicted(f"Ridge.predict(self, X) + {k}") for k in (0, 1))
    assert not np.allclose(first, second)


def test_a_damaged_file_is_made_anew(data, tmp_path):
    refit({"a": Counting()}, *data, store=tmp_path)
    first, second, _ = tmp_path.rglob("output.pkl")
    first.write_bytes(b"")
    second.write_bytes(second.read_bytes()[:90])
    assert fits_of({"a": Counting()}, *data, store=tmp_path) == 2


def test_the_bar_vanishes(data, capsys):
    refit({"a": Ridge()}, *data)
    assert capsys.readouterr().err.endswith("\r")
    assert capsys.readouterr().out == ""


def test_bad_use_is_refused(data):
    X, y, origins = data
    for model, at, message in (
        (Ridge(), [], "origins holds no origin"),
        (Ridge(), [([0, 5], [5, 6])], "trains on window 5, which is not before"),
        (Ridge(), [([0], [len(X)])], "origin 0 must hold numbers of windows between"),
        (OneStep(), origins, r"'a' forecast an array of shape \(\d+, 1\)"),
    ):
        with pytest.raises(ValueError, match=message):
            refit({"a": model}, X, y, at)
    with pytest.raises(TypeError, match=r"'a' must be a forecaster.* got function .*--fresh 08"):
        refit({"a": lambda seed: Ridge()}, X, y, origins)
