"""C3 and C5: the law stays spherical so that radii alone move, and where they are trapped."""

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx

from mfcheck.checks import (
    At,
    Case,
    Claim,
    Context,
    Estimate,
    Evidence,
    Kind,
    Note,
    Reading,
    Standard,
    Step,
    ball,
    custom,
    decide,
    identity,
    number,
    proof,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.gaussian import ramp
from mfcheck.rigor.ball import compare, exact
from mfcheck.rigor.roots import crossing
from mfcheck.statistics import exactly, extrapolated, mean_of
from mfcheck_proofs.landscape.radial import Instance, Radial, Rule, radial, sgd
from mfcheck_proofs.landscape.shape import FAILING, Shape, force, shape
from mfcheck_proofs.landscape.values import level, two_zeros

# --- C3: radii ---------------------------------------------------------------------------------------------------------

t, place, C_D, dimension = sp.symbols("t c C d", positive=True)


def kink_slopes(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Derivatives of the averages of one kink; the tail P(S > z) has the derivative -C (1 - z^2)^((d-3)/2)."""
    z, mass = sp.symbols("z mass", positive=True)
    value = t * C_D * (1 - z**2) ** ((dimension - 1) / 2) / (dimension - 1) - place * mass
    dz = -place / t**2
    by_z = sp.diff(value, z) + place * C_D * (1 - z**2) ** ((dimension - 3) / 2)
    total = sp.diff(value, t) + by_z * dz
    rest = (total - context["slope"]).subs(place, z * t)
    factor = (1 - z**2) ** ((dimension - 3) / 2)
    return [
        (sp.simplify(sp.powsimp(sp.expand(rest / factor))), sp.Integer(0)),
        (sp.diff(ramp(t, place), t), context["flat_slope"]),
    ]


SLOPE = C_D * (1 - sp.Symbol("z", positive=True) ** 2) ** ((dimension - 1) / 2) / (dimension - 1)
FLAT_SLOPE = sp.exp(-((place / t) ** 2) / 2) / sp.sqrt(2 * sp.pi)
RULE = {"speed": sp.Integer(2), "sign": sp.Integer(1), "spread": sp.Integer(1)}


def rule_in(context: Context) -> Rule:
    """Return the rule that the reading states."""
    return Rule(number(context, "speed"), number(context, "sign"), bool(number(context, "spread")))


STEPS = (100, 400)


def moved(context: Context) -> Evidence:
    """Mean norms of SGD at d = 40, t = 1/10 and 1/5, the corrections 1/N and eps removed together."""
    count = context.budget.pick(24, 64, 200)
    instance = Instance(shape(context.setting), context.setting.number("delta"), 40, 0.8)
    cases = []
    stated = radial(instance, rule_in(context), (0.0, 0.1, 0.2), (28, 32))[1]
    for time, at in ((0.1, stated[1]), (0.2, stated[2])):
        found = [mean_of(sgd(instance, 40, n, 0.02 / n, time, 2.0, count, context.seed)[:, 0]) for n in STEPS]
        cases.append(Case(extrapolated(STEPS, found), at, f"t = {time}", time))
    return decide(
        cases, Standard(resolution=0.05, alarm=context.alarm), "SGD at d = 40, N = 100 and 400, eps = 1/(50 N)"
    )


@lru_cache(maxsize=8)
def sphere_risk(own: Shape, delta: float, dim: int, radius: float, seed: int, count: int) -> Estimate:
    """The risk of the uniform law on a sphere, by samples of x and, at each, 256 samples of weights."""
    rng, many = stream(seed, "sphere"), 256
    y = rng.choice([-1.0, 1.0], count)
    norm = (1 + y * delta) * np.sqrt(rng.chisquare(dim, count))
    g = rng.standard_normal((count, many))
    s = g / np.sqrt(g**2 + rng.chisquare(dim - 1, (count, many)))
    miss = y[:, None] - np.interp(radius * norm[:, None] * s, *own.knots())
    pairs = (miss.sum(axis=1) ** 2 - (miss**2).sum(axis=1)) / (many * (many - 1))
    return mean_of(pairs)


def finite_dimension(context: Context) -> Evidence:
    """The risk of uniform laws on spheres at d = 40, by samples and by the formula."""
    count = context.budget.pick(8000, 30_000, 200_000)
    own, delta = shape(context.setting), context.setting.number("delta")
    cases = []
    for radius in (1.2, 1.6):
        model = Radial(Instance(own, delta, 40, radius), rule_in(context), (8, 60))
        model.start, model.weights = np.full(1, radius), np.ones(1)
        stated = exactly(model.risk(model.start), 1e-9)
        cases.append(Case(sphere_risk(own, delta, 40, radius, context.seed, count), stated, f"r = {radius}", radius))
    standard = Standard(resolution=0.1, alarm=context.alarm)
    return decide(cases, standard, "uniform laws on spheres, d = 40", notes=_far(own, delta))


def _far(own: Shape, delta: float) -> tuple[Note, ...]:
    """The least risk of a sphere at d = 40 against that of a point mass in infinite dimension."""
    grid = np.linspace(0.5, 4, 141)
    up, down = (own.gaussian((1 + y * delta) * grid)[0] for y in (1, -1))
    flat = float(((1 - up) ** 2 + (1 + down) ** 2).min() / 2)
    model = Radial(Instance(own, delta, 40, 1.0), Rule(), (2, 60))
    model.weights = np.ones(1)
    curved = min(model.risk(np.array([r])) for r in grid)
    return (
        Note(
            id="landscape.dimension",
            severity="remark",
            text=f"At $d = 40$ the least risk of a uniform law on a sphere is {curved:.3g}, against {flat:.3g} in infinite "
            "dimension: the norms of the inputs vary.",
        ),
    )


reduction = Claim(
    "radial-reduction",
    title="Spherical symmetry reduces the equation to radii",
    statement=(
        r"$r' = -2\psi'(r)$, $\psi'(r) = \frac12\sum_y E_R[(f(R)-y)R\,h'(rR)]$, $f(R) = \int h(rR)\rho(dr)$, "
        r"$h(t) = E\sigma(tS)$, $R \sim (1+y\Delta)\chi_d$."
    ),
    source="1804.06561, isotropic Gaussians",
    known="from memory",
    no_inequality="it is an equation of motion",
    readings=[
        Reading(
            "stated",
            "The closed forms of h and h', the risk of spherical laws, and the motion against SGD.",
            {"slope": SLOPE, "flat_slope": FLAT_SLOPE, **RULE},
            checks=[
                identity("kinks", ("slope", "flat_slope"), kink_slopes, domain="all t > c > 0, d >= 3", whole=False),
                custom("spheres", ("sign", "spread"), finite_dimension, kind=Kind.SAMPLED),
                custom("sgd", tuple(RULE), moved, kind=Kind.SIMULATED, group="sgd"),
            ],
            wrong=[
                wrong(
                    "no-two",
                    {"speed": sp.Integer(1)},
                    "The gradient of the square has the factor 2: SGD moves twice as far.",
                ),
                wrong("swapped", {"sign": -sp.Integer(1)}, "The labels of the classes are exchanged."),
                wrong(
                    "fixed-norm",
                    {"spread": sp.Integer(0)},
                    "At d = 40 the norm of x varies by 11 %.",
                    checks=["spheres"],
                ),
                wrong(
                    "no-dimension", {"slope": SLOPE * (dimension - 1)}, "E S 1(S > z) = C (1 - z^2)^((d-1)/2)/(d-1)."
                ),
                wrong(
                    "flat",
                    {"flat_slope": FLAT_SLOPE * sp.sqrt(2 * sp.pi)},
                    "At c = 0 it is E max(G, 0) = 1/sqrt(2 pi).",
                ),
            ],
        )
    ],
)

# --- C5: failure -------------------------------------------------------------------------------------------------------


def certain_signs(context: Context) -> Iterable[Step]:
    """The force towards 0 below the separatrix, away from it up to the stable radius, back beyond, at five places each.

    That there are no further zeros comes from `all_roots`, which makes the constants.
    """
    delta = context.setting["delta_fail"]
    with ctx.workprec(100):
        spread = exact(delta)
        roots = [ball(context, context["low"]), ball(context, context["high"])]
        top = level(FAILING, 1, 20) / (1 - spread)
        marks = [arb(0), roots[0], roots[1], top]
        for k, sign in enumerate((">", "<", ">")):
            inside = [(marks[k] + (marks[k + 1] - marks[k]) * s / 1000).mid() for s in (1, 230, 470, 770, 999)]
            seen = {compare(force(FAILING, spread, r), arb(0)) for r in inside}
            answer = True if seen == {sign} else False if {"<": ">", ">": "<"}[sign] in seen else None
            yield Step(f"sign {sign} on part {k + 1}", answer, "the force has the other sign there")
        for name, r in zip(("first", "second"), roots, strict=True):
            zero = force(FAILING, spread, r)
            yield Step(f"the {name} is a zero", bool(zero.contains(0)), "the force does not vanish there")


def trap(context: Context) -> list[At]:
    """The greatest norm times (1 + Delta) at which q still falls; q is below -5/2 there, so f < -1 for both labels.

    Every law within this ball has psi' = (1/2) sum (f - y)(1 + y Delta) q' > 0 at each of its radii: it shrinks to 0.
    """
    turning = crossing(FAILING.dq, FAILING.d2q, (Fraction(1, 100), Fraction(1, 2)), 20)
    return [At(turning, "q' = 0")]


def absorbed_risk(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """sigma(0) is -5/2, so that f = -5/2 for both labels."""
    start = sp.Rational(FAILING.start)
    return [(((1 - start) ** 2 + (1 + start) ** 2) / 2, context["absorbed"])]


def trapped(context: Context) -> Evidence:
    """Initial weights of norm at most 0.1 and so in the trap: the risk at infinite time is that of 0."""
    turning = trap(context)[0].value
    assert isinstance(turning, arb)
    inside = compare(arb(1) / 10 * (1 + exact(context.setting["delta_fail"])), turning)
    stated = ball(context, "limit")
    case = Case(ball(context, sp.Rational(29, 4)), stated, "law within |w| <= 1/10")
    if inside != "<":
        return Evidence(passed=None, cases=1, reason="1/10 is not seen to lie in the trap")
    return decide([case], Standard(digits=10), "all laws with |w| <= 1/10, full support there included")


def contrast(context: Context) -> Evidence:
    """Risks at t = 10, Delta = 1/2, in dimension 320 from small and from large initial weights."""
    delta = 0.5
    wanted = [exactly(number(context, "small"), 1e-6), exactly(number(context, "large"), 0.0)]
    cases = []
    for kappa, stated in zip((0.1, 0.4), wanted, strict=True):
        found = radial(Instance(FAILING, delta, 320, kappa), Rule(), (0.0, 10.0), (24, 24))[0][-1]
        cases.append(Case(found, stated, f"kappa = {kappa}", kappa))
    answers = [
        decide([cases[0]], Standard(resolution=1e-3, alarm=context.alarm)),
        decide([cases[1]], Standard("<=", alarm=context.alarm)),
    ]
    passed = False if any(a.passed is False for a in answers) else all(a.passed for a in answers) or None
    telling = next((a for a in answers if a.passed is not True), answers[0])
    return telling.but(passed=passed, cases=2, domain="Delta = 1/2, d = 320, kappa = 1/10 and 2/5, t = 10")


low_, high_ = sp.symbols("separatrix stable_radius", real=True)
failure = Claim(
    "failure",
    title="A non-monotone sigma traps small initial weights",
    statement=(
        r"For $\sigma$ linear through $(0,-2.5)$, $(0.5,-4)$, $(1.5,7.5)$ the point $w = 0$ absorbs: small $\kappa$ ends at "
        r"risk $1+\sigma(0)^2 = 7.25$, larger $\kappa$ near 0."
    ),
    source="1804.06561, example of failure",
    known="from memory",
    no_inequality="it states values and a contrast",
    readings=[
        Reading(
            "stated",
            "The absorbed risk, the signs of the force on a point mass, and laws from two sizes of initial weights.",
            {
                "absorbed": sp.Rational(29, 4),
                "low": low_,
                "high": high_,
                "small": sp.Rational(29, 4),
                "large": sp.Rational(1, 2),
            },
            needs=two_zeros,
            checks=[
                identity("absorbed", "absorbed", absorbed_risk, domain="the point mass at 0", whole=False),
                proof(
                    "signs",
                    ("low", "high"),
                    certain_signs,
                    domain="point masses, the delta_fail of the setting",
                    whole=False,
                ),
                custom("contrast", ("small", "large"), contrast, kind=Kind.SIMULATED, group="failure"),
            ],
            wrong=[
                wrong("no-one", {"absorbed": sp.Rational(25, 4)}, "The label adds 1: E (y - c)^2 = 1 + c^2."),
                wrong("moved", {"low": 2 * low_}, "Between the two zeros the force points outwards."),
                wrong("stable-moved", {"high": 3 * high_ / 4}, "The same."),
                wrong("escapes", {"small": sp.Integer(0)}, "Initial weights of norm 0.1 lie in the trap."),
                wrong("stays", {"large": sp.Integer(0)}, "The risk is never negative, and not 0 at finite time."),
            ],
        ),
        Reading(
            "every-start",
            "Every initial law with support around 0 converges to risk 0.",
            {"limit": sp.Integer(0)},
            checks=[custom("trap", "limit", trapped, kind=Kind.CERTIFIED)],
            wrong=[wrong("small", {"limit": sp.Rational(1, 10)}, "The law in the trap ends at 29/4.")],
        ),
    ],
)
