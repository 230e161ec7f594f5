from decimal import Decimal
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from flint import acb, arb, ctx
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mfcheck.errors import InputError
from mfcheck.rigor.ball import (
    bounds,
    compare,
    decimal_text,
    enclose,
    enclose_complex,
    endpoints,
    exact,
    from_on,
    rational,
)
from mfcheck.symbolic.activation import LIBRARY, X
from mfcheck.symbolic.expression import parse

FRACTIONS = st.fractions(-6, 6, max_denominator=10**6)


def test_compare_has_three_answers() -> None:
    assert compare(arb(1), arb(2)) == "<"
    assert compare(arb(2), arb(1)) == ">"
    assert compare(arb(1), arb(1)) == "?"
    assert compare(arb(1, 1), arb(1.5)) == "?"
    assert compare(arb.nan(), arb(1)) == "?"


@pytest.mark.parametrize("text", ["abc", "1/0", "", "nan", "inf", "1e99999999", "1" * 300])
def test_unreadable_numbers_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        rational(text)


def test_exact_holds_its_number() -> None:
    assert exact("0.1").contains(arb(1) / 10)
    assert exact(Fraction(1, 3)).contains(arb(1) / 3)
    assert exact(sp.Rational(-2, 7)) * 7 + 2 == 0 or (exact(sp.Rational(-2, 7)) * 7 + 2).contains(0)
    assert exact(np.int64(3)) == 3
    assert endpoints(exact("0.5")) == (Fraction(1, 2), Fraction(1, 2))


@pytest.mark.parametrize(
    "threshold", ["916.3133", "0.00012345", "917.2", "12345678.9", "-2.71828", "99999"]
)
def test_a_threshold_is_quoted_as_a_number_beyond_it(threshold: str) -> None:
    """The next number of four digits above, and never more than one step of a thousandth from it."""
    said, true = Fraction(from_on(exact(threshold))), Fraction(threshold)
    assert true <= said <= true + abs(true) / 1000
    assert Fraction(from_on(float(threshold))) >= Fraction(float(threshold))
    assert from_on(arb(1, 0.5)) in ("1.5", "1.501")


@pytest.mark.parametrize("name", LIBRARY)
@pytest.mark.parametrize("order", range(4))
@settings(deadline=None, max_examples=8)
@given(at=FRACTIONS)
def test_enclosures_agree_with_sympy_evalf(name: str, order: int, at: Fraction) -> None:
    expr = LIBRARY[name].derivative(order)
    point = sp.Rational(at.numerator, at.denominator)
    ball = enclose(expr, {X: at}, 200)
    ends = endpoints(ball)
    assert ends is not None
    value = sp.Float(expr.subs(X, point).evalf(40), 40)
    slack = Fraction(1, 10**35)
    assert ends[0] - slack <= rational(sp.Rational(value)) <= ends[1] + slack
    assert ends[1] - ends[0] < Fraction(1, 10**50)
    assert enclose(expr, {X: at}, 80).overlaps(ball)


@pytest.mark.parametrize(
    "text",
    [
        "x**2",
        "x**3",
        "x**-2",
        "abs(x)",
        "relu(x)",
        "step(x)",
        "sign(x)",
        "cosh(x)",
        "sinh(x)",
        "exp(-x**2)",
        "1/(1+x**2)",
        "tanh(x)",
        "erf(x)*x",
        "sqrt(1+x**2)",
        "asinh(x)",
        "log(2+x**2)",
        "sin(x)",
        "cos(3*x)",
        "atan(x)",
        "erfc(x)",
        "(1+x**2)**(1/3)",
        "2**x",
        "softplus(x)",
    ],
)
@settings(deadline=None, max_examples=25)
@given(a=FRACTIONS, b=FRACTIONS, t=st.fractions(0, 1, max_denominator=100))
def test_interval_holds_all_its_values(text: str, a: Fraction, b: Fraction, t: Fraction) -> None:
    expr = parse(text)
    inner = exact(a + t * (b - a))
    wide = enclose(expr, {X: exact(a).union(exact(b))})
    narrow = enclose(expr, {X: inner})
    assert not wide.is_finite() or wide.contains(narrow) or wide.overlaps(narrow)
    middle = endpoints(narrow)
    ends = endpoints(wide)
    if ends is not None and middle is not None:
        assert ends[0] <= middle[1]
        assert middle[0] <= ends[1]


def test_wide_intervals_stay_tight() -> None:
    box = arb(0).union(arb(1000))
    for text, low, high in [("tanh(x)", 0, 1), ("erf(x)", 0, 1), ("x**2", 0, 10**6)]:
        ends = endpoints(enclose(parse(text), {X: box}))
        assert ends is not None
        assert low - 1e-6 * (high - low) < ends[0] <= low
        assert ends[1] < high * 1.000001


