"""The setting of the paper, levels and point masses in infinite dimension as balls, and the constants."""

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray

from mfcheck.checks import Estimate, Setting, constant, parameter
from mfcheck.errors import InputError
from mfcheck.gaussian import PiecewiseLinear, product_variance
from mfcheck.rigor.ball import exact
from mfcheck.rigor.roots import Roots, all_roots, crossing

Array = NDArray[np.float64]

S1 = parameter("s1", "-5/2", "value of sigma up to t1", below=-1)
S2 = parameter("s2", "15/2", "value of sigma from t2 on")
T1 = parameter("t1", "1/2", "first kink of sigma", above=0)
T2 = parameter("t2", "3/2", "second kink of sigma", above=0)
DELTA = parameter("delta", "2/5", "spread Delta of the classes", above=0, below=1)
DELTA_FAIL = parameter("delta_fail", "1/2", "spread Delta in the example of failure", above=0, below=1)
LAM = parameter("lam", "1/2", "ridge lambda", above=0)
BETA = parameter("beta", 4, "inverse temperature", above=0)
DIM = parameter("dim", 40, "dimension d", least=3, most=100_000, integer=True)
KAPPA = parameter("kappa", "4/5", "initial weights are N(0, kappa^2/d)", above=0)
HORIZON = parameter("horizon", 1, "time", least=0, most=100)
PARAMETERS = (S1, S2, T1, T2, DELTA, DELTA_FAIL, LAM, BETA, DIM, KAPPA, HORIZON)
lam, beta = LAM.symbol, BETA.symbol


def validate(setting: Setting) -> None:
    """Refuse shapes for which a or b does not exist."""
    if setting["t1"] >= setting["t2"]:
        raise InputError("t2 must be above t1")
    if setting["s1"] + setting["s2"] <= 2:
        raise InputError("(s1 + s2)/2 must be above 1: q takes the value 1 only then")


def sigma_of(setting: Setting) -> PiecewiseLinear:
    """Return sigma of the setting."""
    slope = (setting["s2"] - setting["s1"]) / (setting["t2"] - setting["t1"])
    return PiecewiseLinear(setting["s1"], ((setting["t1"], slope), (setting["t2"], -slope)))


FAILING = PiecewiseLinear(
    Fraction(-5, 2),
    ((Fraction(0), Fraction(-3)), (Fraction(1, 2), Fraction(29, 2)), (Fraction(3, 2), Fraction(-23, 2))),
)
"""Through (0, -5/2), (1/2, -4), (3/2, 15/2), constant outside."""

# --- point masses in infinite dimension, q = E sigma(t G) ------------------------------------------------------------


def risk_of(own: PiecewiseLinear, delta: arb, *law: tuple[arb, arb]) -> arb:
    """Enclose the risk of point masses, given as pairs of weight and radius."""
    f = [sum((p * own.mean((1 + y * delta) * r) for p, r in law), arb(0)) for y in (1, -1)]
    return ((1 - f[0]) ** 2 + (1 + f[1]) ** 2) / 2


def risks_of(own: PiecewiseLinear, delta: float, r: Array, weights: Array | None = None) -> Array:
    """Return in doubles the risk of each point mass, or of one law of weighted ones."""
    up, down = (own.means((1 + y * delta) * r)[0] for y in (1, -1))
    if weights is not None:
        up, down = weights @ up, weights @ down
    return np.asarray(((1 - up) ** 2 + (1 + down) ** 2) / 2)


def force(own: PiecewiseLinear, delta: arb, r: arb) -> arb:
    """Enclose psi'(r) of the point mass at r: half the derivative of its risk."""
    up, down = (1 + delta) * r, (1 - delta) * r
    return ((own.mean(up) - 1) * (1 + delta) * own.slope(up) + (own.mean(down) + 1) * (1 - delta) * own.slope(down)) / 2


def stiffness(own: PiecewiseLinear, delta: arb, r: arb) -> arb:
    """Enclose the derivative of `force` in r."""
    total = arb(0)
    for y in (1, -1):
        t = (1 + y * delta) * r
        total += (1 + y * delta) ** 2 * (own.slope(t) ** 2 + (own.mean(t) - y) * own.curvature(t)) / 2
    return total


def forceless(own: PiecewiseLinear, delta: arb, bracket: tuple[arb, arb], digits: int) -> Roots:
    """Enclose all zeros of the force on a bracket."""
    return all_roots(lambda r: force(own, delta, r), lambda r: stiffness(own, delta, r), bracket, digits + 3)


@lru_cache(maxsize=64)
def level(own: PiecewiseLinear, value: int, digits: int) -> arb:
    """Enclose the greatest t with q(t) = value: beyond the last zero of q' the function q increases.

    For the sigma of the settings q increases everywhere; for the failing one q is below -5/2 before q' > 0.
    """
    with ctx.workdps(digits + 20):
        above, steps = arb(1), 0
        while not own.mean(above) > value:
            above, steps = 2 * above, steps + 1
            if steps > 200:
                raise InputError("q does not reach the value 1 in reach of the arithmetic")
        below = above / 2
        while not own.mean(below) < value:
            above, below = below, below / 2
    return crossing(lambda t: own.mean(t) - value, own.slope, (below, above), digits)


