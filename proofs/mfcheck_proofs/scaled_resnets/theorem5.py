"""Theorem 5: the loss decays exponentially, both measures stay close to their start in KL.

To first order in 1/beta the predictor moves by `sum_j q_j(T) grad h(x_j, .)/beta`, `q(T) = G2^-1 (1 - exp(-G2 T)) y`,
`T = beta^2 t/n`. Its adjoint at x_i becomes `sum_j q_j P_ij/beta`, with P of `mfcheck.kernels.adjoint`. The encoder
moves, alike at every depth, along the gradient of `sum_i <m_i, u> s0(w.x_i+b)` with `m_i = (alpha/beta^2) sum_j M_ij
P_ij` and `M_ij = int_0^oo (exp(-G2 T) y)_i q_j(T) dT`, and as for the predictor `KL = (1/2) sum_ij <m_i, m_j> K_ij` to
leading order.
"""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import sympy as sp
from flint import arb, arb_mat
from numpy.typing import NDArray

from mfcheck.checks import (
    Case,
    Check,
    Claim,
    Context,
    Estimate,
    Evidence,
    Kind,
    Note,
    Reading,
    Side,
    Standard,
    Step,
    attack,
    claim,
    custom,
    decide,
    identity,
    noted,
    proof,
    wrong,
    wrongs,
)
from mfcheck.claims import Budget, PlantedError, Setting, Variable, inequality
from mfcheck.dynamics.resnet import Numerics, Solution, simulate
from mfcheck.errors import InputError
from mfcheck.falsify import variants
from mfcheck.falsify.variants import dropped, of_attained, of_identity, of_order, powers, scaled, sign
from mfcheck.kernels.adjoint import block_divergence, enclosed_block_divergence
from mfcheck.kernels.flow import LinearFlow, enclosed_share_left
from mfcheck.kernels.two_layer import kernel_matrix
from mfcheck.rigor.ball import exact, from_on
from mfcheck.statistics import exactly, mean_of
from mfcheck.statistics.quoting import quoted
from mfcheck_proofs.scaled_resnets import flow, values
from mfcheck_proofs.scaled_resnets.assumptions import FACTORS, HALF, STEPS
from mfcheck_proofs.scaled_resnets.constants import C_KL
from mfcheck_proofs.scaled_resnets.flow import ASSUMPTIONS, SOURCE, Run, admissible, along, in_beta, runs
from mfcheck_proofs.scaled_resnets.regimes import ABOVE, LARGE_BETA
from mfcheck_proofs.scaled_resnets.setting import needs_flow, needs_moving_encoder
from mfcheck_proofs.scaled_resnets.symbols import Q_KL, Lambda, Q_m, alpha, beta, lambda_0, n, t, y_norm
from mfcheck_proofs.scaled_resnets.values import TRAINED, exactly_of, kernel, number, side, stated, value_of

Array = NDArray[np.float64]
L_0 = sp.Symbol("L_0", positive=True)

# --- checks along the flow: a bound at every time, a limit of large beta -----------------------------------------------


def at_times(
    context: Context, expr: sp.Expr, solution: Solution, beta: float, quantity: str
) -> list[tuple[Estimate, Estimate]]:
    """Return a quantity of a flow at its output times, with a formula in t, beta and L_0 there."""
    start, series = float(solution.series["loss"].value[0]), solution.series[quantity]
    return [
        (series.at(k), stated(number(context, expr, t=float(solution.time[k]), beta=beta, L_0=start)))
        for k in range(len(solution.time))
    ]


def stays(
    id: str,
    formula: str,
    quantity: str,
    label: str,
    *,
    above: bool = False,
    note: Callable[[Context], Note] | None = None,
) -> Check:
    """Return the check that a quantity stays below a formula in t, beta and L_0 (or above it) along admissible flows.

    They are compared at each output time after the start.
    """

    def check(context: Context) -> Evidence:
        # The flow at the setting's own beta is drawn.
        shown = min(runs(context), key=lambda run: abs(run.beta - context.setting.number("beta")))

        def pairs(run: Run[Solution]) -> list[tuple[Estimate, Estimate]]:
            return at_times(context, context[formula], run.found, run.beta, quantity)

        found = [(run, *(pair[::-1] if above else pair)) for run in runs(context) for pair in pairs(run)[1:]]
        evidence = flow.bounded(context, found, f"all output times, seed {context.seed}")
        if not evidence.cases:
            return evidence
        plot = flow.plot_over_time(shown, f"{quantity}-over-time", label, pairs(shown), logarithmic=not above)
        return evidence.but(plots=(plot,), notes=(note(context),) if note else ())

    return along(id, formula, check)


