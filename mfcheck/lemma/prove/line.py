"""Statements in one real variable: split points, faces at the ends, tails, boxes between."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cmp_to_key
from typing import TypeAlias

from flint import arb, ctx, fmpq, fmpq_poly

from mfcheck.lemma import balls, terms
from mfcheck.lemma.constants import expanded, summands
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.formula import TRUE, Atom, Formula, atoms, conjuncts, transform
from mfcheck.lemma.models import Face
from mfcheck.lemma.pieces import Box, Edge, Falling, Point, Tail, holds
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem, Range, constant_ball, linear_in, ordered
from mfcheck.lemma.prove.budget import Budget, SpentError
from mfcheck.lemma.prove.identity import is_identity
from mfcheck.lemma.prove.recognise import candidates
from mfcheck.lemma.resolved import resolved
from mfcheck.lemma.terms import Term

Place: TypeAlias = Box | Edge | Tail | Falling


@dataclass(frozen=True)
class Effort:
    """Orders of the Taylor forms on boxes and of the models at faces."""

    boxes: tuple[int, ...] = (4, 10)
    faces: tuple[int, ...] = (6, 12)


COARSE = Effort()
FINE = Effort((4, 10, 20), (12, 24))
SLOW = Effort((2,), (4, 8))
_CHARTS = (1, 2, 3, 6)
_TAIL_STARTS = (*(8 * 4**k for k in range(6)), *(2**k for k in (16, 20, 30, 40, 56, 80)))
_LOG_TURN = 5
"""The shrinking at which the logarithmic chart of an end is tried, after wide faces and before narrow ones."""
_TINY = 2.0**-400
_FINE = 2.0**-34
"""Relative width at which a box that stays open is taken for a place where the sides meet."""


@dataclass(frozen=True)
class Piece:
    """One argument of a proof: how a part of the line is covered.

    The ends are exact numbers as text, or `inf`, `-inf`; `detail` has the numbers that the kind of argument needs, in
    the order that `mfcheck.lemma.checker` documents; `goal` is what is shown there.
    """

    kind: str
    low: str
    high: str
    detail: str = ""
    goal: str = ""


@dataclass
class Outcome:
    """What a search found: True, False with an exact point, or None with what is left open."""

    holds: bool | None
    point: dict[str, Term] | None = None
    failed: Formula | None = None
    pieces: list[Piece] = field(default_factory=list)
    tight: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    case: Problem | None = None


class OpenError(Exception):
    """A part could not be decided; `where` says which."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


class FalseError(Exception):
    """A goal fails at an exact point."""

    def __init__(self, point: dict[str, Term], goal: Formula) -> None:
        super().__init__("false")
        self.point = point
        self.goal = goal


