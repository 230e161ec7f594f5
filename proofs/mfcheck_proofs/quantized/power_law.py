"""C3: the power law as a fit and as an asymptotic statement."""

import math

import sympy as sp
from flint import arb

from mfcheck.checks import (
    At,
    Case,
    Claim,
    Context,
    Curve,
    Evidence,
    Kind,
    Note,
    Plot,
    Reading,
    Standard,
    Step,
    ball,
    custom,
    decide,
    encloses,
    identical,
    noted,
    number,
    proof,
    rows,
    table,
    wrong,
)
from mfcheck_proofs.quantized.thresholds import ONE, RANGES, D, L, density, fitted, gap_opt, local_exponent

# --- C3: the power law -----------------------------------------------------------------------------------------------

LARGE = sp.Symbol("N", positive=True)
POWER = sp.Symbol("C", positive=True)
OVERLOAD = 2 * density(L) / L**3
"""Bound of int_L^oo (u - L)^2 n(u) du; less 12 n(L)/L^5 it is a lower bound."""
LEVELS_OF = sp.exp(L**2 / 4)
"""N where the half range N D/2 is L = 2 sqrt(log N)."""


def upper_bound(half: sp.Expr, levels: sp.Expr) -> sp.Expr:
    """Bound of the gap from the step 2 L/N: cells up to L, and (u - L + D/2)^2 <= 2 (u - L)^2 + D^2/2 beyond."""
    step = 2 * half / levels
    return step**2 / 12 * (1 + step) + step**2 * density(half) / half + 4 * OVERLOAD.subs(L, half)


def law_steps(context: Context) -> list[Step]:
    """The gap lies between bounds with the same leading term (4/3) log N/N^2; is the stated law that one?

    Upper: L = 2 sqrt(log N). Lower: with L^2 = 4 log N/(1 + d), d > 0, overload alone is of larger order; with a larger L
    the cells alone contribute L^2/(3 N^2) and more.
    """
    y, d = sp.symbols("y d", positive=True)
    cell = sp.integrate(y**2, (y, -D / 2, D / 2)) / D
    true = L**2 / 4 * sp.exp(-(L**2) / 2)
    share = sp.expand(sp.simplify(upper_bound(L, LEVELS_OF) / true))
    short = 2 * (OVERLOAD - 12 * density(L) / L**5)
    lower = sp.simplify(short / (L**2 * (1 + d) / 4 * sp.exp(-(L**2) * (1 + d) / 2)))
    tail = sp.integrate(y**2 * sp.exp(-L * y), (y, 0, sp.oo))
    steps = identical(
        {
            "a cell": (cell, D**2 / 12),
            "cells up to L": (cell.subs(D, 2 * L / LARGE), L**2 / (3 * LARGE**2)),
            "overload, from above": (tail * density(L), OVERLOAD),
            "overload, from below": (
                (tail - sp.integrate(y**4 / 2 * sp.exp(-L * y), (y, 0, sp.oo))) * density(L),
                OVERLOAD - 12 * density(L) / L**5,
            ),
            "upper bound over log N/N^2": (sum(sp.limit(term, L, sp.oo) for term in share.args), sp.Rational(4, 3)),
        }
    )
    grows = sp.limit(lower, L, sp.oo) == sp.oo
    ratio = sp.limit(context["law"] / (sp.Rational(4, 3) * sp.log(LARGE) / LARGE**2), LARGE, sp.oo)
    return [
        *steps,
        Step("a shorter range overloads", True if grows else None, "the order of the overload is open"),
        Step("the stated law", bool(ratio == 1), f"its ratio to (4/3) log N/N^2 tends to {ratio}"),
    ]


POWERS_OF_TWO = (8, 64, 512, 4096)


def exponents(context: Context) -> list[At]:
    """Local exponents."""
    levels = context.budget.pick((64, 256, 1024, 4096), (16, 64, 256, 1024, 4096), (16, 64, 256, 1024, 4096, 16384))
    return [At(local_exponent(n, 10), f"N = {n}", n) for n in levels]


def scaled(_: Context) -> list[At]:
    """Gap N^2/log N, certified."""
    return [At(gap_opt(n, 12) * n * n / arb(n).log(), f"N = {n}", n) for n in (64, 256, 1024, 4096, 8192)]


def below_bound(_: Context) -> list[At]:
    """The gap against the explicit bound."""
    return [At(gap_opt(n, 12), f"N = {n}", n, {LARGE: arb(n)}) for n in POWERS_OF_TWO]


def gaps_plot() -> Plot:
    """Gap against levels: certified values, the fit, and the law."""
    levels = [4, 8, 16, 32, 62, 128, 256, 512, 1024, 2048, 4096]
    first = float(gap_opt(4))
    grid = tuple(map(float, levels))
    return Plot(
        id="gap",
        title="Gap at the best step",
        x_label="levels",
        y_label="1 - chi",
        x_log=True,
        y_log=True,
        curves=(
            Curve(label="certified", x=grid, y=tuple(float(gap_opt(n)) for n in levels), style="points"),
            Curve(label="(N+1)^-1.82", x=grid, y=tuple(first * ((n + 1) / 5) ** -1.82 for n in levels)),
            Curve(label="(4/3) log N/N^2", x=grid, y=tuple(4 / 3 * math.log(n) / n**2 for n in levels), style="bound"),
        ),
    )


