"""The audit on pipelines whose leaks are known, and on clean ones: kinds are those of its benchmark."""

import time

import numpy as np
import pandas as pd
import pytest

from benchmarks import bench_audit
from lessons.series import trend_and_seasons
from lessons.windows import audit, make_windows, scaled_windows, split_by_time

SERIES = trend_and_seasons(n=200)[1]


def parts(inputs, targets=None, window=12, at=140, horizon=1):
    X, y, target_index = make_windows(inputs, window, horizon)
    y = y if targets is None else targets[target_index, None]
    train, test = split_by_time(target_index, at, horizon)
    return X[train], y[train], X[test], y[test]


def honest(series):
    data = scaled_windows(series, 12, 140)
    return data.X_train, data.y_train, data.X_test, data.y_test


def centred(series, width=3):
    return np.convolve(series, np.ones(width) / width, mode="same")


@pytest.mark.parametrize("kind", bench_audit.LEAKS)
@pytest.mark.parametrize("seed", [1000, pytest.param(1001, marks=pytest.mark.slow)])
def test_each_kind_of_leak_is_named(kind, seed):
    make, expected = bench_audit.LEAKS[kind]
    names, _ = bench_audit.tried(make, seed)
    assert expected & set(names)


@pytest.mark.parametrize("kind", bench_audit.CLEAN)
@pytest.mark.parametrize("seed", [1000, pytest.param(1001, marks=pytest.mark.slow)])
def test_clean_pipelines_are_clean(kind, seed):
    names, _ = bench_audit.tried(bench_audit.CLEAN[kind], seed)
    assert names == []


def test_two_leaks_are_both_named():
    def scaled_and_smoothed(series):
        smooth = centred(series)
        return parts((smooth - smooth.mean()) / smooth.std())

    def shuffled_and_scaled(series):
        X, y, _ = make_windows((series - series.mean()) / series.std(), 12)
        rows = np.random.default_rng(0).permutation(len(X))
        return X[rows[:120]], y[rows[:120]], X[rows[120:]], y[rows[120:]]

    assert audit(SERIES, scaled_and_smoothed).names == ["fitted on the future", "smoothed with the future"]
    assert audit(SERIES, shuffled_and_scaled).names == ["shuffled split", "fitted on the future"]


def test_evidence_is_in_numbers():
    def unpurged(series):
        X, y, _ = make_windows(series, 12, horizon=5)
        return X[:128], y[:128], X[128:], y[128:]

    (leak,) = audit(SERIES, unpurged).leaks
    assert leak.evidence.startswith("4 train targets share time steps with test targets, the first of which")
    assert leak.evidence.endswith("at index 140")
    (leak,) = audit(SERIES, lambda s: parts((s - s.mean()) / s.std())).leaks
    assert "from index 140 on moves 128 of 128 rows" in leak.evidence
    (leak,) = audit(SERIES, lambda s: parts(centred(s, 5), s)).leaks
    assert "188 windows" in leak.evidence and "up to 2 time steps" in leak.evidence


def test_train_windows_among_the_test_windows():
    def fitted_on_everything(series):
        X, y, _ = make_windows(series, 12)
        return X, y, X[128:], y[128:]

    assert "overlapping targets" in audit(SERIES, fitted_on_everything).names


def test_float32_and_no_feature_axis():
    def plain(series):
        return [a[..., 0].astype(np.float32) for a in honest(1000 + series)]

    def smoothed(series):
        return [a.astype(np.float32) for a in parts(1000 + centred(series), series)]

    assert audit(SERIES, plain).names == []
    assert audit(SERIES, smoothed).names == ["smoothed with the future"]


def test_several_features_and_pandas():
    frame = pd.DataFrame({"value": SERIES, "other": np.cos(np.arange(200) / 5)}, dtype=float)
    frame.index = pd.date_range("2020-01-01", periods=200, freq="D")

    def lags(frame, ahead=0):
        table = pd.DataFrame({f"lag {k}": frame["value"].shift(k) for k in (1, 2, 7)})
        table["other"] = frame["other"].shift(1 - ahead)
        table["week"] = frame["value"].shift(1).rolling(7).mean()
        kept = table.notna().all(axis=1)
        X, y = table[kept], frame["value"][kept]
        return X[:"2020-05-19"], y[:"2020-05-19"], X["2020-05-20":], y["2020-05-20":]

    assert audit(frame, lags).names == []
    assert audit(frame, lambda f: lags(f, ahead=1)).names == ["target inside its own window"]


def test_the_series_is_left_as_it_was():
    series = SERIES.copy()

    def careless(series):
        series -= series[:140].mean()
        return parts(series)

    assert audit(series, careless).names == []
    np.testing.assert_array_equal(series, SERIES)


def test_numpys_own_random_numbers_are_seeded_and_others_refused():
    def drawn(rng):
        return lambda series: parts(series + rng.normal(size=series.shape))

    state = np.random.get_state()[1].copy()
    assert audit(SERIES, drawn(np.random)).names == []
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    with pytest.raises(ValueError, match="pipeline must give the same arrays for the same series"):
        audit(SERIES, drawn(np.random.default_rng(0)))


def test_a_slow_pipeline_is_sampled_and_it_says_so():
    pause = 0.004
    _, series = trend_and_seasons(n=900)

    def slow(prepare):
        def pipeline(series):
            time.sleep(pause)
            return parts(prepare(series), series, window=30, at=630)

        return pipeline

    clean = audit(series, slow(lambda s: s), seconds=1)
    assert clean.names == [] and "slow pipeline: " in clean.tried and "of 900 steps" in clean.tried
    assert audit(series, slow(centred), seconds=1).names == ["smoothed with the future"]
    assert audit(series, slow(lambda s: s - s.mean()), seconds=1).names == ["fitted on the future"]

    def unpurged(series):
        time.sleep(pause)
        X, y, _ = make_windows(series, 30, horizon=5)
        return X[:600], y[:600], X[600:], y[600:]

    assert audit(series, unpurged, seconds=1).names == ["overlapping targets"]


X, Y = SERIES[:, None], SERIES


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ((1, 2), "pipeline must return the four arrays"),
        ((X.astype(str), Y, X, Y), "X_train from pipeline must hold real"),
        ((X, Y[:5], X, Y), "X_train and y_train from pipeline must have"),
        ((X, Y, X[:0], Y[:0]), "X_test and y_test from pipeline .* not be empty"),
        ((X, Y, np.hstack([X, X]), Y), "X_train and X_test from pipeline must have"),
        ((X, Y, X, Y), "hardly move"),
    ],
)
def test_what_cannot_be_audited_is_refused(arrays, message):
    with pytest.raises((TypeError, ValueError), match=message):
        audit(SERIES, lambda series: arrays)
    with pytest.raises(TypeError, match="pipeline must be a function"):
        audit(SERIES, arrays)


def test_a_failing_pipeline_fails_as_it_does():
    with pytest.raises(ZeroDivisionError):
        audit(SERIES, lambda s: 1 / 0)


def test_the_report_shows_itself():
    found, clean = audit(SERIES, lambda s: parts(centred(s), s)), audit(SERIES, honest)
    assert "smoothed with the future" in repr(found) and "<th" in found._repr_html_()
    assert found.leaks[0].cure in repr(found)
    assert "no leak found" in repr(clean) and "all 200 steps changed, one by one" in repr(clean)
