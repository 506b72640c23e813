"""What lesson 06 says, it also shows."""

import copy

import numpy as np
import pytest
from lesson_run import run_lesson, solve_lesson

from lessons.exercises import REGISTRY
from lessons.gates import (
    clamp,
    hold,
    marker_evidence,
    marker_gru,
    marker_lstm,
    marker_task,
    record_gates,
    retention,
)
from lessons.gates import half_life as package_half_life
from lessons.rnn import GRU, LSTM, gradient_memory
from lessons.scores import mse

LESSON = "06_gate_heatmaps"
X_TRAIN, Y_TRAIN, _ = marker_task(2000, seed=42)
X_TASK, Y_TASK, MARKER = marker_task(500, seed=43)
LAST = 19 - MARKER[:, ::-1].argmax(axis=1)  # (500,)
SINCE = np.arange(20) - LAST[:, None]  # (500, 20) steps since the last marker
SEEDS = (42, 0, 1, 2, 3)


@pytest.fixture(scope="module")
def run():
    return run_lesson(LESSON)


def correlation(gate, X):
    return np.corrcoef(gate.mean(axis=2).ravel(), X[:, :, 0].ravel())[0, 1]


def slope(gate, X):
    return np.polyfit(X[:, :, 0].ravel(), gate.mean(axis=2).ravel(), 1)[0]


def loop_cut(net, X):
    """Forecast with a candidate that hears the usual h, and not the real one, between markers."""
    usual = record_gates(net, X_TASK)["h"][~MARKER].mean(axis=0)
    W_x, W_h, b = (net.params[name][..., 16:24] for name in ("W_x", "W_h", "b"))
    return clamp(net, X, where=~MARKER, g=np.tanh(X @ W_x + usual @ W_h + b)).y_pred


def felt(forecast):
    """How much of a nudge at the last marker arrives, by window."""
    nudged = X_TASK.copy()
    nudged[np.arange(500), LAST, 0] += 0.1
    return ((forecast(nudged) - forecast(X_TASK)) / 0.1)[:, 0]


def frozen_at_markers(net, record, gate):
    usual = record[gate][~MARKER].mean(axis=0)
    return mse(Y_TASK, clamp(net, X_TASK, where=MARKER, **{gate: usual}).y_pred)


# the sea


def test_a_good_net(run):
    board = run.shown["hook-train"]
    assert board.naive.mse == pytest.approx(1.31, abs=0.005)
    assert board["ridge"].mse == pytest.approx(0.258, abs=0.001)
    assert board["LSTM"].mse == pytest.approx(0.24, abs=0.01)
    assert board["LSTM"].skill == pytest.approx(0.82, abs=0.01)
    assert board["LSTM"].mse < board["ridge"].mse


def test_forecasts_are_on_time_and_shy_of_1997(run):
    y_true, y_pred = run.names["y_true"], run.names["own_unit"](run.names["trained"].y_pred)
    delays = [mse(y_true[:-3], y_pred[k : len(y_pred) - 3 + k]) for k in range(4)]
    assert np.argmin(delays) == 0
    error = (y_pred - y_true)[:, 0][run.names["t_test"].astype("datetime64[Y]") == np.datetime64("1997")]
    assert error.mean() < -0.4
    assert error.min() == pytest.approx(-1.2, abs=0.1)


def test_the_window_that_is_shown(run):
    k, t_test = run.names["k"], run.names["t_test"]
    assert str(t_test[k]) == "1998-01"
    assert [str(t) for t in run.names["look"]["t"][[0, -1]]] == ["1996-01", "1997-12"]
    year = run.names["own_unit"](run.names["X_test"][k])[:, 0].reshape(2, 12).mean(axis=1)
    assert year[1] > year[0] + 2
    for name in ("trained", "untrained"):  # the band of 1997
        f = run.names[name]["f"][k].mean(axis=1)
        assert f[14:].max() < f[5:11].min()
    assert "Test MSE 0.23 °C²" in run.shown["hook-plot"].layout.title.text
    assert "Test MSE 5.97 °C²" in run.shown["untrained-plot"].layout.title.text


