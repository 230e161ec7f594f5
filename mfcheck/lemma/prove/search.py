"""The order in which ways to prove or refute a problem are tried."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

from flint import ctx

from mfcheck.lemma.formula import (
    TRUE,
    Atom,
    Formula,
    atoms,
    conjuncts,
    free,
    settle,
    transform,
)
from mfcheck.lemma.gaussians import has_expectation
from mfcheck.lemma.pieces import Box, Point, holds
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.polynomials.goals import fails_exactly
from mfcheck.lemma.problem import Problem, Range, relevant, unfold
from mfcheck.lemma.prove.boxes import Boxes
from mfcheck.lemma.prove.budget import Budget, SpentError
from mfcheck.lemma.prove.cases import (
    by_form,
)
from mfcheck.lemma.prove.equations import eliminated
from mfcheck.lemma.prove.identity import is_identity
from mfcheck.lemma.prove.line import COARSE, FINE, SLOW, Effort, Line, Outcome, Piece, open_goals
from mfcheck.lemma.prove.means import mean_steps
from mfcheck.lemma.prove.reduce import (
    Step,
    split_goals,
)
from mfcheck.lemma.prove.refute import counterexample, downhill, where_steep
from mfcheck.lemma.prove.rewrite import (
    exponential_form,
    logarithmic_form,
    range_formulas,
    root_form,
)
from mfcheck.lemma.prove.roots import (
    square_form,
)
from mfcheck.lemma.prove.samples import Samples
from mfcheck.lemma.prove.steps import cases_of, has_mean, of_means, on_line, restricted, steps_of
from mfcheck.lemma.prove.tied import tied_form
from mfcheck.lemma.rational import holds_exactly
from mfcheck.lemma.resolved import resolved
from mfcheck.lemma.terms import Term, add, num, scale

PREC = 96
LOW_PREC = 64
FINE_PREC = 256
FEW_BOXES = 400
MEANS_DEEPEST = 2
"""How many reductions deep goals about expectations are reduced before they are enclosed."""


def decide(problem: Problem, budget: Budget) -> Outcome:
    """Decide a problem, case by case; a counterexample is one of the changed problem."""
    total = Outcome(True)
    for case in cases_of(problem):
        outcome = decide_case(case, budget)
        total.pieces += outcome.pieces
        total.tight += outcome.tight
        total.left += outcome.left
        if outcome.holds is False:
            outcome.case = outcome.case or case
            return outcome
        if outcome.holds is None:
            total.holds = None
    return total


def decide_case(problem: Problem, budget: Budget, depth: int = 0) -> Outcome:
    """Decide a problem without equations."""
    plain = Plain(problem.ranges, problem.hypotheses)
    said = [f for f in open_goals(problem) if not plain.holds(f)]
    smooth = [transform(f, lambda t: resolved(t, plain)) for f in said]
    goals = [
        g
        for f in smooth
        if (g := settle(f)) != TRUE
        and not plain.holds(g)
        and not holds_exactly(g, problem.ranges, problem.hypotheses)
        and not is_identity(g, problem.ranges)
    ]
    problem = relevant(replace(problem, goals=tuple(goals)))
    if not goals:
        return Outcome(True)
    if not problem.ranges:
        return constant(problem)
    point = exact_counterexample(problem)
    if point is not None:
        return point
    averaged = by_means(problem, budget, depth)
    if averaged is not None:
        return averaged
    if len(problem.ranges) == 1:
        return decide_line(problem, budget)
    return decide_many(problem, budget, depth)


def exact_counterexample(problem: Problem) -> Outcome | None:
    """Return a point at which a goal on polynomials fails, the hypotheses true there."""
    for goal in () if problem.integers else problem.goals:
        point = fails_exactly(goal, problem.ranges, problem.hypotheses)
        if point is None:
            continue
        whole = point | {n: _some(r) for n, r in problem.ranges.items() if n not in point}
        place = Point(whole)
        inside = [f for n, r in problem.ranges.items() for f in range_formulas(n, r)]
        said = all(holds(h, place) for h in (*inside, *problem.hypotheses))
        if said and holds(goal, place) is False:
            return Outcome(False, whole, goal)
    return None


def _some(r: Range) -> Term:
    """Return an exact number of a range, or an end of it."""
    if r.low is None or r.high is None:
        end = r.low or r.high
        return num(0) if end is None else add(end, num(1 if r.high is None else -1))
    return scale(Fraction(1, 2), add(r.low, r.high))


def by_means(problem: Problem, budget: Budget, depth: int) -> Outcome | None:
    """Decide goals about expectations by reductions that are for those; None if that does not decide all of them."""
    total = Outcome(True)
    goals = [g for whole in problem.goals for g in conjuncts(whole)]
    if depth > MEANS_DEEPEST or not any(map(has_mean, goals)):
        return None
    with ctx.workprec(PREC):
        for goal in goals:
            single = problem.with_goals([goal])
            if has_mean(goal):
                found = mean_step(single, budget, depth)
                outcome = None if found is None else found[1]
            else:
                outcome = decide_case(single, budget.share(0.2), depth)
            if outcome is None or outcome.holds is not True:
                return None
            total.pieces += outcome.pieces
    return total


def mean_step(problem: Problem, budget: Budget, depth: int) -> tuple[Step, Outcome] | None:
    """Return a reduction of a goal about expectations all of whose parts hold."""
    (goal,) = problem.goals
    if not isinstance(goal, Atom):
        return None
    options: Iterator[Step]
    if len(problem.ranges) == 1:
        options = itertools.chain(mean_steps(problem, goal), on_line(problem, goal))
    else:
        options = of_means(problem, goal, Samples(problem))
    for step in options:
        outcome = follow(step, budget.share(0.2), depth)
        if outcome.holds is True:
            return step, outcome
        if budget.left() <= 0:
            break
    return None


def constant(problem: Problem) -> Outcome:
    """Decide a problem without variables."""
    place = Point({})
    premises = [holds(h, place) for h in problem.hypotheses]
    if False in premises:
        return Outcome(True)
    answers = [holds(g, place) for g in problem.goals]
    if all(answers):
        return Outcome(True)
    if False in answers and all(premises):
        return Outcome(False, {}, problem.goals[answers.index(False)])
    return Outcome(None, left=["the numbers could not be told apart"])


def decide_line(problem: Problem, budget: Budget) -> Outcome:
    """Decide a problem in one variable: quickly, then in other charts, then at high precision."""
    (name,) = problem.ranges
    if any(has_expectation(a.term) for g in problem.goals for a in atoms(g)):
        chart = tied_form(problem) or root_form(problem, name)
        with ctx.workprec(LOW_PREC):
            outcome = attempt(chart or problem, budget, SLOW)
        outcome.case = chart
        return outcome
    with ctx.workprec(PREC):
        outcome = attempt(problem, budget.share(0.4), COARSE)
        if outcome.holds is not None:
            return outcome
        for chart in (exponential_form(problem, name), logarithmic_form(problem)):
            if chart is None:
                continue
            other = attempt(chart, budget.share(0.4), COARSE)
            other.case = chart
            if other.holds is not None:
                return other
        chart = square_form(problem)
        if chart is not None:
            other = attempt(chart, budget.share(0.4), COARSE)
            other.case = chart
            if other.holds is True:
                return other
    with ctx.workprec(FINE_PREC):
        fine = attempt(problem, budget, FINE)
    return fine if fine.holds is not None else outcome


def attempt(problem: Problem, budget: Budget, effort: Effort) -> Outcome:
    """Run the search in one variable, an exhausted budget being an open outcome."""
    line = Line(problem, budget, effort)
    try:
        return line.run()
    except SpentError:
        return Outcome(None, left=["time"])


def decide_many(problem: Problem, budget: Budget, depth: int = 0) -> Outcome:
    """Decide a problem in several variables, goal by goal."""
    total = Outcome(True)
    with ctx.workprec(PREC):
        for single in split_goals(problem):
            outcome = decide_goal(single, budget, depth)
            if outcome.holds is False:
                return outcome
            total.pieces += outcome.pieces
            total.left += outcome.left
            if outcome.holds is None:
                total.holds = None
                return total
    return total


def decide_goal(problem: Problem, budget: Budget, depth: int) -> Outcome:
    """Decide one goal: a few boxes, then what makes it smaller, then many boxes."""
    (goal,) = problem.goals
    if depth > budget.depth:
        return Outcome(None, left=["too deep"])
    key = (tuple(problem.ranges.items()), problem.hypotheses, goal)
    known = budget.memory.get(key)
    if isinstance(known, tuple) and (known[0].holds is True or known[1] >= budget.depth - depth):
        outcome: Outcome = known[0]
        return outcome
    outcome = _decide_goal(problem, goal, budget, depth)
    timely = budget.left() > 0
    if outcome.holds is True or timely:
        budget.memory[key] = (outcome, budget.depth - depth)
    return outcome


def _decide_goal(problem: Problem, goal: Formula, budget: Budget, depth: int) -> Outcome:
    squares = by_form(goal) if isinstance(goal, Atom) else None
    if squares is not None:
        return follow(squares, budget, depth)
    fewer = restricted(problem, free(goal))
    if fewer is not None:
        outcome = decide_case(fewer, budget.share(0.5), depth + 1)
        if outcome.holds is True:
            return outcome
    few = FEW_BOXES if not depth else FEW_BOXES // 4
    part = 0.2 if depth else 1.0
    quick = boxes(problem, Budget(min(part * budget.left(), 0.3), few), depth < 2)
    if quick.holds is not None or budget.left() <= 0:
        return quick
    if depth:
        outcome = reduced(problem, goal, budget, depth)
        if outcome.holds is True or depth > 1:
            return outcome if outcome.holds is True else quick
        return boxes(problem, budget.share(0.5))
    samples = Samples(problem)
    if isinstance(goal, Atom):
        wrong = counterexample(problem, goal, samples) or downhill(problem, goal, samples)
        wrong = wrong or where_steep(problem, goal, lambda p: decide_case(p, budget.share(0.1), 1))
        if wrong is not None:
            return wrong
    options = _Kept(filter(plausible, steps_of(problem, goal)))
    outcome = first_that_holds(options, budget.shallow(0.3, 3), 0, 0.15)
    if outcome.holds is True:
        return outcome
    for limit, part in ((2, 0.2), (3, 0.3), (5, 0.8)):
        outcome = first_that_holds(options, budget.shallow(part, limit), 0)
        if outcome.holds is True:
            return outcome
        outcome = boxes(problem, budget.share(0.2))
        if outcome.holds is not None:
            return outcome
    return boxes(problem, budget)


class _Kept:
    """What an iterator yields, kept so that it can be gone through again without being worked out anew."""

    def __init__(self, source: Iterator[Step]) -> None:
        self.source = source
        self.found: list[Step] = []

    def __iter__(self) -> Iterator[Step]:
        for k in itertools.count():
            if k == len(self.found):
                step = next(self.source, None)
                if step is None:
                    return
                self.found.append(step)
            yield self.found[k]


def reduced(problem: Problem, goal: Formula, budget: Budget, depth: int) -> Outcome:
    """Decide a goal by the first reduction all of whose parts hold."""
    return first_that_holds(filter(plausible, steps_of(problem, goal)), budget, depth)


def first_that_holds(
    options: Iterable[Step], budget: Budget, depth: int, part: float = 0.6
) -> Outcome:
    """Return the outcome of the first reduction all of whose parts hold, each tried for a part of what time is left."""
    for step in options:
        outcome = follow(step, budget.share(part), depth)
        if outcome.holds is True:
            return outcome
        if budget.left() <= 0:
            break
    return Outcome(None, left=["no reduction"])


def plausible(step: Step) -> bool:
    """Say whether no part of a reduction is seen to be false at a sample."""
    for part in step.parts:
        samples = Samples(part)
        for goal in part.goals:
            if any(
                holds(goal, Box(part.names, p, p, samples.programs)) is False
                for p in samples.points
            ):
                return False
    return True


def follow(step: Step, budget: Budget, depth: int) -> Outcome:
    """Decide all parts of a reduction."""
    total = Outcome(True, pieces=[Piece("reduction", "", "", step.note)])
    for part in step.parts:
        outcome = decide_part(part, budget, depth if step.cheap and depth else depth + 1)
        if outcome.holds is not True:
            return Outcome(None, left=outcome.left)
        total.pieces += outcome.pieces
    return total


def decide_part(problem: Problem, budget: Budget, depth: int) -> Outcome:
    """Decide a problem that came from a reduction."""
    goals = [g for f in open_goals(problem) for g in conjuncts(unfold(f))]
    for case in eliminated(replace(problem, goals=tuple(goals))):
        outcome = decide_case(case, budget, depth)
        if outcome.holds is not True:
            return outcome
    return Outcome(True)


def boxes(problem: Problem, budget: Budget, faces: bool = True) -> Outcome:
    """Run the search by boxes, an exhausted budget being an open outcome."""
    try:
        return Boxes(problem, budget, faces).run()
    except SpentError:
        return Outcome(None, left=["time"])
