"""Certified lambda_min of a 1000 x 1000 kernel matrix, as a multiple of `numpy.linalg.eigvalsh`.

Run: `python benchmarks/bench_eigen.py [n]`. Both sides are timed in turn in the same run; the ratio of the
medians is printed, with the certified enclosure.
"""

import sys
from statistics import median
from time import perf_counter

import numpy as np

from mfcheck.rigor.eigen import FloatMatrix, certified_lambda_min


def kernel_matrix(n: int, d: int) -> FloatMatrix:
    """The erf kernel (cA)', A = (2/pi) asin(4c/5), of n uniform points on S^(d-1), radii 1e-15."""
    points = np.random.default_rng(0).standard_normal((n, d))
    points /= np.linalg.norm(points, axis=1)[:, None]
    c = np.minimum((1 + points @ points.T) / 2, 1.0)
    c = (c + c.T) / 2
    s = 0.8 * c
    mid = 2 / np.pi * (np.arcsin(s) + s / np.sqrt(1 - s * s))
    return FloatMatrix(mid, np.full((n, n), 1e-15))


def main(n: int) -> None:
    matrix = kernel_matrix(n, 10)
    ours, theirs = [], []
    for _ in range(9):
        start = perf_counter()
        np.linalg.eigvalsh(matrix.mid)
        middle = perf_counter()
        found = certified_lambda_min(matrix)
        ours.append(perf_counter() - middle)
        theirs.append(middle - start)
    print(f"n={n}  certified / eigvalsh = {median(ours) / median(theirs):.2f}")
    print(f"route {found.method}: [{found.lower.str(10)}, {found.upper.str(10)}]")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
