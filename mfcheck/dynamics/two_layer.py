"""Two-layer networks trained by stochastic gradient descent, many replicates at once, compiled.

`one_pass` takes a fresh sample a step, `full_batch` the same data in all steps; both add noise where the convention has
some. What is returned are the statistics that `observe` reads off the neurons at the times asked for. A replicate draws
from generators of its own, spawned from the seed, so that results are the same bits whatever the number of threads.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.random import Generator, SeedSequence
from numpy.typing import NDArray
from scipy import special

from mfcheck.dynamics import _neurons
from mfcheck.dynamics.convention import Convention
from mfcheck.errors import InputError

Array = NDArray[np.float64]
Seed = int | SeedSequence | Generator

Start = Callable[[Generator], tuple[Array, Array]]
"""Draws the neurons of one replicate: output weights `(N,)` and hidden weights `(N, d)`, or `(N,)` where d = 1."""
Sampler = Callable[[Generator, int], tuple[Array, Array]]
"""Draws that many samples: inputs `(count, d)`, or `(count,)` where d = 1, and labels `(count,)`."""
Observe = Callable[[Array, Array], Array]
"""Statistics `(R, q)` or `(R,)` of replicates with weights `c (R, N)`, `w (R, d, N)` (coordinates, then neurons)."""

NUMPY: dict[str, Callable[[Array], Array]] = {
    "identity": lambda z: z,
    "relu": lambda z: np.maximum(z, 0.0),
    "tanh": np.tanh,
    "sigmoid": special.expit,
    "sin": np.sin,
    "arctan": np.arctan,
    "erf": lambda z: special.erf(z / np.sqrt(2)),
}
"""The activations in NumPy; `erf` is `erf(z / sqrt 2)`."""

_KINDS = {name: getattr(_neurons, name.upper()) for name in (*NUMPY, "piecewise")}
_CHUNK = 1 << 16  # doubles of neurons that a chunk of replicates may hold: they stay in cache
_BLOCK = 1 << 20  # doubles of samples drawn at a time
_NOISE = 1 << 22  # doubles of noise drawn at a time


@dataclass(frozen=True)
class Network:
    """A network of N neurons `c_i sigma(w_i . x)`.

    Attributes:
        activation: a key of `NUMPY`, or `piecewise`.
        width: number of neurons N.
        dimension: number of inputs d.
        knots: of `piecewise`: abscissae (increasing) and values; linear between, constant outside.
    """

    activation: str
    width: int
    dimension: int = 1
    knots: tuple[tuple[float, ...], tuple[float, ...]] | None = None

    def __post_init__(self) -> None:
        """Refuse what is no network.

        Raises:
            InputError: the activation is unknown, a size is not positive, or the knots do not fit.
        """
        if self.activation not in _KINDS:
            raise InputError(f"no compiled activation {self.activation!r}: {', '.join(_KINDS)}")
        if self.width < 1 or self.dimension < 1:
            raise InputError("width and dimension must be positive")
        if (self.activation == "piecewise") != (self.knots is not None):
            raise InputError("knots belong to the piecewise linear activation, which needs them")
        if self.knots is not None:
            places, values = self.knots
            if len(places) < 2 or len(places) != len(values) or np.any(np.diff(places) <= 0):
                raise InputError("knots are at least two increasing abscissae, with one value each")

    def sigma(self, z: Array) -> Array:
        """Return the activation at any array, by NumPy."""
        if self.knots is not None:
            return np.asarray(np.interp(z, *self.knots))
        return NUMPY[self.activation](z)

    def outputs(self, convention: Convention, c: Array, w: Array, x: Array) -> Array:
        """Return the outputs `(R, n)` of replicates `c (R, N)`, `w (R, d, N)` at inputs `x (n, d)`."""
        scaled = convention.input_scale(self.dimension) * x.reshape(-1, self.dimension)
        hidden = self.sigma(np.einsum("nd,rdi->rni", scaled, w))
        return np.asarray(convention.output_scale(self.width) * np.einsum("rni,ri->rn", hidden, c))


def one_pass(
    network: Network,
    convention: Convention,
    start: Start,
    sampler: Sampler,
    steps: Sequence[int],
    observe: Observe,
    *,
    replicates: int,
    seed: Seed,
    schedule: Array | None = None,
    threads: int | None = None,
) -> Array:
    """Train with one new sample a step, and return statistics `(replicates, len(steps), q)`.

    Args:
        network: sizes and activation.
        convention: all factors; `convention.steps(t, N, d)` turns a time into a number of steps.
        start: draws the neurons of a replicate.
        sampler: draws samples; it is asked for blocks whose size depends on the network alone.
        steps: numbers of steps after which to observe, not decreasing.
        observe: reads statistics off the neurons of several replicates.
        replicates: number of independent runs.
        seed: of all runs.
        schedule: factor of the step at each step, nonnegative, at least `steps[-1]` of them; 1 if None.
        threads: chunks of replicates at a time; None: one per core.

    Raises:
        InputError: steps decrease, or arrays drawn have the wrong shape.
    """

    def advance(run: "_Chunk", position: int, count: int) -> None:
        run.samples(sampler, position, count)

    job = _Job(network, convention, start, _marks(steps), observe, schedule, advance)
    return job.all(replicates, seed, threads)


def full_batch(
    network: Network,
    convention: Convention,
    start: Start,
    data: Callable[[Generator], tuple[Array, Array]],
    steps: Sequence[int],
    observe: Observe,
    *,
    replicates: int,
    seed: Seed,
    weights: Array | None = None,
    schedule: Array | None = None,
    threads: int | None = None,
) -> Array:
    """Train on the same samples in all steps, and return statistics `(replicates, len(steps), q)`.

    Args:
        network: sizes and activation.
        convention: all factors.
        start: draws the neurons of a replicate.
        data: draws the samples of a replicate, inputs `(n, d)` and labels `(n,)`; n is the same for all.
        steps: as in `one_pass`.
        observe: as in `one_pass`.
        replicates: number of independent runs.
        seed: of all runs.
        weights: of the samples in the loss, `(n,)`; 1/n each if None, ones for a sum over samples.
        schedule: as in `one_pass`.
        threads: as in `one_pass`.

    Raises:
        InputError: steps decrease, or arrays drawn have the wrong shape.
    """

    def advance(run: "_Chunk", position: int, count: int) -> None:
        run.batch(data, weights, position, count)

    job = _Job(network, convention, start, _marks(steps), observe, schedule, advance)
    return job.all(replicates, seed, threads)


def children(seed: Seed, count: int) -> list[SeedSequence]:
    """Return that many independent seeds; a generator gives new ones at each call."""
    if isinstance(seed, Generator):
        source = seed.bit_generator.seed_seq
        if not isinstance(source, SeedSequence):
            raise InputError("the generator has no seed sequence to spawn from")
        return source.spawn(count)
    # a copy, so that a second call with the same sequence gives the same children
    root = seed if isinstance(seed, int) else seed.entropy
    key = () if isinstance(seed, int) else seed.spawn_key
    return SeedSequence(root, spawn_key=key).spawn(count)


@dataclass(frozen=True)
class _Job:
    """What all chunks of replicates have in common."""

    network: Network
    convention: Convention
    start: Start
    marks: tuple[int, ...]
    observe: Observe
    schedule: Array | None
    advance: Callable[["_Chunk", int, int], None]

    def all(self, replicates: int, seed: Seed, threads: int | None) -> Array:
        """Run all replicates, in chunks whose size depends on the network alone."""
        seeds = children(seed, replicates)
        size = (1 + self.network.dimension) * _padded(self.network.width)
        length = max(1, min(_CHUNK // size, 256))
        chunks = [seeds[k : k + length] for k in range(0, replicates, length)]
        with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
            return np.concatenate(list(pool.map(self._run, chunks)))

    def _run(self, seeds: list[SeedSequence]) -> Array:
        run, found, done = _Chunk(self, seeds), [], 0
        for mark in self.marks:
            while done < mark:
                count = min(run.block - done % run.block, mark - done)
                self.advance(run, done, count)
                done += count
            found.append(run.observed())
        return np.stack(found, axis=1)


class _Chunk:
    """Replicates that are computed together."""

    def __init__(self, job: _Job, seeds: list[SeedSequence]) -> None:
        network, convention = job.network, job.convention
        self.job, width, d = job, network.width, network.dimension
        self.generators = [np.random.default_rng(seed) for seed in seeds]
        self.noisy = convention.noise(width, d) > 0
        self.shakers = [np.random.default_rng(s.spawn(1)[0]) for s in seeds] if self.noisy else []
        self.M = _padded(width)
        self.state = np.zeros((len(seeds), 1 + d, self.M))
        for row, rng in zip(self.state, self.generators, strict=True):
            c, w = job.start(rng)
            row[0, :width] = c
            row[1:, :width] = np.asarray(w, dtype=np.float64).reshape(width, d).T
        self.block = max(1, _BLOCK // (len(seeds) * d))
        if self.noisy:
            self.block = max(1, min(self.block, _NOISE // self.state.size))
        self.x, self.y = np.empty((0, 0, d)), np.empty((0, 0))
        self.knots = np.array(network.knots or ((0.0,), (0.0,)), dtype=np.float64)

    def observed(self) -> Array:
        width = self.job.network.width
        with np.errstate(all="ignore"):
            values = self.job.observe(self.state[:, 0, :width], self.state[:, 1:, :width])
        return np.asarray(values, dtype=np.float64).reshape(len(self.state), -1)

    def samples(self, sampler: Sampler, position: int, count: int) -> None:
        """Take steps on new samples; a block of them is drawn where one begins."""
        offset = position % self.block
        if offset == 0:
            total = min(self.block, self.job.marks[-1] - position)
            self._draw([sampler(rng, total) for rng in self.generators])
        x = np.ascontiguousarray(self.x[:, offset : offset + count])
        y = np.ascontiguousarray(self.y[:, offset : offset + count])
        _neurons.one_pass(self.state, x, y, *self._arguments(position, count, 4 * self.M))

    def batch(
        self,
        data: Callable[[Generator], tuple[Array, Array]],
        weights: Array | None,
        position: int,
        count: int,
    ) -> None:
        """Take steps on the same samples."""
        if position == 0:
            self._draw([data(rng) for rng in self.generators])
        n = self.x.shape[1]
        shares = np.full(n, 1 / n) if weights is None else np.asarray(weights, dtype=np.float64)
        if shares.shape != (n,):
            raise InputError(f"{n} samples need as many weights, not {shares.shape}")
        arguments = self._arguments(position, count, n + (2 * n + 1) * self.M)
        _neurons.full_batch(self.state, self.x, self.y, shares, *arguments)

    def _draw(self, samples: list[tuple[Array, Array]]) -> None:
        """Keep samples, inputs scaled."""
        d = self.job.network.dimension
        scale = self.job.convention.input_scale(d)
        y = np.stack([np.asarray(y, dtype=np.float64) for _, y in samples])
        try:
            x = np.stack([np.asarray(x, dtype=np.float64).reshape(-1, d) for x, _ in samples])
        except ValueError:
            raise InputError(f"samples do not have {d} coordinates each") from None
        if y.shape != x.shape[:2]:
            raise InputError(f"{x.shape[1]} inputs a replicate, and labels of shape {y.shape[1:]}")
        self.x, self.y = np.ascontiguousarray(scale * x), y

    def _arguments(self, position: int, count: int, scratch: int) -> tuple[Any, ...]:
        """Return what both kernels take after the samples."""
        rule, network = self.job.convention, self.job.network
        width, d, schedule = network.width, network.dimension, self.job.schedule
        part = np.ones(count) if schedule is None else schedule[position : position + count]
        outer, hidden = rule.outer_factor, rule.hidden_factor
        rate, noise = rule.rate(width, d), rule.noise(width, d)
        decay = 1 - rule.shrinkage(width, d)
        normals = np.empty((0, 0, 0, 0))
        if self.noisy:
            shape = (count, *self.state.shape[1:])
            normals = np.stack([rng.standard_normal(shape) for rng in self.shakers])
        return (
            part, normals, self.knots, np.empty(scratch), _KINDS[network.activation], width,
            rate * outer, rate * hidden, rule.output_scale(width), decay * (outer != 0),
            decay * (hidden != 0), noise * (outer != 0), noise * (hidden != 0), np.sqrt(part),
            rule.order == "gauss-seidel",
        )  # fmt: skip


def _padded(width: int) -> int:
    return 8 * ((width + 7) // 8)


def _marks(steps: Sequence[int]) -> tuple[int, ...]:
    marks = tuple(int(k) for k in steps)
    if not marks or marks[0] < 0 or any(b < a for a, b in pairwise(marks)):
        raise InputError("steps to observe must not decrease, and not be negative")
    return marks
