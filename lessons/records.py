"""Results of runs that a lesson cannot pay for: scripts under benchmarks/ write them, lessons show them."""

import json
from pathlib import Path

from lessons.tables import Table

FOLDER = Path(__file__).parent / "records"


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
