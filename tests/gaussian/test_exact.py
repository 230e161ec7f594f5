import mpmath
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.gaussian.exact import correlated, expectation, hermite, ornstein_uhlenbeck

x, z = sp.symbols("x z", real=True)
c = sp.Symbol("c", real=True)


@given(st.integers(0, 6), st.fractions(-2, 2, max_denominator=5))
@settings(deadline=None, max_examples=20)
def test_moments_agree_with_quadrature(power: int, rate: object) -> None:
    q = sp.Rational(str(rate))
    exact = expectation(x**power * sp.exp(q * x), [x])
    with mpmath.workdps(25):
        density = lambda v: mpmath.exp(-(v**2) / 2) / mpmath.sqrt(2 * mpmath.pi)  # noqa: E731
        found = mpmath.quad(
            lambda v: v**power * mpmath.exp(mpmath.mpf(q.p) / q.q * v) * density(v),
            [-mpmath.inf, -2, 0, 2, mpmath.inf],
        )
        assert abs(mpmath.mpf(str(sp.N(exact, 25))) - found) < mpmath.mpf("1e-15") * (
            1 + abs(found)
        )


def test_other_integrands_are_integrated() -> None:
    assert sp.simplify(expectation(sp.exp(-(x**2) / 2), [x]) - 1 / sp.sqrt(2)) == 0


@pytest.mark.parametrize(("r", "s"), [(0, 0), (1, 1), (2, 3), (4, 4), (5, 3)])
def test_mehler_identity(r: int, s: int) -> None:
    eta = correlated(c, x, z)
    mean = expectation(sp.expand(hermite(r, x) * hermite(s, eta)), [z, x])
    assert sp.simplify(mean - (c**r if r == s else 0)) == 0


@pytest.mark.parametrize("degree", [0, 1, 2, 5])
def test_hermite_polynomials_are_eigenfunctions(degree: int) -> None:
    h = hermite(degree, x)
    assert sp.expand(ornstein_uhlenbeck(h, [x]) - degree * h) == 0
