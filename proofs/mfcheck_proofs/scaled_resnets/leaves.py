"""Leaves of the graph of constants: quantities of the data and of the activation, each with its own enclosure."""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

import sympy as sp
from flint import arb, arb_mat, ctx

from mfcheck import verify
from mfcheck.claims.model import Constant
from mfcheck.claims.setting import Point, Setting
from mfcheck.errors import InputError
from mfcheck.gaussian.dual import DualKernel, half_gram
from mfcheck.gaussian.hermite import hermite_coefficients
from mfcheck.kernels.two_layer import kernel_matrix, smallest
from mfcheck.rigor import certificate
from mfcheck.rigor.assumption import Judgement, judge
from mfcheck.rigor.ball import bounds, exact
from mfcheck.rigor.codes import CodeBound, n_max
from mfcheck.rigor.eigen import certified_lambda_min
from mfcheck.rigor.suprema import Supremum
from mfcheck.symbolic.activation import Activation
from mfcheck_proofs.scaled_resnets import symbols as s

BITS = math.log2(10)
MAX_COEFFICIENTS = 2000
"""Hermite coefficients beyond which Lambda_HG is not attempted: C_max is then very close to 1."""

Value = Callable[[Setting, int], arb]
Certify = Callable[[Setting, int], certificate.Certificate | None]

_x = sp.Symbol("x", real=True)
_i, _j = sp.symbols("i j", integer=True, positive=True)
_s0, _sup, _lambda_min = sp.Function("sigma_0"), sp.Function("sup"), sp.Function("lambda_min")
_labels, _points = sp.IndexedBase("y"), sp.IndexedBase("x")
_y = sp.MatrixSymbol("y", s.n, 1)
_A, _G2, _K = (sp.MatrixSymbol(name, s.n, s.n) for name in ("A", "G2", "K"))


# --- data ------------------------------------------------------------------------------------------------------------


def _count(setting: Setting, _: int) -> arb:
    return arb(setting.data.n)


def _dimension(setting: Setting, _: int) -> arb:
    return arb(setting.data.d)


def _label_norm(setting: Setting, digits: int) -> arb:
    with ctx.workprec(round(digits * BITS) + 32):
        return exact(sum((v**2 for v in setting.data.labels), Fraction(0))).sqrt()


def largest_cosine(setting: Setting, digits: int) -> arb:
    """Enclose C_max of the data, the largest inner product of two different normalised points."""
    half = half_gram(setting.data.points, digits + 10)
    with ctx.workprec(round(digits * BITS) + 64):
        best = arb(-1)
        for i in range(setting.data.n):
            for j in range(i):
                best = best.max(2 * half[i, j] - 1)
        return best


def cosine_bound(setting: Setting) -> Fraction:
    """Return a rational number that no inner product of two different points exceeds, near C_max or equal to it.

    It has few digits, whatever those of the data: certificates state it.
    """
    middle = Fraction(str(largest_cosine(setting, 30).mid().str(30, radius=False)))
    nearby = middle.limit_denominator(10**6)
    equal = abs(nearby - middle) < Fraction(1, 10**25) and _exceeded_by_none(nearby, setting)
    return nearby if equal else Fraction(math.ceil((middle + Fraction(1, 10**15)) * 10**20), 10**20)


def _exceeded_by_none(cosine: Fraction, setting: Setting) -> bool:
    """Compare all pairs exactly, by signed squares: `<x,y> <= cosine |x| |y|`."""
    rows = setting.data.points
    squares = [sum((v * v for v in row), Fraction(0)) for row in rows]
    limit = cosine * abs(cosine)
    for i, row in enumerate(rows):
        for j in range(i):
            inner = sum((u * v for u, v in zip(row, rows[j], strict=True)), Fraction(0))
            if inner * abs(inner) > limit * squares[i] * squares[j]:
                return False
    return True


@lru_cache(maxsize=64)
def code_size(dimension: int, cosine: Fraction) -> CodeBound:
    """Bound the number of unit vectors with inner products at most `cosine`; see `rigor.codes.n_max`."""
    return n_max(dimension, cosine)


def _code_size(setting: Setting, _: int) -> arb:
    return arb(code_size(setting.data.d, cosine_bound(setting)).n_max)


def _ramp(setting: Setting, digits: int) -> arb:
    losses = [max(Fraction(0), 1 - abs(v) / setting["gamma"]) for v in setting.data.labels]
    with ctx.workprec(round(digits * BITS) + 32):
        return exact(sum(losses, Fraction(0)) / setting.data.n)


# --- activation ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=32)
def _judged(activation: Activation, digits: int) -> Judgement:
    return judge(activation, digits)


def _known(bound: Supremum) -> arb:
    """Return the supremum, `+inf` only where it is known to be infinite.

    Raises:
        InputError: the function does not exist everywhere, or nothing is certified about it.
    """
    if bound.state in ("finite", "infinite"):
        return bound.value
    raise InputError(bound.reason)


