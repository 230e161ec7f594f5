"""Formulas of the explicit constants behind Lemma 4 and Theorems 5 and 6, each written once.

The derivations are in docs/theory/scaled-resnets-derivations.md; "Step k" below refers to its sections.
Every radius `rho` bounds the root-mean-square displacement of the parameters of tau, and of nu at each depth.
"""

import sympy as sp

from mfcheck_proofs.scaled_resnets.symbols import B_0, C_1, C_3, alpha, beta, n

ROOT_HALF = 1 / sp.sqrt(2)
ROOT_MEAN = sp.sqrt(2 / sp.pi)
"""E|a| of a standard Gaussian."""


def truncated_second_moment(R: sp.Expr) -> sp.Expr:
    """Return E[min(|a|, R)^2] for a standard Gaussian a."""
    tail = R * ROOT_MEAN * sp.exp(-(R**2) / 2)
    return R**2 + (1 - R**2) * sp.erf(R / sp.sqrt(2)) - tail


def displacement(rho: sp.Expr) -> sp.Expr:
    """Return D(rho) >= |Z_nu(x,1) - x|: Gronwall's inequality in `D' <= alpha C_1 rho (1 + q (sqrt2 + D))` (Step 3)."""
    q = 2 + rho
    return (sp.sqrt(2) + 1 / q) * (sp.exp(alpha * C_1 * rho * q) - 1)


def input_size(D: sp.Expr) -> sp.Expr:
    """Return S >= (|Z_nu(x,s)|^2 + 1)^(1/2) for |x| = 1."""
    return sp.sqrt(1 + (1 + D) ** 2)


def activation_change(rho: sp.Expr, S: sp.Expr, D: sp.Expr) -> sp.Expr:
    """Return a bound of the root-mean-square change of w.Z(x,1) + b, hence of s0 over C_1 (Step 4)."""
    return S * rho + D


def feature_change(rho: sp.Expr, S: sp.Expr, D: sp.Expr, R: sp.Expr) -> sp.Expr:
    """Return a bound of the change in L2 of the features `(s0, T_R(a) s0' (z,1))` of one point (Step 4)."""
    Q = activation_change(rho, S, D)
    return C_1 * sp.sqrt(Q**2 + (S * (rho + R * Q) + D) ** 2)


def feature_slope(R: sp.Expr) -> sp.Expr:
    """Return the limit of `feature_change / rho` as rho tends to zero."""
    D1 = alpha * C_1 * (1 + 2 * sp.sqrt(2))
    Q1 = sp.sqrt(2) + D1
    return C_1 * sp.sqrt(Q1**2 + (sp.sqrt(2) * (1 + R * Q1) + D1) ** 2)


def gram_diagonal(rho: sp.Expr, S: sp.Expr) -> sp.Expr:
    """Return M >= (G2)_ii, and >= the squared speed of the encoder per unit of |p_i| (Step 5)."""
    return C_1**2 * (1 + 2 * S**2 * (1 + rho) ** 2)


def adjoint_size(rho: sp.Expr, S: sp.Expr) -> sp.Expr:
    """Return P >= |p(x,s)| (Step 6)."""
    growth = C_1 * rho * (2 + rho + S)
    return growth * sp.exp(alpha * growth)


def entropy_slope_a(rho: sp.Expr, S: sp.Expr) -> sp.Expr:
    """Return K_a >= |k_z(p)| in L2, which multiplies the displacement of a (Step 7)."""
    return C_1 * (1 + 2 * S * (1 + rho) + S**2)


def entropy_slope_p(S: sp.Expr) -> sp.Expr:
    """Return K_p, which multiplies the displacement of (w, b) (Step 7)."""
    return S * (2 * C_1 + C_1 * S + C_3 * S**2)


def rademacher_predictor(radius: sp.Expr) -> sp.Expr:
    """Return a bound of the Rademacher complexity over {KL(tau|tau_0) <= radius}, nu = nu_0 (Step 10)."""
    shape = sp.sqrt((1 + 2 * radius) / (2 * radius)) * (radius + sp.log(1 + 2 * radius) / 2)
    return beta * B_0 / sp.sqrt(n) * shape


def bounded_displacement(rho: sp.Expr) -> sp.Expr:
    """Return D(rho) >= |Z_nu(x,1) - x| for |s0| <= B_0: two steps instead of Gronwall's inequality (Step 3)."""
    rough = alpha * B_0 * (rho + 2 * ROOT_MEAN)
    return alpha * rho * (B_0 + C_1 * (sp.sqrt(2) + rough))


def rademacher_encoder(radius_tau: sp.Expr, radius_nu: sp.Expr) -> sp.Expr:
    """Return a bound of |f_{tau,nu} - f_{tau,nu_0}| over the KL balls of these radii, |s0| <= B_0 (Step 10)."""
    rho = sp.sqrt(2 * radius_tau)
    D = bounded_displacement(sp.sqrt(2 * radius_nu))
    near = C_1 * D * rho * (2 + rho + input_size(D))
    return beta * sp.Min(near, 2 * B_0 * (ROOT_MEAN + rho))


def activation_slope() -> sp.Expr:
    """Return C_1 times the limit of `activation_change / rho` as rho tends to zero."""
    return C_1 * (sp.sqrt(2) + alpha * C_1 * (1 + 2 * sp.sqrt(2)))


def activation_change_at(rho: sp.Expr) -> sp.Expr:
    """Return C_1 times `activation_change` with D and S at the radius itself."""
    D = displacement(rho)
    return C_1 * activation_change(rho, input_size(D), D)


def weak_entropy_constant(rho: sp.Expr, S: sp.Expr) -> sp.Expr:
    """Return C with KL(tau_t|tau_0) <= C n/(lambda_0 beta) when s0''' need not be bounded (Step 7)."""
    smooth = rho * C_1 * (1 + 2 * S * (1 + rho)) + S * rho * (2 * C_1 + C_1 * S)
    return 2 * (smooth + S**2 * C_1 * (ROOT_MEAN + rho))
