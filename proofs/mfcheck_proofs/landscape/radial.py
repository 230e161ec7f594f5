"""The transport equation of radii in dimension d, on quadrature nodes, and one-pass SGD beside it."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import integrate, special

from mfcheck.checks import Curve, Estimate, Plot, Setting, Simulated, Trial
from mfcheck.claims.model import stream
from mfcheck.claims.record import Series
from mfcheck.dynamics.convention import Convention
from mfcheck.dynamics.two_layer import Network, one_pass
from mfcheck.errors import InputError
from mfcheck.statistics import exactly
from mfcheck_proofs.landscape.shape import Array, Shape, shape

# --- radial dynamics and SGD ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """What may be wrong: the factor in `r' = -speed psi'`, the sign of Delta, whether norms are spread."""

    speed: float = 2.0
    sign: float = 1.0
    spread: bool = True


@dataclass(frozen=True)
class Instance:
    """Two isotropic classes: sigma, spread Delta, dimension, size of the initial weights."""

    own: Shape
    delta: float
    dim: int
    kappa: float


def chi_nodes(dim: int, count: int) -> tuple[Array, Array]:
    """Return nodes and weights for the norm of a standard Gaussian vector."""
    ends = np.sqrt(2 * np.array([special.gammaincinv(dim / 2, 1e-18), special.gammainccinv(dim / 2, 1e-18)]))
    nodes, weights = np.polynomial.legendre.leggauss(count)
    r = ends[0] + (nodes + 1) / 2 * (ends[1] - ends[0])
    density = np.exp((dim - 1) * np.log(r) - r**2 / 2 - (dim / 2 - 1) * math.log(2) - math.lgamma(dim / 2))
    w = weights * density
    return r, w / w.sum()


class Radial:
    """The transport equation of radii in dimension d, on quadrature nodes."""

    def __init__(self, instance: Instance, rule: Rule, nodes: tuple[int, int]) -> None:
        self.instance, self.rule = instance, rule
        radii, self.weights = chi_nodes(instance.dim, nodes[0])
        self.start = instance.kappa / math.sqrt(instance.dim) * radii
        norms, masses = chi_nodes(instance.dim, nodes[1])
        if not rule.spread:
            norms, masses = np.array([math.sqrt(instance.dim)]), np.ones(1)
        spread = rule.sign * instance.delta
        self.norms = np.concatenate([(1 + spread) * norms, (1 - spread) * norms])
        self.masses = np.concatenate([masses, masses]) / 2
        self.labels = np.repeat([1.0, -1.0], len(norms))

    def _waves(self, r: Array) -> tuple[Array, Array, Array]:
        values, slopes = self.instance.own.spherical(
            np.multiply.outer(np.maximum(r, 1e-300), self.norms), self.instance.dim
        )
        return values, slopes, self.weights @ values - self.labels

    def push(self, time: float, r: Array) -> Array:
        """Return the velocity of all radii; the time does not enter."""
        del time
        _, slopes, miss = self._waves(r)
        return np.asarray(-self.rule.speed * (slopes @ (self.masses * miss * self.norms)))

    def risk(self, r: Array) -> float:
        """Return the risk of the law of these radii."""
        miss = self._waves(r)[2]
        return float(self.masses @ miss**2)

    def run(self, times: tuple[float, ...], accuracy: float = 1e-11) -> Array:
        """Return risk and mean radius at the times, shape (2, times)."""
        if times[-1] == 0:
            path = np.repeat(self.start[:, None], len(times), axis=1)
        else:
            found = integrate.solve_ivp(
                self.push, (0.0, times[-1]), self.start, "DOP853", times, rtol=accuracy, atol=accuracy / 10
            )
            path = found.y
        return np.array([[self.risk(r) for r in path.T], self.weights @ path])


@lru_cache(maxsize=64)
def radial(
    instance: Instance, rule: Rule, times: tuple[float, ...], finest: tuple[int, int] = (64, 60)
) -> tuple[tuple[Estimate, ...], tuple[Estimate, ...]]:
    """Return risks and mean radii at the times, the error from coarser nodes.

    In few dimensions h has kinks of low order: more nodes and a looser tolerance are used there. Where some radii
    are absorbed at 0 and others are not, the final radii have a step, and the error falls like one over the nodes:
    they are doubled there, and the error is several times what this changed.
    """
    few = instance.dim < 12
    accuracy = 1e-8 if few else 1e-11
    finest = (96, 160) if few and finest == (64, 60) else finest
    coarse = (finest[0] * 3 // 4, finest[1] * 3 // 4)
    rough, fine = (Radial(instance, rule, nodes).run(times, accuracy) for nodes in (coarse, finest))
    if np.any(np.abs(fine - rough) > 1e-3 * np.abs(fine)):
        rough, fine = fine, Radial(instance, rule, (2 * finest[0], finest[1])).run(times, 1e-8)
    errors = 4 * np.abs(fine - rough) + 10 * accuracy * np.maximum(1, np.abs(fine))
    risks, radii = (
        tuple(exactly(float(v), float(e)) for v, e in zip(*pair, strict=True))
        for pair in zip(fine, errors, strict=True)
    )
    return risks, radii


def instance_of(setting: Setting) -> Instance:
    """Return the instance of the setting."""
    return Instance(shape(setting), setting.number("delta"), setting.integer("dim"), setting.number("kappa"))


def simulate(trial: Trial) -> Simulated:
    """The radial equation in the dimension of the setting."""
    setting = trial.setting
    end = setting.number("horizon")
    trial.say(f"the radial equation in dimension {setting.integer('dim')} up to time {end:g}")
    times = tuple(np.linspace(0, end, 21)) if end > 0 else (0.0,)
    risks, radii = radial(instance_of(setting), Rule(), times)
    found = {"risk": risks, "mean_radius": radii}
    if any(not math.isfinite(e.value) for row in found.values() for e in row):
        raise InputError("the radial equation left the range of doubles")
    plots = tuple(
        Plot(
            id=name,
            title=f"{name.replace('_', ' ')} of the law of the weights".capitalize(),
            x_label="time t",
            y_label=name.replace("_", " "),
            curves=(Curve(label="radial equation", x=times, y=tuple(e.value for e in row)),),
        )
        for name, row in found.items()
        if len(times) > 1
    )
    series = {
        name: Series(value=tuple(e.value for e in row), error=tuple(e.error for e in row))
        for name, row in found.items()
    }
    return Simulated({name: row[-1] for name, row in found.items()}, times, series, plots)


@lru_cache(maxsize=32)
def sgd(
    instance: Instance, informative: int, width: int, step: float, time: float, speed: float, count: int, seed: int
) -> Array:
    """Return mean norms of the weights, of their informative and of their other part, shape (count, 3)."""
    d, knots = instance.dim, instance.own.knots()
    rule = Convention(
        loss_factor=1, step=step, step_power=0, clock=1 / step, clock_power=0, gradient_factor=speed / 2, outer_factor=0
    )
    scales = instance.delta * (np.arange(d) < informative)

    def start(rng: np.random.Generator) -> tuple[Array, Array]:
        return np.ones(width), instance.kappa / math.sqrt(d) * rng.standard_normal((width, d))

    def sampler(rng: np.random.Generator, size: int) -> tuple[Array, Array]:
        y = rng.choice([-1.0, 1.0], size)
        return (1 + y[:, None] * scales) * rng.standard_normal((size, d)), y

    def observe(_: Array, w: Array) -> Array:
        parts = [np.sqrt((w[:, a:b] ** 2).sum(axis=1)) for a, b in ((0, d), (0, informative), (informative, d))]
        return np.stack([part.mean(axis=1) for part in parts], axis=1)

    found = one_pass(
        Network("piecewise", width, d, knots),
        rule,
        start,
        sampler,
        [rule.steps(time, width, d)],
        observe,
        replicates=count,
        seed=stream(seed, f"sgd {instance} {width} {step}"),
    )
    return found[:, 0]
