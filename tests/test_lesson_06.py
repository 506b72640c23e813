"""What lesson 06 says, it also shows."""

import json

import numpy as np
import pytest
from lesson_run import NOTEBOOKS, run_lesson

from lessons.exercises import REGISTRY, check
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
from lessons.rnn import GRU, LSTM
from lessons.scores import mse

LESSON = "06_gate_heatmaps"
X_TRAIN, Y_TRAIN, _ = marker_task(2000, seed=42)
X_TASK, Y_TASK, MARKER = marker_task(500, seed=43)


@pytest.fixture(scope="module")
def run():
    return run_lesson(LESSON)


def correlation(gate, X):
    return np.corrcoef(gate.mean(axis=2).ravel(), X[:, :, 0].ravel())[0, 1]


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
    assert "takes away 82%" in run.shown["evidence"]["verdict"]


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
    trained, untrained = (run.numbers("untrained-numbers", f"{name} ") for name in ("trained", "untrained"))
    assert trained[0] == pytest.approx(-0.97, abs=0.01)
    assert untrained[0] == pytest.approx(-1, abs=0.002)
    assert run.names["untrained_mse"] / run.shown["hook-train"].naive.mse == pytest.approx(4.5, abs=0.1)
    assert trained[1] < 0.1 < untrained[1]
    assert untrained[2] < 0.8 < trained[2]


def test_why_it_does(run):
    (x, h), (x_trained, h_trained) = (
        run.numbers("untrained-why", f"{name:10} what") for name in ("untrained", "trained")
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


def test_nearly_half_of_all_untrained_nets_do_as_well(run):
    assert run.numbers("share", "share of nets")[-1] == pytest.approx(0.47, abs=0.03)
    assert run.numbers("share", "median distance")[::2] == pytest.approx([-0.97, 0.95], abs=0.01)


def test_other_seeds_forecast_as_well_and_do_not_agree(run):
    lines = [run.numbers("sea-seeds", f"seed {seed:2}") for seed in (42, 0, 1, 2, 3)]
    errors, follows = np.array(lines).T
    assert errors.min() > 0.22
    assert errors.max() < 0.26
    assert (follows < -0.7).sum() == 4
    assert abs(follows[1]) < 0.2


def test_what_each_gate_is_worth_at_sea(run):
    costs = run.names["costs"]
    assert list(costs.values()) == pytest.approx([0.230, 0.283, 0.318, 0.389, 0.544], abs=0.02)
    assert costs["nothing"] < costs["i"] < costs["f"] < costs["o"] < costs["i, f, o"]
    naive = run.shown["hook-train"].naive.mse
    assert [round(1 - costs[name] / naive, 2) for name in ("nothing", "f")] == pytest.approx(
        [0.82, 0.76], abs=0.011
    )
    assert 1 - costs["i, f, o"] / naive > 0.5
    seen = {gate: run.numbers("sea-frozen", f"frozen: {gate} ")[-1] for gate in "ifo"}
    assert min(seen, key=lambda gate: abs(seen[gate])) == "o"


def test_memory_at_sea(run):
    lines = {lag: run.numbers("memory-sea", f"{lag:2} months back") for lag in (1, 3, 12)}
    for lag in (1, 3):
        by_gates, measured = lines[lag]
        assert measured == pytest.approx(by_gates, rel=0.35)
    assert run.names["measured"][12] / run.names["by_gates"][12] > 20


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


def test_untrained_nets_follow_but_not_far(run):
    r = run.numbers("marker-share", "correlation")
    gap = run.numbers("marker-share", "gap")
    assert r == pytest.approx([-0.98, 200, 0.98, 0.005], abs=0.0051) or r[-1] < 0.015
    assert (gap[0], gap[2], gap[3]) == pytest.approx((-0.30, 0.08, 0.005), abs=0.01)
    assert np.sum(np.abs(run.names["random"]["correlation"]) >= 0.88) == pytest.approx(11, abs=1)


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


def test_a_mean_over_units_hides_what_they_do(run):
    mean, distance = run.numbers("force-units", "their mean")[:1] + run.numbers("force-units", "their")[-1:]
    assert abs(mean) < 0.01
    assert distance > 0.15
    assert run.names["i_gap"].min() < -0.3
    assert run.names["i_gap"].max() > 0.25


def test_one_unit_can_be_read_from_first_to_last(run):
    _, r, gap = run.numbers("gru", "GRU, one unit")
    assert (r, gap) == pytest.approx((1, 0.87), abs=0.01)
    own = run.numbers("gru", "GRU, one unit")[0]
    blocked, held = (run.numbers("gru", f"memory frozen {where}") for where in ("at markers", "elsewhere"))
    assert min(blocked) > 0.3
    assert held[0] <= own
    assert held[1] > 100 * mse(Y_TASK, run.names["puzzle"].y_pred)


def test_a_loop_remembers_and_not_the_forget_gate(run):
    assert run.numbers("memory-gates", "marker task, between markers") == pytest.approx([1.2, 2.5], abs=0.1)
    curves = {name: np.array(curve) for name, curve in run.names["curves"].items()}
    assert curves["LSTM"] == pytest.approx(0.96, abs=0.05)
    assert curves["forget gates alone"][0] == pytest.approx(0.67, abs=0.02)
    assert curves["forget gates alone"][-1] < 0.01
    assert curves["LSTM, writing cut"] == pytest.approx(curves["forget gates alone"], rel=0.45)


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
    assert run.numbers("mistake", "largest output gate")[-1] == pytest.approx(0.81, abs=0.02)
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
    cells = json.loads((NOTEBOOKS / f"{LESSON}.ipynb").read_text(encoding="utf-8"))["cells"]
    names, results = {"check": check}, []
    for cell in cells:
        source = "".join(cell["source"])
        if cell["id"].startswith("answer-"):
            exercise = next(e for e in REGISTRY.of_lesson("06") if f"def {e.reference.__name__}(" in source)
            assert f"def {exercise.signature}:" in source
            exec(exercise.source(), names)
        elif cell["id"].startswith("check-"):
            results.append(eval(source, names))
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
def test_the_loop_is_in_other_nets_too():
    last = 19 - MARKER[:, ::-1].argmax(axis=1)
    far = 19 - last >= 8
    nudged = X_TASK.copy()
    nudged[np.arange(500), last, 0] += 0.1
    for seed in (5, 6, 7):
        net = marker_lstm(seed).fit(X_TRAIN, Y_TRAIN)
        left = retention(record_gates(net, X_TASK)["f"]).mean(axis=2)[np.arange(500), 19 - last]
        assert left[far].mean() < 0.05
        assert ((net.predict(nudged) - net.predict(X_TASK))[far] / 0.1).mean() > 0.9
        cut = [clamp(net, X, where=~MARKER, i=0.0).y_pred for X in (nudged, X_TASK)]
        assert ((cut[0] - cut[1])[far] / 0.1).mean() < 0.05


@pytest.mark.slow
def test_one_unit_grus_can_all_be_read():
    r = []
    for seed in range(10):
        gru = marker_gru(seed).fit(X_TRAIN, Y_TRAIN)
        r.append(marker_evidence(record_gates(gru, X_TASK)["z"], MARKER).correlation)
    assert np.mean(r) == pytest.approx(0.994, abs=0.01)
    assert min(r) > 0.9


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
