"""Sums up to a whole number, by induction or in closed form, and suprema from both sides."""

import math

import pytest

from mfcheck.errors import InputError
from mfcheck.lemma import certificate, check

TRUE = ("certified", "proved")
SUMS = [
    ("sum(k; k, 1, n)", "n*(n + 1)/2", "="),
    ("sum(k**3; k, 1, n)", "n**2*(n + 1)**2/4", "="),
    ("sum(1/k; k, 1, n)", "log(n + 1)", ">="),
    ("sum(1/k; k, 1, n)", "1 + log(n)", "<="),
    ("sum(1/k**2; k, 1, n)", "2 - 1/n", "<="),
    ("sum(1/sqrt(k); k, 1, n)", "2*sqrt(n)", "<="),
    ("sum(x**k; k, 1, n)", "(x - x**(n + 1))/(1 - x)", "="),
]
WAYS = {
    "=": math.isclose,
    "<=": lambda a, b: a <= b * (1 + 1e-12),
    ">=": lambda a, b: a >= b * (1 - 1e-12),
}
NAMES = {"log": math.log, "sqrt": math.sqrt}


def in_floats(text, **names):
    return eval(text, {**NAMES, **names})  # noqa: S307  # texts of this file


def both_sides(case, x, last):
    """Return the sides for n = 1, 2, ..., last in floats."""
    summand = case[0].removeprefix("sum(").split(";")[0]
    total, sides = 0.0, []
    for n in range(1, last + 1):
        total += in_floats(summand, k=n, x=x)
        sides.append((total, in_floats(case[1], n=n, x=x)))
    return sides


@pytest.mark.parametrize("case", SUMS, ids=lambda c: c[0] + c[2] + c[1])
def test_a_sum_up_to_n_against_plain_sums(case):
    text, bound, way = case
    assert all(WAYS[way](a, b) for x in (0.2, 0.9) for a, b in both_sides(case, x, 200))
    domain = ["n integer >= 1; x in (0, 1)"]
    assert check(f"{text} {way} {bound}", domain, seconds=20).verdict in TRUE


@pytest.mark.parametrize("case", SUMS, ids=lambda c: c[0] + c[2] + c[1])
def test_a_slightly_smaller_sum_is_refuted(case):
    text, bound, way = case
    factor = 1.04 if way == ">=" else 0.96
    found = check(f"{text} {way} {factor}*({bound})", ["n integer >= 1; x in (0, 1)"], seconds=10)
    assert found.verdict not in TRUE
    if not all(WAYS[way](a, factor * b) for a, b in both_sides(case, 0.5, 100)):
        assert found.verdict == "refuted"


@pytest.mark.parametrize(
    ("text", "domain", "verdict"),
    [
        ("sum(k; k, 1, n) = n*(n + 1)/2 + 1/1000", "n integer >= 1", "refuted"),
        ("sum(1/k; k, n + 1, 2*n) <= 0.69", "n integer >= 1", "refuted"),
        ("sum(1/k; k, n + 1, 2*n) >= 1/2", "n integer >= 1", "certified"),
        ("sum(1/k; k, 0, n) <= 5", "n integer >= 1", "undefined"),
        ("sum(a*exp(-k); k, 1, n) <= a", "a >= 0; n integer >= 1", "certified"),
        ("sum(a*exp(-k); k, 1, n) <= 0.58*a", "a >= 0; n integer >= 1", "refuted"),
        ("sup(x*exp(-x); x in [0, inf)) >= 0.3678", "", "certified"),
        ("sup(x*exp(-x); x in [0, inf)) >= 0.3679", "", "refuted"),
        ("sup(s*x - x**2/2; x in (-inf, inf)) = s**2/2", "s real", "certified"),
        ("sup(sin(x); x in [0, pi]) = 1", "", "certified"),
        ("sup(tanh(x); x in [0, inf)) = 1", "", "certified"),
        ("sup(tanh(x); x in [0, inf)) >= 1.001", "", "refuted"),
        ("sup(tanh(x); x in [0, 2]) >= 0.965", "", "refuted"),
        ("sup(x; x in [0, 1)) >= 1", "", "certified"),
        ("sup(x*y - exp(x); x in (-inf, inf)) = y*log(y) - y", "y > 0", "certified"),
    ],
)
def test_sums_and_suprema(text, domain, verdict):
    found = check(text, [domain] if domain else [], seconds=20).verdict
    assert found == verdict or {found, verdict} <= set(TRUE)


def test_a_supremum_below_what_is_said_is_never_certified_whatever_the_range():
    for text in (
        "sup(x; x in (0, 1)) > 1",
        "sup(1 - x**2; x in [1, 2]) >= 1",
        "sup(-x; x in (0, 1)) > 0",
    ):
        assert check(text, seconds=3).verdict not in TRUE


@pytest.mark.parametrize(
    ("text", "domain", "word"),
    [
        ("sum(sqrt(k); k, 1, n) <= n**2 or n = 3", "n integer >= 1", "outside of"),
        ("sum(sqrt(k); k, 1, n) <= n**2", "n integer", "least n"),
        ("sum(sqrt(k); k, 1, n) <= n**2", "n integer >= -5", "end before"),
        ("exp(sum(sqrt(k); k, 1, n)) >= 1", "n integer >= 1", "stand alone"),
        ("sum(sqrt(k); k, 1, x) <= 1", "x real", "whole"),
        ("sum(sqrt(k); k, 1, n/2) <= 1", "n integer >= 1", "whole"),
        ("sum(sqrt(k); k, 1, n) <= x", "x real; n integer >= x", "bounds alone"),
        ("sin(sup(x; x in [0, 1])) <= 1", "", "bounds"),
        ("sup(x + y; x in [0, 1], y in [0, 1]) >= 2", "", "one number"),
    ],
)
def test_what_cannot_be_read_shows_the_place(text, domain, word):
    with pytest.raises(InputError, match=word) as caught:
        check(text, [domain] if domain else [])
    assert str(caught.value).splitlines()[-1].strip() == "^"


def test_a_counterexample_names_n_and_is_a_certificate():
    found = check("sum(1/k; k, 1, n) <= 0.99*(1 + log(n))", ["n integer >= 1"], certify=True)
    assert found.counterexample["n"] == "1"
    assert certificate.accepts(found.certificate)
    for n in ("5", "0", "1/2", "x"):
        assert (
            not certificate.accepts({**found.certificate, "counterexample": {"n": n}}) or n == "5"
        )
    wrong = {**found.certificate, "statement": "sum(1/k; k, 1, n) <= 1 + log(n)"}
    assert not any(
        certificate.accepts({**wrong, "counterexample": {"n": str(n)}}) for n in range(1, 9)
    )


def test_an_induction_is_a_certificate():
    found = check("sum(1/k; k, 1, n) <= 1 + log(n)", ["n integer >= 1"], certify=True)
    assert "induction over n" in found.used
    assert certificate.accepts(found.certificate)
    forged = {**found.certificate, "statement": "sum(1/k; k, 1, n) <= 0.99*(1 + log(n))"}
    assert not certificate.accepts(forged)
