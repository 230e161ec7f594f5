"""Ball arithmetic: the one way from SymPy to enclosures, comparisons, and outward rounded decimals."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from numbers import Rational
from typing import Literal, TypeAlias

import sympy as sp
from flint import acb, arb, ctx, fmpq

from mfcheck.claims.record import Interval
from mfcheck.errors import InputError
from mfcheck.rigor.decimals import bounds as bounds
from mfcheck.rigor.decimals import decimal_text as decimal_text
from mfcheck.rigor.decimals import endpoints as endpoints
from mfcheck.rigor.program import program

DEFAULT_PREC = 128
"""Working precision in bits unless a caller says otherwise."""

Order = Literal["<", ">", "?"]

Exact: TypeAlias = int | str | Fraction | sp.Rational
"""A number given exactly: text is decimal or a fraction."""


def compare(a: arb, b: arb) -> Order:
    """Return `"<"` or `">"` if that is certain for the two numbers enclosed, else `"?"`.

    >>> compare(arb(1), arb(2)), compare(arb(1, 2), arb(2))
    ('<', '?')
    """
    if a < b:
        return "<"
    if a > b:
        return ">"
    return "?"


def exact(value: Exact) -> arb:
    """Enclose a rational number, or decimal text, at the working precision.

    Raises:
        InputError: the text is neither a decimal number nor a fraction, or the number is a float.

    >>> exact("0.1").contains(arb(1) / 10)
    True
    """
    number = rational(value)
    return arb(fmpq(int(number.numerator), int(number.denominator)))


def rational(value: Exact) -> Fraction:
    """Return the value of decimal text or of a rational number, exactly.

    A float is refused: 0.1 is not a tenth but the double next to it. Whoever means the double writes `Fraction(0.1)`.

    Raises:
        InputError: the text is neither a decimal number nor a fraction, its exponent is huge, or the number is no
            exact one.
    """
    if isinstance(value, sp.Rational):
        return Fraction(int(value.p), int(value.q))
    typed: object = value
    if isinstance(typed, bool) or not isinstance(typed, str | Rational | Decimal):
        raise InputError(
            f"not an exact number, but a {type(value).__name__}: {str(value)[:40]!r}; write it as text"
        )
    if isinstance(value, str) and len(value) > 200:
        raise InputError("a number of the input is longer than 200 characters")
    try:
        if isinstance(value, str) and "/" not in value and abs(Decimal(value).adjusted()) > 1000:
            raise InputError(f"number out of range: {value[:40]!r}")
        return Fraction(value)
    except (ValueError, ArithmeticError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"not a decimal number or a fraction: {str(value)[:40]!r}") from None


def enclose(
    expr: sp.Expr, values: Mapping[sp.Symbol, arb | Exact] = {}, prec: int = DEFAULT_PREC
) -> arb:
    """Enclose a real expression at `values`, working with `prec` bits; exact numbers stay exact.

    The result is nan where the expression is not known to be defined and finite on the whole ball.

    Raises:
        InputError: a symbol has no value, or a function has no enclosure.
    """
    with ctx.workprec(prec):
        inputs = [v if isinstance(v, arb) else exact(v) for v in values.values()]
        return program(expr, tuple(values))(*inputs)


def enclose_complex(
    expr: sp.Expr,
    values: Mapping[sp.Symbol, acb],
    prec: int = DEFAULT_PREC,
    analytic: bool = False,
) -> acb:
    """Enclose an expression at complex `values`; with `analytic`, nan unless analytic on the ball.

    Raises:
        InputError: a symbol has no value, or a function has no enclosure.
    """
    with ctx.workprec(prec):
        code = program(expr, tuple(values), "analytic" if analytic else "complex")
        return code(*[acb(value) for value in values.values()])


def from_on(threshold: arb | float, digits: int = 4) -> str:
    """Return a number of so many digits that is at least a threshold: what holds beyond it holds from there on.

    >>> from_on(916.3133)
    '916.4'
    """
    return bounds(arb(threshold), digits)[1]


def interval(x: arb, digits: int = 12) -> Interval:
    """Return an enclosure as a record, its bounds rounded outwards to `digits` digits."""
    lower, upper = bounds(x, digits)
    return Interval(lower=lower, upper=upper)
