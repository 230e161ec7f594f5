"""What a user may choose (data on the sphere, scalings, depth, width; the activation is ReLU), and what is assumed."""

from dataclasses import replace
from fractions import Fraction
from math import ceil

import numpy as np
import sympy as sp
from flint import arb, ctx

from mfcheck.claims import Answer, Assumption, Parameter, Proof, Regime, Setting
from mfcheck.claims.setting import setting_of
from mfcheck.errors import InputError
from mfcheck.kernels.formulas import L
from mfcheck.points.data import FOUR, circle_data, random_data
from mfcheck.rigor.ball import bounds, compare, enclose, exact
from mfcheck.symbolic.activation import Activation, X
from mfcheck.symbolic.circle import IDENTITIES, WORDS

m, n, d = sp.symbols("m n d", positive=True, integer=True)
alpha, gamma = sp.symbols("alpha gamma", nonnegative=True)
gamma_slow, gamma_fast = sp.symbols("gamma_s gamma_f", nonnegative=True)
epsilon, delta = sp.symbols("epsilon delta", positive=True)
rho, k0, k1 = sp.symbols("rho k_0 k_1", real=True)
"""Correlation of a layer, and its images under the arc-cosine functions."""

NO_SINGLE = "it states a limit or an order, which no single setting refutes"
RELU = Activation("relu", sp.Max(0, X))
NONE, HALF, ONE = Fraction(0), Fraction(1, 2), Fraction(1)
ALPHA, SLOW, FAST = "alpha", "gamma_slow", "gamma_fast"

PARAMETERS = (
    Parameter(ALPHA, alpha, ONE, "scale of the residual branch where it is constant", NONE, open_minimum=True),
    Parameter(SLOW, gamma_slow, Fraction(1, 4), "exponent below 1/2 in alpha = L^-gamma", NONE, HALF),
    Parameter(FAST, gamma_fast, Fraction(3, 4), "exponent above 1/2 in alpha = L^-gamma", HALF, Fraction(8), True),
    Parameter("depth", L, Fraction(200), "layers", ONE, Fraction(10_000), integer=True),
    Parameter("width", m, Fraction(1024), "width", Fraction(2), Fraction(2**20), integer=True),
    Parameter("accuracy", epsilon, HALF, "relative error allowed for |x_L|^2 at finite width", NONE, None, True),
    Parameter("delta", delta, Fraction(1, 10), "probability with which that error may be exceeded", NONE, ONE, True),
)
DEFAULT = setting_of(PARAMETERS, RELU, FOUR)


def validate(setting: Setting) -> None:
    """Refuse a setting that no claim of the paper speaks about.

    Raises:
        InputError: another activation than ReLU, gamma_slow = 1/2, or a width too small for the confidence asked for.
    """
    if setting.activation != RELU:
        raise InputError(f"the paper is about ReLU networks, not {setting.activation.name[:60]}")
    if setting[SLOW] >= HALF:
        raise InputError("gamma_slow must be < 1/2; gamma = 1/2 is the critical case")
    if (answer := enough_width(setting)).met is False:
        wanted, certain = float(setting["accuracy"]), 1 - float(setting["delta"])
        raise InputError(f"too small for a relative error of {wanted:g} with probability {certain:g}: {answer.reason}")


# --- assumptions -----------------------------------------------------------------------------------------------------


SECOND = 1 + (4 * alpha**2 + alpha**4 * (7 + 10 / m)) / (m * (1 + alpha**2) ** 2)
"""What one layer multiplies the relative second moment of |x|^2 by, exactly."""
EXCESS = (SECOND - 1).subs(alpha, 1 / sp.sqrt(L))
"""What it adds at alpha = L^(-1/2)."""


def variance_of_norm(setting: Setting) -> arb:
    """Enclose the relative variance of |x_L|^2 at alpha = L^(-1/2): about 4/m."""
    with ctx.workprec(128):
        layer = enclose(1 + EXCESS, {L: setting["depth"], m: setting["width"]}, 128)
        power: arb = layer ** int(setting["depth"])
        return power - 1


def allowed_variance(setting: Setting) -> Fraction:
    """Return what Chebyshev's inequality allows for the accuracy and the confidence that are asked for."""
    return setting["delta"] * setting["accuracy"] ** 2


