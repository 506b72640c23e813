"""What lesson 08 says, it also shows; and it does the same for a series of the learner's own."""

import contextlib
import json
import re
import warnings

import numpy as np
import pytest
from lesson_run import NOTEBOOKS, Run, _run_cell, run_lesson, solve_lesson
from scipy.optimize import minimize_scalar
from scipy.stats import ttest_rel

from lessons.exercises import REGISTRY, check
from lessons.rnn import GRU, LSTM
from lessons.scores import asymmetric_cost, cheapest_shift, mse
from lessons.significance import standard_error
from lessons.statistical import AutoReg

LESSON = "08_your_own_series"
KINDS = ("ridge", "LSTM", "GRU")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with contextlib.chdir(tmp_path_factory.mktemp("lesson_08")):  # it writes a folder of its own
        return run_lesson(LESSON)


def cells():
    return json.loads((NOTEBOOKS / f"{LESSON}.ipynb").read_text(encoding="utf-8"))["cells"]


def run_with(line, folder, also=lambda source: source):
    """Run the lesson with the one line, the first of the cell `read`, changed."""
    run = Run(names={"__name__": "__main__"})
    with contextlib.chdir(folder):
        for cell in cells():
            if cell["cell_type"] == "code":
                source = "".join(cell["source"])
                if cell["id"] == "read":
                    source = also(f"{line}\n{source.split(chr(10), 1)[1]}")
                _run_cell(cell["id"], source, run)
    return run


def past(run, name):
    return run.names["refits"].mse[name][:, 0]


def dm(a, b, lags=7):
    """The statistic of two losses, as the reference of the exercise has it."""
    return float(np.mean(a - b) / standard_error(a - b, lags))


def by_origin(run, model):
    names = run.names
    return np.array(
        [
            mse(names["y_train"][b], names["past"][model][np.isin(names["refits"].test_index, b)])
            for _, b in names["origins"]
        ]
    )


# the series and its trouble


def test_the_series(run):
    names = run.names
    assert (len(names["t"]), names["horizon"], names["at"]) == (1080, 6, 756)
    assert "46 time steps without a row" in run.printed["read"]
    assert str(names["t"][names["at"]]) == "2019-06-07T15:00:00"


def test_the_hook(run):
    title = run.shown["hook-plot"].layout.title.text
    assert "last value 18.4, seasonal naive 16.4 µg/m³" in title
    week = run.names["target"][run.names["week"]]
    assert np.nanmean(week) == pytest.approx(36, abs=0.5)
    assert str(run.names["t"][np.nanargmax(run.names["target"])])[:10] == "2019-05-23"
    assert np.nanmax(run.names["raw"]) == np.nanmax(week) == 97
    assert run.names["week"].stop < run.names["at"]


def test_nothing_before_section_5_shows_the_test_part(run):
    names = run.names
    border = names["t"][names["at"]]
    for cell in ("hook-plot", "trouble-plot"):
        assert max(trace.x.max() for trace in run.shown[cell].data) < border
    assert max(gap.start + gap.length for gap in run.shown["trouble-gaps"]) <= names["at"]
    told = re.findall(r"2019-\d\d-\d\d", run.printed["trouble"])
    assert told and max(told) < str(border)


def test_gaps_and_faults(run):
    found = run.shown["trouble-gaps"]
    assert sorted(gap.length for gap in found) == [1, 3, 3, 3, 15]
    early = [gap for gap in found if gap.length == 3]
    assert all(str(gap.time)[11:13] == "05" for gap in early)
    assert all(np.datetime64(gap.time, "D").astype(int) % 7 == 2 for gap in early)  # 1970 began on a Thursday
    names = run.names
    raw, at = names["raw"], names["at"]
    assert "0 from far above, 2 times" in run.printed["trouble"]
    assert np.sum(raw[:at] == 0) == 5
    assert np.nanmin(raw[:at][raw[:at] > 0]) == 4.8
    rules = {rule: run.numbers("outliers", rule) for rule in names["rules"]}
    assert rules["3 standard deviations"][:3] == [12, 0, 12]
    np.testing.assert_array_equal(rules["3 standard deviations"][3:], np.sort(raw[:at][raw[:at] > 0])[:-9:-1])
    assert rules["median of the past"][:3] == [8, 0, 8]
    assert rules["the same, of logs"][:3] == [5, 5, 0]
    assert names["mean"] / names["sd"] == pytest.approx(1.9, abs=0.05)
    logs = names["by_factors"][:at]
    assert names["outliers"](logs, 72, 3).sum() == 9
    assert names["outliers"](logs, 24).sum() == 14
    assert run.numbers("faults", "taken out")[:2] == [7, 5]
    assert "finds 2 values, 2 of them 0" in run.printed["faults"]


