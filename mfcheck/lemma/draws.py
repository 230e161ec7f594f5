"""Vectors and matrices drawn at random, each draw decided in balls: *supported*, or *refuted* by exact entries.

A draw is made of floats and turned into exact rational entries; a unit vector becomes a rational point of the sphere
(by stereographic projection), so that its length is one exactly. Draws are independent and their law is fixed, so
that a number of them without a counterexample bounds how often one occurs under that law, and says nothing more.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, TypeAlias

from flint import arb, arb_mat, ctx, fmpq

from mfcheck.lemma import terms
from mfcheck.lemma.arrays import Eigenvalue
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.formula import Atom, Formula, atoms
from mfcheck.lemma.pieces import Box, Point, holds
from mfcheck.lemma.problem import Range, bounded, constant_ball
from mfcheck.lemma.statement import Statement
from mfcheck.lemma.terms import Term

DRAWS = 1000
"""How many draws speak for a statement."""

CONFIDENCE = 0.95
LAW = "entries Gaussian times 2^k, sparse, or close to another array's"
_DESCENTS, _STEPS = 8, 120
_PRECISIONS = (64, 256)
_TOUCH = 160
"""Sides that agree to this number of bits count as equal."""

Exact: TypeAlias = dict[str, Fraction]
Judgement: TypeAlias = Literal["true", "false", "touch", "open", "outside", "undefined"]


@dataclass
class Search:
    """What draws and descents found; `point` is the counterexample, or the place that is undefined."""

    counts: dict[str, int] = field(default_factory=dict)
    point: Exact | None = None
    undefined: str = ""
    least: float = math.inf


@dataclass(frozen=True)
class _Draw:
    """Floats for each array and each number, to be made exact."""

    arrays: Mapping[str, Sequence[float]]
    numbers: Mapping[str, float]


class Judge:
    """Decides a statement at exact points, eigenvalues enclosed."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        special = {e.name for e in statement.eigenvalues}
        self.names = [v.name for v in statement.variables if v.name not in special]
        self.programs: dict[tuple[Term, int], Program] = {}
        self.entries: dict[tuple[str, int], Program] = {}

    def values(self, point: Exact) -> dict[str, arb]:
        """Enclose all numbers, eigenvalues too, at the working precision."""
        found = {n: arb(fmpq(point[n].numerator, point[n].denominator)) for n in self.names}
        given = list(found.values())
        for one in self.statement.eigenvalues:
            found[one.name] = self._eigenvalue(one, given)
        return found

    def _eigenvalue(self, one: Eigenvalue, given: Sequence[arb]) -> arb:
        from mfcheck.rigor.eigen import smallest_eigenvalue

        key = (one.name, ctx.prec)
        if key not in self.entries:
            flat = [t for row in one.matrix for t in row]
            self.entries[key] = Program(flat, self.names)
        values = self.entries[key](given)
        n = len(one.matrix)
        if not all(v.is_finite() for v in values):
            return arb("nan")
        sign = -1 if one.largest else 1
        matrix = arb_mat(n, n, [sign * v for v in values])
        return sign * smallest_eigenvalue(matrix, rel_bits=20 if ctx.prec < 128 else 200)

    def judge(self, point: Exact) -> tuple[Judgement, str]:
        """Decide the statement at a point, with the part that is undefined."""
        found: tuple[Judgement, str] = ("open", "")
        for prec in _PRECISIONS:
            with ctx.workprec(prec):
                found = self._judge(point)
            if found[0] != "open":
                break
        return found

    def _judge(self, point: Exact) -> tuple[Judgement, str]:
        values = self.values(point)
        names, balls = list(values), list(values.values())
        box = Box(names, balls, balls, self.programs)
        place = Point({n: terms.num(q) for n, q in point.items()})

        def truth(f: Formula) -> bool | None:
            answer = holds(f, box)
            if answer is None and not self.statement.eigenvalues:
                answer = holds(f, place)
            return answer

        units = {h for h in self.statement.hypotheses if isinstance(h, Atom)} & self._units
        premises = [truth(h) for h in self.statement.hypotheses if h not in units]
        if not all(premises):
            return ("outside" if False in premises else "open"), ""
        for o in self.statement.obligations:
            if all(truth(g) is True for g in o.guards):
                answer = truth(o.needs)
                if answer is False and (o.least is None or truth(o.least) is False):
                    return "undefined", o.place
                if answer is not True:
                    return "open", ""
        answer = truth(self.statement.conclusion)
        if answer is not None:
            return ("true" if answer else "false"), ""
        return ("touch" if self._touches(box) else "open"), ""

    @property
    def _units(self) -> frozenset[Formula]:
        """The hypotheses that unit vectors satisfy by the way they are made."""
        return frozenset(
            h for h in self.statement.hypotheses if isinstance(h, Atom) and h.relation == "=="
            and any(set(h.term.free) == set(one.numbers) and one.variable.kind == "unit"
                    for one in self.statement.layouts)
        )  # fmt: skip

    def _touches(self, box: Box) -> bool:
        """Say whether the sides of all comparisons that are open agree to many bits, equality being allowed."""
        for atom in atoms(self.statement.conclusion):
            v = box.program(atom.term)(box.inputs)[0]
            if holds(atom, box) is None and (
                atom.relation not in (">=", "==") or not abs(v) < arb(2) ** -_TOUCH
            ):
                return False
        return True

    def margin(self, point: Exact) -> float:
        """Return roughly how far the statement is from failing; infinite outside the hypotheses."""
        with ctx.workprec(53):
            values = self.values(point)
            names, balls = list(values), list(values.values())
            box = Box(names, balls, balls, self.programs)
            if any(holds(h, box) is False for h in self.statement.hypotheses):
                return math.inf
            found = _margin(self.statement.conclusion, box)
        return found if found == found else math.inf


