"""Gaussian moments of an activation and its derivatives: the generic `phi` replaced piece by piece.

Where the activation has kinks, `phi''` has point masses. They count in `E[phi phi'']`, whose other factor is
continuous; `E[phi''^2]` does not exist.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import sympy as sp
from flint import arb, ctx

from mfcheck.errors import InputError
from mfcheck.gaussian.expectations import Number, expectation_of
from mfcheck.rigor.ball import enclose, exact
from mfcheck.rigor.pieces import Piece, differs_from_zero, pieces, split
from mfcheck.symbolic.activation import Activation, X, float_code
from mfcheck.symbolic.generic import ORDERS, phi0, phi1, phi2, phi3

PHI: tuple[sp.Expr, ...] = (phi0(X), phi1(X), phi2(X), phi3(X))
"""The generic activation at `X`, and its first three derivatives there."""
phi, dphi, d2phi, d3phi = PHI

_GENERIC = tuple(name for names in ORDERS for name in names)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_FLOAT_RADIUS = 12.0
_MAX_PANELS = 20_000


@dataclass(frozen=True, slots=True)
class Atom:
    """A point mass: the expectation gains `weight` times the Gaussian density at `at`."""

    at: sp.Expr
    weight: sp.Expr


@dataclass(frozen=True, slots=True)
class Moment:
    """A function to be averaged: its pieces, point masses, and its one expression where it is smooth."""

    parts: tuple[Piece, ...]
    atoms: tuple[Atom, ...]
    whole: sp.Expr | None

    def enclosed(self, variance: Number, mean: Number = 0, digits: int = 15) -> arb:
        """Enclose the expectation; accuracy and errors as for `expectation`."""
        value = expectation_of(self.parts, variance, mean, digits, self.whole)
        if not self.atoms:
            return value
        with ctx.workprec(math.ceil(digits * math.log2(10)) + 40):
            q, m = _ball(variance), _ball(mean)
            for atom in self.atoms:
                gap = enclose(atom.at, prec=ctx.prec) - m
                density = (-gap * gap / (2 * q)).exp() / (2 * arb.pi() * q).sqrt()
                value += enclose(atom.weight, prec=ctx.prec) * density
        return value

    def number(self, variance: float, mean: float = 0.0) -> float:
        """Return the expectation in double precision, by Gauss-Legendre panels between the cuts."""
        root = math.sqrt(variance)
        if root == 0:
            inside = [p for p in self.parts if p.lower <= mean <= p.upper]
            return float(float_code(inside[0].expr)(np.array([mean]))[0])
        total = sum(_float_part(part, root, mean) for part in self.parts)
        for atom in self.atoms:
            gap = (float(atom.at) - mean) / root
            total += float(atom.weight) * math.exp(-gap * gap / 2) / (math.sqrt(2 * math.pi) * root)
        return total


def _ball(value: Number) -> arb:
    return value if isinstance(value, arb) else exact(value)


def _float_part(part: Piece, root: float, mean: float) -> float:
    if part.expr == 0:
        return 0.0
    lower = max(-_FLOAT_RADIUS, (float(part.lower) - mean) / root)
    upper = min(_FLOAT_RADIUS, (float(part.upper) - mean) / root)
    if not lower < upper:
        return 0.0
    if part.expr.has(sp.Pow) and any(_is_root(factor) for factor in part.expr.atoms(sp.Pow)):
        # A power that is not whole is not smooth at its zero: the closed form is.
        alone = [part]
        if part.lower != -sp.oo:
            alone.insert(0, Piece(-sp.oo, part.lower, sp.Integer(0)))
        if part.upper != sp.oo:
            alone.append(Piece(part.upper, sp.oo, sp.Integer(0)))
        return float(expectation_of(alone, arb(root) * arb(root), arb(mean), 15))
    count = math.ceil((upper - lower) * max(1.0, root / 1.5))
    if count > _MAX_PANELS:
        raise InputError("the variance is too large for the expectation in double precision")
    width = (upper - lower) / count
    z = lower + width * (np.arange(count)[:, None] + (_NODES + 1) / 2)
    values = float_code(part.expr)(mean + root * z) * np.exp(-z * z / 2)
    return float((values @ _WEIGHTS).sum() * width / 2 / math.sqrt(2 * math.pi))


def _is_root(factor: sp.Expr) -> bool:
    return bool(factor.base == X or factor.base == -X) and not factor.exp.is_Integer


@lru_cache(maxsize=1024)
def moment(f: sp.Expr, activation: Activation | sp.Expr | None = None) -> Moment:
    """Prepare `E f`, f an expression in `X` and the generic `phi`, `dphi`, ... at `X`.

    Raises:
        InputError: `f` needs an activation and there is none, or a derivative of a kink that is no function
            enters other than linearly with a continuous factor.
    """
    f = sp.sympify(f)
    if not f.has(*_GENERIC):
        return _plain(f)
    if activation is None:
        raise InputError("the expectation holds a generic activation: name one")
    expr = activation.expr if isinstance(activation, Activation) else sp.sympify(activation)
    if len(parts := pieces(expr)) == 1:
        return _plain(_special(f, Activation("", parts[0].expr)))
    return _kinked(f, expr, parts)


def specialised(f: sp.Expr, activation: Activation | sp.Expr | None) -> sp.Expr:
    """Put an activation for the generic one.

    Raises:
        InputError: there is none, or a kink or jump is differentiated so that no function remains.
    """
    f = sp.sympify(f)
    if not f.has(*_GENERIC):
        return f
    if activation is None:
        raise InputError("the expectation holds a generic activation: name one")
    named = activation if isinstance(activation, Activation) else Activation("", activation)
    result = _special(f, named)
    if result.has(sp.DiracDelta):
        raise InputError("a derivative of the activation does not exist at its kink or jump")
    return result


def _plain(f: sp.Expr) -> Moment:
    parts = pieces(f)
    return Moment(parts, (), f if len(parts) > 1 else None)


def _special(f: sp.Expr, activation: Activation) -> sp.Expr:
    for order, names in enumerate(ORDERS):
        if f.has(*names):
            derivative = activation.derivative(order)
            for name in names:
                f = f.replace(name, lambda u, d=derivative: d.subs(X, u))
    return f


def _kinked(f: sp.Expr, expr: sp.Expr, parts: tuple[Piece, ...]) -> Moment:
    if any(call.args[0] != X for call in f.atoms(*_GENERIC)):
        raise InputError(
            "with a kinked activation, its argument in an expectation must be x itself"
        )
    found: list[Piece] = []
    for part in parts:
        smooth = _special(f, Activation("", part.expr))
        found.extend(split(Piece(part.lower, part.upper, smooth)))
    atoms = [atom for left, right in pairwise(parts) for atom in _atoms(f, left, right)]
    whole = None
    if not f.has(*ORDERS[1], *ORDERS[2], *ORDERS[3]):
        whole = f.replace(phi0, lambda u: expr.subs(X, u))
    return Moment(tuple(found), tuple(atoms), whole)


def _atoms(f: sp.Expr, left: Piece, right: Piece) -> list[Atom]:
    """Return the point mass of `f` at the cut between two pieces of the activation."""
    at = left.upper
    jumped = None
    for order, names in enumerate(ORDERS):
        if jumped is not None and f.has(*names):
            if jumped != order - 1:
                raise InputError(
                    f"a derivative of the activation does not exist at its kink x = {at}"
                )
            return [_mass(f, order, left, right)]
        difference = sp.diff(right.expr - left.expr, X, order).subs(X, at)
        if jumped is None and (not difference.is_finite or differs_from_zero(difference)):
            jumped = order
    return []


def _mass(f: sp.Expr, order: int, left: Piece, right: Piece) -> Atom:
    at, value = left.upper, sp.Dummy("v")
    for name in ORDERS[order]:
        f = f.replace(name, lambda _u: value)
    factor = sp.diff(f, value)
    sides = [_special(factor, Activation("", side.expr)).subs(X, at) for side in (left, right)]
    jump = sp.diff(right.expr - left.expr, X, order - 1).subs(X, at)
    refusal = InputError(
        f"the expectation does not exist: the activation has a kink at x = {at}, where its derivative of "
        f"order {order} is no function"
    )
    if factor.has(value) or any(later in f.atoms(*_GENERIC) for later in PHI[order + 1 :]):
        raise refusal
    if not jump.is_finite or not sides[0].is_finite or differs_from_zero(sides[0] - sides[1]):
        raise refusal
    return Atom(at, jump * sides[0])
