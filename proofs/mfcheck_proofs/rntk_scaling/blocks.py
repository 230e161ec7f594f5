"""Convolutional networks of four kinds with one number of parameters: residual at two scales, dense, wide residual.

The formula of each network is given once, as shapes of its weights with their standard deviations, and a forward pass.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mfcheck.errors import InputError

Tensor = Any
Shape = tuple[int, ...]
Forward = Callable[[Sequence[Tensor], Tensor], Tensor]
Weights = list[tuple[Shape, float]]

LAYERS = 9
"""Residual blocks, of two convolutions each."""
WIDE_LAYERS = 3
GROWTH = 5
"""Channels that each of the 18 densely connected convolutions adds."""
DECAYING = LAYERS**-0.8
TOLERANCE = 0.05


@dataclass(frozen=True)
class Family:
    """Blocks of one kind: weights from the number of channels, and what the blocks do to the feature maps."""

    weights: Callable[[int], Weights]
    body: Callable[[Any, Sequence[Tensor], Tensor], Tensor]
    end: Callable[[int], int]
    """Channels after the blocks."""


def _conv(into: int, out: int, gain: float = 2.0) -> tuple[Shape, float]:
    """Return shape and deviation of a 3 x 3 convolution that keeps the mean square; gain 2 where relu precedes it."""
    return (out, into, 3, 3), (gain / (9 * into)) ** 0.5


def _residual(layers: int, scale: float) -> Family:
    """Blocks x + scale conv(relu(conv(x)))."""

    def body(torch: Any, weights: Sequence[Tensor], x: Tensor) -> Tensor:
        conv = torch.nn.functional.conv2d
        for W, V in zip(weights[::2], weights[1::2], strict=True):
            x = x + scale * conv(torch.relu(conv(x, W, padding=1)), V, padding=1)
        return x / (1 + scale**2) ** (layers / 2)

    def weights(channels: int) -> Weights:
        return [_conv(channels, channels, gain) for _ in range(layers) for gain in (1.0, 2.0)]

    return Family(weights, body, lambda channels: channels)


def _dense() -> Family:
    """Each convolution sees all maps before it, and adds `GROWTH` of its own."""
    count = 2 * LAYERS

    def body(torch: Any, weights: Sequence[Tensor], x: Tensor) -> Tensor:
        conv = torch.nn.functional.conv2d
        for W in weights:
            x = torch.cat([x, conv(torch.relu(x), W, padding=1)], dim=1)
        return x

    def weights(channels: int) -> Weights:
        return [_conv(channels + i * GROWTH, GROWTH) for i in range(count)]

    return Family(weights, body, lambda channels: channels + count * GROWTH)


FAMILIES = {
    "residual, alpha = 1": _residual(LAYERS, 1.0),
    "residual, alpha = L^-0.8": _residual(LAYERS, DECAYING),
    "dense": _dense(),
    "wide residual": _residual(WIDE_LAYERS, 1.0),
}


def _all_weights(family: Family, inputs: int, classes: int, channels: int) -> Weights:
    last = family.end(channels)
    stem, head = _conv(inputs, channels, 1.0), ((last, classes), last**-0.5)
    return [stem, *family.weights(channels), head]


def _size(weights: Weights) -> int:
    total = 0
    for shape, _ in weights:
        product = 1
        for length in shape:
            product *= length
        total += product
    return total


def build(torch: Any, name: str, shape: tuple[int, int, int], classes: int, budget: int) -> tuple[Weights, Forward]:
    """Return the weights of a family whose number is nearest to the budget, and the forward pass on flat images.

    Raises:
        InputError: no number of channels comes within five per cent of the budget.
    """
    family = FAMILIES[name]
    sizes = {c: _size(_all_weights(family, shape[0], classes, c)) for c in range(1, 513)}
    channels = min(sizes, key=lambda c: abs(sizes[c] - budget))
    if abs(sizes[channels] - budget) > TOLERANCE * budget:
        raise InputError(f"{name}: no width has {budget} parameters within five per cent")
    weights = _all_weights(family, shape[0], classes, channels)
    pixels = shape[1] * shape[2]

    def forward(parameters: Sequence[Tensor], X: Tensor) -> Tensor:
        x = X.reshape(-1, *shape) * (shape[0] * pixels) ** 0.5  # pixels of mean square one
        x = torch.nn.functional.conv2d(x, parameters[0], padding=1)
        x = torch.relu(family.body(torch, parameters[1:-1], x))
        return x.mean(dim=(2, 3)) @ parameters[-1]

    return weights, forward