def test_the_learners_gates_are_the_packages(run):
    assert run.numbers("record-mine", "furthest")[-1] < 1e-5


def test_an_untrained_net_follows_the_temperature_even_better(run):
    trained, untrained = (run.numbers("untrained-plot", f"{name} ") for name in ("trained", "untrained"))
    assert trained[0] == pytest.approx(-0.97, abs=0.01)
    assert untrained[0] == pytest.approx(-1, abs=0.002)
    assert run.names["untrained_mse"] / run.shown["hook-train"].naive.mse == pytest.approx(4.5, abs=0.1)
    assert trained[1:3] == pytest.approx([0.04, 0.88], abs=0.015)
    assert untrained[1:3] == pytest.approx([0.23, 0.71], abs=0.015)
    assert (trained[-2], untrained[-2]) == (3, 4)  # of 16, more open in 1997
    assert run.numbers("untrained-plot", "training mean")[-1] == pytest.approx(5.25, abs=0.01)
    assert run.names["untrained_mse"] > 5.25


def test_why_it_does(run):
    (x, h), (x_trained, h_trained) = (
        run.numbers("untrained-why", f"{name:10} from the input") for name in ("untrained", "trained")
    )
    assert x / h == pytest.approx(3, abs=0.3)
    assert x_trained == pytest.approx(h_trained, rel=0.1)
    deaf = LSTM(1, 16, seed=42, dtype=np.float32)
    deaf.params["W_h"][...] = 0  # on trial: without the state, every unit is the input, squashed
    f, x = record_gates(deaf, run.names["X_test"])["f"], run.names["X_test"][:, :, 0]
    units = [abs(np.corrcoef(f[:, :, k].ravel(), x.ravel())[0, 1]) for k in range(16)]
    assert min(units) > 0.99
    hears = run.names["untrained"]["f"]
    assert np.corrcoef(f.ravel(), hears.ravel())[0, 1] > 0.9
    units = [f[:, :, k].ravel() for f in run.names["untrained_f"] for k in range(16)]
    explained = [np.corrcoef(unit, x.ravel())[0, 1] ** 2 for unit in units]
    assert np.median(explained) == pytest.approx(0.93, abs=0.01)  # most are, not all
    assert np.quantile(explained, 0.1) < 0.4


def test_nearly_half_of_all_untrained_nets_do_as_well(run):
    assert run.numbers("share", "share of nets")[-1] == pytest.approx(0.47, abs=0.03)
    assert run.numbers("share", "median distance")[::2] == pytest.approx([-0.97, 0.95], abs=0.01)


def test_the_distance_is_evidence_where_the_correlation_is_not(run):
    assert run.numbers("sea-far", "furthest of 100 untrained nets:")[-1] == pytest.approx(0.032, abs=0.001)
    far = {seed: run.numbers("sea-far", f"seed {seed:2}") for seed in SEEDS}
    assert far[42][:2] == pytest.approx([-0.067, 0.01], abs=0.0051)
    assert abs(far[42][0]) > 2 * 0.032
    assert far[0][:3:2] == pytest.approx([0, 0.91], abs=0.02)
    assert far[0][1] > 0.8
    for seed in (1, 2, 3):
        assert far[seed][0] < 0
        assert 0.03 < far[seed][1] < 0.11
    follows = {seed: numbers[3] for seed, numbers in far.items()}
    assert all(follows[seed] < -0.7 for seed in (42, 1, 2, 3))
    assert abs(follows[0]) < 0.2
    i, f, o = (abs(r) for r in far[42][2:])
    assert o < i < f
    by_chance = run.names["r_untrained"]
    assert np.mean(by_chance < 0) == pytest.approx(0.55, abs=0.01)