def transition(own: PiecewiseLinear, digits: int) -> arb:
    """Enclose Delta_h."""
    a, b = level(own, 1, digits + 5), level(own, -1, digits + 5)
    with ctx.workdps(digits + 20):
        return (a - b) / (a + b)


@lru_cache(maxsize=64)
def best_point(own: PiecewiseLinear, delta: Fraction, digits: int) -> arb:
    """Enclose the best radius of a point mass, Delta below Delta_h.

    The force is negative below b/(1 - Delta) and positive above a/(1 + Delta); between, all its zeros are isolated.

    Raises:
        InputError: Delta exceeds Delta_h, or two radii are equally good.
    """
    with ctx.workdps(2 * digits + 20):
        spread = exact(delta)
        low, high = level(own, -1, digits + 15) / (1 - spread), level(own, 1, digits + 15) / (1 + spread)
        if not low < high:
            raise InputError("delta must be below delta_h: beyond it, no point mass is optimal")
        found = forceless(own, spread, (low.lower(), high.upper()), digits).values
        risks = [risk_of(own, spread, (arb(1), r)) for r in found]
        best = min(range(len(found)), key=lambda i: float(risks[i]))
        if not all(risks[best] < other for i, other in enumerate(risks) if i != best):
            raise InputError("two radii are equally good, or too close to tell")
    return found[best]


@lru_cache(maxsize=64)
def zeros(delta: Fraction, digits: int) -> Roots:
    """Enclose all radii without force on a point mass in the example of failure; near Delta = 1 there are four."""
    with ctx.workdps(digits + 20):
        spread = exact(delta)
        return forceless(FAILING, spread, (arb(0), (level(FAILING, 1, digits + 5) / (1 - spread)).upper()), digits)


def equilibria(delta: Fraction, digits: int) -> tuple[arb, arb]:
    """Enclose the first unstable and the first stable radius of a point mass in the example of failure.

    Near 0 the force is positive, towards 0, so that an unstable zero comes first.

    Raises:
        InputError: zeros cannot be told apart.
    """
    found = zeros(delta, digits)
    if found.slopes[:2] != ("<", ">"):
        raise InputError("the force on a point mass has no unstable zero that a stable one follows")
    return found.values[0], found.values[1]


def two_zeros(setting: Setting) -> None:
    """Refuse spreads at which a point mass has more than one stable radius."""
    if len(zeros(setting["delta_fail"], 15).values) != 2:
        raise InputError("at this delta_fail a point mass has more than one stable radius")


# --- constants -------------------------------------------------------------------------------------------------------


def r_star(setting: Setting, digits: int) -> arb:
    """Enclose the best radius of the setting."""
    return best_point(sigma_of(setting), setting["delta"], digits)


def risk_star(setting: Setting, digits: int) -> arb:
    """Enclose the risk of the best point mass."""
    with ctx.workdps(2 * digits + 20):
        return risk_of(sigma_of(setting), exact(setting["delta"]), (arb(1), r_star(setting, digits)))


def equilibrium(which: int) -> Callable[[Setting, int], arb]:
    """Return the leaf of one of the two radii without force."""
    return lambda setting, digits: equilibria(setting["delta_fail"], digits)[which]


def gap(setting: Setting, digits: int) -> arb | Estimate:
    """Return N (E R_N - R) = E_x Var_th sigma(th x) of the activation of the setting."""
    return product_variance(setting.activation.expr, digits)


SHAPE, FAIL = ("s1", "s2", "t1", "t2"), ("delta_fail",)
CONSTANTS = (
    constant("q_inv_plus", lambda s, d: level(sigma_of(s), 1, d), "a with q(a) = 1", source="C4", uses=SHAPE),
    constant("q_inv_minus", lambda s, d: level(sigma_of(s), -1, d), "b with q(b) = -1", source="C4", uses=SHAPE),
    constant(
        "delta_h", lambda s, d: transition(sigma_of(s), d), "transition", source="C4", uses=SHAPE, latex=r"\Delta_h"
    ),
    constant("r_star", r_star, "best point mass, d = infinity", source="C4", uses=("delta", *SHAPE)),
    constant("risk_star", risk_star, "its risk", source="C4", uses=("delta", *SHAPE)),
    constant("separatrix", equilibrium(0), "first unstable radius of a point mass", source="C5", uses=FAIL),
    constant("stable_radius", equilibrium(1), "first stable radius of a point mass", source="C5", uses=FAIL),
    constant("risk_absorbed", 1 + sp.Rational(5, 2) ** 2, "risk of the point mass at 0", source="C5"),
    constant("prop1_gap", gap, "N (E R_N - R) for sigma(th x)", source="C2", uses=("activation",)),
    constant("gibbs_mean", 1 / (1 + lam), "mean of the Gibbs law, linear example", source="C7"),
    constant("gibbs_var", 1 / (beta * lam), "its variance", source="C7"),
)
