"""What lesson 07 says, it also shows."""

import json
import re
import textwrap

import numpy as np
import pytest
from lesson_run import NOTEBOOKS, run_lesson, solve_lesson

from lessons.baselines import Ridge
from lessons.exercises import REGISTRY
from lessons.rnn import LSTM
from lessons.rollout import (
    RolloutIntervals,
    coverage,
    crossing,
    error_by_horizon,
    rollout,
    trained_nets,
    truth,
)
from lessons.scores import mse
from lessons.series import trend_and_seasons
from lessons.windows import Standardizer, make_windows
from lessons.wrappers import Centred, InputJitter, LinearSkip

LESSON = "07_rollout_drift"
ORIGINS = np.arange(630, 701)
BEFORE = np.arange(60, 531, 5)  # calibration origins of section 7
COSINE = {"epochs": 80, "lr": 5e-3, "schedule": "cosine"}


@pytest.fixture(scope="module")
def run():
    return run_lesson(LESSON)


class Series:
    """A trend-and-seasons series, scaled by its train part."""

    def __init__(self, n=900, at=630, **made):
        y = trend_and_seasons(n=n, **made)[1]
        self.scaler = Standardizer().fit(y[:at])
        self.scaled, self.at, self.n = self.scaler.transform(y), at, n
        self.unit = self.scaler.std[0] ** 2

    def windows(self, horizon=1, until=None):
        return make_windows(self.scaled[: until or self.at], 60, horizon)[:2]

    def roll(self, model, origins=ORIGINS, steps=200):
        return rollout(model, self.scaled, origins, steps, window=60)

    def errors(self, y_pred, origins=ORIGINS, steps=200):
        return error_by_horizon(truth(self.scaled, origins, steps), y_pred).mse * self.unit


SEA = Series()


def errors(run, name):
    return run.names["errors"][name]


# one step, and two hundred


def test_one_step_ahead(run):
    board = run.shown["hook-board"]
    found = [
        board[name].mse for name in ("last value", "ridge", "LSTM", "LSTM centred", "LSTM centred + skip")
    ]
    assert found == pytest.approx([0.094, 0.0383, 0.136, 0.045, 0.038], abs=0.001)


def test_the_first_origin(run):
    y_true = truth(run.names["series"], [630], 200)[0]
    paths = {name: y_pred[:, 0] for name, y_pred in run.names["rolled"].items()}
    below = {name: (path - y_true).mean() for name, path in paths.items()}
    assert below["LSTM"] < -0.4
    assert np.mean(np.median(run.names["first"]["LSTM"], axis=0) < y_true) > 0.8
    errors = {name: np.mean((path - y_true) ** 2) for name, path in paths.items()}
    seasonal = np.mean((run.names["first"]["seasonal naive"] - y_true) ** 2)
    assert max(errors["ridge"], errors["LSTM centred + skip"]) < errors["LSTM centred"] < errors["LSTM"]
    assert max(errors["ridge"], errors["LSTM centred + skip"]) < 0.06 < seasonal
    for name in ("ridge", "LSTM centred + skip"):
        assert abs(below[name]) < 0.1


