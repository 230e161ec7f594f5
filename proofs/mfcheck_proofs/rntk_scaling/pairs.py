"""Two inputs of a residual network with alpha = scale L^-gamma: their kernels, and the numbers that bounds are over.

`Pair` computes in balls, `FloatPair` in double precision; both have the same names, so that each inequality is written
once, for checks and for the search.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import sympy as sp
from flint import arb, ctx
from scipy.interpolate import CubicSpline

from mfcheck.checks import Case, Evidence, Inequality, Standard, Variable, decide
from mfcheck.claims import inequality
from mfcheck.kernels.arccos import Cosine, from_distance, half_term
from mfcheck.kernels.enclosure import Layer, kernel
from mfcheck.kernels.formulas import HALF_TERM, theta
from mfcheck.kernels.limit import limit_float, limit_kernel
from mfcheck.kernels.rntk import correlation, mixing
from mfcheck.kernels.single import rntk_of_pair
from mfcheck.rigor.ball import enclose, exact
from mfcheck_proofs.rntk_scaling.symbols import L, T, c, kappa, lam, s_0

DIGITS = 15
PREC = 128
GRID = (Fraction(-9, 10), Fraction(0), Fraction(1, 2), Fraction(9, 10))
"""The cosines at which tables are given."""
COSINES = (Fraction(-1), *GRID, Fraction(999, 1000))
ONE, HALF = Fraction(1), Fraction(1, 2)


@dataclass(frozen=True)
class Pair:
    """Cosine u, depth, and alpha = scale L^-gamma, exactly; kernels and symbols as balls."""

    u: Fraction
    depth: int
    gamma: Fraction = Fraction(0)
    scale: Fraction = ONE

    def __str__(self) -> str:
        """Name the case."""
        alpha = f"L^-{self.gamma}" if self.gamma else f"{self.scale}"
        return f"L = {self.depth}, u = {self.u}, alpha = {alpha}"

    @property
    def square(self) -> arb:
        """Alpha^2."""
        with ctx.workprec(PREC):
            return exact(self.scale) ** 2 * exact(self.depth) ** (-2 * exact(self.gamma))

    @property
    def kernel(self) -> arb:
        """r_L."""
        return _kernel(self)

    @property
    def one_layer(self) -> arb:
        """r_1."""
        return enclose(HALF_TERM, {theta: exact(self.u).acos()}, PREC)

    @property
    def limit(self) -> arb:
        """The limit at gamma = 1/2."""
        return limit_kernel(self.u).kernel

    @property
    def all_trained(self) -> arb:
        """The normalised kernel if first and last layers are trained too: (rho_L + u B_1 + 2 a L r_L)/(2 (1 + a L))."""
        with ctx.workprec(PREC):
            a = self.square / (1 + self.square)
            rho, factor = _ends(self, a)
            return (rho + exact(self.u) * factor + 2 * a * self.depth * self.kernel) / (2 * (1 + a * self.depth))

    @property
    def stretch(self) -> arb:
        """What the layers add to 1/|x - x'|."""
        start = 1 - exact(self.u)
        after = kernel(self.depth, self.square, DIGITS).correlation_gap(start)
        return 1 / (2 * after).sqrt() - 1 / (2 * start).sqrt()

    def __call__(self, formula: sp.Expr) -> arb:
        """Enclose a bound over kappa, lambda, s_0, c, theta, L, and the clock T = a L."""
        with ctx.workprec(PREC):
            a = self.square / (1 + self.square)
            k, chord = a / (3 * arb.pi()), (2 * (1 - exact(self.u))).sqrt()
            values: dict[sp.Symbol, Any] = {kappa: k, lam: k * self.depth, c: chord, T: a * self.depth}
            values |= {L: exact(self.depth), s_0: 1 / chord, theta: exact(self.u).acos()}
            return enclose(formula, {s: values[s] for s in formula.free_symbols}, PREC)


@lru_cache(maxsize=4096)
def _kernel(pair: Pair) -> arb:
    with ctx.workprec(PREC):
        return kernel(pair.depth, pair.square, DIGITS)(exact(pair.u))


