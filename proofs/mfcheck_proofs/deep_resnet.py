"""A Mean-field Analysis of Deep ResNet and Beyond: Towards Provable Optimization via Overparameterization from Depth.

arXiv 2003.05508. Residual blocks are particles (theta, t) with a joint law rho, dX/dt = int f(X, theta) rho(theta, t), and
E = E (1/2)(<w1, X(1)> - y)^2. Instance A: linear blocks in the plane with mean field omega J, J a quarter turn, from
x = w1 = (1, 0). Instance B: d = 1, f = theta z, E = (e^theta - a)^2/2. Instance C: theta(t) = m0 + amp cos(2 pi t) at
random depths.
"""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb
from numpy.typing import NDArray

from mfcheck.checks import (
    At,
    Claim,
    Context,
    Curve,
    Draws,
    Kind,
    Note,
    Option,
    Paper,
    Plot,
    Reading,
    Setting,
    Simulated,
    Step,
    Trial,
    agree,
    ball,
    constant,
    encloses,
    evaluate,
    identical,
    identity,
    noted,
    parameter,
    presumes,
    proof,
    rate,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.dynamics.residual import Residual, SquareLoss
from mfcheck.dynamics.residual_blocks import Neurons
from mfcheck.errors import InputError
from mfcheck.rigor.ball import enclose
from mfcheck.statistics import exactly, mean_of, variance_of
from mfcheck.symbolic.activation import activation

Array = NDArray[np.float64]

OMEGA = parameter("omega", 1, "angle of the mean field")
LABEL = parameter("label", "1/5", "label y of instance A")
TIME = parameter("t", "1/4", "depth of the block", least=0, most=1)
TARGET = parameter("target", 3, "target a of instance B")
THETA1 = parameter("theta1", -2, "a parameter of instance B", least=-100, most=100)
THETA2 = parameter("theta2", 0, "another one", least=-100, most=100)
M0 = parameter("m0", "7/10", "mean of theta in instance C")
AMP = parameter("amp", 1, "amplitude of theta in instance C")
DEPTH = parameter("depth", 20, "number of blocks L", least=1, integer=True)
PARAMETERS = (OMEGA, LABEL, TIME, TARGET, THETA1, THETA2, M0, AMP, DEPTH)
w, y, t, a, th1, th2, m0, amp, L = (p.symbol for p in PARAMETERS)
th = sp.Symbol("theta", real=True)

# --- formulas --------------------------------------------------------------------------------------------------------

REST = sp.cos(w) - y
"""e = <w1, X(1)> - y of instance A."""
VARIATION = REST * sp.cos(w * (1 - 2 * t))
BRACKET = 2 * w * REST * sp.sin(w * (1 - 2 * t))
LOSS_B = (sp.exp(th) - a) ** 2 / 2
CURVED = sp.exp(th) * (2 * sp.exp(th) - a)
GAP = LOSS_B.subs(th, (th1 + th2) / 2) - (LOSS_B.subs(th, th1) + LOSS_B.subs(th, th2)) / 2
RANDOM_VAR = ((1 + m0 / L) ** 2 + amp**2 / (2 * L**2)) ** L - (1 + m0 / L) ** (2 * L)


def nonconvex_below(setting: Setting, digits: int) -> arb:
    """Enclose log(a/2)."""
    if setting["target"] <= 0:
        raise InputError("the loss of instance B is convex for target <= 0: log(a/2) does not exist")
    return evaluate(sp.log(a / 2), None, setting, {a: setting["target"]}, digits)


CONSTANTS = (
    constant("first_variation", VARIATION, "dE/drho at (diag(1, -1), t)", source="C4"),
    constant("bracket", BRACKET, "its derivative in t", source="C4"),
    constant("descent_value", -sp.Abs(REST), "least dE/drho over |B|_F <= 1", source="C2"),
    constant("nonconvex_below", nonconvex_below, "E'' < 0 below", source="C5", uses=("target",)),
    constant("second_derivative", CURVED.subs(th, th1), "E''(theta1)", source="C5"),
    constant("midpoint_gap", GAP, "positive where convexity fails", source="C5"),
    constant("random_depth_mean", (1 + m0 / L) ** L, "mean of k_L", source="C6"),
    constant("random_depth_var", RANDOM_VAR, "variance of k_L", source="C6"),
    constant("random_depth_limit", sp.exp(2 * m0) * amp**2 / 2, "limit of L Var k_L", source="C6"),
)

# --- C1, C4: first variation and motion in depth ---------------------------------------------------------------------

eps, tt = sp.symbols("eps tau", real=True)
J = sp.Matrix([[0, -1], [1, 0]])
FIRST = sp.Matrix([1, 0])
SPLIT = sp.diag(1, -1)


def turn(angle: sp.Expr) -> sp.Matrix:
    """Rotation by an angle: the flow of the mean field."""
    return sp.Matrix([[sp.cos(angle), -sp.sin(angle)], [sp.sin(angle), sp.cos(angle)]])


def moved_mass(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """A share eps of the mass goes to the block diag(1, -1) at depth t; the rest turns by (1 - eps) omega."""
    slow = w * (1 - eps)
    end = (turn(slow * (1 - t)) * (sp.eye(2) + eps * SPLIT) * turn(slow * t) * FIRST)[0]
    slope = sp.diff((end - y) ** 2 / 2, eps).subs(eps, 0)
    mean = -w * sp.sin(w) * context["rest"]
    return [(sp.expand_trig(sp.expand(slope)), sp.expand_trig(sp.expand(context["variation"] - mean)))]


variation = Claim(
    "first-variation",
    title="First variation of the loss",
    statement=(
        r"$\frac{\delta E}{\delta\rho}(\theta,t) = E_x f(X(x,t),\theta)\cdot p(x,t)$, $\dot p = -(\nabla "
        r"F)^\top p$, $p(1) = (\langle w_1,X(1)\rangle - y)w_1$."
    ),
    source="2003.05508, Section 2",
    known="from memory",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "stated",
            "Instance A: the derivative of the loss when mass moves to a block, exactly, for all angles, labels and depths.",
            {"variation": VARIATION, "rest": REST},
            checks=[
                identity("moved-mass", ("variation", "rest"), moved_mass, domain="block diag(1, -1), all omega, y, t")
            ],
            wrong=[
                wrong(
                    "no-residual",
                    {"variation": sp.cos(w * (1 - 2 * t)), "rest": sp.Integer(1)},
                    "p(1) has the residual.",
                ),
                wrong("half-turn", {"variation": REST * sp.cos(w * (1 - t))}, "Features and adjoint both turn."),
                wrong("at-end", {"variation": REST * sp.cos(w)}, "Features are those at depth t."),
            ],
        )
    ],
)


