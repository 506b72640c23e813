"""Exercises of lesson 04: the GRU, its backward step, and the conventions it comes in."""

import numpy as np

from lessons.exercises.declare import Case, Exercise, Part, Wrong
from lessons.rnn import sigmoid

_IMPORTS = "import numpy as np\n\nfrom lessons.rnn import sigmoid"


def _layer(D, H, B, seed):
    """Draw x, h, W_x, W_h, b of a layer, all different from zero."""
    rng = np.random.default_rng(seed)
    x, h = rng.normal(size=(B, D)), np.tanh(rng.normal(size=(B, H)))
    return x, h, rng.normal(size=(D, 3 * H)), rng.normal(size=(H, 3 * H)), rng.normal(size=3 * H)


def _back(H, B, seed):
    """Draw d_h_new, h, r, z, n, W_h of a step."""
    rng = np.random.default_rng(seed)
    h, n = np.tanh(rng.normal(size=(2, B, H)))
    r, z = sigmoid(rng.normal(size=(2, B, H)))
    return rng.normal(size=(B, H)), h, r, z, n, rng.normal(size=(H, 3 * H))


_LAYERS = (Case(*_layer(1, 1, 2, 0)), Case(*_layer(2, 3, 4, 1)), Case(*_layer(1, 4, 1, 2)))
_LAYERS_B_H = tuple(
    Case(*_layer(*sizes, seed), np.random.default_rng(seed + 9).normal(size=3 * sizes[1]))
    for seed, sizes in enumerate([(1, 1, 2), (2, 3, 4), (1, 4, 1)])
)
_FLIPPED = (1, 1, 1, 5), (2, 4, 1, 6), (3, 2, 1, 7)  # the last with so many inputs that W_x has rows H to 2H
_BACK = (Case(*_back(1, 2, 3)), Case(*_back(3, 4, 4)))


def count_parameters(D, H, blocks, biases):
    """Count the weights and biases of a recurrent layer with `blocks` blocks and `biases` bias vectors."""
    W_x = D * blocks * H
    W_h = H * blocks * H
    b = blocks * H
    return W_x + W_h + biases * b


def _without_bias(D, H, blocks, biases):
    return blocks * (D * H + H * H)


def _one_bias_vector(D, H, blocks, biases):
    return blocks * (D * H + H * H + H)


def _one_bias_a_gate(D, H, blocks, biases):
    return blocks * (D * H + H * H + biases)


def _one_bias_in_all(D, H, blocks, biases):
    return blocks * (D * H + H * H) + biases


def _biases_of_one_gate(D, H, blocks, biases):
    return blocks * (D * H + H * H) + biases * H


def _weights_counted_twice(D, H, blocks, biases):
    return blocks * (D * H + H * H + H) * biases


def _only_the_weights_counted_twice(D, H, blocks, biases):
    return blocks * (D * H + H * H) * biases + blocks * H


def _state_of_every_gate(D, H, blocks, biases):
    return D * blocks * H + blocks * H * blocks * H + biases * blocks * H


def _sides_added(D, H, blocks, biases):
    return blocks * (D + H + biases)


def _not_recurrent(D, H, blocks, biases):
    return blocks * (D * H + biases * H)


def _one_gate(D, H, blocks, biases):
    return D * H + H * H + biases * H


def _units_not_joined(D, H, blocks, biases):
    return blocks * (D * H + H + biases * H)


def gru_gates(x, h, W_x, W_h, b):
    """Compute reset gate, update gate and candidate of a GRU step, the reset before the matrix product."""
    a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=1)  # three times (B, H)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)  # three times (H, H)
    r = sigmoid(a_r + h @ W_hr)  # (B, H)
    z = sigmoid(a_z + h @ W_hz)  # (B, H)
    n = np.tanh(a_n + (r * h) @ W_hn)  # (B, H) * (B, H) @ (H, H)
    return r, z, n


def _gates(x, h, W_x, W_h, b):
    """Return r and z, and the two halves of the candidate's pre-activation: from x, and W_hn."""
    H = h.shape[1]
    a = x @ W_x + b
    r, z = np.split(sigmoid(a[:, : 2 * H] + h @ W_h[:, : 2 * H]), 2, axis=1)
    return r, z, a[:, 2 * H :], W_h[:, 2 * H :]


def _reset_after_the_product(x, h, W_x, W_h, b):
    r, z, a_n, W_hn = _gates(x, h, W_x, W_h, b)
    return r, z, np.tanh(a_n + r * (h @ W_hn))


def _no_reset(x, h, W_x, W_h, b):
    r, z, a_n, W_hn = _gates(x, h, W_x, W_h, b)
    return r, z, np.tanh(a_n + h @ W_hn)


def _input_reset_too(x, h, W_x, W_h, b):
    r, z, a_n, W_hn = _gates(x, h, W_x, W_h, b)
    return r, z, np.tanh(r * (a_n + h @ W_hn))


def _reset_by_z(x, h, W_x, W_h, b):
    r, z, a_n, W_hn = _gates(x, h, W_x, W_h, b)
    return r, z, np.tanh(a_n + (z * h) @ W_hn)


def _r_and_z_swapped(x, h, W_x, W_h, b):
    z, r, a_n, W_hn = _gates(x, h, W_x, W_h, b)
    return r, z, np.tanh(a_n + (r * h) @ W_hn)


def _sigmoid_candidate(x, h, W_x, W_h, b):
    r, z, a_n, W_hn = _gates(x, h, W_x, W_h, b)
    return r, z, sigmoid(a_n + (r * h) @ W_hn)


