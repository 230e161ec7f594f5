"""The constants of arXiv 2403.09889, made explicit: one node for each piece of the derivation, in its order.

The derivations are in docs/theory/scaled-resnets-derivations.md; "Step k" refers to its sections. The paper names
`C_KL(d, alpha)`, `r_max` and `Lambda(d)` without giving them; the constants below satisfy what it asks of them.
"""

import sympy as sp

from mfcheck.claims.model import Constant
from mfcheck_proofs.scaled_resnets import bounds
from mfcheck_proofs.scaled_resnets import symbols as s
from mfcheck_proofs.scaled_resnets.bounds import ROOT_HALF
from mfcheck_proofs.scaled_resnets.leaves import LEAVES
from mfcheck_proofs.scaled_resnets.symbols import Lambda, alpha, beta, lambda_0, n, positive, r_max, y_norm

NEEDS_C3 = r"a bound $|\sigma_0'''| \le C_3$, which Assumption 3 does not grant"
GLOBAL = "global solutions of (2) and (3)"
NEEDS_BETA = rf"$\beta > \beta_0$ (beta_threshold); {GLOBAL}"
NEEDS_KL = f"{NEEDS_C3}; {NEEDS_BETA}"
NEEDS_B0 = r"a bounded activation, $|\sigma_0| \le B_0$, which Assumption 3 does not grant"
NEEDS_RADIUS = "a radius of the class that was fixed before the sample was drawn"
NEEDS_CHOICE = r"$\beta$ and $\gamma$ fixed before the sample was drawn"
NEEDS_SMALL = r"KL_bound_tau and $n$ KL_bound_nu small, else other parts are the larger ones"
NO_BOUND = "an approximation, not a bound"
GROWING = rf"$\beta \to \infty$: {NO_BOUND}"

DERIVED: list[Constant] = []


def _derived(id: str, symbol: sp.Symbol | str, formula: sp.Expr, needs: str = "") -> sp.Symbol:
    """List a constant, and return its symbol; one that is given by its name is not negative."""
    named = sp.Symbol(symbol, nonnegative=True) if isinstance(symbol, str) else symbol
    DERIVED.append(Constant(id, named, sp.sympify(formula), s.GLOSSARY[id], needs=needs))
    return named


# --- the radius within which lambda_min(G2) keeps half of its value ---------------------------------------------------

_derived("C_1", s.C_1, sp.Max(s.B_g, s.B_1, s.B_2))
_derived("C_3", s.C_3, s.B_3, NEEDS_C3)
R = _derived("truncation", positive("R"), 2)
kappa = _derived("kappa", positive("kappa"), bounds.truncated_second_moment(R))
gap = _derived("gap", positive("g"), sp.sqrt(kappa) - ROOT_HALF)
fall = gap * sp.sqrt(lambda_0) / sp.sqrt(n)
r_1 = _derived("r_linear", positive("r_1"), fall / bounds.feature_slope(R))
D_1 = _derived("D_linear", "D_1", bounds.displacement(r_1))
S_1 = _derived("S_linear", positive("S_1"), bounds.input_size(D_1))
F_1 = _derived("feature_change", positive("F_1"), bounds.feature_change(r_1, S_1, D_1, R))
_derived("r_max", r_max, fall * r_1 / F_1)
fall_A = (1 - ROOT_HALF) * sp.sqrt(s.lambda_a / n)
r_a = _derived("r_linear_A", positive("r_a"), fall_A / bounds.activation_slope())
_derived("r_max_A", positive("r_A"), fall_A * r_a / bounds.activation_change_at(r_a))

# --- sizes within that radius -----------------------------------------------------------------------------------------

D = _derived("D", "D", bounds.displacement(r_max))
S = _derived("S", positive("S"), bounds.input_size(D))
G = _derived("G2_diagonal", positive("Gbar"), bounds.gram_diagonal(r_max, S))
P = _derived("adjoint", positive("P"), bounds.adjoint_size(r_max, S))
K_a = _derived("K_a", positive("K_a"), bounds.entropy_slope_a(r_max, S))
K_p = _derived("K_p", positive("K_p"), bounds.entropy_slope_p(S), NEEDS_C3)
K = _derived("K", positive("K"), sp.sqrt(K_a**2 + K_p**2), NEEDS_C3)
speed, adjoint_ratio = sp.sqrt(G), P / r_max

# --- movement, and the least beta -------------------------------------------------------------------------------------

