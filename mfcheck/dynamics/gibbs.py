"""Gibbs laws that depend on themselves through finitely many averages: fixed point, free energy, moments.

A minimiser of `F(rho) = R(z) + int U d rho + T KL(rho | base)`, `z = int h d rho`, is
`rho ~ exp(-(U + c(z) . h)/T) base` with `c = grad R`; fixed points make sense for any `c`. The unknowns are the few
numbers z: Newton's method in z, continued in the strength of the interaction from 0 (which is an infinite temperature
of the interaction alone) to 1. With a risk R the steps must raise the dual `R(z) - c . z - T log Z(c)`, which is
concave in c for a convex R, so that they converge from anywhere; without one they must lower the residual. The law
lives on quadrature nodes; `base` may be any measure, Lebesgue's or a normalised one; free energy and entropy are
relative to it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from mfcheck.claims.record import Estimate
from mfcheck.errors import InputError
from mfcheck.statistics import exactly

Array = NDArray[np.float64]

_NEWTON = 60
_SHORTEST = 1e-4
_CLOSE = 1e-14


def line(cut: float, count: int) -> tuple[Array, Array]:
    """Return nodes `(count,)` on [-cut, cut] and the logarithms of trapezoid weights for Lebesgue's measure."""
    x = np.linspace(-cut, cut, count)
    weights = np.full(count, x[1] - x[0])
    weights[[0, -1]] /= 2
    return x, np.log(weights)


def circle(count: int) -> tuple[Array, Array]:
    """Return angles `(count,)` in [0, 2 pi) and the logarithms of their equal weights."""
    return 2 * np.pi * np.arange(count) / count, np.full(count, np.log(2 * np.pi / count))


def product(*axes: tuple[Array, Array]) -> tuple[Array, Array]:
    """Return nodes `(K, d)` of a product grid, and the logarithms of its weights `(K,)`."""
    nodes = np.meshgrid(*(x for x, _ in axes), indexing="ij")
    logs = np.meshgrid(*(w for _, w in axes), indexing="ij")
    return np.stack([x.ravel() for x in nodes], axis=1), np.asarray(sum(w.ravel() for w in logs))


def gaussian_tail(cut: float, variance: float, power: float = 0.0) -> float:
    """Return `E[|x|^power; |x| > cut]` under N(0, variance)."""
    shape = (power + 1) / 2
    scale = (2 * variance) ** (power / 2) * special.gamma(shape) / np.sqrt(np.pi)
    return float(scale * special.gammaincc(shape, cut**2 / (2 * variance)))


