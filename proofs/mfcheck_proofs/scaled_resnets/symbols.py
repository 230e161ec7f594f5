"""The symbols of arXiv 2403.09889, in one place; all positive.

Every formula of the paper's package is written over these symbols. What a symbol stands for is said by the
`Parameter` or the `Constant` that carries it.
"""

import sympy as sp


def _positive(name: str) -> sp.Symbol:
    return sp.Symbol(name, positive=True)


# Sizes of the data
n = _positive("n")
d = _positive("d")
C_max = _positive("C_max")
y_norm = _positive("|y|")

# Parameters of the network, of training and of the final bound
alpha = _positive("alpha")
beta = _positive("beta")
gamma = _positive("gamma")
delta = _positive("delta")

# The activation: suprema of its derivatives, and the constants of Assumption 3
B_0, B_1, B_2, B_3 = (_positive(f"B_{k}") for k in range(4))
B_g = _positive("B_g")
C_1 = _positive("C_1")
C_3 = _positive("C_3")

# Smallest eigenvalues
lambda_0 = _positive("lambda_0")
lambda_a = _positive("lambda_a")
Lambda = _positive("Lambda")
betabar = _positive("betabar")

# Radii of the argument
r = _positive("r")
m = _positive("m")
r_max = _positive("r_max")