def test_fillings(run):
    mses = {filling: run.numbers("fill-scores", filling)[1::2] for filling in run.names["fillings"]}
    assert mses["last value"] == pytest.approx([49.9, 137.8, 330], abs=1)
    assert mses["usual so far"] == pytest.approx([194, 195, 201.8], abs=1)
    assert mses["straight line"] == pytest.approx([26.4, 59.5, 213.6], abs=1)
    for k in (0, 1):
        assert mses["straight line"][k] < mses["last value"][k] < mses["usual so far"][k]
        assert mses["usual so far"][k] < mses["one season before"][k]
    assert mses["usual so far"][2] < mses["straight line"][2] < mses["one season before"][2]
    assert min(mses, key=lambda filling: mses[filling][2]) == "usual so far"
    assert all(mses["one season before"][k] > min(m[k] for m in mses.values()) + 90 for k in range(3))
    # a gap of 15: the straight line is not told apart from what was usual, the others are
    fillings, errors = run.names["fillings"], {}
    y = run.names["target"][:756]
    starts = [s for s in range(48, 741) if not np.isnan(y[s - 1 : s + 16]).any()]
    for filling, fill in fillings.items():
        errors[filling] = []
        for s in starts[:: len(starts) // 100]:
            hidden = y.copy()
            hidden[s : s + 15] = np.nan
            errors[filling].append(mse(y[s : s + 15], fill(hidden)[s : s + 15]))
    errors = {filling: np.array(of) for filling, of in errors.items()}
    assert abs(dm(errors["straight line"], errors["usual so far"], 4)) < 1
    assert dm(errors["last value"], errors["usual so far"], 4) > 3
    assert abs(dm(errors["last value"], errors["one season before"], 4)) < 1
    missing = np.isnan(run.names["target"][:756]).sum()
    assert missing == 30


def test_the_fillings_are_the_packages(run):
    y = run.names["target"]
    mine = REGISTRY["08.fill_from_past"].reference(y, 24)
    np.testing.assert_allclose(mine, run.names["fill_gaps"](y, "seasonal mean", 24)[0])


def test_windows(run):
    assert run.numbers("windows", "windows,") == [1051, 907]
    assert (len(run.names["X_train"]), len(run.names["X_test"])) == (662, 240)


# what the past chose


def test_london_hurts_and_six_hours_are_enough(run):
    for kind in KINDS:
        for steps in (" 6", "24"):
            with_london, without = (
                past(run, f"{kind}, {steps} steps, and {view}").mean() for view in ("others", "the clock")
            )
            assert with_london > without + 5
        for view in ("own past", "and the clock", "and others"):
            short, long = (past(run, f"{kind}, {steps} steps, {view}").mean() for steps in (" 6", "24"))
            assert short < long
            assert kind != "ridge" or long - short < 2
    gains = [
        past(run, f"{kind},  6 steps, own past").mean() - past(run, f"{kind},  6 steps, and the clock").mean()
        for kind in KINDS
    ]
    assert gains == pytest.approx([3, 12, 13], abs=0.8)
    for kind in ("LSTM", "GRU"):
        told = past(run, f"{kind},  6 steps, and the clock") < past(run, f"{kind},  6 steps, own past")
        assert told.sum() == 4
    y_past = run.names["refits"].y_true
    for kind in KINDS:
        without, told = (
            ((run.names["refits"].y_pred[f"{kind},  6 steps, {view}"][0] - y_past) ** 2).mean(axis=1)
            for view in ("own past", "and the clock")
        )
        assert 0.5 < dm(without, told) < 2
    at_the_second = [
        past(run, f"{kind}, {steps} steps, and others")[1]
        - past(run, f"{kind}, {steps} steps, and the clock")[1]
        for kind in KINDS
        for steps in (" 6", "24")
    ]
    assert np.sum(np.array(at_the_second) < 0) == 5
    harder = [mses[2, 0] / mses[4, 0] for mses in run.names["refits"].mse.values()]
    assert np.mean([1.9 < ratio < 3.15 for ratio in harder]) > 0.8
    days = [str(run.names["t"][run.names["first"][run.names["origins"][2][1][k]]])[:10] for k in (0, -1)]
    assert days == ["2019-05-22", "2019-05-27"]
    assert [len(a) for a, _ in run.names["origins"]] == [107, 217, 327, 437, 547]


def test_shuffled_london_explains_little_of_the_harm(run):
    rows = {kind: run.numbers("shuffled", kind) for kind in KINDS}
    real, shuffled, low, high = np.array([rows[kind] for kind in KINDS]).T
    assert real == pytest.approx([7, 18, 14], abs=1.5)
    assert shuffled == pytest.approx([2, 2, 0], abs=1.5)
    assert (shuffled < 0.27 * real).all()
    assert (low.min(), high.max()) == pytest.approx((-8, 7), abs=2)
    assert all(len(more) == 10 for more in run.names["costs_more"].values())
    features, shuffled = run.names["features"], run.names["shuffled"]
    np.testing.assert_array_equal(shuffled[756:], features[756:])  # the test part stays where it is
    assert np.any(shuffled[:756] != features[:756])


def test_a_formula_beats_the_nets_on_the_past(run):
    past_mse = run.names["past_mse"]
    assert past_mse["AR"] == pytest.approx(140.5, abs=0.3)
    assert past_mse["AR"] < past_mse["usual + fading"] < past_mse["AR"] + 1
    assert min(past_mse[name] for name in run.names["candidates"]) == pytest.approx(169.8, abs=3)
    gru = past(run, "GRU,  6 steps, and the clock")
    for model in ("AR", "usual + fading"):
        behind = gru - by_origin(run, model)
        assert (behind > 0).all()
        assert behind == pytest.approx([34, 32, 70, 6.5, 3], abs=4)
    fourth = min(past(run, "LSTM,  6 steps, and the clock")[3], past(run, "GRU, 24 steps, and the clock")[3])
    assert fourth < by_origin(run, "AR")[3] + 2  # not every candidate is behind
    assert past_mse["ETS"] == pytest.approx(187.6, abs=0.5)
    assert run.names["winner"] == "AR"
    assert set(run.names["chosen"].values()) == {f"{kind},  6 steps, and the clock" for kind in KINDS}


# the test part


def test_the_board(run):
    board = run.shown["test-table"]
    assert board.naive.mse == pytest.approx(236.3, abs=0.1)
    for model, expected, within in [
        ("AR", 140.1, 0.1),
        ("usual + fading", 140.9, 0.1),
        ("LSTM", 141.0, 1.5),
        ("GRU", 143.3, 1.5),
        ("ridge", 158.4, 0.2),
        ("ETS", 186.6, 0.5),
        ("seasonal naive", 362.9, 0.1),
    ]:
        assert board[model].mse == pytest.approx(expected, abs=within)
    assert board["AR"].skill == pytest.approx(0.41, abs=0.005)
    assert (board["LSTM"].mse_sd, board["GRU"].mse_sd) == pytest.approx((1.2, 3.2), abs=0.5)
    one, six = ({m: c[:, k].mean() for m, c in run.names["curves"].items()} for k in (0, -1))
    near = [error for model, error in one.items() if model != "seasonal naive"]
    assert (min(near), max(near)) == pytest.approx((39.6, 47.1), abs=0.3)
    five = [six[model] for model in ("AR", "usual + fading", "ridge", "LSTM", "GRU")]
    assert (min(five), max(five)) == pytest.approx((196, 231.5), abs=3)
    assert [six[m] for m in ("ETS", "seasonal naive", "last value")] == pytest.approx(
        [313, 367, 393.5], abs=1
    )
    title = run.shown["test-board"].layout.title.text
    assert title == "AR, chosen on the past, has 41% of skill; others within 5 % of its MSE: 3"
    looks = [
        (trace.line.color, trace.line.dash)
        for trace in run.shown["test-horizons"].data
        if trace.showlegend is not False
    ]
    assert len(set(looks)) == len(looks) >= 8


def test_which_wins_are_wins(run):
    z = {model: run.numbers("dm", f"{model} ") for model in run.names["loss"] if model != "AR"}
    for model in ("last value", "seasonal naive", "ETS"):
        assert z[model][1] > 2.5
    assert z["ridge"][1:4] == pytest.approx([1.98, 2.94, 0.049], abs=0.03)
    assert (z["LSTM"][1], z["GRU"][1]) == pytest.approx((0.15, 0.65), abs=0.1)
    assert run.numbers("dm", "mean forecast of all LSTMs") == pytest.approx([139.2, -0.15], abs=0.6)
    assert z["LSTM"][0] == pytest.approx(0.9, abs=1.5)
    for model in z:
        assert 0.4 < z[model][1] / z[model][2] < 0.75
    assert run.names["lags"] == 7


def test_beyond_2_is_not_as_rare_as_it_should_be(run):
    loss, often, rng = run.names["loss"], [], np.random.default_rng(0)
    for model in loss:
        if model != "AR":
            d = loss[model] - loss["AR"]
            days = (rng.integers(0, 240, (600, 10, 1)) + np.arange(24)).reshape(600, 240) % 240
            often.append(np.mean([abs(dm(x, 0)) > 2 for x in (d - d.mean())[days]]))
    assert (min(often), max(often)) == pytest.approx((0.033, 0.133), abs=0.025)


def test_what_the_hour_is_worth(run):
    rows = {model: run.numbers("clockless", f"{model} ") for model in ("AR", *KINDS)}
    without = [row[1] for row in rows.values()]
    assert 173.5 < min(without) < max(without) < 178
    worth, z = ({model: row[k] for model, row in rows.items()} for k in (2, 3))
    assert [worth[model] for model in ("AR", "LSTM", "GRU")] == pytest.approx([33.9, 35.2, 32.7], abs=1.5)
    assert [z[model] for model in ("AR", "LSTM", "GRU")] == pytest.approx([2.7, 3.6, 3.5], abs=0.2)
    assert worth["ridge"] == pytest.approx(18, abs=0.5)
    for kind in KINDS:
        assert rows[kind][0] == pytest.approx(run.shown["test-table"][kind].mse, abs=0.06)


def test_costs(run):
    rows = {model: run.numbers("cost", f"{model} ") for model in run.names["y_pred"]}
    assert rows["AR"] == pytest.approx([25.4, 8.9, 23.8, 0.71, 205.2, 297.5], abs=0.1)
    assert rows["last value"] == pytest.approx([37.5, 15.8, 29.6, 2.10, 393.5, 615.6], abs=0.1)
    for cost, _, shifted, _, before, after in rows.values():
        assert shifted < cost
        assert after > before + 85
    z = {model: row[3] for model, row in rows.items()}
    assert {model for model in z if z[model] > 2} == {"last value", "ETS"}
    assert (z["ETS"], z["LSTM"], z["GRU"]) == pytest.approx((2.06, 0.82, 0.88), abs=0.1)
    cheapest, closest = (sorted(rows, key=lambda model: rows[model][k]) for k in (2, 4))
    assert cheapest[0] == closest[0] == "LSTM"
    assert rows["AR"][2] - rows["LSTM"][2] == pytest.approx(0.6, abs=0.2)
    assert rows["LSTM"][4] == pytest.approx(196, abs=2)
    names = run.names
    y, per_seed = names["y_test"][:, -1], [p[:, -1] for p in names["y_pred"]["LSTM"]]
    bill = lambda p: np.where(p < y, 4 * (y - p), p - y)  # noqa: E731
    lstm = np.mean([bill(p + names["bills"]["LSTM"][0]) for p in per_seed], axis=0)
    ar = bill(names["y_pred"]["AR"][0][:, -1] + names["bills"]["AR"][0])
    assert dm(ar, lstm) == pytest.approx(0.5, abs=0.2)
    ratios = {ratio: run.numbers("cost-plot", f"{ratio} : 1") for ratio in (1, 2, 4, 9)}
    assert ratios[1] == pytest.approx([10.6, -0.757, 10.3, -3.7, 9.77], abs=0.05)
    assert ratios[2][0] == pytest.approx(15.5, abs=0.05)
    assert ratios[2][2] == pytest.approx(16.1, abs=0.05)
    assert ratios[1][0] - ratios[1][2] == pytest.approx(0.3, abs=0.05)
    for ratio in (4, 9):
        assert ratios[ratio][2] == pytest.approx(ratios[ratio][4], abs=0.3)
    names = run.names
    y, p = names["y_train"][:, -1], names["forecast_windows"](names["X_train"])["LSTM"][0][:, -1]
    assert cheapest_shift(y, p, 4, 1) == pytest.approx(7.7, abs=0.7)
    assert rows["LSTM"][1] == pytest.approx(11.3, abs=0.7)
    too_low = names["past"]["AR"][:, -1] < names["refits"].y_true[:, -1]
    assert too_low.mean() == pytest.approx(0.45, abs=0.01)


def test_costs_and_shifts_are_the_packages(run):
    y, p = run.names["y_test"][:, -1], run.names["y_pred"]["AR"][0][:, -1]
    assert REGISTRY["08.asymmetric_cost"].reference(y, p, 4, 1) == pytest.approx(asymmetric_cost(y, p, 4, 1))
    assert REGISTRY["08.best_shift"].reference(y, p, 4, 1) == pytest.approx(
        cheapest_shift(y, p, 4, 1), abs=0.2
    )


def test_diagnoses(run):
    lines, found = run.printed["diagnosis"].splitlines(), {}
    for k in range(0, len(lines), 3):
        model = lines[k][:11].strip()
        found[model] = [float(x) for line in lines[k : k + 3] for x in re.findall(r"\d+\.\d+|\d+(?=%)", line)]
    assert found["last value"] == pytest.approx([0.25, 1, 0, 95, 6], abs=0.01)
    assert found["AR"] == pytest.approx([0.49, 0.53, 0.70, 33, 24], abs=0.01)
    assert found["LSTM"][2:] == pytest.approx([0.72, 25, 26], abs=2)
    diagnosis = run.shown["diagnosis-table"]
    assert diagnosis.ok
    assert "27 values" in diagnosis["missed peaks"].sentence
    assert "lies 6.9 below it (chance: up to 4.88)" in diagnosis["missed peaks"].sentence
    last = run.names["diagnose"](run.names["truth"], run.names["ahead"]["last value"], horizon=6)
    assert not last["lag"].ok


def test_nobody_announces_the_peaks(run):
    rows = {model: run.numbers("diagnosis-table", model) for model in ("last value", "AR", "LSTM")}
    assert rows["last value"][:4] == [27, 5, 5, 20]
    assert rows["AR"] == [27, 5, 4, 4, 5, 14]
    assert rows["LSTM"][:4] == [27, 6, 0, 0]
    assert rows["LSTM"][4:] == pytest.approx([6, 15], abs=4)
    assert "23 of 27 peaks" in run.shown["evidence"]["plot check"]


# the mistake, the card, the report


def test_scores_on_filled_targets_measure_the_filling(run):
    rows = {filling: run.numbers("mistake-size", f"{filling} ") for filling in run.names["fillings"]}
    measured, everything = ({name: row[k] for name, row in rows.items()} for k in (0, 2))
    assert (min(measured.values()), max(measured.values())) == pytest.approx((138.7, 143.2), abs=0.2)
    assert (everything["usual so far"], everything["one season before"]) == pytest.approx(
        (114.4, 160.7), abs=0.2
    )
    assert 1 - everything["usual so far"] / measured["usual so far"] == pytest.approx(0.18, abs=0.01)
    assert 1 - rows["last value"][3] / rows["last value"][1] == pytest.approx(0.13, abs=0.005)
    for k in (0, 1):
        assert rows["one season before"][k + 2] > rows["one season before"][k]
    assert run.numbers("mistake")[0] == pytest.approx(114, abs=0.5)
    names = run.names
    target, filled, every = names["target"], names["filled"][:, 0], names["every"]
    assert len(every) - len(names["X_test"]) == 79
    assert np.isnan(target[names["first"][names["test"]] - 1]).sum() == 4
    ahead = every[:, None] + np.arange(6)
    model = AutoReg(1, season_length=24).fit_series(filled[:756])
    squared = (model.forecast(filled, every, 6) - filled[ahead]) ** 2
    unmeasured = np.isnan(target[ahead])
    assert (squared[unmeasured].mean(), squared[~unmeasured].mean()) == pytest.approx((9, 135), abs=0.6)


def test_the_card(run):
    card = run.shown["evidence"]
    assert card["verdict"] == (
        "Use AR. Beaten by AR: last value, seasonal naive, ETS. "
        "Not told apart from AR: usual + fading, ridge, LSTM, GRU."
    )
    assert list(card)[-1] == "verdict"
    assert card["window"].startswith(
        "24 steps at most; AR: 1, and the usual; ridge,  6 steps, and the clock;"
    )
    assert "add +8.9, costs 23.8 instead of 25.4 (statistic +0.7); last value, shifted: 29.6" in card["price"]
    assert card["model score"] == "AR, test MSE 140.1 (µg/m³)²"


def test_the_report_is_one_file(run, tmp_path):
    assert str(run.shown["report"].path).replace("\\", "/") == "my_series/report.html"
    names = run.names
    shown = [names["weekly"], names["figure"], names["cleaned"]]
    with contextlib.chdir(tmp_path):
        names["report"]("again.html", names["card"], shown, board=names["board"], text=names["told"])
    page = (tmp_path / "again.html").read_text(encoding="utf-8")
    for words in ("Use AR", "µg/m³", "Plotly", "add +8.9", "test MSE (µg/m³)²", "the truth rises to 78.3"):
        assert words in page
    assert "140.0746" not in page


def test_solved_exercises_lead_through_the_lesson():
    """With the solutions written into the stubs every check is passed, in the order of the notebook."""
    results = solve_lesson(LESSON)
    assert len(results) == 6
    assert all(result.passed for result in results)


def by_trying_all(y_true, y_pred, under, over):
    missing = np.sort((y_true - y_pred).ravel())
    return missing[np.argmin([asymmetric_cost(y_true, y_pred + s, under, over) for s in missing])]


def by_search(y_true, y_pred, under, over):
    cost = lambda s: asymmetric_cost(y_true, y_pred + s, under, over)  # noqa: E731
    return minimize_scalar(cost, bounds=(-60, 60), method="bounded", options={"xatol": 1e-9}).x


@pytest.mark.parametrize(
    "answer",
    [by_trying_all, by_search, cheapest_shift]
    + [
        lambda y, p, u, o, method=method: np.quantile(y - p, u / (u + o), method=method)
        for method in ("higher", "lower", "nearest", "inverted_cdf")
    ],
)
def test_a_cheapest_shift_may_be_found_in_any_way(answer):
    assert check("08.best_shift", answer).passed


@pytest.mark.parametrize("off", [-1.5, 1.5])
def test_a_shift_that_costs_more_is_refused(off):
    best = REGISTRY["08.best_shift"].reference
    assert not check("08.best_shift", lambda y, p, u, o: best(y, p, u, o) + off).passed


def lag_zero(loss_a, loss_b, lags):
    d = loss_a - loss_b - np.mean(loss_a - loss_b)
    V = sum((1 - k / (lags + 1)) * np.sum(d[k:] * d[:-k]) for k in range(lags + 1))
    return V


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("diebold_mariano", lambda a, b, lags: abs(dm(a, b, lags)), "sign_dropped"),
        ("diebold_mariano", lambda a, b, lags: ttest_rel(a, b).statistic, "paired_test_of_a_package"),
        ("diebold_mariano", lag_zero, "lag_zero_by_slices"),
        (
            "fully_measured",
            lambda m, first, h: ~m[first[:, None] + np.arange(1, h + 1)].any(axis=1),
            "targets_begin_one_late",
        ),
        ("best_shift", lambda y, p, u, o: np.quantile(y - p, u / o), "ratio_of_prices_as_quantile"),
    ],
)
def test_mistakes_as_they_are_written_are_told(exercise, answer, mistake):
    result = check(f"08.{exercise}", answer)
    assert result.mistakes == [mistake]


