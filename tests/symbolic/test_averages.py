"""Averages of polynomials against sums over finite laws and against integrals."""

import itertools

import pytest
import sympy as sp

from mfcheck.symbolic.averages import average, gaussian_moments

a, b, c = sp.symbols("a b c")


def test_against_a_sum_over_two_finite_laws() -> None:
    laws = {
        a: {-1: sp.Rational(1, 3), 2: sp.Rational(2, 3)},
        b: {0: sp.Rational(1, 4), 5: sp.Rational(3, 4)},
    }
    f = (a + 2 * b) ** 3 - c * a * b**2 + c
    moments = {
        x: [sum(p * v**k for v, p in law.items()) for k in range(4)] for x, law in laws.items()
    }
    summed = sum(
        p * q * f.subs({a: v, b: w})
        for (v, p), (w, q) in itertools.product(*(x.items() for x in laws.values()))
    )
    assert sp.expand(average(f, moments) - summed) == 0


def test_gaussian_moments_are_integrals() -> None:
    x, q = sp.Symbol("x", real=True), sp.Symbol("q", positive=True)
    density = sp.exp(-(x**2) / (2 * q)) / sp.sqrt(2 * sp.pi * q)
    wanted = [sp.simplify(sp.integrate(x**k * density, (x, -sp.oo, sp.oo))) for k in range(7)]
    assert list(gaussian_moments(q, 6)) == wanted


def test_a_moment_that_is_missing_is_an_error() -> None:
    with pytest.raises(IndexError):
        average(a**3, {a: (1, 0, 1)})
