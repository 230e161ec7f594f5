"""Targets that are drawn: labels of given points, shape (n, d), for regression and classification."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Function = Callable[[Array], Array]
Target = Callable[[Array, Function, np.random.Generator], Array]
FEATURES = 50


def linear(x: Array, _: Function, rng: np.random.Generator) -> Array:
    """Return a Gaussian linear map of the points, of variance |x|^2/d, shape (n,)."""
    y: Array = x @ rng.standard_normal(x.shape[1]) / np.sqrt(x.shape[1])
    return y


def neuron(x: Array, s0: Function, rng: np.random.Generator) -> Array:
    """Return one neuron with the activation s0 and Gaussian weights and bias of variance one."""
    return s0(x @ rng.standard_normal(x.shape[1]) + rng.standard_normal())


def random_features(x: Array, s0: Function, rng: np.random.Generator) -> Array:
    """Return a Gaussian sum of fifty such neurons, over 50^(1/2)."""
    w = rng.standard_normal((x.shape[1], FEATURES))
    features = s0(x @ w + rng.standard_normal(FEATURES))
    y: Array = features @ rng.standard_normal(FEATURES) / np.sqrt(FEATURES)
    return y


def sign(x: Array, s0: Function, rng: np.random.Generator) -> Array:
    """Return the sign of a linear map; that of zero is 1."""
    return np.where(linear(x, s0, rng) >= 0, 1.0, -1.0)


def signs(x: Array, _: Function, rng: np.random.Generator) -> Array:
    """Return independent fair signs."""
    return rng.choice([-1.0, 1.0], size=len(x))


TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        "linear": linear,
        "single neuron": neuron,
        "random features": random_features,
        "sign of a linear map": sign,
        "random labels": signs,
    }
)
"""`(points, activation, generator) -> labels` by name."""