# a series of one's own


SHOP = 'path, columns, time, unit, season_length = "shop.csv", ["sold"], "day", "pieces", 7'


def sales(n):
    """Draw daily sales (n,), a shop with a week."""
    rng, level = np.random.default_rng(1), np.zeros(n)
    for i in range(1, n):
        level[i] = 0.7 * level[i - 1] + rng.normal()
    return 200 + 30 * np.array([0, 1, 2, 1, 3, -4, -5])[np.arange(n) % 7] + 12 * level


def write(folder, *columns, names=("sold",)):
    """A CSV of days and columns; NaN is an empty cell."""
    days = np.arange(len(columns[0])) + np.datetime64("2023-01-02")
    cells = [["" if np.isnan(v) else f"{v:.1f}" for v in column] for column in columns]
    rows = [",".join(map(str, row)) for row in zip(days, *cells, strict=True)]
    (folder / "shop.csv").write_text("\n".join([",".join(["day", *names]), *rows]), encoding="utf-8")


def shop(folder, n=250):
    """A CSV of daily sales: another cadence, one column, semicolons, decimal commas, days without a row."""
    days = np.arange(n) + np.datetime64("2023-01-02")
    rows = [f"{day};{value:.1f}".replace(".", ",") for day, value in zip(days, sales(n), strict=True)]
    rows = [f"{row.split(';')[0]};" if i % 23 == 5 else row for i, row in enumerate(rows)]  # no value
    del rows[100:106]  # no row
    (folder / "shop.csv").write_text("\n".join(["day;sold", *rows]), encoding="utf-8")


