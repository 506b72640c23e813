"""Lesson 03: what its prose claims is what its cells show; what it says in general holds for fresh seeds."""

import re

import numpy as np
import pytest
from lesson_run import executed

from lessons import explorers
from lessons.baselines import Ridge
from lessons.exercises import REGISTRY
from lessons.records import recorded
from lessons.rnn import LSTM, Adam
from lessons.scores import mse
from lessons.series import trend_and_seasons, two_waves
from lessons.windows import make_windows, scaled_windows, split_by_time
from lessons.wrappers import Centred, LinearSkip

LESSON = "03_numpy_lstm"


def reference(name):
    return REGISTRY[f"03.{name}"].reference


# The exercises' functions are the package's


def test_adam_is_the_packages_but_for_the_place_of_eps():
    rng = np.random.default_rng(1)
    start, (m, v) = rng.normal(size=4), np.zeros((2, 4))
    p, params, adam = start, {"p": start.copy()}, Adam(lr=0.01, eps=1e-30)
    for k in range(1, 20):
        g = rng.normal(size=4)
        p, m, v = reference("adam_update")(p, g, m, v, k, lr=0.01, eps=1e-30)
        adam.step(params, {"p": g})
    np.testing.assert_allclose(p, params["p"], rtol=1e-10)


def test_centring_is_the_wrappers():
    class Recorder:
        def fit(self, X, y):
            self.seen = X, y

    rng, recorder = np.random.default_rng(2), Recorder()
    X, y = rng.normal(size=(6, 9, 1)) + 3, rng.normal(size=(6, 1)) + 3
    Centred(recorder).fit(X, y)
    X_centred, y_centred, level = reference("centre_windows")(X, y)
    np.testing.assert_allclose(recorder.seen[0], X_centred)
    np.testing.assert_allclose(recorder.seen[1], y_centred)
    np.testing.assert_allclose(y_centred + level, y)


# What the cells show


@pytest.mark.claims
def test_the_reference_run_comes_out_to_the_digit(lesson):
    losses = "1  0.9495", "2  0.5946", "3  0.3803", "20  0.0638", "40  0.0470", "60  0.0464", "80  0.0387"
    log = re.sub(r" +", "  ", lesson.text("match-train"))  # in float64 they are the same: test_seed_figures
    assert all(epoch in log for epoch in losses)
    assert "LSTM 0.2782" in lesson.text("match-errors") and "LSTM -0.21" in lesson.text("match-errors")


@pytest.mark.claims
def test_the_board_tells_the_story(lesson, claim):
    text = lesson.text("mend-skip")
    names = "last value", "ridge", "LSTM", "LSTM centred", "LSTM + skip"
    rows = {n: float(re.search(rf"^ *{re.escape(n)} +(\d\.\d+)", text, flags=re.M)[1]) for n in names}
    raw, skip = rows["LSTM"], rows["LSTM + skip"]
    assert rows["last value"] == pytest.approx(0.0940, abs=5e-5) and raw == pytest.approx(0.1178, abs=5e-5)
    assert rows["ridge"] == pytest.approx(0.0383, abs=5e-5)
    claim("03: LSTM centred, test MSE over the plain one", rows["LSTM centred"] / raw, high=0.45)
    claim("03: LSTM with a skip, test MSE over centred", skip / rows["LSTM centred"], high=0.99)
    claim("03: LSTM with a skip, test MSE over ridge", skip / rows["ridge"], low=1.0, high=1.15)
    assert lesson.numbers("mend-skip", "ridge's forecast moves up by") == [1.0, 0.98]


@pytest.mark.claims
def test_unscaled_every_step_is_clipped_and_little_is_learnt(lesson, claim):
    rows = [line.split() for line in lesson.text("match-unscaled").splitlines() if "9 of 9" in line]
    assert len(rows) == 3  # every step of every epoch shown
    fell_to = float(rows[-1][1]) / float(rows[0][1])
    claim("03: unscaled series, loss after 10 epochs over the first", fell_to, low=0.8, high=1)


def test_an_untrained_unit_keeps_three_per_cent_over_five_steps(lesson):
    assert "Left after five steps: 3%, 53%" in lesson.text("fade")


def test_wrong_gradients_stand_out_unless_they_lie_far_back(lesson):
    title = next(line for line in lesson.text("check-all").splitlines() if line.startswith("The errors: "))
    right, no_square, no_slope, of_16, of_60 = map(float, re.findall(r"\de[-+]\d+", title))
    assert right < 1e-9 and of_60 < 1e-6  # both pass
    assert no_square > 0.1 and no_slope > 0.1 and 1e-3 < of_16 < 1e-2


@pytest.mark.claims
def test_wrong_gradients_learn_too(lesson, claim):
    names = "last value", "ridge", "LSTM ", "one slope missing"
    naive, ridge, right, wrong = lesson.firsts("training-scores", *names)
    claim("03: your LSTM over naive on two waves, test MSE", right / naive, high=0.25)
    claim("03: your LSTM over ridge on two waves, test MSE", right / ridge, low=0.85, high=1.15)
    claim("03: one slope missing, test MSE over naive", wrong / naive, high=0.26)


def test_package_is_the_same_net(lesson):
    forecasts, gradients = map(float, re.findall(r"\de[-+]\d+", lesson.text("twin-same")))
    assert max(forecasts, gradients) < 1e-11


def test_targets_are_known_and_levels_are_not(lesson):
    assert "255 of 270 targets, 85 of the windows' levels" in lesson.text("match-levels")


