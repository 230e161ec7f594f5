"""Means over two Gaussians in certificates: closed forms, and another quadrature."""

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

from mfcheck import verify
from mfcheck.verify import growth, pairs
from mfcheck.verify.formulas import evaluate, exact, iv
from mfcheck.verify.reading import UnprovedError, effort
from mfcheck.verify.reals import REALS
from mfcheck.verify.rectangles import Rectangle


@pytest.fixture(autouse=True)
def _precision() -> None:
    iv.prec = 2 * 32 + 100


def enclosed(formula: str, **inputs: str) -> tuple[mpmath.mpf, mpmath.mpf]:
    value = evaluate(formula, {k: iv.mpf(x) for k, x in inputs.items()}, REALS)
    return mpmath.mpf(value.a), mpmath.mpf(value.b)


def arc_cosine(c: mpmath.mpf) -> mpmath.mpf:
    return (mpmath.sqrt(1 - c * c) + (mpmath.pi - mpmath.acos(c)) * c) / (2 * mpmath.pi)


CLOSED = [
    ("x", "x", lambda c: c),
    ("x**2", "x**2", lambda c: 1 + 2 * c**2),
    ("x**3", "x", lambda c: 3 * c),
    ("1", "x**2", lambda _: mpmath.mpf(1)),
    ("exp(x/2)", "exp(-x/3)", lambda c: mpmath.exp(mpmath.mpf(13) / 72 - c / 6)),
    ("max(x, 0)", "max(x, 0)", arc_cosine),
    ("erf(x)", "erf(x)", lambda c: 2 / mpmath.pi * mpmath.asin(2 * c / 3)),
    ("sin(x)", "cos(x)", lambda _: mpmath.mpf(0)),
    ("sin(x)", "sin(x)", lambda c: mpmath.exp(-1) * mpmath.sinh(c)),
]


@pytest.mark.parametrize("c", ["0", "0.3", "-1/2"])
@pytest.mark.parametrize(("f", "g", "value"), CLOSED, ids=[f"{f},{g}" for f, g, _ in CLOSED])
def test_closed_forms(f: str, g: str, value: object, c: str) -> None:
    low, high = enclosed(f"pair(x, {c}, {f}, {g})")
    number = Fraction(c)
    right = value(mpmath.mpf(number.numerator) / number.denominator)  # type: ignore[operator]
    assert low <= right <= high
    assert high - low < 1e-7


def test_later_terms_count() -> None:
    """Most of cos(4x) is in the terms around r = 16, where the sum ends for c = 1/4: the mean is e^-16 cosh 4."""
    low, high = enclosed("pair(x, 1/4, cos(4*x), cos(4*x))")
    assert low <= mpmath.exp(-16) * mpmath.cosh(4) <= high
    assert high - low < 1e-9


def test_a_panel_that_is_left_out_counts_as_error() -> None:
    """Of so small a constant no value is taken: its mean from 0 to 1 is within what is lost."""
    tiny = Fraction(1, 1 << (pairs.precision() + 8))

    def unknown(*_: object) -> Rectangle:
        raise UnprovedError("nothing is known around it")

    small = pairs._Coefficients(lambda _: exact(tiny), unknown, 1.0, 3)
    value = mpmath.mpf(tiny.numerator) / tiny.denominator * (mpmath.ncdf(1) - mpmath.mpf("0.5"))
    found = small.over(Fraction(0), Fraction(1))[0]
    assert mpmath.mpf(found.a) <= value <= mpmath.mpf(found.b)


def test_another_quadrature() -> None:
    """Gauss and Hermite in two dimensions, in double precision."""
    x, weights = np.polynomial.hermite_e.hermegauss(120)
    grid = np.arctan(0.6 * x[:, None] + 0.8 * x[None, :])
    value = float((weights * np.tanh(x)) @ grid @ weights) / (2 * np.pi)
    low, high = enclosed("pair(x, c, tanh(x), atan(x))", c="0.6")
    assert low - 1e-6 <= value <= high + 1e-6


def test_a_correlation_that_varies() -> None:
    value = evaluate("pair(x, c, x**2, x**2)", {"c": iv.mpf(["0.2", "0.3"])}, REALS)
    assert mpmath.mpf(value.a) <= 1.08
    assert mpmath.mpf(value.b) >= 1.18
    assert mpmath.mpf(value.delta) < 0.11


@pytest.mark.parametrize(
    "formula",
    [
        "pair(x, 1, x, x)",
        "pair(x, -1, x, x)",
        "pair(x, 99/100, x, x)",
        "pair(x, 3/2, x, x)",
        "pair(x, 1/2, exp(x**2/8), x)",
        "pair(x, 1/2, 1/x, x)",
        "pair(x, 1/2, normal(y, x*y), x)",
    ],
)
def test_what_is_not_proved_is_refused(formula: str) -> None:
    with pytest.raises(verify.UnprovedError):
        enclosed(formula)


