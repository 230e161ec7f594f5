"""Comparisons of whole numbers, weakened for the reals: `n >= 0` says no more than `n > -1`."""

from collections.abc import Collection
from fractions import Fraction
from math import gcd, lcm

from mfcheck.lemma import terms
from mfcheck.lemma.formula import Atom, Formula, join
from mfcheck.lemma.terms import Term


def weakened(formula: Formula, integers: Collection[str]) -> Formula:
    """Return a formula that is as true for whole numbers, with weaker comparisons where whole numbers stand alone."""
    if isinstance(formula, Atom):
        return _atom(formula, integers)
    return join(formula.connective, [weakened(p, integers) for p in formula.parts])


def _atom(atom: Atom, integers: Collection[str]) -> Atom:
    t = atom.term
    whole = t.op == "add" and all(a.op == "var" and a.data in integers for a in t.args)
    if not whole or atom.relation != ">=":
        return atom
    c = t.coefficients()
    scale = lcm(*(k.denominator for k in c))
    slopes = [int(k * scale) for k in c[1:]]
    g = gcd(*slopes)
    # g times a whole number plus c0 is at least 0 only if the whole number is above -c0/g - 1, rounded up.
    least = -(int(c[0] * scale) // g)
    parts = [(Fraction(k // g), a) for k, a in zip(slopes, t.args, strict=True)]
    return Atom(terms.combination([(Fraction(1 - least), terms.num(1)), *parts]), ">")


def is_whole(t: Term, whole: Collection[str]) -> bool:
    """Say whether a term takes whole values alone."""
    if t.op == "var":
        return t.data in whole
    if t.op == "num":
        return t.value().denominator == 1
    if t.op == "add":
        return all(k.denominator == 1 for k in t.coefficients()) and all(
            is_whole(x, whole) for x in t.args
        )
    if t.op == "mul":
        return all(e.denominator == 1 and e > 0 for e in t.exponents()) and all(
            is_whole(x, whole) for x in t.args
        )
    return t.op in ("abs", "min", "max", "sign") and all(is_whole(x, whole) for x in t.args)
