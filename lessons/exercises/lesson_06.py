"""Exercises of lesson 06: gates recorded, compared with a marker and with untrained nets, and forced."""

import numpy as np

from lessons.exercises.declare import Case, Exercise, Part, Wrong
from lessons.rnn import lstm_step, sigmoid

_STEP = "import numpy as np\n\nfrom lessons.rnn import lstm_step, sigmoid"


def _net(N, T, D, H, seed):
    """Draw X, W_x, W_h, b of an LSTM whose gates move."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, T, D))
    return X, rng.normal(size=(D, 4 * H)), rng.normal(size=(H, 4 * H)), rng.normal(size=4 * H)


def _step(B, D, H, seed):
    """Draw x, h, c, W_x, W_h, b of a step."""
    X, W_x, W_h, b = _net(B, 1, D, H, seed)
    h, c = np.random.default_rng(seed + 50).normal(size=(2, B, H))
    return X[:, 0], np.tanh(h), c, W_x, W_h, b


def _gate(N, T, H, seed, move):
    """Draw a gate (N, T, H) that moves a little at markers, and the markers (N, T)."""
    rng = np.random.default_rng(seed)
    marker = rng.random((N, T)) < 0.3
    marker[0, :2] = True, False
    return sigmoid(rng.normal(size=(N, T, H)) + move * rng.random(H) * marker[:, :, None]), marker


_NETS = (Case(*_net(2, 3, 1, 1, 0)), Case(*_net(3, 5, 2, 4, 1)))
_GATES = (Case(*_gate(4, 6, 3, 2, move=-0.8)), Case(*_gate(6, 9, 2, 3, move=1.5)))
_UNTRAINED = np.random.default_rng(4).uniform(-1, 1, 40).round(2)
_TIED = np.array([0.5, -0.5, 0.25, 0.75, -1.0])
_FORGET = np.random.default_rng(5).uniform(0.1, 0.99, (3, 7, 4))
_SHORT = np.random.default_rng(6).uniform(0.3, 0.9, (1, 4, 2))


def forget_gates(X, W_x, W_h, b):
    """Record the forget gates of an LSTM at every step of every window."""
    (N, T, _), H = X.shape, W_h.shape[0]
    h = c = np.zeros((N, H))
    f = np.empty((N, T, H))
    for t in range(T):
        a = X[:, t] @ W_x + h @ W_h + b  # (N, 4H): i, f, g, o
        f[:, t] = sigmoid(a[:, H : 2 * H])
        h, c = lstm_step(X[:, t], h, c, W_x, W_h, b)
    return f


def _record(X, W_x, W_h, b, block=1, squash=sigmoid, after=False, remember=True, memory=True, bias=True):
    (N, T, _), H = X.shape, W_h.shape[0]
    h = c = np.zeros((N, H))
    gates = np.empty((N, T, H))
    for t in range(T):
        new_h, new_c = lstm_step(X[:, t], h, c, W_x, W_h, b)
        seen = (new_h if after else h) @ W_h
        a = X[:, t] @ W_x + seen + (b if bias else 0)
        gates[:, t] = squash(a[:, block * H : (block + 1) * H])
        h, c = (new_h if remember else h), (new_c if memory else c)
    return gates


def _input_gates(X, W_x, W_h, b):
    return _record(X, W_x, W_h, b, block=0)


def _candidates_squashed(X, W_x, W_h, b):
    return _record(X, W_x, W_h, b, block=2)


def _candidates(X, W_x, W_h, b):
    return _record(X, W_x, W_h, b, block=2, squash=np.tanh)


def _output_gates(X, W_x, W_h, b):
    return _record(X, W_x, W_h, b, block=3)


def _not_squashed(X, W_x, W_h, b):
    return _record(X, W_x, W_h, b, squash=lambda a: a)


def _tanh_for_sigmoid(X, W_x, W_h, b):
    return _record(X, W_x, W_h, b, squash=np.tanh)


def _state_after_the_step(X, W_x, W_h, b):
    return _record(X, W_x, W_h, b, after=True)


def _state_stays_zero(X, W_x, W_h, b):
    return _record(X, W_x, W_h, b, remember=False, memory=False)


def _cell_stays_zero(X, W_x, W_h, b):
    return _record(X, W_x, W_h, b, memory=False)


def _bias_forgotten(X, W_x, W_h, b):
    return _record(X, W_x, W_h, b, bias=False)


def _backwards_in_time(X, W_x, W_h, b):
    return _record(X[:, ::-1], W_x, W_h, b)[:, ::-1]


def _state_carried_to_the_next_window(X, W_x, W_h, b):
    N, T, D = X.shape
    return _record(X.reshape(1, N * T, D), W_x, W_h, b).reshape(N, T, -1)


def _time_first(X, W_x, W_h, b):
    return forget_gates(X, W_x, W_h, b).transpose(1, 0, 2)


def _states_swapped(X, W_x, W_h, b):
    (N, T, _), H = X.shape, W_h.shape[0]
    h = c = np.zeros((N, H))
    f = np.empty((N, T, H))
    for t in range(T):
        f[:, t] = sigmoid(X[:, t] @ W_x + h @ W_h + b)[:, H : 2 * H]
        c, h = lstm_step(X[:, t], h, c, W_x, W_h, b)
    return f


def untrained_share(observed, untrained):
    """How often do untrained nets get at least as far from 0, the observed net counted among them?"""
    as_far = np.abs(untrained) >= np.abs(observed)  # (n,)
    return (1 + as_far.sum()) / (1 + len(untrained))


def _observed_not_counted(observed, untrained):
    return np.mean(np.abs(untrained) >= np.abs(observed))


def _one_added_above_only(observed, untrained):
    return (1 + np.sum(np.abs(untrained) >= np.abs(observed))) / len(untrained)


def _one_added_below_only(observed, untrained):
    return np.sum(np.abs(untrained) >= np.abs(observed)) / (1 + len(untrained))


def _sign_counts(observed, untrained):
    return (1 + np.sum(untrained >= observed)) / (1 + len(untrained))


def _sign_counts_below(observed, untrained):
    return (1 + np.sum(untrained <= observed)) / (1 + len(untrained))


def _observed_keeps_its_sign(observed, untrained):
    return (1 + np.sum(np.abs(untrained) >= observed)) / (1 + len(untrained))


def _untrained_keep_their_signs(observed, untrained):
    return (1 + np.sum(untrained >= np.abs(observed))) / (1 + len(untrained))


def _ties_left_out(observed, untrained):
    return (1 + np.sum(np.abs(untrained) > np.abs(observed))) / (1 + len(untrained))


def _nearer_instead_of_farther(observed, untrained):
    return (1 + np.sum(np.abs(untrained) <= np.abs(observed))) / (1 + len(untrained))


def _strictly_nearer(observed, untrained):
    return 1 - untrained_share(observed, untrained)


def _count(observed, untrained):
    return 1 + np.sum(np.abs(untrained) >= np.abs(observed))


def gate_evidence(gate, marker):
    """Compare a gate, averaged over units, with a marker: correlation, and mean at markers less elsewhere."""
    mean = gate.mean(axis=2)  # (N, T, H) -> (N, T)
    correlation = np.corrcoef(mean.ravel(), marker.ravel())[0, 1]
    gap = mean[marker].mean() - mean[~marker].mean()
    return correlation, gap


def _gap(gate, marker):
    return gate_evidence(gate, marker)[1]


def _correlation(gate, marker):
    return gate_evidence(gate, marker)[0]


def _gap_turned_round(gate, marker):
    return _correlation(gate, marker), -_gap(gate, marker)


def _gap_without_sign(gate, marker):
    return _correlation(gate, marker), abs(_gap(gate, marker))


def _against_the_overall_mean(gate, marker):
    return _correlation(gate, marker), gate[marker].mean() - gate.mean()


def _level_at_markers(gate, marker):
    return _correlation(gate, marker), gate[marker].mean()


def _sums_for_means(gate, marker):
    mean = gate.mean(axis=2)
    return _correlation(gate, marker), mean[marker].sum() - mean[~marker].sum()


def _ratio_for_gap(gate, marker):
    return _correlation(gate, marker), gate[marker].mean() / gate[~marker].mean()


def _gap_in_products(gate, marker):
    mean = gate.mean(axis=2)
    return _correlation(gate, marker), (mean * marker).mean() - (mean * ~marker).mean()


def _sum_over_units(gate, marker):
    return _correlation(gate, marker), _gap(gate, marker) * gate.shape[2]


def _changed_places(gate, marker):
    return gate_evidence(gate, marker)[::-1]


def _whole_matrix(gate, marker):
    return np.corrcoef(gate.mean(axis=2).ravel(), marker.ravel()), _gap(gate, marker)


def _correlations_of_units_averaged(gate, marker):
    units = [np.corrcoef(gate[:, :, k].ravel(), marker.ravel())[0, 1] for k in range(gate.shape[2])]
    return np.mean(units), _gap(gate, marker)


def _correlations_of_windows_averaged(gate, marker):
    windows = [np.corrcoef(g, m)[0, 1] for g, m in zip(gate.mean(axis=2), marker, strict=True) if m.any()]
    return np.mean(windows), _gap(gate, marker)


def _first_unit_alone(gate, marker):
    return np.corrcoef(gate[:, :, 0].ravel(), marker.ravel())[0, 1], _gap(gate, marker)


def _covariance(gate, marker):
    return np.cov(gate.mean(axis=2).ravel(), marker.ravel())[0, 1], _gap(gate, marker)


def _correlation_without_sign(gate, marker):
    return abs(_correlation(gate, marker)), _gap(gate, marker)


def _correlation_squared(gate, marker):
    return _correlation(gate, marker) ** 2, _gap(gate, marker)


def _variance_of_the_gate(gate, marker):
    return np.corrcoef(gate.mean(axis=2).ravel(), marker.ravel())[0, 0], _gap(gate, marker)


def _one_step_late(gate, marker):
    mean = gate.mean(axis=2)
    return np.corrcoef(mean[:, 1:].ravel(), marker[:, :-1].ravel())[0, 1], _gap(gate, marker)


def forced_step(x, h, c, W_x, W_h, b, where, forget):
    """One step of an LSTM whose forget gates are set to `forget` in the windows that `where` marks."""
    i, f, g, o = np.split(x @ W_x + h @ W_h + b, 4, axis=1)  # four times (B, H)
    f = np.where(where[:, None], forget, sigmoid(f))  # (B, 1) picks rows of (B, H)
    c = f * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return h, c


def _forced(x, h, c, W_x, W_h, b, rows, force):
    """Return h and c of a step in which force(name, pre-activation) gives the gates of the chosen rows."""
    names, parts = "ifgo", np.split(x @ W_x + h @ W_h + b, 4, axis=1)
    free = {n: np.tanh(a) if n == "g" else sigmoid(a) for n, a in zip(names, parts, strict=True)}
    i, f, g, o = (
        np.where(rows[:, None], force(n, a, free[n]), free[n]) for n, a in zip(names, parts, strict=True)
    )
    c = f * c + i * g
    return o * np.tanh(c), c


def _only(name, value):
    return lambda n, a, free: value(a, free) if n == name else free


def _everywhere(x, h, c, W_x, W_h, b, where, forget):
    return forced_step(x, h, c, W_x, W_h, b, np.ones(len(x), bool), forget)


def _elsewhere(x, h, c, W_x, W_h, b, where, forget):
    return forced_step(x, h, c, W_x, W_h, b, ~where, forget)


def _not_at_all(x, h, c, W_x, W_h, b, where, forget):
    return lstm_step(x, h, c, W_x, W_h, b)


def _before_the_sigmoid(x, h, c, W_x, W_h, b, where, forget):
    return _forced(x, h, c, W_x, W_h, b, where, _only("f", lambda a, free: sigmoid(forget)))


def _multiplied(x, h, c, W_x, W_h, b, where, forget):
    return _forced(x, h, c, W_x, W_h, b, where, _only("f", lambda a, free: forget * free))


def _added(x, h, c, W_x, W_h, b, where, forget):
    return _forced(x, h, c, W_x, W_h, b, where, _only("f", lambda a, free: free + forget))


def _shifted_before_the_sigmoid(x, h, c, W_x, W_h, b, where, forget):
    return _forced(x, h, c, W_x, W_h, b, where, _only("f", lambda a, free: sigmoid(a + forget)))


def _input_gate_forced(x, h, c, W_x, W_h, b, where, forget):
    return _forced(x, h, c, W_x, W_h, b, where, _only("i", lambda a, free: forget))


def _candidate_forced(x, h, c, W_x, W_h, b, where, forget):
    return _forced(x, h, c, W_x, W_h, b, where, _only("g", lambda a, free: forget))


def _output_gate_forced(x, h, c, W_x, W_h, b, where, forget):
    return _forced(x, h, c, W_x, W_h, b, where, _only("o", lambda a, free: forget))


def _all_gates_forced(x, h, c, W_x, W_h, b, where, forget):
    return _forced(x, h, c, W_x, W_h, b, where, lambda n, a, free: free if n == "g" else forget)


def _nothing_written(x, h, c, W_x, W_h, b, where, forget):
    return _forced(x, h, c, W_x, W_h, b, where, lambda n, a, free: {"f": forget, "i": 0}.get(n, free))


def _tied_input_gate(x, h, c, W_x, W_h, b, where, forget):
    return _forced(
        x, h, c, W_x, W_h, b, where, lambda n, a, free: {"f": forget, "i": 1 - forget}.get(n, free)
    )


def _memory_forced(x, h, c, W_x, W_h, b, where, forget):
    h, new_c = lstm_step(x, h, c, W_x, W_h, b)
    return h, np.where(where[:, None], forget * c, new_c)


def _mask_not_lifted(x, h, c, W_x, W_h, b, where, forget):
    i, f, g, o = np.split(x @ W_x + h @ W_h + b, 4, axis=1)
    c = np.where(where, forget, sigmoid(f)) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def _rows_of_forget(x, h, c, W_x, W_h, b, where, forget):
    f = sigmoid(np.split(x @ W_x + h @ W_h + b, 4, axis=1)[1])
    f[where] = forget[where]
    return f, f


def _shown_state_not_updated(x, h, c, W_x, W_h, b, where, forget):
    _, forced_c = forced_step(x, h, c, W_x, W_h, b, where, forget)
    return lstm_step(x, h, c, W_x, W_h, b)[0], forced_c


def half_life(forget):
    """Steps until half of a unit's memory is gone, at the geometric mean of its forget gate."""
    decay = -np.log(forget).mean(axis=(0, 1))  # (N, T, H) -> (H,)
    return np.log(2) / decay


