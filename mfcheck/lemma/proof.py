"""Writes down how a statement was proved, as the tree that `mfcheck.lemma.replay` checks. Not trusted."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from flint import arb, ctx

from mfcheck.lemma.balls import fraction
from mfcheck.lemma.formula import Formula, free
from mfcheck.lemma.intervals import Interval
from mfcheck.lemma.pieces import Box
from mfcheck.lemma.problem import Problem
from mfcheck.lemma.prove.budget import Budget
from mfcheck.lemma.prove.line import Outcome, Piece
from mfcheck.lemma.prove.reduce import split_goals
from mfcheck.lemma.prove.search import (
    by_means,
    decide_case,
    decide_goal,
    decide_line,
    mean_step,
)
from mfcheck.lemma.prove.steps import cases_of, restricted
from mfcheck.lemma.replay import DEEPEST, PREC, Cover, matching_steps, remaining

if TYPE_CHECKING:
    from mfcheck.lemma.statement import Statement

FORMAT = "mfcheck-lemma/2"
MOST_BOXES = 4000
Json = dict[str, Any]


class NoProofError(Exception):
    """What was found cannot be written down; the message says what."""


@dataclass
class Writer:
    """Follows a proof once more, with the search's memory of what holds and by which reduction."""

    budget: Budget

    def problem(self, problem: Problem, depth: int = 0) -> Json:
        """Return the proof of a problem.

        Raises:
            NoProofError: a part of it is not found again in time.
        """
        self._see_time()
        if depth > DEEPEST:
            raise NoProofError("too many reductions in a row")
        return {"cases": [self.case(p, depth) for p in cases_of(problem)]}

    def _see_time(self) -> None:
        if self.budget.left() <= 0:
            raise NoProofError("writing the proof down takes longer than the time given")

    def case(self, problem: Problem, depth: int) -> Json:
        """Return the proof of a problem without equations."""
        left = remaining(problem)
        if not left.goals or not left.ranges:
            return {}
        if len(left.ranges) == 1:
            return self.means(left, depth) or self.line(left)
        with ctx.workprec(PREC):
            return {"goals": [self.goal(single, depth) for single in split_goals(left)]}

    def means(self, problem: Problem, depth: int) -> Json | None:
        """Return the proof of a problem in one variable by reductions of its expectations; None if there is none."""
        if by_means(problem, self.budget.share(0.5), depth) is None:
            return None
        nodes = list[Json]()
        with ctx.workprec(PREC):
            for single in split_goals(problem):
                (goal,) = single.goals
                found = mean_step(single, self.budget.share(0.5), depth)
                if found is None:
                    nodes.append(self.line(single))
                else:
                    nodes.append(self.step(single, goal, found[0].note, depth))
        return {"goals": nodes}

    def line(self, problem: Problem) -> Json:
        """Return the proof of a problem in one variable."""
        outcome = decide_line(problem, self.budget.share(0.9))
        if outcome.holds is not True:
            raise NoProofError("a part in one variable is not found again in time")
        node: Json = {"line": [asdict(p) for p in outcome.pieces]}
        if outcome.case is None:
            return node
        charts = {"logarithms": "log", "roots": "root", "tied": "tied", "squares": "square"}
        return {**node, "chart": charts.get(outcome.case.history[-1], "exp")}

    def goal(self, problem: Problem, depth: int) -> Json:
        """Return the proof of one goal in several variables."""
        self._see_time()
        (goal,) = problem.goals
        fewer = restricted(problem, free(goal))
        if fewer is not None and decide_case(fewer, self.budget.share(0.5), 1).holds is True:
            return {"fewer": self.case(fewer, depth + 1)}
        outcome = decide_goal(problem, self.budget, 0)
        if outcome.holds is not True:
            raise NoProofError("a part in several variables is not found again in time")
        note = _first_reduction(outcome)
        if note is not None:
            return self.step(problem, goal, note, depth)
        return {"cuts": self.cuts(problem)}

    def step(self, problem: Problem, goal: Formula, note: str, depth: int) -> Json:
        """Return the proof of a goal by a reduction."""
        reason = NoProofError(f"the reduction {note[:60]!r} is not found again")
        for step in matching_steps(problem, goal, note):
            try:
                parts = [self.problem(part, depth + 1) for part in step.parts]
            except NoProofError as error:
                reason = error
                continue
            return {"step": note, "parts": parts}
        raise reason

    def cuts(self, problem: Problem) -> list[Any]:
        """Return the cuts of a covering by boxes, from the first box downwards."""
        cover, found = Cover(problem), list[Any]()
        todo = cover.start()
        while todo:
            self._see_time()
            left = cover.left(*todo.pop())
            if left is None:
                found.append(0)
                continue
            sides, goals = left
            if len(found) > MOST_BOXES or cover.search.is_small(
                cover.search.widths(sides), cover.widths
            ):
                raise NoProofError("too many boxes")
            k, middle = _cut(cover, sides, goals)
            found.append([problem.names[k], _text(middle)])
            todo += cover.halves(sides, goals, k, middle)
        return found


def claimed(statement: "Statement", pieces: Sequence[Piece] | None) -> Json:
    """Return the certificate of a statement; without a proof unless the pieces of one in one variable are one."""
    is_line = len(statement.names("real", "integer")) <= 1
    line = is_line and pieces is not None and all(p.kind != "reduction" for p in pieces)
    proof = {"cases": [{"line": [asdict(p) for p in pieces or ()]}]} if line else None
    return {
        "format": FORMAT,
        "statement": statement.text,
        "domain": list(statement.domain),
        "where": list(statement.where),
        "entries": bool(statement.layouts),
        "proof": proof,
    }


def refuting(statement: "Statement", point: Mapping[str, str]) -> Json:
    """Return the certificate that a statement is false at a point."""
    return {**claimed(statement, None), "proof": {}, "counterexample": dict(point)}


def _first_reduction(outcome: Outcome) -> str | None:
    pieces = outcome.pieces
    return pieces[0].detail if pieces and pieces[0].kind == "reduction" else None


def _cut(cover: Cover, sides: list[Interval], goals: Sequence[Formula]) -> tuple[int, arb]:
    """Return the side that the search would cut, and where."""
    search = cover.search
    box = Box(search.names, [a for a, _ in sides], [b for _, b in sides], search.programs)
    upper, _ = search.halves(sides, search.widths(sides), cover.widths, list(goals), box)
    k = next(k for k, (new, old) in enumerate(zip(upper, sides, strict=True)) if new is not old)
    return k, upper[k][0].mid()


def _text(x: arb) -> str:
    value = fraction(x)
    if value is None:
        raise NoProofError("a box has an end with too many digits")
    return str(value)
