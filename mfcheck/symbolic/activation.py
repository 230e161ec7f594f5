"""Activations `s0`: one SymPy expression each, from which all other code is derived."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy import special

from mfcheck.errors import InputError, unknown
from mfcheck.symbolic.expression import FUNCTIONS, parse, plain_name

X = sp.Symbol("x", real=True)
"""The variable of every activation."""


def in_x(expr: sp.Expr) -> sp.Expr:
    """Return a function of one variable as an expression in `X`, whatever symbol it was written with.

    Raises:
        InputError: it has several variables.
    """
    others = expr.free_symbols - {X}
    if not others:
        return expr
    if len(expr.free_symbols) > 1:
        named = ", ".join(sorted(map(str, expr.free_symbols)))
        raise InputError(f"a function of one variable is needed, got one of {named}")
    return expr.xreplace({others.pop(): X})


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


class _OnePlusErf(sp.Function):  # type: ignore[misc]
    """`1 + erf(u)` without cancellation."""


class _OnePlusTanh(sp.Function):  # type: ignore[misc]
    """`1 + tanh(u)` without cancellation."""


class _SechSquared(sp.Function):  # type: ignore[misc]
    """`1 - tanh(u)^2` without cancellation."""


_ONE_PLUS: Mapping[type[sp.Basic], type[sp.Function]] = {sp.erf: _OnePlusErf, sp.tanh: _OnePlusTanh}


@lru_cache(maxsize=256)
def _derivative(expr: sp.Expr, order: int) -> sp.Expr:
    if order == 0:
        return expr
    u = sp.Wild("u")
    hidden = expr.replace(sp.log(1 + sp.exp(u)), _Softplus(u))
    return sp.diff(hidden, X, order).replace(_Softplus, lambda v: sp.log(1 + sp.exp(v)))


def _without_cancelling(expr: sp.Expr) -> sp.Expr:
    """Write `c + c erf(u)`, `c + c tanh(u)` and `c - c tanh(u)^2` by functions that keep their digits far out.

    SymPy would turn `erfc(-u)` into `2 - erfc(u)` and knows no logistic function, so they have names of their own.
    """
    if not expr.args or not expr.has(sp.erf, sp.tanh):
        return expr
    parts = [_without_cancelling(part) for part in expr.args]
    if not isinstance(expr, sp.Add):
        return expr.func(*parts)
    number = sum((part for part in parts if part.is_Number), sp.Integer(0))
    for part in parts:
        whole = None if part.is_Number or number == 0 else _one_plus(part / number)
        if whole is not None:
            return sp.Add(number * whole, *(p for p in parts if p is not part and not p.is_Number))
    return sp.Add(*parts)


def _one_plus(ratio: sp.Expr) -> sp.Expr | None:
    """Return `1 + ratio` as one of the functions above, if it is one."""
    sign, function = ratio.as_coeff_Mul()
    if function.func in _ONE_PLUS and abs(sign) == 1:
        return _ONE_PLUS[function.func](sign * function.args[0])
    if sign == -1 and function.is_Pow and function.exp == 2 and isinstance(function.base, sp.tanh):
        return _SechSquared(function.base.args[0])
    return None


@lru_cache(maxsize=256)
def float_code(expr: sp.Expr) -> FloatFunction:
    """Return float code for an expression in `X`, from an array to an array of its shape.

    Raises:
        InputError: the expression is no function (a kink was differentiated twice).
    """
    if expr.has(sp.DiracDelta):
        raise InputError("the activation has a kink: this derivative is not a function")
    u = sp.Wild("u")
    stable = _without_cancelling(expr).replace(sp.log(1 + sp.exp(u)), _Softplus(u))
    overflow_free = {
        "_Softplus": lambda v: np.logaddexp(0.0, v),
        "_OnePlusErf": lambda v: special.erfc(-v),
        "_OnePlusTanh": lambda v: 2 * special.expit(2 * v),
        "_SechSquared": lambda v: np.cosh(v) ** -2.0,
    }
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
"""The named smooth activations; every test of activations runs over all of them."""

KINKED: Mapping[str, Activation] = MappingProxyType(
    {
        name: Activation(name, expr)
        for name, expr in {
            "relu": sp.Max(0, X),
            "leakyrelu": sp.Max(0, X) + sp.Min(0, X) / 100,
            "hardtanh": sp.Max(-1, sp.Min(1, X)),
            "elu": sp.Max(0, X) + sp.exp(sp.Min(0, X)) - 1,
            "sign": sp.sign(X),
            "step": sp.Heaviside(X),
        }.items()
    }
)
"""The named activations with a kink or a jump; papers that need smoothness refuse them."""

BREAKS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"relu": (0,), "leakyrelu": (0,), "hardtanh": (-1, 1), "elu": (0,), "sign": (0,), "step": (0,)}
)
"""Where the kinked activations have their kinks and jumps (a kink of the second derivative for elu)."""


def relu_power(power: sp.Rational) -> Activation:
    """Return `max(x, 0)^power`.

    Raises:
        InputError: the power is not positive.
    """
    if not power > 0:
        raise InputError("the power of a relu must be positive")
    return Activation(f"relu(x)**({power})", sp.Max(0, X) ** power)


def stairs(
    cuts: Sequence[sp.Rational], heights: Sequence[sp.Rational], base: sp.Rational = sp.S.Zero
) -> Activation:
    """Return the function that starts at `base` and rises by `heights[k]` at `cuts[k]`.

    Raises:
        InputError: cuts and heights differ in number, or there are none.
    """
    if len(cuts) != len(heights) or not cuts:
        raise InputError("a stair needs as many heights as cuts, at least one")
    steps = [height * sp.Heaviside(X - cut) for cut, height in zip(cuts, heights, strict=True)]
    return Activation("stairs", base + sp.Add(*steps))


def activation(text: str) -> Activation:
    """Return the library activation of that name, or the one that a safe expression in `x` states.

    Raises:
        InputError: the text is neither a known name nor an expression of the safe grammar, or its
            value is not a finite real number at one of the sample points in [-4, 4].
    """
    name = text.strip()
    known = plain_name(name) if name.isidentifier() else name
    if known in LIBRARY:
        return LIBRARY[known]
    if known in KINKED:
        return KINKED[known]
    if name.isidentifier() and known in FUNCTIONS:
        name = f"{known}(x)"
    elif name.isidentifier() and name != X.name:
        listed = [*LIBRARY, *KINKED]
        raise unknown("activation", name, listed, "known")
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
