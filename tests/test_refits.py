"""Refits: the same numbers with one process or two, broken off and resumed, and never someone else's."""

import numpy as np
import pytest

from lessons.baselines import LastValue, Ridge
from lessons.refits import View, refit
from lessons.rnn import LSTM
from lessons.scores import mse
from lessons.series import two_waves
from lessons.windows import Standardizer, make_windows, rolling_origins


@pytest.fixture
def data():
    X, y, _ = make_windows(5 + 3 * two_waves()[1].astype(float), 16, 2)
    return X, y, list(rolling_origins(len(X), 3, gap=1))


def nets():
    return {
        "ridge": Ridge(),
        "LSTM": lambda seed: LSTM(1, 4, output_size=2, seed=seed, training={"epochs": 2}),
    }


class Counting(Ridge):
    """Counts how often anyone is fitted; may be stopped at the n-th."""

    fits, stop_at = 0, None

    def fit(self, X, y):
        Counting.fits += 1
        if Counting.fits == Counting.stop_at:
            raise KeyboardInterrupt
        return super().fit(X, y)


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
        assert found.mse["ridge"][k, 0] == pytest.approx(mse(y[test], y_pred), rel=1e-12)
        naive = mse(y[test], np.repeat(X[test][:, -1], 2, axis=1))
        assert found.mse["last value"][k, 0] == pytest.approx(naive)
    tests = np.concatenate([test for _, test in origins])
    np.testing.assert_array_equal(found.test_index, tests)
    np.testing.assert_array_equal(found.y_true, y[tests])
    assert "ridge" in repr(found) and "<table" in found._repr_html_()


def test_seeds(data, tmp_path):
    found = refit(nets(), *data, seeds=2, store=tmp_path)
    assert found.mse["LSTM"].shape == (3, 2) and found.mse["ridge"].shape == (3, 1)
    assert len(list(tmp_path.iterdir())) == 9  # and no partial files
    for name, again in refit(nets(), *data, seeds=2).y_pred.items():
        np.testing.assert_array_equal(found.y_pred[name], again)


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
    assert fits_of({"a": lambda seed: Counting(seed + 1.0)}, X, y, origins, seeds=2, store=tmp_path) == 6
    assert fits_of({"a": lambda seed: Counting(seed + 1.0)}, X, y, origins, seeds=3, store=tmp_path) == 3


def test_changed_code_of_a_class_is_another_model(data, tmp_path):
    def make(code):
        names = {"Ridge": Ridge}
        exec(f"class Mine(Ridge):\n    def predict(self, X):\n        return {code}", names)
        return names["Mine"]()  # as in a notebook: a class without a file

    first = refit({"mine": make("super(type(self), self).predict(X)")}, *data, store=tmp_path)
    second = refit({"mine": make("super(type(self), self).predict(X) + 1")}, *data, store=tmp_path)
    assert not np.allclose(first.y_pred["mine"], second.y_pred["mine"])


def test_a_damaged_file_is_made_anew(data, tmp_path):
    refit({"a": Counting()}, *data, store=tmp_path)
    files = sorted(tmp_path.iterdir())
    files[0].write_bytes(b"")
    files[1].write_bytes(files[1].read_bytes()[:90])
    assert fits_of({"a": Counting()}, *data, store=tmp_path) == 2


def test_the_bar_vanishes(data, capsys):
    refit({"a": Ridge()}, *data)
    assert capsys.readouterr().err.endswith("\r")
    assert capsys.readouterr().out == ""


def test_bad_use_is_refused(data):
    X, y, origins = data
    for call, message in (
        (lambda: refit({"a": Ridge()}, X, y, []), "origins holds no origin"),
        (lambda: refit({"a": Ridge()}, X, y, [([0, 5], [5, 6])]), "trains on window 5, which is not before"),
        (
            lambda: refit({"a": Ridge()}, X, y, [([0], [len(X)])]),
            "origin 0 must hold numbers of windows between",
        ),
        (lambda: refit({"a": Ridge()}, X, y, origins, seeds=0), "seeds must be a whole number of at least 1"),
        (
            lambda: refit({"a": lambda seed: LSTM(1, 2)}, X, y, origins),
            "'a' forecast an array of shape|y must",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(TypeError, match=r"models\['a'\] must be a forecaster .* got int"):
        refit({"a": 3}, X, y, origins)
