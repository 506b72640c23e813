"""What lesson 08 says, it also shows; and it does the same for a series of the learner's own."""

import contextlib
import json
import warnings

import numpy as np
import pytest
from lesson_run import NOTEBOOKS, Run, _run_cell, run_lesson

from lessons.exercises import REGISTRY, check
from lessons.rnn import GRU, LSTM
from lessons.scores import asymmetric_cost, cheapest_shift, mse
from lessons.significance import diebold_mariano
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
    assert np.nanmax(run.names["target"]) == np.nanmax(week) == 97


def test_gaps_and_faults(run):
    found = run.shown["trouble-gaps"]
    assert sorted(gap.length for gap in found) == [1, 2, 3, 3, 3, 3, 10, 10, 15, 26]
    saturdays = [gap for gap in found if gap.length == 3]
    assert all(str(gap.time)[11:13] == "05" for gap in saturdays)
    assert all(
        np.datetime64(gap.time, "D").astype(int) % 7 == 2 for gap in saturdays
    )  # 1970 began on a Thursday
    assert sum(gap.start > 756 for gap in found if gap.length >= 10) == 3
    rules = {rule: run.numbers("outliers", rule) for rule in run.names["rules"]}
    assert rules["3 standard deviations"][:3] == [16, 0, 16]
    assert rules["median of the past"][:3] == [24, 0, 24]
    assert rules["the same, of logs"][:3] == [7, 7, 0]
    assert run.names["mean"] / run.names["sd"] == pytest.approx(1.9, abs=0.05)
    assert np.nanmin(run.names["target"]) == 4.8
    assert run.numbers("faults", "taken out")[:2] == [7, 5]


def test_fillings(run):
    mses = {filling: run.numbers("fill-scores", filling)[1::2] for filling in run.names["fillings"]}
    assert mses["last value"] == pytest.approx([49.9, 137.8, 330], abs=1)
    assert mses["usual so far"] == pytest.approx([194, 195, 201.8], abs=1)
    assert mses["straight line"] == pytest.approx([26.4, 59.5, 213.6], abs=1)
    for k in (0, 1):
        assert mses["straight line"][k] < mses["last value"][k] < mses["usual so far"][k]
        assert mses["usual so far"][k] < mses["one season before"][k]
    assert mses["usual so far"][2] < mses["straight line"][2] < mses["one season before"][2]
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
    harder = [mses[2, 0] / mses[4, 0] for mses in run.names["refits"].mse.values()]
    assert np.mean([1.9 < ratio < 3.15 for ratio in harder]) > 0.8
    days = [str(run.names["t"][run.names["first"][run.names["origins"][2][1][k]]])[:10] for k in (0, -1)]
    assert days == ["2019-05-22", "2019-05-27"]
    assert [len(a) for a, _ in run.names["origins"]] == [107, 217, 327, 437, 547]


def test_shuffled_london_is_no_burden_to_the_nets(run):
    rows = {kind: run.numbers("shuffled", kind) for kind in KINDS}
    without, with_london, shuffled = np.array([rows[kind][:3] for kind in KINDS]).T
    assert shuffled[0] - without[0] == pytest.approx(4, abs=0.5)
    assert with_london[0] - without[0] == pytest.approx(7, abs=0.5)
    assert (shuffled[1:] < without[1:] + 1).all()
    assert (with_london[1:] > without[1:] + 10).all()


def test_a_formula_beats_the_nets_on_the_past(run):
    past_mse = run.names["past_mse"]
    assert past_mse["AR"] == pytest.approx(140.5, abs=0.3)
    assert past_mse["AR"] < past_mse["usual + last deviation (fading)"] < past_mse["AR"] + 1
    assert min(past_mse[name] for name in run.names["candidates"]) == pytest.approx(169.8, abs=3)
    gru = past(run, "GRU,  6 steps, and the clock")
    for model in ("AR", "usual + last deviation (fading)"):
        behind = gru - by_origin(run, model)
        assert (behind > 0).all()
        assert behind == pytest.approx([34, 32, 70, 6.5, 3], abs=4)
    assert past_mse["last value"] > past_mse["ETS"] > 0.85 * past_mse["last value"]
    assert run.names["winner"] == "AR"
    assert set(run.names["chosen"].values()) == {f"{kind},  6 steps, and the clock" for kind in KINDS}


# the test part


def test_the_board(run):
    board = run.shown["test-table"]
    assert board.naive.mse == pytest.approx(236.3, abs=0.1)
    for model, expected, within in [
        ("AR", 140.1, 0.1),
        ("usual + last deviation (fading)", 140.9, 0.1),
        ("LSTM", 141.0, 1.5),
        ("GRU", 143.3, 1.5),
        ("ridge", 158.4, 0.2),
        ("ETS", 221.8, 1),
        ("seasonal naive", 362.9, 0.1),
    ]:
        assert board[model].mse == pytest.approx(expected, abs=within)
    assert board["AR"].skill == pytest.approx(0.41, abs=0.005)
    assert (board["LSTM"].mse_sd, board["GRU"].mse_sd) == pytest.approx((1.2, 3.2), abs=0.5)
    one, six = ({m: c[:, k].mean() for m, c in run.names["curves"].items()} for k in (0, -1))
    assert max(error for model, error in one.items() if model != "seasonal naive") < 60
    know_the_hour = [
        six[model] for model in ("AR", "usual + last deviation (fading)", "ridge", "LSTM", "GRU")
    ]
    assert max(know_the_hour) < 240 < 350 < min(six["last value"], six["ETS"], six["seasonal naive"])


