"""Reductions that move a variable to a bound: where the left side falls towards it, or bends downwards. Trusted."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mfcheck.lemma import terms
from mfcheck.lemma.formula import Atom, Formula, conjuncts, free
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem
from mfcheck.lemma.prove.factor import factored
from mfcheck.lemma.prove.reduce import Step, is_undefined, needs, smooth
from mfcheck.lemma.prove.rewrite import with_ranges
from mfcheck.lemma.prove.samples import Samples
from mfcheck.lemma.signs import NEGATIVE, POSITIVE
from mfcheck.lemma.terms import Term, num, sub, var


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
    plain = Plain(problem.ranges)
    for h in (p for whole in problem.hypotheses for p in conjuncts(whole)):
        if name not in free(h):
            continue
        bound = _linear_bound(h, name, plain)
        if bound is None:
            others.append(h)
        else:
            found.append(bound)
            givers.append(h)
    return found, givers, others


def _linear_bound(h: Formula, name: str, plain: Plain) -> Bound | None:
    """Return the bound of a variable in a comparison linear in it, its slope seen to be of one sign and not zero."""
    if not isinstance(h, Atom) or h.relation not in (">", ">="):
        return None
    slope = terms.derivative(h.term, name)
    s = 0 if name in slope.free else plain.signs(slope)
    if s not in (POSITIVE, NEGATIVE):
        return None
    rest = terms.substitute(h.term, {name: num(0)})
    value = terms.neg(terms.div(rest, slope))
    return Bound(value, s == POSITIVE, h.relation == ">=")


def by_monotone(problem: Problem, goal: Atom, samples: Samples) -> Iterator[Step]:
    """Move a variable to a bound, in the direction in which the left side falls."""
    if goal.relation not in (">", ">=") or not smooth(goal.term):
        return
    options = []
    for name in sorted(goal.term.free):
        slope = terms.derivative(goal.term, name)
        seen = samples.signs(slope)
        if not seen or len(seen) == 2:
            parts = factored(slope)
            if parts is not None and parts[0][0].op == "num" and not parts[0][0].value():
                options += [(1, name, num(0), 1), (1, name, num(0), -1)]
                continue
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
    if is_undefined(at_bound):
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


def _segment(problem: Problem, name: str, bound: Bound) -> Problem | None:
    """Return the problem on all segments from the bound to a point of the domain: other bounds of that side dropped.

    A hypothesis that bounds the variable in no linear way is kept if it is seen to gain towards the bound.
    """
    r = problem.ranges[name]
    r = (
        replace(r, low=None, low_closed=False)
        if bound.is_low
        else replace(r, high=None, high_closed=False)
    )
    wide = replace(problem, hypotheses=(), ranges={**problem.ranges, name: r})
    on_segment = _closed(wide, name, bound, closed=True)
    plain = None if on_segment is None else Plain(on_segment.ranges, on_segment.hypotheses)
    kept: list[Formula] = []
    slopes = Plain(problem.ranges)
    for h in (p for whole in problem.hypotheses for p in conjuncts(whole)):
        if name in free(h):
            other = _linear_bound(h, name, slopes)
            if other is None and not (plain and _gains(h, name, bound.is_low, plain)):
                continue
            if other is not None and other.is_low == bound.is_low:
                continue
        kept.append(h)
    return replace(wide, hypotheses=tuple(kept))


def _gains(h: Formula, name: str, downwards: bool, plain: Plain) -> bool:
    """Say whether the left side of a hypothesis is seen not to fall as a variable moves one way."""
    if not isinstance(h, Atom) or h.relation not in (">", ">=") or not smooth(h.term):
        return False
    slope = terms.derivative(h.term, name)
    needed = [*needs(h.term), *needs(slope), Atom(terms.scale(-1 if downwards else 1, slope), ">=")]
    return all(plain.holds(f) for f in needed)


def _closed(problem: Problem, name: str, bound: Bound, closed: bool) -> Problem | None:
    gap = sub(var(name), bound.value) if bound.is_low else sub(bound.value, var(name))
    return with_ranges(problem, (Atom(gap, ">=" if closed else ">"),))


def _at_bound(problem: Problem, name: str, bound: Bound) -> Problem | None:
    """Return the problem at the bound; what is known of the other variables stays."""
    kept: list[Formula] = []
    slopes = Plain(problem.ranges)
    r = problem.ranges[name]
    far = r.high if bound.is_low else r.low
    if far is not None:
        kept.append(_between(bound, far, r.high_closed if bound.is_low else r.low_closed))
    for h in (p for whole in problem.hypotheses for p in conjuncts(whole)):
        if name not in free(h):
            kept.append(h)
            continue
        other = _linear_bound(h, name, slopes)
        if other is not None and other.is_low != bound.is_low:
            kept.append(_between(bound, other.value, other.closed))
    ranges = {k: v for k, v in problem.ranges.items() if k != name}
    history = (*problem.history, f"{name} = {terms.text(bound.value)}")
    new = replace(problem, ranges=ranges, hypotheses=tuple(kept), history=history)
    return with_ranges(new)


def _between(bound: Bound, far: Term, far_closed: bool) -> Atom:
    gap = sub(far, bound.value) if bound.is_low else sub(bound.value, far)
    return Atom(gap, ">=" if far_closed and bound.closed else ">")


def by_concave(problem: Problem, goal: Atom, samples: Samples) -> Iterator[Step]:
    """Check a side that bends downwards in a variable at both ends of that variable."""
    if goal.relation not in (">", ">=") or not smooth(goal.term):
        return
    for name in sorted(goal.term.free):
        bend = terms.derivative(terms.derivative(goal.term, name), name)
        flat = bend.op == "num" and not bend.value()
        if not flat and samples.signs(bend) != {-1}:
            continue
        found, _, others = bounds_of(problem, name)
        if others:
            continue
        for low in (b for b in found if b.is_low):
            for high in (b for b in found if not b.is_low):
                step = _at_both_ends(problem, goal, name, None if flat else bend, (low, high))
                if step is not None:
                    yield step


def _at_both_ends(
    problem: Problem, goal: Atom, name: str, bend: Term | None, ends: tuple[Bound, Bound]
) -> Step | None:
    parts: list[Problem] = []
    whole: Problem | None = problem
    for b in ends:
        at = terms.substitute(goal.term, {name: b.value})
        part = _at_bound(problem, name, b)
        if part is None or is_undefined(at):
            return None
        parts.append(part.with_goals([*needs(at), Atom(at, goal.relation)]))
        whole = None if whole is None else _segment(whole, name, b)
    for b in ends:
        whole = None if whole is None else _closed(whole, name, b, closed=True)
    if whole is None:
        return None
    parts.append(whole.with_goals(needs(goal.term)))
    if bend is not None:
        parts.append(whole.with_goals([*needs(bend), Atom(terms.neg(bend), ">=")]))
    return Step(f"bends downwards in {name}", tuple(p for p in parts if p.goals))
