"""Inequalities that one setting can refute, of Assumption 1, Theorem 6 and what the referee adds; see `falsifiable`."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy as sp
from flint import arb, ctx
from scipy.special import betainc

from mfcheck.claims import Case, Inequality, Sample, Variable
from mfcheck.rigor.ball import enclose, exact
from mfcheck_proofs.scaled_resnets import encoder_entropy, quick, separated_samples
from mfcheck_proofs.scaled_resnets import symbols as s
from mfcheck_proofs.scaled_resnets.falsifiable import (
    ALPHA,
    BETA,
    DECAY,
    FLOOR,
    PREC,
    TRAINED,
    Formulas,
    enclosed_formula,
)
from mfcheck_proofs.scaled_resnets.rademacher import radius
from mfcheck_proofs.scaled_resnets.theorem6 import NEEDED

# --- Assumption 1 for independent samples ----------------------------------------------------------------------------

COSINE = Variable("C", Fraction(0), Fraction(999, 1000))
DIMENSION = Variable("dim", Fraction(2), Fraction(32), integer=True)


@lru_cache(maxsize=64)
def _cap_code(formula: sp.Expr) -> Callable[[float, float], float]:
    def incomplete(a: float, b: float, _: float, x: float) -> float:
        return float(betainc(a, b, x))

    modules = [{"betainc_regularized": incomplete}, "math"]
    code: Callable[[float, float], float] = sp.lambdify((s.d, s.C_max), formula, modules)
    return code


def _cap_fast(name: str) -> Callable[[Sample, Formulas], float]:
    def value(sample: Sample, formulas: Formulas) -> float:
        return float(_cap_code(formulas[name])(sample.values["dim"], sample.values["C"]))

    return value


def _cap_enclosed(name: str, case: Case, formulas: Formulas) -> arb:
    return separated_samples.cap_probability(formulas[name], int(case["dim"]), case["C"])


_exception, _cap = _cap_fast("exception"), _cap_fast("cap")

EXCEPTION = Inequality(
    id="pair-probability",
    reading="stated",
    text="P(<x, x'> > C) <= 0 for two independent uniform points in dimension dim",
    varies=(),
    own=(COSINE, DIMENSION),
    fast=lambda sample, formulas: (_exception(sample, formulas), 0.0),
    enclosed=lambda case, formulas: (_cap_enclosed("exception", case, formulas), arb(0)),
)


def _cap_above_enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
    with ctx.workprec(PREC):
        power = (exact(case["dim"]) - 1) / 2
        bound = (1 - exact(case["C"]) ** 2) ** power / 2
        return _cap_enclosed("cap", case, formulas), bound


CAP_ABOVE = Inequality(
    id="cap-above",
    reading="cap-formula",
    text="P(<x, x'> > C) <= (1 - C^2)^((d-1)/2)/2, as I_x(a, 1/2) x^-a grows with x; equal at C = 0",
    varies=(),
    own=(COSINE, DIMENSION),
    fast=lambda sample, formulas: (
        _cap(sample, formulas),
        (1 - sample.values["C"] ** 2) ** ((sample.values["dim"] - 1) / 2) / 2,
    ),
    enclosed=_cap_above_enclosed,
)

# --- KL of the encoder -----------------------------------------------------------------------------------------------

LARGE_BETA = Variable("beta", Fraction(10**4), Fraction(10**8), log=True)


def _kl_nu_fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
    leading = sample.values["alpha"] ** 2 * encoder_entropy.leading(sample)
    return leading, quick.number(formulas["bound"], sample) * sample.values["beta"] ** 4


def _kl_nu_enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
    with ctx.workprec(PREC):
        beta, alpha = exact(case.setting["beta"]), exact(case.setting["alpha"])
        bound = enclosed_formula(formulas["bound"], case) * beta**4
        return alpha**2 * encoder_entropy.enclosed(case.setting), bound


KL_NU = Inequality(
    id="kl-nu-limit",
    reading="stated",
    text="the limit of beta^4 KL(nu_inf|nu_0), in closed form, <= beta^4 times the bound, for large beta",
    varies=(*TRAINED, "alpha"),
    ranges=(LARGE_BETA, ALPHA),
    fast=_kl_nu_fast,
    enclosed=_kl_nu_enclosed,
)

# --- orders in n -----------------------------------------------------------------------------------------------------

FIRST = Variable("n_1", Fraction(2), Fraction(1000), log=True, integer=True)
RATIO = Variable("k", Fraction(2), Fraction(10**6), log=True, integer=True)


def _at(formula: sp.Expr, size: Fraction | float) -> float:
    return float(_in_n(formula)(float(size)))


@lru_cache(maxsize=64)
def _in_n(formula: sp.Expr) -> Callable[[float], float]:
    """Return the formula as a function of n, all its other symbols put to one."""
    ones = {symbol: sp.Integer(1) for symbol in formula.free_symbols - {s.n}}
    code: Callable[[float], float] = sp.lambdify(s.n, formula.subs(ones), "math")
    return code


def _ratio_enclosed(formula: sp.Expr, case: Case) -> arb:
    """Enclose the formula at k n_1 over the same at n_1; what does not depend on n cancels."""
    first = int(case["n_1"])
    ones = {symbol: sp.Integer(1) for symbol in formula.free_symbols - {s.n}}
    inside = sp.sympify(formula.subs(ones))
    with ctx.workprec(PREC):
        values = [
            enclose(inside.subs(s.n, size), {}, PREC) for size in (first * int(case["k"]), first)
        ]
        return values[0] / values[1]


def _fast_ratio(formula: sp.Expr, sample: Sample) -> float:
    first = sample.values["n_1"]
    return _at(formula, first * sample.values["k"]) / _at(formula, first)


def _composed(formulas: Formulas) -> sp.Expr:
    return _substituted(formulas["complexity"], formulas["radius"])


@lru_cache(maxsize=64)
def _substituted(complexity: sp.Expr, rho: sp.Expr) -> sp.Expr:
    return sp.simplify(complexity.subs(radius, rho))


def _composition_fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
    stated = sample.values["k"] ** float(formulas["stated"])
    return _fast_ratio(_composed(formulas), sample), stated


def _composition_enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
    with ctx.workprec(PREC):
        power = formulas["stated"]
        stated = exact(case["k"]) ** exact(Fraction(int(power.p), int(power.q)))
        # Equal exponents make both sides the same power: rounding must not decide.
        return _ratio_enclosed(_composed(formulas), case), stated


def _composition(id: str, reading: str) -> Inequality:
    return Inequality(
        id=id,
        reading=reading,
        text="the complexity at k n_1 points over that at n_1 is at most k^(stated order), constants as n-free",
        varies=(),
        own=(FIRST, RATIO),
        fast=_composition_fast,
        enclosed=_composition_enclosed,
    )


COMPOSED, REPAIRED = (
    _composition("composed-rate", "stated"),
    _composition("repaired-rate", "repaired"),
)


def _scaling_enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
    return tuple(_ratio_enclosed(formulas[name], case) for name in ("required", "choice"))


SCALING = Inequality(
    id="scaling-choice",
    reading="stated",
    text="from n_1 to k n_1 points the required beta grows by no more than the choice of beta does",
    varies=(),
    own=(FIRST, RATIO),
    fast=lambda sample, formulas: (
        _fast_ratio(formulas["required"], sample),
        _fast_ratio(formulas["choice"], sample),
    ),
    enclosed=_scaling_enclosed,
)

# --- Theorem 6 -------------------------------------------------------------------------------------------------------

SAMPLES = Variable("n_", Fraction(1), Fraction(10**6), log=True, integer=True)
FAILURE = Variable("delta_", Fraction(1, 10**6), Fraction(999, 1000), log=True)


@lru_cache(maxsize=64)
def _confidence_code(formula: sp.Expr) -> Callable[[float, float], float]:
    code: Callable[[float, float], float] = sp.lambdify((s.n, s.delta), formula, "math")
    return code


def _confidence(formula: sp.Expr, sample: Sample) -> float:
    return float(_confidence_code(formula)(sample.values["n_"], sample.values["delta_"]))


def _confidence_enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
    given: dict[sp.Symbol, Any] = {s.n: case["n_"], s.delta: case["delta_"]}
    return tuple(enclose(f, given, PREC) for f in (NEEDED, formulas["confidence"]))


CONFIDENCE = Inequality(
    id="confidence-term",
    reading="stated",
    text="3 (log(2/delta)/(2n))^(1/2), which bounded differences give, <= the stated confidence term",
    varies=(),
    own=(SAMPLES, FAILURE),
    fast=lambda sample, formulas: (
        _confidence(NEEDED, sample),
        _confidence(formulas["confidence"], sample),
    ),
    enclosed=_confidence_enclosed,
)


def _least_fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
    given = {"n": float(len(sample.y)), "delta": sample.values["delta"]}
    least = float(_confidence_code(NEEDED)(given["n"], given["delta"]))
    return least, quick.number(formulas["bound"], sample)


def _least_enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
    given: dict[sp.Symbol, Any] = {s.n: case.setting.data.n, s.delta: case.setting["delta"]}
    return enclose(NEEDED, given, PREC), enclosed_formula(formulas["bound"], case)


MEASURED = Inequality(
    id="bound-above-confidence",
    reading="stated",
    text="the confidence term, below which no bound of this kind can be, <= the bound with explicit constants",
    varies=TRAINED,
    ranges=(BETA,),
    fast=_least_fast,
    enclosed=_least_enclosed,
)

# --- what the referee adds -------------------------------------------------------------------------------------------


def _renamed(inequality: Inequality, id: str, reading: str, text: str) -> Inequality:
    return replace(inequality, id=id, reading=reading, text=text)


THRESHOLD = _renamed(
    FLOOR,
    "threshold-floor-start",
    "stated",
    "the floor along every flow <= lambda_min(G2) at t = 0",
)
FROZEN = _renamed(
    DECAY,
    "frozen-loss-limit",
    "encoder-frozen",
    "|exp(-T G2) y|^2 / |y|^2, the limit of L(t)/L(0) for large beta with nu_t = nu_0, <= bound/L(0)",
)
