"""Leaves of the graph of constants: quantities of the data and of the activation, each with its own enclosure."""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache, partial
from itertools import combinations

import numpy as np
import sympy as sp
from flint import arb, ctx

from mfcheck.claims import Sample, Setting
from mfcheck.claims.model import Constant
from mfcheck.errors import InputError
from mfcheck.gaussian.dual import largest_cosine
from mfcheck.kernels import two_layer
from mfcheck.kernels.separation import MULTIPLIERS, separation_bound
from mfcheck.points.configurations import exceeds
from mfcheck.points.sphere import largest_inner
from mfcheck.rigor import certificate
from mfcheck.rigor.assumption import judge
from mfcheck.rigor.ball import bounds, exact
from mfcheck.rigor.codes import CodeBound, n_max
from mfcheck.rigor.eigen import certified_lambda_min
from mfcheck_proofs.scaled_resnets import symbols as s

Value = Callable[[Setting, int], arb]
Certify = Callable[[Setting, int], certificate.Certificate | None]
BITS = math.log2(10)

# --- in balls --------------------------------------------------------------------------------------------------------


def _label_norm(setting: Setting, digits: int) -> arb:
    with ctx.workprec(round(digits * BITS) + 32):
        return exact(sum((v**2 for v in setting.data.labels), Fraction(0))).sqrt()


def _largest_cosine(setting: Setting, digits: int) -> arb:
    return largest_cosine(setting.data.points, digits + 10)


@lru_cache(maxsize=64)
def cosine_bound(setting: Setting) -> Fraction:
    """Return a rational number that no inner product of two different points exceeds, near C_max or equal to it.

    It has few digits, whatever those of the data: certificates state it.
    """
    points = setting.data.points
    middle = Fraction(str(largest_cosine(points, 40).mid().str(30, radius=False)))
    nearby = middle.limit_denominator(10**6)
    close = abs(nearby - middle) < Fraction(1, 10**25)
    if close and not any(exceeds(x, y, nearby) for x, y in combinations(points, 2)):
        return nearby
    return Fraction(math.ceil((middle + Fraction(1, 10**15)) * 10**20), 10**20)


@lru_cache(maxsize=64)
def code_size(dimension: int, cosine: Fraction) -> CodeBound:
    """Bound the number of unit vectors with inner products at most `cosine`; see `rigor.codes.n_max`."""
    return n_max(dimension, cosine)


def _most_points(setting: Setting, _: int) -> arb:
    return arb(code_size(setting.data.d, cosine_bound(setting)).n_max)


def _ramp(setting: Setting, digits: int) -> arb:
    losses = [max(Fraction(0), 1 - abs(v) / setting["gamma"]) for v in setting.data.labels]
    with ctx.workprec(round(digits * BITS) + 32):
        return exact(sum(losses, Fraction(0)) / setting.data.n)


def _supremum(order: int | None, setting: Setting, digits: int) -> arb:
    """Return the supremum of a derivative, or of the growth (None), `+inf` only where it is known to be infinite."""
    judged = judge(setting.activation, digits)
    found = judged.growth if order is None else judged.B[order]
    if found.state in ("finite", "infinite"):
        return found.value
    raise InputError(found.reason)


def _smallest(order: int, setting: Setting, digits: int) -> arb:
    matrix = two_layer.kernel_matrix(setting.data.points, setting.activation, order, digits + 10)
    return certified_lambda_min(matrix, rel_bits=round(digits * BITS)).value


def _separation(setting: Setting, digits: int, C: arb | None = None) -> arb:
    """Enclose Lambda_HG for as many points as the data have, with inner products up to C, or to C_max."""
    most = _largest_cosine(setting, digits) if C is None else C
    return separation_bound(setting.activation, setting.data.n, most, MULTIPLIERS["gershgorin"], digits=digits + 10)


def _form(order: int, setting: Setting, digits: int) -> arb:
    return two_layer.inverse_form(setting.data.points, setting.data.labels, setting.activation, order, digits)


# --- certificates ----------------------------------------------------------------------------------------------------


def _certify_smallest(order: int, setting: Setting, digits: int) -> certificate.Certificate | None:
    return two_layer.certified_smallest(setting.data.points, setting.activation, order, digits)


def _cosine_above(setting: Setting, digits: int) -> Fraction:
    return Fraction(bounds(_largest_cosine(setting, digits), digits + 10)[1])


def _certify_code(setting: Setting, digits: int) -> certificate.Certificate:
    return certificate.code_bound(n_max(setting.data.d, _cosine_above(setting, digits)))


def _certify_floor(setting: Setting, digits: int) -> certificate.Certificate:
    C = _cosine_above(setting, digits)
    floor = _separation(setting, digits + 10, exact(C))
    return certificate.separation(setting.activation.name, setting.data.n, C, floor, digits=digits)


# --- in double precision, for searches: those that inequalities need --------------------------------------------------

