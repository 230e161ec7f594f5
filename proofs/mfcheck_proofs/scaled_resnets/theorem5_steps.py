"""Steps of Theorem 5: how far the parameters move, and lambda_min(G2), which keeps half of its value."""

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from mfcheck.claims import (
    Check,
    Context,
    Estimate,
    Evidence,
    Kind,
    PlantedError,
    Reading,
)
from mfcheck.statistics.compare import agrees
from mfcheck_proofs._assemble import assembled
from mfcheck_proofs.scaled_resnets.flow import (
    converged_shares,
    final,
    largest,
    plot_over_time,
    remaining,
    runs,
    smallest_over_time,
)
from mfcheck_proofs.scaled_resnets.flow_checks import (
    ASSUMPTIONS,
    GROUP,
    SOURCE,
    compare_admissible,
    in_regime,
    shown_run,
    slope,
    with_needs,
)
from mfcheck_proofs.scaled_resnets.setting import needs_encoder
from mfcheck_proofs.scaled_resnets.symbols import Q_m, beta, lambda_0, n, y_norm
from mfcheck_proofs.scaled_resnets.values import number, quoted

Array = NDArray[np.float64]

# --- movement --------------------------------------------------------------------------------------------------------

MOVEMENT = {"PL": sp.sqrt(2) * y_norm / (beta * sp.sqrt(lambda_0)), "limit": sp.sqrt(Q_m)}


def movement_bound(context: Context) -> Evidence:
    """The root-mean-square displacement of tau, an upper bound of W2, against the Polyak-Lojasiewicz length."""
    pairs = []
    for run in runs(context):
        bound = number(context, context["PL"], beta=run.beta)
        pairs.append(
            (run, largest(run, "movement_tau"), Estimate(value=bound, error=1e-12 * bound))
        )
    return compare_admissible(pairs, f"largest value over time, seed {context.seed}")


def movement_limit(context: Context) -> Evidence:
    """Beta |omega_inf - omega_0| at the largest beta against (y^T G2^-1 y)^(1/2)."""
    run = runs(context)[-1]
    found = final(run, "movement_tau")
    lhs = Estimate(value=found.value * run.beta, error=found.error * run.beta)
    share = converged_shares(context.setting, run)[0]
    limit = number(context, context["limit"]) * float(np.sqrt(share))
    before = runs(context)[-2]
    earlier = final(before, "movement_tau").value * before.beta
    rhs = Estimate(value=limit, error=remaining(earlier, lhs.value, (before.beta, run.beta)))
    passed = agrees(lhs, rhs, 0.1)
    return Evidence(
        passed=passed,
        lhs=lhs,
        rhs=rhs,
        slack=limit / lhs.value,
        error=lhs.error + rhs.error,
        domain=rf"$\beta = {run.beta:.6g}$, seed {context.seed}",
        reason=""
        if passed
        else rf"$\beta$ times the displacement is {quoted(lhs)} against {quoted(rhs)}",
    )


MOVEMENT_CHECKS = ("movement-tau-length", "movement-tau-limit", "movement-nu-slope")
movement = assembled(
    id="theorem-5-movement",
    title="Theorem 5, step: how far the parameters move",
    statement=(
        r"$|\omega_t - \omega_0|$ in $L^2$, hence $W_2(\tau_t, \tau_0)$, is at most "
        r"$\frac{\sqrt2\,|y|}{\beta\sqrt{\lambda_0}}$; $\beta$ times it tends to $(y^\top G_2^{-1} y)^{1/2}$; the "
        r"encoder moves at order $\beta^{-2}$."
    ),
    source=SOURCE + r" (radius $r_{\max}$)",
    assumptions=ASSUMPTIONS,
    readings=(
        Reading("stated", r"Length bound and limit for $\tau$.", MOVEMENT),
        Reading(
            "encoder",
            r"Order of the encoder's displacement in $\beta$.",
            {"order": sp.Integer(-2)},
            needs=needs_encoder,
        ),
    ),
    checks=(
        Check(MOVEMENT_CHECKS[0], Kind.SIMULATED, in_regime(movement_bound), group=GROUP),
        Check(MOVEMENT_CHECKS[1], Kind.SIMULATED, movement_limit, group=GROUP),
        Check(
            MOVEMENT_CHECKS[2],
            Kind.SIMULATED,
            slope("movement_nu", r"displacement of $\nu$", "movement-nu-slope"),
            reading="encoder",
            group=GROUP,
        ),
    ),
    planted=(
        PlantedError(
            "movement-length-halved",
            "constant scaled",
            {"PL": MOVEMENT["PL"] / 2},
            r"Smaller than the limit $(y^\top G_2^{-1} y)^{1/2}/\beta$.",
            MOVEMENT_CHECKS[:1],
        ),
        PlantedError(
            "movement-length-beta",
            "exponent off",
            {"PL": MOVEMENT["PL"] / beta},
            r"The displacement of $\tau$ is of order $1/\beta$ exactly.",
            MOVEMENT_CHECKS[:1],
        ),
        PlantedError(
            "movement-limit-no-root",
            "exponent off",
            {"limit": Q_m},
            "The displacement is the root of the quadratic form.",
            MOVEMENT_CHECKS[1:2],
        ),
    ),
)

# --- lambda_min along the flow ---------------------------------------------------------------------------------------


def spectral_floor(context: Context) -> Evidence:
    """The stated floor against lambda_min(G2(tau_t, nu_t)) at every time."""
    floor = number(context, context["floor"])
    pairs = [
        (run, Estimate(value=floor, error=1e-12 * floor), smallest_over_time(run, "lambda_min_G2"))
        for run in runs(context)
    ]
    evidence = compare_admissible(pairs, f"smallest value over time, seed {context.seed}")
    plot = plot_over_time(
        shown_run(context),
        "lambda_min_G2",
        r"$\lambda_{\min}(G_2)$",
        lambda times: np.full(len(times), floor),
        logarithmic=False,
    )
    return evidence.but(plots=(plot,))


spectrum = assembled(
    id="theorem-5-spectrum",
    title=r"Theorem 5, step: $\lambda_{\min}(G_2)$ keeps half of its value",
    statement=(
        r"Within $r_{\max}$, and so along the flow: $\lambda_{\min}(G_2(\tau_t, \nu_t)) \ge \lambda_0/2$."
    ),
    source=SOURCE + r" (definition of $r_{\max}$)",
    assumptions=ASSUMPTIONS,
    readings=(
        Reading("stated", r"Floor of $\lambda_{\min}(G_2)$ for all $t$.", {"floor": lambda_0 / 2}),
    ),
    checks=(
        Check("theorem-5-spectral-floor", Kind.SIMULATED, in_regime(spectral_floor), group=GROUP),
    ),
    planted=(
        PlantedError(
            "theorem-5-floor-n",
            "factor n dropped",
            {"floor": n**2 * lambda_0 / 2},
            r"At $t = 0$ the smallest eigenvalue is $\lambda_0$, and $n^2/2 \ge 2$.",
            ("theorem-5-spectral-floor",),
        ),
    ),
)


CLAIMS = tuple(with_needs(claim) for claim in (movement, spectrum))
