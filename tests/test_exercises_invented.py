"""Unusual right answers earn all, as learners might write them, each another freedom that a check must leave.

A dict is what is changed in the reference, a text a function's body. (Invented *mistakes* that told something
became known wrong answers of their exercise, with a diagnosis.)
"""

import inspect
import textwrap

import pytest

from lessons.exercises import REGISTRY, check
from lessons.exercises.declare import Slip

_SPOIL = "kept.append(series)\n    for old in kept[:-1]:\n        old[:] = 0\n    N = len"
_BUFFER = "buffer[:] = (series - mean) / std\n    return buffer"
RIGHT = {
    "01.make_windows": [
        {"X = ": "X = np.lib.stride_tricks.sliding_window_view(series, window)[:-1]  # "},
        # last call's arguments are changed, and that reaches nobody
        {"def": "kept = []\n\ndef", "N = len": _SPOIL},
    ],
    # one buffer, filled anew: each result counts as it was when it was returned
    "01.scale_with_train": [{"def": "buffer = np.empty(40)\n\ndef", "return (series - mean) / std": _BUFFER}],
    "02.ridge": [
        {"np.linalg.solve(gram, A.T @ y)": "A.T @ np.linalg.solve(A @ A.T + alpha * np.eye(len(A)), y)"},
        {"y - y_mean  #": "y  #"},  # centred inputs do not see a constant
    ],
    "03.lstm_step": [
        {"x @ W_x + h @ W_h + b": "np.hstack([x, h]) @ np.vstack([W_x, W_h]) + b"},
        {"return h, c": "return [h, c]"},
    ],
    "03.lstm_forward": [
        {"h_all = np.zeros((N, T + 1, H))": "h_all = np.full((N, T + 1, H), np.nan)\n    h_all[:, 0] = 0"},
        {"h_all = np.zeros((N, T + 1, H))": "h_all = np.zeros((N, T + 1, H), np.float32)"},
        """
        h = c = np.zeros((len(X), len(W_h)))
        h_all, c_all = [h], [c]
        for x in X.swapaxes(0, 1):
            h, c = lstm_step(x, h, c, W_x, W_h, b)
            h_all.append(h), c_all.append(c)
        return np.stack(h_all, axis=1), np.stack(c_all, axis=1)
        """,
    ],
    "03.state_gradients": [{"1 - tanh_c**2": "1 / np.cosh(c_new) ** 2"}],
    "03.adam_update": [{"beta_1 * m + (1 - beta_1) * g": "m + (1 - beta_1) * (g - m)"}],
    "04.gru_gates": [{"sigmoid(a_r + h @ W_hr)": "(1 + np.tanh((a_r + h @ W_hr) / 2)) / 2"}],
    "04.gru_backward_step": [
        {"d_a_r @ W_hr.T + d_a_z @ W_hz.T": "np.hstack([d_a_r, d_a_z]) @ np.hstack([W_hr, W_hz]).T"},
    ],
    "05.train_epoch": [
        {"optimizer.zero_grad()": "pass", "optimizer.step()": "optimizer.step(), optimizer.zero_grad()"},
        {"np.array(losses)": "torch.tensor(losses)"},
        {
            "nn.utils.clip_grad_norm_(net.parameters(), max_grad_norm)": (
                "norm = sum((p.grad**2).sum() for p in net.parameters()) ** 0.5\n"
                "        for p in net.parameters():\n"
                "            p.grad *= min(1, max_grad_norm / (norm.item() + 1e-6))"
            )
        },
    ],
    "06.gate_evidence": [{"gap = ": "gap = np.polyfit(marker.ravel(), mean.ravel(), 1)[0]  # "}],
    "06.forced_step": [{"f = np.where(where[:, None], forget, ": "f = sigmoid(f)\n    f[where] = forget  #"}],
    "07.recursive_rollout": [
        """
        y_pred = []
        for origin in origins:
            values = list(series[:origin])
            for _ in range(steps):
                values.append(np.dot(values[-len(weights) :], weights) + intercept)
            y_pred.append(values[origin:])
        return np.array(y_pred)
        """,
    ],
    "07.interval_width": [
        {"errors[rank - 1]": "np.quantile(errors, (rank - 0.5) / len(errors), 0, method='inverted_cdf')"},
        """
        errors = np.vstack([np.abs(y_true - y_pred), np.full(y_true.shape[1], np.inf)])
        return np.sort(errors, axis=0)[int(np.ceil(len(errors) * share)) - 1]
        """,
    ],
    "08.fill_from_past": [
        """
        filled, sums, counts = y.copy(), np.zeros(season_length), np.zeros(season_length)
        for i, value in enumerate(y):
            step = i % season_length
            if np.isnan(value):
                filled[i] = sums[step] / counts[step] if counts[step] else filled[i - 1]
            else:
                sums[step], counts[step] = sums[step] + value, counts[step] + 1
        return filled
        """,
    ],
    "08.diebold_mariano": [
        """
        d = loss_a - loss_b
        apart = np.abs(np.subtract.outer(np.arange(len(d)), np.arange(len(d))))
        around = d - d.mean()
        return d.mean() * len(d) / np.sqrt(around @ np.maximum(0, 1 - apart / (lags + 1)) @ around)
        """,
    ],
    "08.best_shift": [
        {', method="inverted_cdf"': ""},
        {"inverted_cdf": "higher"},
        {"inverted_cdf": "lower"},
        """
        cost = lambda s: np.sum(np.where(y_true > y_pred + s, under, over) * np.abs(y_true - y_pred - s))
        return min(y_true - y_pred, key=cost)
        """,
    ],
}


def function_of(id, answer):
    reference = REGISTRY[id].reference
    if isinstance(answer, dict):
        return Slip("", answer).function_for(reference)
    space = dict(reference.__globals__)
    body = textwrap.indent(textwrap.dedent(answer), "    ")
    exec(f"def {reference.__name__}{inspect.signature(reference)}:\n{body}", space)
    return space[reference.__name__]


@pytest.mark.parametrize("id", RIGHT)
def test_an_unusual_right_answer_earns_all(id):
    for answer in RIGHT[id]:
        result = check(id, function_of(id, answer))
        assert result.passed, (answer, result.text())
