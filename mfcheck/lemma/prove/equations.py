"""Equations among the hypotheses, solved for a variable. Trusted."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from flint import ctx

from mfcheck.lemma import terms
from mfcheck.lemma.constants import expanded, summands
from mfcheck.lemma.formula import Atom, Formula, conjuncts, free
from mfcheck.lemma.library import nonzero
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem, Range, constant_ball, relevant
from mfcheck.lemma.prove.factor import TooLargeError, rational_in
from mfcheck.lemma.prove.rewrite import line_parts, range_formulas, replaced, with_ranges
from mfcheck.lemma.rational import holds_exactly
from mfcheck.lemma.signs import ZERO
from mfcheck.lemma.terms import Term, div, neg, num, power, scale, sub, var


def solved(problem: Problem) -> list[Problem] | None:
    """Solve one equation among the hypotheses for a variable; None if there is none, [] if they are contradictory."""
    for name, r in problem.ranges.items():
        if r.is_point() and r.low is not None:
            new = problem.substituted(name, r.low, f"{name} = {terms.text(r.low)}")
            again = with_ranges(new)
            return [again] if again is not None else []
    equations = [
        h
        for whole in problem.hypotheses
        for h in conjuncts(whole)
        if isinstance(h, Atom) and h.relation == "==" and h.term.free
    ]
    crowded = [h for h in equations if len(h.term.free) > 2]
    for solver, chosen in (
        (_solved_power, crowded),
        (_solved_line, equations),
        (_solved_circle, equations),
        (_solved_power, equations),
        (_solved_reciprocal, equations),
    ):
        for h in chosen:
            cases = solver(problem, h)
            if cases is not None:
                return cases
    return None


def _without(problem: Problem, h: Formula) -> Problem:
    rest: list[Formula] = []
    for whole in problem.hypotheses:
        rest += [p for p in conjuncts(whole) if p != h]
    return replace(problem, hypotheses=tuple(rest))


def _solved_line(problem: Problem, h: Atom) -> list[Problem] | None:
    options = []
    for name in sorted(h.term.free & problem.ranges.keys()):
        slope, rest = line_parts(h.term, name)
        if slope is None or rest is None or slope.op != "num" or not slope.value():
            continue
        value = terms.scale(-1 / slope.value(), rest)
        if not _is_polynomial(value):
            continue
        options.append((terms.size(value), name, value))
    if not options:
        return None
    _, name, value = min(options, key=lambda o: (o[0], o[1]))
    new = replaced(_without(problem, h), name, value)
    return [new] if new is not None else []


def _is_polynomial(t: Term) -> bool:
    return all(
        x.op in ("num", "var", "pi", "add")
        or (x.op == "mul" and all(e.denominator == 1 and e > 0 for e in x.exponents()))
        for x in terms.order([t])
    )


def _solved_power(problem: Problem, h: Atom) -> list[Problem] | None:
    """Solve `a x^n + b = 0` where the sign of x is known or n is odd."""
    for name in sorted(h.term.free & problem.ranges.keys()):
        found = pure_power(h.term, name)
        if found is None:
            continue
        n, a, b = found
        if Plain(problem.ranges, problem.hypotheses).signs(a) & ZERO:
            continue
        inner = terms.neg(terms.div(b, a))
        r = problem.ranges[name]
        rest = _without(problem, h)
        extra: tuple[Formula, ...] = (Atom(inner, ">="),)
        at_least = r.low is not None and constant_ball(r.low) >= 0
        if n == 3:
            cases: list[tuple[Term, tuple[Formula, ...]]] = [(terms.call("cbrt", inner), ())]
        elif n % 2 == 0 or at_least:
            cases = [(power(inner, Fraction(1, n)), extra)]
            if not at_least:
                cases.append((terms.neg(cases[0][0]), extra))
        else:
            continue
        made = [replaced(rest, name, value, more) for value, more in cases]
        return [p for p in made if p is not None]
    return None


def pure_power(t: Term, name: str) -> tuple[int, Term, Term] | None:
    """Return `(n, a, b)` with `t = a x^n + b`, n >= 2."""
    if t.op != "add":
        return None
    x = var(name)
    degree, lead, rest = 0, list[tuple[Fraction, Term]](), list[tuple[Fraction, Term]]()
    c = t.coefficients()
    for k, part in zip(c[1:], t.args, strict=True):
        if name not in part.free:
            rest.append((k, part))
            continue
        if part.op != "mul" or x not in part.args:
            return None
        e = part.exponents()[part.args.index(x)]
        other = terms.mul(part, power(x, -e))
        if e.denominator != 1 or e < 2 or name in other.free or degree not in (0, int(e)):
            return None
        degree = int(e)
        lead.append((k, other))
    rest.append((c[0], num(1)))
    return (degree, terms.combination(lead), terms.combination(rest)) if degree else None


def _solved_circle(problem: Problem, h: Atom) -> list[Problem] | None:
    """Put a point of the unit circle as cosine and sine of an angle."""
    t = h.term
    for a in sorted(t.free & problem.ranges.keys()):
        for b in sorted(t.free & problem.ranges.keys()):
            if a < b and _is_circle(t, a, b):
                return [_on_circle(_without(problem, h), a, b)]
    return None


def _is_circle(t: Term, a: str, b: str) -> bool:
    circle = terms.add(power(var(a), 2), power(var(b), 2), num(-1))
    return t is circle or t is terms.neg(circle)


def _on_circle(problem: Problem, a: str, b: str) -> Problem:
    straight = _extreme_on_circle(problem, a, b)
    if straight is not None:
        return straight
    angle = f"{a}__angle"
    t = var(angle)
    outer = (*range_formulas(a, problem.ranges[a]), *range_formulas(b, problem.ranges[b]))
    whole = replace(problem, hypotheses=(*problem.hypotheses, *outer))
    new = whole.substituted(a, terms.call("cos", t), f"{a} = cos({angle})")
    new = new.substituted(b, terms.call("sin", t), f"{b} = sin({angle})")
    turn = Range(terms.neg(terms.pi()), terms.pi(), True, True)
    return replace(new, ranges={**new.ranges, angle: turn})


def _extreme_on_circle(problem: Problem, a: str, b: str) -> Problem | None:
    """Replace goals `p a + q b + r >= 0` by `r - sqrt(p^2 + q^2) >= 0`; hypotheses on the circle are not used."""
    if any(free(h) & {a, b} and len(free(h)) > 1 for h in problem.hypotheses):
        return None
    goals: list[Formula] = []
    for goal in (g for whole in problem.goals for g in conjuncts(whole)):
        if not free(goal) & {a, b}:
            goals.append(goal)
            continue
        if not isinstance(goal, Atom) or goal.relation not in (">", ">="):
            return None
        if not _may_be_linear(goal.term, a, b):
            return None
        wide = expanded(goal.term)
        p, q = terms.derivative(wide, a), terms.derivative(wide, b)
        if (p.free | q.free) & {a, b}:
            return None
        rest = terms.substitute(wide, {a: num(0), b: num(0)})
        size = terms.sqrt(terms.add(power(p, 2), power(q, 2)))
        goals.append(Atom(terms.sub(rest, size), goal.relation))
    kept = tuple(h for h in problem.hypotheses if not free(h) & {a, b})
    ranges = {k: v for k, v in problem.ranges.items() if k not in (a, b)}
    return replace(problem, ranges=ranges, hypotheses=kept, goals=tuple(goals))


def _may_be_linear(t: Term, a: str, b: str) -> bool:
    """Say whether a term may be of degree one in two variables: surely not if it is a polynomial of a higher one."""
    try:
        generators, ((top, bottom),) = rational_in(t)
    except (TooLargeError, ValueError, ZeroDivisionError, OverflowError):
        return True
    if not bottom.is_constant() or any(g.op != "var" for g in generators):
        return True
    places = [k for k, g in enumerate(generators) if g.data in (a, b)]
    return all(sum(int(e[k]) for k in places) <= 1 for e in top.monoms())


def eliminated(problem: Problem) -> list[Problem]:
    """Solve equations until none is left; the problem holds if all that are returned do."""
    ranges = tuple(problem.ranges.items())
    rest = (problem.hypotheses, problem.goals, problem.integers, problem.history, problem.solution)
    return list(_eliminated(ranges, *rest, ctx.prec))


@lru_cache(maxsize=64)
def _eliminated(
    ranges: tuple[tuple[str, Range], ...],
    hypotheses: tuple[Formula, ...],
    goals: tuple[Formula, ...],
    integers: frozenset[str],
    history: tuple[str, ...],
    solution: tuple[tuple[str, Term], ...],
    precision: int,
) -> tuple[Problem, ...]:
    """Return the problems of `eliminated`; ends are compared at the precision that is set now."""
    del precision
    problem = Problem(dict(ranges), hypotheses, goals, integers, history, solution)
    start = with_ranges(problem)
    todo, done = [start] if start is not None else [], list[Problem]()
    while todo:
        p = todo.pop()
        cases = solved(p) if len(p.history) < 24 else None
        if cases is None:
            done.append(p)
        else:
            todo.extend(cases)
    return tuple(relevant(p) for p in done)


def _solved_reciprocal(problem: Problem, h: Atom) -> list[Problem] | None:
    """Solve `a/x + b = 0` for x, a of one sign and not zero, so that b is not zero: `x = -a/b`."""
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

    def follows(h: Formula) -> bool:
        return holds_exactly(h, problem.ranges) or Plain(problem.ranges).holds(h)

    said: Sequence[Formula] = [p for whole in problem.hypotheses for p in conjuncts(whole)]
    return replace(problem, hypotheses=tuple(h for h in said if not follows(h)))
