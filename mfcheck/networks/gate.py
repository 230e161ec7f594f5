"""A gated cell: each unit keeps its value or takes the input's, by a gate that sees the whole state."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from mfcheck.networks.maps import Array, Local, Map, Use


@dataclass(frozen=True, eq=False)
class Gate(Map):
    """`u h + (1 - u) z` with `u = sigmoid(weight @ h + drive)`, elementwise.

    Attributes:
        weight: shape (nets, width, width); the same array at every step if weights are tied.
        drive: what the input and the bias add to the gate, shape (nets, width, batch).
        z: embedded input of this step, shape (nets, width, batch).
    """

    weight: Array
    drive: Array
    z: Array

    def forward(self, x: Array) -> Array:
        """Return the next state."""
        return self.at(x).value

    def at(self, x: Array) -> "GateAt":
        """Return the cell at state `x`."""
        return GateAt(self, x)


class GateAt(Local):
    """A gated cell at a state; `gate` is u, `sensitivity` is `u (1 - u) (h - z)`."""

    def __init__(self, parent: Gate, x: Array) -> None:
        self._parent, self._x = parent, x
        self._gap = x - parent.z
        self.gate: Array = np.asarray(expit(parent.weight @ x + parent.drive))
        self.slope = self.gate * (1 - self.gate)
        self.sensitivity = self.slope * self._gap
        self.value = parent.z + self.gate * self._gap

    def vjp(self, g: Array, uses: list[Use] | None = None) -> Array:
        """Return `g` times the Jacobian `diag(u) + diag(sensitivity) weight`."""
        delta = self.sensitivity * g
        if uses is not None:
            uses.append(Use(self._parent, self._x[..., None, :], delta[..., None, :], bias=False))
        back: Array = self.gate * g + self._parent.weight.swapaxes(-1, -2) @ delta
        return back

    def jvp(self, v: Array) -> Array:
        """Return the Jacobian times `v`."""
        along: Array = self.gate * v + self.sensitivity * (self._parent.weight @ v)
        return along

    def curve(self, v: Array, a: Array) -> tuple[Array, Array]:
        """Return first and second derivative of the image of a curve."""
        e, ee = self._parent.weight @ v, self._parent.weight @ a
        u = self.slope * e
        uu = self.slope * (1 - 2 * self.gate) * e * e + self.slope * ee
        return u * self._gap + self.gate * v, uu * self._gap + 2 * u * v + self.gate * a
