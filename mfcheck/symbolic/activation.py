"""Activations `s0`: one SymPy expression each, from which all other code is derived."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import sympy as sp

from mfcheck.errors import InputError

X = sp.Symbol("x", real=True)
"""The variable of every activation."""


@dataclass(frozen=True)
class Activation:
    """A function `s0: R -> R` (2403.09889, Assumption 3)."""

    name: str
    expr: sp.Expr

    def derivative(self, order: int) -> sp.Expr:
        """Return the `order`-th derivative of `s0` as an expression in `X`."""
        return _derivative(self.expr, order)


@lru_cache(maxsize=256)
def _derivative(expr: sp.Expr, order: int) -> sp.Expr:
    return expr if order == 0 else sp.diff(expr, X, order)


LIBRARY: Mapping[str, Activation] = MappingProxyType(
    {
        name: Activation(name, expr)
        for name, expr in {
            "tanh": sp.tanh(X),
            "erf": sp.erf(X),
            "sin": sp.sin(X),
            "cos": sp.cos(X),
            "sigmoid": 1 / (1 + sp.exp(-X)),
            "softplus": sp.log(1 + sp.exp(X)),
            "gelu": X * (1 + sp.erf(X / sp.sqrt(2))) / 2,
            "silu": X / (1 + sp.exp(-X)),
            "arctan": sp.atan(X),
            "isru": X / sp.sqrt(1 + X**2),
        }.items()
    }
)
"""The named activations; every test of activations runs over all of them."""


def activation(text: str) -> Activation:
    """Return the library activation of that name, or the one that a safe expression in `x` states.

    Raises:
        InputError: the text is neither a known name nor an expression of the safe grammar.
    """
    if text in LIBRARY:
        return LIBRARY[text]
    raise InputError(f"unknown activation {text!r}; known: {', '.join(LIBRARY)}")
