"""Exercises of lesson 01: windows, an honest split, and leaks."""

import numpy as np

from lessons.exercises.declare import Case, Exercise, Part, Slip, Wrong

_rng = np.random.default_rng(1)
_TEN = np.arange(10.0)
_NOISE = _rng.normal(size=40)
_RISING = 3 + 0.1 * np.arange(40) + _rng.normal(size=40)
_WINDOWS = (Case(_TEN, 3), Case(_NOISE[:9], 4))


def make_windows(series, window):
    """Cut a series into windows and the value that follows each."""
    N = len(series) - window
    X = np.stack([series[i : i + window] for i in range(N)])  # (N, T)
    y = series[window:]  # (N,)
    return X[:, :, np.newaxis], y[:, np.newaxis]  # (N, T, 1), (N, 1)


_TOO_MANY = "There is one window too many: the last one has no next value to forecast."

_MAKE_WINDOWS_SLIPS = [
    Slip(
        _TOO_MANY,
        {
            "len(series) - window": "len(series) - window + 1",
            "y = series[window:]": "y = np.append(series[window:], series[-1])",
        },
    ),
    Slip(_TOO_MANY, {"len(series) - window": "len(series) - window + 1"}),
    Slip(
        "There is one window too few: the last value of the series is never used as a target.",
        {"len(series) - window": "len(series) - window - 1", "series[window:]": "series[window:-1]"},
    ),
    Slip(
        "Each target is the last value of its own window, so there is nothing left to forecast.",
        {"series[window:]": "series[window - 1 : -1]"},
    ),
    Slip(
        "Each target is the first value of its own window, so there is nothing left to forecast.",
        {"series[window:]": "series[:N]"},
    ),
    Slip(
        "Each target is the last value of its own window, so there is nothing left to forecast; "
        "and that makes one window more than there are next values.",
        {"len(series) - window": "len(series) - window + 1", "series[window:]": "series[window - 1 :]"},
    ),
    Slip(
        "The windows are one value too long: each ends with its own target, "
        "so there is nothing left to forecast.",
        {"i + window]": "i + window + 1]"},
    ),
    Slip("The windows are one value too short: the newest is left out.", {"i + window]": "i + window - 1]"}),
    Slip(
        "The targets come one step too late: between each window and its target a value is skipped.",
        {"len(series) - window": "len(series) - window - 1", "series[window:]": "series[window + 1 :]"},
    ),
    Slip("Time runs backwards inside the windows: the newest value comes first.", {"X[:, :,": "X[:, ::-1,"}),
    Slip(
        "The windows do not overlap: the next one should start one step later, not one window later.",
        {"range(N)": "range(0, N, window)", "series[window:]": "series[window::window]"},
    ),
    Slip("Targets have two axes, (N, 1): one a window is a column still.", {", y[:, np.newaxis]": ", y"}),
    Slip("Windows have three axes, (N, T, 1): one feature has an axis too.", {"X[:, :, np.newaxis]": "X"}),
]

