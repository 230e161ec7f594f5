"""Power series with nonnegative coefficients `(1+r)^k mu_r^2`, cut where the remainder is small enough."""

import math
from dataclasses import dataclass
from functools import lru_cache

from flint import arb, arb_poly, ctx

from mfcheck.errors import InputError
from mfcheck.gaussian.hermite import MAX_COUNT, WeightedSums, coefficients, totals
from mfcheck.symbolic.activation import Activation

_FIRST_COUNTS = (64, 256)
_GUARD_DIGITS = 8
ORDERS = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Block:
    """The first `count` terms of the series of each order, and the sums over all later coefficients."""

    count: int
    polynomials: tuple[arb_poly, ...]
    tails: tuple[arb, ...]

    def remainder(self, size: arb, order: int) -> arb:
        """Bound `sum_{r >= count} (1+r)^order mu_r^2 size^r`, for 0 <= size <= 1.

        With `T_j` the tail of order j this is at most `(1+count)^(order-j) size^count T_j`, if
        `(1+r)^(order-j) size^r` decreases from `count` on. An infinite `T_j` is not used.
        """
        best = arb.pos_inf()
        power = size**self.count if size > 0 else arb(0)
        for lower in range(order, -1, -1):
            gap = order - lower
            decreasing = gap == 0 or (size < 1 and (self.count + 1) * -(size.log()) >= gap)
            if self.tails[lower].is_finite() and (decreasing or size == 0):
                best = best.min((self.tails[lower] * power * (self.count + 1) ** gap).upper())
        return best


class DualSeries:
    """The series of one activation; more coefficients are found as arguments near 1 ask for them."""

    def __init__(self, activation: Activation, digits: int) -> None:
        self.activation = activation
        self.digits = digits
        self.prec = int((digits + _GUARD_DIGITS) * math.log2(10)) + 64
        self.totals = totals(activation, digits + _GUARD_DIGITS)
        self._blocks: list[Block] = []

    def value(self, c: arb, order: int) -> arb:
        """Enclose the series at a narrow ball in [-1, 1].

        Raises:
            InputError: more than `MAX_COUNT` terms are needed.
        """
        with ctx.workprec(self.prec):
            size = c.abs_upper().min(arb(1))
            block = self.block(size, order)
            rest = block.remainder(size, order)
            return block.polynomials[order](c) + (arb(0).union(rest) if c >= 0 else arb(0, rest))

    def total(self, order: int) -> arb:
        """Enclose the series at 1, which may be infinite."""
        return (self.totals.plain, self.totals.linear, self.totals.quadratic)[order]

    def block(self, size: arb, order: int) -> Block:
        """Return the first block whose remainder at `|c| <= size` meets the digits asked for.

        Raises:
            InputError: more than `MAX_COUNT` terms are needed.
        """
        if not self._blocks:
            self._grow(_FIRST_COUNTS[0])
        goal = self._goal(size, order)
        while True:
            for block in self._blocks:
                if block.remainder(size, order) <= goal:
                    return block
            few = self._blocks[-1].count < _FIRST_COUNTS[1]
            more = _FIRST_COUNTS[1] if few else self._prediction(size, order, goal)
            if more > MAX_COUNT:
                place = f"|c| = {size.str(8, radius=False)}"
                raise InputError(
                    f"{self.digits} digits of the dual kernel at {place} need too many terms"
                )
            self._grow(more)

    def _goal(self, size: arb, order: int) -> arb:
        """Return the remainder allowed: relative to the value at 1, or at `size` if that is infinite."""
        scale = self.total(order)
        if not scale.is_finite():
            scale = self._blocks[0].polynomials[order](size)
        return scale.abs_lower() * arb(10) ** -(self.digits + 1)

    def _prediction(self, size: arb, order: int, goal: arb) -> int:
        """Guess the number of terms from a tail like `exp(-k sqrt(r)) size^r`; any guess is safe."""
        last, middle = self._blocks[-1], self._blocks[-2]
        tails = [_log(block.remainder(arb(1), 0)) for block in (middle, last)]
        decay = max(0.0, (tails[0] - tails[1]) / (math.sqrt(last.count) - math.sqrt(middle.count)))
        rate = max(0.0, -_log(size))
        count, reached = last.count, _log(last.remainder(size, order))
        while count <= MAX_COUNT:
            fall = decay * (math.sqrt(count) - math.sqrt(last.count)) + rate * (count - last.count)
            if count >= 1.1 * last.count and reached - fall <= _log(goal):
                break
            count += 16
        return count + 16

    def _grow(self, count: int) -> None:
        extra = self.digits + _GUARD_DIGITS + math.ceil(2 * math.log10(count))
        mu = coefficients(self.activation, count, extra)
        marks = sorted({16, 32, *(block.count for block in self._blocks), count})
        with ctx.workprec(self.prec):
            weights = [[(1 + r) ** k * m * m for r, m in enumerate(mu)] for k in ORDERS]
            self._blocks = [self._cut(mu, weights, mark) for mark in marks]

    def _cut(self, mu: list[arb], weights: list[list[arb]], count: int) -> Block:
        rest: WeightedSums = self.totals.minus(mu[:count])
        polynomials = tuple(arb_poly(row[:count]) for row in weights)
        return Block(count, polynomials, (rest.plain, rest.linear, rest.quadratic))


def _log(value: arb) -> float:
    upper = value.upper()
    return float(upper.log().mid()) if upper > 0 and upper.is_finite() else -1e6


@lru_cache(maxsize=16)
def dual_series(activation: Activation, digits: int) -> DualSeries:
    """Return the series of an activation, shared by all that ask for the same digits."""
    return DualSeries(activation, digits)