@dataclass(frozen=True, eq=False)
class Gibbs:
    """The problem on its nodes.

    Attributes:
        log_base: logarithms of the masses of the base measure at the nodes, `(K,)`.
        potential: `U` at the nodes, `(K,)`.
        features: `h` at the nodes, `(m, K)`.
        coefficients: `c(z)`, `(m,)` to `(m,)`; the gradient of `risk`.
        slopes: `dc/dz`, `(m,)` to `(m, m)`.
        temperature: `T`.
        risk: `R(z)`, for the free energy, and to damp the steps.
        tail: mass of the normalised `exp(-U/T) base` that the nodes leave out.
        bounds: suprema of `|h_j|` off the nodes too, `(m,)`; needed with a tail.
    """

    log_base: Array
    potential: Array
    features: Array
    coefficients: Callable[[Array], Array]
    slopes: Callable[[Array], Array]
    temperature: float
    risk: Callable[[Array], float] | None = None
    tail: float = 0.0
    bounds: Array | None = None

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise InputError("the temperature must be positive")
        if self.features.ndim != 2 or self.features.shape[1:] != self.log_base.shape:
            raise InputError("features must have one row each, with a value at every node")
        if self.tail and self.bounds is None:
            raise InputError("the effect of a tail needs bounds of the features")

    def law(self, c: Array) -> tuple[Array, float]:
        """Return masses `(K,)`, sum one, and `log Z` for coefficients held at `c (m,)`."""
        exponent = self.log_base - (self.potential + c @ self.features) / self.temperature
        top = float(np.max(exponent))
        masses = np.exp(exponent - top)
        total = float(np.sum(masses))
        return masses / total, top + float(np.log(total))

    def solve(self, start: Array | None = None) -> "GibbsLaw":
        """Return the fixed point that continues the law without interaction (or the one next to `start`).

        Raises:
            ValueError: the continuation stalls: a fold, or a solution that is not smooth in the strength.
        """
        if start is not None:
            z, residual = self._newton(np.asarray(start, dtype=np.float64), 1.0)
            if residual > self._scale(z) * 1e-10:
                raise ValueError(f"no fixed point next to the start: residual {residual:.2g}")
            return self._found(z)
        z = self.features @ self.law(np.zeros(len(self.features)))[0]
        strength, step = 0.0, 1.0
        while strength < 1:
            target = min(1.0, strength + step)
            new, residual = self._newton(z, target)
            if residual <= self._scale(new) * 1e-10:
                z, strength, step = new, target, 2 * step
            else:
                step /= 2
            if step < 1e-6:
                raise ValueError(f"the continuation stalls at strength {strength:.6f}")
        return self._found(z)

    def residual(self, z: Array, strength: float = 1.0) -> tuple[Array, Array]:
        """Return `z - int h d rho_z`, `(m,)`, and its Jacobian `I + Cov(h, h) c'(z)/T`, `(m, m)`."""
        masses, _ = self.law(strength * self.coefficients(z))
        mean = self.features @ masses
        centred = self.features - mean[:, None]
        covariance = (centred * masses) @ centred.T
        jacobian = np.eye(len(z)) + strength / self.temperature * covariance @ self.slopes(z)
        return z - mean, jacobian

    def _dual(self, z: Array, strength: float) -> float:
        """Return `s (R(z) - c . z) - T log Z(s c)`; minus infinity without a risk."""
        if self.risk is None:
            return -np.inf
        c = self.coefficients(z)
        partition = self.temperature * self.law(strength * c)[1]
        return strength * (self.risk(z) - float(c @ z)) - partition

    def _newton(self, z: Array, strength: float) -> tuple[Array, float]:
        """Return the end of Newton's method, damped so that the dual rises or the residual falls, and the residual."""
        value, jacobian = self.residual(z, strength)
        for _ in range(_NEWTON):
            size = float(np.max(np.abs(value)))
            if size <= _CLOSE * self._scale(z):
                break
            move = np.asarray(np.linalg.lstsq(jacobian, value)[0], dtype=np.float64)
            gain = strength * float(value @ self.slopes(z) @ move)
            new = self._damped(z, move, gain, size, strength)
            if new is None:
                break
            z = new
            value, jacobian = self.residual(z, strength)
        return z, float(np.max(np.abs(value)))

    def _damped(
        self, z: Array, move: Array, gain: float, size: float, strength: float
    ) -> Array | None:
        """Return the longest of the halved steps that is good enough, None if there is none.

        `gain` is the slope of the dual along the step. Where it drowns in rounding, the residual `size` decides.
        """
        dual = self._dual(z, strength)
        rising = gain > 1e-12 * max(1.0, abs(dual)) and np.isfinite(dual)
        damping = 1.0
        while damping > _SHORTEST:
            new = z - damping * move
            if rising:
                good = self._dual(new, strength) > dual + 1e-4 * damping * gain
            else:
                good = float(np.max(np.abs(self.residual(new, strength)[0]))) < size
            if good:
                return new
            damping /= 2
        return None

    def _found(self, z: Array) -> "GibbsLaw":
        value, jacobian = self.residual(z)
        c = self.coefficients(z)
        masses, log_z = self.law(c)
        return GibbsLaw(self, z, masses, c, log_z, float(np.max(np.abs(value))), jacobian)

    @staticmethod
    def _scale(z: Array) -> float:
        return max(1.0, float(np.max(np.abs(z), initial=0.0)))


