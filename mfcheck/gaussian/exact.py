"""Exact Gaussian calculus: expectations, and the operator whose quadratic form is the Dirichlet energy."""

from collections.abc import Sequence
from functools import partial

import sympy as sp
from flint import acb, arb, ctx

from mfcheck.errors import InputError
from mfcheck.gaussian._pieces_exact import Diverges, closed_on_pieces, natural_moment
from mfcheck.gaussian.expectations import expectation as certified
from mfcheck.rigor.equality import agree_at_points, exact_points
from mfcheck.rigor.value_functions import ball
from mfcheck.rigor.values import NotUnderstoodError, Walk, values_of
from mfcheck.symbolic.activation import X
from mfcheck.symbolic.patience import within

_POINTS = 10
_ENOUGH = 3
_SCALES = (1, 2, 5)
_DIGITS = 12
_CALLS = 5_000_000
"""Calls after which SymPy has had its time: what it can integrate took half a million at most."""


def expectation(expr: sp.Expr, variables: Sequence[sp.Symbol]) -> sp.Expr:
    """Return E[expr] for independent standard Gaussian `variables`, integrated one after the other.

    Products of powers and exponentials have closed forms, whole or cut into pieces at kinks and jumps; anything else is
    integrated by SymPy. Beyond products of natural powers of a variable and exponentials of its multiples, the result
    counts only where certified quadrature confirms it at exact values of all other symbols, which also shows that the
    expectation exists. An expectation that is certain to diverge to one side is `oo` or `-oo`.

    Raises:
        InputError: the expectation does not exist, is not known to, or has no confirmed closed form.

    >>> x = sp.Symbol("x", real=True)
    >>> expectation(x**4, [x])
    3
    """
    expr = sp.sympify(expr)
    if expr.has(sp.Float):
        raise InputError("an exact expectation takes fractions, no floating-point numbers")
    for index, x in enumerate(variables):
        others = set(variables[index + 1 :])
        expr = sp.Add(*_of_terms(expr, x, others))
        if expr is sp.nan:
            raise InputError(f"E over {x} is a difference of infinite parts: it does not exist")
        if expr.is_infinite:
            return expr
    simple = sp.simplify(expr)
    return simple if agree_at_points(expr, simple) else expr


def _of_terms(expr: sp.Expr, x: sp.Symbol, others: set[sp.Symbol]) -> list[sp.Expr]:
    """Return E of each term over one variable.

    Raises:
        InputError: as for `expectation`.
    """
    spread = sp.expand(sp.expand(expr), power_exp=False)
    found, rest = [], []
    for term in map(sp.powsimp, sp.Add.make_args(spread)):
        moment = natural_moment(term, x)
        if moment is None:
            rest.append(term)
            continue
        if moment == 0 and others:
            _require_finite(term.as_independent(x, as_Add=False)[0], others)
        found.append(moment)
    return [*found, _confirmed(sp.Add(*rest), x, others)] if rest else found


def _require_finite(constant: sp.Expr, others: set[sp.Symbol]) -> None:
    """A factor whose own mean is zero must not hide that the other factor has none."""
    used = sorted(others & constant.free_symbols, key=str)
    if used and expectation(constant, used).is_infinite:
        raise InputError(
            f"E[{str(constant)[:60]}] is infinite, so that a product with it has no mean"
        )


def _confirmed(part: sp.Expr, x: sp.Symbol, others: set[sp.Symbol]) -> sp.Expr:
    """Return E over one variable of what has no plain closed form.

    Raises:
        InputError: as for `expectation`.
    """
    inside, hidden = _on_the_line(part, x)
    by_growth = True
    try:
        value = closed_on_pieces(inside)
    except Diverges as answer:
        if answer.sign is None or others & part.free_symbols:
            raise InputError(
                f"E[{str(part)[:80]}] does not exist, or is not known to: {answer}"
            ) from None
        return answer.sign * sp.oo
    if value is None:
        value, by_growth = _by_sympy(inside), False
    if value is None or not _confirms(inside, value, by_growth):
        raise InputError(
            f"E[{str(part)[:80]}]: no closed form is confirmed, or it is not known to exist"
        )
    if others & part.free_symbols:
        raise InputError(f"E[{str(part)[:80]}] over more than one variable is not known to exist")
    return value.xreplace(hidden)


