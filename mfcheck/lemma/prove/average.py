"""Statements about expectations that hold because their integrands do, value by value."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from mfcheck.lemma import terms
from mfcheck.lemma.constants import expanded, summands
from mfcheck.lemma.formula import Atom
from mfcheck.lemma.gaussians import has_expectation
from mfcheck.lemma.problem import Problem, Range
from mfcheck.lemma.terms import NORMAL, Term, body_of, num, power, substitute, var

_W = "w__"


def pointwise(problem: Problem, goal: Atom) -> Iterator[Problem]:
    """Yield problems that imply the goal `E f + r >= 0`: `f + r >= 0` throughout, or `f + r w^2 >= 0`, for `E w^2 = 1`.

    Both halves of the line are taken together, `f(w)` and `f(-w)`, so that odd parts fall away.
    """
    if goal.relation not in (">", ">=") or not has_expectation(goal.term):
        return
    inside, rest = list[tuple[Fraction, Term]](), list[tuple[Fraction, Term]]()
    for k, x in summands(expanded(goal.term)):
        gauss = _single(x)
        if gauss is not None:
            inside.append((k, gauss))
        elif has_expectation(x):
            return
        else:
            rest.append((k, x))
    body, plain = terms.combination(inside), terms.combination(rest)
    w = var(_W)
    other = substitute(body, {_W: terms.neg(w)})
    if other is not body:
        body = terms.scale(Fraction(1, 2), terms.add(body, other))
    for weight in (num(1), power(w, 2)):
        whole = terms.add(body, expanded(terms.mul(weight, plain)))
        changed, name = _of_product(whole, problem)
        ranges = {**problem.ranges, name: Range()}
        yield replace(problem, ranges=ranges, goals=(Atom(changed, goal.relation),))


def _single(x: Term) -> Term | None:
    """Return the integrand of a product with one expectation, in `w__`."""
    factors = list(zip(x.args, x.exponents(), strict=True)) if x.op == "mul" else [(x, Fraction(1))]
    found = [f for f, e in factors if f.op == "gauss" and e == 1]
    if len(found) != 1 or sum(has_expectation(f) for f, _ in factors) != 1:
        return None
    gauss = found[0]
    if has_expectation(body_of(gauss)):
        return None
    values = {f"_p{k}": a for k, a in enumerate(gauss.args)}
    inner = substitute(body_of(gauss), {**values, NORMAL: var(_W)})
    return terms.mul(inner, *[power(f, e) for f, e in factors if f is not gauss])


def _of_product(t: Term, problem: Problem) -> tuple[Term, str]:
    """Put `u = s w` where all depends on that product alone; s may be zero, where u is."""
    for name in sorted(t.free - {_W}):
        moved = expanded(substitute(t, {_W: terms.div(var(_W), var(name))}))
        if name not in moved.free and not problem.hypotheses:
            return moved, _W
    return t, _W