def test_what_each_gate_is_worth_at_sea(run):
    costs, naive = run.names["costs"], run.shown["hook-train"].naive.mse
    assert list(costs[42].values()) == pytest.approx([0.230, 0.283, 0.318, 0.389, 0.544, 0.263], abs=0.02)
    assert run.numbers("sea-frozen", "frozen: nothing")[:5] == pytest.approx([0.24] * 5, abs=0.02)
    for cost in costs.values():
        assert cost["o"] > cost["f"] > cost["nothing"]
    skill = {seed: {what: 1 - mse / naive for what, mse in cost.items()} for seed, cost in costs.items()}
    bare = [skill[seed]["i, f, o"] for seed in SEEDS]
    assert (min(bare), max(bare)) == pytest.approx((0.47, 0.69), abs=0.02)
    here = [skill[42][what] for what in ("nothing", "f", "f from temperature only")]
    assert here == pytest.approx([0.82, 0.76, 0.80], abs=0.011)
    assert here[2] - here[1] == pytest.approx(0.04, abs=0.01)
    printed = run.numbers("sea-frozen", "f from temperature only")
    assert printed == pytest.approx([0.263, 0.274, 0.248, 0.252, 0.253, 80, 79, 81, 81, 81], abs=1)


def test_f_of_the_temperature_is_enough_in_four_nets_of_five(run):
    regained = {
        seed: (cost["f"] - cost["f from temperature only"]) / (cost["f"] - cost["nothing"])
        for seed, cost in run.names["costs"].items()
    }
    assert regained[42] == pytest.approx(0.62, abs=0.06)
    assert min(regained[seed] for seed in (1, 2, 3)) > 0.7
    assert regained[0] < 0.3


def test_memory_at_sea(run):
    """Further exercise 5."""
    ratios = {}
    for seed in SEEDS:
        net = run.names["nets"][seed]
        by_gates = retention(record_gates(net, run.names["X_test"])["f"]).mean(axis=(0, 2))
        measured = gradient_memory(net, run.names["X_test"])
        assert measured[0] == pytest.approx(1)
        ratios[seed] = measured / by_gates
        if seed == 42:
            assert by_gates[[1, 3, 12]] == pytest.approx([0.506, 0.161, 0.002], abs=0.003)
            assert measured[[1, 3, 12]] == pytest.approx([0.417, 0.207, 0.058], abs=0.003)
    assert ratios[42][12] == pytest.approx(28, abs=2)
    others = [ratios[seed] for seed in SEEDS[1:]]
    assert (min(r[12] for r in others), max(r[12] for r in others)) == pytest.approx((16, 640), rel=0.1)
    assert all(0.95 < r[1] < 1.2 for r in others)
    assert ratios[42][1] < 0.9
    assert all(r[3] > 1.2 for r in ratios.values())


# the marker task


def test_the_forget_gate_can_be_read_and_the_input_gate_cannot(run):
    evidence = {}
    for seed in range(5, 10):
        error, *rest = run.numbers("marker-train", f"seed {seed}")
        assert error < 0.0015
        evidence[seed] = dict(zip("ifo", zip(rest[::2], rest[1::2], strict=True), strict=True))
    f = np.array([e["f"] for e in evidence.values()])
    assert (f[:, 0] <= -0.96).all()
    assert f[:, 1] == pytest.approx(-0.28, abs=0.045)
    i = [e["i"][0] for e in evidence.values()]
    assert min(i) == pytest.approx(0.01, abs=0.05)
    assert max(i) == pytest.approx(0.88, abs=0.05)
    o = {seed: e["o"] for seed, e in evidence.items()}
    assert o[8][0] == pytest.approx(-0.56, abs=0.05)
    others = [o[seed][0] for seed in (5, 6, 7, 9)]
    assert (min(others), max(others)) == pytest.approx((0.13, 0.82), abs=0.05)
    assert max(abs(gap) for _, gap in o.values()) < 0.05
    for record in run.names["records"].values():
        assert record["o"].mean() == pytest.approx(0.5, abs=0.1)
        assert record["o"][:, -1].mean() < record["o"][:, :-1].mean() + 0.1  # no wider at the end


