"""Residual networks in depth: features, adjoint, first variation, exact gradient, and the training flow.

`Z' = int f(Z, theta) rho_t(d theta)`, with a law of M weighted particles on each of L layers of the depth interval.
The Euler scheme is the residual network `z_(l+1) = z_l + (1/(M L)) sum_m f(z_l, theta_(l,m))`; `rk4` resolves the
continuum, in which the law is constant on each layer. Both have the exact adjoint of their own discrete system.

`p(t)` is `dE/dZ(t)`: it starts at `dE/dZ(1)` and runs backward. The first variation `sum_i p_i(t) . f(Z_i(t), theta)`
takes features and adjoint at the same depth t. The masses of the data are in the loss, and so in `p`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from mfcheck.dynamics.residual_blocks import Array, Block, CompiledNeurons
from mfcheck.errors import InputError

Scheme = Literal["euler", "rk4"]
Real = NDArray[np.float64]

# Butcher tables with one entry below the diagonal: argument of stage s is z + h c_s k_(s-1).
_LAGS = {"euler": (0.0,), "rk4": (0.0, 0.5, 0.5, 1.0)}
_SHARES = {"euler": (1.0,), "rk4": (1 / 6, 1 / 3, 1 / 3, 1 / 6)}


@dataclass(frozen=True, eq=False)
class SquareLoss:
    """`E = (1/2) sum_i mu_i |B z_i - y_i|^2`.

    Attributes:
        y: labels `(n, q)`.
        readout: `B (q, d)`; None for the identity.
        masses: `mu (n,)`; None for `1/n` each.
    """

    y: Real
    readout: Real | None = None
    masses: Real | None = None

    def __call__(self, z: Array) -> tuple[Any, Array]:
        """Return `E`, and `dE/dz (n, d)`; complex for complex features."""
        residual = (z if self.readout is None else z @ self.readout.T) - self.y
        mu = np.full(len(z), 1 / len(z)) if self.masses is None else self.masses
        weighted = mu[:, None] * residual
        # No conjugate, so that the complex step sees an analytic function.
        value = np.sum(weighted * residual) / 2
        return value, weighted if self.readout is None else weighted @ self.readout


@dataclass(frozen=True, eq=False)
class Residual:
    """A residual network and its data.

    Attributes:
        block: `f` and its derivatives.
        x: inputs `(n, d)`.
        loss: features at depth 1, `(n, d)`, to `E` and its gradient `(n, d)`.
        scheme: `euler` for the network, `rk4` for the continuum.
        substeps: steps inside each layer (1 for the network).
        widths: lengths of the layers in depth, `(L,)`; None for `1/L` each.
    """

    block: Block
    x: Real
    loss: Callable[[Array], tuple[Any, Array]]
    scheme: Scheme = "euler"
    substeps: int = 1
    widths: Real | None = None

    def depths(self, layers: int) -> Real:
        """Return the boundaries of the layers, `(L + 1,)`."""
        return np.concatenate([[0.0], np.cumsum(self._widths(layers))])

    def _widths(self, layers: int) -> Real:
        if self.widths is None:
            return np.full(layers, 1 / layers)
        if len(self.widths) != layers:
            raise InputError(f"{len(self.widths)} widths for {layers} layers")
        return self.widths

    def value(self, theta: Array, weights: Array | None = None) -> Any:
        """Return `E` of weights `(L, k, M)` with shares `(L, M)`; complex for complex weights."""
        z: Array = self.x
        for layer, width in enumerate(self._widths(len(theta))):
            share = None if weights is None else weights[layer]
            z = self._through(z, theta[layer], share, width)[0]
        return self.loss(z)[0]

    def evaluate(
        self, theta: Real, weights: Real | None = None, out: Real | None = None
    ) -> "Evaluation":
        """Return features, adjoint, loss and exact gradient.

        Args:
            theta: weights `(L, k, M)`.
            weights: shares of the particles `(L, M)`; None for `1/M` each.
            out: where the gradient goes, `(L, k, M)`; None for a new array.
        """
        widths = self._widths(len(theta))
        shares = [None] * len(theta) if weights is None else list(weights)
        z, stages = self._forward(theta, shares, widths)
        p, slopes = np.empty_like(z), np.empty_like(stages)
        value, p[-1] = self.loss(z[-1])
        gradient = np.empty(theta.shape) if out is None else out
        for back in range(len(theta) - 1, -1, -1):
            p[back], slopes[back] = self._pull(
                p[back + 1], stages[back], theta[back], shares[back], widths[back], gradient[back]
            )
        return Evaluation(self, theta, weights, float(value), z, p, stages, slopes, gradient)

    def _forward(
        self, theta: Real, shares: Sequence[Real | None], widths: Real
    ) -> tuple[Real, Real]:
        """Return features at the boundaries `(L + 1, n, d)`, and at the stages of each layer `(L, S, n, d)`."""
        plain = self.scheme == "euler" and self.substeps == 1 and self.widths is None
        plain = plain and shares[0] is None and theta.shape[2] % 4 == 0
        if isinstance(self.block, CompiledNeurons) and plain:
            ends = self.block.through(self.x, np.ascontiguousarray(theta))
            return ends, ends[:-1, None]
        z, stages = [self.x], []
        for layer, share, width in zip(theta, shares, widths, strict=True):
            end, kept = self._through(z[-1], layer, share, width)
            z.append(end)
            stages.append(kept)
        return np.array(z), np.array(stages)

    def _through(
        self, z: Array, theta: Array, share: Array | None, width: float
    ) -> tuple[Array, list[Array]]:
        """Return features behind a layer, and those at all stages inside."""
        h, kept = width / self.substeps, []
        for _ in range(self.substeps):
            total, flux = z, z
            for lag, part in zip(_LAGS[self.scheme], _SHARES[self.scheme], strict=True):
                at = z + h * lag * flux if lag else z
                kept.append(at)
                flux = self.block.mean(at, theta, share)
                total = total + h * part * flux
            z = total
        return z, kept

    def _pull(
        self, p: Array, stages: Sequence[Array] | Array, theta: Array, share: Array | None,
        width: float, gradient: Array,
    ) -> tuple[Array, list[Array]]:  # fmt: skip
        """Return `p` before a layer and the slopes of E in the fluxes of all stages, per unit depth.

        The first variation in the layer (slope of E per unit of depth) summed over stages, and the exact gradient in
        the weights is written to `gradient (k, M)`.
        """
        h = width / self.substeps
        lags, parts = _LAGS[self.scheme], _SHARES[self.scheme]
        # Shares of 1/M go into the slope, so that the gradients need no further pass over memory.
        count = theta.shape[1] if share is None else 1
        found: list[Array] = []
        for step in range(self.substeps - 1, -1, -1):
            total, pulled = p, p
            for s in range(len(lags) - 1, -1, -1):
                slope = parts[s] * h * p
                if s + 1 < len(lags):
                    slope = slope + h * lags[s + 1] * pulled
                at, out = stages[step * len(lags) + s], None if found else gradient
                pulled, parameters = self.block.adjoint(at, theta, slope / count, share, out)
                if found:
                    gradient += parameters
                if count > 1:
                    pulled *= count
                total = total + pulled
                found.append(slope / width)
            p = total
        if share is not None:
            gradient *= share
        return p, found[::-1]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """One evaluation of a residual network.

    Attributes:
        network: what was evaluated.
        theta: its weights `(L, k, M)`.
        weights: shares `(L, M)` of the particles, None for `1/M` each.
        loss: `E`.
        z: features at the boundaries of the layers, `(L + 1, n, d)`.
        p: adjoints `dE/dz` there, `(L + 1, n, d)`.
        stage_z: features at the stages of each layer, `(L, S, n, d)`.
        stage_p: slopes of E in the flux at each stage, divided by the width of the layer, `(L, S, n, d)`.
        gradient: exact `dE/dtheta` of the discrete network, `(L, k, M)`.
    """

    network: Residual
    theta: Real
    weights: Real | None
    loss: float
    z: Real
    p: Real
    stage_z: Real
    stage_p: Real
    gradient: Real

    def first_variation(self, layer: int, theta: Real) -> Real:
        """Return `dE/drho` in one layer at parameters `(k, P)`, `(P,)`: exact for the discrete network.

        It is the derivative of E, divided by the width of the layer, along mixtures in that layer, up to a constant;
        in the limit it is `sum_i p_i(t) . f(Z_i(t), theta)` averaged over the layer.
        """
        found = np.zeros(theta.shape[1])
        for z, p in zip(self.stage_z[layer], self.stage_p[layer], strict=True):
            found += self.network.block.values(z, theta, p)
        return found

    def at(self, depth: float) -> tuple[Real, Real]:
        """Return features and adjoint at a depth in [0, 1], each `(n, d)`: both are continuous across layers.

        Raises:
            InputError: the depth is outside [0, 1].
        """
        layer = self.layer_of(depth)
        start, end = self.network.depths(len(self.theta))[layer : layer + 2]
        share = None if self.weights is None else self.weights[layer]
        theta, unused = self.theta[layer], np.empty(self.theta[layer].shape)
        z, _ = self.network._through(self.z[layer], theta, share, depth - start)
        if end <= depth:
            return z, self.p[layer + 1]
        _, kept = self.network._through(z, theta, share, end - depth)
        return z, self.network._pull(self.p[layer + 1], kept, theta, share, end - depth, unused)[0]

    def layer_of(self, depth: float, side: Literal["left", "right"] = "right") -> int:
        """Return the index of the layer that holds a depth; at a boundary the one on the given side.

        Raises:
            InputError: the depth is outside [0, 1].
        """
        if not 0 <= depth <= 1:
            raise InputError(f"depth {depth} is outside [0, 1]")
        inner = self.network.depths(len(self.theta))[1:-1]
        return int(np.searchsorted(inner, depth, side="right" if side == "right" else "left"))

    def first_variation_at(self, depth: float, theta: Real) -> Real:
        """Return `sum_i p_i(t) . f(Z_i(t), theta)` at a depth, for parameters `(k, P)`: `(P,)`."""
        z, p = self.at(depth)
        return self.network.block.values(z, theta, p)

    def bracket(self, depth: float, theta: Real, side: Literal["left", "right"] = "right") -> float:
        """Return `d/dt` of the first variation at parameters `(k,)`: `sum_i p_i . (D f F - D F f)`.

        `F` is the mean field, which jumps where layers meet: `side` says which one counts there.
        """
        z, p = self.at(depth)
        layer = self.layer_of(depth, side)
        share = None if self.weights is None else self.weights[layer]
        return depth_derivative(self.network.block, z, p, theta, self.theta[layer], share)

    def velocity(self, speed: float | None = None) -> Real:
        """Return the velocity of all weights under the training flow, `(L, k, M)`.

        Args:
            speed: factor of `-dE/dtheta`; None for `1/(share width)` of each particle, which is `M L`: weights then
                move at a speed of order one, along minus the gradient of the first variation.
        """
        if speed is not None:
            return -speed * self.gradient
        layers, _, count = self.theta.shape
        share = np.full((layers, count), 1 / count) if self.weights is None else self.weights
        mass = share * self.network._widths(layers)[:, None]
        return np.asarray(-self.gradient / mass[:, None, :])


def depth_derivative(
    block: Block, z: Real, p: Real, theta: Real, law: Real, share: Real | None, mass: float = 1.0
) -> float:
    """Return `sum_i p_i . (D f F - D F f)`, where `f = f(., theta)`.

    `F` is the mean of blocks over the particles `law (k, M)`, times `mass`. With `Z' = F` and `p' = -(D F)^T p` this is
    the derivative in depth of `sum_i p_i . f(Z_i, theta)`.
    """
    one = theta[:, None]
    field_pulls = block.adjoint(z, law, p, share)[0]
    block_pulls = block.adjoint(z, one, p)[0]
    flow, push = block.mean(z, law, share), block.mean(z, one)
    return mass * float(np.sum(block_pulls * flow) - np.sum(field_pulls * push))


def train(
    network: Residual,
    theta: Real,
    times: Sequence[float],
    *,
    speed: float | None = None,
    extra: Callable[[float, Real], Real] | None = None,
    tolerance: float = 1e-10,
) -> Real:
    """Return the weights at training times `(T, L, k, M)`, along `d theta/ds = -M L grad E - extra(s, theta)`.

    Args:
        network: the network.
        theta: weights at s = 0, `(L, k, M)`.
        times: increasing, nonnegative.
        speed: as in `Evaluation.velocity`.
        extra: gradient of a regulariser per particle (`2 e^-s theta` for `e^-s int |theta|^2`), shaped as `theta`.
        tolerance: relative and absolute tolerance of the integrator (DOP853).

    Raises:
        ValueError: the integration fails (weights escape, say).
    """

    def slope(s: float, flat: Real) -> Real:
        now = flat.reshape(theta.shape)
        found = network.evaluate(now).velocity(speed)
        return np.ravel(found if extra is None else found - extra(s, now))

    found = solve_ivp(
        slope, (0.0, max(times)), np.ravel(theta), method="DOP853", t_eval=np.asarray(times),
        rtol=tolerance, atol=tolerance,
    )  # fmt: skip
    if not found.success:
        raise ValueError(f"training stops: {found.message}")
    return np.asarray(found.y.T.reshape(len(times), *theta.shape))
