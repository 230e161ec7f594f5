"""Small networks trained on the CPU with PyTorch, an extra: without it there is one line that says so.

Networks are functions of lists of tensors.
"""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from mfcheck.errors import InputError
from mfcheck.networks import convolutional as blocks
from mfcheck.points.images import Part, Split

Tensor = Any


@lru_cache(maxsize=1)
def pytorch() -> Any:
    """Return the module torch.

    Raises:
        InputError: it is not installed.
    """
    try:
        return importlib.import_module("torch")
    except ImportError:
        raise InputError(
            "training networks needs PyTorch: pip install 'mfcheck[experiments]'"
        ) from None


@dataclass(frozen=True)
class Trainable:
    """Trained parameters, fixed ones inside `forward`, which maps (parameters, inputs) to scores (n, classes)."""

    parameters: Sequence[Tensor]
    forward: Callable[[Sequence[Tensor], Tensor], Tensor]

    @property
    def size(self) -> int:
        """Number of trained parameters."""
        return sum(int(p.numel()) for p in self.parameters)


def residual(
    inputs: int, classes: int, width: int, depth: int, scale: float, rng: np.random.Generator
) -> Trainable:
    """Return a residual relu network with scores of variance one at the start; V and W of each layer are trained.

    x_0 = A x, x_l = x_(l-1) + scale V_l relu(W_l x_(l-1)), scores v x_L, for unit inputs. The factors 1/sqrt(m) and
    sqrt(2/m) of the tangent kernel are deviations of the weights here, and v holds (1 + scale^2)^(-L/2), the factor of
    the normalised kernel: the same function at the start, but Adam moves each weight by more of its size.
    """
    torch = pytorch()

    def gaussian(deviation: float, *shape: int) -> Tensor:
        return torch.from_numpy(
            rng.standard_normal(shape, dtype=np.float32) * np.float32(deviation)
        )

    A = gaussian(width**-0.5, inputs, width)
    v = gaussian((1 + scale**2) ** (-depth / 2), width, classes)
    W, V = (
        gaussian((2 / width) ** 0.5, depth, width, width),
        gaussian(width**-0.5, depth, width, width),
    )

    def forward(parameters: Sequence[Tensor], X: Tensor) -> Tensor:
        x = X @ A
        for W_l, V_l in zip(*(p.unbind(0) for p in parameters), strict=True):
            x = x + scale * (torch.relu(x @ W_l) @ V_l)
        return x @ v

    return Trainable([W, V], forward)


def convolutional(
    shape: tuple[int, int, int],
    classes: int,
    family: blocks.Family,
    budget: int,
    rng: np.random.Generator,
) -> Trainable:
    """Return a convolutional network of a family with about `budget` parameters, all of them trained.

    Raises:
        InputError: no width comes within five per cent of the budget.
    """
    torch = pytorch()
    shapes, forward = blocks.build(torch, family, shape, classes, budget)
    tensors = [
        torch.from_numpy((scale * rng.standard_normal(one)).astype(np.float32))
        for one, scale in shapes
    ]
    return Trainable(tensors, forward)


def train(
    network: Trainable,
    parts: Split,
    epochs: int,
    rng: np.random.Generator,
    rate: float = 1e-3,
    decay: float = 0.95,
    batch: int = 50,
) -> tuple[float, float]:
    """Train by Adam on cross-entropy; return test error at the epoch chosen by validation, training error at the last.

    A network whose loss is no longer finite keeps the error of the epochs before, or that of a guess.

    Args:
        network: what is trained, in place.
        parts: training images, those that choose the epoch, and those of the test.
        epochs: passes through the training images.
        rng: of the order of images.
        rate: of Adam at the start.
        decay: factor of the rate after each epoch.
        batch: images of a step.
    """
    torch = pytorch()
    for p in network.parameters:
        p.requires_grad_(True)
    adam = torch.optim.Adam(network.parameters, lr=rate)
    slower = torch.optim.lr_scheduler.ExponentialLR(adam, decay)
    loss_of = torch.nn.functional.cross_entropy
    (X, labels), held, test = (_tensors(p) for p in (parts.train, parts.validation, parts.test))
    guess = 1 - 1 / parts.classes
    found = [(guess, guess, guess)]
    for _ in range(epochs):
        for rows in torch.from_numpy(rng.permutation(len(labels))).split(batch):
            loss = loss_of(network.forward(network.parameters, X[rows]), labels[rows])
            if not bool(torch.isfinite(loss)):
                return _chosen(found)
            adam.zero_grad()
            loss.backward()
            adam.step()
        slower.step()
        with torch.no_grad():
            found.append(
                (_error(network, *held), _error(network, *test), _error(network, X, labels))
            )
    return _chosen(found)


def _chosen(found: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    return min(found)[1], found[-1][2]


def _tensors(part: Part) -> tuple[Tensor, Tensor]:
    torch = pytorch()
    return torch.from_numpy(part.X.astype(np.float32)), torch.from_numpy(part.labels)


def _error(network: Trainable, X: Tensor, labels: Tensor) -> float:
    scores = network.forward(network.parameters, X)
    return float((scores.argmax(1) != labels).double().mean())
