"""Inequalities at an end where a slope has no bound, their false neighbours, and what is not known there."""

from typing import Any

import pytest

from mfcheck.rigor import certificate
from mfcheck.verify import verify
from mfcheck.verify.formulas import iv
from mfcheck.verify.monotone import Sided, Slope, direction
from mfcheck.verify.reading import UnprovedError, effort


def status(
    formula: str,
    lower: str | None = "0",
    upper: str | None = None,
    *,
    bisect: int = 12,
    **inputs: Any,
) -> str:
    made = certificate.inequality(formula, inputs or {"x": ("0", "1")}, lower, upper, bisect=bisect)
    return verify(certificate.dumps(made)).status


@pytest.mark.parametrize(
    "formula",
    [
        "sqrt(x) - x",
        "sqrt(x) - sin(x)",
        "sqrt(x) - tanh(x)",
        "sqrt(x) - erf(x)/2",
        "sqrt(1-x**2) - (1-x)",
        "sqrt(x*(1-x)) - x*(1-x)",
        "sqrt(x) + sqrt(1-x) - 1",
        "sqrt(sin(x)) - x/2",
        "atan(sqrt(x)) - x/2",
        "log(1+sqrt(x)) - x/2",
        "sqrt(x)*exp(-x) - x/3",
        "sqrt(x/(1+x)) - x/2",
        "sqrt(2*x**1) - x",
        "arc0(x-1) - x/8",
    ],
)
def test_sides_that_meet_where_the_slope_has_no_bound(formula: str) -> None:
    assert status(formula) == "accepted"
    assert status(f"-({formula})", None, "0") == "accepted"


@pytest.mark.parametrize(
    "formula",
    [
        "sqrt(x) - 11*x/10",
        "sqrt(x) - x - 1/1000000000",
        "sqrt(x) - x/2 - 1/1000000000",
        "x - sqrt(x)",
        "sqrt(1-x**2) - (1-x)*142/100",
    ],
)
def test_false_neighbours_are_rejected(formula: str) -> None:
    assert status(formula, bisect=8) == "rejected"


def test_several_inputs_and_a_falling_formula() -> None:
    box = {"x": ("0", "1"), "y": ("1/2", "1")}
    assert status("sqrt(x) - x**2*y", **box) == "accepted"
    assert status("sqrt(x) - 3*x*y", bisect=8, **box) == "rejected"
    assert status("1 - sqrt(1-x) - x/2") == "accepted"
    assert status("sqrt(1-x) - 1 + x/2", None, "0") == "accepted"


def test_a_formula_with_a_kernel_is_halved_as_before() -> None:
    """A(1) = E tanh(sqrt2 xi)^2, above 1/2; slopes know no kernels."""
    text = "sqrt(x) + x*A(1) - x"
    for lower, expected in (("-1/100", "accepted"), ("1/100", "rejected")):
        made = certificate.inequality(
            text, {"x": ("0", "1")}, lower, activation="tanh", bisect=10, digits=8
        )
        assert verify(certificate.dumps(made)).status == expected


def at(formula: str, low: str = "0", high: str = "1/8", **more: Any) -> int:
    effort.start()
    iv.prec = 120
    ends = tuple(map(certificate.Fraction, (low, high)))
    names = {"x": iv.mpf([float(x) for x in ends]), **{k: iv.mpf(v) for k, v in more.items()}}
    return direction(formula, "x", names, ends)


@pytest.mark.parametrize(
    ("formula", "sign"),
    [
        ("sqrt(x) - x", 1),
        ("x - sqrt(x)", -1),
        ("sqrt(x) - 3*x", 0),
        ("y*sqrt(x)", 1),
        ("sqrt(x)/y", 1),
        ("sqrt(3*x/(1+x)*exp(x))", 1),
        ("sqrt(x**3 + x)", 1),
        ("sqrt(1/8 - x)", -1),
        ("sqrt(x**2)", 1),
        ("exp(-x)", -1),
        ("-sqrt(x)*2", -1),
    ],
)
def test_directions(formula: str, sign: int) -> None:
    assert at(formula, y=2) == sign


@pytest.mark.parametrize(
    "formula",
    [
        "max(x, 0) + sqrt(x)",  # a kink
        "step(x) + x",
        "normal(z, x*z**2) + sqrt(x)",
        "sqrt((x - 1/16)**2)",  # zero inside
        "1/(x - 1/2)*sqrt(x)",  # a divisor that is negative
        "sqrt(x)*(x - 1/16)",  # no sign beside what has no bound
        "sqrt(x - x)",
    ],
)
def test_what_is_not_known_has_no_direction(formula: str) -> None:
    assert at(formula) == 0


def test_bounds_of_a_slope_without_one_above() -> None:
    """1/(2 sqrt x) on (0, 1/4] is at least 1."""
    effort.start()
    iv.prec = 120
    found = Slope("sqrt(x)", "x", {"x": iv.mpf([0, 0.25])}, (iv.mpf(0), iv.mpf(0.25))).bounds()
    assert found.high is None
    assert 0.999 < found.low.a <= 1
    with pytest.raises(UnprovedError, match="without bounds"):
        _ = found.interval
    assert Sided(None, iv.mpf(0)).sign == -1
    assert Sided(None, None).sign == 0


def test_the_work_is_paid_for() -> None:
    effort.start(3)
    iv.prec = 120
    with pytest.raises(Exception, match="too much work"):
        Slope("sqrt(x)", "x", {"x": iv.mpf([0, 1])}, (iv.mpf(0), iv.mpf(1))).bounds()
