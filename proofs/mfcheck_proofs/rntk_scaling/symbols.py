"""The symbols of arXiv 2403.04545, in one place."""

import sympy as sp

L, m, n, d = sp.symbols("L m n d", positive=True, integer=True)
alpha = sp.Symbol("alpha", nonnegative=True)
gamma = sp.Symbol("gamma", nonnegative=True)
gamma_slow, gamma_fast = sp.symbols("gamma_s gamma_f", nonnegative=True)
epsilon, delta = sp.symbols("epsilon delta", positive=True)

# One layer: correlation rho, its images under the arc-cosine functions, share a of the residual branch
rho = sp.Symbol("rho", real=True)
k0, k1 = sp.symbols("k_0 k_1", real=True)
a = sp.Symbol("a", nonnegative=True)

# Distances: c = |x - x'|, s = 1/c, and the clock lambda = kappa L with kappa = a/(3 pi)
c, s_0 = sp.symbols("c s_0", positive=True)
kappa = sp.Symbol("kappa", positive=True)
lam = sp.Symbol("lambda", positive=True)
T = sp.Symbol("T", positive=True)
