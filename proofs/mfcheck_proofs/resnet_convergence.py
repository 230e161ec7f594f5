"""On the Global Convergence of Gradient Descent for multi-layer ResNets in the mean-field regime (arXiv 2110.02926).

The setting is that of `resnet-zero-loss`, with the assumption on the limit replaced by homogeneity of f and a separation
property of the initial law. Instance H: x = 1, f = u relu(w z), u ~ U(-1, 1), w ~ U(w_low, w_low + 1), the same law at
all depths; inside the cone w > |u| the flow stretches u + w by e^tau and u - w by e^-tau.
"""

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache, partial

import numpy as np
import sympy as sp
from flint import arb
from numpy.typing import NDArray

from mfcheck.checks import (
    At,
    Claim,
    Context,
    Draws,
    Estimate,
    Kind,
    Note,
    Option,
    Paper,
    Reading,
    Setting,
    Simulated,
    Step,
    Trial,
    Twin,
    agree,
    constant,
    encloses,
    evaluate,
    identical,
    identity,
    noted,
    parameter,
    presumes,
    proof,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.dynamics.enclosed_ode import enclosed_ode
from mfcheck.dynamics.first_variation import derivative
from mfcheck.dynamics.ode import System, solve
from mfcheck.dynamics.refine import Coarser, refined
from mfcheck.dynamics.residual import Residual, SquareLoss, train
from mfcheck.dynamics.residual_blocks import LinearBlock, SymbolicBlock
from mfcheck.dynamics.scalar_resnet import distance
from mfcheck.errors import InputError
from mfcheck.statistics import exactly, variance_of

Array = NDArray[np.float64]

TARGET = parameter("target", 3, "target a", least=-1000, most=1000)
TIME = parameter("s", "1/10", "training time", least=0, most=100_000)
W_LOW = parameter("w_low", 1, "w ~ U(w_low, w_low + 1)", least=1)
MEAN = parameter("mean", "7/10", "mean of a random weight")
SPREAD = parameter("spread", 2, "variance of a random weight", least=0)
DEPTH = parameter("depth", 10, "layers L", least=1, integer=True)
WIDTH = parameter("width", 5, "blocks a layer M", least=1, integer=True)
EPS = parameter("eps", "1/10", "accuracy", above=0, below=1)
ETA = parameter("eta", "1/20", "probability of failure", above=0, below=1)
PARAMETERS = (TARGET, TIME, W_LOW, MEAN, SPREAD, DEPTH, WIDTH, EPS, ETA)
a, s, w_low, mean, spread, L, M, eps, eta = (p.symbol for p in PARAMETERS)
tau = sp.Symbol("tau", real=True)

# --- constants -------------------------------------------------------------------------------------------------------

SQUARE = sp.Rational(1, 3) + (w_low**2 + w_low + sp.Rational(1, 3))
"""E(u + w)^2 = E(u - w)^2 = E u^2 + E w^2."""
GAIN = sp.exp(SQUARE * (sp.exp(2 * tau) - sp.exp(-2 * tau)) / 4)
FLOW = System((tau,), (-(GAIN - a) * GAIN,), (sp.Integer(0),))


@lru_cache(maxsize=64)
def instance(setting: Setting, quantity: sp.Expr) -> arb | Estimate:
    """Enclose a quantity of tau at time s, or give it with an error where the boxes grow too fast."""
    values = {p.symbol: setting[p.name] for p in PARAMETERS}
    try:
        return enclosed_ode(FLOW, [setting["s"]], values, [quantity])[0][0]
    except InputError:
        numbers = {symbol: float(v) for symbol, v in values.items()}
        return solve(FLOW, [0.0, setting.number("s")], numbers, "LSODA").final(quantity)


WIDTH_NEEDED = spread / (L**2 * (((1 + mean / L) ** (2 * L) + eps**2 * eta) ** (1 / L) - (1 + mean / L) ** 2))
PATH_VAR = sp.exp(2 * mean + spread / M) * (sp.exp(spread / M) - 1)
LINE = ("target", "s")
K_HOM = constant("k_hom", lambda v, _: instance(v, GAIN), "gain of instance H at s", source="C6", uses=(*LINE, "w_low"))
NEEDED = constant("width_needed", WIDTH_NEEDED, "width for eps, eta at the start", source="C8")
CONSTANTS = (
    K_HOM,
    constant(
        "tau_hom", lambda v, _: instance(v, tau), "stretch tau of instance H at s", source="C6", uses=(*LINE, "w_low")
    ),
    constant("loss_hom", lambda v, _: instance(v, (GAIN - a) ** 2 / 2), "its loss", source="C6", uses=(*LINE, "w_low")),
    constant(
        "loss_line", lambda v, d: distance(v["target"], 0, v["s"], d), "loss from theta = 0", source="C7", uses=LINE
    ),
    constant("loss_floor", sp.Min(a, 0) ** 2 / 2, "its limit in time", source="C7"),
    NEEDED,
    constant("path_var", PATH_VAR, "variance for one path a neuron", source="C8"),
)

# --- C1 and C8: widths -----------------------------------------------------------------------------------------------

VAR = ((1 + mean / L) ** 2 + spread / (L**2 * M)) ** L - (1 + mean / L) ** (2 * L)


def chebyshev(context: Context) -> list[At]:
    """The variance of independent layers at the stated width is to be eps^2 eta."""
    cases = []
    for changes in ({}, {"depth": 3, "mean": -1}, {"depth": 40, "spread": 5}):
        there = context.setting.with_values(**changes)
        width = evaluate(context["width"], context.paper, there, digits=30)
        cases.append(
            At(evaluate(VAR, context.paper, there, {M: width}, 30), str(changes or "setting"), where=_all(there))
        )
    return cases


def _all(setting: Setting) -> dict[sp.Symbol, object]:
    return {p.symbol: setting[p.name] for p in PARAMETERS}


def path_gains(context: Context) -> list[At]:
    """Variance of exp(mean of M Gaussian weights)."""
    rng, cases = stream(context.seed, "paths"), []
    count = context.budget.pick(200_000, 1_000_000, 4_000_000)
    for width in (10, 40):
        means = 0.7 + np.sqrt(0.5 / width) * rng.standard_normal(count)
        where = {mean: sp.Rational(7, 10), spread: sp.Rational(1, 2), M: width}
        cases.append(At(variance_of(np.exp(means)), f"M = {width}", where=where))
    return cases


LOST = Note(
    id="widths.lost-factor",
    severity="minor",
    text="The demand M >= C/(eps^2 eta) at depth 1/eps loses a factor L for weights that are independent over layers: their errors "
    "average. It is attained where each neuron keeps one path in depth.",
)
widths = Claim(
    "widths",
    title="Width for a given accuracy",
    statement=r"$P(|E(\Theta_{L,M}) - E(\rho)| \le \varepsilon) \ge 1-\eta$ for $M \ge C/(\varepsilon^2\eta)$, $L \ge C/\varepsilon$.",
    source="2110.02926, Theorem 5.1",
    known="text read",
    no_inequality="its constants are not given",
    readings=[
        Reading(
            "start",
            "At the start, by Chebyshev: independent layers, and one path a neuron; both variances exactly.",
            {"width": WIDTH_NEEDED, "chebyshev": eps**2 * eta, "path": PATH_VAR},
            checks=[
                noted(
                    encloses("chebyshev", "chebyshev", chebyshev, digits=9, uses=["width"], domain="three settings"),
                    LOST,
                ),
                agree("paths", "path", path_gains, kind=Kind.SAMPLED, resolution=0.1, domain="M = 10, 40"),
            ],
            wrong=[
                wrong("no-square", {"width": WIDTH_NEEDED.subs(eta, eta / eps)}, "Chebyshev has eps^2 eta."),
                wrong("once", {"width": WIDTH_NEEDED * sp.exp(-mean)}, "The variance carries e^(2m)."),
                wrong("layers", {"path": sp.exp(2 * mean) * spread / (L * M)}, "One path is no average over layers."),
            ],
        )
    ],
)

# --- C2 and C5: first variation --------------------------------------------------------------------------------------

u, w, z = sp.symbols("u w z", real=True)


def homogeneity(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Euler's identity for f = u relu(w z) on both sides of the kink, and for f = theta_1 fhat(theta_2)."""
    fhat, th1, th2 = sp.Function("fhat"), sp.Symbol("theta_1", real=True), sp.Symbol("theta_2", real=True)
    sides = (u * w * z, sp.Integer(0) * u)
    pairs = [(u * sp.diff(f, u) + w * sp.diff(f, w), context["degree"] * f) for f in sides]
    partial = th1 * fhat(th2)
    return [*pairs, (th1 * sp.diff(partial, th1), context["partial"] * partial)]


euler = Claim(
    "euler-identity",
    title="Homogeneity of the first variation",
    statement=r"$\theta\cdot\nabla_\theta\frac{\delta E}{\delta\rho} = 2\frac{\delta E}{\delta\rho}$; "
    r"partial: $\theta_1\partial_{\theta_1}\frac{\delta E}{\delta\rho} = \frac{\delta E}{\delta\rho}$.",
    source="derived here",
    known="derived here",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "stated",
            "The first variation is linear in f: Euler's identity for f itself.",
            {"degree": sp.Integer(2), "partial": sp.Integer(1)},
            checks=[
                identity("euler", ("degree", "partial"), homogeneity, domain="u relu(w z) and theta_1 fhat(theta_2)")
            ],
            wrong=[
                wrong("one", {"degree": sp.Integer(1)}, "f = u relu(w z) has degree two."),
                wrong("partial-two", {"partial": sp.Integer(2)}, "In theta_1 alone the degree is one."),
            ],
        )
    ],
)
BLOCK = SymbolicBlock([u * sp.tanh(w * z)], [z], [u, w])