def test_untrained_nets_follow_but_not_far(run):
    r = run.numbers("marker-share", "correlation")
    gap = run.numbers("marker-share", "gap")
    assert r == pytest.approx([-0.98, 200, 0.98, 0.005], abs=0.0051) or r[-1] < 0.015
    assert (gap[0], gap[2], gap[3]) == pytest.approx((-0.30, 0.08, 0.005), abs=0.01)
    assert np.sum(np.abs(run.names["untrained_tasks"]["correlation"]) >= 0.88) == pytest.approx(11, abs=1)


def test_the_forget_gate_is_needed_and_the_input_gate_more(run):
    before, after = run.numbers("force-mine", "MSE")
    assert after > 40 * before
    assert "True" in run.printed["force-mine"]
    frozen, nothing = run.names["frozen"], np.mean(Y_TASK**2)
    assert nothing == pytest.approx(0.32, abs=0.005)
    assert min(frozen["i"]) / nothing == pytest.approx(0.46, abs=0.04)
    assert max(frozen["i"]) / nothing > 0.9
    for o, f, i in zip(frozen["o"], frozen["f"], frozen["i"], strict=True):
        assert o < f < i / 4
    assert np.mean(frozen["f"]) / np.mean(frozen["i"]) == pytest.approx(1 / 7, abs=0.02)
    assert np.mean(frozen["f"]) == pytest.approx(0.03, abs=0.005)
    assert np.mean(frozen["i"]) == pytest.approx(0.2, abs=0.02)
    bars = run.shown["force-all"].data[0]
    assert bars.y[-1] == "nothing frozen"
    assert isinstance(bars.marker.color, str)  # one colour: all are LSTMs


def test_blind_to_the_marker_alone_the_input_gate_still_costs_more(run):
    blind = {
        gate: run.numbers("force-all", f"blind to the marker {gate}   MSE")[-3] for gate in run.names["blind"]
    }
    assert blind == pytest.approx({"o": 0.006, "f": 0.031, "i": 0.092, "g": 0.118}, abs=0.004)
    assert blind["i"] / blind["f"] == pytest.approx(3, abs=0.3)
    values, strong = X_TASK[:, :, 0][MARKER], 0
    for record in run.names["records"].values():
        strong += sum(abs(np.corrcoef(record["i"][MARKER][:, k], values)[0, 1]) > 0.7 for k in range(8))
    assert strong > 20  # of 40 input gates that follow the value


def test_a_mean_over_units_hides_what_they_do(run):
    mean, _, distance = run.numbers("force-units", "their mean")
    assert abs(mean) < 0.01
    assert distance == pytest.approx(0.168, abs=0.005)
    furthest = run.numbers("force-units", "furthest of 200 untrained nets:")[-1]
    assert furthest == pytest.approx(0.109, abs=0.002)
    assert run.names["i_gap"].min() < -0.3
    assert run.names["i_gap"].max() > 0.25


def test_one_unit_can_be_read_from_first_to_last(run):
    _, r, gap = run.numbers("gru", "GRU, one unit")
    assert (r, gap) == pytest.approx((1, 0.87), abs=0.01)
    own = run.numbers("gru", "GRU, one unit")[0]
    blocked, held = (run.numbers("gru", f"memory frozen {where}") for where in ("at markers", "elsewhere"))
    assert min(blocked) > 0.3
    assert (own, held[0]) == pytest.approx((0.0058, 0.0037), abs=0.0003)
    assert held[1] > 100 * mse(Y_TASK, run.names["puzzle"].y_pred)


