"""Rational functions of one variable, decided by the roots of their factors: against known roots."""

import itertools
import random
from fractions import Fraction

import pytest

from mfcheck.lemma import certificate, check, terms
from mfcheck.lemma.formula import Atom
from mfcheck.lemma.problem import Range
from mfcheck.lemma.rational import holds_exactly

X = terms.var("x")


def product_of(roots, quadratics, size):
    parts = [(terms.sub(X, terms.num(r)), Fraction(e)) for r, e in roots]
    for a, b in quadratics:  # (x - a)^2 + b, b > 0
        square = terms.power(terms.sub(X, terms.num(a)), 2)
        parts.append((terms.add(square, terms.num(b)), Fraction(1)))
    return terms.scale(size, terms.product(parts))


def truth(roots, size, strict, low, high):
    """Return whether the product keeps its sign, from its known roots."""
    if any(e < 0 and low <= r <= high for r, e in roots):
        return False
    cuts = sorted({low, high, *(r for r, _ in roots if low < r < high)})
    for a, b in itertools.pairwise(cuts):
        sign = size
        for r, e in roots:
            sign *= (1 if (a + b) / 2 > r else -1) ** abs(e)
        if sign < 0:
            return False
    return not (strict and any(low <= r <= high for r, _ in roots))


@pytest.mark.parametrize("seed", range(150))
def test_products_of_known_factors(seed):
    rng = random.Random(seed)
    merged = {}
    for _ in range(rng.randint(1, 4)):
        r = Fraction(rng.randint(-12, 12), 4)
        merged[r] = merged.get(r, 0) + rng.choice((1, 1, 2, 3, -1, -2))
    roots = [(r, e) for r, e in merged.items() if e]
    quadratics = [
        (rng.randint(-2, 2), Fraction(rng.randint(1, 5), 7)) for _ in range(rng.randint(0, 2))
    ]
    size, strict = rng.choice((1, -1)), rng.random() < 0.5
    low = Fraction(rng.randint(-12, 8), 4)
    high = low + Fraction(rng.randint(1, 12), 4)
    goal = Atom(product_of(roots, quadratics, size), ">" if strict else ">=")
    r = Range(terms.num(low), terms.num(high), True, True)
    assert holds_exactly(goal, {"x": r}) == truth(roots, size, strict, low, high)


@pytest.mark.parametrize("delta", [Fraction(1, 10**k) for k in (3, 12, 60)])
def test_a_double_root_that_opens_by_little(delta):
    # (x^2 - 2)^2 touches zero at the square root of 2, and less delta it is below.
    square = terms.power(terms.sub(terms.power(X, 2), terms.num(2)), 2)
    whole = {"x": Range()}
    assert holds_exactly(Atom(square, ">="), whole)
    assert not holds_exactly(Atom(square, ">"), whole)
    assert holds_exactly(Atom(terms.add(square, terms.num(delta)), ">"), whole)
    assert not holds_exactly(Atom(terms.sub(square, terms.num(delta)), ">="), whole)


def test_a_pole_inside_the_range_is_no_proof():
    r = {"x": Range(terms.num(-1), terms.num(1), True, True)}
    assert not holds_exactly(Atom(terms.power(X, -2), ">"), r)
    assert check("1/x**2 > 0", ["x in [-1, 1]"]).verdict == "undefined"


def test_the_certificate_of_a_rational_function_needs_no_boxes():
    found = check("x/(1 + x**2) <= 1/2", ["x real"], certify=True)
    assert certificate.accepts(found.certificate)
    forged = {**found.certificate, "statement": "x/(1 + x**2) <= 0.499"}
    assert not certificate.accepts(forged)
