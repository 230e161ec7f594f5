"""Certified roots and maxima of functions of one variable, given by enclosures of values and derivatives."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from flint import arb, ctx

from mfcheck.errors import InputError
from mfcheck.rigor.ball import compare, exact
from mfcheck.rigor.integrate import check_digits

Function = Callable[[arb], arb]
"""From a ball to a ball that holds all values on it, at the working precision."""

End: TypeAlias = arb | Fraction | int

_LOG2_10 = math.log2(10)
_MAX_CELLS = 3000
_MAX_STEPS = 400


@dataclass(frozen=True, slots=True)
class Roots:
    """All roots on a bracket, in increasing order, and the signs of the derivative there."""

    values: tuple[arb, ...]
    slopes: tuple[str, ...]


def root(f: Function, df: Function, bracket: tuple[End, End], digits: int = 15) -> arb:
    """Enclose the only root of `f` on a bracket.

    The signs at the ends show that there is one; `df` without zero on the bracket, cell by cell, that there is no
    other. The radius is at most `10^-digits` times the root, or `10^(-2 digits)`, if `f` and `df` follow the
    working precision.

    Raises:
        InputError: the signs at the ends are equal or open, the derivative may vanish, or digits are out of reach.
    """
    check_digits(digits)
    lower, upper = _ends(bracket)
    with ctx.workprec(64):
        rising = _sign_on(df, lower, upper)
        if rising == "?":
            raise InputError(
                f"the derivative may vanish on {_words(lower, upper)}: more than one root is possible"
            )
    return crossing(f, df, bracket, digits)


def crossing(f: Function, df: Function, bracket: tuple[End, End], digits: int = 15) -> arb:
    """Enclose a root on a bracket with a change of sign; nothing is said about others.

    Raises:
        InputError: the signs at the ends are equal or open, the digits are out of reach, or the sign changes at what
            may be a pole or a jump.
    """
    check_digits(digits)
    lower, upper = _ends(bracket)
    with ctx.workprec(_bits(digits)):
        first, last = compare(f(lower), arb(0)), compare(f(upper), arb(0))
        if "?" in (first, last):
            raise InputError(f"the sign at an end of {_words(lower, upper)} is open")
        if first == last:
            raise InputError(f"no change of sign on {_words(lower, upper)}")
        x = _bisected(f, lower, upper, first)
    return refined(f, df, x, digits)


def refined(f: Function, df: Function, start: arb, digits: int) -> arb:
    """Shrink a ball that holds a root, or a pole or a jump where the sign changes, by the interval Newton method.

    It is a root if the derivative is finite on a ball around it.

    Raises:
        InputError: the derivative may vanish or be infinite, or the digits are out of reach.
    """
    x, smooth = start, False
    with ctx.workprec(_bits(digits)):
        for _ in range(60):
            unit = arb(10) ** -digits
            if x.rad() <= unit * abs(x.mid()) / 2 or x.rad() <= unit * unit:
                if smooth or df(x).is_finite():
                    return x
                raise InputError(f"the function may jump or be infinite near {x.str(8)}")
            slope = df(x)
            smooth = smooth or slope.is_finite()
            if not slope.is_finite() or slope.contains(0):
                x = _halved(f, x)
                continue
            middle = x.mid()
            step = middle - f(middle) / slope
            if not step.overlaps(x):
                raise InputError("no root near the place given")
            narrower = step.intersection(x)
            if narrower.rad() > 0.9 * x.rad():
                break
            x = narrower
    raise InputError(f"{digits} digits of a root are out of reach near {x.str(8)}")


def all_roots(
    f: Function, df: Function, bracket: tuple[End, End], digits: int = 15, geometric: bool = False
) -> Roots:
    """Enclose every root on a bracket; each is simple, and there are no others.

    Cells on which `f` keeps its sign, or `df` does, are settled; the others are halved (at the geometric mean with
    `geometric`).

    Raises:
        InputError: a cell stays undecided, for instance at a double root.
    """
    check_digits(digits)
    lower, upper = _ends(bracket)
    found: list[tuple[arb, str]] = []
    with ctx.workprec(64):
        cells = [(lower, upper)]
        for _ in range(_MAX_CELLS):
            if not cells:
                break
            a, b = cells.pop()
            whole = a.union(b)
            if compare(f(whole), arb(0)) != "?":
                continue
            rising = compare(df(whole), arb(0))
            signs = (compare(f(a), arb(0)), compare(f(b), arb(0))) if rising != "?" else ("?", "?")
            if "?" not in signs:
                if signs[0] != signs[1]:
                    found.append((whole, rising))
                continue
            if not b - a > arb(2) ** -40 * abs(b):
                cells.append((a, b))
                break
            middle = _between(f, a, b, geometric)
            cells += [(middle, b), (a, middle)]
        if cells:
            raise InputError(
                f"the roots near {cells[-1][0].str(6, radius=False)} could not be told apart or excluded"
            )
    found.sort(key=lambda item: float(item[0].mid()))
    values = tuple(refined(f, df, _narrowed(f, cell, sign), digits) for cell, sign in found)
    return Roots(values, tuple(sign for _, sign in found))


def _between(f: Function, a: arb, b: arb, geometric: bool) -> arb:
    """Return a place inside a cell, not a root if that can be told."""
    for share in (0.49, 0.36, 0.67):
        middle = (a + share * (b - a)).mid()
        if geometric and a > 0:
            middle = (a * (arb(share) * (b / a).log()).exp()).mid()
        if compare(f(middle), arb(0)) != "?":
            break
    return middle


def maximum(df: Function, d2f: Function, bracket: tuple[End, End], digits: int = 15) -> arb:
    """Enclose the only stationary point on a bracket, a strict maximum since `d2f < 0` there.

    Raises:
        InputError: `d2f` may be positive, or `df` has no change of sign from plus to minus.
    """
    lower, upper = _ends(bracket)
    with ctx.workprec(64):
        if _sign_on(d2f, lower, upper) != "<":
            raise InputError(f"the function is not seen to be concave on {_words(lower, upper)}")
    return crossing(df, d2f, bracket, digits)


def minimiser(
    f: Function, df: Function, d2f: Function, bracket: tuple[End, End], digits: int = 15
) -> arb:
    """Enclose the place where a function that falls at the lower end and rises at the upper one is least.

    Raises:
        InputError: its stationary points cannot be told apart (see `all_roots`), there is none, or two of them are
            equally good or too close to tell.
    """
    places = all_roots(df, d2f, bracket, digits).values
    with ctx.workprec(2 * _bits(digits)):
        heights = [f(place) for place in places]
        for i, place in enumerate(places):
            if all(heights[i] < other for other in heights[:i] + heights[i + 1 :]):
                return place
    raise InputError(f"two minima on {_words(*_ends(bracket))} are equally good, or too close")


def largest_at(
    most: Callable[[arb, arb], arb], bent: Function, place: arb, beyond: Function
) -> bool | None:
    """Say whether a function on the half-line is largest at a stationary point; None if that is open.

    Around the point the function is concave, and lies below its tangent; elsewhere bounds are compared with its value.

    Args:
        most: an upper bound of the function on a cell, from both its ends; its value where these are one number.
        bent: the second derivative on a ball.
        place: encloses the stationary point, positive.
        beyond: an upper bound of the function on all that is not below a number.
    """
    top, near, end = most(place, place), (place / 2).min(arb(1) / 4), arb(4)
    while not bent(place + arb(0, near)) < 0:
        near = near / 2
        if near < arb(2) ** -16:
            return None
    while not beyond(end) < top:
        end = 2 * end
        if end > 2**24:
            return None
    return stays_below(most, top, [(arb(0), (place - near).upper()), ((place + near).lower(), end)])


def stays_below(
    most: Callable[[arb, arb], arb],
    level: arb,
    brackets: Sequence[tuple[End, End]],
    cells: int = 60_000,
) -> bool | None:
    """Say whether a function stays below a level on brackets; None if that is open after so many cells.

    Args:
        most: an upper bound of the function on a cell, from both its ends; its value where these are one exact number.
        level: to stay below, strictly.
        brackets: where.
        cells: that may be looked at.
    """
    waiting = [_ends(bracket) for bracket in brackets]
    for _ in range(cells):
        if not waiting:
            return True
        low, high = waiting.pop()
        if most(low, high) < level:
            continue
        middle = ((low + high) / 2).mid()
        if most(middle, middle) > level:
            return False
        waiting += [(low, middle), (middle, high)]
    return None


def _bits(digits: int) -> int:
    return math.ceil((digits + 8) * _LOG2_10) + 24


def _ends(bracket: tuple[End, End]) -> tuple[arb, arb]:
    with ctx.workprec(256):
        lower, upper = (end if isinstance(end, arb) else exact(end) for end in bracket)
        if not lower < upper:
            raise InputError("the ends of a bracket must increase")
        return lower, upper


def _words(lower: arb, upper: arb) -> str:
    return f"[{lower.str(6, radius=False)}, {upper.str(6, radius=False)}]"


def _sign_on(df: Function, lower: arb, upper: arb) -> str:
    """Return the sign that a function keeps on an interval, `?` if that is open."""
    cells, seen = [(lower, upper, 0)], set()
    for _ in range(_MAX_CELLS):
        if not cells:
            break
        a, b, depth = cells.pop()
        sign = compare(df(a.union(b)), arb(0))
        if sign != "?":
            seen.add(sign)
            if len(seen) > 1:
                return "?"
            continue
        if depth == 30:
            return "?"
        middle = ((a + b) / 2).mid()
        cells += [(a, middle, depth + 1), (middle, b, depth + 1)]
    return seen.pop() if not cells and len(seen) == 1 else "?"


def _bisected(f: Function, lower: arb, upper: arb, first: str, steps: int = 24) -> arb:
    for _ in range(steps):
        middle = ((lower + upper) / 2).mid()
        sign = compare(f(middle), arb(0))
        if sign == "?":
            break
        lower, upper = (middle, upper) if sign == first else (lower, middle)
    return lower.union(upper)


def _halved(f: Function, x: arb) -> arb:
    """Keep the half of a ball where the sign changes.

    Raises:
        InputError: the sign in the middle is open.
    """
    lower, upper = x.lower(), x.upper()
    first = compare(f(lower), arb(0))
    for share in (0.5, 0.37):
        middle = (lower + (upper - lower) * share).mid()
        sign = compare(f(middle), arb(0))
        if "?" not in (first, sign):
            return middle.union(upper) if sign == first else lower.union(middle)
    raise InputError(f"the derivative may vanish near the root {x.str(8)}: it may be multiple")


def _narrowed(f: Function, cell: arb, rising: str) -> arb:
    with ctx.workprec(64):
        return _bisected(f, cell.lower(), cell.upper(), "<" if rising == ">" else ">", 8)