@pytest.mark.parametrize(
    "name, curve, mean, sd",
    [
        ("LSTM", [0.071, 0.289, 0.668, 1.067, 1.402], 1.309, 0.89),
        ("LSTM centred", [0.052, 0.058, 0.065, 0.142, 0.317], 0.155, 0.065),
        ("LSTM centred + skip", [0.044, 0.038, 0.035, 0.041, 0.040], 0.037, 0.0005),
        ("ridge", [0.043, 0.038, 0.038, 0.058, 0.061], 0.051, 0),
        ("last value", [0.112, 1.703, 0.090, 0.252, 0.585], 2.063, 0),
        ("seasonal naive", [0.108, 0.092, 0.090, 0.252, 0.585], 0.342, 0),
        ("train mean", [1.269, 1.461, 1.385, 1.741, 1.952], 2.138, 0),
        ("trend line", [0.943, 0.824, 0.955, 1.011, 0.909], 0.918, 0),
        ("LSTM centred + dropout", [0.050, 0.060, 0.083, 0.192, 0.605], 0.243, 0.145),
        ("LSTM centred, teacher forced", [0.048, 0.047, 0.047, 0.091, 0.170], 0.095, 0.031),
        ("LSTM centred, own rollouts", [0.048, 0.046, 0.047, 0.095, 0.185], 0.101, 0.026),
        ("LSTM centred, cosine", [0.048, 0.045, 0.048, 0.086, 0.158], 0.089, 0.012),
    ],
)
def test_error_by_horizon(run, name, curve, mean, sd):
    found = errors(run, name)
    assert found.mse[run.names["shown"] - 1] == pytest.approx(curve, rel=0.02, abs=0.001)
    assert found.mean == pytest.approx(mean, rel=0.02, abs=0.0006)
    assert found.mean_sd == pytest.approx(sd, rel=0.05, abs=0.001)


def test_where_the_lstm_crosses(run):
    lstm = errors(run, "LSTM")
    found = {name: crossing(lstm, errors(run, name)) for name in run.names["naive"]}
    assert found == {"last value": 187, "seasonal naive": 3, "train mean": None, "trend line": 60}
    seasonal, line = (errors(run, name).mse for name in ("seasonal naive", "trend line"))
    assert [crossing(by_seed, seasonal) for by_seed in lstm.by_seed] == [2, 3, None, 4, 2]
    assert np.mean(lstm.by_seed[2] > seasonal) == pytest.approx(0.935)
    worst = lstm.by_seed.mean(axis=1).argmax()
    assert crossing(np.delete(lstm.by_seed, worst, axis=0).mean(axis=0), line) == 105
    assert run.printed["crossing"].splitlines()[-1].endswith("never")
    assert lstm.mse[49] / errors(run, "last value").mse[49] == pytest.approx(7.4, abs=0.1)
    by_seed = [float(mean) for mean in run.printed["horizon-plot"].splitlines()[-1].split("seed:")[1].split()]
    assert np.sum(np.array(by_seed) > errors(run, "trend line").mean) == 2
    assert lstm.by_origin.mean(axis=1).max() > 2 * lstm.by_origin.mean(axis=1).min()