def descent_directions(context: Context) -> list[At]:
    """Random laws of positive loss: move a mass to the best of 400 points; dE over its prediction tends to one."""
    rng, cases = stream(context.seed, "directions"), []
    for number in range(context.budget.pick(4, 10, 40)):
        network = Residual(BLOCK, rng.standard_normal((6, 1)), SquareLoss(2 * rng.standard_normal((6, 1))))
        theta = rng.standard_normal((4, 2, 5))
        evaluation = network.evaluate(theta)
        candidates = 3 * rng.standard_normal((2, 400))
        values = evaluation.first_variation(2, candidates)
        best = int(np.argmin(values))
        weights = np.full((4, 6), 1 / 5)
        weights[:, 5] = 0
        wide = np.concatenate([theta, np.repeat(candidates[None, :, best : best + 1], 4, axis=0)], axis=2)

        def energy(share: float, wide: Array = wide, weights: Array = weights, network: Residual = network) -> float:
            mixed = weights.copy()
            mixed[2] = [*[(1 - share) / 5] * 5, share]
            return float(network.evaluate(wide, mixed).loss)

        found = derivative(energy)
        size = max(float(np.max(np.abs(values))), 1e-9)
        # In units of the first variation; the layer stands for 1/4 of the depth.
        cases.append(At(exactly(found.value / size, (found.error + 1e-10) / size), f"law {number}", number))
    return cases


