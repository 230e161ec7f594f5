"""Certified Gaussian expectations `E[f(sqrt2 xi)]`, `xi ~ N(0, 1)`."""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import sympy as sp
from flint import acb, arb, ctx

from mfcheck.errors import InputError
from mfcheck.rigor.ball import enclose
from mfcheck.rigor.germs import Term, UnknownTailError
from mfcheck.rigor.pieces import Piece, pieces
from mfcheck.rigor.program import program
from mfcheck.rigor.tails import tail
from mfcheck.symbolic.activation import X, in_x

MAX_DIGITS = 1000
_EVALUATIONS = 200_000
_FEW_DIGITS = 5
_TAIL_PREC = 64
_WEIGHTS = (Fraction(1, 64), Fraction(1, 16), Fraction(1, 8), Fraction(3, 16))
"""Trial growth rates `w` in `|f(x)| <= S exp(w x^2)`; the Gaussian weight is `exp(-x^2/4)`."""

_LOG2_10 = math.log2(10)


def expectation_sqrt2(f: sp.Expr, digits: int = 30) -> arb:
    """Enclose `E[f(sqrt2 xi)] = int f(x) exp(-x^2/4) dx / (2 sqrt(pi))`, the Gaussian of variance 2.

    For any variance and mean there is `mfcheck.gaussian.expectation`. The radius is at most `10^-digits` times the
    value, or `10^(-2 digits)` if that is larger.

    Raises:
        InputError: the accuracy is out of reach, the expectation is not known to be finite, or `f` has more variables.
    """
    f = in_x(f)
    return expectation_sqrt2_of(pieces(f), digits, parity(f))


def expectation_sqrt2_of(parts: Sequence[Piece], digits: int = 30, symmetry: int = 0) -> arb:
    """Enclose `E[f(sqrt2 xi)]` of a function given in pieces; `symmetry` as `parity` answers it.

    Raises:
        InputError: as for `expectation_sqrt2`.
    """
    check_digits(digits)
    if symmetry == -1 and _expectation(parts, _FEW_DIGITS, False).is_finite():
        return arb(0)
    for guard in (3, digits // 2 + 10, digits + 20):
        value = _expectation(parts, digits + guard, symmetry == 1)
        if is_accurate(value, digits):
            return value
    if not value.is_finite():
        where = str(max((part.expr for part in parts), key=lambda e: e.count_ops()))[:60]
        raise InputError(f"E[{where}] is not known to be finite: no bound is found near some point")
    raise InputError(f"{digits} digits of an expectation are out of reach")


def is_accurate(value: arb, digits: int, scale: arb | None = None) -> bool:
    """Say whether the radius is within `10^-digits |scale|` (by default the value), or `10^(-2 digits)`."""
    unit = arb(10) ** -digits
    reference = abs(value) if scale is None else scale
    return bool(value.rad() <= unit * reference or value.rad() <= unit * unit)


def check_digits(digits: int) -> None:
    """Refuse a number of digits that is not in reach.

    Raises:
        InputError: fewer than 1 or more than `MAX_DIGITS` digits.
    """
    if not 1 <= digits <= MAX_DIGITS:
        raise InputError(f"digits must lie between 1 and {MAX_DIGITS}, not {digits}")


@lru_cache(maxsize=256)
def parity(f: sp.Expr) -> int:
    """Return 1 for an even function, -1 for an odd one, 0 if neither is seen."""
    mirrored = f.subs(X, -X)
    return 1 if mirrored == f else -1 if mirrored == -f else 0


def cut_tails(parts: Sequence[Piece], digits: int, even: bool = False) -> tuple[int, arb]:
    """Return `R`, and a ball around 0 for `int_{|x|>R} |f(x)| exp(-x^2/4) dx / (2 sqrt(pi)) < 10^-digits`.

    Raises:
        InputError: no such bound is found, since `f` grows too fast or its tails are not understood.
    """
    cutoff = max(_beyond_cuts(parts), math.ceil(2.1 * math.sqrt(digits * math.log(10))))
    reason = "it grows too fast"
    with ctx.workprec(_TAIL_PREC):
        for _ in range(24):
            try:
                mass = _tail_mass(parts, cutoff, even)
                if mass < arb(10) ** -digits:
                    return cutoff, arb(0, mass.upper())
            except UnknownTailError as error:
                reason = str(error)
            cutoff += max(1, cutoff // 12)
    raise InputError(
        f"no bound on the Gaussian tail of {str(parts[-1].expr)[:60]} is found: {reason}"
    )


def _beyond_cuts(parts: Sequence[Piece]) -> int:
    """Return a whole number that exceeds the size of all cuts, at least 8."""
    ends = [enclose(part.upper).abs_upper() for part in parts[:-1]]
    return max([8, *(int(float(end)) + 2 for end in ends)])


def _tail_mass(parts: Sequence[Piece], cutoff: int, even: bool) -> arb:
    right = _half_mass(parts[-1].expr, cutoff)
    return 2 * right if even else right + _half_mass(parts[0].expr.subs(X, -X), cutoff)


def _half_mass(f: sp.Expr, cutoff: int) -> arb:
    """Bound one tail by `S int exp(w x^2 - x^2/4)`, `S` the supremum of `|f(x)| exp(-w x^2)`."""
    germ = tail(f, cutoff)
    best: arb | None = None
    for weight in _WEIGHTS:
        try:
            scale = germ.times(germ.of([Term(arb(1), a=-arb(float(weight)))])).range().abs_upper()
        except UnknownTailError:
            continue
        rate = (arb(1) / 4 - arb(float(weight))).sqrt()
        mass = scale * (rate * cutoff).erfc() / (4 * rate)
        best = mass if best is None or mass < best else best
    if best is None:
        raise UnknownTailError("it grows too fast")
    return best


def _expectation(parts: Sequence[Piece], digits: int, even: bool) -> arb:
    cutoff, outside = cut_tails(parts, digits, even)
    with ctx.workprec(int(digits * _LOG2_10) + 24):
        inside = sum((_finite(part, cutoff, even, digits) for part in parts), arb(0))
        return (2 * inside if even else inside) / (2 * arb.pi().sqrt()) + outside


def clip(part: Piece, cutoff: int, half: bool) -> tuple[arb, arb] | None:
    """Return the ends of a piece within `[-cutoff, cutoff]`, or `[0, cutoff]`; None if nothing is left."""
    least = arb(0 if half else -cutoff)
    lower = least if part.lower == -sp.oo else enclose(part.lower, prec=ctx.prec).max(least)
    upper = (
        arb(cutoff) if part.upper == sp.oo else enclose(part.upper, prec=ctx.prec).min(arb(cutoff))
    )
    return None if upper <= lower else (lower, upper)


def _finite(part: Piece, cutoff: int, half: bool, digits: int) -> arb:
    """Enclose `int f(x) exp(-x^2/4) dx` over one piece."""
    ends = clip(part, cutoff, half)
    if ends is None:
        return arb(0)
    weighted = part.expr * sp.exp(-(X**2) / 4)
    plain, analytic = program(weighted, (X,), "complex"), program(weighted, (X,), "analytic")
    value = acb.integral(
        lambda z, must_be_analytic: analytic(z) if must_be_analytic else plain(z),
        acb(ends[0]),
        acb(ends[1]),
        abs_tol=arb(10) ** -digits,
        eval_limit=_EVALUATIONS,
    )
    return value.real