def test_centred_nets_cross_an_opponent_who_knows_the_trend(run):
    slope, season = run.names["line"][0], run.names["naive"]["seasonal naive"]
    told = error_by_horizon(run.names["y_true"], season + slope * 50 * (np.arange(200) // 50 + 1))
    assert told.mean == pytest.approx(0.218, abs=0.001)
    assert errors(run, "seasonal naive").mean == pytest.approx(0.342, abs=0.001)
    steps = [crossing(by_seed, told.mse) for by_seed in errors(run, "LSTM centred").by_seed]
    assert sorted(step for step in steps if step) == [191, 192]


def test_the_best_of_the_naive_forecasts(run):
    at = {k: {name: errors(run, name).mse[k - 1] for name in run.names["naive"]} for k in (1, 10, 50, 200)}
    assert min(at[1], key=at[1].get) == "seasonal naive"
    assert at[200]["seasonal naive"] == at[200]["last value"] == min(at[200].values())
    assert at[10]["last value"] > 10 * at[50]["last value"]
    stairs = errors(run, "seasonal naive").mse.reshape(4, 50).mean(axis=1)
    assert (np.diff(stairs) > 0.05).all()


@pytest.mark.parametrize(("horizon", "better"), [(20, 7), (120, 0)])
def test_where_the_plain_lstm_beats_the_seasonal_naive(run, horizon, better):
    """The question before the explorer."""
    lstm, naive = (
        errors(run, name).by_origin[:, :horizon].mean(axis=1) for name in ("LSTM", "seasonal naive")
    )
    assert np.sum(lstm < naive) == better
    assert (660 in ORIGINS[lstm < naive]) == bool(better)


# why


def test_ridge_has_found_both_seasons_and_a_level(run):
    lines = run.printed["eigen"].splitlines()
    heads = [k for k, line in enumerate(lines) if line.startswith("alpha")]
    assert [line.split()[1] for line in np.array(lines)[heads]] == ["10", "100", "1000"]
    left = []
    for k in heads[:2]:
        kinds = [line.split("|")[0].split() for line in lines[k + 1 : k + 4]]
        assert kinds == [["period", "50.0"], ["level"], ["period", "17.0"]]
        left.append([float(line.split()[-1]) for line in lines[k + 1 : k + 5]])
    assert left == [[0.99, 0.98, 0.94, 0.01], [0.95, 0.90, 0.77, 0.01]]
    ten, tuned, thousand = (run.numbers("eigen", f"alpha {alpha:<4}") for alpha in (10, 100, 1000))
    assert ten == pytest.approx([0.0394, 200, 0.039, 0.038], abs=0.0005)
    assert tuned == pytest.approx([0.0383, 200, 0.061, 0.051], abs=0.0005)
    assert thousand[-1] / tuned[-1] == pytest.approx(7, abs=0.3)
    assert [run.printed["eigen"].splitlines()[heads[2] + k].split()[-1] for k in (1, 3)] == ["0.64", "0.15"]


def nudged(run):
    """What the cell prints: {name: rows of lift, noise at step 1 and 200, push at 50, 100, 200}."""
    found = {}
    for line in run.printed["nudge"].splitlines():
        values = [float(text) for text in re.findall(r"[-+]?\d+\.\d+", line)]
        found.setdefault(line[:20].strip(), []).append(values)
    return {name: np.array(rows).T for name, rows in found.items()}


def test_what_is_left_of_a_nudge(run):
    found = nudged(run)
    lift, _, noise, *_ = found["LSTM"]
    assert np.sort(lift) == pytest.approx([-0.33, -0.08, -0.02, -0.02, 0.03], abs=0.03)
    assert np.sort(noise) == pytest.approx([0.37, 2.84, 3.09, 4.64, 6.84], rel=0.05)
    assert found["ridge"][0] == pytest.approx(0.9, abs=0.01)
    lift, _, noise, *_ = found["LSTM centred"]
    assert lift == pytest.approx(1)
    assert noise == pytest.approx([0.24, 0.71, 0.35, 0.28, 0.25], abs=0.02)
    assert max(found["ridge"][2], found["LSTM centred + skip"][2]) < 0.3


def test_pushes_add_up_where_a_lift_stays(run):
    found = nudged(run)
    for name, least, most in (("LSTM centred", 0.16, 0.26), ("ridge", 0.11, 0.11)):
        push = found[name][3:]
        assert (push[-1].min(), push[-1].max()) == pytest.approx((least, most), abs=0.006)
        assert (push[2] > 2.5 * push[0]).all()  # of four times as many
    assert found["LSTM centred + skip"][-1] == pytest.approx(0.11, abs=0.006)


def test_other_noise_grows_in_the_same_nets(run):
    """Four plain nets, and at most one of the centred."""
    draws = np.random.default_rng(1).normal(0, 0.1, (5, 900))
    changed, places = np.concatenate([SEA.scaled, *(SEA.scaled + draws)]), ORIGINS[::5]
    starts = np.concatenate([places + 900 * k for k in range(6)])
    left = {}
    for name in ("LSTM", "LSTM centred"):
        for net in trained_nets(name):
            plain, *shaken = rollout(net, changed, starts, 200, window=60).reshape(6, 15, 200)
            grown = np.sqrt(np.mean((np.array(shaken) - plain)[:, :, -1] ** 2)) / 0.1
            left.setdefault(name, []).append(grown)
    assert np.array(left["LSTM"])[1:].min() > 2
    assert np.delete(left["LSTM centred"], 1).max() < 0.6


def test_what_adds_up(run):
    rows = {}
    for line in run.printed["what-adds-up"].splitlines():
        values = [float(text) for text in re.findall(r"[-+]\d+\.\d+", line)]
        rows.setdefault(line[:20].strip(), []).append(values)
    mean, level, *seasons = np.array(rows["LSTM centred"]).T
    assert set(np.argsort(mean)[:2]) == set(np.argsort(level)[:2]) == {3, 4}
    assert abs(mean[2]) < 0.005 and abs(level[2]) < 0.02
    assert [season[2] for season in seasons] == pytest.approx([2.2, -2.9], abs=0.1)
    by_seed = errors(run, "LSTM centred").by_seed.mean(axis=1)
    assert (np.sort(by_seed)[-2], by_seed.argmax()) == (by_seed[2], 4)
    assert by_seed[2] == pytest.approx(0.189, abs=0.002)
    for name in ("ridge", "LSTM centred + skip"):
        assert np.abs(rows[name][0][2:]).max() < 0.25


def test_the_clock_is_the_larger_part(run):
    t, y = trend_and_seasons()
    signal = 1.2 * np.sin(2 * np.pi * t / 50) + 0.6 * np.sin(2 * np.pi * t / 17 + 0.8) + 0.0025 * t
    ahead, parts = run.names["ahead"], run.names["parts"]
    real, found = parts(signal[ahead]), []
    for path in run.names["rolled"]["LSTM centred"]:
        there = parts(path)
        turned = np.abs(there) * np.exp(1j * np.angle(real))  # its own strength, the true phase
        strength = 2 * np.sum((np.abs(there) - np.abs(real))[[1, 3]] ** 2)
        clock, level = 2 * np.sum(np.abs(there - turned)[[1, 3]] ** 2), np.abs(there - real)[0] ** 2
        found.append([np.mean((path - signal[ahead])[:, 100:] ** 2), level, clock, strength])
    everything, *parts_of_it = np.mean(found, axis=0)
    assert np.array(parts_of_it) / everything == pytest.approx([0.29, 0.62, 0.004], abs=0.006)


def test_plain_nets_drift_inside_the_train_part_too():
    places = np.arange(100, 431, 5)
    found = [SEA.errors(SEA.roll(net, places), places).mean() for net in trained_nets("LSTM")]
    assert (min(found), max(found)) == pytest.approx((0.11, 0.78), abs=0.006)


@pytest.mark.slow
def test_without_a_trend_most_of_the_drift_is_gone():
    flat, found = Series(trend=0.0), []
    for seed in range(5):
        net = LSTM(1, 32, seed=seed, dtype=np.float32, training={"epochs": 80, "lr": 2e-3})
        found.append(flat.errors(flat.roll(net.fit(*flat.windows()))).mean())
    assert np.mean(found) == pytest.approx(0.157, abs=0.02)


def test_the_true_level_does_not_save_the_plain_lstm(run):
    """Further exercise 2, with the code of its answer."""
    cells = json.loads((NOTEBOOKS / f"{LESSON}.ipynb").read_text(encoding="utf-8"))["cells"]
    further = next("".join(cell["source"]) for cell in cells if cell["id"] == "further")
    names = dict(run.names)
    exec(textwrap.dedent(re.search("```python\n(.*?)```", further, re.DOTALL)[1]), names)
    found = [
        error_by_horizon(names["y_true"], names["told_the_level"](net)).mean for net in trained_nets("LSTM")
    ]
    assert found == pytest.approx([0.46, 0.84, 0.92, 0.79, 1.95], abs=0.006)
    assert np.mean(found) == pytest.approx(0.99, abs=0.005)


# cures


def test_dropout_is_worse_in_four_of_five(run):
    with_, without = (
        errors(run, name).by_seed.mean(axis=1) for name in ("LSTM centred + dropout", "LSTM centred")
    )
    assert with_ == pytest.approx([0.182, 0.170, 0.109, 0.274, 0.481], rel=0.03)
    assert without == pytest.approx([0.138, 0.053, 0.189, 0.168, 0.225], rel=0.03)
    assert np.sum(with_ > without) == 4
    cosine = errors(run, "LSTM centred, cosine").by_seed.mean(axis=1)
    assert (cosine.min(), cosine.max()) == pytest.approx((0.075, 0.103), abs=0.001)


def test_own_rollouts_are_no_better_than_their_control(run):
    own, control = (
        errors(run, f"LSTM centred, {name}").by_seed.mean(axis=1)
        for name in ("own rollouts", "teacher forced")
    )
    assert own.mean() > control.mean() - 0.005
    assert own.mean() < 0.7 * errors(run, "LSTM centred").mean
    assert errors(run, "LSTM centred, cosine").mean < min(own.mean(), control.mean())


@pytest.mark.slow
def test_scheduled_sampling_is_no_better_either(run):
    """One of the five seeds: 0.092, against 0.069 with the truth."""
    from lessons.torch_rnn import from_torch, to_torch
    from lessons.torch_rollout import CentredNet, fit_with_feedback

    net = to_torch(trained_nets("LSTM centred")[0].model)
    windows = SEA.windows(horizon=10)
    fit_with_feedback(CentredNet(net), *windows, own=lambda done: done, seed=0, epochs=10, lr=1e-3)
    found = SEA.errors(SEA.roll(Centred(from_torch(net)))).mean()
    assert found == pytest.approx(0.092, abs=0.02)
    assert found > errors(run, "LSTM centred, teacher forced").by_seed[0].mean()


FORTY = {**COSINE, "epochs": 40}
CONTROLS = {  # of the net with the skip, one thing at a time
    "neither": (lambda net: Centred(net), 0.179),
    "input noise": (lambda net: Centred(InputJitter(net, sd=0.2)), 0.111),
    "skip": (lambda net: Centred(LinearSkip(net)), 0.036),
    "not centred": (lambda net: InputJitter(LinearSkip(net), sd=0.2), 0.048),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CONTROLS)
def test_it_is_the_skip(name):
    make, expected = CONTROLS[name]
    nets = (make(LSTM(1, 32, seed=seed, dtype=np.float32, training=FORTY)) for seed in range(5))
    found = [SEA.errors(SEA.roll(net.fit(*SEA.windows()))).mean() for net in nets]
    assert np.mean(found) == pytest.approx(expected, rel=0.05)


def test_noise_floor():
    t, y = trend_and_seasons()
    signal = 1.2 * np.sin(2 * np.pi * t / 50) + 0.6 * np.sin(2 * np.pi * t / 17 + 0.8) + 0.0025 * t
    assert mse(truth(y, ORIGINS, 200), truth(signal, ORIGINS, 200)) == pytest.approx(0.0332, abs=0.0002)


# direct


def test_direct_does_not_beat_recursive(run):
    ten = {name: run.numbers("direct", name)[2:] for name in run.names["contest"]}
    assert ten["ridge, recursive"][0] == ten["ridge, direct"][0] == 0.041
    recursive, direct = (
        (ten[f"LSTM centred, {how}"][0], ten[f"LSTM centred, {how}"][3]) for how in ("recursive", "direct")
    )
    assert recursive == pytest.approx((0.041, 0.103), abs=0.002)
    assert direct == pytest.approx((0.102, 0.431), rel=0.05)


def direct_and_recursive(made, seed, one_step=None):
    """MSE over steps 1 to 10, all origins of the test part: direct, recursive."""
    origins = np.arange(made.at, made.n - 9)
    nets = [
        Centred(LSTM(1, 32, outputs, seed=seed, dtype=np.float32, training=COSINE)) for outputs in (10, 1)
    ]
    direct = made.roll(nets[0].fit(*made.windows(10)), origins, 10)
    recursive = made.roll(one_step or nets[1].fit(*made.windows()), origins, 10)
    return [made.errors(y_pred, origins, 10).mean() for y_pred in (direct, recursive)]


@pytest.mark.slow
def test_direct_is_worse_in_each_of_five_seeds():
    nets = trained_nets("LSTM centred, cosine")
    direct, recursive = np.array([direct_and_recursive(SEA, seed, nets[seed]) for seed in range(5)]).T
    assert (direct > recursive).all()
    assert (recursive.min(), recursive.max()) == pytest.approx((0.0425, 0.0462), abs=0.0007)
    assert (direct.min(), direct.max()) == pytest.approx((0.0454, 0.0846), rel=0.04)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_on_a_long_series_there_is_nothing_to_choose(seed):
    direct, recursive = direct_and_recursive(Series(n=1900, at=1330), seed)
    assert 0.0365 < direct < 0.0385
    assert 0.0365 < recursive < 0.0375


@pytest.mark.slow
def test_more_epochs_or_a_skip_help_direct_heads():
    origins, found = np.arange(630, 891), []
    for seed in range(3):
        net = Centred(LSTM(1, 32, 10, seed=seed, dtype=np.float32, training={**COSINE, "epochs": 170}))
        found.append(SEA.errors(SEA.roll(net.fit(*SEA.windows(10)), origins, 10), origins, 10).mean())
    assert np.sort(found) == pytest.approx([0.0482, 0.0493, 0.0564], rel=0.04)
    skip = LinearSkip(LSTM(1, 32, 10, seed=0, dtype=np.float32, training=FORTY))
    skip = Centred(InputJitter(skip, sd=0.2)).fit(*SEA.windows(10))
    assert SEA.errors(SEA.roll(skip, steps=10), steps=10).mean() == pytest.approx(0.039, abs=0.001)


# intervals


def test_who_keeps_the_promise(run):
    held = {name: share.mean() for name, share in run.names["covered"].items()}
    assert list(held.values()) == pytest.approx([0.88, 0.48, 0.88, 0.76, 0.89], abs=0.0051)
    before, later = np.array([run.numbers("coverage", f"{name:21}")[1:] for name in held]).T
    assert before == pytest.approx([0.038, 0.092, 0.052, 0.035, 0.036], abs=0.0011)
    assert later == pytest.approx([0.042, 0.569, 0.067, 0.067, 0.038], rel=0.02)
    assert "89% on average" in run.shown["coverage-plot"].layout.title.text
    by_step = run.names["covered"]["LSTM centred + skip"]
    assert (by_step.min(), by_step.max()) == pytest.approx((0.82, 0.95), abs=0.006)


def held(model, before=BEFORE):
    """Share of the values that 90 % intervals of a model hold from 171 origins, 100 steps ahead."""
    after = np.arange(630, 801)
    old, new = SEA.roll(model, before, 100), SEA.roll(model, after, 100)
    intervals = RolloutIntervals(0.9).fit(truth(SEA.scaled, before, 100), old)
    return coverage(truth(SEA.scaled, after, 100), *intervals.predict(new)).mean()


@pytest.mark.slow
def test_over_five_seeds_too():
    constant, cosine = ([held(net) for net in trained_nets(f"LSTM centred{n}")] for n in ("", ", cosine"))
    assert (min(constant), max(constant)) == pytest.approx((0.80, 0.907), abs=0.006)
    assert (min(cosine), max(cosine)) == pytest.approx((0.76, 0.804), abs=0.006)
    plain = [held(net) for net in trained_nets("LSTM")]
    assert plain == pytest.approx([0.48, 0.44, 0.74, 0.66, 0.49], abs=0.006)
    after = np.arange(630, 801)
    later = [
        np.array([SEA.errors(SEA.roll(net, after, 100), after, 100).mean() for net in trained_nets(name)])
        for name in ("LSTM centred, cosine", "LSTM centred")
    ]
    assert np.sum(later[0] < later[1] - 0.002) == 3


@pytest.mark.slow
def test_held_back_origins_do_not_mend_it():
    """Further exercise 4."""
    net = Centred(LSTM(1, 32, seed=0, dtype=np.float32, training=COSINE)).fit(*SEA.windows(until=430))
    assert held(net, np.arange(430, 531)) == pytest.approx(0.68, abs=0.02)
    ridge = Ridge(alpha=10).fit(*SEA.windows(until=430))
    assert held(ridge, np.arange(430, 531)) == pytest.approx(0.884, abs=0.005)


# the rest


def test_the_planted_mistake_peeks(run):
    peeking, fair = (run.numbers("mistake", name) for name in ("colleague", "package"))
    assert peeking[:5] == pytest.approx([0.049, 0.040, 0.038, 0.042, 0.042], abs=0.001)
    assert fair[:5] == pytest.approx([0.049, 0.045, 0.059, 0.125, 0.280], abs=0.001)
    lines = run.printed["mistake"].splitlines()
    assert lines[1].endswith("change: 2") and lines[2].endswith("change: none")


def test_what_peeks_may_grow_worse_all_the_same(run):
    """The plain nets, at levels they never saw."""
    for net in trained_nets("LSTM"):
        e = SEA.errors(run.names["colleague"](net, SEA.scaled, ORIGINS, 200, 60))
        assert e[-50:].mean() > 1.9 * e[:50].mean()


def test_the_exercises_are_the_packages(run):
    assert float(run.printed["rollout-mine"].split()[-1]) < 1e-10
    y_true, y_pred = run.names["y_true"], run.names["rolled"]["LSTM"]
    theirs, (mine, spread) = error_by_horizon(y_true, y_pred), run.names["horizon_errors"](y_true, y_pred)
    np.testing.assert_allclose(mine, theirs.mse)
    np.testing.assert_allclose(spread, theirs.seed_sd)
    X, y, _ = make_windows(SEA.scaled, 60, 10)
    for mine, theirs in zip(
        REGISTRY["07.multi_step_targets"].reference(SEA.scaled, 60, 10), (X[:, :, 0], y), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)


def test_the_matrix_is_the_rollout(run):
    ridge, M = run.names["ridge"], REGISTRY["07.loop_matrix"].reference(run.names["weights"])
    windows = np.random.default_rng(0).normal(size=(2, 60))
    said = [rollout(ridge, w, [60], 30, 60)[0] for w in windows]
    there = [(np.linalg.matrix_power(M, 30) @ w)[-30:] for w in windows]
    np.testing.assert_allclose(said[0] - said[1], there[0] - there[1], atol=1e-9)  # the intercept drops out


def test_the_card_is_computed(run):
    card = repr(run.shown["evidence"])
    for words in (
        "0.044 at step 1, 0.040 at step 200",
        "0.037 ± 0.000 over 5 seeds",
        "seasonal naive, mean MSE 0.342",
        "alpha 100 0.051, alpha 10 0.038",
        "last value, seasonal naive, train mean, trend line",
        "89% held (seed 0)",
        "another future: True",
    ):
        assert words in card


def test_solved_exercises_lead_through_the_lesson():
    """With the solutions written into the stubs every check is passed, in the order of the notebook."""
    results = solve_lesson(LESSON)
    assert len(results) == 6
    assert all(result.passed for result in results)


# further exercises


def test_a_rolling_forecast():
    """Further exercise 1."""
    ridge = Ridge().fit(*SEA.windows())
    expected = {
        "ridge": [0.038, 0.039, 0.040, 0.041, 0.041],
        "LSTM centred": [0.045, 0.052, 0.055, 0.059, 0.078],
        "LSTM": [0.136, 0.309, 0.544, 1.005, 1.247],
    }
    for name, errors in expected.items():
        nets = [ridge] if name == "ridge" else trained_nets(name)
        for m, error in zip((1, 5, 10, 30, 90), errors, strict=True):
            rolled = [SEA.roll(net, np.arange(630, 900, m), m).ravel() for net in nets]
            found = np.mean([mse(SEA.scaled[630:], y_pred) for y_pred in rolled]) * SEA.unit
            assert found == pytest.approx(error, rel=0.02, abs=0.0006)


def test_alpha_chosen_by_rollouts():
    """Further exercise 3."""
    found, origins = {}, np.arange(430, 531)
    for alpha in Ridge.alphas:
        model = Ridge(alpha=alpha).fit(*SEA.windows(until=430))
        found[alpha] = SEA.errors(SEA.roll(model, origins, 100), origins, 100).mean()
    assert min(found, key=found.get) == 10
    assert (found[10], found[100]) == pytest.approx((0.039, 0.050), abs=0.0005)
