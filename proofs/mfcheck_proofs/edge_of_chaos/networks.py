"""Random networks on the edge."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from mfcheck.checks import Curve, Estimate, Option, Plot, Simulated, Trial
from mfcheck.claims.model import stream
from mfcheck.errors import InputError
from mfcheck.networks import correlation_gap, gaussian_images, limits
from mfcheck.symbolic.activation import Activation
from mfcheck_proofs.edge_of_chaos.edge import Array

# --- random networks -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Net:
    """Fully connected layers: activation, standard deviations, and the pair that enters."""

    activation: Activation
    weight: float
    bias: float
    variance: float
    correlation: float


def pair_through(net: Net, depth: int, width: int, nets: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return variance (of the first input) and 1 - c, shape (depth + 1, nets), by the exact law of the next layer."""
    f = net.activation.numpy_function(0)
    basis = np.linalg.qr(rng.standard_normal((nets, width, 2)))[0] * math.sqrt(width * net.variance)
    turned = net.correlation * basis[..., :1] + math.sqrt(1 - net.correlation**2) * basis[..., 1:]
    states = np.concatenate([basis[..., :1], turned], axis=2)
    variances, gaps = [], []
    for layer in range(depth + 1):
        if layer:
            states = gaussian_images(rng, f(states), sigma_w=net.weight, sigma_b=net.bias)
        variances.append(np.mean(states[..., 0] ** 2, axis=1))
        gaps.append(correlation_gap(states[..., 0], states[..., 1]))
    return np.array(variances), np.array(gaps)


@lru_cache(maxsize=8)
def simulated(net: Net, marks: tuple[int, ...], widths: tuple[int, int], nets: int, seed: int) -> dict[str, Estimate]:
    """Estimates of infinite width by names `q 1`, `gap 1`, ... at the marked layers."""

    own = zip(widths, stream(seed, "networks").spawn(2), strict=True)
    return of_infinite_width(net, marks, {width: measured(net, marks, width, rng, nets) for width, rng in own})


def measured(net: Net, marks: tuple[int, ...], width: int, rng: np.random.Generator, count: int) -> dict[str, Array]:
    """Values of networks by names `q 1`, `gap 1`, ... at the marked layers, shapes (count,)."""
    variances, gaps = pair_through(net, marks[-1], width, count, rng)
    return {f"{name} {m}": values[m] for name, values in (("q", variances), ("gap", gaps)) for m in marks}


def of_infinite_width(
    net: Net, marks: tuple[int, ...], found: Mapping[int, Mapping[str, Array]]
) -> dict[str, Estimate]:
    """Estimates of infinite width from values at two widths."""
    logs = [f"gap {m}" for m in marks] if net.correlation or len(marks) > 3 else []
    at = limits(found, logs=logs)
    return {name: _exponential(e) if name in logs else e for name, e in at.items()}


def _exponential(e: Estimate) -> Estimate:
    """The number whose logarithm was estimated; the interval is the longer side of the exact image."""
    value, bias = math.exp(e.value), math.expm1(e.bias)
    return e.but(value=value, error=value * math.expm1(e.error), bias=value * bias)


def run(trial: Trial) -> Simulated:
    """Send a pair of inputs of variance q and correlation c0 through random networks."""
    nets, width = trial.count("nets", 8, 100_000), trial.count("width", 40, 1_000_000)
    setting, depth = trial.setting, trial.setting.integer("depth")
    if not setting["sigma_w"] and not setting["sigma_b"]:
        raise InputError("with sigma_w = sigma_b = 0 all states are zero")
    numbers = [setting.number(name) for name in ("sigma_w", "sigma_b", "q", "c0")]
    net = Net(setting.activation, *numbers)
    marks = tuple(sorted({round(v) for v in np.geomspace(1, depth, 12)}))
    drawn = trial.at_sizes("networks of width", (width // 4, width), nets, partial(measured, net, marks), 8)
    found = of_infinite_width(net, marks, drawn)
    shown = [found[f"gap {m}"] for m in marks]
    curve = Curve(
        label="networks",
        x=tuple(map(float, marks)),
        y=tuple(e.value for e in shown),
        error=tuple(e.error for e in shown),
        style="points",
    )
    plot = Plot(
        id="gap",
        title="One minus correlation in depth",
        x_label="layer",
        y_label="1 - c",
        x_log=True,
        y_log=True,
        curves=(curve,),
    )
    return Simulated({"variance": found[f"q {depth}"], "one_minus_c": found[f"gap {depth}"]}, plots=(plot,))


OPTIONS = (
    Option("width", "1000", "the larger of two widths; the other is a quarter"),
    Option("nets", "200", "independent networks at each width"),
)
