"""Inequalities of the paper that one setting can refute, of Lemma 4 and Theorem 5: both sides fast, and enclosed.

Where a claim is about the trained network, its consequence at the start, or in the limit of large beta, is attacked:
kernels alone decide there.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from flint import arb, arb_mat, ctx

from mfcheck.claims import Case, Inequality, Sample, Variable
from mfcheck.rigor.ball import enclose, exact
from mfcheck.symbolic.activation import Activation, X
from mfcheck_proofs.scaled_resnets import quick
from mfcheck_proofs.scaled_resnets import symbols as s
from mfcheck_proofs.scaled_resnets.counterexamples import derivative_value, small_eigenvalue
from mfcheck_proofs.scaled_resnets.leaves import largest_cosine
from mfcheck_proofs.scaled_resnets.lemma4 import CANDIDATES, J1, hermite_bound, v
from mfcheck_proofs.scaled_resnets.matrices import kernel_matrix, smallest
from mfcheck_proofs.scaled_resnets.network import mean_uw
from mfcheck_proofs.scaled_resnets.quick import Array
from mfcheck_proofs.scaled_resnets.rademacher import radius
from mfcheck_proofs.scaled_resnets.values import value_of, values_in

PREC = 160
Formulas = Mapping[str, sp.Basic]
BETA = Variable("beta", Fraction(1, 100), Fraction(10**6), log=True)
ALPHA = Variable("alpha", Fraction(1, 100), Fraction(10), log=True)
DATA = ("points", "activation")


def enclosed_formula(formula: sp.Expr, case: Case, **given: arb) -> arb:
    """Enclose a formula over constants, parameters and `given`."""
    values = values_in(case.setting, formula, given)
    return enclose(formula, values, PREC)


# --- Lemma 4, first inequality ---------------------------------------------------------------------------------------

Call = Callable[[int, Any], Any]


def _entry(seed: int, row: int, column: int) -> Fraction:
    """Coordinates of three particles: small fractions, no two particles alike."""
    return Fraction((7 * row + 5 * column + 3 * seed) % 11 - 5, 4)


def _particles(seed: int, width: int, number: Callable[[Fraction], Any]) -> Any:
    rows = [[number(_entry(seed, i, j)) for j in range(width)] for i in range(3)]
    return np.array(rows, dtype=object if number is exact else float)


def _jacobian(x: Any, alpha: Any, call: Call, number: Callable[[Fraction], Any]) -> Any:
    """J1 of one layer of three neurons under a predictor of three: rows p^T grad_theta sigma, shape (n, 3 (2d+1))."""
    d, mean = x.shape[1], number(Fraction(1, 3))
    encoder, head = _particles(1, 2 * d + 1, number), _particles(2, d + 2, number)
    u, w, b = encoder[:, :d], encoder[:, d : 2 * d], encoder[:, -1]
    inner = x @ w.T + b
    features = x + call(0, inner) @ u * (alpha * mean)
    p = (call(1, features @ head[:, 1:-1].T + head[:, -1]) * head[:, 0]) @ head[:, 1:-1] * mean
    values, slopes = call(0, inner), call(1, inner) * (p @ u.T)
    blocks = [p[:, None, :] * values[:, :, None], x[:, None, :] * slopes[:, :, None]]
    return np.concatenate([*(part.reshape(len(x), -1) for part in blocks), slopes], axis=1)


@lru_cache(maxsize=64)
def _excess(formula: sp.Basic) -> Callable[..., Any]:
    code: Callable[..., Any] = sp.lambdify((J1, v, s.alpha), formula.doit(), "numpy")
    return code


def _first_fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
    def call(order: int, x: Array) -> Array:
        return sample.activation.numpy_function(order)(x)

    alpha = sample.values["alpha"]
    J = _jacobian(sample.X, alpha, call, float)
    return 0.0, float(_excess(formulas["excess"])(J, sample.y[:, None], alpha).item())


def _first_enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
    activation = case.setting.activation

    def call(order: int, x: Any) -> Any:
        derivative = activation.derivative(order)
        entries = [enclose(derivative, {X: entry}, PREC) for entry in x.ravel()]
        return np.array(entries, dtype=object).reshape(x.shape)

    with ctx.workprec(PREC):
        alpha = exact(case.setting["alpha"])
        J = _jacobian(_unit_rows(case), alpha, call, exact)
        y = np.array([[exact(label)] for label in case.setting.data.labels], dtype=object)
        return arb(0), _excess(formulas["excess"])(J, y, alpha).item()


def _unit_rows(case: Case) -> Any:
    rows = []
    for point in case.setting.data.points:
        norm = exact(sum((x * x for x in point), Fraction(0))).sqrt()
        rows.append([exact(x) / norm for x in point])
    return np.array(rows, dtype=object)


FIRST = Inequality(
    id="gram-excess",
    reading="stated",
    text="0 <= y^T (G - G2) y for one layer of three neurons under a predictor of three",
    varies=("points", "labels", "activation", "alpha"),
    ranges=(ALPHA,),
    fast=_first_fast,
    enclosed=_first_enclosed,
)

# --- Lemma 4, second inequality --------------------------------------------------------------------------------------

CANDIDATE = CANDIDATES[-1]


def _lambda_min(case: Case) -> arb:
    return smallest(case.setting.data.points, case.setting.activation).value


@lru_cache(maxsize=64)
def _floor(formula: sp.Expr) -> sp.Expr:
    return formula.subs(s.Lambda, sp.Rational(CANDIDATE.numerator, CANDIDATE.denominator))


@lru_cache(maxsize=64)
def _floor_number(formula: sp.Expr) -> float:
    return float(_floor(formula))


def _strict_fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
    return _floor_number(formulas["floor"]), quick.smallest(quick.kernel(sample, 1))


def _strict_enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
    return enclose(_floor(formulas["floor"]), {}, PREC), _lambda_min(case)


STRICT = Inequality(
    id="floor-of-dimension",
    reading="strict",
    text=f"Lambda <= lambda_min(G2), with the candidate Lambda = {float(CANDIDATE):g} for a constant of d alone",
    varies=DATA,
    fast=_strict_fast,
    enclosed=_strict_enclosed,
    certificate=lambda case, formulas: small_eigenvalue(case, formulas, CANDIDATE),
)


@lru_cache(maxsize=64)
def _terms(term: sp.Expr) -> Callable[[Array, int, float], Array]:
    code = sp.lambdify((s.r, s.n, s.C_max), term, "numpy")
    return lambda r, n, C: np.broadcast_to(code(r, n, C), r.shape)


def _gershgorin_fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
    r = np.arange(quick.TERMS, dtype=np.float64)
    factors = _terms(formulas["term"])(r, len(sample.X), quick.largest_cosine(sample.X))
    bound = float(((1 + r) * quick.weights(sample.activation)) @ factors)
    return quick.resolved(bound, quick.kernel(sample, 1))


def _gershgorin_enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
    setting = case.setting
    largest = largest_cosine(setting, 30)
    bound = hermite_bound(formulas["term"], setting.data.n, largest, setting.activation)
    return bound, _lambda_min(case)


GERSHGORIN = Inequality(
    id="hermite-gershgorin",
    reading="charitable",
    text="sum_r (1+r) mu_r^2 term(r) <= lambda_min(G2), with C_max the largest inner product of the data",
    varies=DATA,
    fast=_gershgorin_fast,
    enclosed=_gershgorin_enclosed,
)

# --- bounds on the activation ----------------------------------------------------------------------------------------

REAL = Variable("x", Fraction(-30), Fraction(30))


def _constant_fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
    x = np.array([sample.values["x"]])
    values = [abs(float(sample.activation.numpy_function(k)(x)[0])) for k in range(3)]
    values[0] /= max(1.0, abs(sample.values["x"]))
    return max(values), quick.number(formulas["constant"], sample)


def _derivatives(activation: Activation, x: Fraction) -> list[arb]:
    values = [abs(enclose(activation.derivative(k), {X: x}, PREC)) for k in range(3)]
    with ctx.workprec(PREC):
        return [values[0] / exact(max(Fraction(1), abs(x))), *values[1:]]


def _constant_enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
    with ctx.workprec(PREC):
        values = _derivatives(case.setting.activation, case["x"])
        largest = values[0].max(values[1]).max(values[2])
        return largest, enclosed_formula(formulas["constant"], case)


CONSTANT = Inequality(
    id="activation-constant",
    reading="stated",
    text="max(|s0(x)| / max(|x|, 1), |s0'(x)|, |s0''(x)|) <= C_1",
    varies=("activation",),
    own=(REAL,),
    fast=_constant_fast,
    enclosed=_constant_enclosed,
    certificate=derivative_value,
)


def _lipschitz_fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
    slope = float(sample.activation.numpy_function(1)(np.array([sample.values["x"]]))[0])
    bound = quick.number(formulas["lipschitz"], sample, **{mean_uw.name: 1.0})
    return sample.values["alpha"] * abs(slope), bound


def _lipschitz_enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
    with ctx.workprec(PREC):
        slope = abs(enclose(case.setting.activation.derivative(1), {X: case["x"]}, PREC))
        bound = enclosed_formula(formulas["lipschitz"], case, **{mean_uw.name: arb(1)})
        return exact(case.setting["alpha"]) * slope, bound


LIPSCHITZ = Inequality(
    id="ode-one-neuron",
    reading="stated",
    text="alpha |s0'(x)| <= alpha C_1: the slope of the field of one neuron with |u| = |w| = 1, w.z + b = x, along w",
    varies=("activation", "alpha"),
    own=(REAL,),
    ranges=(ALPHA,),
    fast=_lipschitz_fast,
    enclosed=_lipschitz_enclosed,
)

# --- Theorem 5 in the limit of large beta ----------------------------------------------------------------------------

TRAINED = ("points", "labels", "activation", "beta")


def in_the_limit(
    id: str,
    text: str,
    formula: str,
    leading: sp.Symbol,
    power: int,
    leaf: Callable[[Sample], float],
) -> Inequality:
    """Return the inequality `leading <= beta^power formula`, which the formula's truth for all large beta needs."""

    def fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
        bound = quick.number(formulas[formula], sample) * sample.values["beta"] ** power
        return leaf(sample), bound

    def enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
        with ctx.workprec(PREC):
            bound = enclosed_formula(formulas[formula], case) * exact(case.setting["beta"]) ** power
            return enclosed_formula(leading, case), bound

    return Inequality(id, text, TRAINED, fast, enclosed, reading="stated", ranges=(BETA,))