def _arithmetic_mean(forget):
    return np.log(2) / -np.log(forget.mean(axis=(0, 1)))


def _mean_of_half_lives(forget):
    return (np.log(2) / -np.log(forget)).mean(axis=(0, 1))


def _one_number_for_all_units(forget):
    return np.full(forget.shape[2], np.log(2) / -np.log(forget).mean())


def _time_constant(forget):
    return 1 / -np.log(forget).mean(axis=(0, 1))


def _one_over_one_minus_f(forget):
    return 1 / (1 - forget.mean(axis=(0, 1)))


def _sign_lost(forget):
    return np.log(2) / np.log(forget).mean(axis=(0, 1))


def _upside_down(forget):
    return -np.log(forget).mean(axis=(0, 1)) / np.log(2)


def _half_for_log_of_half(forget):
    return 0.5 / -np.log(forget).mean(axis=(0, 1))


def _share_left_after_a_step(forget):
    return np.exp(np.log(forget).mean(axis=(0, 1)))


def _logs_summed_over_time(forget):
    return np.log(2) / -np.log(forget).sum(axis=1).mean(axis=0)


def _base_two_once(forget):
    return np.log(2) / -np.log2(forget).mean(axis=(0, 1))


def _median_gate(forget):
    return np.log(2) / -np.log(np.median(forget, axis=(0, 1)))


