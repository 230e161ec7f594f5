"""C4 to C6: batches, the ridge limit, and what is not checked."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import sympy as sp

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
    Question,
    Reading,
    Setting,
    Standard,
    ball,
    bound,
    custom,
    decide,
    encloses,
    identity,
    noted,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.gaussian.marchenko_pastur import mp_expectation
from mfcheck.rigor.ball import exact
from mfcheck.statistics import mean_of
from mfcheck.symbolic.activation import X
from mfcheck_proofs.dmft.closure import (
    ALPHA,
    BATCH,
    DEFAULT,
    DELTA,
    ETA,
    LAM,
    PARAMETERS,
    Array,
    alpha,
    b,
    closure,
    delta,
    error_of,
    eta,
    lam,
)
from mfcheck_proofs.dmft.ridge import C_RIDGE, F_RIDGE, K1, K2, M_RIDGE, PATH, TEST_RIDGE, shift
from mfcheck_proofs.dmft.runs import MARKS, Loss, logistic, runs_against, said, simulated, small_batches

# --- C4: batches -----------------------------------------------------------------------------------------------------


def equivalent(context: Context) -> Evidence:
    """Overlaps of SGD against full batch with another step and ridge, exact settings."""
    setting = small_batches(DEFAULT).with_values(steps=max(MARKS))
    at = {p.symbol: sp.Rational(str(setting[p.name])) for p in PARAMETERS}
    step, ridge = (ETA.read(str(context[n].subs(at))) for n in ("step", "ridge"))
    other = closure(setting.with_values(batch=1, eta=step, lam=ridge), 30)
    states = closure(setting, 30)
    cases = [Case(states[k].m, other[k].m, f"m after {k} steps") for k in MARKS]
    return decide(cases, Standard(digits=20), "alpha = 2, Delta = 1/2, eta = 1/5, b = 3/10 against b = 1")


FLOOR = Note(
    id="floor",
    severity="remark",
    text=(
        "For the square loss batches change the mean dynamics only by eta to b eta and lam to lam/b, and add a floor "
        "of order eta (1 - b) to norm and loss: there is no other effect of the noise to explain."
    ),
)
batches = Claim(
    "batches",
    title="Bernoulli SGD closes exactly",
    statement=(
        r"$m$ is that of full batch at $(b\eta, \lambda/b)$; $\rho_t = \rho^0_t + "
        r"\eta^2b(1-b)\sum_{s<t}\rho_s\frac1\alpha\int(\Delta x)^2g^{2(t-1-s)}$, $C_t = C^0_t + "
        r"\eta^2b(1-b)\sum_{s<t}\rho_s\int\Delta x\,g^{2(t-1-s)}$."
    ),
    source="derived here",
    known="derived here",
    readings=[
        Reading(
            "stated",
            "In the limit of large d at fixed steps; noise b (1-b) per sample.",
            {"noise": b * (1 - b), "step": b * eta, "ridge": lam / b},
            checks=[
                noted(custom("equivalence", ("step", "ridge"), equivalent, kind=Kind.CERTIFIED), FLOOR),
                runs_against("runs", ("noise",), batches=True),
            ],
            wrong=[
                wrong("noise-b", {"noise": b}, "At b = 1 there is no noise.", also=["slack-coin"]),
                wrong("no-noise", {"noise": sp.Integer(0)}, "The norm has a floor.", checks=["runs"]),
                wrong("ridge", {"ridge": lam}, "Only the gradient is thinned, not the ridge."),
                wrong("step", {"step": eta}, "A share b of the samples acts."),
            ],
            attack=[bound("coin", "noise", "<=", sp.Rational(1, 4), over={BATCH: ("1/100", 1)}, text="b (1-b) <= 1/4")],
        )
    ],
)

# --- C5: the ridge limit ---------------------------------------------------------------------------------------------

k_one, k_two, f_inf = sp.symbols("k1 k2 f", positive=True)


def fixed_point(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The part along the spike is f (lam + Delta S)^-1 u, with f = sqrt(alpha) - u.w; nothing is left of the start."""
    f = context["f"]
    rank, overlap = alpha + delta, sp.sqrt(alpha) / (alpha + delta)
    return [
        (sp.simplify(f + rank * k_one * f), sp.sqrt(alpha)),
        (sp.simplify(context["m"].subs(f_inf, f)), sp.simplify(overlap * rank * k_one * f)),
        (context["c"], f_inf**2 * rank * k_two),
    ]


