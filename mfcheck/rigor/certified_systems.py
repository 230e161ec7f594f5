"""Solutions of systems of equations in certificates: a box, and an approximate inverse of the slopes."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray
from sympy.core.function import AppliedUndef
from sympy.core.sorting import default_sort_key

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
    with ctx.workdps(digits + 15):
        near = tuple(Decimal(v.mid().str(digits + 5, radius=False)) for v in values)
    return _system(tuple(equations), tuple(unknowns), near, digits, slope_bits)


@lru_cache(maxsize=64)
def _system(
    equations: tuple[sp.Expr, ...],
    unknowns: tuple[sp.Symbol, ...],
    near: tuple[Decimal, ...],
    digits: int,
    slope_bits: int,
) -> Certificate:
    """The same around decimals: several checks of a paper rest on the solution of one system."""
    radius = Fraction(1, 10**digits)
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
    code = _code(equations, unknowns)
    for k in range(len(unknowns)):
        ends = [code([x + side * _STEP * (i == k) for i, x in enumerate(at)]) for side in (1, -1)]
        columns.append((ends[0] - ends[1]) / (2 * _STEP))
    return np.array(columns).T


def _code(
    equations: Sequence[sp.Expr], unknowns: Sequence[sp.Symbol]
) -> Callable[[Sequence[float]], Array]:
    """Return the equations as one function of numbers."""
    found = {f for g in equations for f in g.atoms(AppliedUndef) if f.func.__name__ == "normal"}
    means = sorted(found, key=default_sort_key)
    names, x = [sp.Dummy() for _ in means], sp.Dummy()
    bodies = sp.lambdify(
        [x, *unknowns], [m.args[1].xreplace({m.args[0]: x}) for m in means], cse=True
    )
    replaced = dict(zip(means, names, strict=True))
    outer = sp.lambdify([*names, *unknowns], [f.xreplace(replaced) for f in equations], cse=True)
    nodes = np.linspace(-12, 12, _NODES)
    weights = np.exp(-(nodes**2) / 2) / np.sqrt(2 * np.pi) * (nodes[1] - nodes[0])

    def code(at: Sequence[float]) -> Array:
        values = [float(np.sum(weights * body)) for body in bodies(nodes, *at)]
        return np.array(outer(*values, *at), float)

    return code
