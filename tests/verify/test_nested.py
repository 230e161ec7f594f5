"""Integrals whose integrand is an integral: values by mpmath and by hand, continuations at points, forgeries."""

import json
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck import verify
from mfcheck.rigor import certificate
from mfcheck.verify import rectangles
from mfcheck.verify.formulas import Reader, evaluate, iv, parse
from mfcheck.verify.integrals import continued
from mfcheck.verify.reading import MalformedError
from mfcheck.verify.reals import REALS

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def _precision() -> None:
    iv.prec = 2 * 32 + 100


def quarter(body: str) -> str:
    """The mean of a formula in Z1 and Z2, two coordinates of the sphere of a batch of 8, by polar coordinates.

    It does not change if Z1 and Z2 change their places, or both change their sign: a quarter of the circle will do.
    """
    z = "(sin(s)*(sqrt(3)*cos(t){}2*sin(t)))"
    body = body.replace("Z1", z.format("+")).replace("Z2", z.format("-"))
    return f"integral(s, 0, pi/2, 5*cos(s)**4*sin(s)*integral(t, 0, pi/2, {body}))*2/pi"


EXP = mpmath.ei(1) - mpmath.euler
"""The integral of (exp(x) - 1)/x over [0, 1]."""
VALUES = [
    ("integral(x, 0, 1, integral(y, 0, 1, x*y))", Fraction(1, 4)),
    ("integral(x, 0, 1, integral(y, 0, x, 1))", Fraction(1, 2)),
    ("integral(x, 0, 1, integral(y, x**2, x, x*y))", Fraction(1, 24)),
    ("integral(x, 0, 2, integral(y, 1, 0, x + 3*y**2))", Fraction(-4)),
    ("integral(x, 0, 1, x*integral(y, 0, 2, max(x + y + 1, 0)))", Fraction(8, 3)),
    ("integral(x, 0, 1, integral(y, 0, 1, integral(z, 0, 1, x*y + z)))", Fraction(3, 4)),
    ("integral(x, 0, 1, integral(y, 0, 1, exp(x*y)))", EXP),
    ("integral(x, 0, 1, integral(y, 0, a, cos(x + y)))", None),
    ("integral(x, -1, 1, integral(y, 0, pi, 1/(2 + x*cos(y))))", None),
    (quarter("Z1*Z2"), Fraction(-1, 7)),
    (quarter("(Z1**2 + Z2**2)/2"), Fraction(1)),
    # By a Gaussian in 7 dimensions: E g1^2 g2^2 = 1 + 2/49, its radius has E r^4 = 63.
    (quarter("Z1**2*Z2**2"), Fraction(49, 63) * (1 + Fraction(2, 49))),
]
BY_HAND = {
    7: lambda: mpmath.cos(1) + mpmath.cos(0.7) - 1 - mpmath.cos(1.7),
    8: lambda: mpmath.quad(lambda x: mpmath.pi / mpmath.sqrt(4 - x * x), [-1, 1]),
}
"""Of int int cos(x+y), and of the integral over the angle by residues."""


@pytest.mark.parametrize("k", range(len(VALUES)))
def test_values_that_are_known(k: int) -> None:
    formula, value = VALUES[k]
    names = {"a": iv.mpf("0.7")}
    found = evaluate(formula, names, REALS)
    exact = BY_HAND[k]() if value is None else mpmath.mpmathify(value)
    low, high = mpmath.mpf(found.a), mpmath.mpf(found.b)
    assert low - mpmath.mpf(10) ** -14 <= exact <= high + mpmath.mpf(10) ** -14
    assert high - low < 1e-8


INNER: list[tuple[str, Callable[[Any], Any]]] = [
    ("integral(t, 0, 1, exp(x*t))", lambda z: mpmath.expm1(z) / z),
    ("integral(t, 0, x, t)", lambda z: z * z / 2),
    ("integral(t, x, 2*x+1, 1)", lambda z: z + 1),
    ("integral(t, 1, 0, t*x)", lambda z: -z / 2),
    ("integral(t, 0, pi, cos(x + t))", lambda z: -2 * mpmath.sin(z)),
    ("integral(t, 0, 1, x*step(t + x + 5))", lambda z: z),
    ("integral(t, 0, 1, 1/(t + x + 3))", lambda z: mpmath.log(z + 4) - mpmath.log(z + 3)),
    ("integral(t, 0, 1, integral(u, 0, 1, x*t*u))", lambda z: z / 4),
    ("integral(t, -1, 1, max(x, -5)*t**2)", lambda z: 2 * z / 3),
]


@given(
    st.sampled_from(range(len(INNER))),
    st.floats(-1, 1),
    st.floats(-1, 1),
    st.floats(0.01, 0.5),
    st.floats(0.01, 0.5),
)
@settings(max_examples=60, deadline=None)
def test_a_rectangle_holds_the_continuation(
    k: int, x: float, y: float, dx: float, dy: float
) -> None:
    """Its values at the corners and inside, by closed forms; the part of the line is that below the rectangle."""
    iv.prec = 164
    text, f = INNER[k]
    here = iv.mpf([x - dx, x + dx])
    box = rectangles.Rectangle(here, iv.mpf([y - dy, y + dy]))
    found = continued(Reader(text, dict(REALS.functions), REALS), "x", parse(text), here, box)
    for s in (-1, 0.3, 1):
        for t in (-1, -0.4, 1):
            value = f(mpmath.mpc(x + s * dx * 0.999, y + t * dy * 0.999))
            assert mpmath.mpf(found.re.a) - 1e-12 <= value.real <= mpmath.mpf(found.re.b) + 1e-12
            assert mpmath.mpf(found.im.a) - 1e-12 <= value.imag <= mpmath.mpf(found.im.b) + 1e-12


