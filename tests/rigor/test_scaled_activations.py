"""What people type: library activations under x -> a x + b, sums of two, and products with polynomials."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from flint import arb, ctx
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mfcheck.gaussian.dual import DualKernel
from mfcheck.gaussian.hermite import totals
from mfcheck.rigor.ball import enclose
from mfcheck.rigor.closed_numbers import add, closed, multiply, of_ball, raise_to, same
from mfcheck.rigor.germs import Term, UnknownTailError
from mfcheck.rigor.suprema import derivative_supremum
from mfcheck.rigor.tails import tail
from mfcheck.symbolic.activation import LIBRARY, Activation, X, activation

Q = sp.Rational
_SCALES = st.one_of(
    st.fractions(-3, 3, max_denominator=9)
    .filter(bool)
    .map(lambda f: Q(f.numerator, f.denominator)),
    st.sampled_from(
        [
            sp.sqrt(2),
            1 / sp.sqrt(3),
            -sp.sqrt(5) / 4,
            (1 + sp.sqrt(5)) / 3,
            sp.cbrt(2),
            sp.sqrt(2) - 1,
        ]
    ),
)
_SHIFTS = st.one_of(st.just(sp.Integer(0)), _SCALES)
_LIBRARY = st.builds(
    lambda name, a, b: LIBRARY[name].expr.subs(X, a * X + b),
    st.sampled_from(sorted(LIBRARY)),
    _SCALES,
    _SHIFTS,
)
_TYPED = st.one_of(
    _LIBRARY,
    st.tuples(_LIBRARY, _LIBRARY).map(lambda e: e[0] + e[1]),
    st.tuples(_LIBRARY, _LIBRARY, _SCALES).map(lambda e: e[2] * (e[0] - e[1])),
    st.tuples(_LIBRARY, _SCALES, _SHIFTS).map(lambda e: e[0] * (e[1] * X + e[2])),
    st.tuples(_LIBRARY, _SCALES).map(lambda e: e[0] * (X**2 - e[1])),
)


def by_trapezoids(expr: sp.Expr) -> float:
    """E f(sqrt2 xi) in doubles: the trapezoidal rule, which converges geometrically here."""
    grid = np.linspace(-14, 14, 4001)
    values = Activation("f", expr).numpy_function()(np.sqrt(2) * grid)
    weights = np.exp(-grid * grid / 2) / np.sqrt(2 * np.pi)
    return float((values * weights).sum() * (grid[1] - grid[0]))


@settings(deadline=None, max_examples=40)
@given(_TYPED)
def test_moments_of_what_people_type(expr: sp.Expr) -> None:
    found = totals(Activation("typed", expr), 10)
    squares = [by_trapezoids(sp.diff(expr, X, order) ** 2) for order in range(3)]
    plain, first, second = squares[0], 2 * squares[1], 4 * squares[2]
    for ball, right in (
        (found.plain, plain),
        (found.linear, plain + first),
        (found.quadratic, plain + 3 * first + second),
    ):
        assert ball.is_finite()
        assert float(ball.mid()) == pytest.approx(right, rel=1e-9, abs=1e-12)


@settings(deadline=None, max_examples=40)
@given(_TYPED, st.integers(0, 2), st.sampled_from([1, -1]))
def test_tails_of_what_people_type_hold_the_values(expr: sp.Expr, order: int, side: int) -> None:
    f = sp.diff(expr, X, order).subs(X, side * X)
    germ = tail(f, 12)
    with ctx.workprec(300):
        for place in ("12", "12.5", "17", "40", "90.25"):
            x = arb(place)
            value = enclose(f, {X: x}, 300)
            total = sum(
                (
                    t.c * x ** (arb(int(t.k.p)) / int(t.k.q)) * (t.a * x * x + t.b * x).exp()
                    for t in germ.terms
                ),
                arb(0),
            )
            assert not value.is_finite() or total.overlaps(value)
            if germ.is_bounded():
                lower, upper = germ.span()
                assert not value < lower
                assert not value > upper


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(["tanh", "erf", "sigmoid", "arctan", "isru"]), _SCALES, _SHIFTS)
def test_suprema_scale(name: str, a: sp.Expr, b: sp.Expr) -> None:
    """sup |d^k/dx^k f(a x + b)| = |a|^k sup |f^(k)|."""
    for order in (0, 1, 2):
        plain = derivative_supremum(LIBRARY[name], order, 8)
        scaled = derivative_supremum(
            Activation("s", LIBRARY[name].expr.subs(X, a * X + b)), order, 8
        )
        assert scaled.state == "finite"
        assert float(scaled.value.mid()) == pytest.approx(
            float(sp.Abs(a) ** order) * float(plain.value.mid()), rel=1e-6
        )


@pytest.mark.parametrize("text", ["tanh(x/3)", "0.5*x*(1+tanh(0.8*(x+0.04*x**3)))", "sigmoid(x/3)"])
def test_dual_kernels_of_scaled_activations(text: str) -> None:
    """A1(c) = E f f' + c E' by tensor Gauss-Hermite quadrature."""
    typed = activation(text)
    nodes, weights = np.polynomial.hermite_e.hermegauss(90)
    weights = weights / weights.sum()
    c = 0.3
    other = c * nodes[:, None] + np.sqrt(1 - c * c) * nodes[None, :]
    both = weights[:, None] * weights[None, :]

    def mean(order: int) -> float:
        f = typed.numpy_function(order)
        return float((both * f(np.sqrt(2) * nodes)[:, None] * f(np.sqrt(2) * other)).sum())

    found = DualKernel(typed, 12).A1(enclose(Q(3, 10)))
    assert float(found.mid()) == pytest.approx(mean(0) + 2 * c * mean(1), rel=1e-8)


# --- parts -----------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=200)
@given(
    st.fractions(-3, 6, max_denominator=3),
    st.fractions(-4, 4, max_denominator=7),
    st.fractions(-2, 0, max_denominator=7),
    st.integers(8, 40),
)
@example(Fraction(6), Fraction(-1, 7), Fraction(0), 8)
@example(Fraction(6), Fraction(4), Fraction(-1, 7), 8)
@example(Fraction(0), Fraction(3), Fraction(-1, 7), 8)
@example(Fraction(-2), Fraction(4), Fraction(-1, 7), 9)
@example(Fraction(5), Fraction(-1), Fraction(-1, 1000), 3 + 1)
def test_largest_value_of_a_term(k: Q, b: Q, a: Q, start: int) -> None:
    """Against a fine grid: no value lies above, and some value comes close."""
    power = Q(k.numerator, k.denominator)
    term = Term(
        arb(1),
        power,
        arb(b.numerator) / b.denominator,
        arb(a.numerator) / a.denominator,
        exact_b=Q(b.numerator, b.denominator),
        exact_a=Q(a.numerator, a.denominator),
    )
    try:
        bound = float(term.largest(arb(start)).log())
    except UnknownTailError:
        assert a == 0 and (b > 0 or (b == 0 and k > 0))  # noqa: PT018
        return
    grid = np.unique(
        np.concatenate([np.linspace(start, start + 60, 6001), np.geomspace(start, 5000, 20000)])
    )
    logs = float(k) * np.log(grid) + float(b) * grid + float(a) * grid**2
    assert logs.max() <= bound + 1e-9
    assert logs.max() >= bound - 1e-2


def test_equal_rates_are_seen_to_be_equal() -> None:
    third = Term(arb(1), b=-arb(1) / 3, exact_b=-Q(1, 3))
    assert third.has_growth_of(Term(arb(2), b=-arb(1) / 3, exact_b=-Q(1, 3)))
    assert not third.has_growth_of(Term(arb(2), b=-arb(1) / 3))
    assert not third.has_growth_of(Term(arb(2), b=-arb(2) / 3, exact_b=-Q(2, 3)))
    nested = closed(sp.sqrt(3 + 2 * sp.sqrt(2)))
    assert same(nested, closed(1 + sp.sqrt(2)))
    assert not same(nested, closed(sp.sqrt(2) + Q(99999, 100000)))
    assert not same(None, None)


@given(_SCALES, _SCALES)
def test_exact_numbers_follow_their_balls(x: sp.Expr, y: sp.Expr) -> None:
    a, b = closed(x), closed(y)
    for found, right in (
        (add(a, b), x + y),
        (multiply(a, b), x * y),
        (raise_to(a, sp.S.NegativeOne), 1 / x),
        (raise_to(multiply(a, a), Q(1, 2)), sp.Abs(x)),
    ):
        assert found is not None
        assert abs(sp.N(found - right, 30)) < 1e-25
    assert multiply(None, sp.S.Zero) == 0
    assert add(None, a) is None
    assert raise_to(closed(-sp.sqrt(2)), Q(1, 2)) is None


def test_only_balls_of_radius_zero_are_numbers() -> None:
    assert of_ball(arb(3) / 4) == Q(3, 4)
    assert of_ball(arb(1) / 3) is None
    assert of_ball(arb(1, 0.5)) is None
    assert of_ball(arb.pos_inf()) is None
    assert closed(sp.Float("0.5") * sp.sqrt(2)) is None


def test_a_decaying_difference_is_seen_under_any_scale() -> None:
    for scale in (Q(1, 3), sp.sqrt(2), (1 + sp.sqrt(5)) / 2):
        germ = tail(scale - scale * sp.tanh(scale * X) ** 2, 10)
        assert germ.terms
        assert all(term.growth() == -1 for term in germ.terms)
        kept = tail(scale + Q(1, 10**6) - scale * sp.tanh(scale * X) ** 2, 10)
        assert any(term.growth() == 0 for term in kept.terms)
