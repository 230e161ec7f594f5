"""Families of convolutional networks trained on images, with equal numbers of parameters and of gradient steps."""

from collections.abc import Mapping, Sequence

import numpy as np

from mfcheck.claims.experiment import Cell, Numbers, Option, Sweep
from mfcheck.claims.record import Curve, Plot, PointRecord
from mfcheck.networks.convolutional import Family
from mfcheck.networks.training import convolutional, pytorch, train
from mfcheck.points import images
from mfcheck.points.images import Split, on_splits, whole

OPTIONS = (
    *images.OPTIONS,
    Option("parameters", "42000", "trained parameters of each network"),
    Option("epochs", "60", "passes through the training images"),
)


def at_equal_budget(families: Mapping[str, Family], options: Mapping[str, str]) -> Sweep:
    """Return the sweep over families by name: test error at the epoch chosen by validation, training error at the last.

    Args:
        families: their cells are `{"block": name}`.
        options: as `OPTIONS`; parameters are met within five per cent.

    Raises:
        InputError: an option that cannot be used, or PyTorch is missing.
    """
    pytorch()
    epochs = whole("epochs", options["epochs"], 1, 10_000)
    budget = whole("parameters", options["parameters"], 1000, 10**8)

    def work(parts: Split, cell: Cell, rng: np.random.Generator) -> Numbers:
        family = families[str(cell["block"])]
        network = convolutional(parts.shape, parts.classes, family, budget, rng)
        test, trained = train(network, parts, epochs, rng)
        return {"test_error": test, "training_error": trained, "parameters": network.size}

    cells = [{"block": name} for name in families]
    return on_splits(options, cells, work, plots, epochs, budget)


def plots(points: Sequence[PointRecord]) -> tuple[Plot, ...]:
    """Return the picture of test errors by family, with two standard errors."""
    curves = []
    for i, point in enumerate(points):
        error, label = point.values["test_error"], str(point.cell["block"])
        x, y, bars = (float(i),), (error.value,), (2 * error.error,)
        curves.append(Curve(label=label, x=x, y=y, error=bars, style="points"))
    plot = Plot(
        id="blocks",
        title="Blocks at equal numbers of parameters and steps",
        x_label="block",
        y_label="test error",
        curves=tuple(curves),
    )
    return (plot,)
