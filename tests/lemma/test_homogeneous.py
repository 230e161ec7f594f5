"""Degrees that are terms, bounded parts as variables, exponentials apart, coefficients: with neighbours that fail."""

import random

import pytest

from mfcheck.lemma.problem import constant_ball
from mfcheck.lemma.prove.exponentials import exponentials_apart
from mfcheck.lemma.prove.factor import factored
from mfcheck.lemma.prove.homogeneous import degree_of
from mfcheck.lemma.reader import Reader
from mfcheck.lemma.terms import num, product, substitute, var

TRUE = ("certified", "proved")

PAIRS = [
    ("{}*(x + y)**a <= x**a + y**a", "x, y > 0; a in (0, 1]", "", "1", "1.01"),
    ("(x + y)**p >= {}*(x**p + y**p)", "x, y > 0; p >= 1", "", "1", "1.01"),
    ("(x + y)**p <= 2**(p - {})*(x**p + y**p)", "x, y > 0; p >= 1", "", "1", "1.01"),
    ("x*y <= {}*x**p/p + y**q/q", "x, y > 0; p, q > 1", "1/p + 1/q = 1", "1", "0.99"),
    ("x**(1/p)*y**(1/q) <= {}*x/p + y/q", "x, y > 0; p > 1; q > 1", "1/p + 1/q = 1", "1", "0.99"),
    ("x**a*y**b <= {}*(a*x + b*y)", "x, y > 0; a, b >= 0", "a + b = 1", "1", "0.99"),
    ("{}*(x**p - y**p) <= (x - y)**p", "x > y; y > 0; p in (0, 1]", "", "1", "1.01"),
    ("log(1 - p + p*exp(t)) - p*t <= {}*t**2", "p in [0, 1]; t real", "", "1/8", "0.124"),
    ("1 - p + p*exp(t) <= exp(p*t + {}*t**2)", "p in [0, 1]; t real", "", "1/8", "0.124"),
    ("{}*exp(-s)*sin(m)*s + s*s >= -1/4 - s", "m real; s >= 0", "", "1", "10"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "domain", "where", "right", "wrong"), PAIRS, ids=lambda v: str(v)[:40]
)
def test_true_and_false_by_a_digit(decided_by_a_digit, text, domain, where, right, wrong):
    renamed = dict.fromkeys(["by homogeneity", "along rays", "coefficients of"], "by nothing")
    decided_by_a_digit(text, domain, where, right, wrong, renamed)


DEGREES = [
    ("x**a*y**(1 - a)", "1"),
    ("x**a + y**a", "a"),
    ("x**a + y", None),
    ("x**a + 1", None),
    ("(x + y)**a*log(x/y)", "a"),
    ("log(x)", None),
    ("log(x) - log(y)", "0"),
    ("exp(x/y)", "0"),
    ("exp(x)", None),
    ("(x**p + y**p)**(1/p)", "1"),
    ("max(x**a, y**a)*x", "a + 1"),
    ("x**x", None),
    ("tanh(x)/tanh(y)", None),
    ("abs(x - y)**a", "a"),
    ("sqrt(x*y) + x", "1"),
    ("sqrt(x*y) + x**2", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), DEGREES)
def test_degrees_are_those_of_the_values(text, expected):
    names = {n: var(n) for n in "xyap"}
    t = Reader(names).expression(text)
    d = degree_of(t, frozenset("xy"))
    assert (d is None) == (expected is None)
    if d is None:
        return
    at = {"x": num(2), "y": num(3), "a": num(2), "p": num(3)}
    far = {**at, "x": num(8), "y": num(12)}
    grown = constant_ball(substitute(t, far)) / constant_ball(substitute(t, at))
    assert grown.overlaps(constant_ball(num(4)) ** constant_ball(substitute(d, at)))


@pytest.mark.parametrize(
    "text",
    [
        "exp(2*x + y) - 2*exp(x) + exp(-y)",
        "1/4 - exp(t)/(1 + exp(t)) + exp(2*t)/(1 + exp(t))**2",
        "exp(x/2)*exp(x/3) + exp(-x/6) - 2*exp(1 + x)",
        "exp(x*log(2)) - exp(3*x*log(2)) + x",
        "exp(exp(x)) + exp(2*exp(x))",
    ],
)
def test_exponentials_apart_and_factors_keep_value_and_sign(text):
    names = {n: var(n) for n in "xyt"}
    t = Reader(names).expression(text)
    opened, grown = exponentials_apart(t)
    draw = random.Random(3)
    for _ in range(20):
        at = {n: num(draw.randint(-40, 40)) for n in "xyt"}
        at = {n: product([(v, 1), (num(16), -1)]) for n, v in at.items()}
        value = constant_ball(substitute(t, at))
        assert value.overlaps(constant_ball(substitute(substitute(opened, grown), at)))
        found = factored(t)
        if found is None:
            continue
        made = 1.0
        for f, e in found:
            made = made * float(constant_ball(substitute(f, at))) ** e
        assert made * float(value) >= 0
