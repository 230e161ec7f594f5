"""The Fokker-Planck equation on a line, by exponential fitting (Scharfetter and Gummel 1969), implicit in time.

`d_t g + d_x(a(x, z) g) = (1/2) d_xx(K(x)^2 g)` (Ito) with no flux through the ends, where `z` are averages of features
under `g`. With `u = K^2 g / 2` the flux between two nodes is exact for a `u` of constant flux, so that the stationary
law is exact at the nodes, densities stay positive at every step size, and the relative entropy falls. The step is
implicit Euler, first order: `evolve_to` extrapolates it and states an error. Averages in the drift are those of the
start of a step.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded

from mfcheck.errors import InputError

Array = NDArray[np.float64]
Drift = Callable[[Array, Array], Array]
"""Values of `a(x, z)` for positions of any shape and averages `(m,)`."""
Reading = Literal["ito", "stratonovich"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)


def _no_features(x: Array) -> Array:
    return np.empty((0, len(x)))


@dataclass(frozen=True, eq=False)
class FokkerPlanck:
    """One equation on a uniform grid.

    Attributes:
        x: nodes `(n,)`, uniform, increasing; each stands for a cell of width `h`, the mass is `h sum g`.
        drift: `a(x, z)`; a potential `U` enters as `-U'`.
        noise: `K(x)`, positive on the grid (`sqrt(2 T)` for temperature T).
        features: values `(m, n)` at positions `(n,)`, whose averages `z` enter the drift.
        reading: `stratonovich` adds `K K'/2` to the drift: the wrong reading of an Ito equation, to be told apart.

    Raises:
        InputError: the grid is not uniform, or the noise not positive.
    """

    x: Array
    drift: Drift
    noise: Callable[[Array], Array]
    features: Callable[[Array], Array] = _no_features
    reading: Reading = "ito"
    _cells: Array = field(init=False, repr=False)
    _features: Array = field(init=False, repr=False)
    _edges: Array = field(init=False, repr=False)
    _edge_noise: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        steps = np.diff(self.x)
        if len(self.x) < 3 or np.ptp(steps) > 1e-9 * abs(steps[0]) or steps[0] <= 0:
            raise InputError("the grid must be uniform and increasing, with three nodes at least")
        K = np.broadcast_to(np.asarray(self.noise(self.x), dtype=np.float64), self.x.shape)
        if not np.all(K > 0):
            raise InputError("the noise must be positive on the grid")
        middle = (self.x[:-1] + self.x[1:]) / 2
        edges = middle[:, None] + self.h / 2 * _NODES
        object.__setattr__(self, "_cells", K)
        object.__setattr__(self, "_features", np.asarray(self.features(self.x)))
        object.__setattr__(self, "_edges", edges)
        object.__setattr__(self, "_edge_noise", np.asarray(self.noise(edges)))

    @property
    def h(self) -> float:
        """Width of a cell."""
        return float((self.x[-1] - self.x[0]) / (len(self.x) - 1))

    def averages(self, g: Array) -> Array:
        """Return the averages of the features, `(m,)`, under the density `g (n,)`."""
        return np.asarray(self._features @ g * self.h)

    def mean(self, g: Array, values: Array) -> float:
        """Return the average of `values (n,)` under the density `g (n,)`."""
        return float(g @ values * self.h)

    def fitted(self, z: Array) -> Array:
        """Return `int 2 a/K^2` over each edge `(n - 1,)`: the increments of log(K^2 g) at equilibrium."""
        rates = 2 * self.drift(self._edges, z) / self._edge_noise**2
        found: Array = np.broadcast_to(rates, self._edges.shape) @ _WEIGHTS * (self.h / 2)
        if self.reading == "stratonovich":
            found = found + np.diff(np.log(self._cells))
        return found

    def equilibrium(self, z: Array | None = None) -> Array:
        """Return the stationary density `(n,)` for averages held at `z`; exact up to the edge quadrature."""
        z = np.empty(0) if z is None else z
        exponent = np.concatenate([[0.0], np.cumsum(self.fitted(z))])
        g = np.exp(exponent - np.max(exponent)) / self._cells**2
        return np.asarray(g / (np.sum(g) * self.h))

    def flux(self, g: Array) -> Array:
        """Return the flux through each edge `(n - 1,)` of a density `(n,)`."""
        beta = self.fitted(self.averages(g))
        u = self._cells**2 / 2 * g
        return np.asarray((bernoulli(-beta) * u[:-1] - bernoulli(beta) * u[1:]) / self.h)

    def step(self, g: Array, dt: float) -> Array:
        """Return the density after one implicit step; its mass is that of `g` up to rounding.

        Args:
            g: density `(n,)`.
            dt: length of the step, of any size.
        """
        beta = self.fitted(self.averages(g))
        rate = dt / self.h**2 * self._cells**2 / 2
        right, left = bernoulli(-beta) * rate[:-1], bernoulli(beta) * rate[1:]
        bands = np.ones((3, len(g)))
        bands[0, 1:], bands[2, :-1] = -left, -right
        bands[1, :-1] += right
        bands[1, 1:] += left
        found = solve_banded((1, 1), bands, g, check_finite=False)
        # Rounding moves the mass by up to 1e-16 dt/h^2; the exact scheme does not move it at all.
        return np.asarray(found * (np.sum(g) / np.sum(found)))

    def evolve(self, g: Array, time: float, steps: int) -> Array:
        """Return the density at `time` after equal steps: error of first order in their length."""
        for _ in range(steps):
            g = self.step(g, time / steps)
        return g

    def evolve_to(self, g: Array, times: Sequence[float], steps: int = 50) -> "Evolution":
        """Return the densities at increasing `times`, extrapolated in the step, with errors.

        Runs with one, two and four times `steps` steps for each interval; the step size is removed twice, and the
        difference to the extrapolation with one removal is the error.

        Args:
            g: density at time 0, `(n,)`.
            times: increasing, positive.
            steps: steps of the coarsest run in each interval.
        """
        runs = []
        for refinement in (1, 2, 4):
            now, at, kept = g, 0.0, []
            for time in times:
                now = self.evolve(now, time - at, steps * refinement)
                at = time
                kept.append(now)
            runs.append(np.array(kept))
        coarse, fine = 2 * runs[1] - runs[0], 2 * runs[2] - runs[1]
        best = (4 * fine - coarse) / 3
        return Evolution(self, np.asarray(times, dtype=np.float64), best, fine, runs[2])

    def stationary(self, g: Array, tolerance: float = 1e-13, steps: int = 400) -> Array:
        """Return a stationary density that the flow from `g` reaches, with steps that grow.

        Raises:
            ValueError: not reached within `steps` steps (the averages oscillate, say).
        """
        dt = 0.1
        for _ in range(steps):
            new = self.step(g, dt)
            change = float(np.sum(np.abs(new - g)) * self.h)
            still = self.h * float(np.sum(np.abs(new - self.equilibrium(self.averages(new)))))
            g = new
            if still < tolerance * max(1.0, len(self.x) / 100):
                return g
            dt = min(dt * 1.5, 1e6) if change < 0.3 else dt
        raise ValueError(f"no stationary law within {steps} steps: distance {still:.2g}")


@dataclass(frozen=True, eq=False)
class Evolution:
    """Densities at some times, at three orders in the time step.

    Attributes:
        equation: what was solved.
        times: `(T,)`.
        density: two orders of the step removed, `(T, n)`; may be slightly negative in the tails.
        checked: one order removed, `(T, n)`; the distance to `density` is the error.
        raw: the finest run itself, `(T, n)`: positive, first order.
    """

    equation: FokkerPlanck
    times: Array
    density: Array
    checked: Array
    raw: Array

    def mean(self, values: Array) -> tuple[Array, Array]:
        """Return averages of `values (n,)` at all times and bounds on the errors of the time step, both `(T,)`."""
        h = self.equation.h
        best, less = self.density @ values * h, self.checked @ values * h
        size = self.raw @ np.abs(values) * h
        return np.asarray(best), np.asarray(np.abs(best - less) + 1e-12 * size)


def bernoulli(x: Array) -> Array:
    """Return `x/(e^x - 1)`, 1 at 0, to full relative accuracy."""
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        found = np.where(np.abs(x) < 1e-8, 1 - x / 2, x / np.expm1(x))
    return np.asarray(found)


def relative_entropy(g: Array, reference: Array, h: float) -> float:
    """Return `int g log(g/reference)` on a grid of width `h`; nodes where `g` vanishes count zero."""
    inside = g > 0
    with np.errstate(divide="ignore"):
        ratio = np.log(g[inside]) - np.log(reference[inside])
    return float(h * np.sum(g[inside] * ratio))


def free_energy(
    g: Array, h: float, potential: Array, temperature: float, risk: float = 0.0
) -> float:
    """Return `risk + int U g + T int g log g` of a density `(n,)`.

    Args:
        g: density at the nodes.
        h: width of a cell.
        potential: `U` at the nodes, `(n,)`.
        temperature: T, half the square of a constant noise.
        risk: the part that depends on averages of `g`.
    """
    inside = g[g > 0]
    return risk + float(h * (g @ potential)) + temperature * float(h * (inside @ np.log(inside)))