def _supremum(order: int) -> Value:
    return lambda setting, digits: _known(_judged(setting.activation, digits).B[order])


def _growth(setting: Setting, digits: int) -> arb:
    return _known(_judged(setting.activation, digits).growth)


# --- kernels ---------------------------------------------------------------------------------------------------------


def _smallest(order: int) -> Value:
    def value(setting: Setting, digits: int) -> arb:
        matrix = kernel_matrix(setting.data.points, setting.activation, order, digits + 10)
        return certified_lambda_min(matrix, rel_bits=round(digits * BITS)).value

    return value


@lru_cache(maxsize=16)
def _solution(points: tuple[Point, ...], labels: Point, activation: Activation, digits: int) -> arb_mat | None:
    """Enclose G2^-1 y, shape (n, 1); None if more digits are needed to see that G2 is invertible."""
    G2 = kernel_matrix(points, activation, 1, digits + 10)
    with ctx.workprec(round(digits * BITS) + 64):
        y = arb_mat([[exact(v)] for v in labels])
        try:
            return G2.solve(y)
        except ZeroDivisionError:
            return None


def _quadratic_form(setting: Setting, digits: int, leading_kl: bool) -> arb:
    data, activation = setting.data, setting.activation
    c = _solution(data.points, data.labels, activation, digits)
    if c is None:
        return arb.nan()
    with ctx.workprec(round(digits * BITS) + 64):
        if leading_kl:
            K = kernel_matrix(data.points, activation, 2, digits + 10)
            return (c.transpose() * K * c)[0, 0] / 2
        y = arb_mat([[exact(v)] for v in data.labels])
        return (y.transpose() * c)[0, 0]


def _movement_leading(setting: Setting, digits: int) -> arb:
    return _quadratic_form(setting, digits, leading_kl=False)


def _kl_leading(setting: Setting, digits: int) -> arb:
    return _quadratic_form(setting, digits, leading_kl=True)


def hermite_gershgorin(n: int, largest: arb, activation: Activation, digits: int) -> arb:
    """Enclose Lambda_HG from its finite part: with r0 the least r such that (n-1) c^r < 1, c = (1 + C_max)/2,

    `Lambda_HG = A1(1) - (n-1) A1(c) - sum_{r < r0} (1+r) mu_r^2 (1 - (n-1) c^r)`.

    Raises:
        InputError: C_max is so close to 1 that more than MAX_COEFFICIENTS terms are zero.
    """
    with ctx.workprec(round(digits * BITS) + 64):
        c = (1 + largest) / 2
        first = _first_index(n, c)
        kernel = DualKernel(activation, digits + 10)  # as for the matrices, so that work is shared
        total: arb = kernel.total(1) - (n - 1) * kernel.A1(c)
        for r, mu in enumerate(hermite_coefficients(activation, first, digits + 10) if first else ()):
            total -= (1 + r) * mu**2 * (1 - (n - 1) * c**r)
        return total


def _first_index(n: int, c: arb) -> int:
    """Return an r0 that is right up to terms that vanish; c**r0 is the first certainly below 1/(n-1)."""
    for r in range(MAX_COEFFICIENTS + 1):
        if (n - 1) * c**r < 1:
            return r
    raise InputError(
        f"C_max = {float(c.mid()) * 2 - 1:.6g} is too close to 1: the first {MAX_COEFFICIENTS} terms of "
        "Lambda_HG are zero"
    )


def _hermite_gershgorin(setting: Setting, digits: int) -> arb:
    largest = largest_cosine(setting, digits)
    return hermite_gershgorin(setting.data.n, largest, setting.activation, digits)


# --- certificates ----------------------------------------------------------------------------------------------------


def _certify_smallest(order: int) -> Certify:
    def certify(setting: Setting, digits: int) -> certificate.Certificate | None:
        points, activation = setting.data.points, setting.activation
        if not certificate.supports(activation.name) or len(points) > verify.MAX_POINTS:
            return None
        found = smallest(points, activation, order)
        kernel = ("A", "G2")[order]
        return certificate.lambda_min(points, activation.name, found, kernel, digits=digits)

    return certify


def _certify_code(setting: Setting, digits: int) -> certificate.Certificate:
    C = Fraction(bounds(largest_cosine(setting, digits), digits + 10)[1])
    return certificate.code_bound(n_max(setting.data.d, C))


def _certify_floor(setting: Setting, digits: int) -> certificate.Certificate | None:
    data, activation = setting.data, setting.activation
    C = Fraction(bounds(largest_cosine(setting, digits), digits + 10)[1])
    floor = hermite_gershgorin(data.n, exact(C), activation, digits + 10)
    if not certificate.supports(activation.name) or not floor > 0:
        return None
    return certificate.separation(activation.name, data.n, C, floor, digits=digits)