def _on_the_line(part: sp.Expr, x: sp.Symbol) -> tuple[sp.Expr, dict[sp.Basic, sp.Basic]]:
    """Put the variable of activations for x; what is not smooth in the other symbols becomes a symbol of its own."""
    kinks = part.atoms(sp.Abs, sp.sign, sp.Heaviside, sp.Max, sp.Min, sp.Piecewise)
    outer = {node for node in kinks if x not in node.free_symbols}
    swap = {node: sp.Dummy("c", real=True, nonnegative=node.is_nonnegative) for node in outer}
    if x != X and X in part.free_symbols:
        swap[X] = sp.Dummy("x", real=True)
    back = {dummy: node for node, dummy in swap.items()}
    return part.xreplace(swap).subs(x, X), back


def _by_sympy(inside: sp.Expr) -> sp.Expr | None:
    weight = sp.exp(-(X**2) / 2) / sp.sqrt(2 * sp.pi)
    integral = partial(sp.integrate, inside * weight, (X, -sp.oo, sp.oo), conds="none")
    try:
        value = within(_CALLS, integral)
    except (ArithmeticError, NotImplementedError, RecursionError, TypeError, ValueError):
        return None
    return None if value is None or value.has(sp.Integral, X, sp.nan, sp.zoo, sp.oo) else value


def _confirms(inside: sp.Expr, value: sp.Expr, by_growth: bool) -> bool:
    """Say whether certified quadrature agrees with the value at exact points.

    At all of them, since a finite enclosure also shows that the expectation exists there; where its existence is known
    for all values from the growth of its pieces, at three points (out of reach of quadrature at the others).
    """
    symbols = sorted((inside.free_symbols | value.free_symbols) - {X}, key=str)
    count = 0
    for point in exact_points(symbols, _POINTS if symbols else 1):
        try:
            right = _certified(inside.subs(point), _SCALES if by_growth else (1,))
            with ctx.workprec(128):
                left = ball(Walk(values_of(point)).value(value))
        except (InputError, NotUnderstoodError):
            if by_growth:
                continue
            return False
        if not (left.is_finite() and _close(left, right)):
            return False
        count += 1
        if count == _ENOUGH and by_growth:
            break
    return count >= (_ENOUGH if symbols else 1)


def _certified(f: sp.Expr, scales: Sequence[int]) -> arb:
    """Enclose E f(z), also as `s E[f(s z) exp(-(s^2 - 1) z^2/2)]`, where f grows nearly as fast as it may.

    Raises:
        InputError: as for `mfcheck.gaussian.expectation.expectation`.
    """
    reason: InputError | None = None
    for square in scales:
        s = sp.sqrt(square)
        try:
            scaled = f.subs(X, s * X) * sp.exp(-(square - 1) * X**2 / 2)
            return certified(sp.powsimp(s * scaled), 1, 0, _DIGITS)
        except InputError as error:
            reason = reason or error
    assert reason is not None
    raise reason


def _close(left: acb, right: arb) -> bool:
    """Say whether two enclosures overlap, both narrow."""
    narrow = left.real.rad() + right.rad() <= abs(right) * 1e-6 + 1e-12
    return bool(narrow and left.overlaps(acb(right)))


def ornstein_uhlenbeck(f: sp.Expr, variables: Sequence[sp.Symbol]) -> sp.Expr:
    """Return `x . grad f - laplace f`, so that E[grad f . grad g] = E[g (x . grad f - laplace f)].

    Its eigenfunctions are products of Hermite polynomials, with the total degree as eigenvalue.
    """
    return sum((x * sp.diff(f, x) - sp.diff(f, x, 2) for x in variables), sp.Integer(0))


def dirichlet(f: sp.Expr, g: sp.Expr, variables: Sequence[sp.Symbol]) -> sp.Expr:
    """Return E[grad f . grad g] for independent standard Gaussian `variables`, integrated one after the other.

    Raises:
        InputError: as for `expectation`.
    """
    return expectation(sum(sp.diff(f, x) * sp.diff(g, x) for x in variables), variables)


def generating(t: sp.Symbol, x: sp.Expr) -> sp.Expr:
    """Return `exp(t x - t^2/2) = sum_k t^k h_k(x) / sqrt(k!)`, a family in t that is total in L^2 of the Gaussian."""
    return sp.exp(t * x - t**2 / 2)


def hermite(index: int, x: sp.Expr) -> sp.Expr:
    """Return the normalised probabilists' Hermite polynomial h_index, E[h_r(xi) h_s(xi)] = 1 if r = s else 0."""
    monic = sp.hermite(index, x / sp.sqrt(2)) / sp.sqrt(2) ** index
    return sp.expand(monic / sp.sqrt(sp.factorial(index)))


def correlated(c: sp.Expr, xi: sp.Symbol, zeta: sp.Symbol) -> sp.Expr:
    """Return a standard Gaussian with correlation `c` to `xi`, given an independent `zeta`."""
    return c * xi + sp.sqrt(1 - c**2) * zeta
