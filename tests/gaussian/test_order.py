"""What is kept does not depend on who asked first, or at which working precision."""

from contextlib import suppress
from fractions import Fraction

import pytest
import sympy as sp
from flint import arb, ctx

from mfcheck.gaussian import _strip
from mfcheck.gaussian.edge import critical_variance, first_critical_point
from mfcheck.symbolic.activation import X, activation


def bits(ball: arb) -> tuple[object, ...]:
    return (*ball.mid().man_exp(), *ball.rad().man_exp())


@pytest.mark.parametrize("prec", [64, 200, 333])
def test_critical_points_are_the_same_at_every_working_precision(prec: int) -> None:
    found = []
    for working in (53, prec):
        first_critical_point.cache_clear()
        critical_variance.cache_clear()
        with ctx.workprec(working):
            point = first_critical_point(activation("tanh"), Fraction(1, 10), 20)
            q = critical_variance(activation("tanh"), Fraction(2), 20)
        found.append([bits(x) for x in (point.q, point.sigma_w, point.slope, q)])
    assert found[0] == found[1]


SILU = X / (1 + sp.exp(-X))


@pytest.mark.parametrize(
    ("f", "variance", "before"),
    [
        (sp.erf(X) ** 2, Fraction(1), Fraction(17, 16)),
        (sp.erf(X) ** 2, Fraction(1, 4), Fraction(7, 32)),
        (SILU**2, Fraction(9), Fraction(900)),
    ],
)
def test_an_expectation_does_not_depend_on_those_before(
    f: sp.Expr, variance: Fraction, before: Fraction
) -> None:
    """Deviations of about one size share the height of their strip; a far one finds no height at all."""

    def once(variances: list[Fraction]) -> tuple[object, ...]:
        _strip.strip.cache_clear()
        for number in variances:
            q = arb(number.numerator) / number.denominator
            with suppress(_strip.NoStripError):
                value, error = _strip.strip_expectation(f, q, arb(0), 17, True)
        return (*bits(value), *bits(error))

    assert once([before, variance]) == once([variance])
