"""Exact numbers that may be the point where two sides meet."""

from collections.abc import Iterator
from fractions import Fraction

from flint import arb, ctx, fmpq

from mfcheck.lemma import terms
from mfcheck.lemma.balls import fraction
from mfcheck.lemma.constants import is_zero
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.formula import Formula, atoms
from mfcheck.lemma.terms import Term

_MAX_DENOMINATOR = 400
_LARGEST_LEAD, _LARGEST = 8, 24


def candidates(goal: Formula, name: str, low: arb, high: arb) -> Iterator[Term]:
    """Yield exact points near a narrow interval: fractions, and fractions times the constants of the goal."""
    start = ((low + high) / 2).mid()
    reach = abs(high - low).upper() * 64 + arb(2) ** -14
    spots = [start]
    for atom in atoms(goal):
        if name in atom.term.free:
            spots += _polished(atom.term, name, start, reach)
    seen: set[Term] = set()
    for spot in spots:
        for unit in _units(goal):
            ratio = spot / _value(unit)
            q = _simple(ratio, reach)
            if q is None:
                continue
            p = terms.scale(q, unit)
            if p not in seen:
                seen.add(p)
                if _meets(goal, name, p):
                    yield p
    for p in (p for spot in spots for p in _quadratic(spot, reach)):
        if p not in seen:
            seen.add(p)
            if _meets(goal, name, p):
                yield p


def _quadratic(x: arb, reach: arb) -> Iterator[Term]:
    """Yield numbers near x that solve `a y^2 + b y + c = 0` with small whole coefficients."""
    y, slack = float(x), max(float(reach.upper()), 1e-12)
    for a in range(1, _LARGEST_LEAD + 1):
        for b in range(-_LARGEST, _LARGEST + 1):
            value = a * y * y + b * y
            c = -round(value)
            inside = b * b - 4 * a * c
            slope = abs(2 * a * y + b)
            if abs(value + c) > min(slack * (slope + a * slack), 0.01) or inside <= 0:
                continue
            root = terms.scale(1 if 2 * a * y + b > 0 else -1, terms.sqrt(terms.num(inside)))
            yield terms.scale(Fraction(1, 2 * a), terms.sub(root, terms.num(b)))


def _meets(goal: Formula, name: str, p: Term) -> bool:
    """Say whether the sides of a comparison are exactly equal at a point."""
    values = {name: p}
    return any(
        is_zero(terms.substitute(a.term, values)) is True
        for a in atoms(goal)
        if name in a.term.free
    )


def _polished(t: Term, name: str, start: arb, reach: arb) -> list[arb]:
    """Return a zero of the derivative, and of the function, near a point, by Newton's method."""
    code = Program([t], (name,))
    found = []
    for k in (1, 0):
        x = start
        with ctx.workprec(128):
            for _ in range(8):
                c = code.series([x], name, 3)[0]
                top, slope = c[k], c[k + 1] * (k + 1)
                if not slope.is_finite() or slope.contains(0):
                    break
                x = (x - top / slope).mid()
        if x.is_finite() and abs(x - start) < 4 * reach + arb(2) ** -16:
            found.append(x)
    return found


def _units(goal: Formula) -> Iterator[Term]:
    yield terms.num(1)
    yield terms.pi()
    yield terms.call("exp", terms.num(1))
    yield terms.call("exp", terms.num(-1))
    for k in (1, -1):
        yield terms.call("exp", terms.num(Fraction(k, 2)))
    for n in (2, 3, 5, 6):
        yield terms.sqrt(terms.num(n))
    yield terms.call("log", terms.num(2))
    del goal


def _value(t: Term) -> arb:
    return Program([t], ())(())[0]


def _simple(x: arb, reach: arb) -> Fraction | None:
    """Return a fraction of small denominator next to a number."""
    value = fraction(x)
    if value is None:
        return None
    near = value.limit_denominator(_MAX_DENOMINATOR)
    gap = abs(arb(fmpq(near.numerator, near.denominator)) - x)
    return near if gap < reach else None
