# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"
"""Operations of the time integration on whole states, one pass over memory each.

States and slopes are rows of one flat array `rows (R * size)`. Part of the generated modules (`codegen`
appends this file to the kernels), so that their machine code is kept with theirs. Sums run over fixed
slices in a fixed order.
"""

import numpy as np
from numba import njit, prange

from mfcheck.dynamics.resnet.simd import fma, internal, lane, load, spread, store, with_lane

PARALLEL = False
# --- vectors ---
SLICE = 8192  # doubles per unit of parallel work


@internal
def _single(value):
    """Return eight doubles, the first given, the others 0."""
    return with_lane(spread(0.0), 0, value)


@internal
def _combine_slice(rows, size, order, weights, begin, end, target):
    for at in range(begin, end, 8):
        whole = at + 8 <= end
        for k in range(at, at + 8 if whole else end, 8 if whole else 1):
            total = spread(0.0)
            for s in range(order.size):
                place = order[s] * size + k
                value = load(rows, place) if whole else _single(rows[place])
                total = fma(spread(weights[s]), value, total)
            if whole:
                store(rows, target * size + k, total)
            else:
                rows[target * size + k] = lane(total, 0)


@njit(error_model="numpy", nogil=True, parallel=PARALLEL, cache=True)
def combine(rows, size, order, weights, target):
    """Write `sum_s weights[s] rows[order[s]]` to row `target`, which may be one of them."""
    slices = (size + SLICE - 1) // SLICE
    for index in prange(slices):
        begin = index * SLICE
        _combine_slice(rows, size, order, weights, begin, min(begin + SLICE, size), target)


@internal
def _square_slice(rows, size, new, old, order, weights, begin, end, sums, index):
    zero = spread(0.0)
    moved, error, first, second, third, fourth = zero, zero, zero, zero, zero, zero
    w1, w2, w3, w4 = spread(weights[0]), spread(weights[1]), spread(weights[2]), spread(weights[3])
    a, b = new * size, old * size
    o1, o2, o3, o4 = order[0] * size, order[1] * size, order[2] * size, order[3] * size
    at = begin
    while at < end:
        if at + 8 <= end:
            change = load(rows, a + at) - load(rows, b + at)
            k1, k2 = load(rows, o1 + at), load(rows, o2 + at)
            k3, k4 = load(rows, o3 + at), load(rows, o4 + at)
            at += 8
        else:
            change = _single(rows[a + at] - rows[b + at])
            k1, k2 = _single(rows[o1 + at]), _single(rows[o2 + at])
            k3, k4 = _single(rows[o3 + at]), _single(rows[o4 + at])
            at += 1
        e = fma(w4, k4, fma(w3, k3, fma(w2, k2, w1 * k1)))
        moved, error = fma(change, change, moved), fma(e, e, error)
        first, second = fma(k1, k1, first), fma(k2, k2, second)
        third, fourth = fma(k3, k3, third), fma(k4, k4, fourth)
    for column, total in enumerate((moved, error, first, second, third, fourth)):
        result = 0.0
        for j in range(8):
            result += lane(total, j)
        sums[index, column] = result


@njit(error_model="numpy", nogil=True, parallel=PARALLEL, cache=True)
def squares(rows, size, new, old, order, weights, segments, out):
    """Sum squares over each segment of a state, `out (segments, 6)`.

    Columns: row `new` minus row `old`, `sum_s weights[s] rows[order[s]]` for four `s`, and each of these
    four rows. Segment j runs from `segments[j]` to `segments[j + 1]`.
    """
    for j in range(segments.size - 1):
        begin, end = segments[j], segments[j + 1]
        slices = (end - begin + SLICE - 1) // SLICE
        sums = np.empty((slices, 6))
        for index in prange(slices):
            start = begin + index * SLICE
            stop = min(start + SLICE, end)
            _square_slice(rows, size, new, old, order, weights, start, stop, sums, index)
        for column in range(6):
            total = 0.0
            for index in range(slices):
                total += sums[index, column]
            out[j, column] = total
