"""The Gibbs minimiser of a wide ReLU network on univariate data, by its strictly concave dual in closed form.

With `p(phi) = sum_i u_i (cos phi x_i + sin phi)_+` the dual is `D(u) = -u.y - (M/2)|u|^2 - log(Q(u))/beta`,
`Q = int dphi/(1 - p^2/lam^2)`. In the sector between neighbouring kinks, from `v` to `v'`, `p = A v_1 + B v_2` and the
integral is

    h = atan2(sqrt(w) s, b)/sqrt(w),    w = 1 - (A^2 + B^2)/lam^2,  s = v x v',  b = v.v' - p(v) p(v')/lam^2.

Predictions, curvature and moments are derivatives of `log Q`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

from flint import arb, arb_mat, ctx

from mfcheck.errors import InputError
from mfcheck.rigor.angle import scaled_angle
from mfcheck.rigor.ball import exact
from mfcheck.rigor.concave import Jet, ascend, enclosed_maximum
from mfcheck.rigor.ramps import Ramps, Sector


@dataclass(frozen=True)
class Dual:
    """The dual of one data set; data beyond the first `len(y)` points have no label and u = 0 there.

    Args:
        x: distinct points.
        y: labels of the first of them.
        lam: ridge penalty.
        beta: inverse temperature.
    """

    x: tuple[Fraction, ...]
    y: tuple[Fraction, ...]
    lam: Fraction
    beta: Fraction

    @cached_property
    def ramps(self) -> Ramps:
        """The ramps of the data, of which p is a sum."""
        return Ramps(self.x)

    def partition(self, u: list[arb]) -> tuple[arb, list[arb], arb_mat] | None:
        """Return Q, its gradient and its Hessian matrix by `u`; None if |p| < lam is not certain everywhere."""
        n = len(u)
        value, slope, curved = arb(0), [arb(0)] * n, [[arb(0)] * n for _ in range(n)]
        for sector in self.ramps.sectors:
            found = self.share(sector, u)
            if found is None:
                return None
            h, ha, hb, haa, hab, hbb = found
            value = value + h
            for i in (i for i in sector.active if i < n):
                xi = exact(self.x[i])
                slope[i] = slope[i] + ha * xi + hb
                row = (haa * xi + hab, hab * xi + hbb)
                for j in (j for j in sector.active if j < n):
                    curved[i][j] = curved[i][j] + row[0] * exact(self.x[j]) + row[1]
        return value, slope, arb_mat(curved)

    def jet(self, u: list[arb]) -> Jet | None:
        """Return D, its gradient and minus its Hessian matrix, which is at least M; None if u may not be admissible."""
        found = self.partition(u)
        if found is None:
            return None
        (Q, slope, curved), M, n, beta = found, len(self.y), len(u), exact(self.beta)
        linear = sum((a * exact(b) for a, b in zip(u, self.y, strict=True)), arb(0))
        value = -linear - arb(M) / 2 * sum((a * a for a in u), arb(0)) - Q.log() / beta
        gradient = [-exact(b) - M * a - s / (beta * Q) for a, b, s in zip(u, self.y, slope, strict=True)]
        bent = [[(curved[i, j] / Q - slope[i] * slope[j] / Q**2) / beta for j in range(n)] for i in range(n)]
        return value, gradient, arb_mat([[b + M * (i == j) for j, b in enumerate(row)] for i, row in enumerate(bent)])

    def share(self, sector: Sector, u: Sequence[arb]) -> tuple[arb, ...] | None:
        """Return the share of a sector in Q and its derivatives by A and B up to the second; None as in `partition`."""
        A, B = self.ramps.linear(sector, u)
        ((c, d), (e, f)), s, square = sector.balls, exact(sector.sine), exact(self.lam) ** 2
        p, r = A * c + B * d, A * e + B * f
        w = 1 - (A * A + B * B) / square
        b = c * e + d * f - p * r / square
        ends = (c * c + d * d - p * p / square, e * e + f * f - r * r / square)
        if not (ends[0] > 0 and ends[1] > 0 and (w > 0 or b > 0)):
            return None
        # b^2 + w s^2 is the product of the values at both ends: Lagrange's identity.
        N = ends[0] * ends[1]
        h, hw, hww = scaled_angle(w, s, b, N)
        hb, hbb, hbw = -s / N, 2 * s * b / N**2, s**3 / N**2
        wa, wb, w2 = -2 * A / square, -2 * B / square, -2 / square
        ba, bb = -(c * r + e * p) / square, -(d * r + f * p) / square
        baa, bab, bbb = -2 * c * e / square, -(c * f + e * d) / square, -2 * d * f / square

        def second(w1: arb, b1: arb, w_2: arb, b_2: arb, w12: arb, b12: arb) -> arb:
            return hww * w1 * w_2 + hbw * (w1 * b_2 + w_2 * b1) + hbb * b1 * b_2 + hw * w12 + hb * b12

        return (
            h,
            hw * wa + hb * ba,
            hw * wb + hb * bb,
            second(wa, ba, wa, ba, w2, baa),
            second(wa, ba, wb, bb, arb(0), bab),
            second(wb, bb, wb, bb, w2, bbb),
        )


@dataclass(frozen=True)
class Minimiser:
    """What is known of the Gibbs minimiser, in balls.

    Attributes:
        dual: the problem.
        u: the maximiser of D, `(yhat_i - y_i)/M`.
        Q: partition function.
        value: D(u).
    """

    dual: Dual
    u: tuple[arb, ...]
    Q: arb
    value: arb

    def prediction(self, x: Fraction) -> arb:
        """Return yhat at any point: `-dQ/du_x/(beta Q)` with a datum of weight zero there."""
        if x in self.dual.x:
            i = self.dual.x.index(x)
            return exact(self.dual.y[i]) + len(self.dual.y) * self.u[i]
        wide = Dual((*self.dual.x, x), self.dual.y, self.dual.lam, self.dual.beta)
        slope = arb(0)
        for sector in wide.ramps.sectors:
            if len(self.u) in sector.active:
                found = wide.share(sector, self.u)
                if found is None:
                    raise InputError("the solution is too close to the boundary |p| = lam")
                slope = slope + found[1] * exact(x) + found[2]
        return -slope / (exact(wide.beta) * self.Q)

    def touching(self, at: arb) -> tuple[arb, arb]:
        """Return p_+ and p_- at a place: sums over the data to its right, and to its left, over sqrt(1 + x^2)."""
        points = [exact(p) for p in self.dual.x]
        right = sum((a * (p - at).max(arb(0)) for a, p in zip(self.u, points, strict=True)), arb(0))
        left = sum((a * (at - p).max(arb(0)) for a, p in zip(self.u, points, strict=True)), arb(0))
        norm = (1 + at * at).sqrt()
        return right / norm, left / norm

    def a_moment(self) -> arb:
        """Return E a^2 = (1 + u.grad Q/Q)/(beta lam), since grad log Q = -beta (y + M u) at the maximum."""
        beta, M = exact(self.dual.beta), len(self.u)
        moved = sum((a * (exact(b) + M * a) for a, b in zip(self.u, self.dual.y, strict=True)), arb(0))
        return (1 - beta * moved) / (beta * exact(self.dual.lam))

    def least_gap(self) -> arb:
        """Return the least 1 - p^2/lam^2 over all directions."""
        return 1 - (self.dual.ramps.largest(self.u) / exact(self.dual.lam)) ** 2


@lru_cache(maxsize=64)
def minimiser(
    x: tuple[Fraction, ...], y: tuple[Fraction, ...], lam: Fraction, beta: Fraction, digits: int
) -> Minimiser:
    """Enclose the Gibbs minimiser.

    Newton's method climbs at rising beta. D is strictly concave with -D'' >= M on the convex set |p| < lam, at whose
    boundary it falls to minus infinity: the maximum lies within |grad D|/M of any admissible point.

    Raises:
        InputError: the search does not settle.
    """
    with ctx.workdps(2 * digits + 30):
        u, hot = [arb(0)] * len(y), min(beta, 10 / lam)
        while True:
            dual = Dual(x, y, lam, hot)
            u = ascend(dual.jet, u)
            if hot == beta:
                break
            hot = min(beta, 10 * hot)
        box, value = enclosed_maximum(dual.jet, u, len(y))
        found = dual.partition(box)
        if found is None or not box[0].rad() < arb(10) ** -digits:
            raise InputError(f"the search for the Gibbs law does not settle at beta = {beta}, lam = {lam}")
        return Minimiser(dual, tuple(box), found[0], value)