def test_the_freeze_broke_the_writing_and_not_the_memory(run):
    late = [run.numbers("gru", f"from step {d} after the last marker")[-1] for d in (1, 2, 3)]
    assert late == pytest.approx([0.0857, 0.0051, 0.0013], rel=0.1)


def test_a_loop_remembers_and_not_the_forget_gate(run):
    assert run.numbers("memory-gates", "marker task, between markers") == pytest.approx([1.2, 2.5], abs=0.1)
    curves = {name: np.array(curve) for name, curve in run.names["curves"].items()}
    assert curves["LSTM"] == pytest.approx(0.96, abs=0.05)
    assert curves["forget gates alone"][0] == pytest.approx(0.67, abs=0.02)
    assert curves["forget gates alone"][-1] < 0.01
    frozen, cut, alone = (curves[name] for name in ("LSTM, i frozen", "LSTM, loop cut", "forget gates alone"))
    assert frozen == pytest.approx(0.8, abs=0.07)
    assert cut == pytest.approx(alone, rel=0.25)
    assert (cut[0], cut[-1]) == pytest.approx((0.52, 0.006), abs=0.005)
    np.testing.assert_allclose(loop_cut(run.names["solvers"][8], X_TASK), run.names["loop_cut"](X_TASK))
    alt = run.shown["memory-plot"].layout.meta["alt"]
    assert run.printed["memory-plot"].splitlines()[0] in alt
    assert "share of the value left" in alt


def test_the_half_life_is_the_packages(run):
    f = run.names["trained"]["f"]
    np.testing.assert_allclose(REGISTRY["06.half_life"].reference(f), package_half_life(f), rtol=1e-5)
    assert run.numbers("memory-gates", "sea") == pytest.approx([0.5, 1.8], abs=0.1)


def test_the_evidence_is_the_packages(run):
    record = run.names["puzzle"]
    r, gap = REGISTRY["06.gate_evidence"].reference(record["f"], MARKER)
    assert (r, gap) == pytest.approx(
        (marker_evidence(record["f"], MARKER)[0], marker_evidence(record["f"], MARKER).gap), abs=1e-5
    )


def test_the_planted_mistake_hits_too_hard(run):
    net, puzzle = run.names["solvers"][8], run.names["puzzle"]
    forced, _, nothing = run.numbers("mistake", "o = 1 between markers: MSE")
    assert forced / nothing == pytest.approx(3.75, abs=0.2)
    assert run.numbers("mistake", "largest output gate") == pytest.approx([0.58, 0.81], abs=0.02)
    assert run.numbers("mistake", "its forecasts") == pytest.approx([0.89, 2.6], abs=0.03)
    rng = np.random.default_rng(0)
    guess = [mse(Y_TASK, rng.permutation(Y_TASK)) for _ in range(50)]
    assert np.mean(guess) == pytest.approx(2 * nothing, rel=0.02)
    usual = puzzle["o"][~MARKER].mean(axis=0)
    assert usual.mean() == pytest.approx(0.5, abs=0.06)
    control = mse(Y_TASK, clamp(net, X_TASK, where=~MARKER, o=usual).y_pred)
    assert control == pytest.approx(0.007, abs=0.001)
    wild = clamp(net, X_TASK, where=~MARKER, o=1.0)
    for name in "ch":
        assert np.abs(wild[name]).max() > 1.4 * np.abs(puzzle[name]).max()
    assert np.abs(wild["h"]).mean() / np.abs(puzzle["h"]).mean() == pytest.approx(2, abs=0.2)


def test_solved_exercises_lead_through_the_lesson():
    """With the solutions written into the stubs every check is passed, in the order of the notebook."""
    results = solve_lesson(LESSON)
    assert len(results) == 5
    assert all(result.passed for result in results)


