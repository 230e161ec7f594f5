"""The transport equation of radii in dimension d, by Chebyshev polynomials, and one-pass SGD beside it."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mfcheck.checks import Curve, Estimate, Plot, Simulated, Trial
from mfcheck.claims.model import stream
from mfcheck.claims.record import Series
from mfcheck.dynamics.convention import Convention
from mfcheck.dynamics.interaction import QuadraticFlow, half_line
from mfcheck.dynamics.two_layer import Network, one_pass
from mfcheck.errors import InputError
from mfcheck.gaussian import PiecewiseLinear, chi_rule
from mfcheck.statistics import exactly
from mfcheck_proofs.landscape.model import Array, sigma_of


@dataclass(frozen=True)
class Instance:
    """Two isotropic classes, and what may be wrong in the equation.

    Attributes:
        own: sigma.
        delta: the spread; a wrong sign exchanges the labels.
        dim: dimension.
        kappa: initial weights are N(0, kappa^2/dim).
        speed: the factor in `r' = -speed psi'`.
        spread: whether norms of the inputs vary.
    """

    own: PiecewiseLinear
    delta: float
    dim: int
    kappa: float
    speed: float = 2.0
    spread: bool = True


def flow_of(instance: Instance, terms: int, norms: int) -> QuadraticFlow:
    """Return the motion of radii; the energy of a law is its risk less 1.

    Averaged over the norms of the inputs `h(rR)` and `h(rR) h(r'R)` are smooth in the radii, also in few dimensions, where
    h itself has kinks.
    """
    scale = float(instance.own.kinks[-1][0])
    R, masses = chi_rule(instance.dim, norms)
    if not instance.spread:
        R, masses = np.array([math.sqrt(instance.dim)]), np.ones(1)
    sizes = np.outer(half_line(terms, scale), R)
    up, down = (instance.own.sphere_means((1 + y * instance.delta) * sizes, instance.dim)[0] for y in (1, -1))
    K = ((up * masses) @ up.T + (down * masses) @ down.T) / 2
    return QuadraticFlow((down - up) @ masses / 2, K, scale, instance.speed)


COARSE, FINE = (400, 64, 300, 1e-9), (1000, 96, 400, 1e-10)
"""Initial radii, polynomials, norms of inputs, accuracy of steps."""


@lru_cache(maxsize=64)
def radial(instance: Instance, times: tuple[float, ...]) -> tuple[tuple[Estimate, ...], tuple[Estimate, ...]]:
    """Return risks and mean radii at the times, the error several times the distance to a coarser computation.

    Where some radii are absorbed at 0 and others are not, the final radii have a step, and the error falls like one
    over the number of radii: 2.5 times as many leave less than two thirds of that distance.
    """
    found = []
    for count, terms, inputs, accuracy in (COARSE, FINE):
        radii, weights = chi_rule(instance.dim, count)
        start = instance.kappa / math.sqrt(instance.dim) * radii
        flow = flow_of(instance, terms, inputs)
        path = flow.run(start, weights, times, accuracy)
        found.append(np.array([[1 + flow.energy(r, weights) for r in path.T], weights @ path]))
    rough, fine = found
    if not np.all(np.isfinite(fine)):
        raise InputError("the radial equation left the range of doubles")
    errors = 4 * np.abs(fine - rough) + 10 * FINE[-1] * np.maximum(1, np.abs(fine))
    risks, norms = (
        tuple(exactly(float(v), float(e)) for v, e in zip(*pair, strict=True))
        for pair in zip(fine, errors, strict=True)
    )
    return risks, norms


def simulate(trial: Trial) -> Simulated:
    """The radial equation in the dimension of the setting."""
    setting = trial.setting
    end = setting.number("horizon")
    trial.say(f"the radial equation in dimension {setting.integer('dim')} up to time {end:g}")
    times = tuple(np.linspace(0, end, 21)) if end > 0 else (0.0,)
    instance = Instance(sigma_of(setting), setting.number("delta"), setting.integer("dim"), setting.number("kappa"))
    series, plots = {}, []
    for name, row in zip(("risk", "mean_radius"), radial(instance, times), strict=True):
        series[name] = Series(value=tuple(e.value for e in row), error=tuple(e.error for e in row))
        words, curve = name.replace("_", " "), Curve(label="radial equation", x=times, y=series[name].value)
        title = f"{words} of the law of the weights".capitalize()
        plots.append(Plot(id=name, title=title, x_label="time t", y_label=words, curves=(curve,)))
    final = {name: exactly(found.value[-1], found.error[-1]) for name, found in series.items()}
    return Simulated(final, times, series, tuple(plots) if end > 0 else ())


def plain(step: float) -> Convention:
    """The update of the paper, output weights fixed: the square without 1/2, a step that does not depend on N."""
    return Convention(loss_factor=1, step=step, step_power=0, clock=1 / step, clock_power=0, outer_factor=0)


@lru_cache(maxsize=32)
def sgd(instance: Instance, informative: int, width: int, step: float, time: float, count: int, seed: int) -> Array:
    """Return mean norms of the weights, of their informative and of their other part, shape (count, 3)."""
    d, knots = instance.dim, instance.own.knots()
    rule = plain(step)
    scales = instance.delta * (np.arange(d) < informative)

    def start(rng: np.random.Generator) -> tuple[Array, Array]:
        return np.ones(width), instance.kappa / math.sqrt(d) * rng.standard_normal((width, d))

    def sampler(rng: np.random.Generator, size: int) -> tuple[Array, Array]:
        y = rng.choice([-1.0, 1.0], size)
        return (1 + y[:, None] * scales) * rng.standard_normal((size, d)), y

    def observe(_: Array, w: Array) -> Array:
        parts = [np.sqrt((w[:, a:b] ** 2).sum(axis=1)) for a, b in ((0, d), (0, informative), (informative, d))]
        return np.stack([part.mean(axis=1) for part in parts], axis=1)

    return one_pass(
        Network("piecewise", width, d, knots),
        rule,
        start,
        sampler,
        [rule.steps(time, width, d)],
        observe,
        replicates=count,
        seed=stream(seed, f"sgd {instance.delta} {d} {instance.kappa} {width} {step}"),
    )[:, 0]
