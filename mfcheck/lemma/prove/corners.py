"""Reductions at the edges of a domain: ends left out, a diagonal, a corner blown up, a cut at the origin. Trusted."""

from collections.abc import Iterator
from dataclasses import replace

from mfcheck.lemma import terms
from mfcheck.lemma.constants import is_zero
from mfcheck.lemma.formula import Atom, conjuncts
from mfcheck.lemma.library import positive
from mfcheck.lemma.problem import Problem, Range, constant_ball
from mfcheck.lemma.prove.reduce import Step, is_undefined, needs
from mfcheck.lemma.prove.rewrite import replaced, with_ranges
from mfcheck.lemma.terms import Term, num, sub, var


def by_closure(problem: Problem, goal: Atom) -> Step | None:
    """Drop the ends of closed ranges by continuity, for `>=` without further hypotheses."""
    closed = [n for n, r in problem.ranges.items() if r.low_closed or r.high_closed]
    if goal.relation != ">=" or problem.hypotheses or not closed or terms.jumps(goal.term):
        return None
    ranges = {n: replace(r, low_closed=False, high_closed=False) for n, r in problem.ranges.items()}
    if any(r.low is r.high and r.low is not None for r in ranges.values()):
        return None
    inner = replace(problem, ranges=ranges)
    return Step("inner points suffice", (problem.with_goals(needs(goal.term)), inner))


def by_difference(problem: Problem, goal: Atom) -> Iterator[Step]:
    """Put `y = x + h` where `x < y` is known, or where the sides are equal for `x = y`."""
    for h in (p for whole in problem.hypotheses for p in conjuncts(whole)):
        if isinstance(h, Atom) and h.relation in (">", ">=") and len(h.term.free) == 2:
            a, b = sorted(h.term.free)
            for low, high in ((a, b), (b, a)):
                if h.term is sub(var(high), var(low)):
                    made = _apart(problem, low, high, h.relation == ">=")
                    if made is not None:
                        yield Step(f"{high} = {low} + h", (made,))
    names = sorted(goal.term.free)
    if problem.hypotheses or goal.relation != ">=":
        return
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            if is_zero(terms.substitute(goal.term, {a: var(b)})):
                cases = [_apart(problem, *pair, False) for pair in ((a, b), (b, a))]
                diagonal = replaced(problem, a, var(b))
                if None not in cases and diagonal is not None:
                    yield Step(f"{a} and {b} apart", tuple(p for p in (*cases, diagonal) if p))


def _apart(problem: Problem, low: str, high: str, closed: bool) -> Problem | None:
    """Return the problem for `low < high` with `high = low + h`."""
    h = f"{high}__over_{low}"
    ranges = {**problem.ranges, h: Range(num(0), None, closed, False)}
    return replaced(replace(problem, ranges=ranges), high, terms.add(var(low), var(h)))


def by_corner(problem: Problem, goal: Atom) -> Iterator[Step]:
    """Blow up a corner of two variables: the one distance is a multiple of the other."""
    names = sorted(goal.term.free)
    if len(names) != 2 or set(names) != problem.ranges.keys():
        return
    x, y = names
    if any("_per_" in n for n in names):
        return
    for corner_x in _corner_ends(problem.ranges[x]):
        for corner_y in _corner_ends(problem.ranges[y]):
            values = {x: corner_x[0], y: corner_y[0]}
            at = terms.substitute(goal.term, values)
            if not is_undefined(at) and is_zero(at) is not True:
                continue
            first = _ray(problem, x, corner_x, y, corner_y)
            second = _ray(problem, y, corner_y, x, corner_x)
            if first is not None and second is not None:
                yield Step(f"corner {x} = {corner_x[0]}, {y} = {corner_y[0]}", (first, second))


def _corner_ends(r: Range) -> list[tuple[Term, int]]:
    ends = [(r.low, 1), (r.high, -1)]
    return [(e, way) for e, way in ends if e is not None]


def _ray(
    problem: Problem, x: str, at_x: tuple[Term, int], y: str, at_y: tuple[Term, int]
) -> Problem | None:
    t = f"{y}__per_{x}"
    distance = terms.scale(at_x[1], sub(var(x), at_x[0]))
    value = terms.add(at_y[0], terms.scale(at_y[1], terms.mul(var(t), distance)))
    r = problem.ranges[y]
    closed = r.low_closed if at_y[1] > 0 else r.high_closed
    ranges = {**problem.ranges, t: Range(num(0), num(1), closed, True)}
    return replaced(replace(problem, ranges=ranges), y, value)


def by_quadrants(problem: Problem, goal: Atom) -> Step | None:
    """Cut a domain of two variables at an inner zero of the goal at the origin."""
    names = sorted(goal.term.free)
    if len(names) != 2 or set(names) != problem.ranges.keys():
        return None
    if is_zero(terms.substitute(goal.term, {n: num(0) for n in names})) is not True:
        return None
    for n in names:
        r = problem.ranges[n]
        if (r.low is not None and not constant_ball(r.low) < 0) or (
            r.high is not None and not constant_ball(r.high) > 0
        ):
            return None
    parts: list[Problem] = []
    for sx in (1, -1):
        for sy in (1, -1):
            extra = (
                positive(terms.scale(sx, var(names[0]))),
                positive(terms.scale(sy, var(names[1]))),
            )
            cut = with_ranges(problem, extra)
            if cut is not None:
                parts.append(replace(cut, history=(*cut.history, "cut at the origin")))
    for n in names:
        on_axis = replaced(problem, n, num(0))
        if on_axis is not None:
            parts.append(on_axis)
    return Step("cut at the origin", tuple(parts))
