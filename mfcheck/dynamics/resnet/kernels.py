# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"
"""Kernels of one layer of neurons and of the whole flow; template of the generated modules.

A layer of `M` neurons is an array `P (m + d + 1, M)` of rows `u_1..u_m, w_1..w_d, b`; it maps features
`z (n, d)` to `E_k[u_k s0(w_k . z_i + b_k)]`. The decoder `tau` is a layer with `m = 1` (`u = a`), the
encoder `nu` holds one layer with `m = d` per depth step. The module that runs is generated from this
file by `codegen`, with `value` and `slopes` replaced by those of the activation.
Features carry a last entry 1, which multiplies `b`. How particles are taken in chunks and groups is
told in `blocks`.
"""

import numpy as np
from numba import njit, prange

from mfcheck.dynamics.resnet.blocks import (
    BLOCK,
    CHUNK,
    GROUP,
    WIDE,
    advance,
    combine_rows,
    expect,
    group_count,
    group_range,
    pack,
    padded,
    reduce,
    row_dots,
    square_rows,
    sum_neurons,
    transpose,
    unpack,
)
from mfcheck.dynamics.resnet.elementary import tanh
from mfcheck.dynamics.resnet.simd import internal, load, spread, store


@internal
def value(x):
    """Return s0(x), for eight x."""
    return tanh(x)


@internal
def slopes(_x, s):
    """Return s0'(x) and s0''(x), given s = s0(x)."""
    return 1.0 - s * s, -2.0 * s * (1.0 - s * s)


PARALLEL = False


# --- kernels ---
@internal
def _activate(work, source, target, count):
    for v in range(0, count * CHUNK, 8):
        store(work, target + v, value(load(work, source + v)))


@internal
def _forward_group(P, m, z, index, work, part):
    """Write `sum_k u_k s0(w_k . z_i + b_k)` over one group to `part (n * padded(m))`."""
    n, inner = z.shape
    points, flat = z.reshape(n * inner), P.reshape(P.size)
    rows = m + inner
    turned = rows * CHUNK
    R = turned + CHUNK * padded(m)
    begin, end = group_range(index, P.shape[1])
    for start in range(begin, end, CHUNK):
        pack(flat, rows, P.shape[1], start, min(CHUNK, end - start), work)
        expect(flat, rows, P.shape[1], start + CHUNK, False)
        if m >= 8:
            transpose(work, 0, m, turned)
        for i in range(0, n, BLOCK):
            count = min(BLOCK, n - i)
            combine_rows(work, R, work, m * CHUNK, points, i * inner, inner, 1, count, inner, False)
            _activate(work, R, R, count)
            sum_neurons(part, i, m, work, 0, turned, R, count, start > begin)


