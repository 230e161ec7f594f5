from fractions import Fraction
from itertools import pairwise

import mpmath as mp
import pytest
import sympy as sp
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from mfcheck.errors import InputError
from mfcheck.gaussian.expectations import expectation
from mfcheck.gaussian.pairs import pair
from mfcheck.symbolic.activation import X

R = sp.Rational
RELU = sp.Max(0, X)
HARD = sp.Max(-1, sp.Min(1, X))
STAIR = sp.sign(X) + sp.sign(X - 1) + sp.sign(X + 1)


def brute(f: sp.Expr, g: sp.Expr, q1: float, q2: float, c: float, cuts: tuple[float, ...]) -> float:
    """Iterated integration: the inner integral is cut where its argument meets a cut."""
    from scipy.integrate import quad

    mp_f, mp_g = sp.lambdify(X, f, "math"), sp.lambdify(X, g, "math")
    a, b, s = q1**0.5, q2**0.5, (1 - c * c) ** 0.5

    def density(z: float) -> float:
        return float(mp.e ** (-z * z / 2)) / (2 * 3.141592653589793) ** 0.5

    def inner(u: float) -> float:
        marks = sorted({-9.0, 9.0} | {w for k in cuts if abs(w := (k / b - c * u) / s) < 9})
        return sum(
            quad(lambda w: mp_g(b * (c * u + s * w)) * density(w), left, right, epsabs=1e-10)[0]
            for left, right in pairwise(marks)
        )

    marks = sorted({-9.0, 9.0} | {k / a for k in cuts})
    return sum(
        quad(lambda u: mp_f(a * u) * inner(u) * density(u), left, right, epsabs=1e-9)[0]
        for left, right in pairwise(marks)
    )


@pytest.mark.parametrize(
    ("f", "g", "cuts"),
    [
        (RELU, RELU, (0,)),
        (sp.Max(X, R(1, 5) * X), sp.sign(X), (0,)),
        (RELU ** R(3, 4), RELU**2, (0,)),
        (HARD, HARD, (-1, 1)),
        (STAIR, STAIR, (-1, 0, 1)),
        (sp.erf(X), X, ()),
        (sp.exp(-(X**2)), sp.exp(-4 * X**2), ()),
        (sp.tanh(X), RELU, (0,)),
    ],
)
def test_against_iterated_integration(f: sp.Expr, g: sp.Expr, cuts: tuple[float, ...]) -> None:
    value = pair(f, g, R(3, 2), R(1, 2), R(2, 5), 10)
    assert value.rad() < 1e-9
    assert abs(float(value.mid()) - brute(f, g, 1.5, 0.5, 0.4, cuts)) < 2e-7


@pytest.mark.parametrize("f", [sp.tanh(X), RELU, HARD, sp.erf(X), X * sp.tanh(X)])
def test_ends_are_single_expectations(f: sp.Expr) -> None:
    """At c = 0 the variables are independent, at c = 1 equal."""
    if f != HARD:
        assert pair(f, f, 2, 2, 1, 14).overlaps(expectation(f**2, 2, digits=14))
    assert pair(f, f, 2, 2, 0, 14).overlaps(expectation(f, 2, digits=14) ** 2)


def test_sheet_values() -> None:
    """relu: sqrt(q1 q2)/2 J(c); erf: (2/pi) asin(2 q c/(1 + 2q)); J of the 3/4 power at its fixed point."""
    value = pair(sp.erf(X), sp.erf(X), R(5, 4), R(5, 4), R(2, 3), 25)
    assert value.overlaps(2 / arb.pi() * (arb(10) / 21).asin())
    c = arb("0.995722808048905832 +/- 1e-18")
    power = RELU ** R(3, 4)
    assert (pair(power, power, 1, 1, c) / pair(power, power, 1, 1, 1) - c).contains(0)


def test_identical_jumps_of_the_tanh_series_near_one() -> None:
    value = pair(sp.tanh(X), sp.tanh(X), 4, 4, R(999, 1000), 15)
    assert value.rad() < 1e-14
    second = expectation(sp.diff(sp.tanh(X), X) ** 2, 4)
    total = expectation(sp.tanh(X) ** 2, 4)
    # 1 - c times the slope at 1 bounds the drop from above, by convexity.
    assert total - value < second * 4 / 1000
    assert total - value > second * 4 / 1000 * 0.9


@given(
    c=st.fractions(min_value=-1, max_value=1, max_denominator=50),
    width=st.sampled_from([0.0, 1e-6, 1e-2]),
)
def test_balls_hold_their_values(c: Fraction, width: float) -> None:
    for f in (RELU, sp.tanh(X)):
        ball = arb(arb(c.numerator) / c.denominator, width + 1e-15).intersection(arb(0, 1))
        assert pair(f, f, 1, 2, ball, 10).overlaps(pair(f, f, 1, 2, c, 15))


def test_width_of_the_variance() -> None:
    for f in (sp.tanh(X), RELU, sp.erf(X)):
        wide = pair(f, f, arb(2, 1e-6), 1, R(1, 2), 15)
        for inside in (Fraction(2) - Fraction(1, 10**6), 2, Fraction(2) + Fraction(1, 10**6)):
            assert wide.overlaps(pair(f, f, inside, 1, R(1, 2), 15))
        assert wide.rad() < 1e-5


@pytest.mark.parametrize(
    ("arguments", "reason"), [((1, 1, 2), "correlation"), ((-1, 1, 0.5), "negative")]
)
def test_refusals(arguments: tuple[float, float, float], reason: str) -> None:
    q1, q2, c = arguments
    with pytest.raises(InputError, match=reason):
        pair(RELU, RELU, q1, q2, arb(c))
    with pytest.raises(InputError):
        pair(RELU ** R(-1, 2), RELU, 1, 1, R(1, 2))
