"""The symbols of arXiv 2403.09889 that formulas of claims are written over, and what its constants are, in words.

Symbols of constants that no claim speaks of stand where they are derived.
"""

import sympy as sp


def positive(name: str) -> sp.Symbol:
    """Return a positive symbol."""
    return sp.Symbol(name, positive=True)


# Data, and the ramp loss on them of the network that fits them
n, d = sp.symbols("n d", positive=True, integer=True)
C_max = sp.Symbol("C_max", real=True)
n_max = positive("n_max")
y_norm, ramp = sp.symbols("|y| ell_gamma", nonnegative=True)

# Network, training, final bound
alpha, t = sp.symbols("alpha t", nonnegative=True)
L, M = sp.symbols("L M", positive=True, integer=True)
beta, gamma, delta = sp.symbols("beta gamma delta", positive=True)

# Activation: index and coefficients of the Hermite expansion, suprema of derivatives, constants of Assumption 3
r, k = sp.symbols("r k", nonnegative=True, integer=True)
mu_r = sp.Symbol("mu_r", real=True)
B_0, B_1, B_2, B_3, B_g, C_1 = sp.symbols("B_0:4 B_g C_1", positive=True)
C_3 = sp.Symbol("C_3", nonnegative=True)

# Smallest eigenvalues, the radius within which that of G2 keeps half of its value, the forms of the leading order
lambda_0, lambda_a, Lambda, r_max = sp.symbols("lambda_0 lambda_a Lambda r_max", positive=True)
Q_m, Q_KL = sp.symbols("Q_m Q_KL", nonnegative=True)

