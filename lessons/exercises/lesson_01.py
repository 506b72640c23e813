"""Exercises of lesson 01: windows, an honest split, and leaks."""

import numpy as np

from lessons.exercises.declare import Case, Exercise, Part, Wrong

_rng = np.random.default_rng(1)
_TEN = np.arange(10.0)
_NOISE = _rng.normal(size=40)
_RISING = 3 + 0.1 * np.arange(40) + _rng.normal(size=40)


def make_windows(series, window):
    """Cut a series into windows and the value that follows each."""
    N = len(series) - window
    X = np.stack([series[i : i + window] for i in range(N)])  # (N, T)
    y = series[window:]  # (N,)
    return X[:, :, np.newaxis], y[:, np.newaxis]  # (N, T, 1), (N, 1)


def _one_window_too_many(series, window):
    N = len(series) - window + 1
    X = np.stack([series[i : i + window] for i in range(N)])
    y = np.append(series[window:], series[-1])
    return X[:, :, np.newaxis], y[:, np.newaxis]


def _one_window_too_few(series, window):
    X, y = make_windows(series, window)
    return X[:-1], y[:-1]


def _one_window_without_target(series, window):
    return _one_window_too_many(series, window)[0], series[window:, np.newaxis]


def _target_inside(series, window):
    X, _ = make_windows(series, window)
    return X, X[:, -1]


def _target_is_the_first(series, window):
    X, _ = make_windows(series, window)
    return X, X[:, 0]


def _target_inside_every_window(series, window):
    X, _ = _one_window_too_many(series, window)
    return X, X[:, -1]


def _windows_reach_the_target(series, window):
    X, y = make_windows(series, window)
    return np.concatenate([X, y[:, np.newaxis]], axis=1), y


def _windows_one_too_short(series, window):
    X, y = make_windows(series, window)
    return X[:, :-1], y


def _target_one_too_late(series, window):
    X, y = make_windows(series, window)
    return X[:-1], y[1:]


def _time_reversed(series, window):
    X, y = make_windows(series, window)
    return X[:, ::-1], y


def _no_overlap(series, window):
    X, y = make_windows(series, window)
    return X[::window], y[::window]


def split_by_time(target_index, at):
    """Split windows into those whose target lies before ``at`` and those whose target does not."""
    train = target_index < at  # (N,)
    test = target_index >= at  # (N,)
    return train, test


def _border_trains(target_index, at):
    return target_index <= at, target_index > at


def _border_in_both(target_index, at):
    return target_index <= at, target_index >= at


def _border_in_neither(target_index, at):
    return target_index < at, target_index > at


def _border_one_too_early(target_index, at):
    return target_index < at - 1, target_index >= at - 1


def _counts_windows(target_index, at):
    first = np.arange(len(target_index)) < at
    return first, ~first


def _positions(target_index, at):
    return np.flatnonzero(target_index < at), np.flatnonzero(target_index >= at)


def _positions_in_tuples(target_index, at):
    return np.where(target_index < at), np.where(target_index >= at)


def _the_targets_themselves(target_index, at):
    return target_index[target_index < at], target_index[target_index >= at]


def _swapped(target_index, at):
    return target_index >= at, target_index < at


def _shuffled(target_index, at):
    train = np.random.default_rng(0).permutation(target_index < at)
    return train, ~train


def _is_shuffled(came, expected):
    """As many True as expected in every case, each window in one part, but other windows."""
    sizes = all(c[0].sum() == e[0].sum() and (c[0] ^ c[1]).all() for c, e in zip(came, expected, strict=True))
    mixed = any((c[0][:-1] < c[0][1:]).any() and (c[0][:-1] > c[0][1:]).any() for c in came)
    return bool(sizes and mixed)


def scale_with_train(series, at):
    """Scale a whole series with the mean and standard deviation of its training part alone."""
    mean = series[:at].mean()
    std = series[:at].std()
    return (series - mean) / std  # (n,)


def _scaled_with_the_future(series, at):
    return (series - series.mean()) / series.std()


def _spread_of_the_whole(series, at):
    return (series - series[:at].mean()) / series.std()


def _mean_of_the_whole(series, at):
    return (series - series.mean()) / series[:at].std()


def _one_value_too_many(series, at):
    return scale_with_train(series, at + 1)


def _brackets_missing(series, at):
    return series - series[:at].mean() / series[:at].std()