def test_the_order_of_the_rows_belongs_to_the_window(run):
    """Further exercise 4."""
    found = {}
    for name in ("trained", "untrained"):
        peaks = run.names[name]["f"].argmax(axis=1)  # (N, H)
        moving = peaks.std(axis=1) > 0
        found[name] = [
            np.mean(
                [
                    np.corrcoef(peaks[k], peaks[k + d])[0, 1]
                    for k in range(len(peaks) - d)
                    if moving[k] and moving[k + d]
                ]
            )
            for d in (1, 6)
        ]
    assert found["trained"] == pytest.approx([0.78, 0.16], abs=0.05)
    assert found["untrained"] == pytest.approx([0.78, 0.21], abs=0.05)


def test_the_card_is_computed(run):
    card = repr(run.shown["evidence-reading"])
    for words in ("5 of 5", "up to 0.08", "MSE 0.028 instead of 0.0006", "marker alone: MSE 0.028"):
        assert words in card


def test_shuffled_weights_do_not_follow_so_far(run):
    """Further exercise 6."""
    rng, gaps = np.random.default_rng(0), []
    for _ in range(200):
        net = copy.deepcopy(run.names["solvers"][8])
        for name in ("W_x", "W_h", "b"):
            array = net.params[name]
            array[...] = rng.permutation(array.ravel()).reshape(array.shape)
        gaps.append(abs(marker_evidence(record_gates(net, X_TASK)["f"], MARKER).gap))
    assert max(gaps) == pytest.approx(0.20, abs=0.02)


# what the lesson counted beforehand


@pytest.mark.slow
def test_ten_seeds_tell_the_same():
    found = []
    for seed in range(10):
        net = marker_lstm(seed).fit(X_TRAIN, Y_TRAIN)
        record = record_gates(net, X_TASK)
        f, i = (marker_evidence(record[gate], MARKER) for gate in "fi")
        assert frozen_at_markers(net, record, "i") > 2.5 * frozen_at_markers(net, record, "f")
        found.append((*f, i.correlation))
    r, at_markers, elsewhere, i = np.array(found).T
    assert r.mean() == pytest.approx(-0.97, abs=0.01)
    assert r.max() == pytest.approx(-0.88, abs=0.02)
    assert at_markers.mean() == pytest.approx(0.37, abs=0.02)
    assert elsewhere.mean() == pytest.approx(0.67, abs=0.02)
    assert (at_markers - elsewhere).max() < -0.15
    assert (i.min(), i.max()) == pytest.approx((0.01, 0.97), abs=0.03)


@pytest.mark.slow
def test_two_step_writing_and_the_loop_are_in_other_nets_too(run):
    far = LAST < 12
    for seed in (5, 6, 7, 9):
        net = run.names["solvers"][seed]
        late = [mse(Y_TASK, hold(net, X_TASK, where=since).y_pred) for since in (SINCE >= 1, SINCE >= 3)]
        assert late[0] > 0.03
        assert late[1] < 0.0025
        record = record_gates(net, X_TASK)
        left = retention(record["f"]).mean(axis=2)[np.arange(500), 19 - LAST]
        usual = record["i"][~MARKER].mean(axis=0)
        ajar = felt(lambda X, net=net, usual=usual: clamp(net, X, where=~MARKER, i=usual).y_pred)
        cut = felt(lambda X, net=net: loop_cut(net, X))
        assert left[far].mean() < 0.05
        assert felt(net.predict)[far].mean() > 0.9
        assert ajar[far].mean() > 0.5
        assert cut[far].mean() < 0.05


@pytest.mark.slow
def test_one_unit_grus_can_all_be_read():
    found = []
    for seed in range(10):
        gru = marker_gru(seed).fit(X_TRAIN, Y_TRAIN)
        evidence = marker_evidence(record_gates(gru, X_TASK)["z"], MARKER)
        found.append((evidence.correlation, evidence.gap))
    r, gap = np.array(found).T
    assert r.min() > 0.9985
    assert (gap.min(), gap.max()) == pytest.approx((0.79, 0.92), abs=0.015)


