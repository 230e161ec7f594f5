"""Exact real numbers beside their balls: rational, algebraic, or made of named constants; None where none is kept.

Equality of such numbers is decided by normal forms, so that what is equal may stay open, but never the other way round.
"""

from functools import lru_cache
from typing import TypeAlias

import sympy as sp
from flint import arb

Closed: TypeAlias = sp.Expr | None
"""An exact number without symbols, or None."""

_MAX_OPERATIONS = 24
_MAX_BITS = 600


def of_ball(value: arb) -> Closed:
    """Return the number that an exact ball holds."""
    if not (value.is_exact() and value.is_finite()):
        return None
    mantissa, shift = (int(part) for part in value.man_exp())
    if abs(shift) > _MAX_BITS or mantissa.bit_length() > _MAX_BITS:
        return None
    return sp.Integer(mantissa) * sp.Integer(2) ** shift


def add(a: Closed, b: Closed) -> Closed:
    """Return the sum."""
    return None if a is None or b is None else _sum(a, b)


def multiply(a: Closed, b: Closed) -> Closed:
    """Return the product; zero times anything is zero."""
    if a == 0 or b == 0:
        return sp.S.Zero
    return None if a is None or b is None else _product(a, b)


def raise_to(a: Closed, q: sp.Rational) -> Closed:
    """Return a power of a number that is not zero."""
    if a is None or a == 0 or (not q.is_Integer and not a.is_positive):
        return None
    return _power(a, q)


def same(a: Closed, b: Closed) -> bool:
    """Say whether two numbers are known to be equal."""
    if a is None or b is None:
        return False
    return bool(
        a == b
        or (not (a.is_Rational and b.is_Rational) and _sum(a, _product(b, sp.S.NegativeOne)) == 0)
    )


@lru_cache(maxsize=4096)
def _sum(a: sp.Expr, b: sp.Expr) -> Closed:
    return _kept(a + b)


@lru_cache(maxsize=4096)
def _product(a: sp.Expr, b: sp.Expr) -> Closed:
    return _kept(a * b)


@lru_cache(maxsize=1024)
def _power(a: sp.Expr, q: sp.Rational) -> Closed:
    return _kept(a**q)


@lru_cache(maxsize=1024)
def closed(value: sp.Expr) -> Closed:
    """Return the normal form of a number, None if it is too long, or not known to be real and finite."""
    return _kept(value)


def _kept(value: sp.Expr) -> Closed:
    if not value.is_Rational:
        value = sp.expand(value)
        if value.is_algebraic:
            value = sp.expand(sp.radsimp(sp.sqrtdenest(value)))
        if not value.is_Rational:
            small = value.count_ops() <= _MAX_OPERATIONS and not value.has(sp.Float)
            return value if small and value.is_real and value.is_finite else None
    bits = int(value.p).bit_length() + int(value.q).bit_length()
    return value if bits <= _MAX_BITS else None
