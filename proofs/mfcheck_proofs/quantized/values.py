"""The constants."""

from collections.abc import Callable

import sympy as sp
from flint import arb, ctx

from mfcheck.checks import Setting, constant
from mfcheck.rigor.ball import exact
from mfcheck_proofs.quantized.thresholds import (
    RANGES,
    chi_of,
    clip,
    distortion_of,
    fitted,
    gap_opt,
    local_exponent,
    step_opt,
)

CONSTANTS = (
    constant("chi", lambda v, d: at_setting(chi_of, v, d), "slope at 0", source="C1", uses=("levels", "step")),
    constant("xi", lambda v, d: scale(v, d), "depth scale -1/log chi", source="C1", uses=("levels", "step")),
    constant(
        "distortion",
        lambda v, d: at_setting(distortion_of, v, d),
        "mean square error of the uniform quantiser",
        source="C2",
        uses=("levels", "step"),
    ),
    constant("step_opt", lambda v, d: step_opt(v.integer("levels"), d), "best step", source="C2", uses=("levels",)),
    constant("gap_opt", lambda v, d: gap_opt(v.integer("levels"), d), "1 - chi there", source="C2", uses=("levels",)),
    constant("xi_opt", lambda v, d: best_scale(v, d), "depth scale there", source="C2", uses=("levels",)),
    constant(
        "local_exponent",
        lambda v, d: local_exponent(v.integer("levels"), d),
        "log2 of gap_opt(N)/gap_opt(2N)",
        source="C3",
        uses=("levels",),
    ),
    constant(
        "fit_slope", lambda _, d: fitted(RANGES["even"], 1, d), "slope of log gap_opt on log(N+1), even N = 4..62"
    ),
    constant("fit_slope_plain", lambda _, d: fitted(RANGES["even"], 0, d), "the same on log N"),
    constant("sign_chi", 2 / sp.pi, "chi of two levels", source="C1"),
    constant("ste_chi", sp.erf(clip / sp.sqrt(2)), "backward factor of the surrogate of slope 1", source="C5"),
)


def at_setting(function: Callable[[int, arb], arb], setting: Setting, digits: int) -> arb:
    """Return a function of levels and step in a setting."""
    with ctx.workdps(2 * digits + 20):
        return function(setting.integer("levels"), exact(setting["step"]))


def scale(setting: Setting, digits: int) -> arb:
    """Enclose -1/log chi."""
    with ctx.workdps(2 * digits + 20):
        return -1 / at_setting(chi_of, setting, digits).log()


def best_scale(setting: Setting, digits: int) -> arb:
    """Enclose -1/log(1 - gap) at the best step."""
    with ctx.workdps(2 * digits + 20):
        return -1 / (-gap_opt(setting.integer("levels"), digits + 2)).log1p()