class Line:
    """The search for one problem in one variable."""

    def __init__(self, problem: Problem, budget: Budget, effort: Effort = COARSE) -> None:
        self.effort = effort
        (self.name,) = problem.ranges
        self.range = problem.ranges[self.name]
        self.hypotheses = problem.hypotheses
        self.goals = open_goals(problem)
        self.integer = self.name in problem.integers
        self.budget = budget
        self.programs: dict[tuple[Term, int], Program] = {}
        self.outcome = Outcome(True)

    def run(self) -> Outcome:
        """Search; the outcome is True only if every part of the domain is covered."""
        try:
            points = self.split_points()
            self.at_points(points)
            ends: list[Term | None] = [self.range.low, *points, self.range.high]
            for a, b in itertools.pairwise(ends):
                self.between(a, b, 0)
        except FalseError as error:
            return Outcome(False, error.point, error.goal)
        except OpenError as error:
            self.outcome.holds = None
            self.outcome.left.append(error.where)
        return self.outcome

    # Exact points.

    def split_points(self) -> list[Term]:
        """Return the inner points where a hypothesis, a kink or a pole may change the picture."""
        found: dict[Term, None] = {}
        for t in self._kinks():
            for p in roots_of(t, self.name):
                found[p] = None
        inner = [p for p in found if self.inside(p)]
        inner.sort(key=cmp_to_key(lambda a, b: -(ordered(a, b) or 0)))
        distinct: list[Term] = []
        for p in inner:
            if not distinct or ordered(distinct[-1], p) == 1:
                distinct.append(p)
        return distinct

    def _kinks(self) -> Iterator[Term]:
        formulas = [*self.hypotheses, *self.goals]
        for atom in (a for f in formulas for a in atoms(f)):
            if atom in self.hypotheses or atom.relation in ("!=", "=="):
                yield atom.term
            for node in terms.order([atom.term]):
                if self.name not in node.free:
                    continue
                if node.op in ("abs", "sign", "step", "cbrt"):
                    yield from _factors(node.args[0])
                elif node.op == "gauss":
                    yield from node.args
                elif node.op in ("min", "max"):
                    yield from (terms.sub(a, b) for a in node.args for b in node.args if a is not b)
                elif node.op == "mul":
                    for base, e in zip(node.args, node.exponents(), strict=True):
                        if e < 0 or e.denominator != 1:
                            yield base

    def inside(self, p: Term) -> bool:
        """Say whether a point is surely strictly between the ends."""
        low, high = self.range.low, self.range.high
        return (low is None or ordered(low, p) == 1) and (high is None or ordered(p, high) == 1)

    def at_points(self, inner: Sequence[Term]) -> None:
        """Decide the statement at the ends that belong to the domain and at the inner points."""
        r = self.range
        if r.low is not None and r.low_closed:
            self.at_point(r.low)
        if r.high is not None and r.high_closed and r.high is not r.low:
            self.at_point(r.high)
        for p in inner:
            self.at_point(p)

    def at_point(self, p: Term) -> None:
        """Decide the statement at an exact point.

        Raises:
            FalseError: a goal fails there, with the hypotheses true.
            OpenError: this cannot be decided.
        """
        place = Point({self.name: p})
        premises = [holds(h, place) for h in self.hypotheses]
        if False in premises:
            self.outcome.pieces.append(Piece("point", terms.text(p), terms.text(p)))
            return
        for goal in self.goals:
            answer = holds(goal, place)
            if answer is False and all(premises):
                raise FalseError({self.name: p}, goal)
            if answer is not True:
                raise OpenError(f"{self.name} = {terms.text(p)}")
        self.outcome.pieces.append(Piece("point", terms.text(p), terms.text(p)))

    # Open intervals.

    def between(self, a: Term | None, b: Term | None, depth: int) -> None:
        """Cover the open interval from a to b.

        Raises:
            OpenError: it could not be covered.
            FalseError: a goal fails at a point of it.
        """
        if a is not None and a is b:
            return
        span = _Span(self, a, b, depth)
        span.cover()


def _factors(t: Term) -> Iterable[Term]:
    if t.op == "mul":
        return [x for x, e in zip(t.args, t.exponents(), strict=True) if e > 0]
    return [t]


def roots_of(t: Term, name: str) -> list[Term]:
    """Return the exact zeros of a term that is linear or a polynomial with rational zeros."""
    line = linear_in(t, name)
    if line is not None and not line[0].free:
        if line[0].op == "num" and line[0].value():
            return [terms.neg(terms.div(line[1], line[0]))]
        return []
    coefficients = polynomial(t, name)
    if coefficients is None:
        return []
    p = fmpq_poly([fmpq(c.numerator, c.denominator) for c in coefficients])
    return [terms.num(Fraction(int(q.p), int(q.q))) for q, _ in p.roots()]


