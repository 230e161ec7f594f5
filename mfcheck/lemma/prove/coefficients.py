"""Sums of exponentials by the signs of their coefficients, and equations between reciprocals. Trusted."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from mfcheck.lemma import terms
from mfcheck.lemma.constants import summands
from mfcheck.lemma.formula import Atom, Formula, conjuncts
from mfcheck.lemma.library import nonzero
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem
from mfcheck.lemma.prove.reduce import Step
from mfcheck.lemma.prove.samples import Samples
from mfcheck.lemma.signs import ZERO
from mfcheck.lemma.terms import Term, div, neg, power, scale, sub, var


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


def solved_reciprocal(problem: Problem, h: Atom) -> list[Problem] | None:
    """Solve `a/x + b = 0` for x, a of one sign and not zero, so that b is not zero: `x = -a/b`."""
    from mfcheck.lemma.prove.rewrite import replaced

    for name in sorted(h.term.free & problem.ranges.keys()):
        inverse = power(var(name), -1)
        parts = summands(h.term)
        under = [(k, x) for k, x in parts if name in x.free]
        if len(under) != 1:
            continue
        k, x = under[0]
        a = scale(k, div(x, inverse))
        b = sub(h.term, scale(k, x))
        if name in a.free or Plain(problem.ranges, problem.hypotheses).signs(a) & ZERO:
            continue
        rest = [p for whole in problem.hypotheses for p in conjuncts(whole) if p != h]
        new = replace(problem, hypotheses=tuple(rest))
        made = replaced(new, name, neg(div(a, b)), (nonzero(b),))
        return [] if made is None else [_with_less_said(made)]
    return None


def _with_less_said(problem: Problem) -> Problem:
    """Return the problem without the hypotheses that follow from the ranges alone."""
    from mfcheck.lemma.rational import holds_exactly

    def follows(h: Formula) -> bool:
        return holds_exactly(h, problem.ranges) or Plain(problem.ranges).holds(h)

    said: Sequence[Formula] = [p for whole in problem.hypotheses for p in conjuncts(whole)]
    return replace(problem, hypotheses=tuple(h for h in said if not follows(h)))
