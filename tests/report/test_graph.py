import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from mfcheck.claims.record import ConstantRecord, Interval, Review
from mfcheck.report.graph import boxes, columns, draw_graph, layers, necessary, parents_of
from mfcheck.report.html import Anchors, render_html

IDS = st.sampled_from("abcdefgh")
EDGES = st.lists(st.tuples(IDS, st.lists(IDS, max_size=4)), max_size=10)


def constant(id: str, *parents: str) -> ConstantRecord:
    value = Interval(lower="1", upper="1")
    return ConstantRecord(
        id=id,
        latex=id,
        formula="x",
        value=value,
        evidence="certified",
        depends_on=parents,
        source="s",
    )


def test_a_diamond() -> None:
    made = [
        constant("a", "p"),
        constant("b", "a"),
        constant("c", "a"),
        constant("d", "a", "b", "c"),
    ]
    parents = parents_of(made)
    assert layers(parents) == {"p": 0, "a": 1, "b": 2, "c": 2, "d": 3}
    assert necessary(parents)["d"] == ("b", "c")
    assert [set(column) for column in columns(parents)] == [{"p"}, {"a"}, {"b", "c"}, {"d"}]
    svg = ElementTree.fromstring(str(draw_graph(made, Anchors())))
    assert [a.get("href") for a in svg.iter("a")].count("#constant-d") == 1
    assert len(list(svg.iter("a"))) == 4  # the parameter has no row to lead to
    assert len(list(svg.iter("path"))) == 5
    titles = [title.text for title in svg.iter("title")]
    assert "a: a = x; value 1" in titles
    assert "p: parameter" in titles


@given(EDGES)
def test_any_graph_is_drawn_even_with_circles(edges: list[tuple[str, list[str]]]) -> None:
    made = [constant(id, *parents) for id, parents in edges]
    parents = parents_of(made)
    layer = layers(parents)
    assert set(layer) == set(parents)
    for id, others in necessary(parents).items():
        assert all(layer[p] < layer[id] for p in others)
    where = boxes(columns(parents))
    assert len({(box.x, box.y) for box in where.values()}) == len(parents)
    if made:
        ElementTree.fromstring(str(draw_graph(made, Anchors())))


@given(EDGES)
def test_edges_left_out_are_implied(edges: list[tuple[str, list[str]]]) -> None:
    ordered = [(id, [p for p in parents if p < id]) for id, parents in edges]
    parents = parents_of([constant(id, *others) for id, others in ordered])

    def above(id: str, graph: dict[str, tuple[str, ...]]) -> set[str]:
        return {p for o in graph[id] for p in (o, *above(o, graph))}

    kept = dict(necessary(parents))
    for id in parents:
        assert above(id, kept) == above(id, dict(parents))


def test_every_node_of_the_page_leads_to_its_row(review: Review) -> None:
    page = render_html(review)
    graph = page[page.index('<svg class="graph"') :]
    graph = graph[: graph.index("</svg>")]
    targets = re.findall(r'<a href="#([^"]+)">', graph)
    assert len(targets) == len(review.constants)
    assert all(f'<tr id="{target}">' in page for target in targets)
