import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, mean_squared_error

from lessons.baselines import Mean, Ridge
from lessons.scores import Scoreboard, asymmetric_cost, bias, cheapest_shift, mae, mse, scoreboard, skill
from lessons.windows import Standardizer

FINITE, COSTS = arrays(float, (7, 2), elements=st.floats(-1e3, 1e3)), st.floats(0.1, 9)


@given(FINITE, FINITE)
def test_metrics_agree_with_scikit_learn(y_true, y_pred):
    assert mse(y_true, y_pred) == pytest.approx(mean_squared_error(y_true, y_pred))
    assert mae(y_true, y_pred) == pytest.approx(mean_absolute_error(y_true, y_pred))


def test_bias_is_negative_where_forecasts_lie_too_low():
    assert bias([3.0, 5.0], [2.0, 5.0]) == -0.5


@given(FINITE, FINITE, st.floats(0, 9), COSTS)
def test_asymmetric_cost_is_the_pinball_loss_of_a_quantile(y_true, y_pred, under, over):
    pinball = mean_pinball_loss(y_true.ravel(), y_pred.ravel(), alpha=under / (under + over))
    assert asymmetric_cost(y_true, y_pred, under, over) == pytest.approx((under + over) * pinball)


@given(FINITE, FINITE, COSTS, COSTS)
def test_no_shift_is_cheaper_than_the_cheapest(y_true, y_pred, under, over):
    best = asymmetric_cost(y_true, y_pred + cheapest_shift(y_true, y_pred, under, over), under, over)
    for shift in [*(y_true - y_pred).ravel(), 0.0]:  # the cost is linear between these
        assert best <= asymmetric_cost(y_true, y_pred + shift, under, over) + 1e-9


def test_skill_is_the_part_of_the_naive_error_taken_away():
    assert skill(0.25, 1.0) == 0.75
    assert skill(2.0, 1.0) == -1.0


@pytest.mark.parametrize("metric", [mse, mae, bias])
def test_shapes_that_would_broadcast_are_refused(metric):
    with pytest.raises(ValueError, match=r"y_pred must have the shape of y_true, \(3, 1\), got \(3,\)"):
        metric(np.ones((3, 1)), np.ones(3))


def test_a_season_that_repeats_itself_leaves_no_naive_error_to_divide_by():
    y = 20 + 0 * np.arange(12.0)[:, None] + 1e-15 * np.arange(12)[:, None]
    board = Scoreboard(np.full((12, 3, 1), 20.0), y).add("off", y + 1)
    assert np.isnan(board["off"].skill) and "nan%" in repr(board)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    series = np.cumsum(rng.normal(size=120)) + 50
    X = np.stack([series[k : k + 8] for k in range(110)])[:, :, None]
    y = series[8:118, None]
    return X[:80], y[:80], X[80:], y[80:]


def test_the_naive_forecast_and_the_floor_are_always_there(data):
    board = scoreboard({"ridge": Ridge(alpha=1.0)}, *data, noise_floor=0.5)
    assert [row.name for row in board.rows] == ["last value", "ridge"]
    assert board.naive.skill == 0.0
    X_test, y_test = data[2:]
    assert board.naive.mse == pytest.approx(mse(y_test, X_test[:, -1]))
    for shown in (repr(board), board._repr_html_()):
        assert "last value" in shown
        assert "noise floor" in shown
        assert "0.5000" in shown


def test_errors_are_in_the_series_own_unit(data):
    X_train, y_train, X_test, y_test = data
    scaler = Standardizer().fit(X_train[:, 0, 0])
    scaled = [scaler.transform(a) for a in data]
    raw, own = (scoreboard({}, *d, scaler=s) for d, s in ((data, None), (scaled, scaler)))
    assert own.naive.mse == pytest.approx(raw.naive.mse)
    assert own.naive.mae == pytest.approx(raw.naive.mae)


