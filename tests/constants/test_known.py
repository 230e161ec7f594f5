"""Values of constants and of formulas over them: the three arithmetics against numbers by hand."""

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from flint import arb

from mfcheck.claims.inequality import Sample
from mfcheck.claims.model import Constant, constant
from mfcheck.claims.setting import Setting, parameter, setting_of
from mfcheck.constants.known import Known
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import LIBRARY

RATE = parameter("rate", 2, "a rate", above=0)
leaf, infinite, x = sp.symbols("leaf infinite x", positive=True)
calls: list[int] = []


def third(_: Setting, digits: int) -> arb:
    calls.append(digits)
    return arb(1) / 3


def nowhere(_: Setting, __: int) -> arb:
    raise InputError("there is none")


SQUARE = constant("square", leaf**2 * RATE.symbol, "of the leaf", latex="s")
KNOWN = Known(
    [
        Constant("third", leaf, leaf, "", third, fast=lambda sample: sample.X.shape[0] / 9),
        Constant("nowhere", infinite, infinite, "", nowhere),
        SQUARE,
    ],
    [RATE],
)
AT = setting_of([RATE]).with_values(rate=Fraction(3))
FORMULA = SQUARE.symbol + x * leaf + RATE.symbol


def test_a_constant_is_enclosed_and_worked_out_once() -> None:
    found = KNOWN.value(AT, "square")
    assert found.overlaps(arb(1) / 3)
    assert found.rad() < 1e-12
    calls.clear()
    assert KNOWN.value(AT, "square") is found
    assert not calls
    assert not KNOWN.value(AT, "nowhere").is_finite()


def test_a_value_that_has_to_be_finite_is_refused_with_the_reason() -> None:
    assert KNOWN.finite(AT, "square", "no square") is KNOWN.value(AT, "square")
    with pytest.raises(InputError, match="no value there"):
        KNOWN.finite(AT, "nowhere", "no value there")


def test_a_formula_is_enclosed() -> None:
    assert KNOWN.ball(AT, FORMULA, {"x": Fraction(1, 2)}).contains(arb(7) / 2)
    assert not KNOWN.ball(AT, infinite + 1, {}).is_finite()


def test_what_is_given_goes_before_a_parameter() -> None:
    assert KNOWN.ball(AT, RATE.symbol, {"rate": Fraction(5)}) == 5


def test_a_formula_is_a_number() -> None:
    assert KNOWN.number(AT, FORMULA, x=0.5) == pytest.approx(3.5, rel=1e-11)
    assert math.isnan(KNOWN.number(AT, infinite))


def test_a_formula_of_a_sample() -> None:
    sample = Sample(np.eye(3), np.ones(3), LIBRARY["tanh"], {"rate": 3.0, "x": 0.5})
    assert KNOWN.quick(sample, FORMULA) == pytest.approx(3.5, rel=1e-15)
