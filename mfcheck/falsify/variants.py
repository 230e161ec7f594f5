"""Generators of wrong variants of formulas: each changes one thing, of one kind, and says why the result is false.

A variant counts only if it is known to be false. Three reasons are offered:

- an *identity* leaves one formula possible, so that whatever differs from it is false (`of_identity`);
- a bound that is *attained* is false as soon as it is moved past what is attained (`of_attained`);
- an *order* that is exact is false when moved (`of_order`), to one side only where the claim is an inequality.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import sympy as sp

from mfcheck.claims.model import PlantedError
from mfcheck.rigor.equality import equal

SCALED, SIGN, EXPONENT = "constant scaled", "sign flipped", "exponent off"
DROPPED_N, DROPPED_ROOT = "factor n dropped", "factor sqrt(n) dropped"
INDEX, DERIVATIVE, ASSUMPTION = "index shifted", "s0' for s0''", "assumption dropped"
KINDS = (SCALED, SIGN, EXPONENT, DROPPED_N, DROPPED_ROOT, INDEX, DERIVATIVE, ASSUMPTION)


@dataclass(frozen=True)
class Mutation:
    """One change of a formula.

    Args:
        name: short, for ids.
        kind: one of KINDS.
        what: the change in words.
        factor: the change multiplies the formula by this, which is not identically one; None for another change.
        change: the change, where it is no factor; a result equal to the formula is no variant.
    """

    name: str
    kind: str
    what: str
    factor: sp.Expr | None = None
    change: Callable[[sp.Basic], sp.Basic] | None = None

    def __call__(self, formula: sp.Basic) -> sp.Basic | None:
        """Return the variant, None if the change changes nothing."""
        if self.factor is not None:
            return None if getattr(formula, "is_zero", False) else self.factor * formula
        assert self.change is not None
        variant = self.change(formula)
        same = variant == formula or equal(variant, formula).holds is True
        return None if same else variant


def scaled(*factors: sp.Expr | int) -> tuple[Mutation, ...]:
    """Multiply by numbers."""
    return tuple(
        Mutation(f"times-{_word(f)}", SCALED, f"a factor ${sp.latex(f)}$ put in", sp.sympify(f))
        for f in map(sp.sympify, factors)
    )


def sign() -> tuple[Mutation, ...]:
    """Flip the sign."""
    return (Mutation("negated", SIGN, "its sign flipped", sp.Integer(-1)),)


def powers(symbol: sp.Expr, *exponents: sp.Expr | float) -> tuple[Mutation, ...]:
    """Put the exponent of a symbol off by each of the numbers."""
    exact = [sp.nsimplify(e) for e in exponents]
    return tuple(
        Mutation(
            f"{_word(symbol)}-power-{_word(e)}",
            EXPONENT,
            f"the exponent of ${sp.latex(symbol)}$ off by ${sp.latex(e)}$",
            symbol**e,
        )
        for e in exact
    )


def dropped(symbol: sp.Symbol, power: sp.Expr | int) -> tuple[Mutation, ...]:
    """Drop a factor `symbol**power`, and its root."""
    whole = sp.sympify(power)
    return (
        Mutation(
            f"no-{symbol}",
            DROPPED_N,
            f"the factor ${sp.latex(symbol**whole)}$ dropped",
            symbol**-whole,
        ),
        Mutation(
            f"no-root-{symbol}",
            DROPPED_ROOT,
            f"the factor ${sp.latex(symbol ** (whole / 2))}$ dropped",
            symbol ** (-whole / 2),
        ),
    )


def shifted(index: sp.Symbol, *by: int) -> tuple[Mutation, ...]:
    """Shift an index, or a dimension."""
    return tuple(
        Mutation(
            f"{index}-shifted-{_word(sp.Integer(step))}",
            INDEX,
            f"${sp.latex(index)}$ replaced by ${sp.latex(index + step)}$",
            change=lambda f, step=step: f.subs(index, index + step),  # type: ignore[misc]
        )
        for step in by
    )


def derivative(name: str, old: type[sp.Function], new: type[sp.Function]) -> tuple[Mutation, ...]:
    """Take another derivative of the activation."""
    x = sp.Symbol("x", real=True)
    return (
        Mutation(
            name,
            DERIVATIVE,
            f"${sp.latex(new(x))}$ in place of ${sp.latex(old(x))}$",
            change=lambda f: f.replace(old, new),
        ),
    )


def of_identity(
    name: str, formula: sp.Basic, *mutations: Sequence[Mutation], checks: Sequence[str] = ()
) -> tuple[PlantedError, ...]:
    """Return the variants of a formula that an identity determines; each differs from it, hence is false.

    Args:
        name: of the formula in the reading.
        formula: the formula, which is not identically zero.
        mutations: what to change.
        checks: names of the checks that must reject each variant; if left out, all that test the formula.
    """
    why = "An identity leaves one formula possible, and this is that formula with {}."
    return _planted(name, formula, mutations, checks, "", why)


def of_attained(
    name: str,
    attained: sp.Expr,
    *mutations: Sequence[Mutation],
    why: str,
    checks: Sequence[str] = (),
) -> tuple[PlantedError, ...]:
    """Return false bounds: the attained value itself, moved to the wrong side by factors.

    Args:
        name: of the bound in the reading.
        attained: a value that the bounded quantity takes, or tends to.
        mutations: factors that move the bound past it, in the settings that `why` names.
        why: where and how the value is attained, and why the factors go past it.
        checks: as in `of_identity`.
    """
    words = why.replace("{", "{{").replace("}", "}}") + " This is the attained value with {}."
    return _planted(name, attained, mutations, checks, "attained-", words)


def _planted(
    name: str,
    formula: sp.Basic,
    mutations: Iterable[Sequence[Mutation]],
    checks: Sequence[str],
    prefix: str,
    why: str,
) -> tuple[PlantedError, ...]:
    return tuple(
        PlantedError(
            f"{name}-{prefix}{m.name}".replace("_", "-"),
            m.kind,
            {name: variant},
            why.format(m.what),
            tuple(checks),
        )
        for group in mutations
        for m in group
        if (variant := m(formula)) is not None
    )


def of_order(
    name: str, exact: sp.Expr, *steps: sp.Expr | float, why: str, checks: Sequence[str] = ()
) -> tuple[PlantedError, ...]:
    """Return false orders: the exact one, off by each of the steps; other arguments as in `of_attained`."""
    return tuple(
        PlantedError(
            f"{name}-off-{_word(step)}",
            EXPONENT,
            {name: exact + step},
            f"{why} The exact order is ${sp.latex(exact)}$.",
            tuple(checks),
        )
        for step in map(sp.nsimplify, steps)
    )


def merged(*groups: Sequence[PlantedError]) -> tuple[PlantedError, ...]:
    """Return all variants once: one gives way to an earlier one that says the same to the same checks.

    >>> merged((), ())
    ()
    """
    kept: list[PlantedError] = []
    for error in (e for group in groups for e in group):
        twin = any(
            dict(e.replace) == dict(error.replace)
            and (not e.rejected_by or set(error.rejected_by) <= {*e.rejected_by, *e.also})
            for e in kept
        )
        if not twin:
            kept.append(error)
    return tuple(kept)


def _word(value: sp.Basic) -> str:
    text = str(value).replace("-", "minus-").replace("/", "-over-").replace("**", "-to-")
    return "".join(c for c in text if c.isalnum() or c == "-")
