"""Powers of the rectifier: against integrals over the angle, differences, and the closed form of the rectifier."""

import math
from fractions import Fraction

import mpmath
import pytest
import sympy as sp
from flint import arb, ctx

from mfcheck.gaussian import power_map, power_map_float, power_map_slope, power_moment


@pytest.mark.parametrize("power", ["11/20", "3/4", "19/20"])
@pytest.mark.parametrize("c", [0.6, -0.3])
def test_map_against_an_integral_over_the_angle(power: str, c: float) -> None:
    p = float(Fraction(power))
    with mpmath.workdps(15):
        # In polar coordinates E r(u) r(v) is a gamma function times an integral over the angle.
        beta = mpmath.acos(c)
        size = 2 ** mpmath.mpf(p) * mpmath.gamma(p + 1) / (2 * mpmath.pi)
        angle = mpmath.quad(
            lambda s: (mpmath.cos(s) * mpmath.cos(s - beta)) ** p,
            [beta - mpmath.pi / 2, beta / 2, mpmath.pi / 2],
        )
        second = mpmath.quad(lambda z: z ** (2 * p) * mpmath.npdf(z), [0, 1, 4, 12])
        expected = float(size * angle / second)
    assert float(power_map(Fraction(power), arb(c))) == pytest.approx(expected, rel=1e-6)
    assert power_map_float(p, c) == pytest.approx(expected, rel=1e-6)
    assert float(power_moment(sp.Rational(power))) == pytest.approx(float(second), rel=1e-9)


@pytest.mark.parametrize("power", ["3/5", "3/4", "9/10", "2"])
def test_slope_by_differences(power: str) -> None:
    with ctx.workdps(40):
        number, c, step = Fraction(power), arb("0.97"), arb("1e-9")
        change = power_map(number, c + step) - power_map(number, c - step)
        assert abs(change / (2 * step) - power_map_slope(number, c)) < 1e-12


def test_the_rectifier_itself() -> None:
    c = 0.3
    expected = (math.sqrt(1 - c * c) + (math.pi - math.acos(c)) * c) / math.pi
    assert float(power_map(Fraction(1), arb(c))) == pytest.approx(expected, rel=1e-14)
    slope = (math.pi - math.acos(c)) / math.pi
    assert float(power_map_slope(Fraction(1), arb(c))) == pytest.approx(slope, rel=1e-14)
    assert power_moment(sp.Integer(1)) == sp.Rational(1, 2)