direction = Claim(
    "descent-direction",
    title="Positive loss leaves a direction of descent",
    statement=r"$E(\rho) > 0$ implies for every $t_0$ a signed $\nu$ with $\int d\nu = 0$, "
    r" $\int\frac{\delta E}{\delta\rho}(\theta,t_0)\,d\nu < 0$.",
    source="2110.02926, Proposition 6.1",
    known="text read",
    no_inequality="it asserts existence",
    readings=[
        Reading(
            "stated",
            "On random laws of tanh blocks: moving mass to the best of 400 points lowers the loss. The direction is one of measures; "
            "transport from the present support need not reach it.",
            {"zero": sp.Integer(0)},
            checks=[
                agree(
                    "mass",
                    "zero",
                    descent_directions,
                    relation="<",
                    kind=Kind.SAMPLED,
                    domain="random laws, one layer of four",
                )
            ],
            wrong=[wrong("far", {"zero": -sp.Integer(100)}, "Slopes are bounded by the first variation.")],
        )
    ],
)

# --- C3, C4, C6, C7: convergence -------------------------------------------------------------------------------------

U0, W0 = sp.symbols("U W", real=True)


def stretching(context: Context) -> Iterable[Step]:
    """U' = -G w, w' = -G u inside the cone: u + w grows by e^tau, u - w by e^-tau, with tau' = -G = -(k - a) k."""
    rate_, g = sp.symbols("tau_prime g", real=True)
    plus, minus = (U0 + W0) * sp.exp(tau), (U0 - W0) * sp.exp(-tau)
    u_, w_ = (plus + minus) / 2, (plus - minus) / 2
    product = sp.expand(u_ * w_)
    squares = sp.expand(((U0 + W0) ** 2 * sp.exp(2 * tau) - (U0 - W0) ** 2 * sp.exp(-2 * tau)) / 4)
    return identical(
        {
            "u' = -G w": (sp.diff(u_, tau) * rate_, w_ * rate_),
            "w' = -G u": (sp.diff(w_, tau) * rate_, u_ * rate_),
            "u^2 - w^2 is conserved": (sp.expand(u_**2 + context["sign"] * w_**2), sp.expand(U0**2 - W0**2)),
            "u w by (u+w)^2 and (u-w)^2": (product, squares),
            "tau' = -(k - a) k": (context["speed"].subs(sp.Symbol("k"), g), -(g - a) * g),
        }
    )


