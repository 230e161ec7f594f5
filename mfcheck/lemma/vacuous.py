"""Whether hypotheses contradict each other."""

from collections.abc import Iterator

from mfcheck.lemma import balls, terms
from mfcheck.lemma.formula import FALSE, conjuncts, join
from mfcheck.lemma.pieces import Point, holds
from mfcheck.lemma.problem import Problem, constant_ball
from mfcheck.lemma.prove.budget import Budget
from mfcheck.lemma.prove.rewrite import range_formulas
from mfcheck.lemma.prove.samples import Samples
from mfcheck.lemma.prove.search import decide
from mfcheck.lemma.prove.steps import cases_of
from mfcheck.lemma.terms import Term


def is_vacuous(problem: Problem, budget: Budget) -> bool:
    """Say whether no point satisfies the hypotheses: tried only if none is found at once."""
    cases = cases_of(problem)
    if any(_has_point(p) for p in cases):
        return False
    if cases and all(len(p.ranges) == 1 and p.integers & p.ranges.keys() for p in cases):
        return True
    outcome = decide(problem.with_goals([FALSE]), Budget(min(2.0, max(budget.left(), 0.5))))
    return outcome.holds is True


def _has_point(problem: Problem) -> bool:
    ends = [e for r in problem.ranges.values() for e in (r.low, r.high)]
    known = all(e is None or e.op == "num" for e in ends)
    if known and not problem.hypotheses and not problem.integers:
        return True  # ranges that are seen to be empty are gone by now
    whole = problem.integers & problem.ranges.keys()
    if whole:
        return len(problem.ranges) > 1 or _has_integer(problem)
    if Samples(problem).points:
        return True
    return any(all(holds(h, Point(p)) for h in problem.hypotheses) for p in _corners(problem))


def _has_integer(problem: Problem) -> bool:
    """Say whether a whole number may satisfy everything in one variable; of long ranges that is assumed."""
    ((name, r),) = problem.ranges.items()
    if r.low is None or r.high is None:
        return True
    first = balls.whole(constant_ball(r.low).lower().ceil())
    last = balls.whole(constant_ball(r.high).upper().floor())
    if first is None or last is None or last - first >= 1000:
        return True
    inside = conjuncts(join("and", [*range_formulas(name, r), *problem.hypotheses]))
    return any(
        all(holds(h, Point({name: terms.num(n)})) is not False for h in inside)
        for n in range(first, last + 1)
    )


def _corners(problem: Problem) -> Iterator[dict[str, Term]]:
    """Yield a few exact points of the ranges: closed ends, and middles."""
    for pick in ("low", "high"):
        point: dict[str, Term] = {}
        for name, r in problem.ranges.items():
            end = r.low if pick == "low" else r.high
            other = r.high if pick == "low" else r.low
            value = end if end is not None else other
            point[name] = value if value is not None else terms.num(0)
        yield point
