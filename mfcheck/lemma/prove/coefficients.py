"""Sums of exponentials by the signs of their coefficients. Trusted."""

from fractions import Fraction

from mfcheck.lemma import terms
from mfcheck.lemma.constants import summands
from mfcheck.lemma.formula import Atom
from mfcheck.lemma.problem import Problem
from mfcheck.lemma.prove.reduce import Step
from mfcheck.lemma.prove.samples import Samples
from mfcheck.lemma.terms import Term, div


def by_coefficients(problem: Problem, goal: Atom, samples: Samples) -> Step | None:
    """Show that a sum of exponentials is not negative by showing that no coefficient is."""
    if goal.relation not in (">", ">="):
        return None
    groups: dict[Term, list[tuple[Fraction, Term]]] = {}
    for k, x in summands(goal.term):
        grown = _exponentials(x)
        groups.setdefault(grown, []).append((k, div(x, grown)))
    found = [terms.combination(parts) for parts in groups.values()]
    if len(found) < 2 or any(samples.signs(c) != {1} for c in found if c.free):
        return None
    if all(len(parts) == 1 for parts in groups.values()):
        return None
    goals = [Atom(c, goal.relation) for c in found]
    return Step("coefficients of exponentials", (problem.with_goals(goals),), True)


def _exponentials(t: Term) -> Term:
    """Return the product of the exponentials that vary among the factors of a term."""
    pairs = zip(t.args, t.exponents(), strict=True) if t.op == "mul" else [(t, Fraction(1))]
    return terms.product([(b, e) for b, e in pairs if b.op == "exp" and b.free])