def test_one_line_changes_the_series(tmp_path):
    shop(tmp_path)
    run = run_with(SHOP, tmp_path)
    names = run.names
    assert (names["horizon"], names["season_length"], len(names["y"])) == (1, 7, 250)
    assert np.isnan(names["target"]).sum() > 10
    told = "\n".join(run.printed.values()) + "".join(repr(shown) for shown in run.shown.values())
    assert not any(word in told.lower() for word in ("paris", "london", "µg", "1 steps ahead", "nan,"))
    assert "one column" in run.printed["shuffled"]
    assert "pieces" in run.shown["trouble-plot"].layout.yaxis.title.text
    assert run.shown["evidence"]["plot check"] == "nobody has looked yet"
    board = run.shown["test-table"]
    assert board["AR"].mse < 0.05 * board.naive.mse
    assert run.shown["evidence"]["verdict"].startswith(f"Use {names['winner']}.")
    assert (tmp_path / "my_series" / "report.html").exists()
    assert len(list((tmp_path / "my_series" / "refits").glob("*.npy"))) > 50


def until_faults(source_line, folder):
    """Run the lesson up to the cell `faults`, and that one twice."""
    run = Run(names={"__name__": "__main__"})
    with contextlib.chdir(folder):
        for cell in cells():
            source = "".join(cell["source"])
            if cell["id"] == "read":
                source = f"{source_line}\n{source.split(chr(10), 1)[1]}"
            if cell["cell_type"] == "code":
                _run_cell(cell["id"], source, run)
            if cell["id"] == "faults":
                break
        once = run.printed["faults"]
        _run_cell("faults", source, run)
    assert run.printed["faults"] == once
    return run


