"""Certified interpolants of the residual kernel at any depth, built by doubling the depth.

As a function of `x = v^(1/2)` (`v = 1 - u`, and `1 + u` for u < 0) the kernel is analytic wherever |u| < 1, and there
|r_L| <= 1, |d rho_L/du| <= 1 and |rho_L| <= 1: power series with coefficients >= 0 are bounded by their values at 1.
A disc of centre m and radius (2^(1/2) - 1) m in x lies in that domain, so on panels of fixed ratio Chebyshev
interpolation converges at a rate known beforehand, the same for every depth and alpha; no derivative is estimated.

Depth m + n follows from the interpolants of m and n, by `rho_(m+n) = rho_n(rho_m)` and the chain rule for B, so depth
10^6 costs twenty doublings, not a million steps.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from flint import arb, arb_mat, arb_poly, ctx
from numpy.typing import NDArray

from mfcheck.errors import InputError
from mfcheck.kernels.enclosure import Kernel, Layer
from mfcheck.rigor.ball import compare

Array = NDArray[np.float64]

BINADES = 72
"""Panels of v: [2^-(k+1), 2^-k], k < BINADES, on each side; so many that 10^7 layers move no node out of the last."""
TABLE_BINADES = 54
"""1 - u and 1 + u of a double below 1 are at least 2^-53."""
SPLIT = 8
TABLE_NODES = 12
_DISC = math.sqrt(2) - 1
_LOSS = 1.1
"""Digits set aside for each doubling, since each step interpolates values that carry the errors of the last."""


def _rate(ratio: float) -> float:
    """Return a lower bound on rho of the Bernstein ellipse inside the disc, for a panel of that ratio of ends."""
    size = _DISC * (ratio + 1) / (ratio - 1)
    return (size + math.sqrt(size**2 - 1)) * (1 - 1e-12)


def _remainder(ratio: float, nodes: int) -> float:
    """Return an upper bound on the error at Chebyshev nodes of a function with |f| <= 1 in the disc."""
    rho = _rate(ratio)
    return 4 * rho ** (1 - nodes) / (rho - 1) * (1 + 1e-9)


def _lebesgue(nodes: int) -> float:
    """Return an upper bound on the Lebesgue constant of Chebyshev nodes."""
    return 1 + 2 / math.pi * math.log(nodes + 1)


@dataclass(frozen=True)
class _Values:
    """Values at a point of each side: `move` is v_n/v at u >= 0, (rho_n - u)/(n a) at u < 0; the slope B; r_n."""

    move: arb
    slope: arb
    mean: arb


ValuesAt = Callable[[int, arb, int, int], _Values]
"""Values by side, v, and the numbers of panel and node."""


@dataclass(frozen=True)
class _Stage:
    """Interpolants of depth n: polynomials in t in [-1, 1], by side, panel and quantity, with their errors as balls.

    `known` holds the values at the nodes, which carry no error of interpolation.
    """

    depth: int
    polynomials: Sequence[Sequence[Sequence[tuple[arb_poly, arb]]]]
    known: Sequence[Sequence[Sequence[_Values]]]


@dataclass(frozen=True)
class _Grid:
    """Chebyshev nodes in t, and the matrix from values to monomial coefficients."""

    nodes: tuple[arb, ...]
    coefficients: arb_mat

    @classmethod
    def of(cls, count: int) -> "_Grid":
        with ctx.workprec(ctx.prec + 4 * count):  # the matrix is ill conditioned, like 2.4^count
            nodes = tuple((arb.pi() * (2 * i + 1) / (2 * count)).cos().mid() for i in range(count))
            powers = [[node**k if k else arb(1) for k in range(count)] for node in nodes]
            return cls(nodes, arb_mat(powers).inv())

    def fit(self, values: Sequence[arb], error: float) -> tuple[arb_poly, arb]:
        """Return the polynomial through the middles, and a ball for all errors."""
        middles = arb_mat([[value.mid()] for value in values])
        found = self.coefficients * middles
        radius = max(values, key=lambda x: float(x.rad())).rad() * _lebesgue(len(self.nodes))
        polynomial = arb_poly([found[k, 0] for k in range(len(self.nodes))])
        return polynomial, arb(0, (radius + error).upper())


def _panel(square: arb) -> int:
    """Return the panel of v: k with v in [2^-(k+1), 2^-k], as the middle tells."""
    exponent = math.frexp(float(square.mid()))[1]  # v = f 2^exponent, f in [1/2, 1)
    return min(max(-exponent, 0), BINADES - 1)


@lru_cache(maxsize=4096)
def _ends(panel: int, prec: int) -> tuple[arb, arb]:
    """Return centre and half-width of a panel in x."""
    with ctx.workprec(prec):
        lower, upper = (arb(2) ** (-panel - 1)).sqrt(), (arb(2) ** -panel).sqrt()
        return ((upper + lower) / 2).mid(), ((upper - lower) / 2).mid()


@dataclass(frozen=True)
class _Builder:
    a: arb
    grid: _Grid
    prec: int

    def first(self) -> _Stage:
        """Return the interpolants of one layer, from its formulas."""
        layer = Layer.here()

        def values(side: int, square: arb, _panel: int, _node: int) -> _Values:
            angle = layer.at(square if side == 0 else 2 - square)
            gap = layer.gap(angle)
            move = 1 - self.a * gap / square if side == 0 else gap
            return _Values(move, layer.slope(angle, self.a), layer.half_term(angle))

        return self._interpolate(1, values)

    def compose(self, inner: _Stage, outer: _Stage) -> _Stage:
        """Return the interpolants of the sum of two depths."""
        m, n = inner.depth, outer.depth

        def values(side: int, square: arb, panel: int, node: int) -> _Values:
            first = inner.known[side][panel][node]
            there, other = self._moved(side, square, first.move, m)
            second = self.at(outer, there, other)
            mean = (second.slope * first.mean * m + second.mean * n) / (m + n)
            move = self._total(side, square, (first, second), (there, other), (m, n))
            return _Values(move, first.slope * second.slope, mean)

        return self._interpolate(m + n, values)

    def _moved(self, side: int, square: arb, move: arb, depth: int) -> tuple[int, arb]:
        """Return the side, and v or w, after `depth` layers."""
        if side == 0:
            return 0, square * move
        grown = square + self.a * depth * move
        return (1, grown) if compare(grown, arb(1)) == "<" else (0, 2 - grown)

    def _total(
        self,
        side: int,
        square: arb,
        stages: tuple[_Values, _Values],
        there: tuple[int, arb],
        depths: tuple[int, int],
    ) -> arb:
        first, second = stages
        if side == 0:
            return first.move * second.move
        m, n = depths
        if there[0] == 1:
            return (first.move * m + second.move * n) / (m + n)
        return (2 - square - there[1] * second.move) / (self.a * (m + n))

    def at(self, stage: _Stage, side: int, square: arb) -> _Values:
        """Enclose the values of a stage at one point."""
        panel, t = self._position(square)
        found = [p(t) + error for p, error in stage.polynomials[side][panel]]
        return _Values(*found)

    def mean_at(self, stage: _Stage, side: int, square: arb) -> arb:
        """Enclose r_n alone."""
        panel, t = self._position(square)
        polynomial, error = stage.polynomials[side][panel][2]
        return polynomial(t) + error

    def _position(self, square: arb) -> tuple[int, arb]:
        panel = _panel(square)
        centre, half = _ends(panel, self.prec)
        t = (square.sqrt() - centre) / half
        if not abs(t) < 1.0001:
            raise InputError("the interpolant was asked for a point outside its panels")
        return panel, t

    def _interpolate(self, depth: int, values: ValuesAt) -> _Stage:
        sides, known = [], []
        for side in (0, 1):
            found = [
                [values(side, square, panel, node) for node, square in enumerate(squares)]
                for panel, squares in enumerate(self.squares)
            ]
            known.append(found)
            sides.append([self._fit(panel, side) for panel in found])
        return _Stage(depth, sides, known)

    def _fit(self, found: Sequence[_Values], side: int) -> tuple[tuple[arb_poly, arb], ...]:
        error = _remainder(math.sqrt(2), len(self.grid.nodes))
        return (
            self.grid.fit([f.move for f in found], error * (1 + side)),
            self.grid.fit([f.slope for f in found], error),
            self.grid.fit([f.mean for f in found], error),
        )

    @cached_property
    def squares(self) -> Sequence[Sequence[arb]]:
        """Return v at the nodes of each panel."""
        ends = [_ends(panel, self.prec) for panel in range(BINADES)]
        return [[(c + h * t) ** 2 for t in self.grid.nodes] for c, h in ends]


@dataclass(frozen=True)
class Interpolant:
    """The kernel r_L as a table of polynomials, and a certified bound on the error of its values in double precision.

    `coefficients[side, panel]` has shape (`TABLE_BINADES * SPLIT`, `TABLE_NODES`) a side, highest power first, in
    `t = (x - centre) * inverse`. The bound `error` holds for every double u in [-1, 1], and for v >= 2^-54 or v = 0
    where v is given; it includes the rounding of the evaluation by Horner's rule.
    """

    depth: int
    coefficients: Array
    centre: Array
    inverse: Array
    at_minus_one: float
    error: float


def interpolant(kernel: Kernel) -> Interpolant:
    """Build the certified interpolant of a kernel; seconds at depth 1000, half a minute at 10^6, minutes at 10^7.

    Raises:
        InputError: the accuracy is out of reach.
    """
    doublings = max(1, kernel.depth.bit_length() + kernel.depth.bit_count() - 2)
    nodes = math.ceil((17.5 + _LOSS * doublings) / math.log10(_rate(math.sqrt(2))))
    prec = 100 + 2 * nodes
    with ctx.workprec(prec):
        builder = _Builder(kernel.a, _Grid.of(nodes), prec)
        stage = _power(builder, kernel.depth)
        return _table(builder, stage, kernel)


def _power(builder: _Builder, depth: int) -> _Stage:
    """Binary powers: the bits of the depth from the highest."""
    one = builder.first()
    stage = one
    for bit in bin(depth)[3:]:
        stage = builder.compose(stage, stage)
        if bit == "1":
            stage = builder.compose(one, stage)
    return stage


def _table(builder: _Builder, stage: _Stage, kernel: Kernel) -> Interpolant:
    grid = _Grid.of(TABLE_NODES)
    shape = (2, TABLE_BINADES * SPLIT)
    coefficients = np.zeros((*shape, TABLE_NODES))
    centres, inverses, worst = np.zeros(shape[1]), np.zeros(shape[1]), 0.0
    for index in range(shape[1]):
        lower, upper = _subpanel(index)
        centres[index] = float(((upper + lower) / 2).mid())
        inverses[index] = 1 / float(((upper - lower) / 2).mid())
        centre, half = arb(centres[index]), 1 / arb(inverses[index])
        for side in (0, 1):
            values = [builder.mean_at(stage, side, (centre + half * t) ** 2) for t in grid.nodes]
            fitted, error = grid.fit(
                values, _remainder(math.sqrt(1 + 1 / SPLIT) * (1 + 1e-12), TABLE_NODES)
            )
            exact = [fitted[k] for k in range(TABLE_NODES)]
            row = np.array([float(c.mid()) for c in exact])
            coefficients[side, index] = row[::-1]
            conversion = sum((abs(c - float(c.mid())) for c in exact), arb(0))
            position = float(centre.mid()) * inverses[index]
            total = float((error + conversion).abs_upper()) + _rounding(row, position)
            worst = max(worst, total)
    at_end = kernel(arb(-1))
    if not worst < 1e-9:
        raise InputError("the accuracy of the interpolant is out of reach")
    return Interpolant(kernel.depth, coefficients, centres, inverses, float(at_end.mid()), worst)


def _subpanel(index: int) -> tuple[arb, arb]:
    """Return the ends in x of v in 2^-(k+1) [1 + j/SPLIT, 1 + (j+1)/SPLIT], index = SPLIT k + j."""
    k, j = divmod(index, SPLIT)
    scale = arb(2) ** (-k - 1)
    lower, upper = (scale * (1 + arb(i) / SPLIT) for i in (j, j + 1))
    return lower.sqrt(), upper.sqrt()


_UNIT = 2.0**-53


def _rounding(row: Array, position: float) -> float:
    """Bound the rounding of Horner's rule in t and of t itself, |t| <= 1.001; `position` is centre over half-width.

    Relative errors: 1 unit of v, so 1/2 of x, and 1 of the root; the difference is exact up to 1, the product 1. So t
    is off by at most 3 units of `position + 1`, and the k-th term of the sum by 2k + 1 units.
    """
    k = np.arange(len(row))
    size = np.abs(row) * 1.001**k
    slope = float(k @ size) * (position + 1)
    return float(1.01 * _UNIT * (3 * slope + (2 * k + 2) @ size))
