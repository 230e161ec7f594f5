"""The symbols of arXiv 2403.09889, in one place: formulas of claims and constants are written over them.

What a symbol stands for is said by the `Parameter` or the `Constant` that carries it.
"""

import sympy as sp


def _positive(name: str) -> sp.Symbol:
    return sp.Symbol(name, positive=True)


# Data
n, d = sp.symbols("n d", positive=True, integer=True)
C_max = sp.Symbol("C_max", real=True)
y_norm = _positive("Y")

# Network, training, final bound
alpha = sp.Symbol("alpha", nonnegative=True)
beta = _positive("beta")
L = sp.Symbol("L", positive=True, integer=True)
t = sp.Symbol("t", nonnegative=True)
gamma, delta = _positive("gamma"), _positive("delta")

# Activation: Hermite coefficients, suprema of derivatives, the constants of Assumption 3
r = sp.Symbol("r", nonnegative=True, integer=True)
mu_r = sp.Symbol("mu_r", real=True)
c = sp.Symbol("c", real=True)
B_0, B_1, B_2, B_3 = (_positive(f"B_{k}") for k in range(4))
B_g = _positive("B_g")
C_1, C_3 = _positive("C_1"), _positive("C_3")

# Smallest eigenvalues, and the quadratic forms of the leading order
lambda_0, lambda_a = _positive("lambda_0"), _positive("lambda_a")
Lambda = _positive("Lambda")

# Radii of the bootstrap
r_max = _positive("r_max")
betabar = _positive("betabar")

# Network sizes, training time, and the index of a Hermite expansion
L = sp.Symbol("L", positive=True, integer=True)
M = sp.Symbol("M", positive=True, integer=True)
t = sp.Symbol("t", nonnegative=True)
k = sp.Symbol("k", nonnegative=True, integer=True)
c = sp.Symbol("c", real=True)