def test_a_list_holds_one_forecast_a_seed(data):
    *_, X_test, y_test = data
    guesses = [np.full_like(y_test, seed) for seed in range(3)]
    board = Scoreboard(X_test, y_test).add("guess", guesses)
    row, per_seed = board["guess"], [mse(y_test, guess) for guess in guesses]
    assert row.seeds == 3
    assert row.mse == pytest.approx(np.mean(per_seed))
    assert row.mse_sd == pytest.approx(np.std(per_seed, ddof=1))
    assert "±" in repr(board)


def test_adding_a_name_again_replaces_its_row(data):
    *_, X_test, y_test = data
    board = Scoreboard(X_test, y_test).add("mine", y_test + 1).add("other", y_test).add("mine", y_test + 2)
    assert [row.name for row in board.rows] == ["last value", "mine", "other"]
    assert board["mine"].mse == pytest.approx(4.0)
    assert board["mine"].bias == pytest.approx(2.0)


def test_several_steps_ahead(data):
    X_train, y_train, X_test, y_test = data
    y_train, y_test = np.repeat(y_train, 3, axis=1), np.repeat(y_test, 3, axis=1)
    board = scoreboard({"mean": Mean()}, X_train, y_train, X_test, y_test)
    assert board.naive.mse == pytest.approx(mse(y_test, np.repeat(X_test[:, -1], 3, axis=1)))


def test_bad_input_is_named(data):
    X_train, y_train, X_test, y_test = data
    with pytest.raises(ValueError, match="y_pred must have the shape"):
        Scoreboard(X_test, y_test).add("flat", y_test.ravel())
    with pytest.raises(ValueError, match="empty list"):
        Scoreboard(X_test, y_test).add("none", [])
    with pytest.raises(KeyError, match="no row 'LSTM'; there are last value"):
        Scoreboard(X_test, y_test)["LSTM"]
    with pytest.raises(ValueError, match="naive_mse must be above 0"):
        skill(1.0, 0.0)
    with pytest.raises(ValueError, match=r"under and over must be costs of 0 or more.* got -1 and 1"):
        asymmetric_cost([1.0], [1.0], -1, 1)


def card_of(board, name, **changes):
    text = {"series": "a walk", "window": 8, "split": "by time", "plot_check": "no lag seen", **changes}
    return board.evidence_card(name, **text)


def test_the_evidence_card_says_what_the_numbers_say(data):
    *_, X_test, y_test = data
    naive_mse = mse(y_test, X_test[:, -1])
    half = y_test + np.sqrt(naive_mse / 2)
    board = Scoreboard(X_test, y_test, noise_floor=naive_mse / 4)
    board.add("good", half).add("bad", y_test + 10).add("unsure", [half, y_test + 2 * np.sqrt(naive_mse)])
    assert card_of(board, "good")["verdict"] == (
        "good takes away 50% of the naive error; its error is 2.00 times the noise floor"
    )
    assert "bad is worse than the naive forecast" in card_of(board, "bad")["verdict"]
    assert "cannot be told apart" in card_of(board, "unsure")["verdict"]
    assert "8 steps" in repr(card_of(board, "good"))
    assert "Evidence card" in card_of(board, "good")._repr_html_()


def test_a_card_without_a_known_floor_says_so_and_without_a_look_at_the_plot_is_refused(data):
    *_, X_test, y_test = data
    assert "not known" in card_of(Scoreboard(X_test, y_test).add("good", y_test), "good")["verdict"]
    with pytest.raises(ValueError, match="plot_check is empty"):
        card_of(Scoreboard(X_test, y_test), "last value", plot_check=" ")


def test_table_and_card_say_the_unit_with_as_many_digits_as_asked_for(data):
    *_, X_test, y_test = data
    board = Scoreboard(X_test, y_test, unit="µg/m³", digits=1).add("off", [y_test + 1, y_test + 2])
    for shown in (repr(board), board._repr_html_()):
        assert "test MSE (µg/m³)²" in shown and "MAE (µg/m³)" in shown
        assert "2.5 ± 2.1" in shown and "2.5000" not in shown
    assert card_of(board, "off")["model score"] == "off, test MSE 2.5 ± 2.1 over 2 seeds (µg/m³)²"
    assert "<b>" not in Scoreboard(X_test, y_test, unit="<b>")._repr_html_()
