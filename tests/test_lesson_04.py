"""What lesson 04 says, it also shows."""

import re

import numpy as np
import pytest

from lessons.records import recorded
from lessons.rnn import GRU
from lessons.scores import mse
from lessons.series import trend_and_seasons
from lessons.windows import scaled_windows
from lessons.wrappers import Centred

LESSON = "04_numpy_gru"
H = 32
CURED = {"epochs": 40, "lr": 5e-3, "schedule": "cosine"}


def score(lesson, cell, name):
    """A test MSE from the text equivalent of a figure's bars, and its spread if there is one."""
    found = re.search(rf"{name} (\d\.\d+)(?: ± (\d\.\d+))?[;.]", lesson.text(cell).split("best first.")[1])
    return float(found[1]), found[2] and float(found[2])


def test_the_headline(lesson, claim):
    (gru, _), (naive, _) = (score(lesson, "hook-train", name) for name in ("GRU", "last value"))
    claim("GRU of seed 42 over last value, test MSE", gru / naive, high=0.97)


def test_the_readers_step_drives_the_trained_net(lesson, claim):
    *_, test_mse, furthest = lesson.numbers("forward", "test MSE")
    assert test_mse == score(lesson, "hook-train", "GRU")[0]
    claim("reader's loop against the package, largest difference", furthest, high=1e-4)


def test_before_hides_a_unit_and_after_blinds_a_candidate(lesson):
    assert lesson.numbers("reset-place", "before") == [0.8, 0.8]
    assert lesson.numbers("reset-place", "after") == [1.3, 0.0]


def test_a_frozen_update_gate_is_exponential_smoothing(lesson):
    assert "1 in 1,048,576 at z 0.5, 1 in 3 at z 0.05" in lesson.text("smoothing")


def test_units_have_their_own_speed_and_vary_it(lesson, claim):
    slowest, fastest = lesson.numbers("speed", "z, mean of each unit")
    claim("z of the fastest unit over that of the slowest", fastest / slowest, low=1.5)
    claim("largest change of z within a unit", lesson.numbers("speed", "z, change within a unit")[1], low=0.4)
    claim("change of z, trained over fresh", np.divide(*lesson.numbers("speed", "median change:")), low=1.3)


def test_the_readers_gradients_are_right(lesson):
    assert "all gradients agree" in lesson.text("your-gru")


def test_one_seed_is_one_draw(lesson, claim):
    scores = [score(lesson, "seeds-board", f"GRU, seed {seed}")[0] for seed in (42, *range(5))]
    naive, _ = score(lesson, "seeds-board", "last value")
    claim("seeds of six that beat the last value", sum(s < naive for s in scores), low=2, high=4)
    claim("mean of six seeds, test MSE", np.mean(scores), low=0.095, high=0.105)
    assert scores[0] == min(scores) and scores[1] > naive  # "kept the best"; "and lost above"
    lead = naive - scores[0]
    claim("spread over seeds over the lead of seed 42", np.std(scores, ddof=1) / lead, low=1.3)
    assert "cannot be told apart" in lesson.text("evidence")


def test_centring_gains_more_than_the_spread_over_seeds(lesson, claim):
    (raw, sd), (centred, _) = (score(lesson, "centred", name) for name in ("GRU", "GRU centred"))
    claim("gain by centring over the spread of seeds", (raw - centred) / sd, low=2.5)


def test_the_gru_turns_with_the_series(lesson, claim):
    text = lesson.text("centred-forecast")
    naive, gru = (float(re.search(rf"{name} (\d\.\d+)", text)[1]) for name in ("last value", "GRU centred"))
    claim("GRU centred over last value, first 80 test steps", gru / naive, high=0.7)


def test_the_memory_runs_through_the_candidate(lesson, claim):
    names = ["untrained", *(f"trained, seed {seed} " for seed in (42, *range(5)))]
    left = np.array([lesson.numbers("memory-trained", name) for name in names])
    as_is, held, blind = left.T
    claim("left after 20 steps, untrained, in %", as_is[0], low=0.01, high=0.5)
    claim("least left after training over untrained", (as_is[1:] / as_is[0]).min(), low=10)
    claim("most left after training with W_hn = 0, as a share", (blind / as_is)[1:].max(), high=0.02)
    claim("most left with W_hn = 0, in %", blind.max(), high=0.3)
    claim("least left with gates held, as a share", (held / as_is).min(), low=0.1)


def test_the_records_say_what_the_text_says():
    raw = {row[0]: row[2:] for row in recorded("04_raw_gru").rows}
    won, of = map(int, raw.pop("ahead")[-1].split(" of "))
    assert 0.3 < won / of < 0.7
    assert len(raw) == 8
    cells = {name: list(map(float, values)) for name, *values in recorded("04_two_cells").rows}
    mean = {name: values[0] for name, values in cells.items()}
    assert mean["ridge"] < min(mean["GRU centred"], mean["LSTM centred"])
    assert max(mean["GRU centred"], mean["LSTM centred"]) < 0.6 * mean["GRU"] < 0.6 * mean["last value"]


def fresh(seed=42):
    """Windows of the lesson's series with other noise."""
    return scaled_windows(trend_and_seasons(seed=seed)[1], window=60, at=630)


def centred_error(w, seed, frozen=slice(0, 0)):
    """Test MSE of a centred GRU with some of its gates held open."""
    model = GRU(1, H, seed=seed, dtype=np.float32, training=CURED)
    model.params["b"][frozen] = 50
    own = w.scaler.inverse_target
    return mse(own(w.y_test), own(Centred(model).fit(w.X_train, w.y_train).predict(w.X_test)))


@pytest.mark.slow
def test_the_update_gate_earns_its_keep_and_the_reset_gate_does_not(claim):
    w = fresh()
    full, no_reset, no_update = (
        np.mean([centred_error(w, seed, frozen) for seed in range(3)])
        for frozen in (slice(0, 0), slice(0, H), slice(H, 2 * H))
    )
    claim("GRU without reset gate over GRU, test MSE", no_reset / full, high=1.05)
    claim("GRU without update gate over GRU, test MSE", no_update / full, low=1.15)


@pytest.mark.slow
@pytest.mark.parametrize(("keep_bias", "low", "high"), [(0, 0.5, None), (2, None, 0.4)])
def test_recall_hangs_on_the_keep_bias(keep_bias, low, high, claim):
    def recall(n, rng):
        X = rng.normal(0, 0.3, size=(n, 30, 1))
        X[:, 0, 0] = rng.uniform(-1, 1, n)
        return X, X[:, 0].copy()

    for seed in range(3):
        rng = np.random.default_rng(1000 + seed)
        model = GRU(1, 16, seed=seed, dtype=np.float32, keep_bias=keep_bias)
        model.fit(*recall(400 * 64, rng), epochs=1, lr=5e-3)
        X, y = recall(500, rng)
        error = mse(y, model.predict(X)) / y.var()
        claim(f"recall, keep bias {keep_bias}, seed {seed}, error over variance", error, low, high)
