"""Layers with random weights, ready to be composed.

Every function draws for `nets` independent networks at once; standard deviations are `sigma_*`, and weights have the
variance `sigma_w^2 / fan_in` (times the number of taps on a ring) unless said.
"""

import math
from collections.abc import Sequence

import numpy as np

from mfcheck.errors import InputError
from mfcheck.networks.linear import Affine, RingConvolution
from mfcheck.networks.maps import Array
from mfcheck.networks.samplers import gaussian, haar, symmetric_stable, unit_rows

Generator = np.random.Generator


def dense(
    rng: Generator,
    nets: int,
    fan_in: int,
    fan_out: int | None = None,
    *,
    sigma_w: float,
    sigma_b: float = 0.0,
) -> Affine:
    """Return dense layers with Gaussian weights N(0, sigma_w^2 / fan_in) and bias N(0, sigma_b^2)."""
    fan_out = fan_in if fan_out is None else fan_out
    weight = gaussian(rng, (nets, fan_out, fan_in), sigma_w / math.sqrt(fan_in))
    return Affine(weight, _bias(rng, (nets, fan_out, 1), sigma_b))


def dense_orthogonal(
    rng: Generator,
    nets: int,
    fan_in: int,
    fan_out: int | None = None,
    *,
    sigma_w: float,
    sigma_b: float = 0.0,
) -> Affine:
    """Return dense layers with `sigma_w` times a Haar orthogonal matrix (orthonormal rows or columns if not square)."""
    fan_out = fan_in if fan_out is None else fan_out
    weight = haar(rng, nets, fan_out, fan_in)
    weight *= sigma_w
    return Affine(weight, _bias(rng, (nets, fan_out, 1), sigma_b))


def dense_stable(
    rng: Generator,
    nets: int,
    fan_in: int,
    fan_out: int | None = None,
    *,
    alpha: float,
    sigma_w: float,
    sigma_b: float = 0.0,
) -> Affine:
    """Return dense layers with `E exp(it W) = exp(-sigma_w^alpha |t|^alpha / (2 fan_in))`, the bias without `fan_in`.

    At `alpha = 2` these are Gaussian weights N(0, sigma_w^2 / fan_in).
    """
    fan_out = fan_in if fan_out is None else fan_out
    weight = symmetric_stable(rng, alpha, (nets, fan_out, fan_in))
    weight *= sigma_w * (2 * fan_in) ** (-1 / alpha)
    if sigma_b == 0:
        return Affine(weight)
    bias = sigma_b * 2 ** (-1 / alpha) * symmetric_stable(rng, alpha, (nets, fan_out, 1))
    return Affine(weight, bias)


def weight_norm(
    rng: Generator,
    nets: int,
    fan_in: int,
    fan_out: int | None = None,
    *,
    gain: float,
    orthogonal: bool = False,
) -> Affine:
    """Return dense layers whose rows have norm `gain`: independent uniform directions, or rows of a Haar matrix.

    Raises:
        InputError: more orthogonal rows than dimensions.
    """
    fan_out = fan_in if fan_out is None else fan_out
    if orthogonal and fan_out > fan_in:
        raise InputError(f"{fan_out} orthogonal rows do not fit into {fan_in} dimensions")
    rows = haar if orthogonal else unit_rows
    weight = rows(rng, nets, fan_out, fan_in)
    weight *= gain
    return Affine(weight)


def ring(
    rng: Generator,
    nets: int,
    channels: int,
    channels_out: int | None = None,
    *,
    taps: int | Sequence[float],
    sigma_w: float,
    sigma_b: float = 0.0,
) -> RingConvolution:
    """Return convolutions with Gaussian kernels: tap `b` has variance `sigma_w^2 v_b / channels`.

    Args:
        rng: source of randomness.
        nets: number of networks.
        channels: channels of the input.
        channels_out: channels of the output; the same if None.
        taps: the profile `v_b` itself, or an odd number of taps with equal shares.
        sigma_w: standard deviation of the weights.
        sigma_b: standard deviation of the bias.

    Raises:
        InputError: an even number of taps.
    """
    profile = np.full(taps, 1 / taps) if isinstance(taps, int) else np.asarray(taps, dtype=float)
    if len(profile) % 2 == 0:
        raise InputError("a kernel on a ring has an odd number of taps")
    out = channels if channels_out is None else channels_out
    kernel = rng.standard_normal((nets, out, len(profile), channels))
    kernel *= sigma_w * np.sqrt(profile / channels)[:, None]
    return RingConvolution(kernel, _bias(rng, (nets, out, 1, 1), sigma_b))


def ring_delta_orthogonal(
    rng: Generator, nets: int, channels: int, *, sigma_w: float, sigma_b: float = 0.0
) -> RingConvolution:
    """Return convolutions whose only tap, the middle one, is `sigma_w` times a Haar orthogonal matrix."""
    kernel = haar(rng, nets, channels)[:, :, None, :]
    kernel *= sigma_w
    return RingConvolution(kernel, _bias(rng, (nets, channels, 1, 1), sigma_b))


def _bias(rng: Generator, shape: tuple[int, ...], sigma_b: float) -> Array | None:
    return gaussian(rng, shape, sigma_b) if sigma_b else None