def stieltjes(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """With y = lam/Delta and the average m of 1/(y + x): y m^2 + (y + alpha - 1) m = 1; K2 = -dK1/dlam."""
    m = context["K1"] * delta
    return [
        (sp.simplify(shift * m**2 + (shift + alpha - 1) * m), sp.Integer(1)),
        (sp.simplify(sp.diff(context["K1"], lam) + context["K2"]), sp.Integer(0)),
    ]


def inverse_averages(power: int) -> Callable[[Context], list[At]]:
    """Averages of (lam + Delta x)^-power by integration, with and without an atom."""

    def measure(_: Context) -> list[At]:
        cases = []
        for ratio, ridge in (("2", "1/10"), ("1/2", "1/10"), ("3", "2")):
            expr = (sp.Rational(ridge) + X / 2) ** -power
            where = {alpha: sp.Rational(ratio), lam: sp.Rational(ridge), delta: sp.Rational(1, 2)}
            cases.append(
                At(mp_expectation(expr, ALPHA.read(ratio), 20), f"alpha = {ratio}, lam = {ridge}", where=where)
            )
        return cases

    return measure


def overfits(context: Context) -> Evidence:
    """Test errors along the steps at the default parameters, in the stated order, and the ridge solution last."""
    setting = DEFAULT.with_values(steps=120)
    spread, states = exact(setting["delta"]), closure(setting, 15)
    errors = [error_of(s.m, s.c, spread) for s in states]
    last = ball(context, "last")
    order = [int(t) for t in context["order"]]
    chain = [*((errors[t], f"{t} steps") for t in order), (last, "ridge")]
    cases = [Case(one, other, f"{here} to {there}") for (one, here), (other, there) in pairwise(chain)]
    best = int(context["best"])
    cases += [Case(errors[best], e, f"{best} to {t} steps") for t, e in enumerate(errors) if t != best]
    steps = tuple(map(float, range(len(errors))))
    curve = Curve(label="test error", x=steps, y=tuple(map(float, errors)))
    limit = Curve(label="ridge", x=(0.0, 120.0), y=(float(last), float(last)), style="bound")
    plot = Plot(id="early", title="Early stopping", x_label="step", y_label="test error", curves=(curve, limit))
    return decide(cases, Standard("<"), "default parameters, b = 1", plot=plot)


EARLY = Note(
    id="early-stopping",
    severity="remark",
    text=(
        "The test error has its least value at 10 steps and then rises to that of the ridge solution: "
        "stopping early is better than converging at this ridge."
    ),
)
AT_DEFAULT = {alpha: 2, delta: sp.Rational(1, 2), lam: sp.Rational(1, 10)}
limit = Claim(
    "ridge-limit",
    title="The limit is ridge regression",
    statement=(
        r"$t\to\infty$, $b = 1$: $f = \sqrt\alpha/(1+(\alpha+\Delta)K_1)$, $m = "
        r"\sqrt\alpha(\sqrt\alpha-f)/(\alpha+\Delta)$, $C = f^2(\alpha+\Delta)K_2$, $K_j = \int(\lambda+\Delta "
        r"x)^{-j}\,dMP_\alpha$."
    ),
    source="derived here",
    known="derived here",
    readings=[
        Reading(
            "stated",
            "For stable steps and lam > 0, or alpha > 1; K1 and K2 in closed form.",
            {
                "f": sp.sqrt(alpha) / (1 + (alpha + delta) * k_one),
                "m": sp.sqrt(alpha) * (sp.sqrt(alpha) - f_inf) / (alpha + delta),
                "c": f_inf**2 * (alpha + delta) * k_two,
                "K1": K1,
                "K2": K2,
                "squared": M_RIDGE**2,
                "norm": C_RIDGE,
            },
            checks=[
                identity("fixed-point", ("f", "m", "c"), fixed_point, domain="all alpha, Delta, K1 and K2"),
                identity("stieltjes", ("K1", "K2"), stieltjes, domain="all alpha, Delta and lam > 0"),
                encloses("K1", "K1", inverse_averages(1), digits=12, domain="three settings, by integration"),
                encloses("K2", "K2", inverse_averages(2), digits=12, domain="three settings, by integration"),
            ],
            wrong=[
                wrong("no-atom", {"K1": K1 - (1 - alpha) / lam}, "For alpha < 1 zero eigenvalues count."),
                wrong("rank", {"f": sp.sqrt(alpha) / (1 + alpha * k_one)}, "The spike has the length alpha + Delta."),
                wrong("overlap", {"m": (sp.sqrt(alpha) - f_inf) / sp.sqrt(alpha)}, "The spike is not along the mean."),
                wrong("square", {"K2": K1**2}, "The law is not a point.", checks=["stieltjes", "K2"]),
                wrong(
                    "no-rank",
                    {"c": f_inf**2 * k_two, "norm": F_RIDGE**2 * K2},
                    "u has the length alpha + Delta.",
                    checks=["fixed-point", "slack-overlap"],
                ),
            ],
            attack=[
                bound(
                    "overlap",
                    "squared",
                    "<=",
                    "norm",
                    log=["lam"],
                    over={ALPHA: ("6/5", 10), DELTA: ("1/10", 4), LAM: ("1/10", 5)},
                    text="m^2 <= C",
                )
            ],
        ),
        Reading(
            "early-stopping",
            "At the default parameters the test error is least at 10 steps, and rises to that of the limit.",
            {"best": sp.Integer(10), "order": sp.Tuple(10, 20, 40, 60, 120), "last": TEST_RIDGE.subs(AT_DEFAULT)},
            checks=[noted(custom("errors", ("best", "order", "last"), overfits, kind=Kind.CERTIFIED), EARLY)],
            wrong=[
                wrong("later", {"best": sp.Integer(15)}, "It has risen again since 10 steps."),
                wrong("falls", {"order": sp.Tuple(5, 20, 60)}, "The test error at 5 steps is above that at 20."),
                wrong("limit", {"last": TEST_RIDGE.subs({**AT_DEFAULT, lam: 5})}, "A large ridge errs less."),
            ],
        ),
    ],
)

# --- C6: what is not checked -----------------------------------------------------------------------------------------

tau = sp.Symbol("tau", positive=True)


def stationary(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Flows into and out of the batch balance at a share b."""
    return [((1 - b) * context["enter"], b * context["leave"])]


LATER = (2, 5, 9)


Factors = tuple[float, float, float]
"""Of memory, self term and shift."""


def sample_process(
    setting: Setting, steps: int, size: int, factors: Factors, rng: np.random.Generator, loss: Loss = logistic
) -> Array:
    """Solve the full-batch equations once, averages over `size` samples; return m, C and the loss, (3, steps + 1).

    The response of a sample to a shift of its field at each earlier step is followed along its trajectory.

    Args:
        setting: the setting.
        steps: number of steps.
        size: of the averages.
        factors: 1 for the equations as they stand.
        rng: of the samples.
        loss: the loss.
    """
    ratio, spread, ridge, step, start, _ = (setting.number(n) for n in PATH[:-1])
    memory, own, extra = factors
    root, h0 = math.sqrt(spread), rng.standard_normal(size)
    h, response = math.sqrt(start) * rng.standard_normal((1, size)), np.zeros((steps + 1, steps + 1, size))
    MR, MC, G = np.zeros((3, steps + 1, steps + 1))
    S, m, shift, forces, xi = np.ones(steps + 1), np.zeros(steps + 1), np.zeros(steps + 1), list[Array](), list[Array]()
    found = np.empty((3, steps + 1))
    for t in range(steps + 1):
        paid, force, curve = loss(root * h[t] + m[t] * (1 + root * h0))
        forces.append(force)
        MC[t, : t + 1] = MC[: t + 1, t] = ratio * spread * np.array([np.mean(force * past) for past in forces])
        MR[t, :t] = memory * ratio * spread * root * (response[t, :t] @ curve) / size
        shift[t] = extra * ratio * spread * float(np.mean(curve))
        found[:, t] = m[t], start * S[t] ** 2 + G[t] @ MC @ G[t] + m[t] ** 2, np.mean(paid)
        if t == steps:
            break
        xi.append(_next_noise(MC[: t + 1, : t + 1], xi, rng, size))
        keep = 1 - step * (ridge + shift[t])
        h = np.vstack([h, keep * h[t] + step * (MR[t, :t] @ h[:t] + xi[t] - own * root * force)])
        kick = np.eye(steps + 1)[t]
        seen = root * response[t] - kick[:, None]
        pulled = np.tensordot(MR[t, :t], response[:t], axes=1)
        response[t + 1] = keep * response[t] + step * (pulled - own * root * curve * seen)
        G[t + 1] = keep * G[t] + step * (MR[t, :t] @ G[:t] + kick)
        S[t + 1] = keep * S[t] + step * MR[t, :t] @ S[:t]
        m[t + 1] = (1 - step * ridge) * m[t] - step * ratio * float(np.mean((1 + root * h0) * force))
    return found


def _next_noise(covariance: Array, before: Sequence[Array], rng: np.random.Generator, size: int) -> Array:
    """Gaussian noise with this covariance, its earlier values given."""
    t = len(before)
    fresh = rng.standard_normal(size)
    if not t:
        return np.asarray(math.sqrt(covariance[0, 0]) * fresh)
    weights = np.linalg.lstsq(covariance[:t, :t], covariance[:t, t], rcond=1e-12)[0]
    rest = max(covariance[t, t] - weights @ covariance[:t, t], 0.0)
    return np.asarray(weights @ np.array(before) + math.sqrt(rest) * fresh)


def logistic_runs(context: Context) -> Evidence:
    """The solver, as the mean over independent solutions, against runs at the same setting."""
    setting = DEFAULT.with_values(delta=1, eta=1)
    factors = (float(context["memory"]), float(context["self"]), float(context["dlam"]))
    rng, size = stream(context.seed, "solver"), context.budget.pick(4000, 8000, 20_000)
    runs = np.array([sample_process(setting, max(LATER), size, factors, own) for own in rng.spawn(24)])
    found = simulated(setting, context.seed, context.budget.pick(24, 60, 300), (150, 600), LATER, logistic)
    cases = []
    for mark, estimates in zip(LATER, found, strict=True):
        for k, name in enumerate(("m", "c", "train")):
            cases.append(Case(estimates[name], mean_of(runs[:, k, mark]), f"{name} after {mark} steps"))
    domain = f"logistic loss, two clusters, b = 1, up to {max(LATER)} steps, d = 150 and 600: {said(setting)}"
    return decide(cases, Standard(resolution=0.1, alarm=context.alarm), domain)


other_losses = Claim(
    "other-losses",
    title="Logistic loss, three clusters, persistent SGD",
    statement="The same equations hold for the logistic loss, three clusters, and batches that persist for a time tau.",
    source="2006.06098, Sections 2 to 4",
    no_inequality="its equations are solved by Monte Carlo only",
    readings=[
        Reading(
            "stated",
            "Three clusters and persistent batches: nothing but the rates is looked at, which keep a share b in the batch.",
            {"enter": 1 / tau, "leave": (1 - b) / (b * tau)},
            checks=[
                replace(
                    identity("rates", ("enter", "leave"), stationary, domain="all b and tau"), question=Question.APPLIES
                )
            ],
            wrong=[wrong("rates", {"leave": b / ((1 - b) * tau)}, "That keeps a share 1-b.", checks=["rates"])],
        ),
        Reading(
            "logistic",
            "Logistic loss, two clusters, full batch: the solver's averages are those of runs, at some settings.",
            {"memory": sp.Integer(1), "self": sp.Integer(1), "dlam": sp.Integer(1)},
            checks=[custom("runs", ("memory", "self", "dlam"), logistic_runs, kind=Kind.SIMULATED, group="logistic")],
            wrong=[
                wrong("no-self", {"self": sp.Integer(0)}, "A sample acts on itself."),
                wrong("sign", {"dlam": -sp.Integer(1)}, "Convex losses hold the weights back."),
                wrong("no-memory", {"memory": sp.Integer(0)}, "Samples remember the weights."),
            ],
        ),
    ],
)
