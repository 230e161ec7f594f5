"""Statements in several variables made smaller: factors, monotone variables moved to a face, scales, inner minima."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from mfcheck.lemma import terms
from mfcheck.lemma.constants import expanded, is_zero, linearised, summands
from mfcheck.lemma.formula import Atom, Formula, atoms, conjuncts, free
from mfcheck.lemma.library import nonnegative, nonzero, positive
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem, Range, constant_ball
from mfcheck.lemma.prove.factor import factored
from mfcheck.lemma.prove.rewrite import replaced, squared, with_ranges
from mfcheck.lemma.prove.samples import Samples
from mfcheck.lemma.terms import Term, num, power, sub, var


@dataclass(frozen=True)
class Step:
    """A reduction: the goal holds if all these problems do."""

    note: str
    parts: tuple[Problem, ...]
    cheap: bool = False
    """Whether it only tidies, and does not count towards the depth of the search."""


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
    kinks = ("abs", "min", "max")
    return not terms.jumps(t) and all(n.op not in kinks for n in terms.order([t]))


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
    return Step("factors", (problem.with_goals(goals),), True)


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
    for h in (p for whole in problem.hypotheses for p in conjuncts(whole)):
        if name in free(h):
            other = _linear_bound(h, name)
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


def by_shift(problem: Problem, goal: Atom) -> Step | None:
    """Put one variable to 0 where nothing changes when all are moved alike: the slopes add up to zero."""
    used = sorted(goal.term.free)
    if problem.hypotheses or len(used) < 2 or any(problem.ranges[n] != Range() for n in used):
        return None
    if terms.jumps(goal.term):
        return None
    total = terms.add(*[terms.derivative(goal.term, n) for n in used])
    if not (total.op == "num" and not total.value()):
        parts = factored(total)
        if parts is None or parts[0][0].op != "num" or parts[0][0].value():
            return None
    name = used[0]
    new = problem.with_goals([goal]).substituted(name, num(0), f"{name} = 0")
    return Step(f"{name} = 0 by translation", (new,))


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
    for value in (num(0), num(1), *others):
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
    if _is_undefined(value) or _is_undefined(at):
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
        if part is None or _is_undefined(at):
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


# Corners and diagonals.


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
            if not _is_undefined(at) and is_zero(at) is not True:
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


def by_logarithm(problem: Problem, goal: Atom) -> Iterator[Step]:
    """Put `x = exp(l)` for a positive variable that occurs under a logarithm."""
    under = {
        str(n.args[0].data)
        for n in terms.order([goal.term])
        if n.op == "log" and n.args[0].op == "var"
    }
    for name in sorted(under):
        r = problem.ranges[name]
        if r.low is None or not constant_ball(r.low) >= 0:
            continue
        new = f"log__{name}"
        zero = r.low.op == "num" and not r.low.value()
        if zero and r.low_closed:
            continue
        low = None if zero else terms.call("log", r.low)
        high = None if r.high is None else terms.call("log", r.high)
        ranges = {k: v for k, v in problem.ranges.items() if k != name}
        ranges[new] = Range(low, high, low is not None and r.low_closed, r.high_closed)
        moved = problem.substituted(name, terms.call("exp", var(new)), f"{name} = exp({new})")
        yield Step(f"{name} = exp({new})", (replace(moved, ranges=ranges),))


def by_waves(problem: Problem, goal: Atom) -> Step | None:
    """Write products of sines and cosines as sums."""
    waves = [n for n in terms.order([goal.term]) if n.op in ("sin", "cos")]
    if len(waves) < 2:
        return None
    new = without_products(goal.term)
    if new is goal.term or terms.size(new) > terms.size(goal.term) + 2:
        return None
    return Step("sums of waves", (problem.with_goals([Atom(new, goal.relation)]),))


def without_products(t: Term) -> Term:
    """Return the shorter of the term and its form without products of waves; angle sums are opened first."""
    new = linearised(t)
    return new if terms.size(new) < terms.size(t) else t


def by_combination(problem: Problem, goal: Atom) -> Iterator[Step]:
    """Put `u = a x + b y`, known from a hypothesis, where the goal depends on u alone."""
    for h in (p for whole in problem.hypotheses for p in conjuncts(whole)):
        if not isinstance(h, Atom) or len(h.term.free) != 2 or not h.term.free <= goal.term.free:
            continue
        x, y = sorted(h.term.free)
        kx, ky = (terms.derivative(h.term, n) for n in (x, y))
        if kx.op != "num" or ky.op != "num" or not kx.value() or not ky.value():
            continue
        u = f"{x}__and_{y}"
        k = kx.value() / ky.value()
        value = sub(var(u), terms.scale(k, var(x)))
        new = replaced(replace(problem, ranges={**problem.ranges, u: Range()}), y, value)
        if new is None:
            continue
        (moved,) = new.goals
        if isinstance(moved, Atom):
            wide = expanded(linearised(moved.term)) if x in moved.term.free else moved.term
            if x not in wide.free:
                yield Step(f"{u} = {y} + {k}*{x}", (new.with_goals([Atom(wide, goal.relation)]),))


def by_squares(problem: Problem, goal: Atom) -> Step | None:
    """Remove a square root from a goal, and put `p = x^2` for variables that occur as squares alone."""
    roots = squared(goal)
    hypotheses = [h for whole in problem.hypotheses for h in conjuncts(whole)]
    extra = [g for h in hypotheses for g in squared(h)]
    if roots:
        new = replace(problem, hypotheses=(*hypotheses, *extra))
        return Step("squared", (new.with_goals(roots),))
    kept = [h for h in hypotheses if not squared(h)] + extra
    for name in sorted(goal.term.free):
        if problem.ranges[name] != Range():
            continue
        p = f"{name}__squared"
        changed = [_in_square(f, name, var(p)) for f in (*kept, goal)]
        if all(f is not None for f in changed):
            made = [f for f in changed if f is not None]
            ranges = {k: v for k, v in problem.ranges.items() if k != name}
            ranges[p] = Range(num(0), None, True, False)
            new = replace(problem, ranges=ranges, hypotheses=tuple(made[:-1]))
            return Step(f"{p} = {name}**2", (new.with_goals(made[-1:]),))
    return None


def _in_square(f: Formula, name: str, p: Term) -> Formula | None:
    """Return a comparison of polynomials with `x^2` replaced; None if x occurs in another way."""
    if name not in free(f):
        return f
    if not isinstance(f, Atom):
        return None
    parts = []
    for k, part in summands(expanded(f.term)):
        if name not in part.free:
            parts.append((k, part))
            continue
        if part.op != "mul" or var(name) not in part.args:
            return None
        e = part.exponents()[part.args.index(var(name))]
        other = terms.mul(part, power(var(name), -e))
        if e % 2 or e < 0 or name in other.free:
            return None
        parts.append((k, terms.mul(other, power(p, e / 2))))
    return Atom(terms.combination(parts), f.relation)


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


def split_goals(problem: Problem) -> list[Problem]:
    """Return one problem for each goal."""
    goals = [g for whole in problem.goals for g in conjuncts(whole)]
    return [problem.with_goals([g]) for g in goals]
