# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"
"""Chunks of particles: layout, packing, and the products that do not depend on the activation.

Particles are taken in chunks that stay in the first-level cache: packed once, then products,
activation and sums run over all data without leaving it. Chunks form groups, the units of parallel
work; sums over groups run in a fixed order, each group of the first half of the particles paired with
its mirror in the second half, so that antithetic pairs cancel exactly.
"""

from numba.extending import register_jitable

from mfcheck.dynamics.resnet.simd import (
    dot_tile,
    expect_read,
    expect_write,
    internal,
    load,
    row_tile,
    spread,
    store,
    transpose_square,
)

CHUNK = 32  # particles whose rows stay in the first-level cache together
GROUP = 8  # chunks per group
BLOCK = 16  # data points per pass over a chunk
WIDE = 4  # CHUNK / 8
_four_by_four = row_tile(4, 4)
_one_by_four = row_tile(1, 4)
_eight_by_two = row_tile(8, 2)
_one_by_one = row_tile(1, 1)
_dots = dot_tile(4, 4)
_four_dots = dot_tile(4, 1)
_dot = dot_tile(1, 1)


@register_jitable
def padded(rows):
    """Return `rows` rounded up to a multiple of eight."""
    return (rows + 7) // 8 * 8


@register_jitable
def part_size(n, m):
    """Return the doubles of partial sums per group, for `m` outputs at `n` points."""
    return n * m * 8 if m < 8 else n * padded(m)


