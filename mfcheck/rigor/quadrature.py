"""Gauss-Legendre panels for `E[phi(xi) h_r(xi)]`, `r < count`, with certified remainders.

All orders share the nodes. On a panel of half-width `delta` let `F = phi h_r exp(-z^2/2)/sqrt(2 pi)` be
analytic with `|F| <= M` in the ellipse of parameter `rho`. Then N nodes leave a remainder of at most
`(64/15) M delta rho^(-2N) / (1 - rho^-2)` (Trefethen, SIAM Review 50 (2008), Theorem 4.5). Mehler's
formula at `(z, conj z)`, `z = X + iY`, bounds every normalised Hermite polynomial: for any 0 < t < 1,
`|h_r(z) exp(-z^2/2)|^2 <= t^-r (1-t^2)^(-1/2) exp(Y^2/(1-t) - X^2/(1+t))`.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from flint import acb, arb, arb_mat, arb_poly, ctx

from mfcheck.errors import InputError
from mfcheck.rigor.integrate import clip
from mfcheck.rigor.pieces import Piece
from mfcheck.rigor.program import Program, program
from mfcheck.rigor.real_functions import natural_power
from mfcheck.symbolic.activation import X

_RHOS = (12.0, 8.0, 6.0, 4.5, 3.6, 3.0, 2.5, 2.1, 1.8, 1.5)
_DAMPINGS = tuple(1 - 0.95 * 0.7**k for k in range(20))
_COLUMNS, _ROWS = 8, 3
_PANEL = 2.0
_MAX_DEPTH = 40
_MAX_PLANS = 600
_LOW_PREC = 64


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel `[lower, upper]` in `xi`, its number of nodes, and a bound of the remainder."""

    lower: arb
    upper: arb
    nodes: int
    remainder: arb


def hermite_integrals(
    parts: Sequence[Piece], count: int, cutoff: int, digits: int, symmetry: int = 0
) -> list[arb]:
    """Enclose `E[s0(sqrt2 xi) h_r(xi); |sqrt2 xi| < cutoff]` for `r < count`.

    Args:
        parts: the pieces of `s0`.
        count: number of integrals.
        cutoff: where the tails were cut.
        digits: absolute accuracy.
        symmetry: 1 for an even function, -1 for an odd one, 0 otherwise.

    Raises:
        InputError: `s0` is not seen to be analytic near some point of a piece.
    """
    # With t = 1/2 in Mehler's formula |h_r(ix)| exp(-x^2/2) <= 2^(r/2) 1.2: what cancels among the moments.
    with ctx.workprec(int(digits * math.log2(10) + 0.5 * count) + 48):
        rule = _Rule.of(parts, count, cutoff, digits, half=symmetry != 0)
        values = [arb(0)] * count
        for start in (0, 1) if symmetry == 0 else (0,) if symmetry == 1 else (1,):
            for r, value in zip(range(start, count, 2), rule.integrals(start, count), strict=True):
                values[r] = value if symmetry == 0 else 2 * value
        return values


