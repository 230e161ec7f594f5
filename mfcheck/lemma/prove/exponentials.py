"""Exponentials of sums written as products of powers of few exponentials, so that polynomials are seen. Trusted.

`exp(2 x + y)` and `exp(x - y)` are `a^2 b` and `a b^-1` with `a = exp(x)`, `b = exp(y)`: an identity, whatever x and y.
"""

from fractions import Fraction
from math import gcd, lcm

from mfcheck.lemma import terms
from mfcheck.lemma.constants import summands
from mfcheck.lemma.terms import Term, call, scale, var

_NAME = "_e"


def exponentials_apart(t: Term) -> tuple[Term, dict[str, Term]]:
    """Return the term with exponentials as products of powers of new variables, and what those stand for."""
    grown = [n for n in terms.order([t]) if n.op == "exp" and n.free]
    sizes: dict[Term, Fraction] = {}
    for node in grown:
        for k, u in summands(node.args[0]):
            if u.op != "num":
                sizes[u] = _common(sizes.get(u), k)
    if len(grown) < 2 or len(sizes) >= len(grown) + 2:
        return t, {}
    names = {u: f"{_NAME}{j}" for j, u in enumerate(sizes)}
    known: dict[Term, Term] = {}
    for node in terms.order([t]):
        if node.op == "exp" and node.free:
            known[node] = _as_powers(node, names, sizes)
            continue
        args = tuple(known[a] for a in node.args)
        known[node] = node if args == node.args else terms.rebuild(node, args)
    return known[t], {names[u]: call("exp", scale(k, u)) for u, k in sizes.items()}


def _as_powers(node: Term, names: dict[Term, str], sizes: dict[Term, Fraction]) -> Term:
    factors = []
    for k, u in summands(node.args[0]):
        if u.op == "num":
            factors.append((call("exp", scale(k, u)), Fraction(1)))
        else:
            factors.append((var(names[u]), k / sizes[u]))
    return terms.product(factors)


def _common(old: Fraction | None, new: Fraction) -> Fraction:
    """Return the largest number of which both are whole multiples."""
    if old is None:
        return abs(new)
    below = lcm(old.denominator, new.denominator)
    return Fraction(gcd(int(old * below), int(new * below)), below)
