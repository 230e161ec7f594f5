"""Constants: levels of q, the transition, the best point mass, equilibria of the example of failure."""

from fractions import Fraction
from functools import lru_cache

import sympy as sp
from flint import arb, ctx

from mfcheck.checks import Setting, constant
from mfcheck.errors import InputError
from mfcheck.rigor.ball import exact
from mfcheck.rigor.roots import Roots, all_roots, crossing
from mfcheck_proofs.landscape.gap import prop1_gap
from mfcheck_proofs.landscape.shape import FAILING, Shape, beta, force, lam, risk_of, shape, stiffness

# --- constants -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def level(own: Shape, value: int, digits: int) -> arb:
    """Enclose the greatest t with q(t) = value: beyond the last zero of q' the function q increases.

    For the sigma of the settings q increases everywhere; for the failing one q is below -5/2 before q' > 0.
    """
    with ctx.workdps(digits + 20):
        above, steps = arb(1), 0
        while not own.q(above) > value:
            above, steps = 2 * above, steps + 1
            if steps > 200:
                raise InputError("q does not reach the value 1 in reach of the arithmetic")
        below = above / 2
        while not own.q(below) < value:
            above, below = below, below / 2
    return crossing(lambda t: own.q(t) - value, own.dq, (below, above), digits)


def transition(own: Shape, digits: int) -> arb:
    """Enclose Delta_h."""
    a, b = level(own, 1, digits + 5), level(own, -1, digits + 5)
    with ctx.workdps(digits + 20):
        return (a - b) / (a + b)


@lru_cache(maxsize=64)
def best_point(own: Shape, delta: Fraction, digits: int) -> arb:
    """Enclose the best radius of a point mass, Delta below Delta_h.

    The force is negative below b/(1 - Delta) and positive above a/(1 + Delta); between, all its zeros are isolated.

    Raises:
        InputError: Delta exceeds Delta_h, or two radii are equally good.
    """
    with ctx.workdps(2 * digits + 20):
        spread = exact(delta)
        ends = level(own, -1, digits + 15) / (1 - spread), level(own, 1, digits + 15) / (1 + spread)
        if not ends[0] < ends[1]:
            raise InputError("delta must be below delta_h: beyond it, no point mass is optimal")
        found = all_roots(
            lambda r: force(own, spread, r),
            lambda r: stiffness(own, spread, r),
            (ends[0].lower(), ends[1].upper()),
            digits + 3,
        ).values
        risks = [risk_of(own, spread, r) for r in found]
        best = min(range(len(found)), key=lambda i: float(risks[i]))
        if not all(risks[best] < other for i, other in enumerate(risks) if i != best):
            raise InputError("two radii are equally good, or too close to tell")
    return found[best]


def _risk_star(setting: Setting, digits: int) -> arb:
    with ctx.workdps(2 * digits + 20):
        return risk_of(shape(setting), exact(setting["delta"]), best_point(shape(setting), setting["delta"], digits))


@lru_cache(maxsize=64)
def zeros(delta: Fraction, digits: int) -> Roots:
    """Enclose all radii without force on a point mass in the example of failure; near Delta = 1 there are four."""
    with ctx.workdps(digits + 20):
        spread = exact(delta)
        top = (level(FAILING, 1, digits + 5) / (1 - spread)).upper()
        return all_roots(
            lambda r: force(FAILING, spread, r), lambda r: stiffness(FAILING, spread, r), (arb(0), top), digits + 3
        )


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


SHAPE = ("s1", "s2", "t1", "t2")
GIBBS_VAR = 1 / (beta * lam)
CONSTANTS = (
    constant("q_inv_plus", lambda s, d: level(shape(s), 1, d), "a with q(a) = 1", source="C4", uses=SHAPE),
    constant("q_inv_minus", lambda s, d: level(shape(s), -1, d), "b with q(b) = -1", source="C4", uses=SHAPE),
    constant("delta_h", lambda s, d: transition(shape(s), d), "transition", source="C4", uses=SHAPE, latex=r"\Delta_h"),
    constant(
        "r_star",
        lambda s, d: best_point(shape(s), s["delta"], d),
        "best point mass, d = infinity",
        source="C4",
        uses=("delta", *SHAPE),
    ),
    constant("risk_star", _risk_star, "its risk", source="C4", uses=("delta", *SHAPE)),
    constant(
        "separatrix",
        lambda s, d: equilibria(s["delta_fail"], d)[0],
        "first unstable radius of a point mass",
        source="C5",
        uses=("delta_fail",),
    ),
    constant(
        "stable_radius",
        lambda s, d: equilibria(s["delta_fail"], d)[1],
        "first stable radius of a point mass",
        source="C5",
        uses=("delta_fail",),
    ),
    constant("risk_absorbed", 1 + sp.Rational(5, 2) ** 2, "risk of the point mass at 0", source="C5"),
    constant("prop1_gap", prop1_gap, "N (E R_N - R) for sigma(th x)", source="C2", uses=("activation",)),
    constant("gibbs_mean", 1 / (1 + lam), "mean of the Gibbs law, linear example", source="C7"),
    constant("gibbs_var", GIBBS_VAR, "its variance", source="C7"),
)
