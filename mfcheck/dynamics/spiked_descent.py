"""Descent with random batches on least squares with a spiked random matrix, enclosed in the limit of large dimension.

The matrix A has `ratio d` rows `mu + sqrt(spread/d) z` of dimension d, z standard Gaussian, and the residuals are
`A w - 1`: each step is `w <- w - step [ridge w + scale A^T D (A w - 1)]`, D diagonal with independent entries 0 and 1,
1 with probability `batch`, from a start of squared norm `start d` that is orthogonal to the mean u of the rows,
`A^T 1 / sqrt(n)`. So `A^T A` is `u u^T`, and for the rest `spread` times a matrix of the Marchenko-Pastur law that is
independent of u; `spike = |u|^2`. In the basis of the orthogonal polynomials of that law, where multiplication is a
tridiagonal matrix, all averages are products of vectors.
"""

import math
from dataclasses import dataclass

from flint import arb, ctx

from mfcheck.gaussian import mp_multiplied
from mfcheck.rigor.ball import Exact, exact, rational

_GUARD = 96
"""Bits beyond those that are asked for and those that steps lose."""


@dataclass(frozen=True)
class Moments:
    """What is known of the weights after some steps.

    Attributes:
        along: `u.w / sqrt(d)`.
        norm: `|w|^2 / d`.
        residual: mean square of the residuals.
    """

    along: arb
    norm: arb
    residual: arb


@dataclass(frozen=True)
class SpikedDescent:
    """The descent of the module, in exact numbers.

    Attributes:
        ratio: rows per dimension, positive.
        spread: variance of the entries of a row, times d.
        ridge: in the gradient.
        step: of the descent.
        start: squared norm of the start over d.
        spike: squared length of the mean direction u.
        batch: mean of a diagonal entry of D.
        noise: its variance, `batch (1 - batch)` for entries 0 and 1.
        scale: factor of the sum over rows.
    """

    ratio: Exact
    spread: Exact
    ridge: Exact
    step: Exact
    start: Exact
    spike: Exact
    batch: Exact = 1
    noise: Exact = 0
    scale: Exact = 1

    def run(self, steps: int, digits: int) -> tuple[Moments, ...]:
        """Enclose the moments after 0, 1, ..., `steps` steps, to about so many digits.

        Without noise the weights are a part of the start, `g(J)^t e_1`, and a part along u, W; residuals of earlier
        steps, drawn at random, add their own decay. The work grows like the square of the number of steps.
        """
        with ctx.workprec(int(3.33 * digits + self._lost_in_a_step() * steps) + _GUARD):
            ratio, spread, ridge, step, start, spike, batch, noise, scale = map(
                exact, vars(self).values()
            )
            root, pull = ratio.sqrt(), step * batch * scale
            v, W = [arb(1)], [arb(0)]
            drawn: list[tuple[arb, arb]] = []
            found: list[Moments] = []
            for _ in range(steps + 1):
                Jv, JW = mp_multiplied(v, ratio, root), mp_multiplied(W, ratio, root)
                along = pull * spike * W[0]
                left = root - along
                own, shared = _dot(v, Jv), _dot(W, JW)
                norm = start * _dot(v, v) + pull**2 * spike * _dot(W, W)
                rho = (left**2 + spread * (start * own + pull**2 * spike * shared)) / ratio
                past = list(zip(found, reversed(drawn), strict=True))
                kicked = step**2 * scale**2 * noise
                norm += kicked * sum((s.residual * one for s, (one, _) in past), arb(0))
                rho += kicked / ratio * sum((s.residual * two for s, (_, two) in past), arb(0))
                found.append(Moments(along, norm, rho))
                drawn.append((spread * own, spread**2 * _dot(Jv, Jv)))
                kept, decay = 1 - step * ridge, pull * spread
                v = [kept * a - decay * j for a, j in zip([*v, arb(0)], Jv, strict=True)]
                W = [kept * a - decay * j for a, j in zip([*W, arb(0)], JW, strict=True)]
                W[0] += left
            return tuple(found)

    def _lost_in_a_step(self) -> float:
        """Return about how many bits a step may lose: radii grow by the row sums of its matrix in absolute values."""
        ratio, spread, ridge, step = (
            float(rational(value)) for value in (self.ratio, self.spread, self.ridge, self.step)
        )
        pull = step * float(rational(self.batch) * rational(self.scale))
        growth = abs(1 - step * ridge) + pull * spread * (1 + math.sqrt(ratio)) ** 2
        return 0.1 + math.log2(max(1.0, growth))


def _dot(v: list[arb], w: list[arb]) -> arb:
    return sum((a * b for a, b in zip(v, w, strict=False)), arb(0))
