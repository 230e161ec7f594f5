"""Signs of rational functions on boxes, decided exactly: of one variable by the real roots of their factors. Trusted.

The roots come from FLINT, which isolates all complex roots of an integer polynomial: the real ones have no imaginary
part. Where a root cannot be told from an end of the range, nothing is said. Of several variables
numerator and denominator are polynomials, of which `mfcheck.lemma.polynomials` tells the signs.
"""

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

from flint import arb, fmpq, fmpq_mpoly, fmpq_poly, fmpz_poly

from mfcheck.lemma import terms
from mfcheck.lemma.formula import Atom, Formula
from mfcheck.lemma.polynomials.box import Box, Found, Side, middle, moved_inside
from mfcheck.lemma.polynomials.sign import decided, positive
from mfcheck.lemma.problem import Range
from mfcheck.lemma.prove.factor import TooLargeError, fraction_of, rational_in
from mfcheck.lemma.terms import Term

_MOST_SIZE = 80
_HIGHEST = 40


def holds_exactly(goal: Formula, ranges: Mapping[str, Range]) -> bool:
    """Say whether a comparison of a rational function with zero is seen to hold on all of the ranges."""
    if not isinstance(goal, Atom) or goal.relation not in (">", ">=") or not goal.term.free:
        return False
    if len(goal.term.free) > 1:
        return _over(goal, ranges) is True
    return _on_line(goal, ranges) or _over(goal, ranges) is True


def _on_line(goal: Atom, ranges: Mapping[str, Range]) -> bool:
    (name,) = goal.term.free
    ends = [_end(e) for e in (ranges[name].low, ranges[name].high)]
    if "open" in ends or not _is_rational(goal.term):
        return False
    try:
        top, bottom = (_univariate(p) for p in fraction_of(goal.term))
    except (TooLargeError, ValueError, ZeroDivisionError, OverflowError):
        return False
    if top is None or bottom is None or top.degree() + bottom.degree() > _HIGHEST:
        return False
    low, high = (e if isinstance(e, fmpq) else None for e in ends)
    inside = _inner(low, high)
    if inside is None or not top or not (top(inside) * bottom(inside) > 0):
        return False
    if not all(_has_no_root(f, low, high, closed=True) for f, _ in bottom.factor()[1]):
        return False
    strict = goal.relation == ">"
    factors = [f for f, e in top.factor()[1] if strict or e % 2]
    return all(_has_no_root(f, low, high, closed=strict) for f in factors)


def fails_exactly(goal: Formula, ranges: Mapping[str, Range]) -> dict[str, Term] | None:
    """Return a point of the ranges at which a comparison of a rational function with zero is seen to fail."""
    if not isinstance(goal, Atom) or goal.relation not in (">", ">=") or not goal.term.free:
        return None
    found = _over(goal, ranges)
    if not isinstance(found, list):
        return None
    values = dict(zip(sorted(goal.term.free), found, strict=True))
    return {n: terms.num(Fraction(int(v.p), int(v.q))) for n, v in values.items()}


def _over(goal: Atom, ranges: Mapping[str, Range]) -> Found | None:
    names = sorted(goal.term.free)
    return _decided(goal, tuple(ranges[n] for n in names))


@lru_cache(maxsize=1024)
def _decided(goal: Atom, ranges: tuple[Range, ...]) -> Found | None:
    """Return True if a goal holds, a point at which it fails, or None; of the names in order."""
    sides = [_side(r) for r in ranges]
    known = [s or Side() for s in sides]
    if any(
        s.low is not None and s.high is not None and not s.low < s.high for s in known
    ) or not _is_rational(goal.term):
        return None
    try:
        generators, top, bottom = rational_in(goal.term)
    except (TooLargeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    by_name = dict(zip(sorted(goal.term.free), known, strict=True))
    box = tuple(by_name[str(g.data)] for g in generators)
    sign = _sign(bottom, box)
    if sign is None:
        return None
    found = decided(sign * top, box)
    if found is True:
        return True if goal.relation == ">=" or _is_positive(sign * top, box) else None
    point = None if found is None or None in sides else moved_inside(sign * top, found, box)
    if point is None:
        return None
    place = {str(g.data): v for g, v in zip(generators, point, strict=True)}
    return [place[n] for n in sorted(goal.term.free)]


def _side(r: Range) -> Side | None:
    """Return a range with rational ends as a side of a box; None if it has others."""
    ends = [_end(e) for e in (r.low, r.high)]
    if "open" in ends:
        return None
    low, high = (e if isinstance(e, fmpq) else None for e in ends)
    return Side(low, high, r.low_closed, r.high_closed)


def _sign(p: fmpq_mpoly, box: Box) -> int | None:
    """Return the sign of a polynomial that vanishes nowhere on a box, None if that is not seen."""
    constant, factors = p.factor()
    sign = 1 if constant > 0 else -1
    for f, e in factors:
        s = 1 if f(*middle(box)) > 0 else -1
        if not positive(s * f, box):
            return None
        sign *= s ** int(e)
    return sign


def _is_positive(p: fmpq_mpoly, box: Box) -> bool:
    return positive(p, box) or _sign(p, box) == 1


def _end(t: Term | None) -> fmpq | str | None:
    if t is None:
        return None
    if t.op != "num":
        return "open"
    return fmpq(t.value().numerator, t.value().denominator)


def _is_rational(t: Term) -> bool:
    nodes = terms.order([t])
    return len(nodes) <= _MOST_SIZE and all(
        n.op in ("num", "var", "add")
        or (n.op == "mul" and all(e.denominator == 1 and abs(e) <= _HIGHEST for e in n.exponents()))
        for n in nodes
    )


def _univariate(p: fmpq_mpoly) -> fmpq_poly | None:
    found: dict[int, fmpq] = {}
    for exponents, c in p.to_dict().items():
        found[int(exponents[0])] = c
    if not found or max(found) > _HIGHEST:
        return None if found else fmpq_poly()
    return fmpq_poly([found.get(k, fmpq(0)) for k in range(max(found) + 1)])


def _inner(low: fmpq | None, high: fmpq | None) -> fmpq | None:
    """Return a number strictly between two ends at which no simple polynomial vanishes."""
    part = fmpq(617, 1999)
    if low is not None and high is not None:
        return low + part * (high - low) if low < high else None
    if low is not None:
        return low + part
    return -part if high is None else high - part


def _has_no_root(f: fmpq_poly, low: fmpq | None, high: fmpq | None, closed: bool) -> bool:
    """Say whether an irreducible polynomial has no root between two ends, these included if `closed`."""
    if f.degree() < 1:
        return True
    if f.degree() == 1:
        root = -f[0] / f[1]
        if closed:
            return bool((low is not None and root < low) or (high is not None and root > high))
        return bool((low is not None and root <= low) or (high is not None and root >= high))
    # An irreducible polynomial of higher degree has no rational root, so that no end is one.
    for root, _ in fmpz_poly(list(f.numer())).complex_roots():
        if not root.imag.is_zero():
            if root.imag.contains(0):
                return False
            continue
        x = root.real
        below = low is not None and bool(x < arb(low))
        above = high is not None and bool(x > arb(high))
        if not (below or above):
            return False
    return True
