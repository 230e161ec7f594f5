"""The paper's constants: the clock, the bounds at the setting's depth, the kernels on the setting's data."""

from collections.abc import Callable
from fractions import Fraction

import sympy as sp
from flint import arb, ctx

from mfcheck.claims import Constant, Setting
from mfcheck.gaussian.dual import half_gram
from mfcheck.kernels.enclosure import Kernel, kernel
from mfcheck.kernels.flow import gram
from mfcheck.kernels.limit import limit_kernel
from mfcheck.rigor.ball import exact
from mfcheck.rigor.eigen import certified_lambda_min
from mfcheck_proofs.rntk_scaling import bounds as b
from mfcheck_proofs.rntk_scaling import symbols as s
from mfcheck_proofs.rntk_scaling.symbols import L, T, alpha, kappa, lam, s_0

_a_slow, _a_fast = sp.symbols("a_s a_f", positive=True)
_share, _c = sp.symbols("a c_min", positive=True)


def _closest(setting: Setting, digits: int) -> arb:
    """Smallest distance of two points of the data."""
    half = half_gram(setting.data.points, digits + 10)
    least = arb(2)
    for i in range(half.nrows()):
        for j in range(i):
            least = least.min(2 * (1 - half[i, j]).sqrt())
    return least


def _smallest(made: Callable[[Setting, int], Kernel]) -> Callable[[Setting, int], arb]:
    """Smallest eigenvalue of a kernel on the data."""

    def leaf(setting: Setting, digits: int) -> arb:
        k, bits = made(setting, digits), int(3.33 * digits)
        with ctx.workprec(bits + 64):
            return certified_lambda_min(gram(setting.data.points, k, digits + 10), bits).value

    return leaf


def _at_depth(name: str) -> Callable[[Setting, int], arb]:
    """The same of r_L, alpha as set, or a power of the depth."""

    def made(setting: Setting, digits: int) -> Kernel:
        depth, value = int(setting["depth"]), setting[name]
        with ctx.workprec(int(7 * digits) + 128):
            square = exact(value) ** 2 if name == "alpha" else exact(depth) ** (-2 * exact(value))
            return kernel(depth, square, digits + 10)

    return _smallest(made)


def _derived(id: str, symbol: sp.Symbol | str, formula: sp.Basic, source: str) -> Constant:
    return Constant(id, sp.Symbol(symbol, real=True) if isinstance(symbol, str) else symbol, formula, source)


def _leaf(id: str, name: str, source: str, value: Callable[[Setting, int], arb], *uses: str) -> Constant:
    symbol = sp.Symbol(name, real=True)
    return Constant(id, symbol, symbol, source, value, uses)


def _power(exponent: sp.Symbol) -> sp.Expr:
    return L ** (-2 * exponent) / (1 + L ** (-2 * exponent))


CONSTANTS = (
    _derived("share", _share, alpha**2 / (1 + alpha**2), "Section 3: a = alpha^2/(1+alpha^2)"),
    _derived("kappa", kappa, _share / (3 * sp.pi), "growth of 1/|x_l - x_l'| in a layer"),
    _derived("clock", lam, kappa * L, "clock of the degeneration, constant alpha"),
    Constant("c_min", _c, _c, "smallest distance of two points", _closest, ("data",)),
    _derived("s_0", s_0, 1 / _c, "start of the clock at the closest pair"),
    _derived("degeneration_upper", "E_+", b.upper(), "Theorem 1: bound on r_L - 1/4"),
    _derived("degeneration_lower", "E_-", b.lower(), "Theorem 1: bound on 1/4 - r_L"),
    _derived("share_slow", _a_slow, _power(s.gamma_slow), "Theorem 2"),
    _derived("clock_slow", "lambda_s", _a_slow * L / (3 * sp.pi), "Theorem 2: clock at gamma_slow"),
    _derived("share_fast", _a_fast, _power(s.gamma_fast), "Theorem 3"),
    _derived("time_fast", "T_f", _a_fast * L, "Theorem 3: clock at gamma_fast"),
    _derived(
        "fast_uniform", "E_f", b.fast_uniform().subs(T, _a_fast * L), "Theorem 3: bound on |r_L - r_1| for every u"
    ),
    _leaf(
        "critical_at_zero",
        "r_{1/2}(0)",
        "gamma = 1/2: limit at orthogonal points",
        lambda _, digits: limit_kernel(Fraction(0), Fraction(1), digits + 5).kernel,
    ),
    _leaf(
        "lambda_min_r1",
        "lambda_min(r_1)",
        "smallest eigenvalue of r_1 on the data",
        _smallest(lambda _, digits: kernel(1, 1, digits + 10)),
        "data",
    ),
    _leaf(
        "lambda_min_constant",
        "lambda_min(r_L)",
        "smallest eigenvalue of r_L on the data, constant alpha: tends to 3/4",
        _at_depth("alpha"),
        "data",
        "depth",
        "alpha",
    ),
    _leaf(
        "lambda_min_fast",
        "lambda_min(r_{L,f})",
        "smallest eigenvalue of r_L on the data at gamma_fast",
        _at_depth("gamma_fast"),
        "data",
        "depth",
        "gamma_fast",
    ),
    _derived(
        "width_needed",
        "m_*",
        4 / (s.delta * s.epsilon**2),
        "leading order of the width at which |x_L|^2 is within epsilon of its mean with probability 1 - delta, "
        "gamma = 1/2",
    ),
)