def _margin(f: Formula, box: Box) -> float:
    if isinstance(f, Atom):
        v = float(box.program(f.term)(box.inputs)[0].mid())
        return -abs(v) if f.relation == "==" else abs(v) if f.relation == "!=" else v
    parts = [_margin(p, box) for p in f.parts]
    if not parts:
        return math.inf if f.connective == "and" else -math.inf
    return min(parts) if f.connective == "and" else max(parts)


class Law:
    """Draws points of the domain of a statement with arrays."""

    def __init__(self, statement: Statement, seed: int) -> None:
        self.layouts = statement.layouts
        self.draw = random.Random(seed)
        own = {n for one in self.layouts for n in one.numbers}
        special = {e.name for e in statement.eigenvalues}
        names = [v.name for v in statement.variables if v.name not in own | special]
        self.integers = frozenset(statement.names("integer"))
        cut = bounded({v.name: Range() for v in statement.variables}, statement.hypotheses)
        ranges = cut.ranges if cut is not None else {}
        self.ranges = {n: ranges.get(n, Range()) for n in names}

    def point(self) -> _Draw:
        """Return one draw."""
        arrays: dict[str, list[float]] = {}
        for one in self.layouts:
            others = [a for a in arrays.values() if len(a) == len(one.numbers)]
            arrays[one.variable.name] = self._array(len(one.numbers), others)
        return _Draw(arrays, {n: self._number(r) for n, r in self.ranges.items()})

    def _array(self, n: int, others: Sequence[Sequence[float]]) -> list[float]:
        draw = self.draw
        kind = draw.random()
        if others and kind < 0.3:
            known = draw.choice(others)
            factor, noise = (
                draw.choice((1.0, -1.0, 2.0, 0.5)),
                2.0 ** draw.choice((-99, -6, -3, -1)),
            )
            return [factor * x + noise * draw.gauss(0, 1) for x in known]
        if kind < 0.45:
            return [float(draw.choice((0, 0, 1, -1))) for _ in range(n)]
        size = 2.0 ** draw.uniform(-4, 4)
        return [size * draw.gauss(0, 1) for _ in range(n)]

    def _number(self, r: Range) -> float:
        low = None if r.low is None else float(constant_ball(r.low))
        high = None if r.high is None else float(constant_ball(r.high))
        if low is not None and high is not None:
            return low + (high - low) * self.draw.random()
        size = 10 ** self.draw.uniform(-2, 1.5)
        if low is None and high is None:
            return self.draw.choice((-1, 1)) * size
        return low + size if low is not None else (high or 0.0) - size

    def moved(self, one: _Draw, step: float) -> _Draw:
        """Return a draw near another."""
        gauss = self.draw.gauss
        chosen = self.draw.choice([*one.arrays, *one.numbers])

        def near(values: Sequence[float]) -> list[float]:
            size = max([abs(x) for x in values], default=1.0) or 1.0
            return [x + step * size * gauss(0, 1) for x in values]

        arrays = {k: near(v) if k == chosen else v for k, v in one.arrays.items()}
        numbers = {
            k: v + step * (abs(v) or 1.0) * gauss(0, 1) if k == chosen else v
            for k, v in one.numbers.items()
        }
        return _Draw(arrays, numbers)

    def exact(self, one: _Draw, bits: int) -> Exact:
        """Return the rational entries of a draw, rounded to this number of bits."""
        found: Exact = {}
        for item in self.layouts:
            values = one.arrays[item.variable.name]
            rounded = (
                rational_unit(values, bits)
                if item.variable.kind == "unit"
                else [_rounded(x, bits) for x in values]
            )
            found.update(zip(item.numbers, rounded, strict=True))
        for name, x in one.numbers.items():
            found[name] = Fraction(round(x)) if name in self.integers else _rounded(x, bits)
        return found