def test_a_shop_that_is_closed_on_sundays_is_not_broken(tmp_path):
    sold = sales(420)
    sold[6::7] = 0
    write(tmp_path, sold)
    run = until_faults(SHOP, tmp_path)
    assert (
        "57 zeros, 100% of the values of one step of the season: closed, not broken?" in run.printed["faults"]
    )
    assert "taken out: 0 values" in run.printed["faults"]
    assert np.sum(run.names["target"] == 0) == 60


def test_a_zero_out_of_the_blue_is_taken_out_once_and_again(tmp_path):
    sold = sales(420)
    sold[[100, 203]] = 0
    write(tmp_path, sold)
    run = until_faults(SHOP, tmp_path)
    assert "taken out: 2 values, 2 of them" in run.printed["faults"]


def test_a_second_column_that_begins_late_is_left_out(tmp_path):
    sold = sales(420)
    other = np.where(np.arange(420) < 350, np.nan, sold)
    write(tmp_path, sold, other, np.where(np.arange(420) < 3, np.nan, sold), names=("sold", "late", "early"))
    run = until_faults(SHOP.replace('["sold"]', '["sold", "late", "early"]'), tmp_path)
    assert "late is left out" in run.printed["read"]
    assert run.names["columns"] == ["sold", "early"]
    assert run.names["y"].shape == (417, 2)