I_e = _derived("residual_integral", "I_e", 2 * sp.sqrt(n) * y_norm / (beta * lambda_0), NEEDS_BETA)
_derived("loss_rate", "c_L", beta**2 * lambda_0 / n, NEEDS_BETA)
_derived("movement_path", "m_path", speed * I_e, NEEDS_BETA)
m_PL = _derived("movement_PL", "m_PL", sp.sqrt(2) * y_norm / (beta * sp.sqrt(lambda_0)), NEEDS_BETA)
m_nu = alpha * adjoint_ratio * speed * m_PL * I_e / 2
_derived("movement_nu", "m_nu", m_nu, NEEDS_BETA)
_derived("movement_leading_order", "m_leading", sp.sqrt(s.Q_m) / beta, GROWING)
beta_tau = sp.sqrt(2) * y_norm / (r_max * sp.sqrt(lambda_0))
beta_nu = y_norm / r_max * sp.sqrt(sp.sqrt(2) * alpha * sp.sqrt(n) * P * speed / lambda_0 ** sp.Rational(3, 2))
_derived("beta_threshold", "beta_0", sp.Max(beta_tau, beta_nu), GLOBAL)
_derived("beta_threshold_path", "beta_path", 2 * n * speed * sp.Max(1, alpha * P) / (lambda_0 * r_max), GLOBAL)
C_KL_tau, C_KL_nu, C_KL = sp.symbols("C_KL_tau C_KL_nu C_KL", nonnegative=True)
_derived("beta_threshold_stated", "beta_stated", 4 * n * sp.sqrt(C_KL) / (Lambda * r_max), NEEDS_C3)

# --- entropy ----------------------------------------------------------------------------------------------------------

slope = K * speed
length = sp.sqrt(2 * n) * y_norm**2 / (beta**2 * lambda_0 ** sp.Rational(3, 2))
_derived("C_KL_tau", C_KL_tau, 2 * slope, NEEDS_C3)
_derived("C_KL_nu", C_KL_nu, alpha**2 * P**2 * C_KL_tau, NEEDS_C3)
_derived("C_KL", C_KL, sp.Max(C_KL_tau, C_KL_nu), NEEDS_C3)
_derived("C_KL_assumption3", "C_KL_weak", bounds.weak_entropy_constant(r_max, S))
stated = C_KL * n**2 / beta**2
_derived("KL_bound_stated", "KL_stated", stated / Lambda**2, NEEDS_KL)
_derived("KL_bound_coarse", "KL_coarse", stated / lambda_0**2, NEEDS_KL)
KL_tau = _derived("KL_bound_tau", "KL_tau", K * length, NEEDS_KL)
KL_nu = _derived("KL_bound_nu", "KL_nu", (alpha * adjoint_ratio) ** 2 * slope * length**2 / 2, NEEDS_KL)
_derived("KL_leading_order", "KL_leading", s.Q_KL / beta**2, GROWING)

# --- generalisation ---------------------------------------------------------------------------------------------------

rho = _derived("KL_radius", "rho", sp.Max(KL_tau, KL_nu), NEEDS_KL)
encoder = bounds.rademacher_encoder(KL_tau, KL_nu)
E_nu = _derived("rademacher_encoder", "E_nu", encoder, NEEDS_B0)
R_n = _derived("rademacher", "R_n", bounds.rademacher_predictor(KL_tau) + E_nu, NEEDS_B0)
_derived(
    "rademacher_coarse",
    "R_coarse",
    s.B_0 * sp.sqrt(2 * C_KL_tau * n) / lambda_0,
    f"{NEEDS_B0}; {NEEDS_SMALL}; {NO_BOUND}",
)
_derived("rademacher_PL", "R_PL", beta * s.B_0 * sp.sqrt(2 * KL_tau / n), f"{NEEDS_B0}; {NEEDS_SMALL}; {NO_BOUND}")
_derived("rademacher_leading", "R_leading", s.B_0 * sp.sqrt(2 * s.Q_KL / n), f"{NEEDS_B0}; {GROWING}")
confidence = _derived("confidence", positive("ell_delta"), sp.log(2 / s.delta))
octave = sp.Abs(sp.log(rho)) / sp.log(2)
strata = _derived("strata", positive("ell_rho"), sp.log(sp.Rational(3, 4) * (octave + 2) * (octave + 3)))
_derived(
    "generalization_bound",
    "B_gen",
    s.ramp + 2 * R_n / s.gamma + 3 * sp.sqrt(confidence / (2 * n)),
    f"{NEEDS_RADIUS}; {NEEDS_CHOICE}; {NEEDS_B0}; {NEEDS_KL}",
)
doubled = bounds.rademacher_predictor(2 * rho) + bounds.rademacher_encoder(2 * rho, 2 * rho)
_derived(
    "generalization_bound_data",
    "B_data",
    s.ramp + 2 * doubled / s.gamma + sp.sqrt((confidence + strata) / (2 * n)),
    f"{NEEDS_CHOICE}; {NEEDS_B0}; {NEEDS_KL}",
)

CONSTANTS: tuple[Constant, ...] = (*LEAVES, *DERIVED)
"""Every constant of the paper, leaves first."""
