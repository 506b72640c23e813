"""What lesson 06 says, it also shows; and it holds on every kernel, and for other seeds."""

import re

import numpy as np
import pytest

from lessons import explorers
from lessons.exercises import REGISTRY
from lessons.gates import clamp, marker_lstm, marker_task, record_gates
from lessons.rnn import GRU, LSTM, sigmoid
from lessons.scores import mse
from lessons.series import sea_temperature
from lessons.windows import scaled_windows

LESSON = "06_gate_heatmaps"
SEEDS = (42, 0, 1, 2, 3)
RECIPE = {"epochs": 40, "lr": 0.01, "schedule": "cosine"}
X_TASK, Y_TASK, MARKER = marker_task(500, seed=43)
LAST = 19 - MARKER[:, ::-1].argmax(axis=1)  # (500,)
gate_evidence = REGISTRY["06.gate_evidence"].reference


# the sea


def test_an_untrained_net_tells_the_same_story(lesson, claim):
    trained, untrained = (lesson.numbers("untrained-table", f"{name} ") for name in ("trained", "untrained"))
    (naive,) = lesson.numbers("untrained-table", "last value")
    claim("trained f and temperature, correlation", trained[0], -0.98, -0.95)
    claim("untrained f and temperature, correlation", untrained[0], -1.0, -0.99)
    claim("trained test MSE, °C²", trained[3], 0.2, 0.26)  # ridge's
    claim("untrained over naive MSE", untrained[3] / naive, 4.0)
    claim("trained f, spread", trained[2] - trained[1], 0.75)
    claim("untrained f, spread", untrained[2] - untrained[1], None, 0.5)
    x, h = lesson.numbers("untrained-why", "untrained")
    claim("input over state in an untrained f", x / h, 2.5, 3.5)
    x, h = lesson.numbers("untrained-why", " trained")
    claim("input over state in a trained f", x / h, 0.8, 1.25)
    claim("share of nets that follow as closely", lesson.numbers("share")[-1], 0.4, 0.5)


def test_most_untrained_gates_are_the_input_squashed(claim):
    sea = scaled_windows(sea_temperature()[1], window=24, at=512)
    x = sea.X_test[:, :, 0].ravel()
    explained = []
    for seed in range(1000, 1020):
        f = record_gates(LSTM(1, 16, seed=seed, dtype=np.float32), sea.X_test)["f"]
        explained += [np.corrcoef(f[:, :, unit].ravel(), x)[0, 1] ** 2 for unit in range(16)]
    claim("untrained f, r² with the input, median", np.median(explained), 0.85)


def test_the_trial(lesson, claim):
    minus, furthest = lesson.numbers("sea-far", "furthest untrained")
    claim("untrained nets with a minus, per cent", minus, 40, 60)
    far = {seed: lesson.numbers("sea-far", f"seed {seed} ") for seed in SEEDS}
    claim("slope of f, seed 42 over furthest untrained", abs(far[42][1]) / furthest, 1.9)
    claim("nets with a share below 0.05", sum(share < 0.05 for *_, share in far.values()), 3, 3)
    claim("nets of five with the minus", sum(r < 0 for r, *_ in far.values()), 4, 4)
    claim("correlation of f, seed 0", far[0][0], -0.2, 0.2)
    costs = {gates: lesson.numbers("sea-frozen", f" {gates} ") for gates in ("nothing", "f", "o", "i, f, o")}
    for k, seed in enumerate(SEEDS):
        free, f, o, bare = (costs[gates][k] for gates in costs)
        claim(f"f frozen over free, seed {seed}", f / free, 1.1)
        claim(f"o frozen over f frozen, seed {seed}", o / f, 1.05)
        claim(f"all frozen, over naive, seed {seed}", bare / 1.31, None, 0.7)
    assert costs["nothing"][0] == 0.23 and costs["f"][0] == 0.32
    assert "below 0.05 in 6 of 12 nets" in lesson.text("sea-record")


# the marker task


