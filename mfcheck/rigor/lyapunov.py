"""The Lyapunov equation `A X + X A = C` of symmetric matrices, enclosed."""

import numpy as np
from flint import arb, arb_mat


def solve_lyapunov(A: arb_mat, C: arb_mat, lowest: arb) -> arb_mat:
    """Enclose the symmetric X with `A X + X A = C`, shape (n, n) as A and C; not finite unless `lowest > 0` is certain.

    It is solved in double precision; `X -> A X + X A` stretches the Frobenius norm by `2 lambda_min(A)` at least, so
    that the residual over that bounds the error.

    Args:
        A: symmetric and positive definite.
        C: symmetric.
        lowest: lambda_min(A), enclosed or bounded from below.
    """
    left, right = (np.array([[float(x.mid()) for x in row] for row in M.tolist()]) for M in (A, C))
    values, vectors = np.linalg.eigh(left)
    near = vectors @ (vectors.T @ right @ vectors / np.add.outer(values, values)) @ vectors.T
    X = arb_mat(((near + near.T) / 2).tolist())
    if not lowest > 0:
        return X * arb.nan()
    residual = A * X + X * A - C
    square = sum((abs(entry).upper() ** 2 for entry in residual.entries()), arb(0))
    radius = (square.sqrt() / (2 * lowest)).upper()
    return X + arb_mat(X.nrows(), X.ncols(), [arb(0, radius)] * (X.nrows() * X.ncols()))
