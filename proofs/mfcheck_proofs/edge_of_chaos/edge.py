"""The setting, points on the edge, and the constants."""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray

from mfcheck.checks import Setting, constant, evaluate, parameter
from mfcheck.errors import InputError
from mfcheck.gaussian import E, d2phi, dphi, first_critical_point, phi
from mfcheck.gaussian.pairs import signed_powers
from mfcheck.networks import iterate_balls
from mfcheck.rigor.ball import exact
from mfcheck.symbolic.activation import Activation

Array = NDArray[np.float64]

SIGMA_B = parameter("sigma_b", "3/10", "standard deviation of the biases", least=0)
SIGMA_W = parameter("sigma_w", "3/2", "standard deviation of the weights times sqrt N, off the edge", least=0)
SLOPE_POS = parameter("slope_pos", 1, "slope of a rectifier on the right")
SLOPE_NEG = parameter("slope_neg", 0, "slope of a rectifier on the left")
C0 = parameter("c0", 0, "correlation at the start", above=-1, below=1)
DEPTH = parameter("depth", 100, "number of layers", least=1, most=100_000, integer=True)
VARIANCE = parameter("q", "2/5", "variance: of the hard tanh's argument, and at the start of a simulation", above=0)
PARAMETERS = (SIGMA_B, SIGMA_W, SLOPE_POS, SLOPE_NEG, C0, DEPTH, VARIANCE)
sigma_b, sigma_w, slope_pos, slope_neg, _, _, q = (p.symbol for p in PARAMETERS)
x, t, h, k = sp.symbols("x t h k", positive=True)
HALF, ONE = sp.Rational(1, 2), sp.Integer(1)

WEIGHT = 1 / E(dphi**2, variance=q)
BIAS = q - E(phi**2, variance=q) / E(dphi**2, variance=q)
F2 = q * E(d2phi**2, variance=q) / E(dphi**2, variance=q)
SUP = (WEIGHT * E(phi, variance=q) ** 2 + BIAS) / q
VANISHES = {q: BIAS - sigma_b**2}
"""What vanishes at the variance on the edge."""
SLOPE = 1 + WEIGHT * E(phi * d2phi, variance=q)

# --- the edge --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Edge:
    """A point of the edge: the variance, sigma_w, and the slope of V there."""

    q: arb
    sigma_w: arb
    slope: arb


def homogeneous(chosen: Activation) -> bool:
    """Whether the activation is linear on both sides of 0."""
    powers = signed_powers(chosen.expr)
    return powers is not None and {term.p for term in powers} == {sp.Integer(1)}


@lru_cache(maxsize=128)
def edge(chosen: Activation, sigma: Fraction, digits: int) -> Edge:
    """Enclose the point of the edge at a sigma_b.

    There is no smaller q, as far as `first_critical_point` tells.

    Raises:
        InputError: there is none, or the activation is linear on both sides of 0 and sigma_b is not 0.
    """
    if sigma and homogeneous(chosen):
        raise InputError("an activation that is linear on both sides of 0 has an edge of chaos at sigma_b = 0 only")
    found = first_critical_point(chosen, sigma**2, digits)
    return Edge(found.q, found.sigma_w, found.slope)


def at_edge(setting: Setting, digits: int) -> Edge:
    """Enclose the point of the edge in a setting."""
    return edge(setting.activation, setting["sigma_b"], digits)


def edge_variance(setting: Setting, digits: int) -> arb:
    """Enclose q on the edge."""
    if homogeneous(setting.activation) and not setting["sigma_b"]:
        raise InputError("every variance is fixed on the edge of chaos of an activation linear on both sides of 0")
    return at_edge(setting, digits).q


