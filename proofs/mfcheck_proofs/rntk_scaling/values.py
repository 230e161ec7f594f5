"""Numbers in a setting: the paper's constants, and the kernel gradient flow on its data for `mfcheck simulate`."""

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from flint import arb, arb_mat, ctx

from mfcheck.checks import Constant, Curve, Series, Setting, Simulated, Trial, constant, picture, simulation
from mfcheck.checks.decide import as_estimate
from mfcheck.claims.setting import Point
from mfcheck.gaussian.dual import largest_cosine
from mfcheck.kernels.enclosure import kernel
from mfcheck.kernels.flow import losses
from mfcheck.kernels.formulas import L, T, kappa, lam, s_0
from mfcheck.kernels.limit import limit_kernel
from mfcheck.kernels.matrix import enclosed_matrix, in_balls, smallest_of
from mfcheck.kernels.pairs import DIGITS, PREC
from mfcheck.rigor.ball import exact
from mfcheck.rigor.eigen import FloatMatrix
from mfcheck.statistics import exactly
from mfcheck_proofs.rntk_scaling import setting as s
from mfcheck_proofs.rntk_scaling.degeneration import LOWER, UPPER
from mfcheck_proofs.rntk_scaling.limits import REPAIRED

# --- constants -------------------------------------------------------------------------------------------------------

share, c_min, a_slow, a_fast = sp.symbols("a c_min a_s a_f", positive=True)


def closest(setting: Setting, digits: int) -> arb:
    """Smallest distance of two points of the data."""
    return (2 - 2 * largest_cosine(setting.data.points, digits + 10)).sqrt()


def at_zero(_: Setting, digits: int) -> arb:
    """The limit at gamma = 1/2 of orthogonal points."""
    return limit_kernel(0, 1, digits + 5).kernel


@lru_cache(maxsize=16)
def matrix(
    points: tuple[Point, ...], depth: int, scale: Fraction, gamma: Fraction, digits: int
) -> arb_mat | FloatMatrix:
    """Enclose the matrix of r_L on points, alpha = scale L^-gamma; that of very many pairs in double precision."""
    with ctx.workprec(int(7 * digits) + 128):
        square = exact(scale) ** 2 * exact(depth) ** (-2 * exact(gamma))
        return enclosed_matrix(points, kernel(depth, square, digits), digits)


def scales(setting: Setting) -> dict[str, tuple[Fraction, Fraction]]:
    """Return scale and exponent of alpha = scale L^-gamma: constant, gamma slow, 1/2 and fast."""
    gammas = {"slow": setting["gamma_slow"], "critical": s.HALF, "fast": setting["gamma_fast"]}
    return {"constant": (setting["alpha"], s.NONE), **{name: (s.ONE, gamma) for name, gamma in gammas.items()}}


def smallest(name: str = "") -> Callable[[Setting, int], arb]:
    """Smallest eigenvalue of r_L on the data at the scale of that name; of r_1, which has no scale, without one."""

    def leaf(setting: Setting, digits: int) -> arb:
        points, depth = setting.data.points, int(setting["depth"]) if name else 1
        wanted, bits = digits + 10 if in_balls(len(points), depth) else DIGITS, int(3.33 * digits)
        with ctx.workprec(bits + 64):
            return smallest_of(matrix(points, depth, *scales(setting)[name or "constant"], wanted), bits)

    return leaf


ON_DATA = "r_L on the data"
WIDTH = "width, to leading order, for |x_L|^2 within epsilon of its mean with probability 1 - delta, gamma = 1/2"
SLOW, FAST = (L ** (-2 * gamma) / (1 + L ** (-2 * gamma)) for gamma in (s.gamma_slow, s.gamma_fast))
UNIFORM = REPAIRED["bound"].subs(T, a_fast * L)


def _named(id: str, latex: str, value: Any, source: str, *uses: str) -> Constant:
    return constant(id, value, "", source=source, latex=latex, uses=uses)