# --- the list --------------------------------------------------------------------------------------------------------


def _leaf(
    id: str,
    symbol: sp.Symbol,
    denotes: sp.Basic,
    source: str,
    value: Value,
    depends_on: tuple[str, ...],
    needs: str = "",
    certify: Certify | None = None,
) -> Constant:
    return Constant(id, symbol, denotes, source, value, depends_on, needs, certify)


def _derivative(order: int) -> sp.Expr:
    return sp.Abs(sp.Derivative(_s0(_x), (_x, order)) if order else _s0(_x))


def leaves(ramp: sp.Symbol) -> tuple[Constant, ...]:
    """Return the leaves; `ramp` is the symbol of the empirical ramp loss."""
    bounded = r"Assumption 3 grants $|\sigma_0(x)| \le C_1\max(|x|, 1)$ only"
    third = r"Assumption 3 grants nothing on $\sigma_0'''$"
    return (
        _leaf("n", s.n, sp.Symbol("n"), "number of points", _count, ("data",)),
        _leaf("d", s.d, sp.Symbol("d"), "dimension of a point", _dimension, ("data",)),
        _leaf(
            "C_max",
            s.C_max,
            sp.Function("max")(sp.Function("inner")(_points[_i], _points[_j])),
            r"Assumption 1: $\max_{i \ne j} \langle x_i, x_j\rangle$",
            largest_cosine,
            ("data",),
        ),
        _leaf(
            "y_norm",
            s.y_norm,
            sp.sqrt(sp.Sum(_labels[_i] ** 2, (_i, 1, s.n))),
            r"Assumption 1: $|y| \le \sqrt{n}$",
            _label_norm,
            ("data",),
        ),
        *(
            _leaf(
                f"B_{order}",
                symbol,
                _sup(_derivative(order)),
                r"supremum of $|\sigma_0" + order * "'" + "|$",
                _supremum(order),
                ("activation",),
                {0: bounded, 3: third}.get(order, ""),
            )
            for order, symbol in enumerate((s.B_0, s.B_1, s.B_2, s.B_3))
        ),
        _leaf(
            "growth",
            s.B_g,
            _sup(_derivative(0) / sp.Max(sp.Abs(_x), 1)),
            r"Assumption 3: growth of $\sigma_0$",
            _growth,
            ("activation",),
        ),
        _leaf(
            "lambda_min_G2",
            s.lambda_0,
            _lambda_min(_G2),
            r"Lemma 4: $\lambda_0$; at initialisation $G = G_2$",
            _smallest(1),
            ("data", "activation"),
            certify=_certify_smallest(1),
        ),
        _leaf(
            "lambda_min_A",
            s.lambda_a,
            _lambda_min(_A),
            r"Step 4: $\sigma_0$-part of $G_2$ at initialisation",
            _smallest(0),
            ("data", "activation"),
            certify=_certify_smallest(0),
        ),
        _leaf(
            "Lambda_HG",
            s.Lambda,
            sp.Sum((1 + s.r) * s.mu_r**2 * sp.Max(0, 1 - (s.n - 1) * ((1 + s.C_max) / 2) ** s.r), (s.r, 0, sp.oo)),
            r"Lemma 4: a $\Lambda(n, C_{\max}, \sigma_0)$ by Schur products and Gershgorin",
            _hermite_gershgorin,
            ("n", "C_max", "activation"),
            certify=_certify_floor,
        ),
        _leaf(
            "n_max",
            s.n_max,
            sp.Function("N")(s.d, s.C_max),
            r"Lemma 4: at most so many points have pairwise inner products up to $C_{\max}$",
            _code_size,
            ("d", "C_max"),
            certify=_certify_code,
        ),
        _leaf(
            "movement_leading",
            s.Q_m,
            _y.T * _G2.inverse() * _y,
            r"Step 8 (iii): limit of $(\beta|\omega_t - \omega_0|)^2$ as $\beta$ grows",
            _movement_leading,
            ("data", "activation"),
        ),
        _leaf(
            "C_KL_leading",
            s.Q_KL,
            _y.T * _G2.inverse() * _K * _G2.inverse() * _y / 2,
            r"Step 9: limit of $\beta^2\,\mathrm{KL}(\tau_\infty\,\|\,\tau_0)$ as $\beta$ grows",
            _kl_leading,
            ("data", "activation"),
        ),
        _leaf(
            "empirical_ramp",
            ramp,
            sp.Sum(sp.Max(0, 1 - sp.Abs(_labels[_i]) / s.gamma), (_i, 1, s.n)) / s.n,
            "Step 12: ramp loss of the trained network, $f = y$",
            _ramp,
            ("data", "gamma"),
        ),
    )
