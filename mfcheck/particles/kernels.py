# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"
"""Kernels of one layer of neurons and of the whole flow; template of the generated modules.

A layer of `M` neurons is an array `P (m + d + 1, M)` of rows `u_1..u_m, w_1..w_d, b`; it maps features
`z (n, d)` to `E_k[u_k s0(w_k . z_i + b_k)]`. The decoder `tau` is a layer with `m = 1` (`u = a`), the
encoder `nu` holds one layer with `m = d` at the midpoint of each depth step. The module that runs is
generated from this file by `codegen`, with `value` and `slopes` replaced by those of the activation.

Sums over particles run chunk by chunk in a fixed order, the chunks of the first half of the particles
each paired with its mirror in the second half: antithetic pairs cancel exactly.
"""

import numpy as np
from numba import njit

from mfcheck.particles.elementary import fma, tanh


@njit(error_model="numpy", cache=True)
def value(x):
    """Return s0(x)."""
    return tanh(x)


@njit(error_model="numpy", cache=True)
def slopes(_x, s):
    """Return s0'(x) and s0''(x), given s = s0(x)."""
    return 1.0 - s * s, -2.0 * s * (1.0 - s * s)


# --- kernels ---
CHUNK = 128


@njit(error_model="numpy", fastmath={"reassoc", "contract", "nsz"}, cache=True)
def _dot(a, b, size):
    total = 0.0
    for k in range(size):
        total += a[k] * b[k]
    return total


@njit(error_model="numpy", cache=True)
def _preactivations(P, m, z, start, size, r):
    """Write `w_k . z + b_k` of one chunk of particles to `r`."""
    d = z.size
    bias = P[m + d, start : start + size]
    for k in range(size):
        r[k] = bias[k]
    for c in range(d):
        zc = z[c]
        w = P[m + c, start : start + size]
        for k in range(size):
            r[k] = fma(w[k], zc, r[k])


@njit(error_model="numpy", cache=True)
def _reduce(parts, out, scale):
    """Sum the partial sums `parts (2 * chunks, n, m)` mirror pairs first; write `scale * sum`."""
    half = parts.shape[0] // 2
    for i in range(out.shape[0]):
        for c in range(out.shape[1]):
            total = 0.0
            for p in range(half):
                total += parts[p, i, c] + parts[half + p, i, c]
            out[i, c] = scale * total


@njit(error_model="numpy", cache=True)
def _chunk(index, particles):
    """Return start and size of a chunk; the second half of the chunks mirrors the first."""
    half = particles // 2
    per_half = (half + CHUNK - 1) // CHUNK
    base = 0 if index < per_half else half
    local = (index if index < per_half else index - per_half) * CHUNK
    return base + local, min(CHUNK, half - local)