def _least(id: str, latex: str, name: str, what: str, *varies: str) -> Constant:
    """Return the constant `smallest(name)`, which depends on the data and, with a name, on the depth."""
    uses = ("data", *(["depth"] if name else []), *varies)
    return _named(id, latex, smallest(name), f"smallest eigenvalue of {what}", *uses)


CONSTANTS = (
    Constant("share", share, s.alpha**2 / (1 + s.alpha**2), "Section 3: a = alpha^2/(1+alpha^2)"),
    Constant("kappa", kappa, share / (3 * sp.pi), "growth of 1/|x_l - x_l'| in a layer"),
    Constant("clock", lam, kappa * L, "clock of the degeneration, constant alpha"),
    Constant("c_min", c_min, c_min, "smallest distance of two points", closest, ("data",)),
    Constant("s_0", s_0, 1 / c_min, "start of the clock at the closest pair"),
    _named("degeneration_upper", "E_+", UPPER, "Theorem 1: bound on r_L - 1/4"),
    _named("degeneration_lower", "E_-", LOWER, "Theorem 1: bound on 1/4 - r_L"),
    Constant("share_slow", a_slow, SLOW, "Theorem 2"),
    _named("clock_slow", "lambda_s", a_slow * L / (3 * sp.pi), "Theorem 2: clock at gamma_slow"),
    Constant("share_fast", a_fast, FAST, "Theorem 3"),
    _named("time_fast", "T_f", a_fast * L, "Theorem 3: clock at gamma_fast"),
    _named("fast_uniform", "E_f", UNIFORM, "Theorem 3: bound on |r_L - r_1| for every u"),
    _named("critical_at_zero", "r_{1/2}(0)", at_zero, "gamma = 1/2: limit at orthogonal points"),
    _least("lambda_min_r1", "lambda_min(r_1)", "", "r_1 on the data"),
    _least("lambda_min_constant", "lambda_min(r_L)", "constant", f"{ON_DATA}, constant alpha: tends to 3/4", s.ALPHA),
    _least("lambda_min_fast", "lambda_min(r_{L,f})", "fast", f"{ON_DATA} at gamma_fast", s.FAST),
    _named("width_needed", "m_*", 4 / (s.delta * s.epsilon**2), WIDTH),
)

# --- the kernel gradient flow ----------------------------------------------------------------------------------------

TIMES = 60
FALL = 1e6
"""The slowest loss has fallen by this factor, or more, at the end."""
LONGEST = 1e9


def run(trial: Trial) -> Simulated:
    """Solve the flow at the setting's depth for each scaling; nothing in it is random."""
    data, depth = trial.setting.data, int(trial.setting["depth"])
    matrices, least = {}, {}
    for done, (name, (scale, gamma)) in enumerate(scales(trial.setting).items(), 1):
        matrices[name] = matrix(data.points, depth, scale, gamma, DIGITS)
        with ctx.workprec(PREC):
            least[name] = smallest_of(matrices[name])
        if (found := as_estimate(least[name])) is not None:
            trial.complete[f"lambda_min_{name}"] = found
        trial.progress(done / len(scales(trial.setting)))
    slowest = min(float(x.lower()) for x in least.values())
    end = min(data.n * float(np.log(FALL)) / (2 * max(slowest, 1e-300)), LONGEST)
    times = np.concatenate([[0.0], np.geomspace(end / 1e4, end, TIMES - 1)])
    series, final, curves = {}, dict(trial.complete), []
    for name, K in matrices.items():
        value, error = map(tuple, losses(K, data.y, times))
        series[f"loss_{name}"] = Series(value=value, error=error)
        final[f"loss_{name}"] = exactly(value[-1], error[-1])
        curves.append(Curve(label=name, x=tuple(times), y=value, error=error))
    plot = picture("loss", "Loss along the kernel gradient flow", "time t", "loss", curves, "y")
    return Simulated(final, tuple(times), series, (plot,))


simulate = simulation(run)
