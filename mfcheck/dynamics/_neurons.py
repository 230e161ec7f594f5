# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"
"""Compiled steps of two-layer networks, eight neurons at once.

A replicate is a block `state (1 + d, M)`: row 0 holds the output weights, the others the coordinates of the hidden
weights; M is the width rounded up to a multiple of eight, and neurons beyond the width have output weight 0. Arithmetic
is that of the vector type, in a fixed order, so that results do not depend on threads.
"""

import math

from numba import njit

from mfcheck.dynamics.resnet.elementary import atan, cos, erf, exp, sin, tanh
from mfcheck.dynamics.resnet.simd import fma, internal, lane, load, spread, store, where_less

IDENTITY, RELU, TANH, SIGMOID, SIN, ARCTAN, ERF, PIECEWISE = range(8)
ROOT_HALF = math.sqrt(0.5)
ROOT_TWO_OVER_PI = math.sqrt(2 / math.pi)


@internal
def _sum(x):
    """Return the sum of eight doubles, in pairs."""
    a, b = lane(x, 0) + lane(x, 4), lane(x, 1) + lane(x, 5)
    return (a + (lane(x, 2) + lane(x, 6))) + (b + (lane(x, 3) + lane(x, 7)))


@internal
def _piecewise(knots, x):
    """Return value and slope of the function that is linear between knots and constant outside."""
    value, slope = spread(knots[1, 0]), spread(0.0)
    for k in range(knots.shape[1] - 1):
        left, right = knots[0, k], knots[0, k + 1]
        rise = (knots[1, k + 1] - knots[1, k]) / (right - left)
        inside = where_less(x, left, left, where_less(right, x, right, x))
        value = fma(inside - left, rise, value)
        slope = slope + where_less(left, x, where_less(x, right, rise, 0.0), 0.0)
    return value, slope


@internal
def _activate(kind, knots, flat, z, s, g, width):
    """Write values to `s` and derivatives to `g`, all offsets into `flat`, of the activation at `z`."""
    for v in range(0, width, 8):
        x = load(flat, z + v)
        if kind == IDENTITY:
            y, slope = x, spread(1.0)
        elif kind == RELU:
            y, slope = where_less(0.0, x, x, 0.0), where_less(0.0, x, 1.0, 0.0)
        elif kind == TANH:
            y = tanh(x)
            slope = 1.0 - y * y
        elif kind == SIGMOID:
            y = 0.5 + 0.5 * tanh(0.5 * x)
            slope = y * (1.0 - y)
        elif kind == SIN:
            y, slope = sin(x), cos(x)
        elif kind == ARCTAN:
            y, slope = atan(x), 1.0 / (1.0 + x * x)
        elif kind == ERF:
            y, slope = erf(ROOT_HALF * x), ROOT_TWO_OVER_PI * exp(-0.5 * (x * x))
        else:
            y, slope = _piecewise(knots, x)
        store(flat, s + v, y)
        store(flat, g + v, slope)


@internal
def _products(state, w, scratch, z, x, at, width, dimension):
    """Write `w . x` of all neurons to `scratch[z:]`."""
    for v in range(0, width, 8):
        total = spread(0.0)
        for j in range(dimension):
            total = fma(load(state, w + j * width + v), x[at + j], total)
        store(scratch, z + v, total)


@internal
def _move(state, w, scratch, coefficient, z, x, at, after, keep, width, dimension):
    """Update `w <- keep w + coefficient x` and write `w . x'` of the next sample, in one pass over the weights."""
    j, kept = 0, spread(keep)
    for v in range(0, width, 8):
        store(scratch, z + v, spread(0.0))
    while j + 4 <= dimension:
        p, q = at + j, after + j
        r0 = w + j * width
        r1, r2, r3 = r0 + width, r0 + 2 * width, r0 + 3 * width
        # read once: a store below might change them for all that the compiler knows
        x0, x1, x2, x3 = spread(x[p]), spread(x[p + 1]), spread(x[p + 2]), spread(x[p + 3])
        y0, y1, y2, y3 = spread(x[q]), spread(x[q + 1]), spread(x[q + 2]), spread(x[q + 3])
        for v in range(0, width, 8):
            k = load(scratch, coefficient + v)
            w0 = fma(k, x0, kept * load(state, r0 + v))
            w1 = fma(k, x1, kept * load(state, r1 + v))
            w2 = fma(k, x2, kept * load(state, r2 + v))
            w3 = fma(k, x3, kept * load(state, r3 + v))
            store(state, r0 + v, w0)
            store(state, r1 + v, w1)
            store(state, r2 + v, w2)
            store(state, r3 + v, w3)
            one = fma(w0, y0, fma(w1, y1, load(scratch, z + v)))
            store(scratch, z + v, fma(w2, y2, fma(w3, y3, one)))
        j += 4
    while j < dimension:
        row, x0, y0 = w + j * width, spread(x[at + j]), spread(x[after + j])
        for v in range(0, width, 8):
            k = load(scratch, coefficient + v)
            new = fma(k, x0, kept * load(state, row + v))
            store(state, row + v, new)
            store(scratch, z + v, fma(new, y0, load(scratch, z + v)))
        j += 1


@internal
def _shake(state, begin, count, keep, size, normals, at):
    """Update `state <- keep state + size normals` on a stretch of the state."""
    for v in range(0, count, 8):
        draw = size * load(normals, at + v)
        store(state, begin + v, fma(keep, load(state, begin + v), draw))


