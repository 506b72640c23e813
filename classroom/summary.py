"""What the teacher looks at after grading: students by exercises, common mistakes, similar answers."""

import csv
import html
import re
import statistics

from classroom import batch
from classroom.grading import CHECK
from classroom.similarity import similar
from classroom.submission import is_answer, nbgrader_of, source_of
from lessons.exercises import REGISTRY
from lessons.exercises.cards import _inline

STATUSES = ("passed", "partly", "not yet", "not attempted")


def summarise(course, lessons=None):
    """Write the tables and the page of a course into its folder ``summary``.

    Parameters
    ----------
    course : Course
    lessons : list of str, optional
        All that are released, by default.

    Returns
    -------
    list of Path
        points.csv, exercises.csv, similar.csv, index.html
    """
    from classroom.gradebook import marks

    lessons = [lesson for lesson in lessons or course.lessons if course.release(lesson).is_file()]
    columns = {lesson: exercises(course.released(lesson)) for lesson in lessons}
    graded = {lesson: batch.records(course, lesson) for lesson in lessons}
    scores = marks(course)
    tables = {
        "points.csv": points_table(columns, scores),
        "exercises.csv": exercise_table(columns, graded),
        "similar.csv": similar_table(course, lessons, graded),
    }
    folder = course.root / "summary"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)
    for name, rows in tables.items():
        write_csv(folder / name, rows)
    page = _page(course.root.name, tables, columns, graded, scores)
    (folder / "index.html").write_text(page, encoding="utf-8")
    return [folder / name for name in (*tables, "index.html")]


def exercises(released):
    """Return [(exercise id, grade_id, points)] of a released notebook, in order."""
    found = []
    for cell in released["cells"]:
        mark = nbgrader_of(cell)
        if mark.get("grade"):
            check = CHECK.search(source_of(cell))
            found.append((check[1] if check else mark["grade_id"], mark["grade_id"], float(mark["points"])))
    return found


def points_table(columns, scores):
    """Return rows: students by exercises, with a total for each lesson and for all. Empty: not handed in."""
    head, most = ["student"], ["(points)"]
    for lesson, cells in columns.items():
        head += [*(id for id, _, _ in cells), lesson]
        most += [*(points for _, _, points in cells), sum(points for _, _, points in cells)]
    rows = [[*head, "total"], [*most, sum(p for cells in columns.values() for _, _, p in cells)]]
    for student in sorted(scores):
        row, total = [student], 0.0
        for lesson, cells in columns.items():
            mark = scores[student].get(lesson)
            row += [mark["cells"].get(cell, 0.0) if mark else "" for _, cell, _ in cells]
            row.append(mark["score"] if mark else "")
            total += mark["score"] if mark else 0.0
        rows.append([*row, total])
    return rows


def exercise_table(columns, graded):
    """Return rows: for each exercise how many got how far, and how common each known mistake was."""
    rows = [["exercise", "title", "handed in", *STATUSES, "mean share", "mistake", "students"]]
    for lesson, cells in columns.items():
        for id, _, _ in cells:
            rows += _statistics(id, graded[lesson].values())
    return rows


def _statistics(id, records):
    grades = [grade for record in records for grade in record["grades"] if grade["id"] == id]
    counts = [sum(grade["status"] == status for grade in grades) for status in STATUSES]
    shares = [grade["points"] / grade["max_points"] for grade in grades if grade["max_points"]]
    mean = round(statistics.mean(shares), 3) if shares else ""
    first = [id, REGISTRY[id].title if id in REGISTRY else "", len(grades), *counts, mean]
    made = [diagnosis for grade in grades for diagnosis in grade.get("diagnoses", [])]
    often = sorted(set(made), key=lambda diagnosis: (-made.count(diagnosis), diagnosis))
    unknown = sum(g["status"] in ("partly", "not yet") and not g.get("diagnoses") for g in grades)
    lines = [[diagnosis, made.count(diagnosis)] for diagnosis in often]
    lines += [["(none of the known ones)", unknown]] if unknown else []
    blank = [""] * len(first)
    return [[*(blank if i else first), *line] for i, line in enumerate(lines or [["", ""]])]


