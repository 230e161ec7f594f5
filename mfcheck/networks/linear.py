"""Linear layers with a bias: dense, and convolution on a ring."""

from dataclasses import dataclass

import numpy as np

from mfcheck.networks.maps import Array, Local, Map, Use


@dataclass(frozen=True, eq=False)
class Affine(Map):
    """`weight @ x + bias` in each net.

    Attributes:
        weight: shape (nets, fan_out, fan_in).
        bias: shape (nets, fan_out, 1); or (nets, fan_out, batch) for a drive from outside, which is no parameter.
    """

    weight: Array
    bias: Array | None = None

    def forward(self, x: Array) -> Array:
        """Return the value at `x`, shape (nets, fan_out, batch)."""
        y: Array = self.weight @ x
        if self.bias is None:
            return y
        if y.shape[-1] < self.bias.shape[-1]:
            return y + self.bias
        y += self.bias
        return y

    def at(self, x: Array) -> "AffineAt":
        """Return the layer at `x`."""
        return AffineAt(self, x)


class AffineAt(Local):
    """A dense layer at a point."""

    def __init__(self, parent: Affine, x: Array) -> None:
        self._parent, self._x = parent, x
        self.value = parent.forward(x)

    def vjp(self, g: Array, uses: list[Use] | None = None) -> Array:
        """Return `g` times the weights."""
        parent = self._parent
        if uses is not None:
            biased = parent.bias is not None and parent.bias.shape[-1] == 1
            uses.append(Use(parent, self._x[..., None, :], g[..., None, :], biased))
        back: Array = parent.weight.swapaxes(-1, -2) @ g
        return back

    def jvp(self, v: Array) -> Array:
        """Return the weights times `v`."""
        along: Array = self._parent.weight @ v
        return along

    def curve(self, v: Array, a: Array) -> tuple[Array, Array]:
        """Return first and second derivative of the image of a curve."""
        return self.jvp(v), self.jvp(a)


@dataclass(frozen=True, eq=False)
class RingConvolution(Map):
    """Convolution on a ring: `y(a) = sum_b kernel(b) x(a + b) + bias`, `a` modulo the number of positions.

    Attributes:
        kernel: shape (nets, fan_out, taps, fan_in), an odd number of taps `b = -k..k`.
        bias: shape (nets, fan_out, 1, 1).
    """

    kernel: Array
    bias: Array | None = None

    def forward(self, x: Array) -> Array:
        """Return the value at `x`, shape (nets, fan_out, positions, batch)."""
        y = self.linear(x)
        if self.bias is not None:
            y += self.bias
        return y

    def at(self, x: Array) -> "RingConvolutionAt":
        """Return the layer at `x`."""
        return RingConvolutionAt(self, x)

    @property
    def matrix(self) -> Array:
        """The weights as one matrix per net on patches, shape (nets, fan_out, taps * fan_in)."""
        nets, out, taps, fan_in = self.kernel.shape
        return self.kernel.reshape(nets, out, taps * fan_in)

    def patches(self, x: Array) -> Array:
        """Return what each output sees, shape (..., taps * channels, positions, batch)."""
        half = self.kernel.shape[2] // 2
        if half == 0:
            return x
        return np.concatenate([np.roll(x, -b, axis=-2) for b in range(-half, half + 1)], axis=-3)

    def linear(self, x: Array) -> Array:
        """Return the convolution without bias."""
        flat = self.patches(x)
        y: Array = self.matrix @ flat.reshape(*flat.shape[:-2], -1)
        return y.reshape(*y.shape[:-1], *x.shape[-2:])

    def transposed(self, g: Array) -> Array:
        """Return the transposed convolution of a cotangent."""
        half, fan_in = self.kernel.shape[2] // 2, self.kernel.shape[3]
        flat: Array = self.matrix.swapaxes(-1, -2) @ g.reshape(*g.shape[:-2], -1)
        back = flat.reshape(*g.shape[:-3], 2 * half + 1, fan_in, *g.shape[-2:])
        parts = (np.roll(back[..., i, :, :, :], i - half, axis=-2) for i in range(2 * half + 1))
        total = next(parts)
        for part in parts:
            total += part
        return total


class RingConvolutionAt(Local):
    """A convolution at a point."""

    def __init__(self, parent: RingConvolution, x: Array) -> None:
        self._parent, self._x = parent, x
        self.value = parent.forward(x)

    def vjp(self, g: Array, uses: list[Use] | None = None) -> Array:
        """Return `g` times the weights."""
        if uses is not None:
            patches = self._parent.patches(self._x)
            uses.append(Use(self._parent, patches, g, self._parent.bias is not None))
        return self._parent.transposed(g)

    def jvp(self, v: Array) -> Array:
        """Return the weights times `v`."""
        return self._parent.linear(v)

    def curve(self, v: Array, a: Array) -> tuple[Array, Array]:
        """Return first and second derivative of the image of a curve."""
        return self.jvp(v), self.jvp(a)
