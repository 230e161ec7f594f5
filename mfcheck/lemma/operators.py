"""Operators of the grammar that act on whole expressions: derivatives, sums, integrals, expectations, extrema."""

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mfcheck.lemma import terms
from mfcheck.lemma.reader import Reader, Special
from mfcheck.lemma.terms import Term

if TYPE_CHECKING:
    from mfcheck.lemma.statement import Gaussian

MAX_SUMMANDS = 500


def specials(gaussians: Sequence["Gaussian"]) -> Mapping[str, Special]:
    """Return the operators by name."""
    del gaussians
    return {"d": _derivative, "sum": _sum}


def _derivative(reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
    """Read `d(expr, x)`."""
    if not isinstance(node, ast.Call) or len(node.args) != 2:
        raise reader.refuse("write d(expression, x)", base + node.col_offset)
    inner, x = node.args
    if not isinstance(x, ast.Name) or x.id not in reader.names:
        raise reader.refuse("the second part of d is a declared name", base + x.col_offset)
    return terms.derivative(reader.build(inner, base), x.id)


def _sum(reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
    """Read `sum(expr, k, a, b)` between exact whole numbers."""
    if not isinstance(node, ast.Call) or len(node.args) != 4:
        raise reader.refuse("write sum(expression, k, a, b)", base + node.col_offset)
    inner, k, *ends = node.args
    if not isinstance(k, ast.Name):
        raise reader.refuse("the second part of sum is a name", base + k.col_offset)
    low, high = (reader.build(e, base) for e in ends)
    if (
        low.op != "num"
        or high.op != "num"
        or low.value().denominator * high.value().denominator != 1
    ):
        raise reader.refuse("the ends of this sum must be whole numbers", base + ends[0].col_offset)
    first, last = int(low.value()), int(high.value())
    if last - first >= MAX_SUMMANDS:
        raise reader.refuse(f"more than {MAX_SUMMANDS} summands", base + ends[1].col_offset)
    outer = reader.names
    parts = []
    for value in range(first, last + 1):
        reader.names = {**outer, k.id: terms.num(value)}
        parts.append(reader.build(inner, base))
    reader.names = outer
    return terms.add(*parts)
