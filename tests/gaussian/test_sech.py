"""Averages of sech^2 and sech^4 against quadrature by mpmath."""

from fractions import Fraction

import mpmath
import pytest
from flint import arb, ctx

from mfcheck.errors import InputError
from mfcheck.gaussian import sech_averages


@pytest.mark.parametrize("q", ["1/1000", "1/20", "49/100", "1/2", "3", "100000"])
def test_averages_enclose_quadrature(q: str) -> None:
    with mpmath.workdps(30):
        v = mpmath.mpf(Fraction(q).numerator) / Fraction(q).denominator
        ends = [k * min(mpmath.sqrt(v) * 3, 5) for k in range(-6, 7)]
        expected = [
            mpmath.quad(lambda x, n=n: mpmath.sech(x) ** n * mpmath.exp(-x * x / (2 * v)), ends)
            / mpmath.sqrt(2 * mpmath.pi * v)
            for n in (2, 4)
        ]
    with ctx.workdps(40):
        found = sech_averages(arb(Fraction(q).numerator) / Fraction(q).denominator, 18)
        for ball, value in zip(found, expected, strict=True):
            assert abs(ball - arb(mpmath.nstr(value, 28))) < arb(10) ** -17
            assert ball.rad() < arb(10) ** -16


def test_error_bounds_are_sound_at_few_digits() -> None:
    # The same average to few digits must contain that to many.
    with ctx.workdps(60):
        for numerator in (1, 7, 30, 49, 50, 200, 5000):
            q = arb(numerator) / 100
            pairs = zip(sech_averages(q, 4), sech_averages(q, 30), strict=True)
            assert all(coarse.contains(fine) for coarse, fine in pairs)


@pytest.mark.parametrize("middle", ["1/1000", "3/10", "1", "40"])
def test_a_ball_holds_the_averages_at_its_ends_and_little_more(middle: str) -> None:
    with ctx.workdps(40):
        q = arb(Fraction(middle).numerator) / Fraction(middle).denominator
        radius = q / 100
        whole = sech_averages(q + arb(0, radius), 20)
        ends = [sech_averages(q + sign * radius, 20) for sign in (-1, 1)]
        for k, value in enumerate(whole):
            assert all(value.contains(end[k]) for end in ends)
            assert value.rad() < 8 * abs(ends[0][k] - ends[1][k])


def test_a_variance_that_may_be_zero_is_refused() -> None:
    with pytest.raises(InputError, match="positive"):
        sech_averages(arb(1, 2), 10)
