"""Finite networks against the mean-field limit: sweeps over width and depth, with fitted rates.

A residual network of width M and depth L, trained by gradient descent of infinitesimal steps, is the discrete
flow with `scheme="euler"`, independent draws in each layer and M neurons in the decoder. Its distance
from the limit is measured in its outputs, `sup_t (mean_i |f(x_i) - f_limit(x_i)|^2)^(1/2)`, and in the
final values of entropy and movement.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from scipy import stats

from mfcheck.dynamics.resnet.integrate import integrate
from mfcheck.dynamics.resnet.problem import Array, Numerics, Problem
from mfcheck.dynamics.resnet.simulate import simulate
from mfcheck.dynamics.resnet.solution import Solution
from mfcheck.dynamics.resnet.trajectory import Trajectory
from mfcheck.errors import InputError

QUANTITIES = ("outputs", "KL_tau", "movement_tau", "movement_nu")
"""What a sweep compares."""


@dataclass(frozen=True)
class Rate:
    """`error ~ size^exponent`, with a confidence interval of the exponent."""

    exponent: float
    lower: float
    upper: float


@dataclass(frozen=True, eq=False)
class Sweep:
    """Errors of finite networks, and their rates.

    Attributes:
        sizes: widths or depths `(S,)`.
        errors: for each quantity, `(S, R)` over replicates.
        rates: fitted to all of them; 95 % intervals.
        reference_error: for each quantity, an error of the limit itself; far below `errors`, or the
            rates mean nothing.
    """

    sizes: tuple[int, ...]
    errors: Mapping[str, Array]
    rates: Mapping[str, Rate]
    reference_error: Mapping[str, float]


def fit_rate(
    sizes: Sequence[int], errors: Array, confidence: float = 0.95, *, paired: bool = False
) -> Rate:
    """Fit `log error = c + exponent log size` by least squares over all replicates.

    Args:
        sizes: `(S,)`, at least two different.
        errors: positive, `(S, R)`, with at least three in all.
        confidence: of the interval, from the residuals' Student distribution.
        paired: column r is the same replicate at all sizes, with a constant `c_r` of its own.

    Raises:
        InputError: there are too few sizes or errors, or an error is not positive.
    """
    errors = np.asarray(errors, dtype=np.float64).reshape(len(sizes), -1)
    few = errors.size < (errors.shape[1] if paired else 1) + 2
    if len(set(sizes)) < 2 or few or not np.all(errors > 0):
        raise InputError("a rate needs two sizes, three errors, and all errors positive")
    constants = errors.shape[1] if paired else 1
    x = np.log(np.asarray(sizes, dtype=np.float64))[:, None] + np.zeros_like(errors)
    y = np.log(errors)
    x, y = x - x.mean(), y - y.mean(axis=0 if paired else None)
    exponent = float((x * y).sum() / (x * x).sum())
    freedom = errors.size - constants - 1
    variance = ((y - exponent * x) ** 2).sum() / freedom
    half = float(stats.t.ppf(0.5 + confidence / 2, freedom) * np.sqrt(variance / (x * x).sum()))
    return Rate(exponent, exponent - half, exponent + half)


def _compare(run: Trajectory, residuals: Array, final: Mapping[str, float]) -> dict[str, float]:
    """Return the distance of one run from the limit, in each quantity."""
    outputs = np.sqrt(((run.residuals - residuals) ** 2).mean(axis=1)).max()
    found = {name: abs(float(getattr(run, name)[-1]) - value) for name, value in final.items()}
    return {"outputs": float(outputs), **found}


def _sweep(
    sizes: Sequence[int],
    rows: list[list[dict[str, float]]],
    reference_error: Mapping[str, float],
    paired: bool,
) -> Sweep:
    errors = {name: np.array([[r[name] for r in row] for row in rows]) for name in QUANTITIES}
    rates = {name: fit_rate(sizes, values, paired=paired) for name, values in errors.items()}
    return Sweep(
        tuple(sizes),
        MappingProxyType(errors),
        MappingProxyType(rates),
        MappingProxyType(dict(reference_error)),
    )


def limit(problem: Problem, numerics: Numerics) -> Solution:
    """Return the mean-field solution that finite networks are compared with."""
    return simulate(problem, replace(numerics, initial="sobol", scheme="midpoint"))


def width_sweep(
    problem: Problem,
    numerics: Numerics,
    widths: Sequence[int],
    *,
    reference: Solution,
    progress: Callable[[float], None] | None = None,
) -> Sweep:
    """Compare networks of several widths, depth `numerics.depth`, with the limit.

    Args:
        problem: data and scales.
        numerics: depth, scheme, kind of draws, seed and number of replicates of the networks.
        widths: neurons of each layer and of the decoder.
        reference: the limit, from `limit`; its output times are used.
        progress: called with the fraction done.

    Raises:
        InputError: a width is not a multiple of 4.
        FlowError: a run failed.
    """
    final = {name: reference.final[name].value for name in QUANTITIES[1:]}
    rows: list[list[dict[str, float]]] = []
    for index, width in enumerate(widths):
        sizes = replace(numerics, particles=int(width), decoder_particles=int(width))
        runs = (
            integrate(problem, sizes, times=reference.time, replicate=r)
            for r in range(numerics.replicates)
        )
        rows.append([_compare(run, reference.residuals.value, final) for run in runs])
        if progress is not None:
            progress((index + 1) / len(widths))
    errors = {name: reference.final[name].error for name in final}
    outputs = np.sqrt((reference.residuals.error**2).mean(axis=1)).max()
    return _sweep(widths, rows, {"outputs": float(outputs), **errors}, paired=False)


def depth_sweep(
    problem: Problem,
    numerics: Numerics,
    depths: Sequence[int],
    *,
    progress: Callable[[float], None] | None = None,
) -> Sweep:
    """Compare networks of several depths with the limit of infinite depth, at the same particles.

    Layers share their draws, so a particle is a path in depth that starts constant, and the
    difference has no noise of its own. The limit has four times the largest depth and the midpoint
    scheme; its error is estimated from half of that depth.

    Args:
        problem: data and scales.
        numerics: particles, scheme, kind of draws, seed and number of replicates.
        depths: numbers of layers.
        progress: called with the fraction done.

    Raises:
        FlowError: a run failed.
    """
    shared = replace(numerics, layer_draws="shared")
    finest = replace(shared, depth=4 * max(depths), scheme="midpoint")
    columns, reference_errors = [], []
    for r in range(numerics.replicates):
        truth = integrate(problem, finest, replicate=r)
        final = {name: float(getattr(truth, name)[-1]) for name in QUANTITIES[1:]}

        def distance(sizes: Numerics) -> dict[str, float]:
            run = integrate(problem, sizes, times=truth.time, replicate=r)  # noqa: B023
            return _compare(run, truth.residuals, final)  # noqa: B023

        columns.append([distance(replace(shared, depth=int(depth))) for depth in depths])
        reference_errors.append(distance(replace(finest, depth=2 * max(depths))))
        if progress is not None:
            progress((r + 1) / numerics.replicates)
    rows = [list(row) for row in zip(*columns, strict=True)]
    worst = {name: max(e[name] for e in reference_errors) / 3 for name in QUANTITIES}
    return _sweep(depths, rows, worst, paired=True)
