"""What certificates come to, and whether that has to do with two sides."""

from fractions import Fraction
from typing import Any

import pytest

from mfcheck.rigor import certificate
from mfcheck.rigor.stated import MOST, conclusions, unrelated, words

Certificate = dict[str, Any]


def between(lower: str, upper: str) -> tuple[Fraction, Fraction]:
    return Fraction(lower), Fraction(upper)


def ends(lower: str, upper: str, formula: str = "sqrt(2)") -> Certificate:
    return certificate.inequality(formula, {}, lower, upper)


PARTS = certificate.bundle(
    {
        "root": certificate.root("x**2 - 2", "x", "1.41421", "1.41422"),
        "left": certificate.inequality("3*x", {"x": "root"}, "4.24", "4.25"),
        "right": certificate.inequality("sqrt(18)", {}, "4.24", "4.25"),
    }
)


def test_conclusions_are_no_input_of_another_part() -> None:
    assert [end["claim"]["formula"] for end in conclusions(PARTS)] == ["3*x", "sqrt(18)"]
    one = ends("1.4", "1.5")
    assert conclusions(one) == [one]


def test_statements_are_those_of_the_checker() -> None:
    assert words(ends("1.4", "1.5")) == "1.4 <= sqrt(2) <= 1.5"
    assert words(PARTS) == (
        "4.24 <= 3*x <= 4.25 for x = root; 4.24 <= sqrt(18) <= 4.25; with 1 more parts before"
    )
    long = ends("1.4", "1.5", "sqrt(2)" + " + 0" * 400)
    assert len(words(long)) == MOST
    assert words(long).endswith("…")


@pytest.mark.parametrize(
    ("found", "lhs", "rhs"),
    [
        (ends("1.4", "1.5"), ("1.41", "1.42"), ("7", "8")),
        (ends("1.4", "1.5"), ("7", "8"), ("1.41", "1.42")),
        (ends("1.4", "1.5"), ("7", "7"), ("8.41", "8.42")),
        (ends("1.4", "1.5"), ("2", "2"), ("2.83", "2.83")),
        (ends("-1.5", "-1.4", "-sqrt(2)"), ("2", "2"), ("2.83", "2.83")),
        (PARTS, ("4.2426", "4.2427"), ("4.2426", "4.2427")),
        (certificate.inequality("sqrt(2)", {}, "0"), ("1", "1"), ("2.4142", "2.4143")),
        (ends("1.4", "1.5"), ("0.0142", "0.0143"), ("0.05", "0.05")),
        (
            certificate.bundle({"gap": certificate.inequality("b", {"b": ("1", "3")}, "0")}),
            ("5", "5"),
            ("7", "7"),
        ),
    ],
)
def test_sides_differences_and_quotients_are_related(
    found: Certificate, lhs: Any, rhs: Any
) -> None:
    assert not unrelated(found, between(*lhs), between(*rhs))


@pytest.mark.parametrize(
    ("found", "lhs", "rhs"),
    [
        (ends("1.4", "1.5"), ("5", "5.1"), ("8", "8")),
        (certificate.inequality("1", {}, "0"), ("5", "5.1"), ("7", "7")),
        (PARTS, ("0.5", "0.5"), ("0.6", "0.6")),
        (certificate.inequality("x**2 + 5", {"x": ("0", "1")}, "0"), ("1", "1"), ("2", "2")),
    ],
)
def test_other_numbers_are_unrelated(found: Certificate, lhs: Any, rhs: Any) -> None:
    assert unrelated(found, between(*lhs), between(*rhs))


@pytest.mark.parametrize(
    "found",
    [
        certificate.root("x**2 - 2", "x", "1", "2"),
        certificate.inequality("normal(z, z**2)", {}, "0"),
        certificate.inequality("log(x)", {"x": ("0", "1")}, upper="0"),
        certificate.inequality("y", {"y": "somewhere"}, "0"),
    ],
)
def test_what_is_no_number_here_is_not_judged(found: Certificate) -> None:
    assert not unrelated(found, between("5", "5"), between("7", "7"))


def test_a_zero_side_has_no_quotient() -> None:
    assert unrelated(ends("1.4", "1.5"), between("-0.01", "0.01"), between("5", "5"))
    assert not unrelated(ends("1.4", "1.5"), between("0", "0"), between("1.4", "1.4"))