def brackets(context: Context) -> Iterable[Step]:
    """X' = A X, p' = -A^T p: d/dt p.B X = p.(B A - A B) X; in the instance, and for commuting blocks."""
    A = sp.Matrix(2, 2, sp.symbols("a11 a12 a21 a22", real=True))
    B = sp.Matrix(2, 2, sp.symbols("b11 b12 b21 b22", real=True))
    X, p = sp.Matrix(sp.symbols("x1 x2", real=True)), sp.Matrix(sp.symbols("p1 p2", real=True))
    slope = (-A.T * p).dot(B * X) + p.dot(B * A * X)
    lie = p.dot((B * A + context["sign"] * A * B) * X)
    commuting = sp.Symbol("r") * sp.eye(2) + sp.Symbol("q") * J
    free = (commuting * J - J * commuting).norm()
    return identical(
        {
            "the derivative is the bracket": (sp.expand(slope), sp.expand(lie)),
            "in instance A": (sp.diff(VARIATION, t), context["bracket"]),
            "blocks that commute do not move": (free, sp.Integer(0)),
        }
    )


@lru_cache(maxsize=4)
def _tanh_bracket(seed: int) -> tuple[float, float]:
    """The bracket and the difference quotient of dE/drho in depth, tanh blocks in the plane, continuum by RK4."""
    rng = stream(seed, "bracket")
    network = Residual(
        Neurons.of(activation("tanh")),
        rng.standard_normal((12, 2)),
        SquareLoss(rng.standard_normal((12, 2))),
        "rk4",
        64,
    )
    run = network.evaluate(rng.standard_normal((1, 5, 6)))
    block = rng.standard_normal(5)
    h = 1 / 64
    around = [float(run.first_variation_at(0.5 + k * h, block[:, None])[0]) for k in (-2, -1, 1, 2)]
    quotient = (around[0] - 8 * around[1] + 8 * around[2] - around[3]) / (12 * h)
    return run.bracket(0.5, block), quotient