@dataclass(frozen=True, eq=False)
class GibbsLaw:
    """A fixed point.

    Attributes:
        problem: what was solved.
        z: the averages `(m,)`.
        masses: of the nodes, `(K,)`, sum one.
        c: the coefficients `c(z)`, `(m,)`.
        log_partition: `log int exp(-(U + c . h)/T) d base`.
        residual: largest entry of `z - int h d rho_z`.
        jacobian: of the residual, `(m, m)`.
        quadrature: bound on the error of z by the nodes, where `refined` found one.
    """

    problem: Gibbs
    z: Array
    masses: Array
    c: Array
    log_partition: float
    residual: float
    jacobian: Array
    quadrature: float | None = None

    @property
    def relative_entropy(self) -> float:
        """`KL(rho | base)`: `E log rho` for Lebesgue's measure."""
        mean = float(self.masses @ self.problem.potential) + float(self.c @ self.z)
        return -mean / self.problem.temperature - self.log_partition

    @property
    def free_energy(self) -> float:
        """`R(z) + E U + T KL(rho | base)`.

        Raises:
            ValueError: the problem has no `risk`.
        """
        if self.problem.risk is None:
            raise ValueError("the problem has no risk, and so no free energy")
        # E U cancels against the one in the entropy.
        partition = self.problem.temperature * self.log_partition
        return self.problem.risk(self.z) - float(self.c @ self.z) - partition

    @property
    def tail_mass(self) -> float:
        """Bound on the mass of the fixed-c law off the nodes: that of the reference law times `exp(2 max|c . h|/T)`."""
        problem = self.problem
        if problem.bounds is None:
            return 0.0
        swing = float(np.abs(self.c) @ problem.bounds) / problem.temperature
        return min(1.0, problem.tail * float(np.exp(2 * swing)))

    @property
    def error(self) -> float:
        """First-order bound on the error of z: residual, tail and nodes, through the inverse Jacobian."""
        bounds = np.zeros(len(self.z)) if self.problem.bounds is None else self.problem.bounds
        off = self.residual + 2 * float(np.max(bounds, initial=0.0)) * self.tail_mass
        inverse = np.linalg.norm(np.linalg.inv(self.jacobian), np.inf)
        return float(inverse) * (off + 4e-16 * Gibbs._scale(self.z)) + (self.quadrature or 0.0)

    def mean(self, values: Array, tail: float = 0.0) -> Estimate:
        """Return the mean of `values (K,)`, with a first-order bound on its error.

        Args:
            values: a function at the nodes.
            tail: integral of its absolute value under the normalised `exp(-U/T) base` off the nodes.
        """
        problem = self.problem
        mean = float(self.masses @ values)
        centred = problem.features - self.z[:, None]
        slope = problem.slopes(self.z).T @ ((centred * self.masses) @ values) / problem.temperature
        swing = 0.0
        if problem.bounds is not None:
            swing = float(np.abs(self.c) @ problem.bounds) / problem.temperature
        off = tail * float(np.exp(2 * swing)) + abs(mean) * self.tail_mass
        rounding = 4e-16 * float(self.masses @ np.abs(values))
        return exactly(mean, off + rounding + float(np.sum(np.abs(slope))) * self.error)


def refined(make: Callable[[int], Gibbs], count: int, doublings: int = 6) -> GibbsLaw:
    """Return the fixed point on ever finer nodes, until twice as many change z by rounding only.

    Args:
        make: the problem on so many nodes, at fixed ends.
        count: nodes of the coarsest grid.
        doublings: how often the nodes may be doubled.

    Returns:
        The last law, with the last change of z as its `quadrature` error.
    """
    law = make(count).solve()
    for _ in range(doublings):
        count = 2 * count - 1
        finer = make(count).solve(law.z)
        change = float(np.max(np.abs(finer.z - law.z), initial=0.0))
        law = replace(finer, quadrature=change)
        if change <= 4 * _CLOSE * Gibbs._scale(law.z):
            break
    return law


def cooled(make: Callable[[float], Gibbs], temperatures: Sequence[float]) -> GibbsLaw:
    """Return the fixed point at the last of falling temperatures, each solution the start of the next.

    For problems that are too cold for a single solve. Each temperature should be at least a third of the one before.

    Args:
        make: the problem at a temperature.
        temperatures: falling, the last one is meant.

    Raises:
        ValueError: a solve fails.
    """
    law = make(temperatures[0]).solve()
    for temperature in temperatures[1:]:
        law = make(temperature).solve(law.z)
    return law
