"""Certificates of proofs in steps: what each states, and what has none."""

from fractions import Fraction

import pytest
import sympy as sp

from mfcheck import verify
from mfcheck.checks import (
    Step,
    conclude,
    derived,
    identical,
    positive_on,
    same_squares,
    smaller,
    without_signs,
)
from mfcheck.checks.steps import certificate_of
from mfcheck.errors import InputError
from mfcheck.rigor.certificate import Certificate, dumps

x = sp.Symbol("x", positive=True)


def statements(certificate: Certificate | None) -> list[str]:
    assert certificate is not None
    assert verify.verify(dumps(certificate)).status == "accepted"
    return [part["certificate"]["statement"] for part in certificate["claim"]["parts"]]


@pytest.mark.parametrize(
    ("expr", "upper", "order", "largest"),
    [
        (x - sp.sin(x), 1, 3, Fraction(158530, 10**6)),  # 1 - sin 1
        (sp.exp(x) - 1 - x, 2, 2, Fraction(1, 2)),
        (2 - x, 1, 0, Fraction(1)),
        (sp.tan(x / 2) - x / 2, sp.pi / 2, 3, Fraction(1, 24)),
        (sp.acos(x / 2) - 1, sp.Rational(1, 2), 0, Fraction(318117, 10**6)),  # acos(1/4) - 1
    ],
)
def test_a_positive_function_is_above_a_power(
    expr: sp.Expr, upper: sp.Expr, order: int, largest: Fraction
) -> None:
    """`expr >= c x^order` on the whole interval, with c > 0 below the largest one, worked out by hand."""
    step = positive_on("positive", expr, x, upper, order)
    assert step.holds is True
    (said,) = statements(certificate_of([step]))
    assert said.startswith("0 <= ")
    formula = sp.sympify(said.split(" <= ")[1].split(" for ")[0], locals={"x": x})
    for at in (sp.Rational(1, 7), sp.Rational(1, 2)):
        c = sp.N(((expr - formula) / x**order).subs(x, at), 30)
        assert 0 < float(c) <= float(largest)
    top = Fraction(said.split("[0, ")[1].rstrip("]"))
    assert 0 <= top - Fraction(str(sp.N(upper, 20))) < Fraction(1, 10**12)


def test_a_function_that_is_not_positive_has_no_certificate() -> None:
    for expr, order in ((x - 2 * x**2, 1), (-x, 0)):
        step = positive_on("positive", expr, x, 1, order)
        assert step.holds is not True
        assert step.certify is not None
        with pytest.raises(InputError, match="not seen to be positive"):
            step.certify()
        assert conclude([step], "x in (0, 1]").certificate is None


def test_numbers_that_are_compared() -> None:
    (first, second) = smaller(
        {"equal": (sp.Rational(3, 2), sp.Rational(3, 2)), "roots": (sp.sqrt(2), sp.pi / 2)}
    )
    equal, apart = statements(certificate_of([first, second]))
    assert equal == "0 <= 0"
    low = Fraction(apart.split(" <= ")[0])
    assert Fraction(14, 100) < low < Fraction(1566, 10000)  # pi/2 - sqrt 2 = 0.15658...


def test_signs_at_a_point_go_with_equal_squares() -> None:
    pairs = {"root": (-sp.sqrt(4 + x**2), -2 * sp.sqrt(1 + x**2 / 4))}
    (step,) = same_squares(pairs, {x: Fraction(1, 2)})
    assert step.holds is True
    for said in statements(certificate_of([step])):
        assert Fraction(9, 5) < Fraction(said.split(" <= ")[0]) < Fraction(2062, 1000)


def test_exact_steps_need_none_and_alone_have_none() -> None:
    exact = identical({"square": ((x + 1) ** 2, x**2 + 2 * x + 1)})
    numbers = smaller({"pi": (sp.Integer(3), sp.pi)})
    assert certificate_of(exact) is None
    assert len(statements(certificate_of([*exact, *numbers]))) == 1
    assert certificate_of([*numbers, Step("by hand", True)]) is None
    assert len(statements(certificate_of([*numbers, Step("by symbols", True, exact=True)]))) == 1


def test_evidence_carries_the_certificate_only_if_all_steps_hold() -> None:
    good = smaller({"pi": (sp.Integer(3), sp.pi)})
    assert conclude(good, "a number").certificate is not None
    assert conclude([*good, Step("open", None, exact=True)], "a number").certificate is None
    assert conclude([*good, Step("false", False, exact=True)], "a number").certificate is None
    assert conclude([], "nothing").certificate is None


def test_stated_formulas_are_the_derived_ones_or_open() -> None:
    x = sp.Symbol("x", positive=True)
    pairs = {"same": (sp.sin(x) ** 2, 1 - sp.cos(x) ** 2), "other": (2 * x, x)}
    assert [step.holds for step in derived(pairs)] == [True, None]
    assert all(step.exact for step in derived(pairs))


def test_a_rational_function_without_signs() -> None:
    x, y = sp.symbols("x y")
    b, c = sp.Symbol("b", positive=True), sp.Symbol("c", real=True)
    assert without_signs("f", (b * x + y**2) / (1 + x), x, y).holds is True
    assert without_signs("f", (x - y) ** 2, x, y).holds is None
    assert without_signs("f", c * x, x).holds is None
    assert without_signs("f", (x**2 - 1) / (x - 1), x).holds is True
