"""Statements in several real variables: boxes cut where it helps, hypotheses used to cut them off."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from flint import arb

from mfcheck.lemma import terms
from mfcheck.lemma.balls import fraction
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.formula import Atom, Formula, atoms, conjuncts
from mfcheck.lemma.intervals import INF, NINF, ZERO, Contractor, EmptyError, Interval
from mfcheck.lemma.models import Face
from mfcheck.lemma.pieces import Box, Edge, holds
from mfcheck.lemma.problem import Problem, constant_ball
from mfcheck.lemma.prove.budget import Budget, SpentError
from mfcheck.lemma.prove.line import FalseError, Outcome, Piece, open_goals, split
from mfcheck.lemma.terms import Term

_SMALLEST = 2.0**-22
INFINITE = float("inf")


class Boxes:
    """The search for one problem on a bounded box."""

    def __init__(self, problem: Problem, budget: Budget, faces: bool = True) -> None:
        self.faces = faces
        self.problem = problem
        self.names = problem.names
        self.goals = open_goals(problem)
        self.budget = budget
        self.programs: dict[tuple[Term, int], Program] = {}
        self.ends: list[tuple[tuple[Term, arb] | None, tuple[Term, arb] | None]] = []
        self.contractors = [
            (Contractor(h.term, self.names), (ZERO, INF if h.relation != "==" else ZERO))
            for whole in problem.hypotheses
            for h in conjuncts(whole)
            if isinstance(h, Atom) and h.relation != "!="
        ]

    def run(self) -> Outcome:
        """Search; the outcome is True only if the whole box is covered."""
        outcome = Outcome(True)
        try:
            box = self.first_box()
        except EmptyError:
            return outcome
        try:
            self.cover(box, outcome)
        except FalseError as error:
            return Outcome(False, error.point, error.goal)
        return outcome

    def first_box(self) -> list[Interval]:
        """Return a box that holds the domain.

        Raises:
            EmptyError: the hypotheses contradict each other.
        """
        box: list[Interval] = []
        self.ends = []
        for name in self.names:
            r = self.problem.ranges[name]
            self.ends.append((_open_end(r.low, r.low_closed), _open_end(r.high, r.high_closed)))
            low = NINF if r.low is None else constant_ball(r.low).lower()
            high = INF if r.high is None else constant_ball(r.high).upper()
            box.append((low, high))
        for _ in range(6):
            box = self.cut(box)
        return box

    def cut(self, box: list[Interval]) -> list[Interval]:
        """Return the box without parts where a hypothesis surely fails.

        Raises:
            EmptyError: nothing is left.
        """
        for contractor, target in self.contractors:
            box = contractor.cut(box, target)
        return box

    def cover(self, first: list[Interval], outcome: Outcome) -> None:
        """Cover a box by a stack of boxes, each with the goals that are still open on it."""
        start = self.widths(first)
        todo = [(first, self.goals)]
        known: dict[Term, Contractor] = {}
        while todo:
            sides, goals = todo.pop()
            self.budget.spend()
            try:
                sides = self.cut(sides)
            except EmptyError:
                continue
            box = Box(self.names, [a for a, _ in sides], [b for _, b in sides], self.programs)
            box.contractors = known
            if any(holds(h, box) is False for h in self.problem.hypotheses):
                continue
            goals = [g for g in goals if holds(g, box) is not True]
            if goals and box.finite:
                box.order = 1
                goals = [g for g in goals if holds(g, box) is not True]
            if goals and self.is_outside(box):
                continue
            if goals and box.finite and self.faces:
                goals = self.at_faces(sides, goals, start)
            if not goals:
                outcome.pieces.append(Piece("box", _shown(box.lows), _shown(box.highs)))
                continue
            self.refute(sides, goals)
            widths = self.widths(sides)
            if self.is_small(widths, start):
                outcome.holds = None
                outcome.left.append(_shown(box.lows))
                return
            todo.extend((half, goals) for half in self.halves(sides, widths, start, goals, box))

    def is_outside(self, box: Box) -> bool:
        """Say whether a hypothesis fails all over a box, its ends taken exactly."""
        box.ends_matter = True
        outside = any(holds(h, box) is False for h in self.problem.hypotheses)
        box.ends_matter = False
        return outside

    def at_faces(
        self, sides: list[Interval], goals: list[Formula], start: list[float]
    ) -> list[Formula]:
        """Return the goals that stay open when the box is seen as a neighbourhood of each face that it touches."""
        for k, name in enumerate(self.names):
            low, high = sides[k]
            width = high - low
            if not width > 0 or float(width) > start[k] * 0.3:
                continue
            for way, end in ((1, self.ends[k][0]), (-1, self.ends[k][1])):
                if end is None or not (low <= end[1] if way > 0 else high >= end[1]):
                    continue
                inputs = {n: a.union(b) for n, (a, b) in zip(self.names, sides, strict=True)}
                edge = Edge(Face(name, end[0], way, width.upper(), 1, 4, inputs))
                goals = [g for g in goals if holds(g, edge) is not True]
                if not goals:
                    return goals
        return goals

    def is_small(self, widths: list[float], start: list[float]) -> bool:
        """Say whether a box is too small to go on with."""
        scale = [1.0 if s == INFINITE else s for s in start]
        return max(w / s if s else 0.0 for w, s in zip(widths, scale, strict=True)) < _SMALLEST

    def widths(self, box: list[Interval]) -> list[float]:
        """Return the side lengths."""
        return [
            float((b - a).mid()) if b.is_finite() and a.is_finite() else INFINITE for a, b in box
        ]

    def halves(
        self,
        sides: list[Interval],
        widths: list[float],
        start: list[float],
        goals: list[Formula],
        box: Box,
    ) -> Iterator[list[Interval]]:
        """Cut the side that matters most for the first open goal."""
        k = widths.index(max(widths)) if not box.finite else self.side(box, widths, start, goals)
        low, high = sides[k]
        middle = split(low, high) if box.finite else beyond(low, high)
        yield [*sides[:k], (middle, high), *sides[k + 1 :]]
        yield [*sides[:k], (low, middle), *sides[k + 1 :]]

    def side(self, box: Box, widths: list[float], start: list[float], goals: list[Formula]) -> int:
        """Return the variable with the largest width times slope."""
        scores = [0.0] * len(self.names)
        for atom in (a for g in goals for a in atoms(g)):
            code = box.program(atom.term)
            naturals = code.naturals(box.inputs)
            for k, name in enumerate(self.names):
                if name in atom.term.free and widths[k] > 0:
                    slope = code.series(box.inputs, name, 2, naturals)[0][1]
                    size = slope.abs_upper()
                    score = float(size) * widths[k] if size.is_finite() else float("inf")
                    scores[k] = max(scores[k], score)
        relative = [w / s if s else 0.0 for w, s in zip(widths, start, strict=True)]
        best = max(scores)
        if not any(relative):
            return 0
        if best in (0.0, float("inf")) or best != best:
            return relative.index(max(relative))
        usable = [k for k in range(len(scores)) if relative[k] > max(relative) / 1024]
        return max(usable, key=lambda k: (scores[k], relative[k]))

    def refute(self, sides: list[Interval], goals: list[Formula]) -> None:
        """Raise if a goal surely fails at the middle with the hypotheses true."""
        middle = [split(a, b) if (b - a).is_finite() else beyond(a, b) for a, b in sides]
        box = Box(self.names, middle, middle, self.programs)
        for goal in goals:
            if holds(goal, box) is False and all(holds(h, box) for h in self.problem.hypotheses):
                point = {
                    n: terms.num(_fraction(x)) for n, x in zip(self.names, middle, strict=True)
                }
                raise FalseError(point, goal)


def _open_end(end: Term | None, closed: bool) -> tuple[Term, arb] | None:
    """Return an end that does not belong to the range, with its value."""
    return None if end is None or closed else (end, constant_ball(end))


def beyond(low: arb, high: arb) -> arb:
    """Return where to cut an infinite side."""
    if not low.is_finite() and not high.is_finite():
        return arb(0)
    if low.is_finite():
        return arb(4) * low if low >= 1 else arb(1) if low >= 0 else arb(0)
    return arb(4) * high if high <= -1 else arb(-1) if high <= 0 else arb(0)


def _fraction(x: arb) -> Fraction:
    value = fraction(x)
    if value is None:
        raise SpentError
    return value


def _shown(values: Sequence[arb]) -> str:
    return ", ".join(v.str(8, radius=False) for v in values)
