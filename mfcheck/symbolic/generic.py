"""A generic activation: an undefined function with named derivatives, so that identities hold for every `s0`."""

from typing import Any

import sympy as sp


class _Generic(sp.Function):  # type: ignore[misc]
    nargs = 1
    letter = r"\sigma_0"
    mark = ""

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        # A power beside the primes would be a second superscript.
        return rf"{self.letter}{self.mark}\left({printer._print(self.args[0])}\right){power}"


class s3(_Generic):
    """Third derivative of the generic activation."""

    mark = "^{(3)}"


class s2(_Generic):
    """Second derivative of the generic activation."""

    mark = "''"

    def fdiff(self, _argindex: int = 1) -> Any:
        """Return the third derivative."""
        return s3(*self.args)


class s1(_Generic):
    """First derivative of the generic activation."""

    mark = "'"

    def fdiff(self, _argindex: int = 1) -> Any:
        """Return the second derivative."""
        return s2(*self.args)


class s0(_Generic):
    """The generic activation: nothing is known of it but the names of its derivatives.

    >>> x = sp.Symbol("x")
    >>> sp.diff(s0(2 * x), x, 2)
    4*s2(2*x)
    """

    def fdiff(self, _argindex: int = 1) -> Any:
        """Return the first derivative."""
        return s1(*self.args)


class phi3(s3):
    """Third derivative of the generic activation `phi`."""

    letter = r"\phi"


class phi2(s2):
    """Second derivative of the generic activation `phi`."""

    letter = r"\phi"

    def fdiff(self, _argindex: int = 1) -> Any:
        """Return the third derivative."""
        return phi3(*self.args)


class phi1(s1):
    """First derivative of the generic activation `phi`."""

    letter = r"\phi"

    def fdiff(self, _argindex: int = 1) -> Any:
        """Return the second derivative."""
        return phi2(*self.args)


class phi0(s0):
    """The generic activation under the name that most papers give it."""

    letter = r"\phi"

    def fdiff(self, _argindex: int = 1) -> Any:
        """Return the first derivative."""
        return phi1(*self.args)


ORDERS: tuple[tuple[Any, ...], ...] = ((s0, phi0), (s1, phi1), (s2, phi2), (s3, phi3))
"""The names of the derivatives of order 0, 1, 2, 3."""


def opaque(expr: sp.Expr) -> sp.Expr:
    """Replace each outermost value of the generic activation by a symbol of its own.

    An identity between the results is one between the originals, and far cheaper to expand.
    """
    calls = sorted(expr.atoms(_Generic), key=str)
    return expr.xreplace({call: sp.Dummy(f"v{k}") for k, call in enumerate(calls)})


def specialise(expr: sp.Expr, function: Any) -> sp.Expr:
    """Put a definite function for the generic activation and its derivatives."""
    x = sp.Dummy("x")
    for order, names in enumerate(ORDERS):
        if not expr.has(*names):
            continue
        derivative = sp.diff(function(x), x, order)
        for generic in names:
            expr = expr.replace(generic, sp.Lambda(x, derivative))
    return expr