@dataclass(frozen=True, slots=True)
class _Rule:
    """Nodes, the masses `weight phi(xi) exp(-xi^2/2)/sqrt(2 pi)` at them, and a bound of all remainders."""

    nodes: list[arb]
    masses: list[arb]
    remainder: arb

    @classmethod
    def of(
        cls, parts: Sequence[Piece], count: int, cutoff: int, digits: int, half: bool
    ) -> "_Rule":
        nodes: list[arb] = []
        masses: list[arb] = []
        remainder = arb(0)
        root, scale = arb(2).sqrt(), 1 / (2 * arb.pi()).sqrt()
        for part in parts:
            code = program(part.expr, (X,), "real")
            for panel in _panels(part, count, cutoff, digits, half):
                remainder += panel.remainder
                for xi, weight in _nodes(panel):
                    nodes.append(xi)
                    masses.append(scale * weight * code(root * xi) * (-xi * xi / 2).exp())
        return cls(nodes, masses, arb(0, remainder.upper()))

    def integrals(self, start: int, count: int) -> list[arb]:
        """Use `He_r(x)/r! = sum_i (-1/2)^i/i! x^(r-2i)/(r-2i)!` for r = start, start + 2, ... below count."""
        orders = range(start, count, 2)
        if not orders:
            return []
        moments = self._moments(start, len(orders))
        scaled = [moment / arb(r).fac() for r, moment in zip(orders, moments, strict=True)]
        kernel = [arb(-0.5) ** i / arb(i).fac() for i in range(len(orders))]
        products = arb_poly(scaled) * arb_poly(kernel)
        return [products[q] * arb(r).fac().sqrt() + self.remainder for q, r in enumerate(orders)]

    def _moments(self, start: int, count: int) -> list[arb]:
        """Return `sum_k mass_k x_k^(start + 2q)`, q < count, by baby and giant steps."""
        if not self.nodes:
            return [arb(0)] * count
        width = math.isqrt(count - 1) + 1
        squares = [x * x for x in self.nodes]
        first = [m * x if start else m for m, x in zip(self.masses, self.nodes, strict=True)]
        baby = _powers(first, squares, width)
        giant = _powers([arb(1)] * len(squares), [natural_power(s, width) for s in squares], width)
        table = (arb_mat(baby) * arb_mat(giant).transpose()).tolist()
        return [table[q % width][q // width] for q in range(count)]


def _powers(first: list[arb], factors: list[arb], count: int) -> list[list[arb]]:
    """Return the rows `first_k factors_k^i` for i < count."""
    rows = [first]
    for _ in range(count - 1):
        rows.append([a * b for a, b in zip(rows[-1], factors, strict=True)])
    return rows


def _nodes(panel: Panel) -> Iterator[tuple[arb, arb]]:
    centre, delta = (panel.lower + panel.upper) / 2, (panel.upper - panel.lower) / 2
    for root, weight in _legendre(panel.nodes, ctx.prec):
        yield centre + delta * root, delta * weight


@lru_cache(maxsize=64)
def _legendre(nodes: int, prec: int) -> list[tuple[arb, arb]]:
    with ctx.workprec(prec):
        return [arb.legendre_p_root(nodes, k, weight=True) for k in range(nodes)]


def _panels(part: Piece, count: int, cutoff: int, digits: int, half: bool) -> list[Panel]:
    ends = clip(part, cutoff, half)
    if ends is None or part.expr == 0:
        return []
    lower, upper = (end / arb(2).sqrt() for end in ends)
    pieces = max(1, math.ceil(float((upper - lower).mid()) / _PANEL))
    marks = [lower + (upper - lower) * k / pieces for k in range(pieces + 1)]
    with ctx.workprec(_LOW_PREC):
        code = program(part.expr, (X,), "analytic")
    planner = _Planner(code, count - 1, digits, 2 * digits + count // 4 + 40, _MAX_PLANS)
    return [panel for k in range(pieces) for panel in planner.plan(marks[k], marks[k + 1], 0)]


@dataclass(slots=True)
class _Planner:
    """Chooses ellipses and numbers of nodes; bisects panels that would need too many."""

    code: Program
    order: int
    digits: int
    most_nodes: int
    plans_left: int

    def plan(self, lower: arb, upper: arb, depth: int) -> list[Panel]:
        self.plans_left -= 1
        if self.plans_left < 0:
            raise InputError(
                "the activation varies too fast for its Hermite coefficients to be integrated"
            )
        with ctx.workprec(_LOW_PREC):
            found = [plan for rho in _RHOS if (plan := self.on_ellipse(lower, upper, rho))]
        best = min(found, key=lambda panel: panel.nodes, default=None)
        if best and best.nodes <= self.most_nodes:
            return [best]
        if depth == _MAX_DEPTH:
            raise InputError(
                f"no neighbourhood of x = {float(lower.mid()) * 2**0.5:.6g} is seen to be analytic"
            )
        middle = (lower + upper) / 2
        return self.plan(lower, middle, depth + 1) + self.plan(middle, upper, depth + 1)

    def on_ellipse(self, lower: arb, upper: arb, rho: float) -> Panel | None:
        centre, delta = (lower + upper) / 2, (upper - lower) / 2
        wide, high = delta * (rho + 1 / rho) / 2, delta * (rho - 1 / rho) / 2
        largest = self.largest(centre, wide, high)
        if largest is None:
            return None
        nearest = (abs(centre) - wide).max(arb(0)).lower()
        bound = (
            (largest + arb(2) ** -_LOW_PREC)
            * delta
            * weighted_hermite_bound(self.order, nearest, high.upper())
        )
        needed = (self.digits + 2) * math.log(10) + float(bound.upper().log().mid())
        nodes = max(4, 4 * math.ceil(needed / (2 * math.log(rho)) / 4))
        remainder = arb(64) / 15 * bound * arb(rho) ** (-2 * nodes) / (1 - arb(rho) ** -2)
        return Panel(lower, upper, nodes, remainder)

    def largest(self, centre: arb, wide: arb, high: arb) -> arb | None:
        """Bound `|phi|` on the ellipse; its values at conjugate points are conjugate."""
        largest = arb(0)
        for i in range(-_COLUMNS, _COLUMNS):
            for j in range(_ROWS):
                inner = min(abs(i), abs(i + 1)) / _COLUMNS
                if inner**2 + (j / _ROWS) ** 2 >= 1:
                    continue
                x = centre + wide * arb(i).union(arb(i + 1)) / _COLUMNS
                y = high * arb(j).union(arb(j + 1)) / _ROWS
                value = self.code(acb(x, y) * arb(2).sqrt())
                if not value.is_finite():
                    return None
                largest = largest.max(value.abs_upper())
        return largest


def weighted_hermite_bound(order: int, nearest: arb, high: arb) -> arb:
    """Bound `|h_r(z) exp(-z^2/2)| / sqrt(2 pi)` for `r <= order`, `|Re z| >= nearest`, `|Im z| <= high`."""
    x2, y2 = float(nearest) ** 2, float(high) ** 2

    def exponent(t: float) -> float:
        return -order * math.log(t) - math.log(1 - t * t) / 2 + y2 / (1 - t) - x2 / (1 + t)

    t = arb(min(_DAMPINGS, key=exponent))
    squared = (
        t**-order
        * (1 - t * t).rsqrt()
        * (high * high / (1 - t) - nearest * nearest / (1 + t)).exp()
    )
    return (squared / (2 * arb.pi())).sqrt()