def test_which_wins_are_wins(run):
    z = {model: run.numbers("dm", f"{model} ") for model in run.names["loss"] if model != "AR"}
    for model in ("last value", "seasonal naive", "ETS"):
        assert z[model][1] > 3
    assert z["ridge"][1:4] == pytest.approx([1.98, 2.94, 0.054], abs=0.03)
    assert (z["LSTM"][1], z["GRU"][1]) == pytest.approx((0.2, 0.7), abs=0.15)
    assert z["LSTM"][0] == pytest.approx(0.9, abs=1.5)
    for model in z:
        assert 0.4 < z[model][1] / z[model][2] < 0.75
    assert run.names["lags"] == 7


def test_the_statistic_is_the_packages_but_for_small_samples(run):
    loss = run.names["loss"]
    mine = REGISTRY["08.diebold_mariano"].reference(loss["ridge"], loss["AR"], 7)
    package = diebold_mariano(loss["ridge"], loss["AR"], 6, loss=lambda loss: loss)
    assert package.lags == 7
    assert 0.95 * mine < package.statistic < mine


def test_without_the_hour_all_are_the_same(run):
    rows = {model: run.numbers("clockless", f"{model} ") for model in ("AR", *KINDS)}
    without = [row[1] for row in rows.values()]
    assert 173.5 < min(without) < max(without) < 178
    assert max(rows[model][0] for model in ("AR", "LSTM", "GRU")) < 146
    assert rows["ridge"][0] > 155


def test_costs(run):
    rows = {model: run.numbers("cost", f"{model} ") for model in run.names["y_pred"]}
    assert rows["AR"] == pytest.approx([25.4, 8.94, 23.8, 205.2, 297.5], abs=0.1)
    assert rows["last value"] == pytest.approx([37.5, 15.8, 29.6, 393.5, 615.6], abs=0.1)
    for cost, _, shifted, before, after in rows.values():
        assert shifted < cost
        assert after > 1.3 * before
    assert min(rows, key=lambda model: rows[model][2]) == "LSTM"
    assert rows["AR"][2] - rows["LSTM"][2] == pytest.approx(0.6, abs=0.2)
    ratios = {ratio: run.numbers("cost-plot", f"{ratio} : 1") for ratio in (1, 2, 4, 9)}
    assert ratios[1] == pytest.approx([10.6, -0.757, 10.3, -3.7, 9.77], abs=0.05)
    assert ratios[2][0] == pytest.approx(15.5, abs=0.05)
    assert ratios[2][2] == pytest.approx(16.1, abs=0.05)
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
    lines = run.printed["diagnosis"].splitlines()
    found = {}
    for model in ("last value", "AR", "LSTM"):
        k = next(k for k, line in enumerate(lines) if line.startswith(f"{model} "))
        found[model] = [line.split()[-1] for line in lines[k : k + 3]] + [
            lines[k + 2].split("%")[0].split()[-1]
        ]
        found[model] += [run.numbers("diagnosis", f"{model} ")[0]]
    assert found["last value"] == ["1.00", "0.00", "19%", "95", 0.25]
    assert found["AR"] == ["0.53", "0.70", "15%", "33", 0.49]
    assert found["LSTM"][1:3] == ["0.72", "0%"]
    assert float(found["LSTM"][3]) == pytest.approx(26, abs=2)
    diagnosis = run.shown["diagnosis-table"]
    assert diagnosis.ok
    assert "27 values" in diagnosis["missed peaks"].sentence
    last = run.names["diagnose"](run.names["truth"], run.names["ahead"]["last value"], horizon=6)
    assert not last["lag"].ok


def test_nobody_announces_the_peaks(run):
    names = run.names
    y, p = names["y_test"][:, -1], names["y_pred"]["AR"][0][:, -1]
    shift = cheapest_shift(names["refits"].y_true[:, -1], names["past"]["AR"][:, -1], 4, 1)
    high = y > 50
    assert high.sum() == 31
    assert [np.sum(high & (p > 50)), np.sum(~high & (p > 50))] == [6, 3]
    assert [np.sum(high & (p + shift > 50)), np.sum(~high & (p + shift > 50))] == [7, 15]


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
    assert card["verdict"].startswith("Use AR. Beaten: last value, seasonal naive, ETS.")
    assert "Not told apart from it: usual + last deviation (fading), ridge, LSTM, GRU" in card["verdict"]
    assert list(card)[-1] == "verdict"


