"""Exercises of lesson 03: an LSTM by hand, its gradients, its training, and the mending of its forecasts."""

import functools

import numpy as np

from lessons.exercises.declare import Case, Exercise, Part, Wrong

_rng = np.random.default_rng(3)


def sigmoid(a):
    """A soft switch: 0 far below zero, 1 far above."""
    return 1 / (1 + np.exp(-a))


def lstm_step(x, h, c, W_x, W_h, b):
    """One step of an LSTM: from the states before it to the states after it."""
    a = x @ W_x + h @ W_h + b  # (B, 4H)
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)  # four times (B, H)
    c = sigmoid(a_f) * c + sigmoid(a_i) * np.tanh(a_g)  # (B, H) keep some of the old, write some of the new
    h = sigmoid(a_o) * np.tanh(c)  # (B, H) show some of it
    return h, c


def _gates(x, h, W_x, W_h, b):
    a_i, a_f, a_g, a_o = np.split(x @ W_x + h @ W_h + b, 4, axis=1)
    return sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)


def _beside_the_right_h(function):
    """Turn a function that makes a wrong new c into one that returns it beside the right new h.

    What a wrong c makes of h depends on how h is made, so h is left to be judged by itself.
    """

    @functools.wraps(function)
    def step(x, h, c, W_x, W_h, b):
        return lstm_step(x, h, c, W_x, W_h, b)[0], function(x, h, c, W_x, W_h, b)

    return step


@_beside_the_right_h
def _gates_ordered_i_f_o_g(x, h, c, W_x, W_h, b):
    a_i, a_f, a_o, a_g = np.split(x @ W_x + h @ W_h + b, 4, axis=1)
    return sigmoid(a_f) * c + sigmoid(a_i) * np.tanh(a_g)


@_beside_the_right_h
def _gates_ordered_f_i_g_o(x, h, c, W_x, W_h, b):
    f, i, g, _ = _gates(x, h, W_x, W_h, b)
    return f * c + i * g


@_beside_the_right_h
def _every_fourth_column(x, h, c, W_x, W_h, b):
    a = x @ W_x + h @ W_h + b
    return sigmoid(a[:, 1::4]) * c + sigmoid(a[:, 0::4]) * np.tanh(a[:, 2::4])


@_beside_the_right_h
def _candidate_through_sigmoid(x, h, c, W_x, W_h, b):
    a_i, a_f, a_g, _ = np.split(x @ W_x + h @ W_h + b, 4, axis=1)
    return sigmoid(a_f) * c + sigmoid(a_i) * sigmoid(a_g)


@_beside_the_right_h
def _candidate_not_squashed(x, h, c, W_x, W_h, b):
    a_i, a_f, a_g, _ = np.split(x @ W_x + h @ W_h + b, 4, axis=1)
    return sigmoid(a_f) * c + sigmoid(a_i) * a_g


@_beside_the_right_h
def _nothing_squashed(x, h, c, W_x, W_h, b):
    i, f, g, _ = np.split(x @ W_x + h @ W_h + b, 4, axis=1)
    return f * c + i * g


@_beside_the_right_h
def _cell_state_squashed(x, h, c, W_x, W_h, b):
    return np.tanh(lstm_step(x, h, c, W_x, W_h, b)[1])


def _shown_without_tanh(x, h, c, W_x, W_h, b):
    i, f, g, o = _gates(x, h, W_x, W_h, b)
    c = f * c + i * g
    return o * c, c


def _shown_through_sigmoid(x, h, c, W_x, W_h, b):
    _, c = lstm_step(x, h, c, W_x, W_h, b)
    return _gates(x, h, W_x, W_h, b)[3] * sigmoid(c), c


def _shown_whole(x, h, c, W_x, W_h, b):
    _, c = lstm_step(x, h, c, W_x, W_h, b)
    return np.tanh(c), c


def _output_gate_inside_the_tanh(x, h, c, W_x, W_h, b):
    _, c = lstm_step(x, h, c, W_x, W_h, b)
    return np.tanh(_gates(x, h, W_x, W_h, b)[3] * c), c


def _output_gate_squashed_twice(x, h, c, W_x, W_h, b):
    _, c = lstm_step(x, h, c, W_x, W_h, b)
    return sigmoid(_gates(x, h, W_x, W_h, b)[3]) * np.tanh(c), c


def _shows_the_old_state(x, h, c, W_x, W_h, b):
    i, f, g, o = _gates(x, h, W_x, W_h, b)
    return o * np.tanh(c), f * c + i * g


def _hidden_state_handed_back(x, h, c, W_x, W_h, b):
    return h, lstm_step(x, h, c, W_x, W_h, b)[1]


@_beside_the_right_h
def _bias_forgotten(x, h, c, W_x, W_h, b):
    return lstm_step(x, h, c, W_x, W_h, np.zeros_like(b))[1]


@_beside_the_right_h
def _previous_state_unread(x, h, c, W_x, W_h, b):
    return lstm_step(x, np.zeros_like(h), c, W_x, W_h, b)[1]


@_beside_the_right_h
def _cell_state_read(x, h, c, W_x, W_h, b):
    return lstm_step(x, c, c, W_x, W_h, b)[1]


@_beside_the_right_h
def _old_cell_state_dropped(x, h, c, W_x, W_h, b):
    return lstm_step(x, h, np.zeros_like(c), W_x, W_h, b)[1]


@_beside_the_right_h
def _nothing_forgotten(x, h, c, W_x, W_h, b):
    i, _, g, _ = _gates(x, h, W_x, W_h, b)
    return c + i * g


@_beside_the_right_h
def _input_gate_unused(x, h, c, W_x, W_h, b):
    _, f, g, _ = _gates(x, h, W_x, W_h, b)
    return f * c + (1 - f) * g


@_beside_the_right_h
def _written_in_full(x, h, c, W_x, W_h, b):
    _, f, g, _ = _gates(x, h, W_x, W_h, b)
    return f * c + g


@_beside_the_right_h
def _new_part_forgotten_too(x, h, c, W_x, W_h, b):
    i, f, g, _ = _gates(x, h, W_x, W_h, b)
    return f * (c + i * g)


def _states_swapped(x, h, c, W_x, W_h, b):
    h, c = lstm_step(x, h, c, W_x, W_h, b)
    return c, h


def lstm_forward(X, W_x, W_h, b):
    """Read whole windows, and keep the states before the first step and after every step."""
    (N, T, _), H = X.shape, len(W_h)
    h_all = np.zeros((N, T + 1, H))  # h_all[:, t] is the state before step t
    c_all = np.zeros((N, T + 1, H))
    for t in range(T):
        h_all[:, t + 1], c_all[:, t + 1] = lstm_step(X[:, t], h_all[:, t], c_all[:, t], W_x, W_h, b)
    return h_all, c_all


def _run(X, W_x, W_h, b, keep_h=True, keep_c=True):
    (N, T, _), H = X.shape, len(W_h)
    h = c = np.zeros((N, H))
    states = [(h, c)]
    for t in range(T):
        h, c = lstm_step(X[:, t], h if keep_h else 0 * h, c if keep_c else 0 * c, W_x, W_h, b)
        states.append((h, c))
    return tuple(np.stack(s, axis=1) for s in zip(*states, strict=True))


def _starts_afresh_each_step(X, W_x, W_h, b):
    return _run(X, W_x, W_h, b, keep_h=False, keep_c=False)


def _cell_state_not_carried(X, W_x, W_h, b):
    return _run(X, W_x, W_h, b, keep_c=False)


def _hidden_state_not_carried(X, W_x, W_h, b):
    return _run(X, W_x, W_h, b, keep_h=False)


def _stored_one_too_early(X, W_x, W_h, b):
    h_all, c_all = lstm_forward(X, W_x, W_h, b)
    return tuple(np.concatenate([s[:, 1:], 0 * s[:, :1]], axis=1) for s in (h_all, c_all))