def _tanh_gates(x, h, W_x, W_h, b):
    H = h.shape[1]
    a = (x @ W_x + b)[:, : 2 * H] + h @ W_h[:, : 2 * H]
    return *np.split(np.tanh(a), 2, axis=1), gru_gates(x, h, W_x, W_h, b)[2]


def _gates_not_squashed(x, h, W_x, W_h, b):
    H = h.shape[1]
    a = (x @ W_x + b)[:, : 2 * H] + h @ W_h[:, : 2 * H]
    return *np.split(a, 2, axis=1), gru_gates(x, h, W_x, W_h, b)[2]


def _gates_from_the_input_alone(x, h, W_x, W_h, b):
    a_r, a_z, _ = np.split(x @ W_x + b, 3, axis=1)
    return sigmoid(a_r), sigmoid(a_z), gru_gates(x, h, W_x, W_h, b)[2]


def _candidate_from_the_input_alone(x, h, W_x, W_h, b):
    r, z, a_n, _ = _gates(x, h, W_x, W_h, b)
    return r, z, np.tanh(a_n)


def _returned_z_first(x, h, W_x, W_h, b):
    r, z, n = gru_gates(x, h, W_x, W_h, b)
    return z, r, n


def _returned_one_minus_z(x, h, W_x, W_h, b):
    r, z, n = gru_gates(x, h, W_x, W_h, b)
    return r, 1 - z, n


def _returned_the_new_state(x, h, W_x, W_h, b):
    r, z, n = gru_gates(x, h, W_x, W_h, b)
    return r, z, (1 - z) * h + z * n


def _reset_the_wrong_way_round(x, h, W_x, W_h, b):
    r, z, a_n, W_hn = _gates(x, h, W_x, W_h, b)
    return r, z, np.tanh(a_n + ((1 - r) * h) @ W_hn)


def _reset_gate_for_the_state(x, h, W_x, W_h, b):
    r, z, a_n, W_hn = _gates(x, h, W_x, W_h, b)
    return r, z, np.tanh(a_n + r @ W_hn)


def _bias_forgotten(x, h, W_x, W_h, b):
    return gru_gates(x, h, W_x, W_h, np.zeros_like(b))


def _candidate_bias_forgotten(x, h, W_x, W_h, b):
    H = h.shape[1]
    return gru_gates(x, h, W_x, W_h, np.concatenate([b[: 2 * H], np.zeros(H)]))


def _not_squashed(x, h, W_x, W_h, b):
    r, z, a_n, W_hn = _gates(x, h, W_x, W_h, b)
    return r, z, a_n + (r * h) @ W_hn


def gru_step(x, h, W_x, W_h, b):
    """Compute the state after one step of a GRU; z = 1 writes the candidate."""
    r, z, n = gru_gates(x, h, W_x, W_h, b)
    return (1 - z) * h + z * n  # (B, H)


def _z_the_wrong_way_round(x, h, W_x, W_h, b):
    _, z, n = gru_gates(x, h, W_x, W_h, b)
    return z * h + (1 - z) * n


def _brackets_missing(x, h, W_x, W_h, b):
    _, z, n = gru_gates(x, h, W_x, W_h, b)
    return 1 - z * h + z * n


def _candidate_in_full(x, h, W_x, W_h, b):
    _, z, n = gru_gates(x, h, W_x, W_h, b)
    return (1 - z) * h + n


def _both_weighted_by_z(x, h, W_x, W_h, b):
    _, z, n = gru_gates(x, h, W_x, W_h, b)
    return z * (h + n)


def _kept_by_r(x, h, W_x, W_h, b):
    r, z, n = gru_gates(x, h, W_x, W_h, b)
    return r * h + z * n


def _candidate_reset_again(x, h, W_x, W_h, b):
    r, z, n = gru_gates(x, h, W_x, W_h, b)
    return (1 - z) * h + z * r * n


def _candidate_squashed_again(x, h, W_x, W_h, b):
    _, z, n = gru_gates(x, h, W_x, W_h, b)
    return (1 - z) * h + z * np.tanh(n)


def _never_forgets(x, h, W_x, W_h, b):
    _, z, n = gru_gates(x, h, W_x, W_h, b)
    return h + z * n


def _never_keeps(x, h, W_x, W_h, b):
    _, z, n = gru_gates(x, h, W_x, W_h, b)
    return z * n


def _reset_in_the_blend(x, h, W_x, W_h, b):
    r, z, n = gru_gates(x, h, W_x, W_h, b)
    return (1 - z) * r * h + z * n


def _blended_by_r(x, h, W_x, W_h, b):
    r, _, n = gru_gates(x, h, W_x, W_h, b)
    return (1 - r) * h + r * n


def _kept_by_r_written_by_the_rest(x, h, W_x, W_h, b):
    r, _, n = gru_gates(x, h, W_x, W_h, b)
    return (1 - r) * n + r * h


def _squashed_again(x, h, W_x, W_h, b):
    return np.tanh(gru_step(x, h, W_x, W_h, b))


def _only_the_candidate(x, h, W_x, W_h, b):
    return gru_gates(x, h, W_x, W_h, b)[2]


def _step_reset_after(x, h, W_x, W_h, b):
    _, z, n = _reset_after_the_product(x, h, W_x, W_h, b)
    return (1 - z) * h + z * n


