"""Points at which a goal in several variables fails: samples, descents from them, and places that are too steep."""

from collections.abc import Callable
from fractions import Fraction

from mfcheck.lemma.formula import Atom, free
from mfcheck.lemma.gaussians import has_expectation
from mfcheck.lemma.pieces import Box, Point, holds
from mfcheck.lemma.problem import Problem, relevant
from mfcheck.lemma.prove.line import Outcome
from mfcheck.lemma.prove.meanvalue import bounded_slopes
from mfcheck.lemma.prove.reduce import split_goals
from mfcheck.lemma.prove.rewrite import range_formulas
from mfcheck.lemma.prove.samples import Samples
from mfcheck.lemma.terms import add, num


def counterexample(problem: Problem, goal: Atom, samples: Samples) -> Outcome | None:
    """Return a sample at which a goal surely fails."""
    for point in samples.points:
        box = Box(problem.names, point, point, samples.programs)
        if holds(goal, box) is False:
            return Outcome(False, samples.exact(point), goal)
    return None


def where_steep(
    problem: Problem, goal: Atom, decide: Callable[[Problem], Outcome]
) -> Outcome | None:
    """Return a point at which `c |x - y| >= |f|` fails, next to one where the slope of f is too large."""
    for name, start, part in bounded_slopes(problem, goal):
        if start.op != "var" or len(problem.ranges) != 2 or problem.hypotheses:
            continue
        for single in split_goals(part):
            if free(single.goals[0]) != {name}:
                continue
            found = decide(relevant(single))
            at = (found.point or {}).get(name) if found.holds is False else None
            if at is None or found.case is not None:
                continue
            for k in range(2, 30, 3):
                values = Point({name: at, str(start.data): add(at, num(Fraction(1, 2**k)))})
                inside = [f for n, r in problem.ranges.items() for f in range_formulas(n, r)]
                if holds(goal, values) is False and all(holds(f, values) for f in inside):
                    return Outcome(False, dict(values.values), goal)
    return None


def downhill(problem: Problem, goal: Atom, samples: Samples) -> Outcome | None:
    """Return a point at which a goal surely fails, found by descent from the samples where it is closest to that."""
    if goal.relation not in (">", ">=") or has_expectation(goal.term):
        return None
    for point in samples.descents(problem, goal.term):
        box = Box(problem.names, point, point, samples.programs)
        if holds(goal, box) is False and all(holds(h, box) for h in problem.hypotheses):
            return Outcome(False, samples.exact(point), goal)
    return None