def test_the_report_is_one_file(run, tmp_path):
    assert str(run.shown["report"].path).replace("\\", "/") == "my_series/report.html"
    with contextlib.chdir(tmp_path):
        run.names["report"]("again.html", run.names["card"], run.names["shown"], board=run.names["board"])
    page = (tmp_path / "again.html").read_text(encoding="utf-8")
    for words in ("Use AR", "µg/m³", "Plotly"):
        assert words in page


def test_solved_exercises_lead_through_the_lesson():
    """With the solutions written into the stubs every check is passed, in the order of the notebook."""
    names, results = {"check": check}, []
    for cell in cells():
        source = "".join(cell["source"])
        if cell["id"].startswith("answer-"):
            exercise = next(e for e in REGISTRY.of_lesson("08") if f"def {e.reference.__name__}(" in source)
            assert f"def {exercise.signature}:" in source
            exec(exercise.source(), names)
        elif cell["id"].startswith("check-"):
            results.append(eval(source, names))
    assert len(results) == 6
    assert all(result.passed for result in results)


# a series of one's own


def shop(folder, n=250):
    """A CSV of daily sales: another cadence, one column, semicolons, decimal commas, days without a row."""
    rng = np.random.default_rng(1)
    days = np.arange(n) + np.datetime64("2023-01-02")
    level = np.zeros(n)
    for i in range(1, n):
        level[i] = 0.7 * level[i - 1] + rng.normal()
    sold = 200 + 30 * np.array([0, 1, 2, 1, 3, -4, -5])[np.arange(n) % 7] + 12 * level
    rows = [f"{day};{value:.1f}".replace(".", ",") for day, value in zip(days, sold, strict=True)]
    rows = [f"{row.split(';')[0]};" if i % 23 == 5 else row for i, row in enumerate(rows)]  # no value
    del rows[100:106]  # no row
    (folder / "shop.csv").write_text("\n".join(["day;sold", *rows]), encoding="utf-8")


def test_one_line_changes_the_series(tmp_path):
    shop(tmp_path)
    run = run_with(
        'path, columns, time, unit, season_length = "shop.csv", ["sold"], "day", "pieces", 7', tmp_path
    )
    names = run.names
    assert (names["horizon"], names["season_length"], len(names["y"])) == (1, 7, 250)
    assert np.isnan(names["target"]).sum() > 10
    told = "\n".join(run.printed.values()) + "".join(repr(shown) for shown in run.shown.values())
    assert not any(word in told.lower() for word in ("paris", "london", "µg"))
    assert "pieces" in run.shown["trouble-plot"].layout.yaxis.title.text
    assert run.shown["evidence"]["plot check"] == "nobody has looked yet"
    board = run.shown["test-table"]
    assert board["AR"].mse < 0.05 * board.naive.mse
    assert run.shown["evidence"]["verdict"].startswith(f"Use {names['winner']}.")
    assert (tmp_path / "my_series" / "report.html").exists()
    assert len(list((tmp_path / "my_series" / "refits").glob("*.npy"))) > 50


@pytest.mark.slow
def test_a_random_walk_is_told_to_use_the_last_value(tmp_path):
    rng = np.random.default_rng(1)
    walk, other = rng.normal(size=300).cumsum(), rng.normal(size=300)
    rows = [f"{a:.3f},{b:.3f}" for a, b in zip(walk, other, strict=True)]
    (tmp_path / "walk.csv").write_text("\n".join(["x,other", *rows]), encoding="utf-8")
    line = 'path, columns, time, unit, season_length = "walk.csv", ["x", "other"], None, "", 10'
    run = run_with(line, tmp_path)
    assert run.names["winner"] == "last value"
    assert run.shown["evidence"]["verdict"].startswith("Use the last value.")


# further exercises


def test_weekends_are_too_few(run):
    names = run.names
    target, phase, at, first = (names[name] for name in ("target", "phase", "at", "first"))
    weekend = (names["t"].astype("datetime64[D]").astype(int) + 3) % 7 >= 5
    usual = np.empty(len(target))
    for p in range(24):
        for kind in (False, True):
            here = (phase == p) & (weekend == kind)
            usual[here] = np.nanmean(target[:at][here[:at]])
    shares = REGISTRY["08.fading_shares"].reference((target - usual)[:at], 6)
    origin = first[names["test"]]
    deviation = (names["filled"][:, 0] - usual)[origin - 1]
    y_pred = usual[origin[:, None] + np.arange(6)] + shares * deviation[:, None]
    assert mse(names["y_test"], y_pred) == pytest.approx(150, abs=0.6)


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
            line, tmp_path, lambda source: source.replace("max(1, season_length // 4)", "season_length")
        )
    board = run.shown["test-table"]
    assert run.names["horizon"] == 24
    found = [board[model].mse for model in ("AR", "last value", "LSTM", "GRU", "ridge")]
    assert found == pytest.approx([226, 467, 246, 245, 271], abs=3)
    assert board["AR"].skill == pytest.approx(0.52, abs=0.005)
    assert (run.numbers("dm", "LSTM ")[1], run.numbers("dm", "GRU ")[1]) == pytest.approx((1.7, 1.6), abs=0.2)
