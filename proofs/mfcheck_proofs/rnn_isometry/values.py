"""The constants."""

from mfcheck.checks import constant
from mfcheck_proofs.rnn_isometry.gate import R, critical_of, sigma_w
from mfcheck_proofs.rnn_isometry.vanilla import (
    GATE_DU2,
    GATE_Q,
    GATE_STATE,
    GATE_U2,
    GATED,
    PAIRED,
    VANILLA,
    vanilla_correlation,
    vanilla_scale,
    vanilla_slope,
    vanilla_slope_at,
    vanilla_variance,
)

CONSTANTS = (
    GATE_Q,
    GATE_STATE,
    GATE_U2,
    GATE_DU2,
    constant(
        "gate_chi",
        GATE_U2.symbol + sigma_w**2 * (GATE_STATE.symbol + R) * GATE_DU2.symbol,
        "mean squared singular value of a step",
        source="C3",
    ),
    constant("gate_sigma_w_critical", critical_of, "sigma_w with gate_chi = 1", source="C3", uses=GATED[1:]),
    constant("vanilla_q", vanilla_variance, "fixed variance", source="C4", uses=VANILLA),
    constant("vanilla_c", vanilla_correlation, "fixed correlation", source="C4", uses=PAIRED),
    constant("vanilla_chi", vanilla_slope, "growth of squared gradients", source="C4", uses=VANILLA),
    constant("vanilla_chi_c", vanilla_slope_at, "slope at the fixed correlation", source="C4", uses=PAIRED),
    constant("vanilla_xi", vanilla_scale, "time scale of correlations", source="C4", uses=PAIRED),
)
