"""Analytic functions on a segment: a Bernstein ellipse around it, a bound there, and Chebyshev remainders from both."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp
from flint import acb, arb, ctx

from mfcheck.errors import InputError
from mfcheck.rigor.program import program
from mfcheck.symbolic.activation import X

_HEIGHTS = (4.0, 2.4, 1.6, 1.2, 0.8, 0.5, 0.3, 0.15, 0.06)
"""Half-heights of the ellipses that are tried, in units of the argument."""


@dataclass(frozen=True)
class Ellipse:
    """f on [-1, 1] is analytic, and at most `size`, in the Bernstein ellipse of parameter `r` > 1.

    Its Chebyshev coefficients are at most `2 size r^-n`; p is the truncation to a degree.
    """

    r: arb
    size: arb

    def rest(self, degree: int) -> arb:
        """Bound |f - p|."""
        return 2 * self.size * self.r**-degree / (self.r - 1)

    def slope_rest(self, degree: int) -> arb:
        """Bound |sqrt(1-x^2) (f - p)'|, by the sum of n times the coefficients beyond."""
        change = (degree * (self.r - 1) + self.r) / (self.r - 1) ** 2
        return 2 * self.size * self.r**-degree * change

    def degree(self, bound: arb, rest: Callable[[int], arb]) -> int:
        """Return a degree at which the rest is below the bound."""
        degree = 8
        while not rest(degree) < bound:
            degree += max(2, degree // 16)
        return degree


def ellipse(expr: sp.Expr, half_width: arb) -> Ellipse:
    """Return an ellipse for `f(x) = expr(half_width x)`, expr in X: the one whose remainders fall fastest.

    Raises:
        InputError: the function is not seen to be analytic in any that is tried.
    """
    with ctx.workprec(64):
        best: tuple[float, Ellipse] | None = None
        for height in _HEIGHTS:
            size = _largest(expr, float(half_width.upper()), height)
            if size is None:
                continue
            b = arb(height) / half_width
            found = Ellipse((b + (1 + b * b).sqrt()).lower(), size + arb(10) ** -30)
            cost = (60 + float(found.size.log())) / float(found.r.log())
            if best is None or cost < best[0]:
                best = cost, found
    if best is None:
        raise InputError("the function is not seen to be analytic near the real line")
    return best[1]


def _largest(expr: sp.Expr, half_width: float, height: float) -> arb | None:
    """Bound |expr| on a rectangle that holds the ellipse; None where analyticity is not certain."""
    code = program(expr, (X,), "analytic")
    reach = math.sqrt(half_width**2 + height**2) * (1 + 1e-12)
    across, up = math.ceil(2 * reach / height * 3), 3
    dx, dy = reach / across, height / up / 2
    boxes = [
        (-reach + (2 * i + 1) * dx, (2 * j + 1) * dy, dx, dy, 0)
        for i in range(across)
        for j in range(up)
    ]
    largest = arb(0)
    while boxes:
        x, y, dx, dy, level = boxes.pop()
        value = code(acb(arb(x, dx * (1 + 1e-9)), arb(y, dy * (1 + 1e-9))))
        if value.is_finite():
            largest = largest.max(abs(value).upper())
        elif level == 5:
            return None
        else:
            boxes += [
                (x + s * dx / 2, y + t * dy / 2, dx / 2, dy / 2, level + 1)
                for s in (-1, 1)
                for t in (-1, 1)
            ]
    return largest