def _rounded(x: float, bits: int) -> Fraction:
    """Return a number near x, relative to numbers of size one."""
    return Fraction(round(x * 2**bits), 2**bits)


def rational_unit(direction: Sequence[float], bits: int) -> list[Fraction]:
    """Return a rational point of the unit sphere near a direction."""
    n = len(direction)
    size = math.sqrt(sum(x * x for x in direction))
    v = [x / size for x in direction] if size > 0 else [1.0] + [0.0] * (n - 1)
    k = max(range(n), key=lambda i: abs(v[i]))
    t = [_rounded(x / (1 + abs(v[k])), bits) if i != k else Fraction(0) for i, x in enumerate(v)]
    square = sum((x * x for x in t), Fraction(0))
    found = [2 * x / (1 + square) for x in t]
    found[k] = (1 - square) / (1 + square) * (1 if v[k] >= 0 else -1)
    return found


BITS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24)
_FINE = 16


def search(statement: Statement, seconds: float, seed: int = 0) -> Search:
    """Draw, descend from the draws that come closest to failing, and keep the simplest counterexample."""
    from mfcheck.lemma.prove.budget import now

    stop = now() + seconds
    law, judge, found = Law(statement, seed), Judge(statement), Search()
    zero = _Draw(
        {o.variable.name: [0.0] * len(o.numbers) for o in law.layouts}, law.point().numbers
    )
    if _tried(zero, law, judge, found, count=False):
        return found
    ranked: list[tuple[float, int, _Draw]] = []
    for k in range(DRAWS):
        if now() > stop:
            break
        one = law.point()
        if _tried(one, law, judge, found):
            return found
        ranked.append((judge.margin(law.exact(one, _FINE)), k, one))
    ranked.sort(key=lambda r: r[:2])
    for margin, _, one in ranked[:_DESCENTS]:
        step, best = 0.5, margin
        for _ in range(_STEPS):
            if now() > stop:
                return found
            near = law.moved(one, step)
            other = judge.margin(law.exact(near, 24))
            if other < best:
                one, best, step = near, other, min(2 * step, 1.0)
                if best < 0 and _tried(one, law, judge, found, count=False):
                    return found
            else:
                step = max(step * 0.8, 1e-6)
        found.least = min(found.least, best)
    return found


def _tried(one: _Draw, law: Law, judge: Judge, found: Search, count: bool = True) -> bool:
    """Judge a draw; of a counterexample the shortest entries that do are kept."""
    answer, part = judge.judge(law.exact(one, _FINE))
    if answer == "open" or (answer != "false" and not count):
        finer = judge.judge(law.exact(one, 24))
        answer, part = finer if finer[0] in ("false", "undefined") else (answer, part)
    if count:
        found.counts[answer] = found.counts.get(answer, 0) + 1
    if answer not in ("false", "undefined"):
        return False
    for bits in BITS:
        point = law.exact(one, bits)
        again = judge.judge(point)
        if again[0] == answer:
            found.point, found.undefined = point, again[1]
            return True
    return False


def confidence_words(found: Search) -> str:
    """Say what draws without a counterexample mean."""
    true, touch = found.counts.get("true", 0), found.counts.get("touch", 0)
    total = true + touch
    share = 1 - (1 - CONFIDENCE) ** (1 / total)
    words = f"no counterexample in {total} draws and {_DESCENTS} descents"
    words += f", in {touch} the sides are equal to {_TOUCH} bits" if touch else ""
    left = found.counts.get("open", 0)
    words += f", {left} more stayed open" if left else ""
    percent = Fraction(math.ceil(share * 10**4), 100)
    return (
        f"{words}; with {CONFIDENCE:.0%} confidence at most {float(percent):g} % of such draws "
        f"({LAW}) are counterexamples; this is no proof"
    )


def shown(statement: Statement, point: Exact) -> dict[str, str]:
    """Return a point as texts, arrays by rows."""
    left = dict(point)
    found: dict[str, str] = {}
    for one in statement.layouts:
        given = {n: terms.num(left.pop(n)) for n in one.numbers}
        rows = [[terms.text(terms.substitute(t, given)) for t in row] for row in one.entries]
        flat = len(rows[0]) == 1
        lines = [row[0] if flat else f"({', '.join(row)})" for row in rows]
        found[one.variable.name] = f"({', '.join(lines)})"
    return {**found, **{n: str(q) for n, q in left.items()}}
