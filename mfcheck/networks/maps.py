"""Maps between states of many networks at once, and what every map can do at a point.

A state is an array of shape (nets, width, batch), or (nets, channels, positions, batch) on a ring. A `Map` gives its
value, and at a point the products with its first derivative from both sides and the image of a curve up to second
order. Cotangents and tangents may have more columns than the state has (batch 1 against many), or leading axes.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Use:
    """One use of a weight matrix: what entered it, and the cotangent of what left it.

    Attributes:
        owner: the map that holds the weights; the same object if it is used several times.
        inputs: shape (nets, fan_in, positions, batch), positions 1 for a dense layer.
        deltas: shape (nets, fan_out, positions, batch).
        bias: whether a bias of the layer is a parameter.
    """

    owner: "Map"
    inputs: Array
    deltas: Array
    bias: bool

    def weight_gradient(self) -> Array:
        """Return the gradient with respect to the weights, summed over the batch, shape (nets, fan_out, fan_in)."""
        flat = (*self.deltas.shape[:2], -1)
        inputs = self.inputs.reshape(*self.inputs.shape[:2], -1)
        product: Array = self.deltas.reshape(flat) @ inputs.swapaxes(-1, -2)
        return product

    def bias_gradient(self) -> Array:
        """Return the gradient with respect to the bias, summed over the batch, shape (nets, fan_out)."""
        total: Array = self.deltas.sum(axis=(-1, -2))
        return total


class Local(ABC):
    """A map at one point: its value there, and products with its derivatives."""

    value: Array

    @abstractmethod
    def vjp(self, g: Array, uses: list[Use] | None = None) -> Array:
        """Return `g` times the Jacobian (backpropagation); each use of weights is appended to `uses`."""

    @abstractmethod
    def jvp(self, v: Array) -> Array:
        """Return the Jacobian times the tangent `v`."""

    @abstractmethod
    def curve(self, v: Array, a: Array) -> tuple[Array, Array]:
        """Return first and second derivative of the image of a curve with derivatives `v` and `a`."""


class Map(ABC):
    """A map from states to states."""

    @abstractmethod
    def forward(self, x: Array) -> Array:
        """Return the value at `x` and keep nothing."""

    @abstractmethod
    def at(self, x: Array) -> Local:
        """Return the map at `x`, ready for derivatives."""


@dataclass(frozen=True)
class Chain(Map):
    """One map after the other."""

    parts: Sequence[Map]

    def forward(self, x: Array) -> Array:
        """Return the value at `x`."""
        for part in self.parts:
            x = part.forward(x)
        return x

    def at(self, x: Array) -> "ChainAt":
        """Return the chain at `x`."""
        locals_: list[Local] = []
        for part in self.parts:
            here = part.at(x)
            locals_.append(here)
            x = here.value
        return ChainAt(locals_, x)


@dataclass(frozen=True)
class ChainAt(Local):
    """A chain at a point: the chain rule."""

    parts: Sequence[Local] = field(repr=False)
    value: Array

    def vjp(self, g: Array, uses: list[Use] | None = None) -> Array:
        """Return `g` times the Jacobian."""
        for part in reversed(self.parts):
            g = part.vjp(g, uses)
        return g

    def jvp(self, v: Array) -> Array:
        """Return the Jacobian times `v`."""
        for part in self.parts:
            v = part.jvp(v)
        return v

    def curve(self, v: Array, a: Array) -> tuple[Array, Array]:
        """Return first and second derivative of the image of a curve."""
        for part in self.parts:
            v, a = part.curve(v, a)
        return v, a


@dataclass(frozen=True)
class Residual(Map):
    """The identity plus a branch: `x + branch(x)`; reduced and full blocks differ in the branch only."""

    branch: Map

    def forward(self, x: Array) -> Array:
        """Return the value at `x`."""
        return x + self.branch.forward(x)

    def at(self, x: Array) -> "ResidualAt":
        """Return the block at `x`."""
        branch = self.branch.at(x)
        return ResidualAt(branch, x + branch.value)


@dataclass(frozen=True)
class ResidualAt(Local):
    """A residual block at a point."""

    branch: Local
    value: Array

    def vjp(self, g: Array, uses: list[Use] | None = None) -> Array:
        """Return `g` times the Jacobian."""
        return g + self.branch.vjp(g, uses)

    def jvp(self, v: Array) -> Array:
        """Return the Jacobian times `v`."""
        return v + self.branch.jvp(v)

    def curve(self, v: Array, a: Array) -> tuple[Array, Array]:
        """Return first and second derivative of the image of a curve."""
        first, second = self.branch.curve(v, a)
        return v + first, a + second
