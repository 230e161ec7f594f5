"""C4 to C6: the other fixed point, and training with a surrogate slope."""

from collections.abc import Iterable
from fractions import Fraction

import sympy as sp
from flint import arb, ctx

from mfcheck.checks import (
    At,
    Claim,
    Context,
    Kind,
    Note,
    Reading,
    Step,
    agree,
    encloses,
    identical,
    identity,
    noted,
    proof,
    wrong,
)
from mfcheck.gaussian import expectation, pair
from mfcheck.rigor.ball import exact
from mfcheck.rigor.definite import definite
from mfcheck.symbolic.activation import X
from mfcheck_proofs.quantized.networks import backward, simulated
from mfcheck_proofs.quantized.slope import CHI
from mfcheck_proofs.quantized.stairs import stair_expression
from mfcheck_proofs.quantized.thresholds import ONE, S1, S2, c, chi_of, clip, density, sums, x

# --- C4: the other fixed point ---------------------------------------------------------------------------------------

u_1, u_2, angle = sp.symbols("g_1 g_2 theta", real=True)
PLACKETT = sp.exp(-(u_1**2 + u_2**2 - 2 * c * u_1 * u_2) / (2 * (1 - c**2))) / (2 * sp.pi * sp.sqrt(1 - c**2))
M = sp.Symbol("M")


def map_by_integral(context: Context) -> list[At]:
    """M by pairs of Gaussian numbers, against the integral of the stated M' from 0."""
    found = []
    for levels, end in ((3, Fraction(1, 2)), (4, Fraction(3, 10)), (4, Fraction(9, 10)), (4, Fraction(99, 100))):
        k = stair_expression(levels, ONE)
        variance = expectation(k**2, 1, 0, 20)
        thresholds = [sp.Integer(j) - sp.Rational(levels, 2) for j in range(1, levels)]
        terms = [context["slope"].subs({u_1: p, u_2: q}) for p in thresholds for q in thresholds]
        inside = sp.Add(*terms).subs(c, sp.sin(angle)) * sp.cos(angle)
        with ctx.workdps(30):
            integral = definite(inside, angle, 0, exact(end).asin(), 18) / variance
        found.append(At(pair(k, k, 1, 1, end, 18) / variance, f"N = {levels}, c = {end}", where={M: integral}))
    return found


def divergence(context: Context) -> Iterable[Step]:
    """Near c = 1 a pair of equal thresholds gives n(g)/sqrt(2 pi) over sqrt(1-c^2), one of different ones nothing."""
    root = sp.sqrt(1 - c**2)
    equal = sp.simplify((PLACKETT * root).subs(u_2, u_1))
    gap = sp.Symbol("h", positive=True)
    return identical(
        {
            "equal thresholds": (sp.limit(equal, c, 1, "-"), density(u_1) / sp.sqrt(2 * sp.pi)),
            "different ones": (sp.limit(sp.exp(-gap / (1 - c**2)) / root, c, 1, "-"), sp.Integer(0)),
            "M' sqrt(1-c^2)": (sp.limit(context["near"] * root, c, 1, "-"), S1 / (sp.sqrt(2 * sp.pi) * S2)),
        }
    )


def networks_map(context: Context) -> list[At]:
    """One layer of random networks, N = 4, step 1, against M of pairs."""
    nets, found = context.budget.pick(60, 200, 1000), []
    k = stair_expression(4, ONE)
    variance = expectation(k**2, 1, 0, 15)
    for n in (3, 6, 9):
        value = pair(k, k, 1, 1, Fraction(n, 10), 15) / variance
        found.append(At(simulated(4, 1.0, n / 10, nets, context.seed), f"c = {n / 10}", n / 10, {M: value}))
    return found


unstable = Claim(
    "no-ordered-phase",
    title="Equal inputs are unstable",
    statement=r"$M'(c) \sim (1-c^2)^{-1/2}$ as $c \to 1$: $c = 1$ is unstable for every stair without biases.",
    source="derived here from the official code",
    known="derived here",
    no_inequality="it states an equality and a divergence",
    readings=[
        Reading(
            "stated",
            "M' is the sum over pairs of thresholds of the density of the pair; near 1 the equal ones diverge.",
            {"slope": PLACKETT, "near": S1 / (sp.sqrt(2 * sp.pi) * S2 * sp.sqrt(1 - c**2)), "map": M},
            checks=[
                proof("divergence", "near", divergence, kind=Kind.EXACT, domain="all N, all steps"),
                encloses(
                    "integral", "map", map_by_integral, uses=["slope"], digits=12, domain="N = 3 and 4, c up to .99"
                ),
                agree(
                    "networks",
                    "map",
                    networks_map,
                    x_label="c",
                    y_label="M(c)",
                    domain="random networks, N = 4, step 1",
                ),
            ],
            wrong=[
                wrong("finite", {"near": S1 / (sp.sqrt(2 * sp.pi) * S2)}, "An ordered phase needs M'(1) < 1."),
                wrong("no-root", {"slope": PLACKETT * sp.sqrt(1 - c**2)}, "It is not a density then."),
                wrong("shifted", {"map": M * sp.Rational(9, 10)}, "M(.9) is .82 at N = 4."),
            ],
        )
    ],
)