def test_undecided_or_undefined_is_nan() -> None:
    assert not enclose(parse("1/x"), {X: arb(0, 1)}).is_finite()
    assert not enclose(parse("sqrt(x)"), {X: arb(-1)}).is_finite()
    assert not enclose(parse("log(x)"), {X: arb(0, 1)}).is_finite()


def test_a_symbol_for_an_integer_may_be_the_exponent_of_a_negative_base() -> None:
    n = sp.Symbol("n", integer=True)
    power = (1 - 7 / n) ** n
    assert enclose(power, {n: arb(5)}).overlaps(arb(-32) / 3125)
    assert enclose(power, {n: arb(7)}).contains(0)
    assert enclose(power, {n: arb(-7)}).overlaps(arb(1) / 128)
    assert enclose(power, {n: arb(20)}).overlaps((arb(13) / 20) ** 20)
    assert enclose(power, {n: arb(5, 1e-3)}).is_nan()


def test_piecewise_takes_every_branch_that_may_apply() -> None:
    expr = sp.Piecewise((-1, X < 0), (1 / X, X > 2), (5, True))
    assert enclose(expr, {X: arb(-3)}) == -1
    assert enclose(expr, {X: arb(4)}) == arb(1) / 4
    assert enclose(expr, {X: arb(0)}) == 5
    both = enclose(expr, {X: arb(0, 1)})
    assert both.contains(-1)
    assert both.contains(5)
    assert enclose(sp.Piecewise((1, X <= 0), (2, True)), {X: arb(0)}) == 1
    assert not enclose(sp.Piecewise((1, X > 0)), {X: arb(-1)}).is_finite()


def test_unknown_function_or_symbol_is_named() -> None:
    with pytest.raises(InputError, match="zeta"):
        enclose(sp.zeta(X), {X: arb(2)})
    with pytest.raises(InputError, match="no value for y"):
        enclose(sp.Symbol("y") + 1, {})
    with pytest.raises(InputError, match="condition"):
        enclose(sp.Piecewise((1, (X > 0) & (X < 1)), (2, True)), {X: arb(2)})


def test_constants_follow_the_precision() -> None:
    for prec in (64, 300):
        ends = endpoints(
            enclose(sp.pi + sp.E + sp.EulerGamma + sp.GoldenRatio + sp.Catalan, {}, prec)
        )
        assert ends is not None
        assert ends[1] - ends[0] < Fraction(1, 2 ** (prec - 8))


def test_regularized_beta() -> None:
    value = enclose(
        sp.betainc_regularized(sp.Rational(3, 2), sp.Rational(1, 2), 0, X), {X: arb(0.25)}
    )
    reference = mp.betainc(1.5, 0.5, 0, 0.25, regularized=True)
    assert abs(float(value.mid()) - float(reference)) < 1e-14


def test_the_beta_law_has_a_limit_of_all_mass_at_zero() -> None:
    law = sp.betainc_regularized(0, sp.Rational(1, 2), 0, X)
    assert enclose(law, {X: arb(0.25)}) == 1
    near = sp.betainc_regularized(sp.Rational(1, 10**9), sp.Rational(1, 2), 0, X)
    assert abs(float(enclose(near, {X: arb(0.25)}).mid()) - 1) < 1e-8


@settings(deadline=None, max_examples=40)
@given(re=FRACTIONS, im=FRACTIONS, name=st.sampled_from(sorted(LIBRARY)), order=st.integers(0, 3))
def test_complex_enclosures_agree_with_mpmath(
    re: Fraction, im: Fraction, name: str, order: int
) -> None:
    expr = LIBRARY[name].derivative(order)
    with mp.workdps(30):
        point = mp.mpc(mp.mpf(re.numerator) / re.denominator, mp.mpf(im.numerator) / im.denominator)
        try:
            reference = complex(sp.lambdify(X, expr, "mpmath")(point))
        except ZeroDivisionError:
            return
    value = enclose_complex(expr, {X: acb(exact(re), exact(im))})
    assume(value.is_finite() and abs(reference) < 1e6)
    scale = 1e-10 * (1 + abs(reference))
    assert abs(complex(value) - reference) < scale


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("sqrt(x)", acb(arb(-1, 0.1), arb(0, 0.1))),
        ("log(x)", acb(arb(-1, 0.1), arb(0, 0.1))),
        ("atan(x)", acb(arb(0, 0.1), arb(1.5, 0.1))),
        ("asinh(x)", acb(arb(0, 0.1), arb(-1.5, 0.1))),
        ("abs(x)", acb(arb(0, 0.1), 0)),
        ("relu(x)", acb(arb(0, 0.1), arb(0, 1))),
        ("step(x)", acb(arb(0, 0.1), 0)),
        ("sign(x)", acb(arb(0, 0.1), 0)),
        ("tanh(x)", acb(arb(0, 0.1), arb(1.57, 0.1))),
        ("1/(1+x**2)", acb(arb(0, 0.1), arb(1, 0.1))),
        ("softplus(x)", acb(arb(0, 0.1), arb(3.14, 0.1))),
        ("x/sqrt(1+x**2)", acb(arb(0, 0.1), arb(1.5, 0.1))),
    ],
)
def test_analytic_flag_answers_nan_at_singularities(text: str, box: acb) -> None:
    assert not enclose_complex(parse(text), {X: box}, analytic=True).is_finite()
    away = acb(arb(2.5, 0.1), arb(0.5, 0.1))
    assert enclose_complex(parse(text), {X: away}, analytic=True).is_finite()


