"""The graph of constants as inline SVG: leaves on the left, what is built from them to the right.

Each node links to the row of the page that holds its formula and value.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from mfcheck.claims.record import ConstantRecord
from mfcheck.report import numbers
from mfcheck.report.text import one_line

Parents = Mapping[str, tuple[str, ...]]
Columns = list[list[str]]

_LETTER, _PAD, _HEIGHT, _ROW, _GAP, _MARGIN = 6.6, 9.0, 20.0, 30.0, 46.0, 6.0
_SWEEPS = 12
_LONGEST = 28


class Box(NamedTuple):
    """Where a node stands: left edge, middle line, width."""

    x: float
    y: float
    width: float


def parents_of(constants: Sequence[ConstantRecord]) -> Parents:
    """Return what each node directly depends on; parameters of the paper are nodes without parents."""
    found: dict[str, tuple[str, ...]] = {}
    for constant in constants:
        others = dict.fromkeys(id for id in constant.depends_on if id != constant.id)
        found.setdefault(constant.id, tuple(others))
    for id in [id for others in found.values() for id in others]:
        found.setdefault(id, ())
    return found


def layers(parents: Parents) -> dict[str, int]:
    """Return the length of the longest way from a leaf to each node; an edge that closes a circle is ignored."""
    found: dict[str, int] = {}
    for start in parents:
        _place(start, parents, found)
    return found


def _place(start: str, parents: Parents, found: dict[str, int]) -> None:
    path, entered = [start], {start}
    while path:
        node = path[-1]
        todo = [p for p in parents[node] if p not in found and p not in entered]
        if todo:
            path.append(todo[0])
            entered.add(todo[0])
            continue
        path.pop()
        found.setdefault(node, 1 + max((found[p] for p in parents[node] if p in found), default=-1))


def columns(parents: Parents) -> Columns:
    """Return the nodes by layer, ordered so that neighbours stand near one another (barycentres, both ways)."""
    layer = layers(parents)
    placed: Columns = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for id in parents:
        placed[layer[id]].append(id)
    near: dict[str, list[str]] = {id: list(others) for id, others in parents.items()}
    for id, others in parents.items():
        for other in others:
            near[other].append(id)
    for sweep in range(_SWEEPS):
        _order(placed, near, backwards=sweep % 2 == 1)
    return placed


def _order(placed: Columns, near: Mapping[str, list[str]], backwards: bool) -> None:
    height = {id: (k + 0.5) / len(column) for column in placed for k, id in enumerate(column)}
    for column in reversed(placed) if backwards else placed:
        wish = {
            id: sum(height[o] for o in near[id]) / len(near[id]) if near[id] else height[id]
            for id in column
        }
        column.sort(key=wish.__getitem__)
        height |= {id: (k + 0.5) / len(column) for k, id in enumerate(column)}


def necessary(parents: Parents) -> Parents:
    """Return the edges that no longer way implies: the picture keeps its meaning and loses most of its lines."""
    above: dict[str, set[str]] = {}
    layer = layers(parents)
    for id in sorted(parents, key=layer.__getitem__):
        true = [p for p in parents[id] if layer[p] < layer[id]]
        above[id] = set(true).union(*(above[p] for p in true))
    return {
        id: tuple(
            p
            for p in others
            if layer[p] < layer[id]
            and not any(p in above[o] for o in others if layer[o] < layer[id])
        )
        for id, others in parents.items()
    }


def _label(id: str) -> str:
    text = one_line(id)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def boxes(placed: Columns) -> dict[str, Box]:
    """Return where each node stands."""
    tallest = max(map(len, placed), default=0)
    found, x = {}, _MARGIN
    for column in placed:
        width = max((len(_label(id)) for id in column), default=0) * _LETTER + 2 * _PAD
        step = _ROW * tallest / max(1, len(column))
        for k, id in enumerate(column):
            found[id] = Box(x, _MARGIN + step * (k + 0.5), width)
        x += width + _GAP
    return found


_EDGE = Markup('<path d="M{:.1f} {:.1f}C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}"></path>')
_NODE = Markup(
    '<g class="node"><title>{}</title>'
    '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="4"></rect>'
    '<text x="{:.1f}" y="{:.1f}">{}</text></g>'
)
_LINK = Markup('<a href="#{}">{}</a>')
_SVG = Markup(
    '<svg class="graph" viewBox="0 0 {:.0f} {:.0f}" width="{:.0f}" height="{:.0f}" role="group" '
    'aria-label="Graph of the constants"><g class="edges">{}</g>{}</svg>'
)


def _edge(start: Box, end: Box) -> Markup:
    x, bend = start.x + start.width, 0.5 * max(_GAP, end.x - start.x - start.width)
    return _EDGE.format(x, start.y, x + bend, start.y, end.x - bend, end.y, end.x, end.y)


def _node(id: str, box: Box, title: str) -> Markup:
    top, text = box.y - _HEIGHT / 2, box.x + _PAD
    return _NODE.format(title, box.x, top, box.width, _HEIGHT, text, box.y + 4, _label(id))


def _title(constant: ConstantRecord) -> str:
    value = numbers.show(constant.value).text
    return one_line(f"{constant.id}: {constant.latex} = {constant.formula}; value {value}")


def draw_graph(constants: Sequence[ConstantRecord], anchor: Callable[[str, str], str]) -> Markup:
    """Return the picture, empty if there is nothing to draw.

    Args:
        constants: the nodes; `depends_on` gives the edges.
        anchor: `("constant", id) -> anchor` of the row that a node links to.
    """
    parents = necessary(parents_of(constants))
    if not parents:
        return Markup("")
    where = boxes(columns(parents))
    edges = [_edge(where[p], where[id]) for id, others in parents.items() for p in others]
    titles = {constant.id: _title(constant) for constant in reversed(constants)}
    nodes = []
    for id, box in where.items():
        node = _node(id, box, titles.get(id, f"{one_line(id)}: parameter"))
        nodes.append(_LINK.format(anchor("constant", id), node) if id in titles else node)
    width = max(b.x + b.width for b in where.values()) + _MARGIN
    height = max(b.y for b in where.values()) + _ROW / 2 + _MARGIN
    return _SVG.format(width, height, width, height, Markup("").join(edges), Markup("").join(nodes))
