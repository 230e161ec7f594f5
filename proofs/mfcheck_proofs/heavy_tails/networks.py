"""Random networks with heavy-tailed weights, their Jacobians and participation."""

import math
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import numpy as np

from mfcheck.checks import Check, Context, Estimate, Evidence, Setting
from mfcheck.claims.model import stream
from mfcheck.networks import dense_stable, participation, pointwise, stable_images, symmetric_stable
from mfcheck.networks.maps import Array
from mfcheck.statistics import mean_of
from mfcheck_proofs.heavy_tails.values import TANH, fixed_point, numbers_of

# --- random networks -------------------------------------------------------------------------------------------------


def start_of(setting: Setting, rng: np.random.Generator, nets: int, width: int) -> Array:
    """Return pre-activations of the stable law of scale q*, shape (nets, width, 1)."""
    found = fixed_point(setting, 15)
    value = found.value if isinstance(found, Estimate) else float(found.mid())
    index = setting.number("alpha")
    drawn: Array = symmetric_stable(rng, index, (nets, width, 1)) * (value / 2) ** (1 / index)
    return drawn


def scales(setting: Setting, rng: np.random.Generator, nets: int, width: int, depth: int) -> Array:
    """Return q of each next layer, shape (depth, nets), from q* on; given h, the next h is exactly stable."""
    index, weight, bias = numbers_of(setting)
    f, h, found = pointwise(setting.activation), start_of(setting, rng, nets, width), []
    for _ in range(depth):
        x = f.forward(h)
        found.append(weight**index * np.mean(np.abs(x) ** index, axis=(1, 2)) + bias**index)
        h = stable_images(rng, x, alpha=index, sigma_w=weight, sigma_b=bias)
    return np.array(found)


def growth(setting: Setting, rng: np.random.Generator, nets: int, width: int, depth: int) -> Array:
    """Return log growth per layer of the alpha-scale of a linear perturbation, shape (nets,).

    The scale of the next perturbation is sigma_w (mean |phi'(h) d|^alpha)^(1/alpha): explicit matrices, which h and the
    perturbation share.
    """
    index, weight, bias = numbers_of(setting)
    f, found = pointwise(setting.activation), np.empty(nets)
    for net in range(nets):
        h, d, logs = start_of(setting, rng, 1, width), rng.standard_normal((1, width, 1)), []
        for _ in range(depth + 1):
            local = f.at(h)
            moved = local.slope * d
            scale = weight * np.mean(np.abs(moved) ** index) ** (1 / index)
            logs.append(math.log(scale))
            layer = dense_stable(rng, 1, width, alpha=index, sigma_w=weight, sigma_b=bias)
            h = layer.forward(local.value)
            d = layer.weight @ moved / scale
        found[net] = np.mean(logs[1:])
    return found


def jacobian(setting: Setting, rng: np.random.Generator, width: int) -> Array:
    """Return W diag(phi'(h)), of pre-activations by those before, h of scale q* and independent of W."""
    index, weight, _ = numbers_of(setting)
    slopes = pointwise(setting.activation).slope(start_of(setting, rng, 1, width)[0, :, 0])
    drawn: Array = dense_stable(rng, 1, width, alpha=index, sigma_w=weight).weight[0] * slopes
    return drawn


def output_jacobian(setting: Setting, rng: np.random.Generator, width: int) -> Array:
    """Return diag(phi'(W x)) W, of outputs phi(W x) by inputs x of a layer, which shares W with its pre-activations."""
    index, weight, bias = numbers_of(setting)
    f = pointwise(setting.activation)
    layer = dense_stable(rng, 1, width, alpha=index, sigma_w=weight, sigma_b=bias)
    h = layer.forward(f.forward(start_of(setting, rng, 1, width)))
    drawn: Array = f.slope(h[0]) * layer.weight[0]
    return drawn


@lru_cache(maxsize=64)
def participations(setting: Setting, seed: int, width: int, nets: int, power: float = 4.0) -> tuple[Estimate, Estimate]:
    """D_2 of right eigenvectors and right singular vectors of diag(phi'(h)) W^T, the Jacobian of backpropagation."""
    right, singular = participations_of(setting, stream(seed, f"jacobians {width}"), width, nets, power).T
    return mean_of(right), mean_of(singular)


def participations_of(setting: Setting, rng: np.random.Generator, width: int, nets: int, power: float = 4.0) -> Array:
    """D_2 of right eigenvectors and right singular vectors of each of so many Jacobians, shape (nets, 2)."""
    found = []
    for _ in range(nets):
        J = jacobian(setting, rng, width).T
        found.append((participation(np.linalg.eig(J)[1], power), participation(np.linalg.svd(J)[2].T, power)))
    return np.array(found)


def at_alpha(setting: Setting, index: str, weight: str | None = None) -> Setting:
    """Return the setting with another alpha and, if given, sigma_w."""
    changed = setting.with_values(alpha=Fraction(index))
    return changed if weight is None else changed.with_values(sigma_w=Fraction(weight))


def under_tanh(check: Check) -> Check:
    """Return the check with tanh, whatever the setting's activation."""

    def run(context: Context, /) -> Evidence:
        return check.run(replace(context, setting=replace(context.setting, activation=TANH)))

    return replace(check, run=run)
