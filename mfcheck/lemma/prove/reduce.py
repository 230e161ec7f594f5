"""Statements in several variables made smaller: factors, monotone variables moved to a face, scales, inner minima."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from mfcheck.lemma import terms
from mfcheck.lemma.formula import Atom, Formula, atoms, conjuncts, free
from mfcheck.lemma.library import nonnegative, nonzero, positive
from mfcheck.lemma.problem import Problem
from mfcheck.lemma.prove.factor import factored
from mfcheck.lemma.prove.rewrite import with_ranges
from mfcheck.lemma.prove.samples import Samples
from mfcheck.lemma.terms import Term, num, power, sub, var


@dataclass(frozen=True)
class Step:
    """A reduction: the goal holds if all these problems do."""

    note: str
    parts: tuple[Problem, ...]


def needs(t: Term) -> list[Formula]:
    """Return what must hold for a term to be defined and continuous."""
    found: list[Formula] = []
    for node in terms.order([t]):
        if not node.free:
            continue
        if node.op == "mul":
            for base, e in zip(node.args, node.exponents(), strict=True):
                if e.denominator > 1:
                    found.append(positive(base) if e < 0 else nonnegative(base))
                elif e < 0:
                    found.append(nonzero(base))
        elif node.op == "log" or node.op == "lgamma":
            found.append(positive(node.args[0]))
        elif node.op == "tan":
            found.append(nonzero(terms.call("cos", node.args[0])))
        elif node.op in ("asin", "acos"):
            found.append(nonnegative(terms.add(num(1), node.args[0])))
            found.append(nonnegative(sub(num(1), node.args[0])))
        elif node.op == "atanh":
            found.append(positive(terms.add(num(1), node.args[0])))
            found.append(positive(sub(num(1), node.args[0])))
    return list(dict.fromkeys(found))


def smooth(t: Term) -> bool:
    """Say whether a term has a derivative wherever its needs hold with room."""
    return all(n.op not in ("abs", "min", "max", "sign", "step") for n in terms.order([t]))


# Factors.


def by_factors(problem: Problem, goal: Atom, samples: Samples) -> Step | None:
    """Replace a goal by the signs of its factors, as the samples suggest them."""
    if goal.relation not in (">", ">="):
        return None
    parts = factored(goal.term)
    if parts is None:
        return None
    goals: list[Formula] = []
    total = 1
    strict = goal.relation == ">"
    for factor, e in parts:
        if factor.op == "num":
            total *= (factor.value() > 0) - (factor.value() < 0)
            continue
        if e == 2 or e == -2:
            if strict and e > 0:
                goals.append(nonzero(factor))
            continue
        seen = samples.signs(factor)
        if len(seen) != 1:
            return None
        (s,) = seen
        total *= s
        goals.append(Atom(terms.scale(s, factor), ">" if strict or e < 0 else ">="))
    if total < 0 or (total == 0 and strict):
        return None
    if goals == [goal]:
        return None
    return Step("factors", (problem.with_goals(goals),))


# Monotone variables.


@dataclass(frozen=True)
class Bound:
    """A bound of one variable by a term in the others."""

    value: Term
    is_low: bool
    closed: bool


def bounds_of(problem: Problem, name: str) -> tuple[list[Bound], list[Formula], list[Formula]]:
    """Return the bounds of a variable, the hypotheses that give them, and the other hypotheses that use it."""
    r = problem.ranges[name]
    found: list[Bound] = []
    givers: list[Formula] = []
    others: list[Formula] = []
    if r.low is not None:
        found.append(Bound(r.low, True, r.low_closed))
    if r.high is not None:
        found.append(Bound(r.high, False, r.high_closed))
    for h in (p for whole in problem.hypotheses for p in conjuncts(whole)):
        if name not in free(h):
            continue
        bound = _linear_bound(h, name)
        if bound is None:
            others.append(h)
        else:
            found.append(bound)
            givers.append(h)
    return found, givers, others


def _linear_bound(h: Formula, name: str) -> Bound | None:
    if not isinstance(h, Atom) or h.relation not in (">", ">="):
        return None
    slope = terms.derivative(h.term, name)
    if slope.op != "num" or not slope.value():
        return None
    rest = terms.substitute(h.term, {name: num(0)})
    value = terms.scale(-1 / slope.value(), rest)
    return Bound(value, slope.value() > 0, h.relation == ">=")


def by_monotone(problem: Problem, goal: Atom, samples: Samples) -> Iterator[Step]:
    """Move a variable to a bound, in the direction in which the left side falls."""
    if goal.relation not in (">", ">=") or not smooth(goal.term):
        return
    options = []
    for name in sorted(goal.term.free):
        slope = terms.derivative(goal.term, name)
        seen = samples.signs(slope)
        if len(seen) == 1:
            options.append((terms.size(slope), name, slope, seen.pop()))
    for _, name, slope, s in sorted(options, key=lambda o: o[:2]):
        found, _, _ = bounds_of(problem, name)
        for bound in found:
            if bound.is_low == (s > 0):
                step = _moved(problem, goal, name, slope, s, bound)
                if step is not None:
                    yield step


def _moved(
    problem: Problem, goal: Atom, name: str, slope: Term, s: int, bound: Bound
) -> Step | None:
    strict = goal.relation == ">"
    open_end = not bound.closed
    at_bound = terms.substitute(goal.term, {name: bound.value})
    if _is_undefined(at_bound):
        return None
    # With a strict bound a strictly monotone side needs only `>= 0` at the bound.
    gain = strict and open_end
    segment = _segment(problem, name, bound)
    if segment is None:
        return None
    inside = _closed(segment, name, bound, closed=False)
    on_it = _closed(segment, name, bound, closed=True)
    face = _at_bound(problem, name, bound)
    if inside is None or on_it is None or face is None:
        return None
    monotone = Atom(terms.scale(s, slope), ">" if gain else ">=")
    parts = [
        inside.with_goals([*needs(slope), monotone]),
        on_it.with_goals(needs(goal.term)),
        face.with_goals([*needs(at_bound), Atom(at_bound, ">=" if gain else goal.relation)]),
    ]
    kept = tuple(p for p in parts if p.goals)
    way = "least" if s > 0 else "greatest"
    return Step(f"{name} at its {way}, {terms.text(bound.value)}", kept)


def _is_undefined(t: Term) -> bool:
    for node in terms.order([t]):
        if node.op == "mul" and any(
            b.op == "num" and not b.value() and e < 0
            for b, e in zip(node.args, node.exponents(), strict=True)
        ):
            return True
        if node.op == "log" and node.args[0].op == "num" and node.args[0].value() <= 0:
            return True
    return False


def _segment(problem: Problem, name: str, bound: Bound) -> Problem | None:
    """Return the problem on all segments from the bound to a point of the domain: other bounds of that side dropped."""
    kept: list[Formula] = []
    for h in (p for whole in problem.hypotheses for p in conjuncts(whole)):
        if name in free(h):
            other = _linear_bound(h, name)
            if other is None or other.is_low == bound.is_low:
                continue
        kept.append(h)
    r = problem.ranges[name]
    r = (
        replace(r, low=None, low_closed=False)
        if bound.is_low
        else replace(r, high=None, high_closed=False)
    )
    return replace(problem, hypotheses=tuple(kept), ranges={**problem.ranges, name: r})


def _closed(problem: Problem, name: str, bound: Bound, closed: bool) -> Problem | None:
    gap = sub(var(name), bound.value) if bound.is_low else sub(bound.value, var(name))
    return with_ranges(problem, (Atom(gap, ">=" if closed else ">"),))


def _at_bound(problem: Problem, name: str, bound: Bound) -> Problem | None:
    """Return the problem at the bound; what is known of the other variables stays."""
    kept: list[Formula] = []
    r = problem.ranges[name]
    far = r.high if bound.is_low else r.low
    if far is not None:
        kept.append(_between(bound, far, r.high_closed if bound.is_low else r.low_closed))
    for h in (p for whole in problem.hypotheses for p in conjuncts(whole)):
        if name not in free(h):
            kept.append(h)
            continue
        other = _linear_bound(h, name)
        if other is not None and other.is_low != bound.is_low:
            kept.append(_between(bound, other.value, other.closed))
    ranges = {k: v for k, v in problem.ranges.items() if k != name}
    history = (*problem.history, f"{name} = {terms.text(bound.value)}")
    new = replace(problem, ranges=ranges, hypotheses=tuple(kept), history=history)
    return with_ranges(new)


def _between(bound: Bound, far: Term, far_closed: bool) -> Atom:
    gap = sub(far, bound.value) if bound.is_low else sub(bound.value, far)
    return Atom(gap, ">=" if far_closed and bound.closed else ">")


# Scales.


def by_scale(problem: Problem, goal: Atom) -> Step | None:
    """Put one positive variable to 1 where all that is said is homogeneous in the variables."""
    used = goal.term.free
    if len(used) < 2 or degree(goal.term, used) is None:
        return None
    kept: list[Formula] = []
    for h in (p for whole in problem.hypotheses for p in conjuncts(whole)):
        if not free(h) & used:
            continue
        if any(degree(a.term, used) is None for a in atoms(h)):
            return None
        kept.append(h)
    ends = [e for n in used for e in (problem.ranges[n].low, problem.ranges[n].high)]
    if any(e is not None and not (e.op == "num" and not e.value()) for e in ends):
        return None
    for name in sorted(used):
        r = problem.ranges[name]
        if r.low is not None and not r.low_closed:
            new = replace(problem.with_goals([goal]), hypotheses=tuple(kept))
            return Step(
                f"{name} = 1 by homogeneity", (new.substituted(name, num(1), f"{name} = 1"),)
            )
    return None


def degree(t: Term, names: frozenset[str]) -> Fraction | None:
    """Return d with `t(k x) = k^d t(x)` for k > 0, all the named variables scaled alike; None if not seen."""
    if not t.free & names:
        return Fraction(0)
    if t.op == "var":
        return Fraction(1)
    inner = [degree(a, names) for a in t.args]
    known = [d for d in inner if d is not None]
    if len(known) < len(inner):
        return None
    if t.op == "mul":
        return sum((d * e for d, e in zip(known, t.exponents(), strict=True)), Fraction(0))
    same = all(d == known[0] for d in known)
    if t.op == "add":
        return known[0] if same and (not t.coefficients()[0] or known[0] == 0) else None
    if t.op in ("abs", "min", "max"):
        return known[0] if same else None
    if t.op == "cbrt":
        return known[0] / 3
    if t.op in ("sign", "step"):
        return Fraction(0)
    return Fraction(0) if all(d == 0 for d in known) else None


# Inner minima.


def by_critical_point(problem: Problem, goal: Atom) -> Iterator[Step]:
    """Eliminate a variable in which the left side bends upwards, at the point where its slope is zero."""
    if goal.relation not in (">", ">=") or not smooth(goal.term):
        return
    for name in sorted(goal.term.free):
        slope = terms.derivative(goal.term, name)
        value = solve(slope, name)
        if value is None or name in value.free:
            continue
        found, givers, others = bounds_of(problem, name)
        if others or givers:
            continue
        bend = terms.derivative(slope, name)
        at = terms.substitute(goal.term, {name: value})
        rest = replace(
            problem,
            ranges={k: v for k, v in problem.ranges.items() if k != name},
            history=(*problem.history, f"{name} = {terms.text(value)}"),
        )
        inside = [
            nonnegative(sub(value, b.value) if b.is_low else sub(b.value, value)) for b in found
        ]
        parts = (
            problem.with_goals([*needs(goal.term), *needs(bend), Atom(bend, ">=")]),
            rest.with_goals([*needs(value), *inside, *needs(at), Atom(at, goal.relation)]),
        )
        yield Step(f"least at {name} = {terms.text(value)}", parts)


def solve(t: Term, name: str) -> Term | None:
    """Solve `t = 0` for a variable by undoing functions one by one; None if it occurs more than once."""
    target: Term = num(0)
    while True:
        if t.op == "var":
            return target
        places = [k for k, a in enumerate(t.args) if name in a.free]
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
            if e.denominator != 1 or e not in (1, -1):
                return None
            target = power(target, e)
        elif t.op in _INVERSES:
            target = terms.call(_INVERSES[t.op], target)
        else:
            return None
        t = inner


_INVERSES = {"exp": "log", "log": "exp", "sinh": "asinh", "tanh": "atanh", "atanh": "tanh"}


def split_goals(problem: Problem) -> list[Problem]:
    """Return one problem for each goal."""
    goals = [g for whole in problem.goals for g in conjuncts(whole)]
    return [problem.with_goals([g]) for g in goals]
