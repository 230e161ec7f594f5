"""Langevin dynamics of particles that may interact through finitely many averages; time averages with errors.

`d theta_i = b(theta_i, z) dt + noise dW_i`, `z = (1/M) sum_i h(theta_i)`, by the Euler-Maruyama scheme with all
particles moved at once. For `b = -grad U` the stationary law is `exp(-U/T)` with `T = noise^2/2`: the factor of the
noise is an argument, and nothing here chooses it. The scheme shifts averages by a multiple of the step, which
`time_averages` removes from runs at two steps.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from mfcheck.claims.record import Estimate
from mfcheck.errors import InputError
from mfcheck.statistics import batch_means, extrapolated

Array = NDArray[np.float64]
Compiled = Callable[[Array, Array], Sequence[float]]
"""A compiled function of one particle `(k,)` and averages `(m,)` that returns a tuple."""

BATCHES = 32
FEWEST = 16
_BLOCK = 4096


@dataclass(frozen=True, eq=False)
class Langevin:
    """Drift and averages of the particles, compiled.

    Attributes:
        dimension: k, the number of coordinates of a particle.
        averages: m, the number of features.
        drift: one particle and the averages to k numbers.
        features: one particle (and the averages, which are not used) to m numbers, the averages that are recorded.
    """

    dimension: int
    averages: int
    drift: Compiled
    features: Compiled

    @classmethod
    def of(
        cls,
        theta: Sequence[sp.Symbol],
        z: Sequence[sp.Symbol],
        drift: Sequence[sp.Expr],
        features: Sequence[sp.Expr],
    ) -> "Langevin":
        """Compile expressions: `drift` (k of them) in `theta` and `z`, `features` (m of them) in `theta` alone.

        Features that the drift does not use are recorded all the same.

        Raises:
            InputError: lengths do not fit, or an expression has another symbol.
        """
        if len(drift) != len(theta) or len(features) != len(z) or not features:
            raise InputError(
                "one drift for each coordinate, one feature (at least one) for each average"
            )
        for name, group, known in (("drift", drift, (*theta, *z)), ("features", features, theta)):
            unknown = set().union(*(sp.sympify(e).free_symbols for e in group)) - set(known)
            if unknown:
                raise InputError(f"{name} holds the unknown symbols {sorted(map(str, unknown))}")
        return cls(len(theta), len(z), _compiled(theta, z, drift), _compiled(theta, z, features))

    def series(
        self, start: Array, noise: float, step: float, steps: int, rng: np.random.Generator,
        every: int = 1,
    ) -> tuple[Array, Array]:  # fmt: skip
        """Run the scheme; return averages after each `every` steps, `(steps // every, m)`, and the last particles.

        Args:
            start: particles `(M, k)`.
            noise: factor of dW.
            step: length of a step.
            steps: number of steps.
            rng: source of the noise.
            every: steps between records.

        Raises:
            InputError: the step is not positive, or the particles have another dimension.
            ValueError: the scheme is unstable (a particle is not finite).
        """
        if start.ndim != 2 or start.shape[1] != self.dimension:
            raise InputError(f"particles must have {self.dimension} coordinates")
        if not step > 0 or not noise >= 0 or every < 1:
            raise InputError("the step must be positive, the noise not negative")
        now = np.array(start, dtype=np.float64)
        records = np.empty((steps // every, self.averages))
        _run(now, self.drift, self.features, noise, step, steps, every, rng, records)
        if not np.all(np.isfinite(now)):
            raise ValueError(f"the step {step:g} is too long: a particle is not finite")
        return records, now


@numba.njit(error_model="numpy", nogil=True)
def _run(now, drift, features, noise, step, steps, every, rng, records):  # type: ignore[no-untyped-def]
    count, dimension = now.shape
    averages = records.shape[1]
    z, total = np.zeros(averages), np.zeros(averages)
    size = noise * math.sqrt(step)
    for i in range(count):
        found = features(now[i], z)
        for j in range(averages):
            total[j] += found[j]
    for done in range(steps):
        for j in range(averages):
            z[j] = total[j] / count
            total[j] = 0.0
        for i in range(count):
            push = drift(now[i], z)
            for c in range(dimension):
                now[i, c] += step * push[c] + size * rng.standard_normal()
            found = features(now[i], z)
            for j in range(averages):
                total[j] += found[j]
        if (done + 1) % every == 0:
            for j in range(averages):
                records[(done + 1) // every - 1, j] = total[j] / count


def _compiled(theta: Sequence[sp.Symbol], z: Sequence[sp.Symbol], group: Sequence[sp.Expr]) -> Any:
    """Return a compiled function of the arrays `theta` and `z` with the values as a tuple."""
    names = sp.DeferredVector("theta"), sp.DeferredVector("z")
    places = {s: names[0][i] for i, s in enumerate(theta)} | {
        s: names[1][i] for i, s in enumerate(z)
    }
    # A float, so that all members of the tuple have one type.
    values = tuple(sp.sympify(e).subs(places, simultaneous=True) * sp.Float(1) for e in group)
    return numba.njit(error_model="numpy")(sp.lambdify(names, values, modules="math", cse=True))


def time_averages(
    sampler: Langevin,
    start: Array,
    noise: float,
    step: float,
    time: float,
    rng: np.random.Generator,
    *,
    burn: float | None = None,
    every: int = 1,
    extrapolate: bool = True,
) -> list[Estimate]:
    """Return the stationary averages of all features, with noise from batch means and the step removed.

    With `extrapolate`, a second run has twice the step, and the limit of step 0 is returned, its bias
    being half of what was removed; else the bias of the step is *not* in the error.

    Args:
        sampler: drift and features.
        start: particles `(M, k)` at time 0.
        noise: factor of dW.
        step: the shorter of the steps.
        time: time that is averaged over.
        rng: source of the noise.
        burn: time that is dropped before; None for a fifth of `time`.
        every: steps between records.
        extrapolate: remove the first order in the step.
    """
    burn = time / 5 if burn is None else burn
    found = []
    for length in (step, 2 * step) if extrapolate else (step,):
        _, warm = sampler.series(start, noise, length, math.ceil(burn / length), rng, _BLOCK)
        records, _ = sampler.series(warm, noise, length, math.ceil(time / length), rng, every)
        found.append([correlated_mean(column) for column in records.T])
    if not extrapolate:
        return found[0]
    sizes = (1 / (2 * step), 1 / step)
    return [extrapolated(sizes, pair[::-1]) for pair in zip(*found, strict=True)]


def correlated_mean(series: Array) -> Estimate:
    """Return the mean of a stationary series with an error from batch means.

    Starts from 32 batches, and halves their number once if neighbouring means are correlated beyond chance.

    Raises:
        ValueError: even 16 batches are correlated: the series is too short for an error.
    """
    for batches, deviations in ((BATCHES, 2), (FEWEST, 3)):
        length = max(1, len(series) // batches)
        means = series[: length * batches].reshape(batches, length).mean(axis=1)
        centred = means - means.mean()
        power = float(centred @ centred)
        lag = float(centred[1:] @ centred[:-1]) / power if power > 0 else 0.0
        if lag < deviations / math.sqrt(batches):
            return batch_means(series, batches)
    raise ValueError("the series is too short against its correlation time")


def self_test(
    rng: np.random.Generator,
    noise: float,
    stiffness: float,
    step: float = 0.05,
    time: float = 400.0,
) -> tuple[Estimate, float]:
    """Return the variance sampled in the potential `stiffness x^2/2`, and the declared `noise^2/(2 stiffness)`."""
    x, m, v = sp.symbols("x m v")
    sampler = Langevin.of([x], [m, v], [-sp.Float(stiffness) * x], [x, x**2])
    start = rng.normal(size=(64, 1)) * noise / math.sqrt(2 * stiffness)
    return time_averages(sampler, start, noise, step, time, rng)[1], noise**2 / (2 * stiffness)
