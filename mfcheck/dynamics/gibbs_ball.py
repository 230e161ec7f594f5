"""Enclosures of Gibbs fixed points on the line with bounded features: Krawczyk's interval Newton method.

The law is `exp(-(kappa x^2/2 + c(z) . h(x))/T) dx`, normalised. Integrals are enclosed by Arb on [-R, R]; beyond, the
features are bounded and the Gaussian tail is explicit.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import sympy as sp
from flint import acb, arb, arb_mat, ctx
from numpy.typing import NDArray

from mfcheck.errors import InputError
from mfcheck.rigor.ball import compare, exact
from mfcheck.rigor.certificate import XI, normal
from mfcheck.rigor.certified_systems import System
from mfcheck.rigor.pieces import pieces
from mfcheck.rigor.program import program
from mfcheck.rigor.suprema import derivative_supremum
from mfcheck.symbolic.activation import Activation

PREC = 96
_COARSE = 2.0**-30
_FINE = 2.0 ** (8 - PREC)
_ROUNDS = 2


@dataclass(frozen=True)
class GibbsLine:
    """The problem.

    Attributes:
        x: symbol of the position.
        features: `h_j(x)`, analytic near the line.
        bounds: numbers with `|h_j| <= bounds_j` on the line; taken on trust, a theorem of the caller.
        z: symbols of the averages.
        coefficients: `c_j(z)`.
        curvature: `kappa > 0`, exact.
        temperature: `T > 0`, exact.

    Raises:
        InputError: lengths differ, or a number is not positive.
    """

    x: sp.Symbol
    features: tuple[sp.Expr, ...]
    bounds: tuple[sp.Rational, ...]
    z: tuple[sp.Symbol, ...]
    coefficients: tuple[sp.Expr, ...]
    curvature: sp.Rational
    temperature: sp.Rational

    def __post_init__(self) -> None:
        if not len(self.features) == len(self.bounds) == len(self.z) == len(self.coefficients):
            raise InputError("features, bounds, averages and coefficients must be equally many")
        if not (self.curvature > 0 and self.temperature > 0):
            raise InputError("curvature and temperature must be positive")

    @cached_property
    def _c(self) -> tuple[sp.Symbol, ...]:
        return tuple(sp.Dummy(f"c{j}", real=True) for j in range(len(self.z)))

    @cached_property
    def _weight(self) -> sp.Expr:
        push = sp.Add(*(c * h for c, h in zip(self._c, self.features, strict=True)))
        return sp.exp(-(self.curvature * self.x**2 / 2 + push) / self.temperature)

    def average(self, f: sp.Expr) -> sp.Expr:
        """Return the integral of f against the law, not normalised, as certificates write it, in the averages z."""
        scale = sp.sqrt(self.temperature / self.curvature)
        push = sp.Add(*(c * h for c, h in zip(self.coefficients, self.features, strict=True)))
        body = sp.sympify(f) * sp.exp(-push / self.temperature)
        return normal(XI, body.xreplace({self.x: scale * XI}))

    def mean(self, f: sp.Expr) -> sp.Expr:
        """Return the mean of f under the law in the same way."""
        return self.average(f) / self.average(sp.Integer(1))

    def enclose(self, start: NDArray[np.float64], radius: float = 1e-9) -> "GibbsEnclosure":
        """Prove one and only one fixed point in a box about `start`, and enclose it.

        Args:
            start: approximate averages `(m,)`, to about `radius`.
            radius: half-width of the box.

        Raises:
            InputError: the box is not mapped into itself: start, radius or precision do not do.
        """
        with ctx.workprec(PREC):
            box = [arb(arb(float(v)), radius) for v in start]
            found = self._image(box)
            if not _inside(found, box):
                raise InputError(
                    f"no fixed point is proved within {radius:g} of the start: "
                    "a better start or another radius is needed"
                )
            for _ in range(_ROUNDS):
                box = [arb(v.mid(), 4 * v.rad()) for v in found]
                finer = self._image(box)
                if not _inside(finer, box):
                    break
                found = finer
            return GibbsEnclosure(self, tuple(found), tuple(self._at(self.coefficients, found)))

    def _image(self, box: Sequence[arb]) -> list[arb]:
        """Return Krawczyk's image of a box: it holds all fixed points of the box."""
        centre, size = [v.mid() for v in box], len(box)
        mean = self._means(self._at(self.coefficients, centre), _FINE)
        gap = arb_mat([[a - b] for a, b in zip(centre, mean, strict=True)])
        jacobian = self._jacobian(box)
        middle = [[float(jacobian[i, j].mid()) for j in range(size)] for i in range(size)]
        inverse = arb_mat([[arb(float(v)) for v in row] for row in np.linalg.inv(middle)])
        one = arb_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])
        offset = arb_mat([[b - a] for a, b in zip(centre, box, strict=True)])
        moved = (one - inverse * jacobian) * offset - inverse * gap
        return [a + moved[j, 0] for j, a in enumerate(centre)]

    def _at(self, group: Sequence[sp.Expr], z: Sequence[arb]) -> list[arb]:
        return [arb(program(sp.sympify(e), self.z)(*z)) for e in group]

    def _means(self, c: Sequence[arb], tolerance: float) -> list[arb]:
        total = self.integral(sp.Integer(1), c, tolerance, (arb(1), 0))
        return [
            self.integral(h, c, tolerance, (exact(b), 0)) / total
            for h, b in zip(self.features, self.bounds, strict=True)
        ]

    def _jacobian(self, box: Sequence[arb]) -> arb_mat:
        """Enclose `I + Cov(h, h) c'(z)/T` over the box."""
        c, size = self._at(self.coefficients, box), len(box)
        total = self.integral(sp.Integer(1), c, _COARSE, (arb(1), 0))
        means = self._means(c, _COARSE)
        covariance = arb_mat(size, size)
        for i in range(size):
            for j in range(i + 1):
                bound = exact(self.bounds[i]) * exact(self.bounds[j])
                both = self.integral(self.features[i] * self.features[j], c, _COARSE, (bound, 0))
                covariance[i, j] = covariance[j, i] = both / total - means[i] * means[j]
        slopes = arb_mat(
            [self._at([sp.diff(e, s) for s in self.z], box) for e in self.coefficients]
        )
        found = covariance * slopes / exact(self.temperature)
        for i in range(size):
            found[i, i] = found[i, i] + 1
        return found

    def integral(
        self, f: sp.Expr, c: Sequence[arb], tolerance: float, growth: tuple[arb, int]
    ) -> arb:
        """Enclose `int f(x) exp(-(kappa x^2/2 + c . h)/T) dx` at the working precision.

        Args:
            f: integrand, analytic near the line.
            c: coefficients, `(m,)`.
            tolerance: relative accuracy aimed at.
            growth: `(A, p)` with `|f(x)| <= A |x|^p` for `|x| >= 1`.
        """
        T, kappa = exact(self.temperature), exact(self.curvature)
        swing = sum((abs(a) * exact(b) for a, b in zip(c, self.bounds, strict=True)), arb(0)) / T
        bits = -np.log2(tolerance) + 4
        square = 2 * T / kappa * (bits * arb(2).log() + 2 * swing + 8)
        cut = arb(max(2, int(float(square.sqrt().upper())) + 1))
        code = program(f * self._weight, (self.x, *self._c), "analytic")
        constants = [acb(v) for v in c]
        inside = acb.integral(
            lambda x, _: code(x, *constants), -cut, cut,
            rel_tol=arb(tolerance), abs_tol=arb(tolerance) * (-swing).exp(),
        ).real  # fmt: skip
        bound, power = growth
        shape = arb(power + 1) / 2
        beyond = (2 * T / kappa) ** shape * (kappa * cut**2 / (2 * T)).gamma_upper(shape)
        return arb(inside) + arb(0, (bound * swing.exp() * beyond).abs_upper())


