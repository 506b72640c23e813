"""Results as a table: in plain text, and in HTML."""

import html


class Table:
    """A small table that shows itself: names to the left, values to the right.

    Parameters
    ----------
    heads : sequence of str
        One for each column.
    rows : iterable of sequences of str
        A name and its values each, as many as `heads`.
    caption : str
        What the table shows, as text.
    """

    def __init__(self, heads, rows, caption=""):
        self.heads, self.rows, self.caption = tuple(heads), [tuple(map(str, row)) for row in rows], caption

    def __repr__(self):
        table = [self.heads, *self.rows]
        widths = [max(len(line[k]) for line in table) for k in range(len(self.heads))]
        lines = [
            "  ".join([name.ljust(widths[0]), *(v.rjust(w) for v, w in zip(values, widths[1:], strict=True))])
            for name, *values in table
        ]
        return "\n".join([*lines, self.caption] if self.caption else lines)

    def _repr_html_(self):
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in self.heads)
        body = "".join(
            f'<tr><th scope="row" style="text-align:left">{html.escape(name)}</th>'
            + "".join(f"<td>{html.escape(value)}</td>" for value in values)
            + "</tr>"
            for name, *values in self.rows
        )
        caption = f"<caption>{html.escape(self.caption)}</caption>" if self.caption else ""
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def text_table(heads, rows):
    """Return a table in plain text, names to the left and values to the right."""
    return repr(Table(heads, rows))


def html_table(heads, rows, caption):
    """Return the same as an HTML table, each name the head of its row."""
    return Table(heads, rows, caption)._repr_html_()
