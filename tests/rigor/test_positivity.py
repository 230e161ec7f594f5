"""Certified positivity, against functions whose sign is known."""

import math

import pytest
import sympy as sp
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.rigor.positivity import _march, positive
from mfcheck.rigor.program import program
from mfcheck.symbolic.activation import X

x = sp.Symbol("x", real=True)


@pytest.mark.parametrize(
    ("expr", "upper", "order"),
    [
        (sp.sin(x) - x * sp.cos(x), sp.pi, 3),
        (x - sp.sin(x), 10, 3),
        (sp.cos(x) - 1 + x**2 / 2, 5, 4),
        (sp.exp(x), 3, 0),
        (x - sp.Rational(99, 100) * sp.sin(x), 1, 1),
    ],
)
def test_positive(expr: sp.Expr, upper: sp.Expr, order: int) -> None:
    assert positive(expr, x, upper, order).holds is True


@pytest.mark.parametrize(
    ("expr", "upper", "order"),
    [
        (sp.sin(x) - x * sp.cos(x), 5, 3),  # negative beyond 4.49
        (sp.sin(x) - x, 1, 3),
        (x - sp.Rational(101, 100) * sp.sin(x), 1, 1),
        (sp.Rational(1, 100) - x * (1 - x), 1, 0),
    ],
)
def test_not_positive(expr: sp.Expr, upper: sp.Expr, order: int) -> None:
    assert positive(expr, x, upper, order).holds is False


def test_a_wrong_order_is_undecided() -> None:
    assert positive(x - sp.sin(x) + x**2, x, 1, 3).holds is None
    assert positive(sp.sin(x) - x * sp.cos(x), x, 1, 4).holds is None


def test_a_double_zero_inside_is_undecided() -> None:
    found = positive((x - 1) ** 2, x, sp.Rational(19, 10), 0)
    assert found.holds is None


def test_counterexample_is_one() -> None:
    found = positive(sp.cos(x), x, 2)
    assert found.where is not None
    assert sp.cos(found.where) < 0


H, P, Q = sp.Heaviside, sp.Piecewise, sp.Rational


@pytest.mark.parametrize(
    ("expr", "upper", "order", "holds"),
    [
        (P((x, x < Q(1, 2)), (x - 10, True)), 1, 1, False),
        (P((x, x < Q(1, 2)), (x - 10, True)), 1, 0, False),
        (P((x, x < Q(1, 2)), (2 * x, True)), 1, 1, True),
        (x - 10 * H(x - Q(1, 2)), 1, 1, False),
        (x**2 - 3 * H(x - 1) * x, 2, 2, False),
        (x * (1 - 2 * H(x - Q(9, 10)) * H(Q(11, 10) - x)), 2, 1, False),
        (x - sp.sign(x - 1) - 1, 2, 1, False),
        (sp.Max(x, 2 * x - 1), 2, 1, True),
        (sp.Min(x, 1 - x), 2, 1, False),
        (x + sp.Abs(x - 1) - 1 + x**2, 2, 2, True),
        (sp.Abs(x), 1, 1, True),
        (x**2 * P((1, x < 1), (-1, x < 2), (1, True)), 3, 2, False),
        (-x * sp.sqrt(x**2 - 2 * x + 1) / (x - 1), 2, 1, False),
        (x + Q(1, 2) + 1 / (x - 2), 3, 1, False),
        (P((-1, x <= 0), (x, True)), 1, 1, True),
        (x * (2 - 3 * sp.floor(x)), 2, 1, None),
        (sp.atan(sp.tan(x)), 3, 1, None),
        (P((-1, x <= 0), (1, True)), 1, 0, None),
        (x * sp.Symbol("other"), 1, 1, None),
    ],
)
def test_kinks_and_jumps(expr: sp.Expr, upper: sp.Expr, order: int, holds: bool | None) -> None:
    found = positive(expr, x, upper, order)
    assert found.holds is holds
    if holds is False:
        assert found.where is not None
        assert 0 < found.where <= upper
        assert expr.subs(x, Q(found.where)) < 0


@settings(deadline=None, max_examples=60)
@given(
    slopes=st.lists(st.integers(-3, 6), min_size=1, max_size=3),
    jumps=st.lists(st.fractions(-2, 2, max_denominator=4), min_size=3, max_size=3),
)
def test_broken_lines_are_never_called_positive_where_they_are_not(
    slopes: list[int], jumps: list[sp.Rational]
) -> None:
    """Broken lines from 0 with jumps: their least value is at an end of a piece, found by hand."""
    pieces, least = [], []
    for k, slope in enumerate(slopes):
        shift = Q(str(jumps[k])) if k else Q(0)
        line = slope * x + shift
        pieces.append((line, x < k + 1 if k + 1 < len(slopes) else True))
        least.append(min((slope * k + shift, slope * (k + 1) + shift)) if k else Q(slope))
    found = positive(P(*pieces), x, len(slopes), 1)
    if found.holds is True:
        assert min(least) > 0 or min(least[1:], default=Q(1)) >= 0
        assert slopes[0] > 0
    elif found.holds is False:
        assert min(least) < 0


def test_each_interval_between_the_zero_and_the_end_is_looked_at() -> None:
    """A dip below zero between the start and the end of a step must be seen, wherever it lies."""
    for k in range(1, 12):
        place = Q(k, 12)
        dip = x * (1 - 2 * sp.exp(-(4000 * (x - place) ** 2)))
        assert positive(dip, x, 1, 1).holds is False
        kinked = x - 2 * sp.Max(0, Q(1, 50) - sp.Abs(x - place)) * 50
        assert positive(kinked, x, 1, 1).holds is not True


@pytest.mark.parametrize("place", [Q(1, 5), Q(1, 2), Q(7, 10), Q(19, 20)])
def test_the_march_does_not_jump_over_a_negative_part(place: sp.Rational) -> None:
    """The first derivative is positive near 0 and at the end, and negative between; so is the function somewhere."""
    slope = 1 - 3 * sp.exp(-((30 * (x - place)) ** 2))
    code = program(slope.subs(x, X), (X,))
    start = arb(1) / 100
    reached = _march(code, start, arb(1))
    low = 1 - 3 * math.exp(-((30 * (float(reached) - float(place))) ** 2))
    assert start <= reached < float(place)
    assert low > 0
    ends = [k / 1000 * float(reached) for k in range(10, 1001)]
    assert min(1 - 3 * math.exp(-((30 * (t - float(place))) ** 2)) for t in ends) > 0


def test_a_jump_that_no_derivative_shows_stops_the_march() -> None:
    """atan(tan x) - x is 0 up to pi/2 and -pi behind, with derivatives that SymPy finds to be zero."""
    hidden = sp.atan(sp.tan(x)) - x
    assert positive(x**2 - x**3 / 4 + hidden, x, 2, 2).holds is not True
    assert positive(x**2 - x**3 / 4, x, 2, 2).holds is True
    assert positive(x**2 - x**3 / 4 + hidden, x, Q(3, 2), 2).holds is True