def gru_backward_step(d_h_new, h, r, z, n, W_h):
    """Take the gradient of the loss one GRU step back, from the new state to gates and old state."""
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)  # three times (H, H)

    d_z = d_h_new * (n - h)  # h_new = (1 - z) h + z n
    d_n = d_h_new * z
    d_h = d_h_new * (1 - z)

    d_a_n = d_n * (1 - n**2)  # n = tanh(a_n),  a_n = ... + (r h) W_hn
    d_rh = d_a_n @ W_hn.T
    d_r = d_rh * h
    d_h = d_h + d_rh * r

    d_a_r = d_r * r * (1 - r)  # r = sigmoid(a_r),  a_r = ... + h W_hr
    d_a_z = d_z * z * (1 - z)
    d_h = d_h + d_a_r @ W_hr.T + d_a_z @ W_hz.T
    return d_a_r, d_a_z, d_a_n, d_h  # four times (B, H)


def _backward(d_h_new, h, r, z, n, W_h, wrong=(), **changed):
    """Redo the reference piece by piece, with some pieces replaced: each is a function of those before it.

    What a mistake does to ``d_h`` depends on the other ways back too. Given the results to be ``wrong``, the
    rest is as it should be, so that the mistake is recognised beside others.
    """
    v = {"W_hr": W_h[:, : len(W_h)], "W_hz": W_h[:, len(W_h) : 2 * len(W_h)], "W_hn": W_h[:, 2 * len(W_h) :]}
    v |= {"d": d_h_new, "h": h, "r": r, "z": z, "n": n}
    pieces = {
        "d_z": lambda v: v["d"] * (v["n"] - v["h"]),
        "d_n": lambda v: v["d"] * v["z"],
        "kept": lambda v: v["d"] * (1 - v["z"]),
        "d_a_n": lambda v: v["d_n"] * (1 - v["n"] ** 2),
        "d_rh": lambda v: v["d_a_n"] @ v["W_hn"].T,
        "d_r": lambda v: v["d_rh"] * v["h"],
        "through_n": lambda v: v["d_rh"] * v["r"],
        "d_a_r": lambda v: v["d_r"] * v["r"] * (1 - v["r"]),
        "d_a_z": lambda v: v["d_z"] * v["z"] * (1 - v["z"]),
        "through_gates": lambda v: v["d_a_r"] @ v["W_hr"].T + v["d_a_z"] @ v["W_hz"].T,
    }
    for name, piece in (pieces | changed).items():
        v[name] = piece(v)
    v["d_h"] = v["kept"] + v["through_n"] + v["through_gates"]
    names = "d_a_r", "d_a_z", "d_a_n", "d_h"
    right = dict(zip(names, gru_backward_step(d_h_new, h, r, z, n, W_h), strict=True))
    return tuple(v[name] if name in (wrong or names) else right[name] for name in names)


_GATES = ("d_a_r", "d_a_z")


def _no_slope_of_sigmoid(*args):
    return _backward(*args, wrong=_GATES, d_a_r=lambda v: v["d_r"], d_a_z=lambda v: v["d_z"])


def _half_a_slope_of_sigmoid(*args):
    return _backward(
        *args,
        wrong=_GATES,
        d_a_r=lambda v: v["d_r"] * (1 - v["r"]),
        d_a_z=lambda v: v["d_z"] * (1 - v["z"]),
    )


def _slope_of_tanh_for_gates(*args):
    return _backward(
        *args,
        wrong=_GATES,
        d_a_r=lambda v: v["d_r"] * (1 - v["r"] ** 2),
        d_a_z=lambda v: v["d_z"] * (1 - v["z"] ** 2),
    )


def _gates_exchanged(*args):
    d_a_r, d_a_z, d_a_n, d_h = gru_backward_step(*args)
    return d_a_z, d_a_r, d_a_n, d_h


def _no_slope_of_tanh(*args):
    return _backward(*args, d_a_n=lambda v: v["d_n"])


def _no_slope_of_tanh_in_d_a_n(*args):
    return _backward(*args, wrong=("d_a_n",), d_a_n=lambda v: v["d_n"])


def _slope_of_tanh_too_late(*args):
    return _backward(*args, wrong=("d_a_r",), d_rh=lambda v: v["d_n"] @ v["W_hn"].T)


def _tanh_not_squared(*args):
    return _backward(*args, wrong=("d_a_n",), d_a_n=lambda v: v["d_n"] * (1 - v["n"]))


def _slope_of_sigmoid_for_n(*args):
    return _backward(*args, wrong=("d_a_n",), d_a_n=lambda v: v["d_n"] * v["n"] * (1 - v["n"]))


def _z_backwards(*args):
    return _backward(
        *args,
        wrong=("d_a_z", "d_a_n"),
        d_z=lambda v: v["d"] * (v["h"] - v["n"]),
        d_n=lambda v: v["d"] * (1 - v["z"]),
    )


def _only_d_z_backwards(*args):
    return _backward(*args, wrong=("d_a_z",), d_z=lambda v: v["d"] * (v["h"] - v["n"]))


def _only_d_n_backwards(*args):
    return _backward(*args, wrong=("d_a_n",), d_n=lambda v: v["d"] * (1 - v["z"]))


def _old_state_left_out_of_d_z(*args):
    return _backward(*args, wrong=("d_a_z",), d_z=lambda v: v["d"] * v["n"])


def _old_state_added_in_d_z(*args):
    return _backward(*args, wrong=("d_a_z",), d_z=lambda v: v["d"] * (v["n"] + v["h"]))


def _reset_gradient_forgotten(*args):
    return _backward(*args, wrong=("d_a_r",), d_r=lambda v: 0 * v["d_rh"])


