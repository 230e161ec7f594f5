"""The ridge limit, and the constants."""

from collections.abc import Callable

import sympy as sp
from flint import arb

from mfcheck.checks import Setting, constant, evaluate
from mfcheck.errors import InputError
from mfcheck_proofs.dmft.closure import alpha, delta, lam, last_of

# --- the ridge limit -------------------------------------------------------------------------------------------------

shift = lam / delta
STIELTJES = 2 / ((shift + alpha - 1) + sp.sqrt((shift + alpha - 1) ** 2 + 4 * shift))
"""Average of 1/(lam/Delta + x)."""
K1 = STIELTJES / delta
K2 = STIELTJES * (1 + STIELTJES) / (2 * shift * STIELTJES + shift + alpha - 1) / delta**2
F_RIDGE = sp.sqrt(alpha) / (1 + (alpha + delta) * K1)
M_RIDGE = sp.sqrt(alpha) * (sp.sqrt(alpha) - F_RIDGE) / (alpha + delta)
C_RIDGE = F_RIDGE**2 * (alpha + delta) * K2
TEST_RIDGE = sp.erfc(M_RIDGE / sp.sqrt(2 * delta * C_RIDGE)) / 2


def _ridge(expr: sp.Expr) -> Callable[[Setting, int], arb]:
    def value(setting: Setting, digits: int) -> arb:
        if setting["lam"] == 0 and setting["alpha"] <= 1:
            raise InputError("lam must be positive for alpha <= 1: the limit depends on the start otherwise")
        return evaluate(
            expr, None, setting, {alpha: setting["alpha"], delta: setting["delta"], lam: setting["lam"]}, digits
        )

    return value


PATH, LIMIT = ("alpha", "delta", "lam", "eta", "r0", "batch", "steps"), ("alpha", "delta", "lam")
CONSTANTS = (
    constant("m_t", last_of("m"), "overlap m after the steps", source="C3, C4", uses=[n for n in PATH if n != "r0"]),
    constant("c_t", last_of("c"), "squared norm C after the steps", source="C3, C4", uses=PATH),
    constant("train_t", last_of("train"), "mean of (r - c)^2/2", source="C4", uses=PATH),
    constant("test_t", last_of("test"), "test error after the steps", source="C2", uses=PATH),
    constant("m_ridge", _ridge(M_RIDGE), "overlap at the ridge solution", source="C5", uses=LIMIT),
    constant("c_ridge", _ridge(C_RIDGE), "squared norm at the ridge solution", source="C5", uses=LIMIT),
    constant("test_ridge", _ridge(TEST_RIDGE), "test error of the ridge solution", source="C5", uses=LIMIT),
)