def polynomial(t: Term, name: str) -> list[Fraction] | None:
    """Return the coefficients of a polynomial in one variable with rational coefficients, multiplied out."""
    wide = expanded(t)
    found: dict[int, Fraction] = {}
    for k, part in summands(wide):
        if part.op == "num":
            found[0] = found.get(0, Fraction(0)) + k * part.value()
        elif part.op == "var":
            found[1] = found.get(1, Fraction(0)) + k
        elif part.op == "mul" and part.args == (terms.var(name),):
            (e,) = part.exponents()
            if e.denominator != 1 or not 0 < e <= 60:
                return None
            found[int(e)] = found.get(int(e), Fraction(0)) + k
        else:
            return None
    return [found.get(j, Fraction(0)) for j in range(max(found) + 1)] if found else None


def open_goals(problem: Problem) -> list[Formula]:
    """Return the goals that are not among the hypotheses."""
    known = {h for whole in problem.hypotheses for h in conjuncts(whole)}
    known |= {Atom(h.term, ">=") for h in known if isinstance(h, Atom) and h.relation == ">"}
    known |= {Atom(h.term, "!=") for h in known if isinstance(h, Atom) and h.relation == ">"}
    goals = dict.fromkeys(g for whole in problem.goals for g in conjuncts(whole))
    return [g for g in goals if g not in known]