def test_the_forget_gate_can_be_read_and_the_input_gate_cannot(lesson, claim):
    rows = {seed: lesson.numbers("marker-train", f"seed {seed} ") for seed in range(5, 10)}
    error, i, _, f, gap, o, o_gap, usual, marked = np.array(list(rows.values())).T
    claim("marker task, largest MSE", error.max(), None, 0.0015)
    claim("marker task, weakest f", f.max(), None, -0.955)
    claim("marker task, smallest gap of f", gap.max(), None, -0.23)
    claim("marker task, largest gap of f", gap.min(), -0.33)
    claim("marker task, f at markers over f elsewhere, least", (marked / usual).min(), 0.45)
    claim("marker task, f at markers over f elsewhere, most", (marked / usual).max(), None, 0.66)
    claim("marker task, weakest i", i.min(), None, 0.05)
    claim("marker task, strongest i", i.max(), 0.83)
    claim("marker task, o either way", o.min() * o.max(), None, -0.3)
    claim("marker task, largest gap of o", np.abs(o_gap).max(), None, 0.06)
    r, gap = (lesson.numbers("marker-share", name) for name in ("correlation", "gap"))
    claim("furthest untrained correlation", r[1], 0.95)
    claim("furthest untrained gap", gap[1], None, 0.1)
    claim("share by gap", gap[2], None, 0.005)
    claim("share by correlation", r[2], None, 0.011)


def test_what_freezing_costs(lesson, claim):
    before, after = lesson.numbers("force-mine", "MSE")
    claim("f frozen at markers over free, seed 8", after / before, 40)
    assert "True" in lesson.text("force-mine")
    i, f, o = (np.array(lesson.numbers("force-all", f" {gate} ")) for gate in "ifo")
    claim("i frozen over f frozen, least of five nets", (i / f)[:5].min(), 5)
    claim("i frozen over f frozen, means", i[5] / f[5], 6, 8)
    claim("o frozen over f frozen, largest", (o / f).max(), None, 0.6)
    *gaps, mean = lesson.numbers("force-units", "gap")
    claim("gap of i, mean over units", abs(mean), None, 0.01)
    claim("gap of i, largest of a unit", max(gaps), 0.2)
    claim("gap of i, smallest of a unit", min(gaps), None, -0.3)


def test_holding_in_the_explorer_does_what_the_text_says(claim):
    hold = explorers.hold_gate()
    forecasts = {}
    for gate, step in (("input gate", 8), ("input gate", 14), ("forget gate", 16)):
        hold.set(gate=gate, steps=(step, step))
        forecasts[step] = hold.held.y_pred[5, 0]
    value, before = (X_TASK[5, step, 0] for step in (14, 12))
    claim("i shut off the marker: off the target", abs(forecasts[8] - value), None, 0.05)
    claim("i shut at the last marker: off the marker before", abs(forecasts[14] - before), None, 0.1)
    claim("memory wiped: share kept", forecasts[16] / value, 0.2, 0.45)


def test_a_loop_remembers_and_not_the_forget_gate(lesson, claim):
    alt = next(line for line in lesson.text("memory-plot").splitlines() if line.startswith("Line chart"))
    names = ("LSTM:", "LSTM, loop cut:", "forget gates alone:")
    first, last = np.array([(curve[0], curve[-2]) for curve in (_numbers_after(alt, n) for n in names)]).T
    claim("left after one step", first[0], 0.9)
    claim("left after sixteen steps", last[0], 0.9)
    claim("left after one step by the gates", first[2], 0.6, 0.72)
    claim("left after sixteen by the gates", last[2], None, 0.02)
    claim("left after sixteen with the loop cut", last[1], None, 0.02)


def _numbers_after(text, name):
    part = text.split(name)[1].split(";")[0]
    return [float(number) for number in re.findall(r"\d+\.?\d*", part)]


def test_the_planted_mistake_hits_too_hard(lesson, claim):
    (forced,), (nothing,) = (lesson.numbers("mistake", row) for row in ("MSE", "always answering 0"))
    claim("o = 1 between markers over knowing nothing", forced / nothing, 3.5, 4.0)
    claim("its correlation with the target", lesson.numbers("mistake", "correlation")[0], 0.85)
    claim("its width", lesson.numbers("mistake", "width")[0], 2.4, 2.8)
    net = marker_lstm(8).fit(*marker_task(2000, seed=42)[:2])
    usual = record_gates(net, X_TASK)["o"][~MARKER].mean(axis=0)
    claim("control", mse(Y_TASK, clamp(net, X_TASK, where=~MARKER, o=usual).y_pred), None, 0.01)


def test_the_card_is_computed(lesson):
    card = lesson.text("evidence-reading")
    for words in ("5 of 5", "up to 0.08", "MSE 0.028 instead of 0.0006"):
        assert words in card


# other seeds, and further exercises


