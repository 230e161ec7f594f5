"""Goals `c |d| >= |f|` where f vanishes with d, by the mean value theorem in one variable. Trusted.

Let d be linear in x with slope s, a number, so that d = 0 at `x0 = x - d/s`. If f = 0 there, `f = f'(between) d/s`, so
that `|f'| <= c |s|` between x0 and x is enough. That is asked for on the whole line, or in the range of x if `x0` is
another variable of the same range.
"""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from mfcheck.lemma import terms
from mfcheck.lemma.constants import is_zero, summands
from mfcheck.lemma.formula import Atom, conjuncts, free
from mfcheck.lemma.problem import Problem, Range
from mfcheck.lemma.prove.reduce import Step, needs, smooth
from mfcheck.lemma.terms import Term, add, num, scale, sub, var


def by_mean_value(problem: Problem, goal: Atom) -> Iterator[Step]:
    """Bound the slope of f by that of d."""
    for name, _, part in bounded_slopes(problem, goal):
        yield Step(f"mean value theorem in {name}", (part,), True)


def bounded_slopes(problem: Problem, goal: Atom) -> Iterator[tuple[str, Term, Problem]]:
    """Yield variables x, `x0`, and the problem that bounds the slope in x."""
    for c, size in summands(goal.term) if goal.relation == ">=" else ():
        if c <= 0 or size.op != "abs":
            continue
        f = _inside(sub(scale(c, size), goal.term))
        if f is None or not smooth(f):
            continue
        for name in sorted(size.args[0].free & f.free):
            start, made = _bounded_slope(problem, f, size.args[0], c, name)
            if made is not None:
                yield name, start, made


def _inside(t: Term) -> Term | None:
    """Return u for `k |u|`, k positive, times k; what is no size as it is."""
    k, x = terms.split_factor(t)
    if x.op == "abs":
        return scale(k, x.args[0]) if k > 0 else None
    return t


def _bounded_slope(
    problem: Problem, f: Term, d: Term, c: Fraction, name: str
) -> tuple[Term, Problem | None]:
    s = terms.derivative(d, name)
    if s.op != "num" or not s.value():
        return s, None
    start = sub(var(name), scale(1 / s.value(), d))
    if is_zero(terms.substitute(f, {name: start})) is not True:
        return start, None
    same = start.op == "var" and problem.ranges[str(start.data)] == problem.ranges[name]
    ranges = {**problem.ranges, name: problem.ranges[name] if same else Range()}
    kept = tuple(p for h in problem.hypotheses for p in conjuncts(h) if name not in free(p))
    slope = terms.derivative(f, name)
    most = num(c * abs(s.value()))
    bounds = [Atom(sub(most, slope), ">="), Atom(add(most, slope), ">=")]
    goals = [*needs(f), *needs(slope), *bounds]
    return start, replace(problem, ranges=ranges, hypotheses=kept, goals=tuple(goals))