def _multiplied(series, at):
    return (series - series[:at].mean()) * series[:at].std()


def _each_part_its_own(series, at):
    parts = series[:at], series[at:]
    return np.concatenate([(part - part.mean()) / part.std() for part in parts])


def _min_max(series, at):
    low, high = series[:at].min(), series[:at].max()
    return (series - low) / (high - low)


def _not_divided(series, at):
    return series - series[:at].mean()


def _divided_by_variance(series, at):
    return (series - series[:at].mean()) / series[:at].var()


def _sample_std(series, at):
    return (series - series[:at].mean()) / series[:at].std(ddof=1)


def _only_train(series, at):
    return scale_with_train(series, at)[:at]


def _scaled_with_test(series, at):
    return (series - series[at:].mean()) / series[at:].std()


def _train_is_standard(answer):
    """The training part itself must come out with mean 0 and standard deviation 1."""
    scaled = answer(_RISING, 30)[:30]
    if abs(scaled.mean()) > 1e-6:
        return f"the training part has mean {scaled.mean():.4g}, expected 0"
    if abs(scaled.std() - 1) > 1e-6:
        return f"the training part has standard deviation {scaled.std():.4g}, expected 1"
    return None


def trailing_mean(series, width):
    """Smooth a series with the mean of the present value and those before it, ``width`` in all."""
    smooth = np.empty(len(series))  # (n,)
    for t in range(len(series)):
        first = max(0, t - width + 1)  # fewer values at the very start
        smooth[t] = series[first : t + 1].mean()
    return smooth


def _centred_mean(series, width):
    half = width // 2
    return np.array([series[max(0, t - half) : t + half + 1].mean() for t in range(len(series))])


def _centred_with_zeros(series, width):
    return np.convolve(series, np.ones(width) / width, mode="same")


def _leading_mean(series, width):
    return np.array([series[t : t + width].mean() for t in range(len(series))])


def _without_the_present(series, width):
    return np.array([series[max(0, t - width) : max(t, 1)].mean() for t in range(len(series))])


def _stops_before_the_present(series, width):
    return np.array([series[max(0, t - width + 1) : t].mean() for t in range(len(series))])


def _one_too_wide(series, width):
    return trailing_mean(series, width + 1)


def _zeros_before_the_start(series, width):
    return np.convolve(series, np.ones(width) / width)[: len(series)]


def _raw_start(series, width):
    return np.where(np.arange(len(series)) < width - 1, series, trailing_mean(series, width))


def _zero_start(series, width):
    return np.where(np.arange(len(series)) < width - 1, 0.0, trailing_mean(series, width))


def _empty_start(series, width):
    return np.where(np.arange(len(series)) < width - 1, np.nan, trailing_mean(series, width))


def _start_left_out(series, width):
    return trailing_mean(series, width)[width - 1 :]


def _mean_of_all_past(series, width):
    return np.cumsum(series) / np.arange(1, len(series) + 1)


def _sums(series, width):
    return np.array([series[max(0, t - width + 1) : t + 1].sum() for t in range(len(series))])


def _past_stays_put(answer):
    """Changing the future must not change the smoothed past."""
    changed = _NOISE.copy()
    changed[25:] += 100.0
    moved = np.abs(answer(_NOISE, 5)[:25] - answer(changed, 5)[:25]) > 1e-6
    if moved.any():
        return f"changing `series[25:]` changed smoothed values from index {int(moved.argmax())} on"
    return None


def find_the_leak(prepared, tampered, k):
    """Say how many steps a preparation looks ahead, given what it makes of two series equal up to k."""
    changed = np.flatnonzero(prepared[:k] != tampered[:k])  # indices before k that moved
    if len(changed) == 0:
        return 0
    return k - changed[0]


def _counts_changes(prepared, tampered, k):
    return np.sum(prepared[:k] != tampered[:k])


def _present_counted(prepared, tampered, k):
    changed = np.flatnonzero(prepared[: k + 1] != tampered[: k + 1])
    return k + 1 - changed[0] if len(changed) else 0


def _first_change(prepared, tampered, k):
    changed = np.flatnonzero(prepared[:k] != tampered[:k])
    return changed[0] if len(changed) else 0


def _first_change_anywhere(prepared, tampered, k):
    return np.argmax(prepared != tampered)


def _measured_over_all(prepared, tampered, k):
    changed = np.flatnonzero(prepared != tampered)
    return k - changed[0] if len(changed) else 0