@pytest.mark.slow
def test_twenty_nets_at_sea(run):
    X, own_unit, y_true = (run.names[name] for name in ("X_test", "own_unit", "y_true"))
    naive, data = run.shown["hook-train"].naive.mse, (run.names["X_train"], run.names["y_train"])
    signs, bare = [], {}
    for seed in range(20):
        net = run.names["nets"].get(seed)
        net = net or LSTM(1, 16, seed=seed, dtype=np.float32, training=run.names["recipe"]).fit(*data)
        signs.append(correlation(record_gates(net, X)["f"], X))
        if seed in (6, 7):
            learnt = record_gates(net, data[0])
            usual = {gate: learnt[gate].mean(axis=(0, 1)) for gate in "ifo"}
            bare[seed] = 1 - mse(y_true, own_unit(clamp(net, X, **usual).y_pred)) / naive
    assert np.sum(np.array(signs) < 0) == 18
    assert bare == pytest.approx({6: 0, 7: -0.03}, abs=0.03)


@pytest.mark.slow
def test_another_start_bias_changes_no_reading():
    """Further exercise 1."""
    for seed in range(5):
        net = marker_lstm(seed)
        net.params["b"][8:16] = 0
        record = record_gates(net.fit(X_TRAIN, Y_TRAIN), X_TASK)
        f = marker_evidence(record["f"], MARKER)
        assert mse(Y_TASK, record.y_pred) < 0.0011
        assert f.correlation < -0.9
        assert f.gap == pytest.approx(-0.27, abs=0.075)
        assert 0.2 < marker_evidence(record["i"], MARKER).correlation < 0.98
        assert frozen_at_markers(net, record, "i") == pytest.approx(0.13, abs=0.06)
        assert frozen_at_markers(net, record, "f") == pytest.approx(0.022, abs=0.008)


@pytest.mark.slow
def test_a_better_net_is_not_a_more_readable_one():
    """Further exercise 2."""
    training = {"epochs": 25, "batch_size": 64, "lr": 0.02, "schedule": "cosine", "max_grad_norm": 1.0}
    held = []
    for seed in range(5):
        gru = GRU(2, 8, seed=seed, dtype=np.float32).fit(X_TRAIN, Y_TRAIN, **training)
        record = record_gates(gru, X_TASK)
        z = marker_evidence(record["z"], MARKER)
        assert mse(Y_TASK, record.y_pred) < 0.001
        assert z.correlation == pytest.approx(0.68, abs=0.12)
        assert z.gap == pytest.approx(0.16, abs=0.045)
        assert mse(Y_TASK, hold(gru, X_TASK, where=MARKER).y_pred) == pytest.approx(0.335, abs=0.03)
        held.append(mse(Y_TASK, hold(gru, X_TASK, where=~MARKER).y_pred))
    assert min(held) < 0.1
    assert max(held) > 0.6


@pytest.mark.slow
def test_the_sign_of_the_grus_reading_is_learnt(run):
    """Further exercise 3."""
    X, recipe = run.names["X_test"], run.names["recipe"]
    data = run.names["X_train"], run.names["y_train"]
    nets = [GRU(1, 16, seed=seed, dtype=np.float32, training=recipe).fit(*data) for seed in range(10)]
    trained = [correlation(record_gates(net, X)["z"], X) for net in nets]
    assert min(trained) == pytest.approx(0.83, abs=0.03)
    assert max(trained) == pytest.approx(0.97, abs=0.02)
    fresh = (GRU(1, 16, seed=seed, dtype=np.float32) for seed in range(1000, 1100))
    untrained = np.array([correlation(record_gates(net, X)["z"], X) for net in fresh])
    assert np.median(np.abs(untrained)) == pytest.approx(0.86, abs=0.02)
    assert np.mean(untrained > 0) == pytest.approx(0.63, abs=0.02)
    assert round(0.63**10, 2) == 0.01