@dataclass(frozen=True)
class GibbsEnclosure:
    """A fixed point that is proved to exist, and to be the only one near.

    Attributes:
        problem: what was solved.
        z: balls of the averages.
        c: balls of the coefficients `c(z)`.
    """

    problem: GibbsLine
    z: tuple[arb, ...]
    c: tuple[arb, ...]

    def system(self, quantities: Mapping[sp.Symbol, sp.Expr] = {}) -> System:
        """Return the equations of the averages with their solution, for certificates.

        Args:
            quantities: what other symbols stand for.
        """
        pairs = zip(self.problem.z, self.problem.features, strict=True)
        equations = tuple(self.problem.average(z - h) for z, h in pairs)
        return System(self.problem.z, equations, self.z, quantities)

    @cached_property
    def partition(self) -> arb:
        """`int exp(-(kappa x^2/2 + c . h)/T) dx`."""
        with ctx.workprec(PREC):
            return self.problem.integral(sp.Integer(1), self.c, _FINE, (arb(1), 0))

    def mean(self, f: sp.Expr, growth: tuple[arb, int]) -> arb:
        """Enclose the mean of `f`, with `(A, p)` such that `|f(x)| <= A |x|^p` for `|x| >= 1`."""
        with ctx.workprec(PREC):
            return self.problem.integral(f, self.c, _FINE, growth) / self.partition

    @cached_property
    def entropy(self) -> arb:
        """`E log rho`, the negative differential entropy."""
        with ctx.workprec(PREC):
            square = self.mean(self.problem.x**2, (arb(1), 2))
            push = sum((a * b for a, b in zip(self.c, self.z, strict=True)), arb(0))
            energy = exact(self.problem.curvature) / 2 * square + push
            return -energy / exact(self.problem.temperature) - self.partition.log()


@lru_cache(maxsize=16)
def feature_bound(act: Activation) -> sp.Rational:
    """Return a bound of `|act|`, a little above its supremum.

    Raises:
        InputError: the activation has a kink, or is not bounded.
    """
    if len(pieces(act.expr)) > 1:
        raise InputError(
            "the activation must be analytic: kinks spoil the enclosure of the optimum"
        )
    found = derivative_supremum(act, 0)
    if found.state != "finite":
        raise InputError(f"the activation must be bounded: {found.reason}")
    return sp.Rational(math.ceil(float(found.value.upper()) * 1024), 1024)


def _inside(image: Sequence[arb], box: Sequence[arb]) -> bool:
    """Say whether the image certainly lies in the interior of the box."""
    pairs = zip(image, box, strict=True)
    return all(compare(abs(new - old.mid()), old.rad()) == "<" for new, old in pairs)
