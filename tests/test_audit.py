import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lessons.series import sea_temperature, trend_and_seasons, two_waves
from lessons.windows import Standardizer, audit, make_windows, split_by_time

SHUFFLED, OVERLAP = "shuffled split", "overlapping targets"
SCALED, SMOOTHED, INSIDE = (
    "scaled with the future",
    "smoothed with the future",
    "target inside its own window",
)

T = 16
SERIES = {
    "trend and seasons": trend_and_seasons()[1],
    "random walk": np.random.default_rng(3).normal(size=1000).cumsum(),
    "white noise": np.random.default_rng(4).normal(size=1000),
    "sea temperature": sea_temperature()[1],
    "two waves, float32": two_waves()[1],
}


@pytest.fixture(params=SERIES, ids=lambda name: name.replace(" ", "-"))
def series(request):
    return SERIES[request.param]


def standardise(series, stop=None):
    return Standardizer().fit(series[:stop]).transform(series)


def centred_average(series, width=3):
    return np.convolve(series, np.ones(width) / width, mode="same")


def trailing_average(series, width=3):
    return np.array([series[max(0, i + 1 - width) : i + 1].mean() for i in range(len(series))])


def border(series):
    return int(0.7 * len(series))


def arrays(series, leaks=(), horizon=1):
    """A learner's arrays with these leaks, and with no others."""
    at, prepared, y_series = border(series), series, series
    if SMOOTHED in leaks:
        prepared = centred_average(series)
    if SCALED in leaks:
        prepared, y_series = standardise(prepared), standardise(y_series)
    X, _, target_index = make_windows(prepared, T, horizon)
    _, y, _ = make_windows(y_series, T, horizon)
    if OVERLAP in leaks:  # changes over ten steps
        y = y_series[T + 9 :] - y_series[T - 1 : -10]
        X, target_index = X[: len(y)], target_index[: len(y)]
    if INSIDE in leaks:
        X, y, target_index = X[1:], y[:-1], target_index[:-1]
    if SHUFFLED in leaks:
        rows = np.random.default_rng(0).permutation(len(X))
        train, test = rows[: int(0.7 * len(X))], rows[int(0.7 * len(X)) :]
    else:
        train, test = split_by_time(target_index, at, horizon)
    return X[train], y[train], X[test], y[test]


@pytest.mark.parametrize("leak", [SHUFFLED, OVERLAP, SCALED, SMOOTHED, INSIDE])
def test_each_leak_alone_is_named_and_only_it(series, leak):
    report = audit(series, *arrays(series, [leak]))
    assert report.names == [leak]
    assert not report.unknown
    assert not report.clean


@pytest.mark.parametrize(
    "leaks",
    [pair for pair in itertools.combinations([SHUFFLED, OVERLAP, SCALED, SMOOTHED, INSIDE], 2)
     if pair not in [(OVERLAP, SMOOTHED), (OVERLAP, INSIDE), (SMOOTHED, INSIDE), (SCALED, SMOOTHED)]],
    ids=" + ".join,
)  # fmt: skip
def test_pairs_of_leaks_are_both_named(series, leaks):
    assert audit(series, *arrays(series, leaks)).names == list(leaks)


@pytest.mark.parametrize("name", ["trend and seasons", "random walk"])
def test_smoothed_and_then_scaled(name):
    assert audit(SERIES[name], *arrays(SERIES[name], [SCALED, SMOOTHED])).names == [SCALED, SMOOTHED]


def test_evidence_is_in_numbers():
    series = SERIES["trend and seasons"]
    evidence = {
        leak: audit(series, *arrays(series, [leak]))[0].evidence
        for leak in (SHUFFLED, OVERLAP, SCALED, SMOOTHED)
    }
    assert "617 of 618 train windows" in evidence[SHUFFLED]
    assert "9 train windows" in evidence[OVERLAP] and "630" in evidence[OVERLAP]
    assert "series indices 0 to 899" in evidence[SCALED] and "-0.270" in evidence[SCALED]
    assert "0.333, 0.333, 0.333" in evidence[SMOOTHED]


def test_several_steps_without_purging_overlap(series):
    X, y, target_index = make_windows(series, T, horizon=5)
    k = int(np.searchsorted(target_index, border(series)))
    report = audit(series, X[:k], y[:k], X[k:], y[k:])
    assert report.names == [OVERLAP]
    assert "4 train windows" in report[0].evidence


@pytest.mark.parametrize(
    "scale", ["minimum and maximum", "mean alone", "test part on its own", "X alone", "y alone"]
)
def test_other_ways_to_scale_with_the_future(scale):
    series = SERIES["trend and seasons"]
    X_train, y_train, X_test, y_test = arrays(series)
    whole = Standardizer().fit(series)
    leaked = {
        "minimum and maximum": arrays((series - series.min()) / np.ptp(series)),
        "mean alone": arrays(series - series.mean()),
        "test part on its own": (
            standardise(series)[:0],
            y_train,
            (X_test - X_test.mean()) / X_test.std(),
            y_test,
        ),
        "X alone": (whole.transform(X_train), y_train, whole.transform(X_test), y_test),
        "y alone": (X_train, whole.transform_target(y_train), X_test, whole.transform_target(y_test)),
    }[scale]
    if scale == "test part on its own":
        leaked = (Standardizer().fit(series[:630]).transform(X_train), *leaked[1:])
    assert audit(series, *leaked).names == [SCALED]