def test_numbers_that_python_takes_for_one_are_two() -> None:
    """A tree of Python holds both factors as the same double; the mean is c times their exact product."""
    iv.prec = 2 * 96 + 100
    effort.start()
    f, g = "0.1", "0.1000000000000000000000001"
    value = evaluate(f"pair(x, 1/8, {f}*x, {g}*x)", {}, REALS)
    right = exact(Fraction(f) * Fraction(g) / 8)
    assert 0 in value - right
    assert 0 not in value - exact(Fraction(f) ** 2 / 8)


@pytest.mark.parametrize("formula", ["pair(x, 1/2, x)", "pair(c, 1/2, c, c)", "pair(x, x, x, x)"])
def test_broken_calls(formula: str) -> None:
    with pytest.raises(verify.MalformedError):
        enclosed(formula, c="1")


@pytest.mark.parametrize("r", [1, 2, 5, 17, 40])
def test_hermite_polynomials_stay_below_their_bounds(r: int) -> None:
    """On the line `1.09 exp(x^2/4)`, off it `1.65 r^(1/4) exp(x^2/4 + |y| sqrt r)`."""

    def h(z: mpmath.mpc) -> mpmath.mpc:
        return mpmath.hermite(r, z / mpmath.sqrt(2)) / mpmath.sqrt(
            mpmath.mpf(2) ** r * mpmath.factorial(r)
        )

    for x in (0, 0.7, 2, 5, 9):
        assert abs(h(mpmath.mpf(x))) <= 1.09 * mpmath.exp(x * x / 4)
        for y in (0.2, 0.9, 2):
            bound = 1.65 * r**0.25 * mpmath.exp(mpmath.mpf(x * x) / 4 + y * r**0.5)
            assert abs(h(mpmath.mpc(x, y))) <= bound


def test_the_tail_of_all_coefficients() -> None:
    f = growth.Growth(iv.mpf(3), Fraction(1), Fraction(1, 2))
    place, rest = growth.beyond_half(f, 20)

    def tail(x: mpmath.mpf) -> mpmath.mpf:
        return 3 * (1 + x) * mpmath.exp(x / 2) * 1.09 * mpmath.exp(x * x / 4) * mpmath.npdf(x)

    value = 2 * mpmath.quad(tail, [place, place + 2, place + 8, place + 40])
    assert value <= mpmath.mpf(rest.b) <= 2.0**-20


def test_the_number_of_terms_is_bounded() -> None:
    assert pairs.MAX_TERMS == 200
    with pytest.raises(verify.UnprovedError, match="so near 1"):
        enclosed("pair(x, c, x, x)", c="0.95")


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        ("tanh(x*6/5)", lambda x: 6 * mpmath.sech(6 * x / mpmath.mpf(5)) ** 2 / 5),
        ("x**3 - x", lambda x: 3 * x**2 - 1),
        ("erf(x) + x/2", lambda x: 2 * mpmath.exp(-(x**2)) / mpmath.sqrt(mpmath.pi) + 0.5),
        ("exp(x/2)", lambda x: mpmath.exp(x / 2) / 2),
        ("cos(2*x) + 7", lambda x: -2 * mpmath.sin(2 * x)),
    ],
)
def test_series_against_the_mean_square_of_the_slope(f: str, slope: Any) -> None:
    """`sum_k k E[f h_k]^2 = E f'^2`, by another quadrature."""
    found = evaluate(f"series(x, {f})", {}, REALS)
    with mpmath.workdps(25):
        exact = mpmath.quad(lambda x: slope(x) ** 2 * mpmath.npdf(x), range(-16, 17))
        assert mpmath.mpf(found.a) <= exact <= mpmath.mpf(found.b)
    assert found.delta < 1e-8


def test_series_that_are_not_known() -> None:
    """A slow series has wide bounds, never wrong ones; kinks, and what grows too fast, are refused."""
    wide = evaluate("series(x, tanh(4*x))", {}, REALS)
    with mpmath.workdps(25):
        exact = mpmath.quad(
            lambda x: 16 * mpmath.sech(4 * x) ** 4 * mpmath.npdf(x), [-9, -3, -1, 0, 1, 3, 9]
        )
        assert mpmath.mpf(wide.a) <= exact <= mpmath.mpf(wide.b)
    assert wide.delta > 1e-4
    for text in ("max(x, 0)", "step(x)", "exp(x**2)", "sqrt(x)"):
        with pytest.raises(UnprovedError):
            evaluate(f"series(x, {text})", {}, REALS)
    with pytest.raises(verify.MalformedError):
        evaluate("series(x, x, x)", {}, REALS)


def test_a_kink_between_panels_and_inside_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """By parts E max(X - 1/2, 0) Y = c P(X > 1/2); with too few panels it is refused."""
    low, high = enclosed("pair(x, 1/4, max(x - 1/2, 0), x)")
    right = (1 - mpmath.ncdf(mpmath.mpf(1) / 2)) / 4
    assert low <= right <= high
    assert high - low < 1e-7
    monkeypatch.setattr(pairs, "MAX_PANELS", 1)
    with pytest.raises(UnprovedError, match="varies too much"):
        enclosed("pair(x, 1/4, max(x - 1/2, 0), x)")
