"""Bounds on ellipses and Chebyshev remainders against values and against interpolation in doubles."""

import math

import numpy as np
import pytest
import sympy as sp
from flint import arb

from mfcheck.errors import InputError
from mfcheck.rigor.ellipse import ellipse
from mfcheck.symbolic.activation import X

SHAPES = {"tanh": (sp.tanh(X), np.tanh), "bell": (sp.exp(-(X**2)), lambda z: np.exp(-(z**2)))}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("half_width", [1.0, math.sqrt(7), 5.0])
def test_size_on_the_ellipse_is_a_bound(name: str, half_width: float) -> None:
    expr, f = SHAPES[name]
    around = ellipse(expr, arb(half_width))
    r, t = float(around.r), np.linspace(0, 2 * np.pi, 2000)
    x = (r * np.exp(1j * t) + np.exp(-1j * t) / r) / 2
    assert np.max(np.abs(f(half_width * x))) <= float(around.size.upper())


@pytest.mark.parametrize("name", SHAPES)
def test_remainders_hold_what_truncation_leaves(name: str) -> None:
    expr, f = SHAPES[name]
    around, half_width = ellipse(expr, arb(3)), 3.0
    cheb = np.polynomial.chebyshev
    whole = cheb.chebinterpolate(lambda x: f(half_width * x), 300)
    x = np.linspace(-1, 1, 1001)
    for degree in (10, 20, 40):
        rest = whole.copy()
        rest[: degree + 1] = 0
        assert np.max(np.abs(cheb.chebval(x, rest))) <= float(around.rest(degree))
        slope = np.sqrt(1 - x**2) * cheb.chebval(x, cheb.chebder(rest))
        assert np.max(np.abs(slope)) <= float(around.slope_rest(degree))
    enough = around.degree(arb("1e-9"), around.rest)
    assert around.rest(enough) < arb("1e-9")


def test_a_pole_on_the_line_is_refused() -> None:
    with pytest.raises(InputError, match="analytic"):
        ellipse(1 / X, arb(2))
