"""Convolutional networks of blocks of several kinds, and their widths at a given number of parameters.

The formula of each network is given once: shapes of its weights with their standard deviations, and a forward pass in
PyTorch, which the caller hands in.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mfcheck.errors import InputError

Tensor = Any
Shape = tuple[int, ...]
Forward = Callable[[Sequence[Tensor], Tensor], Tensor]
Weights = list[tuple[Shape, float]]

TOLERANCE = 0.05
"""Relative distance of the number of parameters to the budget, at most."""
MOST_CHANNELS = 512


@dataclass(frozen=True)
class Family:
    """Blocks of one kind.

    Args:
        weights: from the number of channels to shapes and deviations.
        body: `(torch, weights, x) ->` what the blocks make of the feature maps x, shape (n, channels, h, w).
        end: channels after the blocks, from those before.
    """

    weights: Callable[[int], Weights]
    body: Callable[[Any, Sequence[Tensor], Tensor], Tensor]
    end: Callable[[int], int]


def _conv(into: int, out: int, gain: float = 2.0) -> tuple[Shape, float]:
    """Return shape and deviation of a 3 x 3 convolution that keeps the mean square; gain 2 where relu precedes it."""
    return (out, into, 3, 3), (gain / (9 * into)) ** 0.5


def residual(layers: int, scale: float) -> Family:
    """Return blocks x + scale conv(relu(conv(x))), all over (1 + scale^2)^(layers/2)."""

    def body(torch: Any, weights: Sequence[Tensor], x: Tensor) -> Tensor:
        conv = torch.nn.functional.conv2d
        for W, V in zip(weights[::2], weights[1::2], strict=True):
            x = x + scale * conv(torch.relu(conv(x, W, padding=1)), V, padding=1)
        return x / (1 + scale**2) ** (layers / 2)

    def weights(channels: int) -> Weights:
        return [_conv(channels, channels, gain) for _ in range(layers) for gain in (1.0, 2.0)]

    return Family(weights, body, lambda channels: channels)


def dense(count: int, growth: int) -> Family:
    """Return convolutions each of which sees all maps before it, and adds `growth` of its own."""

    def body(torch: Any, weights: Sequence[Tensor], x: Tensor) -> Tensor:
        conv = torch.nn.functional.conv2d
        for W in weights:
            x = torch.cat([x, conv(torch.relu(x), W, padding=1)], dim=1)
        return x

    def weights(channels: int) -> Weights:
        return [_conv(channels + i * growth, growth) for i in range(count)]

    return Family(weights, body, lambda channels: channels + count * growth)


def _all_weights(family: Family, inputs: int, classes: int, channels: int) -> Weights:
    last = family.end(channels)
    stem, head = _conv(inputs, channels, 1.0), ((last, classes), last**-0.5)
    return [stem, *family.weights(channels), head]


def _size(weights: Weights) -> int:
    return sum(math.prod(shape) for shape, _ in weights)


def build(
    torch: Any, family: Family, shape: tuple[int, int, int], classes: int, budget: int
) -> tuple[Weights, Forward]:
    """Return the weights of a network whose number is nearest to the budget, and the forward pass on flat images.

    Args:
        torch: the module PyTorch, which the forward pass uses.
        family: kind of blocks; a convolution precedes them, and a mean over pixels and a linear map follow.
        shape: channels, height and width of an image; inputs have shape (n, channels height width) and norm one.
        classes: number of scores.
        budget: number of parameters.

    Raises:
        InputError: no number of channels comes within five per cent of the budget.
    """
    sizes = {
        c: _size(_all_weights(family, shape[0], classes, c)) for c in range(1, MOST_CHANNELS + 1)
    }
    channels = min(sizes, key=lambda c: abs(sizes[c] - budget))
    if abs(sizes[channels] - budget) > TOLERANCE * budget:
        raise InputError(f"no width has {budget} parameters within five per cent")
    size = math.prod(shape)

    def forward(parameters: Sequence[Tensor], X: Tensor) -> Tensor:
        x = X.reshape(-1, *shape) * size**0.5  # pixels of mean square one
        x = torch.nn.functional.conv2d(x, parameters[0], padding=1)
        x = torch.relu(family.body(torch, parameters[1:-1], x))
        return x.mean(dim=(2, 3)) @ parameters[-1]

    return _all_weights(family, shape[0], classes, channels), forward