MOVEMENT = in_the_limit(
    "movement-limit",
    "(y^T G2^-1 y)^(1/2), the limit of beta |omega_inf - omega_0|, <= beta times the length bound",
    "PL",
    sp.sqrt(s.Q_m),
    1,
    lambda sample: float(np.sqrt(max(0.0, quick.movement_leading(sample)))),
)
KL_TAU = in_the_limit(
    "kl-tau-limit",
    "(1/2) y^T G2^-1 K G2^-1 y, the limit of beta^2 KL(tau_inf|tau_0), <= beta^2 times the bound",
    "bound",
    s.Q_KL,
    2,
    quick.kl_leading,
)


def _decay_fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
    values, vectors = np.linalg.eigh(quick.kernel(sample, 1))
    T, beta, n = sample.values["T"], sample.values["beta"], len(sample.y)
    parts = (vectors.T @ sample.y) ** 2
    left = float(parts @ np.exp(-2 * values * T) / parts.sum())
    return left, quick.number(formulas["bound"], sample, t=T * n / beta**2, L_0=1.0)


def _decay_enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
    setting, beta = case.setting, case.setting["beta"]
    G2 = kernel_matrix(setting.data.points, setting.activation, 1)
    with ctx.workprec(PREC):
        y = arb_mat([[exact(label)] for label in setting.data.labels])
        residual = (G2 * -exact(case["T"])).exp() * y
        left = (residual.transpose() * residual)[0, 0] / (y.transpose() * y)[0, 0]
        t = exact(case["T"] * setting.data.n / beta**2)
        return left, enclosed_formula(formulas["bound"], case, t=t, L_0=arb(1))


