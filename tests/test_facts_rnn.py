"""What the texts build on: reference runs of recurrent nets to the digit, and how far gradients reach."""

import numpy as np
import pytest

from lessons.rnn import GRU, LSTM, RNN, gradient_memory, train
from lessons.scores import mae, mse
from lessons.series import trend_and_seasons
from lessons.windows import scaled_windows


@pytest.fixture(scope="module")
def data():
    return scaled_windows(trend_and_seasons()[1], window=60, at=630)


@pytest.mark.slow
@pytest.mark.claims
@pytest.mark.parametrize(
    ("kind", "losses", "test_mse", "test_mae"),
    [
        (LSTM, [0.949535, 0.063779, 0.046973, 0.046404, 0.038749], 0.1178, 0.2782),
        (GRU, [0.750055, 0.064718, 0.047928, 0.046996, 0.038497], 0.0882, 0.2428),
    ],
)
def test_the_reference_runs_come_out_to_the_printed_digits(data, kind, losses, test_mse, test_mae):
    """In float64; on every kernel that was tried the digits are the same."""
    model = kind(input_size=1, hidden_size=32, seed=42)
    options = {"epochs": 80, "batch_size": 64, "lr": 2e-3, "max_grad_norm": 1.0, "seed": 42}
    epochs = list(model.train(data.X_train, data.y_train, **options))
    assert [round(epochs[k - 1].loss, 6) for k in (1, 20, 40, 60, 80)] == losses
    y_true, y_pred = (data.scaler.inverse_target(y) for y in (data.y_test, model.predict(data.X_test)))
    assert round(mse(y_true, y_pred), 4) == test_mse
    assert round(mae(y_true, y_pred), 4) == test_mae


@pytest.mark.parametrize(
    ("make", "at_20", "at_60"),
    [
        (lambda seed: RNN(1, 32, seed=seed), (0.03, 0.4), (3e-4, 3e-2)),
        (lambda seed: RNN(1, 32, seed=seed, stretch=1.5), (1.5, 4), (8, 40)),
        (lambda seed: LSTM(1, 32, seed=seed), (1e-4, 5e-3), (1e-10, 1e-7)),
        (lambda seed: LSTM(1, 32, seed=seed, forget_bias=1), (0.03, 0.3), (1e-3, 5e-2)),
        (lambda seed: LSTM(1, 32, seed=seed, forget_bias=2), (0.15, 0.8), (0.15, 1.5)),
        (lambda seed: GRU(1, 32, seed=seed), (1e-4, 1e-2), (1e-11, 1e-6)),
    ],
    ids=["RNN", "RNN stretched", "LSTM", "LSTM bias 1", "LSTM bias 2", "GRU"],
)
def test_how_far_back_gradients_reach_before_training(make, at_20, at_60):
    X = np.random.default_rng(0).normal(size=(4, 100, 1))
    lag_20, lag_60 = np.median([gradient_memory(make(seed), X)[[20, 60]] for seed in range(5)], axis=0)
    assert at_20[0] < lag_20 < at_20[1]
    assert at_60[0] < lag_60 < at_60[1]


@pytest.mark.claims
def test_clipping_saves_a_plain_rnn_from_itself(data):
    X, y = 10 * data.X_train, 10 * data.y_train
    for seed in range(3):
        for max_grad_norm, survives in ((None, False), (1.0, True)):
            model = RNN(1, 32, seed=seed, dtype=np.float32)
            options = {"optimizer": "sgd", "lr": 0.1, "max_grad_norm": max_grad_norm, "epochs": 7}
            epochs = list(train(model, X, y, **options))
            assert np.isfinite(epochs[-1].loss) == survives
