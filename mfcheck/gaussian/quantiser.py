"""Uniform quantisers of a standard Gaussian number u: mean square error, correlation, best step.

The odd stair k(u) of height 1 has N levels and its thresholds D apart. With `S1 = E u k(u)` and `S2 = E k(u)^2` the
quantiser D k(u) misses u by `1 - 2 D S1 + D^2 S2` in mean square, which has the slope `2 (D S2 - S1)` in D. Over
thresholds m D > 0, and for N even or odd, `S1 = [n(0)] + 2 sum n(m D)` and `S2 = [1/4] + 4 sum m Q(m D)`: positive
terms, n the density and Q the probability beyond. Both have slopes by the sum `bend` of `m^2 n(m D)` over all
thresholds: `S1' = -D bend`, `S2' = -2 bend`.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx
from scipy.optimize import brentq
from scipy.special import ndtr

from mfcheck.errors import InputError
from mfcheck.rigor.roots import all_roots


@dataclass(frozen=True)
class StairSums:
    """S1, S2, and the sum of m^2 n(m D) over all thresholds, in balls."""

    first: arb
    second: arb
    bend: arb


def stair_sums(levels: int, step: arb) -> StairSums:
    """Enclose the sums in O(levels) operations at the working precision."""
    even = levels % 2 == 0
    root, pi2 = 1 / arb(2).sqrt(), (2 * arb.pi()).sqrt()
    first, second, bend = arb(0), arb(0), arb(0)
    for k in range(1, (levels - 1) // 2 + 1):
        place = arb(k) if even else arb(2 * k - 1) / 2
        z = place * step
        bell = (-z * z / 2).exp()
        first += bell
        second += place * (z * root).erfc()
        bend += place * place * bell
    return StairSums((2 * first + even) / pi2, 2 * second + arb(even) / 4, 2 * bend / pi2)


def quantiser_error(levels: int, step: arb) -> arb:
    """Enclose the mean square error of the quantiser whose output step is its threshold step."""
    found = stair_sums(levels, step)
    return 1 - 2 * step * found.first + step**2 * found.second


@dataclass(frozen=True)
class BestQuantiser:
    """The step where the mean square error is stationary, and the error there."""

    step: arb
    error: arb


@lru_cache(maxsize=512)
def best_quantiser(levels: int, digits: int) -> BestQuantiser:
    """Enclose the best step and its error, each to so many relative digits.

    It is the only stationary step near a guess in doubles. The error is flat there:
    an inaccurate step enters its value in second order only.

    Raises:
        InputError: interval Newton gives no enclosure.
    """
    more = digits + 2 * math.ceil(math.log10(levels))
    with ctx.workdps(2 * more + 25):
        step = arb(_float_step(levels))
        for _ in range(20):
            found = stair_sums(levels, step)
            slope = found.second - step * found.bend
            new = (step - (step * found.second - found.first) / slope).mid()
            moved, step = abs(new - step), new
            if moved < step * arb(10) ** -(more + 10):
                break
        around = step + arb(0, step * arb(10) ** -(more + 3))
        here, wide = stair_sums(levels, step), stair_sums(levels, around)
        slope = wide.second - around * wide.bend
        image = step - (step * here.second - here.first) / slope
        if not (slope > 0 and around.contains_interior(image)):
            raise InputError(
                f"no enclosure of the best step for {levels} levels to {digits} digits"
            )
        # A power of a ball that holds 0 is nan in flint.
        change = (image - step) * (image - step) * slope
        lowest = 1 - 2 * step * here.first + step**2 * here.second
        return BestQuantiser(image, lowest + arb(0, change.abs_upper()))


def _float_step(levels: int) -> float:
    """Return the root of D S2 = S1 in doubles; it lies in (1/N, 2) for every N."""
    even = levels % 2 == 0
    place = np.arange(1, (levels - 1) // 2 + 1) - (0 if even else 0.5)

    def off(step: float) -> float:
        z = place * step
        second = 4 * float(place @ ndtr(-z)) + even / 4
        first = (2 * float(np.sum(np.exp(-z * z / 2))) + even) / math.sqrt(2 * math.pi)
        return step * second - first

    return float(brentq(off, 1 / levels, 2, xtol=1e-16, rtol=1e-15))


def step_equation(levels: int, step: sp.Symbol) -> sp.Expr:
    """Return `D S2 - S1` written out, half the slope of the error."""
    even = (levels + 1) % 2
    places = [sp.Rational(2 * k - levels, 2) for k in range(levels // 2 + 1, levels)]
    bells = sum(sp.exp(-((m * step) ** 2) / 2) for m in places)
    tails = sum(2 * m * (1 - sp.erf(m * step / sp.sqrt(2))) for m in places)
    return step * (tails + sp.Rational(even, 4)) - (2 * bells + even) / sp.sqrt(2 * sp.pi)


def written_sums(levels: int, step: str) -> tuple[str, str]:
    """Return S1 and S2 in the language of certificates, as formulas in the name of the step."""
    last, even = (levels - 1) // 2, levels % 2 == 0
    place = "k" if even else "(k-1/2)"
    total = last * (last + 1) if even else last * last  # twice the sum of all places
    bells = f"2*sum(k, 1, {last}, exp(-{place}*{place}*{step}*{step}/2))"
    tails = f"{total} - 2*sum(k, 1, {last}, {place}*erf({place}*{step}/sqrt(2)))"
    return (
        f"({'1 + ' if even else ''}{bells})/sqrt(2*pi)",
        f"({'1/4 + ' if even else ''}{tails})",
    )


def stationary_steps(levels: int) -> tuple[arb, ...]:
    """Enclose all steps where the error is stationary, by exclusion and interval Newton on (1/N, 2).

    Elsewhere there is none: up to 1/N, `D S2 <= D (N-1)^2/4 < (N-1) n(1/2) <= S1`; from 2 on `4 x Q(x) > 2 n(x)` for
    x >= 1.

    Raises:
        InputError: some could not be told apart.
    """

    def off(step: arb) -> arb:
        found = stair_sums(levels, step)
        return step * found.second - found.first

    def change(step: arb) -> arb:
        found = stair_sums(levels, step)
        return found.second - step * found.bend

    return all_roots(off, change, (Fraction(1, levels), 2), 10).values
