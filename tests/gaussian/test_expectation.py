from fractions import Fraction

import mpmath as mp
import pytest
import sympy as sp
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from mfcheck.errors import InputError
from mfcheck.gaussian.expectations import expectation
from mfcheck.symbolic.activation import LIBRARY, X

T = sp.tanh(X)


def by_mpmath(f: sp.Expr, q: mp.mpf, m: mp.mpf = 0, cuts: tuple[float, ...] = ()) -> mp.mpf:
    """Integrate in z panel by panel, kinks at panel ends."""
    code = sp.lambdify(X, f, "mpmath")
    root = mp.sqrt(q)
    ends = sorted({mp.mpf(k) for k in range(-16, 17, 2)} | {(c - m) / root for c in cuts})
    return mp.quad(lambda z: code(m + root * z) * mp.npdf(z), ends)


def holds(value: arb, reference: mp.mpf, digits: int) -> bool:
    """The enclosure holds the reference up to its own error, and is as narrow as asked."""
    with ctx.workprec(200):
        middle = arb(mp.nstr(reference, 45))
        gap = abs(value - middle)
        narrow = value.rad() <= abs(value.mid()) * arb(10) ** -digits
        return bool(narrow and gap.lower() <= abs(middle) * arb(10) ** -(digits + 2))


@pytest.mark.parametrize("q", [Fraction(1, 1000), Fraction(1, 2), Fraction(4), Fraction(50)])
@pytest.mark.parametrize(
    "f", [T**2, sp.diff(T, X) ** 2, sp.diff(T, X, 2) ** 2, T * sp.diff(T, X, 2)]
)
def test_thirty_digits_of_tanh_moments(f: sp.Expr, q: Fraction) -> None:
    with mp.workdps(40):
        reference = by_mpmath(f, mp.mpf(q.numerator) / q.denominator)
    assert holds(expectation(f, q, digits=30), reference, 30)


@pytest.mark.parametrize("name", LIBRARY)
def test_library_with_a_mean(name: str) -> None:
    f = LIBRARY[name].expr
    with mp.workdps(30):
        reference = by_mpmath(f**2, mp.mpf(5) / 4, mp.mpf(3) / 2)
    assert holds(expectation(f**2, Fraction(5, 4), Fraction(3, 2), 18), reference, 18)


@pytest.mark.parametrize(
    ("f", "cuts"),
    [
        (sp.Max(0, X) ** 2, (0,)),
        (sp.Max(-1, sp.Min(1, X)) ** 2, (-1, 1)),
        (sp.Max(0, X) + sp.exp(sp.Min(0, X)) - 1, (0,)),
        (sp.Max(0, X) * T, (0,)),
        (sp.Heaviside(X - 1) * sp.cos(X), (1,)),
        (sp.Abs(X - sp.Rational(1, 2)) / (1 + X**2), (0.5,)),
        (sp.sign(X) * X**3, (0,)),
    ],
)
@pytest.mark.parametrize("m", [0, Fraction(-3, 4)])
def test_kinks_and_jumps(f: sp.Expr, cuts: tuple[float, ...], m: Fraction) -> None:
    with mp.workdps(30):
        reference = by_mpmath(f, mp.mpf(7) / 5, mp.mpf(m.numerator) / m.denominator, cuts)
    value = expectation(f, Fraction(7, 5), m, 15)
    assert holds(value, reference, 15)


def test_values_of_the_literature() -> None:
    """Closed values of hard tanh at q = 2/5, of erf and of a power of relu."""
    clipped = sp.Max(-1, sp.Min(1, X))
    assert expectation(clipped**2, Fraction(2, 5), digits=19).overlaps(
        arb("0.32372986466944981422 +/- 1e-20")
    )
    q = Fraction(3, 2)
    erf = expectation(sp.erf(X) ** 2, q, digits=25)
    assert erf.overlaps(2 / arb.pi() * (arb(3) / 4).asin())
    power = expectation(sp.Max(0, X) ** sp.Rational(3, 2), 1)
    assert power.overlaps(arb("0.430019993662259768 +/- 1e-18"))


@given(
    q=st.fractions(min_value=Fraction(1, 100), max_value=20, max_denominator=100),
    width=st.fractions(min_value=0, max_value=Fraction(1, 200), max_denominator=10**4),
    at=st.integers(min_value=-1, max_value=1),
    kinked=st.booleans(),
)
def test_a_ball_holds_all_its_values(q: Fraction, width: Fraction, at: int, kinked: bool) -> None:
    f = sp.Max(0, X) * T if kinked else T**2 + X
    inside = q + at * q * width
    ball = arb(q.numerator) / q.denominator
    ball = arb(ball.mid(), float(q * width) * 1.0000001 + 1e-14)
    assert expectation(f, ball).overlaps(expectation(f, inside, digits=25))


@pytest.mark.parametrize("f", [T**2, sp.Max(0, X), sp.Max(0, X) * T + 1])
def test_width_is_of_the_order_of_the_argument(f: sp.Expr) -> None:
    value = expectation(f, arb(2, 1e-9))
    assert value.rad() < 1e-8
    assert value.rad() > 1e-12


def test_variance_zero_and_near_zero() -> None:
    assert expectation(T**2 + 3, 0).contains(3)
    assert expectation(sp.Max(0, X) ** 2, arb(0, 1e-3).nonnegative_part()).contains(5e-4 / 2)
    near = expectation(T**2, arb(0).union(arb(1) / 1000))
    assert near.contains(0)
    assert near.overlaps(expectation(T**2, Fraction(1, 1000)))


def test_odd_functions_have_no_mean() -> None:
    assert expectation(T**3, 3).is_zero()


@pytest.mark.parametrize(
    "f",
    [
        1 / X,
        1 / X**2,
        sp.exp(X**2),
        sp.diff(sp.Max(0, X), X, 2) ** 2,
        sp.Max(0, X) ** sp.Rational(-3, 2),
        sp.log(X),
    ],
)
def test_refusals(f: sp.Expr) -> None:
    with pytest.raises(InputError) as caught:
        expectation(f, Fraction(3, 2))
    assert "\n" not in str(caught.value)


def test_refuses_a_negative_variance() -> None:
    with pytest.raises(InputError, match="negative"):
        expectation(T, Fraction(-1, 2))


def test_growth_is_admitted_up_to_the_weight() -> None:
    """E exp(x^2/8) = (1 - q/4)^(-1/2) exists for q < 4 only."""
    value = expectation(sp.exp(X**2 / 8), 1)
    assert value.overlaps(1 / (arb(3) / 4).sqrt())
    with pytest.raises(InputError):
        expectation(sp.exp(X**2 / 8), 4)


def test_an_ordinary_symbol_is_the_variable() -> None:
    """E (1 + sqrt2 z)^3 = 1 + 3 * 2 = 7."""
    x = sp.Symbol("x")
    assert expectation(x**3, 2, 1).overlaps(arb(7))
    with pytest.raises(InputError, match="got one of a, x"):
        expectation(sp.Symbol("a") * x, 1)
