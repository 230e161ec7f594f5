"""Solutions of systems of equations in certificates: a box, and an approximate inverse of the slopes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray
from sympy.core.function import AppliedUndef

from mfcheck.errors import InputError
from mfcheck.rigor.certificate import Certificate, formula_text, make

_NODES, _STEP = 400, 1e-5
Array = NDArray[np.float64]


@dataclass(frozen=True)
class System:
    """Equations in several unknowns, and an enclosed solution.

    Attributes:
        unknowns: symbols.
        equations: expressions that vanish, as many; `certificate.normal` for means.
        values: balls of the unknowns.
        quantities: what other symbols stand for, such as constants of a paper: expressions in the unknowns.
    """

    unknowns: tuple[sp.Symbol, ...]
    equations: tuple[sp.Expr, ...]
    values: tuple[arb, ...]
    quantities: Mapping[sp.Symbol, sp.Expr] = field(default_factory=dict)


def system(
    equations: Sequence[sp.Expr],
    unknowns: Sequence[sp.Symbol],
    values: Sequence[arb],
    digits: int,
    slope_bits: int = 8,
) -> Certificate:
    """State that the equations have exactly one solution in a box around the values.

    Args:
        equations: in the unknowns alone, with `certificate.normal` for means.
        unknowns: symbols.
        values: balls of the solution.
        digits: the box goes `10^-digits` to both sides.
        slope_bits: accuracy of means in the derivatives.

    Raises:
        InputError: a function that the checker does not know, or equations that are degenerate.
    """
    radius = Fraction(1, 10**digits)
    with ctx.workdps(digits + 15):
        near = [Decimal(v.mid().str(digits + 5, radius=False)) for v in values]
    boxes = [[str(x - Decimal(10) ** -digits), str(x + Decimal(10) ** -digits)] for x in near]
    slopes = jacobian(equations, unknowns, [float(x) for x in near])
    try:
        inverse = np.linalg.inv(slopes)
    except np.linalg.LinAlgError:
        raise InputError("the equations are degenerate at their solution") from None
    claim: Certificate = {
        "equations": [formula_text(f) for f in equations],
        "unknowns": {x.name: ends for x, ends in zip(unknowns, boxes, strict=True)},
        "inputs": {},
    }
    bits = 8 * math.ceil((math.log2(1 / radius) + 4) / 8)  # as those of means: see certificate
    rows = [[str(Decimal(f"{x:.6g}")) for x in row] for row in inverse.tolist()]
    return make("system", claim, {"bits": bits, "slope_bits": slope_bits, "inverse": rows})


def jacobian(
    equations: Sequence[sp.Expr], unknowns: Sequence[sp.Symbol], at: Sequence[float]
) -> Array:
    """Approximate the derivatives by differences; means as sums over nodes. Nothing rests on their accuracy."""
    columns = []
    codes = [_code(f, unknowns) for f in equations]
    for k in range(len(unknowns)):
        ends = []
        for side in (1, -1):
            moved = [x + side * _STEP * (i == k) for i, x in enumerate(at)]
            ends.append(np.array([code(*moved) for code in codes], float))
        columns.append((ends[0] - ends[1]) / (2 * _STEP))
    return np.array(columns).T


def _code(equation: sp.Expr, unknowns: Sequence[sp.Symbol]) -> "_Code":
    means = sorted(
        (f for f in equation.atoms(AppliedUndef) if f.func.__name__ == "normal"), key=str
    )
    names = [sp.Dummy() for _ in means]
    bodies = [sp.lambdify([m.args[0], *unknowns], m.args[1], cse=True) for m in means]
    outer = equation.xreplace(dict(zip(means, names, strict=True)))
    return _Code(bodies, sp.lambdify([*names, *unknowns], outer, cse=True))


@dataclass(frozen=True)
class _Code:
    bodies: Sequence[object]
    outer: object

    def __call__(self, *at: float) -> float:
        x = np.linspace(-12, 12, _NODES)
        weights = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi) * (x[1] - x[0])
        means = [float(np.sum(weights * body(x, *at))) for body in self.bodies]  # type: ignore[operator]
        return float(self.outer(*means, *at))  # type: ignore[operator]