def _zeros_left_out(X, W_x, W_h, b):
    h_all, c_all = lstm_forward(X, W_x, W_h, b)
    return h_all[:, 1:], c_all[:, 1:]


def _only_the_last(X, W_x, W_h, b):
    h_all, c_all = lstm_forward(X, W_x, W_h, b)
    return h_all[:, -1], c_all[:, -1]


def _time_first(X, W_x, W_h, b):
    h_all, c_all = lstm_forward(X, W_x, W_h, b)
    return h_all.swapaxes(0, 1), c_all.swapaxes(0, 1)


def _stored_in_place(X, W_x, W_h, b):
    h_all, c_all = np.zeros((2, len(X), X.shape[1] + 1, len(W_h)))
    for t in range(X.shape[1]):
        h_all[:, t], c_all[:, t] = lstm_step(X[:, t], h_all[:, t], c_all[:, t], W_x, W_h, b)
    return h_all, c_all


def _taken_as_c_and_h(X, W_x, W_h, b):
    h_all, c_all = np.zeros((2, len(X), X.shape[1] + 1, len(W_h)))
    for t in range(X.shape[1]):
        c_all[:, t + 1], h_all[:, t + 1] = lstm_step(X[:, t], h_all[:, t], c_all[:, t], W_x, W_h, b)
    return h_all, c_all


def _first_step_skipped(X, W_x, W_h, b):
    h_all, c_all = np.zeros((2, len(X), X.shape[1] + 1, len(W_h)))
    for t in range(1, X.shape[1]):
        h_all[:, t + 1], c_all[:, t + 1] = lstm_step(X[:, t], h_all[:, t], c_all[:, t], W_x, W_h, b)
    return h_all, c_all


def _inputs_one_ahead(X, W_x, W_h, b):
    h_all, c_all = np.zeros((2, len(X), X.shape[1] + 1, len(W_h)))
    for t in range(1, X.shape[1]):
        h_all[:, t], c_all[:, t] = lstm_step(X[:, t], h_all[:, t - 1], c_all[:, t - 1], W_x, W_h, b)
    return h_all, c_all


def _read_backwards(X, W_x, W_h, b):
    return lstm_forward(X[:, ::-1], W_x, W_h, b)


def _first_input_again(X, W_x, W_h, b):
    return lstm_forward(np.repeat(X[:, :1], X.shape[1], axis=1), W_x, W_h, b)


def _histories_swapped(X, W_x, W_h, b):
    return lstm_forward(X, W_x, W_h, b)[::-1]


def state_gradients(d_h_new, d_c_new, i, f, g, o, c, c_new):
    """From the states after a step back to its gates, and to the cell state before it."""
    tanh_c = np.tanh(c_new)  # (B, H) like everything here
    d_o = d_h_new * tanh_c  # h' = o tanh(c')
    d_c_all = d_c_new + d_h_new * o * (1 - tanh_c**2)  # c' reaches the loss by two routes: add them
    d_i, d_f, d_g = d_c_all * g, d_c_all * c, d_c_all * i  # c' = f c + i g
    d_c = d_c_all * f
    return d_i, d_f, d_g, d_o, d_c


def _through_cell(d_c_all, d_o, i, f, g, c):
    return d_c_all * g, d_c_all * c, d_c_all * i, d_o, d_c_all * f


def _way_through_h_missing(d_h_new, d_c_new, i, f, g, o, c, c_new):
    return _through_cell(d_c_new, d_h_new * np.tanh(c_new), i, f, g, c)


def _later_steps_missing(d_h_new, d_c_new, i, f, g, o, c, c_new):
    return state_gradients(d_h_new, 0 * d_c_new, i, f, g, o, c, c_new)


def _tanh_not_squared(d_h_new, d_c_new, i, f, g, o, c, c_new):
    d_c_all = d_c_new + d_h_new * o * (1 - np.tanh(c_new))
    return _through_cell(d_c_all, d_h_new * np.tanh(c_new), i, f, g, c)


def _slope_of_tanh_missing(d_h_new, d_c_new, i, f, g, o, c, c_new):
    return _through_cell(d_c_new + d_h_new * o, d_h_new * np.tanh(c_new), i, f, g, c)


def _added_too_early(d_h_new, d_c_new, i, f, g, o, c, c_new):
    tanh_c = np.tanh(c_new)
    return _through_cell((d_c_new + d_h_new) * o * (1 - tanh_c**2), d_h_new * tanh_c, i, f, g, c)


def _tanh_missing_in_its_slope(d_h_new, d_c_new, i, f, g, o, c, c_new):
    return _through_cell(d_c_new + d_h_new * o * (1 - c_new**2), d_h_new * np.tanh(c_new), i, f, g, c)


def _gate_slopes_already(d_h_new, d_c_new, i, f, g, o, c, c_new):
    d_i, d_f, d_g, d_o, d_c = state_gradients(d_h_new, d_c_new, i, f, g, o, c, c_new)
    return d_i * i * (1 - i), d_f * f * (1 - f), d_g * (1 - g**2), d_o * o * (1 - o), d_c


def _o_for_tanh(d_h_new, d_c_new, i, f, g, o, c, c_new):
    d_i, d_f, d_g, _, d_c = state_gradients(d_h_new, d_c_new, i, f, g, o, c, c_new)
    return d_i, d_f, d_g, d_h_new * o, d_c


def _output_gate_after_the_cell(d_h_new, d_c_new, i, f, g, o, c, c_new):
    d_i, d_f, d_g, _, d_c = state_gradients(d_h_new, d_c_new, i, f, g, o, c, c_new)
    return d_i, d_f, d_g, d_c / f * np.tanh(c_new), d_c


def _output_gate_meets_old_state(d_h_new, d_c_new, i, f, g, o, c, c_new):
    d_i, d_f, d_g, _, d_c = state_gradients(d_h_new, d_c_new, i, f, g, o, c, c_new)
    return d_i, d_f, d_g, d_h_new * np.tanh(c), d_c


def _tanh_of_old_state(d_h_new, d_c_new, i, f, g, o, c, c_new):
    return state_gradients(d_h_new, d_c_new, i, f, g, o, c, c)


def _output_gate_not_on_the_way(d_h_new, d_c_new, i, f, g, o, c, c_new):
    tanh_c = np.tanh(c_new)
    return _through_cell(d_c_new + d_h_new * (1 - tanh_c**2), d_h_new * tanh_c, i, f, g, c)


def _i_and_g_swapped(d_h_new, d_c_new, i, f, g, o, c, c_new):
    d_i, d_f, d_g, d_o, d_c = state_gradients(d_h_new, d_c_new, i, f, g, o, c, c_new)
    return d_g, d_f, d_i, d_o, d_c


def _forget_gate_meets_new_state(d_h_new, d_c_new, i, f, g, o, c, c_new):
    d_i, d_f, d_g, d_o, d_c = state_gradients(d_h_new, d_c_new, i, f, g, o, c, c_new)
    return d_i, d_c / f * c_new, d_g, d_o, d_c


def _nothing_forgotten_on_the_way_back(d_h_new, d_c_new, i, f, g, o, c, c_new):
    d_i, d_f, d_g, d_o, d_c = state_gradients(d_h_new, d_c_new, i, f, g, o, c, c_new)
    return d_i, d_f, d_g, d_o, d_c / f


def _only_the_later_steps_are_passed_on(d_h_new, d_c_new, i, f, g, o, c, c_new):
    d_i, d_f, d_g, d_o, _ = state_gradients(d_h_new, d_c_new, i, f, g, o, c, c_new)
    return d_i, d_f, d_g, d_o, d_c_new * f


