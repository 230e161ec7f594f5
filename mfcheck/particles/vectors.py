# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"
"""Operations of the time integration on whole states, one pass over memory each.

Part of the generated modules (`codegen` appends this file to the kernels), so that their machine code
is kept with theirs. Sums run over fixed blocks in a fixed order.
"""

import numpy as np
from numba import njit, prange

from mfcheck.particles.simd import fma, internal, lane, load, spread, store, with_lane

PARALLEL = False
# --- vectors ---
SLICE = 8192  # doubles per unit of parallel work


@internal
def _combine_slice(y, slopes, order, weights, count, begin, end, out):
    size = y.size
    at = begin
    while at + 8 <= end:
        total = load(y, at)
        for s in range(count):
            total = fma(spread(weights[s]), load(slopes, order[s] * size + at), total)
        store(out, at, total)
        at += 8
    for k in range(at, end):
        total = spread(y[k])
        for s in range(count):
            total = fma(spread(weights[s]), spread(slopes[order[s] * size + k]), total)
        out[k] = lane(total, 0)


@njit(error_model="numpy", nogil=True, parallel=PARALLEL, cache=True)
def combine(y, slopes, order, weights, count, out):
    """Write `y + sum_s weights[s] slopes[order[s]]`, over the first `count` slopes, to `out`."""
    slices = (y.size + SLICE - 1) // SLICE
    for index in prange(slices):
        begin = index * SLICE
        _combine_slice(y, slopes, order, weights, count, begin, min(begin + SLICE, y.size), out)


@internal
def _square_slice(a, b, slopes, order, weights, begin, end, sums, row):
    size = a.size
    zero = spread(0.0)
    moved, error, first, second, third, fourth = zero, zero, zero, zero, zero, zero
    w1, w2, w3, w4 = spread(weights[0]), spread(weights[1]), spread(weights[2]), spread(weights[3])
    o1, o2, o3, o4 = order[0] * size, order[1] * size, order[2] * size, order[3] * size
    at = begin
    while at < end:
        if at + 8 <= end:
            change = load(a, at) - load(b, at)
            k1, k2 = load(slopes, o1 + at), load(slopes, o2 + at)
            k3, k4 = load(slopes, o3 + at), load(slopes, o4 + at)
            at += 8
        else:
            change = with_first(a[at] - b[at])
            k1, k2 = with_first(slopes[o1 + at]), with_first(slopes[o2 + at])
            k3, k4 = with_first(slopes[o3 + at]), with_first(slopes[o4 + at])
            at += 1
        e = fma(w4, k4, fma(w3, k3, fma(w2, k2, w1 * k1)))
        moved, error = fma(change, change, moved), fma(e, e, error)
        first, second = fma(k1, k1, first), fma(k2, k2, second)
        third, fourth = fma(k3, k3, third), fma(k4, k4, fourth)
    for column, total in enumerate((moved, error, first, second, third, fourth)):
        result = 0.0
        for j in range(8):
            result += lane(total, j)
        sums[row, column] = result


@internal
def with_first(value):
    """Return eight doubles, the first given, the others 0."""
    return with_lane(spread(0.0), 0, value)


@njit(error_model="numpy", nogil=True, parallel=PARALLEL, cache=True)
def squares(a, b, slopes, order, weights, segments, out):
    """Sum squares over each segment of a state, `out (segments, 6)`.

    Columns: `a - b`, `sum_s weights[s] slopes[order[s]]`, and each of the four slopes. Segment j runs
    from `segments[j]` to `segments[j + 1]`.
    """
    count = segments.size - 1
    for j in range(count):
        begin, end = segments[j], segments[j + 1]
        slices = (end - begin + SLICE - 1) // SLICE
        sums = np.empty((slices, 6))
        for index in prange(slices):
            start = begin + index * SLICE
            _square_slice(a, b, slopes, order, weights, start, min(start + SLICE, end), sums, index)
        for column in range(6):
            total = 0.0
            for index in range(slices):
                total += sums[index, column]
            out[j, column] = total
