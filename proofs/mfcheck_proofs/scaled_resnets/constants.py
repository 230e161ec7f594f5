"""The constants of arXiv 2403.09889, made explicit: one node for each piece of the derivation.

The derivations are in docs/theory/scaled-resnets-derivations.md; "Step k" refers to its sections. The paper names
`C_KL(d, alpha)`, `r_max` and `Lambda(d)` without giving them; the constants below satisfy what it asks of them.
"""

import sympy as sp

from mfcheck.claims.model import Constant
from mfcheck_proofs.scaled_resnets import bounds
from mfcheck_proofs.scaled_resnets import symbols as s
from mfcheck_proofs.scaled_resnets.leaves import LEAVES
from mfcheck_proofs.scaled_resnets.symbols import ramp

NEEDS_C3 = r"a bound $|\sigma_0'''| \le C_3$, which Assumption 3 does not grant"
NEEDS_BETA = r"$\beta > \beta_0$ (beta_threshold); global solutions of (2) and (3)"
NEEDS_B0 = r"a bounded activation, $|\sigma_0| \le B_0$, which Assumption 3 does not grant"
NEEDS_RADIUS = "a radius of the class that was fixed before the sample was drawn"
NEEDS_CHOICE = r"$\beta$ and $\gamma$ fixed before the sample was drawn"
NEEDS_SMALL = r"KL_bound_tau and $n$ KL_bound_nu small, else other parts are the larger ones"

KL_tau, KL_nu, R_n, E_nu, rho, m_PL = sp.symbols("KL_tau KL_nu R_n E_nu rho m_PL", nonnegative=True)
C_KL_tau, C_KL_nu, C_KL = sp.symbols("C_KL_tau C_KL_nu C_KL", nonnegative=True)


def _derived(id: str, symbol: sp.Symbol | str, formula: sp.Expr, source: str, needs: str = "") -> Constant:
    named = sp.Symbol(symbol, nonnegative=True) if isinstance(symbol, str) else symbol
    return Constant(id, named, sp.sympify(formula), source, needs=needs)


RADIUS = (
    _derived("C_1", s.C_1, sp.Max(s.B_g, s.B_1, s.B_2), "Assumption 3: the least $C_1$"),
    _derived("C_3", s.C_3, s.B_3, r"Step 7: the least bound of $|\sigma_0'''|$", NEEDS_C3),
    _derived(
        "truncation", s.R, sp.Integer(2), r"Step 4: level at which $|a|$ is cut; any $R$ with $\kappa > 1/2$ will do"
    ),
    _derived("kappa", s.kappa, bounds.truncated_second_moment(s.R), r"Step 4: $\mathbb{E}[\min(|a|, R)^2]$"),
    _derived(
        "gap", s.gap, sp.sqrt(s.kappa) - bounds.ROOT_HALF, r"Step 4: $\sigma_{\min}$ may fall by $g\sqrt{\lambda_0}$"
    ),
    _derived(
        "r_linear",
        s.r_1,
        s.gap * sp.sqrt(s.lambda_0) / (sp.sqrt(s.n) * bounds.feature_slope(s.R)),
        r"Step 4: radius if the features changed linearly; an upper bound of $r_{\max}$",
    ),
    _derived("D_linear", s.D_1, bounds.displacement(s.r_1), r"Step 3: $|Z_\nu(x, 1) - x|$ at radius $r_1$"),
    _derived("S_linear", s.S_1, bounds.input_size(s.D_1), r"Step 3: $(|Z_\nu|^2 + 1)^{1/2}$ at radius $r_1$"),
    _derived(
        "feature_change",
        s.F_1,
        bounds.feature_change(s.r_1, s.S_1, s.D_1, s.R),
        "Step 4: change of the features of one point at radius $r_1$",
    ),
    _derived(
        "r_max",
        s.r_max,
        s.gap * sp.sqrt(s.lambda_0) * s.r_1 / (sp.sqrt(s.n) * s.F_1),
        r"Theorem 5 (defines $r_{\max}$), Step 4: $\lambda_{\min}(G_2) \ge \lambda_0/2$ within this radius",
    ),
    _derived(
        "r_linear_A",
        s.r_a,
        (1 - bounds.ROOT_HALF) * sp.sqrt(s.lambda_a / s.n) / bounds.activation_slope(),
        r"Step 4, $\sigma_0$-part only: radius if it changed linearly",
    ),
    _derived(
        "r_max_A",
        s.r_A,
        (1 - bounds.ROOT_HALF) * sp.sqrt(s.lambda_a / s.n) * s.r_a / bounds.activation_change_at(s.r_a),
        r"Step 4, $\sigma_0$-part only: $\lambda_{\min}(G_2) \ge \lambda_{\min}(A)/2$ within this radius",
    ),
)

