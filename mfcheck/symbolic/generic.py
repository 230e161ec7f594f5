"""A generic activation: an undefined function whose derivatives are named, so that identities hold for every `s0`."""

from typing import Any

import sympy as sp


class s3(sp.Function):  # noqa: N801
    """Third derivative of the generic activation."""

    nargs = 1


class s2(sp.Function):  # noqa: N801
    """Second derivative of the generic activation."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return s0'''."""
        return s3(*self.args)


class s1(sp.Function):  # noqa: N801
    """First derivative of the generic activation."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return s0''."""
        return s2(*self.args)


class s0(sp.Function):  # noqa: N801
    """The generic activation: nothing is known of it but the names of its derivatives.

    >>> x = sp.Symbol("x")
    >>> sp.diff(s0(2 * x), x, 2)
    4*s2(2*x)
    """

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Return s0'."""
        return s1(*self.args)


def opaque(expr: sp.Expr) -> sp.Expr:
    """Replace each outermost value of the generic activation by a symbol of its own.

    An identity between the results is one between the originals, and far cheaper to expand.
    """
    calls = sorted(expr.atoms(s0, s1, s2, s3), key=str)
    return expr.xreplace({call: sp.Dummy(f"v{k}") for k, call in enumerate(calls)})