def similar_table(course, lessons, graded):
    """Return rows: pairs of answers that a human should look at."""
    answers, stubs = {}, {}
    for lesson in lessons:
        for cell in course.released(lesson)["cells"]:
            if is_answer(cell):
                id = nbgrader_of(cell)["grade_id"].removesuffix("-answer").replace("-", ".", 1)
                stubs[id] = source_of(cell)
        for student, record in graded[lesson].items():
            for grade in record["grades"]:
                if grade["status"] != "not attempted":
                    answers.setdefault(grade["id"], {})[student] = grade["shapes"]
    rows = [["exercise", "student", "other student", "share in common", "statements in common"]]
    return rows + [[*pair[:3], round(pair.share, 2), pair.statements] for pair in similar(answers, stubs)]


def write_csv(path, rows):
    """Write a table; a text that a spreadsheet would run as a formula gets an apostrophe before it."""
    with open(path, "w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows([[safe(value) for value in row] for row in rows])


def safe(value):
    """Return a value that a spreadsheet shows and does not execute."""
    return "'" + value if type(value) is str and re.match(r"[=+@\t\r]|-.", value) else value


# --- the page -----------------------------------------------------------------------------------

STYLE = """
body{font-family:system-ui,sans-serif;margin:2em;line-height:1.4;color:#222;background:#fff}
body{overflow-wrap:anywhere}table{overflow-wrap:normal}pre{white-space:pre-wrap}
table{border-collapse:collapse;margin:1em 0;display:block;max-width:100%;overflow-x:auto}
caption{text-align:left;font-weight:600;padding:.3em 0}
th,td{border:1px solid #bbb;padding:.2em .5em;text-align:right}th{background:#eee}
td.text,th.text{text-align:left}td.note{text-align:left;max-width:60em}
.full{background:#d5efe6}.some{background:#fdf0d5}.none{background:#f7dccf}.absent{color:#777}
"""


def _page(title, tables, columns, graded, scores):
    parts = [f"<h1>{html.escape(title)}: summary</h1>", _points_html(columns, scores)]
    parts.append(_table("How the exercises went", tables["exercises.csv"], text=(0, 1, 8, 10)))
    if len(tables["similar.csv"]) > 1:
        parts.append(
            "<p>The answers below are alike beyond variable names and layout, in statements that are neither "
            "in the stub nor in the published solution, and rare in this class; or alike to the published "
            "solution itself. That is a reason to look, and no proof of anything.</p>"
        )
    parts.append(_table("Similar answers", tables["similar.csv"], text=(0, 1, 2)))
    notes = [["lesson", "student", "what was noted"]]
    notes += [
        [le, s, note] for le, records in graded.items() for s, r in records.items() for note in r["notes"]
    ]
    parts.append(_table("What was amiss with submissions", notes, text=(0, 1, 2)))
    return document(f"{title}: summary", "\n".join(parts))


def document(title, body):
    """Return a page that stands alone: no script, nothing loaded from anywhere."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _points_html(columns, scores):
    tables = []
    for lesson, cells in columns.items():
        head = "".join(f'<th scope="col">{html.escape(id)}<br>{points:g}</th>' for id, _, points in cells)
        rows = [
            f'<tr><th class="text" scope="row">{html.escape(student)}</th>{_row_html(cells, of)}</tr>'
            for student, of in ((student, scores[student].get(lesson)) for student in sorted(scores))
        ]
        total = sum(points for _, _, points in cells)
        tables.append(
            f'<table><caption>{html.escape(lesson)}</caption><tr><th class="text">student</th>{head}'
            f"<th>total<br>{total:g}</th></tr>{''.join(rows)}</table>"
        )
    return "\n".join(tables)


def _row_html(cells, mark):
    if mark is None:
        return f'<td class="absent" colspan="{len(cells) + 1}">nothing handed in</td>'
    row = []
    for _, cell, points in cells:
        score = mark["cells"].get(cell, 0.0)
        kind = "full" if score >= points else "some" if score > 0 else "none"
        row.append(f'<td class="{kind}">{score:g}</td>')
    late = f" (−{mark['penalty']:g} late)" if mark["penalty"] else ""
    return "".join(row) + f"<td>{mark['score']:g}{late}</td>"


def _table(caption, rows, text=()):
    head, *body = rows
    if not body:
        return f"<p>{html.escape(caption)}: none.</p>"
    looks = [' class="text"' if i in text else "" for i in range(len(head))]
    cells = "".join(
        f'<th scope="col"{k}>{html.escape(str(v))}</th>' for v, k in zip(head, looks, strict=True)
    )
    lines = [
        "".join(f"<td{k}>{_inline(str(value))}</td>" for value, k in zip(row, looks, strict=True))
        for row in body
    ]
    lines = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><caption>{html.escape(caption)}</caption><tr>{cells}</tr>{lines}</table>"