# --- C5, C6 ----------------------------------------------------------------------------------------------------------


def inside_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Probability of |u| < T, and the slope with which the factor is one."""
    value = sp.integrate(density(X), (X, -clip, clip))
    return [(context["inside"], value), (context["slope"] ** 2 * value, ONE)]


def backward_networks(context: Context) -> list[At]:
    """Squared surrogate gradients in four layers of N = 4, step 1, with the clip of the setting, kept in [1/2, 5]."""
    nets = context.budget.pick(24, 80, 400)
    edge = min(max(context.setting["ste_clip"], Fraction(1, 2)), Fraction(5))
    return [At(backward(4, 1.0, float(edge), nets, context.seed), f"clip {edge}", where={clip: exact(edge)})]


INSIDE = sp.erf(clip / sp.sqrt(2))
SURROGATE = Note(
    id="straight-through.surrogate",
    severity="remark",
    text="With this slope the norm of the surrogate gradient is constant in depth. The surrogate is not the derivative of "
    "the network, and the depth over which inputs stay apart is unchanged: it depends on chi alone.",
)
straight_through = Claim(
    "straight-through",
    title="The straight-through slope",
    statement=r"$\chi_{back} = (\sigma_w s)^2\,\mathrm{erf}(T/\sqrt{2Q_u})$; $s$ is chosen so that it is one.",
    source="1906.00771, official code",
    known="official code",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "surrogate",
            "About the surrogate gradient, with weights backward independent of those forward; here sigma_w s = 1.",
            {"inside": INSIDE, "slope": 1 / sp.sqrt(INSIDE)},
            checks=[
                noted(identity("integral", ("inside", "slope"), inside_steps, domain="all clips"), SURROGATE),
                agree("networks", "inside", backward_networks, domain="networks of widths 75 and 300, four layers"),
            ],
            wrong=[
                wrong("no-root", {"inside": sp.erf(clip)}, "At T = 1 it is .843."),
                wrong("square", {"slope": 1 / INSIDE}, "The slope enters squared.", checks=["integral"]),
                wrong("half", {"inside": INSIDE / 2}, "Both signs count."),
            ],
        )
    ],
)
times = sp.Symbol("k", positive=True)


def overlay_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """What is left of a small correlation after k depth scales."""
    chi = sp.Symbol("chi", positive=True)
    return [(sp.exp(times * context["scale"].subs(x, chi) * sp.log(chi)), sp.exp(-times))]


def small_correlations(context: Context) -> list[At]:
    """Correlation of first images per correlation of inputs, c = 3/10, N = 4, step 1: M(c)/c, less what is not linear."""
    nets = context.budget.pick(200, 600, 2000)
    first = simulated(4, 1.0, 0.3, nets, context.seed)
    k = stair_expression(4, ONE)
    with ctx.workdps(20):
        curved = float(pair(k, k, 1, 1, Fraction(3, 10), 15) / sums(3, arb(1)).second) / 0.3 - float(chi_of(4, arb(1)))
    found = first.but(value=first.value / 0.3 - curved, error=first.error / 0.3, bias=first.bias / 0.3)
    return [At(found, where=dict(zip((S1, S2), _at_four(), strict=True)))]


UNSEEN = Note(
    id="trainability.training",
    severity="minor",
    text="That networks can be trained to a few depth scales is seen in training runs, which are not repeated here; the "
    "implicit equation of the text for the largest depth was not seen.",
)
trainability = Claim(
    "trainability",
    title="Networks can be trained to a few depth scales",
    statement=r"Trainability ends at a few $\xi = -1/\log\chi$ (4, 6 and 9 are drawn).",
    source="1906.00771, figure; official code",
    known="official code",
    no_inequality="it is about training runs",
    readings=[
        Reading(
            "training",
            "Training fails beyond these depths: an experiment, which is not repeated.",
            {"scale": -1 / sp.log(x)},
        ),
        Reading(
            "signal",
            "After k depth scales a small correlation has shrunk by e^k, and chi is the factor of a layer.",
            {"scale": -1 / sp.log(x), "factor": CHI},
            checks=[
                noted(identity("scales", "scale", overlay_steps, domain="0 < chi < 1"), UNSEEN),
                agree(
                    "networks",
                    "factor",
                    small_correlations,
                    domain="one layer from c = 3/10, N = 4, step 1",
                    resolution=0.05,
                ),
            ],
            wrong=[
                wrong("half", {"scale": -1 / (2 * sp.log(x))}, "A scale shrinks by e."),
                wrong("root", {"factor": sp.sqrt(CHI)}, "It is .939 against .881."),
            ],
        ),
    ],
)


def _at_four() -> tuple[arb, arb]:
    found = sums(3, arb(1))
    return found.first, found.second
