"""The reductions of a goal, in the order in which they are tried. Trusted, as each is a theorem."""

from collections.abc import Iterator
from dataclasses import replace

from mfcheck.lemma.formula import (
    Atom,
    Formula,
    atoms,
    conjuncts,
    free,
    negate,
)
from mfcheck.lemma.gaussians import has_expectation, with_closed_expectations
from mfcheck.lemma.problem import Problem, unfold
from mfcheck.lemma.prove.bounds import by_bounds
from mfcheck.lemma.prove.cases import (
    by_cone,
    by_ends,
    by_exponent,
    by_form,
    by_one_exponent,
    by_sides,
)
from mfcheck.lemma.prove.coefficients import by_coefficients
from mfcheck.lemma.prove.corners import by_closure, by_corner, by_difference, by_quadrants
from mfcheck.lemma.prove.equations import eliminated
from mfcheck.lemma.prove.extremes import by_extremes
from mfcheck.lemma.prove.forms import by_fraction, by_log, by_product, by_roots
from mfcheck.lemma.prove.homogeneous import by_rays, by_values
from mfcheck.lemma.prove.logsigns import by_log_signs
from mfcheck.lemma.prove.means import mean_steps
from mfcheck.lemma.prove.meanvalue import by_mean_value
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
)
from mfcheck.lemma.prove.roots import (
    by_level,
    by_root_variables,
    by_square,
    by_symmetry,
    by_triangle,
)
from mfcheck.lemma.prove.samples import Samples
from mfcheck.lemma.terms import scale


def cases_of(problem: Problem) -> list[Problem]:
    """Return the problems without equations that together say what the given one says."""
    goals = tuple(g for f in problem.goals for g in conjuncts(unfold(f)))
    return eliminated(with_closed_expectations(replace(problem, goals=goals)))


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
    yield from of_means(problem, goal, samples)
    yield from by_level(problem, goal)
    yield from by_triangle(problem, goal)
    yield from by_mean_value(problem, goal)
    for step in (
        by_form(goal),
        by_coefficients(problem, goal, samples),
        by_log_signs(problem, goal),
        by_factors(problem, goal, samples),
        by_fraction(problem, goal),
        by_roots(problem, goal),
        by_shift(problem, goal),
        by_extremes(problem, goal),
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
    yield from by_rays(problem, goal)
    yield from by_values(problem, goal)
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


def of_means(problem: Problem, goal: Atom, samples: Samples) -> Iterator[Step]:
    """Yield the reductions of a goal in several variables that holds expectations."""
    if has_mean(goal):
        yield from by_monotone(problem, goal, samples)
        yield from mean_steps(problem, goal)


def on_line(problem: Problem, goal: Atom) -> Iterator[Step]:
    """Yield the reductions of a goal in one variable that are tried where it holds expectations."""
    samples = Samples(problem)
    square = by_square(problem, goal, samples)
    if square is not None:
        yield square
    yield from by_monotone(problem, goal, samples)


def has_mean(goal: Formula) -> bool:
    """Say whether an expectation occurs in a formula."""
    return any(has_expectation(a.term) for a in atoms(goal))
