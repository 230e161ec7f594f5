"""The vanilla cell."""

from functools import lru_cache

from flint import arb, ctx

from mfcheck.checks import Setting, constant
from mfcheck.errors import InputError
from mfcheck.gaussian import CorrelationMap, E, depth_scale, fixed_point, length_map
from mfcheck.rigor.ball import exact
from mfcheck.rigor.integrate import parity
from mfcheck.rigor.roots import crossing
from mfcheck_proofs.rnn_isometry.gate import BEND, GATE, KEPT, LEFT, R, cell_of, gate_variance, mu_b

# --- the vanilla cell ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def vanilla_map(setting: Setting, digits: int) -> CorrelationMap:
    """Return the map of correlations at q*, as if the inputs were equal.

    Raises:
        InputError: no stable q*, or q* = 0.
    """
    weight, bias = setting["sigma_w"] ** 2, cell_of(setting).floor
    q = vanilla_variance(setting, digits + 8)
    if not q > 0:
        raise InputError("q* = 0: without inputs and bias the state dies out, and there are no correlations")
    return CorrelationMap(setting.activation, weight, bias, q)


def vanilla_variance(setting: Setting, digits: int) -> arb:
    """Enclose q*, the largest stable fixed point."""
    weight, bias = setting["sigma_w"] ** 2, cell_of(setting).floor
    if not weight:
        return exact(bias)
    return fixed_point(length_map(setting.activation, weight, bias), digits).value


@lru_cache(maxsize=64)
def vanilla_correlation(setting: Setting, digits: int) -> arb:
    """Enclose c*: the map is convex and ends below 1, so that there is one fixed point; or that of equal inputs."""
    chosen = vanilla_map(setting, digits)
    apart = setting["sigma_v"] ** 2 * setting["input_var"] * (1 - setting["input_corr"])
    if not apart:
        return chosen.fixed_point(digits).value
    if not setting["input_corr"] and not setting["sigma_b"] and parity(setting.activation.expr) == -1:
        return arb(0)

    def value(c: arb) -> arb:
        return chosen.F(c, digits + 6) - exact(apart) / chosen.q - c

    with ctx.workdps(digits + 15):
        return crossing(value, lambda c: chosen.slope(c, 8) - 1, (0, 1), digits)


def vanilla_slope(setting: Setting, digits: int) -> arb:
    """Enclose chi_1, which exists at q* = 0 also, where there are no correlations."""
    if vanilla_variance(setting, digits).is_zero():
        return length_map(setting.activation, setting["sigma_w"] ** 2, 0).chi_1(0, digits)
    return vanilla_map(setting, digits).slope(1, digits)


def vanilla_slope_at(setting: Setting, digits: int) -> arb:
    """Enclose the slope at c*."""
    return vanilla_map(setting, digits).slope(vanilla_correlation(setting, digits + 3), digits)


def vanilla_scale(setting: Setting, digits: int) -> arb:
    """Enclose -1/log of it."""
    with ctx.workdps(digits + 20):
        return depth_scale(vanilla_slope_at(setting, digits + 5))


GATED = ("sigma_w", "sigma_v", "mu_b", "sigma_b", "input_var")
VANILLA = ("sigma_w", "sigma_v", "sigma_b", "input_var", "activation")
PAIRED = (*VANILLA, "input_corr")
GATE_Q = constant("gate_q", lambda v, d: gate_variance(cell_of(v), d), "fixed variance", source="C1", uses=GATED)
gate_q = GATE_Q.symbol
LAW = {"variance": gate_q, "mean": mu_b}
GATE_STATE = constant("gate_Q", R * E(LEFT, **LAW) / E(KEPT, **LAW), "E h^2 there", source="C1")
GATE_U2 = constant("gate_u2", E(GATE**2, **LAW), "E u^2 there", source="C1")
GATE_DU2 = constant("gate_du2", E(BEND, **LAW), "E u'^2 there", source="C1")