def test_the_records_say_what_the_text_says():
    fresh = {row[0]: row[1:] for row in recorded("03_fresh_series").rows}
    assert fresh["LSTM"][2] == "3 of 12"  # "loses nine times in twelve"
    for name in ("LSTM centred", "LSTM + skip", "LSTM centred + skip"):
        assert fresh[name][2:] == ("12 of 12", "0 of 12")
    for noise, naive, ridge, best, lstm, over_ridge, over_best in recorded("03_away_match").rows:
        ahead = {name: int(text.split()[0]) for name, text in (("ridge", over_ridge), ("best", over_best))}
        naive, ridge, best, lstm = map(float, (naive, ridge, best, lstm))
        assert lstm < naive / 1.5 and ahead["best"] <= ahead["ridge"]
        if noise == "0.1":
            assert ahead["ridge"] > 22 and ahead["best"] > 15 and (ridge - best) > 0.5 * (ridge - lstm)
        if noise == "0.04":
            assert ahead["ridge"] < 12


# What it says in general, on fresh draws and seeds


def climbing(**settings):
    data = scaled_windows(trend_and_seasons(**settings)[1], window=60, at=630)
    naive = mse(data.y_test, data.X_test[:, -1])

    def over_naive(net):
        net.fit(data.X_train, data.y_train, epochs=80, lr=2e-3)
        return mse(data.y_test, net.predict(data.X_test)) / naive

    return over_naive


def lstm(seed):
    return LSTM(1, 32, seed=seed, dtype=np.float32)


@pytest.mark.slow
@pytest.mark.claims
def test_on_fresh_draws_the_mended_nets_win(claim):
    over_naive = []
    for draw in (500, 501):  # the record shows twelve more
        score = climbing(seed=draw)
        over_naive.append([score(net) for net in (lstm(draw), Centred(lstm(draw)), LinearSkip(lstm(draw)))])
    plain, centred, skip = np.transpose(over_naive)
    claim("03: plain LSTM over the one with a skip on two fresh draws, least", min(plain / skip), low=1.3)
    claim("03: centred LSTM over naive on two fresh draws, worst", max(centred), high=0.7)
    claim("03: LSTM with a skip over naive on two fresh draws, worst", max(skip), high=0.6)


@pytest.mark.slow
@pytest.mark.claims
def test_without_the_climb_the_same_net_wins(claim):
    for trend, low, high in ((0.0, None, 0.7), (0.0025, 1.1, 1.5), (0.01, 1.3, None)):
        claim(f"03: LSTM over naive, trend {trend}", climbing(trend=trend)(lstm(42)), low, high)
        naive = explorers.training(trend=trend).live.figure.layout.shapes[0]
        assert naive.name == "last value" and naive.y0 == pytest.approx(0.094, abs=5e-4)
    claim("03: centred LSTM over naive, trend 0.01", climbing(trend=0.01)(Centred(lstm(42))), high=0.6)
    claim("03: LSTM over naive, trend 0, another seed", climbing(trend=0.0)(lstm(0)), high=0.8)


@pytest.mark.slow
@pytest.mark.claims
def test_the_lstm_wins_its_away_match_on_fresh_draws(claim):
    wins = 0
    for draw in range(10):
        X, y, index = make_windows(two_waves(noise=0.1, seed=draw)[1], window=16)
        train, test = split_by_time(index, at=0.8)
        net = lstm(draw).fit(X[train], y[train], epochs=120, batch_size=None, lr=0.01)
        ridge = Ridge().fit(X[train], y[train])
        wins += mse(y[test], net.predict(X[test])) < mse(y[test], ridge.predict(X[test]))
    claim("03: LSTM ahead of ridge on noisy waves, of ten fresh draws", wins, low=6)


# The extras


@pytest.mark.claims
def test_an_open_forget_gate_solves_the_recall_task(claim):
    extra = executed("extras/how_far_back")
    solved = {name: extra.numbers("recall-table", name)[-1] for name in ("bias 0", "bias 1")}
    claim("03: recall solved with forget bias 1, of five seeds", solved["bias 1"], low=5)
    claim("03: recall solved with forget bias 0, of five seeds", solved["bias 0"], high=0)


@pytest.mark.claims
def test_clipping_saves_what_explodes(claim):
    extra = executed("extras/how_far_back")
    longest, *free = extra.numbers("explode-table", "100 steps, not clipped")
    limited = extra.numbers("explode-table", "100 steps, clipped at 1")[1:]
    short = extra.numbers("explode-table", "1 step, not clipped")
    claim("03: longest gradient through a hundred steps", longest, low=1e4)
    claim("03: longest gradient through one step", short[0], high=10)
    assert short == extra.numbers("explode-table", "1 step, clipped at 1")
    claim("03: loss clipped over not clipped, mean of five seeds", np.mean(limited) / np.mean(free), high=0.8)


@pytest.mark.claims
def test_a_large_net_learns_the_noise_by_heart(claim):
    extra = executed("extras/when_to_stop")
    for seed in range(3):
        on_train, best, last = extra.numbers("overfit-table", f"seed {seed}")
        claim(f"03: overfitting, train error at the end, seed {seed}", on_train, high=0.035)
        claim(f"03: overfitting, test error at the end over its best, seed {seed}", last / best, low=1.2)


@pytest.mark.claims
def test_the_planted_mistake_turns_the_verdict_round(claim):
    extra = executed("extras/when_to_stop")
    skill = extra.numbers("mistake-run", "LSTM, stopped in time")[-1]
    claim("03: skill of the net that was stopped by the test windows, per cent", skill, low=10)


def test_the_record_of_stopping_says_what_the_text_says():
    rows = {row[0]: row[1:] for row in recorded("03_when_to_stop").rows}
    assert rows["best epoch on the test windows (the mistake)"][1] == "16 of 16"
    assert rows["best epoch on the last fifth of train"][1] == "0 of 16"
    assert rows["always after 25 epochs"][1] == "8 of 16"  # "a coin"
