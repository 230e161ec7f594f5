"""Equality of two formulas for all values that their symbols may take: three answers, and a point that refutes.

*Equal*: SymPy reduces the difference to zero, and the enclosures of both sides overlap at exact points. *Unequal*: at
one exact point, which meets all that is declared of the symbols, the enclosures of the two sides are disjoint. Neither
asks a floating-point number anything; a formula with one in it is refused.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain, pairwise, takewhile
from typing import Any, Literal

import sympy as sp
from flint import ctx
from sympy.core.function import AppliedUndef

from mfcheck.rigor.values import (
    Hidden,
    NotUnderstoodError,
    Walk,
    disjoint,
    is_finite,
    is_real,
    values_of,
)
from mfcheck.symbolic.identity import difference

Point = Mapping[sp.Basic, sp.Expr]
"""Exact numbers for the symbols."""

Answer = Literal["agree", "differ", "outside"]

POINTS = 12
"""Points at which both sides are compared."""

_OWN = 12
"""Further points, made from the numbers of the formulas themselves."""

_ENOUGH = 3
"""Points that must agree before a zero counts, where there are symbols at all."""

_TRIES = 60
_LOW, _HIGH = 128, 1500
"""Bits: at all points, and at the first points, where differences of any size are to be seen."""

_UNDEFINED = (sp.nan, sp.zoo, sp.oo, -sp.oo)


@dataclass(frozen=True)
class Equality:
    """Whether two formulas are equal: None if that is open. `rest` is what they differ by, `reason` says why not."""

    holds: bool | None
    rest: sp.Expr
    reason: str = ""


@dataclass
class _Look:
    """What the points say: how many agree, and one at which the sides differ, for certain or perhaps."""

    agree: int = 0
    where: str | None = None
    doubt: str | None = None


def equal(lhs: sp.Expr, rhs: sp.Expr, given: Sequence[Any] = ()) -> Equality:
    """Decide whether `lhs = rhs` for every value of the symbols that their assumptions and `given` allow.

    A symbol without assumptions may be any number, but is refuted at real values alone. Undefined functions and the
    generic activation stand for every function, so that one function for which the sides differ refutes. Where all
    symbols are real, a point refutes only if one of the sides is real there.

    Args:
        lhs: one side.
        rhs: the other side.
        given: further conditions on the symbols, as SymPy relations.
    """
    lhs, rhs = sp.sympify(lhs), sp.sympify(rhs)
    if lhs.has(sp.Float) or rhs.has(sp.Float):
        return Equality(
            None, lhs - rhs, "a number in floating point is not exact: state a fraction"
        )
    if lhs.has(*_UNDEFINED) or rhs.has(*_UNDEFINED):
        return Equality(None, sp.nan, "a side is infinite or not defined")
    if lhs == rhs:
        return Equality(True, sp.Integer(0))
    look = _look(lhs, rhs, given)
    if look.where is not None:
        return Equality(False, lhs - rhs, look.where)
    rest = difference(lhs, rhs)
    if rest != 0:
        return Equality(None, rest)
    if look.doubt is not None:
        return Equality(None, lhs - rhs, f"SymPy makes the sides equal, but not {look.doubt}")
    if look.agree < (_ENOUGH if lhs.free_symbols | rhs.free_symbols else 1):
        return Equality(
            None, lhs - rhs, "SymPy makes the sides equal, but no exact point confirms it"
        )
    return Equality(True, rest)


def agree_at_points(lhs: sp.Expr, rhs: sp.Expr) -> bool:
    """Say whether no exact point tells two formulas apart, and enough of them show that they agree."""
    look = _look(lhs, rhs, ())
    needed = _ENOUGH if lhs.free_symbols | rhs.free_symbols else 1
    return lhs == rhs or (look.where is None and look.doubt is None and look.agree >= needed)


def _look(lhs: sp.Expr, rhs: sp.Expr, given: Sequence[Any]) -> _Look:
    """Compare the two sides at exact points."""
    sides = _defined(lhs), _defined(rhs)
    symbols = sorted(set().union(*(e.free_symbols for e in (*sides, *given))), key=str)
    look = _Look()
    drawn = takewhile(lambda _: look.agree < POINTS, exact_points(symbols, _TRIES, given))
    for index, point in enumerate(chain(drawn, _own_points(sides, symbols, given))):
        hidden = Hidden(random.Random(index))
        answer = _compare(*sides, point, hidden, _HIGH if look.agree < _ENOUGH else _LOW)
        look.agree += answer == "agree"
        if answer == "differ":
            plain = all(v.is_real or x.is_complex for x, v in point.items())
            if plain and not hidden.open:
                look.where = _words(point)
                return look
            look.doubt = _words(point) or "where parts that are not understood take any values"
        if not symbols and not hidden.values:
            break
    return look


def _compare(lhs: sp.Expr, rhs: sp.Expr, point: Point, hidden: Hidden, prec: int) -> Answer:
    """Compare the sides at one point; the precision rises until they differ, or to the given number of bits."""
    for bits in dict.fromkeys((_LOW, prec)):
        with ctx.workprec(bits):
            try:
                walk = Walk(values_of(point), hidden)
                a, b = walk.value(lhs), walk.value(rhs)
            except NotUnderstoodError:
                return "outside"
            if not (is_finite(a) and is_finite(b)):
                return "outside"
            if disjoint(a, b):
                real = all(map(is_real, walk.point.values()))
                return "differ" if not real or is_real(a) or is_real(b) else "outside"
    return "agree"


def _words(point: Point) -> str:
    return (
        "at " + ", ".join(f"${sp.latex(x)} = {sp.latex(v)}$" for x, v in point.items())
        if point
        else ""
    )


def exact_points(
    symbols: Sequence[sp.Symbol], tries: int, given: Sequence[Any] = ()
) -> Iterator[Point]:
    """Draw exact points that meet the assumptions and the conditions; complex ones last, for symbols without any."""
    rng = random.Random(" ".join(map(str, symbols)))
    pools = {x: _pool(x, False) for x in symbols}
    wide = {x: _pool(x, True) for x in symbols}
    if not all(pools.values()):
        return
    for attempt in range(tries):
        chosen = wide if attempt % 6 == 4 else pools
        point = {x: rng.choice(chosen[x]) for x in symbols}
        point |= _special(symbols, attempt, point)
        with ctx.workprec(_LOW):
            if all(_holds(condition, point) for condition in given):
                yield point


def _own_points(
    sides: Sequence[sp.Expr], symbols: Sequence[sp.Symbol], given: Sequence[Any]
) -> Iterator[Point]:
    """Put for each symbol in turn what lies between the numbers of the formulas, beyond them, and the numbers.

    A kink or a piece of a formula may lie far from everything that is drawn without a look at it.
    """
    found = set().union(*(e.atoms(sp.Rational) for e in sides)) - {0, 1, -1}
    if not found or not symbols:
        return
    marks = sorted({sign * q for q in found for sign in (1, 0, -1)})
    between = [(a + b) / 2 for a, b in pairwise(marks)]
    numbers = (marks[-1] + 1, marks[0] - 1, *reversed(between), *reversed(marks))
    for x in symbols:
        fitting = [q for q in numbers if _fits(q, x)][: max(_OWN // len(symbols), 2)]
        for number, point in zip(fitting, exact_points(symbols, len(fitting), given), strict=False):
            moved = {**point, x: number}
            with ctx.workprec(_LOW):
                if all(_holds(condition, moved) for condition in given):
                    yield moved


def _special(symbols: Sequence[sp.Symbol], attempt: int, point: Point) -> Point:
    """Return what makes every third point special: one symbol is zero, or all are equal, where that is allowed."""
    if attempt % 3 != 2 or not symbols:
        return {}
    turn = attempt // 3 % (len(symbols) + 1)
    value = point[symbols[0]] if turn == 0 else sp.Integer(0)
    changed = symbols if turn == 0 else [symbols[turn - 1]]
    return {x: value for x in changed if _fits(value, x)}


def _holds(condition: Any, point: Point) -> bool:
    try:
        return Walk(values_of(point)).truth(condition) is True
    except NotUnderstoodError:
        return False


_NUMBERS = (
    *(sp.Integer(k) for k in range(-9, 10)),
    *(sp.Rational(p, q) for q in (2, 3, 5, 7) for p in range(-25, 26) if p % q),
    *(sp.Rational(p, 12) for p in range(1, 12)),
    *(sign * root for sign in (1, -1) for root in (sp.sqrt(2), sp.sqrt(3) / 2, sp.cbrt(5))),
)
_COMPLEX = tuple(
    sp.Rational(p, 3) + sp.Rational(q, 2) * sp.I for p in (-4, 0, 5) for q in (-3, 1, 4)
)


@lru_cache(maxsize=512)
def _pool(symbol: sp.Symbol, wide: bool) -> tuple[sp.Expr, ...]:
    """Return the numbers that have all declared properties: real ones, unless the symbol is declared otherwise."""
    found = tuple(number for number in _NUMBERS if _fits(number, symbol))
    if (wide and symbol.is_real is None) or not found:
        found = tuple(number for number in _COMPLEX if _fits(number, symbol)) or found
    return found


def _fits(number: sp.Expr, symbol: sp.Symbol) -> bool:
    return all(
        getattr(number, f"is_{fact}", None) is value for fact, value in symbol.assumptions0.items()
    )


_ODD = ("is_integer", "is_nonpositive", "is_imaginary")


def _defined(expr: sp.Expr) -> sp.Expr:
    """Put a definite function for each undefined one, and carry out the derivatives."""
    calls = expr.atoms(AppliedUndef)
    heads = {call.func for call in calls if not any(getattr(call, fact) for fact in _ODD)}
    for head in sorted(heads, key=str):
        expr = expr.replace(head, partial(_trial, 1 + sum(map(ord, str(head))) % 7))
    return expr.doit() if heads or expr.has(sp.Derivative, sp.Subs) else expr


def _trial(k: int, *x: sp.Expr) -> sp.Expr:
    squares = sum((j + 1) * y**2 for j, y in enumerate(x))
    return 2 + sp.sin(sum(x) + k) + squares / (k + 2)
