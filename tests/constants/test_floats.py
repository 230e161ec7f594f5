"""Formulas over constants in double precision: against the numbers that they are by hand."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import sympy as sp

from mfcheck.claims.inequality import Sample
from mfcheck.claims.model import Constant, constant
from mfcheck.claims.setting import parameter
from mfcheck.constants.floats import in_floats
from mfcheck.symbolic.activation import LIBRARY

RATE = parameter("rate", 2, "a rate", above=0)
leaf, x = sp.symbols("leaf x")


def at(formula: sp.Expr, fast: Callable[[Sample], float] | None, **values: float) -> float:
    given = Constant("leaf", leaf, leaf, "", lambda _, __: None, fast=fast)
    square = constant("square", leaf**2 * RATE.symbol, "of the leaf")
    root = constant("root", sp.sqrt(square.symbol - 1), "of the square")
    sample = Sample(np.eye(3)[:2], np.ones(2), LIBRARY["tanh"], {"rate": 0.5, **values})
    return in_floats(formula, (given, square, root), (RATE,), sample)


ROOT, SQUARE = sp.symbols("root square", real=True)


def test_derived_constants_are_put_in_and_leaves_are_asked_for_a_sample() -> None:
    found = at(ROOT + x * leaf + SQUARE, lambda sample: float(sample.X.shape[1]), x=10.0)
    assert found == pytest.approx(math.sqrt(3.5) + 30 + 4.5, rel=1e-15)


def test_a_value_that_a_sample_gives_goes_before_the_leaf() -> None:
    assert at(SQUARE, lambda _: 3.0, leaf=4.0) == 8


@pytest.mark.parametrize(("value", "formula"), [(0.1, ROOT), (0.0, 1 / leaf)])
def test_what_is_not_defined_is_not_a_number(value: float, formula: sp.Expr) -> None:
    assert math.isnan(at(formula, lambda _: value))


def test_a_leaf_that_fails_is_not_a_number_either() -> None:
    def fails(_: Sample) -> float:
        raise ArithmeticError

    assert math.isnan(at(leaf, fails))


def test_what_has_no_value_in_double_precision_is_named() -> None:
    with pytest.raises(ValueError, match="leaf has no value"):
        at(ROOT, None)
    with pytest.raises(ValueError, match="x has no value"):
        at(x, None)
