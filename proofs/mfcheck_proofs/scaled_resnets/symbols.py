"""The paper's symbols, in one place: formulas of claims and constants are written in them."""

import sympy as sp

n, d = sp.symbols("n d", positive=True, integer=True)
alpha = sp.Symbol("alpha", nonnegative=True)
beta = sp.Symbol("beta", positive=True)
lambda_0 = sp.Symbol("lambda_0", positive=True)
t = sp.Symbol("t", nonnegative=True)
r = sp.Symbol("r", nonnegative=True, integer=True)
mu_r = sp.Symbol("mu_r", real=True)
c = sp.Symbol("c", real=True)
C_1 = sp.Symbol("C_1", positive=True)
C_max = sp.Symbol("C_max", real=True)