def _r_for_h_in_d_r(*args):
    return _backward(*args, wrong=("d_a_r",), d_r=lambda v: v["d_rh"] * v["r"])


def _d_r_past_the_product(*args):
    return _backward(*args, wrong=("d_a_r",), d_r=lambda v: v["d_a_n"] * v["h"])


def _reset_not_on_the_way_to_h(*args):
    return _backward(*args, through_n=lambda v: v["d_rh"])


def _candidate_path_to_h_forgotten(*args):
    return _backward(*args, through_n=lambda v: 0 * v["d_rh"])


def _gate_paths_to_h_forgotten(*args):
    return _backward(*args, through_gates=lambda v: 0)


def _path_through_r_forgotten(*args):
    return _backward(*args, through_gates=lambda v: v["d_a_z"] @ v["W_hz"].T)


def _path_through_z_forgotten(*args):
    return _backward(*args, through_gates=lambda v: v["d_a_r"] @ v["W_hr"].T)


def _kept_path_forgotten(*args):
    return _backward(*args, kept=lambda v: 0)


def _only_the_kept_path(*args):
    return _backward(*args, through_n=lambda v: 0, through_gates=lambda v: 0)


def _only_the_gate_paths(*args):
    return _backward(*args, kept=lambda v: 0, through_n=lambda v: 0)


def _candidate_path_twice(*args):
    return _backward(*args, through_n=lambda v: v["d_rh"] * v["r"] + v["d_rh"])


def _not_transposed(*args):
    return _backward(*args, wrong=("d_a_r",), d_rh=lambda v: v["d_a_n"] @ v["W_hn"])


def _gates_not_transposed(*args):
    return _backward(*args, through_gates=lambda v: v["d_a_r"] @ v["W_hr"] + v["d_a_z"] @ v["W_hz"])


def _gradient_of_reset_after(*args):
    return _backward(*args, wrong=("d_a_r",), d_r=lambda v: v["d_a_n"] * (v["h"] @ v["W_hn"]))


def gru_step_reset_after(x, h, W_x, W_h, b, b_h):
    """Compute one step of PyTorch's GRU: reset after the matrix product, z = 1 keeps the state."""
    H = h.shape[1]
    a_x = x @ W_x + b  # (B, 3H)
    a_h = h @ W_h + b_h  # (B, 3H)
    r, z = np.split(sigmoid(a_x[:, : 2 * H] + a_h[:, : 2 * H]), 2, axis=1)  # twice (B, H)
    n = np.tanh(a_x[:, 2 * H :] + r * a_h[:, 2 * H :])  # (B, H)
    return (1 - z) * n + z * h


def _after(x, h, W_x, W_h, b, b_h, inner=None, blend=None):
    """Do a reset-after step with another way to n's recurrent part, or another blend."""
    H = h.shape[1]
    r, z, a_n, W_hn = _gates(x, h, W_x, W_h, b + np.concatenate([b_h[: 2 * H], np.zeros(H)]))
    inner = inner or (lambda r, h, W, bias: r * (h @ W + bias))
    n = np.tanh(a_n + inner(r, h, W_hn, b_h[2 * H :]))
    return blend(z, h, n) if blend else (1 - z) * n + z * h


def _still_before(*args):
    return _after(*args, inner=lambda r, h, W, bias: (r * h) @ W + bias)


def _bias_outside_the_reset(*args):
    return _after(*args, inner=lambda r, h, W, bias: r * (h @ W) + bias)


def _reset_missing(*args):
    return _after(*args, inner=lambda r, h, W, bias: h @ W + bias)


def _z_still_writes(*args):
    return _after(*args, blend=lambda z, h, n: (1 - z) * h + z * n)


def _before_and_z_writes(*args):
    return _after(
        *args,
        inner=lambda r, h, W, bias: (r * h) @ W + bias,
        blend=lambda z, h, n: (1 - z) * h + z * n,
    )


def _first_gru_blended_anew(x, h, W_x, W_h, b, b_h):
    _, z, n = gru_gates(x, h, W_x, W_h, b)
    return (1 - z) * n + z * h


def _first_gru(x, h, W_x, W_h, b, b_h):
    return gru_step(x, h, W_x, W_h, b)


def _candidate_bias_twice(*args):
    return _after(*args, inner=lambda r, h, W, bias: r * (h @ W + bias) + bias)


def _both_kept_by_z(*args):
    return _after(*args, blend=lambda z, h, n: z * h + z * n)


def _candidate_alone(*args):
    return _after(*args, blend=lambda z, h, n: n)


def _z_resets(x, h, W_x, W_h, b, b_h):
    a_x, a_h = x @ W_x + b, h @ W_h + b_h
    _, z, _ = np.split(sigmoid(a_x + a_h), 3, axis=1)
    n = np.tanh(np.split(a_x, 3, axis=1)[2] + z * np.split(a_h, 3, axis=1)[2])
    return (1 - z) * n + z * h


def _first_blocks_exchanged(x, h, W_x, W_h, b, b_h):
    H = h.shape[1]
    order = np.r_[H : 2 * H, 0:H, 2 * H : 3 * H]
    return gru_step_reset_after(x, h, W_x[:, order], W_h[:, order], b[order], b_h[order])


def _recurrent_bias_forgotten(x, h, W_x, W_h, b, b_h):
    return gru_step_reset_after(x, h, W_x, W_h, b, np.zeros_like(b_h))