@pytest.mark.parametrize(
    ("n", "season", "found"), [(96, 12, "8 seasons of 12"), (365, 365, "1 seasons"), (365, 1, "2 steps")]
)
def test_too_few_seasons_are_refused_at_once(tmp_path, n, season, found):
    write(tmp_path, sales(n))
    with pytest.raises(
        ValueError, match=f"{found}.*; this notebook needs 30 seasons|needs 30 seasons, of {found}"
    ):
        until_faults(SHOP.replace("7", str(season)), tmp_path)


@pytest.mark.slow
def test_columns_that_are_never_measured_together(tmp_path):
    sold, even = sales(300), np.arange(300) % 2 == 0
    write(tmp_path, np.where(even, np.nan, sold), np.where(even, sold, np.nan), names=("sold", "other"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # shares of a deviation without any pair: 0 / 0
        run = run_with(SHOP.replace('["sold"]', '["sold", "other"]'), tmp_path)
    assert "other is left out" in run.printed["read"]
    assert run.shown["evidence"]["verdict"]


@pytest.mark.slow
def test_a_random_walk_is_told_to_use_the_last_value(tmp_path):
    rng = np.random.default_rng(1)
    walk, other = rng.normal(size=300).cumsum(), rng.normal(size=300)
    rows = [f"{a:.3f},{b:.3f}" for a, b in zip(walk, other, strict=True)]
    (tmp_path / "walk.csv").write_text("\n".join(["x,other", *rows]), encoding="utf-8")
    line = 'path, columns, time, unit, season_length = "walk.csv", ["x", "other"], None, "", 10'
    run = run_with(line, tmp_path)
    assert run.names["winner"] == "last value"
    verdict = run.shown["evidence"]["verdict"]
    assert verdict.startswith("The past chose the last value: use it.")
    assert "Not told apart from the last value" in verdict
    assert "x, 2 steps ahead" in run.shown["evidence"]["series"]


# further exercises


def test_the_past_would_have_chosen_weekends(run):
    names = run.names
    target, phase, first = (names[name] for name in ("target", "phase", "first"))
    weekend = (names["t"].astype("datetime64[D]").astype(int) + 3) % 7 >= 5

    def forecast(until, first):
        usual = np.empty(len(target))
        for p in range(24):
            for kind in (False, True):
                here = (phase == p) & (weekend == kind)
                usual[here] = np.nanmean(target[:until][here[:until]])
        shares = REGISTRY["08.fading_shares"].reference((target - usual)[:until], 6)
        deviation = (names["filled"][:, 0] - usual)[first - 1]
        return usual[first[:, None] + np.arange(6)] + shares * deviation[:, None]

    y_past, usual_past = names["refits"].y_true, names["past"]["usual + fading"]
    past = np.concatenate([forecast(first[a[-1]] + 6, first[b]) for a, b in names["origins"]])
    losses = [((p - y_past) ** 2).mean(axis=1) for p in (past, usual_past)]
    assert [loss.mean() for loss in losses] == pytest.approx([136.7, 140.9], abs=0.1)
    assert dm(*losses) == pytest.approx(-0.7, abs=0.05)
    test = ((forecast(names["at"], first[names["test"]]) - names["y_test"]) ** 2).mean(axis=1)
    assert test.mean() == pytest.approx(150, abs=0.6)
    assert dm(test, names["loss"]["usual + fading"]) == pytest.approx(0.85, abs=0.03)


@pytest.mark.slow
def test_it_is_the_slow_part_of_london(run):
    names = run.names
    london = names["features"][:, 3]
    slow = np.array([london[max(0, i - 23) : i + 1].mean() for i in range(len(london))])[::-1]
    found = {}
    for what, column in {"changes": np.diff(london, prepend=london[0]), "slow": slow}.items():
        table = np.column_stack([names["features"][:, :3], column])
        X = names["make_windows"](table, 24, 6)[0][names["keep"]][names["train"]]
        models = {kind: names["candidate"](kind, [0, 1, 2, 3], 6) for kind in (LSTM, GRU, names["Ridge"])}
        models = {kind.__name__: model for kind, model in models.items()}
        found[what] = names["refit"](models, X, names["y_train"], names["origins"]).mse
    changes, slow = ({kind: by_origin.mean() for kind, by_origin in found[k].items()} for k in found)
    assert (changes["LSTM"], changes["GRU"]) == pytest.approx((174, 171), abs=3)
    assert (slow["Ridge"], slow["LSTM"], slow["GRU"]) == pytest.approx((236, 219, 192), abs=5)


@pytest.mark.slow
def test_a_day_ahead(tmp_path):
    line = "".join(next(c for c in cells() if c["id"] == "read")["source"]).splitlines()[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = run_with(
            line, tmp_path, lambda source: source.replace("season_length // 4 or 1", "season_length")
        )
    board = run.shown["test-table"]
    assert run.names["horizon"] == 24
    found = [board[model].mse for model in ("AR", "last value", "LSTM", "GRU", "ridge")]
    assert found == pytest.approx([226, 467, 246, 245, 271], abs=3)
    assert board["AR"].skill == pytest.approx(0.52, abs=0.005)
    assert (run.numbers("dm", "LSTM ")[1], run.numbers("dm", "GRU ")[1]) == pytest.approx((1.7, 1.6), abs=0.2)