@njit(error_model="numpy", cache=True)
def chunk_count(particles):
    """Return the number of chunks of a layer of that many particles (an even number)."""
    return 2 * ((particles // 2 + CHUNK - 1) // CHUNK)


@njit(error_model="numpy", nogil=True, cache=True)
def neurons(P, m, z, S, parts, out):
    """Write `E_k[u_k s0(w_k . z_i + b_k)]` to `out (n, m)` and the values `s0` to `S (n, M)`."""
    n = z.shape[0]
    particles = P.shape[1]
    r = np.empty(CHUNK)
    for index in range(chunk_count(particles)):
        start, size = _chunk(index, particles)
        for i in range(n):
            s = S[i, start : start + size]
            _preactivations(P, m, z[i], start, size, r)
            for k in range(size):
                s[k] = value(r[k])
            for c in range(m):
                parts[index, i, c] = _dot(P[c, start : start + size], s, size)
    _reduce(parts[: chunk_count(particles), :, :m], out, 1.0 / particles)


@njit(error_model="numpy", nogil=True, cache=True)
def neurons_adjoint(P, m, z, S, g, weight, parts, out, V):
    """Differentiate `phi(theta) = sum_i weight_i (g_i . u) s0(w . z_i + b)`.

    Subtract `grad phi(theta_k)` from `V`, write the adjoint `E_k[(u_k . g_i) s0' w_k]` to
    `out (n, d)`, and return `-E_k sum_i weight_i (g_i . u_k) k_{z_i}(w_k . z_i + b_k)`, the rate of the
    relative entropy to the standard Gaussian (plain estimator).
    """
    n, d = z.shape
    particles = P.shape[1]
    r = np.empty(CHUNK)
    q = np.empty(CHUNK)
    ds = np.empty(CHUNK)
    entropy = np.zeros(CHUNK)
    mirror = np.zeros(CHUNK)
    count = chunk_count(particles)
    rate = 0.0
    for half_index in range(count // 2):
        entropy[:] = 0.0
        mirror[:] = 0.0
        for side in range(2):
            index = half_index + side * (count // 2)
            start, size = _chunk(index, particles)
            total = mirror if side == 1 else entropy
            for i in range(n):
                s = S[i, start : start + size]
                _preactivations(P, m, z[i], start, size, r)
                square = 1.0
                for c in range(d):
                    square += z[i, c] * z[i, c]
                q[:size] = 0.0
                for c in range(m):
                    gc = g[i, c]
                    u = P[c, start : start + size]
                    for k in range(size):
                        q[k] = fma(u[k], gc, q[k])
                e = weight[i]
                for k in range(size):
                    s1, s2 = slopes(r[k], s[k])
                    total[k] -= e * q[k] * (s[k] + r[k] * s1 - square * s2)
                    ds[k] = q[k] * s1
                for c in range(m):
                    eg = e * g[i, c]
                    v = V[c, start : start + size]
                    for k in range(size):
                        v[k] = fma(-eg, s[k], v[k])
                for c in range(d):
                    ez = e * z[i, c]
                    v = V[m + c, start : start + size]
                    for k in range(size):
                        v[k] = fma(-ez, ds[k], v[k])
                    parts[index, i, c] = _dot(P[m + c, start : start + size], ds, size)
                v = V[m + d, start : start + size]
                for k in range(size):
                    v[k] = fma(-e, ds[k], v[k])
        for k in range(CHUNK):
            rate += entropy[k] + mirror[k]
    _reduce(parts[:count, :, :d], out, 1.0 / particles)
    return rate / particles


@njit(error_model="numpy", nogil=True, cache=True)
def entropy_rate(P, m, z, g, weight):
    """Return `-E_k sum_i weight_i (g_i . u_k) k_{z_i}(w_k . z_i + b_k)`."""
    n, d = z.shape
    particles = P.shape[1]
    r = np.empty(CHUNK)
    rate = 0.0
    for index in range(chunk_count(particles)):
        start, size = _chunk(index, particles)
        for i in range(n):
            _preactivations(P, m, z[i], start, size, r)
            square = 1.0
            for c in range(d):
                square += z[i, c] * z[i, c]
            for k in range(size):
                s = value(r[k])
                s1, s2 = slopes(r[k], s)
                q = 0.0
                for c in range(m):
                    q += P[c, start + k] * g[i, c]
                rate -= weight[i] * q * (s + r[k] * s1 - square * s2)
    return rate / particles


@njit(error_model="numpy", nogil=True, cache=True)
def forward(tau, nu, x, alpha, stages, Z, S_nu, S_tau, parts, flux, f):
    """Write features `Z (L, stages, n, d)`, the last features to `Z_end`, and `E_tau h` to `f (n, 1)`.

    One stage is the Euler scheme (the residual network itself), two stages the midpoint scheme.
    Returns the features at depth 1, `(n, d)`.
    """
    depth = nu.shape[0]
    d = x.shape[1]
    z = x.copy()
    step = alpha / depth
    for layer in range(depth):
        Z[layer, 0] = z
        for stage in range(stages):
            neurons(nu[layer], d, Z[layer, stage], S_nu[layer, stage], parts, flux)
            if stage + 1 < stages:
                Z[layer, 1] = z + 0.5 * step * flux
        z = z + step * flux
    neurons(tau, 1, z, S_tau, parts, f)
    return z


@njit(error_model="numpy", nogil=True, cache=True)
def backward(tau, nu, z_end, eps, alpha, stages, Z, S_nu, S_tau, parts, G, mu, d_tau, d_nu, rates):
    """Run the exact discrete adjoint: adjoints `G (L, stages, n, d)`, velocities, entropy rates.

    `G` holds `d(f_i / beta)/d(flux)` per stage, divided by `alpha / L`: the adjoint `p_i(s)`.
    `eps = beta e / n`. `rates (1 + L,)` receives the plain estimators of `d KL / dt`.
    """
    depth = nu.shape[0]
    n, d = z_end.shape
    step = alpha / depth
    d_tau[:] = 0.0
    d_nu[:] = 0.0
    one = np.ones((n, 1))
    p = np.empty((n, d))
    rates[0] = neurons_adjoint(tau, 1, z_end, S_tau, one, eps, parts, p, d_tau)
    weight = alpha * eps
    for back in range(depth):
        layer = depth - 1 - back
        rates[1 + layer] = 0.0
        injected = p.copy()
        for stage in range(stages - 1, -1, -1):
            G[layer, stage] = injected
            rates[1 + layer] += neurons_adjoint(
                nu[layer],
                d,
                Z[layer, stage],
                S_nu[layer, stage],
                injected,
                weight,
                parts,
                mu,
                d_nu[layer],
            )
            injected = 0.5 * step * mu
            p += step * mu
    return p


@njit(error_model="numpy", nogil=True, cache=True)
def gram(P, m, z, g, out):
    """Write `E_k[<grad_i, grad_j>]` with `grad_i = grad_theta (g_i . u) s0(w . z_i + b)` to `out (n, n)`."""
    n, d = z.shape
    particles = P.shape[1]
    S = np.empty((n, CHUNK))
    Q = np.empty((n, CHUNK))
    r = np.empty(CHUNK)
    out[:] = 0.0
    for index in range(chunk_count(particles)):
        start, size = _chunk(index, particles)
        for i in range(n):
            _preactivations(P, m, z[i], start, size, r)
            q = Q[i]
            q[:] = 0.0
            for c in range(m):
                u = P[c, start : start + size]
                for k in range(size):
                    q[k] = fma(u[k], g[i, c], q[k])
            for k in range(size):
                s = value(r[k])
                S[i, k] = s
                q[k] *= slopes(r[k], s)[0]
        for i in range(n):
            for j in range(i + 1):
                gg = 0.0
                for c in range(m):
                    gg += g[i, c] * g[j, c]
                zz = 1.0
                for c in range(d):
                    zz += z[i, c] * z[j, c]
                out[i, j] += gg * _dot(S[i], S[j], size) + zz * _dot(Q[i], Q[j], size)
    for i in range(n):
        for j in range(i + 1):
            out[i, j] /= particles
            out[j, i] = out[i, j]