def bracket_ratio(context: Context) -> list[At]:
    """Their ratio."""
    bracket, quotient = _tanh_bracket(context.seed)
    return [At(exactly(quotient / bracket, 1e-5))]


SORTING = Note(
    id="depth-motion.commuting",
    severity="remark",
    text="Motion in depth is driven by non-commutativity alone: blocks that commute with the mean field (in one dimension, or "
    "combinations of 1 and the quarter turn here) do not move, so that the gain of sorting blocks by depth is specific.",
)
motion = Claim(
    "depth-motion",
    title="Blocks move in depth by a Lie bracket",
    statement=r"$\frac{d}{dt}E[f(X_t,\theta)\cdot p_t] = E[(Df\,F - DF\,f)\cdot p]$.",
    source="derived here; basis of sorting blocks by t",
    known="derived here",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "stated",
            "For linear blocks exactly; for tanh blocks by a difference quotient.",
            {"sign": -sp.Integer(1), "bracket": BRACKET, "ratio": sp.Integer(1)},
            checks=[
                noted(
                    proof("bracket", ("sign", "bracket"), brackets, kind=Kind.EXACT, domain="all 2 x 2 matrices"),
                    SORTING,
                ),
                agree("tanh", "ratio", bracket_ratio, resolution=1e-3, domain="tanh blocks in the plane, 12 data"),
            ],
            wrong=[
                wrong(
                    "opposite",
                    {"bracket": -BRACKET, "ratio": -sp.Integer(1)},
                    "The derivative of a product has this sign.",
                ),
                wrong("anticommutator", {"sign": sp.Integer(1)}, "p moves by minus the transpose."),
                wrong("no-two", {"bracket": 2 * w * REST * sp.sin(w * (1 - t))}, "Features and adjoint both turn."),
                wrong("never", {"bracket": sp.Integer(0)}, "diag(1, -1) does not commute with a turn."),
            ],
        )
    ],
)

# --- C2, C3: landscape -----------------------------------------------------------------------------------------------


def cauchy_schwarz(context: Context) -> Iterable[Step]:
    """Min over |B|_F <= 1 of p.B X is -|p||X|, attained at -p X^T; in instance A |p| = |e| and |X| = 1."""
    p1, p2, x1, x2 = sp.symbols("p1 p2 x1 x2", real=True)
    p, X = sp.Matrix([p1, p2]), sp.Matrix([x1, x2])
    best = -p * X.T
    value = p.dot(best * X)
    adjoint = REST * sp.Matrix([sp.cos(w * (1 - t)), -sp.sin(w * (1 - t))])
    flow = turn(w * t) * FIRST
    return identical(
        {
            "p.(-p X^T) X = -|p|^2 |X|^2": (sp.expand(value), -sp.expand(p.dot(p) * X.dot(X))),
            "|p X^T|_F = |p||X|": (sp.expand(sum(e**2 for e in best)), sp.expand(p.dot(p) * X.dot(X))),
            "|p| = |e| in instance A": (sp.trigsimp(adjoint.dot(adjoint)), sp.expand(context["value"] ** 2)),
            "|X| = 1": (sp.trigsimp(flow.dot(flow)), sp.Integer(1)),
        }
    )


def sampled_blocks(context: Context) -> list[At]:
    """The least p.B X over 2000 random blocks of Frobenius norm one."""
    rng, setting = stream(context.seed, "blocks"), context.setting
    angle, depth = setting.number("omega"), setting.number("t")
    rest = np.cos(angle) - setting.number("label")
    p = rest * np.array([np.cos(angle * (1 - depth)), -np.sin(angle * (1 - depth))])
    X = np.array([np.cos(angle * depth), np.sin(angle * depth)])
    B = rng.standard_normal((2000, 2, 2))
    B /= np.linalg.norm(B, axis=(1, 2), keepdims=True)
    return [At(exactly(float(np.min(np.einsum("i,nij,j->n", p, B, X))), 1e-12))]


