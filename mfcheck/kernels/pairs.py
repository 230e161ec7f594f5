"""Two unit inputs of a residual network with `alpha = scale L^-gamma`: its kernels, and what bounds on them are over.

`Pair` computes in balls, `FloatPair` in double precision; both have the same names, so that an inequality is written
once for both. Called with a formula, each gives its value: over the symbols of `mfcheck.kernels.formulas` (angle,
distance and its inverse, depth, share of the branch, growth of the inverse distance, clock), and over the kernels.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import sympy as sp
from flint import arb, ctx
from scipy.interpolate import CubicSpline

from mfcheck.claims.inequality import Case, Inequality, Sample, Variable
from mfcheck.kernels import formulas as f
from mfcheck.kernels.arccos import Cosine, from_distance
from mfcheck.kernels.enclosure import Kernel, kernel
from mfcheck.kernels.limit import limit_float, limit_kernel
from mfcheck.kernels.rntk import correlation, mixing
from mfcheck.kernels.single import rntk_of_pair
from mfcheck.rigor.ball import enclose, exact

DIGITS, PREC = 15, 128
SYMBOLS = (f.a, f.kappa, f.lam, f.s_0, f.c, f.theta, f.L, f.T)
KERNEL, ALL_LAYERS, LIMIT, STRETCH = sp.symbols("r_L t_L R_1 stretch", real=True)
COMPUTED = {KERNEL: "kernel", ALL_LAYERS: "all_layers", LIMIT: "limit", STRETCH: "stretch"}
"""What is no formula, with its name in pairs; the kernel of one hidden layer is `formulas.HALF_TERM`."""


@dataclass(frozen=True)
class Pair:
    """Cosine u < 1, depth, and alpha = scale L^-gamma, exactly; kernels and symbols as balls."""

    u: Fraction
    depth: int
    gamma: Fraction = Fraction(0)
    scale: Fraction = Fraction(1)

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
    def _network(self) -> Kernel:
        return kernel(self.depth, self.square, DIGITS)

    @property
    def kernel(self) -> arb:
        """r_L."""
        return _kernel(self)

    @property
    def limit(self) -> arb:
        """The limit of r_L at gamma = 1/2."""
        return limit_kernel(self.u).kernel

    @property
    def all_layers(self) -> arb:
        """The kernel if first and last layers are trained too."""
        with ctx.workprec(PREC):
            return self._network.all_layers(exact(self.u))

    @property
    def stretch(self) -> arb:
        """What the layers add to 1/|x - x'|."""
        start = 1 - exact(self.u)
        after = self._network.correlation_gap(start)
        return 1 / (2 * after).sqrt() - 1 / (2 * start).sqrt()

    def __call__(self, formula: sp.Expr) -> arb:
        """Enclose a formula over `SYMBOLS` and `COMPUTED`."""
        with ctx.workprec(PREC):
            a, chord = self.square / (1 + self.square), (2 * (1 - exact(self.u))).sqrt()
            growth, depth = a / (3 * arb.pi()), exact(self.depth)
            values = (
                a,
                growth,
                growth * depth,
                1 / chord,
                chord,
                exact(self.u).acos(),
                depth,
                a * depth,
            )
            known = dict(zip(SYMBOLS, values, strict=True)) | _computed(self, formula)
            return enclose(formula, {s: known[s] for s in formula.free_symbols}, PREC)


@lru_cache(maxsize=4096)
def _kernel(pair: Pair) -> arb:
    with ctx.workprec(PREC):
        return pair._network(exact(pair.u))


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
    def limit(self) -> float:
        """The limit of r_L at gamma = 1/2, to eight digits."""
        return float(_limit()(float(self._cosine.angle[0])))

    @property
    def stretch(self) -> float:
        """What the layers add to 1/|x - x'|."""
        after = correlation(self._cosine, self.depth, self.alpha)
        return float((2 * after.v[0]) ** -0.5) - 1 / self.chord

    def __call__(self, formula: sp.Expr) -> float:
        """Return a formula over `SYMBOLS` and `COMPUTED`, but the kernel of all layers."""
        a, angle = mixing(self.alpha), float(self._cosine.angle[0])
        k = a / (3 * np.pi)
        values = (
            a,
            k,
            k * self.depth,
            1 / self.chord,
            self.chord,
            angle,
            self.depth,
            a * self.depth,
        )
        more = _computed(self, formula)
        return float(_code(formula, tuple(more))(*values, *more.values()))


def _computed(pair: "Pair | FloatPair", formula: sp.Expr) -> dict[sp.Symbol, Any]:
    """Return those of `COMPUTED` that a formula holds."""
    return {s: getattr(pair, name) for s, name in COMPUTED.items() if s in formula.free_symbols}


@lru_cache(maxsize=64)
def _code(formula: sp.Expr, more: tuple[sp.Symbol, ...]) -> Callable[..., float]:
    code: Callable[..., float] = sp.lambdify((*SYMBOLS, *more), formula, "math")
    return code


@lru_cache(maxsize=1)
def _limit() -> CubicSpline:
    """Return the limit at gamma = 1/2 as a function of the angle."""
    angles = np.linspace(0, np.pi, 801)
    at = Cosine(2 * np.sin(angles / 2) ** 2, 2 * np.cos(angles / 2) ** 2)
    return CubicSpline(angles, limit_float(at, 1.0))


# --- inequalities, for the search for counterexamples ----------------------------------------------------------------

Formulas = Mapping[str, sp.Basic]
Sides: TypeAlias = Callable[[Formulas], tuple[sp.Expr, sp.Expr]]
"""`formulas -> (lhs, rhs)` over `SYMBOLS` and `COMPUTED`, from the formulas of a statement by name."""

CHORD = Variable("chord", Fraction(1, 1000), Fraction(2), log=True)
ALPHA = Variable("scale", Fraction(1, 100), Fraction(10), log=True)
DEPTH = Variable("layers", Fraction(1), Fraction(256), log=True, integer=True)


def exponents(low: Fraction, high: Fraction) -> Variable:
    """Return gamma as a variable."""
    return Variable("exponent", low, high)


def attack(
    id: str, text: str, sides: Sides, own: Sequence[Variable], gamma: Fraction = Fraction(0)
) -> Inequality:
    """Return an inequality about pairs in the form in which counterexamples are searched.

    Args:
        id: short name.
        text: both sides in words.
        sides: of the inequality.
        own: what is searched, among variables named as those above; the scale is 1 and the depth 1 if left out.
        gamma: the exponent, where none is searched.
    """

    def fast(sample: Sample, formulas: Formulas) -> tuple[float, float]:
        given = sample.values
        depth = given.get("layers", 1.0)
        alpha = float(given.get("scale", 1.0) * depth ** -given.get("exponent", float(gamma)))
        pair = FloatPair(given["chord"], int(depth), alpha)
        lhs, rhs = map(pair, sides(formulas))
        return lhs, rhs

    def enclosed(case: Case, formulas: Formulas) -> tuple[arb, arb]:
        given = dict(case.own)
        power, scale = given.get("exponent", gamma), given.get("scale", Fraction(1))
        u, depth = 1 - given["chord"] ** 2 / 2, int(given.get("layers", 1))
        lhs, rhs = map(Pair(u, depth, power, scale), sides(formulas))
        return lhs, rhs

    return Inequality(id, text, (), fast, enclosed, own=tuple(own))
