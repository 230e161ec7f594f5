"""The constants."""

import sympy as sp

from mfcheck.checks import constant
from mfcheck_proofs.batch_norm.gegenbauer import (
    AT_RHO,
    BOUND,
    C_STAR,
    J_RHO,
    LAMBDA_L,
    LAMBDA_M,
    MU_STAR,
    Q_STAR,
    RATE,
    RATE_STAR,
    c_index,
)

CONSTANTS = (
    Q_STAR,
    C_STAR,
    MU_STAR,
    RATE_STAR,
    constant("rate_lower_bound", BOUND, "least rate of all activations", source="C5"),
    constant("rate_relu", RATE.subs(AT_RHO), "rate of the rectifier", source="C6"),
    constant("rate_relu_limit", sp.pi / (sp.pi - 1), "its limit for large batches", source="C6"),
    constant("c_star_relu", J_RHO, "c* of the rectifier", source="C1"),
    constant("lambda_M_relu", LAMBDA_M.subs(AT_RHO), "forward eigenvalue, off the diagonal", source="C7"),
    constant("lambda_L_relu", LAMBDA_L.subs(AT_RHO), "forward eigenvalue, on the diagonal", source="C7"),
    constant("c_index", c_index, "c_k at k = index", source="C4", uses=("batch", "index")),
)
