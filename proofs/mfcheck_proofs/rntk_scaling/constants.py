"""The paper's constants: the clock, the bounds at the setting's depth, the kernels on the setting's data."""

from collections.abc import Callable
from fractions import Fraction

import sympy as sp
from flint import arb, arb_mat, ctx

from mfcheck.claims import Constant, Setting
from mfcheck.gaussian.dual import half_gram
from mfcheck.kernels.enclosure import kernel
from mfcheck.kernels.limit import limit_kernel
from mfcheck.rigor.ball import exact
from mfcheck.rigor.eigen import certified_lambda_min
from mfcheck_proofs.rntk_scaling import bounds as b
from mfcheck_proofs.rntk_scaling.symbols import (
    L,
    T,
    alpha,
    delta,
    epsilon,
    gamma_fast,
    gamma_slow,
    kappa,
    lam,
    s_0,
)

_a_slow, _a_fast = sp.symbols("a_s a_f", positive=True)
_share, _c, _theta = sp.symbols("a c_min theta_min", positive=True)


def _closest(setting: Setting, digits: int) -> arb:
    """Smallest distance of two points of the data."""
    half = half_gram(setting.data.points, digits + 10)
    n = half.nrows()
    pairs = [2 * (1 - half[i, j]).sqrt() for i in range(n) for j in range(i)]
    least = pairs[0]
    for x in pairs[1:]:
        least = least.min(x)
    return least


def _smallest(value: Callable[[arb, int], arb]) -> Callable[[Setting, int], arb]:
    """Smallest eigenvalue of a kernel on the data; `value` encloses the kernel at a cosine."""

    def leaf(setting: Setting, digits: int) -> arb:
        with ctx.workprec(int(3.33 * digits) + 64):
            half = half_gram(setting.data.points, digits + 10)
            n = half.nrows()
            entry = {(i, j): value(2 * half[i, j] - 1, digits) for i in range(n) for j in range(i)}
            rows = [
                [arb(1) if i == j else entry[max(i, j), min(i, j)] for j in range(n)]
                for i in range(n)
            ]
            return certified_lambda_min(arb_mat(rows), int(3.33 * digits)).value

    return leaf


def _one_layer(u: arb, digits: int) -> arb:
    return kernel(1, 1, digits + 10)(u)


def _at_depth(name: str) -> Callable[[Setting, int], arb]:
    def leaf(setting: Setting, digits: int) -> arb:
        depth = int(setting["depth"])
        with ctx.workprec(int(7 * digits) + 128):
            square = (
                exact(depth) ** (-2 * exact(setting[name]))
                if name != "alpha"
                else exact(setting[name]) ** 2
            )
            k = kernel(depth, square, digits + 10)
        return _smallest(lambda u, _digits: k(u))(setting, digits)

    return leaf


def _limit_at_zero(_setting: Setting, digits: int) -> arb:
    return limit_kernel(Fraction(0), Fraction(1), digits + 5).kernel


def _derived(id: str, symbol: sp.Symbol, formula: sp.Basic, source: str) -> Constant:
    return Constant(id, symbol, formula, source)


def _symbol(name: str) -> sp.Symbol:
    return sp.Symbol(name, real=True)


CONSTANTS = (
    _derived("share", _share, alpha**2 / (1 + alpha**2), "Section 3: a = alpha^2/(1+alpha^2)"),
    _derived("kappa", kappa, _share / (3 * sp.pi), "growth of 1/|x_l - x_l'| in a layer"),
    _derived("clock", lam, kappa * L, "clock of the degeneration, constant alpha"),
    Constant("c_min", _c, _c, "smallest distance of two points", _closest, ("data",)),
    _derived("s_0", s_0, 1 / _c, "start of the clock at the closest pair"),
    _derived("degeneration_upper", _symbol("E_+"), b.upper(), "Theorem 1: bound on r_L - 1/4"),
    _derived("degeneration_lower", _symbol("E_-"), b.lower(), "Theorem 1: bound on 1/4 - r_L"),
    _derived(
        "share_slow", _a_slow, L ** (-2 * gamma_slow) / (1 + L ** (-2 * gamma_slow)), "Theorem 2"
    ),
    _derived(
        "clock_slow",
        _symbol("lambda_s"),
        _a_slow * L / (3 * sp.pi),
        "Theorem 2: clock at gamma_slow",
    ),
    _derived(
        "share_fast", _a_fast, L ** (-2 * gamma_fast) / (1 + L ** (-2 * gamma_fast)), "Theorem 3"
    ),
    _derived("time_fast", _symbol("T_f"), _a_fast * L, "Theorem 3: clock at gamma_fast"),
    _derived(
        "fast_uniform",
        _symbol("E_f"),
        b.fast_uniform().subs(T, _a_fast * L),
        "Theorem 3: bound on |r_L - r_1| for every u",
    ),
    Constant(
        "critical_at_zero",
        _symbol("r_{1/2}(0)"),
        _symbol("r_{1/2}(0)"),
        "gamma = 1/2: limit at orthogonal points",
        _limit_at_zero,
    ),
    Constant(
        "lambda_min_r1",
        _symbol("lambda_min(r_1)"),
        _symbol("lambda_min(r_1)"),
        "smallest eigenvalue of r_1 on the data",
        _smallest(_one_layer),
        ("data",),
    ),
    Constant(
        "lambda_min_constant",
        _symbol("lambda_min(r_L)"),
        _symbol("lambda_min(r_L)"),
        "smallest eigenvalue of r_L on the data, constant alpha: tends to 3/4",
        _at_depth("alpha"),
        ("data", "depth", "alpha"),
    ),
    Constant(
        "lambda_min_fast",
        _symbol("lambda_min(r_{L,f})"),
        _symbol("lambda_min(r_{L,f})"),
        "smallest eigenvalue of r_L on the data at gamma_fast",
        _at_depth("gamma_fast"),
        ("data", "depth", "gamma_fast"),
    ),
    _derived(
        "width_needed",
        _symbol("m_*"),
        4 / (delta * epsilon**2),
        "leading order of the width at which |x_L|^2 is within epsilon of its mean with probability 1 - delta, "
        "gamma = 1/2",
    ),
)