@njit(error_model="numpy", parallel=PARALLEL, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _neurons(P, m, z, work, parts, out):
    """Write `E_k[u_k s0(w_k . z_i + b_k)]` to `out (n, m)`; `z (n, d + 1)` ends in ones."""
    groups = group_count(P.shape[1])
    for index in prange(groups):
        _forward_group(P, m, z, index, work[index], parts[index])
    reduce(parts, groups, out, 1.0 / P.shape[1])


@internal
def _differentiate(work, R, S, Q, i, count, squares, entropy):
    """Turn `Q = u . g_i` into `Q s0'`; return `entropy - sum_i Q k_{z_i}`."""
    for row in range(count):
        square = squares[i + row]
        for v in range(row * CHUNK, (row + 1) * CHUNK, 8):
            x, s, q = load(work, R + v), load(work, S + v), load(work, Q + v)
            s1, s2 = slopes(x, s)
            entropy = entropy - q * (s + x * s1 - square * s2)
            store(work, Q + v, q * s1)
    return entropy


@internal
def _backward_group(P, m, z, g, squares, index, work, part, entropies, V, add):
    """Do one group of `neurons_adjoint`; write eight partial sums of the entropy rate."""
    n, inner = z.shape
    rows = m + inner
    velocity = rows * CHUNK
    turned = 2 * rows * CHUNK
    R = turned + CHUNK * padded(inner - 1)
    S, Q = R + BLOCK * CHUNK, R + 2 * BLOCK * CHUNK
    points, columns = z.reshape(n * inner), g.reshape(n * m)
    flat, target = P.reshape(P.size), V.reshape(V.size)
    entropy = spread(0.0)
    begin, end = group_range(index, P.shape[1])
    for start in range(begin, end, CHUNK):
        size = min(CHUNK, end - start)
        pack(flat, rows, P.shape[1], start, size, work)
        expect(flat, rows, P.shape[1], start + CHUNK, False)
        expect(target, rows, P.shape[1], start, True)
        if inner > 8:
            transpose(work, m * CHUNK, inner - 1, turned)
        for i in range(0, n, BLOCK):
            count = min(BLOCK, n - i)
            at, to = i * m, i * inner
            combine_rows(work, R, work, m * CHUNK, points, to, inner, 1, count, inner, False)
            combine_rows(work, Q, work, 0, columns, at, m, 1, count, m, False)
            _activate(work, R, S, count)
            entropy = _differentiate(work, R, S, Q, i, count, squares, entropy)
            combine_rows(work, velocity, work, S, columns, at, 1, m, m, count, i > 0)
            combine_rows(
                work, velocity + m * CHUNK, work, Q, points, to, 1, inner, inner, count, i > 0
            )
            sum_neurons(part, i, inner - 1, work, m * CHUNK, turned, Q, count, start > begin)
        unpack(target, rows, P.shape[1], start, size, work, velocity, add)
    store(entropies, 0, entropy)


@njit(error_model="numpy", nogil=True, parallel=PARALLEL, cache=True)
def neurons_adjoint(P, m, z, g, work, parts, entropies, out, V, add):
    """Differentiate `phi(theta) = sum_i (g_i . u) s0(w . z_i + b)`.

    Write `-grad phi(theta_k)` to `V` (or add it), write the adjoint `E_k[(u_k . g_i) s0' w_k]` to
    `out (n, d)`, and return `-E_k sum_i (g_i . u_k) k_{z_i}(w_k . z_i + b_k)`, the rate of the relative
    entropy to the standard Gaussian (plain estimator). `z (n, d + 1)` ends in ones.
    """
    groups = group_count(P.shape[1])
    squares = np.empty(z.shape[0])
    square_rows(z, squares)
    for index in prange(groups):
        _backward_group(
            P, m, z, g, squares, index, work[index], parts[index], entropies[index], V, add
        )
    reduce(parts, groups, out, 1.0 / P.shape[1])
    rate = 0.0
    for index in range(groups // 2):
        for j in range(8):
            rate += entropies[index, j] + entropies[groups // 2 + index, j]
    return rate / P.shape[1]


@njit(error_model="numpy", nogil=True, cache=True)
def forward(tau, nu, z, alpha, stages, Z, work, parts, flux, f):
    """Carry features `z (n, d + 1)`, whose last column is 1, through the network, in place.

    Write the features of each stage to `Z (L, stages, n, d + 1)` and `E_tau h` to `f (n, 1)`. One stage
    is the Euler scheme (the residual network itself), two stages the midpoint scheme.
    """
    depth = nu.shape[0]
    d = z.shape[1] - 1
    step = alpha / depth
    for layer in range(depth):
        for stage in range(stages):
            advance(z, flux, 0.5 * step if stage > 0 else 0.0, Z[layer, stage])
            _neurons(nu[layer], d, Z[layer, stage], work, parts, flux)
        advance(z, flux, step, z)
    _neurons(tau, 1, z, work, parts, f)


@njit(error_model="numpy", nogil=True, cache=True)
def backward(
    tau, nu, z_end, weights, step, scale, stages, Z, work, parts, entropies, G, p, mu, d_tau, d_nu,
    rates,
):  # fmt: skip
    """Run the exact discrete adjoint of `sum_i weights_i f_i / beta`, `weights (n, 1)`.

    Writes the adjoints `scale weights_i p_i(s)` of each stage to `G (L, stages, n, d)`, minus the
    gradients (per particle; `scale` times the encoder's) to `d_tau, d_nu`, and the plain estimators of the
    entropy rates to `rates (1 + L,)`. The step is `alpha / L`.
    """
    depth = nu.shape[0]
    n, d = p.shape
    rates[0] = neurons_adjoint(tau, 1, z_end, weights, work, parts, entropies, p, d_tau, False)
    for back in range(depth):
        layer = depth - 1 - back
        rates[1 + layer] = 0.0
        for stage in range(stages - 1, -1, -1):
            last = stage == stages - 1
            for i in range(n):
                for c in range(d):
                    G[layer, stage, i, c] = scale * p[i, c] if last else 0.5 * step * mu[i, c]
            rates[1 + layer] += neurons_adjoint(
                nu[layer], d, Z[layer, stage], G[layer, stage], work, parts, entropies, mu,
                d_nu[layer], not last,
            )  # fmt: skip
            for i in range(n):
                for c in range(d):
                    p[i, c] += step / scale * mu[i, c]


@internal
def _gram_features(P, m, z, g, begin, end, work, S, Q):
    """Write `s0` and `(u . g_i) s0'` of one group to `S` and `Q`, rows of `GROUP * CHUNK` particles."""
    n, inner = z.shape
    points, columns, flat = z.reshape(n * inner), g.reshape(n * m), P.reshape(P.size)
    rows = m + inner
    R = rows * CHUNK
    T = R + BLOCK * CHUNK
    for start in range(begin, end, CHUNK):
        size = min(CHUNK, end - start)
        pack(flat, rows, P.shape[1], start, size, work)
        for i in range(0, n, BLOCK):
            count = min(BLOCK, n - i)
            combine_rows(work, R, work, m * CHUNK, points, i * inner, inner, 1, count, inner, False)
            combine_rows(work, T, work, 0, columns, i * m, m, 1, count, m, False)
            for row in range(count):
                at = (i + row) * GROUP * CHUNK + start - begin
                for v in range(0, CHUNK, 8):
                    x = load(work, R + row * CHUNK + v)
                    s = value(x)
                    store(S, at + v, s)
                    store(Q, at + v, load(work, T + row * CHUNK + v) * slopes(x, s)[0])
                for k in range(size, CHUNK):
                    S[at + k] = 0.0


@njit(error_model="numpy", nogil=True, cache=True)
def gram(P, m, z, g, work, out):
    """Write `E_k[<grad_i, grad_j>]`, `grad_i = grad_theta (g_i . u) s0(w . z_i + b)`, to `out (n, n)`."""
    n, inner = z.shape
    particles = P.shape[1]
    S, Q = np.empty(n * GROUP * CHUNK), np.empty(n * GROUP * CHUNK)
    values, changes = np.zeros(n * n * 8), np.zeros(n * n * 8)
    for index in range(group_count(particles)):
        begin, end = group_range(index, particles)
        _gram_features(P, m, z, g, begin, end, work[0], S, Q)
        vectors = WIDE * ((end - begin + CHUNK - 1) // CHUNK)
        row_dots(S, n, vectors, values, True)
        row_dots(Q, n, vectors, changes, True)
    for i in range(n):
        for j in range(i + 1):
            gg, zz = 0.0, 0.0
            for c in range(m):
                gg += g[i, c] * g[j, c]
            for c in range(inner):
                zz += z[i, c] * z[j, c]
            both, slope = 0.0, 0.0
            for k in range(8):
                both += values[(i * n + j) * 8 + k]
                slope += changes[(i * n + j) * 8 + k]
            out[i, j] = (gg * both + zz * slope) / particles
            out[j, i] = out[i, j]
