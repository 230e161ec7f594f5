"""Random networks with tied and with untied weights: their kernels at one width and at two."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mfcheck.checks import Context, Estimate, Setting
from mfcheck.claims.model import stream
from mfcheck.networks import gaussian_images, pointwise
from mfcheck.statistics import extrapolated, mean_of, variance_of
from mfcheck.symbolic.activation import Activation
from mfcheck_proofs.unified_field.kernels import Array

# --- random networks -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Net:
    """What is drawn: variances, kernel of the inputs, layers 0 to `depth`, one or two inputs."""

    activation: Activation
    gain: float
    noise: float
    norm: float
    overlap: float
    depth: int
    tied: bool
    inputs: int = 2


def net_of(setting: Setting, depth: int, tied: bool, inputs: int = 2) -> Net:
    """Return the networks of a setting."""
    gain, noise, norm, overlap = (setting.number(x) for x in ("gain_var", "noise_var", "input_norm", "overlap"))
    return Net(setting.activation, gain, noise, norm, overlap, depth, tied, inputs)


class SharedWeights:
    """One W for each net, entries N(0, gain/n), drawn direction by direction as it is applied.

    Images of orthonormal directions are independent Gaussian vectors, also if a direction depends on earlier images.
    """

    def __init__(self, rng: np.random.Generator, gain: float) -> None:
        self.rng, self.gain = rng, gain
        self.directions: list[Array] = []
        self.images: list[Array] = []

    def image(self, x: Array) -> Array:
        """Return W x for the next columns x, shape (nets, n)."""
        rest, result = x, np.zeros_like(x)
        for _ in range(2):
            for direction, image in zip(self.directions, self.images, strict=True):
                share = np.einsum("rn,rn->r", direction, rest)[:, None]
                rest, result = rest - share * direction, result + share * image
        if len(self.directions) >= x.shape[1]:
            return result
        size = np.sqrt(np.einsum("rn,rn->r", rest, rest))[:, None]
        fresh = self.rng.standard_normal(x.shape) * math.sqrt(self.gain / x.shape[1])
        self.directions.append(rest / np.maximum(size, 1e-300))
        self.images.append(fresh)
        total: Array = result + size * fresh
        return total


def states(net: Net, rng: np.random.Generator, nets: int, width: int) -> list[Array]:
    """Return pre-activations of layers 0 to `depth`, each of shape (nets, n, inputs)."""
    f = pointwise(net.activation)
    noise = math.sqrt(net.noise) * rng.standard_normal((nets, width, 1))
    one, two = rng.standard_normal((2, nets, width))
    angle = net.overlap / net.norm
    both = [one, angle * one + math.sqrt(max(0.0, 1 - angle**2)) * two][: net.inputs]
    h = math.sqrt(net.norm) * np.stack(both, axis=2) + noise
    shared, found = SharedWeights(rng, net.gain), [h]
    for _ in range(net.depth):
        x = f.forward(h)
        if net.tied:
            h = np.stack([shared.image(x[:, :, i]) for i in range(net.inputs)], axis=2) + noise
        else:
            h = gaussian_images(rng, x, sigma_w=math.sqrt(net.gain), sigma_b=math.sqrt(net.noise))
        found.append(h)
    return found


CELLS = 400_000
"""Units of a layer, over nets, that are held at a time."""


def measure(net: Net, rng: np.random.Generator, nets: int, width: int) -> dict[str, Array]:
    """Return values of each net: `C a`, `K a b` (b <= a, one input), `P a` (the pair of inputs), shapes (nets,)."""
    f, parts = pointwise(net.activation), []
    step = max(1, CELLS // width)
    for start in range(0, nets, step):
        layers = states(net, rng, min(step, nets - start), width)
        found = {f"C {k}": np.mean(f.forward(h[:, :, 0]) ** 2, axis=1) for k, h in enumerate(layers)}
        for k, h in enumerate(layers):
            for b in range(k + 1):
                found[f"K {k} {b}"] = np.mean(h[:, :, 0] * layers[b][:, :, 0], axis=1)
            if net.inputs == 2:
                found[f"P {k}"] = np.mean(h[:, :, 0] * h[:, :, 1], axis=1)
        parts.append(found)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


DEPTH = 4


@lru_cache(maxsize=16)
def kernel_draws(setting: Setting, tied: bool, seed: int, nets: int) -> dict[str, Estimate]:
    """Kernels of infinite width from widths 100 and 400; the term 1/n is removed."""
    net = net_of(setting, DEPTH, tied)
    found = [measure(net, stream(seed, f"kernels {tied} {width}"), nets * 400 // width, width) for width in (100, 400)]
    names = [name for name in found[0] if name[0] != "C"]
    sums = {f"S {k} {b}": (f"K {k} {k}", f"K {b} {b}", f"K {k} {b}") for k in range(DEPTH + 1) for b in range(k)}
    result = {}
    for name in [*names, *sums]:
        rows = [
            part[name] if name in part else part[sums[name][0]] + part[sums[name][1]] + 2 * part[sums[name][2]]
            for part in found
        ]
        result[name] = extrapolated((100, 400), [mean_of(row) for row in rows])
    return result


@lru_cache(maxsize=16)
def spread_draws(setting: Setting, tied: bool, seed: int, nets: int, widths: tuple[int, ...]) -> tuple[Estimate, ...]:
    """Values of n Var C_a for a = 0 to 4: of infinite width from two widths, or of one width as it is."""
    net = net_of(setting, DEPTH, tied, 1)
    rows = []
    for width in widths:
        found = measure(net, stream(seed, f"spread {tied} {width}"), nets, width)
        rows.append([variance_of(math.sqrt(width) * found[f"C {k}"]) for k in range(DEPTH + 1)])
    if len(widths) == 1:
        return tuple(rows[0])
    return tuple(extrapolated(widths, pair_of) for pair_of in zip(*rows, strict=True))


def count_few(context: Context) -> int:
    """Return how many networks are drawn where few will do."""
    return context.budget.pick(500, 1500, 6000)


def count_many(context: Context) -> int:
    """Return how many networks are drawn for variances."""
    return context.budget.pick(4000, 12_000, 40_000)
