"""Section 5: small networks trained on the CPU, residual ones at the scalings of the theorems, and other blocks.

PyTorch is an extra; without it these experiments say so in one line. All networks are functions of lists of tensors.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from mfcheck.claims import Curve, Plot
from mfcheck.claims.experiment import Cell, Experiment, Numbers, Option, Sweep
from mfcheck.claims.record import PointRecord
from mfcheck.errors import InputError
from mfcheck.points.images import OPTIONS, Part, Split, read_images, split, train_size, whole
from mfcheck_proofs.rntk_scaling import blocks
from mfcheck_proofs.rntk_scaling.experiments import alpha, depth_plot, fast_kernel, kernel_error

Tensor = Any
BATCH, RATE, DECAY = 50, 1e-3, 0.95
"""Adam as in the paper: rate 0.001, times 0.95 after each epoch."""


@lru_cache(maxsize=1)
def pytorch() -> Any:
    """Return the module torch.

    Raises:
        InputError: it is not installed.
    """
    try:
        return importlib.import_module("torch")
    except ImportError:
        raise InputError("training networks needs PyTorch: pip install 'mfcheck[experiments]'") from None


@dataclass(frozen=True)
class Network:
    """Trained parameters, fixed ones inside `forward`, which maps (parameters, inputs) to scores (n, classes)."""

    parameters: Sequence[Tensor]
    forward: Callable[[Sequence[Tensor], Tensor], Tensor]

    @property
    def size(self) -> int:
        """Number of trained parameters."""
        return sum(int(p.numel()) for p in self.parameters)


def residual(parts: Split, width: int, depth: int, scale: float, rng: np.random.Generator) -> Network:
    """Return the paper's network with scores of variance one at the start; V and W of each layer are trained.

    x_0 = A x, x_l = x_(l-1) + alpha V_l relu(W_l x_(l-1)), scores v x_L. The factors 1/sqrt(m) and sqrt(2/m) of the
    paper are deviations of the weights here, and v holds (1 + alpha^2)^(-L/2), the factor of the normalised kernel:
    the same function at the start, but Adam moves each weight by more of its size.
    """
    torch = pytorch()

    def gaussian(deviation: float, *shape: int) -> Tensor:
        return torch.from_numpy(rng.standard_normal(shape, dtype=np.float32) * np.float32(deviation))

    A = gaussian(width**-0.5, parts.train.X.shape[1], width)
    v = gaussian((1 + scale**2) ** (-depth / 2), width, parts.classes)
    W, V = (gaussian((2 / width) ** 0.5, depth, width, width), gaussian(width**-0.5, depth, width, width))

    def forward(parameters: Sequence[Tensor], X: Tensor) -> Tensor:
        x = X @ A
        for W_l, V_l in zip(*(p.unbind(0) for p in parameters), strict=True):
            x = x + scale * (torch.relu(x @ W_l) @ V_l)
        return x @ v

    return Network([W, V], forward)


def train(network: Network, parts: Split, epochs: int, rng: np.random.Generator) -> tuple[float, float]:
    """Train by Adam on cross-entropy; return test error at the epoch that validation chooses, and training error.

    A network whose loss is no longer finite keeps the error of the epochs before, or that of a guess.
    """
    torch = pytorch()
    for p in network.parameters:
        p.requires_grad_(True)
    adam = torch.optim.Adam(network.parameters, lr=RATE)
    decay = torch.optim.lr_scheduler.ExponentialLR(adam, DECAY)
    loss_of = torch.nn.functional.cross_entropy
    (X, labels), held, test = (_tensors(p) for p in (parts.train, parts.validation, parts.test))
    guess = 1 - 1 / parts.classes
    found = [(guess, guess, guess)]
    for _ in range(epochs):
        for rows in torch.from_numpy(rng.permutation(len(labels))).split(BATCH):
            loss = loss_of(network.forward(network.parameters, X[rows]), labels[rows])
            if not bool(torch.isfinite(loss)):
                return _chosen(found)
            adam.zero_grad()
            loss.backward()
            adam.step()
        decay.step()
        with torch.no_grad():
            found.append((_error(network, *held), _error(network, *test), _error(network, X, labels)))
    return _chosen(found)


def _chosen(found: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    return min(found)[1], found[-1][2]


def _tensors(part: Part) -> tuple[Tensor, Tensor]:
    torch = pytorch()
    return torch.from_numpy(part.X.astype(np.float32)), torch.from_numpy(part.labels)


def _error(network: Network, X: Tensor, labels: Tensor) -> float:
    scores = network.forward(network.parameters, X)
    return float((scores.argmax(1) != labels).double().mean())


# --- residual networks against the prediction of the kernel ----------------------------------------------------------

CELLS = (
    *({"alpha": a, "depth": 50} for a in ("1", "0.1", "0.01")),
    *({"alpha": "1", "depth": L} for L in (20, 100)),
    *({"alpha": f"L^-{g}", "depth": L} for g in (0.4, 0.6, 0.8) for L in (20, 50, 100)),
)

TRAINING = (
    Option("width", "64", "width of the residual networks"),
    Option("epochs", "20", "passes through the training images"),
)


def _prepare_networks(options: Mapping[str, str]) -> Sweep:
    images = read_images(options)
    pytorch()
    size = train_size(options, images)
    width = whole("width", options["width"], 2, 4096)
    epochs = whole("epochs", options["epochs"], 1, 10_000)

    def work(cell: Cell, rng: np.random.Generator) -> Numbers:
        name, depth = str(cell["alpha"]), int(cell["depth"])
        parts = split(images, size, rng)
        network = residual(parts, width, depth, alpha(name, depth), rng)
        test, trained = train(network, parts, epochs, rng)
        expected = kernel_error(fast_kernel(name, depth), parts)
        return {"test_error": test, "training_error": trained, "kernel_test_error": expected}

    def plots(points: Sequence[PointRecord]) -> tuple[Plot, ...]:
        title = f"Residual networks of width {width} on {options['data']}"
        networks = depth_plot("networks", title, points, "test_error")
        return (networks, _against_kernel(points))

    return Sweep(CELLS, work, plots, f"{images.digest()} {size} {width} {epochs}")


def _against_kernel(points: Sequence[PointRecord]) -> Plot:
    pairs = [(p.values["kernel_test_error"], p.values["test_error"]) for p in points]
    ends = (min(k.value for k, _ in pairs), max(k.value for k, _ in pairs))
    measured = Curve(
        label="one cell",
        x=tuple(k.value for k, _ in pairs),
        y=tuple(n.value for _, n in pairs),
        error=tuple(2 * n.error for _, n in pairs),
        style="points",
    )
    return Plot(
        id="networks-kernel",
        title="Trained networks against kernel regression on the same images",
        x_label="test error of the kernel r_L",
        y_label="test error of the network",
        curves=(measured, Curve(label="equal", x=ends, y=ends, style="bound")),
    )


NETWORKS = Experiment(
    id="networks",
    title="Residual networks at the scalings of the theorems",
    text=(
        "The paper's fully connected residual network on images of the unit sphere, scores of variance one at the "
        "start, trained by Adam (rate 0.001, times 0.95 an epoch, batches of 50, cross-entropy); test error at the "
        "epoch that validation on 300 images chooses, beside that of kernel regression with r_L on the same split. "
        "Error bars of plots: two standard errors over splits and initial weights."
    ),
    source="2403.04545, Section 5",
    prepare=_prepare_networks,
    options=(*OPTIONS, *TRAINING),
    replicates=5,
)

# --- blocks of other kinds at equal budget ---------------------------------------------------------------------------


def _prepare_blocks(options: Mapping[str, str]) -> Sweep:
    images = read_images(options)
    pytorch()
    size = train_size(options, images)
    epochs = whole("epochs", options["epochs"], 1, 10_000)
    budget = whole("parameters", options["parameters"], 1000, 10**8)

    def work(cell: Cell, rng: np.random.Generator) -> Numbers:
        parts = split(images, size, rng)
        network = convolutional(parts, str(cell["block"]), budget, rng)
        test, trained = train(network, parts, epochs, rng)
        return {"test_error": test, "training_error": trained, "parameters": network.size}

    cells = tuple({"block": name} for name in blocks.FAMILIES)
    context = f"{images.digest()} {size} {epochs} {budget}"
    return Sweep(cells, work, _block_plots, context)


def convolutional(parts: Split, family: str, budget: int, rng: np.random.Generator) -> Network:
    """Return a convolutional network of a family with about `budget` parameters."""
    torch = pytorch()
    shapes, forward = blocks.build(torch, family, parts.shape, parts.classes, budget)
    tensors = [torch.from_numpy((scale * rng.standard_normal(shape)).astype(np.float32)) for shape, scale in shapes]
    return Network(tensors, forward)


def _block_plots(points: Sequence[PointRecord]) -> tuple[Plot, ...]:
    found = tuple(
        Curve(
            label=str(p.cell["block"]),
            x=(float(i),),
            y=(p.values["test_error"].value,),
            error=(2 * p.values["test_error"].error,),
            style="points",
        )
        for i, p in enumerate(points)
    )
    plot = Plot(
        id="blocks",
        title="Blocks at equal numbers of parameters and steps",
        x_label="block",
        y_label="test error",
        curves=found,
    )
    return (plot,)


BLOCKS = Experiment(
    id="blocks",
    title="Residual blocks against those of DenseNet and WideResNet",
    text=(
        "Convolutional networks without batch normalisation, with equal numbers of parameters (within five per cent) "
        "and of gradient steps: 9 residual blocks of two convolutions at two scales, 18 densely connected "
        "convolutions, and 3 wide residual blocks. Training as in `networks`. Error bars of plots: two standard "
        "errors over splits and initial weights."
    ),
    source="2403.04545, Section 5, and its comparison with other blocks",
    prepare=_prepare_blocks,
    options=(
        *OPTIONS,
        Option("parameters", "42000", "trained parameters of each network"),
        Option("epochs", "60", TRAINING[1].meaning),
    ),
    replicates=5,
)
