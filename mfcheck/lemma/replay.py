"""Checks a proof in several variables, or with equations, step by step: no search, no choice is made here. Trusted.

A proof is a tree that follows the problem from above:

- of a problem `{"cases": [...]}`, a case for each that is left when its equations are solved;
- of a case `{}` if nothing is left to show or no variable is; `{"line": pieces}` in one variable, the pieces as in
  `mfcheck.lemma.checker`, with `"chart": "exp"` if they speak of `y = exp(x)`, `"log"` if of logarithms
  of both sides, `"root"` if of `s` with `x = s^2`, `"tied"` if tied Gaussians are bounded, `"square"` if of
  squares of both sides; else `{"goals": [...]}`;
- of a goal `{"cuts": [...]}`, boxes: the cuts from the first box downwards, each `[variable, place]`, and `0` where a
  box is left as it is; `{"fewer": case}` with the variables that do not occur in it left out; `{"step": note, "parts":
  [...]}`, a reduction of `mfcheck.lemma.prove.search.steps_of` with a problem for each of its parts.

All else is worked out anew, so that no box can be left out and no part be another than it is. What these functions
share with the search are the reductions themselves, each of which is a theorem, and the arguments on one box.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from flint import arb, ctx, fmpq

from mfcheck.lemma.formula import TRUE, Formula, conjuncts, free, settle, transform
from mfcheck.lemma.intervals import EmptyError, Interval
from mfcheck.lemma.pieces import Box, Point, holds
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem, relevant, unfold
from mfcheck.lemma.prove.boxes import Boxes
from mfcheck.lemma.prove.budget import Budget
from mfcheck.lemma.prove.identity import is_identity
from mfcheck.lemma.prove.line import open_goals
from mfcheck.lemma.prove.reduce import Step, split_goals
from mfcheck.lemma.prove.rewrite import exponential_form, logarithmic_form, root_form
from mfcheck.lemma.prove.roots import square_form
from mfcheck.lemma.prove.steps import cases_of, restricted, steps_of
from mfcheck.lemma.prove.tied import tied_form
from mfcheck.lemma.rational import holds_exactly
from mfcheck.lemma.resolved import resolved

PREC = 96
DEEPEST = 12
MOST_NODES = 2000
MOST_CUTS = 20_000
_DYADIC = re.compile(r"-?[0-9]{1,1500}(/[1-9][0-9]{0,1500})?")

Json = Any


class WrongProofError(Exception):
    """The tree does not prove the problem."""


def require(condition: bool) -> None:
    """Refuse the proof unless something holds.

    Raises:
        WrongProofError: it does not.
    """
    if not condition:
        raise WrongProofError


def remaining(problem: Problem) -> Problem:
    """Return a problem with what is left to show: goals that are neither plain, nor identities, nor hypotheses."""
    plain = Plain(problem.ranges, problem.hypotheses)
    said = [f for f in open_goals(problem) if not plain.holds(f)]
    smooth = [settle(transform(f, lambda t: resolved(t, plain))) for f in said]
    goals = [
        g
        for g in smooth
        if g != TRUE
        and not plain.holds(g)
        and not holds_exactly(g, problem.ranges, problem.hypotheses)
        and not is_identity(g, problem.ranges)
    ]
    return relevant(replace(problem, goals=tuple(goals)))


def matching_steps(problem: Problem, goal: Formula, note: str) -> Iterator[Step]:
    """Yield the reductions of a goal that have this note."""
    return (s for s in steps_of(problem, goal) if s.note == note)


@dataclass
class Replay:
    """One proof, with how much of it may still be read."""

    nodes: int = MOST_NODES
    cuts: int = MOST_CUTS

    def problem(self, problem: Problem, node: Json, depth: int = 0) -> None:
        """Check the proof of a problem.

        Raises:
            WrongProofError: it is none.
        """
        self.nodes -= 1
        require(self.nodes >= 0 and depth <= DEEPEST and set(node) == {"cases"})
        cases = cases_of(problem)
        require(len(cases) == len(node["cases"]))
        for case, part in zip(cases, node["cases"], strict=True):
            self.case(case, part, depth)

    def case(self, problem: Problem, node: Json, depth: int) -> None:
        """Check the proof of a case."""
        left = remaining(problem)
        if not left.goals:
            return
        if not left.ranges:
            require(_holds_without_variables(left))
        elif len(left.ranges) == 1 and "goals" not in node:
            self.line(left, node)
        else:
            self.goals(left, node, depth)

    def line(self, problem: Problem, node: Json) -> None:
        """Check a proof in one variable."""
        from mfcheck.lemma.checker import goal_is_covered

        require("line" in node)
        if "chart" in node:
            (name,) = problem.ranges
            charts = {
                "exp": lambda: exponential_form(problem, name),
                "log": lambda: logarithmic_form(problem),
                "root": lambda: root_form(problem, name),
                "tied": lambda: tied_form(problem),
                "square": lambda: square_form(problem),
            }
            require(str(node["chart"]) in charts)
            changed = charts[str(node["chart"])]()
            require(changed is not None)
            problem = changed or problem
        for f in problem.goals:
            for goal in conjuncts(unfold(f)):
                require(goal_is_covered(problem, goal, node["line"]))

    def goals(self, problem: Problem, node: Json, depth: int) -> None:
        """Check the proofs of the goals of a problem in several variables."""
        require("goals" in node)
        with ctx.workprec(PREC):
            singles = split_goals(problem)
            require(len(singles) == len(node["goals"]))
            for single, part in zip(singles, node["goals"], strict=True):
                self.goal(single, part, depth)

    def goal(self, problem: Problem, node: Json, depth: int) -> None:
        """Check the proof of one goal."""
        (goal,) = problem.goals
        if "line" in node:
            require(len(problem.ranges) == 1)
            self.line(problem, node)
        elif "cuts" in node:
            self.boxes(problem, node["cuts"])
        elif "fewer" in node:
            fewer = restricted(problem, free(goal))
            require(fewer is not None and depth < DEEPEST)
            if fewer is not None:
                self.case(fewer, node["fewer"], depth + 1)
        else:
            require(isinstance(node["step"], str))
            self.step(problem, goal, node, depth)

    def step(self, problem: Problem, goal: Formula, node: Json, depth: int) -> None:
        """Check a reduction: one of those with its note whose parts are proved."""
        tries = 0
        for step in matching_steps(problem, goal, node["step"]):
            tries += 1
            require(tries <= 4)
            if len(step.parts) != len(node["parts"]):
                continue
            try:
                for part, proof in zip(step.parts, node["parts"], strict=True):
                    self.problem(replace(part, goals=tuple(open_goals(part))), proof, depth + 1)
            except WrongProofError:
                continue
            return
        raise WrongProofError

    def boxes(self, problem: Problem, cuts: Sequence[Json]) -> None:
        """Check a covering by boxes, cut as the proof says."""
        cover = Cover(problem)
        script = iter(cuts)
        todo = cover.start()
        while todo:
            self.cuts -= 1
            require(self.cuts >= 0)
            sides, goals = todo.pop()
            cut = next(script, None)
            left = cover.left(sides, goals)
            if left is None:
                require(cut == 0 and cut is not False)
                continue
            if not (isinstance(cut, list) and len(cut) == 2 and cut[0] in problem.names):
                raise WrongProofError
            todo += cover.halves(*left, problem.names.index(cut[0]), place(cut[1]))
        require(next(script, None) is None)


def _holds_without_variables(problem: Problem) -> bool:
    at = Point({})
    if any(holds(h, at) is False for h in problem.hypotheses):
        return True
    return all(holds(g, at) is True for g in problem.goals)


def place(text: Json) -> arb:
    """Return an exact dyadic number from its text."""
    require(isinstance(text, str) and _DYADIC.fullmatch(text) is not None)
    q = Fraction(text)
    require(q.denominator & (q.denominator - 1) == 0)
    with ctx.workprec(max(q.numerator.bit_length(), 8) + 8):
        return arb(fmpq(q.numerator, q.denominator))


class Cover:
    """Boxes of one problem: which part of a box is left once the hypotheses have cut it and goals are seen to hold."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.search = Boxes(problem, Budget(1e9))
        self.known: dict[Any, Any] = {}
        self.widths: list[float] = []

    def start(self) -> list[tuple[list[Interval], list[Formula]]]:
        """Return the first box with all goals; nothing if no point satisfies the hypotheses."""
        try:
            first = self.search.first_box()
        except EmptyError:
            return []
        self.widths = self.search.widths(first)
        return [(first, self.search.goals)]

    def left(
        self, sides: list[Interval], goals: list[Formula]
    ) -> tuple[list[Interval], list[Formula]] | None:
        """Return a box cut by the hypotheses with the goals that stay open on it; None if none does."""
        try:
            sides = self.search.cut(sides)
        except EmptyError:
            return None
        box = Box(
            self.search.names, [a for a, _ in sides], [b for _, b in sides], self.search.programs
        )
        box.contractors = self.known
        if any(holds(h, box) is False for h in self.problem.hypotheses):
            return None
        goals = [g for g in goals if holds(g, box) is not True]
        if goals and box.finite:
            box.order = 1
            goals = [g for g in goals if holds(g, box) is not True]
        if goals and self.search.is_outside(box):
            return None
        if goals and box.finite:
            goals = self.search.at_faces(sides, goals, self.widths)
        return (sides, goals) if goals else None

    @staticmethod
    def halves(
        sides: list[Interval], goals: list[Formula], k: int, middle: arb
    ) -> list[tuple[list[Interval], list[Formula]]]:
        """Cut one side at a place inside it.

        Raises:
            WrongProofError: the place is not inside.
        """
        low, high = sides[k]
        require(bool(low < middle) and bool(middle < high))
        upper = [*sides[:k], (middle, high), *sides[k + 1 :]]
        lower = [*sides[:k], (low, middle), *sides[k + 1 :]]
        return [(upper, goals), (lower, goals)]