def at_limit(context: Context, found: Estimate, limit: Estimate, where: str, resolution: float = 0.1) -> Evidence:
    """Return the evidence that a number at a large beta is its limit, of which the error says how far it may be."""
    evidence = decide([Case(found, limit)], Standard(resolution=resolution, alarm=context.alarm), where)
    said = f"scaled to its limit in $\\beta$ it is {quoted(found)} against {quoted(limit)}"
    slack = limit.value / found.value if found.value > 0 else None
    return evidence.but(slack=slack, reason="" if evidence.passed else said)


def tends(quantity: str, power: int, reached: Callable[[tuple[float, float]], float]) -> Check:
    """Return the check that beta^power times the final value of a quantity tends to the formula `limit`.

    At finite beta the law has a correction, which is read off from the sweep. Where convergence would take too long,
    the limit is scaled by the share that the linear flow has reached, made of those of both quadratic forms.
    """

    def check(context: Context) -> Evidence:
        before, run = runs(context)[-2:]
        earlier, found = (r.found.series[quantity].at(-1, r.beta**power) for r in (before, run))
        limit = stated(number(context, context["limit"])).value * reached(flow.converged_shares(context.setting, run))
        away = flow.remaining(earlier.value, found.value, (before.beta, run.beta))
        return at_limit(context, found, exactly(limit, away), rf"$\beta = {run.beta:.6g}$, seed {context.seed}")

    return along("limit", "limit", check)


# --- loss ------------------------------------------------------------------------------------------------------------

DECAY = L_0 * sp.exp(-(beta**2) * lambda_0 * t / n)

NEARLY_FIXED = 0.01
"""Largest share by which lambda_min(G2) may change where a kernel is called nearly fixed."""


def _regime_note(context: Context) -> Note:
    """How large beta has to be, and what is left of learning features there."""
    setting = context.setting
    least, asked = (value_of(setting, id) for id in ("beta_threshold", "beta_threshold_stated"))
    run = admissible(runs(context))
    samples = run.found.series["lambda_min_G2"].samples
    change = mean_of(samples[:, -1] / samples[:, 0] - 1)
    fixed = abs(change.value) + change.error <= NEARLY_FIXED
    stated_text = (
        f"{from_on(asked)} in the stated form" if asked.is_finite() else "no finite value is known for the stated form"
    )
    encoder = (
        rf"the encoder moves by {quoted(run.found.series['movement_nu'].at(-1))} (root mean square)"
        if setting["alpha"]
        else r"there is no encoder ($\alpha = 0$)"
    )
    return Note(
        id="theorem-5-regime",
        severity="minor",
        text=(
            rf"Theorem 5 applies from $\beta = {from_on(least)}$ on with the constants derived here ({stated_text}); "
            rf"the setting has $\beta = {setting.number('beta'):g}$. At $\beta = {run.beta:.4g}$ {encoder} "
            rf"and $\lambda_{{\min}}(G_2)$ changes by a share of {quoted(change)}"
            + (": training there is close to that of a fixed kernel." if fixed else ".")
        ),
    )


T = sp.Symbol("T", positive=True)


def _left(case: inequality.Case, _: inequality.Formulas) -> arb:
    data = case.setting.data
    y = arb_mat([[exact(label)] for label in data.labels])
    return enclosed_share_left(kernel_matrix(data.points, case.setting.activation, 1), y, exactly_of(case, "T"))


LEFT = Side(lambda s, _: LinearFlow.of(kernel(s, 1), s.y).share_left(s.values["T"]), _left)


