"""What lesson 08 says, a reader sees; and it does the same for a series of the learner's own."""

import re

import nbformat
import numpy as np
import pytest
from lesson_run import NOTEBOOKS, Executed
from nbmake.nb_run import NotebookRun

from lessons.exercises import REGISTRY
from lessons.series import AIR_QUALITY_CSV

LESSON = "08_your_own_series"
SHOP = 'path, columns, time, unit, season_length = "shop.csv", ["sold"], "day", "pieces", 7'


def test_nothing_before_section_5_shows_the_test_part(lesson):
    for cell in ("hook-plot", "trouble", "gap-explorer"):
        days = re.findall(r"2019-\d\d-\d\d", lesson.text(cell))
        assert not days or max(days) <= "2019-06-07"


def test_gaps_and_faults(lesson):
    text = lesson.text("gap-explorer")
    assert "gap of 15 from 2019-06-06 17:00" in text
    assert "5 times" in lesson.text("trouble") and "london falls" in lesson.text("trouble")
    assert lesson.numbers("outliers", "3 standard deviations")[:3] == [0, 12, 97]
    assert lesson.numbers("outliers", "Hampel's")[:2] == [0, 8]
    assert lesson.numbers("outliers", "taken out ")[:2] == [5, 0]


def test_fillings(lesson):
    assert "gaps are filled with: usual so far" in lesson.text("fill-trial")
    names = ("last value", "one season before", "usual so far", "straight line")
    errors = {name: lesson.numbers("fill-trial", f"{name} ") for name in names}
    for short in (0, 1, 2):
        order = sorted(names, key=lambda name: errors[name][short])
        assert order[:3] == ["straight line", "last value", "usual so far"]
    assert min(names, key=lambda name: errors[name][3]) == "usual so far"
    assert errors["straight line"][4] < errors["usual so far"][4] < errors["last value"][4]


def test_the_fillings_are_the_packages():
    from lessons.cleaning import fill_gaps
    from lessons.series import air_quality

    y = air_quality()[1][1:, 0]
    mine = REGISTRY["08.fill_from_past"].reference(y, 24)
    np.testing.assert_allclose(mine, fill_gaps(y, "seasonal mean", 24)[0])


def views(lesson):
    rows = [line.split() for line in lesson.text("refits-run").splitlines()]
    return {(row[0], row[1]): list(map(float, row[2:5])) for row in rows if row and row[0] in KINDS}


KINDS = ("ridge", "LSTM", "GRU")


def test_what_the_past_says_of_views(lesson, claim):
    rows = views(lesson)
    assert len(rows) == 6
    for (kind, steps), (own, clock, others) in rows.items():
        claim(f"{kind}, {steps} steps: MSE with London minus without", others - clock, low=2)
        if steps == "6":
            claim(f"{kind}: what 6 steps more than the clock save", own - clock, low=1)
            for k in range(3):
                longer = rows[kind, "24"][k] - rows[kind, "6"][k]
                claim(f"{kind}, view {k}: MSE of 24 steps minus 6", longer, low=0)
    own, clock, _ = rows["LSTM", "24"]
    claim("LSTM of 24 steps: MSE with the clock minus without", clock - own, low=2)


def test_a_formula_beats_the_nets_on_the_past(lesson, claim):
    rows = {
        name: lesson.numbers("past-table", f"{name} ") for name in ("AR", "usual + fading", *KINDS, "ETS")
    }
    assert rows["AR"][5] == pytest.approx(140.5, abs=0.1)
    assert lesson.numbers("rivals", "left of a deviation:") == [0.85, 0.70, 0.57, 0.45, 0.33, 0.22]
    claim("ETS over AR, MSE over past origins", rows["ETS"][5] / rows["AR"][5], low=1.25)  # 1.34 or 1.37
    for kind in KINDS:
        claim(f"AR over {kind}, MSE over past origins", rows["AR"][5] / rows[kind][5], high=0.9)
        better = sum(ar < net for ar, net in zip(rows["AR"][:5], rows[kind][:5], strict=True))
        claim(f"past origins at which AR is better than {kind}", better, low=4)
    assert "chosen on the past: AR" in lesson.text("test-forecasts")


def test_the_board(lesson, claim):
    mse = {
        name: lesson.numbers("test-forecasts", f"{name} ")[0]
        for name in ("last value", "seasonal naive", "usual + fading", "AR", "ETS", *KINDS)
    }
    assert mse["last value"] == pytest.approx(236.3, abs=0.1)
    assert mse["AR"] == pytest.approx(140.1, abs=0.1)
    assert mse["usual + fading"] == pytest.approx(140.9, abs=0.1)
    claim("test MSE of ETS, Paris", mse["ETS"], low=180, high=200)
    claim("test MSE of five LSTMs, Paris", mse["LSTM"], low=139.5, high=143.5)
    claim("test MSE of five GRUs, Paris", mse["GRU"], low=139.5, high=146)


def test_which_wins_are_wins(lesson, claim):
    rows = {
        name: lesson.numbers("dm", f"{name} ") for name in ("last value", "seasonal naive", "ETS", *KINDS)
    }
    for name in ("last value", "seasonal naive", "ETS", "ridge"):
        assert rows[name][1] > 2.5
    for _, statistic, ordinary in rows.values():
        assert 0.4 < statistic / ordinary < 0.75
    for name in ("LSTM", "GRU"):
        claim(f"AR against {name}, standard errors", rows[name][1], low=-1, high=1)


