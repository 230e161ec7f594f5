"""C6 and C7: rate and forward eigenvalues of the rectifier."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx

from mfcheck.checks import At, Claim, Context, Estimate, Note, Reading, agree, identity, monotone, noted, wrong
from mfcheck.claims.model import stream
from mfcheck.gaussian import arc_cosine, arc_cosine_slope
from mfcheck.statistics import mean_of
from mfcheck_proofs.batch_norm.gegenbauer import (
    ANGLE,
    AT_RHO,
    HALF,
    J_RHO,
    LAMBDA_L,
    LAMBDA_M,
    ONE,
    RATE,
    RHO,
    SLOPE_RHO,
    B,
    j,
    p,
)
from mfcheck_proofs.batch_norm.networks import DRAWN, networks

# --- C6 and C7: the rectifier ----------------------------------------------------------------------------------------


def relu_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """E (B-1-z^2) 1 = (B-2)/2; E (1 + z1 z2) 1 1 = J'/2 + J/2; mu* = (1-J)/2. Both halves by integration over the angle."""
    t, psi = sp.symbols("t psi", positive=True)
    end = sp.pi / 2 - psi
    both = sp.integrate(ONE, (t, -end, end)) / (2 * sp.pi)
    integral = ((B - 2) / 2 + p / 2 + j / 2) / ((B - 3) * (1 - j) / 2)
    limit = sp.limit(context["rate"].subs(AT_RHO), B, sp.oo)
    return [
        (sp.simplify(both.subs(psi, ANGLE / 2)), sp.simplify(SLOPE_RHO / 2)),
        (sp.cancel(integral), sp.cancel(context["rate"])),
        (sp.simplify(limit), context["limit"]),
    ]


def falling(_: Context) -> list[At]:
    """Rates from B = 4 to 65536."""
    found = []
    for e in range(2, 17):
        with ctx.workprec(128):
            b = 2**e
            c, s = (f(arb(-1) / (b - 1)) for f in (arc_cosine, arc_cosine_slope))
            found.append(At((s + b - 1) / ((b - 3) * (1 - c)) - arb(1) / (b - 3), f"B = {b}", b))
    return found


relu_rate = Claim(
    "relu-rate",
    title="The rate of the rectifier",
    statement=r"$\lambda = \frac{1}{B-3}\left(\frac{B-1+J'(\rho)}{1-J(\rho)} - 1\right)$, which falls to $\pi/(\pi-1)$.",
    source="1902.08129, Theorem 8",
    known="text read",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "stated",
            "The rate of squared norms, from the integral, for every B.",
            {"rate": RATE, "limit": sp.pi / (sp.pi - 1), "down": -ONE, "networks": RATE.subs(AT_RHO)},
            checks=[
                identity("angles", ("rate", "limit"), relu_steps, domain="all B"),
                monotone(
                    "falls",
                    "down",
                    falling,
                    domain="B = 4, 8, ..., 65536",
                    x_label="batch B",
                    y_label="rate of the rectifier",
                    log="x",
                ),
                agree("networks", "networks", networks("rate", "relu"), domain="rectifier; " + DRAWN, group="relu"),
            ],
            wrong=[
                wrong("norm", {"networks": sp.sqrt(sp.pi / (sp.pi - 1))}, "Squared norms grow by 1.788 at B = 8."),
                wrong(
                    "no-deviation", {"rate": RATE + 1 / (B - 3)}, "It ignores the derivative of the deviation: 1.988."
                ),
                wrong(
                    "no-mean",
                    {"networks": (B - 1) / ((B - 3) * (1 - J_RHO)) + sp.Rational(1, 5)},
                    "Mean and deviation depend on the batch: without both 2.1.",
                ),
                wrong("grows", {"down": ONE}, "3.08 at B = 4, 1.79 at B = 8."),
                wrong("limit", {"limit": sp.pi / (sp.pi + 1)}, "It is above 1."),
            ],
        )
    ],
)