@pytest.mark.parametrize(
    "body",
    [
        "integral(t, 0, 1, step(x - t))",
        "integral(t, 0, 1, max(x, t))",
        "integral(t, -1, 1, 1/(t + x))",
        "integral(t, 0, 1, sqrt(t*x))",
        "integral(t, 0, 1, normal(u, u*x*t))",
        "integral(t, 0, 1, tanh(9*x*t))",
    ],
)
def test_what_may_not_be_analytic_is_refused(body: str) -> None:
    """A jump or a kink that moves, a pole, a cut, and a mean."""
    here = iv.mpf([0, 1])
    box = rectangles.Rectangle(here, iv.mpf([0, 1]))
    with pytest.raises(verify.UnprovedError):
        continued(Reader(body, dict(REALS.functions), REALS), "x", parse(body), here, box)


def test_the_variable_inside_is_a_new_name() -> None:
    for body in ("integral(x, 0, 1, x)", "integral(t, 0, 1)", "integral(pi, 0, 1, x)"):
        with pytest.raises(MalformedError):
            evaluate(f"integral(x, 0, 1, {body})", {}, REALS)


# --- certificates ----------------------------------------------------------------------------------------------------

TRUE = certificate.inequality(
    quarter("Z1**2*Z2**2"), {}, "0.8095238", "0.8095239", digits=7
)  # 17/21


def test_the_average_of_tanh_over_the_plane_is_accepted() -> None:
    """The series in Gegenbauer polynomials, of mfcheck_proofs.batch_norm, gives -0.05615563380."""
    for upper, status in (("-0.05615563", "accepted"), ("-0.05615564", "rejected")):
        data = certificate.inequality(
            quarter("tanh(Z1)*tanh(Z2)"), {}, "-0.05615567", upper, digits=8
        )
        assert verify.verify(json.dumps(data)).status == status


def test_an_average_over_the_plane_is_accepted_and_forgeries_are_not(
    forgeries: Callable[..., None],
) -> None:
    def formula(old: str, new: str) -> Callable[[Json], None]:
        def edit(data: Json) -> None:
            text = data["claim"]["formula"]
            assert old in text
            data["claim"]["formula"] = text.replace(old, new)

        return edit

    def bounds(lower: str, upper: str) -> Callable[[Json], None]:
        return lambda data: data["claim"].update(lower=lower, upper=upper)

    assert verify.verify(json.dumps(TRUE)).status == "accepted"
    rejected = {
        "upper end too low": bounds("0.8095238", "0.80952380"),
        "lower end too high": bounds("0.80952381", "0.8095239"),
        "another digit": bounds("0.8095248", "0.8095249"),
        "sign": bounds("-0.8095239", "-0.8095238"),
        "ends swapped": bounds("0.8095239", "0.8095238"),
        "zero": bounds("0", "0"),
        "power of the density": formula("cos(s)**4", "cos(s)**3"),
        "factor of the density": formula("5*cos", "6*cos"),
        "no radius": formula("*sin(s)*integral", "*integral"),
        "half the angle": formula("t, 0, pi/2", "t, 0, pi"),
        "angle backwards": formula("t, 0, pi/2", "t, pi/2, 0"),
        "radius beyond": formula("s, 0, pi/2", "s, pi/4, pi"),
        "radius to a quarter": formula("s, 0, pi/2", "s, 0, pi/4"),
        "other coordinate": formula("cos(t)-2", "cos(t)+2"),
        "other plane": formula("sqrt(3)", "sqrt(2)"),
        "another batch": formula("2*sin(t)", "3*sin(t)"),
        "another power": formula("**2*", "**4*"),
        "not normalised": formula("*2/pi", "*4/pi"),
        "the line for the plane": formula("sin(t)", "cos(t)"),
    }
    forgeries(TRUE, rejected, "rejected")
    malformed = {
        "variable twice": formula("integral(t", "integral(s"),
        "unbound": formula("cos(t)", "cos(u)"),
        "out of its scope": formula("*2/pi", "*2/t"),
        "no ends": formula("t, 0, pi/2, ", "t, "),
        "three ends": formula("t, 0, pi/2, ", "t, 0, 1, pi/2, "),
        "a constant for the variable": formula("integral(t, ", "integral(pi, "),
        "a call for the variable": formula("integral(t, ", "integral(cos(t), "),
        "an unknown function": formula("cos(t)", "cosh(t)"),
        "too accurate": lambda data: data["witness"].update(bits=512),
    }
    forgeries(TRUE, malformed, "malformed")


@pytest.mark.parametrize(
    "formula",
    [
        "integral(a, 0, 1, integral(b, 0, 1, integral(c, 0, 1, integral(d, 0, 1, tanh(9*a*b*c*d)))))",
        "integral(a, 0, 1, integral(b, 0, 1, max(a-b, 0)))",
        "integral(a, -1, 1, integral(b, -1, 1, 1/(a+b)))",
        "integral(a, 0, 10**9, integral(b, 0, 10**9, sin(a*b)))",
    ],
)
def test_what_takes_too_long_or_is_not_seen_ends_in_seconds(formula: str) -> None:
    start = time.process_time()
    data = certificate.inequality(formula, {}, "-10", "10", digits=30)
    assert verify.verify(json.dumps(data), work=3_000_000).status != "accepted"
    assert time.process_time() - start < 12
