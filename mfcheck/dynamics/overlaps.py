"""Order-parameter equations of one-pass SGD for two-layer networks with activation `erf(z / sqrt 2)`.

Units are p students, then k teachers, with preactivations of covariance `C (n, n)`, n = p + k; g holds the weight of
each in the error, 1/p for students and -1/k for teachers. All integrals are over centred Gaussians:

    I2 = E phi(1) phi(2),  I3 = E phi'(1) l_2 phi(3),  I4 = E phi'(1) phi'(2) phi(3) phi(4),  J2 = E phi'(1) phi'(2).

The equations, with `Rule` holding their coefficients, are

    dM_jr = -first sum_a g_a I3(j, r, a),
    dQ_jl = -first sum_a g_a [I3(j, l, a) + I3(l, j, a)] + second sum_ab g_a g_b I4(j, l, a, b) + label J2(j, l),

and the risk is `(1/2) sum_ab g_a g_b I2(a, b)` (Saad and Solla 1995; Veiga et al. 2022).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfcheck.dynamics import _overlaps
from mfcheck.errors import InputError

Array = NDArray[np.float64]
Scheme = Literal["euler", "rk4"]

_STEPPERS = {"euler": _overlaps.euler, "rk4": _overlaps.runge_kutta}


def i2(C: Array) -> float:
    """Return `E phi(l_1) phi(l_2)` for covariance C (2, 2)."""
    return 2 / math.pi * _asin(C[0, 1] / math.sqrt((1 + C[0, 0]) * (1 + C[1, 1])))


def j2(C: Array) -> float:
    """Return `E phi'(l_1) phi'(l_2)` for covariance C (2, 2)."""
    return float(2 / math.pi / math.sqrt((1 + C[0, 0]) * (1 + C[1, 1]) - C[0, 1] ** 2))


def i3(C: Array) -> float:
    """Return `E phi'(l_1) l_2 phi(l_3)` for covariance C (3, 3)."""
    own = 1 + C[0, 0]
    size = own * math.sqrt(own * (1 + C[2, 2]) - C[0, 2] ** 2)
    return float(2 / math.pi * (C[1, 2] * own - C[0, 1] * C[0, 2]) / size)


def i4(C: Array) -> float:
    """Return `E phi'(l_1) phi'(l_2) phi(l_3) phi(l_4)` for covariance C (4, 4)."""
    first, second, cross = 1 + C[0, 0], 1 + C[1, 1], C[0, 1]
    det = first * second - cross**2

    def form(a: int, b: int) -> float:
        mixed = cross * (C[0, a] * C[1, b] + C[0, b] * C[1, a])
        return float(C[1, a] * C[1, b] * first + C[0, a] * C[0, b] * second - mixed)

    joint = det * C[2, 3] - form(2, 3)
    sizes = [det * (1 + C[a, a]) - form(a, a) for a in (2, 3)]
    return 4 / (math.pi**2 * math.sqrt(det)) * _asin(joint / math.sqrt(sizes[0] * sizes[1]))


def _asin(value: float) -> float:
    """Return the arcsine; rounding may lead slightly beyond 1."""
    return math.asin(min(1.0, max(-1.0, value)))


@dataclass(frozen=True)
class Rule:
    """Coefficients of the equations, see the module; a planted error replaces one.

    Attributes:
        first: of the drift, gamma/p; 0 in the orange regime.
        second: of the bracket, (gamma/p)^2; 0 in the green regime.
        label: of J2, (gamma/p)^2 Delta; 0 in the green regime.
        students: weight of a student in the error, 1/p.
        teachers: weight of a teacher in the error, -1/k.
    """

    first: float
    second: float
    label: float
    students: float
    teachers: float


def rule(p: int, k: int, gamma: float, noise: float) -> Rule:
    """Return the coefficients of the full equations (blue regime), with label noise of variance `noise`."""
    rate = float(gamma) / p
    return Rule(rate, rate**2, rate**2 * float(noise), 1 / p, -1 / k)


@dataclass(frozen=True, eq=False)
class Path:
    """Overlaps at the times asked for: Q (T, p, p), M (T, p, k), and the risk (T,)."""

    Q: Array
    M: Array
    risk: Array


def covariance(Q: ArrayLike, M: ArrayLike, P: ArrayLike) -> Array:
    """Return `[[Q, M], [M^T, P]]`; scalars are allowed for one unit.

    Raises:
        InputError: shapes do not fit.
    """
    q, m, t = (np.atleast_2d(np.asarray(part, dtype=np.float64)) for part in (Q, M, P))
    if q.shape != (len(q), len(q)) or t.shape != (len(t), len(t)) or m.shape != (len(q), len(t)):
        raise InputError("overlaps need shapes (p, p), (p, k) and (k, k)")
    return np.block([[q, m], [m.T, t]])


def overlaps_of(W: Array, teacher: Array) -> tuple[Array, Array, Array]:
    """Return Q, M, P of weights (p, d) and teachers (k, d): products over d."""
    d = W.shape[1]
    return W @ W.T / d, W @ teacher.T / d, teacher @ teacher.T / d


def weights(coefficients: Rule, p: int, k: int) -> Array:
    """Return the weights g (p + k,) of the units in the error."""
    return np.array([coefficients.students] * p + [coefficients.teachers] * k)


def risk(Q: ArrayLike, M: ArrayLike, P: ArrayLike, coefficients: Rule) -> float:
    """Return the risk at these overlaps."""
    C = covariance(Q, M, P)
    p = len(np.atleast_2d(np.asarray(Q)))
    return float(_overlaps.risk(C, weights(coefficients, p, len(C) - p)))


def velocity(Q: ArrayLike, M: ArrayLike, P: ArrayLike, coefficients: Rule) -> tuple[Array, Array]:
    """Return dQ/dt (p, p) and dM/dt (p, k)."""
    C = covariance(Q, M, P)
    p, n = len(np.atleast_2d(np.asarray(Q))), len(C)
    r, g, out = coefficients, weights(coefficients, p, n - p), np.zeros_like(C)
    work, pulls = _overlaps.scratch(g, p)
    _overlaps.slope(C, g, p, r.first, r.second, r.label, work, pulls, out)
    return out[:p, :p], out[:p, p:]


def evolve(
    Q: ArrayLike,
    M: ArrayLike,
    P: ArrayLike,
    coefficients: Rule,
    step: float,
    steps: Sequence[int],
    scheme: Scheme = "euler",
) -> Path:
    """Integrate the equations with a fixed step, and return overlaps and risk after these numbers of steps.

    Raises:
        InputError: shapes do not fit, or numbers of steps decrease.
    """
    C = covariance(Q, M, P)
    p, n = len(np.atleast_2d(np.asarray(Q))), len(C)
    g, r, found, done = weights(coefficients, p, n - p), coefficients, [], 0
    for mark in steps:
        if mark < done:
            raise InputError("numbers of steps must not decrease")
        _STEPPERS[scheme](C, g, p, r.first, r.second, r.label, float(step), mark - done)
        done = mark
        found.append((C[:p, :p].copy(), C[:p, p:].copy(), float(_overlaps.risk(C, g))))
    return Path(*(np.array(part) for part in zip(*found, strict=True)))


def one_student(
    Q: float,
    M: float,
    P: float,
    d: int,
    replicates: int,
    rng: np.random.Generator,
    marks: Sequence[int],
    gamma: float,
    noise: float,
) -> Array:
    """Return Q and M of runs of SGD itself, for p = k = 1, after numbers of steps: shape (replicates, marks, 2).

    A step moves the student by `gamma/sqrt(d)` times error, slope and input: `1/d` of time. The overlaps are a Markov
    chain: given them, the preactivations are Gaussian, and what is left of |x|^2 is chi-squared with d - 2 degrees of
    freedom. So runs have the exact law of SGD at every d, without vectors of that length.

    Raises:
        InputError: d is below 3.
    """
    if d < 3:
        raise InputError("a chain of overlaps needs d >= 3")
    out = np.empty((replicates, len(marks), 2))
    for run, own in zip(out, rng.spawn(replicates), strict=True):
        z = own.standard_normal((marks[-1], 4))
        z[:, 3] = own.chisquare(d - 2, marks[-1])
        start, scale = (float(Q), float(M), float(P)), math.sqrt(noise)
        _overlaps.one_student(*start, float(gamma), scale, d, z, np.array(marks), run)
    return out
