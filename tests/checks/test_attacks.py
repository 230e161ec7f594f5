"""Attacks: both arithmetics of a side agree, and rounding is no violation."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from flint import arb

from mfcheck.checks import Side, attack, constant, parameter, setting_of
from mfcheck.checks.attacks import formula_side
from mfcheck.claims.inequality import Case, Sample, Variable
from mfcheck.constants.known import Known
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import LIBRARY, activation
from mfcheck.symbolic.generic import s0, s1, s2

RATE = parameter("rate", 3, "a rate", above=0)
CUBE = constant("cube", RATE.symbol**3, "of the rate")
KNOWN = Known([CUBE], [RATE])
x = sp.Symbol("x", real=True)
OWN = Variable("x", Fraction(0), Fraction(1))
CASE = Case(setting_of([RATE], LIBRARY["sigmoid"]), (("x", Fraction(1, 2)),))


@pytest.mark.parametrize(
    ("formula", "value"), [(CUBE.symbol * x, 13.5), (lambda f: f["stated"] + x, 9.5)]
)
def test_a_formula_gives_both_sides(formula: Any, value: float) -> None:
    made = formula_side(KNOWN, formula)
    stated = {"stated": RATE.symbol**2}
    assert made.fast(CASE.sample(), stated) == value
    assert made.enclosed(CASE, stated).contains(arb(value))


@pytest.mark.parametrize("name", ["tanh", "erf", "silu", "softplus"])
def test_the_generic_activation_is_that_of_the_setting(name: str) -> None:
    """Against central differences of the activation."""
    own = LIBRARY[name]
    at, step = 0.5, 1e-4
    left, middle, right = own.numpy_function(0)(np.array([at - step, at, at + step]))
    known = max(
        abs(middle), abs(right - left) / (2 * step), abs(right + left - 2 * middle) / step**2
    )
    made = formula_side(KNOWN, RATE.symbol * sp.Max(*(sp.Abs(s(x)) for s in (s0, s1, s2))))
    case = Case(replace(CASE.setting, activation=own), CASE.own)
    assert made.fast(case.sample(), {}) == pytest.approx(3 * known, rel=1e-6)
    assert float(made.enclosed(case, {}).mid()) == pytest.approx(3 * known, rel=1e-6)
    assert made.fast(CASE.sample(), {}) != pytest.approx(3 * known, rel=1e-6)


def test_the_left_side_comes_first() -> None:
    found = attack(
        "a", "x <= cube", formula_side(KNOWN, x), formula_side(KNOWN, CUBE.symbol), own=[OWN]
    )
    assert found.fast(CASE.sample(), {}) == (0.5, 27)
    assert [float(side.mid()) for side in found.enclosed(CASE, {})] == [0.5, 27]
    assert found.own == (OWN,)


def constant_side(value: float) -> Side:
    return Side(lambda _, __: value, lambda _, __: arb(value))


@pytest.mark.parametrize(
    ("left", "right", "seen"),
    [
        (1.5, 1.0, (1.5, 1.0)),
        (1.0 + 1e-12, 1.0, (1.0, 1.0)),
        (1e-12, 1e-11, (np.nan, np.nan)),
        (1e-9, 1e-11, (1e-9, 1e-11)),
    ],
)
def test_rounding_is_no_violation(left: float, right: float, seen: tuple[float, float]) -> None:
    found = attack("a", "", constant_side(left), constant_side(right), noise=lambda _: 1e-10)
    sample = Sample(np.eye(2), np.ones(2), LIBRARY["tanh"], {})
    assert found.fast(sample, {}) == pytest.approx(seen, nan_ok=True, rel=0, abs=0)


@pytest.mark.parametrize("name", ["elu", "sign"])
def test_the_derivative_of_a_jump_is_refused(name: str) -> None:
    kinked = setting_of([RATE], activation(name))
    side = formula_side(KNOWN, s2(x))
    with pytest.raises(InputError, match="a kink"):
        side.enclosed(Case(kinked, CASE.own), {})
    with pytest.raises(InputError, match="a kink"):
        side.fast(Case(kinked, CASE.own).sample(), {})
