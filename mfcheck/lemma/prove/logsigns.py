"""Factors that are differences of positive products, by their logarithms. Trusted.

`a - b` has the sign of `log a - log b`, `log u - log v` that of `u - v`, and `f^-1` that of f. In a goal that compares
a product with 0 signs alone matter.
"""

from fractions import Fraction

from mfcheck.lemma import terms
from mfcheck.lemma.constants import expanded, summands
from mfcheck.lemma.formula import Atom
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem
from mfcheck.lemma.prove.factor import factored
from mfcheck.lemma.prove.reduce import Step
from mfcheck.lemma.prove.rewrite import logarithmic
from mfcheck.lemma.terms import Term

_MOST_FACTORS = 8


def by_log_signs(problem: Problem, goal: Atom) -> Step | None:
    """Compare logarithms in each factor of the goal that is a difference of positive products."""
    if goal.relation not in (">", ">="):
        return None
    plain = Plain(problem.ranges, problem.hypotheses)
    found, changed = list[tuple[Term, int]](), False
    for f, e in _pairs(goal.term):
        if e.denominator != 1:
            return None
        parts = same_sign(f, plain)
        changed = changed or parts is not None
        for g, n in parts or [(f, 1)]:
            found.append((g, 1 if (e * n) % 2 else 2))
    if not changed or len(found) > _MOST_FACTORS:
        return None
    product = terms.product([(g, Fraction(n)) for g, n in found])
    made = problem.with_goals([Atom(product, goal.relation)])
    return Step("signs by logarithms", (made,), True)


def same_sign(t: Term, plain: Plain) -> list[tuple[Term, int]] | None:
    """Return factors and exponents whose product has the sign of a difference of positive products, where defined."""
    logs = logarithmic(Atom(t, ">="), plain)
    if logs is None:
        return None
    whole = expanded(logs.term)
    parts = factored(whole) or [(whole, 1)]
    return [(_without_logarithms(f), e) for f, e in parts]


def _without_logarithms(t: Term) -> Term:
    """Return `u - v` for `k (log u - log v)`, where defined: sums of logarithms with coefficients of one size."""
    parts = summands(t)
    sizes = {abs(k) for k, _ in parts}
    if len(sizes) != 1 or len(parts) < 2 or any(x.op != "log" for _, x in parts):
        return t
    above, below = (
        terms.product([(x.args[0], Fraction(1)) for k, x in parts if (k > 0) == up])
        for up in (True, False)
    )
    return expanded(terms.sub(above, below))


def _pairs(t: Term) -> list[tuple[Term, Fraction]]:
    return list(zip(t.args, t.exponents(), strict=True)) if t.op == "mul" else [(t, Fraction(1))]