class _Span:
    """One open interval without kinks at known exact places."""

    def __init__(self, line: Line, a: Term | None, b: Term | None, depth: int) -> None:
        self.line = line
        self.a, self.b = a, b
        self.depth = depth
        self.low = constant_ball(a) if a is not None else None
        self.high = constant_ball(b) if b is not None else None

    def cover(self) -> None:
        """Cover it, goal by goal, kinks resolved by the side on which the interval lies."""
        ranges = {self.line.name: Range(self.a, self.b)}
        plain = Plain(ranges)
        for goal in self.line.goals:
            smooth = transform(goal, lambda t: resolved(t, plain))
            if smooth != TRUE and not plain.holds(smooth) and not is_identity(smooth, ranges):
                self.goal(smooth)

    def goal(self, goal: Formula) -> None:
        """Cover the interval for one goal: ends that need it by faces and tails, the rest by boxes."""
        low = self.low if self.low is not None else self.tail(goal, -1)
        high = self.high if self.high is not None else self.tail(goal, 1)
        if low is None or high is None or not low < high:
            return
        if self.box(goal, low, high, 0) is True:
            self.note(goal, "box", low, high, "0")
            return
        low = self.end(goal, self.a, 1, low, high)
        if low < high:
            high = self.end(goal, self.b, -1, high, low)
        if low < high:
            self.boxes(goal, low, high)

    def note(self, goal: Formula, kind: str, low: arb, high: arb, detail: str = "") -> None:
        """Record an argument; ends that are the ends of the interval are recorded as such."""
        ends = [self.shown(x) for x in (low, high)]
        piece = Piece(kind, ends[0], ends[1], f"{ctx.prec},{detail}", str(goal))
        self.line.outcome.pieces.append(piece)

    def shown(self, x: arb) -> str:
        """Return a number as exact text."""
        if not x.is_finite():
            return "inf" if x > 0 else "-inf"
        for end, value in ((self.a, self.low), (self.b, self.high)):
            if value is x and end is not None:
                return terms.text(end)
        value = balls.fraction(x)
        if value is None:
            raise SpentError
        return f"{value.numerator}/{value.denominator}"

    # Tails.

    def tail(self, goal: Formula, way: int) -> arb | None:
        """Cover the half-line and return where it starts; None if the whole interval is covered.

        Raises:
            OpenError: no half-line could be covered.
        """
        other = self.low if way > 0 else self.high
        for start in _TAIL_STARTS:
            if other is not None and way * other > start and start < _TAIL_STARTS[-1]:
                continue
            self.line.budget.spend()
            for kind, place in self.tail_places(start, way):
                answer = self.decided(goal, place)
                if answer is False:
                    self.refute(goal, arb(way * (start + 1)))
                if answer:
                    found = arb(way * start)
                    far = arb.pos_inf() if way > 0 else arb.neg_inf()
                    self.note(
                        goal, kind.split(",")[0], *sorted_pair(found, far), f"{way},{start},{kind}"
                    )
                    return found
        raise OpenError(f"{self.line.name} -> {'' if way > 0 else '-'}infinity")

    def tail_places(self, start: int, way: int) -> Iterator[tuple[str, Place]]:
        """Yield the charts of a half-line, the cheap ones first."""
        name = self.line.name
        yield "germ", Tail(name, start, way)
        yield "infinity,1", Edge(Face(name, None, way, arb(1) / start, 1, 8))
        yield "falling", Falling(name, start, way)
        low, high = (arb(start), arb.pos_inf()) if way > 0 else (arb.neg_inf(), arb(-start))
        yield "beyond", Box((name,), (low,), (high,), self.line.programs)
        exponent = start.bit_length() - 1
        if exponent >= 12:
            # t >= k with exp(t) <= start: the half-line of the chart holds that of x.
            yield "exponential", Tail(name, exponent * 69 // 100, way, None, "exp")
        if start in _TAIL_STARTS[1:4]:
            for root in (2, 3):
                width = (arb(1) / start).root(root).upper()
                yield f"infinity,{root}", Edge(Face(name, None, way, width, root, 10))

    def decided(self, goal: Formula, place: Place) -> bool | None:
        """Return True if the goal holds or a hypothesis fails all over a piece, False if it fails surely."""
        answer = holds(goal, place)
        if answer is True:
            return True
        premises = [holds(h, place) for h in self.line.hypotheses]
        if False in premises:
            return True
        if answer is False and all(premises):
            return False
        return None

    # Ends.

    def end(self, goal: Formula, point: Term | None, way: int, near: arb, far: arb) -> arb:
        """Cover a neighbourhood of an end if boxes would not do there; return where it stops."""
        if point is None:
            return near
        length = (far - near).abs_upper().mid() if near.is_exact() else abs(far - near).mid()
        probe = near + way * length / 1024
        at_end = self.box(goal, *sorted_pair(near, probe), 4)
        if at_end is True:
            return near
        for k in (12, 24, 36):
            self.refute(goal, (near + way * length / (1 << k)).mid())
        for shrink in (0, 2, 5, 9, 14, 20, 30, 45):
            stop = _short(length / (1 << shrink)) if shrink else abs(far - near).upper()
            for root in _CHARTS:
                width = stop if root == 1 else stop.root(root).upper()
                for order in self.line.effort.faces:
                    if root != 1 and order < self.line.effort.faces[-1] and shrink == 0:
                        continue
                    self.line.budget.spend()
                    face = Face(self.line.name, point, way, arb(width), root, order)
                    answer = self.decided(goal, Edge(face))
                    if answer is False:
                        self.refute(goal, near + way * stop / 2)
                    if answer:
                        reached = self.stopped(near + way * stop, way) if shrink else far
                        detail = f"{way},{root},{order}"
                        self.note(goal, "face", *sorted_pair(near, reached), detail)
                        return reached
            found = self.log_end(goal, point, way, near, length, shrink)
            if found is not None:
                return found
        return near

    def log_end(
        self, goal: Formula, point: Term, way: int, near: arb, length: arb, shrink: int
    ) -> arb | None:
        """Try the chart `x = end + way exp(-t)`, for logarithms of the distance."""
        for start in (8, 32, 256) if shrink == _LOG_TURN else ():
            for chart in ("exp", "1", "2"):
                tail = Tail(self.line.name, start, way, point, chart)
                if tail.reach < length and self.decided(goal, tail):
                    reached = self.stopped(near + way * _short(tail.reach), way)
                    detail = f"{way},{start},{chart}"
                    self.note(goal, "log", *sorted_pair(near, reached), detail)
                    return reached
        return None

    def stopped(self, reached: arb, way: int) -> arb:
        """Return an exact number that surely lies within what was reached."""
        return (
            arb((reached.lower() if way > 0 else reached.upper()).mid())
            if not reached.is_exact()
            else reached
        )

    # Boxes.

    def box(self, goal: Formula, low: arb, high: arb, order: int) -> bool | None:
        """Try one box."""
        box = Box((self.line.name,), (low,), (high,), self.line.programs)
        box.order = order
        return self.decided(goal, box)

    def boxes(self, goal: Formula, low: arb, high: arb) -> None:
        """Cover a closed interval by boxes.

        Raises:
            OpenError: a box stays open.
            FalseError: a goal fails at a point.
        """
        todo = [(low, high)]
        while todo:
            a, b = todo.pop()
            self.line.budget.spend()
            order = next((k for k in (0, *self.line.effort.boxes) if self.box(goal, a, b, k)), None)
            if order is not None:
                self.note(goal, "box", a, b, str(order))
                continue
            middle = split(a, b)
            self.refute(goal, middle)
            if self.is_fine(a, b) or not (a < middle and middle < b):
                self.meeting(goal, a, b)
                return
            todo += [(middle, b), (a, middle)]

    def is_fine(self, a: arb, b: arb) -> bool:
        """Say whether an interval is too short to go on with."""
        width, size = float((b - a).mid()), abs(float(a.mid()))
        return width < _FINE * size or width < (_TINY if self.has_zero_end() else _FINE)

    def has_zero_end(self) -> bool:
        """Say whether an end is the number zero, so that short intervals next to it matter."""
        return any(p is not None and p.op == "num" and not p.value() for p in (self.a, self.b))

    def meeting(self, goal: Formula, a: arb, b: arb) -> None:
        """Recognise a point where the sides meet, split there and cover both parts.

        Raises:
            OpenError: none is recognised.
        """
        where = f"{self.line.name} = {a.mid().str(12, radius=False)}"
        if self.depth > 6:
            raise OpenError(where)
        for p in candidates(goal, self.line.name, a, b):
            if self.line.inside(p) and self.between_ends(p):
                self.line.at_point(p)
                self.line.outcome.tight.append(f"{self.line.name} = {terms.text(p)}")
                goals = self.line.goals
                self.line.goals = [goal]
                try:
                    self.line.between(self.a, p, self.depth + 1)
                    self.line.between(p, self.b, self.depth + 1)
                finally:
                    self.line.goals = goals
                return
        raise OpenError(where)

    def between_ends(self, p: Term) -> bool:
        """Say whether a point is strictly inside this interval."""
        return (self.a is None or ordered(self.a, p) == 1) and (
            self.b is None or ordered(p, self.b) == 1
        )

    def refute(self, goal: Formula, at: arb) -> None:
        """Raise if the goal surely fails at a point with the hypotheses true."""
        at = at.mid()
        if self.line.integer:
            return
        box = Box((self.line.name,), (at,), (at,), self.line.programs)
        if holds(goal, box) is False and all(holds(h, box) for h in self.line.hypotheses):
            value = balls.fraction(at)
            if value is not None and self.line.inside(terms.num(value)):
                raise FalseError({self.line.name: terms.num(value)}, goal)


def sorted_pair(a: arb, b: arb) -> tuple[arb, arb]:
    """Return two numbers in order."""
    return (a, b) if a < b else (b, a)


def _short(x: arb) -> arb:
    """Return a number with few bits, not above x."""
    with ctx.workprec(24):
        return (x * arb(1 - 2.0**-16)).lower().mid()


def split(a: arb, b: arb) -> arb:
    """Return the middle, or the geometric middle of an interval that spans orders of magnitude."""
    if a > 0 and b > 64 * a:
        return (a * b).sqrt().mid()
    if b < 0 and a < 64 * b:
        return -(a * b).sqrt().mid()
    return ((a + b) / 2).mid()
