"""Functions applied to each number of a state."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mfcheck.errors import InputError
from mfcheck.networks.maps import Array, Local, Map, Use
from mfcheck.symbolic.activation import Activation

Function = Callable[[Array], Array]


@dataclass(frozen=True)
class Pointwise(Map):
    """A scalar function with the derivative that backpropagation uses, which need not be its own.

    Attributes:
        function: from an array to an array of its shape.
        slope: first derivative, or a surrogate of it.
        curvature: second derivative; None where there is none.
    """

    function: Function
    slope: Function
    curvature: Function | None = None

    def forward(self, x: Array) -> Array:
        """Return the function of each entry."""
        return self.function(x)

    def at(self, x: Array) -> "PointwiseAt":
        """Return the function at `x`; derivatives are evaluated when asked for."""
        return PointwiseAt(self, x)


class PointwiseAt(Local):
    """A pointwise function at a state."""

    def __init__(self, parent: Pointwise, x: Array) -> None:
        self._parent, self._x = parent, x
        self.value = parent.function(x)

    @cached_property
    def slope(self) -> Array:
        """First derivative at each entry, shape of the state."""
        return self._parent.slope(self._x)

    @cached_property
    def _curvature(self) -> Array:
        if self._parent.curvature is None:
            raise InputError("this activation has no second derivative")
        return self._parent.curvature(self._x)

    def vjp(self, g: Array, uses: list[Use] | None = None) -> Array:  # noqa: ARG002
        """Return `g` times the diagonal Jacobian."""
        return self.slope * g

    def jvp(self, v: Array) -> Array:
        """Return the diagonal Jacobian times `v`."""
        return self.slope * v

    def curve(self, v: Array, a: Array) -> tuple[Array, Array]:
        """Return first and second derivative of the image of a curve."""
        return self.slope * v, self.slope * a + self._curvature * v * v


def pointwise(activation: Activation) -> Pointwise:
    """Return the map of an activation with its own derivatives.

    The second derivative of a kinked activation raises `InputError` when it is asked for.
    """

    def curvature(x: Array) -> Array:
        return activation.numpy_function(2)(x)

    return Pointwise(activation.numpy_function(0), activation.numpy_function(1), curvature)


def stair(
    levels: int, step: float, height: float = 1.0, clip: float = 1.0, slope: float = 1.0
) -> Pointwise:
    """Return the odd stair with `levels` values `height` apart, its thresholds `step` apart.

    Thresholds lie at `step * (k - levels / 2)`, k = 1..levels-1; on a threshold the upper value is taken. The
    derivative is the straight-through one: `slope` on `|x| < clip`, zero outside.

    Raises:
        InputError: fewer than two levels, or a step that is not positive.
    """
    if levels < 2 or not step > 0:
        raise InputError("a stair needs at least two levels and a positive step")

    def value(x: Array) -> Array:
        index = np.clip(np.floor(x / step + levels / 2), 0, levels - 1)
        return np.asarray(height * (index - (levels - 1) / 2))

    def surrogate(x: Array) -> Array:
        return np.where(np.abs(x) < clip, slope, 0.0)

    return Pointwise(value, surrogate)
