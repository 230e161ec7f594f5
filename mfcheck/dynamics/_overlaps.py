# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"
"""Compiled order-parameter equations of erf committee machines; see `overlaps` for the meaning of all arrays."""

import math

import numpy as np
from numba import njit

from mfcheck.dynamics.resnet.elementary import atan
from mfcheck.dynamics.resnet.simd import fma, internal, lane, load, root, spread, where_less

TINY = 1e-300


@njit(cache=True, error_model="numpy")
def risk(C, g):
    """Return half the mean squared output of the signed sum of units, without label noise."""
    n = g.size
    total = 0.0
    for a in range(n):
        for b in range(n):
            size = math.sqrt((1 + C[a, a]) * (1 + C[b, b]))
            total += g[a] * g[b] * math.asin(min(1.0, max(-1.0, C[a, b] / size)))
    return total / math.pi


@njit(cache=True, error_model="numpy")
def _pulls(C, g, j, m):
    """Return `sum_a g_a I3(j, m, a)`."""
    n = g.size
    own, cross, total = 1 + C[j, j], C[j, m], 0.0
    for a in range(n):
        to = C[j, a]
        total += g[a] * (C[m, a] * own - cross * to) / math.sqrt(own * (1 + C[a, a]) - to * to)
    return 2 / math.pi * total / own


@internal
def _arcsines(C, g, work, at, width, j, m):
    """Return `sum_ab g_a g_b I4(j, m, a, b)` and `J2(j, m)`; `work[at:]` is scratch, padded with zeros.

    With `u`, `v` the rows of the two derivatives, `L0(a, b)` is `L4 C_ab` minus a form in `(u_a, v_a)` and
    `(u_b, v_b)`, and L1, L2 are its diagonal with `1 + C_aa`. The arcsine is taken as an arctangent.
    """
    n = g.size
    first, second, cross = 1 + C[j, j], 1 + C[m, m], C[j, m]
    det = first * second - cross * cross
    x, y, inverse, weight, matrix = at, at + width, at + 2 * width, at + 3 * width, at + 4 * width
    for a in range(n):
        u, v = C[j, a], C[m, a]
        form = v * v * first + u * u * second - 2 * cross * u * v
        # the part of C that is not explained by the two derivatives, up to det
        work[x + a] = u * second - cross * v
        work[y + a] = v * first - cross * u
        work[inverse + a] = det * (1 + C[a, a]) - form
    total = 0.0
    for a in range(n):
        u, v, mine = C[j, a], C[m, a], work[inverse + a]
        vector = spread(0.0)
        for b in range(0, width, 8):
            joint = det * load(work, matrix + a * width + b)
            joint = joint - fma(load(work, x + b), u, v * load(work, y + b))
            rest = fma(load(work, inverse + b), mine, -(joint * joint))
            rest = where_less(rest, TINY, TINY, rest)
            vector = fma(load(work, weight + b), atan(joint / root(rest)), vector)
        part = 0.0
        for i in range(8):
            part += lane(vector, i)
        total += g[a] * part
    size = math.sqrt(det)
    return 4 / (math.pi**2 * size) * total, 2 / (math.pi * size)


@njit(cache=True, error_model="numpy")
def slope(C, g, p, first, second, label, work, out):
    """Write the time derivative of the overlaps `C (n, n)` to `out`; rows and columns of teachers stay."""
    n = g.size
    width = 8 * ((n + 7) // 8)
    bracket = second != 0 or label != 0
    if bracket:
        work[:] = 0.0
        for a in range(n):
            work[3 * width + a] = g[a]
            for b in range(n):
                work[(4 + a) * width + b] = C[a, b]
            for b in range(n, width):
                work[2 * width + b] = 1.0
    for j in range(p):
        for r in range(p, n):
            out[j, r] = -first * _pulls(C, g, j, r)
            out[r, j] = out[j, r]
        for m in range(j + 1):
            change = -first * (_pulls(C, g, j, m) + _pulls(C, g, m, j))
            if bracket:
                four, two = _arcsines(C, g, work, 0, width, j, m)
                change += second * four + label * two
            out[j, m] = change
            out[m, j] = change


@njit(cache=True, error_model="numpy", nogil=True)
def euler(C, g, p, first, second, label, step, count):
    """Take Euler steps, in place."""
    width = 8 * ((g.size + 7) // 8)
    work, change = np.zeros((4 + g.size) * width), np.zeros_like(C)
    for _ in range(count):
        slope(C, g, p, first, second, label, work, change)
        for a in range(g.size):
            for b in range(g.size):
                C[a, b] += step * change[a, b]


@njit(cache=True, error_model="numpy", nogil=True)
def runge_kutta(C, g, p, first, second, label, step, count):
    """Take steps of the classical scheme of order four, in place."""
    width = 8 * ((g.size + 7) // 8)
    work = np.zeros((4 + g.size) * width)
    k1, k2, k3, k4 = np.zeros_like(C), np.zeros_like(C), np.zeros_like(C), np.zeros_like(C)
    for _ in range(count):
        slope(C, g, p, first, second, label, work, k1)
        slope(C + 0.5 * step * k1, g, p, first, second, label, work, k2)
        slope(C + 0.5 * step * k2, g, p, first, second, label, work, k3)
        slope(C + step * k3, g, p, first, second, label, work, k4)
        C += step / 6 * (k1 + 2 * (k2 + k3) + k4)
