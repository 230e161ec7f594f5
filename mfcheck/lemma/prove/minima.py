"""Reductions to the least value in one variable, at a point where the slope is zero. Trusted."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from mfcheck.lemma import terms
from mfcheck.lemma.constants import is_zero
from mfcheck.lemma.formula import Atom, Formula, conjuncts, free
from mfcheck.lemma.library import nonnegative, nonzero, positive
from mfcheck.lemma.problem import Problem, Range
from mfcheck.lemma.prove.factor import factored
from mfcheck.lemma.prove.monotone import Bound, bounds_of
from mfcheck.lemma.prove.reduce import Step, is_undefined, needs, smooth
from mfcheck.lemma.prove.rewrite import with_ranges
from mfcheck.lemma.terms import Term, num, power, sub, var


def by_critical_point(problem: Problem, goal: Atom) -> Iterator[Step]:
    """Eliminate a variable in which the left side bends upwards, at the point where its slope is zero."""
    if goal.relation not in (">", ">=") or not smooth(goal.term):
        return
    for name in sorted(goal.term.free):
        slope = terms.derivative(goal.term, name)
        for value, extra in _critical_values(slope, name):
            yield from _least_at(problem, goal, name, slope, value, extra)


def _critical_values(slope: Term, name: str) -> Iterator[tuple[Term, list[Formula]]]:
    """Yield values of a variable at which a slope is zero, with what they need."""
    extra: list[Formula] = []
    solved_for = solve(slope, name, extra)
    if solved_for is not None and name not in solved_for.free:
        yield solved_for, extra
    parts = factored(slope) or []
    for factor in (x for x, e in parts if e > 0 and name in x.free):
        extra = []
        value = solve(factor, name, extra)
        if value is not None and name not in value.free and value is not solved_for:
            yield value, extra
    others = [var(n) for n in sorted(slope.free) if n != name]
    for value in (num(0), num(1), num(Fraction(1, 2)), *others):
        if value is not solved_for and is_zero(terms.substitute(slope, {name: value})) is True:
            yield value, []


def _least_at(
    problem: Problem, goal: Atom, name: str, slope: Term, value: Term, extra: list[Formula]
) -> Iterator[Step]:
    found, givers, others = bounds_of(problem, name)
    if others:
        return
    bend = terms.derivative(slope, name)
    at = terms.substitute(goal.term, {name: value})
    if is_undefined(value) or is_undefined(at):
        return
    rest = _without(problem, name, found, f"{name} = {terms.text(value)}")
    face = rest.with_goals([*extra, *needs(value), *needs(at), Atom(at, goal.relation)])
    convex = [*needs(goal.term), *needs(bend), Atom(bend, ">=")]
    note = f"least at {name} = {terms.text(value)}"
    if found and not givers:
        free_range = replace(problem, ranges={**problem.ranges, name: Range()})
        yield Step(note, (free_range.with_goals(convex), face))
    inside = [_within(value, b) for b in found]
    bounded = rest.with_goals([*face.goals, *inside])
    yield Step(note, (problem.with_goals(convex), bounded))
    away = Atom(terms.mul(sub(var(name), value), slope), ">=")
    rising = [*needs(goal.term), *needs(slope), *needs(value), away]
    yield Step(f"falls to {name} = {terms.text(value)}", (problem.with_goals(rising), bounded))


def _within(value: Term, b: Bound) -> Formula:
    gap = sub(value, b.value) if b.is_low else sub(b.value, value)
    return nonnegative(gap) if b.closed else positive(gap)


def _without(problem: Problem, name: str, found: list[Bound], note: str) -> Problem:
    """Return the problem for the other variables: where the bounds of this one leave something."""
    kept = [p for h in problem.hypotheses for p in conjuncts(h) if name not in free(p)]
    kept += [
        nonnegative(sub(high.value, low.value))
        for low in found
        for high in found
        if low.is_low and not high.is_low and (low.value.free or high.value.free)
    ]
    ranges = {k: v for k, v in problem.ranges.items() if k != name}
    history = (*problem.history, note)
    new = replace(problem, ranges=ranges, hypotheses=tuple(kept), history=history)
    return with_ranges(new) or new


def solve(t: Term, name: str, extra: list[Formula]) -> Term | None:
    """Solve `t = 0` for a variable by undoing functions one by one; None if it occurs more than once.

    What the steps need is added to `extra`.
    """
    target: Term = num(0)
    while True:
        if t.op == "var":
            return target if t.data == name else None
        places = [k for k, a in enumerate(t.args) if name in a.free]
        if len(places) > 1 and t.op == "mul":
            return _solved_power(t, name, target, extra)
        if len(places) != 1:
            return None
        k = places[0]
        inner = t.args[k]
        if t.op == "add":
            c = t.coefficients()[k + 1]
            rest = sub(t, terms.scale(c, inner))
            target = terms.scale(1 / c, sub(target, rest))
        elif t.op == "mul":
            e = t.exponents()[k]
            rest = terms.mul(t, power(inner, -e))
            target = terms.div(target, rest)
            if e.denominator != 1 or e.numerator % 2 == 0:
                extra.append(nonnegative(target))
            target = power(target, 1 / e)
        elif t.op == "cbrt":
            target = power(target, 3)
        elif t.op in _INVERSES:
            target = terms.call(_INVERSES[t.op], target)
        else:
            return None
        t = inner


def _solved_power(t: Term, name: str, target: Term, extra: list[Formula]) -> Term | None:
    """Solve `rest x^a exp(b log x) = target` for x > 0: its power is `a + b`; None if t is no such product."""
    log, total = terms.call("log", var(name)), list[Term]()
    rest: list[tuple[Term, Fraction]] = []
    for base, e in zip(t.args, t.exponents(), strict=True):
        if base is var(name):
            total.append(num(e))
        elif base.op == "exp" and name in base.free:
            b = terms.derivative(
                terms.substitute(base.args[0], {name: terms.call("exp", var("_l"))}), "_l"
            )
            if b.free & {name, "_l"}:
                return None
            total.append(terms.scale(e, b))
            rest.append((terms.call("exp", sub(base.args[0], terms.mul(b, log))), e))
        else:
            rest.append((base, e))
    left = terms.div(target, terms.product(rest))
    if name in left.free:
        return None
    exponent = terms.add(*total)
    extra += [positive(left), nonzero(exponent)]
    return terms.call("exp", terms.div(terms.call("log", left), exponent))


_INVERSES = {"exp": "log", "log": "exp", "sinh": "asinh", "tanh": "atanh", "atanh": "tanh"}
