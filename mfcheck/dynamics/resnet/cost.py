"""What a simulation takes, in nominal seconds of one core, and sizes that keep it within a limit."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from mfcheck.dynamics.effort import Size, fit
from mfcheck.dynamics.resnet.integrate import STAGES
from mfcheck.dynamics.resnet.problem import Numerics, Problem

ACTIVATION = 2.8e-10
"""Seconds for each neuron, row and evaluation, over `d + 3`; measured for tanh, 300 rows in d = 5, on one core."""
PAIR = 1.8e-8
"""Seconds for each pair of rows of a Gram matrix."""
PRODUCT = 1e-10
"""Seconds for each pair of rows and neuron of a Gram matrix."""
EIGENVALUES = 1.6e-10
"""Seconds for the eigenvalues of two matrices, over the cube of their size."""
COARSE = 1e-4
"""Tolerance at which `STAGES` was measured; evaluations grow like its inverse to the power 1/6."""
PARTICLES, HEADS, DEPTH, OUTPUTS = 32, 128, 2, 9
"""Least sizes: particles of a layer and of the predictor, layers, output times."""
FEW = 4
"""Rows for which nothing is taken down: as many as the default data have."""
EACH = 4
"""Least particles of the predictor for each row: with fewer the smallest eigenvalue of G2 is far below its limit."""


def seconds(rows: int, dimension: int, numerics: Numerics, fastest: float) -> float:
    """Return the nominal seconds of one run.

    Args:
        rows: n.
        dimension: d.
        numerics: sizes.
        fastest: the fastest rate of the flow times its end.
    """
    L, M, H = numerics.depth, numerics.particles, numerics.decoder_size
    stages = 2 if numerics.scheme == "midpoint" else 1
    finer = max(1.0, COARSE / numerics.tolerance) ** (1 / 6)
    evaluations = STAGES * np.sqrt(fastest) * finer
    flow = evaluations * rows * (stages * L * M + H) * ACTIVATION * (dimension + 3)
    gram = rows**2 * (stages**2 * L * (PAIR + PRODUCT * M) + PAIR + PRODUCT * H)
    return float(flow + numerics.outputs * (gram + EIGENVALUES * rows**3))


def whole(rows: int, dimension: int, numerics: Numerics, fastest: float) -> float:
    """Return the nominal seconds of `simulate`: replicates, both halves of each, and two runs at half the depth."""
    half = replace(
        numerics,
        particles=max(4, numerics.particles // 8 * 4),
        decoder_particles=max(4, numerics.decoder_size // 8 * 4),
    )
    one, part = (seconds(rows, dimension, sizes, fastest) for sizes in (numerics, half))
    return numerics.replicates * (one + 2 * part) + 2 * one


def within(
    problem: Problem, numerics: Numerics, fastest: float, limit: float, flows: int = 1
) -> tuple[Numerics, str]:
    """Return the sizes, taken down until so many flows are within a limit, and in words what was taken down.

    Sizes that so few rows as `FEW` could have are not taken down.

    Args:
        problem: data and scales.
        numerics: the sizes that are wanted.
        fastest: the fastest rate of the flow times its end.
        limit: nominal seconds of all flows.
        flows: how often `simulate` is called.

    Raises:
        TooMuchError: the least sizes take longer.
    """
    n, d = problem.n, problem.d
    sizes = {
        "outputs": Size("output times", numerics.outputs, OUTPUTS),
        "depth": Size("layers", numerics.depth, DEPTH, 2),
        "particles": Size("particles a layer", numerics.particles, PARTICLES, 4),
        "decoder_particles": Size(
            "particles of the predictor", numerics.decoder_size, max(HEADS, EACH * n), 4
        ),
    }

    def cost(values: Mapping[str, int]) -> float:
        return flows * whole(n, d, replace(numerics, **values), fastest)  # type: ignore[arg-type]

    limit = max(limit, flows * whole(FEW, d, numerics, fastest))
    values, words = fit(sizes, cost, limit, f"there are {n} rows")
    return (replace(numerics, **values), words) if words else (numerics, "")  # type: ignore[arg-type]