def on_edge(formula: sp.Expr, ends: str = ""):  # type: ignore[no-untyped-def]
    """The value of a formula in q on the edge; `ends` says why there is none at q = 0, if there is none."""

    def value(setting: Setting, digits: int) -> arb:
        if homogeneous(setting.activation) and not setting["sigma_b"]:
            return evaluate(formula, None, setting, {q: ONE}, digits)
        at = at_edge(setting, digits + 10).q
        if at.is_zero() and ends:
            raise InputError(f"at sigma_b = 0 the edge ends in q = 0: {ends}")
        return evaluate(formula, None, setting, {q: at}, digits)

    return value


def leaky(setting: Setting, digits: int) -> arb:
    """Enclose sigma_w of the edge of a rectifier."""
    if not (setting["slope_pos"] or setting["slope_neg"]):
        raise InputError("slope_pos and slope_neg are both zero: chi_1 = 0 for every sigma_w")
    where = {slope_pos: setting["slope_pos"], slope_neg: setting["slope_neg"]}
    return evaluate(LEAKY, None, setting, where, digits)


def drop(e: arb) -> arb:
    """Enclose `f(1 - e) - (1 - e)` of the rectifier."""
    angle = 2 * (e / 2).sqrt().asin()
    return (angle.sin() - angle * angle.cos()) / arb.pi()


@lru_cache(maxsize=64)
def rectifier_gaps(start: Fraction, marks: tuple[int, ...], digits: int) -> tuple[arb, ...]:
    """Enclose 1 - c of the rectifier at rising depths, from a correlation; f increases, so that ends are followed."""
    with ctx.workdps(digits + 30):
        first = 1 - exact(start)
        inside = iterate_balls(
            lambda e: e - drop(e), arb(1) - drop(arb(1)) if start == 0 else first - drop(first), [m - 1 for m in marks]
        )
        return tuple(inside)


def rectifier_gap(setting: Setting, digits: int) -> arb:
    """Enclose 1 - c at the depth of the setting."""
    return rectifier_gaps(setting["c0"], (setting.integer("depth"),), digits)[0]


S = 2 * sp.sqrt(2) / (3 * sp.pi)
RATE = 9 * sp.pi**2 / 2
LEAKY = sp.sqrt(2 / (slope_pos**2 + slope_neg**2))
CLIPPED = 1 - (1 - q) * sp.erf(1 / sp.sqrt(2 * q)) - sp.sqrt(2 * q / sp.pi) * sp.exp(-1 / (2 * q))
INSIDE = sp.erf(1 / sp.sqrt(2 * q))
POINT = ("sigma_b", "activation")
F2_EOC = constant("F2_eoc", on_edge(F2), "f''(1) on the edge", source="C4", uses=POINT)
CONSTANTS = (
    constant("q_eoc", edge_variance, "variance on the edge at sigma_b", source="C3", uses=POINT),
    constant("sigma_w_eoc", lambda s, d: at_edge(s, d).sigma_w, "sigma_w on the edge", source="C3", uses=POINT),
    F2_EOC,
    constant("beta_eoc", on_edge(2 / F2, "f''(1) = 0"), "1 - c goes like beta/l", source="C4", uses=POINT),
    constant("sup_gap_eoc", on_edge(SUP, "no map"), "sup over [0,1] of f(x) - x", source="C5", uses=POINT),
    constant("q_slope_eoc", on_edge(SLOPE), "V'(q) on the edge", source="C6", uses=POINT),
    constant("relu_s", S, "f(1-e) = 1 - e + s e^(3/2) + ...", source="C1"),
    constant("relu_rate", RATE, "1 - c goes like this over l^2 for the rectifier", source="C1"),
    constant(
        "relu_gap", rectifier_gap, "1 - c of the rectifier at this depth from c0", source="C1", uses=("c0", "depth")
    ),
    constant("leaky_sigma_w", leaky, "sigma_w on a rectifier's edge", source="C2", uses=("slope_pos", "slope_neg")),
    constant("hardtanh_phi2", CLIPPED, "E phi^2 of the hard tanh at variance q", source="C8"),
    constant("hardtanh_dphi2", INSIDE, "E phi'^2 of the hard tanh at variance q", source="C8"),
)
