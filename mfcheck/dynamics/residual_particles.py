"""Residual blocks as particles `(theta, t)` with a joint law on parameters and depth.

N blocks of mass 1/N each, in the order of their depths, make a residual network with one block per layer. In training
they move in both: `d theta/ds = -grad_theta phi`, `d t/ds = -d_t phi`, where `phi(theta, t) = sum_i p_i(t) . f(Z_i(t),
theta)`. The loss of the finite network depends on depths through their order alone, so that the motion in depth is that
of the limit: `d_t phi = sum_i p_i . (D f F - D F f)` with the mean field F of the blocks within a window about t.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mfcheck.dynamics.residual import Evaluation, Real, Residual, depth_derivative
from mfcheck.dynamics.residual_blocks import Array, Block
from mfcheck.errors import InputError


@dataclass(frozen=True, eq=False)
class DepthParticles:
    """A network of blocks that move in depth.

    Attributes:
        block: `f` and its derivatives.
        x: inputs `(n, d)`.
        loss: features at depth 1 to `E` and its gradient.
        window: half-width in depth over which the mean field is averaged.
    """

    block: Block
    x: Real
    loss: Callable[[Array], tuple[Any, Array]]
    window: float = 0.05

    def evaluate(self, theta: Real, depth: Real) -> "DepthEvaluation":
        """Sort the blocks by depth and run the network through them.

        Args:
            theta: parameters `(k, N)`.
            depth: depths `(N,)` in [0, 1]; equal depths keep their order.

        Raises:
            InputError: a depth is outside [0, 1].
        """
        if np.min(depth) < 0 or np.max(depth) > 1:
            raise InputError("depths must lie in [0, 1]")
        order = np.argsort(depth, kind="stable")
        network = Residual(self.block, self.x, self.loss)
        run = network.evaluate(np.ascontiguousarray(theta[:, order].T)[:, :, None])
        return DepthEvaluation(self, run, theta[:, order], depth[order], order)

    def step(self, theta: Real, depth: Real, ds: float) -> tuple[Real, Real, float]:
        """Return parameters and depths after an explicit Euler step of length `ds`, sorted, and the loss before.

        Blocks that leave [0, 1] are put back to its end: the law has no mass outside.
        """
        found = self.evaluate(theta, depth)
        moved = np.clip(found.depth + ds * found.depth_velocity(), 0.0, 1.0)
        order = np.argsort(moved, kind="stable")
        return (found.theta + ds * found.velocity())[:, order], moved[order], found.run.loss


@dataclass(frozen=True, eq=False)
class DepthEvaluation:
    """One evaluation; everything is in the order of depth.

    Attributes:
        particles: what was evaluated.
        run: the network with one block per layer.
        theta: parameters `(k, N)`, sorted.
        depth: depths `(N,)`, sorted.
        order: indices of the blocks as they were given, `(N,)`.
    """

    particles: DepthParticles
    run: Evaluation
    theta: Real
    depth: Real
    order: np.ndarray[Any, np.dtype[np.intp]]

    def velocity(self) -> Real:
        """Return the velocities of the parameters, `(k, N)`: `-N` times the exact gradient of the network."""
        return np.ascontiguousarray(self.run.velocity()[:, :, 0].T)

    def depth_velocity(self) -> Real:
        """Return the velocities of the depths, `(N,)`: minus the slope of the first variation in depth."""
        pairs = zip(self.theta.T, self.depth, strict=True)
        return np.array([-self.slope(theta, t) for theta, t in pairs])

    def slope(self, theta: Real, t: float) -> float:
        """Return `d_t phi(theta, t)` for any block `theta (k,)`."""
        window, count = self.particles.window, len(self.depth)
        low = int(np.searchsorted(self.depth, t - window, side="left"))
        high = int(np.searchsorted(self.depth, t + window, side="right"))
        if high == low:
            return 0.0
        length = min(1.0, t + window) - max(0.0, t - window)
        z, p = self._between(t)
        mass = (high - low) / (count * length)
        law = self.theta[:, low:high]
        return depth_derivative(self.particles.block, z, p, theta, law, None, mass)

    def first_variation(self, theta: Real, t: float) -> Real:
        """Return `phi(theta, t)` for parameters `(k, P)`, `(P,)`; constant between neighbouring blocks."""
        z, p = self._between(t)
        return self.particles.block.values(z, theta, p)

    def _between(self, t: float) -> tuple[Real, Real]:
        """Return features and adjoint at depth t, halfway through a block that sits there."""
        before = int(np.searchsorted(self.depth, t, side="left"))
        after = int(np.searchsorted(self.depth, t, side="right"))
        z, p = self.run.z, self.run.p
        return (z[before] + z[after]) / 2, (p[before] + p[after]) / 2