def _output_gate_without_tanh(d_h_new, d_c_new, i, f, g, o, c, c_new):
    d_i, d_f, d_g, _, d_c = state_gradients(d_h_new, d_c_new, i, f, g, o, c, c_new)
    return d_i, d_f, d_g, d_h_new * c_new, d_c


def gate_gradients(d_i, d_f, d_g, d_o, i, f, g, o):
    """From the gates back through sigmoid and tanh to their stacked pre-activations."""
    return np.concatenate(
        [
            d_i * i * (1 - i),  # σ' = σ (1 - σ)
            d_f * f * (1 - f),
            d_g * (1 - g**2),  # tanh' = 1 - tanh²
            d_o * o * (1 - o),
        ],
        axis=1,
    )  # four times (B, H) -> (B, 4H)


def _stack(*blocks):
    return np.concatenate(blocks, axis=1)


def _no_slopes(d_i, d_f, d_g, d_o, i, f, g, o):
    return _stack(d_i, d_f, d_g, d_o)


def _forget_slope_missing(d_i, d_f, d_g, d_o, i, f, g, o):
    return _stack(d_i * i * (1 - i), d_f, d_g * (1 - g**2), d_o * o * (1 - o))


def _candidate_not_squared(d_i, d_f, d_g, d_o, i, f, g, o):
    return _stack(d_i * i * (1 - i), d_f * f * (1 - f), d_g * (1 - g), d_o * o * (1 - o))


def _candidate_slope_missing(d_i, d_f, d_g, d_o, i, f, g, o):
    return _stack(d_i * i * (1 - i), d_f * f * (1 - f), d_g, d_o * o * (1 - o))


def _candidate_as_sigmoid(d_i, d_f, d_g, d_o, i, f, g, o):
    return _stack(d_i * i * (1 - i), d_f * f * (1 - f), d_g * g * (1 - g), d_o * o * (1 - o))


def _all_as_tanh(d_i, d_f, d_g, d_o, i, f, g, o):
    return _stack(d_i * (1 - i**2), d_f * (1 - f**2), d_g * (1 - g**2), d_o * (1 - o**2))


def _squashed_again(d_i, d_f, d_g, d_o, i, f, g, o):
    return gate_gradients(d_i, d_f, d_g, d_o, sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o))


def _candidate_squashed_again(d_i, d_f, d_g, d_o, i, f, g, o):
    return gate_gradients(d_i, d_f, d_g, d_o, i, f, np.tanh(g), o)


def _candidate_difference_squared(d_i, d_f, d_g, d_o, i, f, g, o):
    return _stack(d_i * i * (1 - i), d_f * f * (1 - f), d_g * (1 - g) ** 2, d_o * o * (1 - o))


def _candidate_twice(d_i, d_f, d_g, d_o, i, f, g, o):
    return _stack(d_i * i * (1 - i), d_f * f * (1 - f), d_g * g * (1 - g**2), d_o * o * (1 - o))


def _candidate_sign(d_i, d_f, d_g, d_o, i, f, g, o):
    return _stack(d_i * i * (1 - i), d_f * f * (1 - f), d_g * (1 + g**2), d_o * o * (1 - o))


def _slopes_alone(d_i, d_f, d_g, d_o, i, f, g, o):
    return gate_gradients(1, 1, 1, 1, i, f, g, o)


def _slopes_at_the_gradients(d_i, d_f, d_g, d_o, i, f, g, o):
    return gate_gradients(d_i, d_f, d_g, d_o, d_i, d_f, d_g, d_o)


def _half_a_sigmoid_slope(d_i, d_f, d_g, d_o, i, f, g, o):
    return _stack(d_i * (1 - i), d_f * (1 - f), d_g * (1 - g**2), d_o * (1 - o))


def _blocks_ordered_i_f_o_g(d_i, d_f, d_g, d_o, i, f, g, o):
    a_i, a_f, a_g, a_o = np.split(gate_gradients(d_i, d_f, d_g, d_o, i, f, g, o), 4, axis=1)
    return _stack(a_i, a_f, a_o, a_g)


def weight_gradients(d_a, x, h, W_h):
    """From the pre-activations back to the weights of one step, and to the hidden state before it."""
    d_W_x = x.T @ d_a  # (D, B) (B, 4H) -> (D, 4H)
    d_W_h = h.T @ d_a  # (H, B) (B, 4H) -> (H, 4H)
    d_b = d_a.sum(axis=0)  # (4H,)
    d_h = d_a @ W_h.T  # (B, 4H) (4H, H) -> (B, H)
    return d_W_x, d_W_h, d_b, d_h


def _averaged_over_windows(d_a, x, h, W_h):
    d_W_x, d_W_h, d_b, d_h = weight_gradients(d_a, x, h, W_h)
    return d_W_x / len(x), d_W_h / len(x), d_b / len(x), d_h


def _only_the_bias_summed(d_a, x, h, W_h):
    d_W_x, d_W_h, d_b, d_h = weight_gradients(d_a, x, h, W_h)
    return d_W_x / len(x), d_W_h / len(x), d_b, d_h


def _bias_averaged(d_a, x, h, W_h):
    d_W_x, d_W_h, _, d_h = weight_gradients(d_a, x, h, W_h)
    return d_W_x, d_W_h, d_a.mean(axis=0), d_h


def _first_window_only(d_a, x, h, W_h):
    return *weight_gradients(d_a[:1], x[:1], h[:1], W_h)[:3], d_a @ W_h.T


def _no_way_back(d_a, x, h, W_h):
    return *weight_gradients(d_a, x, h, W_h)[:3], np.zeros_like(h)


def _way_back_averaged(d_a, x, h, W_h):
    return *weight_gradients(d_a, x, h, W_h)[:3], d_a @ W_h.T / len(x)


def _way_back_times_h(d_a, x, h, W_h):
    return *weight_gradients(d_a, x, h, W_h)[:3], d_a @ W_h.T * h


def _back_through_one_gate(d_a, x, h, W_h):
    H = len(W_h)
    return *weight_gradients(d_a, x, h, W_h)[:3], d_a[:, :H] @ W_h[:, :H].T


def _sign_turned(d_a, x, h, W_h):
    return tuple(-d for d in weight_gradients(d_a, x, h, W_h))


def clip_by_global_norm(grads, max_norm):
    """Shorten all gradients together, if their common length is above max_norm."""
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))  # over every entry of every array
    scale = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return {name: g * scale for name, g in grads.items()}, norm


def _array_by_array(grads, max_norm):
    clipped = {name: clip_by_global_norm({name: g}, max_norm)[0][name] for name, g in grads.items()}
    return clipped, clip_by_global_norm(grads, max_norm)[1]


def _always_scaled(grads, max_norm):
    _, norm = clip_by_global_norm(grads, max_norm)
    scale = max_norm / norm if norm > 0 else 1.0
    return {name: g * scale for name, g in grads.items()}, norm


def _entry_by_entry(grads, max_norm):
    clipped = {name: np.clip(g, -max_norm, max_norm) for name, g in grads.items()}
    return clipped, clip_by_global_norm(grads, max_norm)[1]


def _scaled_without_end(grads, max_norm):
    _, norm = clip_by_global_norm(grads, max_norm)
    return {name: g * max_norm / norm for name, g in grads.items()}, norm


def _cut_off_above(grads, max_norm):
    clipped = {name: np.minimum(g, max_norm) for name, g in grads.items()}
    return clipped, clip_by_global_norm(grads, max_norm)[1]


def _long_ones(grads, max_norm, change):
    """Change the gradients that are too long as ``change`` does, given norm and array."""
    _, norm = clip_by_global_norm(grads, max_norm)
    return {name: change(norm, g) if norm > max_norm else g for name, g in grads.items()}, norm


def _max_norm_ignored(grads, max_norm):
    return _long_ones(grads, max_norm, lambda norm, g: g / norm)


