"""Refits: the same numbers with one process or two, broken off and resumed, and never someone else's."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from lessons.baselines import LastValue, Ridge
from lessons.refits import refit
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
    np.testing.assert_array_equal(found.errors("ridge"), found.y_pred["ridge"][0] - y[tests])
    assert "ridge" in repr(found) and "<table" in found._repr_html_()


def test_two_processes_give_the_same_numbers(data, tmp_path):
    one = refit(nets(), *data, seeds=2)
    two = refit(nets(), *data, seeds=2, jobs=2, store=tmp_path / "two")
    for name in one.y_pred:
        np.testing.assert_array_equal(one.y_pred[name], two.y_pred[name])
    assert one.mse["LSTM"].shape == (3, 2) and one.mse["ridge"].shape == (3, 1)
    assert len(list((tmp_path / "two").iterdir())) == 9  # and no partial files


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


SLOW = """
import sys, time, numpy as np
from lessons.baselines import Ridge
from lessons.refits import refit
from lessons.windows import make_windows, rolling_origins
class Slow(Ridge):
    def fit(self, X, y):
        time.sleep(0.3)
        return super().fit(X, y)
if __name__ == "__main__":
    X, y, _ = make_windows(np.sin(np.arange(200.0)), 8)
    found = refit({"slow": Slow(alpha=1.0)}, X, y, rolling_origins(len(X), 14, 8), jobs=2, store=sys.argv[1])
    print(found.y_pred["slow"].shape)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_with_two_processes_leaves_what_is_finished(tmp_path):
    script, store = tmp_path / "slow.py", tmp_path / "store"
    script.write_text(SLOW)
    env = {**os.environ, "PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"}
    call = [sys.executable, str(script), str(store)]
    running = subprocess.Popen(call, env=env, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 60
    while len(list(store.glob("*.npy"))) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    kept = len(list(store.glob("*.npy")))
    assert running.returncode != 0 and "the same call goes on from there" in said
    assert 4 <= kept < 14
    resumed = subprocess.run(call, env=env, capture_output=True, text=True, timeout=120)
    assert resumed.stdout.strip() == "(1, 112, 1)"
    assert len(list(store.glob("*.npy"))) == 14


def test_bad_use_is_refused(data):
    X, y, origins = data
    for call, message in (
        (lambda: refit({"a": Ridge()}, X, y, []), "origins holds no origin"),
        (lambda: refit({"a": Ridge()}, X, y, [([0, 5], [5, 6])]), "trains on window 5, which is not before"),
        (
            lambda: refit({"a": Ridge()}, X, y, [([0], [len(X)])]),
            "origin 0 must hold numbers of windows between",
        ),
        (lambda: refit({"a": Ridge()}, X, y, origins, jobs=0), "seeds and jobs must be at least 1"),
        (
            lambda: refit({"a": lambda seed: LSTM(1, 2)}, X, y, origins),
            "'a' forecast an array of shape|y must",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(TypeError, match=r"models\['a'\] must be a forecaster .* got int"):
        refit({"a": 3}, X, y, origins)