def test_train_minimum_and_maximum_are_clean():
    series = SERIES["trend and seasons"]
    train = series[:630]
    assert audit(series, *arrays((series - train.min()) / np.ptp(train))).clean


def test_smoothed_inputs_and_targets(series):
    smooth = centred_average(series)
    X, y, target_index = make_windows(smooth, T)
    train, test = split_by_time(target_index, border(series))
    assert audit(series, X[train], y[train], X[test], y[test]).names == [SMOOTHED]


def test_wide_smoothing():
    series = SERIES["trend and seasons"]
    X, _, _ = make_windows(centred_average(series, 15), 60)
    _, y, _ = make_windows(series, 60)
    assert audit(series, X[:570], y[:570], X[570:], y[570:]).names == [SMOOTHED]


def test_a_second_feature_may_leak_too():
    rng = np.random.default_rng(0)
    series = np.column_stack(
        [SERIES["trend and seasons"], np.cos(0.1 * np.arange(900)) + rng.normal(size=900)]
    )

    def report(second):
        X, y, target_index = make_windows(np.column_stack([series[:, 0], second]), T)
        train, test = split_by_time(target_index, 630)
        return audit(series, X[train], y[train], X[test], y[test])

    assert report(series[:, 1]).clean
    assert report(standardise(series[:, 1], 630)).clean
    assert report(standardise(series[:, 1])).names == [SCALED]
    assert report(centred_average(series[:, 1])).names == [SMOOTHED]
    assert report(np.append(series[1:, 0], 0)).names == [INSIDE]
    assert report(rng.normal(size=900)).unknown  # not in the series: said, not guessed


# clean pipelines


@settings(deadline=None, max_examples=40)
@given(
    name=st.sampled_from(sorted(SERIES)),
    window=st.integers(3, 24),
    horizon=st.integers(1, 6),
    share=st.floats(0.5, 0.85),
    scaled=st.booleans(),
    differenced=st.booleans(),
    purge_inputs=st.booleans(),
)
def test_clean_pipelines_are_clean(name, window, horizon, share, scaled, differenced, purge_inputs):
    series = SERIES[name]
    at = int(share * len(series))
    prepared = np.diff(series, prepend=series[:1]) if differenced else series
    prepared = standardise(prepared, at) if scaled else prepared
    X, y, target_index = make_windows(prepared, window, horizon)
    train, test = split_by_time(target_index, at, horizon)
    if purge_inputs:
        test = slice(test.start + window, None)
    report = audit(series, X[train], y[train], X[test], y[test])
    assert report.clean, report


def test_other_clean_pipelines(series):
    at = border(series)
    X_train, y_train, X_test, y_test = arrays(series)
    mean, std = X_train.mean(), X_train.std()
    rows = np.random.default_rng(0).permutation(len(X_train))
    X_trailing, _, target_index = make_windows(trailing_average(series), T)
    train, test = split_by_time(target_index, at)
    Xs, ys, _ = make_windows(trailing_average(series), T)
    change = series[T + 9 :] - series[T - 1 : -10]
    before = at - T
    X, _, _ = make_windows(series, T)
    pipelines = {
        "scaled by the train windows": [(a - mean) / std for a in (X_train, y_train, X_test, y_test)],
        "train windows in any order": (X_train[rows], y_train[rows], X_test, y_test),
        "trailing average": (X_trailing[train], y_train, X_trailing[test], y_test),
        "trailing average of both": (Xs[train], ys[train], Xs[test], ys[test]),
        "purged changes": (X[: before - 9], change[: before - 9], X[before : len(change)], change[before:]),
        "without feature axis": (X_train[..., 0], y_train[:, 0], X_test[..., 0], y_test[:, 0]),
        "windows about their mean": (
            X_train - X_train.mean(axis=1, keepdims=True), y_train - X_train.mean(axis=1),
            X_test - X_test.mean(axis=1, keepdims=True), y_test - X_test.mean(axis=1),
        ),
    }  # fmt: skip
    for name, parts in pipelines.items():
        report = audit(series, *parts)
        assert report.clean, (name, report)


# with the preparation given


@pytest.mark.parametrize(
    ("prepare", "names"),
    [
        (lambda s: s, []),
        (lambda s: standardise(s, 630), []),
        (trailing_average, []),
        (np.diff, []),
        (lambda s: np.log(s + 5), []),
        (standardise, [SCALED]),
        (lambda s: standardise(np.log(s + 5)), [SCALED]),
        (lambda s: (s - np.median(s)) / np.abs(s).max(), [SCALED]),
        (centred_average, [SMOOTHED]),
        (lambda s: standardise(centred_average(s)), [SCALED, SMOOTHED]),
        (lambda s: np.fft.irfft(np.fft.rfft(s)[:60], len(s)), [SMOOTHED]),
    ],
)
def test_a_preparation_is_put_to_the_test(prepare, names):
    series = SERIES["trend and seasons"]
    prepared = prepare(series)
    X, y, target_index = make_windows(prepared, T)
    train, test = split_by_time(target_index, 630 - len(series) + len(prepared))
    report = audit(series, X[train], y[train], X[test], y[test], prepare=prepare)
    assert report.names == names
    assert not report.unknown