MEASURES = Note(
    id="landscape.measures",
    severity="major",
    text="'No bad local minima' is a statement about mixtures of laws. Training transports a law and keeps its support, so that "
    "convergence of gradient descent does not follow from it.",
)
landscape = Claim(
    "landscape",
    title="No bad local minimum in the space of laws",
    statement=(
        r"If $E(\rho) > 0$ and the blocks are dense there is $\nu$ with $\langle\delta E/\delta\rho, \nu - "
        r"\rho\rangle < 0$: every local minimiser is global."
    ),
    source="2003.05508, abstract",
    known="text read",
    no_inequality="it asserts existence",
    readings=[
        Reading(
            "measures",
            "A descent direction among laws; for bounded linear blocks of instance A its value is -|cos omega - y|, at every depth.",
            {"value": sp.Abs(REST), "least": -sp.Abs(REST)},
            checks=[
                proof("cauchy-schwarz", "value", cauchy_schwarz, kind=Kind.EXACT, domain="instance A", whole=False),
                agree("blocks", "least", sampled_blocks, relation=">=", kind=Kind.SAMPLED, domain="2000 random blocks"),
            ],
            wrong=[
                wrong("half", {"value": sp.Abs(REST) / 2, "least": -sp.Abs(REST) / 2}, "Cauchy-Schwarz is attained.")
            ],
        ),
        Reading(
            "training",
            "Over-reading: does convergence of training to zero loss follow?",
            {"transport": sp.Integer(1)},
            checks=[
                noted(
                    presumes(
                        "transport",
                        "transport",
                        "a descent direction among mixtures of laws",
                        "convergence of gradient flow, by transport",
                        domain="what the landscape theorem gives",
                        reason="transport keeps the support of a law; starts exist that stall (see resnet-convergence)",
                    ),
                    MEASURES,
                    when=False,
                )
            ],
            wrong=[wrong("twice", {"transport": sp.Integer(2)}, "Transport is not mixing.", checks=["transport"])],
            claimed=False,
        ),
    ],
)


def adjoint_norm(context: Context) -> list[At]:
    """|p(t)| = |e| in instance A, over |p(1)| e^(-|omega| (1 - t)), at three depths."""
    return [
        At(enclose(sp.exp(sp.Abs(context["rate"]).subs(w, 1) * (1 - depth)), {}), f"t = {depth}", float(depth))
        for depth in (sp.Rational(1, 10), sp.Rational(1, 2), sp.Rational(9, 10))
    ]