SIZES = (
    _derived("D", s.D, bounds.displacement(s.r_max), r"Step 3: $|Z_\nu(x, s) - x|$ within $r_{\max}$"),
    _derived("S", s.S, bounds.input_size(s.D), r"Step 3: $(|Z_\nu(x, s)|^2 + 1)^{1/2}$ within $r_{\max}$"),
    _derived(
        "G2_diagonal", s.Gbar, bounds.gram_diagonal(s.r_max, s.S), r"Step 5: $\max_i (G_2)_{ii}$ within $r_{\max}$"
    ),
    _derived("adjoint", s.P, bounds.adjoint_size(s.r_max, s.S), r"Step 6: $|p(x, s)|$ within $r_{\max}$"),
    _derived("K_a", s.K_a, bounds.entropy_slope_a(s.r_max, s.S), "Step 7: $|k_z(p)|$ in $L^2$"),
    _derived("K_p", s.K_p, bounds.entropy_slope_p(s.S), "Step 7: slope in $(w, b)$", NEEDS_C3),
    _derived("K", s.K, sp.sqrt(s.K_a**2 + s.K_p**2), "Step 7: slope of the entropy production", NEEDS_C3),
)

_speed = sp.sqrt(s.Gbar)
_adjoint_ratio = s.P / s.r_max

MOVEMENT = (
    _derived(
        "residual_integral",
        s.I_e,
        2 * sp.sqrt(s.n) * s.y_norm / (s.beta * s.lambda_0),
        r"Step 2: $\int_0^\infty \frac{\beta}{n}|e(t)|_1\,\mathrm{d}t$",
        NEEDS_BETA,
    ),
    _derived("loss_rate", "c_L", s.beta**2 * s.lambda_0 / s.n, r"Step 2: $L(t) \le L(0)\exp(-c_L t)$", NEEDS_BETA),
    _derived("movement_path", "m_path", _speed * s.I_e, r"Step 8 (i): path length of $\tau$", NEEDS_BETA),
    _derived(
        "movement_PL",
        m_PL,
        sp.sqrt(2) * s.y_norm / (s.beta * sp.sqrt(s.lambda_0)),
        r"Step 8 (ii): Polyak-Lojasiewicz length of $\tau$",
        NEEDS_BETA,
    ),
    _derived(
        "movement_nu",
        "m_nu",
        s.alpha * _adjoint_ratio * _speed * m_PL * s.I_e / 2,
        r"Step 8: path length of $\nu(\cdot, s)$",
        NEEDS_BETA,
    ),
    _derived(
        "movement_leading_order",
        "m_leading",
        sp.sqrt(s.Q_m) / s.beta,
        r"Step 8 (iii): limit of $\beta|\omega_t - \omega_0|$ over $\beta$, as $\beta$ grows",
        r"$\beta \to \infty$: an approximation, not a bound",
    ),
    _derived(
        "beta_threshold",
        "beta_0",
        sp.Max(
            sp.sqrt(2) * s.y_norm / (s.r_max * sp.sqrt(s.lambda_0)),
            s.y_norm
            / s.r_max
            * sp.sqrt(sp.sqrt(2) * s.alpha * sp.sqrt(s.n) * s.P * _speed / s.lambda_0 ** sp.Rational(3, 2)),
        ),
        r"Theorem 5 (threshold), Step 9: least $\beta$ at which our bounds keep both measures inside $r_{\max}$",
        "global solutions of (2) and (3)",
    ),
    _derived(
        "beta_threshold_path",
        "beta_path",
        2 * s.n * _speed * sp.Max(1, s.alpha * s.P) / (s.lambda_0 * s.r_max),
        r"Step 9: the same from path lengths and $|y| \le \sqrt{n}$ alone",
        "global solutions of (2) and (3)",
    ),
    _derived(
        "beta_threshold_stated",
        "beta_stated",
        4 * s.n * sp.sqrt(C_KL) / (s.Lambda * s.r_max),
        r"Theorem 5: $\beta/n > 4\sqrt{C_{\mathrm{KL}}}/(\Lambda r_{\max})$",
        NEEDS_C3,
    ),
)

_K_terms = s.K * _speed
_kl_pl = sp.sqrt(2 * s.n) * s.y_norm**2 / (s.beta**2 * s.lambda_0 ** sp.Rational(3, 2))