DECAY = Inequality(
    id="loss-limit",
    reading="stated",
    text="|exp(-T G2) y|^2 / |y|^2, the limit of L(t)/L(0) for large beta at T = beta^2 t/n, <= bound/L(0)",
    varies=TRAINED,
    own=(Variable("T", Fraction(1, 1000), Fraction(100), log=True),),
    ranges=(BETA,),
    fast=_decay_fast,
    enclosed=_decay_enclosed,
)


def _floor_fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
    return quick.resolved(quick.number(formulas["floor"], sample), quick.kernel(sample, 1))


def _floor_enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
    return enclosed_formula(formulas["floor"], case), value_of(case.setting, "lambda_min_G2")


FLOOR = Inequality(
    id="spectral-floor-start",
    reading="stated",
    text="the floor of lambda_min(G2(tau_t, nu_t)) <= lambda_min(G2) at t = 0",
    varies=DATA,
    fast=_floor_fast,
    enclosed=_floor_enclosed,
)

# --- Theorem 6: complexity of a KL ball ------------------------------------------------------------------------------


def _radius_terms(sample: Sample) -> float:
    A = quick.kernel(sample, 0)
    trace = np.trace(A)
    rest = 2 * float(np.sum(A**2) - np.sum(np.diag(A) ** 2))
    return float(trace**1.5 / np.sqrt(trace**2 + rest)) / len(A)


def _rademacher_fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
    rho, beta = sample.values["rho"], sample.values["beta"]
    bound = quick.number(formulas["bound"], sample)
    return float(np.sqrt(2 * rho)) * beta * _radius_terms(sample), bound


def _rademacher_enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
    setting = case.setting
    A = kernel_matrix(setting.data.points, setting.activation, 0)
    size = range(setting.data.n)
    with ctx.workprec(PREC):
        trace = sum((A[i, i] for i in size), arb(0))
        square = trace**2 + 4 * sum((A[i, j] ** 2 for i in size for j in range(i)), arb(0))
        lower = (
            (2 * exact(case["rho"])).sqrt() * exact(setting["beta"]) * trace**1.5 / square.sqrt()
        )
        return lower / setting.data.n, enclosed_formula(
            formulas["bound"], case, rho=exact(case["rho"])
        )


RADEMACHER = Inequality(
    id="rademacher-shift",
    reading="stated",
    text=(
        "a lower bound of the complexity over {KL <= rho} <= the bound: the shift a -> a + c V(w, b) has "
        "KL = c^2 E V^2/2 and gains (2 rho E V^2)^(1/2), E V^2 = (beta/n)^2 e^T A e for signs e, whose root "
        "has a mean of at least (tr A)^(3/2) / ((tr A)^2 + 2 sum_(i != j) A_ij^2)^(1/2) by Hoelder's inequality"
    ),
    varies=("points", "activation", "beta"),
    own=(Variable(radius.name, Fraction(1, 10**6), Fraction(10), log=True),),
    ranges=(BETA,),
    fast=_rademacher_fast,
    enclosed=_rademacher_enclosed,
)
