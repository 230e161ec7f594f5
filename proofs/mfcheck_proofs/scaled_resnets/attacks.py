"""Inequalities that one setting can refute, for the search: each side once, in double precision and enclosed.

Where a claim is about the trained network, its consequence at the start, or in the limit of large beta, is attacked:
kernels alone decide there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy as sp
from flint import arb, ctx

from mfcheck.claims import Case, Inequality, Sample, Variable
from mfcheck.rigor.ball import enclose, exact
from mfcheck_proofs.scaled_resnets import quick
from mfcheck_proofs.scaled_resnets import symbols as s
from mfcheck_proofs.scaled_resnets.values import values_in

PREC = 160
Formulas = Mapping[str, sp.Basic]
BETA = Variable("beta", Fraction(1, 100), Fraction(10**6), log=True)
ALPHA = Variable("alpha", Fraction(1, 100), Fraction(10), log=True)
REAL = Variable("x", Fraction(-30), Fraction(30))
FIRST = Variable("n_1", Fraction(2), Fraction(1000), log=True, integer=True)
RATIO = Variable("k", Fraction(2), Fraction(10**6), log=True, integer=True)
DATA = ("points", "activation")
TRAINED = ("points", "labels", "activation", "beta")
n_1, k = sp.symbols("n_1 k", positive=True)


@dataclass(frozen=True)
class Side:
    """One side of an inequality, for formulas under test."""

    fast: Callable[[Sample, Formulas], float]
    enclosed: Callable[[Case, Formulas], arb]


def enclosed_formula(formula: sp.Expr, case: Case) -> arb:
    """Enclose a formula over constants, parameters, and the inequality's own variables by name."""
    return enclose(formula, values_in(case.setting, formula, dict(case.own)), PREC)


def side(make: Callable[[Formulas], sp.Expr] | sp.Expr) -> Side:
    """Return the side that is a formula over constants, parameters and own variables, or is made from formulas."""

    @lru_cache(maxsize=64)
    def made(items: tuple[tuple[str, sp.Basic], ...]) -> sp.Expr:
        return make(dict(items)) if callable(make) and not isinstance(make, sp.Basic) else make

    def formula(formulas: Formulas) -> sp.Expr:
        return made(tuple(formulas.items()))

    return Side(
        lambda sample, formulas: quick.number(formula(formulas), sample),
        lambda case, formulas: enclosed_formula(formula(formulas), case),
    )


def growth(formula: sp.Expr) -> sp.Expr:
    """Return the formula at k n_1 points over that at n_1, all other symbols put to one."""
    inside = sp.sympify(formula).subs(dict.fromkeys(formula.free_symbols - {s.n}, 1))
    return inside.subs(s.n, k * n_1) / inside.subs(s.n, n_1)


def attack(
    id: str,
    text: str,
    lhs: Side,
    rhs: Side,
    varies: Sequence[str] = (),
    own: Sequence[Variable] = (),
    ranges: Sequence[Variable] = (),
    certificate: Callable[[Case, Formulas], dict[str, Any] | None] | None = None,
) -> Inequality:
    """Return the inequality `lhs <= rhs`; arguments as in `Inequality`."""

    def fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
        return lhs.fast(sample, formulas), rhs.fast(sample, formulas)

    def enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
        with ctx.workprec(PREC):
            return lhs.enclosed(case, formulas), rhs.enclosed(case, formulas)

    return Inequality(
        id, text, tuple(varies), fast, enclosed, own=tuple(own), ranges=tuple(ranges), certificate=certificate
    )


def exactly_of(case: Case, name: str) -> arb:
    """Return the exact value of a parameter, or of an own variable."""
    own = dict(case.own)
    return exact(own[name] if name in own else case.setting[name])
