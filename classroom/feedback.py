"""A page for each student and lesson: the cards of the notebook, with the diagnosis, beside the answers."""

import html

from classroom import batch, submission
from classroom.summary import document
from lessons.exercises.cards import _NOT_ATTEMPTED

_NAMES = ("timestamp.txt", "submission_secret.txt")  # nbgrader's exchange hands pages back by these


def write_feedback(course, lessons=None):
    """Write the pages into ``feedback/STUDENT/LESSON/LESSON.html``, where nbgrader expects them.

    Returns
    -------
    list of Path
    """
    from classroom.gradebook import marks

    scores, written = marks(course), []
    for lesson in lessons or course.lessons:
        for student, record in batch.records(course, lesson).items():
            mark = scores.get(student, {}).get(lesson)
            if mark is None:
                continue
            path = course.root / "feedback" / student / lesson / f"{lesson}.html"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(page(record, mark), encoding="utf-8")
            _copy_names(course, lesson, student, path.parent)
            written.append(path)
    return written


def page(record, mark):
    """Return a student's page, from the record of what was graded and the mark in the gradebook."""
    heading = f"{record['lesson']}: {mark['score']:g} of {mark['max_score']:g} points"
    parts = [f"<h1>{html.escape(heading)}</h1>", f"<p>Student: {html.escape(record['student'])}</p>"]
    if mark["penalty"]:
        parts.append(f"<p>Handed in late: {mark['penalty']:g} points taken off.</p>")
    if record["notes"]:
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in record["notes"])
        parts.append(f"<h2>About your notebook</h2><ul>{notes}</ul>")
    parts += [_exercise(grade, mark) for grade in record["grades"]]
    return document(heading, "\n".join(parts))


def _exercise(grade, mark):
    card = grade["html"].replace(_NOT_ATTEMPTED, "You handed in no answer to this exercise.")
    parts = [f"<h2>{html.escape(grade['id'])}</h2>", card]
    given = mark["cells"].get(grade["cell"], grade["points"])
    if given != grade["points"]:
        parts.append(f"<p>Your teacher gave {given:g} points.</p>")
    for cell in (grade["cell"], grade["cell"].removesuffix("-check") + "-answer"):
        if mark["comments"].get(cell):
            parts.append(f"<p>Your teacher says: {html.escape(mark['comments'][cell])}</p>")
    if grade["answer"]:
        parts.append(
            f"<details><summary>Your answer</summary><pre>{html.escape(grade['answer'])}</pre></details>"
        )
    return "\n".join(parts)


def _copy_names(course, lesson, student, folder):
    for name in _NAMES:
        try:
            data = submission.read_bytes(course.root / "submitted" / student / lesson / name)
        except submission.Unreadable:
            continue
        (folder / name).write_bytes(data[:1000])
