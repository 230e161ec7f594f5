"""Theorem 6, link: does its choice of beta meet what Theorem 5 requires?"""

from collections.abc import Mapping
from functools import cache

import sympy as sp

from mfcheck.claims import (
    Check,
    Context,
    Evidence,
    Kind,
    Note,
    PlantedError,
    Question,
    Reading,
    Scope,
)
from mfcheck.constants.orders import order, orders
from mfcheck_proofs._assemble import assembled
from mfcheck_proofs.scaled_resnets.constants import C_KL, CONSTANTS
from mfcheck_proofs.scaled_resnets.rademacher import SOURCE
from mfcheck_proofs.scaled_resnets.symbols import Lambda, n, r_max

ASSUMPTIONS = ("assumption-1", "assumption-2", "assumption-3")


@cache
def orders_in_n() -> Mapping[str, sp.Rational | None]:
    """Return the order in n of each constant that depends on n, leaves of data and activation fixed; None: unknown."""
    return {id: row[n] for id, row in orders(CONSTANTS, (n,)).items() if n in row}


SCALING = {"choice": sp.sqrt(n), "required": 4 * n * sp.sqrt(C_KL) / (Lambda * r_max)}


def scaling_orders(context: Context) -> Evidence:
    """Compare the exponents of n in the choice of beta and in what Theorem 5 requires, exactly."""
    choice, required = order(context["choice"], n), order(context["required"], n)
    if choice is None or required is None:
        return Evidence(passed=None, cases=1, reason="an order could not be derived")
    radius_order = orders_in_n()["r_max"]
    text = (
        r"Theorem 6 sets $\beta > \Omega(\sqrt{n})$, but Theorem 5, which it uses, requires $\beta > n$ times a "
        r"constant, even if $C_{\mathrm{KL}}$, $\Lambda$ and $r_{\max}$ did not depend on $n$: "
        rf"$n^{{{choice}}}$ against $n^{{{required}}}$."
    )
    if radius_order is not None:
        text += (
            rf" In the derivation here $r_{{\max}}$ is of order $n^{{{radius_order}}}$, which makes it "
            rf"$n^{{{order(context['required'].subs(r_max, r_max * n**radius_order), n)}}}$."
        )
    passed = bool(choice >= required)
    return Evidence(
        passed=passed,
        scope=Scope.WHOLE,
        lhs=f"$n^{{{choice}}}$",
        rhs=f"$n^{{{required}}}$",
        error=0.0,
        cases=1,
        domain=r"$C_{\mathrm{KL}}$, $\Lambda$ and $r_{\max}$ independent of $n$, as the paper has them",
        reason="" if passed else "for large $n$ the choice does not meet the requirement",
        notes=() if passed else (Note(id="theorem-6-scaling", severity="major", text=text),),
    )


scaling = assembled(
    id="theorem-6-scaling",
    title=r"Theorem 6, link: the choice of $\beta$ meets Theorem 5",
    statement=(
        r"$\beta > \Omega(\sqrt{n})$ is enough for Theorem 5, which requires "
        r"$\bar\beta = \beta/n > \frac{4\sqrt{C_{\mathrm{KL}}}}{\Lambda r_{\max}}$."
    ),
    source=SOURCE + " and Theorem 5",
    assumptions=ASSUMPTIONS,
    readings=(Reading("stated", "Order in $n$ of the choice and of the requirement.", SCALING),),
    checks=(
        Check("theorem-6-scaling-orders", Kind.EXACT, scaling_orders, question=Question.FOLLOWS),
    ),
    planted=(
        PlantedError(
            "theorem-6-scaling-log",
            "exponent off",
            {"choice": n ** sp.Rational(1, 4)},
            "A slower choice meets the requirement even less.",
            ("theorem-6-scaling-orders",),
        ),
        PlantedError(
            "theorem-6-scaling-squared",
            "exponent off",
            {"required": SCALING["required"] * n},
            "A stronger requirement is met even less.",
            ("theorem-6-scaling-orders",),
        ),
    ),
)
