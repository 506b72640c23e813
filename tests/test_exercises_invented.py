"""Mistakes that are refused and unusual answers that earn all, invented as a learner might.

For the fifteen hardest exercises; a mistake that has a diagnosis of its own by now is a slip, tested there.
A dict is what is changed in the reference, a text a function's body.
"""

import inspect
import textwrap

import pytest

from lessons.exercises import REGISTRY, check
from lessons.exercises.declare import Slip

MISTAKES = {
    "02.ridge": [
        {"X.reshape(len(X), -1)": "X.transpose(0, 2, 1).reshape(len(X), -1)"},  # feature by feature
        {"X.reshape(len(X), -1)": "X[:, -1]"},
        {"X.reshape(len(X), -1)": "X[:, ::-1].reshape(len(X), -1)"},
        {"A = X": "X -= X.mean(axis=0)\n    A = X"},
        {"y - y_mean": "(y - y_mean) / y.std()"},
        {"solve(gram, A.T @ y)": "inv(A.T @ A) @ A.T @ y + alpha"},
        {"solve(gram, A.T @ y)": "lstsq(A, y)[0] / (1 + alpha)"},
        {"A_mean @ weights": "(A_mean * weights).sum()"},
        {"y.mean(axis=0)": "np.median(y, axis=0)"},
    ],
    "03.lstm_step": [
        {"a = x": "sigmoid = lambda a: 1 / (1 + np.exp(a))\n    a = x"},
        {"a = x": "sigmoid = lambda a: np.clip(0.2 * a + 0.5, 0, 1)\n    a = x"},
        {"sigmoid(a_f)": "sigmoid(a_f + 1)"},
        {"c = sigmoid(a_f) * c + ": "c *= sigmoid(a_f)\n    c += "},
        {"np.tanh(c)": "np.tanh(c) + h"},
        {"sigmoid(a_o)": "sigmoid(a_o + c)"},
        {"a_i, a_f, a_g, a_o": "a_g, a_i, a_f, a_o"},
        {"np.tanh(a_g)": "np.tanh(a_i)"},
        {"x @ W_x + h @ W_h + b": "x @ (W_x + b) + h @ W_h"},
    ],
    "03.lstm_forward": [
        {"h_all = np.zeros": "h_all = np.ones"},
        {"X[:, t]": "X[:, max(t - 1, 0)]"},
        {"return h_all, c_all": "return h_all, np.tanh(c_all)"},
        {"return h_all, c_all": "return h_all.cumsum(axis=1), c_all"},
        {"h_all = np.zeros((N, T + 1, H))": "h_all = np.zeros((N, T + 1, H), int)"},
        {"return h_all, c_all": "return h_all[:, :-1], c_all[:, :-1]"},
    ],
    "03.state_gradients": [
        {"d_c_all * f": "d_c_all * (1 - f)"},
        {"d_c_new + d_h_new": "d_c_new * d_h_new"},
        {"d_h_new * tanh_c": "(d_h_new + d_c_new) * tanh_c"},
        {"d_c_all * c": "d_c_new * c"},
        {"d_i, d_f, d_g = d_c_all * g": "d_i, d_f, d_g = (d_c_all - d_c_new) * g"},
        {"d_c_all = d_c_new + ": "d_c_all = d_c_new\n    d_c_all += "},
        {"1 - tanh_c**2": "1 + tanh_c**2"},
    ],
    "03.adam_update": [
        {"+ eps": "+ np.sqrt(eps)"},
        {"m = beta_1 * m + ": "m *= beta_1\n    m += "},
        {"g**2": "m**2"},
        {"lr * m_hat": "lr / np.sqrt(k) * m_hat"},
        {"g**2": "(g - m) ** 2"},
    ],
    "04.gru_gates": [
        {"a_r, a_z, a_n =": "a_n, a_r, a_z =", "W_hr, W_hz, W_hn": "W_hn, W_hr, W_hz"},
        {"(r * h)": "(a_r * h)"},
        {"h @ W_hr": "h @ W_hr + np.split(b, 3)[0]"},
        {"(r * h) @ W_hn": "(r * h) @ W_hn.T"},
        {"n = np.tanh(a_n + (r * h)": "h *= r\n    n = np.tanh(a_n + h"},
        {"x @ W_x + b, 3": "0 * x @ W_x + b, 3"},
        {"return r, z": "return 1 - r, z"},
    ],
    "04.gru_backward_step": [
        {"d_rh * h": "d_rh * n"},
        {"d_z * z * (1 - z)": "d_z * n * (1 - n)"},
        {"d_a_n @ W_hn.T": "d_a_n @ W_hr.T"},
        {"    d_h = d_h_new * (1 - z)": "    d_h = d_h_new\n    d_h *= 1 - z"},
        {"d_a_r @ W_hr.T + d_a_z @ W_hz.T": "d_r @ W_hr.T + d_z @ W_hz.T"},
    ],
    "05.train_epoch": [
        {"max_grad_norm)\n": "max_grad_norm, norm_type=1)\n"},
        {"in batches": "in batches[::-1]"},
        {"optimizer.step()": "optimizer.step()\n        optimizer.step()"},
        {"loss.backward()": "loss.backward(retain_graph=True)\n        loss.backward()"},
        {"loss.backward()": "(-loss).backward()"},
        {"net(X), y)": "net(X)[-1:], y[-1:])"},
    ],
    "06.gate_evidence": [
        {"mean.ravel(), marker": "mean.ravel().argsort().argsort(), marker"},
        {"marker.ravel()": "~marker.ravel()"},
        {"gate.mean(axis=2)": "gate.max(axis=2)"},
        {"gap = ": "mean, marker = mean[:, -1:], marker[:, -1:]\n    gap = "},
        {"return correlation, gap": "return correlation, gap / mean.std()"},
        {"marker.ravel()": "marker.T.ravel()"},
        {"mean.ravel(), marker.ravel()": "np.diff(mean).ravel(), marker[:, 1:].ravel()"},
    ],
    "06.forced_step": [
        {"where[:, None]": "where[:, None] & (np.arange(len(W_h)) == 0)"},
        {"h = sigmoid(o)": "h = np.where(where[:, None], h, 1) * sigmoid(o)"},
        {"where[:, None]": "where[:, None] & (where.cumsum() == 1)[:, None]"},
        {"forget, sigmoid(f)": "np.minimum(forget, sigmoid(f)), sigmoid(f)"},
        {"c = f * c + ": "c *= f\n    c += "},
        {"h @ W_h + b": "h @ W_h"},
    ],
    "07.recursive_rollout": [
        {"np.empty((len(origins), steps))": "np.empty((len(origins), steps), int)"},
        {"return y_pred": "return y_pred.cumsum(axis=1)"},
        {"        window = np.col": "        series[origins + k] = y_pred[:, k]\n        window = np.col"},
        {"series[origins[:, None]": "series[origins[:1, None]"},
        {"return y_pred": "return y_pred.T"},
        {"return y_pred": "return y_pred[:, ::-1]"},
        {"series[origins[:, None] + np.arange(-T, 0)]": "np.tile(series[-T:], (len(origins), 1))"},
        {"window[:, 1:], y_pred[:, k]": "window[:, 1:], np.full(len(origins), y_pred[:, k].mean())"},
    ],
    "07.interval_width": [
        {"(len(errors) + 1)": "(errors.shape[1] + 1)"},
        {"y_pred - y_true": "y_pred - y_true - (y_pred - y_true).mean(axis=0)"},
        {"np.full(errors.shape[1], np.inf)": "np.inf"},
        {"errors[rank - 1]": "errors[rank - 1, 0] * np.sqrt(np.arange(errors.shape[1]) + 1)"},
        {"errors = np": "y_pred -= y_true\n    y_true = 0\n    errors = np"},
        "return np.ptp(np.quantile(y_pred - y_true, [(1 - level) / 2, (1 + level) / 2], axis=0), axis=0) / 2",
    ],
    "08.fill_from_past": [
        {"known.mean()": "known[-2:].mean()"},
        {"before[~np.isnan(before)]": "before"},
        {"y.copy()": "y"},
        {"known.mean()": "(known.mean() + filled[i - 1]) / 2"},
        {"np.flatnonzero(np.isnan(y))": "np.flatnonzero(np.isnan(y[season_length:])) + season_length"},
        {"y[i % season_length : i : season_length]": "y[:i][(np.arange(i) - i) % season_length <= 1]"},
    ],
    "08.diebold_mariano": [
        {"around[k:] * around[:-k]": "d[k:] * d[:-k]"},
        {"d = loss_a - loss_b": "d = np.abs(loss_a - loss_b)"},
        {"around[k:] * around[:-k]": "around * np.roll(around, k)"},
        {"* gamma_k": "* gamma_k / variance"},
        {"* gamma_k": "* abs(gamma_k)"},
        {"d = loss_a - loss_b": "d = loss_a / loss_b - 1"},
    ],
    "08.best_shift": [
        {"under / (under + over)": "abs(under - over) / (under + over)"},
        {"return np": "return y_pred + np"},
        {"missing = y_true - y_pred": "missing = (y_true - y_pred) / y_pred * y_pred.mean()"},
        "return np.sort(y_true - y_pred)[int(len(y_true) * under / (under + over)) - 1]",
        "return np.mean((y_true - y_pred)[y_true > y_pred])",
        "return np.mean(y_true - y_pred) + np.std(y_true - y_pred)",
    ],
}

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
        {"np.linalg.solve(gram, A.T @ y)": "np.linalg.inv(gram) @ A.T @ y"},
        {"np.linalg.solve(gram, A.T @ y)": "A.T @ np.linalg.solve(A @ A.T + alpha * np.eye(len(A)), y)"},
        {"A, y = A - A_mean, y - y_mean": "A, y = A.copy(), y.copy()\n    A -= A_mean\n    y -= y_mean"},
        {"y - y_mean  #": "y  #"},  # centred inputs do not see a constant
        """
        A = np.column_stack([X.reshape(len(X), -1), np.ones(len(X))])
        penalty = np.diag([alpha] * (A.shape[1] - 1) + [0.0])
        w = np.linalg.solve(A.T @ A + penalty, A.T @ y)
        return w[:-1], w[-1]
        """,
    ],
    "03.lstm_step": [
        {"x @ W_x + h @ W_h + b": "np.hstack([x, h]) @ np.vstack([W_x, W_h]) + b"},
        {"np.split(a, 4, axis=1)": "a.reshape(len(a), 4, -1).swapaxes(0, 1)"},
        {"sigmoid(a_o)": "(1 + np.tanh(a_o / 2)) / 2"},
        {"c = sigmoid(a_f) * c +": "c = c.copy()\n    c *= sigmoid(a_f)\n    c = c +"},
        {"return h, c": "return [h, c]"},
    ],
    "03.lstm_forward": [
        {"h_all = np.zeros((N, T + 1, H))": "h_all = np.zeros((T + 1, N, H)).swapaxes(0, 1)"},
        {"c_all = np.zeros((N, T + 1, H))": "c_all = h_all.copy()"},
        {"h_all = np.zeros((N, T + 1, H))": "h_all = np.full((N, T + 1, H), np.nan)\n    h_all[:, 0] = 0"},
        """
        h = c = np.zeros((len(X), len(W_h)))
        h_all, c_all = [h], [c]
        for x in X.swapaxes(0, 1):
            h, c = lstm_step(x, h, c, W_x, W_h, b)
            h_all.append(h), c_all.append(c)
        return np.stack(h_all, axis=1), np.stack(c_all, axis=1)
        """,
    ],
    "03.state_gradients": [
        {"1 - tanh_c**2": "1 / np.cosh(c_new) ** 2"},
        {"np.tanh(c_new)": "np.tanh(f * c + i * g)"},
        {"d_c_all = d_c_new + ": "d_c_all = d_c_new.copy()\n    d_c_all += "},
        {"d_c_all * g, d_c_all * c, d_c_all * i": "d_c_all * np.stack([g, c, i])"},
    ],
    "03.adam_update": [
        {"beta_1 * m + (1 - beta_1) * g": "m + (1 - beta_1) * (g - m)"},
        {"m = beta_1 * m + ": "m = m.copy()\n    m *= beta_1\n    m += "},
        {"beta_2 * v + (1 - beta_2) * g**2": "np.average([v, g**2], axis=0, weights=[beta_2, 1 - beta_2])"},
    ],
    "04.gru_gates": [
        {"sigmoid(a_r + h @ W_hr)": "(1 + np.tanh((a_r + h @ W_hr) / 2)) / 2"},
        {"sigmoid(a_z + h @ W_hz)": "1 / (1 + np.exp(-a_z - h @ W_hz))"},
        {"n = np.tanh(a_n + (r * h)": "h = h.copy()\n    h *= r\n    n = np.tanh(a_n + h"},
    ],
    "04.gru_backward_step": [
        {"1 - n**2": "(1 - n) * (1 + n)"},
        {"d_a_r @ W_hr.T + d_a_z @ W_hz.T": "np.hstack([d_a_r, d_a_z]) @ np.hstack([W_hr, W_hz]).T"},
        {"d_h = d_h_new * (1 - z)": "d_h = d_h_new.copy()\n    d_h *= 1 - z"},
    ],
    "05.train_epoch": [
        {"        optimizer.zero_grad()": "        for p in net.parameters():\n            p.grad = None"},
        {"optimizer.zero_grad()": "pass", "optimizer.step()": "optimizer.step(), optimizer.zero_grad()"},
        {"nn.functional.mse_loss(net(X), y)": "((net(X) - y) ** 2).mean()"},
        {"loss.item()": "loss.detach().numpy()"},
        {"np.array(losses)": "torch.tensor(losses)"},
        {
            "nn.utils.clip_grad_norm_(net.parameters(), max_grad_norm)": (
                "norm = sum((p.grad**2).sum() for p in net.parameters()) ** 0.5\n"
                "        for p in net.parameters():\n"
                "            p.grad *= min(1, max_grad_norm / (norm.item() + 1e-6))"
            )
        },
    ],
    "06.gate_evidence": [
        {"mean.ravel(), marker.ravel()": "marker.reshape(-1), mean.reshape(-1)"},
        {"gap = ": "gap = np.polyfit(marker.ravel(), mean.ravel(), 1)[0]  # "},
        {"return correlation, gap": "return [float(correlation), float(gap)]"},
    ],
    "06.forced_step": [
        {"f = np.where(where[:, None], forget, ": "f = sigmoid(f)\n    f[where] = forget  #"},
        {"where[:, None], forget, sigmoid(f)": "~where[:, None], sigmoid(f), forget"},
        {"return h, c": "return [h, c]"},
    ],
    "07.recursive_rollout": [
        {"series[origins[:, None] + np.arange(-T, 0)]": "np.array([series[o - T : o] for o in origins])"},
        {"window = np.col": "window = np.roll(window, -1, 1)\n        window[:, -1] = y_pred[:, k]  # "},
        {"window @ weights": "window[:, -T:] @ weights", "window[:, 1:]": "window"},
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
        {"int(np.ceil((len(errors) + 1) * level))": "int(-(-(len(errors) + 1) * level // 1))"},
        {"return errors[rank - 1]": "return np.partition(errors, rank - 1, axis=0)[rank - 1]"},
        {"errors[rank - 1]": "np.quantile(errors, (rank - 0.5) / len(errors), 0, method='inverted_cdf')"},
        """
        errors = np.vstack([np.abs(y_true - y_pred), np.full(y_true.shape[1], np.inf)])
        return np.sort(errors, axis=0)[int(np.ceil(len(errors) * level)) - 1]
        """,
    ],
    "08.fill_from_past": [
        {"y[i % season_length : i : season_length]": "y[:i][::-1][season_length - 1 :: season_length]"},
        {"known.mean()": "np.nanmean(before)"},
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
        {"np.sum(around**2) / N": "np.var(d)"},
        {"return d.mean()": "return np.sqrt(N) * np.mean(d)", "variance / N)": "variance)"},
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
        {"inverted_cdf": "averaged_inverted_cdf"},
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


@pytest.mark.parametrize("id", MISTAKES)
def test_an_invented_mistake_is_refused(id):
    for answer in MISTAKES[id]:
        assert check(id, function_of(id, answer)).status in ("not yet", "partly"), answer


@pytest.mark.parametrize("id", RIGHT)
def test_an_unusual_right_answer_earns_all(id):
    for answer in RIGHT[id]:
        result = check(id, function_of(id, answer))
        assert result.passed, (answer, result.text())