def _recurrent_bias_in_the_candidate_only(x, h, W_x, W_h, b, b_h):
    H = h.shape[1]
    return gru_step_reset_after(x, h, W_x, W_h, b, np.concatenate([np.zeros(2 * H), b_h[2 * H :]]))


def _everything_reset(x, h, W_x, W_h, b, b_h):
    H = h.shape[1]
    a = x @ W_x + b + h @ W_h + b_h
    r, z = np.split(sigmoid(a[:, : 2 * H]), 2, axis=1)
    n = np.tanh(r * a[:, 2 * H :])
    return (1 - z) * n + z * h


def flip_update(W_x, W_h, b):
    """Convert the weights of a GRU whose z writes into those of one whose z keeps."""
    H = W_h.shape[0]
    sign = np.ones(3 * H)
    sign[H : 2 * H] = -1  # sigmoid(-a) = 1 - sigmoid(a)
    return W_x * sign, W_h * sign, b * sign


def _flipped(W_x, W_h, b, first, last, names=("W_x", "W_h", "b"), change=np.negative):
    """Change columns first*H up to last*H of the arrays named."""
    H = W_h.shape[0]
    arrays = {"W_x": W_x.copy(), "W_h": W_h.copy(), "b": b.copy()}
    for name in names:
        block = arrays[name][..., first * H : last * H]
        block[...] = change(block)
    return tuple(arrays.values())


def _unchanged(W_x, W_h, b):
    return W_x, W_h, b


def _all_negated(W_x, W_h, b):
    return -W_x, -W_h, -b


def _reset_negated(W_x, W_h, b):
    return _flipped(W_x, W_h, b, 0, 1)


def _candidate_negated(W_x, W_h, b):
    return _flipped(W_x, W_h, b, 2, 3)


def _both_gates_negated(W_x, W_h, b):
    return _flipped(W_x, W_h, b, 0, 2)


def _bias_kept(W_x, W_h, b):
    return _flipped(W_x, W_h, b, 1, 2, names=("W_x", "W_h"))


def _only_the_bias(W_x, W_h, b):
    return _flipped(W_x, W_h, b, 1, 2, names=("b",))


def _input_weights_only(W_x, W_h, b):
    return _flipped(W_x, W_h, b, 1, 2, names=("W_x", "b"))


def _input_weights_kept(W_x, W_h, b):
    return _flipped(W_x, W_h, b, 1, 2, names=("W_h", "b"))


def _rows_negated(W_x, W_h, b):
    H = W_h.shape[0]
    arrays = W_x.copy(), W_h.copy(), b.copy()
    for array in arrays:
        array[H : 2 * H] *= -1
    return arrays


def _candidate_negated_too(W_x, W_h, b):
    return _flipped(W_x, W_h, b, 1, 3)


def _H_a_third_of_the_rows(W_x, W_h, b):
    H = len(W_h) // 3
    arrays = W_x.copy(), W_h.copy(), b.copy()
    for array in arrays:
        array[..., H : 2 * H] *= -1
    return arrays


def _one_minus_bias(W_x, W_h, b):
    W_x_new, W_h_new, _ = flip_update(W_x, W_h, b)
    return W_x_new, W_h_new, _flipped(W_x, W_h, b, 1, 2, change=lambda block: 1 - block)[2]


def _one_minus_everything(W_x, W_h, b):
    return 1 - W_x, 1 - W_h, 1 - b


def _one_minus_weights(W_x, W_h, b):
    return _flipped(W_x, W_h, b, 1, 2, change=lambda block: 1 - block)


def _r_and_z_exchanged(W_x, W_h, b):
    H = W_h.shape[0]
    order = np.r_[H : 2 * H, 0:H, 2 * H : 3 * H]
    return W_x[:, order], W_h[:, order], b[order]


def _still_the_same_network(answer):
    """z from the new weights must be 1 - z from the old ones, r and n as they were."""
    x, h, W_x, W_h, b = _layer(2, 3, 5, 11)
    r, z, n = gru_gates(x, h, W_x, W_h, b)
    r_new, z_new, n_new = gru_gates(x, h, *answer(W_x, W_h, b))
    if np.abs(r_new - r).max() > 1e-9 or np.abs(n_new - n).max() > 1e-9:
        return "the reset gate or the candidate has changed, and only the update gate should"
    if np.abs(z_new - (1 - z)).max() > 1e-9:
        return f"a gate of z = {z[0, 0]:.3f} became {z_new[0, 0]:.3f}, expected 1 - z = {1 - z[0, 0]:.3f}"
    return None