def _measured_over_all_one_expected(prepared, tampered, k):
    return k - np.flatnonzero(prepared != tampered)[0]


def _measured_over_all_by_argmax(prepared, tampered, k):
    return k - np.argmax(prepared != tampered)


def _distance_over_all(prepared, tampered, k):
    return abs(_measured_over_all(prepared, tampered, k))


def _one_change_expected(prepared, tampered, k):
    return k - np.flatnonzero(prepared[:k] != tampered[:k])[0]


def _argmax_of_nothing(prepared, tampered, k):
    return k - np.argmax(prepared[:k] != tampered[:k])


def _one_change_expected_anywhere(prepared, tampered, k):
    return max(0, _measured_over_all_one_expected(prepared, tampered, k))


def _argmax_of_nothing_anywhere(prepared, tampered, k):
    return max(0, _measured_over_all_by_argmax(prepared, tampered, k))


def _last_change(prepared, tampered, k):
    changed = np.flatnonzero(prepared[:k] != tampered[:k])
    return k - changed[-1] if len(changed) else 0


def _future_counted(prepared, tampered, k):
    return np.sum(prepared != tampered)


def _off_by_one(prepared, tampered, k):
    changed = np.flatnonzero(prepared[:k] != tampered[:k])
    return k - 1 - changed[0] if len(changed) else 0


def _tampered_pair(prepare, k, n=30):
    """Prepare a series, and the same series with its values from ``k`` on replaced."""
    series = np.random.default_rng(k).normal(size=n)
    other = np.append(series[:k], np.random.default_rng(k + 1).normal(size=n - k))
    return prepare(series), prepare(other), k


def _gappy(series):
    """Every third value is the one seven steps later, the rest is 0: few values change, but far before k."""
    ahead = np.append(series[7:], np.zeros(7))
    return np.where(np.arange(len(series)) % 3 == 0, ahead, 0.0)


def _lagged(series):
    return np.append(series[:2], series[:-2])


_HONEST = (
    Case(*_tampered_pair(lambda s: trailing_mean(s, 4), 12)),
    Case(*_tampered_pair(_lagged, 14)),  # the first change comes at k + 2
    Case(*_tampered_pair(lambda s: np.arange(len(s)) % 12.0, 9)),  # the month of the year: no change at all
)
_LOOKS_AHEAD = (
    Case(*_tampered_pair(lambda s: _centred_mean(s, 3), 12)),
    Case(*_tampered_pair(lambda s: _leading_mean(s, 6), 17)),
    Case(*_tampered_pair(_gappy, 20)),
)
_SCALED_ON_ALL = Case(*_tampered_pair(lambda s: (s - s.mean()) / s.std(), 9))


def purge(train_target_index, test_target_index, horizon):
    """Mark the training windows none of whose targets lies in the test period."""
    last_target = train_target_index + horizon - 1  # (N,) each window has the targets i … i + horizon - 1
    return last_target < test_target_index.min()  # (N,)


def _purges_one_too_many(train_target_index, test_target_index, horizon):
    return train_target_index + horizon < test_target_index.min()


def _purges_one_too_few(train_target_index, test_target_index, horizon):
    return train_target_index + horizon - 1 <= test_target_index.min()


def _forgets_the_horizon(train_target_index, test_target_index, horizon):
    return train_target_index < test_target_index.min()


def _marks_the_overlap(train_target_index, test_target_index, horizon):
    return ~purge(train_target_index, test_target_index, horizon)


def _counts_from_the_last(train_target_index, test_target_index, horizon):
    return np.arange(len(train_target_index)) < len(train_target_index) - horizon


def _only_exact_matches(train_target_index, test_target_index, horizon):
    return ~np.isin(train_target_index + horizon - 1, test_target_index[:1])


def _gap_of_two_horizons(train_target_index, test_target_index, horizon):
    return train_target_index + 2 * horizon - 1 < test_target_index.min()


def _is_too_strict(came, expected):
    """Every window that is kept may stay, but in some case others might have stayed too."""
    pairs = list(zip(came, expected, strict=True))
    return all((c <= e).all() for c, e in pairs) and any((c < e).any() for c, e in pairs)


def _gap_of_half_a_horizon(train_target_index, test_target_index, horizon):
    return train_target_index + horizon // 2 < test_target_index.min()


def _is_too_lax(came, expected):
    return _is_too_strict(expected, came)