def _norm_not_divided_by(grads, max_norm):
    return _long_ones(grads, max_norm, lambda norm, g: g * max_norm)


def _zero_when_long(grads, max_norm):
    return _long_ones(grads, max_norm, lambda norm, g: 0 * g)


def _clipped_to_one(grads, max_norm):
    clipped, _ = clip_by_global_norm(grads, 1.0)
    return clipped, clip_by_global_norm(grads, max_norm)[1]


def _compared_the_wrong_way_round(grads, max_norm):
    _, norm = clip_by_global_norm(grads, max_norm)
    return {name: g * max_norm / norm if norm < max_norm else g for name, g in grads.items()}, norm


def _with_norm(grads, max_norm, norm):
    """Return another norm beside what is clipped rightly: that is left to be judged by itself."""
    return clip_by_global_norm(grads, max_norm)[0], norm


def _norms_added(grads, max_norm):
    return _with_norm(grads, max_norm, sum(np.sqrt(np.sum(g**2)) for g in grads.values()))


def _root_missing(grads, max_norm):
    return _with_norm(grads, max_norm, sum(np.sum(g**2) for g in grads.values()))


def _mean_square(grads, max_norm):
    every = np.concatenate([g.ravel() for g in grads.values()])
    return _with_norm(grads, max_norm, np.sqrt(np.mean(every**2)))


def _mean_squares_added(grads, max_norm):
    return _with_norm(grads, max_norm, np.sqrt(sum(np.mean(g**2) for g in grads.values())))


def _largest_norm(grads, max_norm):
    return _with_norm(grads, max_norm, max(np.sqrt(np.sum(g**2)) for g in grads.values()))


def _largest_entry(grads, max_norm):
    return _with_norm(grads, max_norm, max(np.abs(g).max() for g in grads.values()))


def _absolute_values_added(grads, max_norm):
    return _with_norm(grads, max_norm, sum(np.abs(g).sum() for g in grads.values()))


def _norm_after_clipping(grads, max_norm):
    clipped, norm = clip_by_global_norm(grads, max_norm)
    return clipped, min(norm, max_norm)


def _never_scaled(grads, max_norm):
    return dict(grads), clip_by_global_norm(grads, max_norm)[1]


