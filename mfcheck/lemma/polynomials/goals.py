"""Comparisons of rational functions with zero on ranges, decided exactly. Trusted.

Cosine and sine of an angle that occurs in no other way are a point of the unit circle, and `(1 - u^2)/(1 + u^2)` and
`2 u/(1 + u^2)` for a number u, but for the point (-1, 0), which is near such points and counts only where a comparison
is strict. Of the hypotheses those count that are strict comparisons of polynomials or closed
ones of concave polynomials of degree one or two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from flint import arb, fmpq, fmpq_mpoly

from mfcheck.lemma import terms
from mfcheck.lemma.formula import Atom, Formula, conjuncts
from mfcheck.lemma.polynomials.box import Box, Point, Side, at, middle, occurring, short
from mfcheck.lemma.polynomials.cells import Condition
from mfcheck.lemma.polynomials.coefficients import is_sum_of_squares
from mfcheck.lemma.polynomials.sign import decided, positive
from mfcheck.lemma.problem import Range
from mfcheck.lemma.prove.factor import TooLargeError, rational_in
from mfcheck.lemma.terms import Term

_MOST_SIZE = 120
_HIGHEST = 40


def fails_exactly(
    goal: Formula, ranges: Mapping[str, Range], hypotheses: Sequence[Formula]
) -> dict[str, Term] | None:
    """Return a point at which a comparison is likely to fail: surely if angles, ranges and hypotheses are as there."""
    found = found_on_box(goal, ranges, hypotheses)
    return found if isinstance(found, dict) else None


def found_on_box(
    goal: Formula, ranges: Mapping[str, Range], hypotheses: Sequence[Formula]
) -> bool | dict[str, Term]:
    """Return True if a comparison is seen to hold, a point at which it fails, or False."""
    if not isinstance(goal, Atom) or goal.relation not in (">", ">=") or not goal.term.free:
        return False
    names = sorted(goal.term.free)
    used = tuple(h for whole in hypotheses for h in conjuncts(whole) if _is_used(h, goal.term.free))
    found = _found(goal, tuple(ranges[n] for n in names), used)
    if isinstance(found, bool):
        return found
    return {n: terms.num(Fraction(int(v.p), int(v.q))) for n, v in zip(names, found, strict=True)}


def _is_used(h: Formula, names: frozenset[str]) -> bool:
    return (
        isinstance(h, Atom)
        and h.relation in (">", ">=")
        and bool(h.term.free)
        and h.term.free <= names
        and is_rational(h.term)
    )


@dataclass(frozen=True)
class _Domain:
    """A box with conditions; `circles` are the places of cosine and sine of the same angle."""

    box: Box
    circles: tuple[tuple[int, int], ...]
    conditions: tuple[Condition, ...]

    def charted(self, p: fmpq_mpoly) -> fmpq_mpoly:
        """Return a polynomial of the same sign, a number in place of each point of a circle."""
        for c, s in self.circles:
            p = _charted(p, c, s)
        return p

    def is_positive(self, p: fmpq_mpoly) -> bool:
        """Say whether a polynomial is seen to be positive on all of the domain."""
        if not positive(self.charted(p), self.box, self.conditions):
            return False
        for k, (c, s) in enumerate(self.circles):
            left = _Domain(self.box, self.circles[:k] + self.circles[k + 1 :], self.conditions)
            if not left.is_positive(at(at(p, c, fmpq(-1)), s, fmpq(0))):
                return False
        return True

    def sign(self, p: fmpq_mpoly) -> int | None:
        """Return the sign of a polynomial none of whose factors is zero anywhere, None if that is not seen."""
        constant, factors = p.factor()
        sign = 1 if constant > 0 else -1
        for f, e in factors:
            s = 1 if self.charted(f)(*middle(self.box)) > 0 else -1
            if not self.is_positive(s * f):
                return None
            sign *= s ** int(e)
        return sign


@lru_cache(maxsize=1024)
def _found(goal: Atom, ranges: tuple[Range, ...], hypotheses: tuple[Formula, ...]) -> bool | Point:
    """Return True if a goal holds, a point at which it fails, or False; ranges are those of the names in order."""
    by_name = dict(zip(sorted(goal.term.free), ranges, strict=True))
    used = [h for h in hypotheses if isinstance(h, Atom)]
    if not is_rational(goal.term, waves=True):
        return False
    try:
        generators, fractions = rational_in(goal.term, *(h.term for h in used))
    except (TooLargeError, ValueError, ZeroDivisionError, OverflowError):
        return False
    conditions = [_condition(h, *f) for h, f in zip(used, fractions[1:], strict=True)]
    domain = _domain(generators, by_name, [c for c in conditions if c is not None])
    top, bottom = fractions[0]
    sign = None if domain is None else domain.sign(bottom)
    if domain is None or sign is None:
        return False
    if goal.relation == ">" and (domain.is_positive(sign * top) or domain.sign(top) == sign):
        return True
    point = decided(domain.charted(sign * top), domain.box, domain.conditions)
    if point is None or point is True:
        return point is True and goal.relation == ">="
    place = {**_angles(generators, domain.circles, point)}
    place |= {str(g.data): v for g, v in zip(generators, point, strict=True) if g.op == "var"}
    return [place[n] for n in sorted(goal.term.free)]


def _angles(
    generators: Sequence[Term], circles: Sequence[tuple[int, int]], point: Point
) -> dict[str, fmpq]:
    """Return short numbers near angles that have these cosines and sines."""
    found = {}
    for k, (g, v) in enumerate(zip(generators, point, strict=True)):
        if g.op == "var":
            continue
        on_circle = [s for _, s in circles if s == k]
        if any(c == k for c, _ in circles):
            continue
        angle = (
            2 * arb(v).atan() if on_circle else arb(v).acos() if g.op == "cos" else arb(v).asin()
        )
        found[str(g.args[0].data)] = short(angle.mid())
    return found


def _domain(
    generators: Sequence[Term], ranges: Mapping[str, Range], conditions: Sequence[Condition]
) -> _Domain | None:
    """Return the domain of the generators; None if one is of another kind, or a side is empty."""
    if any(g.op not in ("var", "cos", "sin") or {*g.args} & {*generators} for g in generators):
        return None
    angles: dict[Term, dict[str, int]] = {}
    for k, g in enumerate(generators):
        if g.op != "var":
            angles.setdefault(g.args[0], {})[g.op] = k
    circles = tuple((a["cos"], a["sin"]) for a in angles.values() if len(a) == 2)
    sides = []
    for k, g in enumerate(generators):
        if g.op == "var":
            sides.append(side_of(ranges[str(g.data)]) or Side())
        else:
            on_circle = any(k in c for c in circles)
            sides.append(Side() if on_circle else Side(fmpq(-1), fmpq(1), True, True))
    if any(s.low is not None and s.high is not None and not s.low < s.high for s in sides):
        return None
    return _Domain(tuple(sides), circles, tuple(conditions))


def _condition(h: Atom, top: fmpq_mpoly, bottom: fmpq_mpoly) -> Condition | None:
    """Return a hypothesis as a condition, None if it is none that may be used."""
    if not bottom.is_constant() or (h.relation == ">=" and top.total_degree() > 2):
        return None
    p = top / bottom.leading_coefficient()
    if h.relation == ">=" and p.total_degree() == 2 and not _is_concave(p):
        return None
    return Condition(p, h.relation == ">=")


def _is_concave(p: fmpq_mpoly) -> bool:
    """Say whether the part of degree 2 of a polynomial of that degree is nowhere positive."""
    squares = p.context().from_dict({e: -c for e, c in p.to_dict().items() if sum(e) == 2})
    return is_sum_of_squares(squares, occurring(squares))


def _charted(p: fmpq_mpoly, c: int, s: int) -> fmpq_mpoly:
    """Return `(1 + u^2)^d p` with cosine and sine by u, which takes the place of the sine."""
    parts = p.to_dict()
    degree = max((int(e[c] + e[s]) for e in parts), default=0)
    u = p.context().gens()[s]
    total = p.context().constant(0)
    for es, k in parts.items():
        i, j = int(es[c]), int(es[s])
        rest = tuple(0 if n in (c, s) else int(e) for n, e in enumerate(es))
        term = p.context().from_dict({rest: k})
        total += term * (1 - u**2) ** i * (2 * u) ** j * (1 + u**2) ** (degree - i - j)
    return total


def side_of(r: Range) -> Side | None:
    """Return a range with rational ends as a side of a box; None if it has others."""
    ends = [end_of(e) for e in (r.low, r.high)]
    if "open" in ends:
        return None
    low, high = (e if isinstance(e, fmpq) else None for e in ends)
    return Side(low, high, r.low_closed, r.high_closed)


def end_of(t: Term | None) -> fmpq | str | None:
    """Return an end of a range, None if it is infinite, "open" if it is no rational number."""
    if t is None:
        return None
    if t.op != "num":
        return "open"
    return fmpq(t.value().numerator, t.value().denominator)


@lru_cache(maxsize=1024)
def is_rational(t: Term, waves: bool = False) -> bool:
    """Say whether a term is a short rational function of variables, or, with `waves`, of their sines and cosines."""
    nodes = terms.order([t])
    return len(nodes) <= _MOST_SIZE and all(
        n.op in ("num", "var", "add")
        or (n.op == "mul" and all(e.denominator == 1 and abs(e) <= _HIGHEST for e in n.exponents()))
        or (waves and n.op in ("cos", "sin") and n.args[0].op == "var")
        for n in nodes
    )
