"""Theorem 6, link: does its choice of beta meet what Theorem 5 requires?"""

from collections.abc import Mapping
from functools import cache

import sympy as sp

from mfcheck.checks import Claim, Context, Evidence, Kind, Note, Question, Reading, Scope, custom, wrong
from mfcheck.constants.orders import order, orders
from mfcheck_proofs.scaled_resnets.attacks import FIRST, RATIO, attack, growth, side
from mfcheck_proofs.scaled_resnets.constants import C_KL, CONSTANTS
from mfcheck_proofs.scaled_resnets.flow import ASSUMPTIONS
from mfcheck_proofs.scaled_resnets.regimes import FIXED, SHRINKING
from mfcheck_proofs.scaled_resnets.symbols import Lambda, n, r_max
from mfcheck_proofs.scaled_resnets.theorem6_rademacher import SOURCE


@cache
def orders_in_n() -> Mapping[str, sp.Rational | None]:
    """Return the order in n of each constant that depends on n, leaves of data and activation fixed; None: unknown."""
    return {id: row[n] for id, row in orders(CONSTANTS, (n,)).items() if n in row}


CHOICE, REQUIRED = sp.sqrt(n), 4 * n * sp.sqrt(C_KL) / (Lambda * r_max)


def scaling_orders(context: Context) -> Evidence:
    """Compare the exponents of n in the choice of beta and in what Theorem 5 requires, exactly."""
    choice, required = order(context["choice"], n), order(context["required"], n)
    if choice is None or required is None:
        return Evidence(passed=None, reason="an order could not be derived")
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
        domain=r"$C_{\mathrm{KL}}$, $\Lambda$ and $r_{\max}$ independent of $n$, as the paper has them",
        reason="" if passed else "for large $n$ the choice does not meet the requirement",
        notes=() if passed else (Note(id="theorem-6-scaling", severity="major", text=text),),
    )


scaling = Claim(
    "theorem-6-scaling",
    title=r"Theorem 6, link: the choice of $\beta$ meets Theorem 5",
    statement=(
        r"$\beta > \Omega(\sqrt{n})$ is enough for Theorem 5, which requires "
        r"$\bar\beta = \beta/n > \frac{4\sqrt{C_{\mathrm{KL}}}}{\Lambda r_{\max}}$."
    ),
    source=SOURCE + " and Theorem 5",
    known="text read",
    assumptions=ASSUMPTIONS,
    readings=[
        Reading(
            "stated",
            "Order in $n$ of the choice and of the requirement.",
            {"choice": CHOICE, "required": REQUIRED},
            checks=[
                custom("orders", ["choice", "required"], scaling_orders, kind=Kind.EXACT, question=Question.FOLLOWS)
            ],
            wrong=[
                wrong(
                    "quarter",
                    {"choice": n ** sp.Rational(1, 4)},
                    "A slower choice meets the requirement even less.",
                    checks=["orders"],
                ),
                wrong(
                    "squared", {"required": REQUIRED * n}, "A stronger requirement is met even less.", checks=["orders"]
                ),
                wrong(
                    "three-quarters",
                    {"choice": n ** sp.Rational(3, 4)},
                    "The requirement grows like $n$.",
                    checks=["slack-scaling-choice"],
                ),
            ],
            attack=[
                attack(
                    "scaling-choice",
                    "from n_1 to k n_1 points the required beta grows by no more than the choice of beta does",
                    side(lambda f: growth(f["required"])),
                    side(lambda f: growth(f["choice"])),
                    own=(FIRST, RATIO),
                )
            ],
            regimes=[FIXED, SHRINKING],
        )
    ],
)