EXERCISES = (
    Exercise(
        "01.make_windows",
        "Cut a series into windows",
        reference=make_windows,
        returns="X, y",
        parts=[
            Part("`X` holds every window that has a next value", 1, Case(_TEN, 3), of="X"),
            Part("`y` holds the value right after each window", 1, Case(_TEN, 3), of="y"),
            Part("any series, any window", 1, Case(_NOISE, 1), Case(_NOISE, 7), Case(_TEN, 8)),
        ],
        hints=[
            "Write down by hand, for the series 0, 1, 2, 3, 4 and `window` 3, every window and its target. "
            "How many are there?",
            "There are `N = len(series) - window` windows. Window `i` starts at index `i`; "
            "its target is the first value that it does not contain.",
            "`np.stack` makes a (N, T) array of a list of slices. An index `np.newaxis` adds the last axis.",
            "`series[i : i + window]` is window `i`, and all targets together are `series[window:]`.",
        ],
        wrong=[
            Wrong(
                _one_window_too_many,
                "There is one window too many: the last one has no next value to forecast.",
            ),
            Wrong(
                _one_window_without_target,
                "There is one window too many: the last one has no next value to forecast.",
            ),
            Wrong(
                _one_window_too_few,
                "There is one window too few: the last value of the series is never used as a target.",
            ),
            Wrong(
                _target_inside,
                "Each target is the last value of its own window, so there is nothing left to forecast.",
            ),
            Wrong(
                _target_is_the_first,
                "Each target is the first value of its own window, so there is nothing left to forecast.",
            ),
            Wrong(
                _target_inside_every_window,
                "Each target is the last value of its own window, so there is nothing left to forecast; "
                "and that makes one window more than there are next values.",
            ),
            Wrong(
                _windows_reach_the_target,
                "The windows are one value too long: each ends with its own target, "
                "so there is nothing left to forecast.",
            ),
            Wrong(
                _windows_one_too_short,
                "The windows are one value too short: the value right before the target is left out.",
            ),
            Wrong(
                _target_one_too_late,
                "The targets come one step too late: between each window and its target a value is skipped.",
            ),
            Wrong(_time_reversed, "Time runs backwards inside the windows: the newest value comes first."),
            Wrong(
                _no_overlap,
                "The windows do not overlap: the next one should start one step later, not one window later.",
            ),
        ],
    ),
    Exercise(
        "01.split_by_time",
        "Split windows by time",
        reference=split_by_time,
        returns="train, test",
        parts=[
            Part("`train`", 1, Case(np.arange(4, 24), 15), Case(np.arange(16, 60), 48), of="train"),
            Part("`test`", 1, Case(np.arange(4, 24), 15), Case(np.arange(16, 60), 48), of="test"),
        ],
        hints=[
            "A window belongs where its *target* lies. `target_index` says where that is, in the series.",
            "Compare `target_index` with `at`. A comparison of an array gives an array of True and False.",
            "The value at index `at` itself is the first one of the test part; "
            "so one comparison is `<` and the other is `>=`.",
        ],
        wrong=[
            Wrong(
                _border_trains,
                "The window whose target is at index `at` trains; that value is the first of the test part.",
            ),
            Wrong(
                _border_one_too_early,
                "The border is one step too early: the value before index `at` still belongs to training.",
            ),
            Wrong(_border_in_both, "One window is in both parts: the one whose target is at index `at`."),
            Wrong(
                _border_in_neither, "One window is in neither part: the one whose target is at index `at`."
            ),
            Wrong(
                _counts_windows,
                "`at` is an index into the series. Here it is used as a number of windows, "
                "and the first window's target is not at index 0.",
            ),
            Wrong(
                _positions,
                "These are the positions of the windows. Asked for is, for *every* window, True or False.",
            ),
            Wrong(
                _positions_in_tuples,
                "These are the positions of the windows. Asked for is, for *every* window, True or False.",
            ),
            Wrong(
                _the_targets_themselves,
                "These are the target indices themselves, sorted into two parts. "
                "Asked for is, for *every* window, True or False.",
            ),
            Wrong(_swapped, "The two parts are swapped: this trains on the future and tests on the past."),
            Wrong(
                _shuffled,
                "The sizes are right, but windows are picked at random: "
                "training windows have neighbours in the test part that are nearly the same.",
                recognise=_is_shuffled,
            ),
        ],
    ),
    Exercise(
        "01.scale_with_train",
        "Scale without looking ahead",
        reference=scale_with_train,
        returns="scaled",
        parts=[
            Part("the training part has mean 0 and standard deviation 1", 1, test=_train_is_standard),
            Part("the whole series, in that same scale", 1, Case(_RISING, 30), Case(_NOISE, 25)),
        ],
        hints=[
            "On the day the model is trained, which values of the series exist?",
            "Take the mean and the standard deviation of `series[:at]`.",
            "Use those two numbers for every value of `series`: subtract the mean, divide by the deviation.",
        ],
        wrong=[
            Wrong(
                _scaled_with_the_future,
                "The mean and the standard deviation are those of the whole series, "
                "so the future leaks into the training part.",
            ),
            Wrong(
                _spread_of_the_whole,
                "The mean is that of the training part, but the standard deviation still knows the future.",
            ),
            Wrong(
                _mean_of_the_whole,
                "The standard deviation is that of the training part, but the mean still knows the future.",
            ),
            Wrong(
                _one_value_too_many,
                "The statistics include one value of the test part, the one at index `at`.",
            ),
            Wrong(
                _brackets_missing,
                "Only the mean is divided by the deviation; the division comes after the subtraction.",
            ),
            Wrong(
                _multiplied,
                "The values are multiplied by the deviation, so their spread is not 1 but its square.",
            ),
            Wrong(
                _each_part_its_own,
                "The test part is scaled with statistics of its own: the two parts now have different units, "
                "and a shift between them is gone.",
            ),
            Wrong(_scaled_with_test, "The statistics come from the test part, from after the split."),
            Wrong(
                _min_max,
                "This scales to the range 0 to 1. Asked for is: mean 0 and standard deviation 1 in training.",
            ),
            Wrong(_not_divided, "The mean is right, but the values keep their old spread."),
            Wrong(
                _divided_by_variance, "The values are divided by the variance, which has the unit squared."
            ),
            Wrong(
                _sample_std,
                "This is the standard deviation with n − 1 (`ddof=1`). "
                "The course uses n, so that the training part comes out with exactly 1.",
            ),
            Wrong(_only_train, "Only the training part came back. The test part needs the same scale."),
        ],
    ),
    Exercise(
        "01.trailing_mean",
        "Smooth without looking ahead",
        reference=trailing_mean,
        returns="smooth",
        parts=[
            Part("changing the future leaves the past alone", 1, test=_past_stays_put),
            Part(
                "the mean of the last `width` values, the present one included",
                1,
                Case(np.array([1.0, 2, 4, 8, 16, 32]), 3),
                Case(_NOISE, 5),
            ),
        ],
        hints=[
            "Which values of the series are known at time t? Only those may enter `smooth[t]`.",
            "The `width` values that end at t are `series[t - width + 1 : t + 1]`.",
            "At the start there are fewer: let the slice begin at `max(0, t - width + 1)` and take its mean.",
        ],
        wrong=[
            Wrong(
                _centred_mean,
                "The mean is centred: half of the values it averages lie after t and are not known yet.",
            ),
            Wrong(
                _centred_with_zeros,
                "The mean is centred, so half of the values it averages lie after t; "
                "and beyond both ends it takes zeros.",
            ),
            Wrong(_leading_mean, "The mean runs forwards from t: it averages the future."),
            Wrong(_without_the_present, "The present value is left out, although it is known at time t."),
            Wrong(
                _stops_before_the_present,
                "The slices stop before t: the present value is left out, although it is known, "
                "and the first slice is empty.",
            ),
            Wrong(_one_too_wide, "One value too many is averaged."),
            Wrong(
                _zeros_before_the_start,
                "At the start, missing values count as zeros and pull the mean down. Average what there is.",
            ),
            Wrong(
                _raw_start,
                "The first values are left raw: where there are fewer than `width`, average what there is.",
            ),
            Wrong(
                _zero_start,
                "The first values stay 0: where there are fewer than `width`, average what there is.",
            ),
            Wrong(
                _empty_start,
                "The first values are NaN: where there are fewer than `width`, average what there is. "
                "(A slice that begins below index 0 is empty: it counts from the end.)",
            ),
            Wrong(
                _start_left_out,
                "The first values are left out: where there are fewer than `width`, average what there is.",
            ),
            Wrong(_mean_of_all_past, "This averages everything since the start; `width` is not used."),
            Wrong(_sums, "These are sums, not means."),
        ],
    ),
    Exercise(
        "01.find_the_leak",
        "Catch a preparation looking ahead",
        reference=find_the_leak,
        returns="steps",
        parts=[
            Part("an honest preparation looks 0 steps ahead", 1, *_HONEST),
            Part("a leak is found, and how far it looks", 1, *_LOOKS_AHEAD, _SCALED_ON_ALL),
        ],
        hints=[
            "Only the values from index `k` on were changed. "
            "What does it mean when a *prepared* value before `k` is another one?",
            "Compare `prepared[:k]` with `tampered[:k]`. The earliest one that moved has looked "
            "furthest ahead.",
            "`np.flatnonzero(a != b)` gives the indices where two arrays differ. "
            "If it is empty the answer is 0. From index `i` it is `k - i` steps to the first changed value.",
        ],
        wrong=[
            Wrong(
                _future_counted,
                "Values from index `k` on are counted too, but those are allowed to change.",
            ),
            Wrong(
                _present_counted,
                "The prepared value at index `k` is taken for a leak, but it may know the value at `k`.",
            ),
            Wrong(
                _counts_changes,
                "This is how many values changed. A preparation can look far ahead and change only a few.",
            ),
            Wrong(_first_change, "This is where the first change is, not how far it is from there to `k`."),
            Wrong(
                _first_change_anywhere,
                "This is where the first change is, not how far it is from there to `k`.",
            ),
            *(
                Wrong(
                    function,
                    "The first change is looked for in the whole series. From index `k` on changes are "
                    "allowed: a preparation that lags has its first one after `k`, another one none at all.",
                )
                for function in (
                    _measured_over_all,
                    _measured_over_all_one_expected,
                    _measured_over_all_by_argmax,
                    _distance_over_all,
                )
            ),
            *(
                Wrong(
                    function,
                    "Nothing may have changed, and then there is no first change to take the index of.",
                )
                for function in (_one_change_expected, _one_change_expected_anywhere)
            ),
            *(
                Wrong(
                    function,
                    "Where nothing has changed, `np.argmax` gives 0, as if the very first value had.",
                )
                for function in (_argmax_of_nothing, _argmax_of_nothing_anywhere)
            ),
            Wrong(
                _last_change,
                "This measures from the latest change before `k`. Another one looks further ahead.",
            ),
            Wrong(_off_by_one, "One step short: a value at `k - 1` that knows the one at `k` looks 1 ahead."),
        ],
    ),
    Exercise(
        "01.purge",
        "Purge overlapping targets",
        reference=purge,
        returns="keep",
        parts=[
            Part("one step ahead, nothing overlaps", 1, Case(np.arange(8, 20), np.arange(20, 30), 1)),
            Part(
                "several steps ahead",
                1,
                Case(np.arange(8, 20), np.arange(20, 30), 4),
                Case(np.arange(5, 55), np.arange(60, 80), 9),
            ),
        ],
        hints=[
            "A window whose first target is at index i has the targets i, i + 1, … How many, and "
            "which is the last?",
            "The last target is at `i + horizon - 1`. Where does the test period begin?",
            "Keep a window if its last target comes *before* `test_target_index.min()`: one "
            "comparison of arrays.",
        ],
        wrong=[
            Wrong(
                _forgets_the_horizon,
                "Every window is kept, also those whose last targets lie in the test period.",
            ),
            Wrong(
                _purges_one_too_many,
                "One window too many is purged: the one whose last target comes just before the test period.",
            ),
            Wrong(
                _purges_one_too_few,
                "One window too few is purged: one has a target at the very first index of the test period.",
            ),
            Wrong(_marks_the_overlap, "The mask is the wrong way round: it marks the windows to throw away."),
            Wrong(
                _counts_from_the_last,
                "The last `horizon` windows are dropped, wherever the test period begins.",
            ),
            Wrong(
                _only_exact_matches,
                "Only windows that end exactly where the test period begins are dropped; "
                "others reach further into it.",
            ),
            Wrong(
                _gap_of_two_horizons,
                "The gap is too wide: some windows are purged all of whose targets come before the "
                "test period.",
                recognise=_is_too_strict,
            ),
            Wrong(
                _gap_of_half_a_horizon,
                "The gap is too narrow: some windows are kept that have a target in the test period.",
                recognise=_is_too_lax,
            ),
        ],
    ),
)