def gronwall(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The extreme case |p|' = |grad F||p| backward from depth 1."""
    g, p1 = sp.symbols("g p1", positive=True)
    extreme = p1 * sp.exp(-context["rate"].subs(w, g) * (1 - tt))
    return [(sp.diff(extreme, tt), g * extreme)]


adjoint = Claim(
    "adjoint",
    title="The adjoint does not vanish",
    statement=r"$|p(x,t)| \ge e^{-\int_t^1|\nabla F|}\,|p(x,1)|$, so that a stationary law of full support has $E = 0$.",
    source="2003.05508, Lemma",
    known="from memory",
    no_inequality="its sides are norms along a flow",
    readings=[
        Reading(
            "stated",
            "Gronwall's lemma; in instance A |p| is constant, and above the bound.",
            {"rate": w, "one": sp.Integer(1)},
            checks=[
                identity("gronwall", "rate", gronwall, domain="constant |grad F|", whole=False),
                encloses("instance", "one", adjoint_norm, relation=">", uses=["rate"], domain="omega = 1"),
            ],
            wrong=[
                wrong("no-rate", {"rate": w / 2}, "The adjoint can shrink at the full rate.", checks=["gronwall"]),
                wrong("ten", {"one": sp.Integer(10)}, "The ratio is at most e here."),
            ],
        )
    ],
)

# --- C5: convexity ---------------------------------------------------------------------------------------------------


def second_derivative(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """E'' of instance B, and its sign change."""
    curved = sp.diff(LOSS_B, th, 2)
    target = sp.Symbol("a_pos", positive=True)
    return [
        (curved, context["curvature"]),
        (curved.subs(a, target).subs(th, sp.log(target / 2)).expand(), sp.Integer(0)),
    ]


def midpoint(context: Context) -> list[At]:
    """E at the midpoint of theta1 = -2 and theta2 = 0 for a = 3."""
    where = {a: 3, th: -1}
    return [At(ball(context, LOSS_B, where), where={a: 3, th1: -2, th2: 0})]


CONVEX = Note(
    id="convexity.not-convex",
    severity="minor",
    text="E is not convex in rho (instance B, theta below log(a/2)): the landscape theorem is no consequence of convexity.",
)
convexity = Claim(
    "convexity",
    title="The loss is not convex in the law",
    statement=r"In instance B $E'' = e^\theta(2e^\theta - a) < 0$ exactly for $\theta < \log(a/2)$.",
    source="derived here",
    known="derived here",
    no_inequality="its inequality is an identity's sign",
    readings=[
        Reading(
            "stated",
            "By differentiation.",
            {"curvature": CURVED},
            checks=[noted(identity("second", "curvature", second_derivative, domain="all theta and a"), CONVEX)],
            wrong=[wrong("no-two", {"curvature": sp.exp(th) * (sp.exp(th) - a)}, "Both factors of the product vary.")],
        ),
        Reading(
            "convex",
            "Over-reading: E is convex in rho, so that the midpoint lies below the chord.",
            {"chord": (LOSS_B.subs(th, th1) + LOSS_B.subs(th, th2)) / 2},
            checks=[encloses("midpoint", "chord", midpoint, relation="<=", domain="theta = -2, 0, a = 3")],
            wrong=[
                wrong(
                    "half-chord",
                    {"chord": (LOSS_B.subs(th, th1) + LOSS_B.subs(th, th2)) / 4},
                    "The chord itself is exceeded.",
                )
            ],
            claimed=False,
        ),
    ],
)

# --- C6: random depths -----------------------------------------------------------------------------------------------

SIZES = np.array([16.0, 64.0, 256.0, 1024.0])


def depth_moments(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """cos(2 pi t) has mean 0 and mean square 1/2 for uniform t; factors are independent."""
    u = sp.Symbol("u", real=True)
    factor = 1 + (m0 + amp * sp.cos(2 * sp.pi * u)) / L
    first, second = (sp.integrate(sp.expand(factor**power), (u, 0, 1)) for power in (1, 2))
    n = sp.Symbol("n", positive=True)
    limit = sp.limit(n * (second**L - first ** (2 * L)).subs(L, n), n, sp.oo)
    return [
        (first**L, context["mean"]),
        (sp.expand(second) ** L - first ** (2 * L), sp.expand(context["second"]) ** L - first ** (2 * L)),
        (sp.simplify(limit), context["limit"]),
    ]


@lru_cache(maxsize=4)
def gains(seed: int, count: int) -> Array:
    """k_L at random depths, m0 = 7/10, amp = 1, shape (count, sizes)."""
    rng = stream(seed, "depths")
    return np.array(
        [[np.prod(1 + (0.7 + np.cos(2 * np.pi * rng.random(int(n)))) / n) for n in SIZES] for _ in range(count)]
    )


def sampled_variances(context: Context) -> list[At]:
    """Variances of k_L."""
    found = gains(context.seed, context.budget.pick(1500, 6000, 40_000))
    return [
        At(variance_of(v), f"L = {n:g}", float(n), {L: int(n), m0: sp.Rational(7, 10), amp: 1})
        for n, v in zip(SIZES, found.T, strict=True)
    ]


def random_errors(context: Context) -> tuple[Array, Array]:
    """|k_L - e^m0| at random depths."""
    return SIZES, np.abs(gains(context.seed, context.budget.pick(1500, 6000, 40_000)) - np.exp(0.7))


def grid_errors(context: Context) -> tuple[Array, Array, Array]:
    """The same at depths (l + 1/2)/L."""
    values = np.array([np.prod(1 + (0.7 + np.cos(2 * np.pi * (np.arange(int(n)) + 0.5) / n)) / n) for n in SIZES])
    errors = np.abs(values - np.exp(0.7))
    return SIZES, errors, 1e-12 + 0 * errors


COST = Note(
    id="random-depths.cost",
    severity="minor",
    text="Random depths cost an error of order L^(-1/2), which only width averages; a grid of depths has 1/L. The text should say "
    "which of the two it uses.",
)
depths = Claim(
    "random-depths",
    title="The error of finitely many blocks",
    statement=r"With $L$ blocks the error is $O(1/L) + O(1/\sqrt{ML})$.",
    source="2003.05508, discretisation",
    known="from memory",
    no_inequality="its constants are not given",
    readings=[
        Reading(
            "random",
            "Instance C at independent uniform depths, M = 1: mean and variance exactly, and order -1/2.",
            {
                "mean": (1 + m0 / L) ** L,
                "second": (1 + m0 / L) ** 2 + amp**2 / (2 * L**2),
                "limit": sp.exp(2 * m0) * amp**2 / 2,
                "variance": RANDOM_VAR,
                "order": -sp.Rational(1, 2),
            },
            checks=[
                noted(identity("moments", ("mean", "second", "limit"), depth_moments, domain="all L, m0, amp"), COST),
                agree(
                    "sampled",
                    "variance",
                    sampled_variances,
                    kind=Kind.SAMPLED,
                    resolution=0.3,
                    x_label="L",
                    y_label="Var k_L",
                    log="xy",
                ),
                rate("order", "order", random_errors, x_label="blocks L", y_label="|k_L - k|", domain="random depths"),
            ],
            wrong=[
                wrong(
                    "no-half",
                    {
                        "second": (1 + m0 / L) ** 2 + amp**2 / L**2,
                        "variance": RANDOM_VAR.subs(amp, sp.sqrt(2) * amp),
                        "limit": sp.exp(2 * m0) * amp**2,
                    },
                    "cos^2 has mean 1/2.",
                ),
                wrong(
                    "one", {"order": -sp.Integer(1)}, "A sum of L independent terms of size 1/L spreads like L^(-1/2)."
                ),
            ],
        ),
        Reading(
            "grid",
            "At a uniform grid of depths the error is of order 1/L.",
            {"order": -sp.Integer(1)},
            checks=[
                rate("order", "order", grid_errors, x_label="blocks L", y_label="|k_L - k|", domain="grid of depths")
            ],
            wrong=[wrong("half", {"order": -sp.Rational(1, 2)}, "A grid has no sampling error.")],
        ),
    ],
)


def simulate(trial: Trial) -> Simulated:
    """Products of instance C at random depths."""
    setting, count = trial.setting, trial.count("runs", 100, 1_000_000)
    blocks = setting.integer("depth")
    trial.say(f"{count} networks of {blocks} blocks")
    m, size = setting.number("m0"), setting.number("amp")

    def gains(rng: np.random.Generator, runs: int) -> NDArray[np.float64]:
        angles = 2 * np.pi * rng.random((runs, blocks))
        return np.asarray(np.prod(1 + (m + size * np.cos(angles)) / blocks, axis=1))

    found = trial.samples({"networks": Draws(count, gains, least=8)})["networks"]
    bins, edges = np.histogram(found, 40)
    curve = Curve(label="networks", x=tuple(map(float, (edges[1:] + edges[:-1]) / 2)), y=tuple(map(float, bins)))
    plot = Plot(id="gains", title="Gains at random depths", x_label="k_L", y_label="networks", curves=(curve,))
    return Simulated({"random_depth_mean": mean_of(found), "random_depth_var": variance_of(found)}, plots=(plot,))


OPTIONS = (Option("runs", "20000", "number of networks"),)
paper = Paper(
    id="deep-resnet",
    title="A Mean-field Analysis of Deep ResNet and Beyond: Towards Provable Optimization via Overparameterization from Depth",
    summary=(
        "In a continuum limit of deep residual networks every local minimum of the loss, over laws of the "
        "residual blocks, is global; networks of finitely many blocks approach that limit."
    ),
    authors=("Yiping Lu", "Chao Ma", "Yulong Lu", "Jianfeng Lu", "Lexing Ying"),
    source="https://arxiv.org/abs/2003.05508",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS),
    claims=(variation, landscape, adjoint, motion, convexity, depths),
    constants=CONSTANTS,
    simulate=simulation(simulate, OPTIONS),
    verdicts={
        "first-variation/stated": "proved",
        "landscape/measures": "supported",
        "landscape/training": "gap",
        "adjoint/stated": "supported",
        "depth-motion/stated": "proved",
        "convexity/stated": "proved",
        "convexity/convex": "refuted",
        "random-depths/random": "proved",
        "random-depths/grid": "supported",
    },
    references=(
        "Lu, Ma, Lu, Lu, Ying: A Mean-field Analysis of Deep ResNet and Beyond: Towards Provable Optimization via "
        "Overparameterization from Depth. ICML 2020, arXiv:2003.05508",
    ),
)