ENTROPY = (
    _derived(
        "C_KL_tau",
        C_KL_tau,
        2 * _K_terms,
        r"Theorem 5, Step 9: constant of $\mathrm{KL}(\tau_t\,\|\,\tau_0)$",
        NEEDS_C3,
    ),
    _derived(
        "C_KL_nu",
        C_KL_nu,
        s.alpha**2 * s.P**2 * C_KL_tau,
        r"Theorem 5, Step 9: constant of $\mathrm{KL}(\nu_t\,\|\,\nu_0)$",
        NEEDS_C3,
    ),
    _derived("C_KL", C_KL, sp.Max(C_KL_tau, C_KL_nu), "Theorem 5: one constant for both", NEEDS_C3),
    _derived(
        "C_KL_assumption3",
        "C_KL_weak",
        bounds.weak_entropy_constant(s.r_max, s.S),
        r"Step 7: $\mathrm{KL}(\tau_t\,\|\,\tau_0) \le Cn/(\lambda_0\beta)$ under Assumption 3 alone; the first "
        "power only",
    ),
    _derived(
        "KL_bound_stated",
        "KL_stated",
        C_KL * s.n**2 / (s.Lambda**2 * s.beta**2),
        r"Theorem 5: the bound of both divergences with $\Lambda$ = Lambda_HG",
        f"{NEEDS_C3}; {NEEDS_BETA}",
    ),
    _derived(
        "KL_bound_coarse",
        "KL_coarse",
        C_KL * s.n**2 / (s.lambda_0**2 * s.beta**2),
        r"Theorem 5: the bound of both divergences with $\lambda_0$ of the data",
        f"{NEEDS_C3}; {NEEDS_BETA}",
    ),
    _derived(
        "KL_bound_tau",
        KL_tau,
        s.K * _kl_pl,
        r"Step 9: $\mathrm{KL}(\tau_t\,\|\,\tau_0)$ from the Polyak-Lojasiewicz length",
        f"{NEEDS_C3}; {NEEDS_BETA}",
    ),
    _derived(
        "KL_bound_nu",
        KL_nu,
        (s.alpha * _adjoint_ratio) ** 2 * _K_terms * _kl_pl**2 / 2,
        r"Step 9: $\mathrm{KL}(\nu_t\,\|\,\nu_0)$, of order $\beta^{-4}$",
        f"{NEEDS_C3}; {NEEDS_BETA}",
    ),
    _derived(
        "KL_leading_order",
        "KL_leading",
        s.Q_KL / s.beta**2,
        r"Step 9: limit of $\beta^2\,\mathrm{KL}(\tau_\infty\,\|\,\tau_0)$ over $\beta^2$, as $\beta$ grows",
        r"$\beta \to \infty$: an approximation, not a bound",
    ),
)

_log2 = sp.Abs(sp.log(rho)) / sp.log(2)
confidence, strata = sp.symbols("ell_delta ell_rho", positive=True)

GENERALIZATION = (
    _derived(
        "KL_radius", rho, sp.Max(KL_tau, KL_nu), "Step 12: one radius for both measures", f"{NEEDS_C3}; {NEEDS_BETA}"
    ),
    _derived("rademacher_encoder", E_nu, bounds.rademacher_encoder(KL_tau, KL_nu), "Step 10: part of the encoder"),
    _derived(
        "rademacher",
        R_n,
        bounds.rademacher_predictor(KL_tau) + E_nu,
        r"Theorem 6, Step 10: Rademacher complexity over $\tau$, $\nu$ within the radii KL_bound_tau, KL_bound_nu",
        NEEDS_B0,
    ),
    _derived(
        "rademacher_coarse",
        "R_coarse",
        s.B_0 * sp.sqrt(2 * C_KL_tau * s.n) / s.lambda_0,
        "Step 11: leading part with the radius of Theorem 5, which grows with $n$",
        f"{NEEDS_B0}; {NEEDS_SMALL}; an approximation, not a bound",
    ),
    _derived(
        "rademacher_PL",
        "R_PL",
        s.beta * s.B_0 * sp.sqrt(2 * KL_tau / s.n),
        r"Step 11: leading part with the Polyak-Lojasiewicz radius, of order $n^{1/4}$ where $|y| = \sqrt{n}$",
        f"{NEEDS_B0}; {NEEDS_SMALL}; an approximation, not a bound",
    ),
    _derived(
        "rademacher_leading",
        "R_leading",
        s.B_0 * sp.sqrt(2 * s.Q_KL / s.n),
        r"Step 11: leading part with the limit of $\beta^2\,\mathrm{KL}$",
        rf"{NEEDS_B0}; $\beta \to \infty$: an approximation, not a bound",
    ),
    _derived("confidence", confidence, sp.log(2 / s.delta), r"Step 12: $\log(2/\delta)$"),
    _derived(
        "strata",
        strata,
        sp.log(sp.Rational(3, 4) * (_log2 + 2) * (_log2 + 3)),
        r"Step 12: price, beside $\log(2/\delta)$, of a radius that the sample decides",
    ),
    _derived(
        "generalization_bound",
        "B_gen",
        ramp + 2 * R_n / s.gamma + 3 * sp.sqrt(confidence / (2 * s.n)),
        r"Theorem 6, Step 12: bound of $\mathbb{E}[\ell_{0\text{-}1}]$ with probability $1 - \delta$; says "
        "nothing from 1 on",
        f"{NEEDS_RADIUS}; {NEEDS_CHOICE}; {NEEDS_B0}; {NEEDS_C3}; {NEEDS_BETA}",
    ),
    _derived(
        "generalization_bound_data",
        "B_data",
        ramp
        + 2 * (bounds.rademacher_predictor(2 * rho) + bounds.rademacher_encoder(2 * rho, 2 * rho)) / s.gamma
        + sp.sqrt((confidence + strata) / (2 * s.n)),
        "Step 12: the same for a radius that the sample decides; says nothing from 1 on",
        f"{NEEDS_CHOICE}; {NEEDS_B0}; {NEEDS_C3}; {NEEDS_BETA}",
    ),
)

CONSTANTS: tuple[Constant, ...] = (*LEAVES, *RADIUS, *SIZES, *MOVEMENT, *ENTROPY, *GENERALIZATION)
"""Every constant of the paper, leaves first."""
