"""The least constant of a statement, estimated from below by values at exact points."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from flint import arb, ctx

from mfcheck.lemma import terms
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.formula import Atom, Formula, conjuncts, free
from mfcheck.lemma.problem import Problem, unfold
from mfcheck.lemma.prove.rewrite import eliminated
from mfcheck.lemma.prove.samples import Samples
from mfcheck.lemma.terms import Term

_ROUNDS = 60


@dataclass(frozen=True)
class Guess:
    """`seen`: a value that the constant must reach, enclosed; `where`: the place in words."""

    seen: arb
    where: str

    def candidates(self) -> Iterator[Fraction]:
        """Yield values to certify, the simplest and smallest first."""
        q = self.seen.mid().fmpq()
        value = Fraction(int(q.p), int(q.q))
        scale = max(abs(value), Fraction(1, 10**6))
        for bound in (1, 10, 100, 1000):
            near = value.limit_denominator(bound)
            if value <= near <= value + scale / 10**5:
                yield near
        for step in (8, 6, 4, 3, 2, 1):
            yield value + scale / 10**step


def estimate(problem: Problem, name: str) -> Guess | None:
    """Return the largest value that samples ask of the constant; None if it does not occur linearly."""
    goals = [g for whole in problem.goals for g in conjuncts(unfold(whole)) if name in free(g)]
    ratios = [_ratio(g, name) for g in goals]
    if not goals or None in ratios:
        return None
    ranges = {k: v for k, v in problem.ranges.items() if k != name}
    plain = replace(
        problem, ranges=ranges, goals=tuple(g for g in goals), hypotheses=problem.hypotheses
    )
    best: Guess | None = None
    for case in eliminated(replace(plain, ranges={**ranges, name: problem.ranges[name]})):
        values = [
            r
            for g in case.goals
            for h in conjuncts(unfold(g))
            if (r := _ratio(h, name)) is not None
        ]
        found = _largest(case, name, values)
        if found is not None and (best is None or found.seen > best.seen):
            best = found
    return best


def _ratio(goal: Formula, name: str) -> Term | None:
    """Return r with the goal `C >= r`, where it is linear in C."""
    if not isinstance(goal, Atom) or goal.relation not in (">", ">="):
        return None
    slope = terms.derivative(goal.term, name)
    if name in slope.free or (slope.op == "num" and not slope.value()):
        return None
    return terms.neg(terms.div(terms.substitute(goal.term, {name: terms.num(0)}), slope))


def _largest(problem: Problem, name: str, ratios: list[Term]) -> Guess | None:
    ranges = {k: v for k, v in problem.ranges.items() if k != name}
    if not ranges:
        return None
    domain = replace(problem, ranges=ranges, goals=())
    points = [*Samples(domain).points, *_near_ends(domain)]
    codes = [Program([r], list(ranges)) for r in ratios]
    best: tuple[arb, list[arb]] | None = None
    for point in points:
        best = _better(best, codes, point)
    if best is None:
        return None
    best = _climbed(best, codes, domain)
    places = ", ".join(
        f"{n} = {x.str(6, radius=False)}" for n, x in zip(ranges, best[1], strict=True)
    )
    return Guess(best[0], f"at {places}")


def _better(
    best: tuple[arb, list[arb]] | None, codes: list[Program], point: list[arb]
) -> tuple[arb, list[arb]] | None:
    for code in codes:
        with ctx.workprec(192):
            value = code(point)[0]
        if value.is_finite() and value.rad() < 1e-9 and (best is None or value > best[0]):
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
                ends.append(Program([r.low], ())(())[0].mid() + step)
            if r.high is not None:
                ends.append(Program([r.high], ())(())[0].mid() - step)
            if r.low is None or r.high is None:
                ends += [arb(2) ** j, -(arb(2) ** j)]
            for x in ends:
                point = [*base[:k], x, *base[k + 1 :]]
                if _is_inside(problem, point):
                    yield point


def _is_inside(problem: Problem, point: list[arb]) -> bool:
    for x, r in zip(point, problem.ranges.values(), strict=True):
        if r.low is not None and not x > Program([r.low], ())(())[0]:
            return False
        if r.high is not None and not x < Program([r.high], ())(())[0]:
            return False
    return True


def _climbed(
    best: tuple[arb, list[arb]], codes: list[Program], problem: Problem
) -> tuple[arb, list[arb]]:
    """Move one coordinate at a time, by steps that grow on success and shrink on failure."""
    steps = [abs(x) / 4 + arb(2) ** -8 for x in best[1]]
    for _ in range(_ROUNDS):
        for k in range(len(steps)):
            before = best
            for way in (1, -1):
                point = [*best[1][:k], (best[1][k] + way * steps[k]).mid(), *best[1][k + 1 :]]
                if _is_inside(problem, point):
                    moved = _better(best, codes, point)
                    best = moved if moved is not None else best
            steps[k] = steps[k] * 1.5 if best is not before else steps[k] / 2
    return best
