"""The setting, and sums over the thresholds of a stair in one pass."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from mfcheck.checks import parameter
from mfcheck.errors import InputError

Array = NDArray[np.float64]

LEVELS = parameter("levels", 4, "levels N of the stair", least=2, most=50_000, integer=True)
STEP = parameter("step", 1, "distance of thresholds in units of the pre-activation", above=0, most=100)
STE_CLIP = parameter("ste_clip", 1, "where the surrogate slope ends, in the same units", above=0)
DEPTH = parameter("depth", 10, "layers of the picture of a simulation", least=2, most=1000, integer=True)
WIDTH = parameter("width", 1000, "width of simulated networks", least=20, most=200_000, integer=True)
PARAMETERS = (LEVELS, STEP, STE_CLIP, DEPTH, WIDTH)
N, _, clip, _, _ = (p.symbol for p in PARAMETERS)
D, S1, S2, x, m, L, s, t, a, c = sp.symbols("D S1 S2 x m L s t a c", positive=True)
HALF, ONE = sp.Rational(1, 2), sp.Integer(1)


def density(z: sp.Expr) -> sp.Expr:
    """The standard normal density."""
    return sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)


def beyond(z: sp.Expr) -> sp.Expr:
    """Probability that a standard normal number is above z."""
    return sp.erfc(z / sp.sqrt(2)) / 2


# --- sums over thresholds --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sums:
    """S1, S2, and the sum of m^2 n(mD) over all thresholds, in balls."""

    first: arb
    second: arb
    bend: arb


def places(thresholds: int) -> list[Fraction]:
    """Return the thresholds k - N/2 above 0 in units of the step, for K = N - 1 of them."""
    return [
        Fraction(k) - Fraction(thresholds + 1, 2) for k in range(thresholds // 2 + 1 + thresholds % 2, thresholds + 1)
    ]


def sums(thresholds: int, step: arb) -> Sums:
    """Return the sums in O(thresholds) at the working precision; all terms are positive."""
    at_zero = thresholds % 2
    root, pi2 = 1 / arb(2).sqrt(), (2 * arb.pi()).sqrt()
    first, second, bend = arb(0), arb(0), arb(0)
    for k in range(1, (thresholds - at_zero) // 2 + 1):
        place = arb(k) if at_zero else arb(2 * k - 1) / 2
        z = place * step
        bell = (-z * z / 2).exp()
        first += bell
        second += place * (z * root).erfc()
        bend += place * place * bell
    return Sums((2 * first + at_zero) / pi2, 2 * second + arb(at_zero) / 4, 2 * bend / pi2)


def chi_of(levels: int, step: arb) -> arb:
    """Enclose chi."""
    found = sums(levels - 1, step)
    return found.first**2 / found.second


def distortion_of(levels: int, step: arb) -> arb:
    """Enclose the mean square error of the quantiser whose output step is its threshold step."""
    found = sums(levels - 1, step)
    return 1 - 2 * step * found.first + step**2 * found.second


def float_guess(levels: int) -> float:
    """Return the root of D S2 = S1 in doubles; it lies in (1/N, 2) for every N."""
    even = levels % 2 == 0
    place = np.arange(1, (levels - 1) // 2 + 1) - (0 if even else 0.5)

    def off(step: float) -> float:
        z = place * step
        second = 4 * float(place @ ndtr(-z)) + even / 4
        return step * second - (2 * float(np.sum(np.exp(-z * z / 2))) + even) / math.sqrt(2 * math.pi)

    return float(brentq(off, 1 / levels, 2, xtol=1e-16, rtol=1e-15))


@lru_cache(maxsize=512)
def optimum(levels: int, digits: int) -> tuple[arb, arb]:
    """Enclose the step and the distortion where D S2 = S1, the only such step near a float guess (interval Newton).

    The distortion has the slope 2 (D S2 - S1), so that an error of the step enters its value in second order only.
    """
    with ctx.workdps(2 * digits + 25):
        step = arb(float_guess(levels))
        for _ in range(20):
            found = sums(levels - 1, step)
            new = (step - (step * found.second - found.first) / (found.second - step * found.bend)).mid()
            moved, step = abs(new - step), new
            if moved < step * arb(10) ** -(digits + 10):
                break
        around = step + arb(0, step * arb(10) ** -(digits + 3))
        here, wide = sums(levels - 1, step), sums(levels - 1, around)
        slope = wide.second - around * wide.bend
        image = step - (step * here.second - here.first) / slope
        if not (slope > 0 and around.contains_interior(image)):
            raise InputError(f"no enclosure of the best step for {levels} levels to {digits} digits")
        # A power of a ball that holds 0 is nan in flint.
        change = (image - step) * (image - step) * slope
        lowest = 1 - 2 * step * here.first + step**2 * here.second
        return image, lowest + arb(0, change.abs_upper())


def step_opt(levels: int, digits: int = 20) -> arb:
    """Enclose the best step."""
    return optimum(levels, digits)[0]


def gap_opt(levels: int, digits: int = 20) -> arb:
    """Enclose 1 - chi at the best step, to `digits` relative digits."""
    return optimum(levels, digits + 2 * math.ceil(math.log10(levels)))[1]


def local_exponent(levels: int, digits: int = 20) -> arb:
    """Enclose log2(gap(N)/gap(2N))."""
    with ctx.workdps(digits + 15):
        return (gap_opt(levels, digits + 3) / gap_opt(2 * levels, digits + 3)).log() / arb(2).log()


def regression(xs: Iterable[arb], ys: Iterable[arb]) -> arb:
    """Enclose the least squares slope."""
    across, up = list(xs), list(ys)
    middle = sum(across, arb(0)) / len(across)
    centred = [value - middle for value in across]
    top = sum((p * q for p, q in zip(centred, up, strict=True)), arb(0))
    return top / sum((p * p for p in centred), arb(0))


RANGES = {
    "even": tuple(range(4, 63, 2)),
    "all": tuple(range(4, 63)),
    "notebook": (*range(3, 64), 125, 128, 255, 256, 512, 515, 1024, 1025),
}


def fitted(levels: tuple[int, ...], shift: int, digits: int, steps: bool = False) -> arb:
    """Enclose the slope of log gap (or log step) on log(N + shift)."""
    with ctx.workdps(digits + 15):
        found = [(step_opt if steps else gap_opt)(n, digits + 8).log() for n in levels]
        return regression([arb(n + shift).log() for n in levels], found)
