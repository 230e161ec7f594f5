"""The graph of constants: order, and what is refused."""

from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from mfcheck.claims.model import Constant
from mfcheck.claims.setting import Parameter
from mfcheck.constants.graph import ConstantGraph, sort_constants

x, y, z, p = sp.symbols("x y z p", positive=True)
P = Parameter("rate", p, Fraction(1), "a rate")


def leaf(id: str, symbol: sp.Symbol, *uses: str) -> Constant:
    return Constant(id, symbol, sp.Symbol("denoted"), "test", lambda setting, digits: None, uses)


def derived(id: str, symbol: sp.Symbol, formula: sp.Expr) -> Constant:
    return Constant(id, symbol, formula, "test")


CHAIN = (derived("Z", z, y + p), derived("Y", y, 2 * x), leaf("X", x, "data", "rate"))


def test_each_constant_comes_after_what_it_uses() -> None:
    assert [c.id for c in sort_constants(CHAIN)] == ["X", "Y", "Z"]


@given(st.permutations(range(6)))
def test_any_order_can_be_sorted(places: list[int]) -> None:
    symbols = sp.symbols("s:6")
    chain = [leaf("0", symbols[0])]
    chain += [derived(str(k), symbols[k], symbols[k - 1] * symbols[k // 2]) for k in range(1, 6)]
    result = sort_constants(chain[k] for k in places)
    assert [c.id for c in result] == [str(k) for k in range(6)]


def test_dependencies_name_constants_and_parameters() -> None:
    graph = ConstantGraph(CHAIN, (P,))
    by_id = {c.id: c for c in graph}
    assert graph.depends_on(by_id["Z"]) == ("Y", "rate")
    assert graph.depends_on(by_id["X"]) == ("data", "rate")


def test_expansion_reaches_leaves_and_parameters() -> None:
    graph = ConstantGraph(CHAIN, (P,))
    assert graph.expanded(graph.by_symbol[z]) == 2 * x + p


def test_a_leaf_may_depend_on_another_constant() -> None:
    graph = ConstantGraph((leaf("A", y, "X"), leaf("X", x)))
    assert [c.id for c in graph] == ["X", "A"]


@pytest.mark.parametrize(
    ("constants", "message"),
    [
        ((derived("A", x, y), derived("B", y, x)), "depend on themselves: A -> B -> A"),
        ((derived("A", x, x + 1),), "depend on themselves: A -> A"),
        ((leaf("A", x), leaf("A", y)), "share the id A"),
        ((leaf("A", x), leaf("B", x)), "share the symbol x"),
        ((leaf("A", x), leaf("B", sp.Symbol("x"))), "share the symbol x"),
        ((derived("A", x, y + z),), "constant A uses y, z, which nothing defines"),
        ((leaf("A", x, "nothing"),), "constant A uses nothing, which nothing defines"),
    ],
)
def test_what_is_no_graph_is_refused(constants: tuple[Constant, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ConstantGraph(constants, (P,))
