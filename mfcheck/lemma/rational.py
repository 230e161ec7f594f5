"""Signs of rational functions on boxes, decided exactly: of one variable by the real roots of their factors. Trusted.

The roots come from FLINT, which isolates all complex roots of an integer polynomial: the real ones have no imaginary
part. Where a root cannot be told from an end of the range, nothing is said. Of several variables
`mfcheck.lemma.polynomials.goals` tells more.
"""

from collections.abc import Mapping, Sequence

from flint import arb, fmpq, fmpq_mpoly, fmpq_poly, fmpz_poly

from mfcheck.lemma.formula import Atom, Formula
from mfcheck.lemma.polynomials.goals import end_of, found_on_box, is_rational
from mfcheck.lemma.problem import Range
from mfcheck.lemma.prove.factor import TooLargeError, fraction_of

_HIGHEST = 40


def holds_exactly(
    goal: Formula, ranges: Mapping[str, Range], hypotheses: Sequence[Formula] = ()
) -> bool:
    """Say whether a comparison of a rational function with zero is seen to hold wherever the hypotheses do."""
    if not isinstance(goal, Atom) or goal.relation not in (">", ">=") or not goal.term.free:
        return False
    if len(goal.term.free) == 1 and _holds_on_line(goal, ranges):
        return True
    return found_on_box(goal, ranges, hypotheses) is True


def _holds_on_line(goal: Atom, ranges: Mapping[str, Range]) -> bool:
    (name,) = goal.term.free
    ends = [end_of(e) for e in (ranges[name].low, ranges[name].high)]
    if "open" in ends or not is_rational(goal.term):
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