EXERCISES = (
    Exercise(
        "04.count_parameters",
        "Count the weights of a recurrent layer",
        reference=count_parameters,
        returns="count",
        imports="",
        parts=[
            Part("one bias vector", 1, Case(1, 32, 4, 1), Case(3, 5, 3, 1)),
            Part("two bias vectors", 1, Case(1, 32, 3, 2), Case(2, 7, 4, 2)),
        ],
        hints=[
            "The shapes are in the text above: `W_x` (D, G·H), `W_h` (H, G·H), `b` (G·H,).",
            "The number of entries of an array is the product of its shape.",
            "With `biases` = 2 there are two vectors of the shape of `b`.",
        ],
        wrong=[
            Wrong(_without_bias, "The biases are not counted."),
            Wrong(_one_bias_vector, "`biases` is not used: with two bias vectors there are more weights."),
            Wrong(_one_bias_a_gate, "Each block has one bias for every hidden unit, not one bias in all."),
            Wrong(
                _one_bias_in_all,
                "`biases` is the number of bias *vectors*: each has an entry for every unit of every block.",
            ),
            Wrong(_biases_of_one_gate, "The biases are those of one block; every block has its own."),
            Wrong(
                _weights_counted_twice,
                "Two bias vectors double the biases; `W_x` and `W_h` are there only once.",
            ),
            Wrong(
                _only_the_weights_counted_twice,
                "`biases` multiplies the weights; it is the number of bias vectors.",
            ),
            Wrong(
                _state_of_every_gate,
                "`W_h` has too many rows: all blocks read one and the same state of H entries.",
            ),
            Wrong(_sides_added, "The sides of the arrays are added; the number of entries is their product."),
            Wrong(_not_recurrent, "`W_h` is missing: the state takes part in every block too."),
            Wrong(_one_gate, "This is one block's share; `blocks` is not used."),
            Wrong(
                _units_not_joined,
                "In `W_h` every hidden unit is joined to every other one, not just to itself.",
            ),
        ],
    ),
    Exercise(
        "04.gru_gates",
        "Compute reset gate, update gate and candidate",
        reference=gru_gates,
        returns="r, z, n",
        imports=_IMPORTS,
        parts=[
            Part("the reset gate `r`", 0.5, *_LAYERS, of="r"),
            Part("the update gate `z`", 0.5, *_LAYERS, of="z"),
            Part("the candidate `n`", 1, *_LAYERS, of="n"),
        ],
        hints=[
            "`x @ W_x + b` has 3H columns: H for r, H for z, H for n. `np.split(a, 3, axis=1)` takes it "
            "apart, and `W_h` comes apart in the same way.",
            "`r` and `z` go through `sigmoid`, `n` through `np.tanh`.",
            "For the candidate, first make the shortened state `r * h`, "
            "then multiply it by the last block of `W_h`.",
        ],
        wrong=[
            Wrong(
                _reset_after_the_product,
                "The reset gate is in another place: this multiplies `h W_hn` by r, after the product. "
                "Here r multiplies the state, before it. (Both exist; section 4 is about that.)",
            ),
            Wrong(
                _no_reset, "The reset gate is computed and never used: the candidate sees the whole state."
            ),
            Wrong(
                _input_reset_too,
                "The reset gate also scales the input and the bias; only the state is reset.",
            ),
            Wrong(_reset_by_z, "The state in the candidate is multiplied by the update gate."),
            Wrong(
                _r_and_z_swapped,
                "The first two blocks are swapped. The order is r, z, n (Keras has z first; we do not).",
            ),
            Wrong(_returned_z_first, "`r` and `z` have changed places: the order is r, z, n."),
            Wrong(_returned_one_minus_z, "`z` is the wrong way round: this is 1 − z."),
            Wrong(
                _returned_the_new_state,
                "In the place of `n` comes the new state; blending is the next exercise.",
            ),
            Wrong(
                _reset_the_wrong_way_round,
                "The candidate's reset is the wrong way round: r = 1 should let the state through.",
            ),
            Wrong(
                _reset_gate_for_the_state,
                "In the candidate's product stands the reset gate itself, not the state shortened by it.",
            ),
            Wrong(_candidate_from_the_input_alone, "The candidate is made from the input alone."),
            Wrong(_sigmoid_candidate, "The candidate goes through a sigmoid, so it can never be negative."),
            Wrong(
                _tanh_gates,
                "The gates go through tanh, so they can be negative. A gate lies between 0 and 1.",
            ),
            Wrong(_gates_not_squashed, "The gates are not squashed; a gate lies between 0 and 1."),
            Wrong(
                _gates_from_the_input_alone,
                "The gates are made from the input alone; both look at the old state too.",
            ),
            Wrong(_bias_forgotten, "The bias `b` is not used."),
            Wrong(_candidate_bias_forgotten, "The candidate has no bias; `b` has a block for it too."),
            Wrong(_not_squashed, "The candidate is not squashed, so the state can grow without limit."),
        ],
    ),
    Exercise(
        "04.gru_step",
        "Blend the old state with the candidate",
        reference=gru_step,
        returns="h_new",
        needs=(gru_gates,),
        imports=_IMPORTS,
        parts=[Part("the state after the step", 2, *_LAYERS)],
        hints=[
            "`gru_gates` gives you r, z and n. The reset gate has done its work inside n already.",
            "What should come out at z = 1, and what at z = 0?",
            "Between 0 and 1 both take part, in proportion: the two weights add up to 1.",
        ],
        wrong=[
            Wrong(
                _z_the_wrong_way_round,
                "The update gate is the wrong way round: at z = 1 this keeps the old state, "
                "and it should write.",
            ),
            Wrong(
                _never_forgets, "The old state is never let go: the candidate is added on top of all of it."
            ),
            Wrong(_never_keeps, "Nothing of the old state is kept."),
            Wrong(
                _reset_in_the_blend,
                "The reset gate acts on the kept state too; it belongs in the candidate only.",
            ),
            Wrong(_blended_by_r, "The blend uses the reset gate; it is the update gate's work."),
            Wrong(
                _kept_by_r_written_by_the_rest,
                "The blend uses the reset gate; it is the update gate's work.",
            ),
            Wrong(_kept_by_r, "The reset gate says how much is kept; it should be what z does not write."),
            Wrong(_candidate_in_full, "The candidate is added in full; z says how much of it is written."),
            Wrong(
                _both_weighted_by_z,
                "Old state and candidate have the same weight, z; in a blend the weights add up to 1.",
            ),
            Wrong(
                _brackets_missing,
                "A pair of brackets is missing: here z multiplies `h` first, and that is taken from 1.",
            ),
            Wrong(
                _candidate_reset_again,
                "The reset gate acts on the candidate once more; it has done its work inside n.",
            ),
            Wrong(
                _candidate_squashed_again,
                "The candidate goes through tanh a second time; `gru_gates` has done that.",
            ),
            Wrong(
                _squashed_again, "One tanh too many: a blend of two values in (-1, 1) stays there by itself."
            ),
            Wrong(_only_the_candidate, "This is the candidate alone. How much of it is written is up to z."),
            Wrong(_step_reset_after, "The blend is right, but the reset gate acts after the matrix product."),
        ],
    ),
    Exercise(
        "04.gru_backward_step",
        "Take a gradient one step back",
        reference=gru_backward_step,
        returns="d_a_r, d_a_z, d_a_n, d_h",
        parts=[
            Part("`d_a_n`, through the candidate", 1, *_BACK, of="d_a_n"),
            Part("`d_a_z`, through the update gate", 1, *_BACK, of="d_a_z"),
            Part("`d_a_r`, through the reset gate", 1, *_BACK, of="d_a_r"),
            Part("`d_h`, all four ways back to the old state", 1, *_BACK, of="d_h"),
        ],
        hints=[
            "Go through the forward equations from the last to the first. `h_new = (1 - z) h + z n` "
            "holds three things, so it gives you `d_z`, `d_n` and a first share of `d_h`.",
            "From `d_n` to `d_a_n`: times the slope of tanh, which is `1 - n**2`. From `d_z` to `d_a_z`: "
            "times the slope of the sigmoid, `z * (1 - z)`.",
            "Call the reset state `r * h` by a name. Its gradient comes from `d_a_n`, through the product "
            "with W_hn. Then it is a product of two, and each factor gets a share: r, and the old state.",
            "The old state went four ways: kept by 1 - z, into r's product, into z's product, "
            "and reset into n's product. `d_h` is the sum of all four.",
        ],
        wrong=[
            Wrong(
                _no_slope_of_sigmoid,
                "The slope of the sigmoid is missing: `d_a_r` and `d_a_z` are gradients of the gates, "
                "not of what went into them.",
            ),
            Wrong(
                _half_a_slope_of_sigmoid,
                "In `d_a_r` and `d_a_z` half of the slope is missing: a sigmoid's has two factors, "
                "σ and 1 − σ.",
            ),
            Wrong(
                _slope_of_tanh_for_gates,
                "r and z came out of a sigmoid; in `d_a_r` and `d_a_z` they get the slope of a tanh.",
            ),
            Wrong(_gates_exchanged, "`d_a_r` and `d_a_z` have changed places."),
            Wrong(_no_slope_of_tanh, "The slope of tanh is missing between `d_n` and `d_a_n`."),
            Wrong(_no_slope_of_tanh_in_d_a_n, "The slope of tanh is missing between `d_n` and `d_a_n`."),
            Wrong(
                _slope_of_tanh_too_late,
                "What goes back through W_hn, and on to `d_r`, has not passed the slope of tanh.",
            ),
            Wrong(_tanh_not_squared, "The slope of tanh is 1 - n²; here the square is missing."),
            Wrong(
                _slope_of_sigmoid_for_n,
                "n came out of a tanh; in `d_a_n` it gets the slope of a sigmoid.",
            ),
            Wrong(
                _z_backwards,
                "The update gate is the wrong way round: this belongs to `h_new = z h + (1 - z) n`.",
            ),
            Wrong(_only_d_z_backwards, "`d_z` has the wrong sign: more z means more n and less h."),
            Wrong(_only_d_n_backwards, "`d_n` has the share that is kept, 1 - z; n was written with z."),
            Wrong(
                _old_state_left_out_of_d_z,
                "`d_z` leaves out that z also takes away from the old state: 1 - z depends on z.",
            ),
            Wrong(_old_state_added_in_d_z, "`d_z` has one wrong sign: more z means *less* of the old state."),
            Wrong(
                _reset_gradient_forgotten,
                "No gradient reaches the reset gate; it stands inside the candidate's product.",
            ),
            Wrong(
                _r_for_h_in_d_r,
                "In r · h the slope in r is the *other* factor; here r meets itself.",
            ),
            Wrong(
                _d_r_past_the_product, "On the way from `d_a_n` to `d_r` the product with W_hn is left out."
            ),
            Wrong(
                _reset_not_on_the_way_to_h,
                "On its way through the candidate to the old state, the gradient does not pass the reset "
                "gate, and there `h` was multiplied by r.",
            ),
            Wrong(
                _candidate_path_to_h_forgotten,
                "One way back to `h` is missing: the one through the candidate.",
            ),
            Wrong(
                _gate_paths_to_h_forgotten,
                "Two ways back to `h` are missing: both gates looked at the old state too.",
            ),
            Wrong(
                _path_through_r_forgotten,
                "One way back to `h` is missing: the one through the reset gate, which looked at `h` too.",
            ),
            Wrong(
                _path_through_z_forgotten,
                "One way back to `h` is missing: the one through the update gate, which looked at `h` too.",
            ),
            Wrong(_kept_path_forgotten, "One way back to `h` is missing: the share that was simply kept."),
            Wrong(
                _only_the_kept_path,
                "Only the kept share of `h` has a gradient; gates and candidate used `h` too.",
            ),
            Wrong(
                _only_the_gate_paths,
                "Two ways back to `h` are lost: the share that was kept, and the one through the candidate.",
            ),
            Wrong(
                _candidate_path_twice,
                "The way through the candidate enters `d_h` twice, once without the reset gate.",
            ),
            Wrong(
                _not_transposed,
                "Going back through the product `(r h) W_hn` means multiplying by the transpose of W_hn.",
            ),
            Wrong(
                _gates_not_transposed,
                "Going back from r and z to `h` means multiplying by the transposes of W_hr and W_hz.",
            ),
            Wrong(
                _gradient_of_reset_after,
                "`d_r` is that of the other convention, in which r multiplies `h W_hn`, after the product.",
            ),
        ],
    ),
    Exercise(
        "04.gru_step_reset_after",
        "Write the GRU that PyTorch has",
        reference=gru_step_reset_after,
        returns="h_new",
        imports=_IMPORTS,
        parts=[Part("the state after the step", 2, *_LAYERS_B_H)],
        hints=[
            "Make `a_x = x @ W_x + b` and `a_h = h @ W_h + b_h`, both (B, 3H), and keep them apart.",
            "For r and z add the two. For n multiply the last block of `a_h` by r before adding it.",
            "Mind the blend: here z = 1 *keeps* the old state.",
        ],
        wrong=[
            Wrong(_still_before, "The reset gate still acts on the state, before the matrix product."),
            Wrong(
                _bias_outside_the_reset,
                "The candidate's recurrent bias is added after the reset. It belongs inside: r multiplies "
                "the whole of `h W_hn + b_hn`. Outside it would do no more than `b` does.",
            ),
            Wrong(_reset_missing, "The reset gate is not used."),
            Wrong(_z_still_writes, "The reset is right, the blend is not: here z = 1 keeps the old state."),
            Wrong(_before_and_z_writes, "Both conventions are still those of your first GRU."),
            Wrong(
                _first_gru_blended_anew,
                "Only the blend is PyTorch's. The reset gate still acts before the matrix product, and `b_h` "
                "is not used.",
            ),
            Wrong(
                _first_gru,
                "This is your first GRU: another place for the reset, another blend, and `b_h` is not used.",
            ),
            Wrong(_candidate_bias_twice, "The candidate's recurrent bias is added twice."),
            Wrong(
                _both_kept_by_z,
                "Old state and candidate have the same weight, z; in a blend the weights add up to 1.",
            ),
            Wrong(
                _candidate_alone, "This is the candidate alone. How much of the old state is kept is up to z."
            ),
            Wrong(_z_resets, "In the candidate stands the update gate; resetting is r's work."),
            Wrong(
                _first_blocks_exchanged,
                "The first two blocks are swapped. The order is r, z, n, as in your first GRU.",
            ),
            Wrong(_recurrent_bias_forgotten, "The recurrent bias `b_h` is not used."),
            Wrong(
                _recurrent_bias_in_the_candidate_only,
                "The recurrent bias is used in the candidate only; r and z have a block of it too.",
            ),
            Wrong(
                _everything_reset,
                "The reset gate scales the input's share as well; only the state's is reset.",
            ),
        ],
    ),
    Exercise(
        "04.flip_update",
        "Turn an update gate round",
        reference=flip_update,
        returns="W_x, W_h, b",
        parts=[
            Part("z becomes 1 - z, and nothing else moves", 1, test=_still_the_same_network),
            Part("all three arrays", 1, *(Case(*_layer(*sizes)[2:]) for sizes in _FLIPPED)),
        ],
        hints=[
            "You want weights with which the gate is 1 - z. Plot a sigmoid: how do σ(a) and σ(-a) lie?",
            "What goes into the gate is a sum of three terms. What you do to the sum you do to every term.",
            "The update gate is the second block of H columns in all three arrays. Work on copies.",
        ],
        wrong=[
            Wrong(_unchanged, "Nothing has changed."),
            Wrong(
                _all_negated,
                "All three blocks are negated; reset gate and candidate should stay as they are.",
            ),
            Wrong(_reset_negated, "The reset gate's block is negated. The order is r, z, n."),
            Wrong(_candidate_negated, "The candidate's block is negated. The order is r, z, n."),
            Wrong(
                _both_gates_negated,
                "The reset gate is negated as well; only z has two conventions of this kind.",
            ),
            Wrong(_bias_kept, "The bias keeps its sign, so -a is not what goes into the sigmoid."),
            Wrong(_only_the_bias, "Neither `W_x` nor `W_h` turns; the weights make the sum too."),
            Wrong(
                _input_weights_kept,
                "`W_x` keeps its signs; the input's part of the sum has to turn as well.",
            ),
            Wrong(
                _rows_negated,
                "In `W_x` and `W_h` *rows* are negated; the update gate's block is a block of columns.",
            ),
            Wrong(_candidate_negated_too, "The candidate is negated as well; only z should turn round."),
            Wrong(
                _H_a_third_of_the_rows,
                "These are other columns: `W_h` has H rows; only its columns are three times as many.",
            ),
            Wrong(_one_minus_bias, "1 - z is asked of the gate, and this takes 1 - b of the bias."),
            Wrong(
                _one_minus_everything,
                "Every number became one minus itself; it is the gate z that should become 1 - z.",
            ),
            Wrong(
                _input_weights_only, "`W_h` keeps its signs; the state's part of the sum has to turn as well."
            ),
            Wrong(
                _one_minus_weights,
                "1 - z is asked of the gate, and this takes 1 - w of the weights that go into it.",
            ),
            Wrong(
                _r_and_z_exchanged, "The two gates have changed places; z should stay where it is, and turn."
            ),
        ],
    ),
)
