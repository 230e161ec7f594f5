"""Exact ends of balls, and their decimal text, rounded outwards."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction

from flint import arb

from mfcheck.errors import InputError

_MAX_SHIFT = 1 << 16
"""Binary exponents beyond this leave as zero or infinity, on the safe side."""


def endpoints(x: arb) -> tuple[Fraction, Fraction] | None:
    """Return the exact ends of a finite ball, None for a ball with an infinite or absurdly large end."""
    if not x.is_finite():
        return None
    (mid, mid_shift), (rad, rad_shift) = x.mid().man_exp(), x.rad().man_exp()
    if max(abs(int(mid_shift)), abs(int(rad_shift))) > _MAX_SHIFT:
        return None
    centre, radius = _dyadic(int(mid), int(mid_shift)), _dyadic(int(rad), int(rad_shift))
    return centre - radius, centre + radius


def bounds(x: arb, digits: int = 20) -> tuple[str, str]:
    """Return decimal text of a lower and an upper bound, `digits` significant digits, rounded outwards.

    The conversion from binary is exact, so no true value is lost. Unbounded ends are `-inf`, `inf`.

    >>> bounds(arb(1) / 3, 5)
    ('0.33333', '0.33334')
    """
    if x.is_nan():
        return "-inf", "inf"
    if x == arb.pos_inf():
        return "inf", "inf"
    ends = endpoints(x)
    if ends is None:
        return _coarse_bounds(x)
    return decimal_text(ends[0], digits, up=False), decimal_text(ends[1], digits, up=True)


def decimal_text(value: Fraction, digits: int, *, up: bool) -> str:
    """Return `value` rounded up or down to `digits` significant digits.

    Raises:
        InputError: fewer than one digit is asked for.
    """
    if digits < 1:
        raise InputError("at least one digit is needed")
    rounding = ROUND_CEILING if up else ROUND_FLOOR
    context = Context(prec=digits, rounding=rounding, Emax=10**6, Emin=-(10**6))
    rounded = context.divide(Decimal(value.numerator), Decimal(value.denominator)).normalize(
        context
    )
    positional = -7 < rounded.adjusted() < 21
    return f"{rounded:f}" if positional else str(rounded).lower()


def _dyadic(mantissa: int, shift: int) -> Fraction:
    return Fraction(mantissa << shift) if shift >= 0 else Fraction(mantissa, 1 << -shift)


def _coarse_bounds(x: arb) -> tuple[str, str]:
    """Bound numbers of absurd size: by zero where the sign is certain, else by infinity."""
    lower = "0" if x > 0 else "-inf"
    upper = "0" if x < 0 else "inf"
    if x.is_finite() and x.abs_upper() < 1:
        return ("0" if x >= 0 else "-1"), ("0" if x <= 0 else "1")
    return lower, upper