def test_complex_asinh_left_of_the_axis() -> None:
    z = acb(-3, 0.5)
    assert enclose_complex(parse("asinh(x)"), {X: z}, analytic=True).overlaps(z.asinh())


def test_complex_piecewise() -> None:
    assert not enclose_complex(sp.Piecewise((1, X < 0)), {X: acb(1)}).is_finite()
    expr = sp.Piecewise((X**2, X < 1), (X, True))
    assert enclose_complex(expr, {X: acb(0, 2)}) == -4
    assert enclose_complex(expr, {X: acb(3, 2)}) == acb(3, 2)
    assert not enclose_complex(expr, {X: acb(arb(1, 1), 0)}).is_finite()


@settings(deadline=None, max_examples=100)
@given(
    mid=st.fractions(-(10**9), 10**9),
    scale=st.integers(-200, 200),
    rad=st.fractions(0, 1),
    digits=st.integers(1, 60),
)
def test_bounds_are_outward_and_sharp(
    mid: Fraction, scale: int, rad: Fraction, digits: int
) -> None:
    ball = arb(exact(mid).mid() * arb(2) ** scale, exact(rad).mid())
    ends = endpoints(ball)
    assert ends is not None
    lower, upper = bounds(ball, digits)
    assert Fraction(lower) <= ends[0]
    assert ends[1] <= Fraction(upper)
    for text, end in ((lower, ends[0]), (upper, ends[1])):
        assert abs(Fraction(text) - end) <= abs(end) * Fraction(10, 10**digits)
        assert Decimal(text).is_finite()


def test_bounds_at_the_edges() -> None:
    assert bounds(arb(0)) == ("0", "0")
    assert bounds(arb.nan()) == ("-inf", "inf")
    assert bounds(arb.pos_inf()) == ("inf", "inf")
    assert bounds(arb(1).exp() ** 10**9)[1] == "inf"
    assert bounds(arb(2) ** -(10**6)) == ("0", "1")
    assert bounds(arb(-1) / 8, 1) == ("-0.2", "-0.1")
    with pytest.raises(InputError):
        decimal_text(Fraction(1, 3), 0, up=True)


def test_precision_outside_is_untouched() -> None:
    before = ctx.prec
    enclose(sp.tanh(X), {X: arb(1)}, 500)
    assert ctx.prec == before


@pytest.mark.parametrize(
    "value", [0.1, np.float64(0.5), float("nan"), 1j, None, True, sp.Float("0.1")]
)
def test_floats_are_refused(value: object) -> None:
    """0.1 is not a tenth: its binary neighbour must not slip in."""
    with pytest.raises(InputError, match="not an exact number"):
        exact(value)
    with pytest.raises(InputError, match="not an exact number"):
        enclose(sp.Symbol("t"), {sp.Symbol("t"): value})


@pytest.mark.parametrize(
    "value", [Fraction(1, 10), "0.1", "1/10", Decimal("0.1"), sp.Rational(1, 10)]
)
def test_a_tenth_is_a_tenth(value: object) -> None:
    assert (exact(value) * 10).contains(1)
    assert exact(value).rad() < arb(2) ** -50
    assert rational(value) == Fraction(1, 10)


def test_floats_in_formulas_are_refused() -> None:
    t = sp.Symbol("t")
    with pytest.raises(InputError, match="float"):
        enclose(sp.Float("0.1") * t, {t: 1})
    with pytest.raises(InputError, match="number is needed"):
        enclose(t + sp.zoo, {t: 1})
