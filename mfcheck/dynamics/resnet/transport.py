"""Distances between particle measures: bounds of W2 from both sides, and W2 itself.

For two sets of equal weights `A (D, M)`, `B (D, M)`:

- `pairing`: the root mean square of `|A_k - B_k|`, the cost of one coupling, hence an upper bound;
- `exact`: the least such cost over permutations, W2 of the two empirical measures;
- `gelbrich`: from means and covariances, a lower bound (M. Gelbrich, Math. Nachr. 147 (1990) 185-203);
- `sliced`: the largest distance of projections to lines, a lower bound.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from mfcheck.dynamics.resnet.problem import Array
from mfcheck.dynamics.resnet.state import State
from mfcheck.errors import InputError

LARGEST_ASSIGNMENT = 4096
DIRECTIONS = 128
_ROUNDING = 1e-14
"""Relative rounding of a trace of products, a dimension."""


@dataclass(frozen=True)
class Distances:
    """Bounds `lower <= W2 <= upper` of two empirical measures, and W2 if it was computed."""

    lower: float
    upper: float
    exact: float | None


def _pair(A: Array, B: Array) -> tuple[Array, Array]:
    A, B = np.asarray(A, dtype=np.float64), np.asarray(B, dtype=np.float64)
    if A.ndim != 2 or A.shape != B.shape or A.size == 0:
        raise InputError(f"two particle arrays (D, M) are needed, not {A.shape} and {B.shape}")
    if not (np.isfinite(A).all() and np.isfinite(B).all()):
        raise InputError("particles must be finite")
    return A, B


def _centred(A: Array, B: Array) -> tuple[Array, Array]:
    """Move both clouds so that the first particle of A lies at the origin, which changes no distance."""
    return A - A[:, :1], B - A[:, :1]


def pairing(A: Array, B: Array) -> float:
    """Return the root mean square displacement of particles with the same index.

    Raises:
        InputError: the arrays are not two finite arrays `(D, M)` of the same shape.
    """
    A, B = _pair(A, B)
    return float(np.sqrt(((A - B) ** 2).sum(axis=0).mean()))


def exact(A: Array, B: Array) -> float:
    """Return W2 of the two empirical measures, by optimal assignment in `O(M^3)`.

    Raises:
        InputError: as for `pairing`, or more than 4096 particles.
    """
    A, B = _pair(A, B)
    if A.shape[1] > LARGEST_ASSIGNMENT:
        raise InputError(f"W2 is computed for at most {LARGEST_ASSIGNMENT} particles")
    # Differences first: squared norms cancel where the clouds are far from the origin.
    rows, columns = linear_sum_assignment(cdist(A.T, B.T, "sqeuclidean"))
    return pairing(A[:, rows], B[:, columns])


def gelbrich(A: Array, B: Array) -> float:
    """Return the lower bound `|m_A - m_B|^2 + tr(S_A + S_B - 2 (S_A^1/2 S_B S_A^1/2)^1/2)`, its root.

    What rounding may have added to the square is taken off, so that equal measures give zero.

    Raises:
        InputError: as for `pairing`.
    """
    A, B = _centred(*_pair(A, B))
    mean_A, mean_B = A.mean(axis=1), B.mean(axis=1)
    S_A, S_B = np.atleast_2d(np.cov(A, bias=True)), np.atleast_2d(np.cov(B, bias=True))
    values, vectors = np.linalg.eigh(S_A)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    cross = np.linalg.eigvalsh(root @ S_B @ root)
    square = ((mean_A - mean_B) ** 2).sum() + np.trace(S_A) + np.trace(S_B)
    size = (mean_A**2 + mean_B**2).sum() + np.trace(S_A) + np.trace(S_B)
    # An eigenvalue near zero may be rounded to zero, and its root is not small.
    lost = _ROUNDING * len(A) * np.trace(S_A) * np.trace(S_B)
    rest = square - 2 * np.sqrt(np.maximum(cross, 0.0) + lost).sum() - _ROUNDING * len(A) * size
    return float(np.sqrt(max(0.0, rest)))


def sliced(A: Array, B: Array, seed: int = 0) -> float:
    """Return the largest W2 of projections to 128 random lines, the axes and the mean displacement.

    A projection shortens every displacement, so each is a lower bound. In one dimension the optimal
    coupling sorts.

    Raises:
        InputError: as for `pairing`.
    """
    A, B = _centred(*_pair(A, B))
    D = A.shape[0]
    lines = np.random.default_rng(seed).normal(size=(DIRECTIONS, D))
    principal = np.linalg.svd(A - B, full_matrices=False)[0].T
    lines = np.concatenate([lines, np.eye(D), principal])
    lines /= np.linalg.norm(lines, axis=1, keepdims=True)
    on_A, on_B = np.sort(lines @ A, axis=1), np.sort(lines @ B, axis=1)
    rounding = (D + 4) * 2.0**-52 * max(float(np.abs(A).max()), float(np.abs(B).max()))
    found = float(np.sqrt(((on_A - on_B) ** 2).mean(axis=1).max()))
    return float(max(0.0, found * (1 - 2.0**-45) - rounding))


def distances(A: Array, B: Array, *, assignment: bool | None = None) -> Distances:
    """Return bounds of W2, and W2 itself if `assignment` (default: for at most 1024 particles).

    Raises:
        InputError: as for `exact`.
    """
    A, B = _pair(A, B)
    assignment = A.shape[1] <= 1024 if assignment is None else assignment
    found = exact(A, B) if assignment else None
    upper = pairing(A, B) if found is None else min(found, pairing(A, B))
    return Distances(min(upper, max(gelbrich(A, B), sliced(A, B))), upper, found)


def state_distances(
    state: State, other: State, *, assignment: bool | None = None
) -> tuple[Distances, tuple[Distances, ...]]:
    """Return the distances of two states: of the decoders, and of each encoder layer.

    Raises:
        InputError: as for `exact`, or different depths.
    """
    if state.nu.shape != other.nu.shape:
        raise InputError("states of different depth or width cannot be compared")
    tau = distances(state.tau, other.tau, assignment=assignment)
    return tau, tuple(
        distances(a, b, assignment=assignment) for a, b in zip(state.nu, other.nu, strict=True)
    )