def adam_update(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    """Step k = 1, 2, … of Adam for one array of parameters."""
    m = beta_1 * m + (1 - beta_1) * g  # running mean of the gradient
    v = beta_2 * v + (1 - beta_2) * g**2  # running mean of its square
    m_hat = m / (1 - beta_1**k)  # both began at zero and are too small at first
    v_hat = v / (1 - beta_2**k)
    p = p - lr * m_hat / (np.sqrt(v_hat) + eps)
    return p, m, v


def _moments(g, m, v, beta_1, beta_2):
    return beta_1 * m + (1 - beta_1) * g, beta_2 * v + (1 - beta_2) * g**2


def _not_corrected(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    m, v = _moments(g, m, v, beta_1, beta_2)
    return p - lr * m / (np.sqrt(v) + eps), m, v


def _only_m_corrected(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    m, v = _moments(g, m, v, beta_1, beta_2)
    return p - lr * m / (1 - beta_1**k) / (np.sqrt(v) + eps), m, v


def _counted_one_too_far(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    return adam_update(p, g, m, v, k + 1, lr, beta_1, beta_2, eps)


def _eps_inside_the_root(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    m, v = _moments(g, m, v, beta_1, beta_2)
    return p - lr * m / (1 - beta_1**k) / np.sqrt(v / (1 - beta_2**k) + eps), m, v


def _not_rooted(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    m, v = _moments(g, m, v, beta_1, beta_2)
    return p - lr * m / (1 - beta_1**k) / (v / (1 - beta_2**k) + eps), m, v


def _counted_one_too_few(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    m, v = _moments(g, m, v, beta_1, beta_2)
    m_hat, v_hat = m / (1 - beta_1 ** (k - 1)), v / (1 - beta_2 ** (k - 1))
    return p - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


def _power_of_the_difference(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    m, v = _moments(g, m, v, beta_1, beta_2)
    return p - lr * m / (1 - beta_1) ** k / (np.sqrt(v / (1 - beta_2) ** k) + eps), m, v


def _times_k(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    m, v = _moments(g, m, v, beta_1, beta_2)
    return p - lr * m / (1 - beta_1 * k) / (np.sqrt(v / (1 - beta_2 * k)) + eps), m, v


def _eps_left_out(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    return adam_update(p, g, m, v, k, lr, beta_1, beta_2, 0.0)


def _step_alone(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    p_new, m, v = adam_update(p, g, m, v, k, lr, beta_1, beta_2, eps)
    return p - p_new, m, v


def _settings_fixed(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    return adam_update(p, g, m, v, k)


def _settings_fixed_in_the_step(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    m, v = _moments(g, m, v, beta_1, beta_2)
    return p - 2e-3 * m / (1 - 0.9**k) / (np.sqrt(v / (1 - 0.999**k)) + 1e-8), m, v


def _rate_fixed(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    return adam_update(p, g, m, v, k, 2e-3, beta_1, beta_2, eps)


def _with_moments(m_and_v, *args):
    """Return other running means beside the right new p, which is left to be judged by itself."""
    return adam_update(*args)[0], *m_and_v


def _betas_swapped(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    return _with_moments(_moments(g, m, v, beta_2, beta_1), p, g, m, v, k, lr, beta_1, beta_2, eps)


def _weights_exchanged(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    means = _moments(g, m, v, 1 - beta_1, 1 - beta_2)
    return _with_moments(means, p, g, m, v, k, lr, beta_1, beta_2, eps)


def _gradient_in_full(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    means = beta_1 * m + g, beta_2 * v + g**2
    return _with_moments(means, p, g, m, v, k, lr, beta_1, beta_2, eps)


def _old_means_handed_back(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    return _with_moments((m, v), p, g, m, v, k, lr, beta_1, beta_2, eps)


def _v_not_of_squares(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    p, m_new, _ = adam_update(p, g, m, v, k, lr, beta_1, beta_2, eps)
    return p, m_new, beta_2 * v + (1 - beta_2) * g


def _uphill(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    return adam_update(p, g, m, v, k, -lr, beta_1, beta_2, eps)


def _corrected_ones_handed_on(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    p, m, v = adam_update(p, g, m, v, k, lr, beta_1, beta_2, eps)
    return p, m / (1 - beta_1**k), v / (1 - beta_2**k)


def _gradient_not_averaged(p, g, m, v, k, lr=2e-3, beta_1=0.9, beta_2=0.999, eps=1e-8):
    p, _, v = adam_update(p, g, m, v, k, lr, beta_1, beta_2, eps)
    return p, g, v


def share_outside(X_train, X_test):
    """Share of the test windows whose mean no training window reaches."""
    train_means = X_train.mean(axis=(1, 2))  # (N_train,)
    test_means = X_test.mean(axis=(1, 2))  # (N_test,)
    outside = (test_means < train_means.min()) | (test_means > train_means.max())
    return outside.mean()


def _values_instead_of_means(X_train, X_test):
    return np.mean((X_test < X_train.min()) | (X_test > X_train.max()))


def _means_against_values(X_train, X_test):
    means = X_test.mean(axis=(1, 2))
    return np.mean((means < X_train.min()) | (means > X_train.max()))


def _only_above(X_train, X_test):
    return np.mean(X_test.mean(axis=(1, 2)) > X_train.mean(axis=(1, 2)).max())


def _only_below(X_train, X_test):
    return np.mean(X_test.mean(axis=(1, 2)) < X_train.mean(axis=(1, 2)).min())


def _below_and_above(X_train, X_test):
    train, test = X_train.mean(axis=(1, 2)), X_test.mean(axis=(1, 2))
    return np.mean((test < train.min()) & (test > train.max()))


def _whole_windows_outside(X_train, X_test):
    low, high = X_test.min(axis=(1, 2)), X_test.max(axis=(1, 2))
    return np.mean((high < X_train.min()) | (low > X_train.max()))


def _any_value_outside(X_train, X_test):
    low, high = X_test.min(axis=(1, 2)), X_test.max(axis=(1, 2))
    return np.mean((low < X_train.min()) | (high > X_train.max()))


def _mean_over_windows_first(X_train, X_test):
    return share_outside(X_train.mean(axis=0)[:, np.newaxis], X_test.mean(axis=0)[:, np.newaxis])


def _above_the_average(X_train, X_test):
    return np.mean(X_test.mean(axis=(1, 2)) > X_train.mean())


def _share_of_the_training_windows(X_train, X_test):
    return share_outside(X_train, X_test) * len(X_test) / len(X_train)


def _share_inside(X_train, X_test):
    return 1 - share_outside(X_train, X_test)


def _number_instead_of_share(X_train, X_test):
    return share_outside(X_train, X_test) * len(X_test)


def _per_cent(X_train, X_test):
    return 100 * share_outside(X_train, X_test)


def _parts_swapped(X_train, X_test):
    return share_outside(X_test, X_train)


def _last_values(X_train, X_test):
    return share_outside(X_train[:, -1:], X_test[:, -1:])


def centre_windows(X, y):
    """Measure every window, and its target, from the window's own mean."""
    level = X.mean(axis=1)  # (N, 1) from the inputs alone: the target is the future
    return X - level[:, np.newaxis], y - level, level  # (N, T, 1), (N, 1), (N, 1)


def _one_mean_for_all(X, y):
    return X - X.mean(), y - X.mean(), X.mean(axis=1)


def _with_level(X, y, level):
    """Return another level beside inputs and targets that are centred rightly, and judged by themselves."""
    X_centred, y_centred, _ = centre_windows(X, y)
    return X_centred, y_centred, level


def _target_in_the_mean(X, y):
    return _with_level(X, y, np.concatenate([X[:, :, 0], y], axis=1).mean(axis=1, keepdims=True))


def _median(X, y):
    return _with_level(X, y, np.median(X, axis=1))


def _from_the_first_value(X, y):
    return _with_level(X, y, X[:, 0])


def _from_the_last_value(X, y):
    return _with_level(X, y, X[:, -1])


def _nothing_centred(X, y):
    return X, y, X.mean(axis=1)


def _inputs_left_where_they_were(X, y):
    _, y_centred, level = centre_windows(X, y)
    return X, y_centred, level


def _level_added_to_targets(X, y):
    X_centred, _, level = centre_windows(X, y)
    return X_centred, y + level, level


def _each_target_from_itself(X, y):
    X_centred, _, level = centre_windows(X, y)
    return X_centred, y - y.mean(axis=1, keepdims=True), level


def _target_left_where_it_was(X, y):
    X_centred, _, level = centre_windows(X, y)
    return X_centred, y, level


def _targets_centred_on_themselves(X, y):
    X_centred, _, level = centre_windows(X, y)
    return X_centred, y - y.mean(), level


def _mean_over_windows(X, y):
    level = X.mean(axis=1)
    return X - X.mean(axis=0), y - level, level


def _divided_by_spread_too(X, y):
    X_centred, y_centred, level = centre_windows(X, y)
    spread = X.std(axis=1)
    return X_centred / spread[:, np.newaxis], y_centred / spread, level


def _step_case(B, D, H):
    shapes = (B, D), (B, H), (B, H), (D, 4 * H), (H, 4 * H), (4 * H,)
    return Case(*(_rng.normal(size=shape) for shape in shapes))


def _window_case(N, T, D, H):
    return Case(*(_rng.normal(size=shape) for shape in ((N, T, D), (D, 4 * H), (H, 4 * H), (4 * H,))))


def _state_case(B, H):
    d_h_new, d_c_new, c, a_i, a_f, a_g, a_o = _rng.normal(size=(7, B, H))
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    return Case(d_h_new, d_c_new, i, f, g, o, c, f * c + i * g)


def _gate_case(B, H):
    d_i, d_f, d_g, d_o, a_i, a_f, a_g, a_o = _rng.normal(size=(8, B, H))
    return Case(d_i, d_f, d_g, d_o, sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o))


def _weight_case(B, D, H):
    return Case(*(_rng.normal(size=shape) for shape in ((B, 4 * H), (B, D), (B, H), (H, 4 * H))))


def _gradients(size):
    shapes = {"W_x": (2, 12), "W_h": (3, 12), "b": (12,)}
    return {name: size * _rng.normal(size=shape) for name, shape in shapes.items()}


def _adam_case(k, **options):
    m, v = (0.1 * _rng.normal(size=(2, 3)), 0.1 * _rng.random((2, 3))) if k > 1 else np.zeros((2, 2, 3))
    return Case(_rng.normal(size=(2, 3)), _rng.normal(size=(2, 3)), m, v, k, **options)


def _levelled(level, N, T=5):
    """Windows around given levels: (N, T, 1)."""
    return np.reshape(level, (-1, 1, 1)) + _rng.normal(size=(N, T, 1))


_ONE_UNIT = Case(
    *(np.array(a) for a in ([[2.0]], [[0.5]], [[1.0]])),
    np.array([[1.0, 0.5, -0.5, 0.2]]),
    np.array([[0.3, -0.4, 0.8, 0.1]]),
    np.array([-1.0, 1.0, 0.2, 0.5]),
)
_STEPS = (_ONE_UNIT, _step_case(4, 2, 3))
_READS = (_window_case(1, 3, 1, 1), _window_case(4, 6, 2, 3))
_STATES = (_state_case(1, 1), _state_case(4, 3))
_WEIGHTS = (_weight_case(4, 2, 3), _weight_case(5, 1, 2))
_LONG, _SHORT = _gradients(1.0), _gradients(0.01)  # norms of about 9 and 0.09
_LARGE = (*(Case(_LONG, max_norm) for max_norm in (1.0, 0.25, 5.0)), Case(_SHORT, 0.05))
_SMALL = (Case(_SHORT, 1.0), Case(_LONG, 20.0))
_NIL = Case({"W_x": np.zeros((2, 4)), "b": np.zeros(4)}, 1.0)
_LATER = (_adam_case(7), _adam_case(50, lr=0.1, beta_1=0.8, beta_2=0.9, eps=0.1))
_SHIFTED = (
    Case(_levelled(np.linspace(0, 2, 20), 20), _levelled(np.linspace(-1, 6, 15), 15)),
    Case(_levelled(np.linspace(-1, 1, 12), 12), _levelled(np.linspace(-5, 0, 10), 10)),
)
_CLIMBING = Case(_levelled(np.arange(6.0), 6), np.arange(6.0)[:, np.newaxis] + _rng.normal(size=(6, 1)))
_LEVEL = Case(_levelled(np.linspace(-1, 1, 12), 12), _levelled(np.linspace(-1.5, 1, 10), 10))


EXERCISES = (
    Exercise(
        "03.lstm_step",
        "Take one step of an LSTM",
        reference=lstm_step,
        needs=[sigmoid],
        returns="h, c",
        parts=[
            Part("the new cell state `c`", 2, *_STEPS, of="c"),
            Part("the new hidden state `h`", 2, *_STEPS, of="h"),
        ],
        hints=[
            "The four formulas lie side by side in the weights, so `a` comes out for all of them at once. "
            "Which shape has it?",
            "`a = x @ W_x + h @ W_h + b` has the shape (B, 4H), and `np.split(a, 4, axis=1)` cuts it into "
            "four blocks of (B, H), in the order i, f, g, o.",
            "i, f, o are switches and go through `sigmoid`; g is to be written and goes through `np.tanh`.",
            "New cell state: `f * c + i * g`. New hidden state: `o * np.tanh(c)`, with the *new* cell state.",
        ],
        wrong=[
            Wrong(
                _gates_ordered_i_f_o_g,
                "The last two blocks are taken the wrong way round: the order is i, f, g, o.",
            ),
            Wrong(
                _gates_ordered_f_i_g_o,
                "The first two blocks are taken the wrong way round: this keeps what it should write, "
                "and writes what it should keep.",
            ),
            Wrong(
                _candidate_through_sigmoid,
                "The candidate g goes through a sigmoid, so the cell can only ever add, never subtract.",
            ),
            Wrong(
                _every_fourth_column,
                "The blocks are cut wrongly: the gates lie side by side, H columns each.",
            ),
            Wrong(
                _candidate_not_squashed, "The candidate g is not squashed: it goes into the cell as it is."
            ),
            Wrong(
                _nothing_squashed,
                "Nothing that makes `c` is squashed: i and f are no switches yet, and g has no limits.",
            ),
            Wrong(
                _cell_state_squashed,
                "The cell state itself goes through tanh. Only what is shown does; `c` may grow.",
            ),
            Wrong(_shown_without_tanh, "The hidden state shows the cell state itself, without its tanh."),
            Wrong(_shown_through_sigmoid, "The hidden state shows the cell state through a sigmoid."),
            Wrong(_shown_whole, "The output gate is not used: the hidden state shows the whole of tanh(c)."),
            Wrong(_output_gate_inside_the_tanh, "The output gate works inside the tanh, on `c` itself."),
            Wrong(_output_gate_squashed_twice, "The output gate goes through the sigmoid twice."),
            Wrong(_hidden_state_handed_back, "`h` is handed back as it came in."),
            Wrong(
                _shows_the_old_state,
                "The hidden state shows the cell state from *before* this step.",
            ),
            Wrong(_bias_forgotten, "The bias `b` is not used."),
            Wrong(_previous_state_unread, "The previous hidden state `h` is not read: `W_h` is not used."),
            Wrong(_cell_state_read, "The gates read the cell state through `W_h`, not the hidden state."),
            Wrong(
                _old_cell_state_dropped,
                "The old cell state is dropped: this cell remembers nothing from one step to the next.",
            ),
            Wrong(
                _nothing_forgotten,
                "The forget gate is not used: nothing is ever forgotten. (The LSTM of 1997 was like that.)",
            ),
            Wrong(
                _input_gate_unused,
                "The input gate is not used: 1 − f takes its place, as in a GRU.",
            ),
            Wrong(_written_in_full, "The input gate is not used: the candidate is written in full."),
            Wrong(
                _new_part_forgotten_too,
                "The forget gate acts on what is newly written too; it is for the old cell state.",
            ),
            Wrong(_states_swapped, "Right values, wrong order: return `h` first, then `c`."),
        ],
    ),
    Exercise(
        "03.lstm_forward",
        "Read whole windows",
        reference=lstm_forward,
        needs=[sigmoid, lstm_step],
        returns="h_all, c_all",
        parts=[
            Part("all hidden states", 1, *_READS, of="h_all"),
            Part("all cell states", 1, *_READS, of="c_all"),
        ],
        hints=[
            "Make two arrays of zeros of shape (N, T + 1, H). Index 0 stays zero: nothing comes before it.",
            "Step t reads the input `X[:, t]` and the states at index t. Where do its results belong?",
            "The results of step t are the states *before* step t + 1: store them at index t + 1.",
        ],
        wrong=[
            Wrong(
                _starts_afresh_each_step,
                "Every step starts from zero states, so each sees one input and nothing before it.",
            ),
            Wrong(_cell_state_not_carried, "`c` starts from zero at every step; only `h` is carried on."),
            Wrong(_hidden_state_not_carried, "`h` starts from zero at every step; only `c` is carried on."),
            Wrong(
                _stored_one_too_early,
                "The states are stored one index too early: index 0 belongs to the zeros at the start.",
            ),
            Wrong(
                _stored_in_place,
                "Every step starts from zeros: its results overwrite the states it started from, "
                "and the next step finds nothing.",
            ),
            Wrong(_zeros_left_out, "The zeros at the start are missing; they belong at index 0."),
            Wrong(_only_the_last, "Only the last states come back; asked for are those of every step."),
            Wrong(_time_first, "Time is on axis 0; windows come first, then time, as in `X`."),
            Wrong(
                _taken_as_c_and_h,
                "`lstm_step` gives `h` first, then `c`; here they are taken the other way round.",
            ),
            Wrong(_first_step_skipped, "The first input is never read: the first step is t = 0."),
            Wrong(
                _inputs_one_ahead,
                "The first input is never read, and the last index stays empty: "
                "the state at index t comes from the input before it.",
            ),
            Wrong(_read_backwards, "The windows are read backwards, newest value first."),
            Wrong(_first_input_again, "Every step reads the same input, the first of the window."),
            Wrong(_histories_swapped, "Right values, wrong order: `h_all` first, then `c_all`."),
        ],
    ),
    Exercise(
        "03.state_gradients",
        "Go back from the states to the gates",
        reference=state_gradients,
        returns="d_i, d_f, d_g, d_o, d_c",
        parts=[
            Part("`d_o`, the way through the output gate", 1, *_STATES, of="d_o"),
            Part("`d_c`, what the step before will receive", 1, *_STATES, of="d_c"),
            Part("all five", 2, *_STATES),
        ],
        hints=[
            "Begin with h' = o · tanh(c'). What is the slope of h' in o? And in c'?",
            "c' reaches the loss by two routes: through h' of this step, and directly in later steps, "
            "`d_c_new`. Add them up before you go on.",
            "The slope of tanh(c') is `1 - np.tanh(c_new) ** 2`, and `o` stands in front of it.",
            "Then c' = f · c + i · g: the slope in each factor is the other factor.",
        ],
        wrong=[
            Wrong(
                _way_through_h_missing,
                "One route is missing: c' also reaches the loss through h' = o · tanh(c') of this very step.",
            ),
            Wrong(
                _later_steps_missing,
                "What arrives from the later steps, `d_c_new`, is not added in.",
            ),
            Wrong(
                _tanh_not_squared,
                "The slope of tanh is 1 − tanh²; here the square is missing. A net would still learn.",
            ),
            Wrong(_slope_of_tanh_missing, "The slope of tanh is missing on the way from h' to c'."),
            Wrong(
                _tanh_of_old_state, "The tanh is that of the old cell state `c`; h' was made from `c_new`."
            ),
            Wrong(
                _output_gate_not_on_the_way,
                "On the way from h' to c' lies the output gate: the factor `o` is missing.",
            ),
            Wrong(
                _i_and_g_swapped, "In i · g the slope in one factor is the *other* factor: two are swapped."
            ),
            Wrong(
                _forget_gate_meets_new_state,
                "The forget gate multiplied the *old* cell state; its gradient here uses the new one.",
            ),
            Wrong(
                _nothing_forgotten_on_the_way_back,
                "What goes back to the old cell state must pass the forget gate, as on the way forward.",
            ),
            Wrong(
                _only_the_later_steps_are_passed_on,
                "`d_c` passes on only what came from later steps; "
                "the part that came through h' of this step is lost.",
            ),
            Wrong(
                _added_too_early,
                "`d_c_new` is added too early: what comes from the later steps reaches c' directly, "
                "past the output gate and the tanh.",
            ),
            Wrong(
                _tanh_missing_in_its_slope,
                "The slope of tanh is 1 − tanh²; here the square is that of `c_new`, without its tanh.",
            ),
            Wrong(
                _gate_slopes_already,
                "`d_i` to `d_o` have the slopes of the gates' own sigmoid and tanh already; "
                "those come in the next exercise.",
            ),
            Wrong(
                _o_for_tanh, "In h' = o · tanh(c') the slope in o is the *other* factor; `d_o` has o itself."
            ),
            Wrong(
                _output_gate_after_the_cell,
                "`d_o` is made from what reaches c'; the output gate comes after the cell, in h' alone.",
            ),
            Wrong(
                _output_gate_meets_old_state,
                "In `d_o` stands the old cell state; h' was made from the new one.",
            ),
            Wrong(_output_gate_without_tanh, "The output gate multiplied tanh(c'), not c' itself."),
        ],
    ),
    Exercise(
        "03.gate_gradients",
        "Go back through sigmoid and tanh",
        reference=gate_gradients,
        returns="d_a",
        parts=[
            Part("one window, one unit", 1, _gate_case(1, 1)),
            Part("any batch, any number of units", 1, _gate_case(4, 3)),
        ],
        hints=[
            "The slope of a sigmoid can be written with its own value s: `s * (1 - s)`. And that of a tanh?",
            "`i`, `f`, `g`, `o` are the values *after* the squashing, so no exponential is needed any more.",
            "`np.concatenate([...], axis=1)` puts four blocks of (B, H) side by side: i, f, g, o.",
        ],
        wrong=[
            Wrong(_no_slopes, "The slopes are missing: these are the gradients of the gates themselves."),
            Wrong(_forget_slope_missing, "The slope of the sigmoid, σ′, is missing for the forget gate."),
            Wrong(_candidate_not_squared, "The slope of tanh is 1 − tanh²; for g the square is missing."),
            Wrong(_candidate_slope_missing, "The slope of tanh is missing for g."),
            Wrong(_candidate_as_sigmoid, "g came out of a tanh; here it gets the slope of a sigmoid."),
            Wrong(_all_as_tanh, "i, f and o came out of a sigmoid; here they get the slope of a tanh."),
            Wrong(
                _squashed_again,
                "The gates have been through sigmoid and tanh already; here they go through a second time.",
            ),
            Wrong(_candidate_squashed_again, "g has been through tanh already; here it goes through again."),
            Wrong(
                _candidate_difference_squared,
                "For g the difference 1 − g is squared; the slope of tanh has the square of g alone.",
            ),
            Wrong(_candidate_twice, "The slope of tanh for g has one factor too many: g itself."),
            Wrong(_candidate_sign, "The slope of tanh for g has a wrong sign: tanh is flatter further out."),
            Wrong(
                _slopes_alone,
                "These are the slopes alone; what arrives from above, `d_i` to `d_o`, is not used.",
            ),
            Wrong(
                _slopes_at_the_gradients,
                "The slopes are taken at the gradients `d_i` to `d_o`; they belong to the gates' values.",
            ),
            Wrong(
                _half_a_sigmoid_slope, "The slope of a sigmoid has two factors, σ and 1 − σ; one is missing."
            ),
            Wrong(
                _blocks_ordered_i_f_o_g,
                "Right values, wrong place: the blocks stand in the order i, f, g, o.",
            ),
        ],
    ),
    Exercise(
        "03.weight_gradients",
        "Go back to the weights, and one step in time",
        reference=weight_gradients,
        returns="d_W_x, d_W_h, d_b, d_h",
        parts=[
            Part("the gradients of the weights", 1, _WEIGHTS[0], of="d_W_x"),
            Part("`d_h`, what the step before will receive", 1, *_WEIGHTS, of="d_h"),
            Part("all four", 1, *_WEIGHTS),
        ],
        hints=[
            "Let the shapes lead you: how do you make a (D, 4H) out of `x`, a (B, D), and `d_a`, a (B, 4H)?",
            "`x.T @ d_a` sums over the windows of the batch by itself. For `d_b`, sum over axis 0.",
            "a = … + h W_h + b, so on the way back `d_h = d_a @ W_h.T`.",
        ],
        wrong=[
            Wrong(
                _averaged_over_windows,
                "The gradients of the weights are *averaged* over the batch. "
                "The loss has done that already: sum here.",
            ),
            Wrong(
                _only_the_bias_summed,
                "The gradients of `W_x` and `W_h` are averaged over the batch; they have to be summed.",
            ),
            Wrong(
                _bias_averaged, "The gradient of the bias is averaged over the batch; it has to be summed."
            ),
            Wrong(_first_window_only, "Only the first window of the batch contributes to the weights."),
            Wrong(
                _no_way_back,
                "`d_h` is zero: nothing travels back in time through the hidden state.",
            ),
            Wrong(
                _way_back_averaged,
                "`d_h` is divided by the size of the batch; each row belongs to one window alone.",
            ),
            Wrong(
                _way_back_times_h,
                "`d_h` is multiplied by h; in the product h W_h the slope in h is W_h alone.",
            ),
            Wrong(_back_through_one_gate, "`d_h` comes back through one gate only; all four read `h`."),
            Wrong(
                _sign_turned,
                "The signs are turned. A gradient points uphill; walking down comes later.",
            ),
        ],
    ),
    Exercise(
        "03.clip_by_global_norm",
        "Clip gradients by their global norm",
        reference=clip_by_global_norm,
        returns="clipped, norm",
        parts=[
            Part("gradients that are too long", 1, *_LARGE),
            Part("short ones stay as they are", 1, *_SMALL, _NIL),
        ],
        hints=[
            "The global norm is the length of *one* long vector that holds every entry of every array.",
            "Sum the squares of all entries of all arrays, then take one root.",
            "If the norm is above `max_norm`, multiply every array by the same number, `max_norm / norm`. "
            "Return new arrays, and the norm from before the clipping.",
        ],
        wrong=[
            Wrong(
                _array_by_array,
                "Each array is clipped on its own. That bends the step; one factor must serve all.",
            ),
            Wrong(
                _always_scaled, "Short gradients are stretched to `max_norm`; they should stay as they are."
            ),
            Wrong(
                _scaled_without_end,
                "Whatever comes in leaves with length `max_norm`: short gradients are stretched, "
                "and zeros end in a division by zero.",
            ),
            Wrong(
                _compared_the_wrong_way_round,
                "The comparison is the wrong way round: short gradients are stretched, long ones left.",
            ),
            Wrong(_max_norm_ignored, "Gradients that are too long come back with length 1, not `max_norm`."),
            Wrong(_clipped_to_one, "Everything is clipped to a length of 1; `max_norm` is not used."),
            Wrong(
                _norm_not_divided_by,
                "Gradients that are too long are multiplied by `max_norm`, however long they are.",
            ),
            Wrong(
                _zero_when_long, "Gradients that are too long become zero; only their length should change."
            ),
            Wrong(
                _cut_off_above,
                "Each entry is cut off on its own, and only on one side. That bends the step.",
            ),
            Wrong(
                _entry_by_entry,
                "Each entry is cut off on its own. That bends the direction of the step.",
            ),
            Wrong(
                _norms_added,
                "The norms of the arrays are added up. Lengths do not add; their squares do.",
            ),
            Wrong(_root_missing, "The norm lacks its square root."),
            Wrong(_mean_square, "This is the root of the *mean* square; a norm is the root of the *sum*."),
            Wrong(
                _mean_squares_added,
                "Within each array the squares are averaged; a norm is the root of the *sum* of all.",
            ),
            Wrong(_largest_norm, "This is the norm of the longest array, not that of all together."),
            Wrong(_largest_entry, "The norm is just the size of the largest entry; all of them count."),
            Wrong(_absolute_values_added, "The absolute values are added up; in this norm the squares are."),
            Wrong(
                _norm_after_clipping,
                "The norm returned is the one after clipping; asked for is the one before.",
            ),
            Wrong(_never_scaled, "The gradients come back as they were, even when they are too long."),
        ],
    ),
    Exercise(
        "03.adam_update",
        "Take one step of Adam",
        reference=adam_update,
        returns="p, m, v",
        parts=[
            Part("the running mean `m`", 1, *_LATER, of="m"),
            Part("the very first step", 1, _adam_case(1)),
            Part("later steps, any settings", 1, *_LATER),
        ],
        hints=[
            "Three stages: the running means, their corrected versions, the step. A running mean keeps the "
            "share β of what it was and takes the share 1 - β of what is new.",
            "`m = beta_1 * m + (1 - beta_1) * g`, and `v` the same with `g**2` and `beta_2`. Both begin at "
            "zero, so at first they are too small: divide by `1 - beta_1**k` and `1 - beta_2**k`.",
            "The step is `lr` times the corrected m over (the root of the corrected v, plus eps). "
            "Return the *uncorrected* `m` and `v`.",
        ],
        wrong=[
            Wrong(
                _not_corrected,
                "The correction for the start at zero is missing: at k = 1, m holds a tenth of the gradient, "
                "and the root of v a thirtieth.",
            ),
            Wrong(_only_m_corrected, "`m` is corrected for its start at zero, `v` is not."),
            Wrong(_counted_one_too_far, "The correction is one step ahead: the first step is k = 1, not 2."),
            Wrong(_eps_inside_the_root, "`eps` belongs outside the root."),
            Wrong(_not_rooted, "The root of v is missing, so the step has the wrong unit."),
            Wrong(_betas_swapped, "The two betas are swapped: `beta_1` belongs to m, `beta_2` to v."),
            Wrong(_uphill, "This walks uphill: the step has to be subtracted."),
            Wrong(
                _corrected_ones_handed_on,
                "The corrected `m` and `v` are handed on; next time they would be corrected again.",
            ),
            Wrong(
                _old_means_handed_back,
                "`m` and `v` are handed back as they came; the next step would know nothing of this one.",
            ),
            Wrong(
                _weights_exchanged,
                "In `m` and `v` the weights are exchanged: the old mean should count for most, "
                "the new gradient for little.",
            ),
            Wrong(
                _gradient_in_full,
                "In `m` and `v` the gradient is added in full; the two weights of a mean add up to 1.",
            ),
            Wrong(_v_not_of_squares, "`v` is a mean of the gradient itself; it should be of its square."),
            Wrong(
                _step_alone, "The first result is the step alone; asked for are the weights after the step."
            ),
            Wrong(
                _counted_one_too_few,
                "The correction is one step behind: at k = 1 it divides by zero.",
            ),
            Wrong(
                _power_of_the_difference,
                "In the correction the whole of 1 − β is raised to the power k; only β should be.",
            ),
            Wrong(_times_k, "In the correction β is multiplied by k; every step multiplies by β once more."),
            Wrong(_eps_left_out, "`eps` is not used: where v is 0 this divides by zero."),
            Wrong(
                _settings_fixed,
                "The settings are fixed numbers here; `lr`, `beta_1`, `beta_2` and `eps` are not used.",
            ),
            Wrong(
                _settings_fixed_in_the_step,
                "In the step the settings are fixed numbers; it should use the arguments.",
            ),
            Wrong(_rate_fixed, "The learning rate is a fixed number; the argument `lr` is not used."),
            Wrong(
                _gradient_not_averaged,
                "`m` is the latest gradient; the running mean of those before is lost.",
            ),
        ],
    ),
    Exercise(
        "03.share_outside",
        "How many test windows live at a level never seen?",
        reference=share_outside,
        returns="share",
        parts=[
            Part("a climbing series", 1, _SHIFTED[0]),
            Part("a falling one too", 1, *_SHIFTED, _LEVEL),
        ],
        hints=[
            "One number per window: `X_train.mean(axis=(1, 2))` has shape (N,).",
            "A mean is outside if it lies below the smallest training mean *or* above the largest.",
            "The mean of an array of True and False is the share of True.",
        ],
        wrong=[
            Wrong(
                _values_instead_of_means,
                "These are single values outside the range of values. Asked for are the *means of windows*.",
            ),
            Wrong(
                _means_against_values,
                "The test means are held against the training *values*, not the training means.",
            ),
            Wrong(_only_above, "Only means above the training range are counted; a series can also fall."),
            Wrong(_only_below, "Only means below the training range are counted; a series can also climb."),
            Wrong(
                _below_and_above,
                "The share is 0 in every case: no mean lies below the range *and* above it, "
                "and none of a part's means lies outside that part's own range.",
            ),
            Wrong(
                _whole_windows_outside,
                "Counted are windows of which every value is outside; asked for are those whose mean is.",
            ),
            Wrong(
                _any_value_outside,
                "Counted are windows with any value outside; asked for are those whose mean is.",
            ),
            Wrong(
                _mean_over_windows_first,
                "The mean runs over the windows, so there is one for every step; each window needs its own.",
            ),
            Wrong(
                _above_the_average,
                "The test means are held against one average; asked for is the range of the training means.",
            ),
            Wrong(
                _share_of_the_training_windows,
                "The number is divided by that of the *training* windows; it is a share of the test windows.",
            ),
            Wrong(_share_inside, "This is the share inside the range."),
            Wrong(_number_instead_of_share, "This is the number of windows; asked for is the share."),
            Wrong(_per_cent, "This is in per cent; a share lies between 0 and 1."),
            Wrong(_parts_swapped, "Train and test are swapped: the range is that of the *training* windows."),
            Wrong(_last_values, "These are the last values of the windows, not their means."),
        ],
    ),
    Exercise(
        "03.centre_windows",
        "Measure every window from its own level",
        reference=centre_windows,
        returns="X_centred, y_centred, level",
        parts=[
            Part("the level of each window", 1, _CLIMBING, of="level"),
            Part("the centred inputs", 1, _CLIMBING, of="X_centred"),
            Part("the centred targets", 1, _CLIMBING, of="y_centred"),
        ],
        hints=[
            "Axis 1 of `X` is time. Each window gets a mean of its own, so `level` has shape (N, 1).",
            "The same level is taken from the window and from its target: a forecast can get it back.",
            "`X` has three axes and `level` two: `level[:, np.newaxis]` fits.",
        ],
        wrong=[
            Wrong(
                _one_mean_for_all,
                "One mean for all windows: that moves the series up or down, and it climbs as before.",
            ),
            Wrong(
                _target_in_the_mean,
                "The target is part of the mean. On the day of the forecast it is not known: a leak.",
            ),
            Wrong(
                _target_left_where_it_was,
                "The targets are left where they were: "
                "the model would have to guess a level that it can no longer see.",
            ),
            Wrong(_nothing_centred, "Inputs and targets come back as they were: nothing is centred."),
            Wrong(
                _inputs_left_where_they_were,
                "The inputs are left where they were: the model would still see levels it has never met.",
            ),
            Wrong(_level_added_to_targets, "The level is added to the targets; it has to be taken away."),
            Wrong(
                _each_target_from_itself,
                "Every target is 0: each is centred on itself, and nothing is left to forecast.",
            ),
            Wrong(_median, "`level` is the median of each window; asked for is the mean."),
            Wrong(
                _from_the_first_value,
                "`level` is the first value of each window, the oldest; asked for is the mean.",
            ),
            Wrong(
                _targets_centred_on_themselves,
                "The targets are centred on *their* mean; each belongs to the level of its own window.",
            ),
            Wrong(
                _mean_over_windows,
                "The mean of the inputs is taken over the windows, not over the steps of each window.",
            ),
            Wrong(
                _from_the_last_value,
                "`level` is the last value of each window. That helps too, but less: one value is noisy.",
            ),
            Wrong(
                _divided_by_spread_too,
                "Centred, and divided by the spread as well. Only the level is asked for.",
            ),
        ],
    ),
)
