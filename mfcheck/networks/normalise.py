"""Normalisation over the batch, with exact derivatives through mean and variance."""

from dataclasses import dataclass

import numpy as np

from mfcheck.networks.maps import Array, Local, Map, Use


@dataclass(frozen=True)
class BatchNorm(Map):
    """Each unit minus its mean over the batch, divided by the standard deviation there: mean 0, mean square 1.

    Attributes:
        epsilon: added to the variance under the root.
    """

    epsilon: float = 0.0

    def forward(self, x: Array) -> Array:
        """Return the normalised state."""
        return self.at(x).value

    def at(self, x: Array) -> "BatchNormAt":
        """Return the normalisation at `x`."""
        return BatchNormAt(x, self.epsilon)


class BatchNormAt(Local):
    """Batch normalisation at a point.

    With centred values `c` and `r = sqrt(mean c^2 + epsilon)` the value is `c / r`.
    """

    def __init__(self, x: Array, epsilon: float) -> None:
        centred = _centred(x)
        self._radius = np.sqrt(_mean(centred * centred) + epsilon)
        self.value = centred / self._radius

    def vjp(self, g: Array, uses: list[Use] | None = None) -> Array:  # noqa: ARG002
        """Return `g` times the Jacobian, which is symmetric."""
        return self.jvp(g)

    def jvp(self, v: Array) -> Array:
        """Return the Jacobian times `v`."""
        v = _centred(v)
        return np.asarray((v - self.value * _mean(self.value * v)) / self._radius)

    def curve(self, v: Array, a: Array) -> tuple[Array, Array]:
        """Return first and second derivative of the image of a curve."""
        v, a, n = _centred(v), _centred(a), self.value
        rate = _mean(n * v)
        first = (v - n * rate) / self._radius
        second_rate = _mean(first * v) + _mean(n * a)
        second = (a - n * second_rate - 2 * first * rate) / self._radius
        return first, second


def _mean(x: Array) -> Array:
    return np.asarray(x.mean(axis=-1, keepdims=True))


def _centred(x: Array) -> Array:
    return x - _mean(x)
