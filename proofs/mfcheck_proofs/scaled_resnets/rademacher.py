"""Theorem 6, first link: the Rademacher complexity of a KL ball."""

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from mfcheck.claims import (
    Check,
    Context,
    Estimate,
    Evidence,
    Kind,
    PlantedError,
    Reading,
)
from mfcheck.statistics.compare import all_hold, at_most
from mfcheck_proofs._assemble import assembled
from mfcheck_proofs.scaled_resnets import bounds as formulas
from mfcheck_proofs.scaled_resnets.symbols import B_0, beta, n
from mfcheck_proofs.scaled_resnets.values import number, value_of

Array = NDArray[np.float64]
SOURCE = "arXiv 2403.09889, Theorem 6"
radius = sp.Symbol("rho", positive=True)

link = {"bound": formulas.rademacher_predictor(radius)}
RADII = (0.003, 0.03, 0.3, 3.0)


def _supremum(quadratic: Array, rho: float) -> float:
    """Sup over KL(tau|tau_0) <= rho of E_tau[a V] = inf_l (rho + log E exp(l^2 V^2/2)) / l, given samples of V^2."""

    def dual(log_l: float) -> float:
        scale = np.exp(log_l)
        free = logsumexp(scale**2 * quadratic / 2) - np.log(len(quadratic))
        return float((rho + free) / scale)

    spread = float(np.sqrt(np.mean(quadratic)))
    centre = np.log(np.sqrt(2 * rho) / spread)
    found = minimize_scalar(dual, bounds=(centre - 6, centre + 4), method="bounded")
    return float(found.fun)


def rademacher_link(context: Context) -> Evidence:
    """Rademacher complexity of {KL(tau|tau_0) <= rho}, nu = nu_0, by exact duality and Monte Carlo, against the bound.

    The supremum over the ball is a one-dimensional infimum (Donsker-Varadhan); the Gaussian a is integrated exactly,
    (w, b) and the signs are sampled. The error is four standard errors over independent batches.
    """
    setting, rng = context.setting, context.rng()
    if not value_of(setting, "B_0").is_finite():
        return Evidence(
            passed=None, cases=0, reason="the activation is not bounded, as the link needs"
        )
    X, scale = setting.data.X, setting.number("beta")
    draws, batches = context.budget.pick(2000, 4000, 20_000), context.budget.pick(12, 24, 48)
    activate = setting.activation.numpy_function(0)
    values = np.empty((len(RADII), batches))
    for batch in range(batches):
        w = rng.standard_normal((draws, X.shape[1]))
        features = activate(w @ X.T + rng.standard_normal((draws, 1)))
        signs = rng.choice([-1.0, 1.0], size=X.shape[0])
        quadratic = (scale / X.shape[0] * features @ signs) ** 2
        values[:, batch] = [_supremum(quadratic, rho) for rho in RADII]
    mean = values.mean(axis=1)
    error = 4 * values.std(axis=1, ddof=1) / np.sqrt(batches)
    answers, slack = [], np.inf
    for k, rho in enumerate(RADII):
        bound = number(context, context["bound"], rho=rho)
        lhs = Estimate(value=float(mean[k]), error=float(error[k]))
        answers.append((at_most(lhs, Estimate(value=bound, error=1e-12 * bound)), lhs, bound))
        slack = min(slack, bound / float(mean[k]))
    decided = [a for a, _, _ in answers]
    passed = all_hold(decided)
    at = decided.index(passed)
    if passed:
        at = int(np.argmin([bound / lhs.value for _, lhs, bound in answers]))
    return Evidence(
        passed=passed,
        lhs=answers[at][1],
        rhs=Estimate(value=answers[at][2], error=1e-12 * answers[at][2]),
        slack=slack,
        error=answers[at][1].error,
        cases=batches * len(RADII),
        domain=f"the given data, radii {', '.join(map(str, RADII))}; four standard errors, seed {context.seed}",
        reason={
            True: "",
            False: "the complexity exceeds the bound",
            None: f"the margin is below the error at radius {RADII[at]}",
        }[passed],
    )


rademacher = assembled(
    id="theorem-6-rademacher",
    title=r"Theorem 6, link: Rademacher complexity of a $\mathrm{KL}$ ball",
    statement=(
        r"For $|\sigma_0| \le B_0$ and $\nu = \nu_0$, the Rademacher complexity over "
        r"$\{\mathrm{KL}(\tau\,\|\,\tau_0) \le \rho\}$ is at most "
        r"$\beta B_0\,n^{-1/2}\sqrt{\frac{1 + 2\rho}{2\rho}}\,(\rho + \frac12\log(1 + 2\rho))$, "
        r"which is near $\beta B_0\sqrt{2\rho/n}$."
    ),
    source=SOURCE + r" (Rademacher complexity and $\mathrm{KL}$)",
    assumptions=("assumption-2",),
    readings=(Reading("stated", "Bound of the complexity.", link),),
    checks=(Check("theorem-6-rademacher-link", Kind.SAMPLED, rademacher_link),),
    planted=(
        PlantedError(
            "theorem-6-rademacher-halved",
            "constant scaled",
            {"bound": link["bound"] / 2},
            r"For small $\rho$ the complexity is near $\beta\sqrt{2\rho\,\mathbb{E}[\sigma_0^2]/n}$, more than half of "
            "the bound.",
            ("theorem-6-rademacher-link",),
        ),
        PlantedError(
            "theorem-6-rademacher-n",
            "exponent off",
            {"bound": link["bound"] / n},
            r"The complexity falls like $n^{-1/2}$; for small $\rho$ it is more than half of the bound.",
            ("theorem-6-rademacher-link",),
        ),
        PlantedError(
            "theorem-6-rademacher-linear",
            "exponent off",
            {"bound": beta * B_0 * radius / sp.sqrt(n)},
            r"For small $\rho$ the complexity is of order $\rho^{1/2}$.",
            ("theorem-6-rademacher-link",),
        ),
    ),
)