def _frozen(net, record, gate):
    usual = record[gate][~MARKER].mean(axis=0)
    return mse(Y_TASK, clamp(net, X_TASK, where=MARKER, **{gate: usual}).y_pred)


@pytest.mark.slow
@pytest.mark.parametrize("forget_bias", [0, 1])
def test_other_seeds_and_another_start_tell_the_same(forget_bias, claim):
    found = []
    for seed in range(5):
        net = marker_lstm(seed)
        net.params["b"][8:16] = forget_bias
        record = record_gates(net.fit(*marker_task(2000, seed=42)[:2]), X_TASK)
        r, gap = gate_evidence(record["f"], MARKER)
        costs = _frozen(net, record, "i") / _frozen(net, record, "f")
        since = np.arange(20) > LAST[:, None]
        cut, kept = _left(net, record), np.where(since[:, :, None], record["f"], 1).prod(axis=1).mean(axis=1)
        far = LAST < 12
        found.append((r, gap, costs, kept[far].mean(), *(curve[far].mean() for curve in cut)))
    r, gap, costs, kept, whole, cut = np.array(found).T
    claim(f"f at markers, forget bias {forget_bias}, weakest of five seeds", r.max(), None, -0.85)
    claim(f"its smallest gap, forget bias {forget_bias}", gap.max(), None, -0.15)
    claim(f"i over f frozen, forget bias {forget_bias}, least", costs.min(), 2.5)
    claim(f"left far back, forget bias {forget_bias}, least", whole.min(), 0.85)
    claim(f"left far back, loop cut, forget bias {forget_bias}, most", cut.max(), None, 0.15)
    claim(f"left far back by the gates, forget bias {forget_bias}, most", kept.max(), None, 0.08)


def _left(net, record):
    """How much of a nudge at the last marker arrives, as the net is and with its loop cut."""
    W_x, W_h, b = (net.params[name][..., 16:24] for name in ("W_x", "W_h", "b"))
    usual = record["h"][~MARKER].mean(axis=0)
    nudged = X_TASK.copy()
    nudged[np.arange(500), LAST, 0] += 0.1

    def cut(X):
        return clamp(net, X, where=~MARKER, g=np.tanh(X @ W_x + usual @ W_h + b)).y_pred

    return [((f(nudged) - f(X_TASK)) / 0.1)[:, 0] for f in (net.predict, cut)]


@pytest.fixture(scope="module")
def sea():
    return scaled_windows(sea_temperature()[1], window=24, at=512)


@pytest.mark.slow
def test_the_sign_of_the_grus_reading_is_learnt(sea, claim):
    """Further exercise 2."""

    def follows(net):
        z = record_gates(net, sea.X_test)["z"].mean(axis=2)
        return np.corrcoef(z.ravel(), sea.X_test[:, :, 0].ravel())[0, 1]

    nets = [GRU(1, 16, seed=seed, dtype=np.float32, training=RECIPE) for seed in range(10)]
    trained = [follows(net.fit(sea.X_train, sea.y_train)) for net in nets]
    untrained = [follows(GRU(1, 16, seed=seed, dtype=np.float32)) for seed in range(1000, 1100)]
    claim("GRU at sea, least correlation of ten", min(trained), 0.7)
    claim("untrained GRUs with a plus", np.mean(np.array(untrained) > 0), 0.55, 0.72)
    claim("untrained GRUs, median distance", np.median(np.abs(untrained)), 0.75)


@pytest.mark.slow
def test_f_of_the_temperature_is_enough_in_four_nets_of_five(sea, claim):
    """Further exercise 3."""
    own = sea.scaler.inverse_target
    for seed in SEEDS:
        net = LSTM(1, 16, seed=seed, dtype=np.float32, training=RECIPE).fit(sea.X_train, sea.y_train)
        learnt = record_gates(net, sea.X_train)["f"]
        w, b = np.polyfit(sea.X_train[:, :, 0].ravel(), np.log(learnt / (1 - learnt)).reshape(-1, 16), 1)
        held = [{}, {"f": learnt.mean(axis=(0, 1))}, {"f": sigmoid(sea.X_test * w + b)}]
        free, frozen, only = (
            mse(own(sea.y_test), own(clamp(net, sea.X_test, **gates).y_pred)) for gates in held
        )
        back = (frozen - only) / (frozen - free)
        claim(f"regained by the water alone, seed {seed}", back, *((None, 0.3) if seed == 0 else (0.5, None)))
