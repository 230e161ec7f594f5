"""Statements about whole numbers: polynomials in them skip values, small ones are tried, the rest is real."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import gcd, lcm

from mfcheck.lemma import balls, terms
from mfcheck.lemma.constants import expanded, is_zero, summands
from mfcheck.lemma.formula import FALSE, TRUE, Atom, Formula, atoms, conjuncts, free, join
from mfcheck.lemma.pieces import Point, holds
from mfcheck.lemma.problem import Problem, Range, constant_ball, unfold
from mfcheck.lemma.prove.budget import Budget
from mfcheck.lemma.prove.line import Outcome, Piece
from mfcheck.lemma.prove.rewrite import with_ranges
from mfcheck.lemma.prove.search import decide
from mfcheck.lemma.terms import Term, num, sub, var
from mfcheck.lemma.whole import is_whole

SMALL = 30
_FEW = 5
_MOST_POINTS = 300
_MOST_CASES = 8


def decide_whole(problem: Problem, budget: Budget) -> Outcome:
    """Decide over all real values; if that fails, sharpen, and take small whole numbers one by one."""
    outcome = decide(problem, budget.share(0.7))
    if outcome.holds is True:
        return outcome
    wrong = counterexample(problem)
    if wrong is not None:
        return wrong
    total = Outcome(True, pieces=[Piece("reduction", "", "", "whole numbers skip values")])
    for case in sharpened(problem):
        outcome = _cover(case, budget)
        if outcome.holds is not True:
            return outcome
        total.pieces += outcome.pieces
    return total


# Values that are skipped.


@dataclass(frozen=True)
class _Values:
    """`scale` times a term takes only values `start` plus multiples of `step`."""

    scale: int
    step: int
    start: int


def _values(t: Term, whole: frozenset[str]) -> _Values | None:
    """Return which values a polynomial in whole numbers takes; None if it is no such polynomial."""
    constant, parts = Fraction(0), list[Fraction]()
    for k, x in summands(expanded(t)):
        if x.op == "num":
            constant += k * x.value()
        elif is_whole(x, whole):
            parts.append(k)
        else:
            return None
    if not parts:
        return None
    scale = lcm(constant.denominator, *[k.denominator for k in parts])
    step = gcd(*[int(k * scale) for k in parts])
    return _Values(scale, step, int(constant * scale) % step)


def _least_value(v: _Values, strict: bool) -> int:
    """Return the least value of the multiple that is not negative, or that is positive."""
    return v.start or v.step if strict else v.start


def weaker_goal(f: Formula, whole: frozenset[str]) -> Formula:
    """Return a goal that says less for real numbers and the same for whole ones."""
    if not isinstance(f, Atom):
        return join(f.connective, [weaker_goal(p, whole) for p in f.parts])
    v = _values(f.term, whole)
    if v is None or f.relation == "==":
        return f
    if f.relation == "!=":
        return TRUE if v.start else f
    shift = Fraction(v.step - _least_value(v, f.relation == ">"), v.scale)
    return Atom(terms.add(f.term, num(shift)), ">")


def stronger_hypothesis(f: Formula, whole: frozenset[str]) -> Formula:
    """Return a hypothesis that says more for real numbers and the same for whole ones."""
    if not isinstance(f, Atom):
        return join(f.connective, [stronger_hypothesis(p, whole) for p in f.parts])
    v = _values(f.term, whole)
    if v is None:
        return f
    if f.relation == "==":
        return FALSE if v.start else f
    least = num(Fraction(_least_value(v, f.relation != ">="), v.scale))
    above = Atom(sub(f.term, least), ">=")
    if f.relation != "!=":
        return above
    other = stronger_hypothesis(Atom(terms.neg(f.term), ">"), whole)
    return join("or", [above, other])


def sharpened(problem: Problem) -> list[Problem]:
    """Return problems, one for each choice among the hypotheses with *or*, that say the same for whole numbers."""
    whole = problem.integers
    goals = tuple(weaker_goal(g, whole) for f in problem.goals for g in conjuncts(unfold(f)))
    options = [
        h.parts if not isinstance(h, Atom) and h.connective == "or" else (h,)
        for f in problem.hypotheses
        for p in conjuncts(f)
        for h in conjuncts(stronger_hypothesis(p, whole))
    ]
    choices = list(itertools.islice(itertools.product(*options), _MOST_CASES + 1))
    if len(choices) > _MOST_CASES:
        return [replace(problem, goals=goals)]
    return [replace(problem, goals=goals, hypotheses=tuple(c)) for c in choices]


# Cases.


def _cover(problem: Problem, budget: Budget, depth: int = 0) -> Outcome:
    """Decide a problem: over the reals, or by the values of one whole number after the other."""
    narrow = with_ranges(problem)
    if narrow is None:
        return Outcome(True)
    problem = narrow
    outcome = decide(problem, budget.share(0.25))
    names = [n for n in sorted(problem.integers) if n in problem.ranges]
    if outcome.holds is True or not names:
        return outcome
    if budget.left() <= 0:
        return Outcome(None, left=["time"])
    single = _one_for_two(problem, names)
    if single is not None:
        return _cover(single, budget, depth)
    name = min(names, key=lambda n: _length(problem.ranges[n]))
    return _by_values(problem, name, budget, depth)


def _length(r: Range) -> tuple[int, float]:
    """Order bounded ranges before half-lines, and these before the line."""
    if r.low is None or r.high is None:
        return 2 - (r.low is not None) - (r.high is not None), 0.0
    return 0, float((constant_ball(r.high) - constant_ball(r.low)).mid())


def _by_values(problem: Problem, name: str, budget: Budget, depth: int) -> Outcome:
    low, high = _whole_ends(problem.ranges[name])
    if low is None and high is None:
        total = Outcome(True)
        for side in (Atom(var(name), ">="), Atom(sub(num(-1), var(name)), ">=")):
            half = replace(problem, hypotheses=(*problem.hypotheses, side))
            outcome = _cover(half, budget, depth)
            if outcome.holds is not True:
                return outcome
            total.pieces += outcome.pieces
        return total
    count = SMALL if depth == 0 and len(problem.ranges) == 1 else _FEW
    way = 1 if low is not None else -1
    first = low if low is not None else high or 0
    if low is not None and high is not None and high - low < 4 * count:
        count = high - low + 1
    total = Outcome(True)
    for n in range(first, first + way * count, way):
        case = problem.substituted(name, num(n), f"{name} = {n}")
        part = _cover(case, budget.share(0.2), depth + 1)
        if part.holds is not True:
            return part
        total.pieces += part.pieces
    if low is not None and high is not None and count > high - low:
        return total
    beyond = Atom(terms.scale(way, sub(var(name), num(first + way * count))), ">=")
    rest = decide(replace(problem, hypotheses=(*problem.hypotheses, beyond)), budget.share(0.5))
    total.pieces += rest.pieces
    return total if rest.holds is True else Outcome(None, left=rest.left or [f"large {name}"])


def _whole_ends(r: Range) -> tuple[int | None, int | None]:
    """Return the least and the greatest whole number of a range, or one before and after where that is open."""
    low = None if r.low is None else balls.whole(constant_ball(r.low).lower().ceil())
    high = None if r.high is None else balls.whole(constant_ball(r.high).upper().floor())
    return low, high


def _one_for_two(problem: Problem, names: list[str]) -> Problem | None:
    """Put a whole number u for `m - n` or `m + n`, if all depends on that alone."""
    for m, n in itertools.combinations(names, 2):
        for k in (1, -1):
            value = terms.add(var(m), terms.scale(-k, var(n)))
            if all(_is_moved_alike(f, m, n, k) for f in (*problem.goals, *problem.hypotheses)):
                if problem.ranges[n] != Range() or problem.ranges[m] != Range():
                    continue
                u = f"{m}__whole"
                moved = problem.substituted(
                    m, terms.add(var(u), terms.scale(k, var(n))), f"{u} = {terms.text(value)}"
                ).substituted(n, num(0), f"{n} = 0")
                return replace(
                    moved,
                    ranges={**moved.ranges, u: Range()},
                    integers=(problem.integers - {m, n}) | {u},
                )
    return None


def _is_moved_alike(f: Formula, m: str, n: str, k: int) -> bool:
    """Say whether nothing changes when m grows by k and n by 1."""
    if not free(f) & {m, n}:
        return True
    for t in (a.term for a in atoms(f)):
        if any(x.op in ("sign", "step", "lgamma") for x in terms.order([t])):
            return False
        total = terms.add(terms.scale(k, terms.derivative(t, m)), terms.derivative(t, n))
        if is_zero(total) is not True:
            return False
    return True


# Counterexamples.


def counterexample(problem: Problem) -> Outcome | None:
    """Return a point of small whole numbers at which a goal surely fails, for problems in whole numbers alone."""
    names = list(problem.ranges)
    if not names or not problem.integers >= set(names):
        return None
    narrow = with_ranges(problem)
    if narrow is None:
        return None
    sides = [list(_tried(narrow.ranges.get(n, Range()), len(names))) for n in names]
    for values in itertools.islice(itertools.product(*sides), _MOST_POINTS):
        exact = {n: num(v) for n, v in zip(names, values, strict=True)}
        place = Point(exact)
        if not all(holds(h, place) is True for h in problem.hypotheses):
            continue
        for goal in problem.goals:
            if holds(goal, place) is False:
                return Outcome(False, exact, goal)
    return None


def _tried(r: Range, count: int) -> Iterator[int]:
    """Yield small whole numbers of a range, in the order of their size, and a few large ones."""
    low, high = _whole_ends(r)
    start = low if low is not None else high if high is not None else 0
    most = 40 if count == 1 else 8 if count == 2 else 4
    steps = range(most) if low is not None else range(0, -most, -1) if high is not None else None
    offsets = (
        list(steps) if steps is not None else sorted(range(-most // 2, most // 2 + 1), key=abs)
    )
    far = (100, 1000, 10**6) if count == 1 else (50,)
    way = -1 if low is None and high is not None else 1
    for k in (*offsets, *(way * f for f in far)):
        v = start + k
        if (low is None or v >= low) and (high is None or v <= high):
            yield v
