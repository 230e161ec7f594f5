"""Formulas over constants in double precision: against the numbers that they are by hand."""

import math

import pytest
import sympy as sp

from mfcheck.claims.model import Constant, constant
from mfcheck.claims.setting import parameter
from mfcheck.constants.floats import in_floats

RATE = parameter("rate", 2, "a rate", above=0)
LEAF = constant("leaf", lambda _, __: None, "a leaf", latex="l")
SQUARE = constant("square", LEAF.symbol**2 * RATE.symbol, "of the leaf")
ROOT = constant("root", sp.sqrt(SQUARE.symbol - 1), "of the square")
x = sp.Symbol("x")


def at(formula: sp.Expr, **values: float) -> float:
    constants: tuple[Constant, ...] = (LEAF, SQUARE, ROOT)
    return in_floats(formula, constants, (RATE,), values.__getitem__)


def test_derived_constants_are_put_in_and_leaves_are_asked_by_id() -> None:
    found = at(ROOT.symbol + x * LEAF.symbol + SQUARE.symbol, leaf=3.0, rate=0.5, x=10.0)
    assert found == pytest.approx(math.sqrt(3.5) + 30 + 4.5, rel=1e-15)


@pytest.mark.parametrize(("leaf", "formula"), [(0.1, ROOT.symbol), (0.0, 1 / LEAF.symbol)])
def test_what_is_not_defined_is_not_a_number(leaf: float, formula: sp.Expr) -> None:
    assert math.isnan(at(formula, leaf=leaf, rate=0.5))


def test_a_leaf_that_fails_is_not_a_number_either() -> None:
    def fails(name: str) -> float:
        raise ArithmeticError(name)

    assert math.isnan(in_floats(LEAF.symbol, (LEAF,), (), fails))