MAKE_WINDOWS = Exercise(
    "01.make_windows",
    "Cut a series into windows",
    reference=make_windows,
    returns="X, y",
    parts=[
        Part("`X` holds every window that has a next value", 1, *_WINDOWS, of="X"),
        Part("`y` holds the value right after each window", 1, *_WINDOWS, of="y"),
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
    wrong=_MAKE_WINDOWS_SLIPS,
)


def split_by_time(target_index, at):
    """Split windows into those whose target lies before ``at`` and those whose target does not."""
    train = target_index < at  # (N,)
    test = target_index >= at  # (N,)
    return train, test


_EVERY_WINDOW = "Asked for is, for *every* window, True or False."


def _shuffled(target_index, at):
    train = np.random.default_rng(0).permutation(target_index < at)
    return train, ~train


def _is_shuffled(came, expected):
    """As many True as expected in every case, each window in one part, but other windows."""
    sizes = all(c[0].sum() == e[0].sum() and (c[0] ^ c[1]).all() for c, e in zip(came, expected, strict=True))
    mixed = any((c[0][:-1] < c[0][1:]).any() and (c[0][:-1] > c[0][1:]).any() for c in came)
    return bool(sizes and mixed)


_SPLITS = (
    Case(np.arange(4, 24), 15),
    Case(np.arange(16, 60), 48),
    Case(np.array([3, 4, 5, 9, 10, 13, 14, 15, 16, 20]), 14),  # windows with gaps left out
    Case(np.array([8, 12, 5, 14, 6, 13, 9, 7, 11, 10]), 11),  # and in any order
    Case(np.random.default_rng(11).permutation(40)[:15], 17),
)

_SPLIT_BY_TIME_SLIPS = [
    Slip("The first test target, at `at`, is in the training part.", {"< at": "<= at", ">= at": "> at"}),
    Slip(
        "The border is one step too early: the value before index `at` still belongs to training.",
        {"< at": "< at - 1", ">= at": ">= at - 1"},
    ),
    Slip("One window is in both parts: the one whose target is at index `at`.", {"< at": "<= at"}),
    Slip("One window is in neither part: the one whose target is at index `at`.", {">= at": "> at"}),
    Slip(
        "`at` is an index into the series. Here it is used as a number of windows, "
        "and the first window's target is not at index 0.",
        {
            "target_index < at": "np.arange(len(target_index)) < at",
            "target_index >= at": "np.arange(len(target_index)) >= at",
        },
    ),
    Slip(
        "The windows are split by where they *begin*. What must not cross the border is their targets.",
        {
            "target_index < at": "target_index - target_index[0] < at",
            "target_index >= at": "target_index - target_index[0] >= at",
        },
    ),
    Slip(
        "This counts on windows that follow each other in order of time, without a gap. "
        "Each window's own target index says where it belongs.",
        {
            "target_index < at": "np.arange(len(target_index)) < at - target_index[0]",
            "target_index >= at": "np.arange(len(target_index)) >= at - target_index[0]",
        },
    ),
    Slip(
        f"These are the positions of the windows. {_EVERY_WINDOW}",
        {
            "target_index < at": "np.flatnonzero(target_index < at)",
            "target_index >= at": "np.flatnonzero(target_index >= at)",
        },
    ),
    Slip(
        f"These are the positions of the windows. {_EVERY_WINDOW}",
        {
            "target_index < at": "np.where(target_index < at)",
            "target_index >= at": "np.where(target_index >= at)",
        },
    ),
    Slip(
        f"These are the target indices themselves, sorted into two parts. {_EVERY_WINDOW}",
        {
            "target_index < at": "target_index[target_index < at]",
            "target_index >= at": "target_index[target_index >= at]",
        },
    ),
    Slip(
        f"The array is cut at position `at`, but `at` is a step of the series. {_EVERY_WINDOW}",
        {"target_index < at": "target_index[:at]", "target_index >= at": "target_index[at:]"},
    ),
    Slip("The parts are swapped: this trains on the future.", {"return train, test": "return test, train"}),
    Wrong(
        _shuffled,
        "The sizes are right, but windows are picked at random: "
        "training windows have neighbours in the test part that are nearly the same.",
        recognise=_is_shuffled,
    ),
]

SPLIT_BY_TIME = Exercise(
    "01.split_by_time",
    "Split windows by time",
    reference=split_by_time,
    returns="train, test",
    parts=[Part("`train`", 1, *_SPLITS, of="train"), Part("`test`", 1, *_SPLITS, of="test")],
    hints=[
        "A window belongs where its *target* lies. `target_index` says where that is, in the series.",
        "Compare `target_index` with `at`. A comparison of an array gives an array of True and False.",
        "The value at index `at` itself is the first one of the test part; "
        "so one comparison is `<` and the other is `>=`.",
    ],
    wrong=_SPLIT_BY_TIME_SLIPS,
)


def scale_with_train(series, at):
    """Scale a whole series with the mean and standard deviation of its training part alone."""
    mean = series[:at].mean()
    std = series[:at].std()
    return (series - mean) / std  # (n,)


def _each_part_its_own(series, at):
    parts = series[:at], series[at:]
    return np.concatenate([(part - part.mean()) / part.std() for part in parts])


def _train_is_standard(answer):
    """The training part itself must come out with mean 0 and standard deviation 1."""
    scaled = answer(_RISING, 30)[:30]
    if abs(scaled.mean()) > 1e-6:
        return f"the training part has mean {scaled.mean():.4g}, expected 0"
    if abs(scaled.std() - 1) > 1e-6:
        return f"the training part has standard deviation {scaled.std():.4g}, expected 1"
    return None


_SCALE_WITH_TRAIN_SLIPS = [
    Slip(
        "The mean and the standard deviation are those of the whole series, "
        "so the future leaks into the training part.",
        {"series[:at].mean()": "series.mean()", "series[:at].std()": "series.std()"},
    ),
    Slip("The standard deviation still knows the future.", {"series[:at].std()": "series.std()"}),
    Slip("The mean still knows the future.", {"series[:at].mean()": "series.mean()"}),
    Slip(
        "The statistics include one value of the test part, the one at index `at`.",
        {"[:at].mean()": "[: at + 1].mean()", "[:at].std()": "[: at + 1].std()"},
    ),
    Slip(
        "Only the mean is divided by the deviation; the division comes after the subtraction.",
        {"(series - mean) / std": "series - mean / std"},
    ),
    Slip(
        "The values are multiplied by the deviation, so their spread is not 1 but its square.",
        {"(series - mean) / std": "(series - mean) * std"},
    ),
    Wrong(
        _each_part_its_own,
        "The test part is scaled with statistics of its own: the two parts now have different units, "
        "and a shift between them is gone.",
    ),
    Slip("The statistics are those of the test part.", {"[:at].m": "[at:].m", "[:at].s": "[at:].s"}),
    Slip(
        "This scales to the range 0 to 1. Asked for is: mean 0 and standard deviation 1 in training.",
        {".mean()": ".min()", "series[:at].std()": "np.ptp(series[:at])"},
    ),
    Slip("The mean is right, but the values keep their old spread.", {" / std": ""}),
    Slip("The values are divided by the variance, which has the unit squared.", {".std()": ".var()"}),
    Slip(
        "This is the standard deviation with n − 1 (`ddof=1`). "
        "The course uses n, so that the training part comes out with exactly 1.",
        {".std()": ".std(ddof=1)"},
    ),
    Slip("Only the training part came back; the rest needs the scale too.", {"(series -": "(series[:at] -"}),
]

SCALE_WITH_TRAIN = Exercise(
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
    wrong=_SCALE_WITH_TRAIN_SLIPS,
)


def trailing_mean(series, width):
    """Smooth a series with the mean of the present value and those before it, ``width`` in all."""
    smooth = np.empty(len(series))  # (n,)
    for t in range(len(series)):
        first = max(0, t - width + 1)  # fewer values at the very start
        smooth[t] = series[first : t + 1].mean()
    return smooth


def _centred_with_zeros(series, width):
    return np.convolve(series, np.ones(width) / width, mode="same")


def _past_stays_put(answer):
    """Changing the future must not change the smoothed past."""
    changed = _NOISE.copy()
    changed[25:] += 100.0
    moved = np.abs(answer(_NOISE, 5)[:25] - answer(changed, 5)[:25]) > 1e-6
    if moved.any():
        return f"changing `series[25:]` changed smoothed values from index {int(moved.argmax())} on"
    return None


_START = "where there are fewer than `width`, average what there is."

_TRAILING_MEAN_SLIPS = [
    Slip(
        "The mean is centred: half of the values it averages lie after t and are not known yet.",
        {"t - width + 1": "t - width // 2", "first : t + 1": "first : t + width // 2 + 1"},
    ),
    Wrong(
        _centred_with_zeros,
        "The mean is centred, so half of the values it averages lie after t; "
        "and beyond both ends it takes zeros.",
    ),
    Slip("The mean runs forwards from t: it averages the future.", {"first : t + 1": "t : t + width"}),
    Slip(
        "The present value is left out, although it is known at time t.",
        {"t - width + 1": "t - width", "first : t + 1": "first : max(t, 1)"},
    ),
    Slip(
        "The slices stop before t: the present value is left out, although it is known, "
        "and the first slice is empty.",
        {"first : t + 1": "first : t"},
    ),
    Slip("One value too many is averaged.", {"t - width + 1": "t - width"}),
    Slip("At the start, what is missing counts as 0. Average what there is.", {".mean()": ".sum() / width"}),
    Slip(f"The first values are left raw: {_START}", {".mean()": ".mean() if t >= width - 1 else series[t]"}),
    Slip(
        f"The first values stay 0: {_START}",
        {"np.empty": "np.zeros", "range(len(series))": "range(width - 1, len(series))"},
    ),
    Slip(
        f"The first values are NaN: {_START} "
        "(A slice that begins below index 0 is empty: it counts from the end.)",
        {"max(0, t - width + 1)": "t - width + 1"},
    ),
    Slip(f"The first values are left out: {_START}", {"return smooth": "return smooth[width - 1 :]"}),
    Slip("This averages everything since the start; `width` is not used.", {"max(0, t - width + 1)": "0"}),
    Slip("These are sums, not means.", {".mean()": ".sum()"}),
]

TRAILING_MEAN = Exercise(
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
    wrong=_TRAILING_MEAN_SLIPS,
)

EXERCISES = (MAKE_WINDOWS, SPLIT_BY_TIME, SCALE_WITH_TRAIN, TRAILING_MEAN)
