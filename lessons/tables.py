"""Results as a table: in plain text, and in HTML."""

import html


def text_table(heads, rows):
    """Return a table in plain text, names to the left and values to the right.

    Parameters
    ----------
    heads : sequence of str
    rows : sequence of sequences of str
        A name and its values each, as many as `heads`.

    Returns
    -------
    str
    """
    table = [heads, *rows]
    widths = [max(len(line[k]) for line in table) for k in range(len(heads))]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0]), *(v.rjust(w) for v, w in zip(line[1:], widths[1:], strict=True))]
        )
        for line in table
    )


def html_table(heads, rows, caption):
    """Return the same as an HTML table, each name the head of its row.

    Parameters
    ----------
    heads, rows
        As for `text_table`.
    caption : str
        HTML.

    Returns
    -------
    str
    """
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row" style="text-align:left">{html.escape(name)}</th>'
        + "".join(f"<td>{value}</td>" for value in values)
        + "</tr>"
        for name, *values in rows
    )
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