def _ends(pair: Pair, a: arb) -> tuple[arb, arb]:
    """Enclose rho_L and B_1 = d rho_L/du, the product of the slopes of all layers."""
    layer, middle, radius, factor = Layer.here(), 1 - exact(pair.u), arb(0), arb(1)
    for _ in range(pair.depth):
        angle = layer.at(middle)
        factor *= layer.slope(angle + layer.error(radius), a)
        middle, radius = layer.next(middle, radius, angle, a)
    return 1 - arb(middle, radius), factor


@dataclass(frozen=True)
class FloatPair:
    """The same in double precision, from the distance of the inputs."""

    chord: float
    depth: int
    alpha: float

    @property
    def kernel(self) -> float:
        """r_L."""
        return rntk_of_pair(self.chord, self.depth, self.alpha)

    @property
    def _cosine(self) -> Cosine:
        return from_distance([self.chord])

    @property
    def one_layer(self) -> float:
        """r_1."""
        return float(half_term(self._cosine)[0])

    @property
    def limit(self) -> float:
        """The limit at gamma = 1/2."""
        return float(_limit()(float(self._cosine.angle[0])))

    @property
    def stretch(self) -> float:
        """What the layers add to 1/|x - x'|."""
        after = correlation(self._cosine, self.depth, self.alpha)
        return float((2 * after.v[0]) ** -0.5) - 1 / self.chord

    def __call__(self, formula: sp.Expr) -> float:
        """Return a bound; symbols as for `Pair`."""
        a, angle = mixing(self.alpha), float(self._cosine.angle[0])
        k = a / (3 * np.pi)
        return float(_code(formula)(k, k * self.depth, 1 / self.chord, self.chord, angle, self.depth, a * self.depth))


@lru_cache(maxsize=64)
def _code(formula: sp.Expr) -> Callable[..., float]:
    code: Callable[..., float] = sp.lambdify((kappa, lam, s_0, c, theta, L, T), formula, "math")
    return code


@lru_cache(maxsize=1)
def _limit() -> CubicSpline:
    """Return the limit at gamma = 1/2 as a function of the angle, to eight digits."""
    angles = np.linspace(0, np.pi, 801)
    at = Cosine(2 * np.sin(angles / 2) ** 2, 2 * np.cos(angles / 2) ** 2)
    return CubicSpline(angles, limit_float(at, 1.0))


Formulas = Mapping[str, sp.Basic]
Sides: TypeAlias = Callable[[Any, Formulas], tuple[Any, Any]]
"""`(pair, formulas) -> (lhs, rhs)` for pairs of either kind."""


def below(pairs: Iterable[Pair], formulas: Formulas, *sides: Sides, domain: str) -> Evidence:
    """Return the certified evidence that lhs <= rhs for each of the pairs and each of the inequalities."""
    with ctx.workprec(PREC):
        cases = [Case(*side(pair, formulas), str(pair)) for pair in pairs for side in sides]
    return decide(cases, Standard("<="), domain)


CHORD = Variable("chord", Fraction(1, 1000), Fraction(2), log=True)
ALPHA = Variable("scale", Fraction(1, 100), Fraction(10), log=True)
DEPTH = Variable("layers", Fraction(1), Fraction(256), log=True, integer=True)
SLOW = Variable("exponent", Fraction(0), Fraction(49, 100))
FAST = Variable("exponent", Fraction(51, 100), Fraction(2))


def attack(id: str, text: str, sides: Sides, own: Sequence[Variable], gamma: Fraction = Fraction(0)) -> Inequality:
    """Return the inequality for the search; `own` are among the variables above, `gamma` where none is the exponent."""

    def fast(sample: inequality.Sample, formulas: Formulas) -> tuple[float, float]:
        given = sample.values
        depth = given.get("layers", 1.0)
        alpha = float(given.get("scale", 1.0) * depth ** -given.get("exponent", float(gamma)))
        lhs, rhs = sides(FloatPair(given["chord"], int(depth), alpha), formulas)
        return float(lhs), float(rhs)

    def enclosed(case: inequality.Case, formulas: Formulas) -> tuple[arb, arb]:
        given = dict(case.own)
        exponent, scale = given.get("exponent", gamma), given.get("scale", ONE)
        with ctx.workprec(PREC):
            lhs, rhs = sides(Pair(1 - given["chord"] ** 2 / 2, int(given.get("layers", 1)), exponent, scale), formulas)
            return lhs, rhs

    return Inequality(id, text, (), fast, enclosed, own=tuple(own))
