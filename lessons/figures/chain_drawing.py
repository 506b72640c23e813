"""Three steps of an LSTM as a drawing: who listens to whom, and the ways back from the loss."""

import html
from itertools import pairwise

from lessons.figures.cell_drawing import STYLE, path

VIEW = "0 28 820 318"
_SUB = str.maketrans("123", "₁₂₃")
_STEP, _TOP, _GATES, _BOTTOM = (
    250,
    70,
    205,
    292,
)  # width of a step; heights of memory, gates and what is shown
_GATE_X = {"f": 85, "i": 135, "g": 180, "o": 222}  # within a step


def _chain():
    """Return places of the nodes, and the roads: who is heard by whom, and along which points."""
    places, roads = {}, []

    def road(start, end, *corners):
        roads.append((start, end, (places[start], *corners, places[end])))

    for t in (1, 2, 3):
        left = 50 + _STEP * (t - 2)
        places |= {f"c{t}": (left + _STEP, _TOP), f"h{t}": (left + _STEP, _BOTTOM)}
        places[f"show{t}"] = (left + _STEP, 150)
        if t == 1:
            continue
        places |= {f"{gate}{t}": (left + x, _GATES) for gate, x in _GATE_X.items()}
        places |= {
            f"keep{t}": (left + 85, _TOP),
            f"add{t}": (left + 157, _TOP),
            f"write{t}": (left + 157, 140),
        }
        for gate, x in _GATE_X.items():
            road(f"h{t - 1}", f"{gate}{t}", (left + x, _BOTTOM))
        road(f"c{t - 1}", f"keep{t}")
        road(f"f{t}", f"keep{t}")
        road(f"i{t}", f"write{t}", (left + 135, 140))
        road(f"g{t}", f"write{t}", (left + 180, 140))
        road(f"write{t}", f"add{t}")
        road(f"keep{t}", f"add{t}")
        road(f"add{t}", f"c{t}")
        road(f"o{t}", f"show{t}", (left + 222, 150))
    for t in (1, 2, 3):
        road(f"c{t}", f"show{t}")
        road(f"show{t}", f"h{t}")
    places |= {"head": (665, _BOTTOM), "loss": (770, _BOTTOM)}
    road("h3", "head")
    road("head", "loss")
    return places, roads


PLACES, ROADS = _chain()
WAYS = [f"{name}{t}" for t in (3, 2) for name in "hocfig"] + ["h1", "c1"]  # as the way back meets them


def called(node):
    """Return a node's name as it is written: ``h2`` is h₂."""
    return {"head": "the head"}.get(node, node.translate(_SUB))


def listeners(node):
    """Return who hears a node, past the products and sums."""
    heard = [end for start, end, _ in ROADS if start == node]
    skipped = ("keep", "add", "write", "show")
    return [other for end in heard for other in (listeners(end) if end.startswith(skipped) else [end])]


def ways_back(node):
    """Return the indices of the roads between a node and the loss."""
    ahead = [k for k, (start, _, _) in enumerate(ROADS) if start == node]
    return set(ahead).union(*(ways_back(ROADS[k][1]) for k in ahead))


def draw_chain(chosen, alt):
    """Draw the chain, with every road between one of its values and the loss.

    Parameters
    ----------
    chosen : str
        One of `WAYS`.
    alt : str
        Text equivalent.

    Returns
    -------
    str
        SVG, with its own style sheet.
    """
    back = ways_back(chosen)
    order = sorted(range(len(ROADS)), key=lambda k: k in back)  # the ways back lie on top
    items = [f'<path class="road{" back" * (k in back)}" d="{path(ROADS[k][2])}"/>' for k in order]
    items += [_arrow(ROADS[k][2], k in back) for k in order]
    items += [_node(node, x, y, node == chosen) for node, (x, y) in PLACES.items()]
    for t in (2, 3):
        x = 50 + _STEP * (t - 2) + 125
        items.append(f'<text class="small" x="{x}" y="338" text-anchor="middle">step {t}</text>')
    return (
        f'<svg class="lessons-cell" viewBox="{VIEW}" role="group" aria-label="{html.escape(alt)}">'
        f"<style>{STYLE}</style>{''.join(items)}</svg>"
    )


def _node(node, x, y, chosen):
    label = {"keep": "·", "write": "·", "add": "+", "show": "·"}.get(node.rstrip("123"))
    if label:
        return f'<circle class="shape" cx="{x}" cy="{y}" r="9"/>{_label(label, x, y + 5, "small")}'
    if node in ("head", "loss"):
        return f'<rect class="shape" x="{x - 32}" y="{y - 19}" width="64" height="38" rx="6"/>' + _label(
            node, x, y + 6
        )
    look = "shape gate" if node[0] in "fio" else "shape"
    size = 24 if node[0] in "hc" else 18
    words = called(node) if node[0] in "hc" else node[0]
    return (
        f'<g class="part{" chosen" * chosen}" data-part="{node}" tabindex="0" role="button" '
        f'aria-pressed="{str(chosen).lower()}" aria-label="{called(node)}">'
        f'<circle class="{look}" cx="{x}" cy="{y}" r="{size}"/>{_label(words, x, y + 7, "value")}</g>'
    )


def _label(words, x, y, look=""):
    return f'<text class="{look}" x="{x}" y="{y}" text-anchor="middle">{words}</text>'


def _arrow(points, back):
    """Draw an arrow in the upright stretch of a road; on a way back it points to where it came from."""
    stretch = next((pair for pair in pairwise(points) if pair[0][0] == pair[1][0]), points[-2:])
    (x0, y0), (x1, y1) = stretch[::-1] if back else stretch
    u, v = (x1 > x0) - (x1 < x0), (y1 > y0) - (y1 < y0)
    size = 8 if back else 5
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    corners = [(x + size * u, y + size * v)]
    corners += [(x - size * (u + side * v), y - size * (v - side * u)) for side in (1, -1)]
    return f'<path class="way{" back" * back}" d="{path(corners)} Z"/>'
