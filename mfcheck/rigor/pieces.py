"""Functions with kinks or jumps, cut into pieces on which they are smooth."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import sympy as sp

from mfcheck.errors import InputError
from mfcheck.rigor.ball import compare, enclose, exact
from mfcheck.rigor.real_functions import holds
from mfcheck.symbolic.activation import X

_NONSMOOTH = (sp.Abs, sp.sign, sp.Heaviside, sp.Max, sp.Min, sp.Piecewise)
_NOT_CUT = (sp.DiracDelta, sp.floor, sp.ceiling, sp.frac, sp.Mod)
"""What jumps, or is no function, and is not cut into pieces."""
_UNDEFINED = (sp.nan, sp.zoo, sp.oo, -sp.oo)
MAX_PIECES = 32


@dataclass(frozen=True, slots=True)
class Piece:
    """The function equals the smooth `expr` for `lower < X < upper`; the ends may be infinite."""

    lower: sp.Expr
    upper: sp.Expr
    expr: sp.Expr


@lru_cache(maxsize=256)
def pieces(expr: sp.Expr) -> tuple[Piece, ...]:
    """Cut the real line at the kinks and jumps of `expr`, from left to right.

    Raises:
        InputError: a kink sits where an argument that is not linear changes sign, or a derivative of
            a jump is asked for.
    """
    if expr.has(sp.DiracDelta):
        raise InputError("the function has been differentiated across a jump")
    return tuple(split(Piece(-sp.oo, sp.oo, expr)))


def split(piece: Piece) -> list[Piece]:
    """Cut one piece further, at the kinks and jumps of its expression inside it.

    Raises:
        InputError: as for `pieces`.
    """
    if piece.expr.has(*_NOT_CUT):
        raise InputError(f"the jumps of {str(piece.expr)[:60]} are not understood")
    node = _innermost(piece.expr)
    if node is None:
        return [piece]
    argument = _deciding(node)
    cut = _cut(argument, piece)
    if cut is None:
        sign = _sign_inside(argument, piece)
        return split(
            Piece(piece.lower, piece.upper, piece.expr.xreplace({node: _branch(node, sign)}))
        )
    halves = [Piece(piece.lower, cut, piece.expr), Piece(cut, piece.upper, piece.expr)]
    result = [part for half in halves for part in split(half)]
    if len(result) > MAX_PIECES:
        raise InputError(f"the function has more than {MAX_PIECES} pieces")
    return result


def _innermost(expr: sp.Expr) -> Any:
    """Return a nonsmooth part whose arguments are smooth, None for a smooth expression.

    Steps come first: in `max(0, x)**(-1/4) step(x)` the power must not be formed where the step is zero.
    """
    found = None
    for node in sp.postorder_traversal(expr):
        if isinstance(node, _NONSMOOTH) and node.free_symbols and not node.args[0].has(*_NONSMOOTH):
            if isinstance(node, sp.Heaviside):
                return node
            found = found or node
    return found


def _deciding(node: Any) -> sp.Expr:
    """Return the expression whose sign decides which smooth branch applies."""
    if isinstance(node, sp.Max | sp.Min):
        return node.args[0] - node.args[1]
    if isinstance(node, sp.Piecewise):
        condition = node.args[0][1]
        if not isinstance(condition, sp.core.relational.Relational):
            raise InputError(f"no enclosure is known for the condition {condition}")
        return condition.lhs - condition.rhs
    return node.args[0]


def _branch(node: Any, sign: int) -> sp.Expr:
    """Return the smooth branch (or what is left of the choice) where the deciding part has `sign`."""
    if isinstance(node, sp.Max | sp.Min):
        keep = 0 if (sign > 0) == isinstance(node, sp.Max) else 1
        return node.func(node.args[keep], *node.args[2:])
    if isinstance(node, sp.Piecewise):
        value, condition = node.args[0]
        if holds(condition.rel_op, exact(sign)):
            return value
        rest = node.args[1:]
        return rest[0][0] if rest[0][1] in (True, sp.true) else sp.Piecewise(*rest)
    if isinstance(node, sp.Abs):
        return sign * node.args[0]
    return sp.Integer(sign) if isinstance(node, sp.sign) else sp.Integer(max(sign, 0))


def _cut(argument: sp.Expr, piece: Piece) -> sp.Expr | None:
    """Return the place inside the piece where a linear argument changes sign."""
    slope, at_zero = sp.diff(argument, X), argument.subs(X, 0)
    if slope.free_symbols or slope == 0:
        return None
    root = -at_zero / slope
    return root if _order(piece.lower, root) == "<" and _order(root, piece.upper) == "<" else None


def _order(a: sp.Expr, b: sp.Expr) -> str:
    """Compare two exact places, of which only the first may be -oo and only the second oo."""
    if a == b:
        return "="
    if a == -sp.oo or b == sp.oo:
        return "<"
    if (answer := compare(enclose(a), enclose(b))) != "?":
        return answer
    if sp.simplify(a - b) == 0:
        return "="
    raise InputError("two kinks lie too close together to be told apart")


def _sign_inside(argument: sp.Expr, piece: Piece) -> int:
    if argument.is_nonnegative:
        return 1
    if argument.is_nonpositive:
        return -1
    if not sp.diff(argument, X).free_symbols:
        value = enclose(argument, {X: enclose(_inside(piece))})
        if (answer := compare(value, exact(0))) != "?":
            return 1 if answer == ">" else -1
    raise InputError(
        f"the sign of {argument} is open: kinks are read at zeros of linear arguments only"
    )


def _inside(piece: Piece) -> sp.Expr:
    if piece.lower == -sp.oo:
        return sp.Integer(0) if piece.upper == sp.oo else piece.upper - 1
    return piece.lower + 1 if piece.upper == sp.oo else (piece.lower + piece.upper) / 2


def continuous_derivatives(parts: Sequence[Piece], highest: int = 3) -> int:
    """Return how many derivatives are continuous across all cuts: -1 for a jump, at most `highest`.

    A derivative that is infinite at a cut, as that of a root, is not continuous.

    Raises:
        InputError: equality of the two sides is open.
    """
    for order in range(highest + 1):
        for left, right in pairwise(parts):
            sides = [sp.diff(part.expr, X, order).subs(X, left.upper) for part in (left, right)]
            if any(side.has(*_UNDEFINED) for side in sides):
                sides = [_one_sided(part, left.upper, order) for part in (left, right)]
            if any(side.is_infinite for side in sides) or differs_from_zero(sides[0] - sides[1]):
                return order - 1
    return highest


def _one_sided(part: Piece, place: sp.Expr, order: int) -> sp.Expr:
    """Return the limit of a derivative at an end of a piece, where its formula has no value.

    Raises:
        InputError: it is not found.
    """
    side = "-" if part.upper == place else "+"
    try:
        value = sp.limit(sp.diff(part.expr, X, order), X, place, side)
    except (NotImplementedError, ValueError, TypeError):
        value = sp.nan
    if value.has(sp.nan, sp.AccumBounds, sp.Limit):
        raise InputError(f"whether derivative {order} is finite at x = {place} is open")
    return sp.oo if value.is_infinite else value


def differs_from_zero(difference: sp.Expr) -> bool:
    """Say whether a number is not zero.

    Raises:
        InputError: that is open.
    """
    if difference == 0:
        return False
    if compare(enclose(difference), exact(0)) != "?":
        return True
    if sp.simplify(difference) == 0:
        return False
    raise InputError("continuity at a kink is open")
