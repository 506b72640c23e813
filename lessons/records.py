"""Results of runs that a lesson cannot pay for: scripts under benchmarks/ write them, lessons show them."""

import json
from pathlib import Path

import numpy as np

from lessons.gates import marker_lstm
from lessons.rnn import GRU, LSTM
from lessons.tables import Table
from lessons.wrappers import Centred, LinearSkip

FOLDER = Path(__file__).parent / "records"
NETS = {  # name and file
    "LSTM": "raw",
    "LSTM centred": "centred",
    "LSTM centred + skip": "centred-skip",
    "GRU": "gru",
    "LSTM on markers": "markers",
}
ROLLED = tuple(NETS)[:3]  # whose rollouts are kept, too
SEEDS = dict.fromkeys(NETS, range(5)) | {"LSTM on markers": range(5, 10)}


def recorded(name):
    """Show the result of earlier runs, with all that is needed to run them again.

    Parameters
    ----------
    name : str
        As ``"03_fresh_series"``.

    Returns
    -------
    Table
        Its caption names recipe, seeds, series and the script that wrote it.

    Raises
    ------
    ValueError
        If there is no such record; names those there are.
    """
    path = FOLDER / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in FOLDER.glob("*.json"))) or "none"
        raise ValueError(f"name must be one of {known}, got {name!r}")
    record = json.loads(path.read_text(encoding="utf-8"))
    facts = " · ".join(f"{key}: {record[key]}" for key in ("series", "recipe", "seeds"))
    caption = f"{record['caption']}. {facts} · runs again with {record['script']}"
    return Table(record["heads"], record["rows"], caption)


def write(name, *, caption, series, recipe, seeds, heads, rows, script):
    """Keep the result of runs under a name, for `recorded`.

    Parameters
    ----------
    name : str
        Begins with the lesson's number, as ``"03_fresh_series"``.
    caption : str
        What the table shows, without a full stop.
    series, recipe, seeds : str
        On which series, trained how, with which seeds.
    heads : list of str
    rows : list of lists of str
        A name and its values each, rounded as they are to be read.
    script : str
        What writes it, as ``"benchmarks/record_03.py"``.
    """
    record = {"caption": caption, "series": series, "recipe": recipe, "seeds": seeds, "script": script}
    record |= {"heads": heads, "rows": [[str(value) for value in row] for row in rows]}
    text = json.dumps(record, indent=1, ensure_ascii=False)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def trained_nets(name):
    """Read nets that were trained beforehand, one for each of five seeds.

    All but those on markers were trained on the train part of `trend_and_seasons()`, have 32 hidden units and
    forecast one step ahead from windows of 60, in the unit of ``Standardizer().fit(y[:630])``.
    benchmarks/train_nets.py made the files, and says how.

    Parameters
    ----------
    name : str
        "LSTM", "GRU": on windows as they are. "LSTM centred": on windows less their means, all else the same.
        "LSTM centred + skip": so too, with a linear skip, input jitter and a falling step size.
        "LSTM on markers": `marker_lstm`, on the windows of `marker_task()`.

    Returns
    -------
    list of forecaster
        New ones at each call, by seed 0 ... 4; on markers 5 ... 9.

    Raises
    ------
    ValueError
        If there are no such nets.
    """
    if name not in NETS:
        raise ValueError(f"name must be one of {', '.join(map(repr, NETS))}, got {name!r}")
    return [_read(name, seed) for seed in SEEDS[name]]


def recorded_rollouts(name, noise=0):
    """Read what the LSTMs of `trained_nets` forecast, 200 steps from each of 71 origins.

    Parameters
    ----------
    name : str
        "LSTM", "LSTM centred" or "LSTM centred + skip".
    noise : int
        On the first window, in standard deviations of the series' own: 0 to 3.

    Returns
    -------
    ndarray of shape (5, 71, 200)
        By seed and origin (630 ... 700), scaled like what the nets read, and rounded: to a 1,000th of the
        largest.

    Raises
    ------
    ValueError
        If there are no such nets, or no such noise.
    """
    for what, value, known in (("name", name, ROLLED), ("noise", noise, range(4))):
        if value not in known:
            raise ValueError(f"{what} must be one of {', '.join(map(repr, known))}, got {value!r}")
    with np.load(FOLDER / "rollouts.npz") as file:
        return file[name][noise] * float(file[f"{name}, unit"])


def _read(name, seed):
    file, options = FOLDER / f"{NETS[name]}-{seed}.npz", {"seed": seed, "dtype": np.float32}
    if name == "LSTM on markers":
        net = marker_lstm(seed)
    else:
        net = GRU(1, 32, **options) if name == "GRU" else LSTM(1, 32, **options)
    with np.load(file) as kept:
        for weights, p in net.params.items():
            p[...] = kept[weights]
    if "centred" not in name:
        return net
    if name == "LSTM centred":
        return Centred(net)
    skip = LinearSkip(net)
    skip._W_skip = np.load(file.with_name(f"{file.stem}-skip.npy"))
    return Centred(skip)
