"""Comparisons of whole numbers, weakened for the reals: `n >= 0` says no more than `n > -1`."""

from collections.abc import Collection
from fractions import Fraction
from math import gcd, lcm

from mfcheck.lemma import terms
from mfcheck.lemma.formula import Atom, Formula, join


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
