"""Where a recurrent layer's weights lie in two libraries, as a drawing."""

from itertools import chain

import numpy as np
import plotly.graph_objects as go

from lessons.figures.style import BLUE, GREEN, ORANGE, VERMILION, new_figure

GATES = dict(zip("ifgo", (BLUE, VERMILION, GREEN, ORANGE), strict=True))
H = 2  # hidden units of the drawing; one feature


def weight_map():
    """Draw an LSTM's weights as the equations have them and as nn.LSTM stores them, number by number.

    One feature and two hidden units: `W_x` (1, 8), `W_h` (2, 8) and `b` (8,) on the left, PyTorch's four
    arrays on the right; entries are numbered, blocks coloured and lettered by gate.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace, the numbers, whose places are the cells'.
    """
    W_x, W_h, b = np.arange(1, 9)[None], np.arange(11, 27).reshape(2, 8), np.arange(31, 39)[None]
    ours = [("W_x (D, 4H)", W_x, 0.0, 0.6), ("W_h (H, 4H)", W_h, 0.0, 3.0), ("b (4H,)", b, 0.0, 6.4)]
    theirs = [
        ("weight<br>_ih<br>(4H, D)", W_x.T, 9.7, 0.6),
        ("weight<br>_hh<br>(4H, H)", W_h.T, 12.8, 0.6),
        ("bias<br>_ih<br>(4H,)", b.T, 16.2, 0.6),
        ("bias<br>_hh<br>(4H,)", np.zeros((8, 1), int), 18.9, 0.6),
    ]
    alt = (
        f"Drawing of an LSTM's weights for one feature and {H} units. Left, yours: W_x, one row of 8; W_h, "
        "2 rows of 8; b, 8. Right, PyTorch's: weight_ih, 8 rows of 1; weight_hh, 8 rows of 2; bias_ih, the "
        "numbers of b; bias_hh, zeros. Each row of yours is a column there; the blocks stay in the order "
        "i, f, g, o."
    )
    cells, shapes, annotations = zip(*(_drawn(*matrix) for matrix in (*ours, *theirs)), strict=True)
    x, y, text = np.hstack(cells)
    numbers = go.Scatter(x=x.astype(float), y=y.astype(float), text=text, mode="text", hoverinfo="skip")
    figure = new_figure([numbers], title="Yours, and PyTorch's", x="", y="", alt=alt, showlegend=False)
    figure.update_xaxes(visible=False, range=[-0.5, 21.2])
    figure.update_yaxes(visible=False, range=[8.8, -1.3])
    marks = {
        "shapes": list(chain(*shapes)),
        "annotations": list(chain(*annotations)),
    }  # at once: it is faster
    return figure.update_layout(marks, height=380, margin={"l": 8, "r": 8, "t": 44, "b": 8})


def _drawn(name, values, left, top):
    """Return a matrix whose upper left corner is at (left, top): numbers and their places, blocks, words."""
    rows, columns = values.shape
    lying = columns == 4 * H  # blocks side by side
    row, column = (place.ravel() for place in np.indices(values.shape))
    shapes, words = [], []
    for k, (gate, color) in enumerate(GATES.items()):
        x, y = (left + H * k, top) if lying else (left, top + H * k)
        width, height = (H, rows) if lying else (columns, H)
        corners = {"x0": x, "x1": x + width, "y0": y, "y1": y + height, "type": "rect"}
        shapes.append(corners | {"fillcolor": color, "opacity": 0.28, "layer": "below", "line": {"width": 0}})
        shapes.append(corners | {"line": {"color": color, "width": 2}})
        letter = {"x": x + H / 2, "y": top + rows + 0.3} if lying else {"x": left - 0.35, "y": y + H / 2}
        words.append({**letter, "text": f"<i>{gate}</i>", "showarrow": False})
    place = {"x": left, "xanchor": "left", "y": top - 0.1, "yanchor": "bottom", "align": "left"}
    words.append({**place, "text": name, "font": {"size": 12}, "showarrow": False})
    return [left + column + 0.5, top + row + 0.5, values.ravel().astype(str)], shapes, words
