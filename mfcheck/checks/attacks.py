"""Attacks with sides of one's own: each side once in double precision for the search, and once enclosed.

A side that is a formula over the constants of the paper and values of its activation gives both by itself
(`formula_side`). For sides over parameters and own variables alone see `bound`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy as sp
from flint import arb, ctx

from mfcheck.claims.inequality import Case, Formulas, Inequality, Sample, Variable
from mfcheck.constants.known import PREC, Known
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import Activation, X
from mfcheck.symbolic.generic import ORDERS


@dataclass(frozen=True)
class Side:
    """One side of an inequality, for formulas under test.

    Args:
        fast: in double precision; nan where it is not defined.
        enclosed: as a ball.
    """

    fast: Callable[[Sample, Formulas], float]
    enclosed: Callable[[Case, Formulas], arb]


def formula_side(known: Known, formula: Callable[[Formulas], sp.Expr] | sp.Expr) -> Side:
    """Return the side that is a formula over constants, parameters and own variables.

    The generic activation `s0` and its derivatives (`mfcheck.symbolic.generic`) stand for those of the setting.

    Args:
        known: the constants and parameters of the paper.
        formula: the formula, or a function that makes it from those under test.
    """

    @lru_cache(maxsize=256)
    def made(items: tuple[tuple[str, sp.Basic], ...], activation: Activation) -> sp.Expr:
        plain = isinstance(formula, sp.Basic) or not callable(formula)
        return with_activation(formula if plain else formula(dict(items)), activation)

    return Side(
        lambda sample, formulas: known.quick(
            sample, made(tuple(formulas.items()), sample.activation)
        ),
        lambda case, formulas: known.ball(
            case.setting, made(tuple(formulas.items()), case.setting.activation), dict(case.own)
        ),
    )


def with_activation(formula: sp.Expr, activation: Activation) -> sp.Expr:
    """Put an activation and its derivatives for the generic ones.

    Raises:
        InputError: a derivative is no function (a kink was differentiated twice).
    """
    for order, names in enumerate(ORDERS):
        for name in names:
            formula = formula.replace(
                name, lambda x, k=order: activation.derivative(k).xreplace({X: x})
            )
    if formula.has(sp.DiracDelta):
        raise InputError("the activation has a kink: this derivative is not a function")
    return formula


def attack(
    id: str,
    text: str,
    lhs: Side,
    rhs: Side,
    *,
    varies: Sequence[str] = (),
    own: Sequence[Variable] = (),
    ranges: Sequence[Variable] = (),
    certificate: Callable[[Case, Formulas], dict[str, Any] | None] | None = None,
    noise: Callable[[Sample], float] | None = None,
) -> Inequality:
    """Return the inequality `lhs <= rhs`, enclosed at 160 bits; other arguments as in `Inequality`.

    Where the right side is known up to rounding only, `noise` is its size, so that a search does not mistake it for a
    violation: sides no further apart than that are equal, and undefined if the right one is hardly larger.
    """

    def fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
        left, right = lhs.fast(sample, formulas), rhs.fast(sample, formulas)
        if noise is None or abs(left - right) > noise(sample):
            return left, right
        return (right, right) if right > 1e3 * noise(sample) else (float("nan"), float("nan"))

    def enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
        with ctx.workprec(PREC):
            return lhs.enclosed(case, formulas), rhs.enclosed(case, formulas)

    return Inequality(
        id,
        text,
        tuple(varies),
        fast,
        enclosed,
        own=tuple(own),
        ranges=tuple(ranges),
        certificate=certificate,
    )
