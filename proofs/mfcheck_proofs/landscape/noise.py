"""C7: noisy SGD, its Gibbs law, and what the ridge costs."""

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp

from mfcheck.checks import (
    Claim,
    Context,
    Estimate,
    Evidence,
    Kind,
    Note,
    Reading,
    Setting,
    agree,
    bound,
    custom,
    identity,
    noted,
    number,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.dynamics.convention import Convention
from mfcheck.dynamics.two_layer import Network, one_pass
from mfcheck.errors import InputError
from mfcheck.statistics import extrapolated, mean_of
from mfcheck_proofs.landscape.shape import LAM, Array, beta, lam

# --- C7: noise ---------------------------------------------------------------------------------------------------------

c_, theta, m_ = sp.symbols("c theta m", positive=True)
mean_ = sp.Symbol("gibbs_mean", real=True)


def stationary(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Per step the drift is -2 psi' and the variance c/beta: the flux 2 rho psi' + (c/(2 beta)) rho' vanishes at Gibbs.

    Divided by rho = exp(-k psi), for every potential; then the linear example, whose law is Gaussian.
    """
    psi = sp.Function("psi")(theta)
    noise, k = context["noise"], context["exponent"]
    linear = -theta + theta * m_ + lam * theta**2 / 2
    precision = sp.diff(k * linear, theta, 2)
    fixed = sp.solve(sp.diff(linear, theta).subs(theta, m_), m_)
    return [
        (2 * sp.diff(psi, theta) - noise / (2 * beta) * k * sp.diff(psi, theta), sp.Integer(0)),
        (1 / precision, context["variance"]),
        (fixed[0], context["mean"]),
    ]


@lru_cache(maxsize=8)
def noisy(setting: Setting, factor: float, count: int, seed: int) -> Estimate:
    """The variance of weights of noisy SGD on sigma = th x, y = x = 1 or -1, after it has settled; step removed."""
    ridge, heat = setting.number("lam"), setting.number("beta")
    found = []
    for share in (1, 4):
        step = 0.04 / (1 + ridge) / share
        settle = 4.0 / ridge
        rule = Convention(
            loss_factor=1,
            step=step,
            step_power=0,
            clock=1 / step,
            clock_power=0,
            outer_factor=0,
            noise_factor=factor,
            beta=heat,
            decay=ridge,
        )
        width, start_size = 400, 1 / math.sqrt(heat * ridge)

        def start(rng: np.random.Generator, width: int = width, size: float = start_size) -> tuple[Array, Array]:
            return np.ones(width), (1 / (1 + ridge) + size * rng.standard_normal((width, 1)))

        def sampler(rng: np.random.Generator, size: int) -> tuple[Array, Array]:
            x = rng.choice([-1.0, 1.0], size)
            return x[:, None], x

        out = one_pass(
            Network("identity", width),
            rule,
            start,
            sampler,
            [rule.steps(settle, width)],
            lambda _, w: w[:, 0].var(axis=1, ddof=1)[:, None],
            replicates=count,
            seed=stream(seed, f"noisy {factor} {step}"),
        )
        found.append(mean_of(out[:, 0, 0]))
    return extrapolated((1, 4), found)


def sampled_variance(context: Context) -> Estimate:
    """The variance of noisy SGD with the stated noise."""
    if not Fraction(1, 20) <= context.setting["lam"] <= 20:
        raise InputError("runs are made for lam from 1/20 to 20")
    return noisy(context.setting, number(context, "noise"), context.budget.pick(24, 64, 200), context.seed)


NOISE_SCALE = Note(
    id="landscape.noise",
    severity="major",
    text="Noise $\\sqrt{c s/\\beta}$ has the stationary law $\\exp(-(4/c)\\beta\\Psi_\\lambda)$: the equation with "
    "$(2\\xi/\\beta)\\Delta\\rho$ belongs to $c = 4$. Noise scale and equation must be read together.",
)
GIBBS = {"exponent": beta, "variance": 1 / (beta * lam), "mean": 1 / (1 + lam)}
noise_claim = Claim(
    "noise-scale",
    title="Noisy SGD samples a Gibbs law",
    statement=(
        r"$\theta_i \leftarrow (1-2\lambda s)\theta_i + 2s(\ldots) + \sqrt{cs/\beta}\,g$ follows $\partial_t\rho = "
        r"2\xi\,\mathrm{div}(\rho\nabla\Psi_\lambda) + (2\xi/\beta)\Delta\rho$, with $\rho_* \propto e^{-\beta\Psi_\lambda}$."
    ),
    source="1804.06561, Eqs. 11, 12 (readers' notes); the factor c was not read",
    known="follow-up",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "two",
            "With c = 2, as the wording is remembered; the equation as stated.",
            {"noise": sp.Integer(2), **GIBBS},
            checks=[identity("stationary", ("noise", *GIBBS), stationary, domain="all potentials; the linear example")],
            wrong=[wrong("one", {"noise": sp.Integer(1)}, "Its stationary law is exp(-4 beta psi).")],
        ),
        Reading(
            "four",
            "With c = 4: stationary law for every potential, and the variance of runs of the linear example.",
            {"noise": sp.Integer(4), **GIBBS},
            checks=[
                noted(
                    identity("stationary", ("noise", *GIBBS), stationary, domain="all potentials; the linear example"),
                    NOISE_SCALE,
                ),
                agree(
                    "runs", "variance", sampled_variance, uses=["noise"], domain="linear example, N = 400, two steps"
                ),
            ],
            wrong=[
                wrong("two", {"noise": sp.Integer(2)}, "The variance is 1/(2 beta lam) with c = 2: a half of it."),
                wrong("quarter", {"variance": 1 / (2 * beta * lam)}, "The Gibbs law has variance 1/(beta lam)."),
                wrong("no-ridge", {"mean": sp.Integer(1)}, "The ridge pulls the mean below 1."),
            ],
        ),
    ],
)


def best_risks(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Linear example: R = (1 - m)^2, with the ridge lam E th^2; minima over laws are at point masses."""
    m = sp.Symbol("m", real=True)
    ridged = (1 - m) ** 2 + lam * m**2
    at = sp.solve(sp.diff(ridged, m), m)[0]
    return [(ridged.subs(m, at), context["inf_ridged"]), ((1 - 1 / (1 + lam)) ** 2, context["risk"])]


def unridged(context: Context) -> Evidence:
    """The risk at the optimum against the least risk without ridge, exactly."""
    share = sp.Rational(context.setting["lam"])
    reached, least = (lam / (1 + lam)).subs(lam, share) ** 2, sp.sympify(context["least"])
    return Evidence(
        passed=bool(reached <= least),
        lhs=str(reached),
        rhs=str(least),
        error=0.0,
        domain="linear example, the lam of the setting, every beta",
        reason="the risk of the Gibbs law exceeds the least risk, by an amount that beta does not change",
    )


RISK_AT = (lam / (1 + lam)) ** 2
risk_claim = Claim(
    "noisy-risk",
    title="Noisy SGD reaches nearly the least risk",
    statement=r"$R_N \le \inf_\rho R_\lambda(\rho) + a$ with the regularised risk on the right, for $\beta \ge K(a)D$.",
    source="1804.06561, Theorem 5 (readers' notes)",
    known="from memory",
    readings=[
        Reading(
            "regularised",
            "The linear example: risk of the mean of the Gibbs law at most the least regularised risk.",
            {"inf_ridged": lam / (1 + lam), "risk": RISK_AT},
            checks=[
                identity("minima", ("inf_ridged", "risk"), best_risks, domain="linear example, all lam", whole=False)
            ],
            wrong=[
                wrong("square-root", {"risk": lam / (1 + lam)}, "1 - 1/(1+lam) is squared."),
                wrong(
                    "no-denominator",
                    {"inf_ridged": RISK_AT / 2},
                    "The least value of (1-m)^2 + lam m^2 is lam/(1+lam).",
                    also=["slack-ridge"],
                ),
            ],
            attack=[
                bound(
                    "ridge",
                    "risk",
                    "<=",
                    "inf_ridged",
                    over={LAM: ("1/100", 100)},
                    text="R(rho*) <= inf R_lambda",
                    log=("lam",),
                )
            ],
        ),
        Reading(
            "unregularised",
            "With the infimum of the risk without ridge on the right.",
            {"least": sp.Integer(0)},
            checks=[custom("linear", "least", unridged, kind=Kind.EXACT)],
            wrong=[wrong("negative", {"least": -sp.Integer(1)}, "A risk is not negative.")],
        ),
    ],
)
