"""The order in which ways to prove or refute a problem are tried."""

from collections.abc import Iterator
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
    negate,
    settle,
    transform,
)
from mfcheck.lemma.gaussians import has_expectation, with_closed_expectations
from mfcheck.lemma.pieces import Box, Point, holds
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.polynomials.goals import fails_exactly
from mfcheck.lemma.problem import Problem, Range, relevant, unfold
from mfcheck.lemma.prove.average import pointwise
from mfcheck.lemma.prove.bounds import by_bounds
from mfcheck.lemma.prove.boxes import Boxes
from mfcheck.lemma.prove.budget import Budget, SpentError
from mfcheck.lemma.prove.cases import (
    by_cone,
    by_ends,
    by_exponent,
    by_form,
    by_one_exponent,
    by_sides,
)
from mfcheck.lemma.prove.corners import by_closure, by_corner, by_difference, by_quadrants
from mfcheck.lemma.prove.forms import by_fraction, by_log, by_product, by_roots
from mfcheck.lemma.prove.identity import is_identity
from mfcheck.lemma.prove.line import COARSE, FINE, SLOW, Effort, Line, Outcome, Piece, open_goals
from mfcheck.lemma.prove.minima import by_critical_point
from mfcheck.lemma.prove.monotone import by_concave, by_monotone
from mfcheck.lemma.prove.reduce import (
    Step,
    by_combination,
    by_factors,
    by_logarithm,
    by_scale,
    by_shift,
    by_squares,
    by_waves,
    split_goals,
)
from mfcheck.lemma.prove.rewrite import (
    eliminated,
    exponential_form,
    logarithmic_form,
    range_formulas,
    root_form,
)
from mfcheck.lemma.prove.roots import (
    by_level,
    by_root_variables,
    by_square,
    by_symmetry,
    by_triangle,
    square_form,
)
from mfcheck.lemma.prove.samples import Samples
from mfcheck.lemma.prove.tied import tied_form
from mfcheck.lemma.rational import holds_exactly
from mfcheck.lemma.resolved import resolved
from mfcheck.lemma.terms import Term, add, num, scale

PREC = 96
LOW_PREC = 64
FINE_PREC = 256
FEW_BOXES = 400


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


def cases_of(problem: Problem) -> list[Problem]:
    """Return the problems without equations that together say what the given one says."""
    goals = tuple(g for f in problem.goals for g in conjuncts(unfold(f)))
    return eliminated(with_closed_expectations(replace(problem, goals=goals)))


def decide_case(problem: Problem, budget: Budget, depth: int = 0) -> Outcome:
    """Decide a problem without equations."""
    plain = Plain(problem.ranges, problem.hypotheses)
    smooth = [transform(f, lambda t: resolved(t, plain)) for f in open_goals(problem)]
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
    averaged = by_average(problem, budget, depth)
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


def by_average(problem: Problem, budget: Budget, depth: int) -> Outcome | None:
    """Decide goals about expectations by their integrands; None if that does not decide all of them."""
    total = Outcome(True, pieces=[Piece("reduction", "", "", "integrands compared")])
    goals = [g for whole in problem.goals for g in conjuncts(whole)]
    if depth or not any(has_expectation(a.term) for g in goals for a in atoms(g)):
        return None
    for goal in goals:
        options = pointwise(problem, goal) if isinstance(goal, Atom) else ()
        found = (decide_case(p, budget.share(0.2), 1) for p in map(relevant, options))
        outcome = next((o for o in found if o.holds is True), None)
        if outcome is None:
            return None
        total.pieces += outcome.pieces
    return total


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
        if wrong is not None:
            return wrong
    for limit, part in ((2, 0.2), (3, 0.3), (5, 0.8)):
        outcome = reduced(problem, goal, budget.shallow(part, limit), 0)
        if outcome.holds is True:
            return outcome
        outcome = boxes(problem, budget.share(0.2))
        if outcome.holds is not None:
            return outcome
    return boxes(problem, budget)


def reduced(problem: Problem, goal: Formula, budget: Budget, depth: int) -> Outcome:
    """Decide a goal by the first reduction all of whose parts hold."""
    for step in steps_of(problem, goal):
        if not plausible(step):
            continue
        outcome = follow(step, budget.share(0.6), depth)
        if outcome.holds is True:
            return outcome
        if budget.left() <= 0:
            break
    return Outcome(None, left=["no reduction"])


def steps_of(problem: Problem, goal: Formula) -> Iterator[Step]:
    """Yield the reductions of a goal."""
    if isinstance(goal, Atom):
        yield from steps(problem, goal, Samples(problem))
    elif goal.connective == "or" and goal.parts:
        *others, last = goal.parts
        more = (*problem.hypotheses, *map(negate, others))
        new = replace(problem, hypotheses=more, goals=(last,))
        yield Step("all but one part of an alternative as premises", (new,), True)


def restricted(problem: Problem, names: frozenset[str]) -> Problem | None:
    """Return the problem in fewer variables, with the hypotheses on those alone; None if none falls away."""
    if not names < problem.ranges.keys():
        return None
    ranges = {k: v for k, v in problem.ranges.items() if k in names}
    kept = tuple(p for whole in problem.hypotheses for p in conjuncts(whole) if free(p) <= names)
    return replace(problem, ranges=ranges, hypotheses=kept)


def counterexample(problem: Problem, goal: Atom, samples: Samples) -> Outcome | None:
    """Return a sample at which a goal surely fails."""
    for point in samples.points:
        box = Box(problem.names, point, point, samples.programs)
        if holds(goal, box) is False:
            return Outcome(False, samples.exact(point), goal)
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


def steps(problem: Problem, goal: Atom, samples: Samples) -> Iterator[Step]:
    """Yield the reductions of a goal that its samples do not contradict."""
    if not samples.points:
        return
    seen = samples.signs(goal.term)
    if goal.relation == "!=" and len(seen) == 1:
        signed = Atom(scale(seen.pop(), goal.term), ">")
        yield Step("sign", (problem.with_goals([signed]),), True)
    if goal.relation == "==" and not seen:
        step = by_sides(problem, goal)
        if step is not None:
            yield step
    if -1 in seen or goal.relation not in (">", ">="):
        return
    yield from by_level(problem, goal)
    yield from by_triangle(problem, goal)
    for step in (
        by_form(goal),
        by_factors(problem, goal, samples),
        by_fraction(problem, goal),
        by_roots(problem, goal),
        by_shift(problem, goal),
        by_sides(problem, goal),
        by_log(problem, goal),
        by_exponent(problem, goal),
        by_one_exponent(problem, goal, samples),
        by_square(problem, goal, samples),
        by_root_variables(problem, goal),
        by_waves(problem, goal),
        by_scale(problem, goal),
        by_squares(problem, goal),
    ):
        if step is not None:
            yield step
    yield from by_ends(problem, goal)
    yield from by_bounds(problem, goal, samples)
    yield from by_product(problem, goal)
    yield from by_combination(problem, goal)
    yield from by_critical_point(problem, goal)
    yield from by_concave(problem, goal, samples)
    yield from by_monotone(problem, goal, samples)
    yield from by_logarithm(problem, goal)
    yield from by_difference(problem, goal)
    for step in (by_closure(problem, goal), by_quadrants(problem, goal)):
        if step is not None:
            yield step
    yield from by_symmetry(problem, goal)
    step = by_cone(problem, goal)
    if step is not None:
        yield step
    yield from by_corner(problem, goal)


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
