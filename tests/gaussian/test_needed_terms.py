"""Every term of a bound is needed: for each there is an input whose right answer lies outside without it."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from flint import arb, arb_poly, ctx
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mfcheck.gaussian.dual import DualKernel, half_gram
from mfcheck.gaussian.dual_float import _half_gram, _on_polynomial, _rounded, float_kernel
from mfcheck.gaussian.exact import expectation
from mfcheck.gaussian.hermite import coefficients
from mfcheck.gaussian.series import Block
from mfcheck.symbolic.activation import LIBRARY, activation

x, y = sp.symbols("x y", real=True)
t = sp.Symbol("t", real=True)


@pytest.mark.parametrize("text", ["cos", "tanh", "x**2-2", "gelu", "exp(-x**2)", "sin(x)+cos(2*x)"])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_intervals_around_zero_hold_all_values(text: str, order: int) -> None:
    """The even part is least at zero, inside the interval."""
    kernel = DualKernel(activation(text), 15)
    for low, high in ((-0.5, 0.5), (-0.75, 0.25), (-0.25, 0.625), (-1.0, 0.5)):
        wide = kernel.value(arb(low).union(arb(high)), order)
        for place in (low, low / 2, -0.03125, 0.0, 0.03125, high / 2, high):
            if low <= place <= high:
                inner = kernel.value(arb(place), order)
                assert wide.lower() <= inner.upper()
                assert wide.upper() >= inner.lower()
                assert wide.overlaps(inner)


# --- doubles ----------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@example([5e-324], 0.0, 0.0, 0.125)
@given(
    st.lists(st.floats(0, 3), min_size=1, max_size=8),
    st.floats(0, 0.9),
    st.sampled_from([0.0, 1e-3, 0.0625]),
    st.sampled_from([0.0, 0.125]),
)
def test_polynomials_of_rounded_arguments_and_coefficients(
    numbers: list[float], c: float, radius: float, blur: float
) -> None:
    """All polynomials within the balls, at all arguments within the radius, by corners: everything increases."""
    polynomial = arb_poly([arb(a, blur * a) for a in numbers])
    block = Block(len(numbers), (polynomial,) * 3, (arb(0),) * 3)
    mid, rad = _on_polynomial(block, 0, np.array([[c]]), radius)
    for sign in (1, -1):
        place = min(1.0, max(0.0, c + sign * radius))
        worst = [Fraction(a) * (1 + sign * Fraction(blur)) for a in numbers]
        right = sum(a * Fraction(place) ** k for k, a in enumerate(worst))
        assert abs(right - Fraction(float(mid[0, 0]))) <= Fraction(float(rad[0, 0]))


def test_rounded_coefficients_and_what_is_lost() -> None:
    polynomial = arb_poly([arb(1) / 3, arb(2, 0.5), arb(-1, 2)])
    values, lost = _rounded(polynomial)
    gaps = [abs(a - arb(v)).upper() for a, v in zip(polynomial.coeffs(), values, strict=True)]
    assert min(values) >= 0
    assert float(sum(gaps, arb(0))) <= lost <= 3.6


@pytest.mark.parametrize("name", ["tanh", "gelu", "erf"])
@pytest.mark.parametrize("digits", [1, 2, 4, 8])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_float_kernels_hold_the_kernel_at_few_digits(name: str, digits: int, order: int) -> None:
    """With few digits the series is cut early, and the remainder is what the radius is made of."""
    points = [["1", "0"], ["0.99", "0.14"], ["-0.3", "0.9"], ["0.96", "0.28"]]
    floats = float_kernel(DualKernel(LIBRARY[name], digits), points, order)
    exact = DualKernel(LIBRARY[name], 40).value(half_gram(points, 40), order)
    with ctx.workprec(200):
        for i in range(4):
            for j in range(4):
                gap = (exact[i, j] - arb(float(floats.mid[i, j]))).abs_lower()
                assert gap <= arb(float(floats.rad[i, j]))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(1, 9))
def test_rounded_gram_matrices(seed: int, d: int) -> None:
    rows = np.random.default_rng(seed).integers(-99, 100, (5, d)) * 1.0 + 0.5
    points = [[Fraction(float(v)) for v in row] for row in rows]
    c, radius = _half_gram(points)
    exact = half_gram(points, 40)
    for i in range(5):
        for j in range(5):
            if i != j:
                assert abs(exact[i, j] - arb(float(c[i, j]))).abs_lower() <= arb(radius)


# --- coefficients -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tanh", "gelu", "sin", "arctan", "isru"])
def test_coefficients_at_few_digits_hold_those_at_many(name: str) -> None:
    """High orders feel the cut tails most: their Hermite polynomials are large there."""
    few, many = coefficients(LIBRARY[name], 300, 2), coefficients(LIBRARY[name], 300, 40)
    assert all(a.overlaps(b) for a, b in zip(few, many, strict=True))


@pytest.mark.parametrize(
    ("f", "right"),
    [
        (sp.exp(2 * x + 3), sp.exp(5)),
        (sp.exp(t + x), sp.exp(t + sp.Rational(1, 2))),
        (x * sp.exp(x - 1), sp.exp(-sp.Rational(1, 2))),
        (7 * sp.exp(x) * x**2, 14 * sp.exp(sp.Rational(1, 2))),
    ],
)
def test_constant_factors_of_exponentials(f: sp.Expr, right: sp.Expr) -> None:
    assert sp.simplify(expectation(f, [x]) - right) == 0


def test_means_of_products_over_two_variables() -> None:
    assert sp.simplify(expectation(sp.exp(x + 2 * y + 1), [x, y]) - sp.exp(sp.Rational(7, 2))) == 0
