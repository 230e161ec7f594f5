# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"
"""Compiled order-parameter equations of erf committee machines; see `overlaps` for the meaning of all arrays."""

import math

import numpy as np
from numba import njit

from mfcheck.dynamics.resnet.elementary import ATAN
from mfcheck.dynamics.resnet.simd import (
    absolute,
    copysign,
    fma,
    internal,
    lane,
    load,
    root,
    spread,
    store,
    where_less,
)

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


@internal
def _arctangent(y, x):
    """Return the angle of `(x, y)` for positive x, with one division."""
    size = absolute(y)
    large, middle = where_less(2.414213562373095 * x, size, 1.0, 0.0), 0.41421356237309503 * x
    above = where_less(0.5, large, -x, where_less(middle, size, size - x, size))
    below = where_less(0.5, large, size, where_less(middle, size, size + x, x))
    offset = where_less(
        0.5, large, 1.5707963267948966, where_less(middle, size, 0.7853981633974483, 0.0)
    )
    t = above / below
    square = t * t
    p = spread(ATAN[0])
    for k in range(1, len(ATAN)):
        p = fma(p, square, ATAN[k])
    return copysign(fma(t, p, offset), y)


@internal
def _arcsines(C, work, width, j, m):
    """Return `sum_ab g_a g_b I4(j, m, a, b)` and `J2(j, m)`.

    With u, v the covariances of a unit with j and m, `L0(a, b)` is `L4 C_ab` minus a form in `(u_a, v_a)` and
    `(u_b, v_b)`, and L1, L2 are its diagonal with `1 + C_aa`. The arcsine is taken as an arctangent. Pairs `b <= a` are
    packed, one row after the other; what a row writes beyond its end, the next one overwrites.
    """
    n = C.shape[0]
    first, second, cross = 1 + C[j, j], 1 + C[m, m], C[j, m]
    det = first * second - cross * cross
    x, y, diagonal, matrix = 0, width, 2 * width, 3 * width
    pairs = n * (n + 1) // 2
    joints = (3 + n) * width
    rests, weights = joints + pairs + width, joints + 2 * (pairs + width)
    for a in range(n):
        u, v = C[j, a], C[m, a]
        work[x + a] = u * second - cross * v
        work[y + a] = v * first - cross * u
        form = u * work[x + a] + v * work[y + a]
        work[diagonal + a] = det * (1 + C[a, a]) - form
    at = 0
    for a in range(n):
        u, v, mine = C[j, a], C[m, a], work[diagonal + a]
        for b in range(0, a + 1, 8):
            joint = det * load(work, matrix + a * width + b)
            joint = joint - fma(load(work, x + b), u, v * load(work, y + b))
            store(work, joints + at + b, joint)
            store(work, rests + at + b, fma(load(work, diagonal + b), mine, -(joint * joint)))
        at += a + 1
    total = spread(0.0)
    for q in range(0, pairs, 8):
        rest = load(work, rests + q)
        angle = _arctangent(load(work, joints + q), root(where_less(rest, TINY, TINY, rest)))
        total = fma(load(work, weights + q), angle, total)
    found, size = 0.0, math.sqrt(det)
    for i in range(8):
        found += lane(total, i)
    return 4 / (math.pi**2 * size) * found, 2 / (math.pi * size)


@njit(cache=True, error_model="numpy")
def scratch(g, p):
    """Return the arrays that `slope` works with, p units being students; one holds the weights of pairs."""
    n = g.size
    width = 8 * ((n + 7) // 8)
    pairs = n * (n + 1) // 2
    work = np.zeros((3 + n) * width + 3 * (pairs + width))
    at = (3 + n) * width + 2 * (pairs + width)
    for a in range(n):
        for b in range(a + 1):
            work[at] = g[a] * g[b] * (1.0 if a == b else 2.0)
            at += 1
    return work, np.zeros((2 * p, n))


@njit(cache=True, error_model="numpy")
def slope(C, g, p, first, second, label, work, pulls, out):
    """Write the time derivative of the overlaps `C (n, n)` to `out`; rows and columns of teachers stay.

    `work` and `pulls` are those of `scratch`; `sum_a g_a I3(j, m, a)` is split into what depends on j alone and a sum.
    """
    n = g.size
    width = 8 * ((n + 7) // 8)
    bracket = second != 0 or label != 0
    if bracket:
        for a in range(n):
            for b in range(n):
                work[(3 + a) * width + b] = C[a, b]
    for j in range(p):
        own = 1 + C[j, j]
        pulls[p + j, 0] = 0.0
        for a in range(n):
            to = C[j, a]
            share = 2 / math.pi * g[a] / math.sqrt(own * (1 + C[a, a]) - to * to)
            pulls[j, a] = share
            pulls[p + j, 0] += share * to / own
    for j in range(p):
        for m in range(n):
            if p > m > j:
                continue
            change = 0.0
            for a in range(n):
                change += pulls[j, a] * C[m, a]
            change -= pulls[p + j, 0] * C[j, m]
            if m < p:
                for a in range(n):
                    change += pulls[m, a] * C[j, a]
                change -= pulls[p + m, 0] * C[m, j]
            change *= -first
            if bracket and m < p:
                four, two = _arcsines(C, work, width, j, m)
                change += second * four + label * two
            out[j, m] = change
            out[m, j] = change


@njit(cache=True, error_model="numpy", nogil=True)
def euler(C, g, p, first, second, label, step, count):
    """Take Euler steps, in place."""
    work, pulls = scratch(g, p)
    change = np.zeros_like(C)
    for _ in range(count):
        slope(C, g, p, first, second, label, work, pulls, change)
        for a in range(g.size):
            for b in range(g.size):
                C[a, b] += step * change[a, b]


@njit(cache=True, error_model="numpy", nogil=True)
def runge_kutta(C, g, p, first, second, label, step, count):
    """Take steps of the classical scheme of order four, in place."""
    work, pulls = scratch(g, p)
    k1, k2, k3, k4 = np.zeros_like(C), np.zeros_like(C), np.zeros_like(C), np.zeros_like(C)
    for _ in range(count):
        slope(C, g, p, first, second, label, work, pulls, k1)
        slope(C + 0.5 * step * k1, g, p, first, second, label, work, pulls, k2)
        slope(C + 0.5 * step * k2, g, p, first, second, label, work, pulls, k3)
        slope(C + step * k3, g, p, first, second, label, work, pulls, k4)
        C += step / 6 * (k1 + 2 * (k2 + k3) + k4)


@njit(cache=True)
def one_student(q, m, p, step, noise, d, z, marks, out):
    """Write Q and M of one student after numbers of steps of SGD; see `overlaps.one_student`.

    Row t of z drives step t: three standard normal numbers, then chi-squared with d - 2 degrees of freedom.
    """
    done = 0
    for k in range(len(marks)):
        for t in range(done, marks[k]):
            # The student's preactivation, then the teacher's given it; the rest of |x|^2 is chi-squared.
            a = np.sqrt(q) * z[t, 0]
            rest = np.sqrt(max(p - m * m / q, 0.0))
            b = m / q * a + rest * z[t, 1]
            error = math.erf(b / np.sqrt(2.0)) - math.erf(a / np.sqrt(2.0)) + noise * z[t, 2]
            move = step * error * np.sqrt(2 / np.pi) * np.exp(-a * a / 2) / d
            q += 2 * move * a + move * move * (z[t, 0] ** 2 + z[t, 1] ** 2 + z[t, 3])
            m += move * b
        done = marks[k]
        out[k, 0], out[k, 1] = q, m