GLOSSARY = {
    "n": "number of points",
    "d": "dimension of a point",
    "C_max": r"Assumption 1: $\max_{i \ne j} \langle x_i, x_j\rangle$",
    "y_norm": r"Assumption 1: $|y| \le \sqrt{n}$",
    "B_0": r"supremum of $|\sigma_0|$",
    "B_1": r"supremum of $|\sigma_0'|$",
    "B_2": r"supremum of $|\sigma_0''|$",
    "B_3": r"supremum of $|\sigma_0'''|$",
    "growth": r"Assumption 3: growth of $\sigma_0$",
    "lambda_min_G2": r"Lemma 4: $\lambda_0$; at initialisation $G = G_2$",
    "lambda_min_A": r"Step 4: $\sigma_0$-part of $G_2$ at initialisation",
    "Lambda_HG": r"Lemma 4: a $\Lambda(n, C_{\max}, \sigma_0)$ by Schur products and Gershgorin",
    "n_max": r"Lemma 4: at most so many points have pairwise inner products up to $C_{\max}$",
    "movement_leading": r"Step 8 (iii): limit of $(\beta|\omega_t - \omega_0|)^2$ as $\beta$ grows",
    "C_KL_leading": r"Step 9: limit of $\beta^2\,\mathrm{KL}(\tau_\infty\,\|\,\tau_0)$ as $\beta$ grows",
    "empirical_ramp": "Step 12: ramp loss of the trained network, $f = y$",
    "C_1": "Assumption 3: the least $C_1$",
    "C_3": r"Step 7: the least bound of $|\sigma_0'''|$",
    "truncation": r"Step 4: level at which $|a|$ is cut; any $R$ with $\kappa > 1/2$ will do",
    "kappa": r"Step 4: $\mathbb{E}[\min(|a|, R)^2]$",
    "gap": r"Step 4: $\sigma_{\min}$ may fall by $g\sqrt{\lambda_0}$",
    "r_linear": r"Step 4: radius if the features changed linearly; an upper bound of $r_{\max}$",
    "D_linear": r"Step 3: $|Z_\nu(x, 1) - x|$ at radius $r_1$",
    "S_linear": r"Step 3: $(|Z_\nu|^2 + 1)^{1/2}$ at radius $r_1$",
    "feature_change": "Step 4: change of the features of one point at radius $r_1$",
    "r_max": r"Theorem 5 (defines $r_{\max}$), Step 4: $\lambda_{\min}(G_2) \ge \lambda_0/2$ within this radius",
    "r_linear_A": r"Step 4, $\sigma_0$-part only: radius if it changed linearly",
    "r_max_A": r"Step 4, $\sigma_0$-part only: $\lambda_{\min}(G_2) \ge \lambda_{\min}(A)/2$ within this radius",
    "D": r"Step 3: $|Z_\nu(x, s) - x|$ within $r_{\max}$",
    "S": r"Step 3: $(|Z_\nu(x, s)|^2 + 1)^{1/2}$ within $r_{\max}$",
    "G2_diagonal": r"Step 5: $\max_i (G_2)_{ii}$ within $r_{\max}$",
    "adjoint": r"Step 6: $|p(x, s)|$ within $r_{\max}$",
    "K_a": "Step 7: $|k_z(p)|$ in $L^2$",
    "K_p": "Step 7: slope in $(w, b)$",
    "K": "Step 7: slope of the entropy production",
    "residual_integral": r"Step 2: $\int_0^\infty \frac{\beta}{n}|e(t)|_1\,\mathrm{d}t$",
    "loss_rate": r"Step 2: $L(t) \le L(0)\exp(-c_L t)$",
    "movement_path": r"Step 8 (i): path length of $\tau$",
    "movement_PL": r"Step 8 (ii): Polyak-Lojasiewicz length of $\tau$",
    "movement_nu": r"Step 8: path length of $\nu(\cdot, s)$",
    "movement_leading_order": r"Step 8 (iii): limit of $\beta|\omega_t - \omega_0|$ over $\beta$, as $\beta$ grows",
    "beta_threshold": (
        r"Theorem 5 (threshold), Step 9: least $\beta$ at which our bounds keep both measures inside "
        r"$r_{\max}$"
    ),
    "beta_threshold_path": r"Step 9: the same from path lengths and $|y| \le \sqrt{n}$ alone",
    "beta_threshold_stated": r"Theorem 5: $\beta/n > 4\sqrt{C_{\mathrm{KL}}}/(\Lambda r_{\max})$",
    "C_KL_tau": r"Theorem 5, Step 9: constant of $\mathrm{KL}(\tau_t\,\|\,\tau_0)$",
    "C_KL_nu": r"Theorem 5, Step 9: constant of $\mathrm{KL}(\nu_t\,\|\,\nu_0)$",
    "C_KL": "Theorem 5: one constant for both",
    "C_KL_assumption3": (
        r"Step 7: $\mathrm{KL}(\tau_t\,\|\,\tau_0) \le Cn/(\lambda_0\beta)$ under Assumption 3 alone; the "
        r"first power only"
    ),
    "KL_bound_stated": r"Theorem 5: the bound of both divergences with $\Lambda$ = Lambda_HG",
    "KL_bound_coarse": r"Theorem 5: the bound of both divergences with $\lambda_0$ of the data",
    "KL_bound_tau": r"Step 9: $\mathrm{KL}(\tau_t\,\|\,\tau_0)$ from the Polyak-Lojasiewicz length",
    "KL_bound_nu": r"Step 9: $\mathrm{KL}(\nu_t\,\|\,\nu_0)$, of order $\beta^{-4}$",
    "KL_leading_order": (
        r"Step 9: limit of $\beta^2\,\mathrm{KL}(\tau_\infty\,\|\,\tau_0)$ over $\beta^2$, as $\beta$ "
        r"grows"
    ),
    "KL_radius": "Step 12: one radius for both measures",
    "rademacher_encoder": "Step 10: part of the encoder",
    "rademacher": (
        r"Theorem 6, Step 10: Rademacher complexity over $\tau$, $\nu$ within the radii KL_bound_tau, "
        r"KL_bound_nu"
    ),
    "rademacher_coarse": "Step 11: leading part with the radius of Theorem 5, which grows with $n$",
    "rademacher_PL": (
        r"Step 11: leading part with the Polyak-Lojasiewicz radius, of order $n^{1/4}$ where $|y| = "
        r"\sqrt{n}$"
    ),
    "rademacher_leading": r"Step 11: leading part with the limit of $\beta^2\,\mathrm{KL}$",
    "confidence": r"Step 12: $\log(2/\delta)$",
    "strata": r"Step 12: price, beside $\log(2/\delta)$, of a radius that the sample decides",
    "generalization_bound": (
        r"Theorem 6, Step 12: bound of $\mathbb{E}[\ell_{0\text{-}1}]$ with probability $1 - \delta$; says "
        r"nothing from 1 on"
    ),
    "generalization_bound_data": "Step 12: the same for a radius that the sample decides; says nothing from 1 on",
}
"""What each constant is, in the words of reports; "Step k" is a section of the derivations in the docs."""
