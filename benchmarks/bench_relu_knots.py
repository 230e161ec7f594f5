"""The dual of `relu-knots` for six data: certified by the closed form, against SciPy with quadrature over the circle.

Usage: `python benchmarks/bench_relu_knots.py`. Equal results first; then the ratio of the times, both in one run.
"""

import time
from fractions import Fraction

import numpy as np
from scipy.optimize import minimize

from mfcheck_proofs.relu_knots.gibbs import minimiser

X = tuple(map(Fraction, ("-3", "-1.5", "-0.5", "0.4", "1.6", "3")))
Y = tuple(map(Fraction, ("-1", "0.6", "-0.7", "0.9", "-0.2", "1")))
LAM, BETA, NODES = Fraction(1, 5), Fraction(20), 200


def by_quadrature() -> np.ndarray:
    """Maximise D in floats, with Gauss-Legendre nodes on each arc between kinks."""
    x, y, lam, beta = np.array(X, float), np.array(Y, float), float(LAM), float(BETA)
    kinks = np.sort(np.concatenate([-np.arctan(x), np.pi - np.arctan(x)]))
    ends = np.append(kinks, kinks[0] + 2 * np.pi)
    node, weight = np.polynomial.legendre.leggauss(NODES)
    half = np.diff(ends)[:, None] / 2
    phi = (half * node + (ends[:-1, None] + ends[1:, None]) / 2).ravel()
    weights = (half * weight).ravel()
    rows = np.maximum(np.cos(phi)[:, None] * x + np.sin(phi)[:, None], 0)

    def negative(u: np.ndarray) -> tuple[float, np.ndarray]:
        p = rows @ u
        gap = 1 - p**2 / lam**2
        if np.min(gap) <= 0:
            return np.inf, np.zeros_like(u)
        Q = weights @ (1 / gap)
        slope = rows.T @ (weights * 2 * p / lam**2 / gap**2)
        M = len(y)
        return u @ y + M / 2 * u @ u + np.log(Q) / beta, y + M * u + slope / (beta * Q)

    return minimize(negative, np.zeros(len(x)), jac=True, method="BFGS", options={"gtol": 1e-10}).x


def main() -> None:
    """Compare and time."""
    start = time.perf_counter()
    found = minimiser(X, Y, LAM, BETA, 12)
    ours = time.perf_counter() - start
    start = time.perf_counter()
    floats = by_quadrature()
    theirs = time.perf_counter() - start
    apart = max(abs(float(u.mid()) - v) for u, v in zip(found.u, floats, strict=True))
    assert apart < 1e-7, apart
    width = max(float(u.rad()) for u in found.u)
    print(f"six data, u to {width:.1e} certified in {ours:.3f} s; floats in {theirs:.3f} s")
    print(f"ratio {theirs / ours:.2f}, largest difference {apart:.1e}")


if __name__ == "__main__":
    main()