@lru_cache(maxsize=4)
def trained_gain_of_particles(setting: Setting, seed: int, runs: int) -> Estimate:
    """Gain of 16 layers of 64 blocks of instance H trained to s, by the network's own gradient, without its corrections.

    That in depth is told by the same blocks in 8 layers, that in width by their halves of 32 there.
    """
    return without_corrections(gains_of_particles(setting, stream(seed, "instance H"), runs))


def without_corrections(gains: Array) -> Estimate:
    """The gain from what `gains_of_particles` gives."""
    fine, shallow, narrow = gains.T
    return refined(fine, Coarser(shallow, remove=True), Coarser(fine - shallow + narrow, remove=True))


def gains_of_particles(setting: Setting, rng: np.random.Generator, runs: int) -> Array:
    """Gains in 16 layers, in 8, and of halves of the blocks in 8, shape (runs, 3)."""
    network = Residual(
        SymbolicBlock([u * sp.Max(0, w * z)], [z], [u, w]),
        np.ones((1, 1)),
        SquareLoss(np.array([[setting.number("target")]])),
    )

    def gain(blocks: Array, layers: int) -> float:
        theta = np.repeat(blocks[None], layers, axis=0)
        end = train(network, theta, [setting.number("s")], tolerance=1e-6)[-1] if setting["s"] > 0 else theta
        return float(network.evaluate(end).z[-1][0, 0])

    low, found = setting.number("w_low"), []
    for own in rng.spawn(runs):
        blocks = np.stack([own.uniform(-1, 1, 64), own.uniform(low, low + 1, 64)])
        halves = [gain(blocks[:, part], 8) for part in (slice(32), slice(32, None))]
        found.append((gain(blocks, 16), gain(blocks, 8), np.mean(halves)))
    return np.array(found)


def particle_gains(context: Context) -> list[At]:
    """The gain of networks; the draw of blocks is in the error."""
    there = context.setting.with_values(s=min(context.setting["s"], Fraction(1, 5)))
    found = trained_gain_of_particles(there, context.seed, context.budget.pick(24, 60, 200))
    return [At(found, where={K_HOM.symbol: _ball(instance(there, GAIN))})]


def _ball(value: arb | Estimate) -> arb:
    return value if isinstance(value, arb) else arb(value.value, value.error)


def reaches_target(context: Context) -> list[At]:
    """Loss of instance H at s = 2 for positive targets."""
    cases = []
    for target in (1, 2):
        there = context.setting.with_values(target=target, s=2, w_low=1)
        cases.append(At(_ball(instance(there, (GAIN - a) ** 2 / 2)), f"a = {target}"))
    return cases