def test_prices_and_shifts(lesson):
    assert "AR, a unit too low costs 1, too high 1" in lesson.text("price-explorer")
    ar = lesson.numbers("shifts", "AR ")
    assert ar == pytest.approx([8.89, 2.3, 8.89, 25.38, 23.78], abs=0.01)
    assert lesson.numbers("shifts", "last value ")[3:] == pytest.approx([37.49, 29.65], abs=0.01)


def test_diagnoses(lesson):
    looks = {line.split()[0] for line in lesson.text("diagnosis").splitlines() if line.count("LOOK")}
    assert looks == {"late", "noisy", "missed"}
    assert lesson.numbers("diagnosis", "noisy")[0] == pytest.approx(0.75, abs=0.01)
    words = lesson.text("diagnosis-words")
    assert words.count("LOOK") == 1 and "15% of the highest tenth" in words
    for said in ("0.53, with its own 0.49", "0.70 with the change that came", "the truth lies 6.9 below it"):
        assert said in words


def test_scores_on_filled_targets_measure_the_filling(lesson):
    assert lesson.numbers("mistake") == pytest.approx([114.4, 212.3], abs=0.1)


def test_the_card(lesson):
    text = lesson.text("evidence")
    assert "Use AR." in text and "Not told apart from AR (140.1): usual + fading (140.9)" in text
    assert "add +8.89 (cost in the test part 25.4, shifted 23.8)" in text


# a series of one's own


def run_with(line, folder, until=None):
    """Run the lesson in a folder, the first line of the cell `read` changed; Executed."""
    notebook = nbformat.read(NOTEBOOKS / f"{LESSON}.ipynb", 4)
    read = next(cell for cell in notebook.cells if cell["id"] == "read")
    read["source"] = f"{line}\n{read['source'].split(chr(10), 1)[1]}"
    if until is not None:
        stop = [cell["id"] for cell in notebook.cells].index(until)
        notebook.cells = notebook.cells[: stop + 1]
    path = folder / "mine.ipynb"
    nbformat.write(notebook, path)
    result = NotebookRun(path, default_timeout=600).execute()
    assert result.error is None, result.error.trace
    return Executed(result.nb)


def sales(n):
    """Draw daily sales (n,), a shop with a week."""
    rng, level = np.random.default_rng(1), np.zeros(n)
    for i in range(1, n):
        level[i] = 0.7 * level[i - 1] + rng.normal()
    return 200 + 30 * np.array([0, 1, 2, 1, 3, -4, -5])[np.arange(n) % 7] + 12 * level


def write(folder, *columns, names=("sold",), file="shop.csv"):
    """A CSV of days and columns; NaN is an empty cell."""
    days = np.arange(len(columns[0])) + np.datetime64("2023-01-02")
    cells = [["" if np.isnan(v) else f"{v:.2f}" for v in column] for column in columns]
    rows = [",".join(map(str, row)) for row in zip(days, *cells, strict=True)]
    (folder / file).write_text("\n".join([",".join(["day", *names]), *rows]), encoding="utf-8")


@pytest.mark.slow
def test_one_line_changes_the_series_and_neither_codes_nor_a_climb_cripple_a_model(tmp_path):
    sold = sales(250) + np.arange(250)
    sold[5::23] = np.nan
    sold[[60, 130]] = -999
    write(tmp_path, sold)
    run = run_with(SHOP, tmp_path)
    told = run.text()
    assert not any(word in told.lower() for word in ("paris", "london", "µg", "1 steps ahead"))
    assert "is -999 2 times" in run.text("trouble") and "climbs" in run.text("trouble")
    assert "filled with: usual so far" not in run.text("fill-trial")  # it lies a climb behind
    naive, ar, *others = (
        run.numbers("test-forecasts", f"{model} ")[0]
        for model in ("last value", "AR", "usual + fading", "ETS", *KINDS)
    )
    assert ar < 0.1 * naive and max(others) < naive
    assert "nobody has looked yet" in run.text("evidence") and "Use " in run.text("evidence")
    assert (tmp_path / "my_series" / "report.html").exists()
    assert len(list((tmp_path / "my_series" / "refits").rglob("output.pkl"))) > 50


def test_what_is_read_and_refused(tmp_path, monkeypatch):
    from lessons.cleaning import read

    monkeypatch.chdir(tmp_path)
    sold = sales(420)
    write(tmp_path, sold, np.where(np.arange(420) < 350, np.nan, sold), sold, names=("sold", "late", "early"))
    t, y, columns = read("shop.csv", ["sold", "late", "early"], "day", 7)
    assert columns == ["sold", "early"] and y.shape == (420, 2) and len(t) == 420
    for n, season, found in [
        (96, 12, "8 seasons of 12"),
        (365, 365, "1 seasons of 365"),
        (80, 1, "80 steps"),
    ]:
        write(tmp_path, sales(n))
        with pytest.raises(ValueError, match=f"{found}.* 20 seasons and 90 steps"):
            read("shop.csv", ["sold"], "day", season)
    assert read(AIR_QUALITY_CSV, ["paris", "london"], "time", 24)[1].shape == (1080, 2)


@pytest.mark.slow
def test_a_random_walk_is_told_to_use_the_last_value(tmp_path):
    walk = np.random.default_rng(1).normal(size=300).cumsum()
    (tmp_path / "walk.csv").write_text("x\n" + "\n".join(f"{v:.3f}" for v in walk), encoding="utf-8")
    run = run_with('path, columns, time, unit, season_length = "walk.csv", ["x"], None, "", 1', tmp_path)
    assert re.search(r"(use it|use the last value)\.", run.text("evidence"))
    assert "Not told apart from last value (" in run.text("evidence")
