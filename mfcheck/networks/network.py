"""Networks: a sequence of maps, run once, differentiated as often as wanted.

Three nets of width 50 with two inputs, `h' = W tanh(h) + b`; weights are tied if one block is repeated:

>>> import numpy as np
>>> from mfcheck.networks import Chain, Network, correlations, dense, log_gradient_norms, pointwise, second_moments
>>> from mfcheck.symbolic.activation import activation
>>> rng, tanh = np.random.default_rng(0), pointwise(activation("tanh"))
>>> network = Network([Chain([tanh, dense(rng, 3, 50, sigma_w=1.5, sigma_b=0.1)]) for _ in range(4)])
>>> trace = network.run(rng.standard_normal((3, 50, 2)))
>>> second_moments(trace.states).shape, correlations(trace.states).shape
((5, 3, 2), (5, 3, 2, 2))
>>> log_gradient_norms(trace, np.ones((3, 50, 2))).shape
(5, 3, 2)
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mfcheck.networks.maps import Array, Local, Map, Use


@dataclass(frozen=True)
class Network:
    """Blocks, one after the other; the state after each block is what is measured.

    Attributes:
        blocks: the maps; each holds weights for all nets.
    """

    blocks: Sequence[Map]

    def states(self, x: Array) -> list[Array]:
        """Return the states from the input to the output, `len(blocks) + 1` of them, and keep nothing else."""
        return propagate(self.blocks, x)

    def run(self, x: Array) -> "Trace":
        """Return the states together with what derivatives need.

        Args:
            x: input, shape (nets, width, batch), or (nets, channels, positions, batch).
        """
        states, locals_ = [x], []
        for block in self.blocks:
            here = block.at(states[-1])
            locals_.append(here)
            states.append(here.value)
        return Trace(locals_, states)


@dataclass(frozen=True)
class Trace:
    """One run of a network; lists of states, cotangents and tangents have one entry more than there are blocks."""

    blocks: Sequence[Local]
    states: Sequence[Array]

    @property
    def output(self) -> Array:
        """State after the last block."""
        return self.states[-1]

    def backward(self, g: Array, uses: list[Use] | None = None) -> list[Array]:
        """Return the cotangent at every state, from the input to the output, for `g` at the output.

        Args:
            g: gradient with respect to the output; its batch may be larger than 1 where the state has 1.
            uses: receives every use of weights (last block first), for gradients with respect to them.
        """
        found = [g]
        for block in reversed(self.blocks):
            found.append(block.vjp(found[-1], uses))
        return found[::-1]

    def tangents(self, v: Array) -> list[Array]:
        """Return the tangent at every state for `v` at the input."""
        found = [v]
        for block in self.blocks:
            found.append(block.jvp(found[-1]))
        return found

    def curves(self, v: Array, a: Array) -> tuple[list[Array], list[Array]]:
        """Return first and second derivatives at every state of a curve with derivatives `v`, `a` at the input."""
        first, second = [v], [a]
        for block in self.blocks:
            v, a = block.curve(first[-1], second[-1])
            first.append(v)
            second.append(a)
        return first, second


@dataclass(frozen=True)
class Redrawn(Map):
    """A random map that keeps its seed and not its weights: drawn again at each use, for nets too large to be stored.

    Attributes:
        draw: from a generator to the map.
        seed: any integer; the same seed gives the same weights.
    """

    draw: Callable[[np.random.Generator], Map]
    seed: int

    def forward(self, x: Array) -> Array:
        """Return the value at `x`."""
        return self._drawn().forward(x)

    def at(self, x: Array) -> "RedrawnAt":
        """Return the map at `x`."""
        return RedrawnAt(self, x, self.forward(x))

    def _drawn(self) -> Map:
        return self.draw(np.random.default_rng(self.seed))


@dataclass(frozen=True)
class RedrawnAt(Local):
    """A redrawn map at a point: it is evaluated again for each derivative."""

    parent: Redrawn
    x: Array
    value: Array

    def vjp(self, g: Array, uses: list[Use] | None = None) -> Array:
        """Return `g` times the Jacobian."""
        return self._again().vjp(g, uses)

    def jvp(self, v: Array) -> Array:
        """Return the Jacobian times `v`."""
        return self._again().jvp(v)

    def curve(self, v: Array, a: Array) -> tuple[Array, Array]:
        """Return first and second derivative of the image of a curve."""
        return self._again().curve(v, a)

    def _again(self) -> Local:
        return self.parent._drawn().at(self.x)


def redrawn(rng: np.random.Generator, draw: Callable[[np.random.Generator], Map]) -> Redrawn:
    """Return a map that is drawn by `draw` at each use, from a seed that `rng` gives now."""
    return Redrawn(draw, int(rng.integers(2**63)))


def propagate(blocks: Iterable[Map], x: Array) -> list[Array]:
    """Return the states through blocks that may be drawn one at a time by a generator, and dropped."""
    states = [x]
    for block in blocks:
        states.append(block.forward(states[-1]))
    return states