@register_jitable
def group_count(particles):
    """Return the number of groups of a layer of that many particles (an even number)."""
    half = particles // 2
    return 2 * ((half + GROUP * CHUNK - 1) // (GROUP * CHUNK))


@register_jitable
def scratch_size(m, d):
    """Return the doubles of scratch memory per group."""
    rows = m + d + 1
    return CHUNK * (2 * rows + padded(m) + padded(d)) + 3 * BLOCK * CHUNK


@internal
def group_range(index, particles):
    """Return the first and last particle of a group; the second half of the groups mirrors the first."""
    half = particles // 2
    mirror = group_count(particles) // 2
    base = 0 if index < mirror else half
    first = (index if index < mirror else index - mirror) * GROUP * CHUNK
    return base + first, base + min(half, first + GROUP * CHUNK)


@internal
def pack(P, rows, particles, start, size, work):
    """Copy one chunk of a layer to `work (rows, CHUNK)`, with zeros behind the last particle."""
    for row in range(rows):
        at, source = row * CHUNK, row * particles + start
        if size == CHUNK:
            for v in range(0, CHUNK, 8):
                store(work, at + v, load(P, source + v))
        else:
            for k in range(CHUNK):
                work[at + k] = P[source + k] if k < size else 0.0


@internal
def expect(P, rows, particles, start, write):
    """Ask the cache for the chunk that starts at `start`, while another is worked on."""
    if start + CHUNK <= particles:
        for row in range(rows):
            for v in range(0, CHUNK, 8):
                if write:
                    expect_write(P, row * particles + start + v)
                else:
                    expect_read(P, row * particles + start + v)


@internal
def unpack(V, rows, particles, start, size, work, source, add):
    """Subtract the gradient of one chunk from `V`, or write minus the gradient to it."""
    for row in range(rows):
        at, target = source + row * CHUNK, row * particles + start
        if size == CHUNK:
            for v in range(0, CHUNK, 8):
                old = load(V, target + v) if add else spread(0.0)
                store(V, target + v, old - load(work, at + v))
        else:
            for k in range(size):
                old = V[target + k] if add else 0.0
                V[target + k] = old - work[at + k]


@internal
def transpose(work, source, rows, target):
    """Write `work[source + row * CHUNK + k]` to `work[target + k * padded(rows) + row]`.

    Columns beyond `rows` receive whatever follows; nothing reads what is computed from them.
    """
    width = padded(rows)
    for row in range(0, width, 8):
        for k in range(0, CHUNK, 8):
            transpose_square(work, source + row * CHUNK + k, CHUNK, target + k * width + row, width)


@internal
def combine_rows(out, o, source, s, coefficient, c, ca, cj, rows, count, add):
    """`out[a, :] (+)= sum_j coefficient[a, j] source[j, :]` for rows of one chunk."""
    a = 0
    while a + 4 <= rows:
        _four_by_four(
            out, o + a * CHUNK, CHUNK, source, s, CHUNK, coefficient, c + a * ca, ca, cj, count, add
        )
        a += 4
    while a < rows:
        _one_by_four(
            out, o + a * CHUNK, CHUNK, source, s, CHUNK, coefficient, c + a * ca, ca, cj, count, add
        )
        a += 1


@internal
def sum_neurons(part, i, m, work, source, turned, values, count, add):
    """Sum `u_k values[a, k]` over the particles of a chunk, for `count` points from the i-th on.

    With few outputs the sums stay apart in eight lanes, `part (n, m, 8)`; with many the lanes hold
    outputs, `part (n, padded(m))`, and the rows `u` are read transposed, from `turned` on.
    """
    if m < 8:
        for c in range(m):
            lane_sums(part, i, c, m, work, source + c * CHUNK, values, count, add)
    else:
        wide_sums(part, i * padded(m), padded(m), work, turned, values, count, add)


@internal
def lane_sums(part, i, c, m, work, source, values, count, add):
    """Do `sum_neurons` for output `c`, eight partial sums apart."""
    a = 0
    while a < count:
        place, at = ((i + a) * m + c) * 8, values + a * CHUNK
        if a + 4 <= count:
            _four_dots(part, place, 8 * m, work, at, CHUNK, work, source, CHUNK, WIDE, add)
            a += 4
        else:
            _dot(part, place, 8 * m, work, at, CHUNK, work, source, CHUNK, WIDE, add)
            a += 1


@internal
def wide_sums(out, o, width, work, source, values, count, add):
    """Do `sum_neurons` for outputs in lanes, `width` of them."""
    a = 0
    while a < count:
        step = 8 if count - a >= 8 else 1
        for v in range(0, width, 16):
            place, s, at = o + a * width + v, source + v, values + a * CHUNK
            if step == 8 and v + 16 <= width:
                _eight_by_two(out, place, width, work, s, width, work, at, CHUNK, 1, CHUNK, add)
            else:
                for b in range(step):
                    for half in range(v, min(v + 16, width), 8):
                        _one_by_one(
                            out, place + b * width + half - v, width, work, s + half - v, width,
                            work, at + b * CHUNK, CHUNK, 1, CHUNK, add,
                        )  # fmt: skip
        a += step


@internal
def reduce(parts, groups, out, scale):
    """Write `scale` times the sum over groups, mirror pairs first, to `out (n, m)`."""
    n, m = out.shape
    width, lanes = (8 * m, 8) if m < 8 else (padded(m), 1)
    half = groups // 2
    for i in range(n):
        for c in range(m):
            total = 0.0
            for g in range(half):
                for at in range(i * width + c * lanes, i * width + (c + 1) * lanes):
                    total += parts[g, at] + parts[half + g, at]
            out[i, c] = scale * total


@internal
def square_rows(z, out):
    """Write `|z_i|^2` of each row, with its last entry."""
    n, inner = z.shape
    for i in range(n):
        total = 0.0
        for c in range(inner):
            total += z[i, c] * z[i, c]
        out[i] = total


@internal
def advance(z, flux, step, out):
    """Write `z + step * flux` to `out` (`z` if `step` is 0, whatever `flux` holds)."""
    n, d = flux.shape
    for i in range(n):
        for c in range(d):
            out[i, c] = z[i, c] if step == 0.0 else z[i, c] + step * flux[i, c]
        out[i, d] = z[i, d]


@internal
def row_dots(A, n, vectors, total, add):
    """Add the products of all pairs of rows of `A`, lane by lane, to `total (n, n, 8)`; lower part."""
    stride = GROUP * CHUNK
    for i in range(0, n, 4):
        for j in range(0, i + 1, 4):
            if i + 4 <= n:
                _dots(total, (i * n + j) * 8, 8 * n, A, i * stride, stride, A, j * stride, stride,
                      vectors, add)  # fmt: skip
            else:
                for a in range(i, n):
                    for c in range(j, min(j + 4, n)):
                        _dot(total, (a * n + c) * 8, 8 * n, A, a * stride, stride, A, c * stride,
                             stride, vectors, add)  # fmt: skip
