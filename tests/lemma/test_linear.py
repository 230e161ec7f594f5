"""Contradictory linear hypotheses, against linear programs in floats; laws and seeds as they are typed."""

import random
from fractions import Fraction

import pytest
from scipy.optimize import linprog

from mfcheck.errors import InputError
from mfcheck.lemma import check, terms
from mfcheck.lemma.formula import Atom
from mfcheck.lemma.linear import contradictory


def drawn(rng, count, names):
    return [([rng.randint(-3, 3) for _ in names], rng.randint(-4, 4)) for _ in range(count)]


@pytest.mark.parametrize("seed", range(40))
def test_against_linear_programs(seed):
    rng, names = random.Random(seed), "xyz"
    rows = drawn(rng, rng.randint(2, 6), names)
    atoms = []
    for slopes, start in rows:
        parts = [(Fraction(k), terms.var(n)) for k, n in zip(slopes, names, strict=True)]
        atoms.append(Atom(terms.combination([*parts, (Fraction(start), terms.num(1))]), ">="))
    sides = [[-k for k in s] for s, _ in rows], [b for _, b in rows]
    found = linprog([0, 0, 0], *sides, bounds=[(None, None)] * 3)
    assert contradictory(atoms) == (found.status == 2)


def test_strict_and_equal():
    x, y = terms.var("x"), terms.var("y")
    gap = terms.sub(x, y)
    assert contradictory([Atom(gap, ">"), Atom(terms.neg(gap), ">=")])
    assert not contradictory([Atom(gap, ">="), Atom(terms.neg(gap), ">=")])
    assert contradictory([Atom(gap, "=="), Atom(terms.sub(gap, terms.num(1)), ">=")])
    assert not contradictory([Atom(gap, "!="), Atom(terms.neg(gap), ">=")])


def test_an_empty_unbounded_domain_is_noticed():
    assert check("x < y", ["x, y, z real; x > y; y > z; z > x"]).verdict == "vacuous"
    assert check("x < y", ["x, y, z real; x >= y; y >= z; z >= x"]).verdict == "refuted"


@pytest.mark.parametrize(
    "law",
    ["N(0)", "N(0, -1)", "N(0, 1, 2)", "N(0, [[1, 2], [2, 1]])", "N(0, [[1, 2], [1, 1]])", "N(0, [[1]])"],
)  # fmt: skip
def test_a_wrong_law_is_shown_with_its_place(law):
    with pytest.raises(InputError) as caught:
        check("E[z] = 0", [f"z, w ~ {law}"])
    *_, shown, caret = str(caught.value).splitlines()
    assert law in shown
    assert shown[caret.index("^") - 1] in "( "


def test_draws_follow_the_seed():
    text, domain = "dot(u, v) + dot(v, w) + dot(u, w) >= -1.4", ["u, v, w unit(2)"]
    points = {str(check(text, domain, seed=s).counterexample) for s in (0, 0, 1, 2)}
    assert 1 < len(points) < 4


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("logsumexp(x, y, z) <= max(x, y, z) + log(3)", "certified"),
        ("logsumexp(x, y, z) >= max(x, y, z)", "certified"),
        ("logsumexp(x, y, z) <= max(x, y, z) + 1.09", "refuted"),
        ("max(x, y, z) >= (x + y + z)/3", "certified"),
        ("max(x, y, z) >= (x + y + z)/3 + 0.001", "refuted"),
    ],
)
def test_the_largest_of_three(text, verdict):
    assert check(text, ["x, y, z real"], seconds=20).verdict == verdict
