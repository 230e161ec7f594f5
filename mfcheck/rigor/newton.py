"""Enclosed solutions of systems of equations: the interval Newton test, which proves that there is one and only one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp
from flint import arb, arb_mat, ctx

from mfcheck.errors import InputError
from mfcheck.rigor.ball import Exact, exact
from mfcheck.rigor.program import program

_STEPS = 60
_INFLATE = 2.0**-10


@dataclass(frozen=True)
class Root:
    """A solution: its enclosure, and the box in which it is the only one; balls in the order of the unknowns."""

    values: tuple[arb, ...]
    unique_in: tuple[arb, ...]


def solve_system(
    equations: Sequence[sp.Expr],
    unknowns: Sequence[sp.Symbol],
    near: Sequence[float],
    given: Mapping[sp.Symbol, arb | Exact] = {},
    digits: int = 15,
) -> Root:
    """Enclose the solution of `equations = 0` near a point.

    Newton's method finds it; then Krawczyk's operator, which maps a box into its interior, proves that the box holds
    exactly one.

    Args:
        equations: as many as unknowns, differentiable.
        unknowns: symbols.
        near: where to start.
        given: values of the other symbols.
        digits: relative accuracy wanted.

    Raises:
        InputError: Newton's method does not settle, or the test cannot decide (a root that is not simple).
    """
    with ctx.workdps(2 * digits + 20):
        system = _System(equations, unknowns, given)
        point = system.settle([arb(x) for x in near])
        for exponent in range(4, digits + 1, 2):
            box = [x + arb(0, (abs(x) + _INFLATE) * arb(10) ** -exponent) for x in point]
            image = system.krawczyk(point, box)
            if all(b.contains_interior(v) for b, v in zip(box, image, strict=True)):
                return Root(tuple(system.tightened(image)), tuple(box))
    raise InputError(
        "no box around the solution is certain to hold exactly one: it may not be simple"
    )


class _System:
    """Equations and their Jacobian matrix as ball programs at the working precision."""

    def __init__(
        self,
        equations: Sequence[sp.Expr],
        unknowns: Sequence[sp.Symbol],
        given: Mapping[sp.Symbol, arb | Exact],
    ) -> None:
        variables = (*unknowns, *given)
        self.size = len(unknowns)
        self.fixed = [v if isinstance(v, arb) else exact(v) for v in given.values()]
        self.code = [program(e, variables) for e in equations]
        self.slopes = [[program(sp.diff(e, x), variables) for x in unknowns] for e in equations]

    def values(self, x: Sequence[arb]) -> list[arb]:
        return [code(*x, *self.fixed) for code in self.code]

    def jacobian(self, x: Sequence[arb]) -> arb_mat:
        return arb_mat([[code(*x, *self.fixed) for code in row] for row in self.slopes])

    def inverse(self, x: Sequence[arb]) -> arb_mat:
        try:
            found = self.jacobian(x).inv()
        except ZeroDivisionError:
            raise InputError("the equations are degenerate at their solution") from None
        return arb_mat(self.size, self.size, [entry.mid() for entry in found.entries()])

    def settle(self, x: list[arb]) -> list[arb]:
        """Return a point at which Newton steps no longer help, without a guarantee."""
        for _ in range(_STEPS):
            step = self.inverse(x) * arb_mat(self.size, 1, self.values(x))
            new = [(a - d).mid() for a, d in zip(x, step.entries(), strict=True)]
            if not all(a.is_finite() for a in new):
                break
            small = arb(2) ** (8 - ctx.prec)
            done = all(abs(a - b) <= (abs(a) + small) * small for a, b in zip(new, x, strict=True))
            x = new
            if done:
                return x
        raise InputError("no solution is found near the starting point")

    def krawczyk(self, point: Sequence[arb], box: Sequence[arb]) -> list[arb]:
        """Return `c - Y f(c) + (1 - Y J(box)) (box - c)`, which holds every solution in the box."""
        n, inverse = self.size, self.inverse(point)
        shift = inverse * arb_mat(n, 1, self.values(point))
        rest = arb_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])
        rest = rest - inverse * self.jacobian(box)
        spread = rest * arb_mat(n, 1, [b - c for b, c in zip(box, point, strict=True)])
        return [c - shift[i, 0] + spread[i, 0] for i, c in enumerate(point)]

    def tightened(self, box: Sequence[arb]) -> list[arb]:
        """Return the enclosure after further steps, which cannot lose the solution."""
        for _ in range(6):
            centre = [b.mid() for b in box]
            image = self.krawczyk(centre, box)
            both = [b.intersection(v) for b, v in zip(box, image, strict=True)]
            if all(a.rad() >= b.rad() for a, b in zip(both, box, strict=True)):
                break
            box = both
        return list(box)
