"""Activations `s0`: one SymPy expression each, from which all other code is derived."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from mfcheck.errors import InputError
from mfcheck.symbolic.expression import FUNCTIONS, parse

X = sp.Symbol("x", real=True)
"""The variable of every activation."""

FloatFunction = Callable[[NDArray[np.float64]], NDArray[np.float64]]

MAX_OPERATIONS = 600
"""Greatest number of operations in the derivative of an activation that a user states."""

MAX_DEGREE = 100
"""Greatest degree of an activation that a user states, counted as if multiplied out."""


@dataclass(frozen=True)
class Activation:
    """A function `s0: R -> R` (2403.09889, Assumption 3)."""

    name: str
    expr: sp.Expr

    def derivative(self, order: int) -> sp.Expr:
        """Return the `order`-th derivative of `s0` as an expression in `X`."""
        return _derivative(self.expr, order)

    def numpy_function(self, order: int = 0) -> FloatFunction:
        """Return float code for the `order`-th derivative, from an array to an array of its shape.

        Raises:
            InputError: that derivative is not a function (a kink was differentiated twice).
        """
        return float_code(self.derivative(order))


class _Softplus(sp.Function):  # type: ignore[misc]
    """`log(1+exp(u))` with a derivative that neither overflows nor cancels."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:  # noqa: ARG002
        return FUNCTIONS["sigmoid"](self.args[0])


@lru_cache(maxsize=256)
def _derivative(expr: sp.Expr, order: int) -> sp.Expr:
    if order == 0:
        return expr
    u = sp.Wild("u")
    hidden = expr.replace(sp.log(1 + sp.exp(u)), _Softplus(u))
    return sp.diff(hidden, X, order).replace(_Softplus, lambda v: sp.log(1 + sp.exp(v)))


@lru_cache(maxsize=256)
def float_code(expr: sp.Expr) -> FloatFunction:
    """Return float code for an expression in `X`, from an array to an array of its shape.

    Raises:
        InputError: the expression is no function (a kink was differentiated twice).
    """
    if expr.has(sp.DiracDelta):
        raise InputError("the activation has a kink: this derivative is not a function")
    u = sp.Wild("u")
    stable = expr.replace(sp.log(1 + sp.exp(u)), _Softplus(u))
    overflow_free = {"_Softplus": lambda v: np.logaddexp(0.0, v)}
    code = sp.lambdify(X, stable, [overflow_free, "scipy", "numpy"])

    def function(x: NDArray[np.float64]) -> NDArray[np.float64]:
        points = np.asarray(x, dtype=np.float64)
        with np.errstate(all="ignore"):
            values = np.asarray(code(points), dtype=np.float64)
        return values if values.shape == points.shape else np.full(points.shape, values)

    return function


LIBRARY: Mapping[str, Activation] = MappingProxyType(
    {
        name: Activation(name, expr)
        for name, expr in {
            "tanh": sp.tanh(X),
            "erf": sp.erf(X),
            "sin": sp.sin(X),
            "cos": sp.cos(X),
            "sigmoid": FUNCTIONS["sigmoid"](X),
            "softplus": FUNCTIONS["softplus"](X),
            "gelu": FUNCTIONS["gelu"](X),
            "silu": FUNCTIONS["silu"](X),
            "arctan": sp.atan(X),
            "isru": X / sp.sqrt(1 + X**2),
        }.items()
    }
)
"""The named activations; every test of activations runs over all of them."""


def activation(text: str) -> Activation:
    """Return the library activation of that name, or the one that a safe expression in `x` states.

    Raises:
        InputError: the text is neither a known name nor an expression of the safe grammar, or its
            value is not a finite real number at one of the sample points in [-4, 4].
    """
    name = text.strip()
    if name in LIBRARY:
        return LIBRARY[name]
    if name.isidentifier() and name in FUNCTIONS:
        name = f"{name}(x)"
    elif name.isidentifier() and name != X.name:
        raise InputError(f"unknown activation {name!r}; known: {', '.join(LIBRARY)}")
    candidate = Activation(name, parse(name, (X.name,)))
    _check_size(candidate)
    _check_real(candidate)
    return candidate


def _check_size(candidate: Activation) -> None:
    if _degree_bound(candidate.expr) > MAX_DEGREE:
        raise InputError(f"activation of degree beyond {MAX_DEGREE}: {candidate.name[:60]!r}")
    if sp.count_ops(candidate.derivative(1)) > MAX_OPERATIONS:
        raise InputError(f"activation too complicated: {candidate.name[:60]!r}")


def _degree_bound(expr: sp.Expr) -> sp.Rational:
    """Bound the degree that products and powers reach when multiplied out, without doing so."""
    if isinstance(expr, sp.Pow) and expr.exp.is_Rational:
        return _degree_bound(expr.base) * abs(expr.exp)
    if isinstance(expr, sp.Mul):
        return sum((_degree_bound(part) for part in expr.args), sp.Integer(0))
    if isinstance(expr, sp.Add):
        return max(_degree_bound(part) for part in expr.args)
    inner = max((_degree_bound(part) for part in expr.args), default=sp.Integer(0))
    return max(inner, sp.Integer(1) if expr.free_symbols else sp.Integer(0))


def _check_real(candidate: Activation) -> None:
    """Refuse what is plainly not a function R -> R; enclosures over R settle the rest later."""
    points = np.arange(-64, 65) / 16
    finite = np.isfinite(candidate.numpy_function()(points))
    if not finite.all():
        at = points[~finite][0]
        raise InputError(f"{candidate.name[:60]!r} is not a finite real number at x = {at:g}")
