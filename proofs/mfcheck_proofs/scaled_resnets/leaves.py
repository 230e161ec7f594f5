"""Leaves of the graph of constants: quantities of the data and of the activation, each with its own enclosure."""

import math
from fractions import Fraction
from functools import lru_cache, partial
from itertools import combinations

import sympy as sp
from flint import arb, arb_mat, ctx

from mfcheck import verify
from mfcheck.claims.model import Constant
from mfcheck.claims.setting import Setting
from mfcheck.errors import InputError
from mfcheck.gaussian.dual import largest_cosine
from mfcheck.kernels.separation import MULTIPLIERS, separation_bound
from mfcheck.kernels.two_layer import kernel_matrix, smallest
from mfcheck.points.configurations import exceeds
from mfcheck.rigor import certificate
from mfcheck.rigor.assumption import judge
from mfcheck.rigor.ball import bounds, exact
from mfcheck.rigor.codes import CodeBound, n_max
from mfcheck.rigor.eigen import certified_lambda_min
from mfcheck_proofs.scaled_resnets import symbols as s

BITS = math.log2(10)

_x = sp.Symbol("x", real=True)
_i, _j = sp.symbols("i j", integer=True, positive=True)
_s0, _sup, _lambda_min = sp.Function("sigma_0"), sp.Function("sup"), sp.Function("lambda_min")
_labels, _points = sp.IndexedBase("y"), sp.IndexedBase("x")
_y = sp.MatrixSymbol("y", s.n, 1)
_A, _G2, _K = (sp.MatrixSymbol(name, s.n, s.n) for name in ("A", "G2", "K"))

# --- data ------------------------------------------------------------------------------------------------------------


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


def _ramp(setting: Setting, digits: int) -> arb:
    losses = [max(Fraction(0), 1 - abs(v) / setting["gamma"]) for v in setting.data.labels]
    with ctx.workprec(round(digits * BITS) + 32):
        return exact(sum(losses, Fraction(0)) / setting.data.n)


# --- activation ------------------------------------------------------------------------------------------------------


def _supremum(order: int | None, setting: Setting, digits: int) -> arb:
    """Return the supremum of a derivative, or of the growth (None), `+inf` only where it is known to be infinite."""
    judged = judge(setting.activation, digits)
    found = judged.growth if order is None else judged.B[order]
    if found.state in ("finite", "infinite"):
        return found.value
    raise InputError(found.reason)


# --- kernels ---------------------------------------------------------------------------------------------------------


def _smallest(order: int, setting: Setting, digits: int) -> arb:
    matrix = kernel_matrix(setting.data.points, setting.activation, order, digits + 10)
    return certified_lambda_min(matrix, rel_bits=round(digits * BITS)).value


def _leading(of_kl: bool, setting: Setting, digits: int) -> arb:
    """Enclose `y^T G2^-1 y`, or `(1/2) y^T G2^-1 K G2^-1 y`; nan if more digits are needed to invert G2."""
    points, activation = setting.data.points, setting.activation
    G2 = kernel_matrix(points, activation, 1, digits + 10)
    with ctx.workprec(round(digits * BITS) + 64):
        y = arb_mat([[exact(v)] for v in setting.data.labels])
        try:
            c = G2.solve(y)
        except ZeroDivisionError:
            return arb.nan()
        if not of_kl:
            return (y.transpose() * c)[0, 0]
        return (c.transpose() * kernel_matrix(points, activation, 2, digits + 10) * c)[0, 0] / 2


def _separation(setting: Setting, C: arb, digits: int) -> arb:
    """Enclose Lambda_HG for as many points as the data have, with inner products up to C."""
    return separation_bound(setting.activation, setting.data.n, C, MULTIPLIERS["gershgorin"], digits=digits + 10)


# --- certificates ----------------------------------------------------------------------------------------------------


def _certify_smallest(order: int, setting: Setting, digits: int) -> certificate.Certificate | None:
    points, activation = setting.data.points, setting.activation
    if not certificate.supports(activation.name) or len(points) > verify.MAX_POINTS:
        return None
    found = smallest(points, activation, order)
    return certificate.lambda_min(points, activation.name, found, ("A", "G2")[order], digits=digits)


def _cosine_above(setting: Setting, digits: int) -> Fraction:
    return Fraction(bounds(_largest_cosine(setting, digits), digits + 10)[1])


def _certify_code(setting: Setting, digits: int) -> certificate.Certificate:
    return certificate.code_bound(n_max(setting.data.d, _cosine_above(setting, digits)))