def on_sphere(setting: Setting) -> Answer:
    """Distinct unit points and ReLU."""
    if setting.activation != RELU:
        return Answer(False, f"the activation is {setting.activation.name[:60]}, not ReLU")
    if setting.data.repeated is not None:
        i, j = setting.data.repeated
        return Answer(False, f"rows {i + 1} and {j + 1} are the same point")
    return Answer(True, f"$n = {setting.data.n}$ distinct unit points of dimension {setting.data.d}, ReLU")


def enough_width(setting: Setting) -> Answer:
    """Whether |x_L|^2 is as accurate as asked for with the probability asked for, by Chebyshev's inequality."""
    variance, allowed = variance_of_norm(setting), allowed_variance(setting)
    met = {"<": True, ">": False}.get(compare(variance, exact(allowed)))
    where = f"at width {setting['width']} and alpha = L^(-1/2)"
    found = f"the relative variance of |x_L|^2 is {float(variance.mid()):.4g}; at most {float(allowed):.4g} is allowed"
    return Answer(met, f"{where} {found}")


def _random(rng: np.random.Generator) -> Setting:
    return replace(DEFAULT, data=random_data(rng))


ASSUMPTIONS = (
    Assumption(
        "sphere",
        "Inputs on the unit sphere",
        "The inputs are distinct points of the unit sphere; the activation is ReLU.",
        "2403.04545, Section 2",
        on_sphere,
        _random,
        reads=("points", "activation"),
    ),
    Assumption(
        "wide",
        "Width",
        "The network is so wide that it is described by its kernel at initialisation.",
        "2403.04545, Section 2",
        enough_width,
        _random,
        reads=("depth", "width", "accuracy", "delta"),
    ),
)

# --- regimes ---------------------------------------------------------------------------------------------------------


def wide_enough(setting: Setting) -> int:
    """Return a width that serves for `width_for_every_depth`: 4/m <= log(1 + delta epsilon^2), m >= 10."""
    with ctx.workprec(64):
        needed = 4 / exact(1 + allowed_variance(setting)).log()
        return max(10, ceil(Fraction(bounds(needed, 12)[1])))


def deep(setting: Setting, depth: int) -> Setting:
    """Return the setting at another depth, its width enlarged if it does not serve for every depth."""
    return setting.with_values(depth=depth, width=max(setting["width"], Fraction(wide_enough(setting))))


def width_for_every_depth(_: Setting) -> Proof:
    """Bound the relative variance of |x_L|^2 at alpha = L^(-1/2) for all L by `exp(4/m) - 1`."""
    rest = ((1 - 10 / m) * L + 4) / (m * (L + 1) ** 2)
    return Proof(
        r"with $x$ the share that a layer adds (greatest at $\gamma = 1/2$), $(1 + x)^L \le e^{L x}$ and $4/m - L x = "
        r"\frac{(1 - 10/m) L + 4}{m (L + 1)^2} \ge 0$ for $m \ge 10$: the variance is at most $e^{4/m} - 1$ at every "
        r"$L$, and $4/m \le \log(1 + \delta\varepsilon^2)$ for this width",
        ("wide",),
        identities=((4 / m - L * EXCESS, rest),),
    )


_DEPTHS = (1, 100, 10_000)
DEPTH = Regime("depth-grows", r"one data set, $L \to \infty$", "L", _DEPTHS, ("depth",), witness=deep)
WIDE = Regime(
    "depth-grows-at-one-width",
    r"one data set, $L \to \infty$ at one width, $\alpha = L^{-\gamma}$ with $\gamma \ge 1/2$",
    "L",
    _DEPTHS,
    ("depth",),
    witness=deep,
    every=width_for_every_depth,
    checks=("width-and-depth/stated/threshold",),
)
WIDTH = Regime(
    "width-grows",
    r"one data set and depth, $m \to \infty$",
    "m",
    (1024, 2**20),
    ("width",),
    witness=lambda setting, width: setting.with_values(width=width),
)
SAMPLES = Regime(
    "samples-grow",
    r"$n \to \infty$ distinct points, width and depth fixed",
    "n",
    varies=("points", "labels"),
    witness=lambda setting, count: replace(setting, data=circle_data(count, setting.data.d)),
    every=lambda _: Proof(WORDS, ("sphere",), identities=IDENTITIES),
)