def decay_attack(id: str, what: str = "for large beta") -> inequality.Inequality:
    """Return the consequence of the bound of the loss in the limit of large beta."""
    return attack(
        id,
        f"|exp(-T G2) y|^2 / |y|^2, the limit of L(t)/L(0) {what} at T = beta^2 t/n, <= bound/L(0)",
        LEFT,
        side(lambda f: f["bound"].subs({t: T * n / beta**2, L_0: 1})),
        varies=TRAINED,
        own=(Variable("T", Fraction(1, 1000), Fraction(100), log=True),),
        ranges=(values.BETA,),
    )


AUTHORS = L_0 * sp.exp(-(beta**2) * Lambda * t / (2 * n))


def authors_follow(context: Context) -> list[Step]:
    """Our bound over theirs is exp(-beta^2 (lambda_0 - Lambda/2) t/n), and lambda_0 >= Lambda > 0: their bound follows."""
    gap = sp.Symbol("g", nonnegative=True)  # lambda_0 - Lambda
    exponent = sp.simplify(sp.log(context["bound"] / DECAY).subs(lambda_0, Lambda + gap))
    least = sp.expand_log(exponent, force=True).simplify()
    stronger = least.is_nonpositive and least != 0
    return [Step("weaker than ours", True if least.is_nonnegative else False if stronger else None, "it is stronger")]