FAST: dict[str, Callable[[Sample], float]] = {
    "n": lambda at: len(at.y),
    "d": lambda at: at.X.shape[1],
    "C_max": lambda at: largest_inner(at.X),
    "y_norm": lambda at: float(np.linalg.norm(at.y)),
    **{f"B_{k}": lambda at, k=k: float(judge(at.activation).B[k].value.mid()) for k in range(4)},  # type: ignore[misc]
    "growth": lambda at: float(judge(at.activation).growth.value.mid()),
    "lambda_min_G2": lambda at: two_layer.smallest_float(at.activation, at.X),
    "lambda_min_A": lambda at: two_layer.smallest_float(at.activation, at.X, 0),
    "movement_leading": lambda at: two_layer.inverse_form_float(at.activation, at.X, at.y),
    "C_KL_leading": lambda at: two_layer.inverse_form_float(at.activation, at.X, at.y, 2) / 2,
    "empirical_ramp": lambda at: float(np.mean(np.maximum(0, 1 - np.abs(at.y) / at.values["gamma"]))),
}

# --- the list --------------------------------------------------------------------------------------------------------

_x = sp.Symbol("x", real=True)
_i, _j = sp.symbols("i j", integer=True, positive=True)
_s0, _sup, _lambda_min, _max, _inner, _code = map(sp.Function, ("sigma_0", "sup", "lambda_min", "max", "inner", "N"))
_labels, _points = sp.IndexedBase("y"), sp.IndexedBase("x")
_y = sp.MatrixSymbol("y", s.n, 1)
_A, _G2, _K = (sp.MatrixSymbol(name, s.n, s.n) for name in ("A", "G2", "K"))
_COSINE = _max(_inner(_points[_i], _points[_j]))
_NORM = sp.sqrt(sp.Sum(_labels[_i] ** 2, (_i, 1, s.n)))
_GROWTH = _sup(sp.Abs(_s0(_x)) / sp.Max(sp.Abs(_x), 1))
_FLOOR = sp.Sum((1 + s.r) * s.mu_r**2 * sp.Max(0, 1 - (s.n - 1) * ((1 + s.C_max) / 2) ** s.r), (s.r, 0, sp.oo))
_MOVEMENT, _ENTROPY = _y.T * _G2.inverse() * _y, _y.T * _G2.inverse() * _K * _G2.inverse() * _y / 2
_RAMP = sp.Sum(sp.Max(0, 1 - sp.Abs(_labels[_i]) / s.gamma), (_i, 1, s.n)) / s.n


def _leaf(
    id: str,
    symbol: sp.Symbol,
    formula: sp.Expr,
    value: Value,
    uses: str,
    needs: str = "",
    certify: Certify | None = None,
) -> Constant:
    """Return a leaf with its value in double precision; `uses` names what it comes from."""
    source, fast = s.GLOSSARY[id], FAST.get(id)
    return Constant(id, symbol, formula, source, value, tuple(uses.split()), needs, certify, fast=fast)


def _derivative(order: int, symbol: sp.Symbol, needs: str = "") -> Constant:
    """Return the supremum of a derivative of the activation."""
    size = sp.Abs(sp.Derivative(_s0(_x), (_x, order)) if order else _s0(_x))
    return _leaf(f"B_{order}", symbol, _sup(size), partial(_supremum, order), "activation", needs)


def _eigenvalue(id: str, order: int, symbol: sp.Symbol, matrix: sp.MatrixSymbol) -> Constant:
    """Return lambda_min of the kernel of an order."""
    certify = partial(_certify_smallest, order)
    return _leaf(id, symbol, _lambda_min(matrix), partial(_smallest, order), BOTH, certify=certify)


BOTH = "data activation"
LEAVES: tuple[Constant, ...] = (
    _leaf("n", s.n, sp.Symbol("n"), lambda setting, _: arb(setting.data.n), "data"),
    _leaf("d", s.d, sp.Symbol("d"), lambda setting, _: arb(setting.data.d), "data"),
    _leaf("C_max", s.C_max, _COSINE, _largest_cosine, "data"),
    _leaf("y_norm", s.y_norm, _NORM, _label_norm, "data"),
    _derivative(0, s.B_0, r"Assumption 3 grants $|\sigma_0(x)| \le C_1\max(|x|, 1)$ only"),
    _derivative(1, s.B_1),
    _derivative(2, s.B_2),
    _derivative(3, s.B_3, r"Assumption 3 grants nothing on $\sigma_0'''$"),
    _leaf("growth", s.B_g, _GROWTH, partial(_supremum, None), "activation"),
    _eigenvalue("lambda_min_G2", 1, s.lambda_0, _G2),
    _eigenvalue("lambda_min_A", 0, s.lambda_a, _A),
    _leaf("Lambda_HG", s.Lambda, _FLOOR, _separation, "n C_max activation", certify=_certify_floor),
    _leaf("n_max", s.n_max, _code(s.d, s.C_max), _most_points, "d C_max", certify=_certify_code),
    _leaf("movement_leading", s.Q_m, _MOVEMENT, partial(_form, 1), BOTH),
    _leaf("C_KL_leading", s.Q_KL, _ENTROPY, lambda setting, digits: _form(2, setting, digits) / 2, BOTH),
    _leaf("empirical_ramp", s.ramp, _RAMP, _ramp, "data gamma"),
)