HYPOTHESES = Note(
    id="global-convergence.hypotheses",
    severity="major",
    text="Global convergence stays conditional: the limit has to exist in C([0,1]; P_2) and be Sard-regular, which no finite run can "
    "verify. Separation at one depth suffices and Gaussian laws have it, but finitely many particles never do: the finite "
    "network of the width theorem does not meet the hypothesis of this one.",
)
NOT_NECESSARY = Note(
    id="instance-h.separation",
    severity="remark",
    text="The support of instance H does not separate spheres, and its loss still vanishes for a > 0: "
    "separation is sufficient, not necessary.",
)
convergence = Claim(
    "global-convergence",
    title="Global convergence for homogeneous blocks",
    statement=(
        r"If $\rho(s) \to \rho_\infty$ in $C([0,1];P_2)$, the initial law separates, and $\delta E/\delta\rho$ is Sard-regular at "
        r"$\rho_\infty$, then $E(\rho_\infty) = 0$ (two-homogeneous, and partially one-homogeneous with hyperplanes)."
    ),
    source="2110.02926, Theorems 6.1 and 6.2",
    known="text read",
    no_inequality="it is about a limit",
    readings=[
        Reading(
            "conditional",
            "Instance H, two-homogeneous, for positive targets: the limit exists and the loss vanishes.",
            {"small": sp.Rational(1, 100)},
            checks=[
                noted(
                    encloses("instance", "small", reaches_target, relation="<=", domain="a = 1, 2 at s = 2"),
                    NOT_NECESSARY,
                )
            ],
            wrong=[wrong("negative", {"small": -sp.Rational(1, 100)}, "A loss is not negative.")],
        ),
        Reading(
            "unconditional",
            "Does convergence follow from homogeneity and separation of the initial law alone?",
            {"assumes": sp.Integer(1)},
            checks=[
                noted(
                    presumes(
                        "limit",
                        "assumes",
                        "assumes that the limit exists, and Sard regularity there",
                        "assumes nothing of the limit",
                        domain="hypotheses of Theorems 6.1 and 6.2",
                        reason="homogeneity and separation of the initial law do not give a limit, nor its regularity",
                    ),
                    HYPOTHESES,
                    when=False,
                )
            ],
            wrong=[
                wrong("twice", {"assumes": sp.Integer(2)}, "It assumes a limit, and its regularity.", checks=["limit"])
            ],
        ),
    ],
)
instance_h = Claim(
    "instance-h",
    title="A homogeneous instance solved",
    statement=r"$u\pm w$ are stretched by $e^{\pm\tau}$, $\dot\tau = -(k-a)k$, "
    r"$k = \exp((Pe^{2\tau} - Qe^{-2\tau})/4)$, $P = Q = \frac13 + Ew^2$.",
    source="derived here",
    known="derived here",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "Inside the cone w > |u|; and networks of 8 and 16 layers trained by their own gradient.",
            {"sign": -sp.Integer(1), "speed": -(sp.Symbol("k") - a) * sp.Symbol("k"), "gain": K_HOM.symbol},
            checks=[
                proof("stretching", ("sign", "speed"), stretching, kind=Kind.EXACT, domain="all u, w in the cone"),
                agree("networks", "gain", particle_gains, resolution=0.2, domain="64 blocks, L = 8, 16, s up to 1/5"),
            ],
            wrong=[
                wrong("sum", {"sign": sp.Integer(1)}, "u^2 - w^2 is conserved."),
                wrong("no-gain", {"speed": -(sp.Symbol("k") - a)}, "The gradient has the factor k."),
                wrong("start", {"gain": sp.Integer(1)}, "The gain moves from 1 towards a."),
            ],
        )
    ],
)


def line_stays_above(context: Context) -> Iterable[Step]:
    """Linear blocks from theta = 0 stay on the line: k = e^m > 0, and E = (k - a)^2/2 > a^2/2 for a < 0."""
    gain_, target = sp.Symbol("k", positive=True), sp.Symbol("a", negative=True)
    excess = sp.factor((gain_ - target) ** 2 / 2 - target**2 / 2)
    holds = bool(excess.is_positive) and bool(sp.simplify(context["limit"] - target**2 / 2).is_nonnegative)
    return [Step("E(s) > a^2/2", holds, "from theta = 0 the loss stays above a^2/2 = 1/2 at a = -1")]


