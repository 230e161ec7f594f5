"""What a search can attack at each claim, why there is nothing to attack at the others, and what it must find.

Two unit vectors enter through their distance `chord`; `u = 1 - chord^2/2` is their inner product.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import sympy as sp
from flint import arb, ctx
from scipy.interpolate import CubicSpline

from mfcheck.claims import Case, Claim, Inequality, PlantedError, Sample, Variable
from mfcheck.kernels.arccos import Cosine, cosine, from_distance, half_term
from mfcheck.kernels.enclosure import kernel
from mfcheck.kernels.formulas import theta
from mfcheck.kernels.limit import limit_float, limit_kernel
from mfcheck.kernels.rntk import correlation, mixing, rntk
from mfcheck.kernels.single import rntk_of_pair
from mfcheck.rigor.ball import enclose, exact
from mfcheck.rigor.eigen import smallest_eigenvalue
from mfcheck_proofs._assemble import check_id, falling, with_parts
from mfcheck_proofs.rntk_scaling import bounds as b
from mfcheck_proofs.rntk_scaling import critical
from mfcheck_proofs.rntk_scaling.definite import gram
from mfcheck_proofs.rntk_scaling.fast import clock, distance
from mfcheck_proofs.rntk_scaling.proofs import PREC, bound_at, residual, value
from mfcheck_proofs.rntk_scaling.symbols import L, T, c, gamma, kappa, lam, s_0

Formulas = Mapping[str, sp.Basic]
CHORD = Variable("chord", Fraction(1, 1000), Fraction(2), log=True)
ALPHA = Variable("scale", Fraction(1, 100), Fraction(10), log=True)
DEPTH = Variable("layers", Fraction(1), Fraction(256), log=True, integer=True)
SLOW = Variable("exponent", Fraction(0), Fraction(49, 100))
FAST = Variable("exponent", Fraction(51, 100), Fraction(2))


def _cosine(case: Case) -> Fraction:
    return 1 - case["chord"] ** 2 / 2


@lru_cache(maxsize=64)
def _code(formula: sp.Expr, *symbols: sp.Symbol) -> Callable[..., float]:
    code: Callable[..., float] = sp.lambdify(symbols, formula, "math")
    return code


def _kernel(sample: Sample, alpha: float) -> float:
    return rntk_of_pair(sample.values["chord"], int(sample.values["layers"]), alpha)


# --- one layer -------------------------------------------------------------------------------------------------------


def _increment_fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
    chord, alpha = sample.values["chord"], sample.values["scale"]
    after = float(correlation(from_distance([chord]), 1, alpha).v[0])
    bound = _code(_increment(formulas), kappa, c)
    return (2 * after) ** -0.5 - 1 / chord, float(bound(mixing(alpha) / (3 * np.pi), chord))


def _increment(formulas: Formulas) -> sp.Expr:
    return b.increment({name: formulas[name] for name in b.CONSTANTS})


def _increment_enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
    alpha = case["scale"]
    with ctx.workprec(PREC):
        layer = residual(sp.Rational(alpha.numerator, alpha.denominator), 1)
        start = exact(case["chord"] ** 2 / 2)
        change = 1 / (2 * layer.correlation_gap(start)).sqrt() - 1 / exact(case["chord"])
        size = {kappa: layer.a / (3 * arb.pi()), c: exact(case["chord"])}
        return change, enclose(_increment(formulas), size, PREC)


INCREMENT = Inequality(
    id="distance-increment",
    reading="stated",
    text="one layer adds at most kappa (1 + ...) to 1/|x - x'|",
    varies=(),
    own=(CHORD, ALPHA),
    fast=_increment_fast,
    enclosed=_increment_enclosed,
)

# --- Theorems 1 and 2 ------------------------------------------------------------------------------------------------

Scaling = Callable[[Case], tuple[sp.Expr, Fraction]]


def _constant_scaling(case: Case) -> tuple[sp.Expr, Fraction]:
    alpha = case["scale"]
    return sp.Rational(alpha.numerator, alpha.denominator), Fraction(0)


def _power_scaling(case: Case) -> tuple[sp.Expr, Fraction]:
    return L**-gamma, case["exponent"]


def _alpha(sample: Sample) -> float:
    values = sample.values
    if "scale" in values:
        return values["scale"]
    return float(values["layers"] ** -values["exponent"])


def _degeneration(id: str, side: str, own: Variable, scaling: Scaling) -> Inequality:
    """Return the bound of r_L - 1/4 from above (side `upper`) or of its negative (side `lower`)."""
    sign = 1 if side == "upper" else -1

    def fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
        alpha, depth = _alpha(sample), sample.values["layers"]
        k = mixing(alpha) / (3 * np.pi)
        bound = _code(formulas[side], kappa, lam, s_0)(k, k * depth, 1 / sample.values["chord"])
        return sign * (_kernel(sample, alpha) - float(formulas["limit"])), float(bound)

    def enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
        (scale, exponent), depth, u = scaling(case), int(case["layers"]), _cosine(case)
        with ctx.workprec(PREC):
            gap = value(scale, depth, u, exponent) - exact(formulas["limit"])
            return sign * gap, bound_at(formulas[side], scale, depth, u, exponent)

    text = "r_L - 1/4 <= the upper bound" if sign == 1 else "1/4 - r_L <= the lower bound"
    return Inequality(id, text, (), fast, enclosed, reading="stated", own=(CHORD, DEPTH, own))


CONSTANT = tuple(
    _degeneration(f"constant-{side}", side, ALPHA, _constant_scaling) for side in ("upper", "lower")
)
POWER = tuple(
    _degeneration(f"slow-{side}", side, SLOW, _power_scaling) for side in ("upper", "lower")
)

# --- gamma = 1/2 -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _limit() -> CubicSpline:
    """Return R(1) as a function of the angle, to eight digits."""
    angles = np.linspace(0, np.pi, 801)
    at = Cosine(2 * np.sin(angles / 2) ** 2, 2 * np.cos(angles / 2) ** 2)
    return CubicSpline(angles, limit_float(at, 1.0))


def _critical_fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
    depth = sample.values["layers"]
    angle = float(from_distance([sample.values["chord"]]).angle[0])
    gap = abs(_kernel(sample, depth**-0.5) - float(_limit()(angle)))
    return gap, float(_code(formulas["bound"], L)(depth))


def _critical_enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
    depth, u = int(case["layers"]), _cosine(case)
    with ctx.workprec(PREC):
        gap = abs(value(critical.SCALING, depth, u) - limit_kernel(u).kernel)
        return gap, enclose(formulas["bound"], {L: exact(depth)}, PREC)


CRITICAL = Inequality(
    id="critical-bound",
    reading="stated",
    text="|r_L - R(1)| <= the bound of order L^(-1/2), alpha = L^(-1/2)",
    varies=(),
    own=(CHORD, DEPTH),
    fast=_critical_fast,
    enclosed=_critical_enclosed,
)

# --- Theorem 3 -------------------------------------------------------------------------------------------------------


def _gap(sample: Sample) -> tuple[float, float]:
    """Return |r_L - r_1| and the clock a L."""
    alpha = _alpha(sample)
    shallow = float(half_term(from_distance([sample.values["chord"]]))[0])
    return abs(_kernel(sample, alpha) - shallow), mixing(alpha) * sample.values["layers"]


def _pointwise_fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
    gap, ticks = _gap(sample)
    angle = float(from_distance([sample.values["chord"]]).angle[0])
    return gap, ticks * float(_code(formulas["factor"], theta)(angle))


def _pointwise_enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
    depth, u, exponent = int(case["layers"]), _cosine(case), case["exponent"]
    with ctx.workprec(PREC):
        factor = enclose(formulas["factor"], {theta: exact(u).acos()}, PREC)
        return distance(depth, u, exponent), clock(depth, exponent) * factor


POINTWISE = Inequality(
    id="fast-pointwise",
    reading="stated",
    text="|r_L - r_1| <= a L (theta/pi + (1 - theta cot theta)/3)",
    varies=(),
    own=(Variable("chord", Fraction(1, 100), Fraction(199, 100)), DEPTH, FAST),
    fast=_pointwise_fast,
    enclosed=_pointwise_enclosed,
)


def _uniform_fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
    gap, ticks = _gap(sample)
    return gap, float(_code(formulas["bound"], T)(ticks))


def _uniform_enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
    depth, exponent = int(case["layers"]), case["exponent"]
    with ctx.workprec(PREC):
        bound = enclose(formulas["bound"], {T: clock(depth, exponent)}, PREC)
        return distance(depth, _cosine(case), exponent), bound


UNIFORM = Inequality(
    id="fast-uniform-bound",
    reading="repaired",
    text="|r_L - r_1| <= a L + ... (a L)^(1/2), opposite points included",
    varies=(),
    own=(CHORD, DEPTH, FAST),
    fast=_uniform_fast,
    enclosed=_uniform_enclosed,
)

# --- positive definiteness -------------------------------------------------------------------------------------------


def _definite_fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
    inner = np.clip(sample.X @ sample.X.T, -1, 1)
    np.fill_diagonal(inner, 1)
    matrix = rntk(cosine(inner), 2, 1.0)
    least = float(np.linalg.eigvalsh(matrix)[0])
    return float(formulas["floor"]), least if abs(least) > 1e-12 * len(inner) else float("nan")


def _definite_enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
    with ctx.workprec(PREC):
        found = smallest_eigenvalue(gram(case.setting.data.points, kernel(2, 1, 20)))
        return exact(formulas["floor"]), found


DEFINITE = Inequality(
    id="definite-floor",
    reading="deeper",
    text="0 <= lambda_min of r_2 (alpha = 1) on the points",
    varies=("points",),
    fast=_definite_fast,
    enclosed=_definite_enclosed,
)

INEQUALITIES: Mapping[str, tuple[Inequality, ...]] = MappingProxyType(
    {
        "correlation-to-one": (INCREMENT,),
        "theorem-1-constant": CONSTANT,
        "theorem-2-slow": POWER,
        "critical-scaling": (CRITICAL,),
        "theorem-3-fast": (POINTWISE, UNIFORM),
        "positive-definite": (DEFINITE,),
    }
)
"""By the id of the claim."""

_IDENTITY = "it is an identity, which exact checks decide for every setting"
_LIMIT = "it states a limit or an order, which no single setting refutes"
NO_INEQUALITY: Mapping[str, str] = MappingProxyType(
    {
        "arc-cosine": _IDENTITY,
        "kernel-recursion": _IDENTITY,
        "eigenvalue-decay": _LIMIT,
        "early-stopping": _LIMIT,
        "rapid-decay": "it compares risks, which are known by simulation alone",
        "finite-width": _LIMIT,
        "width-and-depth": _LIMIT,
    }
)
"""By the id of the claim."""


def _planted(
    inequality: Inequality, kind: str, replaced: Mapping[str, sp.Basic], why: str
) -> PlantedError:
    return PlantedError(
        f"{inequality.id}-must-fall",
        kind,
        replaced,
        why,
        (check_id(inequality),),
        inequality.reading,
    )


_TOO_TIGHT = "Points close together need more layers: the distance from 1/4 is far above."
_NOT_ABOVE = "r_L is not that far above 1/4."
MUST_FALL: tuple[PlantedError, ...] = (
    _planted(
        INCREMENT,
        "factor dropped",
        {"leading": sp.Integer(0), "increment": sp.Integer(0)},
        "The step from the linear term alone is exceeded.",
    ),
    *(
        _planted(q, "factor dropped", {"upper": b.upper() - s_0 / (4 * lam)}, _TOO_TIGHT)
        for q in (CONSTANT[0], POWER[0])
    ),
    *(
        _planted(q, "sign flipped", {"lower": -b.lower()}, _NOT_ABOVE)
        for q in (CONSTANT[1], POWER[1])
    ),
    _planted(
        CRITICAL,
        "exponent off",
        {"bound": 3 / L**2},
        "The distance falls like 1/L.",
    ),
    _planted(
        POINTWISE,
        "constant scaled",
        {"factor": b.fast_pointwise() / 8},
        "At a right angle the error is near 0.17 a L.",
    ),
    _planted(
        UNIFORM,
        "exponent off",
        {"bound": T**2},
        "At a right angle the distance is of order a L already.",
    ),
    _planted(
        DEFINITE,
        "constant scaled",
        {"floor": sp.Rational(1, 2)},
        "Two points at a small angle have a smaller eigenvalue.",
    ),
)
"""A false variant for each inequality, which the check of its slack must reject."""


def attackable(claim: Claim) -> Claim:
    """Add the inequalities of a claim, or the reason why it has none."""
    attacked = with_parts(claim, inequalities=INEQUALITIES.get(claim.id, ()))
    attacked = with_parts(attacked, planted=falling(attacked, MUST_FALL))
    return replace(attacked, no_inequality=NO_INEQUALITY.get(claim.id, ""))