def in_table(context: Context, row: sp.Expr) -> arb:
    """The regression of a row: 1, 2, 3 the gap over the three ranges; 4, 5, 6 the step."""
    names = list(RANGES)
    index = int(row) - 1
    shift = round(number(context, "shift"))
    return fitted(RANGES[names[index % 3]], shift, 12, steps=index >= 3)


def in_levels(context: Context, row: sp.Expr) -> arb:
    """The regression of a row on log N."""
    return fitted(RANGES[list(RANGES)[int(row) - 1]], 0, 12)


def with_picture(context: Context) -> Evidence:
    """Local exponents against the stated one, with the picture of the gap."""
    cases = [Case(at.value, ball(context, "exponent"), at.label, at.x) for at in exponents(context)]
    return decide(cases, Standard(digits=3), "certified local exponents", plot=gaps_plot())


FIT = Note(
    id="power-law.fit",
    severity="major",
    text="1.82 is a fit over a finite range, in the variable N + 1: no power law holds. The gap at the best step is "
    "asymptotically (4/3) log N/N^2, so that the depth grows faster than N^1.82, and local exponents rise towards 2: 1.871 "
    "at N = 4096.",
)
VARIABLE = Note(
    id="power-law.variable",
    severity="minor",
    text="The number depends on the regressor N + 1: on log N the same data give slopes from -1.716 to -1.753.",
)
AT_EXPONENT = sp.Rational(91, 50)
power_law_claim = Claim(
    "power-law",
    title="Depth grows like a power of the number of levels",
    statement=r"The maximal trainable depth grows like $N^{1.82}$: the gap is $\approx e^{.71}(N+1)^{-1.8172}$.",
    source="1906.00771, abstract; fit in the official notebook",
    known="text read",
    no_inequality="it is about an asymptotic law and regressions",
    readings=[
        Reading(
            "asymptotic",
            "The gap is equivalent to C N^-1.82, for some C, as N grows.",
            {"law": POWER * LARGE**-AT_EXPONENT, "exponent": AT_EXPONENT},
            checks=[
                noted(proof("bounds", "law", law_steps, kind=Kind.EXACT, domain="N to infinity"), FIT, when=False),
                custom("local-exponents", "exponent", with_picture, kind=Kind.CERTIFIED),
            ],
            wrong=[
                wrong("no-logarithm", {"law": POWER * LARGE**-2, "exponent": sp.Integer(2)}, "N^2 gap has no bound."),
                wrong("linear", {"law": POWER / LARGE, "exponent": ONE}, "N gap tends to 0."),
            ],
        ),
        Reading(
            "plotted-range",
            "Over the plotted range, on log(N+1): exponents 1.82 of the gap and .88 of the step, to two decimals, for even "
            "N = 4..62, for all of them, and on the range of the notebook.",
            {
                "gap": rows((1, "-1.82"), (2, "-1.82"), (3, "-1.82")),
                "step": rows((4, "-0.88"), (6, "-0.88")),
                "shift": ONE,
            },
            checks=[
                table("gap", "gap", in_table, domain="three ranges"),
                table("step", "step", in_table, domain="two ranges"),
            ],
            wrong=[
                wrong("two", {"gap": rows((1, "-2.00"))}, "-1.8246."),
                wrong("one", {"step": rows((4, "-1.00"))}, "-.876."),
            ],
        ),
        Reading(
            "in-levels",
            "Over the plotted range the depth grows like N^1.82 with N itself as the variable.",
            {"gap": rows((1, "-1.82"))},
            checks=[
                noted(
                    table("gap", "gap", in_levels, domain="regression on log N, even N = 4..62"), VARIABLE, when=False
                )
            ],
            wrong=[wrong("two", {"gap": rows((1, "-2.00"))}, "-1.7163.")],
        ),
        Reading(
            "logarithm",
            "The gap is equivalent to (4/3) log N/N^2, below it for 64 <= N <= 8192, and under an explicit bound.",
            {
                "law": sp.Rational(4, 3) * sp.log(LARGE) / LARGE**2,
                "limit": sp.Rational(4, 3),
                "bound": upper_bound(2 * sp.sqrt(sp.log(LARGE)), LARGE),
            },
            checks=[
                proof("bounds", "law", law_steps, kind=Kind.EXACT, domain="N to infinity"),
                encloses(
                    "below-limit",
                    "limit",
                    scaled,
                    relation="<",
                    x_label="levels",
                    y_label="gap N^2/log N",
                    log="x",
                    domain="N = 64 to 8192",
                ),
                encloses(
                    "explicit",
                    "bound",
                    below_bound,
                    relation="<=",
                    x_label="levels",
                    y_label="gap",
                    log="xy",
                    domain="N = 8 to 4096",
                ),
            ],
            wrong=[
                wrong("constant", {"law": sp.log(LARGE) / LARGE**2, "limit": ONE}, "N^2 gap/log N is 1.08 at 4096."),
                wrong("power", {"law": POWER / LARGE**2}, "There is a logarithm."),
                wrong("half", {"bound": upper_bound(sp.sqrt(2 * sp.log(LARGE)), LARGE) / 20}, "Below the gap."),
            ],
        ),
    ],
)