@lru_cache(maxsize=2)
def rotated_start() -> float:
    """Loss at s = 60 of linear blocks in the plane, datum (1, 0), target -1 in the first coordinate, from 0.2 J."""
    network = Residual(
        LinearBlock(2), np.array([[1.0, 0.0]]), SquareLoss(np.array([[-1.0]]), np.array([[1.0, 0.0]])), "rk4"
    )
    theta = np.tile(np.array([0.0, -0.2, 0.2, 0.0])[None, :, None], (8, 1, 1))
    return float(network.evaluate(train(network, theta, [60.0])[-1]).loss)


def late_losses(context: Context) -> list[At]:
    """The loss from the rotated start."""
    return [At(exactly(rotated_start(), 1e-9))]


def line_losses(context: Context) -> list[At]:
    """Loss from theta = 0 at s = 1000 for a = -1 and -2."""
    return [At(distance(target, 0, 1000), f"a = {target}", where={a: target}) for target in (-1, -2)]


hypotheses = Claim(
    "initial-law",
    title="The spread of the initial law decides",
    statement="Gradient descent reaches zero loss from every initial law (an over-reading).",
    source="derived here",
    known="derived here",
    no_inequality="its counterexample is a flow",
    readings=[
        Reading(
            "every-law",
            "E -> 0 for every initial law: linear blocks in the plane, datum (1, 0), target -1, from theta = 0.",
            {"limit": sp.Integer(0)},
            checks=[
                proof("line", "limit", line_stays_above, kind=Kind.EXACT, domain="start theta = 0, a < 0", whole=False)
            ],
            wrong=[wrong("below", {"limit": -sp.Integer(1)}, "A loss is not negative.")],
            claimed=False,
        ),
        Reading(
            "spread",
            "A start with a rotation reaches zero loss; the line from theta = 0 tends to a^2/2.",
            {"small": sp.Rational(1, 1000), "floor": a**2 / 2 + sp.Rational(1, 100) * sp.Abs(a)},
            checks=[
                agree("rotation", "small", late_losses, relation="<=", domain="0.2 times a rotation generator, s = 60"),
                encloses("line", "floor", line_losses, relation="<=", domain="a = -1, -2 at s = 1000"),
            ],
            wrong=[
                wrong("negative", {"small": -sp.Rational(1, 1000)}, "A loss is not negative."),
                wrong("zero-floor", {"floor": sp.Integer(0)}, "The line stays above a^2/2."),
            ],
        ),
    ],
)


def simulate(trial: Trial) -> Simulated:
    """Networks of instance H, trained to s."""
    runs = trial.count("runs", 4)
    if trial.setting["s"] > 5:
        raise InputError("simulate needs s up to 5")
    trial.say(f"{runs} networks of 64 blocks in 16 layers, each also in 8 layers and in halves")
    draws = Draws(runs, partial(gains_of_particles, trial.setting))
    found = without_corrections(trial.samples({"networks": draws})["networks"])
    return Simulated({"k_hom": found}, notes=("Errors cover the draw of blocks, their number and the depth.",))


OPTIONS = (Option("runs", "24", "number of networks"),)
paper = Paper(
    id="resnet-convergence",
    title="On the Global Convergence of Gradient Descent for multi-layer ResNets in the mean-field regime",
    summary=(
        "First-order methods find multi-layer ResNets that fit the data to a given accuracy, if depth and "
        "width are large enough; what is needed grows algebraically in accuracy and confidence."
    ),
    authors=("Zhiyan Ding", "Shi Chen", "Qin Li", "Stephen J. Wright"),
    source="https://arxiv.org/abs/2110.02926",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS),
    claims=(widths, direction, convergence, euler, instance_h, hypotheses),
    constants=CONSTANTS,
    simulate=simulation(simulate, OPTIONS),
    twins=(Twin("loss_line", "resnet-zero-loss", "loss_s", {"target": a, "s": s, "theta0": 0}),),
    verdicts={
        "widths/start": "supported",
        "descent-direction/stated": "supported",
        "global-convergence/conditional": "supported",
        "global-convergence/unconditional": "gap",
        "euler-identity/stated": "proved",
        "instance-h/stated": "proved",
        "initial-law/every-law": "refuted",
        "initial-law/spread": "supported",
    },
    references=(
        "Ding, Chen, Li, Wright: On the Global Convergence of Gradient Descent for multi-layer ResNets in the mean-field regime. "
        "arXiv:2110.02926",
    ),
)
