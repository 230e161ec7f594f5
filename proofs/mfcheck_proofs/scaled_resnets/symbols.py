"""The symbols of arXiv 2403.09889, in one place: formulas of claims and constants are written over them.

What a symbol stands for is said by the `Parameter` or the `Constant` that carries it.
"""

import sympy as sp


def _positive(name: str) -> sp.Symbol:
    return sp.Symbol(name, positive=True)


# Data
n, d = sp.symbols("n d", positive=True, integer=True)
C_max = sp.Symbol("C_max", real=True)
n_max = _positive("n_max")
y_norm = sp.Symbol("|y|", nonnegative=True)
ramp = sp.Symbol("ell_gamma", nonnegative=True)

# Network, training, final bound
alpha = sp.Symbol("alpha", nonnegative=True)
beta = _positive("beta")
L, M = sp.symbols("L M", positive=True, integer=True)
t = sp.Symbol("t", nonnegative=True)
gamma, delta = _positive("gamma"), _positive("delta")

# Activation: index and coefficients of the Hermite expansion, suprema of derivatives, constants of Assumption 3
r = sp.Symbol("r", nonnegative=True, integer=True)
k = sp.Symbol("k", nonnegative=True, integer=True)
mu_r = sp.Symbol("mu_r", real=True)
c = sp.Symbol("c", real=True)
B_0, B_1, B_2, B_3 = (_positive(f"B_{j}") for j in range(4))
B_g = _positive("B_g")
C_1 = _positive("C_1")
C_3 = sp.Symbol("C_3", nonnegative=True)

# Smallest eigenvalues, and the quadratic forms of the leading order
lambda_0, lambda_a, Lambda = _positive("lambda_0"), _positive("lambda_a"), _positive("Lambda")
Q_m = sp.Symbol("Q_m", nonnegative=True)
Q_KL = sp.Symbol("Q_KL", nonnegative=True)

# The radius within which lambda_min(G2) keeps half of its value, and the route to it
R, kappa, gap = _positive("R"), _positive("kappa"), _positive("g")
r_1, r_a, r_max, r_A = _positive("r_1"), _positive("r_a"), _positive("r_max"), _positive("r_A")
D_1 = sp.Symbol("D_1", nonnegative=True)
S_1, F_1 = _positive("S_1"), _positive("F_1")

# Bounds inside that radius
D, P = sp.Symbol("D", nonnegative=True), _positive("P")
S, Gbar = _positive("S"), _positive("Gbar")
I_e = sp.Symbol("I_e", nonnegative=True)
K_a, K_p, K = _positive("K_a"), _positive("K_p"), _positive("K")
