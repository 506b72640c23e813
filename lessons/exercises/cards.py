"""What a learner sees: cards for results, hints and solutions, as HTML and as plain text.

Cards take text colour and background from the page, so they read in light and dark themes. What a colour
says, a word and a sign say too.
"""

import html
import re

_LOOK = {  # status: colour (Okabe-Ito), sign, words
    "passed": ("#009E73", "✓", "Passed"),
    "partly": ("#E69F00", "◐", "Partly right"),
    "not yet": ("#D55E00", "✗", "Not yet"),
    "not attempted": ("#7F7F7F", "○", "Not attempted yet"),
    "unknown": ("#7F7F7F", "?", "Unknown exercise"),
    "broken": ("#7F7F7F", "!", "Check unavailable"),
}
_PLAIN_COLOUR = "#0072B2"
_NOT_ATTEMPTED = "Write your answer in the cell above, run it, then run this cell again."


def result_html(result):
    """Return the card of a `Result` as HTML."""
    colour, sign, words = _LOOK[result.status]
    points = _points(result)
    body = [f"<p>{_inline(note)}</p>" for note in _notes(result)]
    body += [f"<p><strong>Likely mistake:</strong> {_inline(text)}</p>" for text in result.diagnoses]
    if result.parts:
        body.append(
            f'<ul style="list-style:none;padding-left:0">{"".join(map(_part_html, result.parts))}</ul>'
        )
    if result.status in ("partly", "not yet"):
        body.append(f"<p>Stuck? {_inline(_help(result))}</p>")
    heading = f'<span aria-hidden="true">{sign}</span> {words}: {_inline(result.title or result.id)}'
    label = f"{words}: {result.id} {points}"
    return card(f"{heading}{points and f' · {points}'}", "".join(body), colour, label)


def result_text(result):
    """Return the card of a `Result` as plain text."""
    _, sign, words = _LOOK[result.status]
    points = _points(result)
    lines = [f"{sign} {words}: {result.id} {result.title}".rstrip() + (f" ({points})" if points else "")]
    lines += _notes(result)
    lines += [f"  Likely mistake: {text}" for text in result.diagnoses]
    lines += [f"  {'✗' if part.message else '✓'} {': '.join(_sentences(part))}" for part in result.parts]
    return "\n".join(lines)


def card(heading, body, colour=_PLAIN_COLOUR, label=""):
    """Return a card; ``heading`` and ``body`` are HTML, ``label`` is text for screen readers."""
    named = f' aria-label="{html.escape(label.strip())}"' if label else ""
    return (
        f'<div role="status"{named} style="border-left:5px solid {colour};padding:.1em .9em;margin:.3em 0;'
        f'color:inherit;background:transparent;max-width:60em;overflow-wrap:anywhere">'
        f'<div role="heading" aria-level="3" style="font-weight:600;margin:.4em 0">{heading}</div>'
        f"{body}</div>"
    )


class Card:
    """Something to show: text for a terminal, a card in a notebook."""

    def __init__(self, text, html):
        self._text, self._html = text, html

    def __repr__(self):
        return self._text

    def _repr_html_(self):
        return self._html


def note_card(heading, text):
    """Return a card with a heading and one paragraph."""
    return Card(f"{heading}: {text}", card(_inline(heading), f"<p>{_inline(text)}</p>"))


def solution_card(exercise):
    """Return the card with an exercise's solution, folded until asked for."""
    code = exercise.source()
    body = (
        f"<details><summary>Show one way to write it</summary>"
        f'<pre style="overflow-x:auto;color:inherit;background:transparent">'
        f"<code>{html.escape(code)}</code></pre>"
        f"</details>"
    )
    return Card(code, card(f"Solution: {_inline(exercise.title)}", body))


def _points(result):
    if not result.max_points:
        return ""
    return f"{result.points:g} of {result.max_points:g} point{'s' * (result.max_points != 1)}"


def _notes(result):
    return result.notes or ([_NOT_ATTEMPTED] if result.status == "not attempted" else [])


def _help(result):
    return f'`hint("{result.id}")` gives a hint, `solution("{result.id}")` shows a solution.'


def _sentences(part):
    """Return what the part is and, where it failed, why."""
    title = f"{part.name} ({part.points:g} of {part.max_points:g})"
    why = ": ".join(filter(None, (part.where, part.message)))
    return [title, why] if part.message else [title]


def _part_html(part):
    sign, word = ("✗", "not yet") if part.message else ("✓", "right")
    text = "<br>".join(map(_inline, _sentences(part)))
    return (
        f'<li style="margin:.3em 0 .3em 1.4em">'
        f'<span role="img" aria-label="{word}" style="float:left;margin-left:-1.4em">{sign}</span>'
        f"{text}</li>"
    )


def _inline(text):
    """Escape text for HTML; set `code` in code and *stress* in italics."""
    pieces = html.escape(text).split("`")
    for i, piece in enumerate(pieces):
        pieces[i] = f"<code>{piece}</code>" if i % 2 else re.sub(r"\*(\w[^*]*)\*", r"<em>\1</em>", piece)
    return "".join(pieces)
