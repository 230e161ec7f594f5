"""Random networks with quantised activations."""

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np
from flint import arb

from mfcheck.checks import Curve, Estimate, Option, Plot, Simulated, Trial
from mfcheck.claims.model import stream
from mfcheck.errors import InputError
from mfcheck.networks import (
    Chain,
    Network,
    at_widths,
    chunked,
    correlations,
    dense,
    gaussian_images,
    limits,
    log_gradient_norms,
    stair,
)
from mfcheck_proofs.quantized.thresholds import Array, sums

# --- random networks -------------------------------------------------------------------------------------------------


def pairs_through(
    levels: int, step: float, start: float, depth: int, width: int, nets: int, rng: np.random.Generator
) -> Array:
    """Return correlations after 1..depth layers, shape (depth, nets), by the exact law of the next pre-activations."""
    k = stair(levels, step)
    weight = 1 / math.sqrt(float(sums(levels - 1, arb(step)).second.mid()))
    z = np.linalg.qr(rng.standard_normal((nets, width, 2)))[0] * math.sqrt(width)
    h = np.stack([z[..., 0], start * z[..., 0] + math.sqrt(1 - start**2) * z[..., 1]], axis=-1)
    found = []
    for _ in range(depth):
        h = gaussian_images(rng, k.forward(h), sigma_w=weight)
        found.append(correlations([h])[0][:, 0, 1])
    return np.array(found)


@lru_cache(maxsize=16)
def simulated(levels: int, step: float, start: float, nets: int, seed: int) -> Estimate:
    """Correlation of infinite width after one layer."""

    def measure(width: int, rng: np.random.Generator, count: int) -> Array:
        return np.asarray(pairs_through(levels, step, start, 1, width, count, rng)[0])

    return at_widths(measure, (250, 1000), nets, stream(seed, f"pairs {levels} {step} {start}"))


@lru_cache(maxsize=4)
def backward(levels: int, step: float, edge: float, nets: int, seed: int) -> Estimate:
    """Growth of squared surrogate gradients in one layer, surrogate slope 1, weights of variance 1/width."""
    weight = 1 / math.sqrt(float(sums(levels - 1, arb(step)).second.mid()))
    layers = 4

    def measure(width: int, rng: np.random.Generator, count: int) -> Array:
        blocks = [
            Chain([stair(levels, step, clip=edge), dense(rng, count, width, sigma_w=weight)]) for _ in range(layers)
        ]
        trace = Network(blocks).run(rng.standard_normal((count, width, 1)))
        logs = log_gradient_norms(trace, rng.standard_normal((count, width, 1)))[:, :, 0]
        return np.asarray(np.exp((logs[0] - logs[-1]) / layers)) / weight**2

    return at_widths(chunked(measure, 8), (75, 300), nets, stream(seed, "backward"))


def run(trial: Trial) -> Simulated:
    """Send a pair of inputs of correlation c0 through stair networks whose variance is stationary."""
    nets, setting = trial.count("nets", 8, 100_000), trial.setting
    start = _correlation(trial.options["c0"])
    levels, step, depth = setting.integer("levels"), setting.number("step"), setting.integer("depth")
    wide = setting.integer("width")
    # Beyond step 2.4 a variance that is low falls further, so that a layer may die out.
    if levels % 2 and math.erfc(step / math.sqrt(8)) * wide < (40 if step < 2 else 1000):
        raise InputError(
            "the step is so large that hardly a unit leaves the level 0; take more width or a smaller step"
        )
    trial.say(f"{nets} networks of widths {wide // 4} and {wide}, {depth} layers")

    def measure(width: int, rng: np.random.Generator, count: int) -> dict[str, Array]:
        found = pairs_through(levels, step, start, depth, width, count, rng)
        return {f"correlation_{k}": values for k, values in enumerate(found, 1)}

    held = max(1, 20_000_000 // (8 * wide))
    found = limits(trial.at_sizes("networks of width", (wide // 4, wide), nets, chunked(measure, held)))
    layers = range(1, depth + 1)
    curve = Curve(
        label="networks",
        x=tuple(map(float, layers)),
        y=tuple(found[f"correlation_{k}"].value for k in layers),
        error=tuple(found[f"correlation_{k}"].error for k in layers),
        style="points",
    )
    plot = Plot(id="depth", title="Correlation in depth", x_label="layer", y_label="correlation", curves=(curve,))
    return Simulated({k: found[k] for k in ("correlation_1", "correlation_2")}, plots=(plot,))


def _correlation(text: str) -> float:
    try:
        value = float(Fraction(text[:60]))
    except (ValueError, ZeroDivisionError):
        raise InputError(f"c0 must be a number between -1 and 1, got {text[:60]!r}") from None
    if not -1 < value < 1:
        raise InputError(f"c0 must lie strictly between -1 and 1, got {text[:60]!r}")
    return value


OPTIONS = (Option("c0", "9/10", "correlation at the start"), Option("nets", "100", "networks at each width"))