def test_a_preparation_that_cannot_be_judged_is_refused():
    series = SERIES["trend and seasons"]
    rng = np.random.default_rng(0)
    for prepare, message in [
        (lambda s: 1 / 0, "prepare failed on the series: ZeroDivisionError"),
        (lambda s: None, "prepare failed"),
        (lambda s: s + rng.normal(size=len(s)), "two different results"),
    ]:
        with pytest.raises(ValueError, match=message):
            audit(series, *arrays(series), prepare=prepare)
    with pytest.raises(TypeError, match="must be a function"):
        audit(series, *arrays(series), prepare=3)


def test_a_preparation_may_write_into_its_argument():
    series = SERIES["trend and seasons"].copy()

    def prepare(s):
        s -= s.mean()
        return s

    assert audit(series, *arrays(series - series.mean()), prepare=prepare).names == [SCALED]
    np.testing.assert_array_equal(series, SERIES["trend and seasons"])


# what cannot be told


@pytest.mark.parametrize(
    "series",
    [np.arange(200) % 24 * 1.0, np.arange(200) * 1.0, np.random.default_rng(9).normal(size=200)],
    ids=["periodic", "line", "another series"],
)
def test_what_cannot_be_aligned_is_said_and_not_guessed(series):
    other = np.random.default_rng(8).normal(size=200) if series[1] != 1 else series
    report = audit(series, *arrays(other))
    assert report.names == [] and not report.clean
    assert "could not align" in report.unknown[0]


def test_constant_series():
    assert "constant" in audit(np.ones(200), *arrays(np.ones(200))).unknown[0]


def test_targets_of_unknown_making():
    series = SERIES["trend and seasons"]
    X_train, y_train, X_test, y_test = arrays(series, [SHUFFLED])
    noise = np.random.default_rng(0).normal(size=len(series))
    report = audit(series, X_train, noise[: len(y_train)], X_test, noise[: len(y_test)])
    assert report.names == [SHUFFLED]
    assert "what the targets are made of" in report.unknown[0]


def test_missing_values_and_tiny_arrays():
    series = SERIES["random walk"].copy()
    X, y, _ = make_windows(series, T)
    assert audit(series, X[:2], y[:2], X[5:6], y[5:6]).clean
    X, y = X.copy(), y.copy()
    series[100] = X[np.arange(85, 101), np.arange(15, -1, -1)] = y[84] = np.nan
    assert audit(series, X[:700], y[:700], X[700:], y[700:]).clean
    assert audit(series, X[::2], y[::2], X[1::2], y[1::2]).names == [SHUFFLED]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda a, b, c, d: (a, b[:5], c, d), ValueError, r"y_train must have shape \(614,\)"),
        (lambda a, b, c, d: (a[:, 1:], b, c, d), ValueError, "windows and targets of the same size"),
        (lambda a, b, c, d: (a, b, c[:0], d[:0]), ValueError, "X_test must have shape .* not be empty"),
        (lambda a, b, c, d: (a.astype(str), b, c, d), TypeError, "X_train must hold real numbers"),
    ],
)
def test_bad_arrays_are_refused(change, error, message):
    series = SERIES["trend and seasons"]
    with pytest.raises(error, match=message):
        audit(series, *change(*arrays(series)))


def test_report_reads_well():
    series = SERIES["trend and seasons"]
    report = audit(series, *arrays(series, [SHUFFLED, SCALED]))
    assert len(report) == len(list(report)) == 2
    assert repr(report).startswith("shuffled split: 617 of 618")
    assert "<b>shuffled split</b>" in report._repr_html_()
    assert repr(audit(series, *arrays(series))) == "no leak found"
    assert all(leak.cure for leak in report)


def test_smoothed_inputs_and_raw_targets_are_told_apart():
    """The commonest way to leak by smoothing: only the inputs are smoothed."""
    _, series = trend_and_seasons()

    def smooth(x):
        smoothed = x.copy()
        smoothed[2:-2] = sum(x[k : len(x) - 4 + k] for k in range(5)) / 5
        return smoothed

    X, _, target_index = make_windows(smooth(series), window=60)
    y = series[target_index, None]
    train, test = split_by_time(target_index, at=630)
    honest_split = audit(series, X[train], y[train], X[test], y[test], prepare=smooth)
    assert honest_split.names == ["smoothed with the future"]
    assert not honest_split.unknown

    order = np.random.default_rng(3).permutation(len(X))
    a, b = order[:570], order[570:]
    shuffled = audit(series, X[a], y[a], X[b], y[b], prepare=smooth)
    assert set(shuffled.names) == {"shuffled split", "smoothed with the future"}
    assert not shuffled.unknown
