"""C4: below Delta_h one radius is optimal, above it two are better."""

import math
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from flint import arb, ctx
from scipy import optimize, special

from mfcheck.checks import (
    Claim,
    Context,
    Curve,
    Evidence,
    Kind,
    Note,
    Plot,
    Reading,
    Step,
    custom,
    identity,
    number,
    wrong,
)
from mfcheck.rigor.ball import compare, exact
from mfcheck_proofs.landscape.particles import D
from mfcheck_proofs.landscape.shape import Array, Shape, risk_of, shape
from mfcheck_proofs.landscape.values import best_point, level, transition

# --- C4: the transition ------------------------------------------------------------------------------------------------

a_, b_ = sp.symbols("q_inv_plus q_inv_minus", real=True)
r_ = sp.Symbol("r", real=True)
DELTA_H = (a_ - b_) / (a_ + b_)


def perfect(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """A point mass has risk 0 only where (1 + Delta) r = a and (1 - Delta) r = b; these have one solution."""
    found = sp.solve([(1 + D) * r_ - a_, (1 - D) * r_ - b_], [D, r_], dict=True)
    return [(context["delta_h"], found[0][D]), (context["radius"], found[0][r_])] if len(found) == 1 else []


SHARES = (Fraction(1, 5), Fraction(1, 2), Fraction(4, 5), Fraction(19, 20))
BEYOND = (Fraction(21, 20), Fraction(6, 5), Fraction(3, 2))


@lru_cache(maxsize=64)
def point_is_optimal(own: Shape, delta: Fraction) -> bool | None:
    """Whether psi(r) >= psi(r*) for all r, which suffices since the risk is convex in the law; None if open.

    With u = 1 - q((1+Delta)r*), v = 1 + q((1-Delta)r*) it says that G(r) = u q((1+Delta)r) - v q((1-Delta)r) is largest
    at r*: there G' = 0, and near it G'' < 0; on cells elsewhere G is bounded by the ends, since q grows.
    """
    best = best_point(own, delta, 20)
    with ctx.workprec(80):
        spread = exact(delta)
        u, v = 1 - own.q((1 + spread) * best), 1 + own.q((1 - spread) * best)

        def most(low: arb, high: arb) -> arb:
            return u * own.q((1 + spread) * high) - v * own.q((1 - spread) * low)

        def bent(r: arb) -> arb:
            up, down = (1 + spread) * r, (1 - spread) * r
            return u * (1 + spread) ** 2 * own.d2q(up) - v * (1 - spread) ** 2 * own.d2q(down)

        if not (u > 0 and v > 0):
            return None
        top = u * own.q((1 + spread) * best) - v * own.q((1 - spread) * best)
        near = arb(1) / 4
        while not bent(best + arb(0, near)) < 0:
            near = near / 2
            if near < arb(2) ** -16:
                return None
        end, limit = arb(4), own.q(arb(2) ** 60) + arb(2) ** -20
        while not u * limit - v * own.q((1 - spread) * end) < top:
            end = 2 * end
            if end > 2**24:
                return None
        cells = [(arb(0), (best - near).upper()), ((best + near).lower(), end)]
        for _ in range(60_000):
            if not cells:
                return True
            low, high = cells.pop()
            if most(low, high) < top:
                continue
            middle = ((low + high) / 2).mid()
            if most(middle, middle) > top:
                return False
            cells += [(low, middle), (middle, high)]
    return None


@lru_cache(maxsize=64)
def mixture_is_better(own: Shape, delta: Fraction) -> bool | None:
    """Whether two radii with weights have a smaller risk than every point mass; None if not found."""
    with ctx.workprec(80):
        spread = exact(delta)
        ends = level(own, 1, 20) / (1 + spread), level(own, -1, 20) / (1 - spread)
        x = best_mixture(own, float(delta))
        r = [exact(Fraction(float(v))) for v in x[:2]]
        p = exact(Fraction(float(x[2])))
        total = arb(0)
        for y in (1, -1):
            f = p * own.q((1 + y * spread) * r[0]) + (1 - p) * own.q((1 + y * spread) * r[1])
            total += (y - f) ** 2 / 2
        # Below both ends both terms of the risk fall with r, above both they rise: the best point lies between.
        low, high = ends[0].lower().min(ends[1].lower()), ends[0].upper().max(ends[1].upper())
        cells = [(low, high)]
        for _ in range(5000):
            if not cells:
                return True
            a, b = cells.pop()
            if risk_of(own, spread, a.union(b)) > total:
                continue
            middle = ((a + b) / 2).mid()
            if risk_of(own, spread, middle) < total:
                return False
            cells += [(a, middle), (middle, b)]
    return None


def _mixture_risk(own: Shape, delta: float, x: Array) -> float:
    """Return the risk of two radii `x[:2]`, the first with weight `x[2]`, in doubles."""
    weights = np.array([x[2], 1 - x[2]])
    miss = [y - float(weights @ own.gaussian((1 + y * delta) * x[:2])[0]) for y in (1, -1)]
    return (miss[0] ** 2 + miss[1] ** 2) / 2


@lru_cache(maxsize=64)
def best_mixture(own: Shape, delta: float) -> Array:
    """Return two radii and the weight of the first that have small risk; in doubles, by two starts."""

    def natural(x: Any) -> Array:
        return np.array([*np.exp(np.clip(x[:2], -7, 7)), special.expit(x[2])])

    def risk(x: Any) -> float:
        return _mixture_risk(own, delta, natural(x))

    starts = [np.array([math.log(low), math.log(high), 0.0]) for low, high in ((0.3, 3.0), (1.0, 10.0))]
    options: Any = {"maxiter": 400}
    found = [optimize.minimize(risk, x, method="Nelder-Mead", options=options) for x in starts]
    return natural(min(found, key=lambda f: float(f.fun)).x)


def sides(context: Context) -> Iterable[Step]:
    """Cases on both sides of the stated value: shares of it, and the Delta of the setting."""
    own = shape(context.setting)
    stated = Fraction(number(context, "delta_h")).limit_denominator(10**6)
    below = [s * stated for s in SHARES]
    above = [s * stated for s in BEYOND if s * stated < 1]
    (below if context.setting["delta"] < stated else above).append(context.setting["delta"])
    for delta in below:
        yield Step(
            f"a point is optimal at Delta = {float(delta):.4g}", _optimal(own, delta), "it is not, or it is open"
        )
    for delta in above:
        better = None if _below(own, delta) else mixture_is_better(own, delta)
        better = False if _optimal(own, delta) else better
        yield Step(
            f"a mixture is better at Delta = {float(delta):.4g}", better, "a point mass is optimal, or it is open"
        )


def _below(own: Shape, delta: Fraction) -> bool:
    return compare(exact(delta), transition(own, 20)) == "<"


def _optimal(own: Shape, delta: Fraction) -> bool | None:
    """Whether a point is optimal: False where a mixture is certified to be better."""
    if _below(own, delta):
        return point_is_optimal(own, delta)
    return False if mixture_is_better(own, delta) else None


def risk_curve(context: Context) -> Evidence:
    """The best point and the best pair of radii over Delta, drawn."""
    own = shape(context.setting)
    found = list(sides(context))
    holds = [step.holds for step in found]
    top = float(transition(own, 10))
    deltas = np.linspace(0.1, 0.98, 8) * min(1.0, 1.6 * top)
    pair, point = [], []
    grid = np.linspace(0.2, 6, 2000)
    for delta in deltas:
        up, down = (own.gaussian((1 + y * delta) * grid)[0] for y in (1, -1))
        point.append(float(((1 - up) ** 2 + (1 + down) ** 2).min() / 2))
        pair.append(_mixture_risk(own, float(delta), best_mixture(own, float(delta))))
    plot = Plot(
        id="transition",
        title="Least risk of a point mass and of two radii, d = infinity",
        x_label="Delta",
        y_label="risk",
        curves=(
            Curve(label="point mass", x=tuple(map(float, deltas)), y=tuple(point)),
            Curve(label="two radii", x=tuple(map(float, deltas)), y=tuple(pair), style="points"),
        ),
    )
    passed = False if False in holds else None if None in holds else True
    names = [s.name for s in found if s.holds is not True]
    sharp = Note(
        id="landscape.transition",
        severity="remark",
        text=f"The transition is sharp and has a closed form in the roots of $q(a) = 1$, $q(b) = -1$: {top:.6g} for the "
        "$\\sigma$ of the setting; the text quotes about 0.47 for its own.",
    )
    return Evidence(
        passed=passed,
        cases=len(holds),
        error=0.0,
        lhs="optimality of point masses",
        rhs="below the transition only",
        domain="multiples of the stated transition on both sides, and the Delta of the setting",
        reason="; ".join(names),
        plots=(plot,),
        notes=(sharp,) if passed else (),
    )


transition_claim = Claim(
    "transition",
    title="A point mass is optimal up to a critical spread",
    statement=r"In infinite dimension a point mass is optimal iff $\Delta \le \Delta_h = (a-b)/(a+b)$, $q(a)=1$, $q(b)=-1$.",
    source="1804.06561 (about 0.47); formula derived here",
    known="from memory",
    no_inequality="its sides are minima over all laws, which no search evaluates",
    readings=[
        Reading(
            "stated",
            "On both sides of the value, for the sigma of the setting, in cases.",
            {"delta_h": DELTA_H},
            checks=[custom("sides", "delta_h", risk_curve, kind=Kind.CERTIFIED)],
            wrong=[
                wrong("over-a", {"delta_h": (a_ - b_) / a_}, "Beyond 0.4742 two radii do better than any point."),
                wrong(
                    "ratio",
                    {"delta_h": (a_ / b_ - 1) / 4},
                    "Below 0.4742 a point mass is still optimal; this is 0.451.",
                ),
            ],
        ),
        Reading(
            "risk-zero",
            "A point mass has risk 0 at Delta_h alone, at the radius (a + b)/2.",
            {"delta_h": DELTA_H, "radius": (a_ + b_) / 2},
            checks=[
                identity(
                    "roots", ("delta_h", "radius"), perfect, domain="every sigma with q increasing through -1 and 1"
                )
            ],
            wrong=[
                wrong(
                    "over-a", {"delta_h": (a_ - b_) / a_}, "(1 + Delta) r = a and (1 - Delta) r = b give (a-b)/(a+b)."
                ),
                wrong("ratio", {"delta_h": a_ / b_ - 1}, "The same; this exceeds 1."),
                wrong("radius", {"radius": a_ + b_}, "The two equations add up to 2 r = a + b."),
            ],
        ),
    ],
)