def half_life(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The bound at its half-life is half of what it is at the start."""
    at = context["bound"].subs(t, context["half_life"])
    return [(sp.simplify(at / L_0), HALF)]


READ_IN_N = Note(
    id="decay-in-n",
    severity="remark",
    text=(
        r"What the decay says as $n$ grows: at the start $L(0) \le \frac12$ whatever $n$; the rate $\beta^2\Lambda/(2n)$ falls "
        r"like $1/n$ at fixed $\beta$ and $\Lambda$, so that the time to a given loss grows like $n$; with "
        r"$\beta = \Omega(\sqrt{n})$ of Theorem 6 it is $O(1/\Lambda)$, and with $\beta = \Omega(n)$, which Theorem 5 asks for, "
        r"it falls like $1/n$. $\Lambda$ itself falls with $n$ unless $C_{\max}$ is fixed, and then $n$ is bounded."
    ),
)
decays = stays("decay", "bound", "loss", "loss $L(t)$", note=_regime_note)
SLOWEST = r"The slowest mode decays like $\exp(-2\beta^2\lambda_{\min}t/n)$."
UNITS = r"Time runs in units of $n/\beta^2$; at large $\beta$ this rate is beyond that of the slowest mode."
FASTER = {"bound": DECAY.subs(t, 4 * t)}
"""The bound with four times its rate."""


loss_claim = Claim(
    "theorem-5-loss",
    title="Theorem 5: the loss decays exponentially",
    statement=r"For all $t$: $L(t) \le L(0)\exp(-\beta^2\lambda_0 t/n)$.",
    source=SOURCE,
    known="derived here",
    assumptions=ASSUMPTIONS,
    readings=[
        Reading(
            "stated",
            r"$L(t)$ is at most the bound, for $\beta$ above the threshold.",
            {"bound": DECAY},
            checks=[decays],
            wrong=[
                wrong("fourfold", FASTER, SLOWEST, kind=variants.SCALED, also=["slack-loss-limit"]),
                *wrongs("bound", {f"rate-{k}": (DECAY.subs(t, k * t), SLOWEST) for k in (3, 8)}, kind=variants.SCALED),
                *wrongs(
                    "bound",
                    {"no-n": (DECAY.subs(t, n**2 * t), f"$n^2$ times the rate. {SLOWEST}")},
                    kind=variants.DROPPED_N,
                ),
                *wrongs(
                    "bound",
                    {
                        "beta-half-more": (DECAY.subs(t, sp.sqrt(beta) * t), UNITS),
                        "beta-one-more": (DECAY.subs(t, beta * t), UNITS),
                    },
                ),
            ],
            attack=[decay_attack("loss-limit")],
            needs=needs_flow,
        ),
        Reading(
            "authors",
            r"The decay as the authors state it elsewhere, $L(t) \le L(0)\exp(-\beta^2\Lambda t/(2n))$, with $\Lambda$ = "
            r"Lambda_HG $\le \lambda_0$: weaker than ours by a factor of two, and by $\lambda_0/\Lambda$, in the rate.",
            {"bound": AUTHORS, "half_life": 2 * n * sp.log(2) / (beta**2 * Lambda)},
            checks=[
                decays,
                proof(
                    "follows",
                    "bound",
                    authors_follow,
                    domain=r"every $t$, $n$, $\beta$ and $\Lambda \le \lambda_0$",
                    kind=Kind.EXACT,
                    lhs=r"our bound over theirs",
                    rhs=r"$\exp(-\beta^2(2\lambda_0 - \Lambda)t/(2n)) \le 1$",
                    whole=False,
                    notes=[READ_IN_N],
                ),
                identity(
                    "half-life",
                    ["bound", "half_life"],
                    half_life,
                    domain="the time at which the bound has halved",
                    whole=False,
                ),
            ],
            wrong=[
                wrong(
                    "hundredfold",
                    {"bound": AUTHORS.subs(t, 100 * t)},
                    rf"{SLOWEST} $50\Lambda$ is far more than $2\lambda_{{\min}}$ at the default setting.",
                    kind=variants.SCALED,
                    checks=["decay"],
                ),
                wrong("ours-fourfold", FASTER, SLOWEST, kind=variants.SCALED, checks=["decay", "follows"]),
                wrong(
                    "linear",
                    {"half_life": n * sp.log(2) / (beta**2 * Lambda)},
                    "This is the half-life of a bound twice as fast.",
                ),
            ],
            needs=needs_flow,
        ),
    ],
    regimes=[ABOVE],
)

# --- KL of the predictor ---------------------------------------------------------------------------------------------

KL_BOUND = C_KL * n**2 / (lambda_0**2 * beta**2)
SECOND = r"$\mathrm{KL}(\tau_t\,\|\,\tau_0)$ is of order $\beta^{-2}$ exactly."


def beyond_limit(name: str, attained: sp.Expr, slack: str, tends_to: str) -> list[PlantedError]:
    """Return bounds below what is attained in the limit: half of it, for the search too, and less by other factors."""
    half = {"half-limit": (attained / 2, "This is half of the limit that is attained.")}
    why = f"{tends_to}, which each factor (below one for $n \\ge 2$, $\\beta > 1$) goes below."
    below = (scaled(sp.Rational(1, 10)), powers(beta, -HALF, -1), dropped(n, 1))
    return [*wrongs(name, half, kind=variants.SCALED, also=[slack]), *of_attained(name, attained, *below, why=why)]


def limit_attack(
    id: str, text: str, limit: Side, bound: Callable[[inequality.Formulas], sp.Expr]
) -> inequality.Inequality:
    """Return the inequality between a limit of large beta and its bound."""
    return attack(id, text, limit, side(bound), varies=TRAINED, ranges=(values.BETA,))


kl_tau = Claim(
    "theorem-5-kl-tau",
    title=r"Theorem 5: $\mathrm{KL}$ of the predictor's measure",
    statement=(
        r"For all $t$: $\mathrm{KL}(\tau_t\,\|\,\tau_0) \le \frac{C_{\mathrm{KL}}}{\Lambda^2\bar\beta^2}$, "
        r"$\bar\beta = \beta/n$."
    ),
    source=SOURCE,
    known="text read",
    assumptions=ASSUMPTIONS,
    readings=[
        Reading(
            "stated",
            r"The bound with an explicit $C_{\mathrm{KL}}$ (derived under a bound on $\sigma_0'''$ that Assumption 3 "
            r"does not grant) and with $\lambda_0$ of the data, which is sharper than with $\Lambda$.",
            {"bound": KL_BOUND},
            checks=[stays("bound", "bound", "KL_tau", r"$\mathrm{KL}(\tau_t\,\|\,\tau_0)$")],
            wrong=[
                wrong("fourth", {"bound": KL_BOUND / beta**2}, SECOND),
                *beyond_limit(
                    "bound",
                    Q_KL / beta**2,
                    "slack-kl-tau-limit",
                    r"$\beta^2\,\mathrm{KL}(\tau_\infty\,\|\,\tau_0)$ tends to $Q_{\mathrm{KL}}$",
                ),
            ],
            attack=[
                limit_attack(
                    "kl-tau-limit",
                    "(1/2) y^T G2^-1 K G2^-1 y, the limit of beta^2 KL(tau_inf|tau_0), <= beta^2 times the bound",
                    side(Q_KL),
                    lambda f: f["bound"] * beta**2,
                )
            ],
            needs=needs_flow,
            regimes=[ABOVE],
        ),
        Reading(
            "leading-order",
            r"As $\beta$ grows, $\beta^2\,\mathrm{KL}(\tau_\infty\,\|\,\tau_0)$ tends to "
            r"$\frac12\,y^\top G_2^{-1} K G_2^{-1} y$: the exponent is sharp, the constant is not.",
            {"limit": Q_KL, "order": sp.Integer(-2)},
            checks=[
                in_beta("slope", "KL_tau", r"$\mathrm{KL}(\tau_\infty\,\|\,\tau_0)$"),
                tends("KL_tau", 2, lambda shares: shares[1]),
            ],
            wrong=[
                wrong("no-kernel", {"limit": Q_m / 2}, "Takes $G_2$ for $K$: the movement instead of the entropy."),
                *of_order(
                    "order", sp.Integer(-2), *STEPS, -2, why=r"The leading coefficient of $\beta^{-2}$ is not zero."
                ),
                *of_identity("limit", Q_KL, FACTORS, sign()),
            ],
            needs=needs_flow,
            regimes=[LARGE_BETA],
        ),
    ],
)

# --- KL of the encoder -----------------------------------------------------------------------------------------------


def hardly_moves(context: Context) -> Note:
    """What the exponent of KL(nu) in beta means for the bound."""
    run = runs(context)[-1]
    regime = (
        ", and the regime in which the theorem holds is one where the encoder hardly learns" if run.admissible else ""
    )
    text = (
        "At initialisation the encoder receives no gradient ($p = 0$), so that it moves at second order only: "
        r"$\mathrm{KL}(\nu_t\,\|\,\nu_0)$ falls like $\beta^{-4}$, not $\beta^{-2}$. "
        rf"At $\beta = {run.beta:.4g}$ it is {quoted(flow.share(run, 'KL_nu', 'KL_tau'))} times the "
        rf"$\mathrm{{KL}}$ of the predictor. The order of the stated bound for $\nu$ is not sharp{regime}."
    )
    return Note(id="encoder-hardly-moves", severity="remark", text=text)


def enclosed(setting: Setting) -> arb:
    """Enclose Q_nu; not finite where a kernel is not."""
    return enclosed_block_divergence(setting.activation, setting.data.points, setting.data.labels)


LEADING = Side(
    lambda sample, _: sample.values["alpha"] ** 2 * block_divergence(sample.activation, sample.X, sample.y),
    lambda case, _: exactly_of(case, "alpha") ** 2 * enclosed(case.setting),
)
FOURTH = r"$\mathrm{KL}(\nu_t\,\|\,\nu_0)$ is of order $\beta^{-4}$ exactly."
kl_nu = Claim(
    "theorem-5-kl-nu",
    title=r"Theorem 5: $\mathrm{KL}$ of the encoder's measure",
    statement=(
        r"For all $t$ and $s$: $\mathrm{KL}(\nu_t\,\|\,\nu_0) \le \frac{C_{\mathrm{KL}}}{\Lambda^2\bar\beta^2}$, "
        r"$\bar\beta = \beta/n$."
    ),
    source=SOURCE,
    known="text read",
    assumptions=ASSUMPTIONS,
    readings=[
        Reading(
            "stated",
            r"The bound with the explicit $C_{\mathrm{KL}}$ and $\lambda_0$ of the data.",
            {"bound": KL_BOUND},
            checks=[stays("bound", "bound", "KL_nu", r"$\mathrm{KL}(\nu_t\,\|\,\nu_0)$")],
            wrong=[wrong("sixth", {"bound": KL_BOUND / beta**4}, FOURTH, also=["slack-kl-nu-limit"])],
            attack=[
                attack(
                    "kl-nu-limit",
                    "the limit of beta^4 KL(nu_inf|nu_0), in closed form, <= beta^4 times the bound, for large beta",
                    LEADING,
                    side(lambda f: f["bound"] * beta**4),
                    varies=(*TRAINED, "alpha"),
                    ranges=(Variable("beta", Fraction(10**4), Fraction(10**8), log=True), values.ALPHA),
                )
            ],
            needs=needs_flow,
            regimes=[ABOVE],
        ),
        Reading(
            "sharp-order",
            r"$\mathrm{KL}(\nu_\infty\,\|\,\nu_0)$ is of order $\beta^{-4}$: two orders better than stated.",
            {"order": sp.Integer(-4)},
            checks=[
                noted(
                    in_beta("slope", "KL_nu", r"$\mathrm{KL}(\nu_\infty\,\|\,\nu_0)$, largest over depth"), hardly_moves
                )
            ],
            wrong=of_order(
                "order", sp.Integer(-4), *STEPS, 2, why=r"The leading coefficient of $\beta^{-4}$ is not zero."
            ),
            needs=needs_moving_encoder,
            regimes=[LARGE_BETA],
        ),
    ],
)

# --- the limit of the encoder's KL ------------------------------------------------------------------------------------

Q_nu = sp.Symbol("Q_nu", nonnegative=True)
"""The limit of beta^4 KL(nu_t|nu_0) at alpha = 1, as t and beta grow."""
REPLICATES, PAIRED, STEP = 8, 3, 4
RESOLUTION = 0.25


def _end(setting: Setting, budget: Budget) -> float:
    """Return the time T at which flows end: the loss near 10^-6 of its start, or earlier if that takes too long."""
    lowest = float(flow.linear(setting).values[0])
    cut = flow.end_time(setting, budget, 1.0)
    return float(np.log(1e6) / (2 * lowest)) if cut is None else cut / setting.data.n


SEEN = 1e-11
"""Least movement of the encoder that positions of order one show in double precision, to some five digits."""


def _resolved(setting: Setting) -> float:
    """Return the largest beta at which the encoder moves by `SEEN`: by about `alpha m^2/10` where the predictor moves by
    `m = |y|/(beta lambda_max(G2)^(1/2))`.
    """
    top = float(flow.linear(setting).values[-1])
    return float(np.linalg.norm(setting.data.y) / np.sqrt(top) * np.sqrt(setting.number("alpha") / (10 * SEEN)))


def _flow(context: Context, at: float, end: float, replicates: int) -> tuple[Array, float, str]:
    """Return beta^4 KL(nu|nu_0) at time `end` of each replicate, shape (R,), its error without their spread, and in words
    which sizes were taken down for many rows.
    """
    budget = context.budget
    wanted = Numerics(
        depth=4,
        particles=budget.pick(1024, 1024, 4096),
        decoder_particles=budget.pick(4096, 8192, 32_768),
        replicates=replicates,
        outputs=9,
        seed=context.seed,
        tolerance=1e-3,
        end_time=end * context.setting.data.n / at**2,
    )
    sizes, cut = flow.fitted(context.setting, budget, wanted, 2)
    found = simulate(flow.problem(context.setting, at), sizes)
    return found.samples("KL_nu") * at**4, found.shared("KL_nu") * at**4, cut


def encoder_limit(context: Context) -> Evidence:
    """beta^4 KL(nu|nu_0) at a large beta, from simulation, against the closed form at the time of the flow's end.

    What is left to the limit of large beta is measured: by the same replicates at beta/STEP (see `flow.remaining`).
    """
    setting = context.setting
    value, tau = enclosed(setting), value_of(setting, "C_KL_leading")
    end, given = _end(setting, context.budget), (setting.activation, setting.data.X, setting.data.y)
    share = block_divergence(*given, end) / block_divergence(*given)
    if not value.is_finite() or not tau.is_finite() or not np.isfinite(share):
        raise InputError("the closed form has no finite value here")
    at = min(max(flow.least_beta(setting) or 0.0, setting.number("beta")), _resolved(setting))
    samples, common, cut = _flow(context, at, end, REPLICATES)
    before = _flow(context, at / STEP, end, PAIRED)[0]
    away = flow.remaining(float(np.mean(before)), float(np.mean(samples[:PAIRED])), (at / STEP, at))
    lhs = mean_of(samples, bias=common)
    limit = number(context, context["limit"], Q_nu=float(value.mid()))
    wide = share * number(context, abs(context["limit"]), Q_nu=float(value.rad()))
    rhs = exactly(limit * share, away + wide)
    where = rf"$\beta = {at:.6g}$, at a time when a share of {share:.3g} is reached, seed {context.seed}"
    found = at_limit(context, lhs, rhs, f"{where}; {cut}" if cut else where, RESOLUTION)
    return found.but(notes=(_entropy_note(limit, share, float(tau.mid()), lhs, rhs),)) if found.passed else found


def _entropy_note(limit: float, share: float, tau: float, lhs: Estimate, rhs: Estimate) -> Note:
    text = (
        r"How little the encoder learns has a closed form: $\beta^4\,\mathrm{KL}(\nu_\infty\,\|\,\nu_0)$ tends to "
        rf"{limit:.4g} here, the same at every depth, while $\beta^2\,\mathrm{{KL}}(\tau_\infty\,\|\,\tau_0)$ tends to "
        rf"{tau:.4g}. Simulated, at a time when a share of {share:.3g} of the limit is reached: {quoted(lhs)} against "
        rf"{quoted(rhs)}. The stated bound of $\mathrm{{KL}}(\nu_t\,\|\,\nu_0)$ is of order $\beta^{{-2}}$: two orders "
        "too many."
    )
    return Note(id="encoder-entropy-limit", severity="remark", text=text)


LIMIT = alpha**2 * Q_nu
DETERMINED, OTHER_FACTORS = "The limit is determined, and not zero.", (("two", 2), ("half", HALF), ("four", 4))
limit_claim = claim(
    "theorem-5-kl-nu-limit",
    title=r"Theorem 5: the leading order of the encoder's $\mathrm{KL}$",
    statement=r"$\beta^4\,\mathrm{KL}(\nu_\infty\,\|\,\nu_0) \to \frac{\alpha^2}{2}\sum_{ij}\langle m_i, m_j\rangle K_{ij}$ "
    r"with $m_i = \sum_j M_{ij}\,(x_j\,(A' + \frac c2 A'')(c_{ij}) + x_i\,(cB)'(c_{ij}))$, "
    r"$M = G_2^{-1}yy^\top G_2^{-1} - X G_2^{-1}$, $G_2 X + X G_2 = yy^\top$, and $B(c) = \frac12\sum_r "
    r"\sqrt{(r+1)(r+2)}\,\mu_r\mu_{r+2}c^r$.",
    source=f"{SOURCE} (sharp constant)",
    known="derived here",
    assumptions=ASSUMPTIONS,
    no_inequality="it states a limit, not a bound; the bound is attacked at theorem-5-kl-nu",
    text=r"$Q_\nu$ is the double sum over $i, j$, halved; the limit is $\alpha^2 Q_\nu$.",
    formulas={"limit": LIMIT},
    checks=[custom("limit", "limit", encoder_limit, kind=Kind.SIMULATED)],
    wrong=[
        *wrongs("limit", {f"times-{word}": (factor * LIMIT, DETERMINED) for word, factor in OTHER_FACTORS}),
        wrong("negated", {"limit": -LIMIT}, "A divergence is not negative."),
    ],
    needs=needs_moving_encoder,
    regimes=[LARGE_BETA],
)

# --- step: how far the parameters move -------------------------------------------------------------------------------

PL = sp.sqrt(2) * y_norm / (beta * sp.sqrt(lambda_0))
movement = Claim(
    "theorem-5-movement",
    title="Theorem 5, step: how far the parameters move",
    statement=(
        r"$|\omega_t - \omega_0|$ in $L^2$, hence $W_2(\tau_t, \tau_0)$, is at most "
        r"$\frac{\sqrt2\,|y|}{\beta\sqrt{\lambda_0}}$; $\beta$ times it tends to $(y^\top G_2^{-1} y)^{1/2}$; the "
        r"encoder moves at order $\beta^{-2}$."
    ),
    source=SOURCE + r" (radius $r_{\max}$)",
    known="derived here",
    assumptions=ASSUMPTIONS,
    readings=[
        Reading(
            "stated",
            r"Length bound and limit for $\tau$.",
            {"PL": PL, "limit": sp.sqrt(Q_m)},
            checks=[
                stays("length", "PL", "movement_tau", r"displacement of $\tau$"),
                tends("movement_tau", 1, lambda shares: shares[0] ** 0.5),
            ],
            wrong=[
                *wrongs(
                    "PL",
                    {
                        "halved": (PL / 2, r"Smaller than the limit $(y^\top G_2^{-1} y)^{1/2}/\beta$."),
                        "beta": (PL / beta, r"The displacement of $\tau$ is of order $1/\beta$ exactly."),
                    },
                ),
                *beyond_limit(
                    "PL",
                    sp.sqrt(Q_m) / beta,
                    "slack-movement-limit",
                    r"$\beta\,|\omega_\infty - \omega_0|$ tends to $Q_m^{1/2}$",
                ),
                wrong("limit-no-root", {"limit": Q_m}, "It is the root of the quadratic form."),
                *of_identity("limit", sp.sqrt(Q_m), FACTORS, sign()),
            ],
            attack=[
                limit_attack(
                    "movement-limit",
                    "(y^T G2^-1 y)^(1/2), the limit of beta |omega_inf - omega_0|, <= beta times the length bound",
                    side(sp.sqrt(Q_m)),
                    lambda f: f["PL"] * beta,
                )
            ],
            needs=needs_flow,
            regimes=[ABOVE, LARGE_BETA],
        ),
        Reading(
            "encoder",
            r"Order of the encoder's displacement in $\beta$.",
            {"order": sp.Integer(-2)},
            checks=[in_beta("slope", "movement_nu", r"displacement of $\nu$")],
            wrong=of_order(
                "order", sp.Integer(-2), *STEPS, why=r"The leading coefficient of $\beta^{-2}$ is not zero."
            ),
            needs=needs_moving_encoder,
            regimes=[LARGE_BETA],
        ),
    ],
)

# --- step: lambda_min along the flow ---------------------------------------------------------------------------------


def floor_attack(id: str, text: str) -> inequality.Inequality:
    """Return the floor's consequence at the start, where rounding is not mistaken for a violation."""
    return attack(id, text, side(lambda f: f["floor"]), side(lambda_0), varies=values.DATA, noise=values.rounding)


START = r"At $t = 0$ the smallest eigenvalue is $\lambda_0$."
spectrum = claim(
    "theorem-5-spectrum",
    title=r"Theorem 5, step: $\lambda_{\min}(G_2)$ keeps half of its value",
    statement=r"Within $r_{\max}$, and so along the flow: $\lambda_{\min}(G_2(\tau_t, \nu_t)) \ge \lambda_0/2$.",
    source=SOURCE + r" (definition of $r_{\max}$)",
    known="text read",
    assumptions=ASSUMPTIONS,
    text=r"Floor of $\lambda_{\min}(G_2)$ for all $t$.",
    formulas={"floor": lambda_0 / 2},
    checks=[stays("floor", "floor", "lambda_min_G2", r"$\lambda_{\min}(G_2)$", above=True)],
    wrong=[
        wrong("no-n", {"floor": n**2 * lambda_0 / 2}, f"{START} And $n^2/2 \\ge 2$.", kind=variants.DROPPED_N),
        wrong("three-halves", {"floor": 3 * lambda_0 / 2}, START, also=["slack-spectral-floor-start"]),
        *of_attained(
            "floor",
            lambda_0,
            scaled(2),
            dropped(n, -1),
            why=f"{START} Each factor (above one for $n \\ge 2$) goes beyond.",
        ),
    ],
    attack=[
        floor_attack("spectral-floor-start", "the floor of lambda_min(G2(tau_t, nu_t)) <= lambda_min(G2) at t = 0")
    ],
    needs=needs_flow,
    regimes=[ABOVE],
)