@njit(error_model="numpy", nogil=True, cache=True)
def one_pass(
    state, x, y, schedule, normals, knots, scratch, kind, width, rate_c, rate_w, scale, decay_c, decay_w,
    noise_c, noise_w, schedule_noise, sequential,
):  # fmt: skip
    """Take a step on each sample, for every replicate.

    Args:
        state: `(R, 1 + d, M)`, overwritten.
        x: inputs `(R, steps, d)`, already scaled.
        y: labels `(R, steps)`.
        schedule: factors of the step, `(steps,)`.
        normals: `(R, steps, 1 + d, M)`, or empty without noise.
        knots: abscissae and values of a piecewise linear activation, `(2, K)`.
        scratch: `(4 M,)`.
        kind: number of the activation.
        width: neurons that exist, M - 7 at least.
        rate_c: step times all factors, for output weights.
        rate_w: the same for hidden weights.
        scale: factor of the output.
        decay_c: share by which a step shrinks output weights.
        decay_w: the same for hidden weights.
        noise_c: standard deviation of the noise of output weights.
        noise_w: the same for hidden weights.
        schedule_noise: factors of the noise, `(steps,)`.
        sequential: whether hidden weights move by the new output weights.
    """
    replicates, rows, M = state.shape
    d = rows - 1
    steps = x.shape[1]
    shaken = normals.size > 0
    flat, inputs, draws = state.reshape(-1), x.reshape(-1), normals.reshape(-1)
    z, s, g, k = 0, M, 2 * M, 3 * M
    for r in range(replicates):
        c = r * rows * M
        w = c + M
        _products(flat, w, scratch, z, inputs, r * steps * d, M, d)
        for t in range(steps):
            at = (r * steps + t) * d
            after = at + d if t + 1 < steps else at
            _activate(kind, knots, scratch, z, s, g, M)
            total = spread(0.0)
            for v in range(0, M, 8):
                total = fma(load(flat, c + v), load(scratch, s + v), total)
            residual = y[r, t] - scale * _sum(total)
            factor_c = rate_c * schedule[t] * residual
            factor_w = rate_w * schedule[t] * residual
            shrink_c = 1.0 - decay_c * schedule[t]
            shrink_w = 1.0 - decay_w * schedule[t]
            for v in range(0, M, 8):
                outer = load(flat, c + v)
                new = fma(load(scratch, s + v), factor_c, shrink_c * outer)
                store(flat, c + v, new)
                if sequential:
                    outer = new
                store(scratch, k + v, factor_w * (outer * load(scratch, g + v)))
            if shaken:
                draw = (r * steps + t) * rows * M
                root = schedule_noise[t]
                _shake(flat, c, M, 1.0, noise_c * root, draws, draw)
                _shake(flat, w, d * M, shrink_w, noise_w * root, draws, draw + M)
                shrink_w = 1.0
            for i in range(width, M):
                flat[c + i] = 0.0
            _move(flat, w, scratch, k, z, inputs, at, after, shrink_w, M, d)


@njit(error_model="numpy", nogil=True, cache=True)
def full_batch(
    state, x, y, weights, schedule, normals, knots, scratch, kind, width, rate_c, rate_w, scale, decay_c,
    decay_w, noise_c, noise_w, schedule_noise, sequential,
):  # fmt: skip
    """Take steps on all samples together, for every replicate; the gradient is `sum_m weights[m] (...)_m`.

    Arguments are as in `one_pass`, but `x (R, n, d)`, `y (R, n)` are one data set per replicate, `normals` is
    `(R, steps, 1 + d, M)` or empty, `scratch` is `(n + 2 n M + M,)`, and `sequential` updates `w` from the new `c`.
    """
    replicates, rows, M = state.shape
    d = rows - 1
    n, steps = x.shape[1], schedule.size
    shaken = normals.size > 0
    flat, inputs, draws = state.reshape(-1), x.reshape(-1), normals.reshape(-1)
    z, s, g, e = 0, M, M + n * M, M + 2 * n * M
    for r in range(replicates):
        c = r * rows * M
        w = c + M
        for t in range(steps):
            for m in range(n):
                _products(flat, w, scratch, z, inputs, (r * n + m) * d, M, d)
                _activate(kind, knots, scratch, z, s + m * M, g + m * M, M)
                total = spread(0.0)
                for v in range(0, M, 8):
                    total = fma(load(flat, c + v), load(scratch, s + m * M + v), total)
                scratch[e + m] = weights[m] * schedule[t] * (y[r, m] - scale * _sum(total))
            shrink_c = 1.0 - decay_c * schedule[t]
            shrink_w = 1.0 - decay_w * schedule[t]
            for v in range(0, M, 8):
                outer = spread(0.0)
                for m in range(n):
                    outer = fma(load(scratch, s + m * M + v), scratch[e + m], outer)
                old = load(flat, c + v)
                new = fma(outer, rate_c, shrink_c * old)
                store(flat, c + v, new)
                if sequential:
                    old = new
                for m in range(n):
                    slope = rate_w * (old * load(scratch, g + m * M + v))
                    store(scratch, g + m * M + v, scratch[e + m] * slope)
                for j in range(d):
                    place = w + j * M + v
                    moved = shrink_w * load(flat, place)
                    for m in range(n):
                        slope = load(scratch, g + m * M + v)
                        moved = fma(slope, inputs[(r * n + m) * d + j], moved)
                    store(flat, place, moved)
            if shaken:
                draw = (r * steps + t) * rows * M
                root = schedule_noise[t]
                _shake(flat, c, M, 1.0, noise_c * root, draws, draw)
                _shake(flat, w, d * M, 1.0, noise_w * root, draws, draw + M)
            for i in range(width, M):
                flat[c + i] = 0.0