COSINE = sp.Symbol("rho", real=True)
EVEN, DOUBLE = j / 4, (p + COSINE * j - p * COSINE**2) / 8
"""Averages over the angle of cos(t - s) cos(t + s) on its support, alone and times cos 2t; rho = cos 2s."""


def planar_average(first: sp.Expr, second: sp.Expr) -> sp.Expr:
    """E max(z1, 0) max(z2, 0) u'Du for a trace-free form D with `first`, `second` on the bisectors of the plane.

    u is uniform in d = B-1 dimensions; in the plane it has radius R and an angle t. Over the other directions the form
    averages to minus its trace in the plane over d-2.
    """
    d = B - 1
    square, fourth = 2 / d, 8 / (d * (d + 2))
    even, second_harmonic = EVEN, DOUBLE.subs(COSINE, RHO)
    inside = fourth * (even * (first + second) / 2 + second_harmonic * (first - second) / 2)
    return (B - 1) * (inside - (first + second) / (d - 2) * (square - fourth) * even)


def harmonics(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Both averages by integration."""
    t, psi = sp.symbols("t psi", positive=True)
    end, r = sp.pi / 2 - psi, sp.cos(2 * psi)
    f = (sp.cos(2 * t) + r) / 2
    at = {j: (sp.sin(2 * psi) + (sp.pi - 2 * psi) * r) / sp.pi, p: (sp.pi - 2 * psi) / sp.pi, COSINE: r}
    means = (sp.integrate(sp.expand(g), (t, -end, end)) / (2 * sp.pi) for g in (f, f * sp.cos(2 * t)))
    return [
        (sp.simplify(sp.expand_trig(mean - context[name].subs(at))), sp.Integer(0))
        for name, mean in zip(("even", "double"), means, strict=True)
    ]


def eigenvalue_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The derivative E f (u'Du) (B-1)/(2 mu) of the covariance, on both spaces.

    Off the diagonal: D_ii = 0, D_12 = 1. For GDG with D diagonal of trace 0 the output is s D + t (D 1 1' + 1 1' D) off the
    diagonal, of which G keeps s - 2t.
    """
    scale = (B - 1) / (2 * context["mu"])
    unit = B / (B - 1)
    off = planar_average(unit / (1 + RHO), -unit / (1 - RHO)) * scale
    pairs = planar_average((B - 4) / (2 * (B - 2)), HALF) * scale
    d = B - 1
    # E z^2 1(z > 0) (d x^2 - 1)/(d - 1), x = z/sqrt(B-1): E x^2 = 1/d, E x^4 = 3/(d (d+2))
    single = (B - 1) / 2 * (d * 3 / (d * (d + 2)) - 1 / d) / (d - 1) * (B - 2) / (B - 1) * scale
    return [(sp.cancel(off), sp.cancel(context["M"])), (sp.cancel(single - 2 * pairs), sp.cancel(context["L"]))]


def perturbed(which: str) -> Callable[[Context], list[At]]:
    """The map of covariances at B = 8, differentiated by common random numbers: 2e5 Gaussians of each sign."""

    def measure(context: Context) -> list[At]:
        return [At(found[which], f"B = {b}", where={B: b}) for b in (4, 8) for found in [differences(context.seed, b)]]

    return measure


@lru_cache(maxsize=8)
def differences(seed: int, b: int) -> dict[str, Estimate]:
    """Both eigenvalues by the weighted average E f (g'Dg/mu - tr D)/(2 mu), with z of unit mu."""
    rng, centre = stream(seed, f"forward {b}"), np.eye(b) - 1 / b
    D = np.zeros((b, b))
    D[0, 1] = D[1, 0] = D[2, 3] = D[3, 2] = 1
    D[0, 2] = D[2, 0] = D[1, 3] = D[3, 1] = -1
    E = centre @ np.diag([1, -1] + [0] * (b - 2)) @ centre
    batches: dict[str, list[float]] = {"M": [], "L": []}
    mu = float((1 - arc_cosine(arb(-1) / (b - 1))) / 2)
    for _ in range(40):
        g = rng.standard_normal((20_000, b)) @ centre
        z = np.sqrt(b) * g / np.linalg.norm(g, axis=1, keepdims=True)
        f = np.maximum(z, 0)
        for name, form in (("M", D), ("L", E)):
            tilt = (np.einsum("si,ij,sj->s", g, form, g) - np.trace(form)) / (2 * mu)
            image = centre @ (f.T @ (f * tilt[:, None]) / len(f)) @ centre
            batches[name].append(float(np.sum(image * form) / np.sum(form * form)))
    return {name: mean_of(v) for name, v in batches.items()}


SYMBOL = Note(
    id="eigenvalues.denominator",
    severity="major",
    text="The denominator decides stability: with mu* = q*(1-c*) both eigenvalues are below 1, with nu* = q* c*, as a scan "
    "prints it, both exceed 1 (1.61 and 2.23 at B = 8), and the fixed point would be unstable. mu* is right.",
)
MU, NU = (1 - j) / 2, j / 2
eigenvalues = Claim(
    "forward-eigenvalues",
    title="The fixed point of the rectifier attracts",
    statement=(
        r"$\lambda_M = BKJ'(\rho)/\mu^*$, $\lambda_L = \frac{K}{\mu^*}[(B-2)(1-J(\rho)) + \frac{B}{B-1}J'(\rho)]$, "
        r"$K = \Gamma(\frac32)\Gamma(\frac{B+1}2)/(2\sqrt\pi\,\Gamma(\frac{B+3}2)) = \frac{1}{2(B+1)}$."
    ),
    source="1902.08129, Theorem 6",
    known="text read",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "With mu* in the denominator, for every B >= 4: eigenvalues of the derivative of the map of covariances.",
            {
                "M": LAMBDA_M,
                "L": LAMBDA_L,
                "mu": MU,
                "M8": LAMBDA_M.subs(AT_RHO),
                "L8": LAMBDA_L.subs(AT_RHO),
                "even": EVEN,
                "double": DOUBLE,
            },
            checks=[
                noted(identity("derivative", ("M", "L", "mu"), eigenvalue_steps, domain="all B"), SYMBOL),
                identity("harmonics", ("even", "double"), harmonics, domain="all angles", whole=False),
                agree("random-M", "M8", perturbed("M"), domain="8e5 Gaussians, B = 4, 8", group="forward"),
                agree("random-L", "L8", perturbed("L"), domain="8e5 Gaussians, B = 4, 8", group="forward"),
            ],
            wrong=[
                wrong("nu", {"mu": NU}, "Perturbations are measured by mu*, the variance on the hyperplane."),
                wrong("nu-M", {"M8": (LAMBDA_M * MU / NU).subs(AT_RHO)}, "1.61 at B = 8, where differences give 0.54."),
                wrong("nu-L", {"L8": (LAMBDA_L * MU / NU).subs(AT_RHO)}, "2.23 at B = 8, where differences give 0.74."),
                wrong("no-harmonic", {"double": EVEN * COSINE}, "The support is not the whole circle."),
                wrong("quarter", {"even": EVEN * 2}, "The mean square of a coordinate is 1/2.", checks=["harmonics"]),
                wrong("swapped", {"M": LAMBDA_L, "L": LAMBDA_M}, "They differ by the diagonal."),
            ],
        ),
        Reading(
            "as-scanned",
            "With nu* = q* c* in the denominator, as in a scan.",
            {"M": LAMBDA_M * MU / NU, "L": LAMBDA_L * MU / NU, "mu": MU},
            checks=[
                noted(identity("derivative", ("M", "L", "mu"), eigenvalue_steps, domain="all B"), SYMBOL, when=False)
            ],
            wrong=[wrong("sum", {"M": LAMBDA_M * MU / (MU + NU)}, "Nor is it q*.")],
        ),
    ],
)
