"""C2: the best step."""

from collections.abc import Iterable
from fractions import Fraction

import sympy as sp
from flint import arb, ctx

from mfcheck.checks import (
    At,
    Case,
    Claim,
    Context,
    Evidence,
    Kind,
    Note,
    Reading,
    Scope,
    Standard,
    Step,
    ball,
    custom,
    decide,
    encloses,
    identical,
    noted,
    proof,
    wrong,
)
from mfcheck.checks.certify import WORK
from mfcheck.gaussian import expectation
from mfcheck.rigor import certificate
from mfcheck.rigor.certificate import Certificate
from mfcheck.rigor.roots import all_roots
from mfcheck.symbolic.activation import X
from mfcheck_proofs.quantized.stairs import stair_expression
from mfcheck_proofs.quantized.thresholds import ONE, S1, S2, D, beyond, density, m, step_opt, sums

# --- C2: the best step -----------------------------------------------------------------------------------------------


def termwise(context: Context) -> Iterable[Step]:
    """Slopes of the terms of a pair of thresholds +-mD, which hold for every number of thresholds.

    Then d chi/dD = 2 S1 (S1' S2 - S1 S2'/2)/S2^2 with S1' = -D B and S2' = -2 B, B the sum of m^2 n(mD).
    """
    z, B = m * D, sp.Symbol("B", positive=True)
    one, two = 2 * density(z), 4 * m * beyond(z)
    bend = 2 * m**2 * density(z)
    slope_chi = 2 * S1 * (-D * B) / S2 - S1**2 * (-2 * B) / S2**2
    return identical(
        {
            "S1' = -D B": (sp.diff(one, D), -D * bend),
            "S2' = -2 B": (sp.diff(two, D), -2 * bend),
            "slope of the distortion": (
                sp.diff(-2 * D * one + D**2 * two, D),
                context["slope"].subs({S1: one, S2: two}),
            ),
            "slope of chi": (slope_chi, -context["slope"] * B * S1 / S2**2),
            "1 - chi = distortion where it vanishes": (1 - D * S1, context["gap"].subs(S2, S1 / D)),
        }
    )


def at_optimum(context: Context) -> list[At]:
    """The distortion by integration over cells, at the middle of the enclosed step; the formula with the sums there."""
    found = []
    for levels in (2, 3, 4, 6, 8, 16):
        middle = step_opt(levels, 25).mid()
        mantissa, shift = (int(v) for v in middle.man_exp())
        rational = sp.Integer(mantissa) * sp.Integer(2) ** shift
        error = expectation((X - rational * stair_expression(levels, rational)) ** 2, 1, 0, 25)
        with ctx.workdps(60):
            got = sums(levels - 1, middle)
        found.append(At(error, f"N = {levels}", levels, {S1: got.first, S2: got.second, D: middle}))
    return found


UNIQUE = (3, 4, 5, 8)


def zeros(levels: int) -> int:
    """Return the number of D in (1/N, 2) with D S2 = S1, all found by exclusion and interval Newton.

    Elsewhere there is none: up to 1/N, D S2 <= D (N-1)^2/4 < (N-1) n(1/2) <= S1; from 2 on 4 x Q(x) > 2 n(x) for x >= 1.
    """

    def off(step: arb) -> arb:
        found = sums(levels - 1, step)
        return step * found.second - found.first

    def change(step: arb) -> arb:
        found = sums(levels - 1, step)
        return found.second - step * found.bend

    return len(all_roots(off, change, (Fraction(1, levels), 2), 10).values)


def only_one(context: Context) -> Evidence:
    """Count the steps at which the slope vanishes."""
    own = context.setting.integer("levels")
    tried = [*UNIQUE, *([own] if 2 < own <= 12 and own not in UNIQUE else [])]
    cases = [Case(arb(zeros(n)), ball(context, "count"), f"N = {n}") for n in tried]
    words = f"all steps, N in {tried}; for other N uniqueness is taken over"
    found = decide(cases, Standard("=="), words, Scope.WHOLE)
    return found.but(certificate=counts(tried)) if found.passed else found


def counts(tried: Iterable[int]) -> Certificate | None:
    """The same counts for the checker, with the formula written out."""
    parts = {}
    for n in tried:
        places = [sp.Rational(2 * k - n, 2) for k in range(n // 2 + 1, n)]
        first = (2 * sum(sp.exp(-((k * D) ** 2) / 2) for k in places) + (n + 1) % 2) / sp.sqrt(2 * sp.pi)
        second = sum(2 * k * (1 - sp.erf(k * D / sp.sqrt(2))) for k in places) + sp.Rational((n + 1) % 2, 4)
        parts[f"levels_{n}"] = certificate.zeros(D * second - first, D.name, (Fraction(1, n), 2), 1)
    found = certificate.bundle(parts)
    try:
        certificate.require_accepted(found, WORK)
    except certificate.CertificateError:
        return None
    return found


TWO_LEVELS = Note(
    id="optimum.two-levels",
    severity="minor",
    text="With two levels chi = 2/pi for every step, so that no step is the best; step_opt is then that of the quantiser. "
    "For N >= 3 the step that maximises chi is the step of the best uniform quantiser of a Gaussian number, and 1 - chi is "
    "its error.",
)
GLOBAL = Note(
    id="optimum.unique",
    severity="remark",
    text="That there is one best step is certified for a few numbers of levels; for others the enclosed step is the only "
    "one near it, and a stationary point elsewhere is not excluded.",
)
best = Claim(
    "optimum",
    title="The best step",
    statement=r"There is one step that maximises $\chi$; $1 - \chi_{\max}$ is the gap.",
    source="1906.00771, official code (maximisation on a grid); the identity with quantisers is derived here",
    known="official code",
    no_inequality="it is about the place of a maximum, which is enclosed",
    readings=[
        Reading(
            "stated",
            "For N >= 3: chi and the distortion are stationary at the same steps, and there one minus chi is the "
            "distortion; the enclosed step is the only one near it.",
            {"slope": 2 * (D * S2 - S1), "gap": 1 - S1**2 / S2},
            checks=[
                noted(
                    proof("termwise", ("slope", "gap"), termwise, kind=Kind.EXACT, domain="all N, all steps"),
                    TWO_LEVELS,
                ),
                encloses(
                    "quantiser",
                    "gap",
                    at_optimum,
                    digits=14,
                    x_label="levels",
                    y_label="gap",
                    log="xy",
                    domain="N from 2 to 16",
                ),
            ],
            wrong=[
                wrong("root", {"gap": 1 - S1 / sp.sqrt(S2)}, "Half of it for many levels."),
                wrong("sign", {"slope": 2 * (D * S2 + S1)}, "The error falls for small steps."),
            ],
        ),
        Reading(
            "unique",
            "There is one stationary step for N = 3, 4, 5 and 8, and for the levels of the setting if from 3 to 12.",
            {"count": ONE},
            checks=[noted(custom("unique", "count", only_one, kind=Kind.CERTIFIED), GLOBAL)],
            wrong=[wrong("two", {"count": sp.Integer(2)}, "The slope changes its sign once.")],
        ),
    ],
)
