"""Maxima of strongly concave functions of several variables: damped Newton steps, then an enclosure by the gradient."""

from collections.abc import Callable
from typing import TypeAlias

from flint import arb, arb_mat, ctx

from mfcheck.errors import InputError

Jet: TypeAlias = tuple[arb, list[arb], arb_mat]
"""Value, gradient and minus the Hessian matrix at a point, or over a box."""
Function: TypeAlias = Callable[[list[arb]], Jet | None]
"""From a point or a box to the jet; None if it is not certain to lie in the domain of the function."""

_STEPS = 200
_HALVINGS = 60


def ascend(function: Function, start: list[arb]) -> list[arb]:
    """Return an exact point near the maximum, without a guarantee, at the working precision.

    Raises:
        InputError: the start does not lie in the domain.
    """
    x = start
    for _ in range(_STEPS):
        found = function(x)
        if found is None:
            raise InputError("the start of the search is not admissible")
        value, gradient, bent = found
        right = arb_mat(len(x), 1, [g.mid() for g in gradient])
        step = bent.mid().solve(right).entries()
        gain = sum((s * g for s, g in zip(step, gradient, strict=True)), arb(0)).mid()
        if gain < arb(2) ** (-2 * ctx.prec + 40) * (1 + abs(value.mid())):
            return _moved(x, step, arb(1))
        better = _damped(function, x, step, value.mid(), gain)
        if better is None:
            return x
        x = better
    return x


def _moved(x: list[arb], step: list[arb], share: arb) -> list[arb]:
    return [(a + share * s).mid() for a, s in zip(x, step, strict=True)]


def _damped(
    function: Function, x: list[arb], step: list[arb], value: arb, gain: arb
) -> list[arb] | None:
    """Return the first admissible point along halved steps that gains enough; close by, it need not gain."""
    share, close = arb(1), gain < arb(2) ** (-ctx.prec // 2)
    for _ in range(_HALVINGS):
        there = _moved(x, step, share)
        found = function(there)
        if found is not None and (close or found[0].mid() >= value + share * gain / 8):
            return there
        share = share / 2
    return None


def enclosed_maximum(
    function: Function, near: list[arb], modulus: arb | int
) -> tuple[list[arb], arb]:
    """Enclose where a function is largest, and its largest value, from an exact point near by.

    Its Hessian matrix is at most `-modulus` on a convex domain, at whose boundary it falls to minus infinity: so the
    maximum lies within `|gradient|/modulus` of the point, and is at most `|gradient|^2/(2 modulus)` above its value.

    Raises:
        InputError: the point does not lie in the domain.
    """
    found = function(near)
    if found is None:
        raise InputError("the point is too close to the boundary of the domain")
    value, gradient, _ = found
    distance = (sum((abs(g) for g in gradient), arb(0)) / modulus).upper()
    above = (distance**2 * modulus).upper() / 2
    return [a + arb(0, distance) for a in near], value + above / 2 + arb(0, above / 2)
