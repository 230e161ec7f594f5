"""The least constant of a statement, estimated from below by values at exact points."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from flint import arb, ctx

from mfcheck.lemma import balls, terms
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.formula import Atom, Formula, conjuncts, free
from mfcheck.lemma.pieces import Box, Point, holds
from mfcheck.lemma.problem import Problem, constant_ball, unfold
from mfcheck.lemma.prove.equations import eliminated
from mfcheck.lemma.prove.rewrite import range_formulas
from mfcheck.lemma.prove.samples import Samples
from mfcheck.lemma.terms import Term
from mfcheck.rigor.decimals import decimal_text

_ROUNDS = 60


@dataclass(frozen=True)
class Guess:
    """`seen`: a value that the constant times `way` must reach, enclosed; `where`: the place in words.

    `way` is 1 where a least constant is asked for, -1 where a greatest one.
    """

    seen: arb
    where: str
    way: int

    def candidates(self) -> Iterator[Fraction]:
        """Yield values to certify for the constant, the simplest and sharpest first, as short numbers."""
        value = balls.fraction(self.seen)
        if value is None:
            if not abs(self.seen) < 1:
                return
            value = Fraction(0)
        scale = max(abs(value), Fraction(1, 10**6))
        for bound in (1, 10, 100, 1000):
            near = value.limit_denominator(bound)
            if value <= near <= value + scale / 10**5:
                yield self.way * near
        for step in (8, 6, 4, 3, 2, 1):
            yield self.way * Fraction(decimal_text(value + scale / 10**step, 12, up=True))


@dataclass(frozen=True)
class _Need:
    """What one goal asks of the constant: `slope C >= slope ratio`."""

    ratio: Term
    slope: Term


def estimate(problem: Problem, name: str) -> Guess | None:
    """Return the largest value that samples ask of the constant; None if it does not occur linearly."""
    goals = [g for whole in problem.goals for g in conjuncts(unfold(whole)) if name in free(g)]
    if not goals or any(_need(g, name) is None for g in goals):
        return None
    best: Guess | None = None
    for case in eliminated(replace(problem, goals=tuple(goals))):
        needs = [
            r for g in case.goals for h in conjuncts(unfold(g)) if (r := _need(h, name)) is not None
        ]
        found = _largest(case, name, needs)
        if found is not None and best is not None and found.way != best.way:
            return None
        if found is not None and (best is None or found.seen > best.seen):
            best = found
    return best


def _need(goal: Formula, name: str) -> _Need | None:
    """Return what a goal that is linear in the constant asks of it."""
    if not isinstance(goal, Atom) or goal.relation not in (">", ">="):
        return None
    slope = terms.derivative(goal.term, name)
    if name in slope.free or (slope.op == "num" and not slope.value()):
        return None
    rest = terms.substitute(goal.term, {name: terms.num(0)})
    return _Need(terms.neg(terms.div(rest, slope)), slope)


def _way(points: list[list[arb]], slopes: list[Program]) -> int | None:
    """Return the one sign that the slopes take at all points, None if there are two or none."""
    found: set[int] = set()
    for point in points:
        for code in slopes:
            v = code(point)[0]
            found |= {1} if v > 0 else {-1} if v < 0 else set()
    return found.pop() if len(found) == 1 else None


def _largest(problem: Problem, name: str, needs: list[_Need]) -> Guess | None:
    ranges = {k: v for k, v in problem.ranges.items() if k != name}
    hypotheses = tuple(h for h in problem.hypotheses if name not in free(h))
    domain = replace(problem, ranges=ranges, hypotheses=hypotheses, goals=())
    points = [*Samples(domain).points, *_near_ends(domain)] if ranges else [[]]
    points = [p for p in (_whole(domain, p) for p in points) if _is_inside(domain, p)]
    slopes = [Program([n.slope], list(ranges)) for n in needs]
    way = _way(points, slopes)
    if way is None:
        return None
    ratios = [Program([terms.scale(way, n.ratio)], list(ranges)) for n in needs]
    codes = list(zip(ratios, slopes, strict=True))
    best: tuple[arb, list[arb]] | None = None
    for point in points:
        best = _better(best, codes, point, way)
    if best is None:
        return None
    best = _climbed(best, codes, domain, way)
    places = ", ".join(
        f"{n} = {x.str(6, radius=False)}" for n, x in zip(ranges, best[1], strict=True)
    )
    return Guess(best[0], f"at {places}" if places else "always", way)


def _whole(problem: Problem, point: list[arb]) -> list[arb]:
    """Return the point with the names of whole numbers rounded."""
    return [
        (x + 0.5).floor().mid() if n in problem.integers else x
        for n, x in zip(problem.ranges, point, strict=True)
    ]


def _better(
    best: tuple[arb, list[arb]] | None,
    codes: list[tuple[Program, Program]],
    point: list[arb],
    way: int,
) -> tuple[arb, list[arb]] | None:
    for ratio, slope in codes:
        with ctx.workprec(192):
            value, size = ratio(point)[0], way * slope(point)[0]
        if (
            size > 0
            and value.is_finite()
            and value.rad() < 1e-9
            and (best is None or value > best[0])
        ):
            best = (value, point)
    return best


def _near_ends(problem: Problem) -> Iterator[list[arb]]:
    """Yield points next to the ends and far out, one variable at a time about a sample."""
    base = (Samples(problem).points or [[arb(1)] * len(problem.ranges)])[0]
    for k, r in enumerate(problem.ranges.values()):
        for j in range(1, 24, 2):
            step = arb(2) ** -j
            ends = []
            if r.low is not None:
                ends.append(constant_ball(r.low).mid() + step)
            if r.high is not None:
                ends.append(constant_ball(r.high).mid() - step)
            if r.low is None or r.high is None:
                ends += [arb(2) ** j, -(arb(2) ** j)]
            for x in ends:
                point = _whole(problem, [*base[:k], x, *base[k + 1 :]])
                if _is_inside(problem, point):
                    yield point


def _is_inside(problem: Problem, point: list[arb]) -> bool:
    for x, (name, r) in zip(point, problem.ranges.items(), strict=True):
        if name in problem.integers:
            whole = balls.whole(x)
            n = terms.num(whole or 0)
            if whole is None or not all(
                holds(h, Point({name: n})) is True for h in range_formulas(name, r)
            ):
                return False
            continue
        if r.low is not None and not x > constant_ball(r.low):
            return False
        if r.high is not None and not x < constant_ball(r.high):
            return False
    if not problem.hypotheses:
        return True
    box = Box(problem.names, point, point, {})
    return all(holds(h, box) is True for h in problem.hypotheses)


def _climbed(
    best: tuple[arb, list[arb]], codes: list[tuple[Program, Program]], problem: Problem, way: int
) -> tuple[arb, list[arb]]:
    """Move one coordinate at a time, by steps that grow on success and shrink on failure."""
    steps = [abs(x) / 4 + arb(2) ** -8 for x in best[1]]
    for _ in range(_ROUNDS):
        for k in range(len(steps)):
            before = best
            for side in (1, -1):
                moved_to = (best[1][k] + side * steps[k]).mid()
                point = _whole(problem, [*best[1][:k], moved_to, *best[1][k + 1 :]])
                if _is_inside(problem, point):
                    moved = _better(best, codes, point, way)
                    best = moved if moved is not None else best
            steps[k] = steps[k] * 1.5 if best is not before else steps[k] / 2
    return best