def _certify_floor(setting: Setting, digits: int) -> certificate.Certificate | None:
    C = _cosine_above(setting, digits)
    floor = _separation(setting, exact(C), digits + 10)
    if not certificate.supports(setting.activation.name) or not floor > 0:
        return None
    return certificate.separation(setting.activation.name, setting.data.n, C, floor, digits=digits)


# --- the list --------------------------------------------------------------------------------------------------------

BOUNDED = r"Assumption 3 grants $|\sigma_0(x)| \le C_1\max(|x|, 1)$ only"
THIRD = r"Assumption 3 grants nothing on $\sigma_0'''$"


def _derivative(order: int) -> sp.Expr:
    return sp.Abs(sp.Derivative(_s0(_x), (_x, order)) if order else _s0(_x))


LEAVES: tuple[Constant, ...] = (
    Constant("n", s.n, sp.Symbol("n"), "number of points", lambda setting, _: arb(setting.data.n), ("data",)),
    Constant("d", s.d, sp.Symbol("d"), "dimension of a point", lambda setting, _: arb(setting.data.d), ("data",)),
    Constant(
        "C_max",
        s.C_max,
        sp.Function("max")(sp.Function("inner")(_points[_i], _points[_j])),
        r"Assumption 1: $\max_{i \ne j} \langle x_i, x_j\rangle$",
        _largest_cosine,
        ("data",),
    ),
    Constant(
        "y_norm",
        s.y_norm,
        sp.sqrt(sp.Sum(_labels[_i] ** 2, (_i, 1, s.n))),
        r"Assumption 1: $|y| \le \sqrt{n}$",
        _label_norm,
        ("data",),
    ),
    *(
        Constant(
            f"B_{order}",
            symbol,
            _sup(_derivative(order)),
            r"supremum of $|\sigma_0" + order * "'" + "|$",
            partial(_supremum, order),
            ("activation",),
            {0: BOUNDED, 3: THIRD}.get(order, ""),
        )
        for order, symbol in enumerate((s.B_0, s.B_1, s.B_2, s.B_3))
    ),
    Constant(
        "growth",
        s.B_g,
        _sup(_derivative(0) / sp.Max(sp.Abs(_x), 1)),
        r"Assumption 3: growth of $\sigma_0$",
        partial(_supremum, None),
        ("activation",),
    ),
    Constant(
        "lambda_min_G2",
        s.lambda_0,
        _lambda_min(_G2),
        r"Lemma 4: $\lambda_0$; at initialisation $G = G_2$",
        partial(_smallest, 1),
        ("data", "activation"),
        certify=partial(_certify_smallest, 1),
    ),
    Constant(
        "lambda_min_A",
        s.lambda_a,
        _lambda_min(_A),
        r"Step 4: $\sigma_0$-part of $G_2$ at initialisation",
        partial(_smallest, 0),
        ("data", "activation"),
        certify=partial(_certify_smallest, 0),
    ),
    Constant(
        "Lambda_HG",
        s.Lambda,
        sp.Sum((1 + s.r) * s.mu_r**2 * sp.Max(0, 1 - (s.n - 1) * ((1 + s.C_max) / 2) ** s.r), (s.r, 0, sp.oo)),
        r"Lemma 4: a $\Lambda(n, C_{\max}, \sigma_0)$ by Schur products and Gershgorin",
        lambda setting, digits: _separation(setting, _largest_cosine(setting, digits), digits),
        ("n", "C_max", "activation"),
        certify=_certify_floor,
    ),
    Constant(
        "n_max",
        s.n_max,
        sp.Function("N")(s.d, s.C_max),
        r"Lemma 4: at most so many points have pairwise inner products up to $C_{\max}$",
        lambda setting, _: arb(code_size(setting.data.d, cosine_bound(setting)).n_max),
        ("d", "C_max"),
        certify=_certify_code,
    ),
    Constant(
        "movement_leading",
        s.Q_m,
        _y.T * _G2.inverse() * _y,
        r"Step 8 (iii): limit of $(\beta|\omega_t - \omega_0|)^2$ as $\beta$ grows",
        partial(_leading, False),
        ("data", "activation"),
    ),
    Constant(
        "C_KL_leading",
        s.Q_KL,
        _y.T * _G2.inverse() * _K * _G2.inverse() * _y / 2,
        r"Step 9: limit of $\beta^2\,\mathrm{KL}(\tau_\infty\,\|\,\tau_0)$ as $\beta$ grows",
        partial(_leading, True),
        ("data", "activation"),
    ),
    Constant(
        "empirical_ramp",
        s.ramp,
        sp.Sum(sp.Max(0, 1 - sp.Abs(_labels[_i]) / s.gamma), (_i, 1, s.n)) / s.n,
        "Step 12: ramp loss of the trained network, $f = y$",
        _ramp,
        ("data", "gamma"),
    ),
)