def _last_step_alone(forget):
    return np.log(2) / -np.log(forget[:, -1]).mean(axis=0)


def _what_is_lost(forget):
    return np.log(2) / -np.log(1 - forget).mean(axis=(0, 1))


_STEPS = tuple(
    Case(*_step(B, D, H, seed), where, forget)
    for B, D, H, seed, where, forget in (
        (3, 1, 1, 7, np.array([True, False, True]), 0.0),
        (4, 2, 3, 8, np.array([False, True, True, False]), 1.0),
        (2, 1, 4, 9, np.array([True, False]), 0.7),
        (3, 2, 2, 10, np.array([False, True, True]), np.array([0.2, 0.9])),
    )
)

EXERCISES = (
    Exercise(
        "06.forget_gates",
        "Record the forget gates over a window",
        reference=forget_gates,
        returns="f",
        imports=_STEP,
        parts=[Part("every step of every window", 2, *_NETS)],
        hints=[
            "Walk through the window as in lesson 03: `h` and `c` begin as zeros, one step after the other.",
            "The gate of step t looks at `X[:, t]` and at the `h` from *before* step t. So read the gate "
            "first, and take the step afterwards.",
            "`a = X[:, t] @ W_x + h @ W_h + b` has 4H columns in the order i, f, g, o.",
            "`lstm_step(X[:, t], h, c, W_x, W_h, b)` gives the next `h` and `c`.",
        ],
        wrong=[
            Wrong(_input_gates, "These are the input gates: the first block of columns, not the second."),
            Wrong(_candidates, "This is the candidate g, the third block of columns."),
            Wrong(_candidates_squashed, "This is the candidate's block, put through a sigmoid."),
            Wrong(_output_gates, "These are the output gates, the last block of columns."),
            Wrong(_not_squashed, "These are the sums that go into the sigmoid, not the gates."),
            Wrong(_tanh_for_sigmoid, "A gate lies between 0 and 1; this is the tanh of the right sum."),
            Wrong(
                _state_after_the_step,
                "The gate of a step is computed from the state after that step; "
                "it has to be decided before the step is taken.",
            ),
            Wrong(_state_stays_zero, "The state stays at zero: each step forgets that there was one before."),
            Wrong(_cell_stays_zero, "`h` moves on, but `c` is zero at every step."),
            Wrong(_bias_forgotten, "The bias is missing from the sums that go into the gates."),
            Wrong(_backwards_in_time, "The windows are read from their end to their beginning."),
            Wrong(_time_first, "The gates are stacked with time first, (T, N, H); asked for is (N, T, H)."),
            Wrong(_states_swapped, "`h` and `c` change places at every step: `lstm_step` returns `h` first."),
            Wrong(
                _state_carried_to_the_next_window,
                "A window begins with the state in which the one before it ended; each begins at zero.",
            ),
        ],
    ),
    Exercise(
        "06.untrained_share",
        "Count how many untrained nets do as well",
        reference=untrained_share,
        returns="share",
        parts=[
            Part("positive and negative", 1, Case(0.61, _UNTRAINED), Case(-0.33, _UNTRAINED)),
            Part("ties and extremes", 1, Case(-0.5, _TIED), Case(0.99, _TIED[:4])),
        ],
        hints=[
            "A correlation of -0.9 is as far from 0 as one of +0.9: compare absolute values.",
            "Count the untrained values that are *at least* as far from 0 as the observed one.",
            "The observed net is one more that got so far: it counts once above and once below the line.",
        ],
        wrong=[
            Wrong(
                _observed_not_counted,
                "The observed net itself is not counted, so the share can be 0, "
                "which no finite number of nets could prove.",
            ),
            Wrong(_one_added_above_only, "The observed net is counted above the line, but not below."),
            Wrong(_one_added_below_only, "The observed net is counted below the line, but not above."),
            Wrong(
                _sign_counts,
                "The signs are compared too; a gate that shuts follows as well as one that opens.",
            ),
            Wrong(
                _sign_counts_below,
                "Values below the observed one are counted; it is the distance from 0 that matters.",
            ),
            Wrong(
                _observed_keeps_its_sign,
                "`observed` has kept its sign: a negative one is less than any distance.",
            ),
            Wrong(
                _untrained_keep_their_signs,
                "The untrained values have kept their signs: a negative one is never counted.",
            ),
            Wrong(_ties_left_out, "An untrained net that gets exactly as far counts too."),
            Wrong(_nearer_instead_of_farther, "Counted are the nets that did *not* get so far."),
            Wrong(
                _strictly_nearer, "This is the share of nets that did not get so far: the rest is asked for."
            ),
            Wrong(_count, "This is how many there are; asked for is their share of all nets."),
        ],
    ),
    Exercise(
        "06.gate_evidence",
        "Compare a gate with a marker",
        reference=gate_evidence,
        returns="correlation, gap",
        parts=[
            Part("the `correlation`", 1, *_GATES, of="correlation"),
            Part("the `gap`", 1, *_GATES, of="gap"),
        ],
        hints=[
            "First average over units: `(N, T, H) -> (N, T)`. Everything else uses that mean.",
            "`np.corrcoef(a, b)` wants two flat arrays and returns a 2 × 2 matrix; you need its corner off "
            "the diagonal.",
            "`mean[marker]` are the values at markers, `mean[~marker]` the others.",
        ],
        wrong=[
            Wrong(
                _gap_turned_round,
                "The gap has the wrong sign: it is the mean at markers less that elsewhere.",
            ),
            Wrong(
                _gap_without_sign, "The gap has lost its sign, and with it whether the gate opens or shuts."
            ),
            Wrong(_against_the_overall_mean, "The gap compares markers with all steps, markers included."),
            Wrong(_level_at_markers, "The gap is only the level at markers; what is it elsewhere?"),
            Wrong(
                _sums_for_means, "The gap is a difference of sums, and there are fewer markers than others."
            ),
            Wrong(_sum_over_units, "The gap is that of the sum over units; asked for is that of their mean."),
            Wrong(_changed_places, "The two results have changed places: the correlation comes first."),
            Wrong(
                _whole_matrix,
                "The correlation is the whole 2 × 2 matrix of `np.corrcoef`; it should be one number of it.",
            ),
            Wrong(_ratio_for_gap, "The gap is a ratio of the two means, not their difference."),
            Wrong(
                _gap_in_products,
                "In the gap, both means are taken over all steps, those that do not belong counted as zeros.",
            ),
            Wrong(
                _correlations_of_units_averaged,
                "The correlation is averaged over units; asked for is the correlation of the averaged gate.",
            ),
            Wrong(
                _correlations_of_windows_averaged,
                "The correlation is averaged over windows; asked for is one over all windows and steps.",
            ),
            Wrong(_first_unit_alone, "The correlation is that of the first unit alone."),
            Wrong(_covariance, "This is a covariance: it is not divided by the two standard deviations."),
            Wrong(_correlation_without_sign, "The correlation has lost its sign."),
            Wrong(_correlation_squared, "The correlation is squared."),
            Wrong(_variance_of_the_gate, "This is the gate's correlation with itself."),
            Wrong(_one_step_late, "The correlation compares the gate with the marker one step earlier."),
        ],
    ),
    Exercise(
        "06.forced_step",
        "Force a gate and let the rest follow",
        reference=forced_step,
        returns="h, c",
        imports="import numpy as np\n\nfrom lessons.rnn import sigmoid",
        parts=[
            Part("the memory `c`", 1, *_STEPS, of="c"),
            Part("the state `h` that follows from it", 1, *_STEPS, of="h"),
        ],
        hints=[
            "Begin with the LSTM step of lesson 03. One line has to be added.",
            "Replace the gate after its sigmoid and before it is used.",
            "`np.where(mask, value, array)`; the mask has shape (B,), the gate (B, H): "
            "`where[:, None]` has shape (B, 1), and reaches across all units.",
        ],
        wrong=[
            Wrong(
                _mask_not_lifted,
                "The mask (B,) meets the gate (B, H) along its *units*, which fails, or makes a gate of "
                "shape (B, B) where H = 1; it should pick rows.",
            ),
            Wrong(
                _rows_of_forget,
                "`forget` is a number, or one for each unit (H,): it has no windows for the mask to pick.",
            ),
            Wrong(_everywhere, "The gate is forced in all windows; `where` says in which."),
            Wrong(_elsewhere, "The mask is turned round: the gate is forced where `where` is False."),
            Wrong(_not_at_all, "Nothing is forced: this is the ordinary step."),
            Wrong(
                _before_the_sigmoid,
                "`forget` is put in before the sigmoid, so the gate becomes sigmoid(forget), not `forget`.",
            ),
            Wrong(
                _shifted_before_the_sigmoid,
                "`forget` is added to what goes into the sigmoid; the gate itself should have this value.",
            ),
            Wrong(_multiplied, "The gate is multiplied by `forget`; it should be replaced by it."),
            Wrong(_added, "`forget` is added to the gate; it should take its place."),
            Wrong(_input_gate_forced, "It is the input gate that is forced. The order is i, f, g, o."),
            Wrong(_candidate_forced, "It is the candidate that is forced. The order is i, f, g, o."),
            Wrong(_output_gate_forced, "It is the output gate that is forced. The order is i, f, g, o."),
            Wrong(_all_gates_forced, "All three gates are forced; only the forget gate should be."),
            Wrong(_nothing_written, "The input gate is shut as well; it should work as usual."),
            Wrong(_tied_input_gate, "The input gate is set to 1 - `forget`; it should work as usual."),
            Wrong(_memory_forced, "What the input gate writes is missing from `c` where the gate is forced."),
            Wrong(
                _shown_state_not_updated,
                "`h` is the one of the ordinary step; it has to follow from the forced `c`.",
            ),
        ],
    ),
    Exercise(
        "06.half_life",
        "Turn forget gates into a memory span",
        reference=half_life,
        returns="steps",
        parts=[Part("one number for each unit", 2, Case(_FORGET), Case(_SHORT))],
        hints=[
            "After k steps the product of k gates is left. The log of a product is a sum of logs.",
            "So the typical gate is exp(mean of log f): average the *logarithms* over windows and steps.",
            "Solve exp(k · mean(log f)) = 1/2 for k.",
        ],
        wrong=[
            Wrong(
                _arithmetic_mean,
                "The mean is taken before the logarithm. What is left after many steps is a product, "
                "and one nearly shut gate counts for much in it.",
            ),
            Wrong(
                _mean_of_half_lives,
                "Each gate is turned into a half-life first, and these are averaged; "
                "a single open gate then decides everything.",
            ),
            Wrong(
                _one_number_for_all_units, "All units share one number; average over windows and steps only."
            ),
            Wrong(_time_constant, "This is the time until 1/e = 37 % is left, not one half."),
            Wrong(
                _one_over_one_minus_f, "1 / (1 - f) is a rule of thumb for another span, not the half-life."
            ),
            Wrong(_sign_lost, "The sign is wrong: log f is negative."),
            Wrong(_upside_down, "The fraction is upside down: an open gate must have the longer memory."),
            Wrong(_half_for_log_of_half, "There is a 1/2 where its logarithm belongs."),
            Wrong(
                _share_left_after_a_step, "This is the share that one step leaves, not the number of steps."
            ),
            Wrong(
                _logs_summed_over_time,
                "The logarithms are summed over time; take their mean, as for windows.",
            ),
            Wrong(_base_two_once, "Two logarithms of different bases are divided by each other."),
            Wrong(
                _median_gate, "This is the half-life at the median gate; a product has its geometric mean."
            ),
            Wrong(_last_step_alone, "Only the last step of the windows counts here."),
            Wrong(_what_is_lost, "This is the half-life of what is lost: 1 - f in the place of f."),
        ],
    ),
)
